//! When it happened and when somebody here knew, put right afterwards. The clocks of the law run from the second (S43), so it
//! never changes silently: what stood there before stays in the chronology, with who changed it and why.

use domain::OpCtx;
use domain::access::{Action, Refused};
use domain::concern::EntryKind;
use domain::{ConcernId, procedure};
use jiff::Timestamp;
use store::Scope;
use store::concerns::Concern;

use super::entries::append;
use super::{LONGEST_LINE, case};
use crate::{Error, Result, Services, wrong_clock};

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// When it happened.
    Happened,
    /// When somebody here first knew, or when it arrived.
    KnownHere,
}

/// Puts a time right.
///
/// # Errors
/// [`Error::NotFound`] for who may not see it; [`Error::Invalid`] on `reason` or `at`.
pub async fn put_right(
    services: &Services,
    ctx: &mut OpCtx,
    id: ConcernId,
    which: Moment,
    at: Timestamp,
    reason: &str,
) -> Result<()> {
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "concern.put_time_right").await?;
    let case = case::of(&tx, ctx, Action::WorkConcern, id).await?;
    let reason = reason.trim();
    if !(procedure::REASON_AT_LEAST..=LONGEST_LINE).contains(&reason.chars().count()) {
        return Err(Error::invalid("reason", "Say how you know, in a few words."));
    }
    wrong_clock::has_come(&tx, member.setting, ("at", at), ctx.now).await?;
    let concern = case.concern.clone();
    if which == Moment::KnownHere && at > concern.recorded_at {
        return Err(Error::invalid("at", "It was written here before that, so it was known."));
    }
    let (title, before) = match which {
        Moment::Happened => ("When it happened", concern.event_at),
        Moment::KnownHere => ("When it was known here", concern.known_at),
    };
    let say = |at| services.calendar.say(at);
    let text = format!("{title}: {}. Before, the record said {}. Why: {reason}", say(at), say(before));
    append(&mut tx, &concern, EntryKind::Correction, &text, ctx.now, Some(member.person), None).await?;
    let concern = match which {
        Moment::Happened => Concern { event_at: at, ..concern },
        Moment::KnownHere => Concern { known_at: at, ..concern },
    };
    store::concerns::set(&mut tx, &concern).await?;
    tx.commit().await?;
    Ok(())
}
