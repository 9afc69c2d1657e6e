//! What the document says for one kind: its fields, its states, its steps.

use super::operations::{described, operation_id, reference};
use crate::endpoint::{Body, Endpoint, Shape};
use kernel::catalog::Catalog;
use kernel::kind::{Field, FieldSort, Kind, Numbering, Step};
use serde_json::{Map, Value as Json, json};
use std::sync::Arc;

/// The schemas that differ from kind to kind, and the name each has for one kind.
const TYPED: [&str; 3] = ["record", "new_record", "edit_record"];

fn typed(schema: &str, kind: &Kind) -> String {
    format!("{schema}.{}", kind.name)
}

/// The operation of an endpoint for one kind, where a body or an answer at its address carries the
/// kind's own fields: an address that stands there for the kind has all its methods.
pub(super) fn operation(kind: &Kind, endpoint: &Endpoint, endpoints: &[Arc<Endpoint>], catalog: &Catalog) -> Option<(String, Json)> {
    let rest = endpoint.path.strip_prefix("/api/v1/records/{kind}")?;
    if !endpoints.iter().any(|other| other.path == endpoint.path && is_typed(other)) {
        return None;
    }
    let body = match endpoint.body {
        Body::Json(name) if TYPED.contains(&name) => Some(typed(name, kind)),
        _ => None,
    };
    let answer = match endpoint.shape {
        Shape::One(name) | Shape::Rows(name) if TYPED.contains(&name) => Some(typed(name, kind)),
        _ => None,
    };
    let path = format!("/api/v1/records/{}{rest}", kind.name);
    let id = operation_id(endpoint.verb.name(), &path);
    let summary = format!("{}: {}", kind.plural, lower_first(endpoint.summary));
    let mut operation = described(endpoint, catalog, &id, &kind.plural, &summary, body.as_deref(), answer.as_deref());
    drop_kind(&mut operation);
    if rest.is_empty() {
        type_filters(&mut operation, kind);
    }
    Some((path, operation))
}

fn is_typed(endpoint: &Endpoint) -> bool {
    let body = matches!(endpoint.body, Body::Json(name) if TYPED.contains(&name));
    body || matches!(endpoint.shape, Shape::One(name) | Shape::Rows(name) if TYPED.contains(&name))
}

/// The operation of one step.
pub(super) fn step_operation(kind: &Kind, step: &Step, endpoint: &Endpoint, catalog: &Catalog) -> (String, Json) {
    let path = format!("/api/v1/records/{}/{{record}}/steps/{}", kind.name, step.name);
    let id = operation_id(endpoint.verb.name(), &path);
    let mut operation = described(endpoint, catalog, &id, &kind.plural, &format!("{}: {}", kind.plural, step.label), None, None);
    drop_kind(&mut operation);
    if let Some(parameters) = operation["parameters"].as_array_mut() {
        parameters.retain(|parameter| parameter["name"] != "step");
    }
    let mut text = vec![format!("From {} to {}.", step.from.join(" or "), step.to)];
    if !step.roles.is_empty() {
        text.push(format!("Taken by: {}.", step.roles.join(", ")));
    }
    text.extend(step.signers.iter().map(|signer| format!("Signed by {}: “{}”.", signer.role, signer.meaning)));
    if step.reason {
        text.push("A reason must be given.".to_owned());
    }
    text.extend(step.rules.iter().map(|rule| format!("{} ({}).", rule.text, rule.requirement)));
    operation["description"] = json!(text.join(" "));
    (path, operation)
}

/// The kind stands in the address already.
fn drop_kind(operation: &mut Json) {
    if let Some(parameters) = operation["parameters"].as_array_mut() {
        parameters.retain(|parameter| parameter["name"] != "kind");
    }
}

/// Filters by the kind's own states and fields instead of any.
fn type_filters(operation: &mut Json, kind: &Kind) {
    let Some(parameters) = operation["parameters"].as_array_mut() else { return };
    parameters.retain(|parameter| parameter["name"] != "field.*");
    for parameter in parameters.iter_mut().filter(|parameter| parameter["name"] == "state") {
        parameter["schema"] = json!({ "type": "string", "enum": states(kind) });
        if let Some(parameter) = parameter.as_object_mut() {
            parameter.remove("example");
        }
    }
    // Only the list has them; making a record has none.
    if parameters.iter().any(|parameter| parameter["name"] == "phase") {
        for field in kind.fields.iter().filter(|field| field.filter) {
            parameters.push(json!({
                "name": format!("field.{}", field.name),
                "in": "query",
                "required": false,
                "description": field.label,
                "schema": { "type": "string" },
            }));
        }
    }
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

fn states(kind: &Kind) -> Vec<&str> {
    kind.states.iter().map(|state| state.name.as_str()).collect()
}

/// The record of a kind, what makes one, and what changes one.
pub(super) fn schemas(kind: &Kind) -> Map<String, Json> {
    let mut found = Map::new();
    found.insert(
        typed("record", kind),
        json!({
            "title": kind.label,
            "description": kind.text,
            "allOf": [
                reference("record"),
                {
                    "type": "object",
                    "properties": {
                        "kind": { "const": kind.name },
                        "state": { "enum": states(kind) },
                        "fields": { "type": "object", "properties": properties(kind, false) },
                    },
                },
            ],
        }),
    );
    let required: Vec<_> = kind.fields.iter().filter(|field| field.required).map(|field| field.name.as_str()).collect();
    let mut fields = json!({ "type": "object", "properties": properties(kind, true), "additionalProperties": false });
    fields["required"] = json!(required);
    let mut new = super::schemas::new_record_members();
    let mut needed = vec!["title"];
    match kind.numbering {
        Numbering::Given => needed.push("number"),
        Numbering::Counted { .. } => drop(new.remove("number")),
    }
    if !required.is_empty() {
        needed.push("fields");
    }
    new.insert("fields".to_owned(), fields);
    found.insert(
        typed("new_record", kind),
        json!({
            "title": format!("New: {}", kind.label),
            "type": "object",
            "properties": new,
            "required": needed,
            "additionalProperties": false,
            "examples": [example(kind)],
        }),
    );
    let mut changed = super::schemas::edit_record_members();
    changed.insert("fields".to_owned(), json!({ "type": "object", "properties": properties(kind, true), "additionalProperties": false }));
    found.insert(
        typed("edit_record", kind),
        json!({ "title": format!("Change: {}", kind.label), "type": "object", "properties": changed, "additionalProperties": false }),
    );
    found
}

fn properties(kind: &Kind, may_be_null: bool) -> Map<String, Json> {
    kind.fields.iter().map(|field| (field.name.clone(), property(field, may_be_null && !field.required))).collect()
}

/// One field as a property; `null` clears it.
fn property(field: &Field, may_be_null: bool) -> Json {
    let sort = |name: &str| if may_be_null { json!([name, "null"]) } else { json!(name) };
    let mut property = match &field.sort {
        FieldSort::Line(most) | FieldSort::Block(most) => json!({ "type": sort("string"), "maxLength": most }),
        FieldSort::Integer { min, max } => json!({ "type": sort("integer"), "minimum": min, "maximum": max }),
        FieldSort::Decimal => json!({ "type": sort("string"), "pattern": DECIMAL }),
        FieldSort::Date => json!({ "type": sort("string"), "format": "date" }),
        FieldSort::YesNo => json!({ "type": sort("boolean") }),
        FieldSort::Zone => json!({ "type": sort("string"), "maxLength": base::limits::LINE_CHARS, "description": "IANA name of a time zone" }),
        FieldSort::Person => json!({ "type": sort("string"), "maxLength": base::limits::LOGIN_CHARS, "description": "user name" }),
        FieldSort::Sheet => {
            let row = json!({ "type": "array", "items": { "type": ["string", "number", "null"] }, "maxItems": base::limits::SHEET_FIELD_COLUMNS });
            json!({ "type": if may_be_null { json!(["array", "string", "null"]) } else { json!(["array", "string"]) }, "items": row, "maxItems": base::limits::SHEET_FIELD_ROWS + 1, "description": "rows of cells, the titles first; or CSV text" })
        }
        FieldSort::TableRevision(table) => json!({ "type": sort("object"), "description": format!("the revision of the table {table} by which it was evaluated; written by the evaluation") }),
        FieldSort::Choice(values) => {
            let mut known: Vec<Json> = values.iter().map(|(value, _)| json!(value)).collect();
            if may_be_null {
                known.push(Json::Null);
            }
            let labels: Vec<_> = values.iter().map(|(value, label)| format!("{value}: {label}")).collect();
            json!({ "type": sort("string"), "enum": known, "description": labels.join("; ") })
        }
    };
    property["title"] = json!(field.label);
    if !field.help.is_empty() {
        property["description"] = json!(field.help);
    }
    property
}

/// An exact decimal as people type it.
const DECIMAL: &str = r"^-?[0-9]+(\.[0-9]+)?$";

/// The smallest record that can be made.
fn example(kind: &Kind) -> Json {
    let fields: Map<String, Json> = kind
        .fields
        .iter()
        .filter(|field| field.required)
        .map(|field| {
            let value = match &field.sort {
                FieldSort::Line(_) | FieldSort::Block(_) => json!(field.label),
                FieldSort::Integer { min, .. } => json!(min),
                FieldSort::Decimal => json!("1.5"),
                FieldSort::Date => json!("2026-11-21"),
                FieldSort::YesNo => json!(true),
                FieldSort::Zone => json!("Europe/Rome"),
                FieldSort::Person => json!("dora"),
                FieldSort::Sheet => json!([["title"], ["cell"]]),
                FieldSort::TableRevision(_) => json!({}),
                FieldSort::Choice(values) => json!(values.first().map(|(value, _)| value.as_str()).unwrap_or_default()),
            };
            (field.name.clone(), value)
        })
        .collect();
    let mut example = json!({ "title": format!("A {}", kind.label.to_lowercase()), "fields": fields });
    if kind.numbering == Numbering::Given {
        example["number"] = json!("X-100");
    }
    example
}
