//! The tables of a schema in the order in which they travel, and what ties their rows together.

use base::{Error, Result};
use db::{Column, ColumnType, Database};

/// A table. Names live as long as the program: there are as many as the schema has.
pub(super) struct Table {
    pub name: &'static str,
    pub columns: Vec<Column>,
    /// Rows of other tables that a row of this one needs.
    pub needs: Vec<Needs>,
}

/// The values in these columns (by their places) are those of a row in the other table's columns.
pub(super) struct Needs {
    pub places: Vec<usize>,
    pub table: String,
    pub columns: Vec<String>,
}

/// The tables, those that others point to first.
pub(super) fn in_order(database: &Database) -> Result<Vec<Table>> {
    let mut tables = Vec::new();
    for (name, lines) in database.describe()? {
        if name == "schema_migration" {
            continue;
        }
        let mut columns = Vec::new();
        for line in &lines {
            let mut words = line.split(' ');
            if words.next() != Some("column") {
                continue;
            }
            let (Some(column), Some(sort)) = (words.next(), words.next()) else { continue };
            columns.push(Column { name: static_name(column), sort: sort_of(sort)? });
        }
        let needs = lines.iter().filter_map(|line| needs(line, &columns)).collect();
        tables.push(Table { name: static_name(&name), columns, needs });
    }
    tables.sort_by_key(|table| (table.name != "item", table.name != "record", table.name));
    Ok(tables)
}

/// Of a line such as `foreign key (tenant, item) to item (tenant, id)`.
fn needs(line: &str, columns: &[Column]) -> Option<Needs> {
    let (from, to) = line.strip_prefix("foreign key (")?.split_once(") to ")?;
    let (table, to) = to.strip_suffix(')')?.split_once(" (")?;
    let place = |name: &str| columns.iter().position(|column| column.name == name);
    Some(Needs {
        places: from.split(", ").map(place).collect::<Option<_>>()?,
        table: table.to_owned(),
        columns: to.split(", ").map(str::to_owned).collect(),
    })
}

fn sort_of(name: &str) -> Result<ColumnType> {
    match name {
        "int" => Ok(ColumnType::Int),
        "bool" => Ok(ColumnType::Bool),
        "text" => Ok(ColumnType::Text),
        "bytes" => Ok(ColumnType::Bytes),
        other => Err(Error::internal(format!("column type {other}"))),
    }
}

pub(super) fn sort_name(sort: ColumnType) -> &'static str {
    match sort {
        ColumnType::Int => "int",
        ColumnType::Bool => "bool",
        ColumnType::Text => "text",
        ColumnType::Bytes => "bytes",
    }
}

fn static_name(name: &str) -> &'static str {
    Box::leak(name.to_owned().into_boxed_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_row_needs_is_read_from_the_description_of_its_table() {
        let columns = ["tenant", "id", "item"].map(|name| Column { name, sort: ColumnType::Text });
        let found = needs("foreign key (tenant, item) to thing (tenant, id)", &columns).map(|needs| (needs.places, needs.table, needs.columns.join(" ")));
        assert_eq!(found, Some((vec![0, 2], "thing".to_owned(), "tenant id".to_owned())));
        assert!(needs("index record_by_owner (tenant, owner)", &columns).is_none());
    }
}
