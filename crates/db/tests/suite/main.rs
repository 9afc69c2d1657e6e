//! What the crate promises, on both engines wherever it makes a difference.
#![expect(clippy::unwrap_used, reason = "a helper that fails ends its test")]

mod describing;
/// The kit's own file: the kit as a whole stands on the kernel, and these tests must not.
#[path = "../../../testkit/src/engines.rs"]
mod engines;
mod group_commit;
mod migrations;
mod postgres_only;
mod reading;
mod sqlite_only;
mod transactions;
mod values;

use db::{Column, ColumnType, Database, Migration, Value, sql};

/// A table with every type and a parent to point to.
pub const SCHEMA: &[Migration] = &[Migration {
    number: 1,
    name: "things",
    text: "
        create table parent (tenant {text} not null, id {text} not null, primary key (tenant, id)) {strict};
        create table thing (
          tenant {text} not null,
          id {text} not null,
          number {int},
          flag {bool},
          note {text},
          body {bytes},
          parent {text},
          primary key (tenant, id),
          unique (tenant, number),
          check (number <> 13),
          foreign key (tenant, parent) references parent (tenant, id)
        ) {strict};",
}];

pub const COLUMNS: &[Column] = &[
    Column { name: "tenant", sort: ColumnType::Text },
    Column { name: "id", sort: ColumnType::Text },
    Column { name: "number", sort: ColumnType::Int },
    Column { name: "flag", sort: ColumnType::Bool },
    Column { name: "note", sort: ColumnType::Text },
    Column { name: "body", sort: ColumnType::Bytes },
];

/// Inserts a thing by itself.
pub fn insert(database: &Database, id: &str, number: i64) -> base::Result<u64> {
    let params: Vec<Value> = vec!["t".into(), id.into(), number.into()];
    database.write(move |tx| tx.execute(sql("insert into thing (tenant, id, number) values ($1, $2, $3)"), &params))
}

/// How many things there are.
pub fn count(database: &Database) -> i64 {
    let row = database.query_one(sql("select count(*) as n from thing where tenant = $1"), &["t".into()]).unwrap();
    row.int("n").unwrap()
}

/// The code of a refusal.
pub fn code<T: std::fmt::Debug>(outcome: base::Result<T>) -> String {
    let error = outcome.unwrap_err();
    error.refusal().unwrap_or_else(|| panic!("not a refusal: {error}")).code.clone()
}

/// The text of an internal error.
pub fn internal<T: std::fmt::Debug>(outcome: base::Result<T>) -> String {
    match outcome {
        Err(base::Error::Internal(text)) => text,
        other => panic!("not an internal error: {other:?}"),
    }
}

/// Reads the ids of all things, for comparing.
pub fn ids(database: &Database) -> Vec<String> {
    let rows = database
        .read(|read| read.query(sql("select id from thing where tenant = $1 order by id"), &["t".into()]))
        .unwrap();
    rows.iter().map(|row| row.text("id").unwrap().to_owned()).collect()
}
