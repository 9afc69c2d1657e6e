//! Reading bytes to cells: formats, places, and every limit from both sides.

use super::support::{Parts, inline, refusal, refused};
use crate::structure::sheet::{Cell, Delimiter, ReadOptions, Sheet, column_letters, read, read_csv, read_xlsx};
use base::{RefusalKind, Result, limits};
use proptest::prelude::*;

fn csv(bytes: impl AsRef<[u8]>) -> Result<Sheet> {
    read_csv(bytes.as_ref(), &ReadOptions::default())
}

fn texts(sheet: &Sheet) -> Vec<Vec<&str>> {
    sheet.rows.iter().map(|row| row.cells.iter().map(Cell::text).collect()).collect()
}

#[test]
fn columns_are_named_as_a_spreadsheet_names_them() {
    let names: Vec<_> = [0, 25, 26, 51, 52, 701, 702, 16_383].into_iter().map(column_letters).collect();
    assert_eq!(names, ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA", "XFD"]);
}

#[test]
fn csv_keeps_quotes_breaks_and_blanks_and_counts_rows_as_a_spreadsheet_does() {
    let sheet = csv("\u{feff}a,\"b \"\"x\"\"\nc\",  d\r\n\r\n,,\n1,,3,,\n").unwrap();
    assert_eq!(texts(&sheet), [vec!["a", "b \"x\"\nc", "  d"], vec!["1", "", "3"]]);
    assert_eq!(sheet.rows.iter().map(|row| row.number).collect::<Vec<_>>(), [1, 4]);
    // A quote in the middle of a cell is an inch.
    assert_eq!(texts(&csv("PIPE 1/2\",x").unwrap()), [["PIPE 1/2\"", "x"]]);
}

#[test]
fn the_separator_is_found_or_stated() {
    for text in ["a;b;\"c,d,e,f\"\n1,5;2;3", "a\tb\tc\n1\t2\t3", "a,b,c\n", "sep=;\na;b,b,b,b;c"] {
        assert_eq!(csv(text).unwrap().rows[0].cells.len(), 3, "{text:?}");
    }
    let semicolon = ReadOptions { delimiter: Some(Delimiter::Semicolon), ..ReadOptions::default() };
    assert_eq!(read_csv(b"a,b;c", &semicolon).unwrap().rows[0].cells.len(), 2);
    // The line that states the separator is a row of the file but not of the table.
    assert_eq!(csv("sep=;\na;b").unwrap().rows[0].number, 2);
}

#[test]
fn broken_csv_is_refused_at_its_place() {
    assert_eq!(refused(csv(b"number,name\nP-1,\xff\xfe\n")), ("not_csv".into(), "line 2".into()));
    assert_eq!(refused(csv(b"number,name\nP-1,a\0b\n")), ("not_csv".into(), "line 2".into()));
    assert_eq!(refused(csv(b"\xff\xfen\0u\0")), ("not_csv".into(), "row 1".into()));
    assert_eq!(refused(csv("a,b\n1,\"x\n2,y")), ("unclosed_quote".into(), "row 2, column B".into()));
    assert_eq!(refused(csv("a,b\n1,\"x\"y\n")), ("bad_quote".into(), "row 2, column B".into()));
    assert!(refusal(csv(b"\xff")).advice.unwrap().contains("CSV UTF-8"));
}

#[test]
fn csv_is_read_up_to_each_limit_and_not_past_it() {
    let columns = |count: usize| vec!["x"; count].join(",");
    assert!(csv(columns(limits::IMPORT_COLUMNS)).is_ok());
    assert_eq!(refused(csv(columns(limits::IMPORT_COLUMNS + 1))), ("too_large".into(), "row 1, column CW".into()));
    let cell = "é".repeat(limits::IMPORT_CELL_CHARS);
    assert!(csv(&cell).is_ok());
    assert_eq!(refused(csv(format!("n\n1,{cell}é"))), ("too_large".into(), "row 2, column B".into()));
    assert_eq!(refused(csv(format!("n\n1,\"{}\"", "A".repeat(2_000_000)))).1, "row 2, column B");
    let rows = limits::IMPORT_LINES + limits::IMPORT_PREAMBLE_ROWS + 1;
    assert_eq!(csv("x\n".repeat(rows)).unwrap().rows.len(), rows);
    assert_eq!(refused(csv("x\n".repeat(rows + 1))), ("too_large".into(), format!("row {}", rows + 1)));
    // Blank rows are no lines, but rows of a sheet.
    let last = usize::try_from(limits::SHEET_ROWS).unwrap();
    assert!(csv("\n".repeat(last)).unwrap().rows.is_empty());
    assert_eq!(refused(csv("\n".repeat(last + 1))), ("too_large".into(), "row 1048577".into()));
    // Nothing of a file that is too large is looked at; one at the limit is.
    assert_eq!(refused(csv(vec![0; limits::UPLOAD_BYTES])), ("not_csv".into(), "line 1".into()));
    assert_eq!(refused(csv(vec![0; limits::UPLOAD_BYTES + 1])), ("too_large".into(), "file".into()));
}

#[test]
fn all_text_together_is_read_up_to_the_limit_and_not_past_it() {
    // A workbook may show one long text in many cells: the file is small, the table is not.
    let length = 32_000;
    let cells = limits::IMPORT_TEXT_BYTES / length;
    let table = |cells: usize, rest: usize| {
        let strings = format!(r#"<sst><si><t>{}</t></si><si><t>{}</t></si></sst>"#, "y".repeat(length), "z".repeat(rest));
        let place = |index: usize| format!("{}{}", column_letters(index % 100), index / 100 + 1);
        let mut rows = String::new();
        for index in 0..=cells {
            let text = usize::from(index == cells);
            rows.push_str(&if index % 100 == 0 { format!(r#"<row r="{}">"#, index / 100 + 1) } else { String::new() });
            rows.push_str(&format!(r#"<c r="{}" t="s"><v>{text}</v></c>"#, place(index)));
            rows.push_str(if index % 100 == 99 || index == cells { "</row>" } else { "" });
        }
        // Stored text that repeats packs too well; noise in a comment keeps the ratio honest.
        Parts::with_rows(&rows).and("xl/sharedStrings.xml", (noise(2_000) + &strings).as_bytes()).read()
    };
    let rest = limits::IMPORT_TEXT_BYTES - cells * length;
    assert!(table(cells, rest).is_ok());
    assert_eq!(refused(table(cells, rest + 1)).0, "too_large");
}

/// An XML comment that does not compress.
fn noise(length: usize) -> String {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        char::from(b'a' + u8::try_from((state >> 24) % 26).unwrap())
    };
    format!("<!--{}-->", (0..length).map(|_| next()).collect::<String>())
}

#[test]
fn a_workbook_gives_texts_numbers_and_what_cannot_be_used() {
    let rows = format!(
        r#"<row r="3">{}<c r="C3"><v>14708</v></c><c r="D3"><v>0.30000000000000004</v></c><c r="E3" t="b"><v>1</v></c><c r="F3" t="e"><v>#REF!</v></c><c r="G3" t="d"><v>2026-11-21</v></c></row>"#,
        inline("A3", "    VX-1\u{a0}")
    );
    let sheet = Parts::with_rows(&rows).read().unwrap();
    assert_eq!(sheet.name.as_deref(), Some("BOM"));
    assert_eq!(sheet.place(3, 3), "sheet BOM, row 3, column D");
    let expected = [
        Cell::Text("    VX-1\u{a0}".into()),
        Cell::Empty,
        Cell::Number("14708".into()),
        Cell::Number("0.3".into()),
        Cell::Text("TRUE".into()),
        Cell::Unusable("an error value"),
        Cell::Unusable("a date or time"),
    ];
    assert_eq!((sheet.rows.len(), sheet.rows[0].number), (1, 3));
    assert_eq!(sheet.rows[0].cells, expected);
}

#[test]
fn a_workbook_of_several_sheets_gives_the_first_with_content_and_names_the_others() {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    for (name, text) in [("Empty", ""), ("Old", "x"), ("BOM", "a"), ("Notes", "b")] {
        let sheet = workbook.add_worksheet().set_name(name).unwrap();
        sheet.set_hidden(name == "Old");
        if !text.is_empty() {
            sheet.write_string(0, 0, text).unwrap();
        }
        if name == "BOM" {
            sheet.set_active(true);
        }
    }
    let bytes = workbook.save_to_buffer().unwrap();
    let sheet = read_xlsx(&bytes, &ReadOptions::default()).unwrap();
    assert_eq!((sheet.name.as_deref(), sheet.other_sheets.as_slice()), (Some("BOM"), ["Notes".to_owned()].as_slice()));
    let named = |name: &str| read_xlsx(&bytes, &ReadOptions { sheet: Some(name.into()), ..ReadOptions::default() });
    assert_eq!(texts(&named("Old").unwrap()), [["x"]]);
    let refusal = refusal(named("Nope"));
    assert_eq!((refusal.code.as_str(), refusal.message.contains("Notes")), ("no_such_sheet", true));
}

#[test]
fn what_is_no_workbook_is_named() {
    let reason = |bytes: &[u8]| {
        let refusal = refusal(read("list.xlsx", bytes, &ReadOptions::default()));
        assert_eq!((refusal.kind, refusal.code.as_str()), (RefusalKind::Malformed, "not_xlsx"));
        assert!(refusal.advice.is_some());
        refusal.message
    };
    assert!(reason(b"").contains("empty"));
    assert!(reason(b"%PDF-1.4 ...").contains("PDF"));
    assert!(reason(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1").contains("password"));
    assert!(reason(b"number,name\n").contains("ZIP"));
    assert!(reason(b"PK\x03\x04 and then nothing").contains("damaged"));
    assert!(reason(&Parts(vec![("index.html".into(), b"<html/>".to_vec())]).zip()).contains("office document"));
    assert!(reason(&Parts::with_rows("").without("xl/workbook.xml").zip()).contains("no worksheet"));
    let whole = Parts::with_rows(&inline("A1", "x")).zip();
    assert!(reason(&whole[..whole.len() - 40]).contains("damaged"));
    // A document of another program is not taken for text either.
    assert_eq!(refused(read("list.pdf", b"%PDF-1.4", &ReadOptions::default())).0, "not_xlsx");
}

#[test]
fn the_kind_of_file_is_told_by_name_and_content() {
    let workbook = Parts::with_rows(&format!(r#"<row r="1">{}</row>"#, inline("A1", "x"))).zip();
    for name in ["list.xlsx", "LIST.XLSM", "list", "list.bin"] {
        assert_eq!(texts(&read(name, &workbook, &ReadOptions::default()).unwrap()), [["x"]], "{name}");
    }
    assert_eq!(texts(&read("list.csv", b"PK,1", &ReadOptions::default()).unwrap()), [["PK", "1"]]);
    assert_eq!(texts(&read("list", b"a,1", &ReadOptions::default()).unwrap()), [["a", "1"]]);
    assert_eq!(refused(read("list.csv", &workbook, &ReadOptions::default())).0, "not_csv");
}

fn any_cell() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z ]{0,5}", "[\",;\t\na-c]{0,6}", Just(String::new()), "\\PC{0,6}"]
}

proptest! {
    #[test]
    fn what_another_program_writes_as_csv_is_read_cell_by_cell(
        rows in prop::collection::vec(prop::collection::vec(any_cell(), 2..6), 1..8),
    ) {
        let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
        for row in &rows {
            writer.write_record(row).unwrap();
        }
        let bytes = writer.into_inner().unwrap();
        let options = ReadOptions { delimiter: Some(Delimiter::Comma), ..ReadOptions::default() };
        let sheet = read_csv(&bytes, &options).unwrap();
        for (number, row) in (1_u32..).zip(&rows) {
            let read = sheet.rows.iter().find(|read| read.number == number);
            for (column, cell) in row.iter().enumerate() {
                let text = read.map_or("", |read| read.cell(column).text());
                prop_assert!(text == cell || (text.is_empty() && cell.trim().is_empty()), "{:?} {:?}", text, cell);
            }
        }
    }

    #[test]
    fn no_bytes_make_the_readers_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), text in "[a\",;\n\r\t ]{0,60}") {
        for name in ["x.csv", "x.xlsx", "x"] {
            let _ = read(name, &bytes, &ReadOptions::default());
        }
        let _ = csv(text);
    }
}
