//! Which addresses the server may call out to, when somebody who configures it names one.
//!
//! Whoever can make the server ask an address of their choosing asks from inside the company's
//! network. So an address counts only after its name has been resolved, only if it is one of the
//! public Internet, and the connection goes to exactly the address that was looked at: a name that
//! points elsewhere a moment later changes nothing. After each redirect all of it is done again.

use crate::{Error, Refusal, RefusalKind, Result};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Where a call may go: the name for TLS and the `Host` header, and the addresses that were checked.
/// Connect to these and to nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    pub host: String,
    pub port: u16,
    pub addresses: Vec<SocketAddr>,
}

/// Looks up the addresses of a name. Callers ask the system (`(host, port).to_socket_addrs()`), tests
/// know the answer.
pub type Lookup<'a> = &'a dyn Fn(&str, u16) -> std::io::Result<Vec<SocketAddr>>;

/// What may be reached besides the public Internet: addresses that whoever runs the server has named
/// on its command line, such as a mail relay beside it. Never anything that is set in the product.
pub type Allowed<'a> = &'a [IpAddr];

/// Checks an address such as `https://anchors.example.com/plumb` and answers where it leads. Refused
/// are other schemes than `https` (and `http` to an allowed address), user names, and names of which
/// any address is not public.
pub fn check(url: &str, allowed: Allowed<'_>, lookup: Lookup<'_>) -> Result<Destination> {
    let refuse = |text: String| Err(Refusal::new(RefusalKind::Invalid, "address_refused", text).at("url").into());
    let (scheme, rest) = match url.split_once("://") {
        Some((scheme, rest)) => (scheme.to_ascii_lowercase(), rest),
        None => return refuse("an address begins with https://".to_owned()),
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
    if authority.contains(['@', '\\', '%']) || url.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return refuse("an address holds no user name, no escapes in its host and no blanks".to_owned());
    }
    let plain = match scheme.as_str() {
        "https" => false,
        "http" => true,
        _ => return refuse(format!("{scheme}:// is not called, only https://")),
    };
    let (host, port) = host_and_port(authority, if plain { 80 } else { 443 })?;
    let addresses = lookup(&host, port).map_err(|error| unreachable(&host, &error.to_string()))?;
    if addresses.is_empty() {
        return Err(unreachable(&host, "the name has no address"));
    }
    let named = |address: &SocketAddr| allowed.contains(&address.ip().to_canonical());
    if let Some(inside) = addresses.iter().find(|address| !named(address) && !is_public(address.ip())) {
        return refuse(format!("{host} leads to {}, which is not on the public Internet", inside.ip()));
    }
    if plain && !addresses.iter().all(named) {
        return refuse("what is sent in the clear does not leave the house; use https://".to_owned());
    }
    Ok(Destination { host, port, addresses })
}

fn unreachable(host: &str, why: &str) -> Error {
    Refusal::new(RefusalKind::Unavailable, "address_unknown", format!("{host} cannot be looked up: {why}")).at("url").into()
}

fn host_and_port(authority: &str, standard: u16) -> Result<(String, u16)> {
    let bad = || Error::invalid("url", "address_refused", format!("“{authority}” is no host"));
    let (host, port) = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, port)) => (host, port.strip_prefix(':').or(Some(port).filter(|port| port.is_empty())).ok_or_else(bad)?),
        None => authority.rsplit_once(':').unwrap_or((authority, "")),
    };
    let port = if port.is_empty() { standard } else { port.parse().map_err(|_| bad())? };
    if host.is_empty() || port == 0 { Err(bad()) } else { Ok((host.trim_end_matches('.').to_ascii_lowercase(), port)) }
}

/// Whether an address is one of the public Internet (IANA special-purpose registries, RFC 6890 and
/// its successors): not this machine, not a private network, not the network's own services.
pub fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(four) => is_public_four(four),
        IpAddr::V6(six) => is_public_six(six),
    }
}

fn is_public_four(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = match (a, b, c) {
        // This network, private use, loopback.
        (0 | 10 | 127, ..) => true,
        // Carrier-grade NAT, link-local with the clouds' metadata, private use.
        (100, 64..=127, _) | (169, 254, _) | (172, 16..=31, _) => true,
        // Protocol assignments, documentation, the old 6to4 relay, private use, benchmarks.
        (192, 0, 0 | 2) | (192, 88, 99) | (192, 168, _) | (198, 18 | 19, _) | (198, 51, 100) | (203, 0, 113) => true,
        // Multicast, reserved, broadcast.
        (224.., ..) => true,
        _ => false,
    };
    !special && !OF_THE_CLOUD.contains(&address)
}

/// Addresses out of public blocks at which a cloud tells its machines about themselves; from inside it
/// they lead nowhere else.
const OF_THE_CLOUD: [Ipv4Addr; 1] = [Ipv4Addr::new(168, 63, 129, 16)];

fn is_public_six(address: Ipv6Addr) -> bool {
    let [a, b, c, ..] = address.segments();
    // Only 2000::/3 is given out at all; within it special blocks, and those that carry an IPv4
    // address which could lead inside.
    let given_out = a & 0xe000 == 0x2000;
    let special = match (a, b, c) {
        // Teredo, ORCHID and other protocol assignments; documentation; 6to4.
        (0x2001, 0..=0x01ff, _) | (0x2001, 0x0db8, _) | (0x2002, ..) => true,
        (0x3fff, 0..=0x0fff, _) => true,
        _ => false,
    };
    given_out && !special
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answering(addresses: &[&str]) -> impl Fn(&str, u16) -> std::io::Result<Vec<SocketAddr>> {
        let known: Vec<IpAddr> = addresses.iter().map(|address| address.parse().unwrap()).collect();
        move |_, port| Ok(known.iter().map(|address| SocketAddr::new(*address, port)).collect())
    }

    #[test]
    fn frs_guard_008_no_address_inside_a_network_is_public() {
        for inside in [
            "127.0.0.1", "127.9.9.9", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "100.64.0.1", "100.127.255.255", "100.100.100.200", "168.63.129.16", "192.0.0.1", "192.0.0.192", "192.0.2.1",
            "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.88.99.1", "::", "::1", "fe80::1", "fc00::1", "fd00::1", "fd00:ec2::254", "ff02::1",
            "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:168.63.129.16", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::101:101", "64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::1", "fec0::1", "3fff::1",
        ] {
            assert!(!is_public(inside.parse().unwrap()), "{inside}");
        }
        for public in ["1.1.1.1", "9.9.9.9", "1.0.0.0", "168.63.129.15", "168.63.129.17", "100.63.255.255", "100.128.0.0", "172.15.0.1", "172.32.0.1", "192.167.0.1", "198.17.0.1", "198.20.0.1", "223.255.255.255", "2606:4700::1111", "2a00::1"] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }

    #[test]
    fn frs_guard_008_a_name_that_leads_inside_is_refused_whatever_it_looks_like() {
        let refused = |url: &str, addresses: &[&str]| check(url, &[], &answering(addresses)).unwrap_err().refusal().unwrap().code.clone();
        for (url, addresses) in [
            ("https://inside.example.com/", &["10.0.0.7"][..]),
            ("https://both.example.com/", &["1.1.1.1", "127.0.0.1"]),
            ("https://six.example.com/", &["::1"]),
            ("https://localhost/", &["127.0.0.1"]),
            ("https://[::1]/", &["::1"]),
            ("https://[::ffff:10.0.0.1]:8443/", &["::ffff:10.0.0.1"]),
            ("https://0x7f.1/", &["127.0.0.1"]),
            ("https://2130706433/", &["127.0.0.1"]),
            ("https://169.254.169.254/latest/meta-data/", &["169.254.169.254"]),
            ("http://public.example.com/", &["1.1.1.1"]),
            ("ftp://public.example.com/", &["1.1.1.1"]),
            ("file:///etc/passwd", &["1.1.1.1"]),
            ("gopher://public.example.com/", &["1.1.1.1"]),
            ("https://user@public.example.com/", &["1.1.1.1"]),
            ("https://public.example.com\\@inside/", &["1.1.1.1"]),
            ("https://public.example.com:0/", &["1.1.1.1"]),
            ("https://public.example.com:99999/", &["1.1.1.1"]),
            ("https://pub lic.example.com/", &["1.1.1.1"]),
            ("https:///path", &["1.1.1.1"]),
            ("public.example.com", &["1.1.1.1"]),
        ] {
            assert_eq!(refused(url, addresses), "address_refused", "{url}");
        }
        assert_eq!(refused("https://gone.example.com/", &[]), "address_unknown");
    }

    #[test]
    fn frs_guard_008_a_call_goes_only_to_the_addresses_that_were_looked_at() {
        // The name points inside from the second look on: it is looked at once.
        let looks = std::cell::Cell::new(0);
        let rebinding = |_: &str, port: u16| {
            looks.set(looks.get() + 1);
            let address = if looks.get() == 1 { "1.1.1.1" } else { "127.0.0.1" };
            Ok(vec![SocketAddr::new(address.parse().unwrap(), port)])
        };
        let checked = check("https://Rebinding.Example.com./x?y=http://10.0.0.1", &[], &rebinding).unwrap();
        assert_eq!((checked.host.as_str(), checked.port, looks.get()), ("rebinding.example.com", 443, 1));
        assert_eq!(checked.addresses, ["1.1.1.1:443".parse().unwrap()]);
        // After a redirect it is looked at again.
        assert!(check("https://rebinding.example.com/next", &[], &rebinding).is_err());
    }

    #[test]
    fn an_address_that_the_operator_named_is_reached_also_in_the_clear() {
        let relay: IpAddr = "10.0.0.25".parse().unwrap();
        assert!(check("http://relay.example.com:8025/", &[relay], &answering(&["10.0.0.25"])).is_ok());
        assert!(check("http://relay.example.com:8025/", &[relay], &answering(&["10.0.0.25", "10.0.0.26"])).is_err());
    }
}
