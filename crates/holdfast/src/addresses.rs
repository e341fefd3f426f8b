//! The contract's default addresses.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Pages.
pub(crate) const WEB: SocketAddr = loopback(8080);

/// Where the demo hands out its certificate when others of the network come in.
pub(crate) const PLAIN_PORT: u16 = 8081;

const fn loopback(port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}
