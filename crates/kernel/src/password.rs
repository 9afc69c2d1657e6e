//! Passwords: what is accepted (NIST SP 800-63B), and Argon2id hashes (RFC 9106) as PHC strings.
//!
//! Hashing is slow on purpose, so callers do it outside transactions and limit attempts. Salts are
//! handed in, because randomness is a parameter everywhere.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use base::limits::{PASSWORD_BYTES_MAX, PASSWORD_CHARS_MIN};
use base::text::{fold, normalise_secret};
use base::{Error, Refusal, RefusalKind, Result};

/// Memory of the standard hash, in KiB: the OWASP Password Storage Cheat Sheet's first choice for
/// Argon2id, 19 MiB with two passes and one lane.
pub const STANDARD_MEMORY_KIB: u32 = 19 * 1024;
/// Passes of the standard hash.
pub const STANDARD_ITERATIONS: u32 = 2;
/// Lanes of every hash.
pub const LANES: u32 = 1;
/// The most memory a stored hash may ask for, in KiB: a row written by somebody else must not be
/// able to exhaust the server.
pub const STORED_MEMORY_KIB_MAX: u32 = 128 << 10;
/// The most passes a stored hash may ask for.
pub const STORED_ITERATIONS_MAX: u32 = 16;
/// Random bytes of a salt (RFC 9106 section 3.1 recommends 16).
pub const SALT_BYTES: usize = 16;
/// Bytes of a hash.
pub const HASH_BYTES: usize = 32;
/// Different characters that a password needs: `aaaaaaaaaaaa` and `123123123123` are on every
/// guesser's list, and this keeps them off ours.
pub const DISTINCT_CHARS_MIN: usize = 5;
/// A user name shorter than this, in characters, may occur in a password: it does by chance.
pub const LOGIN_CHARS_COMPARED_MIN: usize = 3;

/// How much work a hash is. The cheap set exists because a test suite hashes thousands of times;
/// it is an argument and not a build setting, so that tests run the code that is shipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hashing {
    pub memory_kib: u32,
    pub iterations: u32,
}

impl Hashing {
    /// What a server uses.
    pub const fn standard() -> Self {
        Self { memory_kib: STANDARD_MEMORY_KIB, iterations: STANDARD_ITERATIONS }
    }

    /// The least that Argon2 allows. Never for a password that guards anything.
    pub const fn cheap_for_tests() -> Self {
        Self { memory_kib: Params::MIN_M_COST, iterations: Params::MIN_T_COST }
    }

    fn argon2(&self) -> Result<Argon2<'static>> {
        let params = Params::new(self.memory_kib, self.iterations, LANES, Some(HASH_BYTES)).map_err(Error::internal)?;
        Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
    }
}

impl Default for Hashing {
    fn default() -> Self {
        Self::standard()
    }
}

/// Refuses a new password that is too short (`password_too_short`), too long (`password_too_long`),
/// contains the user name (`password_contains_login`), repeats few characters
/// (`password_repetitive`) or is one of the most used (`password_common`). No rule about kinds of
/// characters and none about age: SP 800-63B advises against both.
pub fn check_policy(login: &str, password: &str) -> Result<()> {
    let refuse = |code: &str, message: String| {
        let advice = format!("Use at least {PASSWORD_CHARS_MIN} characters; a few unrelated words are good.");
        Err(Refusal::new(RefusalKind::Invalid, code, message).at("password").advise(advice).into())
    };
    let Some(password) = compared(password) else {
        return refuse("password_too_long", format!("The password is too long; at most {PASSWORD_BYTES_MAX} bytes are allowed."));
    };
    let count = password.chars().count();
    if count < PASSWORD_CHARS_MIN {
        return refuse("password_too_short", format!("The password has {count} characters; at least {PASSWORD_CHARS_MIN} are needed."));
    }
    let folded = fold(&password);
    let login = fold(login.trim());
    if login.chars().count() >= LOGIN_CHARS_COMPARED_MIN && folded.contains(&login) {
        return refuse("password_contains_login", "The password must not contain the user name.".to_owned());
    }
    let mut distinct: Vec<char> = folded.chars().collect();
    distinct.sort_unstable();
    distinct.dedup();
    if distinct.len() < DISTINCT_CHARS_MIN {
        let message = format!("The password has {} different characters; at least {DISTINCT_CHARS_MIN} are needed.", distinct.len());
        return refuse("password_repetitive", message);
    }
    if COMMON.contains(&folded.as_str()) {
        return refuse("password_common", "The password is one of the most used and would be guessed first.".to_owned());
    }
    Ok(())
}

/// The password as it is compared and hashed; `None` when it is longer than any that is accepted.
/// What is typed bounds the work of normalising, what comes out the work of hashing: one letter may
/// stand for a whole phrase.
fn compared(password: &str) -> Option<String> {
    let fits = |text: &str| text.len() <= PASSWORD_BYTES_MAX;
    Some(password).filter(|typed| fits(typed)).map(normalise_secret).filter(|normal| fits(normal))
}

/// Hashes a password with a fresh salt of [`SALT_BYTES`] random bytes; gives a PHC string
/// (`$argon2id$v=19$m=19456,t=2,p=1$…`). The policy is [`check_policy`]'s; only the length limit
/// is checked here again, because it bounds the work.
pub fn hash(password: &str, hashing: &Hashing, salt: &[u8]) -> Result<String> {
    let password = compared(password).ok_or_else(|| Error::too_large("password", format!("at most {PASSWORD_BYTES_MAX} bytes are allowed")))?;
    if salt.len() != SALT_BYTES {
        return Err(Error::internal(format!("a salt of {} bytes instead of {SALT_BYTES}", salt.len())));
    }
    let hashed = hashing.argon2()?.hash_password_with_salt(password.as_bytes(), salt).map_err(Error::internal)?;
    Ok(hashed.to_string())
}

/// Whether the password belongs to the stored hash. Nothing is stored for an unknown user: the
/// same work is then done for nothing, so that the time of the answer does not tell who exists.
/// A stored hash that cannot be read is an internal error, never a wrong password.
pub fn verify(stored: Option<&str>, password: &str, hashing: &Hashing) -> Result<bool> {
    // No password this long was ever accepted; the work is the same, and bounded.
    let given = compared(password);
    let fits = given.is_some();
    let candidate = given.unwrap_or_default();
    let Some(stored) = stored else {
        let spent = hash(&candidate, hashing, &[0; SALT_BYTES])?;
        // Without a use the optimiser could drop the work.
        std::hint::black_box(spent);
        return Ok(false);
    };
    let (parsed, cost) = read(stored)?;
    if cost.memory_kib > STORED_MEMORY_KIB_MAX || cost.iterations > STORED_ITERATIONS_MAX {
        return Err(Error::internal("a stored password hash asks for more work than is allowed"));
    }
    // Algorithm and parameters are the stored ones, whatever this value says.
    match Argon2::default().verify_password(candidate.as_bytes(), &parsed) {
        Ok(()) => Ok(fits),
        Err(argon2::password_hash::Error::PasswordInvalid) => Ok(false),
        Err(fault) => Err(Error::internal(format!("a stored password hash cannot be checked: {fault}"))),
    }
}

/// Whether a stored hash is weaker than today's parameters, or of another kind. The caller hashes
/// anew at the next good sign-in, the only time at which it has the password. A stronger hash
/// stays: loosening the parameters weakens nobody.
pub fn needs_rehash(stored: &str, hashing: &Hashing) -> bool {
    let Ok((parsed, cost)) = read(stored) else { return true };
    let current = parsed.algorithm.as_str() == Algorithm::Argon2id.as_str() && parsed.version == Some(Version::V0x13.into());
    let length = parsed.hash.as_ref().map_or(0, |output| output.len());
    !current || length < HASH_BYTES || cost.memory_kib < hashing.memory_kib || cost.iterations < hashing.iterations
}

fn read(stored: &str) -> Result<(PasswordHash, Hashing)> {
    let unreadable = || Error::internal("a stored password hash cannot be read");
    let parsed = PasswordHash::new(stored).map_err(|_| unreadable())?;
    let params = Params::try_from(&parsed).map_err(|_| unreadable())?;
    // A string without salt or hash is valid PHC and would only look like a wrong password.
    if parsed.salt.is_none() || parsed.hash.is_none() {
        return Err(unreadable());
    }
    Ok((parsed, Hashing { memory_kib: params.m_cost(), iterations: params.t_cost() }))
}

/// Passwords of at least [`PASSWORD_CHARS_MIN`] characters that stand high on lists of leaked
/// ones or follow their patterns, folded. Shorter and repetitive ones are refused anyway.
const COMMON: [&str; 83] = [
    "000000123456",
    "01234567890123",
    "012345678910",
    "0123456789ab",
    "098765432109",
    "0987654321098",
    "0987654321qwerty",
    "102938475610",
    "1029384756qpwo",
    "123123123456",
    "1234512345678",
    "123456123456",
    "1234567123456",
    "123456789000",
    "123456789009",
    "12345678900987654321",
    "123456789012",
    "1234567890123",
    "12345678901234",
    "123456789012345",
    "1234567890123456",
    "12345678901234567890",
    "123456789098",
    "1234567890qw",
    "1234567890qwe",
    "1234567890qwerty",
    "1234567890qwertyuiop",
    "1234567891011",
    "123456789101112",
    "12345678910111213",
    "123456789123",
    "123456789123456789",
    "12345678987654321",
    "123456789abc",
    "123456789qwe",
    "123456789qwerty",
    "1234qwerasdf",
    "1234qwerasdfzxcv",
    "123qweasdzxc",
    "147258369147",
    "147258369258",
    "1q2w3e4r5t6y",
    "1q2w3e4r5t6y7u",
    "1q2w3e4r5t6y7u8i",
    "1q2w3e4r5t6y7u8i9o0p",
    "1qaz2wsx3edc",
    "1qaz2wsx3edc4rfv",
    "abcdefghijkl",
    "abcdefghijklm",
    "abcdefghijklmnopqrstuvwxyz",
    "administrator",
    "administrator1",
    "asdfghjkl123",
    "asdfghjkl123456",
    "asdfghjklqwertyuiop",
    "changeme1234",
    "changemenow1",
    "correcthorsebatterystaple",
    "football1234",
    "iloveyou1234",
    "iloveyouforever",
    "letmeinletmein",
    "mynameisjohn",
    "password0123",
    "password1234",
    "password12345",
    "password123456",
    "password123456789",
    "password2024",
    "password2025",
    "password2026",
    "passwordpassword",
    "q1w2e3r4t5y6",
    "qazwsxedcrfv",
    "qwerty123456",
    "qwerty1234567890",
    "qwertyqwerty",
    "qwertyuiop12",
    "qwertyuiop123",
    "qwertyuiopasdfghjkl",
    "qwertyuiopasdfghjklzxcvbnm",
    "thisisapassword",
    "zxcvbnm123456",
];

#[cfg(test)]
mod tests {
    use super::*;

    const SALT: [u8; SALT_BYTES] = *b"0123456789abcdef";
    const CHEAP: Hashing = Hashing::cheap_for_tests();

    fn code(result: Result<()>) -> String {
        result.unwrap_err().refusal().unwrap().code.clone()
    }

    #[test]
    fn only_the_right_password_belongs_to_a_hash() {
        let stored = hash("three blue kettles", &CHEAP, &SALT).unwrap();
        assert!(verify(Some(&stored), "three blue kettles", &CHEAP).unwrap());
        assert!(!verify(Some(&stored), "three blue kettle", &CHEAP).unwrap());
        assert!(!verify(Some(&stored), "", &CHEAP).unwrap());
        assert!(!verify(Some(&stored), "Three blue kettles", &CHEAP).unwrap());
    }

    #[test]
    fn the_standard_hash_names_its_parameters() {
        let stored = hash("three blue kettles", &Hashing::standard(), &SALT).unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(verify(Some(&stored), "three blue kettles", &Hashing::standard()).unwrap());
        assert!(!needs_rehash(&stored, &Hashing::standard()));
    }

    #[test]
    fn a_hash_from_another_argon2_is_understood() {
        // Test vector of the reference implementation (argon2/src/test.c): version 19, 2 passes, 256 KiB.
        let stored = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
        assert!(verify(Some(stored), "password", &CHEAP).unwrap());
        assert!(!verify(Some(stored), "passwore", &CHEAP).unwrap());
        assert!(needs_rehash(stored, &Hashing::standard()));
    }

    #[test]
    fn the_same_keys_give_the_same_password_on_every_system() {
        let stored = hash("caf\u{e9} o\u{fb03}ziell", &CHEAP, &SALT).unwrap();
        assert!(verify(Some(&stored), "cafe\u{301} offiziell", &CHEAP).unwrap());
        assert!(!verify(Some(&stored), "cafe offiziell", &CHEAP).unwrap());
        // One letter that stands for eighteen: a few of them are more than is accepted.
        let phrase = "\u{fdfa}".repeat(PASSWORD_BYTES_MAX / 3);
        assert!(phrase.len() <= PASSWORD_BYTES_MAX);
        assert_eq!(code(check_policy("anna", &phrase)), "password_too_long");
        assert!(hash(&phrase, &CHEAP, &SALT).is_err());
        assert!(!verify(Some(&stored), &phrase, &CHEAP).unwrap());
    }

    #[test]
    fn two_salts_give_two_hashes() {
        let other = hash("three blue kettles", &CHEAP, &[7; SALT_BYTES]).unwrap();
        assert_ne!(other, hash("three blue kettles", &CHEAP, &SALT).unwrap());
        assert!(hash("three blue kettles", &CHEAP, b"short").is_err());
    }

    #[test]
    fn an_unknown_user_is_never_let_in() {
        assert!(!verify(None, "three blue kettles", &CHEAP).unwrap());
        assert!(!verify(None, "", &CHEAP).unwrap());
        assert!(!verify(None, &"x".repeat(PASSWORD_BYTES_MAX + 1), &CHEAP).unwrap());
    }

    #[test]
    fn a_damaged_hash_is_our_fault_and_not_a_wrong_password() {
        for stored in ["", "plain", "$argon2id$v=19$m=8,t=1,p=1$", "$argon2id$v=19$m=8,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg"] {
            assert!(matches!(verify(Some(stored), "x", &CHEAP), Err(Error::Internal(_))), "{stored}");
            assert!(needs_rehash(stored, &CHEAP), "{stored}");
        }
    }

    #[test]
    fn a_stored_hash_cannot_ask_for_unlimited_work() {
        let stored = hash("three blue kettles", &CHEAP, &SALT).unwrap();
        for greedy in [
            stored.replace("m=8", &format!("m={}", STORED_MEMORY_KIB_MAX + 1)),
            stored.replace("t=1", &format!("t={}", STORED_ITERATIONS_MAX + 1)),
        ] {
            assert!(matches!(verify(Some(&greedy), "x", &CHEAP), Err(Error::Internal(_))), "{greedy}");
        }
        let most = [Hashing { memory_kib: STORED_MEMORY_KIB_MAX, ..CHEAP }, Hashing { iterations: STORED_ITERATIONS_MAX, ..CHEAP }];
        for hashing in most {
            let stored = hash("three blue kettles", &hashing, &SALT).unwrap();
            assert!(verify(Some(&stored), "three blue kettles", &CHEAP).unwrap(), "{hashing:?} is checked by its own parameters");
        }
    }

    #[test]
    fn weaker_hashes_are_renewed_and_stronger_ones_stay() {
        let stored = hash("three blue kettles", &CHEAP, &SALT).unwrap();
        assert!(!needs_rehash(&stored, &CHEAP));
        assert!(needs_rehash(&stored, &Hashing { memory_kib: CHEAP.memory_kib + 1, ..CHEAP }));
        assert!(needs_rehash(&stored, &Hashing { iterations: CHEAP.iterations + 1, ..CHEAP }));
        let stronger = hash("three blue kettles", &Hashing { memory_kib: 16, iterations: 2 }, &SALT).unwrap();
        assert!(!needs_rehash(&stronger, &CHEAP));
        assert!(needs_rehash(&stored.replace("argon2id", "argon2i"), &CHEAP));
        assert!(needs_rehash(&stored.replace("v=19", "v=16"), &CHEAP));
    }

    #[test]
    fn frs_per_005_a_password_past_either_end_of_the_limits_is_refused() {
        let first = |count: usize| "äbcdéfg hijklmnop".chars().take(count).collect::<String>();
        assert!(check_policy("anna", &first(PASSWORD_CHARS_MIN)).is_ok());
        // Characters count, not their bytes.
        let shorter = first(PASSWORD_CHARS_MIN - 1);
        assert!(shorter.len() >= PASSWORD_CHARS_MIN);
        assert_eq!(code(check_policy("anna", &shorter)), "password_too_short");
        let longest = "three blue kettles ".repeat(14)[..PASSWORD_BYTES_MAX].to_owned();
        assert!(check_policy("anna", &longest).is_ok());
        assert!(hash(&longest, &CHEAP, &SALT).is_ok());
        let longer = format!("{longest}x");
        assert_eq!(code(check_policy("anna", &longer)), "password_too_long");
        assert!(hash(&longer, &CHEAP, &SALT).is_err());
        let stored = hash("", &CHEAP, &SALT).unwrap();
        assert!(!verify(Some(&stored), &longer, &CHEAP).unwrap());
    }

    #[test]
    fn a_password_with_the_user_name_in_it_is_refused() {
        assert_eq!(code(check_policy("anna.rossi", "my-ANNA.Rossi-7281")), "password_contains_login");
        assert_eq!(code(check_policy("renée", "xx RENEE 7281 zz")), "password_contains_login");
        assert!(check_policy("al", "small kettles 72").is_ok());
        assert!(check_policy("", "small kettles 72").is_ok());
    }

    #[test]
    fn the_most_used_and_the_repetitive_are_refused_with_the_rule_named() {
        for password in ["Password1234", "1QAZ2wsx3edc", "correcthorsebatterystaple"] {
            let error = check_policy("anna", password).unwrap_err();
            assert_eq!(error.refusal().unwrap().code, "password_common");
            assert_eq!(error.refusal().unwrap().place.as_deref(), Some("password"));
            assert!(!error.to_string().contains(password), "a refusal never repeats the password");
        }
        assert_eq!(code(check_policy("anna", "aaaabbbbccccdddd")), "password_repetitive");
        assert!(check_policy("anna", "aaaabbbbccccdddde").is_ok());
    }

    #[test]
    fn every_listed_password_would_pass_the_other_rules() {
        for listed in COMMON {
            assert_eq!(listed, fold(listed), "{listed} is folded");
            assert_eq!(code(check_policy("anna", listed)), "password_common", "{listed}");
        }
        assert!(COMMON.is_sorted(), "in order, so that a reader finds one");
    }
}
