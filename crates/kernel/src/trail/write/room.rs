//! How much one transaction may write.

use crate::table::Table;
use base::limits::ROWS_PER_TRANSACTION;
use base::{Refusal, RefusalKind, Result};

/// Refuses what would be more rows in one transaction than are allowed, whatever the tables and the
/// statements they are written by: `written` before, `further` now.
pub(super) fn check_room(written: usize, further: usize, table: &Table) -> Result<()> {
    let rows = written.saturating_add(further);
    if rows > ROWS_PER_TRANSACTION {
        let message = format!("This would write {rows} rows in one transaction; at most {ROWS_PER_TRANSACTION} are allowed.");
        return Err(Refusal::new(RefusalKind::TooLarge, "too_large", message).at(table.name).advise("Do it in several parts.").into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::LINK;

    #[test]
    fn frs_trl_017_one_more_row_than_the_limit_is_refused_however_they_were_written() {
        for (written, further) in [(0, ROWS_PER_TRANSACTION), (ROWS_PER_TRANSACTION - 1, 1), (ROWS_PER_TRANSACTION, 0)] {
            check_room(written, further, &LINK).unwrap();
        }
        for (written, further) in [(0, ROWS_PER_TRANSACTION + 1), (ROWS_PER_TRANSACTION - 1, 2), (ROWS_PER_TRANSACTION, 1), (usize::MAX, 1)] {
            let refused = check_room(written, further, &LINK).unwrap_err();
            let refusal = refused.refusal().unwrap();
            assert_eq!((refusal.kind, refusal.place.as_deref(), refusal.advice.is_some()), (RefusalKind::TooLarge, Some("link"), true));
        }
    }
}
