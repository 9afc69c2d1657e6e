//! How a domain writes its kinds down: short constructors that chain.

use super::{Area, DossierQuery, DossierSection, Effect, Field, FieldSort, Kind, LinkKind, Numbering, OnChange, Phase, Revisions, Signer, State, Step, TakenBy};
use crate::rule::Rule;

impl Kind {
    pub fn new(name: &str, label: &str, plural: &str, area: Area) -> Self {
        Self {
            name: name.to_owned(),
            label: label.to_owned(),
            plural: plural.to_owned(),
            text: String::new(),
            area,
            numbering: Numbering::Given,
            revisions: Revisions::None,
            fields: Vec::new(),
            personal: Vec::new(),
            states: Vec::new(),
            steps: Vec::new(),
            links: Vec::new(),
            grants: Vec::new(),
            trees: Vec::new(),
            dossier: Vec::new(),
        }
    }

    pub fn text(mut self, text: &str) -> Self {
        text.clone_into(&mut self.text);
        self
    }

    /// Numbers such as `CAPA-0042`.
    pub fn counted(mut self, prefix: &str, digits: usize) -> Self {
        self.numbering = Numbering::Counted { prefix: prefix.to_owned(), digits, with_year: false };
        self
    }

    /// Numbers such as `CAPA-2026-0042`.
    pub fn counted_by_year(mut self, prefix: &str, digits: usize) -> Self {
        self.numbering = Numbering::Counted { prefix: prefix.to_owned(), digits, with_year: true };
        self
    }

    pub fn revised_by(mut self, revisions: Revisions) -> Self {
        self.revisions = revisions;
        self
    }

    pub fn field(mut self, field: Field) -> Self {
        self.fields.push(field);
        self
    }

    /// A field of personal data, which can be erased.
    pub fn personal(mut self, field: Field) -> Self {
        self.personal.push(field);
        self
    }

    pub fn state(mut self, name: &str, label: &str, phase: Phase) -> Self {
        self.states.push(State { name: name.to_owned(), label: label.to_owned(), phase });
        self
    }

    pub fn step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    pub fn link(mut self, link: LinkKind) -> Self {
        self.links.push(link);
        self
    }

    pub fn allow(mut self, role: &str, verbs: &[&str]) -> Self {
        for verb in verbs {
            self.grants.push((role.to_owned(), (*verb).to_owned()));
        }
        self
    }

    pub fn tree(mut self, name: &str) -> Self {
        self.trees.push(name.to_owned());
        self
    }

    pub fn section(mut self, title: &str, requirement: &str, finds: DossierQuery) -> Self {
        self.dossier.push(DossierSection { title: title.to_owned(), requirement: requirement.to_owned(), finds });
        self
    }
}

impl Field {
    fn new(name: &str, label: &str, sort: FieldSort) -> Self {
        Self {
            name: name.to_owned(),
            label: label.to_owned(),
            group: "Details".to_owned(),
            sort,
            required: false,
            filter: false,
            help: String::new(),
        }
    }

    pub fn line(name: &str, label: &str) -> Self {
        Self::new(name, label, FieldSort::Line(base::limits::LINE_CHARS))
    }

    pub fn block(name: &str, label: &str) -> Self {
        Self::new(name, label, FieldSort::Block(base::limits::BLOCK_CHARS))
    }

    pub fn integer(name: &str, label: &str, min: i64, max: i64) -> Self {
        Self::new(name, label, FieldSort::Integer { min, max })
    }

    pub fn decimal(name: &str, label: &str) -> Self {
        Self::new(name, label, FieldSort::Decimal)
    }

    pub fn date(name: &str, label: &str) -> Self {
        Self::new(name, label, FieldSort::Date)
    }

    pub fn yes_no(name: &str, label: &str) -> Self {
        Self::new(name, label, FieldSort::YesNo)
    }

    pub fn person(name: &str, label: &str) -> Self {
        Self::new(name, label, FieldSort::Person)
    }

    /// The revision of a reference table by which the record was evaluated.
    pub fn table_revision(name: &str, label: &str, table: &str) -> Self {
        Self::new(name, label, FieldSort::TableRevision(table.to_owned()))
    }

    pub fn zone(name: &str, label: &str) -> Self {
        Self::new(name, label, FieldSort::Zone)
    }

    pub fn choice(name: &str, label: &str, values: &[(&str, &str)]) -> Self {
        let values = values.iter().map(|(value, label)| ((*value).to_owned(), (*label).to_owned())).collect();
        Self::new(name, label, FieldSort::Choice(values))
    }

    pub fn group(mut self, group: &str) -> Self {
        group.clone_into(&mut self.group);
        self
    }

    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    pub fn filter(mut self) -> Self {
        self.filter = true;
        self
    }

    pub fn help(mut self, help: &str) -> Self {
        help.clone_into(&mut self.help);
        self
    }
}

impl Step {
    /// An unsigned step taken by a person.
    pub fn new(name: &str, label: &str, from: &[&str], to: &str) -> Self {
        Self {
            name: name.to_owned(),
            label: label.to_owned(),
            from: from.iter().map(|state| (*state).to_owned()).collect(),
            to: to.to_owned(),
            roles: Vec::new(),
            taken_by: TakenBy::Person,
            rules: Vec::new(),
            signers: Vec::new(),
            in_order: false,
            awaited: true,
            reason: false,
            effects: Vec::new(),
        }
    }

    pub fn by(mut self, roles: &[&str]) -> Self {
        self.roles.extend(roles.iter().map(|role| (*role).to_owned()));
        self
    }

    pub fn by_record(mut self) -> Self {
        self.taken_by = TakenBy::Record;
        self
    }

    pub fn by_clock(mut self) -> Self {
        self.taken_by = TakenBy::Clock;
        self
    }

    pub fn rule(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        self
    }

    /// Asks for a signature of somebody with the role who did not write this version.
    pub fn signed(mut self, role: &str, meaning: &str) -> Self {
        self.signers.push(Signer { role: role.to_owned(), meaning: meaning.to_owned(), may_be_author: false });
        self
    }

    /// Asks for a signature that the author may give ("I wrote this").
    pub fn signed_by_author(mut self, role: &str, meaning: &str) -> Self {
        self.signers.push(Signer { role: role.to_owned(), meaning: meaning.to_owned(), may_be_author: true });
        self
    }

    pub fn in_order(mut self) -> Self {
        self.in_order = true;
        self
    }

    /// Signed only when there is a reason to; nobody is asked for it.
    pub fn when_needed(mut self) -> Self {
        self.awaited = false;
        self
    }

    pub fn with_reason(mut self) -> Self {
        self.reason = true;
        self
    }

    pub fn effect(mut self, effect: Effect) -> Self {
        self.effects.push(effect);
        self
    }
}

impl LinkKind {
    pub fn new(name: &str, label: &str, inverse: &str, targets: &[&str]) -> Self {
        Self {
            name: name.to_owned(),
            label: label.to_owned(),
            inverse: inverse.to_owned(),
            targets: targets.iter().map(|target| (*target).to_owned()).collect(),
            pinned: false,
            binding: false,
            when_target_changes: OnChange::Nothing,
            when_source_changes: OnChange::Nothing,
        }
    }

    pub fn pinned(mut self) -> Self {
        self.pinned = true;
        self
    }

    /// Signatures on the source cover the target's content, which is fixed while the source is in
    /// review.
    pub fn binding(mut self) -> Self {
        self.binding = true;
        self
    }

    pub fn when_target_changes(mut self, on_change: OnChange) -> Self {
        self.when_target_changes = on_change;
        self
    }

    pub fn when_source_changes(mut self, on_change: OnChange) -> Self {
        self.when_source_changes = on_change;
        self
    }
}

impl OnChange {
    pub fn obligation(sort: &str, task: &str, role: &str, due_days: i64) -> Self {
        Self::Obligation { sort: sort.to_owned(), task: task.to_owned(), role: role.to_owned(), due_days }
    }
}
