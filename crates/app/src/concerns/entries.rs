//! The chronology: append-only. A correction supersedes; it never replaces.

use domain::access::Action;
use domain::concern::EntryKind;
use domain::{ConcernId, EntryId, OpCtx, PersonId};
use jiff::Timestamp;
use store::concerns::{Concern, Entry};
use store::together::SharedEntry;
use store::{Scope, Tx};

use super::{LONGEST_TEXT, NO_PICTURES, case};
use crate::sight::sees;
use crate::{Error, Result, Services};

/// Something to add to the chronology.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEntry {
    /// Fact, opinion, words …
    pub kind: EntryKind,
    /// As written.
    pub text: String,
    /// When it happened.
    pub event_at: Timestamp,
}

/// A correction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// The entry that was wrong. It stays, and says that it was corrected.
    pub of: EntryId,
    /// What is right.
    pub text: String,
    /// When it was; `None`: as the old entry says.
    pub event_at: Option<Timestamp>,
}

/// Kinds that people choose. The others are written by what they do: a step, a correction, an answer to a sender.
const TYPED: [EntryKind; 13] = [
    EntryKind::Fact,
    EntryKind::ChildWords,
    EntryKind::AdultWords,
    EntryKind::Opinion,
    EntryKind::Safety,
    EntryKind::Told,
    EntryKind::Present,
    EntryKind::Note,
    EntryKind::Strategy,
    EntryKind::Voice,
    EntryKind::Threshold,
    EntryKind::Plan,
    EntryKind::Withheld,
];

/// Adds an entry.
///
/// # Errors
/// [`Error::NotFound`] for who may not see it; [`Error::Invalid`] with the field to mend.
pub async fn add_entry(services: &Services, ctx: &mut OpCtx, id: ConcernId, new: NewEntry) -> Result<EntryId> {
    check_text("text", &new.text)?;
    if !TYPED.contains(&new.kind) {
        return Err(Error::invalid("kind", "Choose what you are adding."));
    }
    let member = ctx.member().cloned().ok_or(domain::access::Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "concern.entry").await?;
    let case = case::of(&tx, ctx, Action::WorkConcern, id).await?;
    crate::wrong_clock::has_come(&tx, member.setting, ("event_at", new.event_at), ctx.now).await?;
    let text = new.text.trim();
    let entry = append(&mut tx, &case.concern, new.kind, text, new.event_at, Some(member.person), None).await?;
    tx.commit().await?;
    Ok(entry)
}

/// Corrects an entry.
///
/// # Errors
/// As [`add_entry`]; [`Error::NotFound`] also for an entry of another concern.
pub async fn correct(services: &Services, ctx: &mut OpCtx, id: ConcernId, correction: Correction) -> Result<EntryId> {
    check_text("text", &correction.text)?;
    let member = ctx.member().cloned().ok_or(domain::access::Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "concern.correct").await?;
    let case = case::of(&tx, ctx, Action::WorkConcern, id).await?;
    let entries = store::concerns::list_entries(&tx, member.setting, &sees(&member), id).await?;
    let wrong = entries.iter().find(|entry| entry.id == correction.of).ok_or(Error::NotFound)?;
    let event_at = correction.event_at.unwrap_or(wrong.event_at);
    crate::wrong_clock::has_come(&tx, member.setting, ("event_at", event_at), ctx.now).await?;
    let text = correction.text.trim();
    // Words that stand in two concerns are corrected where they were written, and both show it.
    let home = match wrong.concern_id == id {
        true => case.concern.clone(),
        false => {
            store::concerns::lookup_for_program(&tx, member.setting, wrong.concern_id).await?.ok_or(Error::NotFound)?
        }
    };
    let (author, of) = (Some(member.person), Some(wrong.id));
    let entry = append(&mut tx, &home, EntryKind::Correction, text, event_at, author, of).await?;
    for shared in store::together::list_shares_of_entry(&tx, member.setting, wrong.id).await? {
        let row = SharedEntry { entry_id: entry, shared_by: member.person, shared_at: tx.now(), ..shared };
        store::together::share_entry(&mut tx, &row).await?;
    }
    tx.commit().await?;
    Ok(entry)
}

/// What the program did, for those who read the chronology later.
pub(crate) async fn by_the_program(tx: &mut Tx, concern: &Concern, text: &str) -> Result<()> {
    let now = tx.now();
    append(tx, concern, EntryKind::System, text, now, None, None).await.map(|_| ())
}

pub(crate) async fn append(
    tx: &mut Tx,
    concern: &Concern,
    kind: EntryKind,
    text: &str,
    event_at: Timestamp,
    author_id: Option<PersonId>,
    supersedes: Option<EntryId>,
) -> Result<EntryId> {
    let entry = Entry {
        id: tx.fresh(),
        setting_id: concern.setting_id,
        concern_id: concern.id,
        kind,
        text: text.to_owned(),
        event_at,
        recorded_at: tx.now(),
        author_id,
        supersedes,
        out_of_order: false,
    };
    store::concerns::add_entry(tx, &entry).await?;
    Ok(entry.id)
}

pub(super) fn check_text(field: &str, text: &str) -> Result<()> {
    if text.trim().is_empty() {
        return Err(Error::invalid(field, "Write a few words."));
    }
    if text.chars().count() > LONGEST_TEXT {
        return Err(Error::invalid(field, "That is longer than we can keep. Shorten it, or add it in two parts."));
    }
    if domain::pasted::is_image_data(text) {
        return Err(Error::invalid(field, NO_PICTURES));
    }
    Ok(())
}
