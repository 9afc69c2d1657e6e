use serde_json::json;
use std::fmt::Write as _;
use std::time::Instant;
use testkit::world::World;
use kernel::kind::*;
fn cpu() -> u64 { let s = std::fs::read_to_string("/proc/self/stat").unwrap(); let f: Vec<_> = s.rsplit_once(")").unwrap().1.split_whitespace().map(str::to_owned).collect(); (f[11].parse::<u64>().unwrap() + f[12].parse::<u64>().unwrap()) * 10 }
fn main_test(test: &testkit::engines::TestDatabase) {
    let stub = |n: &str| Kind::new(n, n, n, Area::Quality).state("open","Open",Phase::InWork).allow("everyone", &["view"]);
    let neighbours = kernel::catalog::Module { kinds: ["supplier","capa","complaint","risk","procedure","work_instruction"].iter().map(|n| stub(n)).collect(), ..Default::default() };
    let world = World::new(test.database.clone(), vec![plm::module(), neighbours]);
    let engineer = world.person("erin", &["design_engineer"]);
    let mut text = "Level,Number,Name,Quantity,Unit,Category,Manufacturer,Manufacturer Part Number\n0,TOP,Top,1,each,A,,\n".to_owned();
    for a in 0..50 { writeln!(text, "1,A-{a},Assembly {a},2,each,Assembly,,").unwrap();
        for b in 0..99 { writeln!(text, "2,P-{a}-{b},Socket head screw M{b} zinc plated,{},each,Screw,Acme,X-{a}-{b}", b+1).unwrap(); } }
    let second = text.replace("X-", "Y-");
    let put = |t: &str| world.kernel.files().put(t.as_bytes(), 1<<30).unwrap().hex();
    let file = put(&text);
    let c = cpu(); let st = plm::structure::import::import_file("a.csv", text.as_bytes(), &Default::default(), &Default::default()).unwrap(); eprintln!("parse {}", cpu()-c);
    let c = cpu(); let v = serde_json::to_value(&st).unwrap(); let v2 = v.clone(); let back: plm::structure::import::ImportedStructure = serde_json::from_value(v2).unwrap(); eprintln!("json {} {}", cpu()-c, back.items.len());
    let t = Instant::now(); let c = cpu();
    let a = world.run_because(&engineer, "part.import_structure", json!({"file": file, "file_name": "a.csv"}), "r").unwrap();
    eprintln!("import {:?} cpu {} ms {}", t.elapsed(), cpu() - c, a["lines"]);
    let item = world.named("part", "TOP").item;
    let viewer = world.viewer(&engineer);
    for _ in 0..3 {
        let (item, viewer) = (item.clone(), viewer.clone());
        let t = Instant::now();
        let n = world.kernel.database().read(move |tx| { let s = plm::product::current(tx, "main")?; let tree = s.tree(tx, &viewer, &item, None, None)?; Ok(serde_json::to_vec(&tree).unwrap().len()) }).unwrap();
        eprintln!("tree+json {:?} {n} bytes", t.elapsed());
    }
    let leaf = world.named("part", "P-3-4").item;
    for _ in 0..2 { let (leaf, viewer) = (leaf.clone(), viewer.clone());
        let t = Instant::now();
        let n = world.kernel.database().read(move |tx| plm::product::current(tx, "main")?.where_used(tx, &viewer, &leaf)).unwrap().rows.len();
        eprintln!("where used {:?} {n}", t.elapsed()); }
}
#[test]
fn measure() {
    let steps: Vec<_> = kernel::MIGRATIONS.iter().chain(plm::MIGRATIONS).copied().collect();
    eprintln!("sqlite"); main_test(&testkit::engines::sqlite_migrated(&steps));
    eprintln!("postgres"); main_test(&testkit::engines::postgres_migrated(&steps));
}
