//! Is a CAPA needed? Risk decides, not habit: what can harm comes first, then what comes back, then
//! what the system lets through (ISO 13485 8.5.2, 4.1.2 b).

use kernel::decision_tree::{Answer, DecisionTree, Next, Outcome, Question};

/// The tree's name.
pub(super) const CAPA_NEEDED: &str = "capa_needed";
/// The outcome by which a CAPA goes on.
pub(super) const NEEDED: &str = "needed";

pub(super) fn capa_needed() -> DecisionTree {
    DecisionTree {
        name: CAPA_NEEDED.to_owned(),
        version: 1,
        title: "CAPA needed?".to_owned(),
        source: "ISO 13485:2016 8.5.2, 8.5.3, 4.1.2 b)".to_owned(),
        questions: vec![
            question(
                "harm",
                "Could the problem, if it came again, harm a patient, a user or anybody else?",
                "Look at the worst credible harm in the risk file, not at what happened this time.",
                "recurrence",
            ),
            question(
                "recurrence",
                "Has the problem, or one with the same cause, come before or become more frequent?",
                "Search complaints, nonconformities and audit findings of the product family and the process.",
                "system",
            ),
            question(
                "system",
                "Does it show a weakness of a process, a design or the quality system rather than a single slip?",
                "A weakness can reach other products, sites or lots.",
                "compliance",
            ),
            Question {
                id: "compliance".to_owned(),
                text: "Does it break a regulation, a registration or a commitment to an authority?".to_owned(),
                help: "Such as an observation of an inspection.".to_owned(),
                answers: vec![
                    answer("yes", "Yes, or unsure", Next::Outcome(NEEDED.to_owned())),
                    answer("no", "No", Next::Outcome("correction_only".to_owned())),
                ],
            },
        ],
        outcomes: vec![
            outcome(NEEDED, "A CAPA is needed", "Investigate the cause and act on it in proportion to the risk."),
            outcome("correction_only", "A correction is enough", "Correct what is wrong, withdraw this CAPA with the reason, and watch the trend."),
        ],
    }
}

/// A question where yes needs a CAPA and no asks the next one.
fn question(id: &str, text: &str, help: &str, next: &str) -> Question {
    Question {
        id: id.to_owned(),
        text: text.to_owned(),
        help: help.to_owned(),
        answers: vec![
            answer("yes", "Yes, or unsure", Next::Outcome(NEEDED.to_owned())),
            answer("no", "No", Next::Question(next.to_owned())),
        ],
    }
}

fn answer(value: &str, label: &str, next: Next) -> Answer {
    Answer { value: value.to_owned(), label: label.to_owned(), next }
}

fn outcome(id: &str, label: &str, text: &str) -> Outcome {
    Outcome { id: id.to_owned(), label: label.to_owned(), clock: None, reportable: false, text: text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frs_capa_002_one_yes_needs_a_capa_and_only_four_times_no_does_not() {
        let tree = capa_needed();
        tree.check().unwrap();
        let questions = ["harm", "recurrence", "system", "compliance"];
        for (place, _) in questions.iter().enumerate() {
            let answers = questions[..=place].iter().enumerate().map(|(at, id)| ((*id).to_owned(), if at == place { "yes" } else { "no" }.to_owned()));
            assert_eq!(tree.evaluate(&answers.collect()).unwrap().outcome.id, NEEDED);
        }
        let answers = questions.iter().map(|id| ((*id).to_owned(), "no".to_owned())).collect();
        assert_eq!(tree.evaluate(&answers).unwrap().outcome.id, "correction_only");
    }
}
