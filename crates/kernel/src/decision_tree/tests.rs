//! Evaluation of trees and the check that keeps bad ones out.

use super::*;
use proptest::prelude::*;

fn question(id: &str, answers: &[(&str, Next)]) -> Question {
    let answers = answers.iter().map(|(value, next)| Answer { value: (*value).to_owned(), label: (*value).to_owned(), next: next.clone() });
    Question { id: id.to_owned(), text: format!("Is it {id}?"), help: String::new(), answers: answers.collect() }
}

fn outcome(id: &str, clock: Option<&str>) -> Outcome {
    Outcome { id: id.to_owned(), label: id.to_owned(), clock: clock.map(str::to_owned), reportable: clock.is_some(), text: String::new() }
}

fn ask(id: &str) -> Next {
    Next::Question(id.to_owned())
}

fn end(id: &str) -> Next {
    Next::Outcome(id.to_owned())
}

/// A small tree in which two paths meet again in `urgent`.
fn sample() -> DecisionTree {
    DecisionTree {
        name: "sample".to_owned(),
        version: 3,
        title: "Must it be reported?".to_owned(),
        source: "21 CFR 803.50".to_owned(),
        questions: vec![
            question("harm", &[("yes", ask("urgent")), ("no", ask("malfunction"))]),
            question("malfunction", &[("yes", ask("urgent")), ("no", end("none"))]),
            question("urgent", &[("yes", end("five_days")), ("no", end("thirty_days"))]),
        ],
        outcomes: vec![outcome("none", None), outcome("five_days", Some("mdr_5")), outcome("thirty_days", Some("mdr_30"))],
    }
}

fn answers(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(question, answer)| ((*question).to_owned(), (*answer).to_owned())).collect()
}

fn refusal<T: std::fmt::Debug>(result: Result<T>) -> (String, String) {
    let error = result.unwrap_err();
    let refusal = error.refusal().unwrap();
    (refusal.code.clone(), refusal.place.clone().unwrap())
}

fn pair(code: &str, place: &str) -> (String, String) {
    (code.to_owned(), place.to_owned())
}

#[test]
fn answers_lead_to_their_outcome_and_the_path_is_kept() {
    let path = sample().evaluate(&answers(&[("harm", "no"), ("malfunction", "yes"), ("urgent", "no")])).unwrap();
    assert_eq!((path.tree.as_str(), path.version), ("sample", 3));
    assert_eq!(path.outcome.clock.as_deref(), Some("mdr_30"));
    let steps: Vec<_> = path.steps.iter().map(|step| (step.question.as_str(), step.answer.as_str())).collect();
    assert_eq!(steps, [("harm", "no"), ("malfunction", "yes"), ("urgent", "no")]);
    assert_eq!(sample().evaluate(&answers(&[("harm", "no"), ("malfunction", "no")])).unwrap().outcome.id, "none");
}

#[test]
fn a_wrong_set_of_answers_is_refused_at_the_question() {
    let tree = sample();
    let refused = |pairs| refusal(tree.evaluate(&answers(pairs)));
    assert_eq!(refused(&[]), pair("answer_missing", "answers.harm"));
    assert_eq!(refused(&[("harm", "yes")]), pair("answer_missing", "answers.urgent"));
    assert_eq!(refused(&[("harm", "perhaps")]), pair("answer_unknown", "answers.harm"));
    assert_eq!(refused(&[("harm", "yes"), ("malfunction", "yes"), ("urgent", "no")]), pair("answer_not_asked", "answers.malfunction"));
    assert_eq!(refused(&[("harm", "yes"), ("urgent", "no"), ("colour", "red")]), pair("question_unknown", "answers.colour"));
    let text = tree.evaluate(&answers(&[("harm", "perhaps")])).unwrap_err().to_string();
    assert!(text.contains("Is it harm?") && text.contains("yes, no"), "{text}");
}

#[test]
fn progress_asks_one_question_after_the_other() {
    let tree = sample();
    let next = |pairs| match tree.progress(&answers(pairs)).unwrap() {
        Progress::Ask { question, steps } => (question.id.clone(), steps.len()),
        Progress::Done(path) => (path.outcome.id, path.steps.len()),
    };
    assert_eq!(next(&[]), ("harm".to_owned(), 0));
    assert_eq!(next(&[("harm", "no")]), ("malfunction".to_owned(), 1));
    assert_eq!(next(&[("harm", "yes"), ("malfunction", "no")]), ("urgent".to_owned(), 1));
    assert_eq!(next(&[("harm", "yes"), ("urgent", "yes")]), ("five_days".to_owned(), 2));
}

/// Changes the sample and gives the code and place of the check's refusal.
fn spoiled(change: impl FnOnce(&mut DecisionTree)) -> (String, String) {
    let mut tree = sample();
    change(&mut tree);
    refusal(tree.check())
}

#[test]
fn a_tree_that_could_not_be_answered_is_refused() {
    sample().check().unwrap();
    assert_eq!(
        spoiled(|tree| tree.questions.push(question("lost", &[("a", end("none")), ("b", end("none"))]))),
        pair("tree_unreachable", "tree.sample.lost")
    );
    assert_eq!(spoiled(|tree| tree.outcomes.push(outcome("lost", None))), pair("tree_unreachable", "tree.sample.lost"));
    assert_eq!(spoiled(|tree| tree.questions[1].answers[0].next = ask("harm")).0, "tree_cycle");
    assert_eq!(spoiled(|tree| tree.questions[2].answers[0].next = ask("urgent")).0, "tree_unreachable");
    assert_eq!(spoiled(|tree| tree.questions[1].answers[0].next = ask("malfunction")), pair("tree_cycle", "tree.sample.malfunction"));
    assert_eq!(spoiled(|tree| tree.questions[1].answers[0].next = ask("none")), pair("tree_leads_nowhere", "tree.sample.malfunction"));
    assert_eq!(spoiled(|tree| tree.questions[1].answers[0].next = end("urgent")), pair("tree_leads_nowhere", "tree.sample.malfunction"));
    assert_eq!(spoiled(|tree| tree.questions[1].id = "harm".to_owned()).0, "tree_key_twice");
    assert_eq!(spoiled(|tree| tree.outcomes[0].id = "harm".to_owned()).0, "tree_key_twice");
    assert_eq!(spoiled(|tree| tree.questions[1].answers[1].value = "yes".to_owned()), pair("tree_key_twice", "tree.sample.malfunction"));
    assert_eq!(spoiled(|tree| tree.questions.clear()).0, "tree_size");
    assert_eq!(spoiled(|tree| tree.outcomes.clear()).0, "tree_size");
    assert_eq!(spoiled(|tree| tree.source = " ".to_owned()).0, "tree_text");
    assert_eq!(spoiled(|tree| tree.name = "Sample tree".to_owned()).0, "tree_key");
}

#[test]
fn an_unchecked_cycle_ends_with_an_error_and_not_in_a_loop() {
    let mut tree = sample();
    tree.questions[1].answers[0].next = ask("harm");
    assert!(matches!(tree.evaluate(&answers(&[("harm", "no"), ("malfunction", "yes")])), Err(Error::Internal(_))));
}

/// As many questions in a row; each ends the tree or goes on.
fn row(count: usize) -> DecisionTree {
    let questions = (0..count).map(|index| {
        let next = if index + 1 == count { end("none") } else { ask(&format!("q{}", index + 1)) };
        question(&format!("q{index}"), &[("go_on", next), ("stop", end("none"))])
    });
    DecisionTree { questions: questions.collect(), outcomes: vec![outcome("none", None)], ..sample() }
}

#[test]
fn every_limit_holds_at_its_value_and_not_one_past_it() {
    row(QUESTIONS_MAX).check().unwrap();
    assert_eq!(refusal(row(QUESTIONS_MAX + 1).check()).0, "tree_size");

    let wide = |count: usize| {
        let answers: Vec<(String, Next)> = (0..count).map(|index| (format!("a{index}"), end("none"))).collect();
        let answers: Vec<(&str, Next)> = answers.iter().map(|(value, next)| (value.as_str(), next.clone())).collect();
        DecisionTree { questions: vec![question("q", &answers)], outcomes: vec![outcome("none", None)], ..sample() }
    };
    wide(2).check().unwrap();
    wide(ANSWERS_MAX).check().unwrap();
    assert_eq!(refusal(wide(1).check()).0, "tree_size");
    assert_eq!(refusal(wide(ANSWERS_MAX + 1).check()).0, "tree_size");

    let ends = |count: usize| {
        let mut tree = row(QUESTIONS_MAX);
        tree.outcomes = (0..count).map(|index| outcome(&format!("o{index}"), None)).collect();
        for (index, answer) in tree
            .questions
            .iter_mut()
            .flat_map(|question| &mut question.answers)
            .filter(|answer| matches!(answer.next, Next::Outcome(_)))
            .enumerate()
        {
            answer.next = end(&format!("o{}", index % count));
        }
        tree
    };
    ends(OUTCOMES_MAX).check().unwrap();
    assert_eq!(refusal(ends(OUTCOMES_MAX + 1).check()).0, "tree_size");

    DecisionTree { name: "n".repeat(KEY_CHARS_MAX), title: "t".repeat(TREE_TEXT_CHARS_MAX), ..sample() }.check().unwrap();
    assert_eq!(spoiled(|tree| tree.name = "n".repeat(KEY_CHARS_MAX + 1)).0, "tree_key");
    assert_eq!(spoiled(|tree| tree.title = "t".repeat(TREE_TEXT_CHARS_MAX + 1)).0, "tree_text");
}

#[test]
fn a_tree_reads_from_a_configuration_package_and_back() {
    let text = toml::to_string(&sample()).unwrap();
    assert_eq!(toml::from_str::<DecisionTree>(&text).unwrap(), sample());
    let json = serde_json::to_value(sample()).unwrap();
    assert_eq!(json["questions"][1]["answers"][1]["next"], serde_json::json!({"outcome": "none"}));
    assert!(serde_json::from_str::<Next>("{\"elsewhere\": \"x\"}").is_err());
}

proptest! {
    #[test]
    fn a_tree_that_passes_the_check_always_asks_on_or_ends(links in proptest::collection::vec((0usize..8, 0usize..8), 2..7), choices in proptest::collection::vec(any::<bool>(), 8)) {
        let count = links.len();
        let next = |target: usize| if target < count { ask(&format!("q{target}")) } else { end("none") };
        let questions = links.iter().enumerate().map(|(index, (yes, no))| question(&format!("q{index}"), &[("yes", next(*yes)), ("no", next(*no))]));
        let tree = DecisionTree { questions: questions.collect(), outcomes: vec![outcome("none", None)], ..sample() };
        let mut given = BTreeMap::new();
        let mut ended = false;
        for choice in choices {
            match tree.progress(&given) {
                Ok(Progress::Ask { question, .. }) => {
                    given.insert(question.id.clone(), if choice { "yes" } else { "no" }.to_owned());
                }
                Ok(Progress::Done(path)) => {
                    prop_assert_eq!(path.steps.len(), given.len());
                    prop_assert!(tree.evaluate(&given).is_ok());
                    ended = true;
                    break;
                }
                Err(fault) => {
                    prop_assert!(tree.check().is_err(), "{}", fault);
                    ended = true;
                    break;
                }
            }
        }
        prop_assert!(ended || matches!(tree.progress(&given), Ok(Progress::Done(_))));
    }
}
