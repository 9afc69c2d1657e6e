//! One transaction: whole or not at all, on both engines alike.

use crate::{SCHEMA, code, count, ids, insert, internal};
use base::{Error, RefusalKind};
use db::{Query, Read as _, sql};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use crate::engines::both_migrated;

const INSERT: db::Sql = sql("insert into thing (tenant, id, number) values ($1, $2, $3)");
const COUNT: db::Sql = sql("select count(*) as n from thing where tenant = $1");

#[test]
fn a_body_that_gives_an_error_leaves_nothing() {
    both_migrated(SCHEMA, |test| {
        let outcome = test.database.write(|tx| {
            tx.execute(INSERT, &["t".into(), "a".into(), 1.into()])?;
            assert_eq!(tx.query_one(COUNT, &["t".into()])?.int("n")?, 1);
            Err::<(), _>(Error::conflict("no", "on second thoughts"))
        });
        assert_eq!(code(outcome), "no");
        assert_eq!(count(&test.database), 0);
    });
}

#[test]
fn a_transaction_is_poisoned_by_its_first_error() {
    both_migrated(SCHEMA, |test| {
        insert(&test.database, "a", 1).unwrap();
        let outcome = test.database.write(|tx| {
            tx.execute(INSERT, &["t".into(), "b".into(), 2.into()])?;
            assert_eq!(code(tx.execute(INSERT, &["t".into(), "a".into(), 3.into()])), "duplicate");
            assert!(internal(tx.query(COUNT, &["t".into()])).contains("already failed"));
            assert!(internal(tx.execute(INSERT, &["t".into(), "c".into(), 4.into()])).contains("already failed"));
            internal(tx.lock_row("parent", "t", "p"));
            internal(tx.insert_rows("thing", crate::COLUMNS, &[]));
            Ok(())
        });
        // The error was swallowed, and still nothing is written.
        assert!(internal(outcome).contains("went on after an error"));
        assert_eq!(ids(&test.database), ["a"]);
    });
}

#[test]
fn a_duplicate_is_the_same_conflict_on_both_engines() {
    both_migrated(SCHEMA, |test| {
        insert(&test.database, "a", 1).unwrap();
        for (id, number, place) in [("a", 2, "thing(tenant, id)"), ("b", 1, "thing(tenant, number)")] {
            let error = insert(&test.database, id, number).unwrap_err();
            let refusal = error.refusal().unwrap();
            assert_eq!((refusal.kind, refusal.code.as_str()), (RefusalKind::Conflict, "duplicate"));
            assert_eq!(refusal.place.as_deref(), Some(place));
        }
    });
}

#[test]
fn a_broken_check_or_foreign_key_is_a_fault_of_ours() {
    both_migrated(SCHEMA, |test| {
        internal(insert(&test.database, "a", 13));
        let orphan = sql("insert into thing (tenant, id, parent) values ($1, $2, $3)");
        internal(test.database.write(move |tx| tx.execute(orphan, &["t".into(), "a".into(), "nobody".into()])));
        assert_eq!(count(&test.database), 0);
    });
}

#[test]
fn a_panic_in_a_body_is_an_error_and_the_next_one_works() {
    both_migrated(SCHEMA, |test| {
        let outcome = test.database.write(|tx| {
            tx.execute(INSERT, &["t".into(), "a".into(), 1.into()])?;
            if count_rows(tx)? == 1 {
                panic!("the body is broken");
            }
            Ok(())
        });
        assert!(internal(outcome).contains("the body is broken"));
        insert(&test.database, "b", 2).unwrap();
        assert_eq!(ids(&test.database), ["b"]);
    });
}

fn count_rows(read: &mut dyn db::Read) -> base::Result<i64> {
    read.query_one(COUNT, &["t".into()])?.int("n")
}

#[test]
fn one_row_means_one_row() {
    both_migrated(SCHEMA, |test| {
        insert(&test.database, "a", 1).unwrap();
        insert(&test.database, "b", 2).unwrap();
        let by_id = sql("select id from thing where tenant = $1 and id = $2");
        let all = sql("select id from thing where tenant = $1");
        let database = &test.database;
        assert!(database.query_opt(by_id, &["t".into(), "x".into()]).unwrap().is_none());
        assert_eq!(database.query_opt(by_id, &["t".into(), "a".into()]).unwrap().unwrap().text("id").unwrap(), "a");
        internal(database.query_one(by_id, &["t".into(), "x".into()]));
        internal(database.query_one(all, &["t".into()]));
        internal(database.query_opt(all, &["t".into()]));
        internal(database.read(|read| read.query_one(all, &["t".into()])));
    });
}

#[test]
fn a_batch_of_statements_gives_the_count_of_each() {
    both_migrated(SCHEMA, |test| {
        let changed = test.database.write(|tx| {
            let mut batch: Vec<_> =
                (0..200).map(|n| (INSERT, vec!["t".into(), format!("{n:03}").into(), n.into()])).filter(|(_, p)| p[2] != 13.into()).collect();
            batch.push((sql("update thing set note = 'x' where tenant = $1 and number < $2"), vec!["t".into(), 10.into()]));
            tx.execute_batch(&batch)
        });
        let changed = changed.unwrap();
        assert_eq!(changed.len(), 200);
        assert_eq!(changed.last(), Some(&10));
        let broken = test.database.write(|tx| {
            tx.execute_batch(&[
                (INSERT, vec!["t".into(), "new".into(), 1_000.into()]),
                (INSERT, vec!["t".into(), "000".into(), 1_001.into()]),
                (INSERT, vec!["t".into(), "newer".into(), 1_002.into()]),
            ])
        });
        assert_eq!(code(broken), "duplicate");
        assert_eq!(count(&test.database), 199);
    });
}

#[test]
fn one_statement_runs_for_each_row_of_parameters() {
    both_migrated(SCHEMA, |test| {
        let text = "insert into thing (tenant, id, number) values ($1, $2, $3)";
        let rows = |range: std::ops::Range<i64>| range.map(|n| vec!["t".into(), format!("{n:04}").into(), (n + 100).into()]).collect::<Vec<_>>();
        assert_eq!(test.database.write(move |tx| tx.execute_rows(text, &rows(0..1_100))).unwrap(), 1_100);
        // Rows that are not there are not counted, and an error leaves nothing.
        let change = "update thing set number = number + 5000 where tenant = $1 and id = $2";
        let keys = |range: std::ops::Range<i64>| range.map(|n| vec!["t".into(), format!("{n:04}").into()]).collect::<Vec<_>>();
        assert_eq!(test.database.write(move |tx| tx.execute_rows(change, &keys(1_000..1_600))).unwrap(), 100);
        assert_eq!(test.database.write(move |tx| tx.execute_rows(change, &[])).unwrap(), 0);
        assert_eq!(code(test.database.write(move |tx| tx.execute_rows(text, &rows(1_099..1_700)))), "duplicate");
        assert_eq!(count(&test.database), 1_100);
    });
}

#[test]
fn a_statement_made_to_fail_fails_once_and_leaves_nothing() {
    both_migrated(SCHEMA, |test| {
        let two = |tx: &mut db::Tx| {
            tx.execute(INSERT, &["t".into(), "a".into(), 1.into()])?;
            tx.execute(INSERT, &["t".into(), "b".into(), 2.into()])?;
            Ok(tx.statements())
        };
        for at in 1..=2 {
            test.database.fail_next_write_at(at);
            assert!(internal(test.database.write(two)).contains(&format!("at statement {at}")));
            assert_eq!(count(&test.database), 0);
        }
        assert_eq!(test.database.write(two).unwrap(), 2);
        assert_eq!(count(&test.database), 2);
    });
}

#[test]
fn a_passing_fault_repeats_the_whole_body() {
    both_migrated(SCHEMA, |test| {
        let tries = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&tries);
        test.database
            .write(move |tx| {
                tx.execute(INSERT, &["t".into(), "a".into(), 1.into()])?;
                match counted.fetch_add(1, Ordering::SeqCst) {
                    0 | 1 => Err(Error::Transient("made up".to_owned())),
                    _ => Ok(()),
                }
            })
            .unwrap();
        assert_eq!(tries.load(Ordering::SeqCst), 3);
        assert_eq!(ids(&test.database), ["a"]);
    });
}

#[test]
fn the_database_is_not_called_inside_of_its_own_transactions() {
    both_migrated(SCHEMA, |test| {
        let inner = test.database.clone();
        let outcome = test.database.write(move |_| insert(&inner, "a", 1));
        assert!(internal(outcome).contains("inside of one of its own transactions"));
        let outcome = test.database.read(|_| test.database.query(COUNT, &["t".into()]));
        assert!(internal(outcome).contains("inside of one of its own transactions"));
        // Another database may be: that is how data moves between engines.
        let other = crate::engines::sqlite_migrated(SCHEMA);
        test.database.read(|_| insert(&other.database, "a", 1)).unwrap();
        assert_eq!(count(&other.database), 1);
    });
}

#[test]
fn generated_and_passing_statements_change_rows_too() {
    both_migrated(SCHEMA, |test| {
        let changed = test.database.write(|tx| {
            tx.execute_text("insert into thing (tenant, id, number) values ($1, $2, $3)", &["t".into(), "a".into(), 1.into()])?;
            let mut query = Query::new(sql("update thing set"));
            query.push_bind(" note = ", "x").push_bind(" where tenant = ", "t").push_list(" and number in", vec![1.into(), 2.into()]);
            tx.execute_query(&query)
        });
        assert_eq!(changed.unwrap(), 1);
    });
}

#[test]
fn a_name_that_is_not_plain_never_reaches_generated_text() {
    both_migrated(SCHEMA, |test| {
        let outcome = test.database.write(|tx| tx.lock_row("thing; drop table thing", "t", "a"));
        assert!(internal(outcome).contains("not a plain"));
        test.database.write(|tx| tx.lock_row("thing", "t", "a")).unwrap();
    });
}
