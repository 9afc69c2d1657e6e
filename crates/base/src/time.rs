//! Time as the record keeps it: UTC microseconds from an injected clock, business dates apart.

use crate::error::{Error, Result};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicI64, Ordering};

/// A calendar date in no particular zone; due dates and effective dates are such dates, read in
/// the site's zone.
pub type Date = jiff::civil::Date;

/// Microseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// RFC 3339 in UTC with microseconds: `2026-11-21T13:02:11.000000Z`.
    pub fn to_rfc3339(self) -> String {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(at) => format!("{at:.6}"),
            Err(_) => self.0.to_string(),
        }
    }

    /// Reads RFC 3339 with any offset.
    pub fn parse(text: &str) -> Result<Self> {
        text.parse::<jiff::Timestamp>()
            .map(|at| Self(at.as_microsecond()))
            .map_err(|_| Error::invalid("timestamp", "bad_timestamp", format!("“{text}” is not a time such as 2026-11-21T13:02:11Z")))
    }

    /// The calendar date at this moment in the named IANA zone.
    pub fn date_in(self, zone: &str) -> Result<Date> {
        Ok(self.zoned(zone)?.date())
    }

    /// `21 Nov 2026, 14:02 CET` in the named IANA zone.
    pub fn display_in(self, zone: &str) -> Result<String> {
        self.shown_in(zone)?.display(self)
    }

    /// How the named zone shows this moment by the time-zone database of this program.
    pub fn shown_in(self, zone: &str) -> Result<ShownIn> {
        self.shown_by(&time_zone(zone)?)
    }

    fn shown_by(self, zone: &TimeZone) -> Result<ShownIn> {
        let info = zone.to_offset_info(jiff::Timestamp::from_microsecond(self.0).map_err(Error::internal)?);
        Ok(ShownIn { utc_offset: info.offset().seconds(), zone: info.abbreviation().to_owned() })
    }

    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1_000_000)))
    }

    /// The first moment of `date` in the named IANA zone.
    pub fn start_of(date: Date, zone: &str) -> Result<Self> {
        let zoned = date.to_zoned(time_zone(zone)?).map_err(Error::internal)?;
        Ok(Self(zoned.timestamp().as_microsecond()))
    }

    fn zoned(self, zone: &str) -> Result<jiff::Zoned> {
        let at = jiff::Timestamp::from_microsecond(self.0).map_err(Error::internal)?;
        Ok(at.to_zoned(time_zone(zone)?))
    }
}

/// How a moment was shown to people: kept beside the moment, so that it is shown the same for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownIn {
    /// Seconds ahead of UTC.
    pub utc_offset: i32,
    /// The zone's short name then: `CET`.
    pub zone: String,
}

impl ShownIn {
    /// `21 Nov 2026, 14:02 CET`, whatever the zone's rules are now.
    pub fn display(&self, at: Timestamp) -> Result<String> {
        let offset = jiff::tz::Offset::from_seconds(self.utc_offset).map_err(Error::internal)?;
        let local = offset.to_datetime(jiff::Timestamp::from_microsecond(at.0).map_err(Error::internal)?);
        Ok(format!("{} {}", local.strftime("%-d %b %Y, %H:%M"), self.zone))
    }
}

/// `21 Nov 2026`.
pub fn display_date(date: Date) -> String {
    date.strftime("%-d %b %Y").to_string()
}

/// Reads `2026-11-21`; `place` names the input in the error.
pub fn parse_date(place: &str, text: &str) -> Result<Date> {
    text.parse::<Date>()
        .map_err(|_| Error::invalid(place, "bad_date", format!("“{text}” is not a date such as 2026-11-21")))
}

/// Looks an IANA zone up in the bundled time-zone database.
pub fn time_zone(zone: &str) -> Result<TimeZone> {
    time_zone_at("zone", zone)
}

/// As [`time_zone`]; `place` is where the name was typed.
pub fn time_zone_at(place: &str, zone: &str) -> Result<TimeZone> {
    TimeZone::get(zone)
        .map_err(|_| Error::invalid(place, "unknown_zone", format!("“{zone}” is not a time zone such as Europe/Rome")))
}

/// Where the present comes from. The record never takes a time from a client.
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where the machine's clock is read")]
    fn now(&self) -> Timestamp {
        Timestamp(jiff::Timestamp::now().as_microsecond())
    }
}

/// A clock that stands still until it is moved: for tests, the demo and simulations.
#[derive(Debug)]
pub struct FixedClock(AtomicI64);

impl FixedClock {
    pub fn at(start: Timestamp) -> Self {
        Self(AtomicI64::new(start.0))
    }

    pub fn advance_seconds(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }

    pub fn set(&self, at: Timestamp) {
        self.0.store(at.0, Ordering::SeqCst);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_shown_in_the_zone_of_the_site() {
        let at = Timestamp::parse("2026-11-21T13:02:11Z").unwrap();
        assert_eq!(at.display_in("Europe/Rome").unwrap(), "21 Nov 2026, 14:02 CET");
        assert_eq!(at.to_rfc3339(), "2026-11-21T13:02:11.000000Z");
    }

    #[test]
    fn frs_tim_007_a_moment_that_was_shown_stays_as_it_was_when_the_rules_of_the_zone_change() {
        let at = Timestamp::parse("2026-07-01T10:00:00Z").unwrap();
        // Two releases of a time-zone database: in the second the country has given up summer time.
        let released = |rules: &str| TimeZone::posix(rules).unwrap();
        let (before, after) = (released("CET-1CEST,M3.5.0,M10.5.0/3"), released("CET-1"));
        let kept = at.shown_by(&before).unwrap();
        assert_eq!(kept, ShownIn { utc_offset: 7200, zone: "CEST".to_owned() });
        assert_eq!(kept.display(at).unwrap(), "1 Jul 2026, 12:00 CEST");
        assert_eq!(at.shown_by(&after).unwrap().display(at).unwrap(), "1 Jul 2026, 11:00 CET", "what the new rules would say");
        assert_eq!(at.shown_in("Europe/Rome").unwrap(), kept);
    }

    #[test]
    fn the_date_changes_at_local_midnight() {
        let at = Timestamp::parse("2026-11-21T23:30:00Z").unwrap();
        assert_eq!(at.date_in("Europe/Rome").unwrap().to_string(), "2026-11-22");
        assert_eq!(at.date_in("America/Chicago").unwrap().to_string(), "2026-11-21");
    }

    #[test]
    fn a_wrong_date_names_its_place() {
        let error = parse_date("fields.due_date", "31.12.2026").unwrap_err();
        assert_eq!(error.refusal().unwrap().place.as_deref(), Some("fields.due_date"));
    }
}
