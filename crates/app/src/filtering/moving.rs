//! A device goes to another group. To a stricter one at once; to one that reaches more only as a proposal, like every other
//! change that lets more through (FDM-04, S45): a tablet of the children's room does not become a staff device at one
//! person's word.
//!
//! What it is not: the first entry of a device in the register. Whoever keeps the register says what a new device is; the
//! audit and the list of devices show it. Only after another device went out of use does a new one begin no laxer than that one.

use domain::access::{Action, Refused, Relation, authorize};
use domain::{DeviceId, OpCtx, SettingId};
use filter::Audience;
use jiff::Timestamp;
use store::devices::Device;
use store::filtering::Proposal;
use store::words::ProposalState;
use store::{Reads, Scope, Tx};

use super::change::{Change, Direction};
use super::compare;
use super::decide::{self, Proposed, Risk};
use super::policy::{Group, Policy};
use super::{four_eyes, publish};
use crate::{Error, Result, Services, people};

/// A device that is to change its group, as typed.
#[derive(Debug, Clone)]
pub struct Move {
    /// Which.
    pub device: DeviceId,
    /// Key of its new group.
    pub to: String,
    /// Why; asked for where the new group reaches more.
    pub reason: String,
    /// What could go wrong.
    pub risk: Risk,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moved {
    /// It is in its new group.
    Now,
    /// It waits for other people.
    Waits(Proposed),
}

/// Does this group reach more than that one did?
pub fn is_laxer(policy: &Policy, from: &str, to: &str) -> bool {
    let group = |key: &str| policy.groups.get(key).or_else(|| policy.groups.get(&policy.strictest));
    let (Some(was), Some(is)) = (group(from), group(to)) else { return true };
    if rank(is.audience) != rank(was.audience) && !(was.audience == Audience::Guests && is.audience == Audience::Adults)
    {
        return rank(is.audience) < rank(was.audience);
    }
    // A guest's device among adults' is watched more, and may reach more all the same: what it would reach decides.
    let mut is = Group { audience: was.audience, search: Some(is.search()), ..is.clone() };
    let was = &Group { search: Some(was.search()), ..was.clone() };
    if is.supervised && is.audience == Audience::Children {
        // What is approved for children under sessions was agreed on by others already, for children; to need a session
        // for it is the stricter way.
        is.allow.retain(|_, decision| decision.approved.is_none());
    }
    let (was, is) = as_policies(policy, was, &is);
    compare::direction(&was, &is) == Direction::Loosens
}

/// Children are held the most; guests' traffic is nobody's, so it is watched less than adults'.
fn rank(audience: Audience) -> u8 {
    match audience {
        Audience::Children => 3,
        Audience::Adults => 2,
        Audience::Guests => 1,
        Audience::Essential => 0,
    }
}

/// A place in the policy that no group has: the device's own.
const DEVICE: &str = "\u{0}device";

/// The policy with the device as a group of its own, before and after: what is known about changes then holds for it too.
fn as_policies(policy: &Policy, was: &Group, is: &Group) -> (Policy, Policy) {
    let with = |group: &Group| {
        let mut policy = policy.clone();
        policy.groups.insert(DEVICE.to_owned(), group.clone());
        policy
    };
    (with(was), with(is))
}

/// Moves a device, or proposes to.
///
/// # Errors
/// [`Error::Invalid`] by field; [`Error::NotFound`] for a device that is not in use.
pub async fn propose(services: &Services, ctx: &mut OpCtx, new: Move) -> Result<Moved> {
    let member = people::may(ctx, Action::KeepDevices)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let (_, policy) = decide::in_force(&reader, member.setting).await?;
    let device = in_use(&reader, member.setting, new.device).await?;
    drop(reader);
    if !policy.groups.contains_key(&new.to) || new.to == device.group_key {
        return Err(Error::invalid("group", "Choose another group."));
    }
    if !is_laxer(&policy, &device.group_key, &new.to) {
        let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "device.move").await?;
        put(&mut tx, member.setting, new.device, &device.group_key, &new.to).await?;
        publish::later(&mut tx, member.setting).await?;
        tx.commit().await?;
        services.wake_jobs();
        publish::now(services, member.setting).await;
        return Ok(Moved::Now);
    }
    authorize(&ctx.actor, Action::ProposeChange, Relation::Setting)?;
    let change =
        Change::MoveDevice { device: new.device, name: device.name.clone(), from: device.group_key, to: new.to };
    Ok(Moved::Waits(decide::propose_move(services, ctx, change, new.reason, new.risk).await?))
}

/// So long after a device went out of use another one that opens pages begins no laxer than that one was.
const AFTER_RETIREMENT: jiff::SignedDuration = jiff::SignedDuration::from_hours(24 * 30);

/// A new device may be an old one under another name: a tablet that goes out of use and comes back as a laptop would change its group at
/// one person's word. For a month it begins where that one was, or stricter; from there others agree ([`propose`]).
pub(crate) struct LatelyGone {
    policy: Policy,
    gone: Vec<Device>,
}

impl LatelyGone {
    /// What went out of use in the last month, of what opens pages.
    pub(crate) async fn read(db: &impl Reads, setting: SettingId, now: Timestamp) -> Result<Self> {
        let (_, policy) = decide::in_force(db, setting).await?;
        let since = now.saturating_sub(AFTER_RETIREMENT).unwrap_or(now);
        let mut gone = store::devices::list_all(db, setting).await?;
        gone.retain(|old| {
            crate::activity::checks::asks_pages(old.kind) && old.retired_at.is_some_and(|at| at >= since)
        });
        Ok(Self { policy, gone })
    }

    /// Why this new device may not begin in its group, in a sentence.
    pub(crate) fn forbids(&self, device: &Device) -> Option<String> {
        if !crate::activity::checks::asks_pages(device.kind) {
            return None;
        }
        let old = self.gone.iter().find(|old| is_laxer(&self.policy, &old.group_key, &device.group_key))?;
        let group = self.policy.groups.get(&old.group_key).map_or(old.group_key.as_str(), |group| &group.name);
        Some(format!(
            "{} of \u{201c}{group}\u{201d} went out of use in the last 30 days, and this could be the same device. Add it to that group, then propose to move it: others agree.",
            old.name
        ))
    }
}

/// Would whoever holds this device reach more once the register knows it no more?
pub(crate) async fn is_freed_without(db: &impl Reads, device: &Device) -> Result<bool> {
    let (_, policy) = decide::in_force(db, device.setting_id).await?;
    Ok(is_laxer(&policy, &device.group_key, &policy.strictest))
}

/// Devices whose group has gone fall in the strictest one, in the register too.
pub(super) async fn out_of_what_is_gone(
    tx: &mut Tx,
    setting: SettingId,
    before: &Policy,
    after: &Policy,
) -> Result<()> {
    for device in store::devices::list(&*tx, setting).await? {
        let gone = before.groups.contains_key(&device.group_key) && !after.groups.contains_key(&device.group_key);
        if gone {
            store::devices::set(tx, &Device { group_key: after.strictest.clone(), ..device }).await?;
        }
    }
    Ok(())
}

async fn in_use(db: &impl Reads, setting: SettingId, id: DeviceId) -> Result<Device> {
    let device = store::devices::lookup(db, setting, id).await?;
    device.filter(|device| device.retired_at.is_none()).ok_or(Error::NotFound)
}

/// Puts it there, if it is still where it was when that was decided on.
async fn put(tx: &mut Tx, setting: SettingId, id: DeviceId, from: &str, to: &str) -> Result<()> {
    let device = in_use(&*tx, setting, id).await?;
    if device.group_key != from {
        let said = "The device is in another group by now. Have it proposed again.".to_owned();
        return Err(Error::Conflict { theirs: [(String::new(), said)].into() });
    }
    store::devices::set(tx, &Device { group_key: to.to_owned(), ..device }).await?;
    Ok(())
}

/// Another person approves: the same eyes as for every change that lets more through.
pub(super) async fn approve(
    tx: &mut Tx,
    member: &domain::ctx::Member,
    proposal: &Proposal,
    change: &Change,
    policy: &Policy,
) -> Result<()> {
    let Change::MoveDevice { device, from, to, .. } = change else {
        return Err(Error::Internal("no move of a device".to_owned()));
    };
    let group = |key: &str| policy.groups.get(key).or_else(|| policy.groups.get(&policy.strictest));
    let (Some(was), Some(is)) = (group(from), policy.groups.get(to)) else {
        return Err(Error::invalid("change", "That group is gone. Have it proposed again."));
    };
    let (was, is) = as_policies(policy, was, is);
    let now = tx.now();
    let mode = four_eyes::mode(&*tx, member.setting, now).await?;
    four_eyes::check(mode, member, proposal, &was, &is, now)?;
    put(tx, member.setting, *device, from, to).await
}

/// A proposal of this kind that waits for a device, if there is one.
///
/// # Errors
/// As any read.
pub async fn waiting(services: &Services, ctx: &OpCtx, id: DeviceId) -> Result<Option<domain::ProposalId>> {
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let sees = crate::sight::sees(member);
    let all = store::filtering::list_proposals(&reader, member.setting, &sees, Some(ProposalState::Waiting)).await?;
    Ok(all.into_iter().find_map(|proposal| {
        let change: Change = decide::read(&proposal.change).ok()?;
        matches!(change, Change::MoveDevice { device, .. } if device == id).then_some(proposal.id)
    }))
}
