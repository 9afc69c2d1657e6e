//! The address under which people reach a server, as whoever runs it says it.

use axum::http::Uri;
use std::fmt::{Display, Formatter};
use std::str::FromStr;

/// Scheme, host and port, such as `https://plumb.example.com`: in small letters, without the port
/// that the scheme has anyhow, as browsers name it in `Host` and `Origin` (RFC 6454).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    text: String,
    host: String,
}

impl Address {
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether a browser sends the cookies of one to the other: it looks at the host and at no port.
    pub fn shares_cookies_with(&self, other: &Self) -> bool {
        self.host == other.host
    }
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wanted = || format!("“{text}” is no address such as https://plumb.example.com");
        let uri: Uri = text.to_ascii_lowercase().parse().map_err(|_| wanted())?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else { return Err(wanted()) };
        let standard = match scheme {
            "https" => 443,
            "http" => 80,
            _ => return Err(wanted()),
        };
        let is_port_wrong = authority.as_str() != authority.host() && authority.port_u16().is_none();
        if authority.host().is_empty() || is_port_wrong || authority.as_str().contains('@') || uri.path() != "/" || uri.query().is_some() || text.contains('#') {
            return Err(wanted());
        }
        let port = authority.port_u16().filter(|port| *port != standard).map(|port| format!(":{port}")).unwrap_or_default();
        Ok(Self { text: format!("{scheme}://{}{port}", authority.host()), host: authority.host().to_owned() })
    }
}

impl Display for Address {
    fn fmt(&self, out: &mut Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frs_net_001_an_address_is_a_scheme_a_host_and_a_port_and_nothing_else() {
        for (text, expected) in [
            ("https://plumb.example.com", Some("https://plumb.example.com")),
            ("https://plumb.example.com/", Some("https://plumb.example.com")),
            ("HTTPS://Plumb.Example.com:443", Some("https://plumb.example.com")),
            ("http://plumb.example.com:80", Some("http://plumb.example.com")),
            ("http://plumb.example.com:443", Some("http://plumb.example.com:443")),
            ("http://[::1]:8088", Some("http://[::1]:8088")),
            ("plumb.example.com", None),
            ("//plumb.example.com", None),
            ("ftp://plumb.example.com", None),
            ("https://plumb.example.com/app", None),
            ("https://plumb.example.com?x", None),
            ("https://plumb.example.com#x", None),
            ("https://me@plumb.example.com", None),
            ("https://", None),
            ("https://plumb.example.com:port", None),
            ("", None),
        ] {
            assert_eq!(text.parse::<Address>().ok().as_ref().map(Address::as_str), expected, "{text}");
        }
    }

    #[test]
    fn frs_net_001_two_ports_of_one_host_share_their_cookies() {
        let address = |text: &str| text.parse::<Address>().unwrap();
        assert!(address("https://plumb.example.com").shares_cookies_with(&address("https://PLUMB.example.com:8443")));
        assert!(!address("https://plumb.example.com").shares_cookies_with(&address("https://content.example.com")));
    }
}
