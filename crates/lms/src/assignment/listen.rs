//! What changes assignments, heard in the transaction that changes it: a document is released or
//! goes out of use, a course or requirement comes into force or retires, a person comes, goes, or
//! changes function, department or equipment.

use super::keep;
use crate::course::RELEASE;
use crate::requirement::{self, REQUIRES};
use base::{Error, Refusal, RefusalKind, Result};
use kernel::catalog::LinkChange;
use kernel::kind::Phase;
use kernel::link;
use kernel::record;
use kernel::rule::StepContext;
use kernel::trail::WriteTx;

/// Runs after every step of every record.
pub fn after_step(tx: &mut WriteTx<'_>, context: &StepContext<'_>) -> Result<()> {
    // The step's own effects may have carried the record on, as a release does whose day has come.
    let record = record::get(tx, &context.record.tenant, &context.record.id)?;
    let cause = tx.cause().unwrap_or(&record.id).to_owned();
    match record.kind.as_str() {
        "course" => keep::course(tx, &record, &cause),
        "training_requirement" => {
            for course in link::targets(tx, &record, REQUIRES)? {
                keep::course(tx, &course, &cause)?;
            }
            Ok(())
        }
        "person" => keep::person(tx, &record, &cause),
        _ if context.step == RELEASE => keep::document(tx, &record, &cause),
        _ if matches!(record.phase, Phase::Closed | Phase::Void) => keep::out_of_use(tx, &record, &cause),
        _ => Ok(()),
    }
}

/// Runs after every single link that comes or goes.
pub fn after_link(tx: &mut WriteTx<'_>, change: &LinkChange<'_>) -> Result<()> {
    let source = change.source;
    match source.kind.as_str() {
        "person" if requirement::is_of_matrix(change.link) => {
            let cause = tx.cause().unwrap_or(&source.id).to_owned();
            keep::person(tx, source, &cause)
        }
        "course" | "training_requirement" | "qualification" if !source.phase.is_open_for_edit() => Err(fixed(tx, change)),
        _ => Ok(()),
    }
}

/// What was signed includes the links: they say what is taught, to whom, who is qualified for what.
fn fixed(tx: &WriteTx<'_>, change: &LinkChange<'_>) -> Error {
    let source = change.source;
    let state = tx.catalog().state_label(&source.kind, &source.state).to_lowercase();
    Refusal::new(RefusalKind::Conflict, "content_fixed", format!("{} is {state}: what it is linked to can no longer change.", source.label()))
        .advise("Retire it and make a new one.")
        .into()
}
