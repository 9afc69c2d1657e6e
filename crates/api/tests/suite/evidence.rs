//! The log over the API: its state, its checkpoint, and proofs that are checked with nothing but
//! what they hold.

use crate::support::{Ask, Company};
use axum::http::Method;
use base::Digest;
use base::digest::Canonical;
use serde_json::{Value as Json, json};
use testkit::engines::both_migrated;
use testkit::world::signer;
use tlog::checkpoint::Checkpoint;
use tlog::note::NoteVerifier;
use tlog::proof::proves_inclusion;
use tlog::tile::{Tile, Tiled, Tiles};
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

#[test]
fn frs_evd_083_evidence_is_handed_out_only_to_those_who_may_and_each_copy_is_an_event() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let id = company.record("paper", json!({"body": "words", "grade": 2}));
        company.seal();
        let address = format!("/api/v1/records/paper/{id}/evidence");
        // Who reads only, and who belongs to another site, and nobody.
        let (dora, olga, finn) = (company.token("dora"), company.token("olga"), company.token("finn"));
        let before = company.events();
        let ask = |token: &str, key: &str| company.client.send(Ask::post(address.as_str()).key(key).json(json!({"reason": "asked for by an inspector"})).token(token));
        assert_eq!(ask(&olga, "olga").problem().0, 403);
        assert_eq!(ask(&finn, "finn").problem().0, 404);
        assert_eq!(company.client.send(Ask::post(address.as_str()).key("x")).problem().0, 401);
        assert_eq!(company.client.send(Ask::post(address.as_str()).key("y").token(&dora)).problem(), (422, "reason_needed".to_owned(), "reason".to_owned()));
        assert_eq!(company.events(), before, "nothing was handed out");
        let handed = ask(&dora, "one");
        assert_eq!((handed.status, handed.header("content-type")), (200, "application/json"));
        let bundle = handed.text();
        let exports = test.database.query(db::sql("select x.digest, x.size_bytes, x.checkpoint, p.login from evidence_export x join person p on p.tenant = x.tenant and p.id = x.made_by where x.tenant = $1"), &["main".into()]).unwrap();
        assert_eq!(exports.len(), 1);
        assert_eq!((exports[0].text("digest").unwrap(), exports[0].text("login").unwrap()), (Digest::of(bundle.as_bytes()).hex().as_str(), "dora"));
        assert!(exports[0].int("size_bytes").unwrap() as usize == bundle.len() && exports[0].int("checkpoint").unwrap() > 0);
        let timeline = company.client.send(Ask::get(format!("/api/v1/records/paper/{id}/timeline")).token(&dora)).rows();
        assert!(timeline.iter().any(|line| line["action"] == "evidence.exported"), "{timeline:?}");
        // The same request again hands nothing out, and notes nothing.
        let events = company.events();
        assert_eq!(ask(&dora, "one").problem(), (409, "handed_out".to_owned(), String::new()));
        assert_eq!(company.events(), events);
        let key = verify::Key::parse(&signer().verifier().text()).unwrap();
        let report = verify::verify_bundle(&bundle, &verify::Trust { keys: vec![key], ..verify::Trust::default() }).unwrap();
        assert!(report.is_sound() && report.is_trusted && report.record.number == "PAP-0001", "{:?}", report.problems);
    });
}

/// The log as an auditor reads it: over HTTP, and nothing else.
pub struct Fetched<'a> {
    pub company: &'a Company,
    pub token: String,
}

impl Fetched<'_> {
    pub fn bytes(&self, path: &str) -> Result<Vec<u8>, u16> {
        let reply = self.company.client.send(Ask::get(format!("/api/v1/evidence/{path}")).token(&self.token));
        if reply.status == 200 { Ok(reply.body.to_vec()) } else { Err(reply.problem().0) }
    }
}

impl Tiles for Fetched<'_> {
    fn hashes(&mut self, tile: &Tile) -> base::Result<Vec<Digest>> {
        let bytes = self.bytes(&tile.path()).map_err(|status| base::Error::internal(status.to_string()))?;
        Ok(bytes.chunks(32).map(|hash| Digest::from_bytes(hash).unwrap()).collect())
    }
}

#[test]
fn frs_evd_052_an_auditor_reads_the_whole_log_over_http_and_nothing_that_it_does_not_hold() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let first = company.seal();
        let id = company.record("paper", json!({"body": "words"}));
        let dora = company.world.sign_in("dora");
        // Past the first tile, in several checkpoints.
        for grade in 0..250 {
            company.world.edit(&dora, &id, json!({"grade": grade % 5 + 1})).ok();
            if grade % 60 == 0 {
                company.seal();
            }
        }
        let latest = company.seal();
        assert!(latest.size > 256 && latest.size > first.size, "{latest:?}");
        let mut log = Fetched { company: &company, token: company.token("olga") };
        let note = String::from_utf8(log.bytes("checkpoint").unwrap()).unwrap();
        let said = Checkpoint::parse(signer().verifier().open(&note).unwrap()).unwrap();
        assert_eq!((said.size, said.head), (latest.size, latest.head));
        // Tiles give the head; entries give the tiles.
        assert_eq!(tree::root_of_size(said.size, &mut Tiled { size: said.size, tiles: &mut log }).unwrap(), said.head);
        let mut leaves = Vec::new();
        for index in 0..said.size.div_ceil(tlog::tile::WIDTH) {
            let tile = Tile { level: 0, index, width: (said.size - index * tlog::tile::WIDTH).min(tlog::tile::WIDTH) };
            let entries = log.bytes(&tile.entries_path()).unwrap();
            let of_tile: Vec<Digest> = entries.chunks(34).map(|entry| (entry[..2] == [0, 32]).then(|| tree::leaf(&entry[2..])).unwrap()).collect();
            assert_eq!(of_tile, log.hashes(&tile).unwrap(), "{}", tile.path());
            leaves.extend(of_tile);
        }
        assert_eq!(tree::root(&leaves), said.head);
        let rows = test.database.query(db::sql("select tx from audit_tx where tenant = $1"), &["main".into()]).unwrap();
        assert!(rows.len() as u64 >= said.size);
        let more = said.size % tlog::tile::WIDTH + 1;
        for (path, status) in [(format!("tile/0/001.p/{more}"), 404), (format!("tile/entries/001.p/{more}"), 404), ("tile/0/002".into(), 404), ("tile/1/000".into(), 404), ("tile/0/0".into(), 404), ("tile/9/000".into(), 404), ("tile/entries/x999/x999/x999/x999/x999/x999/999".into(), 404)] {
            assert_eq!(log.bytes(&path), Err(status), "{path}");
        }
        let nobody = company.client.send(Ask::get("/api/v1/evidence/tile/0/000"));
        assert_eq!(nobody.problem().0, 401);
    });
}

#[test]
fn frs_trl_015_no_address_of_the_trail_or_the_log_takes_a_change() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let id = company.record("paper", json!({"body": "words"}));
        company.seal();
        let all = api::endpoint::all(&company.state);
        let of_trail = |path: &str| ["timeline", "walk", "evidence", "proof", "signatures", "audit", "event"].iter().any(|word| path.contains(word));
        let paths: std::collections::BTreeSet<&str> = all.iter().map(|endpoint| endpoint.path).filter(|path| of_trail(path)).collect();
        assert!(paths.len() >= 7, "{paths:?}");
        // The administrator, who may do more than anybody else, with everything a change asks for.
        let (admin, dora) = (company.token("admin"), company.token("dora"));
        let before = (company.events(), test.database.query(db::sql("select count(*) as n from audit_tx where tenant = $1"), &["main".into()]).unwrap()[0].int("n").unwrap());
        for path in paths {
            let address = path.replace("{kind}", "paper").replace("{record}", &id).replace("{*tile}", "0/000.p/1");
            for method in [Method::PUT, Method::PATCH, Method::DELETE, Method::POST] {
                // Handing a copy out adds a line to the trail; it changes none.
                if method == Method::POST && path.ends_with("/records/{kind}/{record}/evidence") {
                    continue;
                }
                for token in [&admin, &dora] {
                    let ask = Ask::new(method.clone(), address.as_str()).key("k").version(1).json(json!({})).token(token);
                    let status = company.client.send(ask).status;
                    assert!(status == 404 || status == 405, "{method} {address}: {status}");
                }
            }
        }
        for address in ["/api/v1/events", "/api/v1/audit", "/api/v1/trail", "/api/v1/records/event"] {
            for method in [Method::PUT, Method::PATCH, Method::DELETE, Method::POST] {
                let status = company.client.send(Ask::new(method.clone(), address).key("k").version(1).json(json!({})).token(&admin)).status;
                assert!(status == 404 || status == 405, "{method} {address}: {status}");
            }
        }
        let after = (company.events(), test.database.query(db::sql("select count(*) as n from audit_tx where tenant = $1"), &["main".into()]).unwrap()[0].int("n").unwrap());
        assert_eq!(after, before);
    });
}
