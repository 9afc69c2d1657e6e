//! What became of keeping checkpoints elsewhere.

use crate::Kernel;
use base::{Error, Result, Timestamp};
use db::{Read, Row, sql};

/// One attempt to keep a checkpoint at an anchor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The anchor's name, as people know it.
    pub anchor: String,
    /// Entries of the checkpoint.
    pub size: u64,
    pub tried_at: Timestamp,
    /// Why it was not kept; `None` when it was.
    pub fault: Option<String>,
}

/// Notes what became of an attempt.
pub fn note_receipt(kernel: &Kernel, tenant: &str, receipt: &Receipt) -> Result<()> {
    let (tenant, receipt, id) = (tenant.to_owned(), receipt.clone(), kernel.ids().next_id(kernel.now()));
    let size = i64::try_from(receipt.size).map_err(Error::internal)?;
    kernel.housekeeping_with(move |tx| {
        tx.execute(
            sql("insert into anchor_receipt (tenant, id, anchor, size, tried_at, fault) values ($1, $2, $3, $4, $5, $6)"),
            &[
                tenant.as_str().into(),
                id.as_str().into(),
                receipt.anchor.as_str().into(),
                size.into(),
                receipt.tried_at.0.into(),
                receipt.fault.clone().into(),
            ],
        )
        .map(|_| ())
    })
}

/// The newest attempts at one anchor, newest first.
pub fn receipts_of(tx: &mut dyn Read, tenant: &str, anchor: &str, rows: i64) -> Result<Vec<Receipt>> {
    let rows = tx.query(
        sql("select anchor, size, tried_at, fault from anchor_receipt where tenant = $1 and anchor = $2 order by tried_at desc, id desc limit $3"),
        &[tenant.into(), anchor.into(), rows.into()],
    )?;
    rows.iter().map(from_row).collect()
}

/// The last attempt at every anchor that was ever used, by its name.
pub fn last_receipts(tx: &mut dyn Read, tenant: &str) -> Result<Vec<Receipt>> {
    let rows = tx.query(
        sql(
            "select r.anchor, r.size, r.tried_at, r.fault from anchor_receipt r
             where r.tenant = $1 and not exists (
               select 1 from anchor_receipt later
               where later.tenant = $1 and later.anchor = r.anchor and (later.tried_at, later.id) > (r.tried_at, r.id))
             order by r.anchor",
        ),
        &[tenant.into()],
    )?;
    rows.iter().map(from_row).collect()
}

fn from_row(row: &Row) -> Result<Receipt> {
    Ok(Receipt {
        anchor: row.text("anchor")?.to_owned(),
        size: u64::try_from(row.int("size")?).map_err(Error::internal)?,
        tried_at: Timestamp(row.int("tried_at")?),
        fault: row.opt_text("fault")?.map(str::to_owned),
    })
}
