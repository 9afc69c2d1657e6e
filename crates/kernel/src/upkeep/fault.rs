//! Faults: what the server found wrong with its storage or its own work. Each is a record, on the
//! work list of administrators and quality managers until somebody has looked after it.

use crate::Kernel;
use crate::kind::{Area, Effect, Field, Kind, Phase, Step};
use crate::obligation::{self, New};
use crate::record::{self, NewRecord};
use crate::trail::WriteTx;
use base::{Error, Result};
use db::{Read, sql};
use serde_json::Value as Json;

/// The name of the kind.
pub const FAULT: &str = "fault";
/// The sort of the work it asks for.
const WORK: &str = "act";
/// Who looks after it.
const ROLES: [&str; 2] = ["administrator", "quality_manager"];

/// What failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    DamagedFile,
    DamagedDatabase,
    FailingJob,
    FullDisk,
    FailedDrill,
    FailedBackup,
}

impl Fault {
    const ALL: [Self; 6] = [Self::DamagedFile, Self::DamagedDatabase, Self::FailingJob, Self::FullDisk, Self::FailedDrill, Self::FailedBackup];

    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::DamagedFile => ("damaged_file", "A file is damaged or missing"),
            Self::DamagedDatabase => ("damaged_database", "The database is damaged"),
            Self::FailingJob => ("failing_job", "Work by the clock cannot be done"),
            Self::FullDisk => ("full_disk", "A disk was full"),
            Self::FailedDrill => ("failed_drill", "A restore was rehearsed and failed"),
            Self::FailedBackup => ("failed_backup", "A backup was not made"),
        }
    }
}

/// Nobody makes one: the server does.
pub fn kind() -> Kind {
    let sorts = Fault::ALL.map(Fault::words);
    Kind::new(FAULT, "Fault", "Faults", Area::Administration)
        .text("Something that the server found wrong with its storage or its own work; somebody must look after it.")
        .counted_by_year("FLT", 4)
        .field(Field::choice("sort", "What failed", &sorts).required().filter())
        .field(Field::line("subject", "What it is about").required())
        .field(Field::block("found", "What was found").required())
        .state("open", "Open", Phase::InReview)
        .state("closed", "Looked after", Phase::Closed)
        .step(
            Step::new("close", "Close", &["open"], "closed")
                .by(&ROLES)
                .with_reason()
                .effect(Effect::CloseObligations { sort: WORK.to_owned() }),
        )
        .allow("everyone", &["view"])
}

/// Makes a fault known. One that is open already for the same subject is enough.
pub fn note(kernel: &Kernel, tenant: &str, fault: Fault, subject: &str, found: &str) -> Result<()> {
    let (sort, title) = fault.words();
    tracing::error!(fault = sort, subject, found, "a fault was found");
    let (subject, found) = (base::text::shortened(subject, base::limits::LINE_CHARS), base::text::shortened(found, base::limits::BLOCK_CHARS));
    kernel.inside(tenant, "system", "fault.note", move |tx| {
        // Nodes that notice the same in one moment take turns.
        tx.take_turn(FAULT)?;
        let tenant = tx.tenant().to_owned();
        if is_open(tx, &tenant, sort, &subject)? { Ok(()) } else { make(tx, sort, title, &subject, &found) }
    })
}

fn make(tx: &mut WriteTx<'_>, sort: &str, title: &str, subject: &str, found: &str) -> Result<()> {
    let fields = [("sort", sort), ("subject", subject), ("found", found)].map(|(name, value)| (name.to_owned(), Json::from(value)));
    let new = NewRecord { kind: FAULT.to_owned(), title: title.to_owned(), fields: fields.into_iter().collect(), ..NewRecord::default() };
    let made = record::create_in_state(tx, new, "open")?;
    let work = ROLES.map(|role| New { role: Some(role.to_owned()), cause: Some(made.id.clone()), ..New::about(&made, WORK, "Look after a fault of the system") });
    obligation::raise_many(tx, work.into())
}

fn is_open(tx: &mut dyn Read, tenant: &str, sort: &str, subject: &str) -> Result<bool> {
    let open = tx.query(
        sql("select fields from record where tenant = $1 and kind = $2 and phase = $3"),
        &[tenant.into(), FAULT.into(), Phase::InReview.name().into()],
    )?;
    for row in &open {
        let fields: Json = serde_json::from_str(row.text("fields")?).map_err(Error::internal)?;
        if fields["sort"] == sort && fields["subject"] == subject {
            return Ok(true);
        }
    }
    Ok(false)
}

/// How many nobody has looked after yet.
pub fn open_faults(kernel: &Kernel, tenant: &str) -> Result<usize> {
    let row = kernel.database().query_one(
        sql("select count(*) as open from record where tenant = $1 and kind = $2 and phase = $3"),
        &[tenant.into(), FAULT.into(), Phase::InReview.name().into()],
    )?;
    usize::try_from(row.int("open")?).map_err(Error::internal)
}
