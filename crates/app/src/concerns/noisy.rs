//! A rule that raises false alerts again and again is noisy: it tires whoever judges, until the true one is missed (P2).
//!
//! What it is not: a change of the filter. To tune a rule is a proposal, and somebody else approves it. Counted is what the
//! reader may see, and nothing else (S8).

use std::collections::BTreeMap;

use domain::access::{Action, Refused};
use domain::procedure::Act;
use domain::{ConcernId, OpCtx};
use jiff::SignedDuration;
use store::concerns::Concern;
use store::together::AlertRule;
use store::{Scope, Tx};

use super::case;
use crate::activity::{Record, rule_in_words};
use crate::sight::sees;
use crate::{Result, Services};

/// Key of the step in which an alert is judged, the question that it asks, the answer that counts here: `content/procedures/P2.toml`.
const JUDGED_FALSE: (&str, &str, &str) = ("judge", "what", "false");
/// So many false alerts of one rule make it noisy.
const MANY: usize = 3;
/// Within so many days.
const DAYS: i64 = 90;

/// Keeps by which rule the alert of a new concern was raised.
pub(super) async fn keep(tx: &mut Tx, concern: &Concern, alert: &Record) -> Result<()> {
    let Some(rule) = alert.rule.clone() else { return Ok(()) };
    let row = AlertRule { concern_id: concern.id, setting_id: concern.setting_id, rule };
    Ok(store::together::add_alert_rule(tx, &row).await?)
}

/// What a concern from an alert says of the rule behind it: that it is noisy, once it is.
///
/// # Errors
/// [`crate::Error::NotFound`] for who may not see the concern.
pub async fn noisy(services: &Services, ctx: &OpCtx, id: ConcernId) -> Result<Option<String>> {
    let (step, question, answer) = JUDGED_FALSE;
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let (setting, viewer) = (member.setting, sees(member));
    let reader = services.db.read(Scope::Setting(setting)).await?;
    case::of(&reader, ctx, Action::OpenConcern, id).await?;
    let Some(found) = store::together::lookup_alert_rule(&reader, setting, &viewer, id).await? else { return Ok(None) };
    let since = ctx.now.saturating_sub(SignedDuration::from_hours(24 * DAYS)).unwrap_or(ctx.now);
    let rows = store::together::list_steps_of_rule(&reader, setting, &viewer, &found.rule, step, since).await?;
    // The newest word about each alert counts: what was judged again is no longer what it was.
    let newest: BTreeMap<ConcernId, _> = rows.into_iter().map(|row| (row.concern_id, row)).collect();
    let is_false = |row: &&store::concerns::StepRecord| {
        let stands = matches!(case::act(row.act), Act::Done | Act::AlreadyHappened);
        stands && case::answers(&row.fields).get(question).is_some_and(|given| given == answer)
    };
    let times = newest.values().filter(is_false).count();
    Ok((times >= MANY).then(|| {
        format!(
            "{times} alerts of the last {DAYS} days by the same rule ({}) were judged false. Propose to tune it; somebody else approves.",
            rule_in_words(&found.rule)
        )
    }))
}
