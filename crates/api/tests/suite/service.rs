//! Health and counters.

use super::support::{Ask, Client, Company};
use serde_json::json;
use testkit::engines::both_migrated;

#[test]
fn frs_api_016_health_is_answered_to_anybody_and_counters_tell_what_happened() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        for (path, text) in [("/healthz", "ok\n"), ("/readyz", "ready\n")] {
            let reply = company.client.send(Ask::get(path));
            assert_eq!((reply.status, reply.text().as_str()), (200, text));
        }
        let token = company.token("dora");
        let create = |key: &str, body: &str| {
            company.client.send(Ask::post("/api/v1/records/paper").key(key).json(json!({"title": "A hose", "fields": {"body": body}})).token(&token))
        };
        create("1", "words");
        create("1", "words");
        create("2", "");
        company.client.send(Ask::get("/api/v1/nowhere/secret-path"));
        let counted = company.client.send(Ask::get("/metrics")).text();
        for expected in [
            "plumb_commands_total{command=\"record.create\",outcome=\"done\"} 1\n",
            "plumb_commands_total{command=\"record.create\",outcome=\"repeated\"} 1\n",
            "plumb_commands_total{command=\"record.create\",outcome=\"invalid\"} 1\n",
            "plumb_requests_total{method=\"POST\",path=\"/api/v1/records/{kind}\",status=\"201\"} 2\n",
            "plumb_request_seconds_count{method=\"POST\",path=\"/api/v1/records/{kind}\"} 3\n",
            "plumb_database_connections_busy 0\n",
            "plumb_requests_total{method=\"other\",path=\"unknown\",status=\"404\"} 1\n",
        ] {
            assert!(counted.contains(expected), "{expected} in\n{counted}");
        }
        assert!(!counted.contains("secret-path"), "an address as sent is not a label");
    });
}

#[test]
fn frs_api_013_a_server_with_too_much_to_do_says_so_and_does_nothing() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let mut company = Company::new(test);
        let token = company.token("dora");
        company.state.gate = api::edge::Gate::of(0, 0, std::time::Duration::from_secs(1));
        let client = Client::new(api::router(company.state.clone()));
        let before = company.events();
        let reply = client.send(Ask::post("/api/v1/records/paper").key("1").json(json!({"title": "A hose", "fields": {"body": "x"}})).token(&token));
        assert_eq!((reply.problem(), reply.header("retry-after")), ((503, "busy".to_owned(), String::new()), "1"));
        assert_eq!(company.events(), before);
    });
}
