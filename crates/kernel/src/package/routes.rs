//! Extra states and steps of a kind that the product delivers: pockets and detours, never a way
//! around.
//!
//! What the product asks for on the way from one of its states to another (rules that are a
//! regulatory minimum, signatures, effects) hangs on its own steps. So an extra step leads into an
//! extra state and back to where it came from, or back to a state in which the content is open and
//! through which every record had to come anyway; forward goes only a step of the product, which an
//! extra state may name as the one it continues with.

use super::fault::Faults;
use super::text::{ExtraState, Placed};
use crate::kind::{Kind, Phase, Step, reachable};
use std::collections::{BTreeMap, BTreeSet};

/// Adds states and steps to a kind. A kind of the package's own takes them as they are; the whole
/// is checked afterwards like any kind.
pub(super) fn extend(kind: &mut Kind, states: &[&Placed<ExtraState>], steps: &[&Placed<Step>], is_delivered: bool, faults: &Faults) {
    let before = kind.clone();
    for placed in states {
        if kind.find_state(&placed.piece.state.name).is_some() {
            faults.add(format!("{}.name", placed.place), format!("{} has the state {} already", kind.name, placed.piece.state.name));
        } else {
            kind.states.push(placed.piece.state.clone());
        }
    }
    let mut known = true;
    for placed in steps {
        let step = &placed.piece;
        if kind.find_step(&step.name).is_some() {
            faults.add(format!("{}.name", placed.place), format!("{} has the step {} already", kind.name, step.name));
            continue;
        }
        let named = step.from.iter().enumerate().map(|(index, state)| (format!("from[{index}]"), state)).chain([("to".to_owned(), &step.to)]);
        for (name, state) in named.filter(|(_, state)| kind.find_state(state).is_none()) {
            faults.add(format!("{}.{name}", placed.place), format!("{} has no state “{state}”", kind.name));
            known = false;
        }
        kind.steps.push(step.clone());
    }
    if !known {
        return;
    }
    let routes = Routes { before: &before, entries: entries(&before, states, steps), faults };
    if is_delivered {
        for placed in steps {
            routes.check_step(placed);
        }
    }
    for placed in states {
        if is_delivered {
            routes.check_state(placed, steps);
        }
        for (index, name) in placed.piece.continues_with.iter().enumerate() {
            routes.check_continuation(kind, placed, index, is_delivered);
            if let Some(step) = kind.steps.iter_mut().find(|step| step.name == *name) {
                step.from.push(placed.piece.state.name.clone());
            }
        }
    }
}

/// For each extra state the product's states from which it is entered, directly or through other
/// extra states.
fn entries<'a>(before: &Kind, states: &[&'a Placed<ExtraState>], steps: &[&'a Placed<Step>]) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
    let mut found: BTreeMap<&str, BTreeSet<&str>> = states.iter().map(|placed| (placed.piece.state.name.as_str(), BTreeSet::new())).collect();
    loop {
        let mut grown = false;
        for step in steps.iter().map(|placed| &placed.piece) {
            let mut into = BTreeSet::new();
            for from in &step.from {
                match found.get(from.as_str()) {
                    Some(earlier) => into.extend(earlier.iter().copied()),
                    None if before.find_state(from).is_some() => {
                        into.insert(from.as_str());
                    }
                    None => {}
                }
            }
            if let Some(entered) = found.get_mut(step.to.as_str()) {
                let count = entered.len();
                entered.extend(into);
                grown |= entered.len() > count;
            }
        }
        if !grown {
            return found;
        }
    }
}

struct Routes<'a> {
    /// The kind without what the package adds.
    before: &'a Kind,
    entries: BTreeMap<&'a str, BTreeSet<&'a str>>,
    faults: &'a Faults,
}

impl Routes<'_> {
    /// The product's states a record may have come from when it stands in this one.
    fn origins<'s>(&'s self, state: &'s str) -> BTreeSet<&'s str> {
        self.entries.get(state).cloned().unwrap_or_else(|| BTreeSet::from([state]))
    }

    fn phase(&self, state: &str) -> Option<Phase> {
        self.before.find_state(state).map(|state| state.phase)
    }

    fn check_state(&self, placed: &Placed<ExtraState>, steps: &[&Placed<Step>]) {
        let ExtraState { state, continues_with } = &placed.piece;
        let origins = self.entries.get(state.name.as_str()).cloned().unwrap_or_default();
        if origins.is_empty() {
            self.faults.add(&placed.place, format!("no step leads into {}", state.name));
        }
        let left = !continues_with.is_empty() || steps.iter().any(|step| step.piece.from.contains(&state.name));
        if !left && !state.phase.is_settled() {
            self.faults.add(&placed.place, format!("no step leads out of {}", state.name));
        }
        for origin in origins {
            let Some(phase) = self.phase(origin) else { continue };
            let fits = phase == state.phase || (phase.is_open_for_edit() && (state.phase.is_open_for_edit() || state.phase == Phase::InReview));
            if !fits {
                let text = format!(
                    "{} has the phase {}, but is entered from {origin} ({}): an extra state neither opens content that was fixed nor makes a record count",
                    state.name,
                    state.phase.name(),
                    phase.name()
                );
                self.faults.add(format!("{}.phase", placed.place), text);
            }
        }
    }

    fn check_step(&self, placed: &Placed<Step>) {
        let step = &placed.piece;
        if self.before.find_state(&step.to).is_none() {
            return;
        }
        let origins: BTreeSet<&str> = step.from.iter().flat_map(|from| self.origins(from)).collect();
        for origin in origins.into_iter().filter(|origin| !self.may_lead(origin, &step.to)) {
            let text = format!(
                "would lead from {origin} to {} past what the product's own steps ask for; lead back to {origin}, or let the extra state continue with one of those steps",
                step.to
            );
            self.faults.add(format!("{}.to", placed.place), text);
        }
    }

    /// Back to where it came from, or back to an open state that every way to the origin passes.
    fn may_lead(&self, origin: &str, to: &str) -> bool {
        if origin == to {
            return true;
        }
        let (Some(from_phase), Some(to_phase)) = (self.phase(origin), self.phase(to)) else { return false };
        let Some(first) = self.before.first_state() else { return false };
        let passes = first.name == to || !reachable(self.before, &first.name, Some(to)).contains(origin);
        !from_phase.is_settled() && to_phase.is_open_for_edit() && passes
    }

    fn check_continuation(&self, kind: &Kind, placed: &Placed<ExtraState>, index: usize, is_delivered: bool) {
        let Some(name) = placed.piece.continues_with.get(index) else { return };
        let place = format!("{}.continues_with[{index}]", placed.place);
        let Some(step) = self.before.find_step(name) else {
            let known: Vec<_> = self.before.steps.iter().map(|step| step.name.as_str()).collect();
            self.faults.add(place, format!("{} has no step “{name}” of its own; its steps are: {}", kind.name, known.join(", ")));
            return;
        };
        let state = placed.piece.state.name.as_str();
        for origin in self.origins(state).into_iter().filter(|origin| is_delivered && *origin != state) {
            if !step.from.iter().any(|from| from == origin) {
                self.faults.add(place.as_str(), format!("{state} is entered from {origin}, from which the step {name} does not start"));
            }
        }
    }
}
