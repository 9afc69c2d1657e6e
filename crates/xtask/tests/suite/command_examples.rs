//! For every command one example at least: what must be there, who runs it, with which input. A
//! command without an example fails the walk.

use crate::command_company::{bench_csv, capa_input, decision_input, person_input};
use crate::commands::Stage;
use kernel::authority::Actor;
use kernel::{MAIN_TENANT, link};
use serde_json::{Value as Json, json};
use testkit::world::{PASSWORD, text};

/// A command's input, ready to be sent.
pub struct Ready {
    pub input: Json,
    pub reason: Option<&'static str>,
    pub signed: bool,
}

impl Ready {
    fn with(input: Json) -> Self {
        Self { input, reason: None, signed: false }
    }

    fn because(input: Json) -> Self {
        Self { input, reason: Some("as agreed in the review"), signed: false }
    }

    fn signed(input: Json) -> Self {
        Self { input, reason: None, signed: true }
    }
}

/// Who runs it: a person, or the clock alone.
pub enum Example {
    Person(fn(&Stage) -> (Actor, Ready)),
    Clock(fn(&Stage) -> Ready),
}

use Example::{Clock, Person};

/// Every command by name. Those of the clock come last, because it moves for them.
pub fn examples() -> Vec<(&'static str, Example)> {
    vec![
        ("record.create", Person(|s| (s.writer.clone(), Ready::with(capa_input())))),
        ("record.edit", Person(edit)),
        ("record.step", Person(step)),
        ("record.step", Person(signed_step)),
        ("record.revise", Person(|s| (s.writer.clone(), Ready::with(json!({"record": s.procedure(json!({}))}))))),
        ("link.add", Person(add_link)),
        ("link.remove", Person(remove_link)),
        ("link.clear", Person(clear_link)),
        ("hold.place", Person(|s| (s.quality_manager.clone(), Ready::with(json!({"record": s.capa(), "why": "leaks at 6 bar"}))))),
        ("hold.lift", Person(lift_hold)),
        ("decision.take", Person(|s| (s.writer.clone(), Ready::with(decision_input(&s.capa()))))),
        ("clock.extend", Person(extend_clock)),
        ("obligation.complete", Person(complete)),
        ("obligation.reassign", Person(reassign)),
        ("dossier.freeze", Person(|s| (s.quality_manager.clone(), Ready::with(json!({"record": s.project()}))))),
        ("file.attach", Person(|s| (s.writer.clone(), Ready::with(s.file_input(&s.capa()))))),
        ("file.remove", Person(remove_file)),
        ("evidence.check", Person(|s| (s.quality_manager.clone(), Ready::with(json!({}))))),
        ("evidence.export", Person(|s| (s.writer.clone(), Ready::because(json!({"record": s.capa()}))))),
        ("personal.edit", Person(|s| (s.writer.clone(), Ready::with(s.personal_input(&s.complaint()))))),
        ("personal.erase", Person(erase)),
        ("person.create", Person(|s| (s.world.admin.clone(), Ready::with(person_input("petra"))))),
        ("person.describe", Person(|s| (s.world.admin.clone(), Ready::with(json!({"person": s.hired("pavel"), "name": "Pavel Renamed"}))))),
        ("person.set_password", Person(|s| (s.world.admin.clone(), Ready::with(json!({"person": s.hired("pia"), "password": "given by the desk"}))))),
        ("password.change", Person(change_password)),
        ("role.grant", Person(|s| (s.world.admin.clone(), Ready::with(json!({"person": s.hired("pino"), "role": "operator"}))))),
        ("role.revoke", Person(revoke_role)),
        ("token.create", Person(|s| (s.designer.clone(), Ready::with(json!({"name": "export", "days": 30}))))),
        ("token.revoke", Person(revoke_token)),
        ("export.note", Person(|s| (s.operator.clone(), Ready::because(json!({"kind": "capa", "rows": 3, "digest": "0".repeat(64)}))))),
        ("part.add_line", Person(add_line)),
        ("part.change_line", Person(change_line)),
        ("part.remove_line", Person(remove_line)),
        ("part.set_manufacturer_part", Person(|s| (s.designer.clone(), Ready::with(s.source_input(&s.part()))))),
        ("part.remove_manufacturer_part", Person(remove_source)),
        ("part.import_structure", Person(|s| (s.designer.clone(), Ready::because(s.bench().1)))),
        ("change_order.add_affected", Person(add_affected)),
        ("change_order.remove_affected", Person(remove_affected)),
        ("change_order.apply_structure", Person(apply_structure)),
        ("lms.assign", Person(assign)),
        ("lms.excuse", Person(excuse)),
        ("lms.read_and_sign", Person(read_and_sign)),
        ("document.make_effective", Clock(comes_into_effect)),
        ("review.ask", Clock(|s| Ready::with(json!({"record": s.procedure(json!({"review_interval_months": 1}))})))),
        ("lms.escalate", Clock(falls_overdue)),
        ("lms.repeat", Clock(comes_round_again)),
    ]
}

fn edit(s: &Stage) -> (Actor, Ready) {
    let capa = s.capa();
    let version = s.world.record(&capa).version;
    (s.writer.clone(), Ready::with(json!({"record": capa, "version": version, "title": "Fittings burn in oxygen"})))
}

fn step(s: &Stage) -> (Actor, Ready) {
    let complaint = s.complaint();
    let version = s.world.record(&complaint).version;
    (s.writer.clone(), Ready::with(json!({"record": complaint, "version": version, "step": "evaluate"})))
}

fn signed_step(s: &Stage) -> (Actor, Ready) {
    let (course, _) = (s.world.create(&s.writer, "course", "Assembly", json!({"statement": "I have read it.", "due_days": 1})).unwrap(), ());
    s.world.link(&s.writer, &course, "teaches", &s.procedure(json!({}))).unwrap();
    let version = s.world.record(&course).version;
    (s.trainer.clone(), Ready::signed(json!({"record": course, "version": version, "step": "approve"})))
}

fn add_link(s: &Stage) -> (Actor, Ready) {
    (s.writer.clone(), Ready::with(json!({"record": s.complaint(), "link": "concerns", "target": s.part()})))
}

fn remove_link(s: &Stage) -> (Actor, Ready) {
    let added = s.world.link(&s.writer, &s.complaint(), "concerns", &s.part()).unwrap();
    (s.writer.clone(), Ready::with(json!({"link": text(&added, "link")})))
}

fn clear_link(s: &Stage) -> (Actor, Ready) {
    let mark = s.released_bench();
    let procedure = s.world.create(&s.writer, "procedure", "Mounting", json!({"purpose": "Mounting"})).unwrap();
    s.world.link(&s.writer, &procedure, "applies_to", &s.world.named("part", &format!("P-{mark}")).id).unwrap();
    s.change(&format!("P-{mark}"));
    let links = s.world.kernel.database().read(move |tx| link::outgoing(tx, MAIN_TENANT, &procedure)).unwrap();
    (s.writer.clone(), Ready::because(json!({"link": links.iter().find(|link| link.suspect).unwrap().id})))
}

fn lift_hold(s: &Stage) -> (Actor, Ready) {
    let placed = s.world.run(&s.quality_manager, "hold.place", json!({"record": s.capa(), "why": "leaks"})).unwrap();
    (s.quality_manager.clone(), Ready::with(json!({"hold": text(&placed, "hold"), "why": "tight now"})))
}

fn extend_clock(s: &Stage) -> (Actor, Ready) {
    let capa = s.capa();
    s.world.run(&s.writer, "decision.take", decision_input(&capa)).unwrap();
    s.world.step(&s.writer, &capa, "investigate").unwrap();
    let clocks = s.world.kernel.database().read(move |tx| kernel::clock::of_record(tx, MAIN_TENANT, &capa)).unwrap();
    (s.quality_manager.clone(), Ready::because(json!({"clock": clocks[0].id, "due_date": s.date_in(90)})))
}

fn erase(s: &Stage) -> (Actor, Ready) {
    let complaint = s.complaint();
    s.world.run(&s.writer, "personal.edit", s.personal_input(&complaint)).unwrap();
    (s.quality_manager.clone(), Ready::because(json!({"record": complaint})))
}

fn complete(s: &Stage) -> (Actor, Ready) {
    (s.writer.clone(), Ready::with(json!({"obligation": s.reassessment(), "outcome": "Looked at again: unchanged"})))
}

fn reassign(s: &Stage) -> (Actor, Ready) {
    (s.quality_manager.clone(), Ready::with(json!({"obligation": s.reassessment(), "person": "paula"})))
}

fn remove_file(s: &Stage) -> (Actor, Ready) {
    let capa = s.capa();
    let attached = s.world.run(&s.writer, "file.attach", s.file_input(&capa)).unwrap();
    let version = s.world.record(&capa).version;
    (s.writer.clone(), Ready::with(json!({"record": capa, "version": version, "file": text(&attached, "file")})))
}

fn change_password(s: &Stage) -> (Actor, Ready) {
    let changer = s.world.person("pablo", &[]);
    (changer, Ready::with(json!({"current_password": PASSWORD, "password": "quite another battery"})))
}

fn revoke_role(s: &Stage) -> (Actor, Ready) {
    let granted = s.world.run(&s.world.admin, "role.grant", json!({"person": s.hired("prisca"), "role": "operator"})).unwrap();
    (s.world.admin.clone(), Ready::with(json!({"grant": text(&granted, "grant")})))
}

fn revoke_token(s: &Stage) -> (Actor, Ready) {
    let made = s.world.run(&s.designer, "token.create", json!({"name": "import", "days": 7})).unwrap();
    (s.designer.clone(), Ready::with(json!({"token": text(&made, "token_id")})))
}

fn add_line(s: &Stage) -> (Actor, Ready) {
    (s.designer.clone(), Ready::with(s.line_input(&s.part())))
}

fn change_line(s: &Stage) -> (Actor, Ready) {
    let (parent, line) = s.line();
    let version = s.world.record(&parent).version;
    (s.designer.clone(), Ready::with(json!({"record": parent, "version": version, "line": line, "quantity": "3"})))
}

fn remove_line(s: &Stage) -> (Actor, Ready) {
    let (parent, line) = s.line();
    let version = s.world.record(&parent).version;
    (s.designer.clone(), Ready::with(json!({"record": parent, "version": version, "line": line})))
}

fn remove_source(s: &Stage) -> (Actor, Ready) {
    let part = s.part();
    let set = s.world.run(&s.designer, "part.set_manufacturer_part", s.source_input(&part)).unwrap();
    let version = s.world.record(&part).version;
    (s.designer.clone(), Ready::with(json!({"record": part, "version": version, "source": text(&set, "source")})))
}

fn add_affected(s: &Stage) -> (Actor, Ready) {
    let part = s.world.named("part", &format!("P-{}", s.released_bench())).id;
    (s.designer.clone(), Ready::with(json!({"order": s.order(), "record": part})))
}

fn remove_affected(s: &Stage) -> (Actor, Ready) {
    let (order, part) = (s.order(), s.world.named("part", &format!("P-{}", s.released_bench())).id);
    let added = s.world.run(&s.designer, "change_order.add_affected", json!({"order": order, "record": part})).unwrap();
    (s.designer.clone(), Ready::because(json!({"order": order, "record": text(&added, "record")})))
}

fn apply_structure(s: &Stage) -> (Actor, Ready) {
    let mark = s.released_bench();
    let file = s.upload(bench_csv(&mark, "F-1-OX").as_bytes());
    (s.designer.clone(), Ready::with(json!({"order": s.order(), "file": file, "file_name": "bench.csv"})))
}

fn assign(s: &Stage) -> (Actor, Ready) {
    let (course, _) = s.course(json!({}));
    (s.supervisor.clone(), Ready::because(s.assign_input(&course)))
}

fn excuse(s: &Stage) -> (Actor, Ready) {
    (s.trainer.clone(), Ready::because(json!({"obligation": s.assignment()})))
}

fn read_and_sign(s: &Stage) -> (Actor, Ready) {
    (s.operator.clone(), Ready::signed(json!({"obligation": s.assignment()})))
}

fn comes_into_effect(s: &Stage) -> Ready {
    let procedure = s.given_out(json!({}), Some(&s.date_in(1)));
    s.days_pass(2);
    Ready::with(json!({"record": procedure}))
}

fn falls_overdue(s: &Stage) -> Ready {
    s.assignment();
    s.days_pass(5);
    Ready::with(json!({}))
}

fn comes_round_again(s: &Stage) -> Ready {
    let (course, procedure) = s.course(json!({"repeat_months": 1}));
    let department = s.world.create_with(&s.world.admin, json!({"kind": "department", "number": "ASM", "title": "Assembly"})).unwrap();
    s.world.link(&s.world.admin, s.operator.person(), "works_in", &department).unwrap();
    let requirement = s.world.create(&s.writer, "training_requirement", "Assemblers", json!({})).unwrap();
    s.world.link(&s.writer, &requirement, "requires", &course).unwrap();
    s.world.link(&s.writer, &requirement, "for_department", &department).unwrap();
    s.world.sign_step(&s.trainer, &requirement, "approve").unwrap();
    s.world.sign(&s.operator, "lms.read_and_sign", json!({"obligation": s.open(&procedure, "train")})).unwrap();
    s.days_pass(40);
    Ready::with(json!({"course": course}))
}
