//! What is recorded, what never is, and what a full disk does to it.

use std::time::Duration;

use hickory_proto::rr::RecordType;
use holdfast_gateway::spool::SpoolReader;
use holdfast_gateway::{ActivityEvent, Confidence, Kind, Route};

use crate::world::*;

fn hosts(events: &[ActivityEvent]) -> Vec<(&str, &str, Option<uuid::Uuid>)> {
    let mut found: Vec<_> = events
        .iter()
        .filter_map(|e| match &e.kind {
            Kind::Blocked { host, .. } => Some(("blocked", host.as_str(), e.device)),
            Kind::Allowed { host, .. } => Some(("allowed", host.as_str(), e.device)),
            Kind::Bypass { host, .. } => Some(("bypass", host.as_str(), e.device)),
            _ => None,
        })
        .collect();
    found.sort();
    found
}

#[tokio::test]
async fn what_was_asked_for_reaches_control_sealed() {
    let world = World::new().await;
    for _ in 0..3 {
        world.ask(TABLET, "casino.test.", RecordType::A).await;
    }
    world.ask(LAPTOP, "good.test.", RecordType::A).await;
    world.ask(LAPTOP, "use-application-dns.net.", RecordType::A).await;
    let spool = world.gateway_dir().join("spool");
    let reader = SpoolReader::new(&world.gateway_dir(), world.opening.clone());
    until(Duration::from_secs(3), async || reader.next_batch().unwrap()).await;
    for entry in std::fs::read_dir(&spool).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!bytes.windows(6).any(|w| w == b"casino"), "sealed on the disk");
    }
    let events = world.events().await;
    let (tablet, laptop) = (Some(device_id(1)), Some(device_id(2)));
    assert_eq!(
        hosts(&events),
        [
            ("allowed", "good.test", laptop),
            ("blocked", "casino.test", tablet),
            ("bypass", "use-application-dns.net", laptop)
        ]
    );
    let blocked = events.iter().find(|e| matches!(e.kind, Kind::Blocked { .. })).unwrap();
    let Kind::Blocked { category, route, count, .. } = &blocked.kind else { unreachable!() };
    assert_eq!((category.as_deref(), *route, *count), (Some("gambling"), Route::Dns, 3));
    assert_eq!((blocked.person, blocked.confidence), (None, Confidence::Address), "an address names no person");
}

#[tokio::test]
async fn a_credential_names_the_person() {
    use base64::Engine;
    let world = World::new().await;
    let credential = base64::engine::general_purpose::STANDARD.encode(format!("device-2:{PASSWORD}"));
    let request = format!(
        "GET http://casino.test/ HTTP/1.1\r\nHost: casino.test\r\nProxy-Authorization: Basic {credential}\r\n\r\n"
    );
    world.proxy(STRANGER, &request).await;
    let events = world.events().await;
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!((events[0].person, events[0].confidence), (Some(device_id(202)), Confidence::Proven));
}

#[tokio::test]
async fn never_logged_names_and_our_own_leave_nothing() {
    let world = World::new().await;
    for from in [TABLET, LAPTOP, GUEST, STRANGER] {
        world.ask(from, "www.childline.org.uk.", RecordType::A).await;
        world.ask(from, "time.test.", RecordType::A).await;
        world.proxy(from, "GET http://www.childline.org.uk/ HTTP/1.1\r\nHost: www.childline.org.uk\r\n\r\n").await;
    }
    let events = world.events().await;
    // The fake resolver's addresses are inside, which the proxy refuses; for these names that is no record either.
    assert!(events.is_empty(), "{events:?}");
}

#[tokio::test]
async fn guests_are_counted_and_nothing_more() {
    let world = World::new().await;
    world.ask(GUEST, "casino.test.", RecordType::A).await;
    world.ask(GUEST, "casino.test.", RecordType::A).await;
    world.ask(GUEST, "good.test.", RecordType::A).await;
    let events = world.events().await;
    assert!(events.iter().all(|e| e.device.is_none() && e.person.is_none() && e.group == "guests"), "{events:?}");
    let text = serde_json::to_string(&events).unwrap();
    for trace in ["casino", "good", "127.0.0.13"] {
        assert!(!text.contains(trace), "{text}");
    }
    let counted = events.iter().fold((0, 0), |(a, b), e| match e.kind {
        Kind::Guests { allowed, blocked } => (a + allowed, b + blocked),
        _ => panic!("{e:?}"),
    });
    assert_eq!(counted, (1, 2));
}

#[tokio::test]
async fn a_stranger_is_an_event_once_a_minute() {
    let world = World::new().await;
    for _ in 0..5 {
        world.ask(STRANGER, "casino.test.", RecordType::A).await;
    }
    let events = world.events().await;
    let strangers: Vec<_> = events
        .iter()
        .filter(|e| e.kind == Kind::Unidentified { address: STRANGER, wrong_credential: false, count: 1 })
        .collect();
    assert_eq!(strangers.len(), 1, "{events:?}");
}

#[tokio::test]
async fn a_sealed_hit_names_neither_the_entry_nor_a_person() {
    let world = World::sealed("sealed.test").await;
    let answer = world.ask(LAPTOP, "sealed.test.", RecordType::A).await;
    assert_eq!(ede(&answer).unwrap(), (15, "blocked".into()));
    let page = world.proxy(LAPTOP, "GET http://sealed.test/ HTTP/1.1\r\nHost: sealed.test\r\n\r\n").await;
    assert!(page.contains("<h1>Blocked</h1>") && !page.contains("<a ") && !page.contains("sealed"), "{page}");
    assert!(world.status().lists.sealed_supplied);
    let events = world.events().await;
    assert_eq!(events.len(), 2, "{events:?}");
    assert!(events.iter().all(|e| matches!(e.kind, Kind::Sealed { .. }) && e.person.is_none()));
    assert!(!serde_json::to_string(&events).unwrap().contains("sealed.test"));
}

#[tokio::test]
async fn a_full_queue_drops_counts_first_and_says_what_is_lost() {
    // Room for four segments of one block each.
    let world = World::configured(Some(policy(1)), |config| config.spool_limit = 4 * 4096).await;
    let reader = SpoolReader::new(&world.gateway_dir(), world.opening.clone());
    let spool = world.gateway_dir().join("spool");
    let files = || std::fs::read_dir(&spool).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    for n in 0..4 {
        world.ask(LAPTOP, &format!("good-{n}.test."), RecordType::A).await;
        world.ask(TABLET, "casino.test.", RecordType::A).await;
        // Wait for this second's segments, so that each round makes its own.
        until(Duration::from_secs(5), async || (files().filter(|f| f.contains("-events-")).count() > n).then_some(()))
            .await;
    }
    let used: u64 =
        std::fs::read_dir(&spool).unwrap().map(|e| e.unwrap().metadata().unwrap().len().div_ceil(4096)).sum();
    assert!(used <= 4, "{used} blocks");
    assert!(files().all(|f| !f.contains("-counts-")), "{:?}", files().collect::<Vec<_>>());
    // Control comes back: once there is room, what is lost stands in the queue itself.
    let mut events = drain(&reader);
    until(Duration::from_secs(5), async || {
        world.ask(TABLET, "poker.test.", RecordType::A).await;
        events.extend(drain(&reader));
        let lost: u64 = events.iter().map(|e| if let Kind::Lost { count, .. } = e.kind { count } else { 0 }).sum();
        (lost >= 3).then_some(())
    })
    .await;
    assert!(events.iter().any(|e| matches!(e.kind, Kind::Blocked { .. })), "blocks outlive counts: {events:?}");
}

#[tokio::test]
async fn a_damaged_segment_does_not_stop_the_queue() {
    let world = World::new().await;
    let reader = SpoolReader::new(&world.gateway_dir(), world.opening.clone());
    world.ask(TABLET, "casino.test.", RecordType::A).await;
    until(Duration::from_secs(3), async || reader.next_batch().unwrap()).await;
    let spool = world.gateway_dir().join("spool");
    let path = std::fs::read_dir(&spool).unwrap().next().unwrap().unwrap().path();
    let mut bytes = std::fs::read(&path).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    world.ask(TABLET, "poker.test.", RecordType::A).await;
    let events = world.events().await;
    assert!(events.iter().any(|e| matches!(e.kind, Kind::Lost { count: 1, .. })), "{events:?}");
    assert!(hosts(&events).iter().any(|(_, host, _)| *host == "poker.test"), "{events:?}");
}

#[tokio::test]
async fn another_key_opens_nothing() {
    let world = World::new().await;
    world.ask(TABLET, "casino.test.", RecordType::A).await;
    let dir = world.gateway_dir();
    world.gateway.shutdown().await;
    let stranger = SpoolReader::new(&dir, age::x25519::Identity::generate());
    let batch = stranger.next_batch().unwrap().unwrap();
    assert!(matches!(batch.events[0].kind, Kind::Lost { .. }), "{batch:?}");
}
