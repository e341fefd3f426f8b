//! An action that is not done as it was given: another person takes it, another day is set, or it is dropped. Each has a reason,
//! and what it was stands beside what it became.
//!
//! What it is not: the end of an action that was done (that is `finish`), nor a way to give somebody what they must not know of:
//! the walls of the concern that it comes from hold (S8).

use std::collections::BTreeMap;

use domain::access::{Action, Refused, Relation, authorize};
use domain::concern::Urgency;
use domain::{ActionId, OpCtx, PersonId};
use jiff::Timestamp;
use jiff::civil::Date;
use store::Scope;
use store::follow_up::ActionChange;
use store::words::ActionTurn;

use super::{LONGEST, known, name, remind, still_to_come, words};
use crate::concerns::case;
use crate::notices::{self, Matter};
use crate::sight::sees;
use crate::{Error, Result, Services};

/// What is to become of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Somebody else does it.
    To(PersonId),
    /// Another day.
    Until(Date),
    /// It is not done, and need not be.
    Drop,
}

/// What became of one, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turned {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
    /// What it was until then: who had it, and until which day.
    pub was: (String, Date),
    /// Another person, another day, or dropped.
    pub what: ActionTurn,
    /// Why.
    pub reason: String,
}

/// Gives an action to another person, to another day, or drops it. Who has it now, and who had it, are told.
///
/// # Errors
/// [`Error::NotFound`] for who does not lead actions or may not work the concern that it comes from; [`Error::Invalid`] on `owner`,
/// `due` or `reason`; [`Error::Conflict`] when it was changed or done meanwhile.
pub async fn turn(
    services: &Services,
    ctx: &mut OpCtx,
    id: ActionId,
    turn: Turn,
    (reason, version): (&str, i64),
) -> Result<()> {
    match authorize(&ctx.actor, Action::KeepActions, Relation::Setting) {
        Err(Refused::Role) => return Err(Error::NotFound),
        other => other?,
    }
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "action.turn").await?;
    let row = store::follow_up::lookup(&tx, member.setting, &sees(&member), id).await?.ok_or(Error::NotFound)?;
    // Whoever only owns it does not decide about a concern that they may not work.
    if known(&tx, &member, row.concern_id, false).await?.is_none() {
        return Err(Error::NotFound);
    }
    let reason = words("reason", reason, LONGEST, "Say in a few words why.")?;
    if row.version != version || row.done_at.is_some() {
        let mut theirs = BTreeMap::from([("owner".to_owned(), name(&tx, &member, Some(row.owner_id)).await?)]);
        theirs.insert("due".to_owned(), row.due.to_string());
        theirs.extend(row.done_note.map(|note| ("note".to_owned(), note)));
        return Err(Error::Conflict { theirs });
    }
    let excluded = match row.concern_id {
        Some(concern) => case::of(&tx, ctx, Action::WorkConcern, concern).await?.excluded,
        None => Default::default(),
    };
    let (what, after) = match turn {
        Turn::To(owner) => {
            let holds = store::people::list_appointments_of(&tx, member.setting, owner, ctx.now).await?;
            if holds.is_empty() || excluded.contains(&owner) || owner == row.owner_id {
                return Err(Error::invalid("owner", "Choose somebody else from the list."));
            }
            (ActionTurn::Owner, store::follow_up::Action { owner_id: owner, ..row.clone() })
        }
        Turn::Until(due) => {
            still_to_come(services, ctx, due)?;
            if due == row.due {
                return Err(Error::invalid("due", "That is the day it has. Choose another."));
            }
            (ActionTurn::Day, store::follow_up::Action { due, ..row.clone() })
        }
        Turn::Drop => {
            let (at, by, note) = (Some(ctx.now), Some(member.person), Some(reason.clone()));
            let after = store::follow_up::Action { done_at: at, done_by: by, done_note: note, ..row.clone() };
            (ActionTurn::Dropped, after)
        }
    };
    let change = ActionChange {
        id: tx.fresh(),
        action_id: id,
        setting_id: member.setting,
        what,
        was_owner: row.owner_id,
        was_due: row.due,
        reason,
        changed_by: member.person,
        changed_at: tx.now(),
    };
    store::follow_up::set(&mut tx, &after).await?;
    store::follow_up::add_change(&mut tx, &change).await?;
    let mut people = vec![row.owner_id];
    people.extend(Some(after.owner_id).filter(|owner| *owner != row.owner_id));
    // Whoever was shut out since hears nothing of it any more.
    people.retain(|person| *person != member.person && !excluded.contains(person));
    let matter = Matter { urgency: Urgency::Prompt, link: "/actions", concern: row.concern_id };
    notices::tell(&mut tx, member.setting, &people, &matter).await?;
    if after.done_at.is_none() {
        remind::set(&mut tx, services, &after).await?;
    }
    tx.commit().await?;
    services.wake_jobs();
    Ok(())
}
