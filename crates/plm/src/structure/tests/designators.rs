//! Lists and ranges of reference designators.

use super::support::{below, csv_with, refused, sample};
use crate::structure::import::{Field, ImportOptions, TopItem, import_file};
use crate::structure::sheet::ReadOptions;
use base::limits;

fn designators(text: &str, quantity: &str) -> Vec<String> {
    let file = format!("Number,Quantity,ID\nP-1,{quantity},\"{text}\"\n");
    csv_with(&file, &below("A")).unwrap().lines[0].designators.clone()
}

#[test]
fn lists_and_ranges_are_expanded_in_the_order_of_the_file() {
    assert_eq!(designators("C4,C8-C9, C16", "4"), ["C4", "C8", "C9", "C16"]);
    assert_eq!(designators("C177,\nC181-C183", "4"), ["C177", "C181", "C182", "C183"]);
    assert_eq!(designators("R1 R2;R3", "3"), ["R1", "R2", "R3"]);
    assert_eq!(designators("R08 – R11", "4"), ["R08", "R09", "R10", "R11"]);
    assert_eq!(designators("QD2-QD3-QD4", "3"), ["QD2", "QD3", "QD4"]);
    assert_eq!(designators("QD1_F", "1"), ["QD1_F"]);
}

#[test]
fn the_quantity_decides_what_a_hyphen_means() {
    assert_eq!(designators("LED3-LED6", "4"), ["LED3", "LED4", "LED5", "LED6"]);
    assert_eq!(designators("S2-S5", "2"), ["S2", "S5"]);
    assert_eq!(designators("X1-4", "4"), ["X1", "X2", "X3", "X4"]);
    assert_eq!(designators("X1-4", "1"), ["X1-4"]);
    // Where the quantity fits neither, the usual meaning holds.
    assert_eq!(designators("R1-R3", "7"), ["R1", "R2", "R3"]);
    assert_eq!(designators("X1-3", "7"), ["X1-3"]);
}

#[test]
fn a_name_with_a_hyphen_or_a_blank_stays_one_name() {
    assert_eq!(designators("J1-A", "1"), ["J1-A"]);
    assert_eq!(designators("R9-R2", "1"), ["R9-R2"]);
    assert_eq!(designators("LED 3", "1"), ["LED 3"]);
    assert_eq!(designators("TOP SIDE", "1"), ["TOP SIDE"]);
    assert_eq!(designators("-", "1"), ["-"]);
}

#[test]
fn the_same_designator_twice_on_a_line_is_refused() {
    let result = csv_with("Number,Quantity,ID\nP-1,3,\"R1,R1-R2\"\n", &below("A"));
    assert_eq!(refused(result), ("designator_twice".into(), "row 2, column C".into()));
}

#[test]
fn designators_are_taken_up_to_the_limit_and_not_past_it() {
    let most = limits::DESIGNATORS_PER_LINE;
    assert_eq!(designators(&format!("R1-R{most}"), &most.to_string()).len(), most);
    let line = |text: &str| csv_with(&format!("Number,Quantity,ID\nP-1,1,\"{text}\"\n"), &below("A"));
    assert_eq!(refused(line(&format!("R1-R{}", most + 1))).0, "too_large");
    assert_eq!(refused(line("R1-R999999999")).0, "too_large");
    assert_eq!(refused(line(&format!("R1-R{most},X1"))).0, "too_large");
    let chars = limits::DESIGNATOR_CHARS;
    assert_eq!(line(&"A".repeat(chars)).unwrap().lines[0].designators.len(), 1);
    assert_eq!(refused(line(&"A".repeat(chars + 1))).0, "too_long");
}

#[test]
fn a_count_that_does_not_fit_the_quantity_is_noted_and_not_refused() {
    let structure = csv_with("Number,Quantity,ID\nP-1,3,PR2\nP-2,1,PR2\n", &below("A")).unwrap();
    let notices: Vec<_> = structure.notices.iter().map(|notice| (notice.place.as_str(), notice.text.as_str())).collect();
    assert_eq!(
        notices,
        [("row 2, column C", "1 reference designators for a quantity of 3"), ("row 3, column C", "PR2 also stands in row 2")]
    );
}

#[test]
fn the_board_of_an_open_ventilator_imports_with_every_designator() {
    let Some(bytes) = sample("bom/respiraworks-pcb-bom-A.csv") else { return };
    let options = ImportOptions {
        columns: vec![("Component".into(), Field::Number), ("Value".into(), Field::Name)],
        top: Some(TopItem { number: "RW-PCB".into(), name: "Controller board".into() }),
        number_prefix: "RW-".into(),
        ..ImportOptions::default()
    };
    let board = import_file("respiraworks-pcb-bom-A.csv", &bytes, &ReadOptions::default(), &options).unwrap();
    assert_eq!((board.line_count, board.lines.len(), board.items.len(), board.depth), (114, 114, 115, 1));
    let capacitors = &board.lines[1];
    assert_eq!((board.number(capacitors.child), capacitors.designators.len()), ("RW-2", 52));
    assert_eq!(capacitors.designators[..3], ["C4", "C8", "C9"]);
    assert_eq!(capacitors.designators[51], "C185");
    assert_eq!(board.items[capacitors.child].manufacturer_parts[0].part_number, "C0603C104K5RACTU");
    // Every line's designators count up to its quantity: the list is consistent with our reading.
    assert_eq!(board.notices, []);
    assert!(board.ignored_columns.contains(&"Footprint".to_owned()));
}
