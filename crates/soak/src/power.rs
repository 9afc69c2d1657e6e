//! The power goes: a run is recorded down to each write and sync, and for many of its moments the
//! disk is put together as it may look afterwards. The server is started on each of these states;
//! what it had acknowledged before that moment must be there, everything else as a whole or not at
//! all, and the trail and every file must verify.

use crate::chance::Chance;
use crate::company::{Company, Desk};
use crate::crash::expect;
use crate::disk::{Disk, Entry, Loss, Names, Recorder};
use crate::server::Program;
use crate::violation;
use crate::work::{self, Change, Held, Sort};
use base::{Error, Result};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What to do how often.
#[derive(Debug, Clone)]
pub struct Plan {
    pub seed: u64,
    /// How long is recorded.
    pub records: Duration,
    pub writers: u64,
    /// Moments at which the power goes; at each, the disk is put together in several ways.
    pub moments: usize,
}

#[derive(Debug, Clone, Default)]
pub struct Figures {
    /// Entries of the recording: writes, syncs, names.
    pub entries: usize,
    pub acknowledged: usize,
    pub states: usize,
    pub took: Duration,
}

/// Records a run on a copy of the founded company in `folder`, and loses the power many times.
pub fn run(program: &Program, company: &Company, folder: &Path, plan: &Plan) -> Result<Figures> {
    let began = Instant::now();
    let (live, log) = (folder.join("live"), folder.join("server.log"));
    copy(&program.data, &live)?;
    let recorder = Recorder::build(folder)?;
    let made = record(&program.on(&live), company, &recorder, &log, plan)?;
    let recording = recorder.read(&live)?;
    let mut figures = Figures { entries: recording.entries.len(), ..Figures::default() };
    figures.acknowledged = recording.entries.iter().filter(|entry| matches!(entry, Entry::Acknowledged { .. })).count();
    if figures.acknowledged == 0 || figures.entries < 2 * figures.acknowledged {
        return Err(violation(format!("nothing was recorded: {figures:?}")));
    }
    let mut chance = Chance::new(plan.seed);
    let moments: BTreeSet<usize> = (0..plan.moments).map(|_| chance.place(figures.entries)).collect();
    for rule in [Names::Journal, Names::Folder] {
        let mut disk = Disk::of_folder(&program.data, rule)?;
        let mut acknowledged = BTreeSet::new();
        for (moment, entry) in recording.entries.iter().enumerate() {
            disk.advance(entry)?;
            if let Entry::Acknowledged { number } = entry {
                acknowledged.insert(*number);
            }
            if !moments.contains(&moment) {
                continue;
            }
            for loss in Loss::EACH {
                let after = folder.join("after");
                fs::create_dir(&after).map_err(Error::internal)?;
                disk.lose_power(loss, &mut chance, &after)?;
                check(&program.on(&after), company, &log, &made, &acknowledged)
                    .map_err(|error| violation(format!("power lost at entry {moment} of {} ({rule:?}, {loss:?}): {error}", figures.entries)))?;
                fs::remove_dir_all(&after).map_err(Error::internal)?;
                figures.states += 1;
            }
        }
    }
    fs::remove_dir_all(&live).map_err(Error::internal)?;
    figures.took = began.elapsed();
    Ok(figures)
}

/// What was asked for, in the order of its numbers; which was acknowledged says the recording.
fn record(program: &Program, company: &Company, recorder: &Recorder, log: &Path, plan: &Plan) -> Result<Vec<Change>> {
    recorder.clear()?;
    let server = program.serve(log, &recorder.recording(&program.data))?;
    let desk = company.through(&server);
    let (made, stop, chance) = (Mutex::new(Vec::new()), AtomicBool::new(false), Chance::new(plan.seed));
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..plan.writers)
            .map(|writer| {
                let (desk, made, stop, mut chance) = (&desk, &made, &stop, chance.branch(writer + 1));
                scope.spawn(move || write(desk, &mut chance, recorder, made, stop))
            })
            .collect();
        std::thread::sleep(plan.records);
        stop.store(true, Ordering::SeqCst);
        writers.into_iter().try_for_each(|writer| writer.join().map_err(|_| Error::internal("a writer panicked"))?)
    })?;
    server.kill();
    made.into_inner().map_err(|_| Error::internal("a writer panicked"))
}

fn write(desk: &Desk, chance: &mut Chance, recorder: &Recorder, made: &Mutex<Vec<Change>>, stop: &AtomicBool) -> Result<()> {
    // Every sort comes early, so that short recordings have all of them.
    let mut first = Sort::ALL.into_iter();
    while !stop.load(Ordering::SeqCst) {
        let sort = first.next().unwrap_or_else(|| Sort::pick(chance));
        let name = format!("P{:016X}", chance.draw());
        let Some(change) = work::prepare(desk, sort, &name)? else { return Err(Error::internal("the recorded server went away")) };
        let number = {
            let mut made = made.lock().map_err(|_| Error::internal("a writer panicked"))?;
            made.push(change.clone());
            made.len() as u64 - 1
        };
        if desk.done(&change.deciding)?.is_some() {
            recorder.acknowledge(number)?;
        }
    }
    Ok(())
}

fn check(program: &Program, company: &Company, log: &Path, made: &[Change], acknowledged: &BTreeSet<u64>) -> Result<()> {
    let server = program.serve(log, &[])?;
    let desk = company.through(&server);
    for (number, change) in made.iter().enumerate() {
        if acknowledged.contains(&(number as u64)) {
            expect(&desk, change, &[Held::Whole], "was acknowledged before the power went")?;
        } else {
            expect(&desk, change, &[Held::Whole, Held::Nothing], "was not acknowledged when the power went")?;
        }
    }
    let further = work::prepare(&desk, Sort::Record, "AFTER-THE-CUT")?.ok_or_else(|| violation("nothing can be written any more"))?;
    desk.done(&further.deciding)?.ok_or_else(|| violation("nothing can be written any more"))?;
    server.kill();
    program.run("verify", &[], &[]).map(|_| ())
}

/// Copies a folder with all below it.
pub fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).map_err(Error::internal)?;
    for entry in fs::read_dir(from).map_err(Error::internal)? {
        let entry = entry.map_err(Error::internal)?;
        let target = to.join(entry.file_name());
        if entry.file_type().map_err(Error::internal)?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target).map_err(Error::internal)?;
        }
    }
    Ok(())
}
