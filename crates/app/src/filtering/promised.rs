//! Whether a yes opens anything: for children, nobody's yes opens what the policy promises to block (decision 13).
//!
//! The filter keeps to that by itself; here whoever would say yes is told so, instead of approving something that changes
//! nothing. The filter is asked, not a copy of its rule.

use std::sync::Arc;

use domain::OpCtx;
use domain::ctx::Member;
use filter::Audience;
use store::Scope;

use super::change::{Change, LOCKED_FOR_CHILDREN};
use super::{decide, publish};
use crate::gateway::Question;
use crate::{Error, Result, Services};

/// Refuses a change that would open nothing for a children's group, because lists hold the name in a promised category.
/// Without lists nothing is known, and the filter decides.
///
/// # Errors
/// [`Error::Invalid`] on `change`.
pub(super) async fn opens_something(services: &Services, ctx: &OpCtx, member: &Member, change: &Change) -> Result<()> {
    let Some((names, groups)) = change.opens() else { return Ok(()) };
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let (_, policy) = decide::in_force(&reader, member.setting).await?;
    let children: Vec<String> = policy
        .groups
        .iter()
        .filter(|(key, group)| group.audience == Audience::Children && (groups.is_empty() || groups.contains(key)))
        .map(|(key, _)| key.clone())
        .collect();
    if children.is_empty() {
        return Ok(());
    }
    let snapshot = publish::snapshot(services, &reader, member.setting, 1, ctx.now).await?;
    drop(reader);
    let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
    let (gateway, now) = (Arc::clone(&services.gateway), ctx.now);
    // Opens the list file: not on the thread that answers others.
    let promised = tokio::task::spawn_blocking(move || {
        children.iter().find_map(|group| {
            names.iter().find_map(|name| {
                let question = Question { group: group.clone(), device: None, url: name.clone() };
                let answer = gateway.decide(&snapshot, &question, now).ok()?;
                let category = answer.category.filter(|id| LOCKED_FOR_CHILDREN.contains(&id.as_str()))?;
                Some((name.clone(), group.clone(), category))
            })
        })
    })
    .await
    .map_err(|error| Error::Internal(error.to_string()))?;
    let Some((name, group, category)) = promised else { return Ok(()) };
    let group = policy.groups.get(&group);
    let title = group.and_then(|group| group.blocked.get(&category)).map_or(category.as_str(), |why| &why.title);
    let devices = group.map_or("children\u{2019}s devices", |group| &group.name);
    Err(Error::invalid(
        "change",
        &format!(
            "{name} is listed as {title}. That stays blocked on {devices}: the policy promises it, and no yes opens it. If the list is wrong, its maker corrects it; on a staff device you can allow it."
        ),
    ))
}
