//! The kernel's own commands: the same few verbs for records of every kind, and people.

mod exports;
mod people;
mod personal;
mod records;
mod relations;
mod work;

use crate::authority::{Actor, Permit};
use crate::catalog::{Module, Role};
use crate::command::{CommandDef, InputSort, Needed, needs, text_of};
use crate::record::{self, Record};
use crate::trail::WriteTx;
use crate::{configuration, evidence, person, place, present, reference, upkeep};
use base::{Error, Result};
use db::Read;
use serde_json::Value as Json;

/// What the kernel declares itself.
pub fn module() -> Module {
    let mut kinds = place::kinds();
    kinds.push(person::kind());
    kinds.push(configuration::kind());
    kinds.push(reference::kind());
    kinds.push(evidence::kind());
    kinds.push(present::kind());
    kinds.push(evidence::check_kind());
    kinds.extend(upkeep::kinds());
    Module {
        kinds,
        commands: commands(),
        tables: vec![&crate::personal::PERSONAL_DATA, &evidence::EVIDENCE_EXPORT],
        roles: roles(),
        jobs: upkeep::jobs(),
        ..Module::default()
    }
}

fn commands() -> Vec<CommandDef> {
    let mut all = records::commands();
    all.extend(relations::commands());
    all.extend(work::commands());
    all.extend(people::commands());
    all.extend(personal::commands());
    all.extend(exports::commands());
    all.push(evidence::export_command());
    all.push(evidence::check_command());
    all
}

/// The roles of the product as delivered. A configuration package may add roles of its own.
fn roles() -> Vec<Role> {
    [
        ("everyone", "Everyone", "Every active person."),
        ("administrator", "Administrator", "Keeps people, roles and places. Signs and approves nothing by this role."),
        ("inspector", "Inspector", "Reads everything, changes nothing."),
        ("design_engineer", "Design engineer", "Writes parts, structures, risks and change orders."),
        ("engineering_manager", "Engineering manager", "Approves changes for engineering."),
        ("quality_engineer", "Quality engineer", "Works on complaints, CAPAs and documents."),
        ("quality_manager", "Quality manager", "Approves for quality, closes CAPAs, places holds."),
        ("document_controller", "Document controller", "Releases documents and change orders."),
        ("regulatory_affairs", "Regulatory affairs", "Decides what is reported to authorities."),
        ("supplier_manager", "Supplier manager", "Qualifies and assesses suppliers."),
        ("training_manager", "Training manager", "Keeps courses and the training matrix."),
        ("supervisor", "Supervisor", "Leads people; signs off that somebody may do a task."),
        ("operator", "Operator", "Makes, inspects and services the product."),
    ]
    .map(|(name, label, text)| Role::new(name, label, text))
    .into()
}

/// What a command on one record needs: `<kind>.<verb>` at the record's site.
pub fn needed_on_record(tx: &mut dyn Read, tenant: &str, id: &str, verb: &str) -> Result<Needed> {
    let record = record::find(tx, tenant, id)?.ok_or_else(|| Error::not_found("There is no such record."))?;
    let permission = format!("{}.{verb}", record.kind);
    Ok(Needed::on(permission, record))
}

type Input = crate::command::InputField;

const RECORD: Input = needs("record", InputSort::Text, "identifier of the record");
const VERSION: Input = needs("version", InputSort::Integer, "the version you saw");

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

fn target(tx: &mut WriteTx<'_>, permit: &Permit, input: &Json) -> Result<Record> {
    record::seen(tx, permit.viewer(), text_of(input, "record")?)
}

pub(crate) fn reason_given(tx: &WriteTx<'_>) -> Result<()> {
    if tx.reason().is_none_or(|reason| reason.trim().is_empty()) {
        return Err(Error::invalid("reason", "reason_needed", "This needs a reason."));
    }
    Ok(())
}
