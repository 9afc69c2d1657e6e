//! The log of transactions: checkpoints and proofs, on both engines, with one chain and with several.

use base::Digest;
use db::{Database, sql};
use kernel::MAIN_TENANT;
use kernel::evidence::{self, Fit, Published};
use kernel::jobs;
use serde_json::json;
use testkit::engines::both_migrated;
use testkit::world::{World, signer};
use tlog::checkpoint::Checkpoint;
use tlog::note::NoteSigner;
use tlog::proof::{proves_consistency, proves_inclusion};
use tlog::tree;

fn department(world: &World, number: &str) -> String {
    world.create_with(&world.admin, json!({"kind": "department", "number": number, "title": "Assembly"})).unwrap()
}

fn transactions(database: &Database) -> Vec<(String, Digest)> {
    let rows = database.query(sql("select tx, hash from audit_tx where tenant = $1 order by chain, seq"), &[MAIN_TENANT.into()]).unwrap();
    rows.iter().map(|row| (row.text("tx").unwrap().to_owned(), Digest::from_bytes(row.bytes("hash").unwrap()).unwrap())).collect()
}

fn seal(world: &World) -> Option<Published> {
    evidence::checkpoint(&world.kernel, MAIN_TENANT, &signer()).unwrap()
}

#[test]
fn frs_evd_010_no_transaction_is_left_out_of_the_next_checkpoint_and_none_is_taken_up_twice() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), Vec::new());
        let first = seal(&world).unwrap();
        let before = transactions(&test.database);
        assert_eq!(first.size, before.len() as u64);
        let leaves: Vec<_> = before.iter().map(|(_, hash)| tree::leaf(&hash.0)).collect();
        assert_eq!(first.head, tree::root(&leaves));
        // The note says the same, and the public key opens it.
        let said = Checkpoint::parse(signer().verifier().open(&first.note).unwrap()).unwrap();
        assert_eq!((said.size, said.head, said.origin.as_str()), (first.size, first.head, signer().verifier().name()));
        assert_eq!(seal(&world), None, "nothing was committed since");

        department(&world, "ASM");
        let second = seal(&world).unwrap();
        assert_eq!(second.size, transactions(&test.database).len() as u64);
        let (old, new) = (first.size, second.size);
        let path = test.database.read(move |tx| evidence::prove_consistency(tx, MAIN_TENANT, old, new)).unwrap();
        assert!(proves_consistency(old, new, &path, &first.head, &second.head));
    });
}

#[test]
fn frs_evd_010_several_chains_make_one_log_that_only_grows() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::with_chains(test.database.clone(), Vec::new(), 4);
        let mut before = seal(&world).unwrap();
        for turn in 0..30 {
            for part in 0..10 {
                department(&world, &format!("D{turn}-{part}"));
            }
            let next = seal(&world).unwrap();
            assert_eq!(next.size, before.size + 10);
            let (old, new) = (before.size, next.size);
            let path = test.database.read(move |tx| evidence::prove_consistency(tx, MAIN_TENANT, old, new)).unwrap();
            assert!(proves_consistency(old, new, &path, &before.head, &next.head), "{old} to {new}");
            before = next;
        }
        let chains = test.database.query(sql("select distinct chain from audit_tx where tenant = $1"), &[MAIN_TENANT.into()]).unwrap();
        assert_eq!(chains.len(), 4);
        for (tx, hash) in transactions(&test.database) {
            let proof = test.database.read(|read| evidence::prove_transaction(read, MAIN_TENANT, &tx)).unwrap();
            assert_eq!(proof.entry, hash);
            assert!(proves_inclusion(&tree::leaf(&hash.0), proof.place, proof.checkpoint.size, &proof.path, &before.head), "{tx}");
        }
    });
}

#[test]
fn frs_evd_011_a_key_that_is_not_the_logs_is_refused() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), Vec::new());
        let first = seal(&world).unwrap();
        department(&world, "ASM");
        let stranger = NoteSigner::of_log(MAIN_TENANT, &[6; 32]).unwrap();
        let refused = evidence::checkpoint(&world.kernel, MAIN_TENANT, &stranger).unwrap_err();
        assert_eq!(refused.refusal().unwrap().code, "other_log_key");
        let latest = test.database.read(|tx| evidence::latest(tx, MAIN_TENANT)).unwrap();
        assert_eq!(latest, Some(first));
        let known = test.database.read(|tx| evidence::verifiers(tx, MAIN_TENANT)).unwrap();
        assert_eq!(known, [signer().verifier()]);
    });
}

#[test]
fn frs_evd_012_an_event_is_proved_by_a_path_to_a_signed_checkpoint_and_refused_before_there_is_one() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), Vec::new());
        let id = department(&world, "ASM");
        let row = test
            .database
            .query_one(sql("select tx, ord from event where tenant = $1 and subject = $2 and subject_table = 'record'"), &[MAIN_TENANT.into(), id.as_str().into()])
            .unwrap();
        let (tx, ord) = (row.text("tx").unwrap().to_owned(), row.int("ord").unwrap() as u64);
        let early = test.database.read(|read| evidence::prove_event(read, MAIN_TENANT, &tx, ord)).unwrap_err();
        assert_eq!(early.refusal().unwrap().code, "not_in_checkpoint");
        seal(&world).unwrap();
        let proof = test.database.read(|read| evidence::prove_event(read, MAIN_TENANT, &tx, ord)).unwrap();
        let sealed = test.database.query_one(sql("select root, hash from audit_tx where tenant = $1 and tx = $2"), &[MAIN_TENANT.into(), tx.as_str().into()]).unwrap();
        let root = Digest::from_bytes(sealed.bytes("root").unwrap()).unwrap();
        assert!(proves_inclusion(&proof.leaf, ord, proof.events, &proof.path, &root));
        assert!(!proves_inclusion(&tree::leaf(b"changed"), ord, proof.events, &proof.path, &root));
        let log = &proof.log;
        let said = Checkpoint::parse(signer().verifier().open(&log.checkpoint.note).unwrap()).unwrap();
        assert!(proves_inclusion(&tree::leaf(&log.entry.0), log.place, said.size, &log.path, &said.head));
        let nothing = test.database.read(|read| evidence::prove_event(read, MAIN_TENANT, &tx, 99)).unwrap_err();
        assert!(nothing.refusal().is_some());
    });
}

#[test]
fn frs_evd_010_nodes_that_sign_at_once_make_one_log() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::with_chains(test.database.clone(), Vec::new(), 2);
        for part in 0..20 {
            department(&world, &format!("D{part}"));
        }
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| evidence::checkpoint(&world.kernel, MAIN_TENANT, &signer()).unwrap());
            }
        });
        let latest = test.database.read(|tx| evidence::latest(tx, MAIN_TENANT)).unwrap().unwrap();
        assert_eq!(latest.size, transactions(&test.database).len() as u64);
        assert_eq!(seal(&world), None);
        // A lease keeps them from trying at all, most of the time.
        assert!(jobs::take_lease(&world.kernel, MAIN_TENANT, "evidence", "a").unwrap().is_some());
        assert!(jobs::take_lease(&world.kernel, MAIN_TENANT, "evidence", "b").unwrap().is_none());
    });
}

#[test]
fn frs_evd_060_nothing_is_written_on_data_that_does_not_fit_a_kept_checkpoint_until_somebody_signed_why() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), Vec::new());
        let (quality, clerk) = (world.person("mona", &["quality_manager"]), world.person("olga", &["administrator"]));
        let fits = seal(&world).unwrap();
        let compare = |note: &str| test.database.read(|tx| evidence::compare(tx, MAIN_TENANT, &signer().verifier(), note)).unwrap();
        assert_eq!(compare(&fits.note), Fit::Fits);
        // What an anchor keeps of a longer history than this one.
        let longer = Checkpoint { origin: signer().verifier().name().to_owned(), size: fits.size + 5, head: Digest::of(b"later"), extensions: Vec::new() };
        let note = signer().sign(&longer.text()).unwrap();
        let Fit::Broken(broken) = compare(&note) else { panic!("it fits") };
        assert!(broken.how.contains("an old copy was put back"), "{}", broken.how);
        let other = Checkpoint { size: fits.size, head: Digest::of(b"other"), ..longer };
        assert!(matches!(compare(&signer().sign(&other.text()).unwrap()), Fit::Broken(broken) if broken.how.contains("rewritten")));

        let open = evidence::close_for(&world.kernel, MAIN_TENANT, "Folder /elsewhere", &broken).unwrap();
        assert_eq!(evidence::close_for(&world.kernel, MAIN_TENANT, "Folder /elsewhere", &broken).unwrap(), open, "one is enough");
        assert!(world.record(&open.id).field_text("found").starts_with("Folder /elsewhere: A kept checkpoint names"));
        let before = transactions(&test.database).len();
        let refused = world.run(&clerk, "record.create", json!({"kind": "department", "number": "ASM", "title": "Assembly"})).unwrap_err();
        let refusal = refused.refusal().unwrap();
        assert_eq!((refusal.code.as_str(), refusal.blockers[0].records[0].number.as_str()), ("closed_for_writing", open.number.as_str()));
        assert_eq!(transactions(&test.database).len(), before);
        // Another node finds it closed as well.
        let node = world.another_node();
        assert!(node.closed_by().is_none());
        evidence::close_where_open(&node, MAIN_TENANT).unwrap();
        assert_eq!(node.closed_by(), Some(open.clone()));
        world.sign_step(&quality, &open.id, "explain").unwrap();
        world.create_with(&clerk, json!({"kind": "department", "number": "ASM", "title": "Assembly"})).unwrap();
        assert!(world.kernel.closed_by().is_none());
        assert!(matches!(compare(&note), Fit::Explained(_)), "the next start does not ask again");
    });
}
