//! Every table is named together with its tenant.
//!
//! Each `select` (both arms of a recursive one, and every subquery) and each change names `tenant`
//! at least as often as it names tables: once for each table, be it with `= $1`, in a join, or
//! among the columns of an insert. That is what spreading the data by tenant asks for, and what
//! keeps one customer from seeing another's rows.

use crate::lexer::{Kind, Token};

/// Tables that belong to the engine, or to no tenant.
fn is_exempt(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name == "schema_migration" || ["sqlite_", "pg_", "pragma_", "information_schema"].iter().any(|start| name.starts_with(start))
}

#[derive(Default)]
struct Scope<'a> {
    tables: Vec<&'a str>,
    mentions: usize,
}

impl Scope<'_> {
    fn close(&mut self, found: &mut Vec<String>) {
        if self.mentions < self.tables.len() {
            found.push(format!("each of the tables {} is named with its tenant", self.tables.join(", ")));
        }
        *self = Self::default();
    }
}

pub(super) fn check(all: &[Token<'_>], found: &mut Vec<String>) {
    let with_names = names_of_with(all);
    let mut scopes = vec![Scope::default()];
    // For each open bracket, whether it opened a scope.
    let mut brackets = Vec::new();
    for (place, token) in all.iter().enumerate() {
        if token.is_sign("(") {
            let opens = all.get(place + 1).is_some_and(|next| ["select", "with", "values"].iter().any(|word| next.is_word(word)));
            brackets.push(opens);
            if opens {
                scopes.push(Scope::default());
            }
        } else if token.is_sign(")") {
            if brackets.pop() == Some(true)
                && let Some(mut inner) = scopes.pop()
            {
                inner.close(found);
            }
        } else if let Some(scope) = scopes.last_mut() {
            if ["union", "except", "intersect"].iter().any(|word| token.is_word(word)) {
                scope.close(found);
            } else if token.is_word("tenant") {
                scope.mentions += 1;
            }
            scope.tables.extend(tables_after(all, place).into_iter().filter(|name| !is_exempt(name) && !with_names.contains(name)));
        }
    }
    for mut scope in scopes {
        scope.close(found);
    }
}

/// `with a as (…), b (x, y) as (…)`: names that are no tables.
fn names_of_with<'a>(all: &[Token<'a>]) -> Vec<&'a str> {
    let mut names = Vec::new();
    for (place, token) in all.iter().enumerate() {
        let begins = token.is_word("with") || token.is_word("recursive") || token.is_sign(",");
        let Some(name) = all.get(place + 1).filter(|name| begins && name.kind == Kind::Word) else { continue };
        let mut after = place + 2;
        if all.get(after).is_some_and(|open| open.is_sign("(")) {
            // The list of its columns.
            after += all.iter().skip(after).position(|close| close.is_sign(")")).unwrap_or(0) + 1;
        }
        let defined = all.get(after).is_some_and(|word| word.is_word("as")) && all.get(after + 1).is_some_and(|open| open.is_sign("("));
        if defined {
            names.push(name.text);
        }
    }
    names
}

/// The tables that a `from`, `join`, `into`, `update` or `using` at this place names.
fn tables_after<'a>(all: &[Token<'a>], place: usize) -> Vec<&'a str> {
    let Some(word) = all.get(place) else { return Vec::new() };
    let before = |word: &str| place.checked_sub(1).and_then(|place| all.get(place)).is_some_and(|before| before.is_word(word));
    let names_tables = (word.is_word("from") && !before("distinct"))
        || word.is_word("join")
        || word.is_word("into")
        || (word.is_word("update") && !before("do") && !before("for"))
        || (word.is_word("using") && all.get(place + 1).is_some_and(|next| next.kind == Kind::Word));
    if !names_tables {
        return Vec::new();
    }
    let mut names = Vec::new();
    let mut at = place + 1;
    while let Some(name) = all.get(at).filter(|name| name.kind == Kind::Word) {
        let is_function = all.get(at + 1).is_some_and(|next| next.is_sign("(")) && !word.is_word("into");
        if !is_function {
            names.push(name.text);
        }
        // `from a as x, b y`: over the alias to the comma.
        let alias = |at: usize| all.get(at).is_some_and(|alias| alias.kind == Kind::Word);
        at += 1;
        if all.get(at).is_some_and(|word| word.is_word("as")) {
            at += 1;
        }
        if alias(at) && !all.get(at).is_some_and(|comma| comma.is_sign(",")) && all.get(at + 1).is_some_and(|comma| comma.is_sign(",")) {
            at += 1;
        }
        if !(word.is_word("from") && all.get(at).is_some_and(|comma| comma.is_sign(","))) {
            break;
        }
        at += 1;
    }
    names
}
