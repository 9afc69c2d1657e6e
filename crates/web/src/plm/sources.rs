//! What a part is bought as: manufacturer parts in the order of preference.

use crate::edge::Visit;
use crate::kernel_pages::record::Known;
use crate::kernel_pages::work::with_parameter;
use crate::text::below;
use crate::ui::{Cell, DataTable, Section, Tag, Tone};
use base::Result;
use maud::html;
use plm::part::{SourceStatus, SourcedPart, sources_of};

pub(super) fn section(visit: &Visit, known: &Known) -> Result<Section> {
    let (tenant, id) = (visit.tenant().to_owned(), known.record.id.clone());
    let sources = visit.read(move |tx| sources_of(tx, &tenant, &id))?;
    let editable = super::is_open(known) && known.may_verb("edit");
    let rows: Vec<_> = sources.iter().map(|source| row(known, source, editable)).collect();
    let columns = vec![("Preference".into(), true), ("Manufacturer".into(), false), ("Part number".into(), false), ("Status".into(), false), (String::new(), false)];
    let count = rows.len();
    let body = html! {
        @if count == 0 { p.muted { "No manufacturer part is named." } }
        @else { (DataTable { label: "Manufacturer parts".into(), columns, rows, totals: Vec::new() }) }
    };
    let actions = html! {
        @if editable { a.button.small href=(below(&known.record, "/do/part.set_manufacturer_part")) { "Add a manufacturer part" } }
    };
    let note = if known.past.is_some() && count > 0 { "as they are today".to_owned() } else { String::new() };
    Ok(Section { id: "sources".into(), title: "Manufacturer parts".into(), count: u64::try_from(count).ok(), note, actions, body, ..Section::default() })
}

fn row(known: &Known, source: &SourcedPart, editable: bool) -> Vec<Cell> {
    let tone = match source.status {
        SourceStatus::Approved => Tone::Good,
        SourceStatus::Conditional => Tone::Warn,
        _ => Tone::Bad,
    };
    let actions = if editable {
        let mut change = with_parameter(&below(&known.record, "/do/part.set_manufacturer_part"), "source", &source.source_uid);
        let position = source.position.to_string();
        for (name, value) in [("manufacturer", source.manufacturer.as_str()), ("mpn", &source.mpn), ("status", source.status.name()), ("position", &position)] {
            change = with_parameter(&change, name, value);
        }
        let remove = with_parameter(&below(&known.record, "/do/part.remove_manufacturer_part"), "source", &source.source_uid);
        Cell::Markup(html! { span.nowrap { a href=(change) { "Change" span.sr { " " (source.mpn) } } " · " a href=(remove) { "Remove" span.sr { " " (source.mpn) } } } })
    } else {
        Cell::Empty
    };
    vec![
        Cell::number(source.position.to_string()),
        Cell::text(source.manufacturer.clone()),
        Cell::text(source.mpn.clone()),
        Cell::Tag(Tag::new(tone, source.status.label())),
        actions,
    ]
}
