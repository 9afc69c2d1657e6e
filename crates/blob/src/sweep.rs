//! Removing what no row names: orphans and the leftovers of crashes.

use crate::error::fault;
use crate::{BlobStore, entries};
use base::{Digest, Result, Timestamp};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::time::UNIX_EPOCH;

/// How old an orphan is before it is swept, in seconds, where the caller has no reason for another
/// age: much longer than any upload waits for its row.
pub const ORPHAN_AGE_SECONDS: i64 = 24 * 3600;

/// What a sweep has removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Swept {
    /// Files that no row names.
    pub orphans: u64,
    /// Leftovers of crashed writes.
    pub leftovers: u64,
    pub bytes: u64,
}

impl BlobStore {
    /// Removes files that `is_named` does not know and leftovers of crashes, both only when they
    /// were last written more than `age_seconds` before `now`. Age is what protects a file whose
    /// row is about to be written, so `age_seconds` must exceed the longest command.
    ///
    /// `is_named` is asked outside every lock and may query the database; its error ends the sweep.
    pub fn sweep(&self, now: Timestamp, age_seconds: i64, mut is_named: impl FnMut(&Digest) -> Result<bool>) -> Result<Swept> {
        let oldest_kept = now.plus_seconds(age_seconds.saturating_neg());
        let mut swept = Swept::default();
        for digest in self.digests() {
            let digest = digest?;
            let path = self.path(&digest);
            // Age first: it is cheap, and most young files have no row yet for a good reason.
            if is_old(&path, oldest_kept)?.is_none() || is_named(&digest)? {
                continue;
            }
            // While the question was asked the same content may have been put again and be young.
            let _naming_waits = self.lock();
            if let Some(bytes) = is_old(&path, oldest_kept)? {
                remove(&path)?;
                swept.orphans += 1;
                swept.bytes += bytes;
            }
        }
        for path in entries(&self.incoming) {
            let path = path?;
            if let Some(bytes) = is_old(&path, oldest_kept)? {
                remove(&path)?;
                swept.leftovers += 1;
                swept.bytes += bytes;
            }
        }
        Ok(swept)
    }
}

/// The size of a file that was last written before this moment; nothing for a younger file, for one
/// that is gone and for anything that is no file.
fn is_old(path: &Path, oldest_kept: Timestamp) -> Result<Option<u64>> {
    let found = match fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(None),
        Err(cause) => return Err(fault("a file cannot be looked at", &cause)),
    };
    let written = found.modified().map_err(|cause| fault("a file has no time", &cause))?;
    // A time before 1970 is a broken clock's; such a file counts as young and stays.
    let written = written.duration_since(UNIX_EPOCH).map_or(i64::MAX, |since| i64::try_from(since.as_micros()).unwrap_or(i64::MAX));
    Ok((found.is_file() && written < oldest_kept.0).then_some(found.len()))
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Ok(()) => Ok(()),
        Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(()),
        Err(cause) => Err(fault("a file cannot be removed", &cause)),
    }
}
