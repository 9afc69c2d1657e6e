//! How a connection to the file is set up.

use super::error;
use base::{Error, Result};
use rusqlite::config::DbConfig;
use rusqlite::hooks::Wal;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

/// Only programs besides the server (a shell on the file) can make a connection wait.
const BUSY: Duration = Duration::from_secs(5);
/// Prepared statements kept for each connection.
const STATEMENTS: usize = 400;

/// The one connection that writes.
pub(crate) fn writer(file: &Path) -> Result<Connection> {
    let connection = open(file, OpenFlags::SQLITE_OPEN_CREATE)?;
    let mode: String = connection
        .query_row("pragma journal_mode = wal", [], |row| row.get(0))
        .map_err(|error| error::of_opening(&error, file))?;
    if mode != "wal" {
        return Err(Error::internal(format!("write-ahead logging is not possible on this disk (journal mode {mode})")));
    }
    // FULL: an answer is given only for what is on the disk. The writer folds the log back itself,
    // after it has answered ([`Log`]).
    batch(
        &connection,
        "pragma synchronous = full; pragma cache_size = -65536; pragma wal_autocheckpoint = 0;
         pragma journal_size_limit = 67108864",
    )?;
    Ok(connection)
}

/// How long the write-ahead log has grown, as of the last COMMIT of the writer.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<AtomicI32>);

impl Log {
    /// Pages (4 kB each) at which the log is folded back into the file.
    const PAGES: i32 = 4_000;

    pub(crate) fn watch(connection: &mut Connection) -> Result<Self> {
        let log = Self::default();
        let seen = Arc::clone(&log.0);
        let hook = move |_: &mut Wal, pages| {
            seen.store(pages, Ordering::Relaxed);
            Ok(())
        };
        connection.wal_hook(Some(hook)).map_err(|error| error::of(&error, "watching the log"))?;
        Ok(log)
    }

    pub(crate) fn is_long(&self) -> bool {
        self.0.load(Ordering::Relaxed) >= Self::PAGES
    }

    pub(crate) fn was_folded(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

/// A connection that only reads.
pub(crate) fn reader(file: &Path) -> Result<Connection> {
    let connection = open(file, OpenFlags::empty())?;
    let set = connection.execute_batch("pragma query_only = on; pragma cache_size = -16384");
    set.map_err(|error| error::of_opening(&error, file))?;
    Ok(connection)
}

/// A connection that copies the whole: `query_only` would refuse to write the copy too.
pub(crate) fn copier(file: &Path) -> Result<Connection> {
    open(file, OpenFlags::empty())
}

fn open(file: &Path, more: OpenFlags) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | more;
    let setup = || {
        let connection = Connection::open_with_flags(file, flags)?;
        connection.busy_timeout(BUSY)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        // "zzz" is a name, never a string; the schema runs no functions with side effects.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, false)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
        // PostgreSQL's LIKE knows upper and lower case.
        connection.execute_batch("pragma foreign_keys = on; pragma temp_store = memory; pragma case_sensitive_like = on")?;
        Ok(connection)
    };
    setup().map_err(|error: rusqlite::Error| error::of_opening(&error, file))
}

fn batch(connection: &Connection, text: &str) -> Result<()> {
    connection.execute_batch(text).map_err(|error| error::of(&error, text))
}
