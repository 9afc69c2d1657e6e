//! What the tests share: small files in memory, and random structures.

use crate::structure::import::arrange::{Draft, arrange};
use crate::structure::import::{
    ImportOptions, ImportedItem, ImportedLine, ImportedStructure, ManufacturerPart, TopItem, import_file,
};
use crate::structure::sheet::{ReadOptions, Sheet};
use base::quantity::{Quantity, Unit};
use base::{Refusal, Result};
use proptest::prelude::*;
use std::io::{Cursor, Write as _};
use std::path::PathBuf;

pub fn csv(text: &str) -> Result<ImportedStructure> {
    csv_with(text, &ImportOptions::default())
}

pub fn csv_with(text: &str, options: &ImportOptions) -> Result<ImportedStructure> {
    import_file("list.csv", text.as_bytes(), &ReadOptions::default(), options)
}

pub fn below(number: &str) -> ImportOptions {
    ImportOptions { top: Some(TopItem { number: number.to_owned(), name: String::new() }), ..ImportOptions::default() }
}

/// The refusal of `result`: code and place.
pub fn refused<T: std::fmt::Debug>(result: Result<T>) -> (String, String) {
    let refusal = refusal(result);
    (refusal.code, refusal.place.unwrap_or_default())
}

pub fn refusal<T: std::fmt::Debug>(result: Result<T>) -> Refusal {
    result.unwrap_err().refusal().expect("a refusal, no internal error").clone()
}

/// Lines as `parent>child*quantity`.
pub fn shape(structure: &ImportedStructure) -> Vec<String> {
    let line =
        |line: &ImportedLine| format!("{}>{}*{}", structure.number(line.parent), structure.number(line.child), line.quantity);
    structure.lines.iter().map(line).collect()
}

/// Without what only says where in a file something stood.
pub fn content(mut structure: ImportedStructure) -> ImportedStructure {
    structure.line_count = 0;
    structure.notices.clear();
    structure.left_out_rows.clear();
    structure.lines.iter_mut().for_each(|line| line.row = 0);
    structure
}

/// A file of ../shared/samples; says so and gives nothing when the folder is absent.
pub fn sample(path: &str) -> Option<Vec<u8>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples");
    if !folder.is_dir() {
        println!("skipped: ../shared/samples not present");
        return None;
    }
    Some(std::fs::read(folder.join(path)).expect("the sample is there"))
}

/// A workbook of one sheet made by hand, so that its parts can be wrong.
pub struct Parts(pub Vec<(String, Vec<u8>)>);

const TYPES: &str = r#"<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>"#;
const RELS: &str = r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
const WORKBOOK: &str = r#"<?xml version="1.0"?><workbook xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="BOM" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
const WORKBOOK_RELS: &str = r#"<?xml version="1.0"?><Relationships><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#;

impl Parts {
    /// A sound workbook whose sheet has these `sheetData` contents.
    pub fn with_rows(rows: &str) -> Self {
        Self::with_sheet(&format!(r#"<?xml version="1.0"?><worksheet><sheetData>{rows}</sheetData></worksheet>"#))
    }

    pub fn with_sheet(sheet: &str) -> Self {
        let parts = [
            ("[Content_Types].xml", TYPES),
            ("_rels/.rels", RELS),
            ("xl/workbook.xml", WORKBOOK),
            ("xl/_rels/workbook.xml.rels", WORKBOOK_RELS),
            ("xl/worksheets/sheet1.xml", sheet),
        ];
        Self(parts.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect())
    }

    pub fn and(mut self, name: &str, bytes: &[u8]) -> Self {
        self.0.retain(|(known, _)| known != name);
        self.0.push((name.to_owned(), bytes.to_vec()));
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.0.retain(|(known, _)| known != name);
        self
    }

    pub fn zip(&self) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in &self.0 {
            writer.start_file(name.as_str(), zip::write::SimpleFileOptions::default()).unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    pub fn read(&self) -> Result<Sheet> {
        crate::structure::sheet::read_xlsx(&self.zip(), &ReadOptions::default())
    }
}

/// One cell with text in the sheet itself.
pub fn inline(place: &str, text: &str) -> String {
    format!(r#"<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>"#)
}

/// Texts as they come out of cleaning, hard ones among them.
pub fn cell_text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[A-Za-z0-9][A-Za-z0-9 ./,;\"'_-]{0,12}",
        1 => "['=+@-]{1,3}[A-Z0-9('=+]{0,5}",
        1 => Just("_x0041_".to_owned()),
        1 => Just("Ventil Ø6 · “½” <&>".to_owned()),
        1 => Just("TRUE".to_owned()),
        1 => Just("1e5".to_owned()),
    ]
    .prop_map(|text| base::text::clean_line("test", &text, 100).unwrap())
}

pub fn optional_text() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), cell_text()]
}

fn item() -> impl Strategy<Value = ImportedItem> {
    let source =
        (optional_text(), optional_text()).prop_map(|(manufacturer, part_number)| ManufacturerPart { manufacturer, part_number });
    let sources = prop::collection::vec(source, 0..3);
    (optional_text(), optional_text(), optional_text(), sources).prop_map(|(name, file_revision, category, mut sources)| {
        sources.retain(|source| *source != ManufacturerPart::default());
        ImportedItem { name, file_revision, category, manufacturer_parts: sources, ..ImportedItem::default() }
    })
}

type LineSeed = (prop::sample::Index, prop::sample::Index, i64, bool);

/// A random structure of up to `most` items: every item but the first has at least one parent
/// before it, so that there is no cycle and all are part of the top.
pub fn structure(most: usize) -> impl Strategy<Value = ImportedStructure> {
    let items = prop::collection::vec((item(), cell_text()), 1..most);
    let extra =
        prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 1..40_i64, any::<bool>()), 0..most);
    (items, extra, prop::collection::vec((any::<prop::sample::Index>(), 1..40_i64), most), any::<bool>(), any::<bool>())
        .prop_map(|(items, extra, first, stated, metres)| build(&items, &extra, &first, stated, metres))
}

fn build(
    items: &[(ImportedItem, String)],
    extra: &[LineSeed],
    first: &[(prop::sample::Index, i64)],
    stated: bool,
    metres: bool,
) -> ImportedStructure {
    // Numbers are made unique, also when folded.
    let numbered = |(index, (item, number)): (usize, &(ImportedItem, String))| {
        let number = format!("{number}#{index}");
        ImportedItem { number, unit: Unit::default(), ..item.clone() }
    };
    let items: Vec<_> = items.iter().enumerate().map(numbered).collect();
    let mut uses: Vec<(usize, usize, i64, bool)> =
        (1..items.len()).zip(first).map(|(child, (parent, quantity))| (parent.index(child), child, *quantity, false)).collect();
    if items.len() > 1 {
        uses.extend(extra.iter().map(|(child, parent, quantity, named)| {
            let child = 1 + child.index(items.len() - 1);
            (parent.index(child), child, *quantity, *named)
        }));
    }
    let mut used = vec![0_u32; items.len()];
    let line = |(parent, child, quarters, named): (usize, usize, i64, bool)| {
        used[parent] += 1;
        let unit = if metres && child % 3 == 0 { Unit::M } else { Unit::Each };
        let designators = if named { vec![format!("R{parent}"), format!("Q{child}-1")] } else { Vec::new() };
        ImportedLine {
            parent,
            find_number: used[parent] * if stated { 7 } else { 10 },
            child,
            quantity: Quantity::from_scaled(quarters * 500_000),
            unit,
            designators,
            row: 0,
        }
    };
    let lines = uses.into_iter().map(line).collect();
    let draft = Draft { items, lines, top: 0, top_unit: Unit::Each, leave_out: false };
    let mut structure = arrange(draft, |row| format!("row {row}")).unwrap();
    structure.find_numbers_stated = stated && !structure.lines.is_empty();
    structure
}
