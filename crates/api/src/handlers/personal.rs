//! Personal data of a record: read, changed and erased by those with the permission.

use super::OF_RECORD;
use crate::call::{Answer, Call};
use crate::edge::Problem;
use crate::endpoint::{Access, Body, Endpoint, Shape, Verb};
use base::{Error, Result};
use kernel::personal;
use serde_json::json;

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/records/{kind}/{record}/personal", "FRS-PRS-002", "The personal data of the record", read)
            .access(Access::Permitted("<kind>.see_personal"))
            .parameters(OF_RECORD)
            .answers(200, Shape::One("personal")),
        Endpoint::change(Verb::Patch, "/api/v1/records/{kind}/{record}/personal", "FRS-PRS-001", "Change personal data; only what is given changes", edit)
            .access(Access::Permitted("<kind>.edit_personal"))
            .parameters(OF_RECORD)
            .body(Body::Json("edit_personal")),
        Endpoint::change(Verb::Post, "/api/v1/records/{kind}/{record}/personal/erase", "FRS-PRS-004", "Erase the personal data for good", erase)
            .access(Access::Permitted("<kind>.erase_personal"))
            .parameters(OF_RECORD)
            .body(Body::JsonOrNone("reason")),
    ]
}

fn read(call: &Call) -> Result<Answer, Problem> {
    let found = call.read(|tx, scope| {
        let record = call.record(tx, scope)?;
        if scope.catalog.known_kind(&record.kind)?.personal.is_empty() {
            return Err(Error::not_found(format!("{} has no personal data.", record.label())));
        }
        if !personal::may_see(tx, scope.catalog, scope.actor.person(), &record)? {
            let text = format!("You may not see this: it needs the permission “{}.{}”.", record.kind, personal::SEE);
            return Err(Error::forbidden("not_permitted", text));
        }
        personal::read(tx, scope.viewer.tenant(), &record.item)
    })?;
    Ok(Answer::json(json!({
        "fields": found.fields,
        "given": found.standing.given,
        "erased_at": found.standing.erased_at.map(|at| at.to_rfc3339()),
        "sound": found.sound,
    })))
}

fn edit(call: &Call) -> Result<Answer, Problem> {
    Answer::outcome(&call.command("personal.edit", json!({ "record": call.record_id()? }))?)
}

fn erase(call: &Call) -> Result<Answer, Problem> {
    Answer::outcome(&call.command("personal.erase", json!({ "record": call.record_id()? }))?)
}
