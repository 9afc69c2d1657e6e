//! Cells of a CSV file (RFC 4180 with any of three separators).
//!
//! Own reader, because the refusals must name places and the common readers accept what must be
//! refused here: a quote that is never closed, text behind a closing quote.

use super::{Budget, Cell, ReadOptions, Sheet};
use base::{Error, Refusal, RefusalKind, Result, limits};
use serde::{Deserialize, Serialize};

/// What separates the cells of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delimiter {
    Comma,
    Semicolon,
    Tab,
}

impl Delimiter {
    fn character(self) -> char {
        match self {
            Self::Comma => ',',
            Self::Semicolon => ';',
            Self::Tab => '\t',
        }
    }
}

/// Reads the whole file.
pub fn read(bytes: &[u8], options: &ReadOptions) -> Result<Sheet> {
    let text = decode(bytes)?;
    let (stated, text) = stated_delimiter(text);
    let delimiter = options.delimiter.or(stated).unwrap_or_else(|| sniff(text));
    let first_row = if stated.is_some() { 2 } else { 1 };
    Parser { sheet: Sheet::default(), budget: Budget::new(), row: first_row, cells: Vec::new() }.run(text, delimiter.character())
}

/// UTF-8 without NUL, a byte order mark dropped.
fn decode(bytes: &[u8]) -> Result<&str> {
    if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
        return Err(not_csv("row 1", "the file is written in UTF-16"));
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if let Some(at) = bytes.iter().position(|byte| *byte == 0) {
        return Err(not_csv(&line_place(bytes, at), "the file holds a NUL character"));
    }
    std::str::from_utf8(bytes).map_err(|error| not_csv(&line_place(bytes, error.valid_up_to()), "the file is not UTF-8 text"))
}

fn not_csv(place: &str, why: &str) -> Error {
    Refusal::new(RefusalKind::Malformed, "not_csv", why).at(place).advise("Save the table as “CSV UTF-8” and import that.").into()
}

/// Before the text is split into cells only lines can be named.
fn line_place(bytes: &[u8], at: usize) -> String {
    let before = bytes.iter().take(at).filter(|byte| **byte == b'\n').count();
    format!("line {}", before + 1)
}

/// Excel's own first line `sep=;`, which is no row of the table.
fn stated_delimiter(text: &str) -> (Option<Delimiter>, &str) {
    for delimiter in [Delimiter::Comma, Delimiter::Semicolon, Delimiter::Tab] {
        let rest = text.strip_prefix("sep=").and_then(|rest| rest.strip_prefix(delimiter.character()));
        if let Some(rest) = rest.and_then(|rest| rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix('\n'))) {
            return (Some(delimiter), rest);
        }
    }
    (None, text)
}

/// The separator that stands most often outside quotes in the first rows; a comma when in doubt.
fn sniff(text: &str) -> Delimiter {
    let mut counts = [0_usize; 3];
    let mut quoted = false;
    for byte in text.bytes().take(64 << 10) {
        match byte {
            b'"' => quoted = !quoted,
            b',' if !quoted => counts[0] += 1,
            b';' if !quoted => counts[1] += 1,
            b'\t' if !quoted => counts[2] += 1,
            _ => {}
        }
    }
    let [comma, semicolon, tab] = counts;
    if semicolon > comma && semicolon >= tab {
        Delimiter::Semicolon
    } else if tab > comma {
        Delimiter::Tab
    } else {
        Delimiter::Comma
    }
}

struct Parser {
    sheet: Sheet,
    budget: Budget,
    row: u32,
    cells: Vec<Cell>,
}

impl Parser {
    fn run(mut self, text: &str, delimiter: char) -> Result<Sheet> {
        let mut rest = text;
        while !rest.is_empty() {
            let (cell, after) = if rest.starts_with('"') { self.quoted(rest, delimiter)? } else { plain(rest, delimiter) };
            self.sheet.check_cell(self.row, self.cells.len(), &cell)?;
            self.cells.push(if cell.is_empty() { Cell::Empty } else { Cell::Text(cell) });
            rest = match after.strip_prefix(delimiter) {
                // A separator at the very end still opens one more, empty cell: nothing to keep.
                Some(after) => after,
                None => {
                    self.end_row()?;
                    after.strip_prefix("\r\n").or_else(|| after.strip_prefix(['\n', '\r'])).unwrap_or(after)
                }
            };
        }
        // The end of the last line is no further row.
        if !self.cells.is_empty() {
            self.end_row()?;
        }
        Ok(self.sheet)
    }

    fn end_row(&mut self) -> Result<()> {
        let cells = std::mem::take(&mut self.cells);
        self.sheet.push(&mut self.budget, self.row, cells)?;
        self.row = self.row.saturating_add(1);
        Ok(())
    }

    /// A cell in quotes, and the text from its separator or line end on.
    fn quoted<'a>(&self, text: &'a str, delimiter: char) -> Result<(String, &'a str)> {
        let place = || self.sheet.place(self.row, self.cells.len());
        let mut cell = String::new();
        let mut rest = text.get(1..).unwrap_or("");
        loop {
            let Some((inside, after)) = rest.split_once('"') else {
                let message = "a quote opened here is never closed";
                return Err(Refusal::new(RefusalKind::Malformed, "unclosed_quote", message).at(place()).into());
            };
            cell.push_str(inside);
            if cell.len() > limits::IMPORT_CELL_CHARS * 4 {
                // Longer than any cell allowed, whatever its characters: stop copying.
                self.sheet.check_cell(self.row, self.cells.len(), &cell)?;
            }
            if let Some(after) = after.strip_prefix('"') {
                cell.push('"');
                rest = after;
                continue;
            }
            if after.is_empty() || after.starts_with([delimiter, '\n', '\r']) {
                return Ok((cell, after));
            }
            let message = "text stands behind the closing quote; a quote inside a cell must be doubled";
            return Err(Refusal::new(RefusalKind::Malformed, "bad_quote", message).at(place()).into());
        }
    }
}

/// A cell without quotes, and the text from its separator or line end on. A quote in the middle of
/// such a cell (`PIPE 1/2"`) is a character like any other.
fn plain(text: &str, delimiter: char) -> (String, &str) {
    let end = text.find([delimiter, '\n', '\r']).unwrap_or(text.len());
    let (cell, rest) = text.split_at(end);
    (cell.to_owned(), rest)
}
