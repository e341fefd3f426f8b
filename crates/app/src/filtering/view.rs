//! The filter as pages show it: groups with reasons, proposals, history with differences, requests.

use domain::access::{Action, Refused, Relation, authorize};
use domain::{OpCtx, PersonId, ProposalId};
use jiff::Timestamp;
use store::filtering::{AccessRequest, Proposal};
use store::words::ProposalState;
use store::{Reads, Scope};

use super::change::{self, Change};
use super::decide::{self, Risk};
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
    /// Requests that wait.
    pub requests: Vec<RequestView>,
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
}

/// A request with names.
#[derive(Debug, Clone)]
pub struct RequestView {
    /// As stored.
    pub request: AccessRequest,
    /// Who asked.
    pub asked_by: String,
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
    let mut waiting = Vec::new();
    let state = Some(ProposalState::Waiting);
    for proposal in store::filtering::list_proposals(&reader, member.setting, &sees(member), state).await? {
        waiting.push(view(&reader, &policy, proposal).await?);
    }
    let mut requests = Vec::new();
    for request in store::filtering::list_waiting_requests(&reader, member.setting).await? {
        requests.push(request_view(&reader, &policy, request).await?);
    }
    Ok(Overview { number, policy, gateway: services.gateway.status(), waiting, requests })
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
    let (_, policy) = decide::in_force(&reader, member.setting).await?;
    view(&reader, &policy, found.ok_or(Error::NotFound)?).await
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
    let known = store::filtering::list_proposals(&reader, member.setting, &sees(member), None).await?;
    let mut versions: Vec<Version> = Vec::new();
    let mut before: Option<Policy> = None;
    for row in rows {
        let policy: Policy = decide::read(&row.policy)?;
        let hidden = row.proposal_id.is_some_and(|id| !known.iter().any(|proposal| proposal.id == id));
        let difference = before.as_ref().map(|before| change::difference(before, &policy)).unwrap_or_default();
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

async fn view(db: &impl Reads, now: &Policy, proposal: Proposal) -> Result<ProposalView> {
    let asked: Change = decide::read(&proposal.change)?;
    let base = store::filtering::lookup(db, proposal.setting_id, proposal.base_number).await?;
    let before = match (&proposal.applied_number, base) {
        (Some(_), Some(base)) => decide::read(&base.policy)?,
        _ => now.clone(),
    };
    let difference = match asked.apply(&before, &proposal.id.to_string(), &proposal.reason) {
        Ok(after) => change::difference(&before, &after),
        Err(unfit) => vec![unfit.0],
    };
    let setting = proposal.setting_id;
    Ok(ProposalView {
        say: asked.say(&before),
        difference,
        risk: decide::read(&proposal.risk)?,
        proposed_by: name(db, setting, Some(proposal.proposed_by)).await?,
        decided_by: optional_name(db, setting, proposal.decided_by).await?,
        lead_agreed_by: optional_name(db, setting, proposal.lead_agreed_by).await?,
        proposal,
    })
}

async fn request_view(db: &impl Reads, policy: &Policy, request: AccessRequest) -> Result<RequestView> {
    let group = policy.groups.get(&request.group_key).map_or(request.group_key.clone(), |group| group.name.clone());
    Ok(RequestView { asked_by: name(db, request.setting_id, request.asked_by).await?, group, request })
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
