//! A clock that stands before what is on record cannot say what is still to come (S43): facts are taken with the time that people
//! give them, reports are marked, and nothing is destroyed. Nor does it say who holds which role: that is judged by
//! `store::audit::judged_at`, so that nobody loses a role, or gets one back, by a battery.

use domain::SettingId;
use jiff::Timestamp;
use store::{Reads, Scope};

use crate::{Error, Result, Services};

/// The newest record, where the clock stands before it.
///
/// # Errors
/// As any read.
pub async fn ahead_of(db: &impl Reads, setting: SettingId, now: Timestamp) -> Result<Option<Timestamp>> {
    Ok(store::audit::newest_at(db, setting).await?.filter(|newest| now < *newest))
}

/// The latest time that somebody may say something happened at: now; with a wrong clock, any.
pub(crate) async fn latest(db: &impl Reads, setting: SettingId, now: Timestamp) -> Result<Timestamp> {
    Ok(if ahead_of(db, setting, now).await?.is_some() { Timestamp::MAX } else { now })
}

/// "That time is still to come", unless the clock is the one that is wrong.
pub(crate) async fn has_come(
    db: &impl Reads,
    setting: SettingId,
    (field, at): (&str, Timestamp),
    now: Timestamp,
) -> Result<()> {
    if at > now && at > latest(db, setting, now).await? {
        return Err(Error::invalid(field, "That time is still to come. Check the day and the time."));
    }
    Ok(())
}

/// As [`latest`], for a form that knows no setting yet: with any setting's records ahead of the clock, any time. With the
/// database away, now.
pub async fn latest_anywhere(services: &Services) -> Timestamp {
    let now = services.now();
    let Ok(reader) = services.db.read(Scope::All).await else { return now };
    for setting in store::settings::list(&reader).await.unwrap_or_default() {
        if latest(&reader, setting.id, now).await.is_ok_and(|latest| latest > now) {
            return Timestamp::MAX;
        }
    }
    now
}
