//! What the disk holds, what of it is durable, and how it may look after the power went.
//!
//! The contents of a file are durable from its sync on. What was written since may be there, in
//! part, torn, or not at all. Names (new, renamed, removed) become durable with a sync: of whatever
//! file or folder where the file system keeps a journal of them in their order ([`Names::Journal`],
//! as ext4 does), or of the folder they are in and of nothing else ([`Names::Folder`], which is all
//! that POSIX promises).

use super::Entry;
use crate::chance::Chance;
use base::{Error, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The smallest piece of a write that a disk keeps whole, in bytes.
const SECTOR: u64 = 512;

/// When names become durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    Journal,
    Folder,
}

/// What becomes of that which was not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// All of it is gone.
    All,
    /// Each piece by itself is there or gone.
    Some,
    /// Each write ends somewhere.
    Torn,
}

impl Loss {
    pub const EACH: [Self; 3] = [Self::All, Self::Some, Self::Torn];
}

#[derive(Debug, Clone)]
enum Piece {
    Bytes { place: u64, bytes: Vec<u8> },
    Size(u64),
}

#[derive(Debug, Clone, Default)]
struct Content {
    durable: Vec<u8>,
    pending: Vec<Piece>,
}

#[derive(Debug, Clone)]
enum Naming {
    File { path: PathBuf, content: usize },
    Folder { path: PathBuf },
    Rename { from: PathBuf, to: PathBuf },
    Removal { path: PathBuf },
}

impl Naming {
    /// The folder whose sync makes it durable.
    fn folder(&self) -> &Path {
        let path = match self {
            Self::File { path, .. } | Self::Folder { path } | Self::Removal { path } => path,
            Self::Rename { to, .. } => to,
        };
        path.parent().unwrap_or(Path::new(""))
    }
}

/// Files and folders by name.
#[derive(Debug, Clone, Default)]
struct Tree {
    files: BTreeMap<PathBuf, usize>,
    folders: BTreeSet<PathBuf>,
}

impl Tree {
    fn apply(&mut self, naming: &Naming) {
        match naming {
            Naming::File { path, content } => {
                self.files.insert(path.clone(), *content);
            }
            Naming::Folder { path } => {
                self.folders.insert(path.clone());
            }
            Naming::Rename { from, to } => {
                // Without its earlier name the new one has nothing to stand for.
                if let Some(content) = self.files.remove(from) {
                    self.files.insert(to.clone(), content);
                }
            }
            Naming::Removal { path } => {
                self.files.remove(path);
                self.folders.remove(path);
            }
        }
    }
}

/// The disk below one folder.
#[derive(Debug, Clone)]
pub struct Disk {
    rule: Names,
    contents: Vec<Content>,
    /// Which content an inode stands for at this moment.
    inodes: BTreeMap<u64, usize>,
    now: Tree,
    durable: Tree,
    pending: Vec<Naming>,
}

impl Disk {
    /// As a folder is before the recording, all of it durable.
    pub fn of_folder(root: &Path, rule: Names) -> Result<Self> {
        let mut disk = Self { rule, contents: Vec::new(), inodes: BTreeMap::new(), now: Tree::default(), durable: Tree::default(), pending: Vec::new() };
        disk.take_in(root, Path::new(""))?;
        disk.durable = disk.now.clone();
        Ok(disk)
    }

    fn take_in(&mut self, root: &Path, below: &Path) -> Result<()> {
        for entry in fs::read_dir(root.join(below)).map_err(Error::internal)? {
            let entry = entry.map_err(Error::internal)?;
            let path = below.join(entry.file_name());
            if entry.file_type().map_err(Error::internal)?.is_dir() {
                self.now.folders.insert(path.clone());
                self.take_in(root, &path)?;
            } else {
                let durable = fs::read(entry.path()).map_err(Error::internal)?;
                self.now.files.insert(path, self.contents.len());
                self.contents.push(Content { durable, pending: Vec::new() });
            }
        }
        Ok(())
    }

    /// Takes up the next entry of the recording.
    pub fn advance(&mut self, entry: &Entry) -> Result<()> {
        match entry {
            Entry::New { path, inode } => {
                let content = self.contents.len();
                self.contents.push(Content::default());
                self.inodes.insert(*inode, content);
                self.name(Naming::File { path: path.clone(), content });
            }
            Entry::Opened { path, inode } => {
                if let Some(content) = self.now.files.get(path) {
                    self.inodes.insert(*inode, *content);
                }
            }
            Entry::Written { inode, place, bytes } => self.change(*inode, Piece::Bytes { place: *place, bytes: bytes.clone() })?,
            Entry::Cut { inode, size } => self.change(*inode, Piece::Size(*size))?,
            Entry::Synced { inode } => {
                let content = self.content(*inode)?;
                for piece in std::mem::take(&mut content.pending) {
                    put(&mut content.durable, &piece);
                }
                if self.rule == Names::Journal {
                    self.commit(|_| true);
                }
            }
            Entry::FolderSynced { path } => match self.rule {
                Names::Journal => self.commit(|_| true),
                Names::Folder => self.commit(|naming| naming.folder() == path),
            },
            Entry::Renamed { from, to } => self.name(Naming::Rename { from: from.clone(), to: to.clone() }),
            Entry::Removed { path } => self.name(Naming::Removal { path: path.clone() }),
            Entry::Folder { path } => self.name(Naming::Folder { path: path.clone() }),
            Entry::Acknowledged { .. } => {}
        }
        Ok(())
    }

    fn name(&mut self, naming: Naming) {
        self.now.apply(&naming);
        self.pending.push(naming);
    }

    fn commit(&mut self, is_durable: impl Fn(&Naming) -> bool) {
        for naming in std::mem::take(&mut self.pending) {
            if is_durable(&naming) {
                // A file that is renamed into a synced folder is there under that name, whatever
                // became of its first one.
                if let Naming::Rename { to, .. } = &naming
                    && let Some(content) = self.now.files.get(to)
                {
                    self.durable.files.insert(to.clone(), *content);
                }
                self.durable.apply(&naming);
            } else {
                self.pending.push(naming);
            }
        }
    }

    fn content(&mut self, inode: u64) -> Result<&mut Content> {
        let place = self.inodes.get(&inode).copied();
        place.and_then(|place| self.contents.get_mut(place)).ok_or_else(|| Error::internal("the recording writes to a file that it never opened"))
    }

    fn change(&mut self, inode: u64, piece: Piece) -> Result<()> {
        self.content(inode)?.pending.push(piece);
        Ok(())
    }

    /// Writes into a new folder what may be left after the power went at this moment.
    pub fn lose_power(&self, loss: Loss, chance: &mut Chance, to: &Path) -> Result<()> {
        let mut tree = self.durable.clone();
        let kept = if loss == Loss::All { 0 } else { chance.place(self.pending.len() + 1) };
        for (place, naming) in self.pending.iter().enumerate() {
            let survives = match self.rule {
                Names::Journal => place < kept,
                Names::Folder => loss != Loss::All && chance.coin(),
            };
            if survives {
                tree.apply(naming);
            }
        }
        for folder in &tree.folders {
            if has_home(&tree, folder) {
                fs::create_dir_all(to.join(folder)).map_err(Error::internal)?;
            }
        }
        for (path, content) in &tree.files {
            let is_shared_memory = path.extension().is_some_and(|ending| ending.to_string_lossy().ends_with("-shm"));
            if let (true, false, Some(content)) = (has_home(&tree, path), is_shared_memory, self.contents.get(*content)) {
                fs::write(to.join(path), left_of(content, loss, chance)).map_err(Error::internal)?;
            }
        }
        Ok(())
    }
}

/// Whether every folder above is there.
fn has_home(tree: &Tree, path: &Path) -> bool {
    path.ancestors().skip(1).all(|above| above.as_os_str().is_empty() || tree.folders.contains(above))
}

fn left_of(content: &Content, loss: Loss, chance: &mut Chance) -> Vec<u8> {
    let mut bytes = content.durable.clone();
    for piece in &content.pending {
        match (loss, piece) {
            (Loss::All, _) => {}
            (Loss::Some, piece) => {
                if chance.coin() {
                    put(&mut bytes, piece);
                }
            }
            (Loss::Torn, Piece::Bytes { place, bytes: written }) => {
                let sectors = chance.below(written.len() as u64 / SECTOR + 2) * SECTOR;
                let length = usize::try_from(sectors).unwrap_or(0).min(written.len());
                let written = written.get(..length).unwrap_or_default().to_vec();
                put(&mut bytes, &Piece::Bytes { place: *place, bytes: written });
            }
            (Loss::Torn, piece) => put(&mut bytes, piece),
        }
    }
    bytes
}

fn put(content: &mut Vec<u8>, piece: &Piece) {
    match piece {
        Piece::Size(size) => content.resize(usize::try_from(*size).unwrap_or(0), 0),
        Piece::Bytes { place, bytes } => {
            let from = usize::try_from(*place).unwrap_or(0);
            let to = from + bytes.len();
            if content.len() < to && !bytes.is_empty() {
                content.resize(to, 0);
            }
            if let Some(there) = content.get_mut(from..to) {
                there.copy_from_slice(bytes);
            }
        }
    }
}

#[cfg(test)]
mod tests;
