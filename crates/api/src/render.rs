//! The kernel's nouns as JSON.

use base::{Blocker, RecordRef, Result};
use db::Read;
use kernel::attachment::Attachment;
use kernel::catalog::Catalog;
use kernel::clock::Clock;
use kernel::decision::Decision;
use kernel::dossier::{Frozen, Section};
use kernel::evidence::Damage;
use kernel::hold::Hold;
use kernel::kind::{Field, FieldSort, Kind, Numbering, Revisions};
use kernel::link::LinkView;
use kernel::obligation::Obligation;
use kernel::person;
use kernel::record::{self, Record};
use kernel::reference::Used;
use kernel::signature::Given;
use kernel::trail::Line;
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};

/// What identifiers in an answer stand for: people by name, sites by number.
#[derive(Debug, Default)]
pub struct Names {
    people: BTreeMap<String, String>,
    sites: BTreeMap<String, String>,
    /// The revision of each reference table that counts now, where a record was evaluated by one.
    tables: BTreeSet<String>,
}

impl Names {
    /// Looks up everything these records name.
    pub fn of(tx: &mut dyn Read, tenant: &str, records: &[Record]) -> Result<Self> {
        let people = records.iter().flat_map(|record| record.owner.iter().chain([&record.created_by, &record.changed_by])).cloned();
        let sites: BTreeSet<String> = records.iter().filter_map(|record| record.site.clone()).collect();
        let mut names = Self::people(tx, tenant, people)?;
        let sites: Vec<String> = sites.into_iter().collect();
        if records.iter().any(|record| used(record).next().is_some()) {
            names.tables = kernel::reference::effective_revisions(tx, tenant)?.into_values().collect();
        }
        names.sites = record::find_all(tx, tenant, &sites)?.into_iter().map(|site| (site.id, site.number)).collect();
        Ok(names)
    }

    pub fn people(tx: &mut dyn Read, tenant: &str, ids: impl IntoIterator<Item = String>) -> Result<Self> {
        let ids: Vec<String> = ids.into_iter().collect();
        Ok(Self { people: person::names(tx, tenant, &ids)?, sites: BTreeMap::new(), tables: BTreeSet::new() })
    }

    /// By which revisions of reference tables a record was evaluated, and whether they count still.
    fn tables(&self, record: &Record) -> Json {
        used(record)
            .map(|(field, used)| {
                let in_force = self.tables.contains(&used.record);
                json!({ "field": field, "table": used.table, "record": used.record, "label": used.label, "digest": used.digest, "in_force": in_force })
            })
            .collect()
    }

    fn person(&self, id: Option<&str>) -> Json {
        id.map_or(Json::Null, |id| json!(self.people.get(id).map_or(id, String::as_str)))
    }
}

fn used(record: &Record) -> impl Iterator<Item = (&String, Used)> {
    record.fields.iter().filter_map(|(field, value)| Some((field, Used::read(value)?)))
}

/// A whole record.
pub fn record(catalog: &Catalog, names: &Names, record: &Record) -> Json {
    json!({
        "id": record.id,
        "item": record.item,
        "kind": record.kind,
        "number": record.number,
        "revision": record.revision,
        "label": record.label(),
        "title": record.title,
        "state": record.state,
        "state_label": catalog.state_label(&record.kind, &record.state),
        "phase": record.phase.name(),
        "site": record.site,
        "site_number": record.site.as_ref().and_then(|site| names.sites.get(site)),
        "owner": record.owner,
        "owner_name": names.person(record.owner.as_deref()),
        "due_date": record.due_date,
        "effective_on": record.effective_on,
        "version": record.version,
        "fields": record.fields,
        "tables": names.tables(record),
        "detail": record.detail,
        "digest": record.digest,
        "created_at": record.created_at.to_rfc3339(),
        "created_by": record.created_by,
        "created_by_name": names.person(Some(&record.created_by)),
        "changed_at": record.changed_at.to_rfc3339(),
        "changed_by": record.changed_by,
        "changed_by_name": names.person(Some(&record.changed_by)),
        "damage": null,
    })
}

/// What of a record does not match its trail.
pub fn damage(damage: &Damage) -> Json {
    json!({ "table": damage.table, "key": damage.key, "field": damage.field, "text": damage.text })
}

/// A record as another one names it, with where it stands.
pub fn stub(catalog: &Catalog, record: &Record) -> Json {
    let mut stub = reference(&record.reference());
    stub["state"] = json!(record.state);
    stub["state_label"] = json!(catalog.state_label(&record.kind, &record.state));
    stub["phase"] = json!(record.phase.name());
    stub
}

pub fn reference(reference: &RecordRef) -> Json {
    json!({
        "id": reference.id,
        "kind": reference.kind,
        "number": reference.number,
        "revision": reference.revision,
        "label": reference.label(),
        "title": reference.title,
    })
}

pub fn blockers(blockers: &[Blocker]) -> Json {
    blockers
        .iter()
        .map(|blocker| {
            json!({
                "rule": blocker.rule,
                "requirement": blocker.requirement,
                "text": blocker.text,
                "records": blocker.records.iter().map(reference).collect::<Vec<_>>(),
            })
        })
        .collect()
}

pub fn signature(given: &Given) -> Json {
    json!({
        "id": given.id,
        "record": given.record,
        "version": given.version,
        "digest": given.digest,
        "step": given.step,
        "meaning": given.meaning,
        "role": given.role,
        "person": given.person,
        "printed_name": given.printed_name,
        "zone": given.zone,
        "signed_at": given.signed_at.to_rfc3339(),
        "manifestation": given.manifestation(),
    })
}

pub fn choice(choice: &record::step::Choice) -> Json {
    json!({
        "name": choice.name,
        "label": choice.label,
        "leads_to": choice.leads_to,
        "to_phase": choice.to_phase.name(),
        "permitted": choice.permitted,
        "roles": choice.roles,
        "signed": choice.is_signed(),
        "given": choice.given.iter().map(signature).collect::<Vec<_>>(),
        "missing": choice.missing.iter().map(|signer| json!({
            "role": signer.role,
            "meaning": signer.meaning,
            "may_be_author": signer.may_be_author,
        })).collect::<Vec<_>>(),
        "needs_reason": choice.needs_reason,
        "blockers": blockers(&choice.blockers),
        "consequences": choice.consequences,
    })
}

pub fn link(catalog: &Catalog, view: &LinkView) -> Json {
    json!({
        "id": view.link.id,
        "link": view.link.kind,
        "label": view.label,
        "outgoing": view.outgoing,
        "pinned": view.link.target.is_some(),
        "suspect": view.link.suspect,
        "suspect_why": view.link.suspect_why,
        "since": view.link.from_at.to_rfc3339(),
        "other": stub(catalog, &view.other),
    })
}

/// An obligation; `about` is its record, where the reader may see it.
pub fn obligation(catalog: &Catalog, names: &Names, obligation: &Obligation, about: Option<&Record>) -> Json {
    json!({
        "id": obligation.id,
        "sort": obligation.sort,
        "task": obligation.task,
        "record": obligation.record,
        "about": about.map(|record| stub(catalog, record)),
        "step": obligation.step,
        "person": obligation.person,
        "person_name": names.person(obligation.person.as_deref()),
        "role": obligation.role,
        "via": obligation.via,
        "cause": obligation.cause,
        "due_date": obligation.due_date,
        "state": obligation.state,
        "raised_at": obligation.raised_at.to_rfc3339(),
        "closed_at": obligation.closed_at.map(|at| at.to_rfc3339()),
        "closed_by": obligation.closed_by,
        "closed_by_name": names.person(obligation.closed_by.as_deref()),
        "signature": obligation.signature,
        "outcome": obligation.outcome,
    })
}

pub fn hold(names: &Names, hold: &Hold) -> Json {
    json!({
        "id": hold.id,
        "why": hold.why,
        "placed_at": hold.placed_at.to_rfc3339(),
        "placed_by": hold.placed_by,
        "placed_by_name": names.person(Some(&hold.placed_by)),
        "lifted_at": hold.lifted_at.map(|at| at.to_rfc3339()),
        "lifted_by": hold.lifted_by,
        "lifted_by_name": names.person(hold.lifted_by.as_deref()),
        "lifted_why": hold.lifted_why,
    })
}

pub fn clock(clock: &Clock, now: base::Timestamp) -> Result<Json> {
    Ok(json!({
        "id": clock.id,
        "rule": clock.rule,
        "zone": clock.zone,
        "started_at": clock.started_at.to_rfc3339(),
        "original_due": clock.original_due,
        "due_date": clock.due_date,
        "state": clock.state,
        "overdue": clock.is_overdue(now)?,
        "stopped_at": clock.stopped_at.map(|at| at.to_rfc3339()),
    }))
}

pub fn decision(names: &Names, decision: &Decision) -> Json {
    json!({
        "id": decision.id,
        "tree": decision.tree,
        "tree_version": decision.tree_version,
        "answers": decision.answers,
        "outcome": decision.outcome,
        "decided_at": decision.decided_at.to_rfc3339(),
        "decided_by": decision.decided_by,
        "decided_by_name": names.person(Some(&decision.decided_by)),
        "replaced_at": decision.replaced_at.map(|at| at.to_rfc3339()),
    })
}

pub fn file(file: &Attachment) -> Json {
    json!({
        "id": file.id,
        "name": file.name,
        "media_type": file.media_type,
        "digest": file.digest,
        "size_bytes": file.size_bytes,
        "added_at": file.added_at.to_rfc3339(),
    })
}

pub fn line(names: &Names, line: &Line) -> Json {
    json!({
        "tx": line.tx,
        "ord": line.ord,
        "at": line.at.to_rfc3339(),
        "actor": line.actor,
        "actor_name": names.person(Some(&line.actor)),
        "action": line.action,
        "table": line.subject_table,
        "subject": line.subject,
        "before": line.before,
        "after": line.after,
        "reason": line.reason,
    })
}

/// A dossier's sections; entries that the reader may not see are counted and not shown.
pub fn sections(sections: &[Section], visible: &BTreeSet<String>) -> Vec<Json> {
    sections
        .iter()
        .map(|section| {
            let (shown, hidden): (Vec<_>, Vec<_>) = section.entries.iter().partition(|entry| visible.contains(&entry.record));
            json!({
                "title": section.title,
                "requirement": section.requirement,
                "entries": shown,
                "hidden": hidden.len(),
            })
        })
        .collect()
}

pub fn frozen(names: &Names, frozen: &Frozen) -> Json {
    json!({
        "id": frozen.id,
        "name": frozen.name,
        "digest": frozen.digest,
        "entry_count": frozen.entry_count,
        "frozen_at": frozen.frozen_at.to_rfc3339(),
        "frozen_by": frozen.frozen_by,
        "frozen_by_name": names.person(Some(&frozen.frozen_by)),
    })
}

/// A kind as declared.
pub fn kind(kind: &Kind) -> Json {
    let numbering = match &kind.numbering {
        Numbering::Given => json!({ "sort": "given" }),
        Numbering::Counted { prefix, digits, with_year } => json!({ "sort": "counted", "prefix": prefix, "digits": digits, "with_year": with_year }),
    };
    json!({
        "name": kind.name,
        "label": kind.label,
        "plural": kind.plural,
        "text": kind.text,
        "area": kind.area,
        "numbering": numbering,
        "revisions": match kind.revisions {
            Revisions::None => "none",
            Revisions::Letters => "letters",
            Revisions::Numbers => "numbers",
        },
        "fields": kind.fields.iter().map(field).collect::<Vec<_>>(),
        "personal": kind.personal.iter().map(field).collect::<Vec<_>>(),
        "states": kind.states.iter().map(|state| json!({
            "name": state.name,
            "label": state.label,
            "phase": state.phase.name(),
        })).collect::<Vec<_>>(),
        "steps": kind.steps.iter().map(|step| json!({
            "name": step.name,
            "label": step.label,
            "from": step.from,
            "to": step.to,
            "by": match step.taken_by {
                kernel::kind::TakenBy::Person => "person",
                kernel::kind::TakenBy::Record => "record",
                kernel::kind::TakenBy::Clock => "clock",
            },
            "roles": step.roles,
            "signers": step.signers.iter().map(|signer| json!({ "role": signer.role, "meaning": signer.meaning })).collect::<Vec<_>>(),
            "rules": step.rules.iter().map(|rule| json!({
                "id": rule.id,
                "requirement": rule.requirement,
                "text": rule.text,
                "floor": rule.floor,
            })).collect::<Vec<_>>(),
            "needs_reason": step.reason,
        })).collect::<Vec<_>>(),
        "links": kind.links.iter().map(|link| json!({
            "name": link.name,
            "label": link.label,
            "inverse": link.inverse,
            "targets": link.targets,
            "pinned": link.pinned,
        })).collect::<Vec<_>>(),
        "trees": kind.trees,
        "has_dossier": !kind.dossier.is_empty(),
    })
}

fn field(field: &Field) -> Json {
    json!({
        "name": field.name,
        "label": field.label,
        "group": field.group,
        "sort": sort_name(&field.sort),
        "choices": match &field.sort {
            FieldSort::Choice(values) => values.iter().map(|(value, label)| json!({ "value": value, "label": label })).collect(),
            _ => Vec::new(),
        },
        "required": field.required,
        "filter": field.filter,
        "help": field.help,
    })
}

pub fn sort_name(sort: &FieldSort) -> &'static str {
    match sort {
        FieldSort::Line(_) => "line",
        FieldSort::Block(_) => "block",
        FieldSort::Integer { .. } => "integer",
        FieldSort::Decimal => "decimal",
        FieldSort::Date => "date",
        FieldSort::YesNo => "yes_no",
        FieldSort::Choice(_) => "choice",
        FieldSort::Person => "person",
        FieldSort::Sheet => "sheet",
        FieldSort::TableRevision(_) => "table_revision",
        FieldSort::Zone => "zone",
    }
}
