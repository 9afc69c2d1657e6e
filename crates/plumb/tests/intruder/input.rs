//! Input that wants to be more than input: columns sent along, SQL in parameters, forms sent from
//! other people's pages, formulas in exports.

use super::client::{Ask, Reply};
use super::company::{CANARY, Company, on_both};
use api::endpoint::{Body, Endpoint, In, Sort, Verb, all};
use kernel::command::InputSort;
use plumb::assembly::migrations;
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeSet;
use testkit::engines::sqlite_migrated;

const GHOST: &str = "01995f6e-2c1c-7d3a-8b0e-5f3f0c9d1a2b";

/// Every column of the schema, and the usual names that are none.
fn columns() -> BTreeSet<&'static str> {
    let schema = include_str!("../../../../migrations/schema.sql");
    let columns = schema.lines().filter_map(|line| line.strip_prefix("  ")?.split_once(" {")).map(|(name, _)| name);
    let usual = ["site_id", "approved_at", "is_admin", "role", "roles", "permissions", "__proto__", "constructor", "$where", "created_by", "tenant_id", "signed_by", "_files"];
    let found: BTreeSet<_> = columns.chain(usual).collect();
    assert!(found.len() > 120 && found.contains("sec_hash") && found.contains("state"), "{found:?}");
    found
}

fn example(sort: InputSort) -> Json {
    match sort {
        InputSort::Text => json!("2026-12-01"),
        InputSort::Integer => json!(1),
        InputSort::Flag => json!(true),
        InputSort::Object => json!({}),
        InputSort::List => json!([]),
    }
}

fn refused_by_name(reply: &Reply, place: &str, what: &str) {
    let (status, code, at) = reply.problem();
    assert_eq!((status, code.as_str(), at.as_str()), (422, "unknown_field", place), "{what}: {}", reply.text());
}

#[test]
fn frs_api_009_no_column_can_be_sent_along_with_any_command_or_record() {
    // What is refused here is refused before the database is asked, so one engine tells for both.
    let company = &Company::new(&sqlite_migrated(&migrations()));
    let dora = company.cookie("dora");
    let before = company.events();
    let columns = columns();
    let mut tried = 0;
    for command in company.catalog().commands() {
        let known: BTreeSet<&str> = command.input.iter().map(|field| field.name).collect();
        let input: Map<String, Json> = command.input.iter().map(|field| (field.name.to_owned(), example(field.sort))).collect();
        for column in columns.difference(&known) {
            let mut input = input.clone();
            input.insert((*column).to_owned(), json!("x"));
            let ask = Ask::post(format!("/api/v1/commands/{}", command.name)).key("along").cookie(&dora).json(json!({ "input": input }));
            refused_by_name(&company.client.send(ask), column, command.name);
            tried += 1;
        }
        for beside in ["actor", "person", "tenant", "via", "site", "role", "proof", "at"] {
            let ask = Ask::post(format!("/api/v1/commands/{}", command.name)).key("along").cookie(&dora);
            let mut body = json!({ "input": input });
            body[beside] = json!("admin");
            refused_by_name(&company.client.send(ask.json(body)), beside, command.name);
        }
    }
    let members = ["title", "number", "site", "owner", "due_date", "effective_on", "fields", "links", "reason"];
    for (kind, id, _) in &company.hidden.records {
        let catalog = company.catalog();
        let version = company.world.record(id).version;
        let fields: BTreeSet<&str> = catalog.kind(kind).unwrap().fields.iter().map(|field| field.name.as_str()).collect();
        for column in &columns {
            // People are made by a command of their own, which is among those above.
            let send = |body: Json| {
                let made = Ask::post(format!("/api/v1/records/{kind}")).key("along").cookie(&dora).json(body.clone());
                let changed = Ask::patch(format!("/api/v1/records/{kind}/{id}")).key("along").version(version).cookie(&dora).json(body);
                let asks = if kind == "person" { vec![changed] } else { vec![made, changed] };
                asks.into_iter().map(|ask| company.client.send(ask)).collect::<Vec<_>>()
            };
            if !members.contains(column) {
                let mut body = json!({"title": "x", "fields": {}});
                body[*column] = json!("x");
                for reply in send(body) {
                    refused_by_name(&reply, column, kind);
                }
            }
            if !fields.contains(column) {
                let mut body = json!({"title": "x", "fields": {}});
                body["fields"][*column] = json!("x");
                for reply in send(body) {
                    assert!((400..500).contains(&reply.status), "{kind}.fields.{column}: {}", reply.text());
                    refused_by_name(&reply, &format!("fields.{column}"), kind);
                }
            }
            tried += 1;
        }
    }
    assert_eq!(company.events(), before, "nothing was written");
    assert!(tried > 5_000, "only {tried}");
}

/// The address of an endpoint with something in each parameter of its path.
fn filled(endpoint: &Endpoint, value: &str) -> String {
    let kind = endpoint.path.replace("{kind}", "part").replace("{name}", "record.edit");
    kind.split('/').map(|part| if part.starts_with('{') { encode(value) } else { part.to_owned() }).collect::<Vec<_>>().join("/")
}

fn encode(text: &str) -> String {
    text.bytes().map(|byte| if byte.is_ascii_alphanumeric() || b"-.~".contains(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// What breaks out of a text in SQL, of a pattern, of a full-text query, of a path or of a JSON path.
const BREAKING: [&str; 26] = [
    "'", "''", "\"", "`", "\\", "\\'", "';--", "' or '1'='1", "' or 1=1 --", "1 or 1=1", "') or ('1'='1", "'; drop table record; --", "' union select sec_hash from credential --",
    "$1", "$$", "?", ":name", "%", "_", "%' and sleep(9) and '%", "'||pg_sleep(9)||'", "NEAR(", "\"a\" AND (", "a* OR b:*", "!(&|<->)", "{$.a[*]}",
];

fn nothing_breaks_out(company: &Company) {
    let dora = company.cookie("dora");
    let began = std::time::Instant::now();
    let mut tried = 0;
    let mut harmless = |path: &str| {
        let reply = company.get(path, &dora);
        assert!(reply.status < 500, "{path}: {}", reply.text());
        let text = reply.text().to_lowercase();
        for word in ["argon2id", "syntax error", "sqlite", "postgres", "near \""] {
            assert!(!text.contains(word), "{path} says {word}: {text}");
        }
        tried += 1;
    };
    for endpoint in all(&company.state).iter().filter(|endpoint| endpoint.verb == Verb::Get) {
        for (index, value) in BREAKING.iter().enumerate() {
            // Every address with some of them, every free text with all.
            if endpoint.path.contains('{') && index % 5 == 0 {
                harmless(&filled(endpoint, value));
            }
            for parameter in endpoint.parameters.iter().filter(|parameter| parameter.place == In::Query) {
                if matches!(parameter.sort, Sort::Text(_)) || index % 5 == 0 {
                    harmless(&format!("{}?{}={}", filled(endpoint, "x"), parameter.name.replace('*', "description"), encode(value)));
                }
                if parameter.name.contains('*') {
                    harmless(&format!("{}?{}=x", filled(endpoint, "x"), encode(&parameter.name.replace('*', value))));
                }
            }
        }
    }
    for (path, shown, _) in web::addresses() {
        if !shown {
            continue;
        }
        let queried = ["/list/{kind}", "/search", "/palette", "/typeahead"].contains(&path);
        for (index, value) in BREAKING.iter().enumerate() {
            let path: Vec<String> = path.split('/').map(|part| if part == "{kind}" { "part".to_owned() } else if part.starts_with('{') { encode(value) } else { part.to_owned() }).collect();
            let path = path.join("/");
            if queried || index % 8 == 0 {
                harmless(&path);
            }
            for name in ["q", "sort", "phase", "after", "state", "owner", "site", "as_of", "field.description", "kind"].into_iter().filter(|_| queried) {
                if name == "q" || index % 5 == 0 {
                    harmless(&format!("{path}?{name}={}", encode(value)));
                }
            }
        }
    }
    // Nothing slept, nothing was found by being always true, and everything is there.
    assert!(began.elapsed().as_secs() < 120, "{:?}", began.elapsed());
    assert!(tried > 700, "only {tried}");
    let found = |query: &str| company.get(format!("/api/v1/records/part?{query}"), &dora).rows().len();
    assert_eq!((found(""), found("q=zyxrom"), found("q=zyxro"), found("state=in_work"), found("due_until=2031-01-01")), (2, 2, 2, 2, 0));
    // Words with signs of a pattern in them are other words; what is no word at all asks for nothing.
    for value in ["' or '1'='1", "' or 1=1 --", "zyxro_", "z_xrom", "z%xrom", "%yxrom", "_yxrom", "zyxrom' or '1'='1", "zyxrom or part or 1", "not zyxrom", "x or zyxrom"] {
        let expected = usize::from(["zyxro_"].contains(&value)) * 2;
        assert_eq!(found(&format!("q={}", encode(value))), expected, "{value}");
    }
    assert_eq!((found("q=%25"), found("q=_"), found("q=")), (2, 2, 2), "as if nothing was asked for");
    let searched = |text: &str| company.get(format!("/api/v1/search?q={}", encode(text)), &dora).rows().len();
    assert!(searched("zyxrom") > 10);
    for value in ["%", "_", "*", "' or '1'='1", "z%xrom", "z_xrom", "%yxrom"] {
        assert_eq!(searched(value), 0, "{value}");
    }
}

#[test]
fn frs_guard_001_nothing_in_a_parameter_is_ever_read_as_sql() {
    on_both(nothing_breaks_out);
}

/// How a foreign page may send a request that carries the cookie.
const FOREIGN: [&[(&str, &str)]; 7] = [
    &[],
    &[("sec-fetch-site", "cross-site")],
    &[("sec-fetch-site", "same-site")],
    &[("sec-fetch-site", "none")],
    &[("origin", "https://evil.example.com")],
    &[("origin", "null")],
    &[("origin", "http://plumb.test.evil.example.com"), ("referer", "http://plumb.test/")],
];

fn only_our_pages_change_something(company: &Company) {
    let cookie = company.cookie("dora");
    let before = company.events();
    let mut tried = 0;
    let mut refused = |ask: Ask| {
        for headers in FOREIGN {
            let foreign = headers.iter().fold(ask.clone().with("cookie", cookie.clone()), |ask, (name, value)| ask.with(name, *value));
            let what = format!("{} {} {headers:?}", foreign.method, foreign.path);
            let reply = company.client.send(foreign);
            assert_eq!(reply.status, 403, "{what}: {}", reply.text());
            assert!(reply.headers.get("set-cookie").is_none(), "{what}");
            assert!(reply.headers.get("access-control-allow-origin").is_none(), "{what}");
            tried += 1;
        }
    };
    for endpoint in all(&company.state).iter().filter(|endpoint| endpoint.verb.changes()) {
        let ask = Ask::new(endpoint.verb.name().parse().unwrap(), filled(endpoint, GHOST)).key("foreign").version(1);
        refused(match endpoint.body {
            Body::File => ask.bytes("application/octet-stream", "x"),
            Body::None => ask,
            _ => ask.json(json!({})),
        });
    }
    for (path, _, changes) in web::addresses() {
        if !changes {
            continue;
        }
        let path = path.replace("{kind}", "part").replace("{command}", "record.edit");
        let path: Vec<&str> = path.split('/').map(|part| if part.starts_with('{') { GHOST } else { part }).collect();
        let path = path.join("/");
        for media_type in ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", "application/json"] {
            refused(Ask::post(path.clone()).bytes(media_type, "key=foreign&login=dora&secret=x"));
        }
    }
    assert!(tried > 400, "only {tried}");
    // Types that a form of another page can send are none that the API reads.
    for media_type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""] {
        let ask = Ask::post("/api/v1/records/part").key("foreign").cookie(&cookie).bytes(media_type, r#"{"title":"x","number":"P","fields":{"unit":"each"}}"#);
        assert_eq!(company.client.send(ask).status, 415, "{media_type}");
    }
    // No other page is told that it may.
    for path in ["/api/v1/records/part", "/api/v1/session", "/sign-in"] {
        let preflight = Ask::new("OPTIONS".parse().unwrap(), path).with("origin", "https://evil.example.com").with("access-control-request-method", "POST");
        let reply = company.client.send(preflight);
        assert!(reply.headers.keys().all(|name| !name.as_str().starts_with("access-control")), "{path}");
    }
    assert_eq!(company.events(), before, "nothing was changed");
}

#[test]
fn frs_api_004_no_foreign_page_changes_anything_by_any_address() {
    on_both(only_our_pages_change_something);
}

fn looking_changes_nothing(company: &Company) {
    let dora = company.cookie("dora");
    let before = company.events();
    let (_, id, number) = company.hidden.records.iter().find(|(kind, ..)| kind == "part").unwrap();
    for endpoint in all(&company.state).iter().filter(|endpoint| endpoint.verb == Verb::Get) {
        let reply = company.get(filled(endpoint, id), &dora);
        assert!(reply.status < 500, "{}: {}", endpoint.name(), reply.text());
    }
    for (path, shown, _) in web::addresses() {
        if shown {
            let path = path.replace("{kind}", "part").replace("{command}", "link.add").replace("{step}", "submit").replace("{number}", number);
            let path: Vec<&str> = path.split('/').map(|part| if part.starts_with('{') { id } else { part }).collect();
            let reply = company.get(path.join("/"), &dora);
            assert!(reply.status < 500, "{}: {}", path.join("/"), reply.text());
        }
    }
    assert_eq!(company.events(), before, "somebody who only looks writes nothing");
}

#[test]
fn frs_api_004_following_a_link_never_changes_anything() {
    on_both(looking_changes_nothing);
}

/// What spreadsheets run, plain and disguised.
const FORMULAS: [&str; 13] = [
    "=1+1", "+1+1", "-1+1", "@SUM(1)", "=cmd|' /C calc'!A0", "=HYPERLINK(\"http://127.0.0.1:9/?\"&A1,\"x\")", "＝1+1", "＋1+1", "\"=1+1\"", "'=1+1", "\u{a0}=1+1", "=DDE(\"a\";\"b\";\"c\")", "－2+3",
];

fn exports_run_nowhere(company: &Company) {
    let dora = company.cookie("dora");
    for (index, formula) in FORMULAS.iter().enumerate() {
        let body = json!({"number": format!("F-{index:02}"), "title": formula, "fields": {"unit": "each", "description": formula}});
        let made = company.client.send(Ask::post("/api/v1/records/part").key(&format!("formula {index}")).cookie(&dora).json(body));
        assert_eq!(made.status, 201, "{formula}: {}", made.text());
    }
    let numbers = json!({"number": "-5", "title": "-12.5", "fields": {"unit": "each", "description": "+3"}});
    assert_eq!(company.client.send(Ask::post("/api/v1/records/part").key("numbers").cookie(&dora).json(numbers)).status, 201);
    let exported = company.export("part", &dora, "formulas", "to look at it").text();
    let mut seen = 0;
    for line in exported.lines().skip(1) {
        for cell in line.trim_matches('"').split("\",\"") {
            let shown = cell.replace("\"\"", "\"");
            let bare = shown.trim_start_matches(|c: char| c.is_whitespace() || c == '"');
            let runs = bare.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']) && bare.parse::<f64>().is_err();
            assert!(!runs, "{shown:?} would run");
            seen += usize::from(shown.starts_with('\''));
        }
    }
    assert!(seen >= 2 * FORMULAS.len(), "{seen} cells were made harmless:\n{exported}");
    assert!(exported.contains("\"-5\",") && exported.contains("\"-12.5\"") && exported.contains("\"+3\""), "numbers stay numbers:\n{exported}");
    assert!(exported.contains(CANARY));
}

#[test]
fn frs_guard_002_no_cell_of_an_export_is_run_as_a_formula_and_numbers_stay_numbers() {
    on_both(exports_run_nowhere);
}

/// What the trail says of exports: what, who it was, the reason.
fn exports_in_the_trail(company: &Company, what: &str) -> Vec<String> {
    let told = db::sql(
        "select s.detail, e.reason from security_event s join event e on e.tenant = s.tenant and e.tx = s.at_tx and e.ord = s.at_ord
         where s.tenant = $1 and s.what = $2 order by s.id",
    );
    let rows = company.world.kernel.database().query(told, &[kernel::MAIN_TENANT.into(), what.into()]).unwrap();
    rows.iter().map(|row| format!("{} because {}", row.text("detail").unwrap(), row.opt_text("reason").unwrap().unwrap_or("-"))).collect()
}

fn an_insider_does_not_leave_with_everything(company: &Company) {
    let dora = company.cookie("dora");
    assert_eq!(company.get("/list/part?format=csv", &dora).header("content-type"), "text/html; charset=utf-8", "no file without a reason");
    assert_eq!(company.export("part", &dora, "no reason", "").status, 422);
    assert!(exports_in_the_trail(company, "data_exported").is_empty());
    let taken = company.export("part", &dora, "first", "supplier audit");
    assert_eq!((taken.status, taken.header("content-disposition")), (200, "attachment; filename*=UTF-8''part.csv"));
    let noted = exports_in_the_trail(company, "data_exported");
    let digest = base::Digest::of(&taken.body).hex();
    assert_eq!(noted, [format!("2 rows of part; SHA-256 {digest} because supplier audit")]);
    // Like everybody who wants it all, list after list.
    let mut statuses = Vec::new();
    for number in 1..=base::limits::EXPORTS_PER_DAY {
        statuses.push(company.export("part", &dora, &format!("more {number}"), "still the audit").status);
        let alerts = exports_in_the_trail(company, "unusual_export").len();
        assert_eq!(alerts, usize::from(number + 1 >= usize::try_from(base::limits::EXPORT_ALERT_FROM).unwrap()), "after {number} more");
    }
    let (last, before) = statuses.split_last().unwrap();
    assert!(before.iter().all(|status| *status == 200), "{statuses:?}");
    assert_eq!(*last, 429, "one past the limit of a day");
    assert_eq!(exports_in_the_trail(company, "data_exported").len(), base::limits::EXPORTS_PER_DAY);
    // Everybody has their own day, and the next day is another.
    assert_eq!(company.export("site", &company.cookie("finn"), "finn", "for the file").status, 200);
    company.world.clock.advance_seconds(86_401);
    assert_eq!(company.export("part", &company.cookie("dora"), "tomorrow", "the audit goes on").status, 200);
}

#[test]
fn frs_guard_010_an_export_needs_a_reason_and_a_day_has_only_so_many() {
    on_both(an_insider_does_not_leave_with_everything);
}
