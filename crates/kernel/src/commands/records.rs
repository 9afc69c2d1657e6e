//! Commands on one record itself: create, edit, step, revise, files.

use super::{RECORD, VERSION, on_record, target};
use crate::authority::{self, Actor, Permit};
use crate::catalog::{Catalog, step_permission};
use crate::command::{CommandDef, InputSort, Needed, int_of, needs, opt_text_of, takes, text_of};
use crate::record::{self, Edit, NewRecord, Record, step::Taken};
use crate::signature::{self, Proof};
use crate::trail::WriteTx;
use crate::kind::FieldSort;
use crate::{attachment, link, obligation, person, place};
use base::{Digest, Error, Result};
use db::Read;
use serde_json::{Map, Value as Json, json};

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
    people_seen(tx, permit, &kind, input, None)?;
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

/// Whoever is named as owner or in a field is somebody the actor may see; whom others have named stays.
fn people_seen(tx: &mut WriteTx<'_>, permit: &Permit, kind: &str, input: &Json, before: Option<&Record>) -> Result<()> {
    let catalog = tx.catalog();
    let own = tx.actor().to_owned();
    if let Some(named) = opt_text_of(input, "owner").filter(|named| !named.is_empty()) {
        let stays = before.and_then(|before| before.owner.as_deref());
        if stays.is_none() || stays != Some(person::identify(tx, permit.viewer().tenant(), "owner", named)?.as_str()) {
            person::visible(tx, permit.viewer(), &own, "owner", named)?;
        }
    }
    let given = fields_of(input);
    for field in catalog.known_kind(kind)?.fields.iter().filter(|field| field.sort == FieldSort::Person) {
        let Some(named) = given.get(&field.name).and_then(Json::as_str) else { continue };
        if before.is_none_or(|before| before.fields.get(&field.name).and_then(Json::as_str) != Some(named)) {
            person::visible(tx, permit.viewer(), &own, &format!("fields.{}", field.name), named)?;
        }
    }
    Ok(())
}

fn edit(tx: &mut WriteTx<'_>, permit: &Permit, input: &Json, _: Option<&Proof>) -> Result<Json> {
    let before = target(tx, permit, input)?;
    people_seen(tx, permit, &before.kind, input, Some(&before))?;
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
    let viewer = authority::viewer(tx, catalog, actor)?;
    let record = record::seen(tx, &viewer, id)?;
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
