//! What a check keeps in memory while it goes over the data: some 100 bytes for each regulated row.

use crate::format::Hash;
use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// An identifier in 16 bytes: a UUID as it is, any other text by its digest. Two texts are the same
/// identifier only when they are the same bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct Id([u8; 16]);

impl Id {
    pub(crate) fn of(text: &str) -> Self {
        Self::of_uuid(text.as_bytes()).unwrap_or_else(|| {
            let digest: Hash = Sha256::digest(text.as_bytes()).into();
            let mut id = [0; 16];
            id.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
            Self(id)
        })
    }

    /// Only the lower-case hyphenated form, so that no other spelling passes for it.
    fn of_uuid(text: &[u8]) -> Option<Self> {
        if text.len() != 36 {
            return None;
        }
        let mut id = [0; 16];
        let mut digits = 0;
        for (place, byte) in text.iter().enumerate() {
            if matches!(place, 8 | 13 | 18 | 23) {
                if *byte != b'-' {
                    return None;
                }
                continue;
            }
            let digit = match byte {
                b'0'..=b'9' => byte - b'0',
                b'a'..=b'f' => byte - b'a' + 10,
                _ => return None,
            };
            let half: &mut u8 = id.get_mut(digits / 2)?;
            *half = *half << 4 | digit;
            digits += 1;
        }
        Some(Self(id))
    }

    /// As a UUID is written.
    pub(crate) fn text(&self) -> String {
        let hex = crate::format::hex(&self.0);
        let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
        format!("{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32))
    }
}

/// Where an event stands. Transactions are named in the order of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub tx: Id,
    pub ord: i64,
}

/// The last event of a row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Last {
    pub place: Place,
    pub image: Hash,
    /// Whether the row was found.
    pub seen: bool,
}

/// The names of tables as small numbers.
#[derive(Debug)]
pub(crate) struct Tables {
    names: Vec<String>,
    latest: u16,
}

impl Default for Tables {
    fn default() -> Self {
        Self { names: vec!["record".to_owned()], latest: Self::RECORD }
    }
}

impl Tables {
    pub(crate) const RECORD: u16 = 0;

    pub(crate) fn number(&mut self, name: &str) -> u16 {
        // Events of one table mostly follow one another.
        if self.names.get(usize::from(self.latest)).is_some_and(|latest| latest == name) {
            return self.latest;
        }
        let known = self.names.iter().position(|known| known == name);
        let place = known.unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        });
        // Past so many made-up names all are one, which no row of a table ever has.
        self.latest = u16::try_from(place).unwrap_or(u16::MAX);
        self.latest
    }

    pub(crate) fn name(&self, number: u16) -> &str {
        self.names.get(usize::from(number)).map_or("?", String::as_str)
    }
}

/// What the events say of the rows.
#[derive(Debug, Default)]
pub(crate) struct Trail {
    pub tables: Tables,
    pub last: HashMap<(u16, Id), Last>,
    /// Events on records; each wrote a version.
    pub record_events: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_stands_for_exactly_one_text() {
        let uuid = "0198c4b2-7e01-7abc-8def-0123456789ab";
        assert_eq!(Id::of(uuid).text(), uuid);
        let others = ["0198C4B2-7e01-7abc-8def-0123456789ab", "0198c4b27e01-7abc-8def-0123456789ab-", "0198c4b2-7e01-7abc-8def-0123456789a", "1", ""];
        for other in others {
            assert_ne!(Id::of(other), Id::of(uuid), "{other}");
        }
        assert_ne!(Id::of("1"), Id::of("2"));
    }

    #[test]
    fn identifiers_of_uuids_sort_as_their_texts() {
        assert!(Id::of("0198c4b2-7e01-7abc-8def-0123456789ab") < Id::of("0198c4b2-7e02-7000-8000-000000000000"));
    }
}
