//! A course: who the matrix names, who was asked, who has signed.

use super::document::{assignments_section, counts};
use crate::edge::Visit;
use crate::kernel_pages::record::Known;
use crate::text::{counted, link};
use crate::ui::Section;
use base::Result;
use kernel::link as links;
use lms::reading::AssignmentFilter;
use maud::html;

pub(crate) fn sections(visit: &Visit, known: &Known) -> Result<Vec<Section>> {
    let (viewer, record, catalog) = (visit.viewer.clone(), known.record.clone(), std::sync::Arc::clone(&visit.catalog));
    let (people, requirements, taught) = visit.read(move |tx| {
        let mut requirements = links::sources(tx, &record, lms::requirement::REQUIRES)?;
        requirements.retain(|requirement| viewer.sees(requirement));
        let taught = lms::course::taught(tx, &catalog, &record)?;
        Ok((lms::requirement::people_of_course(tx, &record)?.len(), requirements, taught))
    })?;
    let body = html! {
        p { "The training matrix names " b { (counted(people, "person", "people")) } " for this course." }
        @if requirements.is_empty() { p.muted { "No training requirement asks for it: nobody is assigned by itself." } }
        @else { ul.rows { @for requirement in &requirements { li { span.grow { (link(&requirement.reference())) } (crate::text::chip(&visit.catalog, requirement)) } } } }
        @if !taught.is_empty() {
            h3 { "To be signed now" }
            ul.rows { @for one in &taught { li { span.grow { (link(&one.document.reference())) } (crate::text::chip(&visit.catalog, &one.document)) } } }
        }
    };
    let mut sections = vec![Section { id: "for-whom".into(), title: "For whom".into(), count: u64::try_from(people).ok(), body, ..Section::default() }];
    let filter = AssignmentFilter { course: Some(known.record.id.clone()), ..AssignmentFilter::default() };
    let counts = counts(visit, &filter)?;
    if counts.total() > 0 {
        sections.push(assignments_section(visit, &filter, counts, "Assignments", "training")?);
    }
    Ok(sections)
}
