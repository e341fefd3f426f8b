//! What devices asked for: never "visited" (S22). Read through the gateway's edge, where it lies sealed in daily files of
//! its own (S38); nothing of it enters the case database but what a person copies into a concern.

mod alerts;
pub mod checks;
mod record;
mod why;

use std::collections::{BTreeMap, BTreeSet};

use domain::access::{Action, Refused, Relation, authorize};
use domain::ctx::Member;
use domain::{DeviceId, OpCtx, Role, SettingId};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use store::Scope;
use store::devices::Device;

use crate::gateway::{Activity, What};
use crate::{Error, Result, Services};

pub(crate) use alerts::alert;
pub use alerts::{Calls, calls, ingest, run_ingest};
pub(crate) use record::rule_in_words;
pub use record::{Alert, Record, record};
use why::NOT_APPROVED;
pub use why::{BYPASS, why};

/// Days that raw activity is kept (S38).
pub const KEPT_DAYS: i64 = 30;
/// How far around a moment the report form looks.
const AROUND: SignedDuration = SignedDuration::from_mins(15);
/// More than this is no list that a person reads.
const MOST_HOSTS: usize = 200;
const MOST_EVENTS: usize = 100_000;

/// A host that a device was allowed, around a time. Inert text, never a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostSeen {
    /// Host name.
    pub host: String,
    /// First time in the window.
    pub at: Timestamp,
    /// How often.
    pub count: u64,
}

/// The names that a device was allowed around a time: what may have got *through* (S21). Leads may ask about any device;
/// everybody else about those of the rooms and their own, never about a colleague's.
///
/// # Errors
/// [`Error::NotFound`] for a device that one may not ask about; [`Error::Unavailable`] when the gateway's files cannot be read; the report goes on without.
pub async fn hosts_around(services: &Services, ctx: &OpCtx, device: DeviceId, at: Timestamp) -> Result<Vec<HostSeen>> {
    authorize(&ctx.actor, Action::ReadDeviceHosts, Relation::Setting)?;
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let device = store::devices::lookup(&reader, member.setting, device).await?;
    drop(reader);
    let device = device.filter(|device| may_ask_about(member, device)).ok_or(Error::NotFound)?;
    let from = at.saturating_sub(AROUND).unwrap_or(at);
    let to = at.saturating_add(AROUND).unwrap_or(at);
    let mut hosts: BTreeMap<String, HostSeen> = BTreeMap::new();
    for event in between(services, from, to).await? {
        if let (true, What::Allowed { host, count }) = (event.device == Some(device.id), &event.what) {
            let seen = hosts.entry(host.clone()).or_insert(HostSeen { host: host.clone(), at: event.at, count: 0 });
            seen.at = seen.at.min(event.at);
            seen.count += count;
        }
    }
    let mut hosts: Vec<HostSeen> = hosts.into_values().collect();
    // Nearest to the moment first.
    hosts.sort_by_key(|seen| (seen.at.duration_since(at).as_secs().abs(), seen.host.clone()));
    hosts.truncate(MOST_HOSTS);
    Ok(hosts)
}

fn may_ask_about(member: &Member, device: &Device) -> bool {
    let leads = member.roles.iter().any(|role| matches!(role, Role::Dsl | Role::Deputy | Role::Manager));
    leads
        || match device.person_id {
            Some(owner) => owner == member.person,
            None => device.room_id.is_some(),
        }
}

/// What devices were refused and allowed between two times, oldest first, for those who look after the filter's activity.
/// Each look is written in the audit.
///
/// # Errors
/// As [`hosts_around`].
pub async fn of_setting(services: &Services, ctx: &mut OpCtx, from: Timestamp, to: Timestamp) -> Result<Vec<Activity>> {
    authorize(&ctx.actor, Action::ReadActivity, Relation::Setting)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    // Access to logs is itself logged (MON-04).
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), Action::ReadActivity.key()).await?;
    let devices = store::devices::list_all(&tx, member.setting).await?;
    let subject = store::audit::Subject { table: "device", id: None };
    tx.note(member.setting, subject, &serde_json::json!({ "from": from, "to": to })).await?;
    tx.commit().await?;
    let own: BTreeSet<DeviceId> = devices.iter().map(|device| device.id).collect();
    let events = between(services, from, to).await?;
    Ok(events.into_iter().filter(|event| event.device.is_none_or(|device| own.contains(&device))).collect())
}

/// Devices that activity can be of, retired ones too: (id, name), by name.
///
/// # Errors
/// As any read.
pub async fn devices(services: &Services, ctx: &OpCtx) -> Result<Vec<(DeviceId, String)>> {
    authorize(&ctx.actor, Action::ReadActivity, Relation::Setting)?;
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let mut devices: Vec<(DeviceId, String)> = store::devices::list_all(&reader, member.setting)
        .await?
        .into_iter()
        .map(|device| (device.id, device.name))
        .collect();
    devices.sort_by(|a, b| a.1.cmp(&b.1));
    Ok(devices)
}

/// A host that a supervised group asked for and that nobody has approved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Host name. Inert text, never a link.
    pub host: String,
    /// How often.
    pub count: u64,
    /// A device asked for it within two minutes of the site that is looked at.
    pub beside: bool,
    /// Title of the category that the lists hold it in, of those that the group blocks.
    pub category: Option<String>,
}

/// So near to the site that is looked at a helper of it is asked for.
const BESIDE: SignedDuration = SignedDuration::from_mins(2);
/// More are no list that a person accepts one by one.
const MOST_WANTED: usize = 30;

/// Hosts that a supervised group asked for in the last day and that nobody has approved: helpers of approved material are
/// among them, to be accepted one by one (S34). Those asked for beside `site` first, then the most wanted; thirty at most.
///
/// # Errors
/// As any read.
pub async fn not_approved(services: &Services, ctx: &OpCtx, group: &str, site: Option<&str>) -> Result<Vec<Wanted>> {
    authorize(&ctx.actor, Action::ReadActivity, Relation::Setting)?;
    let setting = ctx.member().ok_or(Refused::SignIn)?.setting;
    let since = ctx.now.saturating_sub(SignedDuration::from_hours(24)).unwrap_or(ctx.now);
    let mut events = between(services, since, ctx.now).await?;
    events.retain(|event| event.group == group);
    let is_site = |host: &str| site.is_some_and(|site| host == site || host.ends_with(&format!(".{site}")));
    let opened: Vec<(Timestamp, Option<DeviceId>)> = events
        .iter()
        .filter(|event| match &event.what {
            What::Blocked { host, .. } | What::Allowed { host, .. } => is_site(host),
            _ => false,
        })
        .map(|event| (event.at, event.device))
        .collect();
    let mut wanted: BTreeMap<String, Wanted> = BTreeMap::new();
    for event in &events {
        let What::Blocked { host, count, because, .. } = &event.what else { continue };
        if because != NOT_APPROVED || is_site(host) {
            continue;
        }
        let near = |at: Timestamp| event.at.duration_since(at).abs() <= BESIDE;
        let beside = opened.iter().any(|(at, device)| *device == event.device && near(*at));
        let fresh = || Wanted { host: host.clone(), count: 0, beside: false, category: None };
        let one = wanted.entry(host.clone()).or_insert_with(fresh);
        one.count += count;
        one.beside |= beside;
    }
    let mut all: Vec<Wanted> = wanted.into_values().collect();
    all.sort_by_key(|one| (!one.beside, std::cmp::Reverse(one.count)));
    all.truncate(MOST_WANTED);
    categorised(services, ctx, setting, group, all).await
}

/// What the lists say of each, as if the group were not under sessions: there everything is \u{201c}not approved\u{201d}.
async fn categorised(
    services: &Services,
    ctx: &OpCtx,
    setting: domain::SettingId,
    group: &str,
    mut all: Vec<Wanted>,
) -> Result<Vec<Wanted>> {
    if all.is_empty() {
        return Ok(all);
    }
    let reader = services.db.read(Scope::Setting(setting)).await?;
    let (_, policy) = crate::filtering::decide::in_force(&reader, setting).await?;
    let mut snapshot = crate::filtering::publish::snapshot(services, &reader, setting, 1, ctx.now).await?;
    drop(reader);
    if let Some(group) = snapshot.groups.get_mut(group) {
        group.supervised = false;
    }
    let (gateway, now, group) = (services.gateway.clone(), ctx.now, group.to_owned());
    // Opens the list file: not on the thread that answers others.
    tokio::task::spawn_blocking(move || {
        for one in &mut all {
            let question = crate::gateway::Question { group: group.clone(), device: None, url: one.host.clone() };
            let answer = gateway.decide(&snapshot, &question, now).ok();
            let category = answer.and_then(|answer| answer.category);
            one.category = category.map(|id| crate::filtering::compare::title_in(&policy, &id));
        }
        all
    })
    .await
    .map_err(|error| Error::Internal(error.to_string()))
}

async fn between(services: &Services, from: Timestamp, to: Timestamp) -> Result<Vec<Activity>> {
    let gateway = services.gateway.clone();
    // Decrypting a day costs tens of milliseconds: not on the thread that answers others.
    tokio::task::spawn_blocking(move || gateway.between(from, to, MOST_EVENTS))
        .await
        .map_err(|error| Error::Internal(error.to_string()))?
        .map_err(|why| Error::Unavailable { say: format!("The filter\u{2019}s log cannot be read just now: {why}") })
}

/// Days on which a hold that still stands began, in whichever setting.
async fn held_days(services: &Services, now: Timestamp) -> Result<BTreeSet<Date>> {
    let reader = services.db.read(Scope::All).await?;
    let mut held: BTreeSet<Date> = BTreeSet::new();
    for setting in store::settings::list(&reader).await? {
        let holds = store::devices::list_holds_for_gateway(&reader, setting.id, now).await?;
        held.extend(holds.iter().map(|hold| services.calendar.local(hold.placed_at).date()));
    }
    Ok(held)
}

/// Something that should have been forgotten two days ago and is still here, if there is any: [`forget_old`] runs once a
/// day, and a box that was off yesterday has until tomorrow. How retention is shown (MON-04).
///
/// # Errors
/// When the log or the database does not answer.
pub(crate) async fn overdue(services: &Services, now: Timestamp) -> Result<Option<Timestamp>> {
    const GRACE: i64 = 2;
    let today = services.calendar.local(now).date();
    let internal = |error: jiff::Error| Error::Internal(error.to_string());
    let before = today.checked_sub((KEPT_DAYS + GRACE).days()).map_err(internal)?;
    let end = before.to_zoned(services.calendar.zone().clone()).map_err(internal)?.timestamp();
    // Files are by day, and none is older than this program.
    let begin = end.saturating_sub(SignedDuration::from_hours(24 * 366)).unwrap_or(end);
    let held = held_days(services, now).await?;
    let old = between(services, begin, end).await?;
    Ok(old.iter().map(|event| event.at).find(|at| !held.contains(&services.calendar.local(*at).date())))
}

/// Destroys days that are older than they may be, but those on which a hold that still stands began, in whichever setting:
/// the files are the installation's. What a concern needs has been copied into it (S38). Returns how many.
///
/// # Errors
/// When the database or the disk does not answer.
pub async fn forget_old(services: &Services, setting: SettingId, now: Timestamp) -> Result<u64> {
    let today = services.calendar.local(now).date();
    let keep_from = today.checked_sub(KEPT_DAYS.days()).map_err(|error| Error::Internal(error.to_string()))?;
    let reader = services.db.read(Scope::Setting(setting)).await?;
    if store::audit::newest_at(&reader, setting).await?.is_some_and(|newest| now < newest) {
        // A clock that stands before the last entry is suspect: nothing is destroyed (S43).
        return Ok(0);
    }
    drop(reader);
    let held = held_days(services, now).await?;
    services.gateway.forget_before(keep_from, &held).map_err(|say| Error::Unavailable { say })
}
