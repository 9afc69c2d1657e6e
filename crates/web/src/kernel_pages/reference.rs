//! Sheets in fields, and which revision of a reference table something was evaluated by.

use crate::edge::Visit;
use crate::kernel_pages::record::{Known, section};
use crate::text::href;
use crate::ui::timeline::Change;
use crate::ui::{Cell, DataTable, FieldValue, Link, Section, Tag, Tone};
use base::Result;
use kernel::kind::{FieldSort, Kind};
use kernel::reference::{self, ReferenceTable, Used};
use kernel::sheet::Sheet;
use maud::html;
use serde_json::Value as Json;

/// Rows of a change that the timeline names; the revisions have them all.
const CHANGED_ROWS: usize = 20;

/// Every sheet of the record, with all of its rows: whoever approves it reads them.
pub(crate) fn sheets(visit: &Visit, known: &Known) -> Vec<Section> {
    let table = reference::declared_for(&visit.catalog, &known.record).ok();
    let sheets = known.kind.fields.iter().filter(|field| field.sort == FieldSort::Sheet);
    sheets
        .filter_map(|field| {
            let sheet = Sheet::stored(known.record.fields.get(&field.name)?);
            let body = html! {
                @if let Some(table) = table { p { (table.text) } }
                (table_of(&field.label, &sheet, table))
            };
            Some(section(&format!("sheet-{}", field.name), &field.label, sheet.rows.len(), body))
        })
        .collect()
}

fn table_of(label: &str, sheet: &Sheet, table: Option<&ReferenceTable>) -> DataTable {
    let titles = sheet.titles.iter().map(|title| {
        let column = table.and_then(|table| table.columns.iter().find(|column| column.name == title));
        (column.map_or(title.as_str(), |column| column.label).to_owned(), false)
    });
    let rows = sheet.rows.iter().enumerate().map(|(index, row)| std::iter::once(Cell::number((index + 1).to_string())).chain(row.iter().map(Cell::text)).collect());
    DataTable { label: label.to_owned(), columns: std::iter::once(("Row".to_owned(), true)).chain(titles).collect(), rows: rows.collect(), totals: Vec::new() }
}

/// The revision that an evaluation used, with a mark when another counts by now.
pub(crate) fn used(visit: &Visit, value: &Json) -> Result<FieldValue> {
    let Some(used) = Used::read(value) else { return Ok(FieldValue::line(value.as_str().unwrap_or_default())) };
    let (tenant, id) = (visit.tenant().to_owned(), used.record.clone());
    let (record, effective) = visit.read(move |tx| Ok((kernel::record::find(tx, &tenant, &id)?, reference::effective_revisions(tx, &tenant)?)))?;
    let Some(record) = record else { return Ok(FieldValue::Line(used.label)) };
    let counts = effective.get(&record.number) == Some(&record.id);
    Ok(FieldValue::Markup(html! {
        (Link::new(href(&record.reference()), used.label))
        @if !counts { " " (Tag::new(Tone::Warn, "An earlier revision: another is in force now")) }
        @if record.digest != used.digest { " " (Tag::new(Tone::Bad, "Its content is not what was used")) }
    }))
}

/// What a change of a sheet did: the rows that went and the rows that came.
pub(crate) fn changed(field: &str, kind: &Kind, old: &Json, new: &Json) -> Change {
    let (old, new) = (Sheet::stored(old), Sheet::stored(new));
    let label = kind.find_field(field).map_or_else(|| field.to_owned(), |field| field.label.clone());
    let listed = |mut rows: Vec<String>| {
        let more = rows.len().saturating_sub(CHANGED_ROWS);
        rows.truncate(CHANGED_ROWS);
        if more > 0 {
            rows.push(format!("and {more} more"));
        }
        rows.join("; ")
    };
    let (before, after) = (listed(old.rows_not_in(&new)), listed(new.rows_not_in(&old)));
    let moved = before.is_empty() && after.is_empty();
    if moved { Change { label, before: "one order of rows".to_owned(), after: "another order".to_owned() } } else { Change { label, before, after } }
}
