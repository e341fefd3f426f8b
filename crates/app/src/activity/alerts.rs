//! From the gateway's spool to people: a call for help goes its way ([`crate::help`]), a sealed entry or a search of concern
//! reaches the leads, at once (S22, CHI-06); then the batch is filed as it is, still encrypted (S38).
//!
//! What it is not: a concern. An alert says "asked for" and "pressed"; only a person makes more of it. To alert of one
//! more kind of event, give it a place in [`Found`] and people in [`alert`].

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use domain::access::{Action, Refused, Relation, authorize};
use domain::concern::Urgency;
use domain::{DeviceId, OpCtx, PersonId, Role, SettingId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use store::Scope;

use super::{between, checks};
use crate::gateway::{Activity, Batch, What};
use crate::help::{Call, LINK};
use crate::jobs::{self, Kind, Work};
use crate::notices::{self, Matter};
use crate::{Error, Result, Services};

/// How often the spool is looked at. A child waits for this long at most.
const EVERY: Duration = Duration::from_secs(2);
/// After the spool or the database failed.
const PATIENCE: Duration = Duration::from_secs(15);
/// Searches about one thing on one device within so many seconds are one alert.
const SAME_SEARCH: i64 = 3600;
/// How far back calls are shown to staff.
const SHOWN: SignedDuration = SignedDuration::from_hours(24);

/// What in a batch somebody must hear of, for one setting. No name of a host is in it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Found {
    /// Sealed entries that were asked for.
    sealed: u64,
    /// Searches of concern.
    #[serde(default)]
    searched: u64,
}

impl Found {
    fn is_nothing(&self) -> bool {
        self.sealed == 0 && self.searched == 0
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
    call_help(services, batch).await?;
    let events: Vec<&Activity> =
        batch.events.iter().filter(|event| matches!(event.what, What::Sealed { .. })).collect();
    let searches: Vec<(&Activity, &str)> =
        batch.events.iter().filter_map(|event| Some((event, of_concern(event)?))).collect();
    let Some(first) = events.first().or(searches.first().map(|(event, _)| event)) else { return Ok(()) };
    let mut ctx = services.system();
    let mut tx = services.db.write(&mut ctx, Scope::All, "filter.alert").await?;
    for setting in store::settings::list(&tx).await? {
        let devices = store::devices::list_all(&tx, setting.id).await?;
        let own: BTreeSet<DeviceId> = devices.iter().map(|device| device.id).collect();
        let found = found(&events, &own);
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
            let Some(device) = event.device.filter(|device| own.contains(device)) else { continue };
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

/// Calls of the gateway's own help button. A device that nobody knows may stand anywhere: every setting hears of it.
async fn call_help(services: &Services, batch: &Batch) -> Result<()> {
    let calls = || batch.events.iter().filter(|event| matches!(event.what, What::HelpCalled { .. }));
    if calls().next().is_none() {
        return Ok(());
    }
    let mut ctx = services.system();
    let mut tx = services.db.write(&mut ctx, Scope::All, "filter.help_called").await?;
    for setting in store::settings::list(&tx).await? {
        let devices = store::devices::list_all(&tx, setting.id).await?;
        for event in calls() {
            if event.device.is_none_or(|id| devices.iter().any(|device| device.id == id)) {
                crate::help::begin(&mut tx, setting.id, event.device, event.at).await?;
            }
        }
    }
    tx.commit().await?;
    services.wake_jobs();
    Ok(())
}

/// What of these events is this setting's. A device that nobody knows may stand anywhere: every setting hears of it.
fn found(events: &[&Activity], own: &BTreeSet<DeviceId>) -> Found {
    let of_setting = |event: &&&Activity| event.device.is_none_or(|device| own.contains(&device));
    Found { sealed: events.iter().filter(of_setting).count().try_into().unwrap_or(u64::MAX), searched: 0 }
}

/// The job: tells the leads of a sealed entry, or of a search of concern, naming neither device nor person (S22).
pub(crate) async fn alert(services: &Services, ctx: &mut OpCtx, setting: SettingId, work: &Work) -> Result<()> {
    let _: Found = work.get("found")?;
    let mut tx = services.db.write(ctx, Scope::Setting(setting), Kind::FilterAlert.key()).await?;
    let mut people: BTreeSet<PersonId> = BTreeSet::new();
    for role in [Role::Dsl, Role::Deputy] {
        let holders = store::people::find_by_role(&tx, setting, role, ctx.now).await?;
        people.extend(holders.iter().map(|holder| holder.person_id));
    }
    let people: Vec<PersonId> = people.into_iter().collect();
    notices::tell(&mut tx, setting, &people, &Matter { urgency: Urgency::Urgent, link: LINK, concern: None }).await?;
    tx.commit().await?;
    Ok(())
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
    let from = ctx.now.saturating_sub(SHOWN).unwrap_or(ctx.now);
    let mut calls = Calls { help: crate::help::calls(&reader, member.setting, from).await?, ..Calls::default() };
    drop(reader);
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
    calls.sealed.reverse();
    notices::seen(services, ctx, LINK).await?;
    Ok(calls)
}
