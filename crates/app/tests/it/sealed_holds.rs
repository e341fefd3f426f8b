//! S27: no sequence of changes, whoever proposes them, and no snapshot that comes of it opens a sealed name.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use app::filtering::{Change, Policy, Surroundings, Why};
use ed25519_dalek::SigningKey;
use filter::{CanonicalUrl, Cause, FileKey, Host, Kind, Lists, Outcome, Prepared, Request, SealedTier, decide};
use jiff::Timestamp;
use proptest::prelude::*;
use uuid::Uuid;

const SEALED: [&str; 3] = ["sealed.example.com", "example.org", "deep.sealed.example.net"];

static TIER: LazyLock<Arc<SealedTier>> = LazyLock::new(|| {
    let key = SigningKey::from_bytes(&[5; 32]);
    let entries: Vec<_> = SEALED.iter().map(|name| CanonicalUrl::parse(name).unwrap()).collect();
    let file = filter::sealed::seal("S", now(), "k", [6; 16], &entries, &key);
    let trusted = BTreeMap::from([("k".to_owned(), key.verifying_key())]);
    Arc::new(SealedTier::load(file.as_bytes(), &trusted, &SealedTier::not_supplied()).unwrap())
});

fn now() -> Timestamp {
    "2026-03-02T09:00:00Z".parse().unwrap()
}

fn start() -> Policy {
    toml::from_str(include_str!("../../../../content/groups.toml")).unwrap()
}

fn groups() -> impl Strategy<Value = Vec<String>> {
    let keys: Vec<String> = start().groups.into_keys().collect();
    prop::collection::vec(prop::sample::select(keys), 0..3)
}

/// Sealed names, names below and above them, and others.
fn names() -> impl Strategy<Value = String> {
    let all = ["www.sealed.example.com", "example.com", "www.example.org", "sealed.example.net", "free.example.net"];
    prop::sample::select(SEALED.iter().chain(&all).map(|name| (*name).to_owned()).collect::<Vec<_>>())
}

fn change() -> impl Strategy<Value = Change> {
    let until = prop::option::of(Just("2027-01-01T00:00:00Z".parse::<Timestamp>().unwrap()));
    let why = || Why { title: "T".into(), why: "W.".into(), because: Vec::new() };
    let category = prop::sample::select(vec!["pornography".to_owned(), "shopping".into(), "illegal".into()]);
    prop_oneof![
        4 => (names(), groups(), until).prop_map(|(name, groups, until)| Change::AllowName { name, groups, until }),
        1 => (names(), groups()).prop_map(|(name, groups)| Change::BlockName { name, groups }),
        1 => (names(), groups()).prop_map(|(name, groups)| Change::ForgetName { name, groups }),
        1 => (category.clone(), groups()).prop_map(|(category, groups)| Change::AllowCategory { category, groups }),
        1 => (category, groups()).prop_map(move |(category, groups)| Change::BlockCategory { category, why: why(), groups }),
        1 => Just(Change::RollBack { to: 1, policy: Box::new(start()) }),
    ]
}

proptest! {
    #[test]
    fn no_sequence_of_changes_opens_a_sealed_name(
        changes in prop::collection::vec(change(), 0..12),
        around in prop::collection::vec(names(), 0..3),
        held in any::<bool>(),
        below in prop::option::of("[a-z]{1,6}"),
    ) {
        let mut policy = start();
        for (at, change) in changes.iter().enumerate() {
            // What does not fit is refused, as when somebody proposes it.
            policy = change.apply(&policy, &format!("rule-{at}"), "A reason.").unwrap_or(policy);
        }
        let device = Uuid::from_u128(1);
        let snapshot = policy.snapshot(1, now(), surroundings(&policy, device, around, held));
        let prepared = Prepared::new(snapshot, TIER.clone()).unwrap();
        let hosts = SEALED.map(|name| Host::parse(name).unwrap());
        let lists = Lists::missing().with_overlay("known_good", Kind::White, &hosts, FileKey([1; 16])).unwrap();
        for group in policy.groups.keys().map(String::as_str).chain(["no such group"]) {
            for name in SEALED {
                let text = below.as_ref().map_or(name.to_owned(), |label| format!("{label}.{name}"));
                let whole = CanonicalUrl::parse(&format!("http://{text}/a?b")).unwrap();
                for (device, url) in [(None, None), (Some(device), None), (None, Some(&whole))] {
                    let verdict = decide(&prepared, &lists, &Request { url, device, ..Request::of(group, whole.host()) }, now());
                    prop_assert_eq!((&verdict.outcome, &verdict.cause), (&Outcome::Block, &Cause::Sealed));
                    prop_assert!(!serde_json::to_string(&verdict).unwrap().contains("example"));
                }
            }
        }
    }
}

/// A setting that names sealed names wherever a snapshot has room for a name.
fn surroundings(policy: &Policy, device: Uuid, names: Vec<String>, held: bool) -> Surroundings {
    let known = filter::Device {
        id: device,
        name: "A tablet".into(),
        group: policy.strictest.clone(),
        room: None,
        proxy_user: None,
        proxy_password_sha256: None,
        mac: None,
        doh_path: None,
        source_addresses: Vec::new(),
        shows_block_page: true,
        person: None,
    };
    let hold = filter::Hold { device, until: None };
    Surroundings {
        setting: Uuid::nil(),
        setting_name: "N".into(),
        contact: "C".into(),
        web_base: "https://sealed.example.com".into(),
        devices: vec![known],
        holds: if held { vec![hold] } else { Vec::new() },
        never_log: names.iter().cloned().collect(),
        always: names.into_iter().collect(),
        opening: Default::default(),
        calendar: filter::Calendar::default(),
        sessions: Vec::new(),
    }
}
