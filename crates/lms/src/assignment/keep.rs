//! Keeping assignments equal to the matrix: what is missing is raised, what nothing asks for any
//! more is cancelled. Assignments made by hand have no cause and stay until they are done, excused,
//! or their document, course or person is gone.

use super::{calc, store};
use crate::course::{self, Taught};
use crate::{TRAIN, requirement};
use base::Result;
use db::Read;
use kernel::kind::Phase;
use kernel::obligation::{self, New, Obligation};
use kernel::place;
use kernel::record::Record;
use kernel::trail::WriteTx;
use std::collections::BTreeSet;

/// What keeping one course on one document equal to the matrix will change.
#[derive(Debug, Default)]
pub struct Plan {
    /// The people to assign, by identifier.
    pub raise: BTreeSet<String>,
    /// Open assignments that nothing asks for any more.
    pub cancel: Vec<Obligation>,
}

/// Compares the people who need a course on a document with those who have it assigned.
pub fn plan(tx: &mut dyn Read, taught: &Taught, people: &BTreeSet<String>) -> Result<Plan> {
    let (tenant, document, course) = (&taught.document.tenant, &taught.document.id, &taught.course.id);
    let standings = store::standings(tx, tenant, document, course)?;
    let raise = people.iter().filter(|person| !standings.get(*person).is_some_and(|standing| standing.is_settled())).cloned().collect();
    let left_over = standings.iter().any(|(person, standing)| standing.open && !people.contains(person));
    let cancel = if left_over {
        let mut open = store::open_on(tx, tenant, document)?;
        open.retain(|open| {
            open.via.as_ref() == Some(course) && open.cause.is_some() && open.person.as_ref().is_some_and(|person| !people.contains(person))
        });
        open
    } else {
        Vec::new()
    };
    Ok(Plan { raise, cancel })
}

/// A document was given out: whoever the matrix names must sign this revision, and nobody the ones
/// before.
pub(super) fn document(tx: &mut WriteTx<'_>, document: &Record, cause: &str) -> Result<()> {
    for course in course::of_document(tx, document)? {
        let people = requirement::people_of_course(tx, &course)?;
        let taught = Taught { course, document: document.clone() };
        keep(tx, &taught, &people, cause)?;
    }
    let earlier = store::open_on_earlier(tx, document)?;
    obligation::cancel_many(tx, earlier, &replaced_by(document))
}

fn replaced_by(document: &Record) -> String {
    if document.revision.is_empty() { format!("replaced by {}", document.label()) } else { format!("replaced by rev {}", document.revision) }
}

/// A course or something that requires it changed.
pub(super) fn course(tx: &mut WriteTx<'_>, course: &Record, cause: &str) -> Result<()> {
    let catalog = tx.catalog();
    let taught = course::taught(tx, &catalog, course)?;
    if course.phase == Phase::Effective {
        let people = requirement::people_of_course(tx, course)?;
        return taught.iter().try_for_each(|taught| keep(tx, taught, &people, cause));
    }
    let mut open = Vec::new();
    for taught in &taught {
        open.extend(store::open_on(tx, &course.tenant, &taught.document.id)?);
    }
    open.retain(|open| open.via.as_ref() == Some(&course.id));
    obligation::cancel_many(tx, open, "the course is no longer in use")
}

/// A person, or what they do and where, changed.
pub(super) fn person(tx: &mut WriteTx<'_>, person: &Record, cause: &str) -> Result<()> {
    let catalog = tx.catalog();
    let requirements = requirement::naming(tx, person)?;
    let wanted = course::taught_for(tx, &catalog, &person.tenant, &requirements)?;
    let standings = store::standings_of(tx, &person.tenant, &person.id)?;
    let mut news = Vec::new();
    for taught in &wanted {
        let key = (taught.course.id.clone(), taught.document.id.clone());
        if !standings.get(&key).is_some_and(|standing| standing.is_settled()) {
            news.push(assignment(tx, taught, &person.id, Some(cause))?);
        }
    }
    obligation::raise_many(tx, news)?;
    let active = person.phase == Phase::InWork;
    let mut open = store::open_of(tx, &person.tenant, &person.id)?;
    open.retain(|open| {
        let is_wanted = wanted.iter().any(|taught| open.via.as_ref() == Some(&taught.course.id) && open.record == taught.document.id);
        !is_wanted && (open.cause.is_some() || !active)
    });
    obligation::cancel_many(tx, open, if active { "no longer asked for by the training matrix" } else { "the person is no longer active" })
}

/// A record went out of use: nobody has to read it. Where it was withdrawn before its day, what it
/// was to replace is asked for again.
pub(super) fn out_of_use(tx: &mut WriteTx<'_>, record: &Record, cause: &str) -> Result<()> {
    let catalog = tx.catalog();
    let open = store::open_on(tx, &record.tenant, &record.id)?;
    let instead = course::to_sign(tx, &catalog, &record.tenant, &record.item)?.filter(|instead| instead.id != record.id);
    let withdrawn = record.phase == Phase::Void;
    let why = match &instead {
        Some(successor) if !withdrawn => replaced_by(successor),
        _ => "the document is no longer in use".to_owned(),
    };
    obligation::cancel_many(tx, open, &why)?;
    match &instead {
        Some(instead) if withdrawn => document(tx, instead, cause),
        _ => Ok(()),
    }
}

fn keep(tx: &mut WriteTx<'_>, taught: &Taught, people: &BTreeSet<String>, cause: &str) -> Result<()> {
    let plan = plan(tx, taught, people)?;
    raise(tx, taught, &plan.raise, cause)?;
    obligation::cancel_many(tx, plan.cancel, "no longer asked for by the training matrix")
}

/// Assigns a document by a course to many people.
pub(super) fn raise(tx: &mut WriteTx<'_>, taught: &Taught, people: &BTreeSet<String>, cause: &str) -> Result<()> {
    let Some(first) = people.first() else { return Ok(()) };
    let template = assignment(tx, taught, first, Some(cause))?;
    let news = people.iter().map(|person| New { person: Some(person.clone()), ..template.clone() }).collect();
    obligation::raise_many(tx, news)
}

/// One assignment with its due date; without a cause it is one made by hand.
pub(super) fn assignment(tx: &mut WriteTx<'_>, taught: &Taught, person: &str, cause: Option<&str>) -> Result<New> {
    let document = &taught.document;
    let today = base::time::parse_date("today", &place::date_in_days(tx, document, 0)?)?;
    let effective_on = document.effective_on.as_deref().map(|date| base::time::parse_date("effective_on", date)).transpose()?;
    let mut new = New::about(document, TRAIN, &format!("Read and sign {}", document.label()));
    new.person = Some(person.to_owned());
    new.via = Some(taught.course.id.clone());
    new.cause = cause.map(str::to_owned);
    new.due_date = Some(calc::due_on(today, effective_on, course::due_days(&taught.course))?.to_string());
    Ok(new)
}
