//! Drawings: pure functions from plain data to SVG, each with the table behind it.
//!
//! A drawing is the same for the same data, holds no script and no style, escapes what people
//! wrote and names itself with `title` and `desc`. Colours come from classes, so that a page can
//! follow its theme; the presentation attributes beside them serve readers without the style
//! sheet, such as a PDF. Colour never stands alone: a glyph or a word goes with it. Every drawing
//! has a limit of its own in [`limits`] and says how many it left out.

pub mod ageing;
pub mod bars;
pub mod graph;
pub mod icicle;
pub mod lifecycle;
pub mod limits;
pub mod progress;
pub mod risk;
pub mod story;
mod svg;
mod text;

#[cfg(test)]
mod tests;

pub use ageing::{AgeBucket, Ageing, Sparkline};
pub use bars::{Bar, Bars};
pub use graph::{GraphLink, GraphNode, LinkGraph};
pub use icicle::{Change, Icicle, IcicleNode};
pub use lifecycle::{Lifecycle, State, Step};
pub use progress::Completion;
pub use risk::{Region, RiskCell, RiskMatrix};
pub use story::{Event, Lane, Span, Story};
pub use svg::Ink;

/// The numbers behind a drawing, for readers who want them and for assistive technology.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    pub label: String,
    /// Heading, and whether the column holds quantities.
    pub columns: Vec<(String, bool)>,
    pub rows: Vec<Vec<String>>,
}

impl Table {
    fn new(label: &str, columns: &[(&str, bool)]) -> Self {
        Self { label: label.to_owned(), columns: columns.iter().map(|(name, number)| ((*name).to_owned(), *number)).collect(), rows: Vec::new() }
    }
}
