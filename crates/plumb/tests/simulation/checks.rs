//! What must hold after every turn, by rules of their own: dates are compared as dates of the site,
//! and what was seen before is remembered here.

use crate::company::{DUE_DAYS, REPEATS, SITES, Simulated, Taught};
use base::{Date, Timestamp};
use jiff::ToSpan;
use kernel::kind::Phase;
use kernel::obligation::Obligation;
use kernel::{MAIN_TENANT, calendar};
use std::collections::{BTreeMap, BTreeSet};

/// A document revision, a course and a site: what supervisors are told of.
type Told = (String, String, Option<String>);

#[derive(Default)]
pub struct Watcher {
    known: BTreeMap<String, Obligation>,
    open: BTreeSet<String>,
    /// The last time somebody read any revision, and every revision they have read.
    read: BTreeMap<(String, String), Timestamp>,
    read_on: BTreeSet<(String, String)>,
    overdue: BTreeSet<String>,
    clocks_overdue: BTreeSet<String>,
    /// What was late when supervisors were last told.
    told: BTreeMap<Told, BTreeSet<String>>,
    last: Option<Timestamp>,
    revisions: usize,
    repeated: usize,
    acts: usize,
    reviews: usize,
}

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

fn about(one: &Obligation) -> Told {
    (one.record.clone(), one.via.clone().unwrap(), one.site.clone())
}

fn reader(one: &Obligation) -> String {
    one.person.clone().unwrap()
}

impl Watcher {
    pub fn look(&mut self, company: &Simulated) {
        let now = company.world.kernel.now();
        assert!(self.last.is_none_or(|last| last <= now), "the present went back");
        let changed = company.obligations_since(self.last.unwrap_or(Timestamp(0)));
        self.last = Some(now);
        let new: Vec<Obligation> = changed.iter().filter(|one| !self.known.contains_key(&one.id)).cloned().collect();
        // Before what was read since is taken up: a repetition follows what was read before it.
        self.take_up(changed, now);
        for taught in &company.taught {
            self.training(company, taught);
            self.documents(company, taught);
        }
        for one in new.iter().filter(|one| one.sort == "train") {
            self.not_too_early(company.taught.iter().find(|taught| taught.item == one.item).unwrap(), one);
        }
        self.nobody_is_told_twice(company, &new);
        self.clocks(company);
        self.reviews += new.iter().filter(|one| one.sort == "review").count();
    }

    /// What was open is there, what was closed stays closed, and what it said stays as it was.
    fn take_up(&mut self, changed: Vec<Obligation>, now: Timestamp) {
        let present: BTreeSet<&str> = changed.iter().map(|one| one.id.as_str()).collect();
        let lost: Vec<_> = self.open.iter().filter(|id| !present.contains(id.as_str())).collect();
        assert!(lost.is_empty(), "obligations were lost: {lost:?}");
        for after in changed {
            if let Some(before) = self.known.get(&after.id) {
                assert!(before.state == "open" || before.state == after.state, "opened again: {after:?}");
                assert_eq!((&before.due_date, &before.person, before.raised_at), (&after.due_date, &after.person, after.raised_at));
            }
            assert!(after.raised_at <= now && after.closed_at.is_none_or(|closed| closed >= after.raised_at), "{after:?} at {}", now.to_rfc3339());
            if after.state == "open" {
                self.open.insert(after.id.clone());
            } else {
                self.open.remove(&after.id);
            }
            if let (Some(closed), "train", "done") = (after.closed_at, after.sort.as_str(), after.state.as_str()) {
                let last = self.read.entry((after.item.clone(), reader(&after))).or_insert(closed);
                *last = closed.max(*last);
                self.read_on.insert((after.record.clone(), reader(&after)));
            }
            self.known.insert(after.id.clone(), after);
        }
    }

    fn open_of_sort(&self, sort: &str) -> Vec<Obligation> {
        self.open.iter().map(|id| &self.known[id]).filter(|one| one.sort == sort).cloned().collect()
    }

    fn training(&mut self, company: &Simulated, taught: &Taught) {
        let (zone, today, now) = (SITES[taught.site].1, company.today(taught.site), company.world.kernel.now());
        let of_item: Vec<Obligation> = self.open_of_sort("train").into_iter().filter(|one| one.item == taught.item).collect();
        for learner in &taught.learners {
            let open = of_item.iter().filter(|one| reader(one) == learner.person()).count();
            assert!(open <= 1, "{} has the same to read twice: {of_item:?}", learner.login());
            // Whoever has nothing open has signed, and it is not yet time to sign again.
            if open == 0 {
                let last = self.read.get(&(taught.item.clone(), learner.person().to_owned()));
                let last = last.unwrap_or_else(|| panic!("{} was forgotten", learner.login())).date_in(zone).unwrap();
                let again = last.checked_add(jiff::Span::new().months(REPEATS[taught.site])).unwrap();
                assert!(today < again.checked_sub(DUE_DAYS.days()).unwrap(), "{} read last on {last} and was not asked again by {today}", learner.login());
            }
        }
        for one in of_item {
            let due = date(one.due_date.as_deref().unwrap());
            let overdue = calendar::overdue(now, due, zone).unwrap();
            assert_eq!(overdue, today > due, "{zone} {due} at {}", now.to_rfc3339());
            assert!(overdue || !self.overdue.contains(&one.id), "no longer overdue: {one:?}");
            if overdue {
                self.overdue.insert(one.id.clone());
            }
        }
    }

    /// A repetition is asked for its days before it is due, and no job works before its time.
    fn not_too_early(&mut self, taught: &Taught, one: &Obligation) {
        // A new revision is to be read whenever it comes; on one that was read it is a repetition.
        if !self.read_on.contains(&(one.record.clone(), reader(one))) {
            return;
        }
        let zone = SITES[taught.site].1;
        let (last, raised) = (self.read[&(one.item.clone(), reader(one))], one.raised_at.date_in(zone).unwrap());
        let again = last.date_in(zone).unwrap().checked_add(jiff::Span::new().months(REPEATS[taught.site])).unwrap();
        assert!(raised >= again.checked_sub(DUE_DAYS.days()).unwrap(), "asked on {raised} for {again}");
        assert_eq!(date(one.due_date.as_deref().unwrap()), again.max(raised), "due on the day, or at once where that has passed");
        self.repeated += 1;
    }

    /// A revision counts from its day on, not before and not later than the turn after it.
    fn documents(&mut self, company: &Simulated, taught: &Taught) {
        let (item, today) = (taught.item.clone(), company.today(taught.site).to_string());
        let all = company.world.kernel.database().read(move |tx| kernel::record::revisions_of_item(tx, MAIN_TENANT, &item)).unwrap();
        let effective = all.iter().filter(|revision| revision.phase == Phase::Effective).count();
        assert_eq!(effective, 1, "one revision counts at {today}");
        for revision in &all {
            let on = revision.effective_on.as_deref().unwrap_or("9999-12-31");
            match revision.phase {
                Phase::Effective => assert!(on <= today.as_str(), "{} counts before {on}", revision.label()),
                Phase::InReview => assert!(on > today.as_str(), "{} of {on} does not count at {today}", revision.label()),
                _ => {}
            }
        }
        self.revisions = self.revisions.max(all.len());
    }

    /// Supervisors are told when something has become late since they were told last, and only then.
    fn nobody_is_told_twice(&mut self, company: &Simulated, new: &[Obligation]) {
        let mut late: BTreeMap<Told, BTreeSet<String>> = BTreeMap::new();
        for one in self.open_of_sort("train").into_iter().filter(|one| self.overdue.contains(&one.id)) {
            let site = company.world.record(&reader(&one)).site;
            late.entry((one.record.clone(), one.via.clone().unwrap(), site)).or_default().insert(one.id);
        }
        let open: Vec<Told> = self.open_of_sort("act").iter().map(about).collect();
        for one in new.iter().filter(|one| one.sort == "act") {
            let key = about(one);
            let now_late = late.get(&key).cloned().unwrap_or_default();
            let before = self.told.get(&key).cloned().unwrap_or_default();
            assert!(now_late.difference(&before).next().is_some(), "told again of the same: {one:?}");
            assert_eq!(open.iter().filter(|other| **other == key).count(), 1, "told twice at once");
            self.told.insert(key, now_late);
            self.acts += 1;
        }
        for (key, ids) in &late {
            let known = self.told.get(key).is_some_and(|told| !ids.is_disjoint(told));
            assert!(open.contains(key) || known, "nobody was told of {key:?}");
        }
    }

    fn clocks(&mut self, company: &Simulated) {
        let now = company.world.kernel.now();
        for notice in &company.notices {
            let read = notice.clone();
            for clock in company.world.kernel.database().read(move |tx| kernel::clock::of_record(tx, MAIN_TENANT, &read)).unwrap() {
                let overdue = clock.is_overdue(now).unwrap();
                assert_eq!(overdue, now.date_in(&clock.zone).unwrap() > date(&clock.due_date));
                assert!(overdue || !self.clocks_overdue.contains(&clock.id), "a clock ran back: {clock:?}");
                assert_eq!(clock.original_due, clock.due_date);
                if overdue {
                    self.clocks_overdue.insert(clock.id.clone());
                }
            }
        }
    }

    /// The trail of all of it: times never decrease, and it is sound.
    pub fn conclude(&self, company: &Simulated) {
        let kernel = &company.world.kernel;
        let all = company.obligations_since(Timestamp(0));
        assert!(self.known.keys().all(|id| all.iter().any(|one| one.id == *id)), "an obligation that was closed is gone");
        let rows = kernel.database().query(db::sql("select at from audit_tx where tenant = $1 order by seq"), &[MAIN_TENANT.into()]).unwrap();
        let times: Vec<i64> = rows.iter().map(|row| row.int("at").unwrap()).collect();
        assert!(times.windows(2).all(|pair| pair[0] <= pair[1]), "times decrease in the trail");
        let report = verify::verify(kernel.database(), MAIN_TENANT, &mut |_, _, _| {}).unwrap();
        assert!(report.is_sound());
    }

    pub fn has_seen_everything(&self) -> bool {
        self.repeated > 0 && self.acts > 0 && self.reviews > 0 && self.revisions > 1 && !self.overdue.is_empty() && !self.clocks_overdue.is_empty()
    }

    pub fn summary(&self) -> String {
        format!(
            "{} obligations, {} overdue, {} repetitions, {} times told, {} reviews, up to {} revisions, {} clocks overdue",
            self.known.len(),
            self.overdue.len(),
            self.repeated,
            self.acts,
            self.reviews,
            self.revisions,
            self.clocks_overdue.len()
        )
    }
}
