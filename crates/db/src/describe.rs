//! The schema as it is, in lines that are equal on both engines.
//!
//! A test holds the stepwise migrations of SQLite, those of PostgreSQL and the readable full schema
//! against each other by these lines. Virtual tables (search) and their helpers are left out.

use crate::database::{Database, Engine};
use crate::tx::Read;
use base::{Error, Result};
use std::collections::{BTreeMap, BTreeSet};

/// For each table its columns in order, then its constraints and indexes sorted:
/// `column tenant text not null key 1`, `unique (tenant, item, revision)`,
/// `index record_by_owner (tenant, owner)`, `foreign key (tenant, item) to item (tenant, id)`.
pub type Description = BTreeMap<String, Vec<String>>;

pub(crate) fn describe(database: &Database) -> Result<Description> {
    database.read(|read| {
        let tables = match database.engine() {
            Engine::Sqlite => sqlite_tables(read)?,
            Engine::Postgres => postgres_tables(read)?,
        };
        Ok(tables.into_iter().map(|(name, table)| (name, table.lines())).collect())
    })
}

#[derive(Default)]
struct Table {
    columns: Vec<String>,
    rest: BTreeSet<String>,
}

impl Table {
    fn lines(self) -> Vec<String> {
        self.columns.into_iter().chain(self.rest).collect()
    }

    fn column(&mut self, name: &str, sort: &str, not_null: bool, key: i64) {
        let not_null = if not_null { " not null" } else { "" };
        let key = if key > 0 { format!(" key {key}") } else { String::new() };
        self.columns.push(format!("column {name} {sort}{not_null}{key}"));
    }

    /// An index that was created has a name worth keeping; that of a constraint is the engine's.
    fn index(&mut self, name: &str, unique: bool, of_constraint: bool, partial: bool, columns: &[String]) {
        let columns = columns.join(", ");
        let sort = if unique { "unique index" } else { "index" };
        let partial = if partial { " partial" } else { "" };
        self.rest.insert(if of_constraint { format!("unique ({columns})") } else { format!("{sort} {name} ({columns}){partial}") });
    }

    fn foreign_key(&mut self, from: &[String], to_table: &str, to: &[String]) {
        self.rest.insert(format!("foreign key ({}) to {to_table} ({})", from.join(", "), to.join(", ")));
    }
}

const SQLITE_TABLES: &str =
    "select name from pragma_table_list where schema = 'main' and type = 'table' and name not like 'sqlite\\_%' escape '\\'";
const SQLITE_COLUMNS: &str =
    "select name, type, \"notnull\" as not_null, pk from pragma_table_xinfo($1) where hidden <> 1 order by cid";
const SQLITE_INDEXES: &str = "select name, \"unique\" as is_unique, origin, partial from pragma_index_list($1)";
const SQLITE_INDEX_COLUMNS: &str = "select name, \"desc\" as descending from pragma_index_xinfo($1) where \"key\" = 1 order by seqno";
const SQLITE_FOREIGN_KEYS: &str =
    "select id, \"table\" as to_table, \"from\" as from_column, \"to\" as to_column from pragma_foreign_key_list($1) order by id, seq";

fn sqlite_tables(read: &mut dyn Read) -> Result<BTreeMap<String, Table>> {
    let mut tables = BTreeMap::new();
    for row in read.query_text(SQLITE_TABLES, &[])? {
        let name = row.text("name")?;
        tables.insert(name.to_owned(), sqlite_table(read, name)?);
    }
    Ok(tables)
}

fn sqlite_table(read: &mut dyn Read, name: &str) -> Result<Table> {
    let mut table = Table::default();
    for column in read.query_text(SQLITE_COLUMNS, &[name.into()])? {
        let declared = column.text("type")?.to_ascii_lowercase();
        let sort = match declared.as_str() {
            "int" => "int",
            "integer" => "bool",
            "text" => "text",
            "blob" => "bytes",
            other => other,
        };
        table.column(column.text("name")?, sort, column.bool("not_null")?, column.int("pk")?);
    }
    for index in read.query_text(SQLITE_INDEXES, &[name.into()])? {
        let origin = index.text("origin")?;
        if origin == "pk" {
            continue;
        }
        let mut columns = Vec::new();
        for column in read.query_text(SQLITE_INDEX_COLUMNS, &[index.text("name")?.into()])? {
            columns.push(index_column(column.opt_text("name")?, column.bool("descending")?));
        }
        table.index(index.text("name")?, index.bool("is_unique")?, origin == "u", index.bool("partial")?, &columns);
    }
    let mut keys: BTreeMap<i64, (String, Vec<String>, Vec<String>)> = BTreeMap::new();
    for row in read.query_text(SQLITE_FOREIGN_KEYS, &[name.into()])? {
        let key = keys.entry(row.int("id")?).or_default();
        row.text("to_table")?.clone_into(&mut key.0);
        key.1.push(row.text("from_column")?.to_owned());
        key.2.push(row.opt_text("to_column")?.unwrap_or("its key").to_owned());
    }
    for (to_table, from, to) in keys.into_values() {
        table.foreign_key(&from, &to_table, &to);
    }
    Ok(table)
}

fn index_column(name: Option<&str>, descending: bool) -> String {
    let descending = if descending { " desc" } else { "" };
    format!("{}{descending}", name.unwrap_or("an expression"))
}

const POSTGRES_COLUMNS: &str = "
    select cast(c.relname as text) as table_name, cast(a.attname as text) as name, cast(t.typname as text) as type,
        a.attnotnull as not_null, cast(coalesce(array_position(cast(cast(k.conkey as text) as int2[]), a.attnum), 0) as bigint) as pk
    from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    join pg_type t on t.oid = a.atttypid
    left join pg_constraint k on k.conrelid = c.oid and k.contype = 'p'
    where c.relkind in ('r', 'p') and c.relnamespace = cast(current_schema() as regnamespace)
    order by c.relname, a.attnum";
const POSTGRES_INDEX_COLUMNS: &str = "
    select cast(c.relname as text) as table_name, cast(i.relname as text) as name, x.indisunique as is_unique,
        exists (select 1 from pg_constraint k where k.conindid = x.indexrelid and k.contype = 'u') as of_constraint,
        x.indpred is not null as partial,
        cast(a.attname as text) as column_name, (x.indoption[n.n - 1] & 1) = 1 as descending
    from pg_index x
    join pg_class c on c.oid = x.indrelid and c.relkind in ('r', 'p')
    join pg_class i on i.oid = x.indexrelid
    cross join lateral generate_series(1, x.indnkeyatts) as n (n)
    left join pg_attribute a on a.attrelid = c.oid and a.attnum = x.indkey[n.n - 1] and a.attnum > 0
    where not x.indisprimary and c.relnamespace = cast(current_schema() as regnamespace)
    order by c.relname, i.relname, n.n";
const POSTGRES_FOREIGN_KEYS: &str = "
    select cast(c.relname as text) as table_name, cast(k.conname as text) as name, cast(f.relname as text) as to_table,
        cast(a.attname as text) as from_column, cast(b.attname as text) as to_column
    from pg_constraint k
    join pg_class c on c.oid = k.conrelid
    join pg_class f on f.oid = k.confrelid
    cross join lateral unnest(k.conkey, k.confkey) with ordinality as n (one, two, place)
    join pg_attribute a on a.attrelid = c.oid and a.attnum = n.one
    join pg_attribute b on b.attrelid = f.oid and b.attnum = n.two
    where k.contype = 'f' and c.relnamespace = cast(current_schema() as regnamespace)
    order by c.relname, k.conname, n.place";

/// By table and name.
type Named<T> = BTreeMap<(String, String), T>;

fn postgres_tables(read: &mut dyn Read) -> Result<BTreeMap<String, Table>> {
    let mut tables: BTreeMap<String, Table> = BTreeMap::new();
    for row in read.query_text(POSTGRES_COLUMNS, &[])? {
        let sort = match row.text("type")? {
            "int8" => "int",
            "bool" => "bool",
            "bytea" => "bytes",
            other => other,
        };
        let table = tables.entry(row.text("table_name")?.to_owned()).or_default();
        table.column(row.text("name")?, sort, row.bool("not_null")?, row.int("pk")?);
    }
    let missing = |name: &str| Error::internal(format!("an index of the unknown table {name}"));
    let mut indexes: Named<(bool, bool, bool, Vec<String>)> = BTreeMap::new();
    for row in read.query_text(POSTGRES_INDEX_COLUMNS, &[])? {
        let index = indexes.entry((row.text("table_name")?.to_owned(), row.text("name")?.to_owned())).or_default();
        (index.0, index.1, index.2) = (row.bool("is_unique")?, row.bool("of_constraint")?, row.bool("partial")?);
        index.3.push(index_column(row.opt_text("column_name")?, row.bool("descending")?));
    }
    for ((table, name), (unique, of_constraint, partial, columns)) in indexes {
        let table = tables.get_mut(&table).ok_or_else(|| missing(&table))?;
        table.index(&name, unique, of_constraint, partial, &columns);
    }
    let mut keys: Named<(String, Vec<String>, Vec<String>)> = BTreeMap::new();
    for row in read.query_text(POSTGRES_FOREIGN_KEYS, &[])? {
        let key = keys.entry((row.text("table_name")?.to_owned(), row.text("name")?.to_owned())).or_default();
        row.text("to_table")?.clone_into(&mut key.0);
        key.1.push(row.text("from_column")?.to_owned());
        key.2.push(row.text("to_column")?.to_owned());
    }
    for ((table, _), (to_table, from, to)) in keys {
        let table = tables.get_mut(&table).ok_or_else(|| missing(&table))?;
        table.foreign_key(&from, &to_table, &to);
    }
    Ok(tables)
}
