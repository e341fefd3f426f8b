//! Files that belong to a concern. Who may know of one is who may know of its concern; the query says so (S8).
//!
//! The content lies in the database, in pieces, encrypted to a key that belongs to this one file (S17): whoever destroys
//! the key destroys the content wherever its pieces have got to. Nothing of it is ever on the disk in the clear.
//! What it is not: the rules of who may add, see or destroy one. Those are `app`'s.

use std::io::{Read, Write};

use age::secrecy::ExposeSecret;
use age::x25519::Identity;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use domain::{AttachmentId, ConcernId, SettingId};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, Condition, QueryOrder};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::concerns::{Sees, of_visible};
use crate::db::{Reads, Tx};
use crate::entity::files::{attachment, attachment_key, attachment_part};
use crate::error::{Error, Result};
use crate::rows;

pub use crate::entity::files::Attachment;
pub(crate) use crate::entity::files::{AttachmentKey, AttachmentPart};

/// The name of the table, as the audit and the list of destructions say it.
pub const TABLE: &str = "attachment";

/// Bytes of a piece before base64: a few hundred pieces at once are still little memory.
const PIECE: usize = 48 * 1024;

/// The file of an id, if the viewer may know of its concern.
///
/// # Errors
/// As any read.
pub async fn lookup(db: &impl Reads, setting: SettingId, sees: &Sees, id: AttachmentId) -> Result<Option<Attachment>> {
    let visible = of_visible((attachment::Entity, attachment::Column::ConcernId), setting, sees);
    rows::one(db, rows::select::<Attachment>(Condition::all().add(attachment::Column::Id.eq(id.0)).add(visible))).await
}

/// The files of a concern, as the viewer may know it, oldest first.
///
/// # Errors
/// As any read.
pub async fn list(db: &impl Reads, setting: SettingId, sees: &Sees, concern: ConcernId) -> Result<Vec<Attachment>> {
    let visible = of_visible((attachment::Entity, attachment::Column::ConcernId), setting, sees);
    in_order(db, of_concern(setting, concern).add(visible)).await
}

/// The files of a concern, for the program itself: sealing them. Never for a page.
///
/// # Errors
/// As any read.
pub async fn list_for_program(db: &impl Reads, setting: SettingId, concern: ConcernId) -> Result<Vec<Attachment>> {
    in_order(db, of_concern(setting, concern)).await
}

/// The concerns with files that can be fetched, for the evidence: one for each file.
///
/// # Errors
/// As any read.
pub async fn list_open_for_program(db: &impl Reads, setting: SettingId) -> Result<Vec<ConcernId>> {
    let condition = Condition::all()
        .add(attachment::Column::SettingId.eq(setting.0))
        .add(attachment::Column::SealedAt.is_null())
        .add(attachment::Column::DestroyedAt.is_null());
    let open: Vec<Attachment> = rows::many(db, rows::select::<Attachment>(condition)).await?;
    Ok(open.into_iter().map(|row| row.concern_id).collect())
}

/// Is there such a file at all? For restoring.
pub(crate) async fn exists(db: &impl Reads, setting: SettingId, id: AttachmentId) -> Result<bool> {
    let condition =
        Condition::all().add(attachment::Column::SettingId.eq(setting.0)).add(attachment::Column::Id.eq(id.0));
    Ok(rows::count::<Attachment>(db, rows::select::<Attachment>(condition)).await? > 0)
}

/// Adds a file with its content, encrypted to a fresh key. `bytes` and `sha256` of the row are set from the content; the
/// row as it was written comes back.
///
/// # Errors
/// As any write; [`Error::Key`] if it cannot be encrypted.
pub async fn add(tx: &mut Tx, attachment: Attachment, content: &[u8]) -> Result<Attachment> {
    let attachment = Attachment {
        bytes: i64::try_from(content.len()).unwrap_or(i64::MAX),
        sha256: hex::encode(Sha256::digest(content)),
        ..attachment
    };
    rows::add(tx, &attachment).await?;
    let identity = Identity::generate();
    let sealed = encrypt(content, &identity)?;
    for (number, piece) in (0_i64..).zip(sealed.chunks(PIECE)) {
        let part = AttachmentPart {
            attachment_id: attachment.id,
            number,
            setting_id: attachment.setting_id,
            sealed: BASE64_STANDARD.encode(piece),
        };
        rows::add(tx, &part).await?;
    }
    let key = AttachmentKey {
        attachment_id: attachment.id,
        setting_id: attachment.setting_id,
        identity: identity.to_string().expose_secret().to_owned(),
    };
    rows::add(tx, &key).await?;
    Ok(attachment)
}

/// The content of a file. Whether it may be shown, the caller has asked.
///
/// # Errors
/// [`Error::Missing`] if its key is gone (destroyed, or not brought along by a restore); [`Error::File`] if what is kept is
/// not what was added.
pub async fn content(db: &impl Reads, attachment: &Attachment) -> Result<Zeroizing<Vec<u8>>> {
    let key: Option<AttachmentKey> = rows::one(db, rows::select::<AttachmentKey>(key_of(attachment))).await?;
    let key = key.ok_or_else(|| Error::Missing { table: "attachment_key", row: attachment.id.to_string() })?;
    let parts: Vec<AttachmentPart> = rows::many(
        db,
        rows::select::<AttachmentPart>(parts_of(attachment.setting_id, attachment.id))
            .order_by_asc(attachment_part::Column::Number),
    )
    .await?;
    let damaged = |why: &dyn std::fmt::Display| Error::File(format!("attachment {}: {why}", attachment.id));
    let mut sealed = Vec::new();
    for part in parts {
        BASE64_STANDARD.decode_vec(part.sealed, &mut sealed).map_err(|error| damaged(&error))?;
    }
    let identity: Identity = Zeroizing::new(key.identity).parse().map_err(|error: &str| damaged(&error))?;
    let open = decrypt(&sealed, &identity).map_err(|error| damaged(&error))?;
    if hex::encode(Sha256::digest(&*open)) != attachment.sha256 {
        return Err(damaged(&"it is not what was added"));
    }
    Ok(open)
}

/// Writes what is known of a file over its older self; returns the new version.
///
/// # Errors
/// [`Error::Conflict`] if it was changed since it was read.
pub async fn set(tx: &mut Tx, attachment: &Attachment) -> Result<i64> {
    rows::set(tx, attachment).await
}

/// Destroys key and content. The row stays, and says when and by whom.
///
/// # Errors
/// As any write.
pub async fn forget_content(tx: &mut Tx, setting: SettingId, id: AttachmentId) -> Result<()> {
    let mut keys = Query::delete();
    keys.from_table(attachment_key::Entity)
        .and_where(Expr::col(attachment_key::Column::SettingId).eq(setting.0))
        .and_where(Expr::col(attachment_key::Column::AttachmentId).eq(id.0));
    tx.exec(&keys).await?;
    let mut parts = Query::delete();
    parts.from_table(attachment_part::Entity).cond_where(parts_of(setting, id));
    tx.exec(&parts).await?;
    Ok(())
}

async fn in_order(db: &impl Reads, condition: Condition) -> Result<Vec<Attachment>> {
    let query = rows::select::<Attachment>(condition)
        .order_by_asc(attachment::Column::AddedAt)
        .order_by_asc(attachment::Column::Id);
    rows::many(db, query).await
}

fn of_concern(setting: SettingId, concern: ConcernId) -> Condition {
    Condition::all().add(attachment::Column::SettingId.eq(setting.0)).add(attachment::Column::ConcernId.eq(concern.0))
}

fn key_of(attachment: &Attachment) -> Condition {
    Condition::all()
        .add(attachment_key::Column::SettingId.eq(attachment.setting_id.0))
        .add(attachment_key::Column::AttachmentId.eq(attachment.id.0))
}

fn parts_of(setting: SettingId, id: AttachmentId) -> Condition {
    Condition::all()
        .add(attachment_part::Column::SettingId.eq(setting.0))
        .add(attachment_part::Column::AttachmentId.eq(id.0))
}

fn encrypt(open: &[u8], identity: &Identity) -> Result<Vec<u8>> {
    let wrong = |error: &dyn std::fmt::Display| Error::Key(format!("encrypting an attachment: {error}"));
    let to = identity.to_public();
    let encryptor =
        age::Encryptor::with_recipients(std::iter::once(&to as &dyn age::Recipient)).map_err(|error| wrong(&error))?;
    let mut sealed = Vec::new();
    let mut writer = encryptor.wrap_output(&mut sealed).map_err(|error| wrong(&error))?;
    writer.write_all(open).map_err(|error| wrong(&error))?;
    writer.finish().map_err(|error| wrong(&error))?;
    Ok(sealed)
}

fn decrypt(sealed: &[u8], identity: &Identity) -> std::result::Result<Zeroizing<Vec<u8>>, String> {
    let decryptor = age::Decryptor::new(sealed).map_err(|error| error.to_string())?;
    let mut reader =
        decryptor.decrypt(std::iter::once(identity as &dyn age::Identity)).map_err(|error| error.to_string())?;
    let mut open = Zeroizing::new(Vec::new());
    reader.read_to_end(&mut open).map_err(|error| error.to_string())?;
    Ok(open)
}
