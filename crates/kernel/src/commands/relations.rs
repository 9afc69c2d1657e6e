//! Commands on how records stand to one another and on what stops them: links and holds.

use super::{RECORD, fixed_on, fixed_on_record, needed_on_record, on_record, reason_given, target};
use crate::authority::{Actor, Permit};
use crate::catalog::Catalog;
use crate::command::{CommandDef, InputSort, Needed, needs, text_of};
use crate::record::{self, Record};
use crate::signature::Proof;
use crate::trail::WriteTx;
use crate::{hold, link};
use base::limits::REASON_CHARS;
use base::{Error, Result};
use db::Read;
use serde_json::{Value as Json, json};

pub(super) fn commands() -> Vec<CommandDef> {
    vec![
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
                Ok(fixed_on(tx, actor, &hold.record, "hold.lift")?.or_missing(hold::MISSING))
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
    ]
}

fn link_needs(tx: &mut dyn Read, _: &Catalog, actor: &Actor, input: &Json) -> Result<Needed> {
    let link = link::find(tx, actor.tenant(), text_of(input, "link")?)?;
    Ok(needed_on_record(tx, actor.tenant(), &link.source, "link")?.or_missing(link::MISSING))
}

fn add_link(tx: &mut WriteTx<'_>, permit: &Permit, input: &Json, _: Option<&Proof>) -> Result<Json> {
    let source = target(tx, permit, input)?;
    // Two who add the same link at once take turns, so that it is there once.
    tx.lock(&crate::table::RECORD, &source.id)?;
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
