//! The company that is simulated: a procedure, a course that repeats and two learners at each of
//! six sites, and what people do of their own accord between two turns of the jobs.

use crate::Chance;
use base::{Date, Timestamp};
use kernel::MAIN_TENANT;
use kernel::authority::Actor;
use kernel::calendar::ClockRule;
use kernel::catalog::Module;
use kernel::kind::{Area, Effect, Kind, Phase, Step};
use kernel::obligation::{self, Obligation};
use db::{Config, Database};
use plumb::assembly::{migrations, modules};
use serde_json::json;
use testkit::world::{World, text};

/// Number and zone of each site: two plain ones, half an hour of summer time, midnight skipped and
/// midnight repeated, and none at all with an odd offset.
pub const SITES: [(&str, &str); 6] = [
    ("ROM", "Europe/Rome"),
    ("NYC", "America/New_York"),
    ("LHI", "Australia/Lord_Howe"),
    ("CAI", "Africa/Cairo"),
    ("HAV", "America/Havana"),
    ("KTM", "Asia/Kathmandu"),
];
/// After how many months the course of each site repeats.
pub const REPEATS: [i64; 6] = [1, 3, 6, 12, 12, 24];
pub const DUE_DAYS: i64 = 14;
const LEARNERS: usize = 2;

/// What is taught at one site.
pub struct Taught {
    pub site: usize,
    pub item: String,
    pub learners: Vec<Actor>,
}

pub struct Simulated {
    pub world: World,
    pub taught: Vec<Taught>,
    pub notices: Vec<String>,
    _data: tempfile::TempDir,
}

/// A notice with a clock by each way of counting.
fn notices() -> Module {
    let notice = Kind::new("notice", "Notice", "Notices", Area::Quality)
        .counted("NO", 5)
        .state("draft", "Draft", Phase::Draft)
        .state("open", "Open", Phase::InWork)
        .state("closed", "Closed", Phase::Closed)
        .step(
            Step::new("open", "Open", &["draft"], "open")
                .by(&["quality_engineer"])
                .effect(Effect::StartClock { rule: "in_days".to_owned() })
                .effect(Effect::StartClock { rule: "in_a_month".to_owned() }),
        )
        .step(
            Step::new("close", "Close", &["open"], "closed")
                .by(&["quality_engineer"])
                .effect(Effect::StopClock { rule: "in_days".to_owned() })
                .effect(Effect::StopClock { rule: "in_a_month".to_owned() }),
        )
        .allow("everyone", &["view"])
        .allow("quality_engineer", &["create", "edit"]);
    let month = ClockRule { unit: kernel::calendar::Unit::Months, ..ClockRule::calendar_days("in_a_month", "FRS-T-001", 1) };
    Module { kinds: vec![notice], clock_rules: vec![ClockRule::calendar_days("in_days", "FRS-T-001", 30), month], ..Module::default() }
}

impl Simulated {
    pub fn new(seed: u64) -> Self {
        // In memory where that is a folder: ten years are many commits.
        let memory = std::path::Path::new("/dev/shm");
        let data = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap();
        let database = Database::open(&Config::Sqlite { folder: data.path().to_owned() }).unwrap();
        database.migrate(&migrations()).unwrap();
        let mut all = modules();
        all.push(notices());
        let world = World::new(database, all);
        // Another start for each seed, so that days of all sorts are met.
        world.clock.advance_seconds(i64::try_from(seed % 400).unwrap() * 86_400);
        for (number, zone) in &SITES[1..] {
            world.create_with(&world.admin, json!({"kind": "site", "number": number, "title": number, "fields": {"zone": zone}})).unwrap();
        }
        for (login, role) in [("dora", "document_controller"), ("dirk", "document_controller"), ("quentin", "quality_engineer"), ("quinn", "quality_manager"), ("theo", "training_manager"), ("sven", "supervisor")] {
            world.person(login, &[role]);
        }
        let mut simulated = Self { world, taught: Vec::new(), notices: Vec::new(), _data: data };
        for site in 0..SITES.len() {
            let taught = simulated.teach(site);
            simulated.taught.push(taught);
        }
        simulated
    }

    fn teach(&self, site: usize) -> Taught {
        let (world, (number, _)) = (&self.world, SITES[site]);
        let function = world.create_with(&world.admin, json!({"kind": "job_function", "number": format!("F-{number}"), "title": "Work"})).unwrap();
        let learners = (0..LEARNERS)
            .map(|person| world.person_at(&format!("l{person}.{}", number.to_lowercase()), json!({"site": number, "job_functions": [format!("F-{number}")]}), &[("operator", Some(number))]))
            .collect();
        let (dora, quentin, theo) = (world.sign_in("dora"), world.sign_in("quentin"), world.sign_in("theo"));
        let fields = json!({"purpose": "As agreed", "scope": number, "body": "1. Do it.", "review_interval_months": 12});
        let procedure = world.create_with(&dora, json!({"kind": "procedure", "title": format!("Work at {number}"), "site": number, "fields": fields})).unwrap();
        let course = world.create(&quentin, "course", "Work", json!({"statement": "I have read and understood this document.", "due_days": DUE_DAYS, "repeat_months": REPEATS[site]})).unwrap();
        world.link(&quentin, &course, "teaches", &procedure).unwrap();
        world.sign_step(&theo, &course, "approve").unwrap();
        let requirement = world.create(&quentin, "training_requirement", "Workers", json!({})).unwrap();
        world.link(&quentin, &requirement, "requires", &course).unwrap();
        world.link(&quentin, &requirement, "for_function", &function).unwrap();
        world.sign_step(&theo, &requirement, "approve").unwrap();
        self.give_out(&procedure);
        Taught { site, item: world.record(&procedure).item, learners }
    }

    /// A draft of a procedure, given out: it begins to count on its day.
    fn give_out(&self, procedure: &str) {
        let world = &self.world;
        world.step(&world.sign_in("dora"), procedure, "submit").unwrap();
        for (login, step) in [("quentin", "approve"), ("quinn", "approve"), ("dirk", "issue")] {
            world.sign_step(&world.sign_in(login), procedure, step).unwrap();
        }
    }

    /// What is open, and what was closed since a moment.
    pub fn obligations_since(&self, since: Timestamp) -> Vec<Obligation> {
        self.world
            .kernel
            .database()
            .query(db::sql("select * from obligation where tenant = $1 and (state = 'open' or closed_at >= $2) order by id"), &[MAIN_TENANT.into(), since.0.into()])
            .unwrap()
            .iter()
            .map(|row| obligation::from_row(row).unwrap())
            .collect()
    }

    pub fn today(&self, site: usize) -> Date {
        self.world.kernel.now().date_in(SITES[site].1).unwrap()
    }

    /// Nothing is signed while the clock is behind; people come back another day.
    fn can_sign(&self) -> bool {
        present_is_right(&self.world)
    }

    /// What people do: read and sign, mostly in time; see to what they are told; revise, confirm.
    pub fn live(&mut self, chance: &Chance) {
        if self.can_sign() {
            for open in self.obligations_since(self.world.kernel.now()).iter().filter(|open| open.state == "open") {
                match open.sort.as_str() {
                    "train" if chance.percent(18) => self.read(open),
                    "act" if chance.percent(30) => {
                        self.world.run(&self.world.sign_in("sven"), "obligation.complete", json!({"obligation": open.id, "outcome": "talked to them"})).unwrap();
                    }
                    "review" if chance.percent(20) => {
                        self.world.sign_step(&self.world.sign_in("dirk"), &open.record, "confirm").unwrap();
                    }
                    _ => {}
                }
            }
            if chance.percent(3) {
                self.revise(chance);
            }
        }
        if chance.percent(6) {
            self.notice(chance);
        }
    }

    fn read(&self, open: &Obligation) {
        let learner = self.taught.iter().flat_map(|taught| &taught.learners).find(|learner| Some(learner.person()) == open.person.as_deref()).unwrap();
        self.world.sign(&self.world.sign_in(learner.login()), "lms.read_and_sign", json!({"obligation": open.id})).unwrap();
    }

    /// The next revision of a procedure, for some day of the next month, where none is under way.
    fn revise(&self, chance: &Chance) {
        let world = &self.world;
        let taught = &self.taught[usize::try_from(chance.below(SITES.len() as u64)).unwrap()];
        let (tenant, item) = (MAIN_TENANT, taught.item.clone());
        let all = world.kernel.database().read(move |tx| kernel::record::revisions_of_item(tx, tenant, &item)).unwrap();
        let under_way = all.iter().any(|revision| !matches!(revision.phase, Phase::Effective | Phase::Closed));
        let Some(current) = all.iter().find(|revision| revision.phase == Phase::Effective).filter(|_| !under_way) else { return };
        let dora = world.sign_in("dora");
        let next = text(&world.run(&dora, "record.revise", json!({"record": current.id})).unwrap(), "id");
        let on = self.today(taught.site).checked_add(jiff::Span::new().days(i64::try_from(chance.below(30)).unwrap())).unwrap();
        let version = world.record(&next).version;
        let edit = json!({"record": next, "version": version, "effective_on": on.to_string(), "fields": {"summary_of_changes": "As agreed"}});
        world.run(&dora, "record.edit", edit).unwrap();
        self.give_out(&next);
    }

    fn notice(&mut self, chance: &Chance) {
        let (world, quentin) = (&self.world, self.world.sign_in("quentin"));
        let (number, _) = SITES[usize::try_from(chance.below(SITES.len() as u64)).unwrap()];
        let made = world.create_with(&quentin, json!({"kind": "notice", "title": "Something", "site": number})).unwrap();
        world.step(&quentin, &made, "open").unwrap();
        self.notices.push(made);
        if self.notices.len() > 8 {
            let done = self.notices.remove(0);
            self.world.step(&quentin, &done, "close").unwrap();
        }
    }
}

pub fn present_is_right(world: &World) -> bool {
    kernel::present::open_fault(&world.kernel, MAIN_TENANT).unwrap().is_none()
}
