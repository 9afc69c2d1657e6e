//! What must be done before a CAPA closes, each named while it is not.

use crate::capa::{checked, close_blockers, implementing, judge};
use crate::company::{Company, blockers, code, story};
use serde_json::json;

#[test]
fn frs_capa_016_close_is_refused_naming_everything_that_is_open_at_once() {
    story(|company| {
        let world = &company.world;
        let part = company.part("VX-209507");
        let first = company.order(&[&part]);
        company.release(&first);
        let risk = crate::risk::assessed(company, &part);
        let capa = checked(company);
        assert_eq!(
            close_blockers(company, &capa),
            [
                "capa.change_made_or_justified: No change order implements it, and “Why no change is needed” is not filled in",
                "capa.effectiveness_judged: Effectiveness is not judged: “Result” is not filled in",
                "capa.effectiveness_judged: “Evidence” is not filled in",
                "capa.window_over: Effectiveness is watched for 30 days, until 2 Dec 2026",
            ]
        );
        let procedure = crate::document::draft(company);
        let next = company.revise(&company.elena, &part);
        let order = company.order(&[&next, &procedure]);
        world.link(&company.quinn, &capa, "implemented_by", &order).unwrap();
        assert!(close_blockers(company, &capa).contains(&"capa.orders_released: Change order ECO-0002 is draft".to_owned()));
        company.days_pass(5);
        company.release(&order);
        company.train(&order, 9);
        assert_eq!(
            close_blockers(company, &capa),
            [
                "capa.training_done: Training: 3 of 12 open",
                "capa.reassessments_done: Re-assessments: 1 of 1 open",
                "capa.effectiveness_judged: Effectiveness is not judged: “Result” is not filled in",
                "capa.effectiveness_judged: “Evidence” is not filled in",
                "capa.window_over: Effectiveness is watched for 30 days, until 7 Dec 2026",
            ]
        );
        company.train(&order, 3);
        let reassess = company.open(&risk, "reassess")[0].id.clone();
        world.run(&company.elena, "obligation.complete", json!({"obligation": reassess, "outcome": "Values stay as they are"})).unwrap();
        judge(company, &capa, "effective");
        company.days_pass(30);
        let closed = world.sign_step(&company.max, &capa, "close").unwrap();
        assert_eq!(closed["state"], json!("closed"));
        assert!(company.open(&capa, "act").is_empty());
        let last = world.kernel.database().read(move |tx| kernel::signature::of_record(tx, "main", &capa)).unwrap();
        assert_eq!(last.last().unwrap().meaning, "effectiveness verified, CAPA closed");
    });
}

#[test]
fn frs_capa_017_close_is_refused_while_an_order_is_open_or_cancelled() {
    story(|company| {
        let world = &company.world;
        let capa = checked(company);
        let part = company.part("VX-1");
        let order = company.order(&[&part]);
        let link = world.link(&company.quinn, &capa, "implemented_by", &order).unwrap();
        company.days_pass(30);
        judge(company, &capa, "effective");
        let refused = world.sign_step(&company.max, &capa, "close").unwrap_err();
        assert_eq!(blockers(&refused), ["capa.orders_released: Change order ECO-0001 is draft"]);
        let blocker = &refused.refusal().unwrap().blockers[0];
        assert_eq!((blocker.requirement.as_str(), blocker.records[0].number.as_str()), ("FRS-CAPA-017", "ECO-0001"));
        world.step(&company.elena, &order, "cancel").unwrap();
        assert_eq!(close_blockers(company, &capa), ["capa.orders_released: Change order ECO-0001 is cancelled"]);
        world.run(&company.quinn, "link.remove", json!({"link": testkit::world::text(&link, "link")})).unwrap();
        assert_eq!(close_blockers(company, &capa).len(), 1, "the change is missing now");
        world.edit(&company.quinn, &capa, json!({"no_change_why": "The order was not needed: stock was sorted"})).unwrap();
        world.sign_step(&company.max, &capa, "close").unwrap();
    });
}

/// A CAPA whose order is released and whose window is over, judged effective.
fn nearly_closed(company: &Company, affected: &[&str]) -> (String, String) {
    let capa = checked(company);
    let order = company.order(affected);
    company.world.link(&company.quinn, &capa, "implemented_by", &order).unwrap();
    company.release(&order);
    company.days_pass(30);
    judge(company, &capa, "effective");
    (capa, order)
}

#[test]
fn frs_capa_018_close_is_refused_until_the_last_person_is_trained() {
    story(|company| {
        let procedure = crate::document::draft(company);
        let (capa, order) = nearly_closed(company, &[&procedure]);
        for (done, text) in [(0, "12 of 12"), (9, "3 of 12"), (2, "1 of 12")] {
            company.train(&order, done);
            assert_eq!(close_blockers(company, &capa), [format!("capa.training_done: Training: {text} open")]);
        }
        let refused = company.world.sign_step(&company.max, &capa, "close").unwrap_err();
        let blocker = &refused.refusal().unwrap().blockers[0];
        assert_eq!((blocker.requirement.as_str(), blocker.records[0].id.as_str()), ("FRS-CAPA-018", procedure.as_str()));
        company.train(&order, 1);
        company.world.sign_step(&company.max, &capa, "close").unwrap();
    });
}

#[test]
fn frs_capa_019_close_is_refused_until_risks_and_suppliers_are_assessed_again() {
    story(|company| {
        let world = &company.world;
        let part = company.part("VX-209507");
        let supplier = crate::supplier::draft(company, json!({}));
        crate::supplier::approve(company, &supplier);
        world.link(&company.elena, &part, "supplied_by", &supplier).unwrap();
        company.release(&company.order(&[&part]));
        let risk = crate::risk::assessed(company, &part);
        let next = company.revise(&company.elena, &part);
        let (capa, _) = nearly_closed(company, &[&next]);
        assert_eq!(close_blockers(company, &capa), ["capa.reassessments_done: Re-assessments: 2 of 2 open"]);
        for (record, actor) in [(&risk, &company.elena), (&supplier, &company.sam)] {
            let obligation = company.open(record, "reassess")[0].id.clone();
            assert_eq!(close_blockers(company, &capa).len(), 1);
            world.run(actor, "obligation.complete", json!({"obligation": obligation, "outcome": "No change"})).unwrap();
        }
        world.sign_step(&company.max, &capa, "close").unwrap();
    });
}

#[test]
fn frs_capa_020_close_is_refused_until_effectiveness_is_judged_with_evidence() {
    story(|company| {
        let world = &company.world;
        let part = company.part("VX-1");
        let (capa, _) = nearly_closed(company, &[&part]);
        let missing = "capa.effectiveness_judged: “Evidence” is not filled in";
        let unjudged = "capa.effectiveness_judged: Effectiveness is not judged: “Result” is not filled in";
        world.edit(&company.quinn, &capa, json!({"effectiveness_evidence": null})).unwrap();
        assert_eq!(close_blockers(company, &capa), [missing]);
        world.edit(&company.quinn, &capa, json!({"effectiveness_result": null})).unwrap();
        assert_eq!(close_blockers(company, &capa), [unjudged, missing]);
        judge(company, &capa, "effective");
        world.sign_step(&company.max, &capa, "close").unwrap();
    });
}

#[test]
fn frs_capa_021_close_is_refused_until_the_window_is_over_and_the_owner_is_asked_for_the_verdict_by_then() {
    story(|company| {
        let world = &company.world;
        let capa = implementing(company);
        world.edit(&company.quinn, &capa, json!({"no_change_why": "Supplier's work"})).unwrap();
        world.step(&company.quinn, &capa, "check_effectiveness").unwrap();
        let asked = &company.open(&capa, "act")[0];
        assert_eq!((asked.task.as_str(), asked.due_date.as_deref()), ("Judge the effectiveness", Some("2026-12-02")));
        judge(company, &capa, "effective");
        company.days_pass(29);
        assert_eq!(close_blockers(company, &capa), ["capa.window_over: Effectiveness is watched for 30 days, until 2 Dec 2026"]);
        company.days_pass(1);
        world.sign_step(&company.max, &capa, "close").unwrap();
    });
}

#[test]
fn frs_capa_022_whoever_wrote_in_a_capa_does_not_close_it() {
    story(|company| {
        let world = &company.world;
        let capa = checked(company);
        world.edit(&company.quinn, &capa, json!({"no_change_why": "Supplier's work"})).unwrap();
        company.days_pass(30);
        world.edit(&company.max, &capa, json!({"effectiveness_result": "effective", "effectiveness_evidence": "Trust me"})).unwrap();
        assert_eq!(code(&world.sign_step(&company.max, &capa, "close").unwrap_err()), "self_approval");
    });
}
