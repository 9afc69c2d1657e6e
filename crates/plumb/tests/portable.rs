//! A whole company travels as plain files from one engine to the other and back, and arrives only
//! when it is whole.
#![expect(clippy::unwrap_used, reason = "a helper that fails ends its test")]

#[path = "program/run.rs"]
mod run;

use run::plumb;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use testkit::engines::postgres;

/// Something that happens to an export.
type Damage = fn(&Path);

const ADMIN: &[(&str, &str)] = &[("PLUMB_PASSWORD", "correct horse battery")];

fn manifest(export: &Path) -> Json {
    serde_json::from_str(&fs::read_to_string(export.join("manifest.json")).unwrap()).unwrap()
}

/// The rows of every table, in an order that does not depend on the engine.
fn rows(export: &Path) -> BTreeMap<String, Vec<String>> {
    let mut all = BTreeMap::new();
    for (table, _) in manifest(export)["tables"].as_object().unwrap() {
        let text = fs::read_to_string(export.join("tables").join(format!("{table}.ndjson"))).unwrap();
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        lines.sort();
        all.insert(table.clone(), lines);
    }
    all
}

/// A small company and its export, in a folder of its own.
fn exported() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    plumb(folder.path(), "init --data d --name Ada", ADMIN).with(0);
    let files = blob::BlobStore::open(&folder.path().join("d/files")).unwrap();
    files.put(b"certificate of a supplier", 100).unwrap();
    plumb(folder.path(), "export --data d out", &[]).with(0);
    folder
}

#[test]
fn frs_port_001_a_company_travels_from_sqlite_to_postgresql_and_back() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    plumb(here, "demo --no-serve --data first", &[]).with(0);
    plumb(here, "export --data first one", &[]).with(0);
    let between = postgres();
    let url = between.postgres_url().unwrap();
    let arrived = plumb(here, &format!("import --data second --database {url} one"), &[]).with(0);
    assert!(arrived.out.contains("all verified"), "{arrived:?}");
    plumb(here, &format!("verify --data second --database {url}"), &[]).with(0);
    plumb(here, &format!("export --data second --database {url} two"), &[]).with(0);
    plumb(here, "import --data third two", &[]).with(0);
    plumb(here, "verify --data third", &[]).with(0);
    plumb(here, "export --data third three", &[]).with(0);

    let (first, second, third) = (rows(&here.join("one")), rows(&here.join("two")), rows(&here.join("three")));
    assert!(first["event"].len() > 1_000, "the demo company has a history");
    for (table, lines) in &first {
        assert_eq!(lines, &second[table], "{table} on PostgreSQL");
        assert_eq!(lines, &third[table], "{table} back on SQLite");
    }
    let files = |export: &str| manifest(&here.join(export))["files"].as_array().unwrap().len();
    assert!(files("one") > 0);
    assert_eq!((files("one"), files("one")), (files("two"), files("three")));
}

#[test]
fn frs_port_002_an_import_into_data_that_holds_a_company_is_refused() {
    let folder = exported();
    plumb(folder.path(), "init --data other --name Bea --login bea", ADMIN).with(0);
    let said = plumb(folder.path(), "import --data other out", &[]).with(2).err;
    assert!(said.contains("There is a company in this database already"), "{said}");
    plumb(folder.path(), "token --data other --login bea --name still", ADMIN).with(0);
    plumb(folder.path(), "verify --data other", &[]).with(0);
}

#[test]
fn frs_port_003_an_export_into_a_folder_that_holds_something_is_refused() {
    let folder = exported();
    let before = rows(&folder.path().join("out"));
    let said = plumb(folder.path(), "export --data d out", &[]).with(2).err;
    assert!(said.contains("out holds something already"), "{said}");
    assert_eq!(rows(&folder.path().join("out")), before);
}

#[test]
fn frs_port_004_a_damaged_export_is_refused_naming_the_file_and_nothing_is_written() {
    let damages: [(&str, Damage); 5] = [
        ("manifest.json", |export| fs::write(export.join("manifest.json"), "{}").unwrap()),
        ("manifest.json", |export| fs::remove_file(export.join("manifest.json")).unwrap()),
        ("tables/event.ndjson", |export| append(&export.join("tables/event.ndjson"), "[]\n")),
        ("tables/record.ndjson", |export| fs::remove_file(export.join("tables/record.ndjson")).unwrap()),
        ("files/", |export| append(&fs::read_dir(export.join("files")).unwrap().next().unwrap().unwrap().path(), "x")),
    ];
    for (named, damage) in damages {
        let folder = exported();
        damage(&folder.path().join("out"));
        let said = plumb(folder.path(), "import --data other out", &[]).with(2).err;
        assert!(said.contains(named), "{named}: {said}");
        assert!(!holds_people(folder.path()), "{named}: nothing was written");
    }
}

#[test]
fn frs_port_005_a_line_that_does_not_fit_is_refused_naming_file_and_line() {
    for (last, why) in [("[\"main\"]", "1 values"), ("no json", "line 2"), ("{\"a\": 1}", "line 2")] {
        let folder = exported();
        let export = folder.path().join("out");
        change_table(&export, "person", |text| *text += &format!("{last}\n"));
        let said = plumb(folder.path(), "import --data other out", &[]).with(2).err;
        assert!(said.contains("tables/person.ndjson, line 2") && said.contains(why), "{last}: {said}");
        assert!(!holds_people(folder.path()), "{last}: nothing was written");
    }
}

#[test]
fn frs_port_001_006_an_export_whose_trail_was_rewritten_does_not_verify_on_arrival() {
    let folder = exported();
    change_table(&folder.path().join("out"), "person", |text| *text = text.replace("admin", "intruder"));
    let ended = plumb(folder.path(), "import --data other out", &[]).with(2);
    assert!(ended.err.contains("The copy does not verify on arrival") && ended.err.contains("--with-damage"), "{ended:?}");
    assert!(ended.err.contains("login: is “intruder”, the trail says “admin”"), "{ended:?}");
    assert!(!holds_people(folder.path()), "nothing was written");
}

#[test]
fn frs_bak_007_an_import_is_refused_where_a_row_lacks_what_it_needs_and_with_the_flag_only_that_row_is_left_out() {
    let folder = exported();
    let all = rows(&folder.path().join("out"));
    // Keys to other rows are what a database does not take at all.
    change_table(&folder.path().join("out"), "item", |text| *text = text.lines().skip(1).map(|line| format!("{line}\n")).collect());
    let said = plumb(folder.path(), "import --data other out", &[]).with(2).err;
    assert!(said.contains("a row of record is left out: item has no row with tenant, id main, "), "{said}");
    assert!(!holds_people(folder.path()), "nothing was written");
    let said = plumb(folder.path(), "import --data third out --with-damage", &[]).with(1).out;
    assert!(said.contains("with damage") && said.contains("a row of record is left out"), "{said}");
    let said = plumb(folder.path(), "verify --data third", &[]).with(1).out;
    assert!(said.contains("the row is gone; rows are never deleted"), "{said}");
    plumb(folder.path(), "export --data third again", &[]).with(0);
    let again = rows(&folder.path().join("again"));
    for (table, lines) in &all {
        let lost = lines.len() - again[table].len();
        assert_eq!(lost, usize::from(table == "item" || table == "record"), "{table}");
    }
}

#[test]
fn frs_bak_007_an_import_of_a_row_that_is_there_twice_is_refused_and_with_the_flag_only_that_row_is_left_out() {
    let folder = exported();
    let all = rows(&folder.path().join("out"));
    change_table(&folder.path().join("out"), "record_version", |text| *text += &format!("{}\n", text.lines().next().unwrap()));
    let between = postgres();
    for place in ["--data third".to_owned(), format!("--data fourth --database {}", between.postgres_url().unwrap())] {
        let said = plumb(folder.path(), &format!("import {place} out"), &[]).with(2).err;
        assert!(said.contains("record_version") && said.contains("--with-damage"), "{said}");
        let said = plumb(folder.path(), &format!("import {place} out --with-damage"), &[]).with(1).out;
        assert!(said.contains(" rows of record_version are left out: other rows have their keys") && said.contains("  1 of "), "{said}");
        plumb(folder.path(), &format!("verify {place}"), &[]).with(0);
    }
    plumb(folder.path(), "export --data third again", &[]).with(0);
    assert_eq!(rows(&folder.path().join("again")), all);
}

#[test]
fn frs_bak_005_a_folder_that_cannot_be_listed_stops_no_export_and_no_check_and_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    plumb(here, "init --data d --name Ada", ADMIN).with(0);
    blob::BlobStore::open(&here.join("d/files")).unwrap().put(b"certificate of a supplier", 100).unwrap();
    std::os::unix::fs::symlink("zz", here.join("d/files/objects/zz")).unwrap();
    let told = |said: &str| said.contains("the store of the files cannot be listed as a whole");
    let said = plumb(here, "export --data d out", &[]).with(1).out;
    assert!(told(&said) && manifest(&here.join("out"))["files"].as_array().unwrap().len() == 1, "{said}");
    let said = plumb(here, "verify --data d", &[]).with(1).out;
    assert!(told(&said) && said.contains("files: 1 checked"), "{said}");
    let said = plumb(here, "import --data other out", &[]).with(2).err;
    assert!(told(&said), "{said}");
}

#[test]
fn frs_bak_007_a_damaged_export_is_refused_and_with_the_flag_all_that_can_be_read_is_there() {
    let folder = exported();
    let export = folder.path().join("out");
    append(&export.join("tables/person.ndjson"), "no json\n");
    append(&fs::read_dir(export.join("files")).unwrap().next().unwrap().unwrap().path(), "x");
    let said = plumb(folder.path(), "import --data other out", &[]).with(2).err;
    for word in ["person.ndjson is not as the manifest says", "person.ndjson, line 2", "does not hold what its name says"] {
        assert!(said.contains(word), "{word}: {said}");
    }
    assert!(!holds_people(folder.path()), "nothing was written");
    let said = plumb(folder.path(), "import --data third out --with-damage", &[]).with(1).out;
    assert!(said.contains("0 files, with damage") && said.contains("person.ndjson, line 2"), "{said}");
    plumb(folder.path(), "verify --data third", &[]).with(0);
}

#[test]
fn frs_port_007_an_export_of_another_schema_is_refused() {
    let folder = exported();
    let path = folder.path().join("out/manifest.json");
    let mut changed = manifest(&folder.path().join("out"));
    changed["schema"] = 999.into();
    fs::write(&path, changed.to_string()).unwrap();
    let said = plumb(folder.path(), "import --data other out", &[]).with(2).err;
    assert!(said.contains("another version of Plumb"), "{said}");
}

fn append(path: &Path, text: &str) {
    let mut content = fs::read(path).unwrap();
    content.extend_from_slice(text.as_bytes());
    fs::write(path, content).unwrap();
}

/// Changes a table and its digest in the manifest, as somebody would who knows the format.
fn change_table(export: &Path, table: &str, change: impl Fn(&mut String)) {
    let path = export.join("tables").join(format!("{table}.ndjson"));
    let mut text = fs::read_to_string(&path).unwrap();
    change(&mut text);
    fs::write(&path, &text).unwrap();
    let mut manifest = manifest(export);
    manifest["tables"][table]["sha256"] = base::Digest::of(text.as_bytes()).hex().into();
    fs::write(export.join("manifest.json"), manifest.to_string()).unwrap();
}

/// Whether a refused import left a company behind.
fn holds_people(folder: &Path) -> bool {
    plumb(folder, "init --data other --name Bea --login bea", ADMIN).code != 0
}
