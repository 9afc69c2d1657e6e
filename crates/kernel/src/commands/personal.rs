//! Commands on the personal data of a record.

use crate::authority::Actor;
use crate::catalog::Catalog;
use crate::command::{CommandDef, InputField, InputSort, Needed, needs, text_of};
use crate::{personal, record};
use base::{Error, Result};
use db::Read;
use serde_json::{Value as Json, json};

const RECORD: InputField = needs("record", InputSort::Text, "identifier of the record");

pub(super) fn commands() -> Vec<CommandDef> {
    vec![
        CommandDef {
            name: "personal.edit",
            label: "Change personal data",
            requirement: "FRS-PRS-001",
            input: vec![RECORD, needs("personal", InputSort::Object, "the personal fields to change; null clears one")],
            needs: edit_needs,
            run: |tx, permit, input, _| {
                let record = record::seen(tx, permit.viewer(), text_of(input, "record")?)?;
                let given = input.get("personal").and_then(Json::as_object).cloned().unwrap_or_default();
                personal::edit(tx, &record, &given)?;
                Ok(json!({ "record": record.id }))
            },
            ..CommandDef::base()
        },
        CommandDef {
            name: "personal.erase",
            label: "Erase personal data",
            requirement: "FRS-PRS-004",
            input: vec![RECORD],
            needs: |tx, _, actor, input| super::needed_on_record(tx, actor.tenant(), text_of(input, "record")?, personal::ERASE),
            run: |tx, permit, input, _| {
                let record = record::seen(tx, permit.viewer(), text_of(input, "record")?)?;
                personal::erase(tx, &record)?;
                Ok(json!({ "record": record.id }))
            },
            ..CommandDef::base()
        },
    ]
}

/// Whoever took the record in says who reported it, as long as nothing has been done with it.
fn edit_needs(tx: &mut dyn Read, catalog: &Catalog, actor: &Actor, input: &Json) -> Result<Needed> {
    let record = record::find(tx, actor.tenant(), text_of(input, "record")?)?.ok_or_else(|| Error::not_found("There is no such record."))?;
    let first = catalog.kind(&record.kind).and_then(|kind| kind.first_state()).is_some_and(|state| state.name == record.state);
    let verb = if first && record.created_by == actor.person() { "create" } else { personal::EDIT };
    Ok(Needed::on(format!("{}.{verb}", record.kind), record))
}
