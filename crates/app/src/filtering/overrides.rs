//! Time-limited overrides: what was opened for an hour, until a day or until the end of a term, by name, for whom, why, on whose word, from
//! when and until when. They end by themselves and stand in the record of every review of the filtering (FDM-02, FDM-04).
//!
//! Read from the proposals and the versions of the policy, which are kept for ever: a closed review shows what it showed when it was
//! closed. What it is not: a decision without an end, which stands in the history of the filter.

use std::collections::BTreeMap;

use domain::ctx::Member;
use domain::{PersonId, ProposalId};
use jiff::Timestamp;
use store::Reads;
use store::words::ProposalState;

use super::change::{Change, REASON_UNREAD};
use super::decide;
use super::policy::Policy;
use crate::Result;
use crate::sight::sees;

/// Something that was open for a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// The change that opened it.
    pub proposal: ProposalId,
    /// The sites, with those that they need.
    pub names: Vec<String>,
    /// On which devices: names of groups.
    pub groups: Vec<String>,
    /// Why.
    pub why: String,
    /// Who asked for it, or proposed it.
    pub asked_by: String,
    /// Who approved.
    pub allowed_by: String,
    /// Since when.
    pub from: Timestamp,
    /// Until when: its end, or the moment when somebody closed it before that.
    pub until: Timestamp,
    /// Somebody closed it before its end.
    pub cut_short: bool,
}

/// What was open at any time between two moments, newest first, as far as the viewer may know of it.
///
/// # Errors
/// As any read.
pub(crate) async fn between(
    db: &impl Reads,
    member: &Member,
    since: Timestamp,
    until: Timestamp,
) -> Result<Vec<Override>> {
    let state = Some(ProposalState::Approved);
    let approved = store::filtering::list_proposals(db, member.setting, &sees(member), state).await?;
    let mut versions: Option<Vec<(Timestamp, i64, Policy)>> = None;
    let mut names = BTreeMap::new();
    let mut found = Vec::new();
    for proposal in approved {
        let (Some(from), Some(number)) = (proposal.decided_at, proposal.applied_number) else { continue };
        // A row that nobody can read hides no other one.
        let Ok(change) = decide::read::<Change>(&proposal.change) else { continue };
        let change = change.starting(from);
        let (Some(end), Some((sites, groups))) = (change.ends(), change.opens()) else { continue };
        if from > until || end <= since {
            continue;
        }
        if versions.is_none() {
            versions = Some(all(db, member).await?);
        }
        let versions = versions.as_deref().unwrap_or_default();
        let rule = proposal.id.to_string();
        let closed = versions.iter().find(|(_, later, policy)| *later > number && !holds(policy, &rule));
        let closed = closed.map(|(at, ..)| *at).filter(|at| *at < end);
        if closed.is_some_and(|at| at <= since) {
            continue;
        }
        let policy = versions.iter().find(|(_, at, _)| *at == number).map(|(.., policy)| policy);
        let asked = store::filtering::find_request_of(db, member.setting, proposal.id).await?;
        let asked_by = asked.and_then(|asked| asked.asked_by).unwrap_or(proposal.proposed_by);
        let read = decide::may_read(db, member, proposal.concern_id).await?;
        found.push(Override {
            proposal: proposal.id,
            names: sites.into_iter().map(str::to_owned).collect(),
            groups: policy.map(|policy| called(policy, groups)).unwrap_or_default(),
            why: if read { proposal.reason.clone() } else { REASON_UNREAD.to_owned() },
            asked_by: name(db, member, &mut names, Some(asked_by)).await?,
            allowed_by: name(db, member, &mut names, proposal.decided_by).await?,
            from,
            until: closed.unwrap_or(end),
            cut_short: closed.is_some(),
        });
    }
    found.sort_by_key(|one| std::cmp::Reverse(one.from));
    Ok(found)
}

/// Every version with its moment, oldest first.
async fn all(db: &impl Reads, member: &Member) -> Result<Vec<(Timestamp, i64, Policy)>> {
    let mut rows = store::filtering::list(db, member.setting).await?;
    rows.sort_by_key(|row| row.number);
    rows.into_iter().map(|row| Ok((row.made_at, row.number, decide::read(&row.policy)?))).collect()
}

fn holds(policy: &Policy, rule: &str) -> bool {
    policy.groups.values().any(|group| group.allow.values().any(|decision| decision.rule == rule))
}

fn called(policy: &Policy, groups: &[String]) -> Vec<String> {
    let meant = policy.groups.iter().filter(|(key, _)| groups.is_empty() || groups.contains(key));
    meant.map(|(_, group)| group.name.clone()).collect()
}

async fn name(
    db: &impl Reads,
    member: &Member,
    known: &mut BTreeMap<PersonId, String>,
    person: Option<PersonId>,
) -> Result<String> {
    let Some(id) = person else { return Ok("Holdfast".to_owned()) };
    if let Some(name) = known.get(&id) {
        return Ok(name.clone());
    }
    let found = store::people::lookup(db, member.setting, id).await?;
    let name = found.map_or_else(|| "somebody who is gone".to_owned(), |person| person.name);
    known.insert(id, name.clone());
    Ok(name)
}
