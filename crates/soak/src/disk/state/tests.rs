//! The disk of the tests against small recordings whose outcomes are known.

use super::*;

fn new(path: &str, inode: u64) -> Entry {
    Entry::New { path: PathBuf::from(path), inode }
}

fn written(inode: u64, bytes: &[u8]) -> Entry {
    Entry::Written { inode, place: 0, bytes: bytes.to_vec() }
}

/// The files that are left, with what is in them.
fn left(rule: Names, loss: Loss, seed: u64, entries: &[Entry]) -> BTreeMap<String, Vec<u8>> {
    let (before, after) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut disk = Disk::of_folder(before.path(), rule).unwrap();
    for entry in entries {
        disk.advance(entry).unwrap();
    }
    disk.lose_power(loss, &mut Chance::new(seed), after.path()).unwrap();
    let again = Disk::of_folder(after.path(), rule).unwrap();
    again.now.files.iter().map(|(path, content)| (path.display().to_string(), again.contents[*content].durable.clone())).collect()
}

#[test]
fn what_was_not_synced_is_lost_and_what_was_is_kept() {
    let entries = [new("a", 1), written(1, b"kept"), Entry::Synced { inode: 1 }, written(1, b"lost"), new("b", 2), written(2, b"lost")];
    assert_eq!(left(Names::Journal, Loss::All, 1, &entries), BTreeMap::from([("a".to_owned(), b"kept".to_vec())]));
}

#[test]
fn a_name_is_kept_by_the_sync_of_its_folder_only_where_there_is_no_journal() {
    let file = [new("a", 1), written(1, b"kept"), Entry::Synced { inode: 1 }];
    assert!(left(Names::Folder, Loss::All, 1, &file).is_empty());
    let folder = [&file[..], &[Entry::FolderSynced { path: PathBuf::new() }]].concat();
    assert_eq!(left(Names::Folder, Loss::All, 1, &folder).len(), 1);
}

#[test]
fn a_file_in_a_folder_that_is_lost_is_lost_with_it() {
    let path = PathBuf::from("f");
    let inside = [Entry::Folder { path: path.clone() }, new("f/a", 1), Entry::Synced { inode: 1 }, Entry::FolderSynced { path }];
    assert!(left(Names::Folder, Loss::All, 1, &inside).is_empty());
    let both = [&inside[..], &[Entry::FolderSynced { path: PathBuf::new() }]].concat();
    assert_eq!(left(Names::Folder, Loss::All, 1, &both).len(), 1);
}

#[test]
fn a_renamed_file_is_found_under_its_new_name_once_that_folder_is_synced() {
    let (from, to) = (PathBuf::from("a"), PathBuf::from("f/b"));
    let entries = [
        Entry::Folder { path: PathBuf::from("f") },
        Entry::FolderSynced { path: PathBuf::new() },
        new("a", 1),
        written(1, b"kept"),
        Entry::Synced { inode: 1 },
        Entry::Renamed { from, to },
        Entry::FolderSynced { path: PathBuf::from("f") },
    ];
    assert_eq!(left(Names::Folder, Loss::All, 1, &entries), BTreeMap::from([("f/b".to_owned(), b"kept".to_vec())]));
    assert!(left(Names::Folder, Loss::All, 1, &entries[..6]).is_empty());
}

#[test]
fn a_torn_write_ends_at_a_sector_and_differs_by_chance() {
    let entries = [new("a", 1), Entry::Synced { inode: 1 }, written(1, &[7; 2_000])];
    let lengths: BTreeSet<usize> = (0..40).map(|seed| left(Names::Journal, Loss::Torn, seed, &entries)["a"].len()).collect();
    assert_eq!(lengths, BTreeSet::from([0, 512, 1_024, 1_536, 2_000]));
}
