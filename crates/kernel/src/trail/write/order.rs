//! What a row that is written again must be: as it was read, as its last event left it, and not
//! written by a transaction that comes later in the order.

use super::{Stored, WriteTx};
use crate::table::Table;
use base::{Error, Result};
use db::{Read as _, sql};

impl WriteTx<'_> {
    /// The order of events is that of the identifiers of their transactions. A row whose last event
    /// bears a later one than this transaction (its node's clock is ahead, or it began later and was
    /// faster) is not written behind its back: the command is repeated with an identifier that follows.
    pub(super) fn come_after(&mut self, table: &'static Table, record: Option<&str>, before: &Stored) -> Result<()> {
        if before.at_tx <= self.header.tx {
            return Ok(());
        }
        let error = self.not_as_read(table, record, before)?;
        if matches!(error, Error::Transient(_)) {
            self.ids.follow(&before.at_tx);
        }
        Err(error)
    }

    /// Why a row that was read could not be updated: somebody else changed it since, which passes,
    /// or it was changed outside Plumb, and whoever built upon it would make that look recorded.
    pub(super) fn not_as_read(&mut self, table: &'static Table, record: Option<&str>, before: &Stored) -> Result<Error> {
        let event = self.tx.query_opt(
            sql("select image from event where tenant = $1 and tx = $2 and ord = $3"),
            &[self.header.tenant.as_str().into(), before.at_tx.as_str().into(), before.at_ord.into()],
        )?;
        let sound = before.at_tx == self.header.tx || event.map(|event| event.bytes("image").map(|image| image == table.image(&before.values).0)).transpose()? == Some(true);
        if sound {
            return Ok(Error::Transient(format!("row of {} changed meanwhile", table.name)));
        }
        let what = match record.map(|id| crate::record::find(self.tx, &self.header.tenant, id)).transpose()?.flatten() {
            Some(record) => format!("{} ({})", record.label(), table.name),
            None => format!("A row of {}", table.name),
        };
        Ok(crate::evidence::changed_outside(&what).into())
    }
}
