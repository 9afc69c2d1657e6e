//! A plain table: the data behind a picture, a short list without filters.

use crate::ui::value::Cell;
use maud::{Markup, Render, html};

/// Rows under headings, in a region that scrolls sideways by itself.
#[derive(Debug, Clone, Default)]
pub struct DataTable {
    /// Names the region and the table: "Affected items".
    pub label: String,
    /// Heading and whether the column holds quantities.
    pub columns: Vec<(String, bool)>,
    pub rows: Vec<Vec<Cell>>,
    /// A last row of sums; empty when there is none.
    pub totals: Vec<Cell>,
}

impl Render for DataTable {
    fn render(&self) -> Markup {
        let numbers = |index: usize| self.columns.get(index).is_some_and(|(_, number)| *number);
        html! {
            div.scroll tabindex="0" role="region" aria-label=(self.label) {
                table.grid aria-label=(self.label) {
                    thead { tr { @for (label, number) in &self.columns { th scope="col" .num[*number] { @if label.is_empty() { span.sr { "Further" } } @else { (label) } } } } }
                    tbody { @for row in &self.rows { tr { (tds(row, &numbers, None)) } } }
                    @if !self.totals.is_empty() { tfoot { tr { (tds(&self.totals, &numbers, None)) } } }
                }
            }
        }
    }
}

/// A `td` with the class its column and content ask for.
pub(crate) fn td(cell: &Cell, number: bool, role: Option<&str>) -> Markup {
    let class = if number { "num" } else { cell.class() };
    html! { td class=[(!class.is_empty()).then_some(class)] role=[role] { (cell) } }
}

/// Cells of a row under their columns; a cell past the last column is text.
pub(crate) fn tds(cells: &[Cell], numbers: &dyn Fn(usize) -> bool, role: Option<&str>) -> Markup {
    html! { @for (index, cell) in cells.iter().enumerate() { (td(cell, numbers(index), role)) } }
}
