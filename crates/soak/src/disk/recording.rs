//! The recorder (a small library in C, loaded before the server) and what it wrote down.

use crate::violation;
use base::{Error, Result};
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

const SOURCE: &str = include_str!("recorder.c");
/// Bytes before the two texts of an entry.
const HEAD: usize = 25;

/// The compiled recorder, and where it writes.
#[derive(Debug)]
pub struct Recorder {
    library: PathBuf,
    log: PathBuf,
    fault: PathBuf,
}

impl Recorder {
    /// Compiles the recorder into a folder with the system's C compiler.
    pub fn build(folder: &Path) -> Result<Self> {
        let (source, library) = (folder.join("recorder.c"), folder.join("recorder.so"));
        fs::write(&source, SOURCE).map_err(Error::internal)?;
        let output = Command::new("cc")
            .args(["-O2", "-shared", "-fPIC", "-o"])
            .args([&library, &source])
            .args(["-ldl", "-lpthread"])
            .output()
            .map_err(|error| Error::internal(format!("the C compiler cc is needed: {error}")))?;
        if !output.status.success() {
            return Err(Error::internal(format!("the recorder does not compile: {}", String::from_utf8_lossy(&output.stderr))));
        }
        Ok(Self { library, log: folder.join("recording"), fault: folder.join("fault") })
    }

    /// The variables of a server whose folder is recorded.
    pub fn recording(&self, root: &Path) -> Vec<(&'static str, String)> {
        let mut variables = self.failing(root);
        variables.push(("RECORDER_LOG", self.log.display().to_string()));
        variables
    }

    /// The variables of a server whose folder fails when told to.
    pub fn failing(&self, root: &Path) -> Vec<(&'static str, String)> {
        let text = |path: &Path| path.display().to_string();
        vec![("LD_PRELOAD", text(&self.library)), ("RECORDER_ROOT", text(root)), ("RECORDER_FAULT", text(&self.fault))]
    }

    /// From now on every sync fails.
    pub fn fail_syncs(&self) -> Result<()> {
        fs::write(&self.fault, "s").map_err(Error::internal)
    }

    /// From now on the disk is full.
    pub fn fill_disk(&self) -> Result<()> {
        fs::write(&self.fault, "f").map_err(Error::internal)
    }

    pub fn mend(&self) -> Result<()> {
        fs::remove_file(&self.fault).map_err(Error::internal)
    }

    /// Writes beside the server's doings that a client was answered.
    pub fn acknowledge(&self, number: u64) -> Result<()> {
        let mut entry = vec![b'A'];
        entry.extend(number.to_ne_bytes());
        entry.extend([0; HEAD - 9]);
        // One write at the end of the file: it falls between two entries of the server.
        let mut file = OpenOptions::new().append(true).open(&self.log).map_err(Error::internal)?;
        file.write_all(&entry).map_err(Error::internal)
    }

    /// What was recorded below `root`.
    pub fn read(&self, root: &Path) -> Result<Recording> {
        let root = root.canonicalize().map_err(Error::internal)?;
        let bytes = fs::read(&self.log).map_err(Error::internal)?;
        let mut entries = Vec::new();
        let mut rest = bytes.as_slice();
        while rest.len() >= HEAD {
            let (entry, after) = Entry::read(rest, &root)?;
            entries.push(entry);
            rest = after;
        }
        Ok(Recording { entries })
    }

    /// Begins a new recording.
    pub fn clear(&self) -> Result<()> {
        File::create(&self.log).map(|_| ()).map_err(Error::internal)
    }
}

#[derive(Debug)]
pub struct Recording {
    pub entries: Vec<Entry>,
}

/// One thing that happened; paths are below the watched folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    New { path: PathBuf, inode: u64 },
    Opened { path: PathBuf, inode: u64 },
    Written { inode: u64, place: u64, bytes: Vec<u8> },
    Cut { inode: u64, size: u64 },
    Synced { inode: u64 },
    FolderSynced { path: PathBuf },
    Renamed { from: PathBuf, to: PathBuf },
    Removed { path: PathBuf },
    Folder { path: PathBuf },
    /// A client was answered.
    Acknowledged { number: u64 },
}

impl Entry {
    fn read<'bytes>(bytes: &'bytes [u8], root: &Path) -> Result<(Self, &'bytes [u8])> {
        let torn = || Error::internal("the recording ends in the middle of an entry");
        let number = |from: usize| -> Option<u64> { Some(u64::from_ne_bytes(bytes.get(from..from + 8)?.try_into().ok()?)) };
        let length = |from: usize| -> Option<usize> { usize::try_from(u32::from_ne_bytes(bytes.get(from..from + 4)?.try_into().ok()?)).ok() };
        let what = bytes.first().copied().unwrap_or_default();
        let (inode, place) = (number(1).ok_or_else(torn)?, number(9).ok_or_else(torn)?);
        let (a, b) = (length(17).ok_or_else(torn)?, length(21).ok_or_else(torn)?);
        let first = bytes.get(HEAD..HEAD + a).ok_or_else(torn)?;
        let second = bytes.get(HEAD + a..HEAD + a + b).ok_or_else(torn)?;
        let below = |bytes: &[u8]| -> Result<PathBuf> {
            let path = PathBuf::from(String::from_utf8_lossy(bytes).into_owned());
            path.strip_prefix(root).map(Path::to_owned).map_err(Error::internal)
        };
        let entry = match what {
            b'N' => Self::New { path: below(first)?, inode },
            b'O' => Self::Opened { path: below(first)?, inode },
            b'W' => Self::Written { inode, place, bytes: second.to_vec() },
            b'T' => Self::Cut { inode, size: place },
            b'S' => Self::Synced { inode },
            b'D' => Self::FolderSynced { path: below(first)? },
            b'R' => Self::Renamed { from: below(first)?, to: below(second)? },
            b'U' => Self::Removed { path: below(first)? },
            b'M' => Self::Folder { path: below(first)? },
            b'A' => Self::Acknowledged { number: inode },
            _ => return Err(violation("the server did something to its disk that the recorder cannot record")),
        };
        Ok((entry, bytes.get(HEAD + a + b..).unwrap_or_default()))
    }
}
