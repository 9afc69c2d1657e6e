//! My work: what to do, about what, by when, with the button that does it. And figures that lead
//! to the list they count.

use crate::ui::chip::{Due, Tone};
use crate::ui::icon::Icon;
use crate::ui::value::Link;
use maud::{Markup, Render, html};

/// One thing this person must do.
#[derive(Debug, Clone)]
pub struct WorkItem {
    pub icon: Icon,
    /// "Approve as Quality".
    pub what: String,
    /// The record it is about, number and title.
    pub about: Link,
    /// Who raised it and why: "from CAPA-0031, effectiveness check".
    pub cause: String,
    pub due: Option<Due>,
    /// "Review and sign".
    pub action: Link,
    pub primary: bool,
}

/// Things of one urgency or one kind.
#[derive(Debug, Clone, Default)]
pub struct WorkGroup {
    pub title: String,
    pub items: Vec<WorkItem>,
    /// "and 12 more", leading to the list.
    pub more: Option<Link>,
}

/// The whole queue.
#[derive(Debug, Clone, Default)]
pub struct Work {
    pub groups: Vec<WorkGroup>,
}

impl Render for Work {
    fn render(&self) -> Markup {
        html! {
            @for (index, group) in self.groups.iter().enumerate() {
                @let id = format!("work-{index}");
                section.work-group aria-labelledby=(id) {
                    h2 #(id) { (group.title) " " span.count { (group.items.len()) } }
                    ul.work data-rows { @for item in &group.items { (item) } }
                    @if let Some(more) = &group.more { p.pager { (more) } }
                }
            }
        }
    }
}

impl Render for WorkItem {
    fn render(&self) -> Markup {
        html! {
            li.work-item {
                (self.icon)
                div {
                    p.work-what { (self.what) " " a.main href=(self.about.href) { (self.about.text) } }
                    p.work-about { (self.about.detail) @if !self.cause.is_empty() { " · " (self.cause) } }
                }
                p.work-due { @if let Some(due) = &self.due { (due) } }
                div.work-act { a.button.primary[self.primary] href=(self.action.href) { (self.action.text) span.sr { ": " (self.about.text) } } }
            }
        }
    }
}

/// A count that leads to what it counts.
#[derive(Debug, Clone, Default)]
pub struct Figure {
    pub value: String,
    pub label: String,
    pub tone: Tone,
    pub href: String,
}

/// Figures side by side, between hairlines.
pub fn figures(list: &[Figure]) -> Markup {
    html! {
        div.figures {
            @for figure in list {
                a class={ "figure " (figure.tone.class()) } href=(figure.href) {
                    span.figure-value { @if matches!(figure.tone, Tone::Bad | Tone::Warn) { (Icon::Warning) } (figure.value) }
                    span.figure-label { (figure.label) }
                }
            }
        }
    }
}
