//! What a proxy request is for, and whether that is a place that the proxy may go to at all.

use std::net::SocketAddr;

use filter::{Audience, CanonicalUrl, Host};
use http::{Method, Request, header};

use crate::Targets;

/// What a request wants.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) host: Host,
    pub(super) port: u16,
    /// The whole URL, where the proxy sees one (plain HTTP).
    pub(super) url: Option<CanonicalUrl>,
}

/// Why a request is none that a proxy serves. Each is the page's sentence.
pub(super) type Malformed = &'static str;

impl Target {
    /// Reads the request's target: `host:port` for CONNECT, an absolute `http` URL for everything else.
    pub(super) fn of<B>(request: &Request<B>) -> Result<Self, Malformed> {
        let uri = request.uri();
        let authority = uri.authority().ok_or("This address is a proxy. It has no pages of its own.")?;
        if authority.as_str().contains('@') {
            return Err("The address holds a user name.");
        }
        let host = Host::parse(authority.host()).map_err(|_| "The address has no host that can be read.")?;
        if request.method() == Method::CONNECT {
            let port = authority.port_u16().ok_or("The address has no port.")?;
            return Ok(Self { host, port, url: None });
        }
        if uri.scheme_str() != Some("http") {
            return Err("The proxy speaks plain HTTP here; ask for other addresses with CONNECT.");
        }
        let mut named = request.headers().get_all(header::HOST).iter();
        if let Some(value) = named.next() {
            // Two names for one request would be decided by one and answered by the other.
            let same = value.as_bytes().eq_ignore_ascii_case(authority.as_str().as_bytes());
            let same = same || value.to_str().is_ok_and(|v| same_authority(v, &host, authority.port_u16()));
            if !same || named.next().is_some() {
                return Err("The request names two hosts.");
            }
        }
        let url = CanonicalUrl::parse(&uri.to_string()).map_err(|_| "The address cannot be read.")?;
        Ok(Self { host, port: authority.port_u16().unwrap_or(80), url: Some(url) })
    }
}

fn same_authority(value: &str, host: &Host, port: Option<u16>) -> bool {
    value.parse::<http::uri::Authority>().is_ok_and(|named| {
        Host::parse(named.host()).is_ok_and(|h| h == *host) && named.port_u16().unwrap_or(80) == port.unwrap_or(80)
    })
}

/// Ports: children's devices reach the web and nothing else; nobody sends mail from a page.
pub(super) fn port_is_open(audience: Audience, connect: bool, port: u16, targets: &Targets) -> bool {
    if let Targets::PublicAnd(more) = targets
        && more.iter().any(|a| a.port() == port)
    {
        return true;
    }
    match audience {
        Audience::Children | Audience::Guests => port == 443 || !connect && port == 80,
        Audience::Adults | Audience::Essential => !matches!(port, 0 | 25 | 465 | 587),
    }
}

/// Whether the proxy may connect there: public addresses, and what was named besides.
pub(super) fn address_is_open(address: SocketAddr, targets: &Targets) -> bool {
    if let Targets::PublicAnd(more) = targets
        && more.contains(&address)
    {
        return true;
    }
    filter::address::is_public(address.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(text: &str) -> bool {
        address_is_open(SocketAddr::new(text.parse().unwrap(), 443), &Targets::Public)
    }

    #[test]
    fn inside_addresses_are_closed() {
        for inside in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "198.18.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001:db8::1",
            "ff02::1",
        ] {
            assert!(!open(inside), "{inside}");
        }
        for outside in ["8.8.8.8", "93.184.215.14", "2606:4700::1111", "2a00:1450:4009::1"] {
            assert!(open(outside), "{outside}");
        }
    }

    #[test]
    fn only_named_servers_are_excepted() {
        let server: SocketAddr = "127.0.0.1:8081".parse().unwrap();
        let targets = Targets::PublicAnd(vec![server]);
        assert!(address_is_open(server, &targets));
        assert!(!address_is_open("127.0.0.1:8082".parse().unwrap(), &targets));
    }

    fn target(method: &str, uri: &str, host: Option<&str>) -> Result<Target, Malformed> {
        let mut request = Request::builder().method(method).uri(uri);
        if let Some(host) = host {
            request = request.header(header::HOST, host);
        }
        Target::of(&request.body(()).unwrap())
    }

    #[test]
    fn two_names_are_refused() {
        assert!(target("GET", "http://good.example/a", Some("good.example")).is_ok());
        assert!(target("GET", "http://good.example/a", Some("GOOD.example:80")).is_ok());
        assert!(target("GET", "http://good.example/a", Some("bad.example")).is_err());
        assert!(target("GET", "http://good.example:8080/a", Some("good.example")).is_err());
        assert!(target("GET", "http://user@good.example/", None).is_err());
        assert!(target("GET", "/index.html", Some("good.example")).is_err());
        assert!(target("GET", "ftp://good.example/", None).is_err());
        assert_eq!(target("CONNECT", "good.example:443", None).unwrap().port, 443);
        assert!(target("CONNECT", "good.example", None).is_err());
        assert!(target("CONNECT", "user@good.example:443", None).is_err());
    }
}
