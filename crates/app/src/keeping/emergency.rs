//! One record, opened for four hours by somebody who works cases and does not hold this one, because nobody who does can be
//! reached (S12). With a reason; whoever holds it, the lead and the chair are told at once; looked at afterwards by somebody else.
//!
//! Never past an exclusion: whoever is shut out gets the answer of a reference that does not exist. It is an invitation
//! that ends: by a job, and whether or not the job runs, by the clock at every look.

use domain::access::{Action, Refused, Relation, authorize};
use domain::concern::{EntryKind, Urgency};
use domain::{ConcernId, EmergencyId, OpCtx, Role, SettingId};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use store::concerns::Invitation;
use store::keeping::Emergency;
use store::{Scope, Tx};

use super::words;
use crate::concerns::{Names, append, case};
use crate::notices::{self, Matter};
use crate::sight::sees;
use crate::{Error, Result, Services, jobs};

/// How long a record stays open.
pub const LASTS: SignedDuration = SignedDuration::from_hours(4);
/// The reason on the invitation; nobody types it.
pub(crate) const REASON: &str = "opened in an emergency";

/// One of them, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmergencyView {
    /// Which.
    pub id: EmergencyId,
    /// The concern's reference, for those who may see it or had it open.
    pub reference: String,
    /// Which concern.
    pub concern: ConcernId,
    /// By whom.
    pub by: String,
    /// Why.
    pub reason: String,
    /// From.
    pub opened_at: Timestamp,
    /// Until.
    pub ends_at: Timestamp,
    /// Does it last?
    pub lasts: bool,
    /// Reviewed: by whom, when, in which words, was it right?
    pub review: Option<(String, Timestamp, String, bool)>,
    /// May the viewer review it?
    pub mine_to_review: bool,
}

/// What the actor may know of, newest first.
///
/// # Errors
/// [`Refused`].
pub async fn list(services: &Services, ctx: &OpCtx) -> Result<Vec<EmergencyView>> {
    authorize(&ctx.actor, Action::OpenInEmergency, Relation::Setting)?;
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let names = Names::load(&reader, member.setting).await?;
    let now = store::audit::judged_at(&reader, member.setting, ctx.now).await?;
    let mut views = Vec::new();
    for row in store::keeping::list_emergencies(&reader, member.setting, &sees(member)).await? {
        let Some(concern) = store::concerns::lookup_for_program(&reader, member.setting, row.concern_id).await? else {
            continue;
        };
        views.push(EmergencyView {
            id: row.id,
            reference: concern.reference,
            concern: row.concern_id,
            by: names.person(row.person_id),
            reason: row.reason,
            opened_at: row.opened_at,
            ends_at: row.ends_at,
            lasts: row.ended_at.is_none() && row.ends_at > now,
            mine_to_review: row.reviewed_at.is_none() && row.person_id != member.person,
            review: row
                .reviewed_at
                .map(|at| (names.of(row.reviewed_by), at, row.review.unwrap_or_default(), row.justified == Some(true))),
        });
    }
    Ok(views)
}

/// Opens a record for four hours.
///
/// # Errors
/// [`Error::Invalid`] on `reference` (not there, or not for this person: the two look alike) or `reason`.
pub async fn open(services: &Services, ctx: &mut OpCtx, reference: &str, reason: &str) -> Result<ConcernId> {
    authorize(&ctx.actor, Action::OpenInEmergency, Relation::Setting)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let nothing = || {
        Error::invalid(
            "reference",
            "No record can be opened with this reference. Read it again from the paper or the telephone.",
        )
    };
    let reason = words("reason", reason, 2_000, "Write what happened, and whom you tried to reach.")?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "emergency.open").await?;
    let found = store::concerns::find_by_reference_for_program(&tx, member.setting, reference.trim()).await?;
    let Some(found) = found else {
        case::look_at_nothing(&tx, member.setting).await?;
        return Err(nothing());
    };
    let case = case::loaded(&tx, found).await?;
    if case.excluded.contains(&member.person) {
        // As slow and as silent as a reference that does not exist.
        return Err(nothing());
    }
    let id = case.concern.id;
    let has_it = case.invited.contains(&member.person) || case.reached.contains(&member.person);
    if has_it || domain::exclusion::sight_of(&case.walls(), &member) == domain::exclusion::Sight::Case {
        return Ok(id);
    }
    let now = store::audit::judged_at(&tx, member.setting, ctx.now).await?;
    let ends_at = now.saturating_add(LASTS).unwrap_or(now);
    let row = Emergency {
        id: tx.fresh(),
        setting_id: member.setting,
        concern_id: id,
        person_id: member.person,
        reason: reason.clone(),
        opened_at: ctx.now,
        ends_at,
        ended_at: None,
        reviewed_by: None,
        reviewed_at: None,
        review: None,
        justified: None,
        version: 0,
    };
    store::keeping::add_emergency(&mut tx, &row).await?;
    let invitation = Invitation {
        concern_id: id,
        person_id: member.person,
        setting_id: member.setting,
        invited_by: member.person,
        at: ctx.now,
        reason: REASON.to_owned(),
    };
    store::concerns::add_invitation(&mut tx, &invitation).await?;
    let text = format!("Opened in an emergency for four hours. {reason}");
    append(&mut tx, &case.concern, EntryKind::Note, &text, ctx.now, Some(member.person), None).await?;
    alarm(&mut tx, &case, member.person, ctx.now).await?;
    let payload = json!({ "emergency": row.id });
    jobs::queue(
        &mut tx,
        Some(member.setting),
        jobs::Kind::EndEmergency,
        format!("emergency/{}", row.id),
        payload,
        ends_at,
    )
    .await?;
    tx.commit().await?;
    services.wake_jobs();
    Ok(id)
}

/// Everybody concerned: who holds it, every lead and deputy, the chair, the manager; but nobody who is shut out from it.
async fn alarm(tx: &mut Tx, case: &case::Case, by: domain::PersonId, now: Timestamp) -> Result<()> {
    let setting = case.concern.setting_id;
    let mut told = notices::told_so_far(tx, case, now).await?.into_iter().collect::<std::collections::BTreeSet<_>>();
    for role in [Role::Dsl, Role::Deputy, Role::Chair, Role::Manager] {
        told.extend(store::people::find_by_role(tx, setting, role, now).await?.into_iter().map(|held| held.person_id));
    }
    let told: Vec<domain::PersonId> =
        told.into_iter().filter(|person| *person != by && !case.excluded.contains(person)).collect();
    let matter = Matter { urgency: Urgency::Urgent, link: "/emergency", concern: Some(case.concern.id) };
    notices::tell(tx, setting, &told, &matter).await
}

/// Has the time of somebody's emergency run out? Asked at every look, whether or not the job ran.
pub(crate) async fn is_over(
    db: &impl store::Reads,
    member: &domain::ctx::Member,
    concern: ConcernId,
    now: Timestamp,
) -> Result<bool> {
    let open = store::keeping::list_open_emergencies(db, member.setting).await?;
    // Nearly always there is none, and nothing more to ask.
    if open.is_empty() {
        return Ok(false);
    }
    let now = store::audit::judged_at(db, member.setting, now).await?;
    Ok(open.iter().any(|one| one.person_id == member.person && one.concern_id == concern && one.ends_at <= now))
}

/// Shuts what is over: the job.
pub(crate) async fn end_due(services: &Services, ctx: &mut OpCtx, setting: SettingId) -> Result<()> {
    let mut tx = services.db.write(ctx, Scope::Setting(setting), "emergency.end").await?;
    let now = store::audit::judged_at(&tx, setting, ctx.now).await?;
    for row in store::keeping::list_open_emergencies(&tx, setting).await? {
        if row.ends_at > now {
            continue;
        }
        let invitations = store::concerns::list_invitations(&tx, setting, row.concern_id).await?;
        let own = invitations.into_iter().find(|one| one.person_id == row.person_id && one.reason == REASON);
        if let Some(invitation) = own {
            store::concerns::revoke_invitation(&mut tx, &invitation).await?;
        }
        store::keeping::set_emergency(&mut tx, &Emergency { ended_at: Some(ctx.now), ..row }).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Somebody else looks at it afterwards and says whether it was right.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Invalid`] on `review`, or for the one who opened it.
pub async fn review(services: &Services, ctx: &mut OpCtx, id: EmergencyId, said: &str, justified: bool) -> Result<()> {
    authorize(&ctx.actor, Action::OpenInEmergency, Relation::Setting)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "emergency.review").await?;
    let found = store::keeping::lookup_emergency(&tx, member.setting, &sees(&member), id).await?;
    let row = found.filter(|row| row.reviewed_at.is_none()).ok_or(Error::NotFound)?;
    if row.person_id == member.person {
        return Err(Error::invalid("", "You opened it. Somebody else looks at it."));
    }
    let said = words("review", said, 2_000, "Write what you found.")?;
    let reviewed = Emergency {
        reviewed_by: Some(member.person),
        reviewed_at: Some(ctx.now),
        review: Some(said),
        justified: Some(justified),
        ..row
    };
    store::keeping::set_emergency(&mut tx, &reviewed).await?;
    tx.commit().await?;
    Ok(())
}
