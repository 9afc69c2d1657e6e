//! Evidence that reaches outside the database: the log of all transactions, its checkpoints and
//! the proofs that lead from one event to a signed checkpoint (`docs/FORMATS.md`, "Log").
//!
//! A chain is consistent with itself also after all of it was computed anew, or an old copy was put
//! back. A checkpoint says how many transactions there were and what they hash to, is signed with
//! a key that the database does not hold, and is kept elsewhere; against it both show.

mod bundle;
mod check;
mod damage;
mod log;
mod proof;
mod receipt;
mod restoration;
mod tiles;

pub use bundle::{BUNDLE_FORMAT, Bundle, EVIDENCE_EXPORT, bundle, bundle_within};
pub(crate) use bundle::export_command;
pub use check::{CheckProgress, Findings, TRAIL_CHECK, begin_when_due, finish, kind as check_kind, last as last_checks, note_progress, progress, running, unassessed};
pub(crate) use check::command as check_command;
pub use damage::{CHANGED_OUTSIDE, Damage, damage_of, damage_of_version};
pub(crate) use damage::{bars, refusal as changed_outside, refuse_damaged};
pub use log::{CHECKPOINT_ENTRIES, Published, checkpoint, latest, verifiers};
pub use proof::{EventProof, LogProof, prove_consistency, prove_event, prove_transaction, record_proof};
pub use receipt::{Receipt, last_receipts, note_receipt, receipts_of};
pub(crate) use restoration::check_open_for_writing;
pub use restoration::{Break, Fit, RESTORATION, close_for, close_where_open, compare, kind};
pub use tiles::{entries, tile};
