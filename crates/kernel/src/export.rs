//! Taking data out of the house: each time is an event with its reason, a day has so many, and more
//! than is usual for the person is told as a security event.

use crate::authority::Permit;
use crate::session;
use crate::trail::WriteTx;
use base::limits::{EXPORT_ALERT_FROM, EXPORT_ALERT_TIMES, EXPORT_USUAL_DAYS, EXPORTS_PER_DAY};
use base::{Digest, Error, Refusal, RefusalKind, Result};
use db::{Read, sql};

/// What an export is called among the security events.
const EXPORTED: &str = "data_exported";
/// What is told when somebody exports far more than they usually do.
const UNUSUAL: &str = "unusual_export";
const DAY_SECONDS: i64 = 86_400;

/// What was taken out.
#[derive(Debug, Clone)]
pub struct Export {
    pub kind: String,
    /// The filters of the list, as they stand in its address.
    pub filter: String,
    pub rows: i64,
    /// SHA-256 of the file.
    pub digest: String,
}

/// Notes an export before its file is handed out. Refused past the limit of a day.
pub fn note(tx: &mut WriteTx<'_>, permit: &Permit, export: &Export) -> Result<()> {
    if Digest::from_hex(&export.digest).is_none() {
        return Err(Error::invalid("digest", "bad_digest", "this is no SHA-256 digest"));
    }
    if export.rows < 0 {
        return Err(Error::invalid("rows", "out_of_range", "a number of rows is not negative"));
    }
    let person = permit.actor().person().to_owned();
    // Of exports at the limit only one is the last.
    tx.take_turn(EXPORTED)?;
    let now = tx.now();
    let today = count(tx, &person, now.plus_seconds(-DAY_SECONDS).0, now.0)?;
    if today >= EXPORTS_PER_DAY as i64 {
        return Err(Refusal::new(RefusalKind::TooMany, "too_many_exports", format!("You have exported {EXPORTS_PER_DAY} times within a day."))
            .advise("Ask whoever keeps the system for a full export if you need one.")
            .into());
    }
    let filter = if export.filter.is_empty() { String::new() } else { format!(", filtered by {}", export.filter) };
    session::notice(tx, EXPORTED, Some(&person), &format!("{} of {}{filter}; SHA-256 {}", rows(export.rows), export.kind, export.digest))?;
    let earlier = count(tx, &person, now.plus_seconds(-(EXPORT_USUAL_DAYS + 1) * DAY_SECONDS).0, now.plus_seconds(-DAY_SECONDS).0)?;
    // Told once, with the export that passes the mark.
    if today + 1 == mark(earlier) {
        session::notice(tx, UNUSUAL, Some(&person), &format!("{} exports within a day; usually {earlier} in {EXPORT_USUAL_DAYS} days", today + 1))?;
        tracing::warn!(person, exports = today + 1, earlier, "somebody exports far more than usual");
    }
    Ok(())
}

fn rows(count: i64) -> String {
    if count == 1 { "1 row".to_owned() } else { format!("{count} rows") }
}

/// From how many exports within a day on it is unusual for somebody who made so many in the days
/// before.
fn mark(earlier: i64) -> i64 {
    (earlier * EXPORT_ALERT_TIMES / EXPORT_USUAL_DAYS).max(EXPORT_ALERT_FROM)
}

/// The exports of a person after one moment and up to another.
fn count(tx: &mut WriteTx<'_>, person: &str, after: i64, until: i64) -> Result<i64> {
    let tenant = tx.tenant().to_owned();
    let row = tx.query_one(
        sql(
            "select count(*) as n from security_event
             where tenant = $1 and person = $2 and what = $3 and noticed_at > $4 and noticed_at <= $5",
        ),
        &[tenant.into(), person.into(), EXPORTED.into(), after.into(), until.into()],
    )?;
    row.int("n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frs_guard_010_what_is_usual_follows_from_the_days_before() {
        assert_eq!(mark(0), EXPORT_ALERT_FROM);
        let five_a_day = 5 * EXPORT_USUAL_DAYS;
        assert_eq!(mark(five_a_day), 5 * EXPORT_ALERT_TIMES);
    }
}
