//! What the kernel limits, at each limit and one past it, through the door and on both engines.

use crate::records::{code, small};
use base::limits::{
    BLOCK_CHARS, BUNDLE_EVENTS, COMMAND_TRIES, JOBS_PER_TURN, LINKS_PER_RECORD, ROWS_PER_TRANSACTION, SCRUB_DATABASE_SECONDS, SCRUB_FILES_SECONDS, SCRUB_SLICE_FILES,
    SEARCH_WORDS_PER_RECORD,
};
use base::{Error, RefusalKind};
use db::{Column, ColumnType, Engine, Read as _, Value, sql};
use kernel::catalog::Module;
use kernel::authority::Permit;
use kernel::command::{CommandDef, InputField, InputSort, Needed, int_of, needs, text_of};
use kernel::signature::Proof;
use kernel::table::{LINK, Values};
use kernel::trail::{Stored, WriteTx};
use kernel::upkeep::{FAULT, Fault, Round, note, round_of};
use kernel::{MAIN_TENANT, jobs, link, record, search, trail};
use serde_json::{Value as Json, json};
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use testkit::engines::{both_migrated, sqlite_migrated};
use testkit::world::World;

type Run = fn(&mut WriteTx<'_>, &Permit, &Json, Option<&Proof>) -> base::Result<Json>;

/// All of them need the permission of the first.
fn command(name: &'static str, input: Vec<InputField>, run: Run) -> CommandDef {
    CommandDef { name, label: "Try", requirement: "FRS-T-001", roles: &["everyone"], input, needs: |_, _, _, _| Ok(Needed::of("test.link")), run, ..CommandDef::base() }
}

/// Links of a record that lead nowhere, as many as are asked for.
fn nowhere(record: &record::Record, count: i64) -> Vec<(String, String, String, Option<String>, String)> {
    (0..count).map(|n| (record.id.clone(), record.item.clone(), "about".to_owned(), None, format!("nowhere-{n}"))).collect()
}

static TRIED: AtomicU32 = AtomicU32::new(0);
static WORKED: AtomicUsize = AtomicUsize::new(0);

fn modules() -> Vec<Module> {
    let mut all = small();
    let about = || vec![needs("record", InputSort::Text, "identifier"), needs("count", InputSort::Integer, "how many")];
    all.push(Module {
        commands: vec![
            command("test.link", about(), |tx, _, input, _| {
                let source = record::get(tx, MAIN_TENANT, text_of(input, "record")?)?;
                link::add_many(tx, &nowhere(&source, int_of(input, "count")?))?;
                Ok(json!({}))
            }),
            // One row that is sound and then so many that are none: what is refused for its number is
            // refused before anybody looks at it.
            command("test.insert", about(), |tx, _, input, _| {
                let source = record::get(tx, MAIN_TENANT, text_of(input, "record")?)?;
                link::add_many(tx, &nowhere(&source, 1))?;
                let rows = (0..int_of(input, "count")?).map(|_| (None, Values::new())).collect();
                tx.insert_many(&LINK, "link.added", rows).map(|()| json!({}))
            }),
            command("test.update", about(), |tx, _, input, _| {
                let source = record::get(tx, MAIN_TENANT, text_of(input, "record")?)?;
                link::add_many(tx, &nowhere(&source, 1))?;
                let row = tx.query_one(sql("select * from link where tenant = $1 and source = $2"), &[MAIN_TENANT.into(), source.id.as_str().into()])?;
                let mut none = Stored::from_row(&LINK, &row)?;
                none.values = Values::new();
                let rows = (0..int_of(input, "count")?).map(|_| (None, none.clone())).collect();
                tx.update_many(&LINK, "link.cleared", rows, &[("suspect", false.into())]).map(|()| json!({}))
            }),
            command("test.doubt", about(), |tx, _, input, _| {
                let source = record::get(tx, MAIN_TENANT, text_of(input, "record")?)?;
                link::add_many(tx, &nowhere(&source, 1))?;
                match TRIED.fetch_add(1, Ordering::SeqCst) {
                    tried if i64::from(tried) < int_of(input, "count")? => Err(Error::InDoubt("no answer to COMMIT".to_owned())),
                    _ => Ok(json!({})),
                }
            }),
            command("test.queue", about(), |tx, _, input, _| {
                let source = record::get(tx, MAIN_TENANT, text_of(input, "record")?)?;
                link::add_many(tx, &nowhere(&source, 1))?;
                for number in 0..int_of(input, "count")? {
                    jobs::enqueue(tx, "test.work", &json!(number))?;
                }
                Ok(json!({}))
            }),
        ],
        queues: vec![jobs::QueueDef {
            name: "test.work",
            run: |_, _, _| {
                WORKED.fetch_add(1, Ordering::SeqCst);
                Ok(())
            },
        }],
        ..Module::default()
    });
    all
}

fn count_of(world: &World, table: &'static str) -> i64 {
    world.kernel.database().read(|tx| tx.query_text(&format!("select count(*) as n from {table} where tenant = $1"), &[MAIN_TENANT.into()])).unwrap()[0].int("n").unwrap()
}

#[test]
fn frs_rec_003_a_block_of_text_past_its_limit_is_refused_by_name_and_nothing_is_written() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), small());
        let author = world.person("dora", &["design_engineer"]);
        // Characters count, not bytes.
        let at = "é".repeat(BLOCK_CHARS);
        let id = world.create(&author, "spec", "Hose", json!({"body": at})).unwrap();
        assert_eq!(world.record(&id).field_text("body"), at);
        let before = count_of(&world, "event");
        let past = world.create(&author, "spec", "Hose", json!({"body": format!("{at}é")})).unwrap_err();
        assert_eq!((code(&past).as_str(), past.refusal().unwrap().place.as_deref()), ("too_long", Some("fields.body")));
        assert!(past.to_string().contains(&format!("at most {BLOCK_CHARS}")), "{past}");
        assert_eq!(count_of(&world, "event"), before);
    });
}

#[test]
fn frs_upk_001_what_the_server_says_of_a_fault_is_kept_whole_up_to_its_limit_and_past_it_says_that_it_goes_on() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), Vec::new());
        let whole = "x".repeat(BLOCK_CHARS);
        note(&world.kernel, MAIN_TENANT, Fault::FullDisk, "one", &whole).unwrap();
        note(&world.kernel, MAIN_TENANT, Fault::FullDisk, "two", &format!("{whole}y")).unwrap();
        let rows = world.kernel.database().query(sql("select id from record where tenant = $1 and kind = $2 order by number"), &[MAIN_TENANT.into(), FAULT.into()]).unwrap();
        let found: Vec<_> = rows.iter().map(|row| world.record(row.text("id").unwrap()).field_text("found").to_owned()).collect();
        assert_eq!(found[0], whole);
        assert_eq!((found[1].chars().count(), found[1].ends_with("x…")), (BLOCK_CHARS, true));
    });
}

#[test]
fn frs_lnk_005_one_link_more_than_a_record_may_have_is_refused_and_not_written() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), modules());
        let (author, engineer) = (world.person("dora", &["design_engineer"]), world.person("emma", &["quality_engineer"]));
        let case = world.create(&engineer, "case", "Leak", json!({})).unwrap();
        let spec = |title: &str| world.create(&author, "spec", title, json!({"body": "1 m"})).unwrap();
        let links = || world.kernel.database().read(|tx| link::outgoing(tx, MAIN_TENANT, &case)).unwrap().len();
        world.run(&engineer, "test.link", json!({"record": case, "count": LINKS_PER_RECORD - 1})).unwrap();
        let hose = spec("Hose");
        world.link(&engineer, &case, "about", &hose).unwrap();
        assert_eq!(links(), LINKS_PER_RECORD);
        for refused in [
            world.link(&engineer, &case, "about", &spec("Valve")).unwrap_err(),
            world.run(&engineer, "test.link", json!({"record": case, "count": 1})).unwrap_err(),
        ] {
            let refusal = refused.refusal().unwrap();
            assert_eq!((refusal.kind, refusal.place.as_deref()), (RefusalKind::TooLarge, Some("link")));
            assert!(refusal.message.contains(&format!("would have {} links", LINKS_PER_RECORD + 1)), "{refused}");
        }
        assert_eq!(links(), LINKS_PER_RECORD);
    });
}

#[test]
fn frs_trl_017_a_transaction_past_its_rows_is_refused_and_nothing_of_it_is_written() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), modules());
        let engineer = world.person("emma", &["quality_engineer"]);
        let case = world.create(&engineer, "case", "Leak", json!({})).unwrap();
        let before = (count_of(&world, "link"), count_of(&world, "event"));
        for command in ["test.insert", "test.update"] {
            let written = |count: usize| world.run(&engineer, command, json!({"record": case, "count": count})).unwrap_err();
            // One row stands before them.
            let past = written(ROWS_PER_TRANSACTION);
            let refusal = past.refusal().unwrap();
            assert_eq!((refusal.kind, refusal.place.as_deref()), (RefusalKind::TooLarge, Some("link")), "{command}");
            assert!(refusal.message.contains(&format!("{} rows in one transaction", ROWS_PER_TRANSACTION + 1)), "{past}");
            let at = written(ROWS_PER_TRANSACTION - 1);
            assert!(matches!(&at, Error::Internal(text) if text.contains("a row of link has no id")), "{command}: so many are looked at: {at:?}");
        }
        assert_eq!((count_of(&world, "link"), count_of(&world, "event")), before);
    });
}

#[test]
fn frs_dur_003_a_command_is_tried_so_often_while_its_commit_is_in_doubt_and_never_once_more() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), modules());
        let engineer = world.person("emma", &["quality_engineer"]);
        let case = world.create(&engineer, "case", "Leak", json!({})).unwrap();
        let doubted = |times: u32| {
            TRIED.store(0, Ordering::SeqCst);
            let answer = world.run(&engineer, "test.doubt", json!({"record": case, "count": times}));
            (answer.map_err(|error| (code(&error), error.refusal().and_then(|refusal| refusal.advice.clone()))), TRIED.load(Ordering::SeqCst), count_of(&world, "link"))
        };
        assert_eq!(doubted(COMMAND_TRIES - 1), (Ok(json!({})), COMMAND_TRIES, 1));
        let advice = Some("Send the same request again with the same idempotency key.".to_owned());
        assert_eq!(doubted(COMMAND_TRIES), (Err(("busy".to_owned(), advice)), COMMAND_TRIES, 1), "nothing more was written");
    });
}

#[test]
fn frs_upk_003_so_many_queued_jobs_are_done_in_one_turn_and_the_one_past_them_in_the_next() {
    both_migrated(kernel::MIGRATIONS, |test| {
        WORKED.store(0, Ordering::SeqCst);
        let world = World::new(test.database.clone(), modules());
        let engineer = world.person("emma", &["quality_engineer"]);
        let case = world.create(&engineer, "case", "Leak", json!({})).unwrap();
        world.run(&engineer, "test.queue", json!({"record": case, "count": 9})).unwrap();
        let turn = |most: usize| (jobs::work_off(&world.kernel, MAIN_TENANT, most).unwrap(), WORKED.load(Ordering::SeqCst));
        assert_eq!([turn(4), turn(4), turn(4), turn(4)], [(4, 4), (4, 8), (1, 9), (0, 9)]);
        // A turn of the server takes all that is there up to its own limit.
        world.run(&engineer, "test.queue", json!({"record": case, "count": 40})).unwrap();
        assert_eq!(turn(JOBS_PER_TURN), (40, 49));
    });
}

#[test]
fn frs_upk_001_a_turn_reads_so_many_files_and_a_round_begins_anew_after_its_time_and_not_before() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), small());
        let engineer = world.person("emma", &["quality_engineer"]);
        let attach = |count: i64| {
            let case = world.create(&engineer, "case", "With files", json!({})).unwrap();
            for number in 0..count {
                let content = format!("{case} {number}");
                let digest = world.kernel.files().put(content.as_bytes(), 1_000).unwrap().hex();
                let version = world.record(&case).version;
                let input = json!({"record": case, "version": version, "name": format!("{number}.txt"), "media_type": "text/plain", "digest": digest, "size_bytes": content.len()});
                world.run(&engineer, "file.attach", input).unwrap();
            }
        };
        let turn = |name: &str| -> Round {
            jobs::run_all(&world.kernel, MAIN_TENANT, "node").unwrap();
            round_of(&world.kernel, MAIN_TENANT, name).unwrap()
        };
        let seen = |round: &Round| (round.done, round.ended_at.is_some() && round.began_at.is_none());
        attach(SCRUB_SLICE_FILES + 1);
        let began = world.kernel.now();
        assert_eq!(seen(&turn("upkeep.files")), (SCRUB_SLICE_FILES, false), "one file is left");
        assert_eq!(seen(&turn("upkeep.files")), (SCRUB_SLICE_FILES + 1, true));
        for (name, seconds) in [("upkeep.files", SCRUB_FILES_SECONDS), ("upkeep.database", SCRUB_DATABASE_SECONDS)] {
            let ended = |round: &Round| round.ended_at;
            if name == "upkeep.database" && test.engine() == Engine::Postgres {
                assert_eq!(ended(&turn(name)), None, "its own programs check it");
                continue;
            }
            let last = ended(&turn(name)).unwrap();
            world.clock.set(last.plus_seconds(seconds - 1));
            let early = turn(name);
            assert_eq!((ended(&early), early.began_at), (Some(last), None), "{name} a second too early");
            world.clock.advance_seconds(1);
            let again = turn(name);
            assert_eq!(again.began_at.or(again.ended_at), Some(last.plus_seconds(seconds)), "{name} in its time");
        }
        assert!(world.kernel.now() > began);
    });
}

#[test]
fn frs_sea_004_a_record_is_found_by_so_many_of_its_words_and_not_by_those_past_them() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), small());
        let author = world.person("dora", &["design_engineer"]);
        let viewer = world.viewer(&author);
        // Its number gives three words (sp, 0001 and sp0001), its title one.
        let words: Vec<_> = (0..=SEARCH_WORDS_PER_RECORD - 4).map(|number| format!("word{number:03}")).collect();
        let id = world.create(&author, "spec", "Hose", json!({"body": words.join(" ")})).unwrap();
        let found = |text: &str| world.kernel.database().read(|tx| search::find(tx, &viewer, text, &["spec".to_owned()])).unwrap().records.len();
        let (past, at) = (words.last().unwrap(), &words[words.len() - 2]);
        assert_eq!([found("sp-0001"), found("hose"), found(&words[0]), found(at), found(past)], [1, 1, 1, 1, 0]);
        // The same after a change as after the making.
        world.edit(&author, &id, json!({"body": format!("other {}", words[1..].join(" "))})).unwrap();
        assert_eq!([found("other"), found(&words[0]), found(at), found(past)], [1, 0, 1, 0]);
    });
}

#[test]
fn frs_trl_018_a_walk_past_its_limit_is_refused_and_never_looks_like_a_whole_one() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), small());
        let (author, engineer) = (world.person("dora", &["design_engineer"]), world.person("emma", &["quality_engineer"]));
        let case = world.create(&engineer, "case", "Leak", json!({})).unwrap();
        for title in ["Hose", "Valve", "Fitting"] {
            let spec = world.create(&author, "spec", title, json!({"body": "1 m"})).unwrap();
            world.link(&engineer, &case, "about", &spec).unwrap();
        }
        let (catalog, viewer, start) = (world.kernel.catalog().unwrap(), world.viewer(&engineer), world.record(&case));
        let walk = |depth: usize, most: usize| world.kernel.database().read(|tx| trail::walk(tx, &catalog, &viewer, &start, depth, most));
        assert_eq!(walk(1, 4).unwrap().len(), 4);
        let past = walk(1, 3).unwrap_err();
        let refusal = past.refusal().unwrap();
        assert_eq!((refusal.kind, refusal.place.as_deref(), refusal.advice.is_some()), (RefusalKind::TooLarge, Some("depth"), true));
        assert_eq!(walk(0, 1).unwrap().len(), 1);
    });
}

#[test]
fn frs_rec_015_the_newest_versions_of_a_record_are_told_where_it_has_more_than_are_asked_for() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let world = World::new(test.database.clone(), small());
        let author = world.person("dora", &["design_engineer"]);
        let id = world.create(&author, "spec", "Hose", json!({"body": "1 m"})).unwrap();
        world.edit(&author, &id, json!({"body": "2 m"})).unwrap();
        world.edit(&author, &id, json!({"body": "3 m"})).unwrap();
        let versions = |most: usize| world.kernel.database().read(|tx| record::versions(tx, MAIN_TENANT, &id, most)).unwrap().iter().map(|one| one.version).collect::<Vec<_>>();
        assert_eq!((versions(3), versions(2)), (vec![1, 2, 3], vec![2, 3]));
    });
}

/// Further events of a record, put there by hand: what is asked here is how many there are.
fn with_events(world: &World, record: &str, wanted: usize) {
    let present = world.kernel.database().query(sql("select * from event where tenant = $1 and record = $2 order by ord"), &[MAIN_TENANT.into(), record.into()]).unwrap();
    let first = present[0].clone();
    let of_tx = world.kernel.database().query(sql("select ord from event where tenant = $1 and tx = $2"), &[MAIN_TENANT.into(), first.text("tx").unwrap().into()]).unwrap().len();
    let column = |name: &'static str, sort: ColumnType| Column { name, sort };
    let texts = ["tx", "actor", "action", "record", "subject_table", "subject"];
    let mut columns = vec![column("tenant", ColumnType::Text), column("ord", ColumnType::Int), column("at", ColumnType::Int), column("image", ColumnType::Bytes), column("leaf", ColumnType::Bytes)];
    columns.extend(texts.map(|name| column(name, ColumnType::Text)));
    let rows: Vec<Vec<Value>> = (of_tx..of_tx + wanted - present.len())
        .map(|ord| {
            let bytes = |name: &str| first.bytes(name).unwrap().to_vec();
            let mut row: Vec<Value> = vec![MAIN_TENANT.into(), (ord as i64).into(), first.int("at").unwrap().into(), bytes("image").into(), bytes("leaf").into()];
            row.extend(texts.map(|name| Value::from(first.text(name).unwrap())));
            row
        })
        .collect();
    world.kernel.database().write(move |tx| tx.insert_rows("event", &columns, &rows)).unwrap();
}

/// On one engine; `crates/verify/tests/one.rs` stands at smaller limits on both.
#[test]
fn frs_evd_083_the_evidence_of_a_record_with_more_events_than_the_limit_is_refused_and_no_export_is_noted() {
    let test = sqlite_migrated(kernel::MIGRATIONS);
    let world = World::new(test.database.clone(), small());
    let engineer = world.person("emma", &["quality_engineer"]);
    let case = world.create(&engineer, "case", "Leak", json!({})).unwrap();
    let export = || world.run_because(&engineer, "evidence.export", json!({"record": case}), "for the inspector");
    with_events(&world, &case, BUNDLE_EVENTS);
    export().unwrap();
    // Handing it out was an event too, so one is past the limit now.
    let past = export().unwrap_err();
    assert_eq!((past.refusal().unwrap().kind, past.refusal().unwrap().place.as_deref()), (RefusalKind::TooLarge, Some("record")));
    assert!(past.to_string().contains(&format!("more than {BUNDLE_EVENTS} events")), "{past}");
    assert_eq!(count_of(&world, "evidence_export"), 1);
}
