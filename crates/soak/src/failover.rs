//! Several nodes behind one address, PostgreSQL under Patroni, files on S3: a node is killed, the
//! database is killed, it hangs, it changes places on purpose, each with load on.
//!
//! Whoever writes does what a careful client does: a request without an answer is sent again with
//! the same key until it is answered. Afterwards everything acknowledged must be there once, and
//! the trail must verify.

use crate::chance::Chance;
use crate::company::{Company, Desk};
use crate::crash::expect;
use crate::http::Client;
use crate::server::{Program, Server};
use crate::violation;
use crate::work::{self, Change, Held, Sort};
use base::{Error, Result};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};
use testkit::cluster::{Cluster, Front, free_address};
use testkit::s3::S3Server;

/// Nodes behind the address.
const NODES: usize = 2;
const OPERATORS: usize = 25;
const WRITERS: u64 = 6;
/// Load before the fault, and after everything works again.
const BEFORE: Duration = Duration::from_secs(5);
const AFTER: Duration = Duration::from_secs(5);
/// Longer nobody is without an answer.
const PATIENCE: Duration = Duration::from_secs(150);
/// Lines of each log that are told when something went wrong.
const TOLD_LINES: usize = 40;
/// Between two tries of a request.
const PAUSE: Duration = Duration::from_millis(100);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    NodeKilled,
    DatabaseKilled,
    PrimaryFrozen,
    Switchover,
}

impl Fault {
    pub const ALL: [Self; 4] = [Self::NodeKilled, Self::DatabaseKilled, Self::PrimaryFrozen, Self::Switchover];

    pub fn name(self) -> &'static str {
        match self {
            Self::NodeKilled => "node killed",
            Self::DatabaseKilled => "database killed",
            Self::PrimaryFrozen => "primary frozen",
            Self::Switchover => "planned switchover",
        }
    }
}

/// What came of one fault.
#[derive(Debug, Clone, Default)]
pub struct Figures {
    pub acknowledged: usize,
    /// Requests that had to be sent again, and how many of them had been done by the first.
    pub in_doubt: usize,
    pub done_in_doubt: usize,
    /// Records that were read right after they were acknowledged, through whichever node.
    pub read_back: usize,
    /// Without any acknowledgement, from the fault on.
    pub longest_pause: Duration,
    pub took: Duration,
}

/// The whole installation; it ends with this value.
pub struct Site {
    cluster: Cluster,
    _bucket: S3Server,
    programs: Vec<Program>,
    addresses: Vec<String>,
    nodes: Vec<Option<Server>>,
    front: Front,
    company: Company,
    folder: tempfile::TempDir,
}

impl Site {
    pub fn start(binary: &Path) -> Result<Self> {
        let folder = tempfile::tempdir().map_err(Error::internal)?;
        let cluster = Cluster::start()?;
        let bucket = S3Server::start();
        bucket.make("plumb-files");
        let mut variables = bucket.environment();
        variables.push(("PLUMB_FILES", "s3://plumb-files/company".to_owned()));
        let programs: Vec<Program> = (0..NODES)
            .map(|number| Program {
                binary: PathBuf::from(binary),
                data: folder.path().join(format!("node{number}")),
                database: Some(cluster.url()),
                variables: variables.clone(),
            })
            .collect();
        let first = programs.first().ok_or_else(|| Error::internal("no node"))?;
        let company = Company::found(first, &folder.path().join("founding.log"), OPERATORS)?;
        let addresses: Vec<String> = programs.iter().map(|_| free_address()).collect();
        let front = Front::start(&addresses)?;
        let mut site = Self { cluster, _bucket: bucket, programs, addresses, nodes: Vec::new(), front, company, folder };
        site.nodes = (0..NODES).map(|_| None).collect();
        site.start_nodes()?;
        Ok(site)
    }

    fn start_nodes(&mut self) -> Result<()> {
        for (number, node) in self.nodes.iter_mut().enumerate() {
            let (Some(program), Some(address)) = (self.programs.get(number), self.addresses.get(number)) else { continue };
            if node.is_none() {
                *node = Some(program.serve_at(address, &self.folder.path().join(format!("node{number}.log")))?);
            }
        }
        Ok(())
    }

    fn desk(&self) -> Desk {
        Desk { client: Client::new(&self.front.origin()), company: self.company.clone() }
    }

    /// The last that the nodes and the cluster have said.
    pub fn said(&self) -> String {
        let logs = (0..NODES).map(|number| format!("node{number}.log")).map(|name| (self.folder.path().join(&name), name));
        let tails = logs.map(|(path, name)| {
            let text = std::fs::read_to_string(path).unwrap_or_else(|error| error.to_string());
            let lines: Vec<&str> = text.lines().collect();
            format!("{name}:\n{}\n", lines.get(lines.len().saturating_sub(TOLD_LINES)..).unwrap_or_default().join("\n"))
        });
        tails.chain([self.cluster.said()]).collect()
    }

    /// One fault with load on, and what is there afterwards.
    pub fn run(&mut self, fault: Fault, seed: u64) -> Result<Figures> {
        let began = Instant::now();
        let (stop, log) = (AtomicBool::new(false), Mutex::new(Vec::new()));
        let chance = Chance::new(seed);
        let desk = self.desk();
        let (written, struck) = thread::scope(|scope| {
            let writers: Vec<_> = (0..WRITERS)
                .map(|writer| {
                    let (desk, mut chance, stop, log) = (&desk, chance.branch(writer + 1), &stop, &log);
                    scope.spawn(move || write(desk, &mut chance, stop, log))
                })
                .collect();
            sleep(BEFORE);
            let struck = self.strike(fault, &log);
            stop.store(true, Ordering::SeqCst);
            let mut all = Written::default();
            for writer in writers {
                let written = writer.join().map_err(|_| Error::internal("a writer panicked"))??;
                all.changes.extend(written.changes);
                all.in_doubt += written.in_doubt;
                all.done_in_doubt += written.done_in_doubt;
                all.read_back += written.read_back;
            }
            Ok::<_, Error>((all, struck?))
        })?;
        for change in &written.changes {
            expect(&desk, change, &[Held::Whole], "was acknowledged")?;
        }
        let first = self.programs.first().ok_or_else(|| Error::internal("no node"))?;
        first.run("verify", &[], &[])?;
        Ok(Figures {
            acknowledged: written.changes.len(),
            in_doubt: written.in_doubt,
            done_in_doubt: written.done_in_doubt,
            read_back: written.read_back,
            longest_pause: longest_pause(struck, &acknowledged_at(&log)),
            took: began.elapsed(),
        })
    }

    /// Does it, waits until changes are acknowledged again, and mends what was broken; answers when
    /// it struck.
    fn strike(&mut self, fault: Fault, log: &Mutex<Vec<Instant>>) -> Result<Instant> {
        let struck = Instant::now();
        match fault {
            Fault::NodeKilled => drop(self.nodes.first_mut().and_then(Option::take)),
            Fault::DatabaseKilled => drop(self.cluster.kill_primary()?),
            Fault::PrimaryFrozen => drop(self.cluster.freeze_primary()?),
            Fault::Switchover => drop(self.cluster.switch_over()?),
        }
        // An acknowledgement that was on its way at the moment of the fault says nothing.
        let settled = Instant::now() + Duration::from_secs(2);
        while acknowledged_at(log).last().is_none_or(|last| *last <= settled) {
            if struck.elapsed() > PATIENCE {
                return Err(violation(format!("nothing was acknowledged for {} s after: {}", PATIENCE.as_secs(), fault.name())));
            }
            sleep(PAUSE);
        }
        self.start_nodes()?;
        self.cluster.revive()?;
        self.cluster.wait_until_whole()?;
        sleep(AFTER);
        Ok(struck)
    }
}

fn acknowledged_at(log: &Mutex<Vec<Instant>>) -> Vec<Instant> {
    log.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// The longest time without an acknowledgement, from this moment to the last one.
fn longest_pause(since: Instant, at: &[Instant]) -> Duration {
    let mut moments: Vec<Instant> = at.iter().copied().filter(|moment| *moment >= since).collect();
    moments.push(since);
    moments.sort_unstable();
    moments.windows(2).filter_map(|pair| Some(pair.last()?.duration_since(*pair.first()?))).max().unwrap_or_default()
}

/// What a writer did; everything in it was acknowledged.
#[derive(Debug, Default)]
struct Written {
    changes: Vec<Change>,
    in_doubt: usize,
    done_in_doubt: usize,
    read_back: usize,
}

fn write(desk: &Desk, chance: &mut Chance, stop: &AtomicBool, log: &Mutex<Vec<Instant>>) -> Result<Written> {
    let mut written = Written::default();
    while !stop.load(Ordering::SeqCst) {
        let name = format!("F{:016X}", chance.draw());
        let Some(change) = work::prepare(desk, Sort::pick(chance), &name)? else {
            sleep(PAUSE);
            continue;
        };
        let sent = Instant::now();
        let mut tries = 0;
        let answer = loop {
            tries += 1;
            if let Some(answer) = desk.done(&change.deciding)? {
                break answer;
            }
            if sent.elapsed() > PATIENCE {
                return Err(violation(format!("{} {} was not answered within {} s", change.sort.name(), change.name, PATIENCE.as_secs())));
            }
            sleep(PAUSE);
        };
        log.lock().unwrap_or_else(PoisonError::into_inner).push(Instant::now());
        if tries > 1 {
            written.in_doubt += 1;
            written.done_in_doubt += usize::from(answer.json()["repeated"] == true);
        }
        if change.sort == Sort::Record && desk.get("quality", &format!("/api/v1/records/part/{name}"))?.is_some() {
            written.read_back += 1;
        }
        written.changes.push(change);
    }
    Ok(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_pause_counts_from_the_fault() {
        let start = Instant::now();
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        assert_eq!(longest_pause(at(10), &[at(1), at(9), at(12), at(30), at(31)]), Duration::from_secs(18));
        assert_eq!(longest_pause(at(10), &[at(25), at(26)]), Duration::from_secs(15));
        assert_eq!(longest_pause(at(10), &[]), Duration::ZERO);
    }
}
