//! PostgreSQL: a pool of connections on a runtime that belongs to the database.
//!
//! Calls come from ordinary threads and wait there; the runtime's own threads only move bytes. So
//! nothing here may be called from async code.

mod codec;
mod connect;
mod error;
mod session;
mod timeline;

#[cfg(test)]
mod tests;

use crate::database::{Connections, Purpose};
use crate::fault::Moment;
use crate::patience::Patience;
use crate::row::Row;
use crate::session::{Guarded, Session as _};
use crate::statement::Text;
use crate::tx::{Body, Tx, run_body};
use crate::value::Value;
use base::{Error, Refusal, RefusalKind, Result, Timestamp};
use connect::Warnings;
use deadpool_postgres::{Object, Pool};
use session::{Mode, PostgresSession};
use std::time::Duration;
use timeline::Timelines;
use tokio::runtime::Runtime;

pub use connect::administer;

/// Threads that move bytes.
const RUNTIME_THREADS: usize = 2;

const BEGIN_WRITE: &str = "begin isolation level read committed read write";

/// On a deadline the connection is dropped, never cancelled: a cancel that meets COMMIT makes it
/// answer success without the standby.
const COMMAND: Mode = Mode { begin: BEGIN_WRITE, round_trip: Duration::from_secs(20), moment: Moment::Before };
/// Tables are rebuilt.
const MIGRATION: Mode = Mode { begin: BEGIN_WRITE, round_trip: Duration::from_secs(3600), moment: Moment::Before };
/// A report may take its time.
const READ: Mode = Mode {
    begin: "begin isolation level repeatable read read only",
    round_trip: Duration::from_secs(60),
    moment: Moment::Reading,
};

/// Two servers that start together take turns, and a step does not queue behind a long reader while
/// everybody queues behind the step.
const MIGRATION_LOCK: &str = "set local lock_timeout = '2s'";

pub(crate) struct PostgresBackend {
    pool: Pool,
    warnings: Warnings,
    /// `None` only while being dropped.
    runtime: Option<Runtime>,
}

impl PostgresBackend {
    pub(crate) fn open(url: &str, pool_size: usize) -> Result<Self> {
        let runtime = connect::runtime(RUNTIME_THREADS)?;
        let warnings = Warnings::default();
        let pool = connect::pool(url, pool_size, &warnings, &Timelines::default())?;
        let this = Self { pool, warnings, runtime: Some(runtime) };
        this.check_server()?;
        Ok(this)
    }

    /// Fails early, and in words, when the server is not one to build on.
    fn check_server(&self) -> Result<()> {
        let mut patience = Patience::new();
        let encoding = loop {
            match self.query(Text::Generated("select current_setting('server_encoding') as encoding"), &[]) {
                Err(Error::Transient(passing)) => patience.wait(&passing)?,
                outcome => break outcome?,
            }
        };
        for row in &encoding {
            if row.text("encoding")? != "UTF8" {
                return Err(Refusal::new(
                    RefusalKind::Conflict,
                    "database_encoding",
                    format!("The database is encoded in {}; Plumb needs UTF8.", row.text("encoding")?),
                )
                .advise("Create it with: create database plumb template template0 encoding 'UTF8' lc_collate 'C' lc_ctype 'C'")
                .into());
            }
        }
        Ok(())
    }

    pub(crate) fn write(&self, purpose: Purpose, mut body: Body, fail_at: Option<u64>) -> (Result<()>, Option<Body>) {
        let outcome = self.try_write(purpose, &mut body, fail_at);
        (outcome, Some(body))
    }

    fn try_write(&self, purpose: Purpose, body: &mut Body, fail_at: Option<u64>) -> Result<()> {
        let mode = if purpose == Purpose::Migration { MIGRATION } else { COMMAND };
        let mut tx = Tx::new(Guarded::new(Box::new(self.session(&mode)?)));
        tx.guarded.reset(fail_at);
        tx.guarded.session.begin()?;
        if purpose == Purpose::Migration {
            tx.guarded.session.script(MIGRATION_LOCK)?;
        }
        match run_body(&mut tx, body) {
            Ok(()) => tx.guarded.session.commit(),
            Err(error) => {
                // Without an answer the connection is dropped, and the server rolls back.
                tx.guarded.session.rollback().unwrap_or_else(|error| tracing::debug!(%error, "rollback"));
                Err(error)
            }
        }?;
        if purpose == Purpose::Migration {
            // Plans of the old schema would fail with "cached plan must not change result type".
            self.pool.manager().statement_caches.clear();
        }
        Ok(())
    }

    pub(crate) fn read(&self, body: &mut dyn FnMut(&mut Guarded) -> Result<()>) -> Result<()> {
        let mut guarded = Guarded::new(Box::new(self.session(&READ)?));
        guarded.session.begin()?;
        let outcome = body(&mut guarded);
        guarded.session.leave();
        match guarded.take_failure() {
            // A passing fault is worth repeating whatever the body made of it.
            Some(Error::Transient(text)) => Err(Error::Transient(text)),
            _ => outcome,
        }
    }

    pub(crate) fn query(&self, text: Text<'_>, params: &[Value]) -> Result<Vec<Row>> {
        self.session(&READ)?.query(text, params)
    }

    /// One round trip on a connection that stands: what it takes is all that the answer is late by.
    pub(crate) fn clock(&self) -> Result<Timestamp> {
        let rows = self.query(Text::Generated("select cast(floor(extract(epoch from clock_timestamp()) * 1000000) as bigint) as at"), &[])?;
        let row = rows.first().ok_or_else(|| Error::internal("the database did not tell the time"))?;
        Ok(Timestamp(row.int("at")?))
    }

    pub(crate) fn connections(&self) -> Connections {
        let pool = self.pool.status();
        Connections { most: pool.max_size, busy: pool.size.saturating_sub(pool.available) }
    }

    pub(crate) fn prepare_only(&self, text: &str) -> Result<()> {
        self.session(&READ)?.prepare_only(text)
    }

    fn session(&self, mode: &Mode) -> Result<PostgresSession> {
        let Some(runtime) = &self.runtime else {
            return Err(Error::internal("the database is being closed"));
        };
        let client: Object = runtime.block_on(self.pool.get()).map_err(|error| error::of_pool(&error))?;
        Ok(PostgresSession::new(runtime.handle().clone(), self.pool.clone(), self.warnings.clone(), client, mode))
    }
}

impl Drop for PostgresBackend {
    fn drop(&mut self) {
        self.pool.close();
        // Waiting for the threads is not allowed on a thread of another runtime, where the last
        // handle of a server may be dropped.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
