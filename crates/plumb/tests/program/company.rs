//! A company whose people work over `/api/v1` and nothing else: each signs in with a password of
//! their own, works with an API token of their own, and signs in their own session.

use super::http::{self, Reply, send};
use super::server::Server;
use serde_json::{Value as Json, json};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

/// Everybody's own password.
pub const PASSWORD: &str = "three blue kettles sing";
/// What the administrator gives out for the first sign-in.
const FIRST_PASSWORD: &str = "given out on the first day";

/// A record by its kind and identifier or number.
#[derive(Debug, Clone)]
pub struct At {
    pub kind: &'static str,
    pub id: String,
}

impl At {
    pub fn new(kind: &'static str, id: &str) -> Self {
        Self { kind, id: id.to_owned() }
    }

    /// An address below the record.
    pub fn path(&self, below: &str) -> String {
        format!("/api/v1/records/{}/{}{below}", self.kind, self.id)
    }
}

#[derive(Debug, Clone)]
struct Person {
    cookie: String,
    token: String,
}

impl Person {
    /// A token works, and does not sign.
    fn by_token(&self) -> Vec<(&'static str, String)> {
        vec![("authorization", format!("Bearer {}", self.token))]
    }

    fn by_session(&self) -> Vec<(&'static str, String)> {
        vec![("cookie", self.cookie.clone()), ("sec-fetch-site", "same-origin".to_owned())]
    }
}

/// The company behind one server.
pub struct Company {
    server: Server,
    people: RefCell<BTreeMap<String, Person>>,
    keys: Cell<u64>,
}

impl Company {
    /// A server on data in which there is one administrator.
    pub fn new(server: Server, administrator: &str) -> Self {
        let company = Self { server, people: RefCell::default(), keys: Cell::new(0) };
        let cookie = company.sign_in(administrator, PASSWORD);
        company.take_token(administrator, cookie);
        company
    }

    fn sign_in(&self, login: &str, password: &str) -> String {
        let reply = self.post("/api/v1/session", Vec::new(), &json!({ "login": login, "password": password }));
        assert_eq!((reply.status, reply.json()["login"].as_str()), (200, Some(login)), "{}", reply.body);
        reply.cookie()
    }

    fn take_token(&self, login: &str, cookie: String) {
        let mut person = Person { cookie, token: String::new() };
        let made = self.command_as(person.by_session(), "token.create", json!({ "input": { "name": "the story", "days": 1 } }));
        person.token = made["token"].as_str().unwrap().to_owned();
        self.people.borrow_mut().insert(login.to_owned(), person);
    }

    /// The administrator adds a person, who chooses a password and takes a token.
    pub fn hire(&self, administrator: &str, login: &str, roles: &[&str], more: Json) {
        let mut input = json!({ "login": login, "name": format!("{login} of Brezza"), "zone": "Europe/Rome", "password": FIRST_PASSWORD, "identity_verified": "identity card seen" });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.run(administrator, "person.create", input);
        for role in roles {
            self.run(administrator, "role.grant", json!({ "person": login, "role": role }));
        }
        let first = Person { cookie: self.sign_in(login, FIRST_PASSWORD), token: String::new() };
        self.command_as(first.by_session(), "password.change", json!({ "input": { "current_password": FIRST_PASSWORD, "password": PASSWORD } }));
        self.take_token(login, self.sign_in(login, PASSWORD));
    }

    fn person(&self, login: &str) -> Person {
        self.people.borrow()[login].clone()
    }

    fn with_key(&self, mut headers: Vec<(&'static str, String)>, version: Option<i64>) -> Vec<(&'static str, String)> {
        let key = self.keys.get();
        self.keys.set(key + 1);
        headers.push(("idempotency-key", format!("story-{key}")));
        headers.extend(version.map(|version| ("if-match", format!("\"{version}\""))));
        headers
    }

    fn post(&self, path: &str, headers: Vec<(&'static str, String)>, body: &Json) -> Reply {
        let (headers, body) = http::json(headers, body);
        send("POST", &self.server.url(path), &headers, body).unwrap()
    }

    fn command_as(&self, headers: Vec<(&'static str, String)>, command: &str, body: Json) -> Json {
        done(&self.post(&format!("/api/v1/commands/{command}"), self.with_key(headers, None), &body))["result"].clone()
    }

    /// What a person reads.
    pub fn get(&self, login: &str, path: &str) -> Json {
        let reply = self.look(login, path);
        assert_eq!(reply.status, 200, "{path}: {}", reply.body);
        reply.json()
    }

    /// As [`Company::get`], whatever the status.
    pub fn look(&self, login: &str, path: &str) -> Reply {
        send("GET", &self.server.url(path), &self.person(login).by_token(), Vec::new()).unwrap()
    }

    pub fn rows(&self, login: &str, path: &str) -> Vec<Json> {
        self.get(login, path)["rows"].as_array().unwrap().clone()
    }

    pub fn record(&self, login: &str, at: &At) -> Json {
        self.get(login, &at.path(""))
    }

    fn version(&self, login: &str, at: &At) -> i64 {
        self.record(login, at)["version"].as_i64().unwrap()
    }

    /// Runs a command by its name.
    pub fn run(&self, login: &str, command: &str, input: Json) -> Json {
        self.command_as(self.person(login).by_token(), command, json!({ "input": input, "reason": "as agreed" }))
    }

    /// Runs a command by its name, whatever comes of it.
    pub fn try_run(&self, login: &str, command: &str, input: Json) -> Reply {
        let headers = self.with_key(self.person(login).by_token(), None);
        self.post(&format!("/api/v1/commands/{command}"), headers, &json!({ "input": input, "reason": "as agreed" }))
    }

    pub fn upload(&self, login: &str, bytes: &[u8]) -> String {
        let mut headers = self.person(login).by_token();
        headers.push(("content-type", "application/octet-stream".to_owned()));
        let reply = send("POST", &self.server.url("/api/v1/files"), &headers, bytes.to_vec()).unwrap();
        done(&reply)["digest"].as_str().unwrap().to_owned()
    }

    /// Makes a record from the members of its body.
    pub fn create(&self, login: &str, kind: &'static str, title: &str, fields: Json, more: Json) -> At {
        let mut body = json!({ "title": title, "fields": fields });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let reply = self.post(&format!("/api/v1/records/{kind}"), self.with_key(self.person(login).by_token(), None), &body);
        let at = At::new(kind, done(&reply)["result"]["id"].as_str().unwrap());
        assert_eq!(reply.header("location"), at.path(""), "made: {}", reply.body);
        at
    }

    pub fn link(&self, login: &str, from: &At, link: &str, to: &At) {
        let target = self.record(login, to)["id"].clone();
        let headers = self.with_key(self.person(login).by_token(), None);
        done(&self.post(&from.path("/links"), headers, &json!({ "link": link, "target": target })));
    }

    /// Changes members of a record as it is now.
    pub fn edit(&self, login: &str, at: &At, body: Json) {
        let headers = self.with_key(self.person(login).by_token(), Some(self.version(login, at)));
        let (headers, body) = http::json(headers, &body);
        done(&send("PATCH", &self.server.url(&at.path("")), &headers, body).unwrap());
    }

    /// Takes an unsigned step of a record as it is now.
    pub fn step(&self, login: &str, at: &At, step: &str) {
        let headers = self.with_key(self.person(login).by_token(), Some(self.version(login, at)));
        done(&self.post(&at.path(&format!("/steps/{step}")), headers, &json!({})));
    }

    /// Asks for the challenge of a command and answers the signature on what it shows.
    pub fn signature(&self, login: &str, command: &str, input: &Json) -> Json {
        let shown = done(&self.post("/api/v1/challenges", self.person(login).by_session(), &json!({ "command": command, "input": input })));
        json!({ "challenge": shown["challenge"], "login": login, "password": PASSWORD })
    }

    /// Signs a step, whatever comes of it.
    pub fn try_sign_step(&self, login: &str, at: &At, step: &str) -> Reply {
        let shown = self.record(login, at);
        let input = json!({ "record": shown["id"], "version": shown["version"], "step": step });
        let signature = self.signature(login, "record.step", &input);
        let headers = self.with_key(self.person(login).by_session(), shown["version"].as_i64());
        self.post(&at.path(&format!("/steps/{step}")), headers, &json!({ "signature": signature }))
    }

    /// Signs a step; answers the outcome.
    pub fn sign_step(&self, login: &str, at: &At, step: &str) -> Json {
        done(&self.try_sign_step(login, at, step))
    }

    /// Signs a command that is no step.
    pub fn sign(&self, login: &str, command: &str, input: Json) -> Json {
        let signature = self.signature(login, command, &input);
        self.command_as(self.person(login).by_session(), command, json!({ "input": input, "signature": signature }))
    }

    /// Signs a step with a token instead of a session.
    pub fn sign_step_by_token(&self, login: &str, at: &At, step: &str) -> Reply {
        let shown = self.record(login, at);
        let input = json!({ "record": shown["id"], "version": shown["version"], "step": step });
        let signature = self.signature(login, "record.step", &input);
        let headers = self.with_key(self.person(login).by_token(), shown["version"].as_i64());
        self.post(&at.path(&format!("/steps/{step}")), headers, &json!({ "signature": signature }))
    }
}

/// What a request that must succeed answered.
fn done(reply: &Reply) -> Json {
    assert!((200..300).contains(&reply.status), "{}: {}", reply.status, reply.body);
    reply.json()
}
