//! Versions of the filter policy, proposals, requests for access.

use domain::{ProposalId, SettingId};
use jiff::Timestamp;
use sea_orm::{ColumnTrait, Condition, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::concerns::{Sees, inherits};
use crate::db::{Reads, Tx};
use crate::entity::policy::{filter_policy, proposal, request_access};
use crate::error::Result;
use crate::rows;
use crate::words::ProposalState;

pub use crate::entity::policy::{AccessRequest, FilterPolicy, Proposal};

/// The policy in force: the newest version.
///
/// # Errors
/// As any read.
pub async fn find_newest(db: &impl Reads, setting: SettingId) -> Result<Option<FilterPolicy>> {
    rows::one(db, versions(setting).limit(1)).await
}

/// A version of the policy.
///
/// # Errors
/// As any read.
pub async fn lookup(db: &impl Reads, setting: SettingId, number: i64) -> Result<Option<FilterPolicy>> {
    use sea_orm::QueryFilter;
    rows::one(db, versions(setting).filter(filter_policy::Column::Number.eq(number))).await
}

/// Every version, newest first.
///
/// # Errors
/// As any read.
pub async fn list(db: &impl Reads, setting: SettingId) -> Result<Vec<FilterPolicy>> {
    rows::many(db, versions(setting)).await
}

fn versions(setting: SettingId) -> sea_orm::Select<filter_policy::Entity> {
    let condition = Condition::all().add(filter_policy::Column::SettingId.eq(setting.0));
    rows::select::<FilterPolicy>(condition).order_by_desc(filter_policy::Column::Number)
}

/// Adds the next version.
///
/// # Errors
/// [`crate::Error::Duplicate`] if somebody else made that number first.
pub async fn add(tx: &mut Tx, policy: &FilterPolicy) -> Result<()> {
    rows::add(tx, policy).await
}

/// The proposal of an id, if the viewer may know of it.
///
/// # Errors
/// As any read.
pub async fn lookup_proposal(
    db: &impl Reads,
    setting: SettingId,
    sees: &Sees,
    id: ProposalId,
) -> Result<Option<Proposal>> {
    let condition = proposals(setting, sees).add(proposal::Column::Id.eq(id.0));
    rows::one(db, rows::select::<Proposal>(condition)).await
}

/// Proposals that the viewer may know of, all or in one state, newest first.
///
/// # Errors
/// As any read.
pub async fn list_proposals(
    db: &impl Reads,
    setting: SettingId,
    sees: &Sees,
    state: Option<ProposalState>,
) -> Result<Vec<Proposal>> {
    let condition = proposals(setting, sees).add_option(state.map(|state| proposal::Column::State.eq(state.key())));
    rows::many(db, rows::select::<Proposal>(condition).order_by_desc(proposal::Column::ProposedAt)).await
}

fn proposals(setting: SettingId, sees: &Sees) -> Condition {
    Condition::all().add(proposal::Column::SettingId.eq(setting.0)).add(inherits(proposal::Entity, sees))
}

/// Adds a proposal.
///
/// # Errors
/// As any write.
pub async fn add_proposal(tx: &mut Tx, proposal: &Proposal) -> Result<()> {
    rows::add(tx, proposal).await
}

/// Decides, agrees, withdraws: a proposal over its older self; returns the new version.
///
/// # Errors
/// [`crate::Error::Conflict`] if it was changed since.
pub async fn set_proposal(tx: &mut Tx, proposal: &Proposal) -> Result<i64> {
    rows::set(tx, proposal).await
}

/// The request of an id.
///
/// # Errors
/// As any read.
pub async fn lookup_request(db: &impl Reads, setting: SettingId, id: Uuid) -> Result<Option<AccessRequest>> {
    let condition = requests(setting).add(request_access::Column::Id.eq(id));
    rows::one(db, rows::select::<AccessRequest>(condition)).await
}

/// The request whose "yes" made a proposal.
///
/// # Errors
/// As any read.
pub async fn find_request_of(
    db: &impl Reads,
    setting: SettingId,
    proposal: ProposalId,
) -> Result<Option<AccessRequest>> {
    let condition = requests(setting).add(request_access::Column::ProposalId.eq(proposal.0));
    rows::one(db, rows::select::<AccessRequest>(condition)).await
}

/// Requests that wait for an answer, oldest first.
///
/// # Errors
/// As any read.
pub async fn list_waiting_requests(db: &impl Reads, setting: SettingId) -> Result<Vec<AccessRequest>> {
    let condition = requests(setting).add(request_access::Column::Answer.is_null());
    rows::many(db, rows::select::<AccessRequest>(condition).order_by_asc(request_access::Column::AskedAt)).await
}

/// Requests asked since a time, newest first.
///
/// # Errors
/// As any read.
pub async fn list_requests(db: &impl Reads, setting: SettingId, since: Timestamp) -> Result<Vec<AccessRequest>> {
    let condition = requests(setting).add(request_access::Column::AskedAt.gte(since.as_microsecond()));
    rows::many(db, rows::select::<AccessRequest>(condition).order_by_desc(request_access::Column::AskedAt)).await
}

fn requests(setting: SettingId) -> Condition {
    Condition::all().add(request_access::Column::SettingId.eq(setting.0))
}

/// Adds a request.
///
/// # Errors
/// As any write.
pub async fn add_request(tx: &mut Tx, request: &AccessRequest) -> Result<()> {
    rows::add(tx, request).await
}

/// Answers a request.
///
/// # Errors
/// As any write.
pub async fn set_request(tx: &mut Tx, request: &AccessRequest) -> Result<()> {
    rows::set(tx, request).await.map(|_| ())
}
