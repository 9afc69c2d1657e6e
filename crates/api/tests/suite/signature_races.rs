//! Races at a signature: two requests at once, in both orders and truly parallel. Exactly one wins,
//! nobody gets an error of the server's, and what is signed is what was shown.

use super::support::{Ask, Client, Reply};
use api::{Settings, State};
use kernel::catalog::Module;
use kernel::kind::{Area, Effect, Field, Kind, Phase, Step};
use serde_json::{Value as Json, json};
use std::sync::Barrier;
use testkit::engines::{TestDatabase, both_migrated};
use testkit::world::{PASSWORD, World};

/// Rounds of each parallel race.
const ROUNDS: usize = 12;

/// A case that can be written while it is signed: closed by one signature, issued by two.
fn cases() -> Vec<Module> {
    let case = Kind::new("case", "Case", "Cases", Area::Quality)
        .counted("CASE", 4)
        .field(Field::block("cause", "Cause"))
        .state("open", "Open", Phase::InWork)
        .state("issued", "Issued", Phase::Effective)
        .state("closed", "Closed", Phase::Closed)
        .step(
            Step::new("close", "Close", &["open"], "closed")
                .signed("quality_manager", "closed the case")
                .effect(Effect::Raise { sort: "act".to_owned(), task: "File it".to_owned(), role: "quality_engineer".to_owned(), due_days: 3 }),
        )
        .step(
            Step::new("issue", "Issue", &["open"], "issued")
                .signed("engineering_manager", "for engineering")
                .signed("quality_manager", "for quality")
                .effect(Effect::Raise { sort: "act".to_owned(), task: "Hand it out".to_owned(), role: "quality_engineer".to_owned(), due_days: 3 }),
        )
        .allow("everyone", &["view"])
        .allow("quality_engineer", &["create", "edit"]);
    vec![Module { kinds: vec![case], ..Module::default() }]
}

struct Office {
    world: World,
    client: Client,
    editor: String,
    /// Two people with both of the roles.
    signers: [String; 2],
}

impl Office {
    fn new(test: &TestDatabase) -> Self {
        let world = World::new(test.database.clone(), cases());
        world.person("dora", &["quality_engineer"]);
        for login in ["quinn", "emil"] {
            world.person(login, &["quality_manager", "engineering_manager"]);
        }
        let client = Client::new(api::router(State::new(world.kernel.clone(), Settings::default())));
        let cookie = |login: &str| {
            let reply = client.send(Ask::post("/api/v1/session").json(json!({"login": login, "password": PASSWORD})));
            reply.header("set-cookie").split(';').next().unwrap().to_owned()
        };
        let (editor, signers) = (cookie("dora"), [cookie("quinn"), cookie("emil")]);
        Self { world, client, editor, signers }
    }

    fn case(&self) -> String {
        self.world.create(&self.world.sign_in("dora"), "case", "Leak", json!({"cause": "unknown"})).unwrap()
    }

    /// The whole request of a signature, challenge and all, ready to be sent.
    fn signature(&self, signer: usize, id: &str, step: &str) -> Ask {
        let (cookie, login) = (&self.signers[signer], ["quinn", "emil"][signer]);
        let version = self.world.record(id).version;
        let input = json!({"record": id, "version": version, "step": step});
        let shown = self.client.send(Ask::post("/api/v1/challenges").json(json!({"command": "record.step", "input": input})).cookie(cookie));
        assert_eq!(shown.status, 200, "{}", shown.text());
        let signature = json!({"challenge": shown.json()["challenge"], "login": login, "password": PASSWORD});
        let ask = Ask::post(format!("/api/v1/records/case/{id}/steps/{step}")).key(&self.world.key()).version(version);
        ask.json(json!({"signature": signature})).cookie(cookie)
    }

    fn edit(&self, id: &str) -> Ask {
        let ask = Ask::patch(format!("/api/v1/records/case/{id}")).key(&self.world.key()).version(self.world.record(id).version);
        ask.json(json!({"fields": {"cause": "a swollen seal"}})).cookie(&self.editor)
    }

    /// Sends both in the same moment.
    fn at_once(&self, one: Ask, other: Ask) -> [Reply; 2] {
        let barrier = Barrier::new(2);
        let go = |ask: Ask| {
            barrier.wait();
            self.client.send(ask)
        };
        std::thread::scope(|scope| {
            let first = scope.spawn(|| go(one));
            let second = go(other);
            [first.join().unwrap(), second]
        })
    }

    fn count(&self, statement: db::Sql, id: &str) -> i64 {
        self.world.kernel.database().query(statement, &["main".into(), id.into()]).unwrap()[0].int("n").unwrap()
    }

    fn signed(&self, id: &str) -> i64 {
        self.count(db::sql("select count(*) as n from signature where tenant = $1 and record = $2"), id)
    }

    fn raised(&self, id: &str) -> i64 {
        self.count(db::sql("select count(*) as n from obligation where tenant = $1 and record = $2 and sort = 'act'"), id)
    }

    /// What a signed case says is what its signature was given for.
    fn signed_what_was_shown(&self, id: &str) -> Json {
        let record = self.world.record(id);
        let read = id.to_owned();
        let given = self.world.kernel.database().read(move |tx| kernel::signature::of_record(tx, "main", &read)).unwrap();
        for given in &given {
            assert_eq!(given.digest, record.digest, "the signature is on what the record says");
            assert_eq!(given.version + 1, record.version, "and on the version before the step");
        }
        record.fields["cause"].clone()
    }
}

fn loses(reply: &Reply) {
    assert!(matches!(reply.status, 409 | 412), "{}: {}", reply.status, reply.text());
}

fn one_wins(replies: &[Reply; 2]) -> usize {
    let winner = replies.iter().position(|reply| reply.status == 200).unwrap_or_else(|| panic!("nobody wins: {} {}", replies[0].text(), replies[1].text()));
    loses(&replies[1 - winner]);
    winner
}

#[test]
fn frs_sig_012_of_a_signature_and_an_edit_at_once_only_one_happens_whichever_comes_first() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let office = Office::new(test);
        let outcome = |replies: [Reply; 2], id: &str| {
            let winner = one_wins(&replies);
            let (state, signed) = (office.world.record(id).state, office.signed(id));
            if winner == 0 {
                assert_eq!((state.as_str(), signed, office.raised(id)), ("closed", 1, 1));
                assert_eq!(office.signed_what_was_shown(id), "unknown");
            } else {
                assert_eq!((state.as_str(), signed, office.raised(id)), ("open", 0, 0));
            }
            winner
        };
        let id = office.case();
        let (sign, edit) = (office.signature(0, &id, "close"), office.edit(&id));
        assert_eq!(outcome([office.client.send(sign), office.client.send(edit)], &id), 0);
        let id = office.case();
        let (sign, edit) = (office.signature(0, &id, "close"), office.edit(&id));
        let edited = office.client.send(edit);
        assert_eq!(outcome([office.client.send(sign), edited], &id), 1);
        for _ in 0..ROUNDS {
            let id = office.case();
            outcome(office.at_once(office.signature(0, &id, "close"), office.edit(&id)), &id);
        }
    });
}

#[test]
fn frs_sig_012_of_two_who_sign_the_same_at_once_only_one_does_and_its_effects_come_once() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let office = Office::new(test);
        for round in 0..ROUNDS {
            let id = office.case();
            let asks = [office.signature(0, &id, "close"), office.signature(1, &id, "close")];
            let [one, other] = asks;
            let replies = match round {
                0 => [office.client.send(one), office.client.send(other)],
                _ => office.at_once(one, other),
            };
            one_wins(&replies);
            assert_eq!((office.signed(&id), office.raised(&id), office.world.record(&id).state.as_str()), (1, 1, "closed"));
        }
        // One request sent twice at once: one signature, and the same answer for both.
        let id = office.case();
        let twice = office.signature(0, &id, "close");
        let replies = office.at_once(twice.clone(), twice);
        assert_eq!(replies.each_ref().map(|reply| reply.status), [200, 200], "{} {}", replies[0].text(), replies[1].text());
        assert_eq!(replies[0].json()["result"], replies[1].json()["result"]);
        assert_eq!((office.signed(&id), office.raised(&id)), (1, 1));
    });
}

#[test]
fn frs_sig_012_the_last_two_signatures_at_once_take_the_step_once_and_never_not_at_all() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let office = Office::new(test);
        for _ in 0..ROUNDS {
            // Both are shown the first open signature; the one who comes second is told so and signs
            // what is left.
            let id = office.case();
            let replies = office.at_once(office.signature(0, &id, "issue"), office.signature(1, &id, "issue"));
            let winner = replies.iter().position(|reply| reply.status == 200).unwrap();
            let second = &replies[1 - winner];
            assert!(matches!(second.status, 409 | 412 | 422), "{}", second.text());
            assert_eq!((office.signed(&id), office.raised(&id)), (1, 0));
            let last = office.client.send(office.signature(1 - winner, &id, "issue"));
            assert_eq!(last.status, 200, "{}", last.text());
            assert_eq!((office.signed(&id), office.raised(&id), office.world.record(&id).state.as_str()), (2, 1, "issued"));
            office.signed_what_was_shown(&id);
        }
    });
}
