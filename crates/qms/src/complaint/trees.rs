//! Reportability of complaints: the decision trees of two markets and the clocks they start.
//!
//! Questions and help put the clauses into own words; the clause is named so that a reader can open
//! it. The trees are our release; a company that decides differently ships its own version in a
//! configuration package.

use kernel::calendar::{ClockRule, US_FEDERAL};
use kernel::decision_tree::{Answer, DecisionTree, Next, Outcome, Question};

/// 30 calendar days after the day any employee became aware (21 CFR 803.50(a), 803.10(c)(1)).
pub const MDR_30_DAYS: &str = "mdr_30_days";
/// 5 work days after the day of awareness (21 CFR 803.53).
pub const MDR_5_WORK_DAYS: &str = "mdr_5_work_days";
/// 2 days: serious public health threat (EU MDR Art. 87(4)).
pub const EU_2_DAYS: &str = "eu_2_days";
/// 10 days: death or unanticipated serious deterioration (EU MDR Art. 87(5)).
pub const EU_10_DAYS: &str = "eu_10_days";
/// 15 days: any other serious incident (EU MDR Art. 87(3)).
pub const EU_15_DAYS: &str = "eu_15_days";

/// The clocks of both markets. None can be extended: a regulation sets the time.
pub fn reporting_clocks() -> Vec<ClockRule> {
    vec![
        ClockRule::calendar_days(MDR_30_DAYS, "FRS-CMP-012", 30),
        ClockRule::work_days(MDR_5_WORK_DAYS, "FRS-CMP-013", 5, US_FEDERAL),
        ClockRule::calendar_days(EU_2_DAYS, "FRS-CMP-014", 2),
        ClockRule::calendar_days(EU_10_DAYS, "FRS-CMP-014", 10),
        ClockRule::calendar_days(EU_15_DAYS, "FRS-CMP-014", 15),
    ]
}

/// Must a manufacturer report this event to the FDA, and by when? (21 CFR 803.3, 803.20, 803.22,
/// 803.50, 803.53)
pub fn us_medical_device_report() -> DecisionTree {
    DecisionTree {
        name: "us_medical_device_report".to_owned(),
        version: 1,
        title: "Medical device report (FDA)".to_owned(),
        source: "21 CFR 803.3, 803.20(c)(2), 803.22(b), 803.50, 803.53".to_owned(),
        questions: vec![
            question(
                "us_market",
                "Does this company market the device, or a similar one, in the United States?",
                "Part 803 also covers events abroad when the same or a similar device is marketed in the United States (803.3, 803.50(a)).",
                &[("yes", "Yes", ask("our_device")), ("no", "No", end("not_us"))],
            ),
            question(
                "our_device",
                "Is the device one that this company manufactured?",
                "A report about somebody else's device is not ours to make; it is sent on to the FDA (803.22(b)(2)).",
                &[("yes", "Yes", ask("event_took_place")), ("no", "No, another manufacturer's", end("forward"))],
            ),
            question(
                "event_took_place",
                "Did an event that has to do with the device take place?",
                "No only when the information has been shown to be erroneous (803.22(b)(1)). While in doubt, answer yes.",
                &[("yes", "Yes, or not ruled out", ask("death_or_serious_injury")), ("no", "No, shown to be erroneous", end("erroneous"))],
            ),
            question(
                "death_or_serious_injury",
                "Does the information reasonably suggest that the device may have caused or contributed to a death or a serious injury?",
                "“Caused or contributed” includes failure, malfunction, poor design, manufacture or labelling, and use error. \
                 A serious injury threatens life, impairs a function or damages the body permanently, or needs a medical or surgical \
                 intervention to prevent that (803.3, 803.50(a)(1)).",
                &[
                    ("death", "A death", ask("medical_judgement")),
                    ("serious_injury", "A serious injury", ask("medical_judgement")),
                    ("neither", "Neither", ask("malfunction")),
                ],
            ),
            question(
                "malfunction",
                "Did the device malfunction, and would the malfunction be likely to cause or contribute to a death or serious injury if it happened again?",
                "A malfunction is a failure to meet the specifications or to perform as intended, as labelled (803.3). The recurrence \
                 may be in this device or a similar one that the company markets; whether harm came about this time does not \
                 matter (803.50(a)(2)).",
                &[
                    ("likely", "Yes to both", ask("medical_judgement")),
                    ("not_likely", "It malfunctioned, harm is not likely on recurrence", end("not_reportable")),
                    ("no_malfunction", "It did not malfunction", end("not_reportable")),
                ],
            ),
            question(
                "medical_judgement",
                "Has a person qualified to make a medical judgement concluded, on documented information, that the device did not cause or contribute, or that the malfunction would not be likely to if it recurred?",
                "Such persons are physicians, nurses, risk managers and biomedical engineers, for example. The information stays in \
                 the event file (803.20(c)(2), 803.18).",
                &[("no", "No", ask("urgency")), ("yes", "Yes, documented", end("not_reportable"))],
            ),
            question(
                "urgency",
                "Does the event need remedial action to prevent an unreasonable risk of substantial harm to public health, or has the FDA asked in writing for five-day reports of such events?",
                "Remedial action is more than routine maintenance or service that prevents recurrence. One of the two is enough (803.3, 803.53).",
                &[
                    ("remedial_action", "Remedial action is needed", end("five_day_report")),
                    ("fda_request", "The FDA asked in writing", end("five_day_report")),
                    ("neither", "Neither", end("thirty_day_report")),
                ],
            ),
        ],
        outcomes: vec![
            outcome(
                "five_day_report",
                "Report within 5 work days",
                Some(MDR_5_WORK_DAYS),
                true,
                "Day 0 is the day on which a manager over regulatory, scientific or technical staff, or somebody who collects and reports \
                 adverse events, became aware that remedial action is needed; or on which an event of the kind the FDA asked for \
                 became known (803.53, 803.3).",
            ),
            outcome(
                "thirty_day_report",
                "Report within 30 calendar days",
                Some(MDR_30_DAYS),
                true,
                "Day 0 is the day on which any employee became aware (803.50(a), 803.3). A due date on a weekend does not move.",
            ),
            outcome(
                "not_us",
                "Not under Part 803",
                None,
                false,
                "Look at the rules of the markets concerned and keep the reasoning.",
            ),
            outcome(
                "forward",
                "Send on to the FDA",
                None,
                false,
                "No report of our own; the information goes to the FDA with a letter saying that the device is not ours (803.22(b)(2)).",
            ),
            outcome(
                "erroneous",
                "No report: erroneous information",
                None,
                false,
                "Keep what shows it in the event file (803.22(b)(1), 803.18).",
            ),
            outcome(
                "not_reportable",
                "No report",
                None,
                false,
                "Keep the reasoning and who decided in the event file (803.18, 803.20(c)(2)).",
            ),
        ],
    }
}

/// Must a manufacturer report this incident to the competent authority, and by when? (EU MDR
/// 2017/745 Art. 2(64)–(66), 87, 88)
pub fn eu_serious_incident() -> DecisionTree {
    DecisionTree {
        name: "eu_serious_incident".to_owned(),
        version: 1,
        title: "Serious incident (EU MDR)".to_owned(),
        source: "Regulation (EU) 2017/745 Art. 2(64) to 2(66), 87, 88".to_owned(),
        questions: vec![
            question(
                "union_market",
                "Is the device made available on the Union market?",
                "Investigational devices are reported under Art. 80 instead (Art. 87(1)(a)).",
                &[("yes", "Yes", ask("incident")), ("no", "No", end("other_rules"))],
            ),
            question(
                "incident",
                "Is it an incident?",
                "Any malfunction or loss of characteristics or performance of the device, use error that its ergonomics bring about, \
                 inadequate information from the manufacturer, or an undesirable side-effect (Art. 2(64)).",
                &[("yes", "Yes, or unsure", ask("expected_side_effect")), ("no", "No", end("no_incident"))],
            ),
            question(
                "expected_side_effect",
                "Is it only an expected side-effect that the product information documents, that the technical documentation quantifies, and that trend reporting covers?",
                "All of these must hold; otherwise answer no (Art. 87(1)(a), Art. 88).",
                &[("no", "No", ask("serious")), ("yes", "Yes", end("trend"))],
            ),
            question(
                "serious",
                "Did it lead, might it have led or might it lead, directly or indirectly, to a death, a serious deterioration of somebody's health, or a serious public health threat?",
                "The deterioration may be temporary or permanent, and the person a patient, a user or anybody else. Unsure counts as \
                 yes (Art. 2(65), Art. 87(7)).",
                &[("yes", "Yes, or unsure", ask("causal")), ("no", "No", end("not_serious"))],
            ),
            question(
                "causal",
                "Is a causal relationship with the device established or reasonably possible?",
                "Unsure counts as possible: report first, find out afterwards (Art. 87(3), Art. 87(7)).",
                &[
                    ("possible", "Established, possible or unsure", ask("severity")),
                    ("excluded", "Excluded, with documented reasons", end("no_cause")),
                ],
            ),
            question(
                "severity",
                "How grave is it?",
                "The first that applies. A serious public health threat could bring imminent risk of death, serious deterioration or serious illness that \
                 may need prompt remedial action and is unusual or unexpected for the place and time (Art. 2(66)). Unanticipated means that \
                 the risk documentation does not foresee it.",
                &[
                    ("public_health_threat", "A serious public health threat", end("two_days")),
                    ("death", "A death", end("ten_days")),
                    ("unanticipated", "An unanticipated serious deterioration of health", end("ten_days")),
                    ("other", "Another serious incident", end("fifteen_days")),
                ],
            ),
        ],
        outcomes: vec![
            outcome(
                "two_days",
                "Report at once, within 2 days",
                Some(EU_2_DAYS),
                true,
                "Day 0 is the day on which the manufacturer became aware of the threat; days are calendar days. An incomplete first report is allowed, \
                 a late one is not (Art. 87(4), 87(6)).",
            ),
            outcome("ten_days", "Report at once, within 10 days", Some(EU_10_DAYS), true, EU_DAY_ZERO),
            outcome("fifteen_days", "Report at once, within 15 days", Some(EU_15_DAYS), true, EU_DAY_ZERO),
            outcome("trend", "No single report: trend reporting", None, false, "Count it in the trend of Art. 88."),
            outcome("not_serious", "No report: not serious", None, false, "Count it in the trend of Art. 88; keep the reasoning."),
            outcome("no_cause", "No report: not caused by the device", None, false, "Keep the reasons for excluding the device."),
            outcome("no_incident", "No report: no incident", None, false, "Keep the reasoning."),
            outcome(
                "other_rules",
                "Not under Art. 87",
                None,
                false,
                "Look at Art. 80 for investigations and at the rules of the markets concerned.",
            ),
        ],
    }
}

/// What all reporting outcomes of the EU tree say.
const EU_DAY_ZERO: &str = "The time is a limit, not a target: report as soon as the causal relationship is suspected. Day 0 is the day on which the \
    manufacturer became aware of the incident; days are calendar days. An incomplete first report is allowed, a late one is not (Art. 87(6)).";

fn question(id: &str, text: &str, help: &str, answers: &[(&str, &str, Next)]) -> Question {
    let answers =
        answers.iter().map(|(value, label, next)| Answer { value: (*value).to_owned(), label: (*label).to_owned(), next: next.clone() });
    Question { id: id.to_owned(), text: text.to_owned(), help: help.to_owned(), answers: answers.collect() }
}

fn outcome(id: &str, label: &str, clock: Option<&str>, reportable: bool, text: &str) -> Outcome {
    Outcome { id: id.to_owned(), label: label.to_owned(), clock: clock.map(str::to_owned), reportable, text: text.to_owned() }
}

fn ask(id: &str) -> Next {
    Next::Question(id.to_owned())
}

fn end(id: &str) -> Next {
    Next::Outcome(id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::Timestamp;
    use kernel::calendar::due;

    fn outcome_of(tree: &DecisionTree, answers: &[(&str, &str)]) -> String {
        let answers = answers.iter().map(|(question, answer)| ((*question).to_owned(), (*answer).to_owned())).collect();
        tree.evaluate(&answers).unwrap().outcome.id
    }

    #[test]
    fn frs_cmp_011_both_trees_can_be_used_and_their_clocks_exist() {
        let clocks = reporting_clocks();
        clocks.iter().for_each(|rule| rule.check().unwrap());
        assert!(clocks.iter().all(|rule| !rule.extendable));
        for tree in [us_medical_device_report(), eu_serious_incident()] {
            tree.check().unwrap();
            for outcome in &tree.outcomes {
                assert_eq!(outcome.clock.is_some(), outcome.reportable, "{}", outcome.id);
                if let Some(clock) = &outcome.clock {
                    assert!(clocks.iter().any(|rule| rule.name == *clock), "{clock}");
                }
            }
        }
    }

    #[test]
    fn frs_cmp_010_events_get_the_report_that_part_803_asks_for() {
        let tree = us_medical_device_report();
        let ours = [("us_market", "yes"), ("our_device", "yes"), ("event_took_place", "yes")];
        for (rest, expected) in [
            (&[("death_or_serious_injury", "death"), ("medical_judgement", "no"), ("urgency", "neither")][..], "thirty_day_report"),
            (
                &[("death_or_serious_injury", "serious_injury"), ("medical_judgement", "no"), ("urgency", "remedial_action")],
                "five_day_report",
            ),
            (&[("death_or_serious_injury", "serious_injury"), ("medical_judgement", "no"), ("urgency", "fda_request")], "five_day_report"),
            (&[("death_or_serious_injury", "serious_injury"), ("medical_judgement", "yes")], "not_reportable"),
            (
                &[("death_or_serious_injury", "neither"), ("malfunction", "likely"), ("medical_judgement", "no"), ("urgency", "neither")],
                "thirty_day_report",
            ),
            (&[("death_or_serious_injury", "neither"), ("malfunction", "not_likely")], "not_reportable"),
            (&[("death_or_serious_injury", "neither"), ("malfunction", "no_malfunction")], "not_reportable"),
        ] {
            assert_eq!(outcome_of(&tree, &[&ours, rest].concat()), expected, "{rest:?}");
        }
        assert_eq!(outcome_of(&tree, &[("us_market", "no")]), "not_us");
        assert_eq!(outcome_of(&tree, &[("us_market", "yes"), ("our_device", "no")]), "forward");
        assert_eq!(outcome_of(&tree, &[("us_market", "yes"), ("our_device", "yes"), ("event_took_place", "no")]), "erroneous");
    }

    #[test]
    fn frs_cmp_011_incidents_get_the_days_that_article_87_sets() {
        let tree = eu_serious_incident();
        let serious =
            [("union_market", "yes"), ("incident", "yes"), ("expected_side_effect", "no"), ("serious", "yes"), ("causal", "possible")];
        for (severity, expected) in
            [("public_health_threat", "two_days"), ("death", "ten_days"), ("unanticipated", "ten_days"), ("other", "fifteen_days")]
        {
            assert_eq!(outcome_of(&tree, &[&serious[..], &[("severity", severity)]].concat()), expected);
        }
        assert_eq!(outcome_of(&tree, &[&serious[..4], &[("causal", "excluded")]].concat()), "no_cause");
        assert_eq!(outcome_of(&tree, &[&serious[..3], &[("serious", "no")]].concat()), "not_serious");
        assert_eq!(outcome_of(&tree, &[&serious[..2], &[("expected_side_effect", "yes")]].concat()), "trend");
        assert_eq!(outcome_of(&tree, &[("union_market", "yes"), ("incident", "no")]), "no_incident");
        assert_eq!(outcome_of(&tree, &[("union_market", "no")]), "other_rules");
    }

    /// The rows of the published table that the decisions of a complaint lead to.
    #[test]
    fn frs_cmp_012_published_cases_get_their_published_due_dates() {
        let clocks = reporting_clocks();
        let cases = [
            ("M01", MDR_30_DAYS, "2026-03-02", "2026-04-01"),
            ("M03", MDR_30_DAYS, "2026-03-02", "2026-04-01"),
            ("M05", MDR_5_WORK_DAYS, "2026-06-30", "2026-07-08"),
            ("M07", MDR_30_DAYS, "2026-12-18", "2027-01-17"),
            ("N02", MDR_30_DAYS, "2026-03-02", "2026-04-01"),
            ("E02", EU_10_DAYS, "2026-03-02", "2026-03-12"),
        ];
        for zone in ["America/Chicago", "Europe/Rome", "Pacific/Auckland"] {
            for (case, rule, aware, expected) in cases {
                let aware = Timestamp::start_of(aware.parse().unwrap(), zone).unwrap();
                let rule = clocks.iter().find(|known| known.name == rule).unwrap();
                assert_eq!(due(rule, aware, zone).unwrap().date.to_string(), expected, "{case} in {zone}");
            }
        }
    }
}
