//! Setting a company up by hand, roles, configuration packages.

use super::browser::{Browser, PASSWORD};
use super::company::on_both;
use axum::http::StatusCode;
use kernel::{MAIN_TENANT, evidence};
use testkit::world::signer;

#[test]
fn frs_web_020_a_second_company_is_set_up_by_hand_through_the_pages() {
    on_both(|world| {
        let mut admin = Browser::signed_in(&world.kernel, "admin");
        let work = admin.open("/");
        work.says("First steps").says("Make departments").says("Bring in the parts");
        let mut make = |kind: &str, values: &[(&str, &str)]| {
            let action = format!("/new/{kind}");
            let form = admin.open(&action);
            let made = admin.submit(&form, &action, values);
            assert_eq!(made.status, StatusCode::OK, "{}", made.text());
            made.says("created");
        };
        make("site", &[("number", "OSL"), ("title", "Oslo works"), ("fields.zone", "Europe/Oslo")]);
        make("department", &[("number", "ASM"), ("title", "Assembly")]);
        make("job_function", &[("number", "FITTER"), ("title", "Fitter")]);
        make("person", &[("login", "kari"), ("name", "Kari Nordmann"), ("zone", "Europe/Oslo"), ("site", "OSL"), ("password", "a first password"), ("identity_verified", "passport seen")]);
        let person = admin.open("/r/person/kari");
        let grant = person.link("Grant a role");
        for role in ["design_engineer", "quality_engineer"] {
            let form = admin.open(&grant);
            admin.submit(&form, &grant, &[("role", role)]).says("Done: grant a role");
        }
        let link = person.link("Link to another record");
        let form = admin.open(&link);
        admin.submit(&form, &link, &[("link", "has_function"), ("target", "FITTER")]).says("Has the job function FITTER");
        admin.open("/admin/roles").says("Kari Nordmann");

        let mut kari = Browser::new(&world.kernel);
        let page = kari.get("/sign-in");
        let page = kari.submit(&page, "/sign-in", &[("login", "kari"), ("secret", "a first password")]);
        page.says("Choose your own password first");
        let page = kari.submit(&page, "/password", &[("current_password", "a first password"), ("password", PASSWORD), ("again", PASSWORD)]);
        assert_eq!(page.address, "/");
        let form = kari.open("/new/part");
        kari.submit(&form, "/new/part", &[("number", "PUMP-1"), ("title", "Infusion pump"), ("fields.unit", "each")]).says("Part created");
        let form = kari.open("/new/part");
        kari.submit(&form, "/new/part", &[("number", "SCREW-1"), ("title", "Screw"), ("fields.unit", "each")]).says("Part created");
        let add = kari.open("/r/part/PUMP-1").link("Add a line");
        let form = kari.open(&add);
        let wrong = kari.submit(&form, &add, &[("child", "SCREW-1"), ("quantity", "many")]);
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", wrong.text());
        let form = kari.open(&add);
        let part = kari.submit(&form, &add, &[("child", "SCREW-1"), ("quantity", "8"), ("designators", "S1-S8")]);
        part.says("SCREW-1").says("8 each").says("S1");
        let change = part.links().into_iter().find(|(_, words)| words.starts_with("Change SCREW-1")).unwrap().0;
        let form = kari.open(&change);
        let part = kari.submit(&form, &change, &[("quantity", "4"), ("designators", "")]);
        part.says("4 each").says_not("S1, S2");
        let form = kari.open("/new/procedure");
        kari.submit(&form, "/new/procedure", &[("title", "Assembly of pumps"), ("fields.purpose", "How pumps are made")]).says("Procedure created");
        admin.open("/").says("First steps");
    });
}

#[test]
fn frs_web_021_a_configuration_package_shows_its_faults_with_their_place_then_its_changes_and_impact() {
    on_both(|world| {
        let mut admin = Browser::signed_in(&world.kernel, "admin");
        let form = admin.open("/new/configuration_package");
        let text = "[[field]]\nkind = \"capa\"\nname = \"wrong_name\"\nlabel = \"Own\"\n";
        let page = admin.submit(&form, "/new/configuration_package", &[("title", "Our words"), ("fields.purpose", "First package"), ("fields.text", text)]);
        page.says("Not sound").says("field");
        let form = admin.open("/r/configuration_package/CFG-001/edit");
        let page = admin.submit(&form, "/r/configuration_package/CFG-001/edit", &[("fields.text", "")]);
        page.says("Sound").says("Nothing differs from the configuration in force").says("No record and no person is touched");
    });
}

#[test]
fn frs_evd_050_the_evidence_page_says_how_things_stand_and_what_nobody_keeps() {
    on_both(|world| {
        let kernel = world.kernel.clone();
        let mut admin = Browser::signed_in(&kernel, "admin");
        admin.open("/evidence").says("No checkpoint yet");
        let made = evidence::checkpoint(&kernel, MAIN_TENANT, &signer()).unwrap().unwrap();
        admin.open("/evidence").says("Nobody keeps checkpoints outside the database");
        let receipt = |fault: Option<&str>| evidence::Receipt { anchor: "Folder /mnt/kept".to_owned(), size: made.size, tried_at: kernel.now(), fault: fault.map(str::to_owned) };
        evidence::note_receipt(&kernel, MAIN_TENANT, &receipt(Some("the disk is full"))).unwrap();
        let shown = admin.open("/evidence");
        shown.says("A checkpoint was not kept");
        shown.says("the disk is full");
        world.clock.advance_seconds(60);
        evidence::note_receipt(&kernel, MAIN_TENANT, &receipt(None)).unwrap();
        let shown = admin.open("/evidence");
        shown.says(&format!("{} transactions are covered by a checkpoint outside the database", made.size));
        shown.says(&signer().verifier().text());
    });
}

#[test]
fn frs_evd_060_every_page_says_why_nothing_can_be_changed_and_a_change_is_refused() {
    on_both(|world| {
        let broken = evidence::Break { how: "The newest are missing.".to_owned(), head: base::Digest::of(b"later") };
        let by = evidence::close_for(&world.kernel, MAIN_TENANT, "Folder /mnt/kept", &broken).unwrap();
        let mut admin = Browser::signed_in(&world.kernel, "admin");
        for address in ["/", "/list/person", "/evidence"] {
            let shown = admin.open(address);
            shown.says("Nothing can be changed now");
            shown.says(&by.number);
        }
        let form = admin.open("/new/department");
        let refused = admin.submit(&form, "/new/department", &[("number", "ASM"), ("title", "Assembly")]);
        assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
        admin.open(&format!("/r/restoration/{}", by.number)).says("Folder /mnt/kept: The newest are missing.");
    });
}
