//! A record that somebody changed in the database, over the API.

use super::support::{Ask, Company};
use serde_json::{Value as Json, json};
use testkit::engines::both_migrated;
use testkit::world::PASSWORD;

#[test]
fn frs_evd_070_071_a_record_that_was_changed_outside_says_what_and_no_signature_is_taken() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let id = company.record("paper", json!({"body": "words", "grade": 2}));
        company.world.step(&company.world.sign_in("dora"), &id, "submit").unwrap();
        let cookie = company.cookie("quinn");
        let read = || company.client.send(Ask::get(format!("/api/v1/records/paper/{id}")).cookie(&cookie)).json();
        assert_eq!(read()["damage"], json!([]));
        let input = json!({"record": id, "version": 2, "step": "approve"});
        let challenge = || company.client.send(Ask::post("/api/v1/challenges").json(json!({"command": "record.step", "input": input})).cookie(&cookie));
        let shown = challenge().json();

        let attack = "update record set owner = 'eve' where tenant = 'main' and kind = 'paper'";
        assert_eq!(test.database.write(move |tx| tx.execute_text(attack, &[])).unwrap(), 1);
        let damage = read()["damage"].clone();
        assert_eq!(damage.as_array().map(Vec::len), Some(1), "{damage}");
        assert_eq!((&damage[0]["table"], &damage[0]["field"], &damage[0]["key"]), (&json!("record"), &json!("owner"), &json!(id)));
        assert!(damage[0]["text"].as_str().unwrap().starts_with("is “eve”, the trail says “"), "{damage}");
        let token = company.token("dora");
        let before = company.events();
        let signature = json!({"challenge": shown["challenge"], "login": "quinn", "password": PASSWORD});
        let ask = Ask::post(format!("/api/v1/records/paper/{id}/steps/approve")).key("k").version(2).json(json!({"signature": signature})).cookie(&cookie);
        for refused in [company.client.send(ask), challenge()] {
            let blockers = refused.json()["blockers"].clone();
            assert_eq!((refused.status, &blockers[0]["rule"], &blockers[0]["requirement"]), (409, &json!("evidence.changed_outside"), &json!("FRS-EVD-071")), "{}", refused.text());
        }
        let edit = Ask::patch(format!("/api/v1/records/paper/{id}")).key("e").version(2).json(json!({"title": "Other"})).token(&token);
        assert_eq!(company.client.send(edit).status, 409);
        assert_eq!(company.events(), before);
        // A list does not look at each row's events, and says that it did not.
        let listed = company.client.send(Ask::get("/api/v1/records/paper").cookie(&cookie)).rows();
        assert_eq!(listed[0]["damage"], Json::Null);
    });
}
