//! Links, obligations, holds, decisions and dossiers, on both engines.

use crate::records::{code, small};
use base::limits::REASON_CHARS;
use kernel::authority::Actor;
use kernel::obligation::Obligation;
use kernel::{MAIN_TENANT, decision, dossier, link, obligation};
use serde_json::{Value as Json, json};
use testkit::engines::{TestDatabase, both_migrated};
use testkit::world::{World, text};

struct Shop {
    world: World,
    author: Actor,
    engineer: Actor,
    manager: Actor,
    quality: Actor,
}

impl Shop {
    fn new(test: &TestDatabase) -> Self {
        let world = World::new(test.database.clone(), small());
        Self {
            author: world.person("dora", &["design_engineer"]),
            engineer: world.person("emma", &["quality_engineer"]),
            manager: world.person("emil", &["engineering_manager"]),
            quality: world.person("quinn", &["quality_manager"]),
            world,
        }
    }

    fn spec(&self, title: &str) -> String {
        self.world.create(&self.author, "spec", title, json!({"body": "1 m"})).unwrap()
    }

    fn release(&self, spec: &str) {
        self.world.step(&self.author, spec, "submit").unwrap();
        self.world.sign_step(&self.manager, spec, "approve").unwrap();
        self.world.sign_step(&self.quality, spec, "approve").unwrap();
    }

    fn case(&self) -> String {
        self.world.create(&self.engineer, "case", "Leak", json!({})).unwrap()
    }

    fn links(&self, record: &str) -> Vec<link::Link> {
        let record = record.to_owned();
        self.world.kernel.database().read(move |tx| link::outgoing(tx, MAIN_TENANT, &record)).unwrap()
    }

    /// A case about a specification of which a second revision has become effective since.
    fn overtaken(&self) -> (String, Obligation) {
        let spec = self.spec("Hose");
        let case = self.case();
        self.world.link(&self.engineer, &case, "about", &spec).unwrap();
        self.release(&spec);
        let second = text(&self.world.run(&self.author, "record.revise", json!({"record": spec})).unwrap(), "id");
        self.world.edit(&self.author, &second, json!({"body": "2 m"})).unwrap();
        self.release(&second);
        let about = case.clone();
        let all = self.world.kernel.database().read(move |tx| obligation::of_record(tx, MAIN_TENANT, &about)).unwrap();
        (case, all.into_iter().find(|one| one.sort == "reassess").unwrap())
    }
}

#[test]
fn frs_lnk_001_a_link_that_the_kind_does_not_have_or_that_is_there_already_is_refused() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let shop = Shop::new(test);
        let (case, spec) = (shop.case(), shop.spec("Hose"));
        let refused = |source: &str, name: &str, target: &str| code(&shop.world.link(&shop.engineer, source, name, target).unwrap_err());
        assert_eq!(refused(&case, "beside", &spec), "unknown_link");
        assert_eq!(refused(&case, "about", &shop.case()), "wrong_kind");
        assert_eq!(refused(&case, "about", &base::id::edge_id()), "not_found");
        shop.world.link(&shop.engineer, &case, "about", &spec).unwrap();
        assert_eq!(refused(&case, "about", &spec), "link_present");
        assert_eq!(shop.links(&case).len(), 1);
    });
}

#[test]
fn frs_lnk_002_a_link_is_not_removed_from_fixed_content_and_stays_readable_for_its_time() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let shop = Shop::new(test);
        let (case, spec) = (shop.case(), shop.spec("Hose"));
        let added = shop.world.link(&shop.engineer, &case, "about", &spec).unwrap();
        let then = shop.world.kernel.now();
        shop.world.clock.advance_seconds(60);
        shop.world.run(&shop.engineer, "link.remove", json!({"link": text(&added, "link")})).unwrap();
        assert!(shop.links(&case).is_empty());
        let of = case.clone();
        let before = shop.world.kernel.database().read(move |tx| link::outgoing_as_of(tx, MAIN_TENANT, &of, then)).unwrap();
        assert_eq!(before.len(), 1);
        let added = shop.world.link(&shop.engineer, &case, "about", &spec).unwrap();
        shop.release(&spec);
        shop.world.edit(&shop.engineer, &case, json!({"cause": "a burr"})).unwrap();
        shop.world.sign_step(&shop.quality, &case, "close").unwrap();
        let closed = shop.world.run(&shop.engineer, "link.remove", json!({"link": text(&added, "link")})).unwrap_err();
        assert_eq!(code(&closed), "content_fixed");
    });
}

#[test]
fn frs_lnk_004_a_suspect_link_is_cleared_only_with_a_reason() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let shop = Shop::new(test);
        let (case, _) = shop.overtaken();
        let suspect = shop.links(&case).remove(0);
        assert!(suspect.suspect);
        let input = json!({"link": suspect.id});
        assert_eq!(code(&shop.world.run(&shop.engineer, "link.clear", input.clone()).unwrap_err()), "reason_needed");
        assert_eq!(code(&shop.world.run_because(&shop.author, "link.clear", input.clone(), "unchanged").unwrap_err()), "not_permitted");
        shop.world.run_because(&shop.engineer, "link.clear", input.clone(), "the length does not matter here").unwrap();
        assert!(!shop.links(&case)[0].suspect);
        assert_eq!(code(&shop.world.run_because(&shop.engineer, "link.clear", input, "again").unwrap_err()), "not_suspect");
    });
}

#[test]
fn frs_obl_002_only_whom_it_concerns_reports_an_obligation_as_done_and_only_once() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let shop = Shop::new(test);
        let (_, asked) = shop.overtaken();
        let report = |actor: &Actor, outcome: &str| shop.world.run(actor, "obligation.complete", json!({"obligation": asked.id, "outcome": outcome}));
        assert_eq!(asked.person.as_deref(), Some(shop.engineer.person()));
        assert_eq!(code(&report(&shop.quality, "done").unwrap_err()), "not_yours");
        assert_eq!(code(&report(&shop.engineer, &"x".repeat(REASON_CHARS + 1)).unwrap_err()), "too_long");
        report(&shop.engineer, &"x".repeat(REASON_CHARS)).unwrap();
        assert_eq!(code(&report(&shop.engineer, "again").unwrap_err()), "obligation_closed");
    });
}

#[test]
fn frs_obl_003_an_obligation_is_handed_on_only_by_those_who_may_and_to_somebody_there() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let shop = Shop::new(test);
        let (case, asked) = shop.overtaken();
        let hand = |actor: &Actor, to: &str| shop.world.run(actor, "obligation.reassign", json!({"obligation": asked.id, "person": to}));
        assert_eq!(code(&hand(&shop.author, "quinn").unwrap_err()), "not_permitted");
        assert_eq!(code(&hand(&shop.quality, "nobody-here").unwrap_err()), "unknown_person");
        hand(&shop.quality, "quinn").unwrap();
        let about = case.clone();
        let all = shop.world.kernel.database().read(move |tx| obligation::of_record(tx, MAIN_TENANT, &about)).unwrap();
        assert!(all.iter().any(|one| one.id == asked.id && one.person.as_deref() == Some(shop.quality.person())));
    });
}

#[test]
fn frs_hld_002_a_hold_is_lifted_by_the_quality_manager_only_and_only_once() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let shop = Shop::new(test);
        let spec = shop.spec("Hose");
        let placed = shop.world.run(&shop.engineer, "hold.place", json!({"record": spec, "why": "leaks"})).unwrap();
        let lift = |actor: &Actor| shop.world.run(actor, "hold.lift", json!({"hold": text(&placed, "hold"), "why": "tight now"}));
        assert_eq!(code(&lift(&shop.engineer).unwrap_err()), "not_permitted");
        lift(&shop.quality).unwrap();
        assert_eq!(code(&lift(&shop.quality).unwrap_err()), "hold_lifted");
    });
}

#[test]
fn frs_dec_001_answers_that_do_not_lead_to_an_outcome_are_refused_and_a_new_decision_replaces_the_old_one() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), crate::decisions::reports());
        let engineer = world.person("quin", &["quality_engineer"]);
        let id = world.create(&engineer, "report", "Leak", json!({"aware_on": "2026-11-01"})).unwrap();
        let decide = |answers: Json| world.run(&engineer, "decision.take", json!({"record": id, "tree": "must_be_told", "answers": answers}));
        for (answers, expected) in [
            (json!({}), "answer_missing"),
            (json!({"who": "the neighbours"}), "answer_unknown"),
            (json!({"who": "nobody", "why": "no harm"}), "question_unknown"),
            (json!({"who": 1}), "wrong_type"),
        ] {
            assert_eq!(code(&decide(answers).unwrap_err()), expected);
        }
        decide(json!({"who": "nobody"})).unwrap();
        decide(json!({"who": "authority"})).unwrap();
        let of = id.clone();
        let all = world.kernel.database().read(move |tx| decision::of_record(tx, MAIN_TENANT, &of)).unwrap();
        assert_eq!(all.len(), 2);
        assert_eq!(all.iter().filter(|one| one.replaced_at.is_none()).map(|one| one.outcome.as_str()).collect::<Vec<_>>(), ["tell_authority"]);
    });
}

#[test]
fn frs_dos_002_a_frozen_dossier_does_not_change_with_what_it_names() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let shop = Shop::new(test);
        let (case, spec) = (shop.case(), shop.spec("Hose"));
        shop.world.link(&shop.engineer, &case, "about", &spec).unwrap();
        shop.world.run(&shop.engineer, "dossier.freeze", json!({"record": case})).unwrap();
        shop.world.edit(&shop.author, &spec, json!({"body": "2 m"})).unwrap();
        let (of, catalog) = (shop.world.record(&case), shop.world.kernel.catalog().unwrap());
        let (frozen, live) = shop
            .world
            .kernel
            .database()
            .read(move |tx| Ok((dossier::frozen_of(tx, MAIN_TENANT, &of.id)?, dossier::assemble(tx, &catalog, &of)?)))
            .unwrap();
        assert_eq!((frozen.len(), frozen[0].entry_count), (1, 1));
        let (then, now) = (&frozen[0].sections[0].entries[0], &live[0].entries[0]);
        assert_eq!((then.version, now.version), (1, 2));
        assert_ne!(then.digest, now.digest);
        let none = shop.world.run(&shop.author, "dossier.freeze", json!({"record": spec})).unwrap_err();
        assert_eq!(code(&none), "not_permitted");
    });
}

#[test]
fn frs_fil_002_a_file_is_taken_off_only_from_its_own_record_while_that_is_open() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let shop = Shop::new(test);
        let (case, other) = (shop.case(), shop.case());
        let digest = shop.world.kernel.files().put(b"measured", 100).unwrap().hex();
        let version = |record: &str| shop.world.record(record).version;
        let attach = json!({"record": case, "version": 1, "name": "m.txt", "media_type": "text/plain", "digest": digest, "size_bytes": 8});
        let file = text(&shop.world.run(&shop.engineer, "file.attach", attach.clone()).unwrap(), "file");
        let with = shop.world.record(&case);
        let remove = |record: &str, version: i64| shop.world.run(&shop.engineer, "file.remove", json!({"record": record, "version": version, "file": file}));
        assert_eq!(code(&remove(&other, 1).unwrap_err()), "not_found");
        assert_eq!(code(&remove(&case, 1).unwrap_err()), "stale_version");
        remove(&case, version(&case)).unwrap();
        assert_ne!(shop.world.record(&case).digest, with.digest, "the content covers its files");
        assert_eq!(code(&remove(&case, version(&case)).unwrap_err()), "not_found");
        let mut again = attach;
        again["version"] = json!(version(&case));
        shop.world.run(&shop.engineer, "file.attach", again).unwrap();
    });
}

#[test]
fn frs_rec_020_a_revision_is_refused_while_another_is_being_worked_on() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let shop = Shop::new(test);
        let spec = shop.spec("Hose");
        let revise = |record: &str| shop.world.run(&shop.author, "record.revise", json!({"record": record}));
        let refused = revise(&spec).unwrap_err();
        let blocker = &refused.refusal().unwrap().blockers[0];
        assert_eq!((code(&refused).as_str(), blocker.requirement.as_str(), blocker.records[0].id.as_str()), ("revision_open", "FRS-REC-020", spec.as_str()));
        shop.release(&spec);
        let second = text(&revise(&spec).unwrap(), "id");
        assert_eq!(shop.world.record(&second).field_text("body"), "1 m", "the content is copied");
        assert_eq!(code(&revise(&spec).unwrap_err()), "revision_open");
        let case = shop.case();
        assert_eq!(code(&shop.world.run(&shop.engineer, "record.revise", json!({"record": case})).unwrap_err()), "not_permitted");
    });
}
