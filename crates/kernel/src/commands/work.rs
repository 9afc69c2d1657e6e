//! Commands on what must be done and decided about records: decisions, clocks, obligations, dossiers.

use super::{RECORD, fixed_on, on_record, reason_given, target};
use crate::authority::{Actor, Permit};
use crate::command::{CommandDef, InputSort, Needed, needs, text_of};
use crate::record;
use crate::signature::Proof;
use crate::trail::WriteTx;
use crate::{clock, decision, dossier, obligation, person};
use base::limits::REASON_CHARS;
use base::{Error, Result};
use db::Read;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

pub(super) fn commands() -> Vec<CommandDef> {
    vec![
        CommandDef {
            name: "decision.take",
            label: "Take a decision",
            requirement: "FRS-DEC-001",
            input: vec![RECORD, needs("tree", InputSort::Text, "name of the decision tree"), needs("answers", InputSort::Object, "question → answer")],
            needs: |tx, _, actor, input| on_record(tx, actor, input, "decide"),
            run: decide,
            ..CommandDef::base()
        },
        CommandDef {
            name: "clock.extend",
            label: "Extend a due date",
            requirement: "FRS-CLK-003",
            roles: &["quality_manager", "regulatory_affairs"],
            input: vec![needs("clock", InputSort::Text, "identifier of the clock"), needs("due_date", InputSort::Text, "YYYY-MM-DD")],
            needs: |tx, _, actor, input| {
                let clock = clock::find(tx, actor.tenant(), text_of(input, "clock")?)?;
                fixed_on(tx, actor, &clock.record, "clock.extend")
            },
            run: |tx, _, input, _| {
                reason_given(tx)?;
                let tenant = tx.tenant().to_owned();
                let running = clock::find(tx, &tenant, text_of(input, "clock")?)?;
                clock::extend(tx, &running, text_of(input, "due_date")?)?;
                Ok(json!({ "clock": running.id }))
            },
            ..CommandDef::base()
        },
        CommandDef {
            name: "obligation.complete",
            label: "Report an obligation as done",
            requirement: "FRS-OBL-002",
            roles: &["everyone"],
            input: vec![needs("obligation", InputSort::Text, "identifier of the obligation"), needs("outcome", InputSort::Text, "what was done and found")],
            needs: |tx, _, actor, input| obligation_needs(tx, actor, input, "obligation.complete"),
            run: complete,
            ..CommandDef::base()
        },
        CommandDef {
            name: "obligation.reassign",
            label: "Hand an obligation to somebody else",
            requirement: "FRS-OBL-003",
            roles: &["supervisor", "quality_manager", "training_manager"],
            input: vec![needs("obligation", InputSort::Text, "identifier of the obligation"), needs("person", InputSort::Text, "user name")],
            needs: |tx, _, actor, input| obligation_needs(tx, actor, input, "obligation.reassign"),
            run: reassign,
            ..CommandDef::base()
        },
        CommandDef {
            name: "dossier.freeze",
            label: "Freeze the dossier",
            requirement: "FRS-DOS-002",
            input: vec![RECORD],
            needs: |tx, _, actor, input| on_record(tx, actor, input, "freeze"),
            run: |tx, permit, input, _| {
                let record = target(tx, permit, input)?;
                Ok(json!({ "dossier": dossier::freeze(tx, &record)? }))
            },
            ..CommandDef::base()
        },
    ]
}

fn obligation_needs(tx: &mut dyn Read, actor: &Actor, input: &Json, permission: &str) -> Result<Needed> {
    let obligation = obligation::find(tx, actor.tenant(), text_of(input, "obligation")?)?;
    fixed_on(tx, actor, &obligation.record, permission)
}

fn decide(tx: &mut WriteTx<'_>, permit: &Permit, input: &Json, _: Option<&Proof>) -> Result<Json> {
    let record = target(tx, permit, input)?;
    record::edit_check_open(tx, &record)?;
    let mut answers = BTreeMap::new();
    for (question, value) in input.get("answers").and_then(Json::as_object).into_iter().flatten() {
        let value = value.as_str().ok_or_else(|| Error::invalid(format!("answers.{question}"), "wrong_type", "an answer is text"))?;
        answers.insert(question.clone(), value.to_owned());
    }
    let outcome = decision::take(tx, &record, text_of(input, "tree")?, answers)?;
    Ok(json!({ "record": record.id, "outcome": outcome }))
}

fn complete(tx: &mut WriteTx<'_>, permit: &Permit, input: &Json, _: Option<&Proof>) -> Result<Json> {
    let tenant = tx.tenant().to_owned();
    let found = obligation::find(tx, &tenant, text_of(input, "obligation")?)?;
    if matches!(found.sort.as_str(), "sign" | "train") {
        return Err(Error::conflict("needs_signature", "This is fulfilled by a signature, not by a report."));
    }
    let mine = found.person.as_deref() == Some(permit.actor().person());
    let my_role = found.person.is_none() && found.role.as_deref().is_some_and(|role| permit.holds(role, found.site.as_deref()));
    if !mine && !my_role {
        return Err(Error::forbidden("not_yours", "This is for somebody else to do."));
    }
    let outcome = base::text::clean_block("outcome", text_of(input, "outcome")?, REASON_CHARS)?;
    obligation::close(tx, &found, &outcome, None)?;
    Ok(json!({ "obligation": found.id }))
}

fn reassign(tx: &mut WriteTx<'_>, permit: &Permit, input: &Json, _: Option<&Proof>) -> Result<Json> {
    let tenant = tx.tenant().to_owned();
    let found = obligation::find(tx, &tenant, text_of(input, "obligation")?)?;
    if found.sort == "train" {
        return Err(Error::conflict("training_is_personal", "Training cannot be done by another person: assign the course to them, and excuse this person."));
    }
    let own = tx.actor().to_owned();
    let to = person::visible(tx, permit.viewer(), &own, "person", text_of(input, "person")?)?;
    obligation::reassign(tx, &found, &to)?;
    Ok(json!({ "obligation": found.id, "person": to }))
}
