//! A sheet in a field: titles and rows of cells, as people keep it in a spreadsheet.
//!
//! It is stored as a list of lists of text, the titles first, so that it stands in the content
//! digest, in the trail and in the API as it is. It is given so, or as CSV text.

use base::limits::{SHEET_FIELD_CELL_CHARS, SHEET_FIELD_CHARS, SHEET_FIELD_COLUMNS, SHEET_FIELD_ROWS};
use base::text::clean_line;
use base::{Error, Result};
use serde_json::Value as Json;
use std::collections::BTreeSet;

/// Titles and rows; every row has as many cells as there are titles.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sheet {
    pub titles: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

impl Sheet {
    /// Reads what was given for the field `place`: a list of lists, or CSV with comma, semicolon or
    /// tab.
    ///
    /// Errors: 422 that names the row (the first below the titles is row 1) and the column.
    pub fn given(place: &str, value: &Json) -> Result<Self> {
        let lines = match value {
            Json::String(text) => lines_of_csv(place, text)?,
            Json::Array(rows) => rows.iter().enumerate().map(|(row, cells)| line_of_json(place, row, cells)).collect::<Result<_>>()?,
            _ => return Err(Error::invalid(place, "wrong_type", "a sheet is a list of rows, or CSV text")),
        };
        Self::check(place, lines)
    }

    /// What a record's field holds; empty for anything that is no sheet.
    pub fn stored(value: &Json) -> Self {
        let text = |cell: &Json| cell.as_str().unwrap_or_default().to_owned();
        let line = |row: &Json| row.as_array().map(|cells| cells.iter().map(text).collect()).unwrap_or_default();
        let mut lines: Vec<Vec<String>> = value.as_array().map(|rows| rows.iter().map(line).collect()).unwrap_or_default();
        if lines.is_empty() {
            return Self::default();
        }
        let titles = lines.remove(0);
        Self { titles, rows: lines }
    }

    fn check(place: &str, mut lines: Vec<Vec<String>>) -> Result<Self> {
        if lines.is_empty() {
            return Err(Error::invalid(place, "no_titles", "the first row of a sheet holds the titles of its columns"));
        }
        let width = lines.first().map_or(0, Vec::len);
        if width == 0 || width > SHEET_FIELD_COLUMNS {
            return Err(Error::invalid(place, "too_many_columns", format!("{width} columns; a sheet has 1 to {SHEET_FIELD_COLUMNS}")));
        }
        if lines.len() > SHEET_FIELD_ROWS + 1 {
            return Err(Error::invalid(place, "too_many_rows", format!("{} rows, at most {SHEET_FIELD_ROWS} are allowed", lines.len() - 1)));
        }
        let mut chars = 0;
        let titles = lines.first().cloned().unwrap_or_default();
        for (row, cells) in lines.iter_mut().enumerate() {
            if cells.len() != width {
                let text = format!("{} has {} cells, the titles are {width}", row_name(row), cells.len());
                return Err(Error::invalid(place, "uneven_row", text));
            }
            for (cell, title) in cells.iter_mut().zip(&titles) {
                *cell = clean_line(place, cell, SHEET_FIELD_CELL_CHARS).map_err(|error| within(error, row, title))?;
                chars += cell.chars().count();
            }
        }
        if chars > SHEET_FIELD_CHARS {
            return Err(Error::invalid(place, "too_long", format!("{chars} characters in all cells, at most {SHEET_FIELD_CHARS} are allowed")));
        }
        let titles = lines.remove(0);
        Ok(Self { titles, rows: lines })
    }

    /// The field's value as it is stored.
    pub fn to_json(&self) -> Json {
        std::iter::once(&self.titles).chain(&self.rows).map(|row| row.iter().map(|cell| Json::from(cell.as_str())).collect::<Json>()).collect()
    }

    /// The rows that another sheet does not have, for showing what a change did.
    pub fn rows_not_in(&self, other: &Self) -> Vec<String> {
        let known: BTreeSet<&Vec<String>> = other.rows.iter().collect();
        self.rows.iter().filter(|row| !known.contains(row)).map(|row| row.join(", ")).collect()
    }

    /// The sheet as CSV with commas, for a text area.
    pub fn to_csv(&self) -> String {
        let quoted = |cell: &String| match cell.contains([',', '"', ';', '\t']) {
            true => format!("\"{}\"", cell.replace('"', "\"\"")),
            false => cell.clone(),
        };
        // A row of one empty cell would read as no row at all.
        let line = |row: &Vec<String>| if row.as_slice() == [""] { "\"\"".to_owned() } else { row.iter().map(quoted).collect::<Vec<_>>().join(",") };
        std::iter::once(&self.titles).chain(&self.rows).map(line).collect::<Vec<_>>().join("\n")
    }
}

fn row_name(row: usize) -> String {
    if row == 0 { "the row of titles".to_owned() } else { format!("row {row}") }
}

fn within(error: Error, row: usize, title: &str) -> Error {
    let Error::Refused(mut refusal) = error else { return error };
    refusal.message = format!("{}, column “{}”: {}", row_name(row), title.chars().take(40).collect::<String>(), refusal.message);
    Error::Refused(refusal)
}

fn lines_of_csv(place: &str, text: &str) -> Result<Vec<Vec<String>>> {
    let first = text.trim_start().lines().next().unwrap_or_default();
    let count = |separator: u8| first.bytes().filter(|byte| *byte == separator).count();
    let separator = [b',', b';', b'\t'].into_iter().max_by_key(|separator| (count(*separator), *separator == b',')).unwrap_or(b',');
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(separator).from_reader(text.as_bytes());
    let mut lines = Vec::new();
    for (row, record) in reader.records().enumerate() {
        // One past the limit is enough to be refused.
        if row > SHEET_FIELD_ROWS + 1 {
            break;
        }
        let record = record.map_err(|error| Error::invalid(place, "bad_csv", format!("{}: {error}", row_name(row))))?;
        lines.push(record.iter().map(str::to_owned).collect());
    }
    Ok(lines)
}

fn line_of_json(place: &str, row: usize, cells: &Json) -> Result<Vec<String>> {
    let Some(cells) = cells.as_array() else {
        return Err(Error::invalid(place, "wrong_type", format!("{} must be a list of cells", row_name(row))));
    };
    let text = |(column, cell): (usize, &Json)| match cell {
        Json::String(text) => Ok(text.clone()),
        Json::Number(number) => Ok(number.to_string()),
        Json::Null => Ok(String::new()),
        _ => Err(Error::invalid(place, "wrong_type", format!("{}, column {}: a cell is text or a number", row_name(row), column + 1))),
    };
    cells.iter().enumerate().map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn given(value: &Json) -> Result<Sheet> {
        Sheet::given("fields.rows", value)
    }

    fn refused(value: &Json) -> (String, String) {
        let error = given(value).unwrap_err();
        let refusal = error.refusal().unwrap();
        assert_eq!(refusal.place.as_deref(), Some("fields.rows"));
        (refusal.code.clone(), refusal.message.clone())
    }

    #[test]
    fn frs_ref_004_lists_and_csv_by_comma_semicolon_or_tab_give_the_same_sheet() {
        let sheet = given(&json!([["grade", "word"], [1, "mild, or less"], [2, null]])).unwrap();
        assert_eq!(sheet.titles, ["grade", "word"]);
        assert_eq!(sheet.rows, [["1", "mild, or less"], ["2", ""]]);
        for text in ["grade,word\n1,\"mild, or less\"\n2,\n", "grade;word\r\n1;mild, or less\r\n\r\n2;", "grade\tword\n1\tmild, or less\n2\t"] {
            assert_eq!(given(&json!(text)).unwrap(), sheet, "{text}");
        }
        assert_eq!(given(&json!(sheet.to_csv())).unwrap(), sheet);
        assert_eq!(Sheet::stored(&sheet.to_json()), sheet);
        let narrow = Sheet { titles: vec!["a".into()], rows: vec![vec![String::new()], vec!["\"x\"".into()]] };
        assert_eq!(given(&json!(narrow.to_csv())).unwrap(), narrow);
    }

    #[test]
    fn frs_ref_004_a_sheet_that_cannot_be_read_is_refused_with_row_and_column() {
        assert_eq!(refused(&json!("a,b\n1,2\n3")), ("uneven_row".into(), "row 2 has 1 cells, the titles are 2".into()));
        assert_eq!(refused(&json!([["a"], [true]])), ("wrong_type".into(), "row 1, column 1: a cell is text or a number".into()));
        assert_eq!(refused(&json!([["a"], "b"])), ("wrong_type".into(), "row 1 must be a list of cells".into()));
        assert_eq!(refused(&json!({"a": 1})).0, "wrong_type");
        assert_eq!(refused(&json!([])).0, "no_titles");
        assert_eq!(refused(&json!([["a", "b"], ["1", "x\u{202e}y"]])), ("bad_character".into(), "row 1, column “b”: the character U+202E is not allowed here".into()));
    }

    #[test]
    fn frs_ref_004_a_sheet_keeps_to_its_limits_and_one_past_each_is_refused() {
        let rows = |count: usize| json!(vec![vec!["1"]; count + 1]);
        assert_eq!(given(&rows(SHEET_FIELD_ROWS)).unwrap().rows.len(), SHEET_FIELD_ROWS);
        assert_eq!(refused(&rows(SHEET_FIELD_ROWS + 1)).0, "too_many_rows");
        let text = |count: usize| json!("1\n".repeat(count + 1));
        assert_eq!(given(&text(SHEET_FIELD_ROWS)).unwrap().rows.len(), SHEET_FIELD_ROWS);
        assert_eq!(refused(&text(SHEET_FIELD_ROWS + 1)).0, "too_many_rows");
        let columns = |count: usize| json!([vec!["a"; count]]);
        assert!(given(&columns(SHEET_FIELD_COLUMNS)).is_ok());
        assert_eq!(refused(&columns(SHEET_FIELD_COLUMNS + 1)).0, "too_many_columns");
        let cell = |count: usize| json!([["a"], ["x".repeat(count)]]);
        assert!(given(&cell(SHEET_FIELD_CELL_CHARS)).is_ok());
        assert_eq!(refused(&cell(SHEET_FIELD_CELL_CHARS + 1)), ("too_long".into(), "row 1, column “a”: 201 characters, at most 200 are allowed".into()));
        // A thousand full cells are all there is room for.
        let mut full = vec![vec!["x".repeat(SHEET_FIELD_CELL_CHARS)]; SHEET_FIELD_CHARS / SHEET_FIELD_CELL_CHARS];
        assert!(given(&json!(full)).is_ok());
        full.push(vec!["y".to_owned()]);
        assert_eq!(refused(&json!(full)).0, "too_long");
    }
}
