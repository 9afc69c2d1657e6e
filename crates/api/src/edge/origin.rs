//! Whether a change that a browser sends with its cookie comes from our own pages.

use super::Problem;
use axum::http::{HeaderMap, StatusCode, header};

/// Refuses a change sent from another site. A browser says where a request comes from in
/// `Sec-Fetch-Site`, older ones in `Origin`; with a cookie and without either nothing is changed.
///
/// `public_origin` is the address under which people reach this server, such as
/// `https://plumb.example.com`; where it is not set, the request's own host is compared.
pub fn check_same_origin(headers: &HeaderMap, public_origin: Option<&str>) -> Result<(), Problem> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let same = match (text("sec-fetch-site"), text("origin")) {
        (Some(site), _) => site == "same-origin",
        (None, Some(origin)) => match public_origin {
            Some(public) => origin == public.trim_end_matches('/'),
            None => text(header::HOST.as_str()).is_some_and(|host| origin.split_once("://").is_some_and(|(_, from)| from == host)),
        },
        (None, None) => false,
    };
    if same {
        return Ok(());
    }
    Err(Problem::new(StatusCode::FORBIDDEN, "cross_site", "A change with the session's cookie is taken from our own pages only.")
        .advise("Programs use an API token instead of the cookie."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    fn check(pairs: &[(&'static str, &'static str)], public: Option<&str>) -> bool {
        let headers = pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect();
        check_same_origin(&headers, public).is_ok()
    }

    #[test]
    fn frs_api_004_only_our_own_pages_change_something_with_a_cookie() {
        let host = ("host", "plumb.example.com");
        for (pairs, public, expected) in [
            (vec![host, ("sec-fetch-site", "same-origin")], None, true),
            (vec![host, ("sec-fetch-site", "same-site")], None, false),
            (vec![host, ("sec-fetch-site", "cross-site"), ("origin", "https://plumb.example.com")], None, false),
            (vec![host, ("sec-fetch-site", "none")], None, false),
            (vec![host, ("origin", "https://plumb.example.com")], None, true),
            (vec![host, ("origin", "https://evil.example.com")], None, false),
            (vec![host, ("origin", "https://plumb.example.com.evil.com")], None, false),
            (vec![host, ("origin", "null")], None, false),
            (vec![("host", "10.0.0.1:8080"), ("origin", "https://plumb.example.com")], Some("https://plumb.example.com/"), true),
            (vec![host, ("origin", "http://plumb.example.com")], Some("https://plumb.example.com"), false),
            (vec![host], None, false),
        ] {
            assert_eq!(check(&pairs, public), expected, "{pairs:?}");
        }
    }
}
