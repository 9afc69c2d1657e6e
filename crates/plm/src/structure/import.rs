//! Cells to a structure: finds the column titles, the levels and the items of a parts list.
//!
//! Files come from many systems, so the layout is detected; but a value is never guessed. Where two
//! rows say different things about the same item, the file is refused and both rows are named.
//!
//! * `columns`: column titles and their synonyms
//! * `rows`: cells to values
//! * `levels`: the four ways a file can say what belongs below what
//! * `designators`: lists and ranges of reference designators
//! * `merge`: rows to items and lines
//! * `arrange`: items and lines to the one order of a structure

pub(in crate::structure) mod arrange;
mod columns;
mod designators;
mod levels;
mod merge;
mod rows;

use super::sheet::{self, ReadOptions, Sheet};
use base::Result;
use base::quantity::{DecimalMark, Quantity, Unit};
use serde::{Deserialize, Serialize};

pub use self::columns::Field;
pub(crate) use self::designators::parse as parse_designators;

/// What a file says a product is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportedStructure {
    /// Each item once, the top first, then in the order in which walking down meets them.
    pub items: Vec<ImportedItem>,
    /// Each line once, however often its parent is repeated in the file; grouped by parent in the
    /// order of `items`, then by find number.
    pub lines: Vec<ImportedLine>,
    /// The item that everything else is part of, as an index into `items`.
    pub top: usize,
    /// Rows of the file below the column titles, the top's own row included.
    pub line_count: usize,
    /// The deepest level; the top is level 0.
    pub depth: usize,
    /// True when the file has a column of find numbers. Otherwise they were given here (10, 20,
    /// 30 …) and say nothing about the identity of a line.
    pub find_numbers_stated: bool,
    /// Rows at the end of the file (from 1) with content but without an item number. Nothing can be
    /// recorded about them: a person must have seen them before the import is kept.
    pub left_out_rows: Vec<u32>,
    /// Titles of columns with content that were not read.
    pub ignored_columns: Vec<String>,
    /// What the reader should look at although it is no reason to refuse.
    pub notices: Vec<Notice>,
}

impl ImportedStructure {
    /// The number of the item at `index`; empty when there is none.
    pub fn number(&self, index: usize) -> &str {
        self.items.get(index).map_or("", |item| &item.number)
    }
}

/// One part, as the file describes it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ImportedItem {
    pub number: String,
    /// Empty when the file has none.
    pub name: String,
    /// The revision that the file states; empty when it has none.
    pub file_revision: String,
    pub category: String,
    /// The unit of its first line; totals are counted in it.
    pub unit: Unit,
    pub manufacturer_parts: Vec<ManufacturerPart>,
}

/// A source for an item. Either text may be empty ("Custom - see drawing" has no part number).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct ManufacturerPart {
    pub manufacturer: String,
    pub part_number: String,
}

/// One use of a child in a parent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportedLine {
    /// Index into the items.
    pub parent: usize,
    pub find_number: u32,
    /// Index into the items.
    pub child: usize,
    /// For one unit of the parent, in `unit`; above zero.
    pub quantity: Quantity,
    pub unit: Unit,
    /// Ranges expanded, in the order of the file.
    pub designators: Vec<String>,
    /// The row of the file (from 1) that says so first.
    pub row: u32,
}

/// A remark on a place of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    pub place: String,
    pub text: String,
}

/// The assembly that a file without one belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TopItem {
    pub number: String,
    pub name: String,
}

/// What the importing person states because the file does not.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ImportOptions {
    /// Meaning of columns by their title, before any synonym; [`Field::Ignore`] leaves one out.
    pub columns: Vec<(String, Field)>,
    /// The assembly whose lines these are, for a file that does not hold it; or, for a file of
    /// parents and children with several end items, the number of the one meant.
    pub top: Option<TopItem>,
    pub decimal_mark: DecimalMark,
    /// Put before every item number, for files that only count their lines (`1`, `2`, …).
    pub number_prefix: String,
    /// The file lists what is in a repeated assembly only once. Otherwise each repetition must list
    /// the same lines, because a missing list may as well be a mistake.
    pub repeats_listed_once: bool,
}

/// Reads a file and imports it: [`sheet::read`], then [`import`].
pub fn import_file(file_name: &str, bytes: &[u8], read: &ReadOptions, options: &ImportOptions) -> Result<ImportedStructure> {
    import(&sheet::read(file_name, bytes, read)?, options)
}

/// Imports a table of cells. Refused with the place of the first fault: sheet, row and column as
/// the spreadsheet program shows them.
pub fn import(sheet: &Sheet, options: &ImportOptions) -> Result<ImportedStructure> {
    let header = columns::find(sheet, options)?;
    let (rows, left_out_rows) = rows::read(sheet, &header, options)?;
    let placement = levels::place(sheet, &header, &rows, options)?;
    let mut structure = merge::merge(sheet, &header, &rows, &placement, options)?;
    structure.ignored_columns = header.ignored(sheet);
    let left_out = |row: &u32| Notice {
        place: sheet.row_place(*row),
        text: "this row has content but no item number; it is left out".to_owned(),
    };
    structure.notices.extend(left_out_rows.iter().map(left_out));
    let unread =
        |name: &String| Notice { place: format!("sheet {name}"), text: "this sheet has content too and was not read".to_owned() };
    structure.notices.extend(sheet.other_sheets.iter().map(unread));
    structure.left_out_rows = left_out_rows;
    Ok(structure)
}
