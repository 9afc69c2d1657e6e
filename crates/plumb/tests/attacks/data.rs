//! The tables as they are in a database, and rows replaced by others as an administrator of the
//! database would: every attack on rows is one, and the reverse undoes it.

use db::{Database, Engine, Value};
use std::collections::BTreeMap;

/// The values of a row in the order of its table's columns.
pub type Cells = Vec<Value>;

#[derive(Debug, Clone)]
pub struct Column {
    pub name: String,
    pub sort: String,
    pub nullable: bool,
    pub key: bool,
}

#[derive(Debug, Clone)]
pub struct Table {
    pub name: String,
    pub columns: Vec<Column>,
}

pub type Tables = BTreeMap<String, Table>;
/// Every row of every table.
pub type Snapshot = BTreeMap<String, Vec<Cells>>;

pub fn tables(database: &Database) -> Tables {
    let described = database.describe().unwrap();
    described.into_iter().map(|(name, lines)| (name.clone(), Table { name, columns: lines.iter().filter_map(|line| column(line)).collect() })).collect()
}

/// `column tenant text not null key 1`.
fn column(line: &str) -> Option<Column> {
    let mut words = line.strip_prefix("column ")?.splitn(3, ' ');
    let (name, sort, rest) = (words.next()?, words.next()?, words.next().unwrap_or(""));
    Some(Column { name: name.to_owned(), sort: sort.to_owned(), nullable: !rest.contains("not null"), key: rest.contains("key") })
}

impl Table {
    pub fn is_regulated(&self) -> bool {
        self.has("at_tx") && self.has("at_ord")
    }

    pub fn has(&self, column: &str) -> bool {
        self.columns.iter().any(|known| known.name == column)
    }

    pub fn place(&self, column: &str) -> usize {
        self.columns.iter().position(|known| known.name == column).unwrap_or_else(|| panic!("{} has no {column}", self.name))
    }

    pub fn text<'a>(&self, row: &'a Cells, column: &str) -> &'a str {
        match &row[self.place(column)] {
            Value::Text(text) => text,
            other => panic!("{}.{column} is {other:?}", self.name),
        }
    }

    pub fn int(&self, row: &Cells, column: &str) -> i64 {
        match &row[self.place(column)] {
            Value::Int(number) => *number,
            other => panic!("{}.{column} is {other:?}", self.name),
        }
    }

    pub fn bytes<'a>(&self, row: &'a Cells, column: &str) -> &'a [u8] {
        match &row[self.place(column)] {
            Value::Bytes(bytes) => bytes,
            other => panic!("{}.{column} is {other:?}", self.name),
        }
    }

    /// The row with one value replaced.
    pub fn with(&self, row: &Cells, column: &str, value: Value) -> Cells {
        let mut changed = row.clone();
        changed[self.place(column)] = value;
        changed
    }

    /// The values that tell rows apart, without the tenant.
    pub fn key(&self, row: &Cells) -> Cells {
        self.columns.iter().zip(row).filter(|(column, _)| column.key && column.name != "tenant").map(|(_, value)| value.clone()).collect()
    }

    /// All rows, in the order of their keys.
    pub fn rows(&self, database: &Database) -> Vec<Cells> {
        let keys: Vec<_> = self.columns.iter().filter(|column| column.key).map(|column| column.name.as_str()).collect();
        let names: Vec<_> = self.columns.iter().map(|column| column.name.as_str()).collect();
        let order = if keys.is_empty() { String::new() } else { format!(" order by {}", keys.join(", ")) };
        let text = format!("select {} from {}{order}", names.join(", "), self.name);
        let rows = database.read(|tx| tx.query_text(&text, &[])).unwrap();
        rows.into_iter().map(db::Row::into_values).collect()
    }
}

pub fn snapshot(database: &Database) -> Snapshot {
    tables(database).into_iter().map(|(name, table)| (name, table.rows(database))).collect()
}

/// Rows of one table become others.
#[derive(Debug, Clone)]
pub struct Replacement {
    pub table: Table,
    pub take: Vec<Cells>,
    pub put: Vec<Cells>,
}

impl Replacement {
    pub fn undone(&self) -> Self {
        Self { table: self.table.clone(), take: self.put.clone(), put: self.take.clone() }
    }
}

/// Replaces rows, all in one transaction.
pub fn replace(database: &Database, replacements: &[Replacement]) {
    let replacements = replacements.to_vec();
    let done = database.write(move |tx| {
        for Replacement { table, take, .. } in &replacements {
            let keys: Vec<_> = table.columns.iter().enumerate().filter(|(_, column)| column.key).collect();
            let wanted: Vec<_> = keys.iter().enumerate().map(|(number, (_, column))| format!("{} = ${}", column.name, number + 1)).collect();
            let text = format!("delete from {} where {}", table.name, wanted.join(" and "));
            for row in take {
                let key: Vec<_> = keys.iter().map(|(place, _)| row[*place].clone()).collect();
                assert_eq!(tx.execute_text(&text, &key)?, 1, "{text} with {key:?}");
            }
        }
        for Replacement { table, put, .. } in &replacements {
            let names: Vec<_> = table.columns.iter().map(|column| column.name.as_str()).collect();
            let places: Vec<_> = (1..=names.len()).map(|number| format!("${number}")).collect();
            let text = format!("insert into {} ({}) values ({})", table.name, names.join(", "), places.join(", "));
            for row in put {
                tx.execute_text(&text, row)?;
            }
        }
        Ok(())
    });
    done.unwrap();
}

/// Makes all rows of these tables what they were.
pub fn put_back(database: &Database, tables: &Tables, names: &[String], wanted: &Snapshot) {
    let changes: Vec<_> = names
        .iter()
        .map(|name| {
            let table = &tables[name];
            let (now, then) = (table.rows(database), &wanted[name]);
            let now_set: BTreeMap<_, _> = now.iter().map(|row| (format!("{row:?}"), row)).collect();
            let then_set: BTreeMap<_, _> = then.iter().map(|row| (format!("{row:?}"), row)).collect();
            let take = now_set.iter().filter(|(row, _)| !then_set.contains_key(*row)).map(|(_, row)| (*row).clone()).collect();
            let put = then_set.iter().filter(|(row, _)| !now_set.contains_key(*row)).map(|(_, row)| (*row).clone()).collect();
            Replacement { table: table.clone(), take, put }
        })
        .collect();
    replace(database, &changes);
}

/// Takes away what stands in an administrator's way: foreign keys and uniqueness beside the keys.
/// Nobody who can write to the tables is held by them.
pub fn lift_constraints(database: &Database) {
    let engine = database.engine();
    let statements = database.read(move |tx| if engine == Engine::Sqlite { rebuilt(tx) } else { dropped(tx) }).unwrap();
    database
        .write(move |tx| {
            for statement in &statements {
                tx.execute_text(statement, &[])?;
            }
            Ok(())
        })
        .unwrap();
}

fn dropped(tx: &mut dyn db::Read) -> base::Result<Vec<String>> {
    let rows = tx.query_text(
        "select cast(c.relname as text) as name, cast(k.conname as text) as rule from pg_constraint k join pg_class c on c.oid = k.conrelid
         where k.contype in ('f', 'u') and c.relnamespace = cast(current_schema() as regnamespace) order by k.contype, c.relname",
        &[],
    )?;
    let mut statements = vec!["drop index bom_line_find_number".to_owned()];
    for row in &rows {
        statements.push(format!("alter table {} drop constraint {}", row.text("name")?, row.text("rule")?));
    }
    Ok(statements)
}

/// SQLite drops no constraint of a table: the tables are made anew without. Those that point to
/// others come first.
fn rebuilt(tx: &mut dyn db::Read) -> base::Result<Vec<String>> {
    let rows = tx.query_text(
        "select name, sql from sqlite_schema where type = 'table' and (sql like '%foreign key (%' or sql like '%unique (%')
         order by sql not like '%foreign key (%', name = 'record', name",
        &[],
    )?;
    let mut statements = Vec::new();
    for row in &rows {
        let (name, made) = (row.text("name")?, row.text("sql")?);
        let (head, body) = made.split_once("(\n").unwrap_or_else(|| panic!("{made}"));
        let (body, tail) = body.rsplit_once("\n)").unwrap_or_else(|| panic!("{made}"));
        let kept: Vec<_> = body.lines().filter(|line| !line.trim_start().starts_with("foreign key") && !line.trim_start().starts_with("unique (")).collect();
        let kept = kept.join("\n");
        assert!(head.contains(name), "{head}");
        statements.push(format!("create table {name}_free (\n{}\n){tail}", kept.trim_end_matches(',')));
        statements.push(format!("insert into {name}_free select * from {name}"));
        statements.push(format!("drop table {name}"));
        statements.push(format!("alter table {name}_free rename to {name}"));
    }
    Ok(statements)
}
