//! Sharing with a family, one adult at a time (S13): the lead sees whom it is not safe to tell and why, has a text made from the
//! concern with everybody else's names taken out, reads it over, and says how it reaches them: on their own page, by letter, by
//! word of mouth; or that it is withheld, and why. Who, when and how stay in the concern.
//!
//! What it is not: the decision whom it is safe to tell, which is a step of the procedure and shuts out whom it names; nor the
//! step that says that parents were told. The gate before that step is the gate here. Recording that somebody was told all the same
//! is open there, always (S1).

use std::collections::BTreeSet;

use domain::access::{Action, Refused, Relation, authorize};
use domain::concern::{EntryKind, Urgency};
use domain::ctx::Member;
use domain::people::PersonKind;
use domain::procedure::Locked;
use domain::redaction::{Ground, Mark, redacted};
use domain::{ConcernId, EntryId, LetterId, OpCtx, PersonId, Role};
use jiff::Timestamp;
use store::shares::FamilyShare;
pub use store::words::FamilyWay;
use store::{Reads, Scope, Tx};
use uuid::Uuid;

use crate::concerns::case::{self, Case};
use crate::concerns::{LONGEST_LINE, Names, append};
use crate::notices::{self, Matter};
use crate::referrals::{Adult, NewLetter, letter};
use crate::sight::sees;
use crate::{Error, Result, Services};

/// What a page of the lead shows.
#[derive(Debug, Clone)]
pub struct Sharing {
    /// The concern's reference.
    pub reference: String,
    /// “Police or advice first”, or whom it is safe to tell, while that is shut.
    pub locked: Option<Locked>,
    /// Each child's adults.
    pub adults: Vec<Told>,
    /// What stands in the concern and may be shared, as it would be: everybody else's names taken out.
    pub lines: Vec<(EntryId, String)>,
}

/// One adult of one child.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Who, with what must be known first, and why they are never told.
    pub adult: Adult,
    /// Have they a page of their own here?
    pub has_page: bool,
    /// What they were told or not, oldest first.
    pub shares: Vec<ShareView>,
}

/// One thing shared or withheld.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShareView {
    /// How.
    pub way: FamilyWay,
    /// What; of what is withheld, why.
    pub text: String,
    /// By whom.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// When they opened it.
    pub seen_at: Option<Timestamp>,
}

/// The page of a concern.
///
/// # Errors
/// [`Error::NotFound`] for who may not see it.
pub async fn page(services: &Services, ctx: &OpCtx, id: ConcernId) -> Result<Sharing> {
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let db = services.db.read(Scope::Setting(member.setting)).await?;
    let case = case::of(&db, ctx, Action::WorkConcern, id).await?;
    let names = Names::load(&db, member.setting).await?;
    let shares = store::shares::list_shares(&db, member.setting, &sees(member), id).await?;
    let roster = case::roster(&db, member.setting, ctx.now).await?;
    let families = roster.get(&Role::Parent).cloned().unwrap_or_default();
    let mut adults = Vec::new();
    for adult in letter::adults(&db, &case, member).await? {
        let own = shares.iter().filter(|row| row.to_id == adult.adult && row.child_id == adult.child);
        adults.push(Told {
            has_page: families.contains(&adult.adult) && !case.excluded.contains(&adult.adult),
            shares: own.map(|row| view(row, &names)).collect(),
            adult,
        });
    }
    Ok(Sharing {
        reference: case.concern.reference.clone(),
        locked: crate::referrals::may_tell_outside(services, &db, &case).await?,
        adults,
        lines: Vec::new(),
    })
}

fn view(row: &FamilyShare, names: &Names) -> ShareView {
    ShareView {
        way: row.way,
        text: row.text.clone(),
        by: names.person(row.made_by),
        at: row.made_at,
        seen_at: row.seen_at,
    }
}

/// As [`page`], with what may be shared with one adult about one child.
///
/// # Errors
/// As [`page`]; [`Error::NotFound`] for an adult who is none of the child's, or whom it is not safe to tell.
pub async fn lines_for(
    services: &Services,
    ctx: &OpCtx,
    id: ConcernId,
    (child, to): (PersonId, PersonId),
) -> Result<(Sharing, Told)> {
    let mut sharing = page(services, ctx, id).await?;
    let told = sharing.adults.iter().find(|told| told.adult.child == child && told.adult.adult == to).cloned();
    let told = told.filter(|told| told.adult.never.is_none()).ok_or(Error::NotFound)?;
    if sharing.locked.is_none() {
        let member = ctx.member().ok_or(Refused::SignIn)?;
        let db = services.db.read(Scope::Setting(member.setting)).await?;
        sharing.lines = lines(&db, member, id, &told.adult).await?;
    }
    Ok((sharing, told))
}

/// Kinds of entries of which a family may be told. What others think, what was planned with agencies, who told us and why somebody is
/// not told stay inside.
const SHARED: [EntryKind; 5] =
    [EntryKind::Fact, EntryKind::ChildWords, EntryKind::Safety, EntryKind::Voice, EntryKind::Correction];

/// The entries that may be shared with one adult about one child, with the names of everybody else taken out.
async fn lines(db: &impl Reads, member: &Member, id: ConcernId, adult: &Adult) -> Result<Vec<(EntryId, String)>> {
    let entries = store::concerns::list_entries(db, member.setting, &sees(member), id).await?;
    let corrected: BTreeSet<EntryId> = entries.iter().filter_map(|entry| entry.supersedes).collect();
    let marks = marks(db, member, adult).await?;
    let shared = entries.iter().filter(|entry| SHARED.contains(&entry.kind) && !corrected.contains(&entry.id));
    Ok(shared.map(|entry| (entry.id, redacted("", &entry.text, &marks))).collect())
}

/// Everybody of the register but the child and the adult: their full names, and what they are called where that names nobody
/// whom the text is about.
async fn marks(db: &impl Reads, member: &Member, adult: &Adult) -> Result<Vec<Mark>> {
    let people = store::people::list(db, member.setting, None).await?;
    let own = |words: &str| {
        let is = |name: &str| name.split_whitespace().any(|part| part.eq_ignore_ascii_case(words));
        is(&adult.child_name) || is(&adult.name)
    };
    let mut marks = Vec::new();
    for other in people.iter().filter(|one| one.id != adult.child && one.id != adult.adult) {
        let ground = if other.kind == PersonKind::Child { Ground::OtherChild } else { Ground::ThirdParty };
        let parts = other.name.split_whitespace().chain([other.known_as.as_str()]);
        let alone = parts.filter(|part| part.chars().count() > 2 && !own(part));
        for words in std::iter::once(other.name.as_str()).chain(alone) {
            marks.push(Mark { item: None, words: Some(words.to_owned()), ground });
        }
    }
    Ok(marks)
}

/// The text to read over: the letter for this kind of concern, and the entries that were ticked.
///
/// # Errors
/// As [`lines_for`]; [`Error::Locked`] while the gate is shut.
pub async fn prepare(
    services: &Services,
    ctx: &OpCtx,
    id: ConcernId,
    (child, to): (PersonId, PersonId),
    ticked: &BTreeSet<EntryId>,
) -> Result<String> {
    let (sharing, told) = lines_for(services, ctx, id, (child, to)).await?;
    if let Some(locked) = sharing.locked {
        return Err(Error::Locked(locked));
    }
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let db = services.db.read(Scope::Setting(member.setting)).await?;
    let case = case::of(&db, ctx, Action::WorkConcern, id).await?;
    let mut text = letter::begin(services, &db, ctx, &case, &told.adult).await?;
    let said: Vec<String> =
        sharing.lines.into_iter().filter(|(entry, _)| ticked.contains(entry)).map(|(_, text)| text).collect();
    if !said.is_empty() {
        // Before the last paragraph, which is the writer's name.
        let (body, name) = text.rsplit_once("\n\n").map_or((text.as_str(), ""), |(body, name)| (body, name));
        text = format!("{body}\n\n{}\n\n{name}", said.join("\n\n"));
    }
    Ok(text)
}

/// Shares with one adult. On their page they are told at once; a letter is kept to be printed; what was said is written down.
///
/// # Errors
/// [`Error::Locked`] while the gate is shut; [`Error::Invalid`] on `to`, `text` or `way`.
pub async fn share(
    services: &Services,
    ctx: &mut OpCtx,
    id: ConcernId,
    new: NewLetter,
    way: FamilyWay,
) -> Result<Option<LetterId>> {
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "concern.share").await?;
    let case = case::of(&tx, ctx, Action::WorkConcern, id).await?;
    let to = letter::may_be_told(services, &tx, &case, &member, &new).await?;
    let mut written = None;
    let say = match way {
        FamilyWay::Portal => {
            let roster = case::roster(&tx, member.setting, ctx.now).await?;
            let has_page = roster.get(&Role::Parent).is_some_and(|held| held.contains(&new.to));
            if !has_page || case.excluded.contains(&new.to) {
                return Err(Error::invalid(
                    "way",
                    "They have no page here on which they could read it. Choose another way.",
                ));
            }
            format!("Shared with {} about {}, on their own page.", to.name, to.child_name)
        }
        FamilyWay::Letter => {
            written = Some(letter::write_in(&mut tx, &case, &member, &new, &to).await?);
            String::new()
        }
        FamilyWay::Spoken => {
            format!("{} was told about {}, by word of mouth: {}", to.name, to.child_name, new.text.trim())
        }
        FamilyWay::Withheld => return Err(Error::invalid("way", "Choose how they are told.")),
    };
    let row = note(&mut tx, &case, &member, &new, way).await?;
    if !say.is_empty() {
        append(&mut tx, &case.concern, EntryKind::Told, &say, ctx.now, Some(member.person), None).await?;
    }
    if way == FamilyWay::Portal {
        let link = format!("/shared/{row}");
        let matter = Matter { urgency: Urgency::Prompt, link: &link, concern: Some(id) };
        notices::tell(&mut tx, member.setting, &[new.to], &matter).await?;
    }
    tx.commit().await?;
    services.wake_jobs();
    Ok(written)
}

/// Decides that one adult is not told, and why. Always open: it tells nobody anything.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Invalid`] on `to` or `why`.
pub async fn withhold(
    services: &Services,
    ctx: &mut OpCtx,
    id: ConcernId,
    (child, to): (PersonId, PersonId),
    why: &str,
) -> Result<()> {
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "concern.withhold").await?;
    let case = case::of(&tx, ctx, Action::WorkConcern, id).await?;
    let all = letter::adults(&tx, &case, &member).await?;
    let adult = all.into_iter().find(|adult| adult.child == child && adult.adult == to);
    let adult = adult.ok_or_else(|| Error::invalid("to", "Choose one of the child\u{2019}s adults."))?;
    let why = why.trim();
    if !(domain::procedure::REASON_AT_LEAST..=LONGEST_LINE).contains(&why.chars().count()) {
        return Err(Error::invalid("why", "Say why they are not told, in a few words, and who advised."));
    }
    let new = NewLetter { child, to, text: why.to_owned() };
    note(&mut tx, &case, &member, &new, FamilyWay::Withheld).await?;
    let say = format!("{} is not told about {}: {why}", adult.name, adult.child_name);
    append(&mut tx, &case.concern, EntryKind::Withheld, &say, ctx.now, Some(member.person), None).await?;
    tx.commit().await?;
    Ok(())
}

/// Writes down what was shared, with whom, how.
pub(crate) async fn note(tx: &mut Tx, case: &Case, member: &Member, new: &NewLetter, way: FamilyWay) -> Result<Uuid> {
    let row = FamilyShare {
        id: tx.fresh(),
        setting_id: member.setting,
        concern_id: case.concern.id,
        child_id: new.child,
        to_id: new.to,
        way,
        text: new.text.trim().to_owned(),
        made_by: member.person,
        made_at: tx.now(),
        seen_at: None,
        version: 0,
    };
    store::shares::add_share(tx, &row).await?;
    Ok(row.id)
}

/// Something that was shared with the reader, on their own page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shared {
    /// Which.
    pub id: Uuid,
    /// About which child.
    pub child: String,
    /// What.
    pub text: String,
    /// From whom.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Have they opened it?
    pub seen: bool,
}

/// What was shared with the actor, newest first.
///
/// # Errors
/// When nobody is signed in.
pub async fn mine(services: &Services, ctx: &OpCtx) -> Result<Vec<Shared>> {
    authorize(&ctx.actor, Action::KeepOwnAccount, Relation::Own)?;
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let db = services.db.read(Scope::Setting(member.setting)).await?;
    let rows = store::shares::list_shared_with(&db, member.setting, member.person).await?;
    let names = Names::load(&db, member.setting).await?;
    Ok(rows.iter().map(|row| theirs(row, &names)).collect())
}

fn theirs(row: &FamilyShare, names: &Names) -> Shared {
    Shared {
        id: row.id,
        child: names.person(row.child_id),
        text: row.text.clone(),
        by: names.person(row.made_by),
        at: row.made_at,
        seen: row.seen_at.is_some(),
    }
}

/// Opens one of them; that they did is written down, for whoever shared it.
///
/// # Errors
/// [`Error::NotFound`] for anything that was not shared with the actor, or is not for them any more.
pub async fn open(services: &Services, ctx: &mut OpCtx, id: Uuid) -> Result<Shared> {
    authorize(&ctx.actor, Action::KeepOwnAccount, Relation::Own)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "shared.open").await?;
    let rows = store::shares::list_shared_with(&tx, member.setting, member.person).await?;
    let row = rows.into_iter().find(|row| row.id == id).ok_or(Error::NotFound)?;
    let names = Names::load(&tx, member.setting).await?;
    let view = theirs(&row, &names);
    if row.seen_at.is_none() {
        store::shares::set_share(&mut tx, &FamilyShare { seen_at: Some(ctx.now), ..row }).await?;
    }
    store::notices::set_seen(&mut tx, member.setting, member.person, &format!("/shared/{id}")).await?;
    tx.commit().await?;
    Ok(view)
}
