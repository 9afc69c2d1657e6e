//! Titles, values, repeated items: what is read, what is refused, and where.

use super::support::{Parts, below, csv, csv_with, inline, refusal, refused, shape};
use crate::structure::import::{Field, ImportOptions, import, import_file};
use crate::structure::sheet::ReadOptions;
use base::limits;
use base::quantity::{DecimalMark, Unit};
use proptest::prelude::*;

fn places(code: &str, place: &str) -> (String, String) {
    (code.to_owned(), place.to_owned())
}

#[test]
fn titles_are_found_below_a_preamble_by_any_of_their_names() {
    let file = "Parts list,,,\n\nNumber:,LV-1,,\nPart No.,Part Description,QTY.,UoM\nA,Pump,,\n    B,Tube,\"1.5\",m\n";
    let structure = csv(file).unwrap();
    assert_eq!((structure.items[0].name.as_str(), structure.lines[0].unit, structure.lines[0].row), ("Pump", Unit::M, 6));
    assert_eq!(structure.items[1].unit, Unit::M);
    let refusal = refusal(csv("a,b\n1,2\n"));
    assert_eq!((refusal.code.as_str(), refusal.place.as_deref()), ("no_header", Some("file")));
}

#[test]
fn titles_are_searched_down_to_the_limit_and_not_past_it() {
    let file = |rows: usize| format!("{}Number,Name\nA,x\n", "remark\n".repeat(rows));
    assert!(csv(&file(limits::IMPORT_PREAMBLE_ROWS)).is_ok());
    assert_eq!(refused(csv(&file(limits::IMPORT_PREAMBLE_ROWS + 1))).0, "no_header");
}

#[test]
fn the_same_title_twice_is_refused_and_two_names_for_one_thing_are_not() {
    assert_eq!(refused(csv("number,number\nP-1,P-2\n")), places("duplicate_header", "row 1, column B"));
    let structure = csv("Number,Description,Name,Remark\nA,long text,Pump,x\n").unwrap();
    assert_eq!((structure.items[0].name.as_str(), structure.ignored_columns.join("|")), ("Pump", "Description|Remark".into()));
}

#[test]
fn the_caller_can_say_what_a_column_is() {
    let stated = |columns: &[(&str, Field)]| ImportOptions {
        columns: columns.iter().map(|(title, field)| ((*title).to_owned(), *field)).collect(),
        ..below("TOP")
    };
    let file = "Teil,Number,Menge,Unit\nA,7,2,m\n";
    let structure = csv_with(file, &stated(&[("teil", Field::Number), ("Menge", Field::Quantity)])).unwrap();
    assert_eq!((shape(&structure), structure.ignored_columns.join("|")), (vec!["TOP>A*2".into()], "Number".into()));
    let missing = csv_with(file, &stated(&[("Teil", Field::Number), ("Anzahl", Field::Quantity)]));
    assert_eq!(refused(missing), places("no_such_column", "row 1"));
    let structure = csv_with("Number,Qty,Name\nA,1,x\n", &stated(&[("Name", Field::Ignore)])).unwrap();
    assert_eq!(structure.items[1].name, "");
}

#[test]
fn several_sources_of_an_item_are_read_in_order() {
    let file = "Number,Manufacturer,MPN,Manufacturer 2,Mfr Part Number 2,Manufacturer 3\nA,M1,P1,,P2,M3\n";
    let parts: Vec<_> = csv(file).unwrap().items[0]
        .manufacturer_parts
        .iter()
        .map(|part| format!("{}/{}", part.manufacturer, part.part_number))
        .collect();
    assert_eq!(parts, ["M1/P1", "/P2", "M3/"]);
    let last = limits::MANUFACTURER_PARTS_PER_ITEM;
    let with = |count: usize| csv(&format!("Number,Name,MPN {count}\nA,x,P\n")).unwrap();
    assert_eq!(with(last).items[0].manufacturer_parts.len(), 1);
    assert_eq!((with(last + 1).items[0].manufacturer_parts.len(), with(last + 1).ignored_columns.len()), (0, 1));
}

#[test]
fn cells_are_trimmed_of_every_kind_of_blank() {
    let structure = csv("Number,Name,MPN\n\u{a0}A\u{a0},\"\u{2007}Pump\u{a0}12\nV \",P1\u{a0}\u{a0}\n").unwrap();
    let item = &structure.items[0];
    assert_eq!(
        (item.number.as_str(), item.name.as_str(), item.manufacturer_parts[0].part_number.as_str()),
        ("A", "Pump 12 V", "P1")
    );
}

#[test]
fn bad_values_are_refused_at_their_cell() {
    let line = |cells: &str| refused(csv_with(&format!("Number,Name,Qty,Unit,Find Number\n{cells}\n"), &below("T")));
    for quantity in ["-1", "1e999", "NaN", "0x10", "0", "\"1,5\"", "1.0000001", "9999999999"] {
        assert_eq!(line(&format!("A,x,{quantity}")).1, "row 2, column C", "{quantity}");
    }
    assert_eq!(line("A,x,"), places("no_quantity", "row 2, column C"));
    assert_eq!(line("A,x,1,parsec"), places("unknown_unit", "row 2, column D"));
    for find in ["0", "-1", "1.5", "x", "1000000", "99999999999"] {
        assert_eq!(line(&format!("A,x,1,,{find}")), places("bad_find_number", "row 2, column E"), "{find}");
    }
    assert_eq!(line("A\u{202e}B,x,1"), places("bad_character", "row 2, column A"));
    assert_eq!(line(&format!("{},x,1", "A".repeat(limits::NUMBER_CHARS + 1))), places("too_long", "row 2, column A"));
    assert_eq!(line(&format!("A,{},1", "x".repeat(limits::TITLE_CHARS + 1))), places("too_long", "row 2, column B"));
    let longest = format!("Number,Name\n{},{}\n", "A".repeat(limits::NUMBER_CHARS), "x".repeat(limits::TITLE_CHARS));
    assert!(csv(&longest).is_ok());
    let prefixed = ImportOptions { number_prefix: "P".into(), ..ImportOptions::default() };
    assert_eq!(refused(csv_with(&longest, &prefixed)), places("too_long", "row 2, column A"));
    assert_eq!(refused(csv("Number,Qty\n")), places("no_lines", "row 1"));
    assert_eq!(refused(csv("Number,Qty\nTOP,2\n")), places("top_quantity", "row 2, column B"));
}

#[test]
fn a_decimal_comma_counts_only_when_stated() {
    let comma = ImportOptions { decimal_mark: DecimalMark::Comma, ..below("T") };
    assert_eq!(shape(&csv_with("Number;Qty\nA;1,5\n", &comma).unwrap()), ["T>A*1.5"]);
    // A number typed as such into a workbook has no mark of its own.
    let rows = format!(
        r#"<row r="1">{}{}</row><row r="2">{}<c r="B2"><v>2.5</v></c></row>"#,
        inline("A1", "Number"),
        inline("B1", "Qty"),
        inline("A2", "A")
    );
    let sheet = Parts::with_rows(&rows).read().unwrap();
    assert_eq!(shape(&import(&sheet, &comma).unwrap()), ["T>A*2.5"]);
}

#[test]
fn a_cell_that_a_spreadsheet_spoiled_is_refused_where_it_counts() {
    let rows = |second: &str| {
        format!(
            r#"<row r="1">{}{}{}</row><row r="2">{}{second}</row>"#,
            inline("A1", "Number"),
            inline("B1", "MPN"),
            inline("C1", "Remark"),
            inline("A2", "A")
        )
    };
    let read = |second: &str| import(&Parts::with_rows(&rows(second)).read().unwrap(), &ImportOptions::default());
    let refusal = refusal(read(r#"<c r="B2" t="d"><v>2026-01-02</v></c>"#));
    assert_eq!((refusal.code.as_str(), refusal.place.as_deref()), ("unusable_cell", Some("sheet BOM, row 2, column B")));
    assert!(refusal.message.contains("date"));
    assert!(read(r#"<c r="C2" t="e"><v>#REF!</v></c>"#).is_ok());
}

#[test]
fn rows_without_a_number_are_left_out_at_the_end_and_refused_elsewhere() {
    let structure = csv("Number,Name,Qty\nA,Pump,\n    B,Tube,1\n,Charger,1\n,Total,2\n").unwrap();
    assert_eq!((structure.line_count, structure.left_out_rows.as_slice()), (2, [4, 5].as_slice()));
    assert_eq!(structure.notices.iter().map(|notice| notice.place.as_str()).collect::<Vec<_>>(), ["row 4", "row 5"]);
    // Its own lines would move up to the row above.
    assert_eq!(refused(csv("Number,Name,Qty\nA,Pump,\n,Drive,1\n    B,Tube,1\n")), places("no_number", "row 3, column A"));
}

#[test]
fn a_repeated_assembly_is_one_item_with_one_list() {
    let file = "Number,Qty\nT,\n    A,1\n        V,2\n    B,1\n        A,3\n            V,2\n";
    let structure = csv(file).unwrap();
    assert_eq!(shape(&structure), ["T>A*1", "T>B*1", "A>V*2", "B>A*3"]);
    assert_eq!((structure.line_count, structure.items.len(), structure.depth), (6, 4, 3));
}

#[test]
fn a_repeated_assembly_that_lists_something_else_is_refused_with_both_rows() {
    let file = |second: &str| format!("Number,Qty\nT,\n    A,1\n        V,2\n        W,1\n    B,1\n        A,3\n{second}");
    let refused_with = |second: &str| refusal(csv(&file(second)));
    for second in ["            V,2\n", "            V,2\n            W,2\n", "            V,2\n            X,1\n"] {
        let refusal = refused_with(second);
        assert_eq!((refusal.code.as_str(), refusal.place.as_deref()), ("list_differs", Some("row 7, column A")));
        assert!(refusal.message.contains("rows 3 and 7"), "{}", refusal.message);
    }
    // In another order it is the same list.
    assert!(csv(&file("            W,1\n            V,2\n")).is_ok());
    assert!(refused_with("").advice.unwrap().contains("only once"));
    let once = ImportOptions { repeats_listed_once: true, ..ImportOptions::default() };
    assert_eq!(shape(&csv_with(&file(""), &once).unwrap()).len(), 5);
    assert_eq!(refused(csv_with(&file("            V,2\n"), &once)).0, "list_differs");
}

#[test]
fn the_same_item_described_in_two_ways_is_refused_with_both_rows() {
    let file = |second: &str| {
        format!(
            "Number,Name,Rev,Category,Manufacturer,MPN,Qty\nT,,,,,,\n    A,Screw,1,Fixing,Acme,77,2\n    B,,,,,,1\n        A,{second},2\n"
        )
    };
    assert!(csv(&file("Screw,1,Fixing,Acme,77")).is_ok());
    for (second, column) in [
        ("Bolt,1,Fixing,Acme,77", 'B'),
        ("Screw,2,Fixing,Acme,77", 'C'),
        ("Screw,1,,Acme,77", 'D'),
        ("Screw,1,Fixing,Acme,78", 'F'),
        ("Screw,1,Fixing,Other,77", 'F'),
    ] {
        let refusal = refusal(csv(&file(second)));
        assert_eq!((refusal.code.as_str(), refusal.place.unwrap()), ("item_differs", format!("row 5, column {column}")));
        assert!(refusal.message.contains("row 3") && refusal.message.contains("row 5"), "{}", refusal.message);
    }
}

#[test]
fn numbers_that_only_look_different_are_refused() {
    let refusal = refusal(csv_with("Number,Qty\nVX-1,1\nvx-1,1\n", &below("T")));
    assert_eq!((refusal.code.as_str(), refusal.place.as_deref()), ("number_similar", Some("row 3, column A")));
}

#[test]
fn lines_of_one_item_are_counted_in_units_that_convert() {
    let file =
        |unit: &str, quantity: &str| format!("Number,Qty,Unit\nT,,\n    HOSE,1.2,m\n    B,1,\n        HOSE,{quantity},{unit}\n");
    let structure = csv(&file("mm", "350")).unwrap();
    let hose = structure.items.iter().find(|item| item.number == "HOSE").unwrap();
    assert_eq!((hose.unit, structure.lines[2].unit), (Unit::M, Unit::Mm));
    assert_eq!(refused(csv(&file("kg", "1"))), places("unit_mismatch", "row 5"));
    assert_eq!(refused(csv(&file("", "1"))), places("unit_mismatch", "row 5"));
}

#[test]
fn repeated_children_of_one_parent_stay_lines_of_their_own() {
    let structure = csv_with("Number,Qty\nA,1\nB,1\nA,2\n", &below("T")).unwrap();
    let lines: Vec<_> = structure.lines.iter().map(|line| (line.find_number, structure.number(line.child), line.row)).collect();
    assert_eq!(lines, [(10, "A", 2), (20, "B", 3), (30, "A", 4)]);
    assert!(!structure.find_numbers_stated);
}

#[test]
fn stated_find_numbers_are_kept_and_must_be_complete_and_unique() {
    let file = |second: &str| csv_with(&format!("Number,Qty,Find No.\nA,1,20\nB,1,{second}\n"), &below("T"));
    let structure = file("5").unwrap();
    assert_eq!((shape(&structure), structure.lines[0].find_number), (vec!["T>B*1".into(), "T>A*1".into()], 5));
    assert!(structure.find_numbers_stated);
    assert_eq!(refused(file("20")), places("find_number_twice", "row 3, column C"));
    assert_eq!(refused(file("")), places("no_find_number", "row 3, column C"));
    let numbered = |number: u32| csv_with(&format!("Number,Qty,Find No.\nA,1,{number}\n"), &below("T"));
    assert_eq!(numbered(limits::FIND_NUMBER_MAX).unwrap().lines[0].find_number, limits::FIND_NUMBER_MAX);
    assert_eq!(refused(numbered(limits::FIND_NUMBER_MAX + 1)), places("bad_find_number", "row 2, column C"));
}

#[test]
fn cycles_are_refused_with_every_row_that_closes_them() {
    let cycle = refusal(csv("parent,child,qty\nA,B,1\nB,C,1\nC,A,1\n"));
    assert_eq!((cycle.code.as_str(), cycle.place.as_deref()), ("cycle", Some("row 4")));
    for step in ["B in A (row 2)", "C in B (row 3)", "A in C (row 4)"] {
        assert!(cycle.message.contains(step), "{}", cycle.message);
    }
    assert_eq!(refused(csv("parent,child,qty\nA,A,1\n")), places("self_reference", "row 2"));
    assert_eq!(refused(csv("parent,child,qty\nT,A,1\nA,B,1\nB,A,1\n")), places("cycle", "row 4"));
    let indented = |rows: &str| refusal(csv(&format!("Number,Qty\nT,\n{rows}")));
    let inside = indented("    A,1\n        B,1\n            A,1\n");
    assert_eq!((inside.code.as_str(), inside.message.contains("row 3") && inside.message.contains("row 5")), ("cycle", true));
    assert_eq!(indented("    A,1\n        A,1\n").code, "self_reference");
    // Never inside itself in any one branch, and a cycle all the same.
    let once = ImportOptions { repeats_listed_once: true, ..ImportOptions::default() };
    let across = csv_with("Number,Qty\nT,\n    A,1\n        B,1\n    C,1\n        B,1\n            A,1\n", &once);
    assert_eq!(refused(across).0, "cycle");
}

#[test]
fn a_diamond_of_two_to_the_forty_paths_is_120_rows_of_work() {
    let rows: String = (0..40).map(|i| format!("D{i},D{n},1\nD{i},E{i},1\nE{i},D{n},1\n", n = i + 1)).collect();
    let structure = csv(&format!("parent,child,qty\n{rows}")).unwrap();
    assert_eq!((structure.line_count, structure.items.len(), structure.depth), (120, 81, 80));
    assert_eq!(structure.number(structure.top), "D0");
}

#[test]
fn a_file_of_several_end_items_needs_one_named() {
    let file = "parent,child,qty\nA,X,1\nB,X,2\nB,Y,1\n";
    let refusal = refusal(csv(file));
    assert_eq!((refusal.code.as_str(), refusal.place.as_deref()), ("several_tops", Some("row 3")));
    let structure = csv_with(file, &below("B")).unwrap();
    assert_eq!(shape(&structure), ["B>X*2", "B>Y*1"]);
    assert_eq!(structure.notices[0].text, "A is no part of B: 1 lines are left out");
    assert_eq!(refused(csv_with(file, &below("Z"))), places("no_such_top", "top"));
}

#[test]
fn lines_are_taken_up_to_each_limit_and_not_past_it() {
    let per_part = limits::LINES_PER_PART;
    let flat = |count: usize| csv_with(&format!("Number,Qty\n{}", "A,1\n".repeat(count)), &below("T"));
    assert_eq!(flat(per_part).unwrap().lines.len(), per_part);
    assert_eq!(refused(flat(per_part + 1)), places("too_large", "row 5002"));
    let nested = |count: usize| {
        let mut rows = "Number,Qty\nT,\n".to_owned();
        for index in 1..count {
            rows += &if index % 4_000 == 1 { format!("    A{index},1\n") } else { format!("        P{},1\n", index % 7) };
        }
        csv(&rows)
    };
    assert_eq!(nested(limits::IMPORT_LINES).unwrap().line_count, limits::IMPORT_LINES);
    assert_eq!(refused(nested(limits::IMPORT_LINES + 1)), places("too_large", "row 20002"));
}

#[test]
fn neutralised_formulas_are_read_as_the_text_they_stand_for() {
    let structure = csv("Number,Name\n'=A,'-spare\n").unwrap();
    assert_eq!((structure.items[0].number.as_str(), structure.items[0].name.as_str()), ("=A", "-spare"));
    assert_eq!(csv("Number,Name\nA,'quoted'\n").unwrap().items[0].name, "'quoted'");
}

#[test]
fn a_further_sheet_with_content_is_noted() {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    for (name, title) in [("BOM", "Number"), ("Notes", "x")] {
        let sheet = workbook.add_worksheet().set_name(name).unwrap();
        sheet.write_string(0, 0, title).unwrap().write_string(0, 1, "Name").unwrap().write_string(1, 0, "A").unwrap();
    }
    let bytes = workbook.save_to_buffer().unwrap();
    let structure = import_file("x.xlsx", &bytes, &ReadOptions::default(), &ImportOptions::default()).unwrap();
    assert_eq!(structure.notices[0].place, "sheet Notes");
}

fn any_file() -> impl Strategy<Value = String> {
    let title = prop::sample::select(vec![
        "Number",
        "Parent",
        "Level",
        "Pos",
        "Qty",
        "Name",
        "ID",
        "Find No",
        "Unit",
        "MPN",
        "Manufacturer 2",
        "x",
        "",
    ]);
    let cell = prop_oneof![
        3 => "[ \t]{0,4}[A-D][1-3]?",
        3 => "[0-9]{1,2}(\\.[0-9]{1,2}){0,2}",
        1 => "[A-C][0-9]-[A-C]?[0-9]{1,9}(,| )[R-T]1",
        1 => "\\PC{0,5}",
        1 => Just(String::new()),
    ];
    let row = prop::collection::vec(cell, 0..6);
    (prop::collection::vec(title, 1..6), prop::collection::vec(row, 0..12)).prop_map(|(titles, rows)| {
        let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
        writer.write_record(&titles).unwrap();
        for row in rows.iter().filter(|row| !row.is_empty()) {
            writer.write_record(row).unwrap();
        }
        String::from_utf8(writer.into_inner().unwrap()).unwrap()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_table_makes_the_import_panic(file in any_file(), stated in any::<bool>(), once in any::<bool>()) {
        let options = ImportOptions { repeats_listed_once: once, ..if stated { below("A") } else { ImportOptions::default() } };
        match csv_with(&file, &options) {
            Ok(structure) => {
                prop_assert!(structure.depth <= limits::STRUCTURE_LEVELS);
                let children = structure.lines.iter().all(|line| line.child < structure.items.len() && line.child != structure.top);
                prop_assert!(children);
            }
            Err(error) => prop_assert!(error.refusal().is_some_and(|refusal| refusal.place.is_some()), "{}", error),
        }
    }

    #[test]
    fn no_bytes_make_the_import_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for name in ["x.csv", "x.xlsx"] {
            prop_assert!(import_file(name, &bytes, &ReadOptions::default(), &ImportOptions::default()).is_err());
        }
    }
}
