//! The impact of a change order, before anybody approves it: what the affected revisions touch, by
//! name and count, and what the release will do.

use crate::edge::Visit;
use crate::kernel_pages::record::Known;
use crate::text::{counted, link};
use crate::ui::{Icon, Section};
use base::Result;
use kernel::impact::{self, Group};
use kernel::link as links;
use kernel::record::step;
use maud::{Markup, html};
use plm::change_order::AFFECTS;

/// Entries of a group shown before the rest is folded.
const SHOWN: usize = 12;
/// Entries of a group that unfold.
const FOLDED: usize = 1_000;

pub(super) fn section(visit: &Visit, known: &Known) -> Result<Option<Section>> {
    if known.record.phase.is_settled() || known.past.is_some() {
        return Ok(None);
    }
    let (catalog, viewer, order) = (std::sync::Arc::clone(&visit.catalog), visit.viewer.clone(), known.record.clone());
    let release = known.kind.find_step("release").cloned();
    let (mut groups, consequences, affected) = visit.read(move |tx| {
        let mut targets = links::targets(tx, &order, AFFECTS)?;
        targets.retain(|target| viewer.sees(target));
        let consequences = match &release {
            Some(release) if !targets.is_empty() => step::consequences(tx, &catalog, &order, release)?,
            _ => Vec::new(),
        };
        Ok((impact::analyse(tx, &catalog, &viewer, &targets)?, consequences, targets.len()))
    })?;
    if affected == 0 {
        return Ok(None);
    }
    groups.sort_by_key(rank);
    let total: usize = groups.iter().map(|group| group.entries.len()).sum();
    let body = html! {
        @if !consequences.is_empty() {
            h3 { "On release" }
            ul.sign-effects { @for line in &consequences { li { (Icon::ArrowRight) (crate::text::capital(line)) } } }
        }
        @for group in &groups { (shown(group)) }
        @if groups.is_empty() { p.muted { "Nothing else is linked to what changes." } }
    };
    let note = counted(total, "record touched", "records touched");
    Ok(Some(Section { id: "impact".into(), title: "Impact".into(), note, body, ..Section::default() }))
}

/// Parts first, then documents, people, suppliers, risks, dossiers.
fn rank(group: &Group) -> usize {
    let order = ["where_used", "part", "procedure", "work_instruction", "people", "course", "supplier", "risk", "design_project", "complaint", "capa"];
    order.iter().position(|name| *name == group.name).unwrap_or(order.len())
}

fn shown(group: &Group) -> Markup {
    let entry = |entry: &impact::Entry| {
        html! { li { span.grow { @if entry.record.kind == "person" { a href=(crate::text::href(&entry.record)) { (entry.record.title) } } @else { (link(&entry.record)) } } span.end { (entry.why) } } }
    };
    html! {
        h3 { (group.title) " " span.count { (group.entries.len()) } }
        ul.rows { @for one in group.entries.iter().take(SHOWN) { (entry(one)) } }
        @if group.entries.len() > SHOWN {
            details.picture-data {
                summary { "Show " (group.entries.len() - SHOWN) " more" }
                ul.rows {
                    @for one in group.entries.iter().skip(SHOWN).take(FOLDED) { (entry(one)) }
                    @if group.entries.len() > SHOWN + FOLDED { li.muted { "and " (counted(group.entries.len() - SHOWN - FOLDED, "further one", "further ones")) "; the API lists them all" } }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frs_prt_046_what_does_not_unfold_is_counted_and_never_left_out_in_silence() {
        let with = |count: usize| {
            let record = base::RecordRef { id: String::new(), kind: "part".to_owned(), number: "P-1".to_owned(), revision: String::new(), title: String::new() };
            shown(&Group { name: "part".to_owned(), title: "Parts".to_owned(), entries: vec![impact::Entry { record, why: "is used".to_owned() }; count] }).into_string()
        };
        let (at, past) = (with(SHOWN + FOLDED), with(SHOWN + FOLDED + 1));
        assert_eq!((at.matches("is used").count(), at.contains("further")), (SHOWN + FOLDED, false));
        assert_eq!((past.matches("is used").count(), past.contains("and 1 further one; the API lists them all")), (SHOWN + FOLDED, true));
    }
}
