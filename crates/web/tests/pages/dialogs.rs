//! What the modules of a page ask for instead of a whole page: the dialog before something counts,
//! and the rows below a row.

use super::browser::{Browser, PASSWORD};
use super::company::{Company, on_both};
use axum::http::StatusCode;

/// The order of the company, in review and not signed by anybody.
fn order_in_review(company: &Company) {
    let world = &company.world;
    let erin = company.who("erin");
    let order = world.create(erin, "change_order", "Oxygen-safe fittings", serde_json::json!({"reason": "Seals"})).unwrap();
    let file = company.upload(super::company::REV_B);
    world.run(erin, "change_order.apply_structure", serde_json::json!({"order": order, "file": file, "file_name": "rev-b.xlsx"})).unwrap();
    world.step(erin, &order, "submit").unwrap();
}

#[test]
fn frs_web_017_a_wrong_password_stays_in_the_dialog_and_nothing_is_signed() {
    on_both(|world| {
        let company = Company::open(world);
        order_in_review(&company);
        let mut quinn = Browser::signed_in(&company.world.kernel, "quinn");
        let address = "/r/change_order/ECO-0001/step/approve";
        let dialog = quinn.asking_for("dialog", |quinn| quinn.get(address));
        assert_eq!((dialog.status, dialog.vary.as_str()), (StatusCode::OK, "plumb-fragment"));
        assert!(dialog.html.starts_with("<dialog") && !dialog.html.contains("<html"), "{}", dialog.html);
        dialog.says("Sign ECO-0001").says("Engineering manager , Approval for engineering not yet signed").says_not("Quality manager , Approval");
        let page = quinn.open(address);
        assert!(page.html.contains("<html") && !page.html.contains("<dialog"), "the page of the same address");
        assert_eq!(page.vary, "plumb-fragment");

        let wrong = quinn.asking_for("dialog", |quinn| quinn.submit(&dialog, address, &[("login", "quinn"), ("secret", "not the password")]));
        assert_eq!((wrong.status, wrong.go.as_deref()), (StatusCode::UNAUTHORIZED, None), "{}", wrong.text());
        assert!(wrong.html.starts_with("<dialog") && wrong.html.contains("role=\"alert\""), "{}", wrong.html);
        quinn.open("/r/change_order/ECO-0001").says("In review").says("0 of 2");

        let signed = quinn.asking_for("dialog", |quinn| quinn.submit(&wrong, address, &[("login", "quinn"), ("secret", PASSWORD)]));
        assert_eq!((signed.status, signed.go.as_deref()), (StatusCode::NO_CONTENT, Some("/r/change_order/ECO-0001")), "{}", signed.text());
        quinn.open("/r/change_order/ECO-0001").says("Signed. ECO-0001 waits for the other signatures.");
    });
}

#[test]
fn frs_web_017_a_step_without_a_signature_is_confirmed_in_a_dialog_and_a_refusal_is_not_hidden() {
    on_both(|world| {
        let company = Company::open(world);
        let mut quentin = Browser::signed_in(&company.world.kernel, "quentin");
        let address = "/r/complaint/CO-2026-0001/step/investigate";
        let blocked = quentin.asking_for("dialog", |quentin| quentin.get(address));
        assert!(!blocked.html.contains("<dialog"), "what stands in the way is read as a page");
        blocked.says("What stands in the way");

        let mut erin = Browser::signed_in(&company.world.kernel, "erin");
        let world = &company.world;
        let request = world.create(company.who("erin"), "change_request", "Quieter fan", serde_json::json!({"reason": "Noise", "proposal": "Another fan"})).unwrap();
        world.link(company.who("erin"), &request, "concerns", &world.named("part", "LV-101155").id).unwrap();
        let address = "/r/change_request/CR-0001/step/submit";
        let confirm = erin.asking_for("dialog", |erin| erin.get(address));
        assert!(confirm.html.starts_with("<dialog"), "{}", confirm.text());
        let done = erin.asking_for("dialog", |erin| erin.submit(&confirm, address, &[]));
        assert_eq!((done.status, done.go.as_deref()), (StatusCode::NO_CONTENT, Some("/r/change_request/CR-0001")), "{}", done.text());
    });
}

#[test]
fn frs_web_017_the_rows_below_a_row_come_without_the_page() {
    on_both(|world| {
        let company = Company::open(world);
        let mut erin = Browser::signed_in(&company.world.kernel, "erin");
        let top = erin.open("/r/part/LV-100000?levels=1");
        let below = top.html.split("data-open-href=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let rows = erin.asking_for("rows", |erin| erin.get(&below));
        assert!(rows.html.starts_with("<table><tbody><tr") && !rows.html.contains("<html"), "{}", rows.html);
        assert_eq!(rows.vary, "plumb-fragment");
        let page = erin.open(&below);
        assert_eq!(page.html.matches("aria-level").count(), rows.html.matches("aria-level").count());
    });
}
