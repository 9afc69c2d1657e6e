//! The text of a package, read name by name, so that every fault has its exact place and no name
//! is passed over in silence.

use super::fault::Faults;
use base::limits::{KEY_CHARS, PACKAGE_BYTES, PACKAGE_DEPTH, PACKAGE_VALUES, REASON_CHARS};
use toml::{Table, Value};

/// Reads the text as TOML within the limits of a package; an empty table where it cannot be read.
pub(super) fn parse(text: &str, faults: &Faults) -> Table {
    if text.len() > PACKAGE_BYTES {
        faults.add("text", format!("{} bytes, at most {PACKAGE_BYTES} are allowed", text.len()));
        return Table::new();
    }
    // The parser itself refuses to nest deeper than the stack allows.
    let table: Table = match text.parse() {
        Ok(table) => table,
        Err(error) => {
            let error: toml::de::Error = error;
            faults.add(place_of(text, error.span().map(|span| span.start)), error.message());
            return Table::new();
        }
    };
    let mut size = Size::default();
    for value in table.values() {
        size.measure(value, 1);
    }
    if size.depth > PACKAGE_DEPTH {
        faults.add("text", format!("tables and lists are nested {} deep, at most {PACKAGE_DEPTH} levels are allowed", size.depth));
    }
    if size.values > PACKAGE_VALUES {
        faults.add("text", format!("{} values, at most {PACKAGE_VALUES} are allowed", size.values));
    }
    table
}

/// `line 3, column 7`; the whole text where the parser does not say.
fn place_of(text: &str, offset: Option<usize>) -> String {
    let Some(before) = offset.and_then(|offset| text.get(..offset)) else { return "text".to_owned() };
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |line| line.chars().count()) + 1;
    format!("line {line}, column {column}")
}

#[derive(Default)]
struct Size {
    values: usize,
    depth: usize,
}

impl Size {
    fn measure(&mut self, value: &Value, depth: usize) {
        self.values += 1;
        self.depth = self.depth.max(depth);
        match value {
            Value::Array(list) => list.iter().for_each(|inner| self.measure(inner, depth + 1)),
            Value::Table(table) => table.values().for_each(|inner| self.measure(inner, depth + 1)),
            _ => {}
        }
    }
}

/// One table of the text. Each name is taken out as it is read; what is left over is unknown.
#[derive(Debug)]
pub(super) struct Entry<'f> {
    place: String,
    table: Table,
    asked: Vec<&'static str>,
    faults: &'f Faults,
}

impl<'f> Entry<'f> {
    pub(super) fn whole(table: Table, faults: &'f Faults) -> Self {
        Self { place: String::new(), table, asked: Vec::new(), faults }
    }

    /// Where this table stands: `signer[1]`.
    pub(super) fn place(&self) -> &str {
        &self.place
    }

    /// Where a value of it stands: `signer[1].role`.
    pub(super) fn at(&self, name: &str) -> String {
        match (self.place.as_str(), name) {
            ("", name) => name.to_owned(),
            (place, "") => place.to_owned(),
            (place, name) => format!("{place}.{name}"),
        }
    }

    pub(super) fn fault(&self, name: &str, text: impl Into<String>) {
        self.faults.add(self.at(name), text);
    }

    fn take(&mut self, name: &'static str) -> Option<Value> {
        self.asked.push(name);
        self.table.remove(name)
    }

    fn needed(&mut self, name: &'static str) -> Option<Value> {
        let value = self.take(name);
        if value.is_none() {
            self.fault(name, format!("“{name}” is missing"));
        }
        value
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.table.contains_key(name)
    }

    pub(super) fn is_text(&self, name: &str) -> bool {
        self.table.get(name).is_some_and(Value::is_str)
    }

    /// A line of text that must be there.
    pub(super) fn line(&mut self, name: &'static str, max_chars: usize) -> String {
        let Some(value) = self.needed(name) else { return String::new() };
        let cleaned = self.cleaned(name, value, max_chars);
        if cleaned.as_deref() == Some("") {
            self.fault(name, format!("“{name}” is empty"));
        }
        cleaned.unwrap_or_default()
    }

    /// A line of text that may be absent.
    pub(super) fn opt_line(&mut self, name: &'static str, max_chars: usize) -> Option<String> {
        let value = self.take(name)?;
        self.cleaned(name, value, max_chars).filter(|text| !text.is_empty())
    }

    /// Several lines of explanation that may be absent.
    pub(super) fn opt_block(&mut self, name: &'static str) -> String {
        match self.take(name) {
            None => String::new(),
            Some(Value::String(text)) => base::text::clean_block(name, &text, REASON_CHARS).map_err(|error| self.fault(name, plain(&error))).unwrap_or_default(),
            Some(_) => {
                self.fault(name, format!("“{name}” must be text"));
                String::new()
            }
        }
    }

    fn cleaned(&self, name: &str, value: Value, max_chars: usize) -> Option<String> {
        let Value::String(text) = value else {
            self.fault(name, format!("“{name}” must be text"));
            return None;
        };
        base::text::clean_line(name, &text, max_chars).map_err(|error| self.fault(name, plain(&error))).ok()
    }

    /// A name of lower-case letters, digits and underscores that must be there.
    pub(super) fn key(&mut self, name: &'static str) -> String {
        match self.needed(name) {
            Some(value) => self.as_key(name, value).unwrap_or_default(),
            None => String::new(),
        }
    }

    pub(super) fn opt_key(&mut self, name: &'static str) -> Option<String> {
        let value = self.take(name)?;
        self.as_key(name, value)
    }

    /// A name that the package gives itself, with the mark that it is its own.
    pub(super) fn own_key(&mut self, name: &'static str) -> String {
        let key = self.key(name);
        if !key.is_empty() && !key.starts_with(super::OWN) {
            self.fault(name, format!("“{key}” is given by this package, so it begins with {}", super::OWN));
        }
        key
    }

    fn as_key(&self, name: &str, value: Value) -> Option<String> {
        let Value::String(text) = value else {
            self.fault(name, format!("“{name}” must be text"));
            return None;
        };
        let plain = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        if plain && text.len() <= KEY_CHARS && text.starts_with(|first: char| first.is_ascii_lowercase()) {
            return Some(text);
        }
        let shown: String = text.chars().take(KEY_CHARS).filter(|c| !c.is_control()).collect();
        self.fault(name, format!("“{shown}” is no name: 1 to {KEY_CHARS} of a–z, 0–9 and _, a letter first"));
        None
    }

    /// A list of names; empty when it is absent.
    pub(super) fn keys(&mut self, name: &'static str) -> Vec<String> {
        match self.take(name) {
            None => Vec::new(),
            Some(Value::Array(list)) => {
                let named = list.into_iter().enumerate();
                named.filter_map(|(index, value)| self.as_key(&format!("{name}[{index}]"), value)).collect()
            }
            Some(_) => {
                self.fault(name, format!("“{name}” must be a list of names"));
                Vec::new()
            }
        }
    }

    /// A list of names of which there must be one.
    pub(super) fn some_keys(&mut self, name: &'static str) -> Vec<String> {
        let absent_or_empty = self.table.get(name).is_none_or(|value| value.as_array().is_some_and(Vec::is_empty));
        if absent_or_empty {
            self.fault(name, format!("“{name}” must name at least one"));
        }
        self.keys(name)
    }

    pub(super) fn flag(&mut self, name: &'static str, absent: bool) -> bool {
        match self.take(name) {
            None => absent,
            Some(Value::Boolean(flag)) => flag,
            Some(_) => {
                self.fault(name, format!("“{name}” must be true or false"));
                absent
            }
        }
    }

    pub(super) fn int(&mut self, name: &'static str, least: i64, most: i64) -> Option<i64> {
        match self.take(name)? {
            Value::Integer(number) if (least..=most).contains(&number) => Some(number),
            Value::Integer(number) => {
                self.fault(name, format!("“{name}” must be from {least} to {most}, not {number}"));
                None
            }
            _ => {
                self.fault(name, format!("“{name}” must be a whole number"));
                None
            }
        }
    }

    /// A whole number that must be there; `least` where it is not.
    pub(super) fn needed_int(&mut self, name: &'static str, least: i64, most: i64) -> i64 {
        if !self.has(name) {
            self.fault(name, format!("“{name}” is missing"));
        }
        self.int(name, least, most).unwrap_or(least)
    }

    /// One of a few words; `None` when it is absent or none of them.
    pub(super) fn opt_word<T: Copy>(&mut self, name: &'static str, words: &[(&str, T)]) -> Option<T> {
        let value = self.take(name)?;
        self.as_word(name, &value, words)
    }

    pub(super) fn word<T: Copy>(&mut self, name: &'static str, words: &[(&str, T)]) -> Option<T> {
        let value = self.needed(name)?;
        self.as_word(name, &value, words)
    }

    /// A list of some of a few words.
    pub(super) fn some_words<T: Copy>(&mut self, name: &'static str, words: &[(&str, T)]) -> Vec<T> {
        let Some(value) = self.needed(name) else { return Vec::new() };
        let Value::Array(list) = value else {
            self.fault(name, format!("“{name}” must be a list"));
            return Vec::new();
        };
        if list.is_empty() {
            self.fault(name, format!("“{name}” must name at least one"));
        }
        list.iter().enumerate().filter_map(|(index, value)| self.as_word(&format!("{name}[{index}]"), value, words)).collect()
    }

    fn as_word<T: Copy>(&self, name: &str, value: &Value, words: &[(&str, T)]) -> Option<T> {
        let found = value.as_str().and_then(|text| words.iter().find(|(word, _)| *word == text));
        if found.is_none() {
            let known: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            self.fault(name, format!("must be one of: {}", known.join(", ")));
        }
        found.map(|(_, meaning)| *meaning)
    }

    /// A table inside this one.
    pub(super) fn table(&mut self, name: &'static str) -> Option<Entry<'f>> {
        let place = self.at(name);
        match self.take(name)? {
            Value::Table(table) => Some(Entry { place, table, asked: Vec::new(), faults: self.faults }),
            _ => {
                self.fault(name, format!("“{name}” must be a table"));
                None
            }
        }
    }

    /// The tables of a list (`[[name]]`); empty when it is absent.
    pub(super) fn tables(&mut self, name: &'static str) -> Vec<Entry<'f>> {
        let faults = self.faults;
        let list = match self.take(name) {
            None => return Vec::new(),
            Some(Value::Array(list)) => list,
            Some(_) => {
                self.fault(name, format!("“{name}” must be a list of tables: [[{name}]]"));
                return Vec::new();
            }
        };
        let mut tables = Vec::with_capacity(list.len());
        for (index, value) in list.into_iter().enumerate() {
            let place = self.at(&format!("{name}[{index}]"));
            match value {
                Value::Table(table) => tables.push(Entry { place, table, asked: Vec::new(), faults }),
                _ => faults.add(place, "must be a table"),
            }
        }
        tables
    }

    /// Names and texts of this table, whatever the names.
    pub(super) fn all_lines(mut self, max_chars: usize) -> Vec<(String, String, String)> {
        let table = std::mem::take(&mut self.table);
        let mut lines = Vec::with_capacity(table.len());
        for (name, value) in table {
            let place = self.at(&name);
            if value.is_table() {
                self.faults.add(place, format!("must be text; a name with points stands in quotes: \"{name}.…\" = \"…\""));
            } else if let Some(text) = self.cleaned(&name, value, max_chars) {
                lines.push((place, name, text));
            }
        }
        lines
    }

    /// Everything was read: what is left over nobody knows.
    pub(super) fn done(self) {
        for name in self.table.keys() {
            let shown: String = name.chars().take(KEY_CHARS).collect();
            self.faults.add(self.at(&shown), format!("“{shown}” is not known here; known are: {}", self.asked.join(", ")));
        }
    }
}

/// A refusal's sentence without its place, which stands in front already.
fn plain(error: &base::Error) -> String {
    error.refusal().map_or_else(|| error.to_string(), |refusal| refusal.message.clone())
}
