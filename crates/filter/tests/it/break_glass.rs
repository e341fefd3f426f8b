//! Break-glass in the filter's own order (S30): what it opens for adults, and what nothing opens.

use holdfast_filter::{
    Audience, Cause, Host, Lists, Outcome, PolicySnapshot, Prepared, Reason, Request, SealedTier, decide,
};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use crate::setting::*;

static LISTS: std::sync::LazyLock<Lists> = std::sync::LazyLock::new(some_lists);

fn opened() -> PolicySnapshot {
    let mut snapshot = snapshot();
    for group in snapshot.groups.values_mut() {
        group.open_until = Some(now() + SignedDuration::from_hours(4));
    }
    let malware = Reason { title: "M".into(), why: "why".into(), because: Default::default(), locked: false };
    let staff = snapshot.groups.get_mut("staff").unwrap();
    staff.blocked.insert("malware".into(), malware);
    staff.block.push(rule("never.example.org"));
    snapshot
}

fn outcome(snapshot: PolicySnapshot, lists: &Lists, group: &str, name: &str, at: Timestamp) -> (Outcome, Cause) {
    let policy = Prepared::new(snapshot, std::sync::Arc::new(SealedTier::not_supplied())).unwrap();
    let host = Host::parse(name).unwrap();
    let verdict = decide(&policy, lists, &Request::of(group, &host), at);
    (verdict.outcome, verdict.cause)
}

#[test]
fn it_opens_categories_and_a_filter_without_data_for_adults_until_its_end() {
    let lists = &*LISTS;
    let blocked = holdfast_filter::probe::probe_name("pornography");
    let end = now() + SignedDuration::from_hours(4);
    for (at, expected) in [(now(), Outcome::Allow), (end, Outcome::Block)] {
        assert_eq!(outcome(opened(), lists, "staff", &blocked, at).0, expected);
        assert_eq!(outcome(opened(), &Lists::missing(), "staff", "free.example.org", at).0, expected);
    }
}

#[test]
fn children_sessions_malware_ways_round_and_names_that_people_blocked_stay_shut() {
    let lists = &*LISTS;
    let probe = holdfast_filter::probe::probe_name;
    for (group, name) in [
        ("children", probe("pornography")),
        ("staff", probe("malware")),
        ("staff", "use-application-dns.net".into()),
        ("staff", "www.never.example.org".into()),
        ("staff", holdfast_filter::probe::sealed_name()),
    ] {
        assert_eq!(outcome(opened(), lists, group, &name, now()).0, Outcome::Block, "{group} {name}");
    }
    let mut supervised = opened();
    supervised.groups.get_mut("staff").unwrap().supervised = true;
    assert_eq!(outcome(supervised, lists, "staff", "free.example.org", now()).1, Cause::NoSession);
}

proptest! {
    /// Whatever is written as its end, no group but adults' answers differently for it, at any time.
    #[test]
    fn it_changes_nothing_for_anybody_but_adults(
        audience in prop_oneof![Just(Audience::Children), Just(Audience::Guests), Just(Audience::Essential)],
        supervised in any::<bool>(),
        minutes in -300_i64..300,
        name in prop_oneof![
            Just("games.example.com".to_owned()),
            Just("free.example.org".to_owned()),
            Just(holdfast_filter::probe::probe_name("pornography")),
        ],
        with_lists in any::<bool>(),
    ) {
        let missing = Lists::missing();
        let lists = if with_lists { &*LISTS } else { &missing };
        let at = now() + SignedDuration::from_mins(minutes);
        let of = |open: Option<Timestamp>| {
            let mut snapshot = snapshot();
            let mut changed = group(audience, &["pornography", "games"]);
            (changed.supervised, changed.open_until) = (supervised, open);
            snapshot.groups.insert("staff".into(), changed);
            outcome(snapshot, lists, "staff", &name, at)
        };
        prop_assert_eq!(of(None), of(Some(now())));
    }
}
