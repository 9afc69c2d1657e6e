//! [`Database`]: opening, the two doors, and what belongs to the whole of the data.

use crate::describe::Description;
use crate::patience::Patience;
use crate::postgres::PostgresBackend;
use crate::row::Row;
use crate::session::{Guarded, at_most_one, exactly_one};
use crate::sqlite::SqliteBackend;
use crate::statement::{Query, Sql, Text, shorten};
use crate::tx::{Body, Read, Tx};
use crate::value::Value;
use base::{Error, Refusal, RefusalKind, Result, Timestamp};
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Which database program keeps the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    /// The name people and migrations use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

/// Where the data is.
#[derive(Clone)]
pub enum Config {
    /// A folder with the file `plumb.sqlite`; it is made when it is not there.
    Sqlite { folder: PathBuf },
    /// A URL such as `postgres://plumb@one,two/plumb`. With several hosts the one that takes
    /// writes is used. `pool_size` connections at most; two to four for each core serve best.
    Postgres { url: String, pool_size: usize },
}

/// An open database; clones share it.
#[derive(Clone)]
pub struct Database {
    inner: Arc<Inner>,
}

struct Inner {
    backend: Backend,
    /// See [`Database::fail_next_write_at`]; zero means not at all.
    fail_at: AtomicU64,
    /// Writes that pass before the one that `fail_at` breaks.
    fail_after: AtomicU64,
    /// A write was refused because the disk was full.
    full: AtomicBool,
}

enum Backend {
    Sqlite(SqliteBackend),
    Postgres(PostgresBackend),
}

/// The pooled connections at one moment, for whoever watches the server. On SQLite these are the
/// readers; the one writer stands beside them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connections {
    pub most: usize,
    pub busy: usize,
}

/// What a write is for; a migration runs alone, with time to rebuild tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Command,
    Migration,
}

impl Database {
    /// Opens the database. A folder that another server uses is refused.
    pub fn open(config: &Config) -> Result<Self> {
        let backend = match config {
            Config::Sqlite { folder } => Backend::Sqlite(SqliteBackend::open(folder)?),
            Config::Postgres { url, pool_size } => Backend::Postgres(PostgresBackend::open(url, *pool_size)?),
        };
        Ok(Self::on(backend))
    }

    /// Opens what is there for reading only. On SQLite this needs no lock, so it works beside a
    /// running server; nothing is made where nothing is.
    pub fn open_to_read(config: &Config) -> Result<Self> {
        match config {
            Config::Sqlite { folder } => Ok(Self::on(Backend::Sqlite(SqliteBackend::open_to_read(folder)?))),
            Config::Postgres { .. } => Self::open(config),
        }
    }

    fn on(backend: Backend) -> Self {
        Self { inner: Arc::new(Inner { backend, fail_at: AtomicU64::new(0), fail_after: AtomicU64::new(0), full: AtomicBool::new(false) }) }
    }

    pub fn engine(&self) -> Engine {
        match &self.inner.backend {
            Backend::Sqlite(_) => Engine::Sqlite,
            Backend::Postgres(_) => Engine::Postgres,
        }
    }

    /// Looks at one consistent state: what commits meanwhile is not seen. The body may run again
    /// after a passing fault.
    pub fn read<T>(&self, mut body: impl FnMut(&mut dyn Read) -> Result<T>) -> Result<T> {
        let mut answer = None;
        self.read_dyn(&mut |read| {
            answer = Some(body(read)?);
            Ok(())
        })?;
        answer.ok_or_else(|| Error::internal("a read ended without an answer"))
    }

    /// Runs one transaction. It is written as a whole when the body gives `Ok`, and not at all
    /// otherwise. The body may run several times: it is repeated here after passing faults, for up
    /// to 30 s. `Error::InDoubt` means that COMMIT was sent and no answer came; only the
    /// idempotency key can tell what became of it.
    pub fn write<T: Send + 'static>(&self, mut body: impl FnMut(&mut Tx) -> Result<T> + Send + 'static) -> Result<T> {
        let slot = Arc::new(Mutex::new(None));
        let filled = Arc::clone(&slot);
        self.write_dyn(
            Purpose::Command,
            Box::new(move |tx| {
                let value = body(tx)?;
                *lock(&filled) = Some(value);
                Ok(())
            }),
        )?;
        lock(&slot).take().ok_or_else(|| Error::internal("a write ended without an answer"))
    }

    /// One reading statement by itself, without BEGIN and COMMIT around it.
    pub fn query(&self, sql: Sql, params: &[Value]) -> Result<Vec<Row>> {
        self.query_as(Text::Fixed(sql.text()), params)
    }

    /// As [`Database::query`], for at most one row.
    pub fn query_opt(&self, sql: Sql, params: &[Value]) -> Result<Option<Row>> {
        let text = Text::Fixed(sql.text());
        at_most_one(text, self.query_as(text, params)?)
    }

    /// As [`Database::query`], for exactly one row.
    pub fn query_one(&self, sql: Sql, params: &[Value]) -> Result<Row> {
        let text = Text::Fixed(sql.text());
        exactly_one(text, self.query_as(text, params)?)
    }

    /// As [`Database::query`], for a statement that was put together for this request.
    pub fn run(&self, query: &Query) -> Result<Vec<Row>> {
        query.check()?;
        self.query_as(Text::Passing(query.text()), query.params())
    }

    /// Prepares a statement on the engine without running it: the second of the three nets.
    pub fn prepare_only(&self, text: &str) -> Result<()> {
        match &self.inner.backend {
            Backend::Sqlite(sqlite) => sqlite.prepare_only(text),
            Backend::Postgres(postgres) => postgres.prepare_only(text),
        }
    }

    /// Whether a fault of the disk has ended all writing until the data is opened anew. PostgreSQL
    /// restarts itself instead.
    pub fn has_failed(&self) -> bool {
        match &self.inner.backend {
            Backend::Sqlite(sqlite) => sqlite.has_failed(),
            Backend::Postgres(_) => false,
        }
    }

    pub fn connections(&self) -> Connections {
        match &self.inner.backend {
            Backend::Sqlite(sqlite) => sqlite.connections(),
            Backend::Postgres(postgres) => postgres.connections(),
        }
    }

    /// The clock of the database, where it has one of its own that several servers share; on SQLite
    /// there is none but the server's.
    pub fn clock(&self) -> Result<Option<Timestamp>> {
        match &self.inner.backend {
            Backend::Sqlite(_) => Ok(None),
            Backend::Postgres(postgres) => postgres.clock().map(Some),
        }
    }

    /// The tables as they are, described the same way on both engines.
    pub fn describe(&self) -> Result<Description> {
        crate::describe::describe(self)
    }

    /// Writes a consistent copy of the whole database into a new file, while others go on.
    pub fn backup_to(&self, path: &Path) -> Result<()> {
        match &self.inner.backend {
            Backend::Sqlite(sqlite) => sqlite.backup_to(path),
            Backend::Postgres(_) => Err(postgres_does_it_itself("A copy of the database", "pg_basebackup or pg_dump")),
        }
    }

    /// Checks the pages, indexes and foreign keys and gives what is wrong, line by line.
    pub fn integrity_check(&self) -> Result<Vec<String>> {
        match &self.inner.backend {
            Backend::Sqlite(sqlite) => sqlite.integrity_check(),
            Backend::Postgres(_) => Err(postgres_does_it_itself("The check of pages and indexes", "pg_amcheck")),
        }
    }

    fn fault_of_this_write(&self) -> Option<u64> {
        let passed = self.inner.fail_after.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if passed.is_ok() {
            return None;
        }
        Some(self.inner.fail_at.swap(0, Ordering::SeqCst)).filter(|at| *at > 0)
    }

    /// Makes the next write fail at its n-th statement (from 1), so that a test can break a command
    /// at every place and see that nothing was half written. For tests only.
    pub fn fail_next_write_at(&self, statement: u64) {
        self.fail_write_at(0, statement);
    }

    /// As [`Database::fail_next_write_at`], for the write after so many others. For tests only.
    pub fn fail_write_at(&self, after: u64, statement: u64) {
        self.inner.fail_after.store(after, Ordering::SeqCst);
        self.inner.fail_at.store(statement, Ordering::SeqCst);
    }

    pub(crate) fn write_dyn(&self, purpose: Purpose, mut body: Body) -> Result<()> {
        self.check_outside()?;
        let key = self.key();
        let mut guarded: Body = Box::new(move |tx| {
            let _inside = Inside::enter(key);
            body(tx)
        });
        let mut patience = Patience::new();
        loop {
            let fail_at = self.fault_of_this_write();
            let (outcome, back) = match &self.inner.backend {
                Backend::Sqlite(sqlite) => sqlite.write(purpose, guarded, fail_at),
                Backend::Postgres(postgres) => postgres.write(purpose, guarded, fail_at),
            };
            match (outcome, back) {
                (Err(Error::Transient(passing)), Some(back)) => {
                    patience.wait(&passing)?;
                    guarded = back;
                }
                (outcome, _) => {
                    if outcome.as_ref().err().and_then(Error::refusal).is_some_and(|refusal| refusal.kind == RefusalKind::NoRoom) {
                        self.inner.full.store(true, Ordering::SeqCst);
                    }
                    return outcome;
                }
            }
        }
    }

    /// Whether a write was refused for want of room since [`Database::forget_full`].
    pub fn was_full(&self) -> bool {
        self.inner.full.load(Ordering::SeqCst)
    }

    /// It was recorded.
    pub fn forget_full(&self) {
        self.inner.full.store(false, Ordering::SeqCst);
    }

    fn read_dyn(&self, body: &mut dyn FnMut(&mut dyn Read) -> Result<()>) -> Result<()> {
        let key = self.key();
        self.repeat(&mut |backend| {
            let mut inside = |guarded: &mut Guarded| {
                let _inside = Inside::enter(key);
                body(guarded)
            };
            match backend {
                Backend::Sqlite(sqlite) => sqlite.read(&mut inside),
                Backend::Postgres(postgres) => postgres.read(&mut inside),
            }
        })
    }

    fn query_as(&self, text: Text<'_>, params: &[Value]) -> Result<Vec<Row>> {
        // SQLite's reading connections refuse to write; PostgreSQL's would do it here.
        if !is_reading(text.as_str()) {
            return Err(Error::internal(format!("a statement by itself only reads: {}", shorten(text.as_str()))));
        }
        crate::session::check_params(text, params)?;
        let mut rows = Vec::new();
        self.repeat(&mut |backend| {
            rows = match backend {
                Backend::Sqlite(sqlite) => sqlite.query(text, params)?,
                Backend::Postgres(postgres) => postgres.query(text, params)?,
            };
            Ok(())
        })?;
        Ok(rows)
    }

    /// Repeats a read after passing faults.
    fn repeat(&self, work: &mut dyn FnMut(&Backend) -> Result<()>) -> Result<()> {
        self.check_outside()?;
        let mut patience = Patience::new();
        loop {
            match work(&self.inner.backend) {
                Err(Error::Transient(passing)) => patience.wait(&passing)?,
                outcome => return outcome,
            }
        }
    }

    fn key(&self) -> usize {
        Arc::as_ptr(&self.inner) as usize
    }

    /// Inside a transaction its own handle is to be used: another connection would not see what
    /// the transaction has written, and on SQLite a write would wait for itself for ever.
    fn check_outside(&self) -> Result<()> {
        let key = self.key();
        if OPEN.with_borrow(|open| open.contains(&key)) {
            return Err(Error::internal("the database was called inside of one of its own transactions; use the handle of the transaction"));
        }
        Ok(())
    }
}

thread_local! {
    /// The databases with a transaction open on this thread.
    static OPEN: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

/// Marks a database as open on this thread for as long as it lives.
struct Inside(usize);

impl Inside {
    fn enter(key: usize) -> Self {
        OPEN.with_borrow_mut(|open| open.push(key));
        Self(key)
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        OPEN.with_borrow_mut(|open| {
            if let Some(place) = open.iter().rposition(|key| *key == self.0) {
                open.remove(place);
            }
        });
    }
}

fn is_reading(text: &str) -> bool {
    let word = text.split_whitespace().next().unwrap_or_default();
    ["select", "with", "values"].iter().any(|reading| word.eq_ignore_ascii_case(reading))
}

fn postgres_does_it_itself(what: &str, program: &str) -> Error {
    Refusal::new(RefusalKind::Conflict, "not_on_postgres", format!("{what} is the business of PostgreSQL's own programs."))
        .advise(format!("Use {program} on the database server."))
        .into()
}

/// A lock that a panic elsewhere does not take away from everybody.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
