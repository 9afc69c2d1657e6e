//! Somebody of another site names what is not theirs inside of something that they may send: by the
//! forms of the pages, in the links, owners and fields of records of their own, in the lines of a file.

use super::client::{Ask, Reply};
use super::company::{CANARY, Company, on_both};
use super::foreign::{GHOST, pairs, said, shows_nothing};
use kernel::kind::{FieldSort, Numbering};
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use testkit::world::PASSWORD;

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

fn form(fields: &[(&str, &str)]) -> String {
    fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect::<Vec<_>>().join("&")
}

fn post(company: &Company, cookie: &str, path: &str, fields: &[(&str, &str)]) -> Reply {
    company.client.send(Ask::post(path).cookie(cookie).bytes("application/x-www-form-urlencoded", form(fields)))
}

fn no_form_works(company: &Company) {
    let finn = company.cookie("finn");
    let before = company.events();
    let catalog = company.catalog();
    let commands: Vec<&str> = catalog.commands().map(|command| command.name).collect();
    let mut walked = 0;
    for (path, _, changes) in web::addresses() {
        if !changes {
            continue;
        }
        // One form runs every command of a record.
        let paths = if path.contains("{command}") { commands.iter().map(|command| path.replace("{command}", command)).collect() } else { vec![path.to_owned()] };
        for path in paths {
            for (there, not, names) in pairs(company, &path) {
                // Under both names where there is one form, under the number where there is one for each command.
                if path.contains("/do/") && base::id::is_id(&names[0]) {
                    continue;
                }
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                let send = |path: &str| {
                    let fields = [("key", "foreign"), ("version", "1"), ("reason", "because"), ("title", "mine"), ("login", "finn"), ("secret", PASSWORD), ("link", "concerns"), ("target", GHOST), ("site", "OSL")];
                    post(company, &finn, path, &fields)
                };
                let (hidden, missing) = (send(&there), send(&not));
                assert_eq!(hidden.status, 404, "POST {there}: {}", hidden.text());
                shows_nothing(&Reply { body: said(&hidden, &names).1.into_bytes(), ..hidden.clone() }, &there);
                assert_eq!(said(&hidden, &names), said(&missing, &names), "POST {there} tells that it is there");
                walked += 1;
            }
        }
    }
    assert_eq!(company.events(), before, "nothing was changed");
    assert!(walked > 600, "only {walked} forms were sent");
}

#[test]
fn frs_api_012_no_form_of_a_page_works_on_or_tells_of_what_belongs_to_a_foreign_site() {
    on_both(no_form_works);
}

/// What finn may make at his own site, by kind.
fn own(company: &Company, kind: &str) -> Option<Json> {
    let catalog = company.catalog();
    let declared = catalog.kind(kind)?;
    let made_by_hand = catalog.roles().any(|role| catalog.role_has(&role.name, &format!("{kind}.create")));
    if !made_by_hand || ["person", "site"].contains(&kind) {
        return None;
    }
    let mut body = json!({"title": "Mine", "site": "OSL", "fields": {}});
    if declared.numbering == Numbering::Given {
        body["number"] = json!(format!("OWN-{kind}"));
    }
    for field in declared.fields.iter().filter(|field| field.required) {
        let value = match &field.sort {
            FieldSort::Line(_) | FieldSort::Block(_) => json!("words"),
            FieldSort::Integer { min, .. } => json!(min),
            FieldSort::Decimal => json!("1"),
            FieldSort::Date => json!("2026-11-01"),
            FieldSort::YesNo => json!(true),
            FieldSort::Choice(values) => json!(values[0].0),
            FieldSort::Person => json!("finn"),
            FieldSort::Zone => json!("Europe/Oslo"),
            FieldSort::Sheet | FieldSort::TableRevision(_) => continue,
        };
        body["fields"][&field.name] = value;
    }
    Some(body)
}

/// Sends the same with what is hidden and with what nobody has; tells where the answers differ.
struct Pairs<'a> {
    company: &'a Company,
    finn: String,
    told: BTreeSet<String>,
    walked: usize,
}

impl Pairs<'_> {
    fn hold(&mut self, what: &str, hidden: &str, ghost: &str, send: impl Fn(&Company, &str, &str) -> Reply) {
        let (there, not) = (send(self.company, &self.finn, hidden), send(self.company, &self.finn, ghost));
        let names = [hidden, ghost];
        let (there, not) = (said(&there, &names), said(&not, &names));
        if there != not || !(400..500).contains(&there.0) || there.1.to_lowercase().contains(&CANARY.to_lowercase()) {
            self.told.insert(format!("{what}: {there:?}, not {not:?}"));
        }
        self.walked += 1;
    }
}

fn nothing_foreign_can_be_named(company: &Company) {
    let before = company.events();
    let mut pairs = Pairs { company, finn: company.cookie("finn"), told: BTreeSet::new(), walked: 0 };
    let catalog = company.catalog();
    let person = company.hidden.records.iter().find(|(kind, ..)| kind == "person").unwrap();
    let people = [(person.1.as_str(), GHOST), (person.2.as_str(), "nobody")];
    for kind in catalog.kinds() {
        let Some(body) = own(company, &kind.name) else { continue };
        let api = |company: &Company, cookie: &str, body: &Json| company.client.send(Ask::post(format!("/api/v1/records/{}", kind.name)).key(&company.world.key()).cookie(cookie).json(body.clone()));
        for link in &kind.links {
            for (target, id, number) in &company.hidden.records {
                if !link.targets.is_empty() && !link.targets.contains(target) {
                    continue;
                }
                pairs.hold(&format!("{} with {} to {target}", kind.name, link.name), id, GHOST, |company, finn, named| {
                    let mut body = body.clone();
                    body["links"] = json!([{"link": link.name, "target": named}]);
                    api(company, finn, &body)
                });
                pairs.hold(&format!("the page of {} with {} to {target}", kind.name, link.name), id, GHOST, |company, finn, named| {
                    let key = company.world.key();
                    post(company, finn, &format!("/new/{}", kind.name), &[("key", &key), ("title", "Mine"), ("site", "OSL"), ("number", "OWN"), ("link", &link.name), ("target", named)])
                });
                pairs.hold(&format!("{} with {} to the number of {target}", kind.name, link.name), number, "NO-9", |company, finn, named| {
                    let mut body = body.clone();
                    body["links"] = json!([{"link": link.name, "target": named}]);
                    api(company, finn, &body)
                });
            }
        }
        for (hidden, ghost) in people {
            pairs.hold(&format!("{} owned by somebody else's person", kind.name), hidden, ghost, |company, finn, named| {
                let mut body = body.clone();
                body["owner"] = json!(named);
                api(company, finn, &body)
            });
            for field in kind.fields.iter().filter(|field| field.sort == FieldSort::Person) {
                pairs.hold(&format!("{}.{}", kind.name, field.name), hidden, ghost, |company, finn, named| {
                    let mut body = body.clone();
                    body["fields"][&field.name] = json!(named);
                    api(company, finn, &body)
                });
            }
        }
        // At the site itself nothing is made, but what everybody may report wherever it happened.
        if !catalog.role_has(kernel::catalog::EVERYONE, &format!("{}.create", kind.name)) {
            let mut at_rome = body.clone();
            at_rome["site"] = json!("ROM");
            assert_eq!(api(company, &pairs.finn, &at_rome).status, 403, "{}", kind.name);
        }
    }
    for (kind, list) in [("department", "departments"), ("job_function", "job_functions"), ("equipment", "equipment")] {
        let number = company.hidden.records.iter().find(|(of, ..)| of == kind).unwrap().2.clone();
        pairs.hold(&format!("a person of a foreign {kind}"), &number, "NO-9", |company, finn, named| {
            let input = json!({"login": "nora", "name": "Nora", "site": "OSL", list: [named]});
            company.client.send(Ask::post("/api/v1/commands/person.create").key(&company.world.key()).cookie(finn).json(json!({ "input": input })))
        });
    }
    for (hidden, ghost) in people {
        pairs.hold("a course for somebody else's person", hidden, ghost, |company, finn, named| {
            let body = json!({"input": {"course": GHOST, "person": named, "due_date": "2031-01-01"}});
            company.client.send(Ask::post("/api/v1/commands/lms.assign").key(&company.world.key()).cookie(finn).json(body))
        });
    }
    assert_eq!(company.events(), before, "nothing was changed");
    // Lists by the owner, and what is theirs with a foreign name put into it.
    let kinds: Vec<String> = catalog.kinds().map(|kind| kind.name.clone()).collect();
    for kind in &kinds {
        for path in [format!("/api/v1/records/{kind}?owner="), format!("/list/{kind}?owner=")] {
            let (hidden, ghost) = people[1];
            let (there, not) = (company.get(format!("{path}{hidden}"), &pairs.finn), company.get(format!("{path}{ghost}"), &pairs.finn));
            assert_eq!(said(&there, &[hidden, ghost]), said(&not, &[hidden, ghost]), "{path}");
        }
    }
    assert!(pairs.told.is_empty(), "{} tell that something is there or take it:\n{}", pairs.told.len(), Vec::from_iter(pairs.told).join("\n"));
    assert!(pairs.walked > 100, "only {}", pairs.walked);
}

#[test]
fn frs_api_012_nothing_foreign_can_be_linked_to_or_named_in_what_one_makes() {
    on_both(nothing_foreign_can_be_named);
}

/// The open work on a record.
fn open_work(company: &Company, record: &str) -> Vec<String> {
    let open = db::sql("select id from obligation where tenant = $1 and record = $2 and state = 'open' and sort <> 'train' order by id");
    let rows = company.world.kernel.database().query(open, &[kernel::MAIN_TENANT.into(), record.into()]).unwrap();
    rows.iter().map(|row| row.text("id").unwrap().to_owned()).collect()
}

fn own_records_take_nothing_foreign(company: &Company) {
    let mut pairs = Pairs { company, finn: company.cookie("finn"), told: BTreeSet::new(), walked: 0 };
    let catalog = company.catalog();
    let person = company.hidden.records.iter().find(|(kind, ..)| kind == "person").unwrap();
    let mut work = 0;
    for kind in catalog.kinds() {
        let Some(body) = own(company, &kind.name) else { continue };
        let made = company.client.send(Ask::post(format!("/api/v1/records/{}", kind.name)).key(&format!("own {}", kind.name)).cookie(&pairs.finn).json(body));
        assert_eq!(made.status, 201, "{}: {}", kind.name, made.text());
        let id = made.json()["result"]["id"].as_str().unwrap().to_owned();
        let path = format!("/api/v1/records/{}/{id}", kind.name);
        for (hidden, ghost) in [(person.1.as_str(), GHOST), (person.2.as_str(), "nobody")] {
            pairs.hold(&format!("{} given to somebody else's person", kind.name), hidden, ghost, |company, finn, named| {
                company.client.send(Ask::patch(path.clone()).key(&company.world.key()).version(1).cookie(finn).json(json!({"owner": named})))
            });
        }
        // The work that waits on it is given to nobody of another site.
        for obligation in open_work(company, &id) {
            for (hidden, ghost) in [(person.1.as_str(), GHOST), (person.2.as_str(), "nobody")] {
                pairs.hold(&format!("work on {} given to somebody else's person", kind.name), hidden, ghost, |company, finn, named| {
                    let body = json!({"input": {"obligation": obligation, "person": named}, "reason": "because"});
                    company.client.send(Ask::post("/api/v1/commands/obligation.reassign").key(&company.world.key()).cookie(finn).json(body))
                });
            }
            work += 1;
        }
        let number = company.world.record(&id).number;
        for link in &kind.links {
            for (target, hidden, its_number) in company.hidden.records.iter().filter(|(target, ..)| link.targets.is_empty() || link.targets.contains(target)) {
                for (named, ghost) in [(hidden.as_str(), GHOST), (its_number.as_str(), "NO-9")] {
                    pairs.hold(&format!("{}: {} to {target}", kind.name, link.name), named, ghost, |company, finn, named| {
                        let body = json!({"link": link.name, "target": named});
                        company.client.send(Ask::post(format!("{path}/links")).key(&company.world.key()).version(1).cookie(finn).json(body))
                    });
                    pairs.hold(&format!("the page of {}: {} to {target}", kind.name, link.name), named, ghost, |company, finn, named| {
                        let key = company.world.key();
                        post(company, finn, &format!("/r/{}/{number}/do/link.add", kind.name), &[("key", &key), ("version", "1"), ("link", &link.name), ("target", named), ("reason", "because")])
                    });
                }
            }
        }
    }
    assert!(pairs.told.is_empty(), "{} tell that something is there or take it:\n{}", pairs.told.len(), Vec::from_iter(pairs.told).join("\n"));
    assert!(pairs.walked > 100 && work > 0, "only {}, {work} of them work", pairs.walked);
    // A file of parts names a foreign one: its number is taken, and nothing else is said.
    let number = &company.hidden.records.iter().find(|(kind, ..)| kind == "part").unwrap().2;
    let csv = format!("parent,child,qty\nOWN-TOP,{number},1\n");
    let digest = company.world.kernel.files().put(csv.as_bytes(), 10_000).unwrap().hex();
    let body = json!({"input": {"file": digest, "file_name": "own.csv", "site": "OSL"}, "reason": "because"});
    let refused = company.client.send(Ask::post("/api/v1/commands/part.import_structure").key("import").cookie(&pairs.finn).json(body));
    assert_eq!(refused.status, 409, "{}", refused.text());
    let (_, text) = said(&refused, &[number]);
    assert!(!text.to_lowercase().contains(&CANARY.to_lowercase()), "{text}");
}

#[test]
fn frs_api_012_nothing_foreign_is_ever_linked_to_or_taken_into_a_record_of_ones_own() {
    on_both(own_records_take_nothing_foreign);
}
