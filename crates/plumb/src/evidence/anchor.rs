//! A folder that keeps signed checkpoints.

use super::place::Anchor;
use base::{Error, Refusal, RefusalKind, Result};
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Nobody changes a checkpoint that was kept.
const MODE: u32 = 0o444;
/// How the name of a kept checkpoint ends.
const ENDING: &str = ".checkpoint";

/// A folder, best on another disk or machine and open to others for writing new files only.
#[derive(Debug, Clone)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }
}

impl Anchor for Folder {
    fn name(&self) -> String {
        format!("Folder {}", self.path.display())
    }

    /// Errors: 503 when the folder cannot be read.
    fn kept(&self) -> Result<Vec<(String, String)>> {
        let notes = verify::notes_below(&self.path)?;
        Ok(notes.into_iter().rev().map(|kept| (kept.name, kept.note)).collect())
    }

    /// Keeps a checkpoint under its size. One that is there already stays: the same is no fault,
    /// another is.
    ///
    /// Errors: 503 when the folder cannot be written; 409 when it holds another checkpoint of this
    /// size.
    fn keep(&self, size: u64, note: &str) -> Result<()> {
        let path = self.path.join(format!("{size:012}{ENDING}"));
        match self.write(&path, note) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            outcome => return outcome.map_err(|error| unusable(&path, &error)),
        }
        let kept = fs::read_to_string(&path).map_err(|error| unusable(&path, &error))?;
        if kept == note {
            return Ok(());
        }
        // The disk was full, or the power went, before all of it was there: no other note begins so.
        if note.starts_with(&kept) {
            fs::remove_file(&path).and_then(|()| self.write(&path, note)).map_err(|error| unusable(&path, &error))?;
            return Ok(());
        }
        Err(Error::conflict("other_checkpoint", format!("{} holds another checkpoint of the same size.", path.display())))
    }
}

impl Folder {
    fn write(&self, path: &Path, note: &str) -> std::io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(MODE).open(path)?;
        file.write_all(note.as_bytes())?;
        file.sync_all()?;
        File::open(&self.path)?.sync_all()
    }
}

fn unusable(path: &Path, error: &std::io::Error) -> Error {
    Refusal::new(RefusalKind::Unavailable, "anchor_unusable", format!("{} cannot be used: {error}.", path.display())).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frs_evd_030_a_folder_keeps_a_checkpoint_once_and_refuses_another_of_its_size() {
        let folder = tempfile::tempdir().unwrap();
        let anchor = Folder::new(folder.path().to_owned());
        anchor.keep(7, "note\n").unwrap();
        anchor.keep(7, "note\n").unwrap();
        let refused = anchor.keep(7, "other\n").unwrap_err();
        assert_eq!(refused.refusal().unwrap().code, "other_checkpoint");
        anchor.keep(12, "later\n").unwrap();
        fs::write(folder.path().join("readme.txt"), "no checkpoint").unwrap();
        let kept = anchor.kept().unwrap();
        assert_eq!(kept.iter().map(|(_, note)| note.as_str()).collect::<Vec<_>>(), ["later\n", "note\n"]);
        let one = verify::notes_below(&folder.path().join("000000000012.checkpoint")).unwrap().remove(0);
        assert!(one.name.ends_with("000000000012.checkpoint") && one.note == "later\n");
    }

    #[test]
    fn frs_evd_030_a_checkpoint_that_was_only_begun_is_written_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("000000000007.checkpoint");
        for begun in ["", "no"] {
            fs::write(&path, begun).unwrap();
            Folder::new(folder.path().to_owned()).keep(7, "note\n").unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), "note\n");
            fs::remove_file(&path).unwrap();
        }
    }

    #[test]
    fn frs_evd_030_a_folder_that_is_not_there_is_named() {
        let gone = Folder::new(PathBuf::from("/nowhere/at/all"));
        let refused = gone.keep(1, "note\n").unwrap_err();
        assert!(refused.to_string().contains("/nowhere/at/all"));
        assert!(gone.kept().unwrap_err().to_string().contains("/nowhere/at/all"));
    }
}
