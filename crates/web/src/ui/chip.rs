//! Chips, tags and due dates: a colour, an icon and a word, always the three together.

use crate::ui::icon::Icon;
use crate::ui::value::When;
use maud::{Markup, Render, html};

/// The built-in phases; every state of every kind is mapped to one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Phase {
    #[default]
    Draft,
    InWork,
    InReview,
    Effective,
    Closed,
    Void,
}

impl Phase {
    /// The word for people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Draft => "Draft",
            Self::InWork => "In work",
            Self::InReview => "In review",
            Self::Effective => "Effective",
            Self::Closed => "Closed",
            Self::Void => "Void",
        }
    }

    /// The style-sheet class, the same in pages and drawings.
    pub fn class(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::InWork => "work",
            Self::InReview => "review",
            Self::Effective => "effective",
            Self::Closed => "closed",
            Self::Void => "void",
        }
    }

    /// The sign that goes with the phase's colour.
    pub fn icon(self) -> Icon {
        match self {
            Self::Draft => Icon::Draft,
            Self::InWork => Icon::InWork,
            Self::InReview => Icon::InReview,
            Self::Effective => Icon::Effective,
            Self::Closed => Icon::Closed,
            Self::Void => Icon::Void,
        }
    }
}

/// The state of a record: the colour and icon of its phase with the state's own word.
#[derive(Debug, Clone, Default)]
pub struct Chip {
    pub phase: Phase,
    /// The state as the kind or the customer calls it: "Effectiveness check".
    pub word: String,
}

impl Chip {
    /// The state's own word in the colour of its phase.
    pub fn new(phase: Phase, word: impl Into<String>) -> Self {
        Self { phase, word: word.into() }
    }

    /// A chip whose word is the phase's own.
    pub fn phase(phase: Phase) -> Self {
        Self::new(phase, phase.word())
    }
}

impl Render for Chip {
    fn render(&self) -> Markup {
        let detail = (self.word != self.phase.word()).then(|| format!("Phase: {}", self.phase.word()));
        html! {
            span class={ "chip " (self.phase.class()) } title=[detail] { (self.phase.icon()) (self.word) }
        }
    }
}

/// How good or bad a thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    #[default]
    Neutral,
    Info,
    Good,
    Warn,
    Bad,
}

impl Tone {
    /// The style-sheet class.
    pub fn class(self) -> &'static str {
        match self {
            Self::Neutral => "plain",
            Self::Info => "info",
            Self::Good => "good",
            Self::Warn => "warn",
            Self::Bad => "bad",
        }
    }

    /// The icon that goes with the tone when nothing more exact does.
    pub fn icon(self) -> Icon {
        match self {
            Self::Neutral => Icon::Open,
            Self::Info => Icon::Info,
            Self::Good => Icon::Check,
            Self::Warn => Icon::Warning,
            Self::Bad => Icon::Close,
        }
    }
}

/// A word about a thing that is not its state: "Reportable", "Suspect", "Critical part".
#[derive(Debug, Clone, Default)]
pub struct Tag {
    pub tone: Tone,
    pub icon: Option<Icon>,
    pub word: String,
}

impl Tag {
    /// A word with the sign of its tone; a neutral one has none.
    pub fn new(tone: Tone, word: impl Into<String>) -> Self {
        Self { tone, icon: (tone != Tone::Neutral).then(|| tone.icon()), word: word.into() }
    }

    /// The tag with a more exact sign than its tone's.
    pub fn icon(mut self, icon: Icon) -> Self {
        self.icon = Some(icon);
        self
    }
}

impl Render for Tag {
    fn render(&self) -> Markup {
        html! {
            span class={ "chip tag " (self.tone.class()) } {
                @if let Some(icon) = self.icon { (icon) }
                (self.word)
            }
        }
    }
}

/// How a due date stands to today.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DueState {
    #[default]
    Open,
    Soon,
    Late,
    Done,
}

/// A due date with the word that says how it stands: "3 days late", "in 2 days".
#[derive(Debug, Clone, Default)]
pub struct Due {
    pub when: When,
    pub state: DueState,
    /// Empty when the date says enough.
    pub note: String,
}

impl Due {
    /// A date, how it stands, and the words for it.
    pub fn new(state: DueState, when: When, note: impl Into<String>) -> Self {
        Self { when, state, note: note.into() }
    }
}

impl Render for Due {
    fn render(&self) -> Markup {
        let (class, icon) = match self.state {
            DueState::Open => ("due", None),
            DueState::Soon => ("due soon", Some(Icon::Clock)),
            DueState::Late => ("due late", Some(Icon::Warning)),
            DueState::Done => ("due done", Some(Icon::Check)),
        };
        html! {
            span class=(class) {
                @if let Some(icon) = icon { (icon) }
                (self.when)
                @if !self.note.is_empty() { " " span.due-note { (self.note) } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chip_shows_colour_icon_and_word() {
        let markup = Chip::new(Phase::InWork, "Investigation").render().into_string();
        assert!(markup.contains("chip work") && markup.contains("<svg") && markup.contains("Investigation"));
        assert!(markup.contains("Phase: In work"));
    }

    #[test]
    fn a_late_date_says_so_in_words() {
        let due = Due::new(DueState::Late, When::new("18 Nov 2026", "2026-11-18"), "3 days late");
        let markup = due.render().into_string();
        assert!(markup.contains("due late") && markup.contains("3 days late"));
    }
}
