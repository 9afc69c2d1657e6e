//! Change stamps: a number that differs whenever something named has changed, so that a cache can
//! be keyed by it on every node.
//!
//! A stamp is derived from the stamp before it and the events of the transaction that changed
//! things, so equal stamps mean equal histories, whatever the database. It is housekeeping, no
//! record. Raising it takes a row lock until the transaction ends: changes of one name go one
//! after another, which is what rules over many rows (no cycle in a structure) need.

use base::{Digest, Error, Result};
use db::{Read, Tx, sql};
use std::collections::BTreeMap;

/// The stamp while a transaction that changes things is open: what is read now is not yet so.
pub const BEING_CHANGED: i64 = 0;

/// The stamp of `name` as this transaction sees it. [`BEING_CHANGED`] inside a transaction that has
/// raised it; what is read then must not be kept.
pub fn read(tx: &mut dyn Read, tenant: &str, name: &'static str) -> Result<i64> {
    let row = tx.query_opt(sql("select value from counter where tenant = $1 and name = $2"), &[tenant.into(), key(name).into()])?;
    // Nothing was ever changed: a stamp of its own, for the empty state.
    row.map_or(Ok(-1), |row| row.int("value"))
}

fn key(name: &str) -> String {
    format!("stamp:{name}")
}

/// Locks a counter of the company until the transaction ends, and answers its value; −1 where it is new.
fn lock(tx: &mut Tx, tenant: &str, key: &str) -> Result<i64> {
    let params = [tenant.into(), key.into()];
    tx.execute(sql("insert into counter (tenant, name, value) values ($1, $2, -1) on conflict (tenant, name) do nothing"), &params)?;
    tx.query_one(sql("update counter set value = value where tenant = $1 and name = $2 returning value"), &params)?.int("value")
}

/// One transaction after another, for as long as each is open ([`crate::trail::WriteTx::take_turn`]).
pub(crate) fn take_turn(tx: &mut Tx, tenant: &str, name: &str) -> Result<()> {
    lock(tx, tenant, &format!("turn:{name}")).map(|_| ())
}

/// The stamps that an open transaction has raised, with what they were.
#[derive(Debug, Default)]
pub(crate) struct Raised(BTreeMap<&'static str, i64>);

impl Raised {
    /// Marks the named thing as changed by this transaction and locks its stamp.
    pub(crate) fn raise(&mut self, tx: &mut Tx, tenant: &str, name: &'static str) -> Result<()> {
        if self.0.contains_key(name) {
            return Ok(());
        }
        let key = key(name);
        self.0.insert(name, lock(tx, tenant, &key)?);
        tx.execute(sql("update counter set value = 0 where tenant = $1 and name = $2"), &[tenant.into(), key.into()])?;
        Ok(())
    }

    /// Gives every raised stamp its next value; `root` covers all events of the transaction.
    pub(crate) fn settle(&self, tx: &mut Tx, tenant: &str, root: &Digest) -> Result<()> {
        for (name, before) in &self.0 {
            let digest = Digest::of_parts(&[&before.to_be_bytes(), &root.0]);
            let head = digest.0.first_chunk::<8>().ok_or_else(|| Error::internal("a digest of less than 8 bytes"))?;
            // Positive, so never one of the two values with a meaning.
            let next = (i64::from_be_bytes(*head) & i64::MAX).max(1);
            tx.execute(
                sql("update counter set value = $1 where tenant = $2 and name = $3"),
                &[next.into(), tenant.into(), key(name).into()],
            )?;
        }
        Ok(())
    }
}
