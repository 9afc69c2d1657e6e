//! Small audited commands: one field of a record changes, with its event, version, search words and
//! a link in the chain.

use crate::company;
use crate::place::{Postgres, both};
use crate::report::{Budget, line, median};
use kernel::Kernel;
use kernel::authority::Actor;
use kernel::command::Request;
use serde_json::json;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const CLIENTS: i64 = 64;
const RUNS: usize = 3;
const RUN: Duration = Duration::from_secs(4);

static KEYS: AtomicU64 = AtomicU64::new(0);

pub fn measure(folder: &Path, postgres: &Postgres) {
    for place in both(folder, postgres, "commands") {
        let world = company::open(place.open());
        let engineer = world.person("erin", &["design_engineer"]);
        company::fill(&world, &engineer, "bench.parts", "P", CLIENTS);
        let records: Vec<_> = (0..CLIENTS).map(|number| world.named("part", &format!("P-{number:06}")).id).collect();
        for clients in [1, records.len()] {
            let runs = (0..RUNS).map(|_| per_second(&world.kernel, &engineer, &records[..clients])).collect();
            let budget = if clients > 1 && place.engine == "SQLite" { Budget::AtLeast(10_000.0) } else { Budget::None };
            let who = if clients == 1 { "1 client".to_owned() } else { format!("{clients} clients") };
            line(&format!("Small audited commands, {who}"), place.engine, median(runs), "/s", budget);
        }
    }
}

/// Every client changes a record of its own as fast as it is answered.
fn per_second(kernel: &Kernel, actor: &Actor, records: &[String]) -> f64 {
    let began = Instant::now();
    let done: u64 = std::thread::scope(|scope| {
        let clients: Vec<_> = records.iter().map(|record| scope.spawn(move || edit_until(kernel, actor, record, began + RUN))).collect();
        clients.into_iter().map(|client| client.join().unwrap()).sum()
    });
    done as f64 / began.elapsed().as_secs_f64()
}

fn edit_until(kernel: &Kernel, actor: &Actor, record: &str, end: Instant) -> u64 {
    let id = record.to_owned();
    let mut version = kernel.database().read(move |tx| kernel::record::get(tx, kernel::MAIN_TENANT, &id)).unwrap().version;
    let mut done = 0;
    while Instant::now() < end {
        let key = KEYS.fetch_add(1, Ordering::Relaxed);
        let input = json!({ "record": record, "version": version, "fields": { "description": format!("Torque {key} Nm") } });
        kernel.execute(actor, &Request::new("record.edit", input, format!("bench-{key}"))).unwrap();
        version += 1;
        done += 1;
    }
    done
}
