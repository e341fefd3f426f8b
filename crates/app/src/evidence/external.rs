//! The public test of filtering (testfiltering.com), done by a person on a device here: four results, each with its own
//! consequence, as one dated proof.
//!
//! What it is not: something that this program can do. It touches sites made for that by others, from a real device; our
//! own self-test never leaves the house (S26).

use domain::access::{Action, Refused, Relation, authorize};
use domain::{DeviceId, OpCtx};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use store::Scope;
use store::evidence::Evidence;

use super::signed::{self, EXTERNAL_TEST};
use crate::{Error, Result, Services};

/// What one part of it showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The page did not come.
    Blocked,
    /// It came.
    Reached,
    /// It was not tried.
    NotTried,
}

impl Outcome {
    /// From a form.
    pub fn from_key(key: &str) -> Option<Self> {
        match key {
            "blocked" => Some(Self::Blocked),
            "reached" => Some(Self::Reached),
            "not_tried" => Some(Self::NotTried),
            _ => None,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Blocked => "blocked",
            Self::Reached => "came through",
            Self::NotTried => "not tried",
        }
    }
}

/// Its parts: key, what is tried, and whether it has to be blocked. The last needs a filter that reads the page's words:
/// failing it is no failure as long as it is understood, says the test itself.
pub const PARTS: [(&str, &str, bool); 4] = [
    ("child_abuse", "Illegal pictures of children (the IWF\u{2019}s test address)", true),
    ("terrorism", "Terrorist content (the police\u{2019}s test address)", true),
    ("adult", "An adult site", true),
    ("language", "A page of offensive language", false),
];

/// One run of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalTest {
    /// On which day.
    pub on: Date,
    /// On which device.
    pub device: DeviceId,
    /// As [`PARTS`].
    pub outcomes: [Outcome; 4],
    /// What was noticed.
    pub notes: String,
}

/// A run, as it was written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// Which device.
    pub device: DeviceId,
    /// As on its label, then.
    pub name: String,
    /// Its group's name, then.
    pub group: String,
    /// Where it was.
    pub place: Option<String>,
    /// As [`PARTS`].
    pub outcomes: [Outcome; 4],
}

/// A run in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// When.
    pub at: jiff::Timestamp,
    /// Everything that has to be blocked was.
    pub ok: bool,
    /// What was written down.
    pub written: Written,
    /// In a sentence.
    pub summary: String,
}

/// Writes a run down. It counts as good only when each part that has to be blocked was tried and blocked.
///
/// # Errors
/// [`Error::Invalid`] on `device`, `on` or `notes`; [`Refused`] for who may not sign checks.
pub async fn record(services: &Services, ctx: &mut OpCtx, new: ExternalTest) -> Result<()> {
    authorize(&ctx.actor, Action::SignCheck, Relation::Setting)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let effective_at = signed::moment_of(services, ctx.now, new.on)?;
    let notes = signed::notes(&new.notes)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), Action::SignCheck.key()).await?;
    let setting = store::settings::lookup(&tx, member.setting).await?.ok_or(Error::NotFound)?;
    let device = store::devices::lookup(&tx, member.setting, new.device).await?;
    let device = device.ok_or_else(|| Error::invalid("device", "Choose the device that you tried it on."))?;
    let groups = crate::devices::groups_of(&tx, member.setting).await?;
    let rooms = crate::people::room_names(&tx, member.setting).await?;
    let who = store::people::lookup(&tx, member.setting, member.person).await?.ok_or(Error::NotFound)?;
    let written = Written {
        device: device.id,
        group: groups.get(&device.group_key).cloned().unwrap_or(device.group_key),
        place: device.room_id.and_then(|room| rooms.get(&room).cloned()),
        name: device.name,
        outcomes: new.outcomes,
    };
    let parts = PARTS.iter().zip(new.outcomes);
    let ok = parts.clone().all(|((_, _, must), outcome)| !must || outcome == Outcome::Blocked);
    let said: Vec<String> = parts.map(|((_, what, _), outcome)| format!("{what}: {}", outcome.word())).collect();
    let row = Evidence {
        id: tx.fresh(),
        setting_id: member.setting,
        kind: EXTERNAL_TEST.to_owned(),
        ok,
        summary: format!("On {} ({}). {}. Signed by {}.", written.name, written.group, said.join("; "), who.name),
        detail: serde_json::json!({ "notes": notes, "run": written }),
        effective_at,
        recorded_at: tx.now(),
        signed_by: Some(member.person),
        fictional: setting.fictional,
    };
    store::evidence::add(&mut tx, &row).await?;
    Ok(tx.commit().await?)
}

/// The runs of the last two years with their four results, newest first.
///
/// # Errors
/// [`Refused`] for who may not read the filter.
pub async fn list(services: &Services, ctx: &OpCtx) -> Result<Vec<Run>> {
    authorize(&ctx.actor, Action::ReadFilter, Relation::Setting)?;
    let setting = ctx.member().ok_or(Refused::SignIn)?.setting;
    let since = ctx.now.saturating_sub(jiff::SignedDuration::from_hours(24 * 730)).unwrap_or(ctx.now);
    let reader = services.db.read(Scope::Setting(setting)).await?;
    let rows = store::evidence::list(&reader, setting, Some(EXTERNAL_TEST), since).await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            let written = serde_json::from_value(row.detail.get("run")?.clone()).ok()?;
            Some(Run { at: row.effective_at, ok: row.ok, written, summary: row.summary })
        })
        .collect())
}
