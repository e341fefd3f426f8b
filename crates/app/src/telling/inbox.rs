//! Coming back with a receipt: has anybody read it, what do they answer, and what else there is to say.
//!
//! Six words open it. They are hashed slowly (argon2id) with a key of this installation as the salt, so that one hash finds
//! its row by an index: a code that is none costs exactly what a right one costs, and a stolen database cannot be tried
//! without the installation's key.

use argon2::{Algorithm, Argon2, Params, Version};
use domain::concern::{ConcernStatus, EntryKind};
use domain::content::Agency;
use domain::exclusion::CASE_ROLES;
use domain::reference::words::{self, Slip};
use domain::{Actor, Client, ConcernId, OpCtx, PersonId, SettingId};
use jiff::civil::Date;
use store::concerns::Concern;
use store::{Scope, Tx};

use super::LONGEST;
use super::door::Door;
use crate::concerns::NO_PICTURES;
use crate::concerns::case::{self, Case};
use crate::notices::{self, Matter};
use crate::{Error, Result, Services};

/// What the sender sees when they come back. Nothing of what they first told stands here: somebody else may have found the
/// words.
#[derive(Debug, Clone)]
pub struct Inbox {
    /// The day on which it was told.
    pub told_on: Date,
    /// Somebody has read it.
    pub read: bool,
    /// It is closed. The sender may still write.
    pub closed: bool,
    /// To and fro, oldest first.
    pub messages: Vec<Message>,
    /// Whom to ring outside.
    pub outside: Vec<Agency>,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// From us, or from the sender.
    pub from_us: bool,
    /// As written.
    pub text: String,
    /// The day.
    pub on: Date,
}

/// Memory of one hash, KiB, and passes: about a twentieth of a second. Cheaper than a password's, because the words are
/// chance and not chosen.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;

/// Hashes at once: they cost memory, and anybody may ask for one.
static AT_ONCE: tokio::sync::Semaphore = tokio::sync::Semaphore::const_new(2);

/// Marks a receipt of words, among receipts of people with accounts.
const MARK: &str = "words:";

/// Messages of one sender that are kept. Whoever has more to say should be rung up.
const MOST_MESSAGES: usize = 200;

/// Was this told without an account?
pub(crate) fn is_unsigned(concern: &Concern) -> bool {
    concern.reporter_id.is_none() && concern.receipt_hash.starts_with(MARK)
}

/// The hash under which six words are kept. `words` as [`words::read`] gives them.
pub(crate) async fn receipt_hash(services: &Services, setting: SettingId, words: &str) -> Result<String> {
    let salt = services.db.keys().derive("receipts");
    let said = format!("{setting} {words}");
    let internal = |error: &dyn std::fmt::Display| Error::Internal(format!("receipt hash: {error}"));
    let _permit = AT_ONCE.acquire().await.map_err(|error| internal(&error))?;
    let hashed = tokio::task::spawn_blocking(move || {
        let params = Params::new(MEMORY_KIB, PASSES, 1, Some(32)).map_err(|error| error.to_string())?;
        let mut out = [0_u8; 32];
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(said.as_bytes(), &*salt, &mut out)
            .map_err(|error| error.to_string())?;
        Ok::<_, String>(format!("{MARK}{}", hex::encode(out)))
    });
    hashed.await.map_err(|error| internal(&error))?.map_err(|error| internal(&error))
}

/// Six words, as somebody typed them: whose report is it?
///
/// # Errors
/// [`Error::Invalid`] on `code`: a slip that the words show by themselves, or words that open nothing. The two sentences
/// differ; the second is the same, after the same work, for every set of words that was never given out.
pub async fn open(services: &Services, door: &Door, typed: &str) -> Result<ConcernId> {
    let words = words::read(typed).map_err(|slip| Error::invalid("code", &say(&slip)))?;
    let hash = receipt_hash(services, door.setting, &words).await?;
    let reader = services.db.read(Scope::Setting(door.setting)).await?;
    let found = store::concerns::find_receipt(&reader, door.setting, &hash).await?;
    found.map(|receipt| receipt.id).ok_or_else(|| {
        Error::invalid("code", "We found nothing with these words. Check each word and their order, then try again.")
    })
}

fn say(slip: &Slip) -> String {
    match slip {
        Slip::Count(_) => "Write all six words, with a space between them.".to_owned(),
        Slip::Word(_) => "One of these words is never used. Check how each word is spelled.".to_owned(),
        Slip::Check => "These words do not go together. Check each word and their order.".to_owned(),
    }
}

/// What waits for the sender.
///
/// # Errors
/// [`Error::NotFound`] when it is not one that was told without an account.
pub async fn read(services: &Services, door: &Door, id: ConcernId) -> Result<Inbox> {
    let reader = services.db.read(Scope::Setting(door.setting)).await?;
    let concern = unsigned(&reader, door.setting, id).await?;
    let day = |at| services.calendar.local(at).date();
    let messages = store::concerns::list_messages_for_program(&reader, door.setting, id).await?;
    Ok(Inbox {
        told_on: day(concern.recorded_at),
        read: concern.opened_at.is_some(),
        closed: concern.status == ConcernStatus::Closed,
        messages: messages
            .into_iter()
            .map(|entry| Message {
                from_us: entry.kind == EntryKind::ToSender,
                text: entry.text,
                on: day(entry.recorded_at),
            })
            .collect(),
        outside: door.outside.clone(),
    })
}

/// One more message of the sender. Whoever works the concern is told.
///
/// # Errors
/// [`Error::Invalid`] on `text`.
pub async fn write(services: &Services, ctx: &mut OpCtx, door: &Door, id: ConcernId, text: &str) -> Result<()> {
    ctx.actor = Actor::Nobody;
    ctx.client = Client::default();
    let text = text.trim();
    if text.is_empty() {
        return Err(Error::invalid("text", "Write your message."));
    }
    if text.chars().count() > LONGEST {
        return Err(Error::invalid("text", &format!("This is too long. It may have up to {LONGEST} letters.")));
    }
    if domain::pasted::is_image_data(text) {
        return Err(Error::invalid("text", NO_PICTURES));
    }
    let mut tx = services.db.write(ctx, Scope::Setting(door.setting), "concern.sender_wrote").await?;
    let concern = unsigned(&tx, door.setting, id).await?;
    let before = store::concerns::list_messages_for_program(&tx, door.setting, id).await?;
    if before.iter().filter(|entry| entry.kind == EntryKind::FromSender).count() >= MOST_MESSAGES {
        return Err(Error::invalid("text", "You have written very often. Ring us, or one of the numbers below."));
    }
    let now = tx.now();
    crate::concerns::append(&mut tx, &concern, EntryKind::FromSender, text, now, None, None).await?;
    let case = case::loaded(&tx, concern).await?;
    tell_worker(&mut tx, &case, notices::Mailing::Hourly).await?;
    tx.commit().await?;
    services.wake_jobs();
    Ok(())
}

/// Tells whoever works it; before anybody does, the reports' own ladder has told somebody already, and tells them again.
pub(crate) async fn tell_worker(tx: &mut Tx, case: &Case, mailing: notices::Mailing) -> Result<()> {
    let roster = case::roster(tx, case.setting(), tx.now()).await?;
    let still_there = |person: &PersonId| {
        CASE_ROLES.iter().filter_map(|role| roster.get(role)).flatten().any(|holder| holder == person)
    };
    let worker = case.concern.opened_by.filter(|person| !case.excluded.contains(person) && still_there(person));
    let people = match worker {
        Some(person) => vec![person],
        None => notices::ladder_now(tx, case, tx.now()).await?.first().to_vec(),
    };
    let link = format!("/concerns/{}", case.concern.id);
    let matter = Matter { urgency: case.concern.urgency, link: &link, concern: Some(case.concern.id) };
    notices::tell_by(tx, case.setting(), &people, &matter, mailing).await
}

async fn unsigned(db: &impl store::Reads, setting: SettingId, id: ConcernId) -> Result<Concern> {
    let concern = store::concerns::lookup_for_program(db, setting, id).await?;
    concern.filter(is_unsigned).ok_or(Error::NotFound)
}
