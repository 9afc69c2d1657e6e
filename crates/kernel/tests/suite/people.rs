//! People, their passwords, roles and sessions, on both engines.

use crate::records::{code, small};
use base::limits::{SESSION_IDLE_SECONDS, SESSION_SECONDS, SIGN_IN_FAILURES};
use kernel::{MAIN_TENANT, authority, session};
use serde_json::{Value as Json, json};
use testkit::engines::both_migrated;
use testkit::world::{PASSWORD, World, text};

fn newcomer(login: &str) -> Json {
    json!({"login": login, "name": "Nadia New", "zone": "Europe/Rome", "password": "first password given", "identity_verified": "badge seen"})
}

#[test]
fn frs_per_001_a_user_name_is_never_given_twice_also_not_after_its_owner_has_left() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), small());
        let create = |login: &str| world.run(&world.admin, "person.create", newcomer(login));
        let id = text(&create("nadia").unwrap(), "id");
        world.step(&world.admin, &id, "deactivate").unwrap();
        for again in ["nadia", "NADIA", " Nadia "] {
            assert_eq!(code(&create(again).unwrap_err()), "login_taken", "{again}");
        }
        for unfit in ["", "nad ia", "nädia", &"n".repeat(base::limits::LOGIN_CHARS + 1)] {
            assert!(["bad_login", "missing_field"].contains(&code(&create(unfit).unwrap_err()).as_str()), "{unfit}");
        }
        create(&"n".repeat(base::limits::LOGIN_CHARS)).unwrap();
    });
}

#[test]
fn frs_per_002_a_new_name_does_not_change_what_was_signed_under_the_old_one() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), small());
        let author = world.person("dora", &["design_engineer"]);
        let manager = world.person("emil", &["engineering_manager"]);
        let id = world.create(&author, "spec", "Hose", json!({"body": "1 m"})).unwrap();
        world.step(&author, &id, "submit").unwrap();
        world.sign_step(&manager, &id, "approve").unwrap();
        world.run(&world.admin, "person.describe", json!({"person": "emil", "name": "Emil Married"})).unwrap();
        assert_eq!(world.sign_in("emil").name(), "Emil Married");
        let signatures = world.kernel.database().read(move |tx| kernel::signature::of_record(tx, MAIN_TENANT, &id)).unwrap();
        assert_eq!(signatures[0].printed_name, "Emil Tester");
        let nowhere = world.run(&world.admin, "person.describe", json!({"person": "emil", "zone": "Atlantis/Main"})).unwrap_err();
        assert_eq!(code(&nowhere), "unknown_zone");
    });
}

#[test]
fn frs_per_003_whoever_has_left_can_do_nothing_from_that_moment_on() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), small());
        let author = world.person("dora", &["design_engineer"]);
        world.step(&world.admin, author.person(), "deactivate").unwrap();
        let refused = world.create(&author, "spec", "Hose", json!({"body": "1 m"})).unwrap_err();
        assert_eq!(code(&refused), "signed_out");
        assert_eq!(code(&session::sign_in(&world.kernel, MAIN_TENANT, "dora", PASSWORD).unwrap_err()), "wrong_secret");
    });
}

#[test]
fn frs_per_004_whoever_has_a_password_set_by_somebody_else_can_do_nothing_before_changing_it() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), small());
        world.person("dora", &["design_engineer"]);
        world.run(&world.admin, "person.set_password", json!({"person": "dora", "password": "given by the desk"})).unwrap();
        let dora = session::sign_in(&world.kernel, MAIN_TENANT, "dora", "given by the desk").unwrap().actor;
        let refused = world.create(&dora, "spec", "Hose", json!({"body": "1 m"})).unwrap_err();
        assert_eq!(code(&refused), "password_must_change");
        world.run(&dora, "password.change", json!({"current_password": "given by the desk", "password": PASSWORD})).unwrap();
        world.create(&world.sign_in("dora"), "spec", "Hose", json!({"body": "1 m"})).unwrap();
    });
}

#[test]
fn frs_per_005_a_password_is_not_changed_without_the_present_one() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), small());
        let change = |current: &str, new: &str| world.run(&world.admin, "password.change", json!({"current_password": current, "password": new}));
        assert_eq!(code(&change("some other battery", "quite another battery").unwrap_err()), "wrong_secret");
        assert_eq!(code(&change(PASSWORD, PASSWORD).unwrap_err()), "same_password");
        assert_eq!(code(&change(PASSWORD, "short").unwrap_err()), "password_too_short");
        session::sign_in(&world.kernel, MAIN_TENANT, "admin", PASSWORD).unwrap();
        change(PASSWORD, "quite another battery").unwrap();
        session::sign_in(&world.kernel, MAIN_TENANT, "admin", "quite another battery").unwrap();
    });
}

#[test]
fn frs_per_006_nobody_signs_whose_identity_was_not_verified() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), small());
        let author = world.person("dora", &["design_engineer"]);
        let unknown = world.person_at("emil", json!({"identity_verified": ""}), &[("engineering_manager", None)]);
        let id = world.create(&author, "spec", "Hose", json!({"body": "1 m"})).unwrap();
        world.step(&author, &id, "submit").unwrap();
        assert_eq!(code(&world.sign_step(&unknown, &id, "approve").unwrap_err()), "identity_not_verified");
        world.run(&world.admin, "person.describe", json!({"person": "emil", "identity_verified": "passport seen"})).unwrap();
        world.sign_step(&unknown, &id, "approve").unwrap();
    });
}

#[test]
fn frs_aut_002_an_unknown_role_and_one_that_is_held_already_are_refused() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), small());
        let dora = world.person("dora", &[]);
        let grant = |role: &str| world.run(&world.admin, "role.grant", json!({"person": "dora", "role": role}));
        let create = || world.create(&dora, "spec", "Hose", json!({"body": "1 m"}));
        assert_eq!(code(&grant("emperor").unwrap_err()), "unknown_role");
        assert_eq!(code(&grant("everyone").unwrap_err()), "unknown_role");
        assert_eq!(code(&create().unwrap_err()), "not_permitted");
        grant("design_engineer").unwrap();
        create().unwrap();
        assert_eq!(code(&grant("design_engineer").unwrap_err()), "role_held");
    });
}

#[test]
fn frs_aut_003_a_role_that_was_taken_away_no_longer_counts_and_its_time_stays_readable() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), small());
        let dora = world.person("dora", &[]);
        let granted = text(&world.run(&world.admin, "role.grant", json!({"person": "dora", "role": "design_engineer"})).unwrap(), "grant");
        let then = world.kernel.now();
        world.create(&dora, "spec", "Hose", json!({"body": "1 m"})).unwrap();
        world.clock.advance_seconds(60);
        world.run(&world.admin, "role.revoke", json!({"grant": granted})).unwrap();
        assert_eq!(code(&world.create(&dora, "spec", "Valve", json!({"body": "x"})).unwrap_err()), "not_permitted");
        assert_eq!(code(&world.run(&world.admin, "role.revoke", json!({"grant": granted})).unwrap_err()), "not_found");
        let (person, now) = (dora.person().to_owned(), world.kernel.now());
        let held = |at| {
            let person = person.clone();
            world.kernel.database().read(move |tx| authority::grants_as_of(tx, MAIN_TENANT, &person, at)).unwrap().len()
        };
        assert_eq!((held(then), held(now)), (1, 0));
    });
}

#[test]
fn frs_ses_001_a_session_ends_after_quiet_and_never_lasts_past_its_limit() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), small());
        let open = || session::sign_in(&world.kernel, MAIN_TENANT, "admin", PASSWORD).unwrap().token;
        let is_in = |token: &str| session::actor_of_session(&world.kernel, MAIN_TENANT, token).unwrap().is_some();
        let quiet = open();
        world.clock.advance_seconds(SESSION_IDLE_SECONDS);
        assert!(is_in(&quiet), "at the limit");
        world.clock.advance_seconds(SESSION_IDLE_SECONDS + 1);
        assert!(!is_in(&quiet), "one second past it");
        let busy = open();
        for _ in 0..SESSION_SECONDS / SESSION_IDLE_SECONDS {
            world.clock.advance_seconds(SESSION_IDLE_SECONDS);
            assert!(is_in(&busy));
        }
        world.clock.advance_seconds(1);
        assert!(!is_in(&busy), "however busy");
        assert!(!is_in("no such token"));
        let closed = session::sign_in(&world.kernel, MAIN_TENANT, "admin", PASSWORD).unwrap();
        session::sign_out(&world.kernel, &closed.actor).unwrap();
        assert!(!is_in(&closed.token));
        assert_eq!(code(&session::sign_out(&world.kernel, &closed.actor).unwrap_err()), "signed_out");
    });
}

#[test]
fn frs_ses_002_a_wrong_sign_in_is_refused_without_saying_what_was_wrong_and_stands_in_the_trail() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), small());
        let answer = |login: &str| session::sign_in(&world.kernel, MAIN_TENANT, login, "wrong password here").unwrap_err().to_string();
        assert_eq!(answer("admin"), answer("nobody-of-this-name"));
        for _ in 1..SIGN_IN_FAILURES {
            answer("admin");
        }
        let waiting = session::sign_in(&world.kernel, MAIN_TENANT, "admin", PASSWORD).unwrap_err();
        assert_eq!(code(&waiting), "too_many_attempts");
        let noted = world
            .kernel
            .database()
            .query(db::sql("select what from security_event where tenant = $1 and person is not null"), &[MAIN_TENANT.into()])
            .unwrap();
        assert_eq!(noted.len(), SIGN_IN_FAILURES);
        world.clock.advance_seconds(base::limits::SIGN_IN_WAIT_SECONDS);
        session::sign_in(&world.kernel, MAIN_TENANT, "admin", PASSWORD).unwrap();
    });
}

#[test]
fn frs_sig_006_whoever_wrote_a_version_cannot_approve_it_and_is_told_the_rule() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), small());
        let author = world.person("dora", &["design_engineer", "engineering_manager"]);
        let helper = world.person("hugo", &["design_engineer", "engineering_manager"]);
        let id = world.create(&author, "spec", "Hose", json!({"body": "1 m"})).unwrap();
        world.edit(&helper, &id, json!({"grade": 2})).unwrap();
        world.step(&author, &id, "submit").unwrap();
        for writer in [&author, &helper] {
            let refused = world.sign_step(writer, &id, "approve").unwrap_err();
            let blocker = &refused.refusal().unwrap().blockers[0];
            assert_eq!((code(&refused).as_str(), blocker.requirement.as_str()), ("self_approval", "FRS-SIG-006"));
        }
        world.sign_step(&world.person("emil", &["engineering_manager"]), &id, "approve").unwrap();
    });
}

#[test]
fn frs_sig_002_a_token_never_signs() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), small());
        let author = world.person("dora", &["design_engineer"]);
        let manager = world.person("emil", &["engineering_manager"]);
        let id = world.create(&author, "spec", "Hose", json!({"body": "1 m"})).unwrap();
        world.step(&author, &id, "submit").unwrap();
        let token = text(&world.run(&manager, "token.create", json!({"name": "robot", "days": 1})).unwrap(), "token");
        let robot = session::actor_of_token(&world.kernel, MAIN_TENANT, &token).unwrap().unwrap();
        assert_eq!(code(&world.sign_step(&robot, &id, "approve").unwrap_err()), "signing_needs_a_person");
        world.clock.advance_seconds(86_401);
        assert!(session::actor_of_token(&world.kernel, MAIN_TENANT, &token).unwrap().is_none(), "a token ends");
    });
}
