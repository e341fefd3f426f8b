//! Answering somebody who told without an account. They read it with their six words, on whatever device they choose; whoever
//! else finds those words reads it too, and the page says so before anything is written.

use domain::access::{Action, Refused};
use domain::concern::EntryKind;
use domain::{ConcernId, OpCtx};
use jiff::Timestamp;
use store::Scope;

use super::case;
use super::entries::{append, check_text};
use crate::{Error, Result, Services, telling};

/// What went to and fro, for whoever works the concern.
#[derive(Debug, Clone)]
pub struct Letters {
    /// The concern's reference.
    pub reference: String,
    /// Each: from us?, the text, when it was written.
    pub messages: Vec<(bool, String, Timestamp)>,
}

/// What went to and fro so far.
///
/// # Errors
/// [`Error::NotFound`] for who may not see the concern, and for one whose reporter has an account.
pub async fn letters(services: &Services, ctx: &OpCtx, id: ConcernId) -> Result<Letters> {
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let case = case::of(&reader, ctx, Action::WorkConcern, id).await?;
    if !telling::is_unsigned(&case.concern) {
        return Err(Error::NotFound);
    }
    let messages = store::concerns::list_messages_for_program(&reader, member.setting, id).await?;
    Ok(Letters {
        reference: case.concern.reference,
        messages: messages
            .into_iter()
            .map(|entry| (entry.kind == EntryKind::ToSender, entry.text, entry.recorded_at))
            .collect(),
    })
}

/// Leaves an answer for the sender.
///
/// # Errors
/// As [`letters`]; [`Error::Invalid`] on `text`.
pub async fn answer_sender(services: &Services, ctx: &mut OpCtx, id: ConcernId, text: &str) -> Result<()> {
    check_text("text", text)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "concern.answer_sender").await?;
    let case = case::of(&tx, ctx, Action::WorkConcern, id).await?;
    if !telling::is_unsigned(&case.concern) {
        return Err(Error::NotFound);
    }
    let now = tx.now();
    append(&mut tx, &case.concern, EntryKind::ToSender, text.trim(), now, Some(member.person), None).await?;
    tx.commit().await?;
    Ok(())
}
