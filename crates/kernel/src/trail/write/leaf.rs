//! What an event and a transaction say, as the bytes that are hashed (`docs/FORMATS.md`).

use super::{Header, PendingEvent};
use base::digest::Canonical;
use base::{Digest, Result};
use db::Row;

/// The canonical bytes of an event (`docs/FORMATS.md`, "Event").
pub(super) fn event_bytes(header: &Header, event: &PendingEvent) -> Canonical {
    let mut canonical = Canonical::new("PLUMB-EVENT-1");
    canonical
        .text(&header.tenant)
        .text(&header.tx)
        .int(event.ord)
        .int(header.at.0)
        .text(&header.actor)
        .text(&event.action)
        .optional(event.record.as_deref())
        .text(event.subject_table)
        .text(&event.subject)
        .optional(event.before.as_deref())
        .optional(event.after.as_deref())
        .optional(header.reason.as_deref())
        .bytes(&event.image.0);
    canonical
}

/// The leaf that the columns of an event give.
pub(crate) fn event_leaf(tenant: &str, event: &Row) -> Result<Digest> {
    let mut canonical = Canonical::new("PLUMB-EVENT-1");
    canonical
        .text(tenant)
        .text(event.text("tx")?)
        .int(event.int("ord")?)
        .int(event.int("at")?)
        .text(event.text("actor")?)
        .text(event.text("action")?)
        .optional(event.opt_text("record")?)
        .text(event.text("subject_table")?)
        .text(event.text("subject")?)
        .optional(event.opt_text("before")?)
        .optional(event.opt_text("after")?)
        .optional(event.opt_text("reason")?)
        .bytes(event.bytes("image")?);
    Ok(tlog::tree::leaf(canonical.as_slice()))
}

/// The digest that links a transaction into the chain (`docs/FORMATS.md`, "Transaction").
pub(super) fn transaction_digest(header: &Header, seq: i64, n: i64, root: &Digest, prev: &Digest) -> Digest {
    let mut canonical = Canonical::new("PLUMB-TX-1");
    canonical
        .text(&header.tenant)
        .int(header.chain)
        .int(seq)
        .text(&header.tx)
        .int(header.at.0)
        .text(&header.actor)
        .text(&header.command)
        .text(&header.software)
        .int(header.configuration)
        .int(n)
        .bytes(&root.0)
        .bytes(&prev.0);
    canonical.digest()
}
