//! The sealed tier as people may know of it: *supplied by X on a date*, *stale*, or *not supplied*, which is red
//! everywhere (FIL-04, S26).
//!
//! Two ways supply it: a signed list that the gateway has in force, or the filtering provider's resolvers, by their
//! written word and a dated test from outside. What it is not: anything that knows an entry. There is nothing here to
//! look one up with, and none may be added (S27).

use domain::concern::Urgency;
use domain::{OpCtx, SettingId};
pub use filter::Supply as List;
use jiff::{SignedDuration, Timestamp};
use store::evidence::Evidence;
use store::{Reads, Scope};

use crate::evidence::signed::{EXTERNAL_TEST, PROVIDER_HAS_LISTS};
use crate::filtering::decide;
use crate::gateway::GatewayState;
use crate::notices::{self, Matter};
use crate::sources::versions::deciders;
use crate::{Error, Result, Services};

/// The provider's word holds for a year.
pub const WORD: SignedDuration = SignedDuration::from_hours(24 * 365);
/// The test from outside that must stand beside it is as old as its control allows.
pub const TEST: SignedDuration = SignedDuration::from_hours(24 * 240);

/// How to get one, wherever "not supplied" is said.
pub const HOW: &str = "Nobody can download such a list. Ask your filtering or internet provider to confirm in writing that \
                       the Internet Watch Foundation\u{2019}s and the police\u{2019}s lists are in force on your line, test it \
                       from outside and sign both under Checks; or get a licensed list through a member of the Internet \
                       Watch Foundation and have your technician load the signed file.";

/// How many of their entries DNS and HTTPS are sure to enforce, and how many there are; plain HTTP enforces all (S26).
pub fn enforceable(lists: &[filter::Supply]) -> (u64, u64) {
    filter::SealedStatus { lists: lists.to_vec() }.enforceable(filter::sealed::Sight::Names)
}

/// A licensed feed that was not taken because it lost too many entries at once. Counts and a name, nothing of what is in it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Shrunk {
    /// Its id in the configuration.
    pub feed: String,
    /// Who supplies it.
    pub by: String,
    /// How many it held.
    pub held: u64,
    /// How many it has now.
    pub entries: u64,
    /// When it came.
    pub at: Timestamp,
}

/// Where a shrunk feed is written down until it is taken, or has grown again.
fn shrunk_note(data: &std::path::Path, feed: &str) -> std::path::PathBuf {
    let plain: String = feed.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect();
    data.join("gateway").join("sealed").join(format!("{plain}.shrunk"))
}

/// Notes that a feed waits for two people, and tells those whose word it waits for, once for each number of entries that it
/// came with. `None` when it waits no more.
///
/// # Errors
/// [`Error::Unavailable`] with what the disk says, and as any write.
pub async fn note_shrunk(services: &Services, ctx: &mut OpCtx, feed: &str, waits: Option<&Shrunk>) -> Result<()> {
    let data = &services.data;
    let known = shrunk(data).into_iter().find(|known| known.feed == feed);
    write_note(&shrunk_note(data, feed), waits).map_err(|error| Error::Unavailable { say: error.to_string() })?;
    match waits {
        Some(waits) if known.is_none_or(|known| known.entries != waits.entries) => tell(services, ctx).await,
        _ => Ok(()),
    }
}

fn write_note(note: &std::path::Path, waits: Option<&Shrunk>) -> std::io::Result<()> {
    match waits {
        Some(waits) => {
            std::fs::create_dir_all(note.parent().unwrap_or(note))?;
            std::fs::write(note, serde_json::to_vec(waits).map_err(std::io::Error::other)?)
        }
        None if note.exists() => std::fs::remove_file(note),
        None => Ok(()),
    }
}

/// A feed is everybody's: those who decide in each setting are told.
async fn tell(services: &Services, ctx: &mut OpCtx) -> Result<()> {
    let reader = services.db.read(Scope::All).await?;
    let settings = store::settings::list(&reader).await?;
    drop(reader);
    for setting in settings {
        let mut tx = services.db.write(ctx, Scope::Setting(setting.id), "sealed.shrunk").await?;
        let people = deciders(&tx, setting.id).await?;
        let matter = Matter { urgency: Urgency::Prompt, link: "/filter/lists", concern: None };
        notices::tell(&mut tx, setting.id, &people, &matter).await?;
        tx.commit().await?;
    }
    services.wake_jobs();
    Ok(())
}

/// The feeds that wait for two people.
pub fn shrunk(data: &std::path::Path) -> Vec<Shrunk> {
    let entries = std::fs::read_dir(data.join("gateway").join("sealed")).into_iter().flatten().flatten();
    let notes = entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|end| end == "shrunk"));
    let mut all: Vec<Shrunk> =
        notes.filter_map(|path| serde_json::from_slice(&std::fs::read(path).ok()?).ok()).collect();
    all.sort_by(|one, other| one.feed.cmp(&other.feed));
    all
}

/// With how few entries a feed may be taken at this moment, because two people of a setting said so; nothing where nobody did.
///
/// # Errors
/// As any read.
pub async fn may_shrink_to(services: &Services, feed: &str) -> Result<Option<u64>> {
    let now = services.now();
    let reader = services.db.read(Scope::All).await?;
    let mut least: Option<u64> = None;
    for setting in store::settings::list(&reader).await? {
        let Ok((_, policy)) = decide::in_force(&reader, setting.id).await else { continue };
        let accepted = policy.feeds.get(feed).filter(|accepted| now < accepted.until);
        least = least.into_iter().chain(accepted.map(|accepted| accepted.entries)).min();
    }
    Ok(least)
}

/// How the sealed tier stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// There is one, and it is fresh.
    Supplied(Vec<Supply>),
    /// There is one, and something about it is too old.
    Stale(Vec<Supply>),
    /// There is none. Red.
    NotSupplied,
}

/// One supply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Supply {
    /// By whom.
    pub by: String,
    /// On which date: issued, or confirmed in writing.
    pub at: Timestamp,
    /// How.
    pub way: Way,
    /// Too old.
    pub stale: bool,
}

/// How a list is supplied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// A signed list is in force in our own gateway.
    Here,
    /// The resolvers upstream have it, by their written word; tested from outside at this time, if at all.
    Upstream {
        /// When.
        tested: Option<Timestamp>,
    },
}

impl Standing {
    /// Is anything supplied, fresh or not?
    pub fn is_supplied(&self) -> bool {
        !matches!(self, Self::NotSupplied)
    }

    /// In a sentence, with dates as `day` says them.
    pub fn say(&self, day: impl Fn(Timestamp) -> String) -> String {
        let one = |supply: &Supply| match supply.way {
            Way::Here => format!("supplied by {} on {}", supply.by, day(supply.at)),
            Way::Upstream { tested: Some(tested) } => {
                format!("supplied upstream by {}, in writing on {}, tested {}", supply.by, day(supply.at), day(tested))
            }
            Way::Upstream { tested: None } => {
                format!("supplied upstream by {}, in writing on {}, never tested from here", supply.by, day(supply.at))
            }
        };
        let all = |supplies: &[Supply]| supplies.iter().map(one).collect::<Vec<_>>().join("; ");
        match self {
            Self::Supplied(supplies) => format!("Lists of illegal addresses: {}.", all(supplies)),
            Self::Stale(supplies) => format!("Lists of illegal addresses are stale: {}.", all(supplies)),
            Self::NotSupplied => "No list of illegal addresses is supplied here.".to_owned(),
        }
    }
}

/// How it stands in a setting.
///
/// # Errors
/// As any read.
pub async fn standing(services: &Services, db: &impl Reads, setting: SettingId, now: Timestamp) -> Result<Standing> {
    let since = now.saturating_sub(WORD).unwrap_or(now);
    let newest = async |kind: &str| -> Result<Option<Evidence>> {
        Ok(store::evidence::list(db, setting, Some(kind), since).await?.into_iter().next())
    };
    let profile = decide::profile(db, setting).await?;
    let provider = profile.providers.get("filtering").cloned();
    let of_these = |row: &Evidence| is_of_these(&profile, row);
    let word = newest(PROVIDER_HAS_LISTS).await?.filter(of_these);
    let test = newest(EXTERNAL_TEST).await?.filter(of_these);
    Ok(judged(services.gateway.status().as_ref(), provider.as_deref(), word.as_ref(), test.as_ref(), now))
}

/// The same for a use case that has no reader open.
///
/// # Errors
/// As any read.
pub async fn standing_of(services: &Services, setting: SettingId, now: Timestamp) -> Result<Standing> {
    let reader = services.db.read(Scope::Setting(setting)).await?;
    standing(services, &reader, setting, now).await
}

/// Does it speak of the resolvers that are in use now, and not of those before?
pub(crate) fn is_of_these(profile: &domain::setting::Profile, row: &Evidence) -> bool {
    profile.upstream_since.is_none_or(|since| row.effective_at >= since)
}

/// How it stands, from what the gateway says and what was signed.
pub(crate) fn judged(
    gateway: Option<&GatewayState>,
    provider: Option<&str>,
    word: Option<&Evidence>,
    test: Option<&Evidence>,
    now: Timestamp,
) -> Standing {
    let here = gateway.into_iter().flat_map(|gateway| &gateway.sealed_lists).map(|list| Supply {
        by: list.by.clone(),
        at: list.at,
        way: Way::Here,
        stale: list.is_stale(now),
    });
    let signed = |row: &&Evidence| row.ok && row.signed_by.is_some();
    let young = |row: &&Evidence, age: SignedDuration| now.duration_since(row.effective_at) <= age;
    let upstream = word.filter(signed).filter(|row| young(row, WORD)).map(|word| {
        let test = test.filter(signed).filter(|row| young(row, TEST));
        Supply {
            by: provider.filter(|name| !name.trim().is_empty()).unwrap_or("the filtering provider").to_owned(),
            at: word.effective_at,
            way: Way::Upstream { tested: test.map(|test| test.effective_at) },
            // Their word alone is not enough (S26).
            stale: test.is_none(),
        }
    });
    let all: Vec<Supply> = here.chain(upstream).collect();
    match all.iter().any(|supply| !supply.stale) {
        _ if all.is_empty() => Standing::NotSupplied,
        // One list of two that is too old is a hole: the two speak of different things.
        true if all.iter().all(|supply| !supply.stale || supply.way != Way::Here) => Standing::Supplied(all),
        _ => Standing::Stale(all),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-22T09:00:00Z".parse().unwrap()
    }

    fn days(days: i64) -> Timestamp {
        now() - SignedDuration::from_hours(24 * days)
    }

    fn gateway(issued: &[i64]) -> GatewayState {
        let list = |at: &i64| List { by: "A supplier".into(), at: days(*at), names: 5, urls: 3, hashes: 0 };
        GatewayState {
            at: now(),
            sealed_supplied: !issued.is_empty(),
            sealed_lists: issued.iter().map(list).collect(),
            ..GatewayState::default()
        }
    }

    fn row(age: i64, ok: bool) -> Evidence {
        Evidence {
            id: domain::EvidenceId(uuid::Uuid::nil()),
            setting_id: SettingId(uuid::Uuid::nil()),
            kind: String::new(),
            ok,
            summary: String::new(),
            detail: serde_json::Value::Null,
            effective_at: days(age),
            recorded_at: days(age),
            signed_by: Some(domain::PersonId(uuid::Uuid::nil())),
            fictional: false,
        }
    }

    #[test]
    fn supplied_stale_or_not_supplied() {
        let stands = |issued: &[i64], word: Option<&Evidence>, test: Option<&Evidence>| match judged(
            Some(&gateway(issued)),
            Some("The county"),
            word,
            test,
            now(),
        ) {
            Standing::Supplied(_) => "supplied",
            Standing::Stale(_) => "stale",
            Standing::NotSupplied => "not supplied",
        };
        assert_eq!(stands(&[], None, None), "not supplied");
        assert_eq!(stands(&[2], None, None), "supplied");
        assert_eq!(stands(&[8], None, None), "stale");
        assert_eq!(stands(&[2, 8], None, None), "stale", "one list of two is a hole");
        // Their word alone is not enough, nor one that is old, nor one that says no.
        assert_eq!(stands(&[], Some(&row(10, true)), None), "stale");
        assert_eq!(stands(&[], Some(&row(10, true)), Some(&row(20, true))), "supplied");
        assert_eq!(stands(&[], Some(&row(10, true)), Some(&row(241, true))), "stale");
        assert_eq!(stands(&[], Some(&row(366, true)), Some(&row(20, true))), "not supplied");
        assert_eq!(stands(&[], Some(&row(10, false)), Some(&row(20, true))), "not supplied");
        assert_eq!(judged(None, None, None, None, now()), Standing::NotSupplied);
        assert_eq!(enforceable(&gateway(&[2, 3]).sealed_lists), (10, 16));
    }
}
