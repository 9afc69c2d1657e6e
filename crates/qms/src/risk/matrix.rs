//! The matrix that says which risks are acceptable: reference data with an edition and a version.
//! An evaluation remembers the version it used, so a later matrix never recolours it.

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

/// A matrix of severity and probability, 1 to 5 each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matrix {
    /// Its name. The cells are a starting point of ours, taken from no standard: ISO 14971 4.4
    /// leaves the criteria to the manufacturer.
    pub edition: &'static str,
    /// Raised with every change of a cell.
    pub version: u32,
    /// Rows: probability 1 (improbable) to 5 (frequent). Columns: severity 1 (negligible) to 5
    /// (catastrophic).
    cells: [[Acceptability; 5]; 5],
}

impl Matrix {
    /// What the matrix says; `None` off the scales.
    pub fn acceptability(&self, severity: i64, probability: i64) -> Option<Acceptability> {
        let place = |grade: i64| usize::try_from(grade - 1).ok();
        self.cells.get(place(probability)?)?.get(place(severity)?).copied()
    }

    /// How an evaluation names the matrix it used.
    pub fn name(&self) -> String {
        format!("version {}, {}", self.version, self.edition)
    }
}

/// The matrix in force as delivered.
pub const MATRIX: Matrix = Matrix { edition: "Plumb 5 × 5", version: 1, cells: CELLS };

const CELLS: [[Acceptability; 5]; 5] = {
    use Acceptability::{Acceptable as A, Reduce as R, Unacceptable as U};
    [
        [A, A, A, A, R],
        [A, A, A, R, R],
        [A, A, R, R, U],
        [A, R, R, U, U],
        [R, R, U, U, U],
    ]
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frs_rsk_004_no_cell_of_version_1_changes_without_a_new_version() {
        // Severity 1 to 5 from left to right, probability 5 down to 1.
        let pinned = ["RRUUU", "ARRUU", "AARRU", "AAARR", "AAAAR"];
        for (row, probability) in pinned.iter().zip((1..=5).rev()) {
            for (cell, severity) in row.chars().zip(1..=5) {
                let expected = match cell {
                    'A' => Acceptability::Acceptable,
                    'R' => Acceptability::Reduce,
                    _ => Acceptability::Unacceptable,
                };
                assert_eq!(MATRIX.acceptability(severity, probability), Some(expected), "severity {severity}, probability {probability}");
            }
        }
    }

    #[test]
    fn frs_rsk_004_more_severe_or_more_probable_is_never_more_acceptable() {
        let at = |severity, probability| MATRIX.acceptability(severity, probability).unwrap();
        for grade in 1..=5 {
            for step in 1..=4 {
                assert!(at(step, grade) <= at(step + 1, grade));
                assert!(at(grade, step) <= at(grade, step + 1));
            }
        }
    }

    #[test]
    fn frs_rsk_004_off_the_scales_there_is_no_answer() {
        for (severity, probability) in [(0, 1), (1, 0), (6, 1), (1, 6), (-1, 3), (i64::MAX, 1)] {
            assert_eq!(MATRIX.acceptability(severity, probability), None);
        }
    }
}
