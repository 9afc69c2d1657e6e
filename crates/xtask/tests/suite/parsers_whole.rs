//! Whole files that somebody hands over: the archive inside of a backup, the bundle of a record. Each
//! sound one is bent at every place, and given what nobody would write.

use base::{IdSource as _, SystemIds};
use kernel::evidence;
use plumb::backup::age::{Identity, Sealing};
use plumb::backup::rehearse;
use serde_json::{Value as Json, json};
use std::fs;
use std::io::Write as _;
use std::sync::OnceLock;
use testkit::world::{World, signer};

/// Bytes of a block of an archive, and where in it the size, the sort and the sum of a header stand.
const BLOCK: usize = 512;
const SIZE: usize = 124;
const SORT: usize = 156;
const SUM: usize = 148;
const MAGIC: usize = 257;

/// One entry of an archive: name, sort, what its header says of its size, content.
pub type Entry = (&'static str, u8, Option<u64>, &'static str);

/// As a backup begins, and as one ends that holds nothing.
pub const SOUND: [Entry; 3] = [
    ("tables/record.ndjson", b'0', None, "{\"tenant\":\"main\",\"id\":\"x\"}\n"),
    ("files/2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824", b'0', None, "hello"),
    ("manifest.json", b'0', None, "{\"format\": 1, \"tables\": {\"record\": 1}}"),
];

/// An archive (ustar) of these entries.
pub fn archive(entries: &[Entry]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, sort, size, content) in entries {
        let mut head = [0; BLOCK];
        head[..name.len().min(100)].copy_from_slice(&name.as_bytes()[..name.len().min(100)]);
        let size = format!("{:011o}", size.unwrap_or(content.len() as u64));
        head[100..107].copy_from_slice(b"0000600");
        head[SIZE..SIZE + 11].copy_from_slice(&size.as_bytes()[size.len() - 11..]);
        head[SORT] = *sort;
        // Where a link would lead.
        head[157..157 + 11].copy_from_slice(b"/etc/passwd");
        head[MAGIC..MAGIC + 8].copy_from_slice(b"ustar\x0000");
        bytes.extend(head);
        bytes.extend(content.bytes());
        bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
    }
    bytes.resize(bytes.len() + 2 * BLOCK, 0);
    mend(&mut bytes);
    bytes
}

/// Makes the sums of all headers right, or whatever is bent in one would only fail its sum.
fn mend(bytes: &mut [u8]) {
    for block in bytes.chunks_exact_mut(BLOCK).filter(|block| block[MAGIC..].starts_with(b"ustar")) {
        block[SUM..SUM + 8].fill(b' ');
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        block[SUM..SUM + 8].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    }
}

/// Restores what somebody has sealed as a backup; why it cannot be. Nothing is left of it, and nothing
/// lies outside.
pub fn restored(bytes: &[u8]) -> String {
    let mut bytes = bytes.to_vec();
    mend(&mut bytes);
    let folder = tempfile::tempdir().unwrap();
    let ids = SystemIds::default();
    let key = Identity::make(&ids).unwrap();
    fs::write(folder.path().join("key"), key.text().unwrap()).unwrap();
    let mut sealing = Sealing::begin(Vec::new(), &key.recipient(), &ids).unwrap();
    sealing.write_all(&bytes).unwrap();
    fs::write(folder.path().join("backup"), sealing.finish().unwrap()).unwrap();
    let drill = rehearse(&folder.path().join("backup"), &folder.path().join("key"), &folder.path().join("data")).unwrap();
    let mut left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    left.sort();
    assert_eq!(left, ["backup", "data", "key"]);
    assert_eq!(fs::read_dir(folder.path().join("data")).unwrap().count(), 1, "where drills are made");
    assert_eq!(fs::read_dir(folder.path().join("data/drill")).unwrap().count(), 0);
    drill.outcome.map(|_| String::new()).unwrap_err()
}

#[test]
fn frs_guard_013_an_archive_that_would_lay_down_anything_else_than_a_backup_is_refused() {
    let outside = format!("/tmp/plumb-outside-{}", SystemIds::default().next_id(base::Timestamp(0)));
    let far: &'static str = Box::leak(format!("../../../../../../../..{outside}").into_boxed_str());
    let near: &'static str = Box::leak(outside.clone().into_boxed_str());
    let long: &'static str = Box::leak("a/".repeat(60).into_boxed_str());
    let refused: Vec<(Entry, &str)> = vec![
        ((far, b'0', None, "x"), "A backup holds no"),
        ((near, b'0', None, "x"), "A backup holds no"),
        (("tables/../../key", b'0', None, "x"), "A backup holds no"),
        (("./manifest.json", b'0', None, "x"), "A backup holds no"),
        (("tables/x/y.ndjson", b'0', None, "x"), "A backup holds no"),
        (("tables/UPPER.ndjson", b'0', None, "x"), "A backup holds no"),
        (("files/short", b'0', None, "x"), "A backup holds no"),
        (("plumb.sqlite", b'0', None, "x"), "A backup holds no"),
        ((long, b'0', None, "x"), "A backup holds no"),
        // Links, devices, folders, pipes, and the entries that tell of others.
        (("manifest.json", b'1', None, ""), "A backup holds no"),
        (("tables/record.ndjson", b'2', None, ""), "A backup holds no"),
        (("manifest.json", b'3', None, ""), "A backup holds no"),
        (("manifest.json", b'4', None, ""), "A backup holds no"),
        (("tables/record.ndjson", b'5', None, ""), "A backup holds no"),
        (("manifest.json", b'6', None, ""), "A backup holds no"),
        (("x", b'L', None, "/etc/plumb-outside\0"), "cannot be read"),
        (("x", b'x', None, "30 path=/etc/plumb-outside-two\n"), "cannot be read"),
        (("manifest.json", b'S', None, "x"), "cannot be read"),
        // More than there is.
        (("manifest.json", b'0', Some(0o77_777_777_777), "x"), "cannot be"),
    ];
    for (entry, why) in &refused {
        let said = restored(&archive(std::slice::from_ref(entry)));
        assert!(said.contains(why) || said.contains("A backup holds no"), "{entry:?}: {said}");
        // Also behind what is sound.
        restored(&archive(&[SOUND[0], *entry]));
        assert!(!std::path::Path::new(&outside).exists() && !std::path::Path::new("/etc/plumb-outside").exists(), "{entry:?}");
    }
    assert!(restored(&archive(&SOUND)).contains("manifest"), "{}", restored(&archive(&SOUND)));
}

/// The bundle of a small record, taken up by a checkpoint.
pub fn bundle() -> String {
    static MADE: OnceLock<String> = OnceLock::new();
    let make = || {
        let test = testkit::engines::sqlite_migrated(kernel::MIGRATIONS);
        let world = World::new(test.database.clone(), Vec::new());
        let id = world.create_with(&world.admin, json!({"kind": "department", "number": "ASM", "title": "Assembly"})).unwrap();
        world.edit(&world.admin, &id, json!({})).ok();
        evidence::checkpoint(&world.kernel, kernel::MAIN_TENANT, &signer()).unwrap();
        let (record, catalog) = (world.record(&id), world.kernel.catalog().unwrap());
        world.kernel.database().read(|tx| evidence::bundle(tx, &catalog, &record, 1_000)).unwrap().text()
    };
    MADE.get_or_init(make).clone()
}

/// The places of all values of a document.
fn places(value: &Json, here: &str, found: &mut Vec<String>) {
    found.push(here.to_owned());
    match value {
        Json::Object(members) => members.iter().for_each(|(name, value)| places(value, &format!("{here}/{name}"), found)),
        Json::Array(items) => items.iter().enumerate().for_each(|(index, value)| places(value, &format!("{here}/{index}"), found)),
        _ => {}
    }
}

#[test]
fn frs_guard_013_no_value_of_a_bundle_breaks_its_check_or_passes_it() {
    let sound: Json = serde_json::from_str(&bundle()).unwrap();
    let report = verify::verify_bundle(&sound.to_string(), &verify::Trust::default()).unwrap();
    assert!(report.is_sound() && report.proved > 0, "{:?}", report.problems);
    let mut all = Vec::new();
    places(&sound, "", &mut all);
    let wrong = [
        json!(u64::MAX), json!(i64::MAX), json!(i64::MIN), json!(-1), json!(1.5e300), json!(null), json!(true), json!(""), json!("é\u{202e}\u{0}"), json!("f".repeat(100_000)), json!([]), json!(["00"]),
        json!({"a": {}}), json!(vec!["0".repeat(64); 300]),
    ];
    let mut tried = 0;
    for place in &all {
        for value in &wrong {
            let mut bent = sound.clone();
            let target = bent.pointer_mut(place).unwrap();
            // The format tells yes from no by 1 and 0.
            if target == value || (*value == json!(true) && *target == json!(1)) {
                continue;
            }
            *target = value.clone();
            let text = bent.to_string();
            let ended = std::panic::catch_unwind(|| verify::verify_bundle(&text, &verify::Trust::default()).map(|report| (report.standing(), report.is_sound(), report.proved)));
            let shown = value.to_string();
            let ended = ended.unwrap_or_else(|_| panic!("{place} as {} breaks the check", shown.get(..80).unwrap_or(&shown)));
            // Without its checkpoint or its key a bundle proves less, which it says; that is no fault.
            let proves_less = ["/checkpoint", "/key"].contains(&place.as_str()) && value.is_null();
            assert!(proves_less || !ended.is_ok_and(|(_, is_sound, _)| is_sound), "{place} as {} passes", shown.get(..80).unwrap_or(&shown));
            tried += 1;
        }
    }
    assert!(tried > 1_000, "{tried}");
}

