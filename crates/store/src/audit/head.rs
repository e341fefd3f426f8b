//! Signed heads. A head that has left the box (mail, print, another gateway) makes rewriting the chain before it visible,
//! even by somebody who holds every key of the database (S37).

use domain::SettingId;
use ed25519_dalek::{Signature, Verifier, VerifyingKey};
use sea_orm::{ColumnTrait, Condition, QueryOrder, QuerySelect};

use crate::db::{Reads, Tx};
use crate::entity::running::{AuditHead, audit_head};
use crate::error::Result;
use crate::rows;
use crate::table::Row;

/// Signs the newest link of a chain. None: the chain is empty. Signing twice without a link between gives the same head.
///
/// # Errors
/// As any write.
pub async fn sign_head(tx: &mut Tx, setting: SettingId) -> Result<Option<AuditHead>> {
    let Some(link) = super::newest(tx, setting).await? else { return Ok(None) };
    if let Some(there) = find_head(tx, setting).await?
        && there.seq == link.seq
    {
        return Ok(Some(there));
    }
    let mut head =
        AuditHead { setting_id: setting, seq: link.seq, hash: link.hash, at: tx.now(), signature: String::new() };
    head.signature = tx.keys().sign(message(&head).as_bytes());
    rows::insert(tx, AuditHead::DEF, &head.fields()).await?;
    Ok(Some(head))
}

/// The newest signed head of a chain.
///
/// # Errors
/// As any read.
pub async fn find_head(db: &impl Reads, setting: SettingId) -> Result<Option<AuditHead>> {
    let condition = Condition::all().add(audit_head::Column::SettingId.eq(setting.0));
    let query = rows::select::<AuditHead>(condition).order_by_desc(audit_head::Column::Seq).limit(1);
    rows::one(db, query).await
}

/// Was this head signed with this key?
pub fn verify_head(key: &VerifyingKey, head: &AuditHead) -> bool {
    let mut bytes = [0_u8; 64];
    hex::decode_to_slice(&head.signature, &mut bytes).is_ok()
        && key.verify(message(head).as_bytes(), &Signature::from_bytes(&bytes)).is_ok()
}

fn message(head: &AuditHead) -> String {
    format!("holdfast-head-1 {} {} {} {}", head.setting_id, head.seq, head.hash, head.at.as_microsecond())
}
