//! What comes with putting a configuration into force: no record may be left behind, and whoever
//! must sign from now on is asked.

use super::changes::gone_and_new;
use crate::catalog::Catalog;
use crate::kind::{Kind, Step};
use crate::obligation;
use crate::record::Record;
use crate::rule::Finding;
use crate::trail::WriteTx;
use base::Result;
use base::limits::{PAGE_ROWS_DEFAULT, ROWS_PER_TRANSACTION};
use db::{Read, sql};

/// Records that the new configuration would leave in a kind, state or phase that it does not know.
pub(crate) fn stranded(tx: &mut dyn Read, tenant: &str, old: &Catalog, new: &Catalog) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    for kind in old.kinds() {
        for state in &kind.states {
            let kept = new.kind(&kind.name).and_then(|after| after.find_state(&state.name));
            if kept.is_some_and(|after| after.phase == state.phase) {
                continue;
            }
            let row = tx.query_one(
                sql("select count(*) as n from record where tenant = $1 and kind = $2 and state = $3"),
                &[tenant.into(), kind.name.as_str().into(), state.name.as_str().into()],
            )?;
            let count = row.int("n")?;
            if count > 0 {
                let noun = if count == 1 { &kind.label } else { &kind.plural };
                let why = if kept.is_some() { "whose phase the package changes" } else { "which the package no longer declares" };
                let text = format!("{count} {noun} in the state “{}”, {why}", state.label);
                let shown = in_state(tx, tenant, &kind.name, &state.name, PAGE_ROWS_DEFAULT)?;
                found.push(Finding::new(text).with(shown.iter().map(Record::reference).collect()));
            }
        }
    }
    Ok(found)
}

fn in_state(tx: &mut dyn Read, tenant: &str, kind: &str, state: &str, most: usize) -> Result<Vec<Record>> {
    let rows = tx.query(
        sql("select * from record where tenant = $1 and kind = $2 and state = $3 order by number, id limit $4"),
        &[tenant.into(), kind.into(), state.into(), i64::try_from(most).unwrap_or(i64::MAX).into()],
    )?;
    rows.iter().map(|row| Record::from_row(tenant, row)).collect()
}

/// Asks for the signatures that records wait for under the new configuration and did not under the
/// old one, and takes back what is no longer asked.
pub(crate) fn renew_signing(tx: &mut WriteTx<'_>, old: &Catalog, new: &Catalog) -> Result<()> {
    let tenant = tx.tenant().to_owned();
    for kind in new.kinds() {
        let before = old.kind(&kind.name);
        let mut states: Vec<&str> = kind.steps.iter().filter(|step| asks_differently(before, step)).flat_map(|step| &step.from).map(String::as_str).collect();
        for step in before.map(|before| before.steps.as_slice()).unwrap_or_default() {
            if kind.find_step(&step.name).is_none() && !step.signers.is_empty() {
                states.extend(step.from.iter().map(String::as_str));
            }
        }
        states.sort_unstable();
        states.dedup();
        for state in states {
            // One more than may be changed at once: whoever waits past that is refused, not left out.
            for record in in_state(tx, &tenant, &kind.name, state, ROWS_PER_TRANSACTION + 1)? {
                obligation::renew_signing(tx, kind, &record)?;
            }
        }
    }
    Ok(())
}

fn asks_differently(before: Option<&Kind>, step: &Step) -> bool {
    let Some(before) = before.and_then(|kind| kind.find_step(&step.name)) else { return !step.signers.is_empty() };
    let (gone, added) = gone_and_new(&before.signers, &step.signers);
    let (left, joined) = gone_and_new(&before.from, &step.from);
    let elsewhere = !left.is_empty() || !joined.is_empty();
    let others = !gone.is_empty() || !added.is_empty();
    others || (elsewhere && !step.signers.is_empty()) || before.awaited != step.awaited
}
