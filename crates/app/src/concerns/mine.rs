//! What a reporter sees: their own words, whether somebody has opened it, and whom to tell in person (S4). Never the
//! case.

use domain::access::{Action, Refused, Relation, authorize};
use domain::concern::{ConcernStatus, EntryKind};
use domain::content::Agency;
use domain::exclusion::Sight;
use domain::routing::{Ladder, Outside};
use domain::{ConcernId, OpCtx, PersonId, SettingId};
use jiff::Timestamp;
use store::{Reads, Scope};

use super::case::{self, Case};
use super::report::receipt_hash;
use crate::notices::{ladder_now, told_so_far};
use crate::{Error, Result, Services};

/// One's own report, in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MyReport {
    /// Which.
    pub concern: ConcernId,
    /// Its reference.
    pub reference: String,
    /// When it was told.
    pub recorded_at: Timestamp,
    /// When somebody opened it.
    pub opened_at: Option<Timestamp>,
    /// Are the exact words still owed?
    pub words_owed: bool,
}

/// The receipt of a report.
#[derive(Debug, Clone, PartialEq)]
pub struct Receipt {
    /// Which.
    pub concern: ConcernId,
    /// Its reference.
    pub reference: String,
    /// When it was told.
    pub recorded_at: Timestamp,
    /// When somebody opened it; `None`: nobody has yet.
    pub opened_at: Option<Timestamp>,
    /// Are the exact words still owed? The same day (S5).
    pub words_owed: bool,
    /// One's own words: when, and what.
    pub words: Vec<(Timestamp, String)>,
    /// What was asked of the reporter and what they answered: asked?, the text, when. Never by whom.
    pub messages: Vec<(bool, String, Timestamp)>,
    /// How often the next person was told because nobody had opened it. Their names are not the reporter's business.
    pub passed_on: usize,
    /// Whom to tell in person now. Empty: nobody inside is left.
    pub tell: Vec<ToTell>,
    /// Whom to ring outside, always shown last; first when nobody inside is left.
    pub outside: Vec<Agency>,
}

/// Somebody to tell in person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToTell {
    /// Their name.
    pub name: String,
    /// Their title in this setting.
    pub title: String,
    /// Their number.
    pub phone: Option<String>,
}

/// One's own reports, newest first, but for those that one must not see.
///
/// # Errors
/// When nobody is signed in.
pub async fn mine(services: &Services, ctx: &OpCtx) -> Result<Vec<MyReport>> {
    authorize(&ctx.actor, Action::ReadReceipt, Relation::Own)?;
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let receipts = store::concerns::list_receipts(&reader, member.setting, member.person).await?;
    Ok(receipts
        .into_iter()
        .map(|receipt| MyReport {
            concern: receipt.id,
            reference: receipt.reference,
            recorded_at: receipt.recorded_at,
            opened_at: receipt.opened_at,
            words_owed: receipt.stage_two_at.is_none(),
        })
        .collect())
}

/// The receipt of one's own report.
///
/// # Errors
/// [`Error::NotFound`] for anybody else, and for who is shut out.
pub async fn receipt(services: &Services, ctx: &OpCtx, id: ConcernId) -> Result<Receipt> {
    authorize(&ctx.actor, Action::ReadReceipt, Relation::Own)?;
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let case = case::at_least(&reader, member, Sight::Receipt, id).await?;
    if case.concern.reporter_id != Some(member.person) {
        return Err(Error::NotFound);
    }
    of(services, &reader, &case, Some(member.person), ctx.now).await
}

/// The receipt of a code that somebody was given: whether it was opened and whom to ring, none of the words.
///
/// # Errors
/// [`Error::NotFound`] for a code that is none, and for who is signed in and shut out.
pub async fn by_code(services: &Services, ctx: &OpCtx, setting: SettingId, code: &str) -> Result<Receipt> {
    let reader = services.db.read(Scope::Setting(setting)).await?;
    let found = store::concerns::find_receipt(&reader, setting, &receipt_hash(code)).await?.ok_or(Error::NotFound)?;
    let concern = store::concerns::lookup_for_program(&reader, setting, found.id).await?.ok_or(Error::NotFound)?;
    let case = case::loaded(&reader, concern).await?;
    if ctx.member().is_some_and(|member| case.excluded.contains(&member.person)) {
        return Err(Error::NotFound);
    }
    of(services, &reader, &case, None, ctx.now).await
}

async fn of(
    services: &Services,
    db: &impl Reads,
    case: &Case,
    author: Option<PersonId>,
    now: Timestamp,
) -> Result<Receipt> {
    let setting = case.setting();
    let profile = case::profile(db, setting).await?;
    let words = match author {
        Some(person) => store::concerns::list_entries_of_author(db, setting, case.concern.id, person).await?,
        None => Vec::new(),
    };
    let messages = match author {
        Some(_) => store::concerns::list_messages_for_program(db, setting, case.concern.id).await?,
        None => Vec::new(),
    };
    let ladder = ladder_now(db, case, now).await?;
    let told = told_so_far(db, case, now).await?;
    let mut tell = Vec::new();
    let roster = case::roster(db, setting, now).await?;
    for person in now_responsible(&ladder, &told, case) {
        let Some(found) = store::people::lookup(db, setting, person).await? else { continue };
        let role = roster.iter().find(|(role, holders)| role.needs_second_factor() && holders.contains(&person));
        tell.push(ToTell {
            name: found.name,
            title: role.map(|(role, _)| profile.title(*role).to_owned()).unwrap_or_default(),
            phone: found.phone,
        });
    }
    let agencies = crate::agencies::of(services, db, setting, &profile.area).await?;
    let keys = std::iter::once("emergency")
        .chain(std::iter::once(Outside::SocialCare.agency()))
        .chain(ladder.outside.iter().map(|outside| outside.agency()));
    let outside = keys.filter_map(|key| agencies.iter().find(|agency| agency.key == key)).cloned();
    Ok(Receipt {
        concern: case.concern.id,
        reference: case.concern.reference.clone(),
        recorded_at: case.concern.recorded_at,
        // Whoever had opened it may have been shut out since: then nobody has.
        opened_at: case.concern.opened_at.filter(|_| case.concern.status != ConcernStatus::Received),
        words_owed: case.concern.stage_two_at.is_none(),
        words: words
            .into_iter()
            .filter(|entry| ![EntryKind::FromSender, EntryKind::ToSender].contains(&entry.kind))
            .map(|entry| (entry.recorded_at, entry.text))
            .collect(),
        messages: messages
            .into_iter()
            .map(|entry| (entry.kind == EntryKind::ToSender, entry.text, entry.recorded_at))
            .collect(),
        passed_on: passed_on(&ladder, &told, case),
        tell,
        outside: outside.collect(),
    })
}

/// Whom the reporter should find now: the last rung that was told while nobody has opened it, else the first.
fn now_responsible(ladder: &Ladder, told: &std::collections::BTreeSet<PersonId>, case: &Case) -> Vec<PersonId> {
    let mut told_rungs = ladder.rungs.iter().filter(|rung| rung.iter().any(|person| told.contains(person)));
    let rung =
        if case.concern.status == ConcernStatus::Received { told_rungs.next_back() } else { ladder.rungs.first() };
    rung.or(ladder.rungs.first()).cloned().unwrap_or_default()
}

fn passed_on(ladder: &Ladder, told: &std::collections::BTreeSet<PersonId>, case: &Case) -> usize {
    if case.concern.status != ConcernStatus::Received {
        return 0;
    }
    ladder.rungs.iter().filter(|rung| rung.iter().any(|person| told.contains(person))).count().saturating_sub(1)
}
