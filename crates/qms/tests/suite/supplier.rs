//! Suppliers: evaluation, approval, conditions, disqualification, re-assessment.

use crate::company::{Company, blockers, code, revisions, story};
use kernel::kind::Phase;
use serde_json::{Value as Json, json};

/// A supplier whose evaluation is written down.
pub fn draft(company: &Company, more: Json) -> String {
    let mut fields = json!({"scope": "Oxygen fittings", "risk_class": "critical", "evaluation": "Audited in September"});
    for (name, value) in more.as_object().unwrap() {
        fields[name] = value.clone();
    }
    company.world.create(&company.sam, "supplier", "Raccordi Srl", fields).unwrap()
}

pub fn approve(company: &Company, supplier: &str) {
    company.world.step(&company.sam, supplier, "submit").unwrap();
    company.world.sign_step(&company.max, supplier, "approve").unwrap();
}

#[test]
fn frs_sup_001_a_supplier_is_approved_only_for_a_scope_and_only_by_a_quality_manager() {
    story(|company| {
        let world = &company.world;
        let refused = world.create(&company.sam, "supplier", "x", json!({})).unwrap_err();
        assert_eq!(refused.refusal().unwrap().place.as_deref(), Some("fields.scope"));
        let supplier = draft(company, json!({}));
        assert_eq!(world.record(&supplier).label(), "SUP-0001 rev 1");
        world.step(&company.sam, &supplier, "submit").unwrap();
        assert_eq!(code(&world.sign_step(&company.sam, &supplier, "approve").unwrap_err()), "not_permitted");
        assert_eq!(company.open(&supplier, "sign").len(), 1, "one judgement is asked for, not every one that is possible");
        world.sign_step(&company.max, &supplier, "approve").unwrap();
        assert_eq!(world.record(&supplier).phase, Phase::Effective);
    });
}

#[test]
fn frs_sup_002_nobody_is_submitted_without_risk_class_and_evaluation() {
    story(|company| {
        let world = &company.world;
        let bare = world.create(&company.sam, "supplier", "x", json!({"scope": "Seals", "certificate": "ISO 13485"})).unwrap();
        assert_eq!(
            blockers(&world.step(&company.sam, &bare, "submit").unwrap_err()),
            [
                "supplier.evaluated: “Risk class” is not filled in",
                "supplier.evaluated: “Evaluation” is not filled in",
                "supplier.certificate_valid: “Expires on” is not filled in for the certificate",
            ]
        );
    });
}

#[test]
fn frs_sup_004_nobody_is_approved_with_an_expired_certificate() {
    story(|company| {
        let world = &company.world;
        let supplier = draft(company, json!({"certificate": "ISO 13485", "certificate_expires_on": "2026-11-01"}));
        let expired = ["supplier.certificate_valid: The certificate expired on 2026-11-01"];
        assert_eq!(blockers(&world.step(&company.sam, &supplier, "submit").unwrap_err()), expired);
        world.edit(&company.sam, &supplier, json!({"certificate_expires_on": "2026-11-02"})).unwrap();
        world.step(&company.sam, &supplier, "submit").unwrap();
        company.days_pass(1);
        let refused = world.sign_step(&company.max, &supplier, "approve").unwrap_err();
        assert_eq!(blockers(&refused), ["supplier.certificate_valid: The certificate expired on 2026-11-02"]);
    });
}

#[test]
fn frs_sup_004_nobody_is_confirmed_with_an_expired_certificate() {
    story(|company| {
        let supplier = draft(company, json!({"certificate": "ISO 13485", "certificate_expires_on": "2026-12-01"}));
        approve(company, &supplier);
        company.days_pass(30);
        let refused = company.world.sign_step(&company.max, &supplier, "confirm").unwrap_err();
        assert_eq!(blockers(&refused), ["supplier.certificate_valid: The certificate expired on 2026-12-01"]);
    });
}

#[test]
fn frs_sup_003_conditions_are_written_set_and_lifted_with_signatures() {
    story(|company| {
        let world = &company.world;
        let supplier = draft(company, json!({}));
        world.step(&company.sam, &supplier, "submit").unwrap();
        let refused = world.sign_step(&company.max, &supplier, "approve_with_conditions").unwrap_err();
        assert_eq!(blockers(&refused), ["supplier.conditions_set: “Conditions” is not filled in"]);
        world.step(&company.max, &supplier, "send_back").unwrap();
        world.edit(&company.sam, &supplier, json!({"conditions": "Full inspection of each lot"})).unwrap();
        world.step(&company.sam, &supplier, "submit").unwrap();
        world.sign_step(&company.max, &supplier, "approve_with_conditions").unwrap();
        assert_eq!((company.state(&supplier).as_str(), world.record(&supplier).phase), ("conditional", Phase::Effective));
        assert_eq!(code(&world.sign_step(&company.sam, &supplier, "lift_conditions").unwrap_err()), "not_permitted");
        world.sign_step(&company.max, &supplier, "lift_conditions").unwrap();
        world.sign_step(&company.sam, &supplier, "restrict").unwrap();
        assert_eq!(company.state(&supplier), "conditional");
    });
}

#[test]
fn frs_sup_005_a_disqualified_supplier_is_off_the_list_until_evaluated_anew() {
    story(|company| {
        let world = &company.world;
        let supplier = draft(company, json!({}));
        approve(company, &supplier);
        assert_eq!(code(&world.sign_step(&company.sam, &supplier, "disqualify").unwrap_err()), "not_permitted");
        let step = json!({"record": supplier, "version": world.record(&supplier).version, "step": "disqualify"});
        assert_eq!(code(&world.sign(&company.max, "record.step", step).unwrap_err()), "reason_needed");
        world.sign_step(&company.max, &supplier, "disqualify").unwrap();
        assert_eq!(world.record(&supplier).phase, Phase::Closed);
        let again = company.revise(&company.sam, &supplier);
        approve(company, &again);
        assert_eq!(revisions(company, &world.record(&again)), ["1 disqualified", "2 approved"]);
    });
}

#[test]
fn frs_sup_007_a_changed_part_asks_for_a_re_assessment_which_only_its_owner_reports_or_a_new_evaluation_answers() {
    story(|company| {
        let world = &company.world;
        let supplier = draft(company, json!({}));
        approve(company, &supplier);
        let part = company.part("VX-1");
        world.link(&company.elena, &part, "supplied_by", &supplier).unwrap();
        company.release(&company.order(&[&part]));
        assert!(company.open(&supplier, "reassess").is_empty(), "a first release changes nothing");
        let second = company.revise(&company.elena, &part);
        company.release(&company.order(&[&second]));
        let open = company.open(&supplier, "reassess");
        assert_eq!((open.len(), open[0].person.as_deref()), (1, Some(company.sam.person())));
        let input = json!({"obligation": open[0].id, "outcome": "Supplies the new fitting under the same certificate"});
        assert_eq!(code(&world.run(&company.quinn, "obligation.complete", input.clone()).unwrap_err()), "not_yours");
        world.run(&company.sam, "obligation.complete", input).unwrap();
        let third = company.revise(&company.elena, &second);
        company.release(&company.order(&[&third]));
        assert_eq!(company.open(&supplier, "reassess").len(), 1);
        let evaluation = company.revise(&company.sam, &supplier);
        approve(company, &evaluation);
        assert!(company.open(&supplier, "reassess").is_empty());
        assert_eq!(revisions(company, &world.record(&evaluation)), ["1 superseded", "2 approved"]);
    });
}

#[test]
fn frs_sup_008_a_supplier_that_is_not_pursued_leaves_with_a_reason() {
    story(|company| {
        let supplier = draft(company, json!({}));
        let step = json!({"record": supplier, "version": 1, "step": "drop"});
        assert_eq!(code(&company.world.run(&company.sam, "record.step", step).unwrap_err()), "reason_needed");
        company.world.step(&company.sam, &supplier, "drop").unwrap();
        assert_eq!(company.world.record(&supplier).phase, Phase::Void);
    });
}
