//! Controlled documents: both ways to release, one effective revision, withdrawal.

use crate::company::{Company, blockers, code, effective_count, revisions, story};
use kernel::kind::Phase;
use serde_json::{Value as Json, json};

fn content() -> Json {
    json!({"purpose": "Assemble fittings", "scope": "Rome works", "body": "1. Degrease. 2. Fit."})
}

/// A procedure in draft, written by the first quality engineer.
pub fn draft(company: &Company) -> String {
    company.world.create(&company.quinn, "procedure", "Assembly of oxygen fittings", content()).unwrap()
}

/// Reviewed and signed by both, ready to be issued.
pub fn ready(company: &Company, document: &str) {
    let world = &company.world;
    world.step(&company.quinn, document, "submit").unwrap();
    world.sign_step(&company.petra, document, "approve").unwrap();
    world.sign_step(&company.max, document, "approve").unwrap();
}

/// Issued by the document controller.
pub fn issue(company: &Company, document: &str) {
    ready(company, document);
    company.world.sign_step(&company.dario, document, "issue").unwrap();
}

/// The next revision with something changed.
pub fn next_revision(company: &Company, document: &str) -> String {
    let next = company.revise(&company.quinn, document);
    company.world.edit(&company.quinn, &next, json!({"body": "1. Degrease twice. 2. Fit.", "summary_of_changes": "Degreasing"})).unwrap();
    next
}

#[test]
fn frs_doc_001_procedures_and_work_instructions_are_numbered_and_lettered() {
    story(|company| {
        let world = &company.world;
        for (kind, label) in [("procedure", "PR-0001 rev A"), ("work_instruction", "WI-0001 rev A")] {
            let id = world.create(&company.elena, kind, "Fitting", content()).unwrap();
            assert_eq!(world.record(&id).label(), label);
        }
        assert_eq!(code(&world.create(&company.max, "procedure", "x", content()).unwrap_err()), "not_permitted");
    });
}

#[test]
fn frs_doc_002_a_document_without_scope_and_text_is_not_submitted() {
    story(|company| {
        let world = &company.world;
        let empty = world.create(&company.quinn, "procedure", "x", json!({"purpose": "y"})).unwrap();
        assert_eq!(
            blockers(&world.step(&company.quinn, &empty, "submit").unwrap_err()),
            ["document.has_text: “Scope” is not filled in", "document.has_text: “Text” is not filled in"]
        );
    });
}

#[test]
fn frs_doc_003_a_new_revision_without_its_own_summary_of_changes_is_not_submitted() {
    story(|company| {
        let world = &company.world;
        let first = draft(company);
        world.edit(&company.quinn, &first, json!({"summary_of_changes": "First issue"})).unwrap();
        issue(company, &first);
        let second = company.revise(&company.quinn, &first);
        assert!(world.record(&second).field_is_empty("summary_of_changes"), "the summary of the first is not carried on");
        assert_eq!(
            blockers(&world.step(&company.quinn, &second, "submit").unwrap_err()),
            ["document.changes_are_summarised: “Summary of changes” is not filled in"]
        );
        assert_eq!(world.record(&first).field_text("summary_of_changes"), "First issue");
    });
}

#[test]
fn frs_doc_003_an_order_does_not_release_a_new_revision_without_its_summary_of_changes() {
    story(|company| {
        let first = draft(company);
        issue(company, &first);
        let second = company.revise(&company.quinn, &first);
        let order = company.order(&[&second]);
        let refused = company.world.sign_step(&company.dario, &order, "release").unwrap_err();
        assert_eq!(blockers(&refused), ["document.changes_are_summarised: “Summary of changes” is not filled in"]);
        assert_eq!((company.state(&first).as_str(), company.state(&second).as_str()), ("effective", "draft"));
    });
}

#[test]
fn frs_doc_004_a_document_outside_an_order_is_reviewed_signed_and_issued() {
    story(|company| {
        let world = &company.world;
        let document = draft(company);
        assert!(company.open(&document, "sign").is_empty());
        world.step(&company.quinn, &document, "submit").unwrap();
        let asked: Vec<_> = company.open(&document, "sign").iter().map(|open| open.role.clone().unwrap()).collect();
        assert_eq!(asked, ["quality_engineer", "quality_manager"]);
        assert_eq!(code(&world.edit(&company.quinn, &document, json!({"body": "x"})).unwrap_err()), "content_fixed");
        assert_eq!(code(&world.sign_step(&company.quinn, &document, "approve").unwrap_err()), "self_approval");
        world.sign_step(&company.petra, &document, "approve").unwrap();
        world.sign_step(&company.max, &document, "approve").unwrap();
        assert_eq!(company.state(&document), "ready");
        assert_eq!(code(&world.sign_step(&company.max, &document, "issue").unwrap_err()), "not_permitted");
        let by_hand = world.step(&company.dario, &document, "release").unwrap_err();
        assert_eq!(code(&by_hand), "not_permitted");
        let issued = world.sign_step(&company.dario, &document, "issue").unwrap();
        assert_eq!(issued["state"], json!("effective"));
        let record = world.record(&document);
        assert_eq!((record.phase, record.effective_on.as_deref()), (Phase::Effective, Some("2026-11-02")));
        assert!(company.open(&document, "sign").is_empty(), "nobody is asked to withdraw or confirm it");
        let given = world.kernel.database().read(move |tx| kernel::signature::of_record(tx, "main", &document)).unwrap();
        let meanings: Vec<_> = given.iter().map(|given| given.meaning.as_str()).collect();
        assert_eq!(meanings, ["approved as process owner", "approved for quality", "released the document"]);
        assert!(given.iter().all(|given| given.digest == record.digest));
    });
}

#[test]
fn frs_doc_004_whoever_wrote_a_document_does_not_issue_it() {
    story(|company| {
        let world = &company.world;
        let document = draft(company);
        world.edit(&company.dario, &document, json!({"scope": "All works"})).unwrap();
        ready(company, &document);
        assert_eq!(code(&world.sign_step(&company.dario, &document, "issue").unwrap_err()), "self_approval");
    });
}

#[test]
fn frs_doc_005_training_is_asked_for_by_both_ways_of_release() {
    story(|company| {
        let alone = draft(company);
        issue(company, &alone);
        assert_eq!(company.open(&alone, "train").len(), 12);
        let affected = draft(company);
        let order = company.order(&[&affected]);
        company.release(&order);
        let open = company.open(&affected, "train");
        assert_eq!(open.len(), 12);
        assert!(open.iter().all(|open| open.cause.as_deref() == Some(order.as_str())));
    });
}

#[test]
fn frs_doc_006_an_order_releases_a_draft_and_the_revision_before_is_superseded() {
    story(|company| {
        let world = &company.world;
        let first = draft(company);
        issue(company, &first);
        let second = next_revision(company, &first);
        let order = company.order(&[&second]);
        assert_eq!(company.state(&first), "effective");
        company.release(&order);
        let record = world.record(&second);
        assert_eq!(revisions(company, &record), ["A superseded", "B effective"]);
        assert_eq!(effective_count(company, &record), 1);
        assert_eq!(world.named("procedure", "PR-0001").revision, "B");
    });
}

#[test]
fn frs_doc_006_an_order_releases_a_document_in_review_too() {
    story(|company| {
        let (reviewed, signed) = (draft(company), draft(company));
        company.world.step(&company.quinn, &reviewed, "submit").unwrap();
        ready(company, &signed);
        let order = company.order(&[&reviewed, &signed]);
        company.release(&order);
        assert_eq!((company.state(&reviewed).as_str(), company.state(&signed).as_str()), ("effective", "effective"));
        assert!(company.open(&reviewed, "sign").is_empty() && company.open(&signed, "sign").is_empty());
    });
}

#[test]
fn frs_doc_007_an_order_with_one_document_that_cannot_be_released_releases_nothing() {
    story(|company| {
        let world = &company.world;
        let good = draft(company);
        let empty = world.create(&company.quinn, "procedure", "No text", json!({"purpose": "y"})).unwrap();
        let order = company.order(&[&good, &empty]);
        let refused = world.sign_step(&company.dario, &order, "release").unwrap_err();
        assert!(blockers(&refused).iter().all(|text| text.starts_with("document.has_text")));
        assert_eq!((company.state(&good).as_str(), company.state(&order).as_str()), ("draft", "draft"));
        assert!(company.obligations(&good, "train").is_empty());
    });
}

#[test]
fn frs_doc_011_a_document_on_an_open_order_is_not_issued_apart_from_it() {
    story(|company| {
        let world = &company.world;
        let document = draft(company);
        let order = company.order(&[&document]);
        ready(company, &document);
        let refused = world.sign_step(&company.dario, &document, "issue").unwrap_err();
        assert_eq!(blockers(&refused), ["document.no_open_order: Change order ECO-0001 is draft"]);
        assert_eq!(refused.refusal().unwrap().blockers[0].records[0].id, order);
        company.take_off(&order);
        world.sign_step(&company.dario, &document, "issue").unwrap();
    });
}

#[test]
fn frs_doc_013_a_document_in_effect_is_withdrawn_with_signature_and_reason_and_may_come_back() {
    story(|company| {
        let world = &company.world;
        let document = draft(company);
        issue(company, &document);
        assert_eq!(code(&world.sign_step(&company.quinn, &document, "retire").unwrap_err()), "not_permitted");
        let step = json!({"record": document, "version": world.record(&document).version, "step": "retire"});
        assert_eq!(code(&world.sign(&company.max, "record.step", step).unwrap_err()), "reason_needed");
        world.sign_step(&company.max, &document, "retire").unwrap();
        assert_eq!((company.state(&document).as_str(), effective_count(company, &world.record(&document))), ("retired", 0));
        let again = next_revision(company, &document);
        issue(company, &again);
        assert_eq!(revisions(company, &world.record(&again)), ["A retired", "B effective"]);
    });
}

#[test]
fn frs_doc_013_a_document_on_an_open_order_is_not_withdrawn() {
    story(|company| {
        let document = draft(company);
        issue(company, &document);
        company.order(&[&document]);
        let refused = company.world.sign_step(&company.max, &document, "retire").unwrap_err();
        assert_eq!(blockers(&refused), ["document.no_open_order: Change order ECO-0001 is draft"]);
    });
}

#[test]
fn frs_doc_014_only_one_revision_is_worked_on_and_a_withdrawn_draft_makes_room() {
    story(|company| {
        let world = &company.world;
        let first = draft(company);
        issue(company, &first);
        let second = next_revision(company, &first);
        let refused = world.run(&company.quinn, "record.revise", json!({"record": first})).unwrap_err();
        assert_eq!(code(&refused), "revision_open");
        world.step(&company.quinn, &second, "withdraw").unwrap();
        let third = next_revision(company, &first);
        assert_eq!(world.record(&third).revision, "C");
        assert_eq!(company.state(&first), "effective");
    });
}

#[test]
fn frs_doc_015_a_document_is_marked_suspect_when_its_part_changes() {
    story(|company| {
        let world = &company.world;
        let part = company.part("VX-1");
        company.release(&company.order(&[&part]));
        let document = draft(company);
        world.link(&company.quinn, &document, "applies_to", &part).unwrap();
        issue(company, &document);
        let next = company.revise(&company.elena, &part);
        company.release(&company.order(&[&next]));
        let links = world.kernel.database().read(move |tx| kernel::link::outgoing(tx, "main", &document)).unwrap();
        assert!(links[0].suspect);
    });
}

#[test]
fn frs_doc_005_nobody_is_asked_to_train_on_what_is_not_released() {
    story(|company| {
        let world = &company.world;
        let document = draft(company);
        ready(company, &document);
        assert_eq!(code(&world.sign_step(&company.max, &document, "issue").unwrap_err()), "not_permitted");
        world.step(&company.petra, &document, "send_back").unwrap();
        let order = company.order(&[&document]);
        assert_eq!(code(&world.sign_step(&company.max, &order, "release").unwrap_err()), "not_permitted");
        world.step(&company.elena, &order, "cancel").unwrap();
        assert_eq!(company.state(&document), "void");
        assert!(company.obligations(&document, "train").is_empty());
    });
}

#[test]
fn frs_doc_006_a_refused_release_of_an_order_supersedes_nothing() {
    story(|company| {
        let world = &company.world;
        let first = draft(company);
        issue(company, &first);
        let second = next_revision(company, &first);
        let order = company.order(&[&second]);
        world.run(&company.quinn, "hold.place", json!({"record": second, "why": "Step 2 is wrong"})).unwrap();
        let refused = world.sign_step(&company.dario, &order, "release").unwrap_err();
        assert!(blockers(&refused)[0].contains("Step 2 is wrong"), "{refused}");
        assert_eq!(revisions(company, &world.record(&second)), ["A effective", "B draft"]);
        assert_eq!((company.state(&order).as_str(), world.named("procedure", "PR-0001").revision.as_str()), ("draft", "A"));
        assert!(company.obligations(&second, "train").is_empty());
    });
}

#[test]
fn frs_doc_016_a_cancelled_order_voids_what_it_had_on_board_and_never_what_counts_or_was_given_out() {
    story(|company| {
        let world = &company.world;
        let (first, reviewed, signed, waiting) = (draft(company), draft(company), draft(company), draft(company));
        issue(company, &first);
        let second = next_revision(company, &first);
        world.step(&company.quinn, &reviewed, "submit").unwrap();
        ready(company, &signed);
        let input = json!({"record": waiting, "version": world.record(&waiting).version, "effective_on": "2026-12-01"});
        world.run(&company.quinn, "record.edit", input).unwrap();
        issue(company, &waiting);
        assert_eq!(company.state(&waiting), "approved");
        let by_hand = world.step(&company.quinn, &second, "cancel").unwrap_err();
        assert_eq!(code(&by_hand), "not_permitted");
        let order = company.order(&[&second, &reviewed, &signed, &waiting]);
        world.step(&company.elena, &order, "cancel").unwrap();
        for document in [&second, &reviewed, &signed] {
            assert_eq!(world.record(document).phase, Phase::Void);
            assert!(company.open(document, "sign").is_empty(), "nobody is asked to sign it any more");
        }
        assert_eq!((company.state(&first).as_str(), company.state(&waiting).as_str()), ("effective", "approved"));
        assert_eq!(revisions(company, &world.record(&second)), ["A effective", "B void"]);
        let third = next_revision(company, &first);
        assert_eq!(world.record(&third).revision, "C", "there is room for another");
    });
}
