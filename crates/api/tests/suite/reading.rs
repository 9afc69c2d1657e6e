//! Lists, pages, NDJSON, filters, moments in the past.

use super::support::{Ask, Client, Company};
use base::limits::{PAGE_ROWS, PAGE_ROWS_DEFAULT, SEARCH_HITS, SEARCH_WORDS_PER_QUERY};
use serde_json::{Value as Json, json};
use testkit::engines::both_migrated;

fn numbers(rows: &[Json]) -> Vec<String> {
    rows.iter().map(|row| row["number"].as_str().unwrap().to_owned()).collect()
}

/// Seven papers, made a minute apart: grades 1 to 5 and 1, 2.
fn seven(company: &Company) -> Vec<String> {
    (0..7)
        .map(|n| {
            company.world.clock.advance_seconds(60);
            company.record("paper", json!({"body": format!("word{n}"), "grade": n % 5 + 1, "colour": if n < 2 { "red" } else { "blue" }}))
        })
        .collect()
}

#[test]
fn frs_api_017_pages_follow_one_another_without_gap_or_double() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        seven(&company);
        let token = company.token("dora");
        for (sort, expected) in [("number", vec![1, 2, 3, 4, 5, 6, 7]), ("changed", vec![7, 6, 5, 4, 3, 2, 1])] {
            let mut after = String::new();
            let mut found = Vec::new();
            for page in 0..10 {
                let reply = company.client.send(Ask::get(format!("/api/v1/records/paper?rows=3&sort={sort}{after}")).token(&token));
                found.extend(numbers(&reply.rows()));
                assert!(page < 3, "a list of seven has three pages of three");
                match reply.json()["next"].as_str() {
                    Some(next) => after = format!("&after={next}"),
                    None => break,
                }
            }
            let expected: Vec<_> = expected.into_iter().map(|n| format!("PAP-000{n}")).collect();
            assert_eq!(found, expected, "{sort}");
        }
    });
}

#[test]
fn frs_api_017_a_list_comes_as_lines_where_the_client_asks_for_them() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        seven(&company);
        let token = company.token("dora");
        let lines = |path: &str| {
            let reply = company.client.send(Ask::get(path).with("accept", "application/x-ndjson").token(&token));
            assert_eq!(reply.header("content-type"), "application/x-ndjson");
            let rows: Vec<Json> = reply.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            (rows, reply.header("plumb-next").to_owned())
        };
        let (whole, next) = lines("/api/v1/records/paper");
        assert_eq!((whole.len(), next.as_str()), (7, ""));
        let (page, next) = lines("/api/v1/records/paper?rows=5");
        assert_eq!(page.len(), 5);
        assert_eq!(lines(&format!("/api/v1/records/paper?rows=5&after={next}")).0.len(), 2);
        assert_eq!(lines("/api/v1/kinds").0.iter().filter(|kind| kind["name"] == "paper").count(), 1);
    });
}

#[test]
fn frs_api_005_a_list_is_narrowed_by_what_the_address_says() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let ids = seven(&company);
        let (dora, quinn) = (company.world.sign_in("dora"), company.world.sign_in("quinn"));
        company.world.step(&dora, &ids[1], "submit").unwrap();
        company.world.step(&dora, &ids[2], "submit").unwrap();
        company.world.sign_step(&quinn, &ids[2], "approve").unwrap();
        company.world.run(&dora, "record.revise", json!({"record": ids[2]})).unwrap();
        let due = json!({"record": ids[4], "version": 1, "due_date": "2026-11-20", "owner": "quinn"});
        company.world.run(&dora, "record.edit", due).unwrap();
        let token = company.token("dora");
        for (query, expected) in [
            ("field.grade=1", vec![1, 6]),
            ("field.grade=1&field.colour=red", vec![1]),
            ("phase=in_review", vec![2]),
            ("phase=in_review,effective", vec![2, 3]),
            ("state=effective", vec![3]),
            ("owner=quinn", vec![5]),
            ("owner=dora&field.colour=red", vec![1, 2]),
            ("q=word3", vec![4]),
            ("q=word&phase=effective", vec![3]),
            ("due_until=2026-11-20", vec![5]),
            ("due_until=2026-11-19", vec![]),
            ("site=ROM&phase=effective", vec![3]),
            ("site=OSL", vec![]),
            ("field.grade=3", vec![3, 3]),
            ("field.grade=3&current=true", vec![3]),
            ("field.grade=3&current=false", vec![3, 3]),
        ] {
            let rows = company.client.send(Ask::get(format!("/api/v1/records/paper?{query}")).token(&token)).rows();
            let expected: Vec<_> = expected.iter().map(|n| format!("PAP-000{n}")).collect();
            assert_eq!(numbers(&rows), expected, "{query}");
        }
    });
}

#[test]
fn frs_api_005_a_record_is_found_by_identifier_number_and_revision() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let first = company.record("paper", json!({"body": "words", "grade": 1}));
        let (dora, quinn) = (company.world.sign_in("dora"), company.world.sign_in("quinn"));
        company.world.step(&dora, &first, "submit").unwrap();
        company.world.sign_step(&quinn, &first, "approve").unwrap();
        company.world.run(&dora, "record.revise", json!({"record": first})).unwrap();
        let token = company.token("dora");
        let get = |name: &str| company.client.send(Ask::get(format!("/api/v1/records/paper/{name}")).token(&token));
        for (name, revision) in [(first.as_str(), "A"), ("PAP-0001", "A"), ("pap-0001", "A"), ("PAP-0001%2FB", "B"), ("PAP-0001%2FA", "A")] {
            let reply = get(name);
            assert_eq!((reply.status, &reply.json()["revision"]), (200, &json!(revision)), "{name}");
            assert_eq!(reply.header("etag"), format!("\"{}\"", reply.json()["version"]));
        }
        assert_eq!(get("PAP-0001%2FC").status, 404);
        // A record of another kind is not found under this one.
        let person = company.world.named("person", "dora").id;
        assert_eq!(get(&person).status, 404);
        let revisions = company.client.send(Ask::get("/api/v1/records/paper/PAP-0001/revisions").token(&token)).rows();
        assert_eq!(revisions.iter().map(|row| row["label"].as_str().unwrap()).collect::<Vec<_>>(), ["PAP-0001 rev A", "PAP-0001 rev B"]);
    });
}

#[test]
fn frs_api_018_records_links_and_lists_read_as_they_were() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let dora = company.world.sign_in("dora");
        let target = company.record("paper", json!({"body": "the target"}));
        let id = company.record("paper", json!({"body": "first words"}));
        let link = testkit::world::text(&company.world.link(&dora, &id, "about", &target).unwrap(), "link");
        let then = company.world.kernel.now().plus_seconds(1).to_rfc3339();
        company.world.clock.advance_seconds(3_600);
        company.world.edit(&dora, &id, json!({"body": "other words"})).unwrap();
        company.world.run(&dora, "record.edit", json!({"record": target, "version": 1, "title": "Renamed"})).unwrap();
        company.world.run(&dora, "link.remove", json!({"link": link})).unwrap();
        company.record("paper", json!({"body": "later"}));
        let token = company.token("dora");
        let get = |path: &str| company.client.send(Ask::get(format!("/api/v1/records/paper{path}")).token(&token));

        let old = get(&format!("/{id}?as_of={then}"));
        assert_eq!((&old.json()["fields"]["body"], old.header("etag")), (&json!("first words"), "\"1\""));
        assert_eq!(get(&format!("/PAP-0002?as_of={then}")).json()["fields"]["body"], "first words");
        assert_eq!(get(&format!("/{id}")).json()["fields"]["body"], "other words");
        let links = get(&format!("/{id}/links?as_of={then}")).rows();
        assert_eq!((links.len(), &links[0]["other"]["title"]), (1, &json!("A hose")));
        assert!(get(&format!("/{id}/links")).rows().is_empty());
        assert_eq!(get(&format!("?as_of={then}")).rows().len(), 2);
        assert_eq!(get("").rows().len(), 3);
        assert_eq!(get(&format!("/{id}?as_of=2020-01-01T00:00:00Z")).status, 404);
        // Any offset names the same moment; a plus sign stands for itself when it is encoded.
        let offset = then.replace('Z', "%2B00:00");
        assert_eq!(get(&format!("/{id}?as_of={offset}")).json()["fields"]["body"], "first words");
    });
}

#[test]
fn frs_api_017_a_timeline_is_read_to_its_end_even_where_one_change_fills_pages() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let id = company.record("paper", json!({"body": "words", "grade": 1}));
        company.world.step(&company.world.sign_in("dora"), &id, "submit").unwrap();
        let token = company.token("dora");
        let whole = company.client.send(Ask::get(format!("/api/v1/records/paper/{id}/timeline?rows=200")).token(&token)).rows();
        let transactions: std::collections::BTreeSet<_> = whole.iter().map(|line| line["tx"].as_str().unwrap()).collect();
        assert!(whole.len() > transactions.len(), "a transaction has several lines");
        let mut paged = Vec::new();
        let mut before = String::new();
        loop {
            let reply = company.client.send(Ask::get(format!("/api/v1/records/paper/{id}/timeline?rows=1{before}")).token(&token));
            paged.extend(reply.rows());
            let Some(next) = reply.json()["next"].as_str().map(str::to_owned) else { break };
            before = format!("&before={next}");
        }
        assert_eq!(paged, whole);
        assert!(whole.iter().any(|line| line["action"] == "record.step.submit" && line["actor_name"] == "Dora Tester" && line["reason"] == "as agreed"));
    });
}

#[test]
fn frs_api_005_ones_work_search_kinds_and_roles_are_there() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let id = company.record("paper", json!({"body": "words", "grade": 1}));
        company.world.step(&company.world.sign_in("dora"), &id, "submit").unwrap();
        let get = |login: &str, path: &str| company.client.send(Ask::get(path).cookie(&company.cookie(login))).rows();
        let work = get("quinn", "/api/v1/my-work");
        let todo: Vec<_> = work.iter().map(|todo| (todo["sort"].as_str().unwrap(), todo["about"]["label"].as_str().unwrap())).collect();
        assert_eq!(todo, [("sign", "PAP-0001 rev A")]);
        let work = get("dora", "/api/v1/my-work");
        assert_eq!((work.len(), &work[0]["task"], &work[0]["due_date"]), (1, &json!("Read it"), &json!("2026-11-05")));
        assert!(get("olga", "/api/v1/my-work").is_empty());

        assert_eq!(get("olga", "/api/v1/search?q=PAP-0001")[0]["id"], id);
        assert!(get("olga", "/api/v1/search?q=hose&kind=site").is_empty());
        let kinds = |login: &str| get(login, "/api/v1/kinds").iter().any(|kind| kind["name"] == "secret");
        assert_eq!((kinds("olga"), kinds("dora")), (false, true));
        let roles = get("olga", "/api/v1/roles");
        let writer = roles.iter().find(|role| role["name"] == "design_engineer").unwrap();
        assert!(writer["permissions"].as_array().unwrap().contains(&json!("paper.step.submit")));
        let held = get("olga", "/api/v1/people/quinn/roles");
        assert_eq!((held.len(), &held[0]["role"]), (1, &json!("quality_manager")));
    });
}

#[test]
fn frs_api_005_a_read_that_a_domain_declares_is_answered_like_every_other() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let id = company.record("paper", json!({"body": "one two three"}));
        let token = company.token("dora");
        let get = |path: &str| company.client.send(Ask::get(path).token(&token));
        let reply = get("/api/v1/papers/PAP-0001/words?most=2");
        assert_eq!(reply.json(), json!({"words": ["one", "two"], "asked_by": company.world.named("person", "dora").id}));
        assert_eq!(get(&format!("/api/v1/papers/{id}/words?most=10")).problem(), (422, "bad_parameter".to_owned(), "most".to_owned()));
        assert_eq!(get("/api/v1/papers/PAP-0002/words").problem().0, 404);
        assert_eq!(company.client.send(Ask::get("/api/v1/papers/PAP-0001/words")).problem().0, 401);
    });
}

/// The lines of one answer stand at their limit, here a page and one more, and one past it.
#[test]
fn frs_api_017_lines_end_at_their_limit_with_a_cursor_for_the_rest() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let mut company = Company::new(test);
        let most = PAGE_ROWS + 1;
        company.state.bounds.line_rows = most;
        let client = Client::new(api::router(company.state.clone()));
        let dora = company.world.sign_in("dora");
        let token = company.token("dora");
        let make = |n: usize| company.world.create(&dora, "paper", &format!("Sheet {n}"), json!({"body": "x"})).unwrap();
        (0..most).for_each(|n| drop(make(n)));
        let lines = |after: &str| {
            let reply = client.send(Ask::get(format!("/api/v1/records/paper{after}")).with("accept", "application/x-ndjson").token(&token));
            (reply.text().lines().count(), reply.header("plumb-next").to_owned())
        };
        assert_eq!(lines(""), (most, String::new()));
        make(most);
        let (count, next) = lines("");
        assert_eq!((count, next.is_empty()), (most, false));
        assert_eq!(lines(&format!("?after={next}")), (1, String::new()));
    });
}

#[test]
fn frs_api_005_a_kind_and_a_field_of_a_configuration_package_are_there_at_once() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let token = company.token("dora");
        let with_field = |key: &str| {
            let body = json!({"title": "A hose", "fields": {"body": "words", "x_batch": "B-1"}});
            company.client.send(Ask::post("/api/v1/records/paper").key(key).json(body).token(&token))
        };
        assert_eq!(with_field("1").problem(), (422, "unknown_field".to_owned(), "fields.x_batch".to_owned()));
        assert!(company.document()["paths"]["/api/v1/records/x_visit"].is_null());
        company.put_into_force(PACKAGE);
        assert_eq!(with_field("2").status, 201);
        let document = company.document();
        assert_eq!(document["x-configuration-revision"], 1);
        assert_eq!(document["components"]["schemas"]["new_record.paper"]["properties"]["fields"]["properties"]["x_batch"]["title"], "Batch");
        assert!(document["paths"]["/api/v1/records/x_visit"]["post"].is_object());
        let made = company.client.send(Ask::post("/api/v1/records/x_visit").key("3").json(json!({"title": "A visit"})).token(&token));
        assert_eq!((made.status, &made.json()["result"]["number"]), (201, &json!("VIS-001")), "{}", made.text());
    });
}

const PACKAGE: &str = r#"
[[field]]
kind = "paper"
name = "x_batch"
label = "Batch"
sort = "line"

[[kind]]
name = "x_visit"
label = "Visit"
plural = "Visits"
area = "quality"
prefix = "VIS"
digits = 3
[[kind.state]]
name = "planned"
label = "Planned"
phase = "in_work"
[[kind.state]]
name = "done"
label = "Done"
phase = "closed"
[[kind.step]]
name = "finish"
label = "Finish"
from = ["planned"]
to = "done"
roles = ["quality_manager"]

[[grant]]
role = "everyone"
kind = "x_visit"
verbs = ["view", "create"]
"#;

#[test]
fn frs_api_017_a_page_has_so_many_rows_where_the_client_does_not_say() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let dora = company.world.sign_in("dora");
        let token = company.token("dora");
        let make = |n: usize| company.world.create(&dora, "paper", &format!("Sheet {n}"), json!({"body": "x"})).unwrap();
        let first = make(0);
        (1..PAGE_ROWS_DEFAULT).for_each(|n| drop(make(n)));
        let page = |path: &str| {
            let answer = company.client.send(Ask::get(path).token(&token)).json();
            (answer["rows"].as_array().unwrap().len(), answer["next"].is_string())
        };
        assert_eq!(page("/api/v1/records/paper"), (PAGE_ROWS_DEFAULT, false));
        make(PAGE_ROWS_DEFAULT);
        assert_eq!(page("/api/v1/records/paper"), (PAGE_ROWS_DEFAULT, true));
        assert_eq!(page(&format!("/api/v1/records/paper?rows={PAGE_ROWS}")), (PAGE_ROWS_DEFAULT + 1, false));
        // The same of a timeline.
        let timeline = format!("/api/v1/records/paper/{first}/timeline");
        let events = || page(&format!("{timeline}?rows={PAGE_ROWS}")).0;
        while events() < PAGE_ROWS_DEFAULT {
            let dora = company.world.sign_in("dora");
            company.world.edit(&dora, &first, json!({"body": format!("x{}", events())})).unwrap();
        }
        assert_eq!(page(&timeline), (PAGE_ROWS_DEFAULT, false));
        company.world.edit(&company.world.sign_in("dora"), &first, json!({"body": "once more"})).unwrap();
        assert_eq!((page(&timeline), events()), ((PAGE_ROWS_DEFAULT, true), PAGE_ROWS_DEFAULT + 1));
    });
}

#[test]
fn frs_sea_003_a_search_gives_no_more_hits_than_its_description_says() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let dora = company.world.sign_in("dora");
        let token = company.token("dora");
        let make = |n: usize| company.world.create(&dora, "paper", &format!("Sheet {n}"), json!({"body": "x"})).unwrap();
        (0..=SEARCH_HITS).for_each(|n| drop(make(n)));
        let search = |words: &str| company.client.send(Ask::get(format!("/api/v1/search?q={words}")).token(&token));
        assert_eq!(search("sheet").json()["rows"].as_array().unwrap().len(), SEARCH_HITS);
        let summary = company.document()["paths"]["/api/v1/search"]["get"]["summary"].clone();
        assert_eq!(summary, json!(format!("The first {SEARCH_HITS} records in which all words occur, best first")));
        let words = |count: usize| (0..count).map(|n| format!("w{n}")).collect::<Vec<_>>().join("%20");
        assert_eq!(search(&words(SEARCH_WORDS_PER_QUERY)).status, 200);
        assert_eq!(search(&words(SEARCH_WORDS_PER_QUERY + 1)).problem(), (422, "too_many_words".to_owned(), "q".to_owned()));
    });
}
