//! "They have not answered": when a referral is not acknowledged in the time that its form names, whoever holds the concern
//! is told, once for each time. Asking again sets the next.

use domain::concern::Urgency;
use domain::referral::ReferralState;
use domain::{OpCtx, PersonId, ReferralId, SettingId};
use store::Scope;

use crate::concerns::case;
use crate::notices::{self, Matter};
use crate::{Result, Services, jobs};

/// The job.
pub(crate) async fn chase(services: &Services, ctx: &mut OpCtx, setting: SettingId, job: &jobs::Work) -> Result<()> {
    let id: ReferralId = job.get("referral")?;
    let mut tx = services.db.write(ctx, Scope::Setting(setting), "referral.chase").await?;
    let Some(row) = store::working::lookup_referral_for_program(&tx, setting, id).await? else { return Ok(()) };
    let silent = row.state == ReferralState::Sent && row.chase_at.is_some_and(|at| at <= ctx.now);
    let Some(concern) = store::concerns::lookup_for_program(&tx, setting, row.concern_id).await?.filter(|_| silent)
    else {
        return Ok(());
    };
    let case = case::loaded(&tx, concern).await?;
    let told = notices::told_so_far(&tx, &case, ctx.now).await?;
    let people: Vec<PersonId> = told.into_iter().filter(|person| !case.excluded.contains(person)).collect();
    let link = format!("/concerns/{}", case.concern.id);
    let matter = Matter { urgency: Urgency::Prompt, link: &link, concern: Some(case.concern.id) };
    notices::tell(&mut tx, setting, &people, &matter).await?;
    tx.commit().await?;
    services.wake_jobs();
    Ok(())
}
