//! The filtering breach, walked by hand.

use holdfast_domain::content::demo::Demo;
use holdfast_domain::people::{Role, RoleSet};
use holdfast_domain::procedure::{Act, Answers, Attempt, Procedure, ProgramAct, Refusal, State, StepRecord, Switches};
use jiff::SignedDuration;

use crate::content::{content, files};
use crate::engine::{push, start, valid_answers};

/// A concern under P1, for tests to work on.
struct Case {
    p1: Procedure,
    switches: Switches,
    records: Vec<StepRecord>,
}

impl Case {
    fn new() -> Self {
        let mut content = content();
        let switches = content.profiles["n"].switches.clone();
        Self { p1: content.procedures.remove("P1").unwrap(), switches, records: Vec::new() }
    }

    fn act(&mut self, step: &str, act: Act, answers: &[(&str, &str)]) -> Result<(), Refusal> {
        let step = self.p1.step(step).unwrap_or_else(|| panic!("no step {step}")).clone();
        let mut all = Answers::new();
        if matches!(act, Act::Done | Act::AlreadyHappened) {
            all = answers.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
            // What the test does not care about is answered somehow.
            for field in &step.fields {
                let asked = field.only_if.as_ref().is_none_or(|o| all.get(&o.field).is_some_and(|a| o.is.contains(a)));
                if asked && !all.contains_key(&field.key) {
                    let answer = field.choices.first().map_or("as it was", |choice| &choice.value);
                    all.insert(field.key.clone(), answer.to_owned());
                }
            }
        }
        push(&self.p1, &self.switches, &mut self.records, &step, act, all)
    }

    #[track_caller]
    fn done(&mut self, step: &str, answers: &[(&str, &str)]) {
        self.act(step, Act::Done, answers).unwrap_or_else(|refusal| panic!("{step}: {refusal}"));
    }

    fn may(&self, act: ProgramAct) -> bool {
        self.p1.may(&self.records, &self.switches, act).is_ok()
    }

    fn state(&self, step: &str) -> State {
        self.p1.standing(&self.records, &self.switches).of(step).unwrap().state
    }

    fn begun() -> Self {
        let mut case = Self::new();
        for step in ["safe_now", "told_lead", "hold_device", "account"] {
            case.done(step, &[]);
        }
        case
    }

    fn possibly_illegal(agency: &str, judged: &str) -> Self {
        let mut case = Self::begun();
        case.done("could_be_illegal", &[("answer", "not_sure")]);
        case.done("illegal_advice", &[("agency", agency), ("judged", judged), ("may_tell", "limited")]);
        for step in ["who_exposed", "find_cause", "filter_change", "retest"] {
            case.done(step, &[]);
        }
        case
    }
}

#[test]
fn what_is_not_illegal_goes_from_screen_to_close() {
    let mut case = Case::begun();
    assert!(!case.may(ProgramAct::Close) && !case.may(ProgramAct::InformFamily) && case.may(ProgramAct::HoldDevice));
    case.done("could_be_illegal", &[("answer", "no")]);
    assert_eq!(case.state("illegal_advice"), State::NotNeeded);
    case.done("who_exposed", &[("children_exposed", "yes")]);
    assert!(case.may(ProgramAct::InformFamily));
    for step in ["parents_told", "support", "find_cause", "filter_change"] {
        case.done(step, &[]);
    }
    assert!(!case.may(ProgramAct::ReleaseHold), "back before it was tested");
    case.done("retest", &[]);
    case.done("release_hold", &[]);
    assert!(!case.may(ProgramAct::Close), "closed without a debrief");
    case.done("debrief", &[]);
    assert!(case.may(ProgramAct::Close));
    case.done("close", &[]);
}

#[test]
fn a_new_concern_offers_safety_first_and_cannot_close() {
    let case = Case::new();
    let standing = case.p1.standing(&[], &case.switches);
    assert_eq!(standing.next().unwrap().step.key, "safe_now");
    assert_eq!(standing.of("close").unwrap().state, State::Locked);
    for act in [ProgramAct::Close, ProgramAct::ReleaseHold, ProgramAct::InformFamily, ProgramAct::Debrief] {
        assert!(!case.may(act), "{act:?}");
    }
}

#[test]
fn every_step_can_be_recorded_as_already_happened_at_once() {
    let case = Case::new();
    for step in &case.p1.steps {
        let mut records = Vec::new();
        push(&case.p1, &case.switches, &mut records, step, Act::AlreadyHappened, valid_answers(step, 3))
            .unwrap_or_else(|refusal| panic!("{}: {refusal}", step.key));
        assert_eq!(records[0].out_of_order, !step.gates.is_empty() || step.when.is_some_and_not_yet(), "{}", step.key);
    }
}

trait NotYet {
    fn is_some_and_not_yet(&self) -> bool;
}

impl NotYet for Option<holdfast_domain::procedure::Condition> {
    /// Steps that only some answers call for are out of order before those; "unless …" conditions hold from the start.
    fn is_some_and_not_yet(&self) -> bool {
        use holdfast_domain::procedure::Condition;
        matches!(self, Some(Condition::Ever { .. } | Condition::All { .. }))
    }
}

#[test]
fn parents_wait_for_the_police_or_for_a_reason() {
    let mut case = Case::begun();
    assert_eq!(case.act("parents_told", Act::Waived, &[]), Err(Refusal::CannotWaive), "before anybody judged it");
    case.done("could_be_illegal", &[("answer", "yes")]);
    assert!(matches!(case.act("parents_told", Act::Done, &[]), Err(Refusal::Locked(_))));
    case.done("illegal_advice", &[("may_tell", "wait")]);
    assert!(!case.may(ProgramAct::InformFamily), "they said wait");

    let roles = RoleSet::from([Role::Practitioner]);
    let now = start() + SignedDuration::from_hours(1);
    let reason = Some("the mother is at the door".to_owned());
    let waive = Attempt {
        step: "parents_told",
        act: Act::Waived,
        answers: Answers::new(),
        reason,
        event_at: now,
        roles: &roles,
        clock_suspect: false,
    };
    assert_eq!(case.p1.attempt(&case.records, &case.switches, waive, now), Err(Refusal::CannotWaive));
    case.act("parents_told", Act::Waived, &[]).unwrap();
    assert!(case.may(ProgramAct::InformFamily));
    case.act("parents_told", Act::Reopened, &[]).unwrap();
    assert!(!case.may(ProgramAct::InformFamily), "a waiver outlived its reopening");
}

#[test]
fn only_the_police_let_go_of_what_may_be_illegal() {
    let mut case = Case::possibly_illegal("iwf", "open");
    assert!(!case.may(ProgramAct::ReleaseHold));
    assert_eq!(case.act("release_hold", Act::Waived, &[]), Err(Refusal::CannotWaive));
    case.done("police_release", &[("word", "released")]);
    assert!(case.may(ProgramAct::ReleaseHold));

    assert!(Case::possibly_illegal("police", "not_illegal").may(ProgramAct::ReleaseHold));
    assert!(!Case::possibly_illegal("advice", "not_illegal").may(ProgramAct::ReleaseHold), "an adviser is no police");
}

#[test]
fn answering_again_does_not_make_it_legal() {
    let mut case = Case::possibly_illegal("police", "illegal");
    case.act("could_be_illegal", Act::Reopened, &[]).unwrap();
    case.done("could_be_illegal", &[("answer", "no")]);
    assert!(!case.may(ProgramAct::ReleaseHold));
    assert_eq!(case.state("police_release"), State::Ready);
}

#[test]
fn a_device_that_the_police_keep_does_not_keep_the_concern_open() {
    let mut case = Case::possibly_illegal("police", "illegal");
    case.done("police_release", &[("word", "kept")]);
    assert_eq!(case.state("release_hold"), State::NotNeeded);
    for step in ["parents_told", "support", "agency_report", "debrief"] {
        case.done(step, &[]);
    }
    assert!(case.may(ProgramAct::Close));
    assert!(!case.may(ProgramAct::ReleaseHold));
}

#[test]
fn no_child_no_parents() {
    let mut case = Case::begun();
    let clocks = |case: &Case| {
        case.p1.clocks_running(&case.records, &case.switches).map(|clock| clock.key.clone()).collect::<Vec<_>>()
    };
    assert_eq!(clocks(&case), ["lead_told", "account", "parents"]);
    case.done("could_be_illegal", &[("answer", "no")]);
    case.done("who_exposed", &[("children_exposed", "no")]);
    assert_eq!(case.state("parents_told"), State::NotNeeded);
    assert_eq!(clocks(&case), ["lead_told", "account"]);
    let stopped = |key: &str| {
        let rule = case.p1.clocks.iter().find(|rule| rule.key == key).unwrap();
        case.p1.clock_stopped(&case.records, rule)
    };
    assert_eq!(stopped("lead_told"), Some(case.records[1].event_at));
    assert_eq!(stopped("parents"), None);
}

#[test]
fn the_demos_stories_can_be_entered_as_told() {
    let (content, files) = (content(), files());
    for key in ["h", "n"] {
        let demo = Demo::from_toml(&files[&format!("demo/{key}.toml")]).unwrap();
        assert!(demo.stories.iter().any(|story| story.steps.iter().any(|step| step.step == "close")));
        for story in &demo.stories {
            let procedure = content.procedures.values().find(|p| p.kinds.contains(&story.kind)).unwrap();
            let mut records = Vec::new();
            for told in &story.steps {
                let person = demo.people.iter().find(|person| person.key == told.by).unwrap();
                let roles: RoleSet = person.roles.iter().copied().collect();
                let now = start() + SignedDuration::from_mins(told.after_minutes.into());
                let attempt = Attempt {
                    step: &told.step,
                    act: Act::Done,
                    answers: told.answers.clone(),
                    reason: None,
                    event_at: now,
                    roles: &roles,
                    clock_suspect: false,
                };
                let recorded = procedure.attempt(&records, &content.profiles[key].switches, attempt, now);
                records.push(recorded.unwrap_or_else(|r| panic!("{key}, {}: {r:?}", told.step)).record);
                if told.step == "close" {
                    let switches = &content.profiles[key].switches;
                    assert!(procedure.may(&records, switches, ProgramAct::Close).is_ok());
                }
            }
        }
    }
}
