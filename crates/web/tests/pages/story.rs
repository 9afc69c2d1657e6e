//! The case from the complaint to the proof, as far as pages carry it.

use super::browser::{Browser, PASSWORD};
use super::company::{Company, REV_A, REV_B, on_both};
use axum::http::StatusCode;

/// A person who signs on the sign page.
fn sign_values(login: &str) -> [(&str, &str); 2] {
    [("login", login), ("secret", PASSWORD)]
}

#[test]
fn frs_web_010_a_first_structure_is_imported_through_the_page_and_shown_with_its_levels() {
    on_both(|world| {
        world.person("erin", &["design_engineer"]);
        let mut erin = Browser::signed_in(&world.kernel, "erin");
        let empty = erin.open("/list/part");
        empty.says("No part yet").says("Import a structure from a file");
        let form = erin.open("/engineering/import");
        let refused = erin.submit_with(&form, "/engineering/import", &[("reason", "Taken over")], Some(("file", "note.xlsx", b"this is none")));
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{}", refused.text());
        refused.says("This is not a readable XLSX workbook");
        let form = erin.open("/engineering/import");
        let unexplained = erin.submit_with(&form, "/engineering/import", &[], Some(("file", "rev-a.xlsx", REV_A)));
        unexplained.says("This needs a reason");
        assert_eq!(erin.open("/list/part").text().matches("LV-1").count(), 0, "nothing was written");
        let form = erin.open("/engineering/import");
        let shown = erin.submit_with(&form, "/engineering/import", &[("reason", "Taken over")], Some(("file", "rev-a.xlsx", REV_A)));
        assert_eq!(shown.status, StatusCode::OK, "{}", shown.text());
        shown.says("Imported:");
        let top = erin.open("/r/part/LV-100000");
        top.says("Ventilator unit").says("6 levels").says("In one top");
        let first = erin.open("/r/part/LV-100000?levels=1");
        first.says("on deeper levels");
        let below = first.html.split("data-open-href=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        erin.open(&below).says("Directly below").says("Pneumatic system");
        let used = erin.open("/r/part/LV-101155?used=all");
        used.says("Where used").says("End item").says("Lung ventilator");
    });
}

#[test]
fn frs_web_011_a_complaint_becomes_a_capa_in_at_most_six_clicks() {
    on_both(|world| {
        let company = Company::open(world);
        let mut quentin = Browser::signed_in(&company.world.kernel, "quentin");
        let list = quentin.open("/list/complaint");
        let complaint = quentin.open(&list.links().into_iter().find(|(href, _)| href.starts_with("/r/complaint/")).unwrap().0);
        complaint.says("Reportability is not decided yet").says("Decide: Medical device report (FDA)");
        let form = quentin.open(&complaint.link("Make a CAPA from this complaint"));
        form.says("Linked from the start").says("The alarm came on");
        let capa = quentin.submit(&form, "/new/capa", &[]);
        assert_eq!(capa.status, StatusCode::OK, "{}", capa.text());
        capa.says("CAPA created").says("Leak at the oxygen inlet").says("Addresses CO-2026-0001").says("From complaint to proof");
        capa.says("Before this CAPA can be closed").says("Effectiveness is not judged");
        assert!(quentin.clicks <= 6, "{} clicks", quentin.clicks);
    });
}

#[test]
fn frs_web_012_a_reportability_decision_is_taken_question_by_question_and_its_clock_stands_on_top() {
    on_both(|world| {
        let company = Company::open(world);
        let mut rita = Browser::signed_in(&company.world.kernel, "rita");
        let address = "/r/complaint/CO-2026-0001/decide/us_medical_device_report";
        let mut page = rita.open(address);
        for (question, answer) in [
            ("us_market", "yes"), ("our_device", "yes"), ("event_took_place", "yes"), ("death_or_serious_injury", "neither"), ("malfunction", "likely"),
            ("medical_judgement", "no"), ("urgency", "neither"),
        ] {
            page = rita.submit(&page, address, &[(question, answer)]);
            assert_eq!(page.status, StatusCode::OK, "{}", page.text());
        }
        page.says("Report within 30 calendar days");
        let complaint = rita.submit(&page, address, &[("take", "yes")]);
        complaint.says("Medical device report (FDA): by 1 Dec 2026").says("Report within 30 calendar days");
    });
}

#[test]
fn frs_web_013_a_change_order_is_made_from_a_capa_once_however_often_the_form_is_sent() {
    on_both(|world| {
        let company = Company::open(world);
        let capa = company.world.record(&company.capa());
        let mut quentin = Browser::signed_in(&company.world.kernel, "quentin");
        let page = quentin.open(&format!("/r/capa/{}", capa.number));
        let action = format!("/quality/capa/{}/order", capa.number);
        let first = quentin.submit(&page, &action, &[]);
        first.says("ECO-0001 is made; it implements CAPA-2026-0001");
        quentin.submit(&page, &action, &[]);
        quentin.open("/list/change_order").says("ECO-0001").says_not("ECO-0002");
        quentin.open(&format!("/r/capa/{}", capa.number)).says("Is implemented by ECO-0001");
        // Whoever may not link the CAPA gets neither half.
        let mut erin = Browser::signed_in(&company.world.kernel, "erin");
        let refused = erin.get(&format!("/r/capa/{}", capa.number));
        assert!(!refused.html.contains(&action), "the form is not offered");
    });
}

#[test]
fn frs_web_014_an_order_shows_its_computed_redline_and_its_impact_before_anybody_approves() {
    on_both(|world| {
        let company = Company::open(world);
        let mut erin = Browser::signed_in(&company.world.kernel, "erin");
        let form = erin.open("/new/change_order");
        let order = erin.submit(&form, "/new/change_order", &[("title", "Oxygen-safe fittings"), ("fields.reason", "Seals are not for oxygen")]);
        order.says("Nothing is affected yet");
        let action = "/r/change_order/ECO-0001/do/change_order.apply_structure";
        let form = erin.open(action);
        let applied = erin.submit_with(&form, action, &[], Some(("file", "rev-b.xlsx", REV_B)));
        assert_eq!(applied.status, StatusCode::OK, "{}", applied.text());
        applied.says("The file is applied: 0 added, 0 removed, 7 changed").says("0 added, 0 removed, 7 changed in the structure").says("Manufacturer parts");
        let action = "/r/change_order/ECO-0001/do/change_order.add_affected";
        let form = erin.open(action);
        let unknown = erin.submit(&form, action, &[("record", "PR-9999")]);
        assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
        unknown.says("there is no “PR-9999”");
        let form = erin.open(action);
        let added = erin.submit(&form, action, &[("record", "PR-0001")]);
        added.says("PR-0001 rev B is on the order").says("rev A → rev B");
        added.says("Used in, all levels").says("People to retrain 3").says("Olga Tester").says("Risks 1").says("Suppliers 1").says("Design projects 1");
        added.says("On release").says("Assigns training to 3 people");
        // One more line on a part of the order, found again as a difference.
        let part = erin.open("/r/part/LV-101155?rev=B");
        let remove = part.link("Remove").split('#').next().unwrap().to_owned();
        assert!(remove.contains("remove"), "{remove}");
        let taken = erin.open("/r/change_order/ECO-0001").links().into_iter().find(|(_, words)| words.starts_with("Take off LV-101121")).unwrap().0;
        let form = erin.open(&taken);
        erin.submit(&form, &taken, &[("reason", "Another order")]).says("6 changed in the structure");
    });
}

#[test]
fn frs_web_015_somebody_reads_and_signs_in_three_clicks_and_nobody_signs_for_somebody_else() {
    on_both(|world| {
        let company = Company::open(world);
        let capa = company.capa();
        company.released_order(&capa);
        let mut olga = Browser::signed_in(&company.world.kernel, "olga");
        let work = olga.open("/");
        olga.clicks = 0;
        let lesson = olga.open(&work.link("Read and sign : PR-0001 rev B"));
        lesson.says("What changed since you last read it").says("New step 3: only oxygen-safe fittings.").says("Check the fittings").says("Asked for by ECO-0001");
        let address = lesson.address.clone();
        let dialog = olga.submit(&lesson, &address, &[]);
        dialog.says("I have read and understood this document.").says("First signature of this session");
        let wrong = olga.submit(&dialog, &address, &[("login", "olga"), ("secret", "not this one")]);
        assert_eq!(wrong.status, StatusCode::UNAUTHORIZED, "{}", wrong.text());
        olga.clicks -= 1;
        let receipt = olga.submit(&wrong, &address, &sign_values("olga"));
        receipt.says("Signed. PR-0001 rev B is on your training record").says("Olga Tester").says("The content is what was signed").says("covers version");
        assert_eq!(olga.clicks, 3);
        // Nobody else can sign for her colleague, and the page says so.
        let mut quentin = Browser::signed_in(&company.world.kernel, "quentin");
        let open = quentin.open(&format!("/training/assignments?document={}&state=open", company.world.named("procedure", "PR-0001").id));
        let other = quentin.open(&open.links().into_iter().find(|(href, _)| href.starts_with("/training/learn/")).unwrap().0);
        other.says("has not signed yet").says("Only the person to whom it is assigned");
        assert!(!other.html.contains("data-sign"), "no form to sign is offered");
    });
}

#[test]
fn frs_web_016_the_story_leads_from_the_complaint_to_each_signature_on_each_training_record() {
    on_both(|world| {
        let company = Company::open(world);
        let capa = company.capa();
        let (_, revised) = company.released_order(&capa);
        for login in ["olga", "oscar"] {
            let open = company.world.kernel.database().read({
                let revised = revised.clone();
                move |tx| kernel::obligation::of_record(tx, kernel::MAIN_TENANT, &revised)
            });
            let person = company.who(login).person().to_owned();
            let own = open.unwrap().into_iter().find(|one| one.person.as_deref() == Some(person.as_str())).unwrap();
            let actor = company.world.sign_in(login);
            company.world.sign(&actor, "lms.read_and_sign", serde_json::json!({"obligation": own.id})).unwrap();
        }
        let mut ines = Browser::signed_in(&company.world.kernel, "ines");
        let complaint = ines.open("/r/complaint/CO-2026-0001");
        complaint.says("Inspector, read only: all records of all sites").says_not("Make a CAPA").says_not("Add a link");
        let story = ines.open(&complaint.link("Follow the story"));
        story.says("CAPA-2026-0001").says("ECO-0001").says("LV-101155 rev B").says("PR-0001 rev B").says("2 of 3 read and signed");
        let records: Vec<String> = story.links().into_iter().filter(|(_, words)| words.starts_with("Training record of ")).map(|(href, _)| href).collect();
        assert_eq!(records.len(), 2, "{:?}", story.links());
        for record in &records {
            ines.open(record).says("The content is what was signed").says("I have read and understood this document.").says("ECO-0001");
        }
        // From the CAPA to the training record in two clicks.
        let capa = ines.open("/r/capa/CAPA-2026-0001");
        capa.says("Training: 1 of 3 open").says("2 of 3 signed");
        let evidence = capa.links().into_iter().find(|(_, words)| words.starts_with("Evidence of Olga")).unwrap().0;
        ines.open(&evidence).says("Olga Tester");
        let signatures = ines.open(&format!("{}?only=signatures", story.address));
        signatures.says("approved the action plan").says_not("Became closed");
    });
}

#[test]
fn frs_web_012_a_decision_is_not_taken_without_its_answers_and_no_clock_stands_on_top() {
    on_both(|world| {
        let company = Company::open(world);
        let mut rita = Browser::signed_in(&company.world.kernel, "rita");
        let address = "/r/complaint/CO-2026-0001/decide/us_medical_device_report";
        let form = rita.open(address);
        let half = rita.submit(&form, address, &[("us_market", "yes"), ("take", "yes")]);
        assert_eq!(half.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", half.text());
        half.says("is not answered");
        rita.open("/r/complaint/CO-2026-0001").says("Reportability is not decided yet").says_not("Report within");
        // Somebody who may not decide is not offered it, and refused when they send it all the same.
        let mut erin = Browser::signed_in(&company.world.kernel, "erin");
        erin.open("/r/complaint/CO-2026-0001").says_not("Decide: Medical device report (FDA)");
        let refused = erin.submit(&form, address, &[("us_market", "no"), ("take", "yes")]);
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.text());
        rita.open("/r/complaint/CO-2026-0001").says("Reportability is not decided yet");
    });
}

#[test]
fn frs_web_014_nobody_is_asked_to_approve_before_the_review_and_its_author_is_refused() {
    on_both(|world| {
        let company = Company::open(world);
        let erin = company.who("erin");
        let order = company.world.create(erin, "change_order", "Oxygen-safe fittings", serde_json::json!({"reason": "Seals are not for oxygen"})).unwrap();
        let mut marco = Browser::signed_in(&company.world.kernel, "marco");
        let draft = marco.open("/r/change_order/ECO-0001");
        draft.says("Nothing is affected yet").says("“Affects”: a record is needed; none is linked");
        let approve = "/r/change_order/ECO-0001/step/approve";
        assert!(!draft.html.contains(approve), "nothing to approve yet");
        let part = company.world.named("part", "LV-101155").id;
        company.world.run(erin, "change_order.add_affected", serde_json::json!({"order": order, "record": part})).unwrap();
        company.world.step(erin, &order, "submit").unwrap();
        marco.open("/r/change_order/ECO-0001").says("Sign: Approve");
        let mut author = Browser::signed_in(&company.world.kernel, "erin");
        author.open("/r/change_order/ECO-0001").says("“Approve” is for the engineering manager or the quality manager").says_not("Sign: Approve");
        assert_eq!(author.get(approve).status, StatusCode::FORBIDDEN);
        assert_eq!(company.world.record(&order).state, "in_review");
    });
}
