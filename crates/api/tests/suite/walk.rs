//! Walks over every endpoint of a router as everybody who might knock: nobody, somebody without any
//! role, somebody who may not see the kind, somebody of another site, and somebody who may.
//!
//! What each of them must get follows from the access that the endpoint declares; an endpoint
//! without a sample request fails the walk. Used by the API's own tests, and by the binary's for
//! the reads of its domains.

use super::client::{Ask, Client, Reply};
use super::schema;
use api::endpoint::{Access, Body, Endpoint, Shape};
use serde_json::Value as Json;
use std::fmt::Write;

/// Who knocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Not signed in.
    Nobody,
    /// Holds no role; may see what everybody may see.
    Unprivileged,
    /// Holds no role, and asks about a kind that only some may see.
    Blind,
    /// Holds every role, at another site only.
    Foreign,
    /// May.
    Permitted,
}

pub const EVERYBODY: [Who; 5] = [Who::Nobody, Who::Unprivileged, Who::Blind, Who::Foreign, Who::Permitted];

/// What is due to whom: the status, or `None` for the endpoint's own good answer.
fn due(access: Access, who: Who) -> Option<u16> {
    match (access, who) {
        (_, Who::Permitted) | (Access::Anybody, _) => None,
        (_, Who::Nobody) => Some(401),
        (Access::SignedIn, _) | (Access::Kind | Access::Viewer, Who::Unprivileged) | (Access::Kind, Who::Foreign) => None,
        (_, Who::Blind) | (Access::Viewer | Access::Permitted(_) | Access::Command, Who::Foreign) => Some(404),
        (Access::KindPermitted(_) | Access::Permitted(_) | Access::Command, _) => Some(403),
    }
}

/// A sample request for an endpoint and somebody, signed in as them.
pub enum Sample {
    Ask(Ask),
    /// There is nobody like that for this endpoint: everybody may see its kind.
    NoSuchPerson,
    /// Nobody has thought of one.
    Missing,
}

/// Walks over the endpoints and answers the matrix as text. `events` counts the trail's lines:
/// whoever is refused leaves none.
pub fn walk<'a>(
    client: &Client,
    document: &Json,
    endpoints: impl Iterator<Item = &'a Endpoint>,
    sample: impl Fn(&Endpoint, Who) -> Sample,
    events: impl Fn() -> i64,
) -> String {
    let mut rows = vec![["endpoint", "requirement", "for", "nobody", "no role", "not seeing", "other site", "permitted"].map(str::to_owned).to_vec()];
    for endpoint in endpoints {
        let mut row = vec![endpoint.name(), endpoint.requirement.to_owned(), endpoint.access.text()];
        for who in EVERYBODY {
            let ask = match sample(endpoint, who) {
                Sample::Ask(ask) => ask,
                Sample::NoSuchPerson => {
                    row.push("-".to_owned());
                    continue;
                }
                Sample::Missing => panic!("{} has no sample request: add one, so that it is walked over", endpoint.name()),
            };
            if who == Who::Permitted {
                hold_request(document, endpoint, &ask);
            }
            let before = events();
            let reply = client.send(ask);
            let expected = due(endpoint.access, who).unwrap_or(endpoint.status);
            assert_eq!(reply.status, expected, "{} as {who:?}: {}", endpoint.name(), reply.text());
            match reply.status {
                status if status == endpoint.status => hold_answer(document, endpoint, &reply),
                _ => {
                    hold_problem(document, &reply);
                    assert_eq!(events(), before, "{} as {who:?} was refused and wrote", endpoint.name());
                }
            }
            hold_headers(endpoint, &reply);
            row.push(reply.status.to_string());
        }
        rows.push(row);
    }
    table(&rows)
}

/// The document describes the request that is accepted.
fn hold_request(document: &Json, endpoint: &Endpoint, ask: &Ask) {
    if matches!(endpoint.body, Body::None | Body::File) || ask.body.is_empty() {
        return;
    }
    let operation = operation(document, endpoint);
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
    let body: Json = serde_json::from_slice(&ask.body).unwrap();
    assert_eq!(schema::faults(document, schema, &body), Vec::<String>::new(), "request of {}", endpoint.name());
}

/// The document describes the answer that is given.
fn hold_answer(document: &Json, endpoint: &Endpoint, reply: &Reply) {
    let operation = operation(document, endpoint);
    let described = &operation["responses"][endpoint.status.to_string()];
    assert!(described.is_object(), "{} does not describe {}", endpoint.name(), endpoint.status);
    if matches!(endpoint.shape, Shape::One(_) | Shape::Rows(_)) {
        let schema = &described["content"]["application/json"]["schema"];
        assert_eq!(schema::faults(document, schema, &reply.json()), Vec::<String>::new(), "answer of {}", endpoint.name());
    }
}

fn hold_problem(document: &Json, reply: &Reply) {
    reply.problem();
    let faults = schema::faults(document, &document["components"]["schemas"]["problem"], &reply.json());
    assert_eq!(faults, Vec::<String>::new());
}

fn hold_headers(endpoint: &Endpoint, reply: &Reply) {
    for (name, value) in [("cache-control", "no-store"), ("x-content-type-options", "nosniff"), ("referrer-policy", "no-referrer")] {
        assert_eq!(reply.header(name), value, "{name} of {}", endpoint.name());
    }
    let policy = reply.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy} of {}", endpoint.name());
    assert!(base::id::is_id(reply.header("plumb-request-id")), "{}", endpoint.name());
}

fn operation<'a>(document: &'a Json, endpoint: &Endpoint) -> &'a Json {
    let operation = &document["paths"][endpoint.path.replace("{*", "{")][endpoint.verb.name().to_lowercase()];
    assert!(operation.is_object(), "{} is not in the document", endpoint.name());
    operation
}

fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let line: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        writeln!(text, "{}", line.join("  ").trim_end()).unwrap();
    }
    text
}

/// Compares a matrix with the committed one; with `PLUMB_BLESS=1` it is written instead.
pub fn committed(path: &std::path::Path, text: &str) {
    if std::env::var_os("PLUMB_BLESS").is_some_and(|bless| bless == "1") {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(committed, text, "{} differs; PLUMB_BLESS=1 writes it anew", path.display());
}
