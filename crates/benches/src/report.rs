//! The table that is printed, line by line as the figures come.

use std::time::Duration;

/// A budget: at least so much, or at most.
#[derive(Clone, Copy)]
pub enum Budget {
    AtLeast(f64),
    AtMost(f64),
    /// Nothing was promised; the figure is for orientation.
    None,
}

pub fn head() {
    println!("| Figure | Engine | Measured | Budget | Measured ÷ budget | Kept |");
    println!("|---|---|---:|---:|---:|---|");
}

/// Prints one figure.
pub fn line(what: &str, engine: &str, value: f64, unit: &str, budget: Budget) {
    let (promised, ratio, kept) = match budget {
        Budget::AtLeast(least) => (format!("≥ {} {unit}", number(least)), format!("{:.2}", value / least), if value >= least { "yes" } else { "**no**" }),
        Budget::AtMost(most) => (format!("< {} {unit}", number(most)), format!("{:.2}", value / most), if value < most { "yes" } else { "**no**" }),
        Budget::None => ("–".to_owned(), "–".to_owned(), ""),
    };
    println!("| {what} | {engine} | {} {unit} | {promised} | {ratio} | {kept} |", number(value));
}

fn number(value: f64) -> String {
    if value >= 100.0 { grouped(value.round() as u64) } else { format!("{value:.1}") }
}

fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// The middle one of several runs.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The value that 99 of 100 stay below.
pub fn p99(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[(values.len() * 99).div_ceil(100).saturating_sub(1)]
}

pub fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
