//! Devices and holds.

use domain::{DeviceId, HoldId, SettingId};
use jiff::Timestamp;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{ColumnTrait, Condition, QueryOrder};

use crate::concerns::{Sees, inherits};
use crate::db::{Reads, Tx};
use crate::entity::register::{device, hold};
use crate::error::Result;
use crate::rows;

pub use crate::entity::register::{Device, Hold};

/// The device of an id.
///
/// # Errors
/// As any read.
pub async fn lookup(db: &impl Reads, setting: SettingId, id: DeviceId) -> Result<Option<Device>> {
    rows::one(db, rows::select::<Device>(of(setting).add(device::Column::Id.eq(id.0)))).await
}

/// Devices in use, by name.
///
/// # Errors
/// As any read.
pub async fn list(db: &impl Reads, setting: SettingId) -> Result<Vec<Device>> {
    let condition = of(setting).add(device::Column::RetiredAt.is_null());
    rows::many(db, rows::select::<Device>(condition).order_by_asc(device::Column::Name)).await
}

/// Adds a device.
///
/// # Errors
/// As any write.
pub async fn add(tx: &mut Tx, device: &Device) -> Result<()> {
    rows::add(tx, device).await
}

/// Writes a device over its older self and returns the new version.
///
/// # Errors
/// [`crate::Error::Conflict`] if it was changed since.
pub async fn set(tx: &mut Tx, device: &Device) -> Result<i64> {
    rows::set(tx, device).await
}

/// Takes a device away that was entered by mistake and on which nothing hangs (S55).
///
/// # Errors
/// [`crate::Error::Reference`] if a concern or a hold points to it.
pub async fn remove(tx: &mut Tx, device: &Device) -> Result<()> {
    rows::remove(tx, device).await
}

/// All devices that ever were, retired ones too, by name.
///
/// # Errors
/// As any read.
pub async fn list_all(db: &impl Reads, setting: SettingId) -> Result<Vec<Device>> {
    rows::many(db, rows::select::<Device>(of(setting)).order_by_asc(device::Column::Name)).await
}

/// The hold of an id, if the viewer may know of it.
///
/// # Errors
/// As any read.
pub async fn lookup_hold(db: &impl Reads, setting: SettingId, sees: &Sees, id: HoldId) -> Result<Option<Hold>> {
    let condition = of_hold(setting).add(hold::Column::Id.eq(id.0)).add(inherits(hold::Entity, sees));
    rows::one(db, rows::select::<Hold>(condition)).await
}

/// Holds in force at a time, as the gateway needs them: of everybody, for nobody's eyes.
///
/// # Errors
/// As any read.
pub async fn list_holds_for_gateway(db: &impl Reads, setting: SettingId, at: Timestamp) -> Result<Vec<Hold>> {
    rows::many(db, rows::select::<Hold>(in_force(setting, at)).order_by_asc(hold::Column::PlacedAt)).await
}

/// Holds in force at a time that the viewer may know of.
///
/// # Errors
/// As any read.
pub async fn list_holds(db: &impl Reads, setting: SettingId, sees: &Sees, at: Timestamp) -> Result<Vec<Hold>> {
    let condition = in_force(setting, at).add(inherits(hold::Entity, sees));
    rows::many(db, rows::select::<Hold>(condition).order_by_asc(hold::Column::PlacedAt)).await
}

/// Places a hold.
///
/// # Errors
/// As any write.
pub async fn add_hold(tx: &mut Tx, hold: &Hold) -> Result<()> {
    rows::add(tx, hold).await
}

/// Confirms, releases, writes the custody: a hold over its older self. Read it in the same transaction.
///
/// # Errors
/// As any write.
pub async fn set_hold(tx: &mut Tx, hold: &Hold) -> Result<()> {
    rows::set(tx, hold).await.map(|_| ())
}

fn of(setting: SettingId) -> Condition {
    Condition::all().add(device::Column::SettingId.eq(setting.0))
}

fn of_hold(setting: SettingId) -> Condition {
    Condition::all().add(hold::Column::SettingId.eq(setting.0))
}

fn in_force(setting: SettingId, at: Timestamp) -> Condition {
    of_hold(setting)
        .add(hold::Column::ReleasedAt.is_null())
        .add(hold::Column::UntilAt.is_null().or(hold::Column::UntilAt.gt(at.as_microsecond())))
}
