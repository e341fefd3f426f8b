//! The rules of a change, without a database: what is called tightening opens nothing, and what is locked stays locked,
//! whatever is asked for and in whichever order.

use app::filtering::{Audience, Change, Direction, LOCKED_FOR_CHILDREN, Policy, Surroundings, Why, direction};
use filter::{FileKey, Host, Kind, Lists, Outcome, Prepared, Request, SealedTier, decide};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use std::sync::Arc;
use uuid::Uuid;

/// A small universe: a listed name of each of four categories, with a name below and beside it.
const LISTED: [(&str, &str); 4] = [
    ("pornography", "rude.example.com"),
    ("games", "play.example.com"),
    ("shopping", "shop.example.org"),
    ("gambling", "bet.example.org"),
];
const NAMES: [&str; 9] = [
    "example.com",
    "rude.example.com",
    "a.rude.example.com",
    "play.example.com",
    "example.org",
    "shop.example.org",
    "b.shop.example.org",
    "bet.example.org",
    "free.example.net",
];

fn start() -> Policy {
    toml::from_str(include_str!("../../../../content/groups.toml")).unwrap()
}

fn now() -> Timestamp {
    "2026-03-02T09:00:00Z".parse().unwrap()
}

fn lists() -> Lists {
    LISTED.iter().fold(Lists::missing(), |lists, (category, name)| {
        lists.with_overlay(category, Kind::Black, &[Host::parse(name).unwrap()], FileKey([7; 16])).unwrap()
    })
}

/// Everything that every group reaches, at three times: ends of decisions count.
fn reachable(policy: &Policy, lists: &Lists) -> Vec<(String, &'static str, i64)> {
    let around = Surroundings {
        setting: Uuid::nil(),
        setting_name: "N".into(),
        contact: "C".into(),
        web_base: "https://h.test".into(),
        devices: Vec::new(),
        holds: Vec::new(),
        never_log: [].into(),
        always: [].into(),
    };
    let prepared = Prepared::new(policy.snapshot(1, now(), around), Arc::new(SealedTier::not_supplied())).unwrap();
    let mut all = Vec::new();
    for group in policy.groups.keys() {
        for name in NAMES {
            let host = Host::parse(name).unwrap();
            for hours in [0, 30, 90] {
                let at = now().checked_add(SignedDuration::from_hours(hours)).unwrap();
                let request = Request::of(group, &host);
                if decide(&prepared, lists, &request, at).outcome != Outcome::Block {
                    all.push((group.clone(), name, hours));
                }
            }
        }
    }
    all
}

fn groups() -> impl Strategy<Value = Vec<String>> {
    let keys: Vec<String> = start().groups.into_keys().collect();
    prop::collection::vec(prop::sample::select(keys), 0..3)
}

fn change() -> impl Strategy<Value = Change> {
    let name = || prop::sample::select(NAMES.to_vec()).prop_map(str::to_owned);
    let mut ids: Vec<String> = LISTED.iter().map(|(id, _)| (*id).to_owned()).collect();
    ids.extend(LOCKED_FOR_CHILDREN.map(str::to_owned));
    let category = move || prop::sample::select(ids.clone());
    let until = prop::option::of((1_i64..80).prop_map(|hours| now() + SignedDuration::from_hours(hours)));
    let why = Why { title: "T".into(), why: "W".into(), because: Vec::new() };
    prop_oneof![
        (name(), groups()).prop_map(|(name, groups)| Change::BlockName { name, groups }),
        (name(), groups(), until).prop_map(|(name, groups, until)| Change::AllowName { name, groups, until }),
        (name(), groups()).prop_map(|(name, groups)| Change::ForgetName { name, groups }),
        (category.clone()(), groups()).prop_map(move |(category, groups)| Change::BlockCategory {
            category,
            why: why.clone(),
            groups
        }),
        (category(), groups()).prop_map(|(category, groups)| Change::AllowCategory { category, groups }),
    ]
}

/// A step of a story: a change, or back to the n-th version.
fn story() -> impl Strategy<Value = Vec<(Change, Option<prop::sample::Index>)>> {
    prop::collection::vec((change(), prop::option::weighted(0.25, any::<prop::sample::Index>())), 1..12)
}

fn play(story: Vec<(Change, Option<prop::sample::Index>)>) -> Vec<Policy> {
    let mut versions = vec![start()];
    for (change, back) in story {
        let change = match back {
            Some(index) => Change::RollBack { to: 1, policy: Box::new(index.get(&versions).clone()) },
            None => change,
        };
        if let Ok(after) = change.apply(versions.last().unwrap(), "rule", "reason") {
            versions.push(after);
        }
    }
    versions
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn what_is_called_tightening_opens_nothing(story in story()) {
        let lists = lists();
        for pair in play(story).windows(2) {
            let [before, after] = pair else { unreachable!() };
            if direction(before, after) == Direction::Tightens {
                let was = reachable(before, &lists);
                let opened: Vec<_> = reachable(after, &lists).into_iter().filter(|name| !was.contains(name)).collect();
                prop_assert!(opened.is_empty(), "opened {opened:?}");
            }
        }
    }

    #[test]
    fn what_only_blocks_is_called_tightening(story in story(), change in change()) {
        if matches!(change, Change::BlockName { .. } | Change::BlockCategory { .. }) {
            let before = play(story).pop().unwrap();
            let after = change.apply(&before, "rule", "reason").unwrap();
            prop_assert_eq!(direction(&before, &after), Direction::Tightens);
        }
    }

    #[test]
    fn what_is_locked_for_children_is_never_lost(story in story()) {
        for policy in play(story) {
            for (key, was) in start().groups.iter().filter(|(_, group)| group.audience == Audience::Children) {
                let is = &policy.groups[key];
                prop_assert_eq!(is.audience, Audience::Children);
                for category in LOCKED_FOR_CHILDREN.iter().filter(|id| was.blocked.contains_key(**id)) {
                    prop_assert!(is.blocked.contains_key(*category), "{} lost {}", key, category);
                }
            }
            prop_assert_eq!(policy.groups[&policy.strictest].audience, Audience::Children);
        }
    }
}

#[test]
fn the_groups_that_a_setting_starts_with() {
    let policy = start();
    let children: Vec<_> = policy.groups.values().filter(|group| group.audience == Audience::Children).collect();
    assert!(children.len() >= 2);
    for group in children {
        for category in LOCKED_FOR_CHILDREN {
            assert!(group.blocked.contains_key(category), "{} does not block {category}", group.name);
        }
    }
    let known: Vec<String> =
        app::filtering::categories::choices().unwrap().into_iter().map(|choice| choice.id).collect();
    for group in policy.groups.values() {
        for (category, why) in &group.blocked {
            assert!(known.contains(category), "{category} is no category");
            assert!(!why.why.is_empty() && !why.because.is_empty(), "{category} has no reason (FDM-01)");
        }
    }
}

#[test]
fn a_block_that_would_end_sooner_is_a_loosening() {
    let before =
        Change::BlockName { name: "x.example.com".into(), groups: Vec::new() }.apply(&start(), "r", "w").unwrap();
    let mut after = before.clone();
    after.groups.get_mut("children").unwrap().block.get_mut("x.example.com").unwrap().until = Some(now());
    assert_eq!(direction(&before, &after), Direction::Loosens);
    assert_eq!(direction(&after, &before), Direction::Tightens);
}

#[test]
fn nobody_opens_half_the_internet_in_one_word() {
    for name in ["com", "co.uk", "uk", "org", "com.", "CO.UK", "gov.uk"] {
        let wide = Change::AllowName { name: name.into(), groups: vec!["children".into()], until: None };
        assert!(wide.apply(&start(), "r", "w").is_err(), "{name}");
    }
    for name in ["bbc.co.uk", "example.org", "gov.scot"] {
        let fine = Change::AllowName { name: name.into(), groups: vec!["staff".into()], until: None };
        assert!(fine.apply(&start(), "r", "w").is_ok(), "{name}");
    }
}
