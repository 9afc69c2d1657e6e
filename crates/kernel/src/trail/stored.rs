//! A regulated row as it was read.

use crate::table::{Table, Values};
use base::Result;
use db::{ColumnType, Row, Value};

/// A row as read from its table, with the pointer to the event that wrote it.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    pub values: Values,
    pub(super) at_tx: String,
    pub(super) at_ord: i64,
}

impl Stored {
    pub fn from_row(table: &Table, row: &Row) -> Result<Self> {
        let mut values = Values::new();
        for column in table.columns {
            let value = match (column.sort, row.value(column.name)?) {
                (ColumnType::Bool, Value::Int(number)) => Value::Bool(*number != 0),
                (_, value) => value.clone(),
            };
            values.insert(column.name, value);
        }
        Ok(Self { values, at_tx: row.text("at_tx")?.to_owned(), at_ord: row.int("at_ord")? })
    }

    /// The event that the row says wrote it last: its transaction, and its place there.
    pub(crate) fn pointer(&self) -> (&str, i64) {
        (&self.at_tx, self.at_ord)
    }

    /// A row that is not written yet; updating it fails.
    pub(crate) fn pending() -> Self {
        Self { values: Values::new(), at_tx: String::new(), at_ord: -1 }
    }

    /// The row with some values replaced.
    pub fn with<const N: usize>(&self, changes: [(&'static str, Value); N]) -> Values {
        let mut values = self.values.clone();
        values.extend(changes);
        values
    }
}
