//! The real ventilator of the shared samples.

use super::support::{sample, shape};
use crate::structure::export::{Repeats, export_xlsx};
use crate::structure::graph::{Edge, Graph};
use crate::structure::import::{ImportOptions, ImportedStructure, import_file};
use crate::structure::redline::{RedlineCounts, What, compare};
use crate::structure::sheet::ReadOptions;

fn ventilator(revision: &str) -> Option<ImportedStructure> {
    let name = format!("ventilator-fi5-{revision}.xlsx");
    let bytes = sample(&format!("bom/{name}"))?;
    Some(import_file(&name, &bytes, &ReadOptions::default(), &ImportOptions::default()).unwrap())
}

#[test]
fn the_ventilator_has_158_lines_151_items_and_six_levels() {
    let Some(ventilator) = ventilator("rev0") else { return };
    assert_eq!((ventilator.line_count, ventilator.items.len(), ventilator.depth), (158, 151, 6));
    // Every row but the top is a line; no sub-assembly is repeated in this file.
    assert_eq!(ventilator.lines.len(), 157);
    assert_eq!(ventilator.number(ventilator.top), "VX-209641");
    assert_eq!(shape(&ventilator)[..2], ["VX-209641>VX-209503*1", "VX-209503>VX-209513*1"]);
    assert_eq!(ventilator.ignored_columns, Vec::<String>::new());
    let regulator = ventilator.items.iter().find(|item| item.number == "VX-209385").unwrap();
    assert_eq!((regulator.file_revision.as_str(), regulator.category.as_str()), ("1", "Pressure regulator"));
    assert_eq!(regulator.manufacturer_parts[0].part_number, "TC1-R21-C-V-OX2");
    let meters = ventilator.lines.iter().find(|line| ventilator.number(line.child) == "VX-209404").unwrap();
    assert_eq!((meters.designators.join(" "), meters.find_number), ("S2 S5".to_owned(), 20));
    // The file names one of three relief valves and one of two fuse holders.
    let places: Vec<_> = ventilator.notices.iter().map(|notice| notice.place.as_str()).collect();
    assert_eq!(places, ["sheet FI5-Rev0-Final, row 79, column E", "sheet FI5-Rev0-Final, row 127, column E"]);
}

#[test]
fn between_its_revisions_seven_manufacturer_parts_changed_and_nothing_else() {
    let (Some(before), Some(after)) = (ventilator("rev0"), ventilator("rev1")) else { return };
    let redline = compare(&(&before).into(), &(&after).into());
    assert_eq!(redline.counts(), RedlineCounts { added: 0, removed: 0, changed: 7 });
    assert!(redline.changes().all(|change| change.what == What::ManufacturerParts));
    // The later file ends with a battery charger that nobody gave a number: no line, but not unseen.
    assert_eq!((after.line_count, after.left_out_rows.as_slice()), (158, [160].as_slice()));
    assert_eq!(after.notices.last().unwrap().place, "sheet FI5-Rev0-Final, row 160");
    let nipple = redline.changed_items.iter().find(|item| item.number == "VX-209588").unwrap();
    assert_eq!(nipple.changes[0].before, "Camozzi 2501 - 1/8");
    assert_eq!(nipple.changes[0].after, "Camozzi 2501 1/8-OX1  50-2501-005603OX1");
    assert!(compare(&(&before).into(), &(&before).into()).is_empty());
}

#[test]
fn the_ventilator_survives_export_and_import() {
    let Some(ventilator) = ventilator("rev1") else { return };
    let bytes = export_xlsx(&ventilator, Repeats::Expanded).unwrap();
    let mut again = import_file("again.xlsx", &bytes, &ReadOptions::default(), &ImportOptions::default()).unwrap();
    again.notices = ventilator.notices.clone();
    again.left_out_rows = ventilator.left_out_rows.clone();
    assert_eq!(again, ventilator);
}

#[test]
fn its_totals_count_a_washer_over_all_its_uses() {
    let Some(ventilator) = ventilator("rev0") else { return };
    let node = |index: usize| u32::try_from(index).unwrap();
    let edges =
        ventilator.lines.iter().map(|line| Edge { parent: node(line.parent), child: node(line.child), quantity: line.quantity });
    let graph = Graph::new(ventilator.items.len(), edges.collect()).unwrap();
    let washer = ventilator.items.iter().position(|item| item.number == "VX-209708").unwrap();
    let totals = graph.totals(node(ventilator.top)).unwrap();
    let total = totals.nodes.iter().find(|total| total.node == node(washer)).unwrap();
    // Six for the pneumatic circuit, four for the lower case; both on level 4.
    assert_eq!((total.total.to_string().as_str(), total.first_level, total.last_level), ("10", 4, 4));
    let used = graph.where_used(node(washer)).unwrap();
    let end: Vec<_> = used.iter().filter(|used| used.end_item).map(|used| ventilator.number(used.node as usize)).collect();
    assert_eq!(end, ["VX-209641"]);
    assert_eq!(graph.uses_of(node(washer)).count(), 2);
}
