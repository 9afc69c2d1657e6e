//! What only PostgreSQL has: connections that die, deadlocks, commits in doubt.

use crate::{SCHEMA, count, ids, insert};
use db::{Config, Database, Read as _, administer, sql};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use crate::engines::postgres_migrated;

const KILL: &str = "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()";

#[test]
fn a_connection_that_dies_before_commit_is_replaced_and_the_body_repeated() {
    let test = postgres_migrated(SCHEMA);
    let url = test.postgres_url().unwrap().to_owned();
    let tries = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&tries);
    test.database
        .write(move |tx| {
            tx.execute(sql("insert into thing (tenant, id) values ($1, $2)"), &["t".into(), "a".into()])?;
            if counted.fetch_add(1, Ordering::SeqCst) == 0 {
                administer(&url, KILL)?;
            }
            tx.execute(sql("insert into thing (tenant, id) values ($1, $2)"), &["t".into(), "b".into()])
        })
        .unwrap();
    assert_eq!(tries.load(Ordering::SeqCst), 2);
    assert_eq!(ids(&test.database), ["a", "b"]);
}

#[test]
fn idle_connections_that_died_are_not_noticed_by_callers() {
    let test = postgres_migrated(SCHEMA);
    insert(&test.database, "a", 1).unwrap();
    administer(test.postgres_url().unwrap(), KILL).unwrap();
    assert_eq!(count(&test.database), 1);
    administer(test.postgres_url().unwrap(), KILL).unwrap();
    insert(&test.database, "b", 2).unwrap();
    administer(test.postgres_url().unwrap(), KILL).unwrap();
    assert_eq!(ids(&test.database), ["a", "b"]);
}

#[test]
fn a_connection_that_dies_under_commit_leaves_it_in_doubt() {
    let test = postgres_migrated(SCHEMA);
    let url = test.postgres_url().unwrap().to_owned();
    let tries = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&tries);
    let outcome = test.database.write(move |tx| {
        counted.fetch_add(1, Ordering::SeqCst);
        tx.execute(sql("insert into thing (tenant, id) values ($1, $2)"), &["t".into(), "a".into()])?;
        // The last thing before COMMIT, which then meets a dead connection.
        administer(&url, KILL)
    });
    assert!(matches!(outcome, Err(base::Error::InDoubt(_))), "{outcome:?}");
    // It is never repeated blindly.
    assert_eq!(tries.load(Ordering::SeqCst), 1);
}

#[test]
fn two_that_meet_in_a_deadlock_both_get_through() {
    let test = postgres_migrated(SCHEMA);
    insert(&test.database, "a", 1).unwrap();
    insert(&test.database, "b", 2).unwrap();
    let tries = Arc::new(AtomicU32::new(0));
    std::thread::scope(|scope| {
        for (first, second) in [("a", "b"), ("b", "a")] {
            let (database, counted) = (&test.database, Arc::clone(&tries));
            scope.spawn(move || {
                database
                    .write(move |tx| {
                        counted.fetch_add(1, Ordering::SeqCst);
                        tx.lock_row("thing", "t", first)?;
                        std::thread::sleep(std::time::Duration::from_millis(200));
                        tx.lock_row("thing", "t", second)
                    })
                    .unwrap();
            });
        }
    });
    assert!(tries.load(Ordering::SeqCst) >= 3, "the two did not meet");
}

#[test]
fn a_locked_row_makes_the_next_writer_wait() {
    let test = postgres_migrated(SCHEMA);
    insert(&test.database, "a", 1).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..5 {
                    test.database
                        .write(|tx| {
                            // Read, decide, write: sound only because the row is locked.
                            tx.lock_row("thing", "t", "a")?;
                            let row = tx.query_one(sql("select number from thing where tenant = $1 and id = 'a'"), &["t".into()])?;
                            let more = row.int("number")? + 1;
                            let more = if more == 13 { 113 } else { more };
                            tx.execute(sql("update thing set number = $2 where tenant = $1 and id = 'a'"), &["t".into(), more.into()])
                        })
                        .unwrap();
                }
            });
        }
    });
    let row = test.database.query_one(sql("select number from thing where tenant = $1"), &["t".into()]).unwrap();
    assert_eq!(row.int("number").unwrap(), 1 + 40 + 100);
}

#[test]
fn a_server_that_refuses_is_told_in_words_at_once() {
    let test = postgres_migrated(SCHEMA);
    let url = format!("{}_not_there", test.postgres_url().unwrap());
    let begun = std::time::Instant::now();
    let refused = Database::open(&Config::Postgres { url, pool_size: 2 }).map(|_| ());
    assert_eq!(crate::code(refused), "database_refuses");
    assert!(begun.elapsed().as_secs() < 10);
    let bad = Database::open(&Config::Postgres { url: "postgres://[".to_owned(), pool_size: 2 }).map(|_| ());
    assert_eq!(crate::code(bad), "bad_url");
}

#[test]
fn of_several_hosts_the_one_that_answers_is_used() {
    let test = postgres_migrated(SCHEMA);
    let url = test.postgres_url().unwrap();
    // Nobody listens on port 1.
    let two = url.replacen("@127.0.0.1", "@127.0.0.1:1,127.0.0.1", 1);
    let database = Database::open(&Config::Postgres { url: two, pool_size: 2 }).unwrap();
    insert(&database, "a", 1).unwrap();
    assert_eq!(count(&test.database), 1);
}

#[test]
fn a_handle_may_be_dropped_on_a_thread_of_another_runtime() {
    let test = postgres_migrated(SCHEMA);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let database = Database::open(&test.config()).unwrap();
    let counted = runtime.block_on(async {
        let database = database;
        let second = database.clone();
        let counted = tokio::task::spawn_blocking(move || count(&second)).await.unwrap();
        drop(database);
        counted
    });
    assert_eq!(counted, 0);
}
