//! Commands on a part's structure: lines, manufacturer parts, import.

use super::import;
use super::kind::KIND;
use super::lines::{self, NewLine};
use super::sources::{self, NewSource};
use base::{Error, Result};
use kernel::authority::Permit;
use kernel::command::{CommandDef, InputField, InputSort, Needed, int_of, needs, opt_text_of, takes, text_of};
use kernel::commands::needed_on_record;
use kernel::record::{self, Record};
use kernel::trail::WriteTx;
use serde_json::{Value as Json, json};

const RECORD: InputField = needs("record", InputSort::Text, "identifier of the part's revision");
const VERSION: InputField = needs("version", InputSort::Integer, "the version you saw");
const LINE: InputField = needs("line", InputSort::Text, "identity of the line (line_uid)");

pub fn commands() -> Vec<CommandDef> {
    vec![
        CommandDef {
            name: "part.add_line",
            label: "Add a line",
            requirement: "FRS-PRT-010",
            input: vec![
                RECORD,
                VERSION,
                needs("child", InputSort::Text, "number or identifier of the part that is used"),
                needs("quantity", InputSort::Text, "an exact decimal above zero, for one unit of the parent"),
                takes("unit", InputSort::Text, "unit of the quantity; that of the child, when empty"),
                takes("find_number", InputSort::Integer, "unique in the parent; the next ten, when empty"),
                takes("designators", InputSort::Text, "reference designators: C4, C8-C9"),
                takes("note", InputSort::Text, "a remark on this use"),
            ],
            needs: |tx, _, actor, input| needed_on_record(tx, actor.tenant(), text_of(input, "record")?, "edit"),
            run: |tx, permit, input, _| {
                let part = seen(tx, permit, input)?;
                let (line, part) = lines::add(tx, permit.viewer(), &part, &new_line(input))?;
                Ok(json!({ "line": line, "record": part.id, "version": part.version }))
            },
            ..CommandDef::base()
        },
        CommandDef {
            name: "part.change_line",
            label: "Change a line",
            requirement: "FRS-PRT-011",
            input: vec![
                RECORD,
                VERSION,
                LINE,
                takes("child", InputSort::Text, "number or identifier of another part"),
                takes("quantity", InputSort::Text, "an exact decimal above zero, for one unit of the parent"),
                takes("unit", InputSort::Text, "unit of the quantity"),
                takes("find_number", InputSort::Integer, "unique in the parent"),
                takes("designators", InputSort::Text, "reference designators: C4, C8-C9; empty text for none"),
                takes("note", InputSort::Text, "a remark on this use"),
            ],
            needs: |tx, _, actor, input| needed_on_record(tx, actor.tenant(), text_of(input, "record")?, "edit"),
            run: |tx, permit, input, _| {
                let part = seen(tx, permit, input)?;
                let part = lines::change(tx, permit.viewer(), &part, text_of(input, "line")?, &new_line(input))?;
                Ok(json!({ "line": text_of(input, "line")?, "record": part.id, "version": part.version }))
            },
            ..CommandDef::base()
        },
        CommandDef {
            name: "part.remove_line",
            label: "Remove a line",
            requirement: "FRS-PRT-013",
            input: vec![RECORD, VERSION, LINE],
            needs: |tx, _, actor, input| needed_on_record(tx, actor.tenant(), text_of(input, "record")?, "edit"),
            run: |tx, permit, input, _| {
                let part = seen(tx, permit, input)?;
                let part = lines::remove(tx, &part, text_of(input, "line")?)?;
                Ok(json!({ "record": part.id, "version": part.version }))
            },
            ..CommandDef::base()
        },
        CommandDef {
            name: "part.set_manufacturer_part",
            label: "Add or change a manufacturer part",
            requirement: "FRS-PRT-014",
            input: vec![
                RECORD,
                VERSION,
                takes("source", InputSort::Text, "identity of the one to change (source_uid); empty to add one"),
                takes("manufacturer", InputSort::Text, "the manufacturer's name"),
                takes("mpn", InputSort::Text, "the manufacturer's part number"),
                takes("status", InputSort::Text, "approved, conditional, do_not_use or obsolete"),
                takes("position", InputSort::Integer, "place in the order of preference, from 1"),
            ],
            needs: |tx, _, actor, input| needed_on_record(tx, actor.tenant(), text_of(input, "record")?, "edit"),
            run: |tx, permit, input, _| {
                let part = seen(tx, permit, input)?;
                let (source, part) = sources::set(tx, &part, opt_text_of(input, "source"), &new_source(input))?;
                Ok(json!({ "source": source, "record": part.id, "version": part.version }))
            },
            ..CommandDef::base()
        },
        CommandDef {
            name: "part.remove_manufacturer_part",
            label: "Remove a manufacturer part",
            requirement: "FRS-PRT-015",
            input: vec![RECORD, VERSION, needs("source", InputSort::Text, "identity of the manufacturer part (source_uid)")],
            needs: |tx, _, actor, input| needed_on_record(tx, actor.tenant(), text_of(input, "record")?, "edit"),
            run: |tx, permit, input, _| {
                let part = seen(tx, permit, input)?;
                let part = sources::remove(tx, &part, text_of(input, "source")?)?;
                Ok(json!({ "record": part.id, "version": part.version }))
            },
            ..CommandDef::base()
        },
        CommandDef {
            name: "part.import_structure",
            label: "Import a released structure",
            requirement: "FRS-PRT-030",
            roles: &["design_engineer", "engineering_manager"],
            input: vec![
                needs("file", InputSort::Text, "SHA-256 of the uploaded XLSX or CSV file"),
                takes("file_name", InputSort::Text, "its name, whose ending tells the format"),
                takes("sheet", InputSort::Text, "worksheet; the first with content, when empty"),
                takes("options", InputSort::Object, "how to read the columns"),
                takes("site", InputSort::Text, "number of the site; empty for the whole company"),
            ],
            needs: |tx, _, actor, input| {
                let site = match opt_text_of(input, "site") {
                    Some(named) => Some(kernel::place::site_named(tx, actor.tenant(), "site", named)?),
                    None => None,
                };
                Ok(Needed::at("part.import_structure", site.as_deref()))
            },
            prepare: Some(import::parse_file),
            run: |tx, permit, input, _| {
                reason_given(tx)?;
                let tenant = tx.tenant().to_owned();
                let site = match opt_text_of(input, "site") {
                    Some(named) => Some(kernel::place::site_named(tx, &tenant, "site", named)?),
                    None => None,
                };
                let structure = import::prepared_structure(input)?;
                import::import_released(tx, permit, &structure, site.as_deref())
            },
            ..CommandDef::base()
        },
    ]
}

/// The part's revision as the person saw it.
fn seen(tx: &mut WriteTx<'_>, permit: &Permit, input: &Json) -> Result<Record> {
    let part = record::seen(tx, permit.viewer(), text_of(input, "record")?)?;
    if part.kind != KIND {
        return Err(Error::invalid("record", "wrong_kind", format!("{} is no part", part.label())));
    }
    record::check_version(&part, int_of(input, "version")?)?;
    Ok(part)
}

fn new_line(input: &Json) -> NewLine {
    NewLine {
        child: opt_text_of(input, "child").map(str::to_owned),
        quantity: given(input, "quantity"),
        unit: opt_text_of(input, "unit").map(str::to_owned),
        find_number: input.get("find_number").and_then(Json::as_i64),
        designators: given(input, "designators"),
        note: given(input, "note"),
    }
}

fn new_source(input: &Json) -> NewSource {
    NewSource {
        manufacturer: given(input, "manufacturer"),
        mpn: given(input, "mpn"),
        status: opt_text_of(input, "status").map(str::to_owned),
        position: input.get("position").and_then(Json::as_i64),
    }
}

/// A text that may be given empty, which clears it.
fn given(input: &Json, name: &str) -> Option<String> {
    input.get(name).and_then(Json::as_str).map(str::to_owned)
}

/// Refuses when the command came without a reason.
pub(crate) fn reason_given(tx: &WriteTx<'_>) -> Result<()> {
    if tx.reason().is_none_or(|reason| reason.trim().is_empty()) {
        return Err(Error::invalid("reason", "reason_needed", "This needs a reason."));
    }
    Ok(())
}
