//! The secret key that signs checkpoints: a file beside the data, never a row in the database.

use base::{Error, IdSource, Refusal, RefusalKind, Result};
use db::Database;
use kernel::{MAIN_TENANT, evidence};
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use tlog::note::NoteSigner;

/// Only the server's account reads the key.
const MODE: u32 = 0o600;

/// Reads the key, or makes it where the company has no log yet. `None` where the company has a log
/// and the key is not here: this node then signs nothing.
///
/// Errors: 409 when the file holds no key; 503 when it cannot be read or made.
pub fn signer(path: &Path, database: &Database, ids: &dyn IdSource) -> Result<Option<NoteSigner>> {
    match fs::read_to_string(path) {
        Ok(text) => NoteSigner::of_log(MAIN_TENANT, &secret_of(path, &text)?).map(Some),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            if database.read(|tx| evidence::latest(tx, MAIN_TENANT))?.is_some() {
                tracing::warn!(path = %path.display(), "the key of this company's log is not here: this node signs no checkpoints");
                return Ok(None);
            }
            make(path, ids).map(Some)
        }
        Err(error) => Err(unusable(path, &error)),
    }
}

fn make(path: &Path, ids: &dyn IdSource) -> Result<NoteSigner> {
    let secret: [u8; 32] = ids.random_bytes(32).try_into().map_err(|_| Error::internal("32 random bytes are 32 bytes"))?;
    let hex = base::hex::encode(&secret);
    let written = (|| {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(MODE).open(path)?;
        writeln!(file, "{hex}")?;
        file.sync_all()?;
        path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
    })();
    written.map_err(|error: std::io::Error| unusable(path, &error))?;
    NoteSigner::of_log(MAIN_TENANT, &secret)
}

fn secret_of(path: &Path, text: &str) -> Result<[u8; 32]> {
    let digest = base::Digest::from_hex(text.trim());
    digest.map(|digest| digest.0).ok_or_else(|| {
        Refusal::new(RefusalKind::Conflict, "bad_key_file", format!("{} holds no key: 64 hexadecimal characters are due.", path.display()))
            .advise("Put the key file of this company back from where its copy is kept.")
            .into()
    })
}

fn unusable(path: &Path, error: &std::io::Error) -> Error {
    Refusal::new(RefusalKind::Unavailable, "no_key_file", format!("The key file {} cannot be used: {error}.", path.display()))
        .advise("Name another with --checkpoint-key.")
        .into()
}
