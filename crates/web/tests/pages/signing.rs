//! Attacks on the sign prompt as a browser meets it: content that changed behind it, training that
//! lapsed while it was open, and pages that would be laid under somebody else's button.

use super::browser::{Browser, PASSWORD};
use super::company::{Company, on_both};
use axum::http::StatusCode;
use serde_json::json;

/// A risk that waits for its assessment by a quality manager; answers its number.
fn risk_fields() -> serde_json::Value {
    json!({
        "hazard": "Noise", "sequence_of_events": "Fan wears", "hazardous_situation": "Alarm not heard", "harm": "Late care",
        "severity": 2, "probability_before": 2, "controls": "Quieter fan", "control_type": "inherent_safety",
        "control_verification": "Measured", "risks_from_controls": "None", "probability_after": 1, "benefit_risk": "Sustains life",
    })
}

fn risk_in_review(company: &Company) -> String {
    let (world, quentin, fields) = (&company.world, company.who("quentin"), risk_fields());
    let risk = world.create(quentin, "risk", "Noise", fields).unwrap();
    world.link(quentin, &risk, "concerns", &world.named("part", "LV-101155").id).unwrap();
    world.step(quentin, &risk, "evaluate").unwrap();
    world.step(quentin, &risk, "submit").unwrap();
    risk
}

#[test]
fn frs_sig_011_what_changed_behind_the_prompt_is_not_signed_and_the_prompt_comes_back_with_the_new_text() {
    on_both(|world| {
        let company = Company::open(world);
        let (world, dora) = (&company.world, company.who("dora"));
        let text = json!({"purpose": "No noise", "scope": "Rome", "body": "1. Oil the fan."});
        let procedure = world.create(dora, "procedure", "Fans", text).unwrap();
        world.step(dora, &procedure, "submit").unwrap();
        let mut quinn = Browser::signed_in(&world.kernel, "quinn");
        let address = format!("/r/procedure/{}/step/approve", world.record(&procedure).number);
        let shown = quinn.asking_for("dialog", |quinn| quinn.get(&address));
        let digest = |record: &str| world.record(record).digest.get(..12).unwrap().to_owned();
        let before = digest(&procedure);
        shown.says(&before);
        let back = company.who("quentin");
        world.step(back, &procedure, "send_back").unwrap();
        world.edit(dora, &procedure, json!({"body": "1. Do not oil the fan."})).unwrap();
        world.step(dora, &procedure, "submit").unwrap();
        let refused = quinn.asking_for("dialog", |quinn| quinn.submit(&shown, &address, &[("login", "quinn"), ("secret", PASSWORD)]));
        assert_eq!(refused.status, StatusCode::PRECONDITION_FAILED, "{}", refused.text());
        assert_ne!(before, digest(&procedure));
        refused.says("Not signed").says(&digest(&procedure)).says_not(&before);
        quinn.open(&format!("/r/procedure/{}", world.record(&procedure).number)).says("Do not oil the fan").says("0 of 2");
        // What came back is good to be signed.
        let signed = quinn.asking_for("dialog", |quinn| quinn.submit(&refused, &address, &[("login", "quinn"), ("secret", PASSWORD)]));
        assert_eq!(signed.status, StatusCode::NO_CONTENT, "{}", signed.text());
    });
}

#[test]
fn frs_sig_008_whoevers_training_lapses_while_the_prompt_is_open_does_not_sign_until_it_is_done() {
    on_both(|world| {
        let company = Company::open(world);
        let world = &company.world;
        // A quality manager who comes to work in assembly has the procedure to read within 14 days.
        let late = world.person_at("lena", json!({"job_functions": ["ASSEMBLER"]}), &[("quality_manager", None)]);
        let risk = risk_in_review(&company);
        let number = world.record(&risk).number;
        let address = format!("/r/risk/{number}/step/assess");
        // A minute before the day ends on which it is due; the procedure is of no site, so days are those of UTC.
        world.clock.set(base::Timestamp::parse("2026-11-16T23:59:00Z").unwrap());
        let mut lena = Browser::signed_in(&world.kernel, "lena");
        let shown = lena.asking_for("dialog", |lena| lena.get(&address));
        shown.says("Sign");
        world.clock.advance_seconds(90);
        let refused = lena.asking_for("dialog", |lena| lena.submit(&shown, &address, &[("login", "lena"), ("secret", PASSWORD)]));
        assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.text());
        refused.says("Your training on PR-0001 rev A was due on 16 Nov 2026");
        lena.open(&address).says("for somebody else").says("Your training on PR-0001 rev A was due on 16 Nov 2026").says("FRS-SIG-008");
        assert_eq!(world.record(&risk).state, "in_review");
        // Read and signed, it stands in the way no more.
        let read = company.procedure.clone();
        let open = world.kernel.database().read(move |tx| kernel::obligation::of_record(tx, "main", &read)).unwrap();
        let own = open.iter().find(|known| known.person.as_deref() == Some(late.person()) && known.state == "open").unwrap();
        world.sign(&world.sign_in("lena"), "lms.read_and_sign", json!({"obligation": own.id})).unwrap();
        world.sign_step(&world.sign_in("lena"), &risk, "assess").unwrap();
    });
}

#[test]
fn frs_guard_010_an_export_made_while_looking_at_another_day_holds_what_that_day_held() {
    on_both(|world| {
        let company = Company::open(world);
        let world = &company.world;
        let order = world.create(&world.sign_in("quentin"), "risk", "Valve sticks", risk_fields()).unwrap();
        let number = world.record(&order).number;
        world.clock.advance_seconds(3 * 86_400);
        let version = world.record(&order).version;
        world.run(&world.sign_in("quentin"), "record.edit", json!({"record": order, "version": version, "title": "Valve sticks when cold"})).unwrap();
        let later = world.create(&world.sign_in("quentin"), "risk", "Hose leaks", risk_fields()).unwrap();
        let later = world.record(&later).number;
        let mut quentin = Browser::signed_in(&world.kernel, "quentin");
        let taken = |quentin: &mut Browser, address: &str| {
            let form = quentin.open(address);
            (form.text(), quentin.submit(&form, address, &[("reason", "Asked for by an inspector")]).html)
        };
        let (form, then) = taken(&mut quentin, "/list/risk/export?as_of=2026-11-03");
        assert!(form.contains("As they were at the end of 3 Nov 2026"), "{form}");
        assert!(then.contains(&format!("\"{number}\",\"1\",\"Valve sticks\"")) && !then.contains("when cold") && !then.contains(&later), "{then}");
        let (form, now) = taken(&mut quentin, "/list/risk/export");
        assert!(!form.contains("As they were"), "{form}");
        assert!(now.contains("Valve sticks when cold") && now.contains(&later), "{now}");
        // Signatures that were given since then are not on it either: an assessment of the first day is.
        assert!(then.contains("Quinn Tester, 2 Nov 2026"), "{then}");
        // A day that is none is not taken for today.
        let refused = quentin.get("/list/risk/export?as_of=2026-13-45");
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text());
        let (_, before) = taken(&mut quentin, "/list/risk/export?as_of=2026-11-01");
        assert!(!before.contains("Quinn Tester") && !before.contains(&number), "{before}");
    });
}

#[test]
fn frs_sig_016_no_page_can_be_laid_into_somebody_elses() {
    on_both(|world| {
        let company = Company::open(world);
        let capa = company.capa();
        let mut quinn = Browser::signed_in(&company.world.kernel, "quinn");
        let mut addresses: Vec<String> =
            ["/", "/sign-in", "/password", "/search?q=oxygen", "/nothing-here", "/evidence", "/training/matrix", "/admin/roles", "/engineering/import", "/api-reference", "/r/capa/CAPA-2026-0001/edit", "/r/part/none"]
                .map(str::to_owned)
                .into();
        addresses.push(format!("/story/{capa}"));
        // Each kind's list, form and page, and everything that those pages lead to.
        for kind in company.world.kernel.catalog().unwrap().kinds() {
            addresses.push(format!("/list/{}", kind.name));
            addresses.push(format!("/new/{}", kind.name));
        }
        for page in ["/r/capa/CAPA-2026-0001", "/r/risk/RSK-0001", "/r/part/LV-101155", "/r/procedure/PR-0001", "/r/person/quinn"] {
            addresses.push(page.to_owned());
            let linked = quinn.open(page).links().into_iter().map(|(href, _)| href);
            addresses.extend(linked.filter(|href| href.starts_with('/') && !href.starts_with("/assets/") && !href.contains("format=")));
        }
        addresses.sort();
        addresses.dedup();
        let mut prompts = 0;
        for address in &addresses {
            let shown = quinn.get(address);
            assert!(shown.policy.contains("frame-ancestors 'none'"), "{address}: {}", shown.policy);
            prompts += usize::from(shown.html.contains("name=\"secret\""));
        }
        assert!(addresses.len() > 100 && prompts > 0, "{} addresses, {prompts} prompts", addresses.len());
        let mut nobody = Browser::new(&company.world.kernel);
        for address in ["/", "/sign-in", "/r/capa/CAPA-2026-0001"] {
            assert!(nobody.get(address).policy.contains("frame-ancestors 'none'"), "{address}");
        }
        // And a signature wants a secret that is typed: the prompt alone, sent by a click, signs nothing.
        let address = "/r/risk/RSK-0002/step/assess";
        risk_in_review(&company);
        let prompt = quinn.open(address);
        let clicked = quinn.submit(&prompt, address, &[("login", "quinn")]);
        assert_eq!(clicked.status, StatusCode::UNAUTHORIZED, "{}", clicked.text());
        quinn.open("/r/risk/RSK-0002").says("In review");
    });
}
