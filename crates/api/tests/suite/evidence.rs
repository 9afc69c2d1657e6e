//! The log over the API: its state, its checkpoint, and proofs that are checked with nothing but
//! what they hold.

use crate::support::{Ask, Company};
use base::Digest;
use base::digest::Canonical;
use serde_json::{Value as Json, json};
use testkit::engines::both_migrated;
use testkit::world::signer;
use tlog::checkpoint::Checkpoint;
use tlog::note::NoteVerifier;
use tlog::proof::proves_inclusion;
use tlog::tree;

fn digest(value: &Json) -> Digest {
    Digest::from_hex(value.as_str().unwrap()).unwrap()
}

fn path(value: &Json) -> Vec<Digest> {
    value.as_array().unwrap().iter().map(digest).collect()
}

/// Checks a proof as its holder does: against the public key and the format, without a server.
fn holds(proof: &Json, key: &NoteVerifier) -> bool {
    let (event, sealed) = (&proof["event"], &proof["transaction"]);
    let text = |row: &Json, name: &str| row[name].as_str().unwrap().to_owned();
    let number = |row: &Json, name: &str| row[name].as_i64().unwrap();
    let mut entry = Canonical::new("PLUMB-EVENT-1");
    entry.text(proof["tenant"].as_str().unwrap()).text(&text(event, "tx")).int(number(event, "ord")).int(number(event, "at")).text(&text(event, "actor")).text(&text(event, "action"));
    entry.optional(event["record"].as_str()).text(&text(event, "subject_table")).text(&text(event, "subject"));
    entry.optional(event["before"].as_str()).optional(event["after"].as_str()).optional(event["reason"].as_str()).bytes(&digest(&event["image"]).0);
    let leaf = tree::leaf(entry.as_slice());
    let (ord, n) = (number(event, "ord") as u64, number(sealed, "n") as u64);
    let root = digest(&sealed["root"]);
    let mut whole = Canonical::new("PLUMB-TX-1");
    whole.text(proof["tenant"].as_str().unwrap()).int(number(sealed, "chain")).int(number(sealed, "seq")).text(&text(sealed, "tx")).int(number(sealed, "at")).text(&text(sealed, "actor"));
    whole.text(&text(sealed, "command")).text(&text(sealed, "software")).int(number(sealed, "configuration")).int(number(sealed, "n")).bytes(&root.0).bytes(&digest(&sealed["prev"]).0);
    let said = Checkpoint::parse(key.open(proof["checkpoint"].as_str().unwrap()).unwrap()).unwrap();
    let place = proof["log_place"].as_u64().unwrap();
    proves_inclusion(&leaf, ord, n, &path(&proof["event_path"]), &root)
        && proves_inclusion(&tree::leaf(&whole.digest().0), place, said.size, &path(&proof["log_path"]), &said.head)
}

#[test]
fn frs_evd_050_the_log_tells_its_checkpoint_its_keys_and_its_anchors_and_none_before_there_is_one() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let token = company.token("dora");
        let nothing = company.client.send(Ask::get("/api/v1/evidence/checkpoint").token(&token));
        assert_eq!(nothing.problem().0, 404);
        assert_eq!(company.client.send(Ask::get("/api/v1/evidence").token(&token)).json()["checkpoint"], Json::Null);
        let made = company.seal();
        let note = company.client.send(Ask::get("/api/v1/evidence/checkpoint").token(&token)).text();
        assert_eq!(note, made.note);
        let state = company.client.send(Ask::get("/api/v1/evidence").token(&token)).json();
        assert_eq!((&state["checkpoint"]["size"], &state["keys"], &state["anchors"]), (&json!(made.size), &json!([signer().verifier().text()]), &json!([])));
        assert_eq!(company.client.send(Ask::get("/api/v1/evidence")).problem().0, 401);
    });
}

#[test]
fn frs_evd_051_a_records_proof_holds_without_the_server_and_a_changed_one_does_not_pass() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let dora = company.world.sign_in("dora");
        let id = company.world.create(&dora, "paper", "Sheet", json!({"body": "Text."})).unwrap();
        let (token, address) = (company.token("dora"), format!("/api/v1/records/paper/{id}/proof"));
        let early = company.client.send(Ask::get(address.as_str()).token(&token)).problem();
        assert_eq!((early.0, early.1.as_str()), (409, "not_in_checkpoint"));
        company.seal();
        let proof = company.client.send(Ask::get(address.as_str()).token(&token)).json();
        assert_eq!(proof["event"]["subject"], json!(id));
        assert!(proof.to_string().len() < 8_192, "a proof is a page, not a book");
        let key = signer().verifier();
        assert!(holds(&proof, &key));
        for (part, name, value) in [("event", "after", json!("{}")), ("event", "actor", json!("x")), ("event", "at", json!(1)), ("transaction", "command", json!("x")), ("transaction", "seq", json!(1))] {
            let mut bent = proof.clone();
            bent[part][name] = value;
            assert!(!holds(&bent, &key), "{part} {name}");
        }
    });
}
