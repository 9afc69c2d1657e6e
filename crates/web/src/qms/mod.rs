//! Pages of quality: the complaint with its clocks, the CAPA with its story, risks on the matrix.

pub(crate) mod capa;
pub(crate) mod complaint;
pub(crate) mod risk;

use crate::router::{Route, changes, shows};

pub(crate) fn routes() -> Vec<Route> {
    vec![
        shows("/quality/risk-matrix", risk::show_matrix),
        changes("/quality/capa/{number}/order", capa::make_order),
    ]
}
