//! A real server on a PostgreSQL that somebody else holds up: a deadlock that the database ends, and a
//! lock that is held for longer than anybody waits.
#![expect(clippy::unwrap_used, reason = "a helper that fails ends its test")]

use db::{Config, Database, administer};
use serde_json::{Value as Json, json};
use soak::company::Desk;
use soak::ground::Ground;
use soak::http::Sending;
use std::path::Path;
use std::time::{Duration, Instant};
use testkit::engines::postgres;

/// Longer than a transaction is repeated; far less than the lock is held.
const GIVEN_UP: Duration = Duration::from_secs(28);

/// One number that the database says of itself.
fn told(database: &Database, question: &'static str) -> i64 {
    database.read(|tx| Ok(tx.query_text(question, &[])?.first().map_or(0, |row| row.int("n").unwrap()))).unwrap()
}

fn wait_until(database: &Database, question: &'static str, wanted: i64) {
    let began = Instant::now();
    while told(database, question) < wanted {
        assert!(began.elapsed() < Duration::from_secs(30), "never {wanted}: {question}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

const CHAIN_HELD: &str = "select count(*) as n from pg_locks where relation = 'chain_head'::regclass and mode = 'RowShareLock' and granted";
const DEADLOCKS: &str = "select deadlocks as n from pg_stat_database where datname = current_database()";

/// Takes what the server takes last, waits until the server has what it takes first and waits for the
/// rest, and asks for that. It never gives way itself, so the database ends the server's transaction.
const CROSSWISE: &str = "
    set deadlock_timeout = '1h';
    begin;
    select seq from chain_head for update;
    do $$ begin
        for round in 1..3000 loop
            exit when exists (select 1 from pg_locks w join pg_locks r on r.pid = w.pid
                where not w.granted and r.relation = 'record'::regclass and r.mode = 'RowExclusiveLock');
            perform pg_sleep(0.01);
        end loop;
    end $$;
    select id from record where number = 'CROSSED' for update;
    commit";

const HELD_FOR_LONG: &str = "begin; select seq from chain_head for update; select pg_sleep(90); commit";
const LET_GO: &str = "select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep(90)%' and pid <> pg_backend_pid()";

fn edit(desk: &Desk, title: &str, key: &str, version: i64) -> Sending {
    Sending::json("PATCH", "/api/v1/records/part/CROSSED", &json!({ "title": title }))
        .with(desk.by_token("engineer"))
        .with([("idempotency-key", key.to_owned()), ("if-match", format!("\"{version}\""))])
}

fn crossed(desk: &Desk) -> Json {
    desk.get("engineer", "/api/v1/records/part/CROSSED").unwrap().unwrap()
}

#[test]
fn frs_dur_003_a_deadlock_is_repeated_and_a_database_that_is_held_up_is_a_503_with_nothing_half_done() {
    let ground = Ground::found(Path::new(env!("CARGO_BIN_EXE_plumb")), Some(postgres()), 1).unwrap();
    let url = ground.program.database.clone().unwrap();
    let database = Database::open_to_read(&Config::Postgres { url: url.clone(), pool_size: 1 }).unwrap();
    let (_server, desk) = ground.serve(&[]).unwrap();
    let body = json!({ "number": "CROSSED", "title": "As it was", "fields": { "unit": "each" } });
    desk.done(&desk.creation("engineer", "part", &body, "crossed")).unwrap().unwrap();
    let before = told(&database, DEADLOCKS);

    let answer = std::thread::scope(|scope| {
        let other = scope.spawn(|| administer(&url, CROSSWISE));
        wait_until(&database, CHAIN_HELD, 1);
        let answer = desk.client.send(&edit(&desk, "After the deadlock", "deadlock", 1)).unwrap();
        other.join().unwrap().unwrap();
        answer
    });
    assert_eq!(answer.status, 200, "{}", answer.text());
    wait_until(&database, DEADLOCKS, before + 1);
    assert_eq!((&crossed(&desk)["title"], &crossed(&desk)["version"]), (&json!("After the deadlock"), &json!(2)), "done once");

    let refused = std::thread::scope(|scope| {
        let other = scope.spawn(|| administer(&url, HELD_FOR_LONG));
        wait_until(&database, CHAIN_HELD, 1);
        let began = Instant::now();
        let asked = scope.spawn(|| desk.client.send(&edit(&desk, "Nobody sees this", "held", 2)).unwrap());
        assert_eq!(crossed(&desk)["version"], json!(2), "reading goes on");
        let refused = asked.join().unwrap();
        assert!(began.elapsed() > GIVEN_UP, "it was tried for a while: {:?}", began.elapsed());
        administer(&url, LET_GO).unwrap();
        // Its connection was taken away under it.
        other.join().unwrap().unwrap_err();
        refused
    });
    assert_eq!((refused.status, refused.json()["code"].as_str()), (503, Some("database_unavailable")), "{}", refused.text());
    assert!(refused.header("retry-after").parse::<u64>().unwrap() > 0);
    assert_eq!((&crossed(&desk)["title"], &crossed(&desk)["version"]), (&json!("After the deadlock"), &json!(2)), "nothing was written");
    // The same request with its key is done now.
    let again = desk.client.send(&edit(&desk, "Nobody sees this", "held", 2)).unwrap();
    assert_eq!((again.status, &again.json()["repeated"]), (200, &json!(false)), "{}", again.text());
    ground.program.run("verify", &[], &[]).unwrap();
}
