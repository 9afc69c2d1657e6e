//! The same change to many rows, in few statements: one event each, as if each had been written
//! alone.

use super::{Stored, WriteTx, key_of};
use crate::table::Table;
use base::limits::ROWS_PER_TRANSACTION;
use base::{Error, Result};
use db::Value;

/// Rows of one statement. The last rows of a batch go one by one, so that only two texts exist for
/// a set of columns.
const ROWS_PER_STATEMENT: usize = 100;

impl WriteTx<'_> {
    /// Gives the same new values to many rows of one table that were read before. Fails as a
    /// passing fault when somebody else changed one of them since.
    pub fn update_many(&mut self, table: &'static Table, action: &str, rows: Vec<(Option<String>, Stored)>, changes: &[(&'static str, Value)]) -> Result<()> {
        if rows.len() > ROWS_PER_TRANSACTION {
            return Err(Error::too_large(table.name, format!("{} rows in one transaction, at most {ROWS_PER_TRANSACTION} are allowed", rows.len())));
        }
        let mut noted = Vec::with_capacity(rows.len());
        for (record, before) in &rows {
            let mut after = before.values.clone();
            after.extend(changes.iter().cloned());
            let ord = self.note(table, record.as_deref(), action, Some(&before.values), &after)?;
            noted.push([key_of(table, &after)?, ord.into(), before.at_tx.as_str().into(), before.at_ord.into()]);
        }
        let whole = noted.len() / ROWS_PER_STATEMENT * ROWS_PER_STATEMENT;
        let (batches, rest) = noted.split_at(whole);
        for batch in batches.chunks(ROWS_PER_STATEMENT) {
            self.update_batch(table, batch, changes)?;
        }
        for row in rest.chunks(1) {
            self.update_batch(table, row, changes)?;
        }
        Ok(())
    }

    fn update_batch(&mut self, table: &'static Table, rows: &[[Value; 4]], changes: &[(&'static str, Value)]) -> Result<()> {
        let mut params: Vec<Value> = Vec::with_capacity(rows.len() * 4 + changes.len() + 2);
        let mut listed = String::new();
        for row in rows {
            let first = params.len();
            params.extend(row.iter().cloned());
            let comma = if first == 0 { "" } else { ", " };
            listed.push_str(&format!(
                "{comma}(cast(${} as text), cast(${} as bigint), cast(${} as text), cast(${} as bigint))",
                first + 1,
                first + 2,
                first + 3,
                first + 4
            ));
        }
        let (name, key) = (table.name, table.key);
        params.push(self.header.tx.as_str().into());
        let mut text = format!(
            "with row_read (row_key, row_ord, read_tx, read_ord) as (values {listed})
             update {name} set at_tx = ${}, at_ord = (select row_ord from row_read where row_key = {name}.{key})",
            params.len()
        );
        for (name, value) in changes {
            params.push(value.clone());
            text.push_str(&format!(", {name} = ${}", params.len()));
        }
        params.push(self.header.tenant.as_str().into());
        // Not `from row_read`: SQLite would then walk the whole table and look each row up in the
        // list instead of the other way round.
        text.push_str(&format!(
            " where {name}.tenant = ${} and {name}.{key} in (select row_key from row_read)
             and exists (select 1 from row_read where row_key = {name}.{key} and read_tx = {name}.at_tx and read_ord = {name}.at_ord)",
            params.len()
        ));
        let changed = self.tx.execute_text(&text, &params)?;
        if changed != rows.len() as u64 {
            return Err(Error::Transient(format!("rows of {name} changed meanwhile")));
        }
        Ok(())
    }
}
