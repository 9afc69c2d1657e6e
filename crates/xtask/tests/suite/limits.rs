//! The limits of the product (`crates/base/src/limits.rs`): each limits something, and each is named by
//! a test.

use crate::sources::{files, only_tests, read, root, rust_files, shown, test_files, tokens, walk, without_tests};
use proc_macro2::{TokenStream, TokenTree};
use std::collections::BTreeSet;

/// Where they stand.
const LIMITS: &str = "crates/base/src/limits.rs";

/// The names behind `pub const`.
fn constants(stream: TokenStream) -> Vec<String> {
    let mut found = Vec::new();
    walk(stream, &mut |before, token| {
        if let ([.., TokenTree::Ident(public), TokenTree::Ident(word)], TokenTree::Ident(name)) = (before, token)
            && public == "pub"
            && word == "const"
        {
            found.push(name.to_string());
        }
    });
    found
}

/// Every name in a piece of code; comments and texts hold none.
fn names(stream: TokenStream, into: &mut BTreeSet<String>) {
    walk(stream, &mut |_, token| {
        if let TokenTree::Ident(name) = token {
            into.insert(name.to_string());
        }
    });
}

/// The names that the product uses outside of its tests, and those that tests use. Figures
/// (`crates/benches`) are neither.
fn used() -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut by_product, mut by_tests) = (BTreeSet::new(), BTreeSet::new());
    let of_tests = test_files();
    for path in rust_files() {
        let shown = shown(&path);
        if shown == LIMITS || shown.starts_with("crates/benches/") {
            continue;
        }
        if of_tests.contains(&path) || shown.starts_with("crates/soak/") {
            names(tokens(&path), &mut by_tests);
        } else {
            names(without_tests(tokens(&path)), &mut by_product);
            names(only_tests(tokens(&path)), &mut by_tests);
        }
    }
    for path in files("browser").into_iter().filter(|path| path.extension().is_some_and(|end| end == "mjs")) {
        by_tests.extend(read(&path).split(|c: char| !(c.is_alphanumeric() || c == '_')).map(str::to_owned));
    }
    (by_product, by_tests)
}

/// What is wrong with the limits: one that nothing asks for, one that no test names.
fn faults(limits: &[String], by_product: &BTreeSet<String>, by_tests: &BTreeSet<String>) -> Vec<String> {
    let mut wrong = Vec::new();
    for name in limits {
        if !by_product.contains(name) {
            wrong.push(format!("{name} ({LIMITS}) limits nothing: no code of the product names it; take it away"));
        }
        if !by_tests.contains(name) {
            wrong.push(format!("{name} ({LIMITS}) is named by no test: show what is true at the limit and one past it"));
        }
    }
    wrong
}

#[test]
fn every_limit_limits_something_and_is_named_by_a_test() {
    let limits = constants(tokens(&root().join(LIMITS)));
    assert!(limits.len() > 100, "only {} limits were found", limits.len());
    let (by_product, by_tests) = used();
    let wrong = faults(&limits, &by_product, &by_tests);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_limit_without_a_test_is_a_fault() {
    let limits = constants("/// A.\npub const A_ROWS: usize = 1;\npub const B_ROWS: usize = 2; const C: u8 = 3;".parse().unwrap());
    assert_eq!(limits, ["A_ROWS", "B_ROWS"]);
    // Neither a comment nor a text names anything, and tests beside the code are tests.
    let code: TokenStream = "fn f() -> usize { A_ROWS } #[cfg(test)] mod tests { /* B_ROWS */ fn t() { g(\"B_ROWS\", A_ROWS); } } fn h() { B_ROWS }".parse().unwrap();
    let (mut by_product, mut by_tests) = (BTreeSet::new(), BTreeSet::new());
    names(without_tests(code.clone()), &mut by_product);
    names(only_tests(code), &mut by_tests);
    let wrong = faults(&limits, &by_product, &by_tests);
    assert_eq!(wrong.len(), 1, "{wrong:?}");
    assert!(wrong[0].starts_with("B_ROWS ") && wrong[0].contains("named by no test"), "{wrong:?}");
    assert_eq!(faults(&limits, &BTreeSet::new(), &by_tests).len(), 3);
}
