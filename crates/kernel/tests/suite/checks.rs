//! Checks of the whole trail as records: who may ask, one at a time, by the clock, and what becomes
//! of damage.

use kernel::MAIN_TENANT;
use kernel::evidence::{self, Findings, TRAIL_CHECK};
use kernel::record::Record;
use serde_json::json;
use testkit::engines::both_migrated;
use testkit::world::World;

fn running(world: &World) -> Option<Record> {
    world.kernel.database().read(|tx| evidence::running(tx, MAIN_TENANT)).unwrap()
}

fn last(world: &World) -> Vec<Record> {
    world.kernel.database().read(|tx| evidence::last_checks(tx, MAIN_TENANT, 10)).unwrap()
}

fn sound() -> Findings {
    Findings { transactions: 7, events: 20, rows: 15, signatures: 2, checkpoint: 7, standing: "Proved up to transaction 7.".to_owned(), problems: Vec::new() }
}

#[test]
fn frs_evd_090_a_check_is_asked_for_only_by_those_who_may_and_one_runs_at_a_time() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), Vec::new());
        let operator = world.person("otto", &["operator"]);
        assert_eq!(world.run(&operator, "evidence.check", json!({})).unwrap_err().refusal().unwrap().kind, base::RefusalKind::Forbidden);
        assert!(running(&world).is_none() && last(&world).is_empty());
        world.run(&world.admin, "evidence.check", json!({})).unwrap();
        let check = running(&world).unwrap();
        assert_eq!((check.kind.as_str(), check.number.as_str()), (TRAIL_CHECK, "CHK-2026-00001"));
        let refused = world.run(&world.admin, "evidence.check", json!({})).unwrap_err();
        let refusal = refused.refusal().unwrap();
        assert_eq!((refusal.code.as_str(), refusal.blockers[0].records[0].number.as_str()), ("check_running", "CHK-2026-00001"));
        evidence::note_progress(&world.kernel, MAIN_TENANT, &check.id, "checking the events", 20_000, Some(50_000)).unwrap();
        let id = check.id.clone();
        let progress = test.database.read(move |tx| evidence::progress(tx, MAIN_TENANT, &id)).unwrap().unwrap();
        assert_eq!((progress.doing.as_str(), progress.done, progress.whole), ("checking the events", 20_000, Some(50_000)));
        evidence::finish(&world.kernel, MAIN_TENANT, &check.id, &Ok(sound())).unwrap();
        let done = world.record(&check.id);
        assert_eq!((done.state.as_str(), done.field_int("events"), done.field_int("checkpoint"), done.field_text("standing")), ("sound", Some(20), Some(7), "Proved up to transaction 7."));
        let id = check.id.clone();
        assert_eq!(test.database.read(move |tx| evidence::progress(tx, MAIN_TENANT, &id)).unwrap(), None);
        // What was found stays: a second ending changes nothing.
        evidence::finish(&world.kernel, MAIN_TENANT, &check.id, &Err(base::Error::internal("late"))).unwrap();
        assert_eq!(world.record(&check.id).version, done.version);
        world.run(&world.admin, "evidence.check", json!({})).unwrap();
        let second = running(&world).unwrap();
        evidence::finish(&world.kernel, MAIN_TENANT, &second.id, &Err(base::Error::internal("the disk is gone"))).unwrap();
        assert_eq!(world.record(&second.id).state, "failed");
        assert!(running(&world).is_none());
    });
}

#[test]
fn frs_evd_090_the_clock_asks_for_a_check_after_so_many_hours_and_not_a_second_before_nor_twice() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), Vec::new());
        let due = || evidence::begin_when_due(&world.kernel, MAIN_TENANT, 24).unwrap();
        due();
        assert!(last(&world).is_empty(), "a company that has only begun");
        world.clock.advance_seconds(24 * 3_600 - 1);
        due();
        assert!(last(&world).is_empty());
        world.clock.advance_seconds(1);
        due();
        due();
        let found = last(&world);
        assert_eq!(found.iter().map(|check| (check.state.as_str(), check.created_by.as_str())).collect::<Vec<_>>(), [("running", "system")]);
        // A check that somebody's server has not ended is not begun again beside it.
        world.clock.advance_seconds(48 * 3_600);
        due();
        assert_eq!(last(&world).len(), 1);
        evidence::finish(&world.kernel, MAIN_TENANT, &found[0].id, &Ok(sound())).unwrap();
        due();
        assert_eq!(last(&world).len(), 2);
    });
}

#[test]
fn frs_evd_091_damage_waits_for_a_quality_managers_signature_and_until_then_it_stays() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), Vec::new());
        let (manager, engineer) = (world.person("max", &["quality_manager"]), world.person("wim", &["quality_engineer"]));
        world.run(&engineer, "evidence.check", json!({})).unwrap();
        let check = running(&world).unwrap();
        let problems = vec!["record 01, title: is “Other”, the trail says “News”".to_owned()];
        evidence::finish(&world.kernel, MAIN_TENANT, &check.id, &Ok(Findings { problems, ..sound() })).unwrap();
        let damaged = world.record(&check.id);
        assert_eq!((damaged.state.as_str(), damaged.field_int("problems")), ("damaged", Some(1)));
        assert!(damaged.field_text("found").contains("the trail says “News”"));
        let unassessed = || test.database.read(|tx| evidence::unassessed(tx, MAIN_TENANT)).unwrap().map(|check| check.id);
        assert_eq!(unassessed().as_deref(), Some(check.id.as_str()));
        let id = check.id.clone();
        let asked = test.database.read(move |tx| kernel::obligation::of_record(tx, MAIN_TENANT, &id)).unwrap();
        assert_eq!(asked.iter().map(|one| (one.sort.as_str(), one.role.as_deref(), one.state.as_str())).collect::<Vec<_>>(), [("sign", Some("quality_manager"), "open")]);
        let assess = |who| {
            let version = world.record(&check.id).version;
            world.sign_because(who, "record.step", json!({"record": check.id, "version": version, "step": "assess"}), "a test bench wrote there")
        };
        assert!(assess(&engineer).is_err());
        assert!(unassessed().is_some());
        assess(&manager).unwrap();
        assert_eq!((unassessed(), world.record(&check.id).state.as_str()), (None, "assessed"));
    });
}
