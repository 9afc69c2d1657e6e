//! Words and addresses: how pages write records, people, dates and links.

pub(crate) use base::text::{capital, in_sentence};
use base::{RecordRef, Timestamp};
use kernel::record::Record;

use crate::ui::chip::{Due, DueState};
use crate::ui::{Chip, Link, Phase, When};

/// Percent-encoding for a path segment or a query value (RFC 3986 unreserved characters stay).
pub(crate) fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// Reads percent-encoding and `+` as a form sends them; `None` when it is not UTF-8.
pub(crate) fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let (high, low) = (rest.next()?, rest.next()?);
                let digit = |byte: u8| char::from(byte).to_digit(16);
                bytes.push(u8::try_from(digit(high)? * 16 + digit(low)?).ok()?);
            }
            other => bytes.push(other),
        }
    }
    String::from_utf8(bytes).ok()
}

/// The address of a record: kind and number, and the revision where there are revisions.
pub(crate) fn href(record: &RecordRef) -> String {
    address(&record.kind, &record.number, &record.revision, "")
}

/// The address of something below a record's page: `/edit`, `/step/submit`.
pub(crate) fn below(record: &Record, what: &str) -> String {
    address(&record.kind, &record.number, &record.revision, what)
}

fn address(kind: &str, number: &str, revision: &str, what: &str) -> String {
    let revision = if revision.is_empty() { String::new() } else { format!("?rev={}", encode(revision)) };
    format!("/r/{kind}/{}{what}{revision}", encode(number))
}

/// A link to a record that shows number and revision, with the title behind.
pub(crate) fn link(record: &RecordRef) -> Link {
    Link::new(href(record), record.label()).detail(record.title.clone())
}

pub(crate) fn phase(phase: kernel::kind::Phase) -> Phase {
    match phase {
        kernel::kind::Phase::Draft => Phase::Draft,
        kernel::kind::Phase::InWork => Phase::InWork,
        kernel::kind::Phase::InReview => Phase::InReview,
        kernel::kind::Phase::Effective => Phase::Effective,
        kernel::kind::Phase::Closed => Phase::Closed,
        kernel::kind::Phase::Void => Phase::Void,
    }
}

pub(crate) fn chip(catalog: &kernel::catalog::Catalog, record: &Record) -> Chip {
    Chip::new(phase(record.phase), catalog.state_label(&record.kind, &record.state))
}

/// A moment in a person's zone.
pub(crate) fn when(at: Timestamp, zone: &str) -> When {
    When::new(at.display_in(zone).unwrap_or_else(|_| at.to_rfc3339()), at.to_rfc3339())
}

/// When a signature was given, as it was shown to the signer.
pub(crate) fn when_signed(given: &kernel::signature::Given) -> When {
    When::new(given.shown_at(), given.signed_at.to_rfc3339())
}

/// A calendar date.
pub(crate) fn day(date: &str) -> When {
    let shown = date.parse::<base::Date>().map_or_else(|_| date.to_owned(), base::time::display_date);
    When::new(shown, date)
}

/// A due date and how it stands today in a zone.
pub(crate) fn due(date: &str, now: Timestamp, zone: &str) -> Due {
    let today = now.date_in(zone).ok();
    let left = match (today, date.parse::<base::Date>()) {
        (Some(today), Ok(date)) => (date - today).get_days(),
        _ => return Due::new(DueState::Open, day(date), ""),
    };
    let days = |count: i32| if count == 1 { "1 day".to_owned() } else { format!("{count} days") };
    match left {
        ..0 => Due::new(DueState::Late, day(date), format!("{} late", days(-left))),
        0 => Due::new(DueState::Soon, day(date), "today"),
        1..=7 => Due::new(DueState::Soon, day(date), format!("in {}", days(left))),
        _ => Due::new(DueState::Open, day(date), ""),
    }
}

/// `1 record`, `12 records`.
pub(crate) fn counted(count: usize, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}

/// Two letters for a person.
pub(crate) fn initials(name: &str) -> String {
    let mut words = name.split_whitespace();
    let first = words.next().and_then(|word| word.chars().next());
    let last = words.next_back().and_then(|word| word.chars().next());
    [first, last].into_iter().flatten().collect::<String>().to_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoding_reads_back_and_leaves_nothing_dangerous() {
        for text in ["VX-209/1 ü", "a&b=c", "\"<>'", "плюс+"] {
            assert_eq!(decode(&encode(text)).as_deref(), Some(text));
            assert!(encode(text).bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte)));
        }
        assert_eq!(decode("%ff"), None);
        assert_eq!(decode("%4"), None);
    }

    #[test]
    fn a_due_date_says_how_it_stands() {
        let now = Timestamp::parse("2026-11-21T23:30:00Z").unwrap();
        let note = |date: &str, zone: &str| due(date, now, zone).note;
        assert_eq!(note("2026-11-20", "UTC"), "1 day late");
        assert_eq!(note("2026-11-21", "UTC"), "today");
        assert_eq!(note("2026-11-21", "Europe/Rome"), "1 day late");
        assert_eq!(note("2026-11-24", "UTC"), "in 3 days");
        assert_eq!(note("2027-01-01", "UTC"), "");
    }
}
