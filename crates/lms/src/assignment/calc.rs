//! Dates and words of assignments, without a database.

use base::{Date, Error, Result};
use jiff::ToSpan;
use kernel::calendar::add_months;

/// How the outcome of an excused assignment begins. It tells an excuse, which lasts for the
/// revision, from a cancellation that the matrix made and may take back.
pub const EXCUSED: &str = "Excused: ";

/// When training is due: the day the revision counts if that is still to come, else so many days
/// from today.
pub(super) fn due_on(today: Date, effective_on: Option<Date>, due_days: i64) -> Result<Date> {
    match effective_on {
        Some(effective_on) if effective_on > today => Ok(effective_on),
        _ => today.checked_add(due_days.days()).map_err(Error::internal),
    }
}

/// When a repetition is due: so many months after the last time.
pub(super) fn repeat_on(last: Date, months: i64) -> Result<Date> {
    add_months(last, u32::try_from(months).map_err(Error::internal)?)
}

/// From when on the repetition stands on the person's list: its days to complete before it is due.
pub(super) fn is_time_to_ask(today: Date, repeat_on: Date, due_days: i64) -> Result<bool> {
    let from = repeat_on.checked_sub(due_days.days()).map_err(Error::internal)?;
    Ok(today >= from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn frs_trn_004_training_is_due_on_a_future_effective_date_else_within_the_courses_days() {
        let today = date("2026-11-02");
        for (effective, days, due) in [
            (Some("2026-11-20"), 5, "2026-11-20"),
            (Some("2026-11-03"), 30, "2026-11-03"),
            (Some("2026-11-02"), 5, "2026-11-07"),
            (Some("2026-10-01"), 0, "2026-11-02"),
            (None, 14, "2026-11-16"),
        ] {
            assert_eq!(due_on(today, effective.map(date), days).unwrap(), date(due), "{effective:?} {days}");
        }
    }

    #[test]
    fn frs_trn_032_a_repetition_is_due_months_after_the_last_and_asked_for_its_days_before() {
        let due = repeat_on(date("2026-01-31"), 1).unwrap();
        assert_eq!(due, date("2026-02-28"));
        assert!(!is_time_to_ask(date("2026-02-13"), due, 14).unwrap());
        assert!(is_time_to_ask(date("2026-02-14"), due, 14).unwrap());
        assert!(is_time_to_ask(date("2026-03-30"), due, 14).unwrap());
    }
}
