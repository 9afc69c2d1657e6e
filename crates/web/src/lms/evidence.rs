//! The evidence of a training assignment: who signed what, when, with which meaning, on which
//! content, and whether that content is still what it was.

use super::learn::{Assigned, text_of};
use crate::edge::{Answer, Visit};
use crate::shell;
use crate::text::{day, due, href, link, when, when_signed};
use crate::ui::page::Area;
use crate::ui::sign::signatures;
use crate::ui::{Banner, BannerKind, Link, PageHead, SignatureState, SignatureView, Tag, Tone};
use base::Result;
use kernel::{obligation, record};
use maud::html;

pub(super) fn show(visit: &Visit, assigned: &Assigned) -> Result<Answer> {
    let (tenant, asked) = (visit.tenant().to_owned(), assigned.obligation.clone());
    let (given, signed) = visit.read(move |tx| {
        let given = obligation::signature_of(tx, &tenant, &asked)?;
        let signed = match &given {
            Some(given) => record::version(tx, &tenant, &given.record, given.version)?,
            None => None,
        };
        Ok((given, signed))
    })?;
    let document = &assigned.document;
    let asked = &assigned.obligation;
    let intact = given.as_ref().zip(signed.as_ref()).is_some_and(|(given, signed)| signed.digest == given.digest && signed.content_digest().hex() == given.digest);
    let title = format!("Training record: {} on {}", assigned.person, document.label());
    let shown = given.as_ref().map(|given| SignatureView {
        state: if intact { SignatureState::Valid } else { SignatureState::Broken },
        name: given.printed_name.clone(),
        meaning: given.meaning.clone(),
        when: Some(when_signed(given)),
        covers: format!("covers version {}, digest {}", given.version, given.digest),
        ..SignatureView::default()
    });
    let state = match asked.state.as_str() {
        "open" => html! { (Tag::new(Tone::Info, "Open")) },
        "done" => html! { (Tag::new(Tone::Good, "Read and signed")) },
        _ => html! { (Tag::new(Tone::Neutral, "Not asked for any more")) },
    };
    let by = html! {
        @match (&asked.due_date, asked.state.as_str()) {
            (Some(date), "open") => (due(date, visit.kernel.now(), visit.actor.zone())),
            (Some(date), _) => (day(date)),
            (None, _) => "No date",
        }
    };
    let kind = visit.catalog.known_kind(&document.kind)?;
    let body = html! {
        (PageHead {
            crumbs: vec![Link::new("/training/assignments", "Assignments"), Link::new(href(&document.reference()), document.label())],
            title: title.clone(),
            lead: document.title.clone(),
            ..PageHead::default()
        })
        @if asked.state == "open" {
            div.banners { (Banner { kind: BannerKind::Info, title: format!("{} has not signed yet", assigned.person), text: "Only the person to whom it is assigned can read and sign it.".into(), ..Banner::default() }) }
        }
        @if let Some(shown) = shown { div.spaced { (signatures(&[shown])) } }
        dl.kv.spaced {
            div { dt { "Person" } dd { (assigned.person) } }
            div { dt { "Document" } dd { (link(&document.reference())) } }
            div { dt { "State" } dd { (state) @if let Some(outcome) = asked.outcome.as_ref().filter(|_| asked.state == "cancelled") { " " (outcome) } } }
            div { dt { "Assigned" } dd { (when(asked.raised_at, visit.actor.zone())) } }
            div { dt { "Due" } dd { (by) } }
            @if let Some(at) = asked.closed_at { div { dt { "Closed" } dd { (when(at, visit.actor.zone())) } } }
            @if let Some(course) = &assigned.course { div { dt { "Course" } dd { (link(&course.reference())) } } }
            div { dt { "Asked for by" } dd { @match &assigned.cause { Some(cause) => (link(&cause.reference())), None => "hand" } } }
        }
        @if let (Some(given), Some(signed)) = (&given, &signed) {
            h2 { "What was signed" }
            p.spaced {
                "Version " (given.version) " of " (document.label()) ". "
                @if intact { (Tag::new(Tone::Good, "The content is what was signed")) } @else { (Tag::new(Tone::Bad, "The content is not what was signed")) }
            }
            div.prose { (text_of(signed, kind)) }
        }
        p { a href=(format!("/story/{}", document.id)) { "Follow the story of " (document.label()) } }
    };
    Ok(shell::page(visit, &title, Some(Area::Training), body))
}
