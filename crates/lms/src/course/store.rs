//! Which documents a course teaches, and in which revision.

use super::TEACHES;
use base::Result;
use db::{Query, Read, sql};
use kernel::catalog::Catalog;
use kernel::kind::Phase;
use kernel::link;
use kernel::record::{self, Record};
use std::collections::{BTreeMap, BTreeSet};

/// By convention the step by which a document's content is given out, at once or for a later date.
pub const RELEASE: &str = "release";
/// By convention the signed step by which somebody releases a single document without an order; it
/// takes [`RELEASE`] as its consequence.
pub const ISSUE: &str = "issue";

/// A document with a course that teaches it.
#[derive(Debug, Clone)]
pub struct Taught {
    pub course: Record,
    /// The revision to sign.
    pub document: Record,
}

/// Whether people may read and sign this revision: it counts, or it was released and will count on
/// a later day.
pub fn is_given_out(catalog: &Catalog, document: &Record) -> bool {
    let released_to = catalog.kind(&document.kind).and_then(|kind| kind.find_step(RELEASE)).map(|step| step.to.as_str());
    match document.phase {
        Phase::Effective => true,
        Phase::Closed | Phase::Void => false,
        _ => released_to == Some(document.state.as_str()),
    }
}

/// The revision of an item that people sign: the one that will be effective where there is one,
/// else the effective one.
pub fn to_sign(tx: &mut dyn Read, catalog: &Catalog, tenant: &str, item: &str) -> Result<Option<Record>> {
    let latest = record::latest_of_item(tx, tenant, item)?;
    match latest.filter(|latest| is_given_out(catalog, latest)) {
        Some(latest) => Ok(Some(latest)),
        None => in_force(tx, tenant, item),
    }
}

/// The effective revision of an item; none for an item whose last effective revision was retired or
/// withdrawn.
pub fn in_force(tx: &mut dyn Read, tenant: &str, item: &str) -> Result<Option<Record>> {
    Ok(record::effective_of_item(tx, tenant, item)?.filter(|record| record.phase == Phase::Effective))
}

/// What a course teaches now, whatever its own state: each document that was given out, in the
/// revision to sign.
pub fn taught(tx: &mut dyn Read, catalog: &Catalog, course: &Record) -> Result<Vec<Taught>> {
    let mut found = Vec::new();
    for link in link::outgoing(tx, &course.tenant, &course.id)?.iter().filter(|link| link.kind == TEACHES) {
        if let Some(document) = to_sign(tx, catalog, &course.tenant, &link.target_item)? {
            found.push(Taught { course: course.clone(), document });
        }
    }
    Ok(found)
}

/// What the courses in use that these requirements ask for teach now; each pair once.
pub fn taught_for(tx: &mut dyn Read, catalog: &Catalog, tenant: &str, requirements: &[Record]) -> Result<Vec<Taught>> {
    let mut pairs: BTreeSet<(String, String)> = BTreeSet::new();
    for part in requirements.chunks(db::LIST_VALUES) {
        let mut query = Query::with(
            sql(
                "select distinct c.id as course, l.target_item as item from link q
                 join record c on c.tenant = q.tenant and c.item = q.target_item and c.phase = 'effective'
                 join link l on l.tenant = c.tenant and l.source = c.id and l.to_at is null and l.kind = 'teaches'
                 where q.tenant = $1 and q.kind = 'requires' and q.to_at is null",
            ),
            vec![tenant.into()],
        );
        query.push_list(" and q.source in", part.iter().map(|requirement| requirement.id.as_str().into()).collect());
        for row in tx.run(&query)? {
            pairs.insert((row.text("course")?.to_owned(), row.text("item")?.to_owned()));
        }
    }
    let ids: BTreeSet<String> = pairs.iter().map(|(course, _)| course.clone()).collect();
    let courses = record::find_all(tx, tenant, &ids.into_iter().collect::<Vec<_>>())?;
    let mut documents: BTreeMap<String, Option<Record>> = BTreeMap::new();
    let mut found = Vec::with_capacity(pairs.len());
    for (course, item) in pairs {
        if !documents.contains_key(&item) {
            documents.insert(item.clone(), to_sign(tx, catalog, tenant, &item)?);
        }
        let course = courses.iter().find(|record| record.id == course);
        if let (Some(course), Some(Some(document))) = (course, documents.get(&item)) {
            found.push(Taught { course: course.clone(), document: document.clone() });
        }
    }
    Ok(found)
}

/// The courses in use that teach a document, in the order of their numbers.
pub fn of_document(tx: &mut dyn Read, document: &Record) -> Result<Vec<Record>> {
    let mut courses = link::sources(tx, document, TEACHES)?;
    courses.retain(|course| course.phase == Phase::Effective);
    courses.sort_by(|left, right| left.number.cmp(&right.number));
    Ok(courses)
}
