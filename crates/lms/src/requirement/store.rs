//! The matrix as queries over the kernel's links, in both directions: whom a requirement names,
//! and which requirements name a person.

use super::REQUIRES;
use base::Result;
use db::{Query, Read, Value, sql};
use kernel::kind::Phase;
use kernel::link;
use kernel::record::{self, Record};
use std::collections::BTreeSet;

/// One dimension of the matrix: how a requirement names a place and how a person belongs to it.
pub(super) struct Dimension {
    pub(super) of_requirement: &'static str,
    of_person: &'static str,
}

/// Those that usually name the fewest people first.
pub(super) const DIMENSIONS: [Dimension; 3] = [
    Dimension { of_requirement: "for_equipment", of_person: "operates" },
    Dimension { of_requirement: "for_function", of_person: "has_function" },
    Dimension { of_requirement: "for_department", of_person: "works_in" },
];

/// Whether a link of this name on a person counts for the matrix.
pub fn is_of_matrix(link: &str) -> bool {
    DIMENSIONS.iter().any(|dimension| dimension.of_person == link)
}

/// The active people a requirement names, whatever its state: those who match every dimension it
/// gives, and its site if it has one. A requirement without any dimension names nobody.
///
/// One plain query for each dimension, met here rather than in one statement: no plan of either
/// engine is then quadratic in the number of people, with or without statistics.
pub fn named_by(tx: &mut dyn Read, requirement: &Record) -> Result<BTreeSet<String>> {
    let links = link::outgoing(tx, &requirement.tenant, &requirement.id)?;
    let given = DIMENSIONS.iter().filter(|dimension| links.iter().any(|link| link.kind == dimension.of_requirement));
    let mut named: Option<BTreeSet<String>> = None;
    for dimension in given {
        let matching = matching(tx, requirement, dimension, named.as_ref())?;
        named = Some(match named {
            None => matching,
            Some(before) => before.into_iter().filter(|person| matching.contains(person)).collect(),
        });
    }
    at_work(tx, requirement, named.unwrap_or_default())
}

/// Who matches one dimension; only among `candidates` where those are few.
fn matching(tx: &mut dyn Read, requirement: &Record, dimension: &Dimension, candidates: Option<&BTreeSet<String>>) -> Result<BTreeSet<String>> {
    let mut query = Query::with(
        sql(
            "select h.source from link d join link h on h.tenant = d.tenant and h.target_item = d.target_item
             where d.tenant = $1 and d.source = $2 and d.to_at is null and d.kind = $3 and h.to_at is null and h.kind = $4",
        ),
        vec![requirement.tenant.as_str().into(), requirement.id.as_str().into(), dimension.of_requirement.into(), dimension.of_person.into()],
    );
    if let Some(few) = candidates.and_then(few) {
        query.push_list(" and h.source in", few);
    }
    column(tx, &query, "source")
}

/// Leaves out who is not active, and who is not of the requirement's site if it has one.
fn at_work(tx: &mut dyn Read, requirement: &Record, mut named: BTreeSet<String>) -> Result<BTreeSet<String>> {
    let tenant = requirement.tenant.as_str();
    let mut gone = Query::with(sql("select id from person where tenant = $1 and not active"), vec![tenant.into()]);
    if let Some(few) = few(&named) {
        gone.push_list(" and id in", few);
    }
    for person in column(tx, &gone, "id")? {
        named.remove(&person);
    }
    let Some(site) = &requirement.site else { return Ok(named) };
    let mut here = Query::with(sql("select id from record where tenant = $1 and kind = 'person' and site = $2"), vec![tenant.into(), site.as_str().into()]);
    if let Some(few) = few(&named) {
        here.push_list(" and id in", few);
    }
    let here = column(tx, &here, "id")?;
    named.retain(|person| here.contains(person));
    Ok(named)
}

/// The values for a list in a statement, if they are few enough.
fn few(people: &BTreeSet<String>) -> Option<Vec<Value>> {
    (people.len() <= db::LIST_VALUES).then(|| people.iter().map(|person| person.as_str().into()).collect())
}

fn column(tx: &mut dyn Read, query: &Query, name: &str) -> Result<BTreeSet<String>> {
    tx.run(query)?.iter().map(|row| Ok(row.text(name)?.to_owned())).collect()
}

/// The people whom a requirement in force names for a course, whatever the course's own state.
pub fn people_of_course(tx: &mut dyn Read, course: &Record) -> Result<BTreeSet<String>> {
    let mut people = BTreeSet::new();
    for requirement in link::sources(tx, course, REQUIRES)?.iter().filter(|requirement| requirement.phase == Phase::Effective) {
        people.extend(named_by(tx, requirement)?);
    }
    Ok(people)
}

/// The requirements in force that name a person; none for somebody who is not active.
pub fn naming(tx: &mut dyn Read, person: &Record) -> Result<Vec<Record>> {
    let mut query = Query::with(
        sql(
            "select t.id from record t where t.tenant = $1 and t.kind = 'training_requirement' and t.phase = 'effective'
             and exists (select 1 from person p where p.tenant = t.tenant and p.id = $2 and p.active)
             and (t.site is null or t.site = $3)
             and exists (select 1 from link g where g.tenant = t.tenant and g.source = t.id and g.to_at is null
                and g.kind in ('for_function', 'for_department', 'for_equipment'))",
        ),
        vec![person.tenant.as_str().into(), person.id.as_str().into(), person.site.clone().into()],
    );
    for dimension in &DIMENSIONS {
        query.push_bind(
            " and (not exists (select 1 from link d where d.tenant = t.tenant and d.source = t.id and d.to_at is null and d.kind = ",
            dimension.of_requirement,
        );
        query.push_bind(
            ") or exists (select 1 from link e join link h on h.tenant = e.tenant and h.target_item = e.target_item
               where e.tenant = t.tenant and e.source = t.id and e.to_at is null and e.kind = ",
            dimension.of_requirement,
        );
        query.push_bind(" and h.source = ", person.id.as_str());
        query.push_bind(" and h.to_at is null and h.kind = ", dimension.of_person);
        query.push("))");
    }
    let ids: Vec<String> = tx.run(&query)?.iter().map(|row| Ok(row.text("id")?.to_owned())).collect::<Result<_>>()?;
    let mut found = record::find_all(tx, &person.tenant, &ids)?;
    found.sort_by(|left, right| left.number.cmp(&right.number));
    Ok(found)
}
