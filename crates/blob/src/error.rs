//! What goes wrong with files, in the words of the product.

use base::{Digest, Error, Refusal, RefusalKind};
use std::io::{self, ErrorKind};

/// A full disk is something that people can mend and is refused as such; every other fault of the
/// disk is for the log. Paths stay out of both.
pub(crate) fn fault(what: &str, cause: &io::Error) -> Error {
    if !is_full(cause) {
        return Error::internal(format!("{what}: {cause}"));
    }
    Refusal::new(RefusalKind::NoRoom, "storage_full", "There is no room left for files.")
        .advise("Nothing was kept. Ask the administrator to make room, then try again.")
        .into()
}

pub(crate) fn is_full(cause: &io::Error) -> bool {
    matches!(cause.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
}

pub(crate) fn storage_failed() -> Error {
    Refusal::new(RefusalKind::Unavailable, "storage_failed", "The disk has failed to keep a file; no more files are taken.")
        .advise("Ask the administrator to check the disk and to restart the server.")
        .into()
}

pub(crate) fn upload_interrupted(cause: &io::Error) -> Error {
    Refusal::new(RefusalKind::Malformed, "upload_interrupted", format!("The file did not arrive as a whole: {cause}.")).at("file").into()
}

pub(crate) fn missing(digest: &Digest) -> Error {
    Error::internal(format!("the file {digest} is missing"))
}

pub(crate) fn damaged(digest: &Digest, found: &Digest) -> Error {
    Error::internal(format!("the file {digest} is damaged; its content is now {found}"))
}
