//! What a kill leaves behind, and a folder of backups that has gone.

use super::damage::stored;
use crate::run::plumb;
use super::{ground, keys, listed};
use plumb::assembly::Place;
use plumb::backup::{Keeper, Keeping};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};



/// Kills the program as soon as `is_there` says so; false when it ended before.
fn killed_when(folder: &Path, line: &str, is_there: impl Fn() -> bool) -> bool {
    let mut child = Command::new(env!("CARGO_BIN_EXE_plumb")).args(line.split_whitespace()).current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let began = Instant::now();
    while child.try_wait().unwrap().is_none() {
        assert!(began.elapsed() < Duration::from_secs(60), "{line} does not end");
        if is_there() {
            child.kill().unwrap();
            child.wait().unwrap();
            return is_there();
        }
    }
    false
}

fn unfinished(folder: &Path) -> Vec<PathBuf> {
    stored(folder).into_iter().filter(|path| path.to_str().unwrap().ends_with(".unfinished")).collect()
}

#[test]
fn frs_bak_008_nothing_unencrypted_and_no_half_backup_stays_after_a_kill() {
    let ground = ground(None);
    let (path, recipient) = (ground.path(), keys(&ground));
    let (kept, drill) = (path.join("kept"), path.join("data/drill"));
    fs::create_dir(&kept).unwrap();

    let backup = format!("backup --data data --to kept --recipient {recipient}");
    assert!((0..20).any(|_| killed_when(path, &backup, || !unfinished(&kept).is_empty())), "a backup was killed on its way");
    // One that is still being written is nobody's to remove, and neither is what is not a backup.
    let (busy, other) = (kept.join("2026.plumb.age.unfinished"), kept.join("notes.unfinished"));
    let writing = File::create(&busy).unwrap();
    writing.try_lock().unwrap();
    fs::write(&other, "").unwrap();
    plumb(path, &backup, &[]).with(0);
    assert_eq!(unfinished(&kept).len(), 2, "the next turn: {:?}", stored(&kept));
    assert!(busy.exists() && other.exists());
    drop(writing);
    plumb(path, &backup, &[]).with(0);
    assert_eq!(unfinished(&kept), [other]);
    assert_eq!(stored(&kept).len(), 3, "whole ones stay");

    let rehearse = "restore-drill --data data --from kept --identity key";
    let is_unencrypted = || stored(&drill).iter().any(|file| file.to_str().unwrap().contains("/restoring/"));
    assert!((0..20).any(|_| killed_when(path, rehearse, is_unencrypted)), "a drill was killed on its way");
    plumb(path, rehearse, &[]).with(0);
    assert_eq!(fs::read_dir(&drill).unwrap().count(), 0, "the next turn");

    assert!((0..20).any(|_| killed_when(path, rehearse, is_unencrypted)), "a drill was killed on its way");
    let restoring = path.join("data/restoring/tables");
    fs::create_dir_all(&restoring).unwrap();
    let busy = drill.join("another");
    fs::create_dir(&busy).unwrap();
    let working = File::open(&busy).unwrap();
    working.try_lock().unwrap();
    let (_server, desk) = ground.serve(&[]).unwrap();
    assert_eq!(fs::read_dir(&drill).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>(), [busy], "the next start; what is in use stays");
    assert!(!restoring.exists());
    assert_eq!(listed(&desk, "restore_drill").len(), 1, "a killed drill is none");
}

#[test]
fn frs_bak_008_a_restore_that_was_killed_while_it_unpacked_leaves_nothing_in_the_way_of_the_next() {
    let ground = ground(None);
    let (path, recipient) = (ground.path(), keys(&ground));
    plumb(path, &format!("backup --data data --to b.age --recipient {recipient}"), &[]).with(0);
    fs::create_dir_all(path.join("new/restoring/tables")).unwrap();
    fs::write(path.join("new/restoring/tables/person.ndjson"), "half").unwrap();
    let holder = File::open(path.join("new/restoring")).unwrap();
    holder.try_lock().unwrap();
    let restore = "restore --data new --from b.age --identity key";
    let said = plumb(path, restore, &[]).with(2).err;
    assert!(said.contains("holds something already"), "another restore is at work: {said}");
    drop(holder);
    plumb(path, restore, &[]).with(0);
    assert!(!path.join("new/restoring").exists());
    plumb(path, "verify --data new", &[]).with(0);
}

#[test]
fn frs_bak_009_a_folder_of_backups_that_is_missing_is_said_and_never_becomes_a_file() {
    let ground = ground(None);
    let (path, recipient) = (ground.path(), keys(&ground));
    for to in ["gone", "gone/", "gone.plumb"] {
        let said = plumb(path, &format!("backup --data data --to {to} --recipient {recipient}"), &[]).with(2).err;
        assert!(said.contains("There is no folder gone") && said.contains("is its disk mounted"), "{said}");
        assert!(!path.join(to.trim_end_matches('/')).exists());
    }
    let said = plumb(path, "restore-drill --data data --from gone --identity key", &[]).with(2).err;
    assert!(said.contains("neither a backup nor a folder of backups"), "{said}");

    // Gone while the server runs.
    let kept = path.join("kept");
    fs::create_dir(&kept).unwrap();
    let place = Place { data: ground.program.data.clone(), database: None, files: None };
    let kernel = place.open().unwrap();
    let keeping = Keeping { backup_to: Some(kept.clone()), backup_recipient: Some(recipient), backup_every_hours: 24, ..Keeping::default() };
    let keeper = Keeper::new(&kernel, &place, &keeping).unwrap().unwrap();
    fs::remove_dir(&kept).unwrap();
    let said = keeper.turn("a").unwrap_err().to_string();
    assert!(said.contains("There is no folder") && said.contains("kept"), "{said}");
    assert!(!kept.exists());
    assert_eq!(kernel::upkeep::open_faults(&kernel, kernel::MAIN_TENANT).unwrap(), 1);
    fs::create_dir(&kept).unwrap();
    // What failed is tried again later; here that is now.
    kernel.keep_round(kernel::MAIN_TENANT, "backup", &kernel::upkeep::Round::default()).unwrap();
    keeper.turn("a").unwrap();
    assert_eq!(stored(&kept).len(), 1, "it is made when the folder is back");
}
