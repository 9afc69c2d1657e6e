//! Values go in and come out the same.

use crate::{COLUMNS, SCHEMA, count, internal};
use db::{Query, Read as _, Value, sql};
use crate::engines::both_migrated;

const ALL: db::Sql = sql("select tenant, id, number, flag, note, body from thing where tenant = $1 and id = $2");

#[test]
fn every_value_reads_back_as_it_was_written() {
    both_migrated(SCHEMA, |test| {
        let full: Vec<Value> =
            vec!["t".into(), "a".into(), i64::MIN.into(), true.into(), "é ‘$1’ \n".into(), vec![0_u8, 255, 10].into()];
        let empty: Vec<Value> = vec!["t".into(), "b".into(), Value::Null, Value::Null, Value::Null, Value::Null];
        let bare: Vec<Value> = vec!["t".into(), "c".into(), i64::MAX.into(), false.into(), "".into(), Vec::new().into()];
        for row in [full, empty, bare] {
            let params = row.clone();
            let insert = sql("insert into thing (tenant, id, number, flag, note, body) values ($1, $2, $3, $4, $5, $6)");
            assert_eq!(test.database.write(move |tx| tx.execute(insert, &params)).unwrap(), 1);
            let key = row[..2].to_vec();
            let found = test.database.query_one(ALL, &key).unwrap();
            assert_eq!(found.values(), row);
            assert_eq!(found.columns(), ["tenant", "id", "number", "flag", "note", "body"]);
            // The way of a prepared transaction, and of a query put together for one request.
            assert_eq!(test.database.write(move |tx| tx.query_one(ALL, &key)).unwrap().values(), row);
            let passing = Query::with(ALL, row[..2].to_vec());
            assert_eq!(test.database.run(&passing).unwrap()[0].values(), row);
        }
    });
}

#[test]
fn values_of_a_passing_query_arrive_as_the_types_they_are() {
    both_migrated(SCHEMA, |test| {
        let row: Vec<Value> = vec!["t".into(), "a".into(), (-7).into(), true.into(), "x\\y".into(), vec![1_u8, 0, 200].into()];
        let params = row.clone();
        test.database.write(move |tx| tx.insert_rows("thing", COLUMNS, std::slice::from_ref(&params))).unwrap();
        let mut query = Query::with(sql("select id from thing where tenant = $1"), vec!["t".into()]);
        query.push_bind(" and number = ", -7).push_bind(" and flag = ", true).push_bind(" and note = ", "x\\y");
        query.push_bind(" and body = ", vec![1_u8, 0, 200]).push_list(" and id in", vec!["z".into(), "a".into()]);
        query.push_bind(" and parent is not distinct from ", None::<&str>).push_bind(" limit ", 3);
        assert_eq!(test.database.run(&query).unwrap().len(), 1);
        let mut none = Query::with(sql("select id from thing where tenant = $1"), vec!["t".into()]);
        none.push_list(" and id in", Vec::new());
        assert_eq!(test.database.run(&none).unwrap().len(), 0);
    });
}

#[test]
fn a_sum_that_overflows_is_an_error_and_never_a_float() {
    both_migrated(SCHEMA, |test| {
        let rows = vec![
            vec!["t".into(), "a".into(), i64::MAX.into(), Value::Null, Value::Null, Value::Null],
            vec!["t".into(), "b".into(), 5.into(), Value::Null, Value::Null, Value::Null],
        ];
        test.database.write(move |tx| tx.insert_rows("thing", COLUMNS, &rows)).unwrap();
        let plus = sql("select number + 1 as more from thing where tenant = $1 and id = 'a'");
        internal(test.database.query(plus, &["t".into()]));
        let sum = sql("select cast(sum(number) as bigint) as total from thing where tenant = $1");
        internal(test.database.query(sum, &["t".into()]));
        // A sum that nobody cast is numeric on PostgreSQL; the error says what to do.
        if test.engine() == db::Engine::Postgres {
            let text = internal(test.database.query(sql("select sum(number) as total from thing where tenant = $1"), &["t".into()]));
            assert!(text.contains("`total`") && text.contains("cast it as bigint"), "{text}");
        }
        internal(test.database.query(sql("select 0.5 as half"), &[]));
    });
}

#[test]
fn reading_a_column_as_something_else_names_the_column_and_not_the_value() {
    both_migrated(SCHEMA, |test| {
        let row = test.database.query_one(sql("select 'secret' as word, 7 as seven, 1 as one"), &[]).unwrap();
        let text = internal(row.int("word").map(|_| ()));
        assert!(text.contains("`word`") && !text.contains("secret is"), "{text}");
        assert!(internal(row.text("nothing").map(|_| ())).contains("`nothing`"));
        assert!(row.bool("one").unwrap());
        internal(row.bool("seven").map(|_| ()));
        assert_eq!(row.opt_int("seven").unwrap(), Some(7));
        internal(row.opt_text("seven").map(|_| ()));
        internal(row.bytes("word").map(|_| ()));
    });
}

#[test]
fn a_number_that_does_not_fit_and_a_nul_are_refused_before_they_are_stored() {
    both_migrated(SCHEMA, |test| {
        internal(test.database.query(sql("select id from thing where tenant = $1"), &["a\0b".into()]));
        internal(test.database.query(sql("select id from thing where tenant = $1"), &[]));
        internal(test.database.query(sql("select id from thing where tenant = $1"), &["t".into(), "u".into()]));
        let wrong = vec![vec!["t".into(), "a".into(), "seven".into(), Value::Null, Value::Null, Value::Null]];
        internal(test.database.write(move |tx| tx.insert_rows("thing", COLUMNS, &wrong)));
        let short = vec![vec!["t".into(), "a".into()]];
        internal(test.database.write(move |tx| tx.insert_rows("thing", COLUMNS, &short)));
        assert_eq!(count(&test.database), 0);
    });
}

#[test]
fn ten_thousand_rows_are_inserted_at_once() {
    both_migrated(SCHEMA, |test| {
        let rows: Vec<Vec<Value>> = (0..10_000_i64)
            .map(|n| {
                let note = if n % 2 == 0 { Value::Null } else { format!("note {n}").into() };
                vec!["t".into(), format!("{n:05}").into(), (n + 100).into(), (n % 3 == 0).into(), note, vec![7_u8; 9].into()]
            })
            .collect();
        let written = rows.clone();
        test.database.write(move |tx| tx.insert_rows("thing", COLUMNS, &written)).unwrap();
        assert_eq!(count(&test.database), 10_000);
        let all = sql("select tenant, id, number, flag, note, body from thing where tenant = $1 order by id");
        let found = test.database.query(all, &["t".into()]).unwrap();
        assert!(found.iter().map(|row| row.values()).eq(rows.iter().map(Vec::as_slice)));
        // A duplicate anywhere takes all of them back.
        let again = vec![
            vec!["t".into(), "new".into(), 1.into(), Value::Null, Value::Null, Value::Null],
            vec!["t".into(), "00007".into(), 2.into(), Value::Null, Value::Null, Value::Null],
        ];
        assert_eq!(crate::code(test.database.write(move |tx| tx.insert_rows("thing", COLUMNS, &again))), "duplicate");
        assert_eq!(count(&test.database), 10_000);
        test.database.write(|tx| tx.insert_rows("thing", COLUMNS, &[])).unwrap();
    });
}

#[test]
fn text_is_ordered_and_compared_by_its_bytes() {
    both_migrated(SCHEMA, |test| {
        let rows = ["z", "é", "a", "B", "c"].map(|id| vec!["t".into(), id.into(), Value::Null, Value::Null, Value::Null, Value::Null]);
        test.database.write(move |tx| tx.insert_rows("thing", COLUMNS, &rows)).unwrap();
        assert_eq!(crate::ids(&test.database), ["B", "a", "c", "z", "é"]);
        let like = sql("select id from thing where tenant = $1 and id like $2 escape '\\'");
        assert_eq!(test.database.query(like, &["t".into(), "b%".into()]).unwrap().len(), 0);
        assert_eq!(test.database.query(like, &["t".into(), "B%".into()]).unwrap().len(), 1);
    });
}
