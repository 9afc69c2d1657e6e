//! The real server under clocks that are wrong: started in the past of its data, set back while it
//! runs, and beside another server whose clock is right. The clock is the operating system's as the
//! process sees it (libfaketime).
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a helper that fails ends its test")]

#[path = "program/http.rs"]
mod http;
#[path = "program/run.rs"]
#[expect(dead_code, reason = "only the exit code is read here")]
mod run;
#[path = "program/server.rs"]
mod server;

use db::{Config, Database};
use http::{Reply, json as body, send};
use kernel::MAIN_TENANT;
use plumb::assembly::{migrations, modules};
use serde_json::{Value as Json, json};
use server::Server;
use std::path::{Path, PathBuf};
use testkit::engines::postgres;
use testkit::world::{PASSWORD, World};

/// The library that tells a process another time; `scripts/setup` installs it.
fn faketime() -> String {
    let places = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib", "/usr/local/lib"];
    let found = places.map(|place| PathBuf::from(place).join("faketime/libfaketimeMT.so.1")).into_iter().find(|path| path.exists());
    found.expect("libfaketime is not installed: run scripts/setup").display().to_string()
}

/// What a process needs to see another time, such as `@2026-11-03 09:00:00` or `+5m`.
fn at(time: &str) -> Vec<(&'static str, String)> {
    vec![("LD_PRELOAD", faketime()), ("FAKETIME", time.to_owned()), ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()), ("TZ", "UTC".to_owned())]
}

/// Somebody who talks to a server.
struct Client<'a> {
    server: &'a Server,
    cookie: String,
    keys: std::cell::Cell<u32>,
}

impl<'a> Client<'a> {
    fn sign_in(server: &'a Server, login: &str) -> Self {
        let (headers, sent) = body(Vec::new(), &json!({"login": login, "password": PASSWORD}));
        let reply = send("POST", &server.url("/api/v1/session"), &headers, sent).unwrap();
        assert_eq!(reply.status, 200, "{}", reply.body);
        Self { server, cookie: reply.cookie(), keys: std::cell::Cell::new(0) }
    }

    fn get(&self, path: &str) -> Reply {
        send("GET", &self.server.url(path), &[("cookie", self.cookie.clone())], Vec::new()).unwrap()
    }

    fn post(&self, path: &str, version: Option<&Json>, input: &Json) -> Reply {
        self.keys.set(self.keys.get() + 1);
        let mut headers = vec![("cookie", self.cookie.clone()), ("sec-fetch-site", "same-origin".to_owned()), ("idempotency-key", format!("{}-{}", self.cookie, self.keys.get()).chars().rev().take(60).collect())];
        headers.extend(version.map(|version| ("if-match", format!("\"{version}\""))));
        let (headers, sent) = body(headers, input);
        send("POST", &self.server.url(path), &headers, sent).unwrap()
    }

    fn challenge(&self, supplier: &str) -> Reply {
        let record = self.get(&format!("/api/v1/records/supplier/{supplier}")).json();
        let input = json!({"record": record["id"], "version": record["version"], "step": "approve"});
        self.post("/api/v1/challenges", None, &json!({"command": "record.step", "input": input}))
    }

    /// Asks for a challenge and signs by it.
    fn sign(&self, login: &str, supplier: &str) -> Reply {
        let asked = self.challenge(supplier);
        if asked.status != 200 {
            return asked;
        }
        let shown = asked.json();
        let signature = json!({"challenge": shown["challenge"], "login": login, "password": PASSWORD});
        self.post(&format!("/api/v1/records/supplier/{supplier}/steps/approve"), Some(&shown["version"]), &json!({"signature": signature}))
    }
}

fn refused(reply: &Reply) -> (u16, String) {
    (reply.status, reply.json()["code"].as_str().unwrap_or_default().to_owned())
}

/// A company of 2 November 2026 with three suppliers that wait for `quinn`, in this folder.
fn company(data: &Path) {
    let database = Database::open(&Config::Sqlite { folder: data.to_owned() }).unwrap();
    database.migrate(&migrations()).unwrap();
    let world = World::new(database, modules());
    let sam = world.person("sam", &["supplier_manager"]);
    world.person("quinn", &["quality_manager"]);
    for name in ["Northvale", "Eastvale", "Westvale"] {
        let supplier = world.create(&sam, "supplier", name, json!({"scope": "Fittings", "risk_class": "critical", "evaluation": "Audited"})).unwrap();
        world.step(&sam, &supplier, "submit").unwrap();
    }
}

fn serve(data: &Path, folder: &Path, variables: &[(&str, String)]) -> Server {
    Server::start_with(&["--data".to_owned(), data.display().to_string()], folder, variables)
}

/// The times of the trail in its order, and how often a clock fault was recorded.
fn trail(data: &Path) -> (Vec<i64>, i64) {
    let database = Database::open_to_read(&Config::Sqlite { folder: data.to_owned() }).unwrap();
    let rows = database.query(db::sql("select at from audit_tx where tenant = $1 order by chain, seq"), &[MAIN_TENANT.into()]).unwrap();
    let faults = database.query(db::sql("select count(*) as n from record where tenant = $1 and kind = 'clock_fault'"), &[MAIN_TENANT.into()]).unwrap();
    assert!(verify::verify(&database, MAIN_TENANT, &mut |_, _, _| {}).unwrap().is_sound());
    (rows.iter().map(|row| row.int("at").unwrap()).collect(), faults[0].int("n").unwrap())
}

#[test]
fn frs_tim_001_002_003_a_server_started_a_year_ago_signs_nothing_until_an_administrator_has_said_why() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    company(&data);
    {
        let server = serve(&data, folder.path(), &at("@2026-11-03 09:00:00"));
        assert_eq!(Client::sign_in(&server, "quinn").sign("quinn", "SUP-0001").status, 200);
    }
    {
        let server = serve(&data, folder.path(), &at("@2025-11-03 09:00:00"));
        let (quinn, admin) = (Client::sign_in(&server, "quinn"), Client::sign_in(&server, "admin"));
        assert_eq!(refused(&quinn.sign("quinn", "SUP-0002")), (503, "clock_went_back".to_owned()));
        // Other work goes on, and is not written before what was there.
        let made = admin.post("/api/v1/records/department", None, &json!({"number": "ASM", "title": "Assembly"}));
        assert_eq!(made.status, 201, "{}", made.body);
        let fault = admin.get("/api/v1/records/clock_fault").json()["rows"][0].clone();
        let clear = format!("/api/v1/records/clock_fault/{}/steps/clear", fault["number"].as_str().unwrap());
        assert_eq!(refused(&quinn.post(&clear, Some(&fault["version"]), &json!({"reason": "I want to sign"}))), (403, "not_permitted".to_owned()));
        assert_eq!(refused(&admin.post(&clear, Some(&fault["version"]), &json!({}))), (422, "reason_needed".to_owned()));
        let cleared = admin.post(&clear, Some(&fault["version"]), &json!({"reason": "The battery was changed"}));
        assert_eq!(cleared.status, 200, "{}", cleared.body);
        let signed = quinn.sign("quinn", "SUP-0002");
        assert_eq!(signed.status, 200, "{}", signed.body);
    }
    {
        // Cleared once is enough, also for another start.
        let server = serve(&data, folder.path(), &at("@2025-11-03 10:00:00"));
        assert_eq!(Client::sign_in(&server, "quinn").sign("quinn", "SUP-0003").status, 200);
    }
    let (times, faults) = trail(&data);
    assert!(times.windows(2).all(|pair| pair[0] <= pair[1]), "{times:?}");
    assert_eq!(faults, 1);
}

#[test]
fn frs_tim_002_a_clock_that_is_set_back_while_the_server_runs_is_noticed_and_nothing_is_signed_until_it_is_right() {
    let folder = tempfile::tempdir().unwrap();
    let (data, dial) = (folder.path().join("data"), folder.path().join("dial"));
    company(&data);
    // The process reads its clock from a file that is turned while it runs.
    let turn = |time: &str| {
        let next = folder.path().join("next");
        std::fs::write(&next, format!("{time}\n")).unwrap();
        std::fs::rename(&next, &dial).unwrap();
    };
    turn("@2026-11-03 09:00:00");
    let variables = [
        ("LD_PRELOAD", faketime()),
        ("FAKETIME_TIMESTAMP_FILE", dial.display().to_string()),
        ("FAKETIME_NO_CACHE", "1".to_owned()),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
        ("TZ", "UTC".to_owned()),
    ];
    let server = serve(&data, folder.path(), &variables);
    let quinn = Client::sign_in(&server, "quinn");
    let signed = quinn.sign("quinn", "SUP-0001");
    assert_eq!(signed.status, 200, "{}", signed.body);
    turn("@2026-11-03 08:00:00");
    assert_eq!(refused(&quinn.sign("quinn", "SUP-0002")), (503, "clock_went_back".to_owned()));
    turn("@2026-11-03 09:10:00");
    let signed = quinn.sign("quinn", "SUP-0002");
    assert_eq!(signed.status, 200, "{}", signed.body);
    drop(server);
    let (times, faults) = trail(&data);
    assert!(times.windows(2).all(|pair| pair[0] <= pair[1]), "{times:?}");
    assert_eq!(faults, 1);
}

#[test]
fn frs_tim_004_a_server_five_minutes_ahead_of_the_others_is_not_ready_and_writes_nothing() {
    let (folder, test) = (tempfile::tempdir().unwrap(), postgres());
    let url = test.postgres_url().unwrap();
    run::plumb(folder.path(), &format!("init --database {url} --name Ada --data ."), &[("PLUMB_PASSWORD", PASSWORD)]).with(0);
    let arguments = ["--data", &folder.path().display().to_string(), "--database", url].map(str::to_owned);
    let other = tempfile::tempdir().unwrap();
    let (right, ahead) = (Server::start(&arguments, folder.path()), Server::start_with(&arguments, other.path(), &at("+5m")));
    let ready = |server: &Server| send("GET", &server.url("/readyz"), &[], Vec::new()).unwrap();
    assert_eq!(ready(&right).status, 200);
    let said = ready(&ahead);
    assert_eq!(said.status, 503, "{}", said.body);
    assert!(said.body.contains("the clock differs from the database's by 30") || said.body.contains("by 299"), "{}", said.body);
    let count = || test.database.query(db::sql("select count(*) as n from audit_tx where tenant = $1"), &[MAIN_TENANT.into()]).unwrap()[0].int("n").unwrap();
    let admin = Client::sign_in(&right, "admin");
    let before = count();
    // Neither a sign-in nor a command of somebody who is signed in.
    let (headers, sent) = body(Vec::new(), &json!({"login": "admin", "password": PASSWORD}));
    assert_eq!(refused(&send("POST", &ahead.url("/api/v1/session"), &headers, sent).unwrap()), (503, "clock_differs".to_owned()));
    let there = Client { server: &ahead, cookie: admin.cookie.clone(), keys: std::cell::Cell::new(50) };
    let department = json!({"number": "ASM", "title": "Assembly"});
    assert_eq!(refused(&there.post("/api/v1/records/department", None, &department)), (503, "clock_differs".to_owned()));
    assert_eq!((count(), there.get("/api/v1/me").status), (before, 200), "reading goes on");
    let made = admin.post("/api/v1/records/department", None, &department);
    assert_eq!(made.status, 201, "{}", made.body);
}
