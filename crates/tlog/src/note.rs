//! Signed notes (C2SP signed-note): a text, a blank line, and signature lines that name their key.

use base::{Digest, Error, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};

/// The byte that stands for Ed25519 in key identifiers.
const ED25519: u8 = 1;
/// A note is a page of text; nobody reads on.
pub const NOTE_BYTES: usize = 64 * 1024;
/// Signature lines that are looked at.
pub const SIGNATURES: usize = 16;

/// Who signs: a name and a secret key.
#[derive(Clone)]
pub struct NoteSigner {
    name: String,
    key: SigningKey,
}

/// Whose signature is believed: a name and a public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteVerifier {
    name: String,
    key: VerifyingKey,
}

impl NoteSigner {
    /// `secret` is 32 random bytes.
    ///
    /// Errors: 422 for a name that a signature line cannot hold.
    pub fn new(name: &str, secret: &[u8; 32]) -> Result<Self> {
        check_name(name)?;
        Ok(Self { name: name.to_owned(), key: SigningKey::from_bytes(secret) })
    }

    /// The signer of a log that is named after its first key, so that no two logs of the world share
    /// a name: `plumb-0123456789abcdef/main`.
    pub fn of_log(log: &str, secret: &[u8; 32]) -> Result<Self> {
        let key = SigningKey::from_bytes(secret).verifying_key();
        let digest = Digest::of(key.as_bytes()).hex();
        Self::new(&format!("plumb-{}/{log}", digest.get(..16).unwrap_or_default()), secret)
    }

    pub fn verifier(&self) -> NoteVerifier {
        NoteVerifier { name: self.name.clone(), key: self.key.verifying_key() }
    }

    /// The text with a signature behind it. The text ends with a line break.
    pub fn sign(&self, text: &str) -> Result<String> {
        if !text.ends_with('\n') || text.chars().any(|sign| sign < ' ' && sign != '\n') {
            return Err(Error::internal("a note ends with a line break and holds no other control characters"));
        }
        let signature = self.key.sign(text.as_bytes());
        let mut bytes = key_hash(&self.name, &self.key.verifying_key()).to_vec();
        bytes.extend_from_slice(&signature.to_bytes());
        Ok(format!("{text}\n\u{2014} {} {}\n", self.name, STANDARD.encode(bytes)))
    }
}

impl NoteVerifier {
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key as it is written down: `name+hash+key`.
    pub fn text(&self) -> String {
        let hash = base::hex::encode(&key_hash(&self.name, &self.key));
        let mut bytes = vec![ED25519];
        bytes.extend_from_slice(self.key.as_bytes());
        format!("{}+{hash}+{}", self.name, STANDARD.encode(bytes))
    }

    /// Reads `name+hash+key`.
    ///
    /// Errors: 422 when it is no such key.
    pub fn parse(text: &str) -> Result<Self> {
        read_verifier(text).ok_or_else(|| Error::invalid("key", "bad_key", "this is no public key of the form name+hash+key"))
    }

    /// The text of a note that this key has signed.
    ///
    /// Errors: 422 when it is no note or this key has not signed it.
    pub fn open<'a>(&self, note: &'a str) -> Result<&'a str> {
        let bad = |message: &str| Error::invalid("note", "bad_note", message.to_owned());
        if note.len() > NOTE_BYTES {
            return Err(Error::too_large("note", format!("a note holds at most {NOTE_BYTES} bytes")));
        }
        let end = note.rfind("\n\n").ok_or_else(|| bad("it has no signature behind a blank line"))?;
        let (text, signatures) = note.split_at(end + 1);
        let signatures = signatures.strip_prefix('\n').filter(|lines| lines.ends_with('\n')).ok_or_else(|| bad("its last line does not end"))?;
        let mut signed = false;
        for line in signatures.lines().take(SIGNATURES) {
            let rest = line.strip_prefix("\u{2014} ").ok_or_else(|| bad("a line behind the blank line is no signature"))?;
            let (name, encoded) = rest.split_once(' ').ok_or_else(|| bad("a signature has no name"))?;
            let bytes = STANDARD.decode(encoded).map_err(|_| bad("a signature is no base64"))?;
            let Some((hash, signature)) = bytes.split_first_chunk::<4>() else { return Err(bad("a signature is too short")) };
            // Signatures of others are their business.
            if name != self.name || *hash != key_hash(&self.name, &self.key) {
                continue;
            }
            let signature = Signature::from_slice(signature).map_err(|_| bad("a signature has the wrong length"))?;
            self.key.verify_strict(text.as_bytes(), &signature).map_err(|_| bad("the signature is not of this text"))?;
            signed = true;
        }
        if signed { Ok(text) } else { Err(bad(&format!("{} has not signed it", self.name))) }
    }
}

fn check_name(name: &str) -> Result<()> {
    if name.is_empty() || name.contains('+') || name.chars().any(|sign| sign.is_whitespace() || sign.is_control()) {
        return Err(Error::invalid("name", "bad_name", "the name of a key is not empty and holds no space and no +"));
    }
    Ok(())
}

fn key_hash(name: &str, key: &VerifyingKey) -> [u8; 4] {
    let digest = Digest::of_parts(&[name.as_bytes(), b"\n", &[ED25519], key.as_bytes()]);
    let [a, b, c, d, ..] = digest.0;
    [a, b, c, d]
}

fn read_verifier(text: &str) -> Option<NoteVerifier> {
    let (name, rest) = text.trim().split_once('+')?;
    let (hash, encoded) = rest.split_once('+')?;
    check_name(name).ok()?;
    let bytes = STANDARD.decode(encoded).ok()?;
    let (algorithm, key) = bytes.split_first()?;
    let key = VerifyingKey::from_bytes(key.try_into().ok()?).ok()?;
    let stated = base::hex::encode(&key_hash(name, &key));
    (*algorithm == ED25519 && stated == hash).then(|| NoteVerifier { name: name.to_owned(), key })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published example of the note format (golang.org/x/mod/sumdb/note).
    const PUBLISHED_KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const PUBLISHED_TEXT: &str = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
    const PUBLISHED_NOTE: &str = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    #[test]
    fn frs_evd_006_the_published_note_is_opened_with_the_published_key() {
        let verifier = NoteVerifier::parse(PUBLISHED_KEY).unwrap();
        assert_eq!(verifier.open(PUBLISHED_NOTE).unwrap(), PUBLISHED_TEXT);
        assert_eq!(verifier.text(), PUBLISHED_KEY);
    }

    #[test]
    fn frs_evd_006_a_note_is_refused_when_a_byte_of_it_or_its_key_differs() {
        let signer = NoteSigner::new("plumb.example/acme", &[7; 32]).unwrap();
        let verifier = signer.verifier();
        assert_eq!(NoteVerifier::parse(&verifier.text()).unwrap(), verifier);
        let note = signer.sign("log\n5\nhash\n").unwrap();
        assert_eq!(verifier.open(&note).unwrap(), "log\n5\nhash\n");
        assert!(verifier.open(&note.replace('5', "6")).is_err());
        assert!(NoteSigner::new("plumb.example/acme", &[8; 32]).unwrap().verifier().open(&note).is_err());
        assert!(NoteSigner::new("plumb.example/other", &[7; 32]).unwrap().verifier().open(&note).is_err());
        assert!(verifier.open("log\n5\nhash\n").is_err());
        assert!(verifier.open(&note.replace("\u{2014} ", "- ")).is_err());
        assert!(verifier.open(note.trim_end()).is_err());
        assert!(verifier.open(&"x".repeat(NOTE_BYTES + 1)).unwrap_err().to_string().contains("at most"));
        // Another's signature beside ours is no harm, and ours still counts.
        let other = NoteSigner::new("witness", &[9; 32]).unwrap().sign("log\n5\nhash\n").unwrap();
        let line = other.lines().last().unwrap();
        assert!(verifier.open(&format!("{note}{line}\n")).is_ok());
        assert!(verifier.open(&other).is_err());
    }

    #[test]
    fn frs_evd_006_a_name_that_would_break_a_signature_line_is_refused() {
        for name in ["", "a b", "a+b", "a\nb"] {
            assert!(NoteSigner::new(name, &[1; 32]).is_err(), "{name}");
        }
        for key in ["", "x", "a+b+c", "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"] {
            assert!(NoteVerifier::parse(key).is_err(), "{key}");
        }
        assert!(NoteSigner::new("a", &[1; 32]).unwrap().sign("no end").is_err());
    }
}
