//! A company behind the router.

pub use super::client::{Ask, Client, Reply};
use api::{ReadAnswer, ReadEndpoint, Settings, State, endpoint};
use axum::http::header;
use kernel::calendar::ClockRule;
use kernel::catalog::Module;
use kernel::decision_tree::{Answer, DecisionTree, Next, Outcome, Question};
use kernel::kind::{Area, DossierQuery, Effect, Field, Kind, LinkKind, OnChange, Phase, Revisions, Step};
use kernel::reference::{Column, ColumnSort, ReferenceTable};
use kernel::rule::{Check, Rule};
use serde_json::{Value as Json, json};
use testkit::world::{PASSWORD, World, signer};

/// A reference table by which papers are graded.
pub const GRADES: ReferenceTable = ReferenceTable {
    name: "grades",
    title: "Grades",
    text: "What a grade is called.",
    requirement: "FRS-T-005",
    columns: &[Column::key("grade", "Grade", ColumnSort::Integer { min: 1, max: 5 }), Column::value("word", "Word", ColumnSort::Line)],
    check: |_| Vec::new(),
    shipped: "grade,word\n1,poor\n5,good\n",
    source: "Made up for a test.",
};

/// Two kinds that use every noun and differ in who may see them: everybody, or quality only.
pub fn modules() -> Vec<Module> {
    let tree = DecisionTree {
        name: "matters".to_owned(),
        version: 2,
        title: "Does it matter?".to_owned(),
        source: "a test".to_owned(),
        questions: vec![Question {
            id: "big".to_owned(),
            text: "Is it big?".to_owned(),
            help: String::new(),
            answers: [("yes", "Yes", "act"), ("no", "No", "leave")]
                .map(|(value, label, outcome)| Answer { value: value.to_owned(), label: label.to_owned(), next: Next::Outcome(outcome.to_owned()) })
                .into(),
        }],
        outcomes: [("act", Some("act_in_time".to_owned())), ("leave", None)]
            .map(|(id, clock)| Outcome { id: id.to_owned(), label: id.to_owned(), clock, reportable: false, text: "So be it.".to_owned() })
            .into(),
    };
    vec![Module {
        kinds: vec![paper("paper", "Paper", "PAP", &["everyone"]), paper("secret", "Secret", "SEC", &["quality_engineer", "quality_manager", "design_engineer"])],
        trees: vec![tree],
        reference_tables: vec![GRADES],
        clock_rules: vec![ClockRule::calendar_days("act_in_time", "FRS-T-003", 30)],
        ..Module::default()
    }]
}

fn paper(name: &str, label: &str, prefix: &str, viewers: &[&str]) -> Kind {
    let mut kind = Kind::new(name, label, &format!("{label}s"), Area::Quality)
        .text("A sheet of paper.")
        .counted(prefix, 4)
        .revised_by(Revisions::Letters)
        .field(Field::block("body", "Body").required())
        .field(Field::integer("grade", "Grade", 1, 5).filter())
        .field(Field::choice("colour", "Colour", &[("red", "Red"), ("blue", "Blue")]).filter())
        .field(Field::decimal("weight", "Weight"))
        .field(Field::date("aware_on", "Aware on"))
        .field(Field::yes_no("signed_copy", "Signed copy"))
        .field(Field::table_revision("graded_by", "Graded by", GRADES.name).filter())
        .personal(Field::line("told_by", "Told by"))
        .state("draft", "Draft", Phase::Draft)
        .state("in_review", "In review", Phase::InReview)
        .state("effective", "Effective", Phase::Effective)
        .state("superseded", "Superseded", Phase::Closed)
        .step(
            Step::new("submit", "Submit", &["draft"], "in_review")
                .by(&["design_engineer"])
                .rule(Rule::floor("paper.graded", "FRS-T-001", "The grade is known", Check::filled(&["grade"])))
                .effect(Effect::Raise { sort: "act".to_owned(), task: "Read it".to_owned(), role: "quality_engineer".to_owned(), due_days: 3 }),
        )
        .step(Step::new("send_back", "Send back", &["in_review"], "draft").by(&["quality_manager"]).with_reason())
        .step(Step::new("approve", "Approve", &["in_review"], "effective").signed("quality_manager", "approved for quality"))
        .step(Step::new("supersede", "Supersede", &["effective"], "superseded").by_record())
        .link(LinkKind::new("about", "is about", "is told by", &["paper", "secret"]).when_target_changes(OnChange::Suspect))
        .tree("matters")
        .section("What it is about", "FRS-T-002", DossierQuery::Targets { link: "about".to_owned() })
        .allow("design_engineer", &["create", "edit", "link", "revise", "decide", "freeze", "see_personal", "edit_personal", "erase_personal"]);
    for viewer in viewers {
        kind = kind.allow(viewer, &["view"]);
    }
    kind
}

/// A read as a domain declares one.
pub const EXTRA: ReadEndpoint = ReadEndpoint {
    path: "/api/v1/papers/{paper}/words",
    requirement: "FRS-T-004",
    summary: "The words of a paper",
    access: endpoint::Access::Viewer,
    parameters: &[
        endpoint::path("paper", "number or identifier", "PAP-0001"),
        endpoint::query("most", endpoint::Sort::Integer { min: 1, max: 9 }, "how many", "3"),
    ],
    run: |tx, _, viewer, params| {
        let name = params.path("paper")?;
        let missing = || base::Error::not_found("There is no such paper.");
        let mut found = None;
        for kind in ["paper", "secret"] {
            found = found.or(kernel::record::find_named(tx, viewer.tenant(), kind, name)?);
        }
        let record = found.filter(|record| viewer.sees(record)).ok_or_else(missing)?;
        let most = usize::try_from(params.integer("most").unwrap_or(9)).unwrap_or(9);
        let words: Vec<_> = record.field_text("body").split_whitespace().take(most).collect();
        Ok(ReadAnswer::Json(json!({ "words": words, "asked_by": params.person() })))
    },
};

/// A company whose people talk to it through the router.
pub struct Company {
    pub world: World,
    pub state: State,
    pub client: Client,
}

impl Company {
    pub fn new(test: &testkit::engines::TestDatabase) -> Self {
        let world = World::new(test.database.clone(), modules());
        world.run(&world.admin, "record.create", json!({"kind": "site", "number": "OSL", "title": "Oslo works", "fields": {"zone": "Europe/Oslo"}})).unwrap();
        let everywhere = |roles: &[&'static str]| roles.iter().map(|role| (*role, None)).collect::<Vec<_>>();
        world.person_at("dora", json!({"site": "ROM"}), &everywhere(&["design_engineer", "quality_engineer"]));
        world.person_at("quinn", json!({"site": "ROM"}), &everywhere(&["quality_manager"]));
        world.person_at("olga", json!({"site": "ROM"}), &[]);
        let all = ["design_engineer", "quality_engineer", "quality_manager"];
        world.person_at("finn", json!({"site": "OSL"}), &all.map(|role| (role, Some("OSL"))));
        let state = State::new(world.kernel.clone(), Settings::default()).with(vec![EXTRA]);
        let client = Client::new(api::router(state.clone()));
        Self { world, state, client }
    }

    /// A record at the site ROM, made by `dora`.
    pub fn record(&self, kind: &str, fields: Json) -> String {
        let dora = self.world.sign_in("dora");
        self.world.create_with(&dora, json!({"kind": kind, "title": "A hose", "site": "ROM", "fields": fields})).unwrap()
    }

    /// Signs in through the API and answers the session's cookie.
    pub fn cookie(&self, login: &str) -> String {
        let reply = self.client.send(Ask::post("/api/v1/session").json(json!({"login": login, "password": PASSWORD})));
        assert_eq!(reply.status, 200, "{}", reply.text());
        let cookie = reply.headers[header::SET_COOKIE].to_str().unwrap();
        cookie.split(';').next().unwrap().to_owned()
    }

    /// An API token of a person.
    pub fn token(&self, login: &str) -> String {
        let actor = self.world.sign_in(login);
        let made = self.world.run(&actor, "token.create", json!({"name": "test", "days": 30})).unwrap();
        testkit::world::text(&made, "token")
    }

    /// How many events the trail holds.
    /// Takes everything up into the log; answers the newest checkpoint.
    pub fn seal(&self) -> kernel::evidence::Published {
        let kernel = &self.world.kernel;
        kernel::evidence::checkpoint(kernel, kernel::MAIN_TENANT, &signer()).unwrap();
        kernel.database().read(|tx| kernel::evidence::latest(tx, kernel::MAIN_TENANT)).unwrap().unwrap()
    }

    pub fn events(&self) -> i64 {
        let rows = self.world.kernel.database().query(db::sql("select count(*) as n from event where tenant = $1"), &[kernel::MAIN_TENANT.into()]).unwrap();
        rows[0].int("n").unwrap()
    }

    /// Puts a configuration package into force.
    pub fn put_into_force(&self, package: &str) {
        let (author, approver) = (self.world.person("paula", &["quality_manager"]), self.world.sign_in("quinn"));
        let id = self.world.create(&author, "configuration_package", "Our words", json!({"purpose": "as agreed", "text": package})).unwrap();
        self.world.step(&author, &id, "submit").unwrap();
        self.world.sign_step(&approver, &id, "approve").unwrap();
    }

    pub fn document(&self) -> Json {
        api::openapi::document(&self.world.kernel.catalog().unwrap(), &endpoint::all(&self.state))
    }
}
