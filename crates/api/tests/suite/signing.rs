//! Steps and signatures over the API.

use super::support::{Ask, Company, Reply};
use serde_json::{Value as Json, json};
use testkit::engines::both_migrated;
use testkit::world::PASSWORD;

/// A paper that waits for a signature.
fn in_review(company: &Company) -> String {
    let id = company.record("paper", json!({"body": "words", "grade": 2}));
    company.world.step(&company.world.sign_in("dora"), &id, "submit").unwrap();
    id
}

fn challenge(company: &Company, id: &str, cookie: &str) -> Reply {
    let input = json!({"record": id, "version": company.world.record(id).version, "step": "approve"});
    company.client.send(Ask::post("/api/v1/challenges").json(json!({"command": "record.step", "input": input})).cookie(cookie))
}

fn sign(company: &Company, id: &str, version: i64, cookie: &str, key: &str, signature: Json) -> Reply {
    let ask = Ask::post(format!("/api/v1/records/paper/{id}/steps/approve")).key(key).version(version);
    company.client.send(ask.json(json!({"signature": signature})).cookie(cookie))
}

#[test]
fn frs_api_010_a_step_is_signed_with_a_challenge_that_shows_what_is_signed() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let id = in_review(&company);
        let cookie = company.cookie("quinn");
        let record = company.world.record(&id);
        let shown = challenge(&company, &id, &cookie).json();
        assert_eq!((&shown["meaning"], &shown["role"], &shown["needs_login"]), (&json!("approved for quality"), &json!("quality_manager"), &json!(true)));
        assert_eq!((&shown["digest"], &shown["version"], &shown["record"]["label"]), (&json!(record.digest), &json!(record.version), &json!("PAP-0001 rev A")));
        assert_eq!((&shown["fields"]["body"], &shown["given"]), (&json!("words"), &json!([])));

        let signature = json!({"challenge": shown["challenge"], "login": "quinn", "password": PASSWORD});
        let done = sign(&company, &id, record.version, &cookie, "sign", signature.clone());
        assert_eq!((done.status, &done.json()["result"]["state"]), (200, &json!("effective")), "{}", done.text());
        // Looked at later: it is the time of signing that is told.
        company.world.clock.advance_seconds(600);
        let given = company.client.send(Ask::get(format!("/api/v1/records/paper/{id}/signatures")).cookie(&cookie)).rows();
        assert_eq!(given.len(), 1);
        assert_eq!(given[0]["version"], record.version);
        assert_eq!(given[0]["manifestation"], "Quinn Tester, 2 Nov 2026, 08:00 CET: approved for quality");
        // Sent again with the same key after a lost answer: the same answer, no second signature.
        let again = sign(&company, &id, record.version, &cookie, "sign", signature);
        assert_eq!((again.status, &again.json()["repeated"]), (200, &json!(true)), "{}", again.text());
    });
}

#[test]
fn frs_api_010_a_token_never_signs() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let id = in_review(&company);
        let (token, cookie) = (company.token("quinn"), company.cookie("quinn"));
        let input = json!({"record": id, "version": 2, "step": "approve"});
        let asked = company.client.send(Ask::post("/api/v1/challenges").json(json!({"command": "record.step", "input": input})).token(&token));
        assert_eq!(asked.problem(), (403, "signing_needs_a_person".to_owned(), String::new()));
        let shown = challenge(&company, &id, &cookie).json();
        let before = company.events();
        let signature = json!({"challenge": shown["challenge"], "login": "quinn", "password": PASSWORD});
        let ask = Ask::post(format!("/api/v1/records/paper/{id}/steps/approve")).key("k").version(2).json(json!({"signature": signature})).token(&token);
        assert_eq!(company.client.send(ask).problem().1, "signing_needs_a_person");
        let bare = Ask::post(format!("/api/v1/records/paper/{id}/steps/approve")).key("k").version(2).token(&token);
        assert_eq!(company.client.send(bare).problem(), (401, "signature_needed".to_owned(), String::new()));
        assert_eq!(company.events(), before);
    });
}

#[test]
fn frs_api_010_a_signature_that_does_not_hold_signs_nothing() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let id = in_review(&company);
        let other = in_review(&company);
        let cookie = company.cookie("quinn");
        let token = challenge(&company, &id, &cookie).json()["challenge"].as_str().unwrap().to_owned();
        let attempt = |record: &str, signature: Json| {
            let version = company.world.record(record).version;
            sign(&company, record, version, &cookie, &company.world.key(), signature).problem()
        };
        let problem = |status: u16, code: &str, place: &str| (status, code.to_owned(), place.to_owned());
        assert_eq!(attempt(&id, json!({"challenge": token, "password": PASSWORD})), problem(401, "both_components_needed", "login"));
        assert_eq!(attempt(&id, json!({"challenge": token, "login": "quinn", "password": "not the password"})), problem(401, "wrong_secret", ""));
        assert_eq!(attempt(&id, json!({"challenge": token, "login": "dora", "password": PASSWORD})), problem(403, "not_your_session", ""));
        assert_eq!(attempt(&id, json!({"challenge": "00.00", "login": "quinn", "password": PASSWORD})), problem(422, "bad_challenge", "challenge"));
        assert_eq!(attempt(&other, json!({"challenge": token, "login": "quinn", "password": PASSWORD})), problem(422, "challenge_for_something_else", "challenge"));
        assert_eq!(attempt(&id, json!({"challenge": token})), problem(422, "missing_field", "signature.password"));
        assert_eq!(attempt(&id, json!({"challenge": token, "password": PASSWORD, "meaning": "x"})), problem(422, "unknown_field", "signature.meaning"));
        // The content changes after it was shown.
        company.world.step(&company.world.sign_in("quinn"), &id, "send_back").unwrap();
        company.world.edit(&company.world.sign_in("dora"), &id, json!({"body": "other words"})).unwrap();
        company.world.step(&company.world.sign_in("dora"), &id, "submit").unwrap();
        assert_eq!(attempt(&id, json!({"challenge": token, "login": "quinn", "password": PASSWORD})), problem(412, "content_changed", ""));
        assert!(company.client.send(Ask::get(format!("/api/v1/records/paper/{id}/signatures")).cookie(&cookie)).rows().is_empty());
    });
}

#[test]
fn frs_api_006_a_refused_step_names_the_rules_requirements_and_records_that_block_it() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let id = company.record("paper", json!({"body": "words"}));
        let token = company.token("dora");
        let before = company.events();
        let reply = company.client.send(Ask::post(format!("/api/v1/records/paper/{id}/steps/submit")).key("k").version(1).token(&token));
        assert_eq!(reply.problem(), (409, "blocked".to_owned(), String::new()));
        let problem = reply.json();
        assert_eq!(problem["blockers"], json!([{"rule": "paper.graded", "requirement": "FRS-T-001", "text": "“Grade” is not filled in", "records": []}]));
        assert_eq!((&problem["type"], &problem["title"]), (&json!("urn:plumb:problem:blocked"), &json!("Refused")));
        assert_eq!(problem["request_id"], reply.header("plumb-request-id"));
        let choices = company.client.send(Ask::get("/api/v1/records/paper/PAP-0001/steps").token(&token)).rows();
        assert_eq!(choices[0]["blockers"], problem["blockers"]);
        assert_eq!((&choices[0]["name"], &choices[0]["permitted"]), (&json!("submit"), &json!(true)));

        company.world.run(&company.world.sign_in("quinn"), "hold.place", json!({"record": id, "why": "wait"})).unwrap();
        company.world.edit(&company.world.sign_in("dora"), &id, json!({"grade": 1})).unwrap();
        company.world.step(&company.world.sign_in("dora"), &id, "submit").unwrap();
        let choices = company.client.send(Ask::get("/api/v1/records/paper/PAP-0001/steps").token(&token)).rows();
        let approve = choices.iter().find(|choice| choice["name"] == "approve").unwrap();
        assert_eq!((&approve["permitted"], &approve["signed"]), (&json!(false), &json!(true)));
        assert_eq!(approve["blockers"][0]["records"][0]["label"], "PAP-0001 rev A");
        assert!(company.events() > before);
    });
}
