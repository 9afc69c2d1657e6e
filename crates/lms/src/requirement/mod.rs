//! Training requirements: the matrix. A requirement names the people who match every dimension it
//! gives (job function and department and equipment; several values of one dimension are
//! alternatives) and the courses they need.

mod kind;
mod store;

pub use kind::{REQUIRES, kind};
pub use store::{is_of_matrix, named_by, naming, people_of_course};
