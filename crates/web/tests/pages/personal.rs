//! The complainant on the page of a complaint.

use super::browser::Browser;
use super::company::{Company, on_both};
use axum::http::StatusCode;
use serde_json::json;

const PAGE: &str = "/r/complaint/CO-2026-0001";
const FORM: &str = "/r/complaint/CO-2026-0001/personal";

#[test]
fn frs_prs_002_the_page_shows_the_complainant_only_to_those_with_the_permission() {
    on_both(|world| {
        let company = Company::open(world);
        let kernel = &company.world.kernel;
        let mut quentin = Browser::signed_in(kernel, "quentin");
        let form = quentin.open(FORM);
        let long = "x".repeat(base::limits::LINE_CHARS + 1);
        let refused = quentin.submit(&form, FORM, &[("personal.complainant_name", &long)]);
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        refused.says("501 characters, at most 500 are allowed");
        quentin.submit(&form, FORM, &[("personal.complainant_name", "Nora Nemo"), ("personal.complainant_address", "Hidden Lane 7")]).says("The personal data is saved.");
        quentin.open(PAGE).says("Complainant Nora Nemo").says("changed the personal data");
        quentin.open(FORM).says("Hidden Lane 7");
        for login in ["olga", "ines", "erin"] {
            let mut other = Browser::signed_in(kernel, login);
            other.open(PAGE).says("Complainant Given").says("shown only to those with the permission").says_not("Nemo");
            other.open(FORM).says_not("Nemo").says_not("Hidden Lane");
            let timeline = other.open("/r/complaint/CO-2026-0001/timeline");
            timeline.says("changed the personal data").says_not("Nemo");
        }
        // Whoever does not see it does not clear it with an empty form, nor change it.
        let mut olga = Browser::signed_in(kernel, "olga");
        let form = olga.open(FORM);
        assert_eq!(olga.submit(&form, FORM, &[("personal.complainant_name", "Olga")]).status, StatusCode::FORBIDDEN);
        quentin.open(PAGE).says("Complainant Nora Nemo");
    });
}

#[test]
fn frs_prs_004_the_complainant_is_erased_by_a_form_that_asks_for_the_reason() {
    on_both(|world| {
        let company = Company::open(world);
        let input = json!({"record": company.complaint, "personal": {"complainant_name": "Nora Nemo"}});
        company.world.run(company.who("quentin"), "personal.edit", input).unwrap();
        let address = format!("{PAGE}/do/personal.erase");
        let mut quinn = Browser::signed_in(&company.world.kernel, "quinn");
        assert_eq!(quinn.open(PAGE).says("Nora Nemo").link("Erase"), address);
        let form = quinn.open(&address);
        assert_eq!(quinn.submit(&form, &address, &[]).status, StatusCode::UNPROCESSABLE_ENTITY);
        quinn.submit(&form, &address, &[("reason", "Asked for on 2 November")]);
        quinn.open(PAGE).says("Complainant Was given; erased").says("erased the personal data").says("Asked for on 2 November").says_not("Nemo");
        let quentin = Browser::signed_in(&company.world.kernel, "quentin").open(PAGE);
        assert!(quentin.links().iter().all(|(address, _)| !address.ends_with("personal.erase")));
    });
}
