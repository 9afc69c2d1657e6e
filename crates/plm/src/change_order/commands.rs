//! Commands on what an order affects.

use super::{affected, apply};
use crate::part;
use base::{Error, Result};
use db::Read;
use kernel::authority::Actor;
use kernel::catalog::Catalog;
use kernel::command::{CommandDef, InputField, InputSort, Needed, flag_of, needs, takes, text_of};
use kernel::record;
use serde_json::{Value as Json, json};

const ORDER: InputField = needs("order", InputSort::Text, "identifier of the change order");

pub fn commands() -> Vec<CommandDef> {
    vec![
        CommandDef {
            name: "change_order.add_affected",
            label: "Take a revision on a change order",
            requirement: "FRS-ECO-020",
            roles: &super::kind::WRITERS,
            input: vec![
                ORDER,
                needs("record", InputSort::Text, "identifier of the effective revision, which is revised, or of the one being worked on"),
            ],
            needs: |tx, catalog, actor, input| on_order(tx, catalog, actor, input, "change_order.add_affected"),
            run: |tx, permit, input, _| {
                let order = affected::open_order(tx, permit, text_of(input, "order")?)?;
                let target = record::seen(tx, permit.viewer(), text_of(input, "record")?)?;
                tx.set_cause(&order.id);
                let working = affected::add(tx, permit, &order, &target)?;
                Ok(json!({
                    "order": order.id,
                    "record": working.id,
                    "number": working.number,
                    "revision": working.revision,
                    "version": working.version,
                }))
            },
            ..CommandDef::base()
        },
        CommandDef {
            name: "change_order.remove_affected",
            label: "Take a revision off a change order",
            requirement: "FRS-ECO-021",
            roles: &super::kind::WRITERS,
            input: vec![
                ORDER,
                needs("record", InputSort::Text, "identifier of the affected revision"),
                takes("keep", InputSort::Flag, "keep the working revision for another order; otherwise it is cancelled"),
            ],
            needs: |tx, catalog, actor, input| on_order(tx, catalog, actor, input, "change_order.remove_affected"),
            run: |tx, permit, input, _| {
                part::reason_given(tx)?;
                let order = affected::open_order(tx, permit, text_of(input, "order")?)?;
                let target = record::seen(tx, permit.viewer(), text_of(input, "record")?)?;
                tx.set_cause(&order.id);
                let given_up = affected::remove(tx, permit, &order, &target, flag_of(input, "keep"))?;
                Ok(json!({ "order": order.id, "record": target.id, "cancelled": given_up.is_some() }))
            },
            ..CommandDef::base()
        },
        CommandDef {
            name: "change_order.apply_structure",
            label: "Apply a structure file to a change order",
            requirement: "FRS-ECO-022",
            roles: &["design_engineer", "engineering_manager"],
            input: vec![
                ORDER,
                needs("file", InputSort::Text, "SHA-256 of the uploaded XLSX or CSV file"),
                takes("file_name", InputSort::Text, "its name, whose ending tells the format"),
                takes("sheet", InputSort::Text, "worksheet; the first with content, when empty"),
                takes("options", InputSort::Object, "how to read the columns"),
            ],
            needs: |tx, catalog, actor, input| on_order(tx, catalog, actor, input, "change_order.apply_structure"),
            prepare: Some(part::parse_file),
            run: |tx, permit, input, _| {
                let order = affected::open_order(tx, permit, text_of(input, "order")?)?;
                let structure = part::prepared_structure(input)?;
                tx.set_cause(&order.id);
                apply::apply(tx, permit, &order, structure)
            },
            ..CommandDef::base()
        },
    ]
}

fn on_order(tx: &mut dyn Read, _: &Catalog, actor: &Actor, input: &Json, permission: &str) -> Result<Needed> {
    let id = text_of(input, "order")?;
    let order = record::find(tx, actor.tenant(), id)?.ok_or_else(|| Error::not_found("There is no such record."))?;
    Ok(Needed::on(permission, order))
}
