//! The timeline: what happened, as sentences, each open to before and after.

use crate::ui::icon::Icon;
use crate::ui::list::{Filter, filter_form};
use crate::ui::value::{Link, When, changed};
use maud::{Markup, Render, html};

/// What an entry is about; decides its mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EntryKind {
    Created,
    #[default]
    Changed,
    Step,
    Signed,
    Linked,
    File,
    Comment,
    /// Holds, failed signings, broken evidence.
    Alarm,
    /// Done by the product itself: a clock, a job, an import.
    System,
}

impl EntryKind {
    fn icon(self) -> Icon {
        match self {
            Self::Created => Icon::Plus,
            Self::Changed => Icon::Edit,
            Self::Step => Icon::Step,
            Self::Signed => Icon::Sign,
            Self::Linked => Icon::Link,
            Self::File => Icon::File,
            Self::Comment => Icon::Bubble,
            Self::Alarm => Icon::Hold,
            Self::System => Icon::Clock,
        }
    }

    fn class(self) -> &'static str {
        match self {
            Self::Signed => "entry signed",
            Self::Alarm => "entry alarm",
            Self::Step => "entry step",
            _ => "entry",
        }
    }
}

/// A field before and after.
#[derive(Debug, Clone, Default)]
pub struct Change {
    pub label: String,
    pub before: String,
    pub after: String,
}

/// One line of the trail, told as a sentence.
#[derive(Debug, Clone, Default)]
pub struct TimelineEntry {
    pub kind: EntryKind,
    pub when: When,
    /// Who did it; the sentence starts with the name: "M. Ortiz".
    pub who: String,
    /// What follows the name: "approved as Quality: effectiveness verified".
    pub sentence: String,
    /// Other records named here.
    pub links: Vec<Link>,
    pub changes: Vec<Change>,
    pub reason: String,
    /// Name, meaning and digest of a signature, as lines.
    pub signature: Vec<(String, String)>,
    /// Place in the trail: "Event 18,204 of transaction 5,117", with a link to its proof.
    pub proof: Option<Link>,
}

impl Render for TimelineEntry {
    fn render(&self) -> Markup {
        html! {
            li class=(self.kind.class()) {
                span.entry-time { (self.when.as_text(self.when.time())) }
                span.entry-mark { (self.kind.icon()) }
                div.entry-text {
                    p {
                        b { (self.who) } " " (self.sentence)
                        @for (index, link) in self.links.iter().enumerate() { @if index == 0 { " " } @else { ", " } (link) }
                    }
                    @if !self.reason.is_empty() { p.entry-reason { (self.reason) } }
                    @if !self.changes.is_empty() || !self.signature.is_empty() || self.proof.is_some() {
                        details.entry-more {
                            summary { (self.summary()) }
                            @if !self.changes.is_empty() { (changes_table(&self.changes)) }
                            @if !self.signature.is_empty() || self.proof.is_some() {
                                p.proof {
                                    @for (label, value) in &self.signature { span { (label) ": " (value) } }
                                    @if let Some(proof) = &self.proof { (proof) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

impl TimelineEntry {
    fn summary(&self) -> String {
        match self.changes.len() {
            0 if self.signature.is_empty() => "Proof".to_owned(),
            0 => "Signature and proof".to_owned(),
            1 => format!("Before and after: {}", self.changes[0].label.to_lowercase()),
            count => format!("Before and after: {count} fields"),
        }
    }
}

fn changes_table(changes: &[Change]) -> Markup {
    html! {
        table.changes {
            thead { tr { th scope="col" { "Field" } th scope="col" { "Before and after" } } }
            tbody {
                @for change in changes {
                    tr { th scope="row" { (change.label) } td { (changed(&change.before, &change.after)) } }
                }
            }
        }
    }
}

/// Entries by day, newest first as given, with the filters by person, field and date.
#[derive(Debug, Clone, Default)]
pub struct Timeline {
    /// Where the filter form is sent; without it no filters are drawn.
    pub action: Option<String>,
    pub filters: Vec<Filter>,
    pub entries: Vec<TimelineEntry>,
    /// The next page, when there is more.
    pub older: Option<Link>,
}

impl Render for Timeline {
    fn render(&self) -> Markup {
        html! {
            div.timeline {
                @if let Some(action) = &self.action { (filter_form(action, &self.filters, &[], "Filter")) }
                @for day in self.entries.chunk_by(|one, next| one.when.day() == next.when.day()) {
                    div.day {
                        h3 { (day[0].when.day()) }
                        ol { @for entry in day { (entry) } }
                    }
                }
                @if self.entries.is_empty() { p.muted { "No entry matches these filters." } }
                @if let Some(older) = &self.older { p.pager { a.button.small href=(older.href) { (older.text) } } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(display: &str) -> TimelineEntry {
        TimelineEntry { when: When::new(display, "2026-11-21T13:02:11Z"), who: "M. Ortiz".into(), sentence: "approved".into(), ..TimelineEntry::default() }
    }

    #[test]
    fn entries_of_one_day_stand_under_one_heading() {
        let timeline = Timeline { entries: vec![entry("21 Nov 2026, 14:02 CET"), entry("21 Nov 2026, 09:00 CET"), entry("20 Nov 2026, 17:00 CET")], ..Timeline::default() };
        assert_eq!(timeline.render().into_string().matches("<h3>").count(), 2);
    }

    #[test]
    fn an_entry_opens_to_before_and_after() {
        let mut one = entry("21 Nov 2026, 14:02 CET");
        one.changes = vec![Change { label: "Severity".into(), before: "3".into(), after: "4".into() }];
        let markup = one.render().into_string();
        assert!(markup.contains("<details") && markup.contains("<del>") && markup.contains("<ins>"));
    }
}
