//! `plumb backup`, `restore` and `restore-drill`: the whole company in one file, encrypted to a public
//! key whose secret key is kept elsewhere; made beside a running server on either engine, and
//! restored on either with trail and files verified before it is said to be there. Damage stops no
//! backup: it is told wherever the backup is shown, and a restore takes it only when it is told to.

pub mod age;
mod archive;
mod schedule;
mod scratch;

pub use schedule::{Keeper, Keeping};

use crate::assembly::Place;
use crate::portable::{self, Arrived, Damage, Damaged, Wrong};
use age::{Identity, Opening, Recipient, Sealing};
use archive::Pack;
use scratch::{Scratch, Unfinished};
use base::{Clock as _, Error, IdSource as _, Refusal, RefusalKind, Result, SystemClock, SystemIds, Timestamp};
use kernel::upkeep::{Drill, Restored};
use serde_json::json;
use std::fs::{self, File, OpenOptions};
use std::io::{BufReader, BufWriter, ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Only the account that made it reads a backup or a key.
const MODE: u32 = 0o600;
/// How the name of a backup ends that the program gives.
const ENDING: &str = ".plumb.age";
/// How the name of a backup ends that people give.
const ENDING_OF_ALL: &str = ".age";

/// A backup that was made.
#[derive(Debug)]
pub struct Made {
    pub id: String,
    pub path: PathBuf,
    pub rows: u64,
    pub files: usize,
    /// Files that are damaged or missing, and so are not in it.
    pub damage: Vec<Damaged>,
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

/// Writes a backup: into a new file, or under a name of its own into a folder that is there.
pub fn make(place: &Place, to: &Path, recipient: &Recipient) -> Result<Made> {
    if to.is_dir() || !to.to_string_lossy().ends_with(ENDING_OF_ALL) {
        return make_in(place, to, recipient);
    }
    let (ids, now) = (SystemIds::default(), SystemClock.now());
    write(place, to.to_owned(), recipient, ids.next_id(now), now)
}

/// Writes a backup under a name of its own into a folder that is there. A folder that has gone is never
/// made anew: what was mounted there is where the backups are.
pub fn make_in(place: &Place, folder: &Path, recipient: &Recipient) -> Result<Made> {
    if !folder.is_dir() {
        let refusal = Refusal::new(RefusalKind::Unavailable, "no_folder", format!("There is no folder {} for backups.", folder.display()));
        return Err(refusal.advise("Name a folder that is there (is its disk mounted?), or a new file whose name ends in .age.").into());
    }
    scratch::clear_unfinished(folder);
    let (ids, now) = (SystemIds::default(), SystemClock.now());
    let id = ids.next_id(now);
    let name = format!("{}-{}{ENDING}", now.to_rfc3339().replace([':', '.'], "-"), id.get(..8).unwrap_or(&id));
    write(place, folder.join(name), recipient, id, now)
}

fn write(place: &Place, path: PathBuf, recipient: &Recipient, id: String, now: Timestamp) -> Result<Made> {
    if path.exists() {
        return Err(Error::conflict("file_exists", format!("{} exists already; a backup is written into a new file.", path.display())));
    }
    let unusable = |error: std::io::Error| about_file(&path.display().to_string(), &error);
    // Whatever has the name of a backup is a whole one.
    let unfinished = Unfinished::begin(&path)?;
    let mut pack = Pack::new(Sealing::begin(BufWriter::new(unfinished.file()?), recipient, &SystemIds::default())?);
    let about = json!({ "backup": id, "made_at": now.to_rfc3339(), "software": kernel::SOFTWARE });
    let exported = portable::write_all(place, &mut pack, about)?;
    let file = pack.finish()?.into_inner().map_err(|error| unusable(error.into_error()))?;
    file.sync_all().map_err(unusable)?;
    unfinished.name(&path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(unusable)?;
    Ok(Made { id, path, rows: exported.rows, files: exported.files, damage: exported.damage })
}

/// Restores a backup into a place where nothing is, and verifies it there.
pub fn restore(from: &Path, key: &Path, place: &Place, damage: Damage) -> Result<Arrived> {
    let identity = identity(key)?;
    let file = File::open(from).map_err(|error| about_file(&from.display().to_string(), &error))?;
    scratch::clear_data(&place.data);
    refuse_unless_empty(&place.data)?;
    let opening = Opening::begin(BufReader::new(file), &identity)?;
    let was_there = place.data.exists();
    let scratch = Scratch::of_restore(&place.data)?;
    let restored = archive::unpack(opening, scratch.path()).and_then(|()| portable::read_all(place, scratch.path(), damage));
    let cleared = scratch.clear();
    match restored {
        // Whether the company is there nobody can tell: its files must not be taken from it.
        Err(Error::InDoubt(_)) => {}
        // Half a company must not be mistaken for one. The folder was empty, so all in it is ours.
        Err(_) => clear(&place.data, was_there)?,
        Ok(_) => cleared?,
    }
    restored.map_err(|error| {
        let folder = place.data.display();
        let advice = format!("The company is in the database as a whole or not at all, and nobody can say yet which; its files are kept in {folder}. When the database answers again, give `plumb verify` with the same --data and --database: where it finds the company, the restore is done; where it finds no trail, remove {folder} and restore again.");
        portable::advise_in_doubt(error, &advice)
    })
}

/// Removes what was left unencrypted in a data folder by a restore or a drill that was killed.
pub fn clear_left(data: &Path) {
    scratch::clear_data(data);
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

/// Restores a backup into a scratch folder of this data folder that is removed afterwards, and says
/// what was found. A restore that fails is an outcome, not an error.
pub fn rehearse(from: &Path, key: &Path, data: &Path) -> Result<Drill> {
    let path = newest(from)?;
    scratch::clear_data(data);
    let scratch = Scratch::of_drill(data)?;
    let place = Place { data: scratch.path().join("data"), database: None, files: None };
    let began_at = SystemClock.now();
    // What can be restored of a damaged backup is worth knowing too.
    let restored = restore(&path, key, &place, Damage::Told);
    let ended_at = SystemClock.now();
    scratch.clear()?;
    let name = path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned());
    Ok(match restored {
        Ok(found) => Drill {
            backup: found.backup.clone().unwrap_or(name),
            made_at: found.made_at.clone().unwrap_or_default(),
            began_at,
            ended_at,
            outcome: Ok(Restored { transactions: found.transactions, rows: found.rows, files: found.files, damage: found.damage.iter().map(Wrong::without_values).collect() }),
        },
        Err(error) => Drill { backup: name, made_at: String::new(), began_at, ended_at, outcome: Err(error.to_string()) },
    })
}

/// The file itself, or the newest backup of a folder: their names begin with the time.
fn newest(from: &Path) -> Result<PathBuf> {
    if from.is_file() {
        return Ok(from.to_owned());
    }
    if !from.is_dir() {
        return Err(Error::not_found(format!("There is neither a backup nor a folder of backups at {}.", from.display())));
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
