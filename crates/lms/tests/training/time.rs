//! What the clock does: escalation once, repetition in time.

use super::plant::{Plant, code, on_both};
use kernel::MAIN_TENANT;
use kernel::obligation::Obligation;
use serde_json::json;

fn run_jobs(plant: &Plant) {
    kernel::jobs::run_all(&plant.world.kernel, MAIN_TENANT, "node").unwrap();
}

fn told(plant: &Plant, document: &str) -> Vec<Obligation> {
    plant.obligations(document, "act")
}

#[test]
fn frs_trn_030_supervisors_of_each_site_are_told_once_of_overdue_training() {
    on_both(|plant| {
        let function = plant.place("job_function", "ASSEMBLER");
        for login in ["anna", "bert"] {
            plant.hire(login, json!({"job_functions": ["ASSEMBLER"], "site": "ROM"}));
        }
        plant.hire("cora", json!({"job_functions": ["ASSEMBLER"]}));
        let document = plant.document("Assembly");
        let course = plant.course(&[&document]);
        plant.requirement(&[("requires", &course), ("for_function", &function)]);
        run_jobs(plant);
        plant.pass_days(14);
        run_jobs(plant);
        assert!(told(plant, &document).is_empty(), "due today is not overdue");
        plant.pass_days(1);
        run_jobs(plant);
        let rome = plant.world.named("site", "ROM").id;
        let mut acts = told(plant, &document);
        acts.sort_by_key(|act| act.site.clone());
        let said: Vec<_> = acts.iter().map(|act| (act.site.clone(), act.role.as_deref().unwrap(), act.task.as_str())).collect();
        assert_eq!(
            said,
            [
                (None, "supervisor", "Training on PR-0001 rev A is overdue for 1 person"),
                (Some(rome), "supervisor", "Training on PR-0001 rev A is overdue for 2 people"),
            ]
        );
        for _ in 0..3 {
            run_jobs(plant);
            plant.pass_days(1);
        }
        assert_eq!(told(plant, &document).len(), 2, "once");
        // The supervisor has seen to it; the same late people are not reported again …
        let sven = plant.world.sign_in("sven");
        for act in &acts {
            plant.world.run(&sven, "obligation.complete", json!({"obligation": act.id, "outcome": "talked to them"})).unwrap();
        }
        run_jobs(plant);
        assert_eq!(told(plant, &document).len(), 2);
        // … but somebody who becomes late after that is.
        let admin = plant.world.sign_in("admin");
        plant.world.run(&admin, "person.create", json!({"login": "dirk", "name": "Dirk Tester", "job_functions": ["ASSEMBLER"]})).unwrap();
        plant.pass_days(15);
        run_jobs(plant);
        assert_eq!(told(plant, &document).len(), 3);
    });
}

#[test]
fn frs_trn_031_only_the_clock_runs_its_commands() {
    on_both(|plant| {
        let document = plant.document("Assembly");
        let course = plant.course(&[&document]);
        for (command, input) in [("lms.escalate", json!({})), ("lms.repeat", json!({"course": course}))] {
            for person in [&plant.trainer, &plant.supervisor, &plant.world.admin] {
                assert_eq!(code(&plant.world.run(person, command, input.clone()).unwrap_err()), "not_permitted");
            }
        }
    });
}

#[test]
fn frs_trn_032_training_that_repeats_is_asked_for_again_in_time_and_once() {
    on_both(|plant| {
        let function = plant.place("job_function", "ASSEMBLER");
        let document = plant.document("Assembly");
        let course = plant.course_with(&[&document], json!({"repeat_months": 12, "due_days": 30}));
        plant.requirement(&[("requires", &course), ("for_function", &function)]);
        let anna = plant.world.person_at("anna", json!({"job_functions": ["ASSEMBLER"]}), &[]);
        let bert = plant.hire("bert", json!({"job_functions": ["ASSEMBLER"]}));
        plant.read_and_sign(&anna, &document).unwrap();
        // 2 November 2027 is a year later; thirty days before is 3 October 2027.
        plant.pass_days(334);
        run_jobs(plant);
        assert_eq!(plant.open_for(&document), ["bert"], "not yet");
        plant.pass_days(1);
        for _ in 0..2 {
            run_jobs(plant);
        }
        assert_eq!(plant.open_for(&document), ["anna", "bert"]);
        let again = plant.open_of(&document, anna.person());
        assert_eq!((again.due_date.as_deref(), again.cause.as_deref()), (Some("2027-11-02"), Some(course.as_str())));
        assert_eq!(plant.obligations(&document, "train").iter().filter(|found| found.person.as_deref() == Some(bert.as_str())).count(), 1);
        plant.read_and_sign(&plant.world.sign_in("anna"), &document).unwrap();
        run_jobs(plant);
        assert_eq!(plant.open_for(&document), ["bert"], "the year begins again");
    });
}

#[test]
fn frs_trn_033_a_repetition_that_was_excused_or_whose_reader_left_the_matrix_does_not_come_back() {
    on_both(|plant| {
        let function = plant.place("job_function", "ASSEMBLER");
        let document = plant.document("Assembly");
        let course = plant.course_with(&[&document], json!({"repeat_months": 1, "due_days": 0}));
        plant.requirement(&[("requires", &course), ("for_function", &function)]);
        let (anna, bert) = (
            plant.world.person_at("anna", json!({"job_functions": ["ASSEMBLER"]}), &[]),
            plant.world.person_at("bert", json!({"job_functions": ["ASSEMBLER"]}), &[]),
        );
        for reader in [&anna, &bert] {
            plant.read_and_sign(reader, &document).unwrap();
        }
        plant.unlink(bert.person(), "has_function", &function);
        plant.pass_days(40);
        run_jobs(plant);
        assert_eq!(plant.open_for(&document), ["anna"]);
        assert_eq!(plant.open_of(&document, anna.person()).due_date, Some(plant.date_in(0)), "never in the past");
        let repeated = json!({"obligation": plant.open_of(&document, anna.person()).id});
        plant.world.run_because(&plant.world.sign_in("tina"), "lms.excuse", repeated, "on leave").unwrap();
        run_jobs(plant);
        assert!(plant.open_for(&document).is_empty());
        plant.pass_days(31);
        run_jobs(plant);
        assert_eq!(plant.open_for(&document), ["anna"], "an excuse lasts until the next repetition");
    });
}
