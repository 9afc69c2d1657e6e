//! Files of a record, and reading its timeline page by page.

use kernel::catalog::Module;
use kernel::kind::{Area, Field, Kind, Phase, Revisions, Step};
use kernel::{MAIN_TENANT, attachment, authority, trail};
use serde_json::json;
use testkit::engines::both_migrated;
use testkit::world::{World, text};

fn notes() -> Vec<Module> {
    let note = Kind::new("note", "Note", "Notes", Area::Quality)
        .counted("N", 3)
        .field(Field::line("word", "Word"))
        .revised_by(Revisions::Numbers)
        .state("open", "Open", Phase::InWork)
        .state("done", "Done", Phase::Closed)
        .step(Step::new("finish", "Finish", &["open"], "done").by(&["quality_engineer"]))
        .allow("everyone", &["view"])
        .allow("quality_engineer", &["create", "edit", "revise"]);
    vec![Module { kinds: vec![note], ..Module::default() }]
}

#[test]
fn frs_fil_001_a_file_that_the_store_does_not_hold_cannot_be_attached() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), notes());
        let author = world.person("dora", &["quality_engineer"]);
        let id = world.create(&author, "note", "One", json!({})).unwrap();
        let digest = world.kernel.files().put(b"abc", 10).unwrap().hex();
        let attach = |digest: &str, size: i64, media_type: &str| {
            let input = json!({"record": id, "version": 1, "name": "a.txt", "media_type": media_type, "digest": digest, "size_bytes": size});
            world.run(&author, "file.attach", input).map_err(|error| error.refusal().map(|refusal| refusal.code.clone()).unwrap())
        };
        assert_eq!(attach(&"0".repeat(64), 3, "text/plain").unwrap_err(), "not_uploaded");
        assert_eq!(attach(&digest, 4, "text/plain").unwrap_err(), "not_uploaded");
        assert_eq!(attach("abc", 3, "text/plain").unwrap_err(), "bad_digest");
        assert_eq!(attach(&digest, 3, "text/plain\nX: y").unwrap_err(), "bad_character");
        assert_eq!(world.record(&id).version, 1);
        attach(&digest, 3, "text/plain").unwrap();
        assert_eq!(world.record(&id).fields["_files"]["a.txt"], digest);
    });
}

#[test]
fn frs_fil_001_the_next_revision_has_the_files_that_its_content_names() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), notes());
        let author = world.person("dora", &["quality_engineer"]);
        let id = world.create(&author, "note", "One", json!({})).unwrap();
        for (name, content) in [("a.txt", "abc"), ("b.txt", "defg")] {
            let digest = world.kernel.files().put(content.as_bytes(), 10).unwrap().hex();
            let input = json!({"record": id, "version": world.record(&id).version, "name": name, "media_type": "text/plain", "digest": digest, "size_bytes": content.len()});
            world.run(&author, "file.attach", input).unwrap();
        }
        let files = |record: &str| {
            let record = record.to_owned();
            world.kernel.database().read(move |tx| attachment::of_record(tx, MAIN_TENANT, &record)).unwrap()
        };
        let removed = json!({"record": id, "version": world.record(&id).version, "file": files(&id)[1].id});
        world.run(&author, "file.remove", removed).unwrap();
        world.step(&author, &id, "finish").unwrap();
        let next = text(&world.run(&author, "record.revise", json!({"record": id})).unwrap(), "id");
        let (old, new) = (files(&id), files(&next));
        assert_eq!((old.len(), new.len()), (1, 1));
        assert_eq!((&old[0].name, &old[0].digest), (&new[0].name, &new[0].digest));
        assert_ne!(old[0].id, new[0].id);
        assert_eq!(world.record(&next).fields["_files"]["a.txt"], new[0].digest);
        // Taking it off the new revision leaves the old one as it was signed.
        let remove = json!({"record": next, "version": 1, "file": new[0].id});
        world.run(&author, "file.remove", remove).unwrap();
        assert_eq!((files(&id).len(), files(&next).len()), (1, 0));
        assert!(world.record(&next).fields.get("_files").is_none());
    });
}

#[test]
fn frs_buc_001_a_file_in_a_bucket_reads_back_and_a_damaged_one_is_never_handed_out() {
    let server = testkit::s3::S3Server::start();
    server.make("plumb-files");
    let test = testkit::engines::postgres_migrated(kernel::MIGRATIONS);
    let files = blob::Files::Bucket(server.bucket("s3://plumb-files/brezza"));
    let world = World::with_files(test.database.clone(), notes(), files);
    let author = world.person("dora", &["quality_engineer"]);
    let id = world.create(&author, "note", "One", json!({})).unwrap();
    let attach = |digest: &base::Digest, version: i64| {
        let input = json!({"record": id, "version": version, "name": format!("{version}.txt"), "media_type": "text/plain", "digest": digest.hex(), "size_bytes": 3});
        world.run(&author, "file.attach", input)
    };
    assert_eq!(attach(&base::Digest::of(b"abc"), 1).unwrap_err().refusal().unwrap().code, "not_uploaded");
    let digest = world.kernel.files().put(b"abc", 3).unwrap();
    assert_eq!(world.kernel.files().put(b"abcd", 3).unwrap_err().refusal().unwrap().code, "too_large");
    attach(&digest, 1).unwrap();
    // Another node reads it from its own connection.
    let node = blob::Files::Bucket(server.bucket("s3://plumb-files/brezza"));
    assert_eq!(node.get(&digest).unwrap(), b"abc");
    let (mut file, size) = node.open_verified(&digest).unwrap();
    let mut read = String::new();
    std::io::Read::read_to_string(&mut file, &mut read).unwrap();
    assert_eq!((read.as_str(), size), ("abc", 3));
    assert_eq!(node.digests().collect::<base::Result<Vec<_>>>().unwrap(), [digest]);
    assert_eq!((node.verify(&digest).unwrap(), node.verify(&base::Digest::of(b"none")).unwrap()), (blob::Verdict::Sound, blob::Verdict::Missing));
    // Somebody with access to the bucket changes the object.
    let name = digest.hex();
    server.bucket("s3://plumb-files/brezza").put(&format!("objects/{}/{}/{name}", &name[..2], &name[2..4]), b"abd".to_vec()).unwrap();
    assert_eq!(node.verify(&digest).unwrap(), blob::Verdict::Damaged { found: base::Digest::of(b"abd") });
    assert!(node.get(&digest).is_err() && node.open_verified(&digest).is_err());
}

#[test]
fn a_timeline_goes_on_within_a_transaction() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), notes());
        let author = world.person("dora", &["quality_engineer"]);
        let id = world.create(&author, "note", "One", json!({"word": "a"})).unwrap();
        world.edit(&author, &id, json!({"word": "b"})).unwrap();
        let read = |before: Option<String>, rows: usize| {
            let id = id.clone();
            world.kernel.database().read(move |tx| trail::of_record(tx, MAIN_TENANT, &id, before.as_deref(), rows))
        };
        let whole = read(None, 100).unwrap();
        assert!(whole.len() > 2 && whole[whole.len() - 1].tx == whole[whole.len() - 2].tx, "making a record writes several lines");
        let mut paged = read(None, 1).unwrap();
        while let Some(line) = read(paged.last().map(trail::Line::cursor), 1).unwrap().pop() {
            paged.push(line);
        }
        assert_eq!(paged, whole);
        let first = whole.last().unwrap().tx.clone();
        assert!(read(Some(first), 100).unwrap().is_empty(), "a transaction stands for all of its lines");
        assert_eq!(read(Some("x~y".to_owned()), 1).unwrap_err().refusal().unwrap().code, "bad_cursor");
    });
}

#[test]
fn frs_aut_001_permissions_at_a_site_are_those_of_the_roles_that_count_there() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), notes());
        let author = world.person_at("dora", json!({}), &[("quality_engineer", Some("ROM"))]);
        let (rome, elsewhere) = (world.named("site", "ROM").id, base::id::edge_id());
        let catalog = world.kernel.catalog().unwrap();
        let may = |site: Option<&str>, permission: &str| {
            let read = world.kernel.database().read(|tx| authority::permissions_at(tx, &catalog, MAIN_TENANT, author.person(), site));
            read.unwrap().contains(permission)
        };
        assert!(may(Some(&rome), "note.edit") && may(None, "note.edit"));
        assert!(!may(Some(&elsewhere), "note.edit"));
        assert!(may(Some(&elsewhere), "note.view"), "what everybody may holds everywhere");
    });
}

#[test]
fn frs_aut_004_an_inspector_is_refused_every_change_but_those_of_the_own_account_and_the_note_of_a_copy() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), notes());
        let inspector = world.person("ines", &["inspector"]);
        let both = world.person("greta", &["inspector", "quality_engineer"]);
        let catalog = world.kernel.catalog().unwrap();
        let held = |actor: &authority::Actor| world.kernel.database().read(|tx| authority::permissions_at(tx, &catalog, MAIN_TENANT, actor.person(), None)).unwrap();
        // Whoever takes a copy away leaves a note of it, inspectors too (21 CFR 11.10(b)).
        let own = ["password.change", "token.create", "token.revoke", "export.note"];
        let changing: Vec<_> = held(&inspector).into_iter().filter(|permission| !permission.ends_with(".view") && !own.contains(&permission.as_str())).collect();
        assert_eq!(changing, Vec::<String>::new());
        let everybody = catalog.permissions().get("everyone").unwrap();
        assert!(everybody.contains("obligation.complete"), "there is something that everybody may");
        assert!(held(&both).contains("obligation.complete"), "another role brings back what everybody may");
        let token = world.run(&inspector, "token.create", json!({"name": "report", "days": 1}));
        assert!(token.is_ok(), "the own account is theirs");
        let grants = world.kernel.database().read(|tx| authority::grants_of(tx, MAIN_TENANT, inspector.person())).unwrap();
        assert!(authority::only_looks(&grants) && !authority::may_somewhere(&catalog, &grants, "obligation.complete"));
    });
}
