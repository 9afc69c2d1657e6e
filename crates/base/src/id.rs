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
    /// Makes every further identifier sort behind this one, which another node has made, whatever
    /// the clock here says. Text that is no identifier is passed over.
    fn follow(&self, id: &str);
}

/// True for a hyphenated UUID; every identifier that comes from outside passes through this.
pub fn is_id(text: &str) -> bool {
    text.len() == 36 && uuid::Uuid::try_parse(text).is_ok()
}

/// Identifiers from the operating system's randomness.
#[derive(Debug, Default)]
pub struct SystemIds(Mutex<Sequence>);

impl IdSource for SystemIds {
    fn next_id(&self, now: Timestamp) -> String {
        let random = self.random_bytes(10);
        lock(&self.0).next(now, &random)
    }

    fn follow(&self, id: &str) {
        lock(&self.0).follow(id);
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
pub struct SeededIds {
    state: Mutex<u64>,
    sequence: Mutex<Sequence>,
}

impl SeededIds {
    pub fn new(seed: u64) -> Self {
        Self { state: Mutex::new(seed), sequence: Mutex::default() }
    }

    /// SplitMix64 (Steele, Lea, Flood 2014): small, and good enough where secrecy is not wanted.
    fn next(&self) -> u64 {
        let mut state = lock(&self.state);
        *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = *state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

impl IdSource for SeededIds {
    fn next_id(&self, now: Timestamp) -> String {
        let random = self.random_bytes(10);
        lock(&self.sequence).next(now, &random)
    }

    fn follow(&self, id: &str) {
        lock(&self.sequence).follow(id);
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

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// UUIDv7 (RFC 9562 section 5.7), rising even within one millisecond and when the clock goes back
/// (section 6.2, method 2): what one node makes sorts in the order of making.
#[derive(Debug, Default)]
struct Sequence {
    millis: u64,
    /// The 74 bits behind the time.
    tail: u128,
}

const TAIL_BITS: u32 = 74;

impl Sequence {
    fn follow(&mut self, id: &str) {
        let Ok(id) = uuid::Uuid::try_parse(id) else { return };
        let bits = id.as_u128();
        let millis = u64::try_from(bits >> 80).unwrap_or(0);
        let tail = ((bits >> 64 & 0xFFF) << 62) | (bits & ((1 << 62) - 1));
        if (millis, tail) <= (self.millis, self.tail) {
            return;
        }
        // Room for counting on; without it the next millisecond begins.
        let has_room = tail >> (TAIL_BITS - 1) == 0;
        (self.millis, self.tail) = if has_room { (millis, tail) } else { (millis + 1, 0) };
    }

    fn next(&mut self, now: Timestamp, random: &[u8]) -> String {
        let millis = u64::try_from(now.0 / 1000).unwrap_or(0);
        let mut wide = [0u8; 16];
        wide.iter_mut().rev().zip(random).for_each(|(to, from)| *to = *from);
        let chance = u128::from_be_bytes(wide);
        if millis > self.millis {
            self.millis = millis;
            // The topmost bit stays free, so that counting on cannot overflow within a millisecond.
            self.tail = chance & ((1 << (TAIL_BITS - 1)) - 1);
        } else {
            // A random stride keeps the next identifier from being guessed from the last.
            self.tail += 1 + (chance & 0xFFFF_FFFF);
        }
        let tail = self.tail & ((1 << TAIL_BITS) - 1);
        let above = (u128::from(self.millis) << 80) | (0x7 << 76) | ((tail >> 62) << 64);
        let below = (0b10 << 62) | (tail & ((1 << 62) - 1));
        uuid::Uuid::from_u128(above | below).to_string()
    }
}

/// An identifier made now from the system's clock and randomness: for the edge only (request
/// identifiers, idempotency keys that a page makes for its own form).
pub fn edge_id() -> String {
    SystemIds::default().next_id(SystemClock.now())
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
    fn identifiers_of_one_millisecond_sort_in_the_order_of_making() {
        let ids = SeededIds::new(3);
        let made: Vec<_> = (0..2000).map(|n| ids.next_id(Timestamp(1_700_000_000_000_000 - n))).collect();
        assert!(made.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(made.iter().all(|id| uuid::Uuid::parse_str(id).is_ok_and(|id| id.get_version_num() == 7)));
    }

    #[test]
    fn frs_trl_016_what_is_made_after_following_another_node_sorts_behind_what_that_made() {
        let (ahead, behind) = (SeededIds::new(1), SeededIds::new(2));
        for second in 0..200 {
            let other = ahead.next_id(Timestamp(1_700_000_000_000_000 + second * 1_000_000));
            behind.follow(&other);
            behind.follow("no identifier");
            behind.follow("00000000-0000-7000-8000-000000000000");
            let own = behind.next_id(Timestamp(1_600_000_000_000_000));
            assert!(own > other && is_id(&own), "{own} {other}");
        }
        let last = "ffffffff-fffe-7fff-bfff-ffffffffffff";
        behind.follow(last);
        assert!(behind.next_id(Timestamp(0)).as_str() > last);
    }

    #[test]
    fn the_same_seed_gives_the_same_identifiers() {
        assert_eq!(SeededIds::new(7).next_id(Timestamp(5)), SeededIds::new(7).next_id(Timestamp(5)));
    }
}
