//! Assignments follow the matrix: people, requirements and courses that come, change and go.

use super::plant::{Plant, on_both};
use serde_json::json;

fn ready(plant: &Plant) -> (String, String) {
    let function = plant.place("job_function", "ASSEMBLER");
    let document = plant.document("Assembly");
    let course = plant.course(&[&document]);
    plant.requirement(&[("requires", &course), ("for_function", &function)]);
    (document, function)
}

#[test]
fn frs_trn_007_a_new_person_gets_what_their_function_needs_in_the_revision_to_sign() {
    on_both(|plant| {
        let (a, _) = ready(plant);
        let anna = plant.hire("anna", json!({"job_functions": ["ASSEMBLER"]}));
        assert_eq!(plant.open_of(&a, &anna).cause.as_deref(), Some(anna.as_str()));
        // The revision that will be effective, not the one that still is, and never a draft.
        let b = plant.revise(&a);
        plant.hire("bert", json!({"job_functions": ["ASSEMBLER"]}));
        assert_eq!(plant.open_for(&a), ["anna", "bert"]);
        assert!(plant.assigned(&b).is_empty());
        plant.comes_in(&b, 20);
        plant.world.sign_step(&plant.controller, &b, "release").unwrap();
        let cora = plant.hire("cora", json!({"job_functions": ["ASSEMBLER"]}));
        assert_eq!((plant.open_for(&a).len(), plant.open_for(&b)), (0, vec!["anna".to_owned(), "bert".to_owned(), "cora".to_owned()]));
        assert_eq!(plant.open_of(&b, &cora).due_date, Some(plant.date_in(20)));
    });
}

#[test]
fn frs_trn_008_gaining_a_function_assigns_and_losing_it_cancels() {
    on_both(|plant| {
        let (document, function) = ready(plant);
        let anna = plant.hire("anna", json!({}));
        assert!(plant.assigned(&document).is_empty());
        plant.world.link(&plant.world.admin, &anna, "has_function", &function).unwrap();
        assert_eq!(plant.open_for(&document), ["anna"]);
        plant.unlink(&anna, "has_function", &function);
        assert!(plant.open_for(&document).is_empty());
        let outcome = plant.obligations(&document, "train").remove(0).outcome;
        assert_eq!(outcome.as_deref(), Some("no longer asked for by the training matrix"));
        plant.world.link(&plant.world.admin, &anna, "has_function", &function).unwrap();
        assert_eq!(plant.open_for(&document), ["anna"], "a cancelled assignment comes back");
    });
}

#[test]
fn frs_trn_008_every_dimension_counts_and_what_is_signed_is_not_asked_again() {
    on_both(|plant| {
        let (function, department) = (plant.place("job_function", "ASSEMBLER"), plant.place("department", "LINE1"));
        let document = plant.document("Assembly");
        let course = plant.course(&[&document]);
        plant.requirement(&[("requires", &course), ("for_function", &function), ("for_department", &department)]);
        let anna = plant.world.person("anna", &[]);
        plant.world.link(&plant.world.admin, anna.person(), "has_function", &function).unwrap();
        assert!(plant.assigned(&document).is_empty(), "one dimension of two");
        plant.world.link(&plant.world.admin, anna.person(), "works_in", &department).unwrap();
        plant.read_and_sign(&anna, &document).unwrap();
        plant.unlink(anna.person(), "works_in", &department);
        plant.world.link(&plant.world.admin, anna.person(), "works_in", &department).unwrap();
        let states: Vec<_> = plant.assigned(&document).into_iter().map(|(_, _, state)| state).collect();
        assert_eq!(states, ["done"]);
    });
}

#[test]
fn frs_trn_009_leaving_the_company_cancels_and_coming_back_assigns() {
    on_both(|plant| {
        let (document, _) = ready(plant);
        let anna = plant.hire("anna", json!({"job_functions": ["ASSEMBLER"]}));
        plant.world.step(&plant.world.admin, &anna, "deactivate").unwrap();
        assert!(plant.open_for(&document).is_empty());
        plant.world.step(&plant.world.admin, &anna, "reactivate").unwrap();
        assert_eq!(plant.open_for(&document), ["anna"]);
    });
}

#[test]
fn frs_trn_009_requirements_and_courses_assign_as_they_come_into_force_and_cancel_as_they_retire() {
    on_both(|plant| {
        let (function, department) = (plant.place("job_function", "ASSEMBLER"), plant.place("department", "LINE1"));
        plant.hire("anna", json!({"job_functions": ["ASSEMBLER"]}));
        plant.hire("bert", json!({"job_functions": ["ASSEMBLER"], "departments": ["LINE1"]}));
        let document = plant.document("Assembly");
        let course = plant.course_draft(&[&document], json!({}));
        let by_function = plant.requirement(&[("requires", &course), ("for_function", &function)]);
        assert!(plant.assigned(&document).is_empty(), "the course is a draft");
        plant.world.sign_step(&plant.trainer, &course, "approve").unwrap();
        assert_eq!(plant.open_for(&document), ["anna", "bert"]);
        let by_department = plant.requirement(&[("requires", &course), ("for_department", &department)]);
        assert_eq!(plant.open_for(&document), ["anna", "bert"], "nobody twice");
        plant.world.step(&plant.trainer, &by_function, "retire").unwrap();
        assert_eq!(plant.open_for(&document), ["bert"], "Bert is still named by the department");
        plant.world.step(&plant.trainer, &by_department, "retire").unwrap();
        assert!(plant.open_for(&document).is_empty());
    });
}
