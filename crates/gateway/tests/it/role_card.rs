//! The local role card (S30): what it opens when no policy can be read, and what it never opens.

use std::net::IpAddr;
use std::time::Duration;

use ed25519_dalek::SigningKey;
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;
use holdfast_gateway::{role_card, status};
use jiff::SignedDuration;

use crate::world::*;

fn key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

async fn code(world: &World, from: IpAddr, name: &str) -> ResponseCode {
    world.ask(from, name, RecordType::A).await.metadata.response_code
}

fn on_card(world: &World) -> bool {
    matches!(world.status().policy, status::Policy::RoleCard { .. })
}

#[tokio::test]
async fn a_loaded_card_opens_adults_devices_alone_and_ends_with_the_next_policy() {
    let world = World::configured(None, |_| {}).await;
    let usb = tempfile::tempdir().unwrap();
    let mut made = policy(1);
    let staff = made.groups.get_mut("staff").unwrap();
    staff.open_until = Some(now() + SignedDuration::from_hours(4));
    staff.allow.push(filter::NameRule {
        name: "casino.test".into(),
        rule: "r".into(),
        reason: "because".into(),
        until: Some(now() + SignedDuration::from_hours(1)),
    });
    role_card::write(usb.path(), &made, &key()).unwrap();
    let card = role_card::fresh(usb.path());
    let text = std::fs::read_to_string(&card).unwrap();
    for secret in made.devices.iter().filter_map(|device| device.doh_path.as_deref()) {
        assert!(!text.contains(secret), "a card lies in a drawer");
    }
    assert_eq!(code(&world, LAPTOP, "good.test.").await, ResponseCode::NXDomain, "the baseline");

    role_card::load(&world.gateway_dir(), &card, &key().verifying_key(), now()).unwrap();
    until(Duration::from_secs(4), async || on_card(&world).then_some(())).await;
    assert_eq!(code(&world, LAPTOP, "good.test.").await, ResponseCode::NoError, "adults as on that day");
    assert_eq!(code(&world, LAPTOP, "casino.test.").await, ResponseCode::NXDomain, "what was for an hour is over");
    for from in [TABLET, STRANGER] {
        assert_eq!(
            code(&world, from, "good.test.").await,
            ResponseCode::NXDomain,
            "children and strangers stay closed"
        );
        assert_eq!(code(&world, from, "www.childline.org.uk.").await, ResponseCode::NoError);
    }

    world.publish(&policy(1));
    until(Duration::from_secs(2), async || (!on_card(&world)).then_some(())).await;
    assert!(!world.gateway_dir().join("role.card").exists(), "the next failure asks for it anew");
}

#[tokio::test]
async fn a_card_of_somebody_else_too_old_or_altered_is_refused_and_the_baseline_stays() {
    let world = World::configured(None, |_| {}).await;
    let usb = tempfile::tempdir().unwrap();
    let card = role_card::fresh(usb.path());
    let load = || role_card::load(&world.gateway_dir(), &card, &key().verifying_key(), now());

    role_card::write(usb.path(), &policy(1), &SigningKey::from_bytes(&[9; 32])).unwrap();
    assert!(load().is_err(), "another\u{2019}s signature");
    role_card::write(usb.path(), &policy(1), &key()).unwrap();
    let text = std::fs::read_to_string(&card).unwrap();
    std::fs::write(&card, text.replacen("adults", "guests", 1)).unwrap();
    assert!(load().is_err(), "altered");
    let mut old = policy(1);
    old.made_at = now() - SignedDuration::from_hours(24 * 401);
    role_card::write(usb.path(), &old, &key()).unwrap();
    assert!(load().is_err(), "too old");
    // A policy's own file is no card: it was signed for another purpose.
    let folder = usb.path().join("snapshots");
    let snapshot = holdfast_gateway::snapshot::write(&folder, &policy(1), &key()).unwrap();
    assert!(role_card::load(&world.gateway_dir(), &snapshot, &key().verifying_key(), now()).is_err());
    // Past the command, straight into the folder.
    std::fs::copy(&snapshot, world.gateway_dir().join("role.card")).unwrap();
    until(Duration::from_secs(4), async || (!world.gateway_dir().join("role.card").exists()).then_some(())).await;
    assert!(!on_card(&world));
    assert_eq!(code(&world, LAPTOP, "good.test.").await, ResponseCode::NXDomain);
}
