//! The recovery code of the installation (S36): on the page until two people hold it on paper and one has typed it back.
//! After that no page shows it again.

use domain::access::Action;
use domain::{EvidenceId, OpCtx, SettingId};
use jiff::Timestamp;
use serde_json::json;
use store::accounts::{Pending, PendingKind};
use store::evidence::Evidence;
use store::{Keys, Reads, RecoveryCode, Scope};

use crate::error::{Error, Result};
use crate::people;
use crate::services::Services;

/// Kind of the proof that the code was typed back.
pub const PROOF: &str = "recovery_code_typed_back";

/// The code, for paper.
#[derive(Clone, PartialEq, Eq)]
pub struct PrintedCode(pub String);

impl std::fmt::Debug for PrintedCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PrintedCode(…)")
    }
}

/// The code to print, for whoever changes the setting; `None` once it was typed back, or when it was printed elsewhere.
///
/// # Errors
/// Refused for who may not change the setting or has not shown the second factor.
pub async fn printed_code(services: &Services, ctx: &OpCtx) -> Result<Option<PrintedCode>> {
    let member = people::may(ctx, Action::ChangeSetting)?;
    let reader = services.db.read(Scope::All).await?;
    Ok(kept(&reader, member.setting, ctx.now).await?.and_then(|pending| code_of(&pending)).map(PrintedCode))
}

async fn kept(db: &impl Reads, setting: SettingId, now: Timestamp) -> Result<Option<Pending>> {
    let all = store::accounts::list_pending(db, PendingKind::SetUp, None, now).await?;
    Ok(all.into_iter().find(|pending| pending.setting_id == Some(setting)))
}

fn code_of(pending: &Pending) -> Option<String> {
    Some(pending.payload.get("recovery_code")?.as_str()?.to_owned())
}

/// Somebody types the code back from the paper: it really opens the keys, and the copy in the database is destroyed.
///
/// # Errors
/// [`Error::Invalid`] on `code` when it does not open them.
pub async fn type_back(services: &Services, ctx: &mut OpCtx, typed: &str) -> Result<()> {
    let member = people::may(ctx, Action::ChangeSetting)?;
    let code: RecoveryCode =
        typed.parse().map_err(|error: store::Error| Error::invalid("code", &sentence(&error.to_string())))?;
    let data = services.data.clone();
    // argon2id inside: off the threads that answer others.
    let opened = tokio::task::spawn_blocking(move || {
        Keys::open_with_recovery(&data, &code).and_then(|mut keys| keys.confirm_recovery(&data, &code))
    });
    match opened.await.map_err(|error| Error::Internal(error.to_string()))? {
        Ok(true) => {}
        Ok(false) | Err(store::Error::WrongKey { .. }) => {
            return Err(Error::invalid("code", "This code does not open this Holdfast. Compare it with the paper."));
        }
        Err(error) => return Err(error.into()),
    }
    let mut tx = services.db.write(ctx, Scope::All, "set_up.type_back").await?;
    if let Some(mut pending) = kept(&tx, member.setting, ctx.now).await? {
        pending.payload = json!({});
        pending.used_at = Some(ctx.now);
        store::accounts::set_pending(&mut tx, &pending).await?;
    }
    let proof = Evidence {
        id: ctx.fresh::<EvidenceId>(),
        setting_id: member.setting,
        kind: PROOF.into(),
        ok: true,
        summary: "The recovery code was typed back from paper and opens the keys.".into(),
        detail: json!({}),
        effective_at: ctx.now,
        recorded_at: ctx.now,
        signed_by: Some(member.person),
        fictional: services.demo,
    };
    store::evidence::add(&mut tx, &proof).await?;
    Ok(tx.commit().await?)
}

pub(super) async fn is_typed_back(db: &impl Reads, setting: SettingId, now: Timestamp) -> Result<bool> {
    Ok(store::evidence::find_newest(db, setting, PROOF, now).await?.is_some())
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}
