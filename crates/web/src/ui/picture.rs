//! A drawing with the data behind it: the same picture on the page and in print, and a table for
//! readers who want the numbers.

use crate::ui::chip::Phase;
use crate::ui::table::DataTable;
use crate::ui::value::Cell;
use maud::{Markup, Render, html};

impl From<print::draw::Table> for DataTable {
    fn from(table: print::draw::Table) -> Self {
        let numbers: Vec<bool> = table.columns.iter().map(|(_, number)| *number).collect();
        let cell = |(index, text): (usize, String)| if numbers.get(index) == Some(&true) { Cell::Number(text) } else { Cell::Text(text) };
        let rows = table.rows.into_iter().map(|row| row.into_iter().enumerate().map(cell).collect()).collect();
        Self { label: table.label, columns: table.columns, rows, totals: Vec::new() }
    }
}

impl From<Phase> for print::draw::Ink {
    fn from(phase: Phase) -> Self {
        match phase {
            Phase::Draft => Self::Draft,
            Phase::InWork => Self::Work,
            Phase::InReview => Self::Review,
            Phase::Effective => Self::Effective,
            Phase::Closed => Self::Closed,
            Phase::Void => Self::Void,
        }
    }
}

/// A drawing of the `print` crate as a figure.
#[derive(Debug, Clone, Default)]
pub struct Picture {
    pub drawing: Markup,
    /// A line below the picture; may be empty.
    pub caption: String,
    pub data: Option<DataTable>,
}

impl Picture {
    /// A drawing and the table behind it.
    pub fn new(drawing: Markup, table: print::draw::Table) -> Self {
        Self { drawing, caption: String::new(), data: Some(table.into()) }
    }

    fn region(&self) -> String {
        match (&self.data, self.caption.as_str()) {
            (Some(data), _) => format!("Drawing: {}", data.label),
            (None, "") => "Drawing".to_owned(),
            (None, caption) => format!("Drawing: {caption}"),
        }
    }

    /// The picture with a line below it.
    pub fn caption(mut self, caption: impl Into<String>) -> Self {
        self.caption = caption.into();
        self
    }
}

impl Render for Picture {
    fn render(&self) -> Markup {
        html! {
            figure.picture {
                div.picture-scroll tabindex="0" role="region" aria-label=(self.region()) { (self.drawing) }
                @if !self.caption.is_empty() { figcaption { (self.caption) } }
                @if let Some(data) = &self.data {
                    details.picture-data { summary { "Show the data" } (data) }
                }
            }
        }
    }
}
