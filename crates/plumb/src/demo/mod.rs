//! The demo company: Brezza Medical of Bologna, maker of a lung ventilator, after the story of the
//! oxygen-safe fittings and in the middle of another.

pub mod company;
mod second_case;
pub mod staff;
pub mod story;

use crate::server::Listen;
use base::{FixedClock, Result};
use company::Company;
use kernel::setup::{FirstAdministrator, first_administrator};
use kernel::{Kernel, MAIN_TENANT};
use std::sync::Arc;
use story::Structures;

/// Everybody's password in the demo.
pub const PASSWORD: &str = "ventilate-with-care";

/// The administrator of the demo.
const ADMINISTRATOR: &str = "a.conti";

/// The story begins so many days before today.
const STORY_DAYS: i64 = 46;

const REV_A: &[u8] = include_bytes!("../../../../demo/lung-ventilator-rev-a.xlsx");
const REV_B: &[u8] = include_bytes!("../../../../demo/lung-ventilator-rev-b.xlsx");

/// The demo's own structure files.
pub fn structures() -> Structures<'static> {
    let changed = ["LV-101121", "LV-101155", "LV-101212", "LV-101220", "LV-101221", "LV-101222", "LV-101406"];
    Structures {
        first: REV_A,
        second: REV_B,
        product: "LV-100000",
        changed_parts: changed.map(str::to_owned).into(),
        complained_part: "LV-101155",
    }
}

/// Makes the demo company where the data is empty; says so where it is not.
///
/// The kernel that makes it has a clock of its own, so that the story has weeks in it; the company
/// ends up in the present.
pub fn make(kernel: &Kernel) -> Result<()> {
    if kernel.has_people(MAIN_TENANT)? {
        println!("There is a company in this data already; serving it as it is.");
        return Ok(());
    }
    println!("Making the demo company. This takes a moment.");
    let bar = crate::terminal::bar();
    bar.set_length(4);
    let clock = Arc::new(FixedClock::at(kernel.now().plus_seconds(-STORY_DAYS * 86_400)));
    let past = kernel.with_clock(Arc::<FixedClock>::clone(&clock));
    let company = Company::new(past, clock, PASSWORD);
    bar.set_message("people and places");
    open(&company, ADMINISTRATOR, "Ada Conti")?;
    bar.inc(1);
    bar.set_message("complaint, CAPA, change order, training");
    story::whole(&company, &structures())?;
    bar.inc(1);
    bar.set_message("a second case");
    // The rest of the way to today.
    let behind = (kernel.now().0 - company.kernel.now().0) / 1_000_000 - 3 * 3600;
    company.clock.advance_seconds(behind.max(0));
    second_case::tell(&company, "LV-101132")?;
    bar.inc(1);
    company.clock.set(kernel.now());
    company.work_by_the_clock()?;
    bar.finish_and_clear();
    Ok(())
}

/// The first administrator and the staff.
pub fn open(company: &Company, administrator: &str, name: &str) -> Result<()> {
    let first = FirstAdministrator {
        login: administrator.to_owned(),
        name: name.to_owned(),
        password: company.password().to_owned(),
        zone: "Europe/Rome".to_owned(),
        own_password: true,
    };
    first_administrator(&company.kernel, MAIN_TENANT, &first)?;
    staff::hire(company, administrator)
}

/// Prints where to go and as whom.
pub fn announce(listen: &Listen) {
    println!();
    println!("The demo company is Brezza Medical, Bologna. Open http://{}", listen.listen);
    println!("Everybody's password is: {PASSWORD}");
    println!();
    println!("  {ADMINISTRATOR:<12} Ada Conti          administrator");
    for (login, name, role) in staff::logins() {
        println!("  {login:<12} {name:<18} {}", role.replace('_', " "));
    }
    println!();
}
