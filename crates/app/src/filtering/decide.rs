//! Deciding about the filter (FDM-04, S45): every change is a proposal with reason and risk assessment; another person
//! with the right role approves; tightening takes effect at once and is looked at afterwards; history is kept for ever.

use std::collections::{BTreeMap, BTreeSet};

use domain::access::{Action, Refused, Relation, authorize};
use domain::concern::Urgency;
use domain::ctx::Member;
use domain::setting::{FourEyes, Profile};
use domain::{ConcernId, OpCtx, PersonId, ProposalId, Role, SettingId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::filtering::{FilterPolicy, Proposal};
use store::words::ProposalState;
use store::{Reads, Scope, Tx};

use super::change::{self, Change, Direction, Known};
use super::compare;
use super::policy::Policy;
use super::{four_eyes, outcome, promised, publish};
use crate::notices::{self, Matter};
use crate::sight::sees;
use crate::{Error, Result, Services};

/// The risk assessment of a change: short on purpose, so that it is written and not skipped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Risk {
    /// Who could come to what harm?
    pub harm: String,
    /// What could be lost for teaching, or for somebody's work?
    pub loss: String,
    /// What makes it safe enough?
    pub safeguards: String,
}

/// A proposal, as typed.
#[derive(Debug, Clone)]
pub struct Propose {
    /// The change.
    pub change: Change,
    /// Why.
    pub reason: String,
    /// What could go wrong.
    pub risk: Risk,
    /// The concern that it comes from; its walls are inherited (S8).
    pub concern: Option<ConcernId>,
}

/// What became of a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proposed {
    /// Its id.
    pub id: ProposalId,
    /// The version that is now in force because of it; `None` while it waits.
    pub in_force: Option<i64>,
}

/// Days until the policy has been looked at again after a change.
const REVIEW_WITHIN: i64 = 28;
const NOTHING: &str = "That is already so. Nothing would change.";
const SHORTEST: usize = 10;
const LONGEST: usize = 2_000;

/// Proposes a change. One that only tightens is in force when this returns; it still waits for another person's word.
///
/// # Errors
/// [`Error::Invalid`] with the field to mend.
pub async fn propose(services: &Services, ctx: &mut OpCtx, new: Propose) -> Result<Proposed> {
    authorize(&ctx.actor, Action::ProposeChange, Relation::Setting)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    promised::opens_something(services, ctx, &member, &new.change).await?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), Action::ProposeChange.key()).await?;
    let proposed = propose_within(&mut tx, &member, &new).await?;
    tx.commit().await?;
    publish_for(services, member.setting, proposed).await;
    Ok(proposed)
}

/// The same inside the transaction of a larger act: whoever calls it has authorised the member, asked what the policy promises,
/// and calls [`publish_for`] once the act is on disk.
pub(super) async fn propose_within(tx: &mut Tx, member: &Member, new: &Propose) -> Result<Proposed> {
    check(new)?;
    if let Some(concern) = new.concern {
        store::concerns::lookup(&*tx, member.setting, &sees(member), concern).await?.ok_or(Error::NotFound)?;
    }
    let (number, before) = in_force(&*tx, member.setting).await?;
    let id: ProposalId = tx.fresh();
    let effect = new.change.starting(tx.now());
    let after = effect.apply(&before, &id.to_string(), new.reason.trim()).map_err(unfit)?;
    if after == before {
        return Err(Error::invalid("change", NOTHING));
    }
    let direction = compare::direction(&before, &after);
    let mut proposal = written(id, member, new, direction, number, tx.now())?;
    if direction == Direction::Tightens {
        proposal.applied_number = Some(put(tx, member, number, &after, &proposal, &new.change.say(&before)).await?);
    }
    let in_force = proposal.applied_number;
    wait(tx, proposal).await?;
    if in_force.is_some() {
        publish::later(tx, member.setting).await?;
    }
    Ok(Proposed { id, in_force })
}

/// After the commit: the jobs run, and what is in force reaches the gateway.
pub(super) async fn publish_for(services: &Services, setting: SettingId, proposed: Proposed) {
    services.wake_jobs();
    if proposed.in_force.is_some() {
        publish::now(services, setting).await;
    }
}

/// Puts a proposal into the queue and tells those whose word it waits for; in a one-person setting everybody, because the delay
/// that may stand for a second person begins with that (S45).
async fn wait(tx: &mut Tx, mut proposal: Proposal) -> Result<()> {
    let everybody = four_eyes::mode(&*tx, proposal.setting_id, tx.now()).await? == FourEyes::ChairOrDelay;
    if everybody {
        proposal.everybody_told_at = Some(tx.now());
    }
    store::filtering::add_proposal(tx, &proposal).await?;
    let people = match everybody {
        true => four_eyes::everybody(tx, &proposal).await?,
        false => awaited(tx, &proposal).await?,
    };
    tell(tx, &proposal, &people).await
}

/// A proposal as it is first written down: it waits, and a lead who proposes has agreed.
fn written(
    id: ProposalId,
    member: &Member,
    new: &Propose,
    direction: Direction,
    base_number: i64,
    now: Timestamp,
) -> Result<Proposal> {
    let is_lead = member.roles.contains(&Role::Dsl) || member.roles.contains(&Role::Deputy);
    Ok(Proposal {
        id,
        setting_id: member.setting,
        change: json(&new.change)?,
        direction: match direction {
            Direction::Tightens => store::words::Direction::Tightens,
            Direction::Loosens => store::words::Direction::Loosens,
        },
        reason: new.reason.trim().to_owned(),
        risk: json(&new.risk)?,
        concern_id: new.concern,
        proposed_by: member.person,
        proposed_at: now,
        state: ProposalState::Waiting,
        decided_by: None,
        decided_at: None,
        decision_note: None,
        lead_agreed_by: is_lead.then_some(member.person),
        lead_agreed_at: is_lead.then_some(now),
        everybody_told_at: None,
        applied_number: None,
        base_number,
        version: 0,
    })
}

/// Proposes to move a device to a group that reaches more. Nothing happens until others have said yes.
pub(super) async fn propose_move(
    services: &Services,
    ctx: &mut OpCtx,
    change: Change,
    reason: String,
    risk: Risk,
) -> Result<Proposed> {
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let new = Propose { change, reason, risk, concern: None };
    check(&new)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), Action::ProposeChange.key()).await?;
    let (number, _) = in_force(&tx, member.setting).await?;
    let id = tx.fresh();
    let proposal = written(id, &member, &new, Direction::Loosens, number, ctx.now)?;
    wait(&mut tx, proposal).await?;
    tx.commit().await?;
    services.wake_jobs();
    Ok(Proposed { id, in_force: None })
}

/// What a change would do, before anybody proposes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// In one line.
    pub say: String,
    /// A line for each thing that would differ.
    pub difference: Vec<String>,
    /// Does it let more through?
    pub direction: Direction,
}

/// Looks at a change without proposing it. Everything that would be refused on proposing is refused here, but the texts.
///
/// # Errors
/// [`Error::Invalid`] with the field `change`.
pub async fn preview(services: &Services, ctx: &OpCtx, change: &Change) -> Result<Preview> {
    authorize(&ctx.actor, Action::ProposeChange, Relation::Setting)?;
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let (_, before) = in_force(&reader, member.setting).await?;
    let after = change.apply(&before, "", "").map_err(unfit)?;
    if after == before {
        return Err(Error::invalid("change", NOTHING));
    }
    let direction = compare::direction(&before, &after);
    promised::opens_something(services, ctx, member, change).await?;
    let known = known(&reader, member).await?;
    let (was, is) = (change::without_hidden(before.clone(), &known), change::without_hidden(after, &known));
    Ok(Preview { say: change.say(&before), difference: compare::difference(&was, &is), direction })
}

/// The proposals that the viewer may know of, and of which the words are not theirs.
pub(crate) async fn known(db: &impl Reads, member: &Member) -> Result<Known> {
    let mut known = Known::default();
    for proposal in store::filtering::list_proposals(db, member.setting, &sees(member), None).await? {
        if !may_read(db, member, proposal.concern_id).await? {
            known.unread.insert(proposal.id.to_string());
        }
        known.ids.insert(proposal.id.to_string());
    }
    Ok(known)
}

/// May the viewer open the concern that a change came from? One that came from none is for everybody who reads the filter.
pub(crate) async fn may_read(db: &impl Reads, member: &Member, concern: Option<ConcernId>) -> Result<bool> {
    let Some(id) = concern else { return Ok(true) };
    Ok(store::concerns::lookup(db, member.setting, &sees(member), id).await?.is_some())
}

/// A decision on somebody else's proposal.
#[derive(Debug, Clone)]
pub struct Decide {
    /// The proposal.
    pub id: ProposalId,
    /// The version that was read: another decision in between is a conflict.
    pub version: i64,
    /// Words to its author.
    pub note: String,
    /// Yes or no.
    pub verdict: Verdict,
}

/// Yes or no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Do it.
    Approve,
    /// Do not. What already tightened stays until a change back is proposed and approved.
    Refuse,
}

/// Approves or refuses. Returns the version in force because of it.
///
/// # Errors
/// [`Error::Invalid`] when the proposer decides alone, or a weakening lacks the lead; [`Error::Conflict`] when somebody
/// else decided.
pub async fn decide(services: &Services, ctx: &mut OpCtx, decision: Decide) -> Result<Option<i64>> {
    authorize(&ctx.actor, Action::ApproveChange, Relation::Setting)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), Action::ApproveChange.key()).await?;
    let mut proposal = waiting(&tx, &member, decision.id, decision.version).await?;
    let mode = four_eyes::mode(&tx, member.setting, ctx.now).await?;
    let (number, before) = in_force(&tx, member.setting).await?;
    let asked: Change = read(&proposal.change)?;
    let mut newly_in_force = false;
    if decision.verdict == Verdict::Approve && matches!(asked, Change::MoveDevice { .. }) {
        super::moving::approve(&mut tx, &member, &proposal, &asked, &before).await?;
        look_again(&mut tx, member.setting, member.person, proposal.concern_id).await?;
        proposal.state = ProposalState::Approved;
        newly_in_force = true;
    } else if decision.verdict == Verdict::Approve {
        // What already stands was judged when it was put there; to do it again could even be impossible ("nobody has
        // decided anything about that name").
        let after = match proposal.applied_number {
            Some(_) => before.clone(),
            None => {
                let effect = asked.starting(ctx.now);
                effect.apply(&before, &proposal.id.to_string(), &proposal.reason).map_err(unfit)?
            }
        };
        four_eyes::check(mode, &member, &proposal, &before, &after, ctx.now)?;
        if proposal.applied_number.is_none() {
            if matches!(asked, Change::RollBack { .. }) && number != proposal.base_number {
                return Err(changed_since(number));
            }
            let said = asked.say(&before);
            proposal.applied_number = Some(put(&mut tx, &member, number, &after, &proposal, &said).await?);
            newly_in_force = true;
        }
        proposal.state = ProposalState::Approved;
    } else {
        if decision.note.trim().chars().count() < SHORTEST {
            return Err(Error::invalid("note", "Say why not, in a few words. The person who asked will read it."));
        }
        proposal.state = ProposalState::Refused;
    }
    proposal.decided_by = Some(member.person);
    proposal.decided_at = Some(ctx.now);
    proposal.decision_note = Some(decision.note.trim().to_owned()).filter(|note| !note.is_empty());
    let in_force = proposal.applied_number;
    store::filtering::set_proposal(&mut tx, &proposal).await?;
    if proposal.proposed_by != member.person {
        tell(&mut tx, &proposal, &[proposal.proposed_by]).await?;
    }
    outcome::decided(&mut tx, &member, &proposal).await?;
    if newly_in_force {
        publish::later(&mut tx, member.setting).await?;
    }
    tx.commit().await?;
    services.wake_jobs();
    if newly_in_force {
        publish::now(services, member.setting).await;
    }
    Ok(in_force)
}

/// A roll-back replaces the whole policy: agreed on one version, it would silently undo what was decided after it.
fn changed_since(number: i64) -> Error {
    let said = format!(
        "The filter has changed since this was proposed: version {number} is in force. Going back now would undo that too. Have it proposed again."
    );
    Error::Conflict { theirs: BTreeMap::from([(String::new(), said)]) }
}

/// Tells people that a proposal needs them, or was decided.
async fn tell(tx: &mut Tx, proposal: &Proposal, people: &[PersonId]) -> Result<()> {
    let link = format!("/filter/proposals/{}", proposal.id);
    let matter = Matter { urgency: Urgency::Prompt, link: &link, concern: proposal.concern_id };
    notices::tell(tx, proposal.setting_id, people, &matter).await
}

/// Those whose word a new proposal waits for: who approves, and for a weakening the leads; never its author.
async fn awaited(tx: &Tx, proposal: &Proposal) -> Result<Vec<PersonId>> {
    let mut roles = vec![Role::Manager, Role::Chair];
    if proposal.direction == store::words::Direction::Loosens && proposal.lead_agreed_by.is_none() {
        roles.extend([Role::Dsl, Role::Deputy]);
    }
    let mut people = BTreeSet::new();
    for role in roles {
        let holders = store::people::find_by_role(tx, proposal.setting_id, role, tx.now()).await?;
        people.extend(holders.iter().map(|holder| holder.person_id));
    }
    people.remove(&proposal.proposed_by);
    Ok(people.into_iter().collect())
}

/// The lead agrees that a weakening may go ahead (S45).
///
/// # Errors
/// As [`decide`].
pub async fn agree(services: &Services, ctx: &mut OpCtx, id: ProposalId, version: i64) -> Result<()> {
    authorize(&ctx.actor, Action::AgreeWeakening, Relation::Setting)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), Action::AgreeWeakening.key()).await?;
    let mut proposal = waiting(&tx, &member, id, version).await?;
    proposal.lead_agreed_by = Some(member.person);
    proposal.lead_agreed_at = Some(ctx.now);
    store::filtering::set_proposal(&mut tx, &proposal).await?;
    Ok(tx.commit().await?)
}

/// The author takes a proposal back that waits. What is in force is undone by a proposal ([`change_undoing`]): that lets more through.
///
/// # Errors
/// [`Error::NotFound`] for somebody else's; [`Error::Invalid`] for one that is in force.
pub async fn withdraw(services: &Services, ctx: &mut OpCtx, id: ProposalId, version: i64) -> Result<()> {
    authorize(&ctx.actor, Action::ProposeChange, Relation::Own)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "withdraw_change").await?;
    let mut proposal = waiting(&tx, &member, id, version).await?;
    if proposal.proposed_by != member.person {
        return Err(Error::NotFound);
    }
    if proposal.applied_number.is_some() {
        return Err(Error::invalid("", "It is in force. To take it back, propose to undo it: that lets more through."));
    }
    proposal.state = ProposalState::Withdrawn;
    store::filtering::set_proposal(&mut tx, &proposal).await?;
    outcome::taken_back(&mut tx, &proposal).await?;
    tx.commit().await?;
    services.wake_jobs();
    Ok(())
}

/// The change that goes back to an earlier version as a whole.
///
/// # Errors
/// [`Error::NotFound`] when there is no such version.
pub async fn change_back(services: &Services, ctx: &OpCtx, to: i64) -> Result<Change> {
    authorize(&ctx.actor, Action::ProposeChange, Relation::Setting)?;
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let version = store::filtering::lookup(&reader, member.setting, to).await?.ok_or(Error::NotFound)?;
    Ok(Change::RollBack { to, policy: Box::new(read(&version.policy)?) })
}

/// The change that undoes what a proposal put in force, with the concern that it came from: whoever is shut out of that does not learn of
/// the way back either.
///
/// # Errors
/// [`Error::NotFound`] for one that the actor may not know of, or that is not in force; [`Error::Invalid`] on `change` when it cannot be
/// told apart any more from what was decided after it.
pub async fn change_undoing(services: &Services, ctx: &OpCtx, id: ProposalId) -> Result<(Change, Option<ConcernId>)> {
    authorize(&ctx.actor, Action::ProposeChange, Relation::Setting)?;
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let found = store::filtering::lookup_proposal(&reader, member.setting, &sees(member), id).await?;
    let proposal = found.filter(may_undo).ok_or(Error::NotFound)?;
    let applied = proposal.applied_number.ok_or(Error::NotFound)?;
    let before = store::filtering::lookup(&reader, member.setting, applied - 1).await?.ok_or(Error::NotFound)?;
    let (number, now) = in_force(&reader, member.setting).await?;
    let before: Policy = read(&before.policy)?;
    let change: Change = read(&proposal.change)?;
    let undone = match change.undoing(&id.to_string(), &before, &now) {
        Some(back) => back,
        None if number == applied => Change::RollBack { to: applied - 1, policy: Box::new(before) },
        None => {
            let say = "Other changes came after this one, so it cannot be undone by itself. Propose the change that you want instead.";
            return Err(Error::invalid("change", say));
        }
    };
    Ok((undone, proposal.concern_id))
}

/// What is in force because of it can be undone, whoever proposed it.
pub fn may_undo(proposal: &Proposal) -> bool {
    proposal.applied_number.is_some() && proposal.state != ProposalState::Withdrawn
}

/// Proposes to undo what a proposal put in force. If its author does so while it waits for a second person, it is taken back.
///
/// # Errors
/// As [`propose`] and [`change_undoing`].
pub async fn undo(
    services: &Services,
    ctx: &mut OpCtx,
    id: ProposalId,
    reason: String,
    risk: Risk,
) -> Result<Proposed> {
    let (change, concern) = change_undoing(services, ctx, id).await?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    promised::opens_something(services, ctx, &member, &change).await?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), Action::ProposeChange.key()).await?;
    let proposed = propose_within(&mut tx, &member, &Propose { change, reason, risk, concern }).await?;
    let own = store::filtering::lookup_proposal(&tx, member.setting, &sees(&member), id).await?;
    let own = own.filter(|own| own.proposed_by == member.person && own.state == ProposalState::Waiting);
    if let Some(own) = own {
        let taken = Proposal { state: ProposalState::Withdrawn, ..own };
        store::filtering::set_proposal(&mut tx, &taken).await?;
    }
    tx.commit().await?;
    publish_for(services, member.setting, proposed).await;
    Ok(proposed)
}

/// Proposes to go back to an earlier version as a whole.
///
/// # Errors
/// [`Error::NotFound`] when there is no such version.
pub async fn roll_back(services: &Services, ctx: &mut OpCtx, to: i64, reason: String, risk: Risk) -> Result<Proposed> {
    let change = change_back(services, ctx, to).await?;
    propose(services, ctx, Propose { change, reason, risk, concern: None }).await
}

/// The policy in force with its number.
pub(crate) async fn in_force(db: &impl Reads, setting: SettingId) -> Result<(i64, Policy)> {
    let newest = store::filtering::find_newest(db, setting).await?.ok_or(Error::NotFound)?;
    Ok((newest.number, read(&newest.policy)?))
}

/// The profile of a setting.
pub(crate) async fn profile(db: &impl Reads, setting: SettingId) -> Result<Profile> {
    let setting = store::settings::lookup(db, setting).await?.ok_or(Error::NotFound)?;
    read(&setting.profile)
}

fn check(new: &Propose) -> Result<()> {
    let wrong = missing(&new.reason, &new.risk);
    if wrong.is_empty() { Ok(()) } else { Err(Error::Invalid(wrong)) }
}

/// What a reason and a risk assessment still lack, by field: for a form that shows every error at once.
pub fn missing(reason: &str, risk: &Risk) -> BTreeMap<String, String> {
    let mut wrong = BTreeMap::new();
    let texts = [
        ("reason", reason, "Say why, in a sentence."),
        (
            "harm",
            &risk.harm,
            "Say who could be harmed, and how. \u{201c}Nobody, because \u{2026}\u{201d} is an answer.",
        ),
        (
            "loss",
            &risk.loss,
            "Say what teaching or work could suffer. \u{201c}Nothing, because \u{2026}\u{201d} is an answer.",
        ),
        ("safeguards", &risk.safeguards, "Say what keeps people safe."),
    ];
    for (field, text, say) in texts {
        let length = text.trim().chars().count();
        if length < SHORTEST {
            wrong.insert(field.to_owned(), say.to_owned());
        } else if length > LONGEST {
            wrong.insert(field.to_owned(), format!("Keep it under {LONGEST} letters."));
        }
    }
    wrong
}

async fn waiting(db: &impl Reads, member: &Member, id: ProposalId, version: i64) -> Result<Proposal> {
    let found = store::filtering::lookup_proposal(db, member.setting, &sees(member), id).await?;
    let proposal = found.ok_or(Error::NotFound)?;
    if proposal.state != ProposalState::Waiting || proposal.version != version {
        let said = format!("This was {} in the meantime.", said(proposal.state));
        return Err(Error::Conflict { theirs: BTreeMap::from([(String::new(), said)]) });
    }
    Ok(proposal)
}

fn said(state: ProposalState) -> &'static str {
    match state {
        ProposalState::Waiting => "changed",
        ProposalState::Approved => "approved",
        ProposalState::Refused => "refused",
        ProposalState::Withdrawn => "taken back",
    }
}

async fn put(
    tx: &mut Tx,
    member: &Member,
    number: i64,
    after: &Policy,
    proposal: &Proposal,
    note: &str,
) -> Result<i64> {
    let row = FilterPolicy {
        setting_id: member.setting,
        number: number + 1,
        policy: json(after)?,
        made_at: tx.now(),
        made_by: Some(member.person),
        proposal_id: Some(proposal.id),
        note: note.to_owned(),
    };
    let (_, before) = in_force(&*tx, member.setting).await?;
    store::filtering::add(tx, &row).await?;
    super::moving::out_of_what_is_gone(tx, member.setting, &before, after).await?;
    look_again(tx, member.setting, proposal.proposed_by, proposal.concern_id).await?;
    Ok(row.number)
}

/// A change of the filter is a change of technology: somebody looks at the policy again (POL-07). One open review stands
/// for all changes until it is closed; what comes from a concern has its own, behind the concern's walls (S8).
pub(super) async fn look_again(
    tx: &mut Tx,
    setting: SettingId,
    by: PersonId,
    concern: Option<ConcernId>,
) -> Result<()> {
    let viewer = store::Sees::by_name(by);
    let open = store::follow_up::list_reviews(&*tx, setting, &viewer, store::follow_up::Which::Open).await?;
    let there = |one: &store::follow_up::Review| {
        one.what == "filtering" && one.opened_by.is_none() && one.concern_id == concern
    };
    if open.iter().any(there) {
        return Ok(());
    }
    let today = tx.now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let review = store::follow_up::Review {
        id: tx.fresh(),
        setting_id: setting,
        concern_id: concern,
        what: "filtering".to_owned(),
        why: "The filter was changed. Does the policy still say what it does?".to_owned(),
        opened_at: tx.now(),
        opened_by: None,
        due: today.saturating_add(jiff::Span::new().days(REVIEW_WITHIN)),
        closed_at: None,
        closed_by: None,
        outcome: None,
    };
    Ok(store::follow_up::add_review(tx, &review).await?)
}

/// Puts an answer in force at once: for adults' devices, for a while, asked for by one person and answered by a lead, who is
/// another. It ends by itself and stands in the history like every change (FDM-04). Inside the transaction of the answer;
/// afterwards [`publish_for`].
///
/// # Errors
/// [`Error::Invalid`] when it is not such a change.
pub(super) async fn grant_within(tx: &mut Tx, member: &Member, asker: PersonId, new: &Propose) -> Result<Proposed> {
    check(new)?;
    let (number, before) = in_force(&*tx, member.setting).await?;
    let id: ProposalId = tx.fresh();
    let now = tx.now();
    let after = new.change.starting(now).apply(&before, &id.to_string(), new.reason.trim()).map_err(unfit)?;
    let for_a_while = matches!(new.change, Change::AllowForAWhile { .. });
    if !for_a_while || asker == member.person || four_eyes::loosens_for_children(&before, &after) {
        return Err(Error::invalid("", "Another person has to approve this."));
    }
    let mut proposal = Proposal {
        proposed_by: asker,
        state: ProposalState::Approved,
        decided_by: Some(member.person),
        decided_at: Some(now),
        lead_agreed_by: Some(member.person),
        lead_agreed_at: Some(now),
        ..written(id, member, new, Direction::Loosens, number, now)?
    };
    let said = new.change.say(&before);
    let in_force = put(tx, member, number, &after, &proposal, &said).await?;
    proposal.applied_number = Some(in_force);
    store::filtering::add_proposal(tx, &proposal).await?;
    publish::later(tx, member.setting).await?;
    Ok(Proposed { id, in_force: Some(in_force) })
}

pub(crate) fn json(value: &impl Serialize) -> Result<serde_json::Value> {
    serde_json::to_value(value).map_err(|error| Error::Internal(error.to_string()))
}

pub(crate) fn read<T: serde::de::DeserializeOwned>(value: &serde_json::Value) -> Result<T> {
    serde_json::from_value(value.clone()).map_err(|error| Error::Internal(error.to_string()))
}

fn unfit(unfit: change::Unfit) -> Error {
    Error::invalid("change", &unfit.0)
}
