//! What this setting found out about the numbers of agencies. Append-only: a wrong one is followed by a right one.

use domain::SettingId;
use sea_orm::{ColumnTrait, Condition, QueryOrder};

use crate::db::{Reads, Tx};
use crate::entity::working::agency_check;
use crate::error::Result;
use crate::rows;

pub use crate::entity::working::AgencyCheck;

/// Every check, oldest first: the last one of an agency holds.
///
/// # Errors
/// As any read.
pub async fn list(db: &impl Reads, setting: SettingId) -> Result<Vec<AgencyCheck>> {
    let condition = Condition::all().add(agency_check::Column::SettingId.eq(setting.0));
    let query = rows::select::<AgencyCheck>(condition)
        .order_by_asc(agency_check::Column::CheckedAt)
        .order_by_asc(agency_check::Column::Id);
    rows::many(db, query).await
}

/// Writes a check down.
///
/// # Errors
/// As any write.
pub async fn add(tx: &mut Tx, check: &AgencyCheck) -> Result<()> {
    rows::add(tx, check).await
}
