//! What the filter would say of names and URLs, for programs that ask by the API. Nothing is asked of any site, nothing is
//! recorded, and a sealed entry says "block" and nothing else (S27).

use domain::OpCtx;
use domain::access::{Action, Refused, Relation, authorize};
use store::Scope;

use super::publish;
use crate::gateway::{Answer, Question};
use crate::{Error, Result, Services};

/// What a group would get, for each name or URL: the answer, or why it is none.
///
/// # Errors
/// [`Error::NotFound`] for a group that the policy does not hold; [`Refused`] for who may not read the filter.
pub async fn ask_filter(
    services: &Services,
    ctx: &OpCtx,
    group: &str,
    urls: Vec<String>,
) -> Result<Vec<(String, std::result::Result<Answer, String>)>> {
    authorize(&ctx.actor, Action::ReadFilter, Relation::Setting)?;
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let snapshot = publish::snapshot(services, &reader, member.setting, 1, ctx.now).await?;
    drop(reader);
    if !snapshot.groups.contains_key(group) {
        return Err(Error::NotFound);
    }
    let (gateway, group, now) = (services.gateway.clone(), group.to_owned(), ctx.now);
    // The lists are opened from the disk: not on the thread that answers others.
    tokio::task::spawn_blocking(move || {
        let ask = |url: String| {
            let question = Question { group: group.clone(), device: None, url: url.clone() };
            (url, gateway.decide(&snapshot, &question, now))
        };
        urls.into_iter().map(ask).collect()
    })
    .await
    .map_err(|error| Error::Internal(error.to_string()))
}
