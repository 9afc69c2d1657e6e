//! Every page answers, for those who may see it.

use super::browser::Browser;
use super::company::{Company, on_both};
use axum::http::StatusCode;
use base::limits::{SEARCH_HITS, SEARCH_WORDS_PER_QUERY, SEARCH_WORDS_PER_RECORD};
use serde_json::json;

#[test]
fn frs_web_001_every_page_answers_and_says_what_it_is_about() {
    on_both(|world| {
        let company = Company::open(world);
        let capa = company.capa();
        let (order, revised) = company.released_order(&capa);
        let mut quentin = Browser::signed_in(&company.world.kernel, "quentin");
        for (address, text) in [
            ("/", "My work"),
            ("/search?q=oxygen", "records Record Kind State"),
            ("/r/complaint/CO-2026-0001", "Reportability"),
            ("/r/capa/CAPA-2026-0001", "Training asked for by ECO-0001"),
            ("/r/change_order/ECO-0001", "0 added, 0 removed, 7 changed"),
            ("/r/risk/RSK-0001", "After controls"),
            ("/r/procedure/PR-0001", "Training on this revision"),
            ("/r/design_project/DP-0001", "Not frozen yet"),
            ("/r/course/CRS-0001", "names 3 people for this course"),
            ("/r/training_requirement/TR-0001", "Assemblers"),
            ("/r/supplier/SUP-0001", "Northvale"),
            ("/r/part/LV-101155", "Manufacturer parts"),
            ("/r/person/olga", "Training record"),
            ("/r/person/olga/timeline", "Timeline"),
            ("/training/matrix", "PR-0001 rev B"),
            ("/training/assignments", "Training assignments"),
            ("/training/assignments?state=open", "Olga Tester"),
            ("/quality/risk-matrix", "1 risk, on RT-RISK-MATRIX rev 1"),
            ("/quality/risk-matrix?when=before&phase=open", "Risk matrix"),
            ("/admin/roles", "Quality engineer"),
            ("/admin/roles?about=capa&role=quality_manager", "CAPA: approve the plan"),
            ("/admin/configuration", "The product as delivered"),
            ("/api-reference", "/api/v1"),
        ] {
            quentin.open(address).says(text);
        }
        for id in [&company.complaint, &capa, &order, &revised, &company.risk] {
            quentin.open(&format!("/story/{id}")).says("What happened, and how one knows");
        }
        for kind in company.world.kernel.catalog().unwrap().kinds() {
            quentin.open(&format!("/list/{}", kind.name)).says(&kind.plural);
        }
        assert_eq!(quentin.get("/training/assignments?state=never").status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(quentin.get("/story/nothing").status, StatusCode::NOT_FOUND);
        assert_eq!(quentin.get("/training/learn/nothing").status, StatusCode::NOT_FOUND);
    });
}

#[test]
fn frs_web_002_nobody_sees_a_page_without_being_signed_in() {
    on_both(|world| {
        let mut nobody = Browser::new(&world.kernel);
        for address in ["/", "/training/matrix", "/admin/roles", "/story/x", "/engineering/import", "/api-reference", "/quality/risk-matrix"] {
            let shown = nobody.get(address);
            assert!(shown.address.starts_with("/sign-in"), "{address} leads to {}", shown.address);
        }
    });
}

#[test]
fn frs_sea_003_004_the_search_page_says_what_it_does_not_show_and_what_it_does_not_look_for() {
    on_both(|world| {
        world.person("quinn", &["quality_manager"]);
        let make = |number: usize| world.create_with(&world.admin, json!({"kind": "department", "number": format!("D-{number:03}"), "title": "Depot"})).unwrap();
        (1..=SEARCH_HITS).for_each(|number| drop(make(number)));
        let mut quinn = Browser::signed_in(&world.kernel, "quinn");
        quinn.open("/search?q=depot").says(&format!("{SEARCH_HITS} records Record Kind State"));
        make(SEARCH_HITS + 1);
        quinn.open("/search?q=depot").says(&format!("The first {SEARCH_HITS} records There are further records; more words show fewer."));
        quinn.open("/search?q=nowhere").says(&format!("Of a record with long texts the first {SEARCH_WORDS_PER_RECORD} words are found."));
        let words = |count: usize| (0..count).map(|number| format!("w{number}")).collect::<Vec<_>>().join("+");
        assert_eq!(quinn.get(&format!("/search?q={}", words(SEARCH_WORDS_PER_QUERY))).status, StatusCode::OK);
        let past = words(SEARCH_WORDS_PER_QUERY + 1);
        let refused = quinn.get(&format!("/search?q={past}"));
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.text().contains(&format!("at most {SEARCH_WORDS_PER_QUERY} are looked for")), "{}", refused.text());
        // While somebody types there are no suggestions, and no error.
        for address in ["/palette", "/typeahead"] {
            let suggested = quinn.get(&format!("{address}?q={past}"));
            assert_eq!((suggested.status, suggested.html.as_str()), (StatusCode::OK, "[]"));
        }
    });
}
