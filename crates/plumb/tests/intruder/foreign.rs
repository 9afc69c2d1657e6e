//! Somebody of another site, with every role there, asks for everything that is not theirs: by every
//! address and every command, with every identifier. What they get must be the same as for something
//! that does not exist.

use super::client::{Ask, Reply};
use super::company::{CANARY, Company, on_both};
use api::endpoint::{In, Verb, all};
use kernel::command::InputSort;
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeSet;

/// An identifier and a number that nothing has.
pub(super) const GHOST: &str = "01995f6e-2c1c-7d3a-8b0e-5f3f0c9d1a2b";

/// What an answer says, without what names the request itself.
pub(super) fn said(reply: &Reply, named: &[&str]) -> (u16, String) {
    let mut text = reply.text();
    if let Ok(Json::Object(mut members)) = serde_json::from_str::<Json>(&text) {
        members.remove("request_id");
        text = Json::Object(members).to_string();
    }
    // Forms carry keys of their own; what a person reads is what counts.
    for name in named {
        text = text.replace(name, "…").replace(&name.to_lowercase(), "…");
    }
    (reply.status, without_keys(&text))
}

fn without_keys(text: &str) -> String {
    let mut parts = text.split("name=\"key\" value=\"");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |out, part| out + part.split_once('"').map_or(part, |(_, rest)| rest))
}

pub(super) fn shows_nothing(reply: &Reply, asked: &str) {
    let text = reply.text();
    assert!(!text.to_lowercase().contains(&CANARY.to_lowercase()), "{asked} shows what belongs to another site: {text}");
}

/// The paths of an address with its parameters filled for something hidden, and for nothing.
pub(super) fn pairs(company: &Company, path: &str) -> Vec<(String, String, Vec<String>)> {
    let mut found = Vec::new();
    for (kind, id, number) in &company.hidden.records {
        let (filled, ghost): (fn(&str, &str) -> String, _) = (|path, name| path.replace("{record}", name).replace("{number}", name).replace("{part}", name).replace("{order}", name).replace("{person}", name), GHOST);
        let of_kind = path.replace("{kind}", kind);
        if filled(&of_kind, "x") == of_kind {
            continue;
        }
        for name in [id, number] {
            let missing = if name == id { ghost.to_owned() } else { format!("{}9", &number[..number.len() - 1]).replace(number.as_str(), "NO-9") };
            let of = |name: &str| below(company, &filled(&of_kind, name));
            found.extend(of(name).into_iter().zip(of(&missing)).map(|(there, not)| (there, not, vec![name.clone(), missing.clone()])));
        }
    }
    found
}

/// The rest of an address filled with what hangs on records, one of each.
fn below(company: &Company, path: &str) -> Vec<String> {
    let mut path = path.to_owned();
    for (name, id) in &company.hidden.parts {
        path = path.replacen(&format!("{{{name}}}"), id, 1);
    }
    for (name, value) in [("{step}", "submit"), ("{command}", "link.add"), ("{tree}", "capa_needed"), ("{obligation}", GHOST), ("{token}", GHOST), ("{stamp}", "0"), ("{name}", "app.js")] {
        path = path.replace(name, value);
    }
    assert!(!path.contains('{'), "{path} has a parameter that nobody has thought of");
    vec![path]
}

fn records_are_not_there(company: &Company) {
    let finn = company.cookie("finn");
    let mut walked = 0;
    let mut hold = |method: &str, path: &str| {
        for (there, not, names) in pairs(company, path) {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let ask = |path: &str| match method {
                "GET" => company.get(path, &finn),
                _ => company.client.send(Ask::new(method.parse().unwrap(), path).cookie(&finn).key("k").version(1).json(json!({}))),
            };
            let (hidden, missing) = (ask(&there), ask(&not));
            assert_eq!(hidden.status, 404, "{method} {there}: {}", hidden.text());
            assert_eq!(said(&hidden, &names), said(&missing, &names), "{method} {there} tells that it is there");
            walked += 1;
        }
    };
    for endpoint in all(&company.state) {
        if endpoint.verb == Verb::Get {
            hold("GET", endpoint.path);
        } else if endpoint.path.contains("{record}") && endpoint.body == api::endpoint::Body::None {
            hold(endpoint.verb.name(), endpoint.path);
        }
    }
    for (path, shown, _) in web::addresses() {
        if shown {
            hold("GET", path);
        }
    }
    assert!(walked > 500, "only {walked} addresses were walked");
}

#[test]
fn frs_api_012_no_address_of_the_api_or_the_pages_tells_a_foreign_site_that_a_record_is_there() {
    on_both(records_are_not_there);
}

fn nothing_shows(company: &Company) {
    let finn = company.cookie("finn");
    let dora = company.cookie("dora");
    let canary = CANARY.to_lowercase();
    let mut seen_by_dora = 0;
    let mut look = |path: &str| {
        let reply = company.get(path, &finn);
        assert!(reply.status < 500, "{path}: {}", reply.text());
        shows_nothing(&reply, path);
        // Whoever may see it does, or the walk would show nothing.
        if path.contains(BEGINNING) || !path.contains('?') {
            seen_by_dora += usize::from(company.get(path, &dora).text().to_lowercase().contains(&canary));
        }
    };
    let kinds: Vec<String> = company.catalog().kinds().map(|kind| kind.name.clone()).collect();
    for endpoint in all(&company.state).iter().filter(|endpoint| endpoint.verb == Verb::Get) {
        let has = |name: &str| endpoint.parameters.iter().any(|parameter| parameter.place == In::Query && parameter.name == name);
        let mut paths = vec![endpoint.path.to_owned()];
        if endpoint.path.contains("{kind}") && !endpoint.path.contains("{record}") {
            paths = kinds.iter().map(|kind| endpoint.path.replace("{kind}", kind)).collect();
        }
        for path in paths.iter().filter(|path| !path.contains('{')) {
            look(path);
            for (name, value) in [("q", BEGINNING), ("rows", "200"), ("as_of", "2030-01-01T00:00:00Z"), ("site", "ROM"), ("owner", "dora"), ("all", "true")] {
                if has(name) {
                    look(&format!("{path}?{name}={value}"));
                }
            }
        }
    }
    for (path, shown, _) in web::addresses().into_iter().filter(|(path, ..)| !path.contains("{number}") && !path.contains("{record}")) {
        if !shown {
            continue;
        }
        for kind in &kinds {
            let path = path.replace("{kind}", kind);
            if path.contains('{') {
                continue;
            }
            for query in ["", "?q=zyxro", "?phase=all&sort=title", "?site=ROM&owner=dora", "?as_of=2030-01-01", "?kind=part&q=zyxro"] {
                look(&format!("{path}{query}"));
            }
            if !path.contains(kind.as_str()) {
                break;
            }
        }
    }
    assert!(seen_by_dora > 60, "only {seen_by_dora} of these show it to whoever may see it");
    // Counts are of what one sees.
    for kind in &kinds {
        let rows = |cookie: &str| company.get(format!("/api/v1/records/{kind}?rows=200"), cookie).rows().len();
        let hidden = company.hidden.records.iter().filter(|(of, ..)| of == kind).count();
        assert!(rows(&finn) + hidden <= rows(&dora), "{kind}");
        let taken = company.export(kind, &finn, &format!("taken {kind}"), "to look");
        assert_eq!(taken.status, 200, "{kind}: {}", taken.text());
        shows_nothing(&taken, kind);
        let page = company.get(format!("/list/{kind}"), &finn).text();
        assert!(!page.contains("more than"), "{kind}");
    }
}

/// How the word begins: enough to find it, and too little to be it where an answer repeats what was
/// searched for.
const BEGINNING: &str = "zyxro";

#[test]
fn frs_api_012_no_list_search_count_or_export_shows_a_foreign_site_anything() {
    on_both(nothing_shows);
}

fn no_command_works(company: &Company) {
    let finn = company.cookie("finn");
    let before = company.events();
    let (mut walked, mut told) = (0, BTreeSet::new());
    for command in company.catalog().commands() {
        let body = |id: &str| {
            let mut input: Map<String, Json> = command
                .input
                .iter()
                .map(|field| {
                    let value = match field.sort {
                        InputSort::Text => json!(id),
                        InputSort::Integer => json!(1),
                        InputSort::Flag => json!(true),
                        InputSort::Object => json!({}),
                        InputSort::List => json!([]),
                    };
                    (field.name.to_owned(), value)
                })
                .collect();
            for (name, value) in [("password", "a first password"), ("role", "inspector"), ("due_date", "2026-12-01"), ("name", "x"), ("quantity", "1")] {
                input.entry(name).and_modify(|given| *given = json!(value));
            }
            json!({ "input": input, "reason": "because" })
        };
        // What makes something new names nothing that is there.
        if command.input.is_empty() || ["record.create", "person.create", "token.create", "password.change", "part.import_structure"].contains(&command.name) {
            continue;
        }
        let ids = company.hidden.records.iter().map(|(_, id, _)| id).chain(company.hidden.parts.iter().map(|(_, id)| id));
        for id in ids {
            let send = |id: &str| company.client.send(Ask::post(format!("/api/v1/commands/{}", command.name)).key("foreign").cookie(&finn).json(body(id)));
            let (hidden, missing) = (send(id), send(GHOST));
            assert!((400..500).contains(&hidden.status), "{} on {id}: {}", command.name, hidden.text());
            shows_nothing(&hidden, command.name);
            let (hidden, missing) = (said(&hidden, &[id, GHOST]), said(&missing, &[id, GHOST]));
            if hidden != missing {
                told.insert(format!("{}: {hidden:?}, not {missing:?}", command.name));
            }
            walked += 1;
        }
    }
    assert_eq!(company.events(), before, "nothing was changed");
    assert!(told.is_empty(), "{} commands tell that something is there:\n{}", told.len(), Vec::from_iter(told).join("\n"));
    assert!(walked > 800, "only {walked} were tried");
}

#[test]
fn frs_api_012_no_command_works_on_or_tells_of_what_belongs_to_a_foreign_site() {
    on_both(no_command_works);
}

fn one_site_keeps_one_site(company: &Company) {
    let finn = company.cookie("finn");
    let before = company.events();
    let run = |command: &str, input: Json| {
        let key = format!("up {input}");
        company.client.send(Ask::post(format!("/api/v1/commands/{command}")).key(&key).cookie(&finn).json(json!({ "input": input }))).status
    };
    // Whoever keeps one site gives nobody a role elsewhere, and takes over nobody who counts elsewhere.
    for (command, input) in [
        ("role.grant", json!({"person": "finn", "role": "quality_manager"})),
        ("role.grant", json!({"person": "finn", "role": "quality_manager", "site": "ROM"})),
        ("person.create", json!({"login": "everywhere", "name": "Every Where", "password": "given on the first day"})),
        ("person.create", json!({"login": "of_rome", "name": "Of Rome", "site": "ROM", "password": "given on the first day"})),
        ("person.set_password", json!({"person": "dora", "password": "given on the first day"})),
        ("person.set_password", json!({"person": "admin", "password": "given on the first day"})),
        ("person.describe", json!({"person": "dora", "identity_verified": "known to me"})),
    ] {
        assert_eq!(run(command, input.clone()), 403, "{command} {input}");
    }
    assert_eq!(company.events(), before, "nothing was changed");
    // Their own site they keep.
    assert_eq!(run("person.create", json!({"login": "nina", "name": "Nina", "site": "OSL", "password": "given on the first day"})), 200);
    assert_eq!(run("role.grant", json!({"person": "nina", "role": "operator", "site": "OSL"})), 200);
    assert_eq!(run("person.set_password", json!({"person": "nina", "password": "given on another day"})), 200);
    // Until that person counts elsewhere too.
    let dora = company.cookie("dora");
    let granted = Ask::post("/api/v1/commands/role.grant").key("everywhere").cookie(&dora).json(json!({"input": {"person": "nina", "role": "operator"}}));
    assert_eq!(company.client.send(granted).status, 200);
    assert_eq!(run("person.set_password", json!({"person": "nina", "password": "given on a third day"})), 403);
}

#[test]
fn frs_aut_005_who_keeps_one_site_keeps_no_account_that_counts_elsewhere() {
    on_both(one_site_keeps_one_site);
}
