//! The requirements (`docs/requirements`), what asks for them and what tests them.

use crate::product::catalog;
use crate::sources::{files, functions, read, rust_files, shown, test_files, text_of, tokens, walk, without_tests};
use proc_macro2::TokenTree;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// Words of which the name of a test holds one when it shows that something is refused or does not
/// happen. `docs/STYLE.md` says so to people.
const NEGATIVE: [&str; 27] = [
    "refused", "refuses", "refuse", "not", "never", "cannot", "no", "nobody", "nothing", "none", "neither", "only", "blocked", "blocks", "stops", "without",
    "until", "unless", "past", "wrong", "needs", "must", "fixed", "stay", "keeps", "once", "foreign",
];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    requirement: Vec<Requirement>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    pub id: String,
    pub level: String,
    pub text: String,
    pub risk: String,
    #[serde(default)]
    pub regulations: Vec<String>,
    pub verify: String,
    /// Where it stands.
    #[serde(skip)]
    pub file: String,
}

/// A test that carries the identifier of a requirement in its name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Test {
    pub file: String,
    pub name: String,
}

impl Test {
    fn is_negative(&self) -> bool {
        let folded = self.name.to_lowercase();
        folded.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| NEGATIVE.contains(&word))
    }
}

/// Every requirement, in the order of its identifier.
pub fn requirements() -> Vec<Requirement> {
    let mut all = Vec::new();
    for path in files("docs/requirements").into_iter().filter(|path| path.extension().is_some_and(|end| end == "toml")) {
        let file: File = toml::from_str(&read(&path)).unwrap_or_else(|error| panic!("{}: {error}", shown(&path)));
        all.extend(file.requirement.into_iter().map(|requirement| Requirement { file: shown(&path), ..requirement }));
    }
    all.sort_by(|left, right| left.id.cmp(&right.id));
    all
}

/// `FRS-CAPA-017`: the level, an area of two to five letters, three digits.
fn is_well_formed(id: &str) -> bool {
    let parts: Vec<&str> = id.split('-').collect();
    let [level, area, number] = parts.as_slice() else { return false };
    ["FRS", "URS"].contains(level)
        && (2..=5).contains(&area.len())
        && area.bytes().all(|byte| byte.is_ascii_uppercase())
        && number.len() == 3
        && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// The identifiers that a name carries: `frs_cmp_010_011_both_trees` carries two.
fn ids_in(name: &str) -> Vec<String> {
    let folded = name.to_lowercase().replace('-', "_");
    let mut found = Vec::new();
    for level in ["frs_", "urs_"] {
        for (start, _) in folded.match_indices(level) {
            let mut parts = folded[start..].split('_').skip(1);
            let area = parts.next().unwrap_or_default().to_uppercase();
            for number in parts {
                let number = number.get(..3).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()) && number.as_bytes().get(3).is_none_or(|byte| !byte.is_ascii_digit()));
                let id = format!("{}{area}-{}", level.to_uppercase().replace('_', "-"), number.unwrap_or_default());
                if !is_well_formed(&id) {
                    break;
                }
                found.push(id);
            }
        }
    }
    found
}

/// The tests of each requirement: functions of the Rust sources, titles of the browser tests.
pub fn tests() -> BTreeMap<String, Vec<Test>> {
    let mut found: BTreeMap<String, Vec<Test>> = BTreeMap::new();
    let mut add = |file: &str, name: &str| {
        for id in ids_in(name) {
            found.entry(id).or_default().push(Test { file: file.to_owned(), name: name.to_owned() });
        }
    };
    for path in rust_files() {
        for name in functions(tokens(&path)) {
            add(&shown(&path), &name);
        }
    }
    for path in files("browser").into_iter().filter(|path| path.extension().is_some_and(|end| end == "mjs")) {
        // `test("FRS-WEB-001 a list keeps its filters in the address", …)`
        for quoted in read(&path).split(['"', '`', '\'']).filter(|text| text.starts_with("FRS-") || text.starts_with("URS-")) {
            add(&shown(&path), quoted);
        }
    }
    for tests in found.values_mut() {
        tests.sort();
        tests.dedup();
    }
    found
}

/// What names a requirement: rules, commands, dossier sections, clock rules, and every identifier
/// that the sources say elsewhere.
pub fn asked_by() -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut add = |requirement: &str, what: String| {
        for id in ids_in(requirement) {
            found.entry(id).or_default().insert(what.clone());
        }
    };
    let catalog = catalog();
    for kind in catalog.kinds() {
        for step in &kind.steps {
            for rule in &step.rules {
                add(&rule.requirement, format!("rule {}", rule.id));
            }
            for effect in &step.effects {
                let (kernel::kind::Effect::StartClock { rule } | kernel::kind::Effect::StopClock { rule }) = effect else { continue };
                let requirement = &catalog.clock_rule(rule).unwrap().requirement;
                add(requirement, format!("clock {rule}"));
            }
        }
        for section in &kind.dossier {
            add(&section.requirement, format!("dossier of {}: {}", kind.name, section.title));
        }
        for outcome in kind.trees.iter().filter_map(|tree| catalog.tree(tree)).flat_map(|tree| &tree.outcomes) {
            if let Some(rule) = outcome.clock.as_deref().and_then(|name| catalog.clock_rule(name)) {
                add(&rule.requirement, format!("clock {}", rule.name));
            }
        }
    }
    for command in catalog.commands() {
        add(command.requirement, format!("command {}", command.name));
    }
    let of_tests = test_files();
    for path in rust_files().into_iter().filter(|path| !of_tests.contains(path)) {
        walk(without_tests(tokens(&path)), &mut |_, token: &TokenTree| {
            if let Some(text) = text_of(token).filter(|text| text.starts_with("FRS-") || text.starts_with("URS-")) {
                add(&text, shown(&path));
            }
        });
    }
    found
}

#[test]
fn requirements_are_well_formed_and_no_identifier_is_given_twice() {
    let mut wrong = Vec::new();
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    for requirement in requirements() {
        let place = format!("{} ({})", requirement.id, requirement.file);
        if !is_well_formed(&requirement.id) {
            wrong.push(format!("{place}: an identifier is like FRS-CAPA-017"));
        }
        if !requirement.id.starts_with(&format!("{}-", requirement.level)) {
            wrong.push(format!("{place}: the level {} is not the identifier's", requirement.level));
        }
        if let Some(other) = seen.insert(requirement.id.clone(), requirement.file.clone()) {
            wrong.push(format!("{place}: is in {other} already"));
        }
        if !["high", "medium", "low"].contains(&requirement.risk.as_str()) {
            wrong.push(format!("{place}: the risk is high, medium or low"));
        }
        if !["test", "inspection", "analysis"].contains(&requirement.verify.as_str()) {
            wrong.push(format!("{place}: it is verified by test, inspection or analysis"));
        }
        if requirement.text.trim().len() < 20 || !requirement.text.ends_with('.') {
            wrong.push(format!("{place}: the text is a sentence"));
        }
        if requirement.regulations.iter().any(|clause| clause.trim().is_empty()) {
            wrong.push(format!("{place}: a clause is empty"));
        }
    }
    assert!(seen.len() > 100, "only {} requirements", seen.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_the_product_asks_for_is_a_requirement() {
    let known: BTreeSet<String> = requirements().into_iter().map(|requirement| requirement.id).collect();
    let wrong: Vec<String> = asked_by()
        .into_iter()
        .filter(|(id, _)| !known.contains(id))
        .map(|(id, by)| format!("{id} is in no file of docs/requirements, but is named by: {}", by.into_iter().collect::<Vec<_>>().join(", ")))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // A rule or command that names something else than a requirement would slip through.
    let catalog = catalog();
    let rules = catalog.kinds().flat_map(|kind| &kind.steps).flat_map(|step| &step.rules).map(|rule| (rule.id.as_str(), rule.requirement.as_str()));
    let commands = catalog.commands().map(|command| (command.name, command.requirement));
    let without: Vec<_> = rules.chain(commands).filter(|(_, requirement)| ids_in(requirement).is_empty()).collect();
    assert!(without.is_empty(), "without a requirement: {without:?}");
}

#[test]
fn every_test_that_names_a_requirement_names_one_that_is_there() {
    let known: BTreeSet<String> = requirements().into_iter().map(|requirement| requirement.id).collect();
    let wrong: Vec<String> = tests()
        .into_iter()
        .filter(|(id, _)| !known.contains(id))
        .map(|(id, tests)| format!("{id} is in no file of docs/requirements, but is named by {} in {}", tests[0].name, tests[0].file))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_requirement_has_a_test_and_a_high_risk_one_that_shows_the_refusal() {
    let tests = tests();
    let mut wrong = Vec::new();
    for requirement in requirements().into_iter().filter(|requirement| requirement.verify == "test") {
        let Some(own) = tests.get(&requirement.id) else {
            wrong.push(format!("{} ({}) has no test: {}", requirement.id, requirement.file, requirement.text));
            continue;
        };
        if requirement.risk == "high" && !own.iter().any(Test::is_negative) {
            wrong.push(format!("{} ({}) is of high risk, and no test says by its name what is refused: {}", requirement.id, requirement.file, requirement.text));
        }
    }
    assert!(wrong.is_empty(), "{} gaps:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn names_carry_their_identifiers() {
    assert_eq!(ids_in("frs_capa_017_close_is_refused"), ["FRS-CAPA-017"]);
    assert_eq!(ids_in("frs_cmp_010_011_both_trees_2_times"), ["FRS-CMP-010", "FRS-CMP-011"]);
    assert_eq!(ids_in("FRS-WEB-001 a list"), ["FRS-WEB-001"]);
    assert_eq!(ids_in("FRS-DPR-003 · ISO 13485:2016 7.3.10"), ["FRS-DPR-003"]);
    assert!(ids_in("frs_t_001_short_area").is_empty());
    assert!(ids_in("nothing").is_empty());
    let test = |name: &str| Test { file: String::new(), name: name.to_owned() };
    assert!(test("frs_capa_017_close_is_refused_while_an_order_is_open").is_negative());
    assert!(!test("frs_capa_017_close_notes_the_day").is_negative());
}
