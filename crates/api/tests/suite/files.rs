//! Files: uploaded, attached, downloaded, and never run by a browser.

use super::support::{Ask, Client, Company, Reply};
use base::limits::UPLOAD_BYTES;
use serde_json::{Value as Json, json};
use testkit::engines::{both_migrated, sqlite_migrated};

fn upload(company: &Company, token: &str, bytes: impl Into<Vec<u8>>) -> Reply {
    company.client.send(Ask::post("/api/v1/files").bytes("application/octet-stream", bytes).token(token))
}

fn attach(company: &Company, token: &str, id: &str, body: &Json) -> Reply {
    let version = company.world.record(id).version;
    company.client.send(Ask::post(format!("/api/v1/records/paper/{id}/files")).key(&company.world.key()).version(version).json(body.clone()).token(token))
}

#[test]
fn frs_api_015_a_file_comes_back_as_it_was_as_a_download_that_no_browser_runs() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let id = company.record("paper", json!({"body": "words"}));
        let token = company.token("dora");
        // Larger than one part of the stream.
        let content = "<script>alert(1)</script>".repeat(20_000).into_bytes();
        let uploaded = upload(&company, &token, content.clone());
        assert_eq!((uploaded.status, &uploaded.json()["size_bytes"]), (201, &json!(content.len())));
        let mut body = uploaded.json();
        body["name"] = json!("é \"x\".html");
        body["media_type"] = json!("text/html");
        let attached = attach(&company, &token, &id, &body);
        assert_eq!(attached.status, 201, "{}", attached.text());
        let listed = company.client.send(Ask::get(format!("/api/v1/records/paper/{id}/files")).token(&token)).rows();
        assert_eq!((listed.len(), &listed[0]["name"], &listed[0]["digest"]), (1, &body["name"], &body["digest"]));
        let path = format!("/api/v1/records/paper/{id}/files/{}/content", listed[0]["id"].as_str().unwrap());
        let got = company.client.send(Ask::get(path).token(&token));
        assert_eq!((got.status, got.body == content), (200, true));
        assert_eq!(got.header("content-length"), content.len().to_string());
        assert_eq!(got.header("content-type"), "text/html");
        assert!(got.header("content-disposition").starts_with("attachment; filename=\"_ _x_.html\""), "{}", got.header("content-disposition"));
        assert_eq!(got.header("content-security-policy"), "sandbox; default-src 'none'; frame-ancestors 'none'");
        assert_eq!(got.header("x-content-type-options"), "nosniff");
        assert_eq!(company.world.record(&id).fields["_files"]["é \"x\".html"], body["digest"]);
    });
}

#[test]
fn frs_api_015_what_was_not_uploaded_cannot_be_attached() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let id = company.record("paper", json!({"body": "words"}));
        let token = company.token("dora");
        let digest = upload(&company, &token, "abc").json()["digest"].clone();
        let before = company.events();
        let good = json!({"name": "a.txt", "media_type": "text/plain", "digest": digest, "size_bytes": 3});
        for (member, value, place, code) in [
            ("digest", json!("0".repeat(64)), "digest", "not_uploaded"),
            ("digest", json!("abc"), "digest", "bad_digest"),
            ("size_bytes", json!(4), "digest", "not_uploaded"),
            ("name", json!("../a.txt"), "name", "bad_file_name"),
            ("name", json!(""), "name", "missing_field"),
            ("media_type", json!("text/plain\nX: y"), "media_type", "bad_character"),
        ] {
            let mut body = good.clone();
            body[member] = value;
            let reply = attach(&company, &token, &id, &body);
            assert_eq!(reply.problem(), (422, code.to_owned(), place.to_owned()), "{body}");
        }
        assert_eq!(company.events(), before);
        assert_eq!(attach(&company, &token, &id, &good).status, 201);
    });
}

#[test]
fn frs_api_015_a_file_is_found_only_under_its_own_record() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let (id, other) = (company.record("paper", json!({"body": "one"})), company.record("paper", json!({"body": "two"})));
        let token = company.token("dora");
        let mut body = upload(&company, &token, "abc").json();
        body["name"] = json!("a.txt");
        body["media_type"] = json!("text/plain");
        let file = testkit::world::text(&attach(&company, &token, &id, &body).json()["result"], "file");
        let get = |record: &str| company.client.send(Ask::get(format!("/api/v1/records/paper/{record}/files/{file}/content")).token(&token)).status;
        assert_eq!((get(&id), get(&other)), (200, 404));
        let remove = |record: &str| {
            let version = company.world.record(record).version;
            let ask = Ask::delete(format!("/api/v1/records/paper/{record}/files/{file}")).key(&company.world.key()).version(version);
            company.client.send(ask.token(&token)).status
        };
        assert_eq!((remove(&other), remove(&id)), (404, 200));
        assert!(company.client.send(Ask::get(format!("/api/v1/records/paper/{id}/files")).token(&token)).rows().is_empty());
        // An earlier version named it, so it stays readable.
        assert_eq!(get(&id), 200);
    });
}

/// The engine makes no difference to what never reaches it.
#[test]
fn frs_api_015_a_file_is_taken_to_its_limit_and_refused_one_byte_past_it() {
    let test = sqlite_migrated(kernel::MIGRATIONS);
    let company = Company::new(&test);
    let token = company.token("dora");
    let at_limit = upload(&company, &token, vec![7; UPLOAD_BYTES]);
    assert_eq!((at_limit.status, &at_limit.json()["size_bytes"]), (201, &json!(UPLOAD_BYTES)));
    let past = upload(&company, &token, vec![7; UPLOAD_BYTES + 1]);
    assert_eq!(past.problem(), (413, "too_large".to_owned(), "file".to_owned()));
    assert_eq!(upload(&company, &token, Vec::new()).json()["size_bytes"], 0);
}

#[test]
fn frs_api_015_a_file_damaged_on_the_disk_is_not_handed_out() {
    let test = sqlite_migrated(kernel::MIGRATIONS);
    let company = Company::new(&test);
    let id = company.record("paper", json!({"body": "words"}));
    let token = company.token("dora");
    let missing = base::Digest::of(b"never stored");
    let file = {
        let mut body = upload(&company, &token, "abc").json();
        body["name"] = json!("a.txt");
        body["media_type"] = json!("text/plain");
        testkit::world::text(&attach(&company, &token, &id, &body).json()["result"], "file")
    };
    // The row comes to name a content that the store does not hold, as after a lost disk.
    let (digest, named) = (missing.hex(), file.clone());
    let write = move |tx: &mut db::Tx| tx.execute(db::sql("update attachment set digest = $1 where tenant = $2 and id = $3"), &[digest.as_str().into(), kernel::MAIN_TENANT.into(), named.as_str().into()]);
    company.world.kernel.database().write(write).unwrap();
    let reply = company.client.send(Ask::get(format!("/api/v1/records/paper/{id}/files/{file}/content")).token(&token));
    assert_eq!(reply.problem().0, 500);
    assert!(!reply.text().contains(&missing.hex()), "{}", reply.text());
}

#[test]
fn frs_api_015_an_upload_that_does_not_arrive_in_time_is_given_up() {
    let test = sqlite_migrated(kernel::MIGRATIONS);
    let mut company = Company::new(&test);
    let token = company.token("dora");
    company.state.bounds.upload_seconds = 0;
    let client = Client::new(api::router(company.state.clone()));
    let reply = client.send_stalled(Ask::post("/api/v1/files").with("content-type", "application/octet-stream").token(&token));
    assert_eq!(reply.problem(), (408, "too_slow".to_owned(), String::new()));
    assert_eq!(company.world.kernel.files().digests().count(), 0);
}
