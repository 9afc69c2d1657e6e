//! Periodic review: what is in effect is looked at again every so many months, for documents and
//! suppliers alike.
//!
//! The next review is due that long after the record became effective or was last confirmed.
//! Thirty days before, the owner is asked. The answer is to confirm it (signed), to make a new
//! revision, or to take it out of use; each of them closes the request.

use crate::{dates, document};
use base::{Date, Error, Result, Timestamp};
use db::{Read, sql};
use kernel::Kernel;
use kernel::authority::Actor;
use kernel::command::{CommandDef, InputSort, Needed, Request, needs, text_of};
use kernel::jobs::JobDef;
use kernel::kind::{Effect, Field, Phase, Step};
use kernel::obligation::{self, New};
use kernel::record::{self, Record};
use kernel::signature;
use kernel::trail::WriteTx;
use serde_json::{Value as Json, json};

/// The sort of obligation.
const REVIEW: &str = "review";
/// The step that extends what is in effect.
const CONFIRM: &str = "confirm";
const INTERVAL: &str = "review_interval_months";
const COMMAND: &str = "review.ask";
/// Longest interval, in months.
const INTERVAL_MONTHS_MAX: i64 = 120;
/// How many days before the due date the owner is asked.
const AHEAD_DAYS: i64 = 30;
/// Records looked at in one read.
const BATCH: usize = 500;

/// The field that says how often; empty means never.
pub(crate) fn interval_field() -> Field {
    Field::integer(INTERVAL, "Review interval in months", 1, INTERVAL_MONTHS_MAX)
        .group("Periodic review")
        .help("Counted from the effective date or the last confirmation; empty: no periodic review.")
}

/// Confirms what is in effect for another interval.
pub(crate) fn confirm_step(role: &str, meaning: &str, state: &str) -> Step {
    close_with(Step::new(CONFIRM, "Confirm without change", &[state], state).signed(role, meaning).when_needed())
}

/// A step that answers an open request for review.
pub(crate) fn close_with(step: Step) -> Step {
    step.effect(Effect::CloseObligations { sort: REVIEW.to_owned() })
}

/// Who is asked when the record has no owner.
fn role_of(kind: &str) -> Option<&'static str> {
    if document::KINDS.contains(&kind) {
        return Some("document_controller");
    }
    (kind == "supplier").then_some("supplier_manager")
}

/// The commands of periodic review.
pub fn commands() -> Vec<CommandDef> {
    vec![CommandDef {
        name: COMMAND,
        label: "Ask for a periodic review",
        requirement: "FRS-DOC-020",
        input: vec![needs("record", InputSort::Text, "identifier of the record")],
        // No role carries this permission: the clock alone runs it.
        needs: |tx, _, actor, input| Ok(Needed::on(COMMAND, reviewed(tx, actor.tenant(), input)?)),
        run: ask,
        ..CommandDef::base()
    }]
}

fn reviewed(tx: &mut dyn Read, tenant: &str, input: &Json) -> Result<Record> {
    record::find(tx, tenant, text_of(input, "record")?)?
        .filter(|found| role_of(&found.kind).is_some())
        .ok_or_else(|| Error::not_found("There is no such record."))
}

fn ask(tx: &mut WriteTx<'_>, _: &kernel::authority::Permit, input: &Json, _: Option<&signature::Proof>) -> Result<Json> {
    let tenant = tx.tenant().to_owned();
    let record = reviewed(tx, &tenant, input)?;
    tx.lock(&kernel::table::RECORD, &record.id)?;
    let now = tx.now();
    let today = dates::today(tx, &record, now)?;
    let Some(due) = next_review(tx, &record)?.filter(|due| is_near(*due, today)) else {
        return Err(Error::conflict("not_due", format!("{} needs no review yet.", record.label())));
    };
    if has_open_request(tx, &record)? {
        return Err(Error::conflict("already_asked", format!("The review of {} is asked for already.", record.label())));
    }
    let mut new = New::about(&record, REVIEW, "Review: confirm, revise or take out of use");
    new.person.clone_from(&record.owner);
    new.role = record.owner.is_none().then(|| role_of(&record.kind).unwrap_or_default().to_owned());
    new.due_date = Some(due.to_string());
    new.cause = Some(record.id.clone());
    Ok(json!({ "obligation": obligation::raise(tx, new)? }))
}

fn is_near(due: Date, today: Date) -> bool {
    dates::plus_days(today, AHEAD_DAYS).is_ok_and(|horizon| due <= horizon)
}

fn has_open_request(tx: &mut dyn Read, record: &Record) -> Result<bool> {
    let known = obligation::of_record(tx, &record.tenant, &record.id)?;
    Ok(known.iter().any(|known| known.sort == REVIEW && known.state == "open"))
}

/// When a record in effect is to be looked at next; `None` when it never is.
pub fn next_review(tx: &mut dyn Read, record: &Record) -> Result<Option<Date>> {
    let months = record.field_int(INTERVAL);
    let since = record.effective_on.as_deref().and_then(|date| date.parse::<Date>().ok());
    let (Some(months), Some(mut since), Phase::Effective) = (months, since, record.phase) else { return Ok(None) };
    for given in signature::on_steps(tx, &record.tenant, &record.id)?.iter().filter(|given| given.step == CONFIRM) {
        since = since.max(dates::today(tx, record, given.signed_at)?);
    }
    dates::plus_months(since, months).map(Some)
}

/// The clock's work.
pub fn jobs() -> Vec<JobDef> {
    vec![JobDef { name: COMMAND, label: "Ask for periodic reviews that come due", run: ask_for_due }]
}

fn ask_for_due(kernel: &Kernel, actor: &Actor) -> Result<()> {
    for kind in document::KINDS.into_iter().chain(["supplier"]) {
        let mut after = String::new();
        loop {
            let (tenant, now) = (actor.tenant().to_owned(), kernel.now());
            let batch = kernel.database().read(move |tx| coming_due(tx, &tenant, kind, &after, now))?;
            for (id, due) in batch.near {
                let request = Request::new(COMMAND, json!({ "record": id }), format!("{COMMAND}-{id}-{due}"));
                kernel.execute(actor, &request).map(|_| ()).or_else(already_settled)?;
            }
            match batch.next {
                Some(last) => after = last,
                None => break,
            }
        }
    }
    Ok(())
}

/// Somebody confirmed it, or another node asked, between the look and the command.
fn already_settled(error: Error) -> Result<()> {
    let code = error.refusal().map(|refusal| refusal.code.as_str());
    if matches!(code, Some("not_due" | "already_asked")) { Ok(()) } else { Err(error) }
}

/// One read of records in effect without an open request.
struct Batch {
    /// Those whose review comes due, and when.
    near: Vec<(String, Date)>,
    /// Where the next read starts; `None` after the last.
    next: Option<String>,
}

fn coming_due(tx: &mut dyn Read, tenant: &str, kind: &str, after: &str, now: Timestamp) -> Result<Batch> {
    let rows = tx.query(
        sql(
            "select r.id from record r
             where r.tenant = $1 and r.kind = $2 and r.phase = 'effective' and r.id > $3
             and not exists (select 1 from obligation o where o.tenant = r.tenant and o.record = r.id and o.sort = 'review' and o.state = 'open')
             order by r.id limit $4",
        ),
        &[tenant.into(), kind.into(), after.into(), (BATCH as i64).into()],
    )?;
    let ids = rows.iter().map(|row| Ok(row.text("id")?.to_owned())).collect::<Result<Vec<_>>>()?;
    let next = ids.last().filter(|_| ids.len() == BATCH).cloned();
    let mut near = Vec::new();
    for record in record::find_all(tx, tenant, &ids)? {
        let today = dates::today(tx, &record, now)?;
        if let Some(due) = next_review(tx, &record)?.filter(|due| is_near(*due, today)) {
            near.push((record.id, due));
        }
    }
    Ok(Batch { near, next })
}
