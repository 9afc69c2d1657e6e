//! What a story claims about a record: made, moved on, decided, signed, read; each with evidence.

use crate::edge::Visit;
use crate::text::{below, chip, link, when};
use crate::ui::{Claim, Link};
use base::limits::WALK_RECORDS;
use base::{Result, Timestamp};
use db::Read;
use kernel::decision::{self, Decision};
use kernel::obligation::{self, Obligation};
use kernel::record::{self, Record};
use kernel::signature::{self, Given};
use lms::reading::{Assignment, AssignmentCounts, AssignmentFilter, assignments, count_assignments};
use std::collections::{BTreeMap, BTreeSet};

/// Training signatures of one order or document that the story tells one by one.
const TRAININGS: usize = 200;

/// Everything the claims about one record come from.
pub(super) struct Facts {
    pub record: Record,
    /// The versions, oldest first; past the limit only the newest.
    pub versions: Vec<Record>,
    pub signatures: Vec<Given>,
    pub decisions: Vec<Decision>,
    /// Re-assessments and actions about it that are done.
    pub done: Vec<Obligation>,
    pub trainings: Vec<Assignment>,
    pub counts: AssignmentCounts,
    /// Document, version and digest that readers signed and that the version still has.
    pub read: BTreeSet<(String, i64, String)>,
    /// What lists all its trainings.
    pub filter: AssignmentFilter,
}

pub(super) fn read(tx: &mut dyn Read, viewer: &kernel::authority::Viewer, record: &Record, today: &str, with_training: bool) -> Result<Facts> {
    let tenant = &record.tenant;
    let by_order = record.kind == "change_order";
    let filter = AssignmentFilter {
        cause: by_order.then(|| record.id.clone()),
        document: (!by_order).then(|| record.id.clone()),
        ..AssignmentFilter::default()
    };
    let (trainings, counts) = if with_training {
        let signed = AssignmentFilter { open: Some(false), ..filter.clone() };
        (assignments(tx, viewer, &signed, Some(TRAININGS), None)?.0, count_assignments(tx, viewer, &filter, today)?)
    } else {
        (Vec::new(), AssignmentCounts::default())
    };
    let mut read = BTreeSet::new();
    for given in trainings.iter().filter_map(|one| one.signature.as_ref()) {
        let key = (given.record.clone(), given.version, given.digest.clone());
        if !read.contains(&key) && record::version(tx, tenant, &given.record, given.version)?.is_some_and(|version| version.content_digest().hex() == given.digest) {
            read.insert(key);
        }
    }
    let mut done = obligation::of_record(tx, tenant, &record.id)?;
    done.retain(|one| one.state == "done" && matches!(one.sort.as_str(), "reassess" | "act" | "review"));
    // A document's signatures of reading are told as trainings.
    let signatures = signature::on_steps(tx, tenant, &record.id)?;
    Ok(Facts {
        versions: record::versions(tx, tenant, &record.id, WALK_RECORDS)?,
        signatures,
        decisions: decision::of_record(tx, tenant, &record.id)?,
        done,
        trainings,
        counts,
        read,
        filter,
        record: record.clone(),
    })
}

impl Facts {
    /// Identifiers of everybody whom the claims name.
    pub fn people(&self) -> impl Iterator<Item = String> {
        let moved = self.versions.iter().map(|version| version.changed_by.clone());
        let decided = self.decisions.iter().map(|decision| decision.decided_by.clone());
        moved.chain(decided).chain(self.done.iter().filter_map(|one| one.closed_by.clone()))
    }

    /// The versions at which the state changed, the first one included.
    pub fn states(&self) -> Vec<&Record> {
        let mut found: Vec<&Record> = Vec::new();
        for version in &self.versions {
            if found.last().is_none_or(|last| last.state != version.state) {
                found.push(version);
            }
        }
        found
    }

    /// Whether the record and everything it was are what the trail covers.
    fn is_proven(&self) -> bool {
        self.record.digest == self.record.content_digest().hex() && self.versions.last().is_some_and(|last| last.digest == self.record.digest)
    }

    fn version_of(&self, given: &Given) -> Option<&Record> {
        self.versions.iter().find(|version| version.version == given.version)
    }
}

/// How a record came into a state. The first version that is told is not always the first there was:
/// a story tells the newest ones up to the limit.
fn moved(is_first: bool, version: i64, state: &str, by: &str) -> String {
    match (is_first, version) {
        (true, 1) => format!("Made by {by} as {state}."),
        (true, _) => format!("Was {state} at version {version}; what it was before stands in its timeline."),
        (false, _) => format!("Became {state}, by {by}."),
    }
}

/// The claims about one record with their moments.
pub(super) fn claims(visit: &Visit, facts: &Facts, names: &BTreeMap<String, String>) -> Vec<(Timestamp, Sort, Claim)> {
    let record = &facts.record;
    let name = |id: &str| names.get(id).cloned().unwrap_or_else(|| id.to_owned());
    let page = |anchor: &str| format!("{}#{anchor}", below(record, ""));
    let base = |at: Timestamp, text: String, evidence: Vec<Link>, proven: bool, proof_text: String| Claim {
        when: when(at, visit.actor.zone()),
        record: link(&record.reference()),
        state: None,
        text,
        evidence,
        proof_text,
        proof: Some(Link::new(below(record, "/timeline"), "Its events in the trail")),
        proven,
    };
    let proven = facts.is_proven();
    let mut found = Vec::new();
    for (index, version) in facts.states().into_iter().enumerate() {
        let state = visit.catalog.state_label(&record.kind, &version.state);
        let state = crate::text::in_sentence(&state);
        let text = moved(index == 0, version.version, &state, &name(&version.changed_by));
        let mut claim = base(version.changed_at, text, vec![Link::new(page("timeline"), "Timeline, before and after")], proven, format!("version {}, digest {}", version.version, head(&version.digest)));
        claim.state = Some(chip(&visit.catalog, version));
        found.push((version.changed_at, Sort::Moved, claim));
    }
    for one in &facts.decisions {
        let tree = visit.catalog.tree(&one.tree);
        let outcome = tree.and_then(|tree| tree.outcome(&one.outcome)).map_or(one.outcome.as_str(), |outcome| outcome.label.as_str());
        let replaced = if one.replaced_at.is_some() { " It was replaced later." } else { "" };
        let text = format!("{} decided “{}”: {outcome}.{replaced}", name(&one.decided_by), tree.map_or(one.tree.as_str(), |tree| tree.title.as_str()));
        let proof = format!("version {} of the decision tree, {} answers kept", one.tree_version, one.answers.len());
        found.push((one.decided_at, Sort::Decided, base(one.decided_at, text, vec![Link::new(page("decisions"), "The decision")], proven, proof)));
    }
    for given in &facts.signatures {
        let bound = facts.version_of(given).is_some_and(|version| version.digest == given.digest && version.content_digest().hex() == given.digest);
        let evidence = vec![Link::new(page("signatures"), "The signature")];
        let proof = format!("bound to version {}, digest {}", given.version, head(&given.digest));
        found.push((given.signed_at, Sort::Signed, base(given.signed_at, format!("Signed: {}", given.manifestation()), evidence, bound, proof)));
    }
    for one in &facts.trainings {
        let Some(given) = &one.signature else { continue };
        let text = format!("{} was read and signed: {}", one.document.label(), given.manifestation());
        let evidence = vec![Link::new(format!("/training/learn/{}", one.obligation.id), format!("Training record of {}", one.person.title))];
        let proof = format!("bound to version {}, digest {}", given.version, head(&given.digest));
        let bound = facts.read.contains(&(given.record.clone(), given.version, given.digest.clone()));
        found.push((given.signed_at, Sort::Trained, base(given.signed_at, text, evidence, bound, proof)));
    }
    for one in &facts.done {
        let Some(at) = one.closed_at else { continue };
        let who = one.closed_by.as_deref().map(&name).unwrap_or_default();
        let outcome = one.outcome.as_deref().filter(|outcome| *outcome != "done").map(|outcome| format!(" {outcome}")).unwrap_or_default();
        let text = format!("Done by {who}: {}.{outcome}", one.task);
        found.push((at, Sort::Done, base(at, text, vec![Link::new(page("obligations"), "The task")], proven, String::new())));
    }
    found
}

/// That one record led to another.
pub(super) fn led_to(visit: &Visit, record: &Record, since: Timestamp, words: &str) -> Claim {
    Claim {
        when: when(since, visit.actor.zone()),
        record: link(&record.reference()),
        text: format!("{}.", crate::text::capital(words)),
        evidence: vec![Link::new(format!("{}#links", below(record, "")), "The link, both ways")],
        proof: Some(Link::new(below(record, "/timeline"), "Its events in the trail")),
        proven: true,
        ..Claim::default()
    }
}

/// What kind of claim it is, for the views of a story.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    Moved,
    Decided,
    Signed,
    Trained,
    Done,
}

impl Sort {
    pub fn is_signature(self) -> bool {
        matches!(self, Self::Signed | Self::Trained)
    }
}

fn head(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frs_rec_015_a_story_that_does_not_reach_the_first_version_never_says_who_made_the_record() {
        assert_eq!(moved(true, 1, "draft", "Erin"), "Made by Erin as draft.");
        assert_eq!(moved(true, 2, "draft", "Erin"), "Was draft at version 2; what it was before stands in its timeline.");
        assert_eq!(moved(false, 2, "effective", "Erin"), "Became effective, by Erin.");
    }
}
