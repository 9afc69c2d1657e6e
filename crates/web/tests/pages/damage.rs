//! A record that somebody changed in the database: its page says so, and nothing is signed on it.

use super::browser::Browser;
use super::company::{Company, on_both};
use axum::http::StatusCode;
use kernel::evidence::{self, Findings};
use serde_json::json;
use testkit::world::PASSWORD;

#[test]
fn frs_evd_070_071_the_page_of_a_record_that_was_changed_outside_says_what_and_nothing_is_signed_there() {
    on_both(|world| {
        let company = Company::open(world);
        let (world, sam) = (&company.world, company.who("sam"));
        let supplier = world.create(sam, "supplier", "Southvale", json!({"scope": "Seals", "risk_class": "critical", "evaluation": "Audited"})).unwrap();
        world.step(sam, &supplier, "submit").unwrap();
        let number = world.record(&supplier).number;
        let (page, step) = (format!("/r/supplier/{number}"), format!("/r/supplier/{number}/step/approve"));
        let mut quinn = Browser::signed_in(&world.kernel, "quinn");
        quinn.open(&page).says_not("changed outside Plumb");
        let dialog = quinn.open(&step);
        let before = world.kernel.database().query(db::sql("select count(*) as n from signature where tenant = 'main'"), &[]).unwrap()[0].int("n").unwrap();

        let attack = "update record set title = 'Eastvale' where tenant = 'main' and title = 'Southvale'";
        assert_eq!(world.kernel.database().write(move |tx| tx.execute_text(attack, &[])).unwrap(), 1);
        let shown = quinn.open(&page);
        shown.says("This record was changed outside Plumb").says("record, title: is “Eastvale”, the trail says “Southvale”.").says("Nothing on it can be signed or changed");
        assert!(shown.html.contains("banner broken"), "the banner is red");
        // The dialog that was open before, and the one that would be opened now.
        let refused = quinn.submit(&dialog, &step, &[("login", "quinn"), ("secret", PASSWORD)]);
        assert_eq!(refused.status, StatusCode::CONFLICT);
        refused.says("was changed outside Plumb");
        let blocked = quinn.get(&step);
        blocked.says("was changed outside Plumb").says_not("Password");
        let after = world.kernel.database().query(db::sql("select count(*) as n from signature where tenant = 'main'"), &[]).unwrap()[0].int("n").unwrap();
        assert_eq!(after, before, "nothing was signed");
        // The content as it was recorded is still there to be read.
        let undo = "update record set title = 'Southvale' where tenant = 'main' and title = 'Eastvale'";
        world.kernel.database().write(move |tx| tx.execute_text(undo, &[])).unwrap();
        quinn.open(&page).says_not("changed outside Plumb");
    });
}

#[test]
fn frs_evd_083_the_evidence_of_a_record_is_downloaded_from_its_page_by_those_only_who_may() {
    on_both(|world| {
        let company = Company::open(world);
        let page = "/r/complaint/CO-2026-0001";
        let mut quentin = Browser::signed_in(&company.world.kernel, "quentin");
        let address = quentin.open(page).link("Take the evidence away");
        let asked = quentin.open(&address);
        asked.says("noted in the record's timeline");
        let unexplained = quentin.submit(&asked, &address, &[("reason", " ")]);
        assert_eq!(unexplained.status, StatusCode::UNPROCESSABLE_ENTITY);
        unexplained.says("This needs a reason").says("Download the evidence");
        let file = quentin.submit(&asked, &address, &[("reason", "Asked for by an inspector")]);
        assert_eq!(file.status, StatusCode::OK);
        let bundle: serde_json::Value = serde_json::from_str(&file.html).unwrap();
        assert_eq!((&bundle["format"], &bundle["record"]["number"]), (&json!("plumb-evidence-1"), &json!("CO-2026-0001")));
        let again = quentin.submit(&asked, &address, &[("reason", "Asked for by an inspector")]);
        assert_eq!(again.status, StatusCode::CONFLICT);
        let mut olga = Browser::signed_in(&company.world.kernel, "olga");
        let page = "/r/procedure/PR-0001";
        olga.open(page).says_not("Take the evidence away");
        let refused = olga.get(&format!("{page}/evidence"));
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
        refused.says("A quality engineer or a quality manager does").says_not("Download the evidence");
    });
}

#[test]
fn frs_evd_090_091_the_evidence_page_begins_a_check_shows_how_far_it_is_and_stays_red_until_damage_is_assessed() {
    on_both(|world| {
        let world = &world;
        world.person("quinn", &["quality_manager"]);
        world.person("olga", &["operator"]);
        let mut olga = Browser::signed_in(&world.kernel, "olga");
        olga.open("/evidence").says("None yet.").says_not("Verify now");
        let mut quinn = Browser::signed_in(&world.kernel, "quinn");
        let page = quinn.open("/evidence");
        page.says("Verify now");
        let after = quinn.submit(&page, "/evidence/check", &[]);
        after.says("CHK-2026-00001 begins within seconds").says("CHK-2026-00001 is running").says_not("Verify now");
        let check = world.kernel.database().read(|tx| evidence::running(tx, "main")).unwrap().unwrap().id;
        evidence::note_progress(&world.kernel, "main", &check, "checking the events", 20_000, Some(50_000)).unwrap();
        let asked = quinn.get(&format!("/evidence/check/{check}"));
        let progress: serde_json::Value = serde_json::from_str(&asked.html).unwrap();
        assert_eq!(progress, json!({"done": 20_000, "total": 50_000, "now": "checking the events"}));
        let found = Findings { events: 50_000, checkpoint: 900, problems: vec!["record 01, title: is “Other”, the trail says “News”".to_owned()], ..Findings::default() };
        evidence::finish(&world.kernel, "main", &check, &Ok(found)).unwrap();
        let ended: serde_json::Value = serde_json::from_str(&quinn.get(&format!("/evidence/check/{check}")).html).unwrap();
        assert_eq!(ended["ended_href"], "/evidence");
        let page = quinn.open("/evidence");
        page.says("The last check found damage to the trail").says("is “Other”, the trail says “News”").says("Damage found").says("Quinn Tester");
        assert!(page.html.contains("banner broken"));
        // Their work asks for it; with the signature the red goes away.
        quinn.open("/").says("Assess the damage");
        let version = world.record(&check).version;
        world.sign_because(&world.sign_in("quinn"), "record.step", json!({"record": check, "version": version, "step": "assess"}), "a test bench wrote there").unwrap();
        quinn.open("/evidence").says_not("found damage to the trail").says("Damage assessed").says("Verify now");
        assert_eq!(quinn.get("/evidence/check/nothing").status, StatusCode::NOT_FOUND);
    });
}
