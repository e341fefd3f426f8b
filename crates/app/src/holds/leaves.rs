//! On whose word a device of the person concerned is held (S9): the police, the LADO, or a danger, with what was said; and when
//! somebody asks again whether it must stay so. Danger is asked about after a day, since it is nobody's leave; a word of the police
//! or the LADO after a week, or as often as the setting says (`periods`, `hold_review`).
//!
//! What it is not: the end of a hold, which is the procedure's step. It hangs on its concern: seen by those who see that.

use domain::access::{Action, Refused, Relation, authorize};
use domain::concern::EntryKind;
use domain::ctx::Member;
use domain::{HoldId, OpCtx};
use jiff::{SignedDuration, Timestamp};
use store::concerns::Concern;
use store::shares::HoldLeave;
pub use store::words::LeaveWord;
use store::{Reads, Scope, Tx};
use uuid::Uuid;

use super::Leave;
use crate::concerns::{LONGEST_LINE, Names, append, case};
use crate::sight::sees;
use crate::{Error, Result, Services};

/// A word on which a device is held, to be looked at again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// Which.
    pub id: Uuid,
    /// Which hold.
    pub hold: HoldId,
    /// The device.
    pub device: String,
    /// Reference of its concern.
    pub reference: String,
    /// Whose word.
    pub word: LeaveWord,
    /// What was said.
    pub why: String,
    /// Who wrote it.
    pub given_by: String,
    /// When.
    pub given_at: Timestamp,
    /// By when somebody looks again.
    pub look_again_at: Timestamp,
}

pub(super) fn word(leave: Leave) -> Option<LeaveWord> {
    match leave {
        Leave::None => None,
        Leave::Police => Some(LeaveWord::Police),
        Leave::Lado => Some(LeaveWord::Lado),
        Leave::Danger => Some(LeaveWord::Danger),
    }
}

/// Days until somebody asks again.
async fn days(db: &impl Reads, concern: &Concern, word: LeaveWord) -> Result<i64> {
    const WEEK: u32 = 7;
    if word == LeaveWord::Danger {
        return Ok(1);
    }
    let profile = case::profile(db, concern.setting_id).await?;
    Ok(profile.periods.get("hold_review").copied().unwrap_or(WEEK).clamp(1, 28).into())
}

pub(super) async fn give(
    tx: &mut Tx,
    member: &Member,
    concern: &Concern,
    hold: HoldId,
    word: LeaveWord,
    why: &str,
) -> Result<()> {
    let now = tx.now();
    let wait = SignedDuration::from_hours(24 * days(tx, concern, word).await?);
    let row = HoldLeave {
        id: tx.fresh(),
        setting_id: concern.setting_id,
        concern_id: concern.id,
        hold_id: hold,
        word,
        why: why.to_owned(),
        given_by: member.person,
        given_at: now,
        look_again_at: now.saturating_add(wait).unwrap_or(now),
        looked_by: None,
        looked_at: None,
        found: None,
        version: 0,
    };
    store::shares::add_leave(tx, &row).await?;
    Ok(())
}

/// Words on which devices are held and that nobody has looked at again, of concerns that the actor may see, the next first.
///
/// # Errors
/// [`Refused`] for who holds no cases.
pub async fn list(services: &Services, ctx: &OpCtx) -> Result<Vec<View>> {
    authorize(&ctx.actor, Action::ReadQueue, Relation::Setting)?;
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let db = services.db.read(Scope::Setting(member.setting)).await?;
    let viewer = sees(member);
    let names = Names::load(&db, member.setting).await?;
    let held = store::devices::list_holds(&db, member.setting, &viewer, ctx.now).await?;
    let waiting: Vec<HoldLeave> = store::shares::list_leaves(&db, member.setting, &viewer)
        .await?
        .into_iter()
        .filter(|row| row.looked_at.is_none())
        .collect();
    let ids: Vec<domain::ConcernId> = waiting.iter().map(|row| row.concern_id).collect();
    let references = store::concerns::list_references(&db, member.setting, &viewer, &ids).await?;
    let mut views = Vec::new();
    for row in waiting {
        // What was let back has nothing to be asked any more.
        let Some(hold) = held.iter().find(|hold| hold.id == row.hold_id) else { continue };
        let Some((_, reference)) = references.iter().find(|(id, _)| *id == row.concern_id) else { continue };
        views.push(View {
            id: row.id,
            hold: row.hold_id,
            device: names.device(hold.device_id),
            reference: reference.clone(),
            word: row.word,
            why: row.why,
            given_by: names.person(row.given_by),
            given_at: row.given_at,
            look_again_at: row.look_again_at,
        });
    }
    Ok(views)
}

/// Somebody asked again, and it stays held, with what they found. The next time is then as far away again.
///
/// # Errors
/// [`Error::NotFound`] for what is not the actor's, or was looked at since; [`Error::Invalid`] on `word` or `found`.
pub async fn look_again(services: &Services, ctx: &mut OpCtx, id: Uuid, leave: Leave, found: &str) -> Result<()> {
    authorize(&ctx.actor, Action::DecideHold, Relation::Case)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "device.look_again").await?;
    let rows = store::shares::list_leaves(&tx, member.setting, &sees(&member)).await?;
    let row = rows.into_iter().find(|row| row.id == id && row.looked_at.is_none()).ok_or(Error::NotFound)?;
    let case = case::of(&tx, ctx, Action::WorkConcern, row.concern_id).await?;
    let found = found.trim();
    if !(domain::procedure::REASON_AT_LEAST..=LONGEST_LINE).contains(&found.chars().count()) {
        return Err(Error::invalid("found", "Write whom you asked and what they said, in a few words."));
    }
    let word = word(leave).ok_or_else(|| Error::invalid("word", "Choose on whose word it stays held."))?;
    let hold = row.hold_id;
    let looked =
        HoldLeave { looked_by: Some(member.person), looked_at: Some(ctx.now), found: Some(found.to_owned()), ..row };
    store::shares::set_leave(&mut tx, &looked).await?;
    give(&mut tx, &member, &case.concern, hold, word, found).await?;
    let text = format!("It was asked again whether the held device must stay held. It must: {found}");
    append(&mut tx, &case.concern, EntryKind::Note, &text, ctx.now, Some(member.person), None).await?;
    tx.commit().await?;
    Ok(())
}
