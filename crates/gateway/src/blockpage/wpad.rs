//! Browsers that look for a proxy by themselves: they ask for the name `wpad`, then for `/wpad.dat` there.
//!
//! Off unless asked for: it reaches every device that looks, also those that nobody meant. A device's own file (`/pac/…`, on
//! its page) is better where somebody can enter it. What it is not: DHCP; option 252 with the same address is the router's.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use bytes::Bytes;
use filter::Host;
use http::{HeaderValue, Response, header};
use http_body_util::Full;

/// Where the file is.
pub(crate) const PATH: &str = "/wpad.dat";
/// Domains that exist inside buildings alone (RFC 8375, RFC 6762, and what routers make up).
const INSIDE: [&str; 7] = ["home.arpa", "local", "lan", "home", "internal", "localdomain", "fritz.box"];

/// What the file says.
#[derive(Debug)]
pub(crate) struct Proxy {
    at: String,
}

impl Proxy {
    /// The proxy as devices reach it: a listener on every address is reached where block pages are.
    pub(crate) fn new(listens: SocketAddr, here: (Option<Ipv4Addr>, Option<Ipv6Addr>)) -> Self {
        let ip = match (listens.ip().is_unspecified(), here) {
            (true, (Some(v4), _)) => IpAddr::V4(v4),
            (true, (None, Some(v6))) => IpAddr::V6(v6),
            _ => listens.ip(),
        };
        Self { at: SocketAddr::new(ip, listens.port()).to_string() }
    }

    /// The file. No fallback to DIRECT: when the proxy is away, a device sees nothing rather than everything.
    pub(crate) fn file(&self, own: Option<&str>) -> Response<Full<Bytes>> {
        let own = own.filter(|own| own.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.:".contains(&byte)));
        let own = own.unwrap_or("localhost");
        let text = format!(
            "function FindProxyForURL(url, host) {{\n  if (host === \"{own}\" || isPlainHostName(host)) return \"DIRECT\";\n  \
             return \"PROXY {}\";\n}}\n",
            self.at
        );
        let mut response = Response::new(Full::new(Bytes::from(text)));
        let kind = HeaderValue::from_static("application/x-ns-proxy-autoconfig");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("max-age=300"));
        response
    }
}

/// Whether somebody looks for a proxy by this name, in whatever domain.
pub(crate) fn is_wpad(host: &Host) -> bool {
    matches!(host, Host::Name(name) if name.as_str() == "wpad" || name.as_str().starts_with("wpad."))
}

/// Whether the name is one of the building.
pub(crate) fn is_ours(host: &Host) -> bool {
    let Host::Name(name) = host else { return false };
    match name.as_str().split_once('.') {
        None => true,
        Some((_, domain)) => INSIDE.contains(&domain),
    }
}
