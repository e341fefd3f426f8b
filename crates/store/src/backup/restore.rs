//! Restoring into an empty place, on either engine. The chain goes on with a link that says so: a fork, because what was
//! written after the backup is gone, and a signed head that had left the box will show from where.
//!
//! Content that was destroyed lawfully after the backup was made must not come back (S20, S37): the list of destructions
//! leaves the box with the heads ([`list_destructions`]) and is replayed here.

use std::path::Path;
use std::sync::Arc;

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
use crate::{attachments, dialect, rows, settings};

/// A content that was destroyed, as the chain says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Destruction {
    /// Whose.
    pub setting: SettingId,
    /// Table of the row.
    pub table: String,
    /// The row.
    pub row: Option<Uuid>,
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
    fork(&mut tx, &summary, replay).await?;
    tx.commit().await?;
    migrate::run(&db, ctx.now, MIGRATIONS, &BeforeUpgrade::BackedUp).await?;
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

async fn fork(tx: &mut Tx, summary: &Summary, replay: &[Destruction]) -> Result<()> {
    let about = json!({"forked": true, "made_at": summary.made_at.to_string(), "rows": summary.rows});
    let mut chains = vec![audit::INSTALLATION];
    chains.extend(settings::list(tx).await?.into_iter().map(|setting| setting.id));
    for chain in chains {
        tx.note(chain, Subject { table: "backup", id: None }, &about).await?;
    }
    for destroyed in replay {
        let subject = Subject { table: &destroyed.table, id: destroyed.row };
        audit::destroy_content(tx, destroyed.setting, subject, "replayed after a restore").await?;
        if let (attachments::TABLE, Some(id)) = (destroyed.table.as_str(), destroyed.row) {
            attachments::forget_content(tx, destroyed.setting, id.into()).await?;
        }
    }
    Ok(())
}

/// What was destroyed in a setting: keep it with the heads, outside the box.
///
/// # Errors
/// As any read.
pub async fn list_destructions(db: &impl Reads, setting: SettingId) -> Result<Vec<Destruction>> {
    let filter = audit::Filter { act: Some(audit::DESTROY.into()), ..Default::default() };
    let links = audit::list(db, setting, &filter, u64::from(u32::MAX)).await?;
    Ok(links.into_iter().map(|link| Destruction { setting, table: link.subject_table, row: link.subject_id }).collect())
}
