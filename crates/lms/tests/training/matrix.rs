//! Who is named by a requirement, as a table, in both directions.

use super::plant::{Plant, code, on_both};
use serde_json::json;

#[test]
fn frs_trq_001_a_requirement_names_who_matches_every_dimension_and_any_value_of_each() {
    on_both(|plant| {
        let places: Vec<(&str, String)> = [
            ("for_function", "job_function", "ASSEMBLER"),
            ("for_function", "job_function", "INSPECTOR"),
            ("for_department", "department", "LINE1"),
            ("for_department", "department", "LINE2"),
            ("for_equipment", "equipment", "PRESS"),
            ("for_equipment", "equipment", "OVEN"),
        ]
        .into_iter()
        .map(|(link, kind, number)| (link, plant.place(kind, number)))
        .collect();
        for (login, functions, departments, equipment) in [
            ("anna", vec!["ASSEMBLER"], vec!["LINE1"], vec!["PRESS"]),
            ("bert", vec!["ASSEMBLER"], vec!["LINE2"], vec![]),
            ("cora", vec!["INSPECTOR"], vec!["LINE1"], vec!["PRESS", "OVEN"]),
            ("dirk", vec!["ASSEMBLER", "INSPECTOR"], vec!["LINE1", "LINE2"], vec!["OVEN"]),
            ("emma", vec![], vec!["LINE1"], vec!["PRESS"]),
            ("finn", vec![], vec![], vec![]),
        ] {
            plant.hire(login, json!({"job_functions": functions, "departments": departments, "equipment": equipment}));
        }
        let (assembler, inspector, line1, line2, press, oven) = (0, 1, 2, 3, 4, 5);
        let cases: Vec<(Vec<usize>, Vec<&str>)> = vec![
            (vec![assembler], vec!["anna", "bert", "dirk"]),
            (vec![inspector], vec!["cora", "dirk"]),
            (vec![assembler, inspector], vec!["anna", "bert", "cora", "dirk"]),
            (vec![line1], vec!["anna", "cora", "dirk", "emma"]),
            (vec![line1, line2], vec!["anna", "bert", "cora", "dirk", "emma"]),
            (vec![press], vec!["anna", "cora", "emma"]),
            (vec![assembler, line1], vec!["anna", "dirk"]),
            (vec![assembler, line2], vec!["bert", "dirk"]),
            (vec![assembler, press], vec!["anna"]),
            (vec![assembler, inspector, line1, press], vec!["anna", "cora"]),
            (vec![assembler, inspector, line1, press, oven], vec!["anna", "cora", "dirk"]),
            (vec![inspector, line2, press], vec![]),
            (vec![], vec![]),
        ];
        let course = plant.course(&[&plant.document("Assembly")]);
        for (given, expected) in cases {
            let mut links = vec![("requires", course.as_str())];
            links.extend(given.iter().map(|place| (places[*place].0, places[*place].1.as_str())));
            let requirement = plant.requirement_draft(None, &links);
            assert_eq!(plant.named(&requirement), expected, "{given:?}");
            if given.is_empty() {
                continue;
            }
            plant.world.sign_step(&plant.trainer, &requirement, "approve").unwrap();
            // The other direction agrees, person by person.
            for login in ["anna", "bert", "cora", "dirk", "emma", "finn"] {
                let person = plant.world.named("person", login);
                let naming = plant.read(move |tx, _| lms::requirement::naming(tx, &person));
                let is_named = naming.iter().any(|found| found.id == requirement);
                assert_eq!(is_named, expected.contains(&login), "{given:?} {login}");
            }
        }
    });
}

#[test]
fn frs_trq_001_only_active_people_of_the_requirements_site_are_named() {
    on_both(|plant| {
        let function = plant.place("job_function", "ASSEMBLER");
        plant.world.create_with(&plant.world.admin, json!({"kind": "site", "number": "OSL", "title": "Oslo", "fields": {"zone": "Europe/Oslo"}})).unwrap();
        plant.hire("anna", json!({"job_functions": ["ASSEMBLER"], "site": "ROM"}));
        plant.hire("bert", json!({"job_functions": ["ASSEMBLER"], "site": "OSL"}));
        plant.hire("cora", json!({"job_functions": ["ASSEMBLER"]}));
        let gone = plant.hire("dirk", json!({"job_functions": ["ASSEMBLER"], "site": "ROM"}));
        plant.world.step(&plant.world.admin, &gone, "deactivate").unwrap();
        let course = plant.course(&[&plant.document("Assembly")]);
        let everywhere = plant.requirement(&[("requires", &course), ("for_function", &function)]);
        assert_eq!(plant.named(&everywhere), ["anna", "bert", "cora"]);
        let in_rome = plant.requirement_draft(Some("ROM"), &[("requires", &course), ("for_function", &function)]);
        plant.world.sign_step(&plant.trainer, &in_rome, "approve").unwrap();
        assert_eq!(plant.named(&in_rome), ["anna"]);
        for (login, expected) in [("anna", 2), ("bert", 1), ("cora", 1), ("dirk", 0)] {
            let person = plant.world.named("person", login);
            assert_eq!(plant.read(move |tx, _| lms::requirement::naming(tx, &person)).len(), expected, "{login}");
        }
    });
}

#[test]
fn frs_trq_002_a_requirement_without_a_course_is_not_approved() {
    on_both(|plant| {
        let function = plant.place("job_function", "ASSEMBLER");
        approval_is_blocked(plant, &[("for_function", &function)], "training_requirement.requires_a_course");
    });
}

#[test]
fn frs_trq_003_a_requirement_that_is_for_nobody_is_not_approved() {
    on_both(|plant| {
        let course = plant.course(&[&plant.document("Assembly")]);
        approval_is_blocked(plant, &[("requires", &course)], "training_requirement.names_people");
    });
}

fn approval_is_blocked(plant: &Plant, links: &[(&str, &str)], rule: &str) {
    let requirement = plant.requirement_draft(None, links);
    let refused = plant.world.sign_step(&plant.trainer, &requirement, "approve").unwrap_err();
    let blockers: Vec<_> = refused.refusal().unwrap().blockers.iter().map(|blocker| blocker.rule.as_str()).collect();
    assert_eq!((code(&refused).as_str(), blockers), ("blocked", vec![rule]));
    assert_eq!(plant.record(&requirement).state, "draft");
}

#[test]
fn frs_trq_004_whoever_wrote_a_course_or_requirement_does_not_approve_it() {
    on_both(|plant| {
        let document = plant.document("Assembly");
        let own = plant.world.create(&plant.trainer, "course", "Own", json!({"statement": "Read.", "due_days": 1})).unwrap();
        plant.world.link(&plant.trainer, &own, "teaches", &document).unwrap();
        let refused = plant.world.sign_step(&plant.trainer, &own, "approve").unwrap_err();
        assert_eq!(code(&refused), "self_approval");
        let unsigned = plant.world.step(&plant.trainer, &plant.course_draft(&[&document], json!({})), "approve").unwrap_err();
        assert_eq!(code(&unsigned), "signature_needed");
    });
}

#[test]
fn frs_trq_005_what_was_signed_keeps_its_links() {
    on_both(|plant| {
        let (assembler, inspector) = (plant.place("job_function", "ASSEMBLER"), plant.place("job_function", "INSPECTOR"));
        let (one, two) = (plant.document("One"), plant.document("Two"));
        let course = plant.course(&[&one]);
        let requirement = plant.requirement(&[("requires", &course), ("for_function", &assembler)]);
        let widened = plant.world.link(&plant.trainer, &requirement, "for_function", &inspector).unwrap_err();
        assert_eq!(code(&widened), "content_fixed");
        let more = plant.world.link(&plant.trainer, &course, "teaches", &two).unwrap_err();
        assert_eq!(code(&more), "content_fixed");
        let links = plant.read({
            let id = requirement.clone();
            move |tx, _| kernel::link::outgoing(tx, kernel::MAIN_TENANT, &id)
        });
        assert_eq!(links.len(), 2);
        let narrowed = plant.world.run(&plant.trainer, "link.remove", json!({"link": links[0].id})).unwrap_err();
        assert_eq!(code(&narrowed), "content_fixed");
    });
}

#[test]
fn frs_crs_002_a_course_that_teaches_nothing_is_not_approved() {
    on_both(|plant| {
        let course = plant.course_draft(&[], json!({}));
        let refused = plant.world.sign_step(&plant.trainer, &course, "approve").unwrap_err();
        assert_eq!(refused.refusal().unwrap().blockers[0].rule, "course.teaches_something");
    });
}

#[test]
fn frs_crs_001_a_course_says_what_is_signed_and_within_how_many_days() {
    on_both(|plant| {
        for (fields, place) in [
            (json!({"due_days": 5}), "fields.statement"),
            (json!({"statement": "Read."}), "fields.due_days"),
            (json!({"statement": "Read.", "due_days": 366}), "fields.due_days"),
            (json!({"statement": "Read.", "due_days": -1}), "fields.due_days"),
            (json!({"statement": "Read.", "due_days": 5, "repeat_months": 0}), "fields.repeat_months"),
            (json!({"statement": "Read.", "due_days": 5, "repeat_months": 121}), "fields.repeat_months"),
        ] {
            let refused = plant.world.create(&plant.writer, "course", "Read", fields).unwrap_err();
            assert_eq!(refused.refusal().unwrap().place.as_deref(), Some(place));
        }
        for fields in [json!({"statement": "Read.", "due_days": 365, "repeat_months": 120}), json!({"statement": "Read.", "due_days": 0})] {
            plant.world.create(&plant.writer, "course", "Read", fields).unwrap();
        }
    });
}
