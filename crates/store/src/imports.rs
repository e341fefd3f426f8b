//! Imports from CSV files: what each brought in, so that it can be taken back (S55).

use domain::SettingId;
use sea_orm::{ColumnTrait, Condition, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::db::{Reads, Tx};
use crate::entity::house::import;
use crate::error::Result;
use crate::rows;

pub use crate::entity::house::Import;
pub use crate::words::ImportKind;

/// The import of an id.
///
/// # Errors
/// As any read.
pub async fn lookup(db: &impl Reads, setting: SettingId, id: Uuid) -> Result<Option<Import>> {
    rows::one(db, rows::select::<Import>(of(setting).add(import::Column::Id.eq(id)))).await
}

/// The newest imports, taken back ones too.
///
/// # Errors
/// As any read.
pub async fn list(db: &impl Reads, setting: SettingId, limit: u64) -> Result<Vec<Import>> {
    rows::many(db, rows::select::<Import>(of(setting)).order_by_desc(import::Column::MadeAt).limit(limit)).await
}

/// Adds an import.
///
/// # Errors
/// As any write.
pub async fn add(tx: &mut Tx, import: &Import) -> Result<()> {
    rows::add(tx, import).await
}

/// Writes an import over its older self: taken back.
///
/// # Errors
/// As any write.
pub async fn set(tx: &mut Tx, import: &Import) -> Result<()> {
    rows::set(tx, import).await.map(|_| ())
}

fn of(setting: SettingId) -> Condition {
    Condition::all().add(import::Column::SettingId.eq(setting.0))
}
