//! Years of a company in seconds: documents that begin to count on their day, training that
//! repeats, people who are late, supervisors who are told, reviews, legal clocks, changes to and
//! from summer time, a server that stands still and a clock that goes back. After every turn of the
//! jobs what the database says is held against rules that know nothing of how the jobs work.
//!
//! The seed is printed. Two years are lived through by default; `PLUMB_SIMULATE=seed,years` runs
//! others, such as `2026,10`.
#![expect(clippy::unwrap_used, reason = "a company that cannot be told on fails there and then")]

#[path = "simulation/checks.rs"]
mod checks;
#[path = "simulation/company.rs"]
mod company;

use base::{Date, IdSource, SeededIds, Timestamp};
use checks::Watcher;
use company::{SITES, Simulated};
use kernel::MAIN_TENANT;
use kernel::present;

/// What chance decides.
pub struct Chance(SeededIds);

impl Chance {
    /// A number from 0 up to but not `below`.
    pub fn below(&self, below: u64) -> u64 {
        let bytes = self.0.random_bytes(8);
        u64::from_be_bytes(bytes.as_slice().try_into().unwrap()) % below
    }

    /// True `times` in a hundred.
    pub fn percent(&self, times: u64) -> bool {
        self.below(100) < times
    }
}

const HOUR: i64 = 3600;
const DAY: i64 = 86_400;

/// The moment a day begins at a site, or a second before or after.
fn around_midnight(day: Date, site: u64, chance: &Chance) -> Timestamp {
    let zone = SITES[usize::try_from(site).unwrap()].1;
    Timestamp::start_of(day, zone).unwrap().plus_seconds(i64::try_from(chance.below(3)).unwrap() - 1)
}

/// When the jobs run next: mostly within days, at odd hours, often around a local midnight; now and
/// then the server stands still for weeks.
fn next_turn(now: Timestamp, chance: &Chance) -> Timestamp {
    let seconds = |most: i64| i64::try_from(chance.below(u64::try_from(most).unwrap())).unwrap() + 1;
    match chance.below(100) {
        0..40 => now.plus_seconds(seconds(4 * DAY)),
        40..55 => now.plus_seconds(seconds(6 * HOUR)),
        55..97 => {
            let day = now.plus_seconds(DAY + seconds(5 * DAY)).date_in("UTC").unwrap();
            around_midnight(day, chance.below(SITES.len() as u64), chance).max(now)
        }
        _ => now.plus_seconds(seconds(40 * DAY)),
    }
}

fn simulate(seed: u64, years: i64) {
    println!("simulation: seed {seed}, {years} years");
    let chance = Chance(SeededIds::new(seed));
    let mut company = Simulated::new(seed);
    let mut watcher = Watcher::default();
    let kernel = company.world.kernel.clone();
    let end = kernel.now().plus_seconds(years * 365 * DAY);
    let (mut turns, mut back) = (0, 0);
    while kernel.now() < end {
        let next = next_turn(kernel.now(), &chance);
        company.world.clock.set(next);
        if chance.percent(2) {
            // The clock is set back by up to two days, and is right again at the next turn.
            company.world.clock.advance_seconds(-i64::try_from(chance.below(2 * 86_400)).unwrap() - 10);
            back += 1;
        }
        present::watch(&kernel, MAIN_TENANT).unwrap();
        kernel::jobs::run_all(&kernel, MAIN_TENANT, "node").unwrap();
        watcher.look(&company);
        company.live(&chance);
        turns += 1;
    }
    watcher.conclude(&company);
    println!("simulation: {turns} turns, {back} times the clock went back, {}", watcher.summary());
    assert!(i64::from(turns) > 50 * years && watcher.has_seen_everything(), "{turns} turns: {}", watcher.summary());
}

#[test]
fn frs_tim_008_in_years_of_clocks_no_obligation_is_lost_nobody_is_told_twice_and_nothing_overdue_turns_back() {
    let told = std::env::var("PLUMB_SIMULATE").unwrap_or_else(|_| "2026,2".to_owned());
    let (seed, years) = told.split_once(',').unwrap();
    simulate(seed.parse().unwrap(), years.parse().unwrap());
}
