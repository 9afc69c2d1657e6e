//! Electronic signatures (21 CFR 11.50, 11.70, 11.100, 11.200, 11.300).
//!
//! The signer is shown what is signed and gets a challenge bound to it: person, session, record,
//! version, content digest, step, meaning. The challenge comes back with the secret; what it is
//! bound to is compared with the database inside the transaction that writes the signature.

use crate::authority::{self, Actor, Via};
use crate::catalog::Catalog;
use crate::command;
use crate::record::{self, Record};
use crate::session;
use crate::table::{SIGNATURE, values};
use crate::trail::WriteTx;
use crate::{Kernel, evidence, person, present};
use base::limits::{CHALLENGE_CHARS, CHALLENGE_SECONDS, SIGNING_IDLE_SECONDS};
use base::time::ShownIn;
use base::{Error, Refusal, RefusalKind, Result, Timestamp, hex};
use db::{Query, Read, Row, sql};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use sha2::Sha256;
use std::collections::BTreeMap;

#[cfg(test)]
mod tests;

/// What the signer sends with the command.
#[derive(Clone)]
pub struct SigningInput {
    pub challenge: String,
    /// The user name; needed at the first signing of a session and after a quiet time.
    pub login: Option<String>,
    pub password: String,
}

impl std::fmt::Debug for SigningInput {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("SigningInput { .. }")
    }
}

/// What exactly is signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SigningSubject {
    pub record: String,
    pub version: i64,
    pub digest: String,
    pub step: String,
    /// The meaning of the signature; it comes from the step, never from the client.
    pub meaning: String,
    pub role: String,
    /// The obligation that the signature fulfils, where there is one.
    pub obligation: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Challenge {
    tenant: String,
    person: String,
    session: String,
    subject: SigningSubject,
    nonce: String,
    until: Timestamp,
}

/// Proof that the person behind the session gave their secret for this subject. Made only by
/// [`prove`].
#[derive(Debug, Clone)]
pub struct Proof {
    challenge: Challenge,
    printed_name: String,
    zone: String,
}

/// A challenge as shown to the signer.
#[derive(Debug, Clone)]
pub struct Shown {
    pub token: String,
    pub subject: SigningSubject,
    pub record: Record,
    /// Both components are asked for: first signing of the session, or after a quiet time.
    pub needs_login: bool,
}

/// A signature as given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Given {
    pub id: String,
    pub record: String,
    pub version: i64,
    pub digest: String,
    pub step: String,
    pub meaning: String,
    pub role: String,
    pub person: String,
    pub printed_name: String,
    pub zone: String,
    pub signed_at: Timestamp,
    /// How the time was shown to the signer, in seconds ahead of UTC and the zone's short name.
    pub utc_offset: Option<i64>,
    pub zone_shown: Option<String>,
}

impl Given {
    /// Name, time with zone, meaning: the three that every human-readable form shows (11.50).
    pub fn manifestation(&self) -> String {
        format!("{}, {}: {}", self.printed_name, self.shown_at(), self.meaning)
    }

    /// The time with its zone as it was when it was signed; what is older than that was kept is shown
    /// by the rules of now.
    pub fn shown_at(&self) -> String {
        let shown = match (self.utc_offset.map(i32::try_from), &self.zone_shown) {
            (Some(Ok(utc_offset)), Some(zone)) => ShownIn { utc_offset, zone: zone.clone() }.display(self.signed_at),
            _ => self.signed_at.display_in(&self.zone),
        };
        shown.unwrap_or_else(|_| self.signed_at.to_rfc3339())
    }

    fn from_row(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.text("id")?.to_owned(),
            record: row.text("record")?.to_owned(),
            version: row.int("version")?,
            digest: row.text("digest")?.to_owned(),
            step: row.text("step")?.to_owned(),
            meaning: row.text("meaning")?.to_owned(),
            role: row.text("role")?.to_owned(),
            person: row.text("person")?.to_owned(),
            printed_name: row.text("printed_name")?.to_owned(),
            zone: row.text("zone")?.to_owned(),
            signed_at: Timestamp(row.int("signed_at")?),
            utc_offset: row.opt_int("utc_offset")?,
            zone_shown: row.opt_text("zone_shown")?.map(str::to_owned),
        })
    }
}

/// Makes the challenge for a command that will be signed.
pub fn challenge(kernel: &Kernel, actor: &Actor, command_name: &str, input: &Json) -> Result<Shown> {
    let session = match &actor.via {
        Via::Session { id } => id.clone(),
        _ => return Err(Error::forbidden("signing_needs_a_person", "Only a signed-in person can sign; tokens cannot.")),
    };
    present::check_for_signing(kernel, actor.tenant())?;
    let catalog = kernel.catalog()?;
    let definition = catalog
        .command(command_name)
        .ok_or_else(|| Error::invalid("command", "unknown_command", format!("there is no command “{command_name}”")))?
        .clone();
    command::check_shape(&definition, input)?;
    let signs = definition.signs.ok_or_else(|| Error::invalid("command", "not_signed", "this command is not signed"))?;
    let now = kernel.now();
    let (actor_here, input, signing_session) = (actor.clone(), input.clone(), session.clone());
    let (subject, record, needs_login) = kernel.database().read(move |tx| {
        let needed = (definition.needs)(tx, &catalog, &actor_here, &input)?;
        let permit = authority::authorise(tx, &catalog, &actor_here, &needed)?;
        let subject = signs(tx, &catalog, &permit, &input)?
            .ok_or_else(|| Error::invalid("input", "not_signed", "this needs no signature"))?;
        let record = record::get(tx, actor_here.tenant(), &subject.record)?;
        evidence::refuse_damaged(tx, &record, "")?;
        let needs_login = session::needs_both_components(tx, actor_here.tenant(), &signing_session, now)?;
        Ok((subject, record, needs_login))
    })?;
    let made = Challenge {
        tenant: actor.tenant.clone(),
        person: actor.person.clone(),
        session,
        subject: subject.clone(),
        nonce: kernel.ids().next_id(now),
        until: now.plus_seconds(CHALLENGE_SECONDS),
    };
    Ok(Shown { token: seal(kernel, &made)?, subject, record, needs_login })
}

/// Verifies challenge and secret. Runs outside the transaction, because hashing is slow on purpose.
pub(crate) fn prove(kernel: &Kernel, actor: &Actor, signing: &SigningInput) -> Result<Proof> {
    let Via::Session { id: session } = &actor.via else {
        return Err(Error::forbidden("signing_needs_a_person", "Only a signed-in person can sign; tokens cannot."));
    };
    present::check_for_signing(kernel, actor.tenant())?;
    let challenge = open(kernel, &signing.challenge)?;
    if challenge.person != actor.person || challenge.session != *session || challenge.tenant != actor.tenant {
        session::note_security(kernel, actor.tenant(), "signing_for_another", Some(&actor.person), "a challenge of another session was sent")?;
        return Err(Error::forbidden("challenge_of_another", "This signing challenge was made for somebody else."));
    }
    let now = kernel.now();
    let (tenant, id, asked) = (actor.tenant.clone(), session.clone(), challenge.clone());
    let needs_login = kernel.database().read(move |tx| {
        refuse_used(tx, &asked)?;
        session::needs_both_components(tx, &tenant, &id, now)
    })?;
    if challenge.until < now {
        return Err(expired());
    }
    match &signing.login {
        None if needs_login => {
            return Err(Refusal::new(RefusalKind::Unauthenticated, "both_components_needed", "The first signature of a session needs user name and password.")
                .at("login")
                .into());
        }
        Some(login) if base::text::fold(login.trim()) != base::text::fold(&actor.login) => {
            session::note_security(kernel, actor.tenant(), "signing_as_another", Some(&actor.person), "another user name was given at a signature")?;
            return Err(Error::forbidden("not_your_session", "You are signed in as somebody else; only the person who is signed in can sign."));
        }
        _ => {}
    }
    session::check_secret_at_signature(kernel, actor, &signing.password)?;
    session::note_signing(kernel, actor.tenant(), session, now)?;
    Ok(Proof { challenge, printed_name: actor.name.clone(), zone: actor.zone.clone() })
}

fn expired() -> Error {
    Error::conflict("challenge_expired", "The signing challenge is older than five minutes; read the record again and sign then.")
}

fn for_something_else() -> Error {
    Error::invalid("challenge", "challenge_for_something_else", "This signing challenge was made for another record or meaning.")
}

fn refuse_used(tx: &mut dyn Read, challenge: &Challenge) -> Result<()> {
    let used = tx.query_opt(
        sql("select id from signature where tenant = $1 and challenge = $2"),
        &[challenge.tenant.as_str().into(), challenge.nonce.as_str().into()],
    )?;
    if used.is_some() {
        return Err(Error::conflict("challenge_used", "This signing challenge was used already."));
    }
    Ok(())
}

/// Refuses a proof whose challenge has signed something: before anything is said about the record,
/// which that signature may have moved on.
pub(crate) fn check_unused(tx: &mut dyn Read, proof: &Proof) -> Result<()> {
    refuse_used(tx, &proof.challenge)
}

/// Compares what the challenge was bound to with what would be signed now.
pub(crate) fn check_binding(tx: &mut dyn Read, actor: &Actor, proof: &Proof, subject: &SigningSubject, now: Timestamp) -> Result<()> {
    let bound = &proof.challenge;
    if bound.person != actor.person {
        return Err(Error::forbidden("challenge_of_another", "This signing challenge was made for somebody else."));
    }
    if bound.until < now {
        return Err(expired());
    }
    if bound.subject.record != subject.record || bound.subject.step != subject.step || bound.subject.meaning != subject.meaning || bound.subject.obligation != subject.obligation {
        return Err(for_something_else());
    }
    if bound.subject.digest != subject.digest || bound.subject.version != subject.version {
        return Err(Refusal::new(RefusalKind::Stale, "content_changed", "The content has changed since you were shown it; nothing was signed.")
            .advise("Read what it says now, then sign.")
            .into());
    }
    if !person::is_identified(tx, &actor.tenant, &actor.person)? {
        return Err(Error::forbidden("identity_not_verified", "Your identity has not been verified yet, so you cannot sign (21 CFR 11.100(b))."));
    }
    Ok(())
}

/// Writes a signature, bound to the record's version and digest. Returns its identifier.
pub fn write(tx: &mut WriteTx<'_>, proof: &Proof, record: &Record, step: &str, meaning: &str, role: &str, obligation: Option<&str>) -> Result<String> {
    let bound = &proof.challenge.subject;
    let same = bound.record == record.id && bound.digest == record.digest && bound.meaning == meaning && bound.step == step;
    if !same {
        // What was compared a moment ago was changed by a signature that came first.
        return Err(for_something_else());
    }
    let open = tx.tx_id().to_owned();
    evidence::refuse_damaged(tx, record, &open)?;
    let id = tx.new_id();
    let shown = tx.now().shown_in(&proof.zone)?;
    let row = values([
        ("id", id.as_str().into()),
        ("record", record.id.as_str().into()),
        ("version", record.version.into()),
        ("digest", record.digest.as_str().into()),
        ("step", step.into()),
        ("meaning", meaning.into()),
        ("role", role.into()),
        ("person", proof.challenge.person.as_str().into()),
        ("printed_name", proof.printed_name.as_str().into()),
        ("zone", proof.zone.as_str().into()),
        ("signed_at", tx.now().0.into()),
        ("challenge", proof.challenge.nonce.as_str().into()),
        ("obligation", obligation.map(str::to_owned).into()),
        ("utc_offset", i64::from(shown.utc_offset).into()),
        ("zone_shown", shown.zone.into()),
    ]);
    tx.insert(&SIGNATURE, Some(&record.id), "signature.given", row)?;
    Ok(id)
}

/// The signatures given for a step on the record's present content, in order of time. A signature
/// on content that has changed since does not count for the step.
pub fn given(tx: &mut dyn Read, record: &Record, step: &str) -> Result<Vec<Given>> {
    let rows = tx.query(
        sql(
            "select * from signature where tenant = $1 and record = $2 and version = $3 and step = $4
             order by signed_at, id",
        ),
        &[record.tenant.as_str().into(), record.id.as_str().into(), record.version.into(), step.into()],
    )?;
    rows.iter().map(Given::from_row).collect()
}

/// All signatures on a record, whatever the version, in order of time: on a document also those of
/// everybody who read it. None is left out: what is missing here would be missing on the copy.
pub fn of_record(tx: &mut dyn Read, tenant: &str, record: &str) -> Result<Vec<Given>> {
    let rows = tx.query(sql("select * from signature where tenant = $1 and record = $2 order by signed_at, id"), &[tenant.into(), record.into()])?;
    rows.iter().map(Given::from_row).collect()
}

/// The signatures on a record's steps, whatever the version, in order of time; without those that
/// fulfil an obligation of one person, such as having read it.
pub fn on_steps(tx: &mut dyn Read, tenant: &str, record: &str) -> Result<Vec<Given>> {
    let rows = tx.query(
        sql("select * from signature where tenant = $1 and record = $2 and obligation is null order by signed_at, id"),
        &[tenant.into(), record.into()],
    )?;
    rows.iter().map(Given::from_row).collect()
}

/// The signatures on many records by record: those on its steps, then those that fulfil an obligation of
/// one person; both in order of time.
pub fn of_records(tx: &mut dyn Read, tenant: &str, records: &[Record]) -> Result<BTreeMap<String, Vec<Given>>> {
    let mut found: BTreeMap<String, Vec<Given>> = BTreeMap::new();
    for part in records.chunks(400) {
        let mut query = Query::with(sql("select * from signature where tenant = $1"), vec![tenant.into()]);
        query.push_list(" and record in", part.iter().map(|record| record.id.as_str().into()).collect());
        query.push(" order by case when obligation is null then 0 else 1 end, signed_at, id");
        for row in tx.run(&query)? {
            let given = Given::from_row(&row)?;
            found.entry(given.record.clone()).or_default().push(given);
        }
    }
    Ok(found)
}

pub fn find(tx: &mut dyn Read, tenant: &str, id: &str) -> Result<Option<Given>> {
    let row = tx.query_opt(sql("select * from signature where tenant = $1 and id = $2"), &[tenant.into(), id.into()])?;
    row.map(|row| Given::from_row(&row)).transpose()
}

/// Whether the person wrote any part of this revision's content.
pub fn is_author(tx: &mut dyn Read, record: &Record, person: &str) -> Result<bool> {
    let row = tx.query_opt(
        sql(
            "select ord from event where tenant = $1 and subject = $2 and subject_table = 'record' and actor = $3
             and action in ('record.created', 'record.revised', 'record.edited', 'record.detail_changed') limit 1",
        ),
        &[record.tenant.as_str().into(), record.id.as_str().into(), person.into()],
    )?;
    Ok(row.is_some())
}

/// Whether the quiet time since the last signature asks for both components again.
pub(crate) fn is_series_over(last_signed: Option<Timestamp>, now: Timestamp) -> bool {
    last_signed.is_none_or(|last| last.plus_seconds(SIGNING_IDLE_SECONDS) < now)
}

fn seal(kernel: &Kernel, challenge: &Challenge) -> Result<String> {
    let text = serde_json::to_vec(challenge).map_err(Error::internal)?;
    let mac = authenticator(kernel, &challenge.tenant, &text)?.finalize().into_bytes();
    Ok(format!("{}.{}", hex::encode(&text), hex::encode(&mac)))
}

fn open(kernel: &Kernel, token: &str) -> Result<Challenge> {
    let bad = || Error::invalid("challenge", "bad_challenge", "this is no signing challenge of this system");
    let (text, mac) = parts_of(token).ok_or_else(bad)?;
    let challenge: Challenge = serde_json::from_slice(&text).map_err(|_| bad())?;
    authenticator(kernel, &challenge.tenant, &text)?.verify_slice(&mac).map_err(|_| bad())?;
    Ok(challenge)
}

/// The two parts of a challenge, if neither is longer than its limit: whoever sends one has not shown
/// yet who they are.
fn parts_of(token: &str) -> Option<(Vec<u8>, Vec<u8>)> {
    let (text, mac) = token.split_once('.')?;
    Some((hex::decode(text, CHALLENGE_CHARS)?, hex::decode(mac, CHALLENGE_CHARS)?))
}

/// The authenticator of a token for the content origin: 64 hexadecimal characters. The label keeps
/// it from ever standing for a signing challenge.
pub(crate) fn content_authenticator(kernel: &Kernel, tenant: &str, text: &[u8]) -> Result<String> {
    let labelled = [b"content:".as_slice(), text].concat();
    Ok(hex::encode(&authenticator(kernel, tenant, &labelled)?.finalize().into_bytes()))
}

fn authenticator(kernel: &Kernel, tenant: &str, text: &[u8]) -> Result<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(&kernel.secret(tenant, "signing")?).map_err(Error::internal)?;
    mac.update(text);
    Ok(mac)
}

/// What a step command signs; shared by every record, so it lives here rather than in a kind.
pub(crate) fn subject_of_step(tx: &mut dyn Read, catalog: &Catalog, permit: &authority::Permit, input: &Json) -> Result<Option<SigningSubject>> {
    let record = record::seen(tx, permit.viewer(), command::text_of(input, "record")?)?;
    record::edit_check_version(&record, command::int_of(input, "version")?)?;
    let kind = catalog.known_kind(&record.kind)?;
    let name = command::text_of(input, "step")?;
    let Some(step) = kind.find_step(name) else {
        return Err(Error::invalid("step", "unknown_step", format!("{} has no step “{name}”", kind.label)));
    };
    if step.signers.is_empty() || !step.from.contains(&record.state) {
        return Ok(None);
    }
    let slot = record::step::slot_for(tx, catalog, permit, &record, step)?;
    Ok(Some(SigningSubject {
        record: record.id.clone(),
        version: record.version,
        digest: record.digest.clone(),
        step: step.name.clone(),
        meaning: slot.meaning,
        role: slot.role,
        obligation: None,
    }))
}
