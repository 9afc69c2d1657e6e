//! My work: what I must do, by when.

use crate::edge::{Answer, Visit};
use crate::shell;
use crate::text::{below, due, in_sentence, link};
use crate::ui::page::Area;
use crate::ui::work::{Figure, figures};
use crate::ui::{EmptyState, Icon, Link, PageHead, Tone, Work, WorkGroup, WorkItem};
use base::Result;
use kernel::obligation::{self, Obligation};
use kernel::record::{self, Record};
use maud::html;
use std::collections::BTreeMap;

/// Own records on the page.
const OWN_RECORDS: usize = 8;

pub(crate) fn show(visit: &Visit) -> Result<Answer> {
    let (tenant, person, viewer) = (visit.tenant().to_owned(), visit.actor.person().to_owned(), visit.viewer.clone());
    let (obligations, records) = visit.read(move |tx| {
        let grants = kernel::authority::grants_of(tx, &tenant, &person)?;
        let roles: Vec<_> = grants.into_iter().map(|grant| (grant.role, grant.site)).collect();
        let mine = obligation::of_person(tx, &viewer, &person, &roles)?;
        let ids: Vec<String> = mine.iter().flat_map(|one| [Some(one.record.clone()), one.cause.clone()]).flatten().collect();
        let records: BTreeMap<String, Record> = record::find_all(tx, &tenant, &ids)?.into_iter().map(|record| (record.id.clone(), record)).collect();
        Ok((mine, records))
    })?;
    let now = visit.kernel.now();
    let today = now.date_in(visit.actor.zone())?.to_string();
    let (mut late, mut soon, mut later) = (Vec::new(), Vec::new(), Vec::new());
    let week = now.plus_seconds(7 * 86_400).date_in(visit.actor.zone())?.to_string();
    for obligation in &obligations {
        let Some(about) = records.get(&obligation.record).filter(|record| visit.viewer.sees(record)) else { continue };
        let item = item(visit, obligation, about, &records);
        match obligation.due_date.as_deref() {
            Some(date) if date < today.as_str() => late.push(item),
            Some(date) if date <= week.as_str() => soon.push(item),
            _ => later.push(item),
        }
    }
    let counts = [late.len(), soon.len(), later.len()];
    let groups: Vec<_> = [("Late", late), ("Within a week", soon), ("Later, or without a date", later)]
        .into_iter()
        .filter(|(_, items)| !items.is_empty())
        .map(|(title, items)| WorkGroup { title: title.to_owned(), items, more: None })
        .collect();
    let tones = [if counts[0] > 0 { Tone::Bad } else { Tone::Neutral }, if counts[1] > 0 { Tone::Warn } else { Tone::Neutral }, Tone::Neutral];
    let shown: Vec<_> = ["late", "within a week", "later"]
        .into_iter()
        .zip(counts)
        .zip(tones)
        .map(|((label, count), tone)| Figure { value: count.to_string(), label: label.to_owned(), tone, href: "#main".to_owned() })
        .collect();
    let first_steps = crate::admin::first_steps::section(visit)?;
    let overdue = crate::lms::overdue::section(visit)?;
    let own = recently_changed(visit)?;
    let body = html! {
        (PageHead { title: "My work".into(), lead: "What waits for you, by when.".into(), ..PageHead::default() })
        @if let Some(steps) = &first_steps { (steps) }
        @if groups.is_empty() {
            (EmptyState {
                icon: Some(Icon::Check),
                title: "Nothing waits for you".into(),
                text: "What somebody asks of you (to sign, to train, to act) appears here by itself.".into(),
                framed: true,
                ..EmptyState::default()
            })
        } @else {
            (figures(&shown))
            (Work { groups })
        }
        @if let Some(overdue) = &overdue { (overdue) }
        @if !own.is_empty() {
            section.work-group aria-labelledby="recently-changed" {
                h2 #recently-changed { "Your records, changed last" }
                ul.rows {
                    @for record in &own {
                        li {
                            span.grow { (link(&record.reference())) }
                            (crate::text::chip(&visit.catalog, record))
                            span.end { (crate::text::when(record.changed_at, visit.actor.zone())) }
                        }
                    }
                }
            }
        }
    };
    Ok(shell::page(visit, "My work", Some(Area::MyWork), body))
}

/// What the person owns, changed last first.
fn recently_changed(visit: &Visit) -> Result<Vec<Record>> {
    let (viewer, person) = (visit.viewer.clone(), visit.actor.person().to_owned());
    let filter = record::Filter { owner: Some(person), ..record::Filter::default() };
    let page = record::Page { sort: record::Sort::Changed, rows: Some(OWN_RECORDS), after: None };
    Ok(visit.read(move |tx| record::list(tx, &viewer, &filter, &page, None))?.0)
}

fn item(visit: &Visit, obligation: &Obligation, about: &Record, records: &BTreeMap<String, Record>) -> WorkItem {
    let (icon, action) = match (obligation.sort.as_str(), obligation.step.as_deref()) {
        ("sign", Some(step)) => (Icon::Sign, Link::new(below(about, &format!("/step/{step}")), label_of_signing(visit, about, step))),
        ("train", _) => (Icon::Training, Link::new(format!("/training/learn/{}", obligation.id), "Read and sign")),
        _ => (
            Icon::Step,
            Link::new(with_parameter(&below(about, "/do/obligation.complete"), "obligation", &obligation.id), "Report as done"),
        ),
    };
    let cause = obligation.cause.as_ref().and_then(|cause| records.get(cause)).filter(|cause| cause.id != about.id);
    WorkItem {
        icon,
        // The record stands beside it as a link.
        what: obligation.task.trim_end_matches(&about.label()).trim_end().to_owned(),
        about: link(&about.reference()),
        cause: cause.map(|cause| format!("from {}", cause.label())).unwrap_or_default(),
        due: obligation.due_date.as_deref().map(|date| due(date, visit.kernel.now(), visit.actor.zone())),
        action,
        primary: false,
    }
}

/// What is done by signing a step: its own label, so that nobody takes a freeze for reading.
pub(crate) fn label_of_signing(visit: &Visit, about: &Record, step: &str) -> String {
    let step = visit.catalog.kind(&about.kind).and_then(|kind| kind.find_step(step));
    step.map_or_else(|| "Sign".to_owned(), |step| format!("Sign: {}", in_sentence(&step.label)))
}

/// The address with one more parameter.
pub(crate) fn with_parameter(address: &str, name: &str, value: &str) -> String {
    let joint = if address.contains('?') { '&' } else { '?' };
    format!("{address}{joint}{name}={}", crate::text::encode(value))
}
