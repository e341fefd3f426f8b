//! Who has a shared device just now (MON-05): somebody takes it at its start page with their short number (S35), and gives
//! it back, or it ends by itself with the day.
//!
//! What it is not: a sign-in to this program, or a condition for using the device. It is written beside the device's
//! activity, never into the filter's policy: a name that outlived its end there would be put to the wrong person's traffic.

use domain::{DeviceId, SettingId};
use jiff::{SignedDuration, Timestamp};
use store::vouchers::DeviceUse;
use store::{Reads, Scope};

use crate::filtering::sessions::pin;
use crate::filtering::start::Tablet;
use crate::{Result, Services};

/// Nobody works longer than this.
pub const LASTS: SignedDuration = SignedDuration::from_hours(10);

/// Takes a shared device; whoever had it has given it back.
///
/// # Errors
/// [`crate::Error::Invalid`] on `pin`, in one sentence whatever was wrong.
pub async fn take(services: &Services, tablet: &Tablet, username: &str, number: &str) -> Result<()> {
    let (mut tx, person) = pin::prove(services, tablet.setting, username, number, "take_device").await?;
    let now = tx.now();
    if let Some(before) = store::vouchers::find_use(&tx, tablet.setting, tablet.device, now).await? {
        store::vouchers::set_use(&mut tx, &DeviceUse { until_at: now, ..before }).await?;
    }
    let taken = DeviceUse {
        id: tx.fresh(),
        setting_id: tablet.setting,
        device_id: tablet.device,
        person_id: person,
        from_at: now,
        until_at: now.saturating_add(LASTS).unwrap_or(now),
    };
    store::vouchers::add_use(&mut tx, &taken).await?;
    Ok(tx.commit().await?)
}

/// Gives it back. Whoever holds it may.
///
/// # Errors
/// As any write.
pub async fn give_back(services: &Services, tablet: &Tablet) -> Result<()> {
    let mut ctx = services.system();
    let mut tx = services.db.write(&mut ctx, Scope::Setting(tablet.setting), "give_device_back").await?;
    let now = tx.now();
    if let Some(before) = store::vouchers::find_use(&tx, tablet.setting, tablet.device, now).await? {
        store::vouchers::set_use(&mut tx, &DeviceUse { until_at: now, ..before }).await?;
    }
    Ok(tx.commit().await?)
}

/// Who has it now, and until when.
pub(crate) async fn now_with(
    db: &impl Reads,
    setting: SettingId,
    device: DeviceId,
    now: Timestamp,
) -> Result<Option<(String, Timestamp)>> {
    let Some(taken) = store::vouchers::find_use(db, setting, device, now).await? else { return Ok(None) };
    let person = store::people::lookup(db, setting, taken.person_id).await?;
    Ok(person.map(|person| (person.name, taken.until_at)))
}

/// Who had a shared device in the last thirty days, newest first: from, until, name.
///
/// # Errors
/// Refused for who may not keep devices.
pub async fn of_device(
    services: &Services,
    ctx: &domain::OpCtx,
    id: DeviceId,
) -> Result<Vec<(Timestamp, Timestamp, String)>> {
    let member = crate::people::may(ctx, domain::access::Action::KeepDevices)?;
    let db = services.db.read(Scope::Setting(member.setting)).await?;
    let since = ctx.now.saturating_sub(SignedDuration::from_hours(24 * 30)).unwrap_or(ctx.now);
    let mut all = Vec::new();
    for one in store::vouchers::list_uses(&db, member.setting, since).await? {
        if one.device_id == id {
            let person = store::people::lookup(&db, member.setting, one.person_id).await?;
            let name = person.map_or_else(|| "somebody".to_owned(), |person| person.name);
            all.push((one.from_at, one.until_at, name));
        }
    }
    Ok(all)
}
