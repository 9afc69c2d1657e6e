//! A row of an answer, read by column name.
//!
//! Reading a column that is not there, or as the wrong kind of value, is a fault of ours and gives
//! `Error::Internal` with the statement and the column, never the value.

use crate::value::Value;
use base::{Error, Result};
use std::sync::Arc;

/// What the rows of one answer share: the statement, for error texts, and the column names.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) statement: String,
    pub(crate) names: Vec<String>,
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    header: Arc<Header>,
    values: Vec<Value>,
}

impl Row {
    pub(crate) fn new(header: Arc<Header>, values: Vec<Value>) -> Self {
        Self { header, values }
    }

    /// The column as it came.
    pub fn value(&self, column: &str) -> Result<&Value> {
        // Rows are narrow: looking along the names costs less than a map for each answer.
        let place = self.header.names.iter().position(|name| name == column);
        place.and_then(|place| self.values.get(place)).ok_or_else(|| {
            Error::internal(format!(
                "no column `{column}` among {} in the answer of: {}",
                self.header.names.join(", "),
                self.header.statement
            ))
        })
    }

    /// A text that is never null.
    pub fn text(&self, column: &str) -> Result<&str> {
        match self.value(column)? {
            Value::Text(text) => Ok(text),
            other => Err(self.wrong(column, "text", other)),
        }
    }

    /// A text, or `None` for null.
    pub fn opt_text(&self, column: &str) -> Result<Option<&str>> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Text(text) => Ok(Some(text)),
            other => Err(self.wrong(column, "text or null", other)),
        }
    }

    /// An integer that is never null.
    pub fn int(&self, column: &str) -> Result<i64> {
        match self.value(column)? {
            Value::Int(number) => Ok(*number),
            other => Err(self.wrong(column, "int", other)),
        }
    }

    /// An integer, or `None` for null.
    pub fn opt_int(&self, column: &str) -> Result<Option<i64>> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Int(number) => Ok(Some(*number)),
            other => Err(self.wrong(column, "int or null", other)),
        }
    }

    /// A truth value. The numbers 0 and 1 are accepted too, because a computed one (`a = b`) comes
    /// from SQLite as a number.
    pub fn bool(&self, column: &str) -> Result<bool> {
        match self.value(column)? {
            Value::Bool(truth) => Ok(*truth),
            Value::Int(0) => Ok(false),
            Value::Int(1) => Ok(true),
            other => Err(self.wrong(column, "bool", other)),
        }
    }

    /// A truth value, or `None` for null.
    pub fn opt_bool(&self, column: &str) -> Result<Option<bool>> {
        match self.value(column)? {
            Value::Null => Ok(None),
            _ => self.bool(column).map(Some),
        }
    }

    /// Bytes that are never null.
    pub fn bytes(&self, column: &str) -> Result<&[u8]> {
        match self.value(column)? {
            Value::Bytes(bytes) => Ok(bytes),
            other => Err(self.wrong(column, "bytes", other)),
        }
    }

    /// Bytes, or `None` for null.
    pub fn opt_bytes(&self, column: &str) -> Result<Option<&[u8]>> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Bytes(bytes) => Ok(Some(bytes)),
            other => Err(self.wrong(column, "bytes or null", other)),
        }
    }

    /// The column names in the order of the statement.
    pub fn columns(&self) -> &[String] {
        &self.header.names
    }

    /// The values in the order of the statement.
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// The values without the row around them.
    pub fn into_values(self) -> Vec<Value> {
        self.values
    }

    fn wrong(&self, column: &str, wanted: &str, found: &Value) -> Error {
        Error::internal(format!(
            "column `{column}` holds {}, {wanted} was asked for, in the answer of: {}",
            found.sort_name(),
            self.header.statement
        ))
    }
}
