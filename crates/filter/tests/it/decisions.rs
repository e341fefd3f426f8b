//! The order of evaluation, one step at a time.

use holdfast_filter::policy::Hold;
use holdfast_filter::{
    Audience, Cause, Lists, Outcome, PolicyError, Prepared, Request, SafeSearch, SealedTier, decide,
};
use jiff::SignedDuration;

use crate::setting::*;

#[test]
fn categories_speak_the_policys_words_and_name_their_lists() {
    let (policy, lists) = (unsealed(snapshot()), some_lists());
    let verdict = ask(&policy, &lists, "children", "http://www.both.example.com/");
    assert_eq!(verdict.outcome, Outcome::Block);
    let Cause::Category { category, title, matched, lists: names, because, .. } = verdict.cause else { panic!() };
    assert_eq!((&*category, &*title, matched.as_str()), ("pornography", "PORNOGRAPHY", "both.example.com"));
    assert_eq!(*names, ["adult", "mixed_adult"]);
    assert_eq!(*because, ["FIL-02"]);
}

#[test]
fn the_most_specific_name_gives_the_reason() {
    let wide = [host("example.com")];
    let lists = some_lists().with_overlay("own", holdfast_filter::Kind::Black, &wide, KEY).unwrap();
    let mut snapshot = snapshot();
    let own = group(Audience::Children, &["own", "games"]).blocked;
    snapshot.groups.get_mut("children").unwrap().blocked.extend(own);
    let policy = unsealed(snapshot);
    let category = |text: &str| match ask(&policy, &lists, "children", text).cause {
        Cause::Category { category, matched, .. } => (category, matched),
        other => panic!("{other:?}"),
    };
    assert_eq!(category("a.games.example.com"), ("games".into(), "games.example.com".into()));
    assert_eq!(category("other.example.com"), ("own".into(), "example.com".into()));
}

#[test]
fn groups_differ() {
    let (policy, lists) = (unsealed(snapshot()), some_lists());
    let outcome = |group: &str, text: &str| ask(&policy, &lists, group, text).outcome;
    assert_eq!(outcome("children", "games.example.com"), Outcome::Block);
    assert_eq!(outcome("staff", "games.example.com"), Outcome::Allow);
    assert_eq!(outcome("staff", "porn.example.com"), Outcome::Block);
    assert_eq!(outcome("alarms", "porn.example.com"), Outcome::Allow);
    assert_eq!(outcome("no such group", "games.example.com"), Outcome::Block);
    assert_eq!(outcome("children", "painting.example.com"), Outcome::Allow);
    assert_eq!(outcome("children", "http://198.51.100.7/x"), Outcome::Block);
}

#[test]
fn url_lists_count_only_where_the_path_shows() {
    let (policy, lists) = (unsealed(snapshot()), some_lists());
    let outcome = |text: &str| ask(&policy, &lists, "children", text).outcome;
    assert_eq!(outcome("http://shared.example.com/Adult/picture?x=1"), Outcome::Block);
    assert_eq!(outcome("http://shared.example.com/adults"), Outcome::Allow);
    assert_eq!(outcome("http://shared.example.com/"), Outcome::Allow);
    let host = host("shared.example.com");
    let dns = Request::of("children", &host);
    assert_eq!(decide(&policy, &lists, &dns, now()).outcome, Outcome::Allow);
}

#[test]
fn people_decide_with_ends() {
    let lists = some_lists();
    let mut snapshot = snapshot();
    let children = snapshot.groups.get_mut("children").unwrap();
    let until = |seconds| Some(now() + SignedDuration::from_secs(seconds));
    children.allow.push(holdfast_filter::NameRule { until: until(1), ..rule("games.example.com") });
    children.allow.push(holdfast_filter::NameRule { until: until(0), ..rule("example.net") });
    children.block.push(rule("news.example.com"));
    let policy = unsealed(snapshot);
    let opened = ask(&policy, &lists, "children", "a.games.example.com");
    assert_eq!(opened.outcome, Outcome::Allow);
    assert!(matches!(opened.cause, Cause::Rule { rule, .. } if rule == "rule-games.example.com"));
    assert_eq!(ask(&policy, &lists, "children", "example.net").outcome, Outcome::Block, "its end is over");
    assert_eq!(ask(&policy, &lists, "children", "news.example.com").outcome, Outcome::Block);
    assert_eq!(ask(&policy, &lists, "staff", "news.example.com").outcome, Outcome::Allow, "another group's rule");
}

#[test]
fn what_comes_before_rules() {
    let lists = some_lists();
    let mut snapshot = snapshot();
    let children = snapshot.groups.get_mut("children").unwrap();
    for name in ["childline.org.uk", "holdfast.local"] {
        children.block.push(rule(name));
    }
    for name in ["mask.icloud.com", "use-application-dns.net"] {
        children.allow.push(rule(name));
    }
    snapshot.holds.push(Hold { device: TABLET, until: Some(now() + SignedDuration::from_secs(1)) });
    snapshot.holds.push(Hold { device: LAPTOP, until: Some(now()) });
    let policy = unsealed(snapshot);
    let cause = |text: &str| ask(&policy, &lists, "children", text).cause;
    assert_eq!(cause("www.childline.org.uk"), Cause::NeverLogged);
    assert_eq!(cause("holdfast.local"), Cause::Always);
    for name in [
        "mask.icloud.com",
        "mask-h2.icloud.com",
        "mask-canary.icloud.com",
        "use-application-dns.net",
        "_dns.resolver.arpa",
    ] {
        let verdict = ask(&policy, &lists, "children", name);
        assert_eq!(verdict.outcome, Outcome::Block, "{name}");
        assert!(matches!(verdict.cause, Cause::Bypass { .. }), "{name}");
    }
    let host = host("childline.org.uk");
    let by =
        |device| decide(&policy, &lists, &Request { device: Some(device), ..Request::of("children", &host) }, now());
    assert_eq!(by(TABLET).cause, Cause::Held);
    assert_eq!(by(LAPTOP).cause, Cause::NeverLogged, "its hold is over");
}

#[test]
fn without_lists_only_essential_systems_are_open() {
    let mut snapshot = snapshot();
    snapshot.groups.get_mut("children").unwrap().allow.push(rule("opened.example.com"));
    let policy = unsealed(snapshot);
    let verdict = |group: &str, text: &str| ask(&policy, &Lists::missing(), group, text);
    for group in ["children", "staff", "unknown"] {
        assert_eq!(
            (verdict(group, "example.org").outcome, verdict(group, "example.org").cause),
            (Outcome::Block, Cause::NoData)
        );
        assert_eq!(verdict(group, "childline.org.uk").outcome, Outcome::Allow);
        assert_eq!(verdict(group, "holdfast.local").outcome, Outcome::Allow);
    }
    assert_eq!(verdict("alarms", "example.org").outcome, Outcome::Allow);
    assert_eq!(verdict("children", "opened.example.com").outcome, Outcome::Allow);
}

#[test]
fn safe_search_holds_for_children_also_where_somebody_opened_the_name() {
    let lists = some_lists();
    let mut snapshot = snapshot();
    snapshot.always.insert("www.google.com".into());
    let children = snapshot.groups.get_mut("children").unwrap();
    children.safe_search = SafeSearch::Off;
    children.allow.push(rule("www.bing.com"));
    children.allow.push(rule("startpage.com"));
    children.block.push(rule("www.youtube.com"));
    let policy = unsealed(snapshot);
    let outcome = |group: &str, text: &str| ask(&policy, &lists, group, text).outcome;
    assert_eq!(outcome("children", "www.google.com"), Outcome::Rewrite("forcesafesearch.google.com".into()));
    assert_eq!(outcome("children", "www.bing.com"), Outcome::Rewrite("strict.bing.com".into()));
    assert_eq!(outcome("children", "duckduckgo.com"), Outcome::Rewrite("safe.duckduckgo.com".into()));
    assert_eq!(outcome("children", "www.youtube.com"), Outcome::Block, "a block rule stands first");
    assert_eq!(outcome("children", "uk.search.yahoo.com"), Outcome::Block);
    assert_eq!(outcome("children", "startpage.com"), Outcome::Allow, "a person opened it knowingly");
    assert_eq!(outcome("staff", "www.bing.com"), Outcome::Allow);
}

#[test]
fn a_sealed_entry_says_blocked_and_nothing_more() {
    let mut snapshot = snapshot();
    snapshot.never_log.insert("sealed.example".into());
    let policy = Prepared::new(snapshot, sealed(&["sealed.example", "http://shared.example/folder"])).unwrap();
    let lists = some_lists();
    for text in ["sealed.example", "http://a.sealed.example:8080/x", "https://shared.example/%66older/x"] {
        let verdict = ask(&policy, &lists, "staff", text);
        assert_eq!((verdict.outcome, verdict.cause), (Outcome::Block, Cause::Sealed), "{text}");
    }
    assert_eq!(ask(&policy, &lists, "staff", "https://shared.example/other").outcome, Outcome::Allow);
    assert_eq!(lists.lookup("sealed.example").lists, Vec::<String>::new(), "lookups never open it");
}

#[test]
fn a_snapshot_that_contradicts_itself_is_refused_in_words() {
    let refused = |change: &dyn Fn(&mut holdfast_filter::PolicySnapshot)| {
        let mut snapshot = snapshot();
        change(&mut snapshot);
        Prepared::new(snapshot, std::sync::Arc::new(SealedTier::not_supplied())).unwrap_err()
    };
    assert!(matches!(refused(&|it| it.format = 99), PolicyError::Format { found: 99, .. }));
    assert!(refused(&|it| it.strictest = "gone".into()).to_string().contains("gone"));
    assert!(refused(&|it| it.devices[0].group = "gone".into()).to_string().contains("tablet"));
    let bad = refused(&|it| it.groups.get_mut("staff").unwrap().allow.push(rule("a b")));
    assert!(bad.to_string().contains("allow rules of Adults"), "{bad}");
    assert_eq!(group(Audience::Adults, &[]).safe_search, SafeSearch::ByAudience);
}

#[test]
fn a_part_of_a_blocked_site_opens_by_its_address_and_not_by_its_name() {
    let lists = some_lists();
    let part = |part: &str| holdfast_filter::PartRule {
        part: part.into(),
        rule: "change-9".into(),
        reason: "Looked at.".into(),
        until: None,
    };
    let mut snapshot = snapshot();
    let children = snapshot.groups.get_mut("children").unwrap();
    children.blocked.extend(group(Audience::Children, &["games"]).blocked);
    children.parts = vec![part("games.example.com/counting"), part("free.example.org/shows")];
    let policy = unsealed(snapshot.clone());
    let outcome = |text: &str| ask(&policy, &lists, "children", text).outcome;
    let by_name = |policy: &Prepared, name: &str| {
        let host = host(name);
        decide(policy, &lists, &Request::of("children", &host), "2026-11-20T10:00:00Z".parse().unwrap())
    };
    assert_eq!(outcome("http://games.example.com/counting/ten"), Outcome::Allow);
    for blocked in
        ["http://games.example.com/", "http://games.example.com/countings", "http://a.games.example.com/counting"]
    {
        assert_eq!(outcome(blocked), Outcome::Block, "{blocked}");
    }
    let only = |cause: &Cause| matches!(cause, Cause::Rule { rule, .. } if rule == holdfast_filter::ONLY_A_PART);
    let named = by_name(&policy, "games.example.com");
    assert!(named.outcome == Outcome::Block && only(&named.cause), "{named:?}");
    // What is open anyway is not closed by an approval of a part of it.
    assert_eq!(by_name(&policy, "free.example.org").outcome, Outcome::Allow);
    // What is locked stays locked, part or not.
    snapshot.groups.get_mut("children").unwrap().blocked.get_mut("games").unwrap().locked = true;
    let locked = unsealed(snapshot.clone());
    assert_eq!(ask(&locked, &lists, "children", "http://games.example.com/counting").outcome, Outcome::Block);
    assert!(!only(&by_name(&locked, "games.example.com").cause));
    // A part that is none makes no policy.
    snapshot.groups.get_mut("children").unwrap().parts = vec![part("example.org")];
    assert!(matches!(
        Prepared::new(snapshot, std::sync::Arc::new(SealedTier::not_supplied())),
        Err(PolicyError::Part { .. })
    ));
}
