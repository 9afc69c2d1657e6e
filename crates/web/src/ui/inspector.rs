//! The inspector's view: a story told as claims, each with "how do you know" beside it.

use crate::ui::chip::Chip;
use crate::ui::icon::Icon;
use crate::ui::value::{Link, When};
use maud::{Markup, Render, html};

/// One claim with its evidence.
#[derive(Debug, Clone, Default)]
pub struct Claim {
    pub when: When,
    pub record: Link,
    pub state: Option<Chip>,
    /// "Closed after 142 of 142 operators were trained on SOP-014 rev D."
    pub text: String,
    /// The evidence itself: training record, signed copy, test report.
    pub evidence: Vec<Link>,
    /// What the proof says: "In the trail since 21 Nov 2026; checkpoint 5,117 anchored in 2 places".
    pub proof_text: String,
    pub proof: Option<Link>,
    /// The record and its trail agree.
    pub proven: bool,
}

/// A story across records, oldest first.
#[derive(Debug, Clone, Default)]
pub struct Story {
    pub label: String,
    pub claims: Vec<Claim>,
}

impl Render for Story {
    fn render(&self) -> Markup {
        html! {
            ol.story aria-label=(self.label) { @for claim in &self.claims { (claim) } }
        }
    }
}

impl Render for Claim {
    fn render(&self) -> Markup {
        html! {
            li.claim.open[!self.proven] {
                p.claim-when { (self.when) }
                div.claim-text {
                    p { a.number href=(self.record.href) { (self.record.text) } " " span.muted { (self.record.detail) } @if let Some(state) = &self.state { " " (state) } }
                    p { (self.text) }
                }
                div.claim-know {
                    p.claim-ask { @if self.proven { (Icon::Proof) } @else { (Icon::Broken) } "How do you know" }
                    ul { @for link in &self.evidence { li { (link) } } }
                    p.claim-proof {
                        @if !self.proven { b { "Not proven: " } }
                        (self.proof_text)
                    }
                    @if let Some(proof) = &self.proof { p.claim-check { (proof) } }
                }
            }
        }
    }
}
