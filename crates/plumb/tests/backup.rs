//! Backups beside a running server, and what comes back of them.
#![expect(clippy::unwrap_used, reason = "a helper that fails ends its test")]

#[path = "backup/damage.rs"]
mod damage;
#[path = "backup/doubt.rs"]
mod doubt;
#[path = "backup/left.rs"]
mod left;
#[path = "program/run.rs"]
mod run;

use run::plumb;
use serde_json::Value as Json;
use soak::company::Desk;
use soak::ground::Ground;
use soak::server::Program;
use soak::work::{self, Held, Sort};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};
use testkit::engines::{TestDatabase, postgres};

/// A name that stands in records and in an uploaded file, and in no backup that can be read.
const NAME: &str = "CANARY-PART-7431";

/// A founded company on one engine.
fn ground(database: Option<TestDatabase>) -> Ground {
    Ground::found(Path::new(env!("CARGO_BIN_EXE_plumb")), database, 2).unwrap()
}

/// The arguments that name the data.
fn place(ground: &Ground) -> String {
    ground.program.database.as_ref().map_or("--data data".to_owned(), |url| format!("--data data --database {url}"))
}

/// Makes a pair of keys; answers the public one.
fn keys(ground: &Ground) -> String {
    plumb(ground.path(), "backup-key key", &[]).with(0).out.trim().to_owned()
}

/// The fields of all records of a kind.
fn listed(desk: &Desk, kind: &str) -> Vec<Json> {
    let rows = desk.get("quality", &format!("/api/v1/records/{kind}")).unwrap().unwrap()["rows"].as_array().unwrap().clone();
    let whole = |row: &Json| desk.get("quality", &format!("/api/v1/records/{kind}/{}", row["id"].as_str().unwrap())).unwrap().unwrap();
    rows.iter().map(|row| whole(row)["fields"].clone()).collect()
}

/// Looks again until there is something.
fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "{what} did not come");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

fn round_trip(ground: &Ground) {
    let (server, desk) = ground.serve(&[]).unwrap();
    let change = work::prepare(&desk, Sort::Upload, NAME).unwrap().unwrap();
    desk.done(&change.deciding).unwrap().unwrap();
    let recipient = keys(ground);
    assert!(recipient.starts_with("age1"), "{recipient}");

    let made = plumb(ground.path(), &format!("backup {} --to b.age --recipient {recipient}", place(ground)), &[]).with(0);
    assert!(made.out.contains("rows and 1 files"), "{}", made.out);
    let later = work::prepare(&desk, Sort::Record, "LATER").unwrap().unwrap();
    desk.done(&later.deciding).unwrap().unwrap();
    server.kill();

    let backup = fs::read(ground.path().join("b.age")).unwrap();
    let key = fs::read_to_string(ground.path().join("key")).unwrap();
    let secret = key.lines().find(|line| line.starts_with("AGE-SECRET-KEY-")).unwrap();
    for text in [NAME, "manifest.json", "administrator", "ndjson", secret] {
        assert!(!holds(&backup, text), "a stolen backup shows {text}");
    }
    let back = plumb(ground.path(), "restore --data new --from b.age --identity key", &[]).with(0);
    assert!(back.out.contains("all verified"), "{}", back.out);
    assert!(!ground.path().join("new/restoring").exists(), "nothing unencrypted is left beside it");
    plumb(ground.path(), "verify --data new", &[]).with(0);
    let program = Program { database: None, ..ground.program.on(&ground.path().join("new")) };
    let server = program.serve(&ground.log(), &[]).unwrap();
    let desk = ground.company.through(&server);
    assert_eq!(work::look(&desk, &change).unwrap(), Held::Whole);
    assert_eq!(work::look(&desk, &later).unwrap(), Held::Nothing, "the backup is of its moment");
}

#[test]
fn frs_bak_001_002_a_backup_made_beside_a_running_server_comes_back_verified_and_shows_nothing_without_its_key_on_sqlite() {
    round_trip(&ground(None));
}

#[test]
fn frs_bak_001_002_a_backup_made_beside_a_running_server_comes_back_verified_and_shows_nothing_without_its_key_on_postgresql() {
    round_trip(&ground(Some(postgres())));
}

#[test]
fn frs_bak_002_003_a_restore_is_refused_where_something_is_and_leaves_nothing_of_a_damaged_or_foreign_backup() {
    let ground = ground(None);
    let recipient = keys(&ground);
    let path = ground.path();
    plumb(path, &format!("backup --data data --to b.age --recipient {recipient}"), &[]).with(0);
    let refused = |line: &str| plumb(path, line, &[]).with(2).err;

    assert!(refused(&format!("backup --data data --to b.age --recipient {recipient}")).contains("exists already"));
    assert!(refused("backup --data data --to c.age --recipient age1nonsense").contains("backup-key"));
    assert!(refused("backup --data data --to c.age").contains("--recipient"), "nothing is written unencrypted");
    assert!(refused("backup-key key").contains("key"), "a key is never written over");
    assert!(!path.join("c.age").exists());

    assert!(refused("restore --data data --from b.age --identity key").contains("holds something already"));
    plumb(path, "backup-key other", &[]).with(0);
    assert!(refused("restore --data new --from b.age --identity other").contains("another key"));
    let mut damaged = fs::read(path.join("b.age")).unwrap();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    fs::write(path.join("damaged.age"), &damaged).unwrap();
    assert!(refused("restore --data new --from damaged.age --identity key").contains("cannot be read"));
    fs::write(path.join("cut.age"), &damaged[..middle]).unwrap();
    assert!(refused("restore --data new --from cut.age --identity key").contains("cannot be read"));
    assert!(!path.join("new").exists(), "nothing is left that could be mistaken for a company");
    plumb(path, "verify --data data", &[]).with(0);
}

#[test]
fn frs_bak_004_a_drill_is_recorded_and_a_backup_that_cannot_be_restored_becomes_a_fault() {
    let ground = ground(None);
    let recipient = keys(&ground);
    let path = ground.path();
    fs::create_dir(path.join("kept")).unwrap();
    plumb(path, &format!("backup --data data --to kept --recipient {recipient}"), &[]).with(0);
    plumb(path, "restore-drill --data data --from kept --identity key", &[]).with(0);
    let kept = fs::read_dir(path.join("kept")).unwrap().next().unwrap().unwrap().path();
    let bytes = fs::read(&kept).unwrap();
    fs::write(&kept, &bytes[..bytes.len() - 100]).unwrap();
    plumb(path, "restore-drill --data data --from kept --identity key", &[]).with(1);
    assert!(fs::read_dir(path.join("data/drill")).unwrap().next().is_none(), "nothing unencrypted is left");

    let (_server, desk) = ground.serve(&[]).unwrap();
    let drills = listed(&desk, "restore_drill");
    let of = |outcome: &str| drills.iter().find(|drill| drill["outcome"] == outcome).unwrap_or_else(|| panic!("{drills:?}"));
    let passed = of("passed");
    assert!(passed["transactions"].as_i64().unwrap() > 10 && passed["rows"].as_i64().unwrap() > 10, "{passed}");
    assert!(passed["began_at"].as_str() < passed["ended_at"].as_str(), "{passed}");
    assert!(of("failed")["report"].as_str().unwrap().contains("cannot be read"), "{drills:?}");
    let faults = listed(&desk, "fault");
    assert_eq!((faults.len(), &faults[0]["sort"]), (1, &serde_json::json!("failed_drill")));
}

#[test]
fn frs_bak_004_a_server_makes_backups_and_rehearses_a_restore_by_itself() {
    let ground = ground(None);
    let recipient = keys(&ground);
    let kept = ground.path().join("kept");
    fs::create_dir(&kept).unwrap();
    let text = |path: &Path| path.display().to_string();
    let variables = [
        ("PLUMB_BACKUP_TO", text(&kept)),
        ("PLUMB_BACKUP_RECIPIENT", recipient),
        ("PLUMB_DRILL_EVERY", "30".to_owned()),
        ("PLUMB_DRILL_IDENTITY", text(&ground.path().join("key"))),
    ];
    let (server, desk) = ground.serve(&variables).unwrap();
    let drills = until("a drill", || Some(listed(&desk, "restore_drill").len()).filter(|drills| *drills > 0));
    assert_eq!((drills, fs::read_dir(&kept).unwrap().count()), (1, 1), "one of each");
    // Started anew, with its turn, it looks again at once and finds nothing due.
    server.kill();
    let config = db::Config::Sqlite { folder: ground.program.data.clone() };
    db::Database::open(&config).unwrap().write(|tx| tx.execute_text("delete from lease", &[])).unwrap();
    let (_server, desk) = ground.serve(&variables).unwrap();
    let database = db::Database::open_to_read(&config).unwrap();
    until("the turn", || (!database.read(|tx| tx.query_text("select name from lease where name = 'backup'", &[])).unwrap().is_empty()).then_some(()));
    for _ in 0..40 {
        assert_eq!((listed(&desk, "restore_drill").len(), fs::read_dir(&kept).unwrap().count()), (1, 1), "not again before its time");
        std::thread::sleep(Duration::from_millis(50));
    }
}
