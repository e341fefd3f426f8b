//! From the gateway's spool to people: a call for help reaches the room's staff, a sealed entry or a search of concern the
//! leads, at once (S22, CHI-06); then the batch is filed as it is, still encrypted (S38).
//!
//! What it is not: a concern. An alert says "asked for" and "pressed"; only a person makes more of it. To alert of one
//! more kind of event, give it a place in [`Found`] and people in [`alert`].

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use domain::access::{Action, Refused, Relation, authorize};
use domain::concern::Urgency;
use domain::{DeviceId, OpCtx, PersonId, Role, RoomId, SettingId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use store::Scope;

use super::{between, checks};
use crate::filtering::start::Tablet;
use crate::gateway::{Activity, Batch, What};
use crate::jobs::{self, Kind, Work};
use crate::notices::{self, Matter};
use crate::{Error, Result, Services};

/// Where an alert is read.
const LINK: &str = "/alerts";
/// How often the spool is looked at. A child waits for this long at most.
const EVERY: Duration = Duration::from_secs(2);
/// After the spool or the database failed.
const PATIENCE: Duration = Duration::from_secs(15);
/// Kind of the rows that say that help was called from a start page.
const HELP: &str = "help_called";
/// One device calls once in so many seconds.
const SAME_CALL: i64 = 5;
/// Searches about one thing on one device within so many seconds are one alert.
const SAME_SEARCH: i64 = 3600;
/// How far back calls are shown to staff.
const SHOWN: SignedDuration = SignedDuration::from_hours(24);

/// What in a batch somebody must hear of, for one setting. No name of a host is in it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Found {
    /// Rooms from which help was called.
    rooms: BTreeSet<RoomId>,
    /// Help was called from a device without a room, or one that nobody knows.
    somewhere: bool,
    /// Sealed entries that were asked for.
    sealed: u64,
    /// Searches of concern.
    #[serde(default)]
    searched: u64,
}

impl Found {
    fn is_nothing(&self) -> bool {
        self.rooms.is_empty() && !self.somewhere && self.sealed == 0 && self.searched == 0
    }
}

/// Takes what the gateway has spooled, now and until the program ends.
pub async fn run_ingest(services: &Services) {
    loop {
        let rest = match ingest(services).await {
            Ok(_) => EVERY,
            Err(error) => {
                tracing::error!(%error, "the filter's events wait in the spool");
                PATIENCE
            }
        };
        tokio::time::sleep(rest).await;
    }
}

/// Takes every batch that waits: who must be told is told, then it is filed. Returns how many batches there were.
///
/// # Errors
/// When spool, database or disk do not answer; the batch is taken again next time, and nobody is told twice.
pub async fn ingest(services: &Services) -> Result<usize> {
    let mut batches = 0;
    loop {
        let gateway = services.gateway.clone();
        let Some(batch) = apart(move || gateway.take()).await? else { return Ok(batches) };
        raise(services, &batch).await?;
        let gateway = services.gateway.clone();
        apart(move || gateway.keep(&batch)).await?;
        batches += 1;
    }
}

/// Opening and moving files is not for the threads that answer others.
async fn apart<T: Send + 'static>(work: impl FnOnce() -> Result<T, String> + Send + 'static) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await.map_err(|error| Error::Internal(error.to_string()))?;
    done.map_err(|say| Error::Unavailable { say })
}

async fn raise(services: &Services, batch: &Batch) -> Result<()> {
    checks::record(services, batch).await?;
    checks::record_trust(services, batch).await?;
    let loud = |event: &&Activity| matches!(event.what, What::HelpCalled { .. } | What::Sealed { .. });
    let events: Vec<&Activity> = batch.events.iter().filter(loud).collect();
    let searches: Vec<(&Activity, &str)> =
        batch.events.iter().filter_map(|event| Some((event, of_concern(event)?))).collect();
    let Some(first) = events.first().or(searches.first().map(|(event, _)| event)) else { return Ok(()) };
    let mut ctx = services.system();
    let mut tx = services.db.write(&mut ctx, Scope::All, "filter.alert").await?;
    for setting in store::settings::list(&tx).await? {
        let devices = store::devices::list_all(&tx, setting.id).await?;
        let rooms: BTreeMap<DeviceId, Option<RoomId>> = devices.iter().map(|d| (d.id, d.room_id)).collect();
        let found = found(&events, &rooms);
        if !found.is_nothing() {
            // The same batch is the same work: a crash before it is filed tells nobody twice. Its first moment is part of
            // the key because a new data folder counts batches from the beginning.
            let key = format!("filter.alert/{}/{}/{}", setting.id, batch.id, first.at.as_microsecond());
            let payload = serde_json::to_value(&found).map_err(|error| Error::Internal(error.to_string()))?;
            let now = tx.now();
            let payload = serde_json::json!({ "found": payload });
            jobs::queue(&mut tx, Some(setting.id), Kind::FilterAlert, key, payload, now).await?;
        }
        for (event, about) in &searches {
            // Somebody who types on is one alert: of one device, about one thing, in one hour.
            let Some(device) = event.device.filter(|device| rooms.contains_key(device)) else { continue };
            let hour = event.at.as_second().div_euclid(SAME_SEARCH);
            let key = format!("filter.search/{}/{device}/{about}/{hour}", setting.id);
            let found = Found { searched: 1, ..Found::default() };
            let payload = serde_json::to_value(&found).map_err(|error| Error::Internal(error.to_string()))?;
            let now = tx.now();
            let payload = serde_json::json!({ "found": payload });
            jobs::queue(&mut tx, Some(setting.id), Kind::FilterAlert, key, payload, now).await?;
        }
    }
    tx.commit().await?;
    services.wake_jobs();
    Ok(())
}

/// What a search of this event is about, if that is of concern. A guest's is never here: guests are not inspected (S24).
pub(super) fn of_concern(event: &Activity) -> Option<&'static str> {
    match &event.what {
        What::Searched { terms, .. } => filter::search_terms::concern(terms),
        _ => None,
    }
}

/// The help button of a tablet's start page: the same people are told as for the gateway's own button (S35).
///
/// # Errors
/// As any write.
pub async fn call_help(services: &Services, tablet: &Tablet) -> Result<()> {
    let mut ctx = services.system();
    let mut tx = services.db.write(&mut ctx, Scope::Setting(tablet.setting), "filter.help_called").await?;
    let now = tx.now();
    let found =
        Found { rooms: tablet.room.into_iter().collect(), somewhere: tablet.room.is_none(), ..Found::default() };
    let payload = serde_json::to_value(&found).map_err(|error| Error::Internal(error.to_string()))?;
    // Pressing on is no second call.
    let key = format!("filter.help/{}/{}", tablet.device, now.as_second() / SAME_CALL);
    jobs::queue(&mut tx, Some(tablet.setting), Kind::FilterAlert, key, serde_json::json!({ "found": payload }), now)
        .await?;
    let call = store::evidence::Evidence {
        id: tx.fresh(),
        setting_id: tablet.setting,
        kind: HELP.to_owned(),
        ok: true,
        summary: "Help was called from a tablet\u{2019}s start page.".to_owned(),
        detail: serde_json::json!({ "device": tablet.device }),
        effective_at: now,
        recorded_at: now,
        signed_by: None,
        fictional: false,
    };
    store::evidence::add(&mut tx, &call).await?;
    tx.commit().await?;
    services.wake_jobs();
    Ok(())
}

/// What of these events is this setting's. A device that nobody knows may stand anywhere: every setting hears of it.
fn found(events: &[&Activity], rooms: &BTreeMap<DeviceId, Option<RoomId>>) -> Found {
    let mut found = Found::default();
    for event in events {
        let room = match event.device {
            None => None,
            Some(device) => match rooms.get(&device) {
                Some(room) => *room,
                None => continue,
            },
        };
        match (&event.what, room) {
            (What::HelpCalled { .. }, Some(room)) => _ = found.rooms.insert(room),
            (What::HelpCalled { .. }, None) => found.somewhere = true,
            (What::Sealed { .. }, _) => found.sealed += 1,
            _ => {}
        }
    }
    found
}

/// The job: tells the room's practitioners (all of them, where a room has none) and the leads of a call; of a sealed entry, or
/// of a search of concern, the leads alone, naming neither device nor person (S22).
pub(crate) async fn alert(services: &Services, ctx: &mut OpCtx, setting: SettingId, work: &Work) -> Result<()> {
    let found: Found = work.get("found")?;
    let mut tx = services.db.write(ctx, Scope::Setting(setting), Kind::FilterAlert.key()).await?;
    let mut people: BTreeSet<PersonId> = BTreeSet::new();
    for role in [Role::Dsl, Role::Deputy] {
        let holders = store::people::find_by_role(&tx, setting, role, ctx.now).await?;
        people.extend(holders.iter().map(|holder| holder.person_id));
    }
    if found.somewhere || !found.rooms.is_empty() {
        let mut staff = BTreeMap::new();
        for held in store::people::find_by_role(&tx, setting, Role::Practitioner, ctx.now).await? {
            if let Some(person) = store::people::lookup(&tx, setting, held.person_id).await? {
                staff.insert(person.id, person.room_id);
            }
        }
        let of_room = |room: RoomId| staff.iter().filter(move |(_, usual)| **usual == Some(room)).map(|(id, _)| *id);
        let near: BTreeSet<PersonId> = found.rooms.iter().flat_map(|room| of_room(*room)).collect();
        let unattended = found.somewhere || found.rooms.iter().any(|room| of_room(*room).next().is_none());
        if unattended {
            people.extend(staff.keys());
        } else {
            people.extend(near);
        }
    }
    let people: Vec<PersonId> = people.into_iter().collect();
    notices::tell(&mut tx, setting, &people, &Matter { urgency: Urgency::Urgent, link: LINK, concern: None }).await?;
    tx.commit().await?;
    Ok(())
}

/// A call for help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// When.
    pub at: Timestamp,
    /// The device, as people call it; none: one that nobody knows.
    pub device: Option<String>,
    /// Where it usually is.
    pub room: Option<String>,
}

/// What the filter alerted of in the last day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Calls {
    /// Calls for help, newest first.
    pub help: Vec<Call>,
    /// When sealed entries were asked for, newest first; empty for all but the leads. Names no one (S22).
    pub sealed: Vec<Timestamp>,
    /// Searches of concern, newest first; empty for all but the leads.
    pub searches: Vec<Search>,
}

/// What was typed on one device about one thing of concern, within an hour. It says who is near the device as little as the
/// device does: a shared tablet is a room's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// The first time.
    pub at: Timestamp,
    /// What it is about.
    pub about: &'static str,
    /// What was typed first.
    pub terms: String,
    /// How many searches.
    pub times: u64,
    /// The device, as people call it.
    pub device: String,
    /// Its id, for the report.
    pub id: DeviceId,
    /// It proved who it is; otherwise it is known by its address alone.
    pub proven: bool,
}

/// The alerts of the last day: calls for help for all staff, sealed entries for the leads. Settles the actor's notices.
///
/// # Errors
/// [`Error::Unavailable`] when the filter's files cannot be read.
pub async fn calls(services: &Services, ctx: &mut OpCtx) -> Result<Calls> {
    authorize(&ctx.actor, Action::HoldDevice, Relation::Setting)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let lead = authorize(&ctx.actor, Action::ReadActivity, Relation::Setting).is_ok();
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let devices = store::devices::list_all(&reader, member.setting).await?;
    let rooms = store::people::list_rooms(&reader, member.setting).await?;
    let from = ctx.now.saturating_sub(SHOWN).unwrap_or(ctx.now);
    let pressed = store::evidence::list(&reader, member.setting, Some(HELP), from).await?;
    drop(reader);
    let room_of = |device: &store::devices::Device| {
        rooms.iter().find(|room| Some(room.id) == device.room_id).map(|room| room.name.clone())
    };
    let mut calls = Calls::default();
    for row in pressed {
        let id: Option<DeviceId> = row.detail.get("device").and_then(|id| serde_json::from_value(id.clone()).ok());
        let device = devices.iter().find(|device| Some(device.id) == id);
        calls.help.push(Call {
            at: row.effective_at,
            device: device.map(|device| device.name.clone()),
            room: device.and_then(room_of),
        });
    }
    let mut searches: BTreeMap<(DeviceId, &str, i64), Search> = BTreeMap::new();
    for event in between(services, from, ctx.now).await? {
        let device = match event.device {
            None => None,
            Some(id) => match devices.iter().find(|device| device.id == id) {
                Some(device) => Some(device),
                // Another setting's.
                None => continue,
            },
        };
        match event.what {
            What::HelpCalled { .. } => calls.help.push(Call {
                at: event.at,
                device: device.map(|device| device.name.clone()),
                room: device.and_then(room_of),
            }),
            What::Sealed { .. } if lead => calls.sealed.push(event.at),
            What::Searched { ref terms, .. } if lead => {
                let (Some(device), Some(about)) = (device, of_concern(&event)) else { continue };
                let hour = event.at.as_second().div_euclid(SAME_SEARCH);
                let search = searches.entry((device.id, about, hour)).or_insert_with(|| Search {
                    at: event.at,
                    about,
                    terms: terms.clone(),
                    times: 0,
                    device: device.name.clone(),
                    id: device.id,
                    proven: event.proven,
                });
                search.times += 1;
                search.proven &= event.proven;
            }
            _ => {}
        }
    }
    calls.searches = searches.into_values().collect();
    calls.searches.sort_by_key(|search| std::cmp::Reverse(search.at));
    calls.help.sort_by_key(|call| std::cmp::Reverse(call.at));
    calls.sealed.reverse();
    notices::seen(services, ctx, LINK).await?;
    Ok(calls)
}
