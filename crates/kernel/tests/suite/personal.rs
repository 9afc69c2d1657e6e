//! Personal data on records: who sees, changes and erases it, and what the trail keeps, on both
//! engines.

use crate::records::code;
use base::limits::LINE_CHARS;
use db::{Database, sql};
use kernel::authority::Actor;
use kernel::catalog::{Catalog, Module};
use kernel::command::Request;
use kernel::kind::{Area, Field, Kind, Phase, Step};
use kernel::personal::{self, EDIT, ERASE, Personal, SEE};
use kernel::record::{Filter, Page};
use kernel::{MAIN_TENANT, search};
use serde_json::{Value as Json, json};
use testkit::engines::{TestDatabase, both_migrated};
use testkit::world::{World, text};

fn case() -> Kind {
    Kind::new("case", "Case", "Cases", Area::Quality)
        .counted("CASE", 3)
        .field(Field::block("cause", "Cause"))
        .personal(Field::line("name", "Name"))
        .personal(Field::block("address", "Address"))
        .state("open", "Open", Phase::InWork)
        .state("examined", "Examined", Phase::InWork)
        .state("closed", "Closed", Phase::Closed)
        .step(Step::new("examine", "Examine", &["open"], "examined").by(&["quality_engineer"]))
        .step(Step::new("close", "Close", &["examined"], "closed").signed("quality_manager", "closed the case"))
        .allow("everyone", &["view", "create"])
        .allow("quality_engineer", &["edit", SEE, EDIT])
        .allow("quality_manager", &[SEE, EDIT, ERASE])
}

fn modules(kind: Kind) -> Vec<Module> {
    let plain = Kind::new("note", "Note", "Notes", Area::Quality).counted("N", 3).state("open", "Open", Phase::InWork).allow("everyone", &["view", "create"]).allow("quality_manager", &[EDIT, ERASE]);
    vec![Module { kinds: vec![kind, plain], ..Module::default() }]
}

struct Company {
    world: World,
    taker: Actor,
    writer: Actor,
    manager: Actor,
    operator: Actor,
}

impl Company {
    fn new(test: &TestDatabase) -> Self {
        let world = World::new(test.database.clone(), modules(case()));
        let person = |login: &str, role: &str| world.person(login, &[role]);
        Self {
            taker: person("tom", "operator"),
            writer: person("quentin", "quality_engineer"),
            manager: person("quinn", "quality_manager"),
            operator: person("otto", "operator"),
            world,
        }
    }

    /// A case that the taker took in and in which the name and address were given.
    fn case(&self) -> String {
        let id = self.world.create(&self.taker, "case", "Smoke", json!({})).unwrap();
        self.tell(&self.taker, &id, json!({"name": "Nora Nemo", "address": "Hidden Lane 7\nNowhere"})).unwrap();
        id
    }

    fn tell(&self, who: &Actor, id: &str, personal: Json) -> base::Result<Json> {
        self.world.run(who, "personal.edit", json!({"record": id, "personal": personal}))
    }

    fn read(&self, id: &str) -> Personal {
        let item = self.world.record(id).item;
        self.world.kernel.database().read(move |tx| personal::read(tx, MAIN_TENANT, &item)).unwrap()
    }

    fn sees(&self, who: &Actor, id: &str) -> bool {
        let (catalog, person, record) = (self.world.kernel.catalog().unwrap(), who.person().to_owned(), self.world.record(id));
        self.world.kernel.database().read(move |tx| personal::may_see(tx, &catalog, &person, &record)).unwrap()
    }

    fn close(&self, id: &str) {
        self.world.step(&self.writer, id, "examine").unwrap();
        self.world.sign_step(&self.manager, id, "close").unwrap();
    }

    fn is_sound(&self) -> bool {
        verify::verify(self.world.kernel.database(), MAIN_TENANT, &mut |_, _, _| {}).unwrap().is_sound()
    }
}

/// Every text of every table, as an export would hold it.
fn everything(database: &Database) -> String {
    let columns = database.describe().unwrap();
    let mut all = String::new();
    for table in columns.keys() {
        for row in database.read(|tx| tx.query_text(&format!("select * from {table}"), &[])).unwrap() {
            all.push_str(&format!("{:?}\n", row.values()));
        }
    }
    all
}

#[test]
fn frs_prs_001_only_those_with_the_permission_and_the_taker_at_first_change_personal_data() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let id = company.case();
        assert_eq!(company.read(&id).fields, json!({"name": "Nora Nemo", "address": "Hidden Lane 7\nNowhere"}).as_object().unwrap().clone());
        let name = || json!({"name": "Other"});
        assert_eq!(code(&company.tell(&company.operator, &id, name()).unwrap_err()), "not_permitted");
        assert_eq!(code(&company.tell(&company.world.admin, &id, name()).unwrap_err()), "not_permitted");
        company.tell(&company.writer, &id, json!({"address": null})).unwrap();
        assert_eq!(company.read(&id).fields.keys().collect::<Vec<_>>(), ["name"]);
        company.world.step(&company.writer, &id, "examine").unwrap();
        assert_eq!(code(&company.tell(&company.taker, &id, name()).unwrap_err()), "not_permitted");
        company.world.sign_step(&company.manager, &id, "close").unwrap();
        assert_eq!(code(&company.tell(&company.writer, &id, name()).unwrap_err()), "reason_needed");
        let input = json!({"record": id, "personal": name()});
        company.world.run_because(&company.writer, "personal.edit", input, "misspelt").unwrap();
        assert_eq!(company.read(&id).fields["name"], "Other");
    });
}

#[test]
fn frs_prs_001_what_is_not_declared_or_too_long_is_refused_by_name_and_nothing_is_written() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let id = company.case();
        let before = company.read(&id);
        let long = |count: usize| json!({"name": "x".repeat(count)});
        for (given, expected, place) in [
            (json!({"shoe_size": "42"}), "unknown_field", "personal.shoe_size"),
            (json!({"name": 7}), "wrong_type", "personal.name"),
            (long(LINE_CHARS + 1), "too_long", "personal.name"),
            (json!({"name": "Nora Nemo"}), "nothing_changed", "personal"),
            (json!({}), "nothing_changed", "personal"),
        ] {
            let refused = company.tell(&company.writer, &id, given).unwrap_err();
            assert_eq!((code(&refused).as_str(), refused.refusal().unwrap().place.as_deref()), (expected, Some(place)));
        }
        assert_eq!(company.read(&id), before);
        company.tell(&company.writer, &id, long(LINE_CHARS)).unwrap();
        let in_fields = company.world.edit(&company.writer, &id, json!({"name": "Nora Nemo"})).unwrap_err();
        assert_eq!(code(&in_fields), "unknown_field");
        let note = company.world.create(&company.taker, "note", "Plain", json!({})).unwrap();
        assert_eq!(code(&company.tell(&company.manager, &note, json!({"name": "x"})).unwrap_err()), "no_personal_data");
    });
}

#[test]
fn frs_prs_002_personal_data_is_seen_only_with_the_permission_and_never_found() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let id = company.case();
        let all = [&company.writer, &company.manager, &company.taker, &company.operator, &company.world.admin];
        assert_eq!(all.map(|who| company.sees(who, &id)), [true, true, false, false, false]);
        let viewer = company.world.viewer(&company.manager);
        let (found, listed) = company
            .world
            .kernel
            .database()
            .read(move |tx| {
                let filter = Filter { kind: Some("case".to_owned()), text: Some("Nemo".to_owned()), ..Filter::default() };
                Ok((search::find(tx, &viewer, "Nemo", &[])?.records.len(), kernel::record::list(tx, &viewer, &filter, &Page::default(), None)?.0.len()))
            })
            .unwrap();
        assert_eq!((found, listed), (0, 0));
        assert!(!format!("{:?}", company.world.record(&id)).contains("Nemo"));
    });
}

#[test]
fn frs_prs_003_the_trail_says_that_it_changed_and_never_what_it_says() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let id = company.case();
        company.close(&id);
        let closed = company.world.record(&id);
        company.world.run_because(&company.writer, "personal.edit", json!({"record": id, "personal": {"name": "Nora Nobody"}}), "misspelt").unwrap();
        assert_eq!(company.world.record(&id), closed);
        let events = sql("select action, actor, reason, after from event where tenant = $1 and record = $2 and subject_table = 'personal_data' order by tx, ord");
        let rows = company.world.kernel.database().query(events, &[MAIN_TENANT.into(), id.as_str().into()]).unwrap();
        let lines: Vec<_> = rows.iter().map(|row| (row.text("action").unwrap(), row.text("actor").unwrap(), row.opt_text("reason").unwrap())).collect();
        assert_eq!(lines, [("personal.changed", company.taker.person(), None), ("personal.changed", company.writer.person(), Some("misspelt"))]);
        assert!(rows[0].text("after").unwrap().contains(r#"[\"address\",\"name\"]"#), "{}", rows[0].text("after").unwrap());
        let everything = everything(company.world.kernel.database());
        assert_eq!((everything.matches("Nobody").count(), everything.matches("Nemo").count()), (1, 0), "it stands in one row and nowhere else");
        assert!(company.is_sound());
    });
}

#[test]
fn frs_prs_003_a_repeated_request_is_not_compared_by_what_the_personal_data_says() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let id = company.case();
        let send = |name: &str| {
            let input = json!({"record": id, "personal": {"name": name}});
            company.world.kernel.execute(&company.writer, &Request::new("personal.edit", input, "one key")).unwrap()
        };
        assert!(!send("Ann").repeated);
        assert!(send("Bob").repeated, "no digest of the name is kept to compare with");
        assert_eq!(company.read(&id).fields["name"], "Ann");
    });
}

#[test]
fn frs_prs_003_personal_data_that_was_changed_beside_the_trail_shows_and_never_passes_for_sound() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let id = company.case();
        assert!(company.read(&id).sound);
        let tampered = r#"{"name":"Somebody Else"}"#;
        company.world.kernel.database().write(move |tx| tx.execute(sql("update personal_data set pd_fields = $1 where tenant = $2"), &[tampered.into(), MAIN_TENANT.into()])).unwrap();
        assert!(!company.read(&id).sound);
        company.world.kernel.database().write(|tx| tx.execute(sql("update personal_data set pd_fields = null where tenant = $1"), &[MAIN_TENANT.into()])).unwrap();
        assert!(!company.read(&id).sound, "emptied without an erasure");
    });
}

#[test]
fn frs_prs_004_an_erasure_needs_permission_and_reason_and_leaves_nothing_but_the_names_of_the_fields() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let id = company.case();
        company.close(&id);
        let before = company.world.record(&id);
        let input = json!({"record": id});
        assert_eq!(code(&company.world.run_because(&company.writer, "personal.erase", input.clone(), "asked for").unwrap_err()), "not_permitted");
        assert_eq!(code(&company.world.run(&company.manager, "personal.erase", input.clone()).unwrap_err()), "reason_needed");
        assert_eq!(company.read(&id).fields.len(), 2);
        company.world.run_because(&company.manager, "personal.erase", input.clone(), "asked for by them").unwrap();
        let found = company.read(&id);
        assert!(found.fields.is_empty() && found.sound);
        assert_eq!(found.standing.given.iter().map(String::as_str).collect::<Vec<_>>(), ["address", "name"]);
        assert_eq!(found.standing.erased_at, Some(company.world.kernel.now()));
        assert!(!everything(company.world.kernel.database()).contains("Nemo"));
        assert_eq!(company.world.record(&id), before);
        assert!(company.is_sound());
        assert_eq!(code(&company.world.run_because(&company.manager, "personal.erase", input, "again").unwrap_err()), "nothing_to_erase");
    });
}

#[test]
fn frs_prs_004_nothing_is_erased_where_nothing_was_given() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let id = company.world.create(&company.taker, "case", "Smoke", json!({})).unwrap();
        let refused = company.world.run_because(&company.manager, "personal.erase", json!({"record": id}), "asked for").unwrap_err();
        assert_eq!(code(&refused), "nothing_to_erase");
        assert_eq!(company.read(&id), Personal { sound: true, ..Personal::default() });
        assert_eq!(text(&company.tell(&company.writer, &id, json!({"name": "Ann"})).unwrap(), "record"), id);
    });
}

#[test]
fn frs_prs_001_a_personal_field_is_text_that_may_stay_empty_and_has_a_name_of_its_own() {
    let refused = |kind: Kind| {
        let mut all = vec![kernel::commands::module()];
        all.extend(modules(kind));
        Catalog::build(all).map(|_| ()).unwrap_err().to_string()
    };
    assert!(refused(case().personal(Field::date("born_on", "Born on"))).contains("personal field born_on is more than"));
    assert!(refused(case().personal(Field::line("phone", "Phone").filter())).contains("personal field phone is more than"));
    assert!(refused(case().personal(Field::line("phone", "Phone").required())).contains("personal field phone is more than"));
    assert!(refused(case().personal(Field::line("cause", "Cause"))).contains("has two fields cause"));
}
