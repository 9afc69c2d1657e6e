//! Links between records, and holds on them.

use super::{KIND, OF_RECORD, OF_RECORD_AS_OF, RECORD};
use crate::call::{Answer, Call};
use crate::edge::Problem;
use crate::endpoint::{Access, Body, Endpoint, Parameter, Shape, Verb, path};
use crate::render::{self, Names};
use axum::http::StatusCode;
use base::{Error, Result};
use kernel::link::{self, LinkView};
use kernel::{hold, record};
use serde_json::json;

const LINK: &[Parameter] = &[KIND, RECORD, path("link", "identifier of the link", "01995f6e-2c1c-7d3a-8b0e-5f3f0c9d1a2b")];
const HOLD: &[Parameter] = &[KIND, RECORD, path("hold", "identifier of the hold", "01995f6e-2c1c-7d3a-8b0e-5f3f0c9d1a2b")];

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/records/{kind}/{record}/links",
            "FRS-API-005",
            "Links both ways, with the record at the other end; as of a moment, those that leave the record",
            links,
        )
        .parameters(OF_RECORD_AS_OF)
        .answers(200, Shape::Rows("link")),
        Endpoint::change(Verb::Post, "/api/v1/records/{kind}/{record}/links", "FRS-API-005", "Link the record to another", add)
            .access(Access::Permitted("<kind>.link"))
            .parameters(OF_RECORD)
            .body(Body::Json("new_link"))
            .answers(201, Shape::One("outcome")),
        Endpoint::change(Verb::Delete, "/api/v1/records/{kind}/{record}/links/{link}", "FRS-API-005", "End a link; it stays readable for the time it held", remove)
            .access(Access::Permitted("<kind>.link"))
            .parameters(LINK),
        Endpoint::change(Verb::Post, "/api/v1/records/{kind}/{record}/links/{link}/clear", "FRS-API-005", "Say that a suspect link was looked at", clear)
            .access(Access::Permitted("<kind>.link"))
            .parameters(LINK)
            .body(Body::JsonOrNone("reason")),
        Endpoint::get("/api/v1/records/{kind}/{record}/holds", "FRS-API-005", "Every hold there was, newest first", holds)
            .parameters(OF_RECORD)
            .answers(200, Shape::Rows("hold")),
        Endpoint::change(Verb::Post, "/api/v1/records/{kind}/{record}/holds", "FRS-API-005", "Place the record on hold", place)
            .access(Access::Permitted("hold.place"))
            .parameters(OF_RECORD)
            .body(Body::Json("hold_why"))
            .answers(201, Shape::One("outcome")),
        Endpoint::change(Verb::Post, "/api/v1/records/{kind}/{record}/holds/{hold}/lift", "FRS-API-005", "Lift a hold", lift)
            .access(Access::Permitted("hold.lift"))
            .parameters(HOLD)
            .body(Body::Json("hold_why")),
    ]
}

fn links(call: &Call) -> Result<Answer, Problem> {
    let rows = call.read(|tx, scope| {
        let record = call.record(tx, scope)?;
        let views = match call.params.time("as_of") {
            None => link::views(tx, scope.catalog, scope.viewer, &record)?,
            Some(at) => {
                let mut views = Vec::new();
                for link in link::outgoing_as_of(tx, scope.viewer.tenant(), &record.id, at)? {
                    let Some(other) = link::target_of(tx, scope.viewer.tenant(), &link)?.filter(|other| scope.viewer.sees(other)) else { continue };
                    // Of what is at the other end, too, what it said then.
                    let other = record::as_of(tx, scope.viewer.tenant(), &other.id, at)?.unwrap_or(other);
                    let declared = scope.catalog.kind(&record.kind).and_then(|kind| kind.find_link(&link.kind));
                    let label = declared.map_or_else(|| link.kind.clone(), |declared| declared.label.clone());
                    views.push(LinkView { link, label, outgoing: true, other });
                }
                views
            }
        };
        Ok(views.iter().map(|view| render::link(scope.catalog, view)).collect())
    })?;
    Ok(Answer::rows(rows, None))
}

fn add(call: &Call) -> Result<Answer, Problem> {
    let outcome = call.command("link.add", json!({ "record": call.record_id()? }))?;
    Ok(Answer::outcome(&outcome)?.status(StatusCode::CREATED))
}

/// The link of the path, when it is one of the record of the path.
fn link_id(call: &Call) -> Result<String, Problem> {
    call.read(|tx, scope| {
        let record = call.record(tx, scope)?;
        let found = link::find(tx, scope.viewer.tenant(), call.params.path("link")?)?;
        if found.source == record.id || found.target_item == record.item {
            return Ok(found.id);
        }
        Err(Error::not_found("There is no such link on this record."))
    })
}

fn remove(call: &Call) -> Result<Answer, Problem> {
    Answer::outcome(&call.command("link.remove", json!({ "link": link_id(call)? }))?)
}

fn clear(call: &Call) -> Result<Answer, Problem> {
    Answer::outcome(&call.command("link.clear", json!({ "link": link_id(call)? }))?)
}

fn holds(call: &Call) -> Result<Answer, Problem> {
    let rows = call.read(|tx, scope| {
        let record = call.record(tx, scope)?;
        let holds = hold::of_record(tx, scope.viewer.tenant(), &record.id)?;
        let people = holds.iter().flat_map(|hold| [Some(hold.placed_by.clone()), hold.lifted_by.clone()]).flatten();
        let names = Names::people(tx, scope.viewer.tenant(), people)?;
        Ok(holds.iter().map(|hold| render::hold(&names, hold)).collect())
    })?;
    Ok(Answer::rows(rows, None))
}

fn place(call: &Call) -> Result<Answer, Problem> {
    let outcome = call.command("hold.place", json!({ "record": call.record_id()? }))?;
    Ok(Answer::outcome(&outcome)?.status(StatusCode::CREATED))
}

fn lift(call: &Call) -> Result<Answer, Problem> {
    let id = call.read(|tx, scope| {
        let record = call.record(tx, scope)?;
        let found = hold::find(tx, scope.viewer.tenant(), call.params.path("hold")?)?;
        if found.record == record.id { Ok(found.id) } else { Err(Error::not_found("There is no such hold on this record.")) }
    })?;
    Answer::outcome(&call.command("hold.lift", json!({ "hold": id }))?)
}
