//! A company with a structure of its own, and the neighbours' kinds in their smallest form: plm
//! meets documents, suppliers and risks only in the kernel's words.

use base::limits::UPLOAD_BYTES;
use base::{Error, Refusal};
use kernel::MAIN_TENANT;
use kernel::authority::Actor;
use kernel::catalog::Module;
use kernel::kind::{Area, Field, Kind, LinkKind, Phase, Revisions, Step};
use kernel::record::Record;
use serde_json::{Value as Json, json};
use std::path::PathBuf;
use testkit::engines::{self, TestDatabase};
use testkit::world::World;

/// A bench of 3 levels: A-100 holds two subassemblies that share the screw P-1.
pub const BENCH: &str = "Level,Number,Name,Quantity,Unit,Category,Manufacturer,Manufacturer Part Number
0,A-100,Bench assembly,1,each,Assembly,,
1,A-110,Frame,1,each,Assembly,,
2,P-1,Screw M4,8,each,Screw,Acme,S-4
2,P-2,Beam,4,each,Profile,Beamco,B-40
1,A-120,Gas panel,2,each,Assembly,,
2,P-1,Screw M4,4,each,Screw,Acme,S-4
2,P-3,Fitting,3,each,Fitting,Fitco,F-1
2,P-4,Tube,0.5,m,Tube,Tubeco,T-6
";

pub struct Company {
    pub world: World,
    pub engineer: Actor,
    pub manager: Actor,
    pub quality: Actor,
    pub controller: Actor,
    pub writer: Actor,
}

/// Runs a test on both engines with the whole schema.
pub fn on_both(test: fn(&TestDatabase)) {
    let mut steps: Vec<_> = kernel::MIGRATIONS.iter().chain(plm::MIGRATIONS).copied().collect();
    steps.sort_by_key(|step| step.number);
    eprintln!("on SQLite");
    test(&engines::sqlite_migrated(&steps));
    eprintln!("on PostgreSQL");
    test(&engines::postgres_migrated(&steps));
}

impl Company {
    pub fn new(test: &TestDatabase) -> Self {
        let world = World::new(test.database.clone(), vec![plm::module(), neighbours()]);
        let engineer = world.person("erin", &["design_engineer"]);
        let manager = world.person("marco", &["engineering_manager"]);
        let quality = world.person("quinn", &["quality_manager"]);
        let controller = world.person("dora", &["document_controller"]);
        let writer = world.person("wanda", &["quality_engineer"]);
        Self { world, engineer, manager, quality, controller, writer }
    }

    /// A company whose bench is released.
    pub fn with_bench(test: &TestDatabase) -> Self {
        let company = Self::new(test);
        company.import(BENCH).expect("the bench");
        company
    }

    pub fn upload(&self, bytes: &[u8]) -> String {
        self.world.kernel.files().put(bytes, UPLOAD_BYTES as u64).expect("a stored file").hex()
    }

    pub fn import(&self, csv: &str) -> Result<Json, Error> {
        self.import_bytes(csv.as_bytes(), "bench.csv")
    }

    pub fn import_bytes(&self, bytes: &[u8], name: &str) -> Result<Json, Error> {
        let input = json!({"file": self.upload(bytes), "file_name": name});
        self.world.run_because(&self.engineer, "part.import_structure", input, "as released on paper")
    }

    pub fn part(&self, number: &str) -> Record {
        self.world.named("part", number)
    }

    /// Makes a working part that no structure holds yet.
    pub fn new_part(&self, number: &str) -> Record {
        let input = json!({"kind": "part", "number": number, "title": format!("Part {number}"), "fields": {"unit": "each"}});
        let id = self.world.create_with(&self.engineer, input).expect("a part");
        self.world.record(&id)
    }

    /// A draft order with its reason.
    pub fn order(&self) -> String {
        self.world.create(&self.engineer, "change_order", "Oxygen-safe fittings", json!({"reason": "Oil in fittings burns in oxygen"})).expect("an order")
    }

    /// Takes the counting revision of a part on an order and answers the working revision.
    pub fn affect(&self, order: &str, number: &str) -> Record {
        let made = self.add_affected(order, &self.part(number).id).expect("a working revision");
        self.world.record(made["record"].as_str().expect("a record"))
    }

    pub fn add_affected(&self, order: &str, record: &str) -> Result<Json, Error> {
        self.world.run(&self.engineer, "change_order.add_affected", json!({"order": order, "record": record}))
    }

    /// Runs a command on a part's revision as it is now.
    pub fn on_part(&self, actor: &Actor, command: &str, record: &str, mut input: Json) -> Result<Json, Error> {
        input["record"] = json!(record);
        input["version"] = json!(self.world.record(record).version);
        self.world.run(actor, command, input)
    }

    pub fn add_line(&self, parent: &str, child: &str, quantity: &str) -> Result<Json, Error> {
        self.on_part(&self.engineer, "part.add_line", parent, json!({"child": child, "quantity": quantity}))
    }

    /// Changes the first manufacturer part number of a working revision.
    pub fn set_mpn(&self, record: &str, mpn: &str) {
        let sources = self.sources(record);
        let input = json!({"source": sources[0].source_uid, "mpn": mpn});
        self.on_part(&self.engineer, "part.set_manufacturer_part", record, input).expect("a changed manufacturer part");
    }

    pub fn lines(&self, record: &str) -> Vec<plm::part::Line> {
        let record = record.to_owned();
        self.world.kernel.database().read(move |tx| plm::part::lines_of(tx, MAIN_TENANT, &record)).expect("lines")
    }

    pub fn sources(&self, record: &str) -> Vec<plm::part::SourcedPart> {
        let record = record.to_owned();
        self.world.kernel.database().read(move |tx| plm::part::sources_of(tx, MAIN_TENANT, &record)).expect("manufacturer parts")
    }

    /// Submits and approves an order.
    pub fn approve(&self, order: &str) {
        self.world.step(&self.engineer, order, "submit").expect("submitted");
        self.world.sign_step(&self.manager, order, "approve").expect("signed for engineering");
        self.world.sign_step(&self.quality, order, "approve").expect("signed for quality");
    }

    pub fn release(&self, order: &str) -> Result<Json, Error> {
        self.world.sign_step(&self.controller, order, "release")
    }

    pub fn redline(&self, order: &str) -> plm::redline::OrderRedline {
        let (order, catalog) = (self.world.record(order), self.world.kernel.catalog().expect("a catalog"));
        let viewer = self.world.viewer(&self.engineer);
        self.world.kernel.database().read(move |tx| plm::redline::of_order(tx, &catalog, &viewer, &order)).expect("a redline")
    }

    /// How many rows the trail has, to see that nothing was written.
    pub fn events(&self) -> i64 {
        let rows = self.world.kernel.database().query(db::sql("select count(*) as n from event"), &[]).expect("a count");
        rows[0].int("n").expect("a number")
    }
}

/// The refusal of a result that must be one.
pub fn refused<T: std::fmt::Debug>(result: Result<T, Error>) -> Refusal {
    let error = result.expect_err("a refusal");
    error.refusal().unwrap_or_else(|| panic!("no refusal but {error}")).clone()
}

/// A file of the public samples, where the checkout stands beside them.
pub fn sample(name: &str) -> Option<Vec<u8>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples").join(name);
    let bytes = std::fs::read(&path).ok();
    if bytes.is_none() {
        eprintln!("skipped: {} is not there", path.display());
    }
    bytes
}

/// One of the two files of the demo.
pub fn demo_files() -> Option<[Vec<u8>; 2]> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../demo");
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "xlsx"))
        .collect();
    files.sort();
    match files.as_slice() {
        [first, second] => Some([first, second].map(|path| std::fs::read(path).expect("a demo file"))),
        other => {
            eprintln!("skipped: {} workbooks in {}, the demo has 2", other.len(), folder.display());
            None
        }
    }
}

fn neighbours() -> Module {
    let plain = |name: &str| {
        Kind::new(name, name, name, Area::Quality)
            .counted(&name.get(..2).unwrap_or(name).to_uppercase(), 4)
            .state("open", "Open", Phase::InWork)
            .allow("everyone", &["view"])
            .allow("quality_engineer", &["create", "edit", "link"])
    };
    let document = |name: &str, prefix: &str| {
        Kind::new(name, "Procedure", "Procedures", Area::Quality)
            .counted(prefix, 4)
            .revised_by(Revisions::Letters)
            .field(Field::block("text", "Text"))
            .state("draft", "Draft", Phase::Draft)
            .state("approved", "Approved", Phase::InReview)
            .state("cancelled", "Cancelled", Phase::Void)
            .step(Step::new("release", "Release", &["draft"], "approved").by_record())
            .step(Step::new("cancel", "Cancel", &["draft"], "cancelled").by_record())
            .allow("everyone", &["view"])
            .allow("quality_engineer", &["create", "edit", "revise"])
    };
    let risk = plain("risk").link(LinkKind::new("concerns", "concerns", "has the risk", &["part"]));
    Module {
        kinds: vec![
            plain("supplier"),
            plain("capa"),
            plain("complaint"),
            risk,
            document("procedure", "PR"),
            document("work_instruction", "WI"),
        ],
        ..Module::default()
    }
}
