//! Risks (ISO 14971): from the hazard to the residual risk and its acceptability.

mod kind;
mod lifecycle;
mod matrix;

pub use kind::kind;
pub use lifecycle::evaluate_anew;
pub use matrix::{Acceptability, Matrix, TABLE};
