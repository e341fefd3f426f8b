//! The self-test finds what is right and what is wrong, and leaves no trace.

use holdfast_gateway::probe::{self, Endpoints, Way};

use crate::world::*;

/// The doors of a gateway, encrypted ones too.
fn doors(world: &World) -> Endpoints {
    let listening = world.status().listening;
    Endpoints {
        dns: world.gateway.dns_addr(),
        dot: listening.dot,
        doh: listening.doh,
        tls_name: listening.tls_name,
        root: Some(world.dir.path().join("tls.crt")),
        proxy: world.gateway.proxy_addr(),
    }
}

#[tokio::test]
async fn every_group_passes_and_nothing_is_recorded_or_asked_above() {
    let mut policy = policy(1);
    policy.web_base = String::new();
    probe::add_devices(&mut policy);
    let world = World::with(policy.clone()).await;
    let at = doors(&world);
    let results = probe::run(&at, &policy, &clock()).await.unwrap();
    let failed: Vec<_> = results.iter().filter(|r| !r.passed).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    // children: two categories, bypass, open, sealed; staff and guests: one category each; each on both ways. Then the page
    // that a child sees, the one that an adult sees, and search engines where they are held. Over TLS and over HTTPS a category,
    // open and sealed for each of the three.
    let held =
        policy.groups.values().filter(|group| filter::safesearch::level(group.audience, group.safe_search).is_some());
    assert_eq!(results.len(), 2 * (5 + 4 + 4) + 2 + held.count() + 2 * 3 * 3);
    let search: Vec<_> = results.iter().filter(|one| one.what == "a search engine").collect();
    assert!(search.iter().any(|one| one.group == "children" && one.got == "held to safe search"), "{search:?}");
    assert_eq!(
        results
            .iter()
            .filter(|one| one.what.starts_with("a name of the sealed tier") && one.got.starts_with("blocked"))
            .count(),
        12
    );
    assert_eq!(world.upstream.asked.lock().unwrap().len(), 0, "no probe leaves the house");
    assert_eq!(world.events().await, []);
}

#[tokio::test]
async fn an_encrypted_door_that_no_device_would_believe_fails_alone_and_says_why() {
    let mut policy = policy(1);
    policy.web_base = String::new();
    probe::add_devices(&mut policy);
    let world = World::with(policy.clone()).await;
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let at = Endpoints { root: None, doh: Some(closed), ..doors(&world) };
    let results = probe::run(&at, &policy, &clock()).await.unwrap();
    let (encrypted, plain): (Vec<_>, Vec<_>) =
        results.iter().partition(|one| matches!(one.way, Way::DnsOverTls | Way::DnsOverHttps));
    assert!(plain.iter().all(|one| one.passed), "{plain:#?}");
    assert!(encrypted.len() == 18 && encrypted.iter().all(|one| !one.passed), "{encrypted:#?}");
    let said = |way: Way| encrypted.iter().find(|one| one.way == way).unwrap().got.as_str();
    assert!(said(Way::DnsOverTls).contains("UnknownIssuer"), "{}", said(Way::DnsOverTls));
    assert!(said(Way::DnsOverHttps).starts_with("no answer"), "{}", said(Way::DnsOverHttps));
}

#[tokio::test]
async fn a_gateway_on_another_policy_fails_the_test() {
    let mut in_force = policy(1);
    in_force.web_base = String::new();
    let mut wanted = in_force.clone();
    probe::add_devices(&mut wanted);
    in_force.groups.get_mut("staff").unwrap().blocked.clear();
    probe::add_devices(&mut in_force);
    let world = World::with(in_force).await;
    let at = doors(&world);
    let results = probe::run(&at, &wanted, &clock()).await.unwrap();
    let failed: Vec<_> = results.iter().filter(|r| !r.passed).collect();
    assert_eq!(failed.len(), 5, "{failed:#?}");
    let is_gambling = |what: &str| what.contains("Gambling") || what == "the page that an adult sees";
    assert!(failed.iter().all(|r| r.group == "staff" && is_gambling(&r.what) && r.got == "let through"));
}

#[tokio::test]
async fn our_own_pages_are_reached_for_every_group() {
    let mut policy = policy(1);
    let world = World::configured(None, |_| {}).await;
    // Our own pages stand on loopback here; no other loopback address is open to the proxy.
    policy.web_base = format!("http://{}", Origin::start().await.address);
    probe::add_devices(&mut policy);
    world.publish(&policy);
    until(std::time::Duration::from_secs(1), async || {
        matches!(world.status().policy, holdfast_gateway::status::Policy::Snapshot { .. }).then_some(())
    })
    .await;
    let at = doors(&world);
    let results = probe::run(&at, &policy, &clock()).await.unwrap();
    let own: Vec<_> = results.iter().filter(|r| r.what == "our own pages").collect();
    assert_eq!(own.len(), 3);
    assert!(own.iter().all(|r| r.passed), "{own:#?}");
}

#[tokio::test]
async fn a_site_of_which_only_a_part_is_approved_is_tried_by_its_name() {
    let mut wanted = policy(1);
    wanted.web_base = String::new();
    let children = wanted.groups.get_mut("children").unwrap();
    children.supervised = true;
    let part = filter::PartRule { part: "good.test/shows".into(), rule: "1".into(), reason: "x".into(), until: None };
    children.parts = vec![part];
    wanted.sessions = vec![filter::Session {
        id: device_id(77),
        group: "children".into(),
        room: None,
        until: "2027-01-01T00:00:00Z".parse().unwrap(),
    }];
    probe::add_devices(&mut wanted);
    let mut open = wanted.clone();
    open.groups.get_mut("children").unwrap().supervised = false;
    for (in_force, right) in [(wanted.clone(), true), (open, false)] {
        let world = World::with(in_force).await;
        let at = doors(&world);
        let results = probe::run(&at, &wanted, &clock()).await.unwrap();
        let tried: Vec<_> =
            results.iter().filter(|one| one.what == "a site of which only a part is approved").collect();
        assert_eq!((tried.len(), tried[0].passed), (1, right), "{tried:?}");
        assert_eq!(world.upstream.times_asked("good.test") == 0, right);
    }
}
