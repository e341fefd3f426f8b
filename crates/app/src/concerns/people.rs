//! Who has a part in a concern, who may see it, who must not.
//!
//! Shutting out only ever grows, ends access at once (sight is asked anew each time), and passes the concern on when
//! nobody who was told is left. Exclusions are not explained anywhere (S8).

use std::collections::BTreeSet;

use domain::access::{Action, Refused};
use domain::concern::{ConcernStatus, EntryKind, Part, RouteKind, Urgency};
use domain::exclusion::{CASE_ROLES, Sight, shut_out, sight_of};
use domain::people::PersonKind;
use domain::{ConcernId, OpCtx, PersonId, SettingId, routing};
use store::concerns::{Concern, ConcernPerson, Exclusion, Invitation};
use store::people::Person;
use store::{Scope, Tx};

use super::LONGEST_LINE;
use super::case::{self, Case};
use super::entries::{append, by_the_program};
use crate::notices::{self, Matter};
use crate::{Error, Result, Services};

/// May whoever did it still see the concern afterwards?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Afterwards {
    /// Yes.
    Seen,
    /// No: it goes its way without them now.
    Gone,
}

/// Adds a person's part. An adult whom it is about with everybody close, and relatives of a child who work here, are shut
/// out from then on; if that adult works here, the concern takes the allegation route (S7).
///
/// # Errors
/// [`Error::Invalid`] on `person`.
pub async fn add_person(
    services: &Services,
    ctx: &mut OpCtx,
    id: ConcernId,
    person: PersonId,
    part: Part,
) -> Result<Afterwards> {
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "concern.add_person").await?;
    add_in(services, &mut tx, ctx, id, (person, part)).await?;
    let afterwards = afterwards(&tx, &member, id).await?;
    tx.commit().await?;
    services.wake_jobs();
    Ok(afterwards)
}

/// What adding somebody would change of who sees the concern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreseen {
    /// Who sees it now, as a case or as their own report, and would not any more: by name.
    pub lose: Vec<String>,
    /// The one who asks is among them.
    pub me: bool,
    /// It would become the case manager's alone (S7).
    pub rerouted: bool,
}

/// What [`add_person`] would change of who sees the concern. It is done, looked at, and never committed: what is foreseen here is
/// what would happen, by the same rules.
///
/// # Errors
/// As [`add_person`].
pub async fn foresee(
    services: &Services,
    ctx: &mut OpCtx,
    id: ConcernId,
    person: PersonId,
    part: Part,
) -> Result<Foreseen> {
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "concern.foresee").await?;
    let before = case::of(&tx, ctx, Action::WorkConcern, id).await?;
    let roster = case::roster(&tx, member.setting, ctx.now).await?;
    let holders: BTreeSet<PersonId> = roster.iter().flat_map(|(_, holders)| holders).copied().collect();
    let eye = |person| domain::ctx::Member {
        person,
        roles: roster.roles_of(person),
        kinds: roster.kinds_of(person),
        ..member.clone()
    };
    let mut eyes: Vec<domain::ctx::Member> = holders.into_iter().map(eye).collect();
    eyes.retain(|eye| sight_of(&before.walls(), eye) > Sight::Nothing);
    add_in(services, &mut tx, ctx, id, (person, part)).await?;
    let concern = store::concerns::lookup_for_program(&tx, member.setting, id).await?.ok_or(Error::NotFound)?;
    let after = case::loaded(&tx, concern).await?;
    eyes.retain(|eye| sight_of(&after.walls(), eye) < sight_of(&before.walls(), eye));
    let mut lose = Vec::new();
    for eye in &eyes {
        lose.extend(store::people::lookup(&tx, member.setting, eye.person).await?.map(|person| person.name));
    }
    lose.sort();
    let rerouted = after.concern.route != before.concern.route;
    // Dropped here: none of it happened, and the audit has no word of it.
    Ok(Foreseen { lose, me: eyes.iter().any(|eye| eye.person == member.person), rerouted })
}

async fn add_in(
    services: &Services,
    tx: &mut Tx,
    ctx: &OpCtx,
    id: ConcernId,
    (person, part): (PersonId, Part),
) -> Result<()> {
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let case = case::of(tx, ctx, Action::WorkConcern, id).await?;
    let found = store::people::lookup(tx, member.setting, person).await?;
    let found = found.ok_or_else(|| Error::invalid("person", "Choose somebody from the list."))?;
    if part == Part::Child && found.kind != PersonKind::Child {
        return Err(Error::invalid("person", "Choose a child from the list."));
    }
    let parts = store::concerns::list_parts_for_program(tx, member.setting, id).await?;
    if parts.iter().any(|row| row.person_id == person && row.part == part) {
        return Ok(());
    }
    let row = ConcernPerson { concern_id: id, person_id: person, part, setting_id: member.setting };
    store::concerns::add_person(tx, &row).await?;
    let mut concern = case.concern.clone();
    let works_here = found.kind == PersonKind::Staff
        || case::holds_staff_role(&case::roster(tx, member.setting, ctx.now).await?, person);
    let rerouted = part == Part::About
        && concern.route == RouteKind::Safeguarding
        && routing::route(concern.kind, works_here) == RouteKind::Allegation;
    if rerouted {
        concern.route = RouteKind::Allegation;
        let mut text =
            "This is now a concern about an adult who works here. It goes to the case manager alone.".to_owned();
        // Its procedure must know the LADO: else the one for allegations takes over, and every record stays.
        let (content, route) = (&services.content, RouteKind::Allegation);
        let serving = case::serving(tx, content, member.setting, concern.kind, route).await?;
        if let Some(procedure) = serving.filter(|procedure| procedure.id != concern.procedure) {
            super::edition::keep(tx, member.setting, &procedure).await?;
            super::retype::remember(tx, &services.content, &concern).await?;
            text = format!(
                "{text} From now on it follows procedure {}, \u{201c}{}\u{201d}.",
                procedure.id, procedure.title
            );
            concern.procedure.clone_from(&procedure.id);
            concern.edition.clone_from(&procedure.edition);
        }
        // Whoever had opened it does so no more: it waits to be opened by whose task it is now.
        if concern.status == ConcernStatus::Open {
            concern.status = ConcernStatus::Received;
        }
        concern.version = store::concerns::set(tx, &concern).await?;
        by_the_program(tx, &concern, &text).await?;
    }
    regrow(tx, &concern).await?;
    if rerouted {
        // A role on the old route opens nothing any more: the case manager is told now.
        let case = case::loaded(tx, concern.clone()).await?;
        let ladder = notices::ladder_now(tx, &case, ctx.now).await?;
        let first: Vec<PersonId> =
            ladder.first().iter().filter(|person| !case.reached.contains(person)).copied().collect();
        notices::reach(tx, &concern, &first).await?;
        if concern.status == ConcernStatus::Received {
            notices::begin_again(tx, &concern).await?;
        }
    }
    Ok(())
}

async fn afterwards(tx: &Tx, member: &domain::ctx::Member, id: ConcernId) -> Result<Afterwards> {
    match case::at_least(tx, member, Sight::Case, id).await {
        Ok(_) => Ok(Afterwards::Seen),
        Err(Error::NotFound) => Ok(Afterwards::Gone),
        Err(other) => Err(other),
    }
}

/// The child who was not yet known has a name.
///
/// # Errors
/// [`Error::Invalid`] on `person`; [`Error::NotFound`] when no child was unknown.
pub async fn name_child(services: &Services, ctx: &mut OpCtx, id: ConcernId, child: PersonId) -> Result<Afterwards> {
    if add_person(services, ctx, id, child, Part::Child).await? == Afterwards::Gone {
        return Ok(Afterwards::Gone);
    }
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "concern.name_child").await?;
    let case = case::of(&tx, ctx, Action::WorkConcern, id).await?;
    let unknown = unknown_child(&tx, &case).await?.ok_or(Error::NotFound)?;
    store::concerns::remove_person(&mut tx, &unknown.part).await?;
    tx.commit().await?;
    Ok(Afterwards::Seen)
}

/// Nobody can find out which child it was: a decision, with its reason in the chronology. The concern may then be
/// closed; the child may still be named any day.
///
/// # Errors
/// [`Error::Invalid`] on `cannot_know`; [`Error::NotFound`] when no child is sought.
pub async fn child_cannot_be_known(services: &Services, ctx: &mut OpCtx, id: ConcernId, reason: String) -> Result<()> {
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "concern.child_cannot_be_known").await?;
    let case = case::of(&tx, ctx, Action::WorkConcern, id).await?;
    let unknown = unknown_child(&tx, &case).await?.filter(UnknownChild::is_sought).ok_or(Error::NotFound)?;
    let reason = reason.trim();
    let length = reason.chars().count();
    if length < domain::procedure::REASON_AT_LEAST {
        return Err(Error::invalid("cannot_know", "Say how you looked and why nobody can know, in a few words."));
    }
    if length > LONGEST_LINE {
        return Err(Error::invalid("cannot_know", "Shorten it; what is longer can be added to the record."));
    }
    let today = services.calendar.local(ctx.now).date();
    let name = "A child whom nobody could identify".to_owned();
    let given_up = Person { known_as: name.clone(), name, gone: Some(today), ..unknown.person };
    store::people::set(&mut tx, &given_up).await?;
    let text = format!("It was decided that nobody can find out which child it was: {reason}");
    append(&mut tx, &case.concern, EntryKind::Note, &text, ctx.now, Some(member.person), None).await?;
    tx.commit().await?;
    Ok(())
}

/// The place of a child without a name.
pub(super) struct UnknownChild {
    part: ConcernPerson,
    person: Person,
}

impl UnknownChild {
    /// Is the child still to be found out? The last day of the place is the day on which that was given up.
    pub(super) fn is_sought(&self) -> bool {
        self.person.gone.is_none()
    }
}

/// The place of a child without a name, if there is one.
pub(super) async fn unknown_child(db: &impl store::Reads, case: &Case) -> Result<Option<UnknownChild>> {
    for part in store::concerns::list_parts_for_program(db, case.setting(), case.concern.id).await? {
        let person = store::people::lookup(db, case.setting(), part.person_id).await?;
        let unknown = person.filter(|person| part.part == Part::Child && person.kind == PersonKind::Unknown);
        if let Some(person) = unknown {
            return Ok(Some(UnknownChild { part, person }));
        }
    }
    Ok(None)
}

/// Lets somebody in by name (S7). They must be of a role that holds cases, and not shut out.
///
/// # Errors
/// [`Error::Invalid`] on `person` or `reason`.
pub async fn invite(
    services: &Services,
    ctx: &mut OpCtx,
    id: ConcernId,
    person: PersonId,
    reason: String,
) -> Result<()> {
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "concern.invite").await?;
    let case = case::of(&tx, ctx, Action::InviteToConcern, id).await?;
    let_in(&mut tx, &case, member.person, person, &reason).await?;
    tx.commit().await?;
    services.wake_jobs();
    Ok(())
}

/// Hands a concern over: the other is let in and told; the giver steps back where only an invitation held them (S11:
/// management gets work by hand-over to its own account).
///
/// # Errors
/// As [`invite`].
pub async fn hand_over(
    services: &Services,
    ctx: &mut OpCtx,
    id: ConcernId,
    to: PersonId,
    reason: String,
) -> Result<Afterwards> {
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "concern.hand_over").await?;
    let case = case::of(&tx, ctx, Action::InviteToConcern, id).await?;
    let_in(&mut tx, &case, member.person, to, &reason).await?;
    by_the_program(&mut tx, &case.concern, "The concern was handed over.").await?;
    let own = store::concerns::list_invitations(&tx, member.setting, id).await?;
    if let Some(own) = own.into_iter().find(|row| row.person_id == member.person && member.person != to) {
        store::concerns::revoke_invitation(&mut tx, &own).await?;
    }
    let afterwards = afterwards(&tx, &member, id).await?;
    tx.commit().await?;
    services.wake_jobs();
    Ok(afterwards)
}

async fn let_in(tx: &mut Tx, case: &Case, by: PersonId, person: PersonId, reason: &str) -> Result<()> {
    let reason = reason.trim();
    if reason.chars().count() < domain::procedure::REASON_AT_LEAST || reason == case::REACHED {
        return Err(Error::invalid("reason", "Say why, in a few words."));
    }
    let roster = case::roster(tx, case.setting(), tx.now()).await?;
    let works_cases = CASE_ROLES.iter().any(|role| roster.get(role).is_some_and(|holders| holders.contains(&person)));
    // One sentence for both: that somebody is shut out is nobody's business.
    if !works_cases || case.excluded.contains(&person) {
        return Err(Error::invalid("person", "Choose somebody from the list."));
    }
    let there = store::concerns::list_invitations(tx, case.setting(), case.concern.id).await?;
    if !there.iter().any(|row| row.person_id == person) {
        let invitation = Invitation {
            concern_id: case.concern.id,
            person_id: person,
            setting_id: case.setting(),
            invited_by: by,
            at: tx.now(),
            reason: reason.to_owned(),
        };
        store::concerns::add_invitation(tx, &invitation).await?;
    }
    let link = format!("/concerns/{}", case.concern.id);
    let matter = Matter { urgency: case.concern.urgency, link: &link, concern: Some(case.concern.id) };
    notices::tell(tx, case.setting(), &[person], &matter).await
}

/// Shuts somebody out, at once, without saying why. One may shut out oneself; then one's own access ends too. Of somebody who
/// works cases everybody else who holds it is told, and where no lead is left it goes to the manager, then the chair (S7).
///
/// # Errors
/// [`Error::Invalid`] on `shut_out`; also when nobody inside would be left who can act: that a fact about everybody leaves
/// nobody is possible (it goes outside then), that one person decides so is not.
pub async fn exclude(services: &Services, ctx: &mut OpCtx, id: ConcernId, person: PersonId) -> Result<Afterwards> {
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "concern.exclude").await?;
    let case = case::of(&tx, ctx, Action::ExcludeFromConcern, id).await?;
    if store::people::lookup(&tx, member.setting, person).await?.is_none() {
        return Err(Error::invalid("shut_out", "Choose somebody from the list."));
    }
    let roster = case::roster(&tx, member.setting, ctx.now).await?;
    let held = notices::holding(&case, &roster).contains(&person);
    let works_cases = CASE_ROLES.iter().filter_map(|role| roster.get(role)).flatten().any(|holder| *holder == person);
    shut(&mut tx, &case, &BTreeSet::from([person])).await?;
    if works_cases {
        not_alone(&mut tx, &member, id, held).await?;
    }
    let afterwards = afterwards(&tx, &member, id).await?;
    tx.commit().await?;
    services.wake_jobs();
    Ok(afterwards)
}

/// Whoever shuts out somebody who works cases is not left alone with the concern: another one who can take it must be left,
/// and hears of it at once if the one shut out had held it.
async fn not_alone(tx: &mut Tx, by: &domain::ctx::Member, id: ConcernId, held: bool) -> Result<()> {
    let concern = store::concerns::lookup_for_program(tx, by.setting, id).await?.ok_or(Error::NotFound)?;
    let case = case::loaded(tx, concern).await?;
    let roster = case::roster(tx, by.setting, tx.now()).await?;
    if notices::holding(&case, &roster).iter().any(|person| *person != by.person) {
        return Ok(());
    }
    let ladder = notices::ladder_now(tx, &case, tx.now()).await?;
    let mut told = notices::told_so_far(tx, &case, tx.now()).await?;
    told.insert(by.person);
    let Some(next) = ladder.after(&told).map(<[PersonId]>::to_vec) else {
        // Whom nobody here stands above may be alone with it; and still not go.
        let whole = notices::ladder_whole(tx, &case, tx.now()).await?;
        let at_the_top = whole.rungs.last().is_some_and(|top| top.contains(&by.person));
        if at_the_top && !case.excluded.contains(&by.person) {
            return Ok(());
        }
        return Err(Error::invalid("shut_out", LAST_ONE));
    };
    if held {
        let text = "One alone would have been left who holds this. The next person was told.";
        by_the_program(tx, &case.concern, text).await?;
        notices::reach(tx, &case.concern, &next).await?;
    }
    Ok(())
}

/// Who shuts out the last one who can act is told where else to go.
const LAST_ONE: &str = "Nobody here could act on this any more. Let somebody else in by name first; if there is nobody, ring the LADO or social care and write down what they say.";

/// Computes anew who must not see it, from everybody who has a part now.
async fn regrow(tx: &mut Tx, concern: &Concern) -> Result<()> {
    let parts = store::concerns::list_parts_for_program(tx, concern.setting_id, concern.id).await?;
    let parts: Vec<(PersonId, Part)> = parts.into_iter().map(|row| (row.person_id, row.part)).collect();
    let ties = case::ties(tx, concern.setting_id, &parts).await?;
    let here = case::works_here(tx, concern.setting_id, &ties, tx.now()).await?;
    let case = case::loaded(tx, concern.clone()).await?;
    shut(tx, &case, &shut_out(&parts, &ties, &here)).await
}

/// Somebody began to work here, or two people were tied: whoever is in conflict with a concern from now on is shut out of
/// it, the closed ones too.
pub(crate) async fn after_register(tx: &mut Tx, setting: SettingId, people: &[PersonId]) -> Result<()> {
    let mut touched = BTreeSet::from_iter(people.iter().copied());
    for person in people {
        let ties = store::people::list_relationships(tx, setting, *person).await?;
        touched.extend(ties.iter().flat_map(|tie| [tie.person_id, tie.other_id]));
    }
    for id in store::concerns::list_ids_of_people_for_program(tx, setting, &touched).await? {
        if let Some(concern) = store::concerns::lookup_for_program(tx, setting, id).await? {
            regrow(tx, &concern).await?;
        }
    }
    Ok(())
}

/// An adult of a child that a concern is about, with what must be known before anybody is told (S13).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FamilyAdult {
    /// Who.
    pub id: PersonId,
    /// Their name.
    pub name: String,
    /// Whose adult, and the warnings: parental responsibility, court order, do not contact, address not told.
    pub warnings: Vec<String>,
}

/// The adults of the children that a concern is about.
pub(super) async fn family_of(db: &impl store::Reads, case: &Case) -> Result<Vec<FamilyAdult>> {
    let setting = case.setting();
    let mut family: Vec<FamilyAdult> = Vec::new();
    for part in store::concerns::list_parts_for_program(db, setting, case.concern.id).await? {
        if part.part != Part::Child {
            continue;
        }
        let child = store::people::lookup(db, setting, part.person_id).await?;
        let child = child.map(|child| child.known_as).unwrap_or_default();
        for tie in store::people::list_relationships(db, setting, part.person_id).await? {
            let other = if tie.person_id == part.person_id { tie.other_id } else { tie.person_id };
            let Some(adult) = store::people::lookup(db, setting, other).await? else { continue };
            if matches!(adult.kind, PersonKind::Child | PersonKind::Unknown) {
                continue;
            }
            let mut warnings = vec![format!("{} of {child}", tie.kind.key())];
            warnings.extend(tie.parental_responsibility.then(|| "has parental responsibility".to_owned()));
            warnings.extend(tie.court_order.map(|order| format!("court order: {order}")));
            warnings.extend(tie.do_not_contact.then(|| "do not contact".to_owned()));
            warnings.extend(tie.never_disclose_address.then(|| "must never learn the address".to_owned()));
            match family.iter_mut().find(|known| known.id == other) {
                Some(known) => known.warnings.extend(warnings),
                None => family.push(FamilyAdult { id: other, name: adult.name, warnings }),
            }
        }
    }
    Ok(family)
}

/// Shuts people out who are not shut out yet.
pub(super) async fn shut(tx: &mut Tx, case: &Case, people: &BTreeSet<PersonId>) -> Result<()> {
    let concern = &case.concern;
    let people: BTreeSet<PersonId> = people.difference(&case.excluded).copied().collect();
    if people.is_empty() {
        return Ok(());
    }
    for person in &people {
        let row = Exclusion {
            concern_id: concern.id,
            person_id: *person,
            setting_id: concern.setting_id,
            added_at: tx.now(),
        };
        store::concerns::add_exclusion(tx, &row).await?;
    }
    notices::after_exclusion(tx, concern, &people).await
}

/// Tells everybody who holds the concern: something happened out of its order (S1).
pub(crate) async fn tell_holders(tx: &mut Tx, case: &Case, but: PersonId) -> Result<()> {
    let told = notices::told_so_far(tx, case, tx.now()).await?;
    let people: Vec<PersonId> =
        told.into_iter().filter(|person| *person != but && !case.excluded.contains(person)).collect();
    let link = format!("/concerns/{}", case.concern.id);
    let matter = Matter { urgency: Urgency::Prompt, link: &link, concern: Some(case.concern.id) };
    notices::tell(tx, case.setting(), &people, &matter).await
}
