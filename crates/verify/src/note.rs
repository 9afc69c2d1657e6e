//! Signed notes and checkpoints, written from `docs/FORMATS.md` and the C2SP specifications it
//! names (signed-note, tlog-checkpoint).

use crate::format::{Hash, hex};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, VerifyingKey};
use sha2::{Digest, Sha256};

/// The byte that stands for Ed25519 in key identifiers.
const ED25519: u8 = 1;
/// Longer texts are no notes.
const NOTE_BYTES: usize = 64 * 1024;

/// A public key that checkpoints are believed from: `name+hash+key`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    name: String,
    key: VerifyingKey,
}

/// What a checkpoint says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Checkpoint {
    pub origin: String,
    pub size: u64,
    pub head: Hash,
    /// Which of the keys at hand has signed it, by its place among them.
    pub key: usize,
}

impl Key {
    /// Reads `name+hash+key`; `None` when it is no such key.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, rest) = text.trim().split_once('+')?;
        let (hash, encoded) = rest.split_once('+')?;
        let bytes = STANDARD.decode(encoded).ok()?;
        let (algorithm, key) = bytes.split_first()?;
        let key = Self { name: name.to_owned(), key: VerifyingKey::from_bytes(key.try_into().ok()?).ok()? };
        (*algorithm == ED25519 && hex(&key.hash()) == hash).then_some(key)
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// As it is written down: `name+hash+key`.
    pub fn text(&self) -> String {
        let mut bytes = vec![ED25519];
        bytes.extend_from_slice(self.key.as_bytes());
        format!("{}+{}+{}", self.name, hex(&self.hash()), STANDARD.encode(bytes))
    }

    fn hash(&self) -> [u8; 4] {
        let mut hasher = Sha256::new();
        hasher.update(self.name.as_bytes());
        hasher.update([b'\n', ED25519]);
        hasher.update(self.key.as_bytes());
        let [a, b, c, d, ..]: Hash = hasher.finalize().into();
        [a, b, c, d]
    }

    /// Whether one of the signature lines is this key's, over this text.
    fn has_signed(&self, text: &str, lines: &str) -> bool {
        lines.lines().filter_map(|line| line.strip_prefix("\u{2014} ")?.split_once(' ')).filter(|(name, _)| *name == self.name).any(|(_, encoded)| {
            let Ok(bytes) = STANDARD.decode(encoded) else { return false };
            let Some((hash, signature)) = bytes.split_first_chunk::<4>() else { return false };
            let signature = Signature::from_slice(signature);
            *hash == self.hash() && signature.is_ok_and(|signature| self.key.verify_strict(text.as_bytes(), &signature).is_ok())
        })
    }
}

/// Reads a signed checkpoint that one of the keys has signed.
pub(crate) fn open(note: &str, keys: &[Key]) -> Result<Checkpoint, &'static str> {
    if note.len() > NOTE_BYTES {
        return Err("it is too long for a checkpoint");
    }
    let end = note.rfind("\n\n").ok_or("it is no signed note")?;
    let (text, lines) = note.split_at(end + 1);
    let lines = lines.strip_prefix('\n').filter(|lines| lines.ends_with('\n') && lines.lines().all(is_signature)).ok_or("a line behind its text is no signature")?;
    let checkpoint = read(text).ok_or("it is no checkpoint: origin, size and head are not there")?;
    let by = keys.iter().position(|key| key.has_signed(text, lines)).ok_or("no known key has signed it")?;
    let named = keys.get(by).is_some_and(|key| key.name == checkpoint.origin);
    if named { Ok(Checkpoint { key: by, ..checkpoint }) } else { Err("it is of another log than the key that has signed it") }
}

/// Whether a line has the form of a signature; whose it is, is another question.
fn is_signature(line: &str) -> bool {
    let encoded = line.strip_prefix("\u{2014} ").and_then(|line| line.split_once(' ')).map(|(_, encoded)| encoded);
    encoded.and_then(|encoded| STANDARD.decode(encoded).ok()).is_some_and(|bytes| bytes.len() > 4)
}

fn read(text: &str) -> Option<Checkpoint> {
    let mut lines = text.strip_suffix('\n')?.split('\n');
    let (origin, size, head) = (lines.next()?, lines.next()?, lines.next()?);
    let number: u64 = size.parse().ok()?;
    let head: Hash = STANDARD.decode(head).ok()?.try_into().ok()?;
    (number.to_string() == size && !origin.is_empty()).then(|| Checkpoint { origin: origin.to_owned(), size: number, head, key: 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published example of the note format (golang.org/x/mod/sumdb/note).
    const KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const TEXT: &str = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
    const LINES: &str = "\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    #[test]
    fn frs_evd_020_the_published_signature_holds_and_no_other_text_passes() {
        let key = Key::parse(KEY).unwrap();
        assert!(key.has_signed(TEXT, LINES));
        assert!(!key.has_signed(&TEXT.replace("problem", "riddle"), LINES));
        assert!(!key.has_signed(TEXT, &LINES.replace("x08go", "x08gp")));
        assert_eq!(Key::parse(&KEY.replace("c74f20a3", "c74f20a4")), None);
        assert_eq!(open(&format!("{TEXT}\n{LINES}"), &[key]), Err("it is no checkpoint: origin, size and head are not there"));
    }
}
