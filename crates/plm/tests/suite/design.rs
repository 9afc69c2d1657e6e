//! Design projects and their dossier.

use crate::company::{Company, on_both, refused};
use kernel::MAIN_TENANT;
use kernel::dossier;
use serde_json::json;

fn project(company: &Company) -> String {
    let id = company.world.create(&company.engineer, "design_project", "Ventilator", json!({"plan": "Stages and reviews"})).unwrap();
    company.world.step(&company.engineer, &id, "start").unwrap();
    id
}

fn frozen(company: &Company, id: &str) -> Vec<dossier::Frozen> {
    let id = id.to_owned();
    company.world.kernel.database().read(move |tx| dossier::frozen_of(tx, MAIN_TENANT, &id)).unwrap()
}

#[test]
fn frs_dpr_002_a_project_without_a_plan_does_not_start() {
    on_both(|test| {
        let company = Company::new(test);
        let id = company.world.create(&company.engineer, "design_project", "Ventilator", json!({})).unwrap();
        assert_eq!(refused(company.world.step(&company.engineer, &id, "start")).blockers[0].rule, "design_project.planned");
    });
}

#[test]
fn frs_dpr_003_the_dossier_gathers_outputs_risks_changes_capas_and_complaints() {
    on_both(|test| {
        let company = Company::with_bench(test);
        let id = project(&company);
        let make = |kind: &str| company.world.create(&company.writer, kind, kind, json!({})).unwrap();
        company.world.link(&company.engineer, &id, "design_output", &company.part("A-100").id).unwrap();
        for (link, kind) in [("risk_file", "risk"), ("project_capa", "capa"), ("project_complaint", "complaint"), ("design_output", "procedure")] {
            company.world.link(&company.engineer, &id, link, &make(kind)).unwrap();
        }
        let (record, catalog) = (company.world.record(&id), company.world.kernel.catalog().unwrap());
        let sections = company.world.kernel.database().read(move |tx| dossier::assemble(tx, &catalog, &record)).unwrap();
        let shown: Vec<_> = sections.iter().map(|section| (section.title.as_str(), section.entries.len())).collect();
        assert_eq!(shown, [("Design outputs", 2), ("Risk file", 1), ("Design changes", 0), ("CAPAs", 1), ("Complaints", 1)]);
        assert!(sections.iter().all(|section| section.requirement.contains("7.3.10")));
    });
}

#[test]
fn frs_dpr_004_a_dossier_is_frozen_only_with_outputs_and_under_a_signature_and_the_project_goes_on() {
    on_both(|test| {
        let company = Company::with_bench(test);
        let id = project(&company);
        let refusal = refused(company.world.sign_step(&company.quality, &id, "freeze"));
        assert_eq!(refusal.blockers[0].rule, "design_project.freeze_has_outputs");
        company.world.link(&company.engineer, &id, "design_output", &company.part("P-3").id).unwrap();
        company.world.sign_step(&company.quality, &id, "freeze").unwrap();
        let first = frozen(&company, &id);
        assert_eq!((first.len(), first[0].entry_count), (1, 1));
        company.world.edit(&company.engineer, &id, json!({"intended_use": "Ventilation of adults"})).unwrap();
        company.world.link(&company.engineer, &id, "design_output", &company.part("P-2").id).unwrap();
        company.world.run(&company.quality, "dossier.freeze", json!({"record": id})).unwrap();
        let both = frozen(&company, &id);
        assert_eq!(both.iter().map(|frozen| frozen.entry_count).max(), Some(2));
        assert!(both.iter().any(|frozen| frozen.digest == first[0].digest), "what was frozen stays");
        let by_engineer = company.world.run(&company.engineer, "dossier.freeze", json!({"record": id}));
        assert_eq!(refused(by_engineer).kind, base::RefusalKind::Forbidden);
    });
}

#[test]
fn frs_dpr_005_a_project_without_design_outputs_cannot_be_closed() {
    on_both(|test| {
        let company = Company::with_bench(test);
        let refusal = refused(company.world.sign_step(&company.quality, &project(&company), "close"));
        assert_eq!(refusal.blockers.iter().map(|blocker| blocker.rule.as_str()).collect::<Vec<_>>(), ["design_project.close_has_outputs"]);
    });
}

#[test]
fn frs_dpr_007_a_project_with_an_open_change_cannot_be_closed() {
    on_both(|test| {
        let company = Company::with_bench(test);
        let (id, order) = (project(&company), company.order());
        company.world.link(&company.engineer, &id, "design_output", &company.part("P-3").id).unwrap();
        company.world.link(&company.engineer, &id, "design_change", &order).unwrap();
        let refusal = refused(company.world.sign_step(&company.quality, &id, "close"));
        assert_eq!(refusal.blockers.iter().map(|blocker| blocker.rule.as_str()).collect::<Vec<_>>(), ["design_project.changes_closed"]);
        assert_eq!(refusal.blockers[0].records[0].id, order);
        company.world.step(&company.engineer, &order, "cancel").unwrap();
        company.world.sign_step(&company.quality, &id, "close").unwrap();
    });
}

#[test]
fn frs_dpr_006_a_project_closes_only_when_its_outputs_are_released_and_then_freezes_its_dossier() {
    on_both(|test| {
        let company = Company::with_bench(test);
        let id = project(&company);
        let part = company.new_part("N-1");
        let order = company.order();
        company.add_affected(&order, &part.id).unwrap();
        company.world.link(&company.engineer, &id, "design_output", &part.id).unwrap();
        company.world.link(&company.engineer, &id, "design_change", &order).unwrap();
        let refusal = refused(company.world.sign_step(&company.quality, &id, "close"));
        let rules: Vec<_> = refusal.blockers.iter().map(|blocker| blocker.rule.as_str()).collect();
        assert_eq!(rules, ["design_project.outputs_settled", "design_project.changes_closed"]);
        company.approve(&order);
        company.release(&order).unwrap();
        company.world.sign_step(&company.quality, &id, "close").unwrap();
        assert_eq!(frozen(&company, &id)[0].entry_count, 2);
        company.world.step(&company.quality, &id, "reopen").unwrap();
        assert_eq!(company.world.record(&id).state, "in_work");
    });
}

#[test]
fn frs_dpr_003_the_dossier_holds_only_what_is_linked_and_a_link_takes_only_its_own_kinds() {
    on_both(|test| {
        let company = Company::with_bench(test);
        let id = project(&company);
        let capa = company.world.create(&company.writer, "capa", "Seals", json!({})).unwrap();
        let entries = || {
            let (record, catalog) = (company.world.record(&id), company.world.kernel.catalog().unwrap());
            let sections = company.world.kernel.database().read(move |tx| dossier::assemble(tx, &catalog, &record)).unwrap();
            sections.into_iter().flat_map(|section| section.entries).map(|entry| entry.record).collect::<Vec<_>>()
        };
        assert!(entries().is_empty(), "what is there but not linked stays out");
        let wrong = company.world.link(&company.engineer, &id, "risk_file", &capa);
        assert_eq!(refused(wrong).code, "wrong_kind");
        let link = company.world.link(&company.engineer, &id, "project_capa", &capa).unwrap();
        assert_eq!(entries(), [capa]);
        company.world.run(&company.engineer, "link.remove", json!({"link": link["link"]})).unwrap();
        assert!(entries().is_empty(), "and what was unlinked leaves");
    });
}
