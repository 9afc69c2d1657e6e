//! Whom a change of the configuration touches: how many records, and what it means for them.

use super::changes::{gone_and_new, sample, signer_words};
use crate::authority::Viewer;
use crate::catalog::Catalog;
use crate::kind::{Kind, Step};
use crate::record::{self, Filter};
use base::Result;
use db::{Read, sql};

/// One sentence with the number of records (or people) it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImpactLine {
    /// The kind's name; empty where people are counted.
    pub kind: String,
    pub count: i64,
    /// "12 open CAPAs will need one more signature at “Close”: …".
    pub text: String,
}

/// What a new configuration means for the records that are there, as far as the viewer may see
/// them. Differences that touch nothing are left out; [`super::changes`] has them all.
pub fn impact(tx: &mut dyn Read, viewer: &Viewer, old: &Catalog, new: &Catalog) -> Result<Vec<ImpactLine>> {
    let mut count = Counted { tx, viewer, lines: Vec::new() };
    for kind in old.kinds() {
        match new.kind(&kind.name) {
            None => {
                let all = count.all(kind)?;
                count.say(kind, all, |records| format!("{records} would be of a kind that is no longer declared: the package cannot come into force"));
            }
            Some(after) => {
                count.of_steps(new, kind, after)?;
                count.of_states(kind, after)?;
                count.of_fields(kind, after)?;
                if kind.numbering != after.numbering {
                    let all = count.all(kind)?;
                    count.say(kind, all, |records| format!("{records} keep their numbers; new ones are numbered like {}", sample(&after.numbering)));
                }
            }
        }
    }
    for role in old.roles().filter(|role| new.role(&role.name).is_none()) {
        let holders = count.holders(&role.name)?;
        if holders > 0 {
            let people = if holders == 1 { "1 person holds".to_owned() } else { format!("{holders} people hold") };
            let text = format!("{people} the role “{}”, which goes", role.label);
            count.lines.push(ImpactLine { kind: String::new(), count: holders, text });
        }
    }
    Ok(count.lines)
}

struct Counted<'a> {
    tx: &'a mut dyn Read,
    viewer: &'a Viewer,
    lines: Vec<ImpactLine>,
}

impl Counted<'_> {
    fn say(&mut self, kind: &Kind, count: i64, text: impl FnOnce(&str) -> String) {
        if count > 0 {
            let noun = if count == 1 { &kind.label } else { &kind.plural };
            self.lines.push(ImpactLine { kind: kind.name.clone(), count, text: text(&format!("{count} {noun}")) });
        }
    }

    fn say_open(&mut self, kind: &Kind, count: i64, text: impl FnOnce(&str) -> String) {
        if count > 0 {
            let noun = if count == 1 { &kind.label } else { &kind.plural };
            self.lines.push(ImpactLine { kind: kind.name.clone(), count, text: text(&format!("{count} open {noun}")) });
        }
    }

    fn filtered(&mut self, filter: &Filter, open_only: bool) -> Result<i64> {
        let counts = record::count_by_phase(self.tx, self.viewer, filter)?;
        Ok(counts.into_iter().filter(|(phase, _)| !open_only || !phase.is_settled()).map(|(_, count)| count).sum())
    }

    fn all(&mut self, kind: &Kind) -> Result<i64> {
        self.filtered(&Filter { kind: Some(kind.name.clone()), ..Filter::default() }, false)
    }

    fn open(&mut self, kind: &Kind) -> Result<i64> {
        self.filtered(&Filter { kind: Some(kind.name.clone()), ..Filter::default() }, true)
    }

    fn in_state(&mut self, kind: &Kind, state: &str) -> Result<i64> {
        self.filtered(&Filter { kind: Some(kind.name.clone()), state: Some(state.to_owned()), ..Filter::default() }, false)
    }

    /// Records that stand where the step starts.
    fn before_step(&mut self, kind: &Kind, step: &Step) -> Result<i64> {
        step.from.iter().try_fold(0, |sum, state| Ok(sum + self.in_state(kind, state)?))
    }

    /// Records that will still meet the step: the open ones, and those from whose state it starts.
    fn ahead_of_step(&mut self, kind: &Kind, step: &Step) -> Result<i64> {
        let mut ahead = self.open(kind)?;
        for state in &step.from {
            if kind.find_state(state).is_some_and(|state| state.phase.is_settled()) {
                ahead += self.in_state(kind, state)?;
            }
        }
        Ok(ahead)
    }

    fn of_steps(&mut self, new_catalog: &Catalog, old: &Kind, new: &Kind) -> Result<()> {
        for step in &new.steps {
            let Some(before) = old.find_step(&step.name) else {
                let able = self.before_step(old, step)?;
                self.say(old, able, |records| format!("{records} may take the new step “{}”", step.label));
                continue;
            };
            let (gone, added) = gone_and_new(&before.signers, &step.signers);
            if !gone.is_empty() || !added.is_empty() {
                let ahead = self.ahead_of_step(old, step)?;
                for signer in added {
                    let words = signer_words(new_catalog, signer);
                    self.say_open(old, ahead, |records| format!("{records} will need one more signature at “{}”: {words}", step.label));
                }
                for signer in gone {
                    let words = signer_words(new_catalog, signer);
                    self.say_open(old, ahead, |records| format!("{records} will need one signature less at “{}”: {words}", step.label));
                }
            }
            for rule in step.rules.iter().filter(|rule| !before.rules.iter().any(|known| known.id == rule.id)) {
                let ahead = self.ahead_of_step(old, step)?;
                self.say_open(old, ahead, |records| format!("{records} will have to fulfil at “{}”: {}", step.label, rule.text));
            }
            for rule in before.rules.iter().filter(|rule| !step.rules.iter().any(|known| known.id == rule.id)) {
                let ahead = self.ahead_of_step(old, step)?;
                self.say_open(old, ahead, |records| format!("{records} will no longer have to fulfil at “{}”: {}", step.label, rule.text));
            }
        }
        for step in old.steps.iter().filter(|step| new.find_step(&step.name).is_none()) {
            let able = self.before_step(old, step)?;
            self.say(old, able, |records| format!("{records} can no longer take the step “{}”", step.label));
        }
        Ok(())
    }

    fn of_states(&mut self, old: &Kind, new: &Kind) -> Result<()> {
        for state in &old.states {
            let standing = match new.find_state(&state.name) {
                Some(after) if after.phase == state.phase => continue,
                Some(_) => "would count differently",
                None => "would stand in a state that is no longer declared",
            };
            let count = self.in_state(old, &state.name)?;
            self.say(old, count, |records| format!("{records} in “{}” {standing}: the package cannot come into force", state.label));
        }
        Ok(())
    }

    fn of_fields(&mut self, old: &Kind, new: &Kind) -> Result<()> {
        for field in new.fields.iter().filter(|field| field.required && old.find_field(&field.name).is_none_or(|before| !before.required)) {
            let open = self.open(old)?;
            self.say_open(old, open, |records| format!("{records} may lack “{}”, which new ones must have", field.label));
        }
        for field in old.fields.iter().filter(|field| new.find_field(&field.name).is_none()) {
            let all = self.all(old)?;
            self.say(old, all, |records| format!("{records} keep what “{}” says, but it is no longer shown", field.label));
        }
        Ok(())
    }

    fn holders(&mut self, role: &str) -> Result<i64> {
        let row = self.tx.query_one(
            sql("select count(distinct person) as n from role_grant where tenant = $1 and role = $2 and to_at is null"),
            &[self.viewer.tenant().into(), role.into()],
        )?;
        row.int("n")
    }
}
