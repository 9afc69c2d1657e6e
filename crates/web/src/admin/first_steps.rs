//! The first steps of a new company, for whoever sets it up: each with how far it is, in the order
//! in which one thing needs the other.

use crate::edge::Visit;
use crate::ui::{Icon, Link};
use base::Result;
use kernel::record::{self, Filter};
use maud::{Markup, html};

/// A step: kind, how many make it done, what to do, why.
const STEPS: [(&str, i64, &str, &str); 9] = [
    ("site", 1, "Make a site", "Its time zone decides what “today” is for due dates."),
    ("department", 1, "Make departments", "Where people work; training can follow from it."),
    ("job_function", 1, "Make job functions", "What people do; training follows from it."),
    ("person", 2, "Add people and grant them roles", "Approvals need at least two: nobody approves their own work."),
    ("part", 1, "Bring in the parts", "Import a released structure from a file, or write parts one by one."),
    ("procedure", 1, "Write the first procedure", "It is reviewed, signed and made effective here."),
    ("course", 1, "Make a course", "Which procedures one reads and signs, and within how many days."),
    ("training_requirement", 1, "Say who needs it", "Whoever matches is assigned by itself, today and later."),
    ("supplier", 1, "Enter a supplier", "Linked to parts, it is flagged when one of them changes."),
];

/// The list of steps while some are open, for administrators.
pub(crate) fn section(visit: &Visit) -> Result<Option<Markup>> {
    if !visit.may("site.create") {
        return Ok(None);
    }
    let viewer = visit.viewer.clone();
    let kinds: Vec<&str> = STEPS.iter().map(|(kind, ..)| *kind).filter(|kind| visit.catalog.kind(kind).is_some()).collect();
    let counted = visit.read(move |tx| {
        kinds
            .iter()
            .map(|kind| {
                let filter = Filter { kind: Some((*kind).to_owned()), current_only: true, ..Filter::default() };
                let count: i64 = record::count_a_while(tx, &viewer, &filter)?.iter().map(|(_, count)| count).sum();
                Ok((*kind, count))
            })
            .collect::<Result<Vec<_>>>()
    })?;
    let steps: Vec<_> = STEPS.iter().filter_map(|step| Some((step, counted.iter().find(|(kind, _)| kind == &step.0)?.1))).collect();
    let open = steps.iter().filter(|((_, needed, ..), count)| count < needed).count();
    if open == 0 {
        return Ok(None);
    }
    Ok(Some(html! {
        section.work-group aria-labelledby="first-steps" {
            h2 #first-steps { "First steps " span.count { (steps.len() - open) " of " (steps.len()) } }
            p.muted { "What a new company needs, in the order in which one thing needs the other." }
            ul.rows {
                @for ((kind, needed, what, why), count) in &steps {
                    @let done = count >= needed;
                    li {
                        @if done { (Icon::Check) span.sr { "done: " } } @else { (Icon::Open) span.sr { "open: " } }
                        span.grow { a href=(start(kind, done).href) { (what) } p.muted { (why) } }
                        span.end { (count) }
                    }
                }
            }
        }
    }))
}

fn start(kind: &str, done: bool) -> Link {
    match (kind, done) {
        (_, true) | ("part", _) => Link::new(format!("/list/{kind}"), ""),
        _ => Link::new(format!("/new/{kind}"), ""),
    }
}
