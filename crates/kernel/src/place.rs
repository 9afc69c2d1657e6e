//! Places: sites with their time zones, departments, job functions, equipment.

use crate::kind::{Area, Field, Kind, Phase, Step};
use crate::record::{self, Record};
use crate::trail::WriteTx;
use base::{Error, Result};
use db::Read;

/// The zone of a company that has not said otherwise.
const DEFAULT_ZONE: &str = "UTC";

/// Sites, departments, job functions and equipment are records like everything else.
pub fn kinds() -> Vec<Kind> {
    let zone = Field::zone("zone", "Time zone").required().help("An IANA name such as Europe/Rome. Due dates are dates in this zone.");
    vec![
        place("site", "Site", "Sites", "Where the company works. Records of a site are seen by its people.").field(zone),
        place("department", "Department", "Departments", "A part of the company, for the training matrix."),
        place("job_function", "Job function", "Job functions", "What somebody does, for the training matrix."),
        place("equipment", "Equipment", "Equipment", "A machine, tool or instrument that people are trained for.")
            .field(Field::line("maker", "Maker"))
            .field(Field::line("serial", "Serial number")),
    ]
}

fn place(name: &str, label: &str, plural: &str, text: &str) -> Kind {
    Kind::new(name, label, plural, Area::Administration)
        .text(text)
        .state("active", "Active", Phase::InWork)
        .state("retired", "Retired", Phase::Closed)
        .step(Step::new("retire", "Retire", &["active"], "retired").by(&["administrator"]).with_reason())
        .step(Step::new("reactivate", "Take into use again", &["retired"], "active").by(&["administrator"]).with_reason())
        .allow("everyone", &["view"])
        .allow("administrator", &["create", "edit", "link"])
}

/// The zone of a site; the default one for what belongs to no site.
pub fn zone_of(tx: &mut dyn Read, tenant: &str, site: Option<&str>) -> Result<String> {
    let Some(site) = site else { return Ok(DEFAULT_ZONE.to_owned()) };
    let site = record::get(tx, tenant, site)?;
    let zone = site.field_text("zone");
    Ok(if zone.is_empty() { DEFAULT_ZONE.to_owned() } else { zone.to_owned() })
}

/// The date so many days from now, in the zone of the record's site.
pub fn date_in_days(tx: &mut WriteTx<'_>, record: &Record, days: i64) -> Result<String> {
    let zone = zone_of(tx, &record.tenant, record.site.as_deref())?;
    let today = tx.now().date_in(&zone)?;
    let due = today.checked_add(jiff::Span::new().days(days)).map_err(Error::internal)?;
    Ok(due.to_string())
}

/// A site by number or identifier, as commands name it.
pub fn site_named(tx: &mut dyn Read, tenant: &str, place: &str, named: &str) -> Result<String> {
    record::find_named(tx, tenant, "site", named)?
        .map(|site| site.id)
        .ok_or_else(|| Error::invalid(place, "unknown_site", format!("there is no site “{named}”")))
}
