//! Which documents a course teaches, and in which revision.

use super::TEACHES;
use base::Result;
use db::Read;
use kernel::catalog::Catalog;
use kernel::kind::Phase;
use kernel::link;
use kernel::record::{self, Record};

/// By convention the step by which a document's content is given out, at once or for a later date.
pub const RELEASE: &str = "release";

/// A document with a course in use that teaches it.
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
        None => record::effective_of_item(tx, tenant, item),
    }
}

/// What a course in use teaches now, each document in the revision to sign. Nothing for a course
/// that is not in use.
pub fn taught(tx: &mut dyn Read, catalog: &Catalog, course: &Record) -> Result<Vec<Taught>> {
    if course.phase != Phase::Effective {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for link in link::outgoing(tx, &course.tenant, &course.id)?.iter().filter(|link| link.kind == TEACHES) {
        if let Some(document) = to_sign(tx, catalog, &course.tenant, &link.target_item)? {
            found.push(Taught { course: course.clone(), document });
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
