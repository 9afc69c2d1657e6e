//! Backups and rehearsals that a server makes by itself, and what becomes of those that fail.
#![expect(clippy::unwrap_used, reason = "a helper that fails ends its test")]

use kernel::MAIN_TENANT;
use kernel::jobs::take_lease;
use kernel::upkeep::FAULT;
use plumb::assembly::Place;
use plumb::backup::{Keeper, Keeping, age};
use testkit::engines::both_migrated;
use testkit::world::World;

const HOUR: i64 = 3_600;

/// What failed, as the recorded faults say.
fn faults(world: &World) -> Vec<String> {
    let rows = world.kernel.database().query(db::sql("select id from record where tenant = $1 and kind = $2 order by id"), &[MAIN_TENANT.into(), FAULT.into()]).unwrap();
    rows.iter().map(|row| world.record(row.text("id").unwrap()).field_text("sort").to_owned()).collect()
}

#[test]
fn frs_bak_004_a_backup_that_fails_and_a_rehearsal_without_one_become_faults_and_are_tried_again_after_an_hour() {
    both_migrated(&plumb::assembly::migrations(), |test| {
        let world = World::new(test.database.clone(), Vec::new());
        let folder = tempfile::tempdir().unwrap();
        let to = folder.path().join("kept");
        std::fs::create_dir(&to).unwrap();
        let keeping = Keeping {
            backup_to: Some(to.clone()),
            backup_recipient: Some(age::Identity::make(&base::SystemIds::default()).unwrap().recipient().to_string()),
            backup_every_hours: 24,
            drill_every_days: Some(30),
            drill_identity: Some(folder.path().join("key")),
        };
        let place = Place { data: folder.path().join("data"), database: None, files: None };
        let keeper = Keeper::new(&world.kernel, &place, &keeping).unwrap().unwrap();
        // The disk for backups is not there any more.
        std::fs::remove_dir(&to).unwrap();
        assert!(take_lease(&world.kernel, MAIN_TENANT, "backup", "other").unwrap().is_some());
        keeper.turn("node").unwrap();
        assert!(faults(&world).is_empty(), "the other node makes them");
        world.clock.advance_seconds(61);
        assert!(keeper.turn("node").is_err());
        assert_eq!(faults(&world), ["failed_backup", "failed_drill"]);
        assert!(!to.exists(), "a file in the folder's place would be taken for a backup");
        keeper.turn("node").unwrap();
        world.clock.advance_seconds(HOUR - 1);
        keeper.turn("node").unwrap();
        world.clock.advance_seconds(1);
        assert!(keeper.turn("node").is_err(), "tried once more");
        assert_eq!(faults(&world).len(), 2, "told once while nobody has looked after it");
    });
}
