//! The regulated tables, declared once: their columns, their key, and how a row becomes the bytes
//! that the trail covers.
//!
//! Writing goes through these declarations ([`crate::trail::WriteTx`]), so that no row changes
//! without its event. A domain with typed tables of its own (structure lines, quiz attempts)
//! declares them the same way.

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

const RECORD_COLUMNS: &[Column] = &[
    text("id"),
    text("item"),
    text("kind"),
    text("number"),
    text("revision"),
    text("title"),
    text("state"),
    text("phase"),
    text("site"),
    text("owner"),
    text("due_date"),
    text("effective_on"),
    int("version"),
    text("fields"),
    text("detail"),
    text("digest"),
    int("created_at"),
    text("created_by"),
    int("changed_at"),
    text("changed_by"),
];

pub static ITEM: Table = Table {
    name: "item",
    key: "id",
    columns: &[text("id"), text("kind"), text("number"), text("number_fold"), text("site"), text("latest"), text("effective")],
};

pub static RECORD: Table = Table { name: "record", key: "id", columns: RECORD_COLUMNS };

/// Every version a record ever had; the same columns, the same images and the same events as
/// [`RECORD`].
pub static RECORD_VERSION: Table = Table { name: "record_version", key: "id", columns: RECORD_COLUMNS };

pub static LINK: Table = Table {
    name: "link",
    key: "id",
    columns: &[
        text("id"),
        text("kind"),
        text("source"),
        text("source_item"),
        text("target"),
        text("target_item"),
        bool("suspect"),
        text("suspect_why"),
        int("from_at"),
        int("to_at"),
    ],
};

pub static OBLIGATION: Table = Table {
    name: "obligation",
    key: "id",
    columns: &[
        text("id"),
        text("sort"),
        text("record"),
        text("item"),
        text("step"),
        text("person"),
        text("role"),
        text("site"),
        text("via"),
        text("cause"),
        text("task"),
        text("due_date"),
        text("state"),
        int("raised_at"),
        int("closed_at"),
        text("closed_by"),
        text("signature"),
        text("outcome"),
    ],
};

pub static CLOCK: Table = Table {
    name: "clock",
    key: "id",
    columns: &[
        text("id"),
        text("record"),
        text("rule"),
        text("zone"),
        int("started_at"),
        text("original_due"),
        text("due_date"),
        text("state"),
        int("stopped_at"),
    ],
};

pub static DECISION: Table = Table {
    name: "decision",
    key: "id",
    columns: &[
        text("id"),
        text("record"),
        text("tree"),
        text("tree_version"),
        text("answers"),
        text("outcome"),
        int("decided_at"),
        text("decided_by"),
        int("replaced_at"),
    ],
};

pub static HOLD: Table = Table {
    name: "hold",
    key: "id",
    columns: &[
        text("id"),
        text("record"),
        text("why"),
        int("placed_at"),
        text("placed_by"),
        int("lifted_at"),
        text("lifted_by"),
        text("lifted_why"),
    ],
};

pub static ATTACHMENT: Table = Table {
    name: "attachment",
    key: "id",
    columns: &[
        text("id"),
        text("record"),
        text("name"),
        text("media_type"),
        text("digest"),
        int("size_bytes"),
        int("added_at"),
        int("removed_at"),
    ],
};

pub static SIGNATURE: Table = Table {
    name: "signature",
    key: "id",
    columns: &[
        text("id"),
        text("record"),
        int("version"),
        text("digest"),
        text("step"),
        text("meaning"),
        text("role"),
        text("person"),
        text("printed_name"),
        text("zone"),
        int("signed_at"),
        text("challenge"),
        text("obligation"),
        int("utc_offset"),
        text("zone_shown"),
    ],
};

pub static DOSSIER: Table = Table {
    name: "dossier",
    key: "id",
    columns: &[
        text("id"),
        text("record"),
        text("name"),
        text("entries"),
        text("digest"),
        int("entry_count"),
        int("frozen_at"),
        text("frozen_by"),
    ],
};

pub static PERSON: Table = Table {
    name: "person",
    key: "id",
    columns: &[
        text("id"),
        text("login"),
        text("login_fold"),
        bool("active"),
        text("identity_verified"),
        text("zone"),
        text("personal_digest"),
        text("pd_name"),
        text("pd_email"),
        bytes("pd_salt"),
    ],
};

pub static CREDENTIAL: Table = Table {
    name: "credential",
    key: "id",
    columns: &[text("id"), text("sec_hash"), bool("must_change"), int("set_at")],
};

pub static ROLE_GRANT: Table = Table {
    name: "role_grant",
    key: "id",
    columns: &[text("id"), text("person"), text("role"), text("site"), int("from_at"), int("to_at")],
};

pub static SESSION: Table = Table {
    name: "session",
    key: "id",
    columns: &[text("id"), text("person"), text("sec_token"), int("opened_at"), int("closed_at")],
};

pub static TOKEN: Table = Table {
    name: "token",
    key: "id",
    columns: &[
        text("id"),
        text("person"),
        text("name"),
        text("sec_token"),
        int("made_at"),
        int("expires_at"),
        int("revoked_at"),
    ],
};

/// Attempts that the rules refused and somebody should know of (21 CFR 11.300(d)).
pub static SECURITY_EVENT: Table = Table {
    name: "security_event",
    key: "id",
    columns: &[text("id"), text("what"), text("person"), text("detail"), int("noticed_at")],
};

pub static CONFIGURATION: Table = Table {
    name: "configuration",
    key: "revision",
    columns: &[int("revision"), text("package"), text("text"), int("since_at")],
};

/// The kernel's regulated tables; domains add theirs through their module.
pub static TABLES: &[&Table] = &[
    &ITEM,
    &RECORD,
    &RECORD_VERSION,
    &LINK,
    &OBLIGATION,
    &CLOCK,
    &DECISION,
    &HOLD,
    &ATTACHMENT,
    &SIGNATURE,
    &DOSSIER,
    &PERSON,
    &CREDENTIAL,
    &ROLE_GRANT,
    &SESSION,
    &TOKEN,
    &SECURITY_EVENT,
    &CONFIGURATION,
];

/// `a`, `a or b`, `a, b or c`.
pub fn text_list(parts: &[&str], last: &str) -> String {
    match parts {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [head @ .., tail] => format!("{} {last} {tail}", head.join(", ")),
    }
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
