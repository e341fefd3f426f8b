//! What a setting adds to a procedure for itself (S42): a step of its own, who usually does a step, one more agency, one
//! more sentence or must-not, a shorter clock. Kept in the setting's profile, whether it came with `content/settings/` or
//! two people agreed on it later; laid over the procedure that the program carries when a concern begins.
//!
//! What it is not: a way to take anything away. Every rule is laid over the procedure and the outcome is compared with what
//! was there ([`not_weaker`]): each step, gate, question, must-not, agency and clock is still there and as strict. Neither can
//! a rule of a setting put a gate in front of anything: what the common rules leave open (S2) stays open.
//!
//! To let settings say one more thing: a variant of [`Change`], its arm in [`lay_over`], and a mutation in the property test.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::model::{ClockRule, MustNot, Procedure, ProgramAct, Step, Within};
use super::shared::mark;
use crate::PersonId;
use crate::exclusion::CASE_ROLES;
use crate::people::Role;

/// The shortest and the longest sentence of a setting's own, in characters.
const SENTENCE: std::ops::RangeInclusive<usize> = 5..=600;
/// So many rules may lie over one procedure.
pub const MOST: usize = 20;
/// What the keys of a setting's own steps begin with, so that no later edition of ours can take one.
const OWN: &str = "here_";

/// One rule of a setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnRule {
    /// Stable key within the setting.
    pub key: String,
    /// The procedure it is laid over.
    pub procedure: String,
    /// What it changes.
    pub change: Change,
    /// Why, or which decision of the setting.
    pub why: String,
    /// Who proposed it, and when. Nobody: it came with the setting's template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposed: Option<Word>,
    /// Who agreed, and when. Until then a proposed rule has no effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreed: Option<Word>,
    /// Who wants it gone. It holds until somebody else agrees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ending: Option<Word>,
}

/// Somebody's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Word {
    /// Whose.
    pub by: PersonId,
    /// When.
    pub at: Timestamp,
}

/// What a rule changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Change {
    /// A step of the setting's own, after another one.
    ExtraStep {
        /// The step that it follows.
        after: String,
        /// Verb first.
        title: String,
        /// What to do.
        text: String,
        /// Must it be done, or already have happened, before the concern can be closed?
        closes: bool,
    },
    /// Who does a step here, as a rule. Whoever routing reaches still may: the role may be the one who is shut out (S7).
    Usually {
        /// The step.
        step: String,
        /// The role.
        role: Role,
    },
    /// One more sentence on a step.
    Say {
        /// The step.
        step: String,
        /// The sentence.
        text: String,
    },
    /// One more thing that must not be done, in every concern of this procedure.
    MustNot {
        /// The sentence.
        text: String,
    },
    /// One more agency on a step.
    Agency {
        /// The step.
        step: String,
        /// Key of an agency.
        agency: String,
    },
    /// A clock that runs out sooner.
    Clock {
        /// The clock.
        clock: String,
        /// How long instead.
        within: Within,
    },
}

impl OwnRule {
    /// Does it have effect?
    pub fn holds(&self) -> bool {
        self.proposed.is_none() || self.agreed.is_some()
    }

    /// Does it wait for a second person: to begin, or to end?
    pub fn waits(&self) -> bool {
        !self.holds() || self.ending.is_some()
    }
}

/// The procedure as it holds in a setting with these rules. Those of other procedures, and those that wait, change nothing;
/// with none, the procedure is what it was, edition and all.
///
/// # Errors
/// One sentence for the page, about the first rule that cannot be laid over it.
pub fn in_setting<'a>(
    procedure: &Procedure,
    rules: impl IntoIterator<Item = &'a OwnRule>,
    title: impl Fn(Role) -> String,
) -> Result<Procedure, String> {
    let rules: Vec<&OwnRule> =
        rules.into_iter().filter(|rule| rule.procedure == procedure.id && rule.holds()).collect();
    if rules.is_empty() {
        return Ok(procedure.clone());
    }
    if rules.len() > MOST {
        return Err(format!("A procedure can carry {MOST} rules of your own. Take one back first."));
    }
    let mut own = procedure.clone();
    for rule in rules {
        lay_over(&mut own, rule, &title)?;
    }
    own.check()?;
    not_weaker(procedure, &own)?;
    own.edition = format!("{}+{}", procedure.edition, mark(&own)?);
    Ok(own)
}

fn lay_over(procedure: &mut Procedure, rule: &OwnRule, title: &impl Fn(Role) -> String) -> Result<(), String> {
    let source = format!("This setting’s own: {}", rule.why);
    match &rule.change {
        Change::ExtraStep { after, title, text, closes } => {
            sentence(title)?;
            sentence(text)?;
            let at = procedure.steps.iter().position(|step| step.key == *after);
            let at = at.ok_or("Choose a step of this procedure.")?;
            if procedure.steps.get(at).is_some_and(|step| step.act == Some(ProgramAct::Close)) {
                return Err("Nothing follows the last step. Choose an earlier one.".into());
            }
            // Behind those that were put there before it: the order of the rules is the order of the steps.
            let later = procedure.steps.iter().skip(at + 1).take_while(|step| step.key.starts_with(OWN)).count();
            procedure.steps.insert(at + 1 + later, extra(&rule.key, title, text, *closes, source));
        }
        Change::Usually { step, role } => {
            if !CASE_ROLES.contains(role) {
                return Err("Choose a role that works concerns: others cannot open one.".into());
            }
            let name = title(*role);
            say(step_of(procedure, step)?, &format!("Here this is usually done by: {name}."));
        }
        Change::Say { step, text } => {
            sentence(text)?;
            say(step_of(procedure, step)?, text);
        }
        Change::MustNot { text } => {
            sentence(text)?;
            procedure.must_not.push(MustNot { text: text.trim().to_owned(), source, rules: BTreeSet::new() });
        }
        Change::Agency { step, agency } => {
            let step = step_of(procedure, step)?;
            if step.agencies.contains(agency) {
                return Err("That agency is there already.".into());
            }
            step.agencies.push(agency.clone());
        }
        Change::Clock { clock, within } => {
            let found = procedure.clocks.iter_mut().find(|known| known.key == *clock);
            let found = found.ok_or("Choose a clock of this procedure.")?;
            let shorter = ClockRule { within: *within, within_for: None, ..found.clone() };
            no_longer(found, &shorter)?;
            *found = shorter;
        }
    }
    Ok(())
}

fn extra(key: &str, title: &str, text: &str, closes: bool, source: String) -> Step {
    Step {
        key: format!("{OWN}{key}"),
        title: title.trim().to_owned(),
        text: text.trim().to_owned(),
        who: CASE_ROLES.into(),
        when: None,
        gates: Vec::new(),
        fields: Vec::new(),
        act: None,
        waiver: None,
        closes,
        agencies: Vec::new(),
        must_not: Vec::new(),
        clock: None,
        because: Vec::new(),
        source,
        rules: BTreeSet::new(),
    }
}

fn step_of<'a>(procedure: &'a mut Procedure, key: &str) -> Result<&'a mut Step, String> {
    let found = procedure.steps.iter_mut().find(|step| step.key == key);
    found.ok_or_else(|| "Choose a step of this procedure.".to_owned())
}

fn say(step: &mut Step, text: &str) {
    step.text = format!("{} {}", step.text, text.trim());
}

fn sentence(text: &str) -> Result<(), String> {
    if SENTENCE.contains(&text.trim().chars().count()) {
        return Ok(());
    }
    Err(format!("Write {} to {} characters.", SENTENCE.start(), SENTENCE.end()))
}

impl Step {
    /// Is it a step of the setting's own?
    pub fn is_own(&self) -> bool {
        self.key.starts_with(OWN)
    }
}

/// Is everything that one text of a procedure asks for still asked for by another, and as strictly? Asked of whatever is
/// laid over a procedure, however it was made.
///
/// # Errors
/// One sentence that names what would be weaker.
pub fn not_weaker(was: &Procedure, is: &Procedure) -> Result<(), String> {
    if was.id != is.id || was.kinds != is.kinds || was.serves_allegations != is.serves_allegations {
        return Err("It would serve other concerns than before.".into());
    }
    if was.first_words != is.first_words {
        return Err("The first words on the report form are not a setting’s to change.".into());
    }
    if let Some(gone) = was.must_not.iter().find(|must_not| !is.must_not.contains(must_not)) {
        return Err(format!("It would take away “{}”", gone.text));
    }
    for clock in &was.clocks {
        let found = is.clocks.iter().find(|known| known.key == clock.key);
        no_longer(clock, found.ok_or_else(|| format!("It would take away the clock “{}”.", clock.title))?)?;
    }
    let order: Vec<&str> = is.steps.iter().filter(|step| !step.is_own()).map(|step| step.key.as_str()).collect();
    if !was.steps.iter().map(|step| step.key.as_str()).eq(order) {
        return Err("It would take away a step, or put the steps in another order.".into());
    }
    for step in &was.steps {
        let now = is.step(&step.key).ok_or_else(|| format!("It would take away “{}”.", step.title))?;
        step_not_weaker(step, now).map_err(|what| format!("“{}”: {what}", step.title))?;
    }
    for step in is.steps.iter().filter(|step| step.is_own()) {
        let plain = step.gates.is_empty() && step.act.is_none() && step.clock.is_none() && step.waiver.is_none();
        if !plain || !CASE_ROLES.iter().all(|role| step.who.contains(role)) {
            return Err(format!("“{}”: a step of your own locks nothing and is for whoever works it.", step.title));
        }
    }
    Ok(())
}

fn step_not_weaker(was: &Step, is: &Step) -> Result<(), String> {
    // Equal, not only included: a gate more would lock what the common rules leave open (S2).
    if was.gates != is.gates {
        return Err("its gates are not a setting’s to change".into());
    }
    let same = was.when == is.when
        && was.fields == is.fields
        && was.act == is.act
        && was.waiver == is.waiver
        && was.closes == is.closes
        && was.clock == is.clock
        && was.who == is.who
        && was.title == is.title
        && was.rules == is.rules;
    if !same {
        return Err("who does it, when, what is asked, and whether it is owed before closing stay as they are".into());
    }
    if !is.text.starts_with(&was.text) {
        return Err("its words can be added to, not taken away".into());
    }
    if was.agencies.iter().any(|agency| !is.agencies.contains(agency)) {
        return Err("it would take away an agency".into());
    }
    match was.must_not.iter().find(|must_not| !is.must_not.contains(must_not)) {
        Some(gone) => Err(format!("it would take away “{}”", gone.text)),
        None => Ok(()),
    }
}

fn no_longer(was: &ClockRule, is: &ClockRule) -> Result<(), String> {
    let same = ClockRule { within: was.within, within_for: was.within_for.clone(), ..is.clone() } == *was;
    let others = was.within_for.iter().flat_map(|other| other.values.values());
    let unchanged = was.within == is.within && was.within_for == is.within_for;
    let sooner = is.within_for.is_none() && others.chain([&was.within]).all(|limit| ends_no_later(is.within, *limit));
    if same && (unchanged || sooner) {
        return Ok(());
    }
    Err(format!("“{}”: a clock of your own runs out sooner than ours, never later.", was.title))
}

/// Does one limit end no later than another, whenever both begin, whichever days are holidays? Doubt says no.
fn ends_no_later(own: Within, ours: Within) -> bool {
    /// The fewest hours that a day has: on the morning in March when the clocks go forward.
    const SHORTEST_DAY: u32 = 23;
    /// The fewest days of a month.
    const SHORTEST_MONTH: u32 = 28;
    // Hours that are there in any case before our limit ends.
    let at_least = match ours {
        Within::Hours(hours) => u32::from(hours),
        Within::SameDay => 0,
        Within::Days(days) | Within::WorkingDays(days) | Within::SchoolDays(days) => u32::from(days) * SHORTEST_DAY,
        Within::DaysCountingTheFirst(days) => u32::from(days).saturating_sub(1) * SHORTEST_DAY,
        Within::OneMonth => SHORTEST_MONTH * SHORTEST_DAY,
        Within::Months(months) => u32::from(months) * SHORTEST_MONTH * SHORTEST_DAY,
    };
    match (own, ours) {
        (Within::Hours(0), _) => false,
        (Within::Hours(hours), _) => u32::from(hours) <= at_least,
        (Within::SameDay, Within::Hours(_)) => at_least >= 25,
        (Within::SameDay, _) => true,
        (Within::Days(own), Within::Days(ours) | Within::WorkingDays(ours) | Within::SchoolDays(ours)) => {
            (1..=ours).contains(&own)
        }
        (Within::Days(own), Within::DaysCountingTheFirst(ours)) => own >= 1 && own < ours,
        (Within::Days(own), Within::OneMonth) => (1..=28).contains(&own),
        (Within::Days(own), Within::Months(ours)) => own >= 1 && u32::from(own) <= u32::from(ours) * SHORTEST_MONTH,
        (Within::WorkingDays(own), Within::WorkingDays(ours) | Within::SchoolDays(ours)) => (1..=ours).contains(&own),
        (Within::SchoolDays(own), Within::SchoolDays(ours)) => (1..=ours).contains(&own),
        (Within::DaysCountingTheFirst(own), Within::DaysCountingTheFirst(ours)) => (1..=ours).contains(&own),
        (Within::OneMonth | Within::Months(1), Within::OneMonth) => true,
        (Within::OneMonth, Within::Months(ours)) => ours >= 1,
        (Within::Months(own), Within::Months(ours)) => (1..=ours).contains(&own),
        (
            Within::Days(_)
            | Within::WorkingDays(_)
            | Within::SchoolDays(_)
            | Within::DaysCountingTheFirst(_)
            | Within::OneMonth
            | Within::Months(_),
            _,
        ) => false,
    }
}
