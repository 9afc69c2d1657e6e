//! Reading a sheet as a declared table: pure, and every fault named by its row and column.

use super::{Column, ColumnSort, ReferenceTable};
use crate::sheet::Sheet;
use base::limits::REFERENCE_FAULTS;
use std::collections::BTreeMap;
use std::fmt;

/// A row whose cells are what their columns allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// 1 for the first below the titles.
    pub number: usize,
    cells: BTreeMap<&'static str, String>,
}

impl Row {
    /// A cell's text; empty for a column that is not declared.
    pub fn text(&self, column: &str) -> &str {
        self.cells.get(column).map_or("", String::as_str)
    }

    /// A cell of an integer column.
    pub fn int(&self, column: &str) -> Option<i64> {
        self.text(column).parse().ok()
    }
}

/// What is wrong with a sheet, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// `None` for the table as a whole.
    pub row: Option<usize>,
    /// Label of the column; empty for the whole row.
    pub column: String,
    pub text: String,
}

impl Fault {
    /// Something the table lacks as a whole.
    pub fn of_table(text: impl Into<String>) -> Self {
        Self { row: None, column: String::new(), text: text.into() }
    }

    pub fn at(row: usize, column: &str, text: impl Into<String>) -> Self {
        Self { row: Some(row), column: column.to_owned(), text: text.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.row, self.column.as_str()) {
            (Some(row), "") => write!(out, "Row {row}: {}", self.text),
            (Some(row), column) => write!(out, "Row {row}, “{column}”: {}", self.text),
            (None, "") => out.write_str(&self.text),
            (None, column) => write!(out, "Column “{column}”: {}", self.text),
        }
    }
}

/// The rows of a sheet, or everything that is wrong with it (at most [`REFERENCE_FAULTS`] faults).
pub fn read(table: &ReferenceTable, sheet: &Sheet) -> Result<Vec<Row>, Vec<Fault>> {
    let mut faults = of_titles(table, sheet);
    if !faults.is_empty() {
        return Err(faults);
    }
    let mut rows = Vec::with_capacity(sheet.rows.len());
    for (index, cells) in sheet.rows.iter().enumerate() {
        let number = index + 1;
        let named = |column: &Column| sheet.titles.iter().position(|title| title == column.name).and_then(|place| cells.get(place));
        let mut row = Row { number, cells: BTreeMap::new() };
        for column in table.columns {
            let cell = named(column).map_or("", String::as_str);
            faults.extend(of_cell(column, cell).map(|text| Fault::at(number, column.label, text)));
            row.cells.insert(column.name, cell.to_owned());
        }
        rows.push(row);
    }
    if faults.is_empty() {
        faults.extend(of_keys(table, &rows));
    }
    if faults.is_empty() {
        faults = (table.check)(&rows);
    }
    if faults.is_empty() {
        return Ok(rows);
    }
    if faults.len() > REFERENCE_FAULTS {
        let more = faults.len() - REFERENCE_FAULTS;
        faults.truncate(REFERENCE_FAULTS);
        faults.push(Fault::of_table(format!("And {more} more")));
    }
    Err(faults)
}

fn of_titles(table: &ReferenceTable, sheet: &Sheet) -> Vec<Fault> {
    let count = |name: &str| sheet.titles.iter().filter(|title| *title == name).count();
    let mut faults = Vec::new();
    for column in table.columns {
        match count(column.name) {
            1 => {}
            0 => faults.push(Fault { row: None, column: column.name.to_owned(), text: "is missing".to_owned() }),
            _ => faults.push(Fault { row: None, column: column.name.to_owned(), text: "is there twice".to_owned() }),
        }
    }
    let known: Vec<_> = table.columns.iter().map(|column| column.name).collect();
    for title in sheet.titles.iter().filter(|title| !known.contains(&title.as_str())) {
        faults.push(Fault { row: None, column: title.clone(), text: format!("is not one of: {}", known.join(", ")) });
    }
    if faults.is_empty() && sheet.rows.is_empty() {
        faults.push(Fault::of_table("The table has no rows"));
    }
    faults
}

fn of_cell(column: &Column, cell: &str) -> Option<String> {
    if cell.is_empty() {
        return Some("is empty".to_owned());
    }
    match column.sort {
        ColumnSort::Line => None,
        ColumnSort::Integer { min, max } => {
            let plain = cell.parse::<i64>().ok().filter(|number| number.to_string() == cell && (min..=max).contains(number));
            plain.is_none().then(|| format!("“{cell}” is no whole number from {min} to {max}"))
        }
        ColumnSort::Word(words) => (!words.contains(&cell)).then(|| format!("“{cell}” is not one of: {}", words.join(", "))),
    }
}

/// Two rows that answer the same question.
fn of_keys(table: &ReferenceTable, rows: &[Row]) -> Vec<Fault> {
    let keys: Vec<&Column> = table.columns.iter().filter(|column| column.key).collect();
    let mut seen: BTreeMap<Vec<&str>, usize> = BTreeMap::new();
    let mut faults = Vec::new();
    for row in rows {
        let key: Vec<&str> = keys.iter().map(|column| row.text(column.name)).collect();
        if let Some(first) = seen.get(&key) {
            let named: Vec<_> = keys.iter().zip(&key).map(|(column, cell)| format!("{} {cell}", column.label.to_lowercase())).collect();
            faults.push(Fault { row: Some(row.number), column: String::new(), text: format!("{} stands in row {first} already", named.join(", ")) });
        } else {
            seen.insert(key, row.number);
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn every_grade(rows: &[Row]) -> Vec<Fault> {
        let missing = (1..=3).filter(|grade| !rows.iter().any(|row| row.int("grade") == Some(*grade)));
        missing.map(|grade| Fault::of_table(format!("Grade {grade} is missing"))).collect()
    }

    const TABLE: ReferenceTable = ReferenceTable {
        name: "grades",
        title: "Grades",
        text: "",
        requirement: "FRS-REF-001",
        columns: &[
            Column::key("grade", "Grade", ColumnSort::Integer { min: 1, max: 3 }),
            Column::value("verdict", "Verdict", ColumnSort::Word(&["good", "bad"])),
            Column::value("note", "Note", ColumnSort::Line),
        ],
        check: every_grade,
        shipped: "",
        source: "",
    };

    fn faults(text: &str) -> Vec<String> {
        let sheet = Sheet::given("fields.rows", &json!(text)).unwrap();
        read(&TABLE, &sheet).unwrap_err().iter().map(Fault::to_string).collect()
    }

    #[test]
    fn frs_ref_003_a_complete_table_reads_whatever_the_order_of_its_columns() {
        let sheet = Sheet::given("fields.rows", &json!("note,verdict,grade\na,good,1\nb,bad,3\nc,bad,2")).unwrap();
        let rows = read(&TABLE, &sheet).unwrap();
        assert_eq!(rows.iter().map(|row| (row.number, row.int("grade"), row.text("verdict"))).collect::<Vec<_>>(), [(1, Some(1), "good"), (2, Some(3), "bad"), (3, Some(2), "bad")]);
        assert_eq!((rows[0].text("none"), rows[0].int("note")), ("", None));
    }

    #[test]
    fn frs_ref_003_an_incomplete_or_contradictory_table_is_refused_by_row_and_column() {
        assert_eq!(faults("grade,verdict"), ["Column “note”: is missing"]);
        assert_eq!(faults("grade,verdict,note,grade\n1,good,a,1"), ["Column “grade”: is there twice"]);
        assert_eq!(faults("grade,verdict,note,colour\n1,good,a,red"), ["Column “colour”: is not one of: grade, verdict, note"]);
        assert_eq!(faults("grade,verdict,note"), ["The table has no rows"]);
        assert_eq!(
            faults("grade,verdict,note\n4,good,a\n2,fair,b\n+3,bad,"),
            [
                "Row 1, “Grade”: “4” is no whole number from 1 to 3",
                "Row 2, “Verdict”: “fair” is not one of: good, bad",
                "Row 3, “Grade”: “+3” is no whole number from 1 to 3",
                "Row 3, “Note”: is empty",
            ]
        );
        assert_eq!(faults("grade,verdict,note\n1,good,a\n2,bad,b\n1,bad,c"), ["Row 3: grade 1 stands in row 1 already"]);
        assert_eq!(faults("grade,verdict,note\n1,good,a\n2,bad,b"), ["Grade 3 is missing"]);
    }

    #[test]
    fn frs_ref_003_faults_are_named_up_to_the_limit_and_the_rest_only_counted() {
        let rows = |count: usize| format!("grade,verdict,note\n{}", "1,no,a\n".repeat(count));
        assert_eq!(faults(&rows(REFERENCE_FAULTS)).len(), REFERENCE_FAULTS);
        let many = faults(&rows(REFERENCE_FAULTS + 1));
        assert_eq!((many.len(), many.last().unwrap().as_str()), (REFERENCE_FAULTS + 1, "And 1 more"));
    }
}
