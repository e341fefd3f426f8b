//! Settings.

use domain::SettingId;
use sea_orm::{ColumnTrait, Condition, QueryOrder};

use crate::db::{Reads, Tx};
use crate::entity::house::setting;
use crate::error::Result;
use crate::rows;

pub use crate::entity::house::Setting;

/// The setting of an id.
///
/// # Errors
/// As any read.
pub async fn lookup(db: &impl Reads, id: SettingId) -> Result<Option<Setting>> {
    rows::one(db, rows::select::<Setting>(Condition::all().add(setting::Column::Id.eq(id.0)))).await
}

/// All settings, by name.
///
/// # Errors
/// As any read.
pub async fn list(db: &impl Reads) -> Result<Vec<Setting>> {
    rows::many(db, rows::select::<Setting>(Condition::all()).order_by_asc(setting::Column::Name)).await
}

/// Adds a setting.
///
/// # Errors
/// As any write.
pub async fn add(tx: &mut Tx, setting: &Setting) -> Result<()> {
    rows::add(tx, setting).await
}

/// Writes a setting over its older self and returns its new version.
///
/// # Errors
/// [`crate::Error::Conflict`] if it was changed since it was read.
pub async fn set(tx: &mut Tx, setting: &Setting) -> Result<i64> {
    rows::set(tx, setting).await
}
