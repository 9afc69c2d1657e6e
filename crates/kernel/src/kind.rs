//! What a kind of record is: fields, lifecycle, signatures, links, who may do what.
//!
//! The built-in kinds are functions that return a [`Kind`]; a configuration package's kinds are
//! parsed into the same struct. Nothing else in the product knows a difference between them.

mod build;

use crate::rule::{HookFn, Rule};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The built-in meaning of a state. Business rules reason in phases, so that a customer's extra
/// states change words and routes, never what a rule means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Somebody is writing; content may change.
    Draft,
    /// Work goes on; content may change.
    InWork,
    /// Content is fixed and waits for signatures.
    InReview,
    /// Content is fixed and counts.
    Effective,
    /// Content is fixed; finished or superseded.
    Closed,
    /// Content is fixed; withdrawn with a reason.
    Void,
}

impl Phase {
    pub const ALL: [Self; 6] = [Self::Draft, Self::InWork, Self::InReview, Self::Effective, Self::Closed, Self::Void];

    pub fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::InWork => "in_work",
            Self::InReview => "in_review",
            Self::Effective => "effective",
            Self::Closed => "closed",
            Self::Void => "void",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|phase| phase.name() == name)
    }

    /// Whether fields, title and details may be changed.
    pub fn is_open_for_edit(self) -> bool {
        matches!(self, Self::Draft | Self::InWork)
    }

    /// Whether nothing further will happen to a record by itself.
    pub fn is_settled(self) -> bool {
        matches!(self, Self::Effective | Self::Closed | Self::Void)
    }
}

/// Where in the navigation a kind lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Area {
    Engineering,
    Quality,
    Training,
    Suppliers,
    Design,
    Administration,
}

impl Area {
    pub fn label(self) -> &'static str {
        match self {
            Self::Engineering => "Engineering",
            Self::Quality => "Quality",
            Self::Training => "Training",
            Self::Suppliers => "Suppliers",
            Self::Design => "Design",
            Self::Administration => "Administration",
        }
    }
}

#[derive(Debug, Clone)]
pub struct Kind {
    /// `change_order`: the name in commands, permissions and addresses.
    pub name: String,
    pub label: String,
    pub plural: String,
    /// One sentence for the page and the API document.
    pub text: String,
    pub area: Area,
    pub numbering: Numbering,
    pub revisions: Revisions,
    pub fields: Vec<Field>,
    /// Lines and blocks that are kept beside the trail and can be erased ([`crate::personal`]).
    pub personal: Vec<Field>,
    pub states: Vec<State>,
    pub steps: Vec<Step>,
    pub links: Vec<LinkKind>,
    /// Role and verb (`view`, `create`, `edit`, `link`, `revise`, `hold`, and those of [`crate::personal`]).
    pub grants: Vec<(String, String)>,
    /// Decision trees that may be answered on this kind.
    pub trees: Vec<String>,
    /// What the dossier of this kind gathers; empty for kinds without one.
    pub dossier: Vec<DossierSection>,
}

/// How numbers are given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Numbering {
    /// `CAPA-0042`, or `CAPA-2026-0042` with the year; gap-free.
    Counted { prefix: String, digits: usize, with_year: bool },
    /// The creator gives it (part numbers from a file, user names).
    Given,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revisions {
    /// One record per item.
    None,
    /// A, B, C … without I, O, Q, S, X and Z (ASME Y14.35).
    Letters,
    /// 1, 2, 3 …
    Numbers,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    pub name: String,
    pub label: String,
    /// The heading under which the page shows it.
    pub group: String,
    pub sort: FieldSort,
    /// Needed at creation already.
    pub required: bool,
    /// Lists can filter by it.
    pub filter: bool,
    pub help: String,
}

#[derive(Debug, Clone, PartialEq)]
pub enum FieldSort {
    /// One line of at most so many characters.
    Line(usize),
    /// Several lines of at most so many characters.
    Block(usize),
    Integer { min: i64, max: i64 },
    /// An exact decimal, kept as typed.
    Decimal,
    Date,
    YesNo,
    /// Value and label.
    Choice(Vec<(String, String)>),
    /// The user name of an active person.
    Person,
    /// Titles and rows of cells ([`crate::sheet`]).
    Sheet,
    /// The revision of this reference table by which something was evaluated
    /// ([`crate::reference::Used`]); written by the evaluation, never typed.
    TableRevision(String),
    /// The IANA name of a time zone.
    Zone,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    pub name: String,
    pub label: String,
    pub phase: Phase,
}

#[derive(Debug, Clone)]
pub struct Step {
    pub name: String,
    pub label: String,
    pub from: Vec<String>,
    pub to: String,
    /// Who may take it; for a signed step, who may sign is in `signers`.
    pub roles: Vec<String>,
    pub taken_by: TakenBy,
    pub rules: Vec<Rule>,
    /// Empty: unsigned. One: the step is taken as it is signed. Several: each signs, the last one
    /// takes the step.
    pub signers: Vec<Signer>,
    /// Signers sign one after another instead of in any order.
    pub in_order: bool,
    /// A record in a state before this step waits for its signatures, so they stand in My work.
    /// Off for what is signed only when there is a reason to, such as withdrawing a procedure.
    pub awaited: bool,
    /// A reason must be given.
    pub reason: bool,
    /// What else happens in the same transaction, in this order, after the state has changed.
    pub effects: Vec<Effect>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakenBy {
    /// A person with one of the step's roles.
    Person,
    /// Another record's step, as a change order releases its affected items.
    Record,
    /// The clock, as an approved document becomes effective on its date.
    Clock,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    pub role: String,
    /// The meaning of the signature (21 CFR 11.50(a)(3)).
    pub meaning: String,
    /// May also be somebody who wrote this version. Off wherever the meaning is an approval.
    pub may_be_author: bool,
}

#[derive(Debug, Clone)]
pub enum Effect {
    /// Code of the domain, run in the same transaction.
    Run { name: &'static str, run: HookFn, preview: Option<PreviewFn> },
    /// Raises an obligation for the owner of the record (or, without owner, the role).
    Raise { sort: String, task: String, role: String, due_days: i64 },
    /// Closes the open obligations of this sort on the record.
    CloseObligations { sort: String },
    /// Starts a clock by its rule's name.
    StartClock { rule: String },
    /// Stops the clocks of this rule.
    StopClock { rule: String },
    /// Freezes the record's dossier.
    FreezeDossier,
}

/// Says what an effect will do, for the sign dialog and the impact page.
pub type PreviewFn = fn(&mut dyn db::Read, &crate::record::Record) -> base::Result<Vec<String>>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkKind {
    pub name: String,
    /// "addresses", read from the source.
    pub label: String,
    /// "is addressed by", read from the target.
    pub inverse: String,
    /// Kinds it may point to; empty: any.
    pub targets: Vec<String>,
    /// The link names one revision instead of whichever counts.
    pub pinned: bool,
    /// The target's content is part of what is signed on the source ([`crate::binding`]).
    pub binding: bool,
    /// What happens to this link when a new revision of its target becomes effective.
    pub when_target_changes: OnChange,
    /// What happens to this link when a new revision of its source becomes effective.
    pub when_source_changes: OnChange,
}

/// What a change at one end asks of the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OnChange {
    Nothing,
    /// The link is marked suspect until somebody looks.
    Suspect,
    /// Suspect, and the other record's owner must act within so many days.
    Obligation { sort: String, task: String, role: String, due_days: i64 },
}

/// One section of a dossier: where its records are found from the dossier's own record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DossierSection {
    pub title: String,
    pub requirement: String,
    pub finds: DossierQuery,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DossierQuery {
    /// Records this one links to.
    Targets { link: String },
    /// Records that link to this one.
    Sources { link: String },
    /// Records that link to the targets of a link of this one: (own link, their link).
    SourcesOfTargets { link: String, their_link: String },
}

impl Kind {
    /// The state a new record starts in: the first declared.
    pub fn first_state(&self) -> Option<&State> {
        self.states.first()
    }

    pub fn find_field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    pub fn find_state(&self, name: &str) -> Option<&State> {
        self.states.iter().find(|state| state.name == name)
    }

    pub fn find_step(&self, name: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.name == name)
    }

    pub fn find_link(&self, name: &str) -> Option<&LinkKind> {
        self.links.iter().find(|link| link.name == name)
    }
}

/// The states that can be reached from one by the kind's steps, itself included; `without` is not
/// entered.
pub(crate) fn reachable<'a>(kind: &'a Kind, from: &'a str, without: Option<&str>) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::from([from]);
    loop {
        let before = reached.len();
        for step in kind.steps.iter().filter(|step| Some(step.to.as_str()) != without) {
            if step.from.iter().any(|state| reached.contains(state.as_str())) {
                reached.insert(step.to.as_str());
            }
        }
        if reached.len() == before {
            return reached;
        }
    }
}
