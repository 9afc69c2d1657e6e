//! Reference tables from what is shipped to an approved revision, on both engines.

use crate::records::code;
use base::{Error, SeededIds};
use kernel::authority::Actor;
use kernel::catalog::{Catalog, Module};
use kernel::kind::{Area, Field, Kind, Phase, Step};
use kernel::password::Hashing;
use kernel::record::Record;
use kernel::reference::{self, Column, ColumnSort, Content, Fault, ReferenceTable, Row};
use kernel::{Kernel, MAIN_TENANT, Setup, signature};
use serde_json::{Value as Json, json};
use std::sync::Arc;
use testkit::engines::{TestDatabase, both_migrated};
use testkit::world::{World, text};

fn every_grade(rows: &[Row]) -> Vec<Fault> {
    let missing = (1..=3).filter(|grade| !rows.iter().any(|row| row.int("grade") == Some(*grade)));
    missing.map(|grade| Fault::of_table(format!("Grade {grade} is missing"))).collect()
}

const GRADES: ReferenceTable = ReferenceTable {
    name: "grade_words",
    title: "Words for grades",
    text: "What a grade is called.",
    requirement: "FRS-T-010",
    columns: &[Column::key("grade", "Grade", ColumnSort::Integer { min: 1, max: 3 }), Column::value("word", "Word", ColumnSort::Line)],
    check: every_grade,
    shipped: "grade,word\n1,mild\n2,middling\n3,hot\n",
    source: "Made up for a test.",
};

fn modules(tables: Vec<ReferenceTable>) -> Vec<Module> {
    let mut kind = Kind::new("sauce", "Sauce", "Sauces", Area::Quality)
        .counted("SC", 3)
        .field(Field::integer("grade", "Grade", 1, 3))
        .state("open", "Open", Phase::InWork)
        .state("done", "Done", Phase::Closed)
        .step(Step::new("close", "Close", &["open"], "done").signed("quality_manager", "tasted"))
        .allow("everyone", &["view"])
        .allow("quality_engineer", &["create", "edit"]);
    if !tables.is_empty() {
        kind = kind.field(Field::table_revision("graded_by", "Graded by", "grade_words").filter());
    }
    vec![Module { kinds: vec![kind], reference_tables: tables, ..Module::default() }]
}

struct Company {
    world: World,
    writer: Actor,
    manager: Actor,
    other: Actor,
}

impl Company {
    fn new(test: &TestDatabase) -> Self {
        let world = World::new(test.database.clone(), modules(vec![GRADES]));
        let writer = world.person("quentin", &["quality_engineer"]);
        let manager = world.person("quinn", &["quality_manager"]);
        let other = world.person("max", &["quality_manager"]);
        Self { world, writer, manager, other }
    }

    fn in_force(&self) -> Content {
        self.world.kernel.database().read(|tx| reference::in_force(tx, MAIN_TENANT, &GRADES)).unwrap()
    }

    fn word(&self, grade: i64) -> String {
        self.in_force().rows.iter().find(|row| row.int("grade") == Some(grade)).unwrap().text("word").to_owned()
    }

    fn revise(&self, who: &Actor) -> String {
        let id = self.in_force().record.id;
        text(&self.world.run(who, "record.revise", json!({"record": id})).unwrap(), "id")
    }

    fn put_into_force(&self, id: &str) {
        self.world.step(&self.writer, id, "submit").unwrap();
        self.world.sign_step(&self.manager, id, "approve").unwrap();
    }
}

fn blockers(error: &Error) -> Vec<String> {
    error.refusal().unwrap().blockers.iter().map(|blocker| blocker.text.clone()).collect()
}

fn signatures(world: &World, record: &Record) -> usize {
    let id = record.id.clone();
    world.kernel.database().read(move |tx| signature::of_record(tx, MAIN_TENANT, &id)).unwrap().len()
}

#[test]
fn frs_ref_001_what_is_shipped_is_in_force_from_the_start_and_says_that_nobody_signed_it() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let record = company.in_force().record;
        assert_eq!((record.label().as_str(), record.state.as_str(), record.created_by.as_str()), ("RT-GRADE-WORDS rev 1", "effective", "system"));
        assert_eq!((record.owner.as_deref(), record.effective_on.as_deref()), (Some(company.world.admin.person()), Some("2026-11-02")));
        let source = record.field_text("source");
        assert!(source.starts_with("Shipped with plumb ") && source.contains("not approved by a signature") && source.ends_with("Made up for a test."), "{source}");
        assert_eq!(signatures(&company.world, &record), 0);
        assert_eq!(company.word(3), "hot");
        let report = verify::verify(company.world.kernel.database(), MAIN_TENANT, &mut |_, _, _| {}).unwrap();
        assert!(report.is_sound(), "{:?}", report.problems);
    });
}

#[test]
fn frs_ref_001_a_table_of_a_later_release_is_laid_down_once() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let before = World::new(test.database.clone(), modules(Vec::new()));
        let files = tempfile::tempdir().unwrap();
        let later = Kernel::new(Setup {
            database: test.database.clone(),
            clock: Arc::<base::FixedClock>::clone(&before.clock),
            ids: Arc::new(SeededIds::new(9)),
            files: blob::BlobStore::open(files.path()).unwrap().into(),
            modules: modules(vec![GRADES]),
            hashing: Hashing::cheap_for_tests(),
            chains: 1,
        })
        .unwrap();
        let missing = later.database().read(|tx| reference::in_force(tx, MAIN_TENANT, &GRADES)).unwrap_err();
        assert_eq!(code(&missing), "no_reference_table");
        for _ in 0..2 {
            reference::adopt(&later, MAIN_TENANT).unwrap();
        }
        let found = later.database().read(|tx| reference::in_force(tx, MAIN_TENANT, &GRADES)).unwrap();
        assert_eq!((found.record.label().as_str(), found.record.owner.as_deref(), found.rows.len()), ("RT-GRADE-WORDS rev 1", None, 3));
        let laid_down = db::sql("select count(*) as n from audit_tx where tenant = $1 and command = 'reference_table.adopt'");
        assert_eq!(later.database().query_one(laid_down, &[MAIN_TENANT.into()]).unwrap().int("n").unwrap(), 1);
    });
}

#[test]
fn frs_ref_001_nothing_is_laid_down_where_nobody_is_yet() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), modules(vec![GRADES]));
        reference::adopt(&world.kernel, "another").unwrap();
        let count = db::sql("select count(*) as n from item where tenant = $1");
        assert_eq!(world.kernel.database().query_one(count, &["another".into()]).unwrap().int("n").unwrap(), 0);
    });
}

#[test]
fn frs_ref_002_a_table_comes_into_force_only_by_somebody_who_did_not_write_it() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let world = &company.world;
        let first = company.in_force().record;
        let second = company.revise(&company.manager);
        world.edit(&company.manager, &second, json!({"rows": "grade,word\n1,mild\n2,middling\n3,burning", "source": "Tasted again"})).unwrap();
        world.step(&company.writer, &second, "submit").unwrap();
        assert_eq!(code(&world.sign_step(&company.manager, &second, "approve").unwrap_err()), "self_approval");
        assert_eq!(code(&world.sign_step(&company.writer, &second, "approve").unwrap_err()), "not_permitted");
        assert_eq!((company.word(3).as_str(), company.in_force().record.id), ("hot", first.id.clone()));
        world.sign_step(&company.other, &second, "approve").unwrap();
        assert_eq!((company.word(3).as_str(), company.in_force().record.label().as_str()), ("burning", "RT-GRADE-WORDS rev 2"));
        assert_eq!(world.record(&first.id).state, "superseded");
    });
}

#[test]
fn frs_ref_002_nobody_makes_a_second_record_for_a_table() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        for who in [&company.writer, &company.manager, &company.world.admin] {
            let input = json!({"kind": "reference_table", "number": "RT-GRADE-WORDS", "title": "Mine", "fields": {"source": "me", "rows": "grade,word"}});
            assert_eq!(code(&company.world.create_with(who, input).unwrap_err()), "not_permitted");
        }
    });
}

#[test]
fn frs_ref_003_a_faulty_table_is_not_submitted_and_each_fault_names_row_and_column() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let world = &company.world;
        let draft = company.revise(&company.writer);
        for (rows, faults) in [
            (json!("grade,word\n1,mild\n4,hot\n2,"), vec!["Row 2, “Grade”: “4” is no whole number from 1 to 3", "Row 3, “Word”: is empty"]),
            (json!([["grade", "word"], [1, "mild"], [2, "hot"], [1, "hot"]]), vec!["Row 3: grade 1 stands in row 1 already"]),
            (json!([["grade", "word"], [1, "mild"], [2, "hot"]]), vec!["Grade 3 is missing"]),
            (json!([["grade", "name"], [1, "mild"]]), vec!["Column “word”: is missing", "Column “name”: is not one of: grade, word"]),
        ] {
            world.edit(&company.writer, &draft, json!({"rows": rows})).unwrap();
            assert_eq!(blockers(&world.step(&company.writer, &draft, "submit").unwrap_err()), faults);
        }
        assert_eq!(world.record(&draft).state, "draft");
        world.edit(&company.writer, &draft, json!({"rows": "word;grade\nhot;3\nmild;1\nwarm;2"})).unwrap();
        company.put_into_force(&draft);
        assert_eq!(company.word(2), "warm");
    });
}

#[test]
fn frs_ref_004_rows_are_covered_by_digest_and_trail_and_fixed_in_review() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let world = &company.world;
        let draft = company.revise(&company.writer);
        let before = world.record(&draft);
        world.edit(&company.writer, &draft, json!({"rows": "grade,word\n1,mild\n2,middling\n3,warm"})).unwrap();
        let after = world.record(&draft);
        assert_ne!(before.digest, after.digest);
        assert_eq!(after.fields["rows"], json!([["grade", "word"], ["1", "mild"], ["2", "middling"], ["3", "warm"]]));
        let event = db::sql("select before, after from event where tenant = $1 and subject = $2 and action = 'record.edited'");
        let row = world.kernel.database().query_one(event, &[MAIN_TENANT.into(), draft.as_str().into()]).unwrap();
        assert!(row.text("before").unwrap().contains("hot") && row.text("after").unwrap().contains("warm"));
        let uneven = world.edit(&company.writer, &draft, json!({"rows": "grade,word\n1"})).unwrap_err();
        assert_eq!((code(&uneven).as_str(), uneven.refusal().unwrap().place.as_deref()), ("uneven_row", Some("fields.rows")));
        assert_eq!(world.record(&draft), after);
        world.step(&company.writer, &draft, "submit").unwrap();
        assert_eq!(code(&world.edit(&company.writer, &draft, json!({"rows": "grade,word"})).unwrap_err()), "content_fixed");
    });
}

#[test]
fn frs_ref_005_an_evaluation_keeps_its_revision_and_what_was_signed_stays() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let world = &company.world;
        let first = company.in_force();
        let sauce = world.create(&company.writer, "sauce", "Red", json!({"grade": 3, "graded_by": first.used()})).unwrap();
        world.sign_step(&company.manager, &sauce, "close").unwrap();
        let signed = world.record(&sauce);
        let draft = company.revise(&company.writer);
        company.put_into_force(&draft);
        assert_eq!(world.record(&sauce), signed);
        assert_eq!(signed.digest, signed.content_digest().hex());
        assert_eq!(signed.fields["graded_by"], json!({"table": "grade_words", "record": first.record.id, "label": "RT-GRADE-WORDS rev 1", "digest": first.record.digest}));
        let id = first.record.id.clone();
        let again = world.kernel.database().read(move |tx| reference::of_revision(tx, MAIN_TENANT, &GRADES, &id)).unwrap();
        assert_eq!((again.rows, again.record.state.as_str()), (first.rows, "superseded"));
        let other = world.admin.person().to_owned();
        let wrong = world.kernel.database().read(move |tx| reference::of_revision(tx, MAIN_TENANT, &GRADES, &other)).unwrap_err();
        assert_eq!(code(&wrong), "no_reference_table");
    });
}

#[test]
fn frs_ref_005_only_an_approved_revision_of_the_table_can_be_kept() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let world = &company.world;
        let used = company.in_force().used();
        let sauce = world.create(&company.writer, "sauce", "Red", json!({})).unwrap();
        let draft = world.record(&company.revise(&company.writer));
        let with = |name: &str, value: &str| {
            let mut changed = used.clone();
            changed[name] = json!(value);
            changed
        };
        let of_draft = json!({"table": "grade_words", "record": draft.id, "label": draft.label(), "digest": draft.digest});
        let tampered = [with("digest", &"0".repeat(64)), with("label", "RT-GRADE-WORDS rev 9"), with("table", "others"), with("record", company.writer.person()), of_draft, json!("rev 1"), json!({})];
        for value in tampered {
            let refused = world.edit(&company.writer, &sauce, json!({"graded_by": value})).unwrap_err();
            assert_eq!((code(&refused).as_str(), refused.refusal().unwrap().place.as_deref()), ("bad_table_revision", Some("fields.graded_by")));
        }
        assert_eq!(world.record(&sauce).version, 1);
        world.edit(&company.writer, &sauce, json!({"graded_by": used})).unwrap();
    });
}

fn problems(modules: Vec<Module>) -> String {
    Catalog::build(modules).unwrap_err().to_string()
}

#[test]
fn frs_ref_007_a_release_with_an_unsound_shipped_table_does_not_start() {
    let shipped = |shipped: &'static str| modules(vec![ReferenceTable { shipped, ..GRADES }]);
    assert!(problems(shipped("grade,word\n1,mild\n2,hot")).contains("reference table grade_words: Grade 3 is missing"));
    assert!(problems(shipped("grade,word\n1")).contains("row 1 has 1 cells"));
    assert!(problems(modules(vec![GRADES, GRADES])).contains("reference table grade_words is declared twice"));
    assert!(problems(modules(vec![ReferenceTable { source: "", ..GRADES }])).contains("names no requirement or no source"));
    assert!(problems(modules(vec![ReferenceTable { name: "other", ..GRADES }])).contains("field graded_by names the unknown reference table grade_words"));
}

#[test]
fn frs_ref_004_a_sheet_is_given_as_lists_or_text_and_nothing_else() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let draft = company.revise(&company.writer);
        for value in [json!(7), json!(true), json!({"rows": []}), Json::Array(vec![json!("grade")])] {
            assert_eq!(code(&company.world.edit(&company.writer, &draft, json!({"rows": value})).unwrap_err()), "wrong_type");
        }
        assert_eq!(code(&company.world.edit(&company.writer, &draft, json!({"rows": null})).unwrap_err()), "missing_field");
    });
}
