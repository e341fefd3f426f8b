//! A child's tablet at its start page: which device it is, by its own secret address (S33), and what it may do just now.
//!
//! What it is not: a sign-in. Whoever holds the tablet holds its address; it opens approved material in a session, calls
//! help, and reads nothing.

use domain::{DeviceId, RoomId, SettingId};
use jiff::Timestamp;
use store::{Reads, Scope};

use super::{Audience, decide};
use crate::{Error, Result, Services};

/// A device that its own address has proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tablet {
    /// Which setting's.
    pub setting: SettingId,
    /// Which.
    pub device: DeviceId,
    /// As on its label.
    pub name: String,
    /// Key of its group.
    pub group: String,
    /// Where it lives.
    pub room: Option<RoomId>,
}

/// What its start page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// As on its label.
    pub name: String,
    /// It is for children: pictures, few words.
    pub children: bool,
    /// Its group needs a session.
    pub supervised: bool,
    /// The session that is open where it is ends then.
    pub until: Option<Timestamp>,
    /// Shared by adults: whoever takes it says so here.
    pub shared: bool,
    /// Who has it now, and until when.
    pub with: Option<(String, Timestamp)>,
    /// What can be opened in it: title and address.
    pub material: Vec<(String, String)>,
}

/// One film that plays on a page of ours (S34), while a session is open where the tablet is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Playing {
    /// What it is.
    pub title: String,
    /// How it is fetched.
    pub film: filter::Film,
    /// The session ends then, or the approval if that is sooner.
    pub until: Timestamp,
}

/// The device of a secret path.
///
/// # Errors
/// [`Error::NotFound`] for a path that no device in use has.
pub async fn tablet(services: &Services, path: &str) -> Result<Tablet> {
    let reader = services.db.read(Scope::All).await?;
    let device = crate::devices::sheet::by_path(&reader, path).await?.ok_or(Error::NotFound)?;
    Ok(Tablet {
        setting: device.setting_id,
        device: device.id,
        name: device.name,
        group: device.group_key,
        room: device.room_id,
    })
}

/// Where a tile leads: a part of a site has its path already, and a slash behind it would be another page.
fn address_of(site: &str) -> String {
    if site.contains('/') { format!("https://{site}") } else { format!("https://{site}/") }
}

/// What a tablet's start page shows.
///
/// # Errors
/// As [`tablet`].
pub async fn of(services: &Services, path: &str) -> Result<Start> {
    let tablet = tablet(services, path).await?;
    let now = services.now();
    let reader = services.db.read(Scope::Setting(tablet.setting)).await?;
    let (_, policy) = decide::in_force(&reader, tablet.setting).await?;
    let group = policy.groups.get(&tablet.group).or_else(|| policy.groups.get(&policy.strictest));
    let group = group.ok_or(Error::NotFound)?;
    let until = open_until(&reader, &tablet, now).await?;
    let material = group.material().into_iter().filter_map(|(site, (approved, _))| {
        let decision = group.allow.get(site).filter(|decision| decision.until.is_none_or(|until| until > now))?;
        let address = match film_at(site) {
            // It plays in a session; without one there is no page for it.
            Some(_) => until.map(|_| format!("/start/{path}/film/{}", decision.rule))?,
            None => address_of(site),
        };
        Some((approved.title.clone(), address))
    });
    let device = store::devices::lookup(&reader, tablet.setting, tablet.device).await?.ok_or(Error::NotFound)?;
    let shared = device.person_id.is_none() && group.audience == Audience::Adults;
    let with = match shared {
        true => crate::devices::using::now_with(&reader, tablet.setting, tablet.device, now).await?,
        false => None,
    };
    let shows = !group.supervised || until.is_some();
    Ok(Start {
        name: tablet.name,
        children: group.audience == Audience::Children,
        supervised: group.supervised,
        until,
        shared,
        with,
        material: if shows { material.collect() } else { Vec::new() },
    })
}

/// The film at this address, if it is one that can be shown alone.
pub fn film_at(site: &str) -> Option<filter::Film> {
    filter::Film::of(&filter::Part::parse(site).ok()?)
}

/// The film that a decision approved, for a tablet of that group; none while no session is open where the tablet is.
///
/// # Errors
/// [`Error::NotFound`] as [`tablet`], and for what nobody approved, or approved until an earlier day.
pub async fn film(services: &Services, path: &str, rule: &str) -> Result<Option<Playing>> {
    let tablet = tablet(services, path).await?;
    let now = services.now();
    let reader = services.db.read(Scope::Setting(tablet.setting)).await?;
    let (_, policy) = decide::in_force(&reader, tablet.setting).await?;
    let group = policy.groups.get(&tablet.group).or_else(|| policy.groups.get(&policy.strictest));
    let group = group.ok_or(Error::NotFound)?;
    let found = group.material().into_iter().find_map(|(site, (approved, _))| {
        let decision = group.allow.get(site).filter(|decision| decision.rule == rule)?;
        let film = film_at(site).filter(|_| decision.until.is_none_or(|until| until > now))?;
        Some((approved.title.clone(), film, decision.until))
    });
    let (title, film, ends) = found.ok_or(Error::NotFound)?;
    let until = open_until(&reader, &tablet, now).await?;
    Ok(until.map(|until| Playing { title, film, until: ends.map_or(until, |ends| ends.min(until)) }))
}

async fn open_until(db: &impl Reads, tablet: &Tablet, now: Timestamp) -> Result<Option<Timestamp>> {
    let open = store::supervision::list_open(db, tablet.setting, now).await?;
    let here = open
        .into_iter()
        .filter(|one| one.group_key == tablet.group && (one.room_id.is_none() || one.room_id == tablet.room));
    Ok(here.map(|one| one.until_at).max())
}
