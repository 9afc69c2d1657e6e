//! Many ask at the same moment for what only one can have. Exactly one wins, the others are told
//! why not, nobody gets an error of ours, and the record holds what the winner did.

use crate::company::{Desk, id_of};
use crate::http::{Answer, Sending};
use crate::violation;
use base::{Error, Result};
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Barrier;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Race {
    LostUpdate,
    ApproveAndEdit,
    DoubleSignature,
    SameKey,
    BothApprovers,
    CrossedLinks,
}

impl Race {
    pub const ALL: [Self; 6] = [Self::LostUpdate, Self::ApproveAndEdit, Self::DoubleSignature, Self::SameKey, Self::BothApprovers, Self::CrossedLinks];

    pub fn name(self) -> &'static str {
        match self {
            Self::LostUpdate => "lost update",
            Self::ApproveAndEdit => "approve and edit",
            Self::DoubleSignature => "double signature",
            Self::SameKey => "same key at once",
            Self::BothApprovers => "last two signatures at once",
            Self::CrossedLinks => "links crosswise",
        }
    }

    /// Runs one race among so many; answers how often each status was given.
    pub fn run(self, desk: &Desk, name: &str, clients: usize) -> Result<BTreeMap<u16, usize>> {
        let answers = match self {
            Self::LostUpdate => lost_update(desk, name, clients)?,
            Self::ApproveAndEdit => approve_and_edit(desk, name, clients)?,
            Self::DoubleSignature => double_signature(desk, name, clients)?,
            Self::SameKey => same_key(desk, name, clients)?,
            Self::BothApprovers => both_approvers(desk, name)?,
            Self::CrossedLinks => crossed_links(desk, name, clients)?,
        };
        let mut statuses = BTreeMap::new();
        for answer in answers {
            // 503 is an answer to come again, never one of a conflict between two.
            if answer.status >= 500 && answer.status != 503 {
                return Err(violation(format!("{}: {}: {}", self.name(), answer.status, answer.text())));
            }
            *statuses.entry(answer.status).or_default() += 1;
        }
        Ok(statuses)
    }
}

/// Sends all at the same moment.
fn at_once(desk: &Desk, sendings: &[Sending]) -> Result<Vec<Answer>> {
    let start = Barrier::new(sendings.len());
    std::thread::scope(|scope| {
        let threads: Vec<_> = sendings
            .iter()
            .map(|sending| {
                let (client, start) = (desk.client.clone(), &start);
                scope.spawn(move || {
                    start.wait();
                    client.send(sending)
                })
            })
            .collect();
        let answered = threads.into_iter().map(|thread| thread.join().ok().flatten());
        answered.map(|answer| answer.ok_or_else(|| violation("a request in a race was not answered"))).collect()
    })
}

fn certain(desk: &Desk, sending: &Sending) -> Result<Json> {
    Ok(desk.done(sending)?.ok_or_else(|| Error::internal(format!("{} was not answered", sending.path)))?.json())
}

fn read(desk: &Desk, path: &str) -> Result<Json> {
    desk.get("quality", path)?.ok_or_else(|| Error::internal(format!("{path} was not answered")))
}

fn exactly_one(answers: &[Answer]) -> Result<&Answer> {
    let mut winners = answers.iter().filter(|answer| answer.is_done());
    match (winners.next(), winners.next()) {
        (Some(winner), None) => Ok(winner),
        (first, _) => Err(violation(format!("{} of {} won", if first.is_some() { "several" } else { "none" }, answers.len()))),
    }
}

fn must(holds: bool, what: &str) -> Result<()> {
    if holds { Ok(()) } else { Err(violation(what)) }
}

fn part(desk: &Desk, name: &str) -> Result<String> {
    let body = json!({ "number": name, "title": name, "fields": { "unit": "each" } });
    Ok(id_of(&certain(desk, &desk.creation("engineer", "part", &body, name))?))
}

fn edit(desk: &Desk, login: &str, path: &str, title: &str, key: &str) -> Sending {
    Sending::json("PATCH", path, &json!({ "title": title }))
        .with(desk.by_token(login))
        .with([("idempotency-key", key.to_owned()), ("if-match", "\"1\"".to_owned())])
}

fn lost_update(desk: &Desk, name: &str, clients: usize) -> Result<Vec<Answer>> {
    part(desk, name)?;
    let path = format!("/api/v1/records/part/{name}");
    let edits: Vec<_> = (0..clients).map(|client| edit(desk, "engineer", &path, &format!("by {client}"), &format!("{name}-{client}"))).collect();
    let answers = at_once(desk, &edits)?;
    exactly_one(&answers)?;
    let winner = answers.iter().position(Answer::is_done).unwrap_or_default();
    let shown = read(desk, &path)?;
    must(shown["version"] == 2 && shown["title"] == format!("by {winner}").as_str(), "the record is not what the winner made it")?;
    must(answers.iter().all(|answer| answer.is_done() || answer.status == 412), "a loser was not told that the record had changed")?;
    Ok(answers)
}

fn draft_course(desk: &Desk, name: &str) -> Result<String> {
    let links = json!([{ "link": "teaches", "target": desk.company.procedure }]);
    let body = json!({ "title": name, "fields": { "statement": "I have read it.", "due_days": 3 }, "links": links });
    Ok(id_of(&certain(desk, &desk.creation("quality", "course", &body, name))?))
}

/// A signature of the course as it is shown now.
fn approval(desk: &Desk, course: &str, key: &str) -> Result<Sending> {
    desk.signed_step("trainer", "course", course, "approve", key)?.ok_or_else(|| Error::internal("the challenge was not answered"))
}

fn signatures(desk: &Desk, kind: &str, id: &str) -> Result<Vec<Json>> {
    Ok(read(desk, &format!("/api/v1/records/{kind}/{id}/signatures"))?["rows"].as_array().cloned().unwrap_or_default())
}

fn approve_and_edit(desk: &Desk, name: &str, clients: usize) -> Result<Vec<Answer>> {
    let course = draft_course(desk, name)?;
    let path = format!("/api/v1/records/course/{course}");
    let mut sendings = vec![approval(desk, &course, &format!("{name}-sign"))?];
    sendings.extend((1..clients).map(|client| edit(desk, "quality", &path, &format!("by {client}"), &format!("{name}-{client}"))));
    let answers = at_once(desk, &sendings)?;
    exactly_one(&answers)?;
    let approved = answers.first().is_some_and(Answer::is_done);
    let (shown, signed) = (read(desk, &path)?, signatures(desk, "course", &course)?);
    must((shown["state"] == "effective") == approved && signed.len() == usize::from(approved), "state and signatures do not agree")?;
    must(!approved || shown["title"] == name, "what was approved is not what was shown")?;
    Ok(answers)
}

fn double_signature(desk: &Desk, name: &str, clients: usize) -> Result<Vec<Answer>> {
    let course = draft_course(desk, name)?;
    let one = approval(desk, &course, "")?;
    let rename = |client: usize| {
        let mut again = one.clone();
        again.headers.retain(|(header, _)| *header != "idempotency-key");
        again.with([("idempotency-key", format!("{name}-{client}"))])
    };
    let sendings: Vec<_> = (0..clients).map(rename).collect();
    let answers = at_once(desk, &sendings)?;
    exactly_one(&answers)?;
    must(signatures(desk, "course", &course)?.len() == 1, "one challenge gave several signatures")?;
    Ok(answers)
}

fn same_key(desk: &Desk, name: &str, clients: usize) -> Result<Vec<Answer>> {
    let body = json!({ "number": name, "title": name, "fields": { "unit": "each" } });
    let one = desk.creation("engineer", "part", &body, name);
    let answers = at_once(desk, &vec![one; clients])?;
    let transactions: BTreeSet<_> = answers.iter().map(|answer| answer.json()["tx"].to_string()).collect();
    must(answers.iter().all(Answer::is_done) && transactions.len() == 1, "one request sent often was not answered as one")?;
    let first = answers.iter().filter(|answer| answer.json()["repeated"] == false).count();
    must(first == 1, "one request sent often was not done once")?;
    let timeline = read(desk, &format!("/api/v1/records/part/{name}/timeline"))?;
    let told: BTreeSet<_> = timeline["rows"].as_array().into_iter().flatten().map(|line| line["tx"].to_string()).collect();
    must(told == transactions, "one request sent often stands in the trail otherwise than once")?;
    let other = desk.creation("engineer", "part", &json!({ "number": name, "title": "another", "fields": { "unit": "each" } }), name);
    let refused = desk.client.send(&other).ok_or_else(|| Error::internal("not answered"))?;
    must(refused.status == 409, "the same key with another request was not refused")?;
    Ok(answers)
}

fn both_approvers(desk: &Desk, name: &str) -> Result<Vec<Answer>> {
    let procedure = id_of(&certain(desk, &desk.creation("quality", "procedure", &crate::company::procedure_of(name), name))?);
    let submit = desk.step("quality", "procedure", &procedure, "submit", &format!("{name}-submit"))?;
    certain(desk, &submit.ok_or_else(|| Error::internal("not answered"))?)?;
    let mut sendings = Vec::new();
    for login in ["owner", "manager"] {
        let signing = desk.signed_step(login, "procedure", &procedure, "approve", &format!("{name}-{login}"))?;
        sendings.push(signing.ok_or_else(|| Error::internal("not answered"))?);
    }
    let answers = at_once(desk, &sendings)?;
    // Whoever comes second signs the version after the first signature, or is told to look again.
    for (login, answer) in ["owner", "manager"].into_iter().zip(&answers) {
        if !answer.is_done() {
            must(answer.status == 412 || answer.status == 409, "a signer was refused for another reason")?;
            let again = desk.signed_step(login, "procedure", &procedure, "approve", &format!("{name}-{login}-again"))?;
            certain(desk, &again.ok_or_else(|| Error::internal("not answered"))?)?;
        }
    }
    must(answers.iter().any(Answer::is_done), "neither signature was taken")?;
    let shown = read(desk, &format!("/api/v1/records/procedure/{procedure}"))?;
    must(shown["state"] == "ready" && signatures(desk, "procedure", &procedure)?.len() == 2, "two signatures did not take the step once")?;
    let steps = read(desk, &format!("/api/v1/records/procedure/{procedure}/timeline"))?;
    let taken = steps["rows"].as_array().into_iter().flatten().filter(|line| line.to_string().contains("\"ready\"")).count();
    must(taken == 1, "the step was taken more than once")?;
    Ok(answers)
}

/// Half of the clients link A to B, the others B to A: both records are locked in one order.
fn crossed_links(desk: &Desk, name: &str, clients: usize) -> Result<Vec<Answer>> {
    let mut procedures = Vec::new();
    let (one, other) = (part(desk, &format!("{name}-A"))?, part(desk, &format!("{name}-B"))?);
    for side in ["A", "B"] {
        procedures.push(id_of(&certain(desk, &desk.creation("quality", "procedure", &crate::company::procedure_of(side), &format!("{name}-{side}-procedure")))?));
    }
    let sendings: Vec<_> = (0..clients)
        .map(|client| {
            let (from, to) = if client % 2 == 0 { (procedures.first(), &one) } else { (procedures.last(), &other) };
            let from = from.map(String::as_str).unwrap_or_default();
            Sending::json("POST", format!("/api/v1/records/procedure/{from}/links"), &json!({ "link": "applies_to", "target": to }))
                .with(desk.by_token("quality"))
                .with([("idempotency-key", format!("{name}-{client}"))])
        })
        .collect();
    let answers = at_once(desk, &sendings)?;
    must(answers.iter().filter(|answer| answer.is_done()).count() == 2, "each link is there once")?;
    Ok(answers)
}
