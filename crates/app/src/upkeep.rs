//! What the house does by itself every day: a signed head of the audit that leaves the box (S37), a backup (S40), and the
//! reserve on the disk made whole again (S3).
//!
//! Each runs once a day as a job, however long the box was off. To add one: a function here, a [`crate::jobs::Kind`].

use std::path::{Path, PathBuf};

use domain::{OpCtx, Role, SettingId};
use serde_json::json;
use store::Scope;
use store::evidence::Evidence;

use crate::mail::{Mail, SUBJECT};
use crate::{Error, Result, Services};

/// Kind of the evidence row that a backup leaves.
pub const BACKUP: &str = "backup";
/// Backups kept in the data folder; a second place is the operator's (S40).
const KEPT: usize = 14;

/// Signs the newest link of the setting's chain and mails it to lead and chair: whoever rewrites the chain afterwards is
/// found out by that mail. It carries numbers and letters only.
///
/// # Errors
/// As any write. Mail that fails is tried again by the job.
pub async fn sign_head(services: &Services, ctx: &mut OpCtx, setting: SettingId) -> Result<()> {
    let mut tx = services.db.write(ctx, Scope::Setting(setting), "audit.sign_head").await?;
    let head = store::audit::sign_head(&mut tx, setting).await?;
    let mut addresses = Vec::new();
    for role in [Role::Dsl, Role::Chair] {
        for held in store::people::find_by_role(&tx, setting, role, ctx.now).await? {
            let person = store::people::lookup(&tx, setting, held.person_id).await?;
            let proved = person.filter(|person| person.email_verified_at.is_some());
            addresses.extend(proved.and_then(|person| person.email));
        }
    }
    tx.commit().await?;
    let Some(head) = head else { return Ok(()) };
    addresses.sort();
    addresses.dedup();
    for to in addresses {
        let mail = Mail {
            subject: SUBJECT.to_owned(),
            text: format!(
                "Keep this message. It proves that nobody has rewritten the records.\n\n{}\n{}\n\n{}\n",
                head.hash, head.signature, services.web_base
            ),
            message_id: format!("head/{}/{}/{to}", setting, head.hash),
            to,
        };
        services.mailer.send(&mail).await.map_err(|say| Error::Unavailable { say })?;
    }
    Ok(())
}

/// Writes today's backup into `DATA/backups`, keeps the newest fourteen, and leaves a dated proof in every setting.
///
/// # Errors
/// [`Error::Unavailable`] when the disk is full; the proof then says that there is none.
pub async fn back_up(services: &Services, ctx: &mut OpCtx, setting: SettingId) -> Result<()> {
    let folder = services.data.join("backups");
    let made = make(services, ctx, &folder).await;
    let (ok, summary) = match &made {
        Ok(rows) => (true, format!("{rows} records, encrypted to the recovery code.")),
        Err(error) => (false, format!("The backup failed: {error}")),
    };
    let mut tx = services.db.write(ctx, Scope::Setting(setting), "backup.made").await?;
    let proof = Evidence {
        id: tx.fresh(),
        setting_id: setting,
        kind: BACKUP.to_owned(),
        ok,
        summary,
        detail: json!({}),
        effective_at: ctx.now,
        recorded_at: ctx.now,
        signed_by: None,
        fictional: false,
    };
    store::evidence::add(&mut tx, &proof).await?;
    tx.commit().await?;
    // The disk may have room again by now; if not, tomorrow.
    let _ = services.db.refill_reserve();
    if let Err(error) = services.db.tend().await {
        tracing::warn!(%error, "the database could not count what its planner goes by");
    }
    made.map(|_| ())
}

async fn make(services: &Services, ctx: &OpCtx, folder: &Path) -> Result<u64> {
    let cannot = |error: std::io::Error| Error::Unavailable { say: format!("The backup folder: {error}") };
    std::fs::create_dir_all(folder).map_err(cannot)?;
    let day = services.calendar.local(ctx.now).date();
    let summary =
        store::backup::create(&services.db, Scope::All, &folder.join(format!("{day}.backup")), ctx.now).await?;
    let mut old: Vec<PathBuf> = std::fs::read_dir(folder)
        .map_err(cannot)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "backup"))
        .collect();
    old.sort();
    for path in old.iter().rev().skip(KEPT) {
        std::fs::remove_file(path).map_err(cannot)?;
    }
    Ok(summary.rows)
}
