//! A call for help, from the button to whoever came (S35): it sounds on the tablet itself, then the room's other devices show it
//! and ring, and after a minute without an answer the office is called too. Who answered, and after how long, is kept.
//!
//! What it is not: a concern, or anything of a child (S6): the record says that help was called, and which adult came. The
//! minute is the setting's own ([`domain::setting::Profile::help_after_seconds`]). To let one more kind of device ring, see
//! [`rings_on`].

mod answer;

use std::collections::BTreeSet;

use domain::access::{Action, Relation, any_allowed};
use domain::concern::Urgency;
use domain::{DeviceId, OpCtx, PersonId, Role, RoleSet, RoomId, SettingId};
use filter::Audience;
use jiff::{SignedDuration, Timestamp};
use store::devices::Device;
use store::help::HelpCall;
use store::{Reads, Scope, Tx};
use uuid::Uuid;

use crate::filtering::start::Tablet;
use crate::filtering::{Policy, decide};
use crate::jobs::{self, Kind, Work};
use crate::notices::{self, Matter};
use crate::{Result, Services};

pub use answer::{answer, answer_by_pin, answer_on};

/// Where calls are read.
pub(crate) const LINK: &str = "/alerts";
/// A call that nobody answered rings no longer than this; it stands on the page of alerts all the same.
const RINGS_FOR: SignedDuration = SignedDuration::from_hours(1);
/// Who the office is: whoever leads here, and who answers for children (S35).
const OFFICE: [Role; 3] = [Role::Manager, Role::Dsl, Role::Deputy];

/// A call that nobody has answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ringing {
    /// Its id.
    pub id: Uuid,
    /// From which room; none: not known.
    pub room: Option<String>,
    /// From which device; none: one that nobody knows.
    pub device: Option<String>,
    /// Since when.
    pub since: Timestamp,
}

/// What a tablet's start page shows of calls.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OnDevice {
    /// Calls that ring on it.
    pub ringing: Vec<Ringing>,
    /// Help was called from it, and nobody has answered.
    pub own: bool,
    /// Whoever says here that they are coming proves it with a short number: a child may hold it.
    pub asks_pin: bool,
}

/// The button of a start page was pressed.
///
/// # Errors
/// As any write.
pub async fn call(services: &Services, tablet: &Tablet) -> Result<()> {
    let mut ctx = services.system();
    let mut tx = services.db.write(&mut ctx, Scope::Setting(tablet.setting), "filter.help_called").await?;
    let now = tx.now();
    begin(&mut tx, tablet.setting, Some(tablet.device), now).await?;
    tx.commit().await?;
    services.wake_jobs();
    Ok(())
}

/// Writes a call down, tells the room's staff, and lets a job ask after a minute whether anybody has answered. Pressing on,
/// or the same event once more, is no second call.
pub(crate) async fn begin(tx: &mut Tx, setting: SettingId, device: Option<DeviceId>, at: Timestamp) -> Result<()> {
    if let Some(before) = store::help::find_newest(&*tx, setting, device).await? {
        let goes_on = before.answered_at.is_none() && at.duration_since(before.called_at) < RINGS_FOR;
        if goes_on && at > before.pressed_at {
            store::help::set(tx, &HelpCall { pressed_at: at, ..before }).await?;
            return Ok(());
        }
        if goes_on || at <= before.pressed_at {
            return Ok(());
        }
    }
    let devices = store::devices::list(&*tx, setting).await?;
    let room = devices.iter().find(|one| Some(one.id) == device).and_then(|one| one.room_id);
    let attended = room.is_some_and(|room| devices.iter().any(|one| rings_on(one, room) && Some(one.id) != device));
    let profile = decide::profile(&*tx, setting).await?;
    let wait = SignedDuration::from_secs(i64::from(profile.help_after_seconds));
    // Where no other device stands, nobody would hear of it for a minute.
    let office_at = if attended { at.saturating_add(wait).unwrap_or(at) } else { at };
    let call = HelpCall {
        id: tx.fresh(),
        setting_id: setting,
        device_id: device.filter(|id| devices.iter().any(|one| one.id == *id)),
        room_id: room,
        called_at: at,
        pressed_at: at,
        office_at,
        office_told_at: None,
        answered_at: None,
        answered_by: None,
        answered_on: None,
    };
    store::help::add(tx, &call).await?;
    let now = tx.now();
    let near = staff_of(&*tx, setting, room, now).await?;
    tell(tx, setting, near).await?;
    let payload = serde_json::json!({ "call": call.id });
    jobs::queue(tx, Some(setting), Kind::HelpUnanswered, format!("help/{}", call.id), payload, office_at).await
}

/// A device of that room with a page of its own, on which a call is seen and heard.
fn rings_on(device: &Device, room: RoomId) -> bool {
    device.room_id == Some(room) && device.doh_path.is_some() && crate::activity::checks::asks_pages(device.kind)
}

/// The room's practitioners; all of them, where a room has none or is not known.
async fn staff_of(
    db: &impl Reads,
    setting: SettingId,
    room: Option<RoomId>,
    now: Timestamp,
) -> Result<BTreeSet<PersonId>> {
    let mut all = Vec::new();
    for held in store::people::find_by_role(db, setting, Role::Practitioner, now).await? {
        if let Some(person) = store::people::lookup(db, setting, held.person_id).await? {
            all.push((person.id, person.room_id));
        }
    }
    let near: BTreeSet<PersonId> =
        all.iter().filter(|(_, usual)| room.is_some() && *usual == room).map(|(id, _)| *id).collect();
    Ok(if near.is_empty() { all.into_iter().map(|(id, _)| id).collect() } else { near })
}

async fn tell(tx: &mut Tx, setting: SettingId, people: BTreeSet<PersonId>) -> Result<()> {
    let people: Vec<PersonId> = people.into_iter().collect();
    notices::tell(tx, setting, &people, &Matter { urgency: Urgency::Urgent, link: LINK, concern: None }).await
}

/// The job: nobody has said that they are coming. The office is told, once.
pub(crate) async fn unanswered(services: &Services, ctx: &mut OpCtx, setting: SettingId, work: &Work) -> Result<()> {
    let id: Uuid = work.get("call")?;
    let mut tx = services.db.write(ctx, Scope::Setting(setting), Kind::HelpUnanswered.key()).await?;
    let Some(call) = store::help::lookup(&tx, setting, id).await? else { return Ok(()) };
    if call.answered_at.is_some() || call.office_told_at.is_some() {
        return Ok(());
    }
    let now = tx.now();
    let mut office = BTreeSet::new();
    for role in OFFICE {
        let holders = store::people::find_by_role(&tx, setting, role, now).await?;
        office.extend(holders.iter().map(|holder| holder.person_id));
    }
    // Whoever leads and works in that room was told when the button was pressed.
    let near = staff_of(&tx, setting, call.room_id, now).await?;
    office.retain(|person| !near.contains(person));
    store::help::set(&mut tx, &HelpCall { office_told_at: Some(now), ..call }).await?;
    tell(&mut tx, setting, office).await?;
    Ok(tx.commit().await?)
}

/// Calls that ring for somebody just now: of their own room at once, of any room once the office is called. None for who does
/// not look after children here. Asked on a locked screen too, so it takes a person and not an actor.
///
/// # Errors
/// As any read.
pub async fn ringing(
    services: &Services,
    setting: SettingId,
    person: PersonId,
    roles: &RoleSet,
    now: Timestamp,
) -> Result<Vec<Ringing>> {
    if !any_allowed(roles, Action::HoldDevice, Relation::Setting) {
        return Ok(Vec::new());
    }
    let db = services.db.read(Scope::Setting(setting)).await?;
    let waiting = waiting(&db, setting, now).await?;
    if waiting.is_empty() {
        return Ok(Vec::new());
    }
    let room = store::people::lookup(&db, setting, person).await?.and_then(|person| person.room_id);
    let theirs = waiting.into_iter().filter(|call| is_theirs(call, roles, room, now)).collect();
    named(&db, setting, theirs).await
}

/// Whether a call is for this person: the room's practitioners hear of it at once, everybody when the office does.
fn is_theirs(call: &HelpCall, roles: &RoleSet, room: Option<RoomId>, now: Timestamp) -> bool {
    let near = roles.contains(&Role::Practitioner) && (call.room_id == room || room.is_none());
    near || call.room_id.is_none() || now >= call.office_at
}

/// What the start page of a device shows of calls: those of its room, and, on adults' devices, those to which nobody came.
///
/// # Errors
/// As any read.
pub async fn on_device(services: &Services, tablet: &Tablet) -> Result<OnDevice> {
    let now = services.now();
    let db = services.db.read(Scope::Setting(tablet.setting)).await?;
    let (_, policy) = decide::in_force(&db, tablet.setting).await?;
    let adults = is_adults(&policy, &tablet.group);
    let (own, others): (Vec<HelpCall>, Vec<HelpCall>) =
        waiting(&db, tablet.setting, now).await?.into_iter().partition(|call| call.device_id == Some(tablet.device));
    let here = |call: &HelpCall| call.room_id.is_some() && call.room_id == tablet.room;
    let rings = others.into_iter().filter(|call| here(call) || (adults && now >= call.office_at)).collect();
    Ok(OnDevice { ringing: named(&db, tablet.setting, rings).await?, own: !own.is_empty(), asks_pin: !adults })
}

/// Only adults hold it.
fn is_adults(policy: &Policy, group: &str) -> bool {
    policy.groups.get(group).is_some_and(|group| matches!(group.audience, Audience::Adults | Audience::Essential))
}

async fn waiting(db: &impl Reads, setting: SettingId, now: Timestamp) -> Result<Vec<HelpCall>> {
    let since = now.saturating_sub(RINGS_FOR).unwrap_or(now);
    Ok(store::help::list_waiting(db, setting, since).await?)
}

async fn named(db: &impl Reads, setting: SettingId, calls: Vec<HelpCall>) -> Result<Vec<Ringing>> {
    if calls.is_empty() {
        return Ok(Vec::new());
    }
    let rooms = store::people::list_rooms(db, setting).await?;
    let devices = store::devices::list_all(db, setting).await?;
    Ok(calls
        .into_iter()
        .map(|call| Ringing {
            id: call.id,
            room: rooms.iter().find(|room| Some(room.id) == call.room_id).map(|room| room.name.clone()),
            device: devices.iter().find(|device| Some(device.id) == call.device_id).map(|device| device.name.clone()),
            since: call.called_at,
        })
        .collect())
}

/// A call of the last days, for the page of alerts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Its id.
    pub id: Uuid,
    /// When.
    pub at: Timestamp,
    /// The device, as people call it; none: one that nobody knows.
    pub device: Option<String>,
    /// Where it is.
    pub room: Option<String>,
    /// Since when the office was called too, if it was.
    pub office: Option<Timestamp>,
    /// Who answered, if anybody did.
    pub answered: Option<Answered>,
}

/// Who said that they are coming.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// Their name; none: nobody had taken the device.
    pub by: Option<String>,
    /// The device on which they said so.
    pub on: Option<String>,
    /// After so many seconds.
    pub after: i64,
}

/// Calls since a time, newest first.
///
/// # Errors
/// As any read.
pub(crate) async fn calls(db: &impl Reads, setting: SettingId, since: Timestamp) -> Result<Vec<Call>> {
    let mut calls = Vec::new();
    let rows = store::help::list(db, setting, since).await?;
    let devices = store::devices::list_all(db, setting).await?;
    let name_of = |id: Option<DeviceId>| devices.iter().find(|one| Some(one.id) == id).map(|one| one.name.clone());
    for (row, ringing) in rows.iter().zip(named(db, setting, rows.clone()).await?) {
        let by = match row.answered_by {
            Some(person) => store::people::lookup(db, setting, person).await?.map(|person| person.name),
            None => None,
        };
        calls.push(Call {
            id: row.id,
            at: row.called_at,
            device: ringing.device,
            room: ringing.room,
            office: row.office_told_at,
            answered: row.answered_at.map(|_| Answered { by, on: name_of(row.answered_on), after: seconds(row) }),
        });
    }
    Ok(calls)
}

/// Seconds until somebody answered.
pub(crate) fn seconds(call: &HelpCall) -> i64 {
    call.answered_at.map_or(0, |at| at.duration_since(call.called_at).as_secs().max(0))
}
