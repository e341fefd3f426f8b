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
            Evidence { proxy: Some(staff), doh_path: Some("laptop-doh"), addr: addr("127.0.0.12") },
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
            Evidence { proxy: Some(staff), doh_path: Some("tablet-doh"), addr: None },
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
