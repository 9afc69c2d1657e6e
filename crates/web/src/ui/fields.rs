//! Fields of a record as read: groups of labels and values.

use crate::ui::chip::{Chip, Due, Tag};
use crate::ui::value::{Link, When};
use maud::{Markup, Render, html};

/// What a field holds, ready to read.
#[derive(Debug, Clone, Default)]
pub enum FieldValue {
    /// Shown as "not given", so that an empty field is not taken for a fault of the page.
    #[default]
    None,
    Line(String),
    /// Kept with its line breaks, over the full width.
    Block(String),
    Number { value: String, unit: String },
    Date(When),
    Due(Due),
    YesNo(bool),
    Choice(String),
    Person(Link),
    Records(Vec<Link>),
    Chip(Chip),
    Tag(Tag),
    Markup(Markup),
}

impl FieldValue {
    /// A line, or none when the text is empty.
    pub fn line(text: impl Into<String>) -> Self {
        let text = text.into();
        if text.is_empty() { Self::None } else { Self::Line(text) }
    }
}

impl Render for FieldValue {
    fn render(&self) -> Markup {
        html! {
            @match self {
                Self::None => { span.none { "Not given" } }
                Self::Line(text) | Self::Block(text) | Self::Choice(text) => { (text) }
                Self::Number { value, unit } => { (value) @if !unit.is_empty() { "\u{a0}" (unit) } }
                Self::Date(when) => { (when) }
                Self::Due(due) => { (due) }
                Self::YesNo(yes) => { @if *yes { "Yes" } @else { "No" } }
                Self::Person(link) => { (link) }
                Self::Records(links) => {
                    @if links.is_empty() { span.none { "None" } }
                    @for (index, link) in links.iter().enumerate() { @if index > 0 { ", " } (link) }
                }
                Self::Chip(chip) => { (chip) }
                Self::Tag(tag) => { (tag) }
                Self::Markup(markup) => { (markup) }
            }
        }
    }
}

/// One field: label and value.
#[derive(Debug, Clone, Default)]
pub struct FieldView {
    pub label: String,
    pub value: FieldValue,
    /// Added by the customer's configuration (`x_…`); shown with a quiet mark.
    pub custom: bool,
}

impl FieldView {
    /// A field of the product itself.
    pub fn new(label: impl Into<String>, value: FieldValue) -> Self {
        Self { label: label.into(), value, custom: false }
    }
}

/// Fields that belong together; the title may be empty.
#[derive(Debug, Clone, Default)]
pub struct FieldGroup {
    pub title: String,
    pub fields: Vec<FieldView>,
}

impl Render for FieldGroup {
    fn render(&self) -> Markup {
        html! {
            div.kv-group {
                @if !self.title.is_empty() { h3 { (self.title) } }
                dl.kv {
                    @for field in &self.fields {
                        div.full[matches!(field.value, FieldValue::Block(_))] {
                            dt { (field.label) @if field.custom { " " span.custom-mark { "(own field)" } } }
                            dd { (field.value) }
                        }
                    }
                }
            }
        }
    }
}
