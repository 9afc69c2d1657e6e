//! Commands on records: create, edit, step, revise, link, hold, decide, extend, complete, attach.

use super::needed_on_record;
use crate::authority::{Actor, Permit};
use crate::catalog::{Catalog, step_permission};
use crate::command::{CommandDef, InputSort, Needed, int_of, needs, opt_text_of, takes, text_of};
use crate::record::{self, Edit, NewRecord, Record, step::Taken};
use crate::signature::{self, Proof};
use crate::trail::WriteTx;
use crate::{attachment, clock, decision, dossier, hold, link, obligation, person, place};
use base::limits::REASON_CHARS;
use base::{Digest, Error, Result};
use db::Read;
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;

type Input = crate::command::InputField;

const RECORD: Input = needs("record", InputSort::Text, "identifier of the record");
const VERSION: Input = needs("version", InputSort::Integer, "the version you saw");

pub(super) fn commands() -> Vec<CommandDef> {
    vec![
        CommandDef {
            name: "record.create",
            label: "Create a record",
            requirement: "FRS-REC-001",
            input: vec![
                needs("kind", InputSort::Text, "name of the kind"),
                needs("title", InputSort::Text, "what it is about, in one line"),
                takes("number", InputSort::Text, "only for kinds whose numbers are given"),
                takes("site", InputSort::Text, "number of the site; empty for the whole company"),
                takes("owner", InputSort::Text, "user name; you, when empty"),
                takes("due_date", InputSort::Text, "YYYY-MM-DD"),
                takes("effective_on", InputSort::Text, "YYYY-MM-DD"),
                takes("fields", InputSort::Object, "the fields of the kind"),
                takes("links", InputSort::List, "links to add: objects with link and target"),
            ],
            needs: create_needs,
            run: create,
            ..CommandDef::base()
        },
        CommandDef {
            name: "record.edit",
            label: "Change a record",
            requirement: "FRS-REC-002",
            input: vec![
                RECORD,
                VERSION,
                takes("title", InputSort::Text, "the new title"),
                takes("owner", InputSort::Text, "user name of the new owner"),
                takes("due_date", InputSort::Text, "YYYY-MM-DD, or empty"),
                takes("effective_on", InputSort::Text, "YYYY-MM-DD, or empty"),
                takes("fields", InputSort::Object, "the fields to change; null clears one"),
            ],
            needs: |tx, _, actor, input| on_record(tx, actor, input, "edit"),
            run: edit,
            ..CommandDef::base()
        },
        CommandDef {
            name: "record.step",
            label: "Take or sign a step",
            requirement: "FRS-REC-010",
            input: vec![RECORD, VERSION, needs("step", InputSort::Text, "name of the step")],
            needs: step_needs,
            run: step,
            signs: Some(signature::subject_of_step),
            ..CommandDef::base()
        },
        CommandDef {
            name: "record.revise",
            label: "Make the next revision",
            requirement: "FRS-REC-020",
            input: vec![RECORD],
            needs: |tx, _, actor, input| on_record(tx, actor, input, "revise"),
            run: |tx, permit, input, _| {
                let from = target(tx, permit, input)?;
                let revised = record::revise(tx, &from)?;
                Ok(answer(&revised))
            },
            ..CommandDef::base()
        },
        CommandDef {
            name: "link.add",
            label: "Link two records",
            requirement: "FRS-LNK-001",
            input: vec![RECORD, needs("link", InputSort::Text, "name of the link"), needs("target", InputSort::Text, "identifier of the record to link to")],
            needs: |tx, _, actor, input| on_record(tx, actor, input, "link"),
            run: add_link,
            ..CommandDef::base()
        },
        CommandDef {
            name: "link.remove",
            label: "Remove a link",
            requirement: "FRS-LNK-002",
            input: vec![needs("link", InputSort::Text, "identifier of the link")],
            needs: link_needs,
            run: |tx, permit, input, _| {
                let (link, source) = link_and_source(tx, permit, input)?;
                record::edit_check_open(tx, &source)?;
                link::remove(tx, &link)?;
                Ok(json!({ "link": link.id }))
            },
            ..CommandDef::base()
        },
        CommandDef {
            name: "link.clear",
            label: "Clear a suspect link",
            requirement: "FRS-LNK-004",
            input: vec![needs("link", InputSort::Text, "identifier of the link")],
            needs: link_needs,
            run: |tx, permit, input, _| {
                let (link, _) = link_and_source(tx, permit, input)?;
                reason_given(tx)?;
                link::clear(tx, &link)?;
                Ok(json!({ "link": link.id }))
            },
            ..CommandDef::base()
        },
        CommandDef {
            name: "hold.place",
            label: "Place on hold",
            requirement: "FRS-HLD-001",
            roles: &["quality_engineer", "quality_manager"],
            input: vec![RECORD, needs("why", InputSort::Text, "why it must not go on")],
            needs: |tx, _, actor, input| fixed_on_record(tx, actor, input, "hold.place"),
            run: |tx, permit, input, _| {
                let record = target(tx, permit, input)?;
                let why = base::text::clean_block("why", text_of(input, "why")?, REASON_CHARS)?;
                Ok(json!({ "hold": hold::place(tx, &record, &why)? }))
            },
            ..CommandDef::base()
        },
        CommandDef {
            name: "hold.lift",
            label: "Lift a hold",
            requirement: "FRS-HLD-002",
            roles: &["quality_manager"],
            input: vec![needs("hold", InputSort::Text, "identifier of the hold"), needs("why", InputSort::Text, "why it may go on")],
            needs: |tx, _, actor, input| {
                let hold = hold::find(tx, actor.tenant(), text_of(input, "hold")?)?;
                fixed_on(tx, actor, &hold.record, "hold.lift")
            },
            run: |tx, _, input, _| {
                let tenant = tx.tenant().to_owned();
                let held = hold::find(tx, &tenant, text_of(input, "hold")?)?;
                let why = base::text::clean_block("why", text_of(input, "why")?, REASON_CHARS)?;
                hold::lift(tx, &held, &why)?;
                Ok(json!({ "hold": held.id }))
            },
            ..CommandDef::base()
        },
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
        CommandDef {
            name: "file.attach",
            label: "Attach a file",
            requirement: "FRS-FIL-001",
            input: vec![
                RECORD,
                VERSION,
                needs("name", InputSort::Text, "file name"),
                needs("media_type", InputSort::Text, "media type"),
                needs("digest", InputSort::Text, "SHA-256 of the uploaded content"),
                needs("size_bytes", InputSort::Integer, "size of the content"),
            ],
            needs: |tx, _, actor, input| on_record(tx, actor, input, "edit"),
            prepare: Some(check_uploaded),
            run: |tx, permit, input, _| {
                let record = target(tx, permit, input)?;
                let digest = text_of(input, "digest")?;
                let size_bytes = int_of(input, "size_bytes")?;
                let id = attachment::add(tx, &record, int_of(input, "version")?, text_of(input, "name")?, text_of(input, "media_type")?, digest, size_bytes)?;
                Ok(json!({ "file": id }))
            },
            ..CommandDef::base()
        },
        CommandDef {
            name: "file.remove",
            label: "Take a file off a record",
            requirement: "FRS-FIL-002",
            input: vec![RECORD, VERSION, needs("file", InputSort::Text, "identifier of the file")],
            needs: |tx, _, actor, input| on_record(tx, actor, input, "edit"),
            run: |tx, permit, input, _| {
                let record = target(tx, permit, input)?;
                let wanted = text_of(input, "file")?;
                let present = attachment::of_record(tx, &record.tenant, &record.id)?;
                let file = present.into_iter().find(|file| file.id == wanted);
                let file = file.ok_or_else(|| Error::not_found("There is no such file on this record."))?;
                attachment::remove(tx, &record, int_of(input, "version")?, &file)?;
                Ok(json!({ "file": file.id }))
            },
            ..CommandDef::base()
        },
    ]
}

/// A row never names a file that the store does not hold.
fn check_uploaded(kernel: &crate::Kernel, _: &Actor, input: &Json) -> Result<Json> {
    let digest = Digest::from_hex(text_of(input, "digest")?).ok_or_else(|| Error::invalid("digest", "bad_digest", "this is no SHA-256 digest"))?;
    let size = kernel.files().size(&digest)?.and_then(|size| i64::try_from(size).ok());
    if size != Some(int_of(input, "size_bytes")?) {
        return Err(base::Refusal::new(base::RefusalKind::Invalid, "not_uploaded", "no file with this digest and size was uploaded")
            .at("digest")
            .advise("Upload the file, then attach it with the digest and size that the upload answers.")
            .into());
    }
    base::text::clean_line("media_type", text_of(input, "media_type")?, base::limits::LINE_CHARS)?;
    Ok(input.clone())
}

fn on_record(tx: &mut dyn Read, actor: &Actor, input: &Json, verb: &str) -> Result<Needed> {
    needed_on_record(tx, actor.tenant(), text_of(input, "record")?, verb)
}

fn fixed_on_record(tx: &mut dyn Read, actor: &Actor, input: &Json, permission: &str) -> Result<Needed> {
    fixed_on(tx, actor, text_of(input, "record")?, permission)
}

fn fixed_on(tx: &mut dyn Read, actor: &Actor, record: &str, permission: &str) -> Result<Needed> {
    let record = record::find(tx, actor.tenant(), record)?.ok_or_else(|| Error::not_found("There is no such record."))?;
    Ok(Needed::on(permission, record))
}

fn obligation_needs(tx: &mut dyn Read, actor: &Actor, input: &Json, permission: &str) -> Result<Needed> {
    let obligation = obligation::find(tx, actor.tenant(), text_of(input, "obligation")?)?;
    fixed_on(tx, actor, &obligation.record, permission)
}

fn link_needs(tx: &mut dyn Read, _: &Catalog, actor: &Actor, input: &Json) -> Result<Needed> {
    let link = link::find(tx, actor.tenant(), text_of(input, "link")?)?;
    needed_on_record(tx, actor.tenant(), &link.source, "link")
}

fn target(tx: &mut WriteTx<'_>, permit: &Permit, input: &Json) -> Result<Record> {
    record::seen(tx, permit.viewer(), text_of(input, "record")?)
}

fn reason_given(tx: &WriteTx<'_>) -> Result<()> {
    if tx.reason().is_none_or(|reason| reason.trim().is_empty()) {
        return Err(Error::invalid("reason", "reason_needed", "This needs a reason."));
    }
    Ok(())
}

fn answer(record: &Record) -> Json {
    json!({
        "id": record.id,
        "kind": record.kind,
        "number": record.number,
        "revision": record.revision,
        "state": record.state,
        "version": record.version,
    })
}

fn create_needs(tx: &mut dyn Read, catalog: &Catalog, actor: &Actor, input: &Json) -> Result<Needed> {
    let kind = catalog.known_kind(text_of(input, "kind")?)?;
    let site = match opt_text_of(input, "site") {
        Some(named) => Some(place::site_named(tx, actor.tenant(), "site", named)?),
        None => None,
    };
    Ok(Needed::at(format!("{}.create", kind.name), site.as_deref()))
}

fn create(tx: &mut WriteTx<'_>, permit: &Permit, input: &Json, _: Option<&Proof>) -> Result<Json> {
    let tenant = tx.tenant().to_owned();
    let kind = text_of(input, "kind")?.to_owned();
    if kind == "person" {
        return Err(Error::invalid("kind", "use_person_create", "people are made with person.create"));
    }
    let site = match opt_text_of(input, "site") {
        Some(named) => Some(place::site_named(tx, &tenant, "site", named)?),
        None => None,
    };
    let owned = |name: &str| opt_text_of(input, name).map(str::to_owned);
    let new = NewRecord {
        kind,
        number: owned("number"),
        title: text_of(input, "title")?.to_owned(),
        site,
        owner: owned("owner"),
        due_date: owned("due_date"),
        effective_on: owned("effective_on"),
        fields: fields_of(input),
        ..NewRecord::default()
    };
    let made = record::create(tx, new)?;
    let links = input.get("links").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
    for (index, wanted) in links.iter().enumerate() {
        let place = format!("links[{index}]");
        let name = opt_text_of(wanted, "link").ok_or_else(|| Error::invalid(place.as_str(), "missing_field", "a link needs “link” and “target”"))?;
        let target = opt_text_of(wanted, "target").ok_or_else(|| Error::invalid(place.as_str(), "missing_field", "a link needs “link” and “target”"))?;
        let target = record::seen(tx, permit.viewer(), target)?;
        link::add(tx, &made, name, &target)?;
    }
    obligation::raise_signing(tx, &made)?;
    Ok(answer(&made))
}

fn fields_of(input: &Json) -> Map<String, Json> {
    input.get("fields").and_then(Json::as_object).cloned().unwrap_or_default()
}

fn edit(tx: &mut WriteTx<'_>, permit: &Permit, input: &Json, _: Option<&Proof>) -> Result<Json> {
    let before = target(tx, permit, input)?;
    let given = |name: &str| input.get(name).and_then(Json::as_str).map(str::to_owned);
    let change = Edit {
        title: given("title"),
        owner: given("owner").filter(|owner| !owner.is_empty()),
        due_date: given("due_date"),
        effective_on: given("effective_on"),
        fields: fields_of(input),
    };
    let after = record::edit(tx, &before, int_of(input, "version")?, change)?;
    Ok(answer(&after))
}

fn step_needs(tx: &mut dyn Read, catalog: &Catalog, actor: &Actor, input: &Json) -> Result<Needed> {
    let id = text_of(input, "record")?;
    let record = record::find(tx, actor.tenant(), id)?.ok_or_else(|| Error::not_found("There is no such record."))?;
    let step = text_of(input, "step")?;
    let kind = catalog.known_kind(&record.kind)?;
    if kind.find_step(step).is_none() {
        return Err(Error::invalid("step", "unknown_step", format!("{} has no step “{step}”", kind.label)));
    }
    Ok(Needed::on(step_permission(&kind.name, step), record))
}

fn step(tx: &mut WriteTx<'_>, permit: &Permit, input: &Json, proof: Option<&Proof>) -> Result<Json> {
    let record = target(tx, permit, input)?;
    // Whoever signs second waits here for the first, then sees their signature.
    tx.lock(&crate::table::RECORD, &record.id)?;
    let record = target(tx, permit, input)?;
    tx.set_cause(&record.id);
    match record::step::take_as_person(tx, permit, &record, int_of(input, "version")?, text_of(input, "step")?, proof)? {
        Taken::Done(record) => {
            let mut result = answer(&record);
            result["taken"] = json!(true);
            Ok(result)
        }
        Taken::Signed { waiting_for } => {
            let mut result = answer(&record);
            result["taken"] = json!(false);
            result["waiting_for"] = waiting_for.iter().map(|signer| json!({ "role": signer.role, "meaning": signer.meaning })).collect();
            Ok(result)
        }
    }
}

fn add_link(tx: &mut WriteTx<'_>, permit: &Permit, input: &Json, _: Option<&Proof>) -> Result<Json> {
    let source = target(tx, permit, input)?;
    let other = record::seen(tx, permit.viewer(), text_of(input, "target")?)?;
    let before = link::outgoing(tx, &source.tenant, &source.id)?.len();
    let id = link::add(tx, &source, text_of(input, "link")?, &other)?;
    if link::outgoing(tx, &source.tenant, &source.id)?.len() == before {
        return Err(Error::conflict("link_present", format!("{} is linked to {} already.", source.label(), other.label())));
    }
    Ok(json!({ "link": id }))
}

fn link_and_source(tx: &mut WriteTx<'_>, permit: &Permit, input: &Json) -> Result<(link::Link, Record)> {
    let tenant = tx.tenant().to_owned();
    let link = link::find(tx, &tenant, text_of(input, "link")?)?;
    let source = record::seen(tx, permit.viewer(), &link.source)?;
    Ok((link, source))
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

fn reassign(tx: &mut WriteTx<'_>, _: &Permit, input: &Json, _: Option<&Proof>) -> Result<Json> {
    let tenant = tx.tenant().to_owned();
    let found = obligation::find(tx, &tenant, text_of(input, "obligation")?)?;
    if found.sort == "train" {
        return Err(Error::conflict("training_is_personal", "Training cannot be done by another person: assign the course to them, and excuse this person."));
    }
    let to = person::identify(tx, &tenant, "person", text_of(input, "person")?)?;
    obligation::reassign(tx, &found, &to)?;
    Ok(json!({ "obligation": found.id, "person": to }))
}

