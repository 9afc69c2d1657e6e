//! The same change to many rows, in few round trips: one event each, as if each had been written
//! alone.

use super::{Stored, WriteTx, as_read, check_room, key_of};
use crate::table::Table;
use base::{Error, Result};
use db::Value;

impl WriteTx<'_> {
    /// Gives the same new values to many rows of one table that were read before. Fails as a
    /// passing fault when somebody else changed one of them since.
    pub fn update_many(&mut self, table: &'static Table, action: &str, rows: Vec<(Option<String>, Stored)>, changes: &[(&'static str, Value)]) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        check_room(self.events.len(), rows.len(), table)?;
        let mut prepared = Vec::with_capacity(rows.len());
        for (record, before) in &rows {
            self.come_after(table, record.as_deref(), before)?;
            let mut after = before.values.clone();
            after.extend(changes.iter().cloned());
            let ord = self.note(table, record.as_deref(), action, Some(&before.values), &after)?;
            let mut params: Vec<Value> = vec![self.header.tx.as_str().into(), ord.into()];
            params.extend(changes.iter().map(|(_, value)| value.clone()));
            let image = table.image(&before.values).0.to_vec();
            params.extend([self.header.tenant.as_str().into(), key_of(table, &after)?, before.at_tx.as_str().into(), before.at_ord.into(), image.into()]);
            prepared.push(params);
        }
        let mut text = format!("update {} set at_tx = $1, at_ord = $2", table.name);
        for (place, (name, _)) in changes.iter().enumerate() {
            text.push_str(&format!(", {name} = ${}", place + 3));
        }
        text.push_str(&as_read(table, changes.len() + 3));
        // A key is unique, so each statement changes one row or, where it changed meanwhile, none.
        let changed = self.tx.execute_rows(&text, &prepared)?;
        if changed == prepared.len() as u64 {
            return Ok(());
        }
        for (record, before) in &rows {
            match self.not_as_read(table, record.as_deref(), before)? {
                Error::Transient(_) => {}
                refused => return Err(refused),
            }
        }
        Err(Error::Transient(format!("rows of {} changed meanwhile", table.name)))
    }
}
