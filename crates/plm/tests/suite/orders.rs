//! What is on an order, and what its review protects.

use crate::company::{BENCH, Company, on_both, refused};
use base::RefusalKind;
use base::limits::AFFECTED_ITEMS;
use kernel::kind::Phase;
use serde_json::json;

/// An order with a changed fitting on it.
fn order_on_fitting(company: &Company) -> (String, String) {
    let order = company.order();
    let working = company.affect(&order, "P-3");
    company.set_mpn(&working.id, "F-2");
    (order, working.id)
}

#[test]
fn frs_eco_002_an_order_without_a_reason_cannot_be_submitted() {
    on_both(|test| {
        let company = Company::with_bench(test);
        let order = company.world.create(&company.engineer, "change_order", "No reason", json!({})).unwrap();
        company.affect(&order, "P-3");
        let refusal = refused(company.world.step(&company.engineer, &order, "submit"));
        let rules: Vec<_> = refusal.blockers.iter().map(|blocker| (blocker.rule.as_str(), blocker.requirement.as_str())).collect();
        assert_eq!(rules, [("change_order.reason_given", "FRS-ECO-002")]);
    });
}

#[test]
fn frs_eco_003_an_order_that_affects_nothing_cannot_be_submitted() {
    on_both(|test| {
        let company = Company::with_bench(test);
        let refusal = refused(company.world.step(&company.engineer, &company.order(), "submit"));
        let rules: Vec<_> = refusal.blockers.iter().map(|blocker| (blocker.rule.as_str(), blocker.requirement.as_str())).collect();
        assert_eq!(rules, [("change_order.something_affected", "FRS-ECO-003")]);
    });
}

#[test]
fn frs_eco_004_a_revision_that_cannot_be_released_stops_the_submission() {
    on_both(|test| {
        let company = Company::with_bench(test);
        let order = company.order();
        company.world.link(&company.engineer, &order, "affects", &company.part("P-3").id).unwrap();
        let refusal = refused(company.world.step(&company.engineer, &order, "submit"));
        assert_eq!(refusal.blockers[0].rule, "change_order.affected_in_work");
        assert_eq!(refusal.blockers[0].records[0].label(), "P-3 rev A");
    });
}

#[test]
fn frs_eco_005_a_revision_cannot_be_on_two_open_orders() {
    on_both(|test| {
        let company = Company::with_bench(test);
        let (one, working) = order_on_fitting(&company);
        let other = company.order();
        let refusal = refused(company.add_affected(&other, &working));
        assert_eq!((refusal.code.as_str(), refusal.blockers[0].requirement.as_str()), ("on_other_order", "FRS-ECO-005"));
        assert_eq!(refusal.blockers[0].records[0].id, one);
        // A link made by hand does not get around it.
        company.world.link(&company.engineer, &other, "affects", &working).unwrap();
        let refusal = refused(company.world.step(&company.engineer, &other, "submit"));
        assert_eq!(refusal.blockers[0].rule, "change_order.only_order");
    });
}

#[test]
fn frs_eco_006_affected_content_cannot_change_while_the_order_is_in_review_or_approved() {
    on_both(|test| {
        let company = Company::with_bench(test);
        let (order, working) = order_on_fitting(&company);
        let document = company.world.create(&company.writer, "procedure", "Assembly", json!({"text": "Wear gloves"})).unwrap();
        company.world.run(&company.writer, "change_order.add_affected", json!({"order": order, "record": document})).unwrap();
        let other = company.new_part("N-1").id;
        let try_all = || {
            let before = company.events();
            let on_part = |command: &str, input| refused(company.on_part(&company.engineer, command, &working, input));
            let refusal = on_part("part.add_line", json!({"child": "P-1", "quantity": "1"}));
            assert_eq!((refusal.code.as_str(), refusal.blockers[0].records[0].id.as_str()), ("content_bound", order.as_str()));
            let source = company.sources(&working)[0].source_uid.clone();
            assert_eq!(on_part("part.set_manufacturer_part", json!({"source": source, "mpn": "F-9"})).code, "content_bound");
            assert_eq!(on_part("part.remove_manufacturer_part", json!({"source": source})).code, "content_bound");
            assert_eq!(refused(company.world.edit(&company.engineer, &working, json!({"category": "Other"}))).code, "content_bound");
            assert_eq!(refused(company.world.edit(&company.writer, &document, json!({"text": "No gloves"}))).code, "content_bound");
            assert_eq!(refused(company.add_affected(&order, &other)).code, "content_fixed");
            assert_eq!(refused(company.world.link(&company.engineer, &order, "affects", &other)).code, "content_fixed");
            let off = json!({"order": order, "record": working});
            assert_eq!(refused(company.world.run_because(&company.engineer, "change_order.remove_affected", off, "no")).code, "content_fixed");
            assert_eq!(company.events(), before);
        };
        company.world.step(&company.engineer, &order, "submit").unwrap();
        try_all();
        company.world.sign_step(&company.manager, &order, "approve").unwrap();
        company.world.sign_step(&company.quality, &order, "approve").unwrap();
        try_all();
        company.world.step(&company.manager, &order, "send_back").unwrap();
        company.world.edit(&company.writer, &document, json!({"text": "No gloves"})).unwrap();
        company.add_line(&working, "P-1", "1").unwrap();
    });
}

#[test]
fn frs_eco_006_content_that_changed_behind_the_review_stops_approval_and_release() {
    on_both(|test| {
        let company = Company::with_bench(test);
        let (order, working) = order_on_fitting(&company);
        let damage = |digest: &str| {
            let (working, digest) = (working.clone(), digest.to_owned());
            let statement = db::sql("update record set digest = $1 where tenant = 'main' and id = $2");
            company.world.kernel.database().write(move |tx| tx.execute(statement, &[digest.as_str().into(), working.as_str().into()])).unwrap();
        };
        company.world.step(&company.engineer, &order, "submit").unwrap();
        let digest = company.world.record(&working).digest;
        damage(&"0".repeat(64));
        let refusal = refused(company.world.sign_step(&company.manager, &order, "approve"));
        let rules = |refusal: &base::Refusal| refusal.blockers.iter().map(|blocker| blocker.rule.clone()).collect::<Vec<_>>();
        assert_eq!(rules(&refusal), ["evidence.changed_outside", "change_order.approve_unchanged"]);
        damage(&digest);
        company.world.sign_step(&company.manager, &order, "approve").unwrap();
        company.world.sign_step(&company.quality, &order, "approve").unwrap();
        damage(&"0".repeat(64));
        assert_eq!(rules(&refused(company.release(&order)))[..2], ["evidence.changed_outside", "change_order.release_unchanged"]);
    });
}

#[test]
fn frs_eco_006_what_is_signed_on_an_order_covers_the_affected_content() {
    on_both(|test| {
        let company = Company::with_bench(test);
        let (order, working) = order_on_fitting(&company);
        company.world.step(&company.engineer, &order, "submit").unwrap();
        let first = company.world.record(&order).digest;
        company.world.step(&company.manager, &order, "send_back").unwrap();
        company.world.step(&company.engineer, &order, "submit").unwrap();
        assert_eq!(company.world.record(&order).digest, first, "the same content gives the same digest");
        company.world.step(&company.manager, &order, "send_back").unwrap();
        company.set_mpn(&working, "F-7");
        company.world.step(&company.engineer, &order, "submit").unwrap();
        assert_ne!(company.world.record(&order).digest, first);
    });
}

#[test]
fn frs_eco_012_whoever_wrote_the_order_or_anything_on_it_cannot_approve_it() {
    on_both(|test| {
        let company = Company::with_bench(test);
        let both = company.world.person("bea", &["design_engineer", "engineering_manager"]);
        let order = company.world.create(&both, "change_order", "Own", json!({"reason": "r"})).unwrap();
        company.affect(&order, "P-3");
        company.world.step(&company.engineer, &order, "submit").unwrap();
        assert_eq!(refused(company.world.sign_step(&both, &order, "approve")).code, "self_approval");
        // Only a line on an affected part, and nothing of the order itself.
        let (order, working) = {
            let order = company.order();
            let working = company.affect(&order, "P-2");
            (order, working.id)
        };
        company.on_part(&both, "part.add_line", &working, json!({"child": "P-1", "quantity": "1"})).unwrap();
        company.world.step(&company.engineer, &order, "submit").unwrap();
        assert_eq!(refused(company.world.sign_step(&both, &order, "approve")).code, "self_approval");
        company.world.sign_step(&company.manager, &order, "approve").unwrap();
    });
}

#[test]
fn frs_eco_020_taking_a_released_part_on_an_order_makes_its_next_revision_with_its_structure() {
    on_both(|test| {
        let company = Company::with_bench(test);
        let order = company.order();
        let released = company.part("A-120");
        let working = company.affect(&order, "A-120");
        assert_eq!((working.revision.as_str(), working.state.as_str(), working.digest == released.digest), ("B", "in_work", false));
        assert_eq!(working.detail, released.detail, "the same lines give the same digest");
        let uids = |record: &str| company.lines(record).into_iter().map(|line| line.line_uid).collect::<Vec<_>>();
        assert_eq!(uids(&working.id), uids(&released.id));
        assert_eq!(refused(company.add_affected(&order, &working.id)).code, "already_affected");
        assert_eq!(refused(company.add_affected(&order, &released.id)).code, "already_affected");
        let again = refused(company.world.run(&company.engineer, "record.revise", json!({"record": released.id})));
        assert_eq!((again.code.as_str(), again.blockers[0].records[0].id.as_str()), ("revision_open", working.id.as_str()));
        let other = refused(company.add_affected(&company.order(), &released.id));
        assert_eq!(other.code, "revision_open");
    });
}

#[test]
fn frs_eco_020_only_releasable_kinds_and_counting_revisions_are_taken_by_those_who_may_revise() {
    on_both(|test| {
        let company = Company::with_bench(test);
        let order = company.order();
        let supplier = company.world.create(&company.writer, "supplier", "Acme", json!({})).unwrap();
        assert_eq!(refused(company.add_affected(&order, &supplier)).code, "wrong_kind");
        let part = json!({"order": order, "record": company.part("P-3").id});
        assert_eq!(refused(company.world.run(&company.writer, "change_order.add_affected", part)).kind, RefusalKind::Forbidden);
        let old = company.part("P-3").id;
        let first = company.order();
        company.affect(&first, "P-3");
        company.approve(&first);
        company.release(&first).unwrap();
        assert_eq!(refused(company.add_affected(&order, &old)).code, "not_counting");
    });
}

#[test]
fn frs_eco_021_what_is_taken_off_an_order_is_cancelled_with_a_reason_or_kept() {
    on_both(|test| {
        let company = Company::with_bench(test);
        let (order, working) = order_on_fitting(&company);
        let kept = company.affect(&order, "P-2").id;
        let remove = |input| company.world.run(&company.engineer, "change_order.remove_affected", input);
        assert_eq!(refused(remove(json!({"order": order, "record": working}))).code, "reason_needed");
        let because = |input| company.world.run_because(&company.engineer, "change_order.remove_affected", input, "not needed");
        assert_eq!(because(json!({"order": order, "record": working})).unwrap()["cancelled"], true);
        assert_eq!(company.world.record(&working).phase, Phase::Void);
        assert_eq!(because(json!({"order": order, "record": kept, "keep": true})).unwrap()["cancelled"], false);
        assert_eq!(company.world.record(&kept).phase, Phase::InWork);
        assert_eq!(refused(because(json!({"order": order, "record": kept}))).kind, RefusalKind::NotFound);
        company.add_affected(&order, &kept).unwrap();
        assert_eq!(company.affect(&order, "P-3").revision, "C", "a revision's letter is never used twice");
    });
}

#[test]
fn frs_eco_013_cancelling_an_order_gives_up_its_working_revisions() {
    on_both(|test| {
        let company = Company::with_bench(test);
        let (order, working) = order_on_fitting(&company);
        let new = company.new_part("N-1");
        company.add_affected(&order, &new.id).unwrap();
        company.world.step(&company.engineer, &order, "submit").unwrap();
        company.world.step(&company.manager, &order, "cancel").unwrap();
        assert_eq!(company.world.record(&order).phase, Phase::Void);
        assert_eq!([&working, &new.id].map(|id| company.world.record(id).phase), [Phase::Void, Phase::Void]);
        assert_eq!(company.part("P-3").revision, "A");
    });
}

#[test]
fn frs_eco_029_an_order_affects_at_most_5000_revisions() {
    on_both(|test| {
        let company = Company::with_bench(test);
        let (order, item) = (company.order(), company.part("P-1").item);
        let of = company.world.record(&order);
        let statement = db::sql(
            "insert into link (tenant, id, kind, source, source_item, target, target_item, suspect, suspect_why, from_at, to_at, at_tx, at_ord)
             values ('main', $1, 'affects', $2, $3, $4, $5, false, null, 0, null, 'test', 0)",
        );
        // All but one of the most, as rows: making so many revisions takes a minute.
        company
            .world
            .kernel
            .database()
            .write(move |tx| {
                for n in 1..AFFECTED_ITEMS {
                    let id = format!("row-{n}");
                    tx.execute(statement, &[id.as_str().into(), of.id.as_str().into(), of.item.as_str().into(), id.as_str().into(), item.as_str().into()])?;
                }
                Ok(())
            })
            .unwrap();
        company.affect(&order, "P-3");
        let before = company.events();
        assert_eq!(refused(company.add_affected(&order, &company.part("P-2").id)).code, "too_large");
        let file = company.upload(BENCH.replace("B-40", "B-41").as_bytes());
        let input = json!({"order": order, "file": file, "file_name": "bench.csv"});
        assert_eq!(refused(company.world.run(&company.engineer, "change_order.apply_structure", input)).code, "too_large");
        assert_eq!(company.events(), before);
    });
}
