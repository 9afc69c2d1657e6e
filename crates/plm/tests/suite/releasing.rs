//! Releasing an order: everything at once, or nothing.

use crate::company::{Company, on_both, refused};
use kernel::MAIN_TENANT;
use kernel::kind::Phase;
use kernel::{dossier, link, record, signature};
use serde_json::json;

fn fitting_order(company: &Company) -> (String, String) {
    let order = company.order();
    let working = company.affect(&order, "P-3");
    company.set_mpn(&working.id, "F-2");
    (order, working.id)
}

#[test]
fn frs_eco_030_a_release_supersedes_and_releases_everything_in_one_transaction() {
    on_both(|test| {
        let company = Company::with_bench(test);
        let (order, working) = fitting_order(&company);
        let beam = company.affect(&order, "P-2").id;
        let document = company.world.create(&company.writer, "procedure", "Assembly", json!({"text": "Wear gloves"})).unwrap();
        company.world.run(&company.writer, "change_order.add_affected", json!({"order": order, "record": document})).unwrap();
        let old = company.part("P-3").id;
        company.approve(&order);
        let answer = company.release(&order).unwrap();
        assert_eq!(answer["taken"], true);
        assert_eq!(company.world.record(&order).phase, Phase::Closed);
        assert_eq!([&working, &beam].map(|id| company.world.record(id).state), ["released", "released"]);
        assert_eq!(company.world.record(&old).state, "superseded");
        assert_eq!(company.world.record(&document).state, "approved");
        assert_eq!(company.part("P-3").id, working);
        assert!(company.world.record(&working).effective_on.is_some());
        let rows = company
            .world
            .kernel
            .database()
            .query(db::sql("select distinct tx from event where action = 'record.step.release' and actor <> 'system'"), &[])
            .unwrap();
        assert_eq!(rows.len(), 1, "order, parts and document in one transaction");
        let id = order.clone();
        let given = company.world.kernel.database().read(move |tx| signature::of_record(tx, MAIN_TENANT, &id)).unwrap();
        assert_eq!(given.iter().map(|given| given.meaning.as_str()).collect::<Vec<_>>(), ["Approval for engineering", "Approval for quality", "Release"]);
    });
}

#[test]
fn frs_eco_008_an_order_is_not_released_without_both_approvals() {
    on_both(|test| {
        let company = Company::with_bench(test);
        let (order, _) = fitting_order(&company);
        assert_eq!(refused(company.release(&order)).code, "not_signed");
        company.world.step(&company.engineer, &order, "submit").unwrap();
        let one = company.world.sign_step(&company.manager, &order, "approve").unwrap();
        assert_eq!((one["taken"].as_bool(), one["waiting_for"][0]["role"].as_str()), (Some(false), Some("quality_manager")));
        assert_eq!(refused(company.release(&order)).code, "not_signed");
        assert_eq!(refused(company.world.sign_step(&company.engineer, &order, "approve")).kind, base::RefusalKind::Forbidden);
        // A state that somebody set past the signatures does not help.
        let id = order.clone();
        let statement = db::sql("update record set state = 'approved' where tenant = 'main' and id = $1");
        company.world.kernel.database().write(move |tx| tx.execute(statement, &[id.as_str().into()])).unwrap();
        assert_eq!(refused(company.release(&order)).blockers[0].rule, "evidence.changed_outside");
        let (record, product) = (company.world.record(&order), &company.world.kernel);
        let catalog = product.catalog().unwrap();
        let step = catalog.kind("change_order").and_then(|kind| kind.find_step("release")).unwrap();
        let against = product.database().read(|tx| kernel::record::step::blockers(tx, &catalog, &record, step, kernel::kind::Phase::Closed, product.now())).unwrap();
        let rules: Vec<_> = against.iter().map(|blocker| blocker.rule.as_str()).collect();
        assert_eq!(rules, ["change_order.approvals_complete"]);
    });
}

#[test]
fn frs_eco_009_one_affected_revision_on_hold_stops_the_whole_release() {
    on_both(|test| {
        let company = Company::with_bench(test);
        let (order, working) = fitting_order(&company);
        let beam = company.affect(&order, "P-2").id;
        let document = company.world.create(&company.writer, "procedure", "Assembly", json!({})).unwrap();
        company.world.run(&company.writer, "change_order.add_affected", json!({"order": order, "record": document})).unwrap();
        company.approve(&order);
        let place = |record: &str| company.world.run(&company.quality, "hold.place", json!({"record": record, "why": "Awaiting test"})).unwrap();
        let holds = [place(&beam), place(&document)];
        let before = company.events();
        let refusal = refused(company.release(&order));
        assert_eq!(refusal.code, "blocked");
        let named: Vec<_> = refusal.blockers.iter().map(|blocker| (blocker.rule.as_str(), blocker.records[0].id.as_str())).collect();
        assert_eq!(named, [("change_order.affected_releasable", beam.as_str()), ("change_order.affected_releasable", document.as_str())]);
        assert_eq!(company.events(), before);
        assert_eq!([&order, &working, &beam].map(|id| company.world.record(id).state), ["approved", "in_work", "in_work"]);
        for hold in &holds {
            company.world.run(&company.quality, "hold.lift", json!({"hold": hold["hold"], "why": "Test passed"})).unwrap();
        }
        company.release(&order).unwrap();
        assert_eq!([&working, &beam].map(|id| company.world.record(id).state), ["released", "released"]);
    });
}

#[test]
fn frs_eco_010_children_must_be_released_or_on_the_order() {
    on_both(|test| {
        let company = Company::with_bench(test);
        let order = company.order();
        let panel = company.affect(&order, "A-120");
        let valve = company.new_part("N-9");
        company.add_line(&panel.id, "N-9", "1").unwrap();
        company.approve(&order);
        let refusal = refused(company.release(&order));
        assert_eq!(refusal.blockers[0].rule, "change_order.children_released");
        assert_eq!(refusal.blockers[0].text, "N-9 in A-120 rev B is neither released nor on this order");
        assert_eq!(refusal.blockers[0].records[0].id, valve.id);
        company.world.step(&company.manager, &order, "send_back").unwrap();
        company.add_affected(&order, &valve.id).unwrap();
        company.approve(&order);
        company.release(&order).unwrap();
        assert_eq!(company.part("N-9").phase, Phase::Effective);
    });
}

#[test]
fn frs_eco_011_two_orders_cannot_release_a_cycle_together() {
    on_both(|test| {
        let company = Company::with_bench(test);
        // The first order takes the fitting out of the panel, the second puts the panel into the
        // fitting: fine while both are worked on, a cycle if the second is released first.
        let (first, second) = (company.order(), company.order());
        let panel = company.affect(&first, "A-120");
        let line = company.lines(&panel.id).into_iter().find(|line| line.child_number == "P-3").unwrap().line_uid;
        company.on_part(&company.engineer, "part.remove_line", &panel.id, json!({"line": line})).unwrap();
        let fitting = company.affect(&second, "P-3");
        company.add_line(&fitting.id, "A-120", "1").unwrap();
        company.approve(&second);
        let refusal = refused(company.release(&second));
        assert_eq!(refusal.blockers[0].rule, "change_order.structure_sound");
        assert!(refusal.blockers[0].records.iter().any(|record| record.number == "P-3"));
        company.approve(&first);
        company.release(&first).unwrap();
        company.release(&second).unwrap();
    });
}

#[test]
fn frs_eco_014_a_release_enters_the_order_in_the_dossier_of_every_project_it_touches() {
    on_both(|test| {
        let company = Company::with_bench(test);
        let project = company.world.create(&company.engineer, "design_project", "Bench", json!({"plan": "p"})).unwrap();
        company.world.link(&company.engineer, &project, "design_output", &company.part("P-3").id).unwrap();
        let (order, _) = fitting_order(&company);
        company.approve(&order);
        company.release(&order).unwrap();
        let (of, catalog) = (company.world.record(&project), company.world.kernel.catalog().unwrap());
        let sections = company.world.kernel.database().read(move |tx| dossier::assemble(tx, &catalog, &of)).unwrap();
        let changes = sections.iter().find(|section| section.title == "Design changes").unwrap();
        assert_eq!(changes.entries.iter().map(|entry| entry.record.as_str()).collect::<Vec<_>>(), [order.as_str()]);
        assert_eq!(changes.entries[0].signatures.len(), 3);
    });
}

#[test]
fn frs_eco_015_the_sign_dialog_says_what_a_release_and_a_cancellation_will_do() {
    on_both(|test| {
        let company = Company::with_bench(test);
        let (order, _) = fitting_order(&company);
        company.affect(&order, "P-2");
        let document = company.world.create(&company.writer, "procedure", "Assembly", json!({})).unwrap();
        company.world.run(&company.writer, "change_order.add_affected", json!({"order": order, "record": document})).unwrap();
        let project = company.world.create(&company.engineer, "design_project", "Bench", json!({"plan": "p"})).unwrap();
        company.world.link(&company.engineer, &project, "design_output", &company.part("P-3").id).unwrap();
        let (of, catalog) = (company.world.record(&order), company.world.kernel.catalog().unwrap());
        let say = |step: &'static str| {
            let (of, catalog) = (of.clone(), std::sync::Arc::clone(&catalog));
            let step = catalog.kind("change_order").unwrap().find_step(step).unwrap().clone();
            company.world.kernel.database().read(move |tx| record::step::consequences(tx, &catalog, &of, &step)).unwrap()
        };
        assert_eq!(say("release"), ["releases 2 parts and PR-0001 rev A", "enters the change in the dossier of DP-0001"]);
        assert_eq!(say("cancel"), ["cancels 2 parts and PR-0001 rev A"]);
    });
}

#[test]
fn frs_eco_016_a_changed_part_asks_for_its_supplier_to_be_assessed_again() {
    on_both(|test| {
        let company = Company::with_bench(test);
        let supplier = company.world.create(&company.writer, "supplier", "Fitco", json!({})).unwrap();
        company.world.link(&company.engineer, &company.part("P-3").id, "supplied_by", &supplier).unwrap();
        let (order, working) = fitting_order(&company);
        company.approve(&order);
        company.release(&order).unwrap();
        let id = order.clone();
        let raised = company.world.kernel.database().read(move |tx| kernel::obligation::caused_by(tx, MAIN_TENANT, &id, "reassess")).unwrap();
        assert_eq!(raised.iter().map(|raised| (raised.record.as_str(), raised.via.as_deref())).collect::<Vec<_>>(), [(supplier.as_str(), Some(working.as_str()))]);
    });
}

#[test]
fn frs_eco_031_a_released_order_and_its_revisions_stay_as_they_are() {
    on_both(|test| {
        let company = Company::with_bench(test);
        let (order, working) = fitting_order(&company);
        company.approve(&order);
        company.release(&order).unwrap();
        assert_eq!(refused(company.world.step(&company.manager, &order, "cancel")).code, "wrong_state");
        assert_eq!(refused(company.add_affected(&order, &company.part("P-2").id)).code, "content_fixed");
        assert_eq!(refused(company.add_line(&working, "P-1", "1")).code, "content_fixed");
        let by_hand = company.world.step(&company.manager, &working, "supersede");
        assert!(by_hand.is_err());
        let id = order.clone();
        let links = company.world.kernel.database().read(move |tx| link::outgoing(tx, MAIN_TENANT, &id)).unwrap();
        assert_eq!(links[0].target.as_deref(), Some(working.as_str()));
    });
}

#[test]
fn frs_eco_014_016_a_cancelled_order_enters_no_dossier_and_asks_no_supplier_again() {
    on_both(|test| {
        let company = Company::with_bench(test);
        let project = company.world.create(&company.engineer, "design_project", "Bench", json!({"plan": "p"})).unwrap();
        company.world.link(&company.engineer, &project, "design_output", &company.part("P-3").id).unwrap();
        let other = company.world.create(&company.engineer, "design_project", "Another", json!({"plan": "p"})).unwrap();
        company.world.link(&company.engineer, &other, "design_output", &company.part("P-1").id).unwrap();
        let supplier = company.world.create(&company.writer, "supplier", "Fitco", json!({})).unwrap();
        company.world.link(&company.engineer, &company.part("P-3").id, "supplied_by", &supplier).unwrap();
        let changes = |project: &str| {
            let (of, catalog) = (company.world.record(project), company.world.kernel.catalog().unwrap());
            let sections = company.world.kernel.database().read(move |tx| dossier::assemble(tx, &catalog, &of)).unwrap();
            sections.into_iter().find(|section| section.title == "Design changes").unwrap().entries.len()
        };
        let asked = || {
            let id = supplier.clone();
            company.world.kernel.database().read(move |tx| kernel::obligation::of_record(tx, MAIN_TENANT, &id)).unwrap().len()
        };
        let (cancelled, _) = fitting_order(&company);
        company.approve(&cancelled);
        company.world.step(&company.manager, &cancelled, "cancel").unwrap();
        assert_eq!((changes(&project), asked()), (0, 0));
        let (released, _) = fitting_order(&company);
        company.approve(&released);
        company.release(&released).unwrap();
        assert_eq!((changes(&project), changes(&other), asked()), (1, 0, 1), "only whom the release concerns");
    });
}

#[test]
fn frs_eco_030_a_release_that_is_refused_or_fails_half_way_leaves_nothing() {
    on_both(|test| {
        let company = Company::with_bench(test);
        let (order, working) = fitting_order(&company);
        let beam = company.affect(&order, "P-2").id;
        company.approve(&order);
        let held = company.world.run(&company.quality, "hold.place", json!({"record": beam, "why": "Cracks"})).unwrap();
        let state = || {
            let id = order.clone();
            let given = company.world.kernel.database().read(move |tx| signature::of_record(tx, MAIN_TENANT, &id)).unwrap();
            (company.events(), given.len(), [&order, &working, &beam].map(|id| company.world.record(id).state))
        };
        let before = state();
        assert_eq!(refused(company.release(&order)).code, "blocked");
        assert_eq!(state(), before, "a part on hold holds everything back");
        company.world.run(&company.quality, "hold.lift", json!({"hold": held["hold"], "why": "Sound"})).unwrap();
        let before = state();
        for statement in [5, 20, 40] {
            // The write before it notes that the session has signed.
            company.world.kernel.database().fail_write_at(1, statement);
            assert!(company.release(&order).is_err(), "statement {statement} was to fail");
            assert_eq!(state(), before, "statement {statement} left something behind");
        }
        company.release(&order).unwrap();
        assert_eq!([&working, &beam].map(|id| company.world.record(id).state), ["released", "released"]);
    });
}
