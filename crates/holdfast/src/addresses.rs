//! The contract's default addresses.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Pages.
pub(crate) const WEB: SocketAddr = loopback(8080);

const fn loopback(port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}
