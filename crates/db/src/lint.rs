//! The first of the three nets: what a portable statement must not say.
//!
//! It catches what slips through preparing: text that one engine understands otherwise than the
//! other, the wrong clock, the wrong chance, and a table without its tenant.

mod tables;
mod words;

#[cfg(test)]
mod tests;

use crate::lexer::{Kind, Token, tokens};

/// What is wrong with a complete statement, as sentences; empty when nothing is.
pub fn lint(sql: &str) -> Vec<String> {
    let all: Vec<Token<'_>> = tokens(sql).into_iter().filter(|token| token.kind != Kind::Comment).collect();
    let mut found = Vec::new();
    statement_sort(&all, &mut found);
    placeholders(&all, &mut found);
    spelling(&all, &mut found);
    words::check(&all, &mut found);
    calls(&all, &mut found);
    phrases(&all, &mut found);
    insert_select(&all, &mut found);
    tables::check(&all, &mut found);
    found
}

fn statement_sort(all: &[Token<'_>], found: &mut Vec<String>) {
    const FIRST: [&str; 6] = ["select", "insert", "update", "delete", "with", "values"];
    if !all.first().is_some_and(|first| FIRST.iter().any(|word| first.is_word(word))) {
        found.push(format!("a statement begins with one of: {}", FIRST.join(", ")));
    }
    if all.iter().any(|token| token.is_sign(";")) {
        found.push("one statement at a time, without a semicolon".to_owned());
    }
}

/// SQLite numbers `$n` by first appearance; the rewriting mends that, but a statement tried in a
/// shell would silently swap its values.
fn placeholders(all: &[Token<'_>], found: &mut Vec<String>) {
    let mut last = 0;
    for token in all {
        let Kind::Placeholder(number) = token.kind else { continue };
        if number > last + 1 || number == 0 {
            found.push(format!("placeholders first appear in rising order without gaps: ${number} comes after ${last}"));
            return;
        }
        last = last.max(number);
    }
}

fn spelling(all: &[Token<'_>], found: &mut Vec<String>) {
    for (place, token) in all.iter().enumerate() {
        let next = all.get(place + 1);
        match token.kind {
            Kind::Quoted => found.push(format!("names are written without quotes: {}", token.text)),
            Kind::Text if token.text.starts_with('$') => found.push("a literal is written in single quotes".to_owned()),
            Kind::Number if !token.text.bytes().all(|b| b.is_ascii_digit()) => {
                found.push(format!("only whole numbers agree on both engines: {}", token.text));
            }
            Kind::Sign => match token.text {
                "?" => found.push("placeholders are written $1, $2, …".to_owned()),
                "::" => found.push("a cast is written cast(… as bigint)".to_owned()),
                "->" => found.push("-> gives another kind of value on each engine; only ->>'key' is alike".to_owned()),
                "->>" if !next.is_some_and(|key| key.kind == Kind::Text && !key.text.starts_with("'$")) => {
                    found.push("->> takes a plain key: ->>'key'".to_owned());
                }
                "[" | "@" | "~" | "#" | "^" | "&" => found.push(format!("the sign {} is not on both engines", token.text)),
                "=" if next.is_some_and(|next| next.is_sign("=")) => found.push("equal is written =".to_owned()),
                _ => {}
            },
            _ => {}
        }
    }
}

/// Functions whose use depends on what stands around or inside.
fn calls(all: &[Token<'_>], found: &mut Vec<String>) {
    /// An open bracket: the word before it, and whether a comma came inside.
    struct Open<'a> {
        word: &'a str,
        comma: bool,
    }
    let mut open: Vec<Open<'_>> = Vec::new();
    for (place, token) in all.iter().enumerate() {
        if token.is_sign("(") {
            let before = place.checked_sub(1).and_then(|place| all.get(place)).filter(|token| token.kind == Kind::Word);
            let word = before.map_or("", |token| token.text);
            if word.eq_ignore_ascii_case("sum") && !open.iter().any(|around| around.word.eq_ignore_ascii_case("cast")) {
                found.push("a sum is cast: cast(sum(…) as bigint)".to_owned());
            }
            open.push(Open { word, comma: false });
        } else if token.is_sign(",") {
            if let Some(around) = open.last_mut() {
                around.comma = true;
            }
        } else if token.is_sign(")")
            && let Some(closed) = open.pop()
            && closed.comma
            && ["max", "min"].iter().any(|word| closed.word.eq_ignore_ascii_case(word))
        {
            found.push(format!("{} of several values is not on both engines; use case when", closed.word));
        } else if token.is_word("as") && open.last().is_some_and(|around| around.word.eq_ignore_ascii_case("cast")) {
            let allowed = ["bigint", "text"];
            if let Some(sort) = all.get(place + 1).filter(|sort| !allowed.iter().any(|word| sort.is_word(word))) {
                found.push(format!("a cast is to bigint or to text, not to {}", sort.text));
            }
        }
    }
}

/// Words that are wrong only next to each other.
fn phrases(all: &[Token<'_>], found: &mut Vec<String>) {
    const PHRASES: [(&[&str], &str); 9] = [
        (&["for", "update"], "rows are locked with Tx::lock_row"),
        (&["for", "share"], "rows are locked with Tx::lock_row"),
        (&["for", "no"], "rows are locked with Tx::lock_row"),
        (&["skip", "locked"], "jobs are claimed by a function of the engine"),
        (&["distinct", "on"], "distinct on is not on SQLite; use a window"),
        (&["insert", "or"], "use on conflict"),
        (&["replace", "into"], "use on conflict"),
        (&["is", "json"], "JSON is opaque text to SQL"),
        (&["at", "time"], "zones are the business of the program"),
    ];
    for (phrase, advice) in PHRASES {
        let said = all.windows(phrase.len()).any(|some| some.iter().zip(phrase).all(|(token, word)| token.is_word(word)));
        if said {
            found.push(format!("{}: {advice}", phrase.join(" ")));
        }
    }
    for (place, token) in all.iter().enumerate() {
        if token.is_word("like") && !all.iter().skip(place).take(12).any(|later| later.is_word("escape")) {
            found.push("like names its escape character, or a backslash means something else on each engine".to_owned());
        }
        let opens = all.get(place + 1).is_some_and(|next| next.is_sign("("));
        let compares = place.checked_sub(1).and_then(|place| all.get(place)).is_some_and(|before| before.kind == Kind::Sign);
        if opens && compares && ["any", "all", "some"].iter().any(|word| token.is_word(word)) {
            found.push(format!("{} (…) is not on SQLite; use Query::push_list", token.text));
        }
        let changes = ["insert", "update", "delete"].iter().any(|word| all.get(place + 1).is_some_and(|next| next.is_word(word)));
        if token.is_sign("(") && changes {
            found.push("a statement inside of a statement only reads".to_owned());
        }
    }
}

/// In `insert … select … on conflict` SQLite takes `on` for a join's, unless a `where` came before.
fn insert_select(all: &[Token<'_>], found: &mut Vec<String>) {
    let place_of = |word: &str| all.iter().position(|token| token.is_word(word));
    let conflict = all.windows(2).position(|two| matches!(two, [on, conflict] if on.is_word("on") && conflict.is_word("conflict")));
    if let (Some(0), Some(select), Some(conflict)) = (place_of("insert"), place_of("select"), conflict)
        && select < conflict
        && !all.iter().take(conflict).skip(select).any(|token| token.is_word("where"))
    {
        found.push("insert … select … on conflict needs a where behind its select".to_owned());
    }
}
