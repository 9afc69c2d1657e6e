//! Every command of the product, walked on both engines: who may not is refused, one key makes one
//! transaction, each transaction has its events, and the trail that comes out is sound.

use crate::command_examples::{Example, Ready, examples};
use crate::product::{migrations, modules};
use base::{Error, RefusalKind};
use db::sql;
use kernel::authority::Actor;
use kernel::catalog::EVERYONE;
use kernel::command::{CommandDef, Request};
use kernel::signature::{self, SigningInput};
use kernel::{MAIN_TENANT, jobs};
use serde_json::Value as Json;
use std::collections::BTreeSet;
use testkit::engines::{TestDatabase, postgres_migrated, sqlite_migrated};
use testkit::world::{PASSWORD, World};

/// The company in which the commands run.
pub struct Stage {
    pub world: World,
    /// Somebody without any role.
    pub nobody: Actor,
    pub designer: Actor,
    pub engineering_manager: Actor,
    pub writer: Actor,
    /// A second quality engineer, who signs what the first wrote.
    pub process_owner: Actor,
    pub quality_manager: Actor,
    pub controller: Actor,
    pub trainer: Actor,
    pub supervisor: Actor,
    pub operator: Actor,
}

impl Stage {
    fn new(test: &TestDatabase) -> Self {
        let world = World::new(test.database.clone(), modules());
        let person = |login: &str, role: &str| world.person(login, &[role]);
        Self {
            nobody: world.person("nobody", &[]),
            designer: person("dora", "design_engineer"),
            engineering_manager: person("emil", "engineering_manager"),
            writer: person("wanda", "quality_engineer"),
            process_owner: person("paula", "quality_engineer"),
            quality_manager: person("quinn", "quality_manager"),
            controller: person("carlo", "document_controller"),
            trainer: person("tina", "training_manager"),
            supervisor: person("sven", "supervisor"),
            operator: person("otto", "operator"),
            world,
        }
    }

    /// How many transactions of the trail this command has made.
    fn transactions(&self, command: &str) -> i64 {
        let statement = sql("select count(*) as n from audit_tx where tenant = $1 and command = $2");
        self.world.kernel.database().query_one(statement, &[MAIN_TENANT.into(), command.into()]).unwrap().int("n").unwrap()
    }
}

/// The permission that the command asks for with this input.
fn permission(stage: &Stage, command: &CommandDef, input: &Json) -> String {
    let catalog = stage.world.kernel.catalog().unwrap();
    let (needs, actor, input) = (command.needs, stage.nobody.clone(), input.clone());
    stage.world.kernel.database().read(move |tx| needs(tx, &catalog, &actor, &input)).unwrap().permission
}

fn is_refusal_of_permission(error: &Error) -> bool {
    error.refusal().is_some_and(|refusal| matches!(refusal.kind, RefusalKind::Forbidden | RefusalKind::NotFound))
}

/// Somebody who may not is refused, and nothing is written.
fn refuses(stage: &Stage, command: &CommandDef, ready: &Ready, actor: &Actor) {
    let before = stage.transactions(command.name);
    let mut request = Request::new(command.name, ready.input.clone(), stage.world.key());
    request.reason = ready.reason.map(str::to_owned);
    let error = stage.world.kernel.execute(actor, &request).map(|outcome| outcome.result).unwrap_err();
    assert!(is_refusal_of_permission(&error), "{}: {error}", command.name);
    if ready.signed {
        let error = signature::challenge(&stage.world.kernel, actor, command.name, &ready.input).map(|shown| shown.token).unwrap_err();
        assert!(is_refusal_of_permission(&error), "{}: {error}", command.name);
    }
    assert_eq!(stage.transactions(command.name), before, "{}: a refusal writes nothing", command.name);
}

/// Runs the command twice with one key.
fn runs_once(stage: &Stage, command: &CommandDef, ready: &Ready, actor: &Actor) {
    let kernel = &stage.world.kernel;
    let before = stage.transactions(command.name);
    let mut request = Request::new(command.name, ready.input.clone(), stage.world.key());
    request.reason = ready.reason.map(str::to_owned);
    if ready.signed {
        let shown = signature::challenge(kernel, actor, command.name, &ready.input).unwrap_or_else(|error| panic!("{}: {error}", command.name));
        request = request.signed(SigningInput { challenge: shown.token, login: Some(actor.login().to_owned()), password: PASSWORD.to_owned() });
    }
    let first = kernel.execute(actor, &request).unwrap_or_else(|error| panic!("{}: {error}", command.name));
    assert!(!first.repeated, "{}", command.name);
    let again = kernel.execute(actor, &request).unwrap_or_else(|error| panic!("{}, the same request again: {error}", command.name));
    assert!(again.repeated, "{}: the same key is answered, not run", command.name);
    assert_eq!(again.tx, first.tx, "{}", command.name);
    for (name, value) in again.result.as_object().into_iter().flatten() {
        assert_eq!(first.result.get(name), Some(value), "{}: the answer is the same", command.name);
    }
    assert_eq!(stage.transactions(command.name), before + 1, "{}: one key, one transaction", command.name);
    let of_tx = [MAIN_TENANT.into(), first.tx.as_str().into()];
    let sealed = kernel.database().query_one(sql("select actor, n, software from audit_tx where tenant = $1 and tx = $2"), &of_tx).unwrap();
    let events = kernel.database().query_one(sql("select count(*) as n from event where tenant = $1 and tx = $2"), &of_tx).unwrap();
    assert_eq!(sealed.text("actor").unwrap(), actor.person(), "{}", command.name);
    assert_eq!(sealed.int("n").unwrap(), events.int("n").unwrap(), "{}", command.name);
    assert!(events.int("n").unwrap() > 0, "{}: an event is written", command.name);
}

/// What the clock alone does, it does once.
fn the_clock_runs_it_once(stage: &Stage, command: &CommandDef) {
    let before = stage.transactions(command.name);
    let turn = || jobs::run_all(&stage.world.kernel, MAIN_TENANT, "walk").unwrap();
    turn();
    let after = stage.transactions(command.name);
    assert!(after > before, "{}: the clock runs it", command.name);
    turn();
    assert_eq!(stage.transactions(command.name), after, "{}: another turn finds nothing to do", command.name);
}

fn walk(test: &TestDatabase) {
    let stage = Stage::new(test);
    let catalog = stage.world.kernel.catalog().unwrap();
    let examples = examples();
    let declared: BTreeSet<&str> = catalog.commands().map(|command| command.name).collect();
    let shown: BTreeSet<&str> = examples.iter().map(|(name, _)| *name).collect();
    let missing: Vec<_> = declared.difference(&shown).collect();
    assert!(missing.is_empty(), "commands without an example in command_examples.rs: {missing:?}");
    let unknown: Vec<_> = shown.difference(&declared).collect();
    assert!(unknown.is_empty(), "examples of commands that are not there: {unknown:?}");
    for (name, example) in examples {
        eprintln!("  {name}");
        let command = catalog.command(name).unwrap();
        match example {
            Example::Person(prepare) => {
                let (actor, ready) = prepare(&stage);
                if !catalog.role_has(EVERYONE, &permission(&stage, command, &ready.input)) {
                    refuses(&stage, command, &ready, &stage.nobody);
                }
                runs_once(&stage, command, &ready, &actor);
            }
            Example::Clock(prepare) => {
                let ready = prepare(&stage);
                refuses(&stage, command, &ready, &stage.nobody);
                refuses(&stage, command, &ready, &stage.world.admin);
                refuses(&stage, command, &ready, &stage.quality_manager);
                the_clock_runs_it_once(&stage, command);
            }
        }
    }
    let report = verify::verify(stage.world.kernel.database(), MAIN_TENANT, &mut |_, _, _| {}).unwrap();
    assert!(report.is_sound(), "{:?}", report.problems);
    assert!(report.transactions > declared.len() as u64);
}

#[test]
fn frs_cmd_010_every_command_is_refused_without_permission_and_runs_once_for_one_key_on_sqlite() {
    walk(&sqlite_migrated(&migrations()));
}

#[test]
fn frs_cmd_010_every_command_is_refused_without_permission_and_runs_once_for_one_key_on_postgres() {
    walk(&postgres_migrated(&migrations()));
}
