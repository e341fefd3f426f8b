//! Letting somebody back who was shut out by mistake: one person who works the concern proposes it with a reason, another one
//! agrees or does not. Both stay in the chronology and in the audit (S7, S12).
//!
//! What it is not: a way past a reason that still stands. Whoever is tied to the adult concerned, or works here and is tied to the
//! child, stays out while the register says so. Nor does it let anybody in: who sees the concern is its route's rule,
//! and “let in by name” beside it.

use std::collections::BTreeSet;

use domain::access::{Action, Refused};
use domain::concern::{EntryKind, Part, Urgency};
use domain::ctx::Member;
use domain::exclusion::{Sight, shut_out, sight};
use domain::{ConcernId, OpCtx, PersonId};
use jiff::Timestamp;
use store::concerns::{ConcernPerson, LetBack};
use store::{Reads, Scope, Tx};
use uuid::Uuid;

use super::LONGEST_LINE;
use super::case::{self, Case};
use super::entries::append;
use super::view::Names;
use crate::notices::{self, Matter};
use crate::sight::sees;
use crate::{Error, Result, Services};

/// Who is shut out of a concern, and what was proposed about it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShutOut {
    /// Who must not see it.
    pub people: Vec<(PersonId, String)>,
    /// Proposals that wait, and those that were decided, oldest first.
    pub proposals: Vec<Proposal>,
}

/// One proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// Which.
    pub id: Uuid,
    /// Who was shut out.
    pub who: String,
    /// Why that was a mistake.
    pub reason: String,
    /// Who says so, when.
    pub by: (String, Timestamp),
    /// May the reader decide it? Never one's own, nor one of one's family.
    pub to_decide: bool,
    /// May the reader take it back: was it theirs?
    pub mine: bool,
    /// Who decided, when, and whether they agreed.
    pub decided: Option<(String, Timestamp, bool)>,
}

/// Who is shut out, for those who work the concern.
///
/// # Errors
/// [`Error::NotFound`] for who may not see it.
pub async fn shut_out_of(services: &Services, ctx: &OpCtx, id: ConcernId) -> Result<ShutOut> {
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let db = services.db.read(Scope::Setting(member.setting)).await?;
    let case = case::of(&db, ctx, Action::ExcludeFromConcern, id).await?;
    let names = Names::load(&db, member.setting).await?;
    let close = crate::low_level::not_for(&db, member).await?;
    let rows = store::concerns::list_let_back(&db, member.setting, &sees(member), id).await?;
    let proposals = rows.into_iter().map(|row| Proposal {
        id: row.id,
        who: names.person(row.person_id),
        by: (names.person(row.proposed_by), row.proposed_at),
        to_decide: row.decided_at.is_none() && row.proposed_by != member.person && !close.contains(&row.person_id),
        mine: row.decided_at.is_none() && row.proposed_by == member.person,
        decided: row.decided_at.map(|at| (names.of(row.decided_by), at, row.agreed)),
        reason: row.reason,
    });
    Ok(ShutOut {
        people: case.excluded.iter().map(|person| (*person, names.person(*person))).collect(),
        proposals: proposals.collect(),
    })
}

/// The first of two says that somebody was shut out by mistake. Everybody else who holds the concern is told.
///
/// # Errors
/// [`Error::Invalid`] on `back` or `why_back`; also while the register, or this record, still shuts them out.
pub async fn propose(
    services: &Services,
    ctx: &mut OpCtx,
    id: ConcernId,
    person: PersonId,
    reason: &str,
) -> Result<Uuid> {
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "concern.let_back_propose").await?;
    let case = case::of(&tx, ctx, Action::ExcludeFromConcern, id).await?;
    if !case.excluded.contains(&person) {
        return Err(Error::invalid("back", "Choose somebody from the list."));
    }
    close_to(&tx, &member, person, "back").await?;
    let reason = reason.trim();
    if reason.chars().count() < domain::procedure::REASON_AT_LEAST || reason.chars().count() > LONGEST_LINE {
        return Err(Error::invalid("why_back", "Say why that was a mistake, in a few words."));
    }
    let there = store::concerns::list_let_back(&tx, member.setting, &sees(&member), id).await?;
    if there.iter().any(|row| row.person_id == person && row.decided_at.is_none()) {
        return Err(Error::invalid("back", "Somebody has proposed this already. Another person has to agree."));
    }
    still_shut_out(&tx, &case, person, ctx.now).await?;
    let row = LetBack {
        id: tx.fresh(),
        setting_id: member.setting,
        concern_id: id,
        person_id: person,
        reason: reason.to_owned(),
        proposed_by: member.person,
        proposed_at: ctx.now,
        decided_by: None,
        decided_at: None,
        agreed: false,
        version: 0,
    };
    store::concerns::add_let_back(&mut tx, &row).await?;
    let text = format!("{} was shut out by mistake, says who wrote this: {reason}", name(&tx, &case, person).await?);
    append(&mut tx, &case.concern, EntryKind::Note, &text, ctx.now, Some(member.person), None).await?;
    let roster = case::roster(&tx, member.setting, ctx.now).await?;
    let others: Vec<PersonId> =
        notices::holding(&case, &roster).into_iter().filter(|holder| *holder != member.person).collect();
    let link = format!("/concerns/{id}");
    let matter = Matter { urgency: Urgency::Prompt, link: &link, concern: Some(id) };
    notices::tell(&mut tx, member.setting, &others, &matter).await?;
    tx.commit().await?;
    services.wake_jobs();
    Ok(row.id)
}

/// What the second person says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// It was a mistake.
    Agree,
    /// It was none; or whoever proposed it takes it back.
    Refuse,
}

/// The second of two decides. Agreed: their part as the adult concerned ends, and they are shut out no more. Whoever proposed it
/// can only take it back.
///
/// # Errors
/// [`Error::NotFound`] when nothing waits; [`Error::Invalid`] when it is the first person who agrees, somebody close to whom it
/// is about, or something still shuts them out.
pub async fn decide(services: &Services, ctx: &mut OpCtx, id: ConcernId, proposal: Uuid, word: Word) -> Result<()> {
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "concern.let_back_decide").await?;
    let case = case::of(&tx, ctx, Action::ExcludeFromConcern, id).await?;
    let rows = store::concerns::list_let_back(&tx, member.setting, &sees(&member), id).await?;
    let row = rows.into_iter().find(|row| row.id == proposal && row.decided_at.is_none()).ok_or(Error::NotFound)?;
    let (person, who) = (row.person_id, name(&tx, &case, row.person_id).await?);
    let text = match word {
        Word::Refuse => format!("It stays so that {who} must not see this."),
        Word::Agree if row.proposed_by == member.person => {
            return Err(Error::invalid("", "You proposed it. Somebody else must agree."));
        }
        Word::Agree => {
            close_to(&tx, &member, person, "").await?;
            still_shut_out(&tx, &case, person, ctx.now).await?;
            format!("{who} was shut out by mistake, and is so no more. Two people said so.")
        }
    };
    let decided =
        LetBack { decided_by: Some(member.person), decided_at: Some(ctx.now), agreed: word == Word::Agree, ..row };
    store::concerns::set_let_back(&mut tx, &decided).await?;
    if word == Word::Agree {
        let_back(&mut tx, &case, person).await?;
    }
    append(&mut tx, &case.concern, EntryKind::Note, &text, ctx.now, Some(member.person), None).await?;
    tx.commit().await?;
    services.wake_jobs();
    Ok(())
}

async fn let_back(tx: &mut Tx, case: &Case, person: PersonId) -> Result<()> {
    let setting = case.setting();
    let about =
        ConcernPerson { concern_id: case.concern.id, person_id: person, part: Part::About, setting_id: setting };
    let parts = store::concerns::list_parts_for_program(tx, setting, case.concern.id).await?;
    if parts.contains(&about) {
        store::concerns::remove_person(tx, &about).await?;
    }
    let out = store::concerns::list_exclusions(tx, setting, case.concern.id).await?;
    if let Some(row) = out.into_iter().find(|row| row.person_id == person) {
        store::concerns::lift_exclusion(tx, &row).await?;
    }
    // Told only if the concern's route is theirs again: else it would tell them that there is one.
    let after = case::loaded(tx, case.concern.clone()).await?;
    let roster = case::roster(tx, setting, tx.now()).await?;
    let (roles, kinds) = (roster.roles_of(person), roster.kinds_of(person));
    if sight(&after.walls(), person, &roles, &kinds) == Sight::Case {
        notices::reach(tx, &case.concern, &[person]).await?;
    }
    Ok(())
}

/// Nobody decides about themselves or their family.
async fn close_to(db: &impl Reads, member: &Member, person: PersonId, field: &str) -> Result<()> {
    let close = crate::low_level::not_for(db, member).await?;
    let say = "You or your family: somebody else has to say this.";
    if close.contains(&person) { Err(Error::invalid(field, say)) } else { Ok(()) }
}

/// Would they be shut out without having been named as the adult concerned? Then that comes first.
async fn still_shut_out(db: &impl Reads, case: &Case, person: PersonId, now: Timestamp) -> Result<()> {
    let parts = store::concerns::list_parts_for_program(db, case.setting(), case.concern.id).await?;
    let parts: Vec<(PersonId, Part)> = parts
        .into_iter()
        .map(|row| (row.person_id, row.part))
        .filter(|(named, part)| !(*named == person && *part == Part::About))
        .collect();
    let ties = case::ties(db, case.setting(), &parts).await?;
    let here: BTreeSet<PersonId> = case::works_here(db, case.setting(), &ties, now).await?;
    if shut_out(&parts, &ties, &here).contains(&person) {
        let say = "The register ties them to somebody whom this is about. If that is wrong, have the register corrected first.";
        return Err(Error::invalid("back", say));
    }
    Ok(())
}

async fn name(db: &impl Reads, case: &Case, person: PersonId) -> Result<String> {
    Ok(store::people::lookup(db, case.setting(), person).await?.map(|found| found.name).unwrap_or_default())
}
