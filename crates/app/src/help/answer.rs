//! "I'm coming": signed in, on a device of adults, or with a short number on one that a child may hold. The first answer
//! counts; whoever gave it on a device that nobody had taken is named afterwards, by themselves.

use domain::access::{Action, Refused, Relation, authorize};
use domain::{DeviceId, OpCtx, PersonId, SettingId};
use store::help::HelpCall;
use store::{Scope, Tx};
use uuid::Uuid;

use super::{is_adults, on_device};
use crate::filtering::decide;
use crate::filtering::sessions::pin;
use crate::filtering::start::Tablet;
use crate::{Error, Result, Services};

const ACT: &str = "filter.help_answered";

/// Says that one is coming; or, of a call that somebody answered on a device without a name, that it was oneself.
///
/// # Errors
/// [`Error::NotFound`] for a call that is not there, or that somebody else has answered.
pub async fn answer(services: &Services, ctx: &mut OpCtx, id: Uuid) -> Result<()> {
    authorize(&ctx.actor, Action::HoldDevice, Relation::Setting)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), ACT).await?;
    let call = store::help::lookup(&tx, member.setting, id).await?.ok_or(Error::NotFound)?;
    if call.answered_by.is_some() {
        return Err(Error::NotFound);
    }
    let now = tx.now();
    let answered = HelpCall { answered_at: call.answered_at.or(Some(now)), answered_by: Some(member.person), ..call };
    store::help::set(&mut tx, &answered).await?;
    Ok(tx.commit().await?)
}

/// The same on an adults' device that rings: by whoever has taken it, or whose it is; else by nobody in particular yet.
///
/// # Errors
/// [`Error::NotFound`] for a call that does not ring there, or on a device that a child may hold.
pub async fn answer_on(services: &Services, tablet: &Tablet, id: Uuid) -> Result<()> {
    let rings = on_device(services, tablet).await?;
    if rings.asks_pin || !rings.ringing.iter().any(|call| call.id == id) {
        return Err(Error::NotFound);
    }
    let mut ctx = services.system();
    let mut tx = services.db.write(&mut ctx, Scope::Setting(tablet.setting), ACT).await?;
    let now = tx.now();
    let device = store::devices::lookup(&tx, tablet.setting, tablet.device).await?.ok_or(Error::NotFound)?;
    let taken = store::vouchers::find_use(&tx, tablet.setting, tablet.device, now).await?.map(|taken| taken.person_id);
    first(&mut tx, tablet.setting, id, taken.or(device.person_id), tablet.device).await?;
    Ok(tx.commit().await?)
}

/// The same on a device that a child may hold, the calling one itself too: with one's own short number. Answers every call
/// that rings there or came from it.
///
/// # Errors
/// [`Error::Invalid`] on `pin`, in one sentence whatever was wrong.
pub async fn answer_by_pin(services: &Services, tablet: &Tablet, username: &str, number: &str) -> Result<()> {
    let (mut tx, person) = pin::prove(services, tablet.setting, username, number, ACT).await?;
    let now = tx.now();
    let (_, policy) = decide::in_force(&tx, tablet.setting).await?;
    let adults = is_adults(&policy, &tablet.group);
    for call in super::waiting(&tx, tablet.setting, now).await? {
        let here = call.device_id == Some(tablet.device) || (call.room_id.is_some() && call.room_id == tablet.room);
        if here || (adults && now >= call.office_at) {
            first(&mut tx, tablet.setting, call.id, Some(person), tablet.device).await?;
        }
    }
    Ok(tx.commit().await?)
}

/// The first answer stands.
async fn first(tx: &mut Tx, setting: SettingId, id: Uuid, by: Option<PersonId>, on: DeviceId) -> Result<()> {
    let call = store::help::lookup(&*tx, setting, id).await?.ok_or(Error::NotFound)?;
    if call.answered_at.is_some() {
        return Ok(());
    }
    let answered = HelpCall { answered_at: Some(tx.now()), answered_by: by, answered_on: Some(on), ..call };
    Ok(store::help::set(tx, &answered).await?)
}
