//! Files: upload first, then attach by digest, so that a row never names a file that is not there.

use super::{KIND, OF_RECORD, RECORD};
use crate::call::{Answer, Call, Content};
use crate::edge::{Policy, Problem, headers};
use crate::endpoint::{Access, Body, Endpoint, KEY_AND_VERSION, NOTHING, Parameter, Run, Shape, Verb, path};
use crate::render;
use axum::http::{StatusCode, header};
use base::{Digest, Error, Result};
use kernel::attachment::{self, Attachment};
use serde_json::json;

const FILE: &[Parameter] = &[KIND, RECORD, path("file", "identifier of the file", "01995f6e-2c1c-7d3a-8b0e-5f3f0c9d1a2b")];

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint {
            run: Run::Upload,
            ..Endpoint::change(Verb::Post, "/api/v1/files", "FRS-API-015", "Upload the bytes of a file; answers the digest to attach it by", |_| {
                Err(Problem::internal("an upload came without its body"))
            })
            .access(Access::SignedIn)
            .demands(NOTHING)
            .body(Body::File)
            .answers(201, Shape::One("uploaded"))
        },
        Endpoint::get("/api/v1/records/{kind}/{record}/files", "FRS-API-015", "The files of a record", list)
            .parameters(OF_RECORD)
            .answers(200, Shape::Rows("file")),
        Endpoint::change(Verb::Post, "/api/v1/records/{kind}/{record}/files", "FRS-API-015", "Attach an uploaded file", attach)
            .access(Access::Permitted("<kind>.edit"))
            .parameters(OF_RECORD)
            .demands(KEY_AND_VERSION)
            .body(Body::Json("new_file"))
            .answers(201, Shape::One("outcome")),
        Endpoint::change(Verb::Delete, "/api/v1/records/{kind}/{record}/files/{file}", "FRS-API-015", "Take a file off a record; earlier versions keep it", remove)
            .access(Access::Permitted("<kind>.edit"))
            .parameters(FILE)
            .demands(KEY_AND_VERSION),
        Endpoint::get("/api/v1/records/{kind}/{record}/files/{file}/content", "FRS-API-015", "The bytes of a file, always as a download", content)
            .parameters(FILE)
            .answers(200, Shape::File),
    ]
}

fn list(call: &Call) -> Result<Answer, Problem> {
    let rows = call.read(|tx, scope| {
        let record = call.record(tx, scope)?;
        let files = attachment::of_record(tx, scope.viewer.tenant(), &record.id)?;
        Ok(files.iter().map(render::file).collect())
    })?;
    Ok(Answer::rows(rows, None))
}

fn attach(call: &Call) -> Result<Answer, Problem> {
    let outcome = call.command("file.attach", json!({ "record": call.record_id()?, "version": call.version }))?;
    Ok(Answer::outcome(&outcome)?.status(StatusCode::CREATED))
}

/// The record and the file of the path, which belongs to it.
fn find(call: &Call) -> Result<(String, Attachment), Problem> {
    call.read(|tx, scope| {
        let record = call.record(tx, scope)?;
        let file = attachment::find(tx, scope.viewer.tenant(), call.params.path("file")?)?;
        if file.record == record.id { Ok((record.id, file)) } else { Err(Error::not_found("There is no such file on this record.")) }
    })
}

fn remove(call: &Call) -> Result<Answer, Problem> {
    let (record, file) = find(call)?;
    Answer::outcome(&call.command("file.remove", json!({ "record": record, "version": call.version, "file": file.id }))?)
}

fn content(call: &Call) -> Result<Answer, Problem> {
    let (_, file) = find(call)?;
    let digest = Digest::from_hex(&file.digest).ok_or_else(|| Problem::internal(format!("file {} has no digest", file.id)))?;
    let files = call.state.kernel.files();
    let (opened, size) = files.open_verified(&digest)?;
    let mut answer = Answer::of(Content::File { file: opened, size, media_type: media_type(&file.media_type) })
        .with(header::CONTENT_DISPOSITION, &headers::attachment(&file.name))?
        .with(header::CONTENT_LENGTH, &size.to_string())?
        .with(header::ETAG, &format!("\"{digest}\""))?;
    answer.policy = Policy::File;
    Ok(answer)
}

/// The media type as it was given, where it is one at all.
fn media_type(given: &str) -> String {
    let token = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&byte));
    match given.split_once('/') {
        Some((sort, name)) if token(sort) && token(name) => given.to_owned(),
        _ => "application/octet-stream".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::media_type;

    #[test]
    fn frs_api_015_what_is_no_media_type_is_not_sent_as_one() {
        assert_eq!(media_type("application/vnd.oasis.opendocument.text"), "application/vnd.oasis.opendocument.text");
        for bad in ["", "text", "text/", "text/html; charset=x", "text/html\r\nX: y", "a/b/c"] {
            assert_eq!(media_type(bad), "application/octet-stream", "{bad}");
        }
    }
}
