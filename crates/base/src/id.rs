//! Identifiers and randomness, both from one injected source.

use crate::time::{Clock, SystemClock, Timestamp};
use std::sync::Mutex;

/// Gives identifiers (UUIDv7, text, lower case, hyphenated: sortable by the time of making) and
/// random bytes.
pub trait IdSource: Send + Sync {
    /// A new identifier made at `now`.
    fn next_id(&self, now: Timestamp) -> String;
    /// `count` random bytes, fit for secrets.
    fn random_bytes(&self, count: usize) -> Vec<u8>;
}

/// True for a hyphenated UUID; every identifier that comes from outside passes through this.
pub fn is_id(text: &str) -> bool {
    text.len() == 36 && uuid::Uuid::try_parse(text).is_ok()
}

/// Identifiers from the operating system's randomness.
#[derive(Debug, Default)]
pub struct SystemIds;

impl IdSource for SystemIds {
    fn next_id(&self, now: Timestamp) -> String {
        let mut random = [0u8; 10];
        random.copy_from_slice(&self.random_bytes(10));
        version_seven(now, random)
    }

    #[expect(clippy::disallowed_methods, reason = "the one place where the system's randomness is read")]
    #[expect(clippy::expect_used, reason = "without randomness nothing safe can be done")]
    fn random_bytes(&self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        getrandom::fill(&mut bytes).expect("the operating system gives randomness");
        bytes
    }
}

/// Repeatable identifiers for tests and simulations: the same seed gives the same run.
#[derive(Debug)]
pub struct SeededIds(Mutex<u64>);

impl SeededIds {
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(seed))
    }

    /// SplitMix64 (Steele, Lea, Flood 2014): small, and good enough where secrecy is not wanted.
    fn next(&self) -> u64 {
        let mut state = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = *state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

impl IdSource for SeededIds {
    fn next_id(&self, now: Timestamp) -> String {
        let mut random = [0u8; 10];
        random.copy_from_slice(&self.random_bytes(10));
        version_seven(now, random)
    }

    fn random_bytes(&self, count: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(count + 8);
        while bytes.len() < count {
            bytes.extend_from_slice(&self.next().to_be_bytes());
        }
        bytes.truncate(count);
        bytes
    }
}

/// UUIDv7 (RFC 9562 section 5.7) from a millisecond time and random bits.
fn version_seven(now: Timestamp, random: [u8; 10]) -> String {
    let millis = u64::try_from(now.0 / 1000).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid().to_string()
}

/// An identifier made now from the system's clock and randomness: for the edge only (request
/// identifiers, idempotency keys that a page makes for its own form).
pub fn edge_id() -> String {
    SystemIds.next_id(SystemClock.now())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_sort_by_the_time_of_making() {
        let ids = SeededIds::new(1);
        let earlier = ids.next_id(Timestamp(1_000_000_000));
        let later = ids.next_id(Timestamp(2_000_000_000));
        assert!(earlier < later);
        assert!(is_id(&earlier));
        assert!(!is_id("00000000"));
    }

    #[test]
    fn the_same_seed_gives_the_same_identifiers() {
        assert_eq!(SeededIds::new(7).next_id(Timestamp(5)), SeededIds::new(7).next_id(Timestamp(5)));
    }
}
