//! What only a checkpoint that was kept elsewhere can show.
#![expect(clippy::unwrap_used, reason = "a helper that fails ends its test")]

use db::{Database, sql};
use kernel::MAIN_TENANT;
use kernel::evidence::{self, Published};
use serde_json::json;
use testkit::engines::{both_migrated, sqlite_migrated};
use testkit::world::{World, signer};
use tlog::note::NoteSigner;
use verify::{Anchor, Key, Report, Trust, verify_against};

fn trust(anchors: &[&Published]) -> Trust {
    let anchors = anchors.iter().map(|kept| Anchor { name: format!("folder, {}", kept.size), note: kept.note.clone() }).collect();
    Trust { keys: vec![Key::parse(&signer().verifier().text()).unwrap()], anchors }
}

fn check(database: &Database, trust: &Trust) -> Report {
    verify_against(database, MAIN_TENANT, trust, &mut |_, _, _| {}).unwrap()
}

fn seal(world: &World) -> Published {
    evidence::checkpoint(&world.kernel, MAIN_TENANT, &signer()).unwrap().unwrap()
}

fn department(world: &World, number: &str) {
    world.create_with(&world.admin, json!({"kind": "department", "number": number, "title": "Assembly"})).unwrap();
}

fn tamper(database: &Database, statement: &'static str) {
    database.write(move |tx| tx.execute_text(statement, &[])).unwrap();
}

fn found(report: &Report, table: &str, text: &str) -> bool {
    report.problems.iter().any(|problem| problem.table == table && problem.text.contains(text))
}

#[test]
fn frs_evd_021_a_sound_anchor_says_up_to_where_all_is_proved() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::with_chains(test.database.clone(), Vec::new(), 2);
        let first = seal(&world);
        department(&world, "ASM");
        seal(&world);
        department(&world, "PCK");
        let report = check(&test.database, &trust(&[&first]));
        assert_eq!(report.problems, []);
        assert_eq!((report.log.proved, report.log.size, report.log.checkpoints), (first.size, first.size + 1, 2));
        assert_eq!(report.log.proved_by, Some(format!("folder, {}", first.size)));
        // Without anchors nothing is proved, but consistent.
        let alone = check(&test.database, &Trust::default());
        assert_eq!((alone.problems.len(), alone.log.proved, alone.log.proved_by), (0, 0, None));
    });
}

#[test]
fn frs_evd_022_a_history_that_was_rewritten_as_a_whole_does_not_pass_against_an_anchor() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), Vec::new());
        department(&world, "ASM");
        let kept = seal(&world);
        // Another company with the same number of transactions, consistent in itself, signed with
        // the stolen key.
        let other = sqlite_migrated(kernel::MIGRATIONS);
        let forged = World::new(other.database.clone(), Vec::new());
        department(&forged, "PCK");
        seal(&forged);
        assert_eq!(check(&other.database, &Trust::default()).problems, []);
        let report = check(&other.database, &trust(&[&kept]));
        assert!(found(&report, "anchor", "the history was rewritten"), "{:?}", report.problems);
        assert_eq!(report.log.proved, 0);
    });
}

#[test]
fn frs_evd_023_an_old_copy_that_was_put_back_does_not_pass_against_a_newer_anchor() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), Vec::new());
        seal(&world);
        let older = test.database.query_one(sql("select count(*) as n from audit_tx where tenant = $1"), &[MAIN_TENANT.into()]).unwrap().int("n").unwrap();
        // The copy is a company at the same point; the clock and identifiers of tests repeat.
        let copy = sqlite_migrated(kernel::MIGRATIONS);
        let restored = World::new(copy.database.clone(), Vec::new());
        seal(&restored);
        department(&world, "ASM");
        let kept = seal(&world);
        assert_eq!(kept.size as i64, older + 1);
        let report = check(&copy.database, &trust(&[&kept]));
        assert!(found(&report, "anchor", "an old copy was put back"), "{:?}", report.problems);
        assert_eq!(check(&test.database, &trust(&[&kept])).problems, []);
    });
}

#[test]
fn frs_evd_024_no_change_of_the_log_and_no_foreign_signature_passes() {
    let attacks: &[(&str, &str)] = &[
        ("update checkpoint set head = zeroblob(32)", "checkpoint"),
        ("update checkpoint set note = replace(note, 'main', 'mean')", "checkpoint"),
        ("update checkpoint set size = size + 1", "checkpoint"),
        ("delete from checkpoint", "checkpoint"),
        ("delete from checkpoint_part", "checkpoint_part"),
        ("update checkpoint_part set first_place = first_place + 1", "checkpoint_part"),
        ("update checkpoint_part set last_seq = last_seq - 1", "checkpoint"),
        ("update log_tile set hashes = zeroblob(32)", "log_tile"),
        ("delete from log_tile", "log_tile"),
        ("update log_key set verifier = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'", "checkpoint"),
        ("update log_key set verifier = 'x'", "log_key"),
        ("delete from log_key", "checkpoint"),
    ];
    for (attack, table) in attacks {
        let attack: &'static str = attack;
        let test = sqlite_migrated(kernel::MIGRATIONS);
        let world = World::new(test.database.clone(), Vec::new());
        seal(&world);
        tamper(&test.database, attack);
        let report = check(&test.database, &Trust::default());
        assert!(report.problems.iter().any(|problem| problem.table == *table), "{attack} was not found: {:?}", report.problems);
    }
}

#[test]
fn frs_evd_024_an_anchor_that_nobody_known_has_signed_proves_nothing() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), Vec::new());
        let kept = seal(&world);
        let stranger = NoteSigner::of_log(MAIN_TENANT, &[6; 32]).unwrap();
        let text = signer().verifier().open(&kept.note).unwrap().to_owned();
        let forged = Published { note: stranger.sign(&text).unwrap(), ..kept };
        let report = check(&test.database, &trust(&[&forged]));
        assert!(found(&report, "anchor", "no known key has signed it"));
        assert_eq!(report.log.proved, 0);
    });
}
