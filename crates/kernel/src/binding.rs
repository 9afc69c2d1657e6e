//! Bound content: the signatures on a change order cover the revisions that it releases.
//!
//! A link that is declared as binding takes the target's content into the source's. When the source
//! leaves its open phases, the digests of all bound targets become its detail digest; while it is in
//! review their content is fixed; and whoever wrote a bound target counts as an author of the
//! source, so nobody approves their own work by way of an order.

use crate::catalog::Catalog;
use crate::kind::Phase;
use crate::link;
use crate::record::{self, Record};
use base::digest::Canonical;
use base::Result;
use db::Read;

/// The records that this one binds, in the order of their identifiers.
pub fn bound(tx: &mut dyn Read, catalog: &Catalog, source: &Record) -> Result<Vec<Record>> {
    let mut found = Vec::new();
    for name in binding_links(catalog, &source.kind) {
        found.extend(link::targets(tx, source, name)?);
    }
    found.sort_by(|left, right| left.id.cmp(&right.id));
    Ok(found)
}

/// The digest over the content of everything bound (`docs/FORMATS.md`, "Bound content"); nothing
/// for kinds without binding links.
pub fn digest(tx: &mut dyn Read, catalog: &Catalog, source: &Record) -> Result<Option<String>> {
    if binding_links(catalog, &source.kind).next().is_none() {
        return Ok(None);
    }
    let mut canonical = Canonical::new("PLUMB-BOUND-1");
    for record in bound(tx, catalog, source)? {
        canonical.text(&record.id).text(&record.digest);
    }
    Ok(Some(canonical.digest().hex()))
}

/// The record in review that has bound this one's content, if there is one.
pub(crate) fn locked_by(tx: &mut dyn Read, catalog: &Catalog, record: &Record) -> Result<Option<Record>> {
    for link in link::incoming(tx, &record.tenant, &record.item)? {
        if link.target.as_ref().is_some_and(|pinned| *pinned != record.id) {
            continue;
        }
        let Some(source) = record::find(tx, &record.tenant, &link.source)? else { continue };
        if source.phase == Phase::InReview && binding_links(catalog, &source.kind).any(|name| name == link.kind) {
            return Ok(Some(source));
        }
    }
    Ok(None)
}

fn binding_links<'a>(catalog: &'a Catalog, kind: &str) -> impl Iterator<Item = &'a str> {
    let links = catalog.kind(kind).map(|kind| kind.links.as_slice()).unwrap_or_default();
    links.iter().filter(|link| link.binding).map(|link| link.name.as_str())
}
