//! The row of column titles and what each column means.

use super::ImportOptions;
use crate::structure::sheet::{Sheet, column_letters};
use base::{Error, Refusal, RefusalKind, Result, limits, text};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// The item's number; in a file of parents and children, the child's.
    Number,
    Name,
    Revision,
    Quantity,
    Designators,
    Category,
    /// The n-th source's maker, from 1.
    Manufacturer(u8),
    /// The n-th source's part number, from 1.
    ManufacturerPart(u8),
    Unit,
    /// 0, 1, 2 … or dotted numbers.
    Level,
    /// Dotted numbers (1.2.3); plain counting is not read.
    Position,
    Parent,
    FindNumber,
    /// Has no meaning here.
    Ignore,
}

impl Field {
    /// As a person would call it in a message.
    pub fn title(self) -> &'static str {
        match self {
            Self::Number => "Number",
            Self::Name => "Name",
            Self::Revision => "Version",
            Self::Quantity => "Quantity",
            Self::Designators => "ID",
            Self::Category => "Category",
            Self::Manufacturer(_) => "Manufacturer",
            Self::ManufacturerPart(_) => "Manufacturer Part Number",
            Self::Unit => "Unit",
            Self::Level => "Level",
            Self::Position => "Position",
            Self::Parent => "Parent",
            Self::FindNumber => "Find number",
            Self::Ignore => "(ignored)",
        }
    }
}

/// Titles, folded to words, best first: a file with both "Name" and "Description" means the first.
const SYNONYMS: [(Field, &[&str]); 13] = [
    (
        Field::Number,
        &[
            "number",
            "part number",
            "part no",
            "part nr",
            "part num",
            "item number",
            "item nr",
            "p n",
            "pn",
            "child",
            "child number",
            "child part",
            "child part number",
            "child item",
            "material number",
            "material",
            "article number",
            "article",
            "product number",
            "part id",
            "internal part number",
            "ipn",
            "component number",
            "component part number",
        ],
    ),
    (
        Field::Name,
        &[
            "name",
            "part name",
            "item name",
            "title",
            "description",
            "part description",
            "item description",
            "designation",
            "child name",
            "child description",
            "component name",
            "component description",
        ],
    ),
    (Field::Revision, &["version", "revision", "rev", "ver", "part revision", "item revision", "issue", "child revision"]),
    (
        Field::Quantity,
        &[
            "quantity",
            "qty",
            "qty per",
            "quantity per",
            "quantity per assembly",
            "qty per assembly",
            "quantity per pcb",
            "qty per pcb",
            "quantity per unit",
            "qnty",
            "usage",
            "amount",
        ],
    ),
    (
        Field::Designators,
        &[
            "reference designator",
            "reference designators",
            "ref designator",
            "ref designators",
            "ref des",
            "refdes",
            "designator",
            "designators",
            "references",
            "reference",
            "ref",
            "id",
        ],
    ),
    (Field::Category, &["category", "part category", "item category", "part type", "item type", "class", "commodity", "type"]),
    (Field::Manufacturer(1), &["manufacturer", "manufacturer name", "mfr", "mfg", "mfr name", "mfg name", "maker"]),
    (
        Field::ManufacturerPart(1),
        &[
            "manufacturer part number",
            "manufacturer part no",
            "manufacturer part",
            "manufacturer pn",
            "manufacturer p n",
            "manufacturer number",
            "mpn",
            "mfr part number",
            "mfr part no",
            "mfr part",
            "mfr pn",
            "mfr p n",
            "mfg part number",
            "mfg part no",
            "mfg pn",
            "mfg p n",
        ],
    ),
    (Field::Unit, &["unit", "unit of measure", "uom", "u m", "um", "units", "quantity unit", "qty unit"]),
    (Field::Level, &["level", "bom level", "structure level", "lvl", "indent level", "indent", "depth"]),
    (
        Field::Position,
        &["position", "pos", "item no", "item", "wbs", "outline", "outline number", "structure number", "no", "nr"],
    ),
    (
        Field::Parent,
        &[
            "parent",
            "parent number",
            "parent part number",
            "parent part",
            "parent item",
            "assembly number",
            "assembly part number",
            "next assembly",
        ],
    ),
    (Field::FindNumber, &["find number", "find no", "find num", "find", "balloon number", "balloon"]),
];

/// The row of titles and the columns that were understood.
pub struct Header {
    /// Index into the sheet's rows.
    pub index: usize,
    pub columns: HashMap<Field, usize>,
    /// Which sources have a column, ascending.
    pub sources: BTreeSet<u8>,
}

impl Header {
    pub fn column(&self, field: Field) -> Option<usize> {
        self.columns.get(&field).copied()
    }

    /// Titles of the columns that have content below but no meaning here.
    pub fn ignored(&self, sheet: &Sheet) -> Vec<String> {
        let Some(titles) = sheet.rows.get(self.index) else { return Vec::new() };
        let below = sheet.rows.get(self.index + 1..).unwrap_or(&[]);
        let filled = |column| below.iter().any(|row| !row.cell(column).is_blank());
        let known: Vec<_> = self.columns.values().copied().collect();
        let widest = below.iter().map(|row| row.cells.len()).max().unwrap_or(0);
        (0..widest)
            .filter(|column| !known.contains(column) && filled(*column))
            .map(|column| match titles.cell(column).text().trim() {
                "" => format!("column {}", column_letters(column)),
                title => shown(title),
            })
            .collect()
    }
}

/// Finds the row of titles among the first rows: the one with the most titles that are known.
pub fn find(sheet: &Sheet, options: &ImportOptions) -> Result<Header> {
    let mut best: Option<(usize, usize)> = None;
    for (index, row) in sheet.rows.iter().take(limits::IMPORT_PREAMBLE_ROWS + 1).enumerate() {
        let known: Vec<_> = row.cells.iter().filter_map(|cell| meaning(cell.text(), options)).collect();
        let has_number = known.iter().any(|(field, _)| *field == Field::Number);
        if has_number && known.len() >= 2 && best.is_none_or(|(_, most)| known.len() > most) {
            best = Some((index, known.len()));
        }
    }
    let Some((index, _)) = best else {
        let message = "no row holds column titles such as Number, Name and Quantity";
        let place = sheet.name.as_ref().map_or_else(|| "file".to_owned(), |name| format!("sheet {name}"));
        let advice = format!(
            "One of the first {} rows must name the columns, Number among them; otherwise say which column is which.",
            limits::IMPORT_PREAMBLE_ROWS + 1
        );
        return Err(Refusal::new(RefusalKind::Invalid, "no_header", message).at(place).advise(advice).into());
    };
    assign(sheet, index, options)
}

/// Gives each field its column; the same title twice cannot be decided and is refused.
fn assign(sheet: &Sheet, index: usize, options: &ImportOptions) -> Result<Header> {
    let mut titles: HashMap<String, usize> = HashMap::new();
    let mut chosen: HashMap<Field, (usize, usize)> = HashMap::new();
    let Some(row) = sheet.rows.get(index) else { return Err(Error::internal("the row of titles is gone")) };
    for (column, cell) in row.cells.iter().enumerate() {
        let title = folded(cell.text());
        if title.is_empty() {
            continue;
        }
        if let Some(earlier) = titles.insert(title, column) {
            let message = format!(
                "the column title “{}” is there twice, in columns {} and {}",
                shown(cell.text()),
                column_letters(earlier),
                column_letters(column)
            );
            return Err(Error::invalid(sheet.place(row.number, column), "duplicate_header", message));
        }
        if let Some((field, rank)) = meaning(cell.text(), options).filter(|(field, _)| *field != Field::Ignore) {
            match chosen.get(&field) {
                Some((best, _)) if *best <= rank => {}
                _ => {
                    chosen.insert(field, (rank, column));
                }
            }
        }
    }
    for (title, field) in &options.columns {
        if !titles.contains_key(&folded(title)) {
            let message = format!("there is no column “{title}” to be read as {}", field.title());
            return Err(Error::invalid(sheet.row_place(row.number), "no_such_column", message));
        }
    }
    let columns: HashMap<_, _> = chosen.into_iter().map(|(field, (_, column))| (field, column)).collect();
    let source = |field: &Field| match field {
        Field::Manufacturer(count) | Field::ManufacturerPart(count) => Some(*count),
        _ => None,
    };
    let sources = columns.keys().filter_map(source).collect();
    Ok(Header { index, columns, sources })
}

/// The field a title stands for and how well (0 best: stated by the caller).
fn meaning(title: &str, options: &ImportOptions) -> Option<(Field, usize)> {
    let title = folded(title);
    if title.is_empty() {
        return None;
    }
    if let Some((_, field)) = options.columns.iter().find(|(stated, _)| folded(stated) == title) {
        return Some((*field, 0));
    }
    let taken = |field| options.columns.iter().any(|(_, stated)| *stated == field);
    let (field, rank) = synonym(&title)?;
    (!taken(field)).then_some((field, rank))
}

fn synonym(title: &str) -> Option<(Field, usize)> {
    let plain = |title: &str| {
        SYNONYMS.iter().find_map(|(field, names)| names.iter().position(|name| *name == title).map(|rank| (*field, rank + 1)))
    };
    if let Some(found) = plain(title) {
        return Some(found);
    }
    // Further sources are numbered: "Manufacturer 2", "Manufacturer Part Number 2".
    let (name, count) = title.rsplit_once(' ')?;
    let count: u8 = count.parse().ok()?;
    if count == 0 || usize::from(count) > limits::MANUFACTURER_PARTS_PER_ITEM {
        return None;
    }
    match plain(name)? {
        (Field::Manufacturer(_), rank) => Some((Field::Manufacturer(count), rank)),
        (Field::ManufacturerPart(_), rank) => Some((Field::ManufacturerPart(count), rank)),
        _ => None,
    }
}

/// A title from the file, shortened for a message.
fn shown(title: &str) -> String {
    title.trim().chars().take(100).collect()
}

/// A title as words without marks and case: `Qty.` is `qty`, `Part #` is `part number`.
fn folded(title: &str) -> String {
    // No title is longer than this; a cell of a parts list may be.
    let start: String = title.chars().take(100).collect();
    text::words(&start.replace('#', " number ")).join(" ")
}
