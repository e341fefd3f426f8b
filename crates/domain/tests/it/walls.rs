//! Routing and exclusion, for every roster and every set of people who must not know.

use std::collections::BTreeSet;

use holdfast_domain::concern::{ConcernKind, Part, RouteKind};
use holdfast_domain::ctx::{Member, SecondFactor};
use holdfast_domain::exclusion::{CASE_ROLES, Sight, Tie, Walls, shut_out, sight, sight_of};
use holdfast_domain::id::{AccountId, PersonId, SessionId, SettingId};
use holdfast_domain::people::{Role, RoleSet};
use holdfast_domain::procedure::Switches;
use holdfast_domain::roster::{Kinds, Roster};
use holdfast_domain::routing::{Way, ladder, route};
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use uuid::Uuid;

fn person() -> impl Strategy<Value = PersonId> {
    (0_u128..12).prop_map(|n| PersonId(Uuid::from_u128(n)))
}

fn role() -> impl Strategy<Value = Role> {
    proptest::sample::select(Role::ALL.to_vec())
}

fn either_route() -> impl Strategy<Value = RouteKind> {
    proptest::sample::select(vec![RouteKind::Safeguarding, RouteKind::Allegation])
}

fn kind() -> impl Strategy<Value = ConcernKind> {
    proptest::sample::select(ConcernKind::ALL.to_vec())
}

fn kinds() -> impl Strategy<Value = Kinds> {
    prop_oneof![Just(Kinds::All), btree_set(kind(), 0..4).prop_map(Kinds::Only)]
}

fn roster() -> impl Strategy<Value = Roster> {
    vec((role(), person(), kinds()), 0..16).prop_map(|held| held.into_iter().collect())
}

proptest! {
    #[test]
    fn the_ladder_never_reaches_who_must_not_know_and_always_ends_outside(
        route in either_route(), roster in roster(), excluded in btree_set(person(), 0..12), kind in kind(),
    ) {
        let way = Way::of(route, kind, &Switches::new());
        let ladder = ladder(&way, &roster, &excluded);
        prop_assert_eq!(ladder.outside.len(), 2);
        let mut told = BTreeSet::new();
        // Walks to its end in finitely many rungs, telling everybody once.
        for _ in 0..ladder.rungs.len() {
            let Some(rung) = ladder.after(&told) else { break };
            prop_assert!(!rung.is_empty());
            for person in rung {
                prop_assert!(!excluded.contains(person));
                prop_assert!(told.insert(*person), "told twice");
            }
        }
        prop_assert!(ladder.after(&told).is_none());
        // Total: whoever holds a role of the route and may know is on it, unless an allegation has its one manager.
        if route == RouteKind::Safeguarding {
            for role in CASE_ROLES {
                for person in roster.get(&role).into_iter().flatten().filter(|person| !excluded.contains(person)) {
                    prop_assert!(told.contains(person));
                }
            }
        } else {
            prop_assert!(ladder.rungs.iter().all(|rung| rung.len() == 1), "an allegation told several at once");
            let able = roster.get(&Role::Manager).into_iter().flatten().any(|person| !excluded.contains(person));
            prop_assert_eq!(able, ladder.first().first().is_some_and(|first| roster.get(&Role::Manager).into_iter().flatten().any(|p| p == first)) );
        }
    }

    #[test]
    fn who_stands_in_is_told_where_the_other_would_be_and_nobody_else_comes_or_goes(
        roster in roster(), excluded in btree_set(person(), 0..12), covers in vec((person(), person()), 0..4),
    ) {
        let way = Way::of(RouteKind::Safeguarding, ConcernKind::AdultHere, &Switches::new());
        let before = ladder(&way, &roster, &excluded);
        let after = before.clone().covered(&covers, &excluded);
        let all = |rungs: &[Vec<PersonId>]| rungs.iter().flatten().copied().collect::<BTreeSet<_>>();
        let (was, is) = (all(&before.rungs), all(&after.rungs));
        prop_assert_eq!(after.rungs.iter().flatten().count(), is.len(), "told twice");
        prop_assert!(is.is_disjoint(&excluded));
        prop_assert!(was.is_subset(&is), "somebody goes out");
        prop_assert!(is.difference(&was).all(|new| covers.iter().any(|(_, cover)| cover == new)), "somebody else comes in");
        let rung = |rungs: &[Vec<PersonId>], who| rungs.iter().position(|rung| rung.contains(&who));
        if let [(away, cover)] = covers.as_slice()
            && let (Some(of_away), false) = (rung(&before.rungs, *away), excluded.contains(cover))
            && away != cover
        {
            prop_assert!(rung(&after.rungs, *cover).is_some_and(|rung| rung <= of_away), "told later than the one who is away");
        }
    }

    #[test]
    fn whoever_the_setting_names_takes_allegations_but_never_past_an_exclusion(
        route in either_route(), roster in roster(), excluded in btree_set(person(), 0..12), named in person(),
    ) {
        let way = Way::of(route, ConcernKind::AdultHere, &Switches::new());
        let (with, without) = (ladder(&way.named(Some(named)), &roster, &excluded), ladder(&way, &roster, &excluded));
        let works_cases = CASE_ROLES.iter().filter_map(|role| roster.get(role)).flatten().any(|held| *held == named);
        if route == RouteKind::Safeguarding || excluded.contains(&named) || !works_cases {
            prop_assert_eq!(with, without, "a name changes nothing where it cannot");
        } else {
            prop_assert_eq!(with.first(), &[named]);
            prop_assert!(with.rungs.iter().all(|rung| rung.len() == 1), "an allegation told several at once");
            let after: Vec<_> = without.rungs.iter().flatten().filter(|person| **person != named).collect();
            prop_assert_eq!(with.rungs.iter().skip(1).flatten().collect::<Vec<_>>(), after, "the roles come after");
        }
    }

    #[test]
    fn exclusion_beats_everything(
        route in either_route(), who in person(), roles in btree_set(role(), 0..9), excluded in btree_set(person(), 0..12),
        invited in btree_set(person(), 0..12), reached in btree_set(person(), 0..12), reporter in proptest::option::of(person()),
        shown in any::<bool>(), kind in kind(), kinds in kinds(),
    ) {
        let walls = Walls { route, kind, reporter, excluded: &excluded, invited: &invited, reached: &reached };
        let by_roles = sight(&walls, who, &roles, &kinds);
        prop_assert!(by_roles <= sight(&walls, who, &roles, &Kinds::All), "a limit lets somebody in");
        // A limit shuts out only from what its deputy has by the role alone.
        if roles.contains(&Role::Deputy) && !roles.contains(&Role::Dsl) && !kinds.cover(kind) && by_roles == Sight::Case {
            prop_assert!(reached.contains(&who) || invited.contains(&who), "seen by a role that does not open it");
        }
        if excluded.contains(&who) {
            prop_assert_eq!(by_roles, Sight::Nothing);
        }
        let member = Member {
            setting: SettingId(Uuid::nil()), person: who, account: AccountId(Uuid::nil()), session: SessionId(Uuid::nil()), roles, kinds,
            second_factor: if shown { SecondFactor::Shown } else { SecondFactor::NotShown },
        };
        let by_session = sight_of(&walls, &member);
        prop_assert!(by_session <= by_roles, "a session shows more than the roles do");
        prop_assert!(shown || by_session < Sight::Case, "a case without the second factor");
        // An allegation is seen by those whom routing reached or the holder added, and by nobody for a role alone (S7).
        if route == RouteKind::Allegation && by_roles == Sight::Case {
            prop_assert!(reached.contains(&who) || invited.contains(&who));
        }
    }

    #[test]
    fn whom_it_is_about_and_their_ties_are_shut_out_and_more_people_never_let_anybody_in(
        people in vec((person(), proptest::sample::select(vec![Part::Child, Part::About, Part::Witness])), 0..6),
        ties in vec((person(), person()), 0..6), here in btree_set(person(), 0..6), more in person(),
        more_as in proptest::sample::select(vec![Part::Child, Part::About, Part::Witness]), hired in person(),
    ) {
        let ties: Vec<Tie> = ties.into_iter().map(|(person, other)| Tie { person, other }).collect();
        let out = shut_out(&people, &ties, &here);
        let is = |who: &PersonId, part: Part| people.contains(&(*who, part));
        for who in people.iter().filter(|(_, part)| *part == Part::About).map(|(who, _)| who) {
            prop_assert!(out.contains(who));
        }
        for (one, other) in ties.iter().flat_map(|tie| [(tie.person, tie.other), (tie.other, tie.person)]) {
            prop_assert!(!is(&one, Part::About) || out.contains(&other), "close to the adult concerned");
            prop_assert!(!(is(&one, Part::Child) && here.contains(&other)) || out.contains(&other), "a child's relative who works here");
        }
        // And nobody else: a parent who does not work here is not shut out for being the child's parent.
        for who in &out {
            let tied = |to: Part| ties.iter().flat_map(|tie| [(tie.person, tie.other), (tie.other, tie.person)])
                .any(|(one, other)| other == *who && is(&one, to));
            let why = is(who, Part::About) || tied(Part::About) || (tied(Part::Child) && here.contains(who));
            prop_assert!(why, "shut out for nothing");
        }
        let mut wider = people.clone();
        wider.push((more, more_as));
        prop_assert!(shut_out(&wider, &ties, &here).is_superset(&out));
        let mut hired_too = here.clone();
        hired_too.insert(hired);
        prop_assert!(shut_out(&people, &ties, &hired_too).is_superset(&out), "to be hired lets nobody in");
    }

    /// Whatever the setting's switches say, an allegation has one case manager at a time, never one who must not know; about
    /// an owner it has nobody inside, and the LADO is there.
    #[test]
    fn an_allegation_goes_to_one_person_of_the_named_role_and_past_the_owner(
        roster in roster(), excluded in btree_set(person(), 0..12), about in btree_set(person(), 0..3),
        to in proptest::sample::select(vec!["manager", "chair", "dsl", "nonsense"]), owned in any::<bool>(),
        kind in proptest::sample::select(ConcernKind::ALL.to_vec()),
    ) {
        let switch = if kind == ConcernKind::Radicalisation { "radicalised_staff_to" } else { "allegation_to" };
        let mut switches = Switches::from([(switch.to_owned(), to.to_owned())]);
        switches.insert("chair_is".into(), if owned { "owner" } else { "committee" }.into());
        let way = Way::of(route(kind, true), kind, &switches).about(&about, &roster, &switches);
        let ladder = ladder(&way, &roster, &excluded);
        let the_owner = owned && roster.get(&Role::Chair).into_iter().flatten().any(|chair| about.contains(chair));
        prop_assert_eq!(way.about_owner, the_owner);
        if the_owner {
            prop_assert!(ladder.rungs.is_empty(), "somebody whom the owner pays was told");
        }
        prop_assert_eq!(ladder.outside.first().map(|outside| outside.agency()), Some("lado"));
        prop_assert!(ladder.rungs.iter().all(|rung| rung.len() == 1 && !excluded.contains(&rung[0])));
        let role = match to { "chair" => Role::Chair, "dsl" => Role::Dsl, _ => Role::Manager };
        let able = roster.get(&role).into_iter().flatten().find(|person| !excluded.contains(person));
        if let (Some(first), false) = (able, the_owner) {
            prop_assert_eq!(ladder.first(), [*first]);
        }
    }
}

#[test]
fn an_adult_here_is_always_an_allegation() {
    for kind in ConcernKind::ALL {
        assert_eq!(route(kind, true), RouteKind::Allegation, "{}", kind.key());
    }
    assert_eq!(route(ConcernKind::AdultHere, false), RouteKind::Allegation);
    assert_eq!(route(ConcernKind::FilterBreach, false), RouteKind::Safeguarding);
}

/// Need to know by kind: a deputy who works with some kinds alone is told of the others only when those who work with them
/// did not open it, and before anybody who is no safeguarding lead.
#[test]
fn a_deputy_of_other_kinds_is_told_after_those_who_work_with_this_one() {
    let person = |n| PersonId(Uuid::from_u128(n));
    let (lead, all, some, manager) = (person(1), person(2), person(3), person(4));
    let only = Kinds::Only([ConcernKind::Bullying].into());
    let held = [
        (Role::Dsl, lead, Kinds::All),
        (Role::Deputy, all, Kinds::All),
        (Role::Deputy, some, only.clone()),
        (Role::Manager, manager, Kinds::All),
    ];
    let roster: Roster = held.into_iter().collect();
    let rungs = |kind, out: &[PersonId]| {
        let way = Way::of(RouteKind::Safeguarding, kind, &Switches::new());
        ladder(&way, &roster, &out.iter().copied().collect()).rungs
    };
    assert_eq!(rungs(ConcernKind::Bullying, &[]), [vec![lead, all, some], vec![manager]]);
    assert_eq!(rungs(ConcernKind::Hate, &[]), [vec![lead, all], vec![some], vec![manager]]);
    assert_eq!(rungs(ConcernKind::Hate, &[lead, all]), [vec![some], vec![manager]], "better than nobody");
    assert_eq!(roster.by_role(ConcernKind::Hate), [lead, all].into());
    assert_eq!(Kinds::from_stored(only.stored().as_deref()), only);
    assert_eq!(Kinds::from_stored(Some("long_gone")), Kinds::Only(BTreeSet::new()), "what nobody knows opens nothing");
    assert!(!Kinds::choices().any(|kind| kind == ConcernKind::AdultHere), "allegations are nobody's by role");
}

#[test]
fn a_lead_with_the_role_alone_sees_safeguarding_but_no_allegation() {
    let (nobody, who) = (BTreeSet::new(), PersonId(Uuid::from_u128(1)));
    let kind = ConcernKind::Bullying;
    let walls = |route| Walls { route, kind, reporter: None, excluded: &nobody, invited: &nobody, reached: &nobody };
    let roles = RoleSet::from([Role::Dsl]);
    assert_eq!(sight(&walls(RouteKind::Safeguarding), who, &roles, &Kinds::All), Sight::Case);
    assert_eq!(sight(&walls(RouteKind::Allegation), who, &roles, &Kinds::All), Sight::Nothing);
}
