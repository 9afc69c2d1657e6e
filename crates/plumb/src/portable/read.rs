//! Reading an export into an empty database. Everything that arrives is verified in the transaction
//! that writes it: what is refused was never there, on either engine.

use super::tables::Table;
use super::{FORMAT, about, lines, tables};
use crate::assembly::{Place, migrations};
use base::limits::DAMAGE_NAMED;
use base::{Blocker, Digest, Error, Refusal, RefusalKind, Result};
use blob::Files;
use db::{Database, Read, Tx, Value, sql};
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use verify::Problem;

/// The table of the trail's transactions: where a company is, it has rows.
const TRAIL: &str = "audit_tx";

/// What becomes of a copy that is not as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    /// It is refused, and nothing of it is there.
    Refused,
    /// It is restored all the same, and what is wrong is told.
    Told,
}

/// What arrived.
#[derive(Debug, Clone, Default)]
pub struct Arrived {
    /// Of a backup: its identifier and when it was made.
    pub backup: Option<String>,
    pub made_at: Option<String>,
    pub transactions: u64,
    pub rows: u64,
    pub files: u64,
    /// What is wrong with it; empty where all was found sound.
    pub damage: Vec<Wrong>,
}

/// Something wrong with what arrived.
#[derive(Debug, Clone)]
pub enum Wrong {
    /// What the check of the data says.
    Found(Problem),
    /// With the copy itself.
    Copy(String),
}

impl Wrong {
    /// For readers who may not see every row.
    pub fn without_values(&self) -> String {
        match self {
            Self::Found(problem) => problem.without_values(),
            Self::Copy(text) => text.clone(),
        }
    }
}

impl std::fmt::Display for Wrong {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Found(problem) => problem.fmt(out),
            Self::Copy(text) => out.write_str(text),
        }
    }
}

/// Reads an export into an empty database, with its files, and verifies it there.
///
/// Errors: whatever stands in the way; then no row is there, and no file that was not there before
/// unless a machine failed while files were put.
pub fn read_all(place: &Place, from: &Path, damage: Damage) -> Result<Arrived> {
    let copy = Arc::new(Copy::open(from)?);
    let database = place.open_database()?;
    database.migrate(&migrations())?;
    database.read(refuse_a_company)?;
    let loading = Loading {
        tables: tables::in_order(&database)?,
        regulated: verify::Tables::of(&database)?,
        files: place.open_files()?,
        copy,
        damage,
    };
    let arrived = Arc::new(Mutex::new(Arrived::default()));
    let filled = Arc::clone(&arrived);
    // One transaction: the company is there as a whole or not at all.
    let written = database.write(move |tx| {
        take_turn(tx)?;
        refuse_a_company(tx)?;
        *filled.lock().unwrap_or_else(PoisonError::into_inner) = loading.load(tx)?;
        Ok(())
    });
    match written {
        Err(Error::InDoubt(why)) => settle(&database, &why)?,
        other => other?,
    }
    let arrived = arrived.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Ok(arrived)
}

/// An export as it lies there.
struct Copy {
    folder: PathBuf,
    manifest: Json,
    /// Files that hold what their names say.
    sound: BTreeSet<Digest>,
    /// What the manifest says of files that were damaged or missing when it was made.
    left_out: BTreeMap<String, String>,
    /// What is wrong with the copy itself, and what no row tells.
    damage: Vec<String>,
}

impl Copy {
    fn open(folder: &Path) -> Result<Self> {
        let path = folder.join("manifest.json");
        let text = fs::read_to_string(&path).map_err(|error| about(&path, error))?;
        let manifest: Json = serde_json::from_str(&text).map_err(|error| about(&path, error))?;
        if manifest.get("format").and_then(Json::as_str) != Some(FORMAT) {
            return Err(Error::malformed("not_an_export", format!("{} is not the manifest of an export.", path.display())));
        }
        let newest = migrations().last().map_or(0, |migration| migration.number);
        if manifest.get("schema").and_then(Json::as_i64) != Some(i64::from(newest)) {
            return Err(Error::conflict("other_schema", "The export was made by another version of Plumb; use the same version for both."));
        }
        let mut copy = Self { folder: folder.to_owned(), manifest, sound: BTreeSet::new(), left_out: BTreeMap::new(), damage: Vec::new() };
        copy.look_at_tables()?;
        copy.look_at_files()?;
        Ok(copy)
    }

    fn look_at_tables(&mut self) -> Result<()> {
        for (name, said) in self.manifest.get("tables").and_then(Json::as_object).into_iter().flatten() {
            let path = self.table(name);
            match lines::digest_of(&path)? {
                None => self.damage.push(format!("{} is not there", path.display())),
                Some(digest) if said.get("sha256").and_then(Json::as_str) == Some(digest.hex().as_str()) => {}
                Some(_) => self.damage.push(format!("{} is not as the manifest says", path.display())),
            }
        }
        Ok(())
    }

    fn look_at_files(&mut self) -> Result<()> {
        for name in self.manifest.get("files").and_then(Json::as_array).into_iter().flatten() {
            let digest = name.as_str().and_then(Digest::from_hex).ok_or_else(|| Error::malformed("bad_file_name", format!("{name} is no digest")))?;
            let path = self.file(&digest);
            match lines::digest_of(&path)? {
                None => self.damage.push(format!("{} is not there", path.display())),
                Some(found) if found == digest => {
                    self.sound.insert(digest);
                }
                Some(_) => self.damage.push(format!("{} does not hold what its name says", path.display())),
            }
        }
        for each in self.manifest.get("damaged").and_then(Json::as_array).into_iter().flatten() {
            let text = |name: &str| each.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
            if text("file").is_empty() {
                self.damage.push(format!("when the copy was made, {}", text("fault")));
            } else if each.get("rows").and_then(Json::as_array).is_none_or(Vec::is_empty) {
                self.damage.push(format!("file {} was left out when the copy was made: it {}; no record names it", text("file"), text("fault")));
            }
            self.left_out.insert(text("file"), text("fault"));
        }
        Ok(())
    }

    fn table(&self, name: &str) -> PathBuf {
        self.folder.join("tables").join(format!("{name}.ndjson"))
    }

    fn file(&self, digest: &Digest) -> PathBuf {
        self.folder.join("files").join(digest.hex())
    }

    fn says(&self, name: &str) -> Option<String> {
        self.manifest.get(name).and_then(Json::as_str).map(str::to_owned)
    }
}

/// A copy on its way into a database.
struct Loading {
    copy: Arc<Copy>,
    tables: Vec<Table>,
    regulated: verify::Tables,
    files: Files,
    damage: Damage,
}

impl Loading {
    /// Writes all rows, verifies them, then puts the files: they are there before the rows count.
    fn load(&self, tx: &mut Tx) -> Result<Arrived> {
        let mut arrived = Arrived { backup: self.copy.says("backup"), made_at: self.copy.says("made_at"), damage: self.copy.damage.iter().cloned().map(Wrong::Copy).collect(), ..Arrived::default() };
        let mut keys = Keys::of(&self.tables);
        let mut trail = 0;
        for table in &self.tables {
            let taken = self.load_table(tx, table, &mut keys, &mut arrived.damage)?;
            trail += if table.name == TRAIL { taken } else { 0 };
        }
        refuse_others(tx, trail)?;
        let tenants = verify::tenants_within(tx)?;
        if tenants.is_empty() {
            arrived.damage.push(Wrong::Copy("the copy holds no company: there is no trail in it".to_owned()));
        }
        for tenant in tenants {
            let report = verify::verify_within(tx, &self.regulated, &tenant, &verify::Trust::default(), &mut |_, _, _| {})?;
            arrived.damage.extend(report.problems.into_iter().map(Wrong::Found));
            arrived.transactions += report.transactions;
            arrived.rows += report.rows;
            let lacking = verify::check_named(tx, &tenant, &mut |digest| self.lacks(digest))?;
            arrived.damage.extend(lacking.into_iter().map(Wrong::Found));
        }
        if self.damage == Damage::Refused && !arrived.damage.is_empty() {
            return Err(damaged(&arrived.damage));
        }
        for digest in &self.copy.sound {
            let path = self.copy.file(digest);
            let mut file = File::open(&path).map_err(|error| about(&path, error))?;
            self.files.put_reader(&mut file, u64::MAX)?;
            arrived.files += 1;
        }
        Ok(arrived)
    }

    fn load_table(&self, tx: &mut Tx, table: &Table, keys: &mut Keys, damage: &mut Vec<Wrong>) -> Result<u64> {
        let mut all = 0;
        if self.copy.manifest.pointer(&format!("/tables/{}", table.name)).is_none() {
            damage.push(Wrong::Copy(format!("the manifest does not list the table {}", table.name)));
        }
        let read = lines::read(&self.copy.table(table.name), &table.columns, &mut |lines| {
            let mut rows = Vec::with_capacity(lines.len());
            for line in lines {
                match line {
                    Err(why) => damage.push(Wrong::Copy(why)),
                    Ok(row) => match keys.lacks(table, &row) {
                        // The database would refuse the whole for it.
                        Some(lacking) => damage.push(Wrong::Copy(format!("a row of {} is left out: {lacking}", table.name))),
                        None => {
                            keys.note(table, &row);
                            rows.push(row);
                        }
                    },
                }
            }
            match self.damage {
                Damage::Refused => {
                    all += rows.len() as u64;
                    tx.insert_rows(table.name, &table.columns, &rows).map_err(|error| match error {
                        Error::Refused(refusal) if refusal.kind == RefusalKind::Conflict => {
                            refusal.advise("Nothing of the copy was kept. --with-damage leaves out rows whose keys others have, and says so.").into()
                        }
                        other => other,
                    })
                }
                Damage::Told => {
                    let taken = tx.execute_rows(&insert_what_fits(table), &rows)?;
                    all += taken;
                    if let Some(lost) = (rows.len() as u64).checked_sub(taken).filter(|lost| *lost > 0) {
                        damage.push(Wrong::Copy(format!("{lost} of {} rows of {} are left out: other rows have their keys", rows.len(), table.name)));
                    }
                    Ok(())
                }
            }
        });
        read.map(|()| all)
    }

    /// What is wrong with a file that a row names. One that the store holds already need not come.
    fn lacks(&self, named: &str) -> Result<Option<String>> {
        let digest = Digest::from_hex(named);
        if digest.is_some_and(|digest| self.copy.sound.contains(&digest)) {
            return Ok(None);
        }
        if let Some(digest) = digest
            && self.files.fault(&digest)?.is_none()
        {
            return Ok(None);
        }
        Ok(Some(match self.copy.left_out.get(named) {
            Some(fault) => format!("is not in the copy, which says of the original: it {fault}"),
            None => "is not in the copy".to_owned(),
        }))
    }
}

/// Inserts a row unless another has its key, or what else must be there once.
fn insert_what_fits(table: &Table) -> String {
    let names: Vec<_> = table.columns.iter().map(|column| column.name).collect();
    let places: Vec<_> = (1..=names.len()).map(|place| format!("${place}")).collect();
    format!("insert into {} ({}) values ({}) on conflict do nothing", table.name, names.join(", "), places.join(", "))
}

/// The keys of rows that other rows need, some tens of bytes for each.
struct Keys {
    /// By table and columns, as [`super::tables::Needs`] names them.
    known: HashMap<(String, Vec<String>), HashSet<[u8; 16]>>,
}

impl Keys {
    fn of(tables: &[Table]) -> Self {
        let wanted = tables.iter().flat_map(|table| &table.needs).map(|needs| ((needs.table.clone(), needs.columns.clone()), HashSet::new()));
        Self { known: wanted.collect() }
    }

    fn note(&mut self, table: &Table, row: &[Value]) {
        for ((name, columns), keys) in &mut self.known {
            if name == table.name {
                let places: Vec<_> = columns.iter().filter_map(|wanted| table.columns.iter().position(|column| column.name == wanted)).collect();
                keys.extend(key(row, &places));
            }
        }
    }

    /// What a row needs and is not there.
    fn lacks(&self, table: &Table, row: &[Value]) -> Option<String> {
        table.needs.iter().find_map(|needs| {
            let key = key(row, &needs.places)?;
            let known = self.known.get(&(needs.table.clone(), needs.columns.clone()))?;
            let values: Vec<_> = needs.places.iter().filter_map(|place| row.get(*place)).map(shown).collect();
            (!known.contains(&key)).then(|| format!("{} has no row with {} {}", needs.table, needs.columns.join(", "), values.join(", ")))
        })
    }
}

/// Stands for the values at these places; nothing where one of them is null and nothing is needed.
fn key(row: &[Value], places: &[usize]) -> Option<[u8; 16]> {
    let values: Vec<_> = places.iter().filter_map(|place| row.get(*place)).filter(|value| !value.is_null()).map(shown).collect();
    if values.len() != places.len() {
        return None;
    }
    let mut hasher = Sha256::new();
    for value in &values {
        hasher.update((value.len() as u64).to_be_bytes());
        hasher.update(value);
    }
    let mut key = [0; 16];
    key.iter_mut().zip(hasher.finalize()).for_each(|(to, from)| *to = from);
    Some(key)
}

fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::Int(number) => number.to_string(),
        other => format!("{other:?}"),
    }
}

/// Refuses a copy, naming what is wrong with it.
fn damaged(damage: &[Wrong]) -> Error {
    let mut named: Vec<_> = damage.iter().take(DAMAGE_NAMED).map(ToString::to_string).collect();
    if let Some(more) = damage.len().checked_sub(DAMAGE_NAMED).filter(|more| *more > 0) {
        named.push(format!("and {more} more"));
    }
    let blockers = named.into_iter().map(|text| Blocker { rule: "copy.sound".to_owned(), requirement: "FRS-BAK-007".to_owned(), text, records: Vec::new() });
    Refusal::new(RefusalKind::Conflict, "copy_damaged", "The copy does not verify on arrival, so nothing of it was kept:")
        .blocked_by(blockers.collect())
        .advise("Use another copy. Where there is no better one, --with-damage restores what is there, and what is wrong with it stays visible.")
        .into()
}

/// Makes those who fill the database one after the other: the row is free again when the transaction
/// that has it has ended, whether its program still knows of it or not.
fn take_turn(tx: &mut Tx) -> Result<()> {
    tx.execute(sql("update schema_migration set name = name where number = 1"), &[]).map(|_| ())
}

fn refuse_a_company(tx: &mut dyn Read) -> Result<()> {
    if holds_nothing(tx)? {
        return Ok(());
    }
    Err(Error::conflict("not_empty", "There is a company in this database already; import into an empty one."))
}

/// Refuses where somebody else has written meanwhile, who takes no turn: a server, or `init`. Their
/// rows and those of the copy are no company.
fn refuse_others(tx: &mut dyn Read, ours: u64) -> Result<()> {
    let there = tx.query_text("select cast(count(*) as bigint) as transactions from audit_tx", &[])?;
    let there = there.first().map_or(Ok(0), |row| row.int("transactions"))?;
    if u64::try_from(there) == Ok(ours) {
        return Ok(());
    }
    Err(Error::conflict("not_empty", "Another program has begun a company in this database meanwhile; nothing of the copy was kept."))
}

fn holds_nothing(tx: &mut dyn Read) -> Result<bool> {
    Ok(tx.query_text("select seq from audit_tx limit 1", &[])?.is_empty())
}

/// Finds out what became of a load whose COMMIT was not answered: it may even be on its way still, and
/// whoever has the next turn knows.
///
/// Errors: 503 where nothing was kept; in doubt where nobody can say.
fn settle(database: &Database, why: &str) -> Result<()> {
    let nothing = database.write(|tx| {
        take_turn(tx)?;
        holds_nothing(tx)
    });
    match nothing {
        Ok(false) => Ok(()),
        Ok(true) => {
            let refusal = Refusal::new(RefusalKind::Unavailable, "not_kept", format!("The database was lost at the last step and has kept nothing of the copy ({why})."));
            Err(refusal.advise("Give the same command again.").into())
        }
        Err(error) => Err(Error::InDoubt(format!("{why}; asked again: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frs_bak_007_a_refusal_names_what_is_wrong_and_no_more_than_the_limit() {
        let named = |lines: usize| {
            let damage: Vec<_> = (0..lines).map(|line| Wrong::Copy(format!("line {line}"))).collect();
            damaged(&damage).refusal().unwrap().blockers.iter().map(|blocker| blocker.text.clone()).collect::<Vec<_>>()
        };
        assert_eq!((named(DAMAGE_NAMED).len(), named(DAMAGE_NAMED).last().unwrap().as_str()), (DAMAGE_NAMED, "line 49"));
        assert_eq!((named(DAMAGE_NAMED + 1).len(), named(DAMAGE_NAMED + 1).last().unwrap().as_str()), (DAMAGE_NAMED + 1, "and 1 more"));
    }
}
