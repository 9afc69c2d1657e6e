//! What proofs and other people pay: how long a proof out of the log takes and how large it is, and
//! how long a small command waits beside a release that holds the chain at its end.

use crate::company;
use crate::place::{Postgres, both};
use crate::report::{Budget, line, median, millis, p99};
use db::sql;
use kernel::{MAIN_TENANT, evidence};
use serde_json::json;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;
use testkit::world::{World, signer};

/// Proofs that are measured, spread over the whole log.
const PROVED: usize = 1_000;
/// Proofs before those that are measured: each connection prepares its statements once.
const WARMED: usize = 200;
/// Transactions that the log gets before.
const LOGGED: usize = 5_000;
/// Who writes them, side by side.
const WRITERS: usize = 8;
/// Bytes of one hash.
const HASH_BYTES: usize = 32;

pub fn measure(folder: &Path, postgres: &Postgres) {
    for place in both(folder, postgres, "proof") {
        let world = company::open(place.open());
        log(&world);
        place.settle();
        prove(&world, place.engine);
    }
}

/// Fills the log, and seals it.
fn log(world: &World) {
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            scope.spawn(move || {
                for number in 0..LOGGED / WRITERS {
                    world.create_with(&world.admin, json!({ "kind": "department", "number": format!("LOG-{writer}-{number}"), "title": "Logged" })).unwrap();
                }
            });
        }
    });
    while evidence::checkpoint(&world.kernel, MAIN_TENANT, &signer()).unwrap().is_some() {}
}

fn prove(world: &World, engine: &str) {
    let rows = world.kernel.database().query(sql("select tx from audit_tx where tenant = $1 order by chain, seq"), &[MAIN_TENANT.into()]).unwrap();
    let (mut times, mut largest) = (Vec::new(), 0);
    for (number, row) in rows.iter().step_by((rows.len() / (WARMED + PROVED)).max(1)).take(WARMED + PROVED).enumerate() {
        let id = row.text("tx").unwrap().to_owned();
        let began = Instant::now();
        let proof = world.kernel.database().read(|tx| evidence::prove_transaction(tx, MAIN_TENANT, &id)).unwrap();
        if number >= WARMED {
            times.push(millis(began.elapsed()));
        }
        largest = largest.max(proof.path.len() * HASH_BYTES);
    }
    let log = format!("a log of {} transactions", rows.len());
    line(&format!("Inclusion proof out of {log}, median"), engine, median(times.clone()), "ms", Budget::None);
    line(&format!("Inclusion proof out of {log}, p99"), engine, p99(times), "ms", Budget::AtMost(1.0));
    line("Its path", engine, largest as f64, "bytes", Budget::AtMost(2_000.0));
}

/// How long the one transaction that `work` writes held its chain, in milliseconds: from the statement
/// that takes the head of the chain to the answer to COMMIT.
pub fn held<T>(world: &World, work: impl FnOnce() -> T) -> (T, f64) {
    let (count, total) = (world.kernel.chain_held().transactions(), world.kernel.chain_held().total());
    let done = work();
    assert_eq!(world.kernel.chain_held().transactions(), count + 1);
    (done, millis(world.kernel.chain_held().total() - total))
}

/// Runs `release` and small commands beside it; prints how long the slowest of them took.
pub fn beside(world: &World, engine: &str, release: impl FnOnce() -> f64) -> f64 {
    let done = AtomicBool::new(false);
    let (took, slowest) = std::thread::scope(|scope| {
        let others = scope.spawn(|| {
            let mut slowest: f64 = 0.0;
            for number in 0.. {
                if done.load(Ordering::SeqCst) {
                    break;
                }
                let began = Instant::now();
                world.create_with(&world.admin, json!({ "kind": "department", "number": format!("BESIDE-{number}"), "title": "Beside" })).unwrap();
                slowest = slowest.max(millis(began.elapsed()));
            }
            slowest
        });
        let took = release();
        done.store(true, Ordering::SeqCst);
        (took, others.join().unwrap())
    });
    line("Slowest small command beside that release", engine, slowest, "ms", Budget::None);
    took
}
