//! What comes of a concern and reaches others with a time on it: what a family was told, and on whose word a device is held.
//! Whoever works the concern sees it by the concern's own walls; a family sees what was shared with them on their page, and
//! nothing once they are shut out (S8, S13).

use domain::{ConcernId, PersonId, SettingId};
use sea_orm::{ColumnTrait, Condition, QueryOrder};

use crate::concerns::{Sees, not_shut_out, of_visible};
use crate::db::{Reads, Tx};
use crate::entity::working::{family_share, hold_leave};
use crate::error::Result;
use crate::rows;
use crate::words::FamilyWay;

pub use crate::entity::working::{FamilyShare, HoldLeave};

/// What was shared or withheld of a concern, oldest first.
///
/// # Errors
/// As any read.
pub async fn list_shares(db: &impl Reads, setting: SettingId, sees: &Sees, id: ConcernId) -> Result<Vec<FamilyShare>> {
    let condition = Condition::all()
        .add(family_share::Column::SettingId.eq(setting.0))
        .add(family_share::Column::ConcernId.eq(id.0))
        .add(of_visible((family_share::Entity, family_share::Column::ConcernId), setting, sees));
    rows::many(db, rows::select::<FamilyShare>(condition).order_by_asc(family_share::Column::MadeAt)).await
}

/// What was shared with somebody on their own page, newest first; nothing of a concern from which they are shut out.
///
/// # Errors
/// As any read.
pub async fn list_shared_with(db: &impl Reads, setting: SettingId, person: PersonId) -> Result<Vec<FamilyShare>> {
    let condition = Condition::all()
        .add(family_share::Column::SettingId.eq(setting.0))
        .add(family_share::Column::ToId.eq(person.0))
        .add(family_share::Column::Way.eq(FamilyWay::Portal.key()))
        .add(not_shut_out((family_share::Entity, family_share::Column::ConcernId), person));
    rows::many(db, rows::select::<FamilyShare>(condition).order_by_desc(family_share::Column::MadeAt)).await
}

/// Writes down what was shared or withheld.
///
/// # Errors
/// As any write.
pub async fn add_share(tx: &mut Tx, row: &FamilyShare) -> Result<()> {
    rows::add(tx, row).await
}

/// They opened it: over its older self.
///
/// # Errors
/// As any write.
pub async fn set_share(tx: &mut Tx, row: &FamilyShare) -> Result<i64> {
    rows::set(tx, row).await
}

/// On whose word devices are held, of the concerns that the viewer may know of; what nobody has looked at again comes first.
///
/// # Errors
/// As any read.
pub async fn list_leaves(db: &impl Reads, setting: SettingId, sees: &Sees) -> Result<Vec<HoldLeave>> {
    let condition = Condition::all().add(hold_leave::Column::SettingId.eq(setting.0)).add(of_visible(
        (hold_leave::Entity, hold_leave::Column::ConcernId),
        setting,
        sees,
    ));
    rows::many(db, rows::select::<HoldLeave>(condition).order_by_asc(hold_leave::Column::LookAgainAt)).await
}

/// Writes down on whose word a device is held.
///
/// # Errors
/// As any write.
pub async fn add_leave(tx: &mut Tx, row: &HoldLeave) -> Result<()> {
    rows::add(tx, row).await
}

/// Somebody looked again: over its older self.
///
/// # Errors
/// [`crate::Error::Conflict`] if somebody else did since.
pub async fn set_leave(tx: &mut Tx, row: &HoldLeave) -> Result<i64> {
    rows::set(tx, row).await
}
