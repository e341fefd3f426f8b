//! The queue: concerns that the viewer may see, urgent first, with what is owed. Totals are each viewer's own (S8).

use std::collections::BTreeMap;

use domain::access::{Action, Refused, Relation, authorize};
use domain::clock::Standing as ClockStanding;
use domain::concern::{ConcernKind, ConcernStatus, Urgency};
use domain::procedure::Procedure;
use domain::roster::Kinds;
use domain::{ConcernId, OpCtx};
use jiff::{SignedDuration, Timestamp};
use store::Scope;
use store::concerns::{Concern, Filter, StepRecord};

use super::case;
use super::clocks::{Around, clocks};
use crate::sight::sees;
use crate::{Result, Services};

/// Which shelf of the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shelf {
    /// Received and open.
    Unfinished,
    /// Closed, newest first.
    Closed,
}

/// A page of the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// The rows.
    pub rows: Vec<QueueRow>,
    /// How many unfinished ones the viewer may see.
    pub unfinished: u64,
    /// How many closed ones the viewer may see.
    pub closed: u64,
    /// There are more than are shown.
    pub more: bool,
    /// The kinds that the viewer's role opens.
    pub kinds: Kinds,
}

/// One concern in the queue. No names: the queue stands open on office screens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueRow {
    /// Which.
    pub id: ConcernId,
    /// For the telephone.
    pub reference: String,
    /// What it is about.
    pub kind: ConcernKind,
    /// How soon.
    pub urgency: Urgency,
    /// Where it stands.
    pub status: ConcernStatus,
    /// When it happened.
    pub event_at: Timestamp,
    /// When it was told.
    pub recorded_at: Timestamp,
    /// When somebody opened it.
    pub opened_at: Option<Timestamp>,
    /// Told without an account: its times show as days (S14).
    pub unsigned: bool,
    /// The reporter still owes the exact words.
    pub words_owed: bool,
    /// What comes next, in the procedure's words.
    pub next: Option<String>,
    /// The next clock that runs: what, when, how it stands.
    pub due: Option<(String, Timestamp, ClockStanding)>,
}

/// Rows of a page.
const SHOWN: usize = 50;

/// The queue.
///
/// # Errors
/// [`domain::access::Refused`] for who holds no cases, or has not shown the second factor.
pub async fn queue(services: &Services, ctx: &OpCtx, shelf: Shelf, page: usize) -> Result<Queue> {
    authorize(&ctx.actor, Action::ReadQueue, Relation::Setting)?;
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let viewer = sees(member);
    let closed_filter = Filter { status: vec![ConcernStatus::Closed], ..Filter::default() };
    // A page beyond any queue is empty; the bound keeps the number within what databases count with.
    let skip = u64::try_from(page).unwrap_or(u64::MAX).min(1_000_000).saturating_mul(SHOWN as u64);
    // One more than is shown says that there are more.
    let take = SHOWN as u64 + 1;
    let mut found = match shelf {
        Shelf::Unfinished => store::concerns::list_queue(&reader, member.setting, &viewer, skip, take).await?,
        Shelf::Closed => {
            let filter = Filter { skip: Some(skip), limit: Some(take), ..closed_filter.clone() };
            store::concerns::list(&reader, member.setting, &viewer, &filter).await?
        }
    };
    let more = found.len() > SHOWN;
    found.truncate(SHOWN);
    let profile = case::profile(&reader, member.setting).await?;
    let ids: Vec<ConcernId> = found.iter().map(|concern| concern.id).collect();
    let mut steps: BTreeMap<ConcernId, Vec<StepRecord>> = BTreeMap::new();
    for step in store::concerns::list_steps_of_several_for_program(&reader, member.setting, &ids).await? {
        steps.entry(step.concern_id).or_default().push(step);
    }
    let rests = store::together::list_rests_for_program(&reader, member.setting, &ids).await?;
    let mut rows = Vec::new();
    for concern in found {
        let recorded = steps.remove(&concern.id).unwrap_or_default();
        let procedure = case::procedure(&reader, &services.content, &concern).await?;
        let switches = case::switches(&profile, &services.calendar, &concern);
        let around = Around { switches: &switches, terms: &profile.terms, rests: &rests, calendar: &services.calendar };
        rows.push(row(procedure.as_deref(), &around, &recorded, concern, ctx.now)?);
    }
    Ok(Queue {
        rows,
        unfinished: store::concerns::count(&reader, member.setting, &viewer, &Filter::unfinished()).await?,
        closed: store::concerns::count(&reader, member.setting, &viewer, &closed_filter).await?,
        more,
        kinds: viewer.kinds,
    })
}

/// How old the open concerns are that the viewer may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ages {
    /// All of them.
    pub open: u64,
    /// Told within the last seven days.
    pub week: u64,
    /// Told within the last twenty-eight days, but not within seven.
    pub month: u64,
    /// Older.
    pub older: u64,
}

impl Ages {
    /// "2 of this week, 1 of the last four weeks, 3 older."
    pub fn in_words(&self) -> String {
        format!("{} of this week, {} of the last four weeks, {} older.", self.week, self.month, self.older)
    }
}

/// How old the open concerns are; none for who holds no cases.
///
/// # Errors
/// When the database does not answer.
pub async fn ages(services: &Services, ctx: &OpCtx) -> Result<Option<Ages>> {
    if authorize(&ctx.actor, Action::ReadQueue, Relation::Setting).is_err() {
        return Ok(None);
    }
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let viewer = sees(member);
    let mut counts = [0_u64; 3];
    for (count, days) in counts.iter_mut().zip([None, Some(7), Some(28)]) {
        let since = days.and_then(|days| ctx.now.checked_sub(jiff::SignedDuration::from_hours(24 * days)).ok());
        let filter = Filter { status: vec![ConcernStatus::Open], since, ..Filter::default() };
        *count = store::concerns::count(&reader, member.setting, &viewer, &filter).await?;
    }
    let [open, week, month] = counts;
    Ok(Some(Ages { open, week, month: month.saturating_sub(week), older: open.saturating_sub(month) }))
}

/// How many concerns wait to be opened, for the viewer's own home page. Zero for who holds no cases.
///
/// # Errors
/// When the database does not answer.
pub async fn waiting(services: &Services, ctx: &OpCtx) -> Result<u64> {
    if authorize(&ctx.actor, Action::ReadQueue, Relation::Setting).is_err() {
        return Ok(0);
    }
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let filter = Filter { status: vec![ConcernStatus::Received], ..Filter::default() };
    Ok(store::concerns::count(&reader, member.setting, &sees(member), &filter).await?)
}

/// A concern that nobody has opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unopened {
    /// Which.
    pub id: ConcernId,
    /// For the telephone.
    pub reference: String,
    /// What it is about.
    pub kind: ConcernKind,
    /// Since when.
    pub recorded_at: Timestamp,
    /// When it goes, or went, to the next person.
    pub by: Timestamp,
}

/// Concerns that nobody has opened, of those that the viewer may see: the first so many of the queue.
///
/// # Errors
/// [`Refused`].
pub async fn unopened(services: &Services, ctx: &OpCtx, most: u64) -> Result<Vec<Unopened>> {
    authorize(&ctx.actor, Action::ReadQueue, Relation::Setting)?;
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let filter = Filter { status: vec![ConcernStatus::Received], limit: Some(most), ..Filter::default() };
    let found = store::concerns::list(&reader, member.setting, &sees(member), &filter).await?;
    let rows = found.into_iter().map(|concern| {
        let patience = SignedDuration::from_mins(concern.urgency.escalates_after_minutes());
        Unopened {
            id: concern.id,
            reference: concern.reference,
            kind: concern.kind,
            recorded_at: concern.recorded_at,
            by: concern.recorded_at.saturating_add(patience).unwrap_or(concern.recorded_at),
        }
    });
    Ok(rows.collect())
}

fn row(
    procedure: Option<&Procedure>,
    around: &Around<'_>,
    steps: &[StepRecord],
    concern: Concern,
    now: Timestamp,
) -> Result<QueueRow> {
    let (mut next, mut due) = (None, None);
    if concern.status != ConcernStatus::Closed
        && let Some(procedure) = procedure
    {
        let records = case::for_engine(steps);
        next = procedure.standing(&records, around.switches).next().map(|state| state.step.title.clone());
        let running = clocks(procedure, &records, around, &concern, now)?;
        due = running
            .into_iter()
            .filter(|clock| clock.stopped.is_none())
            .min_by_key(|clock| clock.due)
            .map(|clock| (clock.title, clock.due, clock.standing));
    }
    let unsigned = crate::telling::is_unsigned(&concern);
    Ok(QueueRow {
        id: concern.id,
        reference: concern.reference,
        kind: concern.kind,
        urgency: concern.urgency,
        status: concern.status,
        event_at: concern.event_at,
        recorded_at: concern.recorded_at,
        opened_at: concern.opened_at,
        unsigned,
        words_owed: concern.stage_two_at.is_none(),
        next,
        due,
    })
}
