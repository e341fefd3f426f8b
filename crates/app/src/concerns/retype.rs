//! "It is about something else": another kind, with the procedure that serves it. Every record stays, and what the first
//! procedure said of files holds on (S17): re-typing opens nothing.

use std::collections::BTreeSet;

use domain::access::{Action, Refused};
use domain::concern::{ConcernKind, EntryKind, RouteKind};
use domain::content::Content;
use domain::procedure::Procedure;
use domain::{ConcernId, OpCtx, routing};
use store::concerns::Concern;
use store::together::PastProcedure;
use store::{Reads, Scope, Tx};

use super::case::{self, Case};
use super::entries::append;
use super::report::area;
use super::{LONGEST_LINE, edition};
use crate::{Error, Result, Services};

/// Says that a concern is about something else.
///
/// # Errors
/// [`Error::NotFound`] for who may not see it; [`Error::Invalid`] on `kind` or `reason`.
pub async fn retype(
    services: &Services,
    ctx: &mut OpCtx,
    id: ConcernId,
    kind: ConcernKind,
    reason: &str,
) -> Result<()> {
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "concern.retype").await?;
    let case = case::of(&tx, ctx, Action::WorkConcern, id).await?;
    let reason = reason.trim();
    if !(domain::procedure::REASON_AT_LEAST..=LONGEST_LINE).contains(&reason.chars().count()) {
        return Err(Error::invalid("reason", "Say why, in a few words."));
    }
    if kind == case.concern.kind || kind.is_matter() || case.concern.kind.is_matter() {
        return Err(Error::invalid("kind", "Choose what it is about instead."));
    }
    let route = case.concern.route;
    if route == RouteKind::Safeguarding && routing::route(kind, false) == RouteKind::Allegation {
        return Err(Error::invalid(
            "kind",
            "Then add the adult as the one it is about, under “who is involved”: it goes to the case manager alone.",
        ));
    }
    let serving = case::serving(&tx, &services.content, member.setting, kind, route).await?;
    let serving = serving.ok_or_else(|| Error::Internal("no procedure".into()))?;
    remember(&mut tx, &services.content, &case.concern).await?;
    edition::keep(&mut tx, member.setting, &serving).await?;
    let retyped = Concern {
        kind,
        area: area(kind),
        procedure: serving.id.clone(),
        edition: serving.edition.clone(),
        ..case.concern.clone()
    };
    let version = store::concerns::set(&mut tx, &retyped).await?;
    let retyped = Concern { version, ..retyped };
    let text = format!(
        "This was taken to be “{}”. It is “{}”, and follows procedure {}, “{}”, from now on. Why: {reason}",
        case.concern.kind.in_words(),
        kind.in_words(),
        serving.id,
        serving.title
    );
    append(&mut tx, &retyped, EntryKind::Note, &text, ctx.now, Some(member.person), None).await?;
    let case = Case { concern: retyped, ..case };
    crate::attachments::seal_if_needed(&mut tx, &services.content, &case).await?;
    tx.commit().await?;
    Ok(())
}

/// Before a concern takes another kind or procedure: the one that it had is remembered, for what it says of files (S17) and for
/// the titles of its steps. Its text was kept when the concern began with it. Of an image about an adult here, which followed
/// the procedure for allegations, the one that is about such images is remembered as well: the kind itself goes.
pub(super) async fn remember(tx: &mut Tx, content: &Content, concern: &Concern) -> Result<()> {
    let past = |procedure: &str, edition: &str, until_at| PastProcedure {
        concern_id: concern.id,
        procedure: procedure.to_owned(),
        setting_id: concern.setting_id,
        edition: edition.to_owned(),
        until_at,
    };
    let now = tx.now();
    store::together::add_past_procedure(tx, &past(&concern.procedure, &concern.edition, now)).await?;
    let own = content.serving(concern.kind, RouteKind::Safeguarding).filter(|_| concern.kind.is_imagery());
    if let Some(own) = own {
        store::together::add_past_procedure(tx, &past(&own.id, &own.edition, now)).await?;
    }
    Ok(())
}

/// The texts of the procedures that it followed before, as they were kept.
pub(super) async fn before(db: &impl Reads, concern: &Concern) -> Result<Vec<Procedure>> {
    let mut texts = Vec::new();
    let mut seen = BTreeSet::new();
    for past in store::together::list_past_editions_for_program(db, concern.setting_id, concern.id).await? {
        let kept = store::procedures::lookup(db, concern.setting_id, &past.procedure, &past.edition).await?;
        if let Some(kept) = kept.filter(|_| seen.insert(past.procedure.clone())) {
            texts.push(case::read_text(kept.text)?);
        }
    }
    Ok(texts)
}
