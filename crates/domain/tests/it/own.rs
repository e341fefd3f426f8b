//! What a setting adds to a procedure never weakens it (S42): every part of every procedure is taken away or loosened once,
//! and refused; every rule that can be laid over one leaves all that was locked locked.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use holdfast_domain::PersonId;
use holdfast_domain::clock::Calendar;
use holdfast_domain::content::Content;
use holdfast_domain::exclusion::CASE_ROLES;
use holdfast_domain::people::Role;
use holdfast_domain::procedure::own::{Change, OwnRule, Word, in_setting, not_weaker};
use holdfast_domain::procedure::{
    Act, Attempt, Condition, Gate, MustNot, Procedure, ProgramAct, Start, StepRecord, Switches, Within,
};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

fn content() -> &'static Content {
    static CONTENT: LazyLock<Content> = LazyLock::new(crate::content::content);
    &CONTENT
}

fn rule(procedure: &str, change: Change) -> OwnRule {
    OwnRule {
        key: "k".into(),
        procedure: procedure.into(),
        change,
        why: "Committee, 3 November 2026".into(),
        proposed: None,
        agreed: None,
        ending: None,
    }
}

fn laid(procedure: &Procedure, change: Change) -> Result<Procedure, String> {
    in_setting(procedure, &[rule(&procedure.id, change)], |role| role.key().to_owned())
}

fn extra(after: &str) -> Change {
    Change::ExtraStep {
        after: after.into(),
        title: "Ring the committee’s chair".into(),
        text: "The chair hears of it the same day.".into(),
        closes: true,
    }
}

/// Every way to loosen one step.
fn loosened(step: usize, was: &Procedure) -> Vec<(String, Procedure)> {
    let mut all = Vec::new();
    let mut add = |what: &str, change: &dyn Fn(&mut holdfast_domain::procedure::Step)| {
        let mut is = was.clone();
        change(&mut is.steps[step]);
        if is != *was {
            all.push((format!("{} {}: {what}", was.id, was.steps[step].key), is));
        }
    };
    for gate in 0..was.steps[step].gates.len() {
        add("a gate gone", &|step| drop(step.gates.remove(gate)));
        add("a gate opened by more", &|step| {
            step.gates[gate].any.push(Condition::Setting { setting: "x".into(), is: BTreeSet::new() });
        });
        add("a gate for some only", &|step| {
            step.gates[gate].when = Some(Condition::Setting { setting: "x".into(), is: BTreeSet::new() });
        });
        add("a gate that can be waived", &|step| step.gates[gate].absolute = false);
    }
    add("a gate more", &|step| {
        step.gates.push(Gate {
            say: "Ask us first".into(),
            any: vec![Condition::Setting { setting: "x".into(), is: BTreeSet::new() }],
            when: None,
            absolute: false,
            rules: BTreeSet::new(),
        });
    });
    for must_not in 0..was.steps[step].must_not.len() {
        add("a must-not gone", &|step| drop(step.must_not.remove(must_not)));
    }
    for field in 0..was.steps[step].fields.len() {
        add("a question gone", &|step| drop(step.fields.remove(field)));
        add("a question that may stay open", &|step| step.fields[field].required = !step.fields[field].required);
        add("two people become one", &|step| step.fields[field].differs_from = None);
    }
    add("not owed", &|step| step.closes = !step.closes);
    add("for some only", &|step| {
        step.when = Some(Condition::Setting { setting: "x".into(), is: BTreeSet::new() });
    });
    add("nobody’s act", &|step| step.act = None);
    add("stops no clock", &|step| step.clock = None);
    add("not for the chair", &|step| step.who.retain(|role| *role != Role::Chair));
    add("for a parent too", &|step| step.who.extend([Role::Parent]));
    add("waived by others", &|step| {
        step.waiver = Some(holdfast_domain::procedure::Waiver { who: [Role::Practitioner].into() });
    });
    add("no agency", &|step| step.agencies.clear());
    add("other words", &|step| step.text = "Do nothing.".into());
    let mut gone = was.clone();
    gone.steps.remove(step);
    all.push((format!("{} without {}", was.id, was.steps[step].key), gone));
    all
}

#[test]
fn taking_away_or_loosening_any_part_of_any_procedure_is_refused() {
    let (content, mut gates, mut all) = (content(), 0, 0);
    for was in content.procedures.values() {
        assert_eq!(not_weaker(was, was), Ok(()), "{}", was.id);
        for step in 0..was.steps.len() {
            gates += was.steps[step].gates.len();
            for (what, is) in loosened(step, was) {
                assert!(not_weaker(was, &is).is_err(), "{what} was taken");
                all += 1;
            }
        }
        for must_not in 0..was.must_not.len() {
            let mut is = was.clone();
            is.must_not.remove(must_not);
            assert!(not_weaker(was, &is).is_err(), "{}: must-not {must_not}", was.id);
        }
        for clock in 0..was.clocks.len() {
            let mut is = was.clone();
            is.clocks.remove(clock);
            assert!(not_weaker(was, &is).is_err(), "{}: clock {clock}", was.id);
            let mut is = was.clone();
            is.clocks[clock].within = Within::Days(365);
            assert!(not_weaker(was, &is).is_err(), "{}: a year for clock {clock}", was.id);
            let mut is = was.clone();
            is.clocks[clock].from = match is.clocks[clock].from {
                Start::KnownAt => Start::EventAt,
                Start::EventAt => Start::KnownAt,
            };
            assert!(not_weaker(was, &is).is_err(), "{}: clock {clock} from another time", was.id);
        }
        let mut is = was.clone();
        is.steps.swap(0, 1);
        assert!(not_weaker(was, &is).is_err(), "{}: another order", was.id);
    }
    assert!(gates > 60 && all > 1_500, "{gates} gates, {all} changes: too few to prove anything");
}

#[test]
fn a_step_of_their_own_is_owed_and_locks_nothing() {
    let content = content();
    for was in content.procedures.values() {
        let first = &was.steps[0].key;
        let is = laid(was, extra(first)).unwrap_or_else(|why| panic!("{}: {why}", was.id));
        assert_eq!(is.steps[1].title, "Ring the committee’s chair");
        assert!(is.steps[1].is_own() && is.steps[1].source.contains("Committee, 3 November"));
        assert_ne!(is.edition, was.edition, "an edition is one text");
        assert!(is.edition.starts_with(&was.edition));
        let standing = is.standing(&[], &Switches::new());
        assert!(standing.owed().iter().any(|state| state.step.is_own()), "{}: not owed", was.id);
        let closing = was.steps.iter().find(|step| step.act == Some(ProgramAct::Close)).unwrap();
        assert!(laid(was, extra(&closing.key)).is_err(), "{}: a step behind the last", was.id);
    }
    assert!(laid(&content.procedures["P4"], extra("nowhere")).is_err());
}

#[test]
fn a_proposal_changes_nothing_until_a_second_person_agrees() {
    let content = content();
    let p4 = &content.procedures["P4"];
    let word =
        Word { by: "00000000-0000-0000-0000-000000000001".parse::<PersonId>().unwrap(), at: Timestamp::UNIX_EPOCH };
    let mut rule = OwnRule { proposed: Some(word), ..rule("P4", extra("judge")) };
    let title = |role: Role| role.key().to_owned();
    assert_eq!(&in_setting(p4, &[rule.clone()], title).unwrap(), p4);
    rule.agreed = Some(word);
    assert_ne!(&in_setting(p4, &[rule.clone()], title).unwrap(), p4);
    rule.ending = Some(word);
    assert_ne!(&in_setting(p4, &[rule], title).unwrap(), p4, "one person alone took it back");
}

#[test]
fn what_no_procedure_knows_is_refused_in_words() {
    let content = content();
    let p4 = &content.procedures["P4"];
    let say = |text: &str| Change::Say { step: "judge".into(), text: text.into() };
    assert!(laid(p4, say("")).unwrap_err().contains("Write"));
    assert!(laid(p4, say(&"x".repeat(601))).is_err());
    assert!(laid(p4, Change::Usually { step: "judge".into(), role: Role::Parent }).is_err());
    assert!(
        laid(p4, Change::Usually { step: "judge".into(), role: Role::Manager })
            .unwrap()
            .steps
            .iter()
            .any(|step| step.text.ends_with("Here this is usually done by: manager."))
    );
    assert!(content.check_own(&rule("P4", Change::Agency { step: "judge".into(), agency: "nobody".into() })).is_err());
    assert!(content.check_own(&rule("P99", extra("judge"))).is_err());
    let later = laid(p4, Change::Clock { clock: "social_care".into(), within: Within::Days(30) });
    assert!(later.unwrap_err().contains("sooner"));
}

/// Both seeds run from their configuration alone: the program is one, and what they add to it fits.
#[test]
fn both_seeds_run_from_their_configuration_alone() {
    let content = content();
    for key in ["h", "n"] {
        let profile = &content.profiles[key];
        for procedure in content.procedures.values() {
            let own = profile.own_edition(procedure).unwrap_or_else(|why| panic!("{key} {}: {why}", procedure.id));
            assert_eq!(not_weaker(procedure, &own), Ok(()));
        }
    }
    let of = |key: &str| content.profiles[key].own.iter().map(|rule| rule.procedure.clone()).collect::<BTreeSet<_>>();
    assert_ne!(of("h"), of("n"), "the seeds differ in what they add");
}

fn any_within() -> impl Strategy<Value = Within> {
    prop_oneof![
        (0u16..800).prop_map(Within::Hours),
        Just(Within::SameDay),
        (0u16..40).prop_map(Within::WorkingDays),
        (0u16..40).prop_map(Within::SchoolDays),
        (0u16..40).prop_map(Within::DaysCountingTheFirst),
        (0u16..40).prop_map(Within::Days),
        Just(Within::OneMonth),
        (0u16..5).prop_map(Within::Months),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// A clock that is taken ends no later than ours, whenever it begins.
    #[test]
    fn a_clock_of_their_own_never_ends_later(within in any_within(), which in 0usize..1000, hour in 0i64..20_000) {
        let content = content();
        let clocks: Vec<_> = content.procedures.values().flat_map(|it| it.clocks.iter().map(move |clock| (it, clock))).collect();
        let (procedure, clock) = clocks[which % clocks.len()];
        if let Ok(own) = laid(procedure, Change::Clock { clock: clock.key.clone(), within }) {
            let calendar = Calendar::england(content.bank_holidays.iter().map(|day| day.date)).unwrap();
            let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
            let start = start + SignedDuration::from_mins(hour * 53);
            let own = own.clocks.iter().find(|known| known.key == clock.key).unwrap();
            if let (Ok(own), Ok(ours)) = (calendar.due(start, own.within), calendar.due(start, clock.within)) {
                prop_assert!(own <= ours, "{within:?} for {:?}: {own} after {ours}", clock.within);
            }
        }
    }

    /// Whatever was recorded in whatever order: what is locked without the setting's rules is locked with them, and what is
    /// open (S2) stays open.
    #[test]
    fn their_rules_lock_and_unlock_nothing(
        which in 0usize..100,
        after in 0usize..40,
        done in prop::collection::vec((0usize..60, any::<bool>()), 0..25),
    ) {
        let content = content();
        let was = content.procedures.values().nth(which % content.procedures.len()).unwrap();
        let steps: Vec<&str> = was.steps.iter().take(was.steps.len() - 1).map(|step| step.key.as_str()).collect();
        let is = laid(was, extra(steps[after % steps.len()])).unwrap();
        let records: Vec<StepRecord> = done
            .into_iter()
            .map(|(step, waived)| StepRecord {
                step: was.steps[step % was.steps.len()].key.clone(),
                act: if waived { Act::Waived } else { Act::Done },
                answers: Default::default(),
                reason: None,
                event_at: Timestamp::UNIX_EPOCH,
                recorded_at: Timestamp::UNIX_EPOCH,
                out_of_order: false,
            })
            .collect();
        let switches = Switches::new();
        let (before, now) = (was.standing(&records, &switches), is.standing(&records, &switches));
        for state in &before.steps {
            let with = now.of(&state.step.key).unwrap();
            prop_assert_eq!(state.state, with.state);
            prop_assert_eq!(&state.locked_by, &with.locked_by);
        }
        if before.owed().len() < now.owed().len() {
            prop_assert!(is.may(&records, &switches, ProgramAct::Close).is_err());
        }
        let own = is.steps.iter().find(|step| step.is_own()).unwrap();
        let attempt = Attempt {
            step: &own.key,
            act: Act::Done,
            answers: Default::default(),
            reason: None,
            event_at: Timestamp::UNIX_EPOCH,
            roles: &CASE_ROLES.into(),
            clock_suspect: false,
        };
        prop_assert!(is.attempt(&records, &switches, attempt, Timestamp::UNIX_EPOCH).is_ok());
    }
}

#[test]
fn must_nots_of_their_own_stand_beside_ours() {
    let content = content();
    let p1 = &content.procedures["P1"];
    let own = laid(p1, Change::MustNot { text: "Do not tell it on the parents’ chat.".into() }).unwrap();
    let all: Vec<&MustNot> = own.must_not.iter().collect();
    assert_eq!(all.len(), p1.must_not.len() + 1);
    assert!(all.last().unwrap().source.starts_with("This setting’s own"));
}
