//! "Is this device protected?": what devices found out about themselves, as dated proofs, and the matrix of them (DfE V4).
//!
//! A device proves itself to the gateway, not to us; here its result becomes a row against it. What it is not: the
//! self-test, which asks for every group from this machine ([`crate::self_test`]).

use std::collections::BTreeMap;

use domain::access::{Action, Refused, Relation, authorize};
use domain::{DeviceId, OpCtx};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use store::words::DeviceKind;
use store::{Reads, Scope};

use crate::gateway::{Batch, What};
use crate::{Error, Result, Services};

/// Kind of the rows.
pub const KIND: &str = "check_page";
/// A check is good for so long: the look over the devices is termly, too.
pub const GOOD_FOR: SignedDuration = SignedDuration::from_hours(24 * 120);

/// What a device found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Which.
    pub device: DeviceId,
    /// Key of its group at that time.
    pub group: String,
    /// `dns` or `proxy`.
    pub path: String,
    /// Its search is held; none where its group leaves that to the device.
    pub safe_search: Option<bool>,
    /// The ways round that can be tested are closed.
    pub bypass_closed: bool,
    /// Every category of its group is blocked for it.
    pub blocks: bool,
    /// It asked our DNS in the last hour, as the gateway saw.
    #[serde(default)]
    pub dns: bool,
    /// It used our proxy in the last hour, as the gateway saw.
    #[serde(default)]
    pub proxy: bool,
}

/// Writes a batch's checks down, each against its device. The same batch twice is the same rows once.
///
/// # Errors
/// As any write.
pub(super) async fn record(services: &Services, batch: &Batch) -> Result<()> {
    let checks: Vec<_> = batch
        .events
        .iter()
        .filter_map(|event| match (&event.what, event.device) {
            (What::Checked { path, passed, safe_search, bypass_closed, blocks, dns, proxy }, Some(device)) => Some((
                event.at,
                *passed,
                Found {
                    device,
                    group: event.group.clone(),
                    path: path.clone(),
                    safe_search: *safe_search,
                    bypass_closed: *bypass_closed,
                    blocks: *blocks,
                    dns: *dns,
                    proxy: *proxy,
                },
            )),
            _ => None,
        })
        .collect();
    if checks.is_empty() {
        return Ok(());
    }
    let mut ctx = services.system();
    let mut tx = services.db.write(&mut ctx, Scope::All, "device.checked_itself").await?;
    for setting in store::settings::list(&tx).await? {
        for (at, passed, found) in &checks {
            let Some(device) = store::devices::lookup(&tx, setting.id, found.device).await? else { continue };
            let there = store::evidence::list(&tx, setting.id, Some(KIND), *at).await?;
            if there
                .iter()
                .any(|row| row.effective_at == *at && read(&row.detail).is_some_and(|one| one.device == found.device))
            {
                continue;
            }
            let summary = match passed {
                true => format!("{} checked itself: protected.", device.name),
                false => format!("{} checked itself: not protected as it should be.", device.name),
            };
            let row = store::evidence::Evidence {
                id: tx.fresh(),
                setting_id: setting.id,
                kind: KIND.to_owned(),
                ok: *passed,
                summary,
                detail: serde_json::to_value(found).map_err(|error| Error::Internal(error.to_string()))?,
                effective_at: *at,
                recorded_at: tx.now(),
                signed_by: None,
                fictional: false,
            };
            store::evidence::add(&mut tx, &row).await?;
        }
    }
    Ok(tx.commit().await?)
}

/// Notes which devices trust our certificate, and hands the gateway a policy that says so: from then on they are shown
/// block pages over HTTPS, or no longer (S28). The newest word of a device counts.
///
/// # Errors
/// As any write.
pub(super) async fn record_trust(services: &Services, batch: &Batch) -> Result<()> {
    let mut trust: BTreeMap<DeviceId, (Timestamp, bool)> = BTreeMap::new();
    for event in &batch.events {
        if let (What::Certificate { trusted }, Some(device)) = (&event.what, event.device) {
            trust.insert(device, (event.at, *trusted));
        }
    }
    if trust.is_empty() {
        return Ok(());
    }
    let mut ctx = services.system();
    let mut tx = services.db.write(&mut ctx, Scope::All, "device.showed_certificate").await?;
    for setting in store::settings::list(&tx).await? {
        let mut changed = false;
        for (id, (at, trusted)) in &trust {
            let Some(mut device) = store::devices::lookup(&tx, setting.id, *id).await? else { continue };
            let before = device.check_passed_at;
            // A batch may come twice, and an older one late: what was seen later stands.
            if device.retired_at.is_some() || before.is_some_and(|before| before >= *at) {
                continue;
            }
            device.check_passed_at = trusted.then_some(*at);
            if device.check_passed_at != before {
                store::devices::set(&mut tx, &device).await?;
                changed |= device.check_passed_at.is_some() != before.is_some();
            }
        }
        if changed {
            crate::filtering::publish::later(&mut tx, setting.id).await?;
        }
    }
    tx.commit().await?;
    services.wake_jobs();
    Ok(())
}

fn read(detail: &serde_json::Value) -> Option<Found> {
    serde_json::from_value(detail.clone()).ok()
}

/// A device's newest check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// When.
    pub at: Timestamp,
    /// Everything was as it should be.
    pub passed: bool,
    /// What it found.
    pub found: Found,
}

/// The newest check of each device since a time.
///
/// # Errors
/// As any read.
pub(crate) async fn newest(
    db: &impl Reads,
    setting: domain::SettingId,
    since: Timestamp,
) -> Result<BTreeMap<DeviceId, Checked>> {
    let mut all = BTreeMap::new();
    for row in store::evidence::list(db, setting, Some(KIND), since).await? {
        if let Some(found) = read(&row.detail) {
            all.entry(found.device).or_insert(Checked { at: row.effective_at, passed: row.ok, found });
        }
    }
    Ok(all)
}

/// How often a device's page looks back.
const SHOWN: usize = 6;

/// What one device found out about itself in the last year, newest first, six at most.
///
/// # Errors
/// Refused for who may not keep devices.
pub async fn of_device(services: &Services, ctx: &OpCtx, id: DeviceId) -> Result<Vec<Checked>> {
    let member = crate::people::may(ctx, Action::KeepDevices)?;
    let db = services.db.read(Scope::Setting(member.setting)).await?;
    let since = ctx.now.saturating_sub(SignedDuration::from_hours(24 * 400)).unwrap_or(ctx.now);
    let rows = store::evidence::list(&db, member.setting, Some(KIND), since).await?;
    let checks = rows.into_iter().filter_map(|row| {
        let found = read(&row.detail).filter(|found| found.device == id)?;
        Some(Checked { at: row.effective_at, passed: row.ok, found })
    });
    Ok(checks.take(SHOWN).collect())
}

/// Devices on which somebody can try something, by name.
///
/// # Errors
/// Refused for who may not sign checks.
pub async fn devices(services: &Services, ctx: &OpCtx) -> Result<Vec<(DeviceId, String)>> {
    let member = crate::people::may(ctx, Action::SignCheck)?;
    let db = services.db.read(Scope::Setting(member.setting)).await?;
    let all = store::devices::list(&db, member.setting).await?;
    Ok(all.into_iter().filter(|device| asks_pages(device.kind)).map(|device| (device.id, device.name)).collect())
}

/// One cell of the matrix: devices of one kind, in one place, of one group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// What they are.
    pub kind: DeviceKind,
    /// Where.
    pub place: Option<String>,
    /// Their group's name.
    pub group: String,
    /// How many are in use.
    pub devices: usize,
    /// How many of them checked themselves in time and passed.
    pub good: usize,
    /// The oldest of their newest checks; none: one was never checked.
    pub oldest: Option<Timestamp>,
    /// The labels of those that failed, or are due.
    pub open: Vec<String>,
}

/// Device kind × place × group, with dates (DfE V4).
///
/// # Errors
/// Refused for who may not read the filter.
pub async fn matrix(services: &Services, ctx: &OpCtx) -> Result<Vec<Cell>> {
    authorize(&ctx.actor, Action::ReadFilter, Relation::Setting)?;
    let setting = ctx.member().ok_or(Refused::SignIn)?.setting;
    let db = services.db.read(Scope::Setting(setting)).await?;
    let since = ctx.now.saturating_sub(SignedDuration::from_hours(24 * 400)).unwrap_or(ctx.now);
    let newest = newest(&db, setting, since).await?;
    let groups = crate::devices::groups_of(&db, setting).await?;
    let rooms = store::people::list_rooms(&db, setting).await?;
    let mut cells: BTreeMap<(DeviceKind, Option<String>, String), Cell> = BTreeMap::new();
    for device in store::devices::list(&db, setting).await? {
        if !asks_pages(device.kind) {
            continue;
        }
        let place = device.room_id.and_then(|id| rooms.iter().find(|room| room.id == id)).map(|room| room.name.clone());
        let group = groups.get(&device.group_key).cloned().unwrap_or(device.group_key);
        let cell = cells.entry((device.kind, place.clone(), group.clone())).or_insert(Cell {
            kind: device.kind,
            place,
            group,
            devices: 0,
            good: 0,
            oldest: Some(ctx.now),
            open: Vec::new(),
        });
        let check = newest.get(&device.id);
        cell.devices += 1;
        if check.is_some_and(|check| is_good(check, ctx.now)) {
            cell.good += 1;
        } else {
            cell.open.push(device.name);
        }
        cell.oldest = match (cell.oldest, check) {
            (Some(oldest), Some(check)) => Some(oldest.min(check.at)),
            _ => None,
        };
    }
    Ok(cells.into_values().collect())
}

/// Passed, and not too long ago.
pub(crate) fn is_good(check: &Checked, now: Timestamp) -> bool {
    check.passed && now.duration_since(check.at) <= GOOD_FOR
}

/// Whether somebody can open a page on it.
pub(crate) fn asks_pages(kind: DeviceKind) -> bool {
    matches!(kind, DeviceKind::Tablet | DeviceKind::Laptop | DeviceKind::Phone)
}
