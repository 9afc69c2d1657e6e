//! Naming what is wrong with a row that does not fit: slow and thorough, for the few that do not.

use crate::Check;
use crate::format::{Hash, hex};
use crate::known::Place;
use crate::rows::Regulated;
use base::Result;
use db::{Read, Row, Scanned, Value, sql};
use serde_json::{Map, Value as Json};

/// A row that does not fit its event.
pub(crate) struct Suspect {
    key: String,
    tx: String,
    ord: i64,
    image: Hash,
}

impl Suspect {
    /// The pointer stands in the first two columns.
    pub(crate) fn of(row: &Scanned<'_>, key: String, image: Hash) -> Result<Self> {
        Ok(Self { key, tx: row.text(0)?.to_owned(), ord: row.int(1)?, image })
    }
}

struct Event {
    subject_table: String,
    subject: String,
    image: Vec<u8>,
}

fn event_at(tx: &mut dyn Read, tenant: &str, at_tx: &str, at_ord: i64) -> Result<Option<Event>> {
    let row = tx.query_opt(
        sql("select subject_table, subject, image from event where tenant = $1 and tx = $2 and ord = $3"),
        &[tenant.into(), at_tx.into(), at_ord.into()],
    )?;
    row.map(|row| Ok(Event { subject_table: row.text("subject_table")?.to_owned(), subject: row.text("subject")?.to_owned(), image: row.bytes("image")?.to_vec() })).transpose()
}

/// The key of the row that an event speaks of.
pub(crate) fn subject_at(tx: &mut dyn Read, tenant: &str, place: Place) -> Result<Option<String>> {
    Ok(event_at(tx, tenant, &place.tx.text(), place.ord)?.map(|event| event.subject))
}

/// Says what is wrong with a row.
pub(crate) fn name(tx: &mut dyn Read, table: &Regulated, suspect: &Suspect, check: &mut Check<'_>) -> Result<()> {
    let (name, key) = (table.name.as_str(), suspect.key.as_str());
    let versions = name == "record_version";
    let subject_table = if versions { "record" } else { name };
    let Some(event) = event_at(tx, check.tenant, &suspect.tx, suspect.ord)? else {
        check.find(name, key, Some("at_tx"), "points to an event that does not exist");
        return Ok(());
    };
    if event.subject != key || event.subject_table != subject_table {
        check.find(name, key, Some("at_tx"), format!("points to the event of {} {}", event.subject_table, event.subject));
    } else if event.image != suspect.image {
        differences(tx, table, subject_table, suspect, check)?;
    }
    if !versions && later_event(tx, check.tenant, subject_table, suspect)? {
        check.find(name, key, Some("at_tx"), "an older state of the row was put back: a later event speaks of it");
    }
    Ok(())
}

fn later_event(tx: &mut dyn Read, tenant: &str, subject_table: &str, suspect: &Suspect) -> Result<bool> {
    let later = tx.query_opt(
        sql("select ord from event where tenant = $1 and subject_table = $2 and subject = $3 and (tx, ord) > ($4, $5) limit 1"),
        &[tenant.into(), subject_table.into(), suspect.key.as_str().into(), suspect.tx.as_str().into(), suspect.ord.into()],
    )?;
    Ok(later.is_some())
}

/// The row is not as its event left it: replays the row's events to say which column differs, and
/// from what.
fn differences(tx: &mut dyn Read, table: &Regulated, subject_table: &str, suspect: &Suspect, check: &mut Check<'_>) -> Result<()> {
    let (name, key) = (table.name.as_str(), suspect.key.as_str());
    let text = format!("select * from {name} where tenant = $1 and {} = $2", table.key);
    let rows = tx.query_text(&text, &[check.tenant.into(), table.key_value(key)])?;
    let expected = replay(tx, check.tenant, subject_table, suspect)?;
    let mut named = false;
    let points_there = |row: &&Row| row.text("at_tx").is_ok_and(|at| at == suspect.tx) && row.int("at_ord").is_ok_and(|at| at == suspect.ord);
    for row in rows.iter().filter(points_there) {
        for (column, should) in &expected {
            let Ok(value) = row.value(column) else { continue };
            let (is, should) = (shown(value), written(column, should));
            if is != should {
                named = true;
                check.find_value(name, key, column, told_both(is.as_deref(), should.as_deref()));
            }
        }
        named |= unsaid(row, table, &expected, name, key, check)?;
    }
    if !named {
        check.find(name, key, None, "differs from what its event recorded, in a column whose values the trail does not show");
    }
    Ok(())
}

/// Columns that hold something though no event ever spoke of them. Secrets are never spoken of.
fn unsaid(row: &Row, table: &Regulated, expected: &Map<String, Json>, name: &str, key: &str, check: &mut Check<'_>) -> Result<bool> {
    let mut named = false;
    for column in table.columns.iter().filter(|column| !expected.contains_key(*column) && !column.starts_with("sec_")) {
        if let Some(is) = shown(row.value(column)?) {
            named = true;
            check.find_value(name, key, column, format!("is “{is}”, the trail says nothing was ever written there"));
        }
    }
    Ok(named)
}

fn replay(tx: &mut dyn Read, tenant: &str, subject_table: &str, suspect: &Suspect) -> Result<Map<String, Json>> {
    let events = tx.query(
        sql("select tx, ord, after from event where tenant = $1 and subject_table = $2 and subject = $3 order by tx, ord"),
        &[tenant.into(), subject_table.into(), suspect.key.as_str().into()],
    )?;
    let mut expected: Map<String, Json> = Map::new();
    for event in &events {
        if (event.text("tx")?, event.int("ord")?) > (suspect.tx.as_str(), suspect.ord) {
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
    Ok(expected)
}

/// Nothing and an empty text are two things.
fn told_both(is: Option<&str>, should: Option<&str>) -> String {
    match (is, should) {
        (Some(is), Some(should)) => format!("is “{is}”, the trail says “{should}”"),
        (Some(is), None) => format!("is “{is}”, the trail says it is empty"),
        (None, should) => format!("is empty, the trail says “{}”", should.unwrap_or_default()),
    }
}

/// A value of the trail as a column holds it.
fn written(column: &str, value: &Json) -> Option<String> {
    Some(match (column, value) {
        ("fields", Json::Object(fields)) => {
            let kept: Map<String, Json> = fields.iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| (name.clone(), value.clone())).collect();
            Json::Object(kept).to_string()
        }
        (_, Json::String(text)) => text.clone(),
        (_, Json::Null) => return None,
        (_, Json::Bool(truth)) => i64::from(*truth).to_string(),
        (_, other) => other.to_string(),
    })
}

fn shown(value: &Value) -> Option<String> {
    Some(match value {
        Value::Null => return None,
        Value::Bool(truth) => i64::from(*truth).to_string(),
        Value::Int(number) => number.to_string(),
        Value::Text(text) => text.clone(),
        Value::Bytes(bytes) => hex(bytes),
    })
}

/// Events on records whose version is gone, or was written twice.
pub(crate) fn name_missing_versions(tx: &mut dyn Read, check: &mut Check<'_>) -> Result<()> {
    let rows = tx.query(
        sql(
            "select e.subject, e.tx, e.ord, count(v.id) as n from event e
             left join record_version v on v.tenant = e.tenant and v.at_tx = e.tx and v.at_ord = e.ord
             where e.tenant = $1 and e.subject_table = 'record'
             group by e.subject, e.tx, e.ord having count(v.id) <> 1 order by e.tx, e.ord limit 100",
        ),
        &[check.tenant.into()],
    )?;
    for row in &rows {
        let text = match row.int("n")? {
            0 => "the version that this event wrote is gone; versions are never deleted".to_owned(),
            n => format!("there are {n} versions for one event"),
        };
        check.find("record_version", row.text("subject")?, None, format!("{}, {}: {text}", row.text("tx")?, row.int("ord")?));
    }
    Ok(())
}
