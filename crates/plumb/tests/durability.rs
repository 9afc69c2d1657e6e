//! Short forms of the soak program (`crates/soak`), with the tests: the server is killed, loses its
//! power, runs out of room, and is asked for the same thing from many sides at once.
#![expect(clippy::unwrap_used, reason = "a helper that fails ends its test")]

use serde_json::json;
use soak::chance::Chance;
use soak::company::Desk;
use soak::disk::Recorder;
use soak::ground::Ground;
use soak::http::Sending;
use soak::races::Race;
use soak::work::{self, Held, Sort};
use soak::{crash, power};
use std::path::Path;
use std::time::{Duration, Instant};
use testkit::engines::{TestDatabase, postgres};

/// A founded company on one engine.
fn ground(database: Option<TestDatabase>) -> Ground {
    Ground::found(Path::new(env!("CARGO_BIN_EXE_plumb")), database, 5).unwrap()
}

/// A seed for this run, printed: a failing run can be run again with it.
fn seed() -> u64 {
    let seed = std::env::var("PLUMB_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(|| u64::from(std::process::id()));
    println!("PLUMB_SEED={seed}");
    seed
}

fn killed_at_random(ground: &Ground) {
    let plan = crash::Plan { seed: seed(), kills: 4, acknowledged: 20, writers: 3, lives_ms: (150, 600), verify_every: 2 };
    let figures = crash::run(&ground.program, &ground.company, &ground.log(), &plan).unwrap();
    println!("{figures:?}");
    assert!(figures.kills >= 4 && figures.all_acknowledged() >= 20 && figures.verified >= 3, "{figures:?}");
}

#[test]
fn frs_dur_001_nothing_acknowledged_is_lost_and_nothing_is_doubled_when_the_server_is_killed_on_sqlite() {
    killed_at_random(&ground(None));
}

#[test]
fn frs_dur_001_nothing_acknowledged_is_lost_and_nothing_is_doubled_when_the_server_is_killed_on_postgresql() {
    killed_at_random(&ground(Some(postgres())));
}

#[test]
fn frs_dur_002_nothing_acknowledged_is_lost_when_the_power_goes() {
    let ground = ground(None);
    let plan = power::Plan { seed: seed(), records: Duration::from_millis(1_500), writers: 2, moments: 2 };
    let figures = power::run(&ground.program, &ground.company, ground.path(), &plan).unwrap();
    println!("{figures:?}");
    assert!(figures.states >= 6 && figures.acknowledged >= 5, "{figures:?}");
}

fn raced(ground: &Ground) {
    let (_server, desk) = ground.serve(&[]).unwrap();
    let mut chance = Chance::new(seed());
    for race in Race::ALL {
        let clients = 3 + chance.place(6);
        let answers = race.run(&desk, &format!("R-{:?}", race), clients).unwrap_or_else(|error| panic!("{} of {clients}: {error}", race.name()));
        println!("{}: {answers:?}", race.name());
    }
}

#[test]
fn frs_dur_003_of_many_at_once_exactly_one_wins_and_nobody_meets_an_error_of_ours_on_sqlite() {
    raced(&ground(None));
}

#[test]
fn frs_dur_003_of_many_at_once_exactly_one_wins_and_nobody_meets_an_error_of_ours_on_postgresql() {
    raced(&ground(Some(postgres())));
}

/// What a change is answered: status and code.
fn answered(desk: &Desk, sending: &Sending) -> (u16, String) {
    let answer = desk.client.send(sending).unwrap();
    (answer.status, answer.json()["code"].as_str().unwrap_or_default().to_owned())
}

fn part(desk: &Desk, number: &str) -> Sending {
    desk.creation("engineer", "part", &json!({ "number": number, "title": number, "fields": { "unit": "each" } }), number)
}

fn upload(desk: &Desk) -> Sending {
    let mut sending = Sending::get("/api/v1/files").with(desk.by_token("engineer")).with([("content-type", "application/octet-stream".to_owned())]);
    (sending.method, sending.body) = ("POST", b"a drawing".to_vec());
    sending
}

fn get(desk: &Desk, path: &str) -> u16 {
    desk.client.send(&Sending::get(path).with(desk.by_session("quality"))).unwrap().status
}

/// The server records what it found at its next turn.
fn wait_for_fault(desk: &Desk, sort: &str) {
    let began = Instant::now();
    loop {
        let faults = desk.get("quality", &format!("/api/v1/records/fault?field.sort={sort}")).unwrap().unwrap();
        if faults["rows"].as_array().is_some_and(|rows| rows.len() == 1) {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "no fault was recorded: {faults}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn frs_dur_004_on_a_full_disk_nothing_is_half_written_reading_works_and_work_goes_on_when_there_is_room() {
    let ground = ground(None);
    let recorder = Recorder::build(ground.path()).unwrap();
    // So that nobody waits for the turn of the server that founded the company to be over.
    let data = db::Config::Sqlite { folder: ground.program.data.clone() };
    db::Database::open(&data).unwrap().write(|tx| tx.execute_text("delete from lease", &[])).unwrap();
    let (server, desk) = ground.serve(&recorder.failing(&ground.program.data)).unwrap();
    let release = work::prepare(&desk, Sort::Release, "RELEASE").unwrap().unwrap();
    assert_eq!(answered(&desk, &part(&desk, "BEFORE")).0, 201);

    recorder.fill_disk().unwrap();
    for number in ["FULL", "FULL-TOO"] {
        assert_eq!(answered(&desk, &part(&desk, number)), (507, "disk_full".to_owned()));
    }
    assert_eq!(answered(&desk, &release.deciding), (507, "disk_full".to_owned()));
    assert_eq!(answered(&desk, &upload(&desk)), (507, "storage_full".to_owned()));
    for (path, status) in [("/api/v1/records/part/BEFORE", 200), ("/api/v1/records/part/FULL", 404), ("/api/v1/records/part", 200), ("/readyz", 200)] {
        assert_eq!(get(&desk, path), status, "{path}");
    }
    assert_eq!(work::look(&desk, &release).unwrap(), Held::Nothing);

    recorder.mend().unwrap();
    assert_eq!(answered(&desk, &part(&desk, "FULL")).0, 201);
    assert_eq!(answered(&desk, &upload(&desk)).0, 201);
    assert_eq!(answered(&desk, &release.deciding).0, 200);
    assert_eq!(work::look(&desk, &release).unwrap(), Held::Whole);
    wait_for_fault(&desk, "full_disk");
    server.kill();
    ground.program.run("verify", &[], &[]).unwrap();
}

#[test]
fn frs_dur_005_after_a_failed_sync_nothing_more_is_written_until_the_server_is_restarted() {
    let ground = ground(None);
    let recorder = Recorder::build(ground.path()).unwrap();
    let (server, desk) = ground.serve(&recorder.failing(&ground.program.data)).unwrap();
    assert_eq!(answered(&desk, &part(&desk, "BEFORE")).0, 201);
    assert_eq!(get(&desk, "/readyz"), 200);

    recorder.fail_syncs().unwrap();
    let refused = (503, "storage_failed".to_owned());
    assert_eq!(answered(&desk, &part(&desk, "IN-DOUBT")), refused);
    assert_eq!(answered(&desk, &upload(&desk)), refused);
    recorder.mend().unwrap();
    // The disk works again, and nobody knows what it has dropped: trying again must not pretend.
    assert_eq!(answered(&desk, &part(&desk, "IN-DOUBT")), refused);
    assert_eq!(answered(&desk, &part(&desk, "AFTER")), refused);
    assert_eq!(answered(&desk, &upload(&desk)), refused);
    assert_eq!(get(&desk, "/readyz"), 503, "nobody is sent here any more");
    assert_eq!(get(&desk, "/api/v1/records/part/BEFORE"), 200, "reading works");
    assert_eq!(get(&desk, "/api/v1/records/part/AFTER"), 404);
    server.kill();

    let (server, desk) = ground.serve(&[]).unwrap();
    assert_eq!(answered(&desk, &part(&desk, "IN-DOUBT")).0, 201, "the key tells");
    assert_eq!(answered(&desk, &part(&desk, "AFTER")).0, 201);
    assert_eq!(answered(&desk, &upload(&desk)).0, 201);
    server.kill();
    ground.program.run("verify", &[], &[]).unwrap();
}
