//! Training: courses, the training matrix, assignments, qualifications.
//!
//! An assignment is no noun of its own but an obligation of the sort [`TRAIN`]: the person, the
//! document revision to sign (`record`), the course it goes through (`via`) and what raised it
//! (`cause`). An assignment without a cause was made by hand; all others follow from the matrix and
//! are kept equal to it by the listeners in [`assignment`].

pub mod assignment;
pub mod course;
pub mod qualification;
pub mod reading;
pub mod requirement;

use kernel::catalog::Module;

/// The sort of obligation that is an assignment.
pub const TRAIN: &str = "train";

/// What the domain hands to the kernel.
pub fn module() -> Module {
    Module {
        kinds: vec![course::kind(), requirement::kind(), qualification::kind()],
        commands: assignment::commands(),
        after_step: vec![assignment::after_step, qualification::after_step],
        after_link: vec![assignment::after_link],
        previews: vec![reading::preview],
        signer_checks: vec![assignment::lapsed],
        impacts: vec![reading::impact()],
        jobs: assignment::jobs(),
        ..Module::default()
    }
}
