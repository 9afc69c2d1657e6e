//! A company with many people or parts, made in a few large commands.

use base::digest::Canonical;
use base::{Digest, Result};
use db::Database;
use kernel::catalog::Module;
use kernel::command::{CommandDef, InputField, InputSort, Needed, int_of, needs, text_of};
use kernel::record::{self, NewRecord};
use kernel::table::{PERSON, values};
use kernel::trail::WriteTx;
use kernel::{MAIN_TENANT, link};
use serde_json::{Value as Json, json};
use testkit::world::World;

/// Records that one command makes.
const BATCH: i64 = 5_000;
/// The place of everybody: job function, department and equipment of this number.
pub const EVERYBODY: &str = "ALL";

/// The product with two commands more, which make much at once.
pub fn open(database: Database) -> World {
    let mut modules = plumb::assembly::modules();
    let commands = vec![
        bulk("bench.hire", &["administrator"], |tx, _, input, _| hire(tx, int_of(input, "from")?, int_of(input, "count")?)),
        bulk("bench.parts", &["design_engineer"], |tx, _, input, _| parts(tx, text_of(input, "prefix")?, int_of(input, "from")?, int_of(input, "count")?)),
    ];
    modules.push(Module { commands, ..Module::default() });
    World::new(database, modules)
}

type RunFn = fn(&mut WriteTx<'_>, &kernel::authority::Permit, &Json, Option<&kernel::signature::Proof>) -> Result<Json>;

fn bulk(name: &'static str, roles: &'static [&'static str], run: RunFn) -> CommandDef {
    const INPUT: [InputField; 3] =
        [needs("prefix", InputSort::Text, "of the numbers"), needs("from", InputSort::Integer, "first number"), needs("count", InputSort::Integer, "how many")];
    CommandDef {
        name,
        label: name,
        requirement: "FRS-BENCH-001",
        roles,
        input: INPUT.to_vec(),
        // Each command may be run by whoever has the permission of its name; both share a reader.
        needs: if name == "bench.hire" { |_, _, _, _| Ok(Needed::of("bench.hire")) } else { |_, _, _, _| Ok(Needed::of("bench.parts")) },
        run,
        ..CommandDef::base()
    }
}

/// Makes `count` of something in batches.
pub fn fill(world: &World, actor: &kernel::authority::Actor, command: &str, prefix: &str, count: i64) {
    let mut from = 0;
    while from < count {
        let batch = BATCH.min(count - from);
        world.run(actor, command, json!({ "prefix": prefix, "from": from, "count": batch })).unwrap();
        from += batch;
    }
}

/// Function, department and equipment of everybody; answers the three.
pub fn places(world: &World) -> [String; 3] {
    ["job_function", "department", "equipment"]
        .map(|kind| world.create_with(&world.admin, json!({ "kind": kind, "number": EVERYBODY, "title": "Everybody" })).unwrap())
}

/// Nobody's data is protected here.
const SALT: [u8; 16] = [7; 16];

/// The digest of a person without an address (`docs/FORMATS.md`, "Row image").
fn personal_digest(name: &str) -> Digest {
    let mut canonical = Canonical::new("PLUMB-PERSONAL-1");
    canonical.bytes(&SALT).text(name).text("");
    canonical.digest()
}

fn hire(tx: &mut WriteTx<'_>, from: i64, count: i64) -> Result<Json> {
    let news = (from..from + count)
        .map(|number| NewRecord { kind: "person".to_owned(), number: Some(format!("p{number}")), title: format!("p{number}"), ..NewRecord::default() })
        .collect();
    let made = record::create_many(tx, news, None)?;
    let mut links = Vec::new();
    for (name, kind) in [("has_function", "job_function"), ("works_in", "department"), ("operates", "equipment")] {
        let place = record::find_named(tx, MAIN_TENANT, kind, EVERYBODY)?.ok_or_else(|| base::Error::internal("no place for everybody"))?;
        links.extend(made.iter().map(|person| (person.id.clone(), person.item.clone(), name.to_owned(), None, place.item.clone())));
    }
    let people = made
        .iter()
        .map(|person| {
            let row = values([
                ("id", person.id.as_str().into()),
                ("login", person.number.as_str().into()),
                ("login_fold", person.number.as_str().into()),
                ("active", true.into()),
                ("identity_verified", "measured".into()),
                ("zone", "UTC".into()),
                ("personal_digest", personal_digest(&person.number).hex().into()),
                ("pd_name", person.number.as_str().into()),
                ("pd_email", "".into()),
                ("pd_salt", SALT.to_vec().into()),
            ]);
            (Some(person.id.clone()), row)
        })
        .collect();
    tx.insert_many(&PERSON, "person.described", people)?;
    link::add_many(tx, &links)?;
    Ok(json!({}))
}

fn parts(tx: &mut WriteTx<'_>, prefix: &str, from: i64, count: i64) -> Result<Json> {
    let part = |number: i64| {
        let mut fields = serde_json::Map::new();
        fields.insert("unit".to_owned(), json!("each"));
        fields.insert("category".to_owned(), json!(if number % 3 == 0 { "Fastener" } else { "Fitting" }));
        NewRecord {
            kind: "part".to_owned(),
            number: Some(format!("{prefix}-{number:06}")),
            title: format!("Socket head screw M{} x {}, zinc plated", number % 24, number % 160),
            fields,
            ..NewRecord::default()
        }
    };
    record::create_many(tx, (from..from + count).map(part).collect(), None)?;
    Ok(json!({}))
}
