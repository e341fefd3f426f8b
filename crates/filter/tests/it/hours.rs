//! Hours, sessions and locked categories: on a given clock, over both changes of the clocks.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_filter::hours::{Calendar, Day, Days, Effect, Schedule, When, Window};
use holdfast_filter::{
    CanonicalUrl, Cause, Group, Lists, Outcome, PolicyError, PolicySnapshot, Prepared, Reason, Request, SealedTier,
    Session, decide,
};
use jiff::Timestamp;
use jiff::civil::{Time, date};
use proptest::prelude::*;
use uuid::Uuid;

use crate::setting::*;

fn time(text: &str) -> Time {
    text.parse().unwrap()
}

fn window(day: Day, from: &str, to: &str) -> Window {
    Window { day, from: time(from), to: time(to) }
}

fn week(from: &str, to: &str) -> Vec<Window> {
    Day::WEEK.into_iter().take(5).map(|day| window(day, from, to)).collect()
}

fn when(windows: Vec<Window>) -> When {
    When { windows, days: Days::Every, outside: false }
}

fn schedule(when: When, effect: Effect) -> Schedule {
    Schedule { id: "s".into(), name: "Sleep".into(), when, effect }
}

fn without(category: &str) -> Effect {
    Effect::Without(BTreeSet::from([category.to_owned()]))
}

fn also(category: &str) -> Effect {
    let reason = Reason { title: "T".into(), why: "W".into(), because: Default::default(), locked: false };
    Effect::Also(BTreeMap::from([(category.to_owned(), reason)]))
}

/// The staff group blocks pornography alone; games are in the lists.
fn staff_with(schedules: Vec<Schedule>) -> PolicySnapshot {
    let mut snapshot = snapshot();
    snapshot.calendar = Calendar {
        terms: vec![(date(2026, 9, 3), date(2026, 12, 18))],
        holidays: [date(2026, 10, 26)].into(),
        ..Default::default()
    };
    snapshot.groups.get_mut("staff").unwrap().hours = schedules;
    snapshot
}

fn at(policy: &Prepared, lists: &Lists, group: &str, text: &str, at: &str) -> Cause {
    let url = CanonicalUrl::parse(text).unwrap();
    let request = Request { url: Some(&url), ..Request::of(group, url.host()) };
    decide(policy, lists, &request, at.parse().unwrap()).cause
}

fn closed(policy: &Prepared, when: &str) -> bool {
    matches!(at(policy, &Lists::missing(), "staff", "free.example.org", when), Cause::Hours { .. })
}

#[test]
fn a_window_of_a_day_and_one_that_runs_past_midnight() {
    let night = vec![window(Day::Friday, "20:00", "07:00"), window(Day::Monday, "12:00", "13:00")];
    let policy = unsealed(staff_with(vec![schedule(when(night), Effect::Closed)]));
    for (moment, is) in [
        ("2026-11-20T19:59:59Z", false),
        ("2026-11-20T20:00:00Z", true),
        ("2026-11-21T06:59:59Z", true),
        ("2026-11-21T07:00:00Z", false),
        ("2026-11-21T20:30:00Z", false),
        ("2026-11-23T12:00:00Z", true),
        ("2026-11-23T13:00:00Z", false),
    ] {
        assert_eq!(closed(&policy, moment), is, "{moment}");
    }
}

#[test]
fn outside_opening_hours_in_term() {
    let outside = When { windows: week("09:00", "15:00"), days: Days::Term, outside: true };
    let policy = unsealed(staff_with(vec![schedule(outside, Effect::Closed)]));
    for (moment, is) in [
        ("2026-11-20T09:00:00Z", false),
        ("2026-11-20T15:00:00Z", true),
        ("2026-11-21T10:00:00Z", true),
        ("2026-10-26T10:00:00Z", true),
        ("2026-08-31T10:00:00Z", true),
        ("2026-09-03T08:00:00Z", false),
    ] {
        assert_eq!(closed(&policy, moment), is, "{moment}");
    }
}

#[test]
fn without_term_dates_every_day_is_one_of_term() {
    let outside = When { windows: week("09:00", "15:00"), days: Days::Term, outside: true };
    let mut snapshot = staff_with(vec![schedule(outside, Effect::Closed)]);
    snapshot.calendar.terms.clear();
    let policy = unsealed(snapshot);
    assert!(!closed(&policy, "2026-08-31T10:00:00Z"));
    assert!(closed(&policy, "2026-10-26T10:00:00Z"), "a bank holiday is none");
}

/// Sunday 25 October 2026: from 2:00 the clocks go back to 1:00. 1:00 to 2:00 comes twice: 00:00Z and 01:00Z.
#[test]
fn an_hour_that_comes_twice_closes_twice_and_opens_once() {
    let windows = || when(vec![window(Day::Sunday, "01:00", "01:30")]);
    let tight = unsealed(staff_with(vec![schedule(windows(), Effect::Closed)]));
    for (moment, is) in [
        ("2026-10-24T23:59:00Z", false),
        ("2026-10-25T00:00:00Z", true),
        ("2026-10-25T00:45:00Z", true),
        ("2026-10-25T01:29:00Z", true),
        ("2026-10-25T01:30:00Z", false),
    ] {
        assert_eq!(closed(&tight, moment), is, "{moment}");
    }
    let lists = some_lists();
    let mut loose = staff_with(vec![schedule(windows(), without("pornography"))]);
    // From the later 1:00 to the earlier 1:30 there is no time at all.
    let policy = unsealed(loose.clone());
    for moment in ["2026-10-25T00:10:00Z", "2026-10-25T01:10:00Z"] {
        let cause = at(&policy, &lists, "staff", "porn.example.com", moment);
        assert!(matches!(cause, Cause::Category { .. }), "{moment}: {cause:?}");
    }
    loose.groups.get_mut("staff").unwrap().hours[0].when.windows = vec![window(Day::Saturday, "22:00", "03:00")];
    let policy = unsealed(loose);
    for (moment, open) in
        [("2026-10-24T21:30:00Z", true), ("2026-10-25T02:59:00Z", true), ("2026-10-25T03:00:00Z", false)]
    {
        let cause = at(&policy, &lists, "staff", "porn.example.com", moment);
        assert_eq!(cause == Cause::Unlisted, open, "{moment}: {cause:?}");
    }
}

/// Sunday 29 March 2026: at 1:00 the clocks go on to 2:00. 1:00 to 2:00 is missing: 01:00Z is 2:00.
#[test]
fn an_hour_that_is_missing_opens_nothing() {
    let windows = || vec![window(Day::Sunday, "01:15", "01:45")];
    let lists = some_lists();
    let policy = unsealed(staff_with(vec![schedule(when(windows()), without("pornography"))]));
    for moment in ["2026-03-29T00:15:00Z", "2026-03-29T00:59:00Z", "2026-03-29T01:00:00Z", "2026-03-29T01:44:00Z"] {
        let cause = at(&policy, &lists, "staff", "porn.example.com", moment);
        assert!(matches!(cause, Cause::Category { .. }), "{moment}: {cause:?}");
    }
    let night = vec![window(Day::Saturday, "20:00", "07:00")];
    let policy = unsealed(staff_with(vec![schedule(when(night), Effect::Closed)]));
    for (moment, is) in
        [("2026-03-28T20:00:00Z", true), ("2026-03-29T05:59:00Z", true), ("2026-03-29T06:00:00Z", false)]
    {
        assert_eq!(closed(&policy, moment), is, "7 o\u{2019}clock is 06:00Z from this morning on: {moment}");
    }
}

#[test]
fn categories_come_and_go_with_the_hours_but_a_locked_one_stays() {
    let lists = some_lists();
    let mut snapshot = staff_with(vec![
        schedule(when(week("12:00", "13:00")), without("pornography")),
        schedule(when(week("09:00", "17:00")), also("games")),
    ]);
    let policy = unsealed(snapshot.clone());
    let blocked = |policy: &Prepared, name: &str, moment: &str| {
        matches!(at(policy, &lists, "staff", name, moment), Cause::Category { .. })
    };
    assert!(!blocked(&policy, "porn.example.com", "2026-11-20T12:30:00Z"));
    assert!(blocked(&policy, "porn.example.com", "2026-11-20T13:30:00Z"));
    assert!(blocked(&policy, "games.example.com", "2026-11-20T13:30:00Z"));
    assert!(!blocked(&policy, "games.example.com", "2026-11-20T18:30:00Z"));
    let probe = holdfast_filter::probe::probe_name("games");
    assert!(blocked(&policy, &probe, "2026-11-20T13:30:00Z"), "the self-test sees the same");
    snapshot.groups.get_mut("staff").unwrap().blocked.get_mut("pornography").unwrap().locked = true;
    assert!(blocked(&unsealed(snapshot), "porn.example.com", "2026-11-20T12:30:00Z"));
}

#[test]
fn help_and_what_a_device_lives_on_work_at_every_hour() {
    let always = When { windows: Vec::new(), days: Days::Every, outside: true };
    let policy = unsealed(staff_with(vec![schedule(always, Effect::Closed)]));
    let cause = |name: &str| at(&policy, &Lists::missing(), "staff", name, "2026-11-20T13:30:00Z");
    assert_eq!(cause("www.childline.org.uk"), Cause::NeverLogged);
    assert_eq!(cause("holdfast.local"), Cause::Always);
    assert_eq!(cause("free.example.org"), Cause::Hours { name: "Sleep".into() });
}

#[test]
fn a_zone_that_nobody_knows_is_refused_where_it_matters() {
    let mut snapshot = staff_with(vec![schedule(when(Vec::new()), Effect::Closed)]);
    snapshot.calendar.zone = "Europe/Atlantis".into();
    let prepared = |snapshot| Prepared::new(snapshot, std::sync::Arc::new(SealedTier::not_supplied()));
    assert!(matches!(prepared(snapshot.clone()), Err(PolicyError::Zone { .. })));
    snapshot.groups.get_mut("staff").unwrap().hours.clear();
    assert!(prepared(snapshot).is_ok());
}

#[test]
fn an_allow_rule_opens_no_locked_category_and_every_other_one() {
    let lists = some_lists();
    let mut snapshot = snapshot();
    let children = snapshot.groups.get_mut("children").unwrap();
    children.blocked.get_mut("pornography").unwrap().locked = true;
    children.allow = vec![rule("porn.example.com"), rule("games.example.com"), rule("both.example.com")];
    let policy = unsealed(snapshot);
    let outcome = |name: &str| ask(&policy, &lists, "children", name).outcome;
    assert_eq!(outcome("porn.example.com"), Outcome::Block);
    assert_eq!(outcome("a.both.example.com"), Outcome::Block);
    assert_eq!(outcome("games.example.com"), Outcome::Allow);
}

fn supervised(sessions: Vec<Session>) -> PolicySnapshot {
    let mut snapshot = snapshot();
    snapshot.sessions = sessions;
    snapshot.devices[0].room = Some("Limpets room".into());
    let children: &mut Group = snapshot.groups.get_mut("children").unwrap();
    (children.supervised, children.allow) = (true, vec![rule("painting.example.com")]);
    snapshot
}

fn session(room: Option<&str>, until: Timestamp) -> Session {
    Session { id: Uuid::from_u128(77), group: "children".into(), room: room.map(str::to_owned), until }
}

fn tablet(policy: &Prepared, device: Option<Uuid>, name: &str, moment: Timestamp) -> Cause {
    let host = host(name);
    decide(policy, &Lists::missing(), &Request { device, ..Request::of("children", &host) }, moment).cause
}

#[test]
fn a_session_opens_what_is_approved_in_its_room_until_it_ends() {
    let end = now() + jiff::SignedDuration::from_mins(20);
    let policy = unsealed(supervised(vec![session(Some("Limpets room"), end)]));
    let painting = |device, moment| tablet(&policy, device, "painting.example.com", moment);
    assert!(matches!(painting(Some(TABLET), now()), Cause::Rule { .. }));
    assert_eq!(tablet(&policy, Some(TABLET), "free.example.org", now()), Cause::NotApproved);
    assert_eq!(painting(Some(TABLET), end), Cause::NoSession, "it ends by itself");
    assert_eq!(painting(None, now()), Cause::NoSession, "a device that nobody knows is in no session");
    let elsewhere = unsealed(supervised(vec![session(Some("Whelks room"), end)]));
    assert_eq!(tablet(&elsewhere, Some(TABLET), "painting.example.com", now()), Cause::NoSession);
    let anywhere = unsealed(supervised(vec![session(None, end)]));
    assert!(matches!(tablet(&anywhere, Some(TABLET), "painting.example.com", now()), Cause::Rule { .. }));
}

fn windows() -> impl Strategy<Value = Vec<Window>> {
    let one = (prop::sample::select(Day::WEEK.to_vec()), 0_i8..24, 0_i8..24).prop_map(|(day, from, to)| Window {
        day,
        from: Time::constant(from, 0, 0, 0),
        to: Time::constant(to, 30, 0, 0),
    });
    prop::collection::vec(one, 0..4)
}

/// Minutes around both changes of 2026, and an ordinary week.
fn moments() -> impl Strategy<Value = Timestamp> {
    let starts = ["2026-03-27T00:00:00Z", "2026-10-23T00:00:00Z", "2026-11-16T00:00:00Z"];
    (prop::sample::select(starts.to_vec()), 0_i64..(7 * 24 * 60))
        .prop_map(|(start, minutes)| start.parse::<Timestamp>().unwrap() + jiff::SignedDuration::from_mins(minutes))
}

proptest! {
    /// The same windows, once to close and once to open: whatever the clocks do, nothing is open that is not closed by the
    /// other; and "outside" is the exact opposite of "inside" for the same effect read the other way round.
    #[test]
    fn what_loosens_never_lasts_longer_than_what_tightens(windows in windows(), moment in moments()) {
        let tight = unsealed(staff_with(vec![schedule(when(windows.clone()), Effect::Closed)]));
        let loose = unsealed(staff_with(vec![schedule(when(windows), without("pornography"))]));
        let group = &loose.snapshot().groups["staff"];
        let opened = loose.hours(group, moment).reason(group, "pornography").is_none();
        let shut = tight.hours(&tight.snapshot().groups["staff"], moment).closed.is_some();
        prop_assert!(!opened || shut, "{moment}");
    }

    /// Away from the changes, a window is exactly its wall-clock time.
    #[test]
    fn an_ordinary_day_is_read_off_the_wall(hour in 0_i8..24, minute in 0_i8..60, day in 16_i8..22) {
        let policy = unsealed(staff_with(vec![schedule(when(week("09:30", "12:15")), Effect::Closed)]));
        let moment = date(2026, 11, day).at(hour, minute, 0, 0).in_tz("Europe/London").unwrap().timestamp();
        let wall = Time::constant(hour, minute, 0, 0);
        let weekday = day < 21;
        let expected = weekday && (time("09:30")..time("12:15")).contains(&wall);
        prop_assert_eq!(policy.hours(&policy.snapshot().groups["staff"], moment).closed.is_some(), expected);
    }

    /// Nobody's session: nothing but help and lifelines, whatever else the policy says.
    #[test]
    fn without_a_session_a_supervised_device_reaches_nothing(seconds in -600_i64..600, name in "[a-z]{1,8}\\.example\\.(com|org)") {
        let end = now() + jiff::SignedDuration::from_secs(seconds);
        let policy = unsealed(supervised(vec![session(Some("Limpets room"), end)]));
        let cause = tablet(&policy, Some(TABLET), &name, now());
        let open = matches!(cause, Cause::Rule { .. });
        prop_assert!(!open || (end > now() && name.ends_with("painting.example.com")), "{cause:?}");
        if end <= now() {
            prop_assert_eq!(cause, Cause::NoSession);
        }
    }
}

#[test]
fn a_policy_written_before_there_were_hours_still_reads() {
    let mut json = serde_json::to_value(snapshot()).unwrap();
    json.as_object_mut().unwrap().remove("calendar");
    json.as_object_mut().unwrap().remove("sessions");
    for group in json["groups"].as_object_mut().unwrap().values_mut() {
        let group = group.as_object_mut().unwrap();
        group.remove("hours");
        group.remove("supervised");
    }
    let read: PolicySnapshot = serde_json::from_value(json).unwrap();
    assert_eq!(read, snapshot());
}
