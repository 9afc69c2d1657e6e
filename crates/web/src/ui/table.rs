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
        html! {
            div.scroll tabindex="0" role="region" aria-label=(self.label) {
                table.grid aria-label=(self.label) {
                    thead { tr { @for (label, number) in &self.columns { th scope="col" .num[*number] { (label) } } } }
                    tbody { @for row in &self.rows { tr { @for cell in row { (td(cell)) } } } }
                    @if !self.totals.is_empty() { tfoot { tr { @for cell in &self.totals { (td(cell)) } } } }
                }
            }
        }
    }
}

/// A `td` with the class its content asks for.
pub(crate) fn td(cell: &Cell) -> Markup {
    let class = cell.class();
    html! { td class=[(!class.is_empty()).then_some(class)] { (cell) } }
}
