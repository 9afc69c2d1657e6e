//! Attacks on accounts over real HTTP: a session handed to the victim, guessing who exists, guessing
//! passwords of everybody at once, and looking for secrets where none may be.

use super::http::{Reply, send};
use super::place::{ADMIN, PASSWORD, Place};
use super::run::plumb;
use base::limits::{ADDRESS_FAILURES, SIGN_IN_FAILURES};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

fn form_of_a_page() -> Vec<(&'static str, String)> {
    vec![("sec-fetch-site", "same-origin".to_owned()), ("content-type", "application/x-www-form-urlencoded".to_owned())]
}

/// Signs in by the page; answers the cookie. The answer leads on, so it is read as it is.
fn sign_in_by_page(place: &Place, cookie: Option<&str>) -> String {
    let form = format!("login={ADMIN}&secret={}", PASSWORD.replace(' ', "+"));
    let cookie = cookie.map(|cookie| format!("Cookie: {cookie}\r\n")).unwrap_or_default();
    let head = "Sec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\nConnection: close";
    let request = format!("POST /sign-in HTTP/1.1\r\nHost: {}\r\n{cookie}{head}\r\nContent-Length: {}\r\n\r\n{form}", place.address(), form.len());
    let said = place.raw(request.as_bytes());
    let set = said.lines().find_map(|line| line.strip_prefix("set-cookie: plumb_session=")).unwrap_or_else(|| panic!("{said}"));
    format!("plumb_session={}", set.split(';').next().unwrap())
}

fn signed_in(place: &Place, cookie: &str) -> bool {
    place.get("/api/v1/me", &[("cookie", cookie.to_owned())]).status == 200
}

#[test]
fn frs_guard_003_a_session_from_before_signing_in_is_never_taken_over_and_a_new_one_ends_it() {
    let place = Place::new();
    // An identifier that the attacker made up, or got by signing in himself.
    let planted = format!("plumb_session={}", "a".repeat(64));
    for by_page in [false, true] {
        let enter = |cookie: Option<&str>| {
            if by_page {
                sign_in_by_page(&place, cookie)
            } else {
                let headers: Vec<_> = cookie.map(|cookie| ("cookie", cookie.to_owned())).into_iter().chain([("sec-fetch-site", "same-origin".to_owned())]).collect();
                place.post("/api/v1/session", &headers, &json!({"login": ADMIN, "password": PASSWORD})).cookie()
            }
        };
        let first = enter(Some(&planted));
        assert_ne!(first, planted);
        assert!(!signed_in(&place, &planted), "the planted session is nobody's");
        assert!(signed_in(&place, &first));
        let second = enter(Some(&first));
        assert_ne!(second, first);
        assert!(!signed_in(&place, &first), "the session from before has ended (by page: {by_page})");
        assert!(signed_in(&place, &second));
    }
}

#[test]
fn frs_guard_003_a_new_password_ends_every_session_of_the_old_one_but_the_one_that_set_it() {
    let place = Place::new();
    let (mine, stolen) = (place.session(ADMIN), place.session(ADMIN));
    let change = |password: &str, current: &str, key: &str| {
        let headers = [&mine[..], &[("idempotency-key", key.to_owned())]].concat();
        place.post("/api/v1/commands/password.change", &headers, &json!({"input": {"current_password": current, "password": password}}))
    };
    assert!(signed_in(&place, &stolen[0].1));
    assert_eq!(change("four green kettles hum", "not the password", "one").status, 401);
    assert!(signed_in(&place, &stolen[0].1), "a refused change ends nothing");
    assert_eq!(change("four green kettles hum", PASSWORD, "two").status, 200);
    assert!(!signed_in(&place, &stolen[0].1));
    assert!(signed_in(&place, &mine[0].1));
}

/// How many samples are taken; the long run takes 200.
fn samples() -> usize {
    std::env::var("PLUMB_SAMPLES").ok().and_then(|count| count.parse().ok()).unwrap_or(60)
}

/// Accounts of several sorts: with a password, without one, deactivated.
fn hire(place: &Place, count: usize) -> Vec<String> {
    let admin = place.session(ADMIN);
    let run = |name: &str, key: String, input: Json| {
        let headers = [&admin[..], &[("idempotency-key", key)]].concat();
        let reply = place.post(&format!("/api/v1/commands/{name}"), &headers, &json!({ "input": input, "reason": "as agreed" }));
        assert_eq!(reply.status, 200, "{name}: {}", reply.body);
        reply.json()["result"].clone()
    };
    (0..count)
        .map(|number| {
            let login = format!("person{number:03}");
            let mut input = json!({"login": login, "name": "Some One"});
            if number % 8 != 1 {
                input["password"] = json!("given out on the first day");
            }
            let made = run("person.create", format!("make {number}"), input);
            if number % 8 == 2 {
                run("record.step", format!("leave {number}"), json!({"record": made["id"], "version": made["version"], "step": "deactivate"}));
            }
            login
        })
        .collect()
}

fn without_request(reply: &Reply) -> (u16, Json, Vec<(String, String)>) {
    let mut problem = reply.json();
    problem["request_id"] = json!(null);
    let headers = reply.headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    (reply.status, problem, headers.filter(|(name, _)| !["plumb-request-id", "date"].contains(&name.as_str())).collect())
}

#[test]
fn frs_guard_004_neither_words_nor_time_tell_who_has_an_account() {
    let place = Place::with(&["--client-address-header", "x-forwarded-for"]);
    let samples = samples();
    let tries = SIGN_IN_FAILURES - 1;
    let known = hire(&place, samples.div_ceil(tries));
    let mut times: BTreeMap<bool, Vec<Duration>> = BTreeMap::new();
    let mut said = Vec::new();
    // Both in turn, so that whatever else the machine does slows both.
    for number in 0..samples {
        let login = &known[number / tries];
        let unknown = format!("nobody{:03}", number / tries);
        for (is_known, login) in [(true, login), (false, &unknown)] {
            let from = [("x-forwarded-for", format!("10.{}.{}.{}", u8::from(is_known), number / 200, number % 200))];
            let began = Instant::now();
            let reply = place.post("/api/v1/session", &from, &json!({"login": login, "password": "not the password at all"}));
            times.entry(is_known).or_default().push(began.elapsed());
            said.push(without_request(&reply));
        }
    }
    assert_eq!(said[0].0, 401);
    assert!(said.iter().all(|one| *one == said[0]), "the answers differ");
    let median = |is_known: bool| {
        let mut all = times[&is_known].clone();
        all.sort();
        all[all.len() / 2].as_secs_f64()
    };
    let ratio = median(true) / median(false);
    let most = if samples >= 200 { 0.10 } else { 0.25 };
    eprintln!("{samples} samples each: known {:.1} ms, unknown {:.1} ms", median(true) * 1e3, median(false) * 1e3);
    assert!((ratio - 1.0).abs() < most, "known accounts take {ratio:.2} times as long as unknown ones");
    assert!(median(false) > 0.003, "no work is done for who is not there");
}

#[test]
fn frs_guard_005_guessing_at_everybody_from_one_place_is_refused_past_the_limit_and_others_still_sign_in() {
    let place = Place::with(&["--client-address-header", "x-forwarded-for"]);
    let attempt = |from: &str, login: &str, password: &str| {
        place.post("/api/v1/session", &[("x-forwarded-for", from.to_owned())], &json!({"login": login, "password": password}))
    };
    // A few at each of many accounts, eight at a time.
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let place = &place;
        let workers: Vec<_> = (0..8)
            .map(|worker| {
                scope.spawn(move || {
                    let from = [("x-forwarded-for", "203.0.113.9".to_owned())];
                    let tries = (0..ADDRESS_FAILURES / 8 + 3).map(|number| place.post("/api/v1/session", &from, &json!({"login": format!("p{worker}x{number}"), "password": "summer in Rome"})).status);
                    tries.collect::<Vec<_>>()
                })
            })
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    let wrong = statuses.iter().filter(|status| **status == 401).count();
    assert!(wrong <= ADDRESS_FAILURES, "{wrong} guesses were let through");
    assert!(statuses.contains(&429));
    let refused = attempt("203.0.113.9", ADMIN, PASSWORD);
    assert_eq!(refused.status, 429, "also with the right password, so that it tells nothing");
    assert!(refused.header("retry-after").parse::<u64>().unwrap() > 0);
    assert_eq!(attempt("198.51.100.7", ADMIN, PASSWORD).status, 200, "everybody else signs in");
    // An account that is guessed at waits; whoever is signed in already works on.
    let session = place.post("/api/v1/session", &[("x-forwarded-for", "198.51.100.7".to_owned())], &json!({"login": ADMIN, "password": PASSWORD})).cookie();
    for number in 0..SIGN_IN_FAILURES {
        assert_eq!(attempt(&format!("192.0.2.{number}"), ADMIN, "not it").status, 401);
    }
    assert_eq!(attempt("192.0.2.99", ADMIN, PASSWORD).status, 429);
    assert!(signed_in(&place, &session));
}

/// Every secret that goes through the server in this test, each findable by its mark.
const SECRETS: [&str; 8] = [
    "canary0 first given out", "canary1 right and own", "canary2 typed wrongly", "canary3 the next one", "canary4 set by the desk", "canary5 typed as the name", "plumb_canary6", "canary7session",
];

fn hold_secrets(place: &Place) -> Vec<String> {
    let mut said = Vec::new();
    let mut secrets: Vec<String> = Vec::new();
    let admin = place.session(ADMIN);
    let run = |headers: &[(&'static str, String)], name: &str, body: Json| {
        let key = ("idempotency-key", format!("{name} {}", body.to_string().len()));
        let reply = place.post(&format!("/api/v1/commands/{name}"), &[headers, &[key]].concat(), &body);
        (reply.status, reply.body)
    };
    let create = json!({"input": {"login": "nina", "name": "Nina", "password": SECRETS[0], "identity_verified": "seen"}});
    assert_eq!(run(&admin, "person.create", create).0, 200);
    let session = |login: &str, password: &str| place.sign_in(login, password);
    let first = session("nina", SECRETS[0]);
    let cookie = vec![("cookie", first.cookie()), ("sec-fetch-site", "same-origin".to_owned())];
    for (current, next, status) in [(SECRETS[2], SECRETS[1], 401), (SECRETS[0], SECRETS[1], 200), (SECRETS[1], SECRETS[3], 200)] {
        let (got, body) = run(&cookie, "password.change", json!({"input": {"current_password": current, "password": next}}));
        assert_eq!(got, status, "{body}");
        said.push(body);
    }
    for (login, password) in [("nina", SECRETS[2]), (SECRETS[5], "not it either"), ("nina", SECRETS[5])] {
        let reply = session(login, password);
        assert_eq!(reply.status, 401);
        said.push(reply.body);
    }
    // Secrets where they do not belong: unknown members, wrong types, addresses, headers.
    for body in [json!({"login": "nina", "password": [SECRETS[2]]}), json!({"login": "nina", "password": "x", "extra": SECRETS[2]}), json!({"login": {"x": SECRETS[2]}, "password": SECRETS[2]})] {
        said.push(place.post("/api/v1/session", &[], &body).body);
    }
    let (_, body) = run(&admin, "person.set_password", json!({"input": {"person": "nina", "password": "short"}}));
    said.push(body);
    assert_eq!(run(&admin, "person.set_password", json!({"input": {"person": "nina", "password": SECRETS[4]}})).0, 200);
    for headers in [[("authorization", format!("Bearer {}", SECRETS[6]))], [("cookie", format!("plumb_session={}", SECRETS[7]))]] {
        let reply = place.get("/api/v1/me", &headers);
        assert_eq!(reply.status, 401);
        said.push(reply.body);
    }
    let (_, made) = run(&admin, "token.create", json!({"input": {"name": "export", "days": 3}}));
    let token = serde_json::from_str::<Json>(&made).unwrap()["result"]["token"].as_str().unwrap().to_owned();
    assert_eq!(place.get("/api/v1/me", &[("authorization", format!("Bearer {token}"))]).status, 200);
    let form = format!("login=nina&secret={}", SECRETS[2].replace(' ', "+"));
    said.push(send("POST", &place.server.url("/sign-in"), &form_of_a_page(), form.into_bytes()).unwrap().body);
    for path in ["/metrics", "/tokens", "/r/person/nina/timeline", "/list/person", "/api/v1/records/person/nina/timeline", "/api/v1/me/tokens", "/evidence"] {
        said.push(place.get(path, &admin).body);
    }
    secrets.extend(SECRETS.map(str::to_owned));
    secrets.extend([PASSWORD.to_owned(), token, first.cookie().trim_start_matches("plumb_session=").to_owned(), admin[0].1.trim_start_matches("plumb_session=").to_owned()]);
    for secret in &secrets {
        let found = said.iter().find(|body| body.contains(secret.as_str()));
        assert!(found.is_none(), "an answer says {secret}: {found:?}");
    }
    secrets
}

fn files_below(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files_below(&path)) } else { found.push(path) }
    }
    found
}

#[test]
fn frs_guard_006_no_secret_stands_in_a_log_an_answer_an_export_or_the_data() {
    let place = Place::talkative();
    let secrets = hold_secrets(&place);
    plumb(place.folder.path(), "export --data data exported", &[]).with(0);
    let log = place.log();
    assert!(log.contains("/api/v1/session") && log.len() > 2_000, "the log is there: {log}");
    let files = files_below(place.folder.path());
    assert!(files.len() > 10, "{files:?}");
    for file in files {
        let bytes = std::fs::read(&file).unwrap();
        let text = String::from_utf8_lossy(&bytes).to_lowercase();
        for secret in &secrets {
            assert!(!text.contains(&secret.to_lowercase()), "{} holds {secret}", file.display());
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let ended = plumb(folder.path(), "serve --database postgres://plumb:canary8@127.0.0.1:1/none --files files --content-listen 127.0.0.1:0 --listen 127.0.0.1:0", &[]);
    assert_ne!(ended.code, 0);
    assert!(!format!("{}{}", ended.out, ended.err).contains("canary8"), "{}{}", ended.out, ended.err);
}
