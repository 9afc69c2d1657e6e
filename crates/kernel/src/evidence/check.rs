//! Checks of the whole trail: who asked for each, how far it is, and what it found. Each is a record;
//! the verifier itself is put in by the binary, because it shares no code with the kernel.

use crate::Kernel;
use crate::authority::{self, Permit};
use crate::command::{self, CommandDef};
use crate::kind::{Area, Field, Kind, Phase, Step};
use crate::record::step::take_as_consequence;
use crate::record::{self, Edit, NewRecord, Record};
use crate::signature::Proof;
use crate::trail::WriteTx;
use base::limits::BLOCK_CHARS;
use base::text::shortened;
use base::{Blocker, Error, Refusal, RefusalKind, Result, Timestamp};
use db::{Read, sql};
use serde_json::{Map, Value as Json, json};

/// The name of the kind.
pub const TRAIL_CHECK: &str = "trail_check";
/// The requirement behind it.
const REQUIREMENT: &str = "FRS-EVD-090";
/// The state of a check on its way, and of one that found damage nobody has assessed.
const RUNNING: &str = "running";
const DAMAGED: &str = "damaged";

/// People ask for one, or the clock does; the server fills it in.
pub fn kind() -> Kind {
    Kind::new(TRAIL_CHECK, "Trail check", "Trail checks", Area::Administration)
        .text("The whole trail, every row, signature and checkpoint, checked by the verifier.")
        .counted_by_year("CHK", 5)
        .field(Field::integer("transactions", "Transactions", 0, i64::MAX))
        .field(Field::integer("events", "Events", 0, i64::MAX))
        .field(Field::integer("rows", "Rows", 0, i64::MAX))
        .field(Field::integer("signatures", "Signatures", 0, i64::MAX))
        .field(Field::integer("checkpoint", "Newest checkpoint", 0, i64::MAX))
        .field(Field::line("standing", "Up to where it proves"))
        .field(Field::integer("problems", "Problems", 0, i64::MAX))
        .field(Field::block("found", "What was found"))
        .state(RUNNING, "Running", Phase::InWork)
        .state("sound", "Sound", Phase::Closed)
        .state(DAMAGED, "Damage found", Phase::InReview)
        .state("failed", "Not finished", Phase::Closed)
        .state("assessed", "Damage assessed", Phase::Closed)
        .step(Step::new("find_sound", "Find sound", &[RUNNING], "sound").by_record())
        .step(Step::new("find_damage", "Find damage", &[RUNNING], DAMAGED).by_record())
        .step(Step::new("give_up", "Give up", &[RUNNING], "failed").by_record())
        .step(Step::new("assess", "Assess the damage", &[DAMAGED], "assessed").signed_by_author("quality_manager", "has assessed the damage to the trail").with_reason())
        .allow("everyone", &["view"])
}

/// The command by which people ask for a check.
pub(crate) fn command() -> CommandDef {
    CommandDef {
        name: "evidence.check",
        label: "Check the whole trail now",
        requirement: REQUIREMENT,
        roles: &["administrator", "quality_engineer", "quality_manager"],
        needs: |_, _, _, _| Ok(command::Needed::of("evidence.check")),
        run: |tx: &mut WriteTx<'_>, _: &Permit, _: &Json, _: Option<&Proof>| {
            let made = begin(tx)?;
            Ok(json!({ "id": made.id, "number": made.number }))
        },
        ..CommandDef::base()
    }
}

fn begin(tx: &mut WriteTx<'_>) -> Result<Record> {
    // Whoever asks in the same moment waits here, then sees that one runs.
    tx.take_turn(TRAIL_CHECK)?;
    let tenant = tx.tenant().to_owned();
    if let Some(running) = running(tx, &tenant)? {
        let text = format!("{} is running", running.number);
        return Err(Refusal::new(RefusalKind::Conflict, "check_running", "A check is on its way already.")
            .blocked_by(vec![Blocker { rule: "evidence.one_check".to_owned(), requirement: REQUIREMENT.to_owned(), text, records: vec![running.reference()] }])
            .advise("Wait for what it says.")
            .into());
    }
    record::create_in_state(tx, NewRecord { kind: TRAIL_CHECK.to_owned(), title: "Check of the whole trail".to_owned(), ..NewRecord::default() }, RUNNING)
}

/// The check on its way.
pub fn running(tx: &mut dyn Read, tenant: &str) -> Result<Option<Record>> {
    in_state(tx, tenant, RUNNING)
}

/// The newest check that found damage which nobody has assessed yet.
pub fn unassessed(tx: &mut dyn Read, tenant: &str) -> Result<Option<Record>> {
    in_state(tx, tenant, DAMAGED)
}

fn in_state(tx: &mut dyn Read, tenant: &str, state: &str) -> Result<Option<Record>> {
    let row = tx.query_opt(
        sql("select id from record where tenant = $1 and kind = $2 and state = $3 order by created_at desc, id desc limit 1"),
        &[tenant.into(), TRAIL_CHECK.into(), state.into()],
    )?;
    row.map(|row| record::get(tx, tenant, row.text("id")?)).transpose()
}

/// The last checks, newest first.
pub fn last(tx: &mut dyn Read, tenant: &str, rows: i64) -> Result<Vec<Record>> {
    let rows = tx.query(
        sql("select id from record where tenant = $1 and kind = $2 order by created_at desc, id desc limit $3"),
        &[tenant.into(), TRAIL_CHECK.into(), rows.into()],
    )?;
    rows.iter().map(|row| record::get(tx, tenant, row.text("id")?)).collect()
}

/// Asks for a check where the last one began so long ago, or there was none; none while one runs.
pub fn begin_when_due(kernel: &Kernel, tenant: &str, every_hours: i64) -> Result<()> {
    let due = kernel.now().plus_seconds(-every_hours * 3_600);
    let named = tenant.to_owned();
    let is_due = kernel.database().read(|tx| match last(tx, &named, 1)?.first() {
        Some(last) => Ok(last.created_at <= due && last.state != RUNNING),
        // A company that has only begun has nothing to check yet.
        None => Ok(tx
            .query_opt(sql("select at from audit_tx where tenant = $1 and seq = 1 order by chain limit 1"), &[named.as_str().into()])?
            .map(|first| first.int("at"))
            .transpose()?
            .is_some_and(|at| at <= due.0)),
    })?;
    if !is_due {
        return Ok(());
    }
    let tenant = tenant.to_owned();
    kernel.inside(&tenant.clone(), "system", "evidence.check_by_clock", move |tx| {
        tx.take_turn(TRAIL_CHECK)?;
        let running = running(tx, &tenant)?;
        if running.is_none() { begin(tx).map(|_| ()) } else { Ok(()) }
    })
}

/// What a check found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    pub transactions: u64,
    pub events: u64,
    pub rows: u64,
    pub signatures: u64,
    /// Entries of the newest checkpoint.
    pub checkpoint: u64,
    /// Up to where it proves, as a sentence.
    pub standing: String,
    /// Each names table, key and field; the values stand on the record's own page and in the report
    /// of `plumb verify`.
    pub problems: Vec<String>,
}

/// Notes what a check found, or why it could not be finished. Where it found damage, the quality
/// managers are asked to assess it.
pub fn finish(kernel: &Kernel, tenant: &str, check: &str, outcome: &Result<Findings>) -> Result<()> {
    let (step, fields) = match outcome {
        Ok(found) if found.problems.is_empty() => ("find_sound", fields_of(found)),
        Ok(found) => {
            tracing::error!(check, problems = found.problems.len(), first = found.problems.first().map_or("", String::as_str), "the check of the trail found damage");
            ("find_damage", fields_of(found))
        }
        Err(error) => {
            tracing::error!(check, %error, "the check of the trail was not finished");
            ("give_up", Map::from_iter([("found".to_owned(), json!(shortened(&format!("The check was not finished: {error}"), BLOCK_CHARS)))]))
        }
    };
    let (named, id) = (tenant.to_owned(), check.to_owned());
    kernel.inside(tenant, "system", "evidence.checked", move |tx| {
        let running = record::get(tx, &named, &id)?;
        if running.state != RUNNING {
            return Ok(());
        }
        let filled = record::edit(tx, &running, running.version, Edit { fields: fields.clone(), ..Edit::default() })?;
        let permit = authority::system_permit(tx)?;
        take_as_consequence(tx, &permit, &filled, step, None).map(|_| ())
    })?;
    forget_progress(kernel, tenant, check)
}

fn fields_of(found: &Findings) -> Map<String, Json> {
    let mut fields = Map::new();
    for (name, value) in [("transactions", found.transactions), ("events", found.events), ("rows", found.rows), ("signatures", found.signatures), ("checkpoint", found.checkpoint)] {
        fields.insert(name.to_owned(), json!(i64::try_from(value).unwrap_or(i64::MAX)));
    }
    fields.insert("standing".to_owned(), json!(found.standing));
    fields.insert("problems".to_owned(), json!(found.problems.len()));
    if !found.problems.is_empty() {
        fields.insert("found".to_owned(), json!(shortened(&found.problems.join("\n"), BLOCK_CHARS)));
    }
    fields
}

/// How far a check has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckProgress {
    pub doing: String,
    pub done: i64,
    /// Of how many, where that is known.
    pub whole: Option<i64>,
    pub seen_at: Timestamp,
}

/// Notes how far a check has come.
pub fn note_progress(kernel: &Kernel, tenant: &str, check: &str, doing: &str, done: u64, whole: Option<u64>) -> Result<()> {
    let (tenant, check, doing, now) = (tenant.to_owned(), check.to_owned(), doing.to_owned(), kernel.now());
    let done = i64::try_from(done).map_err(Error::internal)?;
    let whole = whole.map(i64::try_from).transpose().map_err(Error::internal)?;
    kernel.housekeeping(move |tx| {
        tx.execute(
            sql(
                "insert into check_progress (tenant, id, doing, done, whole, seen_at) values ($1, $2, $3, $4, $5, $6)
                 on conflict (tenant, id) do update set doing = excluded.doing, done = excluded.done, whole = excluded.whole, seen_at = excluded.seen_at",
            ),
            &[tenant.as_str().into(), check.as_str().into(), doing.as_str().into(), done.into(), whole.into(), now.0.into()],
        )
    })?;
    Ok(())
}

/// How far the check on its way has come; `None` before it has begun.
pub fn progress(tx: &mut dyn Read, tenant: &str, check: &str) -> Result<Option<CheckProgress>> {
    let row = tx.query_opt(sql("select doing, done, whole, seen_at from check_progress where tenant = $1 and id = $2"), &[tenant.into(), check.into()])?;
    row.map(|row| Ok(CheckProgress { doing: row.text("doing")?.to_owned(), done: row.int("done")?, whole: row.opt_int("whole")?, seen_at: Timestamp(row.int("seen_at")?) })).transpose()
}

fn forget_progress(kernel: &Kernel, tenant: &str, check: &str) -> Result<()> {
    let (tenant, check) = (tenant.to_owned(), check.to_owned());
    kernel.housekeeping(move |tx| tx.execute(sql("delete from check_progress where tenant = $1 and id = $2"), &[tenant.as_str().into(), check.as_str().into()]))?;
    Ok(())
}
