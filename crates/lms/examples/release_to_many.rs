//! How long it takes to release a procedure that trains many people, on both engines:
//! `cargo run --release -p lms --example release_to_many -- 40000`.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement that cannot be set up fails there and then")]

use base::Result;
use kernel::MAIN_TENANT;
use kernel::authority::Actor;
use kernel::catalog::Module;
use kernel::command::{CommandDef, InputSort, Needed, int_of, needs};
use kernel::kind::{Area, Field, Kind, Phase, Revisions, Step};
use kernel::record::{self, NewRecord};
use kernel::table::{PERSON, values};
use kernel::trail::WriteTx;
use serde_json::json;
use std::time::Instant;
use testkit::engines::{TestDatabase, postgres_migrated, sqlite_migrated};
use testkit::world::{World, text};

const PEOPLE: i64 = 40_000;
/// People of one hiring command: item, record, person and three links each.
const BATCH: i64 = 5_000;

fn document(name: &str) -> Kind {
    Kind::new(name, name, name, Area::Quality)
        .counted(name, 4)
        .revised_by(Revisions::Letters)
        .field(Field::block("body", "Text").required())
        .state("draft", "Draft", Phase::Draft)
        .state("effective", "Effective", Phase::Effective)
        .state("superseded", "Superseded", Phase::Closed)
        .step(Step::new("release", "Release", &["draft"], "effective").signed("document_controller", "released"))
        .step(Step::new("supersede", "Supersede", &["effective"], "superseded").by_record())
        .allow("everyone", &["view"])
        .allow("quality_engineer", &["create", "edit", "revise", "link"])
}

fn hire() -> CommandDef {
    CommandDef {
        name: "bench.hire",
        label: "Hire",
        requirement: "FRS-T-001",
        roles: &["administrator"],
        input: vec![needs("from", InputSort::Integer, "first number"), needs("count", InputSort::Integer, "how many")],
        needs: |_, _, _, _| Ok(Needed::of("bench.hire")),
        run: |tx, _, input, _| {
            hire_many(tx, int_of(input, "from")?, int_of(input, "count")?)?;
            Ok(json!({}))
        },
        ..CommandDef::base()
    }
}

fn hire_many(tx: &mut WriteTx<'_>, from: i64, count: i64) -> Result<()> {
    let news = (from..from + count)
        .map(|number| NewRecord { kind: "person".to_owned(), number: Some(format!("p{number}")), title: format!("p{number}"), ..NewRecord::default() })
        .collect();
    let made = record::create_many(tx, news, None)?;
    let places = [("has_function", "job_function"), ("works_in", "department"), ("operates", "equipment")];
    let mut links = Vec::new();
    for (name, kind) in places {
        let item = record::find_named(tx, MAIN_TENANT, kind, "ALL")?.unwrap().item;
        links.extend(made.iter().map(|person| (person.id.clone(), person.item.clone(), name.to_owned(), None, item.clone())));
    }
    let people = made
        .iter()
        .map(|person| {
            let row = values([
                ("id", person.id.as_str().into()),
                ("login", person.number.as_str().into()),
                ("login_fold", person.number.as_str().into()),
                ("active", true.into()),
                ("identity_verified", "bench".into()),
                ("zone", "UTC".into()),
                ("personal_digest", "".into()),
                ("pd_name", person.number.as_str().into()),
            ]);
            (Some(person.id.clone()), row)
        })
        .collect();
    tx.insert_many(&PERSON, "person.described", people)?;
    kernel::link::add_many(tx, &links)
}

fn timed<T>(what: &str, body: impl FnOnce() -> T) -> T {
    let (start, worked) = (Instant::now(), cpu_ms());
    let answer = body();
    println!("  {what}: {} ms, {} ms of it at work in this process", start.elapsed().as_millis(), cpu_ms() - worked);
    answer
}

/// Processor time of this process so far, where the system tells (in hundredths of a second): on a
/// busy machine it says more than the wall clock.
fn cpu_ms() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum::<u64>() * 10
}

fn measure(database: &TestDatabase, people: i64) {
    println!("{:?}, {people} people", database.engine());
    let modules = vec![
        Module { kinds: vec![document("procedure"), document("work_instruction")], commands: vec![hire()], ..Module::default() },
        lms::module(),
    ];
    let world = World::new(database.database.clone(), modules);
    let (writer, trainer) = (world.person("wanda", &["quality_engineer"]), world.person("tina", &["training_manager"]));
    let controller = world.person("carlo", &["document_controller"]);
    let place = |kind: &str| world.create_with(&world.admin, json!({"kind": kind, "number": "ALL", "title": "All"})).unwrap();
    let (function, department, equipment) = (place("job_function"), place("department"), place("equipment"));
    timed("hiring", || {
        let mut from = 0;
        while from < people {
            let count = BATCH.min(people - from);
            world.run(&world.admin, "bench.hire", json!({"from": from, "count": count})).unwrap();
            from += count;
        }
    });
    let a = world.create(&writer, "procedure", "Assembly", json!({"body": "Do it."})).unwrap();
    let course = world.create(&writer, "course", "Read", json!({"statement": "I have read it.", "due_days": 14})).unwrap();
    world.link(&writer, &course, "teaches", &a).unwrap();
    world.sign_step(&trainer, &course, "approve").unwrap();
    let requirement = world.create(&writer, "training_requirement", "All", json!({})).unwrap();
    for (name, target) in [("requires", &course), ("for_function", &function), ("for_department", &department), ("for_equipment", &equipment)] {
        world.link(&writer, &requirement, name, target).unwrap();
    }
    world.sign_step(&trainer, &requirement, "approve").unwrap();
    let named = world.record(&requirement);
    let count = timed("whom the requirement names, three dimensions", || {
        world.kernel.database().read(move |tx| lms::requirement::named_by(tx, &named)).unwrap().len()
    });
    assert_eq!(count as i64, people);
    release(&world, &controller, "release of the first revision", &a);
    let b = text(&world.run(&writer, "record.revise", json!({"record": a})).unwrap(), "id");
    release(&world, &controller, "release of the next, with all of the first still open", &b);
}

fn release(world: &World, controller: &Actor, what: &str, document: &str) {
    let (record, catalog) = (world.record(document), world.kernel.catalog().unwrap());
    let step = catalog.known_kind("procedure").unwrap().find_step("release").unwrap().clone();
    let said = timed(&format!("what the dialog says before the {what}"), || {
        world.kernel.database().read(move |tx| record::step::consequences(tx, &catalog, &record, &step)).unwrap()
    });
    println!("    {}", said.join("; "));
    timed(what, || world.sign_step(controller, document, "release").unwrap());
}

fn main() {
    let people = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(PEOPLE);
    measure(&sqlite_migrated(kernel::MIGRATIONS), people);
    measure(&postgres_migrated(kernel::MIGRATIONS), people);
}
