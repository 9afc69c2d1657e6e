//! The package laid over the product: what it adds, and what it may not take away.

use super::fault::Faults;
use super::routes;
use super::text::{DroppedRule, ExtraRule, ExtraSigner, ExtraState, Grant, Numbers, Package, Placed};
use crate::catalog::{Catalog, EVERYONE, INSPECTOR, Role};
use crate::kind::{Field, FieldSort, Kind, Numbering, Step, TakenBy};
use base::limits::{FIELDS_PER_KIND, SIGNERS_PER_STEP, STATES_PER_KIND, STEPS_PER_KIND};
use std::collections::{BTreeMap, BTreeSet};

/// Roles that look after the system or look at it; no signature is theirs to give.
const NEVER_SIGN: [&str; 3] = [EVERYONE, "administrator", INSPECTOR];

/// The kinds and roles that come out.
pub(super) fn lay(delivered: &Catalog, package: Package, faults: &Faults) -> (Vec<Kind>, Vec<Role>) {
    let mut laid = Laid::over(delivered, faults);
    laid.roles(package.roles);
    laid.kinds(package.kinds);
    for field in package.fields {
        laid.field(field);
    }
    laid.route(package.states, package.steps);
    for signer in package.signers {
        laid.signer(signer);
    }
    for dropped in package.dropped {
        laid.drop_rule(dropped);
    }
    for rule in package.rules {
        laid.rule(rule);
    }
    for grant in package.grants {
        laid.grant(grant);
    }
    for numbers in package.numbering {
        laid.numbering(numbers);
    }
    laid.prefixes();
    laid.limits();
    for (place, name, text) in package.labels {
        laid.label(&place, &name, text);
    }
    (laid.kinds.into_values().collect(), laid.roles)
}

struct Laid<'a> {
    delivered: &'a Catalog,
    kinds: BTreeMap<String, Kind>,
    roles: Vec<Role>,
    verbs: BTreeSet<String>,
    faults: &'a Faults,
}

impl<'a> Laid<'a> {
    fn over(delivered: &'a Catalog, faults: &'a Faults) -> Self {
        let kinds: BTreeMap<String, Kind> = delivered.kinds().map(|kind| (kind.name.clone(), kind.clone())).collect();
        let verbs = kinds.values().flat_map(|kind| kind.grants.iter().map(|(_, verb)| verb.clone())).collect();
        Self { delivered, kinds, roles: delivered.roles().cloned().collect(), verbs, faults }
    }

    fn fault(&self, place: &str, name: &str, text: impl Into<String>) {
        self.faults.add(format!("{place}.{name}"), text);
    }

    fn roles(&mut self, roles: Vec<(String, Role)>) {
        for (place, role) in roles {
            if self.is_role(&role.name) {
                self.fault(&place, "name", format!("the role {} is there already", role.name));
            } else {
                self.roles.push(role);
            }
        }
    }

    fn is_role(&self, name: &str) -> bool {
        self.roles.iter().any(|role| role.name == name)
    }

    fn known_role(&self, place: &str, name: &str, role: &str) {
        if !self.is_role(role) {
            let known: Vec<_> = self.roles.iter().map(|role| role.name.as_str()).collect();
            self.fault(place, name, format!("there is no role “{role}”; roles are: {}", known.join(", ")));
        }
    }

    fn may_sign(&self, place: &str, name: &str, role: &str) {
        self.known_role(place, name, role);
        if NEVER_SIGN.contains(&role) {
            self.fault(place, name, format!("the role {role} signs nothing"));
        }
    }

    fn kinds(&mut self, kinds: Vec<Placed<Kind>>) {
        for Placed { place, piece, .. } in kinds {
            if self.kinds.contains_key(&piece.name) {
                self.fault(&place, "name", format!("the kind {} is there already", piece.name));
                continue;
            }
            for (index, step) in piece.steps.iter().enumerate() {
                self.people_of(&format!("{place}.step[{index}]"), step);
            }
            self.kinds.insert(piece.name.clone(), piece);
        }
    }

    /// The roles that a step of the package names.
    fn people_of(&self, place: &str, step: &Step) {
        for (index, role) in step.roles.iter().enumerate() {
            self.known_role(place, &format!("roles[{index}]"), role);
            if role == INSPECTOR {
                self.fault(place, &format!("roles[{index}]"), "the role inspector changes nothing");
            }
        }
        for (index, signer) in step.signers.iter().enumerate() {
            self.may_sign(place, &format!("signers[{index}].role"), &signer.role);
        }
    }

    /// The kind a piece names, to change it.
    fn kind_of(&mut self, place: &str, kind: &str) -> Option<&mut Kind> {
        if !self.kinds.contains_key(kind) {
            self.fault(place, "kind", format!("there is no kind “{kind}”"));
        }
        self.kinds.get_mut(kind)
    }

    /// The step a piece names, to change it.
    fn step_of(&mut self, place: &str, kind: &str, step: &str) -> Option<&mut Step> {
        let found = self.kind_of(place, kind)?;
        let known: Vec<String> = found.steps.iter().map(|step| step.name.clone()).collect();
        if !known.iter().any(|name| name == step) {
            self.fault(place, "step", format!("{kind} has no step “{step}”; its steps are: {}", known.join(", ")));
        }
        self.kinds.get_mut(kind)?.steps.iter_mut().find(|known| known.name == step)
    }

    fn field(&mut self, placed: Placed<Field>) {
        let Placed { place, kind, piece } = placed;
        let needs_form = kind == "person" && piece.required;
        let Some(found) = self.kind_of(&place, &kind) else { return };
        if found.find_field(&piece.name).is_some() {
            self.fault(&place, "name", format!("{kind} has the field {} already", piece.name));
            return;
        }
        found.fields.push(piece);
        if needs_form {
            self.fault(&place, "required", "people are made without further fields; a rule on a step can ask for it");
        }
    }

    fn route(&mut self, states: Vec<Placed<ExtraState>>, steps: Vec<Placed<Step>>) {
        for placed in &steps {
            self.people_of(&placed.place, &placed.piece);
        }
        let named: BTreeSet<(String, String)> = states
            .iter()
            .map(|placed| (placed.place.clone(), placed.kind.clone()))
            .chain(steps.iter().map(|placed| (placed.place.clone(), placed.kind.clone())))
            .collect();
        let mut kinds = BTreeSet::new();
        for (place, kind) in named {
            if self.kind_of(&place, &kind).is_some() {
                kinds.insert(kind);
            }
        }
        for kind in kinds {
            let own_states: Vec<_> = states.iter().filter(|placed| placed.kind == kind).collect();
            let own_steps: Vec<_> = steps.iter().filter(|placed| placed.kind == kind).collect();
            let is_delivered = self.delivered.kind(&kind).is_some();
            if let Some(found) = self.kinds.get_mut(&kind) {
                routes::extend(found, &own_states, &own_steps, is_delivered, self.faults);
            }
        }
    }

    fn signer(&mut self, placed: Placed<ExtraSigner>) {
        let Placed { place, kind, piece } = placed;
        self.may_sign(&place, "role", &piece.signer.role);
        let Some(step) = self.step_of(&place, &kind, &piece.step) else { return };
        if step.taken_by == TakenBy::Person {
            step.signers.push(piece.signer);
        } else {
            self.fault(&place, "step", format!("no person takes the step {}, so nobody can sign it", piece.step));
        }
    }

    fn rule(&mut self, placed: Placed<ExtraRule>) {
        let Placed { place, kind, piece } = placed;
        let Some(step) = self.step_of(&place, &kind, &piece.step) else { return };
        let twice = step.rules.iter().any(|known| known.id == piece.rule.id);
        if twice {
            self.fault(&place, "id", format!("the step {} asks the rule {} already", piece.step, piece.rule.id));
        } else {
            step.rules.push(piece.rule);
        }
    }

    fn drop_rule(&mut self, placed: Placed<DroppedRule>) {
        let Placed { place, kind, piece } = placed;
        let Some(step) = self.step_of(&place, &kind, &piece.step) else { return };
        let Some(index) = step.rules.iter().position(|rule| rule.id == piece.rule) else {
            let known: Vec<_> = step.rules.iter().map(|rule| rule.id.clone()).collect();
            let text = format!("the step {} does not ask the rule “{}”; it asks: {}", piece.step, piece.rule, known.join(", "));
            self.fault(&place, "rule", text);
            return;
        };
        let rule = step.rules.get(index).cloned();
        let Some(rule) = rule.filter(|rule| rule.floor) else {
            step.rules.remove(index);
            return;
        };
        let text = format!("the rule {} is a regulatory minimum ({}) and stays: {}", rule.id, rule.requirement, rule.text);
        self.faults.against(format!("{place}.rule"), text, &rule.id, &rule.requirement);
    }

    fn grant(&mut self, placed: Placed<Grant>) {
        let Placed { place, kind, piece } = placed;
        self.known_role(&place, "role", &piece.role);
        for (index, verb) in piece.verbs.iter().enumerate() {
            if !self.verbs.contains(verb) {
                let known: Vec<_> = self.verbs.iter().map(String::as_str).collect();
                self.fault(&place, &format!("verbs[{index}]"), format!("“{verb}” is no verb; verbs are: {}", known.join(", ")));
            }
            if piece.role == INSPECTOR && verb != "view" {
                self.fault(&place, &format!("verbs[{index}]"), "the role inspector changes nothing");
            }
        }
        if piece.role == INSPECTOR && !piece.steps.is_empty() {
            self.fault(&place, "steps", "the role inspector changes nothing");
        }
        for (index, name) in piece.steps.iter().enumerate() {
            let Some(step) = self.step_of(&place, &kind, name) else { continue };
            if step.taken_by != TakenBy::Person {
                self.fault(&place, &format!("steps[{index}]"), format!("no person takes the step {name}"));
            } else if !step.signers.is_empty() {
                self.fault(&place, &format!("steps[{index}]"), format!("the step {name} is signed; add a signer instead"));
            } else if !step.roles.contains(&piece.role) {
                step.roles.push(piece.role.clone());
            }
        }
        let Some(found) = self.kind_of(&place, &kind) else { return };
        for verb in piece.verbs {
            let granted = (piece.role.clone(), verb);
            if !found.grants.contains(&granted) {
                found.grants.push(granted);
            }
        }
    }

    fn numbering(&mut self, placed: Placed<Numbers>) {
        let Placed { place, kind, piece } = placed;
        let Some(found) = self.kind_of(&place, &kind) else { return };
        if matches!(found.numbering, Numbering::Given) {
            self.fault(&place, "kind", format!("the numbers of {kind} are given by whoever makes the record"));
            return;
        }
        found.numbering = Numbering::Counted { prefix: piece.prefix, digits: piece.digits, with_year: piece.with_year };
    }

    /// Two kinds with one prefix would share a counter, and nobody could tell their numbers apart.
    fn prefixes(&self) {
        let mut known: BTreeMap<&str, &str> = BTreeMap::new();
        for kind in self.kinds.values() {
            let Numbering::Counted { prefix, .. } = &kind.numbering else { continue };
            if let Some(other) = known.insert(prefix, &kind.name) {
                self.faults.add("numbering", format!("{other} and {} would both have numbers that begin with {prefix}", kind.name));
            }
        }
    }

    fn limits(&self) {
        for kind in self.kinds.values() {
            let within = |what: &str, count: usize, most: usize| {
                if count > most {
                    self.faults.add("package", format!("{} would have {count} {what}, at most {most} are allowed", kind.name));
                }
            };
            within("fields", kind.fields.len(), FIELDS_PER_KIND);
            within("states", kind.states.len(), STATES_PER_KIND);
            within("steps", kind.steps.len(), STEPS_PER_KIND);
            for step in &kind.steps {
                within(&format!("signatures on the step {}", step.name), step.signers.len(), SIGNERS_PER_STEP);
            }
        }
    }

    fn label(&mut self, place: &str, name: &str, text: String) {
        let parts: Vec<&str> = name.split('.').collect();
        let target = match parts.as_slice() {
            ["role", role] => self.roles.iter_mut().find(|known| known.name == *role).map(|role| &mut role.label),
            [kind, rest @ ..] => self.kinds.get_mut(*kind).and_then(|kind| label_in(kind, rest)),
            [] => None,
        };
        match target {
            Some(_) if text.is_empty() => self.faults.add(place, "a label is not empty"),
            Some(label) => *label = text,
            None => {
                let forms = "kind, kind.plural, kind.field.name, kind.field.name.choice, kind.state.name, kind.step.name, kind.link.name, kind.link.name.inverse, role.name";
                self.faults.add(place, format!("there is nothing of this name; labels are for: {forms}"));
            }
        }
    }
}

fn label_in<'k>(kind: &'k mut Kind, rest: &[&str]) -> Option<&'k mut String> {
    match rest {
        [] => Some(&mut kind.label),
        ["plural"] => Some(&mut kind.plural),
        ["field", name] => kind.fields.iter_mut().find(|field| field.name == *name).map(|field| &mut field.label),
        ["field", name, choice] => {
            let field = kind.fields.iter_mut().find(|field| field.name == *name)?;
            let FieldSort::Choice(choices) = &mut field.sort else { return None };
            choices.iter_mut().find(|(value, _)| value == choice).map(|(_, label)| label)
        }
        ["state", name] => kind.states.iter_mut().find(|state| state.name == *name).map(|state| &mut state.label),
        ["step", name] => kind.steps.iter_mut().find(|step| step.name == *name).map(|step| &mut step.label),
        ["link", name] => kind.links.iter_mut().find(|link| link.name == *name).map(|link| &mut link.label),
        ["link", name, "inverse"] => kind.links.iter_mut().find(|link| link.name == *name).map(|link| &mut link.inverse),
        _ => None,
    }
}
