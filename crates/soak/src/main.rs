//! `make soak`: the long forms, and their figures for docs/RELIABILITY.md.
//!
//! `soak BINARY [--seed N] [--share PERCENT] [--only PART] [--on ENGINE]`: a share below 100
//! does less of everything.

use base::{Error, Result, SystemIds, IdSource as _};
use soak::chance::Chance;
use soak::races::Race;
use soak::work::Sort;
use soak::ground::Ground;
use soak::failover::{Fault, Site};
use soak::{crash, power};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};
use testkit::engines::postgres;

/// What the long forms do at least, for both engines together.
const KILLS: usize = 520;
const ACKNOWLEDGED: usize = 52_000;
const STATES: usize = 306;
const RACES: usize = 240;
/// Recordings that the states come from, each of another run.
const RECORDINGS: usize = 6;
const OPERATORS: usize = 25;
/// How often each part of the cluster is taken away.
const FAILOVERS: usize = 2;

/// What can be wanted alone.
const PARTS: [&str; 4] = ["races", "power", "kills", "failover"];
const POSTGRES: &str = "PostgreSQL";
const ENGINES: [&str; 2] = ["SQLite", POSTGRES];

struct Orders {
    binary: PathBuf,
    seed: u64,
    share: usize,
    /// One of the parts, where not all are wanted.
    only: Option<String>,
    /// One of the engines, where not both are wanted.
    on: Option<String>,
}

impl Orders {
    /// The share of a whole number, and never so little that it shows nothing.
    fn of(&self, whole: usize) -> usize {
        (whole * self.share / 100).max(2)
    }

    fn is_on(&self, engine: &str) -> bool {
        self.only.as_deref() != Some("failover") && self.on.as_deref().is_none_or(|on| on.eq_ignore_ascii_case(engine))
    }

    fn wants(&self, part: &str) -> bool {
        self.only.as_deref().is_none_or(|only| only == part)
    }
}

fn main() -> ExitCode {
    match orders().and_then(|orders| run(&orders)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn orders() -> Result<Orders> {
    let mut arguments = std::env::args().skip(1);
    let usage = || Error::internal("usage: soak BINARY [--seed N] [--share PERCENT] [--only PART] [--on ENGINE]");
    let binary = PathBuf::from(arguments.next().ok_or_else(usage)?).canonicalize().map_err(Error::internal)?;
    let random = SystemIds::default().random_bytes(4);
    let mut orders = Orders { binary, seed: random.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)), share: 100, only: None, on: None };
    while let Some(option) = arguments.next() {
        let value = arguments.next().ok_or_else(usage)?;
        match option.as_str() {
            "--seed" => orders.seed = value.parse().map_err(Error::internal)?,
            "--share" => orders.share = value.parse().map_err(Error::internal)?,
            "--on" if ENGINES.iter().any(|engine| engine.eq_ignore_ascii_case(&value)) => orders.on = Some(value),
            "--only" if PARTS.contains(&value.as_str()) => orders.only = Some(value),
            _ => return Err(usage()),
        }
    }
    Ok(orders)
}

fn run(orders: &Orders) -> Result<()> {
    println!("seed {}, share {} %", orders.seed, orders.share);
    let mut table = Table::default();
    // Each company is founded when its turn comes: sessions end while nobody uses them.
    for engine in ENGINES.into_iter().filter(|engine| orders.is_on(engine)) {
        let database = (engine == POSTGRES).then(postgres);
        run_on(&Ground::found(&orders.binary, database, OPERATORS)?, orders, &mut table)?;
    }
    if orders.wants("failover") && orders.on.is_none() {
        fail_over(orders, orders.of(Fault::ALL.len() * FAILOVERS).max(Fault::ALL.len()), &mut table)?;
    }
    println!("\n{}", table.0);
    Ok(())
}

/// The parts that one engine is enough for.
fn run_on(ground: &Ground, orders: &Orders, table: &mut Table) -> Result<()> {
    if orders.wants("races") {
        table.row(ground.engine(), "races", &race(ground, orders.seed, orders.of(RACES / 2))?);
    }
    // PostgreSQL's own files are its own affair.
    if orders.wants("power") && ground.engine() != POSTGRES {
        table.row(ground.engine(), "power loss", &lose_power(ground, orders.seed, orders.of(STATES))?);
    }
    if orders.wants("kills") {
        table.row(ground.engine(), "kill -9", &kill(ground, orders)?);
    }
    Ok(())
}

fn kill(ground: &Ground, orders: &Orders) -> Result<String> {
    let plan = crash::Plan {
        seed: orders.seed,
        kills: orders.of(KILLS / 2),
        acknowledged: orders.of(ACKNOWLEDGED / 2),
        writers: 6,
        lives_ms: (60, 900),
        verify_every: orders.of(40),
    };
    let figures = crash::run(&ground.program, &ground.company, &ground.log(), &plan)?;
    let by_sort = Sort::ALL.map(|sort| format!("{} {}", figures.acknowledged.get(&sort).copied().unwrap_or_default(), sort.name())).join(", ");
    Ok(format!(
        "{} kills; {} writes acknowledged ({by_sort}), none lost, none doubled; {} in doubt, of which {} had been done, all resolved by key; trail and files verified {} times; slowest start {} ms; {} s",
        figures.kills,
        figures.all_acknowledged(),
        figures.in_doubt,
        figures.done_in_doubt,
        figures.verified,
        figures.slowest_start.as_millis(),
        figures.took.as_secs()
    ))
}

/// Rows of the table in docs/RELIABILITY.md; each is printed when it is there.
#[derive(Default)]
struct Table(String);

impl Table {
    fn row(&mut self, engine: &str, what: &str, figures: &str) {
        let row = format!("| {what} | {engine} | {figures} |");
        println!("{row}");
        self.0.push_str(&row);
        self.0.push('\n');
    }
}

fn race(ground: &Ground, seed: u64, races: usize) -> Result<String> {
    let began = Instant::now();
    let (server, desk) = ground.serve(&[])?;
    let mut chance = Chance::new(seed);
    let (mut counted, mut statuses) = (BTreeMap::<Race, usize>::new(), BTreeMap::<u16, usize>::new());
    for (number, race) in Race::ALL.into_iter().cycle().take(races).enumerate() {
        let clients = 2 + chance.place(14);
        let won = race.run(&desk, &format!("R{number}-{:08X}", chance.draw() as u32), clients);
        for (status, count) in won.map_err(|error| soak::violation(format!("{} of {clients} on {}: {error}", race.name(), ground.engine())))? {
            *statuses.entry(status).or_default() += count;
        }
        *counted.entry(race).or_default() += 1;
    }
    server.kill();
    let counted = counted.iter().map(|(race, count)| format!("{count} {}", race.name())).collect::<Vec<_>>().join(", ");
    let statuses = statuses.iter().map(|(status, count)| format!("{count} × {status}")).collect::<Vec<_>>().join(", ");
    Ok(format!("{races} races ({counted}), one winner in each; answers: {statuses}; {} s", began.elapsed().as_secs()))
}

fn lose_power(ground: &Ground, seed: u64, states: usize) -> Result<String> {
    let mut all = power::Figures::default();
    for recording in 0..RECORDINGS {
        let folder = ground.path().join(format!("power-{recording}"));
        std::fs::create_dir(&folder).map_err(Error::internal)?;
        // At each moment the disk is put together in six ways: two rules for names, three losses.
        let plan = power::Plan { seed: seed + recording as u64, records: Duration::from_secs(2), writers: 3, moments: states.div_ceil(6 * RECORDINGS) };
        let figures = power::run(&ground.program, &ground.company, Path::new(&folder), &plan)?;
        all.entries += figures.entries;
        all.acknowledged += figures.acknowledged;
        all.states += figures.states;
        all.took += figures.took;
    }
    Ok(format!(
        "{} states of the disk, of {RECORDINGS} recorded runs ({} writes, syncs and names; {} acknowledged changes), nothing acknowledged lost, nothing half; {} s",
        all.states,
        all.entries,
        all.acknowledged,
        all.took.as_secs()
    ))
}

fn fail_over(orders: &Orders, faults: usize, table: &mut Table) -> Result<()> {
    let mut site = Site::start(&orders.binary)?;
    for (number, fault) in Fault::ALL.into_iter().cycle().take(faults).enumerate() {
        println!("with load on: {}", fault.name());
        let figures = site.run(fault, orders.seed + number as u64).inspect_err(|_| eprintln!("{}", site.said()))?;
        let said = format!(
            "{} writes acknowledged, 0 lost, 0 doubled; {} records read back at once through any node; {} sent again, of which {} had been done; longest time without an answer {:.1} s; trail and files verified; {} s",
            figures.acknowledged,
            figures.read_back,
            figures.in_doubt,
            figures.done_in_doubt,
            figures.longest_pause.as_secs_f64(),
            figures.took.as_secs()
        );
        table.row("two nodes, Patroni, S3", fault.name(), &said);
    }
    Ok(())
}
