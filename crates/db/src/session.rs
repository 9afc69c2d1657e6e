//! What the two engines must be able to do inside one transaction, and the guard around it that
//! makes them fail alike.

use crate::database::Engine;
use crate::row::Row;
use crate::scan::Each;
use crate::statement::{Query, Sql, Text, shorten};
use crate::value::{Column, Value};
use base::{Error, Result};

/// One connection of an engine with at most one open transaction.
pub(crate) trait Session: Send {
    fn engine(&self) -> Engine;
    fn begin(&mut self) -> Result<()>;
    /// An error from here is `InDoubt` when nobody can say whether the transaction happened.
    fn commit(&mut self) -> Result<()>;
    /// Does nothing when no transaction is open.
    fn rollback(&mut self) -> Result<()>;
    fn in_transaction(&self) -> bool;
    fn query(&mut self, text: Text<'_>, params: &[Value]) -> Result<Vec<Row>>;
    /// Hands each row to `each` while the statement runs; none is kept.
    fn scan(&mut self, text: Text<'_>, params: &[Value], each: Each<'_>) -> Result<()>;
    fn execute(&mut self, text: Text<'_>, params: &[Value]) -> Result<u64>;
    fn execute_batch(&mut self, statements: &[(Sql, Vec<Value>)]) -> Result<Vec<u64>>;
    /// One generated statement for each row of parameters; gives how many rows changed in all.
    fn execute_rows(&mut self, text: &str, rows: &[Vec<Value>]) -> Result<u64>;
    fn insert_rows(&mut self, table: &'static str, columns: &[Column], rows: &[Vec<Value>]) -> Result<()>;
    fn lock_row(&mut self, table: &'static str, tenant: &str, id: &str) -> Result<()>;
    /// Ends a transaction that only read. The session is not used again.
    fn leave(&mut self) {
        self.rollback().unwrap_or_else(|error| tracing::debug!(%error, "rollback"));
    }
    /// Brings what was written so far to the disk, where the engine can before COMMIT, so that COMMIT
    /// has little left to do. What becomes of the transaction does not depend on it.
    fn write_ahead(&mut self);
    /// Several statements without parameters: migrations and savepoints.
    fn script(&mut self, text: &str) -> Result<()>;
}

/// A session that stays shut after its first error.
///
/// PostgreSQL aborts a transaction at its first error and SQLite goes on; code that catches an
/// error and continues would commit half of its work on one engine only. So neither goes on.
pub(crate) struct Guarded {
    pub(crate) session: Box<dyn Session>,
    /// The first error; it decides whether the transaction is worth repeating.
    failed: Option<Error>,
    /// Statements run so far.
    statements: u64,
    /// The statement that is made to fail, for tests that break a command at every place.
    fail_at: Option<u64>,
}

impl Guarded {
    pub(crate) fn new(session: Box<dyn Session>) -> Self {
        Self { session, failed: None, statements: 0, fail_at: None }
    }

    /// Makes the guard ready for the next transaction on the same session.
    pub(crate) fn reset(&mut self, fail_at: Option<u64>) {
        self.failed = None;
        self.statements = 0;
        self.fail_at = fail_at;
    }

    pub(crate) fn statements(&self) -> u64 {
        self.statements
    }

    /// The first error, if there was one.
    pub(crate) fn take_failure(&mut self) -> Option<Error> {
        self.failed.take()
    }

    pub(crate) fn step<T>(&mut self, work: impl FnOnce(&mut dyn Session) -> Result<T>) -> Result<T> {
        if let Some(first) = &self.failed {
            return Err(Error::internal(format!("the transaction has already failed: {first}")));
        }
        self.statements += 1;
        let outcome = if self.fail_at == Some(self.statements) {
            Err(Error::internal(format!("made to fail at statement {}", self.statements)))
        } else {
            work(self.session.as_mut())
        };
        if let Err(error) = &outcome {
            self.failed = Some(copy_of(error));
        }
        outcome
    }

    pub(crate) fn query(&mut self, text: Text<'_>, params: &[Value]) -> Result<Vec<Row>> {
        self.step(|session| {
            check_params(text, params)?;
            session.query(text, params)
        })
    }

    pub(crate) fn scan(&mut self, text: Text<'_>, params: &[Value], each: Each<'_>) -> Result<()> {
        self.step(|session| {
            check_params(text, params)?;
            session.scan(text, params, each)
        })
    }

    pub(crate) fn run(&mut self, query: &Query) -> Result<Vec<Row>> {
        self.step(|session| {
            query.check()?;
            check_params(Text::Passing(query.text()), query.params())?;
            session.query(Text::Passing(query.text()), query.params())
        })
    }

    pub(crate) fn query_opt(&mut self, text: Text<'_>, params: &[Value]) -> Result<Option<Row>> {
        self.step(|session| {
            check_params(text, params)?;
            at_most_one(text, session.query(text, params)?)
        })
    }

    pub(crate) fn query_one(&mut self, text: Text<'_>, params: &[Value]) -> Result<Row> {
        self.step(|session| {
            check_params(text, params)?;
            exactly_one(text, session.query(text, params)?)
        })
    }
}

pub(crate) fn at_most_one(text: Text<'_>, mut rows: Vec<Row>) -> Result<Option<Row>> {
    if rows.len() > 1 {
        return Err(Error::internal(format!("{} rows where at most one was due: {}", rows.len(), shorten(text.as_str()))));
    }
    Ok(rows.pop())
}

pub(crate) fn exactly_one(text: Text<'_>, rows: Vec<Row>) -> Result<Row> {
    at_most_one(text, rows)?
        .ok_or_else(|| Error::internal(format!("no row where exactly one was due: {}", shorten(text.as_str()))))
}

/// PostgreSQL cannot keep the character NUL; SQLite could, and would hand it to programs that stop
/// reading there.
pub(crate) fn check_params(text: Text<'_>, params: &[Value]) -> Result<()> {
    for (place, param) in params.iter().enumerate() {
        if let Value::Text(value) = param
            && value.contains('\0')
        {
            return Err(Error::internal(format!("parameter ${} holds the character NUL, in: {}", place + 1, shorten(text.as_str()))));
        }
    }
    Ok(())
}

/// An error again, for the second place that must know it.
pub(crate) fn copy_of(error: &Error) -> Error {
    match error {
        Error::Refused(refusal) => Error::Refused(refusal.clone()),
        Error::Transient(text) => Error::Transient(text.clone()),
        Error::InDoubt(text) => Error::InDoubt(text.clone()),
        Error::Internal(text) => Error::Internal(text.clone()),
    }
}
