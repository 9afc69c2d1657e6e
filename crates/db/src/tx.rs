//! What a caller holds inside a transaction: [`Read`] for looking, [`Tx`] for changing.

use crate::database::Engine;
use crate::row::Row;
use crate::scan::Each;
use crate::session::{Guarded, check_params};
use crate::statement::{Query, Sql, Text, check_name};
use crate::value::{Column, Value};
use base::{Error, Result};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Looking at one consistent state of the data. Callers pass `&mut dyn Read` on; both a snapshot
/// and a [`Tx`] are one.
pub trait Read {
    /// All rows.
    fn query(&mut self, sql: Sql, params: &[Value]) -> Result<Vec<Row>>;
    /// The row or none; more than one is an internal error.
    fn query_opt(&mut self, sql: Sql, params: &[Value]) -> Result<Option<Row>>;
    /// The row; none or more than one is an internal error.
    fn query_one(&mut self, sql: Sql, params: &[Value]) -> Result<Row>;
    /// All rows of a statement that was put together for this request.
    fn run(&mut self, query: &Query) -> Result<Vec<Row>>;
    /// All rows of a statement generated from a table declaration. For the kernel's declared
    /// tables only: text that holds anything from outside must never come here.
    fn query_text(&mut self, text: &str, params: &[Value]) -> Result<Vec<Row>>;
    /// Hands each row to `each` while the statement runs, and keeps none: for what goes over a whole
    /// table. The text is a fixed statement's or generated from a table declaration, as above.
    fn scan(&mut self, text: &str, params: &[Value], each: Each<'_>) -> Result<()>;
}

impl Read for Guarded {
    fn query(&mut self, sql: Sql, params: &[Value]) -> Result<Vec<Row>> {
        Guarded::query(self, Text::Fixed(sql.text()), params)
    }

    fn query_opt(&mut self, sql: Sql, params: &[Value]) -> Result<Option<Row>> {
        Guarded::query_opt(self, Text::Fixed(sql.text()), params)
    }

    fn query_one(&mut self, sql: Sql, params: &[Value]) -> Result<Row> {
        Guarded::query_one(self, Text::Fixed(sql.text()), params)
    }

    fn run(&mut self, query: &Query) -> Result<Vec<Row>> {
        Guarded::run(self, query)
    }

    fn query_text(&mut self, text: &str, params: &[Value]) -> Result<Vec<Row>> {
        Guarded::query(self, Text::Generated(text), params)
    }

    fn scan(&mut self, text: &str, params: &[Value], each: Each<'_>) -> Result<()> {
        Guarded::scan(self, Text::Generated(text), params, each)
    }
}

/// A transaction that may write. It poisons itself at the first error: every later call fails, and
/// [`crate::Database::write`] rolls back even when the error was swallowed.
pub struct Tx {
    pub(crate) guarded: Guarded,
}

impl Tx {
    pub(crate) fn new(guarded: Guarded) -> Self {
        Self { guarded }
    }

    /// The engine below, for the few places that have two texts (search, job claims).
    pub fn engine(&self) -> Engine {
        self.guarded.session.engine()
    }

    /// How many statements have run, so that a test can break a command at each of them
    /// ([`crate::Database::fail_next_write_at`]).
    pub fn statements(&self) -> u64 {
        self.guarded.statements()
    }

    /// Runs a changing statement and gives the number of rows it changed.
    pub fn execute(&mut self, sql: Sql, params: &[Value]) -> Result<u64> {
        self.execute_as(Text::Fixed(sql.text()), params)
    }

    /// Runs a changing statement generated from a table declaration. For the kernel's declared
    /// tables only: text that holds anything from outside must never come here.
    pub fn execute_text(&mut self, text: &str, params: &[Value]) -> Result<u64> {
        self.execute_as(Text::Generated(text), params)
    }

    /// Runs a changing statement that was put together for this request.
    pub fn execute_query(&mut self, query: &Query) -> Result<u64> {
        self.guarded.step(|session| {
            query.check()?;
            check_params(Text::Passing(query.text()), query.params())?;
            session.execute(Text::Passing(query.text()), query.params())
        })
    }

    /// Runs statements in their order and gives the number of rows each changed. On PostgreSQL
    /// they travel together, in one round trip instead of one for each.
    pub fn execute_batch(&mut self, statements: &[(Sql, Vec<Value>)]) -> Result<Vec<u64>> {
        self.guarded.step(|session| {
            for (sql, params) in statements {
                check_params(Text::Fixed(sql.text()), params)?;
            }
            session.execute_batch(statements)
        })
    }

    /// Runs one changing statement, generated from a table declaration, for each row of parameters
    /// and gives the number of rows changed in all. On PostgreSQL many travel together. For the
    /// kernel's declared tables only: text that holds anything from outside must never come here.
    pub fn execute_rows(&mut self, text: &str, rows: &[Vec<Value>]) -> Result<u64> {
        self.guarded.step(|session| {
            for row in rows {
                check_params(Text::Generated(text), row)?;
            }
            session.execute_rows(text, rows)
        })
    }

    /// Inserts many rows. Each row holds one value for each column, of the column's type or null.
    pub fn insert_rows(&mut self, table: &'static str, columns: &[Column], rows: &[Vec<Value>]) -> Result<()> {
        self.guarded.step(|session| {
            check_name(table)?;
            for column in columns {
                check_name(column.name)?;
            }
            for (place, row) in rows.iter().enumerate() {
                if row.len() != columns.len() {
                    return Err(Error::internal(format!(
                        "row {place} for `{table}` has {} values for {} columns",
                        row.len(),
                        columns.len()
                    )));
                }
                check_params(Text::Generated(table), row)?;
            }
            if rows.is_empty() || columns.is_empty() {
                return Ok(());
            }
            session.insert_rows(table, columns, rows)
        })
    }

    /// Locks one row until the transaction ends, so that rules over several records below it can
    /// be checked. On SQLite nothing is done: there is only one writer.
    pub fn lock_row(&mut self, table: &'static str, tenant: &str, id: &str) -> Result<()> {
        self.guarded.step(|session| {
            check_name(table)?;
            session.lock_row(table, tenant, id)
        })
    }

    /// Brings what was written so far to the disk before the row is locked that everybody waits for:
    /// PostgreSQL would write all of a large transaction to the disk at COMMIT, with the lock held.
    /// Does nothing on SQLite, and is no promise on either.
    pub fn write_ahead(&mut self) {
        self.guarded.session.write_ahead();
    }

    fn execute_as(&mut self, text: Text<'_>, params: &[Value]) -> Result<u64> {
        self.guarded.step(|session| {
            check_params(text, params)?;
            session.execute(text, params)
        })
    }
}

impl Read for Tx {
    fn query(&mut self, sql: Sql, params: &[Value]) -> Result<Vec<Row>> {
        Read::query(&mut self.guarded, sql, params)
    }

    fn query_opt(&mut self, sql: Sql, params: &[Value]) -> Result<Option<Row>> {
        Read::query_opt(&mut self.guarded, sql, params)
    }

    fn query_one(&mut self, sql: Sql, params: &[Value]) -> Result<Row> {
        Read::query_one(&mut self.guarded, sql, params)
    }

    fn run(&mut self, query: &Query) -> Result<Vec<Row>> {
        Read::run(&mut self.guarded, query)
    }

    fn query_text(&mut self, text: &str, params: &[Value]) -> Result<Vec<Row>> {
        Read::query_text(&mut self.guarded, text, params)
    }

    fn scan(&mut self, text: &str, params: &[Value], each: Each<'_>) -> Result<()> {
        Read::scan(&mut self.guarded, text, params, each)
    }
}

/// A transaction's body without its type: what crosses to the writer thread.
pub(crate) type Body = Box<dyn FnMut(&mut Tx) -> Result<()> + Send>;

/// Runs a body and turns a panic and a swallowed error into errors of the transaction.
pub(crate) fn run_body(tx: &mut Tx, body: &mut Body) -> Result<()> {
    let outcome = catch_unwind(AssertUnwindSafe(|| body(tx)));
    let swallowed = tx.guarded.take_failure();
    match (outcome, swallowed) {
        (Err(payload), _) => Err(Error::internal(format!("a transaction panicked: {}", panic_text(payload.as_ref())))),
        // A passing fault is worth repeating whatever the body made of it.
        (Ok(_), Some(Error::Transient(text))) => Err(Error::Transient(text)),
        (Ok(Err(error)), _) => Err(error),
        (Ok(Ok(())), Some(first)) => Err(Error::internal(format!("a transaction went on after an error: {first}"))),
        (Ok(Ok(())), None) => Ok(()),
    }
}

/// What a panic said.
pub(crate) fn panic_text(payload: &(dyn std::any::Any + Send)) -> &str {
    payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a text")
}
