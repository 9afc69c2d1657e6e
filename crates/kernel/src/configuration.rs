//! The configuration in force: which package, which revision, and the catalog it makes.

use crate::catalog::Catalog;
use crate::kind::{Area, Effect, Field, FieldSort, Kind, Phase, Revisions, Step};
use crate::package::{self, fault};
use crate::record::{self, Record};
use crate::rule::{Check, Finding, Rule, RuleContext, StepContext};
use crate::table::{CONFIGURATION, values};
use crate::trail::WriteTx;
use crate::Kernel;
use base::Result;
use base::limits::PACKAGE_BYTES;
use db::{Read, sql};
use std::sync::Arc;

/// A configuration package is a signed, revisioned record like any other.
pub fn kind() -> Kind {
    Kind::new("configuration_package", "Configuration package", "Configuration packages", Area::Administration)
        .text("Words, fields, states, signers, numbering and roles of this company, under change control.")
        .counted("CFG", 3)
        .revised_by(Revisions::Numbers)
        .field(Field::block("purpose", "Purpose").required().help("Why the configuration changes."))
        .field(Field { sort: FieldSort::Block(PACKAGE_BYTES), ..Field::block("text", "Package").help("The package as TOML.") })
        .state("draft", "Draft", Phase::Draft)
        .state("in_review", "In review", Phase::InReview)
        .state("effective", "Effective", Phase::Effective)
        .state("superseded", "Superseded", Phase::Closed)
        .state("withdrawn", "Withdrawn", Phase::Void)
        .step(
            Step::new("submit", "Submit for approval", &["draft"], "in_review")
                .by(&["administrator", "quality_manager"])
                .rule(checked())
                .rule(only_one())
                .rule(nobody_left_behind()),
        )
        .step(Step::new("send_back", "Send back", &["in_review"], "draft").by(&["administrator", "quality_manager"]).with_reason())
        .step(
            Step::new("approve", "Approve and put into force", &["in_review"], "effective")
                .signed("quality_manager", "approved the configuration")
                .rule(checked())
                .rule(only_one())
                .rule(nobody_left_behind())
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
        fault::RULE,
        fault::REQUIREMENT,
        "The package can be read, everything it names exists, every state is reachable and no regulatory rule is lost",
        Check::Code(package_is_sound),
    )
}

fn nobody_left_behind() -> Rule {
    Rule::floor(
        "configuration.no_record_left_behind",
        "FRS-CFG-006",
        "Every record stands in a state that the package knows, with the same phase",
        Check::Code(no_record_is_left_behind),
    )
}

fn only_one() -> Rule {
    Rule::floor(
        "configuration.one_package",
        "FRS-CFG-007",
        "No other package is in force: the configuration of a company is one document",
        Check::Code(no_other_package_is_in_force),
    )
}

fn package_is_sound(_: &mut dyn Read, context: &RuleContext<'_>) -> Result<Vec<Finding>> {
    match package::apply(context.catalog.delivered(), 1, context.record.field_text("text")) {
        Ok(_) => Ok(Vec::new()),
        Err(error) => match error.refusal() {
            Some(refusal) => Ok(refusal.blockers.iter().map(|blocker| Finding::new(blocker.text.clone())).collect()),
            None => Err(error),
        },
    }
}

fn no_record_is_left_behind(tx: &mut dyn Read, context: &RuleContext<'_>) -> Result<Vec<Finding>> {
    match package::apply(context.catalog.delivered(), 1, context.record.field_text("text")) {
        Ok(new) => package::force::stranded(tx, &context.record.tenant, context.catalog, &new),
        // Named by the rule that the package can be read.
        Err(error) if error.refusal().is_some() => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn no_other_package_is_in_force(tx: &mut dyn Read, context: &RuleContext<'_>) -> Result<Vec<Finding>> {
    let record = context.record;
    let rows = tx.query(
        sql("select id from record where tenant = $1 and kind = $2 and phase = $3 and item <> $4 order by id"),
        &[record.tenant.as_str().into(), record.kind.as_str().into(), Phase::Effective.name().into(), record.item.as_str().into()],
    )?;
    let mut found = Vec::new();
    for row in &rows {
        let other = record::get(tx, &record.tenant, row.text("id")?)?;
        let text = format!("{} is in force: make a new revision of it", other.label());
        found.push(Finding::new(text).with(vec![other.reference()]));
    }
    Ok(found)
}

fn put_into_force(tx: &mut WriteTx<'_>, context: &StepContext<'_>) -> Result<()> {
    let text = context.record.field_text("text").to_owned();
    let tenant = tx.tenant().to_owned();
    // Packages come into force one after another, also on two nodes.
    tx.raise_stamp("configuration")?;
    let revision = latest_revision(tx, &tenant)? + 1;
    let configured = package::apply(context.catalog.delivered(), revision, &text)?;
    let row = values([
        ("revision", revision.into()),
        ("package", context.record.id.as_str().into()),
        ("text", text.into()),
        ("since_at", tx.now().0.into()),
    ]);
    tx.insert(&CONFIGURATION, Some(&context.record.id), "configuration.in_force", row)?;
    package::force::renew_signing(tx, context.catalog, &configured)
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
    if let Some(cached) = kernel.cached_catalog(tenant).filter(|cached| cached.revision == revision) {
        return Ok(cached);
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
