//! Health, counters, and the description of the API itself.

use crate::call::{Answer, Call, Content};
use crate::edge::{Policy, Problem};
use crate::endpoint::{Access, Endpoint, Shape, all};
use axum::http::StatusCode;
use serde_json::json;

/// Where the reference page lives.
pub const PAGE: &str = "/api";

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/healthz", "FRS-API-016", "The server runs", |_| Ok(text("ok\n".to_owned())))
            .access(Access::Anybody)
            .answers(200, Shape::Text("text/plain; charset=utf-8")),
        Endpoint::get("/readyz", "FRS-API-016", "The server can answer: the database does", ready)
            .access(Access::Anybody)
            .answers(200, Shape::Text("text/plain; charset=utf-8")),
        Endpoint::get("/metrics", "FRS-API-016", "Counters in the text format of Prometheus", metrics)
            .access(Access::Anybody)
            .answers(200, Shape::Text("text/plain; version=0.0.4")),
        Endpoint::get("/api/v1/openapi.json", "FRS-API-014", "This API as an OpenAPI 3.1 document, with the kinds in force", document)
            .access(Access::SignedIn)
            .answers(200, Shape::Free),
        Endpoint::get(PAGE, "FRS-API-014", "This API as a page", page)
            .access(Access::SignedIn)
            .answers(200, Shape::Text("text/html; charset=utf-8")),
    ]
}

fn text(text: String) -> Answer {
    Answer::of(Content::Text("text/plain; charset=utf-8", text))
}

fn ready(call: &Call) -> Result<Answer, Problem> {
    let kernel = &call.state.kernel;
    if kernel.database().has_failed() || kernel.files().has_failed() {
        return Ok(text("the disk has failed: nothing is written until the server is restarted\n".to_owned()).status(StatusCode::SERVICE_UNAVAILABLE));
    }
    if let Some(ahead) = kernel::present::out_of_step(kernel) {
        return Ok(text(format!("the clock differs from the database's by {} seconds\n", ahead.abs())).status(StatusCode::SERVICE_UNAVAILABLE));
    }
    match call.state.kernel.has_people(kernel::MAIN_TENANT) {
        Ok(true) => Ok(text("ready\n".to_owned())),
        Ok(false) => Ok(text("not set up\n".to_owned()).status(StatusCode::SERVICE_UNAVAILABLE)),
        Err(error) => {
            tracing::error!(%error, "the database does not answer");
            Ok(text("the database does not answer\n".to_owned()).status(StatusCode::SERVICE_UNAVAILABLE))
        }
    }
}

fn metrics(call: &Call) -> Result<Answer, Problem> {
    let (state, connections) = (&call.state, call.state.kernel.database().connections());
    let mut gauges = vec![
        ("plumb_work_running", "Requests that work on the database now.", state.gate.working()),
        ("plumb_work_waiting", "Requests that wait for their turn.", state.gate.waiting()),
        ("plumb_uploads_running", "Uploads that run now.", state.transfers.working()),
        ("plumb_database_connections_busy", "Pooled connections in use.", connections.busy),
        ("plumb_chain_held_longest_microseconds", "The longest that a transaction has held its chain.", usize::try_from(state.kernel.chain_held().longest().as_micros()).unwrap_or(usize::MAX)),
        ("plumb_database_connections_max", "Pooled connections at most.", connections.most),
    ];
    // Counters are given out also while the database does not answer.
    if let Ok(faults) = kernel::upkeep::open_faults(&state.kernel, kernel::MAIN_TENANT) {
        gauges.push(("plumb_faults_open", "Faults of the system that nobody has looked after yet.", faults));
    }
    let counted = state.metrics.text(&gauges);
    Ok(Answer::of(Content::Text("text/plain; version=0.0.4", counted)))
}

fn document(call: &Call) -> Result<Answer, Problem> {
    call.actor()?;
    let catalog = call.state.kernel.catalog()?;
    let endpoints = all(&call.state);
    Ok(Answer::json(crate::openapi::document(&catalog, &endpoints)))
}

fn page(call: &Call) -> Result<Answer, Problem> {
    call.actor()?;
    let content = crate::reference_page(&call.state)?;
    let mut answer = Answer::of(Content::Text("text/html; charset=utf-8", crate::reference::whole(content)));
    answer.policy = Policy::Page;
    Ok(answer)
}

/// What the software calls itself, for the document.
pub fn about() -> serde_json::Value {
    json!({
        "title": "Plumb",
        "version": env!("CARGO_PKG_VERSION"),
        "description": "Records of every kind, what may be done with them, and how they came to be. Every change is a command: signed where the kind asks for it, with an idempotency key, in one transaction with its audit trail.",
        "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
    })
}
