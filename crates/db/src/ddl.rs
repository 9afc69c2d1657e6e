//! From the one text of a migration to the text for an engine.
//!
//! `{int} {bool} {text} {bytes}` are column types, `{strict}` stands behind a table, and lines
//! between `-- only: sqlite` (or `postgres`) and `-- end` are for that engine alone.

use crate::database::Engine;
use crate::lexer::{self, Kind};
use base::{Error, Result};

/// The text of a migration for one engine; `name` is for error texts.
pub(crate) fn expand(name: &str, text: &str, engine: Engine) -> Result<String> {
    let chosen = choose(name, text, engine)?;
    let tokens = lexer::tokens(&chosen);
    let mut out = String::with_capacity(chosen.len() + 256);
    let mut done = 0;
    for three in tokens.windows(3) {
        let [open, word, close] = three else { continue };
        if !(open.is_sign("{") && word.kind == Kind::Word && close.is_sign("}")) {
            continue;
        }
        let Some(meaning) = token(word.text, engine) else {
            return Err(Error::internal(format!("migration {name}: there is no token {{{}}}", word.text)));
        };
        out.push_str(chosen.get(done..open.start).unwrap_or_default());
        out.push_str(meaning);
        done = close.start + 1;
    }
    out.push_str(chosen.get(done..).unwrap_or_default());
    Ok(out)
}

/// SQLite keeps `int` and `integer` alike; the two names let a truth value be told from a number.
fn token(word: &str, engine: Engine) -> Option<&'static str> {
    let (sqlite, postgres) = match word {
        "int" => ("int", "bigint"),
        "bool" => ("integer", "boolean"),
        "text" => ("text", "text collate \"C\""),
        "bytes" => ("blob", "bytea"),
        "strict" => ("strict", ""),
        _ => return None,
    };
    Some(match engine {
        Engine::Sqlite => sqlite,
        Engine::Postgres => postgres,
    })
}

/// Keeps the lines that are for this engine.
fn choose(name: &str, text: &str, engine: Engine) -> Result<String> {
    let wrong = |line: usize, what: &str| Err(Error::internal(format!("migration {name}, line {}: {what}", line + 1)));
    let mut kept = String::with_capacity(text.len());
    let mut only: Option<Engine> = None;
    for (number, line) in text.lines().enumerate() {
        let mark = line.trim();
        if let Some(named) = mark.strip_prefix("-- only:") {
            if only.is_some() {
                return wrong(number, "a block inside of a block");
            }
            only = match named.trim() {
                "sqlite" => Some(Engine::Sqlite),
                "postgres" => Some(Engine::Postgres),
                _ => return wrong(number, "a block is for sqlite or for postgres"),
            };
        } else if mark == "-- end" {
            if only.take().is_none() {
                return wrong(number, "an end without a block");
            }
        } else if only.is_none_or(|only| only == engine) {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    if only.is_some() {
        return wrong(text.lines().count(), "a block without its end");
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "create table t (\n  a {int}, b {bool}, c {text} default '{text}', d {bytes}) {strict}; -- {x}\n";

    #[test]
    fn tokens_become_the_types_of_each_engine() {
        assert_eq!(
            expand("t", TEXT, Engine::Sqlite).unwrap(),
            "create table t (\n  a int, b integer, c text default '{text}', d blob) strict; -- {x}\n"
        );
        assert_eq!(
            expand("t", TEXT, Engine::Postgres).unwrap(),
            "create table t (\n  a bigint, b boolean, c text collate \"C\" default '{text}', d bytea) ; -- {x}\n"
        );
    }

    #[test]
    fn an_unknown_token_is_refused() {
        assert!(expand("t", "create table t (a {decimal})", Engine::Sqlite).is_err());
    }

    #[test]
    fn blocks_are_for_one_engine() {
        let text = "a;\n-- only: sqlite\nb;\n-- end\n-- only: postgres\nc;\n-- end\nd;";
        assert_eq!(expand("t", text, Engine::Sqlite).unwrap(), "a;\nb;\nd;\n");
        assert_eq!(expand("t", text, Engine::Postgres).unwrap(), "a;\nc;\nd;\n");
    }

    #[test]
    fn a_block_without_its_end_is_refused() {
        for bad in ["-- only: sqlite\na", "-- end", "-- only: oracle\n-- end", "-- only: sqlite\n-- only: postgres\n-- end"] {
            assert!(expand("t", bad, Engine::Sqlite).is_err(), "{bad}");
        }
    }
}
