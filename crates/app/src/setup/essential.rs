//! Systems that must always work (S30): set-up asks for calls, alarms, medical devices and door entry, one by one. Those on
//! this network stand in the group of essential systems, where only illegal addresses and malware are closed.
//!
//! What it is not: the move of a device into that group, which opens it and is decided as every opening is
//! ([`crate::filtering::moving`]). To ask for one more kind, add it to [`SYSTEMS`].

use std::collections::BTreeMap;

use domain::OpCtx;
use domain::access::Action;
use filter::Audience;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::evidence::Evidence;
use store::{Reads, Scope};

use crate::filtering::decide;
use crate::{Error, Result, Services, people};

/// Kind of the rows that hold what was answered.
pub const KIND: &str = "essential_systems";

/// What is asked for: key, and what people call it.
pub const SYSTEMS: [(&str, &str); 4] = [
    ("calls", "Telephones and calls"),
    ("alarms", "Fire and burglar alarms"),
    ("medical", "Medical devices and apps, such as a glucose monitor"),
    ("doors", "Door entry and locks"),
];

/// How a system stands here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Where {
    /// There is none, or it does not use a network.
    None,
    /// It goes through this network, and so through the filter.
    Here,
    /// It has a line of its own.
    Elsewhere,
}

impl Where {
    /// The answer of this key.
    pub fn from_key(key: &str) -> Option<Self> {
        match key {
            "none" => Some(Self::None),
            "here" => Some(Self::Here),
            "elsewhere" => Some(Self::Elsewhere),
            _ => None,
        }
    }

    /// Its key.
    pub fn key(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Here => "here",
            Self::Elsewhere => "elsewhere",
        }
    }
}

/// What was answered, by system.
pub type Answers = BTreeMap<String, Where>;

/// How it stands: what was answered, and which devices are in the group of essential systems.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// The newest answers; none: nobody was asked.
    pub answers: Option<Answers>,
    /// When.
    pub at: Option<Timestamp>,
    /// Names of devices in use in groups of essential systems.
    pub devices: Vec<String>,
}

/// What was answered last.
///
/// # Errors
/// Refused for who may not keep devices.
pub async fn standing(services: &Services, ctx: &OpCtx) -> Result<Standing> {
    let member = people::may(ctx, Action::KeepDevices)?;
    let db = services.db.read(Scope::Setting(member.setting)).await?;
    let newest = store::evidence::find_newest(&db, member.setting, KIND, ctx.now).await?;
    let (_, policy) = decide::in_force(&db, member.setting).await?;
    let essential = |key: &str| policy.groups.get(key).is_some_and(|group| group.audience == Audience::Essential);
    let devices = store::devices::list(&db, member.setting).await?;
    Ok(Standing {
        at: newest.as_ref().map(|row| row.effective_at),
        answers: newest.as_ref().and_then(read),
        devices: devices.into_iter().filter(|device| essential(&device.group_key)).map(|device| device.name).collect(),
    })
}

/// Has anybody answered?
pub(crate) async fn is_asked(db: &impl Reads, setting: domain::SettingId, now: Timestamp) -> Result<bool> {
    Ok(store::evidence::find_newest(db, setting, KIND, now).await?.is_some())
}

/// What a row says.
pub(crate) fn read(row: &Evidence) -> Option<Answers> {
    serde_json::from_value(row.detail.clone()).ok()
}

/// Writes down what was answered.
///
/// # Errors
/// [`Error::Invalid`] on the key of a system without an answer.
pub async fn answer(services: &Services, ctx: &mut OpCtx, answers: Answers) -> Result<()> {
    let member = people::may(ctx, Action::KeepDevices)?;
    let missing: BTreeMap<String, String> = SYSTEMS
        .iter()
        .filter(|(key, _)| !answers.contains_key(*key))
        .map(|(key, _)| ((*key).to_owned(), "Say where it is, or that there is none.".to_owned()))
        .collect();
    if !missing.is_empty() || answers.len() != SYSTEMS.len() {
        return Err(Error::Invalid(missing));
    }
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "set_up.essential_systems").await?;
    let here = answers.values().filter(|answer| **answer == Where::Here).count();
    let row = Evidence {
        id: tx.fresh(),
        setting_id: member.setting,
        kind: KIND.to_owned(),
        ok: true,
        summary: format!("Asked for systems that must always work: {here} of {} use this network.", SYSTEMS.len()),
        detail: serde_json::to_value(&answers).map_err(|error| Error::Internal(error.to_string()))?,
        effective_at: tx.now(),
        recorded_at: tx.now(),
        signed_by: Some(member.person),
        fictional: false,
    };
    store::evidence::add(&mut tx, &row).await?;
    Ok(tx.commit().await?)
}
