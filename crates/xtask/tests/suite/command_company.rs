//! What must be there before a command can run: the company of the walk, filled as the examples need it.

use crate::commands::Stage;
use base::limits::UPLOAD_BYTES;
use kernel::{MAIN_TENANT, obligation};
use serde_json::{Value as Json, json};
use testkit::world::text;
pub fn capa_input() -> Json {
    json!({"kind": "capa", "title": "Fittings burn", "fields": {"source": "complaint", "problem": "Oil in fittings", "containment": "Stock is blocked"}})
}

pub fn decision_input(record: &str) -> Json {
    json!({"record": record, "tree": "capa_needed", "answers": {"harm": "yes"}})
}

pub fn person_input(login: &str) -> Json {
    json!({"login": login, "name": "Somebody New", "zone": "Europe/Rome", "password": "first password given", "identity_verified": "badge seen"})
}

/// A structure of two levels whose numbers nobody else has.
pub fn bench_csv(mark: &str, mpn: &str) -> String {
    format!(
        "Level,Number,Name,Quantity,Unit,Category,Manufacturer,Manufacturer Part Number\n\
         0,A-{mark},Bench,1,each,Assembly,,\n1,P-{mark},Fitting,3,each,Fitting,Fitco,{mpn}\n"
    )
}

impl Stage {
    pub fn mark(&self) -> String {
        self.world.key().replace("test-", "")
    }

    pub fn capa(&self) -> String {
        self.world.create_with(&self.writer, capa_input()).unwrap()
    }

    pub fn complaint(&self) -> String {
        let fields = json!({"aware_on": "2026-11-01", "reporter": "service", "product_number": "VX-1", "description": "Smoke", "harm": "none"});
        self.world.create(&self.writer, "complaint", "Smoke at the fitting", fields).unwrap()
    }

    pub fn personal_input(&self, complaint: &str) -> Json {
        json!({"record": complaint, "personal": {"complainant_name": "Nora Nemo"}})
    }

    pub fn part(&self) -> String {
        let input = json!({"kind": "part", "number": format!("N-{}", self.mark()), "title": "Part", "fields": {"unit": "each"}});
        self.world.create_with(&self.designer, input).unwrap()
    }

    pub fn project(&self) -> String {
        let project = self.world.create(&self.designer, "design_project", "Ventilator", json!({"plan": "In stages"})).unwrap();
        self.world.link(&self.designer, &project, "design_output", &self.part()).unwrap();
        project
    }

    pub fn upload(&self, bytes: &[u8]) -> String {
        self.world.kernel.files().put(bytes, UPLOAD_BYTES as u64).unwrap().hex()
    }

    /// The mark of a bench and the input that imports it.
    pub fn bench(&self) -> (String, Json) {
        let mark = self.mark();
        let file = self.upload(bench_csv(&mark, "F-1").as_bytes());
        (mark, json!({"file": file, "file_name": "bench.csv"}))
    }

    /// A bench that is released; answers its mark.
    pub fn released_bench(&self) -> String {
        let (mark, input) = self.bench();
        self.world.run_because(&self.designer, "part.import_structure", input, "as on paper").unwrap();
        mark
    }

    pub fn order(&self) -> String {
        self.world.create(&self.designer, "change_order", "Oxygen-safe fittings", json!({"reason": "Oil burns in oxygen"})).unwrap()
    }

    /// Makes a new revision of a part effective by way of an order.
    pub fn change(&self, number: &str) {
        let order = self.order();
        let current = self.world.named("part", number).id;
        let added = self.world.run(&self.designer, "change_order.add_affected", json!({"order": order, "record": current})).unwrap();
        self.world.edit(&self.designer, &text(&added, "record"), json!({"description": "Free of oil"})).unwrap();
        self.world.step(&self.designer, &order, "submit").unwrap();
        self.world.sign_step(&self.engineering_manager, &order, "approve").unwrap();
        self.world.sign_step(&self.quality_manager, &order, "approve").unwrap();
        self.world.sign_step(&self.controller, &order, "release").unwrap();
    }

    /// A procedure that is given out: effective at once, or on its date.
    pub fn given_out(&self, more: Json, effective_on: Option<&str>) -> String {
        let mut fields = json!({"purpose": "Assembly", "scope": "Rome", "body": "Do it so."});
        for (name, value) in more.as_object().unwrap() {
            fields[name] = value.clone();
        }
        let mut input = json!({"kind": "procedure", "title": "Assembly", "fields": fields});
        if let Some(date) = effective_on {
            input["effective_on"] = json!(date);
        }
        let id = self.world.create_with(&self.writer, input).unwrap();
        self.world.step(&self.writer, &id, "submit").unwrap();
        self.world.sign_step(&self.process_owner, &id, "approve").unwrap();
        self.world.sign_step(&self.quality_manager, &id, "approve").unwrap();
        self.world.sign_step(&self.controller, &id, "issue").unwrap();
        id
    }

    /// A procedure in effect.
    pub fn procedure(&self, more: Json) -> String {
        self.given_out(more, None)
    }

    /// A course in use that teaches a procedure in effect.
    pub fn course(&self, fields: Json) -> (String, String) {
        let procedure = self.procedure(json!({}));
        let mut all = json!({"statement": "I have read and understood this document.", "due_days": 14});
        for (name, value) in fields.as_object().unwrap() {
            all[name] = value.clone();
        }
        let course = self.world.create(&self.writer, "course", "Assembly", all).unwrap();
        self.world.link(&self.writer, &course, "teaches", &procedure).unwrap();
        self.world.sign_step(&self.trainer, &course, "approve").unwrap();
        (course, procedure)
    }

    pub fn assign_input(&self, course: &str) -> Json {
        json!({"course": course, "person": "otto", "due_date": self.date_in(3)})
    }

    /// The operator's open assignment through a course.
    pub fn assignment(&self) -> String {
        let (course, procedure) = self.course(json!({}));
        self.world.run_because(&self.trainer, "lms.assign", self.assign_input(&course), "new at the bench").unwrap();
        self.open(&procedure, "train")
    }

    pub fn open(&self, record: &str, sort: &'static str) -> String {
        let record = record.to_owned();
        let all = self.world.kernel.database().read(move |tx| obligation::of_record(tx, MAIN_TENANT, &record)).unwrap();
        all.into_iter().find(|one| one.state == "open" && one.sort == sort).unwrap_or_else(|| panic!("no open obligation {sort}")).id
    }

    /// A risk whose owner must look again, because a part that it concerns has changed.
    pub fn reassessment(&self) -> String {
        let mark = self.released_bench();
        let risk = self.world.create(&self.writer, "risk", "Fire", json!({"hazard": "Oxygen under pressure"})).unwrap();
        self.world.link(&self.writer, &risk, "concerns", &self.world.named("part", &format!("P-{mark}")).id).unwrap();
        self.change(&format!("P-{mark}"));
        self.open(&risk, "reassess")
    }

    pub fn hired(&self, login: &str) -> String {
        self.world.run(&self.world.admin, "person.create", person_input(login)).unwrap();
        login.to_owned()
    }

    pub fn file_input(&self, record: &str) -> Json {
        let digest = self.upload(b"measured on Monday");
        json!({"record": record, "version": self.world.record(record).version, "name": "measured.txt", "media_type": "text/plain", "digest": digest, "size_bytes": 18})
    }

    pub fn source_input(&self, part: &str) -> Json {
        json!({"record": part, "version": self.world.record(part).version, "manufacturer": "Fitco", "mpn": "F-1"})
    }

    /// A parent with one line: the parent and the line.
    pub fn line(&self) -> (String, String) {
        let parent = self.part();
        let added = self.world.run(&self.designer, "part.add_line", self.line_input(&parent)).unwrap();
        (parent, text(&added, "line"))
    }

    pub fn line_input(&self, parent: &str) -> Json {
        json!({"record": parent, "version": self.world.record(parent).version, "child": self.part(), "quantity": "2"})
    }

    pub fn date_in(&self, days: i64) -> String {
        self.world.kernel.now().plus_seconds(days * 86_400).date_in("Europe/Rome").unwrap().to_string()
    }

    pub fn days_pass(&self, days: i64) {
        self.world.clock.advance_seconds(days * 86_400);
    }
}
