//! SHA-256 digests and the length-prefixed encoding whose bytes they cover.

use sha2::{Digest as _, Sha256};
use crate::hex;
use std::fmt;

/// A SHA-256 digest, shown as 64 hexadecimal characters.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    pub const ZERO: Self = Self([0; 32]);

    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Digest of several parts laid end to end.
    pub fn of_parts(parts: &[&[u8]]) -> Self {
        let mut hasher = Sha256::new();
        for part in parts {
            hasher.update(part);
        }
        Self(hasher.finalize().into())
    }

    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    pub fn from_hex(text: &str) -> Option<Self> {
        hex::decode(text, 64).and_then(|bytes| Self::from_bytes(&bytes))
    }

    pub fn hex(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

/// Builds canonical bytes: each part is a tag, a big-endian 32-bit length, then the bytes, so that
/// no two different sequences of parts give the same bytes (`docs/FORMATS.md`).
#[derive(Debug, Default, Clone)]
pub struct Canonical(Vec<u8>);

impl Canonical {
    /// Starts with a domain label such as `PLUMB-EVENT-1`, so that bytes of one purpose can never
    /// stand for another.
    pub fn new(label: &str) -> Self {
        let mut this = Self(Vec::with_capacity(512));
        this.part(b'L', label.as_bytes());
        this
    }

    pub fn text(&mut self, value: &str) -> &mut Self {
        self.part(b'T', value.as_bytes())
    }

    pub fn optional(&mut self, value: Option<&str>) -> &mut Self {
        match value {
            Some(value) => self.text(value),
            None => self.part(b'N', &[]),
        }
    }

    pub fn int(&mut self, value: i64) -> &mut Self {
        self.part(b'I', &value.to_be_bytes())
    }

    pub fn bytes(&mut self, value: &[u8]) -> &mut Self {
        self.part(b'B', value)
    }

    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }

    pub fn digest(&self) -> Digest {
        Digest::of(&self.0)
    }

    fn part(&mut self, tag: u8, bytes: &[u8]) -> &mut Self {
        self.0.push(tag);
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(bytes);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_of_nothing_is_the_published_one() {
        // FIPS 180-4 test vector for the empty message.
        assert_eq!(Digest::of(b"").hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }

    #[test]
    fn hex_reads_back_and_refuses_anything_else() {
        let digest = Digest::of(b"abc");
        assert_eq!(Digest::from_hex(&digest.hex()), Some(digest));
        assert_eq!(Digest::from_hex("zz"), None);
        assert_eq!(Digest::from_hex(&"+1".repeat(32)), None);
        assert_eq!(Digest::from_hex(&"é".repeat(32)), None);
    }

    #[test]
    fn parts_cannot_be_shifted_into_each_other() {
        let mut left = Canonical::new("X");
        left.text("ab").text("c");
        let mut right = Canonical::new("X");
        right.text("a").text("bc");
        assert_ne!(left.digest(), right.digest());
    }
}
