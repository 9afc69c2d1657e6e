//! Records through the door, on both engines.

use kernel::catalog::Module;
use kernel::kind::{Area, DossierQuery, Effect, Field, Kind, LinkKind, OnChange, Phase, Revisions, Step};
use kernel::rule::{Check, Rule};
use serde_json::json;
use testkit::engines::both_migrated;
use testkit::world::{World, text};

/// A small declaration that uses every noun: a revised specification and a case that depends on it.
pub fn small() -> Vec<Module> {
    let spec = Kind::new("spec", "Specification", "Specifications", Area::Engineering)
        .counted("SP", 4)
        .revised_by(Revisions::Letters)
        .field(Field::block("body", "Body").required())
        .field(Field::integer("grade", "Grade", 1, 5).filter())
        .state("draft", "Draft", Phase::Draft)
        .state("in_review", "In review", Phase::InReview)
        .state("effective", "Effective", Phase::Effective)
        .state("superseded", "Superseded", Phase::Closed)
        .step(Step::new("submit", "Submit", &["draft"], "in_review").by(&["design_engineer"]))
        .step(Step::new("send_back", "Send back", &["in_review"], "draft").by(&["quality_engineer"]).with_reason())
        .step(
            Step::new("approve", "Approve", &["in_review"], "effective")
                .signed("engineering_manager", "approved for engineering")
                .signed("quality_manager", "approved for quality"),
        )
        .step(Step::new("supersede", "Supersede", &["effective"], "superseded").by_record())
        .allow("everyone", &["view"])
        .allow("design_engineer", &["create", "edit", "revise", "link"]);
    let case = Kind::new("case", "Case", "Cases", Area::Quality)
        .counted_by_year("CASE", 4)
        .field(Field::block("cause", "Cause"))
        .state("open", "Open", Phase::InWork)
        .state("closed", "Closed", Phase::Closed)
        .step(
            Step::new("close", "Close", &["open"], "closed")
                .signed("quality_manager", "closed the case")
                .rule(Rule::floor("case.cause_known", "FRS-T-001", "The cause is known", Check::filled(&["cause"])))
                .rule(Rule::floor(
                    "case.specs_effective",
                    "FRS-T-002",
                    "Every specification is effective",
                    Check::LinkedInPhase { link: "about".to_owned(), phases: vec![Phase::Effective] },
                ))
                .effect(Effect::CloseObligations { sort: "act".to_owned() }),
        )
        .link(
            LinkKind::new("about", "is about", "has case", &["spec"])
                .when_target_changes(OnChange::obligation("reassess", "Look again", "quality_engineer", 10)),
        )
        .section("Specifications", "FRS-T-003", DossierQuery::Targets { link: "about".to_owned() })
        .allow("everyone", &["view"])
        .allow("quality_engineer", &["create", "edit", "link", "freeze"]);
    vec![Module { kinds: vec![spec, case], ..Module::default() }]
}

pub fn code(error: &base::Error) -> String {
    error.refusal().map(|refusal| refusal.code.clone()).unwrap_or_else(|| format!("{error:?}"))
}

#[test]
fn frs_rec_001_a_record_gets_the_next_number_and_a_refused_one_gives_it_back() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), small());
        let author = world.person("dora", &["design_engineer"]);
        let first = world.create(&author, "spec", "Hose", json!({"body": "1 m"})).unwrap();
        assert_eq!(world.record(&first).label(), "SP-0001 rev A");
        let refused = world.create(&author, "spec", "", json!({"body": "x"})).unwrap_err();
        assert_eq!(code(&refused), "missing_field");
        let second = world.create(&author, "spec", "Valve", json!({"body": "x"})).unwrap();
        assert_eq!(world.record(&second).number, "SP-0002");
    });
}

#[test]
fn frs_rec_002_an_edit_of_an_old_version_is_refused_and_changes_nothing() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), small());
        let author = world.person("dora", &["design_engineer"]);
        let id = world.create(&author, "spec", "Hose", json!({"body": "1 m"})).unwrap();
        world.edit(&author, &id, json!({"body": "2 m"})).unwrap();
        let stale = world.run(&author, "record.edit", json!({"record": id, "version": 1, "fields": {"body": "3 m"}})).unwrap_err();
        assert_eq!(code(&stale), "stale_version");
        let record = world.record(&id);
        assert_eq!((record.version, record.field_text("body")), (2, "2 m"));
        assert_eq!(record.digest, record.content_digest().hex());
    });
}

#[test]
fn frs_rec_003_bad_fields_are_refused_by_name() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), small());
        let author = world.person("dora", &["design_engineer"]);
        for (fields, place, expected) in [
            (json!({"body": "x", "colour": "red"}), "fields.colour", "unknown_field"),
            (json!({"body": 5}), "fields.body", "wrong_type"),
            (json!({"body": "x", "grade": 9}), "fields.grade", "out_of_range"),
            (json!({"grade": 3}), "fields.body", "missing_field"),
        ] {
            let error = world.create(&author, "spec", "Hose", fields).unwrap_err();
            assert_eq!((code(&error).as_str(), error.refusal().unwrap().place.as_deref()), (expected, Some(place)));
        }
    });
}

#[test]
fn frs_rec_003_a_site_in_a_zone_that_does_not_exist_is_refused_and_nothing_is_written() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), small());
        let site = |number: &str, zone: &str| world.run(&world.admin, "record.create", json!({"kind": "site", "number": number, "title": "Oslo", "fields": {"zone": zone}}));
        let place = |error: &base::Error| error.refusal().unwrap().place.clone();
        let refused = site("NOW", "Europe/Nowhere").unwrap_err();
        assert_eq!((code(&refused).as_str(), place(&refused).as_deref()), ("unknown_zone", Some("fields.zone")));
        let nothing = world.kernel.database().read(|tx| kernel::record::find_named(tx, "main", "site", "NOW")).unwrap();
        assert!(nothing.is_none());

        let id = site("OSL", "Europe/Oslo").unwrap()["id"].as_str().unwrap().to_owned();
        let before = world.record(&id);
        let refused = world.edit(&world.admin, &id, json!({"zone": "Oslo"})).unwrap_err();
        assert_eq!((code(&refused).as_str(), place(&refused).as_deref()), ("unknown_zone", Some("fields.zone")));
        assert_eq!(world.record(&id), before);
        world.edit(&world.admin, &id, json!({"zone": "Europe/Rome"})).unwrap();
        assert_eq!(world.record(&id).field_text("zone"), "Europe/Rome");
    });
}

#[test]
fn frs_sig_006_the_step_says_to_whoever_wrote_the_record_that_they_cannot_sign_it() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), small());
        let author = world.person("dora", &["design_engineer", "quality_manager"]);
        let quality = world.person("quinn", &["quality_manager"]);
        let stranger = world.person("otto", &[]);
        let id = world.create(&author, "spec", "Hose", json!({"body": "1 m"})).unwrap();
        world.step(&author, &id, "submit").unwrap();
        let approve = |person: &kernel::authority::Actor| {
            let (catalog, record, now, person) = (world.kernel.catalog().unwrap(), world.record(&id), world.kernel.now(), person.person().to_owned());
            let choices = world.kernel.database().read(move |tx| kernel::record::step::choices(tx, &catalog, &person, &record, now)).unwrap();
            choices.into_iter().find(|choice| choice.name == "approve").unwrap()
        };
        let own = approve(&author);
        assert!(own.permitted && own.is_for_others());
        assert_eq!(own.blockers[0].requirement, "FRS-SIG-006");
        let refused = world.sign_step(&author, &id, "approve").unwrap_err();
        assert_eq!(format!("{}.", own.blockers[0].text), refused.refusal().unwrap().message);
        assert_eq!((approve(&quality).permitted, approve(&quality).blockers.len()), (true, 0));
        assert_eq!((approve(&stranger).permitted, approve(&stranger).blockers.len()), (false, 0));
        // A second signature of the same person is no more possible than an author's.
        world.sign_step(&quality, &id, "approve").unwrap();
        assert_eq!(approve(&quality).blockers[0].rule, "signature.own.already_signed");
    });
}

#[test]
fn frs_sig_001_a_step_with_two_signers_is_not_taken_before_the_second_signature() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), small());
        let author = world.person("dora", &["design_engineer", "quality_manager"]);
        let manager = world.person("emil", &["engineering_manager"]);
        let quality = world.person("quinn", &["quality_manager"]);
        let id = world.create(&author, "spec", "Hose", json!({"body": "1 m"})).unwrap();
        world.step(&author, &id, "submit").unwrap();
        let fixed = world.edit(&author, &id, json!({"body": "2 m"})).unwrap_err();
        assert_eq!(code(&fixed), "content_fixed");
        let own = world.sign_step(&author, &id, "approve").unwrap_err();
        assert_eq!(code(&own), "self_approval");
        let first = world.sign_step(&manager, &id, "approve").unwrap();
        assert_eq!(first["taken"], json!(false));
        let twice = world.sign_step(&manager, &id, "approve").unwrap_err();
        assert_eq!(code(&twice), "already_signed");
        let second = world.sign_step(&quality, &id, "approve").unwrap();
        assert_eq!((second["taken"].clone(), second["state"].clone()), (json!(true), json!("effective")));
        let id_here = id.clone();
        let signatures = world.kernel.database().read(move |tx| kernel::signature::of_record(tx, "main", &id_here)).unwrap();
        assert_eq!(signatures.len(), 2);
        assert!(signatures.iter().all(|given| given.digest == world.record(&id).digest));
        assert_eq!(signatures[0].manifestation(), "Emil Tester, 2 Nov 2026, 08:00 CET: approved for engineering");
    });
}

#[test]
fn frs_rec_010_a_blocked_step_names_every_blocker_at_once() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), small());
        let author = world.person("dora", &["design_engineer", "quality_engineer"]);
        let quality = world.person("quinn", &["quality_manager"]);
        let spec = world.create(&author, "spec", "Hose", json!({"body": "1 m"})).unwrap();
        let case = world.create(&author, "case", "Leak", json!({})).unwrap();
        world.link(&author, &case, "about", &spec).unwrap();
        let error = world.sign_step(&quality, &case, "close").unwrap_err();
        let refusal = error.refusal().unwrap();
        assert_eq!(refusal.code, "blocked");
        let rules: Vec<_> = refusal.blockers.iter().map(|blocker| blocker.rule.as_str()).collect();
        assert_eq!(rules, ["case.cause_known", "case.specs_effective"]);
        assert_eq!(refusal.blockers[1].records[0].number, "SP-0001");
        assert_eq!(refusal.blockers[1].text, "Specification SP-0001 rev A is draft");
    });
}

#[test]
fn frs_lnk_003_no_link_to_a_new_effective_revision_stays_unsuspected_and_the_owner_is_asked() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), small());
        let author = world.person("dora", &["design_engineer", "quality_engineer"]);
        let manager = world.person("emil", &["engineering_manager"]);
        let quality = world.person("quinn", &["quality_manager"]);
        let first = world.create(&author, "spec", "Hose", json!({"body": "1 m"})).unwrap();
        let case = world.create(&author, "case", "Leak", json!({})).unwrap();
        world.link(&author, &case, "about", &first).unwrap();
        let release = |id: &str| {
            world.step(&author, id, "submit").unwrap();
            world.sign_step(&manager, id, "approve").unwrap();
            world.sign_step(&quality, id, "approve").unwrap();
        };
        release(&first);
        let second = text(&world.run(&author, "record.revise", json!({"record": first})).unwrap(), "id");
        assert_eq!(world.record(&second).label(), "SP-0001 rev B");
        let open = world.run(&author, "record.revise", json!({"record": first})).unwrap_err();
        assert_eq!(code(&open), "revision_open");
        world.edit(&author, &second, json!({"body": "1.5 m"})).unwrap();
        release(&second);
        assert_eq!(world.record(&first).phase, Phase::Closed);
        assert_eq!(world.named("spec", "SP-0001").revision, "B");
        let (links, obligations) = world
            .kernel
            .database()
            .read(move |tx| Ok((kernel::link::outgoing(tx, "main", &case)?, kernel::obligation::of_record(tx, "main", &case)?)))
            .unwrap();
        assert!(links[0].suspect);
        let raised = obligations.iter().find(|obligation| obligation.sort == "reassess").unwrap();
        assert_eq!((raised.person.as_deref(), raised.due_date.as_deref()), (Some(author.person()), Some("2026-11-12")));
    });
}

#[test]
fn frs_cmd_002_the_same_key_gives_the_same_answer_and_changes_nothing_twice() {
    both_migrated(kernel::MIGRATIONS, |test| {
        use kernel::command::Request;
        let world = World::new(test.database.clone(), small());
        let author = world.person("dora", &["design_engineer"]);
        let request = Request::new("record.create", json!({"kind": "spec", "title": "Hose", "fields": {"body": "1 m"}}), "same");
        let first = world.kernel.execute(&author, &request).unwrap();
        let again = world.kernel.execute(&author, &request).unwrap();
        assert!(again.repeated);
        assert_eq!((first.tx, first.result), (again.tx, again.result));
        let other = Request::new("record.create", json!({"kind": "spec", "title": "Valve", "fields": {"body": "1 m"}}), "same");
        assert_eq!(code(&world.kernel.execute(&author, &other).unwrap_err()), "idempotency_key_reused");
    });
}

#[test]
fn frs_aut_001_what_no_role_allows_is_refused_and_what_a_foreign_site_holds_is_not_found() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), small());
        world.run(&world.admin, "record.create", json!({"kind": "site", "number": "LYO", "title": "Lyon", "fields": {"zone": "Europe/Paris"}})).unwrap();
        let here = world.person_at("dora", json!({"site": "ROM"}), &[("design_engineer", Some("ROM"))]);
        let there = world.person_at("luc", json!({"site": "LYO"}), &[("design_engineer", Some("LYO"))]);
        let operator = world.person("otto", &["operator"]);
        let input = json!({"kind": "spec", "title": "Hose", "site": "ROM", "fields": {"body": "1 m"}});
        assert_eq!(code(&world.create_with(&operator, input.clone()).unwrap_err()), "not_permitted");
        assert_eq!(code(&world.create_with(&there, input.clone()).unwrap_err()), "not_permitted");
        let id = world.create_with(&here, input).unwrap();
        assert_eq!(code(&world.edit(&operator, &id, json!({"body": "x"})).unwrap_err()), "not_permitted");
        assert_eq!(code(&world.edit(&there, &id, json!({"body": "x"})).unwrap_err()), "not_found");
    });
}

#[test]
fn frs_sig_004_a_challenge_is_good_once_and_only_for_what_was_shown() {
    both_migrated(kernel::MIGRATIONS, |test| {
        use kernel::command::Request;
        use kernel::signature::{SigningInput, challenge};
        use testkit::world::PASSWORD;
        let world = World::new(test.database.clone(), small());
        let author = world.person("dora", &["design_engineer", "quality_engineer"]);
        let manager = world.person("emil", &["engineering_manager"]);
        let id = world.create(&author, "spec", "Hose", json!({"body": "1 m"})).unwrap();
        world.step(&author, &id, "submit").unwrap();
        let input = json!({"record": id, "version": world.record(&id).version, "step": "approve"});
        let shown = challenge(&world.kernel, &manager, "record.step", &input).unwrap();
        assert!(shown.needs_login);
        let signing = |login: Option<&str>, password: &str| SigningInput { challenge: shown.token.clone(), login: login.map(str::to_owned), password: password.to_owned() };
        let attempt = |signing: SigningInput| world.kernel.execute(&manager, &Request::new("record.step", input.clone(), world.key()).signed(signing));
        assert_eq!(code(&attempt(signing(None, PASSWORD)).unwrap_err()), "both_components_needed");
        assert_eq!(code(&attempt(signing(Some("dora"), PASSWORD)).unwrap_err()), "not_your_session");
        assert_eq!(code(&attempt(signing(Some("emil"), "wrong password here")).unwrap_err()), "wrong_secret");
        // The content changes between display and signature: back to draft, edited, submitted again.
        world.step(&author, &id, "send_back").unwrap();
        world.edit(&author, &id, json!({"body": "2 m"})).unwrap();
        world.step(&author, &id, "submit").unwrap();
        let changed = json!({"record": id, "version": world.record(&id).version, "step": "approve"});
        let moved = world.kernel.execute(&manager, &Request::new("record.step", changed.clone(), world.key()).signed(signing(Some("emil"), PASSWORD)));
        assert_eq!(code(&moved.unwrap_err()), "content_changed");
        let fresh = challenge(&world.kernel, &manager, "record.step", &changed).unwrap();
        let good = SigningInput { challenge: fresh.token, login: None, password: PASSWORD.to_owned() };
        world.kernel.execute(&manager, &Request::new("record.step", changed.clone(), world.key()).signed(good.clone())).unwrap();
        let replayed = world.kernel.execute(&manager, &Request::new("record.step", changed, world.key()).signed(good)).unwrap_err();
        assert!(["already_signed", "challenge_used"].contains(&code(&replayed).as_str()), "{replayed}");
    });
}

#[test]
fn frs_hld_001_no_step_makes_a_record_count_while_it_is_on_hold() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), small());
        let author = world.person("dora", &["design_engineer", "quality_engineer"]);
        let manager = world.person("emil", &["engineering_manager"]);
        let quality = world.person("quinn", &["quality_manager"]);
        let id = world.create(&author, "spec", "Hose", json!({"body": "1 m"})).unwrap();
        world.step(&author, &id, "submit").unwrap();
        let hold = text(&world.run(&quality, "hold.place", json!({"record": id, "why": "leaks"})).unwrap(), "hold");
        let stopped = world.sign_step(&manager, &id, "approve").unwrap_err();
        assert_eq!(stopped.refusal().unwrap().blockers[0].text, "On hold: leaks");
        assert_eq!(code(&world.run(&author, "hold.lift", json!({"hold": hold, "why": "mine"})).unwrap_err()), "not_permitted");
        world.run(&quality, "hold.lift", json!({"hold": hold, "why": "tested"})).unwrap();
        world.sign_step(&manager, &id, "approve").unwrap();
    });
}

#[test]
fn frs_rec_015_a_record_reads_as_it_was_at_any_moment_and_not_before_it_was_made() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), small());
        let author = world.person("dora", &["design_engineer"]);
        let id = world.create(&author, "spec", "Hose", json!({"body": "1 m"})).unwrap();
        let then = world.kernel.now();
        world.clock.advance_seconds(3600);
        world.edit(&author, &id, json!({"body": "2 m"})).unwrap();
        let (id, now) = (id.clone(), world.kernel.now());
        let (before, after, never) = world
            .kernel
            .database()
            .read(move |tx| {
                Ok((
                    kernel::record::as_of(tx, "main", &id, then)?,
                    kernel::record::as_of(tx, "main", &id, now)?,
                    kernel::record::as_of(tx, "main", &id, then.plus_seconds(-1))?,
                ))
            })
            .unwrap();
        assert_eq!(before.unwrap().field_text("body"), "1 m");
        assert_eq!(after.unwrap().field_text("body"), "2 m");
        assert!(never.is_none());
    });
}

#[test]
fn frs_sea_001_search_finds_the_same_on_both_engines() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), small());
        let author = world.person("dora", &["design_engineer"]);
        for (title, body) in [("Oxygen hose", "1 m"), ("Air hose", "für Sauerstoff"), ("Valve", "é")] {
            world.create(&author, "spec", title, json!({"body": body})).unwrap();
        }
        let viewer = world.viewer(&author);
        let find = |text: &'static str| {
            let viewer = viewer.clone();
            let found = world.kernel.database().read(move |tx| kernel::search::find(tx, &viewer, text, &[])).unwrap();
            found.records.into_iter().map(|record| record.number).collect::<Vec<_>>()
        };
        assert_eq!(find("hose").len(), 2);
        assert_eq!(find("OXY hos"), ["SP-0001"]);
        assert_eq!(find("fur sauer"), ["SP-0002"]);
        assert_eq!(find("sp-0003"), ["SP-0003"]);
        assert_eq!(find("sp0003"), ["SP-0003"]);
        assert_eq!(find("É valve"), ["SP-0003"]);
        assert!(find("missing").is_empty());
        assert_eq!(find("dora"), ["dora"]);
    });
}
