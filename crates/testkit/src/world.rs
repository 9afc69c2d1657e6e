//! A company in a test: a kernel on a real database, a clock that stands still, people who sign.

use base::{Clock, FixedClock, Result, SeededIds, Timestamp};
use db::Database;
use kernel::authority::{Actor, Viewer};
use kernel::catalog::Module;
use kernel::command::{Outcome, Request};
use kernel::password::Hashing;
use kernel::setup::{FirstAdministrator, first_administrator};
use kernel::signature::{self, SigningInput};
use kernel::{Kernel, MAIN_TENANT, Setup, session};
use serde_json::{Value as Json, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tlog::note::NoteSigner;

/// The password of everybody in a test.
pub const PASSWORD: &str = "correct horse battery";

/// The morning every test company opens: Monday, 2 November 2026, 08:00 in Rome.
pub const START: &str = "2026-11-02T07:00:00Z";

/// Who signs the checkpoints of every test company.
pub fn signer() -> NoteSigner {
    NoteSigner::of_log(MAIN_TENANT, &[5; 32]).expect("a key")
}

/// One test company.
pub struct World {
    pub kernel: Kernel,
    pub clock: Arc<FixedClock>,
    pub admin: Actor,
    keys: AtomicU64,
    _files: tempfile::TempDir,
}

impl World {
    /// A company with one administrator (`admin`) and one site (`ROM`, Europe/Rome).
    pub fn new(database: Database, modules: Vec<Module>) -> Self {
        Self::with_chains(database, modules, 1)
    }

    /// The same with so many chains in its trail.
    pub fn with_chains(database: Database, modules: Vec<Module>, chains: i64) -> Self {
        let folder = tempfile::tempdir().expect("a folder for files");
        let files = blob::BlobStore::open(folder.path()).expect("a file store").into();
        Self::on(database, files, folder, modules, chains)
    }

    /// The same with its files in a bucket.
    pub fn with_files(database: Database, modules: Vec<Module>, files: blob::Files) -> Self {
        Self::on(database, files, tempfile::tempdir().expect("a folder"), modules, 1)
    }

    fn on(database: Database, files: blob::Files, folder: tempfile::TempDir, modules: Vec<Module>, chains: i64) -> Self {
        let clock = Arc::new(FixedClock::at(Timestamp::parse(START).expect("a time")));
        let kernel = Kernel::new(Setup {
            database,
            clock: Arc::<FixedClock>::clone(&clock) as Arc<dyn Clock>,
            ids: Arc::new(SeededIds::new(1)),
            files,
            modules,
            hashing: Hashing::cheap_for_tests(),
            chains,
        })
        .expect("declarations that fit");
        let first = FirstAdministrator {
            login: "admin".to_owned(),
            name: "Ada Admin".to_owned(),
            password: PASSWORD.to_owned(),
            zone: "Europe/Rome".to_owned(),
            own_password: true,
        };
        first_administrator(&kernel, MAIN_TENANT, &first).expect("a first administrator");
        let admin = session::sign_in(&kernel, MAIN_TENANT, "admin", PASSWORD).expect("signed in").actor;
        let world = Self { kernel, clock, admin, keys: AtomicU64::new(0), _files: folder };
        world.run(&world.admin, "record.create", json!({"kind": "site", "number": "ROM", "title": "Rome works", "fields": {"zone": "Europe/Rome"}}))
            .expect("a site");
        world
    }

    /// Where the files are, for tests that damage them.
    pub fn files_folder(&self) -> &std::path::Path {
        self._files.path()
    }

    /// Another server on the same data, without domains.
    pub fn another_node(&self) -> Kernel {
        Kernel::new(Setup {
            database: self.kernel.database().clone(),
            clock: Arc::<FixedClock>::clone(&self.clock) as Arc<dyn Clock>,
            ids: Arc::new(SeededIds::new(2)),
            files: blob::BlobStore::open(self._files.path()).expect("a file store").into(),
            modules: Vec::new(),
            hashing: Hashing::cheap_for_tests(),
            chains: 1,
        })
        .expect("declarations that fit")
    }

    /// A key that no other request of this test has.
    pub fn key(&self) -> String {
        format!("test-{}", self.keys.fetch_add(1, Ordering::SeqCst))
    }

    /// Makes a person with roles everywhere and signs them in.
    pub fn person(&self, login: &str, roles: &[&str]) -> Actor {
        let roles: Vec<_> = roles.iter().map(|role| (*role, None)).collect();
        self.person_at(login, json!({}), &roles)
    }

    /// Makes a person with further inputs of `person.create` and roles at sites.
    pub fn person_at(&self, login: &str, more: Json, roles: &[(&str, Option<&str>)]) -> Actor {
        let mut input = json!({
            "login": login,
            "name": format!("{} Tester", base::text::capital(login)),
            "zone": "Europe/Rome",
            "password": "first password given",
            "identity_verified": "badge seen",
        });
        for (name, value) in more.as_object().into_iter().flatten() {
            input[name] = value.clone();
        }
        self.run(&self.admin, "person.create", input).expect("a person");
        for (role, site) in roles {
            let mut input = json!({"person": login, "role": role});
            if let Some(site) = site {
                input["site"] = json!(site);
            }
            self.run(&self.admin, "role.grant", input).expect("a role");
        }
        let actor = session::sign_in(&self.kernel, MAIN_TENANT, login, "first password given").expect("signed in").actor;
        self.run(&actor, "password.change", json!({"current_password": "first password given", "password": PASSWORD})).expect("own password");
        self.sign_in(login)
    }

    pub fn sign_in(&self, login: &str) -> Actor {
        session::sign_in(&self.kernel, MAIN_TENANT, login, PASSWORD).expect("signed in").actor
    }

    /// Runs a command and answers its result.
    pub fn run(&self, actor: &Actor, command: &str, input: Json) -> Result<Json> {
        Ok(self.kernel.execute(actor, &Request::new(command, input, self.key()))?.result)
    }

    /// Runs a command with a reason.
    pub fn run_because(&self, actor: &Actor, command: &str, input: Json, reason: &str) -> Result<Json> {
        Ok(self.kernel.execute(actor, &Request::new(command, input, self.key()).because(reason))?.result)
    }

    /// Signs a command as a person does: asks for the challenge, gives name and password.
    pub fn sign(&self, actor: &Actor, command: &str, input: Json) -> Result<Json> {
        Ok(self.signed_outcome(actor, command, input, None)?.result)
    }

    /// As [`World::sign`], with a reason.
    pub fn sign_because(&self, actor: &Actor, command: &str, input: Json, reason: &str) -> Result<Json> {
        Ok(self.signed_outcome(actor, command, input, Some(reason))?.result)
    }

    fn signed_outcome(&self, actor: &Actor, command: &str, input: Json, reason: Option<&str>) -> Result<Outcome> {
        let shown = signature::challenge(&self.kernel, actor, command, &input)?;
        let signing = SigningInput { challenge: shown.token, login: Some(actor.login().to_owned()), password: PASSWORD.to_owned() };
        let mut request = Request::new(command, input, self.key()).signed(signing);
        request.reason = reason.map(str::to_owned);
        self.kernel.execute(actor, &request)
    }

    /// Takes an unsigned step of a record as it is now.
    pub fn step(&self, actor: &Actor, record: &str, step: &str) -> Result<Json> {
        self.run_because(actor, "record.step", self.step_input(record, step), "as agreed")
    }

    /// Signs a step of a record as it is now.
    pub fn sign_step(&self, actor: &Actor, record: &str, step: &str) -> Result<Json> {
        self.sign_because(actor, "record.step", self.step_input(record, step), "as agreed")
    }

    fn step_input(&self, record: &str, step: &str) -> Json {
        json!({"record": record, "version": self.record(record).version, "step": step})
    }

    /// Changes fields of a record as it is now.
    pub fn edit(&self, actor: &Actor, record: &str, fields: Json) -> Result<Json> {
        self.run(actor, "record.edit", json!({"record": record, "version": self.record(record).version, "fields": fields}))
    }

    /// Makes a record and answers its identifier.
    pub fn create(&self, actor: &Actor, kind: &str, title: &str, fields: Json) -> Result<String> {
        self.create_with(actor, json!({"kind": kind, "title": title, "fields": fields}))
    }

    /// Makes a record from the whole input of `record.create` and answers its identifier.
    pub fn create_with(&self, actor: &Actor, input: Json) -> Result<String> {
        Ok(text(&self.run(actor, "record.create", input)?, "id"))
    }

    /// Links two records by identifier.
    pub fn link(&self, actor: &Actor, source: &str, link: &str, target: &str) -> Result<Json> {
        self.run(actor, "link.add", json!({"record": source, "link": link, "target": target}))
    }

    /// The record as it is now.
    pub fn record(&self, id: &str) -> kernel::record::Record {
        let id = id.to_owned();
        self.kernel.database().read(move |tx| kernel::record::get(tx, MAIN_TENANT, &id)).expect("a record")
    }

    /// The current record of a kind by its number.
    pub fn named(&self, kind: &str, number: &str) -> kernel::record::Record {
        let (kind, number) = (kind.to_owned(), number.to_owned());
        self.kernel
            .database()
            .read(move |tx| kernel::record::find_named(tx, MAIN_TENANT, &kind, &number))
            .expect("a read")
            .expect("a record of that number")
    }

    pub fn viewer(&self, actor: &Actor) -> Viewer {
        let catalog = self.kernel.catalog().expect("a catalog");
        let actor = actor.clone();
        self.kernel.database().read(move |tx| kernel::authority::viewer(tx, &catalog, &actor)).expect("a viewer")
    }
}

/// A text member of an answer.
pub fn text(answer: &Json, name: &str) -> String {
    answer.get(name).and_then(Json::as_str).expect("a text in the answer").to_owned()
}
