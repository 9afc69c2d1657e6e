//! The four ways a file can say what belongs below what.

use super::support::{Parts, below, csv, csv_with, inline, refusal, refused, shape};
use crate::structure::import::{ImportOptions, ImportedStructure, TopItem, import};
use base::{Result, limits};

/// The same small pump in every layout: two of the bracket, and a drive with a motor and two screws.
const PUMP: [&str; 4] = ["PUMP>BRACKET*2", "PUMP>DRIVE*1", "DRIVE>MOTOR*1", "DRIVE>SCREW*4"];

#[test]
fn every_layout_gives_the_same_structure() {
    let blanks = "Number,Qty\nPUMP,\n  BRACKET,2\n  DRIVE,1\n    MOTOR,1\n    SCREW,4\n";
    let files = [
        blanks.to_owned(),
        blanks.replace("  ", "\t"),
        blanks.replace("  ", "\u{a0}\u{a0}\u{a0}"),
        blanks.replace('\n', "\n   ").trim_end().to_owned(),
        "Level,Number,Qty\n0,PUMP,\n1,BRACKET,2\n1,DRIVE,1\n2,MOTOR,1\n2,SCREW,4\n".to_owned(),
        "Level,Number,Qty\n1,PUMP,\n.2,BRACKET,2\n..2,DRIVE,1\n...3,MOTOR,1\n3,SCREW,4\n".to_owned(),
        "Level,Number,Qty\n1,PUMP,1\n1.1,BRACKET,2\n1.2,DRIVE,1\n1.2.1,MOTOR,1\n1.2.2,SCREW,4\n".to_owned(),
        "Item No.,Number,Qty\n0,PUMP,\n1,BRACKET,2\n2,DRIVE,1\n2.1,MOTOR,1\n2.2.,SCREW,4\n".to_owned(),
        "Pos,Number,Qty\n,PUMP,\n1,BRACKET,2\n2,DRIVE,1\n2.1,MOTOR,1\n2.2,SCREW,4\n".to_owned(),
        "Parent,Child,Qty\nPUMP,BRACKET,2\nPUMP,DRIVE,1\nDRIVE,MOTOR,1\nDRIVE,SCREW,4\n".to_owned(),
        "Parent,Child,Qty\nDRIVE,MOTOR,1\nDRIVE,SCREW,4\nPUMP,BRACKET,2\n,PUMP,\nPUMP,DRIVE,1\n".to_owned(),
        "Number,Description,Qty\nPUMP,Pump,\nBRACKET, Bracket,2\nDRIVE, Drive,1\nMOTOR,  Motor,1\nSCREW,  Screw,4\n".to_owned(),
    ];
    for file in files {
        let structure = csv(&file).unwrap_or_else(|error| panic!("{error}\n{file}"));
        assert_eq!(shape(&structure), PUMP, "{file}");
        assert_eq!((structure.depth, structure.number(structure.top)), (2, "PUMP"), "{file}");
        let numbers: Vec<_> = structure.items.iter().map(|item| item.number.as_str()).collect();
        assert_eq!(numbers, ["PUMP", "BRACKET", "DRIVE", "MOTOR", "SCREW"], "{file}");
    }
}

#[test]
fn a_list_without_its_top_needs_one_stated() {
    let flat = "Number,Qty\nBRACKET,2\nDRIVE,1\n";
    let refusal = refusal(csv(flat));
    assert_eq!((refusal.code.as_str(), refusal.place.as_deref()), ("no_levels", Some("row 3, column A")));
    assert!(refusal.advice.unwrap().contains("which assembly"));
    assert_eq!(shape(&csv_with(flat, &below("PUMP")).unwrap()), ["PUMP>BRACKET*2", "PUMP>DRIVE*1"]);
    let levels = "Level,Number,Qty\n1,BRACKET,2\n1,DRIVE,1\n2,MOTOR,1\n";
    assert_eq!(refused(csv(levels)), ("several_tops".into(), "row 3, column A".into()));
    assert_eq!(shape(&csv_with(levels, &below("PUMP")).unwrap()), [PUMP[0], PUMP[1], PUMP[2]]);
    let dotted = "Pos,Number,Qty\n1,BRACKET,2\n2,DRIVE,1\n2.1,MOTOR,1\n";
    assert_eq!(refused(csv(dotted)), ("several_tops".into(), "row 3, column A".into()));
    assert_eq!(shape(&csv_with(dotted, &below("PUMP")).unwrap()), [PUMP[0], PUMP[1], PUMP[2]]);
    let nameless = ImportOptions { top: Some(TopItem::default()), ..ImportOptions::default() };
    assert_eq!(refused(csv_with(flat, &nameless)), ("no_number".into(), "top.number".into()));
}

#[test]
fn levels_and_parents_in_one_file_must_agree() {
    let file = |parent: &str| format!("Level,Parent,Number,Qty\n0,,T,\n1,T,A,1\n2,{parent},V,2\n1,T,B,1\n2,B,A,1\n3,A,V,2\n");
    // The levels tell that the assembly is repeated; the parents alone would double its line.
    assert_eq!(shape(&csv(&file("A")).unwrap()), ["T>A*1", "T>B*1", "A>V*2", "B>A*1"]);
    assert_eq!(refused(csv(&file("T"))), ("parent_differs".into(), "row 4, column B".into()));
}

#[test]
fn a_single_row_is_a_structure_of_one_item() {
    let structure = csv("Number,Name\nA,Alone\n").unwrap();
    assert_eq!((structure.items.len(), structure.lines.len(), structure.depth, structure.line_count), (1, 0, 0, 1));
}

#[test]
fn levels_that_do_not_follow_from_each_other_are_refused_at_their_row() {
    let level = |file: &str| refused(csv(file));
    assert_eq!(level("Level,Number,Qty\n0,A,\n2,B,1\n"), ("level_jump".into(), "row 3, column A".into()));
    assert_eq!(level("Level,Number,Qty\n1,A,1\n0,B,\n"), ("level_jump".into(), "row 2, column A".into()));
    assert_eq!(level("Level,Number,Qty\n0,A,\nx,B,1\n"), ("bad_level".into(), "row 3, column A".into()));
    assert_eq!(level("Level,Number,Qty\n0,A,\n-1,B,1\n"), ("bad_level".into(), "row 3, column A".into()));
    assert_eq!(level("Level,Number,Qty\n0,A,\n99999999999999999999,B,1\n").0, "bad_level");
    assert_eq!(level("Number,Qty\nA,\n    B,1\n      C,1\n"), ("unclear_indent".into(), "row 4, column A".into()));
    assert_eq!(level("Number,Qty\nA,\n    B,1\n\tC,1\n"), ("unclear_indent".into(), "row 3, column A".into()));
    assert_eq!(level("Number,Qty\nA,\n \tB,1\n"), ("unclear_indent".into(), "row 3, column A".into()));
    assert_eq!(level("Pos,Number,Qty\n1,A,\n1.2.1,B,1\n"), ("position_orphan".into(), "row 3, column A".into()));
    assert_eq!(level("Pos,Number,Qty\n1,A,\n1.1,B,1\n1.1,C,1\n"), ("position_twice".into(), "row 4, column A".into()));
    assert_eq!(level("Pos,Number,Qty\n1,A,\n1.1,B,1\n,C,1\n"), ("bad_position".into(), "row 4, column A".into()));
}

#[test]
fn a_single_stray_blank_is_not_taken_for_a_level() {
    let file = "Number,Qty\nA,1\n B,1\nC,1\n";
    assert_eq!(refused(csv_with(file, &below("TOP"))), ("unclear_indent".into(), "row 3, column A".into()));
    // In a name it is a slip without doubt: the numbers are not indented, one name is.
    let names = "Number,Name,Qty\nA,x,1\nB, y,1\nC,z,1\n";
    assert_eq!(csv_with(names, &below("TOP")).unwrap().depth, 1);
}

fn chain(layout: &str, levels: usize) -> Result<ImportedStructure> {
    let mut file = match layout {
        "parents" => "Parent,Child,Qty\n",
        "dots" => "Pos,Number,Qty\n",
        "levels" => "Level,Number,Qty\n",
        _ => "Number,Qty\n",
    }
    .to_owned();
    for level in 0..=levels {
        file += &match layout {
            "parents" if level == 0 => String::new(),
            "parents" => format!("N{},N{level},1\n", level - 1),
            "dots" => format!("{},N{level},1\n", vec!["1"; level + 1].join(".")),
            "levels" => format!("{level},N{level},1\n"),
            _ => format!("{}N{level},1\n", "  ".repeat(level)),
        };
    }
    csv(&file)
}

#[test]
fn every_layout_goes_as_deep_as_the_limit_and_not_deeper() {
    for layout in ["parents", "levels", "blanks", "dots"] {
        assert_eq!(chain(layout, limits::STRUCTURE_LEVELS).unwrap().depth, limits::STRUCTURE_LEVELS, "{layout}");
        let refusal = refusal(chain(layout, limits::STRUCTURE_LEVELS + 1));
        let row = if layout == "parents" { "row 102" } else { "row 103" };
        assert_eq!(refusal.code, "too_large", "{layout}");
        assert!(refusal.place.unwrap().starts_with(row), "{layout}");
    }
    // 20,000 levels cost no more than 20,000 rows.
    assert_eq!(refused(chain("parents", 19_999)).0, "too_large");
}

#[test]
fn a_stated_top_counts_as_a_level() {
    let rows: String = (0..limits::STRUCTURE_LEVELS).map(|level| format!("{level},N{level},1\n")).collect();
    let with = |rows: &str| csv_with(&format!("Level,Number,Qty\n{rows}"), &below("TOP"));
    assert_eq!(with(&rows).unwrap().depth, limits::STRUCTURE_LEVELS);
    assert_eq!(refused(with(&format!("{rows}{},X,1\n", limits::STRUCTURE_LEVELS))).0, "too_large");
}

#[test]
fn dotted_numbers_that_a_spreadsheet_cut_short_are_refused_with_advice() {
    let row = |row: u32, position: &str, number: &str| {
        format!(
            r#"<row r="{row}"><c r="A{row}"><v>{position}</v></c>{}<c r="C{row}"><v>1</v></c></row>"#,
            inline(&format!("B{row}"), number)
        )
    };
    let titles = format!(r#"<row r="1">{}{}{}</row>"#, inline("A1", "Pos"), inline("B1", "Number"), inline("C1", "Qty"));
    // 1.10 typed as a number is 1.1.
    let sheet = Parts::with_rows(&(titles + &row(2, "1", "A") + &row(3, "1.1", "B") + &row(4, "1.1000", "C"))).read().unwrap();
    let refusal = refusal(import(&sheet, &ImportOptions::default()));
    assert_eq!((refusal.code.as_str(), refusal.place.as_deref()), ("position_twice", Some("sheet BOM, row 4, column A")));
    assert!(refusal.advice.unwrap().contains("text"));
}
