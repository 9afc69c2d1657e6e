//! Holds: a stop in front of every step that would make a record count.

use crate::record::Record;
use crate::table::{HOLD, values};
use crate::trail::{Stored, WriteTx};
use base::{Blocker, Error, Result, Timestamp};
use db::{Read, Row, Value, sql};

/// What is said of a hold that is not there, or that one may not see.
pub(crate) const MISSING: &str = "There is no such hold.";

#[derive(Debug, Clone, PartialEq)]
pub struct Hold {
    pub id: String,
    pub record: String,
    pub why: String,
    pub placed_at: Timestamp,
    pub placed_by: String,
    pub lifted_at: Option<Timestamp>,
    pub lifted_by: Option<String>,
    pub lifted_why: Option<String>,
    stored: Stored,
}

fn from_row(row: &Row) -> Result<Hold> {
    Ok(Hold {
        id: row.text("id")?.to_owned(),
        record: row.text("record")?.to_owned(),
        why: row.text("why")?.to_owned(),
        placed_at: Timestamp(row.int("placed_at")?),
        placed_by: row.text("placed_by")?.to_owned(),
        lifted_at: row.opt_int("lifted_at")?.map(Timestamp),
        lifted_by: row.opt_text("lifted_by")?.map(str::to_owned),
        lifted_why: row.opt_text("lifted_why")?.map(str::to_owned),
        stored: Stored::from_row(&HOLD, row)?,
    })
}

/// All holds ever placed on a record, newest first.
pub fn of_record(tx: &mut dyn Read, tenant: &str, record: &str) -> Result<Vec<Hold>> {
    let rows = tx.query(
        sql("select * from hold where tenant = $1 and record = $2 order by placed_at desc, id desc"),
        &[tenant.into(), record.into()],
    )?;
    rows.iter().map(from_row).collect()
}

pub fn find(tx: &mut dyn Read, tenant: &str, id: &str) -> Result<Hold> {
    tx.query_opt(sql("select * from hold where tenant = $1 and id = $2"), &[tenant.into(), id.into()])?
        .map(|row| from_row(&row))
        .transpose()?
        .ok_or_else(|| Error::not_found(MISSING))
}

pub fn place(tx: &mut WriteTx<'_>, record: &Record, why: &str) -> Result<String> {
    let id = tx.new_id();
    let row = values([
        ("id", id.as_str().into()),
        ("record", record.id.as_str().into()),
        ("why", why.into()),
        ("placed_at", tx.now().0.into()),
        ("placed_by", tx.actor().into()),
        ("lifted_at", Value::Null),
        ("lifted_by", Value::Null),
        ("lifted_why", Value::Null),
    ]);
    tx.insert(&HOLD, Some(&record.id), "hold.placed", row)?;
    Ok(id)
}

pub fn lift(tx: &mut WriteTx<'_>, hold: &Hold, why: &str) -> Result<()> {
    if hold.lifted_at.is_some() {
        return Err(Error::conflict("hold_lifted", "This hold was lifted already."));
    }
    let lifted = hold.stored.with([
        ("lifted_at", tx.now().0.into()),
        ("lifted_by", tx.actor().into()),
        ("lifted_why", why.into()),
    ]);
    tx.update(&HOLD, Some(&hold.record), "hold.lifted", &hold.stored, lifted)
}

/// What a step that makes the record count runs into.
pub(crate) fn blockers(tx: &mut dyn Read, record: &Record) -> Result<Vec<Blocker>> {
    let holds = of_record(tx, &record.tenant, &record.id)?;
    Ok(holds
        .into_iter()
        .filter(|hold| hold.lifted_at.is_none())
        .map(|hold| Blocker {
            rule: "hold.none_open".to_owned(),
            requirement: "FRS-HLD-001".to_owned(),
            text: format!("On hold: {}", hold.why),
            records: vec![record.reference()],
        })
        .collect())
}
