//! Importing a released structure.

use crate::company::{BENCH, Company, demo_files, on_both, refused, sample};
use base::RefusalKind;
use kernel::kind::Phase;
use serde_json::json;

#[test]
fn frs_prt_030_an_import_makes_released_parts_exactly_as_in_the_file() {
    on_both(|test| {
        let company = Company::new(test);
        let answer = company.import(BENCH).unwrap();
        assert_eq!((answer["parts"].as_i64(), answer["lines"].as_i64(), answer["levels"].as_i64()), (Some(7), Some(7), Some(2)));
        let fitting = company.part("P-3");
        assert_eq!((fitting.title.as_str(), fitting.revision.as_str(), fitting.phase), ("Fitting", "A", Phase::Effective));
        assert_eq!((fitting.field_text("category"), fitting.field_text("unit")), ("Fitting", "each"));
        assert_eq!(company.part("P-4").field_text("unit"), "m");
        assert!(fitting.effective_on.is_some());
        let sources = company.sources(&fitting.id);
        assert_eq!(sources.iter().map(|source| (source.manufacturer.as_str(), source.mpn.as_str())).collect::<Vec<_>>(), [("Fitco", "F-1")]);
        let lines = company.lines(&company.part("A-120").id);
        assert_eq!(
            lines.iter().map(|line| (line.find_number, line.child_number.as_str(), line.quantity.to_string())).collect::<Vec<_>>(),
            [(10, "P-1", "4".to_owned()), (20, "P-3", "3".to_owned()), (30, "P-4", "0.5".to_owned())]
        );
    });
}

#[test]
fn frs_prt_031_an_import_of_existing_numbers_is_refused_and_names_them() {
    on_both(|test| {
        let company = Company::with_bench(test);
        let before = company.events();
        let refusal = refused(company.import("Level,Number,Name,Quantity\n0,N-1,New,1\n1,p-3,Same number in another case,2\n"));
        assert_eq!((refusal.kind, refusal.code.as_str()), (RefusalKind::Conflict, "numbers_exist"));
        assert_eq!(refusal.blockers[0].records[0].number, "P-3");
        assert_eq!(company.events(), before);
    });
}

#[test]
fn frs_prt_032_an_import_needs_a_reason_the_role_and_a_readable_file() {
    on_both(|test| {
        let company = Company::new(test);
        let file = company.upload(BENCH.as_bytes());
        let before = company.events();
        let run = |actor, input| company.world.run(actor, "part.import_structure", input);
        assert_eq!(refused(run(&company.engineer, json!({"file": file}))).code, "reason_needed");
        assert_eq!(refused(run(&company.writer, json!({"file": file}))).kind, RefusalKind::Forbidden);
        // Whoever may not import is told so before anything is read.
        assert_eq!(refused(run(&company.writer, json!({"file": "zz"}))).kind, RefusalKind::Forbidden);
        assert_eq!(refused(run(&company.engineer, json!({"file": "zz"}))).code, "bad_digest");
        assert_eq!(refused(run(&company.engineer, json!({"file": "0".repeat(64)}))).code, "no_such_file");
        assert_eq!(refused(company.import_bytes(b"no workbook", "structure.xlsx")).code, "not_xlsx");
        assert_eq!(refused(run(&company.engineer, json!({"file": file, "options": {"tpo": 1}, "file_name": "a.csv"}))).code, "reason_needed");
        let cycle = "Parent,Number,Quantity\n,A,1\nA,B,1\nB,C,1\nC,B,1\n";
        assert_eq!(refused(company.import(cycle)).kind, RefusalKind::Invalid);
        let revision = refused(company.import("Level,Number,Name,Version,Quantity\n0,A-1,Top,B2,1\n1,A-2,Below,B2,1\n"));
        assert_eq!(revision.code, "bad_revision");
        assert_eq!(company.events(), before, "nothing was written");
    });
}

#[test]
fn frs_prt_033_the_demo_file_imports_with_its_levels() {
    let Some([first, _]) = demo_files() else { return };
    let made = |test: &testkit::engines::TestDatabase, bytes: &[u8]| {
        let company = Company::new(test);
        company.import_bytes(bytes, "demo.xlsx").unwrap()
    };
    let mut steps: Vec<_> = kernel::MIGRATIONS.iter().chain(plm::MIGRATIONS).copied().collect();
    steps.sort_by_key(|step| step.number);
    for test in [testkit::engines::sqlite_migrated(&steps), testkit::engines::postgres_migrated(&steps)] {
        let answer = made(&test, &first);
        assert_eq!(answer["levels"], 6);
        assert!(answer["parts"].as_i64().unwrap() > 100);
    }
}

#[test]
fn frs_prt_034_a_real_ventilator_imports_with_151_parts_on_6_levels() {
    on_both(|test| {
        let Some(bytes) = sample("bom/ventilator-fi5-rev0.xlsx") else { return };
        let company = Company::new(test);
        let answer = company.import_bytes(&bytes, "ventilator-fi5-rev0.xlsx").unwrap();
        assert_eq!((answer["parts"].as_i64(), answer["levels"].as_i64()), (Some(151), Some(6)));
        let top = company.part("VX-209641");
        assert_eq!((top.title.as_str(), top.revision.as_str()), ("MAIN ASSY - PROJECT VENTILATOR FI5", "0"));
    });
}

#[test]
fn frs_prt_030_a_file_with_one_line_that_cannot_be_read_makes_no_part_at_all() {
    on_both(|test| {
        let company = Company::new(test);
        let before = company.events();
        for (wrong, line) in [(BENCH.replace("0.5,m", "half,m"), 9), (BENCH.replace("0.5,m", "0.5,ell"), 9), (BENCH.replace("2,P-4", "5,P-4"), 9)] {
            let refusal = refused(company.import(&wrong));
            assert_eq!(refusal.kind, RefusalKind::Invalid, "{refusal:?}");
            assert!(refusal.place.as_deref().is_some_and(|place| place.contains(&line.to_string())), "{refusal:?}");
        }
        assert_eq!(company.events(), before, "nothing was written");
        let parts = company.world.kernel.database().query(db::sql("select count(*) as n from record where tenant = 'main' and kind = 'part'"), &[]).unwrap();
        assert_eq!(parts[0].int("n").unwrap(), 0);
    });
}
