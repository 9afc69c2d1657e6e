//! The headers that every answer carries.

use super::RequestId;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::Response;

/// What a browser may do with an answer, should it be shown as a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// Data: nothing at all.
    Data,
    /// The content of a file that somebody uploaded.
    File,
    /// A page of ours with our style sheet and nothing else.
    Page,
}

impl Policy {
    fn text(self) -> &'static str {
        match self {
            Self::Data => "default-src 'none'; frame-ancestors 'none'",
            Self::File => "sandbox; default-src 'none'; frame-ancestors 'none'",
            Self::Page => "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        }
    }
}

/// Sets the security headers of an answer and the identifier of its request.
pub fn secure(response: &mut Response, policy: Policy, request: &RequestId) {
    let headers = response.headers_mut();
    set(headers, header::CACHE_CONTROL, "no-store");
    set(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(headers, header::REFERRER_POLICY, "no-referrer");
    set(headers, header::CONTENT_SECURITY_POLICY, policy.text());
    set(headers, HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    if let Ok(id) = HeaderValue::from_str(request.as_str()) {
        headers.insert(HeaderName::from_static("plumb-request-id"), id);
    }
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.insert(name, HeaderValue::from_static(value));
}

/// `attachment` with the file's name, for every browser: a plain one, and the real one as RFC 8187
/// writes it.
pub fn attachment(name: &str) -> String {
    let plain: String = name.chars().map(|c| if c.is_ascii_alphanumeric() || "._- ".contains(c) { c } else { '_' }).collect();
    let encoded: String = name.bytes().map(percent).collect();
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

fn percent(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"._-".contains(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frs_api_015_a_file_name_cannot_leave_its_header() {
        let hostile = attachment("a\"; filename=\"évil\r\nX: y.html");
        assert_eq!(hostile, "attachment; filename=\"a__ filename___vil__X_ y.html\"; filename*=UTF-8''a%22%3B%20filename%3D%22%C3%A9vil%0D%0AX%3A%20y.html");
        assert!(HeaderValue::from_str(&hostile).is_ok());
    }
}
