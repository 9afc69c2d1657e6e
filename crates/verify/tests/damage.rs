//! What a database administrator may do to the data, and what the verifier says of it.
#![expect(clippy::unwrap_used, reason = "a helper that fails ends its test")]

use db::Database;
use serde_json::json;
use testkit::engines::both_migrated;
use testkit::world::World;
use verify::{Report, verify};

fn check(database: &Database) -> Report {
    verify(database, "main", &mut |_, _, _| {}).unwrap()
}

fn company(database: &Database) -> World {
    let world = World::new(database.clone(), Vec::new());
    let clerk = world.person("olga", &["administrator"]);
    world.create_with(&clerk, json!({"kind": "department", "number": "ASM", "title": "Assembly"})).unwrap();
    let site = world.named("site", "ROM");
    world.edit(&clerk, &site.id, json!({"zone": "Europe/Paris"})).unwrap();
    world
}

fn tamper(database: &Database, statement: &'static str) {
    database.write(move |tx| tx.execute_text(statement, &[])).unwrap();
}

#[test]
fn frs_trl_010_untouched_data_is_found_sound() {
    both_migrated(kernel::MIGRATIONS, |test| {
        company(&test.database);
        let report = check(&test.database);
        assert_eq!(report.problems, []);
        assert!(report.transactions > 5 && report.events > report.transactions && report.rows > 10);
    });
}

#[test]
fn frs_trl_011_a_changed_row_does_not_pass_and_is_named_with_table_key_field_and_both_values() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = company(&test.database);
        tamper(&test.database, "update record set title = 'Packing' where kind = 'department'");
        let report = check(&test.database);
        let id = world.named("department", "ASM").id;
        let found = report.problems.iter().find(|problem| problem.table == "record").unwrap();
        assert_eq!((found.key.as_str(), found.field.as_deref()), (id.as_str(), Some("title")));
        assert_eq!(found.values.as_deref(), Some("is “Packing”, the trail says “Assembly”"));
        assert!(found.to_string().ends_with(", title: is “Packing”, the trail says “Assembly”"), "{found}");
        assert!(found.without_values().ends_with(", title: is not what the trail says"), "{}", found.without_values());
        tamper(&test.database, "update record set title = 'Assembly', due_date = '2031-01-01' where kind = 'department'");
        let report = check(&test.database);
        let found = report.problems.iter().find(|problem| problem.table == "record").unwrap();
        assert_eq!((found.field.as_deref(), found.values.as_deref()), (Some("due_date"), Some("is “2031-01-01”, the trail says nothing was ever written there")));
    });
}

#[test]
fn frs_trl_012_no_way_of_touching_the_trail_passes() {
    let attacks: &[(&str, &str)] = &[
        ("update event set after = '{}' where ord = 1", "event"),
        ("update event set actor = 'somebody' where ord = 0", "event"),
        ("update event set at = at - 1000000 where ord = 0", "event"),
        ("delete from event where ord = 1", "event"),
        ("update audit_tx set at = at + 1 where seq = 3", "audit_tx"),
        ("delete from audit_tx where seq = (select max(seq) from audit_tx)", "chain_head"),
        ("delete from audit_tx where seq = 2", "audit_tx"),
        ("update audit_tx set command = 'x' where seq = 2", "audit_tx"),
        ("update chain_head set seq = seq - 1", "chain_head"),
        ("update role_grant set role = 'quality_manager'", "role_grant"),
        ("delete from role_grant", "role_grant"),
        ("update credential set sec_hash = 'x'", "credential"),
        ("update person set active = not active", "person"),
        ("update record_version set title = 'x' where kind = 'department'", "record_version"),
        ("delete from record_version where version = 1 and kind = 'site'", "record_version"),
        ("update record set due_date = '2031-01-01' where kind = 'site'", "record"),
        ("update record set at_ord = at_ord + 1 where kind = 'department'", "record"),
        ("update item set number = 'X' where kind = 'site'", "item"),
    ];
    for (attack, table) in attacks {
        let attack: &'static str = attack;
        for test in [testkit::engines::sqlite_migrated(kernel::MIGRATIONS), testkit::engines::postgres_migrated(kernel::MIGRATIONS)] {
            company(&test.database);
            tamper(&test.database, attack);
            let report = check(&test.database);
            assert!(report.problems.iter().any(|problem| problem.table == *table), "{attack} was not found on {:?}: {:?}", test.engine(), report.problems);
        }
    }
}

#[test]
fn frs_trl_013_an_old_state_of_a_row_that_is_put_back_does_not_pass() {
    both_migrated(kernel::MIGRATIONS, |test| {
        company(&test.database);
        tamper(
            &test.database,
            "update record set fields = v.fields, version = v.version, digest = v.digest, changed_at = v.changed_at, changed_by = v.changed_by,
             at_tx = v.at_tx, at_ord = v.at_ord from record_version v where v.id = record.id and v.version = 1 and v.kind = 'site'",
        );
        let report = check(&test.database);
        assert!(report.problems.iter().any(|problem| problem.table == "record" && problem.text.contains("older state")), "{:?}", report.problems);
    });
}

#[test]
fn frs_trl_014_erasing_personal_data_leaves_the_trail_sound() {
    both_migrated(kernel::MIGRATIONS, |test| {
        company(&test.database);
        tamper(&test.database, "update person set pd_name = null, pd_email = null, pd_salt = null where login = 'olga'");
        assert_eq!(check(&test.database).problems, []);
    });
}

#[test]
fn frs_evd_043_personal_data_that_was_changed_or_half_erased_does_not_pass_and_is_named() {
    let attacks = ["pd_name = 'Somebody'", "pd_email = 'x'", "pd_name = null", "pd_salt = null, pd_name = null", "pd_salt = null"];
    for attack in attacks {
        let test = testkit::engines::sqlite_migrated(kernel::MIGRATIONS);
        company(&test.database);
        let statement = format!("update person set {attack} where login = 'olga'");
        test.database.write(move |tx| tx.execute_text(&statement, &[])).unwrap();
        let problems = check(&test.database).problems;
        let named: Vec<_> = problems.iter().map(|problem| (problem.table.as_str(), problem.field.as_deref())).collect();
        assert_eq!(named, [("person", Some("personal_digest"))], "{attack}");
    }
}

#[test]
fn frs_cli_012_what_is_written_while_the_check_goes_on_is_not_taken_for_damage() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = company(&test.database);
        let clerk = world.sign_in("olga");
        let site = world.named("site", "ROM").id;
        let beside = Database::open_to_read(&test.config()).unwrap();
        let (before, mut turn) = (check(&beside), 0);
        let during = verify(&beside, "main", &mut |_, _, _| {
            turn += 1;
            let zone = if turn % 2 == 0 { "Europe/Paris" } else { "Europe/Rome" };
            world.edit(&clerk, &site, json!({"zone": zone})).unwrap();
        });
        let during = during.unwrap();
        assert_eq!(turn, 2, "something was written behind the trail and behind the rows");
        assert_eq!((during.problems, during.transactions, during.rows), (Vec::new(), before.transactions, before.rows), "one moment");
        let after = check(&beside);
        assert_eq!((after.problems, after.transactions), (Vec::new(), before.transactions + turn));
    });
}
