//! Content-addressed files in a folder: written and synced before the row that names them.
//!
//! ```text
//! <root>/objects/ab/cd/abcd…   the content whose SHA-256 is abcd…, never changed
//! <root>/incoming/<pid>-<n>    being written, or left over from a crash
//! ```
//!
//! A file gets its name only when all its bytes are on disk (write, fsync, rename, fsync of the
//! folder), so that a crash leaves a nameless leftover and never half a file. A crash between file
//! and row leaves an orphan, which [`BlobStore::sweep`] removes; a row without its file cannot come
//! about. One server owns a folder; several servers share files through object storage.

mod error;
mod files;
mod sweep;

pub use files::Files;
pub use sweep::{ORPHAN_AGE_SECONDS, Swept};

use base::{Digest, Error, RefusalKind, Result};
use error::{damaged, fault, upload_interrupted};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};

/// Bytes moved at a time.
const CHUNK_BYTES: usize = 64 << 10;
/// Leftovers of crashes whose names a new file steps over before it gives up.
const NAME_TRIES: usize = 10_000;

/// The files of one folder.
#[derive(Debug)]
pub struct BlobStore {
    objects: PathBuf,
    incoming: PathBuf,
    counter: AtomicU64,
    /// The object folders whose own names this process has synced; held while a file takes its
    /// name and while an orphan loses it, so that the two cannot meet.
    folders: Mutex<BTreeSet<[u8; 2]>>,
    /// Set when a sync has failed: what the disk then holds is unknown, and trying again would
    /// report success for pages that the system has already dropped.
    failed: AtomicBool,
    /// Set when a file was refused for want of room.
    full: AtomicBool,
}

/// What [`BlobStore::put_reader`] has written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stored {
    pub digest: Digest,
    /// In bytes.
    pub size: u64,
}

/// What [`BlobStore::verify`] has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Sound,
    /// The content is no longer what its name says; `found` is its digest now.
    Damaged {
        found: Digest,
    },
    Missing,
}

impl BlobStore {
    /// Opens the store in a folder and makes the folder if it is not there.
    pub fn open(root: &Path) -> Result<Self> {
        let store = Self {
            objects: root.join("objects"),
            incoming: root.join("incoming"),
            counter: AtomicU64::new(0),
            folders: Mutex::new(BTreeSet::new()),
            failed: AtomicBool::new(false),
            full: AtomicBool::new(false),
        };
        for folder in [&store.objects, &store.incoming] {
            fs::create_dir_all(folder).map_err(|cause| fault("the store's folder cannot be made", &cause))?;
        }
        store.synced(sync_folder(root))?;
        if let Some(parent) = root.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            store.synced(sync_folder(parent))?;
        }
        Ok(store)
    }

    /// Keeps these bytes, durably when it returns. Refused with `too_large` above `limit` bytes,
    /// `storage_full`, or `storage_failed` after a sync has failed once.
    pub fn put(&self, bytes: &[u8], limit: u64) -> Result<Digest> {
        self.put_reader(&mut &*bytes, limit).map(|stored| stored.digest)
    }

    /// Whether a sync has failed, so that nothing more is taken.
    pub fn has_failed(&self) -> bool {
        self.failed.load(Ordering::SeqCst)
    }

    /// As [`BlobStore::put`], for content of unknown length that need not fit in memory. A reader
    /// that fails is refused with `upload_interrupted`, and nothing stays.
    ///
    /// Content that is there already is written again over itself: this keeps one file, makes it
    /// young again, so that a running sweep spares it, and repairs it if it was damaged.
    pub fn put_reader(&self, reader: &mut dyn Read, limit: u64) -> Result<Stored> {
        let outcome = self.take(reader, limit);
        if outcome.as_ref().err().and_then(Error::refusal).is_some_and(|refusal| refusal.kind == RefusalKind::NoRoom) {
            self.full.store(true, Ordering::SeqCst);
        }
        outcome
    }

    /// Whether a file was refused for want of room since [`BlobStore::forget_full`].
    pub fn was_full(&self) -> bool {
        self.full.load(Ordering::SeqCst)
    }

    /// It was recorded.
    pub fn forget_full(&self) {
        self.full.store(false, Ordering::SeqCst);
    }

    fn take(&self, reader: &mut dyn Read, limit: u64) -> Result<Stored> {
        if self.has_failed() {
            return Err(error::storage_failed());
        }
        let (mut file, incoming) = self.create_incoming()?;
        let stored = copy(reader, &mut file, limit)?;
        let mut permissions = file.metadata().map_err(|cause| fault("a file cannot be written", &cause))?.permissions();
        permissions.set_readonly(true);
        file.set_permissions(permissions).map_err(|cause| fault("a file cannot be written", &cause))?;
        self.synced(file.sync_all())?;
        self.name(&incoming, &stored.digest)?;
        Ok(stored)
    }

    /// The content, checked against its digest. A missing or damaged file is an internal error: a
    /// row has named it, and silence would pass for an empty file.
    pub fn get(&self, digest: &Digest) -> Result<Vec<u8>> {
        let (mut file, size) = self.open_file(digest)?;
        let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
        file.read_to_end(&mut bytes).map_err(|cause| fault("a file cannot be read", &cause))?;
        let found = Digest::of(&bytes);
        if found == *digest { Ok(bytes) } else { Err(damaged(digest, &found)) }
    }

    /// The file to read from and its size in bytes, for content that is streamed. It is not checked
    /// against its digest; [`BlobStore::verify`] does that for all files in turn.
    pub fn open_file(&self, digest: &Digest) -> Result<(File, u64)> {
        let file = match File::open(self.path(digest)) {
            Ok(file) => file,
            Err(cause) if cause.kind() == ErrorKind::NotFound => return Err(error::missing(digest)),
            Err(cause) => return Err(fault("a file cannot be opened", &cause)),
        };
        let size = file.metadata().map_err(|cause| fault("a file cannot be read", &cause))?.len();
        Ok((file, size))
    }

    pub fn exists(&self, digest: &Digest) -> Result<bool> {
        Ok(self.size(digest)?.is_some())
    }

    /// In bytes; nothing when the store does not hold it.
    pub fn size(&self, digest: &Digest) -> Result<Option<u64>> {
        match fs::symlink_metadata(self.path(digest)) {
            Ok(found) => Ok(found.is_file().then_some(found.len())),
            Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(None),
            Err(cause) => Err(fault("a file cannot be looked at", &cause)),
        }
    }

    /// Reads one file again and compares it with its digest.
    pub fn verify(&self, digest: &Digest) -> Result<Verdict> {
        if !self.exists(digest)? {
            return Ok(Verdict::Missing);
        }
        let (mut file, size) = self.open_file(digest)?;
        let found = copy(&mut file, &mut std::io::sink(), size.saturating_add(1))?.digest;
        Ok(if found == *digest { Verdict::Sound } else { Verdict::Damaged { found } })
    }

    /// Every digest that the store holds, in order, so that a long check can go on where it
    /// stopped. Only names are looked at; whatever is not a file at its own address is passed over.
    pub fn digests(&self) -> impl Iterator<Item = Result<Digest>> + '_ {
        entries(&self.objects)
            .into_iter()
            .flat_map(|first| first.map_or_else(|error| vec![Err(error)], |path| entries(&path)))
            .flat_map(|second| second.map_or_else(|error| vec![Err(error)], |path| entries(&path)))
            .filter_map(|file| match file {
                Err(error) => Some(Err(error)),
                Ok(path) => {
                    let digest = path.file_name().and_then(|name| Digest::from_hex(name.to_str()?))?;
                    (self.path(&digest) == path && path.symlink_metadata().is_ok_and(|found| found.is_file())).then_some(Ok(digest))
                }
            })
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        self.folder([digest.0[0], digest.0[1]]).join(digest.hex())
    }

    fn folder(&self, [first, second]: [u8; 2]) -> PathBuf {
        self.objects.join(format!("{first:02x}")).join(format!("{second:02x}"))
    }

    fn create_incoming(&self) -> Result<(File, Incoming)> {
        for _ in 0..NAME_TRIES {
            let count = self.counter.fetch_add(1, Ordering::SeqCst);
            let path = self.incoming.join(format!("{}-{count}", std::process::id()));
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(file) => return Ok((file, Incoming(path))),
                // Left over from a crashed process that had the same number.
                Err(cause) if cause.kind() == ErrorKind::AlreadyExists => {}
                Err(cause) => return Err(fault("a file cannot be made", &cause)),
            }
        }
        Err(Error::internal("too many leftovers of crashes; sweep the store"))
    }

    /// Gives a synced file its name and syncs the name.
    fn name(&self, incoming: &Incoming, digest: &Digest) -> Result<()> {
        let key = [digest.0[0], digest.0[1]];
        let folder = self.folder(key);
        {
            let mut folders = self.lock();
            if !folders.contains(&key) {
                // Synced even when it is there: an earlier process may have crashed before it did.
                fs::create_dir_all(&folder).map_err(|cause| fault("a folder cannot be made", &cause))?;
                self.synced(sync_folder(&self.objects))?;
                self.synced(folder.parent().map_or(Ok(()), sync_folder))?;
                folders.insert(key);
            }
            fs::rename(&incoming.0, self.path(digest)).map_err(|cause| fault("a file cannot be named", &cause))?;
        }
        self.synced(sync_folder(&folder))
    }

    /// Passes on the outcome of a sync and remembers a failure: from then on nothing is accepted
    /// until the server has been restarted and somebody has looked at the disk. A full disk is no
    /// such failure: only the file at hand is lost, and its sender is told.
    fn synced(&self, outcome: std::io::Result<()>) -> Result<()> {
        outcome.map_err(|cause| {
            if error::is_full(&cause) {
                return fault("a file cannot be synced", &cause);
            }
            self.failed.store(true, Ordering::SeqCst);
            tracing::error!(%cause, "a file cannot be synced; no more files are taken until the server is restarted");
            error::storage_failed()
        })
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<[u8; 2]>> {
        self.folders.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// A file that has no name yet; removed when it is given up.
struct Incoming(PathBuf);

impl Drop for Incoming {
    fn drop(&mut self) {
        // After a rename there is nothing to remove; a failure leaves what the sweep removes.
        let _ = fs::remove_file(&self.0);
    }
}

/// Moves all bytes, at most `limit`, and works out their digest on the way.
fn copy(reader: &mut dyn Read, writer: &mut dyn Write, limit: u64) -> Result<Stored> {
    let mut hasher = Sha256::new();
    let mut size = 0u64;
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let count = match reader.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => count,
            Err(cause) if cause.kind() == ErrorKind::Interrupted => continue,
            Err(cause) => return Err(upload_interrupted(&cause)),
        };
        size += count as u64;
        if size > limit {
            return Err(Error::too_large("file", format!("The file is larger than {limit} bytes.")));
        }
        let bytes = &chunk[..count];
        hasher.update(bytes);
        writer.write_all(bytes).map_err(|cause| fault("a file cannot be written", &cause))?;
    }
    Ok(Stored { digest: Digest(hasher.finalize().into()), size })
}

/// What a folder holds, sorted by name; nothing for something that is no folder.
fn entries(folder: &Path) -> Vec<Result<PathBuf>> {
    let unreadable = |cause: &std::io::Error| fault("a folder cannot be read", cause);
    let listed = match fs::read_dir(folder) {
        Ok(listed) => listed,
        Err(cause) if matches!(cause.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Vec::new(),
        Err(cause) => return vec![Err(unreadable(&cause))],
    };
    let mut paths = Vec::new();
    for entry in listed {
        match entry {
            Ok(entry) => paths.push(entry.path()),
            Err(cause) => return vec![Err(unreadable(&cause))],
        }
    }
    paths.sort_unstable();
    paths.into_iter().map(Ok).collect()
}

/// Makes the names in a folder durable.
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests;
