//! Signing in and out, tokens, and requests from foreign pages.

use super::support::{Ask, Company};
use serde_json::json;
use testkit::engines::both_migrated;
use testkit::world::PASSWORD;

#[test]
fn frs_api_001_a_session_begins_with_a_cookie_and_ends_at_once() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let reply = company.client.send(Ask::post("/api/v1/session").json(json!({"login": "DORA", "password": PASSWORD})));
        assert_eq!((reply.status, &reply.json()["login"]), (200, &json!("dora")));
        let cookie = reply.header("set-cookie");
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict") && cookie.contains("Path=/"), "{cookie}");
        assert!(!cookie.contains("Secure"), "plain HTTP was configured");
        let cookie = cookie.split(';').next().unwrap().to_owned();
        let me = company.client.send(Ask::get("/api/v1/me").cookie(&cookie));
        assert_eq!(me.json()["roles"], json!([{"role": "design_engineer", "site": null}, {"role": "quality_engineer", "site": null}]));
        let out = company.client.send(Ask::delete("/api/v1/session").cookie(&cookie));
        assert_eq!(out.status, 204);
        assert!(out.header("set-cookie").contains("Max-Age=0"));
        assert_eq!(company.client.send(Ask::get("/api/v1/me").cookie(&cookie)).problem().0, 401);
    });
}

#[test]
fn frs_api_001_signing_in_again_gives_a_new_session_and_ends_the_old_one() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let old = company.cookie("dora");
        let again = Ask::post("/api/v1/session").json(json!({"login": "dora", "password": PASSWORD})).cookie(&old);
        let reply = company.client.send(again);
        let new = reply.header("set-cookie").split(';').next().unwrap().to_owned();
        assert_ne!(old, new);
        assert_eq!(company.client.send(Ask::get("/api/v1/me").cookie(&old)).status, 401);
        assert_eq!(company.client.send(Ask::get("/api/v1/me").cookie(&new)).status, 200);
    });
}

#[test]
fn frs_api_001_a_wrong_name_and_a_wrong_password_are_refused_alike_and_leave_the_session_alone() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let cookie = company.cookie("dora");
        let attempt = |login: &str| {
            let reply = company.client.send(Ask::post("/api/v1/session").json(json!({"login": login, "password": "not the password"})).cookie(&cookie));
            assert!(reply.headers.get("set-cookie").is_none());
            let mut problem = reply.json();
            problem["request_id"] = json!(null);
            (reply.status, problem)
        };
        assert_eq!(attempt("dora"), attempt("nobody"));
        assert_eq!(attempt("dora").0, 401);
        assert_eq!(company.client.send(Ask::get("/api/v1/me").cookie(&cookie)).status, 200);
        for (body, place) in [(json!({"login": "dora"}), "password"), (json!({"login": 1, "password": "x"}), "login"), (json!({"login": "dora", "password": "x", "site": "ROM"}), "site")] {
            let reply = company.client.send(Ask::post("/api/v1/session").json(body));
            assert_eq!((reply.status, reply.problem().2.as_str()), (422, place));
        }
    });
}

#[test]
fn frs_ses_003_guessing_is_stopped_with_429_and_the_answer_says_how_long_to_wait() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let attempt = |secret: &str| company.client.send(Ask::post("/api/v1/session").json(json!({"login": "dora", "password": secret})));
        for _ in 0..base::limits::SIGN_IN_FAILURES {
            assert_eq!(attempt("not the password").status, 401);
        }
        let wait = base::limits::SIGN_IN_WAIT_SECONDS;
        for (passed, left) in [(0, wait), (wait - 10, 10), (9, 1)] {
            company.world.clock.advance_seconds(passed);
            let refused = attempt(PASSWORD);
            assert_eq!((refused.status, refused.header("retry-after")), (429, left.to_string().as_str()));
        }
        company.world.clock.advance_seconds(1);
        assert_eq!(attempt(PASSWORD).status, 200);
    });
}

#[test]
fn frs_api_004_a_foreign_page_changes_nothing_with_the_sessions_cookie() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let cookie = company.cookie("dora");
        let new = || Ask::post("/api/v1/records/paper").key("k").json(json!({"title": "A hose", "fields": {"body": "x"}})).with("cookie", cookie.clone());
        let before = company.events();
        for ask in [
            new(),
            new().with("sec-fetch-site", "cross-site"),
            new().with("sec-fetch-site", "same-site"),
            new().with("origin", "https://evil.example.com"),
            new().with("origin", "null"),
            Ask::post("/api/v1/challenges").json(json!({"command": "record.step", "input": {}})).with("cookie", cookie.clone()),
            Ask::delete("/api/v1/session").with("cookie", cookie.clone()).with("sec-fetch-site", "cross-site"),
            Ask::post("/api/v1/files").bytes("application/octet-stream", "x").with("cookie", cookie.clone()),
            // Nor does it sign anybody in.
            Ask::post("/api/v1/session").json(json!({"login": "dora", "password": PASSWORD})).with("origin", "https://evil.example.com"),
        ] {
            let what = format!("{ask:?}");
            let reply = company.client.send(ask);
            assert_eq!(reply.problem(), (403, "cross_site".to_owned(), String::new()), "{what}");
        }
        assert_eq!(company.events(), before);
        assert_eq!(company.client.send(new().with("origin", "http://plumb.test")).status, 201);
    });
}

#[test]
fn frs_api_002_a_token_reads_and_changes_until_it_expires_and_is_shown_once() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let token = company.token("dora");
        let me = || company.client.send(Ask::get("/api/v1/me").token(&token));
        assert_eq!(me().json()["signed_in_by"], "token");
        let made = Ask::post("/api/v1/records/paper").key("k").json(json!({"title": "A hose", "fields": {"body": "x"}})).token(&token);
        assert_eq!(company.client.send(made).status, 201);
        let listed = company.client.send(Ask::get("/api/v1/me/tokens").token(&token)).rows();
        assert_eq!(listed.len(), 1);
        assert!(!listed[0].to_string().contains(&token));
        company.world.clock.advance_seconds(30 * 86_400 - 1);
        assert_eq!(me().status, 200);
        company.world.clock.advance_seconds(2);
        assert_eq!(me().problem().0, 401);
    });
}

#[test]
fn frs_api_003_a_revoked_token_is_refused_at_once_and_nobody_else_revokes_it() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let token = company.token("dora");
        let id = company.client.send(Ask::get("/api/v1/me/tokens").token(&token)).rows()[0]["id"].clone();
        let revoke = |by: &str| company.client.send(Ask::post("/api/v1/commands/token.revoke").key(&company.world.key()).json(json!({"input": {"token": id}})).token(by));
        assert_eq!(revoke(&company.token("olga")).problem().0, 404);
        assert_eq!(company.client.send(Ask::get("/api/v1/me").token(&token)).status, 200);
        assert_eq!(revoke(&token).status, 200);
        assert_eq!(company.client.send(Ask::get("/api/v1/me").token(&token)).problem().0, 401);
    });
}

#[test]
fn frs_api_001_credentials_that_are_no_good_are_refused_everywhere() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let good = company.cookie("dora");
        for ask in [
            Ask::get("/api/v1/me").token("plumb_00"),
            Ask::get("/api/v1/me").with("authorization", "Basic ZG9yYTp4"),
            Ask::get("/api/v1/me").with("authorization", "Bearer"),
            Ask::get("/api/v1/me").token("plumb_00").cookie(&good),
            Ask::get("/api/v1/me").cookie("plumb_session=00"),
            Ask::get("/api/v1/me").cookie("plumb_session="),
        ] {
            let reply = company.client.send(ask);
            assert_eq!((reply.problem().0, reply.header("www-authenticate")), (401, "Bearer realm=\"Plumb\""));
        }
        let token = company.token("quinn");
        let id = company.world.named("person", "quinn").id;
        company.world.step(&company.world.admin, &id, "deactivate").unwrap();
        assert_eq!(company.client.send(Ask::get("/api/v1/me").token(&token)).problem().0, 401);
    });
}

#[test]
fn frs_api_001_somebody_with_a_foreign_password_changes_it_before_anything_else() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let first = "first password given";
        company.world.run(&company.world.admin, "person.create", json!({"login": "nina", "name": "Nina", "password": first})).unwrap();
        let reply = company.client.send(Ask::post("/api/v1/session").json(json!({"login": "nina", "password": first})));
        assert_eq!(reply.json()["must_change_password"], true);
        let cookie = reply.header("set-cookie").split(';').next().unwrap().to_owned();
        for ask in [Ask::get("/api/v1/records/paper"), Ask::get("/api/v1/my-work"), Ask::post("/api/v1/files").bytes("application/octet-stream", "x")] {
            assert_eq!(company.client.send(ask.cookie(&cookie)).problem(), (403, "password_must_change".to_owned(), String::new()));
        }
        let create = json!({"input": {"name": "t", "days": 1}});
        let refused = company.client.send(Ask::post("/api/v1/commands/token.create").key("1").json(create).cookie(&cookie));
        assert_eq!(refused.problem().1, "password_must_change");
        let change = json!({"input": {"current_password": first, "password": PASSWORD}});
        assert_eq!(company.client.send(Ask::post("/api/v1/commands/password.change").key("2").json(change).cookie(&cookie)).status, 200);
        assert_eq!(company.client.send(Ask::get("/api/v1/my-work").cookie(&company.cookie("nina"))).status, 200);
    });
}
