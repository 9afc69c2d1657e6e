//! What the clock does: supervisors are told of overdue training, and training that repeats is
//! assigned again.

use super::repeat;
use crate::TRAIN;
use base::{Result, Timestamp};
use db::{Read, sql};
use kernel::Kernel;
use kernel::authority::Actor;
use kernel::command::Request;
use kernel::jobs::JobDef;
use kernel::obligation::{self, New};
use kernel::trail::WriteTx;
use kernel::{place, record};
use std::collections::BTreeMap;

/// Days a supervisor has to see to overdue training.
const ESCALATION_DAYS: i64 = 7;
/// The sort of obligation that tells a supervisor.
const ACT: &str = "act";

pub fn jobs() -> Vec<JobDef> {
    vec![
        JobDef { name: "training.escalate", label: "Tell supervisors of overdue training", run: run_escalation },
        JobDef { name: "training.repeat", label: "Assign training that repeats", run: run_repetition },
    ]
}

/// Raises an `act` obligation for the supervisors of every site where training has become overdue
/// since they were told last.
pub fn run_escalation(kernel: &Kernel, actor: &Actor) -> Result<()> {
    let (tenant, now) = (actor.tenant().to_owned(), kernel.now());
    let late = kernel.database().read(move |tx| late(tx, &tenant, now))?;
    if late.is_empty() {
        return Ok(());
    }
    execute(kernel, actor, "lms.escalate", serde_json::json!({}))
}

/// Assigns again what is to be repeated, course by course.
pub fn run_repetition(kernel: &Kernel, actor: &Actor) -> Result<()> {
    let (tenant, now) = (actor.tenant().to_owned(), kernel.now());
    let courses = kernel.database().read(move |tx| {
        let mut due = Vec::new();
        for course in repeat::courses(tx, &tenant)? {
            if !repeat::due(tx, &course, now)?.is_empty() {
                due.push(course.id);
            }
        }
        Ok(due)
    })?;
    courses.iter().try_for_each(|course| execute(kernel, actor, "lms.repeat", serde_json::json!({ "course": course })))
}

fn execute(kernel: &Kernel, actor: &Actor, command: &str, input: serde_json::Value) -> Result<()> {
    let key = kernel.ids().next_id(kernel.now());
    match kernel.execute(actor, &Request::new(command, input, key)) {
        // Done meanwhile by whoever held the lease before.
        Err(error) if error.refusal().is_some_and(|refusal| refusal.code == "nothing_to_do") => Ok(()),
        outcome => outcome.map(|_| ()),
    }
}

/// Overdue training on one document by one course, of the people of one site.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Late {
    document: String,
    course: String,
    site: Option<String>,
    people: i64,
}

/// What has become overdue since supervisors were told last.
pub(super) fn late(tx: &mut dyn Read, tenant: &str, now: Timestamp) -> Result<Vec<Late>> {
    // Dates are dates of the document's site; tomorrow in UTC is beyond any zone's today.
    let bound = now.plus_seconds(86_400).date_in("UTC")?.to_string();
    let rows = tx.query(
        sql(
            "select o.record, o.via, p.site as people_site, r.site as record_site, o.due_date, count(*) as people
             from record c
             join link l on l.tenant = c.tenant and l.source = c.id and l.kind = 'teaches' and l.to_at is null
             join record r on r.tenant = c.tenant and r.item = l.target_item
             join obligation o on o.tenant = c.tenant and o.record = r.id and o.sort = $1 and o.state = 'open' and o.via = c.id
             join record p on p.tenant = c.tenant and p.id = o.person
             where c.tenant = $2 and c.kind = 'course' and o.due_date < $3
             group by o.record, o.via, p.site, r.site, o.due_date",
        ),
        &[TRAIN.into(), tenant.into(), bound.into()],
    )?;
    let mut groups: BTreeMap<(String, String, Option<String>), (i64, String)> = BTreeMap::new();
    for row in &rows {
        let due = row.text("due_date")?;
        let zone = place::zone_of(tx, tenant, row.opt_text("record_site")?)?;
        if due >= now.date_in(&zone)?.to_string().as_str() {
            continue;
        }
        let key = (row.text("record")?.to_owned(), row.text("via")?.to_owned(), row.opt_text("people_site")?.map(str::to_owned));
        let group = groups.entry(key).or_default();
        group.0 += row.int("people")?;
        if due > group.1.as_str() {
            due.clone_into(&mut group.1);
        }
    }
    let mut found = Vec::new();
    for ((document, course, site), (people, latest)) in groups {
        if !is_told(tx, tenant, &document, &course, site.as_deref(), &latest)? {
            found.push(Late { document, course, site, people });
        }
    }
    Ok(found)
}

/// Whether supervisors of the site are told already: their obligation is still open, or it was
/// raised after the latest of these had become overdue.
fn is_told(tx: &mut dyn Read, tenant: &str, document: &str, course: &str, site: Option<&str>, latest: &str) -> Result<bool> {
    let row = tx.query_one(
        sql(
            "select max(raised_at) as told_at, count(*) filter (where state = 'open') as open from obligation
             where tenant = $1 and record = $2 and sort = $3 and via = $4 and site is not distinct from $5",
        ),
        &[tenant.into(), document.into(), ACT.into(), course.into(), site.map(str::to_owned).into()],
    )?;
    if row.int("open")? > 0 {
        return Ok(true);
    }
    let Some(told_at) = row.opt_int("told_at")? else { return Ok(false) };
    let document = record::get(tx, tenant, document)?;
    let zone = place::zone_of(tx, tenant, document.site.as_deref())?;
    Ok(latest < Timestamp(told_at).date_in(&zone)?.to_string().as_str())
}

/// Tells the supervisors; answers how many obligations were raised.
pub(super) fn escalate(tx: &mut WriteTx<'_>, late: &[Late]) -> Result<usize> {
    let tenant = tx.tenant().to_owned();
    let mut news = Vec::with_capacity(late.len());
    for late in late {
        let document = record::get(tx, &tenant, &late.document)?;
        let people = if late.people == 1 { "1 person".to_owned() } else { format!("{} people", late.people) };
        let task = format!("Training on {} is overdue for {people}", document.label());
        let mut new = New::about(&document, ACT, &task);
        new.role = Some("supervisor".to_owned());
        new.site.clone_from(&late.site);
        new.via = Some(late.course.clone());
        new.cause = Some(late.course.clone());
        new.due_date = Some(place::date_in_days(tx, &document, ESCALATION_DAYS)?);
        news.push(new);
    }
    let raised = news.len();
    obligation::raise_many(tx, news)?;
    Ok(raised)
}
