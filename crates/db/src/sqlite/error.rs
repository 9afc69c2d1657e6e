//! SQLite's errors in the words of the product.

use crate::fault;
use base::{Error, Refusal, RefusalKind};
use rusqlite::ErrorCode;
use rusqlite::ffi::{SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE};
use std::path::Path;

/// The error of a statement; `statement` is short and for the log.
pub(crate) fn of(error: &rusqlite::Error, statement: &str) -> Error {
    if let rusqlite::Error::SqliteFailure(code, message) = error {
        let message = message.as_deref().unwrap_or_default();
        match (code.code, code.extended_code) {
            (ErrorCode::ConstraintViolation, SQLITE_CONSTRAINT_UNIQUE | SQLITE_CONSTRAINT_PRIMARYKEY) => {
                return fault::duplicate(&constraint(message));
            }
            (ErrorCode::DiskFull, _) => return fault::disk_full(),
            (ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked, _) => {
                return Error::Transient(format!("the file is busy: {message}"));
            }
            _ => {}
        }
    }
    Error::internal(format!("{error}, in: {statement}"))
}

/// The error of opening a file: one that is no database, or cannot be opened, is named.
pub(crate) fn of_opening(error: &rusqlite::Error, file: &Path) -> Error {
    let (code, message, advice) = match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => (
            "not_a_database",
            format!("The file {} is not a database of Plumb.", file.display()),
            "Name another folder with --data, or put a backup of the database in its place.",
        ),
        Some(ErrorCode::CannotOpen) => (
            "cannot_open",
            format!("The file {} cannot be opened: {error}.", file.display()),
            "Look at what stands there and at who may read and write it and its folder.",
        ),
        _ => return of(error, &format!("opening {}", file.display())),
    };
    Refusal::new(RefusalKind::Unavailable, code, message).advise(advice).into()
}

/// The error of COMMIT. After a failed write or sync the log may or may not hold the whole
/// transaction, and a restart would find out.
pub(crate) fn of_commit(error: &rusqlite::Error) -> Error {
    match error.sqlite_error_code() {
        Some(ErrorCode::SystemIoFailure) => Error::InDoubt(format!("COMMIT failed: {error}")),
        _ => of(error, "commit"),
    }
}

/// `UNIQUE constraint failed: item.tenant, item.id` becomes `item(tenant, id)`.
fn constraint(message: &str) -> String {
    let Some((_, columns)) = message.split_once("failed: ") else {
        return message.to_owned();
    };
    let Some((table, _)) = columns.split_once('.') else {
        return columns.to_owned();
    };
    let prefix = format!("{table}.");
    let names: Vec<_> = columns.split(", ").map(|column| column.strip_prefix(&prefix).unwrap_or(column)).collect();
    format!("{table}({})", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constraint_is_named_by_table_and_columns() {
        assert_eq!(constraint("UNIQUE constraint failed: item.tenant, item.id"), "item(tenant, id)");
        assert_eq!(constraint("UNIQUE constraint failed: index 'by_fold'"), "index 'by_fold'");
    }

    #[test]
    fn a_failed_sync_at_commit_is_in_doubt_and_a_full_disk_is_a_refusal() {
        let failure = |code: i32| rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None);
        assert!(matches!(of_commit(&failure(rusqlite::ffi::SQLITE_IOERR)), Error::InDoubt(_)));
        assert!(matches!(of(&failure(rusqlite::ffi::SQLITE_IOERR), "x"), Error::Internal(_)));
        assert!(matches!(of_commit(&failure(rusqlite::ffi::SQLITE_BUSY)), Error::Transient(_)));
        let full = of_commit(&failure(rusqlite::ffi::SQLITE_FULL));
        assert_eq!(full.refusal().unwrap().code, "disk_full");
        assert_eq!(full.refusal().unwrap().kind, base::RefusalKind::NoRoom);
    }
}
