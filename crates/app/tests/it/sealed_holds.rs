//! S27: no sequence of changes, whoever proposes them, and no snapshot that comes of it opens a sealed name.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use app::filtering::hours::{Does, Hours, Times};
use app::filtering::{Change, Policy, Surroundings, Why};
use app::sources::{Origin, Source};
use ed25519_dalek::SigningKey;
use filter::hours::{Day, Days, Window};
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

fn hours() -> impl Strategy<Value = Hours> {
    let (from, to) = (jiff::civil::time(0, 0, 0, 0), jiff::civil::time(23, 59, 0, 0));
    let week = Day::WEEK.map(|day| Window { day, from, to }).to_vec();
    let when = prop::sample::select(vec![
        Times::Opening,
        Times::OutsideOpening,
        Times::Weekly(week.clone()),
        Times::OutsideWeekly(week),
    ]);
    let ids = || prop::sample::subsequence(vec!["pornography", "shopping", "known_good"], 1..3);
    let why = || Why { title: "T".into(), why: "W.".into(), because: Vec::new() };
    let does = prop_oneof![
        Just(Does::Close),
        ids().prop_map(move |ids| Does::Also(ids.into_iter().map(|id| (id.to_owned(), why())).collect())),
        ids().prop_map(|ids| Does::Without(ids.into_iter().map(str::to_owned).collect())),
    ];
    (when, does).prop_map(|(when, does)| Hours { name: "Some hours".into(), when, days: Days::Every, does })
}

/// A source whose words and address hold a sealed name.
fn source(name: &str) -> Source {
    Source {
        title: format!("Lists of {name}"),
        from: Origin::Web { url: format!("https://{name}/list.txt"), key: None },
        category: None,
        publisher: "Somebody".into(),
        licence: "CC0".into(),
        every_hours: 24,
    }
}

fn change() -> impl Strategy<Value = Change> {
    let until = prop::option::of(Just("2027-01-01T00:00:00Z".parse::<Timestamp>().unwrap()));
    let until2 = until.clone();
    let why = || Why { title: "T".into(), why: "W.".into(), because: Vec::new() };
    let category = prop::sample::select(vec!["pornography".to_owned(), "shopping".into(), "illegal".into()]);
    prop_oneof![
        4 => (names(), groups(), until).prop_map(|(name, groups, until)| Change::AllowName { name, groups, until }),
        1 => (names(), groups()).prop_map(|(name, groups)| Change::BlockName { name, groups }),
        1 => (names(), groups()).prop_map(|(name, groups)| Change::ForgetName { name, groups }),
        1 => (category.clone(), groups()).prop_map(|(category, groups)| Change::AllowCategory { category, groups }),
        1 => (category, groups()).prop_map(move |(category, groups)| Change::BlockCategory { category, why: why(), groups }),
        2 => (names(), groups(), 1_u32..600).prop_map(|(name, groups, minutes)| Change::AllowForAWhile { name, groups, minutes }),
        3 => (names(), prop::collection::vec(names(), 0..3), groups(), until2).prop_map(|(name, helpers, groups, until)| Change::Approve {
            name, helpers, title: "Shapes".into(), purpose: "Colours".into(), evaluation: "No adverts.".into(), groups, until,
        }),
        2 => (any::<bool>(), groups()).prop_map(|(on, groups)| Change::Supervise { on, groups }),
        2 => (hours(), groups()).prop_map(|(hours, groups)| Change::AddHours { hours, groups }),
        1 => (0..12_u32, groups()).prop_map(|(at, groups)| Change::RemoveHours { id: format!("rule-{at}"), groups }),
        1 => names().prop_map(|name| Change::AddSource { source: Box::new(source(&name)) }),
        1 => prop::sample::select(vec![filter::SafeSearch::Off, filter::SafeSearch::Strict])
            .prop_flat_map(|level| groups().prop_map(move |groups| Change::SetSearch { level, groups })),
        1 => prop::sample::select(vec!["children", "staff", "essential"]).prop_map(|group| Change::SetNetwork {
            cidr: "192.168.20.0/24".into(),
            group: group.into(),
        }),
        1 => Just(Change::AcceptShrunkFeed { feed: "S".into(), entries: 1, until: None }),
        1 => Just(Change::AddGroup { name: "Another group".into(), like: "children".into() }),
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
        minutes in 0_i64..60 * 24 * 8,
        open in any::<bool>(),
    ) {
        let at = now() + jiff::SignedDuration::from_mins(minutes);
        let mut policy = start();
        for (at, change) in changes.iter().enumerate() {
            // What does not fit is refused, as when somebody proposes it.
            policy = change.starting(now()).apply(&policy, &format!("rule-{at}"), "A reason.").unwrap_or(policy);
        }
        let device = Uuid::from_u128(1);
        let snapshot = policy.snapshot(1, now(), surroundings(&policy, device, around, held, open));
        let prepared = Prepared::new(snapshot, TIER.clone()).unwrap();
        let hosts = SEALED.map(|name| Host::parse(name).unwrap());
        let lists = Lists::missing().with_overlay("known_good", Kind::White, &hosts, FileKey([1; 16])).unwrap();
        for group in policy.groups.keys().map(String::as_str).chain(["no such group"]) {
            for name in SEALED {
                let text = below.as_ref().map_or(name.to_owned(), |label| format!("{label}.{name}"));
                let whole = CanonicalUrl::parse(&format!("http://{text}/a?b")).unwrap();
                for (device, url) in [(None, None), (Some(device), None), (None, Some(&whole))] {
                    let verdict = decide(&prepared, &lists, &Request { url, device, ..Request::of(group, whole.host()) }, at);
                    prop_assert_eq!((&verdict.outcome, &verdict.cause), (&Outcome::Block, &Cause::Sealed));
                    prop_assert!(!serde_json::to_string(&verdict).unwrap().contains("example"));
                }
            }
        }
    }
}

/// A setting that names sealed names wherever a snapshot has room for a name.
fn surroundings(policy: &Policy, device: Uuid, names: Vec<String>, held: bool, open: bool) -> Surroundings {
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
        open: Default::default(),
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
        // Every group has a session open that never ends.
        sessions: policy
            .groups
            .keys()
            .filter(|_| open)
            .map(|group| filter::Session { id: device, group: group.clone(), room: None, until: Timestamp::MAX })
            .collect(),
        networks: Vec::new(),
        case_addresses: filter::CaseAddresses::default(),
    }
}
