//! The configuration in force: which package, which revision, and the catalog it makes.

use crate::catalog::Catalog;
use crate::kind::{Area, Effect, Field, Kind, Phase, Revisions, Step};
use crate::package;
use crate::record::Record;
use crate::rule::{Check, Finding, Rule, RuleContext, StepContext};
use crate::table::{CONFIGURATION, values};
use crate::trail::WriteTx;
use crate::Kernel;
use base::limits::PACKAGE_BYTES;
use base::{Error, Result};
use db::{Read, sql};
use std::sync::Arc;

/// A configuration package is a signed, revisioned record like any other.
pub fn kind() -> Kind {
    Kind::new("configuration_package", "Configuration package", "Configuration packages", Area::Administration)
        .text("Words, fields, states, signers, numbering and roles of this company, under change control.")
        .counted("CFG", 3)
        .revised_by(Revisions::Numbers)
        .field(Field::block("purpose", "Purpose").required().help("Why the configuration changes."))
        .field(Field::block("text", "Package").help("The package as TOML."))
        .state("draft", "Draft", Phase::Draft)
        .state("in_review", "In review", Phase::InReview)
        .state("effective", "Effective", Phase::Effective)
        .state("superseded", "Superseded", Phase::Closed)
        .state("withdrawn", "Withdrawn", Phase::Void)
        .step(
            Step::new("submit", "Submit for approval", &["draft"], "in_review")
                .by(&["administrator", "quality_manager"])
                .rule(checked()),
        )
        .step(Step::new("send_back", "Send back", &["in_review"], "draft").by(&["administrator", "quality_manager"]).with_reason())
        .step(
            Step::new("approve", "Approve and put into force", &["in_review"], "effective")
                .signed("quality_manager", "approved the configuration")
                .rule(checked())
                .effect(Effect::Run { name: "configuration.put_into_force", run: put_into_force, preview: Some(preview) }),
        )
        .step(Step::new("supersede", "Supersede", &["effective"], "superseded").by_record())
        .step(Step::new("withdraw", "Withdraw", &["draft"], "withdrawn").by(&["administrator", "quality_manager"]).with_reason())
        .allow("everyone", &["view"])
        .allow("administrator", &["create", "edit", "revise", "link"])
        .allow("quality_manager", &["create", "edit", "revise", "link"])
}

fn checked() -> Rule {
    Rule::floor(
        "configuration.package_is_sound",
        "FRS-CFG-003",
        "The package can be read, everything it names exists, every state is reachable and no regulatory rule is lost",
        Check::Code(package_is_sound),
    )
}

fn package_is_sound(_: &mut dyn Read, context: &RuleContext<'_>) -> Result<Vec<Finding>> {
    match package::apply(context.catalog.delivered(), 1, context.record.field_text("text")) {
        Ok(_) => Ok(Vec::new()),
        Err(error) => match error.refusal() {
            Some(refusal) => {
                let place = refusal.place.as_deref().map(|place| format!(" (at {place})")).unwrap_or_default();
                Ok(vec![Finding::new(format!("{}{place}", refusal.message))])
            }
            None => Err(error),
        },
    }
}

fn put_into_force(tx: &mut WriteTx<'_>, context: &StepContext<'_>) -> Result<()> {
    let text = context.record.field_text("text").to_owned();
    if text.len() > PACKAGE_BYTES {
        return Err(Error::too_large("fields.text", format!("a package has at most {PACKAGE_BYTES} bytes")));
    }
    let tenant = tx.tenant().to_owned();
    let revision = latest_revision(tx, &tenant)? + 1;
    package::apply(context.catalog.delivered(), revision, &text)?;
    let row = values([
        ("revision", revision.into()),
        ("package", context.record.id.as_str().into()),
        ("text", text.into()),
        ("since_at", tx.now().0.into()),
    ]);
    tx.insert(&CONFIGURATION, Some(&context.record.id), "configuration.in_force", row)
}

fn preview(_: &mut dyn Read, record: &Record) -> Result<Vec<String>> {
    Ok(vec![format!("puts the configuration {} into force for everybody", record.label())])
}

fn latest_revision(tx: &mut dyn Read, tenant: &str) -> Result<i64> {
    let row = tx.query_one(sql("select coalesce(max(revision), 0) as revision from configuration where tenant = $1"), &[tenant.into()])?;
    row.int("revision")
}

/// The catalog in force, inside a transaction: the kernel's cached one, or a newly made one when
/// another node has put a package into force.
pub(crate) fn current(kernel: &Kernel, tx: &mut dyn Read, tenant: &str) -> Result<Arc<Catalog>> {
    let revision = latest_revision(tx, tenant)?;
    if let Some(cached) = kernel.cached_catalog(tenant) {
        if cached.revision == revision {
            return Ok(cached);
        }
    }
    let catalog = if revision == 0 {
        kernel.delivered()
    } else {
        let row = tx.query_one(
            sql("select text from configuration where tenant = $1 and revision = $2"),
            &[tenant.into(), revision.into()],
        )?;
        Arc::new(package::apply(&kernel.delivered(), revision, row.text("text")?)?)
    };
    kernel.cache_catalog(tenant, Arc::clone(&catalog));
    Ok(catalog)
}
