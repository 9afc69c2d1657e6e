//! Schema steps: in order, once, unchanged, whole.

use crate::{SCHEMA, code, count, insert, internal};
use db::Migration;
use crate::engines::{both, both_migrated};

const ONE: Migration = SCHEMA[0];
const TWO: Migration = Migration { number: 2, name: "two", text: "alter table thing add column extra {text};" };
const FOUR: Migration = Migration { number: 4, name: "four", text: "create index thing_by_extra on thing (tenant, extra);" };

#[test]
fn steps_are_applied_once_and_in_order() {
    both(|test| {
        let database = &test.database;
        assert_eq!(database.schema_version().unwrap(), 0);
        assert_eq!(database.migrate(&[ONE]).unwrap(), [1]);
        assert_eq!(database.schema_version().unwrap(), 1);
        assert_eq!(database.migrate(&[ONE, TWO, FOUR]).unwrap(), [2, 4]);
        assert_eq!(database.migrate(&[ONE, TWO, FOUR]).unwrap(), Vec::<u32>::new());
        assert_eq!(database.schema_version().unwrap(), 4);
        internal(database.migrate(&[ONE, FOUR, TWO]));
        internal(database.migrate(&[ONE, ONE]));
    });
}

#[test]
fn a_newer_schema_is_refused_in_words() {
    both(|test| {
        test.database.migrate(&[ONE, TWO]).unwrap();
        let error = test.database.migrate(&[ONE]).unwrap_err();
        let refusal = error.refusal().unwrap();
        assert_eq!(refusal.code, "schema_newer");
        assert_eq!(refusal.message, "The data has schema 2; this program knows schemas up to 1.");
        assert!(refusal.advice.is_some());
    });
}

#[test]
fn a_step_that_was_edited_after_it_ran_is_refused() {
    both(|test| {
        test.database.migrate(&[ONE, TWO]).unwrap();
        let edited = Migration { text: "alter table thing add column other {text};", ..TWO };
        assert_eq!(code(test.database.migrate(&[ONE, edited])), "schema_changed_step");
        // The line ends of a checkout do not count.
        let crlf: &'static str = ONE.text.replace('\n', "\r\n").leak();
        assert_eq!(test.database.migrate(&[Migration { text: crlf, ..ONE }, TWO]).unwrap(), Vec::<u32>::new());
    });
}

#[test]
fn a_step_that_was_left_out_or_is_unknown_is_refused() {
    both(|test| {
        test.database.migrate(&[ONE, FOUR_ALONE]).unwrap();
        assert_eq!(code(test.database.migrate(&[ONE, TWO, FOUR_ALONE])), "schema_missing_step");
        assert_eq!(code(test.database.migrate(&[FOUR_ALONE])), "schema_unknown_step");
    });
}

const FOUR_ALONE: Migration = Migration { number: 4, name: "four", text: "create index thing_by_note on thing (tenant, note);" };

#[test]
fn a_step_that_fails_leaves_nothing_and_names_itself() {
    both(|test| {
        let broken = Migration {
            number: 2,
            name: "broken",
            text: "create table half (tenant {text} not null) {strict}; insert into half (tenant) values ('t'); insert into nowhere values (1);",
        };
        let text = internal(test.database.migrate(&[ONE, broken]));
        assert!(text.contains("0002 broken") && text.contains("nowhere"), "{text}");
        assert_eq!(test.database.schema_version().unwrap(), 1);
        assert!(!test.database.describe().unwrap().contains_key("half"));
        assert_eq!(test.database.migrate(&[ONE, TWO]).unwrap(), [2]);
    });
}

#[test]
fn a_table_that_others_point_to_can_be_rebuilt() {
    both_migrated(SCHEMA, |test| {
        test.database.write(|tx| tx.execute(db::sql("insert into parent (tenant, id) values ($1, $2)"), &["t".into(), "p".into()])).unwrap();
        let child = db::sql("insert into thing (tenant, id, parent) values ($1, $2, $3)");
        test.database.write(move |tx| tx.execute(child, &["t".into(), "c".into(), "p".into()])).unwrap();
        let rebuild = Migration {
            number: 2,
            name: "rebuild",
            text: "
                -- only: sqlite
                create table parent_new (tenant {text} not null, id {text} not null, name {text}, primary key (tenant, id)) {strict};
                insert into parent_new (tenant, id) select tenant, id from parent;
                drop table parent;
                alter table parent_new rename to parent;
                -- end
                -- only: postgres
                alter table parent add column name {text};
                -- end",
        };
        assert_eq!(test.database.migrate(&[ONE, rebuild]).unwrap(), [2]);
        assert_eq!(count(&test.database), 1);
        // Foreign keys are watched again afterwards.
        internal(test.database.write(move |tx| tx.execute(child, &["t".into(), "d".into(), "nobody".into()])));
        insert(&test.database, "e", 5).unwrap();
    });
}

#[test]
fn a_step_that_breaks_a_foreign_key_is_refused() {
    both_migrated(SCHEMA, |test| {
        let orphan = Migration { number: 2, name: "orphan", text: "insert into thing (tenant, id, parent) values ('t', 'x', 'nobody');" };
        internal(test.database.migrate(&[ONE, orphan]));
        assert_eq!(test.database.schema_version().unwrap(), 1);
        assert_eq!(count(&test.database), 0);
    });
}

#[test]
fn servers_that_start_together_take_turns() {
    both(|test| {
        let applied: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| test.database.migrate(&[ONE, TWO, FOUR]).unwrap().len())).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(applied, 3);
        assert_eq!(test.database.schema_version().unwrap(), 4);
    });
}
