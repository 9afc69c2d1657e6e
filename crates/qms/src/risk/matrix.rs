//! The matrix that says which risks are acceptable: a reference table under approval. An evaluation
//! remembers the revision it used, so a later matrix never recolours it.

use base::Result;
use db::Read;
use kernel::record::Record;
use kernel::reference::{self, Column, ColumnSort, Content, Fault, ReferenceTable, Row, Used};
use serde_json::Value as Json;

/// How acceptable a risk is (ISO 14971:2019 clause 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Acceptability {
    /// No further control is required.
    Acceptable,
    /// To be reduced as far as possible; what remains is weighed.
    Reduce,
    /// Only with controls, or with a benefit that outweighs it.
    Unacceptable,
}

impl Acceptability {
    /// The value in the record's field.
    pub fn name(self) -> &'static str {
        match self {
            Self::Acceptable => "acceptable",
            Self::Reduce => "reduce",
            Self::Unacceptable => "unacceptable",
        }
    }

    /// What people read.
    pub fn label(self) -> &'static str {
        match self {
            Self::Acceptable => "Acceptable",
            Self::Reduce => "Reduce as far as possible",
            Self::Unacceptable => "Unacceptable",
        }
    }

    /// All of them, mildest first.
    pub const ALL: [Self; 3] = [Self::Acceptable, Self::Reduce, Self::Unacceptable];
}

/// The grades of both scales.
const GRADES: std::ops::RangeInclusive<i64> = 1..=5;
const SEVERITY: Column = Column::key("severity", "Severity", ColumnSort::Integer { min: 1, max: 5 });
const PROBABILITY: Column = Column::key("probability", "Probability", ColumnSort::Integer { min: 1, max: 5 });
const ACCEPTABILITY: Column = Column::value("acceptability", "Acceptability", ColumnSort::Word(&["acceptable", "reduce", "unacceptable"]));

/// The risk matrix as a reference table.
pub const TABLE: ReferenceTable = ReferenceTable {
    name: "risk_matrix",
    title: "Risk matrix",
    text: "Which risks are acceptable, by severity (1 negligible to 5 catastrophic) and probability (1 improbable to 5 frequent).",
    requirement: "FRS-RSK-004",
    columns: &[SEVERITY, PROBABILITY, ACCEPTABILITY],
    check: is_complete,
    shipped: include_str!("matrix_shipped.csv"),
    source: "A starting point of Plumb's own, 5 × 5, taken from no standard: ISO 14971 4.4 leaves the criteria to the manufacturer, who revises and approves this table.",
};

/// All 25 cells are there, and a graver or more probable risk is never more acceptable.
fn is_complete(rows: &[Row]) -> Vec<Fault> {
    let mut faults = Vec::new();
    let cell = |severity: i64, probability: i64| rows.iter().find(|row| row.int(SEVERITY.name) == Some(severity) && row.int(PROBABILITY.name) == Some(probability));
    for severity in GRADES {
        for probability in GRADES {
            let Some(row) = cell(severity, probability) else {
                faults.push(Fault::of_table(format!("The cell for severity {severity}, probability {probability} is missing")));
                continue;
            };
            for (milder, what) in [(cell(severity - 1, probability), "less severe"), (cell(severity, probability - 1), "less probable")] {
                if let Some(milder) = milder.filter(|milder| said(milder) > said(row)) {
                    let text = format!("“{}” is more acceptable than the {what} risk in row {}, “{}”", row.text(ACCEPTABILITY.name), milder.number, milder.text(ACCEPTABILITY.name));
                    faults.push(Fault::at(row.number, ACCEPTABILITY.label, text));
                }
            }
        }
    }
    faults
}

fn said(row: &Row) -> Option<Acceptability> {
    Acceptability::ALL.into_iter().find(|known| known.name() == row.text(ACCEPTABILITY.name))
}

/// A revision of the matrix, ready to be asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    content: Content,
}

impl Matrix {
    /// The matrix that counts now.
    pub fn in_force(tx: &mut dyn Read, tenant: &str) -> Result<Self> {
        Ok(Self { content: reference::in_force(tx, tenant, &TABLE)? })
    }

    /// The matrix by which a risk was evaluated; the one that counts now where it was not yet.
    pub fn of_risk(tx: &mut dyn Read, risk: &Record) -> Result<Self> {
        match risk.fields.get("matrix").and_then(Used::read) {
            Some(used) => Ok(Self { content: reference::of_revision(tx, &risk.tenant, &TABLE, &used.record)? }),
            None => Self::in_force(tx, &risk.tenant),
        }
    }

    /// What the matrix says; `None` off the scales.
    pub fn acceptability(&self, severity: i64, probability: i64) -> Option<Acceptability> {
        let row = self.content.rows.iter().find(|row| row.int(SEVERITY.name) == Some(severity) && row.int(PROBABILITY.name) == Some(probability));
        row.and_then(said)
    }

    /// `RT-RISK-MATRIX rev 2`.
    pub fn label(&self) -> String {
        self.content.record.label()
    }

    /// The revision's record.
    pub fn record(&self) -> &Record {
        &self.content.record
    }

    /// What an evaluation keeps of it.
    pub fn used(&self) -> Json {
        self.content.used()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::sheet::Sheet;
    use serde_json::json;

    fn read(text: &str) -> Result<Vec<Row>, Vec<String>> {
        let sheet = Sheet::given("rows", &json!(text)).unwrap();
        reference::read(&TABLE, &sheet).map_err(|faults| faults.iter().map(Fault::to_string).collect())
    }

    fn at(rows: &[Row], severity: i64, probability: i64) -> Acceptability {
        rows.iter().find(|row| row.int("severity") == Some(severity) && row.int("probability") == Some(probability)).and_then(said).unwrap()
    }

    #[test]
    fn frs_rsk_004_no_cell_of_the_shipped_matrix_changes_unnoticed() {
        let rows = read(TABLE.shipped).unwrap();
        // Severity 1 to 5 from left to right, probability 5 down to 1.
        let pinned = ["RRUUU", "ARRUU", "AARRU", "AAARR", "AAAAR"];
        for (row, probability) in pinned.iter().zip((1..=5).rev()) {
            for (cell, severity) in row.chars().zip(1..=5) {
                let expected = match cell {
                    'A' => Acceptability::Acceptable,
                    'R' => Acceptability::Reduce,
                    _ => Acceptability::Unacceptable,
                };
                assert_eq!(at(&rows, severity, probability), expected, "severity {severity}, probability {probability}");
            }
        }
    }

    #[test]
    fn frs_rsk_004_a_matrix_with_a_missing_cell_is_refused() {
        let text = TABLE.shipped.replace("3,4,reduce\n", "");
        assert_eq!(read(&text).unwrap_err(), ["The cell for severity 3, probability 4 is missing"]);
        let text = TABLE.shipped.replace("5,1,reduce", "6,1,reduce");
        assert_eq!(read(&text).unwrap_err(), ["Row 5, “Severity”: “6” is no whole number from 1 to 5"]);
    }

    #[test]
    fn frs_rsk_004_more_severe_or_more_probable_is_never_more_acceptable() {
        let text = TABLE.shipped.replace("5,5,unacceptable", "5,5,acceptable");
        assert_eq!(
            read(&text).unwrap_err(),
            [
                "Row 25, “Acceptability”: “acceptable” is more acceptable than the less severe risk in row 24, “unacceptable”",
                "Row 25, “Acceptability”: “acceptable” is more acceptable than the less probable risk in row 20, “unacceptable”",
            ]
        );
    }
}
