//! Ways round the filter that go through DNS itself.

use std::collections::BTreeMap;
use std::time::Duration;

use filter::policy::Network;
use filter::{CanonicalUrl, NameRule, sealed};
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{RData, RecordType};
use holdfast_gateway::Kind;
use holdfast_gateway::sealed::SealedSlot;

use crate::world::*;

const KINDS: [RecordType; 6] =
    [RecordType::A, RecordType::AAAA, RecordType::HTTPS, RecordType::SVCB, RecordType::TXT, RecordType::CNAME];

#[tokio::test]
async fn canaries_and_relays_do_not_exist_and_discovery_finds_nothing() {
    let world = World::new().await;
    for kind in KINDS {
        for name in ["use-application-dns.net.", "mask.icloud.com.", "mask-h2.icloud.com.", "mask-canary.icloud.com."] {
            let answer = world.ask(LAPTOP, name, kind).await;
            assert_eq!(answer.metadata.response_code, ResponseCode::NXDomain, "{name} {kind}");
        }
        for name in ["_dns.resolver.arpa.", "resolver.arpa."] {
            let answer = world.ask(LAPTOP, name, kind).await;
            assert_eq!(
                (answer.metadata.response_code, answer.answers.len()),
                (ResponseCode::NoError, 0),
                "{name} {kind}"
            );
        }
    }
    assert_eq!(world.upstream.asked.lock().unwrap().len(), 0, "none of it is asked above");
}

#[tokio::test]
async fn an_alias_is_found_at_any_depth() {
    let world = World::new().await;
    assert_eq!(world.ask(LAPTOP, "deep.test.", RecordType::A).await.answers.len(), 11);
    let answer = world.ask(TABLET, "deep.test.", RecordType::A).await;
    assert_eq!(answer.metadata.response_code, ResponseCode::NXDomain, "the tenth alias is a game");
}

#[tokio::test]
async fn a_listed_address_is_blocked_whatever_name_leads_to_it() {
    let world = World::new().await;
    for (name, kind) in [("listed-address.test.", RecordType::A), ("hint.test.", RecordType::HTTPS)] {
        let answer = world.ask(LAPTOP, name, kind).await;
        assert_eq!(answer.metadata.response_code, ResponseCode::NXDomain, "{name}");
        assert_eq!(ede(&answer).unwrap().1, "category: Gambling; ask the office");
    }
}

/// Somebody's yes opens what a name leads to, but no category that is locked for children (decision 13).
#[tokio::test]
async fn a_yes_leads_into_no_locked_category() {
    let mut policy = policy(1);
    let children = policy.groups.get_mut("children").unwrap();
    children.blocked.get_mut("gambling").unwrap().locked = true;
    for name in ["cloaked.test", "listed-address.test", "hint.test", "target.test", "deep.test"] {
        let rule = NameRule { name: name.into(), rule: "change-9".into(), reason: "A song.".into(), until: None };
        children.allow.push(rule);
    }
    let port = |world: &World| world.origin.address.port();
    let world = World::with(policy).await;
    let leads_to_gambling = [
        ("cloaked.test.", RecordType::A),
        ("listed-address.test.", RecordType::A),
        ("hint.test.", RecordType::HTTPS),
        ("target.test.", RecordType::HTTPS),
    ];
    for (name, kind) in leads_to_gambling {
        let answer = world.ask(TABLET, name, kind).await;
        assert_eq!(answer.metadata.response_code, ResponseCode::NXDomain, "{name}");
        assert_eq!(ede(&answer).unwrap().1, "category: Gambling; ask the office", "{name}");
    }
    let (_, head) = world.tunnel(TABLET, &format!("cloaked.test:{}", port(&world))).await;
    assert!(head.starts_with("HTTP/1.1 403 "), "{head}");
    assert_eq!(world.origin.connections(), 0);
    let answer = world.ask(TABLET, "deep.test.", RecordType::A).await;
    assert_eq!(answer.answers.len(), 11, "games are blocked, not locked: a yes takes its aliases with it");
}

#[tokio::test]
async fn a_name_outside_does_not_lead_inside() {
    let mut policy = policy(1);
    let rule =
        NameRule { name: "opened.example".into(), rule: "change-9".into(), reason: "Our door.".into(), until: None };
    policy.groups.get_mut("staff").unwrap().allow.push(rule);
    let world = World::with(policy).await;
    let answer = world.ask(LAPTOP, "public.example.", RecordType::A).await;
    assert_eq!(answer.metadata.response_code, ResponseCode::NXDomain);
    assert_eq!(ede(&answer).unwrap().0, 15);
    for name in ["printer.lan.", "opened.example."] {
        let answer = world.ask(LAPTOP, name, RecordType::A).await;
        assert_eq!(answer.answers.len(), 1, "{name} may");
    }
    let events = world.events().await;
    let told = |e: &&holdfast_gateway::ActivityEvent| matches!(&e.kind, Kind::Bypass { host, what, .. } if host == "public.example" && what.contains("inside"));
    assert_eq!(events.iter().filter(told).count(), 1, "{events:?}");
}

#[tokio::test]
async fn every_type_of_a_held_engine_leads_to_its_safe_form_or_nowhere() {
    let world = World::new().await;
    for (name, target) in [
        ("www.google.co.uk.", "forcesafesearch.google.com."),
        ("www.youtube.com.", "restrict.youtube.com."),
        ("www.bing.com.", "strict.bing.com."),
        ("duckduckgo.com.", "safe.duckduckgo.com."),
        ("www.ecosia.org.", "strict-safe-search.ecosia.org."),
        ("pixabay.com.", "safesearch.pixabay.com."),
        ("search.brave.com.", "safesearch.brave.com."),
    ] {
        for kind in KINDS {
            let answer = world.ask(TABLET, name, kind).await;
            assert_eq!(answer.metadata.response_code, ResponseCode::NoError, "{name} {kind}");
            match kind {
                RecordType::A | RecordType::AAAA => {
                    let RData::CNAME(alias) = &answer.answers[0].data else { panic!("{answer:?}") };
                    assert_eq!(alias.0.to_ascii(), target, "{name} {kind}");
                    // A stub follows no alias: where there is an address, it stands in the answer.
                    assert_eq!(answer.answers.len(), if kind == RecordType::A { 2 } else { 1 }, "{name} {kind}");
                }
                _ => assert!(answer.answers.is_empty(), "{name} {kind} would lead past it"),
            }
        }
        assert_eq!(world.upstream.times_asked(name.trim_end_matches('.')), 0, "the unsafe name is never asked for");
    }
    let yandex = world.ask(TABLET, "yandex.com.", RecordType::A).await;
    assert!(matches!(&yandex.answers[0].data, RData::A(a) if a.0.octets() == [213, 180, 193, 56]), "{yandex:?}");
    assert!(world.ask(TABLET, "yandex.com.", RecordType::AAAA).await.answers.is_empty());
    // The cache is one, what a group sees of it is not.
    let laptop = world.ask(LAPTOP, "www.bing.com.", RecordType::A).await;
    assert!(matches!(&laptop.answers[0].data, RData::A(_)), "the tablet's answer is not the laptop's: {laptop:?}");
    assert!(matches!(&world.ask(TABLET, "www.bing.com.", RecordType::A).await.answers[0].data, RData::CNAME(_)));
    assert_eq!(
        world.ask(TABLET, "www.startpage.com.", RecordType::A).await.metadata.response_code,
        ResponseCode::NXDomain
    );
}

#[tokio::test]
async fn a_moderate_group_has_moderate_video() {
    let mut policy = policy(1);
    policy.groups.get_mut("staff").unwrap().safe_search = filter::SafeSearch::Moderate;
    let world = World::with(policy).await;
    for (from, target) in [(LAPTOP, "restrictmoderate.youtube.com."), (TABLET, "restrict.youtube.com.")] {
        let answer = world.ask(from, "www.youtube.com.", RecordType::A).await;
        let RData::CNAME(alias) = &answer.answers[0].data else { panic!("{answer:?}") };
        assert_eq!(alias.0.to_ascii(), target);
    }
}

#[tokio::test]
async fn a_network_of_the_policy_has_its_group() {
    let mut policy = policy(1);
    policy.networks = vec![Network { cidr: "127.0.0.96/29".into(), group: "staff".into(), until: None }];
    let world = World::with(policy).await;
    assert_eq!(world.ask(STRANGER, "arcade.test.", RecordType::A).await.answers.len(), 1);
    let outside = "127.0.0.105".parse().unwrap();
    let answer = world.ask(outside, "arcade.test.", RecordType::A).await;
    assert_eq!(answer.metadata.response_code, ResponseCode::NXDomain, "beside it is the strictest group");
}

#[tokio::test]
async fn a_newer_sealed_list_is_in_force_without_a_restart() {
    let key = ed25519_dalek::SigningKey::from_bytes(&[9; 32]);
    let file = |issued: &str, name: &str| {
        sealed::seal("A supplier", issued.parse().unwrap(), "k1", [4; 16], &[CanonicalUrl::parse(name).unwrap()], &key)
    };
    let place = tempfile::tempdir().unwrap();
    let offer = place.path().join("supplier.sealed");
    let trusted = BTreeMap::from([("k1".to_owned(), key.verifying_key())]);
    let slot = SealedSlot { folder: Some(place.path().to_owned()), trusted };
    let world = World::configured(Some(policy(1)), |config| config.sealed_slot = slot).await;
    let open =
        async |name: &str| world.ask(LAPTOP, name, RecordType::A).await.metadata.response_code == ResponseCode::NoError;
    assert!(open("one.test.").await);
    assert!(!world.status().lists.sealed_supplied);
    std::fs::write(&offer, file("2026-11-01T00:00:00Z", "one.test")).unwrap();
    until(Duration::from_secs(10), async || (!open("one.test.").await).then_some(())).await;
    assert!(open("two.test.").await);
    let answer = world.ask(LAPTOP, "one.test.", RecordType::A).await;
    assert_eq!(ede(&answer).unwrap(), (15, "blocked".into()), "and nothing more (S27)");
    std::fs::write(&offer, file("2026-11-02T00:00:00Z", "two.test")).unwrap();
    until(Duration::from_secs(10), async || (!open("two.test.").await).then_some(())).await;
    until(Duration::from_secs(10), async || world.status().lists.sealed_supplied.then_some(())).await;
}

#[tokio::test]
async fn a_network_with_an_end_is_over_when_it_comes() {
    let mut policy = policy(1);
    let until = Some(clock().now() + jiff::SignedDuration::from_secs(2));
    policy.networks = vec![
        Network { cidr: "127.0.0.96/29".into(), group: "staff".into(), until },
        Network {
            cidr: "127.0.0.104/32".into(),
            group: "staff".into(),
            until: Some("2001-01-01T00:00:00Z".parse().unwrap()),
        },
    ];
    let world = World::with(policy).await;
    let open = async |from| {
        world.ask(from, "arcade.test.", RecordType::A).await.metadata.response_code == ResponseCode::NoError
    };
    assert!(!open("127.0.0.104".parse().unwrap()).await, "one that is over is never taken");
    assert!(open(STRANGER).await);
    until_closed(async || !open(STRANGER).await).await;
}

/// With nobody publishing anything: the gateway ends it by itself.
async fn until_closed(closed: impl AsyncFn() -> bool) {
    until(std::time::Duration::from_secs(10), async || closed().await.then_some(())).await;
}

#[tokio::test]
async fn a_guest_who_checks_reads_that_it_is_a_guest() {
    let mut policy = policy(1);
    policy.networks = vec![Network { cidr: "127.0.0.96/29".into(), group: "guests".into(), until: None }];
    let world = World::with(policy).await;
    let asked = "GET http://check.holdfast.invalid/ HTTP/1.1\r\nHost: check.holdfast.invalid\r\n\r\n";
    let guest = world.proxy(STRANGER, asked).await;
    assert!(guest.contains("It is a guest here") && !guest.contains("does not know this device"), "{guest}");
    let stranger = world.proxy("127.0.0.105".parse().unwrap(), asked).await;
    assert!(stranger.contains("does not know this device"), "{stranger}");
}

/// What the page's script found from the device itself stands in the record, and so does which of our doors it uses.
#[tokio::test]
async fn a_resolver_elsewhere_that_answers_a_device_makes_its_check_fail() {
    let world = World::new().await;
    let get = |path: &str| {
        format!("GET http://check.holdfast.invalid{path} HTTP/1.1\r\nHost: check.holdfast.invalid\r\n\r\n")
    };
    world.ask(LAPTOP, "good.test.", RecordType::A).await;
    let page = world.proxy(LAPTOP, &get("/")).await;
    for words in [
        "1.1.1.1",
        "It asks our DNS</dt><dd>Yes",
        "It uses our proxy</dt><dd>Yes",
        "connect-src 'self' https://1.1.1.1",
    ] {
        assert!(page.contains(words), "{words} is not in {page}");
    }
    let silent = world.proxy(TABLET, &get("/")).await;
    assert!(silent.contains("It asks our DNS</dt><dd>Not in the last hour"), "{silent}");
    let open = world.proxy(LAPTOP, &get("/tried/open")).await;
    assert!(open.contains("Not protected as it should be"), "{open}");
    let found: Vec<_> = world
        .events()
        .await
        .into_iter()
        .filter_map(|event| match event.kind {
            Kind::Checked { bypass_closed, dns, proxy, .. } => Some((bypass_closed, dns, proxy)),
            _ => None,
        })
        .collect();
    assert_eq!(found, [(true, true, true), (true, false, true), (false, true, true)]);
}
