//! The engine, over every real procedure and any sequence of attempts by anybody.

use std::collections::BTreeSet;

use holdfast_domain::content::Content;
use holdfast_domain::people::{Role, RoleSet};
use holdfast_domain::procedure::{
    Act, Answers, Attempt, Condition, FieldKind, Gate, Procedure, ProgramAct, Refusal, State, Step, StepRecord,
    Switches,
};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use std::sync::LazyLock;

use crate::content::content;

static CONTENT: LazyLock<Content> = LazyLock::new(content);

const ACTS: [ProgramAct; 7] = [
    ProgramAct::HoldDevice,
    ProgramAct::ReleaseHold,
    ProgramAct::ProposeFilterChange,
    ProgramAct::InformFamily,
    ProgramAct::Retest,
    ProgramAct::Debrief,
    ProgramAct::Close,
];

pub(crate) fn start() -> Timestamp {
    "2026-11-23T09:00:00Z".parse().unwrap()
}

/// Answers that a step accepts; `seed` chooses among them.
pub(crate) fn valid_answers(step: &Step, seed: u64) -> Answers {
    let mut answers = Answers::new();
    for (at, field) in step.fields.iter().enumerate() {
        let asked =
            field.only_if.as_ref().is_none_or(|only| answers.get(&only.field).is_some_and(|a| only.is.contains(a)));
        if !asked {
            continue;
        }
        let answer = match field.kind {
            FieldKind::Choice => {
                let pick = usize::try_from(seed >> (at % 16)).unwrap_or(0) % field.choices.len();
                field.choices[pick].value.clone()
            }
            // Each field its own words: some must differ from another.
            _ => format!("as it was: {}", field.key),
        };
        answers.insert(field.key.clone(), answer);
    }
    answers
}

/// Somebody tries something.
#[derive(Debug, Clone)]
struct Try {
    step: usize,
    act: Act,
    role: Role,
    seed: u64,
    reason: bool,
    spoilt: bool,
}

fn tries() -> impl Strategy<Value = Vec<Try>> {
    let acts = proptest::sample::select(vec![Act::Done, Act::Done, Act::AlreadyHappened, Act::Waived, Act::Reopened]);
    let roles = proptest::sample::select(Role::ALL.to_vec());
    let one = (0..40_usize, acts, roles, any::<u64>(), any::<bool>(), proptest::bool::weighted(0.1))
        .prop_map(|(step, act, role, seed, reason, spoilt)| Try { step, act, role, seed, reason, spoilt });
    proptest::collection::vec(one, 0..60)
}

fn procedures() -> impl Strategy<Value = &'static Procedure> {
    proptest::sample::select(CONTENT.procedures.values().collect::<Vec<_>>())
}

fn switches() -> impl Strategy<Value = &'static Switches> {
    proptest::sample::select(CONTENT.profiles.values().map(|profile| &profile.switches).collect::<Vec<_>>())
}

/// A second, slower reading of conditions, to hold the engine's against.
fn holds(condition: &Condition, records: &[StepRecord], switches: &Switches) -> bool {
    let counts = |key: &str| {
        let since = records.iter().rposition(|r| r.step == key && r.act == Act::Reopened).map_or(0, |at| at + 1);
        records[since..].iter().rfind(|r| r.step == key && matches!(r.act, Act::Done | Act::AlreadyHappened))
    };
    match condition {
        Condition::Step { step, field, is, not } => match (counts(step), field) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(record), Some(field)) => record
                .answers
                .get(field)
                .is_some_and(|answer| (is.is_empty() || is.contains(answer)) && !not.contains(answer)),
        },
        Condition::Setting { setting, is } => switches.get(setting).is_some_and(|value| is.contains(value)),
        Condition::Ever { ever, field, is } => records
            .iter()
            .filter(|r| r.step == *ever && matches!(r.act, Act::Done | Act::AlreadyHappened))
            .any(|record| record.answers.get(field).is_some_and(|answer| is.contains(answer))),
        Condition::All { all } => all.iter().all(|part| holds(part, records, switches)),
        Condition::Any { any } => any.iter().any(|part| holds(part, records, switches)),
        Condition::None { none } => none.iter().all(|part| !holds(part, records, switches)),
    }
}

fn shut<'a>(step: &'a Step, records: &[StepRecord], switches: &Switches) -> Vec<&'a Gate> {
    step.gates
        .iter()
        .filter(|gate| gate.when.as_ref().is_none_or(|when| holds(when, records, switches)))
        .filter(|gate| !gate.any.iter().any(|condition| holds(condition, records, switches)))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_opens_a_gate_early_and_no_fact_is_refused(
        procedure in procedures(), switches in switches(), tries in tries(),
    ) {
        let mut records: Vec<StepRecord> = Vec::new();
        // Steps whose waiver stands, given by somebody who may.
        let mut waived: BTreeSet<&str> = BTreeSet::new();
        let mut ever_out_of_order: BTreeSet<&str> = BTreeSet::new();
        for (minute, t) in tries.iter().enumerate() {
            let now = start() + SignedDuration::from_mins(i64::try_from(minute).unwrap());
            let step = &procedure.steps[t.step % procedure.steps.len()];
            let mut answers = valid_answers(step, t.seed);
            if t.spoilt {
                answers.insert("what nobody asked".into(), "x".into());
            }
            let roles = RoleSet::from([t.role]);
            let attempt = Attempt {
                step: &step.key,
                act: t.act,
                answers: if matches!(t.act, Act::Done | Act::AlreadyHappened) { answers } else { Answers::new() },
                reason: t.reason.then(|| "because the police asked for it".to_owned()),
                event_at: now,
                roles: &roles,
                clock_suspect: false,
            };
            let locked: Vec<&Gate> = shut(step, &records, switches)
                .into_iter()
                .filter(|gate| gate.absolute || !waived.contains(step.key.as_str()))
                .collect();
            let outcome = procedure.attempt(&records, switches, attempt, now);
            match (t.act, &outcome) {
                (Act::AlreadyHappened, Err(refusal)) => {
                    prop_assert!(t.spoilt, "a fact was refused: {refusal}");
                }
                (Act::Done, Ok(_)) => {
                    prop_assert!(locked.is_empty(), "{} was done behind a shut gate", step.key);
                    prop_assert!(step.who.contains(&t.role), "{} was done by {}", step.key, t.role.key());
                }
                (Act::Done, Err(Refusal::Locked(_))) => prop_assert!(!locked.is_empty(), "{} was locked for nothing", step.key),
                (Act::Waived, Ok(_)) => {
                    prop_assert!(t.reason, "waived without a reason");
                    prop_assert!(step.waiver.as_ref().is_some_and(|waiver| waiver.who.contains(&t.role)));
                    prop_assert!(!locked.iter().any(|gate| gate.absolute), "an absolute gate was waived");
                }
                _ => {}
            }
            let Ok(recorded) = outcome else { continue };
            prop_assert_eq!(recorded.tell_the_lead, recorded.record.out_of_order);
            match t.act {
                Act::Waived => { waived.insert(&step.key); }
                Act::Reopened => { waived.remove(step.key.as_str()); }
                Act::Done | Act::AlreadyHappened => {}
            }
            if recorded.record.out_of_order {
                ever_out_of_order.insert(&step.key);
            }
            records.push(recorded.record);

            for act in ACTS {
                let may = procedure.may(&records, switches, act).is_ok();
                let step = procedure.steps.iter().find(|step| step.act == Some(act));
                prop_assert!(!may || step.is_some(), "an act that no step has");
                let Some(step) = step else { continue };
                for gate in shut(step, &records, switches) {
                    let opened = !gate.absolute && waived.contains(step.key.as_str());
                    prop_assert!(!may || opened, "{act:?} although shut: {}", gate.say);
                }
            }
            let standing = procedure.standing(&records, switches);
            if procedure.may(&records, switches, ProgramAct::Close).is_ok() {
                for state in standing.steps.iter().filter(|s| s.step.closes && s.step.act != Some(ProgramAct::Close)) {
                    let settled = !matches!(state.state, State::Ready | State::Locked);
                    prop_assert!(settled, "closed although {} is open", state.step.key);
                }
            }
            for key in &ever_out_of_order {
                prop_assert!(standing.of(key).unwrap().ever_out_of_order, "{key} forgot that it was out of order");
            }
        }
    }

    /// Whatever was recorded, somebody with case rights can always go on to the end: no procedure locks a concern for good.
    #[test]
    fn every_concern_can_be_brought_to_its_end(
        procedure in procedures(), switches in switches(), tries in tries(), seed in any::<u64>(),
    ) {
        let mut records: Vec<StepRecord> = Vec::new();
        for (step, act, answers) in tries.iter().map(|t| {
            let step = &procedure.steps[t.step % procedure.steps.len()];
            (step, if t.reason { Act::AlreadyHappened } else { Act::Done }, valid_answers(step, t.seed))
        }) {
            push(procedure, switches, &mut records, step, act, answers).ok();
        }
        // Then the case worker does what is next, or records what has happened outside, until nothing is owed.
        for _ in 0..3 * procedure.steps.len() {
            let owed: Vec<Step> =
                procedure.standing(&records, switches).owed().iter().map(|state| state.step.clone()).collect();
            let Some(step) = owed.first() else { break };
            if push(procedure, switches, &mut records, step, Act::Done, valid_answers(step, seed)).is_err() {
                push(procedure, switches, &mut records, step, Act::AlreadyHappened, valid_answers(step, seed)).unwrap();
            }
        }
        let owed: Vec<String> =
            procedure.standing(&records, switches).owed().iter().map(|state| state.step.key.clone()).collect();
        prop_assert!(owed.is_empty(), "{} is stuck at {owed:?}", procedure.id);
        prop_assert!(procedure.may(&records, switches, ProgramAct::Close).is_ok());
    }
}

/// Records something as a lead would.
pub(crate) fn push(
    procedure: &Procedure,
    switches: &Switches,
    records: &mut Vec<StepRecord>,
    step: &Step,
    act: Act,
    answers: Answers,
) -> Result<(), Refusal> {
    let now = start() + SignedDuration::from_mins(i64::try_from(records.len()).unwrap());
    let reason = matches!(act, Act::Waived | Act::Reopened).then(|| "the family is in danger".to_owned());
    let roles = RoleSet::from([Role::Dsl]);
    let attempt = Attempt { step: &step.key, act, answers, reason, event_at: now, roles: &roles, clock_suspect: false };
    records.push(procedure.attempt(records, switches, attempt, now)?.record);
    Ok(())
}
