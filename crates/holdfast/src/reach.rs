//! By which name other devices reach this machine. A listener on every interface (`0.0.0.0`, `[::]`) is an address for
//! nobody: no link, no certificate and no banner may carry it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

/// `host` or `host:port` as devices reach a listener: the name that was asked for, else its own address, else the address
/// with which this machine goes out.
///
/// # Errors
/// A listener on every interface of a machine that has no network, and no name for it.
pub(crate) fn authority(listens: SocketAddr, name: Option<&str>) -> anyhow::Result<String> {
    if let Some(name) = name {
        return Ok(format!("{name}:{}", listens.port()));
    }
    if !listens.ip().is_unspecified() {
        return Ok(listens.to_string());
    }
    let own = outward(listens.ip()).ok_or_else(|| {
        anyhow::anyhow!("this machine has no address in a network. Say with --name how devices reach it")
    })?;
    Ok(SocketAddr::new(own, listens.port()).to_string())
}

/// A listener's address for a program on this very machine.
pub(crate) fn here(listens: SocketAddr) -> SocketAddr {
    let ip = match listens.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        own => own,
    };
    SocketAddr::new(ip, listens.port())
}

/// The address with which this machine speaks to others. Asking the system for a way sends nothing; the other end is an
/// address that exists nowhere (RFC 5737, RFC 3849).
fn outward(like: IpAddr) -> Option<IpAddr> {
    let (from, to): (IpAddr, IpAddr) = match like {
        IpAddr::V4(_) => (Ipv4Addr::UNSPECIFIED.into(), Ipv4Addr::new(192, 0, 2, 1).into()),
        IpAddr::V6(_) => (Ipv6Addr::UNSPECIFIED.into(), Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into()),
    };
    let socket = UdpSocket::bind((from, 0)).ok()?;
    socket.connect((to, 9)).ok()?;
    let own = socket.local_addr().ok()?.ip();
    (!own.is_unspecified() && !own.is_loopback()).then_some(own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_on_every_interface_is_never_named_so() {
        for text in ["0.0.0.0:8080", "[::]:8080"] {
            let listens: SocketAddr = text.parse().expect("an address");
            assert_eq!(authority(listens, Some("nursery.local")).expect("a name"), "nursery.local:8080");
            assert!(here(listens).ip().is_loopback());
            // A machine without a network says so; one with has an address of its own.
            let own = authority(listens, None);
            assert!(own.as_ref().is_err() || own.as_ref().is_ok_and(|own| own != text), "{own:?}");
        }
        let own: SocketAddr = "192.168.1.2:53".parse().expect("an address");
        assert_eq!(authority(own, None).expect("its own"), "192.168.1.2:53");
        assert_eq!(here(own), own);
    }
}
