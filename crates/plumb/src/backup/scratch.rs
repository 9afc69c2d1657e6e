//! What lies somewhere for a while only: the unencrypted folder of a restore, and a backup that is not
//! finished. Both are removed by whoever made them, and where that was killed, by the next turn or
//! the next start. A lock that ends with its process tells the two apart.

use super::{ENDING, about_file};
use base::{Error, IdSource as _, Result, SystemClock, SystemIds};
use base::{Clock as _, Refusal, RefusalKind};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// How the name of a backup ends until it is whole.
const UNFINISHED: &str = ".unfinished";
/// The folder of restore drills in a data folder.
const DRILLS: &str = "drill";
/// The folder of a restore in the data folder that it makes.
const RESTORING: &str = "restoring";

/// A folder that is gone with this value.
pub(super) struct Scratch {
    path: PathBuf,
    /// Held as long as the folder is used.
    _lock: File,
}

impl Scratch {
    /// For a restore drill of the server with this data folder.
    pub fn of_drill(data: &Path) -> Result<Self> {
        Self::make(data.join(DRILLS).join(SystemIds::default().next_id(SystemClock.now())))
    }

    /// For a restore into this data folder.
    pub fn of_restore(data: &Path) -> Result<Self> {
        Self::make(data.join(RESTORING))
    }

    fn make(path: PathBuf) -> Result<Self> {
        let unusable = |error: std::io::Error| about_file(&path.display().to_string(), &error);
        fs::create_dir_all(&path).map_err(unusable)?;
        let lock = File::open(&path).map_err(unusable)?;
        match lock.try_lock() {
            // Whoever clears up may have been there before the lock was.
            Ok(()) if path.is_dir() => Ok(Self { path, _lock: lock }),
            Ok(()) => Err(busy(&path)),
            Err(TryLockError::WouldBlock) => Err(busy(&path)),
            Err(TryLockError::Error(error)) => Err(unusable(error)),
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Removes the folder and says when that fails.
    pub fn clear(self) -> Result<()> {
        remove(&self.path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Where this fails, the next start tries again.
        if let Err(error) = remove(&self.path) {
            tracing::error!(%error, "a folder with unencrypted data could not be removed");
        }
    }
}

/// Removes what a killed restore or drill has left unencrypted in a data folder. What cannot be removed
/// is in the log, and stops no other work.
pub(super) fn clear_data(data: &Path) {
    let mut left = entries(&data.join(DRILLS));
    left.push(data.join(RESTORING));
    left.iter().for_each(|path| clear(path, "what a killed restore has left unencrypted"));
}

/// Removes what killed backups have left in a folder of backups, and nothing that is not one of ours.
pub(super) fn clear_unfinished(folder: &Path) {
    for path in entries(folder) {
        if path.to_string_lossy().ends_with(&format!("{ENDING}{UNFINISHED}")) {
            clear(&path, "what a killed backup has left");
        }
    }
}

fn clear(path: &Path, what: &str) {
    let place = path.display();
    match File::open(path) {
        Ok(left) if left.try_lock().is_ok() => match remove(path) {
            Ok(()) => tracing::warn!(%place, "{what} was removed"),
            Err(error) => tracing::error!(%place, %error, "{what} cannot be removed"),
        },
        // Somebody works there.
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => tracing::error!(%place, %error, "{what} cannot be removed"),
    }
}

fn remove(path: &Path) -> Result<()> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(about_file(&path.display().to_string(), &error)),
        _ => Ok(()),
    }
}

/// What a folder holds; nothing when it is not there. One that cannot be read is in the log, and stops
/// no other work.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let read = fs::read_dir(folder).and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect());
    read.unwrap_or_else(|error: std::io::Error| {
        if error.kind() != ErrorKind::NotFound {
            tracing::error!(place = %folder.display(), %error, "what a killed run has left here cannot be looked for");
        }
        Vec::new()
    })
}

/// A backup that is being written; gone with this value unless it was named.
pub(super) struct Unfinished {
    path: PathBuf,
    file: File,
}

impl Unfinished {
    /// Beside the name that it gets when it is whole.
    pub fn begin(whole: &Path) -> Result<Self> {
        let mut name = whole.as_os_str().to_owned();
        name.push(UNFINISHED);
        let path = PathBuf::from(name);
        let unusable = |error: std::io::Error| about_file(&path.display().to_string(), &error);
        let file = OpenOptions::new().write(true).create(true).truncate(false).mode(super::MODE).open(&path).map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => file.set_len(0).map_err(unusable)?,
            Err(TryLockError::WouldBlock) => return Err(busy(&path)),
            // A file system without locks: names with the moment in them do not meet.
            Err(TryLockError::Error(error)) => tracing::debug!(%error, "the backup is written without a lock"),
        }
        Ok(Self { path, file })
    }

    pub fn file(&self) -> Result<File> {
        self.file.try_clone().map_err(|error| about_file(&self.path.display().to_string(), &error))
    }

    /// All is written and synced: it gets its name.
    pub fn name(self, whole: &Path) -> Result<()> {
        fs::rename(&self.path, whole).map_err(|error| about_file(&whole.display().to_string(), &error))
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // After the rename nothing is there; otherwise the next turn tries again.
        let _ = fs::remove_file(&self.path);
    }
}

fn busy(path: &Path) -> Error {
    let refusal = Refusal::new(RefusalKind::Conflict, "in_use", format!("{} is in use by another program.", path.display()));
    refusal.advise("Wait until it has ended.").into()
}
