//! What people do with assignments: read and sign, assign by hand, excuse; and the two commands
//! by which the clock works.

use super::{LEARNER, READ_AND_SIGN, calc, jobs, keep, repeat};
use crate::course::{self, Taught};
use crate::{TRAIN, qualification};
use base::limits::REASON_CHARS;
use base::{Error, Result};
use db::Read;
use kernel::authority::{Actor, Permit};
use kernel::catalog::Catalog;
use kernel::command::{CommandDef, InputField, InputSort, Needed, needs, takes, text_of};
use kernel::kind::Phase;
use kernel::obligation::{self, Obligation};
use kernel::record::{self, Record};
use kernel::signature::{self, Proof, SigningSubject};
use kernel::trail::WriteTx;
use kernel::{person, place};
use serde_json::{Value as Json, json};

const OBLIGATION: InputField = needs("obligation", InputSort::Text, "identifier of the assignment");

pub fn commands() -> Vec<CommandDef> {
    vec![
        CommandDef {
            name: "lms.read_and_sign",
            label: "Read and sign",
            requirement: "FRS-TRN-010",
            roles: &["everyone"],
            input: vec![OBLIGATION, takes("version", InputSort::Integer, "the version of the document you read")],
            needs: |tx, _, actor, input| {
                // The assignment itself opens the document to whoever has to read it, so the record is
                // not looked for among those of their sites.
                let found = obligation::find(tx, actor.tenant(), text_of(input, "obligation")?)?;
                Ok(Needed::at("lms.read_and_sign", found.site.as_deref()))
            },
            run: read_and_sign,
            signs: Some(subject),
            ..CommandDef::base()
        },
        CommandDef {
            name: "lms.assign",
            label: "Assign a course to a person",
            requirement: "FRS-TRN-020",
            roles: &["training_manager", "supervisor"],
            input: vec![
                needs("course", InputSort::Text, "number or identifier of the course"),
                needs("person", InputSort::Text, "user name or identifier"),
                needs("due_date", InputSort::Text, "YYYY-MM-DD"),
            ],
            needs: |tx, catalog, actor, input| Ok(Needed::on("lms.assign", person::seen(tx, catalog, actor, "person", text_of(input, "person")?)?)),
            run: assign,
            ..CommandDef::base()
        },
        CommandDef {
            name: "lms.excuse",
            label: "Excuse from an assignment",
            requirement: "FRS-TRN-021",
            roles: &["training_manager"],
            input: vec![OBLIGATION],
            needs: excuse_needs,
            run: excuse,
            ..CommandDef::base()
        },
        CommandDef {
            name: "lms.escalate",
            label: "Tell supervisors of overdue training",
            requirement: "FRS-TRN-030",
            input: Vec::new(),
            needs: |_, _, _, _| Ok(Needed::of("lms.escalate")),
            run: |tx, _, _, _| {
                let tenant = tx.tenant().to_owned();
                let now = tx.now();
                let late = jobs::late(tx, &tenant, now)?;
                let raised = jobs::escalate(tx, &late)?;
                nothing_to_do(raised)?;
                Ok(json!({ "raised": raised }))
            },
            ..CommandDef::base()
        },
        CommandDef {
            name: "lms.repeat",
            label: "Assign what is to be repeated",
            requirement: "FRS-TRN-032",
            input: vec![needs("course", InputSort::Text, "identifier of the course")],
            needs: |_, _, _, _| Ok(Needed::of("lms.repeat")),
            run: |tx, _, input, _| {
                let tenant = tx.tenant().to_owned();
                let course = record::get(tx, &tenant, text_of(input, "course")?)?;
                let raised = repeat::raise(tx, &course)?;
                nothing_to_do(raised)?;
                Ok(json!({ "raised": raised }))
            },
            ..CommandDef::base()
        },
    ]
}

fn nothing_to_do(raised: usize) -> Result<()> {
    if raised == 0 {
        return Err(Error::conflict("nothing_to_do", "Nothing is due."));
    }
    Ok(())
}

/// The assignment with its document and course, if this person may sign it now.
fn signable(tx: &mut dyn Read, catalog: &Catalog, permit: &Permit, input: &Json) -> Result<(Obligation, Record, Record)> {
    let tenant = permit.actor().tenant();
    let found = assignment(tx, tenant, text_of(input, "obligation")?)?;
    if found.person.as_deref() != Some(permit.actor().person()) {
        return Err(Error::forbidden("not_yours", "This is assigned to somebody else; only they can sign it."));
    }
    refuse_unless_open(&found)?;
    let document = record::get(tx, tenant, &found.record)?;
    if !course::is_given_out(catalog, &document) {
        let state = catalog.state_label(&document.kind, &document.state).to_lowercase();
        return Err(Error::conflict("not_given_out", format!("{} is {state}: only a revision that is released or effective is signed.", document.label())));
    }
    if let Some(seen) = input.get("version").and_then(Json::as_i64)
        && seen != document.version
    {
        return Err(Error::stale(format!("{} has changed: you read version {seen}, it is now version {}.", document.label(), document.version)));
    }
    let via = found.via.as_deref().ok_or_else(|| Error::internal(format!("assignment {} goes through no course", found.id)))?;
    let course = record::get(tx, tenant, via)?;
    Ok((found, document, course))
}

fn assignment(tx: &mut dyn Read, tenant: &str, id: &str) -> Result<Obligation> {
    let found = obligation::find(tx, tenant, id)?;
    if found.sort != TRAIN {
        return Err(Error::invalid("obligation", "not_training", "this obligation is no training"));
    }
    Ok(found)
}

fn refuse_unless_open(found: &Obligation) -> Result<()> {
    match found.state.as_str() {
        "open" => Ok(()),
        "done" => Err(Error::conflict("obligation_closed", format!("“{}” is done already.", found.task))),
        _ => {
            let why = found.outcome.as_deref().unwrap_or("it was cancelled");
            Err(Error::conflict("obligation_cancelled", format!("“{}” is not asked for any more: {why}.", found.task)))
        }
    }
}

fn subject(tx: &mut dyn Read, catalog: &Catalog, permit: &Permit, input: &Json) -> Result<Option<SigningSubject>> {
    let (found, document, course) = signable(tx, catalog, permit, input)?;
    Ok(Some(SigningSubject {
        record: document.id,
        version: document.version,
        digest: document.digest,
        step: READ_AND_SIGN.to_owned(),
        meaning: course::statement(&course).to_owned(),
        role: LEARNER.to_owned(),
        obligation: Some(found.id),
    }))
}

fn read_and_sign(tx: &mut WriteTx<'_>, permit: &Permit, input: &Json, proof: Option<&Proof>) -> Result<Json> {
    let catalog = tx.catalog();
    let (found, document, course) = signable(tx, &catalog, permit, input)?;
    let proof = proof.ok_or_else(|| Error::internal("a reading reached the record without a proof"))?;
    let signature = signature::write(tx, proof, &document, READ_AND_SIGN, course::statement(&course), LEARNER, Some(&found.id))?;
    obligation::close(tx, &found, "read and signed", Some(&signature))?;
    qualification::clear_suspects(tx, &document, Some(permit.actor().person()))?;
    Ok(json!({ "obligation": found.id, "record": document.id, "signature": signature }))
}

fn assign(tx: &mut WriteTx<'_>, permit: &Permit, input: &Json, _: Option<&Proof>) -> Result<Json> {
    reason(tx)?;
    let tenant = tx.tenant().to_owned();
    let catalog = tx.catalog();
    let named = text_of(input, "course")?;
    let course = record::find_named(tx, &tenant, "course", named)?
        .filter(|course| permit.viewer().sees(course))
        .ok_or_else(|| Error::invalid("course", "unknown_course", format!("there is no course “{named}”")))?;
    if course.phase != Phase::Effective {
        let state = catalog.state_label(&course.kind, &course.state).to_lowercase();
        return Err(Error::conflict("course_not_in_use", format!("{} is {state}; only a course in use is assigned.", course.label())));
    }
    let own = tx.actor().to_owned();
    let person = person::visible(tx, permit.viewer(), &own, "person", text_of(input, "person")?)?;
    let due = base::time::parse_date("due_date", text_of(input, "due_date")?)?;
    let learner = record::get(tx, &tenant, &person)?;
    let today = base::time::parse_date("today", &place::date_in_days(tx, &learner, 0)?)?;
    if due < today {
        return Err(Error::invalid("due_date", "date_past", format!("{due} has passed")));
    }
    let taught = course::taught(tx, &catalog, &course)?;
    if taught.is_empty() {
        return Err(Error::conflict("nothing_given_out", format!("No document of {} is released yet, so there is nothing to read.", course.label())));
    }
    let mut made = Vec::new();
    for taught in &taught {
        if !is_assigned(tx, taught, &person)? {
            let mut new = keep::assignment(tx, taught, &person, None)?;
            new.due_date = Some(due.to_string());
            made.push(obligation::raise(tx, new)?);
        }
    }
    if made.is_empty() {
        return Err(Error::conflict("already_assigned", format!("{} is assigned to this person already and still open.", course.label())));
    }
    Ok(json!({ "obligations": made, "person": person }))
}

fn is_assigned(tx: &mut dyn Read, taught: &Taught, person: &str) -> Result<bool> {
    let open = super::open_on_item(tx, &taught.document.tenant, &taught.document.item, person)?;
    Ok(open.iter().any(|open| open.via.as_ref() == Some(&taught.course.id) && open.record == taught.document.id))
}

fn excuse_needs(tx: &mut dyn Read, _: &Catalog, actor: &Actor, input: &Json) -> Result<Needed> {
    let found = assignment(tx, actor.tenant(), text_of(input, "obligation")?)?;
    let person = found.person.ok_or_else(|| Error::internal(format!("assignment {} is nobody's", found.id)))?;
    Ok(Needed::on("lms.excuse", record::get(tx, actor.tenant(), &person)?))
}

fn excuse(tx: &mut WriteTx<'_>, permit: &Permit, input: &Json, _: Option<&Proof>) -> Result<Json> {
    let why = reason(tx)?;
    let tenant = tx.tenant().to_owned();
    let found = assignment(tx, &tenant, text_of(input, "obligation")?)?;
    refuse_unless_open(&found)?;
    if found.person.as_deref() == Some(permit.actor().person()) {
        return Err(Error::conflict("own_training", "Nobody excuses themselves; ask another training manager."));
    }
    obligation::cancel(tx, &found, &format!("{}{why}", calc::EXCUSED))?;
    Ok(json!({ "obligation": found.id }))
}

/// The reason given with the command, which these commands need.
fn reason(tx: &WriteTx<'_>) -> Result<String> {
    let given = tx.reason().map(str::trim).filter(|reason| !reason.is_empty());
    let given = given.ok_or_else(|| Error::invalid("reason", "reason_needed", "This needs a reason."))?;
    base::text::clean_block("reason", given, REASON_CHARS)
}
