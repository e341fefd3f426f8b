//! The filter as pages show it: groups with reasons, proposals, history with differences, requests.

use domain::access::{Action, Refused, Relation, authorize};
use domain::ctx::Member;
use domain::setting::FourEyes;
use domain::{OpCtx, PersonId, ProposalId};
use jiff::{SignedDuration, Timestamp};
use store::evidence::Evidence;
use store::filtering::{AccessRequest, Proposal};
use store::words::ProposalState;
use store::{Reads, Scope};

use super::change::{self, Change};
use super::compare;
use super::decide::{self, Risk};
use super::four_eyes;
use super::outcome::{self, Outcome};
use super::policy::Policy;
use crate::gateway::GatewayState;
use crate::sight::sees;
use crate::{Error, Result, Services};

/// The filter today.
#[derive(Debug, Clone)]
pub struct Overview {
    /// Version in force.
    pub number: i64,
    /// The policy.
    pub policy: Policy,
    /// How the gateway stands; `None` when it does not run.
    pub gateway: Option<GatewayState>,
    /// Proposals that wait.
    pub waiting: Vec<ProposalView>,
    /// How many requests wait, for those who answer them; else nought.
    pub requests: usize,
    /// The newest self-test.
    pub last_test: Option<Evidence>,
    /// Who filters upstream of us, by the setting's own word (S26).
    pub provider: Option<String>,
    /// Their resolvers.
    pub upstream: Vec<String>,
    /// Lists of illegal addresses: supplied, stale or not supplied (FIL-04).
    pub sealed: crate::sealed::Standing,
    /// Only one person may approve changes: a gap that the setting lives with (S45).
    pub one_person: bool,
}

/// A proposal with what it would do.
#[derive(Debug, Clone)]
pub struct ProposalView {
    /// As stored.
    pub proposal: Proposal,
    /// In one line.
    pub say: String,
    /// Difference to what is in force now (or to the version before, once applied), a line each.
    pub difference: Vec<String>,
    /// Risk assessment.
    pub risk: Risk,
    /// Who proposed it.
    pub proposed_by: String,
    /// Who decided.
    pub decided_by: Option<String>,
    /// The lead who agreed.
    pub lead_agreed_by: Option<String>,
    /// It lets more through.
    pub loosens: bool,
    /// In a one-person setting: from when its author may approve it alone, because everybody was told a day before. Never where
    /// children's protection weakens (S45).
    pub alone_from: Option<Timestamp>,
    /// Its author is the only person who may approve here, beside the chair (S45).
    pub one_person: bool,
}

/// A request with names.
#[derive(Debug, Clone)]
pub struct RequestView {
    /// As stored.
    pub request: AccessRequest,
    /// Who asked.
    pub asked_by: String,
    /// Who answered.
    pub answered_by: Option<String>,
    /// What became of a "yes".
    pub outcome: Option<Outcome>,
    /// Name of the group.
    pub group: String,
}

/// One version of the policy.
#[derive(Debug, Clone)]
pub struct Version {
    /// Its number.
    pub number: i64,
    /// Since when.
    pub made_at: Timestamp,
    /// By whom.
    pub made_by: String,
    /// In one line.
    pub note: String,
    /// Difference to the version before, a line each.
    pub difference: Vec<String>,
}

/// The filter today.
///
/// # Errors
/// [`Error::NotFound`] when the setting has no policy yet.
pub async fn overview(services: &Services, ctx: &OpCtx) -> Result<Overview> {
    authorize(&ctx.actor, Action::ReadFilter, Relation::Setting)?;
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let (number, policy) = decide::in_force(&reader, member.setting).await?;
    let policy = change::without_hidden(policy, &decide::known(&reader, member).await?).at(ctx.now);
    let profile = decide::profile(&reader, member.setting).await?;
    let mut waiting = Vec::new();
    let state = Some(ProposalState::Waiting);
    for proposal in store::filtering::list_proposals(&reader, member.setting, &sees(member), state).await? {
        waiting.push(view(&reader, member, proposal, ctx.now).await?);
    }
    let may_answer = authorize(&ctx.actor, Action::AnswerAccess, Relation::Setting).is_ok();
    let requests =
        if may_answer { store::filtering::list_waiting_requests(&reader, member.setting).await?.len() } else { 0 };
    let since = ctx.now.saturating_sub(SignedDuration::from_hours(24 * 366)).unwrap_or(ctx.now);
    let last_test = store::evidence::list(&reader, member.setting, Some(crate::self_test::KIND), since).await?;
    Ok(Overview {
        number,
        policy,
        gateway: services.gateway.status(),
        waiting,
        requests,
        last_test: last_test.into_iter().next(),
        provider: profile.providers.get("filtering").cloned().filter(|name| !name.trim().is_empty()),
        upstream: profile.upstream,
        one_person: four_eyes::mode(&reader, member.setting, ctx.now).await? == FourEyes::ChairOrDelay,
        sealed: crate::sealed::standing(services, &reader, member.setting, ctx.now).await?,
    })
}

/// One proposal.
///
/// # Errors
/// [`Error::NotFound`] for one that the actor may not know of.
pub async fn proposal(services: &Services, ctx: &OpCtx, id: ProposalId) -> Result<ProposalView> {
    authorize(&ctx.actor, Action::ReadFilter, Relation::Setting)?;
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let found = store::filtering::lookup_proposal(&reader, member.setting, &sees(member), id).await?;
    view(&reader, member, found.ok_or(Error::NotFound)?, ctx.now).await
}

/// Every proposal that the actor may know of, newest first.
///
/// # Errors
/// As any read.
pub async fn proposals(services: &Services, ctx: &OpCtx) -> Result<Vec<ProposalView>> {
    authorize(&ctx.actor, Action::ReadFilter, Relation::Setting)?;
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let mut all = Vec::new();
    for proposal in store::filtering::list_proposals(&reader, member.setting, &sees(member), None).await? {
        all.push(view(&reader, member, proposal, ctx.now).await?);
    }
    Ok(all)
}

/// One request for a blocked name.
///
/// # Errors
/// [`Error::NotFound`] when there is none.
pub async fn request(services: &Services, ctx: &OpCtx, id: uuid::Uuid) -> Result<RequestView> {
    authorize(&ctx.actor, Action::AnswerAccess, Relation::Setting)?;
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let found = store::filtering::lookup_request(&reader, member.setting, id).await?.ok_or(Error::NotFound)?;
    let (_, policy) = decide::in_force(&reader, member.setting).await?;
    request_view(&reader, &policy, found).await
}

/// How far back lists of requests look.
const SHOWN: SignedDuration = SignedDuration::from_hours(24 * 90);

/// Requests of the last ninety days, those that wait first.
///
/// # Errors
/// As any read.
pub async fn requests(services: &Services, ctx: &OpCtx) -> Result<Vec<RequestView>> {
    authorize(&ctx.actor, Action::AnswerAccess, Relation::Setting)?;
    let mut all = asked(services, ctx, None).await?;
    all.sort_by_key(|view| view.request.answer.is_some());
    Ok(all)
}

/// What the actor asked for in the last ninety days, with the answers, newest first.
///
/// # Errors
/// As any read.
pub async fn my_requests(services: &Services, ctx: &OpCtx) -> Result<Vec<RequestView>> {
    authorize(&ctx.actor, Action::AskForAccess, Relation::Own)?;
    let member = ctx.member().ok_or(Refused::SignIn)?;
    asked(services, ctx, Some(member.person)).await
}

async fn asked(services: &Services, ctx: &OpCtx, by: Option<PersonId>) -> Result<Vec<RequestView>> {
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let (_, policy) = decide::in_force(&reader, member.setting).await?;
    let since = ctx.now.saturating_sub(SHOWN).unwrap_or(ctx.now);
    let mut all = Vec::new();
    for request in store::filtering::list_requests(&reader, member.setting, since).await? {
        if by.is_none() || request.asked_by == by {
            all.push(request_view(&reader, &policy, request).await?);
        }
    }
    Ok(all)
}

/// Every version with what changed, newest first. A version that came from a proposal which the actor may not know of
/// shows what is in force, and nothing of its words (S8).
///
/// # Errors
/// As any read.
pub async fn history(services: &Services, ctx: &OpCtx) -> Result<Vec<Version>> {
    authorize(&ctx.actor, Action::ReadFilter, Relation::Setting)?;
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let mut rows = store::filtering::list(&reader, member.setting).await?;
    rows.sort_by_key(|row| row.number);
    let known = decide::known(&reader, member).await?;
    let mut versions: Vec<Version> = Vec::new();
    let mut before: Option<Policy> = None;
    for row in rows {
        let policy = change::without_hidden(decide::read(&row.policy)?, &known);
        let hidden = row.proposal_id.is_some_and(|id| !known.ids.contains(&id.to_string()));
        let difference = before.as_ref().map(|before| compare::difference(before, &policy)).unwrap_or_default();
        versions.push(Version {
            number: row.number,
            made_at: row.made_at,
            made_by: name(&reader, member.setting, row.made_by.filter(|_| !hidden)).await?,
            note: if hidden { "A change".to_owned() } else { row.note },
            difference: if hidden { Vec::new() } else { difference },
        });
        before = Some(policy);
    }
    versions.reverse();
    Ok(versions)
}

async fn view(db: &impl Reads, member: &Member, proposal: Proposal, at: Timestamp) -> Result<ProposalView> {
    let setting = proposal.setting_id;
    let asked: Change = decide::read(&proposal.change)?;
    let (_, now) = decide::in_force(db, setting).await?;
    let base = store::filtering::lookup(db, setting, proposal.base_number).await?;
    let before: Policy = match (&proposal.applied_number, base) {
        (Some(number), _) => match store::filtering::lookup(db, setting, number - 1).await? {
            Some(row) => decide::read(&row.policy)?,
            None => now,
        },
        (None, Some(base)) if proposal.state != ProposalState::Waiting => decide::read(&base.policy)?,
        _ => now,
    };
    let known = decide::known(db, member).await?;
    // Only where its author is the one person who may approve is a second pair of eyes missing.
    let one_person = four_eyes::mode(db, setting, at).await? == FourEyes::ChairOrDelay
        && four_eyes::approvers(db, setting, at).await?.contains(&proposal.proposed_by);
    let mut alone = one_person && !matches!(asked, Change::MoveDevice { .. });
    let difference = match asked.apply(&before, &proposal.id.to_string(), &proposal.reason) {
        Ok(after) => {
            alone &= !four_eyes::loosens_for_children(&before, &after);
            let (was, is) = (before.clone(), after);
            compare::difference(&change::without_hidden(was, &known), &change::without_hidden(is, &known))
        }
        Err(unfit) => vec![unfit.0],
    };
    // Whoever decides on the filter need not be able to read the concern that a change came of: they see what is asked for,
    // and neither the words nor the way there (S7, S8).
    let read = decide::may_read(db, member, proposal.concern_id).await?;
    // Whoever must approve weighs the risk; nobody else needs those words.
    let weighs = authorize(&domain::Actor::Member(member.clone()), Action::ApproveChange, Relation::Setting).is_ok();
    let risk = match read || weighs {
        true => decide::read(&proposal.risk)?,
        false => Risk {
            harm: change::REASON_UNREAD.to_owned(),
            loss: change::REASON_UNREAD.to_owned(),
            safeguards: change::REASON_UNREAD.to_owned(),
        },
    };
    let proposal = match read {
        true => proposal,
        false => Proposal { reason: change::REASON_UNREAD.to_owned(), concern_id: None, ..proposal },
    };
    Ok(ProposalView {
        say: asked.say(&before),
        difference,
        risk,
        loosens: proposal.direction == store::words::Direction::Loosens,
        alone_from: four_eyes::alone_from(&proposal).filter(|_| alone),
        one_person,
        proposed_by: name(db, setting, Some(proposal.proposed_by)).await?,
        decided_by: optional_name(db, setting, proposal.decided_by).await?,
        lead_agreed_by: optional_name(db, setting, proposal.lead_agreed_by).await?,
        proposal,
    })
}

async fn request_view(db: &impl Reads, policy: &Policy, request: AccessRequest) -> Result<RequestView> {
    let group = policy.groups.get(&request.group_key).map_or(request.group_key.clone(), |group| group.name.clone());
    let answered_by = optional_name(db, request.setting_id, request.answered_by).await?;
    let outcome = outcome::of(db, &request).await?;
    Ok(RequestView {
        asked_by: name(db, request.setting_id, request.asked_by).await?,
        answered_by,
        outcome,
        group,
        request,
    })
}

async fn optional_name(db: &impl Reads, setting: domain::SettingId, id: Option<PersonId>) -> Result<Option<String>> {
    match id {
        Some(_) => Ok(Some(name(db, setting, id).await?)),
        None => Ok(None),
    }
}

async fn name(db: &impl Reads, setting: domain::SettingId, id: Option<PersonId>) -> Result<String> {
    let Some(id) = id else { return Ok("Holdfast".to_owned()) };
    Ok(store::people::lookup(db, setting, id).await?.map_or("somebody".to_owned(), |person| person.name))
}
