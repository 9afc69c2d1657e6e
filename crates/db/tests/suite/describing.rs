//! The description of a schema is the same on both engines, and differs when the schema does.

use db::{Description, Migration};
use crate::engines::{postgres_migrated, sqlite_migrated};

const RICH: &str = "
    create table parent (tenant {text} not null, id {text} not null, primary key (tenant, id)) {strict};
    create table child (
      tenant {text} not null,
      id {text} not null,
      number {int} not null,
      flag {bool} not null,
      body {bytes},
      parent {text} not null,
      primary key (tenant, id),
      unique (tenant, number, flag),
      foreign key (tenant, parent) references parent (tenant, id)
    ) {strict};
    create index child_by_parent on child (tenant, parent, number desc);
    create unique index child_one_open on child (tenant, parent) where flag;
    create index child_folded on child (tenant, lower(id));
    -- only: sqlite
    create virtual table words using fts5 (word);
    -- end";

fn described(text: &'static str) -> (Description, Description) {
    let steps = [Migration { number: 1, name: "rich", text }];
    let sqlite = sqlite_migrated(&steps).database.describe().unwrap();
    let postgres = postgres_migrated(&steps).database.describe().unwrap();
    (sqlite, postgres)
}

#[test]
fn a_schema_is_described_the_same_on_both_engines() {
    let (sqlite, postgres) = described(RICH);
    assert_eq!(sqlite, postgres);
    assert_eq!(sqlite.keys().collect::<Vec<_>>(), ["child", "parent", "schema_migration"]);
    let expected = [
        "column tenant text not null key 1",
        "column id text not null key 2",
        "column number int not null",
        "column flag bool not null",
        "column body bytes",
        "column parent text not null",
        "foreign key (tenant, parent) to parent (tenant, id)",
        "index child_by_parent (tenant, parent, number desc)",
        "index child_folded (tenant, an expression)",
        "unique (tenant, number, flag)",
        "unique index child_one_open (tenant, parent) partial",
    ];
    assert_eq!(sqlite["child"], expected);
}

#[test]
fn a_difference_between_the_engines_shows() {
    let (sqlite, postgres) = described(
        "create table t (tenant {text} not null, id {text} not null, primary key (tenant, id)) {strict};
         -- only: sqlite
         alter table t add column extra {int};
         -- end
         -- only: postgres
         alter table t add column extra integer;
         -- end",
    );
    assert_eq!(sqlite["t"][2], "column extra int");
    assert_eq!(postgres["t"][2], "column extra int4");
}
