//! Obligations: somebody must do something by a date, and who raised it. Training to do, versions
//! to sign, risks to re-assess, reviews to make are all obligations.

use crate::authority::Viewer;
use crate::kind::{Kind, Signer, Step, TakenBy};
use crate::record::Record;
use crate::signature;
use crate::table::{OBLIGATION, Values, values};
use crate::trail::{Stored, WriteTx};
use base::{Error, Result, Timestamp};
use db::{Query, Read, Row, Value, sql};

/// An obligation as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Obligation {
    pub id: String,
    /// `train`, `sign`, `review`, `reassess`, `act`.
    pub sort: String,
    /// The record it is about.
    pub record: String,
    pub item: String,
    /// For `sign`: the step.
    pub step: Option<String>,
    /// Who must; `None` when anybody with the role may.
    pub person: Option<String>,
    pub role: Option<String>,
    pub site: Option<String>,
    /// What it goes through: the course of a training, the changed part of a re-assessment.
    pub via: Option<String>,
    /// The record whose step raised it.
    pub cause: Option<String>,
    pub task: String,
    pub due_date: Option<String>,
    /// `open`, `done` or `cancelled`.
    pub state: String,
    pub raised_at: Timestamp,
    pub closed_at: Option<Timestamp>,
    pub closed_by: Option<String>,
    pub signature: Option<String>,
    pub outcome: Option<String>,
    pub(crate) stored: Stored,
}

/// A new obligation.
#[derive(Debug, Clone, Default)]
pub struct New {
    pub sort: String,
    pub record: String,
    pub item: String,
    pub step: Option<String>,
    pub person: Option<String>,
    pub role: Option<String>,
    pub site: Option<String>,
    pub via: Option<String>,
    pub cause: Option<String>,
    pub task: String,
    pub due_date: Option<String>,
}

impl New {
    pub fn about(record: &Record, sort: &str, task: &str) -> Self {
        Self {
            sort: sort.to_owned(),
            record: record.id.clone(),
            item: record.item.clone(),
            site: record.site.clone(),
            task: task.to_owned(),
            ..Self::default()
        }
    }

    fn row(self, id: &str, now: Timestamp) -> Values {
        values([
            ("id", id.into()),
            ("sort", self.sort.into()),
            ("record", self.record.into()),
            ("item", self.item.into()),
            ("step", self.step.into()),
            ("person", self.person.into()),
            ("role", self.role.into()),
            ("site", self.site.into()),
            ("via", self.via.into()),
            ("cause", self.cause.into()),
            ("task", self.task.into()),
            ("due_date", self.due_date.into()),
            ("state", "open".into()),
            ("raised_at", now.0.into()),
            ("closed_at", Value::Null),
            ("closed_by", Value::Null),
            ("signature", Value::Null),
            ("outcome", Value::Null),
        ])
    }
}

/// An obligation from a row of its table, for lists that a domain selects itself.
pub fn from_row(row: &Row) -> Result<Obligation> {
    let owned = |name: &str| -> Result<Option<String>> { Ok(row.opt_text(name)?.map(str::to_owned)) };
    Ok(Obligation {
        id: row.text("id")?.to_owned(),
        sort: row.text("sort")?.to_owned(),
        record: row.text("record")?.to_owned(),
        item: row.text("item")?.to_owned(),
        step: owned("step")?,
        person: owned("person")?,
        role: owned("role")?,
        site: owned("site")?,
        via: owned("via")?,
        cause: owned("cause")?,
        task: row.text("task")?.to_owned(),
        due_date: owned("due_date")?,
        state: row.text("state")?.to_owned(),
        raised_at: Timestamp(row.int("raised_at")?),
        closed_at: row.opt_int("closed_at")?.map(Timestamp),
        closed_by: owned("closed_by")?,
        signature: owned("signature")?,
        outcome: owned("outcome")?,
        stored: Stored::from_row(&OBLIGATION, row)?,
    })
}

pub fn raise(tx: &mut WriteTx<'_>, new: New) -> Result<String> {
    let id = tx.new_id();
    let record = new.record.clone();
    let now = tx.now();
    tx.insert(&OBLIGATION, Some(&record), "obligation.raised", new.row(&id, now))?;
    Ok(id)
}

/// Raises many at once, as the release of a procedure does for everybody it concerns.
pub fn raise_many(tx: &mut WriteTx<'_>, news: Vec<New>) -> Result<()> {
    let now = tx.now();
    let mut rows = Vec::with_capacity(news.len());
    for new in news {
        let id = tx.new_id();
        rows.push((Some(new.record.clone()), new.row(&id, now)));
    }
    tx.insert_many(&OBLIGATION, "obligation.raised", rows)
}

pub fn find(tx: &mut dyn Read, tenant: &str, id: &str) -> Result<Obligation> {
    tx.query_opt(sql("select * from obligation where tenant = $1 and id = $2"), &[tenant.into(), id.into()])?
        .map(|row| from_row(&row))
        .transpose()?
        .ok_or_else(|| Error::not_found("There is no such obligation."))
}

/// All obligations about a record, open ones first.
pub fn of_record(tx: &mut dyn Read, tenant: &str, record: &str) -> Result<Vec<Obligation>> {
    let rows = tx.query(
        sql(
            "select * from obligation where tenant = $1 and record = $2
             order by case state when 'open' then 0 else 1 end, due_date nulls last, id limit 500",
        ),
        &[tenant.into(), record.into()],
    )?;
    rows.iter().map(from_row).collect()
}

/// All obligations a record's steps have raised, of one sort.
pub fn caused_by(tx: &mut dyn Read, tenant: &str, cause: &str, sort: &str) -> Result<Vec<Obligation>> {
    let rows = tx.query(
        sql("select * from obligation where tenant = $1 and cause = $2 and sort = $3 order by state desc, due_date nulls last, id"),
        &[tenant.into(), cause.into(), sort.into()],
    )?;
    rows.iter().map(from_row).collect()
}

/// How many obligations of a sort a record caused, how many are open, and about which records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Count {
    pub open: i64,
    pub total: i64,
    pub open_records: Vec<String>,
}

pub fn count_caused(tx: &mut dyn Read, tenant: &str, cause: &str, sort: &str) -> Result<Count> {
    let rows = tx.query(
        sql(
            "select record, count(*) as total, count(*) filter (where state = 'open') as open
             from obligation where tenant = $1 and cause = $2 and sort = $3 and state <> 'cancelled'
             group by record",
        ),
        &[tenant.into(), cause.into(), sort.into()],
    )?;
    let mut count = Count::default();
    for row in &rows {
        let open = row.int("open")?;
        count.total += row.int("total")?;
        count.open += open;
        if open > 0 {
            count.open_records.push(row.text("record")?.to_owned());
        }
    }
    Ok(count)
}

/// Whether such an obligation about this record is open already.
pub fn is_open(tx: &mut dyn Read, record: &Record, sort: &str, cause: &str) -> Result<bool> {
    let row = tx.query_opt(
        sql(
            "select id from obligation
             where tenant = $1 and record = $2 and sort = $3 and cause = $4 and state = 'open' limit 1",
        ),
        &[record.tenant.as_str().into(), record.id.as_str().into(), sort.into(), cause.into()],
    )?;
    Ok(row.is_some())
}

/// What a person must do: their own obligations, and those of their roles that nobody has taken.
/// `roles` are role and site (`None`: every site).
pub fn of_person(tx: &mut dyn Read, viewer: &Viewer, person: &str, roles: &[(String, Option<String>)]) -> Result<Vec<Obligation>> {
    let mut query = Query::with(
        sql("select * from obligation where tenant = $1 and state = 'open' and (person = $2"),
        vec![viewer.tenant().into(), person.into()],
    );
    for (role, site) in roles {
        query.push_bind(" or (person is null and role = ", role.as_str());
        if let Some(site) = site {
            query.push_bind(" and (site is null or site = ", site.as_str());
            query.push(")");
        }
        query.push(")");
    }
    query.push(") order by due_date nulls last, raised_at, id limit 500");
    tx.run(&query)?.iter().map(from_row).collect()
}

/// Closes an obligation with what came of it.
pub fn close(tx: &mut WriteTx<'_>, obligation: &Obligation, outcome: &str, signature: Option<&str>) -> Result<()> {
    if obligation.state != "open" {
        return Err(Error::conflict("obligation_closed", format!("“{}” is {} already.", obligation.task, obligation.state)));
    }
    let closed = obligation.stored.with([
        ("state", "done".into()),
        ("closed_at", tx.now().0.into()),
        ("closed_by", tx.actor().into()),
        ("outcome", outcome.into()),
        ("signature", signature.map(str::to_owned).into()),
    ]);
    tx.update(&OBLIGATION, Some(&obligation.record), "obligation.done", &obligation.stored, closed)
}

pub fn cancel(tx: &mut WriteTx<'_>, obligation: &Obligation, why: &str) -> Result<()> {
    let cancelled = obligation.stored.with([
        ("state", "cancelled".into()),
        ("closed_at", tx.now().0.into()),
        ("closed_by", tx.actor().into()),
        ("outcome", why.into()),
    ]);
    tx.update(&OBLIGATION, Some(&obligation.record), "obligation.cancelled", &obligation.stored, cancelled)
}

/// Cancels many open obligations at once for one reason, as a new revision does with what is still
/// open on the old one.
pub fn cancel_many(tx: &mut WriteTx<'_>, obligations: Vec<Obligation>, why: &str) -> Result<()> {
    let changes = [
        ("state", Value::from("cancelled")),
        ("closed_at", tx.now().0.into()),
        ("closed_by", tx.actor().into()),
        ("outcome", why.into()),
    ];
    let rows = obligations.into_iter().map(|obligation| (Some(obligation.record), obligation.stored)).collect();
    tx.update_many(&OBLIGATION, "obligation.cancelled", rows, &changes)
}

/// Hands an obligation to another person.
pub fn reassign(tx: &mut WriteTx<'_>, obligation: &Obligation, person: &str) -> Result<()> {
    if obligation.state != "open" {
        return Err(Error::conflict("obligation_closed", format!("“{}” is {} already.", obligation.task, obligation.state)));
    }
    let handed = obligation.stored.with([("person", person.into())]);
    tx.update(&OBLIGATION, Some(&obligation.record), "obligation.reassigned", &obligation.stored, handed)
}

pub(crate) fn close_sort(tx: &mut WriteTx<'_>, record: &Record, sort: &str, outcome: &str) -> Result<()> {
    for open in open_of(tx, record, sort)? {
        close(tx, &open, outcome, None)?;
    }
    Ok(())
}

fn open_of(tx: &mut dyn Read, record: &Record, sort: &str) -> Result<Vec<Obligation>> {
    let rows = tx.query(
        sql("select * from obligation where tenant = $1 and record = $2 and sort = $3 and state = 'open' order by id"),
        &[record.tenant.as_str().into(), record.id.as_str().into(), sort.into()],
    )?;
    rows.iter().map(from_row).collect()
}

/// Opens an obligation for every signature the record's state now waits for.
pub(crate) fn raise_signing(tx: &mut WriteTx<'_>, record: &Record) -> Result<()> {
    let catalog = tx.catalog();
    let kind = catalog.known_kind(&record.kind)?;
    let awaited = kind.steps.iter().filter(|step| is_awaited(step, record));
    let news: Vec<_> = awaited.flat_map(|step| step.signers.iter().map(|signer| to_sign(tx, record, step, signer)).collect::<Vec<_>>()).collect();
    if news.is_empty() { Ok(()) } else { raise_many(tx, news) }
}

fn is_awaited(step: &Step, record: &Record) -> bool {
    step.awaited && step.from.contains(&record.state) && step.taken_by == TakenBy::Person
}

fn to_sign(tx: &WriteTx<'_>, record: &Record, step: &Step, signer: &Signer) -> New {
    let mut new = New::about(record, "sign", &format!("{}: {}", step.label, signer.meaning));
    new.step = Some(step.name.clone());
    new.role = Some(signer.role.clone());
    new.due_date.clone_from(&record.due_date);
    new.cause = tx.cause().map(str::to_owned);
    new
}

/// Makes the open signing obligations of a record those that its kind, as it is declared now, still
/// misses: the others are cancelled, new ones raised.
pub(crate) fn renew_signing(tx: &mut WriteTx<'_>, kind: &Kind, record: &Record) -> Result<()> {
    let mut wanted = Vec::new();
    for step in kind.steps.iter().filter(|step| is_awaited(step, record)) {
        let given = signature::given(tx, record, &step.name)?;
        wanted.extend(crate::record::signers::missing(step, &given).iter().map(|signer| to_sign(tx, record, step, signer)));
    }
    for open in open_of(tx, record, "sign")? {
        let same = |new: &New| new.step == open.step && new.role == open.role && new.task == open.task;
        match wanted.iter().position(same) {
            Some(index) => {
                wanted.remove(index);
            }
            None => cancel(tx, &open, "no longer asked for")?,
        }
    }
    if wanted.is_empty() { Ok(()) } else { raise_many(tx, wanted) }
}

/// The signature was given: closes one obligation of that step and role.
pub(crate) fn close_signing(tx: &mut WriteTx<'_>, record: &Record, step: &str, role: &str, signature: &str) -> Result<()> {
    let open = open_of(tx, record, "sign")?;
    let found = open.iter().find(|open| open.step.as_deref() == Some(step) && open.role.as_deref() == Some(role));
    match found {
        Some(obligation) => close(tx, obligation, "signed", Some(signature)),
        None => Ok(()),
    }
}

/// The record has left the state: signatures it waited for are not needed any more.
pub(crate) fn cancel_signing(tx: &mut WriteTx<'_>, record: &Record) -> Result<()> {
    for open in open_of(tx, record, "sign")? {
        cancel(tx, &open, "the record moved on")?;
    }
    Ok(())
}

/// The signature that closed an obligation, for pages.
pub fn signature_of(tx: &mut dyn Read, tenant: &str, obligation: &Obligation) -> Result<Option<signature::Given>> {
    match &obligation.signature {
        Some(id) => signature::find(tx, tenant, id),
        None => Ok(None),
    }
}
