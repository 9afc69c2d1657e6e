//! Risks: estimation, control, evaluation by the matrix, re-assessment.

use crate::company::{Company, blockers, code, revisions, story};
use kernel::kind::Phase;
use serde_json::{Value as Json, json};

fn analysis() -> Json {
    json!({
        "hazard": "Oxygen under pressure",
        "sequence_of_events": "Grease in the fitting ignites",
        "hazardous_situation": "Flame beside the patient",
        "harm": "Burn",
        "severity": 5,
        "probability_before": 3,
    })
}

fn controls() -> Json {
    json!({
        "controls": "Oxygen-safe fittings",
        "control_type": "inherent_safety",
        "control_verification": "Drawing check; ignition test T-17",
        "risks_from_controls": "None",
        "probability_after": 1,
    })
}

fn draft(company: &Company) -> String {
    company.world.create(&company.elena, "risk", "Ignition of a fitting", analysis()).unwrap()
}

fn assess(company: &Company, risk: &str) {
    company.world.step(&company.elena, risk, "evaluate").unwrap();
    company.world.step(&company.elena, risk, "submit").unwrap();
    company.world.sign_step(&company.max, risk, "assess").unwrap();
}

/// An assessed risk that concerns a part.
pub fn assessed(company: &Company, part: &str) -> String {
    let risk = draft(company);
    company.world.edit(&company.elena, &risk, controls()).unwrap();
    company.world.link(&company.elena, &risk, "concerns", part).unwrap();
    assess(company, &risk);
    risk
}

#[test]
fn frs_rsk_001_a_risk_needs_a_hazard_and_keeps_its_grades_on_the_scales() {
    story(|company| {
        let refused = company.world.create(&company.elena, "risk", "x", json!({})).unwrap_err();
        assert_eq!(refused.refusal().unwrap().place.as_deref(), Some("fields.hazard"));
        let risk = draft(company);
        assert_eq!(company.world.record(&risk).label(), "RSK-0001 rev 1");
        for field in ["severity", "probability_before", "probability_after"] {
            for grade in [1, 5] {
                let set = company.world.edit(&company.elena, &risk, json!({field: grade}));
                assert!(set.is_ok() || code(&set.unwrap_err()) == "nothing_changed");
            }
            for grade in [0, 6] {
                assert_eq!(code(&company.world.edit(&company.elena, &risk, json!({field: grade})).unwrap_err()), "out_of_range");
            }
        }
    });
}

#[test]
fn frs_rsk_002_what_is_not_described_is_not_submitted() {
    story(|company| {
        let world = &company.world;
        let risk = world.create(&company.elena, "risk", "x", json!({"hazard": "Oxygen"})).unwrap();
        let all = blockers(&world.step(&company.elena, &risk, "submit").unwrap_err());
        let rules: Vec<_> = all.iter().map(|text| text.split(':').next().unwrap()).collect();
        assert_eq!(
            rules,
            [
                "risk.described",
                "risk.described",
                "risk.described",
                "risk.estimated",
                "risk.estimated",
                "risk.controls_complete",
                "risk.evaluated",
            ]
        );
    });
}

#[test]
fn frs_rsk_003_what_is_not_estimated_is_not_evaluated() {
    story(|company| {
        let world = &company.world;
        let risk = world.create(&company.elena, "risk", "x", json!({"hazard": "Oxygen"})).unwrap();
        assert_eq!(
            blockers(&world.step(&company.elena, &risk, "evaluate").unwrap_err()),
            ["risk.estimated: “Severity” is not filled in", "risk.estimated: “Probability before controls” is not filled in"]
        );
        assert_eq!(world.record(&risk).version, 1);
    });
}

#[test]
fn frs_rsk_006_the_evaluation_is_computed_and_remembers_its_matrix() {
    story(|company| {
        let world = &company.world;
        let risk = draft(company);
        world.edit(&company.elena, &risk, controls()).unwrap();
        world.step(&company.elena, &risk, "evaluate").unwrap();
        let record = world.record(&risk);
        assert_eq!(company.state(&risk), "draft");
        assert_eq!(
            ["acceptability_before", "acceptability_after"].map(|name| record.field_text(name)),
            ["unacceptable", "reduce"]
        );
        let matrix = world.named("reference_table", "RT-RISK-MATRIX");
        assert_eq!(record.fields["matrix"], json!({"table": "risk_matrix", "record": matrix.id, "label": "RT-RISK-MATRIX rev 1", "digest": matrix.digest}));
        world.step(&company.elena, &risk, "evaluate").unwrap();
        assess(company, &risk);
        assert_eq!(world.record(&risk).phase, Phase::Effective);
    });
}

#[test]
fn frs_rsk_006_a_typed_result_or_a_stale_one_is_not_submitted() {
    story(|company| {
        let world = &company.world;
        let risk = draft(company);
        world.edit(&company.elena, &risk, controls()).unwrap();
        assert_eq!(blockers(&world.step(&company.elena, &risk, "submit").unwrap_err()), ["risk.evaluated: The risk is not evaluated"]);
        let again = ["risk.evaluated: Values or matrix have changed since the evaluation: evaluate again"];
        let typed = json!({"acceptability_before": "acceptable", "acceptability_after": "acceptable"});
        world.edit(&company.elena, &risk, typed).unwrap();
        assert_eq!(code(&world.edit(&company.elena, &risk, json!({"matrix": "mine"})).unwrap_err()), "bad_table_revision");
        assert_eq!(blockers(&world.step(&company.elena, &risk, "submit").unwrap_err()), again);
        world.step(&company.elena, &risk, "evaluate").unwrap();
        world.edit(&company.elena, &risk, json!({"severity": 4})).unwrap();
        assert_eq!(blockers(&world.step(&company.elena, &risk, "submit").unwrap_err()), again);
    });
}

#[test]
fn frs_rsk_005_a_risk_is_not_submitted_until_its_controls_are_ranked_verified_and_looked_at_for_their_own_risks() {
    story(|company| {
        let world = &company.world;
        let risk = draft(company);
        let submit = || {
            world.step(&company.elena, &risk, "evaluate").unwrap();
            blockers(&world.step(&company.elena, &risk, "submit").unwrap_err())
        };
        assert_eq!(
            submit(),
            [
                "risk.controls_complete: “Controls” is not filled in",
                "risk.residual_risk_justified: The residual risk is unacceptable and “Benefit-risk analysis” is not filled in",
            ]
        );
        world.edit(&company.elena, &risk, json!({"controls": "Warning label", "control_type": "information", "probability_after": 4})).unwrap();
        assert_eq!(
            submit(),
            [
                "risk.controls_complete: “Verification of the controls” is not filled in",
                "risk.controls_complete: “Risks from the controls” is not filled in",
                "risk.controls_complete: “Why no stronger control” is not filled in",
                "risk.controls_complete: The probability after controls is higher than before",
                "risk.residual_risk_justified: The residual risk is unacceptable and “Benefit-risk analysis” is not filled in",
            ]
        );
        world.edit(&company.elena, &risk, json!({"controls": null, "control_type": null, "benefit_risk": "Therapy saves lives"})).unwrap();
        assert_eq!(submit(), ["risk.controls_complete: A probability after controls is given, but no control"]);
    });
}

#[test]
fn frs_rsk_007_an_unacceptable_residual_risk_needs_a_benefit_that_outweighs_it() {
    story(|company| {
        let world = &company.world;
        let risk = draft(company);
        world.edit(&company.elena, &risk, controls()).unwrap();
        world.edit(&company.elena, &risk, json!({"probability_after": 3})).unwrap();
        world.step(&company.elena, &risk, "evaluate").unwrap();
        assert_eq!(
            blockers(&world.step(&company.elena, &risk, "submit").unwrap_err()),
            ["risk.residual_risk_justified: The residual risk is unacceptable and “Benefit-risk analysis” is not filled in"]
        );
        world.edit(&company.elena, &risk, json!({"benefit_risk": "Ventilation cannot be done without oxygen"})).unwrap();
        assess(company, &risk);
    });
}

#[test]
fn frs_rsk_008_an_assessment_is_approved_by_a_quality_manager_and_its_content_fixed() {
    story(|company| {
        let world = &company.world;
        let risk = draft(company);
        world.edit(&company.elena, &risk, controls()).unwrap();
        world.edit(&company.quinn, &risk, json!({"harm": "Burn, death"})).unwrap();
        world.step(&company.elena, &risk, "evaluate").unwrap();
        world.step(&company.elena, &risk, "submit").unwrap();
        assert_eq!(code(&world.edit(&company.elena, &risk, json!({"severity": 1})).unwrap_err()), "content_fixed");
        assert_eq!(code(&world.sign_step(&company.elena, &risk, "assess").unwrap_err()), "not_permitted");
        let both = world.person("bea", &["design_engineer", "quality_manager"]);
        world.step(&company.max, &risk, "send_back").unwrap();
        world.edit(&both, &risk, json!({"harm": "Burn"})).unwrap();
        world.step(&both, &risk, "submit").unwrap();
        assert_eq!(code(&world.sign_step(&both, &risk, "assess").unwrap_err()), "self_approval");
        world.sign_step(&company.max, &risk, "assess").unwrap();
    });
}

#[test]
fn frs_rsk_009_a_changed_part_asks_for_a_re_assessment_without_anybody_typing_it() {
    story(|company| {
        let world = &company.world;
        let part = company.part("VX-1");
        company.release(&company.order(&[&part]));
        let risk = assessed(company, &part);
        let second = company.revise(&company.elena, &part);
        let order = company.order(&[&second]);
        company.release(&order);
        let open = company.open(&risk, "reassess");
        assert_eq!(open.len(), 1);
        assert_eq!((open[0].cause.as_deref(), open[0].via.as_deref(), open[0].due_date.as_deref()), (Some(order.as_str()), Some(second.as_str()), Some("2026-11-16")));
        let input = json!({"obligation": open[0].id, "outcome": "Values stay: the fitting is safer"});
        assert_eq!(code(&world.run(&company.quinn, "obligation.complete", input.clone()).unwrap_err()), "not_yours");
        world.run(&company.elena, "obligation.complete", input).unwrap();
        assert_eq!((world.record(&risk).revision.as_str(), world.record(&risk).phase), ("1", Phase::Effective));
    });
}

#[test]
fn frs_rsk_010_a_new_revision_is_evaluated_anew_and_answers_the_re_assessment() {
    story(|company| {
        let world = &company.world;
        let part = company.part("VX-1");
        company.release(&company.order(&[&part]));
        let first = assessed(company, &part);
        let changed = company.revise(&company.elena, &part);
        company.release(&company.order(&[&changed]));
        let second = company.revise(&company.elena, &first);
        assert!(["acceptability_before", "acceptability_after", "matrix"].iter().all(|name| world.record(&second).field_is_empty(name)));
        world.edit(&company.elena, &second, json!({"probability_before": 2})).unwrap();
        assert_eq!(company.open(&first, "reassess").len(), 1);
        assess(company, &second);
        assert!(company.open(&first, "reassess").is_empty() && company.open(&second, "reassess").is_empty());
        assert_eq!(revisions(company, &world.record(&second)), ["1 superseded", "2 assessed"]);
        assert_eq!(world.record(&first).fields["matrix"]["label"], json!("RT-RISK-MATRIX rev 1"));
    });
}

#[test]
fn frs_rsk_011_a_risk_leaves_the_file_with_signature_and_reason() {
    story(|company| {
        let world = &company.world;
        let risk = assessed(company, &company.part("VX-1"));
        let step = json!({"record": risk, "version": world.record(&risk).version, "step": "retire"});
        assert_eq!(code(&world.sign(&company.max, "record.step", step).unwrap_err()), "reason_needed");
        assert_eq!(code(&world.sign_step(&company.elena, &risk, "retire").unwrap_err()), "not_permitted");
        world.sign_step(&company.max, &risk, "retire").unwrap();
        assert_eq!(world.record(&risk).phase, Phase::Closed);
    });
}

#[test]
fn frs_rsk_010_a_new_revision_is_not_submitted_on_the_evaluation_before_and_answers_nothing_until_assessed() {
    story(|company| {
        let world = &company.world;
        let part = company.part("VX-1");
        company.release(&company.order(&[&part]));
        let first = assessed(company, &part);
        let before = world.record(&first);
        let changed = company.revise(&company.elena, &part);
        company.release(&company.order(&[&changed]));
        let second = company.revise(&company.elena, &first);
        let refused = world.step(&company.elena, &second, "submit").unwrap_err();
        assert_eq!(blockers(&refused), ["risk.evaluated: The risk is not evaluated"]);
        world.step(&company.elena, &second, "evaluate").unwrap();
        world.step(&company.elena, &second, "submit").unwrap();
        assert_eq!(code(&world.sign_step(&company.elena, &second, "assess").unwrap_err()), "not_permitted");
        assert_eq!(company.open(&first, "reassess").len(), 1, "it is asked for until the new revision is assessed");
        let now = world.record(&first);
        assert_eq!((now.version, now.digest, now.phase), (before.version, before.digest, Phase::Effective));
    });
}

/// The next revision of the matrix, in which these cells say something else.
fn matrix_with(company: &Company, cells: &[&str], word: &str) -> String {
    let world = &company.world;
    let matrix = world.named("reference_table", "RT-RISK-MATRIX");
    let mut rows = kernel::sheet::Sheet::stored(&matrix.fields["rows"]);
    for row in &mut rows.rows {
        if cells.contains(&format!("{},{}", row[0], row[1]).as_str()) {
            row[2] = word.to_owned();
        }
    }
    let next = company.revise(&company.quinn, &matrix.id);
    world.edit(&company.quinn, &next, json!({"rows": rows.to_json(), "source": "Stricter for burns"})).unwrap();
    next
}

fn put_into_force(company: &Company, matrix: &str) {
    company.world.step(&company.quinn, matrix, "submit").unwrap();
    company.world.sign_step(&company.max, matrix, "approve").unwrap();
}

#[test]
fn frs_rsk_004_a_matrix_that_contradicts_itself_is_not_put_into_force() {
    story(|company| {
        let world = &company.world;
        let next = matrix_with(company, &["5,5"], "acceptable");
        let found = blockers(&world.step(&company.quinn, &next, "submit").unwrap_err());
        assert!(found[0].starts_with("reference_table.sound: Row 25, “Acceptability”: “acceptable” is more acceptable than the less severe risk in row 24"), "{found:?}");
        assert_eq!(world.named("reference_table", "RT-RISK-MATRIX").revision, "1");
    });
}

#[test]
fn frs_rsk_012_a_new_matrix_neither_changes_an_evaluation_nor_what_was_signed() {
    story(|company| {
        let world = &company.world;
        let risk = assessed(company, &company.part("VX-1"));
        let before = world.record(&risk);
        assert_eq!(before.field_text("acceptability_after"), "reduce");
        put_into_force(company, &matrix_with(company, &["5,1", "5,2"], "unacceptable"));
        assert_eq!(world.record(&risk), before);
        let second = company.revise(&company.elena, &risk);
        world.step(&company.elena, &second, "evaluate").unwrap();
        let after = world.record(&second);
        assert_eq!((after.field_text("acceptability_after"), &after.fields["matrix"]["label"]), ("unacceptable", &json!("RT-RISK-MATRIX rev 2")));
        assert_eq!(world.record(&risk).digest, before.digest);
    });
}

#[test]
fn frs_rsk_006_a_draft_evaluated_by_an_earlier_matrix_is_not_approved_until_it_is_evaluated_again() {
    story(|company| {
        let world = &company.world;
        let risk = draft(company);
        world.edit(&company.elena, &risk, controls()).unwrap();
        world.step(&company.elena, &risk, "evaluate").unwrap();
        world.step(&company.elena, &risk, "submit").unwrap();
        // A cell in which this risk does not stand: its result would be the same.
        put_into_force(company, &matrix_with(company, &["5,2"], "unacceptable"));
        let expected = ["risk.evaluated: It was evaluated by RT-RISK-MATRIX rev 1; RT-RISK-MATRIX rev 2 is in force now: evaluate again"];
        assert_eq!(blockers(&world.sign_step(&company.max, &risk, "assess").unwrap_err()), expected);
        assert_eq!(world.record(&risk).state, "in_review");
        world.step(&company.max, &risk, "send_back").unwrap();
        assert_eq!(blockers(&world.step(&company.elena, &risk, "submit").unwrap_err()), expected);
        assess(company, &risk);
        assert_eq!(world.record(&risk).fields["matrix"]["label"], json!("RT-RISK-MATRIX rev 2"));
    });
}
