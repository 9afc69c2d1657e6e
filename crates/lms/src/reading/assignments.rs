//! Lists of assignments: who was asked by one order, on one document or by one course, what is
//! overdue at the viewer's sites. A page at a time, since a release may assign to 40,000.

use super::{check_rows, person_reference};
use crate::TRAIN;
use base::limits::PAGE_ROWS_DEFAULT;
use base::{RecordRef, Result};
use db::{Query, Read, sql};
use kernel::authority::Viewer;
use kernel::obligation::{self, Obligation};
use kernel::record;
use kernel::signature::{self, Given};

/// Which assignments are meant. Everything set must hold; cancelled ones are left out.
#[derive(Debug, Clone, Default)]
pub struct AssignmentFilter {
    /// The record whose step raised them: a change order, a course, a requirement.
    pub cause: Option<String>,
    /// The document revision.
    pub document: Option<String>,
    pub course: Option<String>,
    /// Open or done ones only.
    pub open: Option<bool>,
    /// Due before this day, `YYYY-MM-DD`.
    pub due_before: Option<String>,
}

/// One assignment with whom and what it is about.
#[derive(Debug, Clone, PartialEq)]
pub struct Assignment {
    pub obligation: Obligation,
    /// The title is the person's name.
    pub person: RecordRef,
    pub document: RecordRef,
    /// The learner's signature, for what is done.
    pub signature: Option<Given>,
}

/// How many assignments there are, and how they stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AssignmentCounts {
    pub open: i64,
    pub done: i64,
    /// Of the open ones: due before the day that was asked with.
    pub late: i64,
}

impl AssignmentCounts {
    pub fn total(self) -> i64 {
        self.open + self.done
    }
}

/// One page of assignments, in the order in which they were raised, and the cursor of the next.
pub fn assignments(
    tx: &mut dyn Read,
    viewer: &Viewer,
    filter: &AssignmentFilter,
    rows: Option<usize>,
    after: Option<&str>,
) -> Result<(Vec<Assignment>, Option<String>)> {
    let wanted = rows.unwrap_or(PAGE_ROWS_DEFAULT);
    check_rows(wanted)?;
    if !viewer.sees_kind("person") {
        return Ok((Vec::new(), None));
    }
    let mut query = Query::with(
        sql(
            "select o.*, p.login as person_login, p.pd_name as person_name from obligation o
             join person p on p.tenant = o.tenant and p.id = o.person
             join record w on w.tenant = p.tenant and w.id = p.id
             where o.tenant = $1 and o.sort = $2 and o.state <> 'cancelled'",
        ),
        vec![viewer.tenant().into(), TRAIN.into()],
    );
    narrow(&mut query, viewer, filter);
    if let Some(cursor) = after {
        query.push_bind(" and o.id > ", cursor);
    }
    query.push_bind(" order by o.id limit ", wanted as i64 + 1);
    let mut found = tx.run(&query)?;
    let more = found.len() > wanted;
    found.truncate(wanted);
    let mut page = Vec::with_capacity(found.len());
    for row in &found {
        let obligation = obligation::from_row(row)?;
        let document = record::get(tx, viewer.tenant(), &obligation.record)?;
        let signature = match &obligation.signature {
            Some(id) => signature::find(tx, viewer.tenant(), id)?,
            None => None,
        };
        let person = person_reference(obligation.person.as_deref().unwrap_or_default(), row.text("person_login")?, row.opt_text("person_name")?);
        page.push(Assignment { obligation, person, document: document.reference(), signature });
    }
    let next = page.last().filter(|_| more).map(|last| last.obligation.id.clone());
    Ok((page, next))
}

/// How the assignments of a filter stand; `today` tells which are late.
pub fn count_assignments(tx: &mut dyn Read, viewer: &Viewer, filter: &AssignmentFilter, today: &str) -> Result<AssignmentCounts> {
    if !viewer.sees_kind("person") {
        return Ok(AssignmentCounts::default());
    }
    let mut query = Query::with(
        sql(
            "select count(*) filter (where o.state = 'open') as open, count(*) filter (where o.state = 'done') as done,
             count(*) filter (where o.state = 'open' and o.due_date < $1) as late
             from obligation o join record w on w.tenant = o.tenant and w.id = o.person
             where o.tenant = $2 and o.sort = $3 and o.state <> 'cancelled'",
        ),
        vec![today.into(), viewer.tenant().into(), TRAIN.into()],
    );
    narrow(&mut query, viewer, filter);
    let rows = tx.run(&query)?;
    let Some(row) = rows.first() else { return Ok(AssignmentCounts::default()) };
    Ok(AssignmentCounts { open: row.int("open")?, done: row.int("done")?, late: row.int("late")? })
}

fn narrow(query: &mut Query, viewer: &Viewer, filter: &AssignmentFilter) {
    if let Some(sites) = viewer.sites() {
        query.push(" and (w.site is null");
        for part in sites.iter().collect::<Vec<_>>().chunks(db::LIST_VALUES) {
            query.push_list(" or w.site in", part.iter().map(|site| site.as_str().into()).collect());
        }
        query.push(")");
    }
    for (column, value) in [(" and o.cause = ", &filter.cause), (" and o.record = ", &filter.document), (" and o.via = ", &filter.course)] {
        if let Some(value) = value {
            query.push_bind(column, value.as_str());
        }
    }
    match filter.open {
        Some(true) => query.push(" and o.state = 'open'"),
        Some(false) => query.push(" and o.state = 'done'"),
        None => query.push(""),
    };
    if let Some(day) = &filter.due_before {
        query.push_bind(" and o.due_date < ", day.as_str());
    }
}
