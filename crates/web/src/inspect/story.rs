//! The page of a story: lanes along time, then every claim in its order.

use super::claims::{self, Facts, Sort};
use super::follow::{Followed, RECORDS, follow};
use crate::edge::{Answer, Visit};
use crate::kernel_pages::sections::ink;
use crate::shell;
use crate::text::{below, counted, href};
use crate::ui::{Claim, Link, PageHead, Picture, Story, Tab, Tabs};
use base::{Date, Result, Timestamp};
use kernel::record;
use maud::html;
use print::draw;
use std::collections::BTreeSet;

/// Claims on one page.
const CLAIMS: usize = 600;

pub(super) fn show(visit: &Visit) -> Result<Answer> {
    let (catalog, viewer, id, today) = (std::sync::Arc::clone(&visit.catalog), visit.viewer.clone(), visit.request.param("record").to_owned(), visit.today()?);
    let (followed, facts, names) = visit.read(move |tx| {
        let start = record::seen(tx, &viewer, &id)?;
        let followed = follow(tx, &catalog, &viewer, &start)?;
        let has_order = followed.lanes.iter().any(|lane| lane.record.kind == "change_order");
        let mut facts = Vec::with_capacity(followed.lanes.len());
        for (at, lane) in followed.lanes.iter().enumerate() {
            // Training is told once: with the order that asked for it, else with the document.
            let with_training = lane.record.kind == "change_order" || (at == 0 && !has_order);
            facts.push(claims::read(tx, &viewer, &lane.record, &today, with_training)?);
        }
        let people: BTreeSet<String> = facts.iter().flat_map(Facts::people).collect();
        let names = kernel::person::names(tx, viewer.tenant(), &people.into_iter().collect::<Vec<_>>())?;
        Ok((followed, facts, names))
    })?;
    let led = followed.lanes.iter().filter_map(|lane| lane.from.as_ref().map(|(_, since, words)| (*since, Sort::Moved, claims::led_to(visit, &lane.record, *since, words))));
    let mut told: Vec<(Timestamp, Sort, Claim)> = facts.iter().flat_map(|facts| claims::claims(visit, facts, &names)).chain(led).collect();
    told.sort_by_key(|(at, _, _)| *at);
    let total = told.len();
    let signatures = told.iter().filter(|(_, sort, _)| sort.is_signature()).count();
    let only = visit.request.query("only") == Some("signatures");
    let shown: Vec<Claim> = told.into_iter().filter(|(_, sort, _)| !only || sort.is_signature()).take(CLAIMS).map(|(_, _, claim)| claim).collect();
    let start = &followed.lanes[0].record;
    let address = format!("/story/{}", start.id);
    let tab = |label: &str, href: String, count: usize, current: bool| Tab { href, label: label.to_owned(), count: u64::try_from(count).ok(), current, ..Tab::default() };
    let tabs = vec![tab("Everything", address.clone(), total, !only), tab("Signatures only", format!("{address}?only=signatures"), signatures, only)];
    let picture = picture(visit, &followed, &facts)?;
    let kind = visit.catalog.known_kind(&start.kind)?;
    let body = html! {
        (PageHead {
            crumbs: vec![Link::new(format!("/list/{}", kind.name), kind.plural.clone()), Link::new(href(&start.reference()), start.label())],
            title: format!("The story of {}", start.label()),
            lead: start.title.clone(),
            ..PageHead::default()
        })
        (picture)
        @if followed.cut { p.muted { "The story goes on past " (RECORDS) " records; open one of them to follow it from there." } }
        (training(&facts))
        h2 { "What happened, and how one knows" }
        (Tabs { label: "Views of this story".into(), tabs })
        (Story { label: format!("The story of {}", start.label()), claims: shown })
        @if total > CLAIMS { p.muted { "The first " (CLAIMS) " of " (total) " claims. Open a record of the story to follow it from there." } }
    };
    Ok(shell::page(visit, &format!("The story of {}", start.label()), Some(shell::area_of(kind)), body))
}

/// How far the training is that the story asked for, with the way to each record.
fn training(facts: &[Facts]) -> maud::Markup {
    let asked: Vec<&Facts> = facts.iter().filter(|facts| facts.counts.total() > 0).collect();
    html! {
        @if !asked.is_empty() {
            h2 { "Training it asked for" }
            ul.rows.spaced {
                @for facts in asked {
                    li {
                        span.grow { a href=(format!("{}#training", below(&facts.record, ""))) { (facts.record.label()) } }
                        span.end { (facts.counts.done) " of " (facts.counts.total()) " read and signed" @if facts.counts.late > 0 { ", " (facts.counts.late) " late" } }
                        a href=(list(facts)) { "All training records" span.sr { " of " (facts.record.label()) } }
                    }
                }
            }
        }
    }
}

fn list(facts: &Facts) -> String {
    crate::lms::document::list_href(&facts.filter, "")
}

fn picture(visit: &Visit, followed: &Followed, facts: &[Facts]) -> Result<Picture> {
    let zone = visit.actor.zone();
    let day = |at: Timestamp| at.date_in(zone);
    let mut lanes = Vec::with_capacity(facts.len());
    for (lane, facts) in followed.lanes.iter().zip(facts) {
        let states = facts.states();
        let mut spans = Vec::with_capacity(states.len());
        for (index, version) in states.iter().enumerate() {
            let to: Option<Date> = states.get(index + 1).map(|next| day(next.changed_at)).transpose()?;
            spans.push(draw::Span { from: day(version.changed_at)?, to, ink: ink(version.phase), word: visit.catalog.state_label(&version.kind, &version.state) });
        }
        let mut events = Vec::new();
        for given in &facts.signatures {
            events.push(draw::Event { on: day(given.signed_at)?, ink: draw::Ink::Good, word: given.manifestation() });
        }
        for given in facts.trainings.iter().filter_map(|one| one.signature.as_ref()) {
            events.push(draw::Event { on: day(given.signed_at)?, ink: draw::Ink::Accent, word: given.manifestation() });
        }
        for done in &facts.done {
            if let Some(at) = done.closed_at {
                events.push(draw::Event { on: day(at)?, ink: draw::Ink::Work, word: done.task.clone() });
            }
        }
        let caused_by = lane.from.as_ref().map(|(from, since, _)| Ok::<_, base::Error>((*from, day(*since)?))).transpose()?;
        let record = &lane.record;
        lanes.push(draw::Lane { number: record.label(), title: record.title.clone(), href: href(&record.reference()), spans, events, caused_by });
    }
    let first = followed.lanes.first().map(|lane| lane.record.label()).unwrap_or_default();
    let story = draw::Story { id: "story".into(), title: format!("The story of {first}"), lanes, today: day(visit.kernel.now())? };
    let caption = format!("{}; marks are signatures, lines lead from one record to the next.", counted(followed.lanes.len(), "record", "records"));
    let data = story.table().into();
    Ok(Picture { drawing: story.draw(), caption, data: Some(data) })
}
