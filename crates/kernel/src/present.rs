//! The present, as this node tells it.
//!
//! It never goes back: nothing is written before what was written last, and where the clock has gone
//! back the present stands still until it has caught up. A clock that went back by more than
//! [`CLOCK_TOLERANCE_SECONDS`] is recorded, and nothing is signed until it has caught up or an
//! administrator has said why. Where several nodes share a database, its clock is the one they are
//! compared with: a node that differs from it writes nothing.
//!
//! The order of events is never taken from their times but from the trail.

use crate::kind::{Area, Effect, Field, Kind, Phase, Step};
use crate::obligation::{self, New};
use crate::record::step::take_as_consequence;
use crate::record::{self, NewRecord, Record};
use crate::{Kernel, authority};
use base::limits::CLOCK_TOLERANCE_SECONDS;
use base::{Blocker, Clock, RecordRef, Refusal, RefusalKind, Result, Timestamp};
use db::{Read, sql};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// The name of the kind.
pub const CLOCK_FAULT: &str = "clock_fault";
/// The requirement behind it.
const WENT_BACK: &str = "FRS-TIM-002";
/// The requirement behind the comparison with the database.
const DIFFERS: &str = "FRS-TIM-004";
/// The longest answer of the database by which clocks are compared, in seconds.
const ANSWER_SECONDS: i64 = 1;

/// The sort of the work that a fault asks for.
const WORK: &str = "act";

const SECOND: i64 = 1_000_000;
const TOLERANCE: i64 = CLOCK_TOLERANCE_SECONDS * SECOND;

/// Nobody makes one: a node does when it finds that its clock went back.
pub fn kind() -> Kind {
    Kind::new(CLOCK_FAULT, "Clock fault", "Clock faults", Area::Administration)
        .text("The clock of the server went back. Until it has caught up nothing is signed, unless an administrator says why it may be.")
        .counted_by_year("CLK", 4)
        .field(Field::block("found", "What was found").required())
        .field(Field::line("was", "What it had said").required())
        .field(Field::line("says", "What it says").required())
        .state("open", "Open", Phase::InReview)
        .state("cleared", "Cleared", Phase::Closed)
        .state("over", "Caught up", Phase::Closed)
        .step(Step::new("clear", "Clear", &["open"], "cleared").by(&["administrator"]).with_reason().effect(done()))
        .step(Step::new("catch_up", "Catch up", &["open"], "over").by_record().effect(done()))
        .allow("everyone", &["view"])
}

fn done() -> Effect {
    Effect::CloseObligations { sort: WORK.to_owned() }
}

/// A clock that went back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Behind {
    /// What it had said, or the time of the newest event: it has caught up when it says so again.
    was: Timestamp,
    says: Timestamp,
}

/// What a node knows about the present.
pub(crate) struct Present {
    clock: Arc<dyn Clock>,
    /// The time of the newest event that this node knows, in microseconds.
    newest: AtomicI64,
    /// The latest that the clock has said; at the start the newest event stands for it.
    mark: AtomicI64,
    behind: RwLock<Option<Behind>>,
    /// Whether `behind` holds something: asked at every reading of the clock.
    is_behind: AtomicBool,
    /// The newest event was looked up in the database.
    started: AtomicBool,
    /// How far the node's clock is ahead of the database's, in microseconds.
    ahead: AtomicI64,
}

impl Present {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            newest: AtomicI64::new(i64::MIN),
            mark: AtomicI64::new(i64::MIN),
            behind: RwLock::new(None),
            is_behind: AtomicBool::new(false),
            started: AtomicBool::new(false),
            ahead: AtomicI64::new(0),
        }
    }

    /// The present: what the clock says, and never before what it has said or the newest event.
    pub(crate) fn now(&self) -> Timestamp {
        let says = self.clock.now();
        let mark = self.mark.fetch_max(says.0, Ordering::SeqCst);
        if says.0.saturating_add(TOLERANCE) < mark || self.is_behind.load(Ordering::SeqCst) {
            self.weigh(says, Timestamp(mark));
        }
        Timestamp(says.0.max(mark).max(self.newest.load(Ordering::SeqCst)))
    }

    fn weigh(&self, says: Timestamp, mark: Timestamp) {
        let mut behind = self.behind.write().unwrap_or_else(PoisonError::into_inner);
        match *behind {
            Some(known) if says >= known.was => *behind = None,
            None if says.0.saturating_add(TOLERANCE) < mark.0 => *behind = Some(Behind { was: mark, says }),
            _ => {}
        }
        self.is_behind.store(behind.is_some(), Ordering::SeqCst);
    }

    /// Something was written at this time: nothing comes before it.
    pub(crate) fn written(&self, at: Timestamp) {
        self.newest.fetch_max(at.0, Ordering::SeqCst);
    }

    fn behind(&self) -> Option<Behind> {
        self.now();
        *self.behind.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Somebody has said why: from here on the clock is taken as it is.
    fn accept(&self) {
        *self.behind.write().unwrap_or_else(PoisonError::into_inner) = None;
        self.is_behind.store(false, Ordering::SeqCst);
        self.mark.store(self.clock.now().0, Ordering::SeqCst);
    }

    fn ahead_seconds(&self) -> Option<i64> {
        let ahead = self.ahead.load(Ordering::SeqCst);
        (ahead.saturating_abs() > TOLERANCE).then_some(ahead / SECOND)
    }
}

/// Looks at the clock: against the database's clock, then as [`look`] does. Called at the start and
/// every few seconds.
pub fn watch(kernel: &Kernel, tenant: &str) -> Result<()> {
    compare_with_database(kernel)?;
    look(kernel, tenant)
}

/// Looks at the clock: against the newest event, and whether what was found before is over.
pub fn look(kernel: &Kernel, tenant: &str) -> Result<()> {
    let present = kernel.present();
    let newest = kernel.database().read(|tx| newest_event(tx, tenant))?;
    if let Some(newest) = newest {
        present.written(newest);
        if !present.started.swap(true, Ordering::SeqCst) {
            present.mark.fetch_max(newest.0, Ordering::SeqCst);
        }
    }
    if present.ahead_seconds().is_some() {
        // What this node's clock says is no evidence of anything.
        return Ok(());
    }
    match present.behind() {
        Some(behind) => note(kernel, tenant, behind).map(|_| ()),
        None => close_what_is_over(kernel, tenant),
    }
}

/// The time at the heads of the chains.
fn newest_event(tx: &mut dyn Read, tenant: &str) -> Result<Option<Timestamp>> {
    let row = tx.query_one(
        sql(
            "select max(t.at) as newest from chain_head h
             join audit_tx t on t.tenant = h.tenant and t.chain = h.chain and t.seq = h.seq
             where h.tenant = $1",
        ),
        &[tenant.into()],
    )?;
    Ok(row.opt_int("newest")?.map(Timestamp))
}

fn compare_with_database(kernel: &Kernel) -> Result<()> {
    let present = kernel.present();
    let before = present.clock.now();
    let Some(theirs) = kernel.database().clock()? else { return Ok(()) };
    let after = present.clock.now();
    let took = after.0 - before.0;
    if !(0..=ANSWER_SECONDS * SECOND).contains(&took) {
        tracing::debug!(took, "the database answered too slowly to compare clocks by it");
        return Ok(());
    }
    let ahead = before.0 + took / 2 - theirs.0;
    present.ahead.store(ahead, Ordering::SeqCst);
    if present.ahead_seconds().is_some() {
        tracing::error!(ahead_seconds = ahead / SECOND, "the clock differs from the database's; this node writes nothing");
    }
    Ok(())
}

/// How many seconds the node's clock is ahead of the database's (behind it when negative), where
/// that is more than is tolerated.
pub fn out_of_step(kernel: &Kernel) -> Option<i64> {
    kernel.present().ahead_seconds()
}

/// Refuses to write on a node whose clock is not the database's.
pub(crate) fn check_in_step(kernel: &Kernel) -> Result<()> {
    let Some(ahead) = out_of_step(kernel) else { return Ok(()) };
    let text = format!("the clock of this server is {} seconds {} the database's", ahead.abs(), if ahead > 0 { "ahead of" } else { "behind" });
    Err(Refusal::new(RefusalKind::Unavailable, "clock_differs", "Nothing can be changed on this server now.")
        .blocked_by(vec![Blocker { rule: "time.clocks_agree".to_owned(), requirement: DIFFERS.to_owned(), text, records: Vec::new() }])
        .advise("Set the clocks right (NTP); the server goes on by itself. Other servers of the company are not touched.")
        .into())
}

/// Refuses to sign while the clock is behind what it had said, unless an administrator has cleared it.
pub(crate) fn check_for_signing(kernel: &Kernel, tenant: &str) -> Result<()> {
    let Some(fault) = open_fault(kernel, tenant)? else { return Ok(()) };
    let text = format!("{} is open: the clock of the server went back", fault.number);
    Err(Refusal::new(RefusalKind::Unavailable, "clock_went_back", "Nothing can be signed now.")
        .blocked_by(vec![Blocker { rule: "time.clock_is_right".to_owned(), requirement: WENT_BACK.to_owned(), text, records: vec![fault] }])
        .advise("Wait until the clock has caught up, or an administrator clears it with a reason.")
        .into())
}

/// The fault that keeps people from signing now; recorded here when nobody has noticed it before.
pub fn open_fault(kernel: &Kernel, tenant: &str) -> Result<Option<RecordRef>> {
    match kernel.present().behind() {
        Some(behind) => note(kernel, tenant, behind),
        None => Ok(None),
    }
}

/// Records that the clock went back, once; nothing when that was cleared already.
fn note(kernel: &Kernel, tenant: &str, behind: Behind) -> Result<Option<RecordRef>> {
    match kernel.database().read(|tx| known(tx, tenant, behind))? {
        Some(known) if known.state == "open" => return Ok(Some(known.reference())),
        Some(_) => {
            kernel.present().accept();
            return Ok(None);
        }
        None => {}
    }
    tracing::error!(was = %behind.was.to_rfc3339(), says = %behind.says.to_rfc3339(), "the clock went back; nothing is signed");
    kernel.inside(tenant, "system", "clock.went_back", move |tx| {
        // Nodes of one machine notice it in one moment.
        tx.take_turn(CLOCK_FAULT)?;
        let tenant = tx.tenant().to_owned();
        if known(tx, &tenant, behind)?.is_some() {
            return Ok(());
        }
        let (was, says) = (behind.was.to_rfc3339(), behind.says.to_rfc3339());
        let found = format!("The clock went back: it says {says}, and it had said {was}, or something was written then. Times stay at what was written last until it has caught up.");
        let fields = [("found", found), ("was", was), ("says", says)].map(|(name, text)| (name.to_owned(), text.into())).into_iter().collect();
        let new = NewRecord { kind: CLOCK_FAULT.to_owned(), title: "The clock went back".to_owned(), fields, ..NewRecord::default() };
        let made = record::create_in_state(tx, new, "open")?;
        let work = New { role: Some("administrator".to_owned()), cause: Some(made.id.clone()), ..New::about(&made, WORK, "Set the clock of the server right, or say why people may sign") };
        obligation::raise(tx, work).map(|_| ())
    })?;
    Ok(kernel.database().read(|tx| known(tx, tenant, behind))?.filter(|fault| fault.state == "open").map(|fault| fault.reference()))
}

/// The fault, open or cleared, of the same going back, also when it was found by another start or
/// another node.
fn known(tx: &mut dyn Read, tenant: &str, behind: Behind) -> Result<Option<Record>> {
    for fault in faults(tx, tenant)? {
        let (was, says) = (Timestamp::parse(fault.field_text("was"))?, Timestamp::parse(fault.field_text("says"))?);
        if was.0.saturating_add(TOLERANCE) >= behind.was.0 && behind.says.0.saturating_add(TOLERANCE) >= says.0 {
            return Ok(Some(fault));
        }
    }
    Ok(None)
}

/// The recorded faults that still matter, newest first: a company has few.
fn faults(tx: &mut dyn Read, tenant: &str) -> Result<Vec<Record>> {
    let rows = tx.query(
        sql("select id from record where tenant = $1 and kind = $2 and state <> 'over' order by created_at desc, id desc limit 100"),
        &[tenant.into(), CLOCK_FAULT.into()],
    )?;
    rows.iter().map(|row| record::get(tx, tenant, row.text("id")?)).collect()
}

/// The clock says again what it had said: open faults are over.
fn close_what_is_over(kernel: &Kernel, tenant: &str) -> Result<()> {
    let says = kernel.present().clock.now();
    for fault in kernel.database().read(|tx| faults(tx, tenant))? {
        if fault.state != "open" || says < Timestamp::parse(fault.field_text("was"))? {
            continue;
        }
        let id = fault.id.clone();
        kernel.inside(tenant, "system", "clock.caught_up", move |tx| {
            let permit = authority::system_permit(tx)?;
            let fault = record::get(tx, permit.viewer().tenant(), &id)?;
            // Cleared meanwhile, or closed by another node.
            if fault.state != "open" {
                return Ok(());
            }
            take_as_consequence(tx, &permit, &fault, "catch_up", None).map(|_| ())
        })?;
    }
    Ok(())
}
