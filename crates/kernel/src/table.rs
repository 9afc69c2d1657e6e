//! The regulated tables, declared once: their columns, their key, and how a row becomes the bytes
//! that the trail covers.
//!
//! Writing goes through these declarations ([`crate::trail::WriteTx`]), so that no row changes
//! without its event. A domain with typed tables of its own (structure lines, quiz attempts)
//! declares them the same way.

mod regulated;

pub use regulated::*;

use base::Digest;
use base::digest::Canonical;
use db::{ColumnType, Value};
use serde_json::{Map, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// A regulated table. Every one has the columns `tenant`, `at_tx` and `at_ord` besides `columns`.
#[derive(Debug)]
pub struct Table {
    pub name: &'static str,
    /// The column that, with the tenant, identifies a row.
    pub key: &'static str,
    pub columns: &'static [Column],
}

#[derive(Debug, Clone, Copy)]
pub struct Column {
    pub name: &'static str,
    pub sort: ColumnType,
}

pub const fn text(name: &'static str) -> Column {
    Column { name, sort: ColumnType::Text }
}

pub const fn int(name: &'static str) -> Column {
    Column { name, sort: ColumnType::Int }
}

pub const fn bool(name: &'static str) -> Column {
    Column { name, sort: ColumnType::Bool }
}

pub const fn bytes(name: &'static str) -> Column {
    Column { name, sort: ColumnType::Bytes }
}

/// A row as names and values, without the tenant and the pointer to its event.
pub type Values = BTreeMap<&'static str, Value>;

/// Builds [`Values`] from pairs.
pub fn values<const N: usize>(pairs: [(&'static str, Value); N]) -> Values {
    pairs.into_iter().collect()
}

impl Table {
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The row image: SHA-256 over the columns in the order of their names, leaving out nulls,
    /// personal data (`pd_…`) and the pointer to the event. A column added later is null in old
    /// rows and so leaves their images as they were (`docs/FORMATS.md`).
    pub fn image(&self, row: &Values) -> Digest {
        let mut canonical = Canonical::new("PLUMB-ROW-1");
        canonical.text(self.name);
        for (name, value) in row {
            if name.starts_with("pd_") {
                continue;
            }
            match value {
                Value::Null => continue,
                Value::Bool(flag) => canonical.text(name).int(i64::from(*flag)),
                Value::Int(number) => canonical.text(name).int(*number),
                Value::Text(text) => canonical.text(name).text(text),
                Value::Bytes(bytes) => canonical.text(name).bytes(bytes),
            };
        }
        canonical.digest()
    }
}

/// What an event shows of a change: only what differs, column by column, and inside `fields`
/// field by field. Returns (before, after) as JSON text; `None` when there is nothing to show.
pub fn difference(before: Option<&Values>, after: &Values) -> (Option<String>, Option<String>) {
    let mut old_shown = Shown::default();
    let mut new_shown = Shown::default();
    for (name, new) in after {
        if name.starts_with("pd_") || name.starts_with("sec_") {
            continue;
        }
        let old = before.and_then(|row| row.get(name)).unwrap_or(&Value::Null);
        if old == new {
            continue;
        }
        if *name == "fields" {
            let (old_fields, new_fields) = field_difference(old, new);
            if before.is_some() {
                old_shown.put(name, &old_fields);
            }
            new_shown.put(name, &new_fields);
            continue;
        }
        if before.is_some() {
            old_shown.put_value(name, old);
        }
        new_shown.put_value(name, new);
    }
    (old_shown.finish(), new_shown.finish())
}

/// A JSON object written straight into its text: a release writes tens of thousands of them.
#[derive(Default)]
struct Shown(String);

impl Shown {
    fn put(&mut self, name: &str, value: &serde_json::Value) {
        self.name(name);
        let _ = write!(self.0, "{value}");
    }

    fn put_value(&mut self, name: &str, value: &Value) {
        self.name(name);
        let _ = match value {
            Value::Null => write!(self.0, "null"),
            Value::Bool(flag) => write!(self.0, "{flag}"),
            Value::Int(number) => write!(self.0, "{number}"),
            Value::Text(text) if is_plain(text) => write!(self.0, "\"{text}\""),
            Value::Text(text) => write!(self.0, "{}", json!(text)),
            Value::Bytes(bytes) => {
                self.0.push('"');
                for byte in bytes {
                    let _ = write!(self.0, "{byte:02x}");
                }
                self.0.write_char('"')
            }
        };
    }

    /// Names of columns are plain words.
    fn name(&mut self, name: &str) {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        let _ = write!(self.0, "\"{name}\":");
    }

    fn finish(mut self) -> Option<String> {
        if self.0.is_empty() {
            return None;
        }
        self.0.push('}');
        Some(self.0)
    }
}

/// Whether a text stands in JSON as it is.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\')
}

fn field_difference(old: &Value, new: &Value) -> (serde_json::Value, serde_json::Value) {
    let parse = |value: &Value| match value {
        Value::Text(text) => serde_json::from_str::<Map<String, serde_json::Value>>(text).unwrap_or_default(),
        _ => Map::new(),
    };
    let (old, new) = (parse(old), parse(new));
    let mut old_shown = Map::new();
    let mut new_shown = Map::new();
    for name in old.keys().chain(new.keys()) {
        if old.get(name) != new.get(name) {
            old_shown.insert(name.clone(), old.get(name).cloned().unwrap_or_default());
            new_shown.insert(name.clone(), new.get(name).cloned().unwrap_or_default());
        }
    }
    (old_shown.into(), new_shown.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_covers_every_value_but_personal_data_and_nulls() {
        let row = values([("id", "a".into()), ("login", "m.ortiz".into()), ("pd_name", "Maria Ortiz".into())]);
        let erased = values([("id", "a".into()), ("login", "m.ortiz".into()), ("pd_name", Value::Null)]);
        let renamed = values([("id", "a".into()), ("login", "m.ortis".into())]);
        assert_eq!(PERSON.image(&row), PERSON.image(&erased));
        assert_ne!(PERSON.image(&row), PERSON.image(&renamed));
    }

    #[test]
    fn a_difference_is_the_json_that_a_library_writes() {
        let row = values([
            ("a", true.into()),
            ("b", (-7).into()),
            ("c", "with \"quotes\", a \\ and\nlines — and é".into()),
            ("d", vec![0u8, 255].into()),
            ("e", "plain".into()),
        ]);
        let library = json!({ "a": true, "b": -7, "c": "with \"quotes\", a \\ and\nlines — and é", "d": "00ff", "e": "plain" });
        assert_eq!(difference(None, &row).1.unwrap(), library.to_string());
        assert_eq!(difference(Some(&row), &row), (None, None));
    }

    #[test]
    fn a_difference_shows_single_fields_and_never_a_secret() {
        let before = values([("fields", r#"{"severity":"low","text":"a"}"#.into()), ("sec_hash", "x".into())]);
        let after = values([("fields", r#"{"severity":"high","text":"a"}"#.into()), ("sec_hash", "y".into())]);
        let (old, new) = difference(Some(&before), &after);
        assert_eq!(old.unwrap(), r#"{"fields":{"severity":"low"}}"#);
        assert_eq!(new.unwrap(), r#"{"fields":{"severity":"high"}}"#);
    }
}
