//! Spreadsheet bytes to cells: one table of text with the places its cells came from.
//!
//! Everything is bounded before it is unpacked or copied, because the bytes come from outside. No
//! meaning is given to any cell here; that is [`super::import`]'s work.

pub(in crate::structure) mod archive;
mod csv;
pub(in crate::structure) mod totals;
mod values;
mod walk;
mod xlsx;

use base::{Error, Refusal, RefusalKind, Result, limits};

pub use self::csv::Delimiter;

/// One cell as it stands in the file, blanks included.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Cell {
    #[default]
    Empty,
    /// Text; in a CSV file every cell is text.
    Text(String),
    /// A number typed as such in a workbook, as plain decimal text with a point and at most 15
    /// significant digits (what Excel keeps).
    Number(String),
    /// Something that cannot be read as what the author typed: a date, an error value. The text
    /// says what it is ("a date"), for the refusal when the cell is needed.
    Unusable(&'static str),
}

impl Cell {
    /// The text or number; nothing for an empty or unusable cell.
    pub fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::Number(text) => text,
            Self::Empty | Self::Unusable(_) => "",
        }
    }

    /// True when nothing but blanks (no-break spaces too) stands in it.
    pub fn is_blank(&self) -> bool {
        match self {
            Self::Unusable(_) => false,
            _ => self.text().trim().is_empty(),
        }
    }
}

/// A row that holds at least one cell that is not blank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// As the spreadsheet program shows it, counted from 1.
    pub number: u32,
    /// From column A on; columns after the last filled one are left out.
    pub cells: Vec<Cell>,
}

impl Row {
    pub fn cell(&self, column: usize) -> &Cell {
        self.cells.get(column).unwrap_or(&Cell::Empty)
    }
}

/// One table of cells.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sheet {
    /// The worksheet's name; nothing for a CSV file.
    pub name: Option<String>,
    /// In the order of the file; blank rows are left out.
    pub rows: Vec<Row>,
    /// Names of further worksheets with content, which were not read.
    pub other_sheets: Vec<String>,
}

impl Sheet {
    /// `sheet BOM, row 12, column D`, or `row 12, column D` for a CSV file. `column` counts from 0.
    pub fn place(&self, row: u32, column: usize) -> String {
        format!("{}, column {}", self.row_place(row), column_letters(column))
    }

    /// `sheet BOM, row 12`.
    pub fn row_place(&self, row: u32) -> String {
        match &self.name {
            Some(name) => format!("sheet {name}, row {row}"),
            None => format!("row {row}"),
        }
    }

    /// Takes a row unless it is blank; refuses one row, column or byte too many.
    fn push(&mut self, budget: &mut Budget, number: u32, mut cells: Vec<Cell>) -> Result<()> {
        if number > limits::SHEET_ROWS {
            return Err(Error::too_large(self.row_place(number), format!("more than {} rows", limits::SHEET_ROWS)));
        }
        cells.truncate(cells.iter().rposition(|cell| !cell.is_blank()).map_or(0, |last| last + 1));
        if cells.is_empty() {
            return Ok(());
        }
        if self.rows.len() == MOST_ROWS {
            let message = format!("more than {MOST_ROWS} rows; at most {} lines are imported at once", limits::IMPORT_LINES);
            return Err(Error::too_large(self.row_place(number), message));
        }
        for (column, cell) in cells.iter().enumerate() {
            budget.take(cell.text().len()).map_err(|message| Error::too_large(self.place(number, column), message))?;
        }
        self.rows.push(Row { number, cells });
        Ok(())
    }

    fn check_cell(&self, row: u32, column: usize, text: &str) -> Result<()> {
        if column >= limits::IMPORT_COLUMNS {
            let message = format!("more than {} columns", limits::IMPORT_COLUMNS);
            return Err(Error::too_large(self.place(row, column), message));
        }
        // Characters are counted only where the bytes leave a doubt.
        if text.len() > limits::IMPORT_CELL_CHARS && text.chars().count() > limits::IMPORT_CELL_CHARS {
            let message = format!("a cell of more than {} characters", limits::IMPORT_CELL_CHARS);
            return Err(Error::too_large(self.place(row, column), message));
        }
        Ok(())
    }
}

/// Rows with content: the lines, the column titles and what stands above them.
const MOST_ROWS: usize = limits::IMPORT_LINES + limits::IMPORT_PREAMBLE_ROWS + 1;

/// What is left of [`limits::IMPORT_TEXT_BYTES`].
struct Budget(usize);

impl Budget {
    fn new() -> Self {
        Self(limits::IMPORT_TEXT_BYTES)
    }

    fn take(&mut self, bytes: usize) -> Result<(), String> {
        match self.0.checked_sub(bytes) {
            Some(left) => {
                self.0 = left;
                Ok(())
            }
            None => Err(format!("more than {} bytes of text", limits::IMPORT_TEXT_BYTES)),
        }
    }
}

/// How to read a file.
#[derive(Debug, Clone, Default)]
pub struct ReadOptions {
    /// The worksheet to read; without it the first visible one with content.
    pub sheet: Option<String>,
    /// The separator of a CSV file; without it the most frequent of comma, semicolon and tab.
    pub delimiter: Option<Delimiter>,
}

/// Reads an XLSX or CSV file, told apart by `file_name`'s ending and by the content. Refuses with
/// code `not_xlsx` what calls itself XLSX and is none, `not_csv` what cannot be text, `too_large`
/// what passes a limit, each with the reason.
pub fn read(file_name: &str, bytes: &[u8], options: &ReadOptions) -> Result<Sheet> {
    let name = file_name.to_ascii_lowercase();
    let says_text = [".csv", ".tsv", ".txt"].iter().any(|ending| name.ends_with(ending));
    let says_workbook = name.ends_with(".xlsx") || name.ends_with(".xlsm");
    if says_workbook || (!says_text && bytes.starts_with(b"PK")) {
        read_xlsx(bytes, options)
    } else if says_text || !archive::is_foreign(bytes) {
        read_csv(bytes, options)
    } else {
        // Names the format where it can be recognised.
        read_xlsx(bytes, options)
    }
}

/// Reads one worksheet of an XLSX workbook. Formulas count with the value they last had.
pub fn read_xlsx(bytes: &[u8], options: &ReadOptions) -> Result<Sheet> {
    check_size(bytes)?;
    archive::check(bytes)?;
    xlsx::read(bytes, options)
}

/// Reads a CSV file in UTF-8 (RFC 4180, CR LF or LF).
pub fn read_csv(bytes: &[u8], options: &ReadOptions) -> Result<Sheet> {
    check_size(bytes)?;
    csv::read(bytes, options)
}

fn check_size(bytes: &[u8]) -> Result<()> {
    if bytes.len() > limits::UPLOAD_BYTES {
        return Err(Error::too_large("file", format!("larger than {} bytes", limits::UPLOAD_BYTES)));
    }
    Ok(())
}

/// The refusal for what is no XLSX workbook, with the reason.
fn not_xlsx(why: impl std::fmt::Display) -> Error {
    Refusal::new(RefusalKind::Malformed, "not_xlsx", format!("this is not a readable XLSX workbook: {why}"))
        .at("file")
        .advise("Save the table as “Excel workbook (.xlsx)” or as “CSV UTF-8” and import that.")
        .into()
}

/// As [`not_xlsx`], where the place is known.
fn not_xlsx_at(place: impl Into<String>, why: impl std::fmt::Display) -> Error {
    Refusal::new(RefusalKind::Malformed, "not_xlsx", format!("this is not a readable XLSX workbook: {why}"))
        .at(place)
        .advise("Open it in a spreadsheet program, look at that place, save it as “Excel workbook (.xlsx)” and import that.")
        .into()
}

/// `A` for 0, `Z` for 25, `AA` for 26.
pub fn column_letters(column: usize) -> String {
    let mut letters = Vec::new();
    let mut rest = column;
    loop {
        letters.push(char::from(b'A' + u8::try_from(rest % 26).unwrap_or(0)));
        if rest < 26 {
            break;
        }
        rest = rest / 26 - 1;
    }
    letters.iter().rev().collect()
}
