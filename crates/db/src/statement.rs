//! Statements: fixed ones written as literals, and lists whose WHERE is put together from parts.

use crate::lexer::{self, Kind};
use crate::value::Value;
use base::{Error, Result};

/// A statement written as a literal in the source. A check reads every `sql("…")` in the
/// workspace, lints it and prepares it on both engines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sql(&'static str);

/// Names a statement. Placeholders are `$1`, `$2`, …, in the order of their first appearance.
pub const fn sql(text: &'static str) -> Sql {
    Sql(text)
}

impl Sql {
    pub fn text(self) -> &'static str {
        self.0
    }
}

/// How a statement's text came to be, which decides how it is prepared.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Text<'a> {
    /// A literal: prepared once for each connection.
    Fixed(&'static str),
    /// Generated from a table declaration: few different ones, prepared once as well.
    Generated(&'a str),
    /// Put together for one request: many different ones, so PostgreSQL does not keep them.
    Passing(&'a str),
}

impl Text<'_> {
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Fixed(text) => text,
            Self::Generated(text) | Self::Passing(text) => text,
        }
    }
}

/// The most values of one `in (…)`.
pub const LIST_VALUES: usize = 500;

/// A statement whose parts depend on the request: filters of a list, cursors, chosen columns.
/// Parts are literals from the source, values only ever travel as placeholders.
#[derive(Debug, Clone)]
pub struct Query {
    text: String,
    params: Vec<Value>,
    fault: Option<String>,
}

impl Query {
    /// Starts with a text without placeholders.
    pub fn new(start: Sql) -> Self {
        Self::with(start, Vec::new())
    }

    /// Starts with a text whose placeholders `$1`…`$n` take `params`. A start that is a complete
    /// statement (`select … where tenant = $1`) can be linted and prepared by the nets; half of one
    /// cannot.
    pub fn with(start: Sql, params: Vec<Value>) -> Self {
        Self { text: start.text().to_owned(), params, fault: None }
    }

    /// Appends a part of the text.
    pub fn push(&mut self, part: &'static str) -> &mut Self {
        self.text.push_str(part);
        self
    }

    /// Appends the next placeholder, standing for `value`.
    pub fn bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.params.push(value.into());
        self.text.push_str(&format!("${}", self.params.len()));
        self
    }

    /// Appends a part of the text and behind it a placeholder for `value`.
    pub fn push_bind(&mut self, part: &'static str, value: impl Into<Value>) -> &mut Self {
        self.push(part).bind(value)
    }

    /// Appends `prefix` (for example `and phase in`) and the values as a list in brackets. An
    /// empty list matches nothing, also behind `not in`. More than [`LIST_VALUES`] values are a
    /// fault that shows when the query is run: the caller goes in chunks.
    pub fn push_list(&mut self, prefix: &'static str, values: Vec<Value>) -> &mut Self {
        if values.len() > LIST_VALUES {
            self.fault = Some(format!("a list of {} values, at most {LIST_VALUES} are allowed", values.len()));
            return self;
        }
        self.text.push_str(prefix);
        self.text.push_str(" (");
        if values.is_empty() {
            self.text.push_str("null");
        }
        for (place, value) in values.into_iter().enumerate() {
            if place > 0 {
                self.text.push_str(", ");
            }
            self.bind(value);
        }
        self.text.push(')');
        self
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn params(&self) -> &[Value] {
        &self.params
    }

    /// The error of a query that was put together wrongly.
    pub(crate) fn check(&self) -> Result<()> {
        match &self.fault {
            Some(fault) => Err(Error::internal(format!("{fault}, in: {}", shorten(&self.text)))),
            None => Ok(()),
        }
    }
}

/// `$n` becomes `?n`: in SQLite `$n` is a name, numbered by first appearance.
pub(crate) fn for_sqlite(sql: &str) -> String {
    let mut text = String::with_capacity(sql.len());
    let mut done = 0;
    for token in lexer::tokens(sql) {
        if matches!(token.kind, Kind::Placeholder(_)) {
            text.push_str(sql.get(done..token.start).unwrap_or_default());
            text.push('?');
            done = token.start + 1;
        }
    }
    text.push_str(sql.get(done..).unwrap_or_default());
    text
}

/// A table or column name that goes into generated text.
pub(crate) fn check_name(name: &str) -> Result<&str> {
    let plain = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if plain && name.starts_with(|c: char| c.is_ascii_lowercase()) {
        Ok(name)
    } else {
        Err(Error::internal(format!("`{name}` is not a plain table or column name")))
    }
}

/// A statement short enough for a log line.
pub(crate) fn shorten(sql: &str) -> String {
    const SHOWN: usize = 240;
    let mut words = sql.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((cut, _)) = words.char_indices().nth(SHOWN) {
        words.truncate(cut);
        words.push('…');
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_rewritten_outside_of_literals_only() {
        assert_eq!(for_sqlite("select $2, '$1', $10 /* $3 */"), "select ?2, '$1', ?10 /* $3 */");
        assert_eq!(for_sqlite("select 1"), "select 1");
    }

    #[test]
    fn a_query_numbers_its_placeholders_as_they_come() {
        let mut query = Query::with(sql("select id from record where tenant = $1"), vec!["t".into()]);
        query.push_bind(" and kind = ", "capa").push_list(" and phase in", vec!["a".into(), "b".into()]);
        query.push(" limit ").bind(5);
        assert_eq!(
            query.text(),
            "select id from record where tenant = $1 and kind = $2 and phase in ($3, $4) limit $5"
        );
        assert_eq!(query.params().len(), 5);
        assert!(query.check().is_ok());
    }

    #[test]
    fn a_list_may_hold_500_values_and_not_one_more() {
        let values = |count: i64| (0..count).map(Value::Int).collect::<Vec<_>>();
        assert!(Query::new(sql("a in")).push_list("", values(500)).check().is_ok());
        assert!(Query::new(sql("a in")).push_list("", values(501)).check().is_err());
        assert_eq!(Query::new(sql("a in")).push_list("", values(0)).text(), "a in (null)");
    }

    #[test]
    fn only_plain_names_go_into_generated_text() {
        assert!(check_name("record_version").is_ok());
        assert!(check_name("record; drop table x").is_err());
        assert!(check_name("Record").is_err());
        assert!(check_name("").is_err());
    }
}
