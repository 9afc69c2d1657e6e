//! Steps that take a record further by their effects, and what follows from withdrawal, on both
//! engines.
#![expect(clippy::unwrap_used, reason = "a story that cannot be told on fails there and then")]

use kernel::calendar::ClockRule;
use kernel::catalog::Module;
use kernel::kind::{Area, Effect, Field, Kind, Phase, Revisions, Step};
use kernel::record::{Edit, Record};
use kernel::record::step::take_as_consequence;
use kernel::rule::StepContext;
use kernel::trail::WriteTx;
use base::Result;
use serde_json::{Value as Json, json};
use testkit::engines::both_migrated;
use testkit::world::{World, text};

/// A notice that is signed out; its effect puts it into force in the same transaction.
fn notices() -> Vec<Module> {
    let notice = Kind::new("notice", "Notice", "Notices", Area::Quality)
        .counted("NO", 4)
        .revised_by(Revisions::Numbers)
        .field(Field::block("news", "What is new"))
        .state("draft", "Draft", Phase::Draft)
        .state("ready", "Ready", Phase::InReview)
        .state("in_force", "In force", Phase::Effective)
        .state("superseded", "Superseded", Phase::Closed)
        .state("withdrawn", "Withdrawn", Phase::Closed)
        .step(Step::new("submit", "Submit", &["draft"], "ready").by(&["quality_engineer"]).effect(Effect::StartClock { rule: "by_law".to_owned() }))
        .step(
            Step::new("issue", "Issue", &["ready"], "ready")
                .signed("quality_manager", "issued the notice")
                .effect(Effect::Run { name: "test.put_into_force", run: put_into_force, preview: None }),
        )
        .step(Step::new("put_into_force", "Put into force", &["ready"], "in_force").by_record())
        .step(Step::new("supersede", "Supersede", &["in_force"], "superseded").by_record())
        .step(Step::new("withdraw", "Withdraw", &["in_force"], "withdrawn").signed("quality_manager", "withdrew the notice").when_needed())
        .allow("everyone", &["view"])
        .allow("quality_engineer", &["create", "edit", "revise"]);
    let clock_rules = vec![ClockRule::calendar_days("by_law", "FRS-T-001", 10)];
    vec![Module { kinds: vec![notice], clock_rules, after_revise: vec![forget_the_news, forget_the_news], ..Module::default() }]
}

fn put_into_force(tx: &mut WriteTx<'_>, context: &StepContext<'_>) -> Result<()> {
    take_as_consequence(tx, context.permit, context.record, "put_into_force", context.cause).map(|_| ())
}

/// Registered twice: each one sees what the one before has written.
fn forget_the_news(tx: &mut WriteTx<'_>, _: &Record, revised: &Record) -> Result<()> {
    let left = revised.field_text("news").split_once(' ').map(|(_, rest)| json!(rest));
    let fields = [("news".to_owned(), left.unwrap_or(Json::Null))].into_iter().collect();
    kernel::record::edit(tx, revised, revised.version, Edit { fields, ..Edit::default() }).map(|_| ())
}

fn code(error: &base::Error) -> String {
    error.refusal().map_or_else(|| format!("{error:?}"), |refusal| refusal.code.clone())
}

fn open_signatures(world: &World, record: &str) -> Vec<String> {
    let record = record.to_owned();
    let all = world.kernel.database().read(move |tx| kernel::obligation::of_record(tx, "main", &record)).unwrap();
    all.into_iter().filter(|known| known.sort == "sign" && known.state == "open").filter_map(|known| known.step).collect()
}

/// A notice that its quality manager has issued.
fn issued(world: &World, writer: &kernel::authority::Actor, manager: &kernel::authority::Actor) -> String {
    let id = world.create(writer, "notice", "News", json!({"news": "one two three"})).unwrap();
    world.step(writer, &id, "submit").unwrap();
    world.sign_step(manager, &id, "issue").unwrap();
    id
}

#[test]
fn frs_sig_007_a_record_that_an_effect_took_further_waits_only_for_the_signatures_of_where_it_is() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), notices());
        let (writer, manager) = (world.person("wim", &["quality_engineer"]), world.person("max", &["quality_manager"]));
        let id = world.create(&writer, "notice", "News", json!({})).unwrap();
        world.step(&writer, &id, "submit").unwrap();
        assert_eq!(open_signatures(&world, &id), ["issue"]);
        world.sign_step(&manager, &id, "issue").unwrap();
        assert_eq!(world.record(&id).state, "in_force");
        assert!(open_signatures(&world, &id).is_empty(), "neither of the state it passed, nor of what is signed only when needed");
        world.sign_step(&manager, &id, "withdraw").unwrap();
    });
}

#[test]
fn frs_rec_023_what_was_withdrawn_is_not_superseded_when_the_item_comes_back() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), notices());
        let (writer, manager) = (world.person("wim", &["quality_engineer"]), world.person("max", &["quality_manager"]));
        let first = issued(&world, &writer, &manager);
        world.sign_step(&manager, &first, "withdraw").unwrap();
        let second = text(&world.run(&writer, "record.revise", json!({"record": first})).unwrap(), "id");
        world.step(&writer, &second, "submit").unwrap();
        world.sign_step(&manager, &second, "issue").unwrap();
        assert_eq!((world.record(&first).state.as_str(), world.record(&second).state.as_str()), ("withdrawn", "in_force"));
        assert_eq!(world.named("notice", "NO-0001").id, second);
    });
}

#[test]
fn frs_rec_024_each_domain_may_change_the_new_revision_as_part_of_the_copying() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), notices());
        let (writer, manager) = (world.person("wim", &["quality_engineer"]), world.person("max", &["quality_manager"]));
        let first = issued(&world, &writer, &manager);
        let second = text(&world.run(&writer, "record.revise", json!({"record": first})).unwrap(), "id");
        assert_eq!((world.record(&second).field_text("news"), world.record(&first).field_text("news")), ("three", "one two three"));
    });
}

#[test]
fn frs_clk_003_only_a_time_of_the_companys_own_is_extended() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), notices());
        let (writer, manager) = (world.person("wim", &["quality_engineer"]), world.person("max", &["quality_manager"]));
        let id = world.create(&writer, "notice", "News", json!({})).unwrap();
        world.step(&writer, &id, "submit").unwrap();
        let read = id.clone();
        let clocks = world.kernel.database().read(move |tx| kernel::clock::of_record(tx, "main", &read)).unwrap();
        let input = json!({"clock": clocks[0].id, "due_date": "2027-01-01"});
        assert_eq!(code(&world.run_because(&manager, "clock.extend", input, "holidays").unwrap_err()), "not_extendable");
        let now = world.kernel.database().read(move |tx| kernel::clock::of_record(tx, "main", &id)).unwrap();
        assert_eq!(now, clocks);
    });
}
