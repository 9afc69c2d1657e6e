//! Who asks: an API token in `Authorization`, or the session in its cookie.

use super::Problem;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use base::Result;
use kernel::authority::Actor;
use kernel::{Kernel, session};

/// The name of the session's cookie.
pub const SESSION_COOKIE: &str = "plumb_session";

/// The longest secret that is looked at, in bytes; ours have 70.
const SECRET_BYTES: usize = 200;

/// What a request brings to say who asks.
#[derive(Clone, PartialEq, Eq)]
pub enum Credentials {
    None,
    /// An API token.
    Token(String),
    /// The token of a session. The browser sends it by itself, so a change asks for more
    /// ([`super::check_same_origin`]).
    Session(String),
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::None => "None",
            Self::Token(_) => "Token(..)",
            Self::Session(_) => "Session(..)",
        })
    }
}

impl Credentials {
    /// The token of either sort.
    pub(crate) fn secret(&self) -> Option<&str> {
        match self {
            Self::None => None,
            Self::Token(token) | Self::Session(token) => Some(token),
        }
    }

    /// Reads the headers. `Authorization` counts before the cookie: whoever sends a token that is
    /// no good is not quietly taken for the session.
    pub fn from_headers(headers: &HeaderMap) -> Result<Self, Problem> {
        if let Some(value) = headers.get(header::AUTHORIZATION) {
            let token = value.to_str().ok().and_then(|text| text.split_once(' '));
            return match token {
                Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") && is_plain(token) => Ok(Self::Token(token.to_owned())),
                _ => Err(not_good("Authorization takes “Bearer” and an API token.")),
            };
        }
        Ok(session_token(headers).map_or(Self::None, Self::Session))
    }
}

/// The token of the session that the cookie brings.
pub fn session_token(headers: &HeaderMap) -> Option<String> {
    cookies(headers, SESSION_COOKIE).find(|value| is_plain(value)).map(str::to_owned)
}

/// The values of the cookies with this name, as they were sent.
pub fn cookies<'a>(headers: &'a HeaderMap, name: &'a str) -> impl Iterator<Item = &'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .filter(move |(known, _)| *known == name)
        .map(|(_, value)| value)
}

fn is_plain(secret: &str) -> bool {
    !secret.is_empty() && secret.len() <= SECRET_BYTES && secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn not_good(detail: &str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "signed_out", detail).advise("Sign in, or send an API token that is still good.")
}

/// The actor behind the credentials, or `None` where none were brought. Credentials that are not
/// good are a 401. Blocks.
pub fn authenticate(kernel: &Kernel, credentials: &Credentials) -> Result<Option<Actor>, Problem> {
    let actor = match credentials {
        Credentials::None => return Ok(None),
        Credentials::Token(token) => session::actor_of_token(kernel, kernel::MAIN_TENANT, token)?,
        Credentials::Session(token) => session::actor_of_session(kernel, kernel::MAIN_TENANT, token)?,
    };
    match actor {
        Some(actor) => Ok(Some(actor)),
        None => Err(not_good("You are not signed in, or no longer.")),
    }
}

/// The problem for somebody who brought nothing.
pub(crate) fn nobody() -> Problem {
    not_good("This needs somebody who is signed in.")
}

/// The header that hands a session to the browser.
pub fn session_cookie(token: &str, secure: bool) -> Result<HeaderValue, Problem> {
    cookie(SESSION_COOKIE, token, None, secure)
}

/// The header that takes the session from the browser.
pub fn session_cookie_gone(secure: bool) -> Result<HeaderValue, Problem> {
    cookie(SESSION_COOKIE, "", Some(0), secure)
}

/// The header that sets a cookie of ours: out of reach of scripts and of other sites. Without an
/// age it ends with the browser.
pub fn cookie(name: &str, value: &str, age_seconds: Option<i64>, secure: bool) -> Result<HeaderValue, Problem> {
    let secure = if secure { "; Secure" } else { "" };
    let age = age_seconds.map(|age| format!("; Max-Age={age}")).unwrap_or_default();
    HeaderValue::from_str(&format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict{secure}{age}")).map_err(Problem::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (header::HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn frs_api_001_a_bad_authorization_is_not_taken_for_the_session() {
        let both = headers(&[("authorization", "Basic YWRtaW46eA=="), ("cookie", "plumb_session=abc")]);
        assert_eq!(Credentials::from_headers(&both).unwrap_err().status(), StatusCode::UNAUTHORIZED);
        let token = headers(&[("authorization", "bearer plumb_12"), ("cookie", "plumb_session=abc")]);
        assert_eq!(Credentials::from_headers(&token).unwrap(), Credentials::Token("plumb_12".to_owned()));
    }

    #[test]
    fn the_session_is_found_among_other_cookies() {
        let found = Credentials::from_headers(&headers(&[("cookie", "a=b; plumb_session=abc; c=d")])).unwrap();
        assert_eq!(found, Credentials::Session("abc".to_owned()));
        assert_eq!(Credentials::from_headers(&headers(&[("cookie", "plumb_session=")])).unwrap(), Credentials::None);
    }

    #[test]
    fn frs_api_001_the_cookie_is_out_of_reach_of_scripts_and_other_sites() {
        let plain = session_cookie("abc", false).unwrap();
        assert_eq!(plain, "plumb_session=abc; Path=/; HttpOnly; SameSite=Strict");
        assert_eq!(session_cookie_gone(true).unwrap(), "plumb_session=; Path=/; HttpOnly; SameSite=Strict; Secure; Max-Age=0");
    }
}
