//! Whether a request is meant for this server: the name it was asked by, and where it ends.
//!
//! A page of somebody else whose name suddenly points to us is refused by its name; and no cache, mail
//! or redirect ever carries a name that a client made up, because none is taken from a request.

use super::{Policy, Problem, RequestId, secure};
use axum::Router;
use axum::extract::Request;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Version, header};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use std::net::IpAddr;
use std::sync::Arc;

/// Where probes ask, which know a server by its bare address.
const PROBED: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

/// Answers only requests that were sent to `public_origin`, such as `https://plumb.example.com`.
/// Without one, only to a bare address or `localhost`: a name could be anybody's.
pub fn only_for_us(router: Router, public_origin: Option<&str>) -> Router {
    let ours: Option<Arc<str>> = public_origin.map(|origin| origin.split_once("://").map_or(origin, |(_, host)| host).trim_end_matches('/').to_ascii_lowercase().into());
    router.layer(from_fn(move |request: Request, next: Next| {
        let ours = ours.clone();
        async move {
            match check(&request, ours.as_deref()) {
                Ok(()) => next.run(request).await,
                Err(problem) => refused(problem),
            }
        }
    }))
}

fn check(request: &Request, ours: Option<&str>) -> Result<(), Problem> {
    if is_old_probe(request) { Ok(()) } else { named(request).and_then(|name| is_ours(&name, ours, request.uri().path())) }
}

/// A load balancer asks in HTTP/1.0, which knows no Host (RFC 9112 section 3.2 asks for one from 1.1
/// on), unless it is told otherwise.
fn is_old_probe(request: &Request) -> bool {
    request.version() == Version::HTTP_10 && !request.headers().contains_key(header::HOST) && request.uri().authority().is_none() && PROBED.contains(&request.uri().path())
}

/// The one name a request was sent to.
fn named(request: &Request) -> Result<Authority, Problem> {
    let bad = |detail: &str| Problem::new(StatusCode::BAD_REQUEST, "bad_host", detail).at("Host");
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let (host, further) = (hosts.next(), hosts.next());
    let host = host.filter(|_| further.is_none()).ok_or_else(|| bad("A request names its host once."))?;
    let host: Authority = host.to_str().ok().and_then(|host| host.parse().ok()).ok_or_else(|| bad("The host is not one."))?;
    if host.as_str().contains('@') {
        return Err(bad("The host is not one."));
    }
    match request.uri().authority() {
        Some(asked) if *asked != host => Err(bad("The address and the host name different servers.")),
        _ => Ok(host),
    }
}

fn is_ours(name: &Authority, ours: Option<&str>, path: &str) -> Result<(), Problem> {
    let bare = name.host().trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().is_ok() || name.host().eq_ignore_ascii_case("localhost");
    let known = match ours {
        Some(ours) => name.as_str().eq_ignore_ascii_case(ours) || (bare && PROBED.contains(&path)),
        None => bare,
    };
    if known {
        return Ok(());
    }
    Err(Problem::new(StatusCode::MISDIRECTED_REQUEST, "unknown_host", "This server is not known by that name.")
        .at("Host")
        .advise("Whoever runs the server names its address with --public-origin."))
}

fn refused(problem: Problem) -> Response {
    let id = RequestId::make();
    let mut response = problem.into_response(&id);
    secure(&mut response, Policy::Data, &id);
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// Ends a connection after a request whose end two readers could see in different places, so that
/// what stands behind it is never read as a request (RFC 9112 section 6.1).
pub(super) fn one_request_at_a_time(router: Router) -> Router {
    router.layer(from_fn(|request: Request, next: Next| async move {
        let doubtful = is_doubtful(request.version(), request.headers());
        let mut response = next.run(request).await;
        if doubtful {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }))
}

/// A length beside chunks has been taken away by the time we see the headers, so any chunked request
/// is doubtful.
fn is_doubtful(version: Version, headers: &HeaderMap) -> bool {
    version != Version::HTTP_11 || headers.contains_key(header::TRANSFER_ENCODING)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    fn status(hosts: &[&'static str], uri: &str, ours: Option<&str>) -> u16 {
        status_of(Version::HTTP_11, hosts, uri, ours)
    }

    fn status_of(version: Version, hosts: &[&'static str], uri: &str, ours: Option<&str>) -> u16 {
        let mut request = Request::builder().uri(uri).version(version);
        for host in hosts {
            request = request.header(header::HOST, *host);
        }
        let request = request.body(Body::empty()).unwrap();
        check(&request, ours).map_or_else(|problem| problem.status().as_u16(), |()| 200)
    }

    #[test]
    fn frs_net_001_a_load_balancer_that_names_no_host_in_http_1_0_is_told_how_the_server_is_and_nothing_else() {
        for ours in [None, Some("plumb.example.com")] {
            for (version, hosts, uri, expected) in [
                (Version::HTTP_10, &[][..], "/readyz", 200),
                (Version::HTTP_10, &[], "/healthz", 200),
                (Version::HTTP_10, &[], "/metrics", 200),
                (Version::HTTP_10, &[], "/", 400),
                (Version::HTTP_10, &[], "/readyz/", 400),
                (Version::HTTP_10, &[], "http://evil.example.com/readyz", 400),
                (Version::HTTP_10, &["evil.example.com"], "/readyz", 421),
                (Version::HTTP_11, &[], "/readyz", 400),
            ] {
                assert_eq!(status_of(version, hosts, uri, ours), expected, "{version:?} {hosts:?} {uri} {ours:?}");
            }
        }
    }

    #[test]
    fn frs_net_001_a_name_that_is_not_ours_is_refused_and_a_bare_address_is_not() {
        let ours = Some("plumb.example.com");
        for (hosts, uri, origin, expected) in [
            (&["127.0.0.1:8088"][..], "/", None, 200),
            (&["[::1]:8088"], "/", None, 200),
            (&["localhost:8088"], "/", None, 200),
            (&["evil.example.com"], "/", None, 421),
            (&["127.0.0.1.evil.example.com"], "/", None, 421),
            (&["plumb.example.com"], "/", ours, 200),
            (&["PLUMB.example.com"], "/", ours, 200),
            (&["plumb.example.com:81"], "/", ours, 421),
            (&["plumb.example.com.evil.com"], "/", ours, 421),
            (&["10.0.0.1:8088"], "/", ours, 421),
            (&["10.0.0.1:8088"], "/healthz", ours, 200),
            (&["evil.example.com"], "/healthz", ours, 421),
            (&[], "/", None, 400),
            (&["127.0.0.1", "127.0.0.1"], "/", None, 400),
            (&["127.0.0.1/x"], "/", None, 400),
            (&["user@127.0.0.1"], "/", None, 400),
            (&["127.0.0.1"], "http://evil.example.com/", None, 400),
            (&["127.0.0.1"], "http://127.0.0.1/", None, 200),
        ] {
            assert_eq!(status(hosts, uri, origin), expected, "{hosts:?} {uri} {origin:?}");
        }
    }
}
