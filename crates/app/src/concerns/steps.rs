//! Recording steps. The engine in `domain` keeps the gates; this module lets two editors notice each other, does the
//! program's own part of a step, and tells the holders when something happened out of its order.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use domain::access::{Action, Refused};
use domain::concern::ConcernStatus;
use domain::content::Content;
use domain::procedure::{Act, Answers, Attempt, FieldKind, Procedure, ProgramAct, Step, StepRecord, Switches};
use domain::{ConcernId, DeviceId, OpCtx, PersonId};
use jiff::Timestamp;
use store::{Reads, Scope, Tx};

use super::case::{self, Case};
use super::people::{family_of, shut, tell_holders};
use super::view::{Names, several};
use super::{LONGEST_LINE, LONGEST_TEXT};
use crate::holds::{self, Leave, Placed};
use crate::sight::sees;
use crate::{Error, Result, Services, low_level};

/// What somebody wants to record about a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepAttempt {
    /// Key of the step.
    pub step: String,
    /// Done, already happened, waived, reopened.
    pub act: Act,
    /// Answers by field: text; ids for children (separated by commas), staff and devices; RFC 3339 for times.
    pub answers: Answers,
    /// Why, for waivers and reopenings.
    pub reason: Option<String>,
    /// When it happened.
    pub event_at: Timestamp,
    /// How many records of this step the writer had before their eyes ([`super::StepView::seen`]).
    pub seen: usize,
    /// For a hold: cut this device off.
    pub device: Option<DeviceId>,
    /// For a hold of the device of the person concerned: on whose word.
    pub leave: Leave,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepSaved {
    /// It was recorded out of its order; the holders were told.
    pub out_of_order: bool,
    /// What the program did.
    pub did: Did,
}

/// What the program did for a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Did {
    /// Nothing.
    Nothing,
    /// A device was held.
    Held(Placed),
    /// So many holds were released.
    Released(usize),
    /// So many notes were entered in the log of low-level concerns.
    Logged(usize),
}

/// Records something about a step.
///
/// # Errors
/// [`Error::Locked`] while a gate is shut (what already happened is never locked); [`Error::Invalid`] by field;
/// [`Error::Conflict`] when somebody else recorded the same step meanwhile, with what they wrote.
pub async fn record(services: &Services, ctx: &mut OpCtx, id: ConcernId, attempt: StepAttempt) -> Result<StepSaved> {
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let action = match attempt.act {
        Act::Waived => Action::WaiveGate,
        Act::Done | Act::AlreadyHappened | Act::Reopened => Action::WorkConcern,
    };
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "concern.step").await?;
    let case = case::of(&tx, ctx, action, id).await?;
    let work = Work::load(services, &tx, case, ctx.now).await?;
    let saved = work.record(&mut tx, ctx, &attempt).await?;
    tx.commit().await?;
    services.wake_jobs();
    Ok(saved)
}

/// What was written down in another register stands in the concern too, as a step that has already happened; once, and never in the way
/// of that register: who may not work the concern writes nothing in it.
pub(crate) async fn happened_elsewhere(
    services: &Services,
    tx: &mut Tx,
    ctx: &OpCtx,
    id: ConcernId,
    step: &str,
    answers: Answers,
    event_at: Timestamp,
) -> Result<()> {
    let case = match case::of(tx, ctx, Action::WorkConcern, id).await {
        Ok(case) => case,
        Err(Error::NotFound | Error::Refused(_)) => return Ok(()),
        Err(error) => return Err(error),
    };
    let work = Work::load(services, tx, case, ctx.now).await?;
    let stands = work.records.iter().any(|record| record.step == step);
    if stands || work.procedure().is_none_or(|procedure| procedure.step(step).is_none()) {
        return Ok(());
    }
    let attempt = StepAttempt {
        step: step.to_owned(),
        act: Act::AlreadyHappened,
        answers,
        reason: None,
        event_at,
        seen: 0,
        device: None,
        leave: Leave::None,
    };
    work.record(tx, ctx, &attempt).await.map(|_| ())
}

/// A case with its procedure, its records and the setting's switches.
pub(super) struct Work<'a> {
    pub(super) case: Case,
    pub(super) procedure: Option<Cow<'a, Procedure>>,
    /// The clock stands before what is on record (S43).
    clock_suspect: bool,
    pub(super) records: Vec<StepRecord>,
    pub(super) switches: Switches,
    /// What every procedure says of files (S17).
    content: &'a Content,
}

impl<'a> Work<'a> {
    pub(super) async fn load(services: &'a Services, db: &impl Reads, case: Case, now: Timestamp) -> Result<Self> {
        let rows = store::concerns::list_steps_for_program(db, case.setting(), case.concern.id).await?;
        let profile = case::profile(db, case.setting()).await?;
        let switches = case::switches(&profile, &services.calendar, &case.concern);
        let procedure = case::procedure(db, &services.content, &case.concern).await?;
        let newest = store::audit::newest_at(db, case.setting()).await?;
        let clock_suspect = newest.is_some_and(|newest| now < newest);
        Ok(Self {
            records: case::for_engine(&rows),
            procedure,
            clock_suspect,
            switches,
            case,
            content: &services.content,
        })
    }

    /// The procedure, in the edition that holds for this concern.
    pub(super) fn procedure(&self) -> Option<&Procedure> {
        self.procedure.as_deref()
    }

    /// Records one attempt inside the transaction of its act.
    pub(super) async fn record(&self, tx: &mut Tx, ctx: &OpCtx, attempt: &StepAttempt) -> Result<StepSaved> {
        let member = ctx.member().ok_or(Refused::SignIn)?;
        let procedure = self.procedure().ok_or(Error::NotFound)?;
        let step = procedure.step(&attempt.step).ok_or(Error::NotFound)?;
        if self.case.concern.status == ConcernStatus::Closed && attempt.act != Act::AlreadyHappened {
            return Err(Error::invalid(
                "",
                "This concern is closed. Open it again first; facts can be added any time.",
            ));
        }
        self.notice_others(tx, member, step, attempt).await?;
        check_sizes(attempt)?;
        check_references(tx, self.case.setting(), step, &attempt.answers).await?;
        let shut_out = self.shut_out(tx, step, attempt).await?;
        let tried = Attempt {
            step: &attempt.step,
            act: attempt.act,
            answers: attempt.answers.clone(),
            reason: attempt.reason.clone().map(|reason| reason.trim().to_owned()),
            event_at: attempt.event_at,
            roles: &member.roles,
            clock_suspect: self.clock_suspect,
        };
        let recorded = procedure.attempt(&self.records, &self.switches, tried, ctx.now)?;
        let did = match attempt.act {
            Act::Done => self.act(tx, ctx, step, attempt).await?,
            // What happened outside was done by people; the program does not do it once more.
            Act::AlreadyHappened | Act::Waived | Act::Reopened => Did::Nothing,
        };
        let row = store::concerns::StepRecord {
            id: tx.fresh(),
            setting_id: self.case.setting(),
            concern_id: self.case.concern.id,
            step: recorded.record.step.clone(),
            act: case::stored_act(recorded.record.act),
            fields: serde_json::to_value(&recorded.record.answers)
                .map_err(|error| Error::Internal(error.to_string()))?,
            reason: recorded.record.reason.clone(),
            event_at: recorded.record.event_at,
            recorded_at: recorded.record.recorded_at,
            author_id: member.person,
            out_of_order: recorded.record.out_of_order,
        };
        store::concerns::add_step(tx, &row).await?;
        shut(tx, &self.case, &shut_out).await?;
        // Whatever was just said: if it means that something could be illegal, nobody sees a file of it from here on (S17).
        crate::attachments::seal_if_needed(tx, self.content, &self.case).await?;
        if recorded.tell_the_lead {
            tell_holders(tx, &self.case, member.person).await?;
        }
        Ok(StepSaved { out_of_order: recorded.record.out_of_order, did })
    }

    /// Who is named on this step as not safe to tell (S13): adults of the children that the concern is about, and no others.
    async fn shut_out(&self, tx: &Tx, step: &Step, attempt: &StepAttempt) -> Result<BTreeSet<PersonId>> {
        let mut named = BTreeSet::new();
        let family = family_of(tx, &self.case).await?;
        for field in step.fields.iter().filter(|field| field.kind == FieldKind::Family) {
            let answer = attempt.answers.get(&field.key).map(String::as_str).unwrap_or_default();
            for id in several(answer) {
                let person = id.parse().ok().filter(|id| family.iter().any(|adult| adult.id == *id));
                let person = person.ok_or_else(|| Error::invalid(&field.key, "Choose from the list."))?;
                if field.shuts_out {
                    named.insert(person);
                }
            }
        }
        Ok(named)
    }

    /// Somebody else recorded this step since the writer looked: both texts are kept, the writer decides (house style
    /// 21). A fact that already happened is written all the same; the chronology holds both.
    async fn notice_others(
        &self,
        tx: &Tx,
        member: &domain::ctx::Member,
        step: &Step,
        attempt: &StepAttempt,
    ) -> Result<()> {
        let own: Vec<&StepRecord> = self.records.iter().filter(|record| record.step == step.key).collect();
        if own.len() <= attempt.seen || attempt.act == Act::AlreadyHappened {
            return Ok(());
        }
        let rows = store::concerns::list_steps(tx, member.setting, &sees(member), self.case.concern.id).await?;
        let newest = rows.iter().rfind(|row| row.step == step.key);
        let mut theirs = own.last().map(|record| record.answers.clone()).unwrap_or_default();
        if let Some(row) = newest {
            let author = store::people::lookup(tx, member.setting, row.author_id).await?;
            theirs.insert("_by".into(), author.map(|person| person.name).unwrap_or_default());
            theirs.insert("_at".into(), row.recorded_at.to_string());
            theirs.insert("_seen".into(), own.len().to_string());
            if let Some(reason) = &row.reason {
                theirs.insert("reason".into(), reason.clone());
            }
        }
        Err(Error::Conflict { theirs })
    }

    async fn act(&self, tx: &mut Tx, ctx: &OpCtx, step: &Step, attempt: &StepAttempt) -> Result<Did> {
        let member = ctx.member().ok_or(Refused::SignIn)?;
        let Some(act) = step.act else { return Ok(Did::Nothing) };
        // The gates of this very step were asked by `Procedure::attempt`, in this transaction: what is not done is not acted.
        match act {
            ProgramAct::HoldDevice => {
                let Some(device) = attempt.device else { return Ok(Did::Nothing) };
                let leave = (attempt.leave, attempt.reason.as_deref());
                let placed = holds::place_in(tx, member, device, Some(&self.case.concern), leave).await?;
                Ok(Did::Held(placed))
            }
            ProgramAct::ReleaseHold => {
                Ok(Did::Released(holds::release_all(tx, &self.case.concern, member.person).await?))
            }
            ProgramAct::LogLowLevel => {
                // What it rests on was written when it was judged; what was agreed is an answer of this step.
                let judged = self.records.iter().rev().filter(|record| record.answers.contains_key("meets"));
                let judged = judged.filter_map(|record| record.answers.get("why")).next().cloned();
                let done = attempt.answers.get("done").cloned().unwrap_or_default();
                let entered = low_level::from_step(tx, member, &self.case, &judged.unwrap_or_default(), &done).await?;
                Ok(Did::Logged(entered))
            }
            // Debrief and closing have forms of their own (`finish`); the others are done by people, on other pages.
            ProgramAct::Debrief
            | ProgramAct::Close
            | ProgramAct::ProposeFilterChange
            | ProgramAct::InformFamily
            | ProgramAct::Retest => Ok(Did::Nothing),
        }
    }
}

fn check_sizes(attempt: &StepAttempt) -> Result<()> {
    let pasted = attempt.answers.iter().find(|(_, answer)| domain::pasted::is_image_data(answer));
    if let Some((field, _)) = pasted {
        return Err(Error::invalid(field, super::NO_PICTURES));
    }
    let long = attempt.answers.iter().find(|(_, answer)| answer.chars().count() > LONGEST_TEXT);
    if let Some((field, _)) = long {
        return Err(Error::invalid(field, "That is longer than we can keep. Shorten it, or add a note as well."));
    }
    if attempt.reason.as_ref().is_some_and(|reason| reason.chars().count() > LONGEST_LINE * 10) {
        return Err(Error::invalid("reason", "That is longer than we can keep. Shorten it."));
    }
    Ok(())
}

/// People, devices and times must be ours and real.
async fn check_references(db: &impl Reads, setting: domain::SettingId, step: &Step, answers: &Answers) -> Result<()> {
    let names = Names::load(db, setting).await?;
    let mut wrong = BTreeMap::new();
    for field in &step.fields {
        let answer = answers.get(&field.key).map(|text| text.trim()).unwrap_or_default();
        if several(answer).any(|value| !names.knows(field.kind, value)) {
            wrong.insert(field.key.clone(), "Choose from the list.".to_owned());
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(Error::Invalid(wrong)) }
}
