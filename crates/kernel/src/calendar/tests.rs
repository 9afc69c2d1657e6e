//! Calendars, published due dates, extensions and ladders.

use super::*;
use base::Timestamp;
use proptest::prelude::*;

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

/// Noon in Chicago on that day: far from every midnight.
fn noon(text: &str) -> Timestamp {
    Timestamp::start_of(date(text), CHICAGO).unwrap().plus_seconds(12 * 3600)
}

fn code(result: Result<impl std::fmt::Debug>) -> String {
    result.unwrap_err().refusal().unwrap().code.clone()
}

const CHICAGO: &str = "America/Chicago";

fn every_day_2024_to_2028() -> impl Iterator<Item = Date> {
    date("2024-01-01").series(1.day()).take_while(|day| day.year() <= 2028)
}

#[test]
fn published_due_dates_come_out() {
    // oracles/mdr_deadline_cases.csv: case, day of awareness, rule, due date.
    let mdr = ClockRule::calendar_days("mdr_30", "21 CFR 803.50(a)", 30);
    let five = ClockRule::work_days("mdr_5", "21 CFR 803.53", 5, US_FEDERAL);
    let supplement = ClockRule::calendar_days("mdr_supplement", "21 CFR 803.56", 30);
    let facility = ClockRule::work_days("mdr_facility", "21 CFR 803.30(a)(2)", 10, US_FEDERAL);
    let importer = ClockRule::calendar_days("mdr_importer", "21 CFR 803.40(b)", 30);
    let correction = ClockRule::work_days("correction", "21 CFR 806.10(b)", 10, US_FEDERAL);
    let eu_2 = ClockRule::calendar_days("eu_2", "EU MDR Art. 87(4)", 2);
    let eu_10 = ClockRule::calendar_days("eu_10", "EU MDR Art. 87(5)", 10);
    let eu_15 = ClockRule::calendar_days("eu_15", "EU MDR Art. 87(3)", 15);
    let cases = [
        ("M01", "2026-03-02", &mdr, "2026-04-01"),
        ("M03", "2026-03-02", &mdr, "2026-04-01"),
        ("M05 observed holiday on Friday 3 July", "2026-06-30", &five, "2026-07-08"),
        ("M07 lands on a Sunday", "2026-12-18", &supplement, "2027-01-17"),
        ("U02", "2026-03-02", &facility, "2026-03-16"),
        ("I02", "2026-03-02", &importer, "2026-04-01"),
        ("N02", "2026-03-02", &mdr, "2026-04-01"),
        ("C01", "2026-03-02", &correction, "2026-03-16"),
        ("E02", "2026-03-02", &eu_10, "2026-03-12"),
        ("own: EU two days", "2028-02-28", &eu_2, "2028-03-01"),
        ("own: EU fifteen days", "2026-12-20", &eu_15, "2027-01-04"),
        ("own: aware on a Saturday", "2026-03-07", &five, "2026-03-13"),
    ];
    for (case, aware, rule, expected) in cases {
        let due = due(rule, noon(aware), CHICAGO).unwrap();
        assert_eq!(due.date, date(expected), "{case}");
        assert_eq!(due.zone, CHICAGO);
    }
}

#[test]
fn a_due_date_on_a_sunday_stays_and_names_the_friday_to_aim_for() {
    let rule = ClockRule::calendar_days("mdr_supplement", "21 CFR 803.56", 30);
    let due = due(&rule, noon("2026-12-18"), CHICAGO).unwrap();
    assert_eq!(due.date, date("2027-01-17"));
    assert_eq!(due.finish_by(&Calendar::us_federal()).unwrap(), date("2027-01-15"));
}

#[test]
fn the_federal_table_is_what_the_statute_gives() {
    // 5 U.S.C. 6103(a) and (b), worked out again: fixed days moved off weekends, Mondays counted.
    let mut expected = BTreeSet::new();
    for year in 2023..=2029 {
        let day = |month, day| Date::new(year, month, day).unwrap();
        for fixed in [day(1, 1), day(6, 19), day(7, 4), day(11, 11), day(12, 25)] {
            expected.insert(match Weekday::of(fixed) {
                Weekday::Saturday => fixed.yesterday().unwrap(),
                Weekday::Sunday => fixed.tomorrow().unwrap(),
                _ => fixed,
            });
        }
        let monday = jiff::civil::Weekday::Monday;
        for (month, nth) in [(1, 3), (2, 3), (5, -1), (9, 1), (10, 2)] {
            expected.insert(day(month, 1).nth_weekday_of_month(nth, monday).unwrap());
        }
        expected.insert(day(11, 1).nth_weekday_of_month(4, jiff::civil::Weekday::Thursday).unwrap());
    }
    expected.retain(|day| (2024..=2028).contains(&day.year()));
    assert_eq!(Calendar::us_federal().holidays, expected);
    assert_eq!(expected.len(), 55);
}

#[test]
fn a_day_outside_the_covered_years_is_refused_and_the_years_are_named() {
    let rule = ClockRule::work_days("mdr_5", "21 CFR 803.53", 5, US_FEDERAL);
    assert_eq!(due(&rule, noon("2028-12-21"), CHICAGO).unwrap().date, date("2028-12-29"));
    let error = due(&rule, noon("2028-12-22"), CHICAGO).unwrap_err();
    assert_eq!(error.refusal().unwrap().code, "calendar_not_covered");
    assert!(error.to_string().contains("covers 2024–2028"), "{error}");
    assert_eq!(code(due(&rule, noon("2023-12-20"), CHICAGO)), "calendar_not_covered");
    // Day 0 itself is not asked about, only the days that count.
    assert_eq!(due(&rule, noon("2023-12-31"), CHICAGO).unwrap().date, date("2024-01-08"));
}

#[test]
fn work_days_agree_with_counting_one_by_one_on_every_day_of_five_years() {
    let calendar = Calendar::us_federal();
    let work: Vec<Date> = every_day_2024_to_2028().filter(|day| calendar.is_work_day(*day).unwrap()).collect();
    for start in every_day_2024_to_2028() {
        let after = work.partition_point(|day| *day <= start);
        for count in [1, 5, 10, 30] {
            let counted = calendar.plus_work_days(start, count as u32);
            match work.get(after + count - 1) {
                Some(expected) => assert_eq!(counted.unwrap(), *expected, "{start} + {count}"),
                None => assert_eq!(code(counted), "calendar_not_covered", "{start} + {count}"),
            }
        }
    }
}

#[test]
fn frs_tim_006_month_addition_ends_on_the_last_day_of_a_short_month() {
    for (from, months, to) in [
        ("2026-01-31", 1, "2026-02-28"),
        ("2028-01-31", 1, "2028-02-29"),
        ("2026-01-31", 2, "2026-03-31"),
        ("2028-02-29", 12, "2029-02-28"),
        ("2028-02-29", 48, "2032-02-29"),
        ("2026-08-31", 6, "2027-02-28"),
        ("2026-12-15", 1, "2027-01-15"),
    ] {
        assert_eq!(add_months(date(from), months).unwrap(), date(to), "{from} + {months}");
    }
    let review = ClockRule::months("review", "ISO 13485 5.6.1", 12);
    assert_eq!(due(&review, noon("2027-02-28"), CHICAGO).unwrap().date, date("2028-02-28"));
}

#[test]
fn the_start_says_which_day_is_day_zero() {
    let rule = ClockRule::work_days("reply", "FRS-SUP-001", 2, WEEKDAYS);
    let on = |start, day| due(&rule.clone().starting(start), noon(day), CHICAGO).unwrap().date;
    // 2026-03-07 is a Saturday.
    assert_eq!(on(Start::EventIsDayZero, "2026-03-07"), date("2026-03-10"));
    assert_eq!(on(Start::NextWorkDayIsDayZero, "2026-03-07"), date("2026-03-11"));
    assert_eq!(on(Start::EventIsDayOne, "2026-03-07"), date("2026-03-10"));
    assert_eq!(on(Start::EventIsDayZero, "2026-03-09"), date("2026-03-11"));
    assert_eq!(on(Start::EventIsDayOne, "2026-03-09"), date("2026-03-10"));
}

#[test]
fn a_rolling_due_date_moves_to_the_next_work_day() {
    let rule = ClockRule::calendar_days("reply", "FRS-SUP-001", 30).rolling(US_FEDERAL);
    // 30 days after 4 June 2026 is Saturday 4 July.
    assert_eq!(due(&rule, noon("2026-06-04"), CHICAGO).unwrap().date, date("2026-07-06"));
    assert_eq!(due(&rule, noon("2026-06-03"), CHICAGO).unwrap().date, date("2026-07-06"), "Friday 3 July is observed");
    assert_eq!(due(&rule, noon("2026-06-02"), CHICAGO).unwrap().date, date("2026-07-02"));
}

#[test]
fn a_rule_outside_its_limits_is_refused() {
    let rule = ClockRule::calendar_days("r", "q", 1);
    assert!(rule.check().is_ok());
    assert!(ClockRule { count: CLOCK_COUNT_MAX, ..rule.clone() }.check().is_ok());
    assert_eq!(code(ClockRule { count: CLOCK_COUNT_MAX + 1, ..rule.clone() }.check()), "count_out_of_range");
    assert_eq!(code(ClockRule { count: 0, ..rule.clone() }.check()), "count_out_of_range");
    assert_eq!(code(ClockRule { requirement: " ".to_owned(), ..rule.clone() }.check()), "rule_without_requirement");
    assert_eq!(code(ClockRule { name: String::new(), ..rule.clone() }.check()), "rule_unnamed");
    assert_eq!(code(ClockRule { unit: Unit::WorkDays, ..rule.clone() }.check()), "calendar_without_work_days");
    assert_eq!(code(due(&ClockRule::work_days("r", "q", 1, "mars"), noon("2026-01-01"), CHICAGO)), "unknown_calendar");
    assert_eq!(code(due(&rule, noon("2026-01-01"), "Mars/Base")), "unknown_zone");
    assert!(due_by(&rule, &Calendar::weekdays(), noon("2026-01-01"), CHICAGO).is_err());
}

#[test]
fn the_largest_count_is_reached_on_the_sparsest_calendar() {
    let six = [Weekday::Monday, Weekday::Tuesday, Weekday::Wednesday, Weekday::Thursday, Weekday::Friday, Weekday::Saturday];
    let mut calendar = Calendar { name: "sundays".to_owned(), weekend: six.into(), ..Calendar::calendar_days() };
    calendar.holidays = date("2026-01-04").series(7.days()).take(HOLIDAYS_MAX).collect();
    calendar.covers = Some(Years { first: 2000, last: 9000 });
    calendar.check().unwrap();
    let last = calendar.plus_work_days(date("2026-01-03"), CLOCK_COUNT_MAX).unwrap();
    assert_eq!(last, add_days(date("2026-01-04"), 7 * i64::from(HOLIDAYS_MAX as u32 + CLOCK_COUNT_MAX - 1)).unwrap());
}

#[test]
fn a_calendar_that_would_be_silently_wrong_is_refused() {
    let good = Calendar { name: "site".to_owned(), ..Calendar::us_federal() };
    good.check().unwrap();
    let covers = |covers| Calendar { covers, ..good.clone() };
    assert_eq!(code(covers(None).check()), "holidays_without_years");
    assert_eq!(code(covers(Some(Years { first: 2025, last: 2028 })).check()), "holiday_outside_years");
    let all = every_day_2024_to_2028().take(7).map(Weekday::of).collect();
    assert_eq!(code(Calendar { weekend: all, ..good.clone() }.check()), "no_work_day");
    assert_eq!(code(Calendar { name: " ".to_owned(), ..good.clone() }.check()), "calendar_unnamed");
    let many = |count| Calendar {
        holidays: date("2000-01-01").series(1.day()).take(count).collect(),
        covers: Some(Years { first: 2000, last: 2010 }),
        ..good.clone()
    };
    many(HOLIDAYS_MAX).check().unwrap();
    assert_eq!(code(many(HOLIDAYS_MAX + 1).check()), "too_many_holidays");
}

#[test]
fn a_calendar_and_a_rule_read_from_a_configuration_package() {
    let calendar: Calendar = toml::from_str(
        "name = \"plant\"\nweekend = [\"friday\", \"saturday\"]\nholidays = [\"2026-09-23\"]\ncovers = { first = 2026, last = 2026 }",
    )
    .unwrap();
    calendar.check().unwrap();
    let rule: ClockRule = toml::from_str(
        "name = \"reply\"\nrequirement = \"FRS-X-1\"\ncount = 3\nunit = \"work_days\"\ncalendar = \"plant\"\nroll = \"next_work_day\"",
    )
    .unwrap();
    let due = due_by(&rule, &calendar, Timestamp::parse("2026-09-21T09:00:00Z").unwrap(), "Asia/Riyadh").unwrap();
    assert_eq!(due.date, date("2026-09-27"), "Tuesday, Thursday, Sunday: Wednesday is a holiday");
    assert!(toml::from_str::<ClockRule>("name = \"r\"\nrequirement = \"q\"\ncount = 3\nunit = \"hours\"").is_err());
    assert_eq!(serde_json::to_string(&due).unwrap(), "{\"date\":\"2026-09-27\",\"zone\":\"Asia/Riyadh\"}");
}

#[test]
fn an_extension_keeps_the_original_due_date() {
    let rule = ClockRule::calendar_days("capa", "FRS-CAPA-012", 30).extendable();
    let first = Deadline::new(due(&rule, noon("2026-03-02"), CHICAGO).unwrap());
    let second = first.extended(&rule, date("2026-04-15")).unwrap();
    let third = second.extended(&rule, date("2026-05-01")).unwrap();
    assert_eq!(third.original, first.original);
    assert_eq!((third.current.date, third.extensions), (date("2026-05-01"), 2));
    assert_eq!(code(third.extended(&rule, date("2026-05-01"))), "not_later");
    let last = Deadline { extensions: EXTENSIONS_MAX - 1, ..third }.extended(&rule, date("2026-06-01")).unwrap();
    assert_eq!(code(last.extended(&rule, date("2026-07-01"))), "too_many_extensions");
}

#[test]
fn a_time_that_a_regulation_sets_cannot_be_extended() {
    let rule = ClockRule::calendar_days("mdr_30", "21 CFR 803.50(a)", 30);
    let first = Deadline::new(due(&rule, noon("2026-03-02"), CHICAGO).unwrap());
    let error = first.extended(&rule, date("2026-05-01")).unwrap_err();
    assert_eq!(error.refusal().unwrap().code, "not_extendable");
    assert!(error.to_string().contains("21 CFR 803.50(a)"));
}

fn ladder(rungs: &[(i32, &str)]) -> Ladder {
    Ladder(rungs.iter().map(|(days, role)| Rung { days: *days, role: (*role).to_owned() }).collect())
}

#[test]
fn a_ladder_reaches_its_rungs_at_local_midnight() {
    let ladder = ladder(&[(-7, "owner"), (0, "owner"), (1, "quality_manager"), (5, "management")]);
    ladder.check().unwrap();
    let due = Due { date: date("2026-04-10"), zone: CHICAGO.to_owned() };
    let midnight = |day| Timestamp::start_of(date(day), CHICAGO).unwrap();
    for (now, reached, next) in [
        (midnight("2026-04-03").plus_seconds(-1), 0, Some("2026-04-03")),
        (midnight("2026-04-03"), 1, Some("2026-04-10")),
        (midnight("2026-04-10"), 2, Some("2026-04-11")),
        (midnight("2026-04-11"), 3, Some("2026-04-15")),
        (midnight("2026-04-15"), 4, None),
    ] {
        assert_eq!(ladder.reached(&due, now).unwrap().len(), reached);
        assert_eq!(ladder.next(&due, now).unwrap().map(|(day, _)| day), next.map(date));
    }
}

#[test]
fn a_ladder_outside_its_limits_is_refused() {
    let many = |count: usize| Ladder((0..count).map(|day| Rung { days: day as i32, role: "owner".to_owned() }).collect());
    many(LADDER_RUNGS_MAX).check().unwrap();
    assert_eq!(code(many(LADDER_RUNGS_MAX + 1).check()), "too_many_rungs");
    ladder(&[(-LADDER_DAYS_MAX, "a"), (LADDER_DAYS_MAX, "a")]).check().unwrap();
    assert_eq!(code(ladder(&[(-LADDER_DAYS_MAX - 1, "a")]).check()), "rung_too_far");
    assert_eq!(code(ladder(&[(i32::MIN, "a")]).check()), "rung_too_far");
    assert_eq!(code(ladder(&[(1, "a"), (0, "b")]).check()), "rungs_out_of_order");
    assert_eq!(code(ladder(&[(1, "a"), (1, "b"), (1, "a")]).check()), "rung_twice");
    assert_eq!(code(ladder(&[(1, " ")]).check()), "rung_without_role");
}

proptest! {
    #[test]
    fn a_later_event_is_never_due_earlier(first in 0i64..1_700, gap in 0i64..60, count in 1u32..60, roll: bool, unit in 0..3) {
        let mut rule = ClockRule::work_days("r", "q", count, WEEKDAYS);
        rule.unit = [Unit::CalendarDays, Unit::WorkDays, Unit::Months][unit as usize];
        rule.roll = if roll { Roll::NextWorkDay } else { Roll::None };
        let on = |days| due(&rule, noon("2024-01-01").plus_seconds(days * 86_400), CHICAGO).unwrap().date;
        prop_assert!(on(first) <= on(first + gap));
    }

    #[test]
    fn the_work_days_up_to_the_due_date_are_as_many_as_the_rule_counts(start in 0i64..1_500, count in 1u32..100) {
        let calendar = Calendar::us_federal();
        let from = add_days(date("2024-01-01"), start).unwrap();
        let due = calendar.plus_work_days(from, count).unwrap();
        let between = from.tomorrow().unwrap().series(1.day()).take_while(|day| *day <= due);
        let work = between.filter(|day| calendar.is_work_day(*day).unwrap()).count();
        prop_assert_eq!(work, count as usize);
        prop_assert!(calendar.is_work_day(due).unwrap());
    }

    #[test]
    fn months_keep_the_day_or_end_the_month(day in 0i64..20_000, months in 0u32..600) {
        let from = add_days(date("2000-01-01"), day).unwrap();
        let to = add_months(from, months).unwrap();
        prop_assert!(to.day() == from.day() || (to.day() < from.day() && to == to.last_of_month()));
        let counted = i32::from(to.year()) * 12 + i32::from(to.month()) - i32::from(from.year()) * 12 - i32::from(from.month());
        prop_assert_eq!(counted, months as i32);
    }
}
