//! What the server calls by itself, when the name it was given is somebody's who means harm: real
//! connections to real listeners, of which only one may ever be reached.

use super::place::Place;
use super::run::plumb;
use super::server::Server;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const NAME: &str = "rebinding.example.com";
/// All of these are this machine. The first is what the name leads to when it is looked at, and was
/// named by whoever runs the server; the other is where nobody must come.
const LOOKED_AT: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const INSIDE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 1);

/// What a listener was sent, one text for each connection, also for one that said nothing.
type Visits = Arc<Mutex<Vec<String>>>;

fn is_whole(request: &str) -> bool {
    let Some((head, body)) = request.split_once("\r\n\r\n") else { return false };
    let length = head.to_lowercase().lines().find_map(|line| line.strip_prefix("content-length: ").and_then(|length| length.parse().ok()));
    body.len() >= length.unwrap_or(0)
}

fn listen(listener: TcpListener, answer: String) -> Visits {
    let visits = Visits::default();
    let kept = Arc::clone(&visits);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
            // All of it first: whoever is hung up on while sending reads no answer.
            let (mut sent, mut part) = (String::new(), [0; 4096]);
            while !is_whole(&sent) {
                match stream.read(&mut part) {
                    Ok(count @ 1..) => sent.push_str(&String::from_utf8_lossy(&part[..count])),
                    _ => break,
                }
            }
            kept.lock().unwrap().push(sent);
            // Whoever hangs up early does not want to be told.
            drop(stream.write_all(answer.as_bytes()));
        }
    });
    visits
}

/// Two listeners on one port of both addresses.
fn listeners() -> (u16, Visits, Visits) {
    for _ in 0..50 {
        let first = TcpListener::bind((LOOKED_AT, 0)).unwrap();
        let port = first.local_addr().unwrap().port();
        let Ok(inside) = TcpListener::bind((INSIDE, port)) else { continue };
        let onward = format!("HTTP/1.1 307 Elsewhere\r\nlocation: http://{INSIDE}:{port}/next\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        let done = "HTTP/1.1 204 Done\r\nconnection: close\r\n\r\n".to_owned();
        return (port, listen(first, onward), listen(inside, done));
    }
    panic!("no port is free on both addresses");
}

/// The library that answers for the name.
fn rebinding(folder: &std::path::Path) -> String {
    let library = folder.join("rebinding.so");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/intruder/rebinding.c");
    let compiled = Command::new("cc").args(["-O2", "-Wall", "-Werror", "-shared", "-fPIC", "-o"]).arg(&library).args([source, "-ldl"]).status().unwrap();
    assert!(compiled.success());
    library.display().to_string()
}

#[test]
fn frs_guard_008_a_connection_goes_only_to_the_address_that_was_looked_at_when_the_name_is_bound_anew_or_the_answer_leads_on() {
    let (port, looked_at, inside) = listeners();
    let folder = tempfile::tempdir().unwrap();
    plumb(folder.path(), "init --data data --name Ada", &[("PLUMB_PASSWORD", "correct horse battery")]).with(0);
    let looks = folder.path().join("looks");
    let variables = [
        ("LD_PRELOAD", rebinding(folder.path())),
        ("REBINDING_NAME", NAME.to_owned()),
        ("REBINDING_LOG", looks.display().to_string()),
        ("REBINDING_FIRST", LOOKED_AT.to_string()),
        ("REBINDING_THEN", INSIDE.to_string()),
    ];
    let data = folder.path().join("data").display().to_string();
    let arguments = ["--data", &data, "--anchor", &format!("http://{NAME}:{port}/take"), "--anchor-inside", &LOOKED_AT.to_string()].map(str::to_owned);
    let server = Server::start_with(&arguments, folder.path(), &variables);
    let place = Place { server, folder };
    let began = Instant::now();
    while looked_at.lock().unwrap().is_empty() && inside.lock().unwrap().is_empty() {
        assert!(began.elapsed() < Duration::from_secs(60), "no checkpoint was sent: {}", place.log());
        std::thread::sleep(Duration::from_millis(20));
    }
    // The server tells its anchors' fault when the answer was no success: then all of it is over.
    while inside.lock().unwrap().is_empty() && !place.log().contains("307") {
        assert!(began.elapsed() < Duration::from_secs(60), "the answer was not looked at: {}", place.log());
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(*inside.lock().unwrap(), Vec::<String>::new(), "nobody comes to what the name led to a moment later, nor to what an answer leads to");
    assert_eq!(std::fs::read(&looks).unwrap(), b"x", "the name was looked up once");
    let visits = looked_at.lock().unwrap().clone();
    let sent = visits[0].to_lowercase();
    assert!(visits.len() == 1 && sent.starts_with("post /take http/1.1\r\n") && sent.contains(&format!("host: {NAME}:{port}\r\n")), "{visits:?}");
}
