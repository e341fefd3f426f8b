//! Restoring into an empty place, on either engine. The chain goes on with a link that says so: a fork, because what was
//! written after the backup is gone, and a signed head that had left the box will show from where.
//!
//! Content that was destroyed lawfully after the backup was made must not come back (S20, S37): the list of destructions
//! leaves the box with the heads ([`list_destructions`]) and is replayed here.

use std::path::Path;
use std::sync::Arc;

use domain::retention::RecordKind;
use domain::{OpCtx, SettingId};
use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Summary;
use super::read::{Backup, verify};
use crate::audit::{self, Subject};
use crate::db::sealed::Connected;
use crate::db::{Db, DbConfig, Reads, Scope, Tx};
use crate::error::{Error, Result};
use crate::keys::{Keys, MachineKey, RecoveryCode};
use crate::migrate::{self, BeforeUpgrade, MIGRATIONS};
use crate::table::{Fields, TableDef};
use crate::{attachments, dialect, keeping, rows, settings};

/// A content that was destroyed, as the chain says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Destruction {
    /// Whose.
    pub setting: SettingId,
    /// Table of the row.
    pub table: String,
    /// The row.
    pub row: Option<Uuid>,
    /// The record itself went, not only what the chain kept of it.
    #[serde(default)]
    pub record: bool,
}

/// A restored installation.
#[derive(Debug)]
pub struct Restored {
    /// The open database.
    pub db: Db,
    /// Its keys.
    pub keys: Arc<Keys>,
    /// A new recovery code, where the backup was of one setting alone and brought no keys.
    pub code: Option<RecoveryCode>,
    /// What was in the backup.
    pub summary: Summary,
}

/// Restores a backup into a data folder that has neither keys nor rows. The file is read to its end before the first row
/// is written.
///
/// # Errors
/// As [`verify`] and [`Db::open`]; [`Error::Key`] or [`Error::Version`] if the place is not empty or the backup newer.
pub async fn restore(
    file: &Path,
    code: &RecoveryCode,
    config: &DbConfig,
    machine: &MachineKey,
    ctx: &mut OpCtx,
    replay: &[Destruction],
) -> Result<Restored> {
    verify(file, code)?;
    let mut backup = Backup::open(file, code)?;
    if backup.begin.schema > migrate::newest() {
        return Err(Error::Version("the backup was made by a newer version. Install that version first".into()));
    }
    if config.data.join(crate::db::FILE).exists() {
        return Err(Error::Key(format!("{} has a database already", config.data.display())));
    }
    let (keys, new_code) = match backup.keys.take() {
        Some(secrets) => {
            let derivation = backup.header.recovery.clone();
            let recipient = backup.identity.to_public();
            (Keys::restore(&config.data, machine, secrets, derivation, &recipient)?, None)
        }
        None => {
            let (keys, code) = Keys::create(&config.data, machine, &mut *ctx.rng)?;
            (keys, Some(code))
        }
    };
    let keys = Arc::new(keys);
    // With the schema of its day first; the later steps change rows and schema together.
    let then: Vec<_> = MIGRATIONS.iter().filter(|step| step.number <= backup.begin.schema).copied().collect();
    let db = Db::open_with(config, Arc::clone(&keys), ctx.now, &then, &BeforeUpgrade::BackedUp).await?;
    let mut tx = db.write(ctx, Scope::All, "backup.restore").await?;
    if !settings::list(&tx).await?.is_empty() {
        return Err(Error::Key("the database to restore into is not empty".into()));
    }
    while let Some((def, fields)) = backup.next()? {
        put(&tx, def, &fields).await?;
    }
    super::file_keys::bring_back(&mut tx, file, &backup).await?;
    let summary = backup.summary(file)?;
    fork(&mut tx, &summary).await?;
    tx.commit().await?;
    migrate::run(&db, ctx.now, MIGRATIONS, &BeforeUpgrade::BackedUp).await?;
    let mut gone = beside(file)?;
    gone.extend_from_slice(replay);
    gone.retain(|one| summary.setting.is_none_or(|setting| setting == one.setting));
    // Only now: what is destroyed may hang on tables that the schema of the backup did not have.
    let mut tx = db.write(ctx, Scope::All, "backup.restore").await?;
    replay_all(&mut tx, &gone).await?;
    tx.commit().await?;
    Ok(Restored { db, keys, code: new_code, summary })
}

async fn put(tx: &Tx, def: &TableDef, fields: &Fields) -> Result<()> {
    rows::insert(tx, def, fields).await?;
    let text = |name: &str| fields.get(name).and_then(Value::as_str);
    if def.name == "entry" && text("kind") != Some("system") {
        let id = |name: &str| text(name).and_then(|id| id.parse::<Uuid>().ok()).unwrap_or(Uuid::nil());
        let engine = tx.connection().get_database_backend();
        let words = text("text").unwrap_or_default();
        tx.exec_raw(dialect::index(engine, id("setting_id"), id("concern_id").into(), id("id"), words)).await?;
    }
    Ok(())
}

async fn fork(tx: &mut Tx, summary: &Summary) -> Result<()> {
    let about = json!({"forked": true, "made_at": summary.made_at.to_string(), "rows": summary.rows});
    let mut chains = vec![audit::INSTALLATION];
    chains.extend(settings::list(tx).await?.into_iter().map(|setting| setting.id));
    for chain in chains {
        tx.note(chain, Subject { table: "backup", id: None }, &about).await?;
    }
    Ok(())
}

/// Destroys again what had been destroyed when the backup did not know it yet.
async fn replay_all(tx: &mut Tx, gone: &[Destruction]) -> Result<()> {
    let mut done = std::collections::BTreeSet::new();
    for destroyed in gone {
        if !done.insert((destroyed.setting, destroyed.table.clone(), destroyed.row, destroyed.record)) {
            continue;
        }
        let subject = Subject { table: &destroyed.table, id: destroyed.row };
        audit::destroy_content(tx, destroyed.setting, subject, "replayed after a restore").await?;
        if let (attachments::TABLE, Some(id)) = (destroyed.table.as_str(), destroyed.row) {
            attachments::forget_content(tx, destroyed.setting, id.into()).await?;
        }
        if destroyed.record
            && let (Some(record), Some(id)) = (RecordKind::from_key(&destroyed.table), destroyed.row)
            && keeping::is_there(tx, destroyed.setting, record, id).await?
        {
            keeping::destroy(tx, destroyed.setting, record, id, "replayed after a restore").await?;
        }
    }
    Ok(())
}

/// What was destroyed in a setting: keep it with the heads, outside the box.
///
/// # Errors
/// As any read.
pub async fn list_destructions(db: &impl Reads, setting: SettingId) -> Result<Vec<Destruction>> {
    let mut all = Vec::new();
    for act in [audit::DESTROY, audit::DESTROY_RECORD] {
        let filter = audit::Filter { act: Some(act.into()), ..Default::default() };
        let links = audit::list(db, setting, &filter, u64::from(u32::MAX)).await?;
        let record = act == audit::DESTROY_RECORD;
        all.extend(links.into_iter().map(|link| Destruction {
            setting,
            table: link.subject_table,
            row: link.subject_id,
            record,
        }));
    }
    Ok(all)
}

/// The list beside the backups, in the open: tables and ids, no names. Whoever copies backups elsewhere copies it with them.
const LIST: &str = "destroyed.jsonl";

/// Writes the list of everything that was destroyed into a folder of backups, over its older self: a line each.
///
/// # Errors
/// As any read; [`Error::Io`] of the file.
pub async fn write_destructions(db: &Db, folder: &Path) -> Result<()> {
    use std::io::Write;
    let reader = db.read(Scope::All).await?;
    let mut lines = String::new();
    for setting in settings::list(&reader).await? {
        for one in list_destructions(&reader, setting.id).await? {
            lines.push_str(&serde_json::to_string(&one).map_err(|error| Error::File(error.to_string()))?);
            lines.push('\n');
        }
    }
    let path = folder.join(LIST);
    if lines.is_empty() && !path.exists() {
        return Ok(());
    }
    let what = "writing the list of what was destroyed";
    let mut aside = tempfile::NamedTempFile::new_in(folder).map_err(Error::io(what))?;
    aside.write_all(lines.as_bytes()).map_err(Error::io(what))?;
    aside.persist(&path).map_err(|error| Error::io(what)(error.error))?.sync_all().map_err(Error::io(what))
}

/// The list beside a backup, oldest first; empty where there is none. A line that cannot be read stops the restore: what
/// was destroyed must not come back unnoticed.
fn beside(backup: &Path) -> Result<Vec<Destruction>> {
    let folder = backup.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let path = folder.join(LIST);
    if !path.exists() {
        return Ok(Vec::new());
    }
    let text = std::fs::read_to_string(&path).map_err(Error::io("reading the list of what was destroyed"))?;
    let read = |line: &str| {
        serde_json::from_str(line).map_err(|error| Error::File(format!("{} is damaged: {error}", path.display())))
    };
    text.lines().map(read).collect()
}
