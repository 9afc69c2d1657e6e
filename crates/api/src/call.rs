//! One request as a handler sees it, on a blocking thread: who asks, the checked parameters, the
//! body; and what it answers.

use crate::State;
use crate::edge::{Credentials, Policy, Problem};
use crate::extra::Params;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use base::{Error, Refusal, RefusalKind, Result};
use db::Read;
use kernel::authority::{self, Actor, Viewer};
use kernel::catalog::Catalog;
use kernel::command::{Outcome, Request};
use kernel::record::{self, Record};
use kernel::signature::SigningInput;
use serde_json::{Map, Value as Json, json};
use std::fs::File;

/// One request.
pub struct Call {
    pub state: State,
    pub params: Params,
    /// `Idempotency-Key`, where the endpoint demands one.
    pub key: Option<String>,
    /// The version in `If-Match`, where the endpoint demands one.
    pub version: Option<i64>,
    /// `Plumb-Reason`.
    pub reason: Option<String>,
    /// The client asked for NDJSON.
    pub ndjson: bool,
    pub body: Map<String, Json>,
    pub credentials: Credentials,
    pub actor: Option<Actor>,
}

/// What a read works with: one snapshot's catalog and what the caller may see.
#[derive(Debug)]
pub struct Scope<'a> {
    pub catalog: &'a Catalog,
    pub viewer: &'a Viewer,
    pub actor: &'a Actor,
}

impl Call {
    /// The person who asks. Endpoints for anybody have none.
    pub fn actor(&self) -> Result<&Actor, Problem> {
        self.actor.as_ref().ok_or_else(crate::edge::credentials::nobody)
    }

    /// Reads one snapshot as what the caller may see.
    pub fn read<T>(&self, mut work: impl FnMut(&mut dyn Read, &Scope<'_>) -> Result<T>) -> Result<T, Problem> {
        let actor = self.actor()?;
        let catalog = self.state.kernel.catalog()?;
        let answer = self.state.kernel.database().read(|tx| {
            let viewer = authority::viewer(tx, &catalog, actor)?;
            work(tx, &Scope { catalog: &catalog, viewer: &viewer, actor })
        })?;
        Ok(answer)
    }

    /// The record that the path names, if the caller may see it; as it was, with `as_of`.
    pub fn record(&self, tx: &mut dyn Read, scope: &Scope<'_>) -> Result<Record> {
        let (kind, name) = (self.params.path("kind")?, self.params.path("record")?);
        let missing = || Error::not_found(format!("There is no {kind} “{name}”."));
        if !scope.viewer.sees_kind(kind) {
            return Err(missing());
        }
        let now = record::find_named(tx, scope.viewer.tenant(), kind, name)?.filter(|record| scope.viewer.sees(record)).ok_or_else(missing)?;
        let Some(at) = self.params.time("as_of") else { return Ok(now) };
        let then = if base::id::is_id(name) || name.contains('/') {
            record::as_of(tx, scope.viewer.tenant(), &now.id, at)?
        } else {
            counting_as_of(tx, &now, at)?
        };
        then.filter(|record| scope.viewer.sees(record))
            .ok_or_else(|| Error::not_found(format!("There was no {kind} “{name}” at {}.", at.to_rfc3339())))
    }

    /// The identifier of the record that the path names; for commands, which look at it again
    /// inside their transaction.
    pub fn record_id(&self) -> Result<String, Problem> {
        self.read(|tx, scope| Ok(self.record(tx, scope)?.id))
    }

    /// Runs a command with the members of the body and these besides, which come from the path and
    /// the headers.
    pub fn command(&self, name: &str, fixed: Json) -> Result<Outcome, Problem> {
        let mut input = self.body.clone();
        let reason = self.take_reason(&mut input)?;
        let signs = self.state.kernel.catalog()?.command(name).is_some_and(|command| command.signs.is_some());
        let signing = if signs { take_signature(&mut input)? } else { None };
        for (member, value) in fixed.as_object().into_iter().flatten() {
            if input.insert(member.clone(), value.clone()).is_some() {
                return Err(unknown_member(member, "it is in the address or the headers").into());
            }
        }
        self.run(name, Json::Object(input), reason, signing)
    }

    /// Runs a command by its whole input.
    pub fn run(&self, name: &str, input: Json, reason: Option<String>, signing: Option<SigningInput>) -> Result<Outcome, Problem> {
        let actor = self.actor()?;
        let key = self.key.clone().ok_or_else(|| Problem::internal(format!("{name} came without a key")))?;
        let request = Request { command: name.to_owned(), input, idempotency_key: key, reason, signing };
        let outcome = self.state.kernel.execute(actor, &request);
        if let Some(command) = self.state.kernel.delivered().command(name) {
            self.state.metrics.command(command.name, outcome_name(&outcome));
        }
        Ok(outcome?)
    }

    /// The reason: a header or a member of the body.
    pub fn take_reason(&self, body: &mut Map<String, Json>) -> Result<Option<String>> {
        let member = match body.remove("reason") {
            None | Some(Json::Null) => None,
            Some(Json::String(text)) => Some(text),
            Some(_) => return Err(Error::invalid("reason", "wrong_type", "“reason” must be text")),
        };
        match (member, &self.reason) {
            (Some(member), Some(header)) if member != *header => Err(Error::invalid("reason", "two_reasons", "the body and Plumb-Reason give different reasons")),
            (Some(member), _) => Ok(Some(member)),
            (None, header) => Ok(header.clone()),
        }
    }
}

/// The revision of an item that counted at a moment: the effective one, else the newest there was.
fn counting_as_of(tx: &mut dyn Read, now: &Record, at: base::Timestamp) -> Result<Option<Record>> {
    let mut newest = None;
    for revision in record::revisions_of_item(tx, &now.tenant, &now.item)? {
        let Some(then) = record::as_of(tx, &now.tenant, &revision.id, at)? else { continue };
        if then.phase == kernel::kind::Phase::Effective {
            return Ok(Some(then));
        }
        newest = Some(then);
    }
    Ok(newest)
}

fn unknown_member(name: &str, advice: &str) -> Error {
    Refusal::new(RefusalKind::Invalid, "unknown_field", format!("there is no field “{name}” here: {advice}")).at(name).into()
}

/// Takes `signature` out of a body.
pub fn take_signature(body: &mut Map<String, Json>) -> Result<Option<SigningInput>> {
    let members = match body.remove("signature") {
        None | Some(Json::Null) => return Ok(None),
        Some(Json::Object(members)) => members,
        Some(_) => return Err(Error::invalid("signature", "wrong_type", "“signature” must be an object")),
    };
    let mut found: [Option<String>; 3] = [None, None, None];
    for (name, value) in members {
        let place = format!("signature.{name}");
        let slot = match name.as_str() {
            "challenge" => 0,
            "login" => 1,
            "password" => 2,
            _ => return Err(unknown_member(&place, "a signature has challenge, login and password")),
        };
        found[slot] = match value {
            Json::Null => None,
            Json::String(text) => Some(text),
            _ => return Err(Error::invalid(place, "wrong_type", format!("“{name}” must be text"))),
        };
    }
    let missing = |name: &str| Error::invalid(format!("signature.{name}"), "missing_field", format!("a signature needs “{name}”"));
    let [challenge, login, password] = found;
    Ok(Some(SigningInput {
        challenge: challenge.ok_or_else(|| missing("challenge"))?,
        login,
        password: password.ok_or_else(|| missing("password"))?,
    }))
}

fn outcome_name(outcome: &Result<Outcome>) -> &'static str {
    match outcome {
        Ok(outcome) if outcome.repeated => "repeated",
        Ok(_) => "done",
        Err(Error::Refused(refusal)) => match refusal.kind {
            RefusalKind::Malformed => "malformed",
            RefusalKind::Unauthenticated => "unauthenticated",
            RefusalKind::Forbidden => "forbidden",
            RefusalKind::NotFound => "not_found",
            RefusalKind::Conflict => "conflict",
            RefusalKind::Stale => "stale",
            RefusalKind::TooLarge => "too_large",
            RefusalKind::Invalid => "invalid",
            RefusalKind::TooMany => "too_many",
            RefusalKind::Unavailable => "unavailable",
            RefusalKind::NoRoom => "no_room",
        },
        Err(_) => "failed",
    }
}

/// What a handler answers.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub content: Content,
    pub headers: Vec<(HeaderName, HeaderValue)>,
    pub policy: Policy,
}

#[derive(Debug)]
pub enum Content {
    Empty,
    Json(Json),
    /// Rows and the cursor of those that follow.
    Rows { rows: Vec<Json>, next: Option<String> },
    /// A text of a media type, written out already.
    Text(&'static str, String),
    File { file: File, size: u64, media_type: String },
    /// Bytes that are no file.
    Bytes(Vec<u8>),
}

impl Answer {
    pub fn of(content: Content) -> Self {
        Self { status: StatusCode::OK, content, headers: Vec::new(), policy: Policy::Data }
    }

    pub fn json(value: Json) -> Self {
        Self::of(Content::Json(value))
    }

    pub fn rows(rows: Vec<Json>, next: Option<String>) -> Self {
        Self::of(Content::Rows { rows, next })
    }

    pub fn with(mut self, name: HeaderName, value: &str) -> Result<Self, Problem> {
        self.headers.push((name, HeaderValue::from_str(value).map_err(Problem::internal)?));
        Ok(self)
    }

    pub fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// The version as an ETag, to be sent back in `If-Match`.
    pub fn version(self, version: i64) -> Result<Self, Problem> {
        self.with(axum::http::header::ETAG, &format!("\"{version}\""))
    }

    /// What a command answered; with the record's new version where there is one.
    pub fn outcome(outcome: &Outcome) -> Result<Self, Problem> {
        let answer = Self::json(json!({ "tx": outcome.tx, "repeated": outcome.repeated, "result": outcome.result }));
        match outcome.result.get("version").and_then(Json::as_i64) {
            Some(version) => answer.version(version),
            None => Ok(answer),
        }
    }
}
