//! A grid one types into: FMEA rows, affected items, measurements. Plain inputs in a form, so it
//! works without scripts; with them one can paste from a spreadsheet, move by arrow keys and undo
//! until it is saved.

use crate::ui::input::Offer;
use maud::{Markup, Render, html};

/// What a column takes.
#[derive(Debug, Clone, Default)]
pub struct EntryColumn {
    pub name: String,
    pub label: String,
    pub number: bool,
    /// A fixed list of values; text when empty.
    pub offers: Vec<Offer>,
    pub max_chars: Option<usize>,
    /// Shown and not changeable.
    pub locked: bool,
}

/// A row of values, in the order of the columns.
#[derive(Debug, Clone, Default)]
pub struct EntryRow {
    /// Goes into the names of its inputs: `rows[key].severity`.
    pub key: String,
    pub values: Vec<String>,
    /// `(column, text)` of wrong cells.
    pub errors: Vec<(usize, String)>,
}

/// A form around a table of inputs.
#[derive(Debug, Clone, Default)]
pub struct EntryGrid {
    pub id: String,
    pub label: String,
    pub action: String,
    pub hidden: Vec<(String, String)>,
    pub columns: Vec<EntryColumn>,
    pub rows: Vec<EntryRow>,
    pub submit: String,
}

impl EntryGrid {
    fn cell(&self, row: &EntryRow, column: usize, number: usize) -> Markup {
        let spec = &self.columns[column];
        let value = row.values.get(column).map_or("", String::as_str);
        let name = format!("rows[{}].{}", row.key, spec.name);
        let id = format!("{}-{}-{}", self.id, number, column);
        let error = row.errors.iter().find(|(at, _)| *at == column).map(|(_, text)| text);
        let label = format!("{}, row {}", spec.label, number + 1);
        let error_id = error.is_some().then(|| format!("{id}-error"));
        html! {
            td.wrong[error.is_some()].num[spec.number && spec.locked] {
                @if spec.locked {
                    span.cell-locked { (value) }
                } @else if spec.offers.is_empty() {
                    input.control.num[spec.number] #(id) type="text" name=(name) value=(value) aria-label=(label) maxlength=[spec.max_chars]
                        inputmode=[spec.number.then_some("decimal")] aria-invalid=[error.is_some().then_some("true")] aria-describedby=[error_id.as_deref()];
                } @else {
                    select.control #(id) name=(name) aria-label=(label) {
                        @for offer in &spec.offers { option value=(offer.value) selected[offer.value == value] { (offer.label) } }
                    }
                }
                @if let (Some(error), Some(error_id)) = (error, error_id) { span.error #(error_id) { (error) } }
            }
        }
    }
}

impl Render for EntryGrid {
    fn render(&self) -> Markup {
        html! {
            form #(self.id) method="post" action=(self.action) data-once data-guard data-entry-grid novalidate {
                @for (name, value) in &self.hidden { input type="hidden" name=(name) value=(value); }
                div.scroll.tall tabindex="0" role="region" aria-label=(self.label) {
                    table.grid.entry-grid aria-label=(self.label) {
                        thead { tr { @for column in &self.columns { th scope="col" .num[column.number] { (column.label) } } } }
                        tbody {
                            @for (number, row) in self.rows.iter().enumerate() {
                                tr { @for column in 0..self.columns.len() { (self.cell(row, column, number)) } }
                            }
                        }
                    }
                }
                div.form-foot {
                    button.button.primary type="submit" { (self.submit) }
                    button.button.js-only type="button" data-undo disabled { "Undo" }
                    button.button.quiet type="reset" { "Discard changes" }
                    span.draft-note.js-only data-grid-note aria-live="polite" { "Rows can be pasted from a spreadsheet." }
                }
            }
        }
    }
}
