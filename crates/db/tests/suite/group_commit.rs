//! SQLite's group commit: neighbours in one batch do not touch each other.

use crate::{SCHEMA, code, count, ids, insert, internal};
use base::Error;
use db::sql;
use std::sync::mpsc;
use std::thread;
use crate::engines::{both_migrated, sqlite_migrated};

const INSERT: db::Sql = sql("insert into thing (tenant, id, number) values ($1, $2, $3)");

/// Holds the writer until everybody else waits, so that they are one batch.
fn in_one_batch(database: &db::Database, jobs: Vec<Job>) -> Vec<base::Result<()>> {
    let (release, held) = mpsc::channel::<()>();
    let (started, running) = mpsc::channel::<()>();
    let holder = {
        let database = database.clone();
        thread::spawn(move || {
            database.write(move |_| {
                started.send(()).ok();
                held.recv().ok();
                Ok(())
            })
        })
    };
    running.recv().unwrap();
    let mut waiting = Vec::new();
    for mut job in jobs {
        let database = database.clone();
        waiting.push(thread::spawn(move || database.write(move |tx| job(tx))));
        // The order of the batch is the order of asking.
        thread::sleep(std::time::Duration::from_millis(20));
    }
    release.send(()).unwrap();
    holder.join().unwrap().unwrap();
    waiting.into_iter().map(|job| job.join().unwrap()).collect()
}

type Job = Box<dyn FnMut(&mut db::Tx) -> base::Result<()> + Send>;

fn add(id: &'static str, number: i64) -> Job {
    Box::new(move |tx| tx.execute(INSERT, &["t".into(), id.into(), number.into()]).map(|_| ()))
}

#[test]
fn a_failing_job_leaves_its_neighbours_alone() {
    let test = sqlite_migrated(SCHEMA);
    let refuse: Job = Box::new(|tx| {
        tx.execute(INSERT, &["t".into(), "refused".into(), 7.into()])?;
        Err(Error::conflict("no", "on second thoughts"))
    });
    let panics: Job = Box::new(|tx| {
        tx.execute(INSERT, &["t".into(), "panicked".into(), 8.into()])?;
        panic!("broken")
    });
    let outcomes = in_one_batch(
        &test.database,
        vec![add("a", 1), refuse, add("b", 2), panics, add("again", 1), add("c", 3)],
    );
    let mut outcomes = outcomes.into_iter();
    outcomes.next().unwrap().unwrap();
    assert_eq!(code(outcomes.next().unwrap()), "no");
    outcomes.next().unwrap().unwrap();
    assert!(internal(outcomes.next().unwrap()).contains("panicked: broken"));
    assert_eq!(code(outcomes.next().unwrap()), "duplicate");
    outcomes.next().unwrap().unwrap();
    assert_eq!(ids(&test.database), ["a", "b", "c"]);
}

#[test]
fn a_full_disk_fails_the_whole_batch_and_nothing_is_written() {
    let test = sqlite_migrated(SCHEMA);
    // A limit on pages is what SQLite takes for a full disk. The connection keeps it.
    let fill: Job = Box::new(|tx| {
        tx.query_text("pragma max_page_count = 1", &[])?;
        let body = vec![0_u8; 200_000];
        tx.execute(sql("insert into thing (tenant, id, body) values ($1, $2, $3)"), &["t".into(), "big".into(), body.into()])?;
        Ok(())
    });
    use db::Read as _;
    let outcomes = in_one_batch(&test.database, vec![add("before", 1), fill, add("after", 2)]);
    for outcome in outcomes {
        let error = outcome.unwrap_err();
        let refusal = error.refusal().unwrap();
        assert_eq!((refusal.kind, refusal.code.as_str()), (base::RefusalKind::NoRoom, "disk_full"));
    }
    assert_eq!(count(&test.database), 0);
    // With room again the same writer goes on.
    test.database.write(|tx| tx.query_text("pragma max_page_count = 100000", &[]).map(|_| ())).unwrap();
    insert(&test.database, "later", 3).unwrap();
    assert_eq!(ids(&test.database), ["later"]);
}

#[test]
fn sixty_four_writers_lose_nothing() {
    both_migrated(SCHEMA, |test| {
        thread::scope(|scope| {
            for writer in 0..64_i64 {
                let database = &test.database;
                scope.spawn(move || {
                    for turn in 0..10_i64 {
                        let number = 100 + writer * 10 + turn;
                        insert(database, &format!("{number:04}"), number).unwrap();
                    }
                });
            }
        });
        assert_eq!(count(&test.database), 640);
    });
}

#[test]
fn a_counter_taken_by_many_has_no_gap_and_no_double() {
    both_migrated(SCHEMA, |test| {
        insert(&test.database, "counter", 1000).unwrap();
        let take = sql("update thing set number = number + 1 where tenant = $1 and id = 'counter' returning number");
        let mut taken: Vec<i64> = thread::scope(|scope| {
            let threads: Vec<_> = (0..16)
                .map(|_| {
                    scope.spawn(move || {
                        (0..5)
                            .map(|_| {
                                use db::Read as _;
                                test.database.write(move |tx| tx.query_one(take, &["t".into()])?.int("number")).unwrap()
                            })
                            .collect::<Vec<_>>()
                    })
                })
                .collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        taken.sort_unstable();
        assert_eq!(taken, (1001..=1080).collect::<Vec<_>>());
    });
}

#[test]
fn the_last_handle_may_be_dropped_by_a_body() {
    let test = sqlite_migrated(SCHEMA);
    let config = db::Config::Sqlite { folder: tempfile::tempdir().unwrap().keep() };
    let database = db::Database::open(&config).unwrap();
    let mut inside = Some(database.clone());
    let handle = database.clone();
    let job = thread::spawn(move || {
        let outcome = handle.write(move |_| {
            drop(inside.take());
            Ok(())
        });
        drop(handle);
        outcome
    });
    drop(database);
    job.join().unwrap().unwrap();
    if let db::Config::Sqlite { folder } = &config {
        std::fs::remove_dir_all(folder).unwrap();
    }
    insert(&test.database, "a", 1).unwrap();
}
