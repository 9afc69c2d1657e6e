//! What an engine's error means for the caller: repeat, refuse, or report a fault of ours.

use base::{Error, Refusal, RefusalKind};

/// Where in a transaction PostgreSQL's error came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// In a read: "read-only" is what it was asked to be, and a statement of ours tried to write.
    Reading,
    /// Before COMMIT was sent: nothing has happened.
    Before,
    /// After COMMIT was sent.
    Commit,
}

/// What to do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing was written; the whole transaction may be repeated.
    Repeat,
    /// Nobody here can say whether the transaction was written.
    InDoubt,
    /// A unique constraint stood against it.
    Duplicate,
    DiskFull,
    /// A fault of ours or of the machine.
    Fault,
}

/// Decides by SQLSTATE; `None` means that no answer came (connection lost, deadline passed).
pub(crate) fn verdict(moment: Moment, state: Option<&str>) -> Verdict {
    let Some(state) = state else {
        return match moment {
            Moment::Reading | Moment::Before => Verdict::Repeat,
            Moment::Commit => Verdict::InDoubt,
        };
    };
    match state {
        // The server says for certain that it rolled back.
        "40001" | "40P01" | "55P03" => Verdict::Repeat,
        // The node was the primary and is a standby now.
        "25006" if moment != Moment::Reading => Verdict::Repeat,
        "23505" => Verdict::Duplicate,
        _ if moment == Moment::Commit && is_unsure_at_commit(state) => Verdict::InDoubt,
        "57P01" | "57P02" | "57P03" | "53300" => Verdict::Repeat,
        "53100" => Verdict::DiskFull,
        _ if state.starts_with("08") => Verdict::Repeat,
        _ => Verdict::Fault,
    }
}

/// At COMMIT these may come after the commit record was written: connection (08), operator
/// intervention (57: a shutdown while waiting for the standby), resources (53), system (58) and
/// internal errors (XX).
fn is_unsure_at_commit(state: &str) -> bool {
    ["08", "53", "57", "58", "XX"].iter().any(|class| state.starts_with(class))
}

/// The refusal for a unique constraint, the same on both engines.
pub(crate) fn duplicate(constraint: &str) -> Error {
    Refusal::new(RefusalKind::Conflict, "duplicate", format!("There is already one like this: {constraint} must be unique."))
        .at(constraint)
        .into()
}

/// The refusal after a sync has failed: what the disk holds is unknown until the data is opened anew,
/// and trying again would report success for pages that the system has already dropped.
pub(crate) fn storage_failed() -> Error {
    Refusal::new(RefusalKind::Unavailable, "storage_failed", "The disk has failed to keep a change; nothing more is written.")
        .advise("Ask the administrator to check the disk and to restart the server. Then send the same request again: its key tells whether it was done.")
        .into()
}

/// The refusal for a full disk: nothing was written.
pub(crate) fn disk_full() -> Error {
    Refusal::new(RefusalKind::NoRoom, "disk_full", "The disk of the database is full; nothing was written.")
        .advise("Free some space on the disk of the database and repeat.")
        .into()
}

/// The refusal after patience has run out.
pub(crate) fn unavailable() -> Error {
    Refusal::new(RefusalKind::Unavailable, "database_unavailable", "The database does not answer now; nothing was written.")
        .advise("Try again in a minute.")
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sqlstate_gets_its_verdict_before_and_at_commit() {
        use Verdict::{DiskFull, Duplicate, Fault, InDoubt, Repeat};
        let table = [
            (None, Repeat, InDoubt),
            (Some("40001"), Repeat, Repeat),
            (Some("40P01"), Repeat, Repeat),
            (Some("55P03"), Repeat, Repeat),
            (Some("25006"), Repeat, Repeat),
            (Some("57P01"), Repeat, InDoubt),
            (Some("57P02"), Repeat, InDoubt),
            (Some("57P03"), Repeat, InDoubt),
            (Some("57014"), Fault, InDoubt),
            (Some("08000"), Repeat, InDoubt),
            (Some("08006"), Repeat, InDoubt),
            (Some("53300"), Repeat, InDoubt),
            (Some("53100"), DiskFull, InDoubt),
            (Some("XX000"), Fault, InDoubt),
            (Some("58030"), Fault, InDoubt),
            (Some("23505"), Duplicate, Duplicate),
            (Some("23503"), Fault, Fault),
            (Some("23514"), Fault, Fault),
            (Some("23502"), Fault, Fault),
            (Some("42601"), Fault, Fault),
            (Some("25P02"), Fault, Fault),
        ];
        for (state, before, commit) in table {
            assert_eq!(verdict(Moment::Before, state), before, "{state:?} before COMMIT");
            assert_eq!(verdict(Moment::Commit, state), commit, "{state:?} at COMMIT");
            let reading = if state == Some("25006") { Fault } else { before };
            assert_eq!(verdict(Moment::Reading, state), reading, "{state:?} in a read");
        }
    }
}
