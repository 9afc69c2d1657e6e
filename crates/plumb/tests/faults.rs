//! Faults that are carried out on a real server and its files: an update that is killed, an older
//! program, a damaged page, a change without its reason, a reader in the middle of a release.
#![expect(clippy::unwrap_used, reason = "a helper that fails ends its test")]

#[path = "program/run.rs"]
#[expect(dead_code, reason = "what a run says on its output is for those who ask for it")]
mod run;

use db::{Config, Database, sql};
use kernel::MAIN_TENANT;
use plumb::assembly::migrations;
use run::plumb;
use serde_json::{Value as Json, json};
use soak::company::Desk;
use soak::ground::Ground;
use soak::http::Sending;
use soak::server::Program;
use soak::work::{self, Sort};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use testkit::engines::{TestDatabase, postgres};
use testkit::stop::StopOnDrop;

/// A founded company on one engine.
fn ground(database: Option<TestDatabase>) -> Ground {
    Ground::found(Path::new(env!("CARGO_BIN_EXE_plumb")), database, 5).unwrap()
}

fn config(data: &Path, url: Option<&str>) -> Config {
    url.map_or_else(|| Config::Sqlite { folder: data.to_owned() }, |url| Config::Postgres { url: url.to_owned(), pool_size: 1 })
}

/// A schema as it is after so many of the steps.
fn schema_after(config: &Config, steps: usize) -> db::Description {
    let database = Database::open(config).unwrap();
    database.migrate(&migrations()[..steps]).unwrap();
    database.describe().unwrap()
}

/// Kills `plumb migrate` at many moments of an update from the first step's schema to the last.
fn update_killed(fresh: impl Fn() -> (tempfile::TempDir, Option<TestDatabase>), rounds: u32) {
    let all = migrations();
    let expected: Vec<_> = (0..=all.len())
        .map(|steps| {
            let (folder, database) = fresh();
            schema_after(&config(folder.path(), database.as_ref().and_then(TestDatabase::postgres_url)), steps)
        })
        .collect();
    let mut takes = Duration::from_millis(100);
    let mut seen = vec![0; all.len() + 1];
    for round in 0..=rounds {
        let (folder, database) = fresh();
        let url = database.as_ref().and_then(TestDatabase::postgres_url);
        let config = config(folder.path(), url);
        schema_after(&config, 1);
        let program = Program { binary: PathBuf::from(env!("CARGO_BIN_EXE_plumb")), data: folder.path().to_owned(), database: url.map(str::to_owned), variables: Vec::new() };
        let began = Instant::now();
        let mut child = program.command("migrate").stdout(std::process::Stdio::null()).spawn().unwrap();
        if round == 0 {
            assert!(child.wait().unwrap().success());
            takes = began.elapsed();
        } else {
            std::thread::sleep(takes * (round - 1) / rounds);
            child.kill().unwrap();
            child.wait().unwrap();
        }
        let left = Database::open(&config).unwrap();
        let version = left.schema_version().unwrap();
        let steps = all.iter().filter(|step| step.number <= version).count();
        assert_eq!(left.describe().unwrap(), expected[steps], "killed with {steps} steps taken: these and nothing of the next");
        seen[steps] += 1;
        drop(left);
        program.run("migrate", &[], &[]).unwrap();
        assert_eq!(Database::open(&config).unwrap().describe().unwrap(), expected[all.len()], "it goes on where it was killed");
        if url.is_none() {
            let copy = folder.path().join(format!("schema-1-before-{}.sqlite", all.last().unwrap().number));
            assert!(copy.exists() || version > 1, "a copy was made before the first step of the update");
            if copy.exists() {
                let kept = tempfile::tempdir().unwrap();
                fs::copy(&copy, kept.path().join("plumb.sqlite")).unwrap();
                let kept = Database::open(&Config::Sqlite { folder: kept.path().to_owned() }).unwrap();
                assert_eq!((kept.schema_version().unwrap(), kept.describe().unwrap()), (1, expected[1].clone()), "it is whole");
            }
        }
    }
    println!("killed with so many steps taken: {seen:?}");
    killed_between(&fresh, &expected);
}

/// Waits until a step is taken and kills it there: the same without leaving it to chance. That the kill
/// came before the last step is seen, and looked for until it is.
fn killed_between(fresh: impl Fn() -> (tempfile::TempDir, Option<TestDatabase>), expected: &[db::Description]) {
    let all = migrations();
    let mut between = BTreeSet::new();
    for attempt in 0..40 {
        if between.len() >= 2 {
            break;
        }
        let (folder, database) = fresh();
        let url = database.as_ref().and_then(TestDatabase::postgres_url);
        let config = config(folder.path(), url);
        schema_after(&config, 1);
        let program = Program { binary: PathBuf::from(env!("CARGO_BIN_EXE_plumb")), data: folder.path().to_owned(), database: url.map(str::to_owned), variables: Vec::new() };
        let looking = Database::open_to_read(&config).unwrap();
        let mut child = program.command("migrate").stdout(std::process::Stdio::null()).spawn().unwrap();
        // Another step each time.
        let wanted = all[1 + attempt % (all.len() - 2)].number;
        while looking.schema_version().unwrap() < wanted && child.try_wait().unwrap().is_none() {}
        child.kill().unwrap();
        child.wait().unwrap();
        drop(looking);
        let left = Database::open(&config).unwrap();
        let version = left.schema_version().unwrap();
        let steps = all.iter().filter(|step| step.number <= version).count();
        assert_eq!(left.describe().unwrap(), expected[steps], "killed with {steps} steps taken: these and nothing of the next");
        drop(left);
        if steps > 1 && steps < all.len() {
            between.insert(steps);
        }
        program.run("migrate", &[], &[]).unwrap();
        assert_eq!(Database::open(&config).unwrap().describe().unwrap(), expected[all.len()], "it goes on where it was killed");
    }
    println!("killed between two steps, with so many taken: {between:?}");
    assert!(between.len() >= 2, "no kill fell between two steps: {between:?}");
}

#[test]
fn frs_dur_006_an_update_that_is_killed_leaves_whole_steps_only_and_goes_on_at_the_next_start_on_sqlite() {
    update_killed(|| (tempfile::tempdir().unwrap(), None), 24);
}

#[test]
fn frs_dur_006_an_update_that_is_killed_leaves_whole_steps_only_and_goes_on_at_the_next_start_on_postgresql() {
    update_killed(|| (tempfile::tempdir().unwrap(), Some(postgres())), 6);
}

#[test]
fn frs_dur_007_data_that_a_newer_program_wrote_is_refused_and_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    plumb(folder.path(), "init --data d --name Ada", &[("PLUMB_PASSWORD", "correct horse battery")]).with(0);
    let data = folder.path().join("d");
    let config = config(&data, None);
    let newer = "insert into schema_migration (number, name, checksum) values (9999, 'from the future', 'x')";
    Database::open(&config).unwrap().write(move |tx| tx.execute_text(newer, &[])).unwrap();
    fs::create_dir_all(data.join("files/aa")).unwrap();
    fs::write(data.join("files/aa/kept"), "a drawing").unwrap();
    let before = (Database::open_to_read(&config).unwrap().describe().unwrap(), everything(&config), files_of(&data));
    assert!(before.1.len() > 20 && !before.2.is_empty(), "{} rows, {:?}", before.1.len(), before.2);
    for line in ["serve --data d --listen 127.0.0.1:0 --content-listen 127.0.0.1:0", "migrate --data d", "demo --data d --no-serve"] {
        let said = plumb(folder.path(), line, &[]).with(2).err;
        assert!(said.contains("The data has schema 9999; this program knows schemas up to") && said.contains("Start the newer program"), "{line}: {said}");
    }
    let after = (Database::open_to_read(&config).unwrap().describe().unwrap(), everything(&config), files_of(&data));
    assert_eq!(after, before, "schema, rows and files are as they were");
}

/// Every row of every table, as text.
fn everything(config: &Config) -> BTreeSet<String> {
    let database = Database::open_to_read(config).unwrap();
    let tables = database.read(|tx| tx.query_text("select name from sqlite_master where type = 'table' and name not like 'sqlite\\_%' escape '\\'", &[])).unwrap();
    let names: Vec<String> = tables.iter().map(|table| table.text("name").unwrap().to_owned()).collect();
    assert!(names.len() > 20, "{names:?}");
    let rows = |name: &String| database.read(|tx| tx.query_text(&format!("select * from {name}"), &[])).unwrap().into_iter().map(|row| format!("{name} {row:?}")).collect::<Vec<_>>();
    names.iter().flat_map(rows).collect()
}

/// Every file below the data, but those of the database itself and of who holds it, with the digest of its content.
fn files_of(folder: &Path) -> BTreeSet<(PathBuf, String)> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_of(&path));
        } else if !path.file_name().unwrap().to_string_lossy().starts_with("plumb.") {
            found.insert((path.clone(), base::Digest::of(&fs::read(&path).unwrap()).hex()));
        }
    }
    found
}

/// Looks for a record of this kind until there is one.
fn first_record(desk: &Desk, kind: &str) -> Json {
    let began = Instant::now();
    loop {
        let rows = desk.get("quality", &format!("/api/v1/records/{kind}")).unwrap().unwrap();
        if let Some(row) = rows["rows"].as_array().and_then(|rows| rows.first()) {
            return desk.get("quality", &format!("/api/v1/records/{kind}/{}", row["id"].as_str().unwrap())).unwrap().unwrap();
        }
        assert!(began.elapsed() < Duration::from_secs(60), "no {kind} was recorded");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn frs_upk_001_a_flipped_bit_in_the_database_is_found_by_the_server_itself_and_not_passed_over() {
    let ground = ground(None);
    let (server, desk) = ground.serve(&[]).unwrap();
    let body = json!({ "number": "P-1", "title": "Zwischenflansch", "fields": { "unit": "each" } });
    desk.done(&desk.creation("engineer", "part", &body, "p-1")).unwrap().unwrap();
    server.kill();
    // Opening it for writing folds the log into the file; then it is one file as on any disk.
    plumb(ground.path(), "migrate --data data", &[]).with(0);
    // So that the weekly check is due at the next start, and nobody waits for the killed server's turn
    // to be over.
    for statement in ["delete from upkeep", "delete from lease"] {
        Database::open(&config(&ground.program.data, ground.program.database.as_deref())).unwrap().write(move |tx| tx.execute_text(statement, &[])).unwrap();
    }
    let path = ground.program.data.join("plumb.sqlite");
    let mut bytes = fs::read(&path).unwrap();
    // The word stands in its table and in an index of it; one bit of one of them flips.
    let place = bytes.windows(15).rposition(|window| window == b"zwischenflansch").unwrap();
    bytes[place + 14] ^= 1;
    fs::write(&path, bytes).unwrap();
    let (_server, desk) = ground.serve(&[]).unwrap();
    let fault = first_record(&desk, "fault");
    assert_eq!(fault["fields"]["sort"], "damaged_database", "{fault}");
    let counted = desk.client.send(&Sending::get("/metrics")).unwrap().text();
    assert!(counted.contains("plumb_faults_open 1\n"), "{counted}");
}

#[test]
fn frs_dur_008_what_takes_something_away_is_refused_without_a_reason_and_approved_content_is_not_edited_at_all() {
    let ground = ground(None);
    let (_server, desk) = ground.serve(&[]).unwrap();
    let change = work::prepare(&desk, Sort::Sign, "COURSE").unwrap().unwrap();
    let signed = desk.done(&change.deciding).unwrap().unwrap().json();
    let id = signed["result"]["id"].as_str().unwrap_or_else(|| panic!("{signed}")).to_owned();
    let path = format!("/api/v1/records/course/{id}");
    let before = desk.get("quality", &path).unwrap().unwrap();
    let version = before["version"].clone();
    let with = |login: &str, key: &str| {
        let mut headers = desk.by_token(login);
        headers.extend([("idempotency-key", key.to_owned()), ("if-match", format!("\"{version}\""))]);
        headers
    };
    for (sending, status) in [
        (Sending::json("PATCH", path.clone(), &json!({ "title": "Another" })).with(with("quality", "edit")), 409),
        (Sending::json("POST", format!("{path}/steps/retire"), &json!({})).with(with("trainer", "retire")), 422),
        (Sending::json("POST", format!("{path}/holds"), &json!({})).with(with("manager", "hold")), 422),
    ] {
        let answer = desk.client.send(&sending).unwrap();
        assert_eq!(answer.status, status, "{}: {}", sending.path, answer.text());
    }
    assert_eq!(desk.get("quality", &path).unwrap().unwrap(), before, "nothing was written");
    let with_reason = Sending::json("POST", format!("{path}/steps/retire"), &json!({ "reason": "Replaced." })).with(with("trainer", "retire-2"));
    assert_eq!(desk.client.send(&with_reason).unwrap().status, 200);
}

const SAMPLES: usize = 10_000;

/// Looks at effective procedures and their training again and again while procedures are released.
fn never_one_without_the_other(ground: &Ground) {
    let (_server, desk) = ground.serve(&[]).unwrap();
    let stop = AtomicBool::new(false);
    let database = Database::open_to_read(&config(&ground.program.data, ground.program.database.as_deref())).unwrap();
    let (samples, most) = std::thread::scope(|scope| {
        let stopped = StopOnDrop(&stop);
        let reader = scope.spawn(|| {
            let (mut samples, mut most, mut is_over) = (0, 0, false);
            // The last look begins after the last release was answered.
            while samples < SAMPLES || !is_over {
                is_over = stop.load(Ordering::SeqCst);
                let look = sql(
                    "select r.id, (select count(*) from obligation o where o.tenant = $1 and o.record = r.id and o.sort = 'train') as trained
                     from record r where r.tenant = $1 and r.kind = 'procedure' and r.phase = 'effective'",
                );
                let rows = database.query(look, &[MAIN_TENANT.into()]).unwrap();
                for row in &rows {
                    assert_eq!(row.int("trained").unwrap() as usize, ground.company.operators, "{row:?}");
                }
                most = most.max(rows.len());
                samples += 1;
            }
            (samples, most)
        });
        for number in 0..5 {
            let change = work::prepare(&desk, Sort::Release, &format!("RELEASE-{number}")).unwrap().unwrap();
            desk.done(&change.deciding).unwrap().unwrap();
        }
        drop(stopped);
        reader.join().unwrap()
    });
    println!("{samples} samples, {most} procedures at the end");
    assert!(samples >= SAMPLES && most == 5);
}

#[test]
fn frs_dur_009_a_released_procedure_is_never_seen_without_its_training_on_sqlite() {
    never_one_without_the_other(&ground(None));
}

#[test]
fn frs_dur_009_a_released_procedure_is_never_seen_without_its_training_on_postgresql() {
    never_one_without_the_other(&ground(Some(postgres())));
}
