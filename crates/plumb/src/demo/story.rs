//! The story of an oxygen-exposed fitting, scene by scene: from the complaint to the retrained
//! operator. Tests stop between the scenes and look.

use super::company::Company;
use super::staff;
use base::Result;
use kernel::MAIN_TENANT;
use kernel::obligation::{self, Obligation};
use serde_json::{Value as Json, json};

/// The two structure files; the second differs from the first in manufacturer parts only.
pub struct Structures<'a> {
    pub first: &'a [u8],
    pub second: &'a [u8],
    /// Number of the finished product.
    pub product: &'a str,
    /// Parts whose supplier is named, and that the second file changes.
    pub changed_parts: Vec<String>,
    /// The part that the complaint is about.
    pub complained_part: &'a str,
}

/// What the story has made so far.
#[derive(Debug, Clone, Default)]
pub struct Made {
    pub import: Json,
    pub supplier: String,
    pub assembly: String,
    pub incoming: String,
    pub course: String,
    pub risk: String,
    pub project: String,
    pub complaint: String,
    pub capa: String,
    pub order: String,
    pub applied: Json,
    pub revised_assembly: String,
}

/// The released structure, approved suppliers, effective procedures, trained people, the risk
/// file, the design project: the company on the day before the complaint.
pub fn set_up(company: &Company, structures: &Structures<'_>) -> Result<Made> {
    let mut made = Made::default();
    let file = company.upload(structures.first)?;
    let input = json!({ "file": file, "file_name": "lung-ventilator-rev-a.xlsx" });
    made.import = company.run_because("l.ferri", "part.import_structure", input, "Released structure taken over from the former system")?;
    made.supplier = approve_supplier(company)?;
    for number in &structures.changed_parts {
        let part = company.named("part", number)?;
        company.link("s.patel", &part.id, "supplied_by", &made.supplier)?;
    }
    made.course = matrix(company, &mut made.assembly, &mut made.incoming, structures.product)?;
    train(company, &made.assembly, usize::MAX)?;
    train(company, &made.incoming, usize::MAX)?;
    made.risk = assess_risk(company, structures.complained_part)?;
    made.project = design_project(company, structures.product, &made)?;
    Ok(made)
}

fn approve_supplier(company: &Company) -> Result<String> {
    let fields = json!({
        "scope": "Gas fittings, connectors and regulators for medical air and oxygen",
        "country": "Norway",
        "risk_class": "critical",
        "certificate": "ISO 13485, NV-22-1187",
        "certificate_expires_on": company.date_in(700)?,
        "evaluation": "Audit passed without major findings; delivered quality 99.7 % in the last year.",
    });
    let id = company.create("s.patel", "supplier", "Northvale Fluidics", fields, json!({}))?;
    company.step("s.patel", &id, "submit")?;
    company.sign_step("m.ortiz", &id, "approve")?;
    Ok(id)
}

/// Procedures, courses and the training matrix. Courses and requirements come first, so that the
/// release of the procedures assigns the training by itself.
fn matrix(company: &Company, assembly: &mut String, incoming: &mut String, product: &str) -> Result<String> {
    *assembly = document(
        company,
        "procedure",
        "Assembly of the ventilator's gas system",
        "How the pneumatic system is assembled and leak-tested so that no oxygen escapes.",
        "1. Check that every fitting carries the approved manufacturer part number.\n2. Assemble in the order of the structure, torque as on the drawing.\n3. Leak test at 6 bar on the oxygen leak test bench: at most 5 ml/min.\n4. Record serial number and result.",
    )?;
    *incoming = document(
        company,
        "procedure",
        "Incoming inspection of gas fittings",
        "How fittings for medical gas are inspected on receipt.",
        "1. Compare the delivery with the order and the approved manufacturer parts.\n2. Inspect the sample by the sampling plan.\n3. Quarantine what does not conform.",
    )?;
    let part = company.named("part", product)?;
    company.link("d.weber", assembly, "applies_to", &part.id)?;
    let mut course_of_assembly = String::new();
    for (title, document, function, equipment) in [
        ("Assembly of the gas system", &*assembly, "ASSEMBLER", Some("LT-01")),
        ("Incoming inspection of gas fittings", &*incoming, "RECEIVER", None),
    ] {
        let fields = json!({ "statement": "I have read and understood this document and will work by it.", "due_days": 14 });
        let course = company.create("g.bianchi", "course", title, fields, json!({}))?;
        company.link("g.bianchi", &course, "teaches", document)?;
        company.sign_step("t.moreau", &course, "approve")?;
        let requirement = company.create("g.bianchi", "training_requirement", &format!("Who needs: {title}"), json!({ "reason": "Safety of the gas path" }), json!({}))?;
        company.link("g.bianchi", &requirement, "requires", &course)?;
        company.link("g.bianchi", &requirement, "for_function", &company.named("job_function", function)?.id)?;
        if let Some(equipment) = equipment {
            company.link("g.bianchi", &requirement, "for_equipment", &company.named("equipment", equipment)?.id)?;
        }
        company.sign_step("t.moreau", &requirement, "approve")?;
        if function == "ASSEMBLER" {
            course_of_assembly = course;
        }
    }
    for document in [&*assembly, &*incoming] {
        company.sign_step("d.weber", document, "issue")?;
    }
    Ok(course_of_assembly)
}

fn document(company: &Company, kind: &str, title: &str, purpose: &str, body: &str) -> Result<String> {
    let fields = json!({ "purpose": purpose, "scope": "Bologna works, lung ventilator", "body": body, "review_interval_months": 24 });
    let id = company.create("l.ferri", kind, title, fields, json!({ "site": "BLQ" }))?;
    company.step("l.ferri", &id, "submit")?;
    company.sign_step("g.bianchi", &id, "approve")?;
    company.sign_step("m.ortiz", &id, "approve")?;
    Ok(id)
}

fn assess_risk(company: &Company, part: &str) -> Result<String> {
    let fields = json!({
        "hazard": "Oxygen under pressure in contact with a seal that is not oxygen-safe",
        "sequence_of_events": "A fitting with an unsuitable seal is exposed to oxygen at 6 bar; the seal swells, leaks, and may ignite.",
        "hazardous_situation": "Oxygen-enriched air inside the enclosure, close to electronics.",
        "harm": "Burns; loss of ventilation",
        "severity": 5,
        "probability_before": 3,
        "controls": "Fittings specified for oxygen service; leak test of every device; oxygen sensor in the enclosure.",
        "control_type": "inherent_safety",
        "control_verification": "Leak test record of every device; material certificates of the supplier.",
        "risks_from_controls": "None found.",
        "probability_after": 1,
        "benefit_risk": "The device sustains life; no other supply of oxygen is practicable.",
    });
    let id = company.create("g.bianchi", "risk", "Ignition or leak at an oxygen-exposed fitting", fields, json!({}))?;
    company.link("g.bianchi", &id, "concerns", &company.named("part", part)?.id)?;
    company.step("g.bianchi", &id, "evaluate")?;
    company.step("g.bianchi", &id, "submit")?;
    company.sign_step("m.ortiz", &id, "assess")?;
    Ok(id)
}

fn design_project(company: &Company, product: &str, made: &Made) -> Result<String> {
    let fields = json!({
        "intended_use": "Ventilation of adult patients in intensive care and in transport.",
        "plan": "Five stages with a review each: concept, design inputs, design outputs, verification, validation and transfer.",
        "device_class": "ii",
    });
    let id = company.create("l.ferri", "design_project", "Lung ventilator", fields, json!({}))?;
    company.step("l.ferri", &id, "start")?;
    company.link("l.ferri", &id, "design_output", &company.named("part", product)?.id)?;
    company.link("l.ferri", &id, "design_output", &made.assembly)?;
    company.link("l.ferri", &id, "risk_file", &made.risk)?;
    Ok(id)
}

/// A complaint comes in, is evaluated, and the reportability decisions are taken; the clock of the
/// report starts with the day on which the company became aware.
pub fn complaint(company: &Company, made: &mut Made, part: &str) -> Result<()> {
    let fields = json!({
        "aware_on": company.date_in(-1)?,
        "reporter": "health_professional",
        "reporter_country": "Italy",
        "product_number": part,
        "lot_or_serial": "LV-2026-0113",
        "event_date": company.date_in(-2)?,
        "description": "During the daily check the oxygen alarm came on. Service found a leak at the fitting behind the oxygen inlet; its seal was swollen. No patient was connected.",
        "harm": "none",
        "device_returned": true,
    });
    made.complaint = company.create("g.bianchi", "complaint", "Oxygen leak at an inlet fitting", fields, json!({ "site": "BLQ" }))?;
    company.link("g.bianchi", &made.complaint, "concerns", &company.named("part", part)?.id)?;
    let complainant = json!({
        "complainant_name": "Clinical engineering, Ospedale del Lago",
        "complainant_address": "Via Esempio 12, 00000 Esempio",
        "complainant_phone": "+39 000 000 0000",
    });
    company.run("g.bianchi", "personal.edit", json!({ "record": made.complaint, "personal": complainant }))?;
    company.step("g.bianchi", &made.complaint, "evaluate")?;
    let us = json!({
        "us_market": "yes", "our_device": "yes", "event_took_place": "yes", "death_or_serious_injury": "neither",
        "malfunction": "likely", "medical_judgement": "no", "urgency": "neither",
    });
    company.run("r.nilsson", "decision.take", json!({ "record": made.complaint, "tree": "us_medical_device_report", "answers": us }))?;
    let eu = json!({ "union_market": "yes", "incident": "yes", "expected_side_effect": "no", "serious": "no" });
    company.run("r.nilsson", "decision.take", json!({ "record": made.complaint, "tree": "eu_serious_incident", "answers": eu }))?;
    company.step("g.bianchi", &made.complaint, "investigate")?;
    Ok(())
}

/// The complaint becomes a CAPA: containment, root cause, an approved plan.
pub fn investigate(company: &Company, made: &mut Made) -> Result<()> {
    let fields = json!({
        "source": "complaint",
        "nature": "corrective",
        "problem": "Seals of seven fittings in the oxygen path are not specified for oxygen service.",
        "containment": "Stock of the seven fittings blocked; devices in the field get an additional leak check.",
    });
    let links = json!([{ "link": "addresses", "target": made.complaint }]);
    made.capa = company.create("g.bianchi", "capa", "Oxygen-safe fittings in the gas path", fields, json!({ "links": links, "site": "BLQ" }))?;
    company.link("l.ferri", &made.project, "project_capa", &made.capa)?;
    company.link("l.ferri", &made.project, "project_complaint", &made.complaint)?;
    company.run("g.bianchi", "decision.take", json!({ "record": made.capa, "tree": "capa_needed", "answers": { "harm": "yes" } }))?;
    company.step("g.bianchi", &made.capa, "investigate")?;
    company.days_pass(4);
    company.edit(
        "g.bianchi",
        &made.capa,
        json!({
            "root_cause_method": "five_why",
            "root_cause": "The specification of the fittings names size and pressure but not the medium, so the purchased variants carry standard seals. Confirmed by material analysis of the returned seal.",
            "action_plan": "Change the seven fittings to the variants for oxygen service (change order). Revise the assembly procedure: check the manufacturer part number of every fitting. Train all assemblers.",
            "effectiveness_metric": "Oxygen leaks at fittings for each 1,000 leak tests",
            "effectiveness_threshold": "0 in 30 days after release",
            "effectiveness_window_days": 0,
        }),
    )?;
    company.step("g.bianchi", &made.capa, "submit_plan")?;
    company.sign_step("m.ortiz", &made.capa, "approve_plan")?;
    Ok(())
}

/// The change order: the second structure file and the revised procedure, in review.
pub fn change(company: &Company, made: &mut Made, structures: &Structures<'_>) -> Result<()> {
    let fields = json!({
        "reason": "Seals of seven fittings in the oxygen path are not specified for oxygen service.",
        "description": "Seven fittings change to the manufacturer's variants for oxygen service. Form, fit and function stay the same.",
        "change_class": "minor",
        "verification": "Leak test and material certificates of the new variants; biocompatibility unchanged.",
        "disposition_stock": "return",
        "disposition_wip": "rework",
        "disposition_field": "correct_in_field",
    });
    made.order = company.create("l.ferri", "change_order", "Oxygen-safe fittings", fields, json!({}))?;
    company.link("g.bianchi", &made.capa, "implemented_by", &made.order)?;
    let file = company.upload(structures.second)?;
    let input = json!({ "order": made.order, "file": file, "file_name": "lung-ventilator-rev-b.xlsx" });
    made.applied = company.run_because("l.ferri", "change_order.apply_structure", input, "Seven manufacturer parts for oxygen service")?;
    let effective = company.record(&made.assembly)?;
    company.run("l.ferri", "change_order.add_affected", json!({ "order": made.order, "record": effective.id }))?;
    let revised = company.latest(&effective)?;
    made.revised_assembly = revised.id.clone();
    let body = format!("{}\n5. Fittings in the oxygen path: accept only part numbers ending in -OX, in sealed bags for oxygen service.", revised.field_text("body"));
    let input = json!({
        "record": revised.id,
        "version": company.record(&revised.id)?.version,
        "effective_on": company.date_in(14)?,
        "fields": { "body": body, "summary_of_changes": "New step 5: only fittings for oxygen service (-OX) are used in the oxygen path." },
    });
    company.run("d.weber", "record.edit", input)?;
    company.step("l.ferri", &made.order, "submit")?;
    Ok(())
}

/// Approval by engineering and quality, then the release: one transaction.
pub fn approve(company: &Company, made: &Made) -> Result<()> {
    company.sign_step("m.rossi", &made.order, "approve")?;
    company.sign_step("m.ortiz", &made.order, "approve")?;
    Ok(())
}

/// Releases the order.
pub fn release(company: &Company, made: &Made) -> Result<Json> {
    company.sign_step("d.weber", &made.order, "release")
}

/// The first `count` people read and sign what they were assigned on this document.
pub fn train(company: &Company, document: &str, count: usize) -> Result<usize> {
    let open = open_training(company, document)?;
    let mut signed = 0;
    for assignment in open.iter().take(count) {
        let person = assignment.person.clone().unwrap_or_default();
        let login = company.record(&person)?.number;
        company.sign(&login, "lms.read_and_sign", json!({ "obligation": assignment.id }))?;
        signed += 1;
    }
    Ok(signed)
}

/// The open training assignments on a document revision.
pub fn open_training(company: &Company, document: &str) -> Result<Vec<Obligation>> {
    let document = document.to_owned();
    let all = company.kernel.database().read(move |tx| obligation::of_record(tx, MAIN_TENANT, &document))?;
    Ok(all.into_iter().filter(|one| one.sort == "train" && one.state == "open").collect())
}

/// Risk and supplier are looked at again, as the release asked.
pub fn reassess(company: &Company, made: &Made) -> Result<usize> {
    let order = made.order.clone();
    let asked = company.kernel.database().read(move |tx| obligation::caused_by(tx, MAIN_TENANT, &order, "reassess"))?;
    let mut done = 0;
    for one in asked.iter().filter(|one| one.state == "open") {
        let login = match &one.person {
            Some(person) => company.record(person)?.number,
            None => "s.patel".to_owned(),
        };
        let outcome = "Looked at: the new variants lower the probability; no other rating changes.";
        company.run(&login, "obligation.complete", json!({ "obligation": one.id, "outcome": outcome }))?;
        done += 1;
    }
    Ok(done)
}

/// The effectiveness check begins.
pub fn start_effectiveness_check(company: &Company, made: &Made) -> Result<()> {
    company.step("g.bianchi", &made.capa, "check_effectiveness")?;
    Ok(())
}

/// The verdict is written down.
pub fn judge(company: &Company, made: &Made) -> Result<()> {
    let fields = json!({ "effectiveness_result": "effective", "effectiveness_evidence": "412 leak tests since the release, no leak at a fitting." });
    company.edit("g.bianchi", &made.capa, fields)?;
    Ok(())
}

/// The CAPA is closed.
pub fn close_capa(company: &Company, made: &Made) -> Result<Json> {
    company.sign_step("m.ortiz", &made.capa, "close")
}

/// The report to the authority, the complaint's end, the frozen design dossier.
pub fn finish(company: &Company, made: &Made) -> Result<()> {
    company.edit("r.nilsson", &made.complaint, json!({ "us_reported_on": company.date_in(0)?, "us_report_reference": "3012345678-2026-00017" }))?;
    company.step("r.nilsson", &made.complaint, "report_to_fda")?;
    company.edit(
        "g.bianchi",
        &made.complaint,
        json!({ "investigation_summary": "Cause found and removed in the linked CAPA.", "reply": "Fittings will be replaced at the next service, free of charge." }),
    )?;
    company.sign_step("m.ortiz", &made.complaint, "close")?;
    company.sign_step("m.ortiz", &made.project, "freeze")?;
    Ok(())
}

/// Everything in one go, with the weeks in between: the state the demo shows.
pub fn whole(company: &Company, structures: &Structures<'_>) -> Result<Made> {
    let mut made = set_up(company, structures)?;
    company.days_pass(9);
    complaint(company, &mut made, structures.complained_part)?;
    company.days_pass(2);
    investigate(company, &mut made)?;
    company.days_pass(3);
    change(company, &mut made, structures)?;
    company.days_pass(2);
    approve(company, &made)?;
    company.days_pass(1);
    release(company, &made)?;
    company.days_pass(3);
    reassess(company, &made)?;
    train(company, &made.revised_assembly, staff::assemblers().count())?;
    company.days_pass(13);
    company.work_by_the_clock()?;
    start_effectiveness_check(company, &made)?;
    company.days_pass(4);
    judge(company, &made)?;
    close_capa(company, &made)?;
    finish(company, &made)?;
    Ok(made)
}
