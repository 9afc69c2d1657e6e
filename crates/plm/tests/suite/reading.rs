//! Reading structures: levels, totals, where-used, the past, foreign sites.

use crate::company::{BENCH, Company, on_both, refused};
use base::{RefusalKind, Timestamp};
use kernel::MAIN_TENANT;
use kernel::authority::{Actor, Viewer};
use plm::product::{self, Tree, WhereUsed};
use serde_json::json;

fn tree_for(company: &Company, actor: &Actor, number: &str, at: Option<Timestamp>) -> Tree {
    let (item, viewer) = (company.part(number).item, company.world.viewer(actor));
    read(company, viewer, move |tx, viewer| {
        let structure = match at {
            None => product::current(tx, MAIN_TENANT)?,
            Some(at) => product::as_of(tx, MAIN_TENANT, at)?,
        };
        structure.tree(tx, viewer, &item, None, None)
    })
}

fn read<T: Send + 'static>(company: &Company, viewer: Viewer, body: impl Fn(&mut dyn db::Read, &Viewer) -> base::Result<T> + Send + 'static) -> T {
    company.world.kernel.database().read(move |tx| body(tx, &viewer)).expect("a read")
}

fn where_used(company: &Company, number: &str) -> WhereUsed {
    let (item, viewer) = (company.part(number).item, company.world.viewer(&company.engineer));
    read(company, viewer, move |tx, viewer| product::current(tx, MAIN_TENANT)?.where_used(tx, viewer, &item))
}

fn shown(tree: &Tree) -> Vec<String> {
    let row = |row: &product::TreeRow| {
        let sources: Vec<_> = row.part.manufacturer_parts.iter().map(|source| source.mpn.as_str()).collect();
        format!("{} {} {} {} rev {} {}", row.level, row.line.find_number, row.total, row.part.number, row.part.revision, sources.join("/"))
    };
    tree.rows.iter().map(row).collect()
}

#[test]
fn frs_prt_040_a_structure_shows_levels_find_numbers_totals_and_manufacturer_parts() {
    on_both(|test| {
        let company = Company::with_bench(test);
        let tree = tree_for(&company, &company.engineer, "A-100", None);
        assert_eq!((tree.top.number.as_str(), tree.levels, tree.cut, tree.exact), ("A-100", 2, false, true));
        assert_eq!(
            shown(&tree),
            [
                "1 10 1 A-110 rev A ",
                "2 10 8 P-1 rev A S-4",
                "2 20 4 P-2 rev A B-40",
                "1 20 2 A-120 rev A ",
                "2 10 8 P-1 rev A S-4",
                "2 20 6 P-3 rev A F-1",
                "2 30 1 P-4 rev A T-6",
            ]
        );
        assert!(tree.rows[1].leaf && !tree.rows[0].leaf);
        let json = serde_json::to_value(&tree).unwrap();
        assert_eq!((json["rows"][6]["total"].as_str(), json["rows"][6]["line"]["quantity"].as_str()), (Some("1"), Some("0.5")));
        let (item, viewer) = (company.part("A-100").item, company.world.viewer(&company.engineer));
        let (one_level, two_rows) = read(&company, viewer, move |tx, viewer| {
            let structure = product::current(tx, MAIN_TENANT)?;
            Ok((structure.tree(tx, viewer, &item, Some(1), None)?, structure.tree(tx, viewer, &item, None, Some(2))?))
        });
        assert_eq!(one_level.rows.len(), 2);
        assert_eq!((two_rows.rows.len(), two_rows.cut), (2, true));
    });
}

#[test]
fn frs_prt_041_totals_add_up_over_all_paths() {
    on_both(|test| {
        let company = Company::with_bench(test);
        let (item, viewer) = (company.part("A-100").item, company.world.viewer(&company.engineer));
        let totals = read(&company, viewer, move |tx, viewer| product::current(tx, MAIN_TENANT)?.totals(tx, viewer, &item));
        let shown: Vec<_> = totals.rows.iter().map(|row| format!("{} {}", row.part.number, row.total)).collect();
        assert_eq!(shown, ["A-110 1", "A-120 2", "P-1 16", "P-2 4", "P-3 6", "P-4 1"]);
        assert!(totals.exact);
    });
}

#[test]
fn frs_prt_042_where_used_goes_up_to_the_end_items() {
    on_both(|test| {
        let company = Company::with_bench(test);
        let used = where_used(&company, "P-3");
        let shown: Vec<_> = used.rows.iter().map(|row| (row.part.number.as_str(), row.levels_up, row.total.to_string(), row.end_item)).collect();
        assert_eq!(shown, [("A-120", 1, "3".to_owned(), false), ("A-100", 2, "6".to_owned(), true)]);
        assert_eq!((used.direct, used.end_items), (1, 1));
        assert!(where_used(&company, "A-100").rows.is_empty());
    });
}

#[test]
fn frs_prt_043_what_is_read_is_never_older_than_the_last_change() {
    on_both(|test| {
        let company = Company::with_bench(test);
        assert_eq!(tree_for(&company, &company.engineer, "A-100", None).rows.len(), 7);
        let part = company.new_part("N-1");
        assert!(tree_for(&company, &company.engineer, "N-1", None).rows.is_empty());
        company.add_line(&part.id, "P-1", "2").unwrap();
        assert_eq!(shown(&tree_for(&company, &company.engineer, "N-1", None)), ["1 10 2 P-1 rev A S-4"]);
        // A title that is edited does not change the structure, but shows at once all the same.
        let version = company.world.record(&part.id).version;
        company.world.run(&company.engineer, "record.edit", json!({"record": part.id, "version": version, "title": "Bracket"})).unwrap();
        assert_eq!(tree_for(&company, &company.engineer, "N-1", None).top.title, "Bracket");
        // A refused command leaves no trace in what is read.
        assert_eq!(refused(company.add_line(&part.id, "N-1", "1")).code, "cycle");
        assert_eq!(tree_for(&company, &company.engineer, "N-1", None).rows.len(), 1);
        let order = company.order();
        let working = company.affect(&order, "P-1");
        company.set_mpn(&working.id, "S-5");
        assert_eq!(shown(&tree_for(&company, &company.engineer, "N-1", None)), ["1 10 2 P-1 rev A S-4"], "a working revision does not count");
        company.approve(&order);
        company.release(&order).unwrap();
        assert_eq!(shown(&tree_for(&company, &company.engineer, "N-1", None)), ["1 10 2 P-1 rev B S-5"]);
        assert_eq!(where_used(&company, "P-1").direct, 3);
    });
}

#[test]
fn frs_prt_044_a_structure_reads_as_it_was_on_a_date() {
    on_both(|test| {
        let company = Company::with_bench(test);
        let long_before = Timestamp(company.world.kernel.now().0 - 1);
        company.world.clock.advance_seconds(3600);
        let before = company.world.kernel.now();
        company.world.clock.advance_seconds(3600);
        let order = company.order();
        let panel = company.affect(&order, "A-120");
        company.on_part(&company.engineer, "part.add_line", &panel.id, json!({"child": "P-2", "quantity": "1"})).unwrap();
        company.approve(&order);
        company.release(&order).unwrap();
        company.world.clock.advance_seconds(60);
        assert_eq!(tree_for(&company, &company.engineer, "A-100", None).rows.len(), 8);
        let then = tree_for(&company, &company.engineer, "A-100", Some(before));
        assert_eq!(then.rows.len(), 7);
        assert_eq!(then.rows[3].part.revision, "A");
        let now = tree_for(&company, &company.engineer, "A-100", Some(company.world.kernel.now()));
        assert_eq!(shown(&now), shown(&tree_for(&company, &company.engineer, "A-100", None)));
        let nothing = tree_for(&company, &company.engineer, "A-100", Some(long_before));
        assert!(nothing.rows.is_empty());
    });
}

#[test]
fn frs_prt_045_parts_of_a_foreign_site_are_left_out_with_what_is_below_them() {
    on_both(|test| {
        let company = Company::new(test);
        let world = &company.world;
        world.run(&world.admin, "record.create", json!({"kind": "site", "number": "OSL", "title": "Oslo works", "fields": {"zone": "Europe/Oslo"}})).unwrap();
        let input = json!({"file": company.upload(BENCH.as_bytes()), "file_name": "bench.csv", "site": "ROM"});
        world.run_because(&company.engineer, "part.import_structure", input, "as released").unwrap();
        let guest = world.person_at("olga", json!({"site": "OSL"}), &[("design_engineer", Some("OSL"))]);
        let part = company.new_part("N-1");
        company.add_line(&part.id, "A-110", "1").unwrap();
        let tree = tree_for(&company, &guest, "N-1", None);
        assert_eq!((tree.rows.len(), tree.left_out), (0, 3));
        let (item, viewer) = (company.part("A-100").item, world.viewer(&guest));
        let hidden = world.kernel.database().read(move |tx| product::current(tx, MAIN_TENANT)?.tree(tx, &viewer, &item, None, None).map(|_| ()));
        assert_eq!(refused(hidden).kind, RefusalKind::NotFound);
    });
}

#[test]
fn frs_prt_046_impact_names_every_assembly_up_to_the_end_items() {
    on_both(|test| {
        let company = Company::with_bench(test);
        let changed = vec![company.part("P-3"), company.part("P-2")];
        let (viewer, catalog) = (company.world.viewer(&company.engineer), company.world.kernel.catalog().unwrap());
        let groups = read(&company, viewer, move |tx, viewer| kernel::impact::analyse(tx, &catalog, viewer, &changed));
        let group = groups.iter().find(|group| group.name == "where_used").unwrap();
        let shown: Vec<_> = group.entries.iter().map(|entry| (entry.record.number.as_str(), entry.why.as_str())).collect();
        assert_eq!(
            shown,
            [
                ("A-100", "end item, holds all 2 changed parts, 2 levels down"),
                ("A-110", "holds P-2, directly"),
                ("A-120", "holds P-3, directly"),
            ]
        );
    });
}

#[test]
fn frs_prt_046_impact_does_not_name_an_assembly_that_holds_no_changed_part() {
    on_both(|test| {
        let company = Company::with_bench(test);
        for (changed, expected) in [("P-2", vec!["A-100", "A-110"]), ("P-4", vec!["A-100", "A-120"]), ("A-100", vec![])] {
            let changed = vec![company.part(changed)];
            let (viewer, catalog) = (company.world.viewer(&company.engineer), company.world.kernel.catalog().unwrap());
            let groups = read(&company, viewer, move |tx, viewer| kernel::impact::analyse(tx, &catalog, viewer, &changed));
            let shown: Vec<_> = groups.iter().filter(|group| group.name == "where_used").flat_map(|group| &group.entries).map(|entry| entry.record.number.clone()).collect();
            assert_eq!(shown, expected);
        }
    });
}
