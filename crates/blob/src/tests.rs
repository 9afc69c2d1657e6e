//! The store against crashes, damage, limits and company.

use super::*;
use base::Timestamp;
use proptest::prelude::*;
use std::time::{Duration, UNIX_EPOCH};

const LIMIT: u64 = 1 << 20;
const DAY: i64 = 24 * 3600;

fn store() -> (tempfile::TempDir, BlobStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = BlobStore::open(&folder.path().join("files")).unwrap();
    (folder, store)
}

fn code(result: Result<impl std::fmt::Debug>) -> String {
    result.unwrap_err().refusal().unwrap().code.clone()
}

fn held(store: &BlobStore) -> Vec<Digest> {
    store.digests().map(|digest| digest.unwrap()).collect()
}

fn incoming(store: &BlobStore) -> usize {
    fs::read_dir(&store.incoming).unwrap().count()
}

/// 2026-01-01T00:00:00Z plus some seconds.
fn at(seconds: i64) -> Timestamp {
    Timestamp(1_767_225_600_000_000).plus_seconds(seconds)
}

fn written_at(path: &Path, time: Timestamp) {
    let micros = u64::try_from(time.0).unwrap();
    File::open(path).unwrap().set_modified(UNIX_EPOCH + Duration::from_micros(micros)).unwrap();
}

/// Replaces the content behind the store's back.
fn tamper(store: &BlobStore, digest: &Digest, bytes: &[u8]) {
    fs::remove_file(store.path(digest)).unwrap();
    fs::write(store.path(digest), bytes).unwrap();
}

#[test]
fn content_comes_back_by_its_digest() {
    let (_folder, store) = store();
    let digest = store.put(b"abc", LIMIT).unwrap();
    assert_eq!(digest.hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "FIPS 180-4 test vector");
    assert_eq!(store.get(&digest).unwrap(), b"abc");
    assert_eq!(store.size(&digest).unwrap(), Some(3));
    assert!(store.path(&digest).ends_with(format!("objects/ba/78/{digest}")));
    assert!(store.path(&digest).metadata().unwrap().permissions().readonly());
    let empty = store.put(b"", LIMIT).unwrap();
    assert_eq!(store.get(&empty).unwrap(), b"");
    assert_eq!(store.verify(&empty).unwrap(), Verdict::Sound);
}

#[test]
fn content_that_is_not_there_is_missing_and_never_empty() {
    let (_folder, store) = store();
    let absent = Digest::of(b"absent");
    assert!(!store.exists(&absent).unwrap());
    assert_eq!(store.size(&absent).unwrap(), None);
    assert_eq!(store.verify(&absent).unwrap(), Verdict::Missing);
    assert!(matches!(store.get(&absent), Err(Error::Internal(text)) if text.contains("missing")));
}

#[test]
fn the_limit_is_taken_and_one_byte_more_leaves_nothing() {
    let (_folder, store) = store();
    for limit in [0, 10, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES] {
        let bytes = vec![7; limit + 1];
        store.put(&bytes[..limit], limit as u64).unwrap();
        let before = held(&store);
        assert_eq!(code(store.put(&bytes, limit as u64)), "too_large");
        assert_eq!(held(&store), before);
    }
    assert_eq!(incoming(&store), 0);
}

#[test]
fn the_same_content_is_kept_once_and_repaired_when_put_again() {
    let (_folder, store) = store();
    let digest = store.put(b"drawing", LIMIT).unwrap();
    assert_eq!(store.put(b"drawing", LIMIT).unwrap(), digest);
    assert_eq!(held(&store), [digest]);
    tamper(&store, &digest, b"drawinG");
    store.put(b"drawing", LIMIT).unwrap();
    assert_eq!(store.verify(&digest).unwrap(), Verdict::Sound);
}

#[test]
fn wrong_content_is_found_and_not_handed_out() {
    let (_folder, store) = store();
    let digest = store.put(b"drawing", LIMIT).unwrap();
    for wrong in [&b"drawinG"[..], b"drawing ", b"drawin", b""] {
        tamper(&store, &digest, wrong);
        assert_eq!(store.verify(&digest).unwrap(), Verdict::Damaged { found: Digest::of(wrong) });
        assert!(matches!(store.get(&digest), Err(Error::Internal(text)) if text.contains("damaged")));
    }
}

/// Gives some bytes, then breaks.
struct Breaking(usize);

impl Read for Breaking {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        if self.0 == 0 {
            return Err(std::io::Error::new(ErrorKind::ConnectionReset, "gone"));
        }
        let count = self.0.min(into.len());
        self.0 -= count;
        Ok(count)
    }
}

#[test]
fn an_upload_that_breaks_off_leaves_nothing() {
    let (_folder, store) = store();
    for size in [0, 1, CHUNK_BYTES * 2 + 5] {
        assert_eq!(code(store.put_reader(&mut Breaking(size), LIMIT)), "upload_interrupted");
    }
    assert!(held(&store).is_empty());
    assert_eq!(incoming(&store), 0);
}

#[test]
fn a_reader_is_kept_whole_whatever_its_pieces() {
    let (_folder, store) = store();
    let bytes: Vec<u8> = (0..CHUNK_BYTES * 3 + 17).map(|index| (index % 251) as u8).collect();
    let (left, right) = bytes.split_at(5);
    let stored = store.put_reader(&mut left.chain(right), LIMIT).unwrap();
    assert_eq!(stored, Stored { digest: Digest::of(&bytes), size: bytes.len() as u64 });
    assert_eq!(store.get(&stored.digest).unwrap(), bytes);
    let (mut file, size) = store.open_file(&stored.digest).unwrap();
    let mut streamed = Vec::new();
    file.read_to_end(&mut streamed).unwrap();
    assert_eq!((streamed.len() as u64, streamed), (size, bytes));
}

#[test]
fn leftovers_of_crashes_are_no_content_and_are_swept_when_old() {
    let (_folder, store) = store();
    let digest = store.put(b"kept", LIMIT).unwrap();
    let (old, young) = (store.incoming.join("1-0"), store.incoming.join("1-1"));
    fs::write(&old, b"half a fi").unwrap();
    fs::write(&young, b"being written").unwrap();
    written_at(&store.path(&digest), at(0));
    written_at(&old, at(0));
    written_at(&young, at(1));
    assert_eq!(held(&store), [digest]);
    let swept = store.sweep(at(DAY + 1), DAY, |_| Ok(true)).unwrap();
    assert_eq!(swept, Swept { orphans: 0, leftovers: 1, bytes: 9 });
    assert!(!old.exists() && young.exists());
}

#[test]
fn a_leftover_with_the_next_name_does_not_stop_a_write() {
    let (_folder, store) = store();
    for count in 0..3 {
        fs::write(store.incoming.join(format!("{}-{count}", std::process::id())), b"old").unwrap();
    }
    let digest = store.put(b"new", LIMIT).unwrap();
    assert_eq!(store.get(&digest).unwrap(), b"new");
    assert_eq!(incoming(&store), 3);
}

#[test]
fn only_old_files_that_no_row_names_are_swept() {
    let (_folder, store) = store();
    let put = |bytes: &[u8], time| {
        let digest = store.put(bytes, LIMIT).unwrap();
        written_at(&store.path(&digest), time);
        digest
    };
    let named = put(b"named", at(0));
    let orphan = put(b"orphan", at(0));
    let young = put(b"young orphan", at(1));
    let future = put(b"written when the clock was wrong", at(10 * DAY));
    let swept = store.sweep(at(DAY + 1), DAY, |digest| Ok(*digest == named)).unwrap();
    assert_eq!(swept, Swept { orphans: 1, leftovers: 0, bytes: 6 });
    assert!(!store.exists(&orphan).unwrap());
    for kept in [named, young, future] {
        assert!(store.exists(&kept).unwrap());
    }
    assert!(store.put(b"orphan", LIMIT).is_ok(), "its folder is still known");
}

#[test]
fn an_orphan_put_again_while_the_sweep_asks_is_spared() {
    let (_folder, store) = store();
    let digest = store.put(b"orphan", LIMIT).unwrap();
    written_at(&store.path(&digest), at(0));
    let swept = store.sweep(at(DAY + 1), DAY, |_| {
        store.put(b"orphan", LIMIT)?;
        written_at(&store.path(&digest), at(DAY));
        Ok(false)
    });
    assert_eq!(swept.unwrap(), Swept::default());
    assert_eq!(store.get(&digest).unwrap(), b"orphan");
}

#[test]
fn a_sweep_that_cannot_ask_removes_nothing_more() {
    let (_folder, store) = store();
    let digest = store.put(b"orphan", LIMIT).unwrap();
    written_at(&store.path(&digest), at(0));
    assert!(store.sweep(at(DAY + 1), DAY, |_| Err(Error::internal("database gone"))).is_err());
    assert!(store.exists(&digest).unwrap());
}

#[test]
fn digests_come_in_order_and_strange_files_are_passed_over() {
    let (_folder, store) = store();
    let mut digests: Vec<Digest> = (0..50u8).map(|index| store.put(&[index], LIMIT).unwrap()).collect();
    digests.sort_unstable();
    let folder = store.path(&digests[0]).parent().unwrap().to_owned();
    fs::write(store.objects.join("README"), b"x").unwrap();
    fs::write(folder.join("notes.txt"), b"x").unwrap();
    fs::write(folder.join(Digest::of(b"elsewhere").hex()), b"elsewhere").unwrap();
    fs::create_dir(folder.join("f".repeat(64))).unwrap();
    assert_eq!(held(&store), digests);
}

#[test]
fn the_same_content_put_from_many_threads_is_one_file() {
    let (_folder, store) = store();
    let bytes = vec![42; CHUNK_BYTES + 1];
    std::thread::scope(|scope| {
        for thread in 0..8u8 {
            let (store, bytes) = (&store, &bytes);
            scope.spawn(move || {
                for round in 0..10u8 {
                    let digest = store.put(bytes, LIMIT).unwrap();
                    assert_eq!(store.get(&digest).unwrap(), *bytes);
                    store.put(&[thread, round], LIMIT).unwrap();
                }
            });
        }
    });
    assert_eq!(held(&store).len(), 1 + 80);
    assert_eq!(incoming(&store), 0);
    assert!(held(&store).iter().all(|digest| store.verify(digest).unwrap() == Verdict::Sound));
}

#[test]
fn after_a_failed_sync_nothing_more_is_taken_and_reading_goes_on() {
    let (_folder, store) = store();
    let digest = store.put(b"before", LIMIT).unwrap();
    assert!(store.synced(Err(std::io::Error::other("input/output error"))).is_err());
    assert_eq!(code(store.put(b"after", LIMIT)), "storage_failed");
    assert_eq!(store.get(&digest).unwrap(), b"before");
}

#[test]
fn a_full_disk_is_refused_in_words_for_people_and_ends_when_there_is_room() {
    let (_folder, store) = store();
    for kind in [ErrorKind::StorageFull, ErrorKind::QuotaExceeded] {
        assert_eq!(code(store.synced(Err(std::io::Error::from(kind)))), "storage_full");
    }
    store.put(b"after", LIMIT).unwrap();
}

#[test]
fn a_store_opens_again_with_what_it_held() {
    let (folder, store) = store();
    let digest = store.put(b"kept", LIMIT).unwrap();
    drop(store);
    let again = BlobStore::open(&folder.path().join("files")).unwrap();
    assert_eq!(again.get(&digest).unwrap(), b"kept");
    assert_eq!(again.put(b"kept", LIMIT).unwrap(), digest);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn whatever_is_put_comes_back(contents in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..200), 1..8)) {
        let (_folder, store) = store();
        let mut expected: Vec<Digest> = contents.iter().map(|bytes| store.put(bytes, LIMIT).unwrap()).collect();
        for bytes in &contents {
            prop_assert_eq!(&store.get(&Digest::of(bytes)).unwrap(), bytes);
        }
        expected.sort_unstable();
        expected.dedup();
        prop_assert_eq!(held(&store), expected);
    }
}
