//! The training matrix as a table: people down, the documents of courses in use across, each cell
//! with its date.

use super::{check_rows, person_reference};
use crate::TRAIN;
use crate::assignment::EXCUSED;
use crate::course;
use base::limits::PAGE_ROWS_DEFAULT;
use base::{Error, RecordRef, Result, Timestamp};
use db::{Query, Read, sql};
use kernel::authority::Viewer;
use kernel::catalog::Catalog;
use kernel::place;
use kernel::record;
use std::collections::BTreeMap;

/// Which part of the matrix is shown. Everything set must hold.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Identifiers of places: only people who belong to them.
    pub department: Option<String>,
    pub job_function: Option<String>,
    pub equipment: Option<String>,
    pub site: Option<String>,
    /// Identifier of a course: only its documents.
    pub course: Option<String>,
    /// One person only.
    pub person: Option<String>,
    /// People and documents on a page; the usual number when empty.
    pub rows: Option<usize>,
    pub columns: Option<usize>,
    /// Cursors that the page before gave.
    pub rows_after: Option<String>,
    pub columns_after: Option<String>,
}

/// A course on one document, in the revision to sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub course: RecordRef,
    pub document: RecordRef,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum CellState {
    #[default]
    NotRequired,
    Excused,
    Done,
    /// Open and in time.
    Due,
    Overdue,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cell {
    pub state: CellState,
    /// By when, for what is open.
    pub due_date: Option<String>,
    /// When it was signed, for what is done.
    pub done_at: Option<Timestamp>,
    pub obligation: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The title is the person's name.
    pub person: RecordRef,
    /// One for each column.
    pub cells: Vec<Cell>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Matrix {
    pub columns: Vec<Column>,
    pub rows: Vec<Row>,
    pub rows_next: Option<String>,
    pub columns_next: Option<String>,
}

/// One page of the matrix as it is now, as the viewer may see it.
pub fn matrix(tx: &mut dyn Read, catalog: &Catalog, viewer: &Viewer, filter: &Filter, now: Timestamp) -> Result<Matrix> {
    if !viewer.sees_kind("person") || !viewer.sees_kind("course") {
        return Ok(Matrix::default());
    }
    let (columns, columns_next) = columns(tx, catalog, viewer, filter)?;
    let (people, rows_next) = people(tx, viewer, filter)?;
    let mut todays = BTreeMap::new();
    for document in columns.iter().map(|column| &column.document) {
        let record = record::get(tx, viewer.tenant(), &document.id)?;
        let zone = place::zone_of(tx, viewer.tenant(), record.site.as_deref())?;
        todays.insert(document.id.clone(), now.date_in(&zone)?.to_string());
    }
    let cells = cells(tx, viewer.tenant(), &people, &columns, &todays)?;
    let rows = people
        .into_iter()
        .map(|person| {
            let of = |column: &Column| cells.get(&(person.id.clone(), column.course.id.clone(), column.document.id.clone())).cloned().unwrap_or_default();
            Row { cells: columns.iter().map(of).collect(), person }
        })
        .collect();
    Ok(Matrix { columns, rows, rows_next, columns_next })
}

/// The documents of the courses in use, in the order of course and document number.
fn columns(tx: &mut dyn Read, catalog: &Catalog, viewer: &Viewer, filter: &Filter) -> Result<(Vec<Column>, Option<String>)> {
    let wanted = filter.columns.unwrap_or(PAGE_ROWS_DEFAULT);
    check_rows(wanted)?;
    let mut query = Query::with(
        sql(
            "select c.id as course, c.number as course_number, i.id as item, i.number as item_number from record c
             join link l on l.tenant = c.tenant and l.source = c.id and l.kind = 'teaches' and l.to_at is null
             join item i on i.tenant = c.tenant and i.id = l.target_item
             where c.tenant = $1 and c.kind = 'course' and c.phase = 'effective'",
        ),
        vec![viewer.tenant().into()],
    );
    if let Some(course) = &filter.course {
        query.push_bind(" and c.id = ", course.as_str());
    }
    if let Some(cursor) = &filter.columns_after {
        let (course, item) = cursor.split_once('~').ok_or_else(|| bad_cursor("columns_after"))?;
        query.push_bind(" and (c.number, i.number) > (", course);
        query.push_bind(", ", item);
        query.push(")");
    }
    query.push_bind(" order by c.number, i.number limit ", wanted as i64 + 1);
    let mut rows = tx.run(&query)?;
    let more = rows.len() > wanted;
    rows.truncate(wanted);
    let next = match rows.last().filter(|_| more) {
        Some(last) => Some(format!("{}~{}", last.text("course_number")?, last.text("item_number")?)),
        None => None,
    };
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        let Some(document) = course::to_sign(tx, catalog, viewer.tenant(), row.text("item")?)?.filter(|document| viewer.sees(document)) else { continue };
        let course = record::get(tx, viewer.tenant(), row.text("course")?)?;
        if viewer.sees(&course) {
            found.push(Column { course: course.reference(), document: document.reference() });
        }
    }
    Ok((found, next))
}

/// The active people of the filter, in the order of their user names.
fn people(tx: &mut dyn Read, viewer: &Viewer, filter: &Filter) -> Result<(Vec<RecordRef>, Option<String>)> {
    let wanted = filter.rows.unwrap_or(PAGE_ROWS_DEFAULT);
    check_rows(wanted)?;
    let mut query = Query::with(
        sql(
            "select p.id, p.login, p.login_fold, p.pd_name from person p join record r on r.tenant = p.tenant and r.id = p.id
             where p.tenant = $1 and p.active",
        ),
        vec![viewer.tenant().into()],
    );
    if let Some(sites) = viewer.sites() {
        query.push(" and (r.site is null");
        for part in sites.iter().collect::<Vec<_>>().chunks(db::LIST_VALUES) {
            query.push_list(" or r.site in", part.iter().map(|site| site.as_str().into()).collect());
        }
        query.push(")");
    }
    for (column, value) in [(" and r.site = ", &filter.site), (" and p.id = ", &filter.person)] {
        if let Some(value) = value {
            query.push_bind(column, value.as_str());
        }
    }
    for (name, place) in [("works_in", &filter.department), ("has_function", &filter.job_function), ("operates", &filter.equipment)] {
        if let Some(place) = place {
            query.push_bind(
                " and p.id in (select h.source from record t join link h on h.tenant = t.tenant and h.target_item = t.item and h.to_at is null where t.tenant = ",
                viewer.tenant(),
            );
            query.push_bind(" and t.id = ", place.as_str());
            query.push_bind(" and h.kind = ", name);
            query.push(")");
        }
    }
    if let Some(cursor) = &filter.rows_after {
        query.push_bind(" and p.login_fold > ", cursor.as_str());
    }
    query.push_bind(" order by p.login_fold limit ", wanted as i64 + 1);
    let mut rows = tx.run(&query)?;
    let more = rows.len() > wanted;
    rows.truncate(wanted);
    let next = match rows.last().filter(|_| more) {
        Some(last) => Some(last.text("login_fold")?.to_owned()),
        None => None,
    };
    let people = rows.iter().map(|row| Ok(person_reference(row.text("id")?, row.text("login")?, row.opt_text("pd_name")?))).collect::<Result<_>>()?;
    Ok((people, next))
}

type Cells = BTreeMap<(String, String, String), Cell>;

/// The cells that are not empty, by person, course and document. What is open outweighs what was
/// signed before, as when training repeats.
fn cells(tx: &mut dyn Read, tenant: &str, people: &[RecordRef], columns: &[Column], todays: &BTreeMap<String, String>) -> Result<Cells> {
    let mut documents: Vec<&str> = columns.iter().map(|column| column.document.id.as_str()).collect();
    documents.sort_unstable();
    documents.dedup();
    let mut query = Query::with(
        sql(
            "select id, person, via, record, state, due_date, closed_at, outcome from obligation
             where tenant = $1 and sort = $2 and via is not null",
        ),
        vec![tenant.into(), TRAIN.into()],
    );
    query.push_list(" and person in", people.iter().map(|person| person.id.as_str().into()).collect());
    query.push_list(" and record in", documents.into_iter().map(Into::into).collect());
    query.push(" order by raised_at, id");
    let mut cells = Cells::new();
    for row in tx.run(&query)? {
        let document = row.text("record")?;
        let cell = cell(&row, todays.get(document).map(String::as_str))?;
        let key = (row.text("person")?.to_owned(), row.text("via")?.to_owned(), document.to_owned());
        let shown = cells.entry(key).or_default();
        if cell.state >= shown.state {
            *shown = cell;
        }
    }
    Ok(cells)
}

fn cell(row: &db::Row, today: Option<&str>) -> Result<Cell> {
    let due_date = row.opt_text("due_date")?;
    let excused = row.opt_text("outcome")?.is_some_and(|outcome| outcome.starts_with(EXCUSED));
    let obligation = Some(row.text("id")?.to_owned());
    let late = due_date.zip(today).is_some_and(|(due, today)| due < today);
    Ok(match row.text("state")? {
        "open" => Cell { state: if late { CellState::Overdue } else { CellState::Due }, due_date: due_date.map(str::to_owned), done_at: None, obligation },
        "done" => Cell { state: CellState::Done, due_date: None, done_at: row.opt_int("closed_at")?.map(Timestamp), obligation },
        _ if excused => Cell { state: CellState::Excused, due_date: None, done_at: None, obligation },
        _ => Cell::default(),
    })
}

fn bad_cursor(place: &str) -> Error {
    Error::invalid(place, "bad_cursor", "this is no cursor of this list")
}
