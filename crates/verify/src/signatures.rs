//! Signatures against what was signed.

use crate::format::{Parts, hex};
use crate::{Check, EACH};
use base::Result;
use db::{Read, Sql, Value, sql};

/// Every signature's digest is that of the record version it names.
pub(crate) fn check(tx: &mut dyn Read, check: &mut Check<'_>) -> Result<()> {
    let rows = sql(
        "select s.id, s.digest, s.version, v.kind, v.number, v.revision, v.title, v.fields, v.detail
         from signature s left join record_version v on v.tenant = s.tenant and v.id = s.record and v.version = s.version
         where s.tenant = $1",
    );
    scan(tx, rows, &[check.tenant.into()], check)
}

/// The same for the signatures of one record.
pub(crate) fn check_of(tx: &mut dyn Read, record: &str, check: &mut Check<'_>) -> Result<()> {
    let rows = sql(
        "select s.id, s.digest, s.version, v.kind, v.number, v.revision, v.title, v.fields, v.detail
         from signature s left join record_version v on v.tenant = s.tenant and v.id = s.record and v.version = s.version
         where s.tenant = $1 and s.record = $2",
    );
    scan(tx, rows, &[check.tenant.into(), record.into()], check)
}

fn scan(tx: &mut dyn Read, rows: Sql, params: &[Value], check: &mut Check<'_>) -> Result<()> {
    let mut parts = Parts::default();
    tx.scan(rows.text(), params, &mut |row| {
        check.report.signatures += 1;
        if check.report.signatures.is_multiple_of(EACH) {
            (check.progress)("checking the signatures", check.report.signatures, None);
        }
        let id = row.text(0)?;
        let Some(kind) = row.opt_text(3)? else {
            check.find("signature", id, Some("record"), "names a record version that does not exist");
            return Ok(());
        };
        let number = row.text(4)?;
        let content = parts.begin("PLUMB-CONTENT-1").text(kind).text(number).text(row.text(5)?).text(row.text(6)?).text(row.text(7)?).maybe(row.opt_text(8)?).hash();
        if row.text(1)? != hex(&content) {
            check.find("signature", id, Some("digest"), format!("was given on other content than version {} of {number} now holds", row.int(2)?));
        }
        Ok(())
    })
}
