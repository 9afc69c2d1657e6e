//! What shows that nothing was altered: the last checks of the whole trail, and outside the database
//! the log's newest checkpoint, its public keys, and who keeps checkpoints elsewhere.

use super::checks::Checks;
pub(super) use super::checks::{check, check_progress};
use crate::edge::{Answer, Visit};
use crate::shell;
use crate::text::{counted, when};
use crate::ui::page::Area;
use crate::ui::{Banner, BannerKind, Cell, DataTable, PageHead, Tag, Tone};
use base::Result;
use base::text::grouped;
use db::Read;
use kernel::authority::Viewer;
use kernel::evidence::{self, Published, Receipt};
use kernel::kind::{Kind, Phase};
use kernel::record::{self, Filter};
use maud::{Markup, html};
use tlog::note::NoteVerifier;

/// Characters of a digest that people compare by eye; the whole is one click away.
const SHORT: usize = 16;

pub(super) fn show(visit: &Visit) -> Result<Answer> {
    let tenant = visit.tenant().to_owned();
    let (viewer, kinds) = (visit.viewer.clone(), kinds_of_the_server(visit));
    let (latest, keys, anchors, checks, noted) = visit.read(move |tx| {
        let noted = kinds.iter().map(|kind| open_of(tx, &viewer, kind)).collect::<Result<Vec<_>>>()?;
        Ok((evidence::latest(tx, &tenant)?, evidence::verifiers(tx, &tenant)?, evidence::last_receipts(tx, &tenant)?, Checks::read(tx, &tenant)?, noted))
    })?;
    let lead = "Every change is an event, every transaction an entry of one log. Signed checkpoints of the log are kept outside the database; against them even a history that was rewritten as a whole shows.";
    let body = html! {
        (PageHead { title: "Evidence".into(), lead: lead.into(), ..PageHead::default() })
        div.banners {
            @if let Some(banner) = checks.banner() { (banner) }
            (standing(latest.as_ref(), &anchors))
        }
        h2 { "Checks" }
        (checks.section(visit)?)
        h2 { "Newest checkpoint" }
        @match &latest {
            Some(latest) => (checkpoint(visit, latest)),
            None => p.muted { "The server signs the first within seconds of its start." },
        }
        h2 { "Kept outside the database" }
        (kept(visit, latest.as_ref(), &anchors))
        h2 { "Public keys" }
        (public_keys(&keys))
        @if !noted.is_empty() {
            h2 { "What the server notes by itself" }
            (noted_by_server(&noted))
        }
        h2 { "Check it yourself" }
        p { "On the server, against a checkpoint that somebody else keeps and a key that was handed out:" }
        pre { code { "plumb verify --data DIR --anchor CHECKPOINTS --key KEY" } }
        p.muted { "Any program for the public formats (C2SP signed notes, checkpoints, RFC 6962) checks them as well. The proof of a single record is at “/api/v1/records/KIND/NUMBER/proof”." }
    };
    Ok(shell::page(visit, "Evidence", Some(Area::Administration), body))
}

/// The kinds whose records the server makes, as far as one may see them.
fn kinds_of_the_server(visit: &Visit) -> Vec<Kind> {
    visit.catalog.kinds().filter(|kind| visit.viewer.sees_kind(&kind.name) && visit.catalog.is_made_by_server(&kind.name)).cloned().collect()
}

/// How many of a kind wait for somebody.
fn open_of(tx: &mut dyn Read, viewer: &Viewer, kind: &Kind) -> Result<(Kind, i64)> {
    let filter = Filter { kind: Some(kind.name.clone()), phases: vec![Phase::InReview], current_only: true, ..Filter::default() };
    let open = record::count_a_while(tx, viewer, &filter)?.iter().map(|(_, count)| count).sum();
    Ok((kind.clone(), open))
}

fn noted_by_server(noted: &[(Kind, i64)]) -> Markup {
    let columns = vec![("Records".into(), false), ("Open".into(), true), ("What they tell".into(), false)];
    let rows = noted
        .iter()
        .map(|(kind, open)| {
            let open = u64::try_from(*open).unwrap_or(0);
            vec![Cell::Markup(html! { a.number href=(format!("/list/{}", kind.name)) { (kind.plural) } }), Cell::number(grouped(open)), Cell::text(kind.text.clone())]
        })
        .collect();
    html! { (DataTable { label: "What the server notes by itself".into(), columns, rows, totals: Vec::new() }) }
}

/// One sentence on how things stand.
fn standing(latest: Option<&Published>, anchors: &[Receipt]) -> Banner {
    let faults = anchors.iter().filter(|anchor| anchor.fault.is_some()).count();
    let banner = |kind, title: &str, text: String| Banner { kind, title: title.into(), text, ..Banner::default() };
    match (latest, anchors.iter().filter(|anchor| anchor.fault.is_none()).map(|anchor| anchor.size).max()) {
        (None, _) => banner(BannerKind::Info, "No checkpoint yet", "The trail is consistent with itself; nothing outside the database shows it yet.".into()),
        (Some(_), None) if anchors.is_empty() => {
            banner(BannerKind::Warn, "Nobody keeps checkpoints outside the database", "Start the server with --anchor and a folder on another disk or machine. Until then a complete rewrite of the data cannot be told.".into())
        }
        _ if faults > 0 => {
            let text = format!("{faults} of {} did not keep the last checkpoint. It is tried again; the reason stands below.", anchors.len());
            banner(BannerKind::Warn, "A checkpoint was not kept", text)
        }
        (Some(latest), Some(size)) => {
            let since = latest.size.saturating_sub(size);
            let text = if since == 0 { "Nothing has happened since.".to_owned() } else { format!("{} since then wait for the next checkpoint.", counted(usize::try_from(since).unwrap_or(usize::MAX), "transaction", "transactions")) };
            banner(BannerKind::Good, &format!("{} transactions are covered by a checkpoint outside the database", grouped(size)), text)
        }
        (Some(_), None) => banner(BannerKind::Warn, "No checkpoint was kept yet", "It is tried again; the reason stands below.".into()),
    }
}

fn checkpoint(visit: &Visit, latest: &Published) -> Markup {
    let head = latest.head.hex();
    html! {
        dl.kv {
            div { dt { "Transactions" } dd { (grouped(latest.size)) } }
            div { dt { "Signed" } dd { (when(latest.at, visit.actor.zone())) } }
            div { dt { "Head" } dd { code title=(head) { (head.get(..SHORT).unwrap_or_default()) "…" } } }
        }
        details.picture-data { summary { "The signed note" } pre { code { (latest.note) } } }
        p { a href="/api/v1/evidence/checkpoint" { "Take a copy" } span.muted { ", and keep it where nobody who has the database can reach it." } }
    }
}

fn kept(visit: &Visit, latest: Option<&Published>, anchors: &[Receipt]) -> Markup {
    if anchors.is_empty() {
        return html! { p.muted { "Nowhere." } };
    }
    let columns = vec![("Where".into(), false), ("Transactions".into(), true), ("Last tried".into(), false), ("Outcome".into(), false)];
    let rows = anchors
        .iter()
        .map(|anchor| {
            let newest = latest.is_some_and(|latest| latest.size == anchor.size);
            let outcome = match &anchor.fault {
                Some(fault) => Cell::Markup(html! { (Tag::new(Tone::Bad, "Not kept")) p.muted { (fault) } }),
                None if newest => Cell::Tag(Tag::new(Tone::Good, "Kept, the newest")),
                None => Cell::Tag(Tag::new(Tone::Good, "Kept")),
            };
            vec![Cell::text(anchor.anchor.clone()), Cell::number(grouped(anchor.size)), Cell::When(when(anchor.tried_at, visit.actor.zone())), outcome]
        })
        .collect();
    html! { (DataTable { label: "Anchors".into(), columns, rows, totals: Vec::new() }) }
}

fn public_keys(keys: &[NoteVerifier]) -> Markup {
    html! {
        @if keys.is_empty() { p.muted { "The first checkpoint brings the first key." } }
        @for key in keys { pre { code { (key.text()) } } }
        @if !keys.is_empty() { p.muted { "Compare it with the key that was handed out when the company was set up: the database alone could name any." } }
    }
}
