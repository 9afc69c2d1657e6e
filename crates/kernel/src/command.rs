//! The one door: every change, from page, API, CLI, job or import, is a command run here.
//!
//! Order: re-authenticate a signature (slow hashing, outside) → take the transaction → look the
//! idempotency key up → authorise → run (versions, rules, holds, challenge; rows and events) →
//! store the key → seal the trail, last → commit. The whole is repeated on a passing fault of the
//! database, so a command has no effect outside it.

mod input;

pub use input::{InputField, InputSort, check_shape, flag_of, int_of, needs, opt_text_of, takes, text_of};

use crate::authority::{self, Actor, Permit};
use crate::catalog::Catalog;
use crate::record::Record;
use crate::signature::{Proof, SigningInput, SigningSubject};
use crate::trail::{Header, WriteTx};
use crate::{Kernel, configuration, evidence, present, signature};
use base::{Digest, Error, Result, Timestamp};
use db::{Read, Tx, sql};
use serde::Serialize;
use serde_json::Value as Json;
use std::sync::Arc;
use std::time::Instant;

/// A command as declared.
#[derive(Clone)]
pub struct CommandDef {
    /// `record.create`, `lms.read_and_sign`.
    pub name: &'static str,
    pub label: &'static str,
    /// The requirement that asks for it.
    pub requirement: &'static str,
    /// Roles that may run it where the permission is the command's own name.
    pub roles: &'static [&'static str],
    pub input: Vec<InputField>,
    /// Which permission the input asks for, and at which site.
    pub needs: fn(&mut dyn Read, &Catalog, &Actor, &Json) -> Result<Needed>,
    /// Slow or outside work before the transaction: hashing, parsing a file. Answers the input
    /// that `run` works with.
    pub prepare: Option<PrepareFn>,
    pub run: fn(&mut WriteTx<'_>, &Permit, &Json, Option<&Proof>) -> Result<Json>,
    /// For a signed command: what exactly is signed, or `None` when this input needs no signature.
    pub signs: Option<SignsFn>,
}

impl CommandDef {
    /// What a declaration starts from: it is refused to everybody until it says what it needs.
    pub fn base() -> Self {
        Self {
            name: "",
            label: "",
            requirement: "",
            roles: &[],
            input: Vec::new(),
            needs: |_, _, _, _| Err(Error::Internal(String::new())),
            prepare: None,
            run: |_, _, _, _| Err(Error::Internal(String::new())),
            signs: None,
        }
    }
}

pub type PrepareFn = fn(&Kernel, &Actor, &Json) -> Result<Json>;

/// A prepared input may carry, under this name, an object that is added to the first answer and
/// stored nowhere: a token that is shown once.
pub const SHOWN_ONCE: &str = "_shown_once";

/// Inputs that are secrets or personal data: never part of the digest a repeated request is compared
/// with, which stays for ever.
const SECRET_INPUTS: [&str; 3] = ["password", "current_password", "personal"];

/// Says what a signed command signs.
pub type SignsFn = fn(&mut dyn Read, &Catalog, &Permit, &Json) -> Result<Option<SigningSubject>>;

/// The permission a command asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Needed {
    pub permission: String,
    pub site: Option<String>,
    /// The record it works on: whoever may not see it is told that it does not exist.
    pub record: Option<Box<Record>>,
    /// A role at a single site is not enough: what is done counts at every site.
    pub everywhere: bool,
    /// What is said to whoever may not see the record; the same as where there is nothing at all.
    pub missing: &'static str,
}

const MISSING: &str = "There is no such record.";

impl Needed {
    pub fn of(permission: impl Into<String>) -> Self {
        Self { permission: permission.into(), site: None, record: None, everywhere: false, missing: MISSING }
    }

    /// On a record, at its site.
    pub fn on(permission: impl Into<String>, record: Record) -> Self {
        Self { permission: permission.into(), site: record.site.clone(), record: Some(Box::new(record)), everywhere: false, missing: MISSING }
    }

    /// For a command that is asked for by something else than the record itself.
    pub fn or_missing(self, missing: &'static str) -> Self {
        Self { missing, ..self }
    }

    /// At one site, or with a role that counts everywhere where there is none.
    pub fn within(permission: impl Into<String>, site: Option<&str>) -> Self {
        Self { everywhere: site.is_none(), ..Self::at(permission, site) }
    }

    pub fn at(permission: impl Into<String>, site: Option<&str>) -> Self {
        Self { permission: permission.into(), site: site.map(str::to_owned), record: None, everywhere: false, missing: MISSING }
    }
}

/// A command as sent.
#[derive(Debug, Clone)]
pub struct Request {
    pub command: String,
    pub input: Json,
    /// Made by the client; the same key again gives the same answer and changes nothing.
    pub idempotency_key: String,
    pub reason: Option<String>,
    pub signing: Option<SigningInput>,
}

impl Request {
    pub fn new(command: &str, input: Json, idempotency_key: impl Into<String>) -> Self {
        Self { command: command.to_owned(), input, idempotency_key: idempotency_key.into(), reason: None, signing: None }
    }

    pub fn because(mut self, reason: &str) -> Self {
        self.reason = Some(reason.to_owned());
        self
    }

    pub fn signed(mut self, signing: SigningInput) -> Self {
        self.signing = Some(signing);
        self
    }
}

/// What a command answered.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outcome {
    /// The transaction in the trail.
    pub tx: String,
    pub result: Json,
    /// The answer was given before to the same idempotency key; nothing was changed now.
    pub repeated: bool,
}

/// Runs a command for an actor.
pub fn execute(kernel: &Kernel, actor: &Actor, request: &Request) -> Result<Outcome> {
    let catalog = kernel.catalog()?;
    let definition = catalog
        .command(&request.command)
        .ok_or_else(|| Error::invalid("command", "unknown_command", format!("there is no command “{}”", request.command)))?;
    check_shape(definition, &request.input)?;
    check_request(request)?;
    if actor.must_change_password() && definition.name != "password.change" {
        return Err(Error::forbidden("password_must_change", "Choose your own password first: the present one was set by somebody else."));
    }
    evidence::check_open_for_writing(kernel, actor.tenant(), request)?;
    present::check_in_step(kernel)?;
    let digest = request_digest(request);
    // What was answered before is answered so again, even where the secret that came with it is no
    // longer good: the password it replaced, a challenge that has been used.
    if (definition.prepare.is_some() || request.signing.is_some())
        && let Some(earlier) = answered_before(kernel, actor, request, &digest)?
    {
        return Ok(earlier);
    }
    match attempt(kernel, &catalog, definition, actor, request, &digest) {
        // The same request sent twice at once: what refused the second may be what the first did.
        Err(error @ Error::Refused(_)) => answered_before(kernel, actor, request, &digest).ok().flatten().ok_or(error),
        outcome => outcome,
    }
}

fn attempt(kernel: &Kernel, catalog: &Arc<Catalog>, definition: &CommandDef, actor: &Actor, request: &Request, digest: &str) -> Result<Outcome> {
    let proof = match (&definition.signs, &request.signing) {
        (Some(_), Some(signing)) => Some(signature::prove(kernel, actor, signing)?),
        _ => None,
    };
    let prepared = match definition.prepare {
        Some(prepare) => {
            refuse_early(kernel, catalog, definition, actor, request)?;
            prepare(kernel, actor, &request.input)?
        }
        None => request.input.clone(),
    };
    let shown_once = prepared.get(SHOWN_ONCE).cloned();
    let work = Arc::new(Work { kernel: kernel.clone(), actor: actor.clone(), request: request.clone(), prepared, proof, digest: digest.to_owned() });
    for _ in 0..base::limits::COMMAND_TRIES {
        let attempt = Arc::clone(&work);
        match kernel.database().write(move |tx| attempt.run(tx)) {
            // Whether an unanswered commit happened is what the key is for: the next turn finds it.
            Err(Error::InDoubt(_) | Error::Transient(_)) => {}
            Ok((mut outcome, taken)) => {
                if let Some(taken) = taken {
                    kernel.chain_held().ended(taken);
                }
                if let (false, Some(Json::Object(shown)), Some(result)) = (outcome.repeated, shown_once, outcome.result.as_object_mut()) {
                    result.extend(shown);
                }
                return Ok(outcome);
            }
            // On PostgreSQL the same request may run twice at once: the one that comes second is refused
            // for what the first has done, and its answer is the first one's.
            Err(Error::Refused(refusal)) => return answered_before(kernel, actor, request, &work.digest)?.ok_or(Error::Refused(refusal)),
            Err(error) => return Err(error),
        }
    }
    Err(base::Refusal::new(base::RefusalKind::Unavailable, "busy", "The database was busy or changing over; nothing was changed.")
        .advise("Send the same request again with the same idempotency key.")
        .into())
}

fn answered_before(kernel: &Kernel, actor: &Actor, request: &Request, digest: &str) -> Result<Option<Outcome>> {
    let (actor, request, digest) = (actor.clone(), request.clone(), digest.to_owned());
    kernel.database().read(move |tx| {
        authority::still_in(tx, &actor)?;
        earlier_outcome(tx, &actor, &request, &digest)
    })
}

/// Slow work is done for those only who may run the command; what counts is asked again inside.
fn refuse_early(kernel: &Kernel, catalog: &Arc<Catalog>, definition: &CommandDef, actor: &Actor, request: &Request) -> Result<()> {
    let (catalog, needs, actor, input) = (Arc::clone(catalog), definition.needs, actor.clone(), request.input.clone());
    kernel.database().read(move |tx| {
        authority::still_in(tx, &actor)?;
        let needed = needs(tx, &catalog, &actor, &input)?;
        authority::authorise(tx, &catalog, &actor, &needed).map(|_| ())
    })
}

struct Work {
    kernel: Kernel,
    actor: Actor,
    request: Request,
    /// The input after `prepare`.
    prepared: Json,
    proof: Option<Proof>,
    digest: String,
}

impl Work {
    /// What came of it, and when the chain was taken where something was written.
    fn run(&self, tx: &mut Tx) -> Result<(Outcome, Option<Instant>)> {
        let (actor, request) = (&self.actor, &self.request);
        if let Some(earlier) = earlier_outcome(tx, actor, request, &self.digest)? {
            return Ok((earlier, None));
        }
        let catalog = configuration::current(&self.kernel, tx, &actor.tenant)?;
        let definition = catalog.command(&request.command).ok_or_else(|| Error::internal("command vanished"))?.clone();
        authority::still_in(tx, actor)?;
        let needed = (definition.needs)(tx, &catalog, actor, &request.input)?;
        let permit = authority::authorise(tx, &catalog, actor, &needed)?;
        let now = self.kernel.now();
        let proof = self.bound_proof(tx, &catalog, &definition, &permit, now)?;
        let header = Header {
            tenant: actor.tenant.clone(),
            tx: self.kernel.ids().next_id(now),
            at: now,
            actor: actor.person.clone(),
            command: request.command.clone(),
            reason: clean_reason(request)?,
            software: crate::SOFTWARE.to_owned(),
            configuration: catalog.revision,
            chain: self.kernel.chain_for(&request.idempotency_key),
        };
        let tx_id = header.tx.clone();
        let mut write = WriteTx::new(tx, header, catalog, self.kernel.ids());
        let result = (definition.run)(&mut write, &permit, &self.prepared, proof.as_ref())?;
        if !write.has_events() {
            return Err(Error::internal(format!("command {} wrote no event", request.command)));
        }
        write.derived(
            sql(
                "insert into command_done (tenant, key, actor, command, request, tx, result, done_at)
                 values ($1, $2, $3, $4, $5, $6, $7, $8)",
            ),
            &[
                actor.tenant.as_str().into(),
                request.idempotency_key.as_str().into(),
                actor.person.as_str().into(),
                request.command.as_str().into(),
                self.digest.as_str().into(),
                tx_id.as_str().into(),
                result.to_string().into(),
                now.0.into(),
            ],
        )?;
        let taken = write.seal()?;
        self.kernel.present().written(now);
        Ok((Outcome { tx: tx_id, result, repeated: false }, Some(taken)))
    }

    /// Binds the proof to what is signed as the database says now: anything else than what the
    /// person saw is refused here, in the transaction.
    fn bound_proof(&self, tx: &mut Tx, catalog: &Catalog, definition: &CommandDef, permit: &Permit, now: Timestamp) -> Result<Option<Proof>> {
        let Some(signs) = definition.signs else { return Ok(None) };
        if let Some(proof) = &self.proof {
            signature::check_unused(tx, proof)?;
        }
        let Some(subject) = signs(tx, catalog, permit, &self.request.input)? else { return Ok(None) };
        let Some(proof) = &self.proof else {
            return Err(base::Refusal::new(
                base::RefusalKind::Unauthenticated,
                "signature_needed",
                format!("This needs your signature: “{}”.", subject.meaning),
            )
            .advise("Ask for a signing challenge, read what it shows, and send it with your password.")
            .into());
        };
        signature::check_binding(tx, &self.actor, proof, &subject, now)?;
        Ok(Some(proof.clone()))
    }
}

fn earlier_outcome(tx: &mut dyn Read, actor: &Actor, request: &Request, digest: &str) -> Result<Option<Outcome>> {
    let row = tx.query_opt(
        sql("select actor, request, tx, result from command_done where tenant = $1 and key = $2"),
        &[actor.tenant.as_str().into(), request.idempotency_key.as_str().into()],
    )?;
    let Some(row) = row else { return Ok(None) };
    if row.text("actor")? != actor.person || row.text("request")? != digest {
        return Err(Error::conflict("idempotency_key_reused", "This idempotency key was used for another request."));
    }
    let result = serde_json::from_str(row.text("result")?).map_err(Error::internal)?;
    Ok(Some(Outcome { tx: row.text("tx")?.to_owned(), result, repeated: true }))
}

fn check_request(request: &Request) -> Result<()> {
    let key = &request.idempotency_key;
    if key.is_empty() || key.chars().count() > base::limits::IDEMPOTENCY_KEY_CHARS || key.chars().any(char::is_control) {
        return Err(Error::invalid(
            "idempotency_key",
            "bad_idempotency_key",
            format!("an idempotency key has 1 to {} characters", base::limits::IDEMPOTENCY_KEY_CHARS),
        ));
    }
    clean_reason(request).map(|_| ())
}

fn clean_reason(request: &Request) -> Result<Option<String>> {
    request.reason.as_deref().map(|reason| base::text::clean_block("reason", reason, base::limits::REASON_CHARS)).transpose()
}

/// What the idempotency key is compared with: the request without its secret.
fn request_digest(request: &Request) -> String {
    let reason = request.reason.as_deref().unwrap_or("");
    let mut input = request.input.clone();
    if let Some(object) = input.as_object_mut() {
        SECRET_INPUTS.iter().for_each(|name| {
            object.remove(*name);
        });
    }
    Digest::of(format!("{}\n{input}\n{reason}", request.command).as_bytes()).hex()
}
