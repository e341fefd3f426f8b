//! The rules of a change, without a database: what is called tightening opens nothing, and what is locked stays locked,
//! whatever is asked for and in whichever order.

use app::filtering::hours::{Day, Days, Does, Hours, Times, Window};
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
const NAMES: [&str; 10] = [
    "example.com",
    "rude.example.com",
    "a.rude.example.com",
    "play.example.com",
    "example.org",
    "shop.example.org",
    "b.shop.example.org",
    "bet.example.org",
    "free.example.net",
    "films.example.net",
];

/// One film for a page of ours, which opens hosts as whole sites, in a session.
const FILM: &str = "films.example.net/hands.mp4";

fn start() -> Policy {
    toml::from_str(include_str!("../../../../content/groups.toml")).unwrap()
}

/// The same, with children's tablets and rooms that open without an adult: only where nothing needs a session do categories decide.
fn without_sessions() -> Policy {
    let mut policy = start();
    for key in ["children", "preschool-room"] {
        policy.groups.get_mut(key).unwrap().supervised = false;
    }
    policy
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
    let prepared = Prepared::new(policy.snapshot(1, now(), around()), Arc::new(SealedTier::not_supplied())).unwrap();
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
    let until = || prop::option::of((1_i64..80).prop_map(|hours| now() + SignedDuration::from_hours(hours)));
    let why = Why { title: "T".into(), why: "W".into(), because: Vec::new() };
    prop_oneof![
        (name(), groups()).prop_map(|(name, groups)| Change::BlockName { name, groups }),
        (name(), groups(), until()).prop_map(|(name, groups, until)| Change::AllowName { name, groups, until }),
        (name(), groups()).prop_map(|(name, groups)| Change::ForgetName { name, groups }),
        (category.clone()(), groups()).prop_map(move |(category, groups)| Change::BlockCategory {
            category,
            why: why.clone(),
            groups
        }),
        (category.clone()(), groups()).prop_map(|(category, groups)| Change::AllowCategory { category, groups }),
        (hours(category.clone()), groups()).prop_map(|(hours, groups)| Change::AddHours { hours, groups }),
        (Just("rule".to_owned()), groups()).prop_map(|(id, groups)| Change::RemoveHours { id, groups }),
        (any::<bool>(), groups()).prop_map(|(on, groups)| Change::Supervise { on, groups }),
        prop::sample::select(start().groups.into_keys().collect::<Vec<_>>())
            .prop_map(|group| Change::UnknownDevices { group }),
        prop::sample::select(start().groups.into_keys().collect::<Vec<_>>())
            .prop_map(|group| Change::RemoveGroup { group }),
        (prop::sample::select(start().groups.into_keys().collect::<Vec<_>>()), any::<u16>())
            .prop_map(|(group, number)| Change::RenameGroup { group, name: format!("Called {number}") }),
        (hours(category.clone()), groups()).prop_map(|(hours, groups)| Change::SetHours {
            id: "rule".into(),
            hours,
            groups
        }),
        (name(), groups()).prop_map(|(name, groups)| Change::Approve {
            name,
            helpers: vec!["free.example.net".into()],
            title: "Painting".into(),
            purpose: "Colours".into(),
            evaluation: "No adverts.".into(),
            groups,
            until: None,
        }),
        (groups(), prop::sample::select(NAMES.to_vec()), until()).prop_map(|(groups, helper, until)| Change::Approve {
            name: FILM.into(),
            helpers: vec![helper.to_owned()],
            title: "Washing hands".into(),
            purpose: "Before lunch".into(),
            evaluation: "No adverts.".into(),
            groups,
            until,
        }),
        (prop::sample::select(start().groups.into_keys().collect::<Vec<_>>()), any::<u16>())
            .prop_map(|(like, number)| Change::AddGroup { name: format!("Group {number}"), like }),
    ]
}

fn hours<S: Strategy<Value = String>>(category: impl Fn() -> S + Clone) -> impl Strategy<Value = Hours> {
    // Monday 2 March 2026, 9:00: the three times that are looked at are Monday 9:00, Tuesday 15:00 and Friday 3:00.
    let window = (prop::sample::select(Day::WEEK.to_vec()), 0_i8..24, 0_i8..24).prop_map(|(day, from, to)| Window {
        day,
        from: jiff::civil::Time::constant(from, 0, 0, 0),
        to: jiff::civil::Time::constant(to, 30, 0, 0),
    });
    let windows = prop::collection::vec(window, 1..6);
    let when = prop_oneof![
        windows.clone().prop_map(Times::Weekly),
        windows.prop_map(Times::OutsideWeekly),
        Just(Times::Opening),
        Just(Times::OutsideOpening)
    ];
    let why = Why { title: "T".into(), why: "W".into(), because: Vec::new() };
    let does = prop_oneof![
        Just(Does::Close),
        category.clone()().prop_map(move |id| Does::Also([(id, why.clone())].into())),
        category().prop_map(|id| Does::Without([id].into()))
    ];
    (when, does).prop_map(|(when, does)| Hours { name: "Some hours".into(), when, days: Days::Every, does })
}

/// A step of a story: a change, or back to the n-th version.
fn story() -> impl Strategy<Value = Vec<(Change, Option<prop::sample::Index>)>> {
    prop::collection::vec((change(), prop::option::weighted(0.25, any::<prop::sample::Index>())), 1..12)
}

fn play(story: Vec<(Change, Option<prop::sample::Index>)>) -> Vec<Policy> {
    let mut versions = vec![without_sessions()];
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

/// What needed an adult's session and would need none afterwards waits for another person (S33, CLS-07).
#[test]
fn nobody_alone_lets_strangers_out_of_a_session() {
    let there = |change: Change, policy: &Policy| change.apply(policy, "rule", "reason").expect("it fits");
    let before = Policy { strictest: "children".into(), ..without_sessions() };
    assert!(!before.groups["children"].supervised && before.groups["stricter"].supervised);
    assert_eq!(start().strictest, "stricter", "a new setting begins where nobody escapes");
    let cidr = || "192.168.7.0/24".to_owned();
    let over = there(Change::SetNetwork { cidr: cidr(), group: "stricter".into() }, &before);
    for out in [Change::SetNetwork { cidr: cidr(), group: "children".into() }, Change::RemoveNetwork { cidr: cidr() }] {
        assert_eq!(direction(&over, &there(out.clone(), &over)), Direction::Loosens, "{out:?}");
    }
    let strict = there(Change::UnknownDevices { group: "stricter".into() }, &before);
    assert_eq!(direction(&before, &strict), Direction::Tightens);
    assert_eq!(direction(&strict, &before), Direction::Loosens);
    assert!(
        Change::UnknownDevices { group: "staff".into() }.apply(&before, "rule", "reason").is_err(),
        "a children's group"
    );
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
                // A group that is new may reach what one that is there reaches as well.
                let of = |group: &str| -> Vec<_> {
                    was.iter().filter(|(key, ..)| key == group).map(|(_, name, hours)| (*name, *hours)).collect()
                };
                let is = reachable(after, &lists);
                let opened: Vec<_> = is
                    .iter()
                    .filter(|(key, name, hours)| match before.groups.contains_key(key) {
                        true => !was.contains(&(key.clone(), name, *hours)),
                        false => !before.groups.keys().any(|old| {
                            is.iter().filter(|(new, ..)| new == key).all(|(_, name, hours)| of(old).contains(&(*name, *hours)))
                        }),
                    })
                    .collect();
                prop_assert!(opened.is_empty(), "opened {opened:?}");
            }
        }
    }

    #[test]
    fn what_only_blocks_is_called_tightening(story in story(), change in change()) {
        if matches!(change, Change::BlockName { .. } | Change::BlockCategory { .. }) {
            let before = play(story).pop().unwrap();
            // The story may have taken the group away that the change names.
            if let Ok(after) = change.apply(&before, "rule", "reason") {
                prop_assert_eq!(direction(&before, &after), Direction::Tightens);
            }
        }
    }

    #[test]
    fn what_is_locked_for_children_is_never_lost(story in story()) {
        for policy in play(story) {
            for (key, was) in start().groups.iter().filter(|(_, group)| group.audience == Audience::Children) {
                // A group may go, where its devices then reach no more.
                let Some(is) = policy.groups.get(key) else { continue };
                prop_assert_eq!(is.audience, Audience::Children);
                let at_times = is.hours.values().filter_map(|hours| match &hours.does {
                    Does::Without(open) => Some(open),
                    _ => None,
                });
                for open in at_times {
                    prop_assert!(LOCKED_FOR_CHILDREN.iter().all(|id| !open.contains(*id)), "{open:?}");
                }
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

fn around() -> Surroundings {
    Surroundings {
        open: Default::default(),
        setting: Uuid::nil(),
        setting_name: "N".into(),
        contact: "C".into(),
        web_base: "https://h.test".into(),
        devices: Vec::new(),
        holds: Vec::new(),
        never_log: [].into(),
        always: [].into(),
        opening: Default::default(),
        calendar: Default::default(),
        sessions: Vec::new(),
        networks: Vec::new(),
        case_addresses: filter::CaseAddresses::default(),
    }
}

/// Decision 11: nobody's allow rule opens for children what the policy promises to block, whoever agreed to it.
#[test]
fn an_allow_rule_opens_no_promised_category_for_children() {
    let lists = lists();
    for (category, name) in LISTED {
        let allow = Change::AllowName { name: name.into(), groups: Vec::new(), until: None };
        let policy = allow.apply(&without_sessions(), "r", "w").unwrap();
        let prepared =
            Prepared::new(policy.snapshot(1, now(), around()), Arc::new(SealedTier::not_supplied())).unwrap();
        // Under sessions nothing opens without one, whatever its category.
        for (key, group) in policy.groups.iter().filter(|(_, group)| !group.supervised) {
            let host = Host::parse(name).unwrap();
            let request = Request::of(key, &host);
            let blocked = decide(&prepared, &lists, &request, now()).outcome == Outcome::Block;
            let promised = group.audience == Audience::Children && LOCKED_FOR_CHILDREN.contains(&category);
            assert_eq!(blocked, promised, "{key}: {name}");
        }
    }
}

/// The sentences on a group's page say what the filter does.
#[test]
fn a_groups_sentences_come_from_its_configuration() {
    let mut policy = without_sessions();
    let children = app::filtering::summary::of(&policy, "children").unwrap();
    assert!(children.cannot.iter().any(|line| line.starts_with("Pornography. ")), "{children:?}");
    assert!(children.search.contains("always safe") && children.without_data.contains("closed"));
    let essential = app::filtering::summary::of(&policy, "essential").unwrap();
    assert!(essential.without_data.contains("stays open"));
    let guests = app::filtering::summary::of(&policy, "guests").unwrap();
    assert!(guests.times.iter().any(|(_, line)| line.contains("Social media is blocked too")), "{guests:?}");
    assert!(children.blind.iter().any(|line| line.contains("It allows or blocks the whole site")));
    let inspected = app::filtering::Inspected {
        dpia: "Signed on 1 March 2026 by the manager; in the blue folder.".into(),
        notice: "A letter to all staff on 2 March 2026.".into(),
        until: now() + SignedDuration::from_hours(24 * 30),
        downloads: Default::default(),
        words: true,
        exempt: Default::default(),
    };
    policy.inspection.insert("staff".into(), inspected);
    let staff = app::filtering::summary::of(&policy, "staff").unwrap();
    assert!(!staff.blind.iter().any(|line| line.contains("It knows the site\u{2019}s name")), "{staff:?}");
    assert!(staff.blind.iter().any(|line| line.contains("never opened: banks")), "{staff:?}");
    let everywhere = app::filtering::summary::blind_spots(&policy);
    let line = |words: &str| everywhere.iter().find(|line| line.contains(words)).unwrap_or_else(|| panic!("{words}"));
    assert!(!line("Mobile data").contains("So it is in"), "for all: {everywhere:?}");
    assert!(line("never opened: banks").ends_with(&format!("So it is in: {}.", policy.groups["staff"].name)));
    assert!(!line("the site\u{2019}s name").contains(&policy.groups["staff"].name), "{everywhere:?}");
    let group = policy.groups.get_mut("children").unwrap();
    group.blocked.remove("shopping");
    group.supervised = true;
    group.downloads = [filter::Download::Programs].into();
    let now = app::filtering::summary::of(&policy, "children").unwrap();
    assert!(now.short.contains("only while an adult has a session open") && now.short.contains("Nothing is approved"));
    assert!(!now.cannot.iter().any(|line| line.starts_with("Shopping")));
    assert!(now.cannot[0].starts_with("Every site that nobody approved"), "{now:?}");
    assert!(
        now.cannot.iter().any(|line| line.contains("Files of these kinds") && line.contains("programs")),
        "{now:?}"
    );
    assert!(now.blind.iter().any(|line| line.contains("uses our DNS alone")), "{now:?}");
    assert_eq!(app::filtering::summary::of(&policy, "no such group"), None);
}

#[test]
fn guests_have_no_social_media_while_the_setting_is_open() {
    let opening = [("friday".to_owned(), domain::setting::Hours { from: time("09:00"), to: time("13:00") })].into();
    let snapshot = start().snapshot(1, now(), Surroundings { opening, ..around() });
    let prepared = Prepared::new(snapshot, Arc::new(SealedTier::not_supplied())).unwrap();
    let guests = &prepared.snapshot().groups["guests"];
    let blocked = |at: &str| prepared.hours(guests, at.parse().unwrap()).blocked(guests).contains_key("social_media");
    assert!(blocked("2026-11-20T10:00:00Z") && !blocked("2026-11-20T13:00:00Z") && !blocked("2026-11-21T10:00:00Z"));
}

/// What a setting decided, on a given clock, over both changes of the clocks: opening hours are the wall's, not
/// the sun's. The clocks went back on 25 October 2026 and go on again on 28 March 2027.
#[test]
fn opening_hours_follow_the_clock_on_the_wall_over_both_changes() {
    let hours = || domain::setting::Hours { from: time("07:30"), to: time("18:00") };
    let opening = ["friday", "monday"].map(|day| (day.to_owned(), hours())).into();
    let snapshot = start().snapshot(1, now(), Surroundings { opening, ..around() });
    let prepared = Prepared::new(snapshot, Arc::new(SealedTier::not_supplied())).unwrap();
    let guests = &prepared.snapshot().groups["guests"];
    let blocked = |at: &str| prepared.hours(guests, at.parse().unwrap()).blocked(guests).contains_key("social_media");
    for (opens, before, shuts) in [
        ("2026-10-23T06:30:00Z", "2026-10-23T06:29:59Z", "2026-10-23T17:00:00Z"),
        ("2026-10-26T07:30:00Z", "2026-10-26T07:29:59Z", "2026-10-26T18:00:00Z"),
        ("2027-03-26T07:30:00Z", "2027-03-26T07:29:59Z", "2027-03-26T18:00:00Z"),
        ("2027-03-29T06:30:00Z", "2027-03-29T06:29:59Z", "2027-03-29T17:00:00Z"),
    ] {
        assert!(blocked(opens) && !blocked(before) && !blocked(shuts), "{opens}");
    }
}

fn time(text: &str) -> jiff::civil::Time {
    text.parse().unwrap()
}

#[test]
fn a_group_is_renamed_removed_and_kept_by_a_roll_back() {
    let there = |change: Change, policy: &Policy| change.apply(policy, "rule", "reason");
    let before = start();
    let renamed = Change::RenameGroup { group: "staff".into(), name: "  The  team ".into() };
    let after = there(renamed, &before).unwrap();
    assert_eq!(after.groups["staff"].name, "The team");
    assert_eq!(direction(&before, &after), Direction::Tightens, "a name opens nothing");
    let taken = Change::RenameGroup { group: "office".into(), name: "the team".into() };
    assert!(there(taken, &after).is_err(), "names tell groups apart");

    let gone = there(Change::RemoveGroup { group: "staff-break".into() }, &before).unwrap();
    assert!(!gone.groups.contains_key("staff-break"));
    assert_eq!(direction(&before, &gone), Direction::Loosens, "others agree");
    for stays in ["stricter", "essential"] {
        assert!(there(Change::RemoveGroup { group: stays.into() }, &before).is_err(), "{stays}");
    }
    // A children's group goes only where its devices reach no more afterwards.
    assert!(there(Change::RemoveGroup { group: "children".into() }, &before).is_ok());
    let mut freer = before.clone();
    freer.groups.get_mut("stricter").unwrap().supervised = false;
    assert!(there(Change::RemoveGroup { group: "children".into() }, &freer).is_err(), "it would lose its session");

    // Back to the beginning, although a group was added since: that one stays as it is.
    let added = there(Change::AddGroup { name: "Toddlers".into(), like: "children".into() }, &before).unwrap();
    let back = Change::RollBack { to: 1, policy: Box::new(before.clone()) };
    let blocked = Change::BlockName { name: "bad.example.com".into(), groups: vec!["children".into()] };
    let after = there(back, &there(blocked, &added).unwrap()).unwrap();
    assert!(after.groups.contains_key("toddlers"));
    assert_eq!(after.groups["children"], before.groups["children"]);
}

#[test]
fn a_schedule_is_changed_where_it_stands() {
    let before = start();
    let hours =
        Hours { name: "Working hours".into(), when: Times::OutsideOpening, days: Days::Every, does: Does::Close };
    let set = Change::SetHours { id: "working_hours".into(), hours: hours.clone(), groups: vec!["guests".into()] };
    let after = set.apply(&before, "rule", "reason").unwrap();
    assert_eq!(after.groups["guests"].hours.len(), 1, "not one more");
    assert_eq!(after.groups["guests"].hours["working_hours"], hours);
    assert_eq!(direction(&before, &after), Direction::Loosens, "what was closed in opening hours is open");
    let nowhere = Change::SetHours { id: "no such".into(), hours, groups: vec!["guests".into()] };
    assert!(nowhere.apply(&before, "rule", "reason").is_err());
}

/// What a new setting starts with, against both policies: supervised use of approved material (CLS-07), no unapproved downloads (SEC-04).
#[test]
fn the_presets_hold_what_both_policies_ask() {
    use app::filtering::Download;
    let policy = start();
    for (key, group) in &policy.groups {
        match group.audience {
            Audience::Children => {
                assert!(group.supervised, "{key} opens without an adult");
                assert_eq!(group.downloads.len(), 4, "{key}");
            }
            Audience::Adults => {
                for kind in [Download::Programs, Download::Macros, Download::Disks] {
                    assert!(group.downloads.contains(&kind), "{key} lets {kind:?} through");
                }
            }
            Audience::Guests | Audience::Essential => assert!(!group.supervised),
        }
    }
}

#[test]
fn what_undoes_a_change_touches_nothing_else() {
    let before = start();
    let block = Change::BlockName { name: "bad.example.com".into(), groups: Vec::new() };
    let after = block.apply(&before, "mine", "reason").unwrap();
    let later = Change::BlockName { name: "worse.example.com".into(), groups: vec!["staff".into()] };
    let later = later.apply(&after, "later", "reason").unwrap();
    let undone = block.undoing("mine", &before, &later).unwrap();
    let back = undone.apply(&later, "back", "reason").unwrap();
    assert!(back.groups.values().all(|group| !group.block.contains_key("bad.example.com")));
    assert!(back.groups["staff"].block.contains_key("worse.example.com"));
    assert_eq!(direction(&later, &back), Direction::Loosens, "others agree");
    // Somebody else has decided anew about the name: not this one's to undo.
    let anew = block.apply(&back, "another", "reason").unwrap();
    assert!(block.undoing("mine", &before, &anew).is_none());
}
