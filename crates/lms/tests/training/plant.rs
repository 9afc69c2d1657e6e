//! A plant with documents, an order that releases them, and people. The kinds are as small as the
//! conventions allow: `release` gives a document out, its day makes it effective.

use base::Result;
use db::Read;
use kernel::MAIN_TENANT;
use kernel::authority::Actor;
use kernel::catalog::{Catalog, Module};
use kernel::command::{CommandDef, InputSort, Needed, needs, text_of};
use kernel::kind::{Area, Effect, Field, Kind, LinkKind, Phase, Revisions, Step};
use kernel::obligation::{self, New, Obligation};
use kernel::record::{self, Record};
use kernel::rule::StepContext;
use kernel::trail::WriteTx;
use kernel::{link, place};
use serde_json::{Value as Json, json};
use std::cell::Cell;
use std::sync::Arc;
use testkit::engines::{TestDatabase, both_migrated};
use testkit::world::{World, text};

pub const STATEMENT: &str = "I have read and understood this document.";

fn document(name: &str, label: &str, prefix: &str) -> Kind {
    Kind::new(name, label, label, Area::Quality)
        .counted(prefix, 4)
        .revised_by(Revisions::Letters)
        .field(Field::block("body", "Text").required())
        .state("draft", "Draft", Phase::Draft)
        .state("approved", "Approved", Phase::InReview)
        .state("effective", "Effective", Phase::Effective)
        .state("superseded", "Superseded", Phase::Closed)
        .state("withdrawn", "Withdrawn", Phase::Void)
        .step(
            Step::new("issue", "Release by itself", &["draft"], "draft")
                .signed("document_controller", "released the document")
                .effect(Effect::Run { name: "issue", run: issue, preview: None }),
        )
        .step(
            Step::new("release", "Release", &["draft"], "approved")
                .signed("document_controller", "released")
                .effect(Effect::Run { name: "become_effective", run: become_effective, preview: None }),
        )
        .step(Step::new("make_effective", "Make effective", &["approved"], "effective").by_clock())
        .step(Step::new("supersede", "Supersede", &["effective"], "superseded").by_record())
        .step(Step::new("withdraw", "Withdraw", &["approved", "effective"], "withdrawn").by(&["quality_manager"]).with_reason())
        .allow("everyone", &["view"])
        .allow("quality_engineer", &["create", "edit", "revise", "link"])
}

fn issue(tx: &mut WriteTx<'_>, context: &StepContext<'_>) -> Result<()> {
    record::step::take_as_consequence(tx, context.permit, context.record, "release", context.cause).map(|_| ())
}

fn become_effective(tx: &mut WriteTx<'_>, context: &StepContext<'_>) -> Result<()> {
    let today = place::date_in_days(tx, context.record, 0)?;
    if context.record.effective_on.as_ref().is_some_and(|on| *on > today) {
        return Ok(());
    }
    record::step::take_as_consequence(tx, context.permit, context.record, "make_effective", context.cause).map(|_| ())
}

fn order() -> Kind {
    Kind::new("order", "Order", "Orders", Area::Engineering)
        .counted("ECO", 4)
        .state("draft", "Draft", Phase::InWork)
        .state("released", "Released", Phase::Closed)
        .step(
            Step::new("release", "Release", &["draft"], "released")
                .signed("document_controller", "released the order")
                .effect(Effect::Run { name: "release_affected", run: release_affected, preview: None }),
        )
        .link(LinkKind::new("affects", "affects", "is affected by", &["procedure", "work_instruction"]).pinned())
        .allow("everyone", &["view"])
        .allow("quality_engineer", &["create", "edit", "link"])
}

fn release_affected(tx: &mut WriteTx<'_>, context: &StepContext<'_>) -> Result<()> {
    for affected in link::targets(tx, context.record, "affects")? {
        record::step::take_as_consequence(tx, context.permit, &affected, "release", Some(context.record))?;
    }
    Ok(())
}

/// What the clock of another domain does, and an assignment that no rule would make.
fn commands() -> Vec<CommandDef> {
    let record = || vec![needs("record", InputSort::Text, "identifier")];
    vec![
        CommandDef {
            name: "test.make_effective",
            label: "Make effective",
            requirement: "FRS-T-001",
            roles: &["everyone"],
            input: record(),
            needs: |_, _, _, _| Ok(Needed::of("test.make_effective")),
            run: |tx, permit, input, _| {
                let found = record::get(tx, MAIN_TENANT, text_of(input, "record")?)?;
                record::step::take_as_consequence(tx, permit, &found, "make_effective", None)?;
                Ok(json!({}))
            },
            ..CommandDef::base()
        },
        CommandDef {
            name: "test.raise",
            label: "Raise",
            requirement: "FRS-T-001",
            roles: &["everyone"],
            input: vec![
                needs("record", InputSort::Text, "identifier"),
                needs("course", InputSort::Text, "identifier"),
                needs("person", InputSort::Text, "identifier"),
                needs("sort", InputSort::Text, "sort"),
            ],
            needs: |_, _, _, _| Ok(Needed::of("test.raise")),
            run: |tx, _, input, _| {
                let found = record::get(tx, MAIN_TENANT, text_of(input, "record")?)?;
                let mut new = New::about(&found, text_of(input, "sort")?, "Something");
                new.via = Some(text_of(input, "course")?.to_owned());
                new.person = Some(text_of(input, "person")?.to_owned());
                Ok(json!({ "obligation": obligation::raise(tx, new)? }))
            },
            ..CommandDef::base()
        },
    ]
}

pub fn documents() -> Module {
    Module {
        kinds: vec![document("procedure", "Procedure", "PR"), document("work_instruction", "Work instruction", "WI"), order()],
        commands: commands(),
        ..Module::default()
    }
}

/// The company with the people that keep its training.
pub struct Plant {
    pub world: World,
    /// Writes documents, courses and requirements.
    pub writer: Actor,
    /// Releases documents.
    pub controller: Actor,
    /// Approves courses and requirements.
    pub trainer: Actor,
    pub supervisor: Actor,
    pub quality: Actor,
}

/// Runs a test on both engines, each time in a fresh plant.
pub fn on_both(test: fn(&Plant)) {
    // `both_migrated` takes a plain function that captures nothing.
    TEST.set(Some(test));
    both_migrated(kernel::MIGRATIONS, |database| (TEST.get().unwrap())(&Plant::new(database)));
}

thread_local! {
    static TEST: Cell<Option<fn(&Plant)>> = const { Cell::new(None) };
}

pub fn code(error: &base::Error) -> String {
    error.refusal().map_or_else(|| format!("{error:?}"), |refusal| refusal.code.clone())
}

impl Plant {
    fn new(database: &TestDatabase) -> Self {
        let world = World::new(database.database.clone(), vec![documents(), lms::module()]);
        Self {
            writer: world.person("wanda", &["quality_engineer"]),
            controller: world.person("carlo", &["document_controller"]),
            trainer: world.person("tina", &["training_manager"]),
            supervisor: world.person("sven", &["supervisor"]),
            quality: world.person("quinn", &["quality_manager"]),
            world,
        }
    }

    pub fn place(&self, kind: &str, number: &str) -> String {
        self.world.create_with(&self.world.admin, json!({"kind": kind, "number": number, "title": number})).unwrap()
    }

    /// A person who never signs in; answers the identifier.
    pub fn hire(&self, login: &str, more: Json) -> String {
        let mut input = json!({"login": login, "name": format!("{login} Tester"), "zone": "Europe/Rome"});
        for (name, value) in more.as_object().unwrap() {
            input[name] = value.clone();
        }
        text(&self.world.run(&self.world.admin, "person.create", input).unwrap(), "id")
    }

    /// A document in draft.
    pub fn draft(&self, title: &str) -> String {
        self.world.create(&self.writer, "procedure", title, json!({"body": "Do it."})).unwrap()
    }

    /// A document that is effective.
    pub fn document(&self, title: &str) -> String {
        let id = self.draft(title);
        self.world.sign_step(&self.controller, &id, "release").unwrap();
        id
    }

    /// The next revision of a document, in draft.
    pub fn revise(&self, document: &str) -> String {
        text(&self.world.run(&self.writer, "record.revise", json!({"record": document})).unwrap(), "id")
    }

    /// A draft that becomes effective so many days from today when it is released.
    pub fn comes_in(&self, document: &str, days: i64) {
        let on = self.date_in(days);
        let version = self.world.record(document).version;
        self.world.run(&self.writer, "record.edit", json!({"record": document, "version": version, "effective_on": on})).unwrap();
    }

    pub fn date_in(&self, days: i64) -> String {
        self.world.kernel.now().plus_seconds(days * 86_400).date_in("Europe/Rome").unwrap().to_string()
    }

    pub fn pass_days(&self, days: i64) {
        self.world.clock.advance_seconds(days * 86_400);
    }

    pub fn course_draft(&self, documents: &[&str], fields: Json) -> String {
        let mut all = json!({"statement": STATEMENT, "due_days": 14});
        for (name, value) in fields.as_object().unwrap() {
            all[name] = value.clone();
        }
        let id = self.world.create(&self.writer, "course", "Read and sign", all).unwrap();
        for document in documents {
            self.world.link(&self.writer, &id, "teaches", document).unwrap();
        }
        id
    }

    /// A course in use.
    pub fn course(&self, documents: &[&str]) -> String {
        self.course_with(documents, json!({}))
    }

    pub fn course_with(&self, documents: &[&str], fields: Json) -> String {
        let id = self.course_draft(documents, fields);
        self.world.sign_step(&self.trainer, &id, "approve").unwrap();
        id
    }

    pub fn requirement_draft(&self, site: Option<&str>, links: &[(&str, &str)]) -> String {
        let mut input = json!({"kind": "training_requirement", "title": "Who must know"});
        if let Some(site) = site {
            input["site"] = json!(site);
        }
        let id = self.world.create_with(&self.writer, input).unwrap();
        for (link, target) in links {
            self.world.link(&self.writer, &id, link, target).unwrap();
        }
        id
    }

    /// A requirement in force.
    pub fn requirement(&self, links: &[(&str, &str)]) -> String {
        let id = self.requirement_draft(None, links);
        self.world.sign_step(&self.trainer, &id, "approve").unwrap();
        id
    }

    pub fn read<T: Send + 'static>(&self, body: impl Fn(&mut dyn Read, &Catalog) -> Result<T> + Send + 'static) -> T {
        let catalog: Arc<Catalog> = self.world.kernel.catalog().unwrap();
        self.world.kernel.database().read(move |tx| body(tx, &catalog)).unwrap()
    }

    /// All assignments ever made on a document revision, by user name, course number and state.
    pub fn assigned(&self, document: &str) -> Vec<(String, String, String)> {
        let mut found: Vec<_> = self
            .obligations(document, "train")
            .into_iter()
            .map(|found| {
                let name = |id: Option<String>| id.map(|id| self.world.record(&id).number).unwrap_or_default();
                (name(found.person), name(found.via), found.state)
            })
            .collect();
        found.sort();
        found
    }

    /// The user names of those with an open assignment on a document revision, each as often as it
    /// is open.
    pub fn open_for(&self, document: &str) -> Vec<String> {
        self.assigned(document).into_iter().filter(|(_, _, state)| state == "open").map(|(login, _, _)| login).collect()
    }

    pub fn obligations(&self, document: &str, sort: &str) -> Vec<Obligation> {
        let (document, sort) = (document.to_owned(), sort.to_owned());
        self.read(move |tx, _| {
            let mut all = obligation::of_record(tx, MAIN_TENANT, &document)?;
            all.retain(|found| found.sort == sort);
            Ok(all)
        })
    }

    /// The one open assignment of a person on a document revision.
    pub fn open_of(&self, document: &str, person: &str) -> Obligation {
        let mut open = self.obligations(document, "train");
        open.retain(|found| found.state == "open" && found.person.as_deref() == Some(person));
        assert_eq!(open.len(), 1, "one open assignment");
        open.remove(0)
    }

    /// Reads and signs what a person has open on a document revision.
    pub fn read_and_sign(&self, actor: &Actor, document: &str) -> Result<Json> {
        let open = self.open_of(document, actor.person());
        self.world.sign(actor, "lms.read_and_sign", json!({"obligation": open.id}))
    }

    pub fn named(&self, requirement: &str) -> Vec<String> {
        let requirement = self.world.record(requirement);
        let ids = self.read(move |tx, _| lms::requirement::named_by(tx, &requirement));
        self.logins(ids)
    }

    pub fn logins(&self, ids: impl IntoIterator<Item = String>) -> Vec<String> {
        let mut logins: Vec<String> = ids.into_iter().map(|id| self.record(&id).number).collect();
        logins.sort();
        logins
    }

    pub fn record(&self, id: &str) -> Record {
        self.world.record(id)
    }

    /// Ends the link of this name between two records.
    pub fn unlink(&self, source: &str, name: &str, target: &str) {
        let (from, kind, item) = (source.to_owned(), name.to_owned(), self.record(target).item);
        let link = self.read(move |tx, _| {
            let all = link::outgoing(tx, MAIN_TENANT, &from)?;
            Ok(all.into_iter().find(|link| link.kind == kind && link.target_item == item).unwrap().id)
        });
        self.world.run(&self.world.admin, "link.remove", json!({"link": link})).unwrap();
    }
}
