//! What is wrong with a package, all of it, each with its place.

use base::limits::PACKAGE_FAULTS;
use base::{Blocker, Error, Refusal, RefusalKind, Result};
use std::cell::RefCell;

/// The rule that a package must fulfil to be submitted and approved.
pub(crate) const RULE: &str = "configuration.package_is_sound";
pub(crate) const REQUIREMENT: &str = "FRS-CFG-003";

/// Faults as they are found; those past the limit are only counted.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    found: RefCell<Vec<(String, Blocker)>>,
    further: RefCell<usize>,
}

impl Faults {
    pub(super) fn add(&self, place: impl Into<String>, text: impl Into<String>) {
        self.against(place, text, RULE, REQUIREMENT);
    }

    /// A fault against a certain rule: a regulatory minimum that must stay.
    pub(super) fn against(&self, place: impl Into<String>, text: impl Into<String>, rule: &str, requirement: &str) {
        let mut found = self.found.borrow_mut();
        if found.len() >= PACKAGE_FAULTS {
            *self.further.borrow_mut() += 1;
            return;
        }
        let (place, text) = (place.into(), text.into());
        let blocker = Blocker { rule: rule.to_owned(), requirement: requirement.to_owned(), text: format!("{place}: {text}"), records: Vec::new() };
        found.push((place, blocker));
    }

    /// Goes on only while nothing is wrong.
    pub(super) fn check(&self) -> Result<()> {
        if self.found.borrow().is_empty() { Ok(()) } else { Err(self.refusal()) }
    }

    /// Everything found, as one refusal.
    pub(super) fn refusal(&self) -> Error {
        let found = self.found.borrow();
        let count = found.len() + *self.further.borrow();
        let message = if count == 1 { "The package has a fault.".to_owned() } else { format!("The package has {count} faults.") };
        let place = found.first().map(|(place, _)| place.clone()).unwrap_or_default();
        let blockers = found.iter().map(|(_, blocker)| blocker.clone()).collect();
        Refusal::new(RefusalKind::Invalid, "bad_package", message).at(place).blocked_by(blockers).into()
    }
}
