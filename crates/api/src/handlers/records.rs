//! Records of every kind: list, read, make, change, revise.

use super::{AS_OF, KIND, OF_RECORD, OF_RECORD_AS_OF};
use crate::call::{Answer, Call, Scope};
use crate::edge::Problem;
use crate::endpoint::{Access, Body, Endpoint, KEY_AND_VERSION, Parameter, Shape, Sort, Verb, query};
use crate::render::{self, Names};
use axum::http::{StatusCode, header};
use base::limits::{LINE_CHARS, NUMBER_CHARS, PAGE_ROWS, SEARCH_CHARS};
use base::{Error, Result};
use db::Read;
use kernel::command::Outcome;
use kernel::evidence;
use kernel::kind::{Kind, Phase};
use kernel::record::{self, Filter, Page, Record};
use kernel::{person, place};
use serde_json::{Value as Json, json};

/// The longest cursor: a number and an identifier.
const CURSOR_CHARS: usize = NUMBER_CHARS + 40;

const LIST: &[Parameter] = &[
    KIND,
    query("phase", Sort::Text(LINE_CHARS), "phases with commas: draft, in_work, in_review, effective, closed, void", "draft,in_work"),
    query("state", Sort::Name(LINE_CHARS), "name of a state", "draft"),
    query("owner", Sort::Text(LINE_CHARS), "user name or identifier", "dora"),
    query("site", Sort::Text(LINE_CHARS), "number or identifier of a site", "ROM"),
    query("q", Sort::Text(SEARCH_CHARS), "words that must all occur", "fitting"),
    query("field.*", Sort::Text(LINE_CHARS), "a filterable field, as field.<name>", "major"),
    query("due_until", Sort::Date, "due on this date or before", "2026-12-31"),
    query("current", Sort::Flag, "only the revision that counts of each item", "true"),
    query("sort", Sort::Choice(&["number", "changed"]), "by number, or the newest change first", "changed"),
    query("rows", Sort::Integer { min: 1, max: PAGE_ROWS as i64 }, "rows of a page", "50"),
    query("after", Sort::Text(CURSOR_CHARS), "the cursor in “next” of the page before", ""),
    AS_OF,
];

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/records/{kind}", "FRS-API-005", "The records of a kind, filtered and page by page", list)
            .access(Access::Kind)
            .parameters(LIST)
            .answers(200, Shape::Rows("record")),
        Endpoint::change(Verb::Post, "/api/v1/records/{kind}", "FRS-API-005", "Make a record", create)
            .access(Access::KindPermitted("<kind>.create"))
            .parameters(&[KIND])
            .body(Body::Json("new_record"))
            .answers(201, Shape::One("outcome")),
        Endpoint::get("/api/v1/records/{kind}/{record}", "FRS-API-005", "One record, now or as of a moment; its version is the ETag", read)
            .parameters(OF_RECORD_AS_OF)
            .answers(200, Shape::One("record")),
        Endpoint::change(Verb::Patch, "/api/v1/records/{kind}/{record}", "FRS-API-007", "Change what a record says; only what is given changes", edit)
            .access(Access::Permitted("<kind>.edit"))
            .parameters(OF_RECORD)
            .demands(KEY_AND_VERSION)
            .body(Body::Json("edit_record")),
        Endpoint::get("/api/v1/records/{kind}/{record}/revisions", "FRS-API-005", "All revisions of the item, oldest first", revisions)
            .parameters(OF_RECORD)
            .answers(200, Shape::Rows("record")),
        Endpoint::change(Verb::Post, "/api/v1/records/{kind}/{record}/revisions", "FRS-API-005", "Make the next revision", revise)
            .access(Access::Permitted("<kind>.revise"))
            .parameters(OF_RECORD)
            .body(Body::JsonOrNone("reason"))
            .answers(201, Shape::One("outcome")),
    ]
}

fn render_all(tx: &mut dyn Read, scope: &Scope<'_>, records: &[Record]) -> Result<Vec<Json>> {
    let names = Names::of(tx, scope.viewer.tenant(), records)?;
    Ok(records.iter().map(|record| render::record(scope.catalog, &names, record)).collect())
}

fn list(call: &Call) -> Result<Answer, Problem> {
    let (rows, next) = call.read(|tx, scope| {
        let name = call.params.path("kind")?;
        let kind = scope.catalog.kind(name).filter(|kind| scope.viewer.sees_kind(&kind.name));
        let kind = kind.ok_or_else(|| Error::not_found(format!("There is no kind “{name}”.")))?;
        let filter = filter(tx, call, scope, kind)?;
        let as_of = call.params.time("as_of");
        let mut page = Page {
            sort: if call.params.text("sort") == Some("changed") { record::Sort::Changed } else { record::Sort::Number },
            rows: call.params.integer("rows").and_then(|rows| usize::try_from(rows).ok()),
            after: call.params.text("after").map(str::to_owned),
        };
        // As lines, a whole list fits into one answer; it is gathered from one snapshot.
        let whole = call.ndjson && page.rows.is_none();
        let most = call.state.bounds.line_rows;
        let mut rows = Vec::new();
        loop {
            if whole {
                page.rows = Some(PAGE_ROWS.min(most - rows.len()));
            }
            let (records, next) = record::list(tx, scope.viewer, &filter, &page, as_of)?;
            rows.extend(render_all(tx, scope, &records)?);
            page.after = next;
            if !whole || page.after.is_none() || rows.len() >= most {
                return Ok((rows, page.after));
            }
        }
    })?;
    Ok(Answer::rows(rows, next))
}

fn filter(tx: &mut dyn Read, call: &Call, scope: &Scope<'_>, kind: &Kind) -> Result<Filter> {
    let (params, tenant) = (&call.params, scope.viewer.tenant());
    let owned = |name: &str| params.text(name).map(str::to_owned);
    let mut filter = Filter {
        kind: Some(kind.name.clone()),
        state: owned("state"),
        text: owned("q"),
        due_until: owned("due_until"),
        current_only: params.flag("current"),
        ..Filter::default()
    };
    for name in params.text("phase").into_iter().flat_map(|phases| phases.split(',')) {
        let known: Vec<_> = Phase::ALL.iter().map(|phase| phase.name()).collect();
        let phase = Phase::parse(name.trim());
        filter.phases.push(phase.ok_or_else(|| Error::invalid("phase", "bad_parameter", format!("“{name}” is no phase; phases: {}", known.join(", "))))?);
    }
    if let Some(state) = &filter.state {
        let known: Vec<_> = kind.states.iter().map(|state| state.name.as_str()).collect();
        if !known.contains(&state.as_str()) {
            return Err(Error::invalid("state", "bad_parameter", format!("“{state}” is no state; states: {}", known.join(", "))));
        }
    }
    filter.owner = match params.text("owner") {
        Some(id) if base::id::is_id(id) => Some(id.to_owned()),
        Some(login) => Some(person::visible(tx, scope.viewer, scope.actor.person(), "owner", login)?),
        None => None,
    };
    filter.site = match params.text("site") {
        Some(named) => Some(place::site_named(tx, tenant, "site", named)?),
        None => None,
    };
    for (name, value) in params.with_prefix("field.") {
        if !kind.find_field(name).is_some_and(|field| field.filter) {
            let known: Vec<_> = kind.fields.iter().filter(|field| field.filter).map(|field| field.name.as_str()).collect();
            let text = format!("{} cannot be filtered by “{name}”; it can by: {}", kind.plural, known.join(", "));
            return Err(Error::invalid(format!("field.{name}"), "unknown_field", text));
        }
        filter.fields.push((name.to_owned(), value.to_owned()));
    }
    // Words, field values and what counts are kept for the present only.
    let present = [("q", filter.text.is_some()), ("field", !filter.fields.is_empty()), ("current", filter.current_only)];
    if let (Some(_), Some((name, _))) = (params.time("as_of"), present.iter().find(|(_, used)| *used)) {
        return Err(Error::invalid("as_of", "bad_parameter", format!("a list as of a moment cannot be filtered by “{name}”")));
    }
    Ok(filter)
}

fn read(call: &Call) -> Result<Answer, Problem> {
    let (version, record) = call.read(|tx, scope| {
        let record = call.record(tx, scope)?;
        let names = Names::of(tx, scope.viewer.tenant(), std::slice::from_ref(&record))?;
        let damage = if call.params.time("as_of").is_some() { evidence::damage_of_version(tx, &record)? } else { evidence::damage_of(tx, &record)? };
        let mut shown = render::record(scope.catalog, &names, &record);
        shown["damage"] = damage.iter().map(render::damage).collect();
        Ok((record.version, shown))
    })?;
    Answer::json(record).version(version)
}

fn create(call: &Call) -> Result<Answer, Problem> {
    let kind = call.params.path("kind")?;
    call.read(|_, scope| match scope.catalog.kind(kind).filter(|kind| scope.viewer.sees_kind(&kind.name)) {
        Some(_) => Ok(()),
        None => Err(Error::not_found(format!("There is no kind “{kind}”."))),
    })?;
    let outcome = call.command("record.create", json!({ "kind": kind }))?;
    made(&outcome, kind)
}

fn revise(call: &Call) -> Result<Answer, Problem> {
    let outcome = call.command("record.revise", json!({ "record": call.record_id()? }))?;
    made(&outcome, call.params.path("kind")?)
}

/// The answer about a new record: created, and where it is.
fn made(outcome: &Outcome, kind: &str) -> Result<Answer, Problem> {
    let id = outcome.result.get("id").and_then(Json::as_str).unwrap_or_default();
    Answer::outcome(outcome)?.status(StatusCode::CREATED).with(header::LOCATION, &format!("/api/v1/records/{kind}/{id}"))
}

fn edit(call: &Call) -> Result<Answer, Problem> {
    let outcome = call.command("record.edit", json!({ "record": call.record_id()?, "version": call.version }))?;
    Answer::outcome(&outcome)
}

fn revisions(call: &Call) -> Result<Answer, Problem> {
    let rows = call.read(|tx, scope| {
        let record = call.record(tx, scope)?;
        let revisions = record::revisions_of_item(tx, scope.viewer.tenant(), &record.item)?;
        let seen: Vec<_> = revisions.into_iter().filter(|revision| scope.viewer.sees(revision)).collect();
        render_all(tx, scope, &seen)
    })?;
    Ok(Answer::rows(rows, None))
}
