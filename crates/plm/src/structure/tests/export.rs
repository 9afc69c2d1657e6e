//! What is written reads back as itself, and runs nowhere.

use super::support::{below, content, csv, csv_with, refused, shape, structure};
use crate::structure::export::{Repeats, export_xlsx, guarded, unguarded};
use crate::structure::import::{ImportOptions, ImportedItem, ImportedLine, ImportedStructure, import_file};
use crate::structure::sheet::{Cell, ReadOptions, read_xlsx};
use base::limits;
use proptest::prelude::*;

fn again(structure: &ImportedStructure, repeats: Repeats) -> ImportedStructure {
    let bytes = export_xlsx(structure, repeats).unwrap();
    let options = ImportOptions { repeats_listed_once: repeats == Repeats::ListedOnce, ..ImportOptions::default() };
    import_file("again.xlsx", &bytes, &ReadOptions::default(), &options).unwrap()
}

#[test]
fn levels_are_blanks_and_columns_are_the_usual_ones() {
    let file = "Number,Name,Qty,ID,MPN,MPN 2,Unit\nT,Pump,,,,,\n    H,Hose,1.25,\"X1,X2\",P,Q,m\n";
    let bytes = export_xlsx(&csv(file).unwrap(), Repeats::Expanded).unwrap();
    let sheet = read_xlsx(&bytes, &ReadOptions::default()).unwrap();
    let rows: Vec<Vec<&str>> = sheet.rows.iter().map(|row| row.cells.iter().map(Cell::text).collect()).collect();
    let titles = [
        "Number",
        "Name",
        "Version",
        "Quantity",
        "ID",
        "Category",
        "Manufacturer",
        "Manufacturer Part Number",
        "Manufacturer 2",
        "Manufacturer Part Number 2",
        "Unit",
    ];
    assert_eq!(rows[0], titles);
    assert_eq!(rows[1], ["T", "Pump", "", "", "", "", "", "", "", "", "each"]);
    assert_eq!(rows[2], ["    H", "Hose", "", "1.25", "X1, X2", "", "", "P", "", "Q", "m"]);
    assert_eq!(sheet.rows[2].cells[3], Cell::Number("1.25".into()));
}

#[test]
fn the_same_structure_gives_the_same_bytes() {
    let structure = csv("Number,Qty\nT,\n    A,1\n").unwrap();
    assert_eq!(export_xlsx(&structure, Repeats::Expanded).unwrap(), export_xlsx(&structure, Repeats::Expanded).unwrap());
}

#[test]
fn text_that_would_run_is_guarded_and_reads_back() {
    for text in ["=1+1", "+1", "-1", "@SUM(1)", "=cmd|' /C calc'!A0", "\t=1", "\r=1", "\tx", "＝1+1", "'=1", "''=1", " =1"] {
        assert!(guarded(text).starts_with('\''), "{text:?}");
        assert_eq!(unguarded(&guarded(text)), text, "{text:?}");
    }
    for text in ["a=1", "'quoted'", "'", "", "1-2", "M4X10"] {
        assert_eq!((guarded(text).as_str(), unguarded(text)), (text, text));
    }
    let file = "Number,Name,Qty,ID,Category,MPN\n=T,@x,,,,\n    -A,+y,1,=R1,=c,'=m\n";
    let structure = csv(file).unwrap();
    assert_eq!(content(again(&structure, Repeats::Expanded)), content(structure.clone()));
    let bytes = export_xlsx(&structure, Repeats::Expanded).unwrap();
    let sheet = read_xlsx(&bytes, &ReadOptions::default()).unwrap();
    for cell in sheet.rows.iter().flat_map(|row| &row.cells) {
        let runs = cell.text().trim_start().starts_with(['=', '+', '-', '@']);
        assert!(!runs || matches!(cell, Cell::Number(_)), "{cell:?}");
    }
}

#[test]
fn a_structure_with_more_paths_than_rows_is_listed_once() {
    let rows: String = (0..40).map(|i| format!("D{i},D{n},1\nD{i},E{i},1\nE{i},D{n},1\n", n = i + 1)).collect();
    let diamond = csv(&format!("parent,child,qty\n{rows}")).unwrap();
    assert_eq!(refused(export_xlsx(&diamond, Repeats::Expanded)), ("too_large".into(), "export".into()));
    assert_eq!(content(again(&diamond, Repeats::ListedOnce)), content(diamond));
}

#[test]
fn rows_are_written_up_to_the_limit_and_not_past_it() {
    let wide = |count: usize| {
        let mut rows = "Number,Qty\nT,\n".to_owned();
        for index in 0..count - 1 {
            rows += &if index % 4_000 == 0 { format!("    A{index},1\n") } else { format!("        P{},1\n", index % 7) };
        }
        csv(&rows).unwrap()
    };
    let at = wide(limits::IMPORT_LINES);
    assert_eq!(at.lines.len() + 1, limits::IMPORT_LINES);
    assert!(export_xlsx(&at, Repeats::Expanded).is_ok());
    let mut past = at;
    let one_more = ImportedLine { find_number: 90_000, ..past.lines[0].clone() };
    past.lines.push(one_more);
    assert_eq!(refused(export_xlsx(&past, Repeats::Expanded)).0, "too_large");
}

#[test]
fn what_does_not_fit_into_a_cell_is_refused() {
    let mut structure = csv_with("Number,Qty,ID\nA,1,R1\n", &below("T")).unwrap();
    let name = "R".repeat(limits::DESIGNATOR_CHARS);
    structure.lines[0].designators = (0..limits::DESIGNATORS_PER_LINE).map(|index| format!("{index}{name}")).collect();
    assert_eq!(refused(export_xlsx(&structure, Repeats::Expanded)), ("too_large".into(), "row 3".into()));
    let mut many = csv("Number,Name\nA,x\n").unwrap();
    many.items[0].manufacturer_parts = vec![Default::default(); limits::MANUFACTURER_PARTS_PER_ITEM + 1];
    assert_eq!(refused(export_xlsx(&many, Repeats::Expanded)).0, "too_large");
}

#[test]
fn a_structure_that_is_none_is_a_fault_and_no_panic() {
    let mut structure = csv("Number,Qty\nT,\n    A,1\n").unwrap();
    structure.lines[0].child = 7;
    assert!(export_xlsx(&structure, Repeats::Expanded).is_err());
    structure.lines.clear();
    structure.items = Vec::<ImportedItem>::new();
    assert!(export_xlsx(&structure, Repeats::Expanded).is_err());
}

#[test]
fn an_apostrophe_before_a_tab_comes_back_as_it_was() {
    for text in ["'\t", "''\t", "'=1", "' =1", "'a", "\t"] {
        assert_eq!(unguarded(&guarded(text)), text, "{text:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn what_is_exported_imports_as_itself(structure in structure(12)) {
        for repeats in [Repeats::Expanded, Repeats::ListedOnce] {
            let again = again(&structure, repeats);
            prop_assert_eq!(content(again.clone()), content(structure.clone()), "{:?} {:?}", shape(&again), shape(&structure));
        }
    }

    #[test]
    fn the_guard_comes_off_exactly(text in "['=+@ \t-]{0,4}[a-z']{0,3}") {
        let written = guarded(&text);
        prop_assert_eq!(unguarded(&written), text.as_str());
    }
}
