//! Rows as lines of JSON, one way and the other, never a whole table at once.

use super::about;
use super::tables::{Table, sort_name};
use base::limits::{COPIED_BYTES_AT_ONCE, COPIED_ROWS_AT_ONCE};
use base::{Digest, Result};
use db::{Cell, Column, ColumnType, Value};
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{BufRead as _, BufReader, ErrorKind, Read as _};
use std::path::Path;

/// Bytes of a file that are hashed at a time.
const CHUNK_BYTES: usize = 1 << 20;

/// Hands the lines of a table on in pieces; answers how many rows there were, and the digest of all
/// lines.
pub(super) fn write(tx: &mut dyn db::Read, table: &Table, to: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<(u64, Digest)> {
    let names: Vec<_> = table.columns.iter().map(|column| column.name).collect();
    let text = format!("select {} from {}", names.join(", "), table.name);
    let (mut lines, mut hasher, mut rows) = (Vec::new(), Sha256::new(), 0);
    tx.scan(&text, &[], &mut |row| {
        let values = table.columns.iter().enumerate().map(|(place, column)| Ok(to_json(row.cell(place)?, column.sort))).collect::<Result<Vec<_>>>()?;
        lines.extend_from_slice(Json::Array(values).to_string().as_bytes());
        lines.push(b'\n');
        rows += 1;
        if lines.len() >= COPIED_BYTES_AT_ONCE {
            hasher.update(&lines);
            to(&lines)?;
            lines.clear();
        }
        Ok(())
    })?;
    hasher.update(&lines);
    to(&lines)?;
    Ok((rows, Digest(hasher.finalize().into())))
}

/// The digest of a file; nothing when it is not there.
pub(super) fn digest_of(path: &Path) -> Result<Option<Digest>> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(about(path, error)),
    };
    let (mut hasher, mut chunk) = (Sha256::new(), vec![0; CHUNK_BYTES]);
    loop {
        let read = file.read(&mut chunk).map_err(|error| about(path, error))?;
        if read == 0 {
            return Ok(Some(Digest(hasher.finalize().into())));
        }
        hasher.update(chunk.get(..read).unwrap_or_default());
    }
}

/// What a line of a table holds, or why it cannot be read.
pub(super) type Line = std::result::Result<Vec<Value>, String>;

/// Hands the rows of a table's file on, so many at a time that they fit in memory.
pub(super) fn read(path: &Path, columns: &[Column], to: &mut dyn FnMut(Vec<Line>) -> Result<()>) -> Result<()> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(about(path, error)),
    };
    let (mut reader, mut line) = (BufReader::new(file), Vec::new());
    let (mut rows, mut bytes, mut number) = (Vec::new(), 0, 0);
    loop {
        line.clear();
        let read = reader.read_until(b'\n', &mut line).map_err(|error| about(path, error))?;
        if read == 0 {
            break;
        }
        number += 1;
        rows.push(row(&line, columns).map_err(|why| format!("{}, line {number}: {why}", path.display())));
        bytes += read;
        if rows.len() >= COPIED_ROWS_AT_ONCE || bytes >= COPIED_BYTES_AT_ONCE {
            to(std::mem::take(&mut rows))?;
            bytes = 0;
        }
    }
    if rows.is_empty() { Ok(()) } else { to(rows) }
}

fn row(line: &[u8], columns: &[Column]) -> Line {
    let values: Vec<Json> = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    if values.len() != columns.len() {
        return Err(format!("{} values, the table has {} columns", values.len(), columns.len()));
    }
    values.iter().zip(columns).map(|(value, column)| from_json(value, column.sort).ok_or_else(|| format!("{} is no {}", column.name, sort_name(column.sort)))).collect()
}

fn to_json(cell: Cell<'_>, sort: ColumnType) -> Json {
    match (cell, sort) {
        (Cell::Null, _) => Json::Null,
        (Cell::Int(number), ColumnType::Bool) => Json::Bool(number != 0),
        (Cell::Int(number), _) => json!(number),
        (Cell::Text(text), _) => json!(text),
        (Cell::Bytes(bytes), _) => json!({ "hex": base::hex::encode(bytes) }),
    }
}

fn from_json(value: &Json, sort: ColumnType) -> Option<Value> {
    Some(match (value, sort) {
        (Json::Null, _) => Value::Null,
        (Json::Bool(truth), ColumnType::Bool) => Value::Bool(*truth),
        (Json::Number(number), ColumnType::Int) => Value::Int(number.as_i64()?),
        (Json::String(text), ColumnType::Text) => Value::Text(text.clone()),
        (Json::Object(object), ColumnType::Bytes) => Value::Bytes(base::hex::decode(object.get("hex")?.as_str()?, usize::MAX)?),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use db::{Config, Database, Tx};

    const COLUMNS: [Column; 2] = [Column { name: "id", sort: ColumnType::Int }, Column { name: "text", sort: ColumnType::Text }];

    /// How many rows came at a time.
    fn pieces(lines: &str) -> Vec<usize> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.ndjson");
        std::fs::write(&path, lines).unwrap();
        let mut pieces = Vec::new();
        read(&path, &COLUMNS, &mut |rows| {
            assert!(rows.iter().all(std::result::Result::is_ok));
            pieces.push(rows.len());
            Ok(())
        })
        .unwrap();
        pieces
    }

    #[test]
    fn frs_bak_010_a_table_is_read_so_many_rows_and_bytes_at_a_time_and_never_as_a_whole() {
        let line = |bytes: usize| format!("[1,\"{}\"]\n", "x".repeat(bytes - "[1,\"\"]\n".len()));
        let most = COPIED_ROWS_AT_ONCE;
        assert_eq!(pieces(&line(10).repeat(most)), [most]);
        assert_eq!(pieces(&line(10).repeat(most + 1)), [most, 1]);
        let (short, long) = (line(100), line(COPIED_BYTES_AT_ONCE - 100));
        assert_eq!(pieces(&format!("{short}{long}{short}")), [2, 1], "at the limit");
        assert_eq!(pieces(&format!("{}{long}{short}", line(99))), [3], "a byte below it");
        assert_eq!(pieces(""), Vec::<usize>::new());
    }

    #[test]
    fn frs_bak_010_a_table_is_written_in_pieces_and_never_as_a_whole() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&Config::Sqlite { folder: folder.path().to_owned() }).unwrap();
        let make = |tx: &mut Tx| {
            tx.execute_text("create table t (id integer, text text)", &[])?;
            for id in 0..8_i64 {
                tx.execute_text("insert into t values ($1, $2)", &[id.into(), "x".repeat(COPIED_BYTES_AT_ONCE / 3).as_str().into()])?;
            }
            Ok(())
        };
        database.write(make).unwrap();
        let table = Table { name: "t", columns: COLUMNS.to_vec(), needs: Vec::new() };
        let (mut pieces, mut all) = (Vec::new(), Sha256::new());
        let (rows, digest) = database
            .read(|tx| {
                write(tx, &table, &mut |lines| {
                    pieces.push(lines.iter().filter(|byte| **byte == b'\n').count());
                    all.update(lines);
                    Ok(())
                })
            })
            .unwrap();
        assert_eq!((rows, pieces), (8, vec![3, 3, 2]));
        assert_eq!(digest, Digest(all.finalize().into()));
    }
}
