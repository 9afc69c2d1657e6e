//! The company that is attacked: the demo's story, and what it leaves out, so that every regulated
//! table has rows; checkpoints in between, and one of them kept as an anchor.

use crate::data::{Snapshot, snapshot};
use crate::founded::founded;
use db::Database;
use kernel::evidence::{self, Published};
use kernel::{MAIN_TENANT, session};
use plumb::demo::company::{Company, text};
use plumb::demo::{self, story};
use serde_json::{Value as Json, json};
use testkit::world::signer;

/// A company, and what an attacker may have kept of it.
pub struct Target {
    pub company: Company,
    pub database: Database,
    /// All rows as they were before the change order, and before the last few days.
    pub before: [Snapshot; 2],
    /// The checkpoint that was kept elsewhere.
    pub anchor: Published,
    _files: tempfile::TempDir,
}

pub fn target(database: &Database) -> Target {
    let (company, files) = founded(database, 2);
    let structures = demo::structures();
    let mut made = story::set_up(&company, &structures).unwrap();
    seal(&company);
    company.days_pass(9);
    story::complaint(&company, &mut made, structures.complained_part).unwrap();
    story::investigate(&company, &mut made).unwrap();
    let first = snapshot(database);
    story::change(&company, &mut made, &structures).unwrap();
    story::approve(&company, &made).unwrap();
    company.days_pass(1);
    story::release(&company, &made).unwrap();
    company.days_pass(3);
    story::reassess(&company, &made).unwrap();
    story::train(&company, &made.revised_assembly, 12).unwrap();
    seal(&company);
    let second = snapshot(database);
    company.days_pass(13);
    company.work_by_the_clock().unwrap();
    story::start_effectiveness_check(&company, &made).unwrap();
    story::judge(&company, &made).unwrap();
    story::close_capa(&company, &made).unwrap();
    story::finish(&company, &made).unwrap();
    beside(&company);
    let anchor = seal(&company);
    Target { company, database: database.clone(), before: [first, second], anchor, _files: files }
}

pub fn seal(company: &Company) -> Published {
    evidence::checkpoint(&company.kernel, MAIN_TENANT, &signer()).unwrap().unwrap()
}

/// What the story does not touch: files, holds, tokens, wrong passwords, configurations, an erasure.
fn beside(company: &Company) {
    let id = |answer: &Json, name: &str| text(answer, name).unwrap();
    let fields = json!({"aware_on": company.date_in(-1).unwrap(), "reporter": "service", "product_number": "LV-101132", "description": "Smoke", "harm": "none"});
    let complaint = company.create("g.bianchi", "complaint", "Smoke at the fitting", fields, json!({"site": "BLQ"})).unwrap();
    let personal = json!({"record": complaint, "personal": {"complainant_name": "Nora Nemo"}});
    company.run("g.bianchi", "personal.edit", personal).unwrap();
    for (name, size) in [("photo.png", 3), ("report.txt", 4)] {
        let digest = company.upload(&b"smoke"[..size]).unwrap();
        let version = company.record(&complaint).unwrap().version;
        let file = json!({"record": complaint, "version": version, "name": name, "media_type": "text/plain", "digest": digest, "size_bytes": size});
        let file = id(&company.run("g.bianchi", "file.attach", file).unwrap(), "file");
        if name == "photo.png" {
            let version = company.record(&complaint).unwrap().version;
            company.run("g.bianchi", "file.remove", json!({"record": complaint, "version": version, "file": file})).unwrap();
        }
    }
    for login in ["m.ortiz", "g.bianchi"] {
        company.run_because(login, "evidence.export", json!({"record": complaint}), "asked for by an inspector").unwrap();
    }
    for why in ["leaks at 6 bar", "the gauge was not calibrated"] {
        let placed = company.run("m.ortiz", "hold.place", json!({"record": complaint, "why": why})).unwrap();
        if why.starts_with("leaks") {
            company.run("m.ortiz", "hold.lift", json!({"hold": id(&placed, "hold"), "why": "tight now"})).unwrap();
        }
    }
    company.run_because("m.ortiz", "personal.erase", json!({"record": complaint}), "asked for by the person").unwrap();
    for name in ["export", "machine"] {
        let made = company.run("l.ferri", "token.create", json!({"name": name, "days": 30})).unwrap();
        if name == "export" {
            company.run("l.ferri", "token.revoke", json!({"token": id(&made, "token_id")})).unwrap();
        }
    }
    for login in ["v.greco", "nobody"] {
        session::sign_in(&company.kernel, MAIN_TENANT, login, "a wrong password").unwrap_err();
    }
    session::sign_out(&company.kernel, &company.actor("v.greco").unwrap()).unwrap();
    let package = company.create("a.conti", "configuration_package", "Our words", json!({"purpose": "as agreed", "text": package("Event")}), json!({})).unwrap();
    in_force(company, &package);
    let next = id(&company.run("a.conti", "record.revise", json!({"record": package})).unwrap(), "id");
    company.edit("a.conti", &next, json!({"text": self::package("Feedback")})).unwrap();
    in_force(company, &next);
}

fn package(word: &str) -> String {
    format!("[labels]\ncomplaint = '{word}'\n")
}

fn in_force(company: &Company, package: &str) {
    company.step("a.conti", package, "submit").unwrap();
    company.sign_step("m.ortiz", package, "approve").unwrap();
}
