//! One input of a form: label, help, control and error, beneath one another.

use crate::ui::icon::Icon;
use maud::{Markup, Render, html};

/// A value one may choose.
#[derive(Debug, Clone, Default)]
pub struct Offer {
    pub value: String,
    pub label: String,
    /// A quieter second line; may be empty.
    pub detail: String,
    /// For inputs with several values; single ones compare with [`Input::value`].
    pub chosen: bool,
}

impl Offer {
    /// A value and the word for it.
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self { value: value.into(), label: label.into(), ..Self::default() }
    }
}

/// What kind of value is asked for.
#[derive(Debug, Clone, Default)]
pub enum InputKind {
    #[default]
    Line,
    Block { rows: u8 },
    Integer { min: Option<i64>, max: Option<i64>, unit: String },
    /// Text with `inputmode=decimal`, since a number field drops what it cannot read.
    Decimal { unit: String },
    Date { min: String, max: String },
    /// Radio buttons up to six offers, a drop-down list past that.
    Choice(Vec<Offer>),
    /// Several of the offers.
    Choices(Vec<Offer>),
    YesNo,
    /// One tick: "I have read the procedure".
    Tick(String),
    /// A person by name or user name; suggestions come from `/typeahead?kind=person`.
    Person { chosen: String },
    /// A record by number; suggestions come from `/typeahead?kind=…`.
    Record { kind: String, chosen: String, recent: Vec<Offer> },
    File { accept: String, several: bool },
    Secret { autocomplete: &'static str },
    Email,
}

/// How much of the row the input takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum InputWidth {
    #[default]
    Full,
    Half,
    Third,
}

/// An input and everything that belongs to it.
#[derive(Debug, Clone, Default)]
pub struct Input {
    pub name: String,
    pub label: String,
    pub help: String,
    pub error: Option<String>,
    pub required: bool,
    pub kind: InputKind,
    pub value: String,
    pub max_chars: Option<usize>,
    pub width: InputWidth,
    /// Shown and not changeable here.
    pub locked: bool,
    /// Kept on this machine until it is saved, so that nothing typed is lost with the network.
    pub keep_draft: bool,
    pub autocomplete: Option<&'static str>,
    pub autofocus: bool,
}

impl Input {
    /// An optional input without a value; the rest is set on the struct.
    pub fn new(name: impl Into<String>, label: impl Into<String>, kind: InputKind) -> Self {
        Self { name: name.into(), label: label.into(), kind, ..Self::default() }
    }

    /// The element's id, which error summaries link to.
    pub fn id(&self) -> String {
        format!("f-{}", self.name.replace(|c: char| !c.is_ascii_alphanumeric() && c != '_', "-"))
    }

    fn is_group(&self) -> bool {
        match &self.kind {
            InputKind::Choice(offers) => offers.len() <= 6,
            InputKind::Choices(_) | InputKind::YesNo => true,
            _ => false,
        }
    }

    fn described_by(&self, id: &str) -> Option<String> {
        let parts: Vec<String> = [(!self.help.is_empty()).then(|| format!("{id}-help")), self.error.is_some().then(|| format!("{id}-error"))]
            .into_iter()
            .flatten()
            .collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    }

    fn label_text(&self) -> Markup {
        html! { (self.label) @if !self.required && !self.locked { " " span.optional { "(optional)" } } }
    }

    fn help_and_error(&self, id: &str) -> Markup {
        html! {
            @if !self.help.is_empty() { span.help #{ (id) "-help" } { (self.help) } }
            @if let Some(error) = &self.error { span.error #{ (id) "-error" } { (Icon::Warning) span.sr { "Error: " } (error) } }
        }
    }

    fn text_input(&self, id: &str, kind: &str, mode: Option<&str>, class: &str) -> Markup {
        html! {
            input class={ "control " (class) } #(id) type=(kind) name=(self.name) value=(self.value) inputmode=[mode]
                maxlength=[self.max_chars] required[self.required] readonly[self.locked] autofocus[self.autofocus]
                autocomplete=[self.autocomplete] aria-invalid=[self.error.is_some().then_some("true")]
                aria-describedby=[self.described_by(id)] data-draft[self.keep_draft];
        }
    }

    fn with_unit(&self, unit: &str, input: &Markup) -> Markup {
        html! { @if unit.is_empty() { (input) } @else { span.with-unit { (input) span.unit { (unit) } } } }
    }

    fn control(&self, id: &str) -> Markup {
        let described = self.described_by(id);
        let invalid = self.error.is_some().then_some("true");
        match &self.kind {
            InputKind::Line => self.text_input(id, "text", None, ""),
            InputKind::Email => self.text_input(id, "email", None, ""),
            InputKind::Decimal { unit } => self.with_unit(unit, &self.text_input(id, "text", Some("decimal"), "short num")),
            InputKind::Integer { min, max, unit } => self.with_unit(unit, &html! {
                input.control.short.num #(id) type="number" step="1" name=(self.name) value=(self.value) min=[*min] max=[*max]
                    required[self.required] readonly[self.locked] aria-invalid=[invalid] aria-describedby=[described];
            }),
            InputKind::Date { min, max } => html! {
                input.control.date #(id) type="date" name=(self.name) value=(self.value) min=[some(min)] max=[some(max)]
                    required[self.required] readonly[self.locked] aria-invalid=[invalid] aria-describedby=[described];
            },
            InputKind::Block { rows } => html! {
                textarea.control #(id) name=(self.name) rows=((*rows).max(2)) maxlength=[self.max_chars] required[self.required]
                    readonly[self.locked] aria-invalid=[invalid] aria-describedby=[described] data-draft[self.keep_draft] { "\n" (self.value) }
            },
            InputKind::Choice(offers) => html! {
                select.control #(id) name=(self.name) required[self.required] disabled[self.locked] aria-invalid=[invalid] aria-describedby=[described] {
                    option value="" { "Choose" }
                    @for offer in offers { option value=(offer.value) selected[offer.value == self.value] { (offer.label) } }
                }
            },
            InputKind::Tick(text) => html! {
                label.choice {
                    input #(id) type="checkbox" name=(self.name) value="yes" checked[self.value == "yes"] required[self.required]
                        aria-invalid=[invalid] aria-describedby=[described];
                    span { (text) }
                }
            },
            InputKind::Person { chosen } => self.picker(id, "person", chosen, &[]),
            InputKind::Record { kind, chosen, recent } => self.picker(id, kind, chosen, recent),
            InputKind::File { accept, several } => html! {
                input.control #(id) type="file" name=(self.name) accept=[some(accept)] multiple[*several]
                    required[self.required] aria-invalid=[invalid] aria-describedby=[described];
            },
            InputKind::Secret { autocomplete } => html! {
                input.control #(id) type="password" name=(self.name) autocomplete=(autocomplete) required[self.required]
                    autofocus[self.autofocus] aria-invalid=[invalid] aria-describedby=[described];
            },
            InputKind::Choices(_) | InputKind::YesNo => html! {},
        }
    }

    fn picker(&self, id: &str, kind: &str, chosen: &str, recent: &[Offer]) -> Markup {
        let list = (!recent.is_empty()).then(|| format!("{id}-recent"));
        html! {
            div.picker data-picker {
                input.control #(id) type="text" name=(self.name) value=(self.value) autocomplete="off" spellcheck="false" list=[list.as_deref()]
                    required[self.required] readonly[self.locked] aria-invalid=[self.error.is_some().then_some("true")]
                    aria-describedby=[self.described_by(id)] data-typeahead=(kind);
                @if let Some(list) = &list {
                    datalist #(list) { @for offer in recent { option value=(offer.value) { (offer.label) } } }
                }
                p.picker-chosen data-chosen { (chosen) }
            }
        }
    }

    fn group(&self, id: &str) -> Markup {
        let yes_no = [Offer::new("yes", "Yes"), Offer::new("no", "No")];
        let (offers, several): (&[Offer], bool) = match &self.kind {
            InputKind::Choice(offers) => (offers, false),
            InputKind::Choices(offers) => (offers, true),
            _ => (&yes_no, false),
        };
        let across = matches!(self.kind, InputKind::YesNo) || (!several && offers.len() <= 3 && offers.iter().all(|offer| offer.detail.is_empty()));
        html! {
            fieldset aria-describedby=[self.described_by(id)] {
                legend.label { (self.label_text()) }
                (self.help_and_error(id))
                div.choices.across[across] {
                    @for (index, offer) in offers.iter().enumerate() {
                        @let checked = if several { offer.chosen } else { offer.value == self.value };
                        // The first button carries the id, so that the error summary lands on it.
                        label.choice {
                            input type=(if several { "checkbox" } else { "radio" }) name=(self.name) value=(offer.value)
                                id=[(index == 0).then_some(id)] checked[checked] disabled[self.locked] required[self.required && !several];
                            span { (offer.label) }
                            @if !offer.detail.is_empty() { span.choice-detail { (offer.detail) } }
                        }
                    }
                }
            }
        }
    }
}

impl Render for Input {
    fn render(&self) -> Markup {
        let id = self.id();
        html! {
            div.input.half[self.width == InputWidth::Half].third[self.width == InputWidth::Third].wrong[self.error.is_some()] {
                @if self.is_group() {
                    (self.group(&id))
                } @else {
                    label.label for=(id) { (self.label_text()) }
                    (self.help_and_error(&id))
                    (self.control(&id))
                }
            }
        }
    }
}

fn some(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_stands_next_to_its_field_and_is_announced_with_it() {
        let input = Input { error: Some("Give a date after 21 Nov 2026".into()), ..Input::new("due_date", "Due", InputKind::Date { min: String::new(), max: String::new() }) };
        let markup = input.render().into_string();
        assert!(markup.contains(r#"aria-describedby="f-due_date-error""#) && markup.contains(r#"aria-invalid="true""#));
    }

    #[test]
    fn text_that_was_typed_comes_back_escaped() {
        let input = Input { value: "</textarea><script>".into(), ..Input::new("note", "Note", InputKind::Block { rows: 4 }) };
        assert!(!input.render().into_string().contains("<script>"));
    }

    #[test]
    fn a_leading_line_feed_survives_the_round_trip() {
        // A browser drops the first line feed after the opening tag, so one is always written.
        let input = Input { value: "\nsecond line".into(), ..Input::new("note", "Note", InputKind::Block { rows: 4 }) };
        assert!(input.render().into_string().contains(">\n\nsecond line</textarea>"));
    }

    #[test]
    fn few_offers_are_radio_buttons_and_many_a_list() {
        let offers = |count: usize| (0..count).map(|n| Offer::new(n.to_string(), n.to_string())).collect();
        assert!(Input::new("a", "A", InputKind::Choice(offers(6))).render().into_string().contains("radio"));
        assert!(Input::new("a", "A", InputKind::Choice(offers(7))).render().into_string().contains("<select"));
    }
}
