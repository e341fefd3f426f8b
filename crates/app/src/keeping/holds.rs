//! Legal holds: what must not be destroyed, because somebody asked. One concern, all that names a person, or everything.
//! Placing is one person's act and at once; lifting is one person's act with a reason, and destroys nothing by itself.

use domain::access::{Action, Refused, Relation, authorize};
use domain::{ConcernId, LegalHoldId, OpCtx, PersonId};
use jiff::Timestamp;
use store::Scope;
use store::keeping::LegalHold;
pub use store::words::HoldGround;

use super::words;
use crate::concerns::{LONGEST_LINE, Names, case};
use crate::sight::sees;
use crate::{Error, Result, Services};

/// A hold, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldView {
    /// Which.
    pub id: LegalHoldId,
    /// What it reaches.
    pub reaches: String,
    /// Why, in a word.
    pub ground: HoldGround,
    /// Who asked.
    pub asked_by: String,
    /// Why.
    pub reason: String,
    /// By whom, when.
    pub placed: (String, Timestamp),
    /// Ended: by whom, when, why.
    pub lifted: Option<(String, Timestamp, String)>,
    /// For lost updates.
    pub version: i64,
}

/// What a hold is to reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// Everything of this setting.
    Everything,
    /// The concern of this reference.
    Concern(String),
    /// All that names this person.
    Person(PersonId),
}

/// A new one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct New {
    /// What it reaches.
    pub reach: Reach,
    /// Why, in a word.
    pub ground: HoldGround,
    /// Who asked.
    pub asked_by: String,
    /// Why.
    pub reason: String,
}

/// A ground in plain words.
pub fn say(ground: HoldGround) -> &'static str {
    match ground {
        HoldGround::Police => "the police asked",
        HoldGround::Court => "a court or a claim",
        HoldGround::Inquiry => "a public inquiry",
        HoldGround::Council => "children’s social care or the LADO asked",
        HoldGround::Complaint => "a complaint is open",
        HoldGround::Request => "somebody asked for their data",
        HoldGround::Insurer => "the insurer asked",
        HoldGround::Other => "another reason",
    }
}

/// Holds that the actor may know of, newest first.
///
/// # Errors
/// [`Refused`].
pub async fn list(services: &Services, ctx: &OpCtx) -> Result<Vec<HoldView>> {
    authorize(&ctx.actor, Action::KeepRetention, Relation::Setting)?;
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let names = Names::load(&reader, member.setting).await?;
    let rows = store::keeping::list_holds(&reader, member.setting, &sees(member)).await?;
    let concerns: Vec<ConcernId> = rows.iter().filter_map(|row| row.concern_id).collect();
    let references = store::concerns::list_references(&reader, member.setting, &sees(member), &concerns).await?;
    let reference = |id: ConcernId| {
        let found = references.iter().find(|(known, _)| *known == id);
        found.map_or("a concern".to_owned(), |(_, reference)| format!("Concern {reference}"))
    };
    Ok(rows
        .into_iter()
        .map(|row| HoldView {
            id: row.id,
            reaches: match (row.concern_id, row.person_id) {
                (Some(concern), _) => reference(concern),
                (None, Some(person)) => format!("All that names {}", names.person(person)),
                (None, None) => "Everything".to_owned(),
            },
            ground: row.ground,
            asked_by: row.asked_by,
            reason: row.reason,
            placed: (names.person(row.placed_by), row.placed_at),
            lifted: row.lifted_at.map(|at| (names.of(row.lifted_by), at, row.lifted_why.unwrap_or_default())),
            version: row.version,
        })
        .collect())
}

/// Places a hold.
///
/// # Errors
/// [`Refused`]; [`Error::Invalid`] on `reference`, `person`, `asked_by` or `reason`.
pub async fn place(services: &Services, ctx: &mut OpCtx, new: New) -> Result<LegalHoldId> {
    authorize(&ctx.actor, Action::KeepRetention, Relation::Setting)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "retention.hold").await?;
    let asked_by = words("asked_by", &new.asked_by, LONGEST_LINE, "Write who asked for it, in one line.")?;
    let reason = words("reason", &new.reason, 2_000, "Write why nothing may be destroyed.")?;
    let (concern_id, person_id) = match new.reach {
        Reach::Everything => (None, None),
        Reach::Concern(reference) => {
            let found =
                store::concerns::find_by_reference(&tx, member.setting, &sees(&member), reference.trim()).await?;
            let found = found.ok_or_else(|| Error::invalid("reference", "No concern of yours has this reference."))?;
            (Some(case::of(&tx, ctx, Action::WorkConcern, found.id).await?.concern.id), None)
        }
        Reach::Person(person) => {
            let found = store::people::lookup(&tx, member.setting, person).await?;
            found.ok_or_else(|| Error::invalid("person", "Choose somebody from the list."))?;
            (None, Some(person))
        }
    };
    let row = LegalHold {
        id: tx.fresh(),
        setting_id: member.setting,
        concern_id,
        person_id,
        ground: new.ground,
        asked_by,
        reason,
        placed_by: member.person,
        placed_at: ctx.now,
        lifted_by: None,
        lifted_at: None,
        lifted_why: None,
        version: 0,
    };
    store::keeping::add_hold(&mut tx, &row).await?;
    tx.commit().await?;
    Ok(row.id)
}

/// Lifts a hold.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Invalid`] on `reason`.
pub async fn lift(services: &Services, ctx: &mut OpCtx, id: LegalHoldId, why: &str) -> Result<()> {
    authorize(&ctx.actor, Action::KeepRetention, Relation::Setting)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "retention.lift_hold").await?;
    let found = store::keeping::lookup_hold(&tx, member.setting, &sees(&member), id).await?;
    let row = found.filter(|row| row.lifted_at.is_none()).ok_or(Error::NotFound)?;
    let why = words("reason", why, 2_000, "Write why it may end: who said so, and when.")?;
    let lifted = LegalHold { lifted_by: Some(member.person), lifted_at: Some(ctx.now), lifted_why: Some(why), ..row };
    store::keeping::set_hold(&mut tx, &lifted).await?;
    tx.commit().await?;
    Ok(())
}
