//! What is on an order: taking revisions on it and off it.

use super::{AFFECTS, CANCEL, KIND, RELEASE};
use crate::part;
use base::limits::AFFECTED_ITEMS;
use base::{Blocker, Error, Refusal, RefusalKind, Result};
use db::Read;
use kernel::authority::Permit;
use kernel::link::{self, Link};
use kernel::record::{self, Record};
use kernel::table;
use kernel::trail::WriteTx;

/// The order, locked and open for changes.
pub(super) fn open_order(tx: &mut WriteTx<'_>, permit: &Permit, id: &str) -> Result<Record> {
    let seen = record::seen(tx, permit.viewer(), id)?;
    if seen.kind != KIND {
        return Err(Error::invalid("order", "wrong_kind", format!("{} is no change order", seen.label())));
    }
    // Two people who change one order take turns, so that its limits and its content hold.
    tx.lock(&table::RECORD, &seen.id)?;
    let order = record::get(tx, &seen.tenant, &seen.id)?;
    record::check_open(tx, &order)?;
    Ok(order)
}

/// Takes a revision on the order: a new one of what counts, or the one that is being worked on.
pub(super) fn add(tx: &mut WriteTx<'_>, permit: &Permit, order: &Record, target: &Record) -> Result<Record> {
    check_room(tx, order, 1)?;
    let present = links_to_affected(tx, order)?;
    if present.iter().any(|link| link.target_item == target.item) {
        return Err(Error::conflict("already_affected", format!("{} is on {} already.", target.number, order.label())));
    }
    let working = working_revision(tx, permit, order, target)?;
    link::add(tx, order, AFFECTS, &working)?;
    Ok(working)
}

/// The revision that the order will release: the next one of what counts, or the one that is being
/// worked on and is on no other order.
pub(super) fn working_revision(tx: &mut WriteTx<'_>, permit: &Permit, order: &Record, target: &Record) -> Result<Record> {
    let catalog = tx.catalog();
    let kind = catalog.known_kind(&target.kind)?;
    if kind.find_step(RELEASE).is_none() {
        let message = format!("{} are not released by change orders", kind.plural.to_lowercase());
        return Err(Error::invalid("record", "wrong_kind", message));
    }
    let permission = format!("{}.revise", target.kind);
    if !permit.also(&catalog, &permission, target.site.as_deref()) {
        return Err(Error::forbidden("not_permitted", format!("You may not do this: it needs the permission “{permission}”.")));
    }
    if !target.phase.is_settled() {
        return match other_open_order(tx, target, &order.id)? {
            Some(other) => Err(on_other_order(target, &other)),
            None => Ok(target.clone()),
        };
    }
    let counting = record::current_of_item(tx, &target.tenant, &target.item)?;
    if let Some(counting) = counting.filter(|counting| counting.id != target.id) {
        let message = format!("{} does not count any more; {} does.", target.label(), counting.label());
        return Err(Refusal::new(RefusalKind::Conflict, "not_counting", message).at("record").into());
    }
    if target.kind == part::KIND {
        // Before the item is locked: writers of structures take their turn first, all in one order.
        tx.raise_stamp(part::STRUCTURE_STAMP)?;
    }
    record::revise(tx, target)
}

/// Takes a revision off the order. One that has never been released is given up with the reason,
/// unless `keep` says that work on it goes on.
pub(super) fn remove(tx: &mut WriteTx<'_>, permit: &Permit, order: &Record, target: &Record, keep: bool) -> Result<Option<Record>> {
    let present = links_to_affected(tx, order)?;
    let link = present.iter().find(|link| link.target.as_deref() == Some(target.id.as_str()));
    let link = link.ok_or_else(|| Error::not_found(format!("{} is not on {}.", target.label(), order.label())))?;
    link::remove(tx, link)?;
    if keep { Ok(None) } else { give_up(tx, permit, target, order) }
}

/// Cancels a working revision, if its kind knows how.
pub(super) fn give_up(tx: &mut WriteTx<'_>, permit: &Permit, target: &Record, order: &Record) -> Result<Option<Record>> {
    let catalog = tx.catalog();
    let step = catalog.kind(&target.kind).and_then(|kind| kind.find_step(CANCEL));
    if !step.is_some_and(|step| step.from.contains(&target.state)) {
        return Ok(None);
    }
    record::step::take_as_consequence(tx, permit, target, CANCEL, Some(order)).map(Some)
}

/// Refuses when so many more would be too many for one order.
pub(super) fn check_room(tx: &mut dyn Read, order: &Record, more: usize) -> Result<()> {
    let present = links_to_affected(tx, order)?.len();
    if present + more > AFFECTED_ITEMS {
        let message = format!("{} would affect {} revisions, at most {AFFECTED_ITEMS} are allowed", order.label(), present + more);
        return Err(Error::too_large("order", message));
    }
    Ok(())
}

pub(super) fn links_to_affected(tx: &mut dyn Read, order: &Record) -> Result<Vec<Link>> {
    let links = link::outgoing(tx, &order.tenant, &order.id)?;
    Ok(links.into_iter().filter(|link| link.kind == AFFECTS).collect())
}

/// Another order, neither released nor cancelled, that affects this revision.
pub(super) fn other_open_order(tx: &mut dyn Read, record: &Record, order: &str) -> Result<Option<Record>> {
    let orders = link::sources(tx, record, AFFECTS)?;
    Ok(orders.into_iter().find(|other| other.id != order && !other.phase.is_settled()))
}

fn on_other_order(record: &Record, other: &Record) -> Error {
    Refusal::new(RefusalKind::Conflict, "on_other_order", format!("{} cannot be taken on this order.", record.label()))
        .at("record")
        .blocked_by(vec![Blocker {
            rule: "change_order.only_order".to_owned(),
            requirement: "FRS-ECO-005".to_owned(),
            text: format!("{} is on {}", record.label(), other.label()),
            records: vec![other.reference()],
        }])
        .advise("A revision is on one open order at a time; take it off the other one first.")
        .into()
}
