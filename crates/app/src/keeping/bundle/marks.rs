//! Marks: words or lines that are left out, and decisions to leave something in. Each is a row of its own with who, when and why; none is
//! ever changed, only ended.

use std::collections::BTreeSet;

use domain::access::Action;
use domain::redaction::Ground;
use domain::{ConcernId, OpCtx, RedactionId};
use store::Scope;
use store::concerns::About;
use store::keeping::{Bundle, Redaction};

use super::gather::{gather, record_of};
use super::{BundleState, Purpose, requested, standing_on};
use crate::concerns::{by_the_program, case, tell_holders};
use crate::keeping::words;
use crate::sight::sees;
use crate::{Error, Result, Services};

/// A new mark, or a decision to leave something in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMark {
    /// In one line only, or a whole record of a child's file.
    pub item: Option<String>,
    /// Which words; none: the whole line.
    pub words: Option<String>,
    /// Why, in a word.
    pub ground: Ground,
    /// Why, in words.
    pub reason: String,
    /// Leave it in.
    pub left_in: bool,
}

/// Sets marks. The bundle is open again: what was checked was another text.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Invalid`] on `words` or `reason`.
pub async fn set_marks(services: &Services, ctx: &mut OpCtx, request: ConcernId, new: Vec<NewMark>) -> Result<()> {
    let member = ctx.member().cloned().ok_or(Error::NotFound)?;
    let files = match new.iter().any(|mark| mark.item.is_some()) {
        true => gather(services, ctx, &member, request).await?.files(),
        false => BTreeSet::new(),
    };
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "bundle.mark").await?;
    let (_, purpose) = standing_on(&tx, ctx, request).await?;
    let found = store::keeping::find_bundle(&tx, member.setting, &sees(&member), request).await?;
    let bundle = found.ok_or(Error::NotFound)?;
    for mark in new {
        let record = mark.item.as_deref().and_then(record_of);
        if let Some(id) = record {
            if purpose != Purpose::Transfer {
                return Err(Error::invalid("", "What is kept back from a request is exported alone, on legal advice."));
            }
            choose_record(&mut tx, ctx, &bundle, id, mark.left_in).await?;
        }
        let chosen = mark.words.as_deref().map(str::trim).filter(|words| !words.is_empty());
        if mark.item.is_none() && chosen.is_none_or(|words| words.chars().count() < 2) {
            return Err(Error::invalid("words", "Write the words to black out: at least two letters."));
        }
        if chosen.is_some_and(|words| words.chars().count() > 2_000) {
            return Err(Error::invalid("words", "Mark the whole line instead of so many words."));
        }
        // A file is decided on, and both ways with a reason.
        let of_a_file = mark.item.as_ref().is_some_and(|item| files.contains(item));
        let owed = mark.ground.needs_reason() || mark.left_in || of_a_file || record.is_some();
        let reason = match (owed, mark.reason.trim()) {
            (true, reason) => {
                words("reason", reason, 2_000, "Write why: the law asks for a reason that you can show.")?
            }
            (false, reason) => reason.chars().take(2_000).collect(),
        };
        let row = Redaction {
            id: tx.fresh(),
            setting_id: member.setting,
            bundle_id: bundle.id,
            concern_id: request,
            item: mark.item,
            words: chosen.map(str::to_owned),
            ground: mark.ground,
            reason,
            left_in: mark.left_in,
            made_by: member.person,
            made_at: ctx.now,
            ended_by: None,
            ended_at: None,
        };
        store::keeping::add_redaction(&mut tx, &row).await?;
    }
    open_again(&mut tx, bundle).await?;
    tx.commit().await?;
    Ok(())
}

/// Writes into a record that it goes along with the child's file or stays out, and tells whoever holds it. The reason stays on the
/// bench: what is written in the record may itself be handed out.
async fn choose_record(tx: &mut store::Tx, ctx: &OpCtx, bundle: &Bundle, id: ConcernId, along: bool) -> Result<()> {
    let member = ctx.member().ok_or(Error::NotFound)?;
    let case = case::of(tx, ctx, Action::ExportConcern, id).await?;
    let about = About::Person(bundle.person_id);
    let named = store::concerns::list_about(tx, member.setting, &sees(member), &about).await?;
    if !named.iter().any(|concern| concern.id == id) || id == bundle.concern_id {
        return Err(Error::NotFound);
    }
    let say = match along {
        true => "It was chosen, with a reason, that this goes along with the file of a child who moves on.",
        false => "It was chosen, with a reason, that this stays out of the file of a child who moves on.",
    };
    by_the_program(tx, &case.concern, say).await?;
    tell_holders(tx, &case, member.person).await
}

async fn open_again(tx: &mut store::Tx, bundle: Bundle) -> Result<()> {
    if bundle.state != BundleState::Open {
        let open = Bundle {
            state: BundleState::Open,
            digest: None,
            sent_by: None,
            sent_at: None,
            checked_by: None,
            checked_at: None,
            ..bundle
        };
        store::keeping::set_bundle(tx, &open).await?;
    }
    Ok(())
}

/// Blacks out every name that is proposed, for the ground that is proposed.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn take_proposals(services: &Services, ctx: &mut OpCtx, request: ConcernId) -> Result<()> {
    let member = ctx.member().cloned().ok_or(Error::NotFound)?;
    let gathered = gather(services, ctx, &member, request).await?;
    let marks = gathered.proposals.into_iter().map(|one| NewMark {
        item: None,
        words: Some(one.words),
        ground: one.ground,
        reason: "A name of the register that is not the person’s own.".to_owned(),
        left_in: false,
    });
    set_marks(services, ctx, request, marks.collect()).await
}

/// Takes a mark back.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn end_mark(services: &Services, ctx: &mut OpCtx, request: ConcernId, id: RedactionId) -> Result<()> {
    let member = ctx.member().cloned().ok_or(Error::NotFound)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "bundle.unmark").await?;
    requested(&tx, ctx, request).await?;
    let found = store::keeping::find_bundle(&tx, member.setting, &sees(&member), request).await?;
    let bundle = found.ok_or(Error::NotFound)?;
    store::keeping::end_redaction(&mut tx, member.setting, bundle.id, id, member.person, ctx.now).await?;
    open_again(&mut tx, bundle).await?;
    tx.commit().await?;
    Ok(())
}
