//! Concerns that belong together: one goes on in another, one came out of another, or they touch. Nothing is moved and
//! nothing is lost: each keeps its words, its gates and its walls, and the tie shows to those who may see both (S8).
//!
//! What it is not: a way to close. A strand that goes on elsewhere still has its own steps, and closes by its own gates.

use domain::access::{Action, Refused};
use domain::concern::ConcernStatus;
use domain::ctx::Member;
use domain::{ConcernId, OpCtx};
use jiff::Timestamp;
use store::words::StrandKind;
use store::working::Strand;
use store::{Reads, Scope};

use super::view::Names;
use super::{LONGEST_LINE, case};
use crate::sight::sees;
use crate::{Error, Result, Services};

/// A tie, seen from one side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StrandView {
    /// The other concern.
    pub other: ConcernId,
    /// Its reference.
    pub reference: String,
    /// How they belong together, from this side.
    pub how: How,
    /// Where the other stands.
    pub status: ConcernStatus,
    /// Why.
    pub reason: String,
    /// By whom.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// How, from one side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// This one goes on in the other.
    GoesOnIn,
    /// The other goes on in this one.
    TakesIn,
    /// The other came out of this one.
    Became,
    /// This one came out of the other.
    CameFrom,
    /// They touch.
    Touches,
}

/// What belongs to a concern, of that which the reader may see.
///
/// # Errors
/// [`Error::NotFound`] for who may not see it.
pub async fn strands(services: &Services, ctx: &OpCtx, id: ConcernId) -> Result<Vec<StrandView>> {
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    case::of(&reader, ctx, Action::OpenConcern, id).await?;
    let rows = store::working::list_strands(&reader, member.setting, &sees(member), id).await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let names = Names::load(&reader, member.setting).await?;
    let mut views = Vec::new();
    for row in rows {
        let mine = row.one_id == id;
        let other = if mine { row.other_id } else { row.one_id };
        let Some(found) = store::concerns::lookup(&reader, member.setting, &sees(member), other).await? else {
            continue;
        };
        views.push(StrandView {
            other,
            reference: found.reference,
            how: match (row.kind, mine) {
                (StrandKind::Merged, true) => How::GoesOnIn,
                (StrandKind::Merged, false) => How::TakesIn,
                (StrandKind::Split, true) => How::Became,
                (StrandKind::Split, false) => How::CameFrom,
                (StrandKind::Related, _) => How::Touches,
            },
            status: found.status,
            reason: row.reason,
            by: names.person(row.made_by),
            at: row.made_at,
        });
    }
    Ok(views)
}

/// Ties a concern to another one, found by its reference: it goes on there, it became that one, or they touch.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Invalid`] on `reference` (none that the actor may see), or on `reason`.
pub async fn tie(
    services: &Services,
    ctx: &mut OpCtx,
    id: ConcernId,
    reference: &str,
    kind: StrandKind,
    reason: &str,
) -> Result<()> {
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "concern.tie").await?;
    case::of(&tx, ctx, Action::WorkConcern, id).await?;
    let typed = reference.trim().to_uppercase();
    let other = store::concerns::find_by_reference(&tx, member.setting, &sees(&member), &typed).await?;
    // One sentence for none, for one that is not theirs to see, and for this very one.
    let other = other.filter(|other| other.id != id);
    let other =
        other.ok_or_else(|| Error::invalid("reference", "There is no other concern with this reference for you."))?;
    case::of(&tx, ctx, Action::WorkConcern, other.id).await?;
    let reason = reason.trim();
    if !(domain::procedure::REASON_AT_LEAST..=LONGEST_LINE).contains(&reason.chars().count()) {
        return Err(Error::invalid("reason", "Say why they belong together, in a few words."));
    }
    let known = store::working::list_strands(&tx, member.setting, &sees(&member), id).await?;
    if known.iter().any(|row| row.kind == kind && [row.one_id, row.other_id].contains(&other.id)) {
        return Err(Error::invalid("reference", "These two are tied already."));
    }
    let row = Strand {
        id: tx.fresh(),
        setting_id: member.setting,
        one_id: id,
        other_id: other.id,
        kind,
        reason: reason.to_owned(),
        made_by: member.person,
        made_at: ctx.now,
    };
    store::working::add_strand(&mut tx, &row).await?;
    // One of them may be one without files: then neither shows any (S17).
    for end in [id, other.id] {
        let case = case::of(&tx, ctx, Action::WorkConcern, end).await?;
        crate::attachments::seal_if_needed(&mut tx, &services.content, &case).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// What still stands in the way of closing a concern in which others go on: each of those must be closed, or have met its own
/// gates. Asked of what the viewer may see: a strand that is hidden from somebody does not speak to them (S8).
pub(super) async fn owed_by_strands(
    services: &Services,
    db: &impl Reads,
    member: &Member,
    id: ConcernId,
) -> Result<Option<String>> {
    let ties = store::working::list_strands(db, member.setting, &sees(member), id).await?;
    for tie in ties.into_iter().filter(|tie| tie.kind == StrandKind::Merged && tie.other_id == id) {
        let found = store::concerns::lookup(db, member.setting, &sees(member), tie.one_id).await?;
        let Some(strand) = found.filter(|strand| strand.status != ConcernStatus::Closed) else { continue };
        let reference = strand.reference.clone();
        let case = case::loaded(db, strand).await?;
        if super::people::unknown_child(db, &case).await?.is_some_and(|child| child.is_sought()) {
            return Ok(Some(format!("{reference} goes on in this one: its child is still to be found out.")));
        }
        let rows = store::concerns::list_steps_for_program(db, member.setting, tie.one_id).await?;
        let records = case::for_engine(&rows);
        let profile = case::profile(db, member.setting).await?;
        let switches = case::switches(&profile, &services.calendar, &case.concern);
        let procedure = case::procedure(db, &services.content, &case.concern).await?;
        if let Err(locked) = super::finish::may_close(procedure.as_deref(), &records, &switches) {
            return Ok(Some(format!("{reference} goes on in this one and is not done. {}", locked.say)));
        }
    }
    Ok(None)
}
