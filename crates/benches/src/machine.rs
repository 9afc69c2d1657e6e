//! What the figures were measured on.

use std::fs;
use std::path::Path;
use std::process::Command;

/// Prints cores, processor, memory, load, disk and database.
pub fn describe(folder: &Path, postgres: &str) {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let model = value_of("/proc/cpuinfo", "model name");
    let memory = value_of("/proc/meminfo", "MemTotal").trim_end_matches(" kB").parse::<f64>().unwrap_or(0.0) / (1 << 20) as f64;
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split_whitespace().next().unwrap_or("unknown").to_owned();
    let disk = Command::new("df").args(["--output=fstype"]).arg(folder).output();
    let disk = disk.map(|out| String::from_utf8_lossy(&out.stdout).lines().nth(1).unwrap_or("unknown").to_owned()).unwrap_or_default();
    println!("Machine: {cores} cores, {model}, {memory:.0} GiB of memory, {disk}; load when it began: {load}.");
    println!("SQLite: write-ahead log, synchronous=FULL. PostgreSQL: {postgres}, as installed (fsync and synchronous_commit on).");
    println!();
}

fn value_of(file: &str, name: &str) -> String {
    let text = fs::read_to_string(file).unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with(name)).and_then(|line| line.split_once(':'));
    line.map_or_else(|| "unknown".to_owned(), |(_, value)| value.trim().to_owned())
}

/// Milliseconds of processor time that this thread has used; what others do beside it does not count.
pub fn thread_millis() -> f64 {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split_whitespace().next().and_then(|nanos| nanos.parse::<f64>().ok()).unwrap_or(0.0) / 1e6
}

/// Memory that a process holds, in megabytes.
pub fn resident_megabytes(process: u32) -> f64 {
    let kib = value_of(&format!("/proc/{process}/status"), "VmRSS");
    kib.trim_end_matches(" kB").parse::<f64>().unwrap_or(0.0) * 1024.0 / 1e6
}
