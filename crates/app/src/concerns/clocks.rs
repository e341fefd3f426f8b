//! Clocks: those of one concern, and all that run for somebody, on one wall (S43). What one may not see has no clock here
//! either: concerns come from the same query as the queue's.
//!
//! What it is not: the reckoning (`domain::clock`) or the rules (`content/procedures/`). A new clock is a line there.

use std::collections::{BTreeMap, BTreeSet};

use domain::access::{Action, Refused, Relation, authorize};
use domain::clock::{Calendar, Rest, Standing, standing};
use domain::concern::ConcernKind;
use domain::procedure::{Procedure, Start, StepRecord, Switches};
use domain::setting::Term;
use domain::{ConcernId, OpCtx};
use jiff::Timestamp;
use store::Scope;
use store::concerns::Concern;
use store::together::ClockRest;

use super::case;
use crate::sight::sees;
use crate::{Error, Result, Services};

/// A clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockView {
    /// Stable key: `lado`, `ico`.
    pub key: String,
    /// What is due.
    pub title: String,
    /// When.
    pub due: Timestamp,
    /// When it was done.
    pub stopped: Option<Timestamp>,
    /// How it stands.
    pub standing: Standing,
    /// Where it comes from.
    pub source: String,
    /// Keys of the steps that stop it.
    pub stops: BTreeSet<String>,
    /// Does it rest, or may it?
    pub resting: Resting,
}

/// How a clock stands to resting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resting {
    /// No law lets it rest, or it has stopped.
    Never,
    /// It may rest.
    May,
    /// It rests since then, for this reason.
    Since(Timestamp, String),
}

/// A clock of some concern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueClock {
    /// Of which.
    pub concern: ConcernId,
    /// For the telephone.
    pub reference: String,
    /// What it is about.
    pub kind: ConcernKind,
    /// The step that stops it, to go there: key and title.
    pub step: Option<(String, String)>,
    /// The concern was told under a clock that stood wrong: look at its times first.
    pub clock_suspect: bool,
    /// The clock.
    pub clock: ClockView,
}

/// So many unfinished concerns are looked at, those that wait longest first.
const MOST: u64 = 2_000;

/// Every clock of the unfinished concerns that the actor may see: what still runs first, the most pressing first; then what
/// was met or met late, newest first.
///
/// # Errors
/// [`domain::access::Refused`] for who holds no cases.
pub async fn clocks_due(services: &Services, ctx: &OpCtx) -> Result<Vec<DueClock>> {
    authorize(&ctx.actor, Action::ReadQueue, Relation::Setting)?;
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let viewer = sees(member);
    let unfinished = store::concerns::list_queue(&reader, member.setting, &viewer, 0, MOST).await?;
    let profile = case::profile(&reader, member.setting).await?;
    let ids: Vec<ConcernId> = unfinished.iter().map(|concern| concern.id).collect();
    let mut steps: BTreeMap<ConcernId, Vec<store::concerns::StepRecord>> = BTreeMap::new();
    for step in store::concerns::list_steps_of_several_for_program(&reader, member.setting, &ids).await? {
        steps.entry(step.concern_id).or_default().push(step);
    }
    let rests = store::together::list_rests_for_program(&reader, member.setting, &ids).await?;
    let mut due = Vec::new();
    for concern in unfinished {
        let Some(procedure) = case::procedure(&reader, &services.content, &concern).await? else { continue };
        let records = case::for_engine(&steps.remove(&concern.id).unwrap_or_default());
        let switches = case::switches(&profile, &services.calendar, &concern);
        let around = Around { switches: &switches, terms: &profile.terms, rests: &rests, calendar: &services.calendar };
        for clock in clocks(&procedure, &records, &around, &concern, ctx.now)? {
            // The one that is owed, where another only puts it off.
            let mut stopping = procedure.steps.iter().filter(|step| clock.stops.contains(&step.key));
            let stops = stopping.clone().find(|step| step.closes).or_else(|| stopping.next());
            due.push(DueClock {
                concern: concern.id,
                reference: concern.reference.clone(),
                kind: concern.kind,
                step: stops.map(|step| (step.key.clone(), step.title.clone())),
                clock_suspect: concern.clock_suspect,
                clock,
            });
        }
    }
    due.sort_by_key(|due| match due.clock.stopped {
        None => (false, due.clock.due.as_microsecond()),
        Some(at) => (true, -at.as_microsecond()),
    });
    Ok(due)
}

/// What clocks are reckoned with.
pub(super) struct Around<'a> {
    pub(super) switches: &'a Switches,
    pub(super) terms: &'a [Term],
    /// Of this concern and others.
    pub(super) rests: &'a [ClockRest],
    pub(super) calendar: &'a Calendar,
}

/// The clocks of a concern that run, rest or ran.
pub(super) fn clocks(
    procedure: &Procedure,
    records: &[StepRecord],
    around: &Around<'_>,
    concern: &Concern,
    now: Timestamp,
) -> Result<Vec<ClockView>> {
    let unreckonable = |error: domain::clock::Unreckonable| Error::Internal(error.to_string());
    let mut views = Vec::new();
    for rule in procedure.clocks_running(records, around.switches) {
        let start = match rule.from {
            Start::KnownAt => concern.known_at,
            Start::EventAt => concern.event_at,
        };
        let within = rule.within(around.switches);
        let told = concern.told_in_person.as_ref().and_then(super::told).and_then(|(_, at)| at);
        // What the reporter said at once counts: "told in person at" stops the clock that the same step would stop.
        let stopped = procedure
            .clock_stopped(records, rule)
            .or(told.filter(|_| rule.key == "lead_told" || rule.key == "manager_told"))
            // The account is the second part of the report itself (S5): sent, it is there, whoever has checked it.
            .or(concern.stage_two_at.filter(|_| rule.key == "account"));
        let own = around.rests.iter().filter(|rest| rest.concern_id == concern.id && rest.clock == rule.key);
        let rests: Vec<Rest> = own.clone().map(|rest| Rest { from: rest.from_at, until: rest.until_at }).collect();
        let resting = own.clone().find(|rest| rest.until_at.is_none());
        let due = around.calendar.due_in(around.terms, start, within).map_err(unreckonable)?;
        // A clock that rests has no day: what is shown is what it would be if it went on now.
        let due = around.calendar.due_after_rests(start, due, within, &rests, now).map_err(unreckonable)?;
        views.push(ClockView {
            key: rule.key.clone(),
            title: rule.title.clone(),
            due,
            stopped,
            standing: standing(start, due, stopped, now),
            source: rule.source.clone(),
            stops: procedure.steps.iter().filter(|it| rule.is_stopped_by(it)).map(|it| it.key.clone()).collect(),
            resting: match (resting, stopped, &rule.rests) {
                (Some(rest), None, _) => Resting::Since(rest.from_at, rest.reason.clone()),
                (None, None, Some(_)) => Resting::May,
                _ => Resting::Never,
            },
        });
    }
    Ok(views)
}
