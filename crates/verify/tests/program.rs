//! The program itself: what it prints, and how it ends.
#![expect(clippy::unwrap_used, reason = "a helper that fails ends its test")]

use db::{Config, Database};
use kernel::{MAIN_TENANT, evidence};
use serde_json::json;
use std::path::Path;
use std::process::Command;
use testkit::world::{World, signer};

/// Runs the program in a folder; answers its exit code and what it printed.
fn run(folder: &Path, line: &str) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_plumb-verify")).args(line.split_whitespace()).current_dir(folder).env_remove("PLUMB_DATABASE_URL").output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout) + &text(output.stderr))
}

/// A data folder `d` with a company, its anchor and its key beside it, and the evidence of its site.
fn company(folder: &Path) {
    let database = Database::open(&Config::Sqlite { folder: folder.join("d") }).unwrap();
    database.migrate(kernel::MIGRATIONS).unwrap();
    let world = World::new(database.clone(), Vec::new());
    world.create_with(&world.admin, json!({"kind": "department", "number": "ASM", "title": "Assembly"})).unwrap();
    let kept = evidence::checkpoint(&world.kernel, MAIN_TENANT, &signer()).unwrap().unwrap();
    std::fs::create_dir(folder.join("anchor")).unwrap();
    std::fs::write(folder.join(format!("anchor/{:012}.checkpoint", kept.size)), kept.note).unwrap();
    std::fs::write(folder.join("key.txt"), signer().verifier().text()).unwrap();
    let (record, catalog) = (world.named("department", "ASM"), world.kernel.catalog().unwrap());
    let bundle = database.read(|tx| evidence::bundle(tx, &catalog, &record, 100)).unwrap();
    std::fs::write(folder.join("asm.evidence.json"), bundle.text()).unwrap();
    blob::BlobStore::open(&folder.join("d/files")).unwrap().put(b"certificate", 100).unwrap();
    // After the anchor: only consistent with itself.
    world.create_with(&world.admin, json!({"kind": "department", "number": "PCK", "title": "Packing"})).unwrap();
}

fn tamper(folder: &Path, statement: &'static str) {
    let database = Database::open(&Config::Sqlite { folder: folder.join("d") }).unwrap();
    assert!(database.write(move |tx| tx.execute_text(statement, &[])).unwrap() > 0);
}

#[test]
fn frs_evd_082_the_program_checks_a_folder_a_record_and_a_bundle_and_says_up_to_where() {
    let folder = tempfile::tempdir().unwrap();
    company(folder.path());
    let (code, said) = run(folder.path(), "--data d --anchor anchor --key key.txt");
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("main: sound. Proved up to transaction ") && said.contains("; 1 since then are only consistent with themselves") && said.contains("files: 1 checked"), "{said}");
    let (code, said) = run(folder.path(), "--data d --record ASM --record PCK --anchor anchor --key key.txt");
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("ASM: sound. Proved up to transaction ") && said.contains("; 0 since then") && said.contains("PCK: sound. "), "{said}");
    let (code, said) = run(folder.path(), "asm.evidence.json --key key.txt --anchor anchor");
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("department ASM") && said.contains("sound. Proved up to checkpoint "), "{said}");
}

#[test]
fn frs_evd_082_damage_is_not_passed_over_and_each_ending_has_its_code() {
    let folder = tempfile::tempdir().unwrap();
    company(folder.path());
    tamper(folder.path(), "update record set title = 'Eve' where number = 'ASM'");
    for line in ["--data d", "--data d --record ASM"] {
        let (code, said) = run(folder.path(), line);
        assert!(code == 1 && said.contains("title: is “Eve”, the trail says “Assembly”") && said.contains("1 problem found"), "{line}: {code} {said}");
    }
    assert_eq!(run(folder.path(), "--data d --record PCK").0, 0, "another record is as it was");
    let bundle = std::fs::read_to_string(folder.path().join("asm.evidence.json")).unwrap();
    std::fs::write(folder.path().join("bent.json"), bundle.replace("Assembly", "Assembly line")).unwrap();
    let (code, said) = run(folder.path(), "asm.evidence.json bent.json --key key.txt");
    assert!(code == 1 && said.contains("asm.evidence.json: sound") && said.contains("problems found"), "{said}");
    for (line, words) in [
        ("", "Name a bundle"),
        ("key.txt", "no evidence bundle"),
        ("gone.json", "gone.json cannot be read"),
        ("asm.evidence.json --key nobody", "neither a public key"),
        ("--data d --record NOBODY", "There is no record “NOBODY”"),
    ] {
        let (code, said) = run(folder.path(), line);
        assert!(code == 2 && said.contains(words), "{line}: {code} {said}");
    }
    let stored = std::fs::read_dir(folder.path().join("d/files/objects")).unwrap().next().unwrap().unwrap().path();
    let name = {
        let inner = std::fs::read_dir(&stored).unwrap().next().unwrap().unwrap().path();
        std::fs::read_dir(inner).unwrap().next().unwrap().unwrap().path()
    };
    std::fs::remove_file(&name).unwrap();
    std::fs::write(&name, b"CERTIFICATE").unwrap();
    tamper(folder.path(), "update record set title = 'Assembly' where number = 'ASM'");
    let (code, said) = run(folder.path(), "--data d");
    assert!(code == 1 && said.contains("main: sound") && said.contains("does not hold what its name says"), "{code} {said}");
}

#[test]
fn frs_guard_006_the_verifiers_help_does_not_show_how_it_reaches_the_database() {
    let output = Command::new(env!("CARGO_BIN_EXE_plumb-verify")).arg("--help").env("PLUMB_DATABASE_URL", "postgres://plumb:canary9@127.0.0.1/none").output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("PLUMB_DATABASE_URL") && !said.contains("canary9"), "{said}");
}

#[test]
fn frs_bak_006_a_file_that_a_record_names_and_the_folder_lacks_is_not_found_sound_but_named_with_row_and_record() {
    let folder = tempfile::tempdir().unwrap();
    let digest = {
        let database = Database::open(&Config::Sqlite { folder: folder.path().join("d") }).unwrap();
        database.migrate(kernel::MIGRATIONS).unwrap();
        let world = World::new(database, Vec::new());
        world.create_with(&world.admin, json!({"kind": "department", "number": "ASM", "title": "Assembly"})).unwrap();
        let department = world.named("department", "ASM");
        // Kept elsewhere: the data folder never had it.
        let digest = world.kernel.files().put(b"drawing", 100).unwrap();
        let input = json!({"record": department.id, "version": department.version, "name": "drawing.pdf", "media_type": "application/pdf", "digest": digest.hex(), "size_bytes": 7});
        world.run(&world.admin, "file.attach", input).unwrap();
        digest
    };
    let (code, said) = run(folder.path(), "--data d");
    assert!(code == 1 && said.contains("  attachment ") && said.contains("main: 1 problem found"), "{code} {said}");
    assert!(said.contains(&format!(", digest: the file “drawing.pdf” of the record ASM is missing ({})", digest.hex())), "{said}");
    blob::BlobStore::open(&folder.path().join("d/files")).unwrap().put(b"drawing", 100).unwrap();
    let (code, said) = run(folder.path(), "--data d");
    assert!(code == 0 && said.contains("main: sound") && said.contains("files: 1 checked"), "{code} {said}");
}
