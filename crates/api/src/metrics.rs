//! What the server counts about itself, in the text format of Prometheus.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Upper bounds of the histogram of request durations, in microseconds and as they are written.
const BOUNDS: [(u128, &str); 11] = [
    (1_000, "0.001"),
    (2_500, "0.0025"),
    (5_000, "0.005"),
    (10_000, "0.01"),
    (25_000, "0.025"),
    (50_000, "0.05"),
    (100_000, "0.1"),
    (250_000, "0.25"),
    (1_000_000, "1"),
    (5_000_000, "5"),
    (30_000_000, "30"),
];

/// Counters since the server started.
#[derive(Debug, Default)]
pub struct Metrics(Mutex<Counted>);

#[derive(Debug, Default)]
struct Counted {
    /// By method, declared path and status.
    requests: BTreeMap<(&'static str, &'static str, u16), u64>,
    /// By method and declared path.
    durations: BTreeMap<(&'static str, &'static str), Histogram>,
    /// By command and what came of it.
    commands: BTreeMap<(&'static str, &'static str), u64>,
}

#[derive(Debug, Default)]
struct Histogram {
    within: [u64; BOUNDS.len()],
    count: u64,
    micros: u128,
}

impl Metrics {
    /// Counts an answered request by the path as declared, never as sent.
    pub fn request(&self, method: &'static str, path: &'static str, status: u16, took: Duration) {
        self.change(|counted| {
            *counted.requests.entry((method, path, status)).or_default() += 1;
            let histogram = counted.durations.entry((method, path)).or_default();
            let micros = took.as_micros();
            for (within, (bound, _)) in histogram.within.iter_mut().zip(BOUNDS) {
                *within += u64::from(micros <= bound);
            }
            histogram.count += 1;
            histogram.micros += micros;
        });
    }

    /// Counts a command by its outcome: `done`, `repeated`, or why it was not done.
    pub fn command(&self, command: &'static str, outcome: &'static str) {
        self.change(|counted| *counted.commands.entry((command, outcome)).or_default() += 1);
    }

    fn change(&self, work: impl FnOnce(&mut Counted)) {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Everything as text, with what the caller measures at this moment: name, what it is, value.
    pub fn text(&self, gauges: &[(&str, &str, usize)]) -> String {
        let mut out = String::new();
        self.change(|counted| counted.write(&mut out));
        for (name, help, value) in gauges {
            head(&mut out, name, help, "gauge");
            line(&mut out, name, "", *value as u64);
        }
        out
    }
}

impl Counted {
    fn write(&self, out: &mut String) {
        head(out, "plumb_requests_total", "Answered requests.", "counter");
        for ((method, path, status), count) in &self.requests {
            line(out, "plumb_requests_total", &format!("{{method=\"{method}\",path=\"{path}\",status=\"{status}\"}}"), *count);
        }
        head(out, "plumb_request_seconds", "How long requests took.", "histogram");
        for ((method, path), histogram) in &self.durations {
            let labels = format!("method=\"{method}\",path=\"{path}\"");
            for (within, (_, bound)) in histogram.within.iter().zip(BOUNDS) {
                line(out, "plumb_request_seconds_bucket", &format!("{{{labels},le=\"{bound}\"}}"), *within);
            }
            line(out, "plumb_request_seconds_bucket", &format!("{{{labels},le=\"+Inf\"}}"), histogram.count);
            let seconds = format!("{}.{:06}", histogram.micros / 1_000_000, histogram.micros % 1_000_000);
            push(out, format_args!("plumb_request_seconds_sum{{{labels}}} {seconds}\n"));
            line(out, "plumb_request_seconds_count", &format!("{{{labels}}}"), histogram.count);
        }
        head(out, "plumb_commands_total", "Commands by what came of them.", "counter");
        for ((command, outcome), count) in &self.commands {
            line(out, "plumb_commands_total", &format!("{{command=\"{command}\",outcome=\"{outcome}\"}}"), *count);
        }
    }
}

fn head(out: &mut String, name: &str, help: &str, sort: &str) {
    push(out, format_args!("# HELP {name} {help}\n# TYPE {name} {sort}\n"));
}

fn line(out: &mut String, name: &str, labels: &str, value: u64) {
    push(out, format_args!("{name}{labels} {value}\n"));
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = out.write_fmt(text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frs_api_016_durations_are_counted_in_rising_buckets() {
        let metrics = Metrics::default();
        metrics.request("GET", "/api/v1/me", 200, Duration::from_micros(1_000));
        metrics.request("GET", "/api/v1/me", 200, Duration::from_micros(1_001));
        metrics.request("GET", "/api/v1/me", 401, Duration::from_secs(60));
        metrics.command("record.create", "done");
        let text = metrics.text(&[("plumb_work_running", "Work.", 0)]);
        for expected in [
            "plumb_requests_total{method=\"GET\",path=\"/api/v1/me\",status=\"200\"} 2\n",
            "plumb_request_seconds_bucket{method=\"GET\",path=\"/api/v1/me\",le=\"0.001\"} 1\n",
            "plumb_request_seconds_bucket{method=\"GET\",path=\"/api/v1/me\",le=\"30\"} 2\n",
            "plumb_request_seconds_bucket{method=\"GET\",path=\"/api/v1/me\",le=\"+Inf\"} 3\n",
            "plumb_request_seconds_sum{method=\"GET\",path=\"/api/v1/me\"} 60.002001\n",
            "plumb_commands_total{command=\"record.create\",outcome=\"done\"} 1\n",
            "plumb_work_running 0\n",
        ] {
            assert!(text.contains(expected), "{expected} in\n{text}");
        }
    }
}
