//! Addresses that belong to the internet, told from those inside a building, a machine or a document.
//!
//! What it is for: whoever connects on somebody else’s word (the proxy, the fetcher of lists) must not be led to the
//! setting’s own machines. What it is not: a judge of what is at an address.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether this is a public address. What is wrapped in another family counts as what it wraps.
pub fn is_public(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    !(ip.is_unspecified()
        || ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_broadcast()
        || ip.is_documentation()
        || ip.is_multicast()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (b == 18 || b == 19)))
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [first, second, ..] = ip.segments();
    // Global unicast is 2000::/3; inside it are documentation, Teredo, ORCHID and 6to4, which wrap other addresses.
    (first & 0xe000) == 0x2000
        && !(first == 0x2001 && (second == 0x0db8 || second < 0x0200))
        && first != 0x2002
        && !(first == 0x3fff && second < 0x1000)
}
