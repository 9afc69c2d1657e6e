//! Lists of records: filters, sorting and paging by key, as now or as of a moment.

use crate::authority::Viewer;
use crate::kind::Phase;
use crate::record::Record;
use base::limits::{COUNTED_RECORDS, PAGE_ROWS, PAGE_ROWS_DEFAULT};
use base::{Error, Result, Timestamp};
use db::{LIST_VALUES, Query, Read, Value, sql};

/// What a list shows. Everything set must hold.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub kind: Option<String>,
    pub phases: Vec<Phase>,
    pub state: Option<String>,
    pub owner: Option<String>,
    pub site: Option<String>,
    /// Words that must all occur.
    pub text: Option<String>,
    /// Filterable fields and the value each must have.
    pub fields: Vec<(String, String)>,
    pub due_until: Option<String>,
    /// Only the revision that counts of each item.
    pub current_only: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    #[default]
    Number,
    /// Newest change first.
    Changed,
}

/// A page of a list. `after` is the cursor the page before gave.
#[derive(Debug, Clone, Default)]
pub struct Page {
    pub sort: Sort,
    pub rows: Option<usize>,
    pub after: Option<String>,
}

/// The rows of one page and the cursor of the next, if there is one.
pub fn list(tx: &mut dyn Read, viewer: &Viewer, filter: &Filter, page: &Page, as_of: Option<Timestamp>) -> Result<(Vec<Record>, Option<String>)> {
    let rows = page.rows.unwrap_or(PAGE_ROWS_DEFAULT);
    if rows == 0 || rows > PAGE_ROWS {
        return Err(Error::invalid("rows", "out_of_range", format!("a page has 1 to {PAGE_ROWS} rows")));
    }
    let mut query = match as_of {
        None => Query::with(sql("select r.* from record r where r.tenant = $1"), vec![viewer.tenant().into()]),
        Some(_) => Query::with(sql("select r.* from record_version r where r.tenant = $1"), vec![viewer.tenant().into()]),
    };
    if let Some(at) = as_of {
        query.push_bind(" and r.changed_at <= ", at.0);
        query.push_bind(
            " and not exists (select 1 from record_version n where n.tenant = r.tenant and n.id = r.id and n.version = r.version + 1 and n.changed_at <= ",
            at.0,
        );
        query.push(")");
    }
    narrow(tx, &mut query, viewer, filter)?;
    if let Some(cursor) = &page.after {
        let (key, id) = cursor.rsplit_once('~').ok_or_else(|| Error::invalid("after", "bad_cursor", "this is no cursor of this list"))?;
        match page.sort {
            Sort::Number => {
                query.push_bind(" and (r.number, r.id) > (", key);
                query.push_bind(", ", id);
            }
            Sort::Changed => {
                let at: i64 = key.parse().map_err(|_| Error::invalid("after", "bad_cursor", "this is no cursor of this list"))?;
                query.push_bind(" and (r.changed_at, r.id) < (", at);
                query.push_bind(", ", id);
            }
        }
        query.push(")");
    }
    query.push(match page.sort {
        Sort::Number => " order by r.number, r.id",
        Sort::Changed => " order by r.changed_at desc, r.id desc",
    });
    query.push_bind(" limit ", Value::Int(rows as i64 + 1));
    let mut found = tx.run(&query)?.iter().map(|row| Record::from_row(viewer.tenant(), row)).collect::<Result<Vec<_>>>()?;
    let more = found.len() > rows;
    found.truncate(rows);
    let next = found.last().filter(|_| more).map(|last| match page.sort {
        Sort::Number => format!("{}~{}", last.number, last.id),
        Sort::Changed => format!("{}~{}", last.changed_at.0, last.id),
    });
    Ok((found, next))
}

/// How many records the filter finds, by phase.
pub fn count_by_phase(tx: &mut dyn Read, viewer: &Viewer, filter: &Filter) -> Result<Vec<(Phase, i64)>> {
    let mut query = Query::with(sql("select r.phase, count(*) as n from record r where r.tenant = $1"), vec![viewer.tenant().into()]);
    narrow(tx, &mut query, viewer, filter)?;
    query.push(" group by r.phase");
    tx.run(&query)?
        .iter()
        .map(|row| {
            let phase = Phase::parse(row.text("phase")?).ok_or_else(|| Error::internal("unknown phase"))?;
            Ok((phase, row.int("n")?))
        })
        .collect()
}

/// As [`count_by_phase`], but of each phase at most one more than [`COUNTED_RECORDS`], so that a
/// list of a million is as quick as one of a thousand.
pub fn count_a_while(tx: &mut dyn Read, viewer: &Viewer, filter: &Filter) -> Result<Vec<(Phase, i64)>> {
    let mut counts = Vec::new();
    for phase in Phase::ALL {
        if !filter.phases.is_empty() && !filter.phases.contains(&phase) {
            continue;
        }
        let mut query = Query::with(sql("select 1 as found from record r where r.tenant = $1"), vec![viewer.tenant().into()]);
        narrow(tx, &mut query, viewer, &Filter { phases: vec![phase], ..filter.clone() })?;
        query.push_bind(" limit ", COUNTED_RECORDS as i64 + 1);
        let found = tx.run(&query)?.len();
        if found > 0 {
            counts.push((phase, found as i64));
        }
    }
    Ok(counts)
}

/// A value that few records have is looked up first; one that many have is met soon enough in the
/// order of the list, and is asked for row by row: as a join PostgreSQL may compare all with all
/// where it has no statistics yet.
fn narrow_to_field(tx: &mut dyn Read, query: &mut Query, tenant: &str, name: &str, value: &str) -> Result<()> {
    let few = tx.query(
        sql("select record from record_field where tenant = $1 and name = $2 and value = $3 limit $4"),
        &[tenant.into(), name.into(), value.into(), (LIST_VALUES as i64 + 1).into()],
    )?;
    if few.len() <= LIST_VALUES {
        let ids = few.iter().map(|row| row.text("record").map(Value::from)).collect::<Result<Vec<_>>>()?;
        query.push_list(" and r.id in ", ids);
        return Ok(());
    }
    query.push_bind(" and (select 1 from record_field f where f.tenant = r.tenant and f.record = r.id and f.name = ", name);
    query.push_bind(" and f.value = ", value);
    query.push(") = 1");
    Ok(())
}

fn narrow(tx: &mut dyn Read, query: &mut Query, viewer: &Viewer, filter: &Filter) -> Result<()> {
    match &filter.kind {
        Some(kind) if viewer.sees_kind(kind) => query.push_bind(" and r.kind = ", kind.as_str()),
        Some(_) => query.push(" and 1 = 0"),
        None => query.push_list(" and r.kind in ", viewer.kinds().iter().map(|kind| kind.as_str().into()).collect()),
    };
    if let Some(sites) = viewer.sites() {
        query.push(" and (r.site is null");
        if !sites.is_empty() {
            query.push_list(" or r.site in ", sites.iter().map(|site| site.as_str().into()).collect());
        }
        query.push(")");
    }
    if !filter.phases.is_empty() {
        query.push_list(" and r.phase in ", filter.phases.iter().map(|phase| phase.name().into()).collect());
    }
    for (column, value) in [(" and r.state = ", &filter.state), (" and r.owner = ", &filter.owner), (" and r.site = ", &filter.site)] {
        if let Some(value) = value {
            query.push_bind(column, value.as_str());
        }
    }
    if let Some(date) = &filter.due_until {
        base::time::parse_date("due_until", date)?;
        query.push_bind(" and r.due_date is not null and r.due_date <= ", date.as_str());
    }
    if filter.current_only {
        // A value, not a join: it is asked for the rows that are looked at, in the order of the list.
        query.push(" and (select coalesce(i.effective, i.latest) from item i where i.tenant = r.tenant and i.id = r.item) = r.id");
    }
    for (name, value) in &filter.fields {
        narrow_to_field(tx, query, viewer.tenant(), name, value)?;
    }
    if let Some(text) = &filter.text {
        crate::search::narrow_to_words(query, viewer.tenant(), &crate::search::query_words(text)?);
    }
    Ok(())
}
