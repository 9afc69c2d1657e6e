//! Bound content and change stamps, on both engines.
#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot be set up fails there and then")]

use base::Result;
use kernel::MAIN_TENANT;
use kernel::catalog::Module;
use kernel::kind::{Area, Field, Kind, LinkKind, Phase, Step};
use kernel::rule::StepContext;
use kernel::trail::WriteTx;
use serde_json::{Value as Json, json};
use testkit::engines::{TestDatabase, both_migrated};
use testkit::world::World;

/// A drawing, a package that is signed for its drawings, and a memo that changes nothing.
fn module() -> Module {
    let drawing = Kind::new("drawing", "Drawing", "Drawings", Area::Engineering)
        .counted("DR", 4)
        .field(Field::block("body", "Body"))
        .state("in_work", "In work", Phase::InWork)
        .state("issued", "Issued", Phase::Effective)
        .step(Step::new("issue", "Issue", &["in_work"], "issued").by(&["design_engineer"]))
        .allow("everyone", &["view"])
        .allow("design_engineer", &["create", "edit"])
        .allow("engineering_manager", &["edit"]);
    let package = Kind::new("package", "Package", "Packages", Area::Engineering)
        .counted("PA", 4)
        .link(LinkKind::new("holds", "holds", "is held by", &["drawing"]).pinned().binding())
        .state("draft", "Draft", Phase::Draft)
        .state("in_review", "In review", Phase::InReview)
        .state("approved", "Approved", Phase::Closed)
        .step(Step::new("submit", "Submit", &["draft"], "in_review").by(&["design_engineer"]))
        .step(Step::new("send_back", "Send back", &["in_review"], "draft").by(&["design_engineer"]))
        .step(Step::new("approve", "Approve", &["in_review"], "approved").signed("engineering_manager", "Approval"))
        .allow("everyone", &["view"])
        .allow("design_engineer", &["create", "link"]);
    Module { kinds: vec![drawing, package], after_step: vec![note], ..Module::default() }
}

fn note(tx: &mut WriteTx<'_>, context: &StepContext<'_>) -> Result<()> {
    if context.record.kind == "drawing" { tx.raise_stamp("drawings") } else { Ok(()) }
}

fn stamp(world: &World) -> i64 {
    world.kernel.database().read(|tx| kernel::stamp::read(tx, MAIN_TENANT, "drawings")).unwrap()
}

struct Bound {
    world: World,
    engineer: kernel::authority::Actor,
    manager: kernel::authority::Actor,
    drawing: String,
    package: String,
}

fn bound(test: &TestDatabase) -> Bound {
    let world = World::new(test.database.clone(), vec![module()]);
    let engineer = world.person("erin", &["design_engineer"]);
    let manager = world.person("marco", &["engineering_manager"]);
    let drawing = world.create(&engineer, "drawing", "Valve", json!({"body": "one"})).unwrap();
    let package = world.create(&engineer, "package", "First issue", json!({})).unwrap();
    world.link(&engineer, &package, "holds", &drawing).unwrap();
    Bound { world, engineer, manager, drawing, package }
}

fn code<T: std::fmt::Debug>(result: Result<T>) -> String {
    result.unwrap_err().refusal().expect("a refusal").code.clone()
}

#[test]
fn frs_bnd_001_bound_content_is_fixed_while_the_source_is_in_review() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let Bound { world, engineer, drawing, package, .. } = bound(test);
        let other = world.create(&engineer, "drawing", "Spring", json!({})).unwrap();
        world.step(&engineer, &package, "submit").unwrap();
        let refused = world.edit(&engineer, &drawing, json!({"body": "two"})).unwrap_err();
        let refusal = refused.refusal().unwrap();
        assert_eq!((refusal.code.as_str(), refusal.blockers[0].requirement.as_str()), ("content_bound", "FRS-BND-001"));
        assert_eq!(refusal.blockers[0].records[0].id, package);
        assert_eq!(code(world.link(&engineer, &package, "holds", &other)), "content_fixed");
        world.edit(&engineer, &other, json!({"body": "free"})).unwrap();
        world.step(&engineer, &package, "send_back").unwrap();
        world.edit(&engineer, &drawing, json!({"body": "two"})).unwrap();
    });
}

#[test]
fn frs_bnd_002_bound_content_cannot_differ_under_one_digest_of_the_source() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let Bound { world, engineer, drawing, package, .. } = bound(test);
        let digest = || {
            world.step(&engineer, &package, "submit").unwrap();
            let digest = world.record(&package).digest;
            world.step(&engineer, &package, "send_back").unwrap();
            digest
        };
        let first = digest();
        assert_eq!(digest(), first);
        world.edit(&engineer, &drawing, json!({"body": "two"})).unwrap();
        assert_ne!(digest(), first);
        world.edit(&engineer, &drawing, json!({"body": "one"})).unwrap();
        assert_eq!(digest(), first);
    });
}

#[test]
fn frs_bnd_003_an_author_of_bound_content_cannot_approve_the_source() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let Bound { world, engineer, manager, drawing, package } = bound(test);
        world.edit(&manager, &drawing, json!({"body": "by the manager"})).unwrap();
        world.step(&engineer, &package, "submit").unwrap();
        assert_eq!(code(world.sign_step(&manager, &package, "approve")), "self_approval");
        let other = world.person("mila", &["engineering_manager"]);
        world.sign_step(&other, &package, "approve").unwrap();
    });
}

#[test]
fn frs_stm_001_a_stamp_differs_after_each_change_and_only_then() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let Bound { world, engineer, manager, drawing, package } = bound(test);
        let never = stamp(&world);
        world.step(&engineer, &package, "submit").unwrap();
        assert_eq!(stamp(&world), never, "nothing that it stands for has changed");
        assert!(world.step(&manager, &drawing, "issue").is_err());
        assert_eq!(stamp(&world), never, "a refused command changes nothing");
        world.step(&engineer, &drawing, "issue").unwrap();
        let first = stamp(&world);
        let second = world.create(&engineer, "drawing", "Spring", json!({})).unwrap();
        assert_eq!(stamp(&world), first);
        world.step(&engineer, &second, "issue").unwrap();
        let stamps = [never, first, stamp(&world)];
        assert!(stamps[0] != stamps[1] && stamps[1] != stamps[2] && stamps[0] != stamps[2], "{stamps:?}");
        assert!(!stamps.contains(&kernel::stamp::BEING_CHANGED));
    });
}

#[test]
fn frs_stm_001_equal_histories_have_equal_stamps_and_others_do_not() {
    let history = |title: &str| {
        let test = testkit::engines::sqlite_migrated(kernel::MIGRATIONS);
        let Bound { world, engineer, drawing, .. } = bound(&test);
        let version = world.record(&drawing).version;
        let rename: Json = json!({"record": drawing, "version": version, "title": title});
        world.run(&engineer, "record.edit", rename).unwrap();
        world.step(&engineer, &drawing, "issue").unwrap();
        stamp(&world)
    };
    let first = history("Valve A");
    assert_eq!(first, history("Valve A"));
    assert_ne!(first, history("Valve B"));
}
