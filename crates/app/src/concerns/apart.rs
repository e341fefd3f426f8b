//! Splitting: one concern turns out to be two. The new one is made from chosen entries, which stand in both from then on: the
//! words stay where they were written, and nothing is copied that could then differ. The tie shows to those who may see both.
//!
//! Whoever is shut out of the first is shut out of what is made from it (S8). A part about an adult who works here goes to the
//! case manager alone (S7), and the first concern says nothing of it to those who do not see that one.
//!
//! What it is not: a way to take something out of a concern. Files, holds and steps stay with the first.

use std::collections::BTreeSet;

use domain::access::{Action, Refused};
use domain::concern::{ConcernKind, ConcernStatus, EntryKind, Part as RolePart, RouteKind};
use domain::exclusion::{Sight, shut_out};
use domain::people::PersonKind;
use domain::{ConcernId, EntryId, OpCtx, PersonId, routing};
use jiff::Timestamp;
use store::concerns::{Concern, ConcernPerson, Entry, Exclusion, Invitation};
use store::together::SharedEntry;
use store::words::StrandKind;
use store::working::Strand;
use store::{Scope, Tx};

use super::case::{self, Case};
use super::entries::by_the_program;
use super::people::Afterwards;
use super::report::{area, receipt_hash};
use super::{LONGEST_LINE, edition};
use crate::sight::sees;
use crate::{Error, Result, Services, notices};

/// What is to become a concern of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// What that part is about.
    pub kind: ConcernKind,
    /// The entries that belong to it.
    pub entries: Vec<EntryId>,
    /// The adult it is about, if it is about one.
    pub about: Option<PersonId>,
    /// Why it is another matter.
    pub reason: String,
}

/// The new concern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Which.
    pub concern: ConcernId,
    /// For the telephone.
    pub reference: String,
    /// May whoever split it see it?
    pub afterwards: Afterwards,
}

/// Makes a new concern from chosen entries of one.
///
/// # Errors
/// [`Error::NotFound`] for who may not see it; [`Error::Invalid`] on `kind`, `entries`, `about` or `reason`.
pub async fn split(services: &Services, ctx: &mut OpCtx, id: ConcernId, split: Split) -> Result<Part> {
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    if split.kind.is_matter() {
        return Err(Error::invalid("kind", "Choose what this part is about."));
    }
    let reason = split.reason.trim();
    if !(domain::procedure::REASON_AT_LEAST..=LONGEST_LINE).contains(&reason.chars().count()) {
        return Err(Error::invalid("reason", "Say why it is another matter, in a few words."));
    }
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "concern.split").await?;
    let case = case::of(&tx, ctx, Action::WorkConcern, id).await?;
    let listed = store::concerns::list_entries(&tx, member.setting, &sees(&member), id).await?;
    let chosen: Vec<&Entry> = listed.iter().filter(|entry| split.entries.contains(&entry.id)).collect();
    let wanted: BTreeSet<EntryId> = split.entries.iter().copied().collect();
    if chosen.is_empty() || chosen.len() != wanted.len() || chosen.iter().any(|entry| entry.kind == EntryKind::System) {
        return Err(Error::invalid("entries", "Choose the entries that belong to the new concern."));
    }
    let parts = parts(&tx, &case, split.about).await?;
    let works_here = match split.about {
        Some(person) => works_here(&tx, &case, person).await?,
        None => false,
    };
    let route = match case.concern.route {
        // What comes out of an allegation stays as narrow as it was.
        RouteKind::Allegation => RouteKind::Allegation,
        RouteKind::Safeguarding => routing::route(split.kind, works_here),
    };
    let new = concern(services, &mut tx, ctx, &case, &split, route, &chosen).await?;
    for (person_id, part) in &parts {
        let row = ConcernPerson { concern_id: new.id, person_id: *person_id, part: *part, setting_id: member.setting };
        store::concerns::add_person(&mut tx, &row).await?;
    }
    let ties = case::ties(&tx, member.setting, &parts).await?;
    let here = case::works_here(&tx, member.setting, &ties, tx.now()).await?;
    let mut excluded = shut_out(&parts, &ties, &here);
    excluded.extend(&case.excluded);
    for person_id in excluded {
        let added_at = tx.now();
        let row = Exclusion { concern_id: new.id, person_id, setting_id: member.setting, added_at };
        store::concerns::add_exclusion(&mut tx, &row).await?;
    }
    if new.route == case.concern.route {
        let_in_again(&mut tx, &case, new.id).await?;
    }
    for entry in &chosen {
        let (shared_by, shared_at) = (member.person, tx.now());
        let row =
            SharedEntry { concern_id: new.id, entry_id: entry.id, setting_id: member.setting, shared_by, shared_at };
        store::together::share_entry(&mut tx, &row).await?;
    }
    let strand = Strand {
        id: tx.fresh(),
        setting_id: member.setting,
        one_id: id,
        other_id: new.id,
        kind: StrandKind::Split,
        reason: reason.to_owned(),
        made_by: member.person,
        made_at: tx.now(),
    };
    store::working::add_strand(&mut tx, &strand).await?;
    by_the_program(&mut tx, &new, &format!("This concern was split from another one. Why: {reason}")).await?;
    if new.route == case.concern.route {
        let text = format!("A part of this became a concern of its own, {}. Why: {reason}", new.reference);
        by_the_program(&mut tx, &case.concern, &text).await?;
    }
    // Either of them may be one without files: then both are (S17).
    crate::attachments::seal_if_needed(&mut tx, &services.content, &case).await?;
    notices::tell_first(&mut tx, &new).await?;
    let afterwards = match case::at_least(&tx, &member, Sight::Case, new.id).await {
        Ok(_) => Afterwards::Seen,
        Err(Error::NotFound) => Afterwards::Gone,
        Err(other) => return Err(other),
    };
    tx.commit().await?;
    services.wake_jobs();
    Ok(Part { concern: new.id, reference: new.reference, afterwards })
}

/// The children of the first concern, and the adult whom the part is about.
async fn parts(tx: &Tx, case: &Case, about: Option<PersonId>) -> Result<Vec<(PersonId, RolePart)>> {
    let there = store::concerns::list_parts_for_program(tx, case.setting(), case.concern.id).await?;
    let mut parts: BTreeSet<(PersonId, RolePart)> =
        there.into_iter().filter(|row| row.part != RolePart::Witness).map(|row| (row.person_id, row.part)).collect();
    if let Some(person) = about {
        let found = store::people::lookup(tx, case.setting(), person).await?;
        if found.is_none_or(|person| matches!(person.kind, PersonKind::Child | PersonKind::Unknown)) {
            return Err(Error::invalid("about", "Choose somebody from the list."));
        }
        parts.insert((person, RolePart::About));
    }
    Ok(parts.into_iter().collect())
}

async fn works_here(tx: &Tx, case: &Case, person: PersonId) -> Result<bool> {
    let found = store::people::lookup(tx, case.setting(), person).await?;
    let roster = case::roster(tx, case.setting(), tx.now()).await?;
    Ok(found.is_some_and(|found| found.kind == PersonKind::Staff) || case::holds_staff_role(&roster, person))
}

async fn concern(
    services: &Services,
    tx: &mut Tx,
    ctx: &mut OpCtx,
    case: &Case,
    split: &Split,
    route: RouteKind,
    chosen: &[&Entry],
) -> Result<Concern> {
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let procedure = case::serving(tx, &services.content, case.setting(), split.kind, route).await?;
    if let Some(procedure) = &procedure {
        edition::keep(tx, case.setting(), procedure).await?;
    }
    let now = ctx.now;
    let first = |at: fn(&Entry) -> Timestamp| chosen.iter().map(|entry| at(entry)).min().unwrap_or(now);
    let written = first(|entry| entry.recorded_at);
    // What stood in the report was known when the report was; what was written later, then (S43).
    let known_at = if written <= case.concern.recorded_at { case.concern.known_at } else { written };
    let seen = route == case.concern.route;
    let receipt = domain::reference::receipt(&mut *ctx.rng);
    let mut concern = Concern {
        id: ctx.fresh(),
        reference: domain::reference::reference(&mut *ctx.rng),
        kind: split.kind,
        route,
        area: area(split.kind),
        status: if seen { ConcernStatus::Open } else { ConcernStatus::Received },
        procedure: procedure.as_ref().map(|known| known.id.clone()).unwrap_or_default(),
        edition: procedure.map(|known| known.edition.clone()).unwrap_or_default(),
        event_at: first(|entry| entry.event_at),
        known_at,
        recorded_at: ctx.now,
        clock_suspect: case.concern.clock_suspect,
        reporter_id: Some(member.person),
        receipt_hash: receipt_hash(&receipt),
        told_in_person: None,
        // Its words are there already.
        stage_two_at: Some(ctx.now),
        opened_at: seen.then_some(ctx.now),
        opened_by: seen.then_some(member.person),
        closed_at: None,
        version: 0,
        ..case.concern.clone()
    };
    while store::concerns::has_reference(&*tx, concern.setting_id, &concern.reference).await? {
        concern.reference = domain::reference::reference(&mut *ctx.rng);
    }
    store::concerns::add(tx, &concern).await?;
    Ok(concern)
}

/// Whoever was let into the first by name is let into the part, if it goes the same way.
async fn let_in_again(tx: &mut Tx, case: &Case, id: ConcernId) -> Result<()> {
    for row in store::concerns::list_invitations(tx, case.setting(), case.concern.id).await? {
        let row = Invitation { concern_id: id, at: tx.now(), ..row };
        store::concerns::add_invitation(tx, &row).await?;
    }
    Ok(())
}

/// What somebody may name beside a report: their own reports and, for who works cases, what is unfinished and theirs to see.
/// A reference and a day, and not a word of what it is about: the list stands on shared tablets.
///
/// # Errors
/// [`Refused`] when nobody is signed in.
pub async fn linkable(services: &Services, ctx: &OpCtx) -> Result<Vec<(ConcernId, String)>> {
    const SHOWN: usize = 20;
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let own = store::concerns::list_receipts(&reader, member.setting, member.person).await?;
    let filter = store::concerns::Filter { limit: Some(SHOWN as u64), ..store::concerns::Filter::unfinished() };
    let seen = store::concerns::list(&reader, member.setting, &sees(member), &filter).await?;
    let own = own.into_iter().take(SHOWN).map(|row| (row.id, row.reference, row.recorded_at));
    let mut all: Vec<_> = own.chain(seen.into_iter().map(|row| (row.id, row.reference, row.recorded_at))).collect();
    all.sort_by_key(|(id, _, at)| (std::cmp::Reverse(*at), *id));
    all.dedup_by_key(|(id, _, _)| *id);
    all.truncate(SHOWN);
    let day = |at| domain::clock::say_day(services.calendar.local(at).date());
    Ok(all.into_iter().map(|(id, reference, at)| (id, format!("{reference}, {}", day(at)))).collect())
}
