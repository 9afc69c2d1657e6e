//! `plumb backup`, `restore` and `restore-drill`: the whole company in one file, encrypted to a public
//! key whose secret key is kept elsewhere; made beside a running server on either engine, and
//! restored on either with trail and files verified before it is said to be there.

pub mod age;
mod archive;
mod schedule;

pub use schedule::{Keeper, Keeping};

use crate::assembly::Place;
use crate::portable::{self, Arrived};
use age::{Identity, Opening, Recipient, Sealing};
use archive::Pack;
use base::{Clock as _, Error, IdSource as _, Refusal, RefusalKind, Result, SystemClock, SystemIds};
use kernel::upkeep::{Drill, Restored};
use serde_json::json;
use std::fs::{self, File, OpenOptions};
use std::io::{BufReader, BufWriter, ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Only the account that made it reads a backup or a key.
const MODE: u32 = 0o600;
/// How the name of a backup ends.
const ENDING: &str = ".plumb.age";

/// A backup that was made.
#[derive(Debug)]
pub struct Made {
    pub id: String,
    pub path: PathBuf,
    pub rows: u64,
    pub files: usize,
}

/// Makes the pair of keys: the secret one in a new file, the public one printed.
pub fn make_key(to: &Path) -> Result<()> {
    let identity = Identity::make(&SystemIds::default())?;
    let recipient = identity.recipient();
    let mut file = OpenOptions::new().write(true).create_new(true).mode(MODE).open(to).map_err(|error| about_file(&to.display().to_string(), &error))?;
    let text = format!("# Opens the backups that are encrypted to {recipient}.\n# Keep it where the backups are not.\n{}\n", identity.text()?);
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(|error| about_file(&to.display().to_string(), &error))?;
    println!("{recipient}");
    Ok(())
}

/// The public key itself, or a file that holds it.
pub fn recipient(given: &str) -> Result<Recipient> {
    let text = fs::read_to_string(given).unwrap_or_else(|_| given.to_owned());
    Recipient::parse(&text).ok_or_else(|| {
        Error::invalid("recipient", "bad_recipient", format!("“{given}” is neither a public key (age1…) nor a file with one; `plumb backup-key` makes a pair"))
    })
}

fn identity(path: &Path) -> Result<Identity> {
    let text = fs::read_to_string(path).map_err(|error| about_file(&path.display().to_string(), &error))?;
    Identity::parse(&text).ok_or_else(|| Error::invalid("identity", "bad_identity", format!("{} holds no secret key (AGE-SECRET-KEY-…)", path.display())))
}

/// Writes a backup: into a new file, or under a name of its own into a folder.
pub fn make(place: &Place, to: &Path, recipient: &Recipient) -> Result<Made> {
    let (ids, now) = (SystemIds::default(), SystemClock.now());
    let id = ids.next_id(now);
    let path = if to.is_dir() { to.join(format!("{}-{}{ENDING}", now.to_rfc3339().replace([':', '.'], "-"), id.get(..8).unwrap_or(&id))) } else { to.to_owned() };
    if path.exists() {
        return Err(Error::conflict("file_exists", format!("{} exists already; a backup is written into a new file.", path.display())));
    }
    let unusable = |error: std::io::Error| about_file(&path.display().to_string(), &error);
    // Whatever has the name of a backup is a whole one.
    let unfinished = path.with_extension("unfinished");
    let made = (|| {
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(MODE).open(&unfinished).map_err(unusable)?;
        let mut pack = Pack::new(Sealing::begin(BufWriter::new(file), recipient, &ids)?);
        let about = json!({ "backup": id, "made_at": now.to_rfc3339(), "software": kernel::SOFTWARE });
        let exported = portable::write_all(place, &mut pack, about)?;
        let file = pack.finish()?.into_inner().map_err(|error| unusable(error.into_error()))?;
        file.sync_all().map_err(unusable)?;
        fs::rename(&unfinished, &path).map_err(unusable)?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(unusable)?;
        Ok(Made { id, path: path.clone(), rows: exported.rows, files: exported.files })
    })();
    if made.is_err() {
        // What is left of a backup that failed is nothing to keep; the first error counts.
        let _ = fs::remove_file(&unfinished);
    }
    made
}

/// Restores a backup into a place where nothing is, and verifies it there.
pub fn restore(from: &Path, key: &Path, place: &Place) -> Result<Arrived> {
    let identity = identity(key)?;
    let file = File::open(from).map_err(|error| about_file(&from.display().to_string(), &error))?;
    refuse_unless_empty(&place.data)?;
    let opening = Opening::begin(BufReader::new(file), &identity)?;
    let was_there = place.data.exists();
    let scratch = place.data.join("restoring");
    let restored = archive::unpack(opening, &scratch).and_then(|()| portable::read_all(place, &scratch));
    let cleared = fs::remove_dir_all(&scratch);
    if restored.is_err() {
        // Half a company must not be mistaken for one. The folder was empty, so all in it is ours.
        clear(&place.data, was_there)?;
        return restored;
    }
    cleared.map_err(|error| about_file(&scratch.display().to_string(), &error))?;
    restored
}

fn refuse_unless_empty(folder: &Path) -> Result<()> {
    let holds_something = match fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_some(),
        Err(error) if error.kind() == ErrorKind::NotFound => false,
        Err(error) => return Err(about_file(&folder.display().to_string(), &error)),
    };
    if !holds_something {
        return Ok(());
    }
    let refusal = Refusal::new(RefusalKind::Conflict, "folder_not_empty", format!("{} holds something already.", folder.display()));
    Err(refusal.advise("Restore into a new folder; nothing was changed.").into())
}

fn clear(folder: &Path, keep_folder: bool) -> Result<()> {
    let cleared = fs::remove_dir_all(folder).and_then(|()| if keep_folder { fs::create_dir(folder) } else { Ok(()) });
    match cleared {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(about_file(&folder.display().to_string(), &error)),
        _ => Ok(()),
    }
}

/// Restores a backup into a scratch folder that is removed afterwards, and says what was found. A
/// restore that fails is an outcome, not an error.
pub fn rehearse(from: &Path, key: &Path, scratch: &Path) -> Result<Drill> {
    let path = newest(from)?;
    fs::create_dir_all(scratch).map_err(|error| about_file(&scratch.display().to_string(), &error))?;
    let data = scratch.join(SystemIds::default().next_id(SystemClock.now()));
    let place = Place { data: data.clone(), database: None, files: None };
    let began_at = SystemClock.now();
    let restored = restore(&path, key, &place);
    let ended_at = SystemClock.now();
    clear(&data, false)?;
    let name = path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned());
    Ok(match restored {
        Ok(found) => Drill {
            backup: found.backup.clone().unwrap_or(name),
            made_at: found.made_at.clone().unwrap_or_default(),
            began_at,
            ended_at,
            outcome: Ok(Restored { transactions: found.transactions, rows: found.rows, files: found.files }),
        },
        Err(error) => Drill { backup: name, made_at: String::new(), began_at, ended_at, outcome: Err(error.to_string()) },
    })
}

/// The file itself, or the newest backup of a folder: their names begin with the time.
fn newest(from: &Path) -> Result<PathBuf> {
    if !from.is_dir() {
        return Ok(from.to_owned());
    }
    let unreadable = |error: std::io::Error| about_file(&from.display().to_string(), &error);
    let mut found = None;
    for entry in fs::read_dir(from).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.to_str().is_some_and(|name| name.ends_with(ENDING)) {
            found = found.max(Some(path));
        }
    }
    found.ok_or_else(|| Error::not_found(format!("There is no backup in {}.", from.display())))
}

fn about_file(name: &str, error: &std::io::Error) -> Error {
    let kind = if matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded) { RefusalKind::NoRoom } else { RefusalKind::Unavailable };
    Refusal::new(kind, "file_error", format!("{name}: {error}")).into()
}
