//! Cells and texts that a workbook reader would guess at: each is refused with its place, and its
//! sound neighbour is read as it stands.

use super::support::{Parts, inline, refusal, refused};
use crate::structure::sheet::totals::Totals;
use crate::structure::sheet::{Cell, archive};
use base::limits;
use proptest::prelude::*;

const SHEET: &str = "file, part xl/worksheets/sheet1.xml";
const STRINGS: &str = "<sst><si><t>Number</t></si><si><t>Valve</t></si></sst>";
const STYLES: &str = r#"<styleSheet><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>"#;

fn sheet(cells: &str) -> Parts {
    Parts::with_rows(cells).and("xl/sharedStrings.xml", STRINGS.as_bytes()).and("xl/styles.xml", STYLES.as_bytes())
}

/// The cell B5 with this inside and around, behind a sound A5.
fn b5(attributes: &str, content: &str) -> Parts {
    sheet(&format!(r#"<row r="5">{}<c r="B5"{attributes}>{content}</c></row>"#, inline("A5", "x")))
}

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

fn number(text: &str) -> Cell {
    Cell::Number(text.to_owned())
}

#[test]
fn frs_prt_032_a_cell_that_would_be_guessed_at_is_refused_with_its_place() {
    for (attributes, content) in [
        // What a workbook reader takes for the first shared text.
        (r#" t="s""#, "<v>1x</v>"),
        (r#" t="s""#, "<v> 1 </v>"),
        (r#" t="s""#, "<v>1\n</v>"),
        (r#" t="s""#, "<v>+1</v>"),
        (r#" t="s""#, "<v>1.0</v>"),
        (r#" t="s""#, "<v>-1</v>"),
        (r#" t="s""#, "<v>abc</v>"),
        (r#" t="s""#, "<v>9.7</v>"),
        (r#" t="s""#, "<v>99999999999999999999999</v>"),
        (r#" t="s""#, "<v>2</v>"),
        // What it takes for nothing, or for the beginning of it.
        (r#" t="s""#, "<v></v>"),
        (r#" t="s""#, "<v/>"),
        (r#" t="s""#, "<v><!-- -->1</v>"),
        (r#" t="s""#, "<v>1<!-- --></v>"),
        (r#" t="s""#, "<v><![CDATA[1]]></v>"),
        (r#" t="s""#, "<v><?x y?>1</v>"),
        (r#" t="s""#, "<v>&#49;</v>"),
        (r#" t="s""#, "<v><x>1</x></v>"),
        (r#" t="s""#, "<v>1</v><v>0</v>"),
        (r#" t="s""#, "<v>1</v><f>A1</f>"),
        (r#" t="s""#, "<v>1</v><is><t>y</t></is>"),
        (r#" t="s""#, "<is><t>y</t></is>"),
        (r#" t="s""#, "1"),
        (r#" t="s""#, "<x>1</x>"),
        ("", "<v>&#50;0</v>"),
        ("", "<v>2&#48;</v>"),
        ("", "<v>2<!-- -->0</v>"),
        ("", "<v><![CDATA[20]]></v>"),
        ("", "<v>2,5</v>"),
        ("", "<v> 20</v>"),
        ("", "<v>0x10</v>"),
        ("", "<v>nan</v>"),
        ("", "<v>inf</v>"),
        ("", "<v>1e999</v>"),
        ("", "<v>.</v>"),
        ("", "<v>1e</v>"),
        ("", "<f>A1+1</f>"),
        ("", "<f>A1+1</f><v></v>"),
        ("", "<is><t>y</t></is>"),
        (r#" t="n""#, "<v>abc</v>"),
        (r#" t="b""#, "<v>2</v>"),
        (r#" t="b""#, "<v></v>"),
        (r#" t="e""#, "<v></v>"),
        (r#" t="e""#, "<v>N/A</v>"),
        (r#" t="d""#, "<v></v>"),
        (r#" t="str""#, "<f>A1</f>"),
        (r#" t="str""#, "<v>a<![CDATA[b]]></v>"),
        (r#" t="str""#, "<v>a<!-- -->b</v>"),
        (r#" t="str""#, "<v>a&none;b</v>"),
        (r#" t="str""#, "<v>a_xD83D_b</v>"),
        (r#" t="inlineStr""#, "<v>y</v>"),
        (r#" t="inlineStr""#, "<is>y</is>"),
        (r#" t="inlineStr""#, "<is><t>y<!-- -->z</t></is>"),
        (r#" t="inlineStr""#, "<is><t>y<x>z</x></t></is>"),
        (r#" t="inlineStr""#, "<is><t>&none;</t></is>"),
        (r#" t="inlineStr""#, "<is><t>_xDE00_</t></is>"),
        (r#" t="inlineStr""#, "<is><x><t>y</t></x></is>"),
        (r#" t="inlineStr""#, "<is><t>y</t></is><is><t>z</t></is>"),
        (r#" t="S""#, "<v>1</v>"),
        (r#" t="&#115;""#, "<v>1</v>"),
        (r#" t="x""#, ""),
        (r#" t="s" t="n""#, "<v>1</v>"),
        // A format that is none makes a number of a date.
        (r#" s="1x""#, "<v>45000</v>"),
        (r#" s="-1""#, "<v>45000</v>"),
        (r#" s="2""#, "<v>45000</v>"),
        (r#" s="1" s="0""#, "<v>45000</v>"),
    ] {
        let found = refused(b5(attributes, content).read());
        assert_eq!(found, ("not_xlsx".into(), format!("{SHEET}, cell B5")), "{attributes} {content}");
    }
}

#[test]
fn frs_prt_030_a_sound_cell_is_read_as_it_stands() {
    for (attributes, content, expected) in [
        (r#" t="s""#, "<v>1</v>", text("Valve")),
        (r#" t="s""#, "<v>01</v>", text("Valve")),
        (r#" t="s" s="0""#, "<f>A1</f><v>0</v>", text("Number")),
        ("", "<v>20</v>", number("20")),
        ("", "<v>-1.5E-3</v>", number("-0.0015")),
        (r#" t="n""#, "<f>A1&amp;B1</f><v>.5</v>", number("0.5")),
        (r#" s="1""#, "<v>45000</v>", Cell::Unusable("a date or time")),
        (r#" t="b""#, "<v>0</v>", text("FALSE")),
        (r#" t="b""#, "<v>1</v>", text("TRUE")),
        (r#" t="e""#, "<v>#N/A</v>", Cell::Unusable("an error value")),
        (r#" t="d""#, "<v>2026-11-21</v>", Cell::Unusable("a date or time")),
        (r#" t="str""#, "<f>A1</f><v>a&amp;&#98;</v>", text("a&b")),
        (r#" t="str""#, "<f>A1</f><v>_xD83D__xDE00_</v>", text("\u{1F600}")),
        (r#" t="inlineStr""#, "<is><t>y &lt; &#x7A;</t></is>", text("y < z")),
        (r#" t="inlineStr""#, "<is><t><![CDATA[y<z]]></t></is>", text("y<z")),
        (r#" t="inlineStr""#, "<is><r><rPr><b/></rPr><t>y</t></r><r><t>z</t></r><rPh sb=\"0\" eb=\"1\"><t>q</t></rPh></is>", text("yz")),
    ] {
        let sheet = b5(attributes, content).read().unwrap_or_else(|error| panic!("{attributes} {content}: {error}"));
        assert_eq!(sheet.rows[0].cells, [text("x"), expected], "{attributes} {content}");
    }
    // Cells that say nothing are empty.
    for (attributes, content) in [("", ""), (r#" t="n""#, "<v></v>"), (r#" t="s""#, ""), (r#" t="str""#, "<f>A1</f><v></v>"), (r#" s="1""#, "")] {
        assert_eq!(b5(attributes, content).read().unwrap().rows[0].cells, [text("x")], "{attributes} {content}");
    }
}

#[test]
fn frs_prt_032_rows_and_cells_stand_where_they_say() {
    let cell = |place: &str| format!(r#"<c r="{place}"><v>1</v></c>"#);
    for (rows, place) in [
        (format!(r#"<row r="5">{}</row>"#, cell("B6")), "cell B5"),
        (format!(r#"<row r="5">{}{}</row>"#, cell("B5"), cell("B5")), "cell B5"),
        (format!(r#"<row r="5">{}{}</row>"#, cell("B5"), cell("A5")), "cell A5"),
        (r#"<row r="5"><c r="A5"><v>1</v></c><c r="A5" s="0"/></row>"#.to_owned(), "cell A5"),
        (r#"<row r="5"><c r="B5" r="C5"><v>1</v></c></row>"#.to_owned(), "cell A5"),
        (format!(r#"<row r="5">{}</row><row r="5">{}</row>"#, cell("A5"), cell("B5")), "row 5"),
        (format!(r#"<row r="5">{}</row><row r="4">{}</row>"#, cell("A5"), cell("A4")), "row 4"),
        (format!(r#"<row r="5" r="6">{}</row>"#, cell("A6")), "row 0"),
        (format!(r#"<row r="5">x{}</row>"#, cell("A5")), "row 5"),
        (format!(r#"<row r="5"><x>{}</x></row>"#, cell("A5")), "row 5"),
    ] {
        let (code, found) = refused(sheet(&rows).read());
        assert_eq!(code, "not_xlsx", "{rows}");
        assert!(found == format!("{SHEET}, {place}") || place == "row 0", "{rows}: {found}");
    }
    for rows in [cell("A1"), "x".to_owned(), format!("<x><row r=\"1\">{}</row></x>", cell("A1"))] {
        assert_eq!(refused(sheet(&rows).read()), ("not_xlsx".into(), SHEET.into()), "{rows}");
    }
    let twice = Parts::with_sheet("<worksheet><sheetData/><sheetData/></worksheet>");
    assert_eq!(refused(twice.read()), ("not_xlsx".into(), SHEET.into()));
    // Places may be left out; each then stands behind the one before.
    let counted = r#"<row><c><v>1</v></c><c r="C1"><v>2</v></c><c><v>3</v></c></row><row r="4"/><row><c><v>4</v></c></row>"#;
    let sheet = sheet(counted).read().unwrap();
    assert_eq!(sheet.rows.iter().map(|row| (row.number, row.cells.len())).collect::<Vec<_>>(), [(1, 4), (5, 1)]);
    assert_eq!(sheet.rows[0].cells[3], number("3"));
}

#[test]
fn frs_prt_032_shared_texts_and_formats_that_would_be_guessed_at_are_refused_with_their_place() {
    let row = r#"<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" s="0"><v>45000</v></c></row>"#;
    let strings = |inside: &str| refused(Parts::with_rows(row).and("xl/sharedStrings.xml", inside.as_bytes()).read());
    for (inside, place) in [
        ("<sst><si>x</si></sst>", ", shared text 0"),
        ("<sst><si><t>x<!-- -->y</t></si></sst>", ", shared text 0"),
        ("<sst><si><t>x</t></si><si><t>x<b>y</b></t></si></sst>", ", shared text 1"),
        ("<sst><si><t>&none;</t></si></sst>", ", shared text 0"),
        ("<sst><si><t>_xD83D_</t></si></sst>", ", shared text 0"),
        ("<sst><si><x><t>y</t></x></si></sst>", ", shared text 0"),
        ("<sst><x><si><t>y</t></si></x></sst>", ""),
        ("<sst>x<si><t>y</t></si></sst>", ""),
        ("<x><sst><si><t>y</t></si></sst></x>", ""),
    ] {
        assert_eq!(strings(inside), ("not_xlsx".into(), format!("file, part xl/sharedStrings.xml{place}")), "{inside}");
    }
    // The texts that there are count, and not how many are announced.
    let announced = r#"<sst count="9" uniqueCount="9"></sst>"#;
    assert_eq!(strings(announced), ("not_xlsx".into(), format!("{SHEET}, cell A1")));
    let two = Parts::with_rows(row).and("xl/sharedStrings.xml", STRINGS.as_bytes()).and("xl/more.xml", STRINGS.as_bytes());
    assert_eq!(refused(two.read()), ("not_xlsx".into(), "file, part xl/more.xml".into()));
    let formats = |part: &str, inside: &str| {
        let inside = format!("<styleSheet>{inside}</styleSheet>");
        refused(Parts::with_rows(row).and("xl/sharedStrings.xml", STRINGS.as_bytes()).and(part, inside.as_bytes()).read()).1
    };
    let styles = "xl/styles.xml";
    assert_eq!(formats(styles, r#"<cellXfs><xf numFmtId="14x"/></cellXfs>"#), "file, part xl/styles.xml");
    assert_eq!(formats(styles, r#"<cellXfs><xf numFmtId="014"/></cellXfs>"#), "file, part xl/styles.xml");
    assert_eq!(formats(styles, r#"<numFmts><numFmt numFmtId="x" formatCode="d"/></numFmts>"#), "file, part xl/styles.xml");
    assert_eq!(formats(styles, "<cellXfs><x><xf/></x></cellXfs>"), "file, part xl/styles.xml");
    assert_eq!(formats(styles, "<cellXfs/><cellXfs><xf/></cellXfs>"), "file, part xl/styles.xml");
    assert_eq!(formats(styles, "<cellXfs/>"), format!("{SHEET}, cell B1"));
    assert_eq!(formats("xl/formats.xml", "<cellXfs><xf/></cellXfs>"), "file, part xl/formats.xml");
    assert_eq!(formats("other/styles.xml", "<cellXfs><xf/></cellXfs>"), "file");
}

fn walked(part: &str, text: &str) -> base::Result<()> {
    archive::check_xml(part, &mut text.as_bytes(), &mut Totals::default())
}

#[test]
fn frs_guard_007_shared_texts_are_counted_up_to_the_limit_and_not_past_it() {
    let part = "file, part xl/sharedStrings.xml";
    let texts = |count: usize| walked(part, &format!("<sst count=\"1\" uniqueCount=\"1\">{}</sst>", "<si/>".repeat(count)));
    assert!(texts(limits::XLSX_STRINGS).is_ok());
    assert_eq!(refused(texts(limits::XLSX_STRINGS + 1)), ("too_large".into(), part.into()));
    let long = |bytes: usize| walked(part, &format!("<sst><si><t>{}</t></si><si><t>xy</t></si></sst>", "x".repeat(bytes - 2)));
    assert!(long(limits::IMPORT_TEXT_BYTES).is_ok());
    assert_eq!(refused(long(limits::IMPORT_TEXT_BYTES + 1)), ("too_large".into(), part.into()));
}

#[test]
fn frs_guard_007_an_entry_whose_name_leads_elsewhere_is_refused_and_named() {
    let sound = || Parts::with_rows(&format!(r#"<row r="1">{}</row>"#, inline("A1", "x")));
    for name in [
        "../../x", "xl/../x", "xl/..", "./x", "/x", "//x", "\\x", "..\\x", "xl\\x", "C:/x", "c:x", "x\0.bin", "a\r\nb", "a\u{1b}[2J", "xl/\u{7f}",
    ] {
        let shown: String = name.chars().map(|c| if c.is_control() { '\u{FFFD}' } else { c }).collect();
        let refusal = refusal(named(&sound(), name));
        assert_eq!((refusal.code.as_str(), refusal.place), ("not_xlsx", Some(format!("file, part {shown}"))), "{name:?}");
        assert!(refusal.message.contains(&shown) && !refusal.message.chars().any(char::is_control), "{}", refusal.message);
    }
    for name in ["xl/media/..x", "xl/a b.bin", "[trash]/0000.dat", "xl/größe.bin"] {
        assert!(named(&sound(), name).is_ok(), "{name:?}");
    }
    assert!(named(&sound(), &"a".repeat(limits::XLSX_NAME_CHARS)).is_ok());
    assert_eq!(refused(named(&sound(), &"a".repeat(limits::XLSX_NAME_CHARS + 1))).0, "too_large");
}

/// What is said of a workbook with a further entry of this name, which the writer might refuse.
fn named(parts: &Parts, name: &str) -> base::Result<()> {
    let stand_in = "~".repeat(name.len());
    let mut parts = Parts(parts.0.clone());
    parts.0.push((stand_in.clone(), b"x".to_vec()));
    let mut bytes = parts.zip();
    while let Some(at) = bytes.windows(name.len()).position(|window| window == stand_in.as_bytes()) {
        bytes[at..at + name.len()].copy_from_slice(name.as_bytes());
        if !name.is_ascii() {
            // Both heads of the entry say that its name is UTF-8.
            for (sign, from) in [(&b"PK\x03\x04"[..], 6), (b"PK\x01\x02", 8)] {
                if let Some(head) = bytes[..at].windows(4).rposition(|window| window == sign).filter(|head| at - head < 50) {
                    bytes[head + from + 1] |= 8;
                }
            }
        }
    }
    archive::check(&bytes)
}

#[test]
fn frs_guard_007_a_link_or_a_device_in_a_workbook_is_refused() {
    let with_mode = |mode: u32| {
        let mut bytes = Parts::with_rows("").and("xl/media/x.bin", b"x").zip();
        let entry = bytes.windows(4).rposition(|window| window == b"PK\x01\x02").unwrap();
        bytes[entry + 5] = 3;
        bytes[entry + 38..entry + 42].copy_from_slice(&(mode << 16).to_le_bytes());
        archive::check(&bytes)
    };
    for mode in [0o120_777, 0o020_644, 0o060_644, 0o010_644, 0o140_644] {
        assert_eq!(refused(with_mode(mode)), ("not_xlsx".into(), "file, part xl/media/x.bin".into()), "{mode:o}");
    }
    for mode in [0, 0o644, 0o100_644] {
        assert!(with_mode(mode).is_ok(), "{mode:o}");
    }
}

proptest! {
    #[test]
    fn frs_prt_032_whatever_names_a_shared_text_is_refused_or_read_as_that_text(
        value in prop_oneof!["[0-9]{0,3}", "[ -%'-;=?-~\n\t]{0,4}", Just("&#49;".to_owned()), Just("1<!---->".to_owned())],
    ) {
        let expected = if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) { value.parse::<usize>().ok() } else { None };
        let expected = expected.and_then(|index| ["Number", "Valve"].get(index));
        match (b5(r#" t="s""#, &format!("<v>{value}</v>")).read(), expected) {
            (Ok(sheet), Some(expected)) => prop_assert_eq!(&sheet.rows[0].cells[1], &text(expected)),
            (read, expected) => prop_assert!(read.is_err() && expected.is_none(), "{:?} {:?}", read, expected),
        }
    }

    #[test]
    fn frs_prt_032_whatever_stands_for_a_number_is_refused_or_read_as_that_number(value in "[0-9+.eE-]{1,6}|[ -%'-;=?-~\n]{1,4}") {
        match b5("", &format!("<v>{value}</v>")).read() {
            Ok(sheet) => {
                let Cell::Number(read) = &sheet.rows[0].cells[1] else { panic!("{value:?}: {sheet:?}") };
                let (read, stated): (f64, f64) = (read.parse().unwrap(), value.parse().unwrap());
                prop_assert!((read - stated).abs() <= stated.abs() * 1e-14, "{} {}", read, stated);
            }
            Err(error) => prop_assert_eq!(error.refusal().unwrap().code.as_str(), "not_xlsx"),
        }
    }
}
