//! Regulated rows against their last events.

use crate::damage::{self, Suspect};
use crate::format::{Hash, Parts};
use crate::known::{Id, Place, Trail};
use crate::personal::Personal;
use crate::{Check, EACH, PROBLEMS};
use base::{Error, Result};
use db::{Cell, Database, Read, Scanned, Value};

/// The table of versions: its rows are images of `record`, and point to its events.
const VERSIONS: &str = "record_version";

/// A regulated table as it is in the database: the columns that an image covers, in the order of
/// their names.
pub(crate) struct Regulated {
    pub name: String,
    pub key: &'static str,
    pub columns: Vec<String>,
    /// Columns of personal data, which a digest among the others stands for.
    pub personal: Vec<String>,
}

impl Regulated {
    /// A key, told as text, as the column holds it.
    pub(crate) fn key_value(&self, key: &str) -> Value {
        match (self.key, key.parse::<i64>()) {
            ("revision", Ok(number)) => number.into(),
            _ => key.into(),
        }
    }
}

/// The regulated tables of a database: those whose rows point to events.
pub(crate) fn regulated(database: &Database) -> Result<Vec<Regulated>> {
    let mut found = Vec::new();
    for (name, lines) in &database.describe()? {
        let mut columns: Vec<String> = lines.iter().filter_map(|line| line.strip_prefix("column ")).filter_map(|line| line.split(' ').next()).map(str::to_owned).collect();
        if columns.iter().any(|column| column == "at_tx") {
            columns.retain(|column| !matches!(column.as_str(), "tenant" | "at_tx" | "at_ord"));
            columns.sort_unstable();
            let (personal, columns) = columns.into_iter().partition(|column| column.starts_with("pd_"));
            let key = if name == "configuration" { "revision" } else { "id" };
            found.push(Regulated { name: name.clone(), key, columns, personal });
        }
    }
    Ok(found)
}

/// Checks the image, the pointer and the personal data of every row of every regulated table, and
/// that no row an event speaks of is gone.
pub(crate) fn check(tx: &mut dyn Read, tables: &[Regulated], trail: &mut Trail, check: &mut Check<'_>) -> Result<()> {
    for table in tables {
        let suspects = if table.name == VERSIONS { versions(tx, table, trail, check)? } else { current(tx, table, trail, check)? };
        for suspect in suspects {
            damage::name(tx, table, &suspect, check)?;
        }
    }
    let mut gone: Vec<_> = trail.last.iter().filter(|(_, last)| !last.seen).map(|((table, id), last)| (last.place, *table, *id)).collect();
    gone.sort_unstable();
    for (place, table, id) in gone.into_iter().take(PROBLEMS) {
        let key = damage::subject_at(tx, check.tenant, place)?.unwrap_or_else(|| id.text());
        check.find(trail.tables.name(table), key, None, "the row is gone; rows are never deleted");
    }
    Ok(())
}

/// Rows of which there is one for each subject: each is as its last event left it.
fn current(tx: &mut dyn Read, table: &Regulated, trail: &mut Trail, check: &mut Check<'_>) -> Result<Vec<Suspect>> {
    let number = trail.tables.number(&table.name);
    let key_place = place_of(table, table.key)?;
    let personal = Personal::of(table)?;
    let columns: Vec<_> = table.columns.iter().chain(&table.personal).map(String::as_str).collect();
    let text = format!("select at_tx, at_ord, {} from {} where tenant = $1", columns.join(", "), table.name);
    let (mut parts, mut suspects) = (Parts::default(), Vec::new());
    tx.scan(&text, &[check.tenant.into()], &mut |row| {
        count_row(table, check);
        let key = key_text(&row, key_place)?;
        let place = Place { tx: Id::of(row.text(0)?), ord: row.int(1)? };
        if let Some(personal) = &personal
            && let Some(fault) = personal.fault(&row, &mut parts)?
        {
            check.find(&table.name, key.as_str(), Some("personal_digest"), fault);
        }
        let image = image(&table.name, table, &row, 2, &mut parts)?;
        let fits = trail.last.get_mut(&(number, Id::of(&key))).is_some_and(|last| {
            last.seen = true;
            last.place == place && last.image == image
        });
        if !fits && suspects.len() < PROBLEMS {
            suspects.push(Suspect::of(&row, key, image)?);
        }
        Ok(())
    })?;
    Ok(suspects)
}

/// Versions: each is as its own event left it, and there is one for each event.
fn versions(tx: &mut dyn Read, table: &Regulated, trail: &Trail, check: &mut Check<'_>) -> Result<Vec<Suspect>> {
    let key_place = place_of(table, table.key)? + 3;
    let columns: Vec<_> = table.columns.iter().map(|column| format!("v.{column}")).collect();
    let text = format!(
        "select v.at_tx, v.at_ord, e.subject_table, e.subject, e.image, {} from {VERSIONS} v
         left join event e on e.tenant = v.tenant and e.tx = v.at_tx and e.ord = v.at_ord where v.tenant = $1",
        columns.join(", ")
    );
    let (mut parts, mut suspects, mut found) = (Parts::default(), Vec::new(), 0);
    tx.scan(&text, &[check.tenant.into()], &mut |row| {
        count_row(table, check);
        found += 1;
        let key = key_text(&row, key_place)?;
        let image = image("record", table, &row, 5, &mut parts)?;
        let fits = row.opt_text(2)? == Some("record") && row.opt_text(3)? == Some(key.as_str()) && row.cell(4)? == Cell::Bytes(&image);
        if !fits && suspects.len() < PROBLEMS {
            suspects.push(Suspect::of(&row, key, image)?);
        }
        Ok(())
    })?;
    if found != trail.record_events {
        damage::name_missing_versions(tx, check)?;
    }
    Ok(suspects)
}

fn count_row(table: &Regulated, check: &mut Check<'_>) {
    check.report.rows += 1;
    if check.report.rows.is_multiple_of(EACH) {
        (check.progress)(&format!("checking the rows of {}", table.name), check.report.rows, None);
    }
}

/// Where a column of the image stands in the statement that reads the rows.
pub(crate) fn place_of(table: &Regulated, key: &str) -> Result<usize> {
    let place = table.columns.iter().position(|column| column == key);
    place.map(|place| place + 2).ok_or_else(|| Error::internal(format!("the table {} has no column {key}", table.name)))
}

fn key_text(row: &Scanned<'_>, place: usize) -> Result<String> {
    match row.cell(place)? {
        Cell::Text(text) => Ok(text.to_owned()),
        Cell::Int(number) => Ok(number.to_string()),
        other => Err(Error::internal(format!("a key is {other:?}"))),
    }
}

/// Row image; the columns of the table stand in the row from `first` on.
fn image(name: &str, table: &Regulated, row: &Scanned<'_>, first: usize, parts: &mut Parts) -> Result<Hash> {
    parts.begin("PLUMB-ROW-1").text(name);
    for (place, column) in table.columns.iter().enumerate() {
        match row.cell(first + place)? {
            Cell::Null => continue,
            Cell::Int(number) => parts.text(column).number(number),
            Cell::Text(text) => parts.text(column).text(text),
            Cell::Bytes(bytes) => parts.text(column).bytes(bytes),
        };
    }
    Ok(parts.hash())
}
