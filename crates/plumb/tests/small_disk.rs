//! A real server whose data stands on a small disk of its own: no room left, and no more files. Making
//! such a disk needs root; everywhere else the recorder of `durability.rs` shows what a full disk does.
#![expect(clippy::unwrap_used, reason = "a helper that fails ends its test")]

use serde_json::json;
use soak::company::Desk;
use soak::ground::Ground;
use soak::http::Sending;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// A disk in memory; it goes away with its test.
struct Disk {
    folder: tempfile::TempDir,
}

impl Disk {
    /// `None` where this process may not make one.
    fn new(options: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(folder.path()).output();
        if mounted.is_ok_and(|mounted| mounted.status.success()) { Some(Self { folder }) } else { None }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes until there is no room, in ever smaller pieces.
    fn fill(&self) -> PathBuf {
        let path = self.path().join("ballast");
        let mut file = fs::File::create(&path).unwrap();
        for size in [1 << 20, 1 << 12, 1] {
            while file.write_all(&vec![1; size]).is_ok() {}
        }
        path
    }

    /// Makes files until there can be no more.
    fn use_up_files(&self) -> PathBuf {
        let path = self.path().join("many");
        fs::create_dir(&path).unwrap();
        let made = (0..1_000_000).take_while(|number| fs::File::create(path.join(number.to_string())).is_ok()).count();
        assert!(made < 1_000_000);
        path
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Also while something of it is still open.
        let _ = Command::new("umount").arg("-l").arg(self.folder.path()).status();
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let there = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &there);
        } else {
            fs::copy(&path, &there).unwrap();
        }
    }
}

fn answered(desk: &Desk, sending: &Sending) -> (u16, String) {
    let answer = desk.client.send(sending).unwrap();
    (answer.status, answer.json()["code"].as_str().unwrap_or_default().to_owned())
}

fn part(desk: &Desk, number: &str) -> Sending {
    desk.creation("engineer", "part", &json!({ "number": number, "title": "x".repeat(200), "fields": { "unit": "each" } }), number)
}

fn upload(desk: &Desk, content: &str) -> Sending {
    let mut sending = Sending::get("/api/v1/files").with(desk.by_token("engineer")).with([("content-type", "application/octet-stream".to_owned())]);
    (sending.method, sending.body) = ("POST", content.as_bytes().to_vec());
    sending
}

fn parts(desk: &Desk) -> usize {
    desk.get("engineer", "/api/v1/records/part?rows=200").unwrap().unwrap()["rows"].as_array().unwrap().len()
}

/// The company on the disk, with a server on it.
fn on(disk: &Disk, ground: &Ground, work: impl FnOnce(&Desk)) {
    let data = disk.path().join("data");
    copy(&ground.program.data, &data);
    // So that nobody waits for the turn of the server that founded the company to be over.
    db::Database::open(&db::Config::Sqlite { folder: data.clone() }).unwrap().write(|tx| tx.execute_text("delete from lease", &[])).unwrap();
    let program = ground.program.on(&data);
    let server = program.serve(&ground.log(), &[]).unwrap();
    work(&ground.company.through(&server));
    server.kill();
    program.run("verify", &[], &[]).unwrap();
}

fn wait_for_fault(desk: &Desk) {
    let began = Instant::now();
    while desk.get("quality", "/api/v1/records/fault?field.sort=full_disk").unwrap().unwrap()["rows"].as_array().unwrap().is_empty() {
        assert!(began.elapsed() < Duration::from_secs(60), "no fault was recorded");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn frs_dur_004_on_a_disk_that_is_really_full_nothing_is_half_written_and_with_room_work_goes_on() {
    let Some(disk) = Disk::new("size=32m") else { return eprintln!("This test was skipped: only root can make a small disk.") };
    let ground = Ground::found(Path::new(env!("CARGO_BIN_EXE_plumb")), None, 1).unwrap();
    on(&disk, &ground, |desk| {
        assert_eq!(answered(desk, &part(desk, "BEFORE")).0, 201);
        let ballast = disk.fill();
        assert_eq!(answered(desk, &upload(desk, "a drawing")), (507, "storage_full".to_owned()));
        // The log of the database has some room of its own; past it nothing is taken any more.
        let (mut made, mut refused) = (1, None);
        for number in 0..2_000 {
            let name = format!("FULL-{number}");
            match answered(desk, &part(desk, &name)) {
                (201, _) => made += 1,
                other => {
                    refused = Some((name, other));
                    break;
                }
            }
        }
        let (name, said) = refused.expect("the disk was never full");
        assert_eq!(said, (507, "disk_full".to_owned()));
        assert_eq!(answered(desk, &part(desk, &name)), (507, "disk_full".to_owned()));
        assert_eq!(parts(desk), made.min(200), "what was acknowledged is there, and nothing else");
        assert_eq!(desk.client.send(&Sending::get("/readyz")).unwrap().status, 200);
        fs::remove_file(ballast).unwrap();
        assert_eq!(answered(desk, &part(desk, &name)).0, 201, "the same request, with its key");
        assert_eq!(answered(desk, &upload(desk, "a drawing")).0, 201);
        wait_for_fault(desk);
    });
}

#[test]
fn frs_dur_004_where_no_more_files_can_be_made_uploads_are_refused_and_nothing_else_stops() {
    let Some(disk) = Disk::new("size=64m,nr_inodes=600") else { return eprintln!("This test was skipped: only root can make a small disk.") };
    let ground = Ground::found(Path::new(env!("CARGO_BIN_EXE_plumb")), None, 1).unwrap();
    on(&disk, &ground, |desk| {
        assert_eq!(answered(desk, &upload(desk, "the first drawing")).0, 201);
        assert_eq!(answered(desk, &part(desk, "BEFORE")).0, 201);
        let many = disk.use_up_files();
        for _ in 0..2 {
            assert_eq!(answered(desk, &upload(desk, "another drawing")), (507, "storage_full".to_owned()));
        }
        // What needs no file of its own goes on, and reading does.
        assert_eq!(answered(desk, &part(desk, "MEANWHILE")).0, 201);
        assert_eq!(parts(desk), 2);
        assert_eq!(desk.client.send(&Sending::get("/readyz")).unwrap().status, 200);
        fs::remove_dir_all(many).unwrap();
        assert_eq!(answered(desk, &upload(desk, "another drawing")).0, 201);
        assert_eq!(parts(desk), 2);
    });
}
