//! One person asks for everything at once; another must not notice more than the machine's own limits.

use super::http::send;
use super::place::{ADMIN, PASSWORD, Place};
use serde_json::json;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use testkit::stop::StopOnDrop;

/// Reports that are asked for at the same time.
const REPORTS: usize = 50;

fn p99(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() * 99 / 100]
}

/// A structure that is work to explode: ten by ten by ten.
fn big_structure() -> String {
    let mut csv = "parent,child,qty\n".to_owned();
    for level in 0..3 {
        for parent in 0..10 {
            for child in 0..10 {
                if level > 0 || parent == 0 {
                    let _ = writeln!(csv, "L{level}-{parent},L{}-{child},2", level + 1);
                }
            }
        }
    }
    csv
}

#[test]
fn frs_guard_009_fifty_heavy_reports_of_one_person_never_keep_another_waiting() {
    let place = Place::new();
    let admin = place.session(ADMIN);
    let run = |command: &str, input: serde_json::Value| {
        let headers = [&admin[..], &[("idempotency-key", format!("{command}{}", input.to_string().len()))]].concat();
        let reply = place.post(&format!("/api/v1/commands/{command}"), &headers, &json!({ "input": input, "reason": "as agreed" }));
        assert_eq!(reply.status, 200, "{}", reply.body);
    };
    run("role.grant", json!({"person": ADMIN, "role": "design_engineer"}));
    let headers = [&admin[..], &[("content-type", "application/octet-stream".to_owned())]].concat();
    let uploaded = send("POST", &place.server.url("/api/v1/files"), &headers, big_structure().into_bytes()).unwrap();
    run("part.import_structure", json!({"file": uploaded.json()["digest"], "file_name": "big.csv"}));
    let simple = |headers: &[(&'static str, String)]| {
        let began = Instant::now();
        assert_eq!(place.get("/api/v1/me", headers).status, 200);
        began.elapsed()
    };
    run("person.create", json!({"login": "otto", "name": "Otto Tester", "password": PASSWORD, "identity_verified": "seen"}));
    let other = place.session("otto");
    // Further sessions of one person are no further shares.
    let sessions = [admin.clone(), place.session(ADMIN), place.session(ADMIN)];
    for session in &sessions {
        simple(session);
    }
    let mut alone: Vec<Duration> = (0..40).map(|_| simple(&other)).collect();
    let (ended, running, refused) = (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
    let mut beside = Vec::new();
    std::thread::scope(|scope| {
        let stopped = StopOnDrop(&ended);
        for session in sessions.iter().cycle().take(REPORTS) {
            scope.spawn(|| {
                while !ended.load(Ordering::SeqCst) {
                    running.fetch_add(1, Ordering::SeqCst);
                    let report = place.get("/api/v1/parts/L0-0/structure", session);
                    assert!([200, 503].contains(&report.status), "{}", report.status);
                    refused.fetch_add(usize::from(report.status == 503), Ordering::SeqCst);
                }
            });
        }
        while running.load(Ordering::SeqCst) < REPORTS {
            std::thread::yield_now();
        }
        beside.extend((0..40).map(|_| simple(&other)));
        let metrics = place.get("/metrics", &[]).body;
        let working = metrics.lines().find_map(|line| line.strip_prefix("plumb_work_running ")).unwrap().parse::<usize>().unwrap();
        drop(stopped);
        // The metrics' own request works too.
        assert!(working <= base::limits::WORKERS_PER_PERSON + 1, "{working} work for one person");
    });
    let (alone, beside) = (p99(&mut alone), p99(&mut beside));
    eprintln!("a simple read: p99 {alone:?} alone, {beside:?} beside {REPORTS} reports; {} told to come again", refused.load(Ordering::SeqCst));
    assert!(beside < Duration::from_secs(5), "{beside:?} beside {alone:?}");
}
