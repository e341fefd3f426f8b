//! From the register to the gateway: policy, devices and holds become one signed snapshot.
//!
//! Every change publishes twice over: at once, so that it is in force within a second, and by a job written in the same
//! transaction, so that a crash between the two loses nothing (S44).

use std::collections::BTreeSet;

use domain::{Role, SettingId};
use filter::PolicySnapshot;
use jiff::Timestamp;
use store::devices::{Device, Hold};
use store::jobs::NewJob;
use store::{Reads, Scope, Tx};

use super::policy::{LIFELINES, Surroundings, addresses};
use super::{decide, sessions};
use crate::{Error, Result, Services};

/// Kind of the job that publishes.
pub const JOB: &str = "publish_policy";

/// Leaves a job to publish, in the caller's transaction.
///
/// # Errors
/// As any write.
pub async fn later(tx: &mut Tx, setting: SettingId) -> Result<()> {
    let now = tx.now();
    let job = NewJob {
        setting: Some(setting),
        kind: JOB.to_owned(),
        // A key of its own: two changes at one moment (a clock that stands still) are two publications.
        idempotency_key: format!("{JOB}/{setting}/{}", tx.fresh::<uuid::Uuid>()),
        payload: serde_json::Value::Null,
        run_at: now,
    };
    store::jobs::add(tx, job).await?;
    Ok(())
}

/// Publishes now. A failure is logged; the job tries again.
pub async fn now(services: &Services, setting: SettingId) {
    if let Err(error) = run(services, setting).await {
        tracing::error!(%error, "the policy could not be handed to the gateway; it will be tried again");
    }
}

/// Makes the snapshot and hands it over.
///
/// # Errors
/// [`Error::Unavailable`] when the gateway's folder cannot be written.
pub async fn run(services: &Services, setting: SettingId) -> Result<u64> {
    let say = |say: String| Error::Unavailable { say };
    // One at a time: two that read the register together would choose one number, and the second would fail for nothing.
    let _turn = services.publishing.lock().await;
    let now = services.now();
    let reader = services.db.read(Scope::Setting(setting)).await?;
    let version = services.gateway.next_version().map_err(say)?;
    let snapshot = snapshot(services, &reader, setting, version, now).await?;
    drop(reader);
    services.gateway.publish(&snapshot).map_err(say)?;
    // A source that came or went is looked at now.
    services.lists.policy_changed();
    Ok(version)
}

/// The snapshot of a setting as it stands.
///
/// # Errors
/// [`Error::NotFound`] when the setting has no policy yet.
pub async fn snapshot(
    services: &Services,
    db: &impl Reads,
    setting: SettingId,
    version: u64,
    now: Timestamp,
) -> Result<PolicySnapshot> {
    let row = store::settings::lookup(db, setting).await?.ok_or(Error::NotFound)?;
    let (_, policy) = decide::in_force(db, setting).await?;
    let profile = decide::profile(db, setting).await?;
    let rooms = store::people::list_rooms(db, setting).await?;
    let room_of = |device: &Device| {
        let id = device.room_id?;
        rooms.iter().find(|room| room.id == id).map(|room| room.name.clone())
    };
    let devices = store::devices::list(db, setting).await?;
    // Whose a device is leaves the register only where that was assessed and told, and only until its last day (S24).
    let by_person = profile.records_by_person(services.calendar.local(now).date());
    let known: Vec<filter::Device> = devices
        .iter()
        .filter(|device| device.retired_at.is_none())
        .map(|device| identity(device, room_of(device), by_person))
        .collect();
    let holds = store::devices::list_holds_for_gateway(db, setting, now).await?;
    let around = Surroundings {
        setting: setting.0,
        setting_name: row.name,
        contact: contact(db, setting, now).await?,
        web_base: services.web_base.clone(),
        devices: known,
        holds: holds.iter().map(held).collect(),
        never_log: services.content.never_log.iter().map(|entry| entry.name.clone()).collect(),
        always: always(&services.web_base),
        opening: profile.hours,
        calendar: filter::Calendar {
            zone: services.calendar.zone().iana_name().unwrap_or("Europe/London").to_owned(),
            terms: profile.terms.iter().map(|term| (term.from, term.to)).collect(),
            holidays: services.content.bank_holidays.iter().map(|day| day.date).collect(),
        },
        sessions: sessions::for_gateway(db, setting, now, &rooms).await?,
        open: super::break_glass::for_gateway(db, setting, now).await?,
        networks: crate::guests::for_gateway(db, setting, &policy, now).await?,
        case_addresses: crate::addresses::for_gateway(services, db, setting).await?,
    };
    Ok(policy.snapshot(version, now, around))
}

/// The first lead in office: on the block page and in the footer of every page (DSL-01).
async fn contact(db: &impl Reads, setting: SettingId, now: Timestamp) -> Result<String> {
    for role in [Role::Dsl, Role::Deputy, Role::Manager] {
        let holders = store::people::find_by_role(db, setting, role, now).await?;
        if let Some(holder) = holders.first()
            && let Some(person) = store::people::lookup(db, setting, holder.person_id).await?
        {
            return Ok(person.name);
        }
    }
    Ok("the office".to_owned())
}

fn identity(device: &Device, room: Option<String>, by_person: bool) -> filter::Device {
    filter::Device {
        id: device.id.0,
        name: device.name.clone(),
        group: device.group_key.clone(),
        room,
        proxy_user: device.proxy_user.clone(),
        proxy_password_sha256: device.proxy_password_sha256.clone(),
        doh_path: device.doh_path.clone(),
        source_addresses: addresses(&device.addresses),
        mac: device.mac.clone(),
        shows_block_page: device.check_passed_at.is_some(),
        person: device.person_id.filter(|_| by_person).map(|person| person.0),
    }
}

fn held(hold: &Hold) -> filter::Hold {
    filter::Hold { device: hold.device_id.0, until: hold.until_at }
}

fn always(web_base: &str) -> BTreeSet<String> {
    let own = web_base.split("://").nth(1).and_then(|rest| rest.split(['/', ':']).next());
    let own = own.filter(|host| host.parse::<std::net::IpAddr>().is_err()).map(str::to_owned);
    LIFELINES.iter().map(|name| (*name).to_owned()).chain(own).collect()
}
