//! Kinds of record that a company declares itself, in its configuration package.

use crate::packages::Company;
use crate::records::code;
use kernel::MAIN_TENANT;
use kernel::authority::Actor;
use kernel::kind::Phase;
use kernel::record::{Filter, Page};
use serde_json::json;
use testkit::engines::both_migrated;
use testkit::world::text;
const AUDITS: &str = r#"
[[role]]
name = "x_auditor"
label = "Auditor"
[[kind]]
name = "x_audit"
label = "Audit"
plural = "Audits"
area = "quality"
revisions = "numbers"
prefix = "AUD"
digits = 3
[[kind.field]]
name = "scope"
label = "Scope"
sort = "block"
required = true
[[kind.field]]
name = "sort"
label = "Sort"
sort = "choice"
choices = [{ value = "internal", label = "Internal" }, { value = "supplier", label = "Supplier" }]
filter = true
[[kind.state]]
name = "planned"
label = "Planned"
phase = "in_work"
[[kind.state]]
name = "reported"
label = "Reported"
phase = "effective"
[[kind.state]]
name = "replaced"
label = "Replaced"
phase = "closed"
[[kind.step]]
name = "report"
label = "Report"
from = ["planned"]
to = "reported"
signers = [{ role = "quality_manager", meaning = "audit accepted" }]
[[kind.step]]
name = "supersede"
label = "Replace"
from = ["reported"]
to = "replaced"
taken_by = "record"
[[kind.link]]
name = "found"
label = "found"
inverse = "was found by"
targets = ["case"]
[[kind.section]]
title = "Findings"
targets = "found"
[[rule]]
kind = "x_audit"
step = "report"
id = "x_findings_closed"
requirement = "ACME-SOP-4"
text = "Every finding is closed"
check = { linked_in_phase = { link = "found", phases = ["closed"] } }
[[grant]]
role = "x_auditor"
kind = "x_audit"
verbs = ["view", "create", "edit", "link", "revise"]
[[grant]]
role = "quality_manager"
kind = "x_audit"
verbs = ["view"]
"#;

#[test]
fn frs_cfg_012_a_kind_of_the_company_works_like_the_products_own() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let world = &company.world;
        company.in_force(AUDITS);
        let auditor = world.person("otto", &["x_auditor"]);
        let input = json!({"kind": "x_audit", "title": "Receiving hall", "fields": {"scope": "Wareneingang", "sort": "internal"}});
        assert_eq!(code(&world.create_with(&company.engineer, input.clone()).unwrap_err()), "not_permitted");
        let audit = world.create_with(&auditor, input).unwrap();
        assert_eq!(world.record(&audit).label(), "AUD-001 rev 1");
        let bad = world.create(&auditor, "x_audit", "Hall", json!({"scope": "s", "sort": "external"})).unwrap_err();
        assert_eq!(code(&bad), "unknown_choice");

        let case = company.case("Finding");
        world.link(&auditor, &audit, "found", &case).unwrap();
        let blocked = world.sign_step(&company.approver, &audit, "report").unwrap_err();
        let blocker = &blocked.refusal().unwrap().blockers[0];
        assert_eq!((blocker.requirement.as_str(), blocker.text.as_str()), ("ACME-SOP-4", "Case CASE-001 is open"));
        world.step(&company.engineer, &case, "submit").unwrap();
        world.sign_step(&company.approver, &case, "close").unwrap();
        world.sign_step(&company.approver, &audit, "report").unwrap();
        assert_eq!(world.record(&audit).phase, Phase::Effective);

        let seen_by = |actor: &Actor, words: &'static str, sort: &'static str| {
            let viewer = world.viewer(actor);
            let filter = Filter { kind: Some("x_audit".to_owned()), fields: vec![("sort".to_owned(), sort.to_owned())], ..Filter::default() };
            world
                .kernel
                .database()
                .read(move |tx| {
                    let listed = kernel::record::list(tx, &viewer, &filter, &Page::default(), None)?.0.len();
                    Ok((kernel::search::find(tx, &viewer, words, &["x_audit".to_owned()])?.records.len(), listed))
                })
                .unwrap()
        };
        assert_eq!(seen_by(&auditor, "wareneing", "internal"), (1, 1));
        assert_eq!(seen_by(&auditor, "aud-001", "supplier"), (1, 0));
        assert_eq!(seen_by(&company.engineer, "wareneing", "internal"), (0, 0));

        let second = text(&world.run(&auditor, "record.revise", json!({"record": audit})).unwrap(), "id");
        world.edit(&auditor, &second, json!({"scope": "all halls"})).unwrap();
        world.sign_step(&company.approver, &second, "report").unwrap();
        assert_eq!(world.record(&audit).phase, Phase::Closed);
        assert!(verify::verify(world.kernel.database(), MAIN_TENANT, &mut |_, _, _| {}).unwrap().is_sound());
    });
}
