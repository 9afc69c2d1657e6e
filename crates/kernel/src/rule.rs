//! Rules: "may this step happen?", answered with the records that stand in the way.
//!
//! Most rules are sentences of a small vocabulary, so that a configuration package can add them
//! too; a rule that needs more is code. A rule marked `floor` is a regulatory minimum that no
//! package removes.

use crate::catalog::Catalog;
use crate::kind::Phase;
use crate::record::{self, Record};
use crate::{decision, link, obligation};
use base::{Blocker, RecordRef, Result, Timestamp};
use db::Read;

#[derive(Debug, Clone)]
pub struct Rule {
    /// `capa.orders_released`.
    pub id: String,
    /// The requirement it fulfils, for example `FRS-CAPA-017`.
    pub requirement: String,
    /// What it demands, as a sentence.
    pub text: String,
    pub floor: bool,
    pub check: Check,
}

#[derive(Debug, Clone)]
pub enum Check {
    /// These fields are filled in.
    Filled { fields: Vec<String> },
    /// The record has at least so many links of this name (from the source's side).
    LinkedAtLeast { link: String, count: usize },
    /// Every record linked by this name is in one of the phases.
    LinkedInPhase { link: String, phases: Vec<Phase> },
    /// Every record that links to this one by this name is in one of the phases.
    LinkingInPhase { link: String, phases: Vec<Phase> },
    /// No obligation of this sort is open that this record, or a record linked by `through`,
    /// caused. `label` opens the sentence: "Training: 3 of 12 open".
    ObligationsDone { sort: String, through: Option<String>, label: String },
    /// This decision tree has been answered.
    Decided { tree: String },
    /// No link of this record is suspect.
    NothingSuspect,
    /// Code of the domain; an empty answer means the step may happen.
    Code(CheckFn),
}

pub type CheckFn = fn(&mut dyn Read, &RuleContext<'_>) -> Result<Vec<Finding>>;

/// Code that runs as part of a step, in its transaction.
pub type HookFn = fn(&mut crate::trail::WriteTx<'_>, &StepContext<'_>) -> Result<()>;

/// What a rule may look at.
#[derive(Debug)]
pub struct RuleContext<'a> {
    pub catalog: &'a Catalog,
    pub record: &'a Record,
    pub now: Timestamp,
}

/// What a step's effect works with.
#[derive(Debug)]
pub struct StepContext<'a> {
    pub catalog: &'a Catalog,
    /// The record after the step.
    pub record: &'a Record,
    /// The step that was taken. By convention `release` is the step by which content is given out,
    /// at once or for a later date.
    pub step: &'a str,
    /// The phase it came from.
    pub from: Phase,
    /// The record whose step caused this one, when one did.
    pub cause: Option<&'a Record>,
    /// The permit of the person whose command this is.
    pub permit: &'a crate::authority::Permit,
}

/// One reason a rule found against the step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub text: String,
    pub records: Vec<RecordRef>,
}

impl Finding {
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), records: Vec::new() }
    }

    pub fn with(mut self, records: Vec<RecordRef>) -> Self {
        self.records = records;
        self
    }
}

impl Rule {
    /// A regulatory minimum.
    pub fn floor(id: &str, requirement: &str, text: &str, check: Check) -> Self {
        Self { id: id.to_owned(), requirement: requirement.to_owned(), text: text.to_owned(), floor: true, check }
    }

    /// A rule that a configuration may drop.
    pub fn optional(id: &str, requirement: &str, text: &str, check: Check) -> Self {
        Self { floor: false, ..Self::floor(id, requirement, text, check) }
    }

    /// Asks the rule. An empty answer means the step may happen.
    pub fn ask(&self, tx: &mut dyn Read, context: &RuleContext<'_>) -> Result<Vec<Blocker>> {
        let findings = self.check.findings(tx, context)?;
        Ok(findings
            .into_iter()
            .map(|finding| Blocker {
                rule: self.id.clone(),
                requirement: self.requirement.clone(),
                text: finding.text,
                records: finding.records,
            })
            .collect())
    }
}

impl Check {
    pub fn filled(fields: &[&str]) -> Self {
        Self::Filled { fields: fields.iter().map(|field| (*field).to_owned()).collect() }
    }

    fn findings(&self, tx: &mut dyn Read, context: &RuleContext<'_>) -> Result<Vec<Finding>> {
        let record = context.record;
        match self {
            Self::Filled { fields } => Ok(fields_not_filled(context, fields)),
            Self::LinkedAtLeast { link: name, count } => {
                let found = link::targets(tx, record, name)?.len();
                if found >= *count {
                    return Ok(Vec::new());
                }
                let label = link_label(context.catalog, record, name);
                let missing = if *count == 1 { "a record is needed; none is linked".to_owned() } else { format!("{count} records are needed, {found} linked") };
                Ok(vec![Finding::new(format!("“{}”: {missing}", base::text::capital(&label)))])
            }
            Self::LinkedInPhase { link: name, phases } => {
                let linked = link::targets(tx, record, name)?;
                Ok(not_in_phases(context.catalog, linked, phases))
            }
            Self::LinkingInPhase { link: name, phases } => {
                let linking = link::sources(tx, record, name)?;
                Ok(not_in_phases(context.catalog, linking, phases))
            }
            Self::ObligationsDone { sort, through, label } => {
                let causes = match through {
                    None => vec![record.id.clone()],
                    Some(name) => link::targets(tx, record, name)?.into_iter().map(|linked| linked.id).collect(),
                };
                open_obligations(tx, record, &causes, sort, label)
            }
            Self::Decided { tree } => {
                if decision::current(tx, &record.tenant, &record.id, tree)?.is_some() {
                    return Ok(Vec::new());
                }
                let title = context.catalog.tree(tree).map_or(tree.as_str(), |tree| tree.title.as_str());
                Ok(vec![Finding::new(format!("The decision “{title}” has not been taken"))])
            }
            Self::NothingSuspect => {
                let suspects = link::suspects(tx, record)?;
                if suspects.is_empty() {
                    return Ok(Vec::new());
                }
                let text = format!("{} suspect: the other end has changed since", links_counted(suspects.len()));
                Ok(vec![Finding::new(text).with(suspects)])
            }
            Self::Code(check) => check(tx, context),
        }
    }
}

fn links_counted(count: usize) -> String {
    if count == 1 { "1 link is".to_owned() } else { format!("{count} links are") }
}

fn link_label(catalog: &Catalog, record: &Record, name: &str) -> String {
    catalog
        .kind(&record.kind)
        .and_then(|kind| kind.find_link(name))
        .map_or_else(|| name.to_owned(), |link| link.label.clone())
}

fn fields_not_filled(context: &RuleContext<'_>, fields: &[String]) -> Vec<Finding> {
    let kind = context.catalog.kind(&context.record.kind);
    fields
        .iter()
        .filter(|name| context.record.field_is_empty(name))
        .map(|name| {
            let label = kind.and_then(|kind| kind.find_field(name)).map_or(name.as_str(), |field| field.label.as_str());
            Finding::new(format!("“{label}” is not filled in"))
        })
        .collect()
}

fn not_in_phases(catalog: &Catalog, records: Vec<Record>, phases: &[Phase]) -> Vec<Finding> {
    records
        .into_iter()
        .filter(|record| !phases.contains(&record.phase))
        .map(|record| {
            let state = catalog.state_label(&record.kind, &record.state);
            let kind = catalog.kind(&record.kind).map_or_else(|| record.kind.clone(), |kind| kind.label.clone());
            Finding::new(format!("{kind} {} is {}", record.label(), state.to_lowercase())).with(vec![record.reference()])
        })
        .collect()
}

fn open_obligations(tx: &mut dyn Read, record: &Record, causes: &[String], sort: &str, label: &str) -> Result<Vec<Finding>> {
    let mut open = 0;
    let mut total = 0;
    let mut subjects: Vec<String> = Vec::new();
    for cause in causes {
        let count = obligation::count_caused(tx, &record.tenant, cause, sort)?;
        open += count.open;
        total += count.total;
        subjects.extend(count.open_records);
    }
    if open == 0 {
        return Ok(Vec::new());
    }
    subjects.sort();
    subjects.dedup();
    let mut references = Vec::new();
    for subject in subjects.iter().take(base::limits::PAGE_ROWS_DEFAULT) {
        if let Some(found) = record::find(tx, &record.tenant, subject)? {
            references.push(found.reference());
        }
    }
    Ok(vec![Finding::new(format!("{label}: {open} of {total} open")).with(references)])
}
