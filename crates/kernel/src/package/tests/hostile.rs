//! Packages at their limits, one past them, and texts that are none.

use super::{FULL, faults, laid, product, refused};
use crate::package::apply;
use base::limits::{
    FIELDS_PER_KIND, KEY_CHARS, LABEL_CHARS, NUMBER_DIGITS, PACKAGE_BYTES, PACKAGE_DEPTH, PACKAGE_FAULTS, PACKAGE_VALUES, PREFIX_CHARS, SIGNERS_PER_STEP,
    STATES_PER_KIND, STEPS_PER_KIND,
};
use proptest::prelude::{Strategy, any, prop};

fn numbered(count: usize, text: &str) -> String {
    (0..count).map(|number| text.replace('#', &number.to_string())).collect()
}

#[test]
fn every_limit_of_a_package_holds_at_its_value_and_not_one_past_it() {
    let field = |count| numbered(count, "[[field]]\nkind='case'\nname='x_#'\nlabel='F'\nsort='line'\n");
    let own = product().kind("case").unwrap().fields.len();
    laid(&field(FIELDS_PER_KIND - own));
    refused(&field(FIELDS_PER_KIND - own + 1), &format!("case would have {} fields", FIELDS_PER_KIND + 1));
    let step = |count| numbered(count, "[[step]]\nkind='case'\nname='x_#'\nlabel='S'\nfrom=['work']\nto='work'\nroles=['operator']\n");
    let own = product().kind("case").unwrap().steps.len();
    laid(&step(STEPS_PER_KIND - own));
    refused(&step(STEPS_PER_KIND - own + 1), &format!("case would have {} steps", STEPS_PER_KIND + 1));
    let state = |count| {
        numbered(count, "[[state]]\nkind='case'\nname='x_#'\nlabel='S'\nphase='closed'\n")
            + &numbered(count, "[[step]]\nkind='case'\nname='x_to_#'\nlabel='S'\nfrom=['closed']\nto='x_#'\nroles=['operator']\n")
    };
    let own = product().kind("case").unwrap().states.len();
    laid(&state(STATES_PER_KIND - own));
    refused(&state(STATES_PER_KIND - own + 1), &format!("case would have {} states", STATES_PER_KIND + 1));
    let signer = |count| numbered(count, "[[signer]]\nkind='case'\nstep='close'\nrole='operator'\nmeaning='m#'\n");
    laid(&signer(SIGNERS_PER_STEP - 1));
    refused(&signer(SIGNERS_PER_STEP), &format!("{} signatures on the step close", SIGNERS_PER_STEP + 1));

    let key = |count: usize| format!("[[role]]\nname='x_{}'\nlabel='R'", "a".repeat(count - 2));
    laid(&key(KEY_CHARS));
    refused(&key(KEY_CHARS + 1), "role[0].name: ");
    let label = |count: usize| format!("[labels]\ncase='{}'", "a".repeat(count));
    laid(&label(LABEL_CHARS));
    refused(&label(LABEL_CHARS + 1), "labels.case: 101 characters");
    let numbers = |prefix: usize, digits: usize| format!("[[numbering]]\nkind='case'\nprefix='{}'\ndigits={digits}", "A".repeat(prefix));
    laid(&numbers(PREFIX_CHARS, NUMBER_DIGITS));
    refused(&numbers(PREFIX_CHARS + 1, 3), "numbering[0].prefix: 11 characters");
    refused(&numbers(3, NUMBER_DIGITS + 1), "numbering[0].digits: “digits” must be from 1 to 9, not 10");
    refused(&numbers(3, 0), "numbering[0].digits: “digits” must be from 1 to 9, not 0");
}

#[test]
fn the_text_of_a_package_is_limited_in_bytes_depth_values_and_faults() {
    let bytes = |count: usize| format!("#{}", "a".repeat(count - 1));
    laid(&bytes(PACKAGE_BYTES));
    refused(&bytes(PACKAGE_BYTES + 1), "text: 262145 bytes");
    // A list of lists is no package, but its depth is judged before its meaning.
    let deep = |levels: usize| format!("a = {}{}", "[".repeat(levels), "]".repeat(levels));
    assert!(!faults(&deep(PACKAGE_DEPTH)).iter().any(|fault| fault.contains("deep")));
    refused(&deep(PACKAGE_DEPTH + 1), "text: tables and lists are nested 9 deep");
    let many = |count: usize| format!("a = [{}]", "1,".repeat(count - 1));
    assert!(!faults(&many(PACKAGE_VALUES)).iter().any(|fault| fault.contains("values")));
    refused(&many(PACKAGE_VALUES + 1), "text: 20001 values");
    let wrong = |count: usize| numbered(count, "[[role]]\nname='x_r#'\n");
    assert_eq!(faults(&wrong(PACKAGE_FAULTS)).len(), PACKAGE_FAULTS);
    let error = apply(&product(), 1, &wrong(PACKAGE_FAULTS + 1)).unwrap_err();
    assert_eq!(error.refusal().unwrap().blockers.len(), PACKAGE_FAULTS);
    assert!(error.to_string().contains("101 faults"), "{error}");
}

#[test]
fn a_text_that_nests_without_end_is_refused_and_not_a_crash() {
    for text in [
        format!("a = {}", "[".repeat(100_000)),
        format!("a = {}1", "{a=".repeat(60_000)),
        format!("{}a = 1", "a.".repeat(100_000)),
        format!("[[{}a]]", "a.".repeat(100_000)),
    ] {
        assert!(!faults(&text).is_empty());
    }
}

/// Words of the format in any order, so that most texts come past the parser.
fn scraps() -> impl Strategy<Value = String> {
    let words: Vec<String> = FULL
        .lines()
        .map(str::to_owned)
        .chain(["[[kind]]", "[kind]", "[[kind.step]]", "step = []", "name = 'x_'", "check = {}", "from = ['review']", "to = 'closed'", "roles = [1]", "kind = 'paper'"].map(str::to_owned))
        .collect();
    prop::collection::vec(prop::sample::select(words), 0..60).prop_map(|lines| lines.join("\n"))
}

/// The full package with one stretch cut out or replaced by something else.
fn damaged() -> impl Strategy<Value = String> {
    (0..FULL.len(), 0..200usize, ".{0,12}").prop_map(|(from, length, put)| {
        let until = (from + length).min(FULL.len());
        match (FULL.get(..from), FULL.get(until..)) {
            (Some(head), Some(tail)) => format!("{head}{put}{tail}"),
            _ => put,
        }
    })
}

fn holds(text: &str) {
    match apply(&product(), 1, text) {
        // What is accepted is sound, keeps the floor and every built-in state and signer.
        Ok(catalog) => {
            let case = catalog.kind("case").unwrap();
            assert!(case.find_step("submit").unwrap().rules.iter().any(|rule| rule.id == "case.cause_known"));
            assert!(case.find_step("close").unwrap().signers.iter().any(|signer| signer.meaning == "closed"));
            assert!(case.find_state("closed").is_some());
            let into_closed: Vec<_> = case.steps.iter().filter(|step| step.to == "closed" && step.from.iter().any(|from| from != "closed")).collect();
            assert!(into_closed.iter().all(|step| step.name == "close" || step.from.iter().all(|from| from.starts_with("x_") || from == "closed")), "{text}");
        }
        Err(error) => assert_eq!(error.refusal().unwrap().code, "bad_package"),
    }
}

#[test]
fn frs_cfg_008_no_text_whatever_makes_the_reader_fail() {
    let mut runner = proptest::test_runner::TestRunner::new(proptest::test_runner::Config { cases: 400, failure_persistence: None, ..Default::default() });
    let check = |text: String| {
        holds(&text);
        Ok(())
    };
    runner.run(&any::<String>(), check).unwrap();
    runner.run(&scraps(), check).unwrap();
    runner.run(&damaged(), check).unwrap();
}
