//! Writing everything out: every table as of one moment, then the files. What is damaged or missing
//! among the files is listed and stops nothing.

use super::{FORMAT, about, lines, tables};
use crate::assembly::Place;
use crate::terminal;
use base::{Digest, Error, Result};
use blob::Files;
use db::Database;
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};

/// What an export is written to.
pub trait Sink {
    /// The next lines of a table.
    fn table(&mut self, name: &str, lines: &[u8]) -> Result<()>;
    fn file(&mut self, digest: &Digest, size: u64, content: &mut dyn Read) -> Result<()>;
    /// Comes last.
    fn manifest(&mut self, text: &str) -> Result<()>;
}

/// What was written.
#[derive(Debug, Default)]
pub struct Written {
    pub rows: u64,
    pub files: usize,
    /// Files that could not be taken along.
    pub damage: Vec<Damaged>,
}

/// A file that could not be taken along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damaged {
    /// Its digest; empty where it is a folder that cannot be listed.
    pub file: String,
    /// What is wrong with it, in words that follow its name; of a folder, the whole sentence.
    pub fault: String,
    /// The rows that name it, told for people.
    pub rows: Vec<String>,
}

impl std::fmt::Display for Damaged {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.file.is_empty() {
            return write!(out, "{}", self.fault);
        }
        if self.rows.is_empty() {
            return write!(out, "file {} {}; no record names it", self.file, self.fault);
        }
        write!(out, "{}", self.rows.join("\n  "))
    }
}

/// A folder of plain files.
struct Folder(PathBuf);

impl Sink for Folder {
    fn table(&mut self, name: &str, lines: &[u8]) -> Result<()> {
        let path = self.0.join("tables").join(format!("{name}.ndjson"));
        let opened = File::options().create(true).append(true).open(&path);
        opened.and_then(|mut file| file.write_all(lines)).map_err(|error| about(&path, error))
    }

    fn file(&mut self, digest: &Digest, _: u64, content: &mut dyn Read) -> Result<()> {
        let path = self.0.join("files").join(digest.hex());
        File::create(&path).and_then(|mut file| std::io::copy(content, &mut file)).map_err(|error| about(&path, error)).map(|_| ())
    }

    fn manifest(&mut self, text: &str) -> Result<()> {
        let path = self.0.join("manifest.json");
        fs::write(&path, text).map_err(|error| about(&path, error))
    }
}

/// Writes everything into a new folder.
pub fn export(place: &Place, to: &Path) -> Result<Written> {
    if to.exists() && fs::read_dir(to).map_err(|error| about(to, error))?.next().is_some() {
        return Err(Error::conflict("folder_not_empty", format!("{} holds something already; name a new folder.", to.display())));
    }
    crate::assembly::require_schema(&place.open_to_read()?)?;
    for folder in ["tables", "files"] {
        fs::create_dir_all(to.join(folder)).map_err(|error| about(to, error))?;
    }
    write_all(place, &mut Folder(to.to_owned()), json!({}))
}

/// Writes every table as of one moment, every file, and the manifest with what `about` says besides.
pub fn write_all(place: &Place, sink: &mut dyn Sink, about: Json) -> Result<Written> {
    let database = place.open_to_read()?;
    crate::assembly::require_schema(&database)?;
    let bar = terminal::bar();
    let tables = tables::in_order(&database)?;
    bar.set_length(tables.len() as u64);
    let mut written = Written::default();
    let (mut manifest_tables, mut named) = (BTreeMap::new(), BTreeSet::new());
    let mut has_begun = false;
    // One snapshot for all tables: what is exported is one moment.
    database.read(|tx| {
        // A stream cannot be taken back; after a passing fault the whole begins anew elsewhere.
        if std::mem::replace(&mut has_begun, true) {
            return Err(base::Refusal::new(base::RefusalKind::Unavailable, "interrupted", "The database went away while it was written out.").advise("Begin again.").into());
        }
        for table in &tables {
            let (rows, digest) = lines::write(tx, table, &mut |lines| sink.table(table.name, lines))?;
            let columns: Vec<_> = table.columns.iter().map(|column| json!([column.name, tables::sort_name(column.sort)])).collect();
            manifest_tables.insert(table.name, json!({ "columns": columns, "rows": rows, "sha256": digest.hex() }));
            written.rows += rows;
            bar.inc(1);
        }
        for tenant in verify::tenants_within(tx)? {
            verify::named_files(tx, &tenant, &mut |row| {
                named.extend(Digest::from_hex(&row.digest));
                Ok(())
            })?;
        }
        Ok(())
    })?;
    // After the rows: every file that a row names was there before the row.
    let mut taking = Taking { files: place.open_files()?, named, sink: &mut *sink, taken: BTreeSet::new(), faults: BTreeMap::new(), unlisted: Vec::new() };
    taking.all()?;
    let Taking { taken, faults, unlisted, .. } = taking;
    written.files = taken.len();
    written.damage = who_names(&database, &faults)?;
    written.damage.extend(unlisted.into_iter().map(|fault| Damaged { file: String::new(), fault, rows: Vec::new() }));
    let listed: Vec<_> = taken.iter().map(Digest::hex).collect();
    let damaged: Vec<_> = written.damage.iter().map(|each| json!({ "file": each.file, "fault": each.fault, "rows": each.rows })).collect();
    let mut manifest = json!({ "format": FORMAT, "schema": database.schema_version()?, "tables": manifest_tables, "files": listed, "damaged": damaged });
    if let (Json::Object(manifest), Json::Object(about)) = (&mut manifest, about) {
        manifest.extend(about);
    }
    sink.manifest(&format!("{manifest:#}\n"))?;
    bar.finish_and_clear();
    Ok(written)
}

/// Taking the files along.
struct Taking<'a> {
    files: Files,
    /// What rows name.
    named: BTreeSet<Digest>,
    sink: &'a mut dyn Sink,
    taken: BTreeSet<Digest>,
    faults: BTreeMap<String, String>,
    /// What cannot be listed.
    unlisted: Vec<String>,
}

impl Taking<'_> {
    fn all(&mut self) -> Result<()> {
        let (listed, unlisted) = self.files.listing()?;
        listed.iter().try_for_each(|digest| self.take(digest))?;
        self.unlisted = unlisted;
        // What rows name and the listing lacks.
        let rest: Vec<_> = self.named.iter().filter(|digest| !self.taken.contains(*digest) && !self.faults.contains_key(&digest.hex())).copied().collect();
        rest.iter().try_for_each(|digest| self.take(digest))
    }

    fn take(&mut self, digest: &Digest) -> Result<()> {
        match self.files.open_or_fault(digest)? {
            Ok((mut file, size)) => {
                self.sink.file(digest, size, &mut file)?;
                self.taken.insert(*digest);
            }
            Err(fault) => {
                // An upload that no row names may be swept meanwhile.
                if self.named.contains(digest) || self.files.exists(digest).unwrap_or(true) {
                    self.faults.insert(digest.hex(), fault);
                }
            }
        }
        Ok(())
    }
}

/// The rows that name these files. Rows of attachments are never deleted, so that all are still there.
fn who_names(database: &Database, faults: &BTreeMap<String, String>) -> Result<Vec<Damaged>> {
    let mut damaged: BTreeMap<&str, Damaged> =
        faults.iter().map(|(file, fault)| (file.as_str(), Damaged { file: file.clone(), fault: fault.clone(), rows: Vec::new() })).collect();
    if damaged.is_empty() {
        return Ok(Vec::new());
    }
    let mut rows: Vec<(String, String)> = Vec::new();
    database.read(|tx| {
        rows.clear();
        for tenant in verify::tenants_within(tx)? {
            verify::named_files(tx, &tenant, &mut |row| {
                if let Some(fault) = faults.get(&row.digest) {
                    rows.push((row.digest.clone(), row.problem(fault).to_string()));
                }
                Ok(())
            })?;
        }
        Ok(())
    })?;
    for (digest, row) in rows {
        if let Some(damaged) = damaged.get_mut(digest.as_str()) {
            damaged.rows.push(row);
        }
    }
    Ok(damaged.into_values().collect())
}
