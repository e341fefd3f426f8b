//! The edition of a concern's procedure (S42). A concern is pinned to the edition with which it began, whose text is kept
//! with the records; when the program carries another, moving on is a recorded step with the difference in words, never
//! something that happens by itself.

use std::collections::BTreeSet;

use domain::access::{Action, Refused};
use domain::concern::EntryKind;
use domain::procedure::{Procedure, StepRecord};
use domain::{ConcernId, OpCtx, SettingId};
use store::concerns::Concern;
use store::procedures::ProcedureText;
use store::{Scope, Tx};

use super::entries::append;
use super::steps::Work;
use super::{LONGEST_LINE, case};
use crate::{Error, Result, Services};

/// Keeps the text of a procedure, for the concern that begins with it.
pub(crate) async fn keep(tx: &mut Tx, setting: SettingId, procedure: &Procedure) -> Result<()> {
    let text = ProcedureText {
        setting_id: setting,
        procedure: procedure.id.clone(),
        edition: procedure.edition.clone(),
        text: serde_json::to_value(procedure).map_err(|error| Error::Internal(error.to_string()))?,
        kept_at: tx.now(),
    };
    Ok(store::procedures::keep(tx, &text).await?)
}

/// Moves a concern to the edition that the program carries, and writes down what that changes and why.
///
/// # Errors
/// [`Error::NotFound`] when there is no other edition to move to; [`Error::Invalid`] on `move_reason`.
pub async fn move_edition(services: &Services, ctx: &mut OpCtx, id: ConcernId, reason: String) -> Result<()> {
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "concern.move_edition").await?;
    let case = case::of(&tx, ctx, Action::WorkConcern, id).await?;
    let work = Work::load(services, &tx, case, ctx.now).await?;
    let concern = &work.case.concern;
    let profile = case::profile(&tx, member.setting).await?;
    let carried = services.content.procedures.get(&concern.procedure);
    let carried = carried.map(|carried| case::own_edition(&profile, carried));
    let carried = carried.filter(|carried| carried.edition != concern.edition).ok_or(Error::NotFound)?;
    let reason = reason.trim();
    let length = reason.chars().count();
    if !(domain::procedure::REASON_AT_LEAST..=LONGEST_LINE).contains(&length) {
        return Err(Error::invalid("move_reason", "Say why, in a few words."));
    }
    let text = format!(
        "The concern was moved from edition {} of the procedure to edition {}. {} Why: {reason}",
        concern.edition,
        carried.edition,
        difference(work.procedure().unwrap_or(&carried), &carried, &work.records),
    );
    append(&mut tx, concern, EntryKind::Note, &text, ctx.now, Some(member.person), None).await?;
    keep(&mut tx, member.setting, &carried).await?;
    let moved = Concern { edition: carried.edition.clone(), ..concern.clone() };
    store::concerns::set(&mut tx, &moved).await?;
    tx.commit().await?;
    Ok(())
}

/// What the move changes: steps that are gone, new, or say something else; and which of them were recorded.
fn difference(began: &Procedure, carried: &Procedure, records: &[StepRecord]) -> String {
    let recorded: BTreeSet<&str> = records.iter().map(|record| record.step.as_str()).collect();
    let title = |key: &str| began.step(key).or(carried.step(key)).map_or(key, |step| step.title.as_str()).to_owned();
    let gone = began.steps.iter().map(|step| step.key.as_str()).chain(recorded.iter().copied());
    let gone: BTreeSet<&str> = gone.filter(|key| carried.step(key).is_none()).collect();
    let new: Vec<&str> =
        carried.steps.iter().filter(|step| began.step(&step.key).is_none()).map(|step| step.title.as_str()).collect();
    let changed: Vec<&str> = carried
        .steps
        .iter()
        .filter(|step| began.step(&step.key).is_some_and(|before| before != *step))
        .map(|step| step.title.as_str())
        .collect();
    let mut said = Vec::new();
    if !gone.is_empty() {
        let named: Vec<String> = gone.iter().map(|key| title(key)).collect();
        let kept = if gone.iter().any(|key| recorded.contains(key)) { "; what was recorded stays" } else { "" };
        said.push(format!("No longer asked for: {}{kept}.", named.join("; ")));
    }
    if !new.is_empty() {
        said.push(format!("New: {}.", new.join("; ")));
    }
    if !changed.is_empty() {
        said.push(format!("Changed: {}.", changed.join("; ")));
    }
    if said.is_empty() {
        said.push("Its steps are the same.".to_owned());
    }
    said.join(" ")
}
