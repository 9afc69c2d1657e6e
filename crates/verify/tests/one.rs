//! One record alone: in its database, and as a bundle that was taken away.
#![expect(clippy::unwrap_used, reason = "a helper that fails ends its test")]

use base::limits::{BUNDLE_BYTES, BUNDLE_EVENTS};
use db::{Database, sql};
use kernel::catalog::Module;
use kernel::kind::{Area, Field, Kind, LinkKind, Phase, Revisions, Step};
use kernel::{MAIN_TENANT, evidence};
use serde_json::{Value as Json, json};
use testkit::engines::both_migrated;
use testkit::world::{World, signer};
use verify::{Anchor, BundleReport, Key, Report, Trust, verify, verify_bundle, verify_record};

/// More versions and events than are read at once.
const MANY: usize = 103;

fn modules() -> Vec<Module> {
    let notice = Kind::new("notice", "Notice", "Notices", Area::Quality)
        .counted("NO", 4)
        .revised_by(Revisions::Letters)
        .field(Field::block("news", "What is new"))
        .personal(Field::line("told_by", "Told by"))
        .state("draft", "Draft", Phase::Draft)
        .state("ready", "Ready", Phase::InReview)
        .state("in_force", "In force", Phase::Effective)
        .state("superseded", "Superseded", Phase::Closed)
        .step(Step::new("submit", "Submit", &["draft"], "ready").by(&["quality_engineer"]))
        .step(Step::new("issue", "Issue", &["ready"], "in_force").signed("quality_manager", "checked"))
        .step(Step::new("supersede", "Supersede", &["in_force"], "superseded").by_record())
        .allow("everyone", &["view"])
        .link(LinkKind::new("sent_to", "is sent to", "was sent", &["department"]))
        .allow("quality_engineer", &["create", "edit", "link", "revise", "see_personal", "edit_personal"]);
    vec![Module { kinds: vec![notice], ..Module::default() }]
}

/// A notice that was signed, and its next revision; another notice beside it. Answers the ids of the
/// two revisions.
fn company(database: &Database) -> (World, [String; 2]) {
    let world = World::with_chains(database.clone(), modules(), 2);
    let (writer, manager) = (world.person("wim", &["quality_engineer"]), world.person("max", &["quality_manager"]));
    let other = world.create(&writer, "notice", "Other", json!({"news": "other"})).unwrap();
    world.step(&writer, &other, "submit").unwrap();
    let first = world.create(&writer, "notice", "News", json!({"news": "one"})).unwrap();
    world.run(&writer, "personal.edit", json!({"record": first, "personal": {"told_by": "Nora Nemo"}})).unwrap();
    world.edit(&writer, &first, json!({"news": "two"})).unwrap();
    world.step(&writer, &first, "submit").unwrap();
    world.sign_step(&manager, &first, "issue").unwrap();
    let second = testkit::world::text(&world.run(&writer, "record.revise", json!({"record": first})).unwrap(), "id");
    (world, [first, second])
}

fn seal(world: &World) -> String {
    evidence::checkpoint(&world.kernel, MAIN_TENANT, &signer()).unwrap().unwrap().note
}

fn check(database: &Database, record: &str, trust: &Trust) -> Report {
    verify_record(database, MAIN_TENANT, record, trust, &mut |_, _, _| {}).unwrap()
}

fn tamper(database: &Database, statement: &'static str) {
    let changed = database.write(move |tx| tx.execute_text(statement, &[])).unwrap();
    assert!(changed > 0, "{statement}");
}

fn key() -> Key {
    Key::parse(&signer().verifier().text()).unwrap()
}

fn handed_out(world: &World, record: &str) -> String {
    let record = world.record(record);
    let catalog = world.kernel.catalog().unwrap();
    world.kernel.database().read(|tx| evidence::bundle(tx, &catalog, &record, 1_000)).unwrap().text()
}

#[test]
fn frs_evd_080_one_record_is_checked_alone_and_says_up_to_where_an_anchor_proves_it() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let (world, [first, _]) = company(&test.database);
        let note = seal(&world);
        let trust = Trust { keys: vec![key()], anchors: vec![Anchor { name: "kept".to_owned(), note }] };
        let report = check(&test.database, "NO-0002", &trust);
        assert_eq!(report.problems, []);
        assert_eq!((report.log.since, report.signatures, report.log.proved_by.as_deref()), (0, 1, Some("kept")));
        let whole = verify(&test.database, MAIN_TENANT, &mut |_, _, _| {}).unwrap();
        assert!(report.events > 5 && report.events < whole.events / 2, "{} of {}", report.events, whole.events);
        assert!(report.transactions >= 6 && report.rows >= 8, "{report:?}");
        // One of the revisions, and by its identifier.
        assert!(check(&test.database, "NO-0002/B", &trust).events < report.events);
        assert_eq!(check(&test.database, &first, &trust).problems, []);
        let writer = world.sign_in("wim");
        world.edit(&writer, &world.named("notice", "NO-0001").id, json!({})).unwrap_err();
        let draft = world.create(&writer, "notice", "Third", json!({"news": "three"})).unwrap();
        let since = check(&test.database, &draft, &trust);
        assert_eq!((since.log.since, since.transactions), (1, 1), "{since:?}");
        assert!(since.standing().contains("1 since then are only consistent with themselves"), "{}", since.standing());
        let missing = verify_record(&test.database, MAIN_TENANT, "NO-7777", &trust, &mut |_, _, _| {}).unwrap_err();
        assert!(missing.to_string().contains("NO-7777"), "{missing}");
    });
}

#[test]
fn frs_evd_080_nothing_of_the_record_can_be_changed_without_being_named_and_another_records_damage_is_not_its() {
    let attacks: &[(&str, &str)] = &[
        ("update record set title = 'x' where title = 'News' and revision = 'A'", "record"),
        ("update record_version set fields = '{}' where title = 'News' and version = 2", "record_version"),
        ("delete from record_version where title = 'News' and version = 2", "record_version"),
        ("update item set number = 'NO-0009' where number = 'NO-0002'", "item"),
        ("update signature set meaning = 'rejected'", "signature"),
        ("delete from signature", "signature"),
        ("insert into signature (tenant, id, record, version, digest, step, meaning, role, person, printed_name, zone, signed_at, challenge, obligation, at_tx, at_ord)
          select tenant, 'forged', record, version, digest, step, meaning, role, person, 'Eve', zone, signed_at, 'forged', obligation, at_tx, at_ord from signature", "signature"),
        ("update personal_data set pd_fields = '{\"told_by\":\"Eve\"}'", "personal_data"),
        ("update obligation set state = 'cancelled' where sort = 'sign' and state = 'done'", "obligation"),
        ("update event set reason = 'x' where action = 'record.step.issue'", "event"),
        ("update event set actor = 'x', leaf = image where action = 'record.step.issue'", "event"),
        ("delete from event where action = 'record.step.issue'", "event"),
        ("update audit_tx set actor = 'x' where tx in (select tx from event where action = 'record.step.issue')", "audit_tx"),
        ("update checkpoint set note = 'x'", "checkpoint"),
    ];
    for (attack, table) in attacks {
        let attack: &'static str = attack;
        for test in [testkit::engines::sqlite_migrated(kernel::MIGRATIONS), testkit::engines::postgres_migrated(kernel::MIGRATIONS)] {
            let (world, _) = company(&test.database);
            seal(&world);
            tamper(&test.database, attack);
            let report = check(&test.database, "NO-0002", &Trust::default());
            assert!(report.problems.iter().any(|problem| problem.table == *table), "{attack}: {:?}", report.problems);
        }
    }
    both_migrated(kernel::MIGRATIONS, |test| {
        let (world, _) = company(&test.database);
        seal(&world);
        tamper(&test.database, "update record set title = 'x' where number = 'NO-0001'");
        assert_eq!(check(&test.database, "NO-0002", &Trust::default()).problems, []);
        assert!(!check(&test.database, "NO-0001", &Trust::default()).is_sound());
    });
}

fn read(text: &str, trust: &Trust) -> BundleReport {
    verify_bundle(text, trust).unwrap()
}

#[test]
fn frs_evd_081_a_bundle_is_proved_without_its_database_up_to_its_checkpoint_and_no_further() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let (world, [first, second]) = company(&test.database);
        let early = read(&handed_out(&world, &first), &Trust::default());
        assert_eq!((&early.problems[..], early.checkpoint, early.proved), (&[][..], None, 0));
        assert!(early.standing().contains("only consistent with itself"), "{}", early.standing());
        let note = seal(&world);
        let trust = Trust { keys: vec![key()], anchors: vec![Anchor { name: "kept".to_owned(), note }] };
        let text = handed_out(&world, &first);
        let report = read(&text, &trust);
        assert_eq!((&report.problems[..], report.proved, report.signatures, report.is_trusted), (&[][..], report.transactions, 1, true));
        assert!(report.standing().starts_with(&format!("Proved up to checkpoint {}", report.checkpoint.unwrap())), "{}", report.standing());
        assert!(!text.contains("Nora Nemo"), "personal data stands beside the trail and is not handed out");
        let without = read(&text, &Trust::default());
        assert!(without.is_sound() && without.standing().contains(&key().text()), "{}", without.standing());
        assert!(read(&handed_out(&world, &second), &trust).is_sound());
        let mut sizes: Vec<usize> = serde_json::from_str::<Json>(&text).unwrap()["transactions"].as_array().unwrap().iter().map(|one| one["path"].to_string().len() / 2).collect();
        sizes.sort_unstable();
        assert!(sizes.pop().unwrap() < 2_000, "a proof in bytes");
        // What came after the checkpoint.
        world.run(&world.sign_in("max"), "hold.place", json!({"record": first, "why": "Leaks"})).unwrap();
        let later = read(&handed_out(&world, &first), &trust);
        assert_eq!((&later.problems[..], later.transactions - later.proved), (&[][..], 1));
        assert!(later.standing().contains("; 1 since then"), "{}", later.standing());
        // A key of somebody else, and an anchor that says otherwise.
        let other = tlog::note::NoteSigner::of_log(MAIN_TENANT, &[9; 32]).unwrap();
        let stranger = Trust { keys: vec![Key::parse(&other.verifier().text()).unwrap()], ..Trust::default() };
        assert!(read(&text, &stranger).problems.iter().any(|problem| problem.table == "checkpoint"));
        let log = tlog::checkpoint::Checkpoint { origin: signer().verifier().name().to_owned(), size: report.checkpoint.unwrap(), head: base::Digest::of(b"x"), extensions: Vec::new() };
        let kept = Trust { keys: vec![key()], anchors: vec![Anchor { name: "kept".to_owned(), note: signer().sign(&log.text()).unwrap() }] };
        assert!(read(&text, &kept).problems.iter().any(|problem| problem.table == "anchor"));
    });
}

/// Changes the value at one place of a document; answers whether there is such a place.
fn bend(value: &mut Json, left: &mut usize) -> Option<String> {
    let bent = match value {
        Json::Object(members) => return members.iter_mut().find_map(|(name, value)| bend(value, left).map(|place| format!("{name} {place}"))),
        Json::Array(items) => return items.iter_mut().find_map(|value| bend(value, left)),
        _ if *left > 0 => {
            *left -= 1;
            return None;
        }
        Json::Null => json!(1),
        Json::Bool(truth) => json!(!*truth),
        Json::Number(number) => json!(number.as_i64().unwrap() + 1),
        // Another text of the same form, so that it is not only refused for its form.
        Json::String(text) => {
            let last = text.pop();
            text.push(if last == Some('0') { '1' } else { '0' });
            json!(text)
        }
    };
    let was = value.to_string();
    *value = bent;
    Some(was)
}

#[test]
fn frs_evd_081_no_value_of_a_bundle_can_be_changed_and_no_part_of_it_left_out_without_being_found() {
    let test = testkit::engines::sqlite_migrated(kernel::MIGRATIONS);
    let (world, [first, _]) = company(&test.database);
    seal(&world);
    let trust = Trust { keys: vec![key()], ..Trust::default() };
    let sound: Json = serde_json::from_str(&handed_out(&world, &first)).unwrap();
    let mut attacks = 0;
    loop {
        let (mut bent, mut left) = (sound.clone(), attacks);
        let Some(place) = bend(&mut bent, &mut left) else { break };
        attacks += 1;
        let found = verify_bundle(&bent.to_string(), &trust).map_or(true, |report| !report.is_sound());
        assert!(found, "{place} was changed");
    }
    assert!(attacks > 350, "{attacks}");
    let mut told = 0;
    for part in ["rows", "events", "transactions"] {
        for place in 0..sound[part].as_array().unwrap().len() {
            let mut bent = sound.clone();
            let gone = bent[part].as_array_mut().unwrap().remove(place);
            // Of other rows than the record's a bundle does not say that they are there, nor what they
            // were before: those who need that ask the data itself.
            let points_to = |row: &Json| row["at_tx"] == gone["tx"] && row["at_ord"] == gone["ord"];
            let is_told = match part {
                "rows" => gone["table"] == "record_version" || gone["table"] == "record",
                "events" => gone["subject_table"] == "record" || sound["rows"].as_array().unwrap().iter().any(points_to),
                _ => true,
            };
            told += usize::from(is_told);
            assert!(!is_told || !read(&bent.to_string(), &trust).is_sound(), "{part} {gone}");
            let mut twice = sound.clone();
            let copy = twice[part][place].clone();
            twice[part].as_array_mut().unwrap().push(copy);
            assert!(part == "events" || gone["table"] == "record_version" || !read(&twice.to_string(), &trust).is_sound(), "{part} {gone} twice");
        }
    }
    assert!(told > 15, "{told}");
    for (name, text) in [("", "no bundle"), ("format", "plumb-evidence-9")] {
        let mut bent = sound.clone();
        bent[name] = json!(text);
        verify_bundle(&bent.to_string(), &trust).unwrap_err();
    }
    verify_bundle(&"[".repeat(100_000), &trust).unwrap_err();
}

#[test]
fn frs_evd_083_a_bundle_holds_a_record_with_so_many_events_and_never_past_the_limit() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let (world, [first, _]) = company(&test.database);
        let (record, catalog) = (world.record(&first), world.kernel.catalog().unwrap());
        let count = test.database.query(sql("select count(*) as n from event where tenant = $1 and record = $2"), &[MAIN_TENANT.into(), first.as_str().into()]).unwrap()[0].int("n").unwrap();
        let count = usize::try_from(count).unwrap();
        assert!(test.database.read(|tx| evidence::bundle(tx, &catalog, &record, count)).is_ok());
        let refused = test.database.read(|tx| evidence::bundle(tx, &catalog, &record, count - 1)).unwrap_err();
        assert_eq!(refused.refusal().unwrap().kind, base::RefusalKind::TooLarge);
        assert!(refused.to_string().contains("NO-0002 rev A has more than"), "{refused}");
    });
}

#[test]
fn frs_evd_083_a_bundle_has_so_many_bytes_and_not_one_past_the_limit() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let (world, [first, _]) = company(&test.database);
        seal(&world);
        let (record, catalog) = (world.record(&first), world.kernel.catalog().unwrap());
        let within = |bytes: usize| test.database.read(|tx| evidence::bundle_within(tx, &catalog, &record, BUNDLE_EVENTS, bytes));
        let whole = within(BUNDLE_BYTES).unwrap().text();
        assert_eq!(within(whole.len()).unwrap().text(), whole);
        let refused = within(whole.len() - 1).unwrap_err();
        assert_eq!(refused.refusal().unwrap().kind, base::RefusalKind::TooLarge);
        assert!(refused.to_string().contains(&format!("NO-0002 rev A has more than {} bytes of evidence", whole.len() - 1)), "{refused}");
    });
    // What is handed out is read by whoever checks it.
    const { assert!(BUNDLE_BYTES <= verify::BUNDLE_BYTES) };
}

#[test]
fn frs_evd_081_a_bundle_of_many_versions_and_of_a_large_transaction_lacks_nothing() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let (world, _) = company(&test.database);
        let writer = world.sign_in("wim");
        let department = |number: usize| world.create_with(&world.admin, json!({"kind": "department", "number": format!("D{number}"), "title": "Works"})).unwrap();
        let links: Vec<Json> = (0..MANY).map(department).map(|id| json!({"link": "sent_to", "target": id})).collect();
        let notice = world.create_with(&writer, json!({"kind": "notice", "title": "To all", "fields": {"news": "0"}, "links": links})).unwrap();
        for edit in 1..MANY {
            world.edit(&writer, &notice, json!({"news": edit.to_string()})).unwrap();
        }
        seal(&world);
        let report = read(&handed_out(&world, &notice), &Trust { keys: vec![key()], ..Trust::default() });
        assert!(report.is_sound(), "{:?}", report.problems);
        let count = |statement: &str| test.database.read(|tx| tx.query_text(statement, &[MAIN_TENANT.into(), notice.as_str().into()])).unwrap()[0].int("n").unwrap() as u64;
        let in_one = count("select count(*) as n from event where tenant = $1 and record = $2 group by tx order by 1 desc limit 1");
        assert!(in_one > MANY as u64, "{in_one} events in one transaction");
        assert_eq!(report.events, count("select count(*) as n from event where tenant = $1 and record = $2"));
        assert_eq!((report.transactions, report.proved), (MANY as u64, MANY as u64));
        let versions = count("select count(*) as n from record_version where tenant = $1 and id = $2");
        assert_eq!(versions, MANY as u64);
        assert!(report.rows > versions + MANY as u64, "{} rows: versions, links and the record", report.rows);
    });
}
