//! To and fro with whoever told it. Who has no account reads it with six words, on whatever device they choose; whoever else finds
//! those words reads it too, and the page says so before anything is written. Who has one reads it on the page of their own report and
//! answers there, and sees no more of the concern than before (S4, S8): neither who asks, nor what else is in the record.

use domain::access::{Action, Refused, Relation, authorize};
use domain::concern::EntryKind;
use domain::exclusion::Sight;
use domain::{ConcernId, OpCtx, PersonId};
use jiff::Timestamp;
use serde_json::json;
use store::Scope;
use store::audit::Subject;

use super::case::{self, Case};
use super::entries::{append, check_text};
use crate::notices::{self, Matter};
use crate::{Error, Result, Services, telling};

/// What went to and fro, for whoever works the concern.
#[derive(Debug, Clone)]
pub struct Letters {
    /// The concern's reference.
    pub reference: String,
    /// The name of the reporter, who reads it on the page of their report; `None`: the sender has no account.
    pub reporter: Option<String>,
    /// Each: from us?, the text, when it was written.
    pub messages: Vec<(bool, String, Timestamp)>,
}

/// What went to and fro so far. Reading it is a look, and written down.
///
/// # Errors
/// [`Error::NotFound`] for who may not see the concern, and where nobody is there to be asked: see [`asked`].
pub async fn letters(services: &Services, ctx: &mut OpCtx, id: ConcernId) -> Result<Letters> {
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "concern.messages").await?;
    let case = case::of(&tx, ctx, Action::WorkConcern, id).await?;
    let reporter = asked(&case, member.person).ok_or(Error::NotFound)?;
    let reporter = match reporter {
        Some(person) => store::people::lookup(&tx, member.setting, person).await?.map(|person| person.name),
        None => None,
    };
    let messages = store::concerns::list_messages_for_program(&tx, member.setting, id).await?;
    tx.note(member.setting, Subject { table: "concern", id: Some(id.0) }, &json!({})).await?;
    tx.commit().await?;
    Ok(Letters {
        reference: case.concern.reference,
        reporter,
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
    let reporter = asked(&case, member.person).ok_or(Error::NotFound)?;
    let now = tx.now();
    append(&mut tx, &case.concern, EntryKind::ToSender, text.trim(), now, Some(member.person), None).await?;
    if let Some(person) = reporter {
        let link = format!("/reports/{id}");
        let matter = Matter { urgency: case.concern.urgency, link: &link, concern: Some(id) };
        notices::tell(&mut tx, member.setting, &[person], &matter).await?;
    }
    tx.commit().await?;
    services.wake_jobs();
    Ok(())
}

/// Who would read what somebody writes to whoever told it: `None`: a sender without an account. Nobody at all where one told it
/// oneself, where the reporter is shut out (S8), or where nobody told it.
pub(super) fn asked(case: &Case, by: PersonId) -> Option<Option<PersonId>> {
    if telling::is_unsigned(&case.concern) {
        return Some(None);
    }
    let reporter = case.concern.reporter_id.filter(|person| *person != by && !case.excluded.contains(person))?;
    Some(Some(reporter))
}

/// Answers of one reporter that are kept. Whoever has more to say should be rung up.
const MOST_ANSWERS: usize = 200;

/// The reporter answers what they were asked, on the page of their own report. Whoever works it is told.
///
/// # Errors
/// [`Error::NotFound`] for anybody else, and for who is shut out; [`Error::Invalid`] on `text`, also when nothing was asked.
pub async fn answer_holder(services: &Services, ctx: &mut OpCtx, id: ConcernId, text: &str) -> Result<()> {
    check_text("text", text)?;
    authorize(&ctx.actor, Action::ReadReceipt, Relation::Own)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "concern.reporter_answered").await?;
    let case = case::at_least(&tx, &member, Sight::Receipt, id).await?;
    if case.concern.reporter_id != Some(member.person) {
        return Err(Error::NotFound);
    }
    let before = store::concerns::list_messages_for_program(&tx, member.setting, id).await?;
    if !before.iter().any(|entry| entry.kind == EntryKind::ToSender) {
        return Err(Error::invalid(
            "text",
            "You were asked nothing yet. To add something, write one more entry instead.",
        ));
    }
    if before.iter().filter(|entry| entry.kind == EntryKind::FromSender).count() >= MOST_ANSWERS {
        return Err(Error::invalid("text", "You have written very often. Speak with the lead in person."));
    }
    let now = tx.now();
    append(&mut tx, &case.concern, EntryKind::FromSender, text.trim(), now, Some(member.person), None).await?;
    telling::tell_worker(&mut tx, &case, notices::Mailing::Each).await?;
    tx.commit().await?;
    services.wake_jobs();
    Ok(())
}
