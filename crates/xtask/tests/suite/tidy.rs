//! What a reader may rely on in every file.

use crate::sources::{files, read, root, rust_files, shown, test_files, tokens, walk, without_tests};
use proc_macro2::TokenTree;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Lines of one Rust file.
const LINES: usize = 500;

/// What each room may use of the workspace. Arrows point down only, and siblings do not know one
/// another (`docs/ARCHITECTURE.md`).
const ROOMS: [(&str, &[&str]); 18] = [
    ("base", &[]),
    ("db", &["base"]),
    ("bucket", &["base"]),
    ("blob", &["base", "bucket"]),
    ("print", &["base"]),
    ("tlog", &["base"]),
    ("verify", &["base", "db"]),
    ("kernel", &["base", "db", "blob", "tlog"]),
    ("plm", &["base", "db", "blob", "print", "kernel"]),
    ("qms", &["base", "db", "blob", "print", "kernel"]),
    ("lms", &["base", "db", "blob", "print", "kernel"]),
    ("api", &["base", "db", "blob", "print", "tlog", "kernel", "plm", "qms", "lms"]),
    ("web", &["base", "db", "blob", "print", "tlog", "kernel", "plm", "qms", "lms", "api"]),
    ("plumb", &["base", "db", "blob", "bucket", "print", "tlog", "verify", "kernel", "plm", "qms", "lms", "api", "web"]),
    ("testkit", &["base", "db", "blob", "bucket", "tlog", "kernel"]),
    ("xtask", &[]),
    ("soak", &["base", "db", "testkit"]),
    ("benches", &["base", "db", "blob", "print", "verify", "kernel", "plm", "qms", "lms", "api", "web", "plumb", "testkit"]),
];

/// What tests of a room may use besides. Siblings stay strangers in tests as well: they meet where
/// the product is put together.
const IN_TESTS: [(&str, &[&str]); 13] = [
    ("db", &["testkit"]),
    ("kernel", &["testkit", "verify"]),
    ("verify", &["testkit", "kernel", "tlog", "blob"]),
    ("plm", &["testkit", "verify"]),
    ("qms", &["testkit", "verify"]),
    ("lms", &["testkit", "verify"]),
    ("api", &["testkit", "verify"]),
    ("web", &["testkit", "verify", "plumb"]),
    ("plumb", &["testkit", "soak"]),
    ("base", &[]),
    ("blob", &[]),
    ("bucket", &["testkit"]),
    ("xtask", &["base", "db", "blob", "print", "verify", "kernel", "plm", "qms", "lms", "api", "web", "plumb", "testkit"]),
];

/// Libraries that only certain rooms may name.
const RESERVED: [(&str, &[&str]); 8] = [
    ("object_store", &["bucket"]),
    ("rusqlite", &["db"]),
    ("tokio-postgres", &["db"]),
    ("deadpool-postgres", &["db"]),
    ("axum", &["api", "web", "plumb", "benches"]),
    ("tower-http", &["api", "web", "plumb"]),
    ("argon2", &["kernel"]),
    ("clap", &["plumb", "verify"]),
];

fn crates() -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(root().join("crates"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| root().join("crates").join(name).join("Cargo.toml").exists())
        .collect();
    names.sort();
    names
}

fn dependencies(name: &str, section: &str) -> BTreeSet<String> {
    let manifest: toml::Table = read(&root().join("crates").join(name).join("Cargo.toml")).parse().unwrap();
    manifest.get(section).and_then(toml::Value::as_table).map(|table| table.keys().cloned().collect()).unwrap_or_default()
}

#[test]
fn dependencies_point_down_only_and_siblings_do_not_know_one_another() {
    let rooms: BTreeMap<_, _> = ROOMS.into_iter().collect();
    let in_tests: BTreeMap<_, _> = IN_TESTS.into_iter().collect();
    let all = crates();
    let mut wrong = Vec::new();
    for name in &all {
        let Some(allowed) = rooms.get(name.as_str()) else {
            wrong.push(format!("crates/{name} is no room of the house; say in ROOMS what it may use"));
            continue;
        };
        let further = in_tests.get(name.as_str()).copied().unwrap_or_default();
        for (section, allowed) in [("dependencies", allowed.to_vec()), ("dev-dependencies", [*allowed, further].concat())] {
            for used in dependencies(name, section).into_iter().filter(|used| all.contains(used)) {
                if !allowed.contains(&used.as_str()) {
                    wrong.push(format!("crates/{name} may not use {used} ({section})"));
                }
            }
        }
        for (library, rooms) in RESERVED {
            if dependencies(name, "dependencies").contains(library) && !rooms.contains(&name.as_str()) {
                wrong.push(format!("crates/{name} may not name {library}, only {} may", rooms.join(", ")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rust_file_says_what_it_is_for_and_is_short() {
    let mut wrong = Vec::new();
    for path in rust_files() {
        let text = read(&path);
        let count = text.lines().count();
        if count > LINES {
            wrong.push(format!("{} has {count} lines, at most {LINES} are allowed", shown(&path)));
        }
        if !text.starts_with("//!") {
            wrong.push(format!("{} does not begin by saying what it is for (//!)", shown(&path)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn there_is_no_unsafe_code_and_no_panic_on_a_path_that_users_reach() {
    let tests = test_files();
    let mut wrong = Vec::new();
    for path in rust_files() {
        let in_tests = tests.contains(&path);
        let stream = if in_tests { tokens(&path) } else { without_tests(tokens(&path)) };
        // An expectation with its reason, which the linter holds to be needed.
        let mut reasoned = read(&path).matches("#[expect(clippy::expect_used, reason =").count();
        walk(stream, &mut |before, token| {
            let TokenTree::Ident(word) = token else { return };
            let called = || matches!(before.last(), Some(TokenTree::Punct(sign)) if sign.as_char() == '.');
            let said = word.to_string();
            let line = word.span().start().line;
            if said == "unsafe" {
                wrong.push(format!("{}:{line}: unsafe code", shown(&path)));
            }
            if !in_tests && said == "expect" && called() && reasoned > 0 {
                reasoned -= 1;
            } else if !in_tests && ["unwrap", "expect", "unwrap_err", "expect_err"].contains(&said.as_str()) && called() {
                wrong.push(format!("{}:{line}: {said} outside of tests", shown(&path)));
            }
        });
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Words put together here, so that this file does not hold them itself.
fn forbidden() -> Vec<(String, &'static str)> {
    [
        (["TO", "DO"].concat(), "finish it or say it in an issue"),
        (["FIX", "ME"].concat(), "finish it or say it in an issue"),
        (["to", "do!("].concat(), "finish it"),
        (["unim", "plemented!("].concat(), "finish it"),
        (["#[ig", "nore"].concat(), "a test runs or is not there"),
        (["/wo", "rk/"].concat(), "a path of one machine"),
        (["/ro", "ot/"].concat(), "a path of one machine"),
        (["/ho", "me/"].concat(), "a path of one machine"),
        (["index.cra", "tes.io"].concat(), "a registry's host"),
        (["static.cra", "tes.io"].concat(), "a registry's host"),
        (["registry.npm", "js.org"].concat(), "a registry's host"),
        (["arti", "factory"].concat(), "a registry's host"),
        (["anth", "ropic"].concat(), "a tool the product does not contain"),
        (["Cla", "ude"].concat(), "a tool the product does not contain"),
        (["Chat", "GPT"].concat(), "a tool the product does not contain"),
    ]
    .into()
}

/// Endings of files that people write.
const WRITTEN: [&str; 12] = ["rs", "toml", "md", "sql", "mjs", "js", "css", "html", "sh", "json", "lock", "txt"];

#[test]
fn nothing_is_left_unfinished_and_no_machine_or_registry_is_named() {
    let mut wrong = Vec::new();
    for path in files(".") {
        let end = path.extension().and_then(|end| end.to_str()).unwrap_or_default();
        if !(WRITTEN.contains(&end) || is_script(&path)) {
            continue;
        }
        let text = read(&path);
        for (number, line) in text.lines().enumerate() {
            for (word, why) in forbidden().iter().filter(|(word, _)| line.contains(word.as_str())) {
                wrong.push(format!("{}:{}: “{word}”: {why}", shown(&path), number + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn is_script(path: &Path) -> bool {
    path.extension().is_none() && std::fs::read(path).is_ok_and(|bytes| bytes.starts_with(b"#!") || path.ends_with("Makefile"))
}

#[test]
fn an_unfinished_word_in_a_text_would_be_found() {
    let words = forbidden();
    let line = format!("// {}: later", ["TO", "DO"].concat());
    assert!(words.iter().any(|(word, _)| line.contains(word.as_str())));
    assert!(!words.iter().any(|(word, _)| "let total = method();".contains(word.as_str())));
}
