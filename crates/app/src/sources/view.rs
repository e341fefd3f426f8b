//! The sources of lists as pages show them: where each stands, its versions, what waits for somebody.

use domain::access::{Action, Refused, Relation, authorize};
use domain::{OpCtx, SettingId};
use jiff::{SignedDuration, Timestamp};
use store::lists::{ListCheck, ListVersion};
use store::words::ListState;
use store::{Reads, Scope};

use super::known::{self, Preset};
use super::{Origin, Progress, Source};
use crate::filtering::decide;
use crate::gateway::GatewayState;
use crate::{Error, Result, Services};

/// Versions that a page shows.
const SHOWN: u64 = 20;

/// How a source stands, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// A version waits for a person.
    Held,
    /// Nothing of it is in force yet, and the last try failed.
    Failing,
    /// It gave no list for too long.
    Stale,
    /// It has not been asked yet.
    New,
    /// All is well.
    Fresh,
}

/// One source.
#[derive(Debug, Clone)]
pub struct SourceView {
    /// Its key.
    pub key: String,
    /// As the policy names it.
    pub source: Source,
    /// How it stands.
    pub standing: Standing,
    /// The version in force.
    pub in_force: Option<ListVersion>,
    /// The version that waits for a person.
    pub held: Option<ListVersion>,
    /// When it was last asked, and how that went.
    pub check: Option<ListCheck>,
    /// How far a fetch is, if one is under way.
    pub progress: Option<Progress>,
    /// Somebody wants it now.
    pub wanted: bool,
}

/// Everything about lists.
#[derive(Debug, Clone)]
pub struct Overview {
    /// The sources, those that need somebody first.
    pub sources: Vec<SourceView>,
    /// Known sources that are none here yet.
    pub presets: Vec<Preset>,
    /// How the gateway stands; `None` when it does not run.
    pub gateway: Option<GatewayState>,
    /// Why the newest versions are not in the filter yet, if they are not.
    pub trouble: Option<String>,
    /// Where illegal-content lists come from here.
    pub sealed: crate::sealed::Standing,
}

/// A version with who decided about it.
pub type Decided = (ListVersion, Option<String>);

/// One source with its versions.
#[derive(Debug, Clone)]
pub struct One {
    /// The source.
    pub view: SourceView,
    /// Its versions, newest first, with who decided.
    pub versions: Vec<Decided>,
}

/// Everything about lists.
///
/// # Errors
/// [`Error::NotFound`] when the setting has no policy yet.
pub async fn overview(services: &Services, ctx: &OpCtx) -> Result<Overview> {
    authorize(&ctx.actor, Action::ReadFilter, Relation::Setting)?;
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let (sources, presets) = all(services, &reader, member.setting, ctx.now).await?;
    let sealed = crate::sealed::standing(services, &reader, member.setting, ctx.now).await?;
    Ok(Overview { sources, presets, gateway: services.gateway.status(), trouble: services.lists.trouble(), sealed })
}

/// One source.
///
/// # Errors
/// [`Error::NotFound`] for what is no source of this setting.
pub async fn one(services: &Services, ctx: &OpCtx, key: &str) -> Result<One> {
    authorize(&ctx.actor, Action::ReadFilter, Relation::Setting)?;
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let (sources, _) = all(services, &reader, member.setting, ctx.now).await?;
    let view = sources.into_iter().find(|view| view.key == key).ok_or(Error::NotFound)?;
    let mut versions = Vec::new();
    for version in store::lists::list(&reader, member.setting, key, SHOWN).await? {
        let by = match version.decided_by {
            Some(id) => store::people::lookup(&reader, member.setting, id).await?.map(|person| person.name),
            None => None,
        };
        versions.push((version, by));
    }
    Ok(One { view, versions })
}

/// The sources of a setting with how they stand, and the known ones that are none here.
pub(crate) async fn all(
    services: &Services,
    db: &impl Reads,
    setting: SettingId,
    now: Timestamp,
) -> Result<(Vec<SourceView>, Vec<Preset>)> {
    let (_, policy) = decide::in_force(db, setting).await?;
    let known = known::known()?;
    let stale = SignedDuration::from_hours(24 * known.limits.stale_days);
    let checks = store::lists::list_checks(db, setting).await?;
    let in_force = store::lists::list_in(db, setting, ListState::InForce).await?;
    let held = store::lists::list_in(db, setting, ListState::Held).await?;
    let of = |versions: &[ListVersion], key: &str| versions.iter().find(|version| version.source == key).cloned();
    let mut views = Vec::new();
    for (key, source) in &policy.sources {
        let check = checks.iter().find(|check| check.source == *key).cloned();
        let (in_force, held) = (of(&in_force, key), of(&held, key));
        let standing = stands(check.as_ref(), in_force.is_some(), held.is_some(), stale, now);
        views.push(SourceView {
            key: key.clone(),
            source: source.clone(),
            standing,
            in_force,
            held,
            check,
            progress: services.lists.progress(setting, key),
            wanted: services.lists.is_wanted(&(setting, key.clone())),
        });
    }
    views.sort_by(|one, other| (one.standing, &one.source.title).cmp(&(other.standing, &other.source.title)));
    let there = |preset: &Preset| {
        policy.sources.values().any(|source| matches!(&source.from, Origin::Web { url, .. } if *url == preset.url))
    };
    let presets = known.sources.into_iter().filter(|preset| !there(preset)).collect();
    Ok((views, presets))
}

fn stands(check: Option<&ListCheck>, in_force: bool, held: bool, stale: SignedDuration, now: Timestamp) -> Standing {
    let Some(check) = check else { return Standing::New };
    if held {
        return Standing::Held;
    }
    if !in_force {
        return Standing::Failing;
    }
    match check.good_at.is_some_and(|good| now.duration_since(good) <= stale) {
        true => Standing::Fresh,
        false => Standing::Stale,
    }
}
