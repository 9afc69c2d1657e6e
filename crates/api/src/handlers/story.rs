//! How a record came to be and what hangs on it: obligations, clocks, decisions, timeline, the
//! inspector's walk, dossiers, impact.

use super::{KIND, OF_RECORD, RECORD};
use crate::call::{Answer, Call, Scope};
use crate::edge::Problem;
use crate::endpoint::{Access, Body, Endpoint, Parameter, Shape, Sort, Verb, path, query};
use crate::render::{self, Names};
use axum::http::StatusCode;
use base::limits::{LINE_CHARS, PAGE_ROWS, PAGE_ROWS_DEFAULT, WALK_DEPTH, WALK_RECORDS};
use base::{Error, Result};
use db::Read;
use kernel::dossier::{self, Section};
use kernel::record::{self, Record};
use kernel::trail;
use kernel::{clock, decision, impact, link, obligation};
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;

const TIMELINE: &[Parameter] = &[
    KIND,
    RECORD,
    query("rows", Sort::Integer { min: 1, max: PAGE_ROWS as i64 }, "lines of a page", "50"),
    query("before", Sort::Text(80), "the cursor in “next” of the page before", ""),
];
const WALK: &[Parameter] = &[KIND, RECORD, query("depth", Sort::Integer { min: 1, max: WALK_DEPTH as i64 }, "steps from this record; 6 when absent", "3")];
const IMPACT: &[Parameter] = &[KIND, RECORD, query("through", Sort::Text(LINE_CHARS), "look at what this link leads to instead of the record itself", "affects")];
const FROZEN: &[Parameter] = &[KIND, RECORD, path("dossier", "identifier of the frozen dossier", "01995f6e-2c1c-7d3a-8b0e-5f3f0c9d1a2b")];

/// How far a walk goes when the caller does not say.
const WALK_DEPTH_DEFAULT: i64 = 6;

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/records/{kind}/{record}/obligations", "FRS-API-005", "What must be done about the record, open ones first", obligations)
            .parameters(OF_RECORD)
            .answers(200, Shape::Rows("obligation")),
        Endpoint::get("/api/v1/records/{kind}/{record}/clocks", "FRS-API-005", "The clocks on the record", clocks)
            .parameters(OF_RECORD)
            .answers(200, Shape::Rows("clock")),
        Endpoint::get("/api/v1/records/{kind}/{record}/decisions", "FRS-API-005", "The decisions taken on the record, newest first", decisions)
            .parameters(OF_RECORD)
            .answers(200, Shape::Rows("decision")),
        Endpoint::get("/api/v1/records/{kind}/{record}/timeline", "FRS-API-005", "Every event of the record with before and after, newest first", timeline)
            .parameters(TIMELINE)
            .answers(200, Shape::Rows("event")),
        Endpoint::get("/api/v1/records/{kind}/{record}/walk", "FRS-API-005", "The records that led to this one or followed from it, nearest first", walk)
            .parameters(WALK)
            .answers(200, Shape::Rows("walked")),
        Endpoint::get("/api/v1/records/{kind}/{record}/impact", "FRS-API-005", "What a change of the record would touch", analyse)
            .parameters(IMPACT)
            .answers(200, Shape::Rows("impact")),
        Endpoint::get("/api/v1/records/{kind}/{record}/dossier", "FRS-API-005", "The dossier as it is now", live)
            .parameters(OF_RECORD)
            .answers(200, Shape::Rows("section")),
        Endpoint::change(Verb::Post, "/api/v1/records/{kind}/{record}/dossier", "FRS-API-005", "Freeze the dossier", freeze)
            .access(Access::Permitted("<kind>.freeze"))
            .parameters(OF_RECORD)
            .body(Body::JsonOrNone("reason"))
            .answers(201, Shape::One("outcome")),
        Endpoint::get("/api/v1/records/{kind}/{record}/dossier/frozen", "FRS-API-005", "The frozen dossiers, newest first", frozen)
            .parameters(OF_RECORD)
            .answers(200, Shape::Rows("frozen")),
        Endpoint::get("/api/v1/records/{kind}/{record}/dossier/frozen/{dossier}", "FRS-API-005", "One frozen dossier with its index", frozen_one)
            .parameters(FROZEN)
            .answers(200, Shape::One("frozen_whole")),
    ]
}

/// Reads rows about the record of the path.
fn rows(call: &Call, work: impl Fn(&mut dyn Read, &Scope<'_>, &Record) -> Result<Vec<Json>>) -> Result<Answer, Problem> {
    let rows = call.read(|tx, scope| {
        let record = call.record(tx, scope)?;
        work(tx, scope, &record)
    })?;
    Ok(Answer::rows(rows, None))
}

fn obligations(call: &Call) -> Result<Answer, Problem> {
    rows(call, |tx, scope, record| {
        let all = obligation::of_record(tx, scope.viewer.tenant(), &record.id)?;
        let people = all.iter().flat_map(|one| [one.person.clone(), one.closed_by.clone()]).flatten();
        let names = Names::people(tx, scope.viewer.tenant(), people)?;
        Ok(all.iter().map(|one| render::obligation(scope.catalog, &names, one, Some(record))).collect())
    })
}

fn clocks(call: &Call) -> Result<Answer, Problem> {
    let now = call.params.now();
    rows(call, |tx, scope, record| {
        let clocks = clock::of_record(tx, scope.viewer.tenant(), &record.id)?;
        clocks.iter().map(|clock| render::clock(clock, now)).collect()
    })
}

fn decisions(call: &Call) -> Result<Answer, Problem> {
    rows(call, |tx, scope, record| {
        let decisions = decision::of_record(tx, scope.viewer.tenant(), &record.id)?;
        let names = Names::people(tx, scope.viewer.tenant(), decisions.iter().map(|decision| decision.decided_by.clone()))?;
        Ok(decisions.iter().map(|decision| render::decision(&names, decision)).collect())
    })
}

fn timeline(call: &Call) -> Result<Answer, Problem> {
    let wanted = call.params.integer("rows").and_then(|rows| usize::try_from(rows).ok()).unwrap_or(PAGE_ROWS_DEFAULT);
    let (rows, next) = call.read(|tx, scope| {
        let record = call.record(tx, scope)?;
        let mut lines = trail::of_record(tx, scope.viewer.tenant(), &record.id, call.params.text("before"), wanted + 1)?;
        let more = lines.len() > wanted;
        lines.truncate(wanted);
        let names = Names::people(tx, scope.viewer.tenant(), lines.iter().map(|line| line.actor.clone()))?;
        let next = lines.last().filter(|_| more).map(trail::Line::cursor);
        Ok((lines.iter().map(|line| render::line(&names, line)).collect(), next))
    })?;
    Ok(Answer::rows(rows, next))
}

fn walk(call: &Call) -> Result<Answer, Problem> {
    let depth = call.params.integer("depth").unwrap_or(WALK_DEPTH_DEFAULT).unsigned_abs() as usize;
    rows(call, |tx, scope, record| {
        let walked = trail::walk(tx, scope.catalog, scope.viewer, record, depth, WALK_RECORDS)?;
        Ok(walked.iter().map(|(distance, record)| json!({ "distance": distance, "record": render::stub(scope.catalog, record) })).collect())
    })
}

fn analyse(call: &Call) -> Result<Answer, Problem> {
    rows(call, |tx, scope, record| {
        let changed = match call.params.text("through") {
            None => vec![record.clone()],
            Some(name) => {
                if scope.catalog.kind(&record.kind).and_then(|kind| kind.find_link(name)).is_none() {
                    return Err(Error::invalid("through", "unknown_link", format!("there is no link “{name}” from here")));
                }
                link::targets(tx, record, name)?.into_iter().filter(|target| scope.viewer.sees(target)).collect()
            }
        };
        let groups = impact::analyse(tx, scope.catalog, scope.viewer, &changed)?;
        Ok(groups
            .iter()
            .map(|group| {
                json!({
                    "name": group.name,
                    "title": group.title,
                    "entries": group.entries.iter().map(|entry| json!({ "record": render::reference(&entry.record), "why": entry.why })).collect::<Vec<_>>(),
                })
            })
            .collect())
    })
}

/// Which of the entries the reader may see.
fn visible(tx: &mut dyn Read, scope: &Scope<'_>, sections: &[Section]) -> Result<BTreeSet<String>> {
    let ids: BTreeSet<String> = sections.iter().flat_map(|section| &section.entries).map(|entry| entry.record.clone()).collect();
    let ids: Vec<String> = ids.into_iter().collect();
    let found = record::find_all(tx, scope.viewer.tenant(), &ids)?;
    Ok(found.into_iter().filter(|record| scope.viewer.sees(record)).map(|record| record.id).collect())
}

fn live(call: &Call) -> Result<Answer, Problem> {
    rows(call, |tx, scope, record| {
        let sections = dossier::assemble(tx, scope.catalog, record)?;
        let visible = visible(tx, scope, &sections)?;
        Ok(render::sections(&sections, &visible))
    })
}

fn freeze(call: &Call) -> Result<Answer, Problem> {
    let outcome = call.command("dossier.freeze", json!({ "record": call.record_id()? }))?;
    Ok(Answer::outcome(&outcome)?.status(StatusCode::CREATED))
}

fn frozen(call: &Call) -> Result<Answer, Problem> {
    rows(call, |tx, scope, record| {
        let all = dossier::frozen_of(tx, scope.viewer.tenant(), &record.id)?;
        let names = Names::people(tx, scope.viewer.tenant(), all.iter().map(|one| one.frozen_by.clone()))?;
        Ok(all.iter().map(|one| render::frozen(&names, one)).collect())
    })
}

fn frozen_one(call: &Call) -> Result<Answer, Problem> {
    let answer = call.read(|tx, scope| {
        let record = call.record(tx, scope)?;
        let wanted = call.params.path("dossier")?;
        let all = dossier::frozen_of(tx, scope.viewer.tenant(), &record.id)?;
        let one = all.iter().find(|one| one.id == wanted).ok_or_else(|| Error::not_found("There is no such frozen dossier on this record."))?;
        let names = Names::people(tx, scope.viewer.tenant(), [one.frozen_by.clone()])?;
        let visible = visible(tx, scope, &one.sections)?;
        let mut answer = render::frozen(&names, one);
        answer["sections"] = Json::Array(render::sections(&one.sections, &visible));
        Ok(answer)
    })?;
    Ok(Answer::json(answer))
}
