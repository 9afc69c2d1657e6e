//! Attacks on the connection itself: two requests in one, foreign names, endless headers, clients
//! that are slow on purpose.

use super::place::{PASSWORD, ADMIN, Place, raw};
use api::edge::Connections;
use axum::Router;
use axum::routing::get;
use serde_json::json;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// How many answers came back on one connection, and the status of the first.
fn answers(said: &str) -> (usize, u16) {
    let first = ["HTTP/1.0 ", "HTTP/1.1 "].into_iter().find_map(|version| said.strip_prefix(version));
    let status = first.and_then(|rest| rest.get(..3)).and_then(|code| code.parse().ok()).unwrap_or(0);
    (said.matches("HTTP/1.").count(), status)
}

/// A request inside of which another one stands; whoever reads on finds the second.
fn smuggled(head: &str, body: &str, host: &str) -> String {
    format!("POST /api/v1/session HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n{head}\r\n\r\n{body}GET /healthz HTTP/1.1\r\nHost: {host}\r\n\r\n")
}

#[test]
fn frs_net_003_a_request_hidden_in_another_is_never_answered() {
    let place = Place::new();
    let host = place.address();
    for (head, body) in [
        // A length that ends before the body does, chunks that end where the length does not.
        ("Content-Length: 4\r\nTransfer-Encoding: chunked", "0\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\nContent-Length: 4", "0\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", "0\r\n\r\n"),
        ("Transfer-Encoding: xchunked", "0\r\n\r\n"),
        ("Transfer-Encoding : chunked", "0\r\n\r\n"),
        ("Transfer-Encoding:\x0bchunked", "0\r\n\r\n"),
        ("Content-Length: 2\r\nContent-Length: 3", "{}"),
        ("Content-Length: 2, 3", "{}"),
        ("Content-Length: +2", "{}"),
        ("Content-Length: -1", ""),
        ("Content-Length: 0x2", "{}"),
        ("Content-Length: 99999999999999999999", "{}"),
        ("X: y\r\n Content-Length: 2", "{}"),
        ("X: a\0b\r\nContent-Length: 2", "{}"),
        ("X: a\rContent-Length: 2", "{}"),
        ("Transfer-Encoding: chunked", "2\r\n{}\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked", "0_2\r\n{}\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked", "ffffffffffffffff1\r\n{}\r\n0\r\n\r\n"),
    ] {
        let said = place.raw(smuggled(head, body, &host).as_bytes());
        let (count, status) = answers(&said);
        assert!(count <= 1 && !said.ends_with("ok\n"), "{head:?}: {said}");
        assert!(count == 0 || (400..500).contains(&status), "{head:?}: {said}");
    }
    // Two requests that are two are answered as two: the probe would see a second one.
    let two = format!("GET /healthz HTTP/1.1\r\nHost: {host}\r\n\r\nGET /healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    assert_eq!(answers(&place.raw(two.as_bytes())), (2, 200));
}

#[test]
fn frs_net_001_a_foreign_name_is_refused_and_never_comes_back_in_an_answer() {
    let place = Place::new();
    let host = place.address();
    for (request, expected) in [
        ("GET /sign-in HTTP/1.1\r\nHost: evil.example.com\r\n\r\n".to_owned(), 421),
        ("GET /sign-in HTTP/1.1\r\n\r\n".to_owned(), 400),
        ("GET /sign-in HTTP/1.0\r\n\r\n".to_owned(), 400),
        // As HAProxy asks where nothing else is configured.
        ("GET /readyz HTTP/1.0\r\n\r\n".to_owned(), 200),
        (format!("GET /sign-in HTTP/1.1\r\nHost: {host}\r\nHost: evil.example.com\r\n\r\n"), 400),
        (format!("GET http://evil.example.com/sign-in HTTP/1.1\r\nHost: {host}\r\n\r\n"), 400),
        ("GET http://evil.example.com/sign-in HTTP/1.1\r\nHost: evil.example.com\r\n\r\n".to_owned(), 421),
        ("CONNECT evil.example.com:443 HTTP/1.1\r\nHost: evil.example.com\r\n\r\n".to_owned(), 400),
        (format!("GET /sign-in HTTP/1.1\r\nHost: {host}@evil.example.com\r\n\r\n"), 400),
    ] {
        let said = place.raw(request.as_bytes());
        assert_eq!(answers(&said), (1, expected), "{request:?}: {said}");
        assert!(!said.contains("evil.example.com"), "{said}");
    }
    // What proxies are asked to believe is not believed: the page says nothing of it.
    for name in ["X-Forwarded-Host", "X-Host", "X-Original-URL", "X-Rewrite-URL", "Forwarded", "X-HTTP-Method-Override"] {
        let said = place.raw(format!("GET /list/part HTTP/1.1\r\nHost: {host}\r\n{name}: evil.example.com\r\nConnection: close\r\n\r\n").as_bytes());
        assert_eq!(answers(&said), (1, 303), "{name}: {said}");
        assert!(said.contains("location: /sign-in?next=") && !said.contains("evil"), "{name}: {said}");
    }
    let ours = Place::with(&["--public-origin", "https://plumb.example.com", "--content-origin", "https://content.example.com"]);
    for (name, path, expected) in
        [("plumb.example.com", "/sign-in", 200), ("evil.example.com", "/sign-in", 421), ("127.0.0.1", "/sign-in", 421), ("127.0.0.1", "/healthz", 200)]
    {
        let said = ours.raw(format!("GET {path} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n").as_bytes());
        assert_eq!(answers(&said), (1, expected), "{name}{path}: {said}");
    }
}

#[test]
fn frs_net_004_a_redirect_leads_nowhere_but_to_ourselves() {
    let place = Place::new();
    for next in ["https://evil.example.com/", "//evil.example.com", "/\\evil.example.com", "\\\\evil.example.com", "javascript:alert(1)", "/%09/evil.example.com", "/\t/evil.example.com", "/\n//evil.example.com", "https:evil.example.com", " //evil.example.com", "/r\r\nSet-Cookie: x=1"] {
        let encode = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
        let form = format!("login={}&secret={}&next={}", encode(ADMIN), encode(PASSWORD), encode(next));
        let host = place.address();
        let request = format!(
            "POST /sign-in HTTP/1.1\r\nHost: {host}\r\nSec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{form}",
            form.len()
        );
        let said = place.raw(request.as_bytes());
        assert_eq!(answers(&said), (1, 303), "{next:?}: {said}");
        let to = said.lines().find_map(|line| line.strip_prefix("location: ")).unwrap();
        // As a browser reads it: backslashes are slashes, tabs and line ends are not there.
        let read: String = to.chars().filter(|c| !c.is_control()).map(|c| if c == '\\' { '/' } else { c }).collect();
        assert!(read.starts_with('/') && !read.starts_with("//"), "{next:?} leads to {to}");
        assert_eq!(said.to_lowercase().matches("set-cookie: x=").count(), 0, "{said}");
    }
}

#[test]
fn frs_net_004_no_cache_keeps_what_somebody_may_see() {
    let place = Place::new();
    let session = place.session(ADMIN);
    let made = [&session[..], &[("idempotency-key", "one".to_owned())]].concat();
    assert_eq!(place.post("/api/v1/records/site", &made, &json!({"number": "ROM", "title": "Rome", "fields": {"zone": "Europe/Rome"}})).status, 201);
    for path in [
        "/", "/sign-in", "/list/site", "/list/site/export", "/r/site/ROM", "/r/site/ROM/timeline", "/search?q=rome", "/palette?q=rome", "/password", "/tokens", "/nowhere",
        "/api/v1/me", "/api/v1/records/site", "/api/v1/records/site/ROM", "/api/v1/openapi.json", "/api/v1/nowhere", "/metrics", "/evidence",
    ] {
        let reply = place.get(path, &session);
        assert_eq!(reply.header("cache-control"), "no-store", "{path}");
        assert_eq!(reply.header("x-content-type-options"), "nosniff", "{path}");
        assert!(reply.header("content-security-policy").contains("frame-ancestors 'none'"), "{path}");
        assert!(["no-referrer", "same-origin"].contains(&reply.header("referrer-policy")), "{path}");
        assert!(!reply.header("content-security-policy").contains("unsafe"), "{path}");
    }
}

#[test]
fn frs_net_002_headers_without_end_are_refused_and_the_server_stays() {
    let place = Place::new();
    let host = place.address();
    let start = format!("GET /healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
    let at_limit = "X-A: b\r\n".repeat(base::limits::REQUEST_HEADERS - 2);
    assert_eq!(answers(&place.raw(format!("{start}{at_limit}\r\n").as_bytes())), (1, 200));
    for (what, request) in [
        ("too many", format!("{start}{at_limit}X-A: b\r\n\r\n")),
        ("one that is huge", format!("{start}X-A: {}\r\n\r\n", "b".repeat(base::limits::REQUEST_HEAD_BYTES))),
        ("an address that is huge", format!("GET /{} HTTP/1.1\r\nHost: {host}\r\n\r\n", "a".repeat(70_000))),
        ("no end", format!("{start}X-A: {}", "b".repeat(4 << 20))),
    ] {
        let (count, status) = answers(&place.raw(request.as_bytes()));
        assert!(count == 0 || [400, 414, 431].contains(&status), "{what}: {status}");
    }
    assert_eq!(place.get("/healthz", &[]).status, 200);
}

/// A server of this test with little patience.
fn impatient(bounds: Connections) -> SocketAddr {
    let large = Router::new().route("/large", get(|| async { vec![b'x'; 32 << 20] })).route("/", get(|| async { "ok" }));
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            tell.send(listener.local_addr().unwrap()).unwrap();
            api::edge::serve(listener, large, bounds, std::future::pending()).await;
        });
    });
    told.recv().unwrap()
}

const SHORT: Duration = Duration::from_millis(400);

fn little_patience() -> Connections {
    Connections { most: 40, per_address: Some(30), head: SHORT, stalled: SHORT }
}

/// Waits for the other side to close; how long that took.
fn closed_after(stream: &mut TcpStream) -> Duration {
    let began = Instant::now();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut rest = Vec::new();
    // Closed in the middle is closed.
    let ended = stream.read_to_end(&mut rest);
    assert!(ended.is_ok() || began.elapsed() < Duration::from_secs(20), "the connection was never closed");
    began.elapsed()
}

#[test]
fn frs_net_002_a_client_that_sends_its_headers_byte_by_byte_is_not_waited_for() {
    let address = impatient(little_patience());
    let mut slow = TcpStream::connect(address).unwrap();
    let began = Instant::now();
    // A byte now and then does not buy time: the server hangs up while bytes still come.
    let mut bytes = "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ".bytes().chain(std::iter::repeat(b'a'));
    while slow.write_all(&[bytes.next().unwrap_or(b'a')]).is_ok() {
        assert!(began.elapsed() < Duration::from_secs(20), "the connection was never closed");
        std::thread::sleep(SHORT / 10);
    }
    let mut idle = TcpStream::connect(address).unwrap();
    closed_after(&mut idle);
    // One whose head comes in two parts within the time is answered.
    let mut honest = TcpStream::connect(address).unwrap();
    honest.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n").unwrap();
    std::thread::sleep(SHORT / 4);
    honest.write_all(b"Connection: close\r\n\r\n").unwrap();
    let mut said = String::new();
    honest.read_to_string(&mut said).unwrap();
    assert_eq!(answers(&said), (1, 200));
}

#[test]
fn frs_net_002_a_client_that_takes_nothing_of_its_answer_is_not_waited_for() {
    let address = impatient(little_patience());
    let mut greedy = TcpStream::connect(address).unwrap();
    greedy.write_all(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    std::thread::sleep(4 * SHORT);
    greedy.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut taken = 0;
    let mut part = vec![0; 1 << 20];
    while let Ok(count @ 1..) = greedy.read(&mut part) {
        taken += count;
    }
    assert!(taken < 32 << 20, "the rest of the answer was not kept for it");
}

#[test]
fn frs_net_002_a_flood_of_slow_connections_does_not_keep_others_out_for_long() {
    let address = impatient(little_patience());
    // More than one address may hold; those past it are closed at once.
    let mut held: Vec<TcpStream> = (0..60).map(|_| TcpStream::connect(address).unwrap()).collect();
    for stream in &mut held {
        // Those past the limit are gone already.
        drop(stream.write_all(b"GET / HT"));
    }
    let began = Instant::now();
    while answers(&raw_once(address)) != (1, 200) {
        assert!(began.elapsed() < Duration::from_secs(15), "nobody else is answered");
        std::thread::sleep(SHORT / 8);
    }
    assert_eq!(answers(&raw(&address.to_string(), b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")), (1, 200));
}

fn raw_once(address: SocketAddr) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let mut said = String::new();
    // A connection past the limit is closed unread.
    if stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").is_ok() {
        drop(stream.read_to_string(&mut said));
    }
    said
}
