//! Bad input: each is a clear 4xx that names the place, and nothing is written.

use super::support::{Ask, Company};
use base::limits::{ADDRESS_BYTES, IDEMPOTENCY_KEY_CHARS, JSON_DEPTH, REASON_CHARS, REQUEST_BODY_BYTES, TITLE_CHARS, WALK_DEPTH};
use serde_json::{Value as Json, json};
use testkit::engines::both_migrated;

struct Bad {
    ask: Ask,
    status: u16,
    code: &'static str,
    place: &'static str,
}

fn bad(ask: Ask, status: u16, code: &'static str, place: &'static str) -> Bad {
    Bad { ask, status, code, place }
}

/// Sends each as `dora` and holds the trail to what it was.
fn refused(company: &Company, table: Vec<Bad>) {
    let token = company.token("dora");
    let before = company.events();
    for Bad { ask, status, code, place } in table {
        let what = format!("{} {} {}", ask.method, ask.path.chars().take(90).collect::<String>(), String::from_utf8_lossy(&ask.body).chars().take(120).collect::<String>());
        let reply = company.client.send(ask.token(&token));
        assert_eq!(reply.problem(), (status, code.to_owned(), place.to_owned()), "{what}: {}", reply.text());
        assert!(reply.json()["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{what}");
        assert_eq!(company.events(), before, "{what}");
    }
}

fn new() -> Ask {
    Ask::post("/api/v1/records/paper").key("bad input")
}

fn with(member: &str, value: Json) -> Ask {
    let mut body = json!({"title": "A hose", "fields": {"body": "words"}});
    body[member] = value;
    new().json(body)
}

fn fields(fields: Json) -> Ask {
    with("fields", fields)
}

#[test]
fn frs_api_008_a_bad_body_is_refused_by_place_and_nothing_is_written() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let raw = |body: &[u8]| new().bytes("application/json", body);
        let deep = format!("{{\"fields\": {}1{}}}", "[".repeat(JSON_DEPTH), "]".repeat(JSON_DEPTH));
        refused(
            &company,
            vec![
                bad(raw(b"{\"title\": \"\xff\"}"), 400, "bad_utf8", "byte 11"),
                bad(raw(br#"{"title": "\udc00"}"#), 400, "bad_json", "line 1, column 17"),
                bad(raw(br#"{"title": "a", "title": "b"}"#), 400, "duplicate_member", "title"),
                bad(raw(br#"{"fields": {"body": "a", "body": "b"}}"#), 400, "duplicate_member", "fields.body"),
                bad(raw(deep.as_bytes()), 400, "too_deep", Box::leak(format!("fields{}", "[0]".repeat(JSON_DEPTH - 1)).into_boxed_str())),
                bad(raw(br#"{"title": "a\u0000b"}"#), 422, "bad_character", "title"),
                bad(raw(b""), 400, "bad_json", "line 1, column 0"),
                bad(raw(br#"{"title": "a"} x"#), 400, "bad_json", "line 1, column 16"),
                bad(raw(b"[]"), 422, "wrong_type", "body"),
                bad(raw(b"null"), 422, "wrong_type", "body"),
                bad(new().bytes("text/plain", "{}"), 415, "wrong_content_type", "Content-Type"),
                bad(new().bytes("application/x-www-form-urlencoded", "title=x"), 415, "wrong_content_type", "Content-Type"),
                bad(raw(&vec![b' '; REQUEST_BODY_BYTES + 1]), 413, "too_large", "body"),
            ],
        );
    });
}

#[test]
fn frs_api_008_a_body_is_read_to_its_limit() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let mut body = json!({"title": "A hose", "fields": {"body": "words"}}).to_string();
        body.push_str(&" ".repeat(REQUEST_BODY_BYTES - body.len()));
        let reply = company.client.send(new().bytes("application/json", body).token(&company.token("dora")));
        assert_eq!(reply.status, 201, "{}", reply.text());
    });
}

#[test]
fn frs_api_009_a_wrong_value_is_refused_by_its_field_and_nothing_is_written() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let mut table = vec![
            bad(fields(json!({"body": "x", "size": 3})), 422, "unknown_field", "fields.size"),
            bad(fields(json!({"body": 5})), 422, "wrong_type", "fields.body"),
            bad(fields(json!({"grade": 3})), 422, "missing_field", "fields.body"),
            bad(fields(json!({"body": "x", "grade": 6})), 422, "out_of_range", "fields.grade"),
            bad(fields(json!({"body": "x", "grade": "3"})), 422, "wrong_type", "fields.grade"),
            bad(fields(json!({"body": "x", "grade": 3.0})), 422, "wrong_type", "fields.grade"),
            bad(fields(json!({"body": "x", "grade": 9_223_372_036_854_775_808_u64})), 422, "wrong_type", "fields.grade"),
            bad(fields(json!({"body": "x", "colour": "green"})), 422, "unknown_choice", "fields.colour"),
            bad(fields(json!({"body": "x", "weight": "1e3"})), 422, "bad_number", "fields.weight"),
            bad(fields(json!({"body": "x", "aware_on": "2.11.2026"})), 422, "bad_date", "fields.aware_on"),
            bad(fields(json!({"body": "x", "signed_copy": "yes"})), 422, "wrong_type", "fields.signed_copy"),
            bad(fields(json!({"body": "x", "_files": {"a": "b"}})), 422, "unknown_field", "fields._files"),
            bad(fields(json!([])), 422, "wrong_type", "fields"),
            bad(with("title", json!(7)), 422, "wrong_type", "title"),
            bad(with("title", json!("x".repeat(TITLE_CHARS + 1))), 422, "too_long", "title"),
            bad(with("title", json!("a\u{202e}b")), 422, "bad_character", "title"),
            bad(with("number", json!("PAP-0099")), 422, "number_is_counted", "number"),
            bad(with("site", json!("PAR")), 422, "unknown_site", "site"),
            bad(with("owner", json!("nemo")), 422, "unknown_person", "owner"),
            bad(with("due_date", json!("soon")), 422, "bad_date", "due_date"),
            bad(with("links", json!([{"link": "about"}])), 422, "missing_field", "links[0]"),
            bad(with("reason", json!(5)), 422, "wrong_type", "reason"),
            bad(with("reason", json!("x".repeat(REASON_CHARS + 1))), 422, "too_long", "reason"),
            bad(with("reason", json!("one")).with("plumb-reason", "another"), 422, "two_reasons", "reason"),
            bad(with("title", json!("x")).with("plumb-reason", vec![0xff]), 400, "bad_utf8", "plumb-reason"),
        ];
        // What only the server sets cannot be sent along.
        for name in ["id", "item", "kind", "version", "state", "phase", "revision", "digest", "detail", "created_by", "created_at", "changed_by", "tenant", "signature"] {
            table.push(bad(with(name, json!("x")), 422, "unknown_field", name));
        }
        refused(&company, table);
        let at_limit = with("title", json!("x".repeat(TITLE_CHARS))).with("plumb-reason", "y".repeat(REASON_CHARS)).token(&company.token("dora"));
        assert_eq!(company.client.send(at_limit).status, 201);
    });
}

#[test]
fn frs_api_007_a_change_needs_the_version_that_was_seen() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let id = company.record("paper", json!({"body": "words"}));
        let dora = company.world.sign_in("dora");
        company.world.edit(&dora, &id, json!({"grade": 2})).unwrap();
        let path = format!("/api/v1/records/paper/{id}");
        let edit = || Ask::patch(&path).key("k").json(json!({"title": "New"}));
        let step = |name: &str| Ask::post(format!("{path}/steps/{name}")).key("k");
        refused(
            &company,
            vec![
                bad(edit(), 428, "version_needed", "If-Match"),
                bad(edit().version(1), 412, "stale_version", ""),
                bad(edit().version(3), 412, "stale_version", ""),
                bad(edit().with("if-match", "*"), 400, "bad_version", "If-Match"),
                bad(edit().with("if-match", "W/\"2\""), 400, "bad_version", "If-Match"),
                bad(edit().with("if-match", "\"1\", \"2\""), 400, "bad_version", "If-Match"),
                bad(step("submit"), 428, "version_needed", "If-Match"),
                bad(step("submit").version(1), 412, "stale_version", ""),
                bad(step("dance").version(2), 422, "unknown_step", "step"),
                bad(step("supersede").version(2), 403, "not_permitted", ""),
                bad(Ask::patch(&path).key("k").version(2).json(json!({"version": 2})), 422, "unknown_field", "version"),
                bad(Ask::patch(&path).key("k").version(2).json(json!({"record": "x"})), 422, "unknown_field", "record"),
            ],
        );
        assert_eq!(company.world.record(&id).version, 2);
    });
}

#[test]
fn frs_api_011_a_change_needs_an_idempotency_key_of_bounded_length() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let body = json!({"title": "A hose", "fields": {"body": "words"}});
        let ask = |key: &str| Ask::post("/api/v1/records/paper").key(key).json(body.clone());
        refused(
            &company,
            vec![
                bad(Ask::post("/api/v1/records/paper").json(body.clone()), 400, "idempotency_key_needed", "Idempotency-Key"),
                bad(ask("  "), 400, "idempotency_key_needed", "Idempotency-Key"),
                bad(ask(&"k".repeat(IDEMPOTENCY_KEY_CHARS + 1)), 422, "bad_idempotency_key", "idempotency_key"),
                bad(Ask::post("/api/v1/commands/record.create").json(json!({"input": {}})), 400, "idempotency_key_needed", "Idempotency-Key"),
            ],
        );
        let reply = company.client.send(ask(&"k".repeat(IDEMPOTENCY_KEY_CHARS)).token(&company.token("dora")));
        assert_eq!(reply.status, 201);
    });
}

#[test]
fn frs_api_011_the_same_key_gives_the_same_answer_and_changes_nothing_again() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let token = company.token("dora");
        let ask = |title: &str| Ask::post("/api/v1/records/paper").key("once").json(json!({"title": title, "fields": {"body": "words"}})).token(&token);
        let first = company.client.send(ask("A hose"));
        assert_eq!(first.json()["repeated"], false);
        let events = company.events();
        let again = company.client.send(ask("A hose"));
        assert_eq!((again.status, &again.json()["repeated"]), (201, &json!(true)));
        assert_eq!((&first.json()["result"], &first.json()["tx"]), (&again.json()["result"], &again.json()["tx"]));
        assert_eq!(first.header("location"), again.header("location"));
        let other = company.client.send(ask("A valve"));
        assert_eq!(other.problem(), (409, "idempotency_key_reused".to_owned(), String::new()));
        assert_eq!(company.events(), events);
    });
}

#[test]
fn frs_api_009_a_bad_address_is_refused_by_its_part() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        company.record("paper", json!({"body": "words"}));
        let get = |path: &str| Ask::get(path);
        let long = |bytes: usize| format!("/api/v1/records/paper?q={}", "a".repeat(bytes - "/api/v1/records/paper?q=".len()));
        refused(
            &company,
            vec![
                bad(get("/api/v1/records/paper?colour=red"), 422, "unknown_parameter", "colour"),
                bad(get("/api/v1/records/paper?field.body=x"), 422, "unknown_field", "field.body"),
                bad(get("/api/v1/records/paper?rows=201"), 422, "bad_parameter", "rows"),
                bad(get("/api/v1/records/paper?rows=0"), 422, "bad_parameter", "rows"),
                bad(get("/api/v1/records/paper?phase=late"), 422, "bad_parameter", "phase"),
                bad(get("/api/v1/records/paper?state=late"), 422, "bad_parameter", "state"),
                bad(get("/api/v1/records/paper?after=nonsense"), 422, "bad_cursor", "after"),
                bad(get("/api/v1/records/paper?as_of=yesterday"), 422, "bad_parameter", "as_of"),
                bad(get("/api/v1/records/paper?as_of=2026-11-02T07:00:00Z&q=x"), 422, "bad_parameter", "as_of"),
                bad(get("/api/v1/records/paper?q=1&q=2"), 400, "duplicate_parameter", "q"),
                bad(get("/api/v1/records/paper?q=%ff"), 400, "bad_encoding", "query"),
                bad(get("/api/v1/records/paper?q=%00"), 400, "bad_character", "query"),
                bad(get(&format!("/api/v1/search?q={}", "a".repeat(201))), 422, "bad_parameter", "q"),
                bad(get("/api/v1/search"), 422, "missing_field", "q"),
                bad(get("/api/v1/records/paper/PAP-0001%00"), 400, "bad_character", "record"),
                bad(get("/api/v1/records/paper/%ff"), 400, "bad_encoding", "path"),
                bad(get("/api/v1/records/paper/PAP-9999"), 404, "not_found", ""),
                bad(get("/api/v1/records/nothing"), 404, "not_found", ""),
                bad(get("/api/v1/records/paper/PAP-0001/timeline?before=x~y"), 422, "bad_cursor", "before"),
                bad(get("/api/v1/records/paper/PAP-0001/walk?depth=13"), 422, "bad_parameter", "depth"),
                bad(get("/api/v1/records/paper/PAP-0001/impact?through=nothing"), 422, "unknown_link", "through"),
                bad(get("/api/v1/nothing"), 404, "unknown_address", ""),
                bad(get("/api/v1"), 404, "unknown_address", ""),
                bad(get(&long(ADDRESS_BYTES + 1)), 414, "address_too_long", ""),
                bad(get(&long(ADDRESS_BYTES)), 422, "bad_parameter", "q"),
                bad(Ask::post("/api/v1/commands/record.destroy").key("k").json(json!({"input": {}})), 404, "not_found", ""),
                bad(Ask::post("/api/v1/commands/record.create").key("k").json(json!({"kind": "paper"})), 422, "unknown_field", "kind"),
                bad(Ask::post("/api/v1/commands/record.create").key("k").json(json!({"input": {"colour": 1}})), 422, "unknown_field", "colour"),
            ],
        );
        let token = company.token("dora");
        let at_limit = company.client.send(Ask::get(format!("/api/v1/records/paper/PAP-0001/walk?depth={WALK_DEPTH}")).token(&token));
        assert_eq!(at_limit.rows().len(), 1);
    });
}

#[test]
fn frs_api_009_an_address_names_the_methods_it_knows() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        for (method, path, allow) in [
            ("PUT", "/api/v1/records/paper/PAP-0001", "GET, PATCH"),
            ("DELETE", "/api/v1/records/paper/PAP-0001", "GET, PATCH"),
            ("PATCH", "/api/v1/records/paper/PAP-0001/timeline", "GET"),
            ("DELETE", "/api/v1/records/paper/PAP-0001/signatures", "GET"),
            ("GET", "/api/v1/challenges", "POST"),
            ("OPTIONS", "/api/v1/me", "GET"),
            ("TRACE", "/healthz", "GET"),
        ] {
            let reply = company.client.send(Ask::new(method.parse().unwrap(), path));
            assert_eq!(reply.problem().0, 405, "{method} {path}");
            assert_eq!(reply.header("allow"), allow, "{method} {path}");
            assert_eq!(reply.header("x-content-type-options"), "nosniff");
        }
    });
}
