//! When somebody may be signed off, and what a new revision of the document does to it.

use super::{OF_PERSON, QUALIFIES_FOR};
use crate::assignment::{READ_AND_SIGN, open_on_item, signature_on};
use crate::course;
use base::{Blocker, Refusal, RefusalKind, Result};
use db::{Query, Read, sql};
use kernel::kind::Phase;
use kernel::link;
use kernel::person;
use kernel::record::{self, Record};
use kernel::rule::{Finding, RuleContext, StepContext};
use kernel::trail::WriteTx;

/// One person, at least one document, each signed by the person in the revision that is or will be
/// effective, and no training on it open.
pub(super) fn trained(tx: &mut dyn Read, context: &RuleContext<'_>) -> Result<Vec<Finding>> {
    let qualification = context.record;
    let people = link::targets(tx, qualification, OF_PERSON)?;
    let documents: Vec<_> = link::outgoing(tx, &qualification.tenant, &qualification.id)?
        .into_iter()
        .filter(|link| link.kind == QUALIFIES_FOR)
        .map(|link| link.target_item)
        .collect();
    let mut findings = Vec::new();
    if documents.is_empty() {
        findings.push(Finding::new("No procedure or work instruction is named that it qualifies for"));
    }
    let [learner] = people.as_slice() else {
        findings.push(Finding::new(format!("A qualification is of one person; this one names {}", people.len())));
        return Ok(findings);
    };
    let name = person::find(tx, &learner.tenant, &learner.id)?.map_or_else(|| learner.number.clone(), |person| person.display().to_owned());
    if learner.phase != Phase::InWork {
        findings.push(Finding::new(format!("{name} is not active")).with(vec![learner.reference()]));
    }
    for item in &documents {
        findings.extend(untrained(tx, context, learner, &name, item)?);
    }
    Ok(findings)
}

fn untrained(tx: &mut dyn Read, context: &RuleContext<'_>, learner: &Record, name: &str, item: &str) -> Result<Vec<Finding>> {
    let tenant = &learner.tenant;
    let Some(document) = course::to_sign(tx, context.catalog, tenant, item)? else {
        let draft = record::current_of_item(tx, tenant, item)?;
        let (label, records) = draft.map(|draft| (draft.label(), vec![draft.reference()])).unwrap_or_default();
        return Ok(vec![Finding::new(format!("{label} is not released")).with(records)]);
    };
    let mut findings = Vec::new();
    if signature_on(tx, &document, &learner.id, context.now)?.is_none() {
        findings.push(Finding::new(format!("{name} has not read and signed {}", document.label())).with(vec![document.reference()]));
    }
    if let Some(open) = open_on_item(tx, tenant, item, &learner.id)?.first() {
        let due = open.due_date.as_deref().map(|due| format!(", due {due}")).unwrap_or_default();
        findings.push(Finding::new(format!("Training of {name} on {} is open{due}", document.label())).with(vec![document.reference()]));
    }
    Ok(findings)
}

/// Nobody finds themselves competent.
pub(super) fn not_by_oneself(tx: &mut WriteTx<'_>, context: &StepContext<'_>) -> Result<()> {
    let people = link::targets(tx, context.record, OF_PERSON)?;
    let Some(own) = people.iter().find(|person| person.id == context.permit.actor().person()) else { return Ok(()) };
    Err(Refusal::new(RefusalKind::Conflict, "own_qualification", "You cannot sign off yourself.")
        .blocked_by(vec![Blocker {
            rule: "qualification.not_by_oneself".to_owned(),
            requirement: "FRS-QUA-003".to_owned(),
            text: "A qualification is signed off by somebody else than the person it is of".to_owned(),
            records: vec![own.reference()],
        }])
        .advise("Another supervisor must observe and sign.")
        .into())
}

/// A revision became effective. The kernel has marked the qualifications for it as suspect; those of
/// people who signed it in time are not.
pub fn after_step(tx: &mut WriteTx<'_>, context: &StepContext<'_>) -> Result<()> {
    if context.record.phase != Phase::Effective || context.from == Phase::Effective {
        return Ok(());
    }
    clear_suspects(tx, context.record, None)
}

/// Clears the suspect links of the qualifications for an effective document that are of people (or
/// of one person) who have signed it.
pub(crate) fn clear_suspects(tx: &mut WriteTx<'_>, document: &Record, person: Option<&str>) -> Result<()> {
    if document.phase != Phase::Effective {
        return Ok(());
    }
    let tenant = document.tenant.clone();
    let mut query = Query::with(
        sql(
            "select q.id from link q
             join link o on o.tenant = q.tenant and o.source = q.source and o.kind = 'of_person' and o.to_at is null
             join record p on p.tenant = q.tenant and p.item = o.target_item
             where q.tenant = $1 and q.target_item = $2 and q.kind = 'qualifies_for' and q.to_at is null and q.suspect
             and exists (select 1 from signature s where s.tenant = q.tenant and s.person = p.id and s.record = $3 and s.step = $4 and s.digest = $5)",
        ),
        vec![tenant.as_str().into(), document.item.as_str().into(), document.id.as_str().into(), READ_AND_SIGN.into(), document.digest.as_str().into()],
    );
    if let Some(person) = person {
        query.push_bind(" and p.id = ", person);
    }
    query.push(" order by q.id");
    for row in tx.run(&query)? {
        let suspect = link::find(tx, &tenant, row.text("id")?)?;
        link::clear(tx, &suspect)?;
    }
    Ok(())
}
