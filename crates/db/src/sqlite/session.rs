//! One SQLite connection as a [`Session`].

use super::error;
use crate::database::Engine;
use crate::row::{Header, Row};
use crate::scan::{Cell, Cells, Each, Scanned};
use crate::session::Session;
use crate::statement::{Sql, Text, for_sqlite, shorten};
use crate::value::{Column, Value};
use base::{Error, Result};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Statement};
use std::collections::HashMap;
use std::sync::Arc;

pub(crate) struct SqliteSession {
    connection: Connection,
    begin: &'static str,
    /// Rewritten texts of fixed statements, by the place of the literal in the program.
    rewritten: HashMap<(usize, usize), Arc<str>>,
}

impl SqliteSession {
    /// `begin` is `begin immediate` for the writer: a deferred transaction that turns into a
    /// writing one fails at once when another got there first.
    pub(crate) fn new(connection: Connection, begin: &'static str) -> Self {
        Self { connection, begin, rewritten: HashMap::new() }
    }

    fn rewrite(&mut self, text: Text<'_>) -> Arc<str> {
        let Text::Fixed(fixed) = text else {
            return for_sqlite(text.as_str()).into();
        };
        let key = (fixed.as_ptr() as usize, fixed.len());
        Arc::clone(self.rewritten.entry(key).or_insert_with(|| for_sqlite(fixed).into()))
    }

    fn control(&self, text: &str) -> Result<()> {
        self.connection.execute_batch(text).map_err(|error| error::of(&error, &shorten(text)))
    }
}

impl Session for SqliteSession {
    fn engine(&self) -> Engine {
        Engine::Sqlite
    }

    fn begin(&mut self) -> Result<()> {
        self.control(self.begin)
    }

    fn commit(&mut self) -> Result<()> {
        self.connection.execute_batch("commit").map_err(|error| error::of_commit(&error))
    }

    fn rollback(&mut self) -> Result<()> {
        // A full disk has already rolled back by itself.
        if self.in_transaction() { self.control("rollback") } else { Ok(()) }
    }

    fn in_transaction(&self) -> bool {
        !self.connection.is_autocommit()
    }

    fn query(&mut self, text: Text<'_>, params: &[Value]) -> Result<Vec<Row>> {
        let sql = self.rewrite(text);
        let fail = |error: rusqlite::Error| error::of(&error, &shorten(text.as_str()));
        let mut statement = self.connection.prepare_cached(&sql).map_err(fail)?;
        bind(&mut statement, text, params)?;
        let truths: Vec<bool> = statement.columns().map(|column| is_bool(column.decl_type())).collect();
        let names = statement.column_names().map(str::to_owned).collect();
        let header = Arc::new(Header { statement: shorten(text.as_str()), names });
        let mut found = Vec::new();
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().map_err(fail)? {
            let mut values = Vec::with_capacity(truths.len());
            for (place, is_truth) in truths.iter().enumerate() {
                values.push(value(row.get_ref(place).map_err(fail)?, *is_truth, place, &header)?);
            }
            found.push(Row::new(Arc::clone(&header), values));
        }
        Ok(found)
    }

    fn scan(&mut self, text: Text<'_>, params: &[Value], each: Each<'_>) -> Result<()> {
        let sql = self.rewrite(text);
        let fail = |error: rusqlite::Error| error::of(&error, &shorten(text.as_str()));
        let mut statement = self.connection.prepare_cached(&sql).map_err(fail)?;
        bind(&mut statement, text, params)?;
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().map_err(fail)? {
            each(Scanned::new(row))?;
        }
        Ok(())
    }

    fn execute(&mut self, text: Text<'_>, params: &[Value]) -> Result<u64> {
        let sql = self.rewrite(text);
        let fail = |error: rusqlite::Error| error::of(&error, &shorten(text.as_str()));
        let mut statement = self.connection.prepare_cached(&sql).map_err(fail)?;
        bind(&mut statement, text, params)?;
        let changed = statement.raw_execute().map_err(fail)?;
        Ok(u64::try_from(changed).unwrap_or(u64::MAX))
    }

    fn execute_batch(&mut self, statements: &[(Sql, Vec<Value>)]) -> Result<Vec<u64>> {
        statements.iter().map(|(sql, params)| self.execute(Text::Fixed(sql.text()), params)).collect()
    }

    fn execute_rows(&mut self, text: &str, rows: &[Vec<Value>]) -> Result<u64> {
        let text = Text::Generated(text);
        let sql = self.rewrite(text);
        let fail = |error: rusqlite::Error| error::of(&error, &shorten(text.as_str()));
        let mut statement = self.connection.prepare_cached(&sql).map_err(fail)?;
        let mut changed = 0;
        for row in rows {
            bind(&mut statement, text, row)?;
            changed += statement.raw_execute().map_err(fail)?;
        }
        Ok(u64::try_from(changed).unwrap_or(u64::MAX))
    }

    fn insert_rows(&mut self, table: &'static str, columns: &[Column], rows: &[Vec<Value>]) -> Result<()> {
        let names: Vec<_> = columns.iter().map(|column| column.name).collect();
        let places: Vec<_> = (1..=columns.len()).map(|place| format!("?{place}")).collect();
        let sql = format!("insert into {table} ({}) values ({})", names.join(", "), places.join(", "));
        let text = Text::Generated(&sql);
        let fail = |error: rusqlite::Error| error::of(&error, &shorten(&sql));
        let mut statement = self.connection.prepare_cached(&sql).map_err(fail)?;
        for row in rows {
            bind(&mut statement, text, row)?;
            statement.raw_execute().map_err(fail)?;
        }
        Ok(())
    }

    fn lock_row(&mut self, _table: &'static str, _tenant: &str, _id: &str) -> Result<()> {
        Ok(())
    }

    fn write_ahead(&mut self) {
        // The one writer keeps all others waiting for the whole transaction; nobody would wait less.
    }

    fn script(&mut self, text: &str) -> Result<()> {
        self.control(text)
    }
}

fn bind(statement: &mut Statement<'_>, text: Text<'_>, params: &[Value]) -> Result<()> {
    let wanted = statement.parameter_count();
    if wanted != params.len() {
        return Err(Error::internal(format!("{} parameters where {wanted} are due, in: {}", params.len(), shorten(text.as_str()))));
    }
    for (place, param) in params.iter().enumerate() {
        let borrowed = match param {
            Value::Null => ValueRef::Null,
            Value::Bool(truth) => ValueRef::Integer(i64::from(*truth)),
            Value::Int(number) => ValueRef::Integer(*number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Bytes(bytes) => ValueRef::Blob(bytes),
        };
        statement
            .raw_bind_parameter(place + 1, ToSqlOutput::Borrowed(borrowed))
            .map_err(|error| error::of(&error, &shorten(text.as_str())))?;
    }
    Ok(())
}

impl Cells for rusqlite::Row<'_> {
    fn cell(&self, place: usize) -> Result<Cell<'_>> {
        let unreadable = |what: &str| Error::internal(format!("column {} of a row {what}", place + 1));
        match self.get_ref(place).map_err(|error| error::of(&error, "reading a row"))? {
            ValueRef::Null => Ok(Cell::Null),
            ValueRef::Integer(number) => Ok(Cell::Int(number)),
            ValueRef::Text(text) => std::str::from_utf8(text).map(Cell::Text).map_err(|_| unreadable("is not UTF-8")),
            ValueRef::Blob(bytes) => Ok(Cell::Bytes(bytes)),
            ValueRef::Real(_) => Err(unreadable("is a floating-point number")),
        }
    }
}

/// `{bool}` is declared `integer` and `{int}` is declared `int`, so that the two can be told apart
/// though SQLite keeps them alike.
fn is_bool(declared: Option<&str>) -> bool {
    declared.is_some_and(|name| name.eq_ignore_ascii_case("integer"))
}

fn value(stored: ValueRef<'_>, is_truth: bool, place: usize, header: &Header) -> Result<Value> {
    let column = || header.names.get(place).map_or("?", String::as_str);
    match stored {
        ValueRef::Null => Ok(Value::Null),
        ValueRef::Integer(number @ (0 | 1)) if is_truth => Ok(Value::Bool(number == 1)),
        ValueRef::Integer(number) => Ok(Value::Int(number)),
        ValueRef::Text(text) => match std::str::from_utf8(text) {
            Ok(text) => Ok(Value::Text(text.to_owned())),
            Err(_) => Err(Error::internal(format!("column `{}` is not UTF-8, in: {}", column(), header.statement))),
        },
        ValueRef::Blob(bytes) => Ok(Value::Bytes(bytes.to_vec())),
        // An integer that overflowed becomes a float without a word.
        ValueRef::Real(_) => Err(Error::internal(format!(
            "column `{}` is a floating-point number (an overflow?); cast it as bigint, in: {}",
            column(),
            header.statement
        ))),
    }
}
