//! The legal public holidays of US federal employees, as observed (5 U.S.C. 6103; a holiday on a
//! Saturday is observed the Friday before, on a Sunday the Monday after, so that New Year's Day
//! 2028 falls on 31 December 2027).
//!
//! Closings by executive order (such as 24 December in some years) are not legal holidays and do
//! not stop a clock. The table ends with [`YEARS`]; the calendar refuses days outside.

use super::Years;
use base::Date;
use std::collections::BTreeSet;

/// The years the table is complete for.
pub(super) const YEARS: Years = Years { first: 2024, last: 2028 };

/// Year, then month and day of each holiday that is observed in it.
const OBSERVED: [(i16, &[(i8, i8)]); 5] = [
    (2024, &[(1, 1), (1, 15), (2, 19), (5, 27), (6, 19), (7, 4), (9, 2), (10, 14), (11, 11), (11, 28), (12, 25)]),
    (2025, &[(1, 1), (1, 20), (2, 17), (5, 26), (6, 19), (7, 4), (9, 1), (10, 13), (11, 11), (11, 27), (12, 25)]),
    (2026, &[(1, 1), (1, 19), (2, 16), (5, 25), (6, 19), (7, 3), (9, 7), (10, 12), (11, 11), (11, 26), (12, 25)]),
    (2027, &[(1, 1), (1, 18), (2, 15), (5, 31), (6, 18), (7, 5), (9, 6), (10, 11), (11, 11), (11, 25), (12, 24), (12, 31)]),
    (2028, &[(1, 17), (2, 21), (5, 29), (6, 19), (7, 4), (9, 4), (10, 9), (11, 10), (11, 23), (12, 25)]),
];

pub(super) fn holidays() -> BTreeSet<Date> {
    let dates = OBSERVED.iter().flat_map(|(year, days)| days.iter().map(|(month, day)| (*year, *month, *day)));
    dates.filter_map(|(year, month, day)| Date::new(year, month, day).ok()).collect()
}
