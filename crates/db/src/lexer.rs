//! Cuts SQL into words, literals, placeholders and signs.
//!
//! One reading of the text serves three purposes, so that they cannot disagree on where a literal
//! or a comment ends: rewriting placeholders for SQLite, expanding type tokens, and the lint.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A keyword or a name, also one with dots inside its parts cut off.
    Word,
    Number,
    /// `$7`; zero when the number does not fit.
    Placeholder(u32),
    /// `'text'`, or `$$text$$` in a block for PostgreSQL.
    Text,
    /// `"name"` or a name in backticks.
    Quoted,
    Comment,
    Sign,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Token<'a> {
    pub(crate) kind: Kind,
    pub(crate) text: &'a str,
    pub(crate) start: usize,
}

impl Token<'_> {
    /// True when the token is this word, in any case.
    pub(crate) fn is_word(&self, word: &str) -> bool {
        self.kind == Kind::Word && self.text.eq_ignore_ascii_case(word)
    }

    /// True when the token is this sign.
    pub(crate) fn is_sign(&self, sign: &str) -> bool {
        self.kind == Kind::Sign && self.text == sign
    }
}

/// Signs of more than one character, longest first.
const LONG_SIGNS: [&str; 8] = ["->>", "->", "::", "||", "<=", ">=", "<>", "!="];

/// The tokens of a text, white space left out. An unfinished literal or comment reaches to the end.
pub(crate) fn tokens(sql: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(first) = sql.get(at..).and_then(|rest| rest.chars().next()) {
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let rest = sql.get(at..).unwrap_or_default();
        let (kind, length) = next(rest, first);
        found.push(Token { kind, text: rest.get(..length).unwrap_or(rest), start: at });
        at += length.max(1);
    }
    found
}

fn next(rest: &str, first: char) -> (Kind, usize) {
    if rest.starts_with("--") {
        return (Kind::Comment, rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return (Kind::Comment, end_after(rest, 2, "*/"));
    }
    if first == '\'' {
        return (Kind::Text, end_of_quoted(rest, '\''));
    }
    if first == '"' || first == '`' {
        return (Kind::Quoted, end_of_quoted(rest, first));
    }
    if first == '$' {
        return dollar(rest);
    }
    if first.is_ascii_digit() {
        return (Kind::Number, run(rest, |c| c.is_ascii_alphanumeric() || c == '.'));
    }
    if first.is_alphabetic() || first == '_' {
        return (Kind::Word, run(rest, |c| c.is_alphanumeric() || c == '_'));
    }
    let long = LONG_SIGNS.iter().find(|sign| rest.starts_with(**sign));
    (Kind::Sign, long.map_or(first.len_utf8(), |sign| sign.len()))
}

/// `$3`, `$$body$$`, `$tag$body$tag$`, or a lone `$`.
fn dollar(rest: &str) -> (Kind, usize) {
    let after = rest.get(1..).unwrap_or_default();
    let digits = run(after, |c| c.is_ascii_digit());
    if digits > 0 {
        let number = after.get(..digits).and_then(|text| text.parse().ok()).unwrap_or(0);
        return (Kind::Placeholder(number), 1 + digits);
    }
    let name = run(after, |c| c.is_alphanumeric() || c == '_');
    if after.get(name..).is_some_and(|tail| tail.starts_with('$')) {
        let tag = rest.get(..name + 2).unwrap_or_default();
        return (Kind::Text, end_after(rest, tag.len(), tag));
    }
    (Kind::Sign, 1)
}

fn run(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|c| !belongs(c)).unwrap_or(text.len())
}

fn end_after(rest: &str, from: usize, close: &str) -> usize {
    let tail = rest.get(from..).unwrap_or_default();
    tail.find(close).map_or(rest.len(), |place| from + place + close.len())
}

/// A doubled quote inside stands for the quote itself.
fn end_of_quoted(rest: &str, quote: char) -> usize {
    let mut inside = rest.char_indices().skip(1).peekable();
    while let Some((place, c)) = inside.next() {
        if c != quote {
            continue;
        }
        if inside.peek().is_some_and(|(_, after)| *after == quote) {
            inside.next();
            continue;
        }
        return place + quote.len_utf8();
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(sql: &str) -> Vec<(Kind, &str)> {
        tokens(sql).iter().map(|token| (token.kind, token.text)).collect()
    }

    #[test]
    fn a_placeholder_inside_a_literal_or_a_comment_is_not_one() {
        let found = kinds("select '$1 it''s', $2 -- $3\n/* $4 */ from t");
        assert_eq!(found[1], (Kind::Text, "'$1 it''s'"));
        assert_eq!(found[3], (Kind::Placeholder(2), "$2"));
        assert_eq!(found.iter().filter(|(kind, _)| matches!(kind, Kind::Placeholder(_))).count(), 1);
        assert_eq!(found[4], (Kind::Comment, "-- $3"));
    }

    #[test]
    fn dollar_quotes_are_one_literal() {
        assert_eq!(kinds("do $$ begin $1 end $$")[1], (Kind::Text, "$$ begin $1 end $$"));
        assert_eq!(kinds("$a$ x $a$")[0], (Kind::Text, "$a$ x $a$"));
    }

    #[test]
    fn an_unfinished_literal_ends_with_the_text() {
        assert_eq!(kinds("select 'é"), [(Kind::Word, "select"), (Kind::Text, "'é")]);
        assert_eq!(kinds("$"), [(Kind::Sign, "$")]);
    }

    #[test]
    fn long_signs_stay_whole() {
        assert_eq!(kinds("a->>'k'||b<>2")[1], (Kind::Sign, "->>"));
    }
}
