//! The release of a procedure that a whole company must read, and the check of the trail that comes
//! of it.

use crate::company;
use crate::place::{Postgres, both};
use crate::proof;
use crate::report::{Budget, line, median, millis};
use kernel::authority::Actor;
use kernel::command::Request;
use kernel::signature::{self, SigningInput};
use serde_json::json;
use std::path::Path;
use std::time::Instant;
use testkit::world::{PASSWORD, World, text};

const PROCEDURES: usize = 3;
/// Signed steps that are measured.
const SIGNED: usize = 200;
/// How long a chain may be held, in milliseconds.
const CHAIN: Budget = Budget::AtMost(50.0);

struct Staff {
    writer: Actor,
    owner: Actor,
    quality: Actor,
    trainer: Actor,
    controller: Actor,
}

pub fn measure(folder: &Path, postgres: &Postgres, people: i64) {
    for place in both(folder, postgres, "release") {
        let world = company::open(place.open());
        let places = company::places(&world);
        company::fill(&world, &world.admin, "bench.hire", "p", people);
        let staff = Staff {
            writer: world.person("wanda", &["quality_engineer"]),
            owner: world.person("oscar", &["quality_engineer"]),
            quality: world.person("mona", &["quality_manager"]),
            trainer: world.person("tina", &["training_manager"]),
            controller: world.person("carla", &["document_controller"]),
        };
        let (mut first, mut held) = (Vec::new(), Vec::new());
        let mut last = String::new();
        for _ in 0..PROCEDURES {
            last = taught_procedure(&world, &staff, &places);
            let (took, chain) = proof::held(&world, || issue(&world, &staff, &last));
            first.push(took);
            held.push(chain);
        }
        let whom = format!("{people} people");
        let budget = Budget::AtMost(1_000.0);
        line(&format!("Release of a procedure that trains {whom}"), place.engine, median(first), "ms", budget);
        line(&format!("Chain held by a release that trains {whom}, longest of {PROCEDURES}"), place.engine, longest(&held), "ms", CHAIN);
        let next = text(&world.run(&staff.writer, "record.revise", json!({ "record": last })).unwrap(), "id");
        world.edit(&staff.writer, &next, json!({ "summary_of_changes": "One step more." })).unwrap();
        review(&world, &staff, &next);
        let again = issue(&world, &staff, &next);
        line(&format!("Release of its next revision, the first still open for {whom}"), place.engine, again, "ms", Budget::None);
        let one_more = taught_procedure(&world, &staff, &places);
        proof::beside(&world, place.engine, || issue(&world, &staff, &one_more));
        let held: Vec<f64> = (0..SIGNED).map(|_| signed(&world, &staff)).collect();
        line(&format!("Chain held by a signed step, longest of {SIGNED}"), place.engine, longest(&held), "ms", CHAIN);
        verify(&world, place.engine);
    }
}

/// A procedure, the course that teaches it, and the requirement that names everybody.
fn taught_procedure(world: &World, staff: &Staff, places: &[String; 3]) -> String {
    let fields = json!({ "purpose": "Order.", "scope": "Everywhere.", "body": "Do it with care." });
    let procedure = world.create(&staff.writer, "procedure", "Order at the workplace", fields).unwrap();
    let course = world.create(&staff.writer, "course", "Read", json!({ "statement": "I have read it.", "due_days": 14 })).unwrap();
    world.link(&staff.writer, &course, "teaches", &procedure).unwrap();
    world.sign_step(&staff.trainer, &course, "approve").unwrap();
    let requirement = world.create(&staff.writer, "training_requirement", "Everybody", json!({})).unwrap();
    let dimensions = ["for_function", "for_department", "for_equipment"].into_iter().zip(places.iter());
    for (name, target) in std::iter::once(("requires", &course)).chain(dimensions) {
        world.link(&staff.writer, &requirement, name, target).unwrap();
    }
    world.sign_step(&staff.trainer, &requirement, "approve").unwrap();
    review(world, staff, &procedure);
    procedure
}

fn review(world: &World, staff: &Staff, procedure: &str) {
    world.step(&staff.writer, procedure, "submit").unwrap();
    world.sign_step(&staff.owner, procedure, "approve").unwrap();
    world.sign_step(&staff.quality, procedure, "approve").unwrap();
}

fn issue(world: &World, staff: &Staff, procedure: &str) -> f64 {
    sign(world, &staff.controller, procedure, "issue")
}

/// Milliseconds of the signed command; reading and asking for the challenge come before.
fn sign(world: &World, actor: &Actor, record: &str, step: &str) -> f64 {
    let input = json!({ "record": record, "version": world.record(record).version, "step": step });
    let shown = signature::challenge(&world.kernel, actor, "record.step", &input).unwrap();
    let signing = SigningInput { challenge: shown.token, login: Some(actor.login().to_owned()), password: PASSWORD.to_owned() };
    let request = Request::new("record.step", input, world.key()).signed(signing);
    let began = Instant::now();
    world.kernel.execute(actor, &request).unwrap();
    millis(began.elapsed())
}

/// How long the approval of a procedure held the chain, in milliseconds.
fn signed(world: &World, staff: &Staff) -> f64 {
    let fields = json!({ "purpose": "Order.", "scope": "Everywhere.", "body": "Do it with care." });
    let procedure = world.create(&staff.writer, "procedure", "Order in the store", fields).unwrap();
    world.step(&staff.writer, &procedure, "submit").unwrap();
    proof::held(world, || sign(world, &staff.owner, &procedure, "approve")).1
}

fn longest(times: &[f64]) -> f64 {
    times.iter().copied().fold(0.0, f64::max)
}

fn verify(world: &World, engine: &str) {
    let runs = (0..3)
        .map(|_| {
            let began = Instant::now();
            let report = verify::verify(world.kernel.database(), kernel::MAIN_TENANT, &mut |_, _, _| {}).unwrap();
            assert!(report.is_sound(), "{:?}", report.problems.first());
            report.events as f64 / began.elapsed().as_secs_f64()
        })
        .collect();
    line("Verify, events with their rows and chain", engine, median(runs), "/s", Budget::AtLeast(1_000_000.0));
}
