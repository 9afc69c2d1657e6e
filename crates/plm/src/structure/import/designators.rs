//! Lists and ranges of reference designators: `C4, C8-C9, C16`.
//!
//! A hyphen is ambiguous in practice: `LED3-LED6` means four, `S2-S5` in the next row of the same
//! file means two, `QD2-QD3-QD4` is a list and `X1-4` may be one name. The quantity of the line
//! decides where it can; the usual meaning holds where it cannot.

use base::quantity::Quantity;
use base::{Error, Result, limits, text};

/// One entry between separators.
#[derive(Debug, PartialEq, Eq)]
enum Entry {
    Name(String),
    /// Names joined by hyphens that cannot be a range: `QD2-QD3-QD4`.
    List(Vec<String>),
    /// A range if it must be one, otherwise something else.
    Range {
        prefix: String,
        first: u64,
        last: u64,
        width: usize,
        full: bool,
        text: String,
    },
}

impl Entry {
    fn count_as_range(&self) -> u64 {
        match self {
            Self::Name(_) => 1,
            Self::List(names) => u64::try_from(names.len()).unwrap_or(u64::MAX),
            Self::Range { first, last, .. } => last.saturating_sub(*first).saturating_add(1),
        }
    }

    /// `S2-S5` as the two names, `X1-4` as one.
    fn count_as_names(&self) -> u64 {
        match self {
            Self::Range { full: true, .. } => 2,
            Self::Range { full: false, .. } => 1,
            other => other.count_as_range(),
        }
    }
}

/// Reads the designators of one line whose quantity is `quantity`, ranges expanded, in the order of
/// the text. Refused: too many, too long, the same one twice.
pub fn parse(place: &str, text: &str, quantity: Option<Quantity>) -> Result<Vec<String>> {
    let entries: Vec<_> = split(text).iter().map(|entry| read_entry(entry)).collect();
    let total = |count: fn(&Entry) -> u64| entries.iter().fold(0_u64, |sum, entry| sum.saturating_add(count(entry)));
    let fits = |count: u64| i64::try_from(count).ok().and_then(Quantity::whole) == quantity && quantity.is_some();
    let ranges = total(Entry::count_as_range);
    let (all_ranges, no_ranges) = (fits(ranges), fits(total(Entry::count_as_names)));
    let mut names = Vec::new();
    for entry in entries {
        match entry {
            Entry::Name(name) => names.push(name),
            Entry::List(list) => names.extend(list),
            Entry::Range { prefix, first, last, width, full, text } => {
                // A full range is one unless the quantity denies it; a short one only if it confirms it.
                if all_ranges || (full && !no_ranges) {
                    let most = u64::try_from(limits::DESIGNATORS_PER_LINE).unwrap_or(u64::MAX);
                    if last.saturating_sub(first) >= most {
                        return Err(too_many(place));
                    }
                    names.extend((first..=last).map(|number| format!("{prefix}{number:0width$}")));
                } else if full {
                    names.extend([first, last].map(|number| format!("{prefix}{number:0width$}")));
                } else {
                    names.push(text);
                }
            }
        }
        if names.len() > limits::DESIGNATORS_PER_LINE {
            return Err(too_many(place));
        }
    }
    check(place, &names)?;
    Ok(names)
}

fn too_many(place: &str) -> Error {
    Error::too_large(place, format!("more than {} reference designators on one line", limits::DESIGNATORS_PER_LINE))
}

fn check(place: &str, names: &[String]) -> Result<()> {
    let mut seen = std::collections::HashSet::new();
    for name in names {
        text::clean_line(place, name, limits::DESIGNATOR_CHARS)?;
        if !seen.insert(name) {
            return Err(Error::invalid(place, "designator_twice", format!("the reference designator {name} is there twice")));
        }
    }
    Ok(())
}

/// Splits at commas, semicolons and line breaks; at blanks too where every piece begins with a
/// letter and holds a digit (`R1 R2`, but not `LED 3` nor `TOP SIDE`).
fn split(text: &str) -> Vec<String> {
    let mut entries = Vec::new();
    for piece in text.split([',', ';', '\n', '\r']) {
        // The dashes of typography, and blanks around a hyphen, are slips of the same sign.
        let piece = piece.replace(['\u{2010}', '\u{2011}', '\u{2012}', '\u{2013}', '\u{2212}'], "-");
        let words: Vec<_> = piece.split('-').map(|part| part.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        let piece = words.join("-");
        let is_name = |word: &str| word.starts_with(char::is_alphabetic) && word.contains(|c: char| c.is_ascii_digit());
        if piece.split(' ').all(is_name) {
            entries.extend(piece.split(' ').map(str::to_owned));
        } else if !piece.is_empty() {
            entries.push(piece);
        }
    }
    entries
}

fn read_entry(entry: &str) -> Entry {
    let parts: Vec<_> = entry.split('-').collect();
    let numbered: Option<Vec<_>> = parts.iter().map(|part| numbered(part)).collect();
    let name = || Entry::Name(entry.to_owned());
    match (parts.as_slice(), numbered.as_deref()) {
        ([_, _], Some([(prefix, first, width), (other, last, _)])) if prefix == other && !prefix.is_empty() && first < last => {
            range(entry, prefix, *first, *last, *width, true)
        }
        ([_, _], Some([(prefix, first, width), ("", last, _)])) if !prefix.is_empty() && first < last => {
            range(entry, prefix, *first, *last, *width, false)
        }
        ([_, _, _, ..], Some(all)) if all.iter().all(|(prefix, ..)| !prefix.is_empty() && *prefix == all[0].0) => {
            Entry::List(parts.iter().map(|part| (*part).to_owned()).collect())
        }
        _ => name(),
    }
}

fn range(entry: &str, prefix: &str, first: u64, last: u64, width: usize, full: bool) -> Entry {
    Entry::Range { prefix: prefix.to_owned(), first, last, width, full, text: entry.to_owned() }
}

/// `C08` as its prefix, its number and the number's width where it is padded with zeros.
fn numbered(part: &str) -> Option<(&str, u64, usize)> {
    let digits = part.trim_start_matches(|c: char| !c.is_ascii_digit());
    let prefix = part.strip_suffix(digits)?;
    if digits.is_empty() || digits.len() > 9 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let width = if digits.starts_with('0') { digits.len() } else { 0 };
    Some((prefix, digits.parse().ok()?, width))
}
