//! Change requests.

use crate::company::{Company, on_both, refused};
use kernel::kind::Phase;
use serde_json::json;

fn request(company: &Company, fields: serde_json::Value) -> String {
    company.world.create(&company.engineer, "change_request", "Fittings for oxygen", fields).unwrap()
}

#[test]
fn frs_crq_002_a_request_without_a_reason_cannot_be_submitted() {
    on_both(|test| {
        let company = Company::with_bench(test);
        let id = request(&company, json!({}));
        company.world.link(&company.engineer, &id, "concerns", &company.part("P-3").id).unwrap();
        let refusal = refused(company.world.step(&company.engineer, &id, "submit"));
        assert_eq!(refusal.blockers.iter().map(|blocker| blocker.rule.as_str()).collect::<Vec<_>>(), ["change_request.reason_given"]);
        company.world.edit(&company.engineer, &id, json!({"reason": "Oil burns in oxygen"})).unwrap();
        company.world.step(&company.engineer, &id, "submit").unwrap();
    });
}

#[test]
fn frs_crq_003_a_request_that_names_nothing_cannot_be_submitted() {
    on_both(|test| {
        let company = Company::with_bench(test);
        let id = request(&company, json!({"reason": "Oil burns in oxygen"}));
        let refusal = refused(company.world.step(&company.engineer, &id, "submit"));
        assert_eq!(refusal.blockers.iter().map(|blocker| blocker.rule.as_str()).collect::<Vec<_>>(), ["change_request.subject_named"]);
    });
}

#[test]
fn frs_crq_004_an_accepted_request_is_implemented_when_its_last_order_is_released() {
    on_both(|test| {
        let company = Company::with_bench(test);
        let id = request(&company, json!({"reason": "Oil burns in oxygen"}));
        company.world.link(&company.engineer, &id, "concerns", &company.part("P-3").id).unwrap();
        company.world.step(&company.engineer, &id, "submit").unwrap();
        let orders = [company.order(), company.order()];
        for (order, part) in orders.iter().zip(["P-3", "P-2"]) {
            company.world.link(&company.engineer, order, "answers", &id).unwrap();
            let working = company.affect(order, part);
            company.set_mpn(&working.id, "NEW-1");
        }
        company.world.step(&company.engineer, &orders[0], "submit").unwrap();
        company.world.sign_step(&company.manager, &id, "accept").unwrap();
        company.world.sign_step(&company.manager, &orders[0], "approve").unwrap();
        company.world.sign_step(&company.quality, &orders[0], "approve").unwrap();
        company.release(&orders[0]).unwrap();
        assert_eq!(company.world.record(&id).state, "accepted", "another order still answers it");
        company.approve(&orders[1]);
        company.release(&orders[1]).unwrap();
        assert_eq!(company.world.record(&id).state, "implemented");
    });
}

#[test]
fn frs_eco_007_an_order_is_not_approved_before_the_request_it_answers_is_accepted() {
    on_both(|test| {
        let company = Company::with_bench(test);
        let id = request(&company, json!({"reason": "Oil burns in oxygen"}));
        company.world.link(&company.engineer, &id, "concerns", &company.part("P-3").id).unwrap();
        company.world.step(&company.engineer, &id, "submit").unwrap();
        let order = company.order();
        company.world.link(&company.engineer, &order, "answers", &id).unwrap();
        company.affect(&order, "P-3");
        company.world.step(&company.engineer, &order, "submit").unwrap();
        let refusal = refused(company.world.sign_step(&company.manager, &order, "approve"));
        assert_eq!(refusal.blockers[0].rule, "change_order.request_accepted");
        assert_eq!(refusal.blockers[0].records[0].id, id);
        company.world.sign_step(&company.manager, &id, "accept").unwrap();
        company.world.sign_step(&company.manager, &order, "approve").unwrap();
    });
}

#[test]
fn frs_crq_005_a_request_is_not_accepted_by_who_wrote_it() {
    on_both(|test| {
        let company = Company::with_bench(test);
        let fields = json!({"reason": "Oil burns in oxygen"});
        let id = company.world.create(&company.manager, "change_request", "Fittings", fields).unwrap();
        company.world.link(&company.manager, &id, "concerns", &company.part("P-3").id).unwrap();
        company.world.step(&company.manager, &id, "submit").unwrap();
        assert_eq!(refused(company.world.sign_step(&company.manager, &id, "accept")).code, "self_approval");
        let other = company.world.person("mila", &["engineering_manager"]);
        company.world.sign_step(&other, &id, "reject").unwrap();
        assert_eq!(company.world.record(&id).phase, Phase::Void);
    });
}
