//! One attack: rows that become others, and what a check must say of it.

use crate::data::{Cells, Replacement, Table, replace};
use db::{Database, Value};
use kernel::MAIN_TENANT;
use std::collections::{BTreeMap, BTreeSet};
use verify::{Report, Trust, verify_against};

/// What a check must name.
#[derive(Debug, Clone)]
pub struct Named {
    pub table: String,
    pub key: Option<String>,
    pub column: Option<String>,
}

#[derive(Debug)]
pub struct Attack {
    /// What is done, in words; attacks are counted by it.
    pub sort: &'static str,
    /// Where, for the message of a failure.
    pub place: String,
    pub changes: Vec<Replacement>,
    /// All of it must be named.
    pub named: Vec<Named>,
}

impl Attack {
    /// Rows of one table become others; the check must name the table.
    pub fn on(sort: &'static str, table: &Table, take: &[&Cells], put: &[Cells]) -> Self {
        let change = Replacement { table: table.clone(), take: take.iter().map(|row| (*row).clone()).collect(), put: put.to_vec() };
        Self { sort, place: table.name.clone(), changes: vec![change], named: Vec::new() }.names(&table.name, None, None)
    }

    /// Names more narrowly: in place of what was to be named so far in this table.
    pub fn names(mut self, table: &str, key: Option<&str>, column: Option<&str>) -> Self {
        self.named.retain(|named| named.key.is_some());
        self.named.push(Named { table: table.to_owned(), key: key.map(str::to_owned), column: column.map(str::to_owned) });
        self
    }

    pub fn at(mut self, column: &str) -> Self {
        self.place = format!("{}.{column}", self.place);
        self
    }

    pub fn and(mut self, more: Replacement) -> Self {
        self.changes.push(more);
        self
    }
}

pub fn check(database: &Database, trust: &Trust) -> Report {
    verify_against(database, MAIN_TENANT, trust, &mut |_, _, _| {}).unwrap()
}

fn is_named(report: &Report, named: &Named) -> bool {
    report.problems.iter().any(|problem| {
        let key = named.key.as_ref().is_none_or(|key| problem.key == *key);
        let column = named.column.is_none() || problem.field == named.column;
        problem.table == named.table && key && column
    })
}

/// Carries out every attack on its own, has the data checked, and undoes it. Answers how many of
/// each sort there were; fails with the list of those that were not found.
pub fn carry_out(database: &Database, attacks: &[Attack]) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    let mut missed = Vec::new();
    for attack in attacks {
        replace(database, &attack.changes);
        match verify_against(database, MAIN_TENANT, &Trust::default(), &mut |_, _, _| {}) {
            Ok(report) if attack.named.iter().all(|named| is_named(&report, named)) => {}
            Ok(report) => missed.push(format!("{}: {}: wanted {:?}, found {:?}", attack.sort, attack.place, attack.named, report.problems)),
            Err(error) => missed.push(format!("{}: {}: the check failed: {error}", attack.sort, attack.place)),
        }
        let undone: Vec<_> = attack.changes.iter().rev().map(Replacement::undone).collect();
        replace(database, &undone);
        *counts.entry(attack.sort).or_insert(0) += 1;
    }
    assert!(missed.is_empty(), "{} of {} attacks were not found:\n{}", missed.len(), attacks.len(), missed.join("\n"));
    counts
}

/// The first attack of each sort on each table.
pub fn one_of_each(attacks: Vec<Attack>) -> Vec<Attack> {
    let mut seen = BTreeSet::new();
    attacks.into_iter().filter(|attack| seen.insert((attack.sort, attack.changes[0].table.name.clone()))).collect()
}

/// Other values of the same sort than this one.
pub fn others(value: &Value) -> Vec<Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Bool(truth) => vec![(!truth).into()],
        Value::Int(number) => vec![(number + 1).into(), (number - 1).into(), i64::MAX.into(), i64::MIN.into()],
        Value::Text(text) => {
            let end = text.char_indices().next_back().map_or(0, |(place, _)| place);
            let last = if text.ends_with('0') { "1" } else { "0" };
            vec![format!("{text}x").into(), format!("{}{last}", &text[..end]).into()]
        }
        Value::Bytes(bytes) => {
            let mut flipped = bytes.clone();
            match flipped.first_mut() {
                Some(byte) => *byte ^= 1,
                None => flipped.push(1),
            }
            vec![flipped.into(), bytes[..bytes.len().saturating_sub(1)].into()]
        }
    }
}

/// Values of a sort of column where there was none.
pub fn made_up(sort: &str) -> Vec<Value> {
    match sort {
        "int" => vec![1.into()],
        "bool" => vec![true.into()],
        "bytes" => vec![vec![1u8].into()],
        _ => vec!["x".into(), "".into()],
    }
}

/// A key that no row has.
pub fn fresh(value: &Value) -> Value {
    match value {
        Value::Text(text) if text.len() == 36 => format!("ffffffff{}", &text[8..]).into(),
        Value::Text(text) => format!("{text}-copied").into(),
        Value::Int(number) => (number + 1000).into(),
        other => panic!("a key is {other:?}"),
    }
}
