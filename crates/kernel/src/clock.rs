//! Clocks on records: started by a rule, due on a date in the site's zone, extended with a reason
//! while the first due date stays readable.

use crate::calendar::{self, Deadline, Due};
use crate::record::Record;
use crate::table::{CLOCK, values};
use crate::trail::{Stored, WriteTx};
use base::{Error, Result, Timestamp};
use db::{Read, Row, Value, sql};

#[derive(Debug, Clone, PartialEq)]
pub struct Clock {
    pub id: String,
    pub record: String,
    pub rule: String,
    pub zone: String,
    pub started_at: Timestamp,
    pub original_due: String,
    pub due_date: String,
    /// `running` or `stopped`.
    pub state: String,
    pub stopped_at: Option<Timestamp>,
    stored: Stored,
}

impl Clock {
    /// Whether the due date has passed in the clock's zone, or had when the clock was stopped. A
    /// zone or date that cannot be read is an error: it must never look like a clock in time.
    pub fn is_overdue(&self, now: Timestamp) -> Result<bool> {
        let date = base::time::parse_date("clock.due_date", &self.due_date)?;
        calendar::overdue(self.stopped_at.unwrap_or(now), date, &self.zone)
    }
}

fn from_row(row: &Row) -> Result<Clock> {
    Ok(Clock {
        id: row.text("id")?.to_owned(),
        record: row.text("record")?.to_owned(),
        rule: row.text("rule")?.to_owned(),
        zone: row.text("zone")?.to_owned(),
        started_at: Timestamp(row.int("started_at")?),
        original_due: row.text("original_due")?.to_owned(),
        due_date: row.text("due_date")?.to_owned(),
        state: row.text("state")?.to_owned(),
        stopped_at: row.opt_int("stopped_at")?.map(Timestamp),
        stored: Stored::from_row(&CLOCK, row)?,
    })
}

pub fn of_record(tx: &mut dyn Read, tenant: &str, record: &str) -> Result<Vec<Clock>> {
    let rows = tx.query(
        sql("select * from clock where tenant = $1 and record = $2 order by started_at, id"),
        &[tenant.into(), record.into()],
    )?;
    rows.iter().map(from_row).collect()
}

pub fn find(tx: &mut dyn Read, tenant: &str, id: &str) -> Result<Clock> {
    tx.query_opt(sql("select * from clock where tenant = $1 and id = $2"), &[tenant.into(), id.into()])?
        .map(|row| from_row(&row))
        .transpose()?
        .ok_or_else(|| Error::not_found("There is no such clock."))
}

/// Starts the clock of a rule for a record, now. A clock of the rule that runs already goes on.
pub fn start(tx: &mut WriteTx<'_>, record: &Record, rule: &str) -> Result<()> {
    start_from(tx, record, rule, None)
}

/// As [`start`], counted from a business date (the day the company became aware) when one is given.
pub fn start_from(tx: &mut WriteTx<'_>, record: &Record, rule: &str, aware: Option<base::Date>) -> Result<()> {
    let catalog = tx.catalog();
    let rule = catalog.clock_rule(rule).ok_or_else(|| Error::internal(format!("there is no clock rule {rule}")))?;
    let running = of_record(tx, &record.tenant, &record.id)?;
    if running.iter().any(|clock| clock.rule == rule.name && clock.state == "running") {
        return Ok(());
    }
    let zone = crate::place::zone_of(tx, &record.tenant, record.site.as_deref())?;
    let from = match aware {
        Some(date) => Timestamp::start_of(date, &zone)?,
        None => tx.now(),
    };
    let due = calendar::due(rule, from, &zone)?;
    let id = tx.new_id();
    let row = values([
        ("id", id.into()),
        ("record", record.id.as_str().into()),
        ("rule", rule.name.as_str().into()),
        ("zone", zone.into()),
        ("started_at", from.0.into()),
        ("original_due", due.date.to_string().into()),
        ("due_date", due.date.to_string().into()),
        ("state", "running".into()),
        ("stopped_at", Value::Null),
    ]);
    tx.insert(&CLOCK, Some(&record.id), "clock.started", row)
}

/// Stops the running clock of a rule, if there is one.
pub fn stop(tx: &mut WriteTx<'_>, record: &Record, rule: &str) -> Result<()> {
    for clock in of_record(tx, &record.tenant, &record.id)? {
        if clock.rule == rule && clock.state == "running" {
            let stopped = clock.stored.with([("state", "stopped".into()), ("stopped_at", tx.now().0.into())]);
            tx.update(&CLOCK, Some(&record.id), "clock.stopped", &clock.stored, stopped)?;
        }
    }
    Ok(())
}

/// Moves the due date where the rule lets the company do so; the first one stays readable. The
/// reason is the command's.
pub fn extend(tx: &mut WriteTx<'_>, clock: &Clock, due_date: &str) -> Result<()> {
    let to = base::time::parse_date("due_date", due_date)?;
    if clock.state != "running" {
        return Err(Error::conflict("clock_stopped", "This clock has stopped."));
    }
    let catalog = tx.catalog();
    let rule = catalog.clock_rule(&clock.rule).ok_or_else(|| {
        let message = format!("The rule “{}” of this clock is no longer declared, so nothing says that it may be extended.", clock.rule);
        Error::conflict("unknown_clock_rule", message)
    })?;
    let date = |text: &str| -> Result<Due> { Ok(Due { date: base::time::parse_date("clock.due_date", text)?, zone: clock.zone.clone() }) };
    let (original, current) = (date(&clock.original_due)?, date(&clock.due_date)?);
    let before = Deadline { original, current, extensions: extensions(tx, clock)? };
    let after = before.extended(rule, to)?;
    let extended = clock.stored.with([("due_date", after.current.date.to_string().into())]);
    tx.update(&CLOCK, Some(&clock.record), "clock.extended", &clock.stored, extended)
}

/// How often the clock was extended, as the trail says.
fn extensions(tx: &mut WriteTx<'_>, clock: &Clock) -> Result<u32> {
    let tenant = tx.tenant().to_owned();
    let row = tx.query_one(
        sql(
            "select count(*) as n from event
             where tenant = $1 and subject = $2 and subject_table = 'clock' and action = 'clock.extended'",
        ),
        &[tenant.into(), clock.id.as_str().into()],
    )?;
    u32::try_from(row.int("n")?).map_err(Error::internal)
}
