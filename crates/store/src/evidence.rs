//! Dated proofs (S51). Append-only: a wrong one is followed by a right one.

use domain::{EvidenceId, SettingId};
use jiff::Timestamp;
use sea_orm::{ColumnTrait, Condition, QueryOrder, QuerySelect};

use crate::db::{Reads, Tx};
use crate::entity::policy::evidence;
use crate::error::Result;
use crate::rows;

pub use crate::entity::policy::Evidence;

/// The proof of an id.
///
/// # Errors
/// As any read.
pub async fn lookup(db: &impl Reads, setting: SettingId, id: EvidenceId) -> Result<Option<Evidence>> {
    rows::one(db, rows::select::<Evidence>(of(setting).add(evidence::Column::Id.eq(id.0)))).await
}

/// The newest proof of a kind that was in effect at a time.
///
/// # Errors
/// As any read.
pub async fn find_newest(db: &impl Reads, setting: SettingId, kind: &str, at: Timestamp) -> Result<Option<Evidence>> {
    let condition =
        of(setting).add(evidence::Column::Kind.eq(kind)).add(evidence::Column::EffectiveAt.lte(at.as_microsecond()));
    rows::one(db, newest_first(condition).limit(1)).await
}

/// Proofs in effect since a time, of one kind or all, newest first.
///
/// # Errors
/// As any read.
pub async fn list(db: &impl Reads, setting: SettingId, kind: Option<&str>, since: Timestamp) -> Result<Vec<Evidence>> {
    let condition = of(setting)
        .add(evidence::Column::EffectiveAt.gte(since.as_microsecond()))
        .add_option(kind.map(|kind| evidence::Column::Kind.eq(kind)));
    rows::many(db, newest_first(condition)).await
}

/// Adds a proof.
///
/// # Errors
/// As any write.
pub async fn add(tx: &mut Tx, evidence: &Evidence) -> Result<()> {
    rows::add(tx, evidence).await
}

fn newest_first(condition: Condition) -> sea_orm::Select<evidence::Entity> {
    rows::select::<Evidence>(condition)
        .order_by_desc(evidence::Column::EffectiveAt)
        .order_by_desc(evidence::Column::RecordedAt)
        .order_by_desc(evidence::Column::Id)
}

fn of(setting: SettingId) -> Condition {
    Condition::all().add(evidence::Column::SettingId.eq(setting.0))
}
