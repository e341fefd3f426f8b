//! Whose traffic it is where no register says so: guests' vouchers (S24), and who took a shared device (MON-05).

use domain::{DeviceId, SettingId};
use jiff::Timestamp;
use sea_orm::{ColumnTrait, Condition, QueryOrder};
use uuid::Uuid;

use crate::db::{Reads, Tx};
use crate::entity::policy::{device_use, voucher};
use crate::error::Result;
use crate::rows;

pub use crate::entity::policy::{DeviceUse, Voucher};

/// Vouchers made since a time, newest first.
///
/// # Errors
/// As any read.
pub async fn list(db: &impl Reads, setting: SettingId, since: Timestamp) -> Result<Vec<Voucher>> {
    let condition = of(setting).add(voucher::Column::MadeAt.gte(since.as_microsecond()));
    rows::many(db, rows::select::<Voucher>(condition).order_by_desc(voucher::Column::MadeAt)).await
}

/// Vouchers whose device's address is still written down.
///
/// # Errors
/// As any read.
pub async fn list_placed(db: &impl Reads, setting: SettingId) -> Result<Vec<Voucher>> {
    rows::many(db, rows::select::<Voucher>(of(setting).add(voucher::Column::Address.is_not_null()))).await
}

/// The voucher of an id.
///
/// # Errors
/// As any read.
pub async fn lookup(db: &impl Reads, setting: SettingId, id: Uuid) -> Result<Option<Voucher>> {
    rows::one(db, rows::select::<Voucher>(of(setting).add(voucher::Column::Id.eq(id)))).await
}

/// The voucher with this code, of whichever setting.
///
/// # Errors
/// As any read.
pub async fn find_by_code(db: &impl Reads, code_sha256: &str) -> Result<Option<Voucher>> {
    let condition = Condition::all().add(voucher::Column::CodeSha256.eq(code_sha256));
    rows::one(db, rows::select::<Voucher>(condition)).await
}

/// Adds a voucher.
///
/// # Errors
/// As any write.
pub async fn add(tx: &mut Tx, voucher: &Voucher) -> Result<()> {
    rows::add(tx, voucher).await
}

/// Writes a voucher over its older self. Read it in the same transaction.
///
/// # Errors
/// As any write.
pub async fn set(tx: &mut Tx, voucher: &Voucher) -> Result<()> {
    rows::set(tx, voucher).await.map(|_| ())
}

/// Who took which shared device since a time, newest first.
///
/// # Errors
/// As any read.
pub async fn list_uses(db: &impl Reads, setting: SettingId, since: Timestamp) -> Result<Vec<DeviceUse>> {
    let condition = Condition::all()
        .add(device_use::Column::SettingId.eq(setting.0))
        .add(device_use::Column::UntilAt.gt(since.as_microsecond()));
    rows::many(db, rows::select::<DeviceUse>(condition).order_by_desc(device_use::Column::FromAt)).await
}

/// Who has a device at a time.
///
/// # Errors
/// As any read.
pub async fn find_use(
    db: &impl Reads,
    setting: SettingId,
    device: DeviceId,
    at: Timestamp,
) -> Result<Option<DeviceUse>> {
    let condition = Condition::all()
        .add(device_use::Column::SettingId.eq(setting.0))
        .add(device_use::Column::DeviceId.eq(device.0))
        .add(device_use::Column::FromAt.lte(at.as_microsecond()))
        .add(device_use::Column::UntilAt.gt(at.as_microsecond()));
    rows::one(db, rows::select::<DeviceUse>(condition)).await
}

/// Writes down who took a device.
///
/// # Errors
/// As any write.
pub async fn add_use(tx: &mut Tx, one: &DeviceUse) -> Result<()> {
    rows::add(tx, one).await
}

/// Ends it. Read it in the same transaction.
///
/// # Errors
/// As any write.
pub async fn set_use(tx: &mut Tx, one: &DeviceUse) -> Result<()> {
    rows::set(tx, one).await.map(|_| ())
}

fn of(setting: SettingId) -> Condition {
    Condition::all().add(voucher::Column::SettingId.eq(setting.0))
}
