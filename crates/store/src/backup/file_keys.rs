//! The keys of attachments, beside the backups and in none of them (S17).
//!
//! Every attachment is encrypted to a key of its own. Were that key in each daily backup, a file that two people destroyed
//! on the word of the police would live on in every one of them. So a backup holds encrypted pieces only, and beside it lies
//! *one* file with the keys that still exist, encrypted to the recovery code like the backup, and written over each time.
//! When a key is destroyed, the next writing of this file destroys every copy of what it opened. Sealed files are in
//! neither. Whoever copies backups elsewhere must let this file be overwritten there too.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use domain::SettingId;
use jiff::Timestamp;
use sea_orm::Condition;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use serde_json::json;
use zeroize::Zeroizing;

use super::read::Backup;
use super::{Header, Writer};
use crate::attachments::AttachmentKey;
use crate::db::{Db, Scope, Tx};
use crate::entity::files::{attachment, attachment_key, attachment_part};
use crate::error::{Error, Result};
use crate::rows;
use crate::table::Row;

const FORMAT: &str = "holdfast-attachment-keys-1";

/// A thousand files have keys of 150 kB; more than this is no file of ours.
const LARGEST: u64 = 64 << 20;

/// Its name in a folder of backups.
fn name(setting: Option<SettingId>) -> String {
    match setting {
        None => "attachment-keys.holdfast".to_owned(),
        Some(id) => format!("attachment-keys-{id}.holdfast"),
    }
}

/// Attachments that are neither sealed nor destroyed.
fn travelling() -> sea_orm::sea_query::SelectStatement {
    let mut select = Query::select();
    select
        .column(attachment::Column::Id)
        .from(attachment::Entity)
        .and_where(Expr::col(attachment::Column::SealedAt).is_null())
        .and_where(Expr::col(attachment::Column::DestroyedAt).is_null());
    select
}

/// Pieces that a backup takes along.
pub(super) fn may_travel() -> Condition {
    Condition::all().add(Expr::col(attachment_part::Column::AttachmentId).in_subquery(travelling()))
}

/// Writes the keys that exist now into a folder of backups, over those of before.
///
/// # Errors
/// As any read; [`Error::Io`] of the file.
pub async fn write(db: &Db, scope: Scope, folder: &Path, now: Timestamp) -> Result<()> {
    let setting = match scope {
        Scope::All => None,
        Scope::Setting(id) => Some(id),
    };
    let path = folder.join(name(setting));
    let reader = db.read(Scope::All).await?;
    if !crate::dialect::columns(&reader, AttachmentKey::DEF).await?.iter().any(|column| column.name == "identity") {
        // Before an upgrade from a time without attachments.
        return Ok(());
    }
    let mut condition = Condition::all().add(Expr::col(attachment_key::Column::AttachmentId).in_subquery(travelling()));
    condition = condition.add_option(setting.map(|id| Expr::col(attachment_key::Column::SettingId).eq(id.0)));
    let keys: Vec<AttachmentKey> = rows::many(&reader, rows::select::<AttachmentKey>(condition)).await?;
    if keys.is_empty() && !path.exists() {
        return Ok(());
    }
    let what = "writing the keys of attachments";
    let aside = tempfile::NamedTempFile::new_in(folder).map_err(Error::io(what))?;
    let mut out = Writer::begin_as(FORMAT, db, aside.as_file().try_clone().map_err(Error::io(what))?, now)?;
    for key in keys {
        out.line(&json!({"attachment": key.attachment_id, "setting": key.setting_id, "identity": key.identity}))?;
    }
    out.finish()?;
    aside.persist(&path).map_err(|error| Error::io(what)(error.error))?.sync_all().map_err(Error::io(what))
}

/// Puts back the keys of what a backup brought, from the file beside it. Without that file the rows are there and their
/// content stays shut.
pub(super) async fn bring_back(tx: &mut Tx, backup_file: &Path, backup: &Backup) -> Result<()> {
    let folder = backup_file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let path: PathBuf = folder.join(name(backup.begin.setting));
    let Ok(file) = File::open(&path) else { return Ok(()) };
    let damaged = |why: &dyn std::fmt::Display| Error::File(format!("{} is damaged: {why}", path.display()));
    let mut file = BufReader::new(file.take(LARGEST));
    let mut first = String::new();
    std::io::BufRead::read_line(&mut file, &mut first).map_err(|error| damaged(&error))?;
    let header: Header = serde_json::from_str(&first).map_err(|error| damaged(&error))?;
    if header.format != FORMAT {
        return Err(damaged(&"it is something else"));
    }
    let decryptor = age::Decryptor::new(file).map_err(|error| damaged(&error))?;
    let Ok(mut stream) = decryptor.decrypt(std::iter::once(&backup.identity as &dyn age::Identity)) else {
        return Err(Error::WrongKey { what: "the keys of attachments beside this backup".into() });
    };
    let mut text = Zeroizing::new(String::new());
    stream.read_to_string(&mut text).map_err(|error| damaged(&error))?;
    for line in text.lines() {
        let line: serde_json::Value = serde_json::from_str(line).map_err(|error| damaged(&error))?;
        let id = |name: &str| line.get(name).and_then(|id| id.as_str()).and_then(|id| id.parse::<uuid::Uuid>().ok());
        let identity = line.get("identity").and_then(|identity| identity.as_str());
        let (Some(attachment), Some(setting), Some(identity)) = (id("attachment"), id("setting"), identity) else {
            return Err(damaged(&"a line is not a key"));
        };
        // Keys of files that are younger than the backup have nothing to open.
        if crate::attachments::exists(tx, setting.into(), attachment.into()).await? {
            let key = AttachmentKey {
                attachment_id: attachment.into(),
                setting_id: setting.into(),
                identity: identity.to_owned(),
            };
            rows::add(tx, &key).await?;
        }
    }
    Ok(())
}
