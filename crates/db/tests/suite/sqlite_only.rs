//! What only SQLite has: the folder, its lock, the copy and the check.

use crate::{SCHEMA, code, count, ids, insert};
use db::{Config, Database};
use std::process::Command;
use crate::engines::{postgres_migrated, sqlite_migrated};

/// Set for the second process of a test, which is this program again.
const CHILD: &str = "PLUMB_DB_TEST_FOLDER";

fn again(test: &str, folder: &std::path::Path) -> std::process::Output {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(CHILD, folder)
        .output()
        .unwrap()
}

#[test]
fn a_second_server_on_the_same_folder_is_refused() {
    if let Ok(folder) = std::env::var(CHILD) {
        let refused = Database::open(&Config::Sqlite { folder: folder.into() }).err().unwrap();
        println!("REFUSED {refused}");
        return;
    }
    let test = sqlite_migrated(SCHEMA);
    // In this process, and from another one.
    let folder = test.folder().unwrap();
    assert_eq!(code(Database::open(&test.config()).map(|_| ())), "folder_in_use");
    let output = again("sqlite_only::a_second_server_on_the_same_folder_is_refused", folder);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains(&format!("REFUSED Another Plumb server (process {})", std::process::id())), "{said}");
}

#[test]
fn a_database_opened_to_read_sees_what_its_server_commits_and_writes_nothing() {
    let test = sqlite_migrated(SCHEMA);
    let beside = Database::open_to_read(&test.config()).unwrap();
    insert(&test.database, "a", 1).unwrap();
    assert_eq!(ids(&beside), ["a"]);
    let counted = beside.read(|read| {
        let before = read.query(db::sql("select id from thing where tenant = 't'"), &[])?.len();
        insert(&test.database, "b", 2)?;
        Ok((before, read.query(db::sql("select id from thing where tenant = 't'"), &[])?.len()))
    });
    assert_eq!(counted.unwrap(), (1, 1), "one read is one moment");
    assert!(insert(&beside, "c", 3).is_err());
    assert_eq!(ids(&test.database), ["a", "b"]);
    let nothing = tempfile::tempdir().unwrap();
    let config = Config::Sqlite { folder: nothing.path().to_owned() };
    assert_eq!(code(Database::open_to_read(&config).map(|_| ())), "no_data");
    assert_eq!(std::fs::read_dir(nothing.path()).unwrap().count(), 0, "nothing is made");
    std::fs::write(nothing.path().join("plumb.sqlite"), "a letter and no database, whatever its name says").unwrap();
    for opened in [Database::open_to_read(&config), Database::open(&config)] {
        let refused = opened.err().unwrap();
        assert!(refused.to_string().contains("plumb.sqlite is not a database"), "{refused}");
    }
}

#[test]
fn a_folder_can_be_opened_again_after_its_server_has_gone() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config::Sqlite { folder: folder.path().join("deep/data") };
    for turn in 1..=3 {
        let database = Database::open(&config).unwrap();
        database.migrate(SCHEMA).unwrap();
        insert(&database, &format!("{turn}"), turn).unwrap();
        assert_eq!(count(&database), turn);
    }
}

#[test]
fn what_was_answered_survives_the_death_of_the_process() {
    if let Ok(folder) = std::env::var(CHILD) {
        let database = Database::open(&Config::Sqlite { folder: folder.into() }).unwrap();
        database.migrate(SCHEMA).unwrap();
        insert(&database, "answered", 1).unwrap();
        std::process::abort();
    }
    let folder = tempfile::tempdir().unwrap();
    let output = again("sqlite_only::what_was_answered_survives_the_death_of_the_process", folder.path());
    assert!(!output.status.success());
    let database = Database::open(&Config::Sqlite { folder: folder.path().to_owned() }).unwrap();
    assert_eq!(ids(&database), ["answered"]);
}

#[test]
fn a_migration_killed_half_way_leaves_nothing() {
    let good = SCHEMA[0];
    if let Ok(folder) = std::env::var(CHILD) {
        let database = Database::open(&Config::Sqlite { folder: folder.into() }).unwrap();
        database.migrate(&[good]).unwrap();
        std::thread::spawn(|| {
            std::thread::sleep(std::time::Duration::from_millis(500));
            std::process::abort();
        });
        // Makes a table, fills it, and is never done.
        let endless = "create table half (tenant {text} not null, n {int}) {strict};
            insert into half with recursive r(n) as (select 1 union all select n + 1 from r) select 't', n from r;";
        database.migrate(&[good, db::Migration { number: 2, name: "endless", text: endless }]).unwrap();
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let output = again("sqlite_only::a_migration_killed_half_way_leaves_nothing", folder.path());
    assert!(!output.status.success());
    let database = Database::open(&Config::Sqlite { folder: folder.path().to_owned() }).unwrap();
    assert_eq!(database.schema_version().unwrap(), 1);
    assert!(!database.describe().unwrap().contains_key("half"));
    let two = db::Migration { number: 2, name: "better", text: "create table half (tenant {text} not null) {strict};" };
    assert_eq!(database.migrate(&[good, two]).unwrap(), [2]);
}

#[test]
fn a_copy_is_whole_and_made_while_others_write() {
    let test = sqlite_migrated(SCHEMA);
    let folder = tempfile::tempdir().unwrap();
    insert(&test.database, "a", 1).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| (0..50).for_each(|n| assert_eq!(insert(&test.database, &format!("w{n}"), 100 + n).unwrap(), 1)));
        test.database.backup_to(&folder.path().join("plumb.sqlite")).unwrap();
    });
    let copy = Database::open(&Config::Sqlite { folder: folder.path().to_owned() }).unwrap();
    assert!(count(&copy) >= 1);
    assert_eq!(copy.integrity_check().unwrap(), Vec::<String>::new());
    assert_eq!(code(test.database.backup_to(&folder.path().join("plumb.sqlite"))), "file_exists");
}

#[test]
fn the_check_tells_of_a_file_that_was_tampered_with() {
    let test = sqlite_migrated(SCHEMA);
    assert_eq!(test.database.integrity_check().unwrap(), Vec::<String>::new());
    let shell = orphan_from_a_shell(test.folder().unwrap());
    assert!(shell, "the second connection could not write");
    let found = test.database.integrity_check().unwrap();
    assert!(found.iter().any(|line| line.contains("a row of thing points to a row of parent")), "{found:?}");
}

/// Somebody with a shell on the file puts in a row without its parent.
fn orphan_from_a_shell(folder: &std::path::Path) -> bool {
    let connection = rusqlite::Connection::open(folder.join("plumb.sqlite")).unwrap();
    connection
        .execute_batch("pragma foreign_keys = off; insert into thing (tenant, id, parent) values ('t', 'x', 'nobody')")
        .is_ok()
}

#[test]
fn postgres_is_copied_and_checked_by_its_own_programs() {
    let test = postgres_migrated(SCHEMA);
    assert_eq!(code(test.database.backup_to(std::path::Path::new("x"))), "not_on_postgres");
    assert_eq!(code(test.database.integrity_check()), "not_on_postgres");
}

#[test]
fn the_log_is_folded_back_and_does_not_grow_with_all_that_is_written() {
    let test = sqlite_migrated(SCHEMA);
    let log = test.folder().unwrap().join("plumb.sqlite-wal");
    let body = vec![7u8; 1 << 20];
    // 60 MB in all; the log is folded back at 16 MB.
    for turn in 0..60 {
        let (id, body) = (format!("row {turn}"), body.clone());
        let statement = db::sql("insert into thing (tenant, id, body) values ($1, $2, $3)");
        test.database.write(move |tx| tx.execute(statement, &["t".into(), id.as_str().into(), body.clone().into()])).unwrap();
    }
    let size = std::fs::metadata(&log).unwrap().len();
    assert!((1 << 20..24 << 20).contains(&size), "the log has {size} bytes");
    assert_eq!(count(&test.database), 60);
}
