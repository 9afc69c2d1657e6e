//! Due dates against time zones: every day of 2024 to 2034 in six zones, and the odd ones.

use super::*;
use base::Timestamp;
use proptest::prelude::*;

/// Two plain ones, half an hour of summer time, a skipped midnight in spring (Cairo), an hour
/// before midnight repeated in autumn (Cairo too), midnight repeated (Havana), an odd offset.
const ZONES: [&str; 6] = ["Europe/Rome", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "America/Havana", "Asia/Kathmandu"];

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

fn due_on(day: Date, zone: &str) -> Due {
    Due { date: day, zone: zone.to_owned() }
}

#[test]
fn frs_tim_005_a_due_date_turns_overdue_at_local_midnight_and_not_a_moment_before_on_every_day_in_every_zone() {
    for zone in ZONES {
        for day in date("2024-01-01").series(1.day()).take_while(|day| day.year() <= 2034) {
            let due = due_on(day, zone);
            let closes = due.closes_at().unwrap();
            let before = Timestamp(closes.0 - 1);
            assert!(!due.is_overdue(before).unwrap(), "{zone} {day}");
            assert!(due.is_overdue(closes).unwrap(), "{zone} {day}");
            assert_eq!(before.date_in(zone).unwrap(), day, "{zone}: the last moment is still the day");
            assert_eq!(closes.date_in(zone).unwrap(), day.tomorrow().unwrap(), "{zone}: the first moment after it");
            assert_eq!((due.days_left(before).unwrap(), due.days_left(closes).unwrap()), (0, -1));
        }
    }
}

#[test]
fn frs_tim_005_the_days_of_2026_that_are_not_24_hours_long_are_known() {
    let odd_days = |zone: &str| -> Vec<(String, i64)> {
        let days = date("2026-01-01").series(1.day()).take_while(|day| day.year() == 2026);
        let minutes = |day: Date| {
            let length = due_on(day, zone).closes_at().unwrap().0 - Timestamp::start_of(day, zone).unwrap().0;
            length / 60_000_000
        };
        days.map(|day| (day.to_string(), minutes(day))).filter(|(_, minutes)| *minutes != 1_440).collect()
    };
    let expected: [[(&str, i64); 2]; 5] = [
        [("2026-03-29", 1_380), ("2026-10-25", 1_500)],
        [("2026-03-08", 1_380), ("2026-11-01", 1_500)],
        [("2026-04-05", 1_470), ("2026-10-04", 1_410)],
        [("2026-04-24", 1_380), ("2026-10-29", 1_500)],
        [("2026-03-08", 1_380), ("2026-11-01", 1_500)],
    ];
    for (zone, expected) in ZONES.iter().zip(expected) {
        let found = odd_days(zone);
        let found: Vec<(&str, i64)> = found.iter().map(|(day, minutes)| (day.as_str(), *minutes)).collect();
        assert_eq!(found, expected, "{zone}");
    }
    assert!(odd_days("Asia/Kathmandu").is_empty());
}

#[test]
fn frs_tim_005_a_skipped_midnight_closes_the_day_at_the_first_moment_after_it() {
    // In Cairo the clock goes from 00:00 to 01:00 on 24 April 2026.
    let closes = due_on(date("2026-04-23"), "Africa/Cairo").closes_at().unwrap();
    assert_eq!(closes.to_rfc3339(), "2026-04-23T22:00:00.000000Z");
    assert_eq!(closes.display_in("Africa/Cairo").unwrap(), "24 Apr 2026, 01:00 EEST");
}

#[test]
fn a_day_that_a_zone_left_out_does_not_make_a_due_date_longer() {
    // Samoa crossed the date line: 30 December 2011 did not exist there.
    let zone = "Pacific/Apia";
    let last = due_on(date("2011-12-29"), zone).closes_at().unwrap();
    assert_eq!(last.date_in(zone).unwrap(), date("2011-12-31"));
    assert!(due_on(date("2011-12-30"), zone).closes_at().unwrap() >= last);
}

#[test]
fn the_day_of_the_event_is_read_in_the_zone_of_the_site() {
    let rule = ClockRule::calendar_days("eu_2", "EU MDR Art. 87(4)", 2);
    let late = Timestamp::parse("2026-11-21T23:30:00Z").unwrap();
    assert_eq!(due(&rule, late, "Europe/Rome").unwrap().date, date("2026-11-24"));
    assert_eq!(due(&rule, late, "America/New_York").unwrap().date, date("2026-11-23"));
}

#[test]
fn frs_tim_005_overdue_stays_true_where_the_clocks_go_back_over_midnight() {
    // In St John's the clocks went back from 00:01 to 23:01 on 1 November 2009.
    let due = due_on(date("2009-10-31"), "America/St_Johns");
    let closes = due.closes_at().unwrap();
    let mut was_overdue = false;
    for minute in -180..180 {
        let overdue = due.is_overdue(closes.plus_seconds(minute * 60)).unwrap();
        assert!(overdue || !was_overdue, "minute {minute}");
        was_overdue = overdue;
    }
}

proptest! {
    #[test]
    fn frs_tim_005_overdue_never_turns_back(zone in 0usize..6, day in 0i64..4_018, one in -40_000_000_000_000i64..40_000_000_000_000, two in -40_000_000_000_000i64..40_000_000_000_000) {
        let day = add_days(date("2024-01-01"), day).unwrap();
        let middle = Timestamp::start_of(day, ZONES[zone]).unwrap().0;
        let (early, late) = (Timestamp(middle + one.min(two)), Timestamp(middle + one.max(two)));
        let at = |now| overdue(now, day, ZONES[zone]).unwrap();
        prop_assert!(!at(early) || at(late));
        prop_assert_eq!(at(late), late.date_in(ZONES[zone]).unwrap() > day);
    }
}
