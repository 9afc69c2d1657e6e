//! What a complaint holds.

use super::lifecycle;
use kernel::kind::{Area, Field, Kind, LinkKind};
use kernel::personal::{EDIT, ERASE, SEE};

/// The kind of a complaint.
pub fn kind() -> Kind {
    let kind = Kind::new("complaint", "Complaint", "Complaints", Area::Quality)
        .text("Somebody says that a product is wrong in its identity, quality, durability, reliability, safety or performance.")
        .counted_by_year("CO", 4)
        .tree("us_medical_device_report")
        .tree("eu_serious_incident")
        .link(LinkKind::new("concerns", "concerns", "has the complaint", &["part"]))
        .allow("everyone", &["view", "create"])
        .allow("quality_engineer", &["edit", "link", "decide", SEE, EDIT])
        .allow("regulatory_affairs", &["edit", "link", "decide", SEE, EDIT])
        .allow("quality_manager", &["edit", "link", SEE, EDIT, ERASE]);
    let kind = fields().into_iter().fold(kind, Kind::field);
    let kind = complainant().into_iter().fold(kind, Kind::personal);
    lifecycle::lay_over(kind)
}

fn fields() -> Vec<Field> {
    let mut fields = intake();
    fields.extend(reporting());
    fields.extend(investigation());
    fields
}

fn intake() -> Vec<Field> {
    [
        Field::date("aware_on", "Aware on")
            .required()
            .filter()
            .help("The day on which anybody in the company learned of it, whoever that was. Reporting times count from it, not from the day of this entry."),
        Field::choice(
            "reporter",
            "Reported by",
            &[
                ("patient", "Patient or relative"),
                ("health_professional", "Health professional or facility"),
                ("distributor", "Distributor or importer"),
                ("service", "Own service"),
                ("employee", "Own employee"),
                ("authority", "Authority"),
                ("literature", "Literature or registry"),
                ("other", "Other"),
            ],
        )
        .required()
        .filter()
        .help("Who it came from. Who that is stands under personal data; names of patients belong nowhere in this record."),
        Field::block("complainant_unknown_why", "Why the complainant is not known")
            .help("Only when name, address or a way to reach them could not be had: what was tried, and on which days."),
        Field::line("reporter_country", "Country").filter().help("Where the event took place."),
        Field::line("reporter_reference", "Reporter's reference").help("Their number for it, so that both sides can name it."),
        Field::line("product_number", "Product number").required().filter().help("As on the label; link the part as well when it is known."),
        Field::line("udi", "UDI or UPC"),
        Field::line("lot_or_serial", "Lot or serial number").filter(),
        Field::date("event_date", "Date of the event"),
        Field::block("description", "What happened").required().help("The nature and details of the complaint, in the reporter's words where possible."),
        Field::choice(
            "harm",
            "Harm to the patient or user",
            &[
                ("none", "None"),
                ("minor", "Minor"),
                ("serious", "Serious injury"),
                ("death", "Death"),
                ("unknown", "Not known yet"),
            ],
        )
        .required()
        .filter(),
        Field::yes_no("device_returned", "Device returned").help("The device is here, or on its way."),
    ]
    .map(|field| field.group("Intake"))
    .into()
}

/// The complainant's name, address and telephone (21 CFR 820.35(a)); personal data.
fn complainant() -> Vec<Field> {
    vec![
        Field::line(NAME, "Complainant"),
        Field::block(ADDRESS, "Address"),
        Field::line(PHONE, "Telephone"),
        Field::line(EMAIL, "E-mail"),
    ]
}

pub(super) const NAME: &str = "complainant_name";
pub(super) const ADDRESS: &str = "complainant_address";
pub(super) const PHONE: &str = "complainant_phone";
pub(super) const EMAIL: &str = "complainant_email";

fn reporting() -> Vec<Field> {
    [
        Field::date("us_reported_on", "Reported to the FDA on"),
        Field::line("us_report_reference", "FDA report number"),
        Field::date("eu_reported_on", "Reported to the EU authority on"),
        Field::line("eu_report_reference", "EU report reference"),
    ]
    .map(|field| field.group("Reports to authorities"))
    .into()
}

fn investigation() -> Vec<Field> {
    [
        Field::block("investigation_summary", "Investigation").help("What was examined, and what was found to be the cause."),
        Field::block("no_investigation_why", "Why it was not investigated")
            .help("Only when it was not: the reason, and the complaint whose investigation covers it (ISO 13485 8.2.2)."),
        Field::block("correction", "Correction"),
        Field::block("reply", "Reply to the reporter"),
    ]
    .map(|field| field.group("Investigation"))
    .into()
}
