//! Values that many components show: a moment, a link, a table cell, tabs.

use crate::ui::chip::{Chip, Due, Tag};
use crate::ui::icon::Icon;
use maud::{Markup, Render, html};

/// A moment: written in the site's zone, with the exact one behind it.
#[derive(Debug, Clone, Default)]
pub struct When {
    /// `21 Nov 2026, 14:02 CET` or `21 Nov 2026`.
    pub display: String,
    /// RFC 3339 or a calendar date, for machines and the relative time on hover.
    pub iso: String,
}

impl When {
    /// A moment as written for people and for machines.
    pub fn new(display: impl Into<String>, iso: impl Into<String>) -> Self {
        Self { display: display.into(), iso: iso.into() }
    }

    /// The day part: what stands before the comma.
    pub fn day(&self) -> &str {
        self.display.split_once(", ").map_or(self.display.as_str(), |(day, _)| day)
    }

    /// The time part with its zone, or the whole text when there is only a day.
    pub fn time(&self) -> &str {
        self.display.split_once(", ").map_or(self.display.as_str(), |(_, time)| time)
    }

    /// A `time` element that shows `text` and knows the exact moment.
    pub fn as_text(&self, text: &str) -> Markup {
        html! { time datetime=(self.iso) data-when title=(self.display) { (text) } }
    }
}

impl Render for When {
    fn render(&self) -> Markup {
        html! { time datetime=(self.iso) data-when { (self.display) } }
    }
}

/// A link to a record or page, with a quieter text behind it.
#[derive(Debug, Clone, Default)]
pub struct Link {
    pub href: String,
    pub text: String,
    /// Shown beside the link in a quieter tone; may be empty.
    pub detail: String,
}

impl Link {
    /// A link without detail.
    pub fn new(href: impl Into<String>, text: impl Into<String>) -> Self {
        Self { href: href.into(), text: text.into(), detail: String::new() }
    }

    /// The link with a quieter text behind it.
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }
}

impl Render for Link {
    fn render(&self) -> Markup {
        html! {
            // A number must not be broken at its hyphen; a sentence may wrap.
            a.short[self.text.chars().count() <= 28] href=(self.href) { (self.text) }
            @if !self.detail.is_empty() { " " span.muted { (self.detail) } }
        }
    }
}

/// What a cell of a list, a structure or a data table holds.
#[derive(Debug, Clone, Default)]
pub enum Cell {
    #[default]
    Empty,
    Text(String),
    /// Long text that should get room.
    Long(String),
    /// A quantity, right-aligned.
    Number(String),
    /// The link that opens the row.
    Main(Link),
    Link(Link),
    Links(Vec<Link>),
    Chip(Chip),
    Tag(Tag),
    When(When),
    Due(Due),
    /// A value that changed: before and after.
    Changed { was: String, is: String },
    /// Done of total, as a bar with both numbers.
    Progress { done: u64, total: u64 },
    Markup(Markup),
}

impl Cell {
    /// A word or a sentence.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A quantity.
    pub fn number(text: impl Into<String>) -> Self {
        Self::Number(text.into())
    }

    /// The class of the `td` around it.
    pub(crate) fn class(&self) -> &'static str {
        match self {
            Self::Number(_) => "num",
            Self::Long(_) => "text",
            Self::Chip(_) | Self::Due(_) | Self::When(_) => "nowrap",
            // Names, codes and short words stay whole; only sentences wrap.
            Self::Text(text) if text.chars().count() <= 28 => "nowrap",
            _ => "",
        }
    }
}

impl Render for Cell {
    fn render(&self) -> Markup {
        html! {
            @match self {
                Self::Empty => {}
                Self::Text(text) | Self::Long(text) | Self::Number(text) => { (text) }
                Self::Main(link) => {
                    a.main href=(link.href) { (link.text) }
                    @if !link.detail.is_empty() { span.sub { (link.detail) } }
                }
                Self::Link(link) => { (link) }
                Self::Links(links) => {
                    @for (index, link) in links.iter().enumerate() { @if index > 0 { ", " } (link) }
                }
                Self::Chip(chip) => { (chip) }
                Self::Tag(tag) => { (tag) }
                Self::When(when) => { (when) }
                Self::Due(due) => { (due) }
                Self::Changed { was, is } => { (changed(was, is)) }
                Self::Progress { done, total } => {
                    span.cell-progress {
                        progress max=(total.max(&1)) value=(done) aria-label={ (done) " of " (total) } {}
                        span { (done) " of " (total) }
                    }
                }
                Self::Markup(markup) => { (markup) }
            }
        }
    }
}

/// Before and after, struck through and underlined for the eye, said for the ear.
pub fn changed(was: &str, is: &str) -> Markup {
    html! {
        @if !was.is_empty() { del { span.sr { "was " } (was) } " " }
        @if is.is_empty() { span.muted { "removed" } } @else { ins { span.sr { "is " } (is) } }
    }
}

/// One tab: an address of its own.
#[derive(Debug, Clone, Default)]
pub struct Tab {
    pub href: String,
    pub label: String,
    pub count: Option<u64>,
    /// There are more than were counted.
    pub at_least: bool,
    pub current: bool,
}

/// Tabs are links, so each view can be sent to a colleague.
#[derive(Debug, Clone, Default)]
pub struct Tabs {
    /// What the tabs choose between, for assistive technology: "Views of this part".
    pub label: String,
    pub tabs: Vec<Tab>,
}

impl Render for Tabs {
    fn render(&self) -> Markup {
        html! {
            nav.tabs aria-label=(self.label) {
                @for tab in &self.tabs {
                    a.tab href=(tab.href) aria-current=[tab.current.then_some("page")] {
                        (tab.label)
                        @if let Some(count) = tab.count { " " span.count { (base::text::grouped(count)) @if tab.at_least { "+" } } }
                    }
                }
            }
        }
    }
}

/// A link that looks like a button.
pub fn button_link(label: &str, href: &str, icon: Option<Icon>, primary: bool) -> Markup {
    html! {
        a.button.primary[primary] href=(href) { @if let Some(icon) = icon { (icon) } (label) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_knows_its_day_and_its_time() {
        let when = When::new("21 Nov 2026, 14:02 CET", "2026-11-21T13:02:11Z");
        assert_eq!((when.day(), when.time()), ("21 Nov 2026", "14:02 CET"));
        let date = When::new("12 Dec 2026", "2026-12-12");
        assert_eq!((date.day(), date.time()), ("12 Dec 2026", "12 Dec 2026"));
    }

    #[test]
    fn text_from_people_is_escaped_in_every_cell() {
        let hostile = "<script>alert(1)</script>\"'";
        for cell in [
            Cell::text(hostile),
            Cell::Link(Link::new(hostile, hostile).detail(hostile)),
            Cell::Changed { was: hostile.into(), is: hostile.into() },
            Cell::When(When::new(hostile, hostile)),
        ] {
            let markup = cell.render().into_string();
            assert!(!markup.contains("<script"), "{markup}");
        }
    }
}
