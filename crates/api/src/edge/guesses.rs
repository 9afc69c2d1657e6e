//! Guessing passwords from one address: whoever tries many user names is not stopped by the limit on
//! each account. Kept in the memory of one server; the accounts' own limit is in the database.

use super::{Gate, Policy, Problem, RequestId, body, secure};
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use base::limits::{
    ADDRESS_FAILURES, ADDRESSES_WATCHED, BLOCKING_WAIT_SECONDS, BODY_SECONDS, OPEN_BODY_BYTES, SIGN_IN_WAIT_SECONDS, SIGN_INS_AT_ONCE, SIGN_INS_WAITING,
};
use base::{Refusal, RefusalKind, Timestamp};
use kernel::Kernel;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Wrong sign-ins by address.
#[derive(Debug, Default)]
pub struct Guesses {
    seen: Mutex<BTreeMap<IpAddr, Seen>>,
}

#[derive(Debug, Clone, Copy)]
struct Seen {
    failures: usize,
    last: Timestamp,
}

impl Seen {
    fn waits_until(self) -> Timestamp {
        self.last.plus_seconds(SIGN_IN_WAIT_SECONDS)
    }
}

impl Guesses {
    /// Lets an attempt through, or says how many seconds its address must wait. It counts as wrong
    /// until it is [forgiven](Guesses::forgive), so that many at once are not more than the limit.
    pub fn begin(&self, address: IpAddr, now: Timestamp) -> Result<(), u64> {
        let mut seen = self.seen();
        if seen.len() >= ADDRESSES_WATCHED {
            seen.retain(|_, known| now < known.waits_until());
        }
        if seen.len() >= ADDRESSES_WATCHED && !seen.contains_key(&network(address)) {
            let oldest = seen.iter().min_by_key(|(_, known)| known.last).map(|(address, _)| *address);
            oldest.map(|address| seen.remove(&address));
        }
        let known = seen.entry(network(address)).or_insert(Seen { failures: 0, last: now });
        if now >= known.waits_until() {
            known.failures = 0;
        }
        if known.failures >= ADDRESS_FAILURES {
            return Err(((known.waits_until().0 - now.0) / 1_000_000).max(1).unsigned_abs());
        }
        *known = Seen { failures: known.failures + 1, last: now };
        Ok(())
    }

    /// The attempt was not wrong after all.
    pub fn forgive(&self, address: IpAddr) {
        let mut seen = self.seen();
        let address = network(address);
        if let Some(known) = seen.get_mut(&address) {
            known.failures = known.failures.saturating_sub(1);
            if known.failures == 0 {
                seen.remove(&address);
            }
        }
    }

    fn seen(&self) -> MutexGuard<'_, BTreeMap<IpAddr, Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One subscriber has a whole /64 of IPv6, so that is what counts there.
pub(super) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(six) => {
            let [a, b, c, d, ..] = six.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        four => four,
    }
}

/// Puts the limit in front of the addresses of a router where people sign in. `proxied` is the header
/// in which a proxy in front of the server names the client; without one the connection counts.
pub fn limit_sign_ins(router: Router, kernel: Kernel, paths: &'static [&'static str], proxied: Option<HeaderName>) -> Router {
    let guesses = Arc::new(Guesses::default());
    let gate = turns();
    router.layer(from_fn(move |request: Request, next: Next| {
        let (guesses, kernel, proxied, gate) = (Arc::clone(&guesses), kernel.clone(), proxied.clone(), gate.clone());
        async move {
            let connection = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
            let address = proxied.and_then(|name| named(request.headers(), &name)).or(connection);
            if request.method() != Method::POST || !paths.contains(&request.uri().path()) {
                return next.run(request).await;
            }
            let Some(address) = address else { return next.run(request).await };
            if let Err(seconds) = guesses.begin(address, kernel.now()) {
                return refuse(too_many(seconds).into(), request.headers());
            }
            // The whole request first: whoever sends it slowly must not hold a turn meanwhile.
            let (parts, body) = request.into_parts();
            let bytes = match body::read(body, OPEN_BODY_BYTES, BODY_SECONDS).await {
                Ok(bytes) => bytes,
                Err(problem) => {
                    guesses.forgive(address);
                    return refuse(problem, &parts.headers);
                }
            };
            let request = Request::from_parts(parts, Body::from(bytes));
            let _turn = match gate.enter().await {
                Ok(turn) => turn,
                Err(problem) => {
                    guesses.forgive(address);
                    return refuse(problem, request.headers());
                }
            };
            let mut response = next.run(request).await;
            if response.status() != StatusCode::UNAUTHORIZED {
                guesses.forgive(address);
            }
            if response.status() == StatusCode::TOO_MANY_REQUESTS && !response.headers().contains_key(header::RETRY_AFTER) {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(SIGN_IN_WAIT_SECONDS));
            }
            response
        }
    }))
}

/// Turns for sign-ins: each hashes with much memory, on purpose.
fn turns() -> Gate {
    Gate::of(SIGN_INS_AT_ONCE, SIGN_INS_WAITING, Duration::from_secs(BLOCKING_WAIT_SECONDS))
}

/// A problem for programs, its sentences for people at a browser.
fn refuse(problem: Problem, asked: &HeaderMap) -> Response {
    let words = [Some(problem.detail()), problem.advice()].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let id = RequestId::make();
    let for_people = asked.get_all(header::ACCEPT).iter().any(|accept| accept.to_str().is_ok_and(|accept| accept.contains("text/html")));
    let mut response = if for_people {
        let mut page = Response::new(words.into());
        *page.status_mut() = problem.status();
        problem.set_headers(&mut page);
        page.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        page
    } else {
        problem.into_response(&id)
    };
    secure(&mut response, Policy::Data, &id);
    response
}

fn too_many(seconds: u64) -> base::Error {
    Refusal::new(RefusalKind::TooMany, "too_many_from_address", "Too many wrong sign-ins came from your address.")
        .advise(format!("Try again in {} minutes.", seconds.div_ceil(60)))
        .retry_after(seconds)
        .into()
}

/// The client as the nearest proxy names it: it writes behind whatever the client sent itself.
fn named(headers: &HeaderMap, name: &HeaderName) -> Option<IpAddr> {
    let value = headers.get_all(name).iter().next_back()?.to_str().ok()?;
    value.rsplit(',').next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp(1_800_000_000_000_000);

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn frs_ses_007_an_address_waits_past_its_limit_of_wrong_sign_ins_and_not_for_ever() {
        let guesses = Guesses::default();
        let (here, there) = (address("192.0.2.7"), address("192.0.2.8"));
        for _ in 0..ADDRESS_FAILURES {
            assert_eq!(guesses.begin(here, START), Ok(()));
        }
        assert_eq!(guesses.begin(here, START), Err(SIGN_IN_WAIT_SECONDS.unsigned_abs()));
        assert_eq!(guesses.begin(there, START), Ok(()), "others go on");
        let nearly = START.plus_seconds(SIGN_IN_WAIT_SECONDS - 1);
        assert_eq!(guesses.begin(here, nearly), Err(1), "a refused attempt does not lengthen the wait");
        assert_eq!(guesses.begin(here, START.plus_seconds(SIGN_IN_WAIT_SECONDS)), Ok(()));
    }

    #[test]
    fn frs_ses_007_good_sign_ins_never_count() {
        let guesses = Guesses::default();
        for _ in 0..=ADDRESS_FAILURES {
            assert_eq!(guesses.begin(address("192.0.2.7"), START), Ok(()));
            guesses.forgive(address("192.0.2.7"));
        }
        assert!(guesses.seen().is_empty());
    }

    #[test]
    fn frs_ses_007_a_subscriber_does_not_get_around_it_by_another_address_of_the_same_network() {
        let guesses = Guesses::default();
        for host in 0..ADDRESS_FAILURES {
            assert_eq!(guesses.begin(address(&format!("2001:db8:1:2::{host:x}")), START), Ok(()));
        }
        assert!(guesses.begin(address("2001:db8:1:2:ffff::1"), START).is_err());
        assert_eq!(guesses.begin(address("2001:db8:1:3::1"), START), Ok(()));
        assert_eq!(network(address("::ffff:192.0.2.7")), address("192.0.2.7"));
    }

    #[test]
    fn frs_ses_007_no_more_addresses_are_remembered_than_the_limit_allows() {
        let guesses = Guesses::default();
        for number in 0..=ADDRESSES_WATCHED {
            let number = u32::try_from(number).unwrap();
            assert_eq!(guesses.begin(IpAddr::V4(number.into()), START.plus_seconds(i64::from(number) / 100)), Ok(()));
        }
        assert_eq!(guesses.seen().len(), ADDRESSES_WATCHED);
        assert!(!guesses.seen().contains_key(&address("0.0.0.0")), "the oldest makes room");
    }

    #[test]
    fn frs_guard_005_so_many_sign_ins_are_worked_on_and_wait_and_one_past_them_is_refused() {
        super::super::gate::tests::stands_at(&turns(), SIGN_INS_AT_ONCE, SIGN_INS_WAITING, BLOCKING_WAIT_SECONDS);
    }

    #[test]
    fn only_what_the_nearest_proxy_wrote_is_believed() {
        let name = HeaderName::from_static("x-forwarded-for");
        let mut headers = HeaderMap::new();
        assert_eq!(named(&headers, &name), None);
        headers.append(&name, HeaderValue::from_static("203.0.113.9, 192.0.2.7"));
        assert_eq!(named(&headers, &name), Some(address("192.0.2.7")));
        headers.append(&name, HeaderValue::from_static("198.51.100.1"));
        assert_eq!(named(&headers, &name), Some(address("198.51.100.1")));
        headers.append(&name, HeaderValue::from_static("nobody"));
        assert_eq!(named(&headers, &name), None);
    }
}
