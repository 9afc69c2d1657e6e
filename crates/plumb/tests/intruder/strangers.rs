//! What somebody without an account can take away from others: turns, room on the disk.

use super::http::send;
use super::place::{ADMIN, PASSWORD, Place};
use base::limits::{OPEN_BODY_BYTES, REQUEST_BODY_BYTES, SIGN_INS_AT_ONCE, UPLOAD_BYTES};
use serde_json::json;
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

/// Connections of one stranger that are held open: less than one address may open.
const HELD: usize = 240;

/// What a made-up session and a made-up token look like.
const MADE_UP: [&str; 3] = ["", "Cookie: plumb_session=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n", "Authorization: Bearer plumb_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n"];

/// The places that take a body from people who are signed in: method, address, type, and how strangers
/// are answered there.
const TAKING: [(&str, &str, &str, u16); 7] = [
    ("POST", "/api/v1/records/part", "application/json", 401),
    ("PATCH", "/api/v1/records/part/P-1", "application/json", 401),
    ("POST", "/api/v1/commands/part.import_structure", "application/json", 401),
    ("POST", "/api/v1/files", "application/octet-stream", 401),
    ("POST", "/new/part", "application/x-www-form-urlencoded", 303),
    ("POST", "/r/part/P-1/attach", "multipart/form-data; boundary=x", 401),
    ("POST", "/nowhere", "application/x-www-form-urlencoded", 303),
];

fn head(place: &Place, method: &str, path: &str, media_type: &str, who: &str, body: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n{who}Sec-Fetch-Site: same-origin\r\nContent-Type: {media_type}\r\n{body}\r\n\r\n", place.address())
}

fn status(said: &str) -> u16 {
    said.get(9..12).and_then(|status| status.parse().ok()).unwrap_or(0)
}

#[test]
fn frs_net_006_nobody_who_is_not_signed_in_is_waited_for_past_the_head_of_a_request() {
    let place = Place::new();
    for (method, path, media_type, expected) in TAKING {
        for who in MADE_UP {
            for body in [format!("Content-Length: {UPLOAD_BYTES}"), format!("Content-Length: {REQUEST_BODY_BYTES}"), "Transfer-Encoding: chunked".to_owned()] {
                // The body itself never comes.
                let said = place.raw(head(&place, method, path, media_type, who, &body).as_bytes());
                assert_eq!(status(&said), expected, "{method} {path} {who:?} {body}: {said}");
            }
        }
    }
    // Whoever is signed in is waited for, and told of the limit.
    let cookie = place.session(ADMIN)[0].1.clone();
    let who = format!("Cookie: {cookie}\r\n");
    let said = place.raw(head(&place, "POST", "/api/v1/records/site", "application/json", &who, &format!("Content-Length: {REQUEST_BODY_BYTES}")).as_bytes());
    assert_eq!(said, "", "the body is waited for");
    let said = place.raw(head(&place, "POST", "/api/v1/records/site", "application/json", &who, &format!("Content-Length: {UPLOAD_BYTES}")).as_bytes());
    assert_eq!(status(&said), 413, "{said}");
    // Signed out, the cookie is one that nobody has.
    assert_eq!(send("DELETE", &place.server.url("/api/v1/session"), &place_headers(&cookie), Vec::new()).unwrap().status, 204);
    assert_eq!(place.get("/api/v1/me", &place_headers(&cookie)).status, 401);
    let said = place.raw(head(&place, "POST", "/api/v1/records/site", "application/json", &who, &format!("Content-Length: {UPLOAD_BYTES}")).as_bytes());
    assert_eq!(status(&said), 401, "{said}");
}

fn place_headers(cookie: &str) -> Vec<(&'static str, String)> {
    vec![("cookie", cookie.to_owned()), ("sec-fetch-site", "same-origin".to_owned())]
}

#[test]
fn frs_net_006_a_sign_in_has_a_small_limit_and_not_a_byte_past_it() {
    let place = Place::new();
    let json = json!({ "login": ADMIN, "password": PASSWORD }).to_string();
    let form = format!("login={ADMIN}&secret={}&next=", PASSWORD.replace(' ', "+"));
    for (path, media_type, body, filler, done) in [("/api/v1/session", "application/json", json, " ", 200), ("/sign-in", "application/x-www-form-urlencoded", form, "/", 303)] {
        let at_limit = format!("{body}{}", filler.repeat(OPEN_BODY_BYTES - body.len()));
        let told = |body: &str| status(&place.raw(format!("{}{body}", head(&place, "POST", path, media_type, "", &format!("Content-Length: {}", body.len()))).as_bytes()));
        assert_eq!(told(&at_limit), done, "{path}");
        assert_eq!(told(&format!("{at_limit}{filler}")), 413, "{path}");
        // Announced, and not sent; or sent without having been announced.
        let said = place.raw(head(&place, "POST", path, media_type, "", &format!("Content-Length: {UPLOAD_BYTES}")).as_bytes());
        assert_eq!(status(&said), 413, "{path}: {said}");
        let start = head(&place, "POST", path, media_type, "", "Transfer-Encoding: chunked");
        let said = place.raw(format!("{start}{:x}\r\n{at_limit}{filler}\r\n0\r\n\r\n", OPEN_BODY_BYTES + 1).as_bytes());
        assert_eq!(status(&said), 413, "{path}: {said}");
    }
}

/// Memory of the server whose data is in this folder.
fn resident_bytes(folder: &Path) -> usize {
    let processes = std::fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
    let ours = |process: &std::path::PathBuf| std::fs::read_to_string(process.join("cmdline")).is_ok_and(|line| line.contains("serve") && line.contains(folder.to_str().unwrap()));
    let status = std::fs::read_to_string(processes.into_iter().find(ours).unwrap().join("status")).unwrap();
    let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    kilobytes.trim().trim_end_matches(" kB").parse::<usize>().unwrap() << 10
}

#[test]
fn frs_net_006_the_bodies_of_strangers_are_not_kept_in_memory() {
    let place = Place::new();
    let resident = || resident_bytes(place.folder.path());
    let before = resident();
    let almost = vec![b' '; REQUEST_BODY_BYTES - 1];
    let held: Vec<TcpStream> = TAKING
        .iter()
        .filter(|(.., media_type, _)| !media_type.starts_with("multipart"))
        .chain(&[("POST", "/api/v1/session", "application/json", 413), ("POST", "/sign-in", "application/x-www-form-urlencoded", 413)])
        .cycle()
        .take(HELD)
        .map(|(method, path, media_type, _)| {
            let mut stream = TcpStream::connect(place.address()).unwrap();
            let head = head(&place, method, path, media_type, MADE_UP[1], &format!("Content-Length: {REQUEST_BODY_BYTES}"));
            // All but the last byte; the server may have closed before.
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&almost));
            stream
        })
        .collect();
    let grown = resident().saturating_sub(before);
    assert!(grown < HELD * REQUEST_BODY_BYTES / 4, "{grown} bytes more for {HELD} strangers");
    assert_eq!(place.sign_in(ADMIN, PASSWORD).status, 200);
    drop(held);
}
