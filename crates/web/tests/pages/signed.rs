//! What stands beside a signature on pages, on paper and in what is taken away: of every kind that is
//! signed.

use super::browser::{Browser, Shown};
use super::company::{Company, on_both};
use base::Digest;
use kernel::MAIN_TENANT;
use kernel::evidence::{self, Break, Findings};
use kernel::record::Record;
use kernel::signature::{self, Given};
use kernel::upkeep::{Drill, Restored};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use testkit::world::{World, text};

/// Three moments that no page may take for one another, and how somebody in Rome reads them.
const EARLIER: &str = "2 Nov 2026, 08:00 CET";
const LATER: (&str, &str) = ("2026-11-05T13:31:00Z", "5 Nov 2026, 14:31 CET");
const PRINTED: (&str, &str) = ("2026-11-09T09:17:00Z", "9 Nov 2026, 10:17 CET");

/// Signatures on records of all kinds, some of one day and some of another, one of them by somebody
/// who lives in another zone.
fn sign_much(company: &Company) {
    let world = &company.world;
    let (erin, marco, quinn, dora) = (company.who("erin"), company.who("marco"), company.who("quinn"), company.who("dora"));
    let lou = world.person_at("lou", json!({"zone": "America/New_York"}), &[("engineering_manager", None)]);
    let request = world.create(erin, "change_request", "Other seals", json!({"reason": "They swell"})).unwrap();
    world.link(erin, &request, "concerns", &world.named("part", "LV-101155").id).unwrap();
    world.step(erin, &request, "submit").unwrap();
    world.clock.set(base::Timestamp::parse(LATER.0).unwrap());
    world.sign_step(&lou, &request, "accept").unwrap();
    world.sign_step(quinn, &company.project, "freeze").unwrap();
    let instruction = world.create(dora, "work_instruction", "Torque", json!({"purpose": "No leaks", "scope": "Rome", "body": "1. 4 Nm."})).unwrap();
    world.step(dora, &instruction, "submit").unwrap();
    world.sign_step(company.who("quentin"), &instruction, "approve").unwrap();
    world.sign_step(quinn, &instruction, "approve").unwrap();
    qualify(company);
    let capa = company.capa();
    company.released_order(&capa);
    close_complaint(company);
    world.sign_step(marco, &world.named("part", "LV-100000").id, "obsolete").unwrap();
    govern(company);
}

/// Somebody who read the procedure is found competent.
fn qualify(company: &Company) {
    let (world, olga, vera) = (&company.world, company.who("olga"), company.who("vera"));
    let read = company.procedure.clone();
    let asked = world.kernel.database().read(move |tx| kernel::obligation::of_record(tx, MAIN_TENANT, &read)).unwrap();
    let own = asked.iter().find(|one| one.person.as_deref() == Some(olga.person())).unwrap();
    world.sign(olga, "lms.read_and_sign", json!({"obligation": own.id})).unwrap();
    let qualification = world.create(vera, "qualification", "Gas system", json!({"observed": "Three units built"})).unwrap();
    world.link(vera, &qualification, "of_person", olga.person()).unwrap();
    world.link(vera, &qualification, "qualifies_for", &company.procedure).unwrap();
    world.sign_step(vera, &qualification, "sign_off").unwrap();
}

fn close_complaint(company: &Company) {
    let (world, quentin, rita) = (&company.world, company.who("quentin"), company.who("rita"));
    let complaint = &company.complaint;
    world.run(quentin, "personal.edit", json!({"record": complaint, "personal": {"complainant_name": "Nora Nemo", "complainant_address": "Hidden Lane 7", "complainant_email": "nora@example.org"}})).unwrap();
    let us = json!({"us_market": "no"});
    world.run(rita, "decision.take", json!({"record": complaint, "tree": "us_medical_device_report", "answers": us})).unwrap();
    world.run(rita, "decision.take", json!({"record": complaint, "tree": "eu_serious_incident", "answers": {"union_market": "no"}})).unwrap();
    world.step(quentin, complaint, "investigate").unwrap();
    world.edit(quentin, complaint, json!({"investigation_summary": "The seal swells in oxygen"})).unwrap();
    world.sign_step(company.who("quinn"), complaint, "close").unwrap();
}

/// What the company and the server keep about themselves: configuration, reference table, restore
/// drill, check of the trail, restoration.
fn govern(company: &Company) {
    let (world, quentin, quinn) = (&company.world, company.who("quentin"), company.who("quinn"));
    let package = "[[field]]\nkind = \"risk\"\nname = \"x_note\"\nlabel = \"Note\"\nsort = \"line\"\n";
    let package = world.create(&world.admin, "configuration_package", "Our words", json!({"purpose": "A note on risks", "text": package})).unwrap();
    world.step(&world.admin, &package, "submit").unwrap();
    world.sign_step(quinn, &package, "approve").unwrap();
    let table = world.named("reference_table", "RT-RISK-MATRIX");
    let table = text(&world.run(quentin, "record.revise", json!({"record": table.id})).unwrap(), "id");
    world.edit(quentin, &table, json!({"source": "Looked at by the risk board"})).unwrap();
    world.step(quentin, &table, "submit").unwrap();
    world.sign_step(quinn, &table, "approve").unwrap();
    let now = world.kernel.now();
    let found = Restored { transactions: 3, rows: 9, files: 0, damage: Vec::new() };
    let drill = Drill { backup: "b1".to_owned(), made_at: now.to_rfc3339(), began_at: now, ended_at: now, outcome: Ok(found) };
    drill.record(&world.kernel, MAIN_TENANT).unwrap();
    world.sign_step(quinn, &only(world, "restore_drill").id, "review").unwrap();
    world.run(&world.admin, "evidence.check", json!({})).unwrap();
    let damaged = Findings { standing: "Proved up to transaction 7.".to_owned(), problems: vec!["part LV-1, title".to_owned()], ..Findings::default() };
    let check = only(world, "trail_check").id;
    evidence::finish(&world.kernel, MAIN_TENANT, &check, &Ok(damaged)).unwrap();
    world.sign_step(quinn, &check, "assess").unwrap();
    let broken = Break { how: "An old copy was put back.".to_owned(), head: Digest::of(b"head") };
    let restoration = evidence::close_for(&world.kernel, MAIN_TENANT, "Folder /mnt/kept", &broken).unwrap();
    world.sign_step(quinn, &restoration.id, "explain").unwrap();
}

fn only(world: &World, kind: &str) -> Record {
    let rows = world.kernel.database().query(db::sql("select id from record where tenant = $1 and kind = $2"), &[MAIN_TENANT.into(), kind.into()]).unwrap();
    assert_eq!(rows.len(), 1, "{kind}");
    world.record(rows[0].text("id").unwrap())
}

/// Every signature with the kind and the name of the page it stands on; readings stand elsewhere.
fn all_given(world: &World) -> Vec<(Record, Given)> {
    let records = db::sql("select distinct record from signature where tenant = $1 and step <> 'read_and_sign' order by record");
    let records = world.kernel.database().query(records, &[MAIN_TENANT.into()]).unwrap();
    let of = |id: String| world.kernel.database().read(move |tx| signature::of_record(tx, MAIN_TENANT, &id)).unwrap();
    let all = records.iter().map(|row| row.text("record").unwrap().to_owned()).flat_map(|id| of(id.clone()).into_iter().map(move |given| (world.record(&id), given)));
    all.filter(|(_, given)| given.step != "read_and_sign").collect()
}

/// The signatures on a page, each as it reads.
fn said(page: &Shown) -> Vec<String> {
    let items = page.html.split("<li class=\"signature\">").skip(1);
    items.map(|item| Shown { html: item.split("</li>").next().unwrap().to_owned(), ..Shown::default() }.text()).collect()
}

#[test]
fn frs_sig_015_a_printed_page_and_an_export_name_the_signer_the_time_and_the_meaning() {
    on_both(|world| {
        let company = Company::open(world);
        let world = &company.world;
        sign_much(&company);
        world.clock.set(base::Timestamp::parse(PRINTED.0).unwrap());
        let mut quentin = Browser::signed_in(&world.kernel, "quentin");
        let (all, catalog) = (all_given(world), world.kernel.catalog().unwrap());
        // Of every kind that anybody signs: a new one is looked at here as well.
        let kinds: BTreeSet<&str> = all.iter().map(|(record, _)| record.kind.as_str()).collect();
        let signed: BTreeSet<&str> = catalog.kinds().filter(|kind| kind.steps.iter().any(|step| !step.signers.is_empty())).map(|kind| kind.name.as_str()).collect();
        assert_eq!(kinds, signed, "of {} signatures", all.len());
        let mut lists = BTreeMap::new();
        for kind in &kinds {
            let export = format!("/list/{kind}/export");
            let form = quentin.open(&export);
            let list = quentin.submit(&form, &export, &[("reason", "Asked for by an inspector")]).html;
            assert!(list.starts_with("\"Number\"") && list.lines().next().unwrap().ends_with("\"Version\",\"Signatures\""), "{list}");
            lists.insert(*kind, list);
        }
        let newest: Vec<String> = all.iter().map(|(record, _)| world.named(&record.kind, &record.number).id).collect();
        let mut shown_at = BTreeSet::new();
        for (record, given) in &all {
            // What the row says, in the words of whoever reads it: told here once more, by hand.
            let meaning = catalog.kind(&record.kind).unwrap().find_step(&given.step).unwrap().signers.iter().find(|signer| signer.role == given.role).unwrap().meaning.clone();
            let when = match (given.signed_at.to_rfc3339().get(..16).unwrap(), given.printed_name.as_str()) {
                ("2026-11-05T13:31", "Lou Tester") => "5 Nov 2026, 08:31 EST",
                ("2026-11-05T13:31", _) => LATER.1,
                _ => EARLIER,
            };
            shown_at.insert(when);
            let (name, version) = (&given.printed_name, given.version);
            let page = quentin.open(&format!("/r/{}/{}", record.kind, record.id));
            let whole = |one: &String| one.contains(name.as_str()) && one.contains(&meaning) && one.contains(when) && one.contains(&format!("covers version {version},"));
            let said = said(&page);
            assert!(said.iter().any(whole), "{} {name}, {when}: {meaning}, version {version} in {said:#?}", record.number);
            page.says(&format!("Printed by Quentin Tester (quentin), {}", PRINTED.1));
            assert!(page.html.contains("class=\"print-only\""));
            // A list tells of each thing as it is now, so of its present revision.
            if newest.contains(&record.id) {
                let list = &lists[record.kind.as_str()];
                assert!(list.contains(&format!("{name}, {when}: {meaning} (version {version})")), "{} {name}, {when}: {meaning}, version {version}: {list}", record.number);
            }
        }
        assert_eq!(shown_at.len(), 3, "{shown_at:?}");
    });
}

#[test]
fn frs_sig_015_a_reading_names_the_reader_the_time_the_meaning_and_the_version() {
    on_both(|world| {
        let company = Company::open(world);
        qualify(&company);
        let mut quentin = Browser::signed_in(&company.world.kernel, "quentin");
        let reading = format!("Olga Tester, {EARLIER} I have read and understood this document. (version {})", company.world.record(&company.procedure).version);
        for page in ["/r/procedure/PR-0001", "/r/person/olga"] {
            quentin.open(page).says(&reading);
        }
    });
}

#[test]
fn frs_sig_015_no_signature_is_lost_among_those_of_a_thousand_readers() {
    on_both(|world| {
        let company = Company::open(world);
        let (world, procedure) = (&company.world, company.procedure.clone());
        qualify(&company);
        // As many as only a large company has: rows as the readers would have written them, before the
        // document was approved.
        let copy = db::sql(
            "insert into signature (tenant, id, record, version, digest, step, meaning, role, person, printed_name, zone, signed_at, challenge, obligation, at_tx, at_ord)
             select tenant, $2, record, version, digest, step, meaning, role, person, printed_name, zone, 1, $2, obligation, at_tx, at_ord
             from signature where tenant = $1 and step = 'read_and_sign' and signed_at > 1",
        );
        let copied = move |tx: &mut db::Tx| (0..1_000).try_for_each(|reader| tx.execute(copy, &[MAIN_TENANT.into(), format!("reader-{reader}").into()]).map(|_| ()));
        world.kernel.database().write(copied).unwrap();
        let id = procedure.clone();
        let all = world.kernel.database().read(move |tx| signature::of_record(tx, MAIN_TENANT, &id)).unwrap();
        assert_eq!(all.len(), 1_000 + 4, "two approvals, the release, the reading");
        let mut quentin = Browser::signed_in(&world.kernel, "quentin");
        let page = quentin.open("/r/procedure/PR-0001");
        let said = said(&page);
        for meaning in ["approved as process owner", "approved for quality", "released the document"] {
            assert!(said.iter().any(|one| one.contains(meaning)), "{meaning}: {said:#?}");
        }
        assert_eq!(said.len(), 3, "{said:#?}");
        quentin.open(&format!("/story/{procedure}")).says("released the document");
        // In a list the record's own come first: a spreadsheet cuts off what is too long for a cell.
        let form = quentin.open("/list/procedure/export");
        let list = quentin.submit(&form, "/list/procedure/export", &[("reason", "Asked for by an inspector")]).html;
        let (released, read) = (list.rfind("released the document").unwrap(), list.find("I have read and understood").unwrap());
        assert!(released < read && list.matches("I have read and understood").count() == 1_001, "{released} {read}");
    });
}

#[test]
fn frs_sig_015_a_page_of_another_day_names_no_signature_that_was_given_since() {
    on_both(|world| {
        let company = Company::open(world);
        let world = &company.world;
        world.clock.set(base::Timestamp::parse(LATER.0).unwrap());
        world.sign_step(company.who("quinn"), &company.project, "freeze").unwrap();
        let mut quentin = Browser::signed_in(&world.kernel, "quentin");
        let address = format!("/r/design_project/{}", world.record(&company.project).number);
        assert_eq!(said(&quentin.open(&address)).len(), 1);
        assert_eq!(said(&quentin.open(&format!("{address}?as_of=2026-11-05"))).len(), 1);
        assert_eq!(said(&quentin.open(&format!("{address}?as_of=2026-11-04"))), Vec::<String>::new());
        // Of the day itself, what had been given by then.
        let risk = format!("/r/risk/{}?as_of=2026-11-04", world.record(&company.risk).number);
        assert_eq!(said(&quentin.open(&risk)).len(), 1);
    });
}
