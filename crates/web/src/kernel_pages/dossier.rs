//! Dossiers on a record's page: what the declared query finds now, and what was frozen when, each
//! frozen index as a page of its own with its digests.

use crate::edge::{Answer, Visit};
use crate::kernel_pages::record::{Known, section as plain_section};
use crate::kernel_pages::record_of;
use crate::shell;
use crate::text::{below, counted, href, when};
use crate::ui::{Cell, DataTable, Icon, Link, PageHead, Section, Tag, Tone};
use base::{Error, RecordRef, Result};
use kernel::dossier::{self, Frozen};
use kernel::record;
use maud::{Markup, html};
use std::collections::BTreeMap;

/// Signatures of an entry shown before the rest is folded.
const SIGNATURES: usize = 4;

/// The section of a kind that has a dossier.
pub(crate) fn section(visit: &Visit, known: &Known) -> Result<Option<Section>> {
    if known.kind.dossier.is_empty() {
        return Ok(None);
    }
    let (catalog, record, zone) = (std::sync::Arc::clone(&visit.catalog), known.record.clone(), visit.actor.zone().to_owned());
    let (live, frozen, names) = visit.read(move |tx| {
        let frozen = dossier::frozen_of(tx, &record.tenant, &record.id)?;
        let people: Vec<String> = frozen.iter().map(|one| one.frozen_by.clone()).collect();
        Ok((dossier::assemble(tx, &catalog, &record)?, frozen, kernel::person::names(tx, &record.tenant, &people)?))
    })?;
    let count: usize = live.iter().map(|part| part.entries.len()).sum();
    let changed = frozen.first().map(|last| differences(&last.sections, &live));
    let body = html! {
        @for part in &live {
            h3 { (part.title) " " span.count { (part.entries.len()) } }
            p.section-note { (part.requirement) }
            @if part.entries.is_empty() { p.muted { "Nothing yet." } } @else { (entries_table(part)) }
        }
        h3 #frozen { "Frozen " span.count { (frozen.len()) } }
        @if frozen.is_empty() { p.muted { "Not frozen yet. A frozen dossier keeps the index with the digest of every entry, under a signature." } }
        @else {
            ul.rows {
                @for one in &frozen {
                    li {
                        (Icon::Lock)
                        span.grow { a href=(below(&known.record, &format!("/dossier/{}", one.id))) { (when(one.frozen_at, &zone)) } " by " (names.get(&one.frozen_by).map_or("", String::as_str)) ", " (counted(usize::try_from(one.entry_count).unwrap_or(0), "entry", "entries")) }
                        code { (one.digest.get(..16).unwrap_or("")) "…" }
                    }
                }
            }
            @match changed {
                Some(0) => p { (Tag::new(Tone::Good, "Unchanged")) " The live dossier is what was frozen last." },
                Some(many) => p { (Tag::new(Tone::Warn, counted(many, "difference", "differences"))) " since the dossier was frozen last." },
                None => {}
            }
        }
    };
    Ok(Some(plain_section("dossier", "Dossier", count, body)))
}

/// Entries that are new, gone, or have another content.
fn differences(frozen: &[dossier::Section], live: &[dossier::Section]) -> usize {
    let index = |sections: &[dossier::Section]| -> BTreeMap<(String, String), String> {
        sections.iter().flat_map(|part| part.entries.iter().map(|entry| ((part.title.clone(), entry.record.clone()), entry.digest.clone()))).collect()
    };
    let (before, now) = (index(frozen), index(live));
    let gone = before.keys().filter(|key| !now.contains_key(*key)).count();
    gone + now.iter().filter(|(key, digest)| before.get(*key) != Some(*digest)).count()
}

/// A frozen dossier: the index as it was.
pub(crate) fn show(visit: &Visit) -> Result<Answer> {
    let (kind, record) = record_of(visit)?;
    let (id, here) = (visit.request.param("dossier").to_owned(), record.clone());
    let (found, now, name) = visit.read(move |tx| {
        let found = dossier::frozen_of(tx, &here.tenant, &here.id)?.into_iter().find(|one| one.id == id);
        let found: Frozen = found.ok_or_else(|| Error::not_found("There is no such dossier on this record."))?;
        let ids: Vec<String> = found.sections.iter().flat_map(|part| part.entries.iter().map(|entry| entry.record.clone())).collect();
        let now: BTreeMap<String, String> = record::find_all(tx, &here.tenant, &ids)?.into_iter().map(|record| (record.id, record.digest)).collect();
        let names = kernel::person::names(tx, &here.tenant, std::slice::from_ref(&found.frozen_by))?;
        let name = names.get(&found.frozen_by).cloned().unwrap_or_default();
        Ok((found, now, name))
    })?;
    let intact = base::Digest::of(serde_json::to_string(&found.sections).map_err(Error::internal)?.as_bytes()).hex() == found.digest;
    let moved = found.sections.iter().flat_map(|part| &part.entries).filter(|entry| now.get(&entry.record) != Some(&entry.digest)).count();
    let title = format!("Dossier of {}, frozen {}", record.label(), when(found.frozen_at, visit.actor.zone()).day());
    let body = html! {
        (PageHead { crumbs: vec![Link::new(format!("/list/{}", kind.name), kind.plural.clone()), Link::new(href(&record.reference()), record.label())], title: title.clone(), lead: record.title.clone(), ..PageHead::default() })
        dl.kv.spaced {
            div { dt { "Frozen" } dd { (when(found.frozen_at, visit.actor.zone())) " by " (name) } }
            div { dt { "Entries" } dd { (found.entry_count) } }
            div.full { dt { "Digest of the index (SHA-256)" } dd { code { (found.digest) } " " @if intact { (Tag::new(Tone::Good, "Matches this index")) } @else { (Tag::new(Tone::Bad, "Does not match this index")) } } }
            div.full { dt { "Entries whose content changed since" } dd { @if moved == 0 { "None" } @else { (moved) } } }
        }
        @for part in &found.sections {
            h2 { (part.title) " " span.count { (part.entries.len()) } }
            @if part.entries.is_empty() { p.muted { "Nothing." } } @else { (entries_table(part)) }
        }
    };
    Ok(shell::page(visit, &title, Some(shell::area_of(&kind)), body))
}

/// The first signatures, the rest folded: a procedure has one of everybody who has read it.
fn signatures(all: &[String]) -> Markup {
    let (first, rest) = all.split_at(all.len().min(SIGNATURES));
    html! {
        @if all.is_empty() { span.muted { "None" } }
        @for signature in first { p { (signature) } }
        @if !rest.is_empty() { details.picture-data { summary { (rest.len()) " more" } @for signature in rest { p { (signature) } } } }
    }
}

fn entries_table(part: &dossier::Section) -> DataTable {
    let rows = part
        .entries
        .iter()
        .map(|entry| {
            let reference = RecordRef { id: entry.record.clone(), kind: entry.kind.clone(), number: entry.number.clone(), revision: entry.revision.clone(), title: entry.title.clone() };
            vec![
                Cell::Main(Link::new(href(&reference), reference.label()).detail(entry.title.clone())),
                Cell::text(entry.state.clone()),
                Cell::number(entry.version.to_string()),
                Cell::Markup(signatures(&entry.signatures)),
                Cell::Markup(html! { code { (entry.digest.get(..12).unwrap_or("")) } }),
            ]
        })
        .collect();
    let columns = vec![("Record".into(), false), ("State".into(), false), ("Version".into(), true), ("Signatures".into(), false), ("Digest".into(), false)];
    DataTable { label: part.title.clone(), columns, rows, totals: Vec::new() }
}
