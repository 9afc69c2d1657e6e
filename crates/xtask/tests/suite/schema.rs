//! The schema: reached step by step, or read as a whole, it is the same on both engines.

use crate::product::migrations;
use db::{Description, Migration};
use testkit::engines::{TestDatabase, postgres_migrated, sqlite_migrated};

const WHOLE: &[Migration] = &[Migration { number: 1, name: "whole", text: include_str!("../../../../migrations/schema.sql") }];

fn described(test: &TestDatabase) -> Description {
    test.database.describe().unwrap()
}

/// Table by table, so that a difference is readable.
fn same(one: &Description, other: &Description, what: &str) {
    let mut wrong = Vec::new();
    for name in one.keys().chain(other.keys()) {
        let (left, right) = (one.get(name), other.get(name));
        if left != right {
            wrong.push(format!("{what}: table {name}\n  {left:#?}\n  {right:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn steps_and_the_readable_schema_meet_on_both_engines() {
    let stepwise = described(&sqlite_migrated(&migrations()));
    same(&stepwise, &described(&sqlite_migrated(WHOLE)), "steps and schema.sql on SQLite");
    let on_postgres = described(&postgres_migrated(&migrations()));
    same(&on_postgres, &described(&postgres_migrated(WHOLE)), "steps and schema.sql on PostgreSQL");
    same(&stepwise, &on_postgres, "SQLite and PostgreSQL");
    assert!(stepwise.len() > 30, "{} tables", stepwise.len());
}

#[test]
fn every_table_begins_its_key_with_the_tenant() {
    let wrong: Vec<String> = described(&sqlite_migrated(&migrations()))
        .into_iter()
        .filter(|(name, lines)| name != "schema_migration" && !lines.iter().any(|line| line == "column tenant text not null key 1"))
        .map(|(name, _)| name)
        .collect();
    assert!(wrong.is_empty(), "tables whose key does not begin with the tenant: {}", wrong.join(", "));
}

#[test]
fn every_declared_table_is_in_the_schema_with_its_columns() {
    let schema = described(&sqlite_migrated(&migrations()));
    let mut wrong = Vec::new();
    for table in crate::product::catalog().tables() {
        let Some(lines) = schema.get(table.name) else {
            wrong.push(format!("the schema has no table {}", table.name));
            continue;
        };
        let own = ["tenant", "at_tx", "at_ord"];
        let mut declared: Vec<&str> = table.columns.iter().map(|column| column.name).chain(own).collect();
        let mut present: Vec<&str> = lines.iter().filter_map(|line| line.strip_prefix("column ")).filter_map(|line| line.split(' ').next()).collect();
        declared.sort_unstable();
        present.sort_unstable();
        if declared != present {
            wrong.push(format!("table {}: declared {declared:?}, in the schema {present:?}", table.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
