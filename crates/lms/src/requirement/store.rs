//! The matrix as queries over the kernel's links, in both directions: whom a requirement names,
//! and which requirements name a person.

use super::REQUIRES;
use base::Result;
use db::{Query, Read, sql};
use kernel::kind::Phase;
use kernel::link;
use kernel::record::{self, Record};
use std::collections::BTreeSet;

/// One dimension of the matrix: how a requirement names a place and how a person belongs to it.
pub(super) struct Dimension {
    pub(super) of_requirement: &'static str,
    of_person: &'static str,
}

pub(super) const DIMENSIONS: [Dimension; 3] = [
    Dimension { of_requirement: "for_function", of_person: "has_function" },
    Dimension { of_requirement: "for_department", of_person: "works_in" },
    Dimension { of_requirement: "for_equipment", of_person: "operates" },
];

/// Whether a link of this name on a person counts for the matrix.
pub fn is_of_matrix(link: &str) -> bool {
    DIMENSIONS.iter().any(|dimension| dimension.of_person == link)
}

/// The active people a requirement names, whatever its state: those who match every dimension it
/// gives, and its site if it has one. A requirement without any dimension names nobody.
pub fn named_by(tx: &mut dyn Read, requirement: &Record) -> Result<BTreeSet<String>> {
    let tenant = requirement.tenant.as_str();
    let links = link::outgoing(tx, tenant, &requirement.id)?;
    let given: Vec<_> = DIMENSIONS.iter().filter(|dimension| links.iter().any(|link| link.kind == dimension.of_requirement)).collect();
    if given.is_empty() {
        return Ok(BTreeSet::new());
    }
    let mut query = Query::with(sql("select p.id from person p where p.tenant = $1 and p.active"), vec![tenant.into()]);
    for dimension in given {
        query.push_bind(
            " and p.id in (select h.source from link d join link h on h.tenant = d.tenant and h.target_item = d.target_item where d.tenant = ",
            tenant,
        );
        query.push_bind(" and d.source = ", requirement.id.as_str());
        query.push_bind(" and d.to_at is null and d.kind = ", dimension.of_requirement);
        query.push_bind(" and h.to_at is null and h.kind = ", dimension.of_person);
        query.push(")");
    }
    if let Some(site) = &requirement.site {
        query.push_bind(" and exists (select 1 from record r where r.tenant = p.tenant and r.id = p.id and r.site = ", site.as_str());
        query.push(")");
    }
    tx.run(&query)?.iter().map(|row| Ok(row.text("id")?.to_owned())).collect()
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
