//! The edition of a concern's procedure (S42). A concern is pinned to the edition with which it began; when the program
//! carries another, moving on is a recorded step with the difference in words, never something that happens by itself.
//!
//! The text of an older edition is not kept by the program. The difference is therefore what the records show: steps
//! that were recorded and are gone, and steps that have no record yet.

use domain::access::{Action, Refused};
use domain::concern::EntryKind;
use domain::procedure::{Procedure, StepRecord};
use domain::{ConcernId, OpCtx};
use store::Scope;
use store::concerns::Concern;

use super::entries::append;
use super::steps::Work;
use super::{LONGEST_LINE, case};
use crate::{Error, Result, Services};

/// Moves a concern to the edition that the program carries, and writes down what that changes and why.
///
/// # Errors
/// [`Error::NotFound`] when there is no other edition to move to; [`Error::Invalid`] on `move_reason`.
pub async fn move_edition(services: &Services, ctx: &mut OpCtx, id: ConcernId, reason: String) -> Result<()> {
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "concern.move_edition").await?;
    let case = case::of(&tx, ctx, Action::WorkConcern, id).await?;
    let work = Work::load(services, &tx, case).await?;
    let concern = &work.case.concern;
    let carried = work.procedure.filter(|carried| carried.edition != concern.edition).ok_or(Error::NotFound)?;
    let reason = reason.trim();
    let length = reason.chars().count();
    if !(domain::procedure::REASON_AT_LEAST..=LONGEST_LINE).contains(&length) {
        return Err(Error::invalid("move_reason", "Say why, in a few words."));
    }
    let text = format!(
        "The concern was moved from edition {} of the procedure to edition {}. {} Why: {reason}",
        concern.edition,
        carried.edition,
        difference(carried, &work.records),
    );
    append(&mut tx, concern, EntryKind::Note, &text, ctx.now, Some(member.person), None).await?;
    let moved = Concern { edition: carried.edition.clone(), ..concern.clone() };
    store::concerns::set(&mut tx, &moved).await?;
    tx.commit().await?;
    Ok(())
}

/// What the move changes, as the records show it.
fn difference(carried: &Procedure, records: &[StepRecord]) -> String {
    let gone: Vec<&str> = records
        .iter()
        .map(|record| record.step.as_str())
        .filter(|key| carried.step(key).is_none())
        .collect::<std::collections::BTreeSet<_>>()
        .into_iter()
        .collect();
    let unrecorded: Vec<&str> = carried
        .steps
        .iter()
        .filter(|step| !records.iter().any(|record| record.step == step.key))
        .map(|step| step.title.as_str())
        .collect();
    let gone = match gone.as_slice() {
        [] => "Every step that was recorded is also in the new edition.".to_owned(),
        keys => format!("Recorded before and not in the new edition: {}; the records stay.", keys.join(", ")),
    };
    let unrecorded = match unrecorded.as_slice() {
        [] => "No step of the new edition is without a record.".to_owned(),
        titles => format!("Steps of the new edition without a record: {}.", titles.join("; ")),
    };
    format!("{gone} {unrecorded}")
}
