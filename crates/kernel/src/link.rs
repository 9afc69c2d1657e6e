//! Links: typed, directed, any to any; floating (whichever revision counts) or pinned to one;
//! suspect after the other end has changed.

use crate::authority::Viewer;
use crate::catalog::{Catalog, LinkChange};
use crate::kind::OnChange;
use crate::obligation;
use crate::record::{self, Record};
use crate::table::{LINK, values};
use crate::trail::{Stored, WriteTx};
use base::limits::LINKS_PER_RECORD;
use base::{Error, RecordRef, Result, Timestamp};
use db::{Read, Row, Value, sql};
use std::collections::BTreeMap;

/// What is said of a link that is not there, or that one may not see.
pub(crate) const MISSING: &str = "There is no such link.";

/// One link as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    pub id: String,
    pub kind: String,
    pub source: String,
    pub source_item: String,
    /// Set when the link is pinned to one revision.
    pub target: Option<String>,
    pub target_item: String,
    pub suspect: bool,
    pub suspect_why: Option<String>,
    pub from_at: Timestamp,
    stored: Stored,
}

/// A link as a page shows it: from which side, in words, and the record at the other end.
#[derive(Debug, Clone)]
pub struct LinkView {
    pub link: Link,
    pub label: String,
    pub outgoing: bool,
    pub other: Record,
}

fn from_row(row: &Row) -> Result<Link> {
    Ok(Link {
        id: row.text("id")?.to_owned(),
        kind: row.text("kind")?.to_owned(),
        source: row.text("source")?.to_owned(),
        source_item: row.text("source_item")?.to_owned(),
        target: row.opt_text("target")?.map(str::to_owned),
        target_item: row.text("target_item")?.to_owned(),
        suspect: row.bool("suspect")?,
        suspect_why: row.opt_text("suspect_why")?.map(str::to_owned),
        from_at: Timestamp(row.int("from_at")?),
        stored: Stored::from_row(&LINK, row)?,
    })
}

/// The links that leave a record.
pub fn outgoing(tx: &mut dyn Read, tenant: &str, record: &str) -> Result<Vec<Link>> {
    let rows = tx.query(
        sql("select * from link where tenant = $1 and source = $2 and to_at is null order by kind, id"),
        &[tenant.into(), record.into()],
    )?;
    rows.iter().map(from_row).collect()
}

/// The links that point to an item (any revision of it).
pub fn incoming(tx: &mut dyn Read, tenant: &str, item: &str) -> Result<Vec<Link>> {
    let rows = tx.query(
        sql("select * from link where tenant = $1 and target_item = $2 and to_at is null order by kind, id"),
        &[tenant.into(), item.into()],
    )?;
    rows.iter().map(from_row).collect()
}

/// The links that left a record at a moment in the past.
pub fn outgoing_as_of(tx: &mut dyn Read, tenant: &str, record: &str, at: Timestamp) -> Result<Vec<Link>> {
    let rows = tx.query(
        sql(
            "select * from link where tenant = $1 and source = $2 and from_at <= $3 and (to_at is null or to_at > $3)
             order by kind, id",
        ),
        &[tenant.into(), record.into(), at.0.into()],
    )?;
    rows.iter().map(from_row).collect()
}

/// The record at the target's end: the pinned revision, or the one that counts.
pub fn target_of(tx: &mut dyn Read, tenant: &str, link: &Link) -> Result<Option<Record>> {
    match &link.target {
        Some(pinned) => record::find(tx, tenant, pinned),
        None => record::current_of_item(tx, tenant, &link.target_item),
    }
}

/// The records at the other end of a record's links of one name.
pub fn targets(tx: &mut dyn Read, record: &Record, name: &str) -> Result<Vec<Record>> {
    let links = outgoing(tx, &record.tenant, &record.id)?;
    let mut found = Vec::new();
    for link in links.iter().filter(|link| link.kind == name) {
        found.extend(target_of(tx, &record.tenant, link)?);
    }
    Ok(found)
}

/// The records whose links of one name point to this record's item. Links of revisions that no
/// longer count are left out.
pub fn sources(tx: &mut dyn Read, record: &Record, name: &str) -> Result<Vec<Record>> {
    let links = incoming(tx, &record.tenant, &record.item)?;
    let mut found = Vec::new();
    for link in links.iter().filter(|link| link.kind == name) {
        if link.target.as_ref().is_some_and(|pinned| *pinned != record.id) {
            continue;
        }
        found.extend(counting_source(tx, &record.tenant, link)?);
    }
    Ok(found)
}

/// The source, when it is a revision somebody still works on or that counts.
fn counting_source(tx: &mut dyn Read, tenant: &str, link: &Link) -> Result<Option<Record>> {
    let Some(source) = record::find(tx, tenant, &link.source)? else { return Ok(None) };
    let current = record::current_of_item(tx, tenant, &link.source_item)?;
    let latest = record::latest_of_item(tx, tenant, &link.source_item)?;
    let counts = [current, latest].iter().flatten().any(|counting| counting.id == source.id);
    Ok(counts.then_some(source))
}

/// All links of a record, both ways, as the viewer may see them.
pub fn views(tx: &mut dyn Read, catalog: &Catalog, viewer: &Viewer, record: &Record) -> Result<Vec<LinkView>> {
    let mut shown = Vec::new();
    for link in outgoing(tx, &record.tenant, &record.id)? {
        let Some(other) = target_of(tx, &record.tenant, &link)?.filter(|other| viewer.sees(other)) else { continue };
        let label = label_of(catalog, &record.kind, &link.kind, true);
        shown.push(LinkView { link, label, outgoing: true, other });
    }
    for link in incoming(tx, &record.tenant, &record.item)? {
        if link.target.as_ref().is_some_and(|pinned| *pinned != record.id) {
            continue;
        }
        let Some(other) = counting_source(tx, &record.tenant, &link)?.filter(|other| viewer.sees(other)) else { continue };
        let label = label_of(catalog, &other.kind, &link.kind, false);
        shown.push(LinkView { link, label, outgoing: false, other });
    }
    Ok(shown)
}

fn label_of(catalog: &Catalog, source_kind: &str, name: &str, outgoing: bool) -> String {
    let declared = catalog.kind(source_kind).and_then(|kind| kind.find_link(name));
    match declared {
        Some(link) if outgoing => link.label.clone(),
        Some(link) => link.inverse.clone(),
        None => name.to_owned(),
    }
}

/// The records at the other end of this record's suspect links.
pub fn suspects(tx: &mut dyn Read, record: &Record) -> Result<Vec<RecordRef>> {
    let mut found = Vec::new();
    for link in outgoing(tx, &record.tenant, &record.id)?.iter().filter(|link| link.suspect) {
        found.extend(target_of(tx, &record.tenant, link)?.map(|target| target.reference()));
    }
    Ok(found)
}

/// Adds a link after checking it against the source's kind. A link that is there already is
/// returned as it is.
pub fn add(tx: &mut WriteTx<'_>, source: &Record, name: &str, target: &Record) -> Result<String> {
    let catalog = tx.catalog();
    let kind = catalog.known_kind(&source.kind)?;
    let declared = kind.find_link(name).ok_or_else(|| {
        let known: Vec<_> = kind.links.iter().map(|link| link.name.as_str()).collect();
        Error::invalid("link", "unknown_link", format!("{} has no link “{name}”; it has: {}", kind.label, known.join(", ")))
    })?;
    if !declared.targets.is_empty() && !declared.targets.contains(&target.kind) {
        return Err(Error::invalid("target", "wrong_kind", format!("“{}” leads to {}, not to {}", declared.label, declared.targets.join(" or "), target.kind)));
    }
    if declared.binding {
        record::edit_check_open(tx, source)?;
    }
    if source.item == target.item {
        return Err(Error::invalid("target", "self_link", "a record cannot be linked to itself"));
    }
    let present = outgoing(tx, &source.tenant, &source.id)?;
    let pinned = declared.pinned.then(|| target.id.clone());
    if let Some(same) = present.iter().find(|link| link.kind == name && link.target_item == target.item && link.target == pinned) {
        return Ok(same.id.clone());
    }
    check_room(present.len(), 1, &source.label())?;
    let id = tx.new_id();
    let row = new_row(&id, name, &source.id, &source.item, pinned, &target.item, tx.now());
    tx.insert(&LINK, Some(&source.id), "link.added", row)?;
    tell(tx, &LinkChange { source, link: name, target_item: &target.item, added: true })?;
    Ok(id)
}

/// Refuses what would be more links of one record than it may have: `present` and `further` ones.
fn check_room(present: usize, further: usize, source: &str) -> Result<()> {
    let links = present.saturating_add(further);
    if links > LINKS_PER_RECORD {
        return Err(Error::too_large("link", format!("{source} would have {links} links; at most {LINKS_PER_RECORD} are allowed")));
    }
    Ok(())
}

fn tell(tx: &mut WriteTx<'_>, change: &LinkChange<'_>) -> Result<()> {
    for listener in tx.catalog().after_link() {
        listener(tx, change)?;
    }
    Ok(())
}

fn new_row(id: &str, name: &str, source: &str, source_item: &str, target: Option<String>, target_item: &str, now: Timestamp) -> crate::table::Values {
    values([
        ("id", id.into()),
        ("kind", name.into()),
        ("source", source.into()),
        ("source_item", source_item.into()),
        ("target", target.into()),
        ("target_item", target_item.into()),
        ("suspect", false.into()),
        ("suspect_why", Value::Null),
        ("from_at", now.0.into()),
        ("to_at", Value::Null),
    ])
}

/// Adds many links at once: (source record, source item, name, target record when pinned, target
/// item). Nothing is checked but the row and how many links each source has then; for imports whose
/// input was checked.
pub fn add_many(tx: &mut WriteTx<'_>, links: &[(String, String, String, Option<String>, String)]) -> Result<()> {
    let mut further: BTreeMap<&str, usize> = BTreeMap::new();
    for (source, ..) in links {
        *further.entry(source).or_default() += 1;
    }
    let tenant = tx.tenant().to_owned();
    for (source, count) in further {
        let present = tx.query_one(
            sql("select count(*) as n from link where tenant = $1 and source = $2 and to_at is null"),
            &[tenant.as_str().into(), source.into()],
        )?;
        check_room(usize::try_from(present.int("n")?).unwrap_or(usize::MAX), count, source)?;
    }
    let now = tx.now();
    let mut rows = Vec::with_capacity(links.len());
    for (source, source_item, name, target, target_item) in links {
        let id = tx.new_id();
        rows.push((Some(source.clone()), new_row(&id, name, source, source_item, target.clone(), target_item, now)));
    }
    tx.insert_many(&LINK, "link.added", rows)
}

/// Finds an open link by its identifier.
pub fn find(tx: &mut dyn Read, tenant: &str, id: &str) -> Result<Link> {
    tx.query_opt(sql("select * from link where tenant = $1 and id = $2 and to_at is null"), &[tenant.into(), id.into()])?
        .map(|row| from_row(&row))
        .transpose()?
        .ok_or_else(|| Error::not_found(MISSING))
}

/// Ends a link; it stays readable for every moment it held.
pub fn remove(tx: &mut WriteTx<'_>, link: &Link) -> Result<()> {
    let ended = link.stored.with([("to_at", tx.now().0.into())]);
    tx.update(&LINK, Some(&link.source), "link.removed", &link.stored, ended)?;
    let tenant = tx.tenant().to_owned();
    let source = record::get(tx, &tenant, &link.source)?;
    tell(tx, &LinkChange { source: &source, link: &link.kind, target_item: &link.target_item, added: false })
}

/// Somebody has looked: the link is no longer suspect.
pub fn clear(tx: &mut WriteTx<'_>, link: &Link) -> Result<()> {
    if !link.suspect {
        return Err(Error::conflict("not_suspect", "This link is not suspect."));
    }
    let cleared = link.stored.with([("suspect", false.into()), ("suspect_why", Value::Null)]);
    tx.update(&LINK, Some(&link.source), "link.cleared", &link.stored, cleared)
}

/// Copies the outgoing links of a revision to the next one.
pub fn copy_outgoing(tx: &mut WriteTx<'_>, from: &Record, to: &Record) -> Result<()> {
    let links = outgoing(tx, &from.tenant, &from.id)?;
    let copies: Vec<_> = links
        .into_iter()
        .map(|link| (to.id.clone(), to.item.clone(), link.kind, link.target, link.target_item))
        .collect();
    add_many(tx, &copies)
}

/// A new revision of this record's item counts: links whose declaration says so become suspect,
/// and the owner at the other end must act. Nobody types any of this.
pub fn mark_changed(tx: &mut WriteTx<'_>, changed: &Record) -> Result<()> {
    let catalog = tx.catalog();
    let tenant = changed.tenant.clone();
    for link in incoming(tx, &tenant, &changed.item)? {
        let Some(source) = counting_source(tx, &tenant, &link)? else { continue };
        if source.phase == crate::kind::Phase::Void {
            continue;
        }
        let declared = catalog.kind(&source.kind).and_then(|kind| kind.find_link(&link.kind));
        if let Some(declared) = declared {
            told(tx, changed, &link, &source, &declared.when_target_changes)?;
        }
    }
    for link in outgoing(tx, &tenant, &changed.id)? {
        let Some(target) = target_of(tx, &tenant, &link)? else { continue };
        let declared = catalog.kind(&changed.kind).and_then(|kind| kind.find_link(&link.kind));
        if let Some(declared) = declared {
            told(tx, changed, &link, &target, &declared.when_source_changes)?;
        }
    }
    Ok(())
}

fn told(tx: &mut WriteTx<'_>, changed: &Record, link: &Link, other: &Record, on_change: &OnChange) -> Result<()> {
    if *on_change == OnChange::Nothing {
        return Ok(());
    }
    if !link.suspect {
        let why = format!("{} became effective", changed.label());
        let marked = link.stored.with([("suspect", true.into()), ("suspect_why", why.into())]);
        tx.update(&LINK, Some(&link.source), "link.suspected", &link.stored, marked)?;
    }
    if let OnChange::Obligation { sort, task, role, due_days } = on_change {
        let cause = tx.cause().unwrap_or(&changed.id).to_owned();
        if obligation::is_open(tx, other, sort, &cause)? {
            return Ok(());
        }
        let mut new = obligation::New::about(other, sort, task);
        new.person.clone_from(&other.owner);
        new.role = other.owner.is_none().then(|| role.clone());
        new.due_date = Some(crate::place::date_in_days(tx, other, *due_days)?);
        new.cause = Some(cause);
        new.via = Some(changed.id.clone());
        obligation::raise(tx, new)?;
    }
    Ok(())
}
