//! Steps of the lifecycle: what may happen next, what blocks it, who must sign, what happens.

use crate::authority::{self, Permit};
use crate::catalog::{Catalog, SignerContext, step_permission};
use crate::kind::{Area, Effect, Kind, Phase, Signer, Step, TakenBy};
use crate::record::{self, Record, edit::check_version, save, signers};
use crate::rule::{Finding, RuleContext, StepContext};
use crate::signature::{self, Given, Proof};
use crate::table::ITEM;
use crate::trail::{Stored, WriteTx};
use crate::{binding, clock, dossier, evidence, hold, link, obligation};
use base::{Blocker, Error, Refusal, RefusalKind, Result, Timestamp};
use db::{Read, sql};

/// A step as somebody meets it on a record's page.
#[derive(Debug, Clone)]
pub struct Choice {
    pub name: String,
    pub label: String,
    /// Where it leads, as the state's label.
    pub leads_to: String,
    pub to_phase: Phase,
    /// The person may take (or sign) it, as far as roles go.
    pub permitted: bool,
    /// The roles that may.
    pub roles: Vec<String>,
    pub blockers: Vec<Blocker>,
    /// The signatures already given on this version for this step.
    pub given: Vec<Given>,
    /// The signatures still to be given, in order.
    pub missing: Vec<Signer>,
    pub needs_reason: bool,
    /// What taking the step will do besides.
    pub consequences: Vec<String>,
}

/// How the rules begin that stand against the signature of whoever asks, and of nobody else.
const OWN_SIGNATURE: &str = "signature.own.";

impl Choice {
    /// Whether only the signature of whoever asks is in the way; somebody else may go on.
    pub fn is_for_others(&self) -> bool {
        !self.blockers.is_empty() && self.blockers.iter().all(|blocker| blocker.rule.starts_with(OWN_SIGNATURE))
    }

    pub fn is_signed(&self) -> bool {
        !self.given.is_empty() || !self.missing.is_empty()
    }
}

/// The steps that lead out of the record's state and are taken by people, as `person` meets them:
/// what stands against their own signature stands among the blockers.
pub fn choices(tx: &mut dyn Read, catalog: &Catalog, person: &str, record: &Record, now: Timestamp) -> Result<Vec<Choice>> {
    let Some(kind) = catalog.kind(&record.kind) else { return Ok(Vec::new()) };
    let roles = authority::roles_at(tx, &record.tenant, person, record.site.as_deref())?;
    let damage = evidence::bars(tx, catalog, record, "")?;
    let mut choices = Vec::new();
    for step in kind.steps.iter().filter(|step| step.taken_by == TakenBy::Person && step.from.contains(&record.state)) {
        let Some(to) = kind.find_state(&step.to) else { continue };
        let given = signature::given(tx, record, &step.name)?;
        let missing = signers::missing(step, &given);
        let permission = step_permission(&kind.name, &step.name);
        let permitted = roles.iter().any(|role| catalog.role_has(role, &permission));
        let mut blockers: Vec<Blocker> = damage.iter().cloned().chain(blockers(tx, catalog, record, step, to.phase, now)?).collect();
        if permitted && !missing.is_empty() {
            blockers.extend(bars(open_slot(tx, catalog, record, step, person, &|role| roles.contains(role)))?);
            blockers.extend(signer_blockers(tx, catalog, kind, record, person, now)?);
        }
        choices.push(Choice {
            name: step.name.clone(),
            label: step.label.clone(),
            leads_to: to.label.clone(),
            to_phase: to.phase,
            permitted,
            roles: step.roles.iter().chain(missing.iter().map(|signer| &signer.role)).cloned().collect(),
            blockers,
            given,
            missing,
            needs_reason: step.reason,
            consequences: consequences(tx, catalog, record, step)?,
        });
    }
    Ok(choices)
}

/// What taking the step will do besides changing the state, in sentences.
pub fn consequences(tx: &mut dyn Read, catalog: &Catalog, record: &Record, step: &Step) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    for effect in &step.effects {
        match effect {
            Effect::Run { preview: Some(preview), .. } => lines.extend(preview(tx, record)?),
            Effect::Run { .. } | Effect::CloseObligations { .. } => {}
            Effect::Raise { task, role, due_days, .. } => {
                let who = catalog.role(role).map_or_else(|| "the owner".to_owned(), |role| role.label.to_lowercase());
                lines.push(format!("asks {who}: {task} (within {due_days} days)"));
            }
            Effect::StartClock { rule } => lines.push(format!("starts the clock “{rule}”")),
            Effect::StopClock { rule } => lines.push(format!("stops the clock “{rule}”")),
            Effect::FreezeDossier => lines.push("freezes the dossier as it is now".to_owned()),
        }
    }
    for preview in catalog.previews() {
        lines.extend(preview(tx, catalog, record, &step.name)?);
    }
    Ok(lines)
}

/// What stands against a step: holds in front of anything that makes a record count, then the
/// step's rules in their order.
pub fn blockers(tx: &mut dyn Read, catalog: &Catalog, record: &Record, step: &Step, to: Phase, now: Timestamp) -> Result<Vec<Blocker>> {
    let mut found = Vec::new();
    if matches!(to, Phase::Effective | Phase::Closed) {
        found.extend(hold::blockers(tx, record)?);
    }
    let context = RuleContext { catalog, record, now };
    for rule in &step.rules {
        found.extend(rule.ask(tx, &context)?);
    }
    Ok(found)
}

/// What a step command did.
#[derive(Debug, Clone)]
pub enum Taken {
    /// The step was taken.
    Done(Box<Record>),
    /// The signature counts; others are still missing.
    Signed { waiting_for: Vec<Signer> },
}

/// The slot in which the actor would sign this step now.
pub fn slot_for(tx: &mut dyn Read, catalog: &Catalog, permit: &Permit, record: &Record, step: &Step) -> Result<Signer> {
    let site = record.site.as_deref();
    open_slot(tx, catalog, record, step, permit.actor().person(), &|role| permit.holds(role, site))
}

/// The first missing signature whose role the person holds. Refuses authors where the signature is
/// an approval. Pages ask it as the command does.
fn open_slot(tx: &mut dyn Read, catalog: &Catalog, record: &Record, step: &Step, person: &str, holds: &dyn Fn(&str) -> bool) -> Result<Signer> {
    let given = signature::given(tx, record, &step.name)?;
    let slot = signers::next(step, &given, person, holds)?;
    if !slot.may_be_author && wrote_any(tx, catalog, record, person)? {
        return Err(Refusal::new(
            RefusalKind::Conflict,
            "self_approval",
            format!("You wrote {}, so you cannot sign it as “{}”.", record.label(), slot.meaning),
        )
        .blocked_by(vec![Blocker {
            rule: "signature.no_self_approval".to_owned(),
            requirement: "FRS-SIG-006".to_owned(),
            text: "Whoever wrote a version cannot approve it".to_owned(),
            records: vec![record.reference()],
        }])
        .advise("Another person with the role must sign.")
        .into());
    }
    Ok(slot)
}

/// Why somebody cannot give a signature, as what blocks the step for them.
fn bars(slot: Result<Signer>) -> Result<Option<Blocker>> {
    let refusal = match slot {
        Ok(_) => return Ok(None),
        Err(Error::Refused(refusal)) => refusal,
        Err(other) => return Err(other),
    };
    let cause = refusal.blockers.first();
    Ok(Some(Blocker {
        rule: format!("{OWN_SIGNATURE}{}", refusal.code),
        requirement: cause.map_or_else(|| "FRS-SIG-001".to_owned(), |cause| cause.requirement.clone()),
        text: refusal.message.trim_end_matches('.').to_owned(),
        records: cause.map_or_else(Vec::new, |cause| cause.records.clone()),
    }))
}

/// What keeps the person from signing at this moment: training that has lapsed. The affairs of Plumb
/// itself (a configuration, a restoration) are left out, so that nobody is locked out by them.
fn signer_blockers(tx: &mut dyn Read, catalog: &Catalog, kind: &Kind, record: &Record, person: &str, now: Timestamp) -> Result<Vec<Blocker>> {
    if kind.area == Area::Administration {
        return Ok(Vec::new());
    }
    let context = SignerContext { tenant: &record.tenant, person, now };
    let mut found = Vec::new();
    for check in catalog.signer_checks() {
        found.extend(check(tx, &context)?);
    }
    let blocker = |finding: Finding| Blocker { rule: format!("{OWN_SIGNATURE}qualified"), requirement: "FRS-SIG-008".to_owned(), text: finding.text, records: finding.records };
    Ok(found.into_iter().map(blocker).collect())
}

/// Whether the person wrote the record or anything that its signatures cover.
fn wrote_any(tx: &mut dyn Read, catalog: &Catalog, record: &Record, person: &str) -> Result<bool> {
    if signature::is_author(tx, record, person)? {
        return Ok(true);
    }
    for bound in binding::bound(tx, catalog, record)? {
        if signature::is_author(tx, &bound, person)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Takes a step for a person: signs where a signature is asked for, and takes the step when
/// nothing is missing any more.
pub fn take_as_person(tx: &mut WriteTx<'_>, permit: &Permit, record: &Record, version: i64, name: &str, proof: Option<&Proof>) -> Result<Taken> {
    check_version(record, version)?;
    let catalog = tx.catalog();
    let step = step_from(&catalog, record, name)?;
    if step.taken_by != TakenBy::Person {
        return Err(Error::conflict("step_not_for_people", format!("“{}” is not taken by hand; it follows from another record.", step.label)));
    }
    if step.reason && tx.reason().is_none_or(|reason| reason.trim().is_empty()) {
        return Err(Error::invalid("reason", "reason_needed", format!("“{}” needs a reason.", step.label)));
    }
    refuse_if_blocked(tx, &catalog, record, &step)?;
    if !step.signers.is_empty() {
        let slot = slot_for(tx, &catalog, permit, record, &step)?;
        let now = tx.now();
        let blockers = signer_blockers(tx, &catalog, catalog.known_kind(&record.kind)?, record, permit.actor().person(), now)?;
        if !blockers.is_empty() {
            return Err(blocked(record, &step, blockers));
        }
        let proof = proof.ok_or_else(|| Error::internal("a signed step reached the record without a proof"))?;
        let signature = signature::write(tx, proof, record, &step.name, &slot.meaning, &slot.role, None)?;
        obligation::close_signing(tx, record, &step.name, &slot.role, &signature)?;
        let given = signature::given(tx, record, &step.name)?;
        let waiting_for = signers::missing(&step, &given);
        if !waiting_for.is_empty() {
            return Ok(Taken::Signed { waiting_for });
        }
    }
    Ok(Taken::Done(Box::new(apply(tx, permit, record, &step, None)?)))
}

/// Takes a step because another record's step asks for it (a change order releasing its items), or
/// because its date has come.
pub fn take_as_consequence(tx: &mut WriteTx<'_>, permit: &Permit, record: &Record, name: &str, cause: Option<&Record>) -> Result<Record> {
    let catalog = tx.catalog();
    let step = step_from(&catalog, record, name)?;
    refuse_if_blocked(tx, &catalog, record, &step)?;
    apply(tx, permit, record, &step, cause)
}

fn step_from(catalog: &Catalog, record: &Record, name: &str) -> Result<Step> {
    let kind = catalog.known_kind(&record.kind)?;
    let step = kind
        .find_step(name)
        .ok_or_else(|| Error::invalid("step", "unknown_step", format!("{} has no step “{name}”", kind.label)))?;
    if !step.from.contains(&record.state) {
        let state = catalog.state_label(&record.kind, &record.state).to_lowercase();
        let from: Vec<_> = step.from.iter().map(|state| catalog.state_label(&record.kind, state).to_lowercase()).collect();
        let from: Vec<_> = from.iter().map(String::as_str).collect();
        return Err(Refusal::new(RefusalKind::Conflict, "wrong_state", format!("{} is {state}; “{}” starts from {}.", record.label(), step.label, base::text::list(&from, "or")))
            .into());
    }
    Ok(step.clone())
}

fn refuse_if_blocked(tx: &mut WriteTx<'_>, catalog: &Catalog, record: &Record, step: &Step) -> Result<()> {
    let to = to_phase(catalog.known_kind(&record.kind)?, step)?;
    let now = tx.now();
    let open = tx.tx_id().to_owned();
    let mut found = evidence::bars(tx, catalog, record, &open)?;
    found.extend(blockers(tx, catalog, record, step, to, now)?);
    if found.is_empty() { Ok(()) } else { Err(blocked(record, step, found)) }
}

fn blocked(record: &Record, step: &Step, blockers: Vec<Blocker>) -> Error {
    Refusal::new(RefusalKind::Conflict, "blocked", format!("{}: “{}” is not possible yet.", record.label(), step.label))
        .blocked_by(blockers)
        .advise("Clear what is named, then try again.")
        .into()
}

fn to_phase(kind: &Kind, step: &Step) -> Result<Phase> {
    kind.find_state(&step.to).map(|state| state.phase).ok_or_else(|| Error::internal(format!("step {} leads nowhere", step.name)))
}

/// Changes the state and everything that follows from it, all in this transaction.
fn apply(tx: &mut WriteTx<'_>, permit: &Permit, before: &Record, step: &Step, cause: Option<&Record>) -> Result<Record> {
    let catalog = tx.catalog();
    let kind = catalog.known_kind(&before.kind)?;
    let phase = to_phase(kind, step)?;
    let mut after = before.clone();
    after.state.clone_from(&step.to);
    after.phase = phase;
    if before.phase.is_open_for_edit() && !phase.is_open_for_edit() {
        after.detail = binding::digest(tx, &catalog, before)?.or(after.detail);
    }
    if phase == Phase::Effective && before.phase != Phase::Effective {
        let zone = crate::place::zone_of(tx, &before.tenant, before.site.as_deref())?;
        let today = tx.now().date_in(&zone)?.to_string();
        // A date in the past is the day it happens; a later one was checked by whoever set it.
        after.effective_on = Some(after.effective_on.filter(|on| *on >= today).unwrap_or(today));
    }
    let after = save(tx, before, after, &format!("record.step.{}", step.name))?;
    if phase == Phase::Effective && before.phase != Phase::Effective {
        make_effective(tx, permit, &after)?;
    }
    obligation::cancel_signing(tx, &after)?;
    let context = StepContext { catalog: &catalog, record: &after, step: &step.name, from: before.phase, cause, permit };
    for effect in &step.effects {
        run_effect(tx, &context, effect)?;
    }
    for listener in catalog.after_step() {
        listener(tx, &context)?;
    }
    // An effect may have taken the record further; that step has asked for its signatures itself.
    let now = record::get(tx, &after.tenant, &after.id)?;
    if now.state == after.state {
        obligation::raise_signing(tx, &now)?;
    }
    Ok(now)
}

/// The item now points to this revision; the one before is superseded, and whoever is linked to
/// the item is told.
fn make_effective(tx: &mut WriteTx<'_>, permit: &Permit, record: &Record) -> Result<()> {
    let row = tx.query_one(
        sql("select * from item where tenant = $1 and id = $2"),
        &[record.tenant.as_str().into(), record.item.as_str().into()],
    )?;
    let earlier = row.opt_text("effective")?.map(str::to_owned);
    let item = Stored::from_row(&ITEM, &row)?;
    let pointed = item.with([("effective", record.id.as_str().into())]);
    tx.update(&ITEM, Some(&record.id), "item.effective", &item, pointed)?;
    let Some(earlier) = earlier.filter(|earlier| *earlier != record.id) else { return Ok(()) };
    let earlier = record::get(tx, &record.tenant, &earlier)?;
    if earlier.phase != Phase::Effective {
        // Withdrawn before; it stays as it is, but whoever is linked must still know.
        return link::mark_changed(tx, record);
    }
    let catalog = tx.catalog();
    let kind = catalog.known_kind(&earlier.kind)?;
    let supersede = kind
        .steps
        .iter()
        .find(|step| step.taken_by == TakenBy::Record && step.name == "supersede" && step.from.contains(&earlier.state))
        .ok_or_else(|| Error::internal(format!("{} cannot be superseded", kind.name)))?
        .clone();
    apply(tx, permit, &earlier, &supersede, Some(record))?;
    link::mark_changed(tx, record)
}

fn run_effect(tx: &mut WriteTx<'_>, context: &StepContext<'_>, effect: &Effect) -> Result<()> {
    let record = context.record;
    match effect {
        Effect::Run { run, .. } => run(tx, context),
        Effect::Raise { sort, task, role, due_days } => {
            let due = crate::place::date_in_days(tx, record, *due_days)?;
            let mut new = obligation::New::about(record, sort, task);
            new.person = record.owner.clone();
            new.role = record.owner.is_none().then(|| role.clone());
            new.due_date = Some(due);
            new.cause = context.cause.map(|cause| cause.id.clone());
            obligation::raise(tx, new)?;
            Ok(())
        }
        Effect::CloseObligations { sort } => obligation::close_sort(tx, record, sort, "done"),
        Effect::StartClock { rule } => clock::start(tx, record, rule),
        Effect::StopClock { rule } => clock::stop(tx, record, rule),
        Effect::FreezeDossier => dossier::freeze(tx, record).map(|_| ()),
    }
}
