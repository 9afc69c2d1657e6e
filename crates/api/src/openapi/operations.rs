//! Operations: parameters, bodies, answers and problems of one endpoint.

use crate::endpoint::{Access, Body, Endpoint, In, Parameter, Run, Shape, Sort};
use kernel::catalog::Catalog;
use kernel::command::{CommandDef, InputSort};
use serde_json::{Map, Value as Json, json};

pub(super) fn reference(schema: &str) -> Json {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}

/// The operation of an endpoint as the table has it.
pub(super) fn operation(endpoint: &Endpoint, catalog: &Catalog) -> Json {
    let (id, tag) = (operation_id(endpoint.verb.name(), endpoint.path), tag(endpoint));
    described(endpoint, catalog, &id, tag, endpoint.summary, None, None)
}

/// An operation with, where they are given, other schemas for its body and its answer.
pub(super) fn described(endpoint: &Endpoint, catalog: &Catalog, id: &str, tag: &str, summary: &str, body: Option<&str>, answer: Option<&str>) -> Json {
    let mut parameters: Vec<Json> = endpoint.parameters.iter().map(|declared| parameter(declared, catalog)).collect();
    let header = |name: &str| json!({ "$ref": format!("#/components/parameters/{name}") });
    if endpoint.demands.key {
        parameters.extend([header("idempotency_key"), header("reason")]);
    }
    if endpoint.demands.version {
        parameters.push(header("if_match"));
    }
    let mut operation = json!({
        "operationId": id,
        "tags": [tag],
        "summary": summary,
        "description": format!("Requirement {}. For: {}.", endpoint.requirement, endpoint.access.text()),
        "parameters": parameters,
        "responses": responses(endpoint, answer),
        "x-requirement": endpoint.requirement,
        "x-access": endpoint.access.text(),
    });
    if endpoint.access == Access::Anybody {
        operation["security"] = json!([]);
    }
    let schema = match endpoint.body {
        Body::None => None,
        Body::Json(name) => Some((true, name)),
        Body::JsonOrNone(name) => Some((false, name)),
        Body::File => {
            // No bytes at all are an empty file.
            operation["requestBody"] = json!({
                "required": false,
                "content": { "application/octet-stream": { "schema": {} } },
            });
            None
        }
    };
    if let Some((required, name)) = schema {
        operation["requestBody"] = json!({
            "required": required,
            "content": { "application/json": { "schema": reference(body.unwrap_or(name)) } },
        });
    }
    operation
}

fn tag(endpoint: &Endpoint) -> &'static str {
    let below = endpoint.path.strip_prefix("/api/v1/").unwrap_or("");
    match below.split('/').next().unwrap_or("") {
        _ if matches!(endpoint.run, Run::Read(_)) => "Reads",
        "" | "openapi.json" => "Service",
        "session" | "me" => "Session",
        "records" | "files" => "Records",
        "commands" | "challenges" => "Commands",
        _ => "Company",
    }
}

/// `get_records_kind_record_links`.
pub(super) fn operation_id(verb: &str, path: &str) -> String {
    let words = path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty() && *word != "api" && *word != "v1");
    let id: Vec<String> = std::iter::once(verb.to_lowercase()).chain(words.map(str::to_owned)).collect();
    if id.len() == 1 { format!("{}_api", verb.to_lowercase()) } else { id.join("_") }
}

fn parameter(declared: &Parameter, catalog: &Catalog) -> Json {
    let mut schema = match declared.sort {
        Sort::Text(most) => json!({ "type": "string", "maxLength": most }),
        Sort::Name(most) => json!({ "type": "string", "minLength": 1, "maxLength": most }),
        Sort::Integer { min, max } => json!({ "type": "integer", "minimum": min, "maximum": max }),
        Sort::Flag => json!({ "type": "string", "enum": ["true", "false"] }),
        Sort::Date => json!({ "type": "string", "format": "date" }),
        Sort::Time => json!({ "type": "string", "format": "date-time" }),
        Sort::Choice(values) => json!({ "type": "string", "enum": values }),
    };
    if declared.place == In::Path && declared.name == "kind" {
        schema["enum"] = catalog.kinds().map(|kind| kind.name.clone()).collect();
    }
    let place = match declared.place {
        In::Path => "path",
        In::Query => "query",
    };
    let mut described = json!({
        "name": declared.name,
        "in": place,
        "required": declared.place == In::Path,
        "description": declared.text,
        "schema": schema,
    });
    if let Some(prefix) = declared.name.strip_suffix(".*") {
        // Any number of parameters that begin so: OpenAPI writes that as an object taken apart.
        let mut patterns = Map::new();
        patterns.insert(format!("^{prefix}\\."), schema);
        described["schema"] = json!({ "type": "object", "patternProperties": patterns, "additionalProperties": false });
        described["style"] = json!("form");
        described["explode"] = json!(true);
    } else if !declared.example.is_empty() && declared.name != "kind" {
        described["example"] = json!(declared.example);
        if let (Sort::Integer { .. }, Ok(number)) = (declared.sort, declared.example.parse::<i64>()) {
            described["example"] = json!(number);
        }
    }
    described
}

fn responses(endpoint: &Endpoint, answer: Option<&str>) -> Json {
    let content = match endpoint.shape {
        Shape::One(name) => json!({ "application/json": { "schema": reference(answer.unwrap_or(name)) } }),
        Shape::Rows(name) => {
            let row = reference(answer.unwrap_or(name));
            let page = json!({
                "type": "object",
                "properties": {
                    "rows": { "type": "array", "items": row },
                    "next": { "type": ["string", "null"], "description": "The cursor of the page that follows; null at the end." },
                },
                "required": ["rows", "next"],
                "additionalProperties": false,
            });
            json!({
                "application/json": { "schema": page },
                "application/x-ndjson": { "schema": row },
            })
        }
        Shape::Free => json!({ "application/json": { "schema": {} } }),
        Shape::Text(media_type) => json!({ media_type: { "schema": { "type": "string" } } }),
        Shape::File => json!({ "*/*": { "schema": {} } }),
        Shape::Empty => json!({}),
    };
    let mut good = json!({ "description": "Done." });
    if content.as_object().is_some_and(|content| !content.is_empty()) {
        good["content"] = content;
    }
    if matches!(endpoint.shape, Shape::One("outcome" | "record")) {
        good["headers"] = json!({ "ETag": { "description": "The version, for If-Match.", "schema": { "type": "string" } } });
    }
    let mut responses = Map::new();
    responses.insert(endpoint.status.to_string(), good);
    for status in problems_of(endpoint) {
        responses.insert(status.to_string(), json!({ "$ref": "#/components/responses/problem" }));
    }
    Json::Object(responses)
}

/// The statuses that an endpoint may refuse with.
fn problems_of(endpoint: &Endpoint) -> Vec<u16> {
    let mut statuses = vec![400, 414, 500, 503];
    if endpoint.access != Access::Anybody {
        statuses.extend([401, 403, 404]);
    }
    if !endpoint.parameters.is_empty() || endpoint.body != Body::None {
        statuses.push(422);
    }
    if endpoint.verb.changes() {
        // Whoever guesses at a password while they sign is asked to wait; a disk may be full.
        statuses.extend([403, 409, 429, 507]);
    }
    if endpoint.body != Body::None {
        statuses.extend([408, 413]);
    }
    if matches!(endpoint.body, Body::Json(_) | Body::JsonOrNone(_)) {
        statuses.push(415);
    }
    if endpoint.demands.version || endpoint.path.ends_with("/commands/{name}") {
        statuses.push(412);
    }
    if endpoint.demands.version {
        statuses.push(428);
    }
    if matches!(endpoint.body, Body::Json("sign_in")) {
        statuses.extend([401, 429]);
    }
    statuses.sort_unstable();
    statuses.dedup();
    statuses
}

pub(super) fn problem() -> Json {
    json!({
        "description": "The request was refused; nothing was changed.",
        "headers": { "Plumb-Request-Id": { "description": "The identifier of the request, in the server's log too.", "schema": { "type": "string" } } },
        "content": { crate::edge::problem::MEDIA_TYPE: { "schema": reference("problem") } },
    })
}

pub(super) fn headers() -> Json {
    json!({
        "idempotency_key": {
            "name": "Idempotency-Key", "in": "header", "required": true,
            "description": "Made by the client for each change. The same key with the same request gives the same answer and changes nothing again.",
            "schema": { "type": "string", "minLength": 1, "maxLength": base::limits::IDEMPOTENCY_KEY_CHARS },
            "example": "5f0c1c0e-6a0e-4f6e-9a2c-1f7f6f1f0b11",
        },
        "if_match": {
            "name": "If-Match", "in": "header", "required": true,
            "description": "The ETag of the record as it was seen.",
            "schema": { "type": "string" },
            "example": "\"3\"",
        },
        "reason": {
            "name": "Plumb-Reason", "in": "header", "required": false,
            "description": "Why the change is made, in UTF-8; or the member “reason” of the body.",
            "schema": { "type": "string", "maxLength": base::limits::REASON_CHARS },
            "example": "Typing mistake",
        },
    })
}

/// A command with its own input.
pub(super) fn command(command: &CommandDef, endpoint: &Endpoint, catalog: &Catalog) -> (String, Json) {
    let mut properties = Map::new();
    for field in &command.input {
        let sort = match field.sort {
            InputSort::Text => "string",
            InputSort::Integer => "integer",
            InputSort::Flag => "boolean",
            InputSort::Object => "object",
            InputSort::List => "array",
        };
        let sort = if field.required { json!(sort) } else { json!([sort, "null"]) };
        properties.insert(field.name.to_owned(), json!({ "type": sort, "description": field.text }));
    }
    let required: Vec<_> = command.input.iter().filter(|field| field.required).map(|field| field.name).collect();
    let input = json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false });
    let mut members = json!({ "input": input, "reason": { "type": ["string", "null"], "maxLength": base::limits::REASON_CHARS } });
    if command.signs.is_some() {
        members["signature"] = reference("signature");
    }
    let one = Endpoint { requirement: command.requirement, parameters: &[], ..endpoint.clone() };
    let mut operation = described(&one, catalog, &operation_id("run", command.name), "Commands", command.label, None, None);
    operation["requestBody"]["content"]["application/json"]["schema"] =
        json!({ "type": "object", "properties": members, "required": ["input"], "additionalProperties": false });
    (endpoint.path.replace("{name}", command.name), operation)
}
