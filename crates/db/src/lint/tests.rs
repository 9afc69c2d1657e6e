//! Good and bad statements, after the table in the notes on the two engines.

use super::lint;

const GOOD: &[&str] = &[
    "select id, number from record where tenant = $1 and id = $2",
    "insert into counter (tenant, kind, year, last) values ($1, $2, $3, 1)
       on conflict (tenant, kind, year) do update set last = counter.last + 1 returning last",
    "update record set title = $1, version = version + 1 where tenant = $2 and id = $3 and version = $4 returning version",
    "with recursive down (id, depth) as (
       select cast($1 as text), cast(0 as bigint)
       union all
       select line.child, down.depth + 1 from down join line on line.tenant = $2 and line.parent = down.id where down.depth < 50
     ) select id, depth from down order by depth, id",
    "select a.id from record a join item b on b.tenant = a.tenant and b.id = a.item where a.tenant = $1 order by a.due_date nulls last",
    "select cast(coalesce(sum(quantity), 0) as bigint) as total, count(*) filter (where overdue) as late from line where tenant = $1",
    "select max(version) as last, min(version) as first from record where tenant = $1 and (number, id) > ($2, $3)",
    "select id from person where tenant = $1 and name_fold like $2 escape '\\'",
    "insert into link (tenant, id) select tenant, id from record where tenant = $1 on conflict (tenant, id) do nothing",
    "select fields->>'severity' as severity from record where tenant = $1",
    "select 1 as one where $1 is not distinct from $2",
    "select number, checksum from schema_migration order by number",
    "select r.date, r.time from record r where r.tenant = $1 -- now() ilike \"x\" $9",
    "delete from session where tenant = $1 and id in (select id from old where tenant = $1) returning id",
    "with old as (select id from session where tenant = $1), older as (select id from old) select id from older",
    "select id from record where tenant = $1 and exists (select 1 from link where link.tenant = record.tenant and link.source = record.id)",
    "update record set site = item.site from item where item.tenant = $1 and record.tenant = item.tenant and item.id = record.item",
];

const BAD: &[(&str, &str)] = &[
    ("select $2, $1", "rising order"),
    ("select $1, $3", "rising order"),
    ("select ?1", "placeholders are written"),
    ("select id from record where tenant = $1 and title ilike $2", "ilike"),
    ("select id from record where tenant = $1 for update", "lock_row"),
    ("select id from record where tenant = $1 for update skip locked", "skip locked"),
    ("select now()", "Clock"),
    ("select current_timestamp", "Clock"),
    ("select \"zzz\"", "without quotes"),
    ("select id from record where tenant = $1 and id = any($2)", "push_list"),
    ("select json_extract(fields, '$.a') from record where tenant = $1", "opaque"),
    ("select fields->'a' from record where tenant = $1", "only ->>"),
    ("select fields->>'$.a' from record where tenant = $1", "plain key"),
    ("select string_agg(id, ',') from record where tenant = $1", "string_agg"),
    ("select group_concat(id) from record where tenant = $1", "group_concat"),
    ("select greatest(1, 2)", "case when"),
    ("select max(version, 2) from record where tenant = $1", "case when"),
    ("select least(1, 2)", "case when"),
    ("select distinct on (kind) id from record where tenant = $1", "distinct on"),
    ("select id from record r, lateral (select 1) x where tenant = $1", "lateral"),
    ("create table x (id serial)", "serial"),
    ("select sum(quantity) from line where tenant = $1", "cast(sum"),
    ("select avg(quantity) from line where tenant = $1", "sum and the count"),
    ("select cast(a as integer) from line where tenant = $1", "not to integer"),
    ("select a::bigint from line where tenant = $1", "a cast is written"),
    ("select lower(title) from record where tenant = $1", "fold"),
    ("select id from record where tenant = $1 and title like $2", "escape"),
    ("select 0.5", "whole numbers"),
    ("select random()", "IdSource"),
    ("select 1; select 2", "one statement"),
    ("begin", "begins with"),
    ("pragma foreign_keys = off", "begins with"),
    ("insert or ignore into link (tenant) values ($1)", "on conflict"),
    ("insert into link (tenant, id) select tenant, id from record on conflict (tenant, id) do nothing", "needs a where"),
    ("with gone as (delete from link where tenant = $1 returning id) select id from gone", "only reads"),
    ("select id from record where id = $1", "tenant"),
    ("select a.id from record a join item b on b.id = a.item where a.tenant = $1", "record, item"),
    ("select a.id from record a, item b where a.tenant = $1", "record, item"),
    ("select id from record where tenant = $1 union all select id from item where id = $2", "item"),
    ("select id from record where tenant = $1 and id in (select source from link)", "link"),
    ("with recursive down (id) as (select $2 union all select child from down join line on parent = id) select id from down where $1 = $1", "line"),
    ("insert into link (id) values ($1)", "link"),
    ("update record set title = $1", "record"),
    ("delete from record", "record"),
];

#[test]
fn a_good_statement_passes() {
    for sql in GOOD {
        assert_eq!(lint(sql), Vec::<String>::new(), "{sql}");
    }
}

#[test]
fn a_bad_statement_is_caught_for_its_own_reason() {
    for (sql, reason) in BAD {
        let found = lint(sql);
        assert!(found.iter().any(|sentence| sentence.contains(reason)), "{sql}\n  gave {found:?}\n  not {reason}");
    }
}

#[test]
fn the_lint_does_not_stumble_over_half_a_statement() {
    for (sql, _) in BAD {
        for end in (0..sql.len()).filter(|end| sql.is_char_boundary(*end)) {
            lint(&sql[..end]);
        }
    }
}
