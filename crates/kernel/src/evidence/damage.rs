//! Rows that are not what their events left. Whoever has the database can change them; what they
//! changed is told where it is shown, and nothing is signed or built upon it.
//!
//! Only what is at hand is looked at: the record, its version, its item and the first of its
//! signatures, each against one event. Whether the events are those of the log is for the verifier.

use crate::binding;
use crate::catalog::Catalog;
use crate::record::Record;
use crate::table::{ITEM, RECORD, SIGNATURE, Table};
use crate::trail::{Stored, event_leaf};
use base::{Blocker, Digest, Refusal, RefusalKind, Result};
use db::{Read, Row, Value, sql};
use serde_json::{Map, Value as Json};

/// The rule that stands against every signature and step on a record that was changed outside.
pub const CHANGED_OUTSIDE: &str = "evidence.changed_outside";
/// The requirement behind it.
const REQUIREMENT: &str = "FRS-EVD-071";
/// Signatures of a record that are looked at, the earliest: approvals come before people read and
/// sign, of whom there may be tens of thousands.
const SIGNATURES: i64 = 20;

/// One thing that does not match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    pub table: &'static str,
    /// The row's key.
    pub key: String,
    /// The column, where it can be told.
    pub field: Option<String>,
    /// What is there, and what the trail says.
    pub text: String,
}

impl std::fmt::Display for Damage {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.table)?;
        if let Some(field) = &self.field {
            write!(out, ", {field}")?;
        }
        write!(out, ": {}", self.text)
    }
}

/// What of a record as it is now does not match its trail; nothing for a sound one.
pub fn damage_of(tx: &mut dyn Read, record: &Record) -> Result<Vec<Damage>> {
    damage_inside(tx, record, "")
}

/// The same inside the transaction `open`, whose events are written only at its end: what it wrote
/// itself is as it left it.
pub(crate) fn damage_inside(tx: &mut dyn Read, record: &Record, open: &str) -> Result<Vec<Damage>> {
    let mut found = version_damage(tx, record, open)?;
    let (tenant, id) = (record.tenant.as_str(), record.id.as_str());
    let at = record.stored.pointer();
    if is_older(tx, tenant, &RECORD, id, at)? {
        found.push(fault(&RECORD, id, Some("at_tx"), "an older state was put back: a later event speaks of it".to_owned()));
    }
    let version = tx.query_opt(sql("select * from record_version where tenant = $1 and id = $2 and version = $3"), &[tenant.into(), id.into(), record.version.into()])?;
    let same = version.map(|row| Stored::from_row(&RECORD, &row)).transpose()?.is_some_and(|version| version == record.stored);
    if !same && found.is_empty() {
        found.push(fault(&RECORD, id, Some("version"), format!("version {} was kept with other content, or is gone", record.version)));
    }
    if let Some(row) = tx.query_opt(sql("select * from item where tenant = $1 and id = $2"), &[tenant.into(), record.item.as_str().into()])? {
        row_damage(tx, tenant, &ITEM, &row, open, &mut found)?;
    }
    let signatures = tx.query(sql("select * from signature where tenant = $1 and record = $2 order by version, id limit $3"), &[tenant.into(), id.into(), SIGNATURES.into()])?;
    for row in &signatures {
        row_damage(tx, tenant, &SIGNATURE, row, open, &mut found)?;
    }
    Ok(found)
}

/// The same for one version of a record, which later ones may have followed.
pub fn damage_of_version(tx: &mut dyn Read, record: &Record) -> Result<Vec<Damage>> {
    version_damage(tx, record, "")
}

fn version_damage(tx: &mut dyn Read, record: &Record, open: &str) -> Result<Vec<Damage>> {
    let mut found = Vec::new();
    stored_damage(tx, &record.tenant, &RECORD, &record.id, &record.stored, open, &mut found)?;
    if found.is_empty() && record.digest != record.content_digest().hex() {
        found.push(fault(&RECORD, &record.id, Some("digest"), "is not the digest of the content".to_owned()));
    }
    Ok(found)
}

/// What stands against every step and signature on a record: its own damage, and that of what its
/// signatures cover besides. `open` is the transaction it is asked in, or empty.
pub(crate) fn bars(tx: &mut dyn Read, catalog: &Catalog, record: &Record, open: &str) -> Result<Vec<Blocker>> {
    let mut found = blockers(record, &damage_inside(tx, record, open)?);
    for bound in binding::bound(tx, catalog, record)? {
        found.extend(blockers(&bound, &version_damage(tx, &bound, open)?));
    }
    Ok(found)
}

/// Damage as what stands against a step.
fn blockers(record: &Record, damage: &[Damage]) -> Vec<Blocker> {
    let blocker = |damage: &Damage| Blocker {
        rule: CHANGED_OUTSIDE.to_owned(),
        requirement: REQUIREMENT.to_owned(),
        text: format!("{} was changed outside Plumb. Table {damage}", record.label()),
        records: vec![record.reference()],
    };
    damage.iter().map(blocker).collect()
}

/// Refuses what would be signed on a record that was changed outside.
pub(crate) fn refuse_damaged(tx: &mut dyn Read, record: &Record, open: &str) -> Result<()> {
    let damage = damage_inside(tx, record, open)?;
    if damage.is_empty() { Ok(()) } else { Err(refusal(&record.label()).blocked_by(blockers(record, &damage)).into()) }
}

/// What somebody is told who would build upon a row that was changed outside.
pub(crate) fn refusal(what: &str) -> Refusal {
    Refusal::new(RefusalKind::Conflict, "changed_outside", format!("{what} was changed outside Plumb; nothing can be signed or changed on it."))
        .advise("Tell a quality manager and the administrator: the verifier names everything that does not match, and what the trail says can be put back.")
}

fn row_damage(tx: &mut dyn Read, tenant: &str, table: &'static Table, row: &Row, open: &str, found: &mut Vec<Damage>) -> Result<()> {
    let stored = Stored::from_row(table, row)?;
    let (key, before) = (row.text(table.key)?, found.len());
    stored_damage(tx, tenant, table, key, &stored, open, found)?;
    if found.len() == before && is_older(tx, tenant, table, key, stored.pointer())? {
        found.push(fault(table, key, Some("at_tx"), "an older state was put back: a later event speaks of it".to_owned()));
    }
    Ok(())
}

/// Compares a row with the event it points to, and the event with its own leaf.
fn stored_damage(tx: &mut dyn Read, tenant: &str, table: &'static Table, key: &str, stored: &Stored, open: &str, found: &mut Vec<Damage>) -> Result<()> {
    let (at_tx, at_ord) = stored.pointer();
    if at_tx == open {
        return Ok(());
    }
    let event = tx.query_opt(
        sql(
            "select tx, ord, at, actor, action, record, subject_table, subject, before, after, reason, image, leaf
             from event where tenant = $1 and tx = $2 and ord = $3",
        ),
        &[tenant.into(), at_tx.into(), at_ord.into()],
    )?;
    let Some(event) = event else {
        found.push(fault(table, key, Some("at_tx"), "points to an event that does not exist".to_owned()));
        return Ok(());
    };
    if event.text("subject_table")? != table.name || event.text("subject")? != key {
        found.push(fault(table, key, Some("at_tx"), format!("points to the event of {} {}", event.text("subject_table")?, event.text("subject")?)));
        return Ok(());
    }
    if Digest::from_bytes(event.bytes("leaf")?) != Some(event_leaf(tenant, &event)?) {
        found.push(fault(table, key, None, format!("its event {}, {} of the trail was changed", at_tx, at_ord)));
    }
    if Digest::from_bytes(event.bytes("image")?) != Some(table.image(&stored.values)) {
        differences(tx, tenant, table, key, stored, found)?;
    }
    Ok(())
}

/// Whether a later event speaks of the row than the one it points to.
fn is_older(tx: &mut dyn Read, tenant: &str, table: &Table, key: &str, at: (&str, i64)) -> Result<bool> {
    let later = tx.query_opt(
        sql("select ord from event where tenant = $1 and subject = $2 and (tx, ord) > ($3, $4) and subject_table = $5 limit 1"),
        &[tenant.into(), key.into(), at.0.into(), at.1.into(), table.name.into()],
    )?;
    Ok(later.is_some())
}

/// Names the columns that are not as the row's events left them.
fn differences(tx: &mut dyn Read, tenant: &str, table: &'static Table, key: &str, stored: &Stored, found: &mut Vec<Damage>) -> Result<()> {
    let said = said(tx, tenant, table, key, stored.pointer())?;
    let before = found.len();
    for (column, value) in stored.values.iter().filter(|(column, _)| !column.starts_with("pd_") && !column.starts_with("sec_")) {
        let (is, should) = (shown(value), said.get(*column).and_then(|value| written(column, value)));
        if is != should {
            let quoted = |text: Option<String>| text.map_or_else(|| "empty".to_owned(), |text| format!("“{}”", short(&text)));
            found.push(fault(table, key, Some(column), format!("is {}, the trail says {}", quoted(is), quoted(should))));
        }
    }
    if found.len() == before {
        found.push(fault(table, key, None, "differs from what its event recorded, in a column whose values the trail does not show".to_owned()));
    }
    Ok(())
}

/// What the trail says of a row's columns, up to and with an event.
fn said(tx: &mut dyn Read, tenant: &str, table: &Table, key: &str, until: (&str, i64)) -> Result<Map<String, Json>> {
    let events = tx.query(
        sql("select after from event where tenant = $1 and subject = $2 and (tx, ord) <= ($3, $4) and subject_table = $5 order by tx, ord"),
        &[tenant.into(), key.into(), until.0.into(), until.1.into(), table.name.into()],
    )?;
    let mut said: Map<String, Json> = Map::new();
    for event in &events {
        let after = event.opt_text("after")?.and_then(|text| serde_json::from_str::<Map<String, Json>>(text).ok());
        for (name, value) in after.into_iter().flatten() {
            match (said.get_mut(&name), value) {
                (Some(Json::Object(known)), Json::Object(changed)) if name == "fields" => known.extend(changed),
                (_, value) => {
                    said.insert(name, value);
                }
            }
        }
    }
    Ok(said)
}

/// A value of the trail as a column holds it.
fn written(column: &str, value: &Json) -> Option<String> {
    match (column, value) {
        (_, Json::Null) => None,
        ("fields", Json::Object(fields)) => Some(Json::Object(fields.iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| (name.clone(), value.clone())).collect()).to_string()),
        (_, Json::String(text)) => Some(text.clone()),
        (_, other) => Some(other.to_string()),
    }
}

fn shown(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Int(number) => Some(number.to_string()),
        Value::Text(text) => Some(text.clone()),
        Value::Bytes(bytes) => Some(base::hex::encode(bytes)),
    }
}

/// A long text by its beginning: a banner is no place for pages.
fn short(text: &str) -> String {
    base::text::shortened(text, 200)
}

fn fault(table: &Table, key: &str, field: Option<&str>, text: String) -> Damage {
    Damage { table: table.name, key: key.to_owned(), field: field.map(str::to_owned), text }
}
