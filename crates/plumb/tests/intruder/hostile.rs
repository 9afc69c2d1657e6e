//! Files made to do harm, at every door that takes a file: sent to a real server, which must refuse
//! each, stay up, keep its memory and write nowhere but in its own folder.

use super::http::send;
use super::place::{ADMIN, Place};
use serde_json::{Value as Json, json};
use std::time::{Duration, Instant};
use testkit::hostile::{Hostile, bodies, packages, structures};

const WORKBOOK: &[u8] = include_bytes!("../../../../demo/lung-ventilator-rev-a.xlsx");

struct Door {
    place: Place,
    session: Vec<(&'static str, String)>,
    keys: std::cell::Cell<usize>,
}

impl Door {
    fn new() -> Self {
        let place = Place::new();
        let session = place.session(ADMIN);
        let door = Self { place, session, keys: std::cell::Cell::new(0) };
        for role in ["design_engineer", "quality_manager"] {
            assert_eq!(door.run("role.grant", &json!({"person": ADMIN, "role": role})).0, 200);
        }
        door
    }

    fn key(&self) -> (&'static str, String) {
        self.keys.set(self.keys.get() + 1);
        ("idempotency-key", format!("door-{}", self.keys.get()))
    }

    fn run(&self, command: &str, input: &Json) -> (u16, Json) {
        let headers = [&self.session[..], &[self.key()]].concat();
        let reply = self.place.post(&format!("/api/v1/commands/{command}"), &headers, &json!({ "input": input, "reason": "as agreed" }));
        (reply.status, reply.json())
    }

    fn upload(&self, bytes: &[u8]) -> String {
        let headers = [&self.session[..], &[("content-type", "application/octet-stream".to_owned())]].concat();
        let reply = send("POST", &self.place.server.url("/api/v1/files"), &headers, bytes.to_vec()).unwrap();
        assert_eq!(reply.status, 201, "{}", reply.body);
        reply.json()["digest"].as_str().unwrap().to_owned()
    }

    /// How many parts there are: what is refused leaves none.
    fn parts(&self) -> usize {
        self.place.get("/api/v1/records/part?rows=200", &self.session).json()["rows"].as_array().unwrap().len()
    }
}

fn hold(file: &Hostile, status: u16, answer: &Json, took: Duration) {
    let name = &file.name;
    if file.sound {
        assert_eq!(status, 200, "{name}: {answer}");
    } else {
        assert!((400..500).contains(&status), "{name} must be refused: {status} {answer}");
        assert!(answer["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{name}: {answer}");
        for inside in ["root:", "/etc/passwd\n", "panicked", "RUST_BACKTRACE"] {
            assert!(!answer.to_string().contains(inside), "{name}: {answer}");
        }
    }
    assert!(took < Duration::from_secs(30), "{name} took {took:?}");
}

#[test]
fn frs_guard_007_a_hostile_structure_is_refused_before_it_is_unpacked_and_harms_nothing() {
    let door = Door::new();
    let all = structures(WORKBOOK);
    assert!(all.len() > 50, "{}", all.len());
    let before = process_memory(&door.place);
    for file in &all {
        let parts = door.parts();
        let digest = door.upload(&file.bytes);
        let began = Instant::now();
        let (status, answer) = door.run("part.import_structure", &json!({"file": digest, "file_name": file.name}));
        hold(file, status, &answer, began.elapsed());
        // For what the file is, and not because its numbers exist: the sound one was imported before.
        assert!(file.sound || [400, 413, 422].contains(&status), "{}: {status} {answer}", file.name);
        assert!(file.sound || door.parts() == parts, "{} left parts behind", file.name);
    }
    assert!(process_memory(&door.place) < before + 400, "memory rose from {before} MiB to {}", process_memory(&door.place));
    for outside in ["/tmp/plumb-slip", "/tmp/plumb-slip-absolutely", "/tmp/plumb-slip-01"] {
        assert!(!std::path::Path::new(outside).exists(), "{outside} was written");
    }
    // The structure of 2^40 paths is answered by its nodes.
    let began = Instant::now();
    let reply = door.place.get("/api/v1/parts/D0/totals", &door.session);
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    let shown = door.place.get("/api/v1/parts/D0/structure?levels=8", &door.session);
    assert_eq!(shown.status, 200, "{}", shown.body);
    assert_eq!(door.place.get("/healthz", &[]).status, 200);
}

#[test]
fn frs_guard_007_a_structure_made_by_hand_never_contains_itself() {
    let door = Door::new();
    let part = |number: &str| {
        let headers = [&door.session[..], &[door.key()]].concat();
        let made = door.place.post("/api/v1/records/part", &headers, &json!({"number": number, "title": number, "fields": {"unit": "each"}}));
        assert_eq!(made.status, 201, "{}", made.body);
        made.json()["result"]["id"].as_str().unwrap().to_owned()
    };
    let (a, b, c) = (part("A"), part("B"), part("C"));
    let add = |parent: &str, child: &str| {
        let version = door.place.get(&format!("/api/v1/records/part/{parent}"), &door.session).json()["version"].clone();
        door.run("part.add_line", &json!({"record": parent, "version": version, "child": child, "quantity": "1"}))
    };
    assert_eq!((add(&a, &b).0, add(&b, &c).0), (200, 200));
    for (parent, child) in [(&c, &a), (&b, &a), (&a, &a)] {
        let (status, answer) = add(parent, child);
        assert!([409, 422].contains(&status), "{answer}");
    }
}

#[test]
fn frs_guard_007_a_hostile_body_or_package_is_refused_and_the_server_stays() {
    let door = Door::new();
    for file in bodies() {
        let headers = [&door.session[..], &[door.key(), ("content-type", "application/json".to_owned())]].concat();
        let began = Instant::now();
        let reply = send("POST", &door.place.server.url("/api/v1/records/part"), &headers, file.bytes.clone()).unwrap();
        hold(&file, reply.status, &reply.json(), began.elapsed());
    }
    for file in packages() {
        // A draft may hold anything; what is wrong with it is said, and it never comes into force.
        let text = String::from_utf8(file.bytes.clone()).unwrap();
        let headers = [&door.session[..], &[door.key()]].concat();
        let began = Instant::now();
        let made = door.place.post("/api/v1/records/configuration_package", &headers, &json!({"title": file.name, "fields": {"purpose": "harm", "text": text}}));
        if made.status == 201 {
            let id = made.json()["result"]["id"].as_str().unwrap().to_owned();
            let page = door.place.get(&format!("/r/configuration_package/{}", made.json()["result"]["number"].as_str().unwrap()), &door.session);
            assert_eq!(page.status, 200, "{}", file.name);
            let (status, answer) = door.run("record.step", &json!({"record": id, "version": made.json()["result"]["version"], "step": "submit"}));
            hold(&file, status, &answer, began.elapsed());
        } else {
            hold(&file, made.status, &made.json(), began.elapsed());
        }
    }
    assert_eq!(door.place.get("/healthz", &[]).status, 200);
}

/// The most that the server has held in memory so far, in MiB: it is the process that was started on this folder.
fn process_memory(place: &Place) -> u64 {
    let folder = place.folder.path().to_str().unwrap().to_owned();
    let is_ours = |path: &std::path::Path| std::fs::read(path.join("cmdline")).is_ok_and(|line| String::from_utf8_lossy(&line).contains(&folder));
    let process = std::fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().path()).find(|path| is_ours(path)).unwrap();
    let status = std::fs::read_to_string(process.join("status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<u64>().unwrap() / 1024
}
