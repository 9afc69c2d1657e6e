//! Training that repeats: who has to sign again, so many months after the last time.

use super::{calc, keep};
use crate::course::{self, Taught};
use crate::{TRAIN, requirement};
use base::{Result, Timestamp};
use db::{Read, sql};
use kernel::kind::Phase;
use kernel::obligation;
use kernel::place;
use kernel::record::{self, Record};
use kernel::trail::WriteTx;
use std::collections::BTreeMap;

/// A repetition that is to be assigned.
#[derive(Debug)]
pub(super) struct Due {
    document: String,
    person: String,
    /// Not before today.
    due_date: String,
}

/// The courses in use that repeat.
pub(super) fn courses(tx: &mut dyn Read, tenant: &str) -> Result<Vec<Record>> {
    let rows = tx.query(sql("select id from record where tenant = $1 and kind = 'course' and phase = 'effective' order by number"), &[tenant.into()])?;
    let ids: Vec<String> = rows.iter().map(|row| Ok(row.text("id")?.to_owned())).collect::<Result<_>>()?;
    let mut found = record::find_all(tx, tenant, &ids)?;
    found.retain(|course| course::repeat_months(course).is_some());
    Ok(found)
}

/// Who has to repeat this course now: named by the matrix, signed or excused long enough ago, and
/// nothing open.
pub(super) fn due(tx: &mut dyn Read, course: &Record, now: Timestamp) -> Result<Vec<Due>> {
    let Some(months) = course::repeat_months(course).filter(|_| course.phase == Phase::Effective) else { return Ok(Vec::new()) };
    let people = requirement::people_of_course(tx, course)?;
    let mut found = Vec::new();
    for document in documents(tx, course)? {
        let zone = place::zone_of(tx, &course.tenant, document.site.as_deref())?;
        let today = now.date_in(&zone)?;
        for (person, last) in last_times(tx, course, &document)? {
            let repeat_on = calc::repeat_on(last.date_in(&zone)?, months)?;
            if people.contains(&person) && calc::is_time_to_ask(today, repeat_on, course::due_days(course))? {
                let due_date = repeat_on.max(today).to_string();
                found.push(Due { document: document.id.clone(), person, due_date });
            }
        }
    }
    Ok(found)
}

/// The effective revisions of what the course teaches: what will only come is not repeated.
fn documents(tx: &mut dyn Read, course: &Record) -> Result<Vec<Record>> {
    let mut found = Vec::new();
    for link in kernel::link::outgoing(tx, &course.tenant, &course.id)?.iter().filter(|link| link.kind == course::TEACHES) {
        found.extend(course::in_force(tx, &course.tenant, &link.target_item)?);
    }
    Ok(found)
}

/// When each person signed (or was excused from) any revision by this course for the last time;
/// those who have it open are left out.
fn last_times(tx: &mut dyn Read, course: &Record, document: &Record) -> Result<BTreeMap<String, Timestamp>> {
    let rows = tx.query(
        sql(
            "select person, max(case when state = 'done' or substr(outcome, 1, 9) = $1 then closed_at end) as last_at
             from obligation where tenant = $2 and item = $3 and sort = $4 and via = $5 and person is not null
             group by person having count(*) filter (where state = 'open') = 0",
        ),
        &[calc::EXCUSED.into(), course.tenant.as_str().into(), document.item.as_str().into(), TRAIN.into(), course.id.as_str().into()],
    )?;
    let mut found = BTreeMap::new();
    for row in &rows {
        if let Some(last) = row.opt_int("last_at")? {
            found.insert(row.text("person")?.to_owned(), Timestamp(last));
        }
    }
    Ok(found)
}

/// Assigns the repetitions of one course; answers how many.
pub(super) fn raise(tx: &mut WriteTx<'_>, course: &Record) -> Result<usize> {
    let now = tx.now();
    let due = due(tx, course, now)?;
    let mut news = Vec::with_capacity(due.len());
    let mut documents: BTreeMap<String, Record> = BTreeMap::new();
    for one in &due {
        let document = match documents.get(&one.document) {
            Some(known) => known.clone(),
            None => {
                let read = record::get(tx, &course.tenant, &one.document)?;
                documents.insert(one.document.clone(), read.clone());
                read
            }
        };
        let taught = Taught { course: course.clone(), document };
        let mut new = keep::assignment(tx, &taught, &one.person, Some(&course.id))?;
        new.due_date = Some(one.due_date.clone());
        news.push(new);
    }
    obligation::raise_many(tx, news)?;
    Ok(due.len())
}
