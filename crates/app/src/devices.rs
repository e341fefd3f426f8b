//! The register of devices: what each is, which group filters it, whose it is, and how it proves itself (S33).
//!
//! What it is not: holds (`holds`) and the filter's policy (`filtering`). To add a way in which a device proves itself, add
//! its column, its line in [`identity`] and in the set-up sheet.

pub mod identity;
pub mod profiles;
pub mod sheet;
pub mod using;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use domain::access::{Action, Refused};
use domain::people::PersonKind;
use domain::{DeviceId, OpCtx, PersonId, RoomId, SettingId};
use jiff::Timestamp;
use store::devices::Device;
pub use store::words::DeviceKind;
use store::{Reads, Scope, Tx};

use crate::error::{Error, Result};
use crate::filtering::moving::{self, LatelyGone};
use crate::filtering::{Policy, publish};
use crate::people;
use crate::services::Services;

pub use identity::{Credential, new_credential};
pub use sheet::{CHECK_HOST, SetUpSheet, pac, set_up_on_device, set_up_sheet, wpad};

/// Longest name of a device, in characters.
pub const LONGEST_NAME: usize = 80;

/// Why a device is not taken out of use.
pub(crate) const FREED: &str = "Out of use it would be a device that nobody knows, and those reach more than it does now. First let devices that nobody knows fall in a stricter group: on that group\u{2019}s page of the filter. That is in force at once.";

/// What is typed about a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceDraft {
    /// As on its label.
    pub name: String,
    /// What it is.
    pub kind: DeviceKind,
    /// Key of a group of the filter's policy.
    pub group: String,
    /// Where it lives.
    pub room: Option<RoomId>,
    /// Whose it is; a shared one has nobody.
    pub person: Option<PersonId>,
    /// Hardware address, as printed anywhere: `AA-BB-…`, `aa:bb:…`, `aabb.ccdd.eeff`.
    pub mac: Option<String>,
    /// Reserved addresses, separated by commas or spaces.
    pub addresses: String,
}

/// A device in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceLine {
    /// Which.
    pub id: DeviceId,
    /// As on its label.
    pub name: String,
    /// What it is.
    pub kind: DeviceKind,
    /// Its group's name.
    pub group: String,
    /// Its room's name.
    pub room: Option<String>,
    /// Whose.
    pub person: Option<String>,
    /// When the block page was proved on it.
    pub check_passed_at: Option<Timestamp>,
    /// What it last found out about itself, and when.
    pub checked_itself: Option<(Timestamp, bool)>,
    /// Can it prove itself at all?
    pub identified: bool,
    /// Out of use since.
    pub retired_at: Option<Timestamp>,
}

/// A device with what belongs to it.
#[derive(Debug, Clone, PartialEq)]
pub struct DeviceView {
    /// The row; its version goes back with an edit.
    pub device: Device,
    /// Its group's name.
    pub group: String,
    /// Its room's name.
    pub room: Option<String>,
    /// Whose.
    pub person: Option<String>,
    /// Its reserved addresses.
    pub addresses: Vec<IpAddr>,
}

/// Groups of the policy in force: key → name.
///
/// # Errors
/// Refused when nobody is signed in.
pub async fn groups(services: &Services, ctx: &OpCtx) -> Result<BTreeMap<String, String>> {
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    groups_of(&reader, member.setting).await
}

pub(crate) async fn groups_of(db: &impl Reads, setting: SettingId) -> Result<BTreeMap<String, String>> {
    let Some(policy) = policy_of(db, setting).await? else { return Ok(BTreeMap::new()) };
    Ok(policy.groups.into_iter().map(|(key, group)| (key, group.name)).collect())
}

async fn policy_of(db: &impl Reads, setting: SettingId) -> Result<Option<Policy>> {
    let Some(newest) = store::filtering::find_newest(db, setting).await? else { return Ok(None) };
    let policy = serde_json::from_value(newest.policy)
        .map_err(|error| Error::Internal(format!("policy {} of {setting}: {error}", newest.number)))?;
    Ok(Some(policy))
}

/// The register, by name; retired ones last.
///
/// # Errors
/// Refused for who may not keep devices.
pub async fn list(services: &Services, ctx: &OpCtx) -> Result<Vec<DeviceLine>> {
    let member = people::may(ctx, Action::KeepDevices)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    lines(&reader, member.setting, None).await
}

/// Who a device can be assigned to: adults who have not left, by name.
///
/// # Errors
/// Refused for who may not keep devices.
pub async fn assignable(services: &Services, ctx: &OpCtx) -> Result<Vec<(PersonId, String)>> {
    let member = people::may(ctx, Action::KeepDevices)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let today = services.calendar.local(ctx.now).date();
    let staff = store::people::list(&reader, member.setting, Some(PersonKind::Staff)).await?;
    let here = staff.into_iter().filter(|person| person.gone.is_none_or(|gone| gone >= today));
    Ok(here.map(|person| (person.id, person.name)).collect())
}

/// The devices assigned to oneself, for "your account" (STF-03).
///
/// # Errors
/// Refused when nobody is signed in.
pub async fn list_mine(services: &Services, ctx: &OpCtx) -> Result<Vec<DeviceLine>> {
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    lines(&reader, member.setting, Some(member.person)).await
}

async fn lines(db: &impl Reads, setting: SettingId, of: Option<PersonId>) -> Result<Vec<DeviceLine>> {
    let groups = groups_of(db, setting).await?;
    let rooms = people::room_names(db, setting).await?;
    let names: BTreeMap<PersonId, String> =
        store::people::list(db, setting, None).await?.into_iter().map(|person| (person.id, person.name)).collect();
    let checks = crate::activity::checks::newest(db, setting, Timestamp::UNIX_EPOCH).await?;
    let mut devices = store::devices::list_all(db, setting).await?;
    devices.retain(|device| of.is_none_or(|person| device.person_id == Some(person) && device.retired_at.is_none()));
    devices.sort_by_key(|device| device.retired_at.is_some());
    Ok(devices
        .into_iter()
        .map(|device| DeviceLine {
            id: device.id,
            kind: device.kind,
            group: groups.get(&device.group_key).cloned().unwrap_or(device.group_key),
            room: device.room_id.and_then(|room| rooms.get(&room).cloned()),
            person: device.person_id.and_then(|person| names.get(&person).cloned()),
            check_passed_at: device.check_passed_at,
            checked_itself: checks.get(&device.id).map(|check| (check.at, check.passed)),
            identified: device.proxy_user.is_some()
                || device.mac.is_some()
                || !identity::addresses(&device.addresses).is_empty(),
            retired_at: device.retired_at,
            name: device.name,
        })
        .collect())
}

/// One device.
///
/// # Errors
/// [`Error::NotFound`]; refused for who may not keep devices.
pub async fn lookup(services: &Services, ctx: &OpCtx, id: DeviceId) -> Result<DeviceView> {
    let member = people::may(ctx, Action::KeepDevices)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let device = store::devices::lookup(&reader, member.setting, id).await?.ok_or(Error::NotFound)?;
    let groups = groups_of(&reader, member.setting).await?;
    let rooms = people::room_names(&reader, member.setting).await?;
    let person = match device.person_id {
        Some(person) => store::people::lookup(&reader, member.setting, person).await?.map(|person| person.name),
        None => None,
    };
    Ok(DeviceView {
        group: groups.get(&device.group_key).cloned().unwrap_or_else(|| device.group_key.clone()),
        room: device.room_id.and_then(|room| rooms.get(&room).cloned()),
        person,
        addresses: identity::addresses(&device.addresses),
        device,
    })
}

/// Adds a device. It has no credential yet ([`new_credential`]).
///
/// # Errors
/// [`Error::Invalid`] by field.
pub async fn add(services: &Services, ctx: &mut OpCtx, draft: DeviceDraft) -> Result<DeviceId> {
    let member = people::may(ctx, Action::KeepDevices)?;
    let id: DeviceId = ctx.fresh();
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "device.add").await?;
    let device = checked(&tx, member.setting, id, draft, &BTreeSet::new()).await?;
    if let Some(say) = LatelyGone::read(&tx, member.setting, tx.now()).await?.forbids(&device) {
        return Err(Error::invalid("group", &say));
    }
    store::devices::add(&mut tx, &device).await?;
    publish::later(&mut tx, member.setting).await?;
    tx.commit().await?;
    services.wake_jobs();
    Ok(id)
}

/// Changes what the register says of a device. Identity and credential stay.
///
/// # Errors
/// [`Error::Conflict`] if somebody was faster; [`Error::Invalid`] by field.
pub async fn edit(services: &Services, ctx: &mut OpCtx, id: DeviceId, version: i64, draft: DeviceDraft) -> Result<()> {
    let member = people::may(ctx, Action::KeepDevices)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "device.edit").await?;
    let before = store::devices::lookup(&tx, member.setting, id).await?.ok_or(Error::NotFound)?;
    if before.version != version {
        let theirs = BTreeMap::from([("name".to_owned(), before.name), ("group".to_owned(), before.group_key)]);
        return Err(Error::Conflict { theirs });
    }
    let typed = checked(&tx, member.setting, id, draft, &BTreeSet::from([id])).await?;
    if typed.group_key != before.group_key {
        let (_, policy) = crate::filtering::decide::in_force(&tx, member.setting).await?;
        if crate::filtering::moving::is_laxer(&policy, &before.group_key, &typed.group_key) {
            let say = "That group reaches more, so others have to agree. Leave it here, and choose “Move it to another group” on the device’s page.";
            return Err(Error::invalid("group", say));
        }
    }
    let after = Device {
        version,
        proxy_user: before.proxy_user,
        proxy_password_sha256: before.proxy_password_sha256,
        doh_path: before.doh_path,
        check_passed_at: before.check_passed_at,
        retired_at: before.retired_at,
        ..typed
    };
    store::devices::set(&mut tx, &after).await?;
    publish::later(&mut tx, member.setting).await?;
    tx.commit().await?;
    services.wake_jobs();
    Ok(())
}

/// Takes a device out of use, for good: its credential stops, what was recorded of it stays. From then on it is one that nobody
/// knows. Where those reach more than it does now, it is refused: to go out of use must free no device (S33).
///
/// # Errors
/// [`Error::NotFound`] when it is not there or out of use already; [`Error::Invalid`] on `""` when it would reach more.
pub async fn retire(services: &Services, ctx: &mut OpCtx, id: DeviceId) -> Result<()> {
    let member = people::may(ctx, Action::KeepDevices)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let device = store::devices::lookup(&reader, member.setting, id).await?.ok_or(Error::NotFound)?;
    let freed = moving::is_freed_without(&reader, &device).await?;
    drop(reader);
    if freed {
        return Err(Error::invalid("", FREED));
    }
    change(services, ctx, id, "device.retire", |device, now| {
        device.retired_at = Some(now);
        (device.proxy_user, device.proxy_password_sha256, device.doh_path) = (None, None, None);
        (device.mac, device.addresses) = (None, serde_json::json!([]));
    })
    .await
}

/// Our page was seen on the device: from now on it gets the block page over HTTPS (S28).
///
/// # Errors
/// [`Error::NotFound`] when it is not in use.
pub async fn pass_check(services: &Services, ctx: &mut OpCtx, id: DeviceId) -> Result<()> {
    change(services, ctx, id, "device.pass_check", |device, now| device.check_passed_at = Some(now)).await
}

/// Its certificate is gone, or it was reset: block pages stop until the check is passed again.
///
/// # Errors
/// [`Error::NotFound`] when it is not in use.
pub async fn forget_check(services: &Services, ctx: &mut OpCtx, id: DeviceId) -> Result<()> {
    change(services, ctx, id, "device.forget_check", |device, _| device.check_passed_at = None).await
}

async fn change(
    services: &Services,
    ctx: &mut OpCtx,
    id: DeviceId,
    act: &str,
    how: impl FnOnce(&mut Device, Timestamp),
) -> Result<()> {
    let member = people::may(ctx, Action::KeepDevices)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), act).await?;
    let found = store::devices::lookup(&tx, member.setting, id).await?;
    let mut device = found.filter(|device| device.retired_at.is_none()).ok_or(Error::NotFound)?;
    how(&mut device, tx.now());
    store::devices::set(&mut tx, &device).await?;
    publish::later(&mut tx, member.setting).await?;
    tx.commit().await?;
    services.wake_jobs();
    Ok(())
}

/// A row from what was typed, or what is wrong, by field. `but` are devices whose identity may be the same.
pub(crate) async fn checked(
    tx: &Tx,
    setting: SettingId,
    id: DeviceId,
    draft: DeviceDraft,
    but: &BTreeSet<DeviceId>,
) -> Result<Device> {
    let mut wrong = BTreeMap::new();
    let name = draft.name.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() || name.chars().count() > LONGEST_NAME {
        wrong.insert("name".to_owned(), format!("Enter the name on its label, at most {LONGEST_NAME} characters."));
    }
    let others: Vec<Device> = store::devices::list(tx, setting).await?;
    let others: Vec<&Device> = others.iter().filter(|device| !but.contains(&device.id)).collect();
    if others.iter().any(|device| device.name.to_lowercase() == name.to_lowercase()) {
        wrong.insert("name".to_owned(), "There is a device of this name. Labels have to tell them apart.".to_owned());
    }
    if !groups_of(tx, setting).await?.contains_key(&draft.group) {
        wrong.insert("group".to_owned(), "Choose a group.".to_owned());
    }
    let mac = match draft.mac.as_deref().map(str::trim).filter(|mac| !mac.is_empty()) {
        None => None,
        Some(typed) => match identity::mac(typed) {
            Some(mac) if others.iter().any(|device| device.mac.as_deref() == Some(&mac)) => {
                wrong.insert("mac".to_owned(), "Another device has this hardware address.".to_owned());
                None
            }
            Some(mac) => Some(mac),
            None => {
                let say = "Enter twelve figures and letters a to f, as on the device: aa:bb:cc:dd:ee:ff.";
                wrong.insert("mac".to_owned(), say.to_owned());
                None
            }
        },
    };
    let addresses = match identity::typed_addresses(&draft.addresses) {
        Ok(addresses) => {
            let taken =
                |address: &IpAddr| others.iter().any(|device| identity::addresses(&device.addresses).contains(address));
            if let Some(taken) = addresses.iter().find(|address| taken(address)) {
                wrong.insert("addresses".to_owned(), format!("Another device has {taken}."));
            }
            addresses
        }
        Err(say) => {
            wrong.insert("addresses".to_owned(), say);
            Vec::new()
        }
    };
    if let Some(person) = draft.person
        && store::people::lookup(tx, setting, person).await?.is_none()
    {
        wrong.insert("person".to_owned(), "Choose somebody from the register.".to_owned());
    }
    if let Some(room) = draft.room
        && store::people::lookup_room(tx, setting, room).await?.is_none()
    {
        wrong.insert("room".to_owned(), "Choose one of the rooms.".to_owned());
    }
    if !wrong.is_empty() {
        return Err(Error::Invalid(wrong));
    }
    let row = row_of(id, setting, name, draft.kind, draft.group);
    let addresses = serde_json::json!(addresses);
    Ok(Device { room_id: draft.room, person_id: draft.person, mac, addresses, ..row })
}

/// A device that nobody owns and that cannot prove itself yet.
pub(crate) fn row_of(id: DeviceId, setting: SettingId, name: String, kind: DeviceKind, group_key: String) -> Device {
    Device {
        id,
        setting_id: setting,
        name,
        kind,
        group_key,
        room_id: None,
        person_id: None,
        mac: None,
        addresses: serde_json::json!([]),
        proxy_user: None,
        proxy_password_sha256: None,
        doh_path: None,
        check_passed_at: None,
        cannot_hold: cannot_hold(kind),
        retired_at: None,
        version: 0,
    }
}

/// The host, gateways, phones on the wall, alarms and door entry are never held (S25).
fn cannot_hold(kind: DeviceKind) -> bool {
    matches!(kind, DeviceKind::Gateway | DeviceKind::Server | DeviceKind::PhoneLine | DeviceKind::Alarm)
}
