//! The story from end to end, on both engines: on the demo's own structure, and on the real files
//! where they lie beside the checkout.
#![expect(clippy::unwrap_used, reason = "a helper that fails ends its test")]

#[path = "program/founded.rs"]
mod founded;

use base::RefusalKind;
use db::Database;
use founded::founded;
use kernel::kind::Phase;
use kernel::{MAIN_TENANT, dossier, link, obligation, signature, trail};
use plumb::demo::company::Company;
use plumb::demo::story::{self, Structures};
use plumb::demo::{self, staff};
use std::path::Path;
use testkit::engines::{TestDatabase, postgres, sqlite};

fn blockers_of(error: &base::Error) -> Vec<String> {
    error.refusal().unwrap().blockers.iter().map(|blocker| blocker.text.clone()).collect()
}

fn tell(test: &TestDatabase, structures: &Structures<'_>, items: usize) {
    let (company, _files) = founded(&test.database, 1);
    let read = company.kernel.database().clone();
    let mut made = story::set_up(&company, structures).unwrap();
    assert_eq!(made.import["parts"], serde_json::json!(items), "{}", made.import);
    assert_eq!(company.record(&made.assembly).unwrap().phase, Phase::Effective);

    company.days_pass(9);
    story::complaint(&company, &mut made, structures.complained_part).unwrap();
    let complaint = made.complaint.clone();
    let clocks = read.read(|tx| kernel::clock::of_record(tx, MAIN_TENANT, &complaint)).unwrap();
    assert_eq!(clocks.len(), 1, "one authority must be told");
    let aware = company.record(&complaint).unwrap().field_text("aware_on").parse::<base::Date>().unwrap();
    let due = clocks[0].due_date.parse::<base::Date>().unwrap();
    assert_eq!((due - aware).get_days(), 30, "30 calendar days from becoming aware (21 CFR 803.50)");

    story::investigate(&company, &mut made).unwrap();
    story::change(&company, &mut made, structures).unwrap();

    // Impact shows, before anything is approved, who and what is touched.
    let order = company.record(&made.order).unwrap();
    let redline = {
        let viewer = viewer(&company, "l.ferri");
        let order = order.clone();
        let catalog = company.kernel.catalog().unwrap();
        read.read(move |tx| plm::redline::of_order(tx, &catalog, &viewer, &order)).unwrap()
    };
    assert_eq!((redline.counts.added, redline.counts.removed, redline.counts.changed), (0, 0, 7), "the redline is computed");
    let groups = {
        let viewer = viewer(&company, "l.ferri");
        let catalog = company.kernel.catalog().unwrap();
        read.read(move |tx| {
            let affected = link::targets(tx, &order, "affects")?;
            kernel::impact::analyse(tx, &catalog, &viewer, &affected)
        })
        .unwrap()
    };
    let entries = |name: &str| groups.iter().filter(|group| group.name == name).flat_map(|group| &group.entries).count();
    assert_eq!(entries("people"), staff::assemblers().count(), "people to retrain, by name: {groups:?}");
    for name in ["risk", "supplier", "design_project"] {
        assert!(entries(name) > 0, "impact names no {name}");
    }

    story::approve(&company, &made).unwrap();
    company.days_pass(1);

    // The CAPA cannot close: the order is open, and nothing after it has happened.
    story::start_effectiveness_check(&company, &made).unwrap();
    let early = story::close_capa(&company, &made).unwrap_err();
    let texts = blockers_of(&early);
    assert!(texts.iter().any(|text| text.contains("Change order ECO-0001 is approved")), "{texts:?}");
    assert!(texts.iter().any(|text| text.contains("Effectiveness is not judged")), "{texts:?}");

    // Release: one transaction for everything.
    let before = transactions(&read);
    story::release(&company, &made).unwrap();
    let released = transactions(&read);
    let of_release: Vec<_> = released.iter().filter(|(tx, command)| command == "record.step" && !before.contains(&(tx.clone(), command.clone()))).collect();
    assert_eq!(of_release.len(), 1, "the release is one transaction");
    let tx_id = of_release[0].0.clone();
    let events = read.query(db::sql("select action, subject_table from event where tenant = $1 and tx = $2"), &[MAIN_TENANT.into(), tx_id.as_str().into()]).unwrap();
    let count = |action: &str, table: &str| events.iter().filter(|row| row.text("action").unwrap() == action && row.text("subject_table").unwrap() == table).count();
    assert_eq!(count("item.effective", "item"), 7, "seven parts supersede");
    assert_eq!(count("signature.given", "signature"), 1);
    let raised = count("obligation.raised", "obligation");
    assert!(raised >= staff::assemblers().count() + 2, "training, risk and supplier in the same transaction: {raised}");
    assert!(count("link.added", "link") >= 1, "the dossier gets its entry");
    for number in &structures.changed_parts {
        let part = company.named("part", number).unwrap();
        assert_eq!(part.phase, Phase::Effective, "{number}");
        assert!(part.created_by != "system" && !part.revision.is_empty());
    }
    let revised = company.record(&made.revised_assembly).unwrap();
    assert_eq!((revised.phase, revised.state.as_str()), (Phase::InReview, "approved"), "it is given out and becomes effective on its date");

    // People read and sign the version that will be effective; nine of twelve first.
    assert_eq!(story::open_training(&company, &made.revised_assembly).unwrap().len(), 12);
    assert_eq!(story::train(&company, &made.revised_assembly, 9).unwrap(), 9);
    let partly = story::close_capa(&company, &made).unwrap_err();
    let texts = blockers_of(&partly);
    assert!(texts.iter().any(|text| text == "Training: 3 of 12 open"), "{texts:?}");
    assert_eq!(partly.refusal().unwrap().kind, RefusalKind::Conflict);

    // Somebody who has not read it cannot be signed off for the task.
    let last = staff::assemblers().last().unwrap();
    let qualification = company.create("v.greco", "qualification", "Assembly of the gas system", serde_json::json!({"observed": "Watched three assemblies."}), serde_json::json!({})).unwrap();
    company.link("v.greco", &qualification, "of_person", &company.named("person", last).unwrap().id).unwrap();
    company.link("v.greco", &qualification, "qualifies_for", &made.revised_assembly).unwrap();
    let untrained = company.sign_step("v.greco", &qualification, "sign_off").unwrap_err();
    assert!(blockers_of(&untrained).iter().any(|text| text.contains("has not read and signed")), "{untrained}");

    assert_eq!(story::train(&company, &made.revised_assembly, 3).unwrap(), 3);
    company.sign_step("v.greco", &qualification, "sign_off").unwrap();
    assert!(story::reassess(&company, &made).unwrap() >= 2, "the risk and the supplier were flagged, nobody typed that");
    let unjudged = story::close_capa(&company, &made).unwrap_err();
    let rules: std::collections::BTreeSet<_> = unjudged.refusal().unwrap().blockers.iter().map(|blocker| blocker.rule.as_str()).collect();
    assert_eq!(rules.into_iter().collect::<Vec<_>>(), ["capa.effectiveness_judged"], "only the verdict is missing: {unjudged}");

    company.days_pass(14);
    company.work_by_the_clock().unwrap();
    assert_eq!(company.record(&made.revised_assembly).unwrap().phase, Phase::Effective);
    assert_eq!(company.record(&made.assembly).unwrap().phase, Phase::Closed, "exactly one revision is effective");
    story::judge(&company, &made).unwrap();
    story::close_capa(&company, &made).unwrap();
    assert_eq!(company.record(&made.capa).unwrap().phase, Phase::Closed);
    story::finish(&company, &made).unwrap();

    // The frozen dossier holds the change, the risk file and what became of the complaint.
    let project = made.project.clone();
    let frozen = read.read(move |tx| dossier::frozen_of(tx, MAIN_TENANT, &project)).unwrap();
    let numbers: Vec<_> = frozen[0].sections.iter().flat_map(|section| &section.entries).map(|entry| entry.number.clone()).collect();
    for number in ["ECO-0001", "RSK-0001"] {
        assert!(numbers.iter().any(|known| known == number), "{number} in {numbers:?}");
    }

    // From the complaint to each signature on each training record.
    let walked = {
        let viewer = viewer(&company, "i.keller");
        let catalog = company.kernel.catalog().unwrap();
        let start = company.record(&made.complaint).unwrap();
        read.read(move |tx| {
            let records = trail::walk(tx, &catalog, &viewer, &start, 4, base::limits::WALK_RECORDS)?;
            let mut signatures = Vec::new();
            for (_, record) in &records {
                signatures.extend(signature::of_record(tx, MAIN_TENANT, &record.id)?);
            }
            Ok(signatures)
        })
        .unwrap()
    };
    let training: Vec<_> = walked.iter().filter(|given| given.record == made.revised_assembly && given.role == "learner").collect();
    assert_eq!(training.len(), 12, "every training signature is reached from the complaint");
    let order = made.order.clone();
    let done = read.read(move |tx| obligation::count_caused(tx, MAIN_TENANT, &order, "train")).unwrap();
    assert_eq!((done.open, done.total), (0, 12));

    let report = verify::verify(&read, MAIN_TENANT, &mut |_, _, _| {}).unwrap();
    assert_eq!(report.problems, [], "the trail verifies after the story");
}

fn viewer(company: &Company, login: &str) -> kernel::authority::Viewer {
    let actor = company.actor(login).unwrap();
    let catalog = company.kernel.catalog().unwrap();
    company.kernel.database().read(move |tx| kernel::authority::viewer(tx, &catalog, &actor)).unwrap()
}

fn transactions(database: &Database) -> Vec<(String, String)> {
    let rows = database.query(db::sql("select tx, command from audit_tx where tenant = $1 order by seq"), &[MAIN_TENANT.into()]).unwrap();
    rows.iter().map(|row| (row.text("tx").unwrap().to_owned(), row.text("command").unwrap().to_owned())).collect()
}

#[test]
fn urs_story_001_one_event_one_transaction_and_the_capa_cannot_close_early_on_sqlite() {
    tell(&sqlite(), &demo::structures(), demo_items());
}

#[test]
fn urs_story_001_one_event_one_transaction_and_the_capa_cannot_close_early_on_postgresql() {
    tell(&postgres(), &demo::structures(), demo_items());
}

fn cancelled(test: &TestDatabase) {
    let (company, _files) = founded(&test.database, 1);
    let mut made = story::set_up(&company, &demo::structures()).unwrap();
    story::complaint(&company, &mut made, demo::structures().complained_part).unwrap();
    story::investigate(&company, &mut made).unwrap();
    story::change(&company, &mut made, &demo::structures()).unwrap();
    let version = company.record(&made.order).unwrap().version;
    let input = serde_json::json!({"record": made.order, "version": version, "step": "cancel"});
    company.run_because("m.rossi", "record.step", input, "Another supplier is chosen").unwrap();
    assert_eq!(company.record(&made.revised_assembly).unwrap().phase, Phase::Void);
    assert_eq!(company.record(&made.assembly).unwrap().phase, Phase::Effective);
    for number in &demo::structures().changed_parts {
        assert_eq!(company.named("part", number).unwrap().phase, Phase::Effective, "{number}");
    }
    let order = made.order.clone();
    let raised = company.kernel.database().read(move |tx| obligation::count_caused(tx, MAIN_TENANT, &order, "train")).unwrap();
    assert_eq!(raised.total, 0, "nobody is asked to learn what was given up");
    let assembly = company.record(&made.assembly).unwrap();
    let revised = company.run("l.ferri", "record.revise", serde_json::json!({"record": assembly.id})).unwrap();
    assert_eq!(revised["revision"], "C");
}

#[test]
fn frs_doc_016_cancelling_a_change_order_voids_its_documents_and_the_effective_ones_stay_on_sqlite() {
    cancelled(&sqlite());
}

#[test]
fn frs_doc_016_cancelling_a_change_order_voids_its_documents_and_the_effective_ones_stay_on_postgresql() {
    cancelled(&postgres());
}

/// What the demo's file holds, counted from its readable source.
fn demo_items() -> usize {
    let source = include_str!("../../../demo/lung-ventilator.csv");
    let numbers: std::collections::BTreeSet<_> = source.lines().skip(1).filter_map(|line| line.split(',').next()).map(str::trim).collect();
    numbers.len()
}

#[test]
fn urs_story_002_the_story_holds_on_the_real_ventilator_files() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples/bom");
    let (Ok(first), Ok(second)) = (std::fs::read(folder.join("ventilator-fi5-rev0.xlsx")), std::fs::read(folder.join("ventilator-fi5-rev1.xlsx"))) else {
        println!("skipped: ../shared/samples/bom is not beside this checkout");
        return;
    };
    let changed = ["VX-209507", "VX-209588", "VX-209602", "VX-209618", "VX-209619", "VX-209624", "VX-209706"];
    let structures = Structures {
        first: &first,
        second: &second,
        product: "VX-209641",
        changed_parts: changed.map(str::to_owned).into(),
        complained_part: "VX-209588",
    };
    for test in [sqlite(), postgres()] {
        tell(&test, &structures, 151);
    }
}

/// Statements of the release that are broken in turn. The release of nine records is some hundred
/// statements; past its last one the release succeeds.
const STATEMENTS: u64 = 2_000;

#[test]
fn urs_story_003_a_fault_at_any_statement_of_the_release_leaves_nothing_and_never_half_of_it() {
    let test = sqlite();
    let (company, _files) = founded(&test.database, 1);
    let mut made = story::set_up(&company, &demo::structures()).unwrap();
    story::complaint(&company, &mut made, demo::structures().complained_part).unwrap();
    story::investigate(&company, &mut made).unwrap();
    story::change(&company, &mut made, &demo::structures()).unwrap();
    story::approve(&company, &made).unwrap();
    let actor = company.actor("d.weber").unwrap();
    let order = company.record(&made.order).unwrap();
    let input = serde_json::json!({"record": order.id, "version": order.version, "step": "release"});
    let shown = signature::challenge(&company.kernel, &actor, "record.step", &input).unwrap();
    let signing = signature::SigningInput { challenge: shown.token, login: Some("d.weber".to_owned()), password: demo::PASSWORD.to_owned() };
    let request = kernel::command::Request::new("record.step", input, "the-release").signed(signing);
    let database = company.kernel.database().clone();
    let count = |statement| database.query_one(statement, &[MAIN_TENANT.into()]).unwrap().int("n").unwrap();
    let state = || {
        (
            count(db::sql("select count(*) as n from event where tenant = $1")),
            count(db::sql("select count(*) as n from audit_tx where tenant = $1")),
            count(db::sql("select count(*) as n from signature where tenant = $1")),
            count(db::sql("select count(*) as n from obligation where tenant = $1")),
            count(db::sql("select count(*) as n from record where tenant = $1 and phase = 'effective'")),
        )
    };
    let before = state();
    let mut broken = 0;
    // Every seventh place: close enough to hit each kind of statement, and quick.
    for statement in (2..STATEMENTS).step_by(7) {
        // The write before it notes that the session has signed.
        database.fail_write_at(1, statement);
        match company.kernel.execute(&actor, &request) {
            Err(_) => {
                broken += 1;
                assert_eq!(state(), before, "statement {statement} left something behind");
            }
            Ok(outcome) => {
                assert!(!outcome.repeated);
                break;
            }
        }
    }
    assert!(broken > 10, "{broken} faults hit the release");
    assert_eq!(company.record(&made.order).unwrap().phase, Phase::Closed);
    assert!(company.kernel.execute(&actor, &request).unwrap().repeated, "the same request changes nothing twice");
    assert_eq!(verify::verify(&database, MAIN_TENANT, &mut |_, _, _| {}).unwrap().problems, []);
}
