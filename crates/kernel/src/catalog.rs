//! Everything that is declared, in one place: kinds, commands, roles, trees, clock rules, tables.
//!
//! Modules of the domains hand their declarations in ([`Module`]); a configuration package lays
//! its changes over them. What comes out is a [`Catalog`], immutable and shared. Each transaction
//! works with exactly one, whose configuration revision stands in the trail.

mod check;

use crate::calendar::ClockRule;
use crate::command::CommandDef;
use crate::decision_tree::DecisionTree;
use crate::impact::ImpactProvider;
use crate::jobs::{JobDef, QueueDef};
use crate::kind::{Kind, Step, TakenBy};
use crate::record::Record;
use crate::reference::ReferenceTable;
use crate::rule::{Finding, HookFn};
use crate::table::Table;
use crate::trail::WriteTx;
use base::{Error, Result};
use db::Read;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What a domain hands to the kernel.
#[derive(Default)]
pub struct Module {
    pub kinds: Vec<Kind>,
    pub commands: Vec<CommandDef>,
    pub tables: Vec<&'static Table>,
    pub roles: Vec<Role>,
    pub trees: Vec<DecisionTree>,
    pub clock_rules: Vec<ClockRule>,
    /// Run after any record has taken a step, in the same transaction.
    pub after_step: Vec<HookFn>,
    /// Copies typed details (structure lines) to a new revision.
    pub after_revise: Vec<ReviseFn>,
    /// Run after a link was added or ended, in the same transaction; an error refuses the change.
    pub after_link: Vec<LinkHookFn>,
    /// Say what a step of any record will cause in this domain, before it is taken.
    pub previews: Vec<StepPreviewFn>,
    /// Say what keeps a person from signing steps at this moment, whatever their role.
    pub signer_checks: Vec<SignerCheckFn>,
    pub impacts: Vec<ImpactProvider>,
    pub jobs: Vec<JobDef>,
    /// Who does the jobs of a queue.
    pub queues: Vec<QueueDef>,
    pub reference_tables: Vec<ReferenceTable>,
}

/// Code that runs when a single link comes or goes. Links that an import adds in bulk
/// ([`crate::link::add_many`]) and those a new revision inherits do not pass here.
pub type LinkHookFn = fn(&mut WriteTx<'_>, &LinkChange<'_>) -> Result<()>;

/// A link that was just added or ended.
#[derive(Debug)]
pub struct LinkChange<'a> {
    pub source: &'a Record,
    /// The link's name.
    pub link: &'a str,
    pub target_item: &'a str,
    pub added: bool,
}

/// Says, in sentences, what this step of this record will cause.
pub type StepPreviewFn = fn(&mut dyn Read, &Catalog, &Record, &str) -> Result<Vec<String>>;

/// Says what keeps somebody from signing now; an empty answer means nothing does.
pub type SignerCheckFn = fn(&mut dyn Read, &SignerContext<'_>) -> Result<Vec<Finding>>;

/// Somebody about to sign a step.
#[derive(Debug)]
pub struct SignerContext<'a> {
    pub tenant: &'a str,
    /// Identifier of the person.
    pub person: &'a str,
    pub now: base::Timestamp,
}

/// Copies what hangs on the old revision to the new one.
pub type ReviseFn = fn(&mut WriteTx<'_>, &Record, &Record) -> Result<()>;

/// A role by name; what it may do is collected from kinds, steps and commands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    pub name: String,
    pub label: String,
    pub text: String,
}

impl Role {
    pub fn new(name: &str, label: &str, text: &str) -> Self {
        Self { name: name.to_owned(), label: label.to_owned(), text: text.to_owned() }
    }
}

/// The role that every active person has.
pub const EVERYONE: &str = "everyone";

/// The role that looks on: whoever holds no other changes nothing, not even what everybody may.
pub const INSPECTOR: &str = "inspector";

/// What an account needs for itself, whoever it belongs to.
const OWN_ACCOUNT: [&str; 3] = ["password.change", "token.create", "token.revoke"];

/// Whether somebody who only looks on may still do this.
pub(crate) fn is_looking(permission: &str) -> bool {
    permission.ends_with(".view") || OWN_ACCOUNT.contains(&permission)
}

#[derive(Clone)]
pub struct Catalog {
    /// Revision of the configuration; 0 is the product as delivered.
    pub revision: i64,
    kinds: BTreeMap<String, Kind>,
    commands: BTreeMap<&'static str, CommandDef>,
    roles: BTreeMap<String, Role>,
    trees: BTreeMap<String, DecisionTree>,
    clock_rules: BTreeMap<String, ClockRule>,
    tables: Vec<&'static Table>,
    after_step: Vec<HookFn>,
    after_revise: Vec<ReviseFn>,
    after_link: Vec<LinkHookFn>,
    previews: Vec<StepPreviewFn>,
    signer_checks: Vec<SignerCheckFn>,
    impacts: Vec<ImpactProvider>,
    jobs: Vec<JobDef>,
    queues: Vec<QueueDef>,
    reference_tables: Vec<ReferenceTable>,
    permissions: BTreeMap<String, BTreeSet<String>>,
    /// The product as delivered, under a configured catalog.
    delivered: Option<Arc<Catalog>>,
}

impl std::fmt::Debug for Catalog {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Catalog {{ revision: {}, kinds: {} }}", self.revision, self.kinds.len())
    }
}

impl Catalog {
    /// Puts the modules together and checks that they fit: names unique, every reference known.
    pub fn build(modules: Vec<Module>) -> Result<Self> {
        let mut catalog = Self {
            revision: 0,
            kinds: BTreeMap::new(),
            commands: BTreeMap::new(),
            roles: BTreeMap::new(),
            trees: BTreeMap::new(),
            clock_rules: BTreeMap::new(),
            tables: crate::table::TABLES.to_vec(),
            after_step: Vec::new(),
            after_revise: Vec::new(),
            after_link: Vec::new(),
            previews: Vec::new(),
            signer_checks: Vec::new(),
            impacts: Vec::new(),
            jobs: Vec::new(),
            queues: Vec::new(),
            reference_tables: Vec::new(),
            permissions: BTreeMap::new(),
            delivered: None,
        };
        for module in modules {
            for kind in module.kinds {
                if let Some(twice) = catalog.kinds.insert(kind.name.clone(), kind) {
                    return Err(Error::internal(format!("kind {} is declared twice", twice.name)));
                }
            }
            for command in module.commands {
                if let Some(twice) = catalog.commands.insert(command.name, command) {
                    return Err(Error::internal(format!("command {} is declared twice", twice.name)));
                }
            }
            for role in module.roles {
                if let Some(twice) = catalog.roles.insert(role.name.clone(), role) {
                    return Err(Error::internal(format!("role {} is declared twice", twice.name)));
                }
            }
            for tree in module.trees {
                if let Some(twice) = catalog.trees.insert(tree.name.clone(), tree) {
                    return Err(Error::internal(format!("decision tree {} is declared twice", twice.name)));
                }
            }
            for rule in module.clock_rules {
                if let Some(twice) = catalog.clock_rules.insert(rule.name.clone(), rule) {
                    return Err(Error::internal(format!("clock rule {} is declared twice", twice.name)));
                }
            }
            for table in module.tables {
                if catalog.tables.iter().any(|known| known.name == table.name) {
                    return Err(Error::internal(format!("table {} is declared twice", table.name)));
                }
                catalog.tables.push(table);
            }
            catalog.after_step.extend(module.after_step);
            catalog.after_revise.extend(module.after_revise);
            catalog.after_link.extend(module.after_link);
            catalog.previews.extend(module.previews);
            catalog.signer_checks.extend(module.signer_checks);
            catalog.impacts.extend(module.impacts);
            catalog.reference_tables.extend(module.reference_tables);
            for job in module.jobs {
                if catalog.jobs.iter().any(|known| known.name == job.name) {
                    return Err(Error::internal(format!("job {} is declared twice", job.name)));
                }
                catalog.jobs.push(job);
            }
            for queue in module.queues {
                if catalog.queues.iter().any(|known| known.name == queue.name) {
                    return Err(Error::internal(format!("queue {} is declared twice", queue.name)));
                }
                catalog.queues.push(queue);
            }
        }
        catalog.settle().map_err(|problems| Error::internal(format!("bad declarations: {}", problems.join("; "))))?;
        Ok(catalog)
    }

    /// The same declarations with the kinds and roles that a configuration package makes of them;
    /// or everything that does not fit, as sentences.
    pub(crate) fn configured(&self, revision: i64, kinds: Vec<Kind>, roles: Vec<Role>) -> Result<Self, Vec<String>> {
        let mut catalog = self.clone();
        catalog.delivered = Some(Arc::new(self.clone()));
        catalog.revision = revision;
        catalog.kinds = kinds.into_iter().map(|kind| (kind.name.clone(), kind)).collect();
        catalog.roles = roles.into_iter().map(|role| (role.name.clone(), role)).collect();
        catalog.settle()?;
        Ok(catalog)
    }

    /// The product as delivered, which packages are laid over.
    pub fn delivered(&self) -> &Catalog {
        self.delivered.as_deref().unwrap_or(self)
    }

    fn settle(&mut self) -> Result<(), Vec<String>> {
        let problems = check::problems(self);
        if !problems.is_empty() {
            return Err(problems);
        }
        self.permissions = self.collect_permissions();
        Ok(())
    }

    /// What is wrong with a kind's declaration; empty when it is sound.
    pub fn problems_of(&self, kind: &Kind) -> Vec<String> {
        check::of_kind(self, kind)
    }

    fn collect_permissions(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut collected: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut grant = |role: &str, permission: String| {
            collected.entry(role.to_owned()).or_default().insert(permission);
        };
        for kind in self.kinds.values() {
            for (role, verb) in &kind.grants {
                grant(role, format!("{}.{verb}", kind.name));
            }
            for step in kind.steps.iter().filter(|step| step.taken_by == TakenBy::Person) {
                for role in step_roles(step) {
                    grant(role, step_permission(&kind.name, &step.name));
                }
            }
        }
        for command in self.commands.values() {
            for role in command.roles {
                grant(role, command.name.to_owned());
            }
        }
        collected
    }

    pub fn kind(&self, name: &str) -> Option<&Kind> {
        self.kinds.get(name)
    }

    /// The kind, or a refusal that says it is unknown.
    pub fn known_kind(&self, name: &str) -> Result<&Kind> {
        self.kind(name).ok_or_else(|| Error::invalid("kind", "unknown_kind", format!("there is no kind “{name}”")))
    }

    pub fn kinds(&self) -> impl Iterator<Item = &Kind> {
        self.kinds.values()
    }

    pub fn command(&self, name: &str) -> Option<&CommandDef> {
        self.commands.get(name)
    }

    pub fn commands(&self) -> impl Iterator<Item = &CommandDef> {
        self.commands.values()
    }

    pub fn roles(&self) -> impl Iterator<Item = &Role> {
        self.roles.values()
    }

    pub fn role(&self, name: &str) -> Option<&Role> {
        self.roles.get(name)
    }

    pub fn tree(&self, name: &str) -> Option<&DecisionTree> {
        self.trees.get(name)
    }

    pub fn clock_rule(&self, name: &str) -> Option<&ClockRule> {
        self.clock_rules.get(name)
    }

    pub fn tables(&self) -> &[&'static Table] {
        &self.tables
    }

    pub fn impacts(&self) -> &[ImpactProvider] {
        &self.impacts
    }

    pub fn queues(&self) -> &[QueueDef] {
        &self.queues
    }

    pub fn jobs(&self) -> &[JobDef] {
        &self.jobs
    }

    pub fn reference_tables(&self) -> &[ReferenceTable] {
        &self.reference_tables
    }

    pub fn reference_table(&self, name: &str) -> Option<&ReferenceTable> {
        self.reference_tables.iter().find(|table| table.name == name)
    }

    pub(crate) fn after_step(&self) -> Vec<HookFn> {
        self.after_step.clone()
    }

    pub(crate) fn after_revise(&self) -> Vec<ReviseFn> {
        self.after_revise.clone()
    }

    pub(crate) fn after_link(&self) -> Vec<LinkHookFn> {
        self.after_link.clone()
    }

    pub(crate) fn previews(&self) -> &[StepPreviewFn] {
        &self.previews
    }

    pub(crate) fn signer_checks(&self) -> &[SignerCheckFn] {
        &self.signer_checks
    }

    /// Role by role, every permission it carries: the source of the committed matrix.
    pub fn permissions(&self) -> &BTreeMap<String, BTreeSet<String>> {
        &self.permissions
    }

    pub fn role_has(&self, role: &str, permission: &str) -> bool {
        self.permissions.get(role).is_some_and(|granted| granted.contains(permission))
    }

    /// Whether the server alone writes records of this kind: nobody may make or edit one.
    pub fn is_made_by_server(&self, kind: &str) -> bool {
        let nobody = |what: &str| {
            let permission = format!("{kind}.{what}");
            self.permissions.values().all(|granted| !granted.contains(&permission))
        };
        nobody("create") && nobody("edit")
    }

    /// The label of a state, or its name when the kind or state is no longer declared.
    pub fn state_label(&self, kind: &str, state: &str) -> String {
        self.kind(kind).and_then(|kind| kind.find_state(state)).map_or_else(|| state.to_owned(), |state| state.label.clone())
    }
}

/// The permission that taking (or signing) a step needs.
pub fn step_permission(kind: &str, step: &str) -> String {
    format!("{kind}.step.{step}")
}

fn step_roles(step: &Step) -> impl Iterator<Item = &str> {
    step.roles.iter().map(String::as_str).chain(step.signers.iter().map(|signer| signer.role.as_str()))
}
