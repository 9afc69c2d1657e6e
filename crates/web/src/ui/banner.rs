//! What must not be missed (holds, broken evidence, a past date), what just happened, what is
//! missing and what is under way.

use crate::ui::icon::Icon;
use crate::ui::value::{Link, button_link};
use base::text::grouped;
use maud::{Markup, Render, html};

/// What a banner warns of; decides its colour, icon and how loudly it is announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BannerKind {
    #[default]
    Info,
    Good,
    Warn,
    /// A stop in front of release, ship, consume and effective steps.
    Hold,
    /// The record does not match its trail: nothing may be signed.
    Broken,
    /// The page shows another day than today.
    Past,
}

impl BannerKind {
    fn class(self) -> &'static str {
        match self {
            Self::Info => "banner",
            Self::Good => "banner good",
            Self::Warn => "banner warn",
            Self::Hold => "banner hold",
            Self::Broken => "banner broken",
            Self::Past => "banner past",
        }
    }

    fn icon(self) -> Icon {
        match self {
            Self::Info => Icon::Info,
            Self::Good => Icon::Effective,
            Self::Warn => Icon::Warning,
            Self::Hold => Icon::Hold,
            Self::Broken => Icon::Broken,
            Self::Past => Icon::Clock,
        }
    }
}

/// A strip across the page: what is the matter, and the way out.
#[derive(Debug, Clone, Default)]
pub struct Banner {
    pub kind: BannerKind,
    pub title: String,
    pub text: String,
    /// Records named by the text.
    pub links: Vec<Link>,
    /// What the reader can do about it, as buttons.
    pub actions: Vec<Link>,
}

impl Render for Banner {
    fn render(&self) -> Markup {
        html! {
            div class=(self.kind.class()) {
                (self.kind.icon())
                p.banner-title { (self.title) }
                @if !self.text.is_empty() || !self.links.is_empty() {
                    p.banner-body {
                        (self.text)
                        @for (index, link) in self.links.iter().enumerate() { @if index == 0 { " " } @else { " · " } (link) }
                    }
                }
                @if !self.actions.is_empty() {
                    div.banner-acts { @for action in &self.actions { a.button.small href=(action.href) { (action.text) } } }
                }
            }
        }
    }
}

/// A message about what just happened, shown once on the next page. After a signature it is a
/// receipt: who, what meaning, when.
#[derive(Debug, Clone, Default)]
pub struct Flash {
    pub kind: BannerKind,
    pub text: String,
    /// `("Signed", "21 Nov 2026, 14:02 CET")`.
    pub lines: Vec<(String, String)>,
    pub links: Vec<Link>,
    /// The draft key of the form whose text the server now has; the kept copy is dropped.
    pub draft_done: Option<String>,
}

impl Flash {
    /// A message that something was done.
    pub fn good(text: impl Into<String>) -> Self {
        Self { kind: BannerKind::Good, text: text.into(), ..Self::default() }
    }
}

impl Render for Flash {
    fn render(&self) -> Markup {
        html! {
            div class=(self.kind.class()) role="status" data-draft-done=[self.draft_done.as_deref()] {
                (self.kind.icon())
                p.banner-title { (self.text) }
                @if !self.lines.is_empty() || !self.links.is_empty() {
                    div.banner-body {
                        @if !self.lines.is_empty() {
                            dl.receipt-lines { @for (label, value) in &self.lines { div { dt { (label) } dd { (value) } } } }
                        }
                        @for (index, link) in self.links.iter().enumerate() { @if index > 0 { " · " } (link) }
                    }
                }
            }
        }
    }
}

/// An empty page teaches the first step.
#[derive(Debug, Clone, Default)]
pub struct EmptyState {
    pub icon: Option<Icon>,
    pub title: String,
    pub text: String,
    pub steps: Vec<String>,
    pub primary: Option<Link>,
    pub others: Vec<Link>,
    /// Drawn with a frame, for a whole page; without one inside a section.
    pub framed: bool,
    /// The heading's level fits its place: 2 on a page, 3 in a section.
    pub in_section: bool,
}

impl Render for EmptyState {
    fn render(&self) -> Markup {
        html! {
            div.empty.framed[self.framed] {
                @if let Some(icon) = self.icon { (icon) }
                @if self.in_section { h3 { (self.title) } } @else { h2 { (self.title) } }
                @if !self.text.is_empty() { p { (self.text) } }
                @if !self.steps.is_empty() { ol.empty-steps { @for step in &self.steps { li { (step) } } } }
                @if self.primary.is_some() || !self.others.is_empty() {
                    div.buttons {
                        @if let Some(link) = &self.primary { (button_link(&link.text, &link.href, None, true)) }
                        @for link in &self.others { (button_link(&link.text, &link.href, None, false)) }
                    }
                }
            }
        }
    }
}

/// Long work: how far, and what it does now.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    pub label: String,
    pub done: u64,
    /// `None` as long as nobody knows.
    pub total: Option<u64>,
    /// "Importing row 3,412: bracket, left".
    pub now: String,
    /// Where the state can be asked for; the page asks again every two seconds while it runs.
    pub poll_href: Option<String>,
}

impl Render for Progress {
    fn render(&self) -> Markup {
        html! {
            div.progress data-poll=[self.poll_href.as_deref()] {
                div.progress-line { span { (self.label) } span data-numbers { (grouped(self.done)) @if let Some(total) = self.total { " of " (grouped(total)) } } }
                // Without a value the bar says that the work goes on, and not how far it is.
                progress max=[self.total.map(|total| total.max(1))] value=[self.total.map(|total| self.done.min(total))] aria-label=(self.label) {}
                p.section-note data-now aria-live="polite" { (self.now) }
            }
        }
    }
}
