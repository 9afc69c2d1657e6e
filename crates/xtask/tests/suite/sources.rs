//! The workspace's own files, and Rust sources as trees of tokens: a check that reads tokens never
//! mistakes a comment or a text for code.

use proc_macro2::{TokenStream, TokenTree};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The folder of the workspace.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().and_then(Path::parent).unwrap().to_owned()
}

/// Folders that hold what was built or installed, not what was written.
const MADE: [&str; 4] = ["target", "node_modules", ".git", "data"];

/// Every file below a folder of the workspace, in order; `None`: all of it.
pub fn files(under: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting = vec![root().join(under)];
    while let Some(folder) = waiting.pop() {
        for entry in std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.unwrap().path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
            if path.is_dir() {
                if !MADE.contains(&name.as_str()) {
                    waiting.push(path);
                }
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The Rust files of all crates.
pub fn rust_files() -> Vec<PathBuf> {
    files("crates").into_iter().filter(|path| path.extension().is_some_and(|end| end == "rs")).collect()
}

pub fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// `crates/kernel/src/link.rs`, as people name it.
pub fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

pub fn tokens(path: &Path) -> TokenStream {
    read(path).parse().unwrap_or_else(|error| panic!("{}: {error}", shown(path)))
}

/// Whether the file is only built for tests: in a tests folder, a test kit, or declared behind
/// `#[cfg(test)]` by the file above it.
pub fn test_files() -> BTreeSet<PathBuf> {
    let all = rust_files();
    let mut found: BTreeSet<PathBuf> = BTreeSet::new();
    for path in &all {
        let shown = shown(path);
        if ["/tests/", "/benches/", "/examples/"].iter().any(|folder| shown.contains(folder)) || shown.starts_with("crates/testkit/") || shown.starts_with("crates/xtask/") {
            found.insert(path.clone());
        }
        for module in modules_for_tests(tokens(path)) {
            let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
            let folder = path.parent().unwrap();
            let inside = if ["mod", "lib", "main"].contains(&stem) { folder.to_owned() } else { folder.join(stem) };
            let (file, below) = (inside.join(format!("{module}.rs")), inside.join(&module));
            found.extend(all.iter().filter(|other| **other == file || other.starts_with(&below)).cloned());
        }
    }
    found
}

/// The names of `#[cfg(test)] mod name;`.
fn modules_for_tests(stream: TokenStream) -> Vec<String> {
    let all: Vec<TokenTree> = stream.into_iter().collect();
    let mut found = Vec::new();
    for (index, token) in all.iter().enumerate() {
        if !is_cfg_test(token) {
            continue;
        }
        let words: Vec<String> = all.iter().skip(index + 1).take(3).map(ToString::to_string).collect();
        if let [word, name, end] = words.as_slice()
            && word == "mod"
            && end == ";"
        {
            found.push(name.clone());
        }
    }
    found
}

fn is_cfg_test(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Group(group) if group.stream().to_string().replace(' ', "") == "cfg(test)")
}

/// The tokens without what stands behind `#[cfg(test)]`.
pub fn without_tests(stream: TokenStream) -> TokenStream {
    let mut kept = Vec::new();
    let mut skipping = false;
    for token in stream {
        if is_cfg_test(&token) {
            skipping = true;
        }
        let ends = match &token {
            TokenTree::Punct(sign) => sign.as_char() == ';',
            TokenTree::Group(group) => group.delimiter() == proc_macro2::Delimiter::Brace,
            _ => false,
        };
        if !skipping {
            kept.push(token);
        } else if ends {
            skipping = false;
        }
    }
    kept.into_iter().collect()
}

/// Only what stands behind `#[cfg(test)]`.
pub fn only_tests(stream: TokenStream) -> TokenStream {
    let mut kept = Vec::new();
    let mut inside = false;
    for token in stream {
        inside |= is_cfg_test(&token);
        let ends = match &token {
            TokenTree::Punct(sign) => sign.as_char() == ';',
            TokenTree::Group(group) => group.delimiter() == proc_macro2::Delimiter::Brace,
            _ => false,
        };
        if inside {
            kept.push(token);
            inside = !ends;
        }
    }
    kept.into_iter().collect()
}

/// Every token with the tokens that stand before it in the same bracket, depth first.
pub fn walk(stream: TokenStream, see: &mut dyn FnMut(&[TokenTree], &TokenTree)) {
    let all: Vec<TokenTree> = stream.into_iter().collect();
    for (index, token) in all.iter().enumerate() {
        see(all.get(..index).unwrap_or_default(), token);
        if let TokenTree::Group(group) = token {
            walk(group.stream(), see);
        }
    }
}

/// The text of a string literal, as the compiler reads it.
pub fn text_of(token: &TokenTree) -> Option<String> {
    let TokenTree::Literal(_) = token else { return None };
    syn::parse2::<syn::LitStr>(TokenStream::from(token.clone())).ok().map(|literal| literal.value())
}

/// The names of functions: what follows `fn`.
pub fn functions(stream: TokenStream) -> Vec<String> {
    let mut found = Vec::new();
    walk(stream, &mut |before, token| {
        if let (Some(TokenTree::Ident(word)), TokenTree::Ident(name)) = (before.last(), token)
            && word == "fn"
        {
            found.push(name.to_string());
        }
    });
    found
}
