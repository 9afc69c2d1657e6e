//! Files that are damaged or gone, and rows that were changed behind the server's back: nothing of
//! it stops a backup, and nothing of it goes unseen.

use super::{NAME, ground, keys, listed, place, until};
use crate::run::plumb;
use db::{Config, Database};
use serde_json::{Value as Json, json};
use soak::ground::Ground;
use soak::server::Program;
use soak::work::{self, Sort};
use std::fs;
use std::path::{Path, PathBuf};
use testkit::engines::postgres;
use testkit::s3::S3Server;

/// Every engine's company with one uploaded file on a record, its server ended; and that file.
pub fn with_a_file(test: impl Fn(&Ground, &Path)) {
    for database in [None, Some(postgres())] {
        let ground = ground(database);
        let (server, desk) = ground.serve(&[]).unwrap();
        let change = work::prepare(&desk, Sort::Upload, NAME).unwrap().unwrap();
        desk.done(&change.deciding).unwrap().unwrap();
        server.kill();
        let files = stored(&ground.path().join("data/files/objects"));
        assert_eq!(files.len(), 1, "{files:?}");
        test(&ground, &files[0]);
    }
}

/// The files below a folder, which may not be there.
pub fn stored(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).map(|entries| entries.map(|entry| entry.unwrap().path()).collect::<Vec<_>>()).unwrap_or_default();
    entries.into_iter().flat_map(|path| if path.is_dir() { stored(&path) } else { vec![path] }).collect()
}

pub fn name_of(file: &Path) -> String {
    file.file_name().unwrap().to_str().unwrap().to_owned()
}

/// Changes a stored file, which is read-only.
pub fn damage(file: &Path) {
    fs::remove_file(file).unwrap();
    fs::write(file, "something else").unwrap();
}

#[test]
fn frs_bak_006_a_file_that_was_removed_or_changed_is_not_found_sound_but_named_with_table_key_and_record() {
    with_a_file(|ground, file| {
        let line = format!("verify {}", place(ground));
        plumb(ground.path(), &line, &[]).with(0);
        let digest = name_of(file);
        damage(file);
        let said = plumb(ground.path(), &line, &[]).with(1).out;
        assert!(said.contains("  attachment ") && said.contains(", digest: the file “") && said.contains("does not hold what its name says"), "{said}");
        assert!(said.contains(&format!("({digest})")) && said.contains("main: 1 problem found"), "{said}");
        fs::remove_file(file).unwrap();
        let said = plumb(ground.path(), &line, &[]).with(1).out;
        let told = said.lines().find(|line| line.starts_with("  attachment ")).unwrap_or_else(|| panic!("{said}"));
        assert!(told.contains(" of the record ") && told.contains(" is missing ") && told.contains(&digest), "{said}");
    });
}

/// Something that happens to a file.
type Happens = fn(&Path);

/// What happens, and how it is told.
const FAULTS: [(Happens, &str); 2] = [(damage, "does not hold what its name says"), (|file| fs::remove_file(file).unwrap(), "is missing")];

#[test]
fn frs_bak_005_007_a_damaged_or_missing_file_stops_no_backup_but_is_named_and_its_restore_is_refused_unless_asked_for() {
    with_a_file(|ground, file| {
        let (path, digest, recipient) = (ground.path(), name_of(file), keys(ground));
        for (number, (happens, told)) in FAULTS.iter().enumerate() {
            happens(file);
            let named = |said: &str| said.contains("attachment ") && said.contains(told) && said.contains(&digest);
            let made = plumb(path, &format!("backup {} --to {number}.age --recipient {recipient}", place(ground)), &[]).with(1).out;
            assert!(made.contains("and 0 files") && named(&made), "{made}");

            let said = plumb(path, &format!("restore --data new{number} --from {number}.age --identity key"), &[]).with(2).err;
            assert!(said.contains("is not in the copy") && named(&said) && said.contains("--with-damage"), "{said}");
            assert!(!path.join(format!("new{number}")).exists(), "nothing is left");

            let said = plumb(path, &format!("restore --data new{number} --from {number}.age --identity key --with-damage"), &[]).with(1).out;
            assert!(said.contains("0 files, with damage") && named(&said), "{said}");
            let said = plumb(path, &format!("verify --data new{number}"), &[]).with(1).out;
            assert!(said.contains("main: 1 problem found") && said.contains("is missing"), "{said}");

            let said = plumb(path, &format!("export {} out{number}", place(ground)), &[]).with(1).out;
            assert!(named(&said), "{said}");
            let manifest: Json = serde_json::from_str(&fs::read_to_string(path.join(format!("out{number}/manifest.json"))).unwrap()).unwrap();
            let damaged = &manifest["damaged"][0];
            assert_eq!((manifest["files"].as_array().unwrap().len(), damaged["file"].as_str()), (0, Some(digest.as_str())));
            assert!(damaged["fault"].as_str().unwrap().contains(told) && damaged["rows"].as_array().unwrap().len() == 1, "{damaged}");
        }
    });
}

#[test]
fn frs_bak_005_a_file_that_the_backup_lacks_need_not_come_where_the_store_has_it_and_stops_no_restore() {
    let ground = ground(None);
    let (server, desk) = ground.serve(&[]).unwrap();
    let change = work::prepare(&desk, Sort::Upload, NAME).unwrap().unwrap();
    desk.done(&change.deciding).unwrap().unwrap();
    server.kill();
    let (path, recipient) = (ground.path(), keys(&ground));
    // The bucket or folder of the files is whole, the backup was made where it could not be read.
    let kept = path.join("kept");
    fs::create_dir(&kept).unwrap();
    fs::rename(path.join("data/files/objects"), kept.join("objects")).unwrap();
    plumb(path, &format!("backup --data data --to b.age --recipient {recipient}"), &[]).with(1);
    let said = plumb(path, "restore --data new --files kept --from b.age --identity key", &[]).with(0).out;
    assert!(said.contains("all verified"), "{said}");
    plumb(path, "verify --data new --files kept", &[]).with(0);
}

#[test]
fn frs_bak_004_005_006_a_server_tells_of_files_that_its_backup_lacks_and_the_drill_does_not_pass() {
    with_a_file(|ground, file| {
        fs::remove_file(file).unwrap();
        let (kept, recipient) = (ground.path().join("kept"), keys(ground));
        fs::create_dir(&kept).unwrap();
        let variables = [
            ("PLUMB_BACKUP_TO", kept.display().to_string()),
            ("PLUMB_BACKUP_RECIPIENT", recipient),
            ("PLUMB_DRILL_EVERY", "30".to_owned()),
            ("PLUMB_DRILL_IDENTITY", ground.path().join("key").display().to_string()),
        ];
        let (_server, desk) = ground.serve(&variables).unwrap();
        let faults = until("both faults", || {
            let faults = listed(&desk, "fault");
            ["damaged_file", "failed_drill"].iter().all(|sort| faults.iter().any(|fault| fault["sort"] == *sort)).then_some(faults)
        });
        let of = |sort: &str| faults.iter().find(|fault| fault["sort"] == sort).unwrap();
        let told = of("damaged_file");
        assert_eq!(told["subject"], json!(name_of(file)));
        let drills = listed(&desk, "restore_drill");
        assert_eq!((drills.len(), fs::read_dir(&kept).unwrap().count(), &drills[0]["outcome"]), (1, 1, &json!("failed")));
        let report = drills[0]["report"].as_str().unwrap();
        assert!(report.contains("was restored and holds damage") && report.contains(&name_of(file)) && report.contains("attachment "), "{report}");
        assert!(drills[0]["transactions"].as_i64().unwrap() > 10, "what could be verified is told: {drills:?}");
    });
}

/// Changes a row as nobody may.
fn tamper(config: &Config) {
    let database = Database::open(config).unwrap();
    let changed = database.write(|tx| tx.execute_text("update record set title = 'Better name' where kind = 'part'", &[])).unwrap();
    assert!(changed > 0);
}

fn config(data: &Path, url: Option<&str>) -> Config {
    url.map_or_else(|| Config::Sqlite { folder: data.to_owned() }, |url| Config::Postgres { url: url.to_owned(), pool_size: 1 })
}

/// The tables of a database that hold something.
fn filled(url: &str) -> Vec<String> {
    let database = Database::open(&config(Path::new(""), Some(url))).unwrap();
    let tables = database.describe().unwrap();
    let holds = |table: &&String| !database.read(|tx| tx.query_text(&format!("select 1 as one from {table} limit 1"), &[])).unwrap().is_empty();
    tables.keys().filter(|table| *table != "schema_migration").filter(holds).cloned().collect()
}

#[test]
fn frs_bak_003_007_a_backup_that_does_not_verify_is_refused_and_leaves_no_row_and_no_file_and_comes_back_only_when_asked_for() {
    let bucket = S3Server::start();
    bucket.make("plumb-restored");
    with_a_file(|ground, _| {
        let (path, recipient) = (ground.path(), keys(ground));
        tamper(&config(&ground.program.data, ground.program.database.as_deref()));
        plumb(path, &format!("backup {} --to b.age --recipient {recipient}", place(ground)), &[]).with(0);
        let told = |said: &str| said.contains("record ") && said.contains("title: is “Better name”, the trail says");

        let said = plumb(path, "restore --data new --from b.age --identity key", &[]).with(2).err;
        assert!(told(&said) && said.contains("--with-damage"), "{said}");
        assert!(!path.join("new").exists());

        let target = postgres();
        let url = target.postgres_url().unwrap();
        let environment = bucket.environment();
        let environment: Vec<_> = environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
        for (place, variables) in [("elsewhere", &[][..]), ("s3://plumb-restored/files", &environment[..])] {
            let line = format!("restore --data new --database {url} --files {place} --from b.age --identity key");
            let said = plumb(path, &line, variables).with(2).err;
            assert!(told(&said), "{said}");
            assert_eq!(filled(url), Vec::<String>::new(), "no row");
            assert_eq!(stored(&path.join("elsewhere")), Vec::<PathBuf>::new(), "no file");
            assert_eq!(bucket.bucket("s3://plumb-restored/files").keys("").unwrap(), Vec::<String>::new(), "no object");
            assert!(!path.join("new").exists());
        }

        for place in ["--data new".to_owned(), format!("--data other --database {url}")] {
            let said = plumb(path, &format!("restore {place} --from b.age --identity key --with-damage"), &[]).with(1).out;
            assert!(told(&said) && said.contains("1 files, with damage"), "{said}");
            let said = plumb(path, &format!("verify {place}"), &[]).with(1).out;
            assert!(told(&said), "the damage is as visible as it was: {said}");
        }

        // Whoever reads the record of a drill need not be allowed to see the row; the part's own page shows it.
        plumb(path, "restore-drill --data new --from b.age --identity key", &[]).with(1);
        let program = Program { database: None, ..ground.program.on(&path.join("new")) };
        let server = program.serve(&ground.log(), &[]).unwrap();
        let desk = ground.company.through(&server);
        let drill = &listed(&desk, "restore_drill")[0];
        let report = drill["report"].as_str().unwrap();
        assert!(report.contains("record ") && report.contains("title: ") && !report.contains("Better name"), "{report}");
        let part = desk.get("engineer", &format!("/api/v1/records/part/{NAME}")).unwrap().unwrap();
        assert!(part["damage"][0]["text"].as_str().is_some() && part["damage"][0]["field"] == "title", "{part}");
    });
}
