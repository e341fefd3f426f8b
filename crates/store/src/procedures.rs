//! The texts of procedures that concerns began with (S42). Append-only: an edition is one text for ever.

use domain::SettingId;
use sea_orm::{ColumnTrait, Condition};

use crate::db::{Reads, Tx};
use crate::entity::cases::procedure_text;
use crate::error::Result;
use crate::rows;

pub use crate::entity::cases::ProcedureText;

/// The text of an edition.
///
/// # Errors
/// As any read.
pub async fn lookup(
    db: &impl Reads,
    setting: SettingId,
    procedure: &str,
    edition: &str,
) -> Result<Option<ProcedureText>> {
    let condition = of(setting)
        .add(procedure_text::Column::Procedure.eq(procedure))
        .add(procedure_text::Column::Edition.eq(edition));
    rows::one(db, rows::select::<ProcedureText>(condition)).await
}

/// Every text that a setting keeps.
///
/// # Errors
/// As any read.
pub async fn list(db: &impl Reads, setting: SettingId) -> Result<Vec<ProcedureText>> {
    rows::many(db, rows::select::<ProcedureText>(of(setting))).await
}

/// Keeps a text, unless its edition is kept already.
///
/// # Errors
/// As any write.
pub async fn keep(tx: &mut Tx, text: &ProcedureText) -> Result<()> {
    match lookup(tx, text.setting_id, &text.procedure, &text.edition).await? {
        Some(_) => Ok(()),
        None => rows::add(tx, text).await,
    }
}

fn of(setting: SettingId) -> Condition {
    Condition::all().add(procedure_text::Column::SettingId.eq(setting.0))
}
