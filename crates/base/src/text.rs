//! Text as people type it and as the machine compares it.

use crate::error::{Error, Result};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_script::{Script, UnicodeScript};

/// Folds text for comparing and searching: compatibility decomposition, marks dropped, lower case.
/// The same folding on both engines is what makes their search results equal.
pub fn fold(text: &str) -> String {
    text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect()
}

/// What makes a spreadsheet read text as a formula, with their full-width forms (OWASP, CSV injection).
const FORMULA_STARTS: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];

/// Would a spreadsheet run this as a formula, blanks and quotes before it aside? What follows an
/// apostrophe alone counts as well, also a tab, so that a guard can be taken off again exactly.
pub fn is_formula(text: &str) -> bool {
    let bare = text.trim_start_matches(['"', '\'']);
    bare.starts_with(FORMULA_STARTS) || bare.trim_start_matches(|c: char| c.is_whitespace() || c == '"' || c == '\'').starts_with(FORMULA_STARTS)
}

/// A count as people read it: `12,345`.
pub fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A secret as it is compared: NFKC, so that the same keys give the same password on every
/// keyboard and system (NIST SP 800-63B 3.1.1.2). Case and accents stay.
pub fn normalise_secret(secret: &str) -> String {
    secret.nfkc().collect()
}

/// The beginning of a text that comes from elsewhere, without control characters, for a field of so
/// many characters; one that goes on ends in "…".
pub fn shortened(text: &str, max_chars: usize) -> String {
    let mut clean = text.chars().filter(|character| *character == '\n' || !character.is_control());
    let mut short: String = clean.by_ref().take(max_chars).collect();
    if clean.next().is_some() {
        short.pop();
        short.push('…');
    }
    short
}

/// `a`, `a or b`, `a, b or c`.
pub fn list(parts: &[&str], last: &str) -> String {
    match parts {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [head @ .., tail] => format!("{} {last} {tail}", head.join(", ")),
    }
}

/// With a first letter that begins a sentence.
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// A label as it stands inside a sentence: in small letters, but “CAPA” and “API” stay as they are.
pub fn in_sentence(label: &str) -> String {
    let is_abbreviation = |word: &str| word.chars().filter(|c| c.is_uppercase()).count() > 1;
    let words: Vec<_> = label.split(' ').map(|word| if is_abbreviation(word) { word.to_owned() } else { word.to_lowercase() }).collect();
    words.join(" ")
}

/// The words of a text, folded: runs of letters and digits. `PR-0012` gives `pr` and `0012`, and
/// the searchable whole `pr0012` is added by the caller where it matters.
pub fn words(text: &str) -> Vec<String> {
    fold(text)
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Cleans a line of text from outside: NFC, trimmed (no-break spaces too), and refused when it
/// holds control characters, bidirectional controls or more than `max_chars` characters.
pub fn clean_line(place: &str, text: &str, max_chars: usize) -> Result<String> {
    clean(place, text, max_chars, false)
}

/// As [`clean_line`], but line feeds and tabs are allowed (CR LF becomes LF).
pub fn clean_block(place: &str, text: &str, max_chars: usize) -> Result<String> {
    clean(place, &text.replace("\r\n", "\n"), max_chars, true)
}

fn clean(place: &str, text: &str, max_chars: usize, multi_line: bool) -> Result<String> {
    let cleaned: String = text.trim_matches(|c: char| c.is_whitespace()).nfc().collect();
    for c in cleaned.chars() {
        let allowed_break = multi_line && (c == '\n' || c == '\t');
        if (c.is_control() && !allowed_break) || is_bidirectional_control(c) {
            return Err(Error::invalid(place, "bad_character", format!("the character U+{:04X} is not allowed here", u32::from(c))));
        }
    }
    let count = cleaned.chars().count();
    if count > max_chars {
        return Err(Error::invalid(place, "too_long", format!("{count} characters, at most {max_chars} are allowed")));
    }
    Ok(cleaned)
}

/// Refuses a name or number in which a letter of another script stands for a Latin one that looks
/// the same ("Quіnn" with a Cyrillic і), by the confusables of Unicode (UTS #39). Names written
/// in another script throughout are fine, and so is a letter that looks like no Latin one (10 kΩ).
pub fn refuse_disguised(place: &str, text: &str) -> Result<()> {
    let disguised = |word: &str| word.chars().find(|c| is_latin_look_alike(*c));
    let in_latin_word = text.split_whitespace().filter(|word| word.contains(|c: char| c.is_ascii_alphabetic())).find_map(disguised);
    let nothing_else = text.chars().filter(|c| c.is_alphabetic()).all(|c| c.is_ascii() || is_latin_look_alike(c));
    let found = in_latin_word.or_else(|| if nothing_else { disguised(text) } else { None });
    found.map_or(Ok(()), |c| {
        let message = format!("the letter U+{:04X} looks like a Latin letter and is none", u32::from(c));
        Err(Error::invalid(place, "look_alike", message))
    })
}

fn is_latin_look_alike(c: char) -> bool {
    let foreign = !c.is_ascii() && c.is_alphabetic() && !matches!(c.script(), Script::Latin | Script::Common | Script::Inherited);
    foreign && unicode_security::skeleton(c.encode_utf8(&mut [0; 4])).all(|shown| shown.is_ascii())
}

/// Controls that make text read differently from how it is stored (UAX #9).
fn is_bidirectional_control(c: char) -> bool {
    matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_inside_a_sentence_keeps_its_abbreviations() {
        for (label, expected) in [("Change order", "change order"), ("CAPA", "CAPA"), ("Decision: CAPA needed", "decision: CAPA needed"), ("API token", "API token"), ("", "")] {
            assert_eq!(in_sentence(label), expected);
        }
        assert_eq!(capital("épreuve"), "Épreuve");
    }

    #[test]
    fn a_shortened_text_is_whole_at_its_limit_and_says_that_it_goes_on_past_it() {
        for (text, expected) in [("", ""), ("four", "four"), ("fives", "fiv…"), ("a\u{7}b\nc", "ab\nc"), ("äöüßé", "äöü…")] {
            assert_eq!(shortened(text, 4), expected);
        }
    }

    #[test]
    fn folding_drops_accents_and_case_the_same_everywhere() {
        assert_eq!(fold("Ünïté É"), "unite e");
        assert_eq!(words("Fitting 1/4\u{a0}Ø6, O-Ring"), ["fitting", "1", "4", "ø6", "o", "ring"]);
    }

    #[test]
    fn a_secret_is_the_same_however_its_letters_are_composed() {
        assert_eq!(normalise_secret("u\u{308}\u{fb03}\u{ff21}"), "üffiA");
        assert_ne!(normalise_secret("Ü"), normalise_secret("U"));
        assert_ne!(normalise_secret("a"), normalise_secret("A"));
    }

    #[test]
    fn a_line_is_trimmed_of_no_break_spaces_and_limited() {
        assert_eq!(clean_line("x", "2501-OX1\u{a0}\u{a0}", 10).unwrap(), "2501-OX1");
        assert_eq!(clean_line("x", &"a".repeat(10), 10).unwrap().len(), 10);
        assert!(clean_line("x", &"a".repeat(11), 10).is_err());
    }

    #[test]
    fn frs_per_007_a_letter_that_stands_for_a_latin_one_is_refused_and_other_scripts_are_not() {
        for disguised in ["\u{430}dmin", "Qu\u{456}nn Tester", "José \u{422}ester", "\u{440}\u{430}\u{443}\u{440}\u{430}l", "\u{420}\u{410}\u{420}-0001", "\u{39f}slo"] {
            let error = refuse_disguised("name", disguised).unwrap_err();
            assert_eq!(error.refusal().unwrap().code, "look_alike", "{disguised}");
        }
        for honest in ["Quinn Tester", "José Müller", "Işık Öz", "Сара Иванова", "田中 (Tanaka)", "Ωmega 10 kΩ", "Δp-100", "Ø6 µm", "12-34", ""] {
            refuse_disguised("name", honest).unwrap();
        }
    }

    #[test]
    fn text_that_reads_differently_from_what_it_stores_is_refused() {
        assert!(clean_line("x", "exam\u{202e}lmth.exe", 50).is_err());
        assert!(clean_line("x", "a\nb", 50).is_err());
        assert_eq!(clean_block("x", "a\r\nb", 50).unwrap(), "a\nb");
    }
}
