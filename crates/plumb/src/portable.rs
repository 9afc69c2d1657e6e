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
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;

/// Rows that travel in one statement.
const SLICE: usize = 5_000;
const FORMAT: &str = "plumb-export-1";

/// Writes everything into a new folder.
pub fn export(place: &Place, to: &Path) -> Result<()> {
    if to.exists() && fs::read_dir(to).map_err(|error| about(to, error))?.next().is_some() {
        return Err(Error::conflict("folder_not_empty", format!("{} holds something already; name a new folder.", to.display())));
    }
    let database = place.open_to_read()?;
    crate::assembly::require_schema(&database)?;
    fs::create_dir_all(to.join("tables")).map_err(|error| about(to, error))?;
    let bar = terminal::bar();
    let tables = tables_in_order(&database)?;
    bar.set_length(tables.len() as u64);
    let mut manifest_tables = BTreeMap::new();
    let folder = to.to_owned();
    // One snapshot for all tables: what is exported is one moment.
    let exported = database.read(move |tx| {
        let mut exported = Vec::new();
        for (name, columns) in &tables {
            let path = folder.join("tables").join(format!("{name}.ndjson"));
            let rows = export_table(tx, name, columns, &path)?;
            exported.push((name.clone(), columns.clone(), rows, path));
        }
        Ok(exported)
    })?;
    for (name, columns, rows, path) in exported {
        let digest = Digest::of(&fs::read(&path).map_err(|error| about(&path, error))?).hex();
        let columns: Vec<_> = columns.iter().map(|(name, sort)| json!([name, sort_name(*sort)])).collect();
        manifest_tables.insert(name, json!({ "columns": columns, "rows": rows, "sha256": digest }));
        bar.inc(1);
    }
    let files = place.open_files()?;
    fs::create_dir_all(to.join("files")).map_err(|error| about(to, error))?;
    let mut listed = Vec::new();
    for digest in files.digests() {
        let digest = digest?;
        let content = files.get(&digest)?;
        let path = to.join("files").join(digest.hex());
        fs::write(&path, content).map_err(|error| about(&path, error))?;
        listed.push(digest.hex());
    }
    let manifest = json!({ "format": FORMAT, "schema": database.schema_version()?, "tables": manifest_tables, "files": listed });
    let path = to.join("manifest.json");
    fs::write(&path, format!("{manifest:#}\n")).map_err(|error| about(&path, error))?;
    bar.finish_and_clear();
    println!("Exported to {}.", to.display());
    Ok(())
}

/// Reads an export into an empty database and verifies the trail.
pub fn import(place: &Place, from: &Path) -> Result<()> {
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
    let files = place.open_files()?;
    for name in manifest.get("files").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str) {
        let digest = Digest::from_hex(name).ok_or_else(|| Error::malformed("bad_file_name", format!("{name} is no digest")))?;
        let path = from.join("files").join(digest.hex());
        let content = fs::read(&path).map_err(|error| about(&path, error))?;
        if Digest::of(&content) != digest {
            return Err(Error::malformed("file_damaged", format!("{} does not hold what its name says.", path.display())));
        }
        files.put(&content, u64::MAX)?;
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
    }
    Ok(())
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

fn export_table(tx: &mut dyn Read, name: &str, columns: &Columns, path: &Path) -> Result<u64> {
    let names: Vec<_> = columns.iter().map(|(name, _)| name.as_str()).collect();
    let text = format!("select {} from {name}", names.join(", "));
    let mut out = BufWriter::new(File::create(path).map_err(|error| about(path, error))?);
    let rows = tx.query_text(&text, &[])?;
    for row in &rows {
        let values: Vec<Json> = row.values().iter().zip(columns).map(|(value, (_, sort))| to_json(value, *sort)).collect();
        writeln!(out, "{}", Json::Array(values)).map_err(|error| about(path, error))?;
    }
    out.flush().map_err(|error| about(path, error))?;
    Ok(rows.len() as u64)
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
