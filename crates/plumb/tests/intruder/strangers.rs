//! What somebody without an account can take away from others: turns, room on the disk.

use super::place::{ADMIN, PASSWORD, Place};
use base::limits::SIGN_INS_AT_ONCE;
use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

/// Far less than the server waits for a body.
const AT_ONCE: Duration = Duration::from_secs(8);

#[test]
fn frs_guard_005_sign_ins_that_are_sent_slowly_never_keep_others_from_signing_in() {
    let place = Place::new();
    let begun = [
        "POST /api/v1/session HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: 60\r\n\r\n{",
        "POST /sign-in HTTP/1.1\r\nHost: {}\r\nSec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 60\r\n\r\nl",
        "POST /sign-in HTTP/1.1\r\nHost: {}\r\nSec-Fetch-Site: same-origin\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 600\r\n\r\n--x\r\n",
    ];
    // More than have a turn, and less than one address may open.
    let slow: Vec<TcpStream> = begun
        .iter()
        .cycle()
        .take(3 * SIGN_INS_AT_ONCE)
        .map(|text| {
            let mut stream = TcpStream::connect(place.address()).unwrap();
            stream.write_all(text.replacen("{}", &place.address(), 1).as_bytes()).unwrap();
            stream
        })
        .collect();
    std::thread::sleep(Duration::from_millis(300));
    let began = Instant::now();
    let honest = place.sign_in(ADMIN, PASSWORD);
    assert_eq!((honest.status, began.elapsed() < AT_ONCE), (200, true), "{} after {:?}", honest.body, began.elapsed());
    drop(slow);
}

/// Files below a folder, however deep.
fn files(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| if entry.path().is_dir() { files(&entry.path()) } else { 1 }).sum()
}

#[test]
fn frs_net_005_a_form_with_a_file_is_taken_from_nobody_who_is_not_signed_in() {
    let place = Place::new();
    let kept = || files(&place.folder.path().join("data/files"));
    let before = kept();
    let body = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.bin\"\r\n\r\nroom on the disk\r\n--x--\r\n";
    for (path, cookie) in [("/sign-in", ""), ("/r/part/P-1/attach", ""), ("/r/part/P-1/attach", "Cookie: plumb_session=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n")] {
        let head = format!("POST {path} HTTP/1.1\r\nHost: {}\r\n{cookie}Sec-Fetch-Site: same-origin\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: {}\r\n\r\n", place.address(), body.len());
        let said = place.raw(format!("{head}{body}").as_bytes());
        assert_eq!(kept(), before, "{path} has kept a file: {said}");
        assert!(said.starts_with("HTTP/1.1 401"), "{path}: {said}");
    }
}
