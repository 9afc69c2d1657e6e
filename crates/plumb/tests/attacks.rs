//! Attacks on the data of a whole company: what an administrator of the database can do to it, one
//! attack after another, and what a check must say of each. `docs/RELIABILITY.md` tells the outcome.
#![expect(clippy::unwrap_used, reason = "a helper that fails ends its test")]

#[path = "attacks/attack.rs"]
mod attack;
#[path = "attacks/company.rs"]
mod company;
#[path = "attacks/data.rs"]
mod data;
#[path = "program/founded.rs"]
mod founded;
#[path = "attacks/rows.rs"]
mod rows;
#[path = "attacks/trail.rs"]
mod trail;
#[path = "attacks/whole.rs"]
mod whole;

use attack::{Attack, carry_out, check, one_of_each};
use company::{Target, target};
use data::{Replacement, Snapshot, lift_constraints, put_back, replace, snapshot, tables};
use db::Value;
use kernel::MAIN_TENANT;
use kernel::evidence::{self, Published};
use std::collections::{BTreeMap, BTreeSet};
use testkit::engines::{TestDatabase, postgres, sqlite};
use testkit::world::signer;
use tlog::note::NoteSigner;
use verify::{Anchor, Key, Report, Trust};

/// Tables that no check covers, and why not.
const NO_EVIDENCE: &[(&str, &str)] = &[
    ("anchor_receipt", "what became of keeping a checkpoint; the kept checkpoint itself is the evidence"),
    ("check_progress", "how far a check on its way has come; what it found stands on its record"),
    ("command_done", "so that a request that is sent twice is done once; forgotten after some days"),
    ("counter", "the next number to give; the numbers that were given stand on the records"),
    ("job", "work to be done; what it did is in the trail"),
    ("lease", "which node works by the clock"),
    ("record_field", "made from the fields of records, for lists"),
    ("schema_migration", "which steps of the schema were taken"),
    ("search_word", "made from records, for search"),
    ("secret", "a key that challenges are sealed with for some minutes"),
    ("session_activity", "when a session was last seen"),
    ("upkeep", "how far a work over all data is; what it finds is a record"),
    ("sign_in_failure", "how long an account waits; the attempts themselves are security events"),
];

fn trust(anchors: &[&Published]) -> Trust {
    let anchors = anchors.iter().map(|kept| Anchor { name: format!("folder, {}", kept.size), note: kept.note.clone() }).collect();
    Trust { keys: vec![Key::parse(&signer().verifier().text()).unwrap()], anchors }
}

/// Carries out the attacks that `wanted` leaves, and says how many of each sort there were.
fn attack_on(test: &TestDatabase, of: fn(&Target) -> Vec<Attack>, wanted: fn(Vec<Attack>) -> Vec<Attack>) -> usize {
    let target = target(&test.database);
    lift_constraints(&test.database);
    assert_eq!(check(&test.database, &trust(&[&target.anchor])).problems, [], "before");
    let attacks = wanted(of(&target));
    let counts = carry_out(&test.database, &attacks);
    assert_eq!(check(&test.database, &trust(&[&target.anchor])).problems, [], "every attack was undone");
    for (sort, count) in &counts {
        println!("{count:>6}  {sort}");
    }
    println!("{:>6}  attacks on {:?}, all found", attacks.len(), test.engine());
    attacks.len()
}

#[test]
fn frs_evd_040_every_table_is_attacked_or_named_with_the_reason_why_it_is_no_evidence() {
    let test = sqlite();
    let target = target(&test.database);
    let attacked: BTreeSet<String> = rows::attacks(&target).iter().chain(&trail::attacks(&target)).map(|attack| attack.changes[0].table.name.clone()).collect();
    for (name, table) in tables(&test.database) {
        let told = NO_EVIDENCE.iter().any(|(known, _)| *known == name);
        assert!(attacked.contains(&name) != told, "{name}: a table is attacked, or it is told why it need not be");
        assert!(!(told && table.is_regulated()), "{name} is regulated");
    }
}

fn is_on_a_value(attack: &Attack) -> bool {
    attack.sort.starts_with("a value")
}

#[test]
fn frs_evd_040_no_change_of_any_column_of_any_regulated_row_passes() {
    let count = attack_on(&sqlite(), rows::attacks, |all| all.into_iter().filter(is_on_a_value).collect());
    assert!(count >= 300, "{count}");
}

#[test]
fn frs_evd_040_no_row_that_is_deleted_copied_swapped_set_back_or_moved_passes() {
    let count = attack_on(&sqlite(), rows::attacks, |all| all.into_iter().filter(|attack| !is_on_a_value(attack)).collect());
    assert!(count >= 150, "{count}");
}

#[test]
fn frs_evd_041_no_change_of_any_column_of_the_trail_or_the_log_passes() {
    let count = attack_on(&sqlite(), trail::attacks, |all| all);
    assert!(count >= 100, "{count}");
}

#[test]
fn frs_evd_040_and_041_no_sort_of_attack_on_any_table_passes_on_postgresql() {
    let both = |target: &Target| rows::attacks(target).into_iter().chain(trail::attacks(target)).collect();
    let count = attack_on(&postgres(), both, one_of_each);
    assert!(count >= 150, "{count}");
}

#[test]
fn frs_evd_041_what_is_told_not_to_be_covered_is_not() {
    let test = sqlite();
    let _target = target(&test.database);
    let tables = tables(&test.database);
    for (name, column, reason) in trail::UNCOVERED {
        let table = &tables[*name];
        let row = table.rows(&test.database).remove(0);
        let changed = table.with(&row, column, 1.into());
        let change = Replacement { table: table.clone(), take: vec![row], put: vec![changed] };
        replace(&test.database, std::slice::from_ref(&change));
        assert_eq!(check(&test.database, &Trust::default()).problems, [], "{name}.{column}: {reason}");
        replace(&test.database, &[change.undone()]);
    }
}

/// A company whose data is put back after each attack on the whole of it.
struct Whole<'a> {
    target: Target,
    test: &'a TestDatabase,
    now: Snapshot,
}

impl<'a> Whole<'a> {
    fn new(test: &'a TestDatabase) -> Self {
        let target = target(&test.database);
        lift_constraints(&test.database);
        let now = snapshot(&test.database);
        Self { target, test, now }
    }

    fn becomes(&self, data: &Snapshot) {
        let names: Vec<_> = data.keys().cloned().collect();
        put_back(&self.test.database, &tables(&self.test.database), &names, data);
    }

    fn alone(&self) -> Report {
        check(&self.test.database, &Trust::default())
    }

    fn anchored(&self) -> Report {
        check(&self.test.database, &trust(&[&self.target.anchor]))
    }

    /// Found against the anchor, with these words; nothing is proved.
    fn is_found(&self, words: &str) {
        let report = self.anchored();
        assert!(report.problems.iter().any(|problem| problem.table == "anchor" && problem.text.contains(words)), "{:?}", report.problems);
        assert_eq!(report.log.proved, 0);
    }

    /// The log is thrown away and made anew by who has this key.
    fn log_anew(&self, signer: &NoteSigner) {
        let tables = tables(&self.test.database);
        let empty: Snapshot = trail::LOG.iter().map(|name| ((*name).to_owned(), Vec::new())).collect();
        let names: Vec<_> = empty.keys().cloned().collect();
        put_back(&self.test.database, &tables, &names, &empty);
        evidence::checkpoint(&self.target.company.kernel, MAIN_TENANT, signer).unwrap().unwrap();
    }

    fn undone(&self) {
        self.becomes(&self.now);
        assert_eq!(self.anchored().problems, []);
    }

    /// The data with a signature of another meaning, and every hash computed anew.
    fn rewritten(&self) -> Snapshot {
        let (tables, mut data) = (tables(&self.test.database), self.now.clone());
        whole::rewrite_value(&tables, &mut data, "signature", 5, "meaning", "seen in passing".into());
        whole::recompute(&tables, &mut data);
        data
    }
}

fn on_both(attack: fn(&Whole<'_>)) {
    for test in [sqlite(), postgres()] {
        let whole = Whole::new(&test);
        attack(&whole);
        whole.undone();
    }
}

#[test]
fn frs_evd_042_a_chain_that_was_computed_anew_does_not_pass_the_checkpoints_nor_with_the_stolen_key_an_anchor() {
    on_both(|whole| {
        let (tables, mut same) = (tables(&whole.test.database), whole.now.clone());
        whole::recompute(&tables, &mut same);
        assert_eq!(same, whole.now, "who changes nothing computes what is there");
        whole.becomes(&whole.rewritten());
        let report = whole.alone();
        assert!(report.problems.iter().all(|problem| problem.table == "checkpoint" || problem.table == "log_tile"), "{:?}", report.problems);
        assert!(report.problems.iter().any(|problem| problem.text.contains("the history was rewritten")));
        // Whoever has the key signs anew, and the data alone tells nothing.
        whole.log_anew(&signer());
        assert_eq!(whole.alone().problems, []);
        whole.is_found("the history was rewritten");
    });
}

#[test]
fn frs_evd_042_a_history_that_somebody_else_signed_does_not_pass_the_key_that_was_handed_out() {
    on_both(|whole| {
        whole.becomes(&whole.rewritten());
        whole.log_anew(&NoteSigner::of_log(MAIN_TENANT, &[6; 32]).unwrap());
        assert_eq!(whole.alone().problems, []);
        let named: BTreeMap<_, _> = check(&whole.test.database, &trust(&[])).problems.into_iter().map(|problem| (problem.table, problem.text)).collect();
        assert_eq!(named["checkpoint"], "no known key has signed it");
        assert_eq!(named["log_key"], "is none of the keys that were handed out");
    });
}

#[test]
fn frs_evd_042_a_rewrite_that_forgets_the_signatures_does_not_pass() {
    on_both(|whole| {
        let (tables, mut data) = (tables(&whole.test.database), whole.now.clone());
        let (versions, signature) = (&tables["record_version"], &tables["signature"]);
        let signed = &whole.now["signature"][5];
        let (record, version, id) = (signature.text(signed, "record"), signature.int(signed, "version"), signature.text(signed, "id"));
        let row = data["record_version"].iter().position(|row| versions.text(row, "id") == record && versions.int(row, "version") == version).unwrap();
        whole::rewrite_value(&tables, &mut data, "record_version", row, "title", "Another title".into());
        whole::recompute(&tables, &mut data);
        whole.becomes(&data);
        whole.log_anew(&signer());
        let report = whole.alone();
        let found = report.problems.iter().find(|problem| problem.table == "signature" && problem.key == id).unwrap();
        assert!(found.text.contains("was given on other content"), "{found}");
    });
}

#[test]
fn frs_evd_042_a_tail_that_was_cut_with_the_records_put_back_does_not_pass_an_anchor() {
    on_both(|whole| {
        // The trail and the rows as they were; what is no evidence stays as it is.
        let kept = &whole.target.before[1];
        let untouched = |name: &String| NO_EVIDENCE.iter().any(|(known, _)| known == name);
        let without_log: Snapshot = kept.iter().filter(|(name, _)| !untouched(name) && !trail::LOG.contains(&name.as_str())).map(|(name, rows)| (name.clone(), rows.clone())).collect();
        whole.becomes(&without_log);
        assert!(whole.alone().problems.iter().any(|problem| problem.table == "checkpoint" && problem.text.contains("missing")), "the log knows of more");
        let all: Snapshot = kept.iter().filter(|(name, _)| !untouched(name)).map(|(name, rows)| (name.clone(), rows.clone())).collect();
        whole.becomes(&all);
        assert_eq!(whole.alone().problems, []);
        whole.is_found("the newest are missing");
    });
}

#[test]
fn frs_evd_042_an_old_copy_that_was_put_back_does_not_pass_an_anchor() {
    on_both(|whole| {
        for kept in &whole.target.before {
            whole.becomes(kept);
            assert_eq!(whole.alone().problems, []);
            whole.is_found("an old copy was put back");
        }
    });
}

#[test]
fn frs_evd_042_what_came_after_the_newest_anchor_is_told_as_not_proved() {
    on_both(|whole| {
        let before = snapshot(&whole.test.database);
        whole.target.company.create("l.ferri", "part", "After the anchor", serde_json::json!({"unit": "each"}), serde_json::json!({"number": "LATE-1"})).unwrap();
        company::seal(&whole.target.company);
        let report = whole.anchored();
        assert_eq!((report.problems.as_slice(), report.log.proved), (&[][..], whole.target.anchor.size));
        assert!(report.transactions > report.log.proved);
        // Cut off with everything it left, it is not missed: the report proves up to the anchor only.
        whole.becomes(&before);
        let cut = whole.anchored();
        assert_eq!((cut.problems.as_slice(), cut.log.proved), (&[][..], whole.target.anchor.size));
    });
}

#[test]
fn frs_evd_043_an_erased_person_leaves_the_trail_sound_and_cannot_be_filled_in_again() {
    on_both(|whole| {
        let table = &tables(&whole.test.database)["person"];
        let row = whole.now["person"][3].clone();
        let columns = ["pd_name", "pd_email", "pd_salt"];
        let erased = columns.iter().fold(row.clone(), |row, column| table.with(&row, column, Value::Null));
        let becomes = |from: &data::Cells, to: &data::Cells| replace(&whole.test.database, &[Replacement { table: table.clone(), take: vec![from.clone()], put: vec![to.clone()] }]);
        becomes(&row, &erased);
        assert_eq!(whole.anchored().problems, [], "an erasure leaves nothing and breaks nothing");
        for column in columns {
            let value = if column == "pd_salt" { row[table.place(column)].clone() } else { "Somebody".into() };
            let filled = table.with(&erased, column, value);
            becomes(&erased, &filled);
            let report = whole.anchored();
            let found: Vec<_> = report.problems.iter().map(|problem| (problem.table.as_str(), problem.key.as_str(), problem.field.as_deref())).collect();
            assert_eq!(found, [("person", table.text(&row, "id"), Some("personal_digest"))], "{column}");
            becomes(&filled, &erased);
        }
    });
}
