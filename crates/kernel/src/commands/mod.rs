//! The kernel's own commands: the same few verbs for records of every kind, and people.

mod people;
mod records;

use crate::catalog::{Module, Role};
use crate::command::{CommandDef, Needed};
use crate::record;
use crate::{configuration, person, place};
use base::{Error, Result};
use db::Read;

/// What the kernel declares itself.
pub fn module() -> Module {
    let mut kinds = place::kinds();
    kinds.push(person::kind());
    kinds.push(configuration::kind());
    Module { kinds, commands: commands(), roles: roles(), ..Module::default() }
}

fn commands() -> Vec<CommandDef> {
    let mut all = records::commands();
    all.extend(people::commands());
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
