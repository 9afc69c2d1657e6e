//! The company that is worked in, made over HTTP, and its people's credentials.

use crate::http::{Answer, Client, Sending};
use crate::server::{Program, Server};
use crate::violation;
use base::{Error, Result};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::path::Path;

const PASSWORD: &str = "three blue kettles sing";
/// What the administrator gives out for the first sign-in.
const FIRST_PASSWORD: &str = "given out on the first day";
const ADMINISTRATOR: &str = "administrator";

/// Whoever writes and signs, with their role; each signature is given by somebody else than its author.
const STAFF: [(&str, &str); 6] = [
    ("engineer", "design_engineer"),
    ("quality", "quality_engineer"),
    ("owner", "quality_engineer"),
    ("manager", "quality_manager"),
    ("controller", "document_controller"),
    ("trainer", "training_manager"),
];

#[derive(Debug, Clone, Default)]
struct Credentials {
    cookie: String,
    token: String,
}

/// Who works there, and what all work refers to.
#[derive(Debug, Clone)]
pub struct Company {
    people: BTreeMap<String, Credentials>,
    /// A procedure that courses teach.
    pub procedure: String,
    /// The job function that everybody on the shop floor has.
    pub function: String,
    /// How many people that is: each release trains them all.
    pub operators: usize,
}

/// A company seen through one server.
#[derive(Debug, Clone)]
pub struct Desk {
    pub client: Client,
    pub company: Company,
}

impl Company {
    /// Makes the company on empty data: starts a server, and ends it again.
    pub fn found(program: &Program, log: &Path, operators: usize) -> Result<Self> {
        program.run("init", &["--login", ADMINISTRATOR, "--name", "Ada"], &[("PLUMB_PASSWORD", PASSWORD)])?;
        let server = program.serve(log, &[])?;
        let company = Self { people: BTreeMap::new(), procedure: String::new(), function: String::new(), operators };
        let mut desk = Desk { client: Client::new(&server.origin), company };
        desk.enrol(ADMINISTRATOR, PASSWORD)?;
        let function = desk.create(ADMINISTRATOR, "job_function", &json!({ "title": "Assembler", "number": "ASSEMBLER" }), "function")?;
        for (login, role) in STAFF {
            desk.hire(login, role, &json!({}))?;
            desk.take_password(login)?;
        }
        for number in 0..operators {
            desk.hire(&format!("operator-{number}"), "operator", &json!({ "job_functions": ["ASSEMBLER"] }))?;
        }
        let procedure = desk.create("engineer", "procedure", &procedure_of("What courses teach"), "procedure")?;
        Ok(Self { procedure, function, ..desk.company })
    }

    /// The company seen through a server.
    pub fn through(&self, server: &Server) -> Desk {
        Desk { client: Client::new(&server.origin), company: self.clone() }
    }
}

/// The body of a new procedure.
pub fn procedure_of(title: &str) -> Json {
    json!({ "title": title, "fields": { "purpose": "p", "scope": "s", "body": title, "review_interval_months": 24 } })
}

impl Desk {
    fn person(&self, login: &str) -> Credentials {
        self.company.people.get(login).cloned().unwrap_or_default()
    }

    pub fn by_token(&self, login: &str) -> Vec<(&'static str, String)> {
        vec![("authorization", format!("Bearer {}", self.person(login).token))]
    }

    pub fn by_session(&self, login: &str) -> Vec<(&'static str, String)> {
        vec![("cookie", self.person(login).cookie), ("sec-fetch-site", "same-origin".to_owned())]
    }

    /// What a request that must succeed answered; `None` where no answer came.
    pub fn done(&self, sending: &Sending) -> Result<Option<Answer>> {
        match self.client.send(sending) {
            None => Ok(None),
            // The server says that it could not and did not, or a proxy that it had no answer: nobody
            // is wronged.
            Some(answer) if matches!(answer.status, 502..=504) => Ok(None),
            Some(answer) if answer.is_done() => Ok(Some(answer)),
            Some(answer) => Err(violation(format!("{} {} was answered {}: {}", sending.method, sending.path, answer.status, answer.text()))),
        }
    }

    fn certain(&self, sending: &Sending) -> Result<Json> {
        let answer = self.done(sending)?;
        Ok(answer.ok_or_else(|| Error::internal(format!("{} was not answered", sending.path)))?.json())
    }

    /// What somebody reads by their token, as JSON; `None` where no answer came.
    pub fn get(&self, login: &str, path: &str) -> Result<Option<Json>> {
        Ok(self.done(&Sending::get(path).with(self.by_token(login)))?.map(|answer| answer.json()))
    }

    pub fn command(&self, login: &str, name: &str, input: &Json, key: &str) -> Sending {
        let body = json!({ "input": input, "reason": "soak" });
        Sending::json("POST", format!("/api/v1/commands/{name}"), &body).with(self.by_token(login)).with([("idempotency-key", key.to_owned())])
    }

    pub fn creation(&self, login: &str, kind: &str, body: &Json, key: &str) -> Sending {
        Sending::json("POST", format!("/api/v1/records/{kind}"), body).with(self.by_token(login)).with([("idempotency-key", key.to_owned())])
    }

    fn create(&self, login: &str, kind: &str, body: &Json, key: &str) -> Result<String> {
        Ok(id_of(&self.certain(&self.creation(login, kind, body, key))?))
    }

    fn hire(&self, login: &str, role: &str, more: &Json) -> Result<()> {
        let mut input = json!({ "login": login, "name": format!("{login} of soak"), "zone": "Europe/Rome", "password": FIRST_PASSWORD, "identity_verified": "seen" });
        for (name, value) in more.as_object().into_iter().flatten() {
            input[name] = value.clone();
        }
        self.certain(&self.command(ADMINISTRATOR, "person.create", &input, &format!("hire-{login}")))?;
        self.certain(&self.command(ADMINISTRATOR, "role.grant", &json!({ "person": login, "role": role }), &format!("role-{login}")))?;
        Ok(())
    }

    /// The first sign-in: an own password, a session and a token.
    fn take_password(&mut self, login: &str) -> Result<()> {
        let cookie = self.sign_in(login, FIRST_PASSWORD)?;
        let input = json!({ "input": { "current_password": FIRST_PASSWORD, "password": PASSWORD } });
        let change = Sending::json("POST", "/api/v1/commands/password.change", &input)
            .with([("cookie", cookie), ("sec-fetch-site", "same-origin".to_owned()), ("idempotency-key", format!("password-{login}"))]);
        self.certain(&change)?;
        self.enrol(login, PASSWORD)
    }

    fn enrol(&mut self, login: &str, password: &str) -> Result<()> {
        let cookie = self.sign_in(login, password)?;
        self.company.people.insert(login.to_owned(), Credentials { cookie, token: String::new() });
        let making = Sending::json("POST", "/api/v1/commands/token.create", &json!({ "input": { "name": "soak", "days": 30 } }))
            .with(self.by_session(login))
            .with([("idempotency-key", format!("token-{login}"))]);
        let made = self.certain(&making)?;
        let token = made["result"]["token"].as_str().unwrap_or_default().to_owned();
        self.company.people.entry(login.to_owned()).or_default().token = token;
        Ok(())
    }

    fn sign_in(&self, login: &str, password: &str) -> Result<String> {
        let sending = Sending::json("POST", "/api/v1/session", &json!({ "login": login, "password": password }));
        let answer = self.done(&sending)?.ok_or_else(|| Error::internal("signing in was not answered"))?;
        Ok(answer.header("set-cookie").split(';').next().unwrap_or_default().to_owned())
    }

    /// A step of a record as it is now, without a signature.
    pub fn step(&self, login: &str, kind: &str, id: &str, step: &str, key: &str) -> Result<Option<Sending>> {
        let Some(shown) = self.get(login, &format!("/api/v1/records/{kind}/{id}"))? else { return Ok(None) };
        Ok(Some(self.taking(kind, id, step, &shown["version"], &json!({})).with(self.by_token(login)).with([("idempotency-key", key.to_owned())])))
    }

    /// A signed step of a record as it is now: asks for the challenge and answers it.
    pub fn signed_step(&self, login: &str, kind: &str, id: &str, step: &str, key: &str) -> Result<Option<Sending>> {
        let Some(shown) = self.get(login, &format!("/api/v1/records/{kind}/{id}"))? else { return Ok(None) };
        let input = json!({ "record": id, "version": shown["version"], "step": step });
        let asking = Sending::json("POST", "/api/v1/challenges", &json!({ "command": "record.step", "input": input })).with(self.by_session(login));
        let Some(challenge) = self.done(&asking)? else { return Ok(None) };
        let signature = json!({ "signature": { "challenge": challenge.json()["challenge"], "login": login, "password": PASSWORD } });
        Ok(Some(self.taking(kind, id, step, &shown["version"], &signature).with(self.by_session(login)).with([("idempotency-key", key.to_owned())])))
    }

    fn taking(&self, kind: &str, id: &str, step: &str, version: &Json, body: &Json) -> Sending {
        Sending::json("POST", format!("/api/v1/records/{kind}/{id}/steps/{step}"), body).with([("if-match", format!("\"{version}\""))])
    }
}

/// The identifier of what was made.
pub fn id_of(answer: &Json) -> String {
    answer["result"]["id"].as_str().unwrap_or_default().to_owned()
}
