//! Half-written forms, kept on the server (S46). Only their author ever sees one.

use domain::{PersonId, SettingId};
use jiff::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, Condition, QueryOrder};

use crate::db::{Reads, Tx};
use crate::entity::cases::draft;
use crate::error::Result;
use crate::rows;

pub use crate::entity::cases::Draft;

/// Somebody's draft of a form.
///
/// # Errors
/// As any read.
pub async fn find_by_form(db: &impl Reads, setting: SettingId, person: PersonId, what: &str) -> Result<Option<Draft>> {
    rows::one(db, rows::select::<Draft>(mine(setting, person).add(draft::Column::What.eq(what)))).await
}

/// Somebody's drafts, newest first.
///
/// # Errors
/// As any read.
pub async fn list(db: &impl Reads, setting: SettingId, person: PersonId) -> Result<Vec<Draft>> {
    rows::many(db, rows::select::<Draft>(mine(setting, person)).order_by_desc(draft::Column::SavedAt)).await
}

/// Keeps a draft; the older one of the same form and person gives way.
///
/// # Errors
/// As any write.
pub async fn set(tx: &mut Tx, draft: &Draft) -> Result<()> {
    discard(tx, draft.setting_id, draft.person_id, &draft.what).await?;
    rows::add(tx, draft).await
}

/// Forgets a draft: the form was sent.
///
/// # Errors
/// As any write.
pub async fn discard(tx: &mut Tx, setting: SettingId, person: PersonId, what: &str) -> Result<()> {
    let mut delete = Query::delete();
    delete
        .from_table(draft::Entity)
        .cond_where(mine(setting, person))
        .and_where(Expr::col(draft::Column::What).eq(what));
    tx.exec(&delete).await.map(|_| ())
}

/// Forgets drafts that were saved before a time. Returns how many.
///
/// # Errors
/// As any write.
pub async fn cleanup(tx: &mut Tx, setting: SettingId, before: Timestamp) -> Result<u64> {
    let mut delete = Query::delete();
    delete
        .from_table(draft::Entity)
        .and_where(Expr::col(draft::Column::SettingId).eq(setting.0))
        .and_where(Expr::col(draft::Column::SavedAt).lt(before.as_microsecond()));
    Ok(tx.exec(&delete).await?.rows_affected())
}

fn mine(setting: SettingId, person: PersonId) -> Condition {
    Condition::all().add(draft::Column::SettingId.eq(setting.0)).add(draft::Column::PersonId.eq(person.0))
}
