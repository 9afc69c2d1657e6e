//! The bill of materials that goes with a release, held against what Cargo itself says is built in.

use crate::sources::{read, root};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

fn written(to: &Path) -> String {
    let output = Command::new(root().join("scripts/sbom")).arg(to).env("CARGO_NET_OFFLINE", "true").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    std::fs::read_to_string(to).unwrap()
}

/// Name and version of every crate that Cargo builds into the program, by `cargo tree`.
fn built_in() -> BTreeSet<String> {
    let arguments = ["tree", "--package", "plumb", "--edges", "normal,build", "--target", "x86_64-unknown-linux-gnu", "--prefix", "none", "--format", "{p}", "--locked", "--offline"];
    let output = Command::new(env!("CARGO")).args(arguments).current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().filter_map(|line| line.split_once(" v")).map(|(name, rest)| format!("{name}@{}", rest.split(' ').next().unwrap())).collect()
}

#[test]
fn frs_guard_014_the_bill_of_materials_lists_all_that_is_built_in_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let text = written(&folder.path().join("one.json"));
    assert_eq!(text, written(&folder.path().join("two.json")), "the same input gives the same file");
    let bill: Json = serde_json::from_str(&text).unwrap();
    assert_eq!((&bill["bomFormat"], &bill["specVersion"]), (&"CycloneDX".into(), &"1.6".into()));
    let named = |one: &Json| format!("{}@{}", one["name"].as_str().unwrap(), one["version"].as_str().unwrap());
    let top = named(&bill["metadata"]["component"]);
    assert!(top.starts_with("plumb@"), "{top}");
    let components = bill["components"].as_array().unwrap();
    let listed: BTreeSet<String> = components.iter().map(named).chain([top]).collect();
    let expected = built_in();
    assert!(expected.len() > 150, "{}", expected.len());
    assert_eq!(listed.difference(&expected).collect::<Vec<_>>(), Vec::<&String>::new(), "listed and not built in");
    assert_eq!(expected.difference(&listed).collect::<Vec<_>>(), Vec::<&String>::new(), "built in and not listed");
    // Each that comes from elsewhere has the checksum that it is pinned by, and a licence.
    let lock: toml::Table = read(&root().join("Cargo.lock")).parse().unwrap();
    let pinned: BTreeMap<String, Option<String>> = lock["package"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| (format!("{}@{}", package["name"].as_str().unwrap(), package["version"].as_str().unwrap()), package.get("checksum").and_then(toml::Value::as_str).map(str::to_owned)))
        .collect();
    for component in components {
        let name = named(component);
        let sum = component["hashes"][0]["content"].as_str().map(str::to_owned);
        assert_eq!(sum, pinned[&name], "{name}");
        assert!(component["licenses"][0]["expression"].is_string(), "{name} has no licence");
        assert_eq!(component["purl"], format!("pkg:cargo/{name}"), "{name}");
    }
    // Whatever depends on something, the bill says on what.
    let known: BTreeSet<&str> = bill["dependencies"].as_array().unwrap().iter().map(|one| one["ref"].as_str().unwrap()).collect();
    assert_eq!(known.len(), listed.len());
    assert!(bill["dependencies"].as_array().unwrap().iter().flat_map(|one| one["dependsOn"].as_array().unwrap()).all(|on| known.contains(on.as_str().unwrap())));
}
