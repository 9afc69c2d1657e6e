//! Declarations that do not fit are refused when the product is put together, by name.

use kernel::calendar::ClockRule;
use kernel::catalog::{Catalog, Module, Role};
use kernel::decision_tree::{Answer, DecisionTree, Next, Outcome, Question};
use kernel::kind::{Area, DossierQuery, Effect, Field, Kind, LinkKind, OnChange, Phase, Revisions, Step};
use kernel::rule::{Check, Rule};

/// A kind that is sound; each case breaks one thing.
fn thing() -> Kind {
    Kind::new("thing", "Thing", "Things", Area::Quality)
        .field(Field::line("what", "What"))
        .field(Field::date("aware_on", "Aware on"))
        .state("open", "Open", Phase::InWork)
        .state("closed", "Closed", Phase::Closed)
        .step(Step::new("close", "Close", &["open"], "closed").by(&["quality_engineer"]))
        .link(LinkKind::new("about", "is about", "has thing", &["thing"]))
}

fn tree(clock: Option<&str>) -> DecisionTree {
    let answer = |value: &str, outcome: &str| Answer { value: value.to_owned(), label: value.to_owned(), next: Next::Outcome(outcome.to_owned()) };
    let outcome = |id: &str, clock: Option<&str>| Outcome { id: id.to_owned(), label: id.to_owned(), clock: clock.map(str::to_owned), reportable: false, text: String::new() };
    DecisionTree {
        name: "choose".to_owned(),
        version: 1,
        title: "Choose".to_owned(),
        source: "house rule".to_owned(),
        questions: vec![Question { id: "q".to_owned(), text: "Which?".to_owned(), help: String::new(), answers: vec![answer("a", "one"), answer("b", "two")] }],
        outcomes: vec![outcome("one", clock), outcome("two", None)],
    }
}

fn built(module: Module) -> Result<Catalog, String> {
    Catalog::build(vec![kernel::commands::module(), module]).map_err(|error| error.to_string())
}

fn of_kind(kind: Kind) -> Result<Catalog, String> {
    let clock_rules = vec![ClockRule::calendar_days("soon", "FRS-T-020", 5)];
    built(Module { kinds: vec![kind], trees: vec![tree(Some("soon"))], clock_rules, ..Module::default() })
}

fn with_rule(check: Check) -> Kind {
    let mut kind = thing();
    kind.steps[0].rules.push(Rule::floor("thing.rule", "FRS-T-021", "It is so", check));
    kind
}

fn with_effect(effect: Effect) -> Kind {
    let mut kind = thing();
    kind.steps[0].effects.push(effect);
    kind
}

#[test]
fn frs_cat_001_a_sound_declaration_is_accepted() {
    of_kind(thing().tree("choose").section("All", "FRS-T-022", DossierQuery::Sources { link: "about".to_owned() })).unwrap();
}

#[test]
fn frs_cat_001_what_a_rule_or_effect_names_must_exist_or_the_declaration_is_refused() {
    let unknown = || "nowhere".to_owned();
    let cases = [
        (with_rule(Check::filled(&["nowhere"])), "asks for the unknown field nowhere"),
        (with_rule(Check::LinkedAtLeast { link: unknown(), count: 1 }), "follows the unknown link nowhere"),
        (with_rule(Check::LinkedInPhase { link: unknown(), phases: vec![Phase::Closed] }), "follows the unknown link nowhere"),
        (with_rule(Check::LinkingInPhase { link: unknown(), phases: vec![Phase::Closed] }), "which leads from nowhere to thing"),
        (with_rule(Check::ObligationsDone { sort: "train".to_owned(), through: Some(unknown()), label: "Training".to_owned() }), "follows the unknown link nowhere"),
        (with_rule(Check::Decided { tree: "choose".to_owned() }), "asks for the decision choose, which is not taken on this kind"),
        (with_effect(Effect::StartClock { rule: unknown() }), "starts the unknown clock nowhere"),
        (with_effect(Effect::StopClock { rule: unknown() }), "stops the unknown clock nowhere"),
        (with_effect(Effect::FreezeDossier), "freezes a dossier that the kind does not have"),
        (with_effect(Effect::Raise { sort: "act".to_owned(), task: "Act".to_owned(), role: unknown(), due_days: 1 }), "asks the unknown role nowhere"),
        (thing().tree("nowhere"), "names the unknown decision tree nowhere"),
        (thing().section("All", "FRS-T-022", DossierQuery::Targets { link: unknown() }), "follows the unknown link nowhere"),
        (
            thing().section("All", "FRS-T-022", DossierQuery::SourcesOfTargets { link: "about".to_owned(), their_link: unknown() }),
            "follows the link nowhere, which leads to nothing that about finds",
        ),
        (
            thing().link(LinkKind::new("more", "more", "less", &["thing"]).when_target_changes(OnChange::obligation("act", "Act", "nowhere", 1))),
            "link more asks the unknown role nowhere",
        ),
    ];
    for (kind, expected) in cases {
        let refused = of_kind(kind).unwrap_err();
        assert!(refused.contains(expected), "{refused}");
    }
}

#[test]
fn frs_cat_002_names_cannot_be_used_twice() {
    let cases = [
        (thing().field(Field::line("what", "Again")), "has two fields what"),
        (thing().state("open", "Again", Phase::InWork), "has two states open"),
        (thing().step(Step::new("close", "Again", &["open"], "closed").by(&["everyone"])), "has two steps close"),
        (thing().link(LinkKind::new("about", "again", "again", &["thing"])), "has two links about"),
    ];
    for (kind, expected) in cases {
        let refused = of_kind(kind).unwrap_err();
        assert!(refused.contains(expected), "{refused}");
    }
    let twice = |module: Module| built(module).unwrap_err();
    assert!(twice(Module { roles: vec![Role::new("operator", "Other", "")], ..Module::default() }).contains("role operator is declared twice"));
    assert!(twice(Module { trees: vec![tree(None), tree(None)], ..Module::default() }).contains("decision tree choose is declared twice"));
    let rule = || ClockRule::calendar_days("soon", "FRS-T-020", 5);
    assert!(twice(Module { clock_rules: vec![rule(), rule()], ..Module::default() }).contains("clock rule soon is declared twice"));
}

#[test]
fn frs_cat_003_one_rule_identifier_cannot_stand_for_two_demands() {
    let mut kind = with_rule(Check::filled(&["what"]));
    let mut again = Step::new("reopen", "Reopen", &["closed"], "open").by(&["quality_engineer"]);
    again.rules.push(Rule::optional("thing.rule", "FRS-T-021", "It is so", Check::NothingSuspect));
    kind.steps.push(again);
    let refused = of_kind(kind).unwrap_err();
    assert!(refused.contains("rule thing.rule stands for two different demands"), "{refused}");
    let mut same = with_rule(Check::filled(&["what"]));
    let rule = same.steps[0].rules[0].clone();
    same.steps[0].rules.push(rule.clone());
    assert!(of_kind(same).unwrap_err().contains("asks the rule thing.rule twice"));
    let mut shared = with_rule(Check::filled(&["what"]));
    let mut other = Step::new("reopen", "Reopen", &["closed"], "open").by(&["quality_engineer"]);
    other.rules.push(rule);
    shared.steps.push(other);
    of_kind(shared).unwrap();
    let mut bare = with_rule(Check::NothingSuspect);
    bare.steps[0].rules[0].requirement.clear();
    assert!(of_kind(bare).unwrap_err().contains("has the rule thing.rule without a requirement"));
}

#[test]
fn frs_cat_004_trees_and_clock_rules_that_cannot_be_used_are_refused() {
    let refused = |trees: Vec<DecisionTree>, clock_rules: Vec<ClockRule>| built(Module { trees, clock_rules, ..Module::default() }).unwrap_err();
    let mut dead_end = tree(None);
    dead_end.questions[0].answers[0].next = Next::Question("nowhere".to_owned());
    assert!(refused(vec![dead_end], Vec::new()).contains("leads to “nowhere”, which is not there"));
    assert!(refused(vec![tree(Some("soon"))], Vec::new()).contains("outcome one starts the unknown clock soon"));
    let no_count = ClockRule::calendar_days("never", "FRS-T-020", 0);
    assert!(refused(Vec::new(), vec![no_count]).contains("the clock rule never counts 0"));
    let mars = ClockRule::work_days("sols", "FRS-T-020", 5, "mars");
    assert!(refused(Vec::new(), vec![mars]).contains("clock rule sols counts by the unknown calendar mars"));
    let mut dayless = thing().tree("choose");
    dayless.fields.retain(|field| field.name != "aware_on");
    assert!(of_kind(dayless).unwrap_err().contains("has no date “aware_on” to count it from"));
}

#[test]
fn frs_cat_005_steps_that_nobody_could_take_or_that_end_in_a_dead_end_are_refused() {
    let cases = [
        (thing().step(Step::new("x", "X", &["open"], "closed")), "step x can be taken by nobody"),
        (thing().step(Step::new("x", "X", &["open"], "closed").signed("quality_manager", "seen").by_record()), "step x is signed, but no person takes it"),
        (thing().step(Step::new("x", "X", &["open"], "gone").by(&["everyone"])), "step x names the unknown state gone"),
        (thing().step(Step::new("x", "X", &["open"], "closed").by(&["nobody"])), "step x names the unknown role nobody"),
        (thing().state("island", "Island", Phase::InWork), "state island cannot be reached"),
        (
            thing().revised_by(Revisions::Numbers).state("out", "Out", Phase::Effective).step(Step::new("give_out", "Give out", &["open"], "out").by(&["everyone"])),
            "state out is left by no step “supersede”",
        ),
    ];
    for (kind, expected) in cases {
        let refused = of_kind(kind).unwrap_err();
        assert!(refused.contains(expected), "{refused}");
    }
}
