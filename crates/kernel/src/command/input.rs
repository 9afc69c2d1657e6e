//! What a command takes: its declared fields, the check that holds an input to them, and reading it.

use super::CommandDef;
use base::{Error, Result};
use serde_json::Value as Json;

/// One field of a command's input, for the API document and the check of unknown fields.
#[derive(Debug, Clone, Copy)]
pub struct InputField {
    pub name: &'static str,
    pub sort: InputSort,
    pub required: bool,
    pub text: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputSort {
    Text,
    Integer,
    Flag,
    Object,
    List,
}

pub const fn needs(name: &'static str, sort: InputSort, text: &'static str) -> InputField {
    InputField { name, sort, required: true, text }
}

pub const fn takes(name: &'static str, sort: InputSort, text: &'static str) -> InputField {
    InputField { name, sort, required: false, text }
}

/// Refuses unknown, missing and wrongly typed fields of a command's input, naming them.
pub fn check_shape(definition: &CommandDef, input: &Json) -> Result<()> {
    let Some(object) = input.as_object() else {
        return Err(Error::invalid("input", "wrong_type", "the input is not a JSON object"));
    };
    for name in object.keys() {
        if !definition.input.iter().any(|field| field.name == name) {
            let known: Vec<_> = definition.input.iter().map(|field| field.name).collect();
            return Err(base::Refusal::new(base::RefusalKind::Invalid, "unknown_field", format!("there is no field “{name}” here"))
                .at(name.clone())
                .advise(format!("Known fields: {}.", known.join(", ")))
                .into());
        }
    }
    for field in &definition.input {
        let value = object.get(field.name).unwrap_or(&Json::Null);
        let fits = match (field.sort, value) {
            (_, Json::Null) => !field.required,
            (InputSort::Text, value) => value.is_string(),
            (InputSort::Integer, value) => value.is_i64(),
            (InputSort::Flag, value) => value.is_boolean(),
            (InputSort::Object, value) => value.is_object(),
            (InputSort::List, value) => value.is_array(),
        };
        if !fits && value.is_null() {
            return Err(Error::invalid(field.name, "missing_field", format!("“{}” is missing: {}", field.name, field.text)));
        }
        if !fits {
            return Err(Error::invalid(field.name, "wrong_type", format!("“{}” must be {}", field.name, field.sort.words())));
        }
    }
    Ok(())
}

impl InputSort {
    fn words(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "a whole number",
            Self::Flag => "true or false",
            Self::Object => "an object",
            Self::List => "a list",
        }
    }
}

/// Reads a required text from a checked input.
pub fn text_of<'a>(input: &'a Json, name: &str) -> Result<&'a str> {
    opt_text_of(input, name).ok_or_else(|| Error::invalid(name, "missing_field", format!("“{name}” is missing")))
}

/// Reads an optional text; an empty one counts as absent.
pub fn opt_text_of<'a>(input: &'a Json, name: &str) -> Option<&'a str> {
    input.get(name).and_then(Json::as_str).filter(|text| !text.is_empty())
}

/// Reads a required whole number from a checked input.
pub fn int_of(input: &Json, name: &str) -> Result<i64> {
    input.get(name).and_then(Json::as_i64).ok_or_else(|| Error::invalid(name, "missing_field", format!("“{name}” is missing")))
}

pub fn flag_of(input: &Json, name: &str) -> bool {
    input.get(name).and_then(Json::as_bool).unwrap_or(false)
}
