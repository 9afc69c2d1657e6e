//! Deadlines and commits in doubt, on a real server that is made to be slow.

#[path = "../../../testkit/src/engines.rs"]
#[expect(dead_code, reason = "the kit offers more than these tests use")]
mod engines;

use super::connect::{self, Warnings};
use super::session::{Mode, PostgresSession};
use super::timeline::Timelines;
use super::{BEGIN_WRITE, COMMAND};
use crate::fault::Moment;
use crate::session::Session as _;
use crate::statement::Text;
use base::Error;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

const HASTY: Mode = Mode { begin: BEGIN_WRITE, round_trip: Duration::from_millis(300), moment: Moment::Before };

/// A table whose inserts do `what` when COMMIT comes.
fn at_commit(what: &str) -> engines::TestDatabase {
    let test = engines::postgres();
    let url = test.postgres_url().unwrap();
    let script = format!(
        "create table slow (tenant text not null);
         create function at_commit() returns trigger language plpgsql as $$ begin {what} return null; end $$;
         create constraint trigger at_commit after insert on slow deferrable initially deferred for each row execute function at_commit();"
    );
    crate::administer(url, &script).unwrap();
    test
}

fn session(test: &engines::TestDatabase, runtime: &Runtime, mode: &Mode) -> PostgresSession {
    session_of(test, runtime, mode, 1)
}

fn session_of(test: &engines::TestDatabase, runtime: &Runtime, mode: &Mode, connections: usize) -> PostgresSession {
    let warnings = Warnings::default();
    // As a server is installed; that of the tests waits for no disk.
    let url = format!("{}?options=-c%20synchronous_commit%3Don", test.postgres_url().unwrap());
    let pool = connect::pool(&url, connections, &warnings, &Timelines::default()).unwrap();
    let client = runtime.block_on(pool.get()).unwrap();
    PostgresSession::new(runtime.handle().clone(), pool, warnings, client, mode)
}

fn rows(test: &engines::TestDatabase) -> usize {
    test.database.read(|read| read.query_text("select tenant from slow", &[])).unwrap().len()
}

#[test]
fn a_statement_past_its_deadline_may_be_repeated_and_its_connection_is_gone() {
    let test = engines::postgres();
    let runtime = connect::runtime(1).unwrap();
    let mut session = session(&test, &runtime, &HASTY);
    let begun = Instant::now();
    session.begin().unwrap();
    let outcome = session.query(Text::Generated("select 1 as one from pg_sleep(5)"), &[]);
    assert!(matches!(outcome, Err(Error::Transient(_))), "{outcome:?}");
    assert!(begun.elapsed() < Duration::from_secs(3));
    let next = session.query(Text::Generated("select 1 as one"), &[]);
    assert!(matches!(next, Err(Error::Transient(_))), "{next:?}");
    session.rollback().unwrap();
    // It was dropped and not cancelled: the server is still at it.
    let busy = "select 1 as one from pg_stat_activity where query like '%pg_sleep(5)' and state = 'active'";
    assert_eq!(test.database.read(|read| read.query_text(busy, &[])).unwrap().len(), 1);
}

#[test]
fn a_commit_past_its_deadline_is_in_doubt_and_may_have_happened() {
    let test = at_commit("perform pg_sleep(1.5);");
    let runtime = connect::runtime(1).unwrap();
    let mut session = session(&test, &runtime, &HASTY);
    session.begin().unwrap();
    session.execute(Text::Generated("insert into slow (tenant) values ('t')"), &[]).unwrap();
    let outcome = session.commit();
    assert!(matches!(outcome, Err(Error::InDoubt(_))), "{outcome:?}");
    assert_eq!(rows(&test), 0);
    // Here it does happen, a second later: repeating it blindly would have written it twice.
    let until = Instant::now() + Duration::from_secs(10);
    while rows(&test) == 0 && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(rows(&test), 1);
}

#[test]
fn a_commit_that_did_not_wait_for_the_standby_is_in_doubt() {
    let test = at_commit("raise warning 'canceling wait for synchronous replication due to user request';");
    let runtime = connect::runtime(1).unwrap();
    let mut session = session(&test, &runtime, &COMMAND);
    session.begin().unwrap();
    session.execute(Text::Generated("insert into slow (tenant) values ('t')"), &[]).unwrap();
    let outcome = session.commit();
    assert!(matches!(outcome, Err(Error::InDoubt(_))), "{outcome:?}");
}

#[test]
fn another_warning_at_commit_does_no_harm() {
    let test = at_commit("raise warning 'the moon is full';");
    let runtime = connect::runtime(1).unwrap();
    let mut session = session(&test, &runtime, &COMMAND);
    session.begin().unwrap();
    session.execute(Text::Generated("insert into slow (tenant) values ('t')"), &[]).unwrap();
    session.commit().unwrap();
    assert_eq!(rows(&test), 1);
}

#[test]
fn a_session_that_is_left_open_does_not_go_back_to_the_pool() {
    let test = at_commit("");
    let runtime = connect::runtime(1).unwrap();
    let mut left = session(&test, &runtime, &COMMAND);
    left.begin().unwrap();
    left.execute(Text::Generated("insert into slow (tenant) values ('t')"), &[]).unwrap();
    drop(left);
    assert_eq!(rows(&test), 0);
}

#[test]
fn a_failed_begin_lets_nothing_behind_it_be_written() {
    let test = at_commit("");
    let runtime = connect::runtime(1).unwrap();
    let broken = Mode { begin: "begin isolation level nonsense", ..COMMAND };
    let mut session = session(&test, &runtime, &broken);
    session.begin().unwrap();
    let outcome = session.execute(Text::Generated("insert into slow (tenant) values ('t')"), &[]);
    assert!(matches!(outcome, Err(Error::Internal(_))), "{outcome:?}");
    session.rollback().unwrap();
    assert_eq!(rows(&test), 0);
}

/// How many bytes of the log that this session has caused are not on the disk yet.
fn not_on_disk(session: &mut PostgresSession) -> i64 {
    let statement = "select cast(greatest(pg_current_wal_insert_lsn() - pg_current_wal_flush_lsn(), 0) as bigint) as behind";
    session.query(Text::Generated(statement), &[]).unwrap()[0].int("behind").unwrap()
}

#[test]
fn what_a_large_transaction_wrote_is_on_the_disk_before_its_commit_and_nothing_waits_for_a_connection() {
    let test = engines::postgres();
    crate::administer(test.postgres_url().unwrap(), "create table large (tenant text not null)").unwrap();
    let runtime = connect::runtime(1).unwrap();
    let fill = Text::Generated("insert into large select repeat('x', 100) from generate_series(1, 2000)");
    let mut session = session_of(&test, &runtime, &COMMAND, 2);
    session.begin().unwrap();
    session.execute(fill, &[]).unwrap();
    assert!(not_on_disk(&mut session) > 100_000);
    session.write_ahead();
    // Others on the same server log a little meanwhile.
    assert!(not_on_disk(&mut session) < 100_000);
    session.rollback().unwrap();
    // The only connection is this session's own.
    let mut alone = session_of(&test, &runtime, &COMMAND, 1);
    alone.begin().unwrap();
    alone.execute(fill, &[]).unwrap();
    let began = Instant::now();
    alone.write_ahead();
    assert!(began.elapsed() < Duration::from_secs(2));
    alone.commit().unwrap();
    let kept = test.database.read(|read| read.query_text("select count(*) as kept from large", &[])).unwrap();
    assert_eq!(kept[0].int("kept").unwrap(), 2_000);
}

#[test]
fn frs_dur_010_a_server_on_an_earlier_timeline_than_one_worked_with_is_refused() {
    let test = engines::postgres();
    let runtime = connect::runtime(1).unwrap();
    let get = |timelines: &Timelines| {
        let pool = connect::pool(test.postgres_url().unwrap(), 1, &Warnings::default(), timelines).unwrap();
        runtime.block_on(pool.get()).map_err(|error| super::error::of_pool(&error))
    };
    assert!(get(&Timelines::default()).is_ok());
    let refused = get(&Timelines::after(7)).map(|_| ());
    let expected = "the database is on timeline 1 after 7; only the newest primary is worked with";
    assert!(matches!(&refused, Err(Error::Transient(said)) if said == expected), "{refused:?}");
}
