//! Configuration packages from draft to in force, and what records and people see of them.

use base::{SeededIds, SystemClock};
use db::sql;
use crate::records::code;
use kernel::authority::Actor;
use kernel::catalog::Module;
use kernel::command::Request;
use kernel::kind::{Area, Field, Kind, Phase, Step};
use kernel::package::{self, ImpactLine};
use kernel::password::Hashing;
use kernel::rule::{Check, Rule};
use kernel::{Kernel, MAIN_TENANT, Setup};
use serde_json::{Value as Json, json};
use std::sync::Arc;
use testkit::engines::both_migrated;
use testkit::world::{World, text};

/// A case that is closed by one signature.
fn cases() -> Vec<Module> {
    let case = Kind::new("case", "Case", "Cases", Area::Quality)
        .counted("CASE", 3)
        .field(Field::block("cause", "Cause"))
        .state("open", "Open", Phase::InWork)
        .state("review", "In review", Phase::InReview)
        .state("closed", "Closed", Phase::Closed)
        .step(Step::new("submit", "Submit", &["open"], "review").by(&["quality_engineer"]))
        .step(
            Step::new("close", "Close", &["review"], "closed")
                .signed("quality_manager", "closed the case")
                .rule(Rule::floor("case.cause_known", "FRS-T-001", "The cause is known", Check::filled(&["cause"]))),
        )
        .allow("everyone", &["view"])
        .allow("quality_engineer", &["create", "edit", "link"]);
    vec![Module { kinds: vec![case], ..Module::default() }]
}

pub struct Company {
    pub world: World,
    pub author: Actor,
    pub approver: Actor,
    pub engineer: Actor,
}

impl Company {
    pub fn new(test: &testkit::engines::TestDatabase) -> Self {
        let world = World::new(test.database.clone(), cases());
        let author = world.person("paula", &["quality_manager"]);
        let approver = world.person("quinn", &["quality_manager"]);
        let engineer = world.person("emma", &["quality_engineer"]);
        Self { world, author, approver, engineer }
    }

    pub fn draft(&self, package: &str) -> String {
        self.world.create(&self.author, "configuration_package", "Our words", json!({"purpose": "as agreed", "text": package})).unwrap()
    }

    pub fn put_into_force(&self, id: &str) {
        self.world.step(&self.author, id, "submit").unwrap();
        self.world.sign_step(&self.approver, id, "approve").unwrap();
    }

    pub fn in_force(&self, package: &str) -> String {
        let id = self.draft(package);
        self.put_into_force(&id);
        id
    }

    /// The next revision of a package in force, with another text.
    pub fn revise(&self, id: &str, package: &str) -> String {
        let next = text(&self.world.run(&self.author, "record.revise", json!({"record": id})).unwrap(), "id");
        self.world.edit(&self.author, &next, json!({"text": package})).unwrap();
        next
    }

    pub fn case(&self, title: &str) -> String {
        self.world.create(&self.engineer, "case", title, json!({"cause": "a burr"})).unwrap()
    }

    /// The configuration revisions of the trail's transactions, in order.
    pub fn revisions(&self) -> Vec<i64> {
        let rows = self
            .world
            .kernel
            .database()
            .query(sql("select configuration from audit_tx where tenant = $1 order by chain, seq"), &[MAIN_TENANT.into()])
            .unwrap();
        rows.iter().map(|row| row.int("configuration").unwrap()).collect()
    }

    pub fn open_signings(&self, record: &str) -> Vec<String> {
        let record = record.to_owned();
        let all = self.world.kernel.database().read(move |tx| kernel::obligation::of_record(tx, MAIN_TENANT, &record)).unwrap();
        let mut open: Vec<_> = all.into_iter().filter(|one| one.sort == "sign" && one.state == "open").map(|one| one.task).collect();
        open.sort();
        open
    }

    pub fn impact(&self, package: &str) -> Vec<String> {
        let kernel = &self.world.kernel;
        let (old, delivered) = (kernel.catalog().unwrap(), kernel.delivered());
        let new = package::apply(&delivered, old.revision + 1, package).unwrap();
        let viewer = self.world.viewer(&self.author);
        let lines: Vec<ImpactLine> = kernel.database().read(move |tx| package::impact(tx, &viewer, &old, &new)).unwrap();
        lines.into_iter().map(|line| line.text).collect()
    }
}

/// Another server on the same data.
fn second_node(world: &World, files: &tempfile::TempDir) -> Kernel {
    Kernel::new(Setup {
        database: world.kernel.database().clone(),
        clock: Arc::new(SystemClock),
        ids: Arc::new(SeededIds::new(2)),
        files: blob::BlobStore::open(files.path()).unwrap().into(),
        modules: cases(),
        hashing: Hashing::cheap_for_tests(),
        chains: 1,
    })
    .unwrap()
}

const EXTRA_SIGNER: &str = "[labels]\ncase = 'Deviation'\n[[signer]]\nkind = 'case'\nstep = 'close'\nrole = 'regulatory_affairs'\nmeaning = 'seen'\n";

#[test]
fn frs_cfg_010_a_package_counts_after_the_check_and_another_persons_signature_and_not_before() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let world = &company.world;
        let waiting = company.case("Waiting");
        world.step(&company.engineer, &waiting, "submit").unwrap();
        assert_eq!(company.open_signings(&waiting), ["Close: closed the case"]);

        let id = company.draft("[[signer]]\nkind = 'case'\nstep = 'close'\nrole = 'x_nobody'\nmeaning = 'seen'\n");
        let broken = world.step(&company.author, &id, "submit").unwrap_err();
        assert_eq!(code(&broken), "blocked");
        let blocker = &broken.refusal().unwrap().blockers[0];
        assert_eq!((blocker.rule.as_str(), blocker.requirement.as_str()), ("configuration.package_is_sound", "FRS-CFG-003"));
        assert!(blocker.text.starts_with("signer[0].role: there is no role “x_nobody”"), "{}", blocker.text);

        world.edit(&company.author, &id, json!({"text": EXTRA_SIGNER})).unwrap();
        world.step(&company.author, &id, "submit").unwrap();
        assert_eq!(code(&world.sign_step(&company.author, &id, "approve").unwrap_err()), "self_approval");
        assert_eq!(world.kernel.catalog().unwrap().revision, 0);
        world.sign_step(&company.approver, &id, "approve").unwrap();

        let catalog = world.kernel.catalog().unwrap();
        assert_eq!((catalog.revision, catalog.kind("case").unwrap().label.as_str()), (1, "Deviation"));
        assert_eq!(company.open_signings(&waiting), ["Close: closed the case", "Close: seen"]);
        let files = tempfile::tempdir().unwrap();
        assert_eq!(second_node(world, &files).catalog().unwrap().kind("case").unwrap().label, "Deviation");

        // The record that was there before goes on, under the new rule.
        let regulatory = world.person("rosa", &["regulatory_affairs"]);
        assert_eq!(world.sign_step(&company.approver, &waiting, "close").unwrap()["taken"], json!(false));
        assert_eq!(world.sign_step(&regulatory, &waiting, "close").unwrap()["taken"], json!(true));
        let revisions = company.revisions();
        assert!(revisions.is_sorted() && revisions.first() == Some(&0) && revisions.last() == Some(&1), "{revisions:?}");
        assert!(verify::verify(world.kernel.database(), MAIN_TENANT, &mut |_, _, _| {}).unwrap().is_sound());
    });
}

#[test]
fn frs_cfg_011_a_revision_of_the_package_takes_the_place_of_the_one_before() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let world = &company.world;
        let waiting = company.case("Waiting");
        world.step(&company.engineer, &waiting, "submit").unwrap();
        let first = company.in_force(EXTRA_SIGNER);
        let second = company.revise(&first, "[labels]\ncase = 'Event'\n");
        assert_eq!(world.kernel.catalog().unwrap().kind("case").unwrap().label, "Deviation");
        company.put_into_force(&second);
        let catalog = world.kernel.catalog().unwrap();
        assert_eq!((catalog.revision, catalog.kind("case").unwrap().label.as_str()), (2, "Event"));
        assert_eq!((world.record(&first).phase, world.record(&second).phase), (Phase::Closed, Phase::Effective));
        // The signature that is no longer asked for is no longer waited for.
        assert_eq!(company.open_signings(&waiting), ["Close: closed the case"]);
        world.sign_step(&company.approver, &waiting, "close").unwrap();
        assert_eq!(world.record(&waiting).phase, Phase::Closed);
    });
}

#[test]
fn frs_cfg_007_a_second_package_is_refused_while_one_is_in_force() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let first = company.in_force(EXTRA_SIGNER);
        let other = company.draft("");
        let refused = company.world.step(&company.author, &other, "submit").unwrap_err();
        let blocker = &refused.refusal().unwrap().blockers[0];
        assert_eq!((blocker.rule.as_str(), blocker.records[0].id.as_str()), ("configuration.one_package", first.as_str()));
        assert_eq!(blocker.text, "CFG-001 rev 1 is in force: make a new revision of it");
    });
}

const BOARD: &str = "[[state]]\nkind = 'case'\nname = 'x_board'\nlabel = 'At the board'\nphase = 'in_review'\ncontinues_with = ['close']\n\
    [[step]]\nkind = 'case'\nname = 'x_to_board'\nlabel = 'To the board'\nfrom = ['review']\nto = 'x_board'\nroles = ['quality_engineer']\n";

#[test]
fn frs_cfg_006_no_record_is_left_behind_in_a_state_that_goes() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let world = &company.world;
        let case = company.case("Stuck");
        let package = company.in_force(BOARD);
        world.step(&company.engineer, &case, "submit").unwrap();
        world.step(&company.engineer, &case, "x_to_board").unwrap();
        assert_eq!((world.record(&case).state.as_str(), world.record(&case).phase), ("x_board", Phase::InReview));
        assert_eq!(code(&world.edit(&company.engineer, &case, json!({"cause": "rust"})).unwrap_err()), "content_fixed");

        let next = company.revise(&package, "");
        let refused = world.step(&company.author, &next, "submit").unwrap_err();
        let blocker = &refused.refusal().unwrap().blockers[0];
        assert_eq!(blocker.text, "1 Case in the state “At the board”, which the package no longer declares");
        assert_eq!(blocker.records[0].id, case);
        assert_eq!(company.impact(""), [
            "1 Case in “At the board” would stand in a state that is no longer declared: the package cannot come into force"
        ]);

        // The floor rule holds on the way out of the extra state as well.
        world.sign_step(&company.approver, &case, "close").unwrap();
        company.put_into_force(&next);
        assert_eq!(world.kernel.catalog().unwrap().revision, 2);
    });
}

#[test]
fn frs_cfg_009_the_impact_says_how_many_open_records_a_package_touches() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let world = &company.world;
        for title in ["One", "Two", "Three"] {
            company.case(title);
        }
        let last = company.case("Done");
        world.step(&company.engineer, &last, "submit").unwrap();
        world.sign_step(&company.approver, &last, "close").unwrap();
        let package = format!(
            "{EXTRA_SIGNER}\n[[field]]\nkind = 'case'\nname = 'x_cost'\nlabel = 'Cost'\nsort = 'decimal'\nrequired = true\n\
             [[rule]]\nkind = 'case'\nstep = 'submit'\nid = 'x_cost_known'\ntext = 'The cost is known'\ncheck = {{ filled = ['x_cost'] }}\n\
             [[numbering]]\nkind = 'case'\nprefix = 'DEV'\ndigits = 4\n\
             [[step]]\nkind = 'case'\nname = 'x_note'\nlabel = 'Note'\nfrom = ['open']\nto = 'open'\nroles = ['quality_engineer']\n\
             [[role]]\nname = 'x_board'\nlabel = 'Board'\n"
        );
        assert_eq!(company.impact(&package), [
            "3 open Cases will have to fulfil at “Submit”: The cost is known",
            "3 open Cases will need one more signature at “Close”: Regulatory affairs, “seen”",
            "3 Cases may take the new step “Note”",
            "3 open Cases may lack “Cost”, which new ones must have",
            "4 Cases keep their numbers; new ones are numbered like DEV-0001",
        ]);
        let id = company.in_force(&package);
        world.run(&world.admin, "role.grant", json!({"person": "emma", "role": "x_board"})).unwrap();
        let without = package.replace("[[role]]\nname = 'x_board'\nlabel = 'Board'\n", "");
        assert_eq!(company.impact(&without), ["1 person holds the role “Board”, which goes"]);
        assert_eq!(company.impact(&package), Vec::<String>::new());

        let refused = world.create(&company.engineer, "case", "New", json!({"cause": "c"})).unwrap_err();
        assert_eq!(refused.refusal().unwrap().place.as_deref(), Some("fields.x_cost"));
        let new = world.create(&company.engineer, "case", "New", json!({"cause": "c", "x_cost": "12.50"})).unwrap();
        assert_eq!(world.record(&new).number, "DEV-0001");
        let next = company.revise(&id, "");
        company.put_into_force(&next);
        let again = company.case("After");
        assert_eq!(world.record(&again).number, "CASE-005", "the counter goes on where it stood");
        assert_eq!(world.record(&new).field_text("x_cost"), "12.50", "what was written stays written");
    });
}

#[test]
fn frs_cfg_013_no_command_is_checked_by_one_configuration_and_named_under_another() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let world = &company.world;
        let package = company.draft("[[field]]\nkind = 'case'\nname = 'x_cost'\nlabel = 'Cost'\nsort = 'line'\nrequired = true\n");
        world.step(&company.author, &package, "submit").unwrap();
        let files = tempfile::tempdir().unwrap();
        let nodes = [world.kernel.clone(), second_node(world, &files)];
        // Clients of both nodes send cases with and without the field that the package makes needed.
        let made: Vec<(String, bool)> = std::thread::scope(|scope| {
            let clients: Vec<_> = (0..4)
                .map(|client| {
                    let (kernel, engineer) = (nodes[client % 2].clone(), company.engineer.clone());
                    scope.spawn(move || {
                        let mut made = Vec::new();
                        for turn in 0..40 {
                            let fields: Json = if turn % 2 == 0 { json!({"x_cost": "1"}) } else { json!({}) };
                            let input = json!({"kind": "case", "title": "Case", "fields": fields});
                            let outcome = kernel.execute(&engineer, &Request::new("record.create", input, format!("client-{client}-{turn}")));
                            match outcome {
                                Ok(outcome) => made.push((outcome.tx, turn % 2 == 0)),
                                Err(error) => assert!(["unknown_field", "missing_field"].contains(&code(&error).as_str()), "{error}"),
                            }
                        }
                        made
                    })
                })
                .collect();
            world.sign_step(&company.approver, &package, "approve").unwrap();
            clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
        });
        assert!(!made.is_empty());
        for (tx, with_field) in made {
            let row = world
                .kernel
                .database()
                .query_one(sql("select configuration from audit_tx where tenant = $1 and tx = $2"), &[MAIN_TENANT.into(), tx.into()])
                .unwrap();
            assert_eq!(row.int("configuration").unwrap() == 1, with_field, "what was checked and what the trail says agree");
        }
        // Both nodes know it now, without a restart.
        for kernel in nodes {
            let late = kernel.execute(&company.engineer, &Request::new("record.create", json!({"kind": "case", "title": "Late", "fields": {}}), world.key()));
            assert_eq!(code(&late.unwrap_err()), "missing_field");
        }
    });
}
