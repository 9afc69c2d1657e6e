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
    let (suspects, found) = version_suspects(tx, table, None, check)?;
    if found != trail.record_events {
        damage::name_missing_versions(tx, check)?;
    }
    Ok(suspects)
}

/// The versions of one record; `events` wrote one each.
pub(crate) fn versions_of(tx: &mut dyn Read, tables: &[Regulated], record: &str, events: u64, check: &mut Check<'_>) -> Result<()> {
    let Some(table) = tables.iter().find(|table| table.name == VERSIONS) else { return Ok(()) };
    let (suspects, found) = version_suspects(tx, table, Some(record), check)?;
    for suspect in &suspects {
        damage::name(tx, table, suspect, check)?;
    }
    if found != events {
        check.find(VERSIONS, record, None, format!("there are {found} versions, the trail speaks of {events}; versions are never deleted"));
    }
    Ok(())
}

/// Versions that are not as their events left them, and how many there are in all.
fn version_suspects(tx: &mut dyn Read, table: &Regulated, record: Option<&str>, check: &mut Check<'_>) -> Result<(Vec<Suspect>, u64)> {
    let key_place = place_of(table, table.key)? + 3;
    let columns: Vec<_> = table.columns.iter().map(|column| format!("v.{column}")).collect();
    let mut text = format!(
        "select v.at_tx, v.at_ord, e.subject_table, e.subject, e.image, {} from {VERSIONS} v
         left join event e on e.tenant = v.tenant and e.tx = v.at_tx and e.ord = v.at_ord where v.tenant = $1",
        columns.join(", ")
    );
    let mut params: Vec<Value> = vec![check.tenant.into()];
    if let Some(record) = record {
        text.push_str(" and v.id = $2");
        params.push(record.into());
    }
    let (mut parts, mut suspects, mut found) = (Parts::default(), Vec::new(), 0);
    tx.scan(&text, &params, &mut |row| {
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
    Ok((suspects, found))
}

/// The row with this key, if it is there: where it points, its image, and what is wrong with its
/// personal data, which is told.
pub(crate) fn row_of(tx: &mut dyn Read, table: &Regulated, key: &str, check: &mut Check<'_>) -> Result<Option<Found>> {
    let personal = Personal::of(table)?;
    let columns: Vec<_> = table.columns.iter().chain(&table.personal).map(String::as_str).collect();
    let text = format!("select at_tx, at_ord, {} from {} where tenant = $1 and {} = $2", columns.join(", "), table.name, table.key);
    let (mut parts, mut found) = (Parts::default(), None);
    tx.scan(&text, &[check.tenant.into(), table.key_value(key)], &mut |row| {
        count_row(table, check);
        if let Some(personal) = &personal
            && let Some(fault) = personal.fault(&row, &mut parts)?
        {
            check.find(&table.name, key, Some("personal_digest"), fault);
        }
        let image = image(&table.name, table, &row, 2, &mut parts)?;
        found = Some(Found { place: Place { tx: Id::of(row.text(0)?), ord: row.int(1)? }, image, suspect: Suspect::of(&row, key.to_owned(), image)? });
        Ok(())
    })?;
    Ok(found)
}

/// A row as it was found.
pub(crate) struct Found {
    pub place: Place,
    pub image: Hash,
    /// To say what is wrong with it.
    pub suspect: Suspect,
}

/// Keys of rows that say they belong to a record, whatever the events say.
pub(crate) fn keys_of(tx: &mut dyn Read, table: &Regulated, record: &str, tenant: &str) -> Result<Vec<String>> {
    if !table.columns.iter().any(|column| column == "record") || table.name == VERSIONS {
        return Ok(Vec::new());
    }
    let text = format!("select {} from {} where tenant = $1 and record = $2", table.key, table.name);
    let rows = tx.query_text(&text, &[tenant.into(), record.into()])?;
    rows.iter().map(|row| row.text(table.key).map(str::to_owned)).collect()
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
