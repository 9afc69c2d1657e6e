//! Decisions and the clocks they start, on both engines.

use crate::records::code;
use kernel::calendar::ClockRule;
use kernel::catalog::Module;
use kernel::clock::Clock;
use kernel::decision_tree::{Answer, DecisionTree, Next, Outcome, Question};
use kernel::kind::{Area, Field, Kind, Phase, Step};
use serde_json::json;
use testkit::engines::both_migrated;
use testkit::world::World;

/// Reports whose first decision starts a clock that a law sets or one that the company may move.
pub fn reports() -> Vec<Module> {
    let kind = Kind::new("report", "Report", "Reports", Area::Quality)
        .counted("REP", 3)
        .field(Field::date("aware_on", "Aware on"))
        .state("open", "Open", Phase::InWork)
        .state("closed", "Closed", Phase::Closed)
        .step(Step::new("close", "Close", &["open"], "closed").by(&["quality_engineer"]))
        .tree("must_be_told")
        .allow("everyone", &["view"])
        .allow("quality_engineer", &["create", "edit", "decide"]);
    let answer = |value: &str, outcome: &str| Answer {
        value: value.to_owned(),
        label: value.to_owned(),
        next: Next::Outcome(outcome.to_owned()),
    };
    let outcome = |id: &str, clock: Option<&str>| Outcome {
        id: id.to_owned(),
        label: id.to_owned(),
        clock: clock.map(str::to_owned),
        reportable: clock.is_some(),
        text: String::new(),
    };
    let tree = DecisionTree {
        name: "must_be_told".to_owned(),
        version: 1,
        title: "Must somebody be told?".to_owned(),
        source: "21 CFR 803".to_owned(),
        questions: vec![Question {
            id: "who".to_owned(),
            text: "Who must be told?".to_owned(),
            help: String::new(),
            answers: vec![answer("authority", "tell_authority"), answer("customer", "tell_customer"), answer("nobody", "tell_nobody")],
        }],
        outcomes: vec![outcome("tell_authority", Some("by_law")), outcome("tell_customer", Some("by_promise")), outcome("tell_nobody", None)],
    };
    let clock_rules =
        vec![ClockRule::calendar_days("by_law", "FRS-T-010", 30), ClockRule::calendar_days("by_promise", "FRS-T-011", 10).extendable()];
    vec![Module { kinds: vec![kind], trees: vec![tree], clock_rules, ..Module::default() }]
}

fn clocks(world: &World, record: &str) -> Vec<Clock> {
    let record = record.to_owned();
    world.kernel.database().read(move |tx| kernel::clock::of_record(tx, "main", &record)).unwrap()
}

#[test]
fn frs_dec_002_a_clock_is_not_started_while_the_day_of_awareness_is_missing() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), reports());
        let engineer = world.person("quin", &["quality_engineer"]);
        let id = world.create(&engineer, "report", "Leak", json!({})).unwrap();
        let decide = |answer: &str| world.run(&engineer, "decision.take", json!({"record": id, "tree": "must_be_told", "answers": {"who": answer}}));
        let refused = decide("authority").unwrap_err();
        assert_eq!(code(&refused), "aware_date_needed");
        assert_eq!(refused.refusal().unwrap().place.as_deref(), Some("fields.aware_on"));
        assert!(refused.to_string().contains("“Aware on”"), "{refused}");
        assert!(clocks(&world, &id).is_empty());
        // What starts no clock needs no day.
        decide("nobody").unwrap();
        world.edit(&engineer, &id, json!({"aware_on": "2026-10-30"})).unwrap();
        decide("authority").unwrap();
        assert_eq!(clocks(&world, &id)[0].due_date, "2026-11-29");
    });
}

#[test]
fn frs_clk_003_only_a_time_that_the_company_set_can_be_extended() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), reports());
        let engineer = world.person("quin", &["quality_engineer"]);
        let manager = world.person("mara", &["quality_manager"]);
        let started = |answer: &str| {
            let id = world.create(&engineer, "report", "Leak", json!({"aware_on": "2026-11-01"})).unwrap();
            world.run(&engineer, "decision.take", json!({"record": id, "tree": "must_be_told", "answers": {"who": answer}})).unwrap();
            id
        };
        let extend = |clock: &Clock, date: &str| world.run_because(&manager, "clock.extend", json!({"clock": clock.id, "due_date": date}), "the part is still in the laboratory");
        let by_law = clocks(&world, &started("authority")).remove(0);
        let refused = extend(&by_law, "2026-12-24").unwrap_err();
        assert_eq!(code(&refused), "not_extendable");
        let blocker = &refused.refusal().unwrap().blockers[0];
        assert_eq!((blocker.rule.as_str(), blocker.requirement.as_str()), ("by_law", "FRS-T-010"));
        assert_eq!(clocks(&world, &by_law.record)[0].due_date, by_law.due_date);

        let by_promise = clocks(&world, &started("customer")).remove(0);
        assert_eq!(code(&extend(&by_promise, "2026-11-11").unwrap_err()), "not_later");
        extend(&by_promise, "2026-11-20").unwrap();
        let moved = clocks(&world, &by_promise.record).remove(0);
        assert_eq!((moved.original_due.as_str(), moved.due_date.as_str()), ("2026-11-11", "2026-11-20"));
    });
}

#[test]
fn frs_clk_006_a_due_date_is_extended_up_to_the_limit_and_not_once_more() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), reports());
        let engineer = world.person("quin", &["quality_engineer"]);
        let manager = world.person("mara", &["quality_manager"]);
        let id = world.create(&engineer, "report", "Leak", json!({"aware_on": "2026-11-01"})).unwrap();
        world.run(&engineer, "decision.take", json!({"record": id, "tree": "must_be_told", "answers": {"who": "customer"}})).unwrap();
        let clock = clocks(&world, &id).remove(0);
        let mut due: base::Date = clock.due_date.parse().unwrap();
        for _ in 0..kernel::calendar::EXTENSIONS_MAX {
            due = due.tomorrow().unwrap();
            world.run_because(&manager, "clock.extend", json!({"clock": clock.id, "due_date": due.to_string()}), "again").unwrap();
        }
        let next = due.tomorrow().unwrap().to_string();
        let refused = world.run_because(&manager, "clock.extend", json!({"clock": clock.id, "due_date": next}), "again").unwrap_err();
        assert_eq!(code(&refused), "too_many_extensions");
    });
}

#[test]
fn frs_clk_007_what_cannot_be_judged_is_never_shown_as_in_time() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), reports());
        let engineer = world.person("quin", &["quality_engineer"]);
        let id = world.create(&engineer, "report", "Leak", json!({"aware_on": "2026-11-01"})).unwrap();
        world.run(&engineer, "decision.take", json!({"record": id, "tree": "must_be_told", "answers": {"who": "customer"}})).unwrap();
        let clock = clocks(&world, &id).remove(0);
        let at = |text: &str| base::Timestamp::parse(text).unwrap();
        assert!(!clock.is_overdue(at("2026-11-11T23:59:59Z")).unwrap());
        assert!(clock.is_overdue(at("2026-11-12T00:00:00Z")).unwrap());
        let mut nowhere = clock.clone();
        nowhere.zone = "Atlantis/Main".to_owned();
        assert!(nowhere.is_overdue(at("2027-01-01T00:00:00Z")).is_err());
        let mut undated = clock;
        undated.due_date = "soon".to_owned();
        assert!(undated.is_overdue(at("2027-01-01T00:00:00Z")).is_err());
    });
}
