//! Assigning and excusing by hand.

use super::plant::{code, on_both};
use serde_json::json;

#[test]
fn frs_trn_020_a_course_is_assigned_by_hand_with_a_date_and_a_reason_and_stays() {
    on_both(|plant| {
        let function = plant.place("job_function", "ASSEMBLER");
        let document = plant.document("Assembly");
        let course = plant.course(&[&document]);
        let anna = plant.hire("anna", json!({}));
        let input = json!({"course": plant.record(&course).number, "person": "anna", "due_date": plant.date_in(3)});
        plant.world.run_because(&plant.supervisor, "lms.assign", input.clone(), "error at the press").unwrap();
        let made = plant.open_of(&document, &anna);
        assert_eq!((made.due_date, made.cause, made.via), (Some(plant.date_in(3)), None, Some(course)));
        let twice = plant.world.run_because(&plant.trainer, "lms.assign", input, "again").unwrap_err();
        assert_eq!(code(&twice), "already_assigned");
        // It came from a person, so the matrix does not take it away.
        plant.world.link(&plant.world.admin, &anna, "has_function", &function).unwrap();
        plant.unlink(&anna, "has_function", &function);
        assert_eq!(plant.open_for(&document), ["anna"]);
        plant.world.step(&plant.world.admin, &anna, "deactivate").unwrap();
        assert!(plant.open_for(&document).is_empty(), "but leaving the company does");
    });
}

#[test]
fn frs_trn_020_what_cannot_be_assigned_is_refused_by_name() {
    on_both(|plant| {
        let (effective, draft) = (plant.document("Assembly"), plant.draft("Packing"));
        let (good, unfinished, empty) = (plant.course(&[&effective]), plant.course_draft(&[&effective], json!({})), plant.course(&[&draft]));
        let gone = plant.hire("gert", json!({}));
        plant.world.step(&plant.world.admin, &gone, "deactivate").unwrap();
        plant.hire("anna", json!({}));
        let (past, soon) = (plant.date_in(-1), plant.date_in(3));
        for (course, person, due, expected) in [
            ("CRS-9999", "anna", &soon, "unknown_course"),
            (unfinished.as_str(), "anna", &soon, "course_not_in_use"),
            (empty.as_str(), "anna", &soon, "nothing_given_out"),
            (good.as_str(), "gert", &soon, "unknown_person"),
            (good.as_str(), "anna", &past, "date_past"),
            (good.as_str(), "anna", &"soon".to_owned(), "bad_date"),
        ] {
            let input = json!({"course": course, "person": person, "due_date": due});
            let refused = plant.world.run_because(&plant.trainer, "lms.assign", input, "needed").unwrap_err();
            assert_eq!(code(&refused), expected);
        }
        let input = json!({"course": good, "person": "anna", "due_date": plant.date_in(0)});
        assert_eq!(code(&plant.world.run(&plant.trainer, "lms.assign", input.clone()).unwrap_err()), "reason_needed");
        assert_eq!(code(&plant.world.run_because(&plant.writer, "lms.assign", input.clone(), "x").unwrap_err()), "not_permitted");
        assert!(plant.assigned(&effective).is_empty());
        plant.world.run_because(&plant.trainer, "lms.assign", input, "needed").unwrap();
    });
}

#[test]
fn frs_trn_020_a_supervisor_assigns_only_to_people_of_their_site() {
    on_both(|plant| {
        plant.world.create_with(&plant.world.admin, json!({"kind": "site", "number": "OSL", "title": "Oslo", "fields": {"zone": "Europe/Oslo"}})).unwrap();
        let of_rome = plant.world.person_at("rita", json!({"site": "ROM"}), &[("supervisor", Some("ROM"))]);
        let document = plant.document("Assembly");
        let course = plant.course(&[&document]);
        for (login, site) in [("anna", "ROM"), ("olga", "OSL")] {
            plant.hire(login, json!({"site": site}));
        }
        let assign = |login: &str| {
            let input = json!({"course": course, "person": login, "due_date": plant.date_in(3)});
            plant.world.run_because(&of_rome, "lms.assign", input, "needed")
        };
        // As if there were nobody of that name.
        assert_eq!(code(&assign("olga").unwrap_err()), code(&assign("nobody.there").unwrap_err()));
        assign("anna").unwrap();
        assert_eq!(plant.open_for(&document), ["anna"]);
    });
}

#[test]
fn frs_trn_021_an_excuse_needs_a_reason_and_lasts_for_the_revision() {
    on_both(|plant| {
        let function = plant.place("job_function", "ASSEMBLER");
        let document = plant.document("Assembly");
        let course = plant.course(&[&document]);
        let requirement = plant.requirement(&[("requires", &course), ("for_function", &function)]);
        let anna = plant.hire("anna", json!({"job_functions": ["ASSEMBLER"]}));
        let input = json!({"obligation": plant.open_of(&document, &anna).id});
        assert_eq!(code(&plant.world.run(&plant.trainer, "lms.excuse", input.clone()).unwrap_err()), "reason_needed");
        assert_eq!(code(&plant.world.run_because(&plant.supervisor, "lms.excuse", input.clone(), "x").unwrap_err()), "not_permitted");
        plant.world.run_because(&plant.trainer, "lms.excuse", input.clone(), "on leave for a year").unwrap();
        let excused = plant.obligations(&document, "train").remove(0);
        assert_eq!((excused.state.as_str(), excused.outcome.as_deref()), ("cancelled", Some("Excused: on leave for a year")));
        assert_eq!(code(&plant.world.run_because(&plant.trainer, "lms.excuse", input, "x").unwrap_err()), "obligation_cancelled");
        // Whatever makes the matrix look again does not bring it back …
        plant.unlink(&anna, "has_function", &function);
        plant.world.link(&plant.world.admin, &anna, "has_function", &function).unwrap();
        plant.requirement(&[("requires", &course), ("for_function", &function)]);
        plant.world.step(&plant.trainer, &requirement, "retire").unwrap();
        assert!(plant.open_for(&document).is_empty());
        // … but the next revision does.
        let b = plant.revise(&document);
        plant.world.sign_step(&plant.controller, &b, "release").unwrap();
        assert_eq!(plant.open_for(&b), ["anna"]);
    });
}

#[test]
fn frs_trn_021_nobody_excuses_themselves() {
    on_both(|plant| {
        let document = plant.document("Assembly");
        let course = plant.course(&[&document]);
        let input = json!({"course": course, "person": "tina", "due_date": plant.date_in(3)});
        plant.world.run_because(&plant.supervisor, "lms.assign", input, "needed").unwrap();
        let own = json!({"obligation": plant.open_of(&document, plant.trainer.person()).id});
        assert_eq!(code(&plant.world.run_because(&plant.trainer, "lms.excuse", own, "busy").unwrap_err()), "own_training");
        assert_eq!(plant.open_for(&document), ["tina"]);
    });
}
