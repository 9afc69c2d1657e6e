//! The OpenAPI document and the page made from it.

use super::schema;
use super::support::{Ask, Company};
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};
use testkit::engines::sqlite_migrated;

fn operations(document: &Json) -> Vec<(String, String, &Json)> {
    let paths = document["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, methods)| methods.as_object().unwrap().iter().map(move |(method, operation)| (path.clone(), method.clone(), operation)))
        .collect()
}

/// Every `$ref` below a value.
fn references(value: &Json, found: &mut BTreeSet<String>) {
    match value {
        Json::Object(members) => {
            for (name, member) in members {
                match member.as_str() {
                    Some(target) if name == "$ref" => drop(found.insert(target.to_owned())),
                    _ => references(member, found),
                }
            }
        }
        Json::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[test]
fn frs_api_014_the_document_is_openapi_3_1_and_whole() {
    let test = sqlite_migrated(kernel::MIGRATIONS);
    let company = Company::new(&test);
    let document = company.document();
    // For checks by other programs: scripts/check-openapi.
    if let Some(path) = std::env::var_os("PLUMB_OPENAPI") {
        std::fs::write(path, serde_json::to_string_pretty(&document).unwrap()).unwrap();
    }
    assert_eq!(document["openapi"], "3.1.0");
    let mut targets = BTreeSet::new();
    references(&document, &mut targets);
    for target in &targets {
        assert!(document.pointer(target.strip_prefix('#').unwrap()).is_some(), "{target} leads nowhere");
    }
    for name in document["components"]["schemas"].as_object().unwrap().keys() {
        let used = targets.contains(&format!("#/components/schemas/{name}"));
        assert!(used, "the schema {name} is used nowhere");
    }
    let mut ids = BTreeMap::new();
    for (path, method, operation) in operations(&document) {
        let id = operation["operationId"].as_str().unwrap();
        if let Some(twice) = ids.insert(id.to_owned(), format!("{method} {path}")) {
            panic!("{id} is {method} {path} and {twice}");
        }
        let declared: BTreeSet<String> =
            operation["parameters"].as_array().unwrap().iter().filter(|parameter| parameter["in"] == "path").map(|parameter| parameter["name"].as_str().unwrap().to_owned()).collect();
        let named: BTreeSet<String> = path.split('{').skip(1).map(|part| part.split('}').next().unwrap().to_owned()).collect();
        assert_eq!(declared, named, "{method} {path}");
        let tags: Vec<&Json> = document["tags"].as_array().unwrap().iter().map(|tag| &tag["name"]).collect();
        assert!(tags.contains(&&operation["tags"][0]), "{method} {path}");
        assert!(operation["responses"].as_object().unwrap().keys().any(|status| status.starts_with('2')), "{method} {path}");
        assert_eq!(operation["responses"].get("401").is_some(), operation["security"] != json!([]) || path == "/api/v1/session", "{method} {path}");
        if ["post", "patch", "delete"].contains(&method.as_str()) && path.starts_with("/api/v1/records") {
            let key = json!({"$ref": "#/components/parameters/idempotency_key"});
            assert!(operation["parameters"].as_array().unwrap().contains(&key), "{method} {path}");
        }
    }
}

#[test]
fn frs_api_014_the_same_catalog_gives_the_same_document() {
    let test = sqlite_migrated(kernel::MIGRATIONS);
    let company = Company::new(&test);
    let served = company.client.send(Ask::get("/api/v1/openapi.json").cookie(&company.cookie("olga")));
    assert_eq!(served.text(), company.document().to_string());
    assert_eq!(company.document().to_string(), company.document().to_string());
}

#[test]
fn frs_api_014_every_kind_is_typed_with_its_fields_and_steps() {
    let test = sqlite_migrated(kernel::MIGRATIONS);
    let company = Company::new(&test);
    let document = company.document();
    let catalog = company.world.kernel.catalog().unwrap();
    for kind in catalog.kinds() {
        for path in [format!("/api/v1/records/{}", kind.name), format!("/api/v1/records/{}/{{record}}", kind.name)] {
            assert!(document["paths"][&path]["get"].is_object(), "{path}");
        }
        for step in kind.steps.iter().filter(|step| step.taken_by == kernel::kind::TakenBy::Person) {
            let path = format!("/api/v1/records/{}/{{record}}/steps/{}", kind.name, step.name);
            assert!(document["paths"][&path]["post"].is_object(), "{path}");
        }
    }
    for command in catalog.commands() {
        let path = format!("/api/v1/commands/{}", command.name);
        assert_eq!(document["paths"][&path]["post"]["x-requirement"], command.requirement, "{path}");
    }
    let new = &document["components"]["schemas"]["new_record.paper"];
    assert_eq!(new["required"], json!(["title", "fields"]));
    assert!(new["properties"].get("number").is_none(), "the number is counted");
    let fields = &new["properties"]["fields"];
    assert_eq!((&fields["required"], &fields["additionalProperties"]), (&json!(["body"]), &json!(false)));
    assert_eq!(fields["properties"]["grade"], json!({"type": ["integer", "null"], "minimum": 1, "maximum": 5, "title": "Grade"}));
    assert_eq!(fields["properties"]["colour"]["enum"], json!(["red", "blue", null]));
    assert_eq!(document["components"]["schemas"]["new_record.site"]["required"], json!(["title", "number", "fields"]));
    // The document agrees with the server about what fits, in both directions.
    let token = company.token("dora");
    for (index, body) in [
        json!({"title": "x", "fields": {"body": "x", "grade": 1, "colour": "red", "weight": "-1.5", "aware_on": "2026-11-02", "signed_copy": false}}),
        json!({"title": "x", "fields": {"body": "x", "grade": null, "colour": null}}),
        json!({"title": "x", "fields": {}}),
        json!({"title": "x"}),
        json!({"fields": {"body": "x"}}),
        json!({"title": "x", "fields": {"body": "x", "grade": 0}}),
        json!({"title": "x", "fields": {"body": "x", "grade": "1"}}),
        json!({"title": "x", "fields": {"body": "x", "weight": 1.5}}),
        json!({"title": "x", "fields": {"body": "x", "aware_on": "today"}}),
        json!({"title": "x", "fields": {"body": "x", "other": 1}}),
        json!({"title": "x", "fields": {"body": "x"}, "state": "effective"}),
    ]
    .into_iter()
    .enumerate()
    {
        let fits = schema::faults(&document, new, &body).is_empty();
        let reply = company.client.send(Ask::post("/api/v1/records/paper").key(&format!("k{index}")).json(body.clone()).token(&token));
        assert_eq!(reply.status, if fits { 201 } else { 422 }, "{body}: {}", reply.text());
        assert_eq!(fits, index < 2, "{body}");
    }
}

#[test]
fn frs_api_014_the_examples_fit_and_typed_answers_do() {
    let test = sqlite_migrated(kernel::MIGRATIONS);
    let company = Company::new(&test);
    let document = company.document();
    for (name, described) in document["components"]["schemas"].as_object().unwrap() {
        for example in described["examples"].as_array().into_iter().flatten() {
            assert_eq!(schema::faults(&document, described, example), Vec::<String>::new(), "{name}");
        }
    }
    company.record("paper", json!({"body": "words", "grade": 2, "colour": "blue"}));
    let cookie = company.cookie("dora");
    let record = company.client.send(Ask::get("/api/v1/records/paper/PAP-0001").cookie(&cookie)).json();
    let typed = &document["components"]["schemas"]["record.paper"];
    assert_eq!(schema::faults(&document, typed, &record), Vec::<String>::new());
    let mut other = record;
    other["fields"]["grade"] = json!(9);
    assert_eq!(schema::faults(&document, typed, &other).len(), 1);
}

#[test]
fn frs_api_014_the_page_shows_every_operation_and_loads_nothing() {
    let test = sqlite_migrated(kernel::MIGRATIONS);
    let company = Company::new(&test);
    let reply = company.client.send(Ask::get("/api").cookie(&company.cookie("olga")));
    assert_eq!((reply.status, reply.header("content-type")), (200, "text/html; charset=utf-8"));
    let page = reply.text();
    for (path, method, operation) in operations(&company.document()) {
        let id = format!("id=\"{}\"", operation["operationId"].as_str().unwrap());
        assert!(page.contains(&id), "{method} {path}");
    }
    for loaded in ["<script", "<link", "<img", "http://", "https://", "style="] {
        assert!(!page.contains(loaded), "{loaded}");
    }
    assert!(page.contains("<html lang=\"en\">") && page.contains("<h1>"));
}

#[test]
fn every_endpoint_fulfils_a_written_requirement() {
    let test = sqlite_migrated(kernel::MIGRATIONS);
    let company = Company::new(&test);
    let written = include_str!("../../../../docs/requirements/kernel/api.toml");
    for endpoint in api::endpoint::all(&company.state).iter().filter(|endpoint| endpoint.requirement.starts_with("FRS-API")) {
        assert!(written.contains(&format!("id = \"{}\"", endpoint.requirement)), "{} names {}", endpoint.name(), endpoint.requirement);
    }
}

#[test]
fn frs_api_014_an_address_of_one_kind_has_all_the_methods_that_are_answered_there() {
    let test = sqlite_migrated(kernel::MIGRATIONS);
    let company = Company::new(&test);
    let document = company.document();
    let paths = document["paths"].as_object().unwrap();
    let methods = |path: &str| paths[path].as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    let mut compared = 0;
    for kind in company.world.kernel.catalog().unwrap().kinds() {
        let of_kind = format!("/api/v1/records/{}", kind.name);
        for path in paths.keys().filter(|path| !path.contains("/steps/")) {
            if let Some(rest) = path.strip_prefix(&of_kind).filter(|rest| rest.is_empty() || rest.starts_with('/')) {
                assert_eq!(methods(path), methods(&format!("/api/v1/records/{{kind}}{rest}")), "{path}");
                compared += 1;
            }
        }
    }
    assert!(compared > 10, "{compared}");
}
