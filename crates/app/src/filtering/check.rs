//! "What would this group get?": the filter's own answer for one name, with category, rule and reason.
//!
//! What it is not: a question to the network, or a way into the sealed list: a sealed entry says "block" and nothing
//! more (S27), and what an excluded person may not know of stays unsaid here too (S8).

use domain::OpCtx;
use domain::access::{Action, Refused, Relation, authorize};
use store::Scope;

use super::change::{REASON_UNREAD, is_hidden};
use super::{decide, publish};
use crate::gateway::{Answer, Question};
use crate::{Error, Result, Services};

/// The filter's answer for a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// Name of the group.
    pub group: String,
    /// The answer.
    pub answer: Answer,
    /// The blocking category's title, in the policy's words.
    pub category: Option<String>,
}

/// The longest address that is looked at, in characters.
const LONGEST: usize = 2_000;

/// Asks the filter with the policy in force, as the gateway would be asked.
///
/// # Errors
/// [`Error::Invalid`] when what was typed is no name, or the group is none; [`Error::Unavailable`] without lists.
pub async fn check(services: &Services, ctx: &OpCtx, group: &str, typed: &str) -> Result<Checked> {
    authorize(&ctx.actor, Action::ReadFilter, Relation::Setting)?;
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let typed = typed.trim();
    if typed.is_empty() || typed.chars().count() > LONGEST {
        return Err(Error::invalid("host", "Write the site\u{2019}s name, like example.org."));
    }
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let (_, policy) = decide::in_force(&reader, member.setting).await?;
    let Some(chosen) = policy.groups.get(group) else {
        return Err(Error::invalid("group", "Choose whose devices you mean."));
    };
    let snapshot = publish::snapshot(services, &reader, member.setting, 1, ctx.now).await?;
    let known = decide::known(&reader, member).await?;
    drop(reader);
    let question = Question { group: group.to_owned(), device: None, url: typed.to_owned() };
    let (gateway, now) = (services.gateway.clone(), ctx.now);
    // Opens the list file: not on the thread that answers others.
    let answer = tokio::task::spawn_blocking(move || gateway.decide(&snapshot, &question, now))
        .await
        .map_err(|error| Error::Internal(error.to_string()))?;
    let mut answer = answer.map_err(|why| Error::invalid("host", &format!("The filter cannot say: {why}")))?;
    if answer.rule.as_deref().is_some_and(|rule| is_hidden(rule, &known)) {
        answer.rule = None;
        answer.reason = Some("A decision of this setting.".to_owned());
    }
    // The decision is theirs to know, the words of the concern that it came from are not.
    if answer.rule.as_ref().is_some_and(|rule| known.unread.contains(rule)) {
        answer.reason = Some(REASON_UNREAD.to_owned());
    }
    let category = answer.category.as_ref().and_then(|id| chosen.blocked.get(id)).map(|why| why.title.clone());
    Ok(Checked { group: chosen.name.clone(), answer, category })
}
