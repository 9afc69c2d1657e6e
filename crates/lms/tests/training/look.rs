//! The matrix as a table, a person's record at a moment, and what a change will ask before it is
//! approved.

use super::plant::{Plant, code, on_both};
use kernel::MAIN_TENANT;
use kernel::authority::Actor;
use lms::reading::{CellState, EntryState, Filter, Matrix, TrainingRecord};
use serde_json::json;

fn matrix(plant: &Plant, viewer: &Actor, filter: Filter) -> base::Result<Matrix> {
    let (viewer, now) = (plant.world.viewer(viewer), plant.world.kernel.now());
    let catalog = plant.world.kernel.catalog().unwrap();
    plant.world.kernel.database().read(move |tx| lms::reading::matrix(tx, &catalog, &viewer, &filter, now))
}

fn history(plant: &Plant, person: &str, at: base::Timestamp, rows: Option<usize>, after: Option<String>) -> TrainingRecord {
    let (viewer, person) = (plant.world.viewer(&plant.trainer), person.to_owned());
    plant.read(move |tx, catalog| lms::reading::training_record(tx, catalog, &viewer, &person, at, rows, after.as_deref()))
}

fn people_to_retrain(plant: &Plant, viewer: &Actor, changed: &[&str]) -> Vec<(String, String, String)> {
    let viewer = plant.world.viewer(viewer);
    let changed: Vec<_> = changed.iter().map(|id| plant.record(id)).collect();
    let groups = plant.read(move |tx, catalog| kernel::impact::analyse(tx, catalog, &viewer, &changed));
    let people: Vec<_> = groups.into_iter().filter(|group| group.name == "people").collect();
    assert!(people.len() <= 1);
    people.into_iter().flat_map(|group| group.entries).map(|entry| (entry.record.number, entry.record.title, entry.why)).collect()
}

#[test]
fn frs_trn_040_the_matrix_shows_each_person_and_document_with_its_state() {
    on_both(|plant| {
        let (function, department) = (plant.place("job_function", "ASSEMBLER"), plant.place("department", "LINE1"));
        let (one, two) = (plant.document("Assembly"), plant.document("Packing"));
        let (basic, packing) = (plant.course(&[&one]), plant.course(&[&two]));
        plant.requirement(&[("requires", &basic), ("for_function", &function)]);
        plant.requirement(&[("requires", &packing), ("for_department", &department)]);
        let anna = plant.world.person_at("anna", json!({"job_functions": ["ASSEMBLER"], "departments": ["LINE1"]}), &[]);
        plant.hire("bert", json!({"job_functions": ["ASSEMBLER"]}));
        let cora = plant.hire("cora", json!({"departments": ["LINE1"]}));
        plant.read_and_sign(&anna, &one).unwrap();
        let excused = json!({"obligation": plant.open_of(&two, &cora).id});
        plant.world.run_because(&plant.trainer, "lms.excuse", excused, "on leave").unwrap();
        let shown = matrix(plant, &plant.trainer, Filter { job_function: Some(function.clone()), ..Filter::default() }).unwrap();
        let heads: Vec<_> = shown.columns.iter().map(|column| (column.course.id.as_str(), column.document.id.as_str())).collect();
        assert_eq!(heads, [(basic.as_str(), one.as_str()), (packing.as_str(), two.as_str())]);
        let states = |shown: &Matrix| -> Vec<(String, Vec<CellState>)> {
            shown.rows.iter().map(|row| (row.person.title.clone(), row.cells.iter().map(|cell| cell.state).collect())).collect()
        };
        assert_eq!(
            states(&shown),
            [
                ("Anna Tester".to_owned(), vec![CellState::Done, CellState::Due]),
                ("bert Tester".to_owned(), vec![CellState::Due, CellState::NotRequired]),
            ]
        );
        assert_eq!(shown.rows[0].cells[0].done_at, Some(plant.world.kernel.now()));
        assert_eq!(shown.rows[0].cells[1].due_date, Some(plant.date_in(14)));
        let line = matrix(plant, &plant.trainer, Filter { department: Some(department), course: Some(packing), ..Filter::default() }).unwrap();
        assert_eq!(states(&line), [("Anna Tester".to_owned(), vec![CellState::Due]), ("cora Tester".to_owned(), vec![CellState::Excused])]);
        plant.pass_days(15);
        let late = matrix(plant, &plant.trainer, Filter { person: Some(anna.person().to_owned()), ..Filter::default() }).unwrap();
        assert_eq!(states(&late), [("Anna Tester".to_owned(), vec![CellState::Done, CellState::Overdue])]);
        // A new revision takes the column; what was signed on the old one does not fill it.
        let b = plant.world.run(&plant.world.sign_in("wanda"), "record.revise", json!({"record": one})).unwrap();
        plant.world.sign_step(&plant.world.sign_in("carlo"), b["id"].as_str().unwrap(), "release").unwrap();
        let revised = matrix(plant, &plant.trainer, Filter { person: Some(anna.person().to_owned()), ..Filter::default() }).unwrap();
        assert_eq!((revised.columns[0].document.revision.as_str(), revised.rows[0].cells[0].state), ("B", CellState::Due));
    });
}

#[test]
fn frs_trn_040_the_matrix_goes_by_pages_in_both_directions() {
    on_both(|plant| {
        let function = plant.place("job_function", "ASSEMBLER");
        for login in ["anna", "bert", "cora"] {
            plant.hire(login, json!({"job_functions": ["ASSEMBLER"]}));
        }
        for title in ["One", "Two", "Three"] {
            plant.course(&[&plant.document(title)]);
        }
        let page = |rows_after, columns_after| Filter {
            job_function: Some(function.clone()),
            rows: Some(2),
            columns: Some(2),
            rows_after,
            columns_after,
            ..Filter::default()
        };
        let first = matrix(plant, &plant.trainer, page(None, None)).unwrap();
        assert_eq!((first.rows.len(), first.columns.len()), (2, 2));
        let last = matrix(plant, &plant.trainer, page(first.rows_next, first.columns_next)).unwrap();
        let names: Vec<_> = last.rows.iter().map(|row| row.person.number.as_str()).collect();
        assert_eq!((names, last.columns.len(), last.rows[0].cells.len()), (vec!["cora"], 1, 1));
        assert_eq!((last.rows_next, last.columns_next), (None, None));
        for (rows, columns, good) in [(200, 200, true), (201, 200, false), (200, 201, false), (0, 1, false)] {
            let shown = matrix(plant, &plant.trainer, Filter { rows: Some(rows), columns: Some(columns), ..Filter::default() });
            assert_eq!(shown.is_ok(), good, "{rows} × {columns}");
        }
        let bad = matrix(plant, &plant.trainer, Filter { columns_after: Some("nonsense".to_owned()), ..Filter::default() }).unwrap_err();
        assert_eq!(code(&bad), "bad_cursor");
    });
}

#[test]
fn frs_trn_040_somebody_of_one_site_sees_only_its_people() {
    on_both(|plant| {
        plant.world.create_with(&plant.world.admin, json!({"kind": "site", "number": "OSL", "title": "Oslo", "fields": {"zone": "Europe/Oslo"}})).unwrap();
        plant.place("job_function", "ASSEMBLER");
        let function = plant.world.named("job_function", "ASSEMBLER").id;
        let document = plant.document("Assembly");
        let course = plant.course(&[&document]);
        plant.requirement(&[("requires", &course), ("for_function", &function)]);
        plant.hire("anna", json!({"job_functions": ["ASSEMBLER"], "site": "ROM"}));
        plant.hire("olga", json!({"job_functions": ["ASSEMBLER"], "site": "OSL"}));
        let of_rome = plant.world.person_at("rita", json!({"site": "ROM"}), &[("supervisor", Some("ROM"))]);
        let shown = matrix(plant, &of_rome, Filter { job_function: Some(function), ..Filter::default() }).unwrap();
        let names: Vec<_> = shown.rows.iter().map(|row| row.person.number.clone()).collect();
        assert_eq!(names, ["anna"]);
        assert_eq!(people_to_retrain(plant, &of_rome, &[&document]).len(), 1);
        assert_eq!(people_to_retrain(plant, &plant.trainer, &[&document]).len(), 2);
    });
}

#[test]
fn frs_trn_041_who_must_be_retrained_is_known_by_name_before_anything_is_approved() {
    on_both(|plant| {
        let (function, department) = (plant.place("job_function", "ASSEMBLER"), plant.place("department", "LINE1"));
        let (one, two, three) = (plant.document("Assembly"), plant.document("Packing"), plant.document("Cleaning"));
        let (basic, packing) = (plant.course(&[&one]), plant.course(&[&two]));
        plant.requirement(&[("requires", &basic), ("for_function", &function)]);
        plant.requirement(&[("requires", &packing), ("for_department", &department)]);
        plant.hire("anna", json!({"job_functions": ["ASSEMBLER"], "departments": ["LINE1"]}));
        plant.hire("bert", json!({"job_functions": ["ASSEMBLER"]}));
        let row = |login: &str, name: &str, why: &str| (login.to_owned(), name.to_owned(), why.to_owned());
        let b = plant.revise(&one);
        assert_eq!(
            people_to_retrain(plant, &plant.writer, &[&b, &two]),
            [
                row("anna", "anna Tester", "must read and sign PR-0001, PR-0002"),
                row("bert", "bert Tester", "must read and sign PR-0001"),
            ]
        );
        assert_eq!(people_to_retrain(plant, &plant.writer, &[&three]), []);
    });
}

#[test]
fn frs_trn_042_the_sign_dialog_says_how_many_people_get_training() {
    on_both(|plant| {
        let function = plant.place("job_function", "ASSEMBLER");
        let (one, two) = (plant.document("Assembly"), plant.draft("Packing"));
        let course = plant.course_draft(&[&one, &two], json!({}));
        let requirement = plant.requirement_draft(None, &[("requires", &course), ("for_function", &function)]);
        plant.hire("anna", json!({"job_functions": ["ASSEMBLER"]}));
        let lines = |record: &str, step: &str| {
            let (record, step) = (plant.record(record), step.to_owned());
            plant.read(move |tx, catalog| {
                let step = catalog.known_kind(&record.kind)?.find_step(&step).unwrap().clone();
                kernel::record::step::consequences(tx, catalog, &record, &step)
            })
        };
        assert_eq!(lines(&requirement, "approve"), Vec::<String>::new(), "the course is a draft");
        plant.world.sign_step(&plant.trainer, &requirement, "approve").unwrap();
        assert_eq!(lines(&course, "approve"), ["assigns training to 1 person"]);
        plant.world.sign_step(&plant.trainer, &course, "approve").unwrap();
        plant.hire("bert", json!({"job_functions": ["ASSEMBLER"]}));
        let department = plant.place("department", "LINE1");
        plant.hire("cora", json!({"departments": ["LINE1"]}));
        let more = plant.requirement_draft(None, &[("requires", &course), ("for_department", &department)]);
        assert_eq!(lines(&more, "approve"), ["assigns training to 1 person"]);
        let b = plant.revise(&one);
        let said = ["assigns training to 2 people", "cancels 2 open assignments on earlier revisions"];
        assert_eq!((lines(&b, "release"), lines(&b, "issue")), (said.map(str::to_owned).to_vec(), said.map(str::to_owned).to_vec()));
        let order = plant.world.create(&plant.writer, "order", "Change", json!({})).unwrap();
        for affected in [&b, &two] {
            plant.world.link(&plant.writer, &order, "affects", affected).unwrap();
        }
        assert_eq!(lines(&order, "release"), said);
        plant.world.sign_step(&plant.controller, &order, "release").unwrap();
        assert_eq!((plant.open_for(&b).len(), plant.open_for(&two).len(), plant.open_for(&one).len()), (2, 2, 0));
    });
}

#[test]
fn frs_trn_043_a_training_record_reads_as_it_stood_on_any_day_and_shows_nothing_that_came_later() {
    on_both(|plant| {
        let function = plant.place("job_function", "ASSEMBLER");
        let document = plant.document("Assembly");
        let course = plant.course(&[&document]);
        plant.requirement(&[("requires", &course), ("for_function", &function)]);
        let before = plant.world.kernel.now();
        plant.pass_days(1);
        let world = &plant.world;
        let admin = world.sign_in("admin");
        world.run(&admin, "person.create", json!({"login": "anna", "name": "Anna Tester", "zone": "Europe/Rome", "password": "first password given", "identity_verified": "badge seen", "job_functions": ["ASSEMBLER"]})).unwrap();
        let anna = world.named("person", "anna").id;
        let joined = world.kernel.now();
        plant.pass_days(20);
        let actor = kernel::session::sign_in(&world.kernel, MAIN_TENANT, "anna", "first password given").unwrap().actor;
        world.run(&actor, "password.change", json!({"current_password": "first password given", "password": testkit::world::PASSWORD})).unwrap();
        let actor = world.sign_in("anna");
        plant.read_and_sign(&actor, &document).unwrap();
        let signed = world.kernel.now();
        let state = |at| history(plant, &anna, at, None, None).entries.iter().map(|entry| entry.state).collect::<Vec<_>>();
        assert_eq!(state(before), []);
        assert_eq!(state(joined), [EntryState::Open]);
        assert_eq!(state(signed.plus_seconds(-1)), [EntryState::Overdue]);
        assert_eq!(state(signed), [EntryState::Done]);
        let now = history(plant, &anna, signed, None, None);
        assert_eq!((now.person.title.as_str(), now.belongs_to.len()), ("Anna Tester", 1));
        let entry = &now.entries[0];
        assert_eq!(entry.cause.as_ref().unwrap().id, anna);
        assert_eq!((entry.document.as_ref().unwrap().id.as_str(), entry.course.as_ref().unwrap().id.as_str()), (document.as_str(), course.as_str()));
        let manifestation = entry.signature.as_ref().unwrap().manifestation();
        assert!(manifestation.starts_with("Anna Tester, ") && manifestation.ends_with(super::plant::STATEMENT), "{manifestation}");
        assert!(history(plant, &anna, joined, None, None).entries[0].signature.is_none());
    });
}

#[test]
fn frs_trn_043_a_long_training_record_goes_by_pages() {
    on_both(|plant| {
        let documents: Vec<_> = ["One", "Two", "Three"].into_iter().map(|title| plant.document(title)).collect();
        let course = plant.course(&documents.iter().map(String::as_str).collect::<Vec<_>>());
        let anna = plant.hire("anna", json!({}));
        let input = json!({"course": course, "person": "anna", "due_date": plant.date_in(3)});
        plant.world.run_because(&plant.trainer, "lms.assign", input, "needed").unwrap();
        let now = plant.world.kernel.now();
        let first = history(plant, &anna, now, Some(2), None);
        let last = history(plant, &anna, now, Some(2), first.next.clone());
        let mut seen: Vec<_> = first.entries.iter().chain(&last.entries).map(|entry| entry.document.as_ref().unwrap().id.clone()).collect();
        seen.sort();
        let mut all = documents.clone();
        all.sort();
        assert_eq!((seen, first.entries.len(), last.next), (all, 2, None));
        let viewer = plant.world.viewer(&plant.trainer);
        let catalog = plant.world.kernel.catalog().unwrap();
        let no_person = plant.world.kernel.database().read(move |tx| lms::reading::training_record(tx, &catalog, &viewer, &course, now, None, None));
        assert_eq!(code(&no_person.unwrap_err()), "not_found");
    });
}

#[test]
fn frs_trn_044_assignments_are_listed_page_by_page_with_how_they_stand_and_the_signature() {
    use lms::reading::{AssignmentFilter, assignments, count_assignments};
    on_both(|plant| {
        let function = plant.place("job_function", "ASSEMBLER");
        let document = plant.document("Assembly");
        let course = plant.course(&[&document]);
        plant.requirement(&[("requires", &course), ("for_function", &function)]);
        let anna = plant.world.person_at("anna", json!({"job_functions": ["ASSEMBLER"]}), &[]);
        plant.hire("bert", json!({"job_functions": ["ASSEMBLER"]}));
        plant.hire("cora", json!({"job_functions": ["ASSEMBLER"]}));
        plant.read_and_sign(&anna, &document).unwrap();
        plant.pass_days(400);
        let (viewer, today) = (plant.world.viewer(&plant.trainer), plant.date_in(0));
        let read = |open: Option<bool>, rows: Option<usize>, after: Option<String>| {
            let (viewer, today, document) = (viewer.clone(), today.clone(), document.clone());
            plant.read(move |tx, _| {
                let filter = AssignmentFilter { document: Some(document.clone()), open, ..AssignmentFilter::default() };
                Ok((assignments(tx, &viewer, &filter, rows, after.as_deref())?, count_assignments(tx, &viewer, &filter, &today)?))
            })
        };
        let ((all, next), counts) = read(None, None, None);
        assert_eq!((all.len(), next, counts.open, counts.done, counts.late, counts.total()), (3, None, 2, 1, 2, 3));
        let signed: Vec<_> = all.iter().filter_map(|one| one.signature.as_ref()).map(|given| given.printed_name.clone()).collect();
        assert_eq!(signed, ["Anna Tester"]);
        assert_eq!(read(Some(false), None, None).0.0.len(), 1);
        let ((first, next), _) = read(Some(true), Some(1), None);
        assert!(first.len() == 1 && next.is_some());
        let ((second, end), _) = read(Some(true), Some(1), next);
        assert!(second.len() == 1 && end.is_none() && second[0].person != first[0].person);
    });
}
