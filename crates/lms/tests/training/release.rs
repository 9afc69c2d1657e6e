//! Release of a document, alone and by an order: who gets what, in one transaction.

use super::plant::{Plant, code, on_both};
use db::sql;
use kernel::MAIN_TENANT;
use kernel::command::Request;
use kernel::signature::{self, SigningInput};
use serde_json::json;
use testkit::world::PASSWORD;

/// Three assemblers and an inspector; a course on two drafts that assemblers need.
fn line(plant: &Plant) -> (String, String, String) {
    let function = plant.place("job_function", "ASSEMBLER");
    plant.place("job_function", "INSPECTOR");
    for login in ["anna", "bert", "cora"] {
        plant.hire(login, json!({"job_functions": ["ASSEMBLER"]}));
    }
    plant.hire("ingo", json!({"job_functions": ["INSPECTOR"]}));
    let (one, two) = (plant.draft("Assembly"), plant.draft("Packing"));
    let course = plant.course(&[&one, &two]);
    plant.requirement(&[("requires", &course), ("for_function", &function)]);
    (one, two, course)
}

fn order(plant: &Plant, affected: &[&str]) -> String {
    let order = plant.world.create(&plant.writer, "order", "Change", json!({})).unwrap();
    for affected in affected {
        plant.world.link(&plant.writer, &order, "affects", affected).unwrap();
    }
    order
}

#[test]
fn frs_trn_001_release_assigns_everybody_the_matrix_names_in_the_same_transaction() {
    on_both(|plant| {
        let (one, two, course) = line(plant);
        assert!(plant.assigned(&one).is_empty(), "a draft is not assigned");
        let order = order(plant, &[&one, &two]);
        plant.world.sign_step(&plant.controller, &order, "release").unwrap();
        for document in [&one, &two] {
            assert_eq!(plant.open_for(document), ["anna", "bert", "cora"]);
        }
        for found in plant.obligations(&one, "train") {
            assert_eq!((found.cause.as_deref(), found.via.as_deref()), (Some(order.as_str()), Some(course.as_str())));
            assert_eq!(found.due_date.as_deref(), Some(plant.date_in(14).as_str()));
            assert_eq!(found.task, format!("Read and sign {}", plant.record(&one).label()));
        }
        // One transaction of the trail holds the order's step and every assignment.
        let transactions = plant.read(|tx, _| {
            tx.query(
                sql(
                    "select distinct tx from event where tenant = $1
                     and (action = 'record.step.release' or subject in (select id from obligation where tenant = $1 and sort = 'train'))",
                ),
                &[MAIN_TENANT.into()],
            )
        });
        assert_eq!(transactions.len(), 1);
    });
}

#[test]
fn frs_trn_001_a_document_released_by_itself_is_assigned_too() {
    on_both(|plant| {
        let (one, _, _) = line(plant);
        plant.world.sign_step(&plant.controller, &one, "issue").unwrap();
        assert_eq!(plant.open_for(&one), ["anna", "bert", "cora"]);
        assert_eq!(plant.obligations(&one, "train")[0].cause.as_deref(), Some(one.as_str()));
    });
}

#[test]
fn frs_trn_001_a_release_that_fails_assigns_nothing() {
    on_both(|plant| {
        let (one, two, _) = line(plant);
        let order = order(plant, &[&one, &two]);
        plant.world.run(&plant.quality, "hold.place", json!({"record": two, "why": "wrong drawing"})).unwrap();
        let refused = plant.world.sign_step(&plant.controller, &order, "release").unwrap_err();
        assert_eq!(code(&refused), "blocked");
        assert_eq!((plant.assigned(&one).len(), plant.assigned(&two).len()), (0, 0));
        assert_eq!(plant.record(&one).state, "draft");
    });
}

#[test]
fn frs_trn_002_one_assignment_for_each_person_course_and_document() {
    on_both(|plant| {
        let function = plant.place("job_function", "ASSEMBLER");
        let department = plant.place("department", "LINE1");
        plant.hire("anna", json!({"job_functions": ["ASSEMBLER"], "departments": ["LINE1"]}));
        plant.hire("bert", json!({"departments": ["LINE1"]}));
        let document = plant.draft("Assembly");
        let (basic, advanced) = (plant.course(&[&document]), plant.course(&[&document]));
        // Anna is named for the basic course twice and for the advanced one once.
        plant.requirement(&[("requires", &basic), ("for_function", &function)]);
        plant.requirement(&[("requires", &basic), ("requires", &advanced), ("for_department", &department)]);
        plant.world.sign_step(&plant.controller, &document, "release").unwrap();
        let (basic, advanced) = (plant.record(&basic).number, plant.record(&advanced).number);
        let all: Vec<_> = plant.assigned(&document).into_iter().map(|(login, course, _)| (login, course)).collect();
        let expected = [("anna", &basic), ("anna", &advanced), ("bert", &basic), ("bert", &advanced)];
        assert_eq!(all, expected.map(|(login, course)| (login.to_owned(), course.clone())));
    });
}

#[test]
fn frs_trn_003_a_new_revision_replaces_what_is_open_and_keeps_what_is_signed() {
    on_both(|plant| {
        let function = plant.place("job_function", "ASSEMBLER");
        let anna = plant.world.person_at("anna", json!({"job_functions": ["ASSEMBLER"]}), &[]);
        plant.hire("bert", json!({"job_functions": ["ASSEMBLER"]}));
        let a = plant.document("Assembly");
        let course = plant.course(&[&a]);
        plant.requirement(&[("requires", &course), ("for_function", &function)]);
        plant.read_and_sign(&anna, &a).unwrap();
        let b = plant.revise(&a);
        assert_eq!(plant.open_for(&a), ["bert"], "a draft replaces nothing");
        plant.world.sign_step(&plant.controller, &b, "release").unwrap();
        let crs = plant.record(&course).number;
        let row = |login: &str, state: &str| (login.to_owned(), crs.clone(), state.to_owned());
        assert_eq!(plant.assigned(&a), [row("anna", "done"), row("bert", "cancelled")]);
        assert_eq!(plant.assigned(&b), [row("anna", "open"), row("bert", "open")]);
        let report = verify::verify(plant.world.kernel.database(), MAIN_TENANT, &mut |_, _, _| {}).unwrap();
        assert_eq!(report.problems, []);
        let cancelled = plant.obligations(&a, "train").into_iter().find(|found| found.state == "cancelled").unwrap();
        assert_eq!(cancelled.outcome.as_deref(), Some("replaced by rev B"));
        assert_eq!(cancelled.closed_by.as_deref(), Some(plant.controller.person()));
    });
}

#[test]
fn frs_trn_004_a_revision_for_a_later_day_is_to_be_signed_by_that_day() {
    on_both(|plant| {
        let (one, two, _) = line(plant);
        plant.comes_in(&one, 30);
        plant.comes_in(&two, 0);
        plant.world.sign_step(&plant.controller, &order(plant, &[&one, &two]), "release").unwrap();
        assert_eq!((plant.record(&one).state.as_str(), plant.record(&two).state.as_str()), ("approved", "effective"));
        let due = |document: &str| plant.obligations(document, "train").into_iter().map(|found| found.due_date.unwrap()).collect::<Vec<_>>();
        assert_eq!(due(&one), vec![plant.date_in(30); 3]);
        assert_eq!(due(&two), vec![plant.date_in(14); 3]);
        // Becoming effective on its day asks for nothing twice.
        plant.pass_days(30);
        plant.world.run(&plant.writer, "test.make_effective", json!({"record": one})).unwrap();
        assert_eq!(plant.open_for(&one), ["anna", "bert", "cora"]);
    });
}

#[test]
fn frs_trn_005_a_repeated_request_assigns_nothing_twice() {
    on_both(|plant| {
        let (one, _, _) = line(plant);
        let input = json!({"record": one, "version": plant.record(&one).version, "step": "release"});
        let shown = signature::challenge(&plant.world.kernel, &plant.controller, "record.step", &input).unwrap();
        let signing = SigningInput { challenge: shown.token, login: Some("carlo".to_owned()), password: PASSWORD.to_owned() };
        let request = Request::new("record.step", input, "release-once").signed(signing);
        let first = plant.world.kernel.execute(&plant.controller, &request).unwrap();
        let again = plant.world.kernel.execute(&plant.controller, &request).unwrap();
        assert_eq!((first.repeated, again.repeated), (false, true));
        assert_eq!(first.result, again.result);
        assert_eq!(plant.open_for(&one), ["anna", "bert", "cora"]);
    });
}

#[test]
fn frs_trn_006_nobody_has_to_read_what_went_out_of_use() {
    on_both(|plant| {
        let (one, two, course) = line(plant);
        plant.world.sign_step(&plant.controller, &order(plant, &[&one, &two]), "release").unwrap();
        plant.world.step(&plant.quality, &one, "withdraw").unwrap();
        assert!(plant.open_for(&one).is_empty());
        assert_eq!(plant.open_for(&two).len(), 3, "the other document stays assigned");
        plant.hire("dirk", json!({"job_functions": ["ASSEMBLER"]}));
        assert_eq!((plant.open_for(&one).len(), plant.open_for(&two).len()), (0, 4), "nor has anybody who comes later");
        plant.world.step(&plant.trainer, &course, "retire").unwrap();
        assert!(plant.open_for(&two).is_empty());
        let outcomes: Vec<_> = plant.obligations(&two, "train").into_iter().map(|found| found.outcome.unwrap()).collect();
        assert_eq!(outcomes, vec!["the course is no longer in use"; 4]);
    });
}

#[test]
fn frs_trn_006_a_revision_withdrawn_before_its_day_leaves_the_one_in_force_to_be_read() {
    on_both(|plant| {
        let (one, _, _) = line(plant);
        plant.world.sign_step(&plant.controller, &one, "release").unwrap();
        let b = plant.revise(&one);
        plant.comes_in(&b, 10);
        plant.world.sign_step(&plant.controller, &b, "release").unwrap();
        assert_eq!((plant.open_for(&one).len(), plant.open_for(&b).len()), (0, 3));
        plant.world.step(&plant.quality, &b, "withdraw").unwrap();
        assert_eq!((plant.open_for(&one).len(), plant.open_for(&b).len()), (3, 0));
        assert_eq!(plant.obligations(&b, "train").remove(0).outcome.as_deref(), Some("the document is no longer in use"));
    });
}
