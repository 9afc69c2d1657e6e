//! What a change order affects: each revision with the one before it.

use crate::edge::Visit;
use crate::kernel_pages::record::Known;
use crate::kernel_pages::work::with_parameter;
use crate::text::{below, chip, href};
use crate::ui::list::main_cell;
use crate::ui::{Cell, DataTable, EmptyState, Section};
use base::Result;
use kernel::kind::Phase;
use kernel::link;
use kernel::record::{self, Record};
use maud::html;
use plm::change_order::AFFECTS;

/// Rows shown at once; the redline below has every difference.
const SHOWN: usize = 500;

pub(super) fn section(visit: &Visit, known: &Known) -> Result<Section> {
    let (viewer, order) = (visit.viewer.clone(), known.record.clone());
    let pairs: Vec<(Option<Record>, Record)> = visit.read(move |tx| {
        let mut targets = link::targets(tx, &order, AFFECTS)?;
        targets.retain(|target| viewer.sees(target));
        targets.sort_by(|left, right| (&left.kind, &left.number).cmp(&(&right.kind, &right.number)));
        let mut pairs = Vec::with_capacity(targets.len());
        for target in targets {
            let revisions = record::revisions_of_item(tx, &target.tenant, &target.item)?;
            let own = revisions.iter().position(|revision| revision.id == target.id).unwrap_or(0);
            let before = revisions.into_iter().take(own).rev().find(|revision| matches!(revision.phase, Phase::Effective | Phase::Closed));
            pairs.push((before, target));
        }
        Ok(pairs)
    })?;
    let open = super::is_open(known);
    let may = |command: &str| open && known.may(command);
    let rows: Vec<Vec<Cell>> = pairs.iter().take(SHOWN).map(|(before, target)| row(visit, known, before.as_ref(), target, may("change_order.remove_affected"))).collect();
    let columns = ["Item", "Kind", "Revision", "State", ""].map(|label| (label.to_owned(), false)).into();
    let count = pairs.len();
    let body = html! {
        @if count == 0 {
            (EmptyState {
                title: "Nothing is affected yet".into(),
                text: "Add parts and documents by their number, or apply a structure file: what it says differently becomes new revisions on this order.".into(),
                in_section: true,
                ..EmptyState::default()
            })
        } @else {
            (DataTable { label: "Affected items".into(), columns, rows, totals: Vec::new() })
            @if count > SHOWN { p.muted { "and " (count - SHOWN) " more" } }
        }
    };
    let actions = html! {
        @if may("change_order.add_affected") { a.button.small href=(below(&known.record, "/do/change_order.add_affected")) { "Add an affected item" } }
        @if may("change_order.apply_structure") { a.button.small href=(below(&known.record, "/do/change_order.apply_structure")) { "Apply a structure file" } }
    };
    Ok(Section { id: "affected".into(), title: "Affected items".into(), count: u64::try_from(count).ok(), actions, body, ..Section::default() })
}

fn row(visit: &Visit, known: &Known, before: Option<&Record>, target: &Record, removable: bool) -> Vec<Cell> {
    let kind = visit.catalog.kind(&target.kind).map_or(target.kind.as_str(), |kind| kind.label.as_str());
    let revision = html! {
        @match before {
            Some(before) => { a href=(href(&before.reference())) { "rev " (before.revision) } " → " }
            None => { "new → " }
        }
        b { "rev " (target.revision) }
    };
    let remove = with_parameter(&below(&known.record, "/do/change_order.remove_affected"), "record", &target.id);
    vec![
        main_cell(&href(&target.reference()), &target.number, &target.title),
        Cell::text(kind),
        Cell::Markup(revision),
        Cell::Chip(chip(&visit.catalog, target)),
        if removable { Cell::Markup(html! { a href=(remove) { "Take off" span.sr { " " (target.number) } } }) } else { Cell::Empty },
    ]
}
