//! How long a signing challenge may be.

use super::*;
use base::limits::{KEY_CHARS, LABEL_CHARS};

#[test]
fn frs_sig_004_a_challenge_with_a_part_past_the_limit_is_not_even_read() {
    let at = "ab".repeat(CHALLENGE_CHARS / 2);
    let past = format!("{at}cd");
    assert_eq!(at.len(), CHALLENGE_CHARS);
    assert_eq!(parts_of(&format!("{at}.{at}")), Some((vec![0xab; CHALLENGE_CHARS / 2], vec![0xab; CHALLENGE_CHARS / 2])));
    for longer in [format!("{past}.{at}"), format!("{at}.{past}"), at.clone()] {
        assert_eq!(parts_of(&longer), None);
    }
}

/// Everything that stands in a challenge has a limit of its own, and all of it together stays below this
/// one: no challenge is ever made that could not be read again.
#[test]
fn frs_sig_004_the_longest_challenge_that_can_be_made_is_not_past_the_limit() {
    let id = || "0".repeat(36);
    // What takes most room in JSON: a character of six (\u0001 is refused in every name, but costs most).
    let worst = |chars: usize| "\u{1}".repeat(chars);
    let subject = SigningSubject {
        record: id(),
        version: i64::MIN,
        digest: "0".repeat(64),
        step: worst(KEY_CHARS),
        meaning: worst(LABEL_CHARS),
        role: worst(KEY_CHARS),
        obligation: Some(id()),
    };
    let longest = Challenge { tenant: worst(KEY_CHARS), person: id(), session: "0".repeat(64), subject, nonce: id(), until: Timestamp(i64::MIN) };
    let text = serde_json::to_vec(&longest).unwrap();
    assert!(hex::encode(&text).len() <= CHALLENGE_CHARS, "{}", text.len());
}
