//! The whole story over `/api/v1`, against the real server on both engines. `plumb init` makes an
//! empty company with one administrator; everything after that is a request over HTTP.
#![expect(clippy::unwrap_used, reason = "a helper that fails ends its test")]

#[path = "program/company.rs"]
mod company;
#[path = "program/http.rs"]
mod http;
#[path = "program/run.rs"]
mod run;
#[path = "program/server.rs"]
mod server;

use base::{Clock as _, SystemClock, Timestamp};
use company::{At, Company, PASSWORD};
use plumb::demo::{self, staff};
use run::plumb;
use serde_json::{Value as Json, json};
use server::Server;
use std::collections::BTreeSet;
use testkit::engines::postgres;

const ADMIN: &str = "a.conti";
/// Those who work on the record, with their roles; the assemblers come beside.
const STAFF: [(&str, &[&str]); 9] = [
    ("l.ferri", &["design_engineer"]),
    ("m.rossi", &["engineering_manager"]),
    ("m.ortiz", &["quality_manager"]),
    ("g.bianchi", &["quality_engineer"]),
    ("d.weber", &["document_controller"]),
    ("r.nilsson", &["regulatory_affairs"]),
    ("s.patel", &["supplier_manager"]),
    ("t.moreau", &["training_manager"]),
    ("v.greco", &["supervisor"]),
];

fn date_in(days: i64) -> String {
    SystemClock.now().plus_seconds(days * 86_400).date_in("Europe/Rome").unwrap().to_string()
}

/// The company on the day before the complaint.
struct Before {
    supplier: At,
    procedure: At,
    risk: At,
    project: At,
}

fn hire(company: &Company) {
    company.create(ADMIN, "site", "Bologna works", json!({ "zone": "Europe/Rome" }), json!({ "number": "BLQ" }));
    company.create(ADMIN, "job_function", "Ventilator assembler", json!({}), json!({ "number": "ASSEMBLER" }));
    company.create(ADMIN, "equipment", "Oxygen leak test bench", json!({}), json!({ "number": "LT-01" }));
    for (login, roles) in STAFF {
        company.hire(ADMIN, login, roles, json!({}));
    }
    for login in staff::assemblers() {
        company.hire(ADMIN, login, &["operator"], json!({ "job_functions": ["ASSEMBLER"], "equipment": ["LT-01"] }));
    }
}

fn set_up(company: &Company) -> Before {
    let structures = demo::structures();
    let file = company.upload("l.ferri", structures.first);
    let imported = company.run("l.ferri", "part.import_structure", json!({ "file": file, "file_name": "rev-a.xlsx" }));
    assert!(imported["parts"].as_u64().unwrap() > 100, "{imported}");

    let fields = json!({ "scope": "Gas fittings", "country": "Norway", "risk_class": "critical", "certificate": "ISO 13485", "certificate_expires_on": date_in(700), "evaluation": "Audit passed." });
    let supplier = company.create("s.patel", "supplier", "Northvale Fluidics", fields, json!({}));
    company.step("s.patel", &supplier, "submit");
    company.sign_step("m.ortiz", &supplier, "approve");
    for number in &structures.changed_parts {
        company.link("s.patel", &At::new("part", number), "supplied_by", &supplier);
    }

    let fields = json!({ "purpose": "No oxygen escapes.", "scope": "Bologna works", "body": "1. Check every fitting.", "review_interval_months": 24 });
    let procedure = company.create("l.ferri", "procedure", "Assembly of the gas system", fields, json!({ "site": "BLQ" }));
    company.step("l.ferri", &procedure, "submit");
    for signer in ["g.bianchi", "m.ortiz"] {
        company.sign_step(signer, &procedure, "approve");
    }
    let course = company.create("g.bianchi", "course", "Assembly of the gas system", json!({ "statement": "I have read it and will work by it.", "due_days": 14 }), json!({}));
    company.link("g.bianchi", &course, "teaches", &procedure);
    company.sign_step("t.moreau", &course, "approve");
    let requirement = company.create("g.bianchi", "training_requirement", "Who assembles", json!({ "reason": "Safety of the gas path" }), json!({}));
    for (link, target) in [("requires", &course), ("for_function", &At::new("job_function", "ASSEMBLER")), ("for_equipment", &At::new("equipment", "LT-01"))] {
        company.link("g.bianchi", &requirement, link, target);
    }
    company.sign_step("t.moreau", &requirement, "approve");
    company.sign_step("d.weber", &procedure, "issue");
    assert_eq!(company.record("v.greco", &procedure)["phase"], "effective");
    for login in staff::assemblers() {
        assert_eq!(read_and_sign(company, login), 1, "{login}");
    }

    let fields = json!({
        "hazard": "Oxygen in contact with an unsuitable seal", "sequence_of_events": "The seal swells and leaks.", "hazardous_situation": "Oxygen-enriched air.",
        "harm": "Burns", "severity": 5, "probability_before": 3, "controls": "Fittings for oxygen service.", "control_type": "inherent_safety",
        "control_verification": "Leak test of every device.", "risks_from_controls": "None found.", "probability_after": 1, "benefit_risk": "The device sustains life.",
    });
    let risk = company.create("g.bianchi", "risk", "Leak at an oxygen-exposed fitting", fields, json!({}));
    company.link("g.bianchi", &risk, "concerns", &At::new("part", structures.complained_part));
    company.step("g.bianchi", &risk, "evaluate");
    company.step("g.bianchi", &risk, "submit");
    company.sign_step("m.ortiz", &risk, "assess");

    let fields = json!({ "intended_use": "Ventilation in intensive care.", "plan": "Five stages.", "device_class": "ii" });
    let project = company.create("l.ferri", "design_project", "Lung ventilator", fields, json!({}));
    company.step("l.ferri", &project, "start");
    for (link, target) in [("design_output", &At::new("part", structures.product)), ("design_output", &procedure), ("risk_file", &risk)] {
        company.link("l.ferri", &project, link, target);
    }
    Before { supplier, procedure, risk, project }
}

/// Somebody reads and signs all that is assigned to them; answers how much it was.
fn read_and_sign(company: &Company, login: &str) -> usize {
    let work = company.rows(login, "/api/v1/my-work");
    let training: Vec<_> = work.iter().filter(|todo| todo["sort"] == "train").collect();
    for todo in &training {
        from_the_console(company, login, &todo["id"]);
        company.sign(login, "lms.read_and_sign", json!({ "obligation": todo["id"] }));
    }
    training.len()
}

/// What a learner could send instead of reading and signing; none of it marks the training as done.
fn from_the_console(company: &Company, login: &str, obligation: &Json) {
    for (command, input) in [
        ("obligation.complete", json!({ "obligation": obligation, "outcome": "read it" })),
        ("obligation.complete", json!({ "obligation": obligation, "outcome": "read it", "score": 100, "completed_at": 0 })),
        ("lms.read_and_sign", json!({ "obligation": obligation })),
        ("lms.read_and_sign", json!({ "obligation": obligation, "digest": "0".repeat(64), "signed": true })),
        ("lms.excuse", json!({ "obligation": obligation })),
        ("obligation.reassign", json!({ "obligation": obligation, "person": "v.greco" })),
    ] {
        let refused = company.try_run(login, command, input);
        assert!((400..500).contains(&refused.status), "{command}: {} {}", refused.status, refused.body);
    }
    let work = company.rows(login, "/api/v1/my-work");
    assert!(work.iter().any(|todo| todo["id"] == *obligation), "the training is still to be done");
}

fn complaint(company: &Company, project: &At) -> (At, At) {
    let fields = json!({
        "aware_on": date_in(-1), "reporter": "health_professional", "reporter_country": "Italy", "product_number": "LV-101155", "lot_or_serial": "LV-2026-0113",
        "event_date": date_in(-2), "description": "A leak at the fitting behind the oxygen inlet; its seal was swollen.", "harm": "none", "device_returned": true,
    });
    let complaint = company.create("g.bianchi", "complaint", "Oxygen leak at an inlet fitting", fields, json!({ "site": "BLQ" }));
    company.link("g.bianchi", &complaint, "concerns", &At::new("part", demo::structures().complained_part));
    let id = company.record("r.nilsson", &complaint)["id"].clone();
    let complainant = json!({"complainant_name": "Clinical engineering", "complainant_address": "Via Esempio 12", "complainant_phone": "+39 000 000 0000"});
    company.run("g.bianchi", "personal.edit", json!({ "record": id, "personal": complainant }));
    company.step("g.bianchi", &complaint, "evaluate");
    let us = json!({
        "us_market": "yes", "our_device": "yes", "event_took_place": "yes", "death_or_serious_injury": "neither",
        "malfunction": "likely", "medical_judgement": "no", "urgency": "neither",
    });
    company.run("r.nilsson", "decision.take", json!({ "record": id, "tree": "us_medical_device_report", "answers": us }));
    let eu = json!({ "union_market": "yes", "incident": "yes", "expected_side_effect": "no", "serious": "no" });
    company.run("r.nilsson", "decision.take", json!({ "record": id, "tree": "eu_serious_incident", "answers": eu }));
    company.step("g.bianchi", &complaint, "investigate");
    let clocks = company.rows("r.nilsson", &complaint.path("/clocks"));
    assert_eq!(clocks.len(), 1, "one authority must be told: {clocks:?}");
    assert_eq!((&clocks[0]["due_date"], &clocks[0]["state"]), (&json!(date_in(29)), &json!("running")), "30 days from becoming aware");

    let fields = json!({ "source": "complaint", "nature": "corrective", "problem": "Seals are not specified for oxygen.", "containment": "Stock blocked." });
    let links = json!({ "site": "BLQ", "links": [{ "link": "addresses", "target": id }] });
    let capa = company.create("g.bianchi", "capa", "Oxygen-safe fittings in the gas path", fields, links);
    company.link("l.ferri", project, "project_capa", &capa);
    company.link("l.ferri", project, "project_complaint", &complaint);
    let id = company.record("g.bianchi", &capa)["id"].clone();
    company.run("g.bianchi", "decision.take", json!({ "record": id, "tree": "capa_needed", "answers": { "harm": "yes" } }));
    company.step("g.bianchi", &capa, "investigate");
    let fields = json!({
        "root_cause_method": "five_why", "root_cause": "The specification does not name the medium.", "action_plan": "Change the seven fittings; train all assemblers.",
        "effectiveness_metric": "Leaks for each 1,000 tests", "effectiveness_threshold": "0 in 30 days", "effectiveness_window_days": 0,
    });
    company.edit("g.bianchi", &capa, json!({ "fields": fields }));
    company.step("g.bianchi", &capa, "submit_plan");
    company.sign_step("m.ortiz", &capa, "approve_plan");
    (complaint, capa)
}

/// The order takes the second file and the procedure; answers the order and the revised procedure.
fn change(company: &Company, capa: &At, procedure: &At) -> (At, At) {
    let fields = json!({
        "reason": "Seals of seven fittings are not specified for oxygen service.", "description": "Seven fittings change to variants for oxygen service.", "change_class": "minor",
        "verification": "Leak test.", "disposition_stock": "return", "disposition_wip": "rework", "disposition_field": "correct_in_field",
    });
    let order = company.create("l.ferri", "change_order", "Oxygen-safe fittings", fields, json!({}));
    company.link("g.bianchi", capa, "implemented_by", &order);
    let file = company.upload("l.ferri", demo::structures().second);
    company.run("l.ferri", "change_order.apply_structure", json!({ "order": order.id, "file": file, "file_name": "rev-b.xlsx" }));
    let added = company.run("l.ferri", "change_order.add_affected", json!({ "order": order.id, "record": procedure.id }));
    let revised = At::new("procedure", added["record"].as_str().unwrap());
    let fields = json!({ "body": "1. Check every fitting.\n2. Only part numbers ending in -OX.", "summary_of_changes": "Only fittings for oxygen service." });
    company.edit("d.weber", &revised, json!({ "effective_on": date_in(14), "fields": fields }));
    company.step("l.ferri", &order, "submit");

    let redline = company.get("m.rossi", &format!("/api/v1/change-orders/{}/redline", order.id));
    let counts = &redline["counts"];
    assert_eq!((&counts["added"], &counts["removed"], &counts["changed"]), (&json!(0), &json!(0), &json!(7)), "{counts}");
    let impact = company.rows("m.rossi", &order.path("/impact?through=affects"));
    let touched = |name: &str| impact.iter().filter(|group| group["name"] == name).map(|group| group["entries"].as_array().unwrap().len()).sum::<usize>();
    assert_eq!(touched("people"), staff::assemblers().count(), "people to retrain, by name: {impact:?}");
    for name in ["risk", "supplier", "design_project"] {
        assert!(touched(name) > 0, "impact names no {name}: {impact:?}");
    }
    (order, revised)
}

/// What stands against the CAPA's close, as the problem says it.
fn refused_close(company: &Company, capa: &At) -> (Vec<String>, BTreeSet<String>) {
    let before = company.record("m.ortiz", capa);
    let reply = company.try_sign_step("m.ortiz", capa, "close");
    assert_eq!((reply.status, reply.header("content-type")), (409, "application/problem+json"), "{}", reply.body);
    let problem = reply.json();
    assert_eq!((&problem["code"], &problem["type"]), (&json!("blocked"), &json!("urn:plumb:problem:blocked")));
    assert_eq!(company.record("m.ortiz", capa), before, "nothing was written");
    let blockers = problem["blockers"].as_array().unwrap();
    let members = |name: &str| blockers.iter().map(|blocker| blocker[name].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    (members("text"), members("rule").into_iter().collect())
}

fn release(company: &Company, order: &At, revised: &At, part: &At) {
    for signer in ["m.rossi", "m.ortiz"] {
        company.sign_step(signer, order, "approve");
    }
    let by_token = company.sign_step_by_token("d.weber", order, "release");
    assert_eq!(by_token.status, 403, "a token signs nothing: {}", by_token.body);
    assert_eq!(company.record("d.weber", order)["state"], "approved");
    let released = company.sign_step("d.weber", order, "release");
    assert_eq!(released["result"]["state"], "released", "{released}");
    // One transaction for the order, the parts, the procedure and the training.
    for at in [order, revised, part] {
        let lines = company.rows("l.ferri", &at.path("/timeline"));
        let of_release: Vec<_> = lines.iter().filter(|line| line["tx"] == released["tx"]).collect();
        assert!(!of_release.is_empty(), "{} has nothing from the release: {lines:?}", at.id);
    }
}

/// Work that was asked for because the order touched it; answers how much it was.
fn reassess(company: &Company, order: &At, asked: &[(&str, &At)]) -> usize {
    let mut done = 0;
    for (login, at) in asked {
        for todo in company.rows(login, &at.path("/obligations")) {
            if todo["sort"] == "reassess" && todo["cause"] == order.id && todo["state"] == "open" {
                company.run(login, "obligation.complete", json!({ "obligation": todo["id"], "outcome": "Looked at; no rating changes." }));
                done += 1;
            }
        }
    }
    done
}

/// Everything from the signed release to the closed CAPA.
fn retrain_and_close(company: &Company, before: &Before, capa: &At, order: &At, revised: &At) {
    let assemblers: Vec<_> = staff::assemblers().collect();
    for login in &assemblers[..9] {
        assert_eq!(read_and_sign(company, login), 1, "{login}");
    }
    let (texts, _) = refused_close(company, capa);
    assert!(texts.iter().any(|text| text == "Training: 3 of 12 open"), "{texts:?}");

    let untrained = At::new("person", assemblers[11]);
    let qualification = company.create("v.greco", "qualification", "Assembly of the gas system", json!({ "observed": "Three assemblies watched." }), json!({}));
    company.link("v.greco", &qualification, "of_person", &untrained);
    company.link("v.greco", &qualification, "qualifies_for", revised);
    let refused = company.try_sign_step("v.greco", &qualification, "sign_off");
    assert!(refused.status == 409 && refused.body.contains("has not read and signed"), "{}", refused.body);
    for login in &assemblers[9..] {
        assert_eq!(read_and_sign(company, login), 1, "{login}");
    }
    company.sign_step("v.greco", &qualification, "sign_off");

    assert_eq!(reassess(company, order, &[("g.bianchi", &before.risk), ("s.patel", &before.supplier)]), 2, "nobody typed these");
    let (_, rules) = refused_close(company, capa);
    assert_eq!(rules.into_iter().collect::<Vec<_>>(), ["capa.effectiveness_judged"], "only the verdict is missing");
    let fields = json!({ "effectiveness_result": "effective", "effectiveness_evidence": "412 leak tests, no leak." });
    company.edit("g.bianchi", capa, json!({ "fields": fields }));
    company.sign_step("m.ortiz", capa, "close");
    assert_eq!(company.record("m.ortiz", capa)["phase"], "closed");
}

/// From the complaint to the signature on each training record, and back in time.
fn inspect(company: &Company, complaint: &At, revised: &At, part: &At, before_release: Timestamp) {
    let walked = company.rows("m.ortiz", &complaint.path("/walk?depth=4"));
    assert!(walked.iter().any(|step| step["record"]["id"] == revised.id.as_str()), "the revised procedure follows from the complaint: {walked:?}");
    let signatures = company.rows("m.ortiz", &revised.path("/signatures"));
    let mut training = 0;
    for todo in company.rows("m.ortiz", &revised.path("/obligations")).iter().filter(|todo| todo["sort"] == "train") {
        let given = signatures.iter().find(|given| given["id"] == todo["signature"]).unwrap_or_else(|| panic!("unsigned: {todo}"));
        assert_eq!((&given["person"], &given["role"]), (&todo["person"], &json!("learner")));
        assert!(given["manifestation"].as_str().unwrap().contains("I have read it"), "{given}");
        training += 1;
    }
    assert_eq!(training, 12, "every training signature is reached from the complaint");

    let then = company.get("m.ortiz", &part.path(&format!("?as_of={}", before_release.to_rfc3339())));
    let now = company.record("m.ortiz", part);
    assert_eq!((&then["phase"], &now["phase"]), (&json!("effective"), &json!("effective")));
    assert_ne!(then["revision"], now["revision"], "another revision counted then");
    let then = company.get("m.ortiz", &revised.path(&format!("?as_of={}", before_release.to_rfc3339())));
    assert_eq!((&then["state"], &company.record("m.ortiz", revised)["state"]), (&json!("draft"), &json!("approved")));
}

fn tell(arguments: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("d").to_str().unwrap().to_owned();
    let place = [&["--data", &data], arguments].concat();
    plumb(folder.path(), &format!("init {} --login {ADMIN} --name Ada", place.join(" ")), &[("PLUMB_PASSWORD", PASSWORD)]).with(0);
    let arguments: Vec<_> = place.iter().map(|argument| (*argument).to_owned()).collect();
    let company = Company::new(Server::start(&arguments, folder.path()), ADMIN);
    hire(&company);
    let before = set_up(&company);
    let (complaint, capa) = complaint(&company, &before.project);
    let (order, revised) = change(&company, &capa, &before.procedure);
    company.step("g.bianchi", &capa, "check_effectiveness");
    let (texts, _) = refused_close(&company, &capa);
    assert!(texts.iter().any(|text| text.contains("Change order ECO-0001 is in review")), "{texts:?}");
    assert!(texts.iter().any(|text| text.contains("Effectiveness is not judged")), "{texts:?}");

    let part = At::new("part", &demo::structures().changed_parts[0]);
    let before_release = SystemClock.now();
    release(&company, &order, &revised, &part);
    retrain_and_close(&company, &before, &capa, &order, &revised);

    company.edit("r.nilsson", &complaint, json!({ "fields": { "us_reported_on": date_in(0), "us_report_reference": "3012345678-2026-00017" } }));
    company.step("r.nilsson", &complaint, "report_to_fda");
    company.edit("g.bianchi", &complaint, json!({ "fields": { "investigation_summary": "Cause removed in the CAPA.", "reply": "Replaced free of charge." } }));
    company.sign_step("m.ortiz", &complaint, "close");
    company.sign_step("m.ortiz", &before.project, "freeze");
    let frozen = company.rows("m.ortiz", &before.project.path("/dossier/frozen"));
    let index = company.get("m.ortiz", &before.project.path(&format!("/dossier/frozen/{}", frozen[0]["id"].as_str().unwrap())));
    let numbers: Vec<&Json> = index["sections"].as_array().unwrap().iter().flat_map(|section| section["entries"].as_array().unwrap()).map(|entry| &entry["number"]).collect();
    for at in [&order, &before.risk, &complaint] {
        assert!(numbers.contains(&&company.record("m.ortiz", at)["number"]), "{} in {numbers:?}", at.kind);
    }
    inspect(&company, &complaint, &revised, &part, before_release);
    drop(company);
    let place: Vec<_> = arguments.iter().map(String::as_str).collect();
    let checked = plumb(folder.path(), &format!("verify {}", place.join(" ")), &[]).with(0);
    assert!(checked.err.is_empty() && checked.out.contains("main: sound"), "{checked:?}");
}

#[test]
fn urs_story_005_the_whole_story_is_told_through_the_api_and_the_capa_cannot_close_early_nor_frs_trn_011_a_training_be_forged_on_sqlite() {
    tell(&[]);
}

#[test]
fn urs_story_005_the_whole_story_is_told_through_the_api_and_the_capa_cannot_close_early_nor_frs_trn_011_a_training_be_forged_on_postgresql() {
    let test = postgres();
    tell(&["--database", test.postgres_url().unwrap()]);
}
