//! Reading: one state for the whole of a read, and nothing written.

use crate::{SCHEMA, count, insert, internal};
use db::{Cell, sql};
use crate::engines::both_migrated;

const COUNT: db::Sql = sql("select count(*) as n from thing where tenant = $1");

#[test]
fn a_read_does_not_see_what_is_committed_after_it_began() {
    both_migrated(SCHEMA, |test| {
        insert(&test.database, "a", 1).unwrap();
        let seen = test
            .database
            .read(|read| {
                let before = read.query_one(COUNT, &["t".into()])?.int("n")?;
                let writer = test.database.clone();
                std::thread::spawn(move || insert(&writer, "b", 2)).join().unwrap()?;
                Ok((before, read.query_one(COUNT, &["t".into()])?.int("n")?))
            })
            .unwrap();
        assert_eq!(seen, (1, 1));
        assert_eq!(count(&test.database), 2);
    });
}

#[test]
fn a_read_cannot_write() {
    both_migrated(SCHEMA, |test| {
        let delete = sql("delete from thing where tenant = $1 returning id");
        insert(&test.database, "a", 1).unwrap();
        internal(test.database.read(|read| read.query(delete, &["t".into()])));
        internal(test.database.query(delete, &["t".into()]));
        assert_eq!(count(&test.database), 1);
    });
}

#[test]
fn a_panic_in_a_read_gives_the_connection_back() {
    both_migrated(SCHEMA, |test| {
        for _ in 0..40 {
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                test.database.read(|read| -> base::Result<()> {
                    read.query(COUNT, &["t".into()])?;
                    panic!("the reader is broken")
                })
            }));
            assert!(outcome.is_err());
        }
        assert_eq!(count(&test.database), 0);
    });
}

#[test]
fn more_readers_than_connections_take_turns() {
    both_migrated(SCHEMA, |test| {
        insert(&test.database, "a", 1).unwrap();
        std::thread::scope(|scope| {
            for _ in 0..40 {
                scope.spawn(|| {
                    for _ in 0..10 {
                        assert_eq!(count(&test.database), 1);
                    }
                });
            }
        });
    });
}

#[test]
fn a_statement_is_prepared_without_being_run() {
    both_migrated(SCHEMA, |test| {
        test.database.prepare_only("delete from parent where tenant = $1").unwrap();
        test.database.prepare_only("insert into thing (tenant, id) values ($1, $2) returning id").unwrap();
        internal(test.database.prepare_only("select nothing from thing where tenant = $1"));
        internal(test.database.prepare_only("select \"zzz\" as word"));
        internal(test.database.prepare_only("selec 1"));
    });
}

#[test]
fn a_connection_is_busy_for_as_long_as_it_is_read_from() {
    both_migrated(SCHEMA, |test| {
        let database = &test.database;
        assert_eq!(database.connections().busy, 0);
        let inside = database.read(|_| Ok(database.connections())).unwrap();
        assert_eq!(inside.busy, 1);
        assert!(inside.most > 1);
        assert_eq!(database.connections().busy, 0);
    });
}

#[test]
fn a_scan_hands_out_every_row_and_an_error_ends_it() {
    both_migrated(SCHEMA, |test| {
        for number in 0..300 {
            insert(&test.database, &format!("row {number:03}"), number + 1_000).unwrap();
        }
        let text = "select id, number, null as absent from thing where tenant = $1 order by id";
        let seen = test
            .database
            .read(|read| {
                let mut seen = Vec::new();
                read.scan(text, &["t".into()], &mut |row| {
                    assert_eq!((row.cell(2)?, row.opt_text(2)?), (Cell::Null, None));
                    seen.push((row.text(0)?.to_owned(), row.int(1)?));
                    Ok(())
                })?;
                // The same transaction can ask for more behind it.
                assert_eq!(read.query_one(COUNT, &["t".into()])?.int("n")?, 300);
                Ok(seen)
            })
            .unwrap();
        assert_eq!(seen.len(), 300);
        assert_eq!(seen.get(7), Some(&("row 007".to_owned(), 1_007)));
        let mut handed = 0;
        let ended = test.database.read(|read| {
            read.scan(text, &["t".into()], &mut |row| {
                handed += 1;
                row.int(0).map(drop)
            })
        });
        assert!(internal(ended).contains("column 1 of a row holds text where a whole number was due"));
        assert_eq!(handed, 1);
        assert_eq!(count(&test.database), 300);
    });
}
