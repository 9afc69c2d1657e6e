//! `kill -9` at random moments under several writers.
//!
//! After each kill the server is started again: what it had acknowledged must be there as a whole,
//! what it was about to do there as a whole or not at all. A request without an answer is then sent
//! again as it was, with the same key: it says whether it was done before, and is done once.

use crate::chance::Chance;
use crate::company::{Company, Desk};
use crate::server::{Program, Server};
use crate::violation;
use crate::work::{self, Change, Held, Sort};
use base::{Error, Result};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What to do how often.
#[derive(Debug, Clone)]
pub struct Plan {
    pub seed: u64,
    pub kills: usize,
    /// Goes on past the kills until so many writes were acknowledged.
    pub acknowledged: usize,
    pub writers: u64,
    /// The server lives between so many and so many milliseconds.
    pub lives_ms: (u64, u64),
    /// The whole trail, every row and file is checked after every so many kills, and at the end.
    pub verify_every: usize,
}

/// What came of it.
#[derive(Debug, Clone, Default)]
pub struct Figures {
    pub kills: usize,
    pub acknowledged: BTreeMap<Sort, usize>,
    /// Requests that were sent and not answered, and how many of them had been done.
    pub in_doubt: usize,
    pub done_in_doubt: usize,
    pub verified: usize,
    pub slowest_start: Duration,
    pub took: Duration,
}

impl Figures {
    pub fn all_acknowledged(&self) -> usize {
        self.acknowledged.values().sum()
    }
}

/// How many times longer the server lives once it was killed as often as planned.
const LATER: u64 = 10;

/// Earlier changes that are looked at again after each kill.
const SAMPLE: usize = 60;

/// Runs the plan on a company that was founded in `program`'s data.
pub fn run(program: &Program, company: &Company, log: &Path, plan: &Plan) -> Result<Figures> {
    let began = Instant::now();
    let mut chance = Chance::new(plan.seed);
    let mut figures = Figures::default();
    let mut kept: Vec<Change> = Vec::new();
    be_alone(program)?;
    let mut server = start(program, log, &mut figures)?;
    while figures.kills < plan.kills || kept.len() < plan.acknowledged {
        // Killed often enough, it lives longer, for the writes that are still wanted.
        let longer = if figures.kills < plan.kills { 1 } else { LATER };
        let lives = longer * (plan.lives_ms.0 + chance.below(plan.lives_ms.1 - plan.lives_ms.0));
        let written = write_until_killed(server, company, &chance.branch(figures.kills as u64 + 1), plan, Duration::from_millis(lives))?;
        figures.kills += 1;
        if figures.kills % plan.verify_every == 0 {
            program.run("verify", &[], &[])?;
            figures.verified += 1;
            eprintln!("{} kills, {} writes acknowledged, {} s", figures.kills, figures.all_acknowledged(), began.elapsed().as_secs());
        }
        server = start(program, log, &mut figures)?;
        let desk = company.through(&server);
        for change in &written.acknowledged {
            expect(&desk, change, &[Held::Whole], "was acknowledged before the kill")?;
            *figures.acknowledged.entry(change.sort).or_default() += 1;
        }
        for _ in 0..SAMPLE.min(kept.len()) {
            if let Some(change) = kept.get(chance.place(kept.len())) {
                expect(&desk, change, &[Held::Whole], "was acknowledged before an earlier kill")?;
            }
        }
        for change in &written.in_doubt {
            figures.in_doubt += 1;
            figures.done_in_doubt += usize::from(resolve(&desk, change)?);
            *figures.acknowledged.entry(change.sort).or_default() += 1;
        }
        kept.extend(written.acknowledged);
        kept.extend(written.in_doubt);
    }
    let desk = company.through(&server);
    for change in &kept {
        expect(&desk, change, &[Held::Whole], "was acknowledged in this run")?;
    }
    server.kill();
    program.run("verify", &[], &[])?;
    figures.verified += 1;
    figures.took = began.elapsed();
    Ok(figures)
}

fn start(program: &Program, log: &Path, figures: &mut Figures) -> Result<Server> {
    wait_for_the_dead(program)?;
    let server = program.serve(log, &[])?;
    figures.slowest_start = figures.slowest_start.max(server.took);
    Ok(server)
}

/// Everybody else who is connected to the database.
const OTHERS: &str = "select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()";

/// Ends connections that were there before this run, so that from then on only the server's are.
fn be_alone(program: &Program) -> Result<()> {
    let Some(url) = &program.database else { return Ok(()) };
    let database = db::Database::open(&db::Config::Postgres { url: url.clone(), pool_size: 1 })?;
    let ending = "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()";
    database.read(|tx| tx.query_text(ending, &[])).map(|_| ())
}

/// PostgreSQL notices a little later that its client is gone, and may still finish a COMMIT: until
/// then nobody can say what was done.
fn wait_for_the_dead(program: &Program) -> Result<()> {
    let Some(url) = &program.database else { return Ok(()) };
    let database = db::Database::open(&db::Config::Postgres { url: url.clone(), pool_size: 1 })?;
    let began = Instant::now();
    while !database.read(|tx| tx.query_text(OTHERS, &[]))?.is_empty() {
        if began.elapsed() > Duration::from_secs(30) {
            return Err(Error::internal("connections of the killed server linger"));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

/// What the writers of one life of the server did.
#[derive(Debug, Default)]
struct Written {
    acknowledged: Vec<Change>,
    in_doubt: Vec<Change>,
}

fn write_until_killed(server: Server, company: &Company, chance: &Chance, plan: &Plan, lives: Duration) -> Result<Written> {
    let stop = AtomicBool::new(false);
    let desk = company.through(&server);
    let mut stocked = stock(&desk, &mut chance.branch(0))?;
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..plan.writers)
            .map(|writer| {
                // Each of the first takes one of what was prepared.
                let (desk, mut chance, stop, stocked) = (desk.clone(), chance.branch(writer + 1), &stop, stocked.pop().into_iter().collect());
                scope.spawn(move || write(&desk, &mut chance, stop, stocked))
            })
            .collect();
        std::thread::sleep(lives);
        server.kill();
        stop.store(true, Ordering::SeqCst);
        let mut all = Written::default();
        for writer in writers {
            let written = writer.join().map_err(|_| Error::internal("a writer panicked"))??;
            all.acknowledged.extend(written.acknowledged);
            all.in_doubt.extend(written.in_doubt);
        }
        Ok(all)
    })
}

/// What takes many requests before its deciding one is prepared while the server is not being killed.
fn stock(desk: &Desk, chance: &mut Chance) -> Result<Vec<Change>> {
    let mut stocked = Vec::new();
    for sort in [Sort::Release, Sort::Sign] {
        let name = format!("T{:016X}", chance.draw());
        stocked.extend(work::prepare(desk, sort, &name)?);
    }
    Ok(stocked)
}

fn write(desk: &Desk, chance: &mut Chance, stop: &AtomicBool, mut stocked: Vec<Change>) -> Result<Written> {
    let mut written = Written::default();
    while !stop.load(Ordering::SeqCst) {
        let name = format!("S{:016X}", chance.draw());
        let taken = if chance.below(3) == 0 { stocked.pop() } else { None };
        let made = match taken {
            Some(change) => Some(change),
            None => work::prepare(desk, Sort::pick(chance), &name)?,
        };
        let Some(change) = made else { break };
        match desk.done(&change.deciding)? {
            Some(_) => written.acknowledged.push(change),
            None => {
                written.in_doubt.push(change);
                break;
            }
        }
    }
    Ok(written)
}

/// Refuses what is there of a change unless it is one of `allowed`.
pub(crate) fn expect(desk: &Desk, change: &Change, allowed: &[Held], why: &str) -> Result<Held> {
    let held = work::look(desk, change)?;
    if allowed.contains(&held) {
        return Ok(held);
    }
    Err(violation(format!("{} {} {why}, and is {held:?}", change.sort.name(), change.name)))
}

/// Sends a request again whose answer never came; answers whether it had been done.
fn resolve(desk: &Desk, change: &Change) -> Result<bool> {
    let was_done = expect(desk, change, &[Held::Whole, Held::Nothing], "was in doubt")? == Held::Whole;
    let again = desk.done(&change.deciding)?.ok_or_else(|| violation("a request that was sent again was not answered"))?;
    if again.json()["repeated"] != was_done {
        return Err(violation(format!("{} {} was done: {was_done}; sent again, the server says {}", change.sort.name(), change.name, again.text())));
    }
    expect(desk, change, &[Held::Whole], "was sent again and acknowledged")?;
    Ok(was_done)
}
