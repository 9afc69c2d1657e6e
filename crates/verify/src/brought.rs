//! What somebody brings to a check from outside: public keys that were handed out, and checkpoints
//! that were kept elsewhere.

use crate::{Anchor, Key, Trust};
use base::{Error, Refusal, RefusalKind, Result};
use std::path::{Path, PathBuf};

/// How the name of a kept checkpoint ends.
const ENDING: &str = "checkpoint";
/// Checkpoints that are read from a folder, the newest: each covers all before it.
const NEWEST: usize = 1_000;

/// Public keys (`name+hash+key`, or files with one) and checkpoints (files, or folders of them).
///
/// # Errors
/// 422 for a key that is none; 503 for a file or folder that cannot be read.
pub fn brought(keys: &[String], anchors: &[PathBuf]) -> Result<Trust> {
    let mut trust = Trust::default();
    for given in keys {
        let text = std::fs::read_to_string(given).unwrap_or_else(|_| given.clone());
        let key = Key::parse(&text).ok_or_else(|| Error::invalid("key", "bad_key", format!("“{given}” is neither a public key of the form name+hash+key nor a file with one")))?;
        trust.keys.push(key);
    }
    for path in anchors {
        trust.anchors.extend(notes_below(path)?);
    }
    Ok(trust)
}

/// Checkpoints that a file or a folder holds, by the names of their files, the newest last.
///
/// # Errors
/// 503 for a file or folder that cannot be read.
pub fn notes_below(path: &Path) -> Result<Vec<Anchor>> {
    let read = |path: &Path| std::fs::read_to_string(path).map(|note| Anchor { name: path.display().to_string(), note }).map_err(|error| unreadable(path, &error));
    if path.is_file() {
        return Ok(vec![read(path)?]);
    }
    let entries = std::fs::read_dir(path).map_err(|error| unreadable(path, &error))?;
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.map(|entry| entry.path())).collect::<std::io::Result<_>>().map_err(|error| unreadable(path, &error))?;
    files.retain(|file| file.extension().is_some_and(|ending| ending == ENDING));
    files.sort();
    let newest = files.len().saturating_sub(NEWEST);
    files.iter().skip(newest).map(|file| read(file)).collect()
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    Refusal::new(RefusalKind::Unavailable, "unreadable", format!("{} cannot be read: {error}.", path.display())).into()
}
