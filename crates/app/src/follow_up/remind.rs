//! Reminders: on the morning of its day an action reminds its owner, on the morning after also whoever asked for it; and a
//! support plan whoever sees to it. Done in time, nobody hears anything.

use domain::concern::Urgency;
use domain::{ActionId, OpCtx, PersonId, SettingId};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde_json::json;
use store::follow_up::Action;
use store::{Scope, Tx};

use crate::jobs::{self, Kind, Work};
use crate::notices::{self, Matter};
use crate::{Error, Result, Services};

/// The hour at which people are reminded.
const MORNING: i8 = 8;

/// Sets both reminders, in the transaction of the act.
pub(super) async fn set(tx: &mut Tx, services: &Services, action: &Action) -> Result<()> {
    for (late, day) in [(false, Some(action.due)), (true, action.due.checked_add(1.day()).ok())] {
        let Some(day) = day else { continue };
        // With the day: one that was given another day is reminded on that one too.
        let key = format!("action.remind/{}/{}/{day}", action.id, if late { "late" } else { "due" });
        let payload = json!({ "action": action.id, "late": late });
        let at = morning_of(services, day)?;
        jobs::queue(tx, Some(action.setting_id), Kind::RemindAction, key, payload, at).await?;
    }
    Ok(())
}

/// The morning of a day, in the setting’s time.
pub(crate) fn morning_of(services: &Services, day: Date) -> Result<Timestamp> {
    let at = day.at(MORNING, 0, 0, 0).to_zoned(services.calendar.zone().clone());
    Ok(at.map_err(|error| Error::Internal(error.to_string()))?.timestamp())
}

/// The job.
pub(crate) async fn remind(services: &Services, ctx: &mut OpCtx, setting: SettingId, job: &Work) -> Result<()> {
    let id: ActionId = job.get("action")?;
    let late: bool = job.get("late")?;
    let mut tx = services.db.write(ctx, Scope::Setting(setting), "action.remind").await?;
    let found = store::follow_up::lookup_for_program(&tx, setting, id).await?;
    let Some(action) = found.filter(|action| action.done_at.is_none()) else { return Ok(()) };
    // It was given another day since: that one has a reminder of its own.
    let today = services.calendar.local(ctx.now).date();
    if today < action.due || (late && today == action.due) {
        return Ok(());
    }
    let mut people: Vec<PersonId> = vec![action.owner_id];
    if late && action.made_by != action.owner_id {
        people.push(action.made_by);
    }
    let matter = Matter { urgency: Urgency::Prompt, link: "/actions", concern: action.concern_id };
    notices::tell(&mut tx, setting, &people, &matter).await?;
    tx.commit().await?;
    services.wake_jobs();
    Ok(())
}
