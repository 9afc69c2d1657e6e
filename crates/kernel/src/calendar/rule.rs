//! Clock rules and due dates: from the day something happened to the day something must be done.

use super::{CALENDAR_DAYS, Calendar, add_days, add_months};
use base::{Blocker, Date, Error, Refusal, RefusalKind, Result, Timestamp};
use serde::{Deserialize, Serialize};

/// The largest count of a rule, in its unit.
pub const CLOCK_COUNT_MAX: u32 = 1_200;
/// Extensions of one due date.
pub const EXTENSIONS_MAX: u32 = 50;

/// What a rule counts. Hours are missing on purpose: a due date is a date, and a customer's
/// "within 24 hours" is one calendar day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    CalendarDays,
    /// Work days of the rule's calendar.
    WorkDays,
    /// Calendar months by [`add_months`].
    Months,
}

/// Which day is day 0, the day before the first that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// The day of the event is day 0: "after the day that you become aware" (21 CFR 803.10, 803.20,
    /// 803.53; EU MDR Art. 87 with Regulation (EEC) 1182/71 Art. 3(1)).
    #[default]
    EventIsDayZero,
    /// The day of the event is day 1 already, for customers who count it.
    EventIsDayOne,
    /// The first work day on or after the event is day 0, for agreements such as "received on a
    /// Saturday counts as received on Monday".
    NextWorkDayIsDayZero,
}

/// What happens to a due date that is no work day of the rule's calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Roll {
    /// It stays: 30 calendar days are 30 also when they end on a Sunday (21 CFR 803). The screen
    /// then shows [`Due::finish_by`].
    #[default]
    None,
    NextWorkDay,
}

/// How a due date follows from an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockRule {
    pub name: String,
    /// The clause or requirement that sets the time: `21 CFR 803.50(a)`, `FRS-CAPA-012`.
    pub requirement: String,
    /// How many units, 1 to [`CLOCK_COUNT_MAX`].
    pub count: u32,
    pub unit: Unit,
    /// The calendar for work days and for rolling.
    #[serde(default = "every_day")]
    pub calendar: String,
    #[serde(default)]
    pub start: Start,
    #[serde(default)]
    pub roll: Roll,
    /// Whether the company may move the due date; false for a time that a regulation sets.
    #[serde(default)]
    pub extendable: bool,
}

fn every_day() -> String {
    CALENDAR_DAYS.to_owned()
}

impl ClockRule {
    /// Counts calendar days; the day of the event is day 0, the due date never moves.
    pub fn calendar_days(name: &str, requirement: &str, count: u32) -> Self {
        Self {
            name: name.to_owned(),
            requirement: requirement.to_owned(),
            count,
            unit: Unit::CalendarDays,
            calendar: every_day(),
            start: Start::default(),
            roll: Roll::default(),
            extendable: false,
        }
    }

    /// Counts work days of a calendar; the day of the event is day 0.
    pub fn work_days(name: &str, requirement: &str, count: u32, calendar: &str) -> Self {
        Self { unit: Unit::WorkDays, calendar: calendar.to_owned(), ..Self::calendar_days(name, requirement, count) }
    }

    /// Counts calendar months.
    pub fn months(name: &str, requirement: &str, count: u32) -> Self {
        Self { unit: Unit::Months, ..Self::calendar_days(name, requirement, count) }
    }

    pub fn starting(mut self, start: Start) -> Self {
        self.start = start;
        self
    }

    /// Moves a due date that is no work day of this calendar to the next one.
    pub fn rolling(mut self, calendar: &str) -> Self {
        self.calendar = calendar.to_owned();
        self.roll = Roll::NextWorkDay;
        self
    }

    /// Lets the company extend it, with a reason.
    pub fn extendable(mut self) -> Self {
        self.extendable = true;
        self
    }

    /// Refuses a rule without name or requirement, a count outside 1 to [`CLOCK_COUNT_MAX`], and
    /// work days of a calendar on which every day counts, which says two things at once. That the
    /// calendar exists is checked where all calendars are known.
    pub fn check(&self) -> Result<()> {
        let refuse = |place: &str, code: &str, message: String| Err(Error::invalid(format!("clock_rule.{place}"), code, message));
        if self.name.trim().is_empty() {
            return refuse("name", "rule_unnamed", "a clock rule needs a name".to_owned());
        }
        if self.requirement.trim().is_empty() {
            return refuse("requirement", "rule_without_requirement", format!("the clock rule {} names no requirement", self.name));
        }
        if !(1..=CLOCK_COUNT_MAX).contains(&self.count) {
            let message = format!("the clock rule {} counts {}; 1 to {CLOCK_COUNT_MAX} is allowed", self.name, self.count);
            return refuse("count", "count_out_of_range", message);
        }
        let work_days = self.unit == Unit::WorkDays || self.roll == Roll::NextWorkDay || self.start == Start::NextWorkDayIsDayZero;
        if work_days && self.calendar == CALENDAR_DAYS {
            let message = format!("the clock rule {} needs work days, but on its calendar every day counts", self.name);
            return refuse("calendar", "calendar_without_work_days", message);
        }
        Ok(())
    }

    /// `5 work days (us_federal)`, `30 calendar days`, `1 month`.
    pub fn describe(&self) -> String {
        let plural = if self.count == 1 { "" } else { "s" };
        match self.unit {
            Unit::CalendarDays => format!("{} calendar day{plural}", self.count),
            Unit::WorkDays => format!("{} work day{plural} ({})", self.count, self.calendar),
            Unit::Months => format!("{} month{plural}", self.count),
        }
    }
}

/// The day by whose end, in the zone, something must be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Due {
    pub date: Date,
    /// IANA name of the site's zone. The name is kept and not an offset, because offsets change.
    pub zone: String,
}

impl Due {
    /// The first moment at which it is overdue: the local midnight that ends the date, or where
    /// the change to summer time skips midnight, the first moment that exists after it.
    pub fn closes_at(&self) -> Result<Timestamp> {
        Timestamp::start_of(add_days(self.date, 1)?, &self.zone)
    }

    /// Whether the date has passed in its zone. Once true it stays true: it compares moments and
    /// not local dates, which step back where the clocks go back over midnight.
    pub fn is_overdue(&self, now: Timestamp) -> Result<bool> {
        Ok(now >= self.closes_at()?)
    }

    /// Calendar days from today, in the zone, to the date: 0 on the day, negative when overdue.
    pub fn days_left(&self, now: Timestamp) -> Result<i64> {
        let until = now.date_in(&self.zone)?.until(self.date).map_err(Error::internal)?;
        Ok(i64::from(until.get_days()))
    }

    /// The last work day on or before the date: what to aim for when it falls on a weekend or a
    /// holiday and does not move.
    pub fn finish_by(&self, calendar: &Calendar) -> Result<Date> {
        calendar.on_or_before(self.date)
    }
}

/// As [`Due::is_overdue`], for a date and a zone that are stored apart.
pub fn overdue(now: Timestamp, date: Date, zone: &str) -> Result<bool> {
    Due { date, zone: zone.to_owned() }.is_overdue(now)
}

/// When a rule that started at `start` is due, in the site's zone, by the built-in calendar that
/// the rule names. Refused with `unknown_calendar` when there is none (a site's own calendar goes
/// through [`due_by`]) and with `calendar_not_covered` outside the years the calendar knows.
pub fn due(rule: &ClockRule, start: Timestamp, zone: &str) -> Result<Due> {
    let calendar = Calendar::built_in(&rule.calendar).ok_or_else(|| {
        let message = format!("there is no calendar “{}”", rule.calendar);
        Error::invalid("clock_rule.calendar", "unknown_calendar", message)
    })?;
    due_by(rule, &calendar, start, zone)
}

/// As [`due`], by the given calendar.
pub fn due_by(rule: &ClockRule, calendar: &Calendar, start: Timestamp, zone: &str) -> Result<Due> {
    if rule.calendar != calendar.name {
        let message = format!("the rule {} counts by {}, not by {}", rule.name, rule.calendar, calendar.name);
        return Err(Error::internal(message));
    }
    rule.check()?;
    let event = start.date_in(zone)?;
    let day_zero = match rule.start {
        Start::EventIsDayZero => event,
        Start::EventIsDayOne => add_days(event, -1)?,
        Start::NextWorkDayIsDayZero => calendar.on_or_after(event)?,
    };
    let counted = match rule.unit {
        Unit::CalendarDays => add_days(day_zero, i64::from(rule.count))?,
        Unit::WorkDays => calendar.plus_work_days(day_zero, rule.count)?,
        Unit::Months => add_months(day_zero, rule.count)?,
    };
    let date = match rule.roll {
        Roll::None => counted,
        Roll::NextWorkDay => calendar.on_or_after(counted)?,
    };
    Ok(Due { date, zone: zone.to_owned() })
}

/// A due date and what it was at first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deadline {
    /// The due date when the clock started; no extension touches it.
    pub original: Due,
    pub current: Due,
    /// How often it was extended.
    #[serde(default)]
    pub extensions: u32,
}

impl Deadline {
    pub fn new(due: Due) -> Self {
        Self { original: due.clone(), current: due, extensions: 0 }
    }

    /// Moves the due date to a later day. Refused with `not_extendable` when a regulation sets the
    /// time, `not_later`, or `too_many_extensions`. Who allowed it and why is the caller's event.
    pub fn extended(&self, rule: &ClockRule, to: Date) -> Result<Self> {
        if !rule.extendable {
            let text = format!("The rule “{}” ({}) sets this time; the company cannot extend it.", rule.name, rule.requirement);
            let blocker = Blocker { rule: rule.name.clone(), requirement: rule.requirement.clone(), text: text.clone(), records: Vec::new() };
            return Err(Refusal::new(RefusalKind::Conflict, "not_extendable", text).at("due_date").blocked_by(vec![blocker]).into());
        }
        if to <= self.current.date {
            return Err(Error::invalid("due_date", "not_later", format!("an extension is later than {}", self.current.date)));
        }
        if self.extensions >= EXTENSIONS_MAX {
            return Err(Error::conflict("too_many_extensions", format!("extended {} times already", self.extensions)));
        }
        let current = Due { date: to, zone: self.current.zone.clone() };
        Ok(Self { original: self.original.clone(), current, extensions: self.extensions + 1 })
    }
}
