//! The server is killed while it releases a change order. Whatever the moment, all of the
//! transaction is there or none, and sending the same request again completes it exactly once.
#![expect(clippy::unwrap_used, reason = "a helper that fails ends its test")]

#[path = "program/http.rs"]
mod http;
#[path = "program/server.rs"]
mod server;

use base::{Clock as _, FixedClock, SystemClock, SystemIds};
use db::{Config, Database, Read, sql};
use http::{Reply, send};
use kernel::kind::Phase;
use kernel::password::Hashing;
use kernel::{Kernel, MAIN_TENANT, Setup, link, obligation, record, signature};
use plumb::assembly::{migrations, modules};
use plumb::demo::company::Company;
use plumb::demo::story::{self, Made};
use plumb::demo::{self, staff};
use serde_json::{Value as Json, json};
use server::Server;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use testkit::engines::{TestDatabase, postgres, sqlite};

const KEY: &str = "release-of-the-fittings";
const CONTROLLER: &str = "d.weber";
/// The story up to the release takes four days, so it ends before the present.
const BEGAN_DAYS_AGO: i64 = 5;

/// The story up to the approved order.
fn company_before_release(database: &Database, files: &Path) -> Made {
    let clock = Arc::new(FixedClock::at(SystemClock.now().plus_seconds(-BEGAN_DAYS_AGO * 86_400)));
    database.migrate(&migrations()).unwrap();
    let kernel = Kernel::new(Setup {
        database: database.clone(),
        clock: Arc::<FixedClock>::clone(&clock),
        ids: Arc::new(SystemIds::default()),
        files: blob::BlobStore::open(files).unwrap().into(),
        modules: modules(),
        hashing: Hashing::cheap_for_tests(),
        chains: 1,
    })
    .unwrap();
    let company = Company::new(kernel, clock, demo::PASSWORD);
    let structures = demo::structures();
    demo::open(&company, "a.conti", "Ada Conti").unwrap();
    let mut made = story::set_up(&company, &structures).unwrap();
    story::complaint(&company, &mut made, structures.complained_part).unwrap();
    story::investigate(&company, &mut made).unwrap();
    story::change(&company, &mut made, &structures).unwrap();
    story::approve(&company, &made).unwrap();
    made
}

/// Everything that the release writes, as counts.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Found {
    released: bool,
    document_given_out: bool,
    parts_effective: usize,
    training: usize,
    reassessments: usize,
    signatures: usize,
    /// Answers kept under the idempotency key.
    answers: usize,
    /// Sealed transactions of these answers.
    sealed: usize,
    /// Transactions of the trail that took a step of any record.
    steps: usize,
}

fn look(database: &Database, made: &Made) -> Found {
    let made = made.clone();
    database
        .read(move |tx| {
            let order = record::get(tx, MAIN_TENANT, &made.order)?;
            let parts = link::targets(tx, &order, "affects")?;
            let training = obligation::of_record(tx, MAIN_TENANT, &made.revised_assembly)?;
            let tenant: db::Value = MAIN_TENANT.into();
            let sealed = sql(
                "select a.tx from audit_tx a join command_done d on d.tenant = a.tenant and d.tx = a.tx
                 where a.tenant = $1 and d.key = $2",
            );
            Ok(Found {
                released: order.phase == Phase::Closed && order.state == "released",
                document_given_out: record::get(tx, MAIN_TENANT, &made.revised_assembly)?.state == "approved",
                parts_effective: parts.iter().filter(|part| part.kind == "part" && part.phase == Phase::Effective).count(),
                training: training.iter().filter(|one| one.sort == "train").count(),
                reassessments: obligation::caused_by(tx, MAIN_TENANT, &made.order, "reassess")?.len(),
                signatures: signature::of_record(tx, MAIN_TENANT, &made.order)?.len(),
                answers: tx.query(sql("select key from command_done where tenant = $1 and key = $2"), &[tenant.clone(), KEY.into()])?.len(),
                sealed: tx.query(sealed, &[tenant.clone(), KEY.into()])?.len(),
                steps: tx.query(sql("select tx from audit_tx where tenant = $1 and command = 'record.step'"), &[tenant])?.len(),
            })
        })
        .unwrap()
}

/// Opens the data again after a server was killed on it.
fn look_again(config: &Config, made: &Made) -> Found {
    let database = Database::open(config).unwrap();
    wait_for_the_dead(&database);
    let report = verify::verify(&database, MAIN_TENANT, &mut |_, _, _| {}).unwrap();
    assert_eq!(report.problems, [], "the trail verifies after the kill");
    look(&database, made)
}

/// PostgreSQL notices a little later that the server is gone, and may still finish a COMMIT.
fn wait_for_the_dead(database: &Database) {
    if database.engine() == db::Engine::Sqlite {
        return;
    }
    let others = "select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()";
    let began = Instant::now();
    while !database.read(move |tx: &mut dyn Read| tx.query_text(others, &[])).unwrap().is_empty() {
        assert!(began.elapsed() < Duration::from_secs(20), "connections of the killed server linger");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The release, ready to be sent: once, or again.
#[derive(Clone)]
struct Release {
    order: String,
    cookie: String,
    version: i64,
    signature: Json,
}

impl Release {
    /// Signs in over HTTP and asks for the challenge.
    fn prepare(server: &Server, order: &str) -> Self {
        let signed_in = post(&server.url("/api/v1/session"), Vec::new(), &json!({ "login": CONTROLLER, "password": demo::PASSWORD }));
        assert_eq!(signed_in.status, 200, "{}", signed_in.body);
        let mut release = Self { order: order.to_owned(), cookie: signed_in.cookie(), version: 0, signature: json!({}) };
        let shown = send("GET", &server.url(&format!("/api/v1/records/change_order/{order}")), &release.headers(), Vec::new()).unwrap();
        release.version = shown.json()["version"].as_i64().unwrap();
        let input = json!({ "record": order, "version": release.version, "step": "release" });
        let challenge = post(&server.url("/api/v1/challenges"), release.headers(), &json!({ "command": "record.step", "input": input }));
        assert_eq!(challenge.status, 200, "{}", challenge.body);
        release.signature = json!({ "challenge": challenge.json()["challenge"], "login": CONTROLLER, "password": demo::PASSWORD });
        release
    }

    fn headers(&self) -> Vec<(&'static str, String)> {
        vec![("cookie", self.cookie.clone()), ("sec-fetch-site", "same-origin".to_owned())]
    }

    /// Where it is sent, with which headers and body.
    fn request(&self, server: &Server) -> (String, Vec<(&'static str, String)>, Json) {
        let mut headers = self.headers();
        headers.extend([("idempotency-key", KEY.to_owned()), ("if-match", format!("\"{}\"", self.version))]);
        (server.url(&format!("/api/v1/records/change_order/{}/steps/release", self.order)), headers, json!({ "signature": self.signature }))
    }

    fn send(&self, server: &Server) -> (u16, Json) {
        let (url, headers, body) = self.request(server);
        let answer = post(&url, headers, &body);
        (answer.status, answer.json())
    }

    /// Sends it and kills the server a while later.
    fn send_and_kill(&self, server: Server, after: Duration) {
        let (url, headers, body) = self.request(&server);
        let sending = std::thread::spawn(move || {
            let (headers, body) = http::json(headers, &body);
            // Whether an answer comes depends on the moment; both are what this test is about.
            send("POST", &url, &headers, body).is_ok()
        });
        std::thread::sleep(after);
        drop(server);
        sending.join().unwrap();
    }
}

fn post(url: &str, headers: Vec<(&'static str, String)>, body: &Json) -> Reply {
    let (headers, body) = http::json(headers, body);
    send("POST", url, &headers, body).unwrap()
}

/// One copy of the company for one round.
struct Copy {
    config: Config,
    arguments: Vec<String>,
    folder: tempfile::TempDir,
    /// On PostgreSQL: the server and the name of the copy.
    database: Option<(String, String)>,
}

impl Drop for Copy {
    fn drop(&mut self) {
        if let Some((admin, name)) = &self.database {
            db::administer(admin, &format!("drop database if exists {name} with (force)")).unwrap();
        }
    }
}

fn copy_of(test: &TestDatabase, files: &Path, round: usize) -> Copy {
    let folder = tempfile::tempdir().unwrap();
    let path = |path: &Path| path.to_str().unwrap().to_owned();
    let mut arguments = vec!["--data".to_owned(), path(folder.path()), "--files".to_owned(), path(files)];
    let Some(url) = test.postgres_url() else {
        test.database.backup_to(&folder.path().join("plumb.sqlite")).unwrap();
        return Copy { config: Config::Sqlite { folder: folder.path().to_owned() }, arguments, folder, database: None };
    };
    let (server, name) = url.rsplit_once('/').unwrap();
    let (admin, copy) = (format!("{server}/postgres"), format!("{name}_{round}"));
    // A database with connections cannot be copied; ours has done its work.
    db::administer(&admin, &format!("select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = '{name}'")).unwrap();
    db::administer(&admin, &format!("create database {copy} template {name}")).unwrap();
    let url = format!("{server}/{copy}");
    arguments.extend(["--database".to_owned(), url.clone()]);
    Copy { config: Config::Postgres { url, pool_size: 1 }, arguments, folder, database: Some((admin, copy)) }
}

fn killed_at_many_moments(test: &TestDatabase, rounds: u32) {
    let files = tempfile::tempdir().unwrap();
    let made = company_before_release(&test.database, files.path());
    let before = look(&test.database, &made);
    assert_eq!((before.released, before.parts_effective, before.training, before.answers), (false, 0, 0, 0), "{before:?}");

    // Undisturbed, for what a release leaves behind and how long it takes on this machine.
    let copy = copy_of(test, files.path(), 0);
    let server = Server::start(&copy.arguments, copy.folder.path());
    let release = Release::prepare(&server, &made.order);
    let began = Instant::now();
    let (status, answer) = release.send(&server);
    let takes = began.elapsed();
    assert_eq!(status, 200, "{answer}");
    drop(server);
    let after = look_again(&copy.config, &made);
    let whole = Found {
        released: true,
        document_given_out: true,
        parts_effective: 7,
        training: staff::assemblers().count(),
        reassessments: after.reassessments,
        signatures: before.signatures + 1,
        answers: 1,
        sealed: 1,
        steps: before.steps + 1,
    };
    assert_eq!(after, whole);
    assert!(after.reassessments >= 2, "the risk and the supplier: {after:?}");

    for round in 1..=rounds {
        let copy = copy_of(test, files.path(), round as usize);
        let server = Server::start(&copy.arguments, copy.folder.path());
        let release = Release::prepare(&server, &made.order);
        // From the moment of sending to a little after the answer.
        let moment = takes * (round - 1) / (rounds - 1) * 11 / 10;
        release.send_and_kill(server, moment);
        let found = look_again(&copy.config, &made);
        println!("killed after {moment:?} of {takes:?}: {}", if found == before { "nothing" } else { "everything" });
        assert!(found == before || found == whole, "killed after {moment:?}, half of it was found: {found:?}");

        let server = Server::start(&copy.arguments, copy.folder.path());
        let (status, answer) = release.send(&server);
        assert_eq!(status, 200, "sent again with the same key: {answer}");
        assert_eq!(answer["repeated"], json!(found == whole), "the second answer tells whether the first was done");
        assert_eq!(release.send(&server).1["tx"], answer["tx"], "and a third is the same answer");
        drop(server);
        assert_eq!(look_again(&copy.config, &made), whole, "completed exactly once");
    }
}

#[test]
fn urs_crash_001_a_server_killed_during_release_leaves_all_or_nothing_on_sqlite() {
    killed_at_many_moments(&sqlite(), 8);
}

#[test]
fn urs_crash_001_a_server_killed_during_release_leaves_all_or_nothing_on_postgresql() {
    killed_at_many_moments(&postgres(), 4);
}
