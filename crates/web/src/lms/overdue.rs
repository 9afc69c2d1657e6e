//! Overdue training of a supervisor's people, for My work.

use super::document::{counts, table};
use crate::edge::Visit;
use base::Result;
use lms::reading::{AssignmentFilter, assignments};
use maud::{Markup, html};

/// Rows on My work; the list has all.
const SHOWN: usize = 10;

/// What is overdue at the sites of the person, when somebody asks them to see to it.
pub(crate) fn section(visit: &Visit) -> Result<Option<Markup>> {
    if !visit.grants.iter().any(|grant| matches!(grant.role.as_str(), "supervisor" | "training_manager")) {
        return Ok(None);
    }
    let filter = AssignmentFilter { open: Some(true), due_before: Some(visit.today()?), ..AssignmentFilter::default() };
    let all = counts(visit, &filter)?;
    if all.open == 0 {
        return Ok(None);
    }
    let viewer = visit.viewer.clone();
    let page = visit.read(move |tx| assignments(tx, &viewer, &filter, Some(SHOWN), None))?.0;
    let hidden = usize::try_from(all.open).unwrap_or(0).saturating_sub(page.len());
    Ok(Some(html! {
        section.work-group aria-labelledby="team-overdue" {
            h2 #team-overdue { "Overdue training of your people " span.count { (all.open) } }
            (table(visit, &page, "Overdue training"))
            @if hidden > 0 { p.pager { a href="/training/assignments?state=overdue" { "and " (hidden) " more" } } }
        }
    }))
}
