//! Periodic review of documents and suppliers.

use crate::company::{Company, code, story};
use crate::document::{draft, issue, next_revision};
use serde_json::json;

/// A procedure in effect since 2 November 2026, to be reviewed every year.
fn in_effect(company: &Company) -> String {
    let document = draft(company);
    company.world.edit(&company.quinn, &document, json!({"review_interval_months": 12})).unwrap();
    issue(company, &document);
    document
}

fn due_dates(company: &Company, record: &str) -> Vec<String> {
    company.open(record, "review").iter().map(|open| open.due_date.clone().unwrap()).collect()
}

#[test]
fn frs_doc_020_the_owner_is_asked_30_days_before_the_review_is_due_and_once() {
    story(|company| {
        let document = in_effect(company);
        let never = draft(company);
        issue(company, &never);
        company.days_pass(334);
        company.run_jobs();
        assert!(due_dates(company, &document).is_empty(), "31 days before");
        company.days_pass(1);
        company.run_jobs();
        company.run_jobs();
        assert_eq!(due_dates(company, &document), ["2027-11-02"]);
        assert_eq!(company.open(&document, "review")[0].person.as_deref(), Some(company.quinn.person()));
        assert!(due_dates(company, &never).is_empty());
    });
}

#[test]
fn frs_doc_021_confirming_is_signed_by_another_and_counts_from_that_day() {
    story(|company| {
        let world = &company.world;
        let document = in_effect(company);
        company.days_pass(340);
        company.run_jobs();
        assert_eq!(code(&world.sign_step(&company.quinn, &document, "confirm").unwrap_err()), "not_permitted");
        world.sign_step(&company.dario, &document, "confirm").unwrap();
        assert_eq!(company.state(&document), "effective");
        assert!(due_dates(company, &document).is_empty());
        company.run_jobs();
        assert!(due_dates(company, &document).is_empty());
        company.days_pass(340);
        company.run_jobs();
        assert_eq!(due_dates(company, &document), ["2028-10-08"]);
    });
}

#[test]
fn frs_doc_021_the_author_does_not_confirm_their_own_document() {
    story(|company| {
        let world = &company.world;
        let document = draft(company);
        world.edit(&company.dario, &document, json!({"review_interval_months": 12})).unwrap();
        let other = world.person("olga", &["document_controller"]);
        crate::document::ready(company, &document);
        world.sign_step(&other, &document, "issue").unwrap();
        assert_eq!(code(&world.sign_step(&company.dario, &document, "confirm").unwrap_err()), "self_approval");
        world.sign_step(&other, &document, "confirm").unwrap();
    });
}

#[test]
fn frs_doc_022_a_new_revision_or_a_withdrawal_answers_the_review() {
    story(|company| {
        let world = &company.world;
        let (revised, retired) = (in_effect(company), in_effect(company));
        company.days_pass(340);
        company.run_jobs();
        let next = next_revision(company, &revised);
        assert_eq!(due_dates(company, &revised).len(), 1, "still open while the revision is written");
        issue(company, &next);
        world.sign_step(&company.max, &retired, "retire").unwrap();
        for document in [&revised, &retired] {
            assert!(due_dates(company, document).is_empty());
            assert_eq!(company.obligations(document, "review")[0].state, "done");
        }
        company.run_jobs();
        assert!(due_dates(company, &next).is_empty() && due_dates(company, &retired).is_empty());
    });
}

#[test]
fn frs_doc_020_the_interval_has_1_to_120_months_and_nobody_asks_by_hand() {
    story(|company| {
        let world = &company.world;
        let document = draft(company);
        for months in [1, 120] {
            world.edit(&company.quinn, &document, json!({"review_interval_months": months})).unwrap();
        }
        for months in [0, 121] {
            let refused = world.edit(&company.quinn, &document, json!({"review_interval_months": months})).unwrap_err();
            assert_eq!(code(&refused), "out_of_range");
        }
        let refused = world.run(&company.dario, "review.ask", json!({"record": document})).unwrap_err();
        assert_eq!(code(&refused), "not_permitted");
    });
}

#[test]
fn frs_sup_006_suppliers_are_re_evaluated_at_their_interval() {
    story(|company| {
        let world = &company.world;
        let supplier = crate::supplier::draft(company, json!({"review_interval_months": 24}));
        crate::supplier::approve(company, &supplier);
        company.days_pass(720);
        company.run_jobs();
        assert_eq!(due_dates(company, &supplier), ["2028-11-02"]);
        world.sign_step(&company.max, &supplier, "confirm").unwrap();
        assert!(due_dates(company, &supplier).is_empty());
    });
}
