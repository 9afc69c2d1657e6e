//! Signing in: passwords, sessions, tokens, and what is done about guessing.

use crate::Kernel;
use crate::authority::{Actor, Via};
use crate::password;
use crate::{obligation, person, record};
use crate::signature::is_series_over;
use crate::table::{SECURITY_EVENT, SESSION, values};
use crate::trail::{Stored, WriteTx};
use base::limits::{PASSWORD_BYTES_MAX, SESSION_IDLE_SECONDS, SESSION_SECONDS, SIGN_IN_FAILURES, SIGN_IN_WAIT_SECONDS};
use base::{Digest, Error, Refusal, RefusalKind, Result, Timestamp, hex};
use db::{Read, Value, sql};

/// A session that was just opened. The token goes to the client and is nowhere stored.
#[derive(Debug, Clone)]
pub struct SignedIn {
    pub token: String,
    pub actor: Actor,
}

/// Opens a session for user name and password. The answer to a wrong name and to a wrong password
/// is the same, and takes the same time.
pub fn sign_in(kernel: &Kernel, tenant: &str, login: &str, secret: &str) -> Result<SignedIn> {
    let person = check_password(kernel, tenant, login, secret, "sign-in")?;
    renew_hash(kernel, tenant, &person, secret)?;
    let token = hex::encode(&kernel.ids().random_bytes(32));
    let now = kernel.now();
    let id = kernel.ids().next_id(now);
    let row = values([
        ("id", id.as_str().into()),
        ("person", person.as_str().into()),
        ("sec_token", Digest::of(token.as_bytes()).hex().into()),
        ("opened_at", now.0.into()),
        ("closed_at", Value::Null),
    ]);
    let (who, session) = (person.clone(), id.clone());
    kernel.inside(tenant, &person, "session.open", move |tx| {
        tx.insert(&SESSION, Some(&who), "session.opened", row.clone())?;
        tx.derived(
            sql("insert into session_activity (tenant, session, seen_at, signed_at) values ($1, $2, $3, null)"),
            &[tx.tenant().into(), session.as_str().into(), tx.now().0.into()],
        )?;
        Ok(())
    })?;
    let actor = actor(kernel, tenant, &person, Via::Session { id })?;
    Ok(SignedIn { token, actor })
}

/// Hashes the password anew where the stored hash is weaker than today's parameters: a good sign-in
/// is the only time at which the password is at hand. Slow, so the hash is made outside; inside it
/// replaces the old one only if nobody has set another password meanwhile.
fn renew_hash(kernel: &Kernel, tenant: &str, person: &str, secret: &str) -> Result<()> {
    let rows = kernel.database().query(
        sql("select sec_hash from credential where tenant = $1 and id = $2"),
        &[tenant.into(), person.into()],
    )?;
    let Some(row) = rows.first() else { return Ok(()) };
    let weak = row.text("sec_hash")?.to_owned();
    if !password::needs_rehash(&weak, &kernel.hashing()) {
        return Ok(());
    }
    let strong = password::hash(secret, &kernel.hashing(), &kernel.ids().random_bytes(password::SALT_BYTES))?;
    let who = person.to_owned();
    kernel.inside(tenant, person, "password.rehash", move |tx| person::replace_hash(tx, &who, &weak, &strong))
}

/// The actor behind a session's token; `None` when it is unknown, closed, idle or too old.
pub fn actor_of_session(kernel: &Kernel, tenant: &str, token: &str) -> Result<Option<Actor>> {
    let now = kernel.now();
    let hash = Digest::of(token.as_bytes()).hex();
    let row = kernel.database().query(
        sql(
            "select s.id, s.person, s.opened_at, a.seen_at from session s
             join session_activity a on a.tenant = s.tenant and a.session = s.id
             where s.tenant = $1 and s.sec_token = $2 and s.closed_at is null",
        ),
        &[tenant.into(), hash.into()],
    )?;
    let Some(row) = row.first() else { return Ok(None) };
    let seen = Timestamp(row.int("seen_at")?);
    let opened = Timestamp(row.int("opened_at")?);
    if seen.plus_seconds(SESSION_IDLE_SECONDS) < now || opened.plus_seconds(SESSION_SECONDS) < now {
        return Ok(None);
    }
    let session = row.text("id")?.to_owned();
    // Once a minute is enough for an idle limit of half an hour.
    if seen.plus_seconds(60) < now {
        let (tenant, id) = (tenant.to_owned(), session.clone());
        let noted = kernel.housekeeping(move |tx| {
            tx.execute(
                sql("update session_activity set seen_at = $1 where tenant = $2 and session = $3"),
                &[now.0.into(), tenant.as_str().into(), id.as_str().into()],
            )
        });
        // Reading goes on where nothing can be written; the session ends the earlier for it.
        if let Err(error) = noted {
            tracing::warn!(%error, "the activity of a session was not noted");
        }
    }
    actor_if_active(kernel, tenant, row.text("person")?, Via::Session { id: session })
}

/// When the actor's session ends at the latest; `None` for who came in otherwise.
pub fn ends_at(tx: &mut dyn Read, actor: &Actor) -> Result<Option<Timestamp>> {
    let Via::Session { id } = &actor.via else { return Ok(None) };
    let row = tx.query_opt(sql("select opened_at from session where tenant = $1 and id = $2"), &[actor.tenant().into(), id.as_str().into()])?;
    row.map(|row| Ok(Timestamp(row.int("opened_at")?).plus_seconds(SESSION_SECONDS))).transpose()
}

/// The actor behind an API token; `None` when it is unknown, revoked or expired.
pub fn actor_of_token(kernel: &Kernel, tenant: &str, token: &str) -> Result<Option<Actor>> {
    let hash = Digest::of(token.as_bytes()).hex();
    let rows = kernel.database().query(
        sql("select id, person from token where tenant = $1 and sec_token = $2 and revoked_at is null and expires_at > $3"),
        &[tenant.into(), hash.into(), kernel.now().0.into()],
    )?;
    let Some(row) = rows.first() else { return Ok(None) };
    actor_if_active(kernel, tenant, row.text("person")?, Via::Token { id: row.text("id")?.to_owned() })
}

/// Closes a session.
pub fn sign_out(kernel: &Kernel, actor: &Actor) -> Result<()> {
    let Via::Session { id } = actor.via.clone() else { return Ok(()) };
    kernel.inside(actor.tenant(), actor.person(), "session.close", move |tx| {
        if close(tx, &id)? { Ok(()) } else { Err(Error::unauthenticated("signed_out", "You are signed out already.")) }
    })
}

/// Closes a session inside a transaction; answers whether it was open.
fn close(tx: &mut WriteTx<'_>, id: &str) -> Result<bool> {
    let tenant = tx.tenant().to_owned();
    let row = tx.query_opt(
        sql("select * from session where tenant = $1 and id = $2 and closed_at is null"),
        &[tenant.into(), id.into()],
    )?;
    let Some(row) = row else { return Ok(false) };
    let open = Stored::from_row(&SESSION, &row)?;
    let person = row.text("person")?.to_owned();
    let closed = open.with([("closed_at", tx.now().0.into())]);
    tx.update(&SESSION, Some(&person), "session.closed", &open, closed)?;
    Ok(true)
}

fn actor_if_active(kernel: &Kernel, tenant: &str, person: &str, via: Via) -> Result<Option<Actor>> {
    match actor(kernel, tenant, person, via) {
        Ok(actor) => Ok(Some(actor)),
        Err(error) if error.refusal().is_some_and(|refusal| refusal.kind == RefusalKind::Unauthenticated) => Ok(None),
        Err(error) => Err(error),
    }
}

fn actor(kernel: &Kernel, tenant: &str, person: &str, via: Via) -> Result<Actor> {
    let rows = kernel.database().query(
        sql(
            "select p.login, p.pd_name, p.zone, p.active, c.must_change from person p
             left join credential c on c.tenant = p.tenant and c.id = p.id
             where p.tenant = $1 and p.id = $2",
        ),
        &[tenant.into(), person.into()],
    )?;
    let row = rows.first().ok_or_else(|| Error::unauthenticated("signed_out", "You are no longer signed in."))?;
    if !row.bool("active")? {
        return Err(Error::unauthenticated("signed_out", "You are no longer signed in."));
    }
    let login = row.text("login")?.to_owned();
    let must_change = match row.value("must_change")? {
        Value::Null => false,
        _ => row.bool("must_change")?,
    };
    Ok(Actor {
        tenant: tenant.to_owned(),
        person: person.to_owned(),
        name: row.opt_text("pd_name")?.map_or_else(|| login.clone(), str::to_owned),
        login,
        zone: row.text("zone")?.to_owned(),
        via,
        must_change_password: must_change,
    })
}

/// Checks a password for a user name and answers the person's identifier. Counts failures by user
/// name, known or not, and makes an account wait after too many; says nothing about which part was
/// wrong.
pub(crate) fn check_password(kernel: &Kernel, tenant: &str, login: &str, secret: &str, purpose: &str) -> Result<String> {
    let subject = base::text::fold(login.trim());
    if subject.chars().count() > base::limits::LOGIN_CHARS || secret.len() > PASSWORD_BYTES_MAX {
        return Err(wrong());
    }
    let now = kernel.now();
    let failures = failures_of(kernel, tenant, &subject)?;
    if let Some(wait) = wait_seconds(failures, now) {
        return Err(too_many(wait));
    }
    let rows = kernel.database().query(
        sql(
            "select p.id, c.sec_hash from person p join credential c on c.tenant = p.tenant and c.id = p.id
             where p.tenant = $1 and p.login_fold = $2 and p.active",
        ),
        &[tenant.into(), subject.as_str().into()],
    )?;
    let known = rows.first();
    let hash = known.map(|row| row.text("sec_hash").map(str::to_owned)).transpose()?;
    let good = password::verify(hash.as_deref(), secret, &kernel.hashing())?;
    match known {
        Some(row) if good => {
            if failures.is_some() {
                let (tenant, subject) = (tenant.to_owned(), counted_as(&subject));
                kernel.housekeeping(move |tx| {
                    tx.execute(
                        sql("delete from sign_in_failure where tenant = $1 and subject = $2"),
                        &[tenant.as_str().into(), subject.as_str().into()],
                    )
                })?;
            }
            Ok(row.text("id")?.to_owned())
        }
        _ => {
            note_failure(kernel, tenant, &subject, now)?;
            let person = known.map(|row| row.text("id").map(str::to_owned)).transpose()?;
            let count = failures.map_or(0, |(count, _)| count) + 1;
            note_security(kernel, tenant, WRONG_SECRET, person.as_deref(), &format!("wrong user name or password at {purpose}, failure {count}"))?;
            Err(wrong())
        }
    }
}

/// Under what the failures of a user name are counted: not the name itself, because now and then
/// somebody types a password into its field.
fn counted_as(subject: &str) -> String {
    Digest::of(format!("sign-in\n{subject}").as_bytes()).hex()
}

const WRONG_SECRET: &str = "wrong_secret";

fn wrong() -> Error {
    Error::unauthenticated(WRONG_SECRET, "User name or password is wrong.")
}

fn too_many(wait_seconds: i64) -> Error {
    Refusal::new(RefusalKind::TooMany, "too_many_attempts", "Too many wrong attempts for this user name.")
        .advise(format!("Try again in {} minutes.", (wait_seconds + 59) / 60))
        .retry_after(wait_seconds.max(1).unsigned_abs())
        .into()
}

fn failures_of(kernel: &Kernel, tenant: &str, subject: &str) -> Result<Option<(i64, Timestamp)>> {
    let rows = kernel.database().query(
        sql("select failures, last_at from sign_in_failure where tenant = $1 and subject = $2"),
        &[tenant.into(), counted_as(subject).into()],
    )?;
    rows.first().map(|row| Ok((row.int("failures")?, Timestamp(row.int("last_at")?)))).transpose()
}

/// How long the account must still wait, in seconds.
fn wait_seconds(failures: Option<(i64, Timestamp)>, now: Timestamp) -> Option<i64> {
    let (count, last) = failures?;
    if count < SIGN_IN_FAILURES as i64 {
        return None;
    }
    let until = last.plus_seconds(SIGN_IN_WAIT_SECONDS);
    (now < until).then(|| (until.0 - now.0) / 1_000_000)
}

fn note_failure(kernel: &Kernel, tenant: &str, subject: &str, now: Timestamp) -> Result<()> {
    let (tenant, subject) = (tenant.to_owned(), counted_as(subject));
    kernel.housekeeping(move |tx| {
        // After a served wait the count begins anew.
        tx.execute(
            sql(
                "insert into sign_in_failure (tenant, subject, failures, last_at) values ($1, $2, 1, $3)
                 on conflict (tenant, subject) do update set
                 failures = case when sign_in_failure.last_at < $4 then 1 else sign_in_failure.failures + 1 end,
                 last_at = excluded.last_at",
            ),
            &[
                tenant.as_str().into(),
                subject.as_str().into(),
                now.0.into(),
                now.plus_seconds(-SIGN_IN_WAIT_SECONDS).0.into(),
            ],
        )
    })?;
    Ok(())
}

/// Records an attempt that was refused, in the trail.
pub(crate) fn note_security(kernel: &Kernel, tenant: &str, what: &str, person: Option<&str>, detail: &str) -> Result<()> {
    let (what, person, detail) = (what.to_owned(), person.map(str::to_owned), detail.to_owned());
    let actor = person.clone().unwrap_or_else(|| "unknown".to_owned());
    kernel.inside(tenant, &actor, "security.note", move |tx| notice(tx, &what, person.as_deref(), &detail))
}

/// Notes a security event in an open transaction.
pub(crate) fn notice(tx: &mut WriteTx<'_>, what: &str, person: Option<&str>, detail: &str) -> Result<()> {
    let row = values([
        ("id", tx.new_id().into()),
        ("what", what.into()),
        ("person", person.map(str::to_owned).into()),
        ("detail", detail.into()),
        ("noticed_at", tx.now().0.into()),
    ]);
    tx.insert(&SECURITY_EVENT, person, "security.noticed", row)
}

/// The secret at a signature. Whoever gives it wrong too often loses the session as well, and the
/// administrators are told at once (21 CFR 11.300(d)): a session left open is what a guesser sits at.
pub(crate) fn check_secret_at_signature(kernel: &Kernel, actor: &Actor, secret: &str) -> Result<()> {
    let error = match check_password(kernel, actor.tenant(), actor.login(), secret, "signature") {
        Ok(_) => return Ok(()),
        Err(error) => error,
    };
    let was_wrong = error.refusal().is_some_and(|refusal| refusal.code == WRONG_SECRET);
    let failures = failures_of(kernel, actor.tenant(), &base::text::fold(actor.login()))?;
    match wait_seconds(failures, kernel.now()) {
        Some(wait) if was_wrong => {
            end_for_guessing(kernel, actor)?;
            Err(too_many(wait))
        }
        _ => Err(error),
    }
}

/// What an administrator is asked to do about guessing at signatures.
const LOOK_INTO_GUESSING: &str = "Find out who gave wrong passwords at signatures of this person";

fn end_for_guessing(kernel: &Kernel, actor: &Actor) -> Result<()> {
    let (tenant, person, session) = (actor.tenant().to_owned(), actor.person().to_owned(), actor.session().map(str::to_owned));
    tracing::warn!(person, "too many wrong secrets at signatures; the session was ended");
    kernel.inside(actor.tenant(), actor.person(), "security.end_session", move |tx| {
        if let Some(session) = &session {
            close(tx, session)?;
        }
        notice(tx, "guessing_at_signature", Some(&person), "too many wrong passwords at signatures; the session was ended")?;
        let known = obligation::of_record(tx, &tenant, &person)?;
        if known.iter().any(|known| known.state == "open" && known.task == LOOK_INTO_GUESSING) {
            return Ok(());
        }
        let record = record::get(tx, &tenant, &person)?;
        let today = crate::place::date_in_days(tx, &record, 0)?;
        let told = obligation::New { role: Some("administrator".to_owned()), site: None, due_date: Some(today), ..obligation::New::about(&record, "act", LOOK_INTO_GUESSING) };
        obligation::raise(tx, told).map(|_| ())
    })
}

/// Whether the next signature in this session needs user name and password
/// (21 CFR 11.200(a)(1)(i) and (ii)).
pub(crate) fn needs_both_components(tx: &mut dyn Read, tenant: &str, session: &str, now: Timestamp) -> Result<bool> {
    let row = tx.query_opt(
        sql("select signed_at from session_activity where tenant = $1 and session = $2"),
        &[tenant.into(), session.into()],
    )?;
    let last = row.map(|row| row.opt_int("signed_at")).transpose()?.flatten();
    Ok(is_series_over(last.map(Timestamp), now))
}

pub(crate) fn note_signing(kernel: &Kernel, tenant: &str, session: &str, now: Timestamp) -> Result<()> {
    let (tenant, session) = (tenant.to_owned(), session.to_owned());
    kernel.housekeeping(move |tx| {
        tx.execute(
            sql("update session_activity set signed_at = $1, seen_at = $1 where tenant = $2 and session = $3"),
            &[now.0.into(), tenant.as_str().into(), session.as_str().into()],
        )
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frs_ses_003_an_account_waits_after_too_many_failures_and_not_for_ever() {
        let last = Timestamp(1_000_000_000_000);
        let at_limit = SIGN_IN_FAILURES as i64;
        assert_eq!(wait_seconds(None, last), None);
        assert_eq!(wait_seconds(Some((at_limit - 1, last)), last), None);
        assert_eq!(wait_seconds(Some((at_limit, last)), last), Some(SIGN_IN_WAIT_SECONDS));
        assert_eq!(wait_seconds(Some((at_limit, last)), last.plus_seconds(SIGN_IN_WAIT_SECONDS)), None);
    }

    #[test]
    fn frs_sig_003_a_series_of_signatures_does_not_outlast_a_quiet_time() {
        let last = Timestamp(1_000_000_000_000);
        assert!(is_series_over(None, last));
        assert!(!is_series_over(Some(last), last.plus_seconds(base::limits::SIGNING_IDLE_SECONDS)));
        assert!(is_series_over(Some(last), last.plus_seconds(base::limits::SIGNING_IDLE_SECONDS + 1)));
    }
}
