//! What declarations must fulfil before anything runs on them: every name they use exists, every
//! state can be reached, every rule can be answered. What is found here would otherwise be found by
//! somebody in the middle of a step.

use super::{Catalog, EVERYONE};
use crate::calendar::{Calendar, ClockRule};
use crate::decision::AWARE_ON;
use crate::decision_tree::DecisionTree;
use crate::kind::{DossierQuery, Effect, FieldSort, Kind, LinkKind, OnChange, Phase, Revisions, Step, TakenBy};
use crate::reference;
use crate::rule::{Check, Rule};
use crate::sheet::Sheet;
use std::collections::{BTreeMap, BTreeSet};

/// Everything that is wrong with the declarations, as sentences.
pub(super) fn problems(catalog: &Catalog) -> Vec<String> {
    let mut found = Vec::new();
    for tree in catalog.trees.values() {
        found.extend(of_tree(catalog, tree));
    }
    for rule in catalog.clock_rules.values() {
        found.extend(of_clock_rule(rule));
    }
    for command in catalog.commands.values() {
        if command.requirement.is_empty() {
            found.push(format!("command {} names no requirement", command.name));
        }
        for role in command.roles.iter().filter(|role| !is_role(catalog, role)) {
            found.push(format!("command {} is granted to the unknown role {role}", command.name));
        }
    }
    found.extend(of_reference_tables(catalog));
    found.extend(rules_that_differ(catalog));
    for kind in catalog.kinds.values() {
        found.extend(of_kind(catalog, kind));
    }
    found
}

/// A shipped table must be what its own declaration asks for: it counts from the first day.
fn of_reference_tables(catalog: &Catalog) -> Vec<String> {
    let mut found = Vec::new();
    for (index, table) in catalog.reference_tables.iter().enumerate() {
        let name = table.name;
        if catalog.reference_tables.iter().take(index).any(|other| other.number() == table.number()) {
            found.push(format!("reference table {name} is declared twice"));
        }
        if table.requirement.is_empty() || table.source.is_empty() {
            found.push(format!("reference table {name} names no requirement or no source"));
        }
        match Sheet::given(name, &serde_json::Value::from(table.shipped)) {
            Ok(sheet) => found.extend(reference::read(table, &sheet).err().into_iter().flatten().map(|fault| format!("reference table {name}: {fault}"))),
            Err(error) => found.push(format!("reference table {name}: {error}")),
        }
    }
    found
}

fn of_tree(catalog: &Catalog, tree: &DecisionTree) -> Vec<String> {
    let mut found: Vec<String> = tree.check().err().map(|error| error.to_string()).into_iter().collect();
    let clocks = tree.outcomes.iter().filter_map(|outcome| Some((outcome, outcome.clock.as_deref()?)));
    for (outcome, clock) in clocks.filter(|(_, clock)| catalog.clock_rule(clock).is_none()) {
        found.push(format!("tree {}: outcome {} starts the unknown clock {clock}", tree.name, outcome.id));
    }
    found
}

fn of_clock_rule(rule: &ClockRule) -> Option<String> {
    if let Err(error) = rule.check() {
        return Some(error.to_string());
    }
    let unknown = Calendar::built_in(&rule.calendar).is_none();
    unknown.then(|| format!("clock rule {} counts by the unknown calendar {}", rule.name, rule.calendar))
}

/// One identifier means one rule, wherever it stands: the same demand, the same requirement.
fn rules_that_differ(catalog: &Catalog) -> Vec<String> {
    let mut known: BTreeMap<&str, &Rule> = BTreeMap::new();
    let mut found = BTreeSet::new();
    let rules = catalog.kinds.values().flat_map(|kind| &kind.steps).flat_map(|step| &step.rules);
    for rule in rules {
        let first = known.entry(&rule.id).or_insert(rule);
        if first.requirement != rule.requirement || first.text != rule.text || first.floor != rule.floor {
            found.insert(format!("rule {} stands for two different demands", rule.id));
        }
    }
    found.into_iter().collect()
}

fn is_role(catalog: &Catalog, role: &str) -> bool {
    role == EVERYONE || catalog.roles.contains_key(role)
}

/// What is wrong with one kind's declaration; empty when it is sound.
pub(super) fn of_kind(catalog: &Catalog, kind: &Kind) -> Vec<String> {
    let mut found = Vec::new();
    found.extend(names_used_twice(kind));
    found.extend(of_states(kind));
    for step in &kind.steps {
        let of_step = of_step(catalog, kind, step).into_iter().map(|text| format!("step {} {text}", step.name));
        found.extend(of_step);
    }
    for (role, _) in kind.grants.iter().filter(|(role, _)| !is_role(catalog, role)) {
        found.push(format!("grants to the unknown role {role}"));
    }
    for field in &kind.personal {
        if !matches!(field.sort, FieldSort::Line(_) | FieldSort::Block(_)) || field.required || field.filter {
            found.push(format!("personal field {} is more than a line or block that may stay empty", field.name));
        }
    }
    for field in &kind.fields {
        if let FieldSort::TableRevision(table) = &field.sort
            && catalog.reference_table(table).is_none()
        {
            found.push(format!("field {} names the unknown reference table {table}", field.name));
        }
    }
    for link in &kind.links {
        found.extend(of_link(catalog, link));
    }
    for name in &kind.trees {
        found.extend(of_trees_use(catalog, kind, name));
    }
    for section in &kind.dossier {
        found.extend(of_query(catalog, kind, &section.finds).map(|text| format!("dossier section “{}” {text}", section.title)));
    }
    found.into_iter().map(|text| format!("{}: {text}", kind.name)).collect()
}

fn names_used_twice(kind: &Kind) -> Vec<String> {
    let twice = |what: &str, names: Vec<&str>| {
        let mut seen = BTreeSet::new();
        let repeated: Vec<_> = names.into_iter().filter(|name| !seen.insert(*name)).collect();
        repeated.into_iter().map(|name| format!("has two {what} {name}")).collect::<Vec<_>>()
    };
    let mut found = twice("fields", kind.fields.iter().chain(&kind.personal).map(|field| field.name.as_str()).collect());
    found.extend(twice("states", kind.states.iter().map(|state| state.name.as_str()).collect()));
    found.extend(twice("steps", kind.steps.iter().map(|step| step.name.as_str()).collect()));
    found.extend(twice("links", kind.links.iter().map(|link| link.name.as_str()).collect()));
    found
}

fn of_states(kind: &Kind) -> Vec<String> {
    let mut found = Vec::new();
    let Some(first) = kind.first_state() else { return vec!["has no states".to_owned()] };
    let reached = crate::kind::reachable(kind, &first.name, None);
    for state in kind.states.iter().filter(|state| !reached.contains(state.name.as_str())) {
        found.push(format!("state {} cannot be reached", state.name));
    }
    if kind.revisions == Revisions::None {
        return found;
    }
    for state in kind.states.iter().filter(|state| state.phase == Phase::Effective) {
        let ends = kind.steps.iter().any(|step| step.name == "supersede" && step.taken_by == TakenBy::Record && step.from.contains(&state.name));
        if !ends {
            found.push(format!("state {} is left by no step “supersede”, so that no later revision can become effective", state.name));
        }
    }
    found
}

fn of_step(catalog: &Catalog, kind: &Kind, step: &Step) -> Vec<String> {
    let mut found = Vec::new();
    for state in step.from.iter().chain([&step.to]).filter(|state| kind.find_state(state).is_none()) {
        found.push(format!("names the unknown state {state}"));
    }
    for role in step.roles.iter().chain(step.signers.iter().map(|signer| &signer.role)).filter(|role| !is_role(catalog, role)) {
        found.push(format!("names the unknown role {role}"));
    }
    match step.taken_by {
        TakenBy::Person if step.roles.is_empty() && step.signers.is_empty() => found.push("can be taken by nobody".to_owned()),
        TakenBy::Record | TakenBy::Clock if !step.signers.is_empty() => found.push("is signed, but no person takes it".to_owned()),
        _ => {}
    }
    let mut ids = BTreeSet::new();
    for rule in &step.rules {
        if !ids.insert(&rule.id) {
            found.push(format!("asks the rule {} twice", rule.id));
        }
        if rule.requirement.is_empty() {
            found.push(format!("has the rule {} without a requirement", rule.id));
        }
        found.extend(of_check(catalog, kind, &rule.check).into_iter().map(|text| format!("has the rule {}, which {text}", rule.id)));
    }
    for effect in &step.effects {
        found.extend(of_effect(catalog, kind, effect));
    }
    found
}

fn of_check(catalog: &Catalog, kind: &Kind, check: &Check) -> Vec<String> {
    match check {
        Check::Filled { fields } => fields
            .iter()
            .filter(|field| kind.find_field(field).is_none())
            .map(|field| format!("asks for the unknown field {field}"))
            .collect(),
        Check::LinkedAtLeast { link, .. } | Check::LinkedInPhase { link, .. } | Check::ObligationsDone { through: Some(link), .. } => {
            unknown_link(kind, link).into_iter().collect()
        }
        Check::LinkingInPhase { link, .. } => unknown_inverse(catalog, &kind.name, link).into_iter().collect(),
        Check::Decided { tree } if !kind.trees.contains(tree) => vec![format!("asks for the decision {tree}, which is not taken on this kind")],
        Check::Decided { .. } | Check::ObligationsDone { .. } | Check::NothingSuspect | Check::Code(_) => Vec::new(),
    }
}

fn of_effect(catalog: &Catalog, kind: &Kind, effect: &Effect) -> Option<String> {
    match effect {
        Effect::StartClock { rule } if catalog.clock_rule(rule).is_none() => Some(format!("starts the unknown clock {rule}")),
        Effect::StopClock { rule } if catalog.clock_rule(rule).is_none() => Some(format!("stops the unknown clock {rule}")),
        Effect::Raise { role, .. } if !is_role(catalog, role) => Some(format!("asks the unknown role {role}")),
        Effect::FreezeDossier if kind.dossier.is_empty() => Some("freezes a dossier that the kind does not have".to_owned()),
        _ => None,
    }
}

fn of_link(catalog: &Catalog, link: &LinkKind) -> Vec<String> {
    let mut found: Vec<String> = link
        .targets
        .iter()
        .filter(|target| !catalog.kinds.contains_key(*target))
        .map(|target| format!("link {} leads to the unknown kind {target}", link.name))
        .collect();
    for on_change in [&link.when_target_changes, &link.when_source_changes] {
        if let OnChange::Obligation { role, .. } = on_change
            && !is_role(catalog, role)
        {
            found.push(format!("link {} asks the unknown role {role}", link.name));
        }
    }
    found
}

fn of_trees_use(catalog: &Catalog, kind: &Kind, name: &str) -> Option<String> {
    let Some(tree) = catalog.tree(name) else { return Some(format!("names the unknown decision tree {name}")) };
    let starts_a_clock = tree.outcomes.iter().any(|outcome| outcome.clock.is_some());
    let has_the_day = kind.find_field(AWARE_ON).is_some_and(|field| field.sort == FieldSort::Date);
    (starts_a_clock && !has_the_day).then(|| format!("decides by {name}, which starts a clock, but has no date “{AWARE_ON}” to count it from"))
}

fn of_query(catalog: &Catalog, kind: &Kind, query: &DossierQuery) -> Option<String> {
    match query {
        DossierQuery::Targets { link } => unknown_link(kind, link),
        DossierQuery::Sources { link } => unknown_inverse(catalog, &kind.name, link),
        DossierQuery::SourcesOfTargets { link, their_link } => {
            let Some(own) = kind.find_link(link) else { return unknown_link(kind, link) };
            let known = own.targets.is_empty() || own.targets.iter().any(|target| unknown_inverse(catalog, target, their_link).is_none());
            (!known).then(|| format!("follows the link {their_link}, which leads to nothing that {link} finds"))
        }
    }
}

fn unknown_link(kind: &Kind, link: &str) -> Option<String> {
    kind.find_link(link).is_none().then(|| format!("follows the unknown link {link}"))
}

/// Whether no kind has a link of this name that may lead to the kind.
fn unknown_inverse(catalog: &Catalog, kind: &str, link: &str) -> Option<String> {
    let leads_here = |declared: &LinkKind| declared.name == link && (declared.targets.is_empty() || declared.targets.iter().any(|target| target == kind));
    let known = catalog.kinds.values().flat_map(|source| &source.links).any(leads_here);
    (!known).then(|| format!("follows the link {link}, which leads from nowhere to {kind}"))
}
