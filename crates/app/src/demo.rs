//! The demo: an invented setting with people, children, devices and some weeks of history, so that somebody new can try
//! everything within a minute (S50). Everything is marked fictional and can never become real.
//!
//! What it is not: evidence. History goes in through the same use cases that people use, at the times of the story;
//! live probes are never seeded (S51).

mod beside;
pub mod bulk;
mod filtering;
mod history;
mod keeping;
mod register;

use std::collections::BTreeMap;

use domain::content::demo::Demo;
use domain::{DeviceId, OpCtx, PersonId, RoomId, SettingId};
use jiff::{SignedDuration, Timestamp};
use rand::{Rng, RngExt};
use serde::Serialize;

use crate::{Error, Result, Services, content};

/// What somebody needs to try it: written to `demo-credentials.json` for its owner's eyes alone.
#[derive(Debug, Clone, Serialize)]
pub struct Credentials {
    /// By role key: `dsl`, `manager`, …
    pub people: BTreeMap<String, PersonCredentials>,
    /// By device key: `children-tablet`, …
    pub devices: BTreeMap<String, DeviceCredentials>,
}

/// How to be a person.
#[derive(Debug, Clone, Serialize)]
pub struct PersonCredentials {
    /// Invented name.
    pub name: String,
    /// Sign-in.
    pub username: String,
    /// Random for each data folder.
    pub password: String,
    /// For the second factor, where the role needs one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub totp_secret: Option<String>,
}

/// How to be a device.
#[derive(Debug, Clone, Serialize)]
pub struct DeviceCredentials {
    /// As people call it.
    pub name: String,
    /// Group key.
    pub group: String,
    /// Loopback address to send from.
    pub source_address: String,
    /// For the proxy port that asks.
    pub proxy_user: String,
    /// Random.
    pub proxy_password: String,
    /// Path of its DoH address.
    pub doh_path: String,
}

/// Ids of what was built, by key in the demo file.
pub(crate) struct Built {
    pub(crate) setting: SettingId,
    pub(crate) people: BTreeMap<String, PersonId>,
    pub(crate) devices: BTreeMap<String, DeviceId>,
    pub(crate) rooms: BTreeMap<String, RoomId>,
}

/// What the demo's manager signed: kind, words, days ago. The external test is left out on purpose: it would say that a
/// licensed list is there, and none is (FIL-04).
const SIGNED: [(&str, &str, i64); 9] = [
    ("signed_check/network_passwords", "Every login of the network is one person\u{2019}s own, and strong.", 40),
    ("signed_check/progress_app_accounts", "Every account of the progress app is one person\u{2019}s own.", 40),
    ("signed_check/filter_periodic", "Tried by hand on each device of both rooms and the office.", 20),
    ("signed_check/secure_mail", "Personal information leaves by encrypted mail only.", 40),
    (
        "signed_check/data_protection",
        "The record of processing and the privacy notice are up to date; each purpose has its basis.",
        30,
    ),
    (
        "signed_check/personal_phones",
        "At the September meeting: the progress app, photos and records of children on our devices alone. All signed.",
        60,
    ),
    ("signed_check/monitoring_told", "The notice hangs in the hall and the staff room, and every family has it.", 60),
    (
        "signed_check/limits_told",
        "At the September meeting: watching and teaching come first, the filter after them.",
        60,
    ),
    ("signed_check/device_security", "Updates, locks and encryption looked at on every device.", 25),
];

/// The demo file of a setting.
///
/// # Errors
/// [`Error::NotFound`] when there is no such setting.
pub fn file(setting: &str) -> Result<Demo> {
    let files = content::files();
    let text = files.get(&format!("demo/{setting}.toml")).ok_or(Error::NotFound)?;
    Demo::from_toml(text).map_err(|why| Error::Internal(format!("content/demo/{setting}.toml: {why}")))
}

/// Builds the demo of a setting in an empty database.
///
/// # Errors
/// [`Error::NotFound`] when there is no such setting; else as any write.
pub async fn build(services: &Services, ctx: &mut OpCtx, setting: &str) -> Result<Credentials> {
    let demo = file(setting)?;
    let profile = services.content.profiles.get(setting).ok_or(Error::NotFound)?.clone();
    let now = ctx.now;
    let weeks_ago = demo.stories.iter().map(|story| i64::from(story.days_ago)).max().unwrap_or(0) + 7;
    // The history happens in the past; the chain must never run backwards, so everything is entered in its order.
    ctx.now = back(now, SignedDuration::from_hours(24 * weeks_ago));
    let (built, credentials) = register::build(services, ctx, &demo, &profile).await?;
    history::enter(services, &demo, &built, now).await?;
    ctx.now = now;
    keeping::enter(services, &built, now).await?;
    history::today(services, &demo, &built, now).await?;
    register::signed_checks(services, ctx, &built, &SIGNED, "manager").await?;
    Ok(credentials)
}

fn back(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.saturating_sub(by).unwrap_or(now)
}

/// Twenty letters and figures without look-alikes, in groups: about 98 bits, and fit for reading off a terminal.
fn password(rng: &mut dyn Rng) -> String {
    const LETTERS: &[u8] = b"abcdefghjkmnpqrstvwxyz23456789";
    let group = |rng: &mut dyn Rng| -> String {
        (0..5).filter_map(|_| LETTERS.get(rng.random_range(0..LETTERS.len())).map(|byte| char::from(*byte))).collect()
    };
    (0..4).map(|_| group(rng)).collect::<Vec<_>>().join("-")
}
