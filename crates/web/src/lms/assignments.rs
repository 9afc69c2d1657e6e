//! The list of assignments: of an order, a document, a course, or all; open, overdue or done.

use crate::edge::{Answer, Visit};
use crate::lms::document::{counts, list_href, table};
use crate::shell;
use crate::text::{counted, href};
use crate::ui::list::Pager;
use crate::ui::page::Area;
use crate::ui::{EmptyState, Icon, Link, PageHead, Tab, Tabs};
use base::{Error, Result};
use kernel::record;
use lms::reading::{AssignmentFilter, assignments};
use maud::html;

pub(super) fn show(visit: &Visit) -> Result<Answer> {
    let given = |name: &str| visit.request.query(name).map(str::to_owned);
    let about = AssignmentFilter { cause: given("cause"), document: given("document"), course: given("course"), ..AssignmentFilter::default() };
    let state = visit.request.query("state").unwrap_or("");
    let mut filter = about.clone();
    match state {
        "" => {}
        "open" => filter.open = Some(true),
        "done" => filter.open = Some(false),
        "overdue" => (filter.open, filter.due_before) = (Some(true), Some(visit.today()?)),
        other => return Err(Error::invalid("state", "unknown_state", format!("there is no state “{other}” here"))),
    }
    let all = counts(visit, &about)?;
    let (viewer, after) = (visit.viewer.clone(), given("after"));
    let named = [about.document.clone(), about.cause.clone(), about.course.clone()].into_iter().flatten().next();
    let filter_here = filter.clone();
    let ((page, next), named) = visit.read(move |tx| {
        let named = match &named {
            Some(id) => Some(record::seen(tx, &viewer, id)?),
            None => None,
        };
        Ok((assignments(tx, &viewer, &filter_here, None, after.as_deref())?, named))
    })?;
    let tab = |label: &str, name: &str, count: i64| Tab { href: list_href(&about, name), label: label.to_owned(), count: u64::try_from(count).ok(), current: state == name, ..Tab::default() };
    let tabs = vec![tab("All", "", all.total()), tab("Open", "open", all.open), tab("Overdue", "overdue", all.late), tab("Signed", "done", all.done)];
    let first = visit.request.query("after").is_none();
    let here = list_href(&about, state);
    let pager = Pager {
        position: if first && next.is_none() { counted(page.len(), "assignment", "assignments") } else { format!("{} on this page", page.len()) },
        previous: (!first).then(|| here.clone()),
        next: next.map(|cursor| crate::kernel_pages::work::with_parameter(&here, "after", &cursor)),
    };
    let title = named.as_ref().map_or_else(|| "Training assignments".to_owned(), |record| format!("Training: {}", record.label()));
    let body = html! {
        (PageHead {
            crumbs: named.iter().map(|record| Link::new(href(&record.reference()), record.label())).collect(),
            title: title.clone(),
            lead: named.as_ref().map_or_else(|| "Who was asked to read and sign what, and who has.".to_owned(), |record| record.title.clone()),
            ..PageHead::default()
        })
        (Tabs { label: "Views".into(), tabs })
        @if page.is_empty() {
            (EmptyState { icon: Some(Icon::Training), title: "No assignment here".into(), text: "Assignments come by themselves when a document that a course teaches is released.".into(), framed: true, ..EmptyState::default() })
        } @else {
            (table(visit, &page, "Assignments"))
            (pager)
        }
    };
    Ok(shell::page(visit, &title, Some(Area::Training), body))
}
