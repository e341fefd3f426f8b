//! Fetched versions of lists, and when each source was asked.

use domain::SettingId;
use sea_orm::{ColumnTrait, Condition, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::db::{Reads, Tx};
use crate::entity::lists::{list_check, list_version};
use crate::error::Result;
use crate::rows;
use crate::words::ListState;

pub use crate::entity::lists::{ListCheck, ListVersion};

/// A version.
///
/// # Errors
/// As any read.
pub async fn lookup(db: &impl Reads, setting: SettingId, id: Uuid) -> Result<Option<ListVersion>> {
    rows::one(db, rows::select::<ListVersion>(of(setting).add(list_version::Column::Id.eq(id)))).await
}

/// Versions of a source, newest first, at most `limit`.
///
/// # Errors
/// As any read.
pub async fn list(db: &impl Reads, setting: SettingId, source: &str, limit: u64) -> Result<Vec<ListVersion>> {
    let condition = of(setting).add(list_version::Column::Source.eq(source));
    let newest = rows::select::<ListVersion>(condition).order_by_desc(list_version::Column::FetchedAt);
    rows::many(db, newest.limit(limit)).await
}

/// Every version of a setting that stands so, newest first.
///
/// # Errors
/// As any read.
pub async fn list_in(db: &impl Reads, setting: SettingId, state: ListState) -> Result<Vec<ListVersion>> {
    let condition = of(setting).add(list_version::Column::State.eq(state.key()));
    rows::many(db, rows::select::<ListVersion>(condition).order_by_desc(list_version::Column::FetchedAt)).await
}

/// Adds a version.
///
/// # Errors
/// As any write.
pub async fn add(tx: &mut Tx, version: &ListVersion) -> Result<()> {
    rows::add(tx, version).await
}

/// A version over its older self.
///
/// # Errors
/// [`crate::Error::Conflict`] if it was changed since.
pub async fn set(tx: &mut Tx, version: &ListVersion) -> Result<i64> {
    rows::set(tx, version).await
}

/// When the sources of a setting were asked.
///
/// # Errors
/// As any read.
pub async fn list_checks(db: &impl Reads, setting: SettingId) -> Result<Vec<ListCheck>> {
    let condition = Condition::all().add(list_check::Column::SettingId.eq(setting.0));
    rows::many(db, rows::select::<ListCheck>(condition).order_by_asc(list_check::Column::Source)).await
}

/// Notes how a source answered.
///
/// # Errors
/// As any write.
pub async fn set_check(tx: &mut Tx, check: &ListCheck) -> Result<()> {
    let condition = Condition::all()
        .add(list_check::Column::SettingId.eq(check.setting_id.0))
        .add(list_check::Column::Source.eq(check.source.as_str()));
    match rows::one::<ListCheck>(tx, rows::select::<ListCheck>(condition)).await? {
        Some(_) => rows::set(tx, check).await.map(|_| ()),
        None => rows::add(tx, check).await,
    }
}

fn of(setting: SettingId) -> Condition {
    Condition::all().add(list_version::Column::SettingId.eq(setting.0))
}
