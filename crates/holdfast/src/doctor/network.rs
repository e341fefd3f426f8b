//! What the network hands out beside us: a second resolver is a way round the filter that nobody sees (S33).
//!
//! What it is: the leases, router advertisements and settings that this machine itself was given, as the usual network
//! programs of Linux leave them in files. What it is not: a scan of the network. A device may be given other things than
//! this machine, and the words say so.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use super::{Finding, Stands, finding};

const HANDED_OUT: &str = "resolvers on the network";
const IPV6: &str = "IPv6";

/// Where the network programs of Linux write what they were given.
const FOLDERS: [&str; 4] =
    ["/run/systemd/netif/leases", "/var/lib/dhcp", "/var/lib/dhcpcd", "/run/NetworkManager/devices"];
const FILES: [&str; 2] = ["/run/systemd/resolve/resolv.conf", "/run/NetworkManager/no-stub-resolv.conf"];
/// Longest file that is read, bytes.
const LONGEST: u64 = 1 << 20;

/// Looks at what this machine was given. `dns` is where ours listens, `upstream` whom it asks.
pub(super) fn look(dns: Option<SocketAddr>, upstream: &BTreeSet<IpAddr>) -> Vec<Finding> {
    let given = given(FOLDERS.iter().map(Path::new), FILES.iter().map(Path::new));
    let here = addresses_here();
    vec![handed_out(&given, dns, upstream, &here), ipv6(dns, &here)]
}

fn handed_out(
    given: &BTreeSet<IpAddr>,
    dns: Option<SocketAddr>,
    upstream: &BTreeSet<IpAddr>,
    here: &BTreeSet<IpAddr>,
) -> Finding {
    let ours = |ip: &IpAddr| ip.is_loopback() || here.contains(ip) || dns.is_some_and(|dns| dns.ip() == *ip);
    // Whom we ask ourselves may well be what this machine was given. A device that asks it goes round us all the same.
    let others: Vec<String> = given.iter().filter(|ip| !ours(ip)).map(ToString::to_string).collect();
    let provider = given.iter().any(|ip| upstream.contains(ip));
    if others.is_empty() {
        return finding(HANDED_OUT, Stands::Well, "The network gave this machine no resolver but this one.", "");
    }
    let whose = if provider { " (among them your provider's, which Holdfast asks itself)" } else { "" };
    finding(
        HANDED_OUT,
        Stands::Mind,
        format!(
            "The network gave this machine {}{whose}. A device that is given the same goes round the filter.",
            others.join(", ")
        ),
        "In the router's DHCP and its IPv6 advertisements name this machine alone as DNS, and look for a second DHCP server (an old access point).",
    )
}

/// Devices that have IPv6 and find no IPv6 resolver here take the router's.
fn ipv6(dns: Option<SocketAddr>, here: &BTreeSet<IpAddr>) -> Finding {
    let beyond = |ip: &&IpAddr| matches!(ip, IpAddr::V6(v6) if !v6.is_loopback() && !v6.is_unicast_link_local());
    let has = here.iter().any(|ip| beyond(&ip));
    let answers = dns.is_some_and(|dns| dns.is_ipv6());
    match (has, answers) {
        (false, _) => finding(IPV6, Stands::Well, "This network has none.", ""),
        (true, true) => finding(IPV6, Stands::Well, "DNS answers there too.", ""),
        (true, false) => finding(
            IPV6,
            Stands::Mind,
            "The network has it, and DNS listens on IPv4 alone: devices may take the router's resolver.",
            "Turn DNS off in the router's IPv6 advertisements (RDNSS), or listen on [::] as well.",
        ),
    }
}

/// Every resolver that stands in one of these files.
fn given<'p>(folders: impl Iterator<Item = &'p Path>, files: impl Iterator<Item = &'p Path>) -> BTreeSet<IpAddr> {
    let inside = folders.filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().flatten();
    let all = inside.map(|entry| entry.path()).chain(files.map(PathBuf::from));
    let small = |path: &PathBuf| path.metadata().is_ok_and(|about| about.is_file() && about.len() <= LONGEST);
    all.filter(small).filter_map(|path| std::fs::read_to_string(path).ok()).flat_map(|text| resolvers(&text)).collect()
}

/// Resolvers in any of the forms: `DNS=a b` (systemd), `option domain-name-servers a,b;` (dhclient), `nameserver a`.
fn resolvers(text: &str) -> BTreeSet<IpAddr> {
    let words = |line: &str| -> Vec<IpAddr> {
        line.split([' ', ',', ';', '\t']).filter_map(|word| word.trim().parse().ok()).collect()
    };
    let after = |line: &str| -> Option<Vec<IpAddr>> {
        let line = line.trim();
        let rest = ["DNS=", "RDNSS=", "nameserver ", "option domain-name-servers ", "option dhcp6.name-servers "]
            .iter()
            .find_map(|begin| line.strip_prefix(begin))?;
        Some(words(rest))
    };
    text.lines().filter_map(after).flatten().collect()
}

/// This machine's own addresses, as the kernel lists them.
fn addresses_here() -> BTreeSet<IpAddr> {
    let v6 = std::fs::read_to_string("/proc/net/if_inet6").unwrap_or_default();
    let v4 = std::fs::read_to_string("/proc/net/fib_trie").unwrap_or_default();
    local_v6(&v6).chain(local_v4(&v4)).collect()
}

/// Lines such as `fe80…(32 figures) 02 40 20 80 eth0`.
fn local_v6(text: &str) -> impl Iterator<Item = IpAddr> {
    text.lines().filter_map(|line| {
        let figures = line.split_whitespace().next().filter(|word| word.len() == 32)?;
        u128::from_str_radix(figures, 16).ok().map(|number| IpAddr::V6(number.into()))
    })
}

/// `|-- 192.168.1.2` with `/32 host LOCAL` on the line below.
fn local_v4(text: &str) -> impl Iterator<Item = IpAddr> {
    text.lines().zip(text.lines().skip(1)).filter_map(|(line, next)| {
        let address = line.trim().strip_prefix("|-- ")?.parse().ok()?;
        next.contains("/32 host LOCAL").then_some(address)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(addresses: &[&str]) -> BTreeSet<IpAddr> {
        addresses.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn leases_of_every_kind_are_read() {
        let text = "# x\nDNS=192.168.1.1 192.168.1.2\nnameserver fe80::1\n  option domain-name-servers 10.0.0.1,10.0.0.2;\nADDRESS=192.168.1.9\n";
        assert_eq!(resolvers(text), set(&["192.168.1.1", "192.168.1.2", "fe80::1", "10.0.0.1", "10.0.0.2"]));
    }

    #[test]
    fn another_resolver_is_named_and_ours_is_not() {
        let (here, dns) = (set(&["192.168.1.2"]), Some("192.168.1.2:53".parse().unwrap()));
        let none = BTreeSet::new();
        assert_eq!(handed_out(&set(&["192.168.1.2", "127.0.0.1"]), dns, &none, &here).stands, Stands::Well);
        let found = handed_out(&set(&["192.168.1.2", "192.168.1.1"]), dns, &none, &here);
        assert_eq!(found.stands, Stands::Mind);
        assert!(found.say.contains("192.168.1.1") && !found.say.contains("provider"), "{}", found.say);
        assert!(handed_out(&set(&["192.0.2.1"]), dns, &set(&["192.0.2.1"]), &here).say.contains("provider"));
    }

    #[test]
    fn ipv6_without_an_answer_there_is_a_way_round() {
        let with = set(&["2001:db8::2", "fe80::1"]);
        assert_eq!(ipv6(Some("192.168.1.2:53".parse().unwrap()), &with).stands, Stands::Mind);
        assert_eq!(ipv6(Some("[::]:53".parse().unwrap()), &with).stands, Stands::Well);
        assert_eq!(ipv6(Some("192.168.1.2:53".parse().unwrap()), &set(&["fe80::1", "::1"])).stands, Stands::Well);
    }

    #[test]
    fn own_addresses_as_the_kernel_lists_them() {
        let v6 = "fe800000000000000000000000000001 02 40 20 80     eth0\n";
        assert_eq!(local_v6(v6).collect::<BTreeSet<_>>(), set(&["fe80::1"]));
        let v4 = "        |-- 192.168.1.0\n           /24 link UNICAST\n        |-- 192.168.1.2\n           /32 host LOCAL\n";
        assert_eq!(local_v4(v4).collect::<BTreeSet<_>>(), set(&["192.168.1.2"]));
    }
}
