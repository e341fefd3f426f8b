//! DNS answers, as a client of each kind sees them.

use std::net::Ipv4Addr;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::{RData, RecordType};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::world::*;

fn addresses(message: &Message) -> Vec<Ipv4Addr> {
    message.answers.iter().filter_map(|r| if let RData::A(a) = &r.data { Some(a.0) } else { None }).collect()
}

#[tokio::test]
async fn a_blocked_name_is_nxdomain_with_its_reason() {
    let world = World::new().await;
    for from in [TABLET, LAPTOP, GUEST, STRANGER] {
        let answer = world.ask(from, "www.Casino.test.", RecordType::A).await;
        assert_eq!(answer.metadata.response_code, ResponseCode::NXDomain, "{from}");
        assert_eq!(ede(&answer).unwrap(), (17, "category: Gambling; ask the office".into()));
        assert_eq!(answer.queries[0].name().to_ascii(), "www.Casino.test.", "the client's own spelling");
    }
    assert_eq!(world.upstream.asked.lock().unwrap().len(), 0, "a blocked name never leaves the house");
}

#[tokio::test]
async fn groups_differ_and_a_stranger_is_in_the_strictest() {
    let world = World::new().await;
    assert_eq!(addresses(&world.ask(LAPTOP, "arcade.test.", RecordType::A).await), [Ipv4Addr::LOCALHOST]);
    for from in [TABLET, STRANGER] {
        let answer = world.ask(from, "arcade.test.", RecordType::A).await;
        assert_eq!(answer.metadata.response_code, ResponseCode::NXDomain, "{from}: the laptop's answer is cached");
    }
}

#[tokio::test]
async fn a_device_that_shows_the_block_page_is_led_to_it() {
    let world = World::new().await;
    let answer = world.ask(SHOWS_PAGE, "casino.test.", RecordType::A).await;
    assert_eq!(addresses(&answer), [Ipv4Addr::new(192, 0, 2, 80)]);
    assert!(answer.answers[0].ttl <= 30);
    for kind in [RecordType::AAAA, RecordType::HTTPS, RecordType::TXT] {
        let answer = world.ask(SHOWS_PAGE, "casino.test.", kind).await;
        assert_eq!((answer.metadata.response_code, answer.answers.len()), (ResponseCode::NoError, 0), "{kind}");
        assert_eq!(ede(&answer).unwrap().0, 17);
    }
    let canary = world.ask(SHOWS_PAGE, "use-application-dns.net.", RecordType::A).await;
    assert_eq!(canary.metadata.response_code, ResponseCode::NXDomain, "a canary must not exist, page or not");
}

#[tokio::test]
async fn tcp_answers_as_udp_does_and_large_answers_are_cut() {
    let world = World::new().await;
    let cut = world.ask(LAPTOP, "large.test.", RecordType::A).await;
    assert!(cut.metadata.truncation);
    assert!(cut.answers.is_empty());
    let mut stream = connect(world.gateway.dns_addr(), LAPTOP).await;
    for (name, expected) in [("large.test.", 100), ("casino.test.", 0), ("small.test.", 1)] {
        let packet = query(name, RecordType::A);
        stream.write_u16(packet.len() as u16).await.unwrap();
        stream.write_all(&packet).await.unwrap();
        let mut answer = vec![0; stream.read_u16().await.unwrap().into()];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(Message::from_vec(&answer).unwrap().answers.len(), expected, "{name}");
    }
}

#[tokio::test]
async fn children_get_short_times_and_adults_the_real_ones() {
    let world = World::new().await;
    assert_eq!(world.ask(LAPTOP, "ordinary.test.", RecordType::A).await.answers[0].ttl, 300);
    assert_eq!(world.ask(TABLET, "ordinary.test.", RecordType::A).await.answers[0].ttl, 30);
}

#[tokio::test]
async fn the_cache_asks_once_and_equal_questions_share() {
    let world = World::new().await;
    let all = (0..20).map(|_| world.ask(LAPTOP, "popular.test.", RecordType::A));
    for answer in futures_util::future::join_all(all).await {
        assert_eq!(addresses(&answer), [Ipv4Addr::LOCALHOST]);
    }
    world.ask(TABLET, "POPULAR.test.", RecordType::A).await;
    assert_eq!(world.upstream.times_asked("popular.test"), 1);
    let missing = || world.ask(LAPTOP, "missing.test.", RecordType::A);
    assert_eq!(missing().await.metadata.response_code, ResponseCode::NXDomain);
    missing().await;
    assert_eq!(world.upstream.times_asked("missing.test"), 1, "no is kept too");
}

#[tokio::test]
async fn an_alias_of_a_blocked_name_is_blocked() {
    let world = World::new().await;
    let answer = world.ask(TABLET, "cloaked.test.", RecordType::A).await;
    assert_eq!(answer.metadata.response_code, ResponseCode::NXDomain);
    assert_eq!(ede(&answer).unwrap().0, 17);
    let events = world.events().await;
    assert!(events.iter().all(|e| !matches!(e.kind, holdfast_gateway::Kind::Allowed { .. })), "{events:?}");
}

#[tokio::test]
async fn encrypted_client_hello_keys_are_taken_out() {
    let world = World::new().await;
    let answer = world.ask(LAPTOP, "ech.test.", RecordType::HTTPS).await;
    let RData::HTTPS(https) = &answer.answers[0].data else { panic!("{answer:?}") };
    assert_eq!(https.svc_params.len(), 1, "alpn stays, ech goes: {https}");
}

#[tokio::test]
async fn search_is_led_to_its_safe_form() {
    let world = World::new().await;
    let answer = world.ask(TABLET, "www.google.com.", RecordType::A).await;
    let RData::CNAME(alias) = &answer.answers[0].data else { panic!("{answer:?}") };
    assert_eq!(alias.0.to_ascii(), "forcesafesearch.google.com.");
    assert_eq!(addresses(&answer), [Ipv4Addr::LOCALHOST]);
    let https = world.ask(TABLET, "www.google.com.", RecordType::HTTPS).await;
    assert!(https.answers.is_empty(), "an HTTPS record would lead past it");
}

#[tokio::test]
async fn a_gone_upstream_means_stale_answers_then_a_plain_failure() {
    let world = World::new().await;
    world.ask(LAPTOP, "brief.test.", RecordType::A).await;
    world.upstream.silent.store(true, Ordering::SeqCst);
    // Its second is over when the answer says that it is an old one.
    let stale = until(Duration::from_secs(10), async || {
        let answer = world.ask(LAPTOP, "brief.test.", RecordType::A).await;
        ede(&answer).is_some().then_some(answer)
    })
    .await;
    assert_eq!(addresses(&stale), [Ipv4Addr::LOCALHOST]);
    assert_eq!((stale.answers[0].ttl, ede(&stale).unwrap().0), (30, 3));
    let failed = world.ask(LAPTOP, "never-seen.test.", RecordType::A).await;
    assert_eq!(failed.metadata.response_code, ResponseCode::ServFail);
    assert_eq!(ede(&failed).unwrap().0, 22);
    let blocked = world.ask(TABLET, "casino.test.", RecordType::A).await;
    assert_eq!(blocked.metadata.response_code, ResponseCode::NXDomain, "the filter needs nobody above");
}

#[tokio::test]
async fn a_silent_resolver_is_passed_over() {
    let silent = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let world =
        World::configured(Some(policy(1)), |config| config.upstreams.insert(0, silent.local_addr().unwrap())).await;
    assert_eq!(addresses(&world.ask(LAPTOP, "one.test.", RecordType::A).await), [Ipv4Addr::LOCALHOST]);
    let began = std::time::Instant::now();
    world.ask(LAPTOP, "two.test.", RecordType::A).await;
    assert!(began.elapsed() < Duration::from_secs(1), "the one that answers is asked first from then on");
}

#[tokio::test]
async fn a_taken_port_is_said_in_a_sentence() {
    let world = World::new().await;
    let taken = world.gateway.dns_addr();
    let key = world.signing.verifying_key();
    let mut config = holdfast_gateway::Config::new(world.dir.path().join("second"), key, world.opening.to_public());
    config.dns = taken;
    let error = holdfast_gateway::start(config, clock()).await.unwrap_err().to_string();
    assert!(error.contains(&taken.to_string()) && error.contains("another program has this port"), "{error}");
}
