//! Values to and from PostgreSQL's wire format.

use crate::row::{Header, Row};
use crate::scan::{Cell, Cells};
use crate::value::{Column, ColumnType, Value};
use base::{Error, Result};
use std::error::Error as StdError;
use std::sync::Arc;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{Format, FromSql, IsNull, ToSql, Type, to_sql_checked};

type Fault = Box<dyn StdError + Sync + Send>;

/// A parameter of a prepared statement, sent as the type that the server found for it.
#[derive(Debug)]
pub(crate) struct Bound<'a>(pub(crate) &'a Value);

impl ToSql for Bound<'_> {
    fn to_sql(&self, wanted: &Type, out: &mut BytesMut) -> Result<IsNull, Fault> {
        match (self.0, wanted) {
            (Value::Null, _) => Ok(IsNull::Yes),
            (Value::Bool(truth), &Type::BOOL) => truth.to_sql(wanted, out),
            (Value::Int(number), &Type::INT8) => number.to_sql(wanted, out),
            (Value::Int(number), &Type::INT4) => i32::try_from(*number)?.to_sql(wanted, out),
            (Value::Int(number), &Type::INT2) => i16::try_from(*number)?.to_sql(wanted, out),
            (Value::Text(text), &(Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UNKNOWN)) => {
                text.as_str().to_sql(wanted, out)
            }
            (Value::Bytes(bytes), &Type::BYTEA) => bytes.as_slice().to_sql(wanted, out),
            (value, wanted) => Err(format!("the statement wants {wanted} where {} was given", value.sort_name()).into()),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// A parameter of a statement that is not prepared: sent as text, and the server finds the type.
#[derive(Debug)]
pub(crate) struct Passing<'a>(pub(crate) &'a Value);

impl ToSql for Passing<'_> {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Fault> {
        match self.0 {
            Value::Null => return Ok(IsNull::Yes),
            Value::Bool(truth) => out.extend_from_slice(if *truth { b"true" } else { b"false" }),
            Value::Int(number) => out.extend_from_slice(number.to_string().as_bytes()),
            Value::Text(text) => out.extend_from_slice(text.as_bytes()),
            Value::Bytes(bytes) => {
                out.extend_from_slice(b"\\x");
                for byte in bytes {
                    out.extend_from_slice(format!("{byte:02x}").as_bytes());
                }
            }
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, _: &Type) -> Format {
        Format::Text
    }

    to_sql_checked!();
}

struct Found(Value);

impl<'a> FromSql<'a> for Found {
    fn from_sql(sort: &Type, raw: &'a [u8]) -> Result<Self, Fault> {
        Ok(Self(match *sort {
            Type::BOOL => Value::Bool(bool::from_sql(sort, raw)?),
            Type::INT8 => Value::Int(i64::from_sql(sort, raw)?),
            Type::INT4 => Value::Int(i64::from(i32::from_sql(sort, raw)?)),
            Type::INT2 => Value::Int(i64::from(i16::from_sql(sort, raw)?)),
            Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UNKNOWN => {
                Value::Text(<&str>::from_sql(sort, raw)?.to_owned())
            }
            Type::BYTEA => Value::Bytes(raw.to_vec()),
            _ => return Err(format!("it is of type {sort}; cast it as bigint or text").into()),
        }))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Fault> {
        Ok(Self(Value::Null))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

struct Seen<'a>(Cell<'a>);

impl<'a> FromSql<'a> for Seen<'a> {
    fn from_sql(sort: &Type, raw: &'a [u8]) -> Result<Self, Fault> {
        Ok(Self(match *sort {
            Type::BOOL => Cell::Int(i64::from(bool::from_sql(sort, raw)?)),
            Type::INT8 => Cell::Int(i64::from_sql(sort, raw)?),
            Type::INT4 => Cell::Int(i64::from(i32::from_sql(sort, raw)?)),
            Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UNKNOWN => Cell::Text(<&str>::from_sql(sort, raw)?),
            Type::BYTEA => Cell::Bytes(raw),
            _ => return Err(format!("it is of type {sort}; cast it as bigint or text").into()),
        }))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Fault> {
        Ok(Self(Cell::Null))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

impl Cells for tokio_postgres::Row {
    fn cell(&self, place: usize) -> Result<Cell<'_>> {
        let seen = self.try_get::<_, Seen<'_>>(place).map_err(|error| Error::internal(format!("column {} of a row cannot be read: {error}", place + 1)))?;
        Ok(seen.0)
    }
}

/// The rows of an answer; `statement` is short and for error texts.
pub(crate) fn rows(statement: String, found: &[tokio_postgres::Row]) -> Result<Vec<Row>> {
    let Some(first) = found.first() else {
        return Ok(Vec::new());
    };
    let names = first.columns().iter().map(|column| column.name().to_owned()).collect();
    let header = Arc::new(Header { statement, names });
    let mut rows = Vec::with_capacity(found.len());
    for row in found {
        let mut values = Vec::with_capacity(row.len());
        for place in 0..row.len() {
            let value = row.try_get::<_, Found>(place).map_err(|error| {
                let column = header.names.get(place).map_or("?", String::as_str);
                let cause = error.source().map_or_else(|| error.to_string(), ToString::to_string);
                Error::internal(format!("column `{column}` cannot be read: {cause}, in: {}", header.statement))
            })?;
            values.push(value.0);
        }
        rows.push(Row::new(Arc::clone(&header), values));
    }
    Ok(rows)
}

/// `insert into t (a, b) select * from unnest($1::bigint[], $2::text[])`.
pub(crate) fn insert_text(table: &str, columns: &[Column]) -> String {
    let names: Vec<_> = columns.iter().map(|column| column.name).collect();
    let arrays: Vec<_> = columns
        .iter()
        .enumerate()
        .map(|(place, column)| {
            let sort = match column.sort {
                ColumnType::Int => "bigint",
                ColumnType::Bool => "boolean",
                ColumnType::Text => "text",
                ColumnType::Bytes => "bytea",
            };
            format!("${}::{sort}[]", place + 1)
        })
        .collect();
    format!("insert into {table} ({}) select * from unnest({})", names.join(", "), arrays.join(", "))
}

/// One column of many rows, as an array.
#[derive(Debug)]
pub(crate) enum Array<'a> {
    Int(Vec<Option<i64>>),
    Bool(Vec<Option<bool>>),
    Text(Vec<Option<&'a str>>),
    Bytes(Vec<Option<&'a [u8]>>),
}

impl<'a> Array<'a> {
    pub(crate) fn of(column: &Column, place: usize, rows: &'a [Vec<Value>]) -> Result<Self> {
        let cells = rows.iter().map(|row| row.get(place).unwrap_or(&Value::Null));
        let wrong = |value: &Value| {
            Error::internal(format!("column `{}` takes {}, not {}", column.name, column.sort.name(), value.sort_name()))
        };
        Ok(match column.sort {
            ColumnType::Int => Self::Int(collect(cells, wrong, |value| match value {
                Value::Int(number) => Some(*number),
                _ => None,
            })?),
            ColumnType::Bool => Self::Bool(collect(cells, wrong, |value| match value {
                Value::Bool(truth) => Some(*truth),
                _ => None,
            })?),
            ColumnType::Text => Self::Text(collect(cells, wrong, |value| match value {
                Value::Text(text) => Some(text.as_str()),
                _ => None,
            })?),
            ColumnType::Bytes => Self::Bytes(collect(cells, wrong, |value| match value {
                Value::Bytes(bytes) => Some(bytes.as_slice()),
                _ => None,
            })?),
        })
    }

    pub(crate) fn as_param(&self) -> &(dyn ToSql + Sync) {
        match self {
            Self::Int(cells) => cells,
            Self::Bool(cells) => cells,
            Self::Text(cells) => cells,
            Self::Bytes(cells) => cells,
        }
    }
}

fn collect<'a, T>(
    cells: impl Iterator<Item = &'a Value>,
    wrong: impl Fn(&Value) -> Error,
    take: impl Fn(&'a Value) -> Option<T>,
) -> Result<Vec<Option<T>>> {
    cells
        .map(|value| match (value, take(value)) {
            (Value::Null, _) => Ok(None),
            (_, Some(taken)) => Ok(Some(taken)),
            (value, None) => Err(wrong(value)),
        })
        .collect()
}
