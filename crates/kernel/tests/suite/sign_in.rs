//! Passwords at sign-in, on both engines.

use base::{IdSource, SeededIds, SystemClock};
use db::sql;
use kernel::catalog::Module;
use kernel::command::Request;
use kernel::password::Hashing;
use kernel::{Kernel, MAIN_TENANT, Setup, session};
use serde_json::json;
use std::sync::Arc;
use testkit::engines::both_migrated;
use testkit::world::{PASSWORD, World};

fn stored_hash(kernel: &Kernel, login: &str) -> (String, bool) {
    let rows = kernel
        .database()
        .query(
            sql("select c.sec_hash, c.must_change from person p join credential c on c.tenant = p.tenant and c.id = p.id where p.tenant = $1 and p.login = $2"),
            &["main".into(), login.into()],
        )
        .unwrap();
    (rows[0].text("sec_hash").unwrap().to_owned(), rows[0].bool("must_change").unwrap())
}

fn actions_on_credentials(kernel: &Kernel) -> Vec<String> {
    let rows = kernel
        .database()
        .query(sql("select action from event where tenant = $1 and subject_table = 'credential' order by tx, ord"), &["main".into()])
        .unwrap();
    rows.iter().map(|row| row.text("action").unwrap().to_owned()).collect()
}

/// A second server on the same data, with stronger hashing.
fn stronger(world: &World, files: &tempfile::TempDir) -> Kernel {
    Kernel::new(Setup {
        database: world.kernel.database().clone(),
        clock: Arc::new(SystemClock),
        ids: Arc::new(SeededIds::new(2)) as Arc<dyn IdSource>,
        files: blob::BlobStore::open(files.path()).unwrap().into(),
        modules: Vec::<Module>::new(),
        hashing: Hashing { memory_kib: 64, iterations: 2 },
        chains: 1,
    })
    .unwrap()
}

#[test]
fn frs_ses_005_a_weak_hash_is_renewed_at_the_next_sign_in_and_only_then() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), Vec::new());
        let (weak, must_change) = stored_hash(&world.kernel, "admin");
        let files = tempfile::tempdir().unwrap();
        let kernel = stronger(&world, &files);
        assert!(session::sign_in(&kernel, MAIN_TENANT, "admin", "wrong password here").is_err());
        assert_eq!(stored_hash(&kernel, "admin").0, weak);
        session::sign_in(&kernel, MAIN_TENANT, "admin", PASSWORD).unwrap();
        let (strong, still) = stored_hash(&kernel, "admin");
        assert!(strong.contains("m=64,t=2"), "{strong}");
        assert_eq!(still, must_change, "the renewal says nothing about who chose the password");
        assert_eq!(actions_on_credentials(&kernel), ["password.set", "password.rehashed"]);
        session::sign_in(&kernel, MAIN_TENANT, "admin", PASSWORD).unwrap();
        assert_eq!(stored_hash(&kernel, "admin").0, strong);
        assert!(verify::verify(kernel.database(), MAIN_TENANT, &mut |_, _, _| {}).unwrap().is_sound());
    });
}

#[test]
fn frs_ses_006_a_password_is_the_same_on_every_keyboard() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), Vec::new());
        // Composed letters, a ligature and a full-width letter, as one system types them.
        let composed = "Gr\u{fc}\u{df}e o\u{fb03}ziell \u{ff21}";
        // The same as another system types them.
        let decomposed = "Gru\u{308}\u{df}e offiziell A";
        world
            .run(&world.admin, "person.create", json!({"login": "uwe", "name": "Uwe Tester", "password": composed, "identity_verified": "badge seen"}))
            .unwrap();
        session::sign_in(&world.kernel, MAIN_TENANT, "uwe", decomposed).unwrap();
        session::sign_in(&world.kernel, MAIN_TENANT, "uwe", composed).unwrap();
        assert!(session::sign_in(&world.kernel, MAIN_TENANT, "uwe", "Grusse offiziell A").is_err(), "marks and letters still count");
    });
}

#[test]
fn frs_cmd_003_a_repeated_change_of_password_is_answered_as_before_and_not_refused() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), Vec::new());
        let request = Request::new("password.change", json!({"current_password": PASSWORD, "password": "another horse battery"}), "once");
        let first = world.kernel.execute(&world.admin, &request).unwrap();
        let again = world.kernel.execute(&world.admin, &request).unwrap();
        assert!(again.repeated);
        assert_eq!((first.tx, first.result), (again.tx, again.result));
        session::sign_in(&world.kernel, MAIN_TENANT, "admin", "another horse battery").unwrap();
        let other = Request::new("password.change", request.input.clone(), "twice");
        assert!(world.kernel.execute(&world.admin, &other).is_err(), "another request needs the password of now");
    });
}
