//! SQLite: one file in one folder, one writer thread, a few readers.

mod connection;
mod error;
mod readers;
mod session;
mod writer;

use crate::database::{Connections, Purpose};
use crate::row::Row;
use crate::session::Guarded;
use crate::statement::{Text, for_sqlite, shorten};
use crate::tx::Body;
use crate::value::Value;
use base::{Error, Refusal, RefusalKind, Result};
use readers::Readers;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use writer::Writer;

/// The database in its folder.
const FILE: &str = "plumb.sqlite";

/// An open folder. Fields drop in this order: connections first, the lock last.
pub(crate) struct SqliteBackend {
    file: PathBuf,
    readers: Readers,
    /// Without one, the folder is open for reading only and may be another server's.
    writer: Option<Writer>,
    _lock: Option<File>,
}

impl SqliteBackend {
    pub(crate) fn open(folder: &Path) -> Result<Self> {
        make_folder(folder)?;
        let lock = lock_folder(folder)?;
        let file = folder.join(FILE);
        // The writer comes first: it makes the file and switches it to write-ahead logging.
        let writer = Writer::start(connection::writer(&file)?)?;
        let readers = Readers::open(&file)?;
        Ok(Self { file, readers, writer: Some(writer), _lock: Some(lock) })
    }

    /// Opens what is there for reading, beside the server that holds the folder if there is one: a
    /// snapshot of write-ahead logging is whole whoever writes meanwhile, and nothing is cached
    /// that another's commit would make wrong.
    pub(crate) fn open_to_read(folder: &Path) -> Result<Self> {
        let file = folder.join(FILE);
        if !file.is_file() {
            return Err(Refusal::new(RefusalKind::NotFound, "no_data", format!("There is no data in {}.", folder.display())).into());
        }
        let readers = Readers::open(&file)?;
        Ok(Self { file, readers, writer: None, _lock: None })
    }

    pub(crate) fn write(&self, purpose: Purpose, body: Body, fail_at: Option<u64>) -> (Result<()>, Option<Body>) {
        match &self.writer {
            Some(writer) => writer.write(purpose, body, fail_at),
            None => (Err(Error::internal("a write on a database that was opened for reading")), None),
        }
    }

    pub(crate) fn read(&self, body: &mut dyn FnMut(&mut Guarded) -> Result<()>) -> Result<()> {
        self.readers.with(|guarded| {
            guarded.session.begin()?;
            let outcome = body(guarded);
            guarded.session.rollback()?;
            outcome
        })
    }

    pub(crate) fn query(&self, text: Text<'_>, params: &[Value]) -> Result<Vec<Row>> {
        self.readers.with(|guarded| guarded.session.query(text, params))
    }

    /// Whether the disk has failed under the writer.
    pub(crate) fn has_failed(&self) -> bool {
        self.writer.as_ref().is_some_and(Writer::has_failed)
    }

    pub(crate) fn connections(&self) -> Connections {
        self.readers.connections()
    }

    pub(crate) fn prepare_only(&self, text: &str) -> Result<()> {
        let connection = connection::reader(&self.file)?;
        connection
            .prepare(&for_sqlite(text))
            .map(|_| ())
            .map_err(|error| error::of(&error, &shorten(text)))
    }

    pub(crate) fn backup_to(&self, path: &Path) -> Result<()> {
        if path.exists() {
            return Err(Error::conflict("file_exists", format!("{} exists already; a backup is written into a new file.", path.display())));
        }
        let Some(text) = path.to_str() else {
            return Err(Error::invalid("path", "bad_path", "The path of a backup must be plain UTF-8."));
        };
        let connection = connection::copier(&self.file)?;
        connection.execute("vacuum into ?1", [text]).map_err(|error| error::of(&error, "vacuum into"))?;
        // VACUUM INTO leaves the copy in the cache of the system; a backup must be on the disk.
        let synced = File::open(path).and_then(|file| file.sync_all());
        synced.map_err(|error| Error::internal(format!("the backup could not be synced to disk: {error}")))
    }

    pub(crate) fn integrity_check(&self) -> Result<Vec<String>> {
        let mut found = Vec::new();
        self.readers.with(|guarded| {
            let mut lines = Vec::new();
            for row in guarded.session.query(Text::Generated("pragma integrity_check"), &[])? {
                lines.extend(row.text("integrity_check").ok().filter(|text| *text != "ok").map(str::to_owned));
            }
            for row in guarded.session.query(Text::Generated("pragma foreign_key_check"), &[])? {
                lines.push(format!("a row of {} points to a row of {} that is not there", row.text("table")?, row.text("parent")?));
            }
            found = lines;
            Ok(())
        })?;
        Ok(found)
    }
}

fn make_folder(folder: &Path) -> Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    // Records and secrets inside are nobody else's business on this machine.
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(folder)
        .map_err(|error| Error::invalid("folder", "no_folder", format!("The data folder {} cannot be made: {error}", folder.display())))
}

/// Two servers on one folder would both be sound by themselves, but each would keep its own caches
/// and chain heads.
fn lock_folder(folder: &Path) -> Result<File> {
    let path = folder.join("plumb.lock");
    let trouble = |error: std::io::Error| {
        Error::invalid("folder", "no_lock", format!("The lock file {} cannot be used: {error}", path.display()))
    };
    let mut file = OpenOptions::new().create(true).read(true).write(true).truncate(false).open(&path).map_err(trouble)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let holder = std::fs::read_to_string(&path).unwrap_or_default();
            let holder = holder.trim();
            let named = if holder.is_empty() { String::new() } else { format!(" (process {holder})") };
            return Err(Refusal::new(
                RefusalKind::Conflict,
                "folder_in_use",
                format!("Another Plumb server{named} is using the folder {}: it holds {}.", folder.display(), path.display()),
            )
            .advise("Stop it first, or give this one a folder of its own. Several servers need PostgreSQL.")
            .into());
        }
        Err(TryLockError::Error(error)) => return Err(trouble(error)),
    }
    file.set_len(0).and_then(|()| write!(file, "{}", std::process::id())).map_err(trouble)?;
    Ok(file)
}
