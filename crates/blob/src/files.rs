//! Where a company's files are: in a folder of one machine, or in a bucket that nodes share.
//!
//! In a bucket an object has the same name as in a folder, `objects/ab/cd/abcd…`. The service has
//! kept it when it answers, so the row that names it comes after it here too. Orphans in a bucket
//! stay: between the question whether a row names an object and its removal another node may write
//! that row, and there is no removal on a condition that every service knows.

use crate::error::{damaged, fault, missing};
use crate::{BlobStore, Stored, Swept, Verdict, copy};
use base::{Digest, Result, Timestamp};
use bucket::{Bucket, SCHEME, Service};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

/// Most bytes of an object that is read: far above what is taken in, so that a limit that was
/// lowered does not hide files.
const OBJECT_BYTES: u64 = 5 << 30;
const OBJECTS: &str = "objects";

/// The files of a company.
#[derive(Debug)]
pub enum Files {
    Folder(BlobStore),
    Bucket(Bucket),
}

/// A file that was read once and compared with its digest.
enum Looked {
    /// To read from, and its size in bytes.
    Sound(File, u64),
    /// The digest of what it holds now.
    Damaged(Digest),
    Missing,
}

impl From<BlobStore> for Files {
    fn from(folder: BlobStore) -> Self {
        Self::Folder(folder)
    }
}

impl Files {
    /// A folder, made if it is not there, or a bucket where the place begins with `s3://`.
    pub fn open(place: &str) -> Result<Self> {
        if place.starts_with(SCHEME) {
            return Bucket::open(place, &Service::default()).map(Self::Bucket);
        }
        BlobStore::open(Path::new(place)).map(Self::Folder)
    }

    /// Whether nothing more is taken because a sync has failed. A bucket answers for itself.
    pub fn has_failed(&self) -> bool {
        match self {
            Self::Folder(folder) => folder.has_failed(),
            Self::Bucket(_) => false,
        }
    }

    /// As [`BlobStore::was_full`]; a bucket has no end.
    pub fn was_full(&self) -> bool {
        match self {
            Self::Folder(folder) => folder.was_full(),
            Self::Bucket(_) => false,
        }
    }

    /// As [`BlobStore::forget_full`].
    pub fn forget_full(&self) {
        if let Self::Folder(folder) = self {
            folder.forget_full();
        }
    }

    /// As [`BlobStore::put`].
    pub fn put(&self, bytes: &[u8], limit: u64) -> Result<Digest> {
        self.put_reader(&mut &*bytes, limit).map(|stored| stored.digest)
    }

    /// As [`BlobStore::put_reader`]. On its way to a bucket the content is held in memory: the name
    /// is its digest, which is known only at its end.
    pub fn put_reader(&self, reader: &mut dyn Read, limit: u64) -> Result<Stored> {
        match self {
            Self::Folder(folder) => folder.put_reader(reader, limit),
            Self::Bucket(bucket) => {
                let mut bytes = Vec::new();
                let stored = copy(reader, &mut bytes, limit)?;
                bucket.put(&key(&stored.digest), bytes)?;
                Ok(stored)
            }
        }
    }

    /// As [`BlobStore::get`].
    pub fn get(&self, digest: &Digest) -> Result<Vec<u8>> {
        match self {
            Self::Folder(folder) => folder.get(digest),
            Self::Bucket(bucket) => {
                let bytes = bucket.get(&key(digest), OBJECT_BYTES)?.ok_or_else(|| missing(digest))?;
                let found = Digest::of(&bytes);
                if found == *digest { Ok(bytes) } else { Err(damaged(digest, &found)) }
            }
        }
    }

    /// The file to read from, checked against its digest, and its size in bytes. From a bucket it
    /// is a copy without a name, gone when it is closed. Damage on the way must not leave the house
    /// as if it were the file.
    pub fn open_verified(&self, digest: &Digest) -> Result<(File, u64)> {
        match self.look_at(digest)? {
            Looked::Sound(file, size) => Ok((file, size)),
            Looked::Damaged(found) => Err(damaged(digest, &found)),
            Looked::Missing => Err(missing(digest)),
        }
    }

    /// As [`Files::open_verified`], for work that goes over all files and must not stop at one: what is
    /// wrong with the file is said in words that follow its name ("is missing"). A bucket that does
    /// not answer is an error: nothing is known of its files then.
    pub fn open_or_fault(&self, digest: &Digest) -> Result<std::result::Result<(File, u64), String>> {
        Ok(match (self.look_at(digest), self) {
            (Ok(Looked::Sound(file, size)), _) => Ok((file, size)),
            (Ok(Looked::Damaged(found)), _) => Err(format!("does not hold what its name says; its content is {found}")),
            (Ok(Looked::Missing), _) => Err("is missing".to_owned()),
            (Err(error), Self::Folder(_)) => Err(format!("cannot be read: {error}")),
            (Err(error), Self::Bucket(_)) => return Err(error),
        })
    }

    /// What is wrong with a file, as [`Files::open_or_fault`] says it.
    pub fn fault(&self, digest: &Digest) -> Result<Option<String>> {
        self.open_or_fault(digest).map(std::result::Result::err)
    }

    fn look_at(&self, digest: &Digest) -> Result<Looked> {
        match self {
            Self::Folder(folder) => match folder.verify(digest)? {
                Verdict::Sound => folder.open_file(digest).map(|(file, size)| Looked::Sound(file, size)),
                Verdict::Damaged { found } => Ok(Looked::Damaged(found)),
                Verdict::Missing => Ok(Looked::Missing),
            },
            Self::Bucket(bucket) => {
                let mut file = tempfile::tempfile().map_err(|cause| fault("a file cannot be made", &cause))?;
                let mut hashed = Hashed { hasher: sha2::Digest::new(), to: &mut file };
                let Some(size) = bucket.read(&key(digest), OBJECT_BYTES, &mut hashed)? else { return Ok(Looked::Missing) };
                let found = hashed.digest();
                if found != *digest {
                    return Ok(Looked::Damaged(found));
                }
                file.seek(SeekFrom::Start(0)).map_err(|cause| fault("a file cannot be read", &cause))?;
                Ok(Looked::Sound(file, size))
            }
        }
    }

    pub fn exists(&self, digest: &Digest) -> Result<bool> {
        Ok(self.size(digest)?.is_some())
    }

    /// In bytes; nothing when the store does not hold it.
    pub fn size(&self, digest: &Digest) -> Result<Option<u64>> {
        match self {
            Self::Folder(folder) => folder.size(digest),
            Self::Bucket(bucket) => bucket.size(&key(digest)),
        }
    }

    /// Reads one file again and compares it with its digest.
    pub fn verify(&self, digest: &Digest) -> Result<Verdict> {
        match self {
            Self::Folder(folder) => folder.verify(digest),
            Self::Bucket(bucket) => {
                let mut hashed = Hashed { hasher: sha2::Digest::new(), to: &mut std::io::sink() };
                if bucket.read(&key(digest), OBJECT_BYTES, &mut hashed)?.is_none() {
                    return Ok(Verdict::Missing);
                }
                let found = hashed.digest();
                Ok(if found == *digest { Verdict::Sound } else { Verdict::Damaged { found } })
            }
        }
    }

    /// Every digest that the store holds, in order; of a bucket a 256th at a time.
    pub fn digests(&self) -> Box<dyn Iterator<Item = Result<Digest>> + '_> {
        match self {
            Self::Folder(folder) => Box::new(folder.digests()),
            Self::Bucket(bucket) => Box::new((0..=u8::MAX).flat_map(|first| match bucket.keys(&format!("{OBJECTS}/{first:02x}")) {
                Err(error) => vec![Err(error)],
                Ok(keys) => keys.iter().filter_map(|found| digest_at(found)).map(Ok).collect(),
            })),
        }
    }

    /// All of [`Files::digests`], for work that must not stop at one folder that cannot be listed: that
    /// is said beside them. A bucket that does not answer is an error.
    pub fn listing(&self) -> Result<(Vec<Digest>, Vec<String>)> {
        let (mut digests, mut faults) = (Vec::new(), Vec::new());
        for found in self.digests() {
            match (found, self) {
                (Ok(digest), _) => digests.push(digest),
                (Err(error), Self::Folder(_)) => faults.push(format!("the store of the files cannot be listed as a whole: {error}")),
                (Err(error), Self::Bucket(_)) => return Err(error),
            }
        }
        Ok((digests, faults))
    }

    /// As [`BlobStore::sweep`]; in a bucket orphans stay.
    pub fn sweep(&self, now: Timestamp, age_seconds: i64, is_named: impl FnMut(&Digest) -> Result<bool>) -> Result<Swept> {
        match self {
            Self::Folder(folder) => folder.sweep(now, age_seconds, is_named),
            Self::Bucket(_) => Ok(Swept::default()),
        }
    }
}

fn key(digest: &Digest) -> String {
    let name = digest.hex();
    format!("{OBJECTS}/{}/{}/{name}", &name[..2], &name[2..4])
}

/// The digest of an object at its own address.
fn digest_at(found: &str) -> Option<Digest> {
    let digest = Digest::from_hex(found.rsplit('/').next()?)?;
    (key(&digest) == found).then_some(digest)
}

/// Works out the digest of what passes through.
struct Hashed<'a> {
    hasher: sha2::Sha256,
    to: &'a mut dyn Write,
}

impl Hashed<'_> {
    fn digest(self) -> Digest {
        Digest(sha2::Digest::finalize(self.hasher).into())
    }
}

impl Write for Hashed<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let count = self.to.write(bytes)?;
        sha2::Digest::update(&mut self.hasher, &bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_has_the_name_of_the_file_in_a_folder() {
        let digest = Digest::of(b"abc");
        assert_eq!(key(&digest), "objects/ba/78/ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(digest_at(&key(&digest)), Some(digest));
        for foreign in ["objects/ba/79/ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "objects/ba/78/readme", "incoming/1", ""] {
            assert_eq!(digest_at(foreign), None, "{foreign}");
        }
    }

    #[test]
    fn a_place_that_is_no_bucket_is_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::open(folder.path().join("files").to_str().unwrap()).unwrap();
        let digest = files.put(b"abc", 3).unwrap();
        assert_eq!(files.get(&digest).unwrap(), b"abc");
        assert_eq!(files.open_verified(&digest).unwrap().1, 3);
        assert_eq!((files.fault(&digest).unwrap(), files.fault(&Digest::of(b"none")).unwrap()), (None, Some("is missing".to_owned())));
        assert_eq!(Files::open("s3://X").unwrap_err().refusal().unwrap().code, "bad_bucket");
    }
}
