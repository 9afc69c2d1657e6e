//! A drawing with the data behind it: the same picture on the page and in print, and a table for
//! readers who want the numbers.

use crate::ui::table::DataTable;
use maud::{Markup, Render, html};

/// A drawing of the `print` crate as a figure.
#[derive(Debug, Clone, Default)]
pub struct Picture {
    pub drawing: Markup,
    /// A line below the picture; may be empty.
    pub caption: String,
    pub data: Option<DataTable>,
}

impl Render for Picture {
    fn render(&self) -> Markup {
        html! {
            figure.picture {
                div.picture-scroll tabindex="0" role="region" aria-label="Drawing" { (self.drawing) }
                @if !self.caption.is_empty() { figcaption { (self.caption) } }
                @if let Some(data) = &self.data {
                    details.picture-data { summary { "Show the data" } (data) }
                }
            }
        }
    }
}
