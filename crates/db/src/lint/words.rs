//! Words that a portable statement does not use, with what to do instead.

use crate::lexer::{Kind, Token};

const CLOCK: &str = "the time comes from the Clock, as a parameter";
const CHANCE: &str = "identifiers and randomness come from the IdSource, as parameters";
const FOLD: &str = "fold the text in Rust and keep it in a column of its own";
const JSON: &str = "JSON is opaque text to SQL; keep what is searched in a column";
const IN_RUST: &str = "not alike on both engines; do it in Rust";

/// Wrong wherever they stand.
const WORDS: [(&str, &str); 33] = [
    ("ilike", FOLD),
    ("similar", FOLD),
    ("glob", FOLD),
    ("regexp", FOLD),
    ("match", "full-text search is a function of the engine"),
    ("collate", "text is ordered by its bytes; order by a folded column for people"),
    ("current_timestamp", CLOCK),
    ("current_date", CLOCK),
    ("current_time", CLOCK),
    ("localtime", CLOCK),
    ("localtimestamp", CLOCK),
    ("interval", CLOCK),
    ("lateral", "not on SQLite; use a join or a window"),
    ("string_agg", IN_RUST),
    ("group_concat", IN_RUST),
    ("array", IN_RUST),
    ("array_agg", IN_RUST),
    ("unnest", "many rows are inserted with Tx::insert_rows"),
    ("greatest", "use case when"),
    ("least", "use case when"),
    ("serial", CHANCE),
    ("bigserial", CHANCE),
    ("autoincrement", CHANCE),
    ("nextval", CHANCE),
    ("gen_random_uuid", CHANCE),
    ("rowid", "every table has its own key"),
    ("ctid", "every table has its own key"),
    ("oid", "every table has its own key"),
    ("cycle", "not on SQLite; limit the depth and check when writing"),
    ("merge", "use on conflict"),
    ("truncate", "use delete"),
    ("pragma", "the connection is set up in one place"),
    ("tablesample", IN_RUST),
];

/// Wrong as functions; a column may have the name.
const FUNCTIONS: [(&str, &str); 25] = [
    ("now", CLOCK),
    ("datetime", CLOCK),
    ("date", CLOCK),
    ("time", CLOCK),
    ("julianday", CLOCK),
    ("strftime", CLOCK),
    ("unixepoch", CLOCK),
    ("date_trunc", CLOCK),
    ("extract", CLOCK),
    ("to_char", CLOCK),
    ("clock_timestamp", CLOCK),
    ("random", CHANCE),
    ("randomblob", CHANCE),
    ("lower", FOLD),
    ("upper", FOLD),
    ("avg", "ask for the sum and the count"),
    ("total", "ask for cast(sum(…) as bigint)"),
    ("ifnull", "use coalesce"),
    ("iif", "use case when"),
    ("if", "use case when"),
    ("printf", IN_RUST),
    ("format", IN_RUST),
    ("typeof", IN_RUST),
    ("md5", IN_RUST),
    ("sha256", IN_RUST),
];

pub(super) fn check(all: &[Token<'_>], found: &mut Vec<String>) {
    for (place, token) in all.iter().enumerate() {
        if token.kind != Kind::Word {
            continue;
        }
        // `o.date` and `as date` are names.
        let qualified = place.checked_sub(1).and_then(|place| all.get(place)).is_some_and(|before| before.is_sign("."));
        if qualified {
            continue;
        }
        let called = all.get(place + 1).is_some_and(|next| next.is_sign("("));
        let advice = of(&WORDS, token).or_else(|| if called { function(token) } else { None });
        if let Some(advice) = advice {
            found.push(format!("{}: {advice}", token.text));
        }
    }
}

fn function(token: &Token<'_>) -> Option<&'static str> {
    let name = token.text.to_ascii_lowercase();
    if name.starts_with("json") {
        return Some(JSON);
    }
    if name.starts_with("pg_") {
        return Some("the server is the business of its own programs");
    }
    of(&FUNCTIONS, token)
}

fn of(table: &[(&str, &'static str)], token: &Token<'_>) -> Option<&'static str> {
    table.iter().find(|(word, _)| token.is_word(word)).map(|(_, advice)| *advice)
}
