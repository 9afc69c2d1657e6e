//! Workbooks made to do harm: each is refused with its reason, and none gets far enough to cost.

use super::support::{Parts, inline, refused};
use crate::structure::sheet::{ReadOptions, archive, read_xlsx};
use base::{Result, limits};
use proptest::prelude::*;

fn read(bytes: &[u8]) -> Result<crate::structure::sheet::Sheet> {
    read_xlsx(bytes, &ReadOptions::default())
}

fn sound() -> Parts {
    Parts::with_rows(&format!(r#"<row r="1">{}</row>"#, inline("A1", "x")))
}

/// A part that is sound XML of exactly `size` bytes and packs at most `ratio` to one.
fn filler(size: usize, ratio: usize) -> Vec<u8> {
    let mut bytes = b"<a>".to_vec();
    let mut state = 7_u32;
    while bytes.len() < size - 4 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let letter = b'a' + u8::try_from((state >> 24) % 26).unwrap();
        bytes.extend(std::iter::repeat_n(letter, ratio.min(size - 4 - bytes.len())));
    }
    bytes.extend(b"</a>");
    bytes
}

#[test]
fn a_document_type_is_refused_wherever_it_stands() {
    for (part, text) in [
        ("xl/sharedStrings.xml", r#"<?xml version="1.0"?><!DOCTYPE s [<!ENTITY a "lol">]><sst><si><t>&a;</t></si></sst>"#),
        ("xl/styles.xml", r#"<!DOCTYPE s SYSTEM "http://127.0.0.1:9/x.dtd"><styleSheet/>"#),
        ("docProps/app.xml", r#"<!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>"#),
    ] {
        let error = sound().and(part, text.as_bytes()).read().unwrap_err();
        assert!(error.to_string().contains("DOCTYPE") && error.to_string().contains(part), "{error}");
    }
    let utf16: Vec<u8> = "\u{feff}<!DOCTYPE a><a/>".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(refused(sound().and("xl/styles.xml", &utf16).read()).0, "not_xlsx");
}

#[test]
fn parts_pack_up_to_the_ratio_and_not_past_it() {
    let mut bomb = b"<a>".to_vec();
    bomb.extend(vec![b' '; 2_000_000]);
    bomb.extend(b"</a>");
    let (code, place) = refused(sound().and("xl/theme/theme1.xml", &bomb).read());
    assert_eq!((code.as_str(), place.as_str()), ("too_large", "file, part xl/theme/theme1.xml"));
    let packed_to = |size: usize| {
        let parts = sound().and("xl/theme/theme1.xml", &filler(size, size));
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(parts.zip())).unwrap();
        let packed = archive.by_name("xl/theme/theme1.xml").unwrap().compressed_size();
        (parts, u64::try_from(size).unwrap(), packed * limits::XLSX_RATIO)
    };
    // The first size whose packed form is too small for it, and the size before.
    let is_past = |size: &usize| packed_to(*size).1 > packed_to(*size).2;
    let near = (1_000..20_000).step_by(500).find(is_past).unwrap();
    let past = (near - 500..=near).find(is_past).unwrap();
    let (at, size, most) = packed_to(past - 1);
    assert!(size <= most && at.read().is_ok());
    assert_eq!(refused(packed_to(past).0.read()).0, "too_large");
}

#[test]
fn a_workbook_unpacks_up_to_the_limit_and_not_past_it() {
    let parts = sound().and("xl/media/x.bin", &filler(100_000, 10)).and("xl/theme/theme1.xml", &filler(50_000, 10));
    let all: usize = parts.0.iter().map(|(_, bytes)| bytes.len()).sum();
    let all = u64::try_from(all).unwrap();
    assert!(archive::check_within(&parts.zip(), all).is_ok());
    let place = "file, part xl/theme/theme1.xml";
    assert_eq!(refused(archive::check_within(&parts.zip(), all - 1)), ("too_large".into(), place.into()));
}

/// What is announced too large is not even begun, so that the real limit costs nothing here.
#[test]
fn frs_guard_007_a_workbook_that_announces_more_than_it_may_unpack_to_is_refused_for_that() {
    let large = filler(2 << 20, 1);
    let parts = sound().and("xl/media/x.bin", &large);
    let others: usize = parts.0.iter().map(|(_, bytes)| bytes.len()).sum::<usize>() - large.len();
    let announced = |all: u64| {
        let mut bytes = parts.zip();
        let entry = bytes.windows(4).rposition(|window| window == b"PK\x01\x02").unwrap();
        let size = u32::try_from(all - u64::try_from(others).unwrap()).unwrap();
        bytes[entry + 24..entry + 28].copy_from_slice(&size.to_le_bytes());
        read(&bytes).unwrap_err()
    };
    let at = announced(limits::XLSX_UNPACKED_BYTES);
    assert!(at.to_string().contains("is not as large as the archive says"), "{at}");
    let past = announced(limits::XLSX_UNPACKED_BYTES + 1);
    assert_eq!((past.refusal().unwrap().code.as_str(), past.refusal().unwrap().place.as_deref()), ("too_large", Some("file, part xl/media/x.bin")));
    assert!(past.to_string().contains(&limits::XLSX_UNPACKED_BYTES.to_string()), "{past}");
}

#[test]
fn a_size_that_the_archive_lies_about_is_found_out() {
    let lying = |size: u32| {
        let mut bytes = sound().and("xl/media/x.bin", &filler(100_000, 10)).zip();
        let entry = bytes.windows(4).rposition(|window| window == b"PK\x01\x02").unwrap();
        bytes[entry + 24..entry + 28].copy_from_slice(&size.to_le_bytes());
        refused(read(&bytes)).0
    };
    assert_eq!(lying(10), "not_xlsx");
    assert_eq!(lying(100_001), "not_xlsx");
    // What is announced too large is not even begun.
    assert_eq!(lying(4_000_000_000), "too_large");
}

#[test]
fn damaged_data_is_found_by_its_checksum() {
    let mut bytes = sound().and("xl/media/x.bin", b"0123456789").zip();
    let at = bytes.windows(14).rposition(|window| window == b"xl/media/x.bin").unwrap();
    let entry = bytes.windows(4).rposition(|window| window == b"PK\x01\x02").unwrap();
    assert!(at > entry);
    bytes[entry + 16] ^= 0xff;
    assert!(read(&bytes).unwrap_err().to_string().contains("damaged"));
}

#[test]
fn archives_hold_entries_up_to_the_limit_and_not_past_it() {
    let with = |count: usize| {
        let mut parts = sound();
        let own = parts.0.len();
        parts.0.extend((own..count).map(|index| (format!("xl/media/{index}"), Vec::new())));
        parts.zip()
    };
    assert!(read(&with(limits::XLSX_ENTRIES)).is_ok());
    assert_eq!(refused(read(&with(limits::XLSX_ENTRIES + 1))), ("too_large".into(), "file".into()));
}

#[test]
fn two_parts_of_one_name_are_refused() {
    let clash = sound().and("XL/Workbook.xml", b"<a/>").and("xl\\workbook.xml", b"<a/>");
    assert!(clash.read().unwrap_err().to_string().contains("twice"));
    // The archive writer refuses equal names, so the directory is patched.
    let mut bytes = sound().and("xl/workbook.xmm", b"<a/>").zip();
    while let Some(at) = bytes.windows(15).position(|window| window == b"xl/workbook.xmm") {
        bytes[at + 14] = b'l';
    }
    assert_eq!(refused(read(&bytes)).0, "not_xlsx");
}

#[test]
fn xml_nests_up_to_the_limit_and_not_past_it() {
    let nested = |depth: usize| {
        let text = format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
        sound().and("docProps/app.xml", text.as_bytes()).read()
    };
    assert!(nested(limits::XML_DEPTH).is_ok());
    assert_eq!(refused(nested(limits::XML_DEPTH + 1)).0, "too_large");
    let inner = format!("{}<b/>{}", "<a>".repeat(limits::XML_DEPTH), "</a>".repeat(limits::XML_DEPTH));
    assert_eq!(refused(sound().and("docProps/app.xml", inner.as_bytes()).read()).0, "too_large");
    assert_eq!(refused(sound().and("docProps/app.xml", b"<a><b></a>").read()).0, "not_xlsx");
    assert_eq!(refused(sound().and("docProps/app.xml", b"<a>").read()).0, "not_xlsx");
}

#[test]
fn elements_have_attributes_up_to_the_limit_and_not_past_it() {
    let with = |count: usize| {
        let attributes: String = (0..count).map(|index| format!(" a{index}=\"\"")).collect();
        sound().and("docProps/app.xml", format!("<a{attributes}/>").as_bytes()).read()
    };
    assert!(with(limits::XML_ATTRIBUTES).is_ok());
    assert_eq!(refused(with(limits::XML_ATTRIBUTES + 1)).0, "too_large");
}

#[test]
fn shared_texts_are_announced_up_to_the_limit_and_not_past_it() {
    let announced = |count: String| {
        let strings = format!(r#"<sst count="1" uniqueCount="{count}"><si><t>x</t></si></sst>"#);
        sound().and("xl/sharedStrings.xml", strings.as_bytes()).read()
    };
    assert!(announced(limits::XLSX_STRINGS.to_string()).is_ok());
    assert_eq!(refused(announced((limits::XLSX_STRINGS + 1).to_string())).0, "too_large");
    // Room for this many would be asked of the machine before the first text is read.
    assert_eq!(refused(announced("1000000000000000".into())).0, "too_large");
    assert_eq!(refused(announced("18446744073709551616".into())).0, "not_xlsx");
}

#[test]
fn impossible_positions_are_refused() {
    for place in ["XFE1", "A0", "A1048577", "A4294967297", "AAAAAAAAAA1", "1", "A", "ß1", ""] {
        let sheet = Parts::with_rows(&format!(r#"<row r="1">{}</row>"#, inline(place, "x")));
        assert_eq!(refused(sheet.read()).0, "not_xlsx", "{place}");
    }
    for row in ["0", "-1", "4294967297", "x"] {
        let sheet = Parts::with_rows(&format!(r#"<row r="{row}"></row>"#));
        assert_eq!(refused(sheet.read()).0, "not_xlsx", "{row}");
    }
    for range in ["C1:A2", "A2:C1", "A1:", ":", "A1:B2:C3"] {
        let sheet = Parts::with_sheet(&format!(r#"<worksheet><dimension ref="{range}"/><sheetData/></worksheet>"#));
        assert_eq!(refused(sheet.read()).0, "not_xlsx", "{range}");
    }
}

#[test]
fn two_cells_far_apart_cost_two_cells() {
    let rows = format!(r#"<row r="1">{}</row><row r="1048576">{}</row>"#, inline("A1", "a"), inline("CV1048576", "b"));
    let sheet = Parts::with_rows(&rows).read().unwrap();
    assert_eq!((sheet.rows.len(), sheet.rows[1].number), (2, 1_048_576));
    let wide = Parts::with_rows(&format!(r#"<row r="1">{}</row>"#, inline("CW1", "b")));
    assert_eq!(refused(wide.read()), ("too_large".into(), "sheet BOM, row 1, column CW".into()));
}

#[test]
fn a_cell_twice_or_out_of_order_is_refused() {
    let twice = format!(r#"<row r="1">{}{}</row>"#, inline("A1", "a"), inline("A1", "b"));
    let back = format!(r#"<row r="2">{}</row><row r="1">{}</row>"#, inline("A2", "a"), inline("A1", "b"));
    for rows in [twice, back] {
        assert_eq!(refused(Parts::with_rows(&rows).read()).0, "not_xlsx");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_damaged_archive_never_panics(at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>()) {
        let mut bytes = sound().and("xl/sharedStrings.xml", b"<sst><si><t>x</t></si></sst>").zip();
        let place = at.index(bytes.len());
        bytes[place] = byte;
        let _ = read(&bytes);
        bytes.truncate(cut.index(bytes.len()));
        let _ = read(&bytes);
    }

    #[test]
    fn damaged_xml_never_panics(
        part in 0..6_usize,
        at in any::<prop::sample::Index>(),
        text in prop_oneof!["[<>/\"'=&;:a-zA-Z0-9 -]{0,12}", Just("99999999999999999999".to_owned()), Just("\u{0}".to_owned())],
        gone in 0..12_usize,
    ) {
        let styles = r##"<styleSheet><numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy-mm-dd;[Red]@"/></numFmts><fonts><font><sz val="11"/><color theme="1" tint="0.5"/></font></fonts><fills><fill><patternFill patternType="solid"><fgColor rgb="FFFF0000"/></patternFill></fill></fills><borders><border><left style="thin"><color indexed="64"/></left></border></borders><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="164" fontId="0" fillId="0" borderId="0"><alignment horizontal="center" indent="1"/></xf></cellXfs></styleSheet>"##;
        let rows = format!(
            r#"<row r="1">{}<c r="B1" t="s" s="1"><v>0</v></c><c r="C1" s="1"><f t="shared" ref="C1:C3" si="0">A1+1</f><v>45000.5</v></c><c t="str"><v>a&amp;b</v></c></row>"#,
            inline("A1", "x")
        );
        let mut parts = Parts::with_sheet(&format!(r#"<worksheet><dimension ref="A1:D1"/><sheetData>{rows}</sheetData></worksheet>"#))
            .and("xl/sharedStrings.xml", br#"<sst count="1" uniqueCount="1"><si><r><t>x_x0041_</t></r></si></sst>"#)
            .and("xl/styles.xml", styles.as_bytes());
        prop_assert!(parts.read().is_ok());
        let part = part % parts.0.len();
        let bytes = &mut parts.0[1 + part % 6].1;
        let start = at.index(bytes.len());
        let end = (start + gone).min(bytes.len());
        bytes.splice(start..end, text.into_bytes());
        let _ = parts.read();
    }
}
