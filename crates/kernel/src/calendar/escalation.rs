//! Escalation: which roles hear of a due date, how many days before or after it.

use super::{Due, add_days};
use base::{Date, Error, Result, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Rungs of one ladder.
pub const LADDER_RUNGS_MAX: usize = 20;
/// The farthest a rung may stand from the due date, in days.
pub const LADDER_DAYS_MAX: i32 = 730;

/// One step of a ladder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rung {
    /// Calendar days from the due date: −7 a week before, 0 on the day, 1 on the first overdue day.
    pub days: i32,
    /// The role that is told.
    pub role: String,
}

/// The rungs of a clock rule, in order of their days.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ladder(pub Vec<Rung>);

impl Ladder {
    /// Refuses too many rungs, rungs too far away, without a role, out of order or named twice.
    pub fn check(&self) -> Result<()> {
        if self.0.len() > LADDER_RUNGS_MAX {
            let message = format!("{} rungs, at most {LADDER_RUNGS_MAX} are allowed", self.0.len());
            return Err(Error::invalid("ladder", "too_many_rungs", message));
        }
        let mut seen = BTreeSet::new();
        for (index, rung) in self.0.iter().enumerate() {
            let refuse = |code: &str, message: String| Err(Error::invalid(format!("ladder[{index}]"), code, message));
            if rung.role.trim().is_empty() {
                return refuse("rung_without_role", "a rung names the role that is told".to_owned());
            }
            if rung.days.saturating_abs() > LADDER_DAYS_MAX {
                return refuse("rung_too_far", format!("{} days from the due date, at most {LADDER_DAYS_MAX} are allowed", rung.days));
            }
            if index > 0 && self.0[index - 1].days > rung.days {
                return refuse("rungs_out_of_order", "rungs stand in order of their days".to_owned());
            }
            if !seen.insert((rung.days, rung.role.as_str())) {
                return refuse("rung_twice", format!("{} is told twice on the same day", rung.role));
            }
        }
        Ok(())
    }

    /// The rungs whose day has begun in the zone of the due date, first to last. Whoever tells
    /// people remembers which of them were told: after an extension a rung can be reached again.
    pub fn reached(&self, due: &Due, now: Timestamp) -> Result<Vec<&Rung>> {
        let mut reached = Vec::new();
        for rung in &self.0 {
            if due.days_left(now)? <= -i64::from(rung.days) {
                reached.push(rung);
            }
        }
        Ok(reached)
    }

    /// The next rung to come and its date; nothing when all have been reached.
    pub fn next(&self, due: &Due, now: Timestamp) -> Result<Option<(Date, &Rung)>> {
        let reached = self.reached(due, now)?.len();
        self.0.get(reached).map(|rung| Ok((add_days(due.date, i64::from(rung.days))?, rung))).transpose()
    }
}
