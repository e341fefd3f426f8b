//! What staff declare about their own life online. Who may read which is the caller's rule (`domain::declaration`).

use domain::{DeclarationId, SettingId};
use sea_orm::{ColumnTrait, Condition, QueryOrder};

use crate::db::{Reads, Tx};
use crate::entity::register::declaration;
use crate::error::Result;
use crate::rows;

pub use crate::entity::register::Declaration;

/// Every one, newest first.
///
/// # Errors
/// As any read.
pub async fn list(db: &impl Reads, setting: SettingId) -> Result<Vec<Declaration>> {
    let condition = Condition::all().add(declaration::Column::SettingId.eq(setting.0));
    rows::many(db, rows::select::<Declaration>(condition).order_by_desc(declaration::Column::MadeAt)).await
}

/// The one of an id.
///
/// # Errors
/// As any read.
pub async fn lookup(db: &impl Reads, setting: SettingId, id: DeclarationId) -> Result<Option<Declaration>> {
    let condition =
        Condition::all().add(declaration::Column::SettingId.eq(setting.0)).add(declaration::Column::Id.eq(id.0));
    rows::one(db, rows::select::<Declaration>(condition)).await
}

/// Writes one down.
///
/// # Errors
/// As any write.
pub async fn add(tx: &mut Tx, row: &Declaration) -> Result<()> {
    rows::add(tx, row).await
}

/// Writes one over its older self.
///
/// # Errors
/// [`crate::Error::Conflict`] if somebody decided since.
pub async fn set(tx: &mut Tx, row: &Declaration) -> Result<i64> {
    rows::set(tx, row).await
}
