//! Reading assignments and the signatures that fulfilled them.

use super::READ_AND_SIGN;
use crate::TRAIN;
use base::{Result, Timestamp};
use db::{Read, sql};
use kernel::obligation::{self, Obligation};
use kernel::record::{self, Record};
use kernel::signature::{self, Given};
use std::collections::BTreeMap;

/// The person's last signature under this very content of a document, given up to a moment.
pub fn signature_on(tx: &mut dyn Read, document: &Record, person: &str, until: Timestamp) -> Result<Option<Given>> {
    let row = tx.query_opt(
        sql(
            "select id from signature where tenant = $1 and person = $2 and record = $3 and step = $4 and digest = $5 and signed_at <= $6
             order by signed_at desc, id desc limit 1",
        ),
        &[
            document.tenant.as_str().into(),
            person.into(),
            document.id.as_str().into(),
            READ_AND_SIGN.into(),
            document.digest.as_str().into(),
            until.0.into(),
        ],
    )?;
    match row {
        Some(row) => signature::find(tx, &document.tenant, row.text("id")?),
        None => Ok(None),
    }
}

/// A person's open assignments on any revision of an item.
pub fn open_on_item(tx: &mut dyn Read, tenant: &str, item: &str, person: &str) -> Result<Vec<Obligation>> {
    let rows = tx.query(
        sql("select * from obligation where tenant = $1 and item = $2 and sort = $3 and person = $4 and state = 'open' order by due_date nulls last, id"),
        &[tenant.into(), item.into(), TRAIN.into(), person.into()],
    )?;
    rows.iter().map(obligation::from_row).collect()
}

/// All open assignments on one revision.
pub(super) fn open_on(tx: &mut dyn Read, tenant: &str, document: &str) -> Result<Vec<Obligation>> {
    let rows = tx.query(
        sql("select * from obligation where tenant = $1 and record = $2 and sort = $3 and state = 'open' order by id"),
        &[tenant.into(), document.into(), TRAIN.into()],
    )?;
    rows.iter().map(obligation::from_row).collect()
}

/// How many assignments are open on the other revisions of a document's item.
pub fn count_on_earlier(tx: &mut dyn Read, document: &Record) -> Result<i64> {
    let row = tx.query_one(
        sql(
            "select count(*) as open from record r
             join obligation o on o.tenant = r.tenant and o.record = r.id and o.sort = $1 and o.state = 'open'
             where r.tenant = $2 and r.item = $3 and r.id <> $4",
        ),
        &[TRAIN.into(), document.tenant.as_str().into(), document.item.as_str().into(), document.id.as_str().into()],
    )?;
    row.int("open")
}

/// All open assignments on the other revisions of a document's item.
pub(super) fn open_on_earlier(tx: &mut dyn Read, document: &Record) -> Result<Vec<Obligation>> {
    let mut found = Vec::new();
    for other in record::revisions_of_item(tx, &document.tenant, &document.item)? {
        if other.id != document.id {
            found.extend(open_on(tx, &document.tenant, &other.id)?);
        }
    }
    Ok(found)
}

/// Where somebody stands with one course on one document revision.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) open: bool,
    pub(super) done: bool,
    pub(super) excused: bool,
}

impl Standing {
    /// Nothing is to be asked of them any more, or it is asked already.
    pub(super) fn is_settled(self) -> bool {
        self.open || self.done || self.excused
    }
}

/// Everybody who was ever assigned a document revision by a course, and where they stand.
pub(super) fn standings(tx: &mut dyn Read, tenant: &str, document: &str, course: &str) -> Result<BTreeMap<String, Standing>> {
    let rows = tx.query(
        sql("select person, state, outcome from obligation where tenant = $1 and record = $2 and sort = $3 and via = $4 and person is not null"),
        &[tenant.into(), document.into(), TRAIN.into(), course.into()],
    )?;
    let mut found: BTreeMap<String, Standing> = BTreeMap::new();
    for row in &rows {
        note(found.entry(row.text("person")?.to_owned()).or_default(), row)?;
    }
    Ok(found)
}

/// Where one person stands, by course and document revision.
pub(super) fn standings_of(tx: &mut dyn Read, tenant: &str, person: &str) -> Result<BTreeMap<(String, String), Standing>> {
    let rows = tx.query(
        sql("select via, record, state, outcome from obligation where tenant = $1 and person = $2 and sort = $3 and via is not null"),
        &[tenant.into(), person.into(), TRAIN.into()],
    )?;
    let mut found: BTreeMap<(String, String), Standing> = BTreeMap::new();
    for row in &rows {
        note(found.entry((row.text("via")?.to_owned(), row.text("record")?.to_owned())).or_default(), row)?;
    }
    Ok(found)
}

fn note(standing: &mut Standing, row: &db::Row) -> Result<()> {
    match row.text("state")? {
        "open" => standing.open = true,
        "done" => standing.done = true,
        _ => standing.excused |= row.opt_text("outcome")?.is_some_and(|outcome| outcome.starts_with(super::EXCUSED)),
    }
    Ok(())
}

/// A person's open assignments.
pub(super) fn open_of(tx: &mut dyn Read, tenant: &str, person: &str) -> Result<Vec<Obligation>> {
    let rows = tx.query(
        sql("select * from obligation where tenant = $1 and person = $2 and state = 'open' and sort = $3 order by id"),
        &[tenant.into(), person.into(), TRAIN.into()],
    )?;
    rows.iter().map(obligation::from_row).collect()
}
