//! Lists and searches over more records than anybody looks at.

use base::limits::{COUNTED_RECORDS, SEARCH_CANDIDATES, SEARCH_HITS};
use kernel::authority::{Actor, Viewer};
use kernel::catalog::Module;
use kernel::command::{CommandDef, InputSort, Needed, int_of, needs};
use kernel::kind::{Area, Kind, Phase, Step};
use kernel::record::{self, Filter, NewRecord};
use kernel::search;
use serde_json::{Value as Json, json};
use testkit::engines::both_migrated;
use testkit::world::World;

fn sheets() -> Vec<Module> {
    let sheet = Kind::new("sheet", "Sheet", "Sheets", Area::Quality)
        .counted("SHT", 6)
        .state("open", "Open", Phase::InWork)
        .state("closed", "Closed", Phase::Closed)
        .step(Step::new("close", "Close", &["open"], "closed").by(&["quality_engineer"]))
        .allow("everyone", &["view"])
        .allow("quality_engineer", &["create"]);
    let fill = CommandDef {
        name: "test.fill",
        label: "Fill",
        requirement: "FRS-T-001",
        roles: &["quality_engineer"],
        input: vec![needs("from", InputSort::Integer, "first"), needs("count", InputSort::Integer, "how many")],
        needs: |_, _, _, _| Ok(Needed::of("test.fill")),
        run: |tx, _, input, _| {
            let from = int_of(input, "from")?;
            let site = record::find_named(tx, kernel::MAIN_TENANT, "site", "ROM")?.map(|site| site.id);
            let sheet = |number: i64| NewRecord { kind: "sheet".to_owned(), title: format!("w{number:06}"), site: site.clone(), ..NewRecord::default() };
            record::create_many(tx, (from..from + int_of(input, "count")?).map(sheet).collect(), None)?;
            Ok(json!({}))
        },
        ..CommandDef::base()
    };
    vec![Module { kinds: vec![sheet], commands: vec![fill], ..Module::default() }]
}

fn fill(world: &World, actor: &Actor, from: i64, count: usize) -> Json {
    world.run(actor, "test.fill", json!({ "from": from, "count": count })).unwrap()
}

fn counted(world: &World, viewer: &Viewer) -> Vec<(Phase, i64)> {
    let filter = Filter { kind: Some("sheet".to_owned()), ..Filter::default() };
    world.kernel.database().read(|tx| record::count_a_while(tx, viewer, &filter)).unwrap()
}

#[test]
fn frs_rec_025_a_list_counts_each_phase_up_to_its_limit_and_one_more_at_most() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), sheets());
        let writer = world.person("wanda", &["quality_engineer"]);
        let viewer = world.viewer(&writer);
        let most = COUNTED_RECORDS as i64;
        fill(&world, &writer, 0, COUNTED_RECORDS);
        assert_eq!(counted(&world, &viewer), [(Phase::InWork, most)]);
        fill(&world, &writer, most, 1);
        assert_eq!(counted(&world, &viewer), [(Phase::InWork, most + 1)]);
        fill(&world, &writer, most + 1, 5);
        let first = world.named("sheet", "SHT-000001").id;
        world.step(&writer, &first, "close").unwrap();
        assert_eq!(counted(&world, &viewer), [(Phase::InWork, most + 1), (Phase::Closed, 1)], "past the limit it is not counted on");
        let exact = Filter { kind: Some("sheet".to_owned()), ..Filter::default() };
        let exact = world.kernel.database().read(|tx| record::count_by_phase(tx, &viewer, &exact)).unwrap();
        assert_eq!(exact.iter().map(|(_, count)| count).sum::<i64>(), most + 6);
    });
}

#[test]
fn frs_sea_002_a_search_for_the_beginning_of_a_word_looks_at_so_many_records_and_at_the_exact_number() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), sheets());
        let writer = world.person("wanda", &["quality_engineer"]);
        let elsewhere = world.create_with(&world.admin, json!({"kind": "site", "number": "OSL", "title": "Oslo", "fields": {"zone": "Europe/Oslo"}})).unwrap();
        let stranger = world.person_at("olaf", json!({}), &[("quality_engineer", Some(elsewhere.as_str()))]);
        let viewer = world.viewer(&writer);
        let find = |viewer: &Viewer, text: &str| {
            let hits = world.kernel.database().read(|tx| search::find(tx, viewer, text, &["sheet".to_owned()])).unwrap();
            hits.records.into_iter().map(|hit| hit.title).collect::<Vec<_>>()
        };
        fill(&world, &writer, 0, SEARCH_CANDIDATES - 1);
        // Changed last, and so first among those that are looked at.
        world.clock.advance_seconds(60);
        let last = SEARCH_CANDIDATES as i64 - 1;
        fill(&world, &writer, last, 1);
        assert_eq!(find(&viewer, "w").first(), Some(&format!("w{last:06}")));
        fill(&world, &writer, last + 1, 1);
        assert!(!find(&viewer, "w").contains(&format!("w{:06}", last + 1)), "one more is not looked at");
        assert_eq!(find(&viewer, &format!("w{:06}", last + 1)), [format!("w{:06}", last + 1)]);
        // Whoever sees none of them still finds what is theirs.
        let own = world.create_with(&stranger, json!({"kind": "sheet", "title": "wz own", "site": "OSL"})).unwrap();
        assert_eq!(world.record(&own).title, "wz own");
        assert_eq!(find(&world.viewer(&stranger), "w"), ["wz own"]);
    });
}

#[test]
fn frs_sea_003_a_search_gives_so_many_hits_and_says_when_there_are_more() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), sheets());
        let writer = world.person("wanda", &["quality_engineer"]);
        let viewer = world.viewer(&writer);
        let found = |text: &str| {
            let found = world.kernel.database().read(|tx| search::find(tx, &viewer, text, &["sheet".to_owned()])).unwrap();
            (found.records.len(), found.more)
        };
        fill(&world, &writer, 0, SEARCH_HITS);
        assert_eq!([found("w"), found("w sht")], [(SEARCH_HITS, false); 2]);
        fill(&world, &writer, SEARCH_HITS as i64, 1);
        assert_eq!([found("w"), found("w sht")], [(SEARCH_HITS, true); 2]);
        assert_eq!(found("w000000"), (1, false));
    });
}
