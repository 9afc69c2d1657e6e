//! The program itself: from its start to its first answer, and the memory it holds when idle.

use crate::company;
use crate::machine::resident_megabytes;
use crate::place::Place;
use crate::report::{Budget, line, median, millis};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const RUNS: usize = 5;
/// The work by the clock has run once by then.
const IDLE: Duration = Duration::from_secs(3);

pub fn measure(folder: &Path, records: i64) {
    let empty = folder.join("start-empty");
    let made = program().args(["init", "--name", "Ada Admin", "--data"]).arg(&empty).env("PLUMB_PASSWORD", "correct horse battery").stdout(Stdio::null()).status();
    assert!(made.unwrap().success(), "the company was not made");
    let filled = folder.join("start-filled");
    {
        let world = company::open(Place::sqlite(folder, "start-filled").open());
        let engineer = world.person("erin", &["design_engineer"]);
        company::fill(&world, &engineer, "bench.parts", "P", records);
    }
    for (what, data) in [("a new company", empty), (&*format!("{records} records"), filled)] {
        let runs: Vec<(f64, f64)> = (0..RUNS).map(|_| start(&data)).collect();
        line(&format!("Start until the first answer, {what}"), "SQLite", median(runs.iter().map(|run| run.0).collect()), "ms", Budget::AtMost(1_000.0));
        line(&format!("Idle memory, {what}"), "SQLite", median(runs.iter().map(|run| run.1).collect()), "MB", Budget::AtMost(100.0));
    }
}

/// Milliseconds to the first answer, and megabytes a while later.
fn start(data: &Path) -> (f64, f64) {
    let address = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let (pages, content) = (address(), address());
    let began = Instant::now();
    let child = program()
        .args(["serve", "--listen", &pages, "--content-listen", &content, "--data"])
        .arg(data)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let server = Running(child.unwrap());
    while ureq::get(format!("http://{pages}/healthz")).call().is_err() {
        assert!(began.elapsed() < Duration::from_secs(60), "the server does not answer");
        std::thread::sleep(Duration::from_millis(1));
    }
    let time = millis(began.elapsed());
    std::thread::sleep(IDLE);
    (time, resident_megabytes(server.0.id()))
}

/// A server that ends with this value.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// The program that was built beside this one.
fn program() -> Command {
    let own: PathBuf = std::env::current_exe().unwrap();
    Command::new(own.with_file_name("plumb"))
}
