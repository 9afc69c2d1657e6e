//! Lines and manufacturer parts of a working revision.

use crate::company::{Company, on_both, refused};
use base::RefusalKind;
use base::limits::{DESIGNATORS_PER_LINE, FIND_NUMBER_MAX, LINES_PER_PART, MANUFACTURER_PARTS_PER_ITEM, STRUCTURE_LEVELS};
use kernel::MAIN_TENANT;
use kernel::kind::Phase;
use serde_json::json;
use std::fmt::Write as _;

#[test]
fn frs_prt_010_a_line_is_added_to_a_working_revision_and_covered_by_its_digest() {
    on_both(|test| {
        let company = Company::with_bench(test);
        let part = company.new_part("N-1");
        let answer = company
            .on_part(&company.engineer, "part.add_line", &part.id, json!({"child": "P-4", "quantity": "250", "unit": "mm", "designators": "T1-T3", "note": "cut"}))
            .unwrap();
        company.add_line(&part.id, "P-1", "2").unwrap();
        let lines = company.lines(&part.id);
        assert_eq!(lines.iter().map(|line| line.find_number).collect::<Vec<_>>(), [10, 20]);
        assert_eq!(lines[0].line_uid, answer["line"].as_str().unwrap());
        assert_eq!((lines[0].unit.code(), lines[0].note.as_str()), ("mm", "cut"));
        assert_eq!(lines[0].designators, ["T1", "T2", "T3"]);
        let after = company.world.record(&part.id);
        assert_ne!(after.digest, part.digest);
        assert!(after.detail.is_some());
    });
}

#[test]
fn frs_prt_011_a_changed_line_keeps_its_identity_and_its_past() {
    on_both(|test| {
        let company = Company::with_bench(test);
        let part = company.new_part("N-1");
        let line = company.add_line(&part.id, "P-1", "2").unwrap()["line"].as_str().unwrap().to_owned();
        let before = company.world.kernel.now();
        company.world.clock.advance_seconds(60);
        let digest = company.world.record(&part.id).digest;
        company.on_part(&company.engineer, "part.change_line", &part.id, json!({"line": line, "quantity": "3", "find_number": 15})).unwrap();
        let now = &company.lines(&part.id)[0];
        assert_eq!((now.line_uid.as_str(), now.quantity.to_string().as_str(), now.find_number), (line.as_str(), "3", 15));
        assert_ne!(company.world.record(&part.id).digest, digest);
        let id = part.id.clone();
        let then = company.world.kernel.database().read(move |tx| plm::part::lines_as_of(tx, MAIN_TENANT, &id, before)).unwrap();
        assert_eq!(then[0].quantity.to_string(), "2");
        let same = company.on_part(&company.engineer, "part.change_line", &part.id, json!({"line": line, "quantity": "3"}));
        assert_eq!(refused(same).code, "nothing_changed");
        let unknown = company.on_part(&company.engineer, "part.change_line", &part.id, json!({"line": "none", "quantity": "4"}));
        assert_eq!(refused(unknown).kind, RefusalKind::NotFound);
    });
}

#[test]
fn frs_prt_012_a_line_that_closes_a_cycle_is_refused_and_names_the_parts() {
    on_both(|test| {
        let company = Company::with_bench(test);
        let order = company.order();
        let fitting = company.affect(&order, "P-3");
        let before = company.events();
        let refusal = refused(company.add_line(&fitting.id, "A-100", "1"));
        assert_eq!((refusal.kind, refusal.code.as_str()), (RefusalKind::Conflict, "cycle"));
        let mut named: Vec<_> = refusal.blockers[0].records.iter().map(|record| record.number.as_str()).collect();
        named.sort_unstable();
        assert_eq!(named, ["A-100", "A-120", "P-3"]);
        let own = refused(company.add_line(&fitting.id, "P-3", "1"));
        assert_eq!((own.code.as_str(), own.blockers[0].text.as_str()), ("cycle", "P-3 contains P-3"));
        assert_eq!(company.events(), before);
        assert!(company.lines(&fitting.id).is_empty());
    });
}

#[test]
fn frs_prt_012_a_cycle_through_two_working_revisions_is_refused() {
    on_both(|test| {
        let company = Company::new(test);
        let (one, two) = (company.new_part("W-1"), company.new_part("W-2"));
        company.add_line(&one.id, "W-2", "1").unwrap();
        assert_eq!(refused(company.add_line(&two.id, "W-1", "1")).code, "cycle");
    });
}

#[test]
fn frs_prt_013_a_removed_line_is_gone_from_the_revision_and_its_find_number_free() {
    on_both(|test| {
        let company = Company::with_bench(test);
        let part = company.new_part("N-1");
        let line = company.add_line(&part.id, "P-1", "2").unwrap()["line"].as_str().unwrap().to_owned();
        company.on_part(&company.engineer, "part.remove_line", &part.id, json!({"line": line})).unwrap();
        assert!(company.lines(&part.id).is_empty());
        assert_eq!(company.world.record(&part.id).detail, None);
        company.on_part(&company.engineer, "part.add_line", &part.id, json!({"child": "P-2", "quantity": "1", "find_number": 10})).unwrap();
        let again = company.on_part(&company.engineer, "part.remove_line", &part.id, json!({"line": line}));
        assert_eq!(refused(again).kind, RefusalKind::NotFound);
    });
}

#[test]
fn frs_prt_014_manufacturer_parts_are_kept_in_order_with_their_status_and_wrong_ones_refused() {
    on_both(|test| {
        let company = Company::with_bench(test);
        let part = company.new_part("N-1");
        let set = |input| company.on_part(&company.engineer, "part.set_manufacturer_part", &part.id, input);
        let first = set(json!({"manufacturer": "Acme", "mpn": "A-1"})).unwrap()["source"].as_str().unwrap().to_owned();
        set(json!({"manufacturer": "Beta", "mpn": "B-1", "status": "conditional"})).unwrap();
        let digest = company.world.record(&part.id).digest;
        set(json!({"source": first, "status": "do_not_use", "position": 9})).unwrap();
        assert_ne!(company.world.record(&part.id).digest, digest);
        let sources = company.sources(&part.id);
        assert_eq!(sources.iter().map(|source| (source.mpn.as_str(), source.status.name())).collect::<Vec<_>>(), [("B-1", "conditional"), ("A-1", "do_not_use")]);
        assert_eq!(sources[1].source_uid, first);
        assert_eq!(refused(set(json!({"manufacturer": "ACME", "mpn": "a-1"}))).code, "manufacturer_part_twice");
        assert_eq!(refused(set(json!({"manufacturer": " "}))).code, "missing_field");
        assert_eq!(refused(set(json!({"manufacturer": "C", "status": "fine"}))).code, "unknown_choice");
        assert_eq!(refused(set(json!({"manufacturer": "C", "position": 0}))).code, "out_of_range");
        assert_eq!(refused(set(json!({"source": first, "mpn": "A-1"}))).code, "nothing_changed");
        assert_eq!(refused(set(json!({"source": "none", "mpn": "A-1"}))).kind, RefusalKind::NotFound);
        assert_eq!(refused(set(json!({"manufacturer": "x".repeat(501)}))).code, "too_long");
    });
}

#[test]
fn frs_prt_015_a_manufacturer_part_can_be_taken_off() {
    on_both(|test| {
        let company = Company::with_bench(test);
        let order = company.order();
        let fitting = company.affect(&order, "P-3");
        let source = company.sources(&fitting.id)[0].source_uid.clone();
        company.on_part(&company.engineer, "part.remove_manufacturer_part", &fitting.id, json!({"source": source})).unwrap();
        assert!(company.sources(&fitting.id).is_empty());
        // The released revision is as it was.
        assert_eq!(company.sources(&company.part("P-3").id).len(), 1);
    });
}

#[test]
fn frs_prt_016_a_released_revision_cannot_be_changed() {
    on_both(|test| {
        let company = Company::with_bench(test);
        let released = company.part("A-120");
        let (line, source) = (company.lines(&released.id)[0].line_uid.clone(), company.sources(&company.part("P-3").id)[0].source_uid.clone());
        let before = company.events();
        let run = |command: &str, record: &str, input| refused(company.on_part(&company.engineer, command, record, input)).code;
        assert_eq!(run("part.add_line", &released.id, json!({"child": "P-2", "quantity": "1"})), "content_fixed");
        assert_eq!(run("part.change_line", &released.id, json!({"line": line, "quantity": "9"})), "content_fixed");
        assert_eq!(run("part.remove_line", &released.id, json!({"line": line})), "content_fixed");
        let fitting = company.part("P-3").id;
        assert_eq!(run("part.set_manufacturer_part", &fitting, json!({"source": source, "mpn": "F-2"})), "content_fixed");
        assert_eq!(run("part.remove_manufacturer_part", &fitting, json!({"source": source})), "content_fixed");
        assert_eq!(company.events(), before);
    });
}

#[test]
fn frs_prt_017_bad_lines_are_refused_with_their_place() {
    on_both(|test| {
        let company = Company::with_bench(test);
        let part = company.new_part("N-1");
        company.add_line(&part.id, "P-1", "2").unwrap();
        let before = company.events();
        let cases = [
            (json!({"child": "P-2", "quantity": "0"}), "quantity", "quantity_sign"),
            (json!({"child": "P-2", "quantity": "-1"}), "quantity", "quantity_sign"),
            (json!({"child": "P-2", "quantity": "1,5"}), "quantity", "bad_quantity"),
            (json!({"child": "P-2", "quantity": "NaN"}), "quantity", "bad_quantity"),
            (json!({"child": "P-2", "quantity": "0.0000001"}), "quantity", "quantity_precision"),
            (json!({"child": "P-2", "quantity": "1000000001"}), "quantity", "quantity_too_large"),
            (json!({"child": "P-2", "quantity": "1", "unit": "furlong"}), "unit", "unknown_unit"),
            (json!({"child": "P-2", "quantity": "1", "unit": "kg"}), "unit", "unit_mismatch"),
            (json!({"child": "P-4", "quantity": "1", "unit": "each"}), "unit", "unit_mismatch"),
            (json!({"child": "P-404", "quantity": "1"}), "child", "unknown_part"),
            (json!({"child": "P-2", "quantity": "1", "find_number": 10}), "find_number", "find_number_taken"),
            (json!({"child": "P-2", "quantity": "1", "find_number": 0}), "find_number", "out_of_range"),
            (json!({"child": "P-2", "quantity": "1", "find_number": FIND_NUMBER_MAX + 1}), "find_number", "out_of_range"),
            (json!({"child": "P-2", "quantity": "1", "designators": "C1, C1"}), "designators", "designator_twice"),
            (json!({"child": "P-2", "quantity": "1", "designators": format!("C1-C{}", DESIGNATORS_PER_LINE + 1)}), "designators", "too_large"),
            (json!({"child": "P-2", "quantity": "1", "note": "a\u{202e}b"}), "note", "bad_character"),
            (json!({"child": "P-2"}), "quantity", "missing_field"),
            (json!({"child": "P-2", "quantity": 1}), "quantity", "wrong_type"),
            (json!({"child": "P-2", "quantity": "1", "colour": "red"}), "colour", "unknown_field"),
        ];
        for (input, place, code) in cases {
            let refusal = refused(company.on_part(&company.engineer, "part.add_line", &part.id, input.clone()));
            assert_eq!((refusal.place.as_deref(), refusal.code.as_str()), (Some(place), code), "{input}");
        }
        assert_eq!(company.events(), before, "nothing was written");
        let most = json!({"child": "P-2", "quantity": "1000000000", "find_number": FIND_NUMBER_MAX, "designators": format!("C1-C{DESIGNATORS_PER_LINE}")});
        company.on_part(&company.engineer, "part.add_line", &part.id, most).unwrap();
    });
}

#[test]
fn frs_prt_018_a_stale_version_and_a_missing_role_are_refused() {
    on_both(|test| {
        let company = Company::with_bench(test);
        let part = company.new_part("N-1");
        let input = json!({"record": part.id, "version": part.version, "child": "P-1", "quantity": "1"});
        company.world.run(&company.engineer, "part.add_line", input.clone()).unwrap();
        let stale = refused(company.world.run(&company.manager, "part.add_line", input));
        assert_eq!((stale.kind, stale.code.as_str()), (RefusalKind::Stale, "stale_version"));
        let foreign = company.on_part(&company.quality, "part.add_line", &part.id, json!({"child": "P-1", "quantity": "1"}));
        assert_eq!(refused(foreign).kind, RefusalKind::Forbidden);
        let order = company.order();
        let no_part = refused(company.add_line(&order, "P-1", "1"));
        assert_eq!(no_part.code, "wrong_kind");
    });
}

#[test]
fn frs_prt_019_a_structure_may_have_100_levels_and_not_one_more() {
    on_both(|test| {
        let company = Company::new(test);
        let mut chain = "Level,Number,Name,Quantity\n".to_owned();
        for level in 0..=STRUCTURE_LEVELS {
            writeln!(chain, "{level},L-{level},Level {level},1").unwrap();
        }
        company.import(&chain).unwrap();
        let above = company.new_part("TOP");
        let refusal = refused(company.add_line(&above.id, "L-0", "1"));
        assert_eq!((refusal.kind, refusal.code.as_str()), (RefusalKind::TooLarge, "too_large"));
        company.add_line(&above.id, "L-1", "1").unwrap();
    });
}

#[test]
fn frs_prt_019_a_part_may_have_5000_lines_and_not_one_more() {
    on_both(|test| {
        let company = Company::with_bench(test);
        let (part, child) = (company.new_part("N-1"), company.part("P-1").item);
        let statement = db::sql(
            "insert into bom_line (tenant, id, line_uid, parent, parent_item, find_number, child_item, quantity, unit, designators, note,
             from_at, to_at, at_tx, at_ord)
             values ('main', $1, $1, $2, $3, $4, $5, 1000000, 'each', '', '', 0, null, 'test', 0)",
        );
        // All but one of the most, as rows.
        let of = part.clone();
        company
            .world
            .kernel
            .database()
            .write(move |tx| {
                for n in 1..LINES_PER_PART {
                    let id = format!("row-{n}");
                    tx.execute(statement, &[id.as_str().into(), of.id.as_str().into(), of.item.as_str().into(), (n as i64).into(), child.as_str().into()])?;
                }
                Ok(())
            })
            .unwrap();
        company.add_line(&part.id, "P-2", "1").unwrap();
        let before = company.events();
        assert_eq!(refused(company.add_line(&part.id, "P-3", "1")).code, "too_large");
        assert_eq!(company.events(), before);
    });
}

#[test]
fn frs_prt_019_a_part_may_have_20_manufacturer_parts_and_not_one_more() {
    on_both(|test| {
        let company = Company::new(test);
        let part = company.new_part("N-1");
        let add = |n: usize| company.on_part(&company.engineer, "part.set_manufacturer_part", &part.id, json!({"manufacturer": "Acme", "mpn": format!("M-{n}")}));
        for n in 1..=MANUFACTURER_PARTS_PER_ITEM {
            add(n).unwrap();
        }
        assert_eq!(refused(add(MANUFACTURER_PARTS_PER_ITEM + 1)).code, "too_large");
    });
}

#[test]
fn frs_prt_020_a_working_revision_on_an_open_order_cannot_be_discarded() {
    on_both(|test| {
        let company = Company::with_bench(test);
        let order = company.order();
        let working = company.affect(&order, "P-3");
        let refusal = refused(company.world.step(&company.engineer, &working.id, "discard"));
        assert_eq!((refusal.code.as_str(), refusal.blockers[0].rule.as_str()), ("blocked", "part.on_no_open_order"));
        let free = company.new_part("N-1");
        company.world.step(&company.engineer, &free.id, "discard").unwrap();
        assert_eq!(company.world.record(&free.id).phase, Phase::Void);
    });
}

#[test]
fn frs_prt_021_a_part_that_is_held_cannot_be_made_obsolete_nor_an_obsolete_one_used() {
    on_both(|test| {
        let company = Company::with_bench(test);
        let refusal = refused(company.world.sign_step(&company.manager, &company.part("P-3").id, "obsolete"));
        assert_eq!(refusal.blockers[0].rule, "part.used_nowhere");
        assert_eq!(refusal.blockers[0].records[0].number, "A-120");
        company.world.sign_step(&company.manager, &company.part("A-100").id, "obsolete").unwrap();
        let part = company.new_part("N-1");
        let refusal = refused(company.add_line(&part.id, "A-100", "1"));
        assert_eq!((refusal.code.as_str(), refusal.place.as_deref()), ("part_not_usable", Some("child")));
    });
}

#[test]
fn frs_prt_022_a_part_that_is_being_revised_cannot_be_made_obsolete() {
    on_both(|test| {
        let company = Company::with_bench(test);
        let (top, order) = (company.part("A-100"), company.order());
        let working = company.affect(&order, "A-100");
        let refusal = refused(company.world.sign_step(&company.manager, &top.id, "obsolete"));
        assert_eq!(refusal.blockers.iter().map(|blocker| blocker.rule.as_str()).collect::<Vec<_>>(), ["part.not_being_revised"]);
        assert_eq!(refusal.blockers[0].records[0].id, working.id);
        company.world.step(&company.engineer, &order, "cancel").unwrap();
        company.world.sign_step(&company.manager, &top.id, "obsolete").unwrap();
    });
}
