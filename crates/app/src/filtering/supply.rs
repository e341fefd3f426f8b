//! What stands behind the filter's answers, kind by kind. The self-test proves the mechanism; this is what the mechanism has to
//! work with (S26).

use std::collections::{BTreeMap, BTreeSet};

use domain::OpCtx;
use domain::access::{Action, Refused, Relation, authorize};
use store::Scope;

use super::decide;
use crate::{Error, Result, Services, sealed};

/// The supply of a setting's filter.
#[derive(Debug, Clone)]
pub struct Behind {
    /// How many kinds of site its groups block.
    pub kinds: usize,
    /// Titles of those that have only the project's own small list behind them, or none.
    pub thin: Vec<String>,
    /// The lists of illegal addresses.
    pub sealed: sealed::Standing,
}

/// What stands behind it now. Without a policy no kind is blocked.
///
/// # Errors
/// As any read.
pub async fn behind(services: &Services, ctx: &OpCtx) -> Result<Behind> {
    authorize(&ctx.actor, Action::ReadFilter, Relation::Setting)?;
    let setting = ctx.member().ok_or(Refused::SignIn)?.setting;
    let reader = services.db.read(Scope::Setting(setting)).await?;
    let policy = match decide::in_force(&reader, setting).await {
        Ok((_, policy)) => Some(policy),
        Err(Error::NotFound) => None,
        Err(error) => return Err(error),
    };
    let covered = covered(services);
    let kinds: BTreeMap<&String, &str> = policy
        .iter()
        .flat_map(|policy| policy.groups.values())
        .flat_map(|group| &group.blocked)
        .map(|(id, reason)| (id, reason.title.as_str()))
        .collect();
    let thin = kinds.iter().filter(|(id, _)| !covered.contains(**id)).map(|(_, title)| (*title).to_owned()).collect();
    Ok(Behind { kinds: kinds.len(), thin, sealed: sealed::standing(services, &reader, setting, ctx.now).await? })
}

/// Which categories have more behind them than what this program brings along. A list of ours is known by its name and by
/// holding no more names than ours.
pub(crate) fn covered(services: &Services) -> BTreeSet<String> {
    let files = crate::content::files();
    let categories = files.get("categories.toml").and_then(|text| filter::Categories::parse(text).ok());
    let Some(categories) = categories else { return BTreeSet::new() };
    real_lists(services, &["lists.compiled", "fetched.compiled"])
        .map(|list| categories.of_list(&list).map_or(list.clone(), |category| category.id.clone()))
        .collect()
}

/// Is there more in the base than the project's own small lists?
pub(crate) fn base_is_real(services: &Services) -> bool {
    real_lists(services, &["lists.compiled"]).next().is_some()
}

/// Names of the lists to block with that are more than the project's own.
fn real_lists(services: &Services, compiled: &[&str]) -> impl Iterator<Item = String> {
    let files = crate::content::files();
    let ours = move |name: &str| files.get(&format!("lists/{name}.txt")).map_or(0, |text| text.lines().count() as u64);
    let folder = services.data.join("lists");
    let lists: Vec<_> = compiled
        .iter()
        .filter_map(|name| filter::Lists::open(&folder.join(name)).ok())
        .flat_map(|lists| lists.lists().to_vec())
        .collect();
    lists
        .into_iter()
        .filter(move |list| list.kind == filter::Kind::Black && list.names > ours(&list.name))
        .map(|list| list.name)
}
