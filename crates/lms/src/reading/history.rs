//! One person's training record: what they were asked to read, what they signed and when, and what
//! they are qualified for; now or at any moment in the past.

use crate::qualification::{self, Status};
use crate::{TRAIN, requirement};
use base::limits::PAGE_ROWS_DEFAULT;
use base::{Error, RecordRef, Result, Timestamp};
use db::{Query, Read, sql};
use kernel::authority::Viewer;
use kernel::catalog::Catalog;
use kernel::link;
use kernel::obligation::{self, Obligation};
use kernel::place;
use kernel::record::{self, Record};
use kernel::signature::{self, Given};
use std::collections::BTreeMap;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryState {
    Open,
    Overdue,
    Done,
    Cancelled,
}

/// One assignment as it stood at the moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub obligation: String,
    pub document: Option<RecordRef>,
    pub course: Option<RecordRef>,
    /// What raised it; `None` for an assignment made by hand.
    pub cause: Option<RecordRef>,
    pub state: EntryState,
    pub raised_at: Timestamp,
    pub due_date: Option<String>,
    pub closed_at: Option<Timestamp>,
    /// The learner's signature: name, time, meaning.
    pub signature: Option<Given>,
    /// What came of it: "replaced by rev C", "Excused: …".
    pub outcome: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct TrainingRecord {
    /// The title is the person's name.
    pub person: RecordRef,
    /// Their job functions, departments and equipment at the moment.
    pub belongs_to: Vec<RecordRef>,
    /// Newest first.
    pub entries: Vec<Entry>,
    /// Where the next page of entries begins.
    pub next: Option<String>,
    pub qualifications: Vec<(RecordRef, Status)>,
}

/// A person's training record as of a moment, a page of entries at a time.
pub fn training_record(
    tx: &mut dyn Read,
    catalog: &Catalog,
    viewer: &Viewer,
    person: &str,
    at: Timestamp,
    rows: Option<usize>,
    after: Option<&str>,
) -> Result<TrainingRecord> {
    let tenant = viewer.tenant();
    let learner = record::seen(tx, viewer, person)?;
    if learner.kind != "person" {
        return Err(Error::not_found("There is no such person."));
    }
    let (obligations, next) = page(tx, tenant, person, at, rows.unwrap_or(PAGE_ROWS_DEFAULT), after)?;
    let entries = entries(tx, tenant, obligations, at)?;
    let mut belongs_to = Vec::new();
    for link in link::outgoing_as_of(tx, tenant, person, at)? {
        if requirement::is_of_matrix(&link.kind) {
            belongs_to.extend(link::target_of(tx, tenant, &link)?.map(|place| place.reference()));
        }
    }
    let mut qualifications = Vec::new();
    for held in qualification::of_person(tx, &learner)? {
        if held.created_at <= at {
            qualifications.push((held.reference(), qualification::status(tx, catalog, &held, at)?));
        }
    }
    let name = kernel::person::find(tx, tenant, person)?;
    let person = super::person_reference(&learner.id, &learner.number, name.as_ref().map(|person| person.display()));
    Ok(TrainingRecord { person, belongs_to, entries, next, qualifications })
}

fn page(tx: &mut dyn Read, tenant: &str, person: &str, at: Timestamp, rows: usize, after: Option<&str>) -> Result<(Vec<Obligation>, Option<String>)> {
    super::check_rows(rows)?;
    let mut query = Query::with(
        sql("select * from obligation where tenant = $1 and person = $2 and sort = $3 and raised_at <= $4"),
        vec![tenant.into(), person.into(), TRAIN.into(), at.0.into()],
    );
    if let Some(cursor) = after {
        let bad = || Error::invalid("after", "bad_cursor", "this is no cursor of this list");
        let (raised_at, id) = cursor.split_once('~').ok_or_else(bad)?;
        query.push_bind(" and (raised_at, id) < (", raised_at.parse::<i64>().map_err(|_| bad())?);
        query.push_bind(", ", id);
        query.push(")");
    }
    query.push_bind(" order by raised_at desc, id desc limit ", rows as i64 + 1);
    let mut found = tx.run(&query)?.iter().map(obligation::from_row).collect::<Result<Vec<_>>>()?;
    let more = found.len() > rows;
    found.truncate(rows);
    let next = found.last().filter(|_| more).map(|last| format!("{}~{}", last.raised_at.0, last.id));
    Ok((found, next))
}

fn entries(tx: &mut dyn Read, tenant: &str, obligations: Vec<Obligation>, at: Timestamp) -> Result<Vec<Entry>> {
    let mut named: Vec<String> = Vec::new();
    for obligation in &obligations {
        named.push(obligation.record.clone());
        named.extend(obligation.via.clone());
        named.extend(obligation.cause.clone());
    }
    named.sort();
    named.dedup();
    let records: BTreeMap<String, Record> = record::find_all(tx, tenant, &named)?.into_iter().map(|record| (record.id.clone(), record)).collect();
    let reference = |id: &str| records.get(id).map(Record::reference);
    let mut entries = Vec::with_capacity(obligations.len());
    for found in obligations {
        let closed_at = found.closed_at.filter(|closed| *closed <= at);
        let state = match (closed_at, found.state.as_str()) {
            (Some(_), "done") => EntryState::Done,
            (Some(_), _) => EntryState::Cancelled,
            (None, _) => open_state(tx, tenant, records.get(&found.record), found.due_date.as_deref(), at)?,
        };
        let signature = match &found.signature {
            Some(id) if closed_at.is_some() => signature::find(tx, tenant, id)?,
            _ => None,
        };
        entries.push(Entry {
            document: reference(&found.record),
            course: found.via.as_deref().and_then(reference),
            cause: found.cause.as_deref().and_then(reference),
            obligation: found.id,
            state,
            raised_at: found.raised_at,
            due_date: found.due_date,
            closed_at,
            signature,
            outcome: found.outcome.filter(|_| closed_at.is_some()),
        });
    }
    Ok(entries)
}

fn open_state(tx: &mut dyn Read, tenant: &str, document: Option<&Record>, due: Option<&str>, at: Timestamp) -> Result<EntryState> {
    let zone = place::zone_of(tx, tenant, document.and_then(|document| document.site.as_deref()))?;
    let today = at.date_in(&zone)?.to_string();
    Ok(if due.is_some_and(|due| due < today.as_str()) { EntryState::Overdue } else { EntryState::Open })
}
