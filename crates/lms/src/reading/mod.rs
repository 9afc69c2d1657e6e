//! Looking at training: the matrix of people and documents, one person's record at any moment, and
//! what a change would ask of whom before it is approved.

mod ahead;
mod assignments;
mod history;
mod matrix;

pub use ahead::{impact, preview};
pub use assignments::{Assignment, AssignmentCounts, AssignmentFilter, assignments, count_assignments};
pub use history::{Entry, EntryState, TrainingRecord, training_record};
pub use matrix::{Cell, CellState, Column, Filter, Matrix, Row, matrix};

use base::limits::PAGE_ROWS;
use base::{Error, RecordRef, Result};
use db::{Query, Read, sql};

/// A person as training lists show them: the reference's title is their name.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Listed {
    reference: RecordRef,
    site: Option<String>,
}

fn person_reference(id: &str, login: &str, name: Option<&str>) -> RecordRef {
    RecordRef {
        id: id.to_owned(),
        kind: "person".to_owned(),
        number: login.to_owned(),
        revision: String::new(),
        title: name.filter(|name| !name.is_empty()).unwrap_or(login).to_owned(),
    }
}

/// People by identifier, in the order of their names.
fn listed(tx: &mut dyn Read, tenant: &str, ids: &[String]) -> Result<Vec<Listed>> {
    let mut found = Vec::with_capacity(ids.len());
    for part in ids.chunks(db::LIST_VALUES) {
        let mut query = Query::with(
            sql("select p.id, p.login, p.pd_name, r.site from person p join record r on r.tenant = p.tenant and r.id = p.id where p.tenant = $1"),
            vec![tenant.into()],
        );
        query.push_list(" and p.id in", part.iter().map(|id| id.as_str().into()).collect());
        for row in tx.run(&query)? {
            let reference = person_reference(row.text("id")?, row.text("login")?, row.opt_text("pd_name")?);
            found.push(Listed { reference, site: row.opt_text("site")?.map(str::to_owned) });
        }
    }
    found.sort_by(|left, right| (&left.reference.title, &left.reference.number).cmp(&(&right.reference.title, &right.reference.number)));
    Ok(found)
}

fn check_rows(rows: usize) -> Result<()> {
    if rows == 0 || rows > PAGE_ROWS {
        return Err(Error::invalid("rows", "out_of_range", format!("a page has 1 to {PAGE_ROWS} rows")));
    }
    Ok(())
}
