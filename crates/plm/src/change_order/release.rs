//! What releasing or cancelling an order does to everything on it, in the same transaction.

use super::{AFFECTS, ANSWERS, RELEASE, affected};
use crate::{design_project, part};
use base::Result;
use db::Read;
use kernel::kind::Phase;
use kernel::record::{self, Record};
use kernel::rule::StepContext;
use kernel::trail::WriteTx;
use kernel::link;
use std::collections::BTreeMap;

/// How many documents a preview names before it only counts.
const NAMED: usize = 5;

/// Takes the step `release` of every affected revision.
pub(super) fn release_affected(tx: &mut WriteTx<'_>, context: &StepContext<'_>) -> Result<()> {
    let order = context.record;
    let targets = link::targets(tx, order, AFFECTS)?;
    let items: Vec<_> = targets.iter().filter(|target| target.kind == part::KIND).map(|part| part.item.clone()).collect();
    if !items.is_empty() {
        tx.raise_stamp(part::STRUCTURE_STAMP)?;
    }
    for target in targets {
        record::step::take_as_consequence(tx, context.permit, &target, RELEASE, Some(order))?;
    }
    // Asked as a rule before; asked again behind the stamp, because another order may have been
    // released since.
    part::check_structures(tx, &order.tenant, &items, part::Configuration::Releasing(&BTreeMap::new()))
}

/// Gives up every working revision of a cancelled order.
pub(super) fn cancel_affected(tx: &mut WriteTx<'_>, context: &StepContext<'_>) -> Result<()> {
    for target in link::targets(tx, context.record, AFFECTS)? {
        affected::give_up(tx, context.permit, &target, context.record)?;
    }
    Ok(())
}

/// Enters the order in the dossier of every design project whose outputs it changed.
pub(super) fn enter_in_dossiers(tx: &mut WriteTx<'_>, context: &StepContext<'_>) -> Result<()> {
    for project in projects_of(tx, context.record)? {
        link::add(tx, &project, design_project::DESIGN_CHANGE, context.record)?;
    }
    Ok(())
}

/// Closes the requests that are answered now: all their orders are released or cancelled.
pub(super) fn implement_requests(tx: &mut WriteTx<'_>, context: &StepContext<'_>) -> Result<()> {
    for request in answered(tx, context.record)? {
        record::step::take_as_consequence(tx, context.permit, &request, "implement", Some(context.record))?;
    }
    Ok(())
}

/// The accepted requests that no other open order answers.
fn answered(tx: &mut dyn Read, order: &Record) -> Result<Vec<Record>> {
    let mut found = Vec::new();
    for request in link::targets(tx, order, ANSWERS)? {
        let others = link::sources(tx, &request, ANSWERS)?;
        let waiting = others.iter().any(|other| other.id != order.id && !other.phase.is_settled());
        if request.phase == Phase::Effective && !waiting {
            found.push(request);
        }
    }
    Ok(found)
}

fn projects_of(tx: &mut dyn Read, order: &Record) -> Result<Vec<Record>> {
    let mut found: Vec<Record> = Vec::new();
    for target in link::targets(tx, order, AFFECTS)? {
        for project in link::sources(tx, &target, design_project::DESIGN_OUTPUT)? {
            if project.phase != Phase::Void && !found.iter().any(|known| known.id == project.id) {
                found.push(project);
            }
        }
    }
    Ok(found)
}

/// `releases 7 parts and PR-0001 rev B`.
pub(super) fn preview_release(tx: &mut dyn Read, order: &Record) -> Result<Vec<String>> {
    Ok(summary(&link::targets(tx, order, AFFECTS)?).map(|what| format!("releases {what}")).into_iter().collect())
}

/// `cancels 7 parts and PR-0001 rev B`.
pub(super) fn preview_cancel(tx: &mut dyn Read, order: &Record) -> Result<Vec<String>> {
    let mut open = link::targets(tx, order, AFFECTS)?;
    open.retain(|target| !target.phase.is_settled());
    Ok(summary(&open).map(|what| format!("cancels {what}")).into_iter().collect())
}

pub(super) fn preview_dossiers(tx: &mut dyn Read, order: &Record) -> Result<Vec<String>> {
    Ok(projects_of(tx, order)?.iter().map(|project| format!("enters the change in the dossier of {}", project.label())).collect())
}

pub(super) fn preview_requests(tx: &mut dyn Read, order: &Record) -> Result<Vec<String>> {
    Ok(answered(tx, order)?.iter().map(|request| format!("closes {} as implemented", request.label())).collect())
}

/// Parts by their count, everything else by name.
fn summary(targets: &[Record]) -> Option<String> {
    let (parts, others): (Vec<_>, Vec<_>) = targets.iter().partition(|target| target.kind == part::KIND);
    let mut words = match parts.as_slice() {
        [] => Vec::new(),
        [only] => vec![only.label()],
        many => vec![format!("{} parts", many.len())],
    };
    if others.len() > NAMED {
        words.push(format!("{} documents", others.len()));
    } else {
        words.extend(others.iter().map(|other| other.label()));
    }
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    (!words.is_empty()).then(|| base::text::list(&words, "and"))
}
