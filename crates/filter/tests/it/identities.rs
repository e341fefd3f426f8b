//! Who asks (S33).

use std::net::IpAddr;

use holdfast_filter::{Confidence, Evidence};
use uuid::Uuid;

use crate::setting::*;

fn addr(text: &str) -> Option<IpAddr> {
    Some(text.parse().unwrap())
}

#[test]
fn evidence_in_order_of_trust() {
    let policy = unsealed(snapshot());
    let staff = ("laptop-user", "laptop-password");
    let none = Evidence::default();
    let cases: [(&str, Evidence<'_>, Option<Uuid>, &str, Confidence); 13] = [
        ("nothing", none, None, "children", Confidence::Unknown),
        ("proxy", Evidence { proxy: Some(staff), ..none }, Some(LAPTOP), "staff", Confidence::Proven),
        ("doh", Evidence { doh_path: Some("laptop-doh"), ..none }, Some(LAPTOP), "staff", Confidence::Proven),
        ("address", Evidence { addr: addr("127.0.0.12"), ..none }, Some(LAPTOP), "staff", Confidence::Address),
        (
            "mapped address",
            Evidence { addr: addr("::ffff:127.0.0.12"), ..none },
            Some(LAPTOP),
            "staff",
            Confidence::Address,
        ),
        ("unknown address", Evidence { addr: addr("10.0.0.1"), ..none }, None, "children", Confidence::Unknown),
        (
            "proxy, unknown address",
            Evidence { proxy: Some(staff), addr: addr("10.0.0.1"), ..none },
            Some(LAPTOP),
            "staff",
            Confidence::Proven,
        ),
        (
            "agreeing",
            Evidence { proxy: Some(staff), doh_path: Some("laptop-doh"), addr: addr("127.0.0.12"), ..none },
            Some(LAPTOP),
            "staff",
            Confidence::Proven,
        ),
        (
            "wrong password",
            Evidence { proxy: Some(("laptop-user", "x")), addr: addr("127.0.0.12"), ..none },
            None,
            "children",
            Confidence::Mismatch,
        ),
        (
            "unknown user",
            Evidence { proxy: Some(("x", "laptop-password")), ..none },
            None,
            "children",
            Confidence::Mismatch,
        ),
        (
            "unknown path",
            Evidence { doh_path: Some("x"), addr: addr("127.0.0.12"), ..none },
            None,
            "children",
            Confidence::Mismatch,
        ),
        (
            "another's address",
            Evidence { proxy: Some(staff), addr: addr("127.0.0.11"), ..none },
            None,
            "children",
            Confidence::Mismatch,
        ),
        (
            "two secrets",
            Evidence { proxy: Some(staff), doh_path: Some("tablet-doh"), ..none },
            None,
            "children",
            Confidence::Mismatch,
        ),
    ];
    for (what, evidence, device, group, confidence) in cases {
        let identity = policy.identify(&evidence);
        assert_eq!((identity.device, &*identity.group, identity.confidence), (device, group, confidence), "{what}");
    }
}

#[test]
fn a_mark_that_two_devices_share_proves_neither() {
    let mut snapshot = snapshot();
    snapshot.devices[0].source_addresses = snapshot.devices[1].source_addresses.clone();
    snapshot.devices[0].doh_path = snapshot.devices[1].doh_path.clone();
    let policy = unsealed(snapshot);
    let by_address = policy.identify(&Evidence { addr: addr("127.0.0.12"), ..Evidence::default() });
    assert_eq!((by_address.device, by_address.confidence), (None, Confidence::Unknown));
    let by_path = policy.identify(&Evidence { doh_path: Some("laptop-doh"), ..Evidence::default() });
    assert_eq!((by_path.device, by_path.confidence), (None, Confidence::Mismatch));
}

#[test]
fn a_device_without_a_password_is_not_proven_by_an_empty_one() {
    let mut snapshot = snapshot();
    snapshot.devices[1].proxy_password_sha256 = None;
    let policy = unsealed(snapshot);
    let identity = policy.identify(&Evidence { proxy: Some(("laptop-user", "")), ..Evidence::default() });
    assert_eq!(identity.confidence, Confidence::Mismatch);
}

const OURS: Option<[u8; 6]> = Some([2, 0, 0, 0, 0, 1]);
const ANOTHERS: Option<[u8; 6]> = Some([2, 0, 0, 0, 0, 9]);

#[test]
fn a_hardware_address_comes_before_a_reserved_one() {
    let mut snapshot = snapshot();
    snapshot.devices[1].mac = Some("02:00:00:00:00:01".into());
    let policy = unsealed(snapshot);
    let who = |mac, address: &str| {
        let identity = policy.identify(&Evidence { mac, addr: addr(address), ..Evidence::default() });
        (identity.device, identity.confidence)
    };
    assert_eq!(who(OURS, "10.0.0.1"), (Some(LAPTOP), Confidence::Address), "wherever it is");
    assert_eq!(who(OURS, "127.0.0.12"), (Some(LAPTOP), Confidence::Address));
    assert_eq!(who(None, "127.0.0.12"), (Some(LAPTOP), Confidence::Address), "behind a router nobody sees it");
    assert_eq!(who(ANOTHERS, "127.0.0.12"), (None, Confidence::Mismatch), "somebody took its address");
    assert_eq!(who(OURS, "127.0.0.11"), (None, Confidence::Mismatch), "it took another's address");
    assert_eq!(who(ANOTHERS, "127.0.0.11"), (Some(TABLET), Confidence::Address), "of that one none is registered");
    let proven = Evidence { doh_path: Some("laptop-doh"), mac: ANOTHERS, ..Evidence::default() };
    assert_eq!(policy.identify(&proven).confidence, Confidence::Proven, "a secret outranks what the network shows");
}

#[test]
fn a_network_is_looked_at_last_and_the_longest_counts() {
    use holdfast_filter::policy::Network;
    let mut with = snapshot();
    let network = |cidr: &str, group: &str| Network { cidr: cidr.into(), group: group.into(), until: None };
    with.networks =
        vec![network("10.0.0.0/8", "alarms"), network("10.1.0.0/16", "staff"), network("fd00::/8", "staff")];
    let policy = unsealed(with);
    let group = |address: &str| {
        let identity = policy.identify(&Evidence { addr: addr(address), ..Evidence::default() });
        (identity.group.to_string(), identity.device)
    };
    assert_eq!(group("10.1.2.3"), ("staff".into(), None));
    assert_eq!(group("10.2.2.3"), ("alarms".into(), None));
    assert_eq!(group("fd12::1"), ("staff".into(), None));
    assert_eq!(group("11.0.0.1"), ("children".into(), None));
    assert_eq!(group("127.0.0.12"), ("staff".into(), Some(LAPTOP)));
    let wrong = Evidence { doh_path: Some("x"), addr: addr("10.1.2.3"), ..Evidence::default() };
    assert_eq!(&*policy.identify(&wrong).group, "children", "a wrong secret is no stranger");
    for bad in ["10.0.0.0", "10.0.0.0/33", "fd00::/129", "x/8", "10.0.0.0/-1"] {
        let mut with = snapshot();
        with.networks = vec![network(bad, "staff")];
        let tier = std::sync::Arc::new(holdfast_filter::SealedTier::not_supplied());
        assert!(holdfast_filter::Prepared::new(with, tier).is_err(), "{bad}");
    }
}
