//! Notices: "something in Holdfast needs you" (S10). They say nothing more, and end where an exclusion begins.

use domain::{PersonId, SettingId};
use jiff::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, Condition, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::concerns::{Sees, inherits};
use crate::db::{Reads, Tx};
use crate::entity::running::notice;
use crate::error::Result;
use crate::rows;

pub use crate::entity::running::Notice;

/// The notice of an id, for the job that mails it. None if its person was shut out in the meantime.
///
/// # Errors
/// As any read.
pub async fn lookup(db: &impl Reads, setting: SettingId, sees: &Sees, id: Uuid) -> Result<Option<Notice>> {
    rows::one(db, rows::select::<Notice>(mine(setting, sees).add(notice::Column::Id.eq(id)))).await
}

/// The viewer's notices that they have not seen, newest first.
///
/// # Errors
/// As any read.
pub async fn list_unseen(db: &impl Reads, setting: SettingId, sees: &Sees) -> Result<Vec<Notice>> {
    let condition = mine(setting, sees).add(notice::Column::SeenAt.is_null());
    rows::many(db, rows::select::<Notice>(condition).order_by_desc(notice::Column::MadeAt)).await
}

/// How many notices the viewer has not seen.
///
/// # Errors
/// As any read.
pub async fn count_unseen(db: &impl Reads, setting: SettingId, sees: &Sees) -> Result<u64> {
    let condition = mine(setting, sees).add(notice::Column::SeenAt.is_null());
    rows::count::<Notice>(db, rows::select::<Notice>(condition)).await
}

/// The outbox: what was sent to anybody and what would have been, newest first, but for what the viewer is excluded
/// from.
///
/// # Errors
/// As any read.
pub async fn list_outbox(db: &impl Reads, setting: SettingId, sees: &Sees, limit: u64) -> Result<Vec<Notice>> {
    let condition = Condition::all().add(notice::Column::SettingId.eq(setting.0)).add(inherits(notice::Entity, sees));
    rows::many(db, rows::select::<Notice>(condition).order_by_desc(notice::Column::MadeAt).limit(limit)).await
}

/// Adds a notice.
///
/// # Errors
/// As any write.
pub async fn add(tx: &mut Tx, notice: &Notice) -> Result<()> {
    rows::add(tx, notice).await
}

/// Mailed, or not: a notice over its older self.
///
/// # Errors
/// As any write.
pub async fn set(tx: &mut Tx, notice: &Notice) -> Result<()> {
    rows::set(tx, notice).await.map(|_| ())
}

/// The viewer has seen what stands behind a link. Returns how many notices that settles.
///
/// # Errors
/// As any write.
pub async fn set_seen(tx: &mut Tx, setting: SettingId, person: PersonId, link: &str) -> Result<u64> {
    let mut update = Query::update();
    update
        .table(notice::Entity)
        .value(notice::Column::SeenAt, tx.now().as_microsecond())
        .and_where(Expr::col(notice::Column::SettingId).eq(setting.0))
        .and_where(Expr::col(notice::Column::PersonId).eq(person.0))
        .and_where(Expr::col(notice::Column::Link).eq(link))
        .and_where(Expr::col(notice::Column::SeenAt).is_null());
    Ok(tx.exec(&update).await?.rows_affected())
}

/// Forgets notices that were seen before a time. Returns how many.
///
/// # Errors
/// As any write.
pub async fn cleanup(tx: &mut Tx, setting: SettingId, before: Timestamp) -> Result<u64> {
    let mut delete = Query::delete();
    delete
        .from_table(notice::Entity)
        .and_where(Expr::col(notice::Column::SettingId).eq(setting.0))
        .and_where(Expr::col(notice::Column::SeenAt).lt(before.as_microsecond()));
    Ok(tx.exec(&delete).await?.rows_affected())
}

fn mine(setting: SettingId, sees: &Sees) -> Condition {
    Condition::all()
        .add(notice::Column::SettingId.eq(setting.0))
        .add(notice::Column::PersonId.eq(sees.person.0))
        .add(inherits(notice::Entity, sees))
}
