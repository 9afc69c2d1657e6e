//! Work that one node does at a time, and rows of which there is one at a time.

use base::{Error, Result};
use kernel::jobs::{self, Turn, take_lease, under_lease};
use kernel::MAIN_TENANT;
use kernel::upkeep::{self, Fault, open_faults};
use testkit::engines::both_migrated;
use testkit::world::World;

/// What a turn came to.
fn told(turn: Result<Turn>) -> String {
    match turn.unwrap() {
        Turn::Elsewhere => "elsewhere".to_owned(),
        Turn::Held(Ok(())) => "done".to_owned(),
        Turn::Held(Err(error)) => error.to_string(),
        Turn::Lost => "lost".to_owned(),
    }
}

#[test]
fn frs_upk_004_work_of_one_node_is_left_to_it_and_counts_for_nothing_once_another_has_taken_it_over() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), Vec::new());
        let kernel = &world.kernel;
        let turn = |holder: &str, work: &mut dyn FnMut() -> Result<()>| told(under_lease(kernel, MAIN_TENANT, "work", holder, work));
        assert_eq!(turn("one", &mut || Ok(())), "done");
        let mut began = false;
        let mut work = || {
            began = true;
            Ok(())
        };
        assert_eq!(turn("other", &mut work), "elsewhere");
        assert!(!began, "the other node has not even begun");
        assert_eq!(turn("one", &mut || Err(Error::internal("no room"))), "internal error: no room");
        assert_eq!(turn("one", &mut || panic!("of all things")), "internal error: panicked: of all things");
        // It slept so long that the other took over.
        let mut slept = || {
            world.clock.advance_seconds(61);
            assert!(take_lease(kernel, MAIN_TENANT, "work", "other")?.is_some());
            Ok(())
        };
        assert_eq!(turn("one", &mut slept), "lost");
        // The other had it and died: also then what was found meanwhile may be old.
        world.clock.advance_seconds(61);
        let mut outlived = || {
            world.clock.advance_seconds(61);
            assert!(take_lease(kernel, MAIN_TENANT, "work", "other")?.is_some());
            world.clock.advance_seconds(61);
            Ok(())
        };
        assert_eq!(turn("one", &mut outlived), "lost");
        // It took long and nobody else wanted it.
        let mut long = || {
            world.clock.advance_seconds(3_600);
            Ok(())
        };
        world.clock.advance_seconds(61);
        assert_eq!(turn("one", &mut long), "done");
    });
}

#[test]
fn frs_upk_004_what_a_worker_says_of_a_job_that_another_has_taken_over_counts_for_nothing() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), crate::upkeep::modules());
        crate::upkeep::queue_all(&world);
        let state = |id: &str| {
            let row = world.kernel.database().query_one(db::sql("select state, tries from job where tenant = $1 and id = $2"), &[MAIN_TENANT.into(), id.into()]).unwrap();
            (row.text("state").unwrap().to_owned(), row.int("tries").unwrap())
        };
        let first = jobs::claim(&world.kernel, MAIN_TENANT).unwrap().unwrap();
        world.clock.advance_seconds(61);
        let second = jobs::claim(&world.kernel, MAIN_TENANT).unwrap().unwrap();
        assert_eq!(first.id, second.id, "the first worker has not been heard of");
        jobs::settle(&world.kernel, MAIN_TENANT, &first, &Ok(())).unwrap();
        assert_eq!(state(&first.id), ("waiting".to_owned(), 2));
        jobs::settle(&world.kernel, MAIN_TENANT, &second, &Ok(())).unwrap();
        assert_eq!(state(&first.id), ("done".to_owned(), 2));
        jobs::settle(&world.kernel, MAIN_TENANT, &second, &Err(Error::internal("late"))).unwrap();
        assert_eq!(state(&first.id), ("done".to_owned(), 2));
    });
}

#[test]
fn frs_upk_004_nodes_that_notice_the_same_in_one_moment_record_it_once() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), Vec::new());
        for round in 0..10 {
            let subject = format!("disk {round}");
            std::thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| upkeep::note(&world.kernel, MAIN_TENANT, Fault::FullDisk, &subject, "full").unwrap());
                }
            });
            assert_eq!(open_faults(&world.kernel, MAIN_TENANT).unwrap(), round + 1);
        }
    });
}
