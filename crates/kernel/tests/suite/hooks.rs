//! What a domain may hang on the kernel: listeners on single links, sentences for the sign dialog,
//! and the same change to many rows.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails there and then")]

use base::{Error, Result};
use db::sql;
use kernel::catalog::{Catalog, LinkChange, Module};
use kernel::command::{CommandDef, InputSort, Needed, int_of, needs, text_of};
use kernel::kind::{Area, Kind, LinkKind, Phase, Step};
use kernel::obligation::{self, New, Obligation};
use kernel::record::{self, Record};
use kernel::trail::WriteTx;
use kernel::{MAIN_TENANT, link};
use serde_json::json;
use testkit::engines::both_migrated;
use testkit::world::World;

fn modules() -> Vec<Module> {
    let thing = Kind::new("thing", "Thing", "Things", Area::Quality)
        .counted("TH", 3)
        .state("open", "Open", Phase::InWork)
        .state("closed", "Closed", Phase::Closed)
        .step(Step::new("close", "Close", &["open"], "closed").by(&["quality_engineer"]))
        .link(LinkKind::new("near", "is near", "is near", &["thing"]))
        .link(LinkKind::new("never", "is never", "is never", &["thing"]))
        .allow("everyone", &["view"])
        .allow("quality_engineer", &["create", "edit", "link"]);
    vec![Module { kinds: vec![thing], commands: vec![raise(), cancel()], after_link: vec![tell], previews: vec![say], ..Module::default() }]
}

/// Leaves an obligation behind, so that a test sees the call and its transaction.
fn tell(tx: &mut WriteTx<'_>, change: &LinkChange<'_>) -> Result<()> {
    if change.link == "never" {
        return Err(Error::conflict("never", "This listener refuses the link."));
    }
    if change.source.kind == "thing" {
        let target = record::current_of_item(tx, MAIN_TENANT, change.target_item)?.map(|target| target.number).unwrap_or_default();
        let what = if change.added { "added" } else { "removed" };
        obligation::raise(tx, New::about(change.source, "act", &format!("{what} {} {target}", change.link)))?;
    }
    Ok(())
}

fn say(_: &mut dyn db::Read, catalog: &Catalog, record: &Record, step: &str) -> Result<Vec<String>> {
    Ok(catalog.kind(&record.kind).filter(|_| step == "close").map(|kind| format!("closes {} {}", kind.label, record.number)).into_iter().collect())
}

fn raise() -> CommandDef {
    CommandDef {
        name: "test.raise",
        label: "Raise",
        requirement: "FRS-T-001",
        roles: &["everyone"],
        input: vec![needs("record", InputSort::Text, "identifier"), needs("count", InputSort::Integer, "how many")],
        needs: |_, _, _, _| Ok(Needed::of("test.raise")),
        run: |tx, _, input, _| {
            let about = record::get(tx, MAIN_TENANT, text_of(input, "record")?)?;
            let news = (0..int_of(input, "count")?).map(|n| New::about(&about, "act", &format!("Do {n}"))).collect();
            obligation::raise_many(tx, news)?;
            Ok(json!({}))
        },
        ..CommandDef::base()
    }
}

/// Cancels all at once; with `late`, one of them has been changed since it was read.
fn cancel() -> CommandDef {
    CommandDef {
        name: "test.cancel",
        label: "Cancel",
        requirement: "FRS-T-001",
        roles: &["everyone"],
        input: vec![needs("record", InputSort::Text, "identifier"), needs("late", InputSort::Flag, "whether one changed")],
        needs: |_, _, _, _| Ok(Needed::of("test.cancel")),
        run: |tx, _, input, _| {
            let all = everything(tx, text_of(input, "record")?)?;
            if let (Some(last), true) = (all.last(), kernel::command::flag_of(input, "late")) {
                obligation::close(tx, last, "done meanwhile", None)?;
            }
            match obligation::cancel_many(tx, all, "not needed") {
                // Said as a refusal, or the door would repeat the command until it gives up.
                Err(Error::Transient(text)) => Err(Error::conflict("changed_meanwhile", text)),
                cancelled => cancelled.map(|()| json!({})),
            }
        },
        ..CommandDef::base()
    }
}

fn about(world: &World, record: &str) -> Vec<Obligation> {
    let record = record.to_owned();
    world.kernel.database().read(move |tx| everything(tx, &record)).unwrap()
}

/// All obligations about a record, more than a page shows.
fn everything(tx: &mut dyn db::Read, record: &str) -> Result<Vec<Obligation>> {
    let rows = tx.query(sql("select * from obligation where tenant = $1 and record = $2 order by id"), &[MAIN_TENANT.into(), record.into()])?;
    rows.iter().map(obligation::from_row).collect()
}

#[test]
fn frs_lnk_010_a_domain_hears_of_each_link_that_comes_and_goes_in_the_same_transaction() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), modules());
        let author = world.person("quinn", &["quality_engineer"]);
        let one = world.create(&author, "thing", "One", json!({})).unwrap();
        let two = world.create(&author, "thing", "Two", json!({})).unwrap();
        let added = world.link(&author, &one, "near", &two).unwrap();
        world.run(&author, "link.remove", json!({"link": added["link"]})).unwrap();
        let mut tasks: Vec<_> = about(&world, &one).into_iter().map(|found| found.task).collect();
        tasks.sort();
        assert_eq!(tasks, ["added near TH-002", "removed near TH-002"]);
    });
}

#[test]
fn frs_lnk_011_a_domain_may_refuse_a_link_and_then_nothing_is_written() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), modules());
        let author = world.person("quinn", &["quality_engineer"]);
        let one = world.create(&author, "thing", "One", json!({})).unwrap();
        let refused = world.link(&author, &one, "never", &world.create(&author, "thing", "Two", json!({})).unwrap()).unwrap_err();
        assert_eq!(refused.refusal().unwrap().code, "never");
        let links = world.kernel.database().read(move |tx| link::outgoing(tx, MAIN_TENANT, &one)).unwrap();
        assert_eq!(links, []);
    });
}

#[test]
fn frs_rec_014_a_domain_says_before_a_step_what_it_will_cause_there() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), modules());
        let author = world.person("quinn", &["quality_engineer"]);
        let record = world.record(&world.create(&author, "thing", "One", json!({})).unwrap());
        let (catalog, now) = (world.kernel.catalog().unwrap(), world.kernel.now());
        let choices = world.kernel.database().read(move |tx| record::step::choices(tx, &catalog, author.person(), &record, now)).unwrap();
        assert_eq!(choices[0].consequences, ["closes Thing TH-001"]);
    });
}

#[test]
fn frs_obl_004_many_obligations_are_cancelled_at_once_each_with_its_event() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), modules());
        let author = world.person("quinn", &["quality_engineer"]);
        // Around the number of rows that travel together.
        for count in [1, 499, 500, 501] {
            let record = world.create(&author, "thing", "One", json!({})).unwrap();
            world.run(&author, "test.raise", json!({"record": record, "count": count})).unwrap();
            world.run(&author, "test.cancel", json!({"record": record, "late": false})).unwrap();
            let all = about(&world, &record);
            assert_eq!(all.len(), count);
            assert!(all.iter().all(|found| found.state == "cancelled" && found.outcome.as_deref() == Some("not needed")));
        }
        let report = verify::verify(world.kernel.database(), MAIN_TENANT, &mut |_, _, _| {}).unwrap();
        assert_eq!(report.problems, []);
    });
}

#[test]
fn frs_obl_005_a_row_that_changed_since_it_was_read_stops_the_whole_change() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), modules());
        let author = world.person("quinn", &["quality_engineer"]);
        let record = world.create(&author, "thing", "One", json!({})).unwrap();
        for count in [3, 120] {
            world.run(&author, "test.raise", json!({"record": record, "count": count})).unwrap();
            let refused = world.run(&author, "test.cancel", json!({"record": record, "late": true})).unwrap_err();
            assert_eq!(refused.refusal().unwrap().code, "changed_meanwhile");
            assert!(about(&world, &record).iter().all(|found| found.state == "open"));
        }
    });
}
