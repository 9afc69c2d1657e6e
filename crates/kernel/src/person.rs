//! People: a record like everything else, with name and address beside the trail so that they can
//! be erased, and with credentials that only this room touches.

mod access;

pub use access::{Token, add_token, end_sessions, grant, revoke, revoke_token, site_of_grant, tokens_of};

use crate::Kernel;
use crate::authority::{self, Actor};
use crate::catalog::Catalog;
use crate::kind::{Area, Effect, Kind, LinkKind, Phase, Step};
use crate::password;
use crate::record::{self, NewRecord, Record};
use crate::rule::StepContext;
use crate::table::{CREDENTIAL, PERSON, Values, values};
use crate::trail::{Stored, WriteTx};
use base::digest::Canonical;
use base::limits::{LINE_CHARS, LOGIN_CHARS};
use base::{Digest, Error, Result, Timestamp};
use db::{Query, Read, Value, sql};
use std::collections::BTreeMap;

/// The kind of a person. Its number is the user name, which is never given twice (21 CFR
/// 11.100(a)).
pub fn kind() -> Kind {
    Kind::new("person", "Person", "People", Area::Administration)
        .text("Somebody who works with Plumb. The user name is never given to another person.")
        .state("active", "Active", Phase::InWork)
        .state("inactive", "Inactive", Phase::Closed)
        .step(Step::new("deactivate", "Deactivate", &["active"], "inactive").by(&["administrator"]).with_reason().effect(follow()))
        .step(Step::new("reactivate", "Reactivate", &["inactive"], "active").by(&["administrator"]).with_reason().effect(follow()))
        .link(LinkKind::new("works_in", "works in", "people", &["department"]))
        .link(LinkKind::new("has_function", "has the job function", "held by", &["job_function"]))
        .link(LinkKind::new("operates", "operates", "operated by", &["equipment"]))
        .allow("everyone", &["view"])
        .allow("administrator", &["create", "edit", "link"])
        .allow("training_manager", &["link"])
}

fn follow() -> Effect {
    Effect::Run { name: "person.follow_state", run: follow_state, preview: None }
}

/// Keeps the sign-in switch equal to the record's state and ends what was open.
fn follow_state(tx: &mut WriteTx<'_>, context: &StepContext<'_>) -> Result<()> {
    let record = context.record;
    let active = record.state == "active";
    let stored = stored(tx, &record.tenant, &record.id)?;
    let switched = stored.with([("active", active.into())]);
    tx.update(&PERSON, Some(&record.id), "person.switched", &stored, switched)?;
    if active {
        return Ok(());
    }
    let rows = tx.query(
        sql("select * from session where tenant = $1 and person = $2 and closed_at is null"),
        &[record.tenant.as_str().into(), record.id.as_str().into()],
    )?;
    for row in &rows {
        let open = Stored::from_row(&crate::table::SESSION, row)?;
        let closed = open.with([("closed_at", tx.now().0.into())]);
        tx.update(&crate::table::SESSION, Some(&record.id), "session.closed", &open, closed)?;
    }
    Ok(())
}

/// What a new person is made of.
#[derive(Debug, Clone, Default)]
pub struct NewPerson {
    pub login: String,
    pub name: String,
    pub email: String,
    pub zone: String,
    pub site: Option<String>,
    /// How their identity was verified; empty: not yet, and then they cannot sign.
    pub identity_verified: String,
    /// PHC string of the first password, if they sign in by password.
    pub password_hash: Option<String>,
    /// The password was chosen by somebody else and must be changed.
    pub must_change: bool,
}

/// Makes a person. The password was hashed before, outside the transaction.
pub fn create(tx: &mut WriteTx<'_>, new: NewPerson) -> Result<Record> {
    let login = check_login(&new.login)?;
    let name = base::text::clean_line("name", &new.name, LINE_CHARS)?;
    if name.is_empty() {
        return Err(Error::invalid("name", "missing_field", "a name is needed"));
    }
    base::text::refuse_disguised("name", &name)?;
    let email = base::text::clean_line("email", &new.email, LINE_CHARS)?;
    let verified = base::text::clean_line("identity_verified", &new.identity_verified, LINE_CHARS)?;
    base::time::time_zone(&new.zone)?;
    let salt = salt_of(tx);
    let record = NewRecord {
        kind: "person".to_owned(),
        number: Some(login.clone()),
        title: login.clone(),
        site: new.site,
        owner: Some(tx.actor().to_owned()).filter(|actor| base::id::is_id(actor)),
        ..NewRecord::default()
    };
    // The typed row first: indexing the record looks the name up.
    let mut made = record::assemble_only(tx, record)?;
    made.owner = None;
    let row = values([
        ("id", made.id.as_str().into()),
        ("login", login.as_str().into()),
        ("login_fold", base::text::fold(&login).into()),
        ("active", true.into()),
        ("identity_verified", (!verified.is_empty()).then_some(verified).into()),
        ("zone", new.zone.into()),
        ("personal_digest", personal_digest(&salt, &name, &email).hex().into()),
        ("pd_name", name.into()),
        ("pd_email", email.into()),
        ("pd_salt", salt.into()),
    ]);
    tx.insert(&PERSON, Some(&made.id), "person.described", row).map_err(|error| login_taken(error, &login))?;
    if let Some(hash) = new.password_hash {
        let row = credential_row(&made.id, &hash, new.must_change, tx.now());
        tx.insert(&CREDENTIAL, Some(&made.id), "password.set", row)?;
    }
    record::write_assembled(tx, &made)?;
    Ok(made)
}

fn login_taken(error: Error, login: &str) -> Error {
    if error.refusal().is_some_and(|refusal| refusal.code == "duplicate") {
        return Error::conflict("login_taken", format!("The user name {login} is taken or was taken once; user names are never given twice."));
    }
    error
}

/// User names are plain ASCII, so that no two look alike.
fn check_login(login: &str) -> Result<String> {
    let login = login.trim();
    let plain = login.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-@+".contains(&byte));
    if login.is_empty() || !plain || login.len() > LOGIN_CHARS {
        return Err(Error::invalid("login", "bad_login", format!("a user name has 1 to {LOGIN_CHARS} of the characters a–z, 0–9, . _ - @ +")));
    }
    Ok(login.to_lowercase())
}

fn salt_of(tx: &WriteTx<'_>) -> Vec<u8> {
    tx.random_bytes(16)
}

fn personal_digest(salt: &[u8], name: &str, email: &str) -> Digest {
    let mut canonical = Canonical::new("PLUMB-PERSONAL-1");
    canonical.bytes(salt).text(name).text(email);
    canonical.digest()
}

/// Changes name, address, zone, and how identity was verified.
pub fn describe(tx: &mut WriteTx<'_>, person: &str, name: Option<&str>, email: Option<&str>, zone: Option<&str>, verified: Option<&str>) -> Result<()> {
    let tenant = tx.tenant().to_owned();
    let before = stored(tx, &tenant, person)?;
    let now_is = |column: &str| match before.values.get(column) {
        Some(Value::Text(text)) => text.clone(),
        _ => String::new(),
    };
    let name = base::text::clean_line("name", name.unwrap_or(&now_is("pd_name")), LINE_CHARS)?;
    base::text::refuse_disguised("name", &name)?;
    let email = base::text::clean_line("email", email.unwrap_or(&now_is("pd_email")), LINE_CHARS)?;
    let zone = zone.map_or_else(|| now_is("zone"), str::to_owned);
    base::time::time_zone(&zone)?;
    let salt = salt_of(tx);
    let verified = base::text::clean_line("identity_verified", verified.unwrap_or(&now_is("identity_verified")), LINE_CHARS)?;
    let after = before.with([
        ("zone", zone.into()),
        ("identity_verified", (!verified.is_empty()).then_some(verified).into()),
        ("personal_digest", personal_digest(&salt, &name, &email).hex().into()),
        ("pd_name", name.into()),
        ("pd_email", email.into()),
        ("pd_salt", salt.into()),
    ]);
    tx.update(&PERSON, Some(person), "person.described", &before, after)
}

fn stored(tx: &mut dyn Read, tenant: &str, person: &str) -> Result<Stored> {
    let row = tx
        .query_opt(sql("select * from person where tenant = $1 and id = $2"), &[tenant.into(), person.into()])?
        .ok_or_else(|| Error::not_found("There is no such person."))?;
    Stored::from_row(&PERSON, &row)
}

fn credential_row(person: &str, hash: &str, must_change: bool, now: Timestamp) -> Values {
    values([
        ("id", person.into()),
        ("sec_hash", hash.into()),
        ("must_change", must_change.into()),
        ("set_at", now.0.into()),
    ])
}

/// Replaces (or sets) a person's password by its hash.
pub fn set_password(tx: &mut WriteTx<'_>, person: &str, hash: &str, must_change: bool) -> Result<()> {
    let tenant = tx.tenant().to_owned();
    let row = tx.query_opt(sql("select * from credential where tenant = $1 and id = $2"), &[tenant.into(), person.into()])?;
    let fresh = credential_row(person, hash, must_change, tx.now());
    match row {
        None => tx.insert(&CREDENTIAL, Some(person), "password.set", fresh),
        Some(row) => {
            let before = Stored::from_row(&CREDENTIAL, &row)?;
            tx.update(&CREDENTIAL, Some(person), "password.set", &before, fresh)
        }
    }
}

/// Puts a stronger hash of the same password in the place of `weak`; does nothing when the password
/// was changed since. Who chose it and when stays as it was.
pub(crate) fn replace_hash(tx: &mut WriteTx<'_>, person: &str, weak: &str, strong: &str) -> Result<()> {
    let tenant = tx.tenant().to_owned();
    let row = tx.query_opt(
        sql("select * from credential where tenant = $1 and id = $2 and sec_hash = $3"),
        &[tenant.into(), person.into(), weak.into()],
    )?;
    let Some(row) = row else { return Ok(()) };
    let before = Stored::from_row(&CREDENTIAL, &row)?;
    let after = before.with([("sec_hash", strong.into())]);
    tx.update(&CREDENTIAL, Some(person), "password.rehashed", &before, after)
}

/// Checks a new password against the policy and hashes it; slow on purpose, outside transactions.
pub fn hash_password(kernel: &Kernel, login: &str, secret: &str) -> Result<String> {
    password::check_policy(login, secret)?;
    password::hash(secret, &kernel.hashing(), &kernel.ids().random_bytes(16))
}

/// A person by user name or identifier, as commands name them; must be active.
pub fn identify(tx: &mut dyn Read, tenant: &str, place: &str, named: &str) -> Result<String> {
    let row = tx.query_opt(
        sql("select id from person where tenant = $1 and (id = $2 or login_fold = $3) and active"),
        &[tenant.into(), named.into(), base::text::fold(named.trim()).into()],
    )?;
    match row {
        Some(row) => Ok(row.text("id")?.to_owned()),
        None => Err(unknown(place, named)),
    }
}

/// The record of an active person by user name or identifier, as far as the actor may see them; for
/// others there is nobody of that name.
pub fn seen(tx: &mut dyn Read, catalog: &Catalog, actor: &Actor, place: &str, named: &str) -> Result<Record> {
    let id = identify(tx, actor.tenant(), place, named)?;
    let record = record::get(tx, actor.tenant(), &id)?;
    if authority::viewer(tx, catalog, actor)?.sees(&record) { Ok(record) } else { Err(unknown(place, named)) }
}

/// A person by user name or identifier, as far as the viewer may see them or is the person: what
/// [`identify`] is to the system, this is to whoever asks.
pub fn visible(tx: &mut dyn Read, viewer: &authority::Viewer, own: &str, place: &str, named: &str) -> Result<String> {
    let id = identify(tx, viewer.tenant(), place, named)?;
    if id == own || viewer.sees(&record::get(tx, viewer.tenant(), &id)?) { Ok(id) } else { Err(unknown(place, named)) }
}

fn unknown(place: &str, named: &str) -> Error {
    Error::invalid(place, "unknown_person", format!("there is no active person “{named}”"))
}

/// Whether somebody has verified who this person is (21 CFR 11.100(b)).
pub fn is_identified(tx: &mut dyn Read, tenant: &str, person: &str) -> Result<bool> {
    let row = tx.query_opt(
        sql("select identity_verified from person where tenant = $1 and id = $2"),
        &[tenant.into(), person.into()],
    )?;
    Ok(row.is_some_and(|row| row.opt_text("identity_verified").ok().flatten().is_some()))
}

/// A person as pages show them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub id: String,
    pub login: String,
    /// Empty after erasure; then the user name stands for it.
    pub name: String,
    pub email: String,
    pub zone: String,
    pub active: bool,
    pub identity_verified: Option<String>,
}

impl Person {
    pub fn display(&self) -> &str {
        if self.name.is_empty() { &self.login } else { &self.name }
    }

    fn from_row(row: &db::Row) -> Result<Self> {
        Ok(Self {
            id: row.text("id")?.to_owned(),
            login: row.text("login")?.to_owned(),
            name: row.opt_text("pd_name")?.unwrap_or("").to_owned(),
            email: row.opt_text("pd_email")?.unwrap_or("").to_owned(),
            zone: row.text("zone")?.to_owned(),
            active: row.bool("active")?,
            identity_verified: row.opt_text("identity_verified")?.map(str::to_owned),
        })
    }
}

pub fn find(tx: &mut dyn Read, tenant: &str, id: &str) -> Result<Option<Person>> {
    let row = tx.query_opt(sql("select * from person where tenant = $1 and id = $2"), &[tenant.into(), id.into()])?;
    row.map(|row| Person::from_row(&row)).transpose()
}

/// The names of several people by identifier; `system` and unknown ones are named as they are.
pub fn names(tx: &mut dyn Read, tenant: &str, ids: &[String]) -> Result<BTreeMap<String, String>> {
    let mut wanted: Vec<_> = ids.to_vec();
    wanted.sort();
    wanted.dedup();
    let mut found: BTreeMap<String, String> = wanted.iter().map(|id| (id.clone(), id.clone())).collect();
    found.insert("system".to_owned(), "Plumb".to_owned());
    for part in wanted.chunks(400) {
        let mut query = Query::with(sql("select * from person where tenant = $1"), vec![tenant.into()]);
        query.push_list(" and id in", part.iter().map(|id| id.as_str().into()).collect());
        for row in tx.run(&query)? {
            let person = Person::from_row(&row)?;
            found.insert(person.id.clone(), person.display().to_owned());
        }
    }
    Ok(found)
}

/// The people who hold a role at a site (or everywhere).
pub fn holders(tx: &mut dyn Read, tenant: &str, role: &str, site: Option<&str>) -> Result<Vec<Person>> {
    let rows = tx.query(
        sql(
            "select p.* from person p join role_grant g on g.tenant = p.tenant and g.person = p.id
             where p.tenant = $1 and g.role = $2 and g.to_at is null and p.active
             and (g.site is null or cast($3 as text) is null or g.site = $3) order by p.login",
        ),
        &[tenant.into(), role.into(), site.map(str::to_owned).into()],
    )?;
    rows.iter().map(Person::from_row).collect()
}
