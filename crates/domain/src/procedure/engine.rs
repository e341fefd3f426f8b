//! How steps stand, what may be recorded, what the program may do. Pure, from the records alone.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::model::{ClockRule, Condition, Field, FieldKind, Gate, Procedure, ProgramAct, Step};
use crate::people::RoleSet;

/// Values of the setting's switches, e.g. `screen = monitor_off`.
pub type Switches = BTreeMap<String, String>;

/// Answers of a step, by field key.
pub type Answers = BTreeMap<String, String>;

/// What was recorded about a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepRecord {
    /// Step key.
    pub step: String,
    /// What kind of record.
    pub act: Act,
    /// Answers.
    pub answers: Answers,
    /// Why, for waivers and reopenings.
    pub reason: Option<String>,
    /// When it happened.
    pub event_at: Timestamp,
    /// When it was written.
    pub recorded_at: Timestamp,
    /// Its turn had not come (S1). Stays for ever.
    pub out_of_order: bool,
}

/// Kinds of records about a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Marked as the next step. Needs its gates.
    Done,
    /// It has already happened. Never locked.
    AlreadyHappened,
    /// Its gates are waived, with a reason.
    Waived,
    /// It must be done again.
    Reopened,
}

impl Act {
    /// The word for it in storage.
    pub fn key(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::AlreadyHappened => "already_happened",
            Self::Waived => "waived",
            Self::Reopened => "reopened",
        }
    }

    /// The act of this key.
    pub fn from_key(key: &str) -> Option<Self> {
        [Self::Done, Self::AlreadyHappened, Self::Waived, Self::Reopened].into_iter().find(|act| act.key() == key)
    }
}

/// What somebody wants to record.
#[derive(Debug, Clone)]
pub struct Attempt<'a> {
    /// Step key.
    pub step: &'a str,
    /// What kind of record.
    pub act: Act,
    /// Answers as typed.
    pub answers: Answers,
    /// Why.
    pub reason: Option<String>,
    /// When it happened.
    pub event_at: Timestamp,
    /// The roles of who records.
    pub roles: &'a RoleSet,
    /// The clock stands before what is already on record (S43): then it cannot say what is still to come.
    pub clock_suspect: bool,
}

/// What may be written, when an attempt is accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The record.
    pub record: StepRecord,
    /// The lead must be told: something happened out of order.
    pub tell_the_lead: bool,
}

/// Why an attempt is refused. Nothing is lost: the page offers what is open instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such step in this edition.
    #[error("this procedure has no such step")]
    NoSuchStep,
    /// A gate is shut.
    #[error("{0}")]
    Locked(Locked),
    /// Not for these roles.
    #[error("this step belongs to somebody else")]
    NotTheirs,
    /// Nobody may waive this, or not they.
    #[error("this cannot be waived by you")]
    CannotWaive,
    /// Answers are missing or not among the choices: field key → what to do.
    #[error("some answers are missing")]
    Answers(BTreeMap<String, String>),
    /// It cannot have happened after now.
    #[error("that time is still to come")]
    InTheFuture,
}

/// A shut gate, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{say}")]
pub struct Locked {
    /// The gate's sentence.
    pub say: String,
    /// May it be waived at all?
    pub waivable: bool,
}

/// How one step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Does not apply, as things stand.
    NotNeeded,
    /// A gate is shut.
    Locked,
    /// May be done now.
    Ready,
    /// Done, in order.
    Done,
    /// Done, but out of order. For ever.
    OutOfOrder,
    /// Its gates were waived and it has not been done.
    Waived,
}

/// How one step stands, with what belongs to it.
#[derive(Debug, Clone)]
pub struct StepState<'a> {
    /// The step.
    pub step: &'a Step,
    /// How it stands.
    pub state: State,
    /// Shut gates.
    pub locked_by: Vec<Locked>,
    /// The newest answers.
    pub answers: Answers,
    /// The newest record that counts.
    pub last: Option<&'a StepRecord>,
    /// Was any gate ever waived? Shows for ever.
    pub waived: Option<&'a StepRecord>,
    /// Was it ever recorded out of order? Shows for ever.
    pub ever_out_of_order: bool,
}

/// How a concern stands in its procedure.
#[derive(Debug, Clone)]
pub struct Standing<'a> {
    /// Every step, in order.
    pub steps: Vec<StepState<'a>>,
}

impl Procedure {
    /// How every step stands, from the records (in the order in which they were written) and the setting's switches.
    pub fn standing<'a>(&'a self, records: &'a [StepRecord], switches: &Switches) -> Standing<'a> {
        let view = View { records, switches };
        Standing { steps: self.steps.iter().map(|step| view.step_state(step)).collect() }
    }

    /// The clocks that run for a concern, as things stand.
    pub fn clocks_running<'a>(
        &'a self,
        records: &[StepRecord],
        switches: &Switches,
    ) -> impl Iterator<Item = &'a ClockRule> {
        let view = View { records, switches };
        self.clocks.iter().filter(move |clock| clock.when.as_ref().is_none_or(|condition| view.holds(condition)))
    }

    /// When a clock was stopped: when the step that stops it was first recorded as done, by when it happened.
    pub fn clock_stopped(&self, records: &[StepRecord], clock: &ClockRule) -> Option<Timestamp> {
        let stops = |record: &&StepRecord| {
            matches!(record.act, Act::Done | Act::AlreadyHappened)
                && self.step(&record.step).is_some_and(|step| clock.is_stopped_by(step))
        };
        records.iter().filter(stops).map(|record| record.event_at).min()
    }

    /// The first words for this setting's switch `screen`, or the default ones (BRE-01).
    pub fn first_words_for(&self, switches: &Switches) -> &[String] {
        switches
            .get("screen")
            .and_then(|value| self.first_words.get(value))
            .or_else(|| self.first_words.get("default"))
            .map_or(&[], Vec::as_slice)
    }

    /// May this be recorded?
    ///
    /// # Errors
    /// [`Refusal`], in words for the page.
    pub fn attempt(
        &self,
        records: &[StepRecord],
        switches: &Switches,
        attempt: Attempt<'_>,
        now: Timestamp,
    ) -> Result<Recorded, Refusal> {
        let step = self.step(attempt.step).ok_or(Refusal::NoSuchStep)?;
        if attempt.event_at > now && !attempt.clock_suspect {
            return Err(Refusal::InTheFuture);
        }
        let state = View { records, switches }.step_state(step);
        let shut = state.locked_by.first().cloned();
        match attempt.act {
            Act::Done => {
                if !attempt.roles.iter().any(|role| step.who.contains(role)) {
                    return Err(Refusal::NotTheirs);
                }
                if let Some(locked) = shut {
                    return Err(Refusal::Locked(locked));
                }
                check_answers(step, &attempt.answers)?;
            }
            // A fact is never refused for its order, nor for who writes it; only nonsense answers are.
            Act::AlreadyHappened => check_answers(step, &attempt.answers)?,
            Act::Waived => {
                let may = step
                    .waiver
                    .as_ref()
                    .is_some_and(|waiver| waiver.who.iter().any(|role| attempt.roles.contains(role)));
                if !may || state.locked_by.iter().any(|locked| !locked.waivable) {
                    return Err(Refusal::CannotWaive);
                }
                check_reason(attempt.reason.as_deref())?;
            }
            Act::Reopened => check_reason(attempt.reason.as_deref())?,
        }
        let out_of_order = attempt.act == Act::AlreadyHappened && shut_ignoring_waiver(step, records, switches);
        Ok(Recorded {
            record: StepRecord {
                step: step.key.clone(),
                act: attempt.act,
                answers: attempt.answers,
                reason: attempt.reason,
                event_at: attempt.event_at,
                recorded_at: now,
                out_of_order,
            },
            tell_the_lead: out_of_order,
        })
    }

    /// May the program do this now? It never does while a gate of the step is shut, whatever the caller says.
    ///
    /// # Errors
    /// The first shut gate, or the first step still owed when it is about closing.
    pub fn may(&self, records: &[StepRecord], switches: &Switches, act: ProgramAct) -> Result<(), Locked> {
        let view = View { records, switches };
        let step = self
            .steps
            .iter()
            .find(|step| step.act == Some(act))
            .ok_or_else(|| Locked { say: "This procedure has no such step.".into(), waivable: false })?;
        if let Some(locked) = view.step_state(step).locked_by.into_iter().next() {
            return Err(locked);
        }
        if act == ProgramAct::Close
            && let Some(owed) = self.standing(records, switches).owed().first()
        {
            return Err(Locked { say: format!("Still to do: {}.", owed.step.title), waivable: false });
        }
        Ok(())
    }
}

impl<'a> Standing<'a> {
    /// The one step to show large: the first that is ready.
    pub fn next(&self) -> Option<&StepState<'a>> {
        self.steps.iter().find(|state| state.state == State::Ready)
    }

    /// Steps that keep the concern open, but for the closing step itself.
    pub fn owed(&self) -> Vec<&StepState<'a>> {
        self.steps
            .iter()
            .filter(|state| state.step.closes && state.step.act != Some(ProgramAct::Close))
            .filter(|state| matches!(state.state, State::Ready | State::Locked))
            .collect()
    }

    /// The state of one step.
    pub fn of(&self, key: &str) -> Option<&StepState<'a>> {
        self.steps.iter().find(|state| state.step.key == key)
    }
}

struct View<'r, 's> {
    records: &'r [StepRecord],
    switches: &'s Switches,
}

impl<'r> View<'r, '_> {
    fn step_state<'a>(&self, step: &'a Step) -> StepState<'a>
    where
        'r: 'a,
    {
        let own = || self.records.iter().filter(|record| record.step == step.key);
        let last = self.standing_record(&step.key);
        let waived = own().rfind(|record| record.act == Act::Waived);
        let waiver_stands = self.waiver_stands(&step.key);
        let locked_by: Vec<Locked> = step
            .gates
            .iter()
            .filter(|gate| self.gate_is_shut(gate))
            .filter(|gate| gate.absolute || !waiver_stands)
            .map(|gate| Locked { say: gate.say.clone(), waivable: !gate.absolute && step.waiver.is_some() })
            .collect();
        let needed = step.when.as_ref().is_none_or(|condition| self.holds(condition));
        let state = match last {
            Some(record) if record.out_of_order => State::OutOfOrder,
            Some(_) => State::Done,
            None if !needed => State::NotNeeded,
            None if waiver_stands => State::Waived,
            None if !locked_by.is_empty() => State::Locked,
            None => State::Ready,
        };
        StepState {
            step,
            state,
            locked_by,
            answers: last.map(|record| record.answers.clone()).unwrap_or_default(),
            last,
            waived,
            ever_out_of_order: own().any(|record| record.out_of_order),
        }
    }

    /// The newest record by which the step counts as done: what was reopened since does not.
    fn standing_record(&self, step: &str) -> Option<&'r StepRecord> {
        self.records.iter().filter(|record| record.step == step).fold(None, |standing, record| match record.act {
            Act::Done | Act::AlreadyHappened => Some(record),
            Act::Reopened => None,
            Act::Waived => standing,
        })
    }

    fn waiver_stands(&self, step: &str) -> bool {
        self.records.iter().filter(|record| record.step == step).fold(false, |stands, record| match record.act {
            Act::Waived => true,
            Act::Reopened => false,
            Act::Done | Act::AlreadyHappened => stands,
        })
    }

    fn gate_is_shut(&self, gate: &Gate) -> bool {
        gate.when.as_ref().is_none_or(|condition| self.holds(condition))
            && !gate.any.iter().any(|condition| self.holds(condition))
    }

    fn holds(&self, condition: &Condition) -> bool {
        match condition {
            Condition::Step { step, field, is, not } => self.standing_record(step).is_some_and(|record| match field {
                None => true,
                Some(field) => {
                    let answer = record.answers.get(field).map(String::as_str).unwrap_or_default();
                    (is.is_empty() || is.contains(answer)) && !not.contains(answer) && !answer.is_empty()
                }
            }),
            Condition::Setting { setting, is } => self.switches.get(setting).is_some_and(|value| is.contains(value)),
            Condition::Ever { ever, field, is } => self.records.iter().any(|record| {
                record.step == *ever
                    && matches!(record.act, Act::Done | Act::AlreadyHappened)
                    && record.answers.get(field).is_some_and(|answer| is.contains(answer))
            }),
            Condition::All { all } => all.iter().all(|part| self.holds(part)),
            Condition::Any { any } => any.iter().any(|part| self.holds(part)),
            Condition::None { none } => !none.iter().any(|part| self.holds(part)),
        }
    }
}

fn shut_ignoring_waiver(step: &Step, records: &[StepRecord], switches: &Switches) -> bool {
    let view = View { records, switches };
    let needed = step.when.as_ref().is_none_or(|condition| view.holds(condition));
    !needed || step.gates.iter().any(|gate| view.gate_is_shut(gate))
}

/// The shortest reason that says anything.
pub const REASON_AT_LEAST: usize = 10;

fn check_reason(reason: Option<&str>) -> Result<(), Refusal> {
    if reason.map_or(0, |text| text.trim().chars().count()) >= REASON_AT_LEAST {
        return Ok(());
    }
    Err(Refusal::Answers(BTreeMap::from([("reason".to_owned(), "Say why, in a few words.".to_owned())])))
}

fn check_answers(step: &Step, answers: &Answers) -> Result<(), Refusal> {
    let mut wrong = BTreeMap::new();
    for field in &step.fields {
        if let Err(say) = check_answer(field, answers) {
            wrong.insert(field.key.clone(), say);
        }
    }
    let known: BTreeSet<&str> = step.fields.iter().map(|field| field.key.as_str()).collect();
    for key in answers.keys().filter(|key| !known.contains(key.as_str())) {
        wrong.insert(key.clone(), "This step does not ask that.".into());
    }
    if wrong.is_empty() { Ok(()) } else { Err(Refusal::Answers(wrong)) }
}

fn check_answer(field: &Field, answers: &Answers) -> Result<(), String> {
    let asked = field
        .only_if
        .as_ref()
        .is_none_or(|only| answers.get(&only.field).is_some_and(|answer| only.is.contains(answer)));
    let answer = answers.get(&field.key).map(|text| text.trim()).unwrap_or_default();
    if answer.is_empty() {
        return if field.required && asked { Err(ask_for(field)) } else { Ok(()) };
    }
    if field.kind == FieldKind::Choice && !field.choices.iter().any(|choice| choice.value == answer) {
        return Err("Choose one of the answers.".into());
    }
    let same = |other: &String| answers.get(other).is_some_and(|other| other.trim() == answer);
    if field.differs_from.as_ref().is_some_and(same) {
        return Err("Choose somebody else: two people, not one twice.".into());
    }
    Ok(())
}

fn ask_for(field: &Field) -> String {
    match field.kind {
        FieldKind::Choice => "Choose an answer.".into(),
        FieldKind::When => "Say when.".into(),
        FieldKind::Children => "Choose at least one child.".into(),
        FieldKind::Staff | FieldKind::Device => "Choose one.".into(),
        FieldKind::Family => "Choose at least one adult.".into(),
        FieldKind::Reference => "Write the reference number that they gave you, or \u{201c}none given\u{201d}.".into(),
        FieldKind::Line | FieldKind::Text => "Write an answer.".into(),
    }
}
