//! Structures: import, levels with their JSON, where-used.

use crate::company;
use crate::machine::thread_millis;
use crate::place::{Postgres, both};
use crate::report::{Budget, line, median, millis};
use kernel::authority::Viewer;
use serde_json::json;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;
use testkit::world::World;

const RUNS: usize = 9;

pub fn measure(folder: &Path, postgres: &Postgres) {
    for place in both(folder, postgres, "structure") {
        let world = company::open(place.open());
        let engineer = world.person("erin", &["design_engineer"]);
        let imports = (0..3)
            .map(|turn| {
                let began = Instant::now();
                let answer = import(&world, &engineer, &five_thousand_lines(turn));
                let time = millis(began.elapsed());
                assert_eq!(answer["lines"], 5_000, "{answer}");
                time
            })
            .collect();
        line("Import of 5,000 lines", place.engine, median(imports), "ms", Budget::AtMost(1_000.0));
        import(&world, &engineer, &ten_groups());
        let viewer = world.viewer(&engineer);
        // The first read puts the structure into memory.
        let began = Instant::now();
        explode(&world, &viewer, "GROUP-0");
        line("Levels of 8,000 rows with JSON, first read after a change", place.engine, millis(began.elapsed()), "ms", Budget::None);
        for (top, rows, budget) in [("GROUP-0", 8_000, 40.0), ("TOP80", 80_000, 400.0)] {
            let runs = (0..RUNS).map(|_| explode(&world, &viewer, top)).collect();
            line(&format!("Levels of {rows} rows with JSON, processor time"), place.engine, median(runs), "ms", Budget::AtMost(budget));
        }
        let runs = (0..RUNS).map(|_| where_used(&world, &viewer)).collect();
        line("Where-used", place.engine, median(runs), "ms", Budget::AtMost(5.0));
    }
}

fn import(world: &World, engineer: &kernel::authority::Actor, file: &str) -> serde_json::Value {
    let digest = world.kernel.files().put(file.as_bytes(), base::limits::UPLOAD_BYTES as u64).unwrap().hex();
    world.run_because(engineer, "part.import_structure", json!({ "file": digest, "file_name": "structure.csv" }), "measured").unwrap()
}

/// 50 assemblies of 99 parts.
fn five_thousand_lines(turn: usize) -> String {
    let mut file = "Level,Number,Name,Quantity,Unit,Category,Manufacturer,Manufacturer Part Number\n".to_owned();
    writeln!(file, "0,TOP{turn},Product {turn},1,each,Product,,").unwrap();
    for assembly in 0..50 {
        writeln!(file, "1,A{turn}-{assembly},Assembly {assembly},2,each,Assembly,,").unwrap();
        for part in 0..99 {
            writeln!(file, "2,P{turn}-{assembly}-{part},Socket head screw M{part},{},each,Screw,Acme,X-{assembly}-{part}", part + 1).unwrap();
        }
    }
    file
}

/// Ten groups that each hold the same eight assemblies of 999 parts: 8,000 rows below a group and
/// 80,010 below the top.
fn ten_groups() -> String {
    let mut file = "Parent,Number,Name,Quantity,Unit\n".to_owned();
    for group in 0..10 {
        writeln!(file, "TOP80,GROUP-{group},Group {group},1,each").unwrap();
    }
    for group in 0..10 {
        for assembly in 0..8 {
            writeln!(file, "GROUP-{group},B-{assembly},Assembly {assembly},2,each").unwrap();
        }
    }
    for assembly in 0..8 {
        for part in 0..999 {
            writeln!(file, "B-{assembly},Q-{assembly}-{part},Hexagon nut M{part},{},each", part % 9 + 1).unwrap();
        }
    }
    file
}

/// Milliseconds of processor time for the levels below a part, written out as JSON.
fn explode(world: &World, viewer: &Viewer, top: &str) -> f64 {
    let (item, viewer) = (world.named("part", top).item, viewer.clone());
    let began = thread_millis();
    let bytes = world.kernel.database().read(move |tx| {
        let tree = plm::product::current(tx, kernel::MAIN_TENANT)?.tree(tx, &viewer, &item, None, None)?;
        serde_json::to_vec(&tree).map(|json| json.len()).map_err(base::Error::internal)
    });
    let time = thread_millis() - began;
    assert!(bytes.unwrap() > 100_000, "a structure of that size is long");
    time
}

/// Milliseconds for all assemblies above one nut.
fn where_used(world: &World, viewer: &Viewer) -> f64 {
    let (item, viewer) = (world.named("part", "Q-3-77").item, viewer.clone());
    let began = Instant::now();
    let used = world.kernel.database().read(move |tx| plm::product::current(tx, kernel::MAIN_TENANT)?.where_used(tx, &viewer, &item));
    let time = millis(began.elapsed());
    assert!(used.unwrap().rows.len() >= 12, "assembly, ten groups, top");
    time
}
