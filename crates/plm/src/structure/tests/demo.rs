//! The demo's own ventilator: what its documents and its tour promise about it.

use super::support::content;
use crate::structure::export::{Repeats, export_xlsx};
use crate::structure::import::{ImportOptions, ImportedStructure, import_file};
use crate::structure::redline::{RedlineCounts, What, compare};
use crate::structure::sheet::{ReadOptions, read_csv};
use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};
use std::path::PathBuf;

fn file(name: &str) -> Vec<u8> {
    std::fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../demo").join(name))
        .expect("the demo's files are part of the project")
}

fn imported(name: &str) -> ImportedStructure {
    import_file(name, &file(name), &ReadOptions::default(), &ImportOptions::default()).unwrap()
}

#[test]
fn both_revisions_have_149_rows_141_items_and_six_levels() {
    for name in ["lung-ventilator-rev-a.xlsx", "lung-ventilator-rev-b.xlsx"] {
        let ventilator = imported(name);
        assert_eq!((ventilator.line_count, ventilator.items.len(), ventilator.depth), (149, 141, 6), "{name}");
        // The check valve stands at both gas inlets: five rows twice, four of them the valve's own lines.
        assert_eq!(ventilator.lines.len(), 144);
        assert_eq!(ventilator.number(ventilator.top), "LV-100000");
        assert_eq!((ventilator.notices, ventilator.left_out_rows, ventilator.ignored_columns), (vec![], vec![], vec![]));
    }
}

#[test]
fn the_revisions_differ_in_seven_manufacturer_parts_and_nothing_else() {
    let (before, after) = (imported("lung-ventilator-rev-a.xlsx"), imported("lung-ventilator-rev-b.xlsx"));
    let redline = compare(&(&before).into(), &(&after).into());
    assert_eq!(redline.counts(), RedlineCounts { added: 0, removed: 0, changed: 7 });
    assert!(redline.changes().all(|change| change.what == What::ManufacturerParts));
    // The same seven that the readable list announces.
    let announced = read_csv(&file("lung-ventilator-changes.csv"), &ReadOptions::default()).unwrap();
    let announced: Vec<_> =
        announced.rows.iter().skip(1).map(|row| [0, 2, 3, 4].map(|column| row.cell(column).text().to_owned())).collect();
    let found: Vec<_> = redline
        .changed_items
        .iter()
        .map(|item| {
            let part = |structure: &ImportedStructure| {
                structure.items.iter().find(|known| known.number == item.number).unwrap().manufacturer_parts[0].clone()
            };
            let (before, after) = (part(&before), part(&after));
            assert_eq!(before.manufacturer, after.manufacturer);
            [item.number.clone(), before.manufacturer, before.part_number, after.part_number]
        })
        .collect();
    assert_eq!(found, announced);
}

/// The parts of a workbook, unpacked: how they are packed may depend on the machine.
fn parts(bytes: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let count = archive.len();
    let read = |index| {
        let mut entry = archive.by_index(index).unwrap();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        (entry.name().unwrap().into_owned(), bytes)
    };
    (0..count).map(read).collect()
}

#[test]
fn the_workbooks_are_those_that_their_source_gives() {
    let mut source = imported("lung-ventilator.csv");
    assert_eq!(content(imported("lung-ventilator-rev-a.xlsx")), content(source.clone()));
    let written = |structure: &ImportedStructure, name: &str| {
        let now = export_xlsx(structure, Repeats::Expanded).unwrap();
        assert!(parts(&now) == parts(&file(name)), "{name} is old: cargo run -p plm --example write_demo_structure");
    };
    written(&source, "lung-ventilator-rev-a.xlsx");
    let changes = read_csv(&file("lung-ventilator-changes.csv"), &ReadOptions::default()).unwrap();
    for row in changes.rows.iter().skip(1) {
        let item = source.items.iter_mut().find(|item| item.number == row.cell(0).text()).unwrap();
        assert_eq!(
            (item.name.as_str(), item.manufacturer_parts[0].part_number.as_str()),
            (row.cell(1).text(), row.cell(3).text())
        );
        item.manufacturer_parts[0].part_number = row.cell(4).text().to_owned();
    }
    written(&source, "lung-ventilator-rev-b.xlsx");
}

#[test]
fn every_item_number_is_the_demos_own() {
    for item in imported("lung-ventilator.csv").items {
        assert!(item.number.starts_with("LV-10") && !item.name.is_empty() && !item.category.is_empty(), "{}", item.number);
    }
}
