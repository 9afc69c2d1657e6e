//! What a lapse of training takes away: whoever has training overdue signs no step until it is done.

use crate::TRAIN;
use base::Result;
use base::time::{display_date, parse_date};
use db::{Read, sql};
use kernel::calendar;
use kernel::catalog::SignerContext;
use kernel::place;
use kernel::record;
use kernel::rule::Finding;

/// Lapses that one refusal names.
const NAMED: i64 = 20;

/// The person's training that is overdue at this moment, in the zone of each document's site.
pub fn lapsed(tx: &mut dyn Read, signer: &SignerContext<'_>) -> Result<Vec<Finding>> {
    // Tomorrow in UTC is beyond any zone's today.
    let bound = signer.now.plus_seconds(86_400).date_in("UTC")?.to_string();
    let rows = tx.query(
        sql(
            "select record, due_date from obligation
             where tenant = $1 and person = $2 and sort = $3 and state = 'open' and due_date < $4 order by due_date, id limit $5",
        ),
        &[signer.tenant.into(), signer.person.into(), TRAIN.into(), bound.into(), NAMED.into()],
    )?;
    let mut found = Vec::new();
    for row in &rows {
        let document = record::get(tx, signer.tenant, row.text("record")?)?;
        let zone = place::zone_of(tx, signer.tenant, document.site.as_deref())?;
        let due = parse_date("obligation.due_date", row.text("due_date")?)?;
        if calendar::overdue(signer.now, due, &zone)? {
            let text = format!("Your training on {} was due on {}", document.label(), display_date(due));
            found.push(Finding::new(text).with(vec![document.reference()]));
        }
    }
    Ok(found)
}
