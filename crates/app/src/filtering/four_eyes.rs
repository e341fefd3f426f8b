//! Whose eyes a change needs before it is in force (FDM-04, S45).
//!
//! Another person than its author approves, and for a weakening a safeguarding lead agrees. Where only one person may approve, the
//! setting says so in set-up: the chair approves, or a day passes after everybody was told; never where children's protection
//! weakens. As soon as a second person may approve, the delay is gone by itself.
//! What it is not: who may press the button at all ([`domain::access`]).

use std::collections::BTreeSet;

use domain::access::{Action, Relation, any_allowed};
use domain::ctx::Member;
use domain::setting::FourEyes;
use domain::{PersonId, Role, SettingId};
use filter::Audience;
use jiff::{SignedDuration, Timestamp};
use store::filtering::Proposal;
use store::{Reads, Tx};

use super::change::Direction;
use super::compare;
use super::policy::Policy;
use crate::{Error, Result};

/// One day: what a one-person setting waits instead of a second pair of eyes (S45).
pub const DELAY: SignedDuration = SignedDuration::from_hours(24);

/// What holds in a setting now: its own word, and whether that is still true. Whoever governs stands beside the one person who
/// may approve, so the chair does not count as a second one.
pub(crate) async fn mode(db: &impl Reads, setting: SettingId, now: Timestamp) -> Result<FourEyes> {
    let said = super::decide::profile(db, setting).await?.four_eyes;
    Ok(match said == FourEyes::ChairOrDelay && approvers(db, setting, now).await?.len() <= 1 {
        true => FourEyes::ChairOrDelay,
        false => FourEyes::AnotherPerson,
    })
}

/// Those who may approve a change and do not govern.
pub(crate) async fn approvers(db: &impl Reads, setting: SettingId, now: Timestamp) -> Result<BTreeSet<PersonId>> {
    let held = store::people::list_appointments(db, setting, now).await?;
    let may = |role: Role| {
        role != Role::Chair && any_allowed(&[role].into_iter().collect(), Action::ApproveChange, Relation::Setting)
    };
    Ok(held.into_iter().filter(|row| may(row.role)).map(|row| row.person_id).collect())
}

/// Everybody who may read the filter, but the author: a delay that stands for a second person begins when they are told.
pub(super) async fn everybody(tx: &Tx, proposal: &Proposal) -> Result<Vec<PersonId>> {
    let held = store::people::list_appointments(tx, proposal.setting_id, tx.now()).await?;
    let reads = |role: Role| {
        role != Role::Inspector && any_allowed(&[role].into_iter().collect(), Action::ReadFilter, Relation::Setting)
    };
    let mut people: BTreeSet<PersonId> =
        held.into_iter().filter(|row| reads(row.role)).map(|row| row.person_id).collect();
    people.remove(&proposal.proposed_by);
    Ok(people.into_iter().collect())
}

/// May this person's yes put this change in force now?
///
/// # Errors
/// [`Error::Invalid`] for the whole form, with what is missing.
pub(super) fn check(
    mode: FourEyes,
    member: &Member,
    proposal: &Proposal,
    before: &Policy,
    after: &Policy,
    now: Timestamp,
) -> Result<()> {
    let loosens = compare::direction(before, after) == Direction::Loosens && proposal.applied_number.is_none();
    if proposal.proposed_by == member.person {
        let passed = mode == FourEyes::ChairOrDelay && alone_from(proposal).is_some_and(|from| now >= from);
        if !passed || loosens_for_children(before, after) {
            return Err(Error::invalid("", "You proposed this. Somebody else has to approve it."));
        }
    }
    if loosens && proposal.lead_agreed_by.is_none() {
        return Err(Error::invalid("", "This lets more through. The safeguarding lead has to agree first."));
    }
    Ok(())
}

/// From when its author may approve it alone, if everybody was told of it.
pub fn alone_from(proposal: &Proposal) -> Option<Timestamp> {
    proposal.everybody_told_at.and_then(|at| at.checked_add(DELAY).ok())
}

/// Does anything become reachable on children's devices, or on those that nobody knows?
pub(super) fn loosens_for_children(before: &Policy, after: &Policy) -> bool {
    let children = |policy: &Policy| Policy {
        groups: policy
            .groups
            .iter()
            .filter(|(_, group)| group.audience == Audience::Children)
            .map(|(key, group)| (key.clone(), group.clone()))
            .collect(),
        strictest: policy.strictest.clone(),
        // Both touch what children, or everybody, are kept from.
        networks: policy.networks.clone(),
        feeds: policy.feeds.clone(),
        // Inspection takes privacy, not protection: a second person agrees, and no more is asked than elsewhere.
        inspection: Default::default(),
        // A new source takes nothing away from children; one that goes or changes may.
        sources: policy
            .sources
            .iter()
            .filter(|(key, _)| before.sources.contains_key(*key))
            .map(|(key, source)| (key.clone(), source.clone()))
            .collect(),
    };
    compare::direction(&children(before), &children(after)) == Direction::Loosens
}
