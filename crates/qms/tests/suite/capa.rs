//! CAPA: from the decision that one is needed to the proof that it worked.

use crate::company::{Company, blockers, code, story};
use kernel::kind::Phase;
use serde_json::{Value as Json, json};

fn new_capa(company: &Company) -> String {
    company.world.create(&company.quinn, "capa", "Oxygen-exposed fittings", json!({"source": "complaint", "problem": "Fittings smoke"})).unwrap()
}

fn needed() -> Json {
    json!({"harm": "yes"})
}

fn plan() -> Json {
    json!({
        "root_cause_method": "five_why",
        "root_cause": "Seal material was never qualified for oxygen",
        "action_plan": "Replace the fittings, revise the assembly procedure, retrain",
        "effectiveness_metric": "Complaints for each 1,000 devices",
        "effectiveness_threshold": "0 in the window",
        "effectiveness_window_days": 30,
    })
}

/// A CAPA in investigation.
pub fn opened(company: &Company) -> String {
    let capa = new_capa(company);
    company.decide(&company.quinn, &capa, "capa_needed", &needed()).unwrap();
    company.world.edit(&company.quinn, &capa, json!({"containment": "Stock on hold"})).unwrap();
    company.world.step(&company.quinn, &capa, "investigate").unwrap();
    capa
}

fn approve(company: &Company, capa: &str) {
    company.world.step(&company.quinn, capa, "submit_plan").unwrap();
    company.world.sign_step(&company.max, capa, "approve_plan").unwrap();
}

/// A CAPA whose plan is approved.
pub fn implementing(company: &Company) -> String {
    let capa = opened(company);
    company.world.edit(&company.quinn, &capa, plan()).unwrap();
    approve(company, &capa);
    capa
}

/// A CAPA in its effectiveness check.
pub fn checked(company: &Company) -> String {
    let capa = implementing(company);
    company.world.step(&company.quinn, &capa, "check_effectiveness").unwrap();
    capa
}

pub fn judge(company: &Company, capa: &str, result: &str) {
    company.world.edit(&company.quinn, capa, json!({"effectiveness_result": result, "effectiveness_evidence": "Complaints of the window"})).unwrap();
}

/// Takes an opened CAPA to its end without any change order.
pub fn close_without_change(company: &Company, capa: &str) {
    let mut fields = plan();
    fields["no_change_why"] = json!("Only the supplier's instruction was wrong");
    company.world.edit(&company.quinn, capa, fields).unwrap();
    approve(company, capa);
    company.world.step(&company.quinn, capa, "check_effectiveness").unwrap();
    company.days_pass(30);
    judge(company, capa, "effective");
    company.world.sign_step(&company.max, capa, "close").unwrap();
}

pub fn close_blockers(company: &Company, capa: &str) -> Vec<String> {
    blockers(&company.world.sign_step(&company.max, capa, "close").unwrap_err())
}

#[test]
fn frs_capa_001_a_capa_has_a_source_and_a_problem() {
    story(|company| {
        let capa = new_capa(company);
        assert_eq!(company.world.record(&capa).number, "CAPA-2026-0001");
        let refused = company.world.create(&company.quinn, "capa", "x", json!({"source": "complaint"})).unwrap_err();
        assert_eq!(refused.refusal().unwrap().place.as_deref(), Some("fields.problem"));
        assert_eq!(code(&company.world.create(&company.elena, "capa", "x", json!({})).unwrap_err()), "not_permitted");
    });
}

#[test]
fn frs_capa_002_an_investigation_starts_only_when_a_capa_is_needed() {
    story(|company| {
        let world = &company.world;
        let capa = new_capa(company);
        assert_eq!(
            blockers(&world.step(&company.quinn, &capa, "investigate").unwrap_err()),
            ["capa.needed: The decision “CAPA needed?” has not been taken", "capa.contained: “Containment” is not filled in"]
        );
        let no = json!({"harm": "no", "recurrence": "no", "system": "no", "compliance": "no"});
        assert_eq!(company.decide(&company.quinn, &capa, "capa_needed", &no).unwrap(), "correction_only");
        world.edit(&company.quinn, &capa, json!({"containment": "Stock on hold"})).unwrap();
        assert_eq!(
            blockers(&world.step(&company.quinn, &capa, "investigate").unwrap_err()),
            ["capa.needed: The decision is that a correction is enough: withdraw the CAPA"]
        );
        world.step(&company.max, &capa, "withdraw").unwrap();
        assert_eq!(world.record(&capa).phase, Phase::Void);
    });
}

#[test]
fn frs_capa_003_an_investigation_does_not_start_before_containment_is_written_down() {
    story(|company| {
        let capa = new_capa(company);
        company.decide(&company.quinn, &capa, "capa_needed", &needed()).unwrap();
        let refused = company.world.step(&company.quinn, &capa, "investigate").unwrap_err();
        assert_eq!(blockers(&refused), ["capa.contained: “Containment” is not filled in"]);
        assert!(company.clocks(&capa).is_empty());
    });
}

#[test]
fn frs_capa_004_the_clock_of_60_days_is_extended_with_a_reason_and_keeps_its_first_date() {
    story(|company| {
        let world = &company.world;
        let capa = opened(company);
        assert_eq!(company.clock_words(&capa), ["capa_60_days 2027-01-01 running"]);
        let clock = company.clocks(&capa)[0].id.clone();
        let input = json!({"clock": clock, "due_date": "2027-03-01"});
        assert_eq!(code(&world.run(&company.max, "clock.extend", input.clone()).unwrap_err()), "reason_needed");
        assert_eq!(code(&world.run_because(&company.quinn, "clock.extend", input.clone(), "window").unwrap_err()), "not_permitted");
        world.run_because(&company.max, "clock.extend", input, "effectiveness window").unwrap();
        let extended = &company.clocks(&capa)[0];
        assert_eq!((extended.original_due.as_str(), extended.due_date.as_str()), ("2027-01-01", "2027-03-01"));
        close_without_change(company, &capa);
        assert_eq!(company.clock_words(&capa), ["capa_60_days 2027-03-01 stopped"]);
    });
}

#[test]
fn frs_capa_010_a_plan_without_cause_actions_and_measure_is_not_submitted() {
    story(|company| {
        let capa = opened(company);
        let refused = blockers(&company.world.step(&company.quinn, &capa, "submit_plan").unwrap_err());
        assert_eq!(
            refused,
            [
                "capa.root_cause_known: “Method” is not filled in",
                "capa.root_cause_known: “Root cause” is not filled in",
                "capa.actions_planned: “Action plan” is not filled in",
                "capa.effectiveness_planned: “Metric” is not filled in",
                "capa.effectiveness_planned: “Threshold” is not filled in",
                "capa.effectiveness_planned: “Window in days” is not filled in",
            ]
        );
    });
}

#[test]
fn frs_capa_010_close_is_refused_when_the_root_cause_was_taken_out_again() {
    story(|company| {
        let capa = checked(company);
        company.world.edit(&company.quinn, &capa, json!({"root_cause": null})).unwrap();
        let refused = close_blockers(company, &capa);
        assert_eq!(refused[0], "capa.root_cause_known: “Root cause” is not filled in");
        assert!(refused.contains(&"capa.plan_as_approved: “Root cause” is not what version 5 said when the plan was approved".to_owned()));
    });
}

#[test]
fn frs_capa_011_a_plan_without_actions_is_not_submitted() {
    story(|company| {
        let capa = opened(company);
        let mut fields = plan();
        fields["action_plan"] = Json::Null;
        company.world.edit(&company.quinn, &capa, fields).unwrap();
        let refused = company.world.step(&company.quinn, &capa, "submit_plan").unwrap_err();
        assert_eq!(blockers(&refused), ["capa.actions_planned: “Action plan” is not filled in"]);
    });
}

#[test]
fn frs_capa_012_a_plan_without_a_measure_of_its_effect_is_not_submitted() {
    story(|company| {
        for (name, label) in [
            ("effectiveness_metric", "Metric"),
            ("effectiveness_threshold", "Threshold"),
            ("effectiveness_window_days", "Window in days"),
        ] {
            let capa = opened(company);
            let mut fields = plan();
            fields[name] = Json::Null;
            company.world.edit(&company.quinn, &capa, fields).unwrap();
            let refused = company.world.step(&company.quinn, &capa, "submit_plan").unwrap_err();
            assert_eq!(blockers(&refused), [format!("capa.effectiveness_planned: “{label}” is not filled in")]);
        }
    });
}

#[test]
fn frs_capa_012_the_window_has_0_to_730_days() {
    story(|company| {
        let capa = opened(company);
        for days in [0, 730] {
            company.world.edit(&company.quinn, &capa, json!({"effectiveness_window_days": days})).unwrap();
        }
        for days in [-1, 731] {
            let refused = company.world.edit(&company.quinn, &capa, json!({"effectiveness_window_days": days})).unwrap_err();
            assert_eq!(code(&refused), "out_of_range");
        }
    });
}

#[test]
fn frs_capa_005_the_plan_is_approved_by_a_quality_manager_who_did_not_write_it() {
    story(|company| {
        let world = &company.world;
        let capa = opened(company);
        world.edit(&company.quinn, &capa, plan()).unwrap();
        world.edit(&company.max, &capa, json!({"nature": "corrective"})).unwrap();
        world.step(&company.quinn, &capa, "submit_plan").unwrap();
        assert_eq!(code(&world.edit(&company.quinn, &capa, json!({"root_cause": "x"})).unwrap_err()), "content_fixed");
        assert_eq!(code(&world.sign_step(&company.max, &capa, "approve_plan").unwrap_err()), "self_approval");
        assert_eq!(code(&world.sign_step(&company.quinn, &capa, "approve_plan").unwrap_err()), "not_permitted");
        let mona = world.person("mona", &["quality_manager"]);
        world.step(&mona, &capa, "send_back").unwrap();
        world.step(&company.quinn, &capa, "submit_plan").unwrap();
        world.sign_step(&mona, &capa, "approve_plan").unwrap();
        let record = capa.clone();
        let given = world.kernel.database().read(move |tx| kernel::signature::of_record(tx, "main", &record)).unwrap();
        assert_eq!(given[0].meaning, "approved the action plan");
        assert_eq!(company.state(&capa), "implementing");
    });
}

#[test]
fn frs_capa_014_what_was_approved_is_not_changed_afterwards() {
    story(|company| {
        let world = &company.world;
        let capa = implementing(company);
        world.edit(&company.quinn, &capa, json!({"effectiveness_threshold": "fewer than before", "nature": "corrective"})).unwrap();
        let changed = "capa.plan_as_approved: “Threshold” is not what version 5 said when the plan was approved";
        assert_eq!(blockers(&world.step(&company.quinn, &capa, "check_effectiveness").unwrap_err()), [changed]);
        world.edit(&company.quinn, &capa, json!({"effectiveness_threshold": "0 in the window"})).unwrap();
        world.step(&company.quinn, &capa, "check_effectiveness").unwrap();
        world.edit(&company.quinn, &capa, json!({"effectiveness_window_days": 1})).unwrap();
        assert!(close_blockers(company, &capa).iter().any(|text| text.starts_with("capa.plan_as_approved: “Window in days”")));
    });
}

#[test]
fn frs_capa_013_a_plan_is_not_submitted_with_a_result_that_stands_there_already() {
    story(|company| {
        let capa = opened(company);
        company.world.edit(&company.quinn, &capa, plan()).unwrap();
        judge(company, &capa, "effective");
        let refused = blockers(&company.world.step(&company.quinn, &capa, "submit_plan").unwrap_err());
        assert!(refused.len() == 1 && refused[0].starts_with("capa.result_is_open"), "{refused:?}");
    });
}

#[test]
fn frs_capa_015_what_did_not_work_goes_back_to_the_investigation_with_a_reason() {
    story(|company| {
        let world = &company.world;
        let capa = checked(company);
        world.edit(&company.quinn, &capa, json!({"no_change_why": "Supplier's work"})).unwrap();
        assert_eq!(
            blockers(&world.step(&company.quinn, &capa, "not_effective").unwrap_err()),
            ["capa.found_not_effective: “Result” is not “Not effective”", "capa.found_not_effective: “Evidence” is not filled in"]
        );
        judge(company, &capa, "not_effective");
        company.days_pass(31);
        assert_eq!(close_blockers(company, &capa), ["capa.effectiveness_judged: The actions were found not effective: investigate again"]);
        let input = json!({"record": capa, "version": world.record(&capa).version, "step": "not_effective"});
        assert_eq!(code(&world.run(&company.quinn, "record.step", input).unwrap_err()), "reason_needed");
        world.step(&company.quinn, &capa, "not_effective").unwrap();
        assert_eq!(company.state(&capa), "investigation");
        assert!(company.open(&capa, "act").is_empty());
        let stale = blockers(&world.step(&company.quinn, &capa, "submit_plan").unwrap_err());
        assert!(stale.len() == 1 && stale[0].starts_with("capa.result_is_open"), "{stale:?}");
        world.edit(&company.quinn, &capa, json!({"effectiveness_result": null, "root_cause": "The seal itself", "effectiveness_window_days": 0})).unwrap();
        approve(company, &capa);
        world.step(&company.quinn, &capa, "check_effectiveness").unwrap();
        judge(company, &capa, "effective");
        world.sign_step(&company.max, &capa, "close").unwrap();
    });
}

#[test]
fn frs_capa_023_a_capa_with_an_open_order_is_not_withdrawn() {
    story(|company| {
        let world = &company.world;
        let capa = opened(company);
        let part = company.part("VX-1");
        let order = company.order(&[&part]);
        world.link(&company.quinn, &capa, "implemented_by", &order).unwrap();
        assert_eq!(blockers(&world.step(&company.max, &capa, "withdraw").unwrap_err()), ["capa.orders_settled: Change order ECO-0001 is draft"]);
        assert_eq!(code(&world.step(&company.quinn, &capa, "withdraw").unwrap_err()), "not_permitted");
        world.step(&company.elena, &order, "cancel").unwrap();
        world.step(&company.max, &capa, "withdraw").unwrap();
        assert_eq!(company.clock_words(&capa), ["capa_60_days 2027-01-01 stopped"]);
    });
}
