//! Every parser of the workspace, attacked with bytes that nobody would write. The walk finds them by
//! their names: a new one is listed here with its target, or fails the build.

use crate::parsers_whole as whole_files;
use crate::sources::{read, root, rust_files, shown, test_files};
use base::quantity::{DecimalMark, Quantity, Sign, Unit};
use plm::structure::import::{ImportOptions, import_file};
use plumb::backup::age;
use plm::structure::sheet::{ReadOptions, read_csv, read_xlsx};
use std::collections::BTreeSet;

/// What is done with bytes: `Some` takes them, `None` says where else that is tested.
type Target = Result<fn(&[u8]), &'static str>;

/// What comes of it is looked at, so that nothing is left out as useless.
fn see<T>(value: T) {
    std::hint::black_box(value);
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// File, function, target. What comes of the bytes does not matter, only that something does.
fn parsers() -> Vec<(&'static str, &'static str, Target)> {
    vec![
        ("crates/api/src/edge/json.rs", "parse", Ok(|bytes| see(api::edge::json::parse(bytes)))),
        ("crates/api/src/edge/query.rs", "parse", Ok(|bytes| see(api::edge::query::parse(&text(bytes))))),
        ("crates/api/src/edge/query.rs", "decode", Ok(|bytes| see(api::edge::query::decode("x", &text(bytes))))),
        ("crates/base/src/hex.rs", "decode", Ok(|bytes| see(base::hex::decode(&text(bytes), 64)))),
        ("crates/base/src/digest.rs", "from_hex", Ok(|bytes| see(base::Digest::from_hex(&text(bytes))))),
        (
            "crates/base/src/quantity.rs",
            "parse",
            Ok(|bytes| {
                for mark in [DecimalMark::Point, DecimalMark::Comma] {
                    see(Quantity::parse("x", &text(bytes), mark, Sign::Positive));
                }
                see(Unit::parse("x", &text(bytes)));
            }),
        ),
        (
            "crates/base/src/time.rs",
            "parse",
            Ok(|bytes| {
                see(base::Timestamp::parse(&text(bytes)));
            }),
        ),
        ("crates/base/src/time.rs", "parse_date", Ok(|bytes| see(base::time::parse_date("x", &text(bytes))))),
        (
            "crates/kernel/src/package/entry.rs",
            "parse",
            Ok(|bytes| {
                let catalog = crate::product::catalog();
                see(kernel::package::apply(&catalog, 1, &text(bytes)));
            }),
        ),
        ("crates/kernel/src/kind.rs", "parse", Ok(|bytes| see(kernel::kind::Phase::parse(&text(bytes))))),
        ("crates/plm/src/part/import.rs", "parse_file", Err("reads the file by import_file; frs_guard_007 sends it hostile ones")),
        ("crates/plm/src/part/store.rs", "parse", Err("compares with a list of five words")),
        ("crates/plm/src/structure/sheet.rs", "read_xlsx", Ok(|bytes| see(read_xlsx(bytes, &ReadOptions::default())))),
        ("crates/plm/src/structure/sheet.rs", "read_csv", Ok(|bytes| see(read_csv(bytes, &ReadOptions::default())))),
        (
            "crates/plm/src/structure/import.rs",
            "import_file",
            Ok(|bytes| {
                for name in ["x.csv", "x.xlsx"] {
                    see(import_file(name, bytes, &ReadOptions::default(), &ImportOptions::default()));
                }
            }),
        ),
        ("crates/plm/src/structure/import/designators.rs", "parse", Err("read by import_file, with seeds that hold designators")),
        (
            "crates/plumb/src/backup/age.rs",
            "parse",
            Ok(|bytes| {
                see(age::Recipient::parse(&text(bytes)));
                if let Ok(identity) = age::Identity::make(&base::SeededIds::new(1)) {
                    see(age::Opening::begin(bytes, &identity).map(|_| ()));
                }
                see(age::Identity::parse(&text(bytes)));
            }),
        ),
        ("crates/plumb/src/backup/archive.rs", "unpack", Ok(|bytes| see(whole_files::restored(bytes)))),
        ("crates/tlog/src/tile.rs", "parse", Err("properties in its own tests")),
        ("crates/tlog/src/checkpoint.rs", "parse", Err("properties in its own tests")),
        ("crates/tlog/src/note.rs", "parse", Err("properties in its own tests")),
        ("crates/verify/src/bundle.rs", "verify_bundle", Ok(|bytes| see(verify::verify_bundle(&text(bytes), &verify::Trust::default()).map(|report| report.standing())))),
        ("crates/verify/src/note.rs", "parse", Ok(|bytes| see(verify::Key::parse(&text(bytes))))),
        ("crates/web/src/text.rs", "decode", Err("frs_guard_001 sends it in every parameter of the pages")),
    ]
}

/// What a parser is called here.
fn is_parser(name: &str) -> bool {
    ["parse", "decode", "unpack"].contains(&name) || ["verify_bundle", "parse_", "decode_", "from_hex", "read_xlsx", "read_csv", "import_file"].iter().any(|start| name.starts_with(start))
}

/// The public functions of a file, by a look at its lines: `pub fn name(` and its like.
fn public_functions(source: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for line in source.lines() {
        let line = line.trim_start();
        if let Some((before, rest)) = line.split_once("fn ")
            && before.starts_with("pub")
        {
            found.insert(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        }
    }
    found
}

#[test]
fn frs_guard_013_no_parser_is_without_its_attack() {
    let listed: BTreeSet<(String, String)> = parsers().into_iter().map(|(file, name, _)| (file.to_owned(), name.to_owned())).collect();
    let of_tests = test_files();
    let mut found = BTreeSet::new();
    for path in rust_files().into_iter().filter(|path| !of_tests.contains(path)) {
        let file = shown(&path);
        // What only tests and chores read is nobody's to attack.
        if !file.contains("/src/") || ["crates/testkit", "crates/benches", "crates/xtask", "crates/soak"].iter().any(|room| file.starts_with(room)) {
            continue;
        }
        found.extend(public_functions(&read(&path)).into_iter().filter(|name| is_parser(name)).map(|name| (file.clone(), name)));
    }
    let missing: Vec<_> = found.difference(&listed).collect();
    assert!(missing.is_empty(), "parsers without an attack in parsers.rs: {missing:?}");
    let gone: Vec<_> = listed.difference(&found).collect();
    assert!(gone.is_empty(), "listed and not there: {gone:?}");
}

/// Sound and half-sound beginnings, which get further in than noise does.
fn seeds() -> Vec<Vec<u8>> {
    let texts = [
        r#"{"title": "A hose", "fields": {"body": "\u00e9", "list": [1, -2.5e3, null, true, {"a": []}]}}"#,
        "q=one+two&field.grade=%41%42&after=x~y",
        "parent,child,qty\nA,B,1\nA,C,2.5\n",
        "Level,Number,Name,Quantity,Unit,Reference designators\n0,A-1,Bench,1,each,\n1,P-1,\"Fit\"\"ting\",3,pcs,\"R1-R3, C1\"\n",
        "2026-11-21T13:02:11.5Z",
        "2026-02-29",
        "-12,345.678",
        "aa01ff",
        "[[field]]\nkind = \"capa\"\nname = \"x_note\"\nlabel = \"Note\"\nsort = \"line\"\n[[role]]\nname = \"x_role\"\n",
        "age-encryption.org/v1\n-> X25519 AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE\nAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI\n--- AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM\nbody",
        "example.com/log+0123abcd+AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=",
    ];
    let mut seeds: Vec<Vec<u8>> = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    seeds.push(std::fs::read(root().join("demo/lung-ventilator-rev-a.xlsx")).unwrap());
    seeds.push(whole_files::archive(&whole_files::SOUND));
    seeds.push(whole_files::bundle().into_bytes());
    seeds.push(Vec::new());
    seeds
}

/// Numbers from a seed (xorshift), so that what fails can be told and done again.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(most.max(1)).unwrap()).unwrap()
    }
}

/// What breaks things where it is put.
const SPLINTERS: [&[u8]; 14] = [
    b"\0", b"\xff\xfe", "\u{202e}".as_bytes(), "\u{feff}".as_bytes(), b"\"", b"\\u", b"%", b"%f", b"[[[[[[[[", b"<!DOCTYPE a [<!ENTITY b \"c\">]>", b"PK\x03\x04", b"9999999999999999999999", b"e-999", b"\r\n,",
];

fn broken(seed: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..=dice.below(5) {
        let at = dice.below(bytes.len() + 1);
        match dice.below(5) {
            0 if at < bytes.len() => bytes[at] ^= 1 << dice.below(8),
            1 => bytes.truncate(at),
            2 => see(bytes.splice(at..at, SPLINTERS[dice.below(SPLINTERS.len())].iter().copied()).count()),
            3 if bytes.len() < 100_000 => {
                let from = dice.below(bytes.len() + 1);
                let part = bytes[from.min(at)..from.max(at)].to_vec();
                bytes.splice(at..at, part);
            }
            _ => {
                let until = (at + dice.below(9)).min(bytes.len());
                bytes.drain(at..until);
            }
        }
    }
    bytes
}

/// Rounds over each seed and parser; a long run takes `PLUMB_ROUNDS`.
fn rounds() -> usize {
    std::env::var("PLUMB_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(40)
}

#[test]
fn frs_guard_013_no_bytes_break_a_parser() {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let seeds = seeds();
    for (file, name, target) in parsers() {
        let Ok(target) = target else { continue };
        for round in 0..rounds() {
            for (number, seed) in seeds.iter().enumerate() {
                let bytes = if round == 0 { seed.clone() } else { broken(seed, &mut dice) };
                let began = std::time::Instant::now();
                let ended = std::panic::catch_unwind(|| target(&bytes));
                let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).into_owned();
                assert!(ended.is_ok(), "{file} {name}, seed {number}, round {round}: {shown:?}");
                assert!(began.elapsed().as_secs() < 20, "{file} {name}, seed {number}, round {round} took {:?}: {shown:?}", began.elapsed());
            }
        }
    }
}

#[test]
fn frs_guard_014_everything_built_in_is_pinned_and_from_one_registry() {
    let lock: toml::Table = read(&root().join("Cargo.lock")).parse().unwrap();
    let own: BTreeSet<String> = std::fs::read_dir(root().join("crates")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    let mut count = 0;
    for package in lock["package"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        if own.contains(name) {
            continue;
        }
        count += 1;
        assert_eq!(package.get("source").and_then(toml::Value::as_str), Some("registry+https://github.com/rust-lang/crates.io-index"), "{name}");
        assert!(package.get("checksum").and_then(toml::Value::as_str).is_some_and(|sum| sum.len() == 64), "{name} has no checksum");
        assert!(!["fancy-regex", "pcre2", "onig", "regress"].contains(&name), "{name} matches by backtracking");
    }
    assert!(count > 100, "{count}");
}
