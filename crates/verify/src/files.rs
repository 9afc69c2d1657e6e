//! The stored files, each against the digest that is its name (`docs/FORMATS.md`, "Files").

use crate::Problem;
use crate::format::hex;
use base::{Error, Result};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

/// Bytes hashed at a time.
const CHUNK_BYTES: usize = 1 << 20;

/// Hashes every file below a folder; answers how many there are, and those that do not hold what
/// their names say. A folder that is not there holds none.
pub fn check_files(folder: &Path) -> Result<(u64, Vec<Problem>)> {
    let (mut checked, mut wrong) = (0, Vec::new());
    let mut folders = vec![folder.join("objects")];
    while let Some(next) = folders.pop() {
        let entries = match fs::read_dir(&next) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(unreadable(&next, &error)),
        };
        for entry in entries {
            let path = entry.map_err(|error| unreadable(&next, &error))?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            checked += 1;
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let holds = digest_of(&path)?;
            if holds != name {
                wrong.push(Problem { table: "file".to_owned(), key: name, field: None, text: format!("does not hold what its name says; its content is {holds}"), values: None });
            }
        }
    }
    wrong.sort_by(|one, other| one.key.cmp(&other.key));
    Ok((checked, wrong))
}

fn digest_of(path: &PathBuf) -> Result<String> {
    let mut file = File::open(path).map_err(|error| unreadable(path, &error))?;
    let (mut hasher, mut chunk) = (Sha256::new(), vec![0; CHUNK_BYTES]);
    loop {
        let read = file.read(&mut chunk).map_err(|error| unreadable(path, &error))?;
        if read == 0 {
            return Ok(hex(&hasher.finalize()));
        }
        hasher.update(chunk.get(..read).unwrap_or_default());
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    Error::internal(format!("{} cannot be read: {error}", path.display()))
}
