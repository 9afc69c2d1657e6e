//! A company with the quality domain and, in few words, what it meets of the others: parts, change
//! orders that release what they affect, and training that a released document asks for.

use base::{Error, Result};
use db::sql;
use kernel::authority::Actor;
use kernel::catalog::Module;
use kernel::clock::Clock;
use kernel::command::{CommandDef, InputSort, Needed, needs, text_of};
use kernel::jobs;
use kernel::kind::{Area, Effect, Kind, LinkKind, OnChange, Phase, Revisions, Step};
use kernel::link;
use kernel::obligation::{self, New, Obligation};
use kernel::record::Record;
use kernel::record::step::take_as_consequence;
use kernel::rule::StepContext;
use kernel::trail::WriteTx;
use serde_json::{Value as Json, json};
use testkit::engines::{TestDatabase, postgres_migrated, sqlite_migrated};
use testkit::world::World;

/// How many people the stand-in for the training matrix names.
const TRAINEES: usize = 12;

/// A test company and the people in it.
pub struct Company {
    pub world: World,
    /// Quality engineer: writes.
    pub quinn: Actor,
    /// A second quality engineer: signs what the first wrote.
    pub petra: Actor,
    /// Quality manager: approves.
    pub max: Actor,
    /// Regulatory affairs.
    pub rosa: Actor,
    /// Document controller.
    pub dario: Actor,
    /// Design engineer.
    pub elena: Actor,
    /// Supplier manager.
    pub sam: Actor,
}

/// Runs a story in a fresh company on each engine.
pub fn story(tell: fn(&Company)) {
    for open in [sqlite_migrated, postgres_migrated] {
        let test = open(kernel::MIGRATIONS);
        eprintln!("on {:?}", test.engine());
        tell(&Company::on(&test));
    }
}

impl Company {
    fn on(test: &TestDatabase) -> Self {
        let world = World::new(test.database.clone(), vec![qms::module(), others()]);
        let person = |login: &str, role: &str| world.person(login, &[role]);
        Self {
            quinn: person("quinn", "quality_engineer"),
            petra: person("petra", "quality_engineer"),
            max: person("max", "quality_manager"),
            rosa: person("rosa", "regulatory_affairs"),
            dario: person("dario", "document_controller"),
            elena: person("elena", "design_engineer"),
            sam: person("sam", "supplier_manager"),
            world,
        }
    }

    pub fn state(&self, record: &str) -> String {
        self.world.record(record).state
    }

    pub fn part(&self, number: &str) -> String {
        let input = json!({"kind": "part", "number": number, "title": "Oxygen fitting"});
        self.world.create_with(&self.elena, input).expect("a part")
    }

    pub fn order(&self, affected: &[&str]) -> String {
        let order = self.world.create(&self.elena, "change_order", "Oxygen-safe fittings", json!({})).expect("an order");
        for record in affected {
            self.world.link(&self.elena, &order, "affects", record).expect("a link");
        }
        order
    }

    /// Takes everything off an order.
    pub fn take_off(&self, order: &str) {
        let id = order.to_owned();
        let links = self.world.kernel.database().read(move |tx| link::outgoing(tx, "main", &id)).expect("links");
        for link in links {
            self.world.run(&self.elena, "link.remove", json!({"link": link.id})).expect("a link that ends");
        }
    }

    pub fn release(&self, order: &str) {
        self.world.sign_step(&self.dario, order, "release").expect("a release");
    }

    /// The next revision of a record.
    pub fn revise(&self, actor: &Actor, record: &str) -> String {
        let revised = self.world.run(actor, "record.revise", json!({"record": record})).expect("a revision");
        testkit::world::text(&revised, "id")
    }

    pub fn decide(&self, actor: &Actor, record: &str, tree: &str, answers: &Json) -> Result<String> {
        let input = json!({"record": record, "tree": tree, "answers": answers});
        Ok(testkit::world::text(&self.world.run(actor, "decision.take", input)?, "outcome"))
    }

    pub fn obligations(&self, record: &str, sort: &str) -> Vec<Obligation> {
        let record = record.to_owned();
        let all = self.world.kernel.database().read(move |tx| obligation::of_record(tx, "main", &record)).expect("obligations");
        all.into_iter().filter(|known| known.sort == sort).collect()
    }

    pub fn open(&self, record: &str, sort: &str) -> Vec<Obligation> {
        self.obligations(record, sort).into_iter().filter(|known| known.state == "open").collect()
    }

    pub fn clocks(&self, record: &str) -> Vec<Clock> {
        let record = record.to_owned();
        self.world.kernel.database().read(move |tx| kernel::clock::of_record(tx, "main", &record)).expect("clocks")
    }

    /// Rule, due date and state of each clock.
    pub fn clock_words(&self, record: &str) -> Vec<String> {
        self.clocks(record).iter().map(|clock| format!("{} {} {}", clock.rule, clock.due_date, clock.state)).collect()
    }

    /// What the server does every few seconds.
    pub fn run_jobs(&self) {
        jobs::run_all(&self.world.kernel, "main", "test").expect("jobs");
    }

    pub fn days_pass(&self, days: i64) {
        self.world.clock.advance_seconds(days * 86_400);
    }

    /// Completes so many open trainings that a record caused.
    pub fn train(&self, cause: &str, count: usize) {
        let cause = cause.to_owned();
        let open = self.world.kernel.database().read(move |tx| obligation::caused_by(tx, "main", &cause, "train")).expect("trainings");
        for training in open.iter().filter(|training| training.state == "open").take(count) {
            self.world.run(&self.quinn, "test.train", json!({"obligation": training.id})).expect("a training");
        }
    }
}

/// The code of a refusal.
pub fn code(error: &Error) -> String {
    error.refusal().map_or_else(|| format!("{error:?}"), |refusal| refusal.code.clone())
}

/// Rule and text of everything that blocks.
pub fn blockers(error: &Error) -> Vec<String> {
    let refusal = error.refusal().unwrap_or_else(|| panic!("no refusal: {error:?}"));
    assert_eq!(refusal.code, "blocked", "{error}");
    refusal.blockers.iter().map(|blocker| format!("{}: {}", blocker.rule, blocker.text)).collect()
}

fn others() -> Module {
    let part = Kind::new("part", "Part", "Parts", Area::Engineering)
        .revised_by(Revisions::Letters)
        .state("in_work", "In work", Phase::InWork)
        .state("released", "Released", Phase::Effective)
        .state("superseded", "Superseded", Phase::Closed)
        .step(Step::new("release", "Release", &["in_work"], "released").by_record())
        .step(Step::new("supersede", "Supersede", &["released"], "superseded").by_record())
        .link(LinkKind::new("supplied_by", "is supplied by", "supplies", &["supplier"]).when_source_changes(OnChange::obligation(
            "reassess",
            "Re-assess the supplier: a part has changed",
            "supplier_manager",
            30,
        )))
        .allow("everyone", &["view"])
        .allow("design_engineer", &["create", "edit", "revise", "link"]);
    let order = Kind::new("change_order", "Change order", "Change orders", Area::Engineering)
        .counted("ECO", 4)
        .state("draft", "Draft", Phase::Draft)
        .state("released", "Released", Phase::Closed)
        .state("cancelled", "Cancelled", Phase::Void)
        .step(
            Step::new("release", "Release", &["draft"], "released")
                .signed("document_controller", "released the change")
                .effect(Effect::Run { name: "test.release_affected", run: release_affected, preview: None }),
        )
        .step(
            Step::new("cancel", "Cancel", &["draft"], "cancelled")
                .by(&["design_engineer"])
                .with_reason()
                .effect(Effect::Run { name: "test.cancel_affected", run: cancel_affected, preview: None }),
        )
        .link(LinkKind::new("affects", "affects", "is affected by", &["part", "procedure", "work_instruction"]).pinned())
        .allow("everyone", &["view"])
        .allow("design_engineer", &["create", "edit", "link"]);
    let train = CommandDef {
        name: "test.train",
        label: "Complete a training",
        requirement: "FRS-T-001",
        roles: &["quality_engineer"],
        input: vec![needs("obligation", InputSort::Text, "the training")],
        needs: |_, _, _, _| Ok(Needed::of("test.train")),
        run: |tx, _, input, _| {
            let training = obligation::find(tx, "main", text_of(input, "obligation")?)?;
            obligation::close(tx, &training, "read and understood", None)?;
            Ok(json!({}))
        },
        ..CommandDef::base()
    };
    Module { kinds: vec![part, order], commands: vec![train], after_step: vec![ask_for_training], ..Module::default() }
}

fn release_affected(tx: &mut WriteTx<'_>, context: &StepContext<'_>) -> Result<()> {
    for affected in link::targets(tx, context.record, "affects")? {
        take_as_consequence(tx, context.permit, &affected, "release", Some(context.record))?;
    }
    Ok(())
}

/// As the real order does: what knows how to be given up in its state is.
fn cancel_affected(tx: &mut WriteTx<'_>, context: &StepContext<'_>) -> Result<()> {
    for affected in link::targets(tx, context.record, "affects")? {
        let step = context.catalog.kind(&affected.kind).and_then(|kind| kind.find_step("cancel"));
        if step.is_some_and(|step| step.from.contains(&affected.state)) {
            take_as_consequence(tx, context.permit, &affected, "cancel", Some(context.record))?;
        }
    }
    Ok(())
}

/// As the training domain does: listens for `release` and names the transaction's cause.
fn ask_for_training(tx: &mut WriteTx<'_>, context: &StepContext<'_>) -> Result<()> {
    if context.step != "release" || context.record.kind != "procedure" {
        return Ok(());
    }
    let cause = tx.cause().map(str::to_owned);
    let one = |_| New { role: Some("operator".to_owned()), cause: cause.clone(), ..New::about(context.record, "train", "Read and sign") };
    obligation::raise_many(tx, (0..TRAINEES).map(one).collect())
}

/// The revisions of a record's item, each with its state.
pub fn revisions(company: &Company, record: &Record) -> Vec<String> {
    let (tenant, item) = (record.tenant.clone(), record.item.clone());
    let all = company.world.kernel.database().read(move |tx| kernel::record::revisions_of_item(tx, &tenant, &item)).expect("revisions");
    all.iter().map(|record| format!("{} {}", record.revision, record.state)).collect()
}

/// How many revisions of an item are in effect, as the table itself says.
pub fn effective_count(company: &Company, record: &Record) -> i64 {
    let item = record.item.clone();
    let found = company.world.kernel.database().read(move |tx| {
        let row = tx.query_one(
            sql("select count(*) as n from record where tenant = 'main' and item = $1 and phase = 'effective'"),
            &[item.as_str().into()],
        )?;
        row.int("n")
    });
    found.expect("a count")
}
