//! Every part that holds a part: directly, on all levels, or the end items only.

use crate::edge::Visit;
use crate::kernel_pages::record::Known;
use crate::kernel_pages::work::with_parameter;
use crate::text::{href, phase};
use crate::ui::list::main_cell;
use crate::ui::{Cell, Chip, DataTable, Section, Tab, Tabs, Tag, Tone};
use base::Result;
use base::limits::PAGE_ROWS;
use maud::html;
use plm::product::{self, UsedRow};

pub(super) fn section(visit: &Visit, known: &Known) -> Result<Section> {
    let (viewer, item, at) = (visit.viewer.clone(), known.record.item.clone(), known.past.as_ref().map(|past| past.at));
    let used = visit.read(move |tx| {
        let structure = match at {
            Some(at) => product::as_of(tx, viewer.tenant(), at)?,
            None => product::current(tx, viewer.tenant())?,
        };
        structure.where_used(tx, &viewer, &item)
    })?;
    let which = visit.request.query("used").unwrap_or("direct");
    let wanted = |row: &&UsedRow| match which {
        "all" => true,
        "end" => row.end_item,
        _ => row.levels_up == 1,
    };
    let rows: Vec<&UsedRow> = used.rows.iter().filter(wanted).collect();
    let here = href(&known.record.reference());
    let here = known.past.as_ref().map_or(here.clone(), |past| with_parameter(&here, "as_of", &past.when.iso));
    let tab = |label: &str, name: &str, count: usize| Tab {
        href: format!("{}#where-used", with_parameter(&here, "used", name)),
        label: label.to_owned(),
        count: u64::try_from(count).ok(),
        current: which == name,
        ..Tab::default()
    };
    let tabs = vec![tab("Directly", "direct", used.direct), tab("All levels", "all", used.rows.len()), tab("End items", "end", used.end_items)];
    let body = html! {
        @if used.rows.is_empty() {
            p.muted { "No other part holds this one." }
        } @else {
            (Tabs { label: "Where used".into(), tabs })
            (table(visit, known, &rows))
            @if rows.len() > PAGE_ROWS { p.muted { "and " (rows.len() - PAGE_ROWS) " more" } }
        }
    };
    Ok(Section { id: "where-used".into(), title: "Where used".into(), count: u64::try_from(used.rows.len()).ok(), body, ..Section::default() })
}

fn table(visit: &Visit, known: &Known, rows: &[&UsedRow]) -> DataTable {
    let unit = known.record.field_text("unit");
    let cells = rows.iter().take(PAGE_ROWS).map(|row| {
        vec![
            main_cell(&href(&row.part.reference()), &format!("{} rev {}", row.part.number, row.part.revision), &row.part.title),
            Cell::number(row.levels_up.to_string()),
            Cell::number(format!("{} {unit}", row.total)),
            Cell::Chip(Chip::new(phase(row.part.phase), visit.catalog.state_label("part", &row.part.state))),
            if row.end_item { Cell::Tag(Tag::new(Tone::Info, "End item")) } else { Cell::Empty },
        ]
    });
    let columns = vec![("Part".into(), false), ("Levels up".into(), true), ("Holds".into(), true), ("State".into(), false), (String::new(), false)];
    DataTable { label: format!("Where {} is used", known.record.number), columns, rows: cells.collect(), totals: Vec::new() }
}
