//! Regulated rows against their last events, and signatures against what was signed.

use crate::format::{Parts, hex, image};
use crate::{LastEvents, Progress, Report};
use base::{Error, Result};
use db::{Database, Read, Row, Value, sql};
use serde_json::{Map, Value as Json};
use std::collections::{BTreeMap, BTreeSet};

/// Rows are read in slices of so many.
const SLICE: i64 = 5_000;

/// Checks the image and the pointer of every row of every regulated table, and that no row an
/// event speaks of is gone.
pub(crate) fn check(database: &Database, tenant: &str, last: &LastEvents, report: &mut Report, progress: Progress<'_>) -> Result<()> {
    let described = database.describe()?;
    let mut seen: BTreeSet<(String, String)> = BTreeSet::new();
    for (table, lines) in &described {
        if lines.iter().any(|line| line.starts_with("column at_tx ")) {
            check_table(database, tenant, table, last, &mut seen, report, progress)?;
        }
    }
    for (table, key) in last.keys() {
        if !seen.contains(&(table.clone(), key.clone())) {
            report.find(table, key.as_str(), None, "the row is gone; rows are never deleted");
        }
    }
    Ok(())
}

fn check_table(
    database: &Database,
    tenant: &str,
    table: &str,
    last: &LastEvents,
    seen: &mut BTreeSet<(String, String)>,
    report: &mut Report,
    progress: Progress<'_>,
) -> Result<()> {
    // Versions of records are images of `record`, and any event of theirs may be an old one.
    let versions = table == "record_version";
    let subject_table = if versions { "record" } else { table };
    let key = if table == "configuration" { "revision" } else { "id" };
    let mut after: Option<(String, i64)> = None;
    loop {
        let slice = next_slice(database, tenant, table, after.as_ref())?;
        let Some(final_row) = slice.last() else { break };
        after = Some((final_row.text("at_tx")?.to_owned(), final_row.int("at_ord")?));
        let events = events_of(database, tenant, &slice)?;
        let mut sorted: Vec<&str> = final_row.columns().iter().map(String::as_str).collect();
        sorted.sort_unstable();
        for row in &slice {
            report.rows += 1;
            let row_key = key_text(row, key)?;
            let pointer = (row.text("at_tx")?.to_owned(), row.int("at_ord")?);
            let subject = (subject_table.to_owned(), row_key.clone());
            match events.get(&pointer) {
                None => report.find(table, row_key.as_str(), Some("at_tx"), "points to an event that does not exist"),
                Some(event) => {
                    if event.subject != row_key || event.subject_table != subject_table {
                        report.find(table, row_key.as_str(), Some("at_tx"), format!("points to the event of {} {}", event.subject_table, event.subject));
                    }
                    if event.image != image(subject_table, row, &sorted)? {
                        name_difference(database, tenant, table, subject_table, &row_key, row, &pointer, report)?;
                    }
                }
            }
            if !versions {
                if last.get(&subject).is_some_and(|newest| *newest != pointer) {
                    report.find(table, row_key.as_str(), Some("at_tx"), "an older state of the row was put back: a later event speaks of it");
                }
                seen.insert(subject);
            }
        }
        progress(&format!("checking the rows of {table}"), report.rows, None);
    }
    Ok(())
}

fn key_text(row: &Row, key: &str) -> Result<String> {
    match row.value(key)? {
        Value::Text(text) => Ok(text.clone()),
        Value::Int(number) => Ok(number.to_string()),
        other => Err(Error::internal(format!("key {key} is {other:?}"))),
    }
}

fn next_slice(database: &Database, tenant: &str, table: &str, after: Option<&(String, i64)>) -> Result<Vec<Row>> {
    let (tx, ord) = after.map_or(("", -1), |(tx, ord)| (tx.as_str(), *ord));
    let text = format!("select * from {table} where tenant = $1 and (at_tx, at_ord) > ($2, $3) order by at_tx, at_ord limit $4");
    let params: Vec<Value> = vec![tenant.into(), tx.into(), ord.into(), SLICE.into()];
    database.read(move |reader: &mut dyn Read| reader.query_text(&text, &params))
}

struct Event {
    subject_table: String,
    subject: String,
    image: Vec<u8>,
}

fn events_of(database: &Database, tenant: &str, rows: &[Row]) -> Result<BTreeMap<(String, i64), Event>> {
    let mut transactions: Vec<String> = rows.iter().map(|row| row.text("at_tx").map(str::to_owned)).collect::<Result<_>>()?;
    transactions.dedup();
    let mut found = BTreeMap::new();
    for part in transactions.chunks(400) {
        let mut query = db::Query::with(sql("select tx, ord, subject_table, subject, image from event where tenant = $1"), vec![tenant.into()]);
        query.push_list(" and tx in", part.iter().map(|tx| tx.as_str().into()).collect());
        for row in database.read(move |reader: &mut dyn Read| reader.run(&query))? {
            let event = Event {
                subject_table: row.text("subject_table")?.to_owned(),
                subject: row.text("subject")?.to_owned(),
                image: row.bytes("image")?.to_vec(),
            };
            found.insert((row.text("tx")?.to_owned(), row.int("ord")?), event);
        }
    }
    Ok(found)
}

/// The row is not as its event left it: replays the row's events to say which column differs, and
/// from what.
#[expect(clippy::too_many_arguments, reason = "everything that names the row in the report")]
fn name_difference(
    database: &Database,
    tenant: &str,
    table: &str,
    subject_table: &str,
    key: &str,
    row: &Row,
    pointer: &(String, i64),
    report: &mut Report,
) -> Result<()> {
    let events = database.query(
        sql("select tx, ord, after from event where tenant = $1 and subject_table = $2 and subject = $3 order by tx, ord"),
        &[tenant.into(), subject_table.into(), key.into()],
    )?;
    let mut expected: Map<String, Json> = Map::new();
    for event in &events {
        if (event.text("tx")?, event.int("ord")?) > (pointer.0.as_str(), pointer.1) {
            break;
        }
        let after = event.opt_text("after")?.and_then(|text| serde_json::from_str::<Map<String, Json>>(text).ok());
        for (name, value) in after.into_iter().flatten() {
            match (expected.get_mut(&name), value) {
                (Some(Json::Object(known)), Json::Object(changed)) if name == "fields" => known.extend(changed),
                (_, value) => {
                    expected.insert(name, value);
                }
            }
        }
    }
    let mut named = false;
    for (name, value) in &expected {
        let is = shown(row.value(name)?);
        let should = match (name.as_str(), value) {
            ("fields", Json::Object(fields)) => {
                let kept: Map<String, Json> = fields.iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| (name.clone(), value.clone())).collect();
                Json::Object(kept).to_string()
            }
            (_, Json::String(text)) => text.clone(),
            (_, Json::Null) => String::new(),
            (_, Json::Bool(truth)) => i64::from(*truth).to_string(),
            (_, other) => other.to_string(),
        };
        if is != should {
            named = true;
            report.find(table, key, Some(name), format!("is “{is}”, the trail says “{should}”"));
        }
    }
    if !named {
        report.find(table, key, None, "differs from what its event recorded, in a column whose values the trail does not show");
    }
    Ok(())
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(truth) => i64::from(*truth).to_string(),
        Value::Int(number) => number.to_string(),
        Value::Text(text) => text.clone(),
        Value::Bytes(bytes) => hex(bytes),
    }
}

/// Every signature's digest is that of the record version it names, and every version's digest is
/// that of its content.
pub(crate) fn check_signatures(database: &Database, tenant: &str, report: &mut Report, progress: Progress<'_>) -> Result<()> {
    let mut after = String::new();
    loop {
        let slice = database.query(
            sql(
                "select s.id, s.digest as signed, s.record, s.version, v.kind, v.number, v.revision, v.title, v.fields, v.detail
                 from signature s left join record_version v on v.tenant = s.tenant and v.id = s.record and v.version = s.version
                 where s.tenant = $1 and s.id > $2 order by s.id limit $3",
            ),
            &[tenant.into(), after.as_str().into(), SLICE.into()],
        )?;
        let Some(final_row) = slice.last() else { return Ok(()) };
        after = final_row.text("id")?.to_owned();
        for row in &slice {
            report.signatures += 1;
            let id = row.text("id")?;
            if row.opt_text("kind")?.is_none() {
                report.find("signature", id, Some("record"), "names a record version that does not exist");
                continue;
            }
            let content = Parts::new("PLUMB-CONTENT-1")
                .text(row.text("kind")?)
                .text(row.text("number")?)
                .text(row.text("revision")?)
                .text(row.text("title")?)
                .text(row.text("fields")?)
                .maybe(row.opt_text("detail")?)
                .hash();
            if row.text("signed")? != hex(&content) {
                report.find(
                    "signature",
                    id,
                    Some("digest"),
                    format!("was given on other content than version {} of {} now holds", row.int("version")?, row.text("number")?),
                );
            }
        }
        progress("checking signatures", report.signatures, None);
    }
}
