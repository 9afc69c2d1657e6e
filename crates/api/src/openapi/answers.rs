//! The schemas of what is answered. Answers carry every member, with null for what is not there; a
//! test holds real answers to these schemas.

use super::operations::reference;
use super::schemas::{flag, id, integer, list, maybe, maybe_date, maybe_text, members, object, one_of, sha256, text, whole};
use kernel::kind::Phase;
use serde_json::{Map, Value as Json, json};

fn maybe_time() -> Json {
    json!({ "type": ["string", "null"], "format": "date-time" })
}

fn phase() -> Json {
    one_of(&Phase::ALL.map(Phase::name))
}

fn time() -> Json {
    json!({ "type": "string", "format": "date-time" })
}

/// Looked for where one record is read; null in lists.
fn damage() -> Json {
    let found = whole([("table", text()), ("key", text()), ("field", maybe_text()), ("text", text())]);
    json!({ "type": ["array", "null"], "items": found, "description": "what does not match the trail; null where it was not looked for" })
}

pub(super) fn all(kinds: &[&str]) -> Map<String, Json> {
    let mut all = records(kinds);
    all.extend(story());
    all.extend(company());
    all
}

fn records(kinds: &[&str]) -> Map<String, Json> {
    let reference_members = [("id", id()), ("kind", one_of(kinds)), ("number", text()), ("revision", text()), ("label", text()), ("title", text())];
    let [a, b, c, d, e, f] = reference_members.clone();
    members([
        ("record_reference", whole(reference_members)),
        ("record_stub", whole([a, b, c, d, e, f, ("state", text()), ("state_label", text()), ("phase", phase())])),
        ("personal", whole([("fields", object()), ("given", list(text())), ("erased_at", maybe_time()), ("sound", flag())])),
        (
            "table_used",
            whole([("field", text()), ("table", text()), ("record", id()), ("label", text()), ("digest", sha256()), ("in_force", flag())]),
        ),
        (
            "record",
            whole([
                ("id", id()),
                ("item", id()),
                ("kind", one_of(kinds)),
                ("number", text()),
                ("revision", text()),
                ("label", text()),
                ("title", text()),
                ("state", text()),
                ("state_label", text()),
                ("phase", phase()),
                ("site", maybe_text()),
                ("site_number", maybe_text()),
                ("owner", maybe_text()),
                ("owner_name", maybe_text()),
                ("due_date", maybe_date()),
                ("effective_on", maybe_date()),
                ("version", integer()),
                ("fields", object()),
                ("tables", list(reference("table_used"))),
                ("detail", maybe_text()),
                ("digest", sha256()),
                ("created_at", time()),
                ("created_by", text()),
                ("created_by_name", text()),
                ("changed_at", time()),
                ("changed_by", text()),
                ("changed_by_name", text()),
                ("damage", damage()),
            ]),
        ),
        (
            "choice",
            whole([
                ("name", text()),
                ("label", text()),
                ("leads_to", text()),
                ("to_phase", phase()),
                ("permitted", flag()),
                ("roles", list(text())),
                ("signed", flag()),
                ("given", list(reference("given_signature"))),
                ("missing", list(whole([("role", text()), ("meaning", text()), ("may_be_author", flag())]))),
                ("needs_reason", flag()),
                ("blockers", list(reference("blocker"))),
                ("consequences", list(text())),
            ]),
        ),
        (
            "given_signature",
            whole([
                ("id", id()),
                ("record", id()),
                ("version", integer()),
                ("digest", sha256()),
                ("step", text()),
                ("meaning", text()),
                ("role", text()),
                ("person", id()),
                ("printed_name", text()),
                ("zone", text()),
                ("signed_at", time()),
                ("manifestation", text()),
            ]),
        ),
        (
            "challenge",
            whole([
                ("challenge", text()),
                ("record", reference("record_stub")),
                ("version", integer()),
                ("digest", sha256()),
                ("fields", object()),
                ("step", text()),
                ("meaning", text()),
                ("role", text()),
                ("obligation", maybe_text()),
                ("needs_login", flag()),
                ("consequences", list(text())),
                ("given", list(reference("given_signature"))),
            ]),
        ),
        (
            "link",
            whole([
                ("id", id()),
                ("link", text()),
                ("label", text()),
                ("outgoing", flag()),
                ("pinned", flag()),
                ("suspect", flag()),
                ("suspect_why", maybe_text()),
                ("since", time()),
                ("other", reference("record_stub")),
            ]),
        ),
        ("file", whole([("id", id()), ("name", text()), ("media_type", text()), ("digest", sha256()), ("size_bytes", integer()), ("added_at", time())])),
    ])
}

fn story() -> Map<String, Json> {
    let frozen = [
        ("id", id()),
        ("name", text()),
        ("digest", sha256()),
        ("entry_count", integer()),
        ("frozen_at", time()),
        ("frozen_by", text()),
        ("frozen_by_name", text()),
    ];
    let [a, b, c, d, e, f, g] = frozen.clone();
    let entry = whole([
        ("record", id()),
        ("kind", text()),
        ("number", text()),
        ("revision", text()),
        ("title", text()),
        ("state", text()),
        ("version", integer()),
        ("digest", sha256()),
        ("signatures", list(text())),
    ]);
    let touched = whole([("record", reference("record_reference")), ("why", text())]);
    members([
        (
            "obligation",
            whole([
                ("id", id()),
                ("sort", text()),
                ("task", text()),
                ("record", id()),
                ("about", json!({ "oneOf": [reference("record_stub"), { "type": "null" }] })),
                ("step", maybe_text()),
                ("person", maybe_text()),
                ("person_name", maybe_text()),
                ("role", maybe_text()),
                ("via", maybe_text()),
                ("cause", maybe_text()),
                ("due_date", maybe_date()),
                ("state", one_of(&["open", "done", "cancelled"])),
                ("raised_at", time()),
                ("closed_at", maybe_time()),
                ("closed_by", maybe_text()),
                ("closed_by_name", maybe_text()),
                ("signature", maybe_text()),
                ("outcome", maybe_text()),
            ]),
        ),
        (
            "hold",
            whole([
                ("id", id()),
                ("why", text()),
                ("placed_at", time()),
                ("placed_by", text()),
                ("placed_by_name", text()),
                ("lifted_at", maybe_time()),
                ("lifted_by", maybe_text()),
                ("lifted_by_name", maybe_text()),
                ("lifted_why", maybe_text()),
            ]),
        ),
        (
            "clock",
            whole([
                ("id", id()),
                ("rule", text()),
                ("zone", text()),
                ("started_at", time()),
                ("original_due", text()),
                ("due_date", text()),
                ("state", one_of(&["running", "stopped"])),
                ("overdue", flag()),
                ("stopped_at", maybe_time()),
            ]),
        ),
        (
            "decision",
            whole([
                ("id", id()),
                ("tree", text()),
                ("tree_version", text()),
                ("answers", object()),
                ("outcome", text()),
                ("decided_at", time()),
                ("decided_by", text()),
                ("decided_by_name", text()),
                ("replaced_at", maybe_time()),
            ]),
        ),
        (
            "event",
            whole([
                ("tx", id()),
                ("ord", integer()),
                ("at", time()),
                ("actor", text()),
                ("actor_name", text()),
                ("action", text()),
                ("table", text()),
                ("subject", text()),
                ("before", maybe("object")),
                ("after", maybe("object")),
                ("reason", maybe_text()),
            ]),
        ),
        ("walked", whole([("distance", integer()), ("record", reference("record_stub"))])),
        ("impact", whole([("name", text()), ("title", text()), ("entries", list(touched))])),
        ("section", whole([("title", text()), ("requirement", text()), ("entries", list(entry)), ("hidden", integer())])),
        ("frozen", whole(frozen)),
        ("frozen_whole", whole([a, b, c, d, e, f, g, ("sections", list(reference("section")))])),
    ])
}

fn company() -> Map<String, Json> {
    let held = whole([("role", text()), ("site", maybe_text())]);
    members([
        (
            "person",
            whole([
                ("id", id()),
                ("login", text()),
                ("name", text()),
                ("zone", text()),
                ("must_change_password", flag()),
                ("signed_in_by", one_of(&["session", "token"])),
                ("roles", list(held)),
                ("kinds", list(text())),
                ("sites", json!({ "type": ["array", "null"], "items": { "type": "string" }, "description": "null: every site" })),
            ]),
        ),
        ("token", whole([("id", id()), ("name", text()), ("made_at", time()), ("expires_at", time())])),
        ("grant", whole([("id", id()), ("role", text()), ("site", maybe_text())])),
        ("role", whole([("name", text()), ("label", text()), ("text", text()), ("permissions", list(text()))])),
        (
            "kind",
            whole([
                ("name", text()),
                ("label", text()),
                ("plural", text()),
                ("text", text()),
                ("area", text()),
                ("numbering", object()),
                ("revisions", one_of(&["none", "letters", "numbers"])),
                ("fields", list(object())),
                ("personal", list(object())),
                ("states", list(object())),
                ("steps", list(object())),
                ("links", list(object())),
                ("trees", list(text())),
                ("has_dossier", flag()),
            ]),
        ),
    ])
}
