//! The record page, the same for all kinds: head, lifecycle, next step, sections with an index.

use crate::ui::banner::Banner;
use crate::ui::chip::{Chip, Due, Tag};
use crate::ui::icon::Icon;
use crate::ui::menu::Menu;
use crate::ui::page::crumbs;
use crate::ui::value::{Link, When};
use maud::{Markup, Render, html};

/// One fact under the title: owner, site, product.
#[derive(Debug, Clone)]
pub struct Fact {
    pub label: String,
    pub value: Markup,
}

impl Fact {
    /// A fact that is plain text.
    pub fn text(label: impl Into<String>, value: &str) -> Self {
        Self { label: label.into(), value: html! { (value) } }
    }

    /// The due date.
    pub fn due(due: &Due) -> Self {
        Self { label: "Due".into(), value: due.render() }
    }
}

/// Number, title, revision, state, owner, due, and the buttons.
#[derive(Debug, Clone, Default)]
pub struct RecordHead {
    pub crumbs: Vec<Link>,
    /// "Corrective and preventive action".
    pub kind: String,
    pub number: String,
    /// Empty for kinds without revisions.
    pub revision: String,
    pub title: String,
    pub state: Chip,
    pub tags: Vec<Tag>,
    pub facts: Vec<Fact>,
    /// The one next step when it is free; a blocked one is explained in [`NextStep`].
    pub primary: Option<StepAction>,
    pub more: Menu,
}

impl Render for RecordHead {
    fn render(&self) -> Markup {
        html! {
            header.record-head {
                div {
                    (crumbs(&self.crumbs))
                    p.record-line {
                        span.record-number { (self.number) @if !self.revision.is_empty() { span.rev { " rev " (self.revision) } } }
                        (self.state)
                        @for tag in &self.tags { (tag) }
                        @if !self.kind.is_empty() { span.muted { (self.kind) } }
                    }
                    h1 { (self.title) }
                }
                div.record-acts {
                    @if let Some(step) = self.primary.as_ref().filter(|step| step.blocked.is_empty()) { (step.button(true)) }
                    (self.more)
                }
                @if !self.facts.is_empty() {
                    dl.facts { @for fact in &self.facts { div { dt { (fact.label) } dd { (fact.value) } } } }
                }
            }
        }
    }
}

/// A step of the lifecycle and how far the record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StepMark {
    Done,
    Now,
    #[default]
    Ahead,
}

/// One station on the strip below the head.
#[derive(Debug, Clone, Default)]
pub struct LifecycleStep {
    pub word: String,
    pub mark: StepMark,
    pub at: Option<When>,
}

/// The lifecycle as a strip of stations.
pub fn lifecycle(steps: &[LifecycleStep]) -> Markup {
    html! {
        @if !steps.is_empty() {
            div.steps-scroll tabindex="0" role="region" aria-label="Lifecycle" {
                ol.steps {
                    @for step in steps {
                        @let (class, said) = match step.mark { StepMark::Done => ("done", "done: "), StepMark::Now => ("now", "current: "), StepMark::Ahead => ("", "") };
                        li class=[(!class.is_empty()).then_some(class)] aria-current=[(step.mark == StepMark::Now).then_some("step")] {
                            span.step-word { @if !said.is_empty() { span.sr { (said) } } (step.word) }
                            @if let Some(at) = &step.at { span.step-at { (at.as_text(at.day())) } }
                        }
                    }
                }
            }
        }
    }
}

/// One reason why a step is blocked, with links to what stands in the way.
#[derive(Debug, Clone, Default)]
pub struct BlockLine {
    /// "Training: 3 of 12 open".
    pub text: String,
    pub links: Vec<Link>,
    /// The rule's requirement, shown small; may be empty.
    pub rule: String,
}

/// A list of what blocks.
pub fn blocks(lines: &[BlockLine]) -> Markup {
    html! {
        ul.blocks {
            @for line in lines {
                li {
                    (line.text)
                    @if !line.links.is_empty() { span.block-links { @for link in &line.links { span { (link) } } } }
                    @if !line.rule.is_empty() { " " span.rule { (line.rule) } }
                }
            }
        }
    }
}

/// A step that may be taken, or says what blocks it.
#[derive(Debug, Clone, Default)]
pub struct StepAction {
    /// "Submit for review", "Sign and close".
    pub label: String,
    /// Where the step is taken: the sign page for signed steps, a form for others.
    pub href: String,
    /// Opens the sign dialog over the page where scripts run; the address works without them.
    pub signed: bool,
    /// Hidden fields of a step that is posted straight away; then `href` is the action.
    pub post: Option<Vec<(String, String)>>,
    /// What happens: "Freezes the content and asks 3 reviewers".
    pub note: String,
    /// Empty when the step is free.
    pub blocked: Vec<BlockLine>,
    /// Leads back or out (send back, withdraw): never drawn as the next step.
    pub aside: bool,
    /// Blocked for this reader only; somebody else takes it.
    pub for_others: bool,
}

impl StepAction {
    fn button(&self, primary: bool) -> Markup {
        html! {
            @if let Some(hidden) = &self.post {
                form method="post" action=(self.href) data-once {
                    @for (name, value) in hidden { input type="hidden" name=(name) value=(value); }
                    button.button.primary[primary] type="submit" { (self.label) }
                }
            } @else {
                a.button.primary[primary] href=(self.href) data-dialog {
                    @if self.signed { (Icon::Sign) }
                    (self.label)
                }
            }
        }
    }
}

/// The panel that never leaves anybody guessing what to do next.
#[derive(Debug, Clone, Default)]
pub struct NextStep {
    pub steps: Vec<StepAction>,
    /// When nothing is to be done by this reader: "Waiting for the review of M. Ortiz".
    pub waiting: String,
    /// The head already shows the first free step as the primary button, so it is not drawn twice.
    pub primary_in_head: bool,
}

impl Render for NextStep {
    fn render(&self) -> Markup {
        let first_free = self.steps.iter().position(|step| step.blocked.is_empty() && !step.aside);
        html! {
            section.next aria-labelledby="next-title" {
                h2 #next-title { "Next step" }
                @if !self.waiting.is_empty() { p.next-step { (self.waiting) } }
                @for (index, step) in self.steps.iter().enumerate() {
                    div.next-step {
                        @if step.blocked.is_empty() {
                            @if self.primary_in_head && first_free == Some(index) {
                                p.blocked-name { (step.label) }
                            } @else {
                                (step.button(first_free == Some(index)))
                            }
                            @if !step.note.is_empty() { p.next-note { (step.note) } }
                        } @else {
                            p.blocked-name { (Icon::Lock) (step.label) }
                            p.blocked-lead { @if step.for_others { "For somebody else" } @else { "Waiting for" } }
                            (blocks(&step.blocked))
                        }
                    }
                }
            }
        }
    }
}

/// A part of the page with an anchor of its own.
#[derive(Debug, Clone, Default)]
pub struct Section {
    pub id: String,
    pub title: String,
    pub count: Option<u64>,
    /// Quiet text beside the title.
    pub note: String,
    /// Buttons at the right end of the heading.
    pub actions: Markup,
    pub body: Markup,
    /// A word in the index when something is wrong here: "2 late".
    pub alarm: String,
}

impl Render for Section {
    fn render(&self) -> Markup {
        let title_id = format!("{}-title", self.id);
        html! {
            section.section #(self.id) aria-labelledby=(title_id) {
                div.section-head {
                    h2 #(title_id) { (self.title) @if let Some(count) = self.count { " " span.count { (count) } } }
                    @if !self.note.is_empty() { span.section-note { (self.note) } }
                    (self.actions)
                }
                (self.body)
            }
        }
    }
}

/// A line of the side index.
#[derive(Debug, Clone, Default)]
pub struct IndexEntry {
    pub id: String,
    pub title: String,
    pub count: Option<u64>,
    pub alarm: String,
}

impl From<&Section> for IndexEntry {
    fn from(section: &Section) -> Self {
        Self { id: section.id.clone(), title: section.title.clone(), count: section.count, alarm: section.alarm.clone() }
    }
}

/// The whole body of a record page.
#[derive(Debug, Clone, Default)]
pub struct RecordPage {
    pub head: RecordHead,
    pub banners: Vec<Banner>,
    pub lifecycle: Vec<LifecycleStep>,
    pub next: NextStep,
    pub sections: Vec<Section>,
    /// Further panels of the right column, below the next step.
    pub rail: Markup,
}

impl Render for RecordPage {
    fn render(&self) -> Markup {
        html! {
            @if !self.banners.is_empty() { div.banners { @for banner in &self.banners { (banner) } } }
            (self.head)
            (lifecycle(&self.lifecycle))
            div.record-body {
                div.record-main { @for section in &self.sections { (section) } }
                aside.record-rail aria-label="Next step and index" {
                    (self.next)
                    (self.rail)
                    nav.index aria-label="On this page" {
                        p.rail-title { "On this page" }
                        ul.index-list data-index {
                            @for section in &self.sections {
                                li {
                                    a href={ "#" (section.id) } {
                                        span { (section.title) }
                                        @if !section.alarm.is_empty() { span.warn-mark { (section.alarm) } }
                                        @else if let Some(count) = section.count { span.count { (count) } }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A linked record in a list of links: what the link means, where it leads, how that record stands.
#[derive(Debug, Clone, Default)]
pub struct LinkRow {
    /// "Corrects", "Caused by".
    pub relation: String,
    pub record: Link,
    pub state: Chip,
    /// The other end changed after the link was made.
    pub suspect: bool,
    /// Due date or other fact at the right end.
    pub end: Markup,
}

/// Linked records, one under the other.
pub fn link_rows(rows: &[LinkRow]) -> Markup {
    html! {
        ul.rows {
            @for row in rows {
                li {
                    span.relation.muted { (row.relation) }
                    span.grow { a.number href=(row.record.href) { (row.record.text) } " " (row.record.detail) }
                    @if row.suspect { (Tag::new(crate::ui::chip::Tone::Warn, "Suspect")) }
                    (row.state)
                    @if !row.end.0.is_empty() { span.end { (row.end) } }
                }
            }
        }
    }
}
