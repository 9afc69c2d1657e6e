//! Every statement in the sources: linted, and prepared on both engines against the real schema.

use crate::product::migrations;
use crate::sources::{rust_files, shown, test_files, text_of, tokens, walk, without_tests};
use proc_macro2::{Delimiter, Group, TokenTree};
use testkit::engines::{TestDatabase, postgres_migrated, sqlite_migrated};

/// A statement and where it stands.
struct Found {
    place: String,
    text: String,
}

/// What `sql("…")` holds, outside of tests and of the database crate, which speaks to each engine
/// about itself.
fn statements() -> Vec<Found> {
    let mut found = Vec::new();
    each_call(&["sql"], &mut |place, before, arguments| {
        let Some(text) = first_text(arguments) else {
            panic!("{place}: a statement is a literal in the source");
        };
        let text = if is_start_of_query(before) { closed(&text) } else { text };
        found.push(Found { place, text });
    });
    let parts = parts();
    for start in &mut found {
        start.text.push_str(&grouping(start, &parts).unwrap_or_default());
    }
    found
}

/// The ` group by …` that a query's start with a count gets a few lines further down.
fn grouping(start: &Found, parts: &[Found]) -> Option<String> {
    const NEAR: usize = 12;
    if start.text.contains(" group by ") || !start.text.contains("count(") {
        return None;
    }
    let (file, line) = start.place.rsplit_once(':')?;
    let line: usize = line.parse().ok()?;
    let near = |part: &&Found| part.place.rsplit_once(':').is_some_and(|(other, at)| other == file && at.parse().is_ok_and(|at: usize| (line..line + NEAR).contains(&at)));
    parts.iter().filter(near).find(|part| part.text.starts_with(" group by ")).map(|part| part.text.clone())
}

/// The parts that queries are put together from.
fn parts() -> Vec<Found> {
    let mut found = Vec::new();
    each_call(&["push", "push_bind", "push_list"], &mut |place, before, arguments| {
        let a_method = matches!(before.last(), Some(TokenTree::Punct(sign)) if sign.as_char() == '.');
        if let Some(text) = first_text(arguments).filter(|text| a_method && text.starts_with(' ')) {
            found.push(Found { place, text });
        }
    });
    found
}

/// Calls of functions of these names with a bracket behind: place, tokens before, arguments.
fn each_call(names: &[&str], see: &mut dyn FnMut(String, &[TokenTree], &Group)) {
    let tests = test_files();
    for path in rust_files().into_iter().filter(|path| !tests.contains(path) && !shown(path).starts_with("crates/db/")) {
        walk(without_tests(tokens(&path)), &mut |before, token| {
            let TokenTree::Group(arguments) = token else { return };
            let Some((TokenTree::Ident(name), earlier)) = before.split_last() else { return };
            if arguments.delimiter() == Delimiter::Parenthesis && names.iter().any(|known| name == known) {
                see(format!("{}:{}", shown(&path), name.span().start().line), earlier, arguments);
            }
        });
    }
}

fn first_text(arguments: &Group) -> Option<String> {
    arguments.stream().into_iter().next().as_ref().and_then(text_of)
}

/// `Query::with(sql("…` and `Query::new(sql("…`: the start of a statement, whose brackets may still
/// be open. Inside the brackets of the call nothing stands before `sql`, so that is what tells.
fn is_start_of_query(before: &[TokenTree]) -> bool {
    before.is_empty()
}

/// The text with its open brackets closed: a list of conditions that goes on elsewhere.
fn closed(text: &str) -> String {
    let open = text.matches('(').count().saturating_sub(text.matches(')').count());
    format!("{text}{}", ")".repeat(open))
}

#[test]
fn every_statement_is_linted() {
    let all = statements();
    assert!(all.len() > 100, "only {} statements were found", all.len());
    let wrong: Vec<String> = all
        .iter()
        .flat_map(|found| db::lint(&found.text).into_iter().map(move |text| format!("{}: {text}\n    {}", found.place, found.text)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_part_of_a_query_keeps_to_the_words_that_both_engines_share() {
    let all = parts();
    assert!(all.len() > 20, "only {} parts were found", all.len());
    let mut wrong = Vec::new();
    for found in &all {
        // What a part lacks (its table's tenant, its first word) the statement around it has; the
        // text after the part is a value.
        let complaints = db::lint(&format!("select 1 as one where true {} $1", found.text));
        let of_the_part = complaints.into_iter().filter(|text| !text.starts_with("each of the tables") && !text.starts_with("placeholders"));
        wrong.extend(of_the_part.map(|text| format!("{}: {text}\n    {}", found.place, found.text)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn prepared_on(test: &TestDatabase) {
    let engine = test.engine().name();
    let wrong: Vec<String> = statements()
        .into_iter()
        .filter_map(|found| test.database.prepare_only(&found.text).err().map(|error| format!("{}: on {engine}: {error}\n    {}", found.place, found.text)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_statement_is_prepared_on_sqlite() {
    prepared_on(&sqlite_migrated(&migrations()));
}

#[test]
fn every_statement_is_prepared_on_postgres() {
    prepared_on(&postgres_migrated(&migrations()));
}

#[test]
fn a_statement_that_only_one_engine_understands_does_not_pass() {
    let (sqlite, postgres) = (sqlite_migrated(&migrations()), postgres_migrated(&migrations()));
    assert!(postgres.database.prepare_only("select id from hold where tenant = $1 and placed_at = true").is_err());
    assert!(sqlite.database.prepare_only("select id from hold where tenant = $1 for update").is_err());
    assert!(!db::lint("select id from hold where id = $1").is_empty());
}

#[test]
fn frs_trl_015_no_statement_of_the_product_updates_or_deletes_the_trail() {
    const NEVER_CHANGED: [&str; 8] = ["event", "audit_tx", "record_version", "checkpoint", "checkpoint_part", "log_key", "anchor_receipt", "evidence_export"];
    let changes = |text: &str| {
        let words: Vec<String> = text.split_whitespace().take(3).map(str::to_lowercase).collect();
        let table = match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["update", table, _] | ["delete", "from", table] => table,
            _ => return false,
        };
        NEVER_CHANGED.contains(&table)
    };
    assert!(changes("update event set leaf = $1") && changes("DELETE from audit_tx where tenant = $1") && !changes("update record set title = $1"));
    let found = statements();
    assert!(found.len() > 100, "{} statements", found.len());
    let wrong: Vec<_> = found.iter().filter(|found| changes(&found.text)).map(|found| format!("{}: {}", found.place, found.text)).collect();
    assert!(wrong.is_empty(), "the trail is only ever added to:\n{}", wrong.join("\n"));
}
