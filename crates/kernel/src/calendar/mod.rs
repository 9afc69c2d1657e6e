//! Stand-in.
use base::{Date, Result, Timestamp};
#[derive(Debug, Clone)] pub struct ClockRule { pub name: String }
pub struct Due { pub date: Date, pub zone: String }
pub fn due(_: &ClockRule, start: Timestamp, zone: &str) -> Result<Due> { Ok(Due { date: start.date_in(zone)?, zone: zone.to_owned() }) }
