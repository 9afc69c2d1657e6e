//! The schemas that are the same for every kind: what requests carry. What is answered stands in
//! `answers`.

use super::answers;
use super::operations::reference;
use base::limits::{LINE_CHARS, LOGIN_CHARS, NUMBER_CHARS, PASSWORD_BYTES_MAX, REASON_CHARS, TITLE_CHARS};
use kernel::catalog::Catalog;
use serde_json::{Map, Value as Json, json};

/// An object with exactly these members, all of them there.
pub(super) fn whole<const N: usize>(members: [(&str, Json); N]) -> Json {
    let required: Vec<_> = members.iter().map(|(name, _)| *name).collect();
    let properties: Map<String, Json> = members.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())).collect();
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

/// An object of an input: these members at most, the named ones there.
fn input<const N: usize>(members: [(&str, Json); N], required: &[&str]) -> Json {
    let mut schema = whole(members);
    schema["required"] = json!(required);
    schema
}

pub(super) fn text() -> Json {
    json!({ "type": "string" })
}

fn at_most(chars: usize) -> Json {
    json!({ "type": "string", "maxLength": chars })
}

pub(super) fn maybe(sort: &str) -> Json {
    json!({ "type": [sort, "null"] })
}

pub(super) fn maybe_text() -> Json {
    maybe("string")
}

fn maybe_at_most(chars: usize) -> Json {
    json!({ "type": ["string", "null"], "maxLength": chars })
}

pub(super) fn id() -> Json {
    json!({ "type": "string", "format": "uuid" })
}

pub(super) fn maybe_date() -> Json {
    json!({ "type": ["string", "null"], "format": "date" })
}

pub(super) fn integer() -> Json {
    json!({ "type": "integer" })
}

pub(super) fn flag() -> Json {
    json!({ "type": "boolean" })
}

pub(super) fn object() -> Json {
    json!({ "type": "object" })
}

pub(super) fn one_of(values: &[&str]) -> Json {
    json!({ "type": "string", "enum": values })
}

pub(super) fn list(items: Json) -> Json {
    json!({ "type": "array", "items": items })
}

pub(super) fn sha256() -> Json {
    json!({ "type": "string", "pattern": "^[0-9a-f]{64}$" })
}

/// What `record.create` takes besides the kind.
pub(super) fn new_record_members() -> Map<String, Json> {
    let link = input([("link", text()), ("target", id())], &["link", "target"]);
    members([
        ("title", at_most(TITLE_CHARS)),
        ("number", maybe_at_most(NUMBER_CHARS)),
        ("site", maybe_at_most(NUMBER_CHARS)),
        ("owner", maybe_at_most(LOGIN_CHARS)),
        ("due_date", maybe_date()),
        ("effective_on", maybe_date()),
        ("fields", object()),
        ("links", json!({ "type": ["array", "null"], "items": link })),
        ("reason", maybe_at_most(REASON_CHARS)),
    ])
}

/// What `record.edit` takes besides record and version.
pub(super) fn edit_record_members() -> Map<String, Json> {
    let date = json!({ "type": ["string", "null"], "description": "YYYY-MM-DD; empty text clears it" });
    members([
        ("title", maybe_at_most(TITLE_CHARS)),
        ("owner", maybe_at_most(LOGIN_CHARS)),
        ("due_date", date.clone()),
        ("effective_on", date),
        ("fields", object()),
        ("reason", maybe_at_most(REASON_CHARS)),
    ])
}

pub(super) fn members<const N: usize>(members: [(&str, Json); N]) -> Map<String, Json> {
    members.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect()
}

pub(super) fn fixed(catalog: &Catalog) -> Map<String, Json> {
    let kinds: Vec<_> = catalog.kinds().map(|kind| kind.name.as_str()).collect();
    let mut all = members([
        ("problem", problem()),
        ("blocker", whole([("rule", text()), ("requirement", text()), ("text", text()), ("records", list(object()))])),
        ("edit_personal", input([("personal", object()), ("reason", maybe_at_most(REASON_CHARS))], &["personal"])),
        ("reason", input([("reason", maybe_at_most(REASON_CHARS))], &[])),
        ("signature", input([("challenge", text()), ("login", maybe_at_most(LOGIN_CHARS)), ("password", at_most(PASSWORD_BYTES_MAX))], &["challenge", "password"])),
        ("sign_in", input([("login", at_most(LOGIN_CHARS)), ("password", at_most(PASSWORD_BYTES_MAX))], &["login", "password"])),
        ("take_step", input([("reason", maybe_at_most(REASON_CHARS)), ("signature", reference("signature"))], &[])),
        ("ask_challenge", input([("command", text()), ("input", object())], &["command", "input"])),
        (
            "run_command",
            input([("input", object()), ("reason", maybe_at_most(REASON_CHARS)), ("signature", reference("signature"))], &["input"]),
        ),
        ("new_link", input([("link", text()), ("target", id()), ("reason", maybe_at_most(REASON_CHARS))], &["link", "target"])),
        ("hold_why", input([("why", at_most(REASON_CHARS)), ("reason", maybe_at_most(REASON_CHARS))], &["why"])),
        (
            "new_file",
            input(
                [("name", at_most(LINE_CHARS)), ("media_type", at_most(LINE_CHARS)), ("digest", sha256()), ("size_bytes", integer()), ("reason", maybe_at_most(REASON_CHARS))],
                &["name", "media_type", "digest", "size_bytes"],
            ),
        ),
        ("uploaded", whole([("digest", sha256()), ("size_bytes", integer())])),
        ("outcome", whole([("tx", id()), ("repeated", flag()), ("result", object())])),
    ]);
    all.insert(
        "new_record".to_owned(),
        json!({ "type": "object", "properties": new_record_members(), "required": ["title"], "additionalProperties": false }),
    );
    all.insert("edit_record".to_owned(), json!({ "type": "object", "properties": edit_record_members(), "additionalProperties": false }));
    all.extend(answers::all(&kinds));
    all
}

fn problem() -> Json {
    let mut schema = whole([
        ("type", text()),
        ("title", text()),
        ("status", integer()),
        ("detail", text()),
        ("code", text()),
        ("request_id", text()),
        ("place", text()),
        ("advice", text()),
        ("blockers", list(reference("blocker"))),
    ]);
    schema["required"] = json!(["type", "title", "status", "detail", "code", "request_id"]);
    schema["description"] = json!("RFC 9457. “code” is stable; “place” names the input; “blockers” name the rules and records that stand against it.");
    schema
}
