//! A legal clock that rests, where the law lets it: while one waits for an answer that one needs. It rests from a moment that
//! somebody records, with the reason, and goes on when somebody says so; both stand in the chronology.

use domain::access::{Action, Refused};
use domain::{ConcernId, OpCtx};
use jiff::{SignedDuration, Timestamp};
use store::Scope;
use store::together::ClockRest;

use super::entries::by_the_program;
use super::steps::Work;
use super::{LONGEST_LINE, case};
use crate::{Error, Result, Services};

/// What the form for it shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestForm {
    /// The concern's reference.
    pub reference: String,
    /// What the clock is for.
    pub title: String,
    /// Which law lets it rest, in words.
    pub law: String,
    /// It rests since then, for this reason; none: it runs.
    pub resting: Option<(Timestamp, String)>,
}

/// The form.
///
/// # Errors
/// [`Error::NotFound`] for who may not see the concern, and for a clock that may not rest.
pub async fn rest_form(services: &Services, ctx: &OpCtx, id: ConcernId, clock: &str) -> Result<RestForm> {
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let case = case::of(&reader, ctx, Action::WorkConcern, id).await?;
    let work = Work::load(services, &reader, case, ctx.now).await?;
    let (title, law) = rule(&work, clock)?;
    let rests = store::together::list_rests_for_program(&reader, member.setting, &[id]).await?;
    let open = rests.into_iter().find(|rest| rest.clock == clock && rest.until_at.is_none());
    Ok(RestForm {
        reference: work.case.concern.reference.clone(),
        title,
        law,
        resting: open.map(|rest| (rest.from_at, rest.reason)),
    })
}

/// Its title and the law by which it may rest, while it runs.
fn rule(work: &Work<'_>, clock: &str) -> Result<(String, String)> {
    let procedure = work.procedure().ok_or(Error::NotFound)?;
    let mut running = procedure.clocks_running(&work.records, &work.switches);
    let rule = running.find(|rule| rule.key == clock).ok_or(Error::NotFound)?;
    let law = rule.rests.clone().ok_or(Error::NotFound)?;
    match procedure.clock_stopped(&work.records, rule) {
        Some(_) => Err(Error::NotFound),
        None => Ok((rule.title.clone(), law)),
    }
}

/// Lets a clock rest from a moment on.
///
/// # Errors
/// [`Error::NotFound`] for a clock that may not; [`Error::Invalid`] on `reason` or `from`, or when it rests already.
pub async fn rest(
    services: &Services,
    ctx: &mut OpCtx,
    id: ConcernId,
    clock: &str,
    from: Timestamp,
    reason: &str,
) -> Result<()> {
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "concern.rest_clock").await?;
    let case = case::of(&tx, ctx, Action::WorkConcern, id).await?;
    let work = Work::load(services, &tx, case, ctx.now).await?;
    let (title, _) = rule(&work, clock)?;
    let reason = reason.trim();
    if !(domain::procedure::REASON_AT_LEAST..=LONGEST_LINE).contains(&reason.chars().count()) {
        return Err(Error::invalid("reason", "Say what you asked for and wait for, in a few words."));
    }
    // A form knows minutes and not seconds.
    let known = work.case.concern.known_at.saturating_sub(SignedDuration::from_mins(1)).unwrap_or(from);
    if from > ctx.now || from < known {
        return Err(Error::invalid("from", "It can rest from when it began to run until now."));
    }
    let rests = store::together::list_rests_for_program(&tx, member.setting, &[id]).await?;
    if rests.iter().any(|rest| rest.clock == clock && rest.until_at.is_none()) {
        return Err(Error::invalid("reason", "It rests already."));
    }
    let row = ClockRest {
        id: tx.fresh(),
        setting_id: member.setting,
        concern_id: id,
        clock: clock.to_owned(),
        reason: reason.to_owned(),
        from_at: from,
        from_by: member.person,
        until_at: None,
        until_by: None,
        version: 0,
    };
    store::together::add_rest(&mut tx, &row).await?;
    let say = services.calendar.say(from);
    let text = format!("The clock “{title}” rests from {say}. Why: {reason}");
    by_the_program(&mut tx, &work.case.concern, &text).await?;
    tx.commit().await?;
    Ok(())
}

/// Lets it go on, from a moment.
///
/// # Errors
/// [`Error::NotFound`] when it does not rest; [`Error::Invalid`] on `until`.
pub async fn go_on(services: &Services, ctx: &mut OpCtx, id: ConcernId, clock: &str, until: Timestamp) -> Result<()> {
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "concern.clock_goes_on").await?;
    let case = case::of(&tx, ctx, Action::WorkConcern, id).await?;
    let rests = store::together::list_rests_for_program(&tx, member.setting, &[id]).await?;
    let open = rests.into_iter().find(|rest| rest.clock == clock && rest.until_at.is_none()).ok_or(Error::NotFound)?;
    if until > ctx.now || until < open.from_at {
        return Err(Error::invalid("until", "It went on between when it began to rest and now."));
    }
    let row = ClockRest { until_at: Some(until), until_by: Some(member.person), ..open };
    store::together::set_rest(&mut tx, &row).await?;
    let work = Work::load(services, &tx, case, ctx.now).await?;
    let title = rule(&work, clock).map_or_else(|_| clock.to_owned(), |(title, _)| title);
    let text = format!("The clock “{title}” goes on from {}.", services.calendar.say(until));
    by_the_program(&mut tx, &work.case.concern, &text).await?;
    tx.commit().await?;
    Ok(())
}
