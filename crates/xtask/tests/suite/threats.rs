//! The threats and faults (`docs/threats`): each row names the requirements whose tests carry the
//! attack out, or says why it does not apply yet.

use crate::matrices::committed;
use crate::requirements::{requirements, tests};
use crate::sources::{files, read, shown};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Rows of the table of threats and faults.
const ROWS: u32 = 72;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    threat: Vec<Threat>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Threat {
    row: u32,
    /// What is done, or what happens.
    attack: String,
    /// What Plumb does then.
    #[serde(default)]
    expected: String,
    /// Whose tests carry it out.
    #[serde(default)]
    requirements: Vec<String>,
    /// What of the row is not shown yet, and why.
    #[serde(default)]
    left: String,
    /// Why the row does not apply yet.
    #[serde(default)]
    reason: String,
    /// Where it stands.
    #[serde(skip)]
    file: String,
}

fn threats() -> Vec<Threat> {
    let mut all = Vec::new();
    for path in files("docs/threats").into_iter().filter(|path| path.extension().is_some_and(|end| end == "toml")) {
        let file: File = toml::from_str(&read(&path)).unwrap_or_else(|error| panic!("{}: {error}", shown(&path)));
        all.extend(file.threat.into_iter().map(|threat| Threat { file: shown(&path), ..threat }));
    }
    all.sort_by_key(|threat| threat.row);
    all
}

/// What is wrong with a row; nothing when it holds.
fn faults(threat: &Threat, known: &BTreeSet<String>, tested: &BTreeSet<String>) -> Vec<String> {
    let mut wrong = Vec::new();
    if threat.attack.trim().is_empty() {
        wrong.push("does not say what is done".to_owned());
    }
    match (threat.requirements.is_empty(), threat.reason.trim().is_empty()) {
        (true, true) => wrong.push("has neither requirements nor a reason".to_owned()),
        (false, false) => wrong.push("has requirements, and a reason why it has none".to_owned()),
        (true, false) => {}
        (false, true) if threat.expected.trim().is_empty() => wrong.push("does not say what is expected".to_owned()),
        (false, true) => {}
    }
    for id in &threat.requirements {
        if !known.contains(id) {
            wrong.push(format!("names {id}, which is in no file of docs/requirements"));
        } else if !tested.contains(id) {
            wrong.push(format!("names {id}, which no test carries in its name"));
        }
    }
    wrong
}

#[test]
fn every_row_has_requirements_with_tests_or_a_reason() {
    let known: BTreeSet<String> = requirements().into_iter().map(|requirement| requirement.id).collect();
    let tested: BTreeSet<String> = tests().into_keys().collect();
    let mut wrong = Vec::new();
    let mut rows: BTreeMap<u32, u32> = BTreeMap::new();
    for threat in threats() {
        *rows.entry(threat.row).or_default() += 1;
        wrong.extend(faults(&threat, &known, &tested).into_iter().map(|fault| format!("row {} ({}) {fault}", threat.row, threat.file)));
    }
    wrong.extend((1..=ROWS).filter(|row| !rows.contains_key(row)).map(|row| format!("row {row} is in no file of docs/threats")));
    wrong.extend(rows.iter().filter(|(row, count)| **count != 1 || !(1..=ROWS).contains(*row)).map(|(row, count)| format!("row {row} is there {count} times")));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_row_without_a_test_is_a_fault() {
    let (known, tested) = (BTreeSet::from(["FRS-A-001".to_owned(), "FRS-A-002".to_owned()]), BTreeSet::from(["FRS-A-001".to_owned()]));
    let threat = |requirements: &[&str], reason: &str| Threat {
        row: 1,
        attack: "a".to_owned(),
        expected: "b".to_owned(),
        requirements: requirements.iter().map(|id| (*id).to_owned()).collect(),
        left: String::new(),
        reason: reason.to_owned(),
        file: String::new(),
    };
    assert!(faults(&threat(&["FRS-A-001"], ""), &known, &tested).is_empty());
    assert!(faults(&threat(&[], "not built"), &known, &tested).is_empty());
    for wrong in [threat(&[], ""), threat(&["FRS-A-001"], "both"), threat(&["FRS-A-002"], ""), threat(&["FRS-A-003"], "")] {
        assert_eq!(faults(&wrong, &known, &tested).len(), 1, "{wrong:?}");
    }
}

#[test]
fn the_threats_are_as_committed() {
    let tests = tests();
    let mut text = String::from("Every threat and fault, what is expected, and the tests that carry it out. Made by a test; `make bless` writes it anew.\n");
    let all = threats();
    let without: Vec<String> = all.iter().filter(|threat| threat.requirements.is_empty()).map(|threat| threat.row.to_string()).collect();
    writeln!(text, "\n{} rows; {} with tests; without: {}", all.len(), all.len() - without.len(), if without.is_empty() { "none".to_owned() } else { without.join(", ") }).unwrap();
    for threat in &all {
        writeln!(text, "\n{}  {}", threat.row, threat.attack).unwrap();
        for (title, said) in [("expected", &threat.expected), ("not shown yet", &threat.left), ("does not apply yet", &threat.reason)] {
            if !said.is_empty() {
                writeln!(text, "  {title}: {said}").unwrap();
            }
        }
        for id in &threat.requirements {
            writeln!(text, "  {id}").unwrap();
            for test in tests.get(id).into_iter().flatten() {
                writeln!(text, "    tested by: {} ({})", test.name, test.file).unwrap();
            }
        }
    }
    committed("threats.txt", &text);
}
