//! The inside of a backup: the plain files of an export in a tar archive, in one stream, so that
//! nothing of the company stands unencrypted on any disk while it is made.
//!
//! A table comes in pieces of the same name, one behind the other; the manifest comes last.

use super::age::Sealing;
use crate::portable::Sink;
use base::{Digest, Error, Result};
use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::path::{Component, Path, PathBuf};
use tar::{Archive, Builder, EntryType, Header};

/// Writes an archive into an encrypted file.
pub struct Pack<W: Write> {
    archive: Builder<Sealing<W>>,
}

impl<W: Write> Pack<W> {
    pub fn new(to: Sealing<W>) -> Self {
        Self { archive: Builder::new(to) }
    }

    pub fn finish(self) -> Result<W> {
        self.archive.into_inner().map_err(Error::internal)?.finish()
    }

    fn add(&mut self, name: &str, size: u64, content: &mut dyn Read) -> Result<()> {
        let mut header = Header::new_ustar();
        header.set_entry_type(EntryType::Regular);
        header.set_size(size);
        header.set_mode(0o600);
        let mut counted = Counted { from: content.take(size), bytes: 0 };
        self.archive.append_data(&mut header, name, &mut counted).map_err(|error| super::about_file(name, &error))?;
        if counted.bytes == size {
            return Ok(());
        }
        Err(Error::internal(format!("{name} became shorter while it was taken along")))
    }
}

/// Counts what passes: an entry must have the length that its header says.
struct Counted<R> {
    from: R,
    bytes: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        let read = self.from.read(to)?;
        self.bytes += read as u64;
        Ok(read)
    }
}

impl<W: Write> Sink for Pack<W> {
    fn table(&mut self, name: &str, lines: &[u8]) -> Result<()> {
        self.add(&format!("tables/{name}.ndjson"), lines.len() as u64, &mut &*lines)
    }

    fn file(&mut self, digest: &Digest, size: u64, content: &mut dyn Read) -> Result<()> {
        self.add(&format!("files/{}", digest.hex()), size, content)
    }

    fn manifest(&mut self, text: &str) -> Result<()> {
        self.add("manifest.json", text.len() as u64, &mut text.as_bytes())
    }
}

/// Lays the files of an archive down in an empty folder.
///
/// Errors: 400 for a name that no backup has.
pub fn unpack(from: impl Read, to: &Path) -> Result<()> {
    for folder in ["tables", "files"] {
        fs::create_dir_all(to.join(folder)).map_err(|error| super::about_file(folder, &error))?;
    }
    let unreadable = |error: std::io::Error| Error::malformed("backup_damaged", format!("The backup cannot be read: {error}."));
    for entry in Archive::new(from).entries().map_err(unreadable)? {
        let mut entry = entry.map_err(unreadable)?;
        let name = entry.path().map_err(unreadable)?.into_owned();
        if entry.header().entry_type() != EntryType::Regular || !is_of_a_backup(&name) {
            return Err(Error::malformed("not_a_backup", format!("A backup holds no {}.", name.display())));
        }
        let path = to.join(&name);
        let opened = OpenOptions::new().create(true).append(true).open(&path);
        let mut file = opened.map_err(|error| super::about_file(&path.display().to_string(), &error))?;
        std::io::copy(&mut entry, &mut file).map_err(unreadable)?;
    }
    Ok(())
}

fn is_of_a_backup(name: &Path) -> bool {
    let parts: Vec<PathBuf> = name.components().filter(|part| matches!(part, Component::Normal(_))).map(|part| PathBuf::from(part.as_os_str())).collect();
    let texts: Vec<_> = parts.iter().filter_map(|part| part.to_str()).collect();
    if name.components().count() != texts.len() {
        return false;
    }
    match texts.as_slice() {
        ["manifest.json"] => true,
        ["files", digest] => Digest::from_hex(digest).is_some(),
        ["tables", file] => file.strip_suffix(".ndjson").is_some_and(|table| !table.is_empty() && table.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_')),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frs_bak_002_an_archive_lays_down_no_file_that_a_backup_does_not_have() {
        for (name, is_known) in [
            ("manifest.json", true),
            ("tables/record.ndjson", true),
            ("files/aa", false),
            ("../manifest.json", false),
            ("/manifest.json", false),
            ("tables/../x.ndjson", false),
            ("tables/x/y.ndjson", false),
            ("plumb.sqlite", false),
        ] {
            assert_eq!(is_of_a_backup(Path::new(name)), is_known, "{name}");
        }
    }
}
