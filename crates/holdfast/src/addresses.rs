//! The contract's default addresses.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};

use anyhow::Context;

/// Pages.
pub(crate) const WEB: SocketAddr = loopback(8080);

const fn loopback(port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}

/// The address itself, or a free port of it where the port is 0: links in mails and on block pages are written before the
/// web listens, and must lead somewhere.
///
/// # Errors
/// When nothing can listen there.
pub(crate) fn settled(address: SocketAddr) -> anyhow::Result<SocketAddr> {
    if address.port() != 0 {
        return Ok(address);
    }
    let listener = TcpListener::bind(address).with_context(|| format!("cannot listen on {address}"))?;
    Ok(listener.local_addr()?)
}
