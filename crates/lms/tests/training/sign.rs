//! Read and sign: what the signature is bound to, and who may not give it.

use super::plant::{Plant, STATEMENT, code, on_both};
use kernel::MAIN_TENANT;
use kernel::authority::Actor;
use kernel::command::Request;
use kernel::signature::{self, SigningInput};
use serde_json::json;
use testkit::world::{PASSWORD, text};

/// An assembler with one document to read.
fn assembler(plant: &Plant) -> (Actor, String, String) {
    let function = plant.place("job_function", "ASSEMBLER");
    let document = plant.document("Assembly");
    let course = plant.course(&[&document]);
    plant.requirement(&[("requires", &course), ("for_function", &function)]);
    (plant.world.person_at("anna", json!({"job_functions": ["ASSEMBLER"]}), &[]), document, course)
}

#[test]
fn frs_trn_010_the_signature_is_bound_to_the_content_of_the_revision_and_closes_the_assignment() {
    on_both(|plant| {
        let (anna, document, _) = assembler(plant);
        let open = plant.open_of(&document, anna.person());
        let done = plant.read_and_sign(&anna, &document).unwrap();
        let record = plant.record(&document);
        let signatures = plant.read({
            let document = document.clone();
            move |tx, _| signature::of_record(tx, MAIN_TENANT, &document)
        });
        let given = signatures.iter().find(|given| given.step == "read_and_sign").unwrap();
        assert_eq!((given.person.as_str(), given.meaning.as_str(), given.role.as_str()), (anna.person(), STATEMENT, "learner"));
        assert_eq!((given.digest.as_str(), given.version), (record.digest.as_str(), record.version));
        assert_eq!(given.printed_name, "Anna Tester");
        let closed = plant.obligations(&document, "train").remove(0);
        assert_eq!((closed.id, closed.state.as_str(), closed.signature), (open.id, "done", Some(text(&done, "signature"))));
    });
}

#[test]
fn frs_trn_010_a_repeated_request_signs_once() {
    on_both(|plant| {
        let (anna, document, _) = assembler(plant);
        let input = json!({"obligation": plant.open_of(&document, anna.person()).id});
        let shown = signature::challenge(&plant.world.kernel, &anna, "lms.read_and_sign", &input).unwrap();
        assert_eq!((shown.subject.meaning.as_str(), shown.record.id.as_str()), (STATEMENT, document.as_str()));
        let signing = SigningInput { challenge: shown.token, login: Some("anna".to_owned()), password: PASSWORD.to_owned() };
        let request = Request::new("lms.read_and_sign", input, "sign-once").signed(signing);
        let first = plant.world.kernel.execute(&anna, &request).unwrap();
        let again = plant.world.kernel.execute(&anna, &request).unwrap();
        assert_eq!((first.repeated, again.repeated, &first.result), (false, true, &again.result));
        let mut other_key = request.clone();
        other_key.idempotency_key = "sign-twice".to_owned();
        assert!(plant.world.kernel.execute(&anna, &other_key).is_err());
        let signatures = plant.read(move |tx, _| signature::of_record(tx, MAIN_TENANT, &document));
        assert_eq!(signatures.iter().filter(|given| given.step == "read_and_sign").count(), 1);
    });
}

#[test]
fn frs_trn_011_nobody_signs_for_another() {
    on_both(|plant| {
        let (anna, document, _) = assembler(plant);
        let input = json!({"obligation": plant.open_of(&document, anna.person()).id});
        for other in [&plant.trainer, &plant.supervisor, &plant.world.admin] {
            let refused = plant.world.sign(other, "lms.read_and_sign", input.clone()).unwrap_err();
            assert_eq!(code(&refused), "not_yours");
        }
        let unsigned = plant.world.run(&anna, "lms.read_and_sign", input.clone()).unwrap_err();
        assert_eq!(code(&unsigned), "signature_needed");
        let reported = plant.world.run(&anna, "obligation.complete", json!({"obligation": input["obligation"], "outcome": "read it"})).unwrap_err();
        assert_eq!(code(&reported), "needs_signature");
        let handed = json!({"obligation": input["obligation"], "person": "sven"});
        assert_eq!(code(&plant.world.run(&plant.trainer, "obligation.reassign", handed).unwrap_err()), "training_is_personal");
        assert_eq!(plant.open_for(&document), ["anna"]);
    });
}

#[test]
fn frs_trn_012_what_is_done_or_cancelled_is_not_signed_again() {
    on_both(|plant| {
        let (anna, document, _) = assembler(plant);
        let done = json!({"obligation": plant.open_of(&document, anna.person()).id});
        plant.read_and_sign(&anna, &document).unwrap();
        assert_eq!(code(&plant.world.sign(&anna, "lms.read_and_sign", done).unwrap_err()), "obligation_closed");
        let b = plant.revise(&document);
        plant.world.sign_step(&plant.controller, &b, "release").unwrap();
        let on_b = json!({"obligation": plant.open_of(&b, anna.person()).id});
        let c = plant.revise(&b);
        plant.world.sign_step(&plant.controller, &c, "release").unwrap();
        let refused = plant.world.sign(&anna, "lms.read_and_sign", on_b).unwrap_err();
        assert_eq!(code(&refused), "obligation_cancelled");
        assert!(refused.to_string().contains("replaced by rev C"), "{refused}");
    });
}

#[test]
fn frs_trn_013_only_a_revision_that_was_given_out_is_signed() {
    on_both(|plant| {
        let (anna, document, course) = assembler(plant);
        let draft = plant.draft("Packing");
        let raise = |record: &str, sort: &str| {
            let input = json!({"record": record, "course": course, "person": anna.person(), "sort": sort});
            json!({"obligation": text(&plant.world.run(&anna, "test.raise", input).unwrap(), "obligation")})
        };
        let refused = plant.world.sign(&anna, "lms.read_and_sign", raise(&draft, "train")).unwrap_err();
        assert_eq!(code(&refused), "not_given_out");
        let refused = plant.world.sign(&anna, "lms.read_and_sign", raise(&document, "review")).unwrap_err();
        assert_eq!(code(&refused), "not_training");
        let unknown = plant.world.sign(&anna, "lms.read_and_sign", json!({"obligation": course})).unwrap_err();
        assert_eq!(code(&unknown), "not_found");
    });
}

#[test]
fn frs_trn_013_a_revision_is_signed_before_its_day_and_counts_on_its_day() {
    on_both(|plant| {
        let (anna, document, _) = assembler(plant);
        let b = plant.revise(&document);
        plant.comes_in(&b, 10);
        plant.world.sign_step(&plant.controller, &b, "release").unwrap();
        assert_eq!(plant.record(&b).state, "approved");
        plant.read_and_sign(&anna, &b).unwrap();
        plant.pass_days(10);
        let writer = plant.world.sign_in("wanda");
        plant.world.run(&writer, "test.make_effective", json!({"record": b})).unwrap();
        let (document, now, person) = (plant.record(&b), plant.world.kernel.now(), anna.person().to_owned());
        assert!(plant.read(move |tx, _| lms::assignment::signature_on(tx, &document, &person, now)).is_some());
        assert!(plant.open_for(&b).is_empty());
    });
}

#[test]
fn frs_trn_014_a_document_that_changed_under_the_reader_is_not_signed() {
    on_both(|plant| {
        let (anna, document, _) = assembler(plant);
        let b = plant.revise(&document);
        plant.comes_in(&b, 1);
        plant.world.sign_step(&plant.controller, &b, "release").unwrap();
        let id = plant.open_of(&b, anna.person()).id;
        let stale = plant.world.sign(&anna, "lms.read_and_sign", json!({"obligation": id, "version": 1})).unwrap_err();
        assert_eq!(code(&stale), "stale_version");
        // Between the challenge and the signature the document becomes effective: another version.
        let input = json!({"obligation": id});
        let shown = signature::challenge(&plant.world.kernel, &anna, "lms.read_and_sign", &input).unwrap();
        plant.world.run(&plant.writer, "test.make_effective", json!({"record": b})).unwrap();
        let signing = SigningInput { challenge: shown.token, login: Some("anna".to_owned()), password: PASSWORD.to_owned() };
        let late = plant.world.kernel.execute(&anna, &Request::new("lms.read_and_sign", input, "late").signed(signing)).unwrap_err();
        assert_eq!(code(&late), "content_changed");
        assert_eq!(plant.open_for(&b), ["anna"]);
        plant.read_and_sign(&anna, &b).unwrap();
    });
}
