//! Packages laid over a small product.

mod hostile;

use super::{Change, apply, changes};
use crate::catalog::{Catalog, Module};
use crate::kind::{Area, Effect, Field, Kind, LinkKind, Numbering, Phase, Revisions, Step};
use crate::rule::{Check, Rule};

/// A case with a floor rule on its way to closing, and a document with revisions.
fn product() -> Catalog {
    let case = Kind::new("case", "Case", "Cases", Area::Quality)
        .counted_by_year("CASE", 4)
        .field(Field::block("cause", "Cause"))
        .field(Field::choice("harm", "Harm", &[("none", "None"), ("some", "Some")]))
        .state("draft", "Draft", Phase::Draft)
        .state("work", "In work", Phase::InWork)
        .state("review", "In review", Phase::InReview)
        .state("closed", "Closed", Phase::Closed)
        .step(Step::new("start", "Start", &["draft"], "work").by(&["quality_engineer"]))
        .step(
            Step::new("submit", "Submit", &["work"], "review")
                .by(&["quality_engineer"])
                .rule(Rule::floor("case.cause_known", "FRS-T-001", "The cause is known", Check::filled(&["cause"])))
                .rule(Rule::optional("case.linked", "FRS-T-002", "It is about something", Check::LinkedAtLeast { link: "about".to_owned(), count: 1 })),
        )
        .step(Step::new("send_back", "Send back", &["review"], "work").by(&["quality_engineer"]).with_reason())
        .step(Step::new("close", "Close", &["review"], "closed").signed("quality_manager", "closed"))
        .link(LinkKind::new("about", "is about", "has case", &["paper"]))
        .allow("everyone", &["view"])
        .allow("quality_engineer", &["create", "edit", "link", "decide", "freeze", "revise"]);
    let paper = Kind::new("paper", "Paper", "Papers", Area::Quality)
        .revised_by(Revisions::Letters)
        .state("draft", "Draft", Phase::Draft)
        .state("out", "Out", Phase::Effective)
        .state("old", "Old", Phase::Closed)
        .step(Step::new("release", "Release", &["draft"], "out").signed("quality_manager", "approved").effect(Effect::CloseObligations { sort: "review".to_owned() }))
        .step(Step::new("supersede", "Supersede", &["out"], "old").by_record());
    Catalog::build(vec![crate::commands::module(), Module { kinds: vec![case, paper], ..Module::default() }]).unwrap()
}

fn laid(text: &str) -> Catalog {
    apply(&product(), 7, text).unwrap_or_else(|error| panic!("{error}"))
}

/// Every fault as `place: text`.
fn faults(text: &str) -> Vec<String> {
    let error = apply(&product(), 7, text).unwrap_err();
    let refusal = error.refusal().unwrap();
    assert_eq!(refusal.code, "bad_package");
    refusal.blockers.iter().map(|blocker| blocker.text.clone()).collect()
}

fn refused(text: &str, expected: &str) {
    let found = faults(text);
    assert!(found.iter().any(|fault| fault.contains(expected)), "expected “{expected}”, found:\n{}", found.join("\n"));
}

#[test]
fn frs_cfg_001_an_empty_package_changes_nothing_but_the_revision() {
    let delivered = product();
    let catalog = laid("");
    assert_eq!(catalog.revision, 7);
    assert_eq!(changes(&delivered, &catalog), Vec::<Change>::new());
    assert_eq!(catalog.permissions(), delivered.permissions());
    assert_eq!(catalog.delivered().revision, 0);
}

const FULL: &str = r#"
[labels]
case = "Deviation"
"case.plural" = "Deviations"
"case.field.harm.some" = "Light"
"case.state.work" = "At work"
"case.step.close" = "Finish"
"case.link.about.inverse" = "has deviation"
"role.quality_manager" = "Head of quality"

[[role]]
name = "x_board"
label = "Review board"
text = "Looks at what costs money."

[[field]]
kind = "case"
name = "x_cost"
label = "Cost"
group = "Money"
sort = "integer"
min = 0
max = 1000000
filter = true

[[field]]
kind = "case"
name = "x_class"
label = "Class"
sort = "choice"
choices = [{ value = "a", label = "A" }, { value = "b", label = "B" }]

[[state]]
kind = "case"
name = "x_board"
label = "At the board"
phase = "in_review"
continues_with = ["close", "send_back"]

[[step]]
kind = "case"
name = "x_to_board"
label = "To the board"
from = ["review"]
to = "x_board"
roles = ["quality_engineer"]

[[step]]
kind = "case"
name = "x_from_board"
label = "Back to review"
from = ["x_board"]
to = "review"
signers = [{ role = "x_board", meaning = "agreed" }]

[[signer]]
kind = "case"
step = "close"
role = "x_board"
meaning = "paid"

[[drop_rule]]
kind = "case"
step = "submit"
rule = "case.linked"

[[rule]]
kind = "case"
step = "submit"
id = "x_cost_known"
text = "The cost is known"
check = { filled = ["x_cost"] }

[[rule]]
kind = "case"
step = "close"
id = "x_nothing_suspect"
requirement = "ACME-12"
text = "No link is suspect"
check = "nothing_suspect"

[[grant]]
role = "x_board"
kind = "case"
verbs = ["edit"]
steps = ["send_back"]

[[numbering]]
kind = "case"
prefix = "DEV"
digits = 5

[[kind]]
name = "x_audit"
label = "Audit"
plural = "Audits"
text = "Somebody looks whether it is done as written."
area = "quality"
prefix = "AUD"
digits = 3
with_year = true
[[kind.field]]
name = "scope"
label = "Scope"
sort = "block"
required = true
[[kind.state]]
name = "planned"
label = "Planned"
phase = "in_work"
[[kind.state]]
name = "done"
label = "Done"
phase = "closed"
[[kind.step]]
name = "finish"
label = "Finish"
from = ["planned"]
to = "done"
signers = [{ role = "quality_manager", meaning = "audited" }]
effects = [{ close_obligations = "act" }, { freeze_dossier = true }, { raise = { sort = "act", task = "Follow up", role = "x_board", due_days = 30 } }]
[[kind.link]]
name = "looks_at"
label = "looks at"
inverse = "is looked at by"
targets = ["paper"]
when_target_changes = "suspect"
[[kind.section]]
title = "Papers"
targets = "looks_at"

[[grant]]
role = "everyone"
kind = "x_audit"
verbs = ["view", "create"]
"#;

#[test]
fn frs_cfg_002_a_package_adds_and_renames_whatever_the_nouns_allow() {
    let delivered = product();
    let catalog = laid(FULL);
    let case = catalog.kind("case").unwrap();
    assert_eq!((case.label.as_str(), case.plural.as_str()), ("Deviation", "Deviations"));
    assert_eq!(case.numbering, Numbering::Counted { prefix: "DEV".to_owned(), digits: 5, with_year: false });
    assert!(case.find_field("x_cost").is_some_and(|field| field.filter && field.group == "Money"));
    let close = case.find_step("close").unwrap();
    assert_eq!(close.from, ["review", "x_board"]);
    assert_eq!(close.signers.iter().map(|signer| signer.role.as_str()).collect::<Vec<_>>(), ["quality_manager", "x_board"]);
    assert_eq!(case.find_step("submit").unwrap().rules.iter().map(|rule| rule.id.as_str()).collect::<Vec<_>>(), ["case.cause_known", "x_cost_known"]);
    assert!(catalog.role_has("x_board", "case.step.close") && catalog.role_has("x_board", "case.edit") && catalog.role_has("x_board", "case.step.send_back"));
    let audit = catalog.kind("x_audit").unwrap();
    assert_eq!((audit.steps[0].effects.len(), audit.dossier.len(), audit.links.len()), (3, 1, 1));
    assert!(catalog.role_has("everyone", "x_audit.create"));
    assert_eq!(catalog.state_label("case", "work"), "At work");

    let said: Vec<String> = changes(&delivered, &catalog).into_iter().map(|change| format!("{}: {}", change.what, change.text)).collect();
    for expected in [
        "Case: is now called “Deviation”, several “Deviations”",
        "Case: numbers are like DEV-00001 instead of CASE-YYYY-0001",
        "Case: new field “Cost” (whole number from 0 to 1000000)",
        "Case: new state “At the board” (in review)",
        "Case: “Finish” also starts from “At the board”",
        "Case: “Finish” needs one more signature: Review board, “paid”",
        "Case: “Submit” no longer asks: It is about something",
        "Case: “Submit” asks as well: The cost is known",
        "Case: “Send back” may also be taken by Review board",
        "Case: Review board may edit",
        "Audit: new kind, with 1 fields, 2 states and 1 steps",
        "Roles: new role “Review board”",
        "Roles: the role “Quality manager” is now called “Head of quality”",
    ] {
        assert!(said.iter().any(|line| line == expected), "“{expected}” is missing in:\n{}", said.join("\n"));
    }
    let back: Vec<String> = changes(&catalog, &delivered).into_iter().map(|change| change.text).collect();
    for expected in ["the kind goes", "the state “At the board” goes", "“Close” no longer needs the signature: x_board, “paid”", "the role “Review board” goes"] {
        assert!(back.iter().any(|line| line == expected), "“{expected}” is missing in:\n{}", back.join("\n"));
    }
}

#[test]
fn frs_cfg_003_every_fault_is_named_with_its_place_and_all_of_them_at_once() {
    let found = faults(
        r#"
        colour = "red"
        [[signer]]
        kind = "case"
        step = "close"
        role = 5
        meaning = "seen"
        [[signer]]
        kind = "case"
        step = "close"
        meaning = ""
        rolle = "quality_manager"
        [[field]]
        kind = "case"
        name = "cost"
        label = "Cost"
        sort = "money"
        "#,
    );
    for expected in [
        "signer[0].role: “role” must be text",
        "signer[1].role: “role” is missing",
        "signer[1].meaning: “meaning” is empty",
        "signer[1].rolle: “rolle” is not known here",
        "field[0].name: “cost” is given by this package, so it begins with x_",
        "field[0].sort: must be one of: line, block",
        "colour: “colour” is not known here",
    ] {
        assert!(found.iter().any(|fault| fault.starts_with(expected)), "“{expected}” is missing in:\n{}", found.join("\n"));
    }
    let error = apply(&product(), 1, "a = [1,\n  2").unwrap_err();
    assert!(error.refusal().unwrap().place.as_deref().unwrap().starts_with("line 2, column"), "{error}");
}

#[test]
fn frs_cfg_003_what_a_package_names_must_exist_or_it_is_refused() {
    for (text, expected) in [
        ("[[signer]]\nkind='case'\nstep='close'\nrole='x_nobody'\nmeaning='m'", "signer[0].role: there is no role “x_nobody”"),
        ("[[signer]]\nkind='case'\nstep='shut'\nrole='operator'\nmeaning='m'", "signer[0].step: case has no step “shut”"),
        ("[[signer]]\nkind='cases'\nstep='close'\nrole='operator'\nmeaning='m'", "signer[0].kind: there is no kind “cases”"),
        ("[[signer]]\nkind='paper'\nstep='supersede'\nrole='operator'\nmeaning='m'", "signer[0].step: no person takes the step supersede"),
        ("[[signer]]\nkind='case'\nstep='close'\nrole='administrator'\nmeaning='m'", "signer[0].role: the role administrator signs nothing"),
        ("[[grant]]\nrole='inspector'\nkind='case'\nverbs=['edit']", "grant[0].verbs[0]: the role inspector changes nothing"),
        ("[[grant]]\nrole='operator'\nkind='case'\nverbs=['fly']", "grant[0].verbs[0]: “fly” is no verb"),
        ("[[grant]]\nrole='operator'\nkind='case'\nsteps=['close']", "grant[0].steps[0]: the step close is signed; add a signer instead"),
        ("[[grant]]\nrole='operator'\nkind='case'", "grant[0].verbs: a grant names verbs or steps"),
        ("[[rule]]\nkind='case'\nstep='close'\nid='x_r'\ntext='t'\ncheck={filled=['x_none']}", "asks for the unknown field x_none"),
        ("[[rule]]\nkind='case'\nstep='close'\nid='x_r'\ntext='t'\ncheck={decided='tea'}", "asks for the decision tea"),
        ("[[rule]]\nkind='case'\nstep='close'\nid='x_r'\ntext='t'\ncheck={sung=true}", "rule[0].check: a check is one of"),
        ("[[rule]]\nkind='case'\nstep='close'\nid='x_r'\ntext='t'\ncheck={filled=['cause'], decided='tea'}", "rule[0].check.decided: “decided” is not known here"),
        ("[[rule]]\nkind='case'\nstep='close'\nid='x_r'\ntext='t'", "rule[0].check: “check” says what is checked"),
        ("[[drop_rule]]\nkind='case'\nstep='submit'\nrule='case.none'", "drop_rule[0].rule: the step submit does not ask the rule “case.none”"),
        ("[[numbering]]\nkind='paper'\nprefix='P'\ndigits=3", "numbering[0].kind: the numbers of paper are given"),
        ("[[numbering]]\nkind='case'\nprefix='CFG'\ndigits=3", "would both have numbers that begin with CFG"),
        ("[[field]]\nkind='person'\nname='x_f'\nlabel='F'\nsort='line'\nrequired=true", "field[0].required: people are made without further fields"),
        ("[[role]]\nname='operator'\nlabel='O'", "role[0].name: “operator” is given by this package"),
        ("[[kind]]\nname='case'\nlabel='C'\nplural='C'\narea='quality'", "kind[0].name: “case” is given by this package"),
        ("[[kind]]\nname='x_c'\nlabel='C'\nplural='C'\narea='quality'", "package: x_c: has no states"),
        ("[labels]\n'case.field.colour'='x'", "labels.case.field.colour: there is nothing of this name"),
        ("[labels]\ncase.field.cause='x'", "labels.case: must be text; a name with points stands in quotes"),
        ("[labels]\ncase=''", "labels.case: a label is not empty"),
        ("[[field]]\nkind='case'\nname='x_f'\nlabel='F'\nsort='choice'", "field[0].choices: a choice needs something to choose from"),
        ("[[field]]\nkind='case'\nname='x_f'\nlabel='F'\nsort='integer'\nmin=3\nmax=2", "field[0].max: the most, 2, is less than the least, 3"),
        ("[[field]]\nkind='case'\nname='x_f'\nlabel=\"a\\u202eb\"\nsort='line'", "field[0].label: the character U+202E is not allowed here"),
        ("[[step]]\nkind='case'\nname='x_s'\nlabel='S'\nfrom=['work']\nto='nowhere'\nroles=['operator']", "step[0].to: case has no state “nowhere”"),
        ("[[step]]\nkind='case'\nname='x_s'\nlabel='S'\nfrom=[]\nto='work'\nroles=['operator']", "step[0].from: “from” must name at least one"),
        ("[[step]]\nkind='case'\nname='x_s'\nlabel='S'\nfrom=['work']\nto='work'", "step x_s can be taken by nobody"),
        ("[[step]]\nkind='case'\nname='x_s'\nlabel='S'\nfrom=['work']\nto='work'\nroles=['operator']\ntaken_by='clock'", "step[0].taken_by: “taken_by” is not known here"),
    ] {
        refused(text, expected);
    }
}

#[test]
fn frs_cfg_004_a_regulatory_minimum_is_not_dropped_and_the_refusal_names_rule_and_requirement() {
    let error = apply(&product(), 1, "[[drop_rule]]\nkind='case'\nstep='submit'\nrule='case.cause_known'").unwrap_err();
    let refusal = error.refusal().unwrap();
    assert_eq!(refusal.place.as_deref(), Some("drop_rule[0].rule"));
    let blocker = &refusal.blockers[0];
    assert_eq!((blocker.rule.as_str(), blocker.requirement.as_str()), ("case.cause_known", "FRS-T-001"));
    assert!(blocker.text.contains("The cause is known"), "{}", blocker.text);
}

/// An extra state entered by one step and left by another, with a person to take both.
fn pocket(phase: &str, from: &str, to: &str, continues_with: &str) -> String {
    let out = if to.is_empty() {
        String::new()
    } else {
        format!("[[step]]\nkind='case'\nname='x_out'\nlabel='Out'\nfrom=['x_in']\nto='{to}'\nroles=['operator']\n")
    };
    format!(
        "[[state]]\nkind='case'\nname='x_in'\nlabel='In'\nphase='{phase}'\ncontinues_with=[{continues_with}]\n\
         [[step]]\nkind='case'\nname='x_into'\nlabel='Into'\nfrom=['{from}']\nto='x_in'\nroles=['operator']\n{out}"
    )
}

#[test]
fn frs_cfg_005_an_extra_state_is_a_pocket_on_the_way() {
    for (phase, from, to, continues_with) in [
        ("in_work", "work", "work", ""),
        ("in_work", "work", "draft", ""),
        ("in_work", "draft", "draft", "'start'"),
        ("in_review", "work", "work", "'submit'"),
        ("in_review", "review", "review", "'close', 'send_back'"),
        ("in_review", "review", "work", ""),
        ("closed", "closed", "", ""),
    ] {
        laid(&pocket(phase, from, to, continues_with));
    }
}

#[test]
fn frs_cfg_005_an_extra_state_never_leads_past_what_the_product_asks_for() {
    for (phase, from, to, continues_with, expected) in [
        ("in_review", "work", "closed", "", "step[1].to: would lead from work to closed past"),
        ("in_work", "draft", "work", "", "step[1].to: would lead from draft to work past"),
        ("in_review", "work", "review", "", "step[1].to: would lead from work to review past"),
        ("closed", "closed", "work", "", "step[1].to: would lead from closed to work past"),
        ("in_review", "work", "", "'close'", "state[0].continues_with[0]: x_in is entered from work, from which the step close does not start"),
        ("in_review", "review", "", "'x_into'", "state[0].continues_with[0]: case has no step “x_into” of its own"),
        ("effective", "work", "work", "", "state[0].phase: x_in has the phase effective, but is entered from work (in_work)"),
        ("closed", "review", "review", "", "state[0].phase: x_in has the phase closed, but is entered from review"),
        ("in_work", "review", "review", "", "state[0].phase: x_in has the phase in_work, but is entered from review"),
        ("void", "draft", "", "", "state[0].phase: x_in has the phase void, but is entered from draft"),
        ("in_review", "review", "", "", "state[0]: no step leads out of x_in"),
    ] {
        refused(&pocket(phase, from, to, continues_with), expected);
    }
    refused("[[state]]\nkind='case'\nname='x_in'\nlabel='In'\nphase='in_work'\ncontinues_with=['start']", "state[0]: no step leads into x_in");
    let direct = "[[step]]\nkind='case'\nname='x_jump'\nlabel='Jump'\nfrom=['review']\nto='closed'\nroles=['operator']";
    refused(direct, "step[0].to: would lead from review to closed past");
    let through_two = "[[state]]\nkind='case'\nname='x_a'\nlabel='A'\nphase='in_work'\n[[state]]\nkind='case'\nname='x_b'\nlabel='B'\nphase='in_review'\n\
        [[step]]\nkind='case'\nname='x_1'\nlabel='1'\nfrom=['work']\nto='x_a'\nroles=['operator']\n\
        [[step]]\nkind='case'\nname='x_2'\nlabel='2'\nfrom=['x_a']\nto='x_b'\nroles=['operator']\n\
        [[step]]\nkind='case'\nname='x_3'\nlabel='3'\nfrom=['x_b']\nto='closed'\nroles=['operator']";
    refused(through_two, "step[2].to: would lead from work to closed past");
    let effective = "[[state]]\nkind='paper'\nname='x_watched'\nlabel='Watched'\nphase='effective'\n\
        [[step]]\nkind='paper'\nname='x_watch'\nlabel='Watch'\nfrom=['out']\nto='x_watched'\nroles=['operator']\n\
        [[step]]\nkind='paper'\nname='x_end'\nlabel='End'\nfrom=['x_watched']\nto='out'\nroles=['operator']";
    refused(effective, "state x_watched is left by no step “supersede”");
    laid(&effective.replace("phase='effective'", "phase='effective'\ncontinues_with=['supersede']"));
}
