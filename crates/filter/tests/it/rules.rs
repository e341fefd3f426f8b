//! What rules in lists can do to a verdict, and what they never can.

use std::fs;

use holdfast_filter::{Audience, Cause, Lists, Outcome, Prepared, Request, compile, decide};
use proptest::prelude::*;

use crate::setting::*;

/// Lists, each a name and its lines.
fn lists(all: &[(&str, &str)]) -> Lists {
    let folder = tempfile::tempdir().unwrap();
    for (name, lines) in all {
        fs::write(folder.path().join(format!("{name}.txt")), lines).unwrap();
    }
    let out = folder.path().join("out");
    compile(&[folder.path().to_owned()], &out, KEY).unwrap();
    Lists::open(&out).unwrap()
}

#[test]
fn no_lists_exception_opens_what_another_list_blocks() {
    let helpful = "@@||games.example.com^$important\n@@/.*games.*/\ngames.example.com CNAME rpz-passthru.\n\
        server=/games.example.com/#\nlocal-zone: \"games.example.com\" always_transparent\nother.example.com\n";
    let lists = lists(&[("games", "games.example.com\n"), ("helpful", helpful)]);
    let mut snapshot = snapshot();
    let blocked = group(Audience::Children, &["games", "helpful"]).blocked;
    snapshot.groups.get_mut("children").unwrap().blocked = blocked;
    let verdict = ask(&unsealed(snapshot.clone()), &lists, "children", "games.example.com");
    let Cause::Category { category, lists: names, .. } = verdict.cause else { panic!("{verdict:?}") };
    assert_eq!((&*category, &*names), ("games", ["games".to_owned()].as_slice()));
    snapshot.groups.get_mut("children").unwrap().allow.push(rule("games.example.com"));
    let opened = ask(&unsealed(snapshot), &lists, "children", "games.example.com");
    assert_eq!(opened.outcome, Outcome::Allow, "only the setting's own word does");
}

#[test]
fn an_important_rule_of_a_list_beats_no_person() {
    let lists = lists(&[("games", "||games.example.com^$important\n")]);
    let mut snapshot = snapshot();
    assert_eq!(ask(&unsealed(snapshot.clone()), &lists, "children", "games.example.com").outcome, Outcome::Block);
    snapshot.groups.get_mut("children").unwrap().allow.push(rule("games.example.com"));
    assert_eq!(ask(&unsealed(snapshot), &lists, "children", "games.example.com").outcome, Outcome::Allow);
}

#[test]
fn a_list_cannot_make_safe_search_milder() {
    let milder = "|www.youtube.com^$dnsrewrite=restrictmoderate.youtube.com\n";
    let lists = lists(&[("games", milder), ("other", "example.com\n")]);
    let policy = unsealed(snapshot());
    let outcome = |group| ask(&policy, &lists, group, "www.youtube.com").outcome;
    assert_eq!(outcome("children"), Outcome::Rewrite("restrict.youtube.com".into()));
    assert_eq!(outcome("staff"), Outcome::Allow, "staff do not block that list's category");
    let mut snapshot = snapshot();
    let blocked = group(Audience::Adults, &["games"]).blocked;
    snapshot.groups.get_mut("staff").unwrap().blocked = blocked;
    let verdict = ask(&unsealed(snapshot), &lists, "staff", "www.youtube.com");
    assert_eq!(verdict.outcome, Outcome::Rewrite("restrictmoderate.youtube.com".into()));
    assert!(matches!(verdict.cause, Cause::Category { category, .. } if &*category == "games"));
}

#[test]
fn a_block_stands_before_a_rewrite_whichever_list_comes_first() {
    for (one, two) in [("games", "pornography"), ("pornography", "games")] {
        let lists =
            lists(&[(one, "|www.ecosia.org^$dnsrewrite=strict-safe-search.ecosia.org\n"), (two, "ecosia.org\n")]);
        let verdict = ask(&unsealed(snapshot()), &lists, "children", "www.ecosia.org");
        assert_eq!(verdict.outcome, Outcome::Block, "{one}");
    }
}

#[test]
fn a_lookup_shows_rules_and_never_weighs_circumstances() {
    let lists = lists(&[(
        "games",
        "||typed.example.com^$dnstype=AAAA,client=tablet\n@@||typed.example.com^$ctag=user_child\n",
    )]);
    let report = lists.lookup("a.typed.example.com");
    assert_eq!(report.lists, ["games"]);
    assert_eq!(report.rules, ["||typed.example.com^$dnstype=AAAA,client=tablet"]);
}

#[test]
fn licence_and_origin_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("own.txt"), "! License: CC BY-SA 4.0\n||example.com^\n@@||good.example.com^\n")
        .unwrap();
    fs::write(folder.path().join("plain.txt"), "example.net\n").unwrap();
    fs::write(folder.path().join("plain.LICENSE"), "The MIT License\n").unwrap();
    let out = folder.path().join("out.compiled.json");
    compile(&[folder.path().join("own.txt"), folder.path().join("plain.txt")], &out, KEY).unwrap();
    let contents = Lists::open(&out).unwrap().contents();
    let shown: Vec<_> = contents
        .lists
        .iter()
        .map(|list| (list.name.as_str(), list.licence.as_deref(), list.names, list.rules))
        .collect();
    assert_eq!(shown, [("own", Some("CC BY-SA 4.0"), 1, 1), ("plain", Some("The MIT License"), 1, 0)]);
    assert!(contents.lists[0].origin.ends_with("own.txt"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// S27: nothing that a list can say reaches the sealed tier.
    #[test]
    fn no_list_opens_a_sealed_entry(below in prop::option::of("[a-z]{1,5}"), rules in prop::collection::vec(prop::sample::select(vec![
        "@@||sealed.example^$important", "@@|sealed.example^", "@@/sealed/$important", "sealed.example CNAME rpz-passthru.",
        "*.sealed.example CNAME rpz-passthru.", "server=/sealed.example/#", "local-zone: \"sealed.example\" transparent",
        "||sealed.example^$badfilter", "||sealed.example^$dnsrewrite=safe.duckduckgo.com", "||sealed.example^$client=~tablet",
    ]), 0..6), rtype in prop::option::of(any::<u16>()), known in any::<bool>()) {
        let lists = lists(&[("games", &(rules.join("\n") + "\n")), ("other", "example.com\n")]);
        let policy = Prepared::new(snapshot(), sealed(&["sealed.example"])).unwrap();
        let asked = host(&below.map_or("sealed.example".to_owned(), |label| format!("{label}.sealed.example")));
        for group in ["children", "staff", "alarms"] {
            let request = Request { rtype, device: known.then_some(TABLET), ..Request::of(group, &asked) };
            let verdict = decide(&policy, &lists, &request, now());
            prop_assert_eq!((verdict.outcome, verdict.cause), (Outcome::Block, Cause::Sealed));
        }
    }
}
