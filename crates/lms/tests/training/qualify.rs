//! Qualifications: who may be signed off, by whom, and what a new revision does.

use super::plant::{Plant, code, on_both};
use kernel::MAIN_TENANT;
use kernel::authority::Actor;
use lms::qualification::{Standing, Status};
use serde_json::json;

struct Shop {
    anna: Actor,
    document: String,
    course: String,
    qualification: String,
}

/// Anna is assigned the assembly procedure; a qualification for it is prepared.
fn shop(plant: &Plant) -> Shop {
    let function = plant.place("job_function", "ASSEMBLER");
    let document = plant.document("Assembly");
    let course = plant.course(&[&document]);
    plant.requirement(&[("requires", &course), ("for_function", &function)]);
    let anna = plant.world.person_at("anna", json!({"job_functions": ["ASSEMBLER"]}), &[]);
    let qualification = prepare(plant, &plant.supervisor, anna.person(), &document);
    Shop { anna, document, course, qualification }
}

fn prepare(plant: &Plant, by: &Actor, person: &str, document: &str) -> String {
    let id = plant.world.create(by, "qualification", "Assembly", json!({"observed": "three units built"})).unwrap();
    plant.world.link(by, &id, "of_person", person).unwrap();
    plant.world.link(by, &id, "qualifies_for", document).unwrap();
    id
}

fn status(plant: &Plant, qualification: &str) -> Status {
    let (record, now) = (plant.record(qualification), plant.world.kernel.now());
    plant.read(move |tx, catalog| lms::qualification::status(tx, catalog, &record, now))
}

fn is_qualified(plant: &Plant, person: &str, document: &str) -> bool {
    let (person, item, now) = (person.to_owned(), plant.record(document).item, plant.world.kernel.now());
    plant.read(move |tx, catalog| lms::qualification::is_qualified(tx, catalog, MAIN_TENANT, &person, &item, now))
}

fn is_suspect(plant: &Plant, qualification: &str) -> bool {
    let id = qualification.to_owned();
    let links = plant.read(move |tx, _| kernel::link::outgoing(tx, MAIN_TENANT, &id));
    links.iter().find(|link| link.kind == "qualifies_for").unwrap().suspect
}

#[test]
fn frs_qua_001_nobody_is_qualified_by_reading_alone_or_without_the_signature_of_a_supervisor() {
    on_both(|plant| {
        let shop = shop(plant);
        assert_eq!(status(plant, &shop.qualification).standing, Standing::NotSignedOff);
        plant.read_and_sign(&shop.anna, &shop.document).unwrap();
        assert!(!is_qualified(plant, shop.anna.person(), &shop.document), "reading alone does not qualify");
        let refused = plant.world.sign_step(&plant.trainer, &shop.qualification, "sign_off").unwrap_err();
        assert_eq!(code(&refused), "not_permitted");
        plant.world.sign_step(&plant.supervisor, &shop.qualification, "sign_off").unwrap();
        assert_eq!(status(plant, &shop.qualification).standing, Standing::Current);
        assert!(is_qualified(plant, shop.anna.person(), &shop.document));
        assert!(!is_qualified(plant, plant.writer.person(), &shop.document), "nobody else is");
        let more = plant.world.link(&plant.supervisor, &shop.qualification, "qualifies_for", &plant.document("Packing")).unwrap_err();
        assert_eq!(code(&more), "content_fixed");
        plant.world.step(&plant.trainer, &shop.qualification, "withdraw").unwrap();
        assert_eq!(status(plant, &shop.qualification).standing, Standing::Withdrawn);
        assert!(!is_qualified(plant, shop.anna.person(), &shop.document));
    });
}

#[test]
fn frs_qua_002_sign_off_is_refused_naming_what_is_not_read_or_open() {
    on_both(|plant| {
        let shop = shop(plant);
        let texts = |expected: &[&str]| {
            let refused = plant.world.sign_step(&plant.supervisor, &shop.qualification, "sign_off").unwrap_err();
            let found: Vec<_> = refused.refusal().unwrap().blockers.iter().map(|blocker| blocker.text.clone()).collect();
            assert_eq!(found, expected);
            assert_eq!(plant.record(&shop.qualification).state, "in_training");
        };
        let due = plant.date_in(14);
        texts(&["Anna Tester has not read and signed PR-0001 rev A", &format!("Training of Anna Tester on PR-0001 rev A is open, due {due}")]);
        plant.read_and_sign(&shop.anna, &shop.document).unwrap();
        // The revision that will be effective is asked for, though it is not effective yet.
        let b = plant.revise(&shop.document);
        plant.comes_in(&b, 20);
        plant.world.sign_step(&plant.controller, &b, "release").unwrap();
        let due = plant.date_in(20);
        texts(&["Anna Tester has not read and signed PR-0001 rev B", &format!("Training of Anna Tester on PR-0001 rev B is open, due {due}")]);
        plant.read_and_sign(&shop.anna, &b).unwrap();
        // Signed, but something on it is open again.
        let input = json!({"course": shop.course, "person": "anna", "due_date": plant.date_in(2)});
        plant.world.run_because(&plant.trainer, "lms.assign", input, "seen to err").unwrap();
        let due = plant.date_in(2);
        texts(&[&format!("Training of Anna Tester on PR-0001 rev B is open, due {due}")]);
        plant.read_and_sign(&shop.anna, &b).unwrap();
        plant.world.sign_step(&plant.supervisor, &shop.qualification, "sign_off").unwrap();
    });
}

#[test]
fn frs_qua_002_a_qualification_is_of_one_person_for_a_released_document() {
    on_both(|plant| {
        let empty = plant.world.create(&plant.supervisor, "qualification", "Nothing", json!({"observed": "x"})).unwrap();
        let refused = plant.world.sign_step(&plant.supervisor, &empty, "sign_off").unwrap_err();
        assert_eq!(refused.refusal().unwrap().blockers.len(), 2);
        let (anna, bert) = (plant.hire("anna", json!({})), plant.hire("bert", json!({})));
        let draft = plant.draft("Packing");
        let of_two = prepare(plant, &plant.supervisor, &anna, &draft);
        plant.world.link(&plant.supervisor, &of_two, "of_person", &bert).unwrap();
        let refused = plant.world.sign_step(&plant.supervisor, &of_two, "sign_off").unwrap_err();
        assert!(refused.to_string().contains("this one names 2"), "{refused}");
        let unreleased = prepare(plant, &plant.supervisor, &anna, &draft);
        let refused = plant.world.sign_step(&plant.supervisor, &unreleased, "sign_off").unwrap_err();
        assert!(refused.to_string().contains("PR-0001 rev A is not released"), "{refused}");
        plant.world.step(&plant.world.admin, &anna, "deactivate").unwrap();
        let refused = plant.world.sign_step(&plant.supervisor, &unreleased, "sign_off").unwrap_err();
        assert!(refused.to_string().contains("is not active"), "{refused}");
    });
}

#[test]
fn frs_qua_003_nobody_signs_off_themselves() {
    on_both(|plant| {
        let document = plant.document("Assembly");
        let course = plant.course(&[&document]);
        let input = json!({"course": course, "person": "sven", "due_date": plant.date_in(3)});
        plant.world.run_because(&plant.trainer, "lms.assign", input, "needed").unwrap();
        plant.read_and_sign(&plant.supervisor, &document).unwrap();
        let own = prepare(plant, &plant.supervisor, plant.supervisor.person(), &document);
        let refused = plant.world.sign_step(&plant.supervisor, &own, "sign_off").unwrap_err();
        assert_eq!((code(&refused).as_str(), plant.record(&own).state.as_str()), ("own_qualification", "in_training"));
        let other = plant.world.person("sara", &["supervisor"]);
        plant.world.sign_step(&other, &own, "sign_off").unwrap();
    });
}

#[test]
fn frs_qua_004_sign_off_says_what_was_observed() {
    on_both(|plant| {
        let shop = shop(plant);
        plant.read_and_sign(&shop.anna, &shop.document).unwrap();
        plant.world.edit(&plant.supervisor, &shop.qualification, json!({"observed": null})).unwrap();
        let refused = plant.world.sign_step(&plant.supervisor, &shop.qualification, "sign_off").unwrap_err();
        assert_eq!(refused.refusal().unwrap().blockers[0].rule, "qualification.observed");
    });
}

#[test]
fn frs_qua_005_a_new_revision_makes_it_not_current_until_it_is_signed() {
    on_both(|plant| {
        let shop = shop(plant);
        plant.read_and_sign(&shop.anna, &shop.document).unwrap();
        plant.world.sign_step(&plant.supervisor, &shop.qualification, "sign_off").unwrap();
        let signed_off = plant.world.kernel.now();
        plant.pass_days(1);
        let (anna, controller) = (plant.world.sign_in("anna"), plant.world.sign_in("carlo"));
        let b = plant.world.run(&plant.world.sign_in("wanda"), "record.revise", json!({"record": shop.document})).unwrap();
        let b = testkit::world::text(&b, "id");
        plant.world.sign_step(&controller, &b, "release").unwrap();
        let lapsed = status(plant, &shop.qualification);
        assert_eq!((lapsed.standing, lapsed.missing.len()), (Standing::NotCurrent, 1));
        assert_eq!((lapsed.missing[0].document.id.as_str(), lapsed.missing[0].why.as_str()), (b.as_str(), "PR-0001 rev B is not read and signed"));
        assert!(is_suspect(plant, &shop.qualification));
        assert!(!is_qualified(plant, anna.person(), &shop.document));
        plant.read_and_sign(&anna, &b).unwrap();
        assert_eq!(status(plant, &shop.qualification).standing, Standing::Current);
        assert!(!is_suspect(plant, &shop.qualification));
        // On the day before, it was current on the revision of that day.
        let (person, item) = (anna.person().to_owned(), plant.record(&b).item);
        assert!(plant.read(move |tx, catalog| lms::qualification::is_qualified(tx, catalog, MAIN_TENANT, &person, &item, signed_off)));
        let (record, before) = (plant.record(&shop.qualification), base::Timestamp(signed_off.0 - 1));
        assert_eq!(plant.read(move |tx, catalog| lms::qualification::status(tx, catalog, &record, before)).standing, Standing::NotSignedOff);
    });
}

#[test]
fn frs_qua_006_work_goes_on_under_the_old_revision_until_the_day_of_the_new_one() {
    on_both(|plant| {
        let shop = shop(plant);
        plant.read_and_sign(&shop.anna, &shop.document).unwrap();
        plant.world.sign_step(&plant.supervisor, &shop.qualification, "sign_off").unwrap();
        let late = plant.world.person_at("late", json!({"job_functions": ["ASSEMBLER"]}), &[]);
        plant.read_and_sign(&late, &shop.document).unwrap();
        let of_late = prepare(plant, &plant.supervisor, late.person(), &shop.document);
        plant.world.sign_step(&plant.supervisor, &of_late, "sign_off").unwrap();
        let b = plant.revise(&shop.document);
        plant.comes_in(&b, 5);
        plant.world.sign_step(&plant.controller, &b, "release").unwrap();
        let waiting = status(plant, &shop.qualification);
        assert_eq!((waiting.standing, waiting.coming.len()), (Standing::Current, 1));
        plant.read_and_sign(&shop.anna, &b).unwrap();
        assert!(status(plant, &shop.qualification).coming.is_empty());
        plant.pass_days(5);
        plant.world.run(&plant.world.sign_in("wanda"), "test.make_effective", json!({"record": b})).unwrap();
        assert_eq!((status(plant, &shop.qualification).standing, is_suspect(plant, &shop.qualification)), (Standing::Current, false));
        assert_eq!((status(plant, &of_late).standing, is_suspect(plant, &of_late)), (Standing::NotCurrent, true));
    });
}

#[test]
fn frs_qua_007_overdue_training_inactive_people_and_withdrawn_documents_make_it_not_current() {
    on_both(|plant| {
        let shop = shop(plant);
        plant.read_and_sign(&shop.anna, &shop.document).unwrap();
        plant.world.sign_step(&plant.supervisor, &shop.qualification, "sign_off").unwrap();
        let input = json!({"course": shop.course, "person": "anna", "due_date": plant.date_in(2)});
        plant.world.run_because(&plant.trainer, "lms.assign", input, "seen to err").unwrap();
        plant.pass_days(2);
        assert_eq!(status(plant, &shop.qualification).standing, Standing::Current, "due today is not overdue");
        plant.pass_days(1);
        let late = status(plant, &shop.qualification);
        assert_eq!(late.standing, Standing::NotCurrent);
        assert!(late.missing[0].why.contains("overdue since"), "{late:?}");
        plant.read_and_sign(&plant.world.sign_in("anna"), &shop.document).unwrap();
        assert_eq!(status(plant, &shop.qualification).standing, Standing::Current);
        let admin = plant.world.sign_in("admin");
        plant.world.step(&admin, shop.anna.person(), "deactivate").unwrap();
        assert_eq!(status(plant, &shop.qualification).missing[0].why, "the person is not active");
        plant.world.step(&admin, shop.anna.person(), "reactivate").unwrap();
        assert_eq!(status(plant, &shop.qualification).standing, Standing::Current);
        plant.world.step(&plant.world.sign_in("quinn"), &shop.document, "withdraw").unwrap();
        assert_eq!(status(plant, &shop.qualification).standing, Standing::NotCurrent);
    });
}
