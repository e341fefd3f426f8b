//! The shape of a procedure file, and the checks that a file must pass before anybody relies on it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::concern::ConcernKind;
use crate::people::Role;

/// One procedure in one edition. A concern is pinned to the edition that it began with (S42).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Procedure {
    /// `P1` to `P20`, or `G1` for what fits none of them.
    pub id: String,
    /// Edition of our text, e.g. `2026-11` in the file; with a mark of the text (`2026-11.3fa2c1`) once it is read, so that
    /// one edition is one text.
    pub edition: String,
    /// In plain words.
    pub title: String,
    /// Which kinds of concern it serves.
    pub kinds: BTreeSet<ConcernKind>,
    /// It serves them too when they are about an adult who works here; else P9 takes over then (S7).
    #[serde(default)]
    pub serves_allegations: bool,
    /// Guidance that it rests on, with edition.
    pub sources: Vec<String>,
    /// Obligations that following it meets.
    #[serde(default)]
    pub because: Vec<String>,
    /// The very first words on the report form: what to do with the screen, right now (BRE-01). Keys are values
    /// of the setting's switch `screen`, so that local police advice can replace the default.
    pub first_words: BTreeMap<String, Vec<String>>,
    /// What must not be done, shown at the moment of action.
    pub must_not: Vec<MustNot>,
    /// Clocks that start with the concern.
    #[serde(default, rename = "clock")]
    pub clocks: Vec<ClockRule>,
    /// Steps, in the order in which they are shown.
    #[serde(rename = "step")]
    pub steps: Vec<Step>,
}

/// What must not be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MustNot {
    /// One sentence.
    pub text: String,
    /// Where it comes from.
    pub source: String,
    /// Common rules that it keeps, for parts of `common.toml`.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub rules: BTreeSet<String>,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Stable key, used in records.
    pub key: String,
    /// Verb first: "Hold the device".
    pub title: String,
    /// What to do, in two or three sentences.
    pub text: String,
    /// Who does it.
    pub who: BTreeSet<Role>,
    /// Applies only when this holds; else it is not needed.
    #[serde(default)]
    pub when: Option<Condition>,
    /// Must stand open before this step may be marked done, or the program may act on it.
    #[serde(default)]
    pub gates: Vec<Gate>,
    /// What is asked and recorded.
    #[serde(default, rename = "field")]
    pub fields: Vec<Field>,
    /// What the program does from here, if anything.
    #[serde(default)]
    pub act: Option<ProgramAct>,
    /// Who may waive its gates; absent: nobody.
    #[serde(default)]
    pub waiver: Option<Waiver>,
    /// Must it be done (or waived, or not needed) before closing?
    #[serde(default = "yes")]
    pub closes: bool,
    /// Agencies whose numbers are shown. Keys of `content/agencies/`.
    #[serde(default)]
    pub agencies: Vec<String>,
    /// Step's own must-nots.
    #[serde(default)]
    pub must_not: Vec<MustNot>,
    /// A clock that this step stops.
    #[serde(default)]
    pub clock: Option<String>,
    /// Obligations that it meets.
    #[serde(default)]
    pub because: Vec<String>,
    /// Where it comes from.
    pub source: String,
    /// Common rules that it keeps, for parts of `common.toml`.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub rules: BTreeSet<String>,
}

fn yes() -> bool {
    true
}

/// What must stand before a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gate {
    /// One sentence for the page: "Police or advice first".
    pub say: String,
    /// Any one of these conditions opens it.
    pub any: Vec<Condition>,
    /// Stands only when this holds (e.g. only when it could be illegal).
    #[serde(default)]
    pub when: Option<Condition>,
    /// A common gate C1 to C11 cannot be loosened by an override, and an absolute one cannot be waived.
    #[serde(default)]
    pub absolute: bool,
    /// Common rules that it keeps, for parts of `common.toml`.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub rules: BTreeSet<String>,
}

/// A question that the records or the setting answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Condition {
    /// A step is done (or has already happened), with one of these answers if a field is named.
    Step {
        /// Step key.
        step: String,
        /// Field of that step.
        #[serde(default)]
        field: Option<String>,
        /// Accepted answers; empty accepts any.
        #[serde(default)]
        is: BTreeSet<String>,
        /// Negated answers: done, but with none of these.
        #[serde(default)]
        not: BTreeSet<String>,
    },
    /// A switch of the setting has one of these values.
    Setting {
        /// Switch name.
        setting: String,
        /// Accepted values.
        is: BTreeSet<String>,
    },
    /// A step was ever recorded with one of these answers, whatever was answered since. For answers that one person
    /// alone must not take back ("it could be illegal").
    Ever {
        /// Step key.
        ever: String,
        /// Field of that step.
        field: String,
        /// Answers.
        is: BTreeSet<String>,
    },
    /// All of these hold.
    All {
        /// Conditions.
        all: Vec<Condition>,
    },
    /// At least one of these holds.
    Any {
        /// Conditions.
        any: Vec<Condition>,
    },
    /// None of these holds. A step that is not done yet holds nothing, so "unless the answer was no" reads so.
    None {
        /// Conditions.
        none: Vec<Condition>,
    },
}

/// Who may waive, always with a reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waiver {
    /// Roles.
    pub who: BTreeSet<Role>,
}

/// What the program can do for a step. It does none of them while a gate of the step is shut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProgramAct {
    /// Cut a device off at the gateway.
    HoldDevice,
    /// Let it back.
    ReleaseHold,
    /// Open the form for a filter change, linked to the concern.
    ProposeFilterChange,
    /// Tell one of a child's adults.
    InformFamily,
    /// Run the filter's self-test for the device.
    Retest,
    /// Enter a note in the log of low-level concerns, linked to the concern.
    LogLowLevel,
    /// Make actions and reviews from lessons.
    Debrief,
    /// Close the concern.
    Close,
}

/// A question on a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Stable key.
    pub key: String,
    /// The question.
    pub label: String,
    /// A hint below it.
    #[serde(default)]
    pub hint: Option<String>,
    /// What may be answered.
    pub kind: FieldKind,
    /// Must it be answered?
    #[serde(default = "yes")]
    pub required: bool,
    /// For a choice: what may be chosen.
    #[serde(default, rename = "choice")]
    pub choices: Vec<Choice>,
    /// Asked only when another answer of the same step has one of these values.
    #[serde(default)]
    pub only_if: Option<OnlyIf>,
    /// Another field of the same step whose answer must not be the same: two people, not one twice (S20).
    #[serde(default)]
    pub differs_from: Option<String>,
    /// Whoever is named here must not see the concern from then on (S13).
    #[serde(default)]
    pub shuts_out: bool,
    /// Answers after which the concern takes and shows no file, for ever: they say that an image could be indecent, or
    /// something illegal (S17). See [`crate::imagery`].
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub shuts_files: BTreeSet<String>,
}

/// A field asked only for some answers of another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnlyIf {
    /// Field of the same step.
    pub field: String,
    /// Answers.
    pub is: BTreeSet<String>,
}

/// One answer of a choice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// Stable value.
    pub value: String,
    /// What people read.
    pub label: String,
    /// A hint below it.
    #[serde(default)]
    pub hint: Option<String>,
}

/// What may be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// One line.
    Line,
    /// Several lines.
    Text,
    /// One of the choices.
    Choice,
    /// Day and time that something happened.
    When,
    /// A child of the setting, or several.
    Children,
    /// Somebody of the staff.
    Staff,
    /// An agency's reference number.
    Reference,
    /// A device of the register.
    Device,
    /// Adults of the families of the children that the concern is about, or several (S13).
    Family,
}

/// A clock on the wall of the concern.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockRule {
    /// Stable key.
    pub key: String,
    /// What is due: "Tell the children's parents".
    pub title: String,
    /// What starts it.
    pub from: Start,
    /// How long.
    pub within: Within,
    /// How long instead, where the setting reads an unclear source otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within_for: Option<WithinFor>,
    /// The law lets it rest while something is waited for: which words of which law. Absent: it never rests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rests: Option<String>,
    /// Only when this holds.
    #[serde(default)]
    pub when: Option<Condition>,
    /// Steps that stop it beside those that name it as their own.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub stopped_by: BTreeSet<String>,
    /// Where it comes from.
    pub source: String,
    /// Common rules that it keeps, for parts of `common.toml`.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub rules: BTreeSet<String>,
}

/// What starts a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// When it was known (S43).
    KnownAt,
    /// When it happened.
    EventAt,
}

/// Other lengths, by the value of a switch of the setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WithinFor {
    /// The switch.
    pub setting: String,
    /// Its values, each with a length. Any other value: the rule's own.
    pub values: BTreeMap<String, Within>,
}

impl ClockRule {
    /// Does this step stop it?
    pub fn is_stopped_by(&self, step: &Step) -> bool {
        step.clock.as_ref() == Some(&self.key) || self.stopped_by.contains(&step.key)
    }

    /// How long it runs in a setting with these switches.
    pub fn within(&self, switches: &BTreeMap<String, String>) -> Within {
        let other = self.within_for.as_ref();
        let chosen = other.and_then(|other| other.values.get(switches.get(&other.setting)?));
        chosen.copied().unwrap_or(self.within)
    }
}

/// How long a clock runs. One of them is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Within {
    /// Hours on the clock, weekends too.
    Hours(u16),
    /// End of the same day.
    SameDay,
    /// Working days: the end of the n-th one after the start.
    WorkingDays(u16),
    /// Days of term: working days on which the setting is in term. Where no terms are typed, working days.
    SchoolDays(u16),
    /// Calendar days with the day itself as day one (Ofsted's fourteen).
    DaysCountingTheFirst(u16),
    /// Calendar days after the start.
    Days(u16),
    /// One calendar month after the start.
    OneMonth,
    /// Calendar months after the start.
    Months(u16),
}

impl Procedure {
    /// The step of this key.
    pub fn step(&self, key: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.key == key)
    }

    /// Does it hang together? What this finds is a mistake of the file.
    ///
    /// # Errors
    /// One sentence.
    pub(super) fn check(&self) -> Result<(), String> {
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        let known: BTreeMap<&str, &Step> = self.steps.iter().map(|step| (step.key.as_str(), step)).collect();
        if !self.first_words.contains_key("default") {
            return Err("first_words needs an entry called default".into());
        }
        for step in &self.steps {
            if step.who.is_empty() {
                return Err(format!("step {} names nobody", step.key));
            }
            let conditions = step.when.iter().map(|condition| ("when", condition)).chain(
                step.gates
                    .iter()
                    .flat_map(|gate| gate.any.iter().chain(&gate.when).map(|condition| ("gates", condition))),
            );
            for (place, condition) in conditions {
                self.check_condition(condition, &seen, &known)
                    .map_err(|why| format!("step {}, {place}: {why}", step.key))?;
            }
            if step.gates.iter().any(|gate| gate.any.is_empty()) {
                return Err(format!("step {} has a gate that nothing opens", step.key));
            }
            check_fields(step)?;
            if let Some(clock) = &step.clock
                && !self.clocks.iter().any(|rule| rule.key == *clock)
            {
                return Err(format!("step {} stops a clock {clock} that does not exist", step.key));
            }
            if !seen.insert(&step.key) {
                return Err(format!("step {} is there twice", step.key));
            }
        }
        for clock in &self.clocks {
            // A clock is read after the fact, so it may ask any step, not only those above something.
            if let Some(condition) = &clock.when {
                self.check_condition(condition, &seen, &known).map_err(|why| format!("clock {}: {why}", clock.key))?;
            }
            if let Some(step) = clock.stopped_by.iter().find(|step| !known.contains_key(step.as_str())) {
                return Err(format!("the clock {} is stopped by {step}, which does not exist", clock.key));
            }
            if !self.steps.iter().any(|step| clock.is_stopped_by(step)) {
                return Err(format!("no step stops the clock {}", clock.key));
            }
        }
        if !self.steps.iter().any(|step| step.act == Some(ProgramAct::Close)) {
            return Err("no step closes the concern".into());
        }
        Ok(())
    }

    /// A condition may only look back: what it asks must stand above it, so that no circle can lock a concern.
    fn check_condition(
        &self,
        condition: &Condition,
        above: &BTreeSet<&str>,
        known: &BTreeMap<&str, &Step>,
    ) -> Result<(), String> {
        let nothing = BTreeSet::new();
        let (step, field, is, not) = match condition {
            Condition::Setting { .. } => return Ok(()),
            Condition::All { all: parts } | Condition::Any { any: parts } | Condition::None { none: parts } => {
                return parts.iter().try_for_each(|part| self.check_condition(part, above, known));
            }
            Condition::Ever { ever, field, is } => (ever, Some(field), is, &nothing),
            Condition::Step { step, field, is, not } => (step, field.as_ref(), is, not),
        };
        if !above.contains(step.as_str()) {
            return Err(format!("asks for step {step}, which is not above it"));
        }
        let Some(field_key) = field else {
            return if is.is_empty() && not.is_empty() { Ok(()) } else { Err("answers without a field".into()) };
        };
        let field = known
            .get(step.as_str())
            .and_then(|step| step.fields.iter().find(|field| field.key == *field_key))
            .ok_or_else(|| format!("asks for {step}.{field_key}, which does not exist"))?;
        if field.kind == FieldKind::Choice {
            for value in is.iter().chain(not) {
                if !field.choices.iter().any(|choice| choice.value == *value) {
                    return Err(format!("{step}.{field_key} cannot be {value}"));
                }
            }
        }
        Ok(())
    }
}

fn check_fields(step: &Step) -> Result<(), String> {
    let mut keys = BTreeSet::new();
    for field in &step.fields {
        if !keys.insert(field.key.as_str()) {
            return Err(format!("step {} asks {} twice", step.key, field.key));
        }
        if (field.kind == FieldKind::Choice) == field.choices.is_empty() {
            return Err(format!("step {}, field {}: choices and kind do not fit", step.key, field.key));
        }
        if let Some(unknown) =
            field.shuts_files.iter().find(|value| !field.choices.iter().any(|choice| choice.value == **value))
        {
            return Err(format!("step {}, field {}: cannot be {unknown}, so that shuts nothing", step.key, field.key));
        }
        if let Some(only_if) = &field.only_if
            && !keys.contains(only_if.field.as_str())
        {
            return Err(format!(
                "step {}, field {}: depends on {}, which is not above it",
                step.key, field.key, only_if.field
            ));
        }
    }
    Ok(())
}
