//! Pages of a company with many records, as the router answers them to somebody who is signed in.

use crate::company;
use crate::place::{Postgres, both};
use crate::report::{Budget, line, median, millis, p99};
use axum::body::Body;
use axum::http::{Request, StatusCode};
use kernel::{MAIN_TENANT, session};
use std::path::Path;
use std::time::Instant;
use testkit::world::PASSWORD;
use tower::ServiceExt as _;

const TIMES: i64 = 300;
/// Far from each other, so that no page is asked for twice in a row.
const STRIDE: i64 = 7_919;
/// The address of a page, by a number that changes each time.
type Address = fn(i64) -> String;

pub fn measure(folder: &Path, postgres: &Postgres, records: i64) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    for place in both(folder, postgres, "pages") {
        let world = company::open(place.open());
        let engineer = world.person("erin", &["design_engineer"]);
        company::fill(&world, &engineer, "bench.parts", "P", records);
        place.settle();
        let token = session::sign_in(&world.kernel, MAIN_TENANT, "erin", PASSWORD).unwrap().token;
        let settings = web::Settings::default();
        let router = web::router(world.kernel.clone(), settings);
        let pages: [(&str, Address); 5] = [
            ("Record page", |number| format!("/r/part/P-{number:06}")),
            ("List page", |_| "/list/part".to_owned()),
            ("List page, filtered by a field", |_| "/list/part?field.category=Fastener".to_owned()),
            ("Search page, one number", |number| format!("/search?q=P-{number:06}")),
            ("My work", |_| "/".to_owned()),
        ];
        for (what, address) in pages {
            let times: Vec<f64> = (0..TIMES)
                .map(|turn| {
                    let request = Request::get(address(turn * STRIDE % records)).header("cookie", format!("plumb_session={token}")).body(Body::empty());
                    let (request, router) = (request.unwrap(), router.clone());
                    let began = Instant::now();
                    let status = runtime.block_on(async move {
                        let answer = router.oneshot(request).await.unwrap();
                        let status = answer.status();
                        axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
                        status
                    });
                    let time = millis(began.elapsed());
                    assert_eq!(status, StatusCode::OK, "{what} after {} ms", millis(began.elapsed()));
                    time
                })
                .collect();
            let at = format!("{what} at {records} records");
            line(&format!("{at}, median"), place.engine, median(times.clone()), "ms", Budget::None);
            line(&format!("{at}, p99"), place.engine, p99(times), "ms", Budget::AtMost(50.0));
        }
    }
}
