//! From a request to an answer: the router over the declared endpoints, and what happens around
//! each of them in the same order.

use crate::State;
use crate::call::{Answer, Call, Content};
use crate::edge::{self, Credentials, Policy, Problem, RequestId, body, credentials, json, query};
use crate::endpoint::{self, Access, Body as Expects, Endpoint, Run, Verb};
use crate::extra::{Params, ReadAnswer};
use axum::Router;
use axum::body::{Body, Bytes, HttpBody as _};
use axum::extract::{RawPathParams, Request, rejection::RawPathParamsRejection};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts};
use axum::response::Response;
use axum::routing::{MethodFilter, MethodRouter};
use base::limits::{ADDRESS_BYTES, OPEN_BODY_BYTES, REQUEST_BODY_BYTES, UPLOAD_BYTES};
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The path in logs and counters of what no endpoint answers.
const UNKNOWN: &str = "unknown";

/// The router of everything below `/api`, and of `/healthz`, `/readyz` and `/metrics`.
pub fn router(state: State) -> Router {
    let mut paths: BTreeMap<&'static str, Vec<Arc<Endpoint>>> = BTreeMap::new();
    for endpoint in endpoint::all(&state) {
        paths.entry(endpoint.path).or_default().push(endpoint);
    }
    let mut router = Router::new();
    for (path, endpoints) in paths {
        router = router.route(path, methods(&state, endpoints));
    }
    // Addresses below ours that nobody declared are ours to refuse; others belong to the pages.
    for rest in ["/api/v1", "/api/v1/", "/api/v1/{*rest}"] {
        let state = state.clone();
        let unknown = move |request: Request| {
            let problem = Problem::new(StatusCode::NOT_FOUND, "unknown_address", "There is no such address.").advise("See /api/v1/openapi.json.");
            refuse(state.clone(), problem, request)
        };
        router = router.route(rest, axum::routing::any(unknown));
    }
    router
}

fn methods(state: &State, endpoints: Vec<Arc<Endpoint>>) -> MethodRouter {
    let allow: Vec<_> = endpoints.iter().map(|endpoint| endpoint.verb.name()).collect();
    let allow = allow.join(", ");
    let mut methods = MethodRouter::new();
    for endpoint in endpoints {
        let filter = match endpoint.verb {
            Verb::Get => MethodFilter::GET,
            Verb::Post => MethodFilter::POST,
            Verb::Patch => MethodFilter::PATCH,
            Verb::Delete => MethodFilter::DELETE,
        };
        let state = state.clone();
        methods = methods.on(filter, move |path: Result<RawPathParams, RawPathParamsRejection>, request: Request| {
            dispatch(state.clone(), Arc::clone(&endpoint), path, request)
        });
    }
    let state = state.clone();
    methods.fallback(move |request: Request| refuse(state.clone(), Problem::method_not_allowed(&allow), request))
}

async fn refuse(state: State, problem: Problem, request: Request) -> Response {
    let (id, started) = (RequestId::make(), Instant::now());
    drop(request);
    let mut response = problem.into_response(&id);
    edge::secure(&mut response, Policy::Data, &id);
    state.metrics.request("other", UNKNOWN, response.status().as_u16(), started.elapsed());
    response
}

async fn dispatch(state: State, endpoint: Arc<Endpoint>, path: Result<RawPathParams, RawPathParamsRejection>, request: Request) -> Response {
    let (id, started) = (RequestId::make(), Instant::now());
    let ndjson = wants_ndjson(request.headers());
    let answered = match asked(&state, &endpoint, path, request).await {
        Ok(asked) => asked.answer().await,
        Err(problem) => Err(problem),
    };
    let (mut response, policy) = match answered {
        Ok(answer) => render(answer, ndjson),
        Err(problem) => (problem.into_response(&id), Policy::Data),
    };
    edge::secure(&mut response, policy, &id);
    let status = response.status().as_u16();
    state.metrics.request(endpoint.verb.name(), endpoint.path, status, started.elapsed());
    tracing::info!(request_id = id.as_str(), method = endpoint.verb.name(), path = endpoint.path, status, micros = started.elapsed().as_micros() as u64);
    response
}

/// A request whose outside has been read; nothing has touched the database yet.
struct Asked {
    state: State,
    endpoint: Arc<Endpoint>,
    params: Params,
    credentials: Credentials,
    headers: HeaderMap,
    ndjson: bool,
    body: Body,
}

async fn asked(state: &State, endpoint: &Arc<Endpoint>, path: Result<RawPathParams, RawPathParamsRejection>, request: Request) -> Result<Asked, Problem> {
    let (Parts { uri, headers, .. }, body) = request.into_parts();
    if uri.path_and_query().map_or(0, |address| address.as_str().len()) > ADDRESS_BYTES {
        return Err(Problem::new(StatusCode::URI_TOO_LONG, "address_too_long", format!("An address has at most {ADDRESS_BYTES} bytes.")));
    }
    let credentials = Credentials::from_headers(&headers)?;
    if credentials == Credentials::None && endpoint.access != Access::Anybody {
        return Err(credentials::nobody());
    }
    let by_browser = headers.contains_key("sec-fetch-site") || headers.contains_key(header::ORIGIN);
    let by_cookie = matches!(credentials, Credentials::Session(_));
    // Signing in changes whose session a browser has, so a foreign page may not do that either.
    if endpoint.verb.changes() && (by_cookie || (endpoint.access == Access::Anybody && by_browser)) {
        edge::check_same_origin(&headers, state.settings.public_origin.as_deref())?;
    }
    let path = path.map_err(|_| Problem::new(StatusCode::BAD_REQUEST, "bad_encoding", "The address is not UTF-8.").at("path"))?;
    let mut named = BTreeMap::new();
    for (name, value) in &path {
        query::refuse_controls(name, value)?;
        named.insert(name.to_owned(), value.to_owned());
    }
    let queried = query::parse(uri.query().unwrap_or(""))?;
    let params = Params::check(endpoint.parameters, named, queried, state.kernel.now())?;
    let ndjson = wants_ndjson(&headers);
    Ok(Asked { state: state.clone(), endpoint: Arc::clone(endpoint), params, credentials, headers, ndjson, body })
}

impl Asked {
    async fn answer(self) -> Result<Answer, Problem> {
        if matches!(self.endpoint.run, Run::Upload) {
            return self.upload().await;
        }
        let (state, endpoint) = (self.state.clone(), Arc::clone(&self.endpoint));
        if self.brings_a_body() {
            refuse_strangers(&state, self.credentials.clone()).await?;
        }
        let (call, bytes) = self.into_call().await?;
        let who = call.credentials.secret().map(str::to_owned);
        edge::run_blocking_for(&state.gate, who.as_deref(), move || answer_blocking(&endpoint, call, &bytes)).await
    }

    /// Whether a body comes that only people who are signed in may send.
    fn brings_a_body(&self) -> bool {
        self.endpoint.access != Access::Anybody && matches!(self.endpoint.body, Expects::Json(_) | Expects::JsonOrNone(_)) && !self.body.is_end_stream()
    }

    /// Reads the body where there is one, and the headers of a change.
    async fn into_call(self) -> Result<(Call, Bytes), Problem> {
        let bytes = match self.endpoint.body {
            Expects::None | Expects::File => Bytes::new(),
            Expects::Json(_) | Expects::JsonOrNone(_) => {
                let most = if self.endpoint.access == Access::Anybody { OPEN_BODY_BYTES } else { REQUEST_BODY_BYTES };
                let bytes = body::read(self.body, most, self.state.bounds.body_seconds).await?;
                if !bytes.is_empty() || matches!(self.endpoint.body, Expects::Json(_)) {
                    body::check_json(&self.headers)?;
                }
                bytes
            }
        };
        let call = Call {
            state: self.state,
            params: self.params,
            key: text_header(&self.headers, "idempotency-key")?,
            version: seen_version(&self.headers)?,
            reason: text_header(&self.headers, "plumb-reason")?,
            ndjson: self.ndjson,
            body: Map::new(),
            credentials: self.credentials,
            actor: None,
        };
        Ok((call, bytes))
    }

    async fn upload(self) -> Result<Answer, Problem> {
        let (kernel, credentials) = (self.state.kernel.clone(), self.credentials.clone());
        edge::run_blocking(&self.state.gate, move || {
            let actor = edge::authenticate(&kernel, &credentials)?.ok_or_else(credentials::nobody)?;
            refuse_foreign_password(&actor)
        })
        .await?;
        let turn = self.state.transfers.enter().await?;
        let (mut reader, feed) = body::streamed(self.body);
        let kernel = self.state.kernel.clone();
        let writing = tokio::task::spawn_blocking(move || {
            let stored = kernel.files().put_reader(&mut reader, UPLOAD_BYTES as u64);
            drop(turn);
            stored
        });
        let within = self.state.bounds.upload_seconds;
        let (fed, written) = tokio::join!(tokio::time::timeout(Duration::from_secs(within), feed), writing);
        if fed.is_err() {
            return Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "too_slow", format!("The file did not arrive within {within} seconds.")));
        }
        let stored = written.map_err(Problem::internal)??;
        Ok(Answer::json(json!({ "digest": stored.digest.hex(), "size_bytes": stored.size })).status(StatusCode::CREATED))
    }
}

/// Memory is for bodies of people who are known: a session or token that nobody has is told so by the head
/// alone. One that was good a moment ago is looked up when the body is there, as every one is.
async fn refuse_strangers(state: &State, credentials: Credentials) -> Result<(), Problem> {
    let Some(secret) = credentials.secret().filter(|secret| !state.gate.knows(secret)).map(str::to_owned) else { return Ok(()) };
    let here = state.clone();
    edge::run_blocking_for(&state.gate, Some(&secret), move || known(&here, &credentials).map(|_| ())).await
}

/// Whoever has the session or token; the gate keeps in mind whose it is, or that it is nobody's.
fn known(state: &State, credentials: &Credentials) -> Result<kernel::authority::Actor, Problem> {
    match edge::authenticate(&state.kernel, credentials) {
        Ok(Some(actor)) => {
            state.gate.know(credentials.secret(), actor.person());
            Ok(actor)
        }
        Ok(None) => Err(credentials::nobody()),
        Err(problem) => {
            if problem.status() == StatusCode::UNAUTHORIZED {
                state.gate.forget(credentials.secret());
            }
            Err(problem)
        }
    }
}

/// The part of a request that blocks: authenticate, look at what it demands, run.
fn answer_blocking(endpoint: &Endpoint, mut call: Call, bytes: &Bytes) -> Result<Answer, Problem> {
    if endpoint.access != Access::Anybody {
        let actor = known(&call.state, &call.credentials)?;
        if !crate::handlers::may_with_foreign_password(endpoint) {
            refuse_foreign_password(&actor)?;
        }
        call.params = call.params.of(Some(actor.person()));
        call.actor = Some(actor);
    }
    if endpoint.demands.key && call.key.is_none() {
        return Err(Problem::new(StatusCode::BAD_REQUEST, "idempotency_key_needed", "A change needs the header Idempotency-Key.")
            .at("Idempotency-Key")
            .advise("Make a new key for each change and send the same key when you repeat the request."));
    }
    if endpoint.demands.version && call.version.is_none() {
        return Err(Problem::new(StatusCode::PRECONDITION_REQUIRED, "version_needed", "This needs the version you saw, in If-Match.")
            .at("If-Match")
            .advise("Read the record and send its ETag in If-Match."));
    }
    if !bytes.is_empty() || matches!(endpoint.body, Expects::Json(_)) {
        match json::parse(bytes)? {
            Json::Object(members) => call.body = members,
            _ => return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "wrong_type", "The body must be a JSON object.").at("body")),
        }
    }
    match endpoint.run {
        Run::Call(run) => run(&call),
        Run::Read(run) => {
            let read = call.read(|tx, scope| run(tx, scope.catalog, scope.viewer, &call.params))?;
            Ok(match read {
                ReadAnswer::Json(value) => Answer::json(value),
                ReadAnswer::Written(text) => Answer::of(Content::Text("application/json", text)),
                ReadAnswer::Rows(rows) => Answer::rows(rows, None),
            })
        }
        Run::Upload => Err(Problem::internal("an upload came without its body")),
    }
}

/// Somebody whose password was set by another person changes it before anything else.
fn refuse_foreign_password(actor: &kernel::authority::Actor) -> Result<(), Problem> {
    if !actor.must_change_password() {
        return Ok(());
    }
    Err(Problem::new(StatusCode::FORBIDDEN, "password_must_change", "Choose your own password first: the present one was set by somebody else.")
        .advise("Run the command password.change."))
}

fn text_header(headers: &HeaderMap, name: &str) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    match std::str::from_utf8(value.as_bytes()) {
        Ok(text) => Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty())),
        Err(_) => Err(Problem::new(StatusCode::BAD_REQUEST, "bad_utf8", "A header is not UTF-8.").at(name)),
    }
}

/// The version in `If-Match`: an ETag as this API gives it.
fn seen_version(headers: &HeaderMap) -> Result<Option<i64>, Problem> {
    let Some(given) = text_header(headers, "if-match")? else { return Ok(None) };
    let version = given.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(&given).parse();
    match version {
        Ok(version) => Ok(Some(version)),
        Err(_) => Err(Problem::new(StatusCode::BAD_REQUEST, "bad_version", format!("If-Match takes one ETag such as \"3\", not {given}.")).at("If-Match")),
    }
}

fn wants_ndjson(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).is_some_and(|accept| accept.contains("application/x-ndjson"))
}

fn render(answer: Answer, ndjson: bool) -> (Response, Policy) {
    let mut next = None;
    let fixed = HeaderValue::from_static;
    let (media_type, content) = match answer.content {
        Content::Empty => (None, Body::empty()),
        Content::Json(value) => (Some(fixed("application/json")), Body::from(value.to_string())),
        Content::Rows { rows, next: after } if ndjson => {
            next = after;
            let lines: String = rows.iter().map(|row| format!("{row}\n")).collect();
            (Some(fixed("application/x-ndjson")), Body::from(lines))
        }
        Content::Rows { rows, next } => (Some(fixed("application/json")), Body::from(json!({ "rows": rows, "next": next }).to_string())),
        Content::Text(media_type, text) => (Some(fixed(media_type)), Body::from(text)),
        Content::Bytes(bytes) => (Some(fixed("application/octet-stream")), Body::from(bytes)),
        Content::File { file, size, media_type } => (HeaderValue::from_str(&media_type).ok(), edge::file::body(file, size)),
    };
    let mut response = Response::new(content);
    *response.status_mut() = answer.status;
    let headers = response.headers_mut();
    if let Some(media_type) = media_type {
        headers.insert(header::CONTENT_TYPE, media_type);
    }
    if let Some(next) = next.and_then(|next| HeaderValue::from_bytes(next.as_bytes()).ok()) {
        headers.insert(HeaderName::from_static("plumb-next"), next);
    }
    headers.insert(header::VARY, fixed("Accept"));
    headers.extend(answer.headers);
    (response, answer.policy)
}
