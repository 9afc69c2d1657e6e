//! Business calendars and the clocks that run on them. Pure: no database, no present moment.
//!
//! A due date is a *date in the site's zone*, never a moment (21 CFR 11.10(e), EU Annex 11): it is
//! stored with the zone's name and turns overdue at the local midnight that ends it.
//!
//! - this file: which days count as work days
//! - `federal`: the US federal holidays as a table
//! - `rule`: clock rules, due dates, extensions
//! - `escalation`: who hears of a due date and when

mod escalation;
mod federal;
mod rule;

pub use escalation::{LADDER_DAYS_MAX, LADDER_RUNGS_MAX, Ladder, Rung};
pub use rule::{CLOCK_COUNT_MAX, ClockRule, Deadline, Due, EXTENSIONS_MAX, Roll, Start, Unit, due, due_by, overdue};

use base::{Date, Error, Refusal, RefusalKind, Result};
use jiff::ToSpan;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Every day counts.
pub const CALENDAR_DAYS: &str = "calendar_days";
/// Monday to Friday, no holidays.
pub const WEEKDAYS: &str = "weekdays";
/// Monday to Friday without the US federal holidays (5 U.S.C. 6103).
pub const US_FEDERAL: &str = "us_federal";

/// Holidays of one calendar.
pub const HOLIDAYS_MAX: usize = 2_000;
/// Days looked at for one due date: more than [`CLOCK_COUNT_MAX`] work days need in a calendar with
/// one work day a week and [`HOLIDAYS_MAX`] holidays.
const DAYS_WALKED_MAX: usize = 7 * (CLOCK_COUNT_MAX as usize + HOLIDAYS_MAX + 1);

/// A day of the week; in text `monday` to `sunday`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl Weekday {
    pub fn of(date: Date) -> Self {
        match date.weekday() {
            jiff::civil::Weekday::Monday => Self::Monday,
            jiff::civil::Weekday::Tuesday => Self::Tuesday,
            jiff::civil::Weekday::Wednesday => Self::Wednesday,
            jiff::civil::Weekday::Thursday => Self::Thursday,
            jiff::civil::Weekday::Friday => Self::Friday,
            jiff::civil::Weekday::Saturday => Self::Saturday,
            jiff::civil::Weekday::Sunday => Self::Sunday,
        }
    }
}

/// The years whose holidays a calendar knows, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Years {
    pub first: i16,
    pub last: i16,
}

/// Which days are work days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calendar {
    /// What clock rules name it by.
    pub name: String,
    /// Days of the week on which nobody works.
    #[serde(default)]
    pub weekend: BTreeSet<Weekday>,
    /// Dates on which nobody works, as observed (moved from the weekend where the law moves them).
    #[serde(default)]
    pub holidays: BTreeSet<Date>,
    /// The years the holidays are complete for; nothing for a calendar without holidays. A day
    /// outside is an error, because a silently missing holiday makes a wrong due date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covers: Option<Years>,
}

impl Calendar {
    /// Every day counts: no weekend, no holidays.
    pub fn calendar_days() -> Self {
        Self { name: CALENDAR_DAYS.to_owned(), weekend: BTreeSet::new(), holidays: BTreeSet::new(), covers: None }
    }

    /// Monday to Friday; for companies that keep no list of holidays.
    pub fn weekdays() -> Self {
        Self { name: WEEKDAYS.to_owned(), weekend: saturday_and_sunday(), ..Self::calendar_days() }
    }

    /// Monday to Friday without the federal holidays: what "work day" means in 21 CFR 803.3.
    pub fn us_federal() -> Self {
        Self { name: US_FEDERAL.to_owned(), weekend: saturday_and_sunday(), holidays: federal::holidays(), covers: Some(federal::YEARS) }
    }

    /// The calendar of this name that comes with the product.
    pub fn built_in(name: &str) -> Option<Self> {
        match name {
            CALENDAR_DAYS => Some(Self::calendar_days()),
            WEEKDAYS => Some(Self::weekdays()),
            US_FEDERAL => Some(Self::us_federal()),
            _ => None,
        }
    }

    /// Whether a calendar from a configuration package can be worked with; every fault has its
    /// own code: `calendar_unnamed`, `no_work_day`, `too_many_holidays`, `holidays_without_years`,
    /// `holiday_outside_years`.
    pub fn check(&self) -> Result<()> {
        let refuse = |place: &str, code: &str, message: String| Err(Error::invalid(format!("calendar.{place}"), code, message));
        if self.name.trim().is_empty() {
            return refuse("name", "calendar_unnamed", "a calendar needs a name".to_owned());
        }
        if self.weekend.len() == 7 {
            return refuse("weekend", "no_work_day", format!("the calendar {} leaves no work day in the week", self.name));
        }
        if self.holidays.len() > HOLIDAYS_MAX {
            let message = format!("{} holidays, at most {HOLIDAYS_MAX} are allowed", self.holidays.len());
            return refuse("holidays", "too_many_holidays", message);
        }
        if self.holidays.is_empty() {
            return Ok(());
        }
        if self.covers.is_none() {
            let message = format!("the calendar {} lists holidays without saying for which years they are complete", self.name);
            return refuse("covers", "holidays_without_years", message);
        }
        match self.holidays.iter().find(|date| !self.knows(**date)) {
            Some(date) => {
                refuse("holidays", "holiday_outside_years", format!("{date} lies outside the years of the calendar {}", self.name))
            }
            None => Ok(()),
        }
    }

    /// Whether the calendar can tell if this day is a work day.
    pub fn knows(&self, date: Date) -> bool {
        self.covers.is_none_or(|years| (years.first..=years.last).contains(&date.year()))
    }

    /// Whether people work on this day; refused with `calendar_not_covered` outside the years
    /// that the calendar covers.
    pub fn is_work_day(&self, date: Date) -> Result<bool> {
        if let Some(years) = self.covers.filter(|_| !self.knows(date)) {
            let message = format!("the calendar {} covers {}–{}; {date} is outside", self.name, years.first, years.last);
            return Err(Refusal::new(RefusalKind::Invalid, "calendar_not_covered", message)
                .at("calendar")
                .advise("Add the holidays of the missing years to the calendar, or set the due date by hand.")
                .into());
        }
        Ok(!self.weekend.contains(&Weekday::of(date)) && !self.holidays.contains(&date))
    }

    /// The day itself when it is a work day, otherwise the next one that is.
    pub fn on_or_after(&self, date: Date) -> Result<Date> {
        self.walk(date, 1, next_day)
    }

    /// The day itself when it is a work day, otherwise the last one before it.
    pub fn on_or_before(&self, date: Date) -> Result<Date> {
        self.walk(date, 1, day_before)
    }

    /// The `count`-th work day after `date`; `date` itself never counts, and zero gives it back.
    pub fn plus_work_days(&self, date: Date, count: u32) -> Result<Date> {
        if count == 0 {
            return Ok(date);
        }
        self.walk(next_day(date)?, count, next_day)
    }

    /// The `count`-th work day met from `date` on, `date` included.
    fn walk(&self, date: Date, count: u32, step: fn(Date) -> Result<Date>) -> Result<Date> {
        let mut day = date;
        let mut met = 0;
        for _ in 0..DAYS_WALKED_MAX {
            met += u32::from(self.is_work_day(day)?);
            if met == count {
                return Ok(day);
            }
            day = step(day)?;
        }
        Err(Error::invalid("calendar", "no_work_day", format!("the calendar {} has too few work days around {date}", self.name)))
    }
}

fn saturday_and_sunday() -> BTreeSet<Weekday> {
    BTreeSet::from([Weekday::Saturday, Weekday::Sunday])
}

/// Adds calendar days; refused with `date_out_of_range` where the calendar of years ends.
pub fn add_days(date: Date, days: i64) -> Result<Date> {
    let moved = 0.days().try_days(days).and_then(|span| date.checked_add(span));
    moved.map_err(|_| out_of_range())
}

/// Adds calendar months and keeps the day of the month; where the month is too short the result is
/// its last day: 31 January + 1 month = 28 or 29 February. The rule is fixed because recurring
/// dates depend on it: always count from the first date (31 January + 2 months = 31 March), never
/// from the shortened one.
pub fn add_months(date: Date, months: u32) -> Result<Date> {
    let moved = 0.months().try_months(i64::from(months)).and_then(|span| date.checked_add(span));
    moved.map_err(|_| out_of_range())
}

fn next_day(date: Date) -> Result<Date> {
    date.tomorrow().map_err(|_| out_of_range())
}

fn day_before(date: Date) -> Result<Date> {
    date.yesterday().map_err(|_| out_of_range())
}

fn out_of_range() -> Error {
    Error::invalid("date", "date_out_of_range", "the date lies outside the years −9999 to 9999")
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod zone_tests;
