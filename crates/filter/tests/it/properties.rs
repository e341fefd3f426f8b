//! What must hold for every policy and every list.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use holdfast_filter::hours::{Day, Days, Effect, Schedule, When, Window};
use holdfast_filter::policy::Hold;
use holdfast_filter::{
    Audience, CanonicalUrl, Cause, HostName, Kind, Lists, NameRule, Outcome, PolicySnapshot, Prepared, Request,
    SafeSearch, SealedTier, Session, decide,
};
use proptest::prelude::*;

use crate::setting::*;

/// Names over a tiny alphabet, so that they meet each other often.
fn names() -> impl Strategy<Value = String> {
    let label = prop::sample::select(vec!["a", "b", "ab", "not", "www", "example"]);
    (prop::collection::vec(label, 1..4), prop::sample::select(vec!["com", "net", "example.com", "icloud.com"]))
        .prop_map(|(labels, end)| format!("{}.{end}", labels.join(".")))
}

fn rules() -> impl Strategy<Value = Vec<NameRule>> {
    let end = prop_oneof![Just(None), (-10_i64..10).prop_map(|s| Some(now() + jiff::SignedDuration::from_secs(s)))];
    let rule = (names(), end).prop_map(|(name, until)| NameRule { until, ..rule(&name) });
    prop::collection::vec(rule, 0..6)
}

/// Anything that can hold at certain times, loosening as well as tightening.
fn schedules() -> impl Strategy<Value = Vec<Schedule>> {
    let clock = || prop::sample::select(vec!["00:00", "08:30", "12:00", "12:01", "23:59"]);
    let window = (prop::sample::select(Day::WEEK.to_vec()), clock(), clock());
    let window =
        window.prop_map(|(day, from, to)| Window { day, from: from.parse().unwrap(), to: to.parse().unwrap() });
    let when =
        (prop::collection::vec(window, 0..4), any::<bool>(), any::<bool>()).prop_map(|(windows, term, outside)| When {
            windows,
            days: if term { Days::Term } else { Days::Every },
            outside,
        });
    let categories = || prop::sample::subsequence(vec!["pornography", "games", "child", "own"], 0..4);
    let effect = prop_oneof![
        Just(Effect::Closed),
        categories().prop_map(|ids| Effect::Also(group(Audience::Children, &ids).blocked)),
        categories().prop_map(|ids| Effect::Without(ids.into_iter().map(str::to_owned).collect())),
    ];
    let schedule =
        (when, effect).prop_map(|(when, effect)| Schedule { id: "s".into(), name: "S".into(), when, effect });
    prop::collection::vec(schedule, 0..4)
}

/// Sessions that are open, over, in another room, of another group.
fn sessions() -> impl Strategy<Value = Vec<Session>> {
    let session = (
        prop::sample::select(vec!["children", "staff", "alarms"]),
        prop::sample::select(vec![None, Some("Limpets room"), Some("Other room")]),
        -10_i64..10,
    );
    let session = session.prop_map(|(group, room, seconds)| Session {
        id: uuid::Uuid::nil(),
        group: group.into(),
        room: room.map(str::to_owned),
        until: now() + jiff::SignedDuration::from_secs(seconds),
    });
    prop::collection::vec(session, 0..3)
}

prop_compose! {
    fn a_group()(
        audience in prop::sample::select(vec![Audience::Children, Audience::Adults, Audience::Guests, Audience::Essential]),
        safe_search in prop::sample::select(vec![SafeSearch::ByAudience, SafeSearch::Off, SafeSearch::Moderate, SafeSearch::Strict]),
        blocked in prop::sample::subsequence(vec!["pornography", "games", "child", "own"], 0..4),
        allow in rules(),
        block in rules(),
        hours in schedules(),
        supervised in any::<bool>(),
    ) -> holdfast_filter::Group {
        holdfast_filter::Group { allow, block, safe_search, hours, supervised, ..group(audience, &blocked) }
    }
}

prop_compose! {
    fn policies()(
        groups in prop::collection::btree_map(prop::sample::select(vec!["children".to_owned(), "staff".into(), "alarms".into()]), a_group(), 3),
        never_log in prop::collection::btree_set(names(), 0..4),
        always in prop::collection::btree_set(names(), 0..4),
        sessions in sessions(),
        held in prop::collection::vec((-5_i64..5).prop_map(|s| Hold { device: TABLET, until: Some(now() + jiff::SignedDuration::from_secs(s)) }), 0..2),
    ) -> PolicySnapshot {
        let mut policy = PolicySnapshot { groups, never_log, always, holds: held, sessions, ..snapshot() };
        policy.devices[0].room = Some("Limpets room".into());
        policy
    }
}

/// Sealed entries out of the same alphabet as the rules, signed once.
const SEALED: [&str; 6] =
    ["a.com", "www.ab.net", "not.example.com", "mask.icloud.com", "b.net/sealed", "www.example.com/sealed/deep"];
static TIER: LazyLock<Arc<SealedTier>> = LazyLock::new(|| sealed(&SEALED));

fn groups() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["children", "staff", "alarms", "nobody"])
}

/// Lists with these names, or none at all.
fn lists_of(names: &BTreeSet<String>) -> Lists {
    let hosts: Vec<_> = names.iter().map(|name| host(name)).collect();
    if hosts.is_empty() {
        Lists::missing()
    } else {
        Lists::missing().with_overlay("own", Kind::Black, &hosts, KEY).unwrap()
    }
}

/// Lists as a source would bring them: whatever a publisher can write about the sealed names and others, to block, to take
/// back, to lead elsewhere.
fn fetched() -> impl Strategy<Value = Lists> {
    let name = prop_oneof![
        names(),
        prop::sample::select(SEALED.to_vec()).prop_map(|entry| entry.split('/').next().unwrap().to_owned())
    ];
    let line = (name, 0..9).prop_map(|(name, form)| match form {
        0 => format!("@@||{name}^$important"),
        1 => format!("@@|{name}^"),
        2 => format!("||{name}^$badfilter"),
        3 => format!("||{name}^$denyallow={name}"),
        4 => format!("||{name}^$dnsrewrite=NOERROR;CNAME;strict.bing.com"),
        5 => format!("{name} CNAME rpz-passthru."),
        6 => format!("local-zone: \"{name}\" always_transparent"),
        7 => format!("server=/{name}/#"),
        _ => name,
    });
    (prop::collection::vec(line, 1..8), prop::sample::select(vec!["child", "pornography.fetched", "games"])).prop_map(
        |(lines, list)| {
            let folder = tempfile::tempdir().unwrap();
            let (from, to) = (folder.path().join(format!("{list}.txt")), folder.path().join("out.compiled"));
            // A list without a usable name is refused; this one always blocks something.
            std::fs::write(&from, lines.join("\n") + "\nalways.example\n").unwrap();
            holdfast_filter::compile(&[from], &to, KEY).unwrap();
            Lists::open(&to).unwrap()
        },
    )
}

fn is_at_or_below(name: &str, parent: &str) -> bool {
    name == parent || name.ends_with(&format!(".{parent}"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Against the slow and obvious: `d` covers d and all below it, and never `notd`.
    #[test]
    fn suffixes(listed in prop::collection::btree_set(names(), 1..12), asked in names()) {
        let report = lists_of(&listed).lookup(&asked);
        let matched = listed.iter().filter(|parent| is_at_or_below(&asked, parent)).max_by_key(|parent| parent.len()).cloned();
        prop_assert_eq!(report.matched, matched);
        let one = listed.first().unwrap();
        let glued = format!("not{one}");
        let expected = listed.iter().any(|parent| is_at_or_below(&glued, parent));
        prop_assert_eq!(lists_of(&listed).lookup(&glued).matched.is_some(), expected);
        let (name, parent) = (HostName::parse(&asked).unwrap(), HostName::parse(one).unwrap());
        prop_assert_eq!(name.is_at_or_below(&parent), is_at_or_below(&asked, one));
    }

    /// S27: whatever a snapshot says, at whatever hour, in a session or outside, whatever lists anybody fetched, a sealed entry
    /// is blocked, and the answer says nothing else.
    #[test]
    fn no_policy_opens_a_sealed_entry(
        policy in policies(), entry in prop::sample::select(SEALED.to_vec()), below in prop::option::of("[a-z]{1,5}"),
        path in "(/[a-z%25.]{0,4}){0,3}", listed in prop::collection::btree_set(names(), 0..4), group in groups(),
        device in prop::option::of(Just(TABLET)), opened in any::<bool>(), minutes in 0_i64..60 * 24 * 14, fetched in fetched(),
    ) {
        let (host, rest) = entry.split_once('/').map_or((entry, None), |(host, rest)| (host, Some(rest)));
        let mut policy = policy;
        if opened {
            policy.never_log.insert(host.into());
            policy.always.insert(host.into());
            // Material that somebody approved is a rule to allow, in a group that a session opens just now.
            policy.groups.values_mut().for_each(|group| group.allow.push(rule(host)));
            policy.sessions.extend(policy.groups.keys().map(|group| Session {
                id: uuid::Uuid::nil(), group: group.clone(), room: None, until: jiff::Timestamp::MAX,
            }));
        }
        let policy = Prepared::new(policy, Arc::clone(&TIER)).unwrap();
        let asked = below.map_or(host.to_owned(), |label| format!("{label}.{host}"));
        let path = rest.map_or(path, |rest| format!("/x/../%{:02x}{}", rest.as_bytes()[0], &rest[1..]));
        let url = CanonicalUrl::parse(&format!("http://{asked}{path}")).unwrap();
        let request = Request { device, url: Some(&url), ..Request::of(group, url.host()) };
        let at = now() + jiff::SignedDuration::from_mins(minutes);
        for lists in [lists_of(&listed), lists_of(&listed).and(fetched)] {
            let verdict = decide(&policy, &lists, &request, at);
            prop_assert_eq!((&verdict.outcome, &verdict.cause), (&Outcome::Block, &Cause::Sealed));
            let said = serde_json::to_string(&verdict).unwrap();
            prop_assert!(!said.contains(host), "{}", said);
        }
    }

    /// A live block rule wins over every allow rule, whichever is more specific.
    #[test]
    fn allow_never_beats_block(policy in policies(), asked in names(), group in groups(), listed in prop::collection::btree_set(names(), 0..4)) {
        let rules = policy.groups.get(group).unwrap_or(&policy.groups["children"]).block.clone();
        let blocked = rules.iter().any(|rule| is_at_or_below(&asked, &rule.name) && rule.until.is_none_or(|until| until > now()));
        let verdict = ask(&unsealed(policy), &lists_of(&listed), group, &asked);
        if blocked && !matches!(verdict.cause, Cause::NeverLogged | Cause::Always | Cause::SafeSearch { .. }) {
            prop_assert_eq!(verdict.outcome, Outcome::Block);
        }
    }

    /// Tightening is monotone: one block rule more, or one list more, never opens anything.
    #[test]
    fn tightening_never_opens(policy in policies(), more in names(), asked in names(), group in groups(), listed in prop::collection::btree_set(names(), 1..4)) {
        let lists = lists_of(&listed);
        let before = ask(&unsealed(policy.clone()), &lists, group, &asked);
        let mut tighter = policy.clone();
        for group in tighter.groups.values_mut() {
            group.block.push(rule(&more));
        }
        let after = ask(&unsealed(tighter), &lists, group, &asked);
        prop_assert!(before.outcome != Outcome::Block || after.outcome == Outcome::Block);
        let more = [host(&more)];
        let after = ask(&unsealed(policy), &lists.with_overlay("own", Kind::Black, &more, KEY).unwrap(), group, &asked);
        prop_assert!(before.outcome != Outcome::Block || after.outcome == Outcome::Block);
    }

    /// Children's search engines are never reached unheld, whatever the policy says of safe search (DfE F11).
    #[test]
    fn children_never_search_unheld(policy in policies(), engine in prop::sample::select(vec!["www.google.co.uk", "www.bing.com", "duckduckgo.com"])) {
        let mut policy = policy;
        policy.groups.get_mut("children").unwrap().audience = Audience::Children;
        policy.groups.get_mut("children").unwrap().allow.push(rule(engine));
        policy.always.insert(engine.into());
        let verdict = ask(&unsealed(policy), &Lists::missing(), "children", engine);
        prop_assert_ne!(verdict.outcome, Outcome::Allow);
    }
}
