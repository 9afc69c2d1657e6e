//! Dates as rules read them: today in the zone of a record's site, dates in fields.

use base::{Date, Error, Result, Timestamp};
use db::Read;
use kernel::place;
use kernel::record::Record;

/// The calendar date at the record's site.
pub(crate) fn today(tx: &mut dyn Read, record: &Record, now: Timestamp) -> Result<Date> {
    let zone = place::zone_of(tx, &record.tenant, record.site.as_deref())?;
    now.date_in(&zone)
}

/// The calendar date of a moment at the record's site.
pub(crate) fn date_at_site(tx: &mut dyn Read, record: &Record, at: Timestamp) -> Result<Date> {
    today(tx, record, at)
}

/// A date field; `None` when it is not filled in.
pub(crate) fn field(record: &Record, name: &str) -> Option<Date> {
    record.field_text(name).parse().ok()
}

/// So many days later.
pub(crate) fn plus_days(date: Date, days: i64) -> Result<Date> {
    date.checked_add(jiff::Span::new().days(days)).map_err(Error::internal)
}

/// So many months later; the last day of a shorter month.
pub(crate) fn plus_months(date: Date, months: i64) -> Result<Date> {
    kernel::calendar::add_months(date, u32::try_from(months).map_err(Error::internal)?)
}
