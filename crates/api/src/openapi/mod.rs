//! The OpenAPI 3.1 document, made from the endpoint table and the catalog in force.
//!
//! Every endpoint of the table stands in it. The record endpoints that carry a kind's own fields
//! stand in it once more for each kind, typed; so do the commands, each with its own input.

mod answers;
mod kinds;
mod operations;
mod schemas;

use crate::endpoint::Endpoint;
use crate::handlers::service::about;
use kernel::catalog::Catalog;
use serde_json::{Map, Value as Json, json};
use std::sync::Arc;

/// The document. The same catalog and endpoints always give the same text.
pub fn document(catalog: &Catalog, endpoints: &[Arc<Endpoint>]) -> Json {
    let mut paths = Map::new();
    for endpoint in endpoints {
        // OpenAPI knows no parameter over several segments; its slashes may be written %2F.
        add(&mut paths, &endpoint.path.replace("{*", "{"), endpoint, operations::operation(endpoint, catalog));
    }
    let mut components = schemas::fixed(catalog);
    for kind in catalog.kinds() {
        components.extend(kinds::schemas(kind));
        for endpoint in endpoints {
            if let Some((path, operation)) = kinds::operation(kind, endpoint, endpoints, catalog) {
                add(&mut paths, &path, endpoint, operation);
            }
        }
        for endpoint in endpoints.iter().filter(|endpoint| endpoint.path.ends_with("/steps/{step}")) {
            for step in kind.steps.iter().filter(|step| step.taken_by == kernel::kind::TakenBy::Person) {
                let (path, operation) = kinds::step_operation(kind, step, endpoint, catalog);
                add(&mut paths, &path, endpoint, operation);
            }
        }
    }
    for endpoint in endpoints.iter().filter(|endpoint| endpoint.path == "/api/v1/commands/{name}") {
        for command in catalog.commands() {
            let (path, operation) = operations::command(command, endpoint, catalog);
            add(&mut paths, &path, endpoint, operation);
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": about(),
        "servers": [{ "url": "/" }],
        "security": [{ "token": [] }, { "session": [] }],
        "tags": tags(catalog),
        "paths": paths,
        "components": {
            "schemas": components,
            "responses": { "problem": operations::problem() },
            "parameters": operations::headers(),
            "securitySchemes": {
                "token": { "type": "http", "scheme": "bearer", "description": "An API token, made with the command token.create. Tokens read and change; they never sign." },
                "session": { "type": "apiKey", "in": "cookie", "name": crate::edge::SESSION_COOKIE, "description": "The session of a signed-in person. Changes must come from the server's own pages (Sec-Fetch-Site or Origin)." },
            },
        },
        "x-configuration-revision": catalog.revision,
    })
}

fn add(paths: &mut Map<String, Json>, path: &str, endpoint: &Endpoint, operation: Json) {
    let methods = paths.entry(path.to_owned()).or_insert_with(|| json!({}));
    methods[endpoint.verb.name().to_lowercase()] = operation;
}

fn tags(catalog: &Catalog) -> Vec<Json> {
    let fixed = [
        ("Service", "Health, counters and this document."),
        ("Session", "Signing in, and who one is."),
        ("Company", "Kinds, roles, search, one's own work."),
        ("Records", "What every kind of record has."),
        ("Commands", "Every command by its name, and signing."),
        ("Reads", "Reads of the domains: structures, comparisons, matrices."),
    ];
    let fixed = fixed.iter().map(|(name, text)| json!({ "name": name, "description": text }));
    let kinds = catalog.kinds().map(|kind| json!({ "name": kind.plural, "description": kind.text }));
    fixed.chain(kinds).collect()
}
