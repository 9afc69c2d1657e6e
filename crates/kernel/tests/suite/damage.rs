//! Rows that somebody with the database changed: told where they are shown, and nothing is signed or
//! built upon them.

use db::{Database, sql};
use kernel::MAIN_TENANT;
use kernel::catalog::Module;
use kernel::evidence::{self, CHANGED_OUTSIDE};
use kernel::kind::{Area, Field, Kind, Phase, Step};
use serde_json::json;
use testkit::engines::both_migrated;
use testkit::world::World;

fn modules() -> Vec<Module> {
    let notice = Kind::new("notice", "Notice", "Notices", Area::Quality)
        .counted("NO", 4)
        .field(Field::block("news", "What is new"))
        .state("draft", "Draft", Phase::Draft)
        .state("ready", "Ready", Phase::InReview)
        .state("read", "Read", Phase::Closed)
        .step(Step::new("submit", "Submit", &["draft"], "ready").by(&["quality_engineer"]))
        .step(
            Step::new("close", "Close", &["ready"], "read").signed("quality_manager", "checked").signed("quality_engineer", "has read"),
        )
        .allow("everyone", &["view"])
        .allow("quality_engineer", &["create", "edit"]);
    vec![Module { kinds: vec![notice], ..Module::default() }]
}

/// What an administrator of the database does.
fn tamper(database: &Database, text: &'static str) {
    let changed = database.write(move |tx| tx.execute_text(text, &[])).unwrap();
    assert!(changed > 0, "{text}");
}

fn found(world: &World, id: &str) -> Vec<String> {
    let record = world.record(id);
    let damage = world.kernel.database().read(|tx| evidence::damage_of(tx, &record)).unwrap();
    damage.iter().map(ToString::to_string).collect()
}

fn events(database: &Database) -> i64 {
    database.query(sql("select count(*) as n from event where tenant = $1"), &[MAIN_TENANT.into()]).unwrap()[0].int("n").unwrap()
}

#[test]
fn frs_evd_070_a_record_that_was_changed_outside_names_table_field_and_both_values_and_a_sound_one_nothing() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), modules());
        let (writer, manager) = (world.person("wim", &["quality_engineer"]), world.person("max", &["quality_manager"]));
        let id = world.create(&writer, "notice", "News", json!({"news": "one"})).unwrap();
        world.edit(&writer, &id, json!({"news": "two"})).unwrap();
        world.step(&writer, &id, "submit").unwrap();
        world.sign_step(&manager, &id, "close").unwrap();
        assert_eq!(found(&world, &id), Vec::<String>::new());
        let attacks = [
            ("update record set title = 'Other' where kind = 'notice'", "update record set title = 'News' where kind = 'notice'", "record, title: is “Other”, the trail says “News”"),
            (
                "update record set fields = '{\"news\":\"three\"}' where kind = 'notice'",
                "update record set fields = '{\"news\":\"two\"}' where kind = 'notice'",
                "record, fields: is “{\"news\":\"three\"}”, the trail says “{\"news\":\"two\"}”",
            ),
            ("update record set due_date = '2030-01-01' where kind = 'notice'", "update record set due_date = null where kind = 'notice'", "record, due_date: is “2030-01-01”, the trail says empty"),
            ("update record_version set title = 'x' where kind = 'notice' and version = 3", "update record_version set title = 'News' where kind = 'notice' and version = 3", "version 3 was kept with other content"),
            ("update item set number = 'NO-7777' where kind = 'notice'", "update item set number = 'NO-0001' where kind = 'notice'", "item, number: is “NO-7777”, the trail says “NO-0001”"),
            ("update signature set printed_name = 'Eve' where meaning = 'checked'", "update signature set printed_name = 'Max Tester' where meaning = 'checked'", "signature, printed_name: is “Eve”, the trail says “Max Tester”"),
            ("update event set actor = 'eve' where action = 'record.step.submit'", "", "was changed"),
        ];
        for (attack, undo, named) in attacks {
            tamper(&test.database, attack);
            let told = found(&world, &id);
            assert!(told.iter().any(|line| line.contains(named)), "{attack}: {told:?}");
            if !undo.is_empty() {
                tamper(&test.database, undo);
                assert_eq!(found(&world, &id), Vec::<String>::new(), "{undo}");
            }
        }
    });
}

#[test]
fn frs_evd_070_an_older_state_that_was_put_back_is_told() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), modules());
        let writer = world.person("wim", &["quality_engineer"]);
        let id = world.create(&writer, "notice", "News", json!({"news": "one"})).unwrap();
        world.edit(&writer, &id, json!({"news": "two"})).unwrap();
        tamper(
            &test.database,
            "update record set fields = v.fields, version = v.version, digest = v.digest, changed_at = v.changed_at, changed_by = v.changed_by, at_tx = v.at_tx, at_ord = v.at_ord
             from record_version v where v.tenant = record.tenant and v.id = record.id and v.version = 1 and record.kind = 'notice'",
        );
        assert_eq!(found(&world, &id), ["record, at_tx: an older state was put back: a later event speaks of it"]);
    });
}

#[test]
fn frs_evd_071_nothing_is_signed_and_no_step_taken_on_a_record_that_was_changed_outside() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), modules());
        let (writer, manager) = (world.person("wim", &["quality_engineer"]), world.person("max", &["quality_manager"]));
        let draft = world.create(&writer, "notice", "Draft", json!({})).unwrap();
        let ready = world.create(&writer, "notice", "Ready", json!({})).unwrap();
        world.step(&writer, &ready, "submit").unwrap();
        // Shown and challenged while it was sound: the secret comes after the attack.
        let input = json!({"record": ready, "version": world.record(&ready).version, "step": "close"});
        let shown = kernel::signature::challenge(&world.kernel, &manager, "record.step", &input).unwrap();
        tamper(&test.database, "update record set owner = 'eve' where kind = 'notice'");
        let before = events(&test.database);
        let refusal = |error: base::Error| error.refusal().unwrap_or_else(|| panic!("{error:?}")).clone().blockers.first().unwrap().clone();
        let refused = refusal(world.step(&writer, &draft, "submit").unwrap_err());
        assert_eq!((refused.rule.as_str(), refused.requirement.as_str(), refused.records[0].number.as_str()), (CHANGED_OUTSIDE, "FRS-EVD-071", "NO-0001"));
        assert!(refused.text.contains("record, owner: is “eve”, the trail says"), "{}", refused.text);
        // A new challenge is not given, and the one that was given signs nothing.
        assert_eq!(refusal(kernel::signature::challenge(&world.kernel, &manager, "record.step", &input).unwrap_err()).rule, CHANGED_OUTSIDE);
        let signing = kernel::signature::SigningInput { challenge: shown.token, login: Some("max".to_owned()), password: testkit::world::PASSWORD.to_owned() };
        let request = kernel::command::Request::new("record.step", input, world.key()).signed(signing);
        assert_eq!(refusal(world.kernel.execute(&manager, &request).unwrap_err()).rule, CHANGED_OUTSIDE);
        assert_eq!(events(&test.database), before);
    });
}

#[test]
fn frs_evd_072_a_change_never_builds_upon_a_row_that_was_changed_outside() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), modules());
        let writer = world.person("wim", &["quality_engineer"]);
        let id = world.create(&writer, "notice", "News", json!({"news": "one"})).unwrap();
        let manager = world.person("max", &["quality_manager"]);
        let hold = world.run(&manager, "hold.place", json!({"record": id, "why": "Leaks"})).unwrap();
        tamper(&test.database, "update record set title = 'Other' where kind = 'notice'");
        tamper(&test.database, "update hold set why = 'Nothing'");
        let before = events(&test.database);
        let code = |outcome: base::Result<serde_json::Value>| outcome.unwrap_err().refusal().unwrap().code.clone();
        assert_eq!(code(world.edit(&writer, &id, json!({"news": "two"})).map(|_| json!(null))), "changed_outside");
        let lift = json!({"hold": hold["hold"], "why": "Was nothing"});
        assert_eq!(code(world.run_because(&manager, "hold.lift", lift, "Checked")), "changed_outside");
        assert_eq!(events(&test.database), before, "nothing was written");
        // The same after both were put back: only what was changed outside stood in the way.
        tamper(&test.database, "update record set title = 'News' where kind = 'notice'");
        world.edit(&writer, &id, json!({"news": "two"})).unwrap();
    });
}

#[test]
fn frs_evd_071_a_record_that_cannot_be_read_any_more_is_refused_by_name_and_never_an_unknown_fault() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), modules());
        let writer = world.person("wim", &["quality_engineer"]);
        let id = world.create(&writer, "notice", "News", json!({})).unwrap();
        for (column, attack) in [("fields", "update record set fields = 'no json' where kind = 'notice'"), ("phase", "update record set phase = 'none', fields = '{}' where kind = 'notice'")] {
            tamper(&test.database, attack);
            let id = id.clone();
            let refused = test.database.read(move |tx| kernel::record::get(tx, MAIN_TENANT, &id)).unwrap_err();
            let refusal = refused.refusal().unwrap();
            assert_eq!(refusal.code, "changed_outside");
            assert!(refusal.message.contains("NO-0001") && refusal.message.contains(column), "{}", refusal.message);
        }
    });
}
