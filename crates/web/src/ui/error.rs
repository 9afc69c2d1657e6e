//! The error page: names the rule, the record and the way out.

use crate::ui::banner::EmptyState;
use crate::ui::icon::Icon;
use crate::ui::record::{BlockLine, blocks};
use crate::ui::value::Link;
use base::error::{RecordRef, Refusal};
use maud::{Markup, Render, html};

/// Why something was refused and what to do about it.
#[derive(Debug, Clone, Default)]
pub struct ErrorPage {
    pub status: u16,
    /// "CAPA-0031 cannot be closed yet".
    pub message: String,
    /// The rule with its requirement; may be empty.
    pub rule: String,
    /// Where in the input; may be empty.
    pub place: String,
    pub blockers: Vec<BlockLine>,
    pub advice: String,
    /// The way out: back to the record, sign in, ask an administrator.
    pub ways_out: Vec<Link>,
    /// Reference for the log, shown small for faults of ours.
    pub reference: String,
}

impl ErrorPage {
    /// A refusal as a page; `href_of` gives the address of a record.
    pub fn from_refusal(refusal: &Refusal, href_of: &dyn Fn(&RecordRef) -> String) -> Self {
        let blockers = refusal.blockers.iter().map(|blocker| BlockLine {
            text: blocker.text.clone(),
            links: blocker.records.iter().map(|record| Link::new(href_of(record), record.label()).detail(&record.title)).collect(),
            rule: blocker.requirement.clone(),
        });
        Self {
            status: refusal.kind.http_status(),
            message: refusal.message.clone(),
            place: refusal.place.clone().unwrap_or_default(),
            blockers: blockers.collect(),
            advice: refusal.advice.clone().unwrap_or_default(),
            ..Self::default()
        }
    }

    /// What kind of refusal this is, for the small line above the message.
    pub fn kind_word(&self) -> &'static str {
        match self.status {
            400 => "Cannot be read",
            401 => "Not signed in",
            403 => "Not allowed",
            404 => "Not found",
            409 => "Blocked",
            412 => "Changed meanwhile",
            413 => "Too large",
            422 => "Not valid",
            429 => "Too many attempts",
            503 => "Not available now",
            _ => "A fault on our side",
        }
    }

    fn icon(&self) -> Icon {
        match self.status {
            401 | 403 => Icon::Lock,
            404 => Icon::Search,
            409 => Icon::Hold,
            _ => Icon::Warning,
        }
    }
}

impl Render for ErrorPage {
    fn render(&self) -> Markup {
        html! {
            section.refusal {
                p.refusal-kind { (self.icon()) (self.kind_word()) span.muted { " · " (self.status) } }
                h1 { (self.message) }
                @if !self.place.is_empty() { p { "In " b { (self.place) } } }
                @if !self.blockers.is_empty() { div.refusal-blocks { h2 { "What stands in the way" } (blocks(&self.blockers)) } }
                @if !self.advice.is_empty() { p.refusal-advice { (self.advice) } }
                @if !self.rule.is_empty() { p.muted { "Rule: " (self.rule) } }
                @if !self.ways_out.is_empty() {
                    div.buttons {
                        @for (index, link) in self.ways_out.iter().enumerate() { a.button.primary[index == 0] href=(link.href) { (link.text) } }
                    }
                }
                @if !self.reference.is_empty() { p.muted { "Nothing was written. Reference " code { (self.reference) } } }
            }
        }
    }
}

/// A page that exists and has nothing in it yet.
pub fn empty_page(state: EmptyState) -> Markup {
    EmptyState { framed: true, ..state }.render()
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::error::{Blocker, RefusalKind};

    #[test]
    fn a_refusal_names_the_records_that_block_it() {
        let record = RecordRef { id: "1".into(), kind: "order".into(), number: "ECO-0042".into(), revision: String::new(), title: "Valve seat".into() };
        let refusal = Refusal::new(RefusalKind::Conflict, "blocked", "CAPA-0031 cannot be closed yet").blocked_by(vec![Blocker {
            rule: "capa.orders_released".into(),
            requirement: "FRS-CAPA-017".into(),
            text: "Change order is in review".into(),
            records: vec![record],
        }]);
        let markup = ErrorPage::from_refusal(&refusal, &|record| format!("/r/{}", record.number)).render().into_string();
        assert!(markup.contains(r#"href="/r/ECO-0042""#) && markup.contains("FRS-CAPA-017") && markup.contains("409"));
    }
}
