//! Groups of adults' devices that somebody opened in an emergency (S30).

use domain::SettingId;
use jiff::Timestamp;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{ColumnTrait, Condition, QueryOrder};
use uuid::Uuid;

use crate::db::{Reads, Tx};
use crate::entity::policy::break_glass;
use crate::error::Result;
use crate::rows;

pub use crate::entity::policy::BreakGlass;

/// The one of an id.
///
/// # Errors
/// As any read.
pub async fn lookup(db: &impl Reads, setting: SettingId, id: Uuid) -> Result<Option<BreakGlass>> {
    rows::one(db, rows::select::<BreakGlass>(of(setting).add(break_glass::Column::Id.eq(id)))).await
}

/// Open at a time, oldest first.
///
/// # Errors
/// As any read.
pub async fn list_open(db: &impl Reads, setting: SettingId, at: Timestamp) -> Result<Vec<BreakGlass>> {
    let at = at.as_microsecond();
    let condition = of(setting)
        .add(break_glass::Column::UntilAt.gt(at))
        .add(break_glass::Column::EndedAt.is_null().or(break_glass::Column::EndedAt.gt(at)));
    rows::many(db, rows::select::<BreakGlass>(condition).order_by_asc(break_glass::Column::OpenedAt)).await
}

/// All that ever were, newest first.
///
/// # Errors
/// As any read.
pub async fn list(db: &impl Reads, setting: SettingId) -> Result<Vec<BreakGlass>> {
    rows::many(db, rows::select::<BreakGlass>(of(setting)).order_by_desc(break_glass::Column::OpenedAt)).await
}

/// Opens one.
///
/// # Errors
/// As any write.
pub async fn add(tx: &mut Tx, one: &BreakGlass) -> Result<()> {
    rows::add(tx, one).await
}

/// Ends one, or writes down what somebody found. Read it in the same transaction.
///
/// # Errors
/// As any write.
pub async fn set(tx: &mut Tx, one: &BreakGlass) -> Result<()> {
    rows::set(tx, one).await.map(|_| ())
}

fn of(setting: SettingId) -> Condition {
    Condition::all().add(break_glass::Column::SettingId.eq(setting.0))
}
