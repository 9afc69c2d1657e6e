//! Looking after the data: scrubbing, sweeping, and work that cannot be done.

use base::limits::JOBS_PER_TURN;
use kernel::authority::Actor;
use kernel::catalog::Module;
use kernel::jobs::{self, Job, JobDef, QueueDef};
use kernel::kind::{Area, Field, Kind, Phase, Step};
use kernel::rule::StepContext;
use kernel::trail::WriteTx;
use kernel::upkeep::{FAULT, open_faults};
use kernel::{Kernel, MAIN_TENANT};
use serde_json::{Value as Json, json};
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use testkit::engines::{TestDatabase, both_migrated};
use testkit::world::World;

const DAY: i64 = 86_400;
const QUEUED: usize = 1_000;
/// The one that can never be done.
const POISON: usize = 500;

fn note() -> Kind {
    Kind::new("note", "Note", "Notes", Area::Quality)
        .counted("N", 3)
        .field(Field::line("word", "Word"))
        .state("open", "Open", Phase::InWork)
        .state("done", "Done", Phase::Closed)
        .step(Step::new("finish", "Finish", &["open"], "done").by(&["quality_engineer"]))
        .allow("everyone", &["view"])
        .allow("quality_engineer", &["create", "edit"])
}

/// Queues a thousand jobs in the transaction of the step.
fn queue(tx: &mut WriteTx<'_>, context: &StepContext<'_>) -> base::Result<()> {
    if context.record.kind == "note" {
        for number in 0..QUEUED {
            jobs::enqueue(tx, "numbers", &json!(number))?;
        }
    }
    Ok(())
}

static DONE: AtomicUsize = AtomicUsize::new(0);

fn do_number(_: &Kernel, _: &Actor, job: &Job) -> base::Result<()> {
    assert_ne!(job.payload()?, json!(POISON), "this one cannot be done");
    DONE.fetch_add(1, Ordering::SeqCst);
    Ok(())
}

static TURNS: AtomicUsize = AtomicUsize::new(0);

pub fn modules() -> Vec<Module> {
    let panics = JobDef { name: "a.panics", label: "Panics", run: |_, _| panic!("of all things") };
    let counts = JobDef {
        name: "b.counts",
        label: "Counts",
        run: |_, _| {
            TURNS.fetch_add(1, Ordering::SeqCst);
            Ok(())
        },
    };
    let queues = vec![QueueDef { name: "numbers", run: do_number }];
    vec![Module { kinds: vec![note()], after_step: vec![queue], queues, jobs: vec![panics, counts], ..Module::default() }]
}

/// A thousand jobs that wait.
pub fn queue_all(world: &World) {
    let author = world.person("dora", &["quality_engineer"]);
    let id = world.create(&author, "note", "A thousand jobs", json!({})).unwrap();
    world.step(&author, &id, "finish").unwrap();
}

fn small() -> Vec<Module> {
    vec![Module { kinds: vec![note()], ..Module::default() }]
}

/// A note with a file of this content; answers the file's digest and where it lies.
fn attached(world: &World, author: &Actor, content: &[u8]) -> (String, PathBuf) {
    let digest = world.kernel.files().put(content, 1_000).unwrap().hex();
    let id = world.create(author, "note", "With a file", json!({})).unwrap();
    let input = json!({"record": id, "version": 1, "name": "a.txt", "media_type": "text/plain", "digest": digest, "size_bytes": content.len()});
    world.run(author, "file.attach", input).unwrap();
    let path = world.files_folder().join("objects").join(&digest[..2]).join(&digest[2..4]).join(&digest);
    (digest, path)
}

/// One bit of the file is another one from now on.
fn flip_a_bit(path: &PathBuf) {
    let mut bytes = fs::read(path).unwrap();
    bytes[3] ^= 4;
    fs::remove_file(path).unwrap();
    fs::write(path, bytes).unwrap();
}

fn turn(world: &World) {
    jobs::run_all(&world.kernel, MAIN_TENANT, "node").unwrap();
}

fn faults(world: &World) -> Vec<kernel::record::Record> {
    of_kind(world, FAULT)
}

fn of_kind(world: &World, kind: &str) -> Vec<kernel::record::Record> {
    let ids = world
        .kernel
        .database()
        .read(|tx| tx.query(db::sql("select id from record where tenant = $1 and kind = $2 order by id"), &[MAIN_TENANT.into(), kind.into()]))
        .unwrap();
    ids.iter().map(|row| world.record(row.text("id").unwrap())).collect()
}

#[test]
fn frs_upk_001_a_flipped_bit_and_a_missing_file_are_found_within_a_month_and_stay_until_somebody_has_looked_after_them() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), small());
        let author = world.person("dora", &["quality_engineer"]);
        let manager = world.person("quinn", &["quality_manager"]);
        let (_, sound) = attached(&world, &author, b"sound");
        let (flipped, flipped_path) = attached(&world, &author, b"flipped");
        let (missing, missing_path) = attached(&world, &author, b"missing");
        turn(&world);
        assert_eq!(faults(&world), []);

        flip_a_bit(&flipped_path);
        fs::remove_file(&missing_path).unwrap();
        turn(&world);
        assert_eq!(faults(&world), [], "not before the next round");
        world.clock.advance_seconds(29 * DAY);
        turn(&world);
        let found = faults(&world);
        let mut subjects: Vec<_> = found.iter().map(|fault| fault.fields["subject"].as_str().unwrap().to_owned()).collect();
        subjects.sort();
        let mut expected = vec![flipped, missing];
        expected.sort();
        assert_eq!(subjects, expected);
        assert!(found.iter().any(|fault| fault.fields["found"].as_str().unwrap().contains("is damaged")), "{found:?}");
        assert!(found.iter().any(|fault| fault.fields["found"].as_str().unwrap().contains("is missing")), "{found:?}");
        assert!(sound.exists());

        let manager = world.sign_in(manager.login());
        let viewer = world.viewer(&manager);
        let roles = [("quality_manager".to_owned(), None)];
        let person = manager.person().to_owned();
        let work = || world.kernel.database().read(|tx| kernel::obligation::of_person(tx, &viewer, &person, &roles)).unwrap().len();
        assert_eq!((work(), open_faults(&world.kernel, MAIN_TENANT).unwrap()), (2, 2), "they stand on the work list");
        world.clock.advance_seconds(29 * DAY);
        turn(&world);
        assert_eq!(faults(&world).len(), 2, "told once while nobody has looked after it");
        let manager = world.sign_in("quinn");
        world.step(&manager, &found[0].id, "close").unwrap();
        assert_eq!((work(), open_faults(&world.kernel, MAIN_TENANT).unwrap()), (1, 1));
    });
}

#[test]
fn frs_upk_002_an_upload_that_no_record_names_is_swept_after_a_day_and_nothing_else() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), small());
        let author = world.person("dora", &["quality_engineer"]);
        let (_, attached) = attached(&world, &author, b"attached");
        let orphan = world.kernel.files().put(b"orphan", 100).unwrap();
        // The files are as young as the machine's clock says; the company's clock goes on from there.
        world.clock.set(base::Clock::now(&base::SystemClock));
        turn(&world);
        assert!(world.kernel.files().exists(&orphan).unwrap(), "its record may still come");
        world.clock.advance_seconds(2 * DAY);
        turn(&world);
        assert!(attached.exists());
        assert!(!world.kernel.files().exists(&orphan).unwrap());
    });
}

fn poisoned(test: &TestDatabase) {
    DONE.store(0, Ordering::SeqCst);
    let world = World::new(test.database.clone(), modules());
    queue_all(&world);
    for round in 0..base::limits::JOB_TRIES {
        jobs::work_off(&world.kernel, MAIN_TENANT, JOBS_PER_TURN).unwrap();
        assert_eq!(DONE.load(Ordering::SeqCst), QUEUED - 1, "all others are done in round {round}");
        world.clock.advance_seconds(3_600);
    }
    assert_eq!(jobs::work_off(&world.kernel, MAIN_TENANT, JOBS_PER_TURN).unwrap(), 0, "it is not tried any more");
    let aside = db::sql("select payload, tries, error from job where tenant = $1 and state = 'set_aside'");
    let rows = world.kernel.database().query(aside, &[MAIN_TENANT.into()]).unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].text("payload").unwrap(), rows[0].int("tries").unwrap()), ("500", base::limits::JOB_TRIES));
    assert!(rows[0].text("error").unwrap().contains("this one cannot be done"), "{:?}", rows[0]);
    let found = faults(&world);
    assert_eq!((found.len(), &found[0].fields["sort"]), (1, &Json::from("failing_job")));
    assert!(found[0].fields["found"].as_str().unwrap().contains("this one cannot be done"), "{found:?}");
}

#[test]
fn frs_upk_003_a_job_that_cannot_be_done_is_set_aside_and_never_keeps_the_others_from_being_done() {
    both_migrated(kernel::MIGRATIONS, poisoned);
}

#[test]
fn frs_upk_003_a_job_by_the_clock_that_panics_keeps_no_other_from_its_turn_and_becomes_a_fault() {
    both_migrated(kernel::MIGRATIONS, |test| {
        TURNS.store(0, Ordering::SeqCst);
        let world = World::new(test.database.clone(), modules());
        for _ in 0..base::limits::JOB_TRIES - 1 {
            turn(&world);
        }
        assert_eq!(faults(&world), [], "not before it failed often");
        turn(&world);
        turn(&world);
        assert_eq!(TURNS.load(Ordering::SeqCst) as i64, base::limits::JOB_TRIES + 1);
        let found = faults(&world);
        assert_eq!((found.len(), &found[0].fields["subject"]), (1, &Json::from("a.panics")));
        assert!(found[0].fields["found"].as_str().unwrap().contains("of all things"), "{found:?}");
    });
}

#[test]
fn frs_upk_003_a_queued_job_that_cannot_be_read_is_set_aside_like_one_that_cannot_be_done() {
    both_migrated(kernel::MIGRATIONS, |test| {
        DONE.store(0, Ordering::SeqCst);
        let world = World::new(test.database.clone(), modules());
        queue_all(&world);
        let cut = "update job set payload = '{\"cut' where tenant = 'main' and payload = '7'";
        assert_eq!(test.database.write(move |tx| tx.execute_text(cut, &[])).unwrap(), 1);
        for _ in 0..base::limits::JOB_TRIES {
            jobs::work_off(&world.kernel, MAIN_TENANT, JOBS_PER_TURN).unwrap();
            world.clock.advance_seconds(3_600);
        }
        assert_eq!(DONE.load(Ordering::SeqCst), QUEUED - 2, "but for this one and the poison");
        let found = faults(&world);
        assert!(found.iter().any(|fault| fault.field_text("found").contains("what was queued cannot be read")), "{found:?}");
        assert_eq!(found.len(), 2);
    });
}

#[test]
fn frs_upk_001_a_store_that_does_not_answer_makes_no_file_a_damaged_one() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let server = testkit::s3::S3Server::start();
        server.make("plumb-files");
        let world = World::with_files(test.database.clone(), small(), blob::Files::Bucket(server.bucket("s3://plumb-files/brezza")));
        let author = world.person("dora", &["quality_engineer"]);
        attached(&world, &author, b"one");
        attached(&world, &author, b"two");
        drop(server);
        for _ in 0..base::limits::JOB_TRIES {
            turn(&world);
        }
        let found = faults(&world);
        assert_eq!(found.iter().map(|fault| fault.field_text("subject")).collect::<Vec<_>>(), ["upkeep.files"], "only that the work cannot be done");
    });
}

#[test]
fn frs_bak_004_a_rehearsal_waits_for_its_review_on_the_work_list_of_the_quality_managers() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), Vec::new());
        let manager = world.person("quinn", &["quality_manager"]);
        let now = world.kernel.now();
        let found = kernel::upkeep::Restored { transactions: 3, rows: 9, files: 0, damage: Vec::new() };
        let drill = kernel::upkeep::Drill { backup: "b1".to_owned(), made_at: "2026-05-01".to_owned(), began_at: now, ended_at: now, outcome: Ok(found) };
        drill.record(&world.kernel, MAIN_TENANT).unwrap();
        let (viewer, roles) = (world.viewer(&manager), [("quality_manager".to_owned(), None)]);
        let work = world.kernel.database().read(|tx| kernel::obligation::of_person(tx, &viewer, manager.person(), &roles)).unwrap();
        assert_eq!(work.iter().map(|work| work.task.as_str()).collect::<Vec<_>>(), ["Review: reviewed the restore drill"]);
    });
}

#[test]
fn frs_bak_004_006_a_rehearsal_that_found_damage_does_not_pass_and_is_a_fault() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), Vec::new());
        let now = world.kernel.now();
        let found = kernel::upkeep::Restored { transactions: 3, rows: 9, files: 0, damage: vec!["a file is missing".to_owned()] };
        let drill = kernel::upkeep::Drill { backup: "b1".to_owned(), made_at: "2026-05-01".to_owned(), began_at: now, ended_at: now, outcome: Ok(found) };
        drill.record(&world.kernel, MAIN_TENANT).unwrap();
        let drills = of_kind(&world, kernel::upkeep::DRILL);
        let record = &drills[0];
        assert_eq!((drills.len(), record.field_text("outcome"), &record.fields["rows"]), (1, "failed", &json!(9)));
        assert!(record.field_text("report").contains("a file is missing"), "{record:?}");
        let faults = faults(&world);
        assert_eq!(faults.iter().map(|fault| (fault.field_text("sort"), fault.field_text("subject"))).collect::<Vec<_>>(), [("failed_drill", "b1")]);
    });
}
