//! The stored files, each against the digest that is its name (`docs/FORMATS.md`, "Files"), and the
//! rows that name files against what is stored.

use crate::format::hex;
use crate::{PROBLEMS, Problem};
use base::Result;
use db::{Read, sql};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{ErrorKind, Read as _};
use std::path::Path;

/// Bytes hashed at a time.
const CHUNK_BYTES: usize = 1 << 20;

/// Hashes every file below a folder; answers how many there are, and those that do not hold what
/// their names say, cannot be read or cannot be listed. A folder that is not there holds none.
pub fn check_files(folder: &Path) -> (u64, Vec<Problem>) {
    let (mut checked, mut wrong) = (0, Vec::new());
    let mut folders = vec![folder.join("objects")];
    while let Some(next) = folders.pop() {
        let entries = match fs::read_dir(&next) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => {
                wrong.push(unlisted(&next, &error));
                continue;
            }
        };
        for entry in entries {
            let path = match entry {
                Ok(entry) => entry.path(),
                Err(error) => {
                    wrong.push(unlisted(&next, &error));
                    break;
                }
            };
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            checked += 1;
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let text = match digest_of(&path) {
                Ok(holds) if holds == name => continue,
                Ok(holds) => format!("does not hold what its name says; its content is {holds}"),
                Err(error) => format!("cannot be read: {error}"),
            };
            wrong.push(Problem { table: "file".to_owned(), key: name, field: None, text, values: None });
        }
    }
    wrong.sort_by(|one, other| one.key.cmp(&other.key));
    (checked, wrong)
}

/// A row that names a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedFile {
    pub digest: String,
    /// The row's key.
    pub key: String,
    /// As people see it.
    pub name: String,
    /// The number of the record, or its identifier where that record is gone.
    pub record: String,
}

impl NamedFile {
    /// What is wrong with the file, in words that follow its name.
    pub fn problem(&self, fault: &str) -> Problem {
        let values = format!("the file “{}” of the record {} {fault} ({})", self.name, self.record, self.digest);
        Problem { table: "attachment".to_owned(), key: self.key.clone(), field: Some("digest".to_owned()), text: format!("the file {} {fault}", self.digest), values: Some(values) }
    }
}

/// Every row of a tenant that names a file, in the order of digests. Files that were taken off a record
/// count: earlier versions of the record name them.
pub fn named_files(tx: &mut dyn Read, tenant: &str, each: &mut dyn FnMut(NamedFile) -> Result<()>) -> Result<()> {
    let named = sql(
        "select a.digest, a.id, a.name, a.record, r.number from attachment a
         left join record r on r.tenant = a.tenant and r.id = a.record where a.tenant = $1 order by a.digest, a.id",
    );
    tx.scan(named.text(), &[tenant.into()], &mut |row| {
        let record = row.opt_text(4)?.map_or_else(|| row.text(3), Ok)?;
        each(NamedFile { digest: row.text(0)?.to_owned(), key: row.text(1)?.to_owned(), name: row.text(2)?.to_owned(), record: record.to_owned() })
    })
}

/// The rows that name a file which is not there as it was. `fault` is asked once for each digest and
/// answers what is wrong with its file, in words that follow its name ("is missing").
pub fn check_named(tx: &mut dyn Read, tenant: &str, fault: &mut dyn FnMut(&str) -> Result<Option<String>>) -> Result<Vec<Problem>> {
    let mut asked: Option<(String, Option<String>)> = None;
    let mut found = Vec::new();
    named_files(tx, tenant, &mut |named| {
        if asked.as_ref().is_none_or(|(last, _)| *last != named.digest) {
            asked = Some((named.digest.clone(), fault(&named.digest)?));
        }
        if let Some((_, Some(fault))) = &asked
            && found.len() < PROBLEMS
        {
            found.push(named.problem(fault));
        }
        Ok(())
    })?;
    Ok(found)
}

fn digest_of(path: &Path) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    let (mut hasher, mut chunk) = (Sha256::new(), vec![0; CHUNK_BYTES]);
    loop {
        let read = file.read(&mut chunk)?;
        if read == 0 {
            return Ok(hex(&hasher.finalize()));
        }
        hasher.update(chunk.get(..read).unwrap_or_default());
    }
}

fn unlisted(folder: &Path, error: &std::io::Error) -> Problem {
    Problem { table: "folder".to_owned(), key: folder.display().to_string(), field: None, text: format!("cannot be listed: {error}"), values: None }
}
