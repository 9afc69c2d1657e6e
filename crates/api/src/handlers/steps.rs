//! What may happen to a record next, signing, and the door for every command.

use super::{OF_RECORD, OF_RECORD_AS_OF};
use crate::call::{Answer, Call, take_signature};
use crate::edge::Problem;
use crate::endpoint::{Access, Body, Endpoint, KEY_AND_VERSION, NOTHING, Parameter, Shape, Verb, path};
use crate::render;
use base::{Error, Result};
use kernel::command::text_of;
use kernel::record::step;
use kernel::signature;
use serde_json::{Value as Json, json};

const STEP: &[Parameter] = &[super::KIND, super::RECORD, path("step", "name of the step", "submit")];

const COMMAND: &[Parameter] = &[path("name", "name of the command", "record.create")];

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/records/{kind}/{record}/steps", "FRS-API-005", "The steps that lead on from here, and what blocks each", choices)
            .parameters(OF_RECORD)
            .answers(200, Shape::Rows("choice")),
        Endpoint::change(Verb::Post, "/api/v1/records/{kind}/{record}/steps/{step}", "FRS-API-010", "Take a step, or sign it where it asks for signatures", take)
            .access(Access::Permitted("<kind>.step.<step>"))
            .parameters(STEP)
            .demands(KEY_AND_VERSION)
            .body(Body::JsonOrNone("take_step")),
        Endpoint::get("/api/v1/records/{kind}/{record}/signatures", "FRS-API-005", "Every signature on the record, whatever the version", signatures)
            .parameters(OF_RECORD_AS_OF)
            .answers(200, Shape::Rows("given_signature")),
        Endpoint::change(Verb::Post, "/api/v1/challenges", "FRS-API-010", "Ask for a signing challenge: what exactly would be signed, and the token to sign it with", challenge)
            .access(Access::Command)
            .demands(NOTHING)
            .body(Body::Json("ask_challenge"))
            .answers(200, Shape::One("challenge")),
        Endpoint::change(Verb::Post, "/api/v1/commands/{name}", "FRS-API-005", "Run a command by its name", command)
            .access(Access::Command)
            .parameters(COMMAND)
            .body(Body::Json("run_command")),
    ]
}

fn choices(call: &Call) -> Result<Answer, Problem> {
    let now = call.params.now();
    let rows = call.read(|tx, scope| {
        let record = call.record(tx, scope)?;
        let choices = step::choices(tx, scope.catalog, scope.actor.person(), &record, now)?;
        Ok(choices.iter().map(render::choice).collect())
    })?;
    Ok(Answer::rows(rows, None))
}

fn take(call: &Call) -> Result<Answer, Problem> {
    let fixed = json!({ "record": call.record_id()?, "version": call.version, "step": call.params.path("step")? });
    Answer::outcome(&call.command("record.step", fixed)?)
}

fn signatures(call: &Call) -> Result<Answer, Problem> {
    let until = call.params.time("as_of");
    let rows = call.read(|tx, scope| {
        let record = call.record(tx, scope)?;
        let given = signature::of_record(tx, scope.viewer.tenant(), &record.id)?;
        Ok(given.iter().filter(|given| until.is_none_or(|until| given.signed_at <= until)).map(render::signature).collect())
    })?;
    Ok(Answer::rows(rows, None))
}

/// The input of a command inside a body, and that nothing else stands beside it.
fn input_of(body: &serde_json::Map<String, Json>, known: &[&str]) -> Result<Json> {
    if let Some(unknown) = body.keys().find(|name| !known.contains(&name.as_str())) {
        return Err(base::Refusal::new(base::RefusalKind::Invalid, "unknown_field", format!("there is no field “{unknown}” here"))
            .at(unknown.as_str())
            .advise(format!("Known fields: {}.", known.join(", ")))
            .into());
    }
    match body.get("input") {
        Some(input @ Json::Object(_)) => Ok(input.clone()),
        None | Some(Json::Null) => Err(Error::invalid("input", "missing_field", "“input” is missing: the command's own fields")),
        Some(_) => Err(Error::invalid("input", "wrong_type", "“input” must be an object")),
    }
}

fn command(call: &Call) -> Result<Answer, Problem> {
    let name = call.params.path("name")?;
    if call.state.kernel.catalog()?.command(name).is_none() {
        return Err(Error::not_found(format!("There is no command “{name}”.")).into());
    }
    let mut body = call.body.clone();
    let reason = call.take_reason(&mut body)?;
    let signing = take_signature(&mut body)?;
    let input = input_of(&body, &["input"])?;
    Answer::outcome(&call.run(name, input, reason, signing)?)
}

fn challenge(call: &Call) -> Result<Answer, Problem> {
    let input = input_of(&call.body, &["command", "input"])?;
    let body = Json::Object(call.body.clone());
    if call.body.get("command").is_some_and(|name| !name.is_string()) {
        return Err(Error::invalid("command", "wrong_type", "“command” must be text").into());
    }
    let name = text_of(&body, "command")?;
    let shown = signature::challenge(&call.state.kernel, call.actor()?, name, &input)?;
    let answer = call.read(|tx, scope| {
        let (record, subject) = (&shown.record, &shown.subject);
        let step = scope.catalog.kind(&record.kind).and_then(|kind| kind.find_step(&subject.step));
        let consequences = match step {
            Some(step) => step::consequences(tx, scope.catalog, record, step)?,
            None => Vec::new(),
        };
        let given = signature::given(tx, record, &subject.step)?;
        Ok(json!({
            "challenge": shown.token,
            "record": render::stub(scope.catalog, record),
            "version": subject.version,
            "digest": subject.digest,
            "fields": record.fields,
            "step": subject.step,
            "meaning": subject.meaning,
            "role": subject.role,
            "obligation": subject.obligation,
            "needs_login": shown.needs_login,
            "consequences": consequences,
            "given": given.iter().map(render::signature).collect::<Vec<_>>(),
        }))
    })?;
    Ok(Answer::json(answer))
}
