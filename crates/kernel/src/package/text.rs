//! What a package says, section by section. Whether it fits the product is asked later.

use super::entry::Entry;
use super::fault::Faults;
use super::pieces;
use crate::catalog::Role;
use crate::kind::{Field, Kind, Signer, State, Step};
use crate::rule::Rule;
use base::limits::{LABEL_CHARS, NUMBER_DIGITS, PREFIX_CHARS};
use toml::Table;

/// A package as read.
#[derive(Debug, Default)]
pub(super) struct Package {
    pub kinds: Vec<Placed<Kind>>,
    pub roles: Vec<(String, Role)>,
    pub fields: Vec<Placed<Field>>,
    pub states: Vec<Placed<ExtraState>>,
    pub steps: Vec<Placed<Step>>,
    pub signers: Vec<Placed<ExtraSigner>>,
    pub rules: Vec<Placed<ExtraRule>>,
    pub dropped: Vec<Placed<DroppedRule>>,
    pub grants: Vec<Placed<Grant>>,
    pub numbering: Vec<Placed<Numbers>>,
    /// Place, name with points, text.
    pub labels: Vec<(String, String, String)>,
}

/// A piece with the kind it belongs to and its place in the text.
#[derive(Debug)]
pub(super) struct Placed<T> {
    pub place: String,
    pub kind: String,
    pub piece: T,
}

#[derive(Debug)]
pub(super) struct ExtraState {
    pub state: State,
    /// The product's own steps that lead on from this state.
    pub continues_with: Vec<String>,
}

#[derive(Debug)]
pub(super) struct ExtraSigner {
    pub step: String,
    pub signer: Signer,
}

#[derive(Debug)]
pub(super) struct ExtraRule {
    pub step: String,
    pub rule: Rule,
}

#[derive(Debug)]
pub(super) struct DroppedRule {
    pub step: String,
    pub rule: String,
}

#[derive(Debug)]
pub(super) struct Grant {
    pub role: String,
    pub verbs: Vec<String>,
    pub steps: Vec<String>,
}

#[derive(Debug)]
pub(super) struct Numbers {
    pub prefix: String,
    pub digits: usize,
    pub with_year: bool,
}

pub(super) fn read(table: Table, faults: &Faults) -> Package {
    let mut whole = Entry::whole(table, faults);
    let package = Package {
        kinds: whole.tables("kind").into_iter().map(|entry| Placed { place: entry.place().to_owned(), kind: String::new(), piece: pieces::kind(entry) }).collect(),
        roles: whole.tables("role").into_iter().map(role).collect(),
        fields: placed(&mut whole, "field", |entry| pieces::field(entry, true)),
        states: placed(&mut whole, "state", |entry| ExtraState { continues_with: entry.keys("continues_with"), state: pieces::state(entry, true) }),
        steps: placed(&mut whole, "step", |entry| pieces::step(entry, true)),
        signers: placed(&mut whole, "signer", |entry| ExtraSigner { step: entry.key("step"), signer: pieces::signer(entry) }),
        rules: placed(&mut whole, "rule", |entry| ExtraRule { step: entry.key("step"), rule: pieces::rule(entry) }),
        dropped: placed(&mut whole, "drop_rule", |entry| DroppedRule { step: entry.key("step"), rule: entry.line("rule", LABEL_CHARS) }),
        grants: placed(&mut whole, "grant", grant),
        numbering: placed(&mut whole, "numbering", numbers),
        labels: whole.table("labels").map(|labels| labels.all_lines(LABEL_CHARS)).unwrap_or_default(),
    };
    whole.done();
    package
}

/// The entries of a section, each with the kind it names.
fn placed<T>(whole: &mut Entry<'_>, section: &'static str, read: impl Fn(&mut Entry<'_>) -> T) -> Vec<Placed<T>> {
    let mut found = Vec::new();
    for mut entry in whole.tables(section) {
        let kind = entry.key("kind");
        let piece = read(&mut entry);
        found.push(Placed { place: entry.place().to_owned(), kind, piece });
        entry.done();
    }
    found
}

fn role(mut entry: Entry<'_>) -> (String, Role) {
    let place = entry.place().to_owned();
    let role = Role { name: entry.own_key("name"), label: entry.line("label", LABEL_CHARS), text: entry.opt_block("text") };
    entry.done();
    (place, role)
}

fn grant(entry: &mut Entry<'_>) -> Grant {
    let grant = Grant { role: entry.key("role"), verbs: entry.keys("verbs"), steps: entry.keys("steps") };
    if grant.verbs.is_empty() && grant.steps.is_empty() {
        entry.fault("verbs", "a grant names verbs or steps");
    }
    grant
}

/// `prefix`, `digits` and `with_year` of counted numbers.
pub(super) fn numbers(entry: &mut Entry<'_>) -> Numbers {
    let prefix = entry.line("prefix", PREFIX_CHARS);
    let plain = prefix.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    if !plain || !prefix.starts_with(|first: char| first.is_ascii_uppercase()) {
        entry.fault("prefix", format!("a prefix has 1 to {PREFIX_CHARS} of A–Z and 0–9, a letter first"));
    }
    let digits = entry.needed_int("digits", 1, i64::try_from(NUMBER_DIGITS).unwrap_or(i64::MAX));
    Numbers { prefix, digits: usize::try_from(digits).unwrap_or(1), with_year: entry.flag("with_year", false) }
}
