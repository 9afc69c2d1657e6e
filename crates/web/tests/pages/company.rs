//! A small maker of ventilators, brought to the middle of a case by commands; tests go on by pages.

use base::limits::UPLOAD_BYTES;
use kernel::authority::Actor;
use serde_json::{Value as Json, json};
use testkit::engines::{self, TestDatabase};
use testkit::world::World;

pub const REV_A: &[u8] = include_bytes!("../../../../demo/lung-ventilator-rev-a.xlsx");
pub const REV_B: &[u8] = include_bytes!("../../../../demo/lung-ventilator-rev-b.xlsx");

pub struct Company {
    pub world: World,
    pub people: Vec<(String, Actor)>,
    pub procedure: String,
    pub course: String,
    pub risk: String,
    pub supplier: String,
    pub project: String,
    pub complaint: String,
}

/// Runs a test on both engines with the whole schema and every domain.
pub fn on_both(test: fn(World)) {
    let mut steps: Vec<_> = kernel::MIGRATIONS.iter().chain(plm::MIGRATIONS).copied().collect();
    steps.sort_by_key(|step| step.number);
    let world = |database: &TestDatabase| World::new(database.database.clone(), vec![plm::module(), qms::module(), lms::module()]);
    eprintln!("on SQLite");
    let sqlite = engines::sqlite_migrated(&steps);
    test(world(&sqlite));
    eprintln!("on PostgreSQL");
    let postgres = engines::postgres_migrated(&steps);
    test(world(&postgres));
}

impl Company {
    /// Everything up to the day on which the complaint is evaluated.
    pub fn open(world: World) -> Self {
        let people = [
            ("erin", &["design_engineer"][..]),
            ("marco", &["engineering_manager"]),
            ("quinn", &["quality_manager"]),
            ("quentin", &["quality_engineer"]),
            ("dora", &["document_controller"]),
            ("rita", &["regulatory_affairs"]),
            ("sam", &["supplier_manager"]),
            ("theo", &["training_manager"]),
            ("vera", &["supervisor"]),
            ("ines", &["inspector"]),
        ];
        let mut people: Vec<(String, Actor)> = people.iter().map(|(login, roles)| ((*login).to_owned(), world.person(login, roles))).collect();
        let admin = world.admin.clone();
        world.create_with(&admin, json!({"kind": "job_function", "number": "ASSEMBLER", "title": "Assembler"})).unwrap();
        world.create_with(&admin, json!({"kind": "department", "number": "ASM", "title": "Assembly"})).unwrap();
        for login in ["olga", "oscar", "otto"] {
            let more = json!({"job_functions": ["ASSEMBLER"], "departments": ["ASM"]});
            people.push((login.to_owned(), world.person_at(login, more, &[("operator", None)])));
        }
        let mut company =
            Self { world, people, procedure: String::new(), course: String::new(), risk: String::new(), supplier: String::new(), project: String::new(), complaint: String::new() };
        company.set_up();
        company
    }

    pub fn who(&self, login: &str) -> &Actor {
        &self.people.iter().find(|(known, _)| known == login).expect("somebody").1
    }

    pub fn upload(&self, bytes: &[u8]) -> String {
        self.world.kernel.files().put(bytes, UPLOAD_BYTES as u64).unwrap().hex()
    }

    fn set_up(&mut self) {
        let world = &self.world;
        let (erin, quinn, quentin, dora, theo, sam) = (self.who("erin"), self.who("quinn"), self.who("quentin"), self.who("dora"), self.who("theo"), self.who("sam"));
        let input = json!({"file": self.upload(REV_A), "file_name": "rev-a.xlsx"});
        world.run_because(erin, "part.import_structure", input, "Taken over").unwrap();
        let part = world.named("part", "LV-101155").id;
        let supplier = world.create(sam, "supplier", "Northvale", json!({"scope": "Fittings", "risk_class": "critical", "evaluation": "Audited"})).unwrap();
        world.step(sam, &supplier, "submit").unwrap();
        world.sign_step(quinn, &supplier, "approve").unwrap();
        world.link(sam, &part, "supplied_by", &supplier).unwrap();
        let procedure = world.create(dora, "procedure", "Assembly of the gas system", json!({"purpose": "No leaks", "scope": "Rome", "body": "1. Check the fittings.\n2. Assemble."})).unwrap();
        world.step(dora, &procedure, "submit").unwrap();
        world.sign_step(quentin, &procedure, "approve").unwrap();
        world.sign_step(quinn, &procedure, "approve").unwrap();
        let course = world.create(quentin, "course", "Gas system", json!({"statement": "I have read and understood this document.", "due_days": 14})).unwrap();
        world.link(quentin, &course, "teaches", &procedure).unwrap();
        world.sign_step(theo, &course, "approve").unwrap();
        let requirement = world.create(quentin, "training_requirement", "Assemblers", json!({})).unwrap();
        world.link(quentin, &requirement, "requires", &course).unwrap();
        world.link(quentin, &requirement, "for_function", &world.named("job_function", "ASSEMBLER").id).unwrap();
        world.sign_step(theo, &requirement, "approve").unwrap();
        // The document controller wrote it, so another one gives it out.
        let other = world.person("dirk", &["document_controller"]);
        world.sign_step(&other, &procedure, "issue").unwrap();
        let risk = world
            .create(
                quentin,
                "risk",
                "Oxygen leak",
                json!({
                    "hazard": "Oxygen", "sequence_of_events": "Seal swells", "hazardous_situation": "Leak near an ignition source", "harm": "Burns",
                    "severity": 5, "probability_before": 3, "controls": "Oxygen-safe fittings", "control_type": "inherent_safety",
                    "control_verification": "Leak test", "risks_from_controls": "None", "probability_after": 1, "benefit_risk": "Sustains life",
                }),
            )
            .unwrap();
        world.link(quentin, &risk, "concerns", &part).unwrap();
        world.step(quentin, &risk, "evaluate").unwrap();
        world.step(quentin, &risk, "submit").unwrap();
        world.sign_step(quinn, &risk, "assess").unwrap();
        let project = world.create(erin, "design_project", "Lung ventilator", json!({"plan": "Five stages"})).unwrap();
        world.step(erin, &project, "start").unwrap();
        world.link(erin, &project, "design_output", &part).unwrap();
        let complaint = world.create(quentin, "complaint", "Leak at the oxygen inlet", self.complaint_fields()).unwrap();
        world.link(quentin, &complaint, "concerns", &part).unwrap();
        world.step(quentin, &complaint, "evaluate").unwrap();
        (self.supplier, self.procedure, self.course, self.risk, self.project, self.complaint) = (supplier, procedure, course, risk, project, complaint);
    }

    pub fn complaint_fields(&self) -> Json {
        json!({"aware_on": "2026-11-01", "reporter": "health_professional", "product_number": "LV-101155", "description": "The alarm came on; the seal was swollen.", "harm": "none"})
    }

    /// A CAPA with an approved plan; answers its identifier.
    pub fn capa(&self) -> String {
        let world = &self.world;
        let (quentin, quinn) = (self.who("quentin"), self.who("quinn"));
        let fields = json!({
            "source": "complaint", "problem": "Seals are not for oxygen", "containment": "Stock blocked", "root_cause_method": "five_why",
            "root_cause": "The medium is not specified", "action_plan": "Change seven fittings", "effectiveness_metric": "Leaks", "effectiveness_threshold": "0",
            "effectiveness_window_days": 0,
        });
        let input = json!({"kind": "capa", "title": "Oxygen-safe fittings", "fields": fields, "links": [{"link": "addresses", "target": self.complaint}]});
        let capa = world.create_with(quentin, input).unwrap();
        world.run(quentin, "decision.take", json!({"record": capa, "tree": "capa_needed", "answers": {"harm": "yes"}})).unwrap();
        world.step(quentin, &capa, "investigate").unwrap();
        world.step(quentin, &capa, "submit_plan").unwrap();
        world.sign_step(quinn, &capa, "approve_plan").unwrap();
        capa
    }

    /// A released order that changes seven fittings and the procedure; answers order and the
    /// procedure's new revision.
    pub fn released_order(&self, capa: &str) -> (String, String) {
        let world = &self.world;
        let (erin, quentin) = (self.who("erin"), self.who("quentin"));
        let order = world.create(erin, "change_order", "Oxygen-safe fittings", json!({"reason": "Seals are not for oxygen"})).unwrap();
        world.link(quentin, capa, "implemented_by", &order).unwrap();
        let file = self.upload(REV_B);
        world.run(erin, "change_order.apply_structure", json!({"order": order, "file": file, "file_name": "rev-b.xlsx"})).unwrap();
        let made = world.run(erin, "change_order.add_affected", json!({"order": order, "record": self.procedure})).unwrap();
        let revised = testkit::world::text(&made, "record");
        world.edit(self.who("dora"), &revised, json!({"summary_of_changes": "New step 3: only oxygen-safe fittings."})).unwrap();
        world.step(erin, &order, "submit").unwrap();
        world.sign_step(self.who("marco"), &order, "approve").unwrap();
        world.sign_step(self.who("quinn"), &order, "approve").unwrap();
        let other = world.sign_in("dirk");
        world.sign_step(&other, &order, "release").unwrap();
        (order, revised)
    }
}
