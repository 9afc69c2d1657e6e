//! The nouns as a package writes them: fields, states, steps, signers, rules, links, whole kinds.

use super::entry::Entry;
use super::text::numbers;
use crate::kind::{
    Area, DossierQuery, DossierSection, Effect, Field, FieldSort, Kind, LinkKind, Numbering, OnChange, Phase, Revisions, Signer, State, Step, TakenBy,
};
use crate::rule::{Check, Rule};
use base::limits::{BLOCK_CHARS, LABEL_CHARS, LINE_CHARS, LINKS_PER_RECORD, TITLE_CHARS};

const AREAS: [(&str, Area); 6] = [
    ("engineering", Area::Engineering),
    ("quality", Area::Quality),
    ("training", Area::Training),
    ("suppliers", Area::Suppliers),
    ("design", Area::Design),
    ("administration", Area::Administration),
];
const REVISIONS: [(&str, Revisions); 3] = [("none", Revisions::None), ("letters", Revisions::Letters), ("numbers", Revisions::Numbers)];
const TAKEN_BY: [(&str, TakenBy); 3] = [("person", TakenBy::Person), ("record", TakenBy::Record), ("clock", TakenBy::Clock)];
/// The days within which an obligation may fall due: ten years.
const DUE_DAYS: i64 = 3_650;
/// The requirement of a rule that names none.
const OWN_REQUIREMENT: &str = "configuration package";

fn phases() -> [(&'static str, Phase); 6] {
    Phase::ALL.map(|phase| (phase.name(), phase))
}

/// A name: marked as the package's own where it stands beside names of the product.
fn name(entry: &mut Entry<'_>, own: bool) -> String {
    if own { entry.own_key("name") } else { entry.key("name") }
}

pub(super) fn field(entry: &mut Entry<'_>, own: bool) -> Field {
    Field {
        name: name(entry, own),
        label: entry.line("label", LABEL_CHARS),
        group: entry.opt_line("group", LABEL_CHARS).unwrap_or_else(|| "Details".to_owned()),
        sort: field_sort(entry),
        required: entry.flag("required", false),
        filter: entry.flag("filter", false),
        help: entry.opt_block("help"),
    }
}

fn field_sort(entry: &mut Entry<'_>) -> FieldSort {
    #[derive(Clone, Copy)]
    enum Word {
        Line,
        Block,
        Integer,
        Decimal,
        Date,
        YesNo,
        Choice,
        Person,
    }
    let words = [
        ("line", Word::Line),
        ("block", Word::Block),
        ("integer", Word::Integer),
        ("decimal", Word::Decimal),
        ("date", Word::Date),
        ("yes_no", Word::YesNo),
        ("choice", Word::Choice),
        ("person", Word::Person),
    ];
    match entry.word("sort", &words).unwrap_or(Word::Line) {
        Word::Line => FieldSort::Line(max_chars(entry, LINE_CHARS)),
        Word::Block => FieldSort::Block(max_chars(entry, BLOCK_CHARS)),
        Word::Integer => integer(entry),
        Word::Decimal => FieldSort::Decimal,
        Word::Date => FieldSort::Date,
        Word::YesNo => FieldSort::YesNo,
        Word::Choice => FieldSort::Choice(choices(entry)),
        Word::Person => FieldSort::Person,
    }
}

fn max_chars(entry: &mut Entry<'_>, most: usize) -> usize {
    let limit = i64::try_from(most).unwrap_or(i64::MAX);
    entry.int("max_chars", 1, limit).and_then(|chosen| usize::try_from(chosen).ok()).unwrap_or(most)
}

fn integer(entry: &mut Entry<'_>) -> FieldSort {
    // What every reader of JSON keeps exactly.
    const EXACT: i64 = (1 << 53) - 1;
    let min = entry.int("min", -EXACT, EXACT).unwrap_or(-EXACT);
    let max = entry.int("max", -EXACT, EXACT).unwrap_or(EXACT);
    if min > max {
        entry.fault("max", format!("the most, {max}, is less than the least, {min}"));
    }
    FieldSort::Integer { min, max }
}

fn choices(entry: &mut Entry<'_>) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for mut choice in entry.tables("choices") {
        let (value, label) = (choice.key("value"), choice.line("label", LABEL_CHARS));
        if found.iter().any(|(known, _)| *known == value) {
            choice.fault("value", format!("“{value}” is there twice"));
        }
        choice.done();
        found.push((value, label));
    }
    if found.is_empty() {
        entry.fault("choices", "a choice needs something to choose from");
    }
    found
}

pub(super) fn state(entry: &mut Entry<'_>, own: bool) -> State {
    State { name: name(entry, own), label: entry.line("label", LABEL_CHARS), phase: entry.word("phase", &phases()).unwrap_or(Phase::Draft) }
}

/// A step. Beside the product's own steps only a person takes it, and nothing else happens with it.
pub(super) fn step(entry: &mut Entry<'_>, own: bool) -> Step {
    let mut step = Step::new(&name(entry, own), &entry.line("label", LABEL_CHARS), &[], "");
    step.from = entry.some_keys("from");
    step.to = entry.key("to");
    step.roles = entry.keys("roles");
    for mut given in entry.tables("signers") {
        step.signers.push(signer(&mut given));
        given.done();
    }
    step.in_order = entry.flag("in_order", false);
    step.awaited = entry.flag("awaited", true);
    step.reason = entry.flag("reason", false);
    if !own {
        step.taken_by = entry.opt_word("taken_by", &TAKEN_BY).unwrap_or(TakenBy::Person);
        for mut given in entry.tables("effects") {
            step.effects.extend(effect(&mut given));
            given.done();
        }
    }
    step
}

pub(super) fn signer(entry: &mut Entry<'_>) -> Signer {
    Signer { role: entry.key("role"), meaning: entry.line("meaning", LABEL_CHARS), may_be_author: entry.flag("may_be_author", false) }
}

fn effect(entry: &mut Entry<'_>) -> Option<Effect> {
    if let Some(mut raise) = entry.table("raise") {
        let effect = Effect::Raise {
            sort: raise.key("sort"),
            task: raise.line("task", TITLE_CHARS),
            role: raise.key("role"),
            due_days: raise.needed_int("due_days", 0, DUE_DAYS),
        };
        raise.done();
        return Some(effect);
    }
    if entry.flag("freeze_dossier", false) {
        return Some(Effect::FreezeDossier);
    }
    let effect = entry
        .opt_key("close_obligations")
        .map(|sort| Effect::CloseObligations { sort })
        .or_else(|| entry.opt_key("start_clock").map(|rule| Effect::StartClock { rule }))
        .or_else(|| entry.opt_key("stop_clock").map(|rule| Effect::StopClock { rule }));
    if effect.is_none() {
        entry.fault("raise", "an effect is one of: raise, close_obligations, start_clock, stop_clock, freeze_dossier");
    }
    effect
}

pub(super) fn rule(entry: &mut Entry<'_>) -> Rule {
    Rule {
        id: entry.own_key("id"),
        requirement: entry.opt_line("requirement", LABEL_CHARS).unwrap_or_else(|| OWN_REQUIREMENT.to_owned()),
        text: entry.line("text", TITLE_CHARS),
        floor: false,
        check: check(entry),
    }
}

/// One sentence of the fixed vocabulary.
fn check(entry: &mut Entry<'_>) -> Check {
    if entry.is_text("check") {
        entry.opt_word("check", &[("nothing_suspect", ())]);
        return Check::NothingSuspect;
    }
    let Some(mut check) = entry.table("check") else {
        entry.fault("check", "“check” says what is checked, such as { filled = [\"x_cost\"] }");
        return Check::NothingSuspect;
    };
    let found = sentence(&mut check);
    check.done();
    found
}

fn sentence(check: &mut Entry<'_>) -> Check {
    if check.has("filled") {
        return Check::Filled { fields: check.some_keys("filled") };
    }
    if check.has("decided") {
        return Check::Decided { tree: check.key("decided") };
    }
    if let Some(mut at_least) = check.table("linked_at_least") {
        let most = i64::try_from(LINKS_PER_RECORD).unwrap_or(i64::MAX);
        let count = usize::try_from(at_least.needed_int("count", 1, most)).unwrap_or(1);
        let found = Check::LinkedAtLeast { link: at_least.key("link"), count };
        at_least.done();
        return found;
    }
    if let Some(mut linked) = check.table("linked_in_phase") {
        let found = Check::LinkedInPhase { link: linked.key("link"), phases: linked.some_words("phases", &phases()) };
        linked.done();
        return found;
    }
    if let Some(mut linking) = check.table("linking_in_phase") {
        let found = Check::LinkingInPhase { link: linking.key("link"), phases: linking.some_words("phases", &phases()) };
        linking.done();
        return found;
    }
    if let Some(mut done) = check.table("obligations_done") {
        let found = Check::ObligationsDone { sort: done.key("sort"), through: done.opt_key("through"), label: done.line("label", LABEL_CHARS) };
        done.done();
        return found;
    }
    check.fault("", "a check is one of: filled, linked_at_least, linked_in_phase, linking_in_phase, obligations_done, decided, or the word nothing_suspect");
    Check::NothingSuspect
}

fn link(entry: &mut Entry<'_>) -> LinkKind {
    LinkKind {
        name: entry.key("name"),
        label: entry.line("label", LABEL_CHARS),
        inverse: entry.line("inverse", LABEL_CHARS),
        targets: entry.some_keys("targets"),
        pinned: entry.flag("pinned", false),
        binding: entry.flag("binding", false),
        when_target_changes: on_change(entry, "when_target_changes"),
        when_source_changes: on_change(entry, "when_source_changes"),
    }
}

fn on_change(entry: &mut Entry<'_>, name: &'static str) -> OnChange {
    if !entry.has(name) {
        return OnChange::Nothing;
    }
    if entry.is_text(name) {
        let suspect = entry.opt_word(name, &[("nothing", false), ("suspect", true)]);
        return if suspect == Some(true) { OnChange::Suspect } else { OnChange::Nothing };
    }
    let Some(mut asked) = entry.table(name) else { return OnChange::Nothing };
    let obligation = OnChange::Obligation {
        sort: asked.key("sort"),
        task: asked.line("task", TITLE_CHARS),
        role: asked.key("role"),
        due_days: asked.needed_int("due_days", 0, DUE_DAYS),
    };
    asked.done();
    obligation
}

fn section(entry: &mut Entry<'_>) -> DossierSection {
    let title = entry.line("title", LABEL_CHARS);
    let requirement = entry.opt_line("requirement", LABEL_CHARS).unwrap_or_else(|| OWN_REQUIREMENT.to_owned());
    let finds = if entry.has("targets") {
        DossierQuery::Targets { link: entry.key("targets") }
    } else if entry.has("sources") {
        DossierQuery::Sources { link: entry.key("sources") }
    } else {
        DossierQuery::SourcesOfTargets { link: entry.key("of_targets"), their_link: entry.key("their_link") }
    };
    DossierSection { title, requirement, finds }
}

/// A whole kind, made of the same nouns as the product's own.
pub(super) fn kind(mut entry: Entry<'_>) -> Kind {
    let mut kind = Kind::new(&entry.own_key("name"), &entry.line("label", LABEL_CHARS), &entry.line("plural", LABEL_CHARS), Area::Quality);
    kind.text = entry.opt_block("text");
    kind.area = entry.word("area", &AREAS).unwrap_or(Area::Quality);
    kind.revisions = entry.opt_word("revisions", &REVISIONS).unwrap_or(Revisions::None);
    // Without a prefix the numbers are given by whoever makes the record.
    if entry.has("prefix") || entry.has("digits") {
        let counted = numbers(&mut entry);
        kind.numbering = Numbering::Counted { prefix: counted.prefix, digits: counted.digits, with_year: counted.with_year };
    }
    kind.trees = entry.keys("trees");
    kind.fields = each(&mut entry, "field", |inner| field(inner, false));
    kind.states = each(&mut entry, "state", |inner| state(inner, false));
    kind.steps = each(&mut entry, "step", |inner| step(inner, false));
    kind.links = each(&mut entry, "link", link);
    kind.dossier = each(&mut entry, "section", section);
    entry.done();
    kind
}

fn each<T>(entry: &mut Entry<'_>, name: &'static str, read: impl Fn(&mut Entry<'_>) -> T) -> Vec<T> {
    let mut found = Vec::new();
    for mut inner in entry.tables(name) {
        found.push(read(&mut inner));
        inner.done();
    }
    found
}
