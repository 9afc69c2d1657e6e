//! Checks of the whole trail on the evidence page: the last ones, the one on its way, and a new one.

use crate::edge::{Answer, Visit};
use crate::text::{chip, href, when};
use crate::ui::{Banner, BannerKind, Cell, DataTable, Icon, Link, Progress};
use base::text::grouped;
use base::{Error, Result};
use db::Read;
use kernel::evidence::{self, CheckProgress, TRAIL_CHECK};
use kernel::record::{self, Record};
use maud::{Markup, html};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

/// Checks that the page lists; the others stand in the list of their kind.
const ROWS: i64 = 10;
/// Places of what was found that the banner names; the check's own page names all.
const NAMED: usize = 5;

/// What the page knows of checks.
pub(super) struct Checks {
    last: Vec<Record>,
    running: Option<(Record, Option<CheckProgress>)>,
    damaged: Option<Record>,
    people: BTreeMap<String, String>,
}

impl Checks {
    pub(super) fn read(tx: &mut dyn Read, tenant: &str) -> Result<Self> {
        let last = evidence::last_checks(tx, tenant, ROWS)?;
        let running = match evidence::running(tx, tenant)? {
            Some(check) => {
                let progress = evidence::progress(tx, tenant, &check.id)?;
                Some((check, progress))
            }
            None => None,
        };
        let people: Vec<String> = last.iter().map(|check| check.created_by.clone()).collect();
        Ok(Self { running, damaged: evidence::unassessed(tx, tenant)?, people: kernel::person::names(tx, tenant, &people)?, last })
    }

    /// In red, as long as nobody has assessed what was found.
    pub(super) fn banner(&self) -> Option<Banner> {
        let damaged = self.damaged.as_ref()?;
        let found: Vec<&str> = damaged.field_text("found").lines().collect();
        let mut text = found.iter().take(NAMED).copied().collect::<Vec<_>>().join("; ");
        if found.len() > NAMED {
            text.push_str(&format!("; and {} more", found.len() - NAMED));
        }
        Some(Banner {
            kind: BannerKind::Broken,
            title: "The last check found damage to the trail".into(),
            text: format!("{text}. A quality manager must assess it."),
            links: vec![Link::new(href(&damaged.reference()), damaged.number.clone())],
            ..Banner::default()
        })
    }

    pub(super) fn section(&self, visit: &Visit) -> Result<Markup> {
        let zone = visit.actor.zone();
        let columns = ["Check", "Begun", "Asked for by", "Result", "Up to where it proves"].map(|label| (label.to_owned(), false)).into();
        let rows = self
            .last
            .iter()
            .map(|check| {
                let by = if check.created_by == "system" { "the clock" } else { self.people.get(&check.created_by).map_or("?", String::as_str) };
                let standing = match check.field_int("checkpoint") {
                    Some(checkpoint) => {
                        let number = |value: i64| grouped(u64::try_from(value).unwrap_or(0));
                        let checkpoint = if checkpoint == 0 { "no checkpoint yet".to_owned() } else { format!("checkpoint {}", number(checkpoint)) };
                        format!("{} events, {checkpoint}. {}", number(check.field_int("events").unwrap_or(0)), check.field_text("standing"))
                    }
                    None => check.field_text("found").to_owned(),
                };
                vec![
                    Cell::Markup(html! { a.number href=(href(&check.reference())) { (check.number) } }),
                    Cell::When(when(check.created_at, zone)),
                    Cell::text(by.to_owned()),
                    Cell::Markup(html! { (chip(&visit.catalog, check)) }),
                    Cell::text(standing),
                ]
            })
            .collect();
        Ok(html! {
            @match &self.running {
                Some((check, progress)) => (bar(check, progress.as_ref())),
                None => @if visit.may("evidence.check") {
                    form.section-action method="post" action="/evidence/check" data-once {
                        input type="hidden" name="key" value=(base::id::edge_id());
                        button.button.small type="submit" { (Icon::Proof) "Verify now" }
                    }
                },
            }
            @if self.last.is_empty() { p.muted { "None yet." } } @else { (DataTable { label: "Checks".into(), columns, rows, totals: Vec::new() }) }
        })
    }
}

fn bar(check: &Record, progress: Option<&CheckProgress>) -> Progress {
    let number = |value: i64| u64::try_from(value).unwrap_or(0);
    Progress {
        label: format!("{} is running", check.number),
        done: progress.map_or(0, |progress| number(progress.done)),
        total: progress.and_then(|progress| progress.whole).map(number),
        now: progress.map_or_else(|| "It begins within seconds.".to_owned(), |progress| progress.doing.clone()),
        poll_href: Some(format!("/evidence/check/{}", check.id)),
    }
}

/// Asks for a check.
pub(super) fn check(visit: &Visit) -> Result<Answer> {
    let outcome = visit.run("evidence.check", json!({}))?;
    let number = outcome.result.get("number").and_then(Json::as_str).unwrap_or_default();
    Ok(Answer::Go { to: "/evidence".into(), flash: Some(format!("{number} begins within seconds.")) })
}

/// How far a check has come, for the page that waits.
pub(super) fn check_progress(visit: &Visit) -> Result<Answer> {
    let (tenant, id) = (visit.tenant().to_owned(), visit.request.param("check").to_owned());
    let (check, progress) = visit.read(move |tx| {
        let check = record::find(tx, &tenant, &id)?.filter(|check| check.kind == TRAIL_CHECK).ok_or_else(|| Error::not_found("There is no such check."))?;
        let progress = evidence::progress(tx, &tenant, &check.id)?;
        Ok((check, progress))
    })?;
    let bar = bar(&check, progress.as_ref());
    let mut answer = json!({ "done": bar.done, "total": bar.total, "now": bar.now });
    if check.state != "running" {
        answer["ended_href"] = json!("/evidence");
    }
    Ok(Answer::Json(answer))
}
