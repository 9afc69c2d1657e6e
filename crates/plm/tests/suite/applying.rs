//! Applying a structure file to an order, and the redline that follows.

use crate::company::{BENCH, Company, demo_files, on_both, refused, sample};
use base::RefusalKind;
use plm::structure::redline::{RedlineCounts, What};
use serde_json::{Value as Json, json};

fn apply(company: &Company, order: &str, bytes: &[u8], name: &str) -> Result<Json, base::Error> {
    let input = json!({"order": order, "file": company.upload(bytes), "file_name": name});
    company.world.run(&company.engineer, "change_order.apply_structure", input)
}

fn counts(added: usize, removed: usize, changed: usize) -> RedlineCounts {
    RedlineCounts { added, removed, changed }
}

/// What the two files of the story must give: only seven manufacturer part numbers differ.
fn assert_seven(company: &Company, first: &[u8], second: &[u8]) {
    company.import_bytes(first, "first.xlsx").unwrap();
    let order = company.order();
    let answer = apply(company, &order, second, "second.xlsx").unwrap();
    let numbers = ["added", "removed", "changed", "revised_parts", "new_parts"].map(|name| answer[name].as_i64().unwrap());
    assert_eq!(numbers, [0, 0, 7, 7, 0]);
    let redline = company.redline(&order);
    assert_eq!(redline.counts, counts(0, 0, 7));
    assert_eq!(redline.affected.len(), 7);
    for affected in &redline.affected {
        let whats: Vec<_> = affected.redline.changes().map(|change| change.what.clone()).collect();
        assert_eq!(whats, [What::ManufacturerParts], "{}", affected.record.number);
        assert_ne!(affected.before.as_ref().unwrap().revision, affected.record.revision);
    }
}

#[test]
fn frs_eco_022_the_second_demo_file_changes_seven_manufacturer_parts() {
    on_both(|test| {
        let Some([first, second]) = demo_files() else { return };
        assert_seven(&Company::new(test), &first, &second);
    });
}

#[test]
fn frs_eco_022_the_second_ventilator_file_changes_seven_manufacturer_parts() {
    on_both(|test| {
        let (Some(first), Some(second)) = (sample("bom/ventilator-fi5-rev0.xlsx"), sample("bom/ventilator-fi5-rev1.xlsx")) else { return };
        assert_seven(&Company::new(test), &first, &second);
    });
}

#[test]
fn frs_eco_023_a_file_adds_removes_and_changes_lines_and_makes_new_parts() {
    on_both(|test| {
        let company = Company::with_bench(test);
        let screw = company.lines(&company.part("A-120").id)[0].line_uid.clone();
        // P-1 in the panel: 4 → 6; P-4 gone; N-9 new with a line of its own; P-3 renamed.
        let file = "Level,Number,Name,Quantity,Unit,Category,Manufacturer,Manufacturer Part Number
0,A-100,Bench assembly,1,each,Assembly,,
1,A-110,Frame,1,each,Assembly,,
2,P-1,Screw M4,8,each,Screw,Acme,S-4
2,P-2,Beam,4,each,Profile,Beamco,B-40
1,A-120,Gas panel,2,each,Assembly,,
2,P-1,Screw M4,6,each,Screw,Acme,S-4
2,P-3,Safe fitting,3,each,Fitting,Fitco,F-1
2,N-9,Valve,1,each,Valve,Valveco,V-9
3,P-4,Tube,0.25,m,Tube,Tubeco,T-6
";
        let order = company.order();
        let answer = apply(&company, &order, file.as_bytes(), "bench.csv").unwrap();
        let numbers = ["added", "removed", "changed", "revised_parts", "new_parts"].map(|name| answer[name].as_i64().unwrap());
        assert_eq!(numbers, [2, 1, 2, 2, 1]);
        let redline = company.redline(&order);
        assert_eq!(redline.counts, counts(2, 1, 2));
        let panel = redline.affected.iter().find(|affected| affected.record.number == "A-120").unwrap();
        assert_eq!(panel.redline.removed[0].child, "P-4");
        assert_eq!(panel.redline.added[0].child, "N-9");
        assert_eq!(panel.redline.changed_lines[0].after.uid.as_deref(), Some(screw.as_str()), "the line is the same one");
        let valve = redline.affected.iter().find(|affected| affected.record.number == "N-9").unwrap();
        assert_eq!((valve.before.is_none(), valve.redline.added.len()), (true, 1));
        let fitting = redline.affected.iter().find(|affected| affected.record.number == "P-3").unwrap();
        assert_eq!(fitting.redline.changed_items[0].changes[0].what, What::Name);
        company.approve(&order);
        company.release(&order).unwrap();
        assert_eq!(company.lines(&company.part("A-120").id).len(), 3);
        assert_eq!(company.part("N-9").revision, "A");
        assert_eq!(company.redline(&order).counts, counts(2, 1, 2), "the redline of a released order stays");
    });
}

#[test]
fn frs_eco_024_a_file_that_says_nothing_new_is_refused() {
    on_both(|test| {
        let company = Company::with_bench(test);
        let order = company.order();
        let before = company.events();
        assert_eq!(refused(apply(&company, &order, BENCH.as_bytes(), "bench.csv")).code, "nothing_changed");
        // Columns that are not in the file say nothing: neither names nor makers are taken away.
        let bare = "Level,Number,Quantity\n0,A-120,1\n1,P-1,4\n1,P-3,3\n1,P-4,0.5\n";
        assert_eq!(refused(apply(&company, &order, bare.as_bytes(), "bare.csv")).code, "nothing_changed");
        assert_eq!(company.events(), before);
    });
}

#[test]
fn frs_eco_025_a_file_applied_twice_corrects_the_working_revisions() {
    on_both(|test| {
        let company = Company::with_bench(test);
        let order = company.order();
        let with = |mpn: &str| BENCH.replace("F-1", mpn);
        apply(&company, &order, with("F-2").as_bytes(), "bench.csv").unwrap();
        let working = company.redline(&order).affected[0].record.clone();
        let answer = apply(&company, &order, with("F-3").as_bytes(), "bench.csv").unwrap();
        assert_eq!(answer["changed"], 1);
        let again = &company.redline(&order).affected[0];
        assert_eq!(again.record.id, working.id, "no further revision is made");
        assert_eq!(again.redline.changed_items[0].changes[0].after, "Fitco F-3");
        assert_eq!(refused(apply(&company, &order, with("F-3").as_bytes(), "bench.csv")).code, "nothing_changed");
    });
}

#[test]
fn frs_eco_026_a_part_that_is_being_worked_on_elsewhere_stops_the_file() {
    on_both(|test| {
        let company = Company::with_bench(test);
        let (one, other) = (company.order(), company.order());
        company.affect(&one, "P-3");
        let before = company.events();
        let refusal = refused(apply(&company, &other, BENCH.replace("F-1", "F-2").as_bytes(), "bench.csv"));
        assert_eq!((refusal.kind, refusal.code.as_str()), (RefusalKind::Conflict, "revision_open"));
        assert_eq!(refusal.blockers[0].records[0].label(), "P-3 rev B");
        assert_eq!(company.events(), before, "nothing was written");
    });
}

#[test]
fn frs_eco_027_a_file_that_closes_a_cycle_with_what_is_released_is_refused() {
    on_both(|test| {
        let company = Company::with_bench(test);
        let order = company.order();
        let before = company.events();
        let file = "Level,Number,Quantity,Unit\n0,P-3,1,each\n1,A-100,1,each\n";
        let refusal = refused(apply(&company, &order, file.as_bytes(), "cycle.csv"));
        assert_eq!(refusal.code, "cycle");
        assert_eq!(company.events(), before);
    });
}

#[test]
fn frs_eco_028_applying_needs_the_role_and_an_open_order() {
    on_both(|test| {
        let company = Company::with_bench(test);
        let order = company.order();
        let file = company.upload(BENCH.replace("F-1", "F-2").as_bytes());
        let input = json!({"order": order, "file": file, "file_name": "bench.csv"});
        let by_writer = company.world.run(&company.writer, "change_order.apply_structure", input.clone());
        assert_eq!(refused(by_writer).kind, RefusalKind::Forbidden);
        let no_order = json!({"order": company.part("P-3").id, "file": file, "file_name": "bench.csv"});
        assert_eq!(refused(company.world.run(&company.engineer, "change_order.apply_structure", no_order)).code, "wrong_kind");
        company.affect(&order, "P-1");
        company.world.step(&company.engineer, &order, "submit").unwrap();
        assert_eq!(refused(company.world.run(&company.engineer, "change_order.apply_structure", input)).code, "content_fixed");
    });
}

#[test]
fn frs_eco_022_a_file_that_cannot_be_read_is_refused_naming_the_place_and_nothing_is_written() {
    on_both(|test| {
        let company = Company::with_bench(test);
        let order = company.order();
        let before = company.events();
        assert_eq!(refused(apply(&company, &order, b"no workbook", "bench.xlsx")).code, "not_xlsx");
        let half = BENCH.replace("Fitting,3,each", "Fitting,three,each");
        let refusal = refused(apply(&company, &order, half.as_bytes(), "bench.csv"));
        assert_eq!(refusal.kind, RefusalKind::Invalid);
        assert!(refusal.place.as_deref().is_some_and(|place| place.contains('8')), "{refusal:?}");
        assert_eq!(company.events(), before, "nothing was written");
        assert!(company.redline(&order).affected.is_empty());
    });
}

#[test]
fn frs_eco_023_the_redline_of_a_released_order_is_not_changed_by_later_ones() {
    on_both(|test| {
        let company = Company::with_bench(test);
        let change = |mpn: &str| {
            let order = company.order();
            apply(&company, &order, BENCH.replace("F-1", mpn).as_bytes(), "bench.csv").unwrap();
            company.approve(&order);
            company.release(&order).unwrap();
            order
        };
        let first = change("F-2");
        let before = company.redline(&first);
        change("F-3");
        let after = company.redline(&first);
        let said = |redline: &plm::redline::OrderRedline| {
            let changed = &redline.affected[0].redline.changed_items[0].changes[0];
            (redline.counts, changed.before.clone(), changed.after.clone())
        };
        assert_eq!(said(&after), said(&before));
        assert_eq!(said(&after), (counts(0, 0, 1), "Fitco F-1".to_owned(), "Fitco F-2".to_owned()));
    });
}
