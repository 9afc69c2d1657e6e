//! Checkpoints by the clock, anchors outside the database, and what a check says of them.
#![expect(clippy::unwrap_used, reason = "a helper that fails ends its test")]

#[path = "program/http.rs"]
#[expect(dead_code, reason = "few of the headers are read here")]
mod http;
#[path = "program/run.rs"]
mod run;
#[path = "program/server.rs"]
mod server;

use kernel::MAIN_TENANT;
use kernel::evidence::{self, Receipt};
use plumb::evidence::{Anchoring, Anchors, Checker, Checkpointer};
use run::plumb;
use serde_json::json;
use server::Server;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use testkit::engines::both_migrated;
use testkit::world::{World, signer};
use tlog::checkpoint::Checkpoint;
use tlog::note::NoteSigner;

const ADMIN: &[(&str, &str)] = &[("PLUMB_PASSWORD", "correct horse battery")];

fn sizes(folder: &Path) -> Vec<u64> {
    let verifier = signer().verifier();
    let notes = verify::notes_below(folder).unwrap();
    notes.iter().map(|kept| Checkpoint::parse(verifier.open(&kept.note).unwrap()).unwrap().size).collect()
}

fn anchors(folders: &[&Path]) -> Anchors {
    let anchors = folders.iter().map(|folder| folder.to_str().unwrap().to_owned()).collect();
    Anchoring { anchors, ..Anchoring::default() }.open().unwrap()
}

fn receipts(world: &World) -> Vec<Receipt> {
    world.kernel.database().read(|tx| evidence::last_receipts(tx, MAIN_TENANT)).unwrap()
}

#[test]
fn frs_evd_031_checkpoints_are_kept_at_every_anchor_when_due_and_a_refused_one_is_told_and_tried_again() {
    both_migrated(&plumb::assembly::migrations(), |test| {
        let world = World::new(test.database.clone(), Vec::new());
        let (good, away) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let gone = away.path().join("not mounted");
        let checkpointer = Checkpointer::new(world.kernel.clone(), signer(), anchors(&[&gone, good.path()]), 10);
        checkpointer.turn("node").unwrap();
        let first = sizes(good.path());
        assert_eq!(first.len(), 1);
        let told = receipts(&world);
        assert_eq!(told.iter().map(|receipt| receipt.fault.is_some()).filter(|fault| *fault).count(), 1, "{told:?}");
        assert!(told.iter().any(|receipt| receipt.fault.as_ref().is_some_and(|fault| fault.contains("not mounted"))));

        world.create_with(&world.admin, json!({"kind": "department", "number": "ASM", "title": "Assembly"})).unwrap();
        checkpointer.turn("node").unwrap();
        assert_eq!(sizes(good.path()), first, "not due yet");
        world.clock.advance_seconds(599);
        checkpointer.turn("node").unwrap();
        assert_eq!(sizes(good.path()), first, "a second early");
        world.clock.advance_seconds(1);
        std::fs::create_dir(&gone).unwrap();
        checkpointer.turn("node").unwrap();
        assert_eq!(sizes(good.path()), [first[0], first[0] + 1]);
        assert_eq!(sizes(&gone), [first[0] + 1]);
        assert!(receipts(&world).iter().all(|receipt| receipt.fault.is_none() && receipt.size == first[0] + 1));
        // Another node does nothing while this one holds the lease.
        world.create_with(&world.admin, json!({"kind": "department", "number": "PCK", "title": "Packing"})).unwrap();
        checkpointer.turn("another node").unwrap();
        let latest = world.kernel.database().read(|tx| evidence::latest(tx, MAIN_TENANT)).unwrap().unwrap();
        assert_eq!(latest.size, first[0] + 1);
    });
}

#[test]
fn frs_evd_060_a_history_that_nobody_has_explained_is_not_signed() {
    both_migrated(&plumb::assembly::migrations(), |test| {
        let world = World::new(test.database.clone(), Vec::new());
        let quality = world.person("mona", &["quality_manager"]);
        let anchor = tempfile::tempdir().unwrap();
        let checkpointer = Checkpointer::new(world.kernel.clone(), signer(), anchors(&[anchor.path()]), 1);
        checkpointer.turn("node").unwrap();
        let first = sizes(anchor.path());
        // What an anchor keeps of a longer history than this one.
        let longer = Checkpoint { origin: signer().verifier().name().to_owned(), size: first[0] + 50, head: base::Digest::of(b"later"), extensions: Vec::new() };
        let kept = anchor.path().join(format!("{:012}.checkpoint", longer.size));
        std::fs::write(&kept, signer().sign(&longer.text()).unwrap()).unwrap();
        checkpointer.compare_with_anchors().unwrap();
        let open = world.kernel.closed_by().unwrap();
        world.clock.advance_seconds(120);
        checkpointer.turn("node").unwrap();
        assert_eq!(sizes(anchor.path()), [first[0], longer.size], "nothing was signed or kept");
        world.sign_step(&quality, &open.id, "explain").unwrap();
        world.create_with(&world.admin, json!({"kind": "department", "number": "ASM", "title": "Assembly"})).unwrap();
        checkpointer.turn("node").unwrap();
        assert_eq!(sizes(anchor.path()).len(), 3, "an explained history goes on");
        checkpointer.compare_with_anchors().unwrap();
        assert!(world.kernel.closed_by().is_none(), "the next start does not ask again");
    });
}

fn serve(folder: &Path) -> Server {
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    Server::start(&["--data".to_owned(), path("d"), "--anchor".to_owned(), path("anchor")], folder)
}

fn kept_within_seconds(anchor: &Path) -> PathBuf {
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(verify::Anchor { name, .. }) = verify::notes_below(anchor).unwrap().pop() {
            return name.into();
        }
        assert!(Instant::now() < until, "no checkpoint was kept");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn frs_evd_032_verify_says_up_to_where_an_anchor_proves_and_an_old_copy_does_not_pass() {
    let folder = tempfile::tempdir().unwrap();
    let anchor = folder.path().join("anchor");
    std::fs::create_dir(&anchor).unwrap();
    plumb(folder.path(), "init --data d --name Ada", ADMIN).with(0);
    // A copy of the data as it was before anything was done with it.
    std::fs::create_dir(folder.path().join("old")).unwrap();
    std::fs::copy(folder.path().join("d/plumb.sqlite"), folder.path().join("old/plumb.sqlite")).unwrap();
    plumb(folder.path(), "user --data d --by admin --login ben --name Ben", &[("PLUMB_PASSWORD", "correct horse battery"), ("PLUMB_NEW_PASSWORD", "given out on the first day")]).with(0);
    let server = serve(folder.path());
    let kept = kept_within_seconds(&anchor);
    drop(server);
    let key = std::fs::read_to_string(folder.path().join("d/checkpoint.key")).unwrap();
    assert_eq!(key.trim().len(), 64);
    let said = plumb(folder.path(), "verify --data d --anchor anchor", &[]).with(0).out;
    assert!(said.contains(&format!("Proved up to transaction {} by anchor/", size_of(&kept))), "{said}");
    let alone = plumb(folder.path(), "verify --data d", &[]).with(0).out;
    assert!(alone.contains("a complete rewrite cannot be told"), "{alone}");
    // The key that was handed out, in place of the one that the database names.
    let verifier = verifier_of(&key);
    std::fs::write(folder.path().join("key.txt"), &verifier).unwrap();
    plumb(folder.path(), "verify --data d --anchor anchor --key key.txt", &[]).with(0);
    let other = verifier_of(&"7".repeat(64));
    let refused = plumb(folder.path(), &format!("verify --data d --anchor anchor --key {other}"), &[]).with(1).out;
    assert!(refused.contains("no known key has signed it"), "{refused}");

    std::fs::copy(folder.path().join("old/plumb.sqlite"), folder.path().join("d/plumb.sqlite")).unwrap();
    let _ = std::fs::remove_file(folder.path().join("d/plumb.sqlite-wal"));
    let _ = std::fs::remove_file(folder.path().join("d/plumb.sqlite-shm"));
    let found = plumb(folder.path(), &format!("verify --data d --anchor anchor --key {verifier}"), &[]).with(1).out;
    assert!(found.contains("an old copy was put back"), "{found}");

    // A server on the old copy serves, and refuses to write; what somebody laid beside the newest
    // checkpoint neither hides it nor keeps the server from starting.
    std::fs::write(anchor.join("999999999999.checkpoint"), "no checkpoint").unwrap();
    let server = serve(folder.path());
    let headers = [("content-type", "application/json".to_owned()), ("sec-fetch-site", "same-origin".to_owned())];
    let signed_in = http::send("POST", &server.url("/api/v1/session"), &headers, br#"{"login":"admin","password":"correct horse battery"}"#.to_vec()).unwrap();
    assert_eq!(signed_in.status, 200, "{}", signed_in.body);
    let mut headers = headers.to_vec();
    headers.extend([("cookie", signed_in.cookie()), ("idempotency-key", "one".to_owned())]);
    let body = br#"{"input":{"kind":"department","number":"ASM","title":"Assembly"}}"#.to_vec();
    let refused = http::send("POST", &server.url("/api/v1/commands/record.create"), &headers, body).unwrap();
    assert_eq!(refused.status, 503, "{}", refused.body);
    assert!(refused.body.contains("closed_for_writing") && refused.body.contains("RST-"), "{}", refused.body);
}

fn size_of(kept: &Path) -> u64 {
    kept.file_stem().and_then(|name| name.to_str()).unwrap().parse().unwrap()
}

fn verifier_of(hex: &str) -> String {
    let secret = base::Digest::from_hex(hex.trim()).unwrap().0;
    NoteSigner::of_log(MAIN_TENANT, &secret).unwrap().verifier().text()
}

#[test]
fn frs_evd_033_a_server_without_the_companys_key_signs_nothing_and_a_broken_key_file_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    plumb(folder.path(), "init --data d --name Ada", ADMIN).with(0);
    std::fs::write(folder.path().join("broken.key"), "no key").unwrap();
    let said = plumb(folder.path(), "serve --data d --checkpoint-key broken.key", &[]).with(2).err;
    assert!(said.contains("broken.key holds no key"), "{said}");
    let anchor = folder.path().join("anchor");
    std::fs::create_dir(&anchor).unwrap();
    let server = serve(folder.path());
    kept_within_seconds(&anchor);
    drop(server);
    std::fs::rename(folder.path().join("d/checkpoint.key"), folder.path().join("elsewhere.key")).unwrap();
    let server = serve(folder.path());
    drop(server);
    assert!(!folder.path().join("d/checkpoint.key").exists(), "a second key would start a second history");
}

fn last_check(world: &World) -> kernel::record::Record {
    world.kernel.database().read(|tx| evidence::last_checks(tx, MAIN_TENANT, 1)).unwrap().remove(0)
}

#[test]
fn frs_evd_090_091_a_check_inside_the_server_finds_what_was_changed_outside_and_does_not_stop_at_a_dead_node() {
    both_migrated(&plumb::assembly::migrations(), |test| {
        let world = World::new(test.database.clone(), Vec::new());
        world.create_with(&world.admin, json!({"kind": "department", "number": "ASM", "title": "Assembly"})).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let kept = anchors(&[folder.path()]);
        Checkpointer::new(world.kernel.clone(), signer(), kept.clone(), 1).turn("node").unwrap();
        let checker = Checker::new(world.kernel.clone(), Some(signer().verifier().text()), kept, 24);
        assert!(!checker.turn("node").unwrap(), "nobody has asked");
        world.run(&world.admin, "evidence.check", json!({})).unwrap();
        // The node that began it died: another takes over when its lease has run out.
        world.clock.advance_seconds(61);
        assert!(kernel::jobs::take_lease(&world.kernel, MAIN_TENANT, "evidence.check", "a node that died").unwrap().is_some());
        assert!(!checker.turn("node").unwrap());
        assert_eq!(last_check(&world).state, "running");
        world.clock.advance_seconds(61);
        assert!(checker.turn("node").unwrap());
        let check = last_check(&world);
        assert_eq!((check.state.as_str(), check.field_int("problems")), ("sound", Some(0)), "{:?}", check.fields);
        assert!(check.field_text("standing").starts_with("Proved up to transaction "), "{:?}", check.fields);
        assert!(check.field_int("events").unwrap() > 10 && check.field_int("rows").unwrap() > 10);

        // A file that a record names and the store lost.
        let digest = world.kernel.files().put(b"drawing", 100).unwrap().hex();
        let department = world.named("department", "ASM");
        let file = json!({"record": department.id, "version": department.version, "name": "valve.pdf", "media_type": "application/pdf", "digest": digest, "size_bytes": 7});
        world.run(&world.admin, "file.attach", file).unwrap();
        let path = world.files_folder().join("objects").join(&digest[..2]).join(&digest[2..4]).join(&digest);
        std::fs::rename(&path, folder.path().join("lost")).unwrap();
        world.run(&world.admin, "evidence.check", json!({})).unwrap();
        assert!(checker.turn("node").unwrap());
        let check = last_check(&world);
        assert_eq!((check.state.as_str(), check.field_int("problems")), ("damaged", Some(1)), "{:?}", check.fields);
        assert!(check.field_text("found").ends_with(&format!(", digest: the file {digest} is missing")) && !check.field_text("found").contains("valve"), "{:?}", check.fields);
        std::fs::rename(folder.path().join("lost"), &path).unwrap();

        let attack = "update record set title = 'Packing' where tenant = 'main' and kind = 'department'";
        assert_eq!(test.database.write(move |tx| tx.execute_text(attack, &[])).unwrap(), 1);
        world.clock.advance_seconds(24 * 3_600);
        assert!(checker.turn("node").unwrap(), "by the clock");
        let check = last_check(&world);
        assert_eq!((check.state.as_str(), check.created_by.as_str()), ("damaged", "system"));
        // Everybody may read it, also who may not see the row: so it says where, and not what.
        assert!(check.field_text("found").contains(", title: is not what the trail says"), "{:?}", check.fields);
        assert!(!check.field_text("found").contains("Packing") && !check.field_text("found").contains("Assembly"), "{:?}", check.fields);
        // A key that is not the log's does not pass either.
        let other = Checker::new(world.kernel.clone(), Some(NoteSigner::of_log(MAIN_TENANT, &[9; 32]).unwrap().verifier().text()), anchors(&[]), 0);
        world.run(&world.admin, "evidence.check", json!({})).unwrap();
        assert!(other.turn("node").unwrap());
        assert!(last_check(&world).field_text("found").contains("no known key has signed it"), "{:?}", last_check(&world).fields);
    });
}
