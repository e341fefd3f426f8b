//! Stage two, the same day: exact words, who was there, who was told. Written afterwards, from memory, by the adult;
//! never with the child (S5, S6). The account that sends it is the signature.

use domain::access::{Action, Refused, Relation, authorize};
use domain::concern::EntryKind;
use domain::exclusion::Sight;
use domain::{ConcernId, OpCtx};
use jiff::Timestamp;
use store::Scope;
use store::concerns::Concern;

use super::entries::append;
use super::{LONGEST_TEXT, NO_PICTURES, case};
use crate::{Error, Result, Services, wrong_clock};

/// Stage two, as the form asks it. Empty parts are left out; one must be there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StageTwo {
    /// The child's exact words.
    pub child_words: String,
    /// What the adult said.
    pub adult_words: String,
    /// What was seen and heard.
    pub facts: String,
    /// Who was there.
    pub present: String,
    /// Who was told, when, how.
    pub told: String,
    /// What the writer thinks it means. Never in one field with a fact.
    pub opinion: String,
    /// When it happened, if it is better known now.
    pub event_at: Option<Timestamp>,
}

/// A report of one's own whose second stage is owed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owed {
    /// Which.
    pub concern: ConcernId,
    /// Its reference.
    pub reference: String,
    /// When it was told.
    pub recorded_at: Timestamp,
}

/// Adds the words. Adding more later is welcome: each time is an entry of its own.
///
/// # Errors
/// [`Error::NotFound`] unless it is one's own report or a case that one works.
pub async fn add_words(services: &Services, ctx: &mut OpCtx, id: ConcernId, stage: StageTwo) -> Result<()> {
    authorize(&ctx.actor, Action::ReadReceipt, Relation::Own)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let parts = stage.parts()?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "concern.words").await?;
    if let Some(at) = stage.event_at {
        wrong_clock::has_come(&tx, member.setting, ("event_at", at), ctx.now).await?;
    }
    let case = case::at_least(&tx, &member, Sight::Receipt, id).await?;
    if case.concern.reporter_id != Some(member.person) {
        case::of(&tx, ctx, Action::WorkConcern, id).await?;
    }
    let event_at = stage.event_at.unwrap_or(case.concern.event_at);
    for (kind, text) in parts {
        append(&mut tx, &case.concern, kind, text, event_at, Some(member.person), None).await?;
    }
    if case.concern.stage_two_at.is_none() {
        store::concerns::set(&mut tx, &Concern { stage_two_at: Some(ctx.now), ..case.concern }).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// One's own reports that still owe their second stage, oldest first.
///
/// # Errors
/// When the database does not answer.
pub async fn owed_words(services: &Services, ctx: &OpCtx) -> Result<Vec<Owed>> {
    authorize(&ctx.actor, Action::ReadReceipt, Relation::Own)?;
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let mine = store::concerns::list_receipts(&reader, member.setting, member.person).await?;
    let owed = mine.into_iter().filter(|receipt| receipt.stage_two_at.is_none()).map(|receipt| Owed {
        concern: receipt.id,
        reference: receipt.reference,
        recorded_at: receipt.recorded_at,
    });
    let mut owed: Vec<Owed> = owed.collect();
    owed.sort_by_key(|owed| owed.recorded_at);
    Ok(owed)
}

impl StageTwo {
    fn parts(&self) -> Result<Vec<(EntryKind, &str)>> {
        let all = [
            ("child_words", EntryKind::ChildWords, &self.child_words),
            ("adult_words", EntryKind::AdultWords, &self.adult_words),
            ("facts", EntryKind::Fact, &self.facts),
            ("present", EntryKind::Present, &self.present),
            ("told", EntryKind::Told, &self.told),
            ("opinion", EntryKind::Opinion, &self.opinion),
        ];
        if let Some((field, ..)) = all.iter().find(|(_, _, text)| text.chars().count() > LONGEST_TEXT) {
            return Err(Error::invalid(field, "That is longer than we can keep. Shorten it, or send it in two parts."));
        }
        if let Some((field, ..)) = all.iter().find(|(_, _, text)| domain::pasted::is_image_data(text)) {
            return Err(Error::invalid(field, NO_PICTURES));
        }
        let parts: Vec<_> =
            all.into_iter().map(|(_, kind, text)| (kind, text.trim())).filter(|(_, text)| !text.is_empty()).collect();
        if parts.is_empty() {
            return Err(Error::invalid("", "Write in at least one of the boxes."));
        }
        Ok(parts)
    }
}
