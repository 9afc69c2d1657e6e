//! Reference tables: their rows, and by which revision a record was evaluated.

use super::support::{Ask, Company};
use serde_json::json;
use testkit::engines::both_migrated;

#[test]
fn frs_ref_006_rows_are_read_and_changed_and_a_record_says_which_revision_it_used() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let (world, token) = (&company.world, company.token("dora"));
        let get = |address: &str| company.client.send(Ask::get(address).token(&token)).json();
        let table = get("/api/v1/records/reference_table/RT-GRADES");
        assert_eq!(table["fields"]["rows"], json!([["grade", "word"], ["1", "poor"], ["5", "good"]]));
        assert_eq!(table["tables"], json!([]));
        let used = json!({"table": "grades", "record": table["id"], "label": "RT-GRADES rev 1", "digest": table["digest"]});
        let paper = company.record("paper", json!({"body": "x", "graded_by": used}));
        let shown = |in_force: bool| {
            let mut shown = used.clone();
            shown["field"] = json!("graded_by");
            shown["in_force"] = json!(in_force);
            json!([shown])
        };
        assert_eq!(get(&format!("/api/v1/records/paper/{paper}"))["tables"], shown(true));
        let mut revised = get("/api/v1/records/reference_table?q=grades")["rows"][0]["id"].as_str().unwrap().to_owned();
        let reply = company.client.send(Ask::post(format!("/api/v1/records/reference_table/{revised}/revisions")).token(&token).key("revise").json(json!({})));
        assert_eq!(reply.status, 201, "{}", reply.text());
        reply.json()["result"]["id"].as_str().unwrap().clone_into(&mut revised);
        let change = |rows: &serde_json::Value| {
            let version = world.record(&revised).version;
            let ask = Ask::patch(format!("/api/v1/records/reference_table/{revised}")).token(&token).key(&world.key()).version(version);
            company.client.send(ask.json(json!({"fields": {"rows": rows}})))
        };
        let refused = change(&json!([["grade", "word"], ["1"]]));
        assert_eq!((refused.status, refused.json()["place"].as_str(), refused.json()["code"].as_str()), (422, Some("fields.rows"), Some("uneven_row")));
        let changed = change(&json!([["grade", "word"], [1, "bad"]]));
        assert_eq!(changed.status, 200, "{}", changed.text());
        assert_eq!(world.record(&revised).fields["rows"], json!([["grade", "word"], ["1", "bad"]]));
        assert_eq!(get(&format!("/api/v1/records/paper/{paper}"))["tables"], shown(true));
        let (dora, quinn) = (world.sign_in("dora"), world.sign_in("quinn"));
        world.step(&dora, &revised, "submit").unwrap();
        world.sign_step(&quinn, &revised, "approve").unwrap();
        assert_eq!(get(&format!("/api/v1/records/paper/{paper}"))["tables"], shown(false));
        let found = |record: &str| get(&format!("/api/v1/records/paper?field.graded_by={record}"))["rows"].as_array().unwrap().len();
        assert_eq!((found(table["id"].as_str().unwrap()), found(&revised)), (1, 0));
    });
}
