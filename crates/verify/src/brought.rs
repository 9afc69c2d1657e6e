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
        trust.keys.push(key(given)?);
    }
    for path in anchors {
        trust.anchors.extend(notes_below(path)?);
    }
    Ok(trust)
}

fn key(given: &str) -> Result<Key> {
    let none = || Error::invalid("key", "bad_key", format!("“{given}” is neither a public key of the form name+hash+key nor a file with one"));
    match Key::parse(given) {
        Some(key) => Ok(key),
        None if Path::new(given).exists() => {
            let text = std::fs::read_to_string(given).map_err(|error| unreadable(Path::new(given), &error))?;
            Key::parse(&text).ok_or_else(none)
        }
        None => Err(none()),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frs_evd_024_a_key_is_text_or_a_file_and_one_that_cannot_be_read_says_why() {
        let code = |given: &str| brought(&[given.to_owned()], &[]).unwrap_err().refusal().unwrap().code.clone();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key").display().to_string();
        assert_eq!(code(&path), "bad_key");
        std::fs::write(&path, "no key").unwrap();
        assert_eq!(code(&path), "bad_key");
        std::fs::write(&path, [0xff]).unwrap();
        assert_eq!(code(&path), "unreadable");
        assert_eq!(code(&folder.path().display().to_string()), "unreadable");
    }
}
