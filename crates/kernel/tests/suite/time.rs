//! Clocks that go back and clocks that differ, on both engines.

use crate::records::{code, small};
use base::limits::CLOCK_TOLERANCE_SECONDS;
use base::{Clock, FixedClock, SeededIds, SystemClock, Timestamp};
use db::sql;
use kernel::password::Hashing;
use kernel::record::Record;
use kernel::command::Request;
use kernel::{Kernel, MAIN_TENANT, Setup, evidence, present};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use testkit::engines::{both_migrated, postgres_migrated};
use testkit::world::World;

const YEAR: i64 = 365 * 86_400;

/// A specification that waits for a signature by `emil`, and who signs.
fn waiting(world: &World) -> (String, kernel::authority::Actor) {
    let author = world.person("dora", &["design_engineer"]);
    let manager = world.person("emil", &["engineering_manager"]);
    let id = world.create(&author, "spec", "Hose", json!({"body": "1 m"})).unwrap();
    world.step(&author, &id, "submit").unwrap();
    (id, manager)
}

/// The times of the trail, in its order.
fn times(kernel: &Kernel) -> Vec<i64> {
    let rows = kernel.database().query(sql("select at from audit_tx where tenant = $1 order by chain, seq"), &[MAIN_TENANT.into()]).unwrap();
    rows.iter().map(|row| row.int("at").unwrap()).collect()
}

fn never_decrease(kernel: &Kernel) {
    let times = times(kernel);
    assert!(times.windows(2).all(|pair| pair[0] <= pair[1]), "{times:?}");
}

fn faults(kernel: &Kernel) -> Vec<Record> {
    let rows = kernel.database().query(sql("select id from record where tenant = $1 and kind = 'clock_fault' order by id"), &[MAIN_TENANT.into()]).unwrap();
    let id = |row: &db::Row| row.text("id").unwrap().to_owned();
    rows.iter().map(|row| { let id = id(row); kernel.database().read(move |tx| kernel::record::get(tx, MAIN_TENANT, &id)).unwrap() }).collect()
}

/// The same data under another server whose clock says something else.
fn server_at(world: &World, at: Timestamp) -> (Kernel, Arc<FixedClock>, tempfile::TempDir) {
    let (clock, files) = (Arc::new(FixedClock::at(at)), tempfile::tempdir().unwrap());
    let kernel = Kernel::new(Setup {
        database: world.kernel.database().clone(),
        clock: Arc::<FixedClock>::clone(&clock),
        ids: Arc::new(SeededIds::new(3)),
        files: blob::BlobStore::open(files.path()).unwrap().into(),
        modules: small(),
        hashing: Hashing::cheap_for_tests(),
        chains: 1,
    })
    .unwrap();
    (kernel, clock, files)
}

#[test]
fn frs_tim_001_002_a_clock_that_goes_back_signs_nothing_until_it_has_caught_up_and_times_never_decrease() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), small());
        let (id, manager) = waiting(&world);
        let newest = world.kernel.now();
        world.clock.advance_seconds(-YEAR);
        let refused = world.sign_step(&manager, &id, "approve").unwrap_err();
        assert_eq!((code(&refused).as_str(), refused.refusal().unwrap().blockers[0].requirement.as_str()), ("clock_went_back", "FRS-TIM-002"));
        let found = faults(&world.kernel);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].state.as_str(), found[0].field_text("was"), found[0].field_text("says")), ("open", newest.to_rfc3339().as_str(), newest.plus_seconds(-YEAR).to_rfc3339().as_str()));
        assert_eq!(refused.refusal().unwrap().blockers[0].records[0].number, found[0].number);
        // Other work goes on, at the time of what was written last; nobody is told twice.
        world.clock.advance_seconds(60);
        let author = world.sign_in("dora");
        let later = world.create(&author, "spec", "Valve", json!({"body": "x"})).unwrap();
        assert_eq!(world.record(&later).created_at, newest);
        assert_eq!(code(&world.sign_step(&manager, &id, "approve").unwrap_err()), "clock_went_back");
        assert_eq!(faults(&world.kernel).len(), 1);
        never_decrease(&world.kernel);
        // A second before it has caught up, and then.
        world.clock.set(newest.plus_seconds(-1));
        assert_eq!(code(&world.sign_step(&manager, &id, "approve").unwrap_err()), "clock_went_back");
        world.clock.set(newest);
        present::look(&world.kernel, MAIN_TENANT).unwrap();
        assert_eq!(faults(&world.kernel)[0].state, "over");
        world.sign_step(&manager, &id, "approve").unwrap();
        never_decrease(&world.kernel);
    });
}

#[test]
fn frs_tim_002_a_clock_may_go_back_by_two_seconds_and_not_past_that() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), small());
        let (id, manager) = waiting(&world);
        world.clock.advance_seconds(-CLOCK_TOLERANCE_SECONDS);
        world.sign_step(&manager, &id, "approve").unwrap();
        assert!(faults(&world.kernel).is_empty());
        never_decrease(&world.kernel);
        // From the latest that it has said, whether anything was written then or not.
        let (id, manager) = (id, world.person("quinn", &["quality_manager"]));
        world.clock.advance_seconds(3600);
        world.kernel.now();
        world.clock.advance_seconds(-CLOCK_TOLERANCE_SECONDS - 1);
        assert_eq!(code(&world.sign_step(&manager, &id, "approve").unwrap_err()), "clock_went_back");
        assert_eq!(faults(&world.kernel).len(), 1);
    });
}

#[test]
fn frs_tim_002_a_server_that_starts_in_the_past_of_its_data_signs_nothing_until_it_is_cleared() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), small());
        let (id, _) = waiting(&world);
        let newest = world.kernel.now();
        let (kernel, _clock, _files) = server_at(&world, newest.plus_seconds(-YEAR));
        present::look(&kernel, MAIN_TENANT).unwrap();
        assert_eq!((kernel.now(), faults(&kernel).len()), (newest, 1));
        let manager = kernel::session::sign_in(&kernel, MAIN_TENANT, "emil", testkit::world::PASSWORD).unwrap().actor;
        let input = json!({"record": id, "version": world.record(&id).version, "step": "approve"});
        assert_eq!(code(&kernel::signature::challenge(&kernel, &manager, "record.step", &input).unwrap_err()), "clock_went_back");
        // Started once more while that is open: the same fault, not another.
        let (again, _clock, _files) = server_at(&world, newest.plus_seconds(60 - YEAR));
        present::look(&again, MAIN_TENANT).unwrap();
        assert_eq!(faults(&again).len(), 1);
        assert_eq!(code(&kernel::signature::challenge(&again, &manager, "record.step", &input).unwrap_err()), "clock_went_back");
        never_decrease(&kernel);
    });
}

#[test]
fn frs_tim_003_only_an_administrator_clears_a_clock_fault_and_never_without_a_reason() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), small());
        let (id, manager) = waiting(&world);
        let newest = world.kernel.now();
        world.clock.advance_seconds(-YEAR);
        present::look(&world.kernel, MAIN_TENANT).unwrap();
        let fault = faults(&world.kernel)[0].clone();
        let (viewer, roles) = (world.viewer(&world.admin), [("administrator".to_owned(), None)]);
        let work = || world.kernel.database().read(|tx| kernel::obligation::of_person(tx, &viewer, world.admin.person(), &roles)).unwrap().len();
        assert_eq!(work(), 1, "it waits on the administrators' work list");
        assert_eq!(code(&world.step(&manager, &fault.id, "clear").unwrap_err()), "not_permitted");
        let input = json!({"record": fault.id, "version": fault.version, "step": "clear"});
        assert_eq!(code(&world.run(&world.admin, "record.step", input.clone()).unwrap_err()), "reason_needed");
        assert_eq!(code(&world.sign_step(&manager, &id, "approve").unwrap_err()), "clock_went_back");
        world.run_because(&world.admin, "record.step", input, "The battery was changed; the year is being set.").unwrap();
        assert_eq!(work(), 0);
        world.sign_step(&manager, &id, "approve").unwrap();
        let signed = world.kernel.database().read(move |tx| kernel::signature::of_record(tx, MAIN_TENANT, &id)).unwrap();
        assert_eq!(signed[0].signed_at, newest, "no time before what was written last");
        never_decrease(&world.kernel);
        // The same fault after another start needs no second word; further back needs one.
        let (kernel, clock, _files) = server_at(&world, newest.plus_seconds(60 - YEAR));
        present::look(&kernel, MAIN_TENANT).unwrap();
        assert_eq!((faults(&kernel).len(), present::open_fault(&kernel, MAIN_TENANT).unwrap()), (1, None));
        clock.advance_seconds(-YEAR);
        present::look(&kernel, MAIN_TENANT).unwrap();
        assert_eq!(faults(&kernel).len(), 2);
        assert!(present::open_fault(&kernel, MAIN_TENANT).unwrap().is_some());
    });
}

/// What the database's clock says, moved by so many seconds.
struct Off(AtomicI64);

impl Clock for Off {
    fn now(&self) -> Timestamp {
        SystemClock.now().plus_seconds(self.0.load(Ordering::SeqCst))
    }
}

#[test]
fn frs_tim_004_a_server_whose_clock_differs_from_the_databases_writes_nothing() {
    let test = postgres_migrated(kernel::MIGRATIONS);
    let world = World::new(test.database.clone(), small());
    let files = tempfile::tempdir().unwrap();
    let server = |off: i64| {
        let (clock, ids) = (Arc::new(Off(AtomicI64::new(off))), Arc::new(base::SystemIds::default()));
        let files = blob::BlobStore::open(files.path()).unwrap();
        let dial = Arc::<Off>::clone(&clock);
        let kernel = Kernel::new(Setup { database: test.database.clone(), clock, ids, files: files.into(), modules: small(), hashing: Hashing::cheap_for_tests(), chains: 1 }).unwrap();
        present::watch(&kernel, MAIN_TENANT).unwrap();
        (kernel, dial)
    };
    let sign_in = |kernel: &Kernel| kernel::session::sign_in(kernel, MAIN_TENANT, "admin", testkit::world::PASSWORD);
    for off in [300, -300, CLOCK_TOLERANCE_SECONDS + 1, -CLOCK_TOLERANCE_SECONDS - 1] {
        let ((kernel, dial), before) = (server(off), times(&world.kernel).len());
        let ahead = present::out_of_step(&kernel).unwrap();
        assert!((ahead - off).abs() <= 1, "{ahead} for {off}");
        let refused = sign_in(&kernel).unwrap_err();
        assert_eq!((code(&refused).as_str(), refused.refusal().unwrap().blockers[0].requirement.as_str()), ("clock_differs", "FRS-TIM-004"));
        let command = kernel::command::Request::new("record.create", json!({"kind": "department", "number": "X", "title": "X"}), "k");
        assert_eq!(code(&kernel.execute(&world.admin, &command).unwrap_err()), "clock_differs");
        assert_eq!(times(&world.kernel).len(), before, "nothing was written");
        // Set right, it goes on by itself.
        for off in [1, -1, 0] {
            dial.0.store(off, Ordering::SeqCst);
            present::watch(&kernel, MAIN_TENANT).unwrap();
            assert_eq!(present::out_of_step(&kernel), None);
        }
        sign_in(&kernel).unwrap();
    }
}

#[test]
fn frs_tim_007_a_signature_is_shown_as_it_was_when_it_was_given() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), small());
        let (id, manager) = waiting(&world);
        world.sign_step(&manager, &id, "approve").unwrap();
        let signed = {
            let id = id.clone();
            move || world.kernel.database().read({ let id = id.clone(); move |tx| kernel::signature::of_record(tx, MAIN_TENANT, &id) }).unwrap().remove(0)
        };
        let given = signed();
        assert_eq!(given.manifestation(), "Emil Tester, 2 Nov 2026, 08:00 CET: approved for engineering");
        assert_eq!((given.utc_offset, given.zone_shown.as_deref()), (Some(3600), Some("CET")));
        // As a program would read it whose time-zone database knows the zone by other rules, or not at all.
        for zone in ["Asia/Tokyo", "Europe/Renamed"] {
            let later = kernel::signature::Given { zone: zone.to_owned(), ..given.clone() };
            assert_eq!(later.manifestation(), given.manifestation());
        }
        // What was signed before this was kept is shown by the zone's name.
        let older = kernel::signature::Given { utc_offset: None, zone_shown: None, ..given };
        assert_eq!(older.manifestation(), "Emil Tester, 2 Nov 2026, 08:00 CET: approved for engineering");
    });
}

#[test]
fn frs_trl_016_a_node_whose_clock_is_behind_never_writes_behind_what_another_has_written() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), small());
        let author = world.person("dora", &["design_engineer"]);
        let id = world.create(&author, "spec", "Hose", json!({"body": "1 m"})).unwrap();
        let (behind, clock, _files) = server_at(&world, world.clock.now());
        clock.advance_seconds(-1);
        // By turns through both nodes, as a proxy in front of them sends it.
        for turn in 0..6_i64 {
            world.clock.advance_seconds(1);
            clock.advance_seconds(1);
            world.edit(&author, &id, json!({"body": format!("{turn} m")})).unwrap();
            let input = json!({"record": id, "version": world.record(&id).version, "fields": {"body": format!("{turn} m and a half")}});
            behind.execute(&author, &Request::new("record.edit", input, format!("behind-{turn}"))).unwrap();
            let shown = world.record(&id);
            assert_eq!(world.kernel.database().read(move |tx| evidence::damage_of(tx, &shown)).unwrap(), [], "turn {turn}");
        }
        let rows = test.database.query(sql("select tx from audit_tx where tenant = $1 order by chain, seq"), &[MAIN_TENANT.into()]).unwrap();
        let all: Vec<&str> = rows.iter().map(|row| row.text("tx").unwrap()).collect();
        assert!(all.windows(2).all(|pair| pair[0] < pair[1]), "{all:?}");
        let report = verify::verify(&test.database, MAIN_TENANT, &mut |_, _, _| {}).unwrap();
        assert!(report.is_sound(), "{:?}", report.problems);
    });
}
