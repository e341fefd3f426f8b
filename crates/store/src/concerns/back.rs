//! Letting somebody back who was shut out by mistake: proposals with their decisions, for whoever sees the concern.
//!
//! What it is not: the rule of who may propose and agree (`app::concerns::back`).

use domain::{ConcernId, SettingId};
use sea_orm::{ColumnTrait, Condition, QueryOrder};

use super::seen::{Sees, of_visible};
use crate::db::{Reads, Tx};
use crate::entity::cases::let_back;
use crate::error::Result;
use crate::rows;

pub use crate::entity::cases::LetBack;

/// Every proposal of a concern, oldest first, if the viewer may know of it.
///
/// # Errors
/// As any read.
pub async fn list_let_back(db: &impl Reads, setting: SettingId, sees: &Sees, id: ConcernId) -> Result<Vec<LetBack>> {
    let condition = Condition::all()
        .add(let_back::Column::SettingId.eq(setting.0))
        .add(let_back::Column::ConcernId.eq(id.0))
        .add(of_visible((let_back::Entity, let_back::Column::ConcernId), setting, sees));
    rows::many(db, rows::select::<LetBack>(condition).order_by_asc(let_back::Column::ProposedAt)).await
}

/// Writes a proposal down.
///
/// # Errors
/// As any write.
pub async fn add_let_back(tx: &mut Tx, row: &LetBack) -> Result<()> {
    rows::add(tx, row).await
}

/// Decides one: over its older self.
///
/// # Errors
/// [`crate::Error::Conflict`] if somebody decided since.
pub async fn set_let_back(tx: &mut Tx, row: &LetBack) -> Result<i64> {
    rows::set(tx, row).await
}
