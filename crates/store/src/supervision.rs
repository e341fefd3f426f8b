//! Supervised sessions and the short numbers that open one (CLS-07, S35).

use domain::{PersonId, SettingId};
use jiff::Timestamp;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{ColumnTrait, Condition, QueryOrder};
use uuid::Uuid;

use crate::db::{Reads, Tx};
use crate::entity::policy::supervised;
use crate::entity::running::pin;
use crate::error::Result;
use crate::rows;

pub use crate::entity::policy::Supervised;
pub use crate::entity::running::Pin;

/// The session of an id.
///
/// # Errors
/// As any read.
pub async fn lookup(db: &impl Reads, setting: SettingId, id: Uuid) -> Result<Option<Supervised>> {
    rows::one(db, rows::select::<Supervised>(of(setting).add(supervised::Column::Id.eq(id)))).await
}

/// Sessions that are open at a time, oldest first.
///
/// # Errors
/// As any read.
pub async fn list_open(db: &impl Reads, setting: SettingId, at: Timestamp) -> Result<Vec<Supervised>> {
    let at = at.as_microsecond();
    let condition = of(setting)
        .add(supervised::Column::OpenedAt.lte(at))
        .add(supervised::Column::UntilAt.gt(at))
        .add(supervised::Column::EndedAt.is_null().or(supervised::Column::EndedAt.gt(at)));
    rows::many(db, rows::select::<Supervised>(condition).order_by_asc(supervised::Column::OpenedAt)).await
}

/// Sessions opened since a time, newest first.
///
/// # Errors
/// As any read.
pub async fn list(db: &impl Reads, setting: SettingId, since: Timestamp) -> Result<Vec<Supervised>> {
    let condition = of(setting).add(supervised::Column::OpenedAt.gte(since.as_microsecond()));
    rows::many(db, rows::select::<Supervised>(condition).order_by_desc(supervised::Column::OpenedAt)).await
}

/// Opens a session.
///
/// # Errors
/// As any write.
pub async fn add(tx: &mut Tx, session: &Supervised) -> Result<()> {
    rows::add(tx, session).await
}

/// Ends a session. Read it in the same transaction.
///
/// # Errors
/// As any write.
pub async fn set(tx: &mut Tx, session: &Supervised) -> Result<()> {
    rows::set(tx, session).await.map(|_| ())
}

/// Somebody's short number.
///
/// # Errors
/// As any read.
pub async fn lookup_pin(db: &impl Reads, setting: SettingId, person: PersonId) -> Result<Option<Pin>> {
    let condition = Condition::all().add(pin::Column::SettingId.eq(setting.0)).add(pin::Column::PersonId.eq(person.0));
    rows::one(db, rows::select::<Pin>(condition)).await
}

/// Keeps a short number over the older one.
///
/// # Errors
/// As any write.
pub async fn set_pin(tx: &mut Tx, pin: &Pin) -> Result<()> {
    match lookup_pin(tx, pin.setting_id, pin.person_id).await? {
        Some(_) => rows::set(tx, pin).await.map(|_| ()),
        None => rows::add(tx, pin).await,
    }
}

fn of(setting: SettingId) -> Condition {
    Condition::all().add(supervised::Column::SettingId.eq(setting.0))
}
