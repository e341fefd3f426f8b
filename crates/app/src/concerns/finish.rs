//! The end of a concern: what was learned, what follows from it, closing; and opening again.
//!
//! A lesson becomes an action with an owner and a date, or opens a review, in the transaction that records the debrief.

use domain::access::{Action, Refused};
use domain::concern::ConcernStatus;
use domain::ctx::Member;
use domain::procedure::{Act, Answers, Locked, Procedure, ProgramAct, StepRecord, Switches};
use domain::{ConcernId, OpCtx, PersonId};
use jiff::civil::Date;
use store::concerns::Concern;
use store::follow_up::{Review, Which};
use store::{Scope, Tx};

use super::case::{self, Case};
use super::steps::{StepAttempt, Work};
use super::{LONGEST_LINE, entries};
use crate::follow_up::{self, NewTask};
use crate::holds::Leave;
use crate::sight::sees;
use crate::{Error, Result, Services};

/// What was learned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Debrief {
    /// Answers of the procedure's own debrief step.
    pub answers: Answers,
    /// What follows.
    pub lessons: Vec<Lesson>,
    /// How many records of the step the writer had seen.
    pub seen: usize,
}

/// What follows from a lesson.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lesson {
    /// Something to be done.
    Action {
        /// What. Names no child: its owner need not be able to read the concern.
        title: String,
        /// By whom.
        owner: PersonId,
        /// Until.
        due: Date,
    },
    /// A review to be opened.
    Review {
        /// `policy`, `filtering` or `curriculum`.
        what: String,
        /// Why now. Names no child.
        why: String,
        /// Until.
        due: Date,
    },
}

/// What may be reviewed.
pub const REVIEWS: [&str; 3] = ["policy", "filtering", "curriculum"];

/// Records the debrief and what follows from it.
///
/// # Errors
/// [`Error::Locked`] while a gate of the debrief is shut; [`Error::Invalid`] on `lesson-N-…`.
pub async fn debrief(services: &Services, ctx: &mut OpCtx, id: ConcernId, debrief: Debrief) -> Result<()> {
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "concern.debrief").await?;
    let case = case::of(&tx, ctx, Action::WorkConcern, id).await?;
    let work = Work::load(services, &tx, case, ctx.now).await?;
    promised(&tx, &member, id, &debrief).await?;
    if let Some(step) = work.procedure().and_then(|procedure| step_of(procedure, ProgramAct::Debrief)) {
        let attempt = plain(step, debrief.answers, debrief.seen, ctx);
        work.record(&mut tx, ctx, &attempt).await?;
    }
    for (index, lesson) in debrief.lessons.iter().enumerate() {
        follow(services, &mut tx, &work.case, member.person, index, lesson).await?;
    }
    tx.commit().await?;
    services.wake_jobs();
    Ok(())
}

/// Whoever answers "make it an action" or "open a review" makes one, now or in an earlier debrief of the same concern.
async fn promised(tx: &Tx, member: &Member, id: ConcernId, debrief: &Debrief) -> Result<()> {
    let sees = sees(member);
    let filter = store::follow_up::Filter { concern: Some(id), which: Which::All, ..Default::default() };
    let actions = store::follow_up::list(tx, member.setting, &sees, &filter).await?.len();
    let reviews = store::follow_up::list_reviews(tx, member.setting, &sees, Which::All).await?;
    let of_policy = |what: &str| what == "policy";
    let policy = reviews.iter().any(|row| row.concern_id == Some(id) && of_policy(&row.what))
        || debrief.lessons.iter().any(|lesson| matches!(lesson, Lesson::Review { what, .. } if of_policy(what)));
    // What is to be learned or filtered can also become a review of its own.
    let others = reviews.iter().filter(|row| row.concern_id == Some(id) && !of_policy(&row.what)).count();
    let new = debrief
        .lessons
        .iter()
        .filter(|lesson| !matches!(lesson, Lesson::Review { what, .. } if of_policy(what)))
        .count();
    let mut wrong = std::collections::BTreeMap::new();
    let asked: Vec<&String> =
        debrief.answers.iter().filter(|(_, answer)| *answer == "action").map(|(question, _)| question).collect();
    for question in asked.iter().skip(actions + others + new) {
        let say = "Write the action below: what, who, until when. Or answer no.".to_owned();
        wrong.insert((*question).clone(), say);
    }
    if debrief.answers.get("policy").is_some_and(|answer| answer == "review") && !policy {
        wrong.insert(
            "policy".to_owned(),
            "Write the review of the policy below: why, and until when. Or answer no.".to_owned(),
        );
    }
    if wrong.is_empty() { Ok(()) } else { Err(Error::Invalid(wrong)) }
}

async fn follow(
    services: &Services,
    tx: &mut Tx,
    case: &Case,
    by: PersonId,
    index: usize,
    lesson: &Lesson,
) -> Result<()> {
    let field = |part: &str| format!("lesson-{index}-{part}");
    let (text, due) = match lesson {
        Lesson::Action { title, due, .. } => (title.trim(), *due),
        Lesson::Review { why, due, .. } => (why.trim(), *due),
    };
    if text.is_empty() || text.chars().count() > LONGEST_LINE {
        return Err(Error::invalid(&field("what"), "Say what is to be done, in one line."));
    }
    let today = tx.now().to_zoned(jiff::tz::TimeZone::UTC).date();
    if due < today {
        return Err(Error::invalid(&field("due"), "Choose a day that is still to come."));
    }
    match lesson {
        Lesson::Action { owner, .. } => {
            let known = store::people::lookup(tx, case.setting(), *owner).await?;
            // Whoever is shut out from the concern is not given what is made from it (S8).
            if known.is_none() || case.excluded.contains(owner) {
                return Err(Error::invalid(&field("owner"), "Choose somebody from the list."));
            }
            let task = NewTask { title: text.to_owned(), owner: *owner, due };
            follow_up::make(tx, services, case.setting(), by, Some(case.concern.id), task).await.map(|_| ())
        }
        Lesson::Review { what, .. } => {
            if !REVIEWS.contains(&what.as_str()) {
                return Err(Error::invalid(&field("review"), "Choose what to review."));
            }
            let row = Review {
                id: tx.fresh(),
                setting_id: case.setting(),
                concern_id: Some(case.concern.id),
                what: what.clone(),
                why: text.to_owned(),
                opened_at: tx.now(),
                opened_by: Some(by),
                due,
                closed_at: None,
                closed_by: None,
                outcome: None,
            };
            Ok(store::follow_up::add_review(tx, &row).await?)
        }
    }
}

/// Closes a concern, when nothing is owed any more.
///
/// # Errors
/// [`Error::Locked`] with what is still to do; [`Error::Invalid`] on the closing step's fields.
pub async fn close(services: &Services, ctx: &mut OpCtx, id: ConcernId, answers: Answers, seen: usize) -> Result<()> {
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "concern.close").await?;
    let case = case::of(&tx, ctx, Action::CloseConcern, id).await?;
    if case.concern.status == ConcernStatus::Closed {
        return Ok(());
    }
    if super::people::unknown_child(&tx, &case).await?.is_some_and(|child| child.is_sought()) {
        return Err(locked("Still to do: find out which child it was, or write down that nobody can."));
    }
    let work = Work::load(services, &tx, case, ctx.now).await?;
    may_close(work.procedure(), &work.records, &work.switches).map_err(Error::Locked)?;
    if let Some(owed) = super::strands::owed_by_strands(services, &tx, &member, id).await? {
        return Err(locked(&owed));
    }
    if let Some(step) = work.procedure().and_then(|procedure| step_of(procedure, ProgramAct::Close)) {
        let attempt = plain(step, answers, seen, ctx);
        work.record(&mut tx, ctx, &attempt).await?;
    }
    let closed = Concern { status: ConcernStatus::Closed, closed_at: Some(ctx.now), ..work.case.concern.clone() };
    store::concerns::set(&mut tx, &closed).await?;
    tx.commit().await?;
    services.wake_jobs();
    Ok(())
}

/// May it be closed, as far as its procedure goes?
pub(super) fn may_close(
    procedure: Option<&Procedure>,
    records: &[StepRecord],
    switches: &Switches,
) -> Result<(), Locked> {
    match procedure {
        Some(procedure) => procedure.may(records, switches, ProgramAct::Close),
        None => Ok(()),
    }
}

/// Opens a closed concern again, with a reason. What was learned and the closing must be done once more.
///
/// # Errors
/// [`Error::Invalid`] on `reason`.
pub async fn reopen(services: &Services, ctx: &mut OpCtx, id: ConcernId, reason: String) -> Result<()> {
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "concern.reopen").await?;
    let case = case::of(&tx, ctx, Action::WorkConcern, id).await?;
    if case.concern.status != ConcernStatus::Closed {
        return Ok(());
    }
    let reason = reason.trim();
    if reason.chars().count() < domain::procedure::REASON_AT_LEAST {
        return Err(Error::invalid("reason", "Say why, in a few words."));
    }
    let open = Concern { status: ConcernStatus::Open, closed_at: None, ..case.concern.clone() };
    store::concerns::set(&mut tx, &open).await?;
    entries::by_the_program(&mut tx, &open, &format!("The concern was opened again: {reason}")).await?;
    let work = Work::load(services, &tx, Case { concern: open, ..case }, ctx.now).await?;
    // What was learned then was learned without what opens it now.
    let again = [ProgramAct::Close, ProgramAct::Debrief];
    for step in again.into_iter().filter_map(|act| step_of(work.procedure()?, act)) {
        let mut attempt = plain(step, Answers::new(), usize::MAX, ctx);
        attempt.act = Act::Reopened;
        attempt.reason = Some(reason.to_owned());
        work.record(&mut tx, ctx, &attempt).await?;
    }
    tx.commit().await?;
    Ok(())
}

fn step_of(procedure: &Procedure, act: ProgramAct) -> Option<&str> {
    procedure.steps.iter().find(|step| step.act == Some(act)).map(|step| step.key.as_str())
}

fn plain(step: &str, answers: Answers, seen: usize, ctx: &OpCtx) -> StepAttempt {
    StepAttempt {
        step: step.to_owned(),
        act: Act::Done,
        answers,
        reason: None,
        event_at: ctx.now,
        seen,
        device: None,
        leave: Leave::None,
    }
}

fn locked(say: &str) -> Error {
    Error::Locked(Locked { say: say.to_owned(), waivable: false })
}
