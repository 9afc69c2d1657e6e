//! Gap-free numbers: a counter row for each prefix (and year), raised in the transaction that uses
//! the number, so that a refused command gives its number back.

use crate::kind::Numbering;
use crate::trail::WriteTx;
use base::{Error, Result};
use db::sql;

/// The next number of a counted scheme. The counter row is locked until the transaction ends, so
/// creators of one prefix go one after another; the lock is held for milliseconds.
pub(crate) fn next(tx: &mut WriteTx<'_>, numbering: &Numbering) -> Result<String> {
    let Numbering::Counted { prefix, digits, with_year } = numbering else {
        return Err(Error::internal("this number is not counted"));
    };
    let stem = if *with_year { format!("{prefix}-{}", tx.now().date_in("UTC")?.year()) } else { prefix.clone() };
    let tenant = tx.tenant().to_owned();
    let rows = tx.derived_query(
        sql(
            "insert into counter (tenant, name, value) values ($1, $2, 1)
             on conflict (tenant, name) do update set value = counter.value + 1 returning value",
        ),
        &[tenant.into(), stem.as_str().into()],
    )?;
    let value = rows.first().ok_or_else(|| Error::internal("the counter gave no number"))?.int("value")?;
    Ok(format!("{stem}-{value:0width$}", width = *digits))
}
