//! The API document as a page: the same source, read by people. Plain semantic HTML without
//! scripts; whoever shows it puts it into a frame of their own.

use crate::State;
use base::Result;
use maud::{DOCTYPE, Markup, html};
use serde_json::Value as Json;

/// The page's content for a server: its catalog in force and every endpoint it answers.
pub fn reference_page(state: &State) -> Result<Markup> {
    let catalog = state.kernel.catalog()?;
    Ok(page(&crate::openapi::document(&catalog, &crate::endpoint::all(state))))
}

/// The page's content from the whole document of a server.
fn page(document: &Json) -> Markup {
    let tags: Vec<&Json> = document["tags"].as_array().into_iter().flatten().collect();
    let operations = operations(document);
    html! {
        h1 { (text(&document["info"]["title"])) " API" }
        p { (text(&document["info"]["description"])) }
        p { "Version " (text(&document["info"]["version"])) ", configuration " (document["x-configuration-revision"]) ". The same as a document for programs: " a href="/api/v1/openapi.json" { "/api/v1/openapi.json" } "." }
        h2 { "Who asks" }
        dl {
            @for (name, scheme) in document["components"]["securitySchemes"].as_object().into_iter().flatten() {
                dt { code { (name) } }
                dd { (text(&scheme["description"])) }
            }
        }
        nav aria-label="Sections" {
            ul {
                @for tag in &tags {
                    li { a href={ "#" (anchor(text(&tag["name"]))) } { (text(&tag["name"])) } }
                }
            }
        }
        @for tag in &tags {
            @let name = text(&tag["name"]);
            section aria-labelledby=(anchor(name)) {
                h2 id=(anchor(name)) { (name) }
                p { (text(&tag["description"])) }
                @for (path, method, operation) in operations.iter().filter(|(_, _, operation)| operation["tags"][0] == tag["name"]) {
                    (operation_block(document, path, method, operation))
                }
            }
        }
    }
}

/// A page of its own, for a server without other pages.
pub fn whole(content: Markup) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Plumb API" }
            }
            body { main { (content) } }
        }
    }
    .into_string()
}

fn text(value: &Json) -> &str {
    value.as_str().unwrap_or("")
}

fn anchor(name: &str) -> String {
    name.to_lowercase().chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect()
}

fn operations(document: &Json) -> Vec<(&str, &str, &Json)> {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().into_iter().flatten();
            methods.map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
        })
        .collect()
}

fn operation_block(document: &Json, path: &str, method: &str, operation: &Json) -> Markup {
    let parameters: Vec<&Json> = operation["parameters"].as_array().into_iter().flatten().map(|parameter| followed(document, parameter)).collect();
    let body = &operation["requestBody"]["content"]["application/json"]["schema"];
    html! {
        article id=(text(&operation["operationId"])) {
            h3 { code { (method.to_uppercase()) " " (path) } }
            p { strong { (text(&operation["summary"])) } }
            p { (text(&operation["description"])) }
            @if !parameters.is_empty() {
                table {
                    caption { "Parameters" }
                    thead { tr { th scope="col" { "Name" } th scope="col" { "In" } th scope="col" { "What" } th scope="col" { "Value" } } }
                    tbody {
                        @for parameter in parameters {
                            tr {
                                th scope="row" { code { (text(&parameter["name"])) } @if parameter["required"] == true { " (needed)" } }
                                td { (text(&parameter["in"])) }
                                td { (text(&parameter["description"])) }
                                td { (sort_of(&parameter["schema"])) }
                            }
                        }
                    }
                }
            }
            @if !body.is_null() { (members(document, "Body", body)) }
            p {
                "Answers "
                @for (index, status) in operation["responses"].as_object().into_iter().flatten().map(|(status, _)| status).enumerate() {
                    @if index > 0 { ", " }
                    code { (status) }
                }
                "."
            }
        }
    }
}

/// What a reference leads to.
fn followed<'a>(document: &'a Json, value: &'a Json) -> &'a Json {
    match value["$ref"].as_str().and_then(|place| place.strip_prefix('#')) {
        Some(place) => document.pointer(place).unwrap_or(value),
        None => value,
    }
}

/// The members of an object, and of the objects in it, by their path.
fn members(document: &Json, caption: &str, schema: &Json) -> Markup {
    let mut rows = Vec::new();
    gather(document, schema, "", &mut rows);
    html! {
        table {
            caption { (caption) }
            thead { tr { th scope="col" { "Member" } th scope="col" { "What" } th scope="col" { "Value" } } }
            tbody {
                @for (name, needed, schema) in rows {
                    tr {
                        th scope="row" { code { (name) } @if needed { " (needed)" } }
                        td { (text(&schema["title"])) @if !schema["title"].is_null() && !schema["description"].is_null() { ": " } (text(&schema["description"])) }
                        td { (sort_of(schema)) }
                    }
                }
            }
        }
    }
}

fn gather<'a>(document: &'a Json, schema: &'a Json, prefix: &str, rows: &mut Vec<(String, bool, &'a Json)>) {
    let schema = followed(document, schema);
    let needed: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        let member = followed(document, member);
        let path = format!("{prefix}{name}");
        rows.push((path.clone(), needed.contains(&name.as_str()), member));
        gather(document, member, &format!("{path}."), rows);
    }
}

/// A schema in a few words.
fn sort_of(schema: &Json) -> String {
    let mut words = match &schema["type"] {
        Json::String(sort) => sort.clone(),
        Json::Array(sorts) => sorts.iter().map(text).collect::<Vec<_>>().join(" or "),
        _ => String::new(),
    };
    let mut add = |more: String| {
        if !words.is_empty() {
            words.push_str(", ");
        }
        words.push_str(&more);
    };
    if let Some(values) = schema["enum"].as_array() {
        let values: Vec<_> = values.iter().filter_map(Json::as_str).collect();
        add(format!("one of {}", values.join(", ")));
    }
    if let Some(most) = schema["maxLength"].as_u64() {
        add(format!("at most {most} characters"));
    }
    if let (Some(min), Some(max)) = (schema["minimum"].as_i64(), schema["maximum"].as_i64()) {
        add(format!("from {min} to {max}"));
    }
    if let Some(format) = schema["format"].as_str() {
        add(format.to_owned());
    }
    words
}
