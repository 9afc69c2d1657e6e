//! What writers do: five sorts of changes, each with one deciding request that is all or nothing,
//! and the question whether a change is there.

use crate::chance::Chance;
use crate::company::{Desk, id_of, procedure_of};
use crate::http::Sending;
use crate::violation;
use base::Result;
use serde_json::{Value as Json, json};

/// Parts of one imported structure.
const PARTS: usize = 25;
/// Bytes of one uploaded file.
const UPLOAD_BYTES: usize = 40_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sort {
    Record,
    Sign,
    Upload,
    Release,
    Import,
}

impl Sort {
    pub const ALL: [Self; 5] = [Self::Record, Self::Sign, Self::Upload, Self::Release, Self::Import];

    pub fn name(self) -> &'static str {
        match self {
            Self::Record => "record",
            Self::Sign => "signature",
            Self::Upload => "upload",
            Self::Release => "bulk release",
            Self::Import => "import",
        }
    }

    /// Mostly records, so that kills meet many commits, and some of everything.
    pub fn pick(chance: &mut Chance) -> Self {
        match chance.below(20) {
            0..=12 => Self::Record,
            13..=15 => Self::Upload,
            16 | 17 => Self::Import,
            18 => Self::Release,
            _ => Self::Sign,
        }
    }
}

/// A change whose deciding request was made, and perhaps sent.
#[derive(Debug, Clone)]
pub struct Change {
    pub sort: Sort,
    pub name: String,
    /// The record it is about, where that has no name of its own.
    record: String,
    pub deciding: Sending,
}

/// Whether a change is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    Whole,
    Nothing,
    Torn(String),
}

/// Everything up to the deciding request; `None` where the server went away on the way.
pub fn prepare(desk: &Desk, sort: Sort, name: &str) -> Result<Option<Change>> {
    let made = match sort {
        Sort::Record => Some((name.to_owned(), part(desk, name))),
        Sort::Sign => signature(desk, name)?,
        Sort::Upload => upload(desk, name)?,
        Sort::Release => release(desk, name)?,
        Sort::Import => import(desk, name)?,
    };
    Ok(made.map(|(record, deciding)| Change { sort, name: name.to_owned(), record, deciding }))
}

fn part(desk: &Desk, number: &str) -> Sending {
    desk.creation("engineer", "part", &json!({ "number": number, "title": number, "fields": { "unit": "each" } }), number)
}

/// A course is put into use by a signature.
fn signature(desk: &Desk, name: &str) -> Result<Option<(String, Sending)>> {
    let Some(course) = course(desk, name, &desk.company.procedure)? else { return Ok(None) };
    Ok(desk.signed_step("trainer", "course", &course, "approve", &format!("{name}-sign"))?.map(|deciding| (course, deciding)))
}

fn course(desk: &Desk, name: &str, procedure: &str) -> Result<Option<String>> {
    let body = json!({ "title": name, "fields": { "statement": "I have read it.", "due_days": 3 }, "links": [{ "link": "teaches", "target": procedure }] });
    Ok(desk.done(&desk.creation("quality", "course", &body, &format!("{name}-course")))?.map(|made| id_of(&made.json())))
}

/// Bytes that tell whose they are.
fn content(name: &str) -> Vec<u8> {
    let mut chance = Chance::new(name.bytes().fold(0, |sum, byte| sum * 31 % 0xFFFF_FFFF + u64::from(byte)));
    let mut bytes = name.as_bytes().to_vec();
    while bytes.len() < UPLOAD_BYTES {
        bytes.extend(chance.draw().to_le_bytes());
    }
    bytes
}

fn put(desk: &Desk, bytes: Vec<u8>) -> Result<Option<Json>> {
    let mut sending = Sending::get("/api/v1/files").with(desk.by_token("engineer")).with([("content-type", "application/octet-stream".to_owned())]);
    (sending.method, sending.body) = ("POST", bytes);
    Ok(desk.done(&sending)?.map(|stored| stored.json()))
}

fn upload(desk: &Desk, name: &str) -> Result<Option<(String, Sending)>> {
    let Some(stored) = put(desk, content(name))? else { return Ok(None) };
    if desk.done(&part(desk, name))?.is_none() {
        return Ok(None);
    }
    let body = json!({ "name": "drawing.bin", "media_type": "application/octet-stream", "digest": stored["digest"], "size_bytes": stored["size_bytes"] });
    let attaching = Sending::json("POST", format!("/api/v1/records/part/{name}/files"), &body)
        .with(desk.by_token("engineer"))
        .with([("idempotency-key", format!("{name}-file")), ("if-match", "\"1\"".to_owned())]);
    Ok(Some((name.to_owned(), attaching)))
}

/// A procedure on its way to the signature that gives it out and assigns its training to everybody
/// on the shop floor, in one transaction.
fn release(desk: &Desk, name: &str) -> Result<Option<(String, Sending)>> {
    let Some(made) = desk.done(&desk.creation("quality", "procedure", &procedure_of(name), &format!("{name}-procedure")))? else { return Ok(None) };
    let procedure = id_of(&made.json());
    let key = |what: &str| format!("{name}-{what}");
    let Some(course) = course(desk, name, &procedure)? else { return Ok(None) };
    let links = json!([{ "link": "requires", "target": course }, { "link": "for_function", "target": desk.company.function }]);
    let body = json!({ "title": name, "fields": { "reason": "r" }, "links": links });
    let Some(requirement) = desk.done(&desk.creation("quality", "training_requirement", &body, &key("requirement")))? else { return Ok(None) };
    let requirement = id_of(&requirement.json());
    let submit = desk.step("quality", "procedure", &procedure, "submit", &key("submit"))?;
    if !taken(desk, submit)? {
        return Ok(None);
    }
    // The author's signature as process owner does not count: the other engineer of quality signs.
    for (login, kind, id, step) in [
        ("trainer", "course", &course, "approve"),
        ("trainer", "training_requirement", &requirement, "approve"),
        ("owner", "procedure", &procedure, "approve"),
        ("manager", "procedure", &procedure, "approve"),
    ] {
        let signed = desk.signed_step(login, kind, id, step, &key(&format!("{login}-{kind}")))?;
        if !taken(desk, signed)? {
            return Ok(None);
        }
    }
    Ok(desk.signed_step("controller", "procedure", &procedure, "issue", &key("issue"))?.map(|deciding| (procedure, deciding)))
}

fn taken(desk: &Desk, sending: Option<Sending>) -> Result<bool> {
    sending.map_or(Ok(false), |sending| Ok(desk.done(&sending)?.is_some()))
}

fn import(desk: &Desk, name: &str) -> Result<Option<(String, Sending)>> {
    let mut sheet = format!("Number,Name,Quantity,Unit\n{name}-0,{name},,each\n");
    for number in 1..PARTS {
        sheet.push_str(&format!("    {name}-{number},{name},2,each\n"));
    }
    let Some(stored) = put(desk, sheet.into_bytes())? else { return Ok(None) };
    let input = json!({ "file": stored["digest"], "file_name": "structure.csv" });
    Ok(Some((name.to_owned(), desk.command("engineer", "part.import_structure", &input, name))))
}

/// What is there of a change.
pub fn look(desk: &Desk, change: &Change) -> Result<Held> {
    let held = match change.sort {
        Sort::Record => seen(desk, &change.name)?,
        Sort::Sign => {
            let signatures = rows(desk, &format!("/api/v1/records/course/{}/signatures", change.record))?.len();
            of_two(state(desk, "course", &change.record)? == "effective", signatures, 1)
        }
        Sort::Upload => {
            let files = rows(desk, &format!("/api/v1/records/part/{}/files", change.name))?;
            match files.first() {
                None => Held::Nothing,
                Some(file) => downloaded(desk, change, &file["id"])?,
            }
        }
        Sort::Release => {
            let work = rows(desk, &format!("/api/v1/records/procedure/{}/obligations", change.record))?;
            let mut trained: Vec<_> = work.iter().filter(|todo| todo["sort"] == "train").map(|todo| todo["person"].to_string()).collect();
            trained.sort();
            let assigned = trained.len();
            trained.dedup();
            if trained.len() < assigned {
                return Ok(Held::Torn("somebody is to be trained twice".to_owned()));
            }
            of_two(state(desk, "procedure", &change.record)? == "effective", assigned, desk.company.operators)
        }
        Sort::Import => {
            let mut found = 0;
            for number in 0..PARTS {
                found += usize::from(seen(desk, &format!("{}-{number}", change.name))? == Held::Whole);
            }
            of_two(found > 0, found, PARTS)
        }
    };
    Ok(held)
}

/// All of a transaction or none of it: its state and its rows.
fn of_two(is_done: bool, rows: usize, wanted: usize) -> Held {
    match (is_done, rows) {
        (true, rows) if rows == wanted => Held::Whole,
        (false, 0) => Held::Nothing,
        _ => Held::Torn(format!("done: {is_done}, with {rows} of {wanted} rows")),
    }
}

fn ask(desk: &Desk, path: &str) -> Result<crate::http::Answer> {
    desk.client.send(&Sending::get(path).with(desk.by_token("quality"))).ok_or_else(|| violation(format!("{path} was not answered by a server that nobody killed")))
}

fn seen(desk: &Desk, number: &str) -> Result<Held> {
    let answer = ask(desk, &format!("/api/v1/records/part/{number}"))?;
    Ok(match answer.status {
        200 if answer.json()["number"] == number => Held::Whole,
        404 => Held::Nothing,
        status => Held::Torn(format!("{status}: {}", answer.text())),
    })
}

fn state(desk: &Desk, kind: &str, id: &str) -> Result<String> {
    let answer = ask(desk, &format!("/api/v1/records/{kind}/{id}"))?;
    Ok(answer.json()["state"].as_str().unwrap_or_default().to_owned())
}

fn rows(desk: &Desk, path: &str) -> Result<Vec<Json>> {
    let answer = ask(desk, path)?;
    // After a power cut also the record that it is about may never have been there.
    if !answer.is_done() && answer.status != 404 {
        return Err(violation(format!("{path} was answered {}: {}", answer.status, answer.text())));
    }
    Ok(answer.json()["rows"].as_array().cloned().unwrap_or_default())
}

fn downloaded(desk: &Desk, change: &Change, file: &Json) -> Result<Held> {
    let path = format!("/api/v1/records/part/{}/files/{}/content", change.name, file.as_str().unwrap_or_default());
    let answer = ask(desk, &path)?;
    if answer.status == 200 && answer.bytes == content(&change.name) {
        return Ok(Held::Whole);
    }
    Ok(Held::Torn(format!("the file was answered {} with {} bytes", answer.status, answer.bytes.len())))
}
