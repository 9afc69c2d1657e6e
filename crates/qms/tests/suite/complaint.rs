//! Complaints: intake, the reportability decisions and their clocks, closing.

use crate::company::{Company, blockers, code, story};
use kernel::kind::Phase;
use serde_json::{Value as Json, json};

fn intake() -> Json {
    json!({
        "aware_on": "2026-11-02",
        "reporter": "health_professional",
        "product_number": "VX-100",
        "description": "Fitting exposed to oxygen smokes",
        "harm": "none",
    })
}

fn received(company: &Company) -> String {
    company.world.create(&company.quinn, "complaint", "Oxygen fitting", intake()).unwrap()
}

fn us(rest: &[(&str, &str)]) -> Json {
    let ours = [("us_market", "yes"), ("our_device", "yes"), ("event_took_place", "yes")];
    ours.iter().chain(rest).map(|(question, answer)| ((*question).to_owned(), json!(answer))).collect::<serde_json::Map<_, _>>().into()
}

fn thirty_days() -> Json {
    us(&[("death_or_serious_injury", "neither"), ("malfunction", "likely"), ("medical_judgement", "no"), ("urgency", "neither")])
}

fn five_days() -> Json {
    us(&[("death_or_serious_injury", "serious_injury"), ("medical_judgement", "no"), ("urgency", "remedial_action")])
}

fn no_us_report() -> Json {
    us(&[("death_or_serious_injury", "neither"), ("malfunction", "no_malfunction")])
}

fn eu(severity: &str) -> Json {
    json!({"union_market": "yes", "incident": "yes", "expected_side_effect": "no", "serious": "yes", "causal": "possible", "severity": severity})
}

fn no_eu_report() -> Json {
    json!({"union_market": "no"})
}

fn decide_us(company: &Company, complaint: &str, answers: &Json) -> String {
    company.decide(&company.rosa, complaint, "us_medical_device_report", answers).unwrap()
}

fn decide_eu(company: &Company, complaint: &str, answers: &Json) -> String {
    company.decide(&company.rosa, complaint, "eu_serious_incident", answers).unwrap()
}

fn tell(company: &Company, complaint: &str, complainant: &Json) {
    company.world.run(&company.quinn, "personal.edit", json!({"record": complaint, "personal": complainant})).unwrap();
}

/// A complaint under investigation, with these two decisions.
fn investigating(company: &Company, us: &Json, eu: &Json) -> String {
    let complaint = received(company);
    tell(company, &complaint, &json!({"complainant_name": "Nora Nemo", "complainant_address": "Hidden Lane 7", "complainant_email": "nora@example.org"}));
    company.world.step(&company.quinn, &complaint, "evaluate").unwrap();
    decide_us(company, &complaint, us);
    decide_eu(company, &complaint, eu);
    company.world.step(&company.quinn, &complaint, "investigate").unwrap();
    complaint
}

#[test]
fn frs_cmp_001_anybody_takes_a_complaint_in_and_what_is_needed_is_asked_for() {
    story(|company| {
        let world = &company.world;
        let operator = world.person("otto", &["operator"]);
        let complaint = world.create(&operator, "complaint", "Smoke", intake()).unwrap();
        assert_eq!((world.record(&complaint).number.as_str(), company.state(&complaint).as_str()), ("CO-2026-0001", "received"));
        for name in ["aware_on", "reporter", "product_number", "description", "harm"] {
            let mut fields = intake();
            fields[name] = Json::Null;
            let refused = world.create(&operator, "complaint", "Smoke", fields).unwrap_err();
            assert_eq!(refused.refusal().unwrap().place, Some(format!("fields.{name}")));
        }
        assert_eq!(code(&world.edit(&operator, &complaint, json!({"udi": "x"})).unwrap_err()), "not_permitted");
    });
}

#[test]
fn frs_cmp_002_a_complaint_concerns_a_part_and_nothing_else() {
    story(|company| {
        let (part, complaint) = (company.part("VX-100"), received(company));
        company.world.link(&company.quinn, &complaint, "concerns", &part).unwrap();
        let other = received(company);
        let refused = company.world.link(&company.quinn, &complaint, "concerns", &other).unwrap_err();
        assert_eq!(code(&refused), "wrong_kind");
    });
}

#[test]
fn frs_cmp_003_nobody_becomes_aware_in_the_future_or_before_the_event() {
    story(|company| {
        let world = &company.world;
        let complaint = received(company);
        world.edit(&company.quinn, &complaint, json!({"aware_on": "2026-11-03", "event_date": "2026-11-04"})).unwrap();
        let refused = world.step(&company.quinn, &complaint, "evaluate").unwrap_err();
        assert_eq!(
            blockers(&refused),
            [
                "complaint.dates_are_possible: “Aware on” is 2026-11-03, which is in the future",
                "complaint.dates_are_possible: “Date of the event” is 2026-11-04, after the day of awareness, 2026-11-03",
            ]
        );
        world.edit(&company.quinn, &complaint, json!({"aware_on": "2026-11-02", "event_date": "2026-11-02"})).unwrap();
        world.step(&company.quinn, &complaint, "evaluate").unwrap();
    });
}

#[test]
fn frs_cmp_010_the_evaluation_cannot_end_before_both_decisions_are_taken() {
    story(|company| {
        let world = &company.world;
        let complaint = received(company);
        world.step(&company.quinn, &complaint, "evaluate").unwrap();
        let both = blockers(&world.step(&company.quinn, &complaint, "investigate").unwrap_err());
        assert_eq!(
            both,
            [
                "complaint.us_reportability_decided: The decision “Medical device report (FDA)” has not been taken",
                "complaint.eu_reportability_decided: The decision “Serious incident (EU MDR)” has not been taken",
            ]
        );
        decide_us(company, &complaint, &no_us_report());
        assert_eq!(blockers(&world.step(&company.quinn, &complaint, "investigate").unwrap_err()).len(), 1);
        decide_eu(company, &complaint, &no_eu_report());
        world.step(&company.quinn, &complaint, "investigate").unwrap();
        assert!(company.clocks(&complaint).is_empty());
    });
}

#[test]
fn frs_cmp_010_only_regulatory_affairs_and_quality_engineers_decide() {
    story(|company| {
        let complaint = received(company);
        for actor in [&company.elena, &company.max, &company.world.admin] {
            let refused = company.decide(actor, &complaint, "us_medical_device_report", &no_us_report()).unwrap_err();
            assert_eq!(code(&refused), "not_permitted");
        }
        assert_eq!(company.decide(&company.quinn, &complaint, "us_medical_device_report", &no_us_report()).unwrap(), "not_reportable");
        let half = json!({"us_market": "yes"});
        let refused = company.decide(&company.rosa, &complaint, "us_medical_device_report", &half).unwrap_err();
        assert_eq!((code(&refused).as_str(), refused.refusal().unwrap().place.as_deref()), ("answer_missing", Some("answers.our_device")));
    });
}

#[test]
fn frs_cmp_012_the_clock_counts_from_the_day_of_awareness() {
    story(|company| {
        let world = &company.world;
        let complaint = received(company);
        world.edit(&company.quinn, &complaint, json!({"aware_on": "2026-10-30"})).unwrap();
        world.step(&company.quinn, &complaint, "evaluate").unwrap();
        assert_eq!(decide_us(company, &complaint, &thirty_days()), "thirty_day_report");
        assert_eq!(decide_eu(company, &complaint, &eu("death")), "ten_days");
        assert_eq!(company.clock_words(&complaint), ["mdr_30_days 2026-11-29 running", "eu_10_days 2026-11-09 running"]);
    });
}

#[test]
fn frs_cmp_014_each_gravity_of_an_incident_starts_its_own_clock() {
    story(|company| {
        for (severity, clock) in [
            ("public_health_threat", "eu_2_days 2026-11-04 running"),
            ("unanticipated", "eu_10_days 2026-11-12 running"),
            ("other", "eu_15_days 2026-11-17 running"),
        ] {
            let complaint = received(company);
            decide_eu(company, &complaint, &eu(severity));
            assert_eq!(company.clock_words(&complaint), [clock]);
        }
    });
}

#[test]
fn frs_cmp_012_the_due_date_is_a_date_in_the_zone_of_the_site() {
    story(|company| {
        let world = &company.world;
        let site = json!({"kind": "site", "number": "AKL", "title": "Auckland", "fields": {"zone": "Pacific/Auckland"}});
        world.run(&world.admin, "record.create", site).unwrap();
        // 2 November, 20:00 UTC: it is the 3rd in Auckland already, and still the 2nd in Rome.
        world.clock.advance_seconds(13 * 3600);
        let at = |site: &str, aware: &str| {
            let mut fields = intake();
            fields["aware_on"] = json!(aware);
            let input = json!({"kind": "complaint", "title": "Smoke", "site": site, "fields": fields});
            world.create_with(&company.quinn, input).unwrap()
        };
        let (rome, auckland) = (at("ROM", "2026-11-03"), at("AKL", "2026-11-03"));
        assert_eq!(blockers(&world.step(&company.quinn, &rome, "evaluate").unwrap_err()).len(), 1);
        world.step(&company.quinn, &auckland, "evaluate").unwrap();
        decide_us(company, &auckland, &five_days());
        let clock = &company.clocks(&auckland)[0];
        assert_eq!((clock.zone.as_str(), clock.due_date.as_str()), ("Pacific/Auckland", "2026-11-10"));
        assert_eq!(clock.started_at.to_rfc3339(), "2026-11-02T11:00:00.000000Z");
    });
}

#[test]
fn frs_cmp_013_a_new_decision_replaces_the_old_one_and_its_clock() {
    story(|company| {
        let complaint = investigating(company, &thirty_days(), &no_eu_report());
        decide_us(company, &complaint, &five_days());
        assert_eq!(company.clock_words(&complaint), ["mdr_30_days 2026-12-02 stopped", "mdr_5_work_days 2026-11-09 running"]);
        decide_us(company, &complaint, &no_us_report());
        assert!(company.clocks(&complaint).iter().all(|clock| clock.state == "stopped"));
        let record = complaint.clone();
        let decisions = company.world.kernel.database().read(move |tx| kernel::decision::of_record(tx, "main", &record)).unwrap();
        let us: Vec<_> = decisions.iter().filter(|decision| decision.tree == "us_medical_device_report").collect();
        assert_eq!(us.len(), 3);
        assert_eq!(us.iter().filter(|decision| decision.replaced_at.is_none()).count(), 1);
        assert!(us.iter().all(|decision| decision.tree_version == "1"));
    });
}

#[test]
fn frs_cmp_012_a_time_that_a_regulation_sets_is_not_extended() {
    story(|company| {
        let complaint = investigating(company, &thirty_days(), &no_eu_report());
        let clock = company.clocks(&complaint)[0].id.clone();
        let input = json!({"clock": clock, "due_date": "2027-01-31"});
        let refused = company.world.run_because(&company.rosa, "clock.extend", input, "late").unwrap_err();
        assert_eq!(code(&refused), "not_extendable");
        assert_eq!(company.clock_words(&complaint), ["mdr_30_days 2026-12-02 running"]);
    });
}

#[test]
fn frs_cmp_015_a_clock_that_counts_from_another_day_blocks_until_the_decision_is_taken_again() {
    story(|company| {
        let world = &company.world;
        let complaint = investigating(company, &thirty_days(), &no_eu_report());
        world.edit(&company.rosa, &complaint, json!({"aware_on": "2026-10-20", "us_reported_on": "2026-11-02", "us_report_reference": "3001-2026-1"})).unwrap();
        let refused = world.step(&company.rosa, &complaint, "report_to_fda").unwrap_err();
        assert_eq!(
            blockers(&refused),
            ["complaint.clocks_count_from_awareness: The clock mdr_30_days counts from 2026-11-02, but “Aware on” is 2026-10-20: take the decision again"]
        );
        decide_us(company, &complaint, &thirty_days());
        world.step(&company.rosa, &complaint, "report_to_fda").unwrap();
        assert_eq!(company.clock_words(&complaint), ["mdr_30_days 2026-11-19 stopped", "mdr_30_days 2026-12-02 stopped"]);
    });
}

#[test]
fn frs_cmp_016_a_report_is_recorded_with_date_and_reference_by_regulatory_affairs() {
    story(|company| {
        let world = &company.world;
        let complaint = investigating(company, &thirty_days(), &eu("other"));
        let empty = blockers(&world.step(&company.rosa, &complaint, "report_to_fda").unwrap_err());
        assert_eq!(
            empty,
            [
                "complaint.report_is_described: “Reported to the FDA on” is not filled in",
                "complaint.report_is_described: “FDA report number” is not filled in",
            ]
        );
        for (date, problem) in [("2026-11-03", "which is in the future"), ("2026-11-01", "before the company became aware")] {
            world.edit(&company.rosa, &complaint, json!({"us_reported_on": date, "us_report_reference": "3001-2026-1"})).unwrap();
            let refused = blockers(&world.step(&company.rosa, &complaint, "report_to_fda").unwrap_err());
            assert!(refused.len() == 1 && refused[0].ends_with(problem), "{refused:?}");
        }
        world.edit(&company.rosa, &complaint, json!({"us_reported_on": "2026-11-02"})).unwrap();
        assert_eq!(code(&world.step(&company.quinn, &complaint, "report_to_fda").unwrap_err()), "not_permitted");
        world.step(&company.rosa, &complaint, "report_to_fda").unwrap();
        assert_eq!(company.state(&complaint), "investigating");
        assert_eq!(company.clock_words(&complaint), ["mdr_30_days 2026-12-02 stopped", "eu_15_days 2026-11-17 running"]);
    });
}

#[test]
fn frs_cmp_016_what_is_not_reportable_is_not_recorded_as_reported() {
    story(|company| {
        let world = &company.world;
        let complaint = investigating(company, &no_us_report(), &no_eu_report());
        world.edit(&company.rosa, &complaint, json!({"eu_reported_on": "2026-11-02", "eu_report_reference": "MIR-1"})).unwrap();
        let refused = world.step(&company.rosa, &complaint, "report_to_eu").unwrap_err();
        assert_eq!(blockers(&refused), ["complaint.report_is_described: The decision for the EU authority is “Not under Art. 87”"]);
    });
}

#[test]
fn frs_cmp_017_close_is_refused_while_a_report_or_the_investigation_is_missing() {
    story(|company| {
        let world = &company.world;
        let complaint = investigating(company, &thirty_days(), &eu("death"));
        let refused = world.sign_step(&company.max, &complaint, "close").unwrap_err();
        assert_eq!(
            blockers(&refused),
            [
                "complaint.reported: The FDA is not told yet: “Report within 30 calendar days”, due on 2026-12-02",
                "complaint.reported: The EU authority is not told yet: “Report at once, within 10 days”, due on 2026-11-12",
                "complaint.investigated: Neither an investigation nor a reason for none is written down",
            ]
        );
        let reports = json!({
            "us_reported_on": "2026-11-02", "us_report_reference": "3001-2026-1",
            "eu_reported_on": "2026-11-02", "eu_report_reference": "MIR-1",
            "investigation_summary": "Seal material not oxygen safe",
        });
        world.edit(&company.rosa, &complaint, reports).unwrap();
        world.step(&company.rosa, &complaint, "report_to_fda").unwrap();
        world.step(&company.rosa, &complaint, "report_to_eu").unwrap();
        world.edit(&company.rosa, &complaint, json!({"us_reported_on": null})).unwrap();
        let refused = world.sign_step(&company.max, &complaint, "close").unwrap_err();
        assert_eq!(blockers(&refused), ["complaint.reported: “Reported to the FDA on” is not filled in"]);
        world.edit(&company.rosa, &complaint, json!({"us_reported_on": "2026-11-02"})).unwrap();
        world.sign_step(&company.max, &complaint, "close").unwrap();
        assert_eq!(world.record(&complaint).phase, Phase::Closed);
        assert!(company.open(&complaint, "sign").is_empty());
    });
}

#[test]
fn frs_cmp_018_a_closed_capa_stands_for_the_investigation_and_an_open_one_does_not() {
    story(|company| {
        let world = &company.world;
        let complaint = investigating(company, &no_us_report(), &no_eu_report());
        let capa = crate::capa::opened(company);
        world.link(&company.quinn, &capa, "addresses", &complaint).unwrap();
        let refused = world.sign_step(&company.max, &complaint, "close").unwrap_err();
        assert_eq!(blockers(&refused), ["complaint.investigated: The investigation is not written down and the CAPA is not closed"]);
        assert_eq!(refused.refusal().unwrap().blockers[0].records[0].number, "CAPA-2026-0001");
        crate::capa::close_without_change(company, &capa);
        world.sign_step(&company.max, &complaint, "close").unwrap();
    });
}

#[test]
fn frs_cmp_018_a_reason_for_not_investigating_is_enough() {
    story(|company| {
        let complaint = investigating(company, &no_us_report(), &no_eu_report());
        company.world.edit(&company.quinn, &complaint, json!({"no_investigation_why": "Same as CO-2026-0007"})).unwrap();
        company.world.sign_step(&company.max, &complaint, "close").unwrap();
        assert_eq!(company.state(&complaint), "closed");
    });
}

#[test]
fn frs_cmp_017_whoever_wrote_in_a_complaint_does_not_close_it() {
    story(|company| {
        let complaint = investigating(company, &no_us_report(), &no_eu_report());
        company.world.edit(&company.max, &complaint, json!({"investigation_summary": "Mine"})).unwrap();
        assert_eq!(code(&company.world.sign_step(&company.max, &complaint, "close").unwrap_err()), "self_approval");
    });
}

#[test]
fn frs_cmp_020_a_complaint_is_not_closed_without_the_complainant_or_the_reason_why_they_are_not_known() {
    story(|company| {
        let world = &company.world;
        let complaint = investigating(company, &no_us_report(), &no_eu_report());
        world.edit(&company.quinn, &complaint, json!({"investigation_summary": "Seal"})).unwrap();
        tell(company, &complaint, &json!({"complainant_name": null, "complainant_address": null, "complainant_email": null}));
        let close = || blockers(&world.sign_step(&company.max, &complaint, "close").unwrap_err());
        assert_eq!(
            close(),
            [
                "complaint.complainant_recorded: The complainant's name is not recorded, nor why it is not known",
                "complaint.complainant_recorded: The complainant's address is not recorded, nor why it is not known",
                "complaint.complainant_recorded: A telephone number or e-mail address of the complainant is not recorded, nor why it is not known",
            ]
        );
        tell(company, &complaint, &json!({"complainant_name": "Nora Nemo", "complainant_phone": "+39 06 1"}));
        assert_eq!(close(), ["complaint.complainant_recorded: The complainant's address is not recorded, nor why it is not known"]);
        world.edit(&company.quinn, &complaint, json!({"complainant_unknown_why": "Asked on 2, 5 and 9 November; no answer"})).unwrap();
        world.sign_step(&company.max, &complaint, "close").unwrap();
        assert_eq!(company.state(&complaint), "closed");
    });
}

#[test]
fn frs_cmp_020_what_was_recorded_and_then_erased_does_not_keep_a_complaint_open() {
    story(|company| {
        let world = &company.world;
        let complaint = investigating(company, &no_us_report(), &no_eu_report());
        world.edit(&company.quinn, &complaint, json!({"investigation_summary": "Seal"})).unwrap();
        let digest = world.record(&complaint).digest;
        world.run_because(&company.max, "personal.erase", json!({"record": complaint}), "asked for by them").unwrap();
        assert_eq!(world.record(&complaint).digest, digest);
        world.sign_step(&company.max, &complaint, "close").unwrap();
        assert_eq!(world.record(&complaint).phase, Phase::Closed);
    });
}

#[test]
fn frs_cmp_019_what_must_be_reported_is_not_voided_and_voiding_needs_a_reason() {
    story(|company| {
        let world = &company.world;
        let complaint = received(company);
        world.step(&company.quinn, &complaint, "evaluate").unwrap();
        decide_eu(company, &complaint, &eu("other"));
        let refused = world.step(&company.quinn, &complaint, "void").unwrap_err();
        assert_eq!(blockers(&refused), ["complaint.nothing_to_report: The decision for the EU authority is “Report at once, within 15 days”"]);
        decide_eu(company, &complaint, &json!({"union_market": "yes", "incident": "no"}));
        let input = json!({"record": complaint, "version": world.record(&complaint).version, "step": "void"});
        assert_eq!(code(&world.run(&company.quinn, "record.step", input).unwrap_err()), "reason_needed");
        world.step(&company.quinn, &complaint, "void").unwrap();
        assert_eq!(world.record(&complaint).phase, Phase::Void);
    });
}

#[test]
fn frs_cmp_011_013_a_decision_with_a_missing_or_unknown_answer_is_refused_and_the_one_before_stays() {
    story(|company| {
        let world = &company.world;
        let complaint = received(company);
        world.step(&company.quinn, &complaint, "evaluate").unwrap();
        decide_us(company, &complaint, &five_days());
        let missing = world.step(&company.quinn, &complaint, "investigate").unwrap_err();
        assert_eq!(blockers(&missing), ["complaint.eu_reportability_decided: The decision “Serious incident (EU MDR)” has not been taken"]);
        for (tree, answers, expected) in [
            ("eu_serious_incident", json!({"union_market": "yes", "incident": "yes"}), "answer_missing"),
            ("eu_serious_incident", eu("a little"), "answer_unknown"),
            ("us_medical_device_report", us(&[("death_or_serious_injury", "neither")]), "answer_missing"),
        ] {
            assert_eq!(code(&company.decide(&company.rosa, &complaint, tree, &answers).unwrap_err()), expected, "{answers}");
        }
        assert_eq!(company.clock_words(&complaint), ["mdr_5_work_days 2026-11-09 running"]);
        assert_eq!(blockers(&world.step(&company.quinn, &complaint, "investigate").unwrap_err()).len(), 1);
    });
}

#[test]
fn frs_cmp_014_an_incident_that_is_not_serious_starts_no_clock() {
    story(|company| {
        let complaint = received(company);
        for answers in [
            json!({"union_market": "yes", "incident": "no"}),
            json!({"union_market": "yes", "incident": "yes", "expected_side_effect": "no", "serious": "no"}),
            json!({"union_market": "yes", "incident": "yes", "expected_side_effect": "no", "serious": "yes", "causal": "excluded"}),
        ] {
            decide_eu(company, &complaint, &answers);
            assert!(company.clocks(&complaint).is_empty(), "{answers}");
        }
    });
}
