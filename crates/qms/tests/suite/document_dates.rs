//! Effective dates: at once, on a later day in the zone of the site, never in the past.

use crate::company::{Company, blockers, code, effective_count, revisions, story};
use crate::document::{draft, issue, next_revision, ready};
use base::Timestamp;
use serde_json::json;
use testkit::world::text;

fn effective_on(company: &Company, document: &str, date: &str) {
    let input = json!({"record": document, "version": company.world.record(document).version, "effective_on": date});
    company.world.run(&company.quinn, "record.edit", input).unwrap();
}

#[test]
fn frs_doc_010_a_date_in_the_past_blocks_both_ways_of_release_and_today_does_not() {
    story(|company| {
        let world = &company.world;
        let document = draft(company);
        effective_on(company, &document, "2026-11-01");
        let order = company.order(&[&document]);
        let past = "document.date_is_not_past: The effective date 2026-11-01 has passed; set a date from 2026-11-02 on, or none to begin at once";
        assert_eq!(blockers(&world.sign_step(&company.dario, &order, "release").unwrap_err()), [past]);
        company.take_off(&order);
        ready(company, &document);
        assert_eq!(blockers(&world.sign_step(&company.dario, &document, "issue").unwrap_err()), [past]);
        world.step(&company.dario, &document, "send_back").unwrap();
        effective_on(company, &document, "2026-11-02");
        issue(company, &document);
        assert_eq!(company.state(&document), "effective");
    });
}

#[test]
fn frs_doc_012_a_released_document_waits_for_its_day_and_the_clock_makes_it_effective() {
    story(|company| {
        let world = &company.world;
        let first = draft(company);
        issue(company, &first);
        let second = next_revision(company, &first);
        effective_on(company, &second, "2026-11-16");
        let order = company.order(&[&second]);
        company.release(&order);
        assert_eq!(revisions(company, &world.record(&second)), ["A effective", "B approved"]);
        assert_eq!(company.open(&second, "train").len(), 12, "people read it before it counts");
        assert_eq!(code(&world.edit(&company.quinn, &second, json!({"body": "x"})).unwrap_err()), "content_fixed");
        company.days_pass(13);
        company.run_jobs();
        assert_eq!(revisions(company, &world.record(&second)), ["A effective", "B approved"]);
        company.days_pass(1);
        company.run_jobs();
        assert_eq!(revisions(company, &world.record(&second)), ["A superseded", "B effective"]);
        assert_eq!(world.record(&second).effective_on.as_deref(), Some("2026-11-16"));
        assert_eq!(effective_count(company, &world.record(&second)), 1);
        let version = world.record(&second).version;
        company.run_jobs();
        assert_eq!(world.record(&second).version, version, "once is enough");
    });
}

#[test]
fn frs_doc_012_the_day_begins_at_midnight_in_the_zone_of_the_site() {
    story(|company| {
        let world = &company.world;
        for (number, zone) in [("AKL", "Pacific/Auckland"), ("HNL", "Pacific/Honolulu")] {
            let site = json!({"kind": "site", "number": number, "title": number, "fields": {"zone": zone}});
            world.run(&world.admin, "record.create", site).unwrap();
        }
        let at = |site: &str| {
            let fields = json!({"purpose": "p", "scope": "s", "body": "b"});
            let input = json!({"kind": "procedure", "title": "x", "site": site, "effective_on": "2026-11-10", "fields": fields});
            let id = text(&world.run(&company.quinn, "record.create", input).unwrap(), "id");
            issue(company, &id);
            id
        };
        let documents = [at("AKL"), at("ROM"), at("HNL")];
        let states = |moment: &str| {
            world.clock.set(Timestamp::parse(moment).unwrap());
            company.run_jobs();
            documents.iter().map(|id| company.state(id)).collect::<Vec<_>>()
        };
        assert_eq!(states("2026-11-09T10:59:59Z"), ["approved", "approved", "approved"]);
        assert_eq!(states("2026-11-09T11:00:00Z"), ["effective", "approved", "approved"]);
        assert_eq!(states("2026-11-09T22:59:59Z"), ["effective", "approved", "approved"]);
        assert_eq!(states("2026-11-09T23:00:00Z"), ["effective", "effective", "approved"]);
        assert_eq!(states("2026-11-10T09:59:59Z"), ["effective", "effective", "approved"]);
        assert_eq!(states("2026-11-10T10:00:00Z"), ["effective", "effective", "effective"]);
    });
}

#[test]
fn frs_doc_012_a_hold_stops_one_document_and_not_the_others() {
    story(|company| {
        let world = &company.world;
        let (held, free) = (draft(company), draft(company));
        for document in [&held, &free] {
            effective_on(company, document, "2026-11-10");
            issue(company, document);
        }
        let hold = text(&world.run(&company.quinn, "hold.place", json!({"record": held, "why": "wrong torque"})).unwrap(), "hold");
        company.days_pass(9);
        company.run_jobs();
        assert_eq!((company.state(&held).as_str(), company.state(&free).as_str()), ("approved", "effective"));
        world.run(&company.max, "hold.lift", json!({"hold": hold, "why": "corrected"})).unwrap();
        company.run_jobs();
        assert_eq!(company.state(&held), "effective");
        assert_eq!(world.record(&held).effective_on.as_deref(), Some("2026-11-11"), "the day on which it really began to count");
    });
}

#[test]
fn frs_doc_012_nobody_makes_a_document_effective_by_hand() {
    story(|company| {
        let world = &company.world;
        let document = draft(company);
        effective_on(company, &document, "2026-11-10");
        issue(company, &document);
        for actor in [&company.dario, &company.max, &world.admin] {
            let refused = world.run(actor, "document.make_effective", json!({"record": document})).unwrap_err();
            assert_eq!(code(&refused), "not_permitted");
            assert_eq!(code(&world.step(actor, &document, "make_effective").unwrap_err()), "not_permitted");
        }
        assert_eq!(company.state(&document), "approved");
    });
}
