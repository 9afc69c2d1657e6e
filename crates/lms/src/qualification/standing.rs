//! Whether somebody is qualified, computed for any moment: signed off, the revision in force read
//! and signed, no training overdue. A new revision makes it "not current" until it is signed.

use super::{OF_PERSON, QUALIFIES_FOR};
use crate::assignment::signature_on;
use crate::{TRAIN, course};
use base::{RecordRef, Result, Timestamp};
use db::{Read, sql};
use kernel::catalog::Catalog;
use kernel::kind::Phase;
use kernel::link;
use kernel::place;
use kernel::record::{self, Record};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// In training; nobody has signed it off.
    NotSignedOff,
    /// The person may perform the task.
    Current,
    /// Signed off, but something is missing now; the person may not perform the task.
    NotCurrent,
    Withdrawn,
}

impl Standing {
    pub fn label(self) -> &'static str {
        match self {
            Self::NotSignedOff => "Not signed off",
            Self::Current => "Current",
            Self::NotCurrent => "Not current",
            Self::Withdrawn => "Withdrawn",
        }
    }
}

/// What stands against a qualification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    pub document: RecordRef,
    pub why: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    pub standing: Standing,
    /// Why it is not current.
    pub missing: Vec<Missing>,
    /// Revisions that will be effective and are not signed yet.
    pub coming: Vec<RecordRef>,
}

impl Status {
    fn only(standing: Standing) -> Self {
        Self { standing, missing: Vec::new(), coming: Vec::new() }
    }
}

/// How a qualification stands at a moment.
pub fn status(tx: &mut dyn Read, catalog: &Catalog, qualification: &Record, at: Timestamp) -> Result<Status> {
    status_for(tx, catalog, qualification, None, at)
}

/// Whether a person may perform the task of a document (an item, whatever its revision) at a moment.
pub fn is_qualified(tx: &mut dyn Read, catalog: &Catalog, tenant: &str, person: &str, item: &str, at: Timestamp) -> Result<bool> {
    let rows = tx.query(
        sql(
            "select distinct o.source as qualification from record p
             join link o on o.tenant = p.tenant and o.target_item = p.item and o.kind = 'of_person'
                and o.from_at <= $1 and (o.to_at is null or o.to_at > $1)
             join link q on q.tenant = p.tenant and q.source = o.source and q.kind = 'qualifies_for' and q.target_item = $2
                and q.from_at <= $1 and (q.to_at is null or q.to_at > $1)
             where p.tenant = $3 and p.id = $4",
        ),
        &[at.0.into(), item.into(), tenant.into(), person.into()],
    )?;
    for row in &rows {
        let qualification = record::get(tx, tenant, row.text("qualification")?)?;
        if status_for(tx, catalog, &qualification, Some(item), at)?.standing == Standing::Current {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The qualifications of a person, by number.
pub fn of_person(tx: &mut dyn Read, person: &Record) -> Result<Vec<Record>> {
    let mut found = link::sources(tx, person, OF_PERSON)?;
    found.sort_by(|left, right| left.number.cmp(&right.number));
    Ok(found)
}

fn status_for(tx: &mut dyn Read, catalog: &Catalog, qualification: &Record, only: Option<&str>, at: Timestamp) -> Result<Status> {
    let tenant = qualification.tenant.as_str();
    match record::as_of(tx, tenant, &qualification.id, at)?.map(|then| then.phase) {
        Some(Phase::Effective) => {}
        Some(Phase::Void) => return Ok(Status::only(Standing::Withdrawn)),
        _ => return Ok(Status::only(Standing::NotSignedOff)),
    }
    let links = link::outgoing_as_of(tx, tenant, &qualification.id, at)?;
    let mut status = Status::only(Standing::Current);
    for person in links.iter().filter(|link| link.kind == OF_PERSON) {
        let Some(person) = record::current_of_item(tx, tenant, &person.target_item)? else { continue };
        let active = record::as_of(tx, tenant, &person.id, at)?.is_some_and(|then| then.phase == Phase::InWork);
        if !active {
            status.missing.push(Missing { document: person.reference(), why: "the person is not active".to_owned() });
        }
        let documents = links.iter().filter(|link| link.kind == QUALIFIES_FOR && only.is_none_or(|only| only == link.target_item));
        for document in documents {
            judge(tx, catalog, &person, &document.target_item, at, &mut status)?;
        }
    }
    if !status.missing.is_empty() {
        status.standing = Standing::NotCurrent;
    }
    Ok(status)
}

/// What one document says about one person at a moment.
fn judge(tx: &mut dyn Read, catalog: &Catalog, person: &Record, item: &str, at: Timestamp, status: &mut Status) -> Result<()> {
    let tenant = person.tenant.as_str();
    let mut in_force = None;
    for revision in record::revisions_of_item(tx, tenant, item)? {
        let Some(then) = record::as_of(tx, tenant, &revision.id, at)? else { continue };
        if then.phase == Phase::Effective {
            in_force = Some(then);
        } else if course::is_given_out(catalog, &then) && signature_on(tx, &then, &person.id, at)?.is_none() {
            status.coming.push(then.reference());
        }
    }
    match in_force {
        Some(document) => {
            if signature_on(tx, &document, &person.id, at)?.is_none() {
                status.missing.push(Missing { document: document.reference(), why: format!("{} is not read and signed", document.label()) });
            }
            if let Some(due) = overdue(tx, person, &document, at)? {
                status.missing.push(Missing { document: document.reference(), why: format!("training on {} is overdue since {due}", document.label()) });
            }
        }
        None => {
            if let Some(document) = record::current_of_item(tx, tenant, item)? {
                status.missing.push(Missing { document: document.reference(), why: format!("{} is not in force", document.label()) });
            }
        }
    }
    Ok(())
}

/// The earliest date by which the person should have been trained on the item and, at this moment,
/// was not.
fn overdue(tx: &mut dyn Read, person: &Record, document: &Record, at: Timestamp) -> Result<Option<String>> {
    let today = at.date_in(&place::zone_of(tx, &document.tenant, document.site.as_deref())?)?.to_string();
    let row = tx.query_one(
        sql(
            "select min(due_date) as due from obligation where tenant = $1 and item = $2 and sort = $3 and person = $4
             and raised_at <= $5 and (closed_at is null or closed_at > $5) and due_date < $6",
        ),
        &[document.tenant.as_str().into(), document.item.as_str().into(), TRAIN.into(), person.id.as_str().into(), at.0.into(), today.into()],
    )?;
    Ok(row.opt_text("due")?.map(str::to_owned))
}
