//! Calls for help, and who came (S35).

use domain::{DeviceId, SettingId};
use jiff::Timestamp;
use sea_orm::{ColumnTrait, Condition, QueryOrder};
use uuid::Uuid;

use crate::db::{Reads, Tx};
use crate::entity::policy::help_call;
use crate::error::Result;
use crate::rows;

pub use crate::entity::policy::HelpCall;

/// The call of an id.
///
/// # Errors
/// As any read.
pub async fn lookup(db: &impl Reads, setting: SettingId, id: Uuid) -> Result<Option<HelpCall>> {
    rows::one(db, rows::select::<HelpCall>(of(setting).add(help_call::Column::Id.eq(id)))).await
}

/// Calls since a time, newest first.
///
/// # Errors
/// As any read.
pub async fn list(db: &impl Reads, setting: SettingId, since: Timestamp) -> Result<Vec<HelpCall>> {
    let condition = of(setting).add(help_call::Column::CalledAt.gte(since.as_microsecond()));
    rows::many(db, rows::select::<HelpCall>(condition).order_by_desc(help_call::Column::CalledAt)).await
}

/// Calls since a time that nobody has answered, oldest first.
///
/// # Errors
/// As any read.
pub async fn list_waiting(db: &impl Reads, setting: SettingId, since: Timestamp) -> Result<Vec<HelpCall>> {
    let condition = of(setting)
        .add(help_call::Column::CalledAt.gte(since.as_microsecond()))
        .add(help_call::Column::AnsweredAt.is_null());
    rows::many(db, rows::select::<HelpCall>(condition).order_by_asc(help_call::Column::CalledAt)).await
}

/// The newest call from a device, or from one that nobody knows.
///
/// # Errors
/// As any read.
pub async fn find_newest(db: &impl Reads, setting: SettingId, device: Option<DeviceId>) -> Result<Option<HelpCall>> {
    let condition = match device {
        Some(device) => of(setting).add(help_call::Column::DeviceId.eq(device.0)),
        None => of(setting).add(help_call::Column::DeviceId.is_null()),
    };
    rows::one(db, rows::select::<HelpCall>(condition).order_by_desc(help_call::Column::CalledAt)).await
}

/// Writes a call down.
///
/// # Errors
/// As any write.
pub async fn add(tx: &mut Tx, call: &HelpCall) -> Result<()> {
    rows::add(tx, call).await
}

/// Writes a call over its older self. Read it in the same transaction.
///
/// # Errors
/// As any write.
pub async fn set(tx: &mut Tx, call: &HelpCall) -> Result<()> {
    rows::set(tx, call).await.map(|_| ())
}

fn of(setting: SettingId) -> Condition {
    Condition::all().add(help_call::Column::SettingId.eq(setting.0))
}
