//! `plumb export` and `plumb import`: a whole company as plain files, from one engine to the
//! other, with the trail verified on arrival.
//!
//! The export is a folder: `manifest.json`, one `tables/<name>.ndjson` per table (a JSON array per
//! row, values in the order of the manifest's columns, bytes as {"hex": …}), and `files/` by
//! SHA-256.

use crate::assembly::{Place, migrations};
use crate::terminal;
use base::{Digest, Error, Result};
use db::{Column, ColumnType, Database, Read, Value};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::fs::{self, File};
use sha2::{Digest as _, Sha256};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

/// Rows that travel in one statement.
const SLICE: usize = 5_000;
/// Lines that are handed on at once, in bytes.
const PIECE_BYTES: usize = 4 << 20;
const FORMAT: &str = "plumb-export-1";

/// What an export is written to.
pub trait Sink {
    /// The next lines of a table.
    fn table(&mut self, name: &str, lines: &[u8]) -> Result<()>;
    fn file(&mut self, digest: &Digest, content: &[u8]) -> Result<()>;
    /// Comes last.
    fn manifest(&mut self, text: &str) -> Result<()>;
}

/// What was written.
#[derive(Debug, Default)]
pub struct Written {
    pub rows: u64,
    pub files: usize,
}

/// A folder of plain files.
struct Folder(PathBuf);

impl Sink for Folder {
    fn table(&mut self, name: &str, lines: &[u8]) -> Result<()> {
        let path = self.0.join("tables").join(format!("{name}.ndjson"));
        let opened = File::options().create(true).append(true).open(&path);
        opened.and_then(|mut file| file.write_all(lines)).map_err(|error| about(&path, error))
    }

    fn file(&mut self, digest: &Digest, content: &[u8]) -> Result<()> {
        let path = self.0.join("files").join(digest.hex());
        fs::write(&path, content).map_err(|error| about(&path, error))
    }

    fn manifest(&mut self, text: &str) -> Result<()> {
        let path = self.0.join("manifest.json");
        fs::write(&path, text).map_err(|error| about(&path, error))
    }
}

/// Writes everything into a new folder.
pub fn export(place: &Place, to: &Path) -> Result<()> {
    if to.exists() && fs::read_dir(to).map_err(|error| about(to, error))?.next().is_some() {
        return Err(Error::conflict("folder_not_empty", format!("{} holds something already; name a new folder.", to.display())));
    }
    crate::assembly::require_schema(&place.open_to_read()?)?;
    for folder in ["tables", "files"] {
        fs::create_dir_all(to.join(folder)).map_err(|error| about(to, error))?;
    }
    write_all(place, &mut Folder(to.to_owned()), json!({}))?;
    println!("Exported to {}.", to.display());
    Ok(())
}

/// Writes every table as of one moment, every file, and the manifest with what `about` says besides.
pub fn write_all(place: &Place, sink: &mut dyn Sink, about: Json) -> Result<Written> {
    let database = place.open_to_read()?;
    crate::assembly::require_schema(&database)?;
    let bar = terminal::bar();
    let tables = tables_in_order(&database)?;
    bar.set_length(tables.len() as u64);
    let mut written = Written::default();
    let mut manifest_tables = BTreeMap::new();
    let mut has_begun = false;
    // One snapshot for all tables: what is exported is one moment.
    database.read(|tx| {
        // A stream cannot be taken back; after a passing fault the whole begins anew elsewhere.
        if std::mem::replace(&mut has_begun, true) {
            return Err(base::Refusal::new(base::RefusalKind::Unavailable, "interrupted", "The database went away while it was written out.").advise("Begin again.").into());
        }
        for (name, columns) in &tables {
            let (rows, digest) = export_table(tx, name, columns, sink)?;
            let columns: Vec<_> = columns.iter().map(|(name, sort)| json!([name, sort_name(*sort)])).collect();
            manifest_tables.insert(name.clone(), json!({ "columns": columns, "rows": rows, "sha256": digest.hex() }));
            written.rows += rows;
            bar.inc(1);
        }
        Ok(())
    })?;
    // After the rows: every file that a row names was there before the row.
    let files = place.open_files()?;
    let mut listed = Vec::new();
    for digest in files.digests() {
        let digest = digest?;
        sink.file(&digest, &files.get(&digest)?)?;
        listed.push(digest.hex());
    }
    written.files = listed.len();
    let mut manifest = json!({ "format": FORMAT, "schema": database.schema_version()?, "tables": manifest_tables, "files": listed });
    if let (Json::Object(manifest), Json::Object(about)) = (&mut manifest, about) {
        manifest.extend(about);
    }
    sink.manifest(&format!("{manifest:#}\n"))?;
    bar.finish_and_clear();
    Ok(written)
}

/// What arrived, and was found sound.
#[derive(Debug, Default)]
pub struct Arrived {
    /// Of a backup: its identifier and when it was made.
    pub backup: Option<String>,
    pub made_at: Option<String>,
    pub transactions: u64,
    pub rows: u64,
    pub files: u64,
}

/// Reads an export into an empty database and verifies the trail.
pub fn import(place: &Place, from: &Path) -> Result<()> {
    read_all(place, from).map(|_| ())
}

/// As [`import`], and says what arrived.
pub fn read_all(place: &Place, from: &Path) -> Result<Arrived> {
    let path = from.join("manifest.json");
    let text = fs::read_to_string(&path).map_err(|error| about(&path, error))?;
    let manifest: Json = serde_json::from_str(&text).map_err(|error| about(&path, error))?;
    if manifest.get("format").and_then(Json::as_str) != Some(FORMAT) {
        return Err(Error::malformed("not_an_export", format!("{} is not the manifest of an export.", path.display())));
    }
    let database = place.open_database()?;
    database.migrate(&migrations())?;
    if manifest.get("schema").and_then(Json::as_i64) != Some(i64::from(database.schema_version()?)) {
        return Err(Error::conflict("other_schema", "The export was made by another version of Plumb; use the same version for both."));
    }
    refuse_unless_empty(&database)?;
    let said = |name: &str| manifest.get(name).and_then(Json::as_str).map(str::to_owned);
    let mut arrived = Arrived { backup: said("backup"), made_at: said("made_at"), ..Arrived::default() };
    let files = place.open_files()?;
    for name in manifest.get("files").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str) {
        let digest = Digest::from_hex(name).ok_or_else(|| Error::malformed("bad_file_name", format!("{name} is no digest")))?;
        let path = from.join("files").join(digest.hex());
        let content = fs::read(&path).map_err(|error| about(&path, error))?;
        if Digest::of(&content) != digest {
            return Err(Error::malformed("file_damaged", format!("{} does not hold what its name says.", path.display())));
        }
        files.put(&content, u64::MAX)?;
        arrived.files += 1;
    }
    let bar = terminal::bar();
    let tables = tables_in_order(&database)?;
    bar.set_length(tables.len() as u64);
    let mut pending = Vec::new();
    for (name, columns) in tables {
        let rows = read_table(from, &manifest, &name, &columns)?;
        pending.push((name, columns, rows));
        bar.inc(1);
    }
    // One transaction: the company is there as a whole or not at all.
    let pending = std::sync::Arc::new(pending);
    database.write(move |tx| {
        for (name, columns, rows) in pending.iter() {
            let columns: Vec<_> = columns.iter().map(|(name, sort)| Column { name: static_name(name), sort: *sort }).collect();
            for slice in rows.chunks(SLICE) {
                tx.insert_rows(static_name(name), &columns, slice)?;
            }
        }
        Ok(())
    })?;
    bar.finish_and_clear();
    for tenant in verify::tenants(&database)? {
        let report = verify::verify(&database, &tenant, &mut |_, _, _| {})?;
        if !report.is_sound() {
            for problem in &report.problems {
                println!("  {problem}");
            }
            return Err(Error::conflict("trail_damaged", "The trail does not verify on arrival; do not use this copy."));
        }
        println!("{tenant}: {} transactions and {} rows arrived; the trail verifies.", report.transactions, report.rows);
        arrived.transactions += report.transactions;
        arrived.rows += report.rows;
    }
    Ok(arrived)
}

type Columns = Vec<(String, ColumnType)>;

/// The tables, those that others point to first.
fn tables_in_order(database: &Database) -> Result<Vec<(String, Columns)>> {
    let described = database.describe()?;
    let mut tables = Vec::new();
    for (name, lines) in described {
        if name == "schema_migration" {
            continue;
        }
        let mut columns = Columns::new();
        for line in &lines {
            let mut words = line.split(' ');
            if words.next() != Some("column") {
                continue;
            }
            let (Some(column), Some(sort)) = (words.next(), words.next()) else { continue };
            columns.push((column.to_owned(), sort_of(sort)?));
        }
        tables.push((name, columns));
    }
    tables.sort_by_key(|(name, _)| (name != "item", name != "record", name.clone()));
    Ok(tables)
}

fn sort_of(name: &str) -> Result<ColumnType> {
    match name {
        "int" => Ok(ColumnType::Int),
        "bool" => Ok(ColumnType::Bool),
        "text" => Ok(ColumnType::Text),
        "bytes" => Ok(ColumnType::Bytes),
        other => Err(Error::internal(format!("column type {other}"))),
    }
}

fn sort_name(sort: ColumnType) -> &'static str {
    match sort {
        ColumnType::Int => "int",
        ColumnType::Bool => "bool",
        ColumnType::Text => "text",
        ColumnType::Bytes => "bytes",
    }
}

/// Table and column names live as long as the program: there are as many as the schema has.
fn static_name(name: &str) -> &'static str {
    Box::leak(name.to_owned().into_boxed_str())
}

/// Answers how many rows there were, and the digest of all lines.
fn export_table(tx: &mut dyn Read, name: &str, columns: &Columns, sink: &mut dyn Sink) -> Result<(u64, Digest)> {
    let names: Vec<_> = columns.iter().map(|(name, _)| name.as_str()).collect();
    let text = format!("select {} from {name}", names.join(", "));
    let rows = tx.query_text(&text, &[])?;
    let (mut lines, mut hasher) = (Vec::new(), Sha256::new());
    for row in &rows {
        let values: Vec<Json> = row.values().iter().zip(columns).map(|(value, (_, sort))| to_json(value, *sort)).collect();
        lines.extend_from_slice(Json::Array(values).to_string().as_bytes());
        lines.push(b'\n');
        if lines.len() >= PIECE_BYTES {
            hasher.update(&lines);
            sink.table(name, &lines)?;
            lines.clear();
        }
    }
    hasher.update(&lines);
    sink.table(name, &lines)?;
    Ok((rows.len() as u64, Digest(hasher.finalize().into())))
}

fn read_table(from: &Path, manifest: &Json, name: &str, columns: &Columns) -> Result<Vec<Vec<Value>>> {
    let path = from.join("tables").join(format!("{name}.ndjson"));
    let expected = manifest.pointer(&format!("/tables/{name}/sha256")).and_then(Json::as_str);
    let content = fs::read(&path).map_err(|error| about(&path, error))?;
    if expected != Some(Digest::of(&content).hex().as_str()) {
        return Err(Error::malformed("table_damaged", format!("{} is not as the manifest says.", path.display())));
    }
    let mut rows = Vec::new();
    for (index, line) in BufReader::new(content.as_slice()).lines().enumerate() {
        let place = format!("{}, line {}", path.display(), index + 1);
        let line = line.map_err(|error| about(&path, error))?;
        let values: Vec<Json> = serde_json::from_str(&line).map_err(|error| Error::malformed("bad_line", format!("{place}: {error}")))?;
        if values.len() != columns.len() {
            return Err(Error::malformed("bad_line", format!("{place}: {} values, the table has {} columns", values.len(), columns.len())));
        }
        let row = values.iter().zip(columns).map(|(value, (_, sort))| from_json(value, *sort, &place)).collect::<Result<Vec<_>>>()?;
        rows.push(row);
    }
    Ok(rows)
}

fn to_json(value: &Value, sort: ColumnType) -> Json {
    match (value, sort) {
        (Value::Null, _) => Json::Null,
        (Value::Int(number), ColumnType::Bool) => Json::Bool(*number != 0),
        (Value::Bool(truth), _) => Json::Bool(*truth),
        (Value::Int(number), _) => json!(number),
        (Value::Text(text), _) => json!(text),
        (Value::Bytes(bytes), _) => json!({ "hex": bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>() }),
    }
}

fn from_json(value: &Json, sort: ColumnType, place: &str) -> Result<Value> {
    let wrong = || Error::malformed("bad_value", format!("{place}: {value} is no {}", sort_name(sort)));
    Ok(match (value, sort) {
        (Json::Null, _) => Value::Null,
        (Json::Bool(truth), ColumnType::Bool) => Value::Bool(*truth),
        (Json::Number(number), ColumnType::Int) => Value::Int(number.as_i64().ok_or_else(wrong)?),
        (Json::String(text), ColumnType::Text) => Value::Text(text.clone()),
        (Json::Object(object), ColumnType::Bytes) => {
            let hex = object.get("hex").and_then(Json::as_str).ok_or_else(wrong)?;
            let bytes = (0..hex.len()).step_by(2).map(|at| hex.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok()));
            Value::Bytes(bytes.collect::<Option<Vec<_>>>().ok_or_else(wrong)?)
        }
        _ => return Err(wrong()),
    })
}

fn refuse_unless_empty(database: &Database) -> Result<()> {
    let rows = database.read(|tx| tx.query_text("select seq from audit_tx limit 1", &[]))?;
    if rows.is_empty() {
        return Ok(());
    }
    Err(Error::conflict("not_empty", "There is a company in this database already; import into an empty one."))
}

fn about(path: &Path, error: impl std::fmt::Display) -> Error {
    base::Refusal::new(base::RefusalKind::Unavailable, "file_error", format!("{}: {error}", path.display())).into()
}
