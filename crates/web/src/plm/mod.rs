//! Pages of engineering: the structure of a part, where it is used, what it is bought as, imports;
//! the change order with what it affects, its redline and its impact.

mod affected;
mod impact;
mod import;
mod redline;
mod sources;
mod structure;
mod where_used;

use crate::edge::Visit;
use crate::kernel_pages::record::Known;
use crate::router::{Route, shows, takes};
use crate::text::below;
use crate::ui::{Icon, InputKind, MenuItem, Offer, Section};
use base::Result;
use base::quantity::Unit;
use serde_json::Value as Json;

pub(crate) fn routes() -> Vec<Route> {
    vec![takes("/engineering/import", import::show, import::import), shows("/engineering/structure/{part}", structure::show_below)]
}

pub(crate) fn part_sections(visit: &Visit, known: &Known) -> Result<Vec<Section>> {
    Ok(vec![structure::section(visit, known)?, sources::section(visit, known)?, where_used::section(visit, known)?])
}

pub(crate) fn order_sections(visit: &Visit, known: &Known) -> Result<Vec<Section>> {
    let mut sections = vec![affected::section(visit, known)?];
    sections.extend(redline::section(visit, known)?);
    sections.extend(impact::section(visit, known)?);
    Ok(sections)
}

fn is_open(known: &Known) -> bool {
    known.record.phase.is_open_for_edit() && known.past.is_none()
}

pub(crate) fn part_actions(known: &Known) -> Vec<MenuItem> {
    if !is_open(known) || !known.may_verb("edit") {
        return Vec::new();
    }
    vec![
        MenuItem::link("Add a line", below(&known.record, "/do/part.add_line"), Some(Icon::Tree)),
        MenuItem::link("Add a manufacturer part", below(&known.record, "/do/part.set_manufacturer_part"), Some(Icon::Suppliers)),
    ]
}

pub(crate) fn order_actions(known: &Known) -> Vec<MenuItem> {
    let offered = [
        ("change_order.add_affected", "Add an affected item", Icon::Plus),
        ("change_order.apply_structure", "Apply a structure file", Icon::Tree),
    ];
    let may = |command: &str| is_open(known) && known.may(command);
    offered.into_iter().filter(|(command, _, _)| may(command)).map(|(command, label, icon)| MenuItem::link(label, below(&known.record, &format!("/do/{command}")), Some(icon))).collect()
}

pub(crate) fn input_kind(command: &str, input: &str) -> Option<InputKind> {
    let records = |kind: &str| InputKind::Record { kind: kind.to_owned(), chosen: String::new(), recent: Vec::new() };
    Some(match (command, input) {
        ("part.add_line" | "part.change_line", "child") => records("part"),
        ("part.add_line" | "part.change_line", "quantity") => InputKind::Decimal { unit: String::new() },
        ("part.add_line" | "part.change_line", "unit") => InputKind::Choice(Unit::all().map(|unit| Offer::new(unit.code(), unit.code())).collect()),
        ("part.set_manufacturer_part", "status") => {
            let statuses = [("approved", "Approved"), ("conditional", "Conditional"), ("do_not_use", "Do not use"), ("obsolete", "Obsolete")];
            InputKind::Choice(statuses.map(|(value, label)| Offer::new(value, label)).into())
        }
        ("change_order.add_affected" | "change_order.remove_affected", "record") => records("part,procedure,work_instruction"),
        _ => return None,
    })
}

pub(crate) fn input_label(command: &str, input: &str) -> Option<&'static str> {
    Some(match (command, input) {
        ("part.add_line" | "part.change_line", "child") => "Part",
        ("part.add_line" | "part.change_line", "designators") => "Reference designators",
        ("part.set_manufacturer_part", "mpn") => "Manufacturer part number",
        ("change_order.add_affected", "record") => "Part or document",
        ("change_order.remove_affected", "keep") => "Keep the working revision",
        ("change_order.apply_structure", "file") => "Structure file",
        ("change_order.apply_structure", "sheet") => "Worksheet",
        _ => return None,
    })
}

pub(crate) fn input_help(command: &str, input: &str) -> Option<&'static str> {
    Some(match (command, input) {
        ("part.add_line" | "part.change_line", "child") => "Number or words of the part that is used.",
        ("part.set_manufacturer_part", "status") => "Empty: approved.",
        ("change_order.add_affected", "record") => "What counts now; its next revision is made and put on the order. A revision that is being worked on is taken as it is.",
        ("change_order.remove_affected", "keep") => "Work on it goes on, for another order. Otherwise the working revision is cancelled.",
        ("change_order.apply_structure", "file") => "XLSX or CSV. What it says differently from what is released becomes new revisions on this order; nobody types a difference.",
        ("change_order.apply_structure", "sheet") => "Empty: the first one with content.",
        _ => return None,
    })
}

/// An emptied text of a line or manufacturer part is cleared.
pub(crate) fn may_clear(command: &str, input: &str) -> bool {
    matches!((command, input), ("part.change_line", "designators" | "note") | ("part.set_manufacturer_part", "manufacturer" | "mpn"))
}

pub(crate) fn sentence(action: &str, after: Option<&Json>) -> Option<String> {
    let text = |name: &str| after.and_then(|after| after.get(name)).and_then(Json::as_str).unwrap_or("").to_owned();
    let line = || after.and_then(|after| after.get("find_number")).and_then(Json::as_i64).map_or_else(|| "a line".to_owned(), |number| format!("line {number}"));
    let source = || [text("manufacturer"), text("mpn")].join(" ").trim().to_owned();
    Some(match action {
        "part.line_added" => format!("added {}", line()),
        "part.line_copied" => format!("took {} over from the revision before", line()),
        "part.line_changed" => format!("changed {}", line()),
        "part.line_replaced" => "ended the former state of a line".to_owned(),
        "part.line_removed" => "removed a line".to_owned(),
        "part.source_added" => format!("added the manufacturer part {}", source()),
        "part.source_copied" => format!("took the manufacturer part {} over from the revision before", source()),
        "part.source_changed" => format!("changed a manufacturer part to {}", source()),
        "part.source_replaced" => "ended the former state of a manufacturer part".to_owned(),
        "part.source_removed" => "removed a manufacturer part".to_owned(),
        _ => return None,
    })
}

pub(crate) fn done(command: &str, result: &Json) -> Option<String> {
    let count = |name: &str| result.get(name).and_then(Json::as_i64).unwrap_or(0);
    match command {
        "change_order.apply_structure" => {
            let skipped = if count("not_listed") > 0 { format!(" {} parts are not in the file and stay as they are.", count("not_listed")) } else { String::new() };
            let left_out = import::left_out(result).map(|text| format!(" {text}")).unwrap_or_default();
            Some(format!("The file is applied: {} added, {} removed, {} changed.{skipped}{left_out}", count("added"), count("removed"), count("changed")))
        }
        "change_order.add_affected" => {
            let number = result.get("number").and_then(Json::as_str)?;
            let revision = result.get("revision").and_then(Json::as_str)?;
            Some(format!("{number} rev {revision} is on the order."))
        }
        _ => None,
    }
}
