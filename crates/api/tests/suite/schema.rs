//! Holds JSON to a schema of the document: the part of JSON Schema that the document uses, and a
//! failure for any word it does not know, so that no constraint is passed over in silence.

use serde_json::Value as Json;

/// What is wrong with a value, by place. Empty when it fits.
pub fn faults(document: &Json, schema: &Json, value: &Json) -> Vec<String> {
    let mut found = Vec::new();
    check(document, schema, value, "$", &mut found);
    found
}

const NOTES: [&str; 5] = ["title", "description", "example", "examples", "required"];

fn check(document: &Json, schema: &Json, value: &Json, place: &str, found: &mut Vec<String>) {
    let words = schema.as_object().unwrap_or_else(|| panic!("no schema at {place}: {schema}"));
    for (word, limit) in words {
        let fits = match word.as_str() {
            "$ref" => {
                let target = limit.as_str().unwrap().strip_prefix('#').unwrap();
                let target = document.pointer(target).unwrap_or_else(|| panic!("{target} is nowhere in the document"));
                check(document, target, value, place, found);
                true
            }
            "type" => match limit {
                Json::Array(sorts) => sorts.iter().any(|sort| is(value, sort)),
                sort => is(value, sort),
            },
            "enum" => limit.as_array().unwrap().contains(value),
            "const" => limit == value,
            "maxLength" => value.as_str().is_none_or(|text| text.chars().count() as u64 <= limit.as_u64().unwrap()),
            "maxItems" => value.as_array().is_none_or(|items| items.len() as u64 <= limit.as_u64().unwrap()),
            "minimum" => value.as_i64().is_none_or(|number| number >= limit.as_i64().unwrap()),
            "maximum" => value.as_i64().is_none_or(|number| number <= limit.as_i64().unwrap()),
            "format" => value.as_str().is_none_or(|text| formatted(limit.as_str().unwrap(), text)),
            "pattern" => value.as_str().is_none_or(|text| matches(limit.as_str().unwrap(), text)),
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(document, limit, item, &format!("{place}[{index}]"), found);
                }
                true
            }
            "properties" => {
                for (name, member) in value.as_object().into_iter().flatten() {
                    if let Some(schema) = limit.get(name) {
                        check(document, schema, member, &format!("{place}.{name}"), found);
                    }
                }
                true
            }
            "additionalProperties" => {
                assert_eq!(limit, false, "only false is known");
                for name in value.as_object().into_iter().flatten().map(|(name, _)| name) {
                    if words["properties"].get(name).is_none() {
                        found.push(format!("{place}.{name} is not in the schema"));
                    }
                }
                true
            }
            "allOf" => {
                limit.as_array().unwrap().iter().for_each(|part| check(document, part, value, place, found));
                true
            }
            "oneOf" => limit.as_array().unwrap().iter().filter(|part| faults(document, part, value).is_empty()).count() == 1,
            note if NOTES.contains(&note) => true,
            unknown => panic!("the word {unknown} at {place} is not known to this check"),
        };
        if !fits {
            found.push(format!("{place}: {value} does not fit {word} {limit}"));
        }
    }
    for name in words.get("required").and_then(Json::as_array).into_iter().flatten() {
        if value.is_object() && value.get(name.as_str().unwrap()).is_none() {
            found.push(format!("{place}.{} is missing", name.as_str().unwrap()));
        }
    }
}

fn is(value: &Json, sort: &Json) -> bool {
    match sort.as_str().unwrap() {
        "string" => value.is_string(),
        "integer" => value.is_i64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "object" => value.is_object(),
        "array" => value.is_array(),
        "null" => value.is_null(),
        other => panic!("the type {other} is not known to this check"),
    }
}

fn formatted(format: &str, text: &str) -> bool {
    match format {
        "uuid" => base::id::is_id(text),
        "date" => base::time::parse_date("x", text).is_ok(),
        "date-time" => base::Timestamp::parse(text).is_ok(),
        other => panic!("the format {other} is not known to this check"),
    }
}

fn matches(pattern: &str, text: &str) -> bool {
    match pattern {
        "^[0-9a-f]{64}$" => base::Digest::from_hex(text).is_some_and(|digest| digest.hex() == text),
        r"^-?[0-9]+(\.[0-9]+)?$" => text.trim_start_matches('-').split('.').all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit())),
        other => panic!("the pattern {other} is not known to this check"),
    }
}

#[test]
fn the_check_finds_what_does_not_fit() {
    let document = serde_json::json!({"a": {"type": "string", "maxLength": 2}});
    let schema = serde_json::json!({
        "type": "object",
        "properties": {"x": {"$ref": "#/a"}, "y": {"type": ["integer", "null"], "minimum": 1}, "z": {"type": "array", "items": {"enum": ["p"]}}},
        "required": ["x"],
        "additionalProperties": false,
    });
    let fits = |value: Json| faults(&document, &schema, &value).is_empty();
    assert!(fits(serde_json::json!({"x": "ab", "y": null, "z": ["p"]})));
    for bad in [r#"{"y": 1}"#, r#"{"x": "abc"}"#, r#"{"x": 1}"#, r#"{"x": "a", "y": 0}"#, r#"{"x": "a", "z": ["q"]}"#, r#"{"x": "a", "w": 1}"#, "[]"] {
        assert!(!fits(serde_json::from_str(bad).unwrap()), "{bad}");
    }
}
