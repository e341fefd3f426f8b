//! Filing is not telling: a concern that nobody opens goes to the next person who is not excluded, and at the end the
//! reporter is given numbers outside (S4, S7). Pages carry it; a dead mail server changes nothing.

use std::collections::BTreeSet;

use domain::concern::{ConcernStatus, Part, RouteKind};
use domain::routing::{Ladder, Way, ladder};
use domain::{ConcernId, OpCtx, PersonId, Role, SettingId};
use jiff::SignedDuration;
use serde_json::json;
use store::concerns::{Concern, Invitation};
use store::{Reads, Scope, Tx};

use super::{Mailing, Matter, tell_by};
use crate::concerns::case::{self, Case, REACHED};
use crate::{Result, Services, concerns, jobs};

/// The ladder of a concern with today's roles and today's exclusions.
pub(crate) async fn ladder_now(db: &impl Reads, case: &Case, at: jiff::Timestamp) -> Result<Ladder> {
    let roster = case::roster(db, case.setting(), at).await?;
    let profile = case::profile(db, case.setting()).await?;
    let switches = profile.switches;
    let parts = store::concerns::list_parts_for_program(db, case.setting(), case.concern.id).await?;
    let about = parts.into_iter().filter(|row| row.part == Part::About).map(|row| row.person_id).collect();
    let way = Way::of(case.concern.route, case.concern.kind, &switches).named(profile.case_manager);
    let way = way.about(&about, &roster, &switches);
    Ok(ladder(&way, &roster, &case.excluded))
}

/// Everybody who has been told: by role on the safeguarding route, by name on any.
pub(crate) async fn told_so_far(db: &impl Reads, case: &Case, at: jiff::Timestamp) -> Result<BTreeSet<PersonId>> {
    let mut told = &case.reached | &case.invited;
    if case.concern.route == RouteKind::Safeguarding {
        let roster = case::roster(db, case.setting(), at).await?;
        told.extend([Role::Dsl, Role::Deputy].iter().filter_map(|role| roster.get(role)).flatten().copied());
    }
    Ok(told)
}

/// Tells the first rung, and sets the clock for the next. With nobody inside, the receipt shows who is outside.
pub(crate) async fn tell_first(tx: &mut Tx, concern: &Concern) -> Result<()> {
    let case = case::loaded(tx, concern.clone()).await?;
    let ladder = ladder_now(tx, &case, tx.now()).await?;
    reach(tx, &case.concern, ladder.first()).await?;
    if !ladder.rungs.is_empty() {
        look_again(tx, concern, 1).await?;
    }
    Ok(())
}

/// Somebody was shut out after filing. If nobody who was told is left, the next is told at once.
pub(crate) async fn after_exclusion(tx: &mut Tx, concern: &Concern) -> Result<()> {
    let case = case::loaded(tx, concern.clone()).await?;
    let ladder = ladder_now(tx, &case, tx.now()).await?;
    let told = told_so_far(tx, &case, tx.now()).await?;
    let left = ladder.rungs.iter().flatten().any(|person| told.contains(person));
    if !left {
        reach(tx, &case.concern, ladder.first()).await?;
    }
    Ok(())
}

/// The job: has anybody opened it? If not, the next person.
pub(crate) async fn escalate(services: &Services, ctx: &mut OpCtx, setting: SettingId, job: &jobs::Work) -> Result<()> {
    let id: ConcernId = job.get("concern")?;
    let rung: u64 = job.get("rung")?;
    let mut tx = services.db.write(ctx, Scope::Setting(setting), "concern.escalate").await?;
    let Some(concern) = store::concerns::lookup_for_program(&tx, setting, id).await? else { return Ok(()) };
    if concern.status != ConcernStatus::Received {
        return Ok(());
    }
    let case = case::loaded(&tx, concern).await?;
    let ladder = ladder_now(&tx, &case, ctx.now).await?;
    let told = told_so_far(&tx, &case, ctx.now).await?;
    if let Some(next) = ladder.after(&told).map(<[PersonId]>::to_vec) {
        let new: Vec<PersonId> = next.into_iter().filter(|person| !told.contains(person)).collect();
        concerns::by_the_program(&mut tx, &case.concern, "Nobody had opened this. The next person was told.").await?;
        reach(&mut tx, &case.concern, &new).await?;
        look_again(&mut tx, &case.concern, rung.saturating_add(1)).await?;
    } else {
        let text =
            "Nobody had opened this, and nobody else is left inside. The reporter’s receipt says whom to ring outside.";
        concerns::by_the_program(&mut tx, &case.concern, text).await?;
    }
    tx.commit().await?;
    services.wake_jobs();
    Ok(())
}

/// Tells people of a concern. Those who do not see it by their role are let in by name.
pub(crate) async fn reach(tx: &mut Tx, concern: &Concern, people: &[PersonId]) -> Result<()> {
    let by_role = match concern.route {
        RouteKind::Safeguarding => leads(tx, concern.setting_id).await?,
        RouteKind::Allegation => BTreeSet::new(),
    };
    let there = store::concerns::list_invitations(tx, concern.setting_id, concern.id).await?;
    for person in people {
        if by_role.contains(person) || there.iter().any(|known| known.person_id == *person) {
            continue;
        }
        let invitation = Invitation {
            concern_id: concern.id,
            person_id: *person,
            setting_id: concern.setting_id,
            invited_by: *person,
            at: tx.now(),
            reason: REACHED.into(),
        };
        store::concerns::add_invitation(tx, &invitation).await?;
    }
    let link = format!("/concerns/{}", concern.id);
    let matter = Matter { urgency: concern.urgency, link: &link, concern: Some(concern.id) };
    tell_by(tx, concern.setting_id, people, &matter, mailing(tx, concern).await?).await
}

/// So many reports without an account in one hour are mailed one by one.
const CALM: u64 = 20;

/// Reports of people with accounts are always mailed.
async fn mailing(tx: &Tx, concern: &Concern) -> Result<Mailing> {
    if concern.reporter_id.is_some() {
        return Ok(Mailing::Each);
    }
    let since = tx.now().saturating_sub(SignedDuration::from_hours(1)).unwrap_or(tx.now());
    let many = store::concerns::count_unsigned_for_program(tx, concern.setting_id, since).await? > CALM;
    Ok(if many { Mailing::Hourly } else { Mailing::Each })
}

async fn leads(tx: &Tx, setting: SettingId) -> Result<BTreeSet<PersonId>> {
    let roster = case::roster(tx, setting, tx.now()).await?;
    Ok([Role::Dsl, Role::Deputy].iter().filter_map(|role| roster.get(role)).flatten().copied().collect())
}

async fn look_again(tx: &mut Tx, concern: &Concern, rung: u64) -> Result<()> {
    let wait = SignedDuration::from_mins(concern.urgency.escalates_after_minutes());
    let at = tx.now().saturating_add(wait).unwrap_or(tx.now());
    let key = format!("escalate/{}/{rung}", concern.id);
    let payload = json!({ "concern": concern.id, "rung": rung });
    jobs::queue(tx, Some(concern.setting_id), jobs::Kind::Escalate, key, payload, at).await
}
