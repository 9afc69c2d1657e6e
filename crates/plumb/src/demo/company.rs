//! A company whose people act in order: the driver of the demo and of the story's tests. It does
//! nothing that people could not do: it signs in, sends commands, signs.

use base::{Error, FixedClock, Result};
use kernel::authority::Actor;
use kernel::command::Request;
use kernel::record::Record;
use kernel::signature::{self, SigningInput};
use kernel::{Kernel, MAIN_TENANT, session};
use serde_json::{Value as Json, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Acts for people by their user names.
pub struct Company {
    pub kernel: Kernel,
    /// The story takes weeks; the clock is moved between its scenes.
    pub clock: Arc<FixedClock>,
    password: String,
    keys: AtomicU64,
}

impl Company {
    pub fn new(kernel: Kernel, clock: Arc<FixedClock>, password: &str) -> Self {
        Self { kernel, clock, password: password.to_owned(), keys: AtomicU64::new(0) }
    }

    pub fn password(&self) -> &str {
        &self.password
    }

    pub fn days_pass(&self, days: i64) {
        self.clock.advance_seconds(days * 86_400);
    }

    pub fn minutes_pass(&self, minutes: i64) {
        self.clock.advance_seconds(minutes * 60);
    }

    /// Signs a person in.
    pub fn actor(&self, login: &str) -> Result<Actor> {
        Ok(session::sign_in(&self.kernel, MAIN_TENANT, login, &self.password)?.actor)
    }

    fn key(&self) -> String {
        format!("story-{}", self.keys.fetch_add(1, Ordering::SeqCst))
    }

    /// Runs a command for a person.
    pub fn run(&self, login: &str, command: &str, input: Json) -> Result<Json> {
        self.run_because(login, command, input, "")
    }

    /// Runs a command for a person who gives a reason.
    pub fn run_because(&self, login: &str, command: &str, input: Json, reason: &str) -> Result<Json> {
        let mut request = Request::new(command, input, self.key());
        request.reason = Some(reason.to_owned()).filter(|reason| !reason.is_empty());
        self.minutes_pass(1);
        Ok(self.kernel.execute(&self.actor(login)?, &request)?.result)
    }

    /// Signs a command: reads the challenge, gives user name and password.
    pub fn sign(&self, login: &str, command: &str, input: Json) -> Result<Json> {
        self.minutes_pass(2);
        let actor = self.actor(login)?;
        let shown = signature::challenge(&self.kernel, &actor, command, &input)?;
        let signing = SigningInput { challenge: shown.token, login: Some(login.to_owned()), password: self.password.clone() };
        Ok(self.kernel.execute(&actor, &Request::new(command, input, self.key()).signed(signing))?.result)
    }

    /// Makes a record; answers its identifier.
    pub fn create(&self, login: &str, kind: &str, title: &str, fields: Json, more: Json) -> Result<String> {
        let mut input = json!({ "kind": kind, "title": title, "fields": fields });
        for (name, value) in more.as_object().into_iter().flatten() {
            input[name] = value.clone();
        }
        text(&self.run(login, "record.create", input)?, "id")
    }

    pub fn link(&self, login: &str, source: &str, link: &str, target: &str) -> Result<Json> {
        self.run(login, "link.add", json!({ "record": source, "link": link, "target": target }))
    }

    /// Changes fields of a record as it is now.
    pub fn edit(&self, login: &str, record: &str, fields: Json) -> Result<Json> {
        self.run(login, "record.edit", json!({ "record": record, "version": self.record(record)?.version, "fields": fields }))
    }

    /// Takes an unsigned step.
    pub fn step(&self, login: &str, record: &str, step: &str) -> Result<Json> {
        self.run(login, "record.step", self.step_input(record, step)?)
    }

    /// Signs a step.
    pub fn sign_step(&self, login: &str, record: &str, step: &str) -> Result<Json> {
        self.sign(login, "record.step", self.step_input(record, step)?)
    }

    fn step_input(&self, record: &str, step: &str) -> Result<Json> {
        Ok(json!({ "record": record, "version": self.record(record)?.version, "step": step }))
    }

    /// The record as it is now.
    pub fn record(&self, id: &str) -> Result<Record> {
        let id = id.to_owned();
        self.kernel.database().read(move |tx| kernel::record::get(tx, MAIN_TENANT, &id))
    }

    /// The record of a kind by its number.
    pub fn named(&self, kind: &str, number: &str) -> Result<Record> {
        let (kind_here, number_here) = (kind.to_owned(), number.to_owned());
        let found = self.kernel.database().read(move |tx| kernel::record::find_named(tx, MAIN_TENANT, &kind_here, &number_here))?;
        found.ok_or_else(|| Error::not_found(format!("There is no {kind} {number}.")))
    }

    /// The newest revision of the item a record belongs to.
    pub fn latest(&self, record: &Record) -> Result<Record> {
        let item = record.item.clone();
        let found = self.kernel.database().read(move |tx| kernel::record::latest_of_item(tx, MAIN_TENANT, &item))?;
        found.ok_or_else(|| Error::internal("an item without a record"))
    }

    /// Puts a file into the store; answers its digest.
    pub fn upload(&self, bytes: &[u8]) -> Result<String> {
        Ok(self.kernel.files().put(bytes, base::limits::UPLOAD_BYTES as u64)?.hex())
    }

    /// Today in Bologna, so many days on.
    pub fn date_in(&self, days: i64) -> Result<String> {
        let at = self.kernel.now().plus_seconds(days * 86_400);
        Ok(at.date_in("Europe/Rome")?.to_string())
    }

    /// Lets the work by the clock run, as the server does all the time.
    pub fn work_by_the_clock(&self) -> Result<()> {
        kernel::jobs::run_all(&self.kernel, MAIN_TENANT, "story")
    }
}

/// A text member of an answer.
pub fn text(answer: &Json, name: &str) -> Result<String> {
    answer.get(name).and_then(Json::as_str).map(str::to_owned).ok_or_else(|| Error::internal(format!("the answer has no {name}")))
}
