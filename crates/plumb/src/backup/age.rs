//! Encryption to a public key in the age format (age-encryption.org/v1, X25519): what is written here
//! any program for that format opens, and the other way round.
//!
//! A file is a header that holds a random file key, encrypted to the recipient, and the content in
//! pieces of 64 KiB, each authenticated and numbered, the last one marked as such.

use base::{Error, IdSource, Refusal, RefusalKind, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use bech32::{Bech32, Hrp};
use chacha20poly1305::aead::Aead as _;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit as _, Nonce};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use std::io::{self, BufRead, Read, Write};
use x25519_dalek::{X25519_BASEPOINT_BYTES, x25519};

const VERSION: &str = "age-encryption.org/v1";
const RECIPIENT: &str = "age";
const IDENTITY: &str = "AGE-SECRET-KEY-";
/// Content of one piece, in bytes.
const PIECE: usize = 64 << 10;
/// What authenticates a piece, in bytes.
const TAG: usize = 16;
/// A header of one recipient is much shorter; past this it is none of ours.
const HEADER_BYTES: usize = 64 << 10;
/// Recipients of one file whose keys are tried.
const STANZAS: usize = 100;

/// A public key: whoever holds its secret key opens what is encrypted to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient([u8; 32]);

/// A secret key.
#[derive(Clone)]
pub struct Identity([u8; 32]);

impl Recipient {
    /// Reads `age1…`.
    pub fn parse(text: &str) -> Option<Self> {
        let (prefix, bytes) = bech32::decode(text.trim()).ok()?;
        (prefix.as_str() == RECIPIENT).then_some(Self(bytes.try_into().ok()?))
    }
}

impl std::fmt::Display for Recipient {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&encode(RECIPIENT, &self.0).map_err(|_| std::fmt::Error)?)
    }
}

impl Identity {
    pub fn make(ids: &dyn IdSource) -> Result<Self> {
        random(ids).map(Self)
    }

    /// Reads a file of age's own form: lines that begin with # say something to people, the first
    /// other one is the key.
    pub fn parse(text: &str) -> Option<Self> {
        let line = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'))?;
        let (prefix, bytes) = bech32::decode(line).ok()?;
        prefix.as_str().eq_ignore_ascii_case(IDENTITY).then_some(Self(bytes.try_into().ok()?))
    }

    pub fn recipient(&self) -> Recipient {
        Recipient(x25519(self.0, X25519_BASEPOINT_BYTES))
    }

    /// The text of the key, for its file.
    pub fn text(&self) -> Result<String> {
        Ok(encode(IDENTITY, &self.0)?.to_ascii_uppercase())
    }
}

fn encode(prefix: &str, bytes: &[u8]) -> Result<String> {
    let prefix = Hrp::parse(prefix).map_err(Error::internal)?;
    bech32::encode::<Bech32>(prefix, bytes).map_err(Error::internal)
}

fn random<const N: usize>(ids: &dyn IdSource) -> Result<[u8; N]> {
    ids.random_bytes(N).try_into().map_err(|_| Error::internal("so many random bytes are so many"))
}

fn mac(key: &[u8], parts: &[&[u8]]) -> Result<[u8; 32]> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(Error::internal)?;
    parts.iter().for_each(|part| mac.update(part));
    Ok(mac.finalize().into_bytes().into())
}

/// HKDF-SHA256 (RFC 5869) for one block of output.
fn derive(secret: &[u8], salt: &[u8], info: &str) -> Result<[u8; 32]> {
    let salt = if salt.is_empty() { &[0; 32] } else { salt };
    mac(&mac(salt, &[secret])?, &[info.as_bytes(), &[1]])
}

/// The key by which the file key is encrypted; nothing for a public key that would give it away.
fn wrapping_key(secret: [u8; 32], public: [u8; 32], share: &[u8; 32], recipient: &Recipient) -> Result<Option<ChaCha20Poly1305>> {
    let shared = x25519(secret, public);
    if shared == [0; 32] {
        return Ok(None);
    }
    let salt = [share.as_slice(), recipient.0.as_slice()].concat();
    let key = derive(&shared, &salt, "age-encryption.org/v1/X25519")?;
    Ok(Some(ChaCha20Poly1305::new(&key.into())))
}

/// Writes one encrypted file.
pub struct Sealing<W: Write> {
    to: W,
    cipher: ChaCha20Poly1305,
    counter: u128,
    piece: Vec<u8>,
}

impl<W: Write> Sealing<W> {
    /// Writes the header.
    pub fn begin(mut to: W, recipient: &Recipient, ids: &dyn IdSource) -> Result<Self> {
        let (file_key, ephemeral): ([u8; 16], [u8; 32]) = (random(ids)?, random(ids)?);
        let share = x25519(ephemeral, X25519_BASEPOINT_BYTES);
        let Some(wrapping) = wrapping_key(ephemeral, recipient.0, &share, recipient)? else {
            return Err(Error::invalid("recipient", "bad_recipient", "nothing can be encrypted to this public key"));
        };
        let wrapped = wrapping.encrypt(&Nonce::default(), file_key.as_slice()).map_err(Error::internal)?;
        let header = format!("{VERSION}\n-> X25519 {}\n{}\n---", BASE64.encode(share), BASE64.encode(wrapped));
        let proof = mac(&derive(&file_key, &[], "header")?, &[header.as_bytes()])?;
        let nonce: [u8; 16] = random(ids)?;
        let written = writeln!(to, "{header} {}", BASE64.encode(proof)).and_then(|()| to.write_all(&nonce));
        written.map_err(|error| unwritten(&error))?;
        let cipher = ChaCha20Poly1305::new(&derive(&file_key, &nonce, "payload")?.into());
        Ok(Self { to, cipher, counter: 0, piece: Vec::with_capacity(PIECE) })
    }

    fn put(&mut self, is_last: bool) -> io::Result<()> {
        let sealed = self.cipher.encrypt(&piece_nonce(self.counter, is_last), self.piece.as_slice()).map_err(io::Error::other)?;
        self.counter += 1;
        self.piece.clear();
        self.to.write_all(&sealed)
    }

    /// Writes the last piece and gives back what was written to.
    pub fn finish(mut self) -> Result<W> {
        self.put(true).map_err(|error| unwritten(&error))?;
        Ok(self.to)
    }
}

impl<W: Write> Write for Sealing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A full piece waits until it is known whether another follows.
        if self.piece.len() == PIECE {
            self.put(false)?;
        }
        let count = bytes.len().min(PIECE - self.piece.len());
        self.piece.extend_from_slice(bytes.get(..count).unwrap_or_default());
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

fn piece_nonce(counter: u128, is_last: bool) -> Nonce {
    let mut nonce = [0; 12];
    for (place, byte) in nonce.iter_mut().zip(counter.to_be_bytes().into_iter().skip(5)) {
        *place = byte;
    }
    nonce[11] = u8::from(is_last);
    nonce.into()
}

/// Reads one encrypted file; whatever was changed in it is an error before its content is given out.
pub struct Opening<R: BufRead> {
    from: R,
    cipher: ChaCha20Poly1305,
    counter: u128,
    piece: Vec<u8>,
    given: usize,
    is_over: bool,
}

impl<R: BufRead> Opening<R> {
    /// Reads the header. 409 when the file was encrypted to somebody else; 400 when it is none.
    pub fn begin(mut from: R, identity: &Identity) -> Result<Self> {
        let mut header = String::new();
        if line(&mut from, &mut header)? != VERSION {
            return Err(not_one("it does not begin as one"));
        }
        let mut file_key: Option<Vec<u8>> = None;
        for _ in 0..=STANZAS {
            let start = header.len();
            let first = line(&mut from, &mut header)?;
            if let Some(given) = first.strip_prefix("--- ") {
                header.truncate(start + 3);
                let Some(file_key) = file_key else { return Err(not_ours()) };
                return Self::after_header(from, &file_key, &header, given);
            }
            let body = stanza_body(&mut from, &mut header)?;
            if let Some(share) = first.strip_prefix("-> X25519 ") {
                file_key = match file_key {
                    None => unwrap(identity, share, &body)?,
                    known => known,
                };
            }
        }
        Err(not_one("it has too many recipients"))
    }

    fn after_header(mut from: R, file_key: &[u8], header: &str, given: &str) -> Result<Self> {
        let proof = mac(&derive(file_key, &[], "header")?, &[header.as_bytes()])?;
        if BASE64.decode(given).ok().as_deref() != Some(proof.as_slice()) {
            return Err(not_one("its header was changed"));
        }
        let mut nonce = [0; 16];
        from.read_exact(&mut nonce).map_err(|_| not_one("it ends too early"))?;
        let cipher = ChaCha20Poly1305::new(&derive(file_key, &nonce, "payload")?.into());
        Ok(Self { from, cipher, counter: 0, piece: Vec::new(), given: 0, is_over: false })
    }

    fn next_piece(&mut self) -> io::Result<()> {
        let mut sealed = Vec::with_capacity(PIECE + TAG);
        self.from.by_ref().take((PIECE + TAG) as u64).read_to_end(&mut sealed)?;
        let is_last = self.from.fill_buf()?.is_empty();
        let damaged = || io::Error::new(io::ErrorKind::InvalidData, "the encrypted file is damaged or cut off");
        self.piece = self.cipher.decrypt(&piece_nonce(self.counter, is_last), sealed.as_slice()).map_err(|_| damaged())?;
        if self.piece.is_empty() && self.counter > 0 {
            return Err(damaged());
        }
        (self.given, self.is_over) = (0, is_last);
        self.counter += 1;
        Ok(())
    }
}

impl<R: BufRead> Read for Opening<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        while self.given == self.piece.len() {
            if self.is_over {
                return Ok(0);
            }
            self.next_piece()?;
        }
        let rest = self.piece.get(self.given..).unwrap_or_default();
        let count = rest.len().min(to.len());
        if let (Some(to), Some(from)) = (to.get_mut(..count), rest.get(..count)) {
            to.copy_from_slice(from);
        }
        self.given += count;
        Ok(count)
    }
}

/// The next line without its end; all that was read is added to the header.
fn line(from: &mut impl BufRead, header: &mut String) -> Result<String> {
    let mut bytes = Vec::new();
    let room = HEADER_BYTES.saturating_sub(header.len()) as u64;
    from.by_ref().take(room).read_until(b'\n', &mut bytes).map_err(|error| not_one(&error.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|_| not_one("its header is no text"))?;
    header.push_str(&text);
    text.strip_suffix('\n').map(str::to_owned).ok_or_else(|| not_one("its header does not end"))
}

fn stanza_body(from: &mut impl BufRead, header: &mut String) -> Result<Vec<u8>> {
    let mut text = String::new();
    loop {
        let part = line(from, header)?;
        text.push_str(&part);
        // A line that is not full is the last.
        if part.len() < 64 {
            return BASE64.decode(text).map_err(|_| not_one("its header cannot be read"));
        }
    }
}

fn unwrap(identity: &Identity, share: &str, wrapped: &[u8]) -> Result<Option<Vec<u8>>> {
    let share: Option<[u8; 32]> = BASE64.decode(share).ok().and_then(|share| share.try_into().ok());
    let Some(share) = share else { return Err(not_one("its header cannot be read")) };
    let key = wrapping_key(identity.0, share, &share, &identity.recipient())?;
    Ok(key.and_then(|key| key.decrypt(&Nonce::default(), wrapped).ok()).filter(|key| key.len() == 16))
}

fn unwritten(error: &io::Error) -> Error {
    Refusal::new(RefusalKind::Unavailable, "backup_unwritten", format!("The backup cannot be written: {error}.")).into()
}

fn not_one(why: &str) -> Error {
    Error::malformed("not_a_backup", format!("This is no backup: {why}."))
}

fn not_ours() -> Error {
    Refusal::new(RefusalKind::Conflict, "other_key", "The backup was encrypted to another key.").advise("Name the file of the secret key that belongs to it with --identity.").into()
}

#[cfg(test)]
mod tests;
