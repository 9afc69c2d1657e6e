//! What the clock does for documents: makes them effective on their day.

use super::lifecycle::{MAKE_EFFECTIVE, RELEASED, is_due};
use super::KINDS;
use base::{Error, Result};
use db::{Read, sql};
use kernel::Kernel;
use kernel::authority::Actor;
use kernel::command::{CommandDef, InputSort, Needed, Request, needs, text_of};
use kernel::jobs::JobDef;
use kernel::record::{self, Record};
use kernel::record::step::take_as_consequence;
use kernel::trail::WriteTx;
use serde_json::{Value as Json, json};

const COMMAND: &str = "document.make_effective";

/// The commands of document control.
pub fn commands() -> Vec<CommandDef> {
    vec![CommandDef {
        name: COMMAND,
        label: "Make a released document effective on its day",
        requirement: "FRS-DOC-012",
        input: vec![needs("record", InputSort::Text, "identifier of the document")],
        // No role carries this permission: the clock alone runs it.
        needs: |tx, _, actor, input| Ok(Needed::on(COMMAND, document(tx, actor.tenant(), input)?)),
        run: |tx, permit, input, _| {
            let tenant = tx.tenant().to_owned();
            let released = document(tx, &tenant, input)?;
            if !is_due(tx, &released)? {
                let day = released.effective_on.as_deref().unwrap_or_default();
                return Err(Error::conflict("not_due", format!("{} becomes effective on {day}, not before.", released.label())));
            }
            tx.set_cause(&released.id);
            let effective = take_as_consequence(tx, permit, &released, MAKE_EFFECTIVE, None)?;
            Ok(json!({ "record": effective.id, "state": effective.state }))
        },
        ..CommandDef::base()
    }]
}

fn document(tx: &mut dyn Read, tenant: &str, input: &Json) -> Result<Record> {
    record::find(tx, tenant, text_of(input, "record")?)?
        .filter(|found| KINDS.contains(&found.kind.as_str()))
        .ok_or_else(|| Error::not_found("There is no such record."))
}

/// The clock's work.
pub fn jobs() -> Vec<JobDef> {
    vec![JobDef { name: COMMAND, label: "Make documents effective on their day", run: make_due_effective }]
}

/// Makes every document effective whose day has come. One that is stopped (by a hold) does not
/// stop the others; it is tried again at the next turn and named in the log until then.
fn make_due_effective(kernel: &Kernel, actor: &Actor) -> Result<()> {
    // The date line is at most a day away: what is due anywhere is among these.
    let latest = kernel.now().plus_seconds(86_400).date_in("UTC")?.to_string();
    let mut stopped = Vec::new();
    for kind in KINDS {
        let (tenant, latest) = (actor.tenant().to_owned(), latest.clone());
        let waiting = kernel.database().read(move |tx| due_anywhere(tx, &tenant, kind, &latest))?;
        for id in waiting {
            let request = Request::new(COMMAND, json!({ "record": id }), format!("{COMMAND}-{id}"));
            match kernel.execute(actor, &request) {
                Ok(_) => {}
                Err(error) if error.refusal().is_some_and(|refusal| refusal.code == "not_due") => {}
                Err(error) => stopped.push(error.to_string()),
            }
        }
    }
    if stopped.is_empty() { Ok(()) } else { Err(Error::internal(stopped.join("; "))) }
}

fn due_anywhere(tx: &mut dyn Read, tenant: &str, kind: &str, latest: &str) -> Result<Vec<String>> {
    let rows = tx.query(
        sql(
            "select id from record
             where tenant = $1 and kind = $2 and phase = 'in_review' and state = $3 and effective_on <= $4
             order by effective_on, id",
        ),
        &[tenant.into(), kind.into(), RELEASED.into(), latest.into()],
    )?;
    rows.iter().map(|row| Ok(row.text("id")?.to_owned())).collect()
}

/// A new revision starts without the summary of the one before, so that nobody signs yesterday's.
pub fn begin_summary_anew(tx: &mut WriteTx<'_>, _: &Record, revised: &Record) -> Result<()> {
    if !KINDS.contains(&revised.kind.as_str()) || revised.field_is_empty("summary_of_changes") {
        return Ok(());
    }
    crate::clear_fields(tx, revised, &["summary_of_changes"])
}
