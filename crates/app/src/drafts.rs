//! Half-written forms, kept on the server so that nobody loses a text and no shared tablet keeps one (S46). Only their
//! author ever sees one; the form that is sent takes its draft away.

use std::collections::BTreeMap;

use domain::access::{Action, Refused, Relation, authorize};
use domain::exclusion::Sight;
use domain::{ConcernId, OpCtx, SettingId};
use jiff::{SignedDuration, Timestamp};
use store::Scope;
use store::drafts::Draft;

use crate::concerns::{LONGEST_TEXT, NO_PICTURES, case};
use crate::{Error, Result, Services};

/// A draft, as its form takes it back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftView {
    /// What was typed, by field.
    pub fields: BTreeMap<String, String>,
    /// When.
    pub saved_at: Timestamp,
}

/// The most fields that a form has.
const MOST_FIELDS: usize = 100;

/// Keeps what was typed in a form, over the draft that it went on from (`began`; none: it began empty).
///
/// # Errors
/// [`Error::Conflict`] when another draft of this form was kept meanwhile, on another device: its fields, and `_at`.
/// [`Error::Invalid`] when it is larger than any form of ours.
pub async fn save(
    services: &Services,
    ctx: &mut OpCtx,
    form: &str,
    fields: BTreeMap<String, String>,
    began: Option<Timestamp>,
) -> Result<()> {
    authorize(&ctx.actor, Action::KeepOwnAccount, Relation::Own)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let too_much = fields.len() > MOST_FIELDS || fields.values().any(|text| text.chars().count() > LONGEST_TEXT);
    if too_much || form.len() > 200 {
        return Err(Error::invalid("", "That is longer than we can keep as a draft. Send it in two parts."));
    }
    // Half a text is welcome; a picture is not, not even until tomorrow (S17).
    if let Some((field, _)) = fields.iter().find(|(_, text)| domain::pasted::is_image_data(text)) {
        return Err(Error::invalid(field, NO_PICTURES));
    }
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "draft.save").await?;
    let there = store::drafts::find_by_form(&tx, member.setting, member.person, form).await?;
    if let Some(there) = there.filter(|there| Some(there.saved_at) != began) {
        let mut theirs = typed(&there)?;
        theirs.insert("_at".to_owned(), there.saved_at.to_string());
        return Err(Error::Conflict { theirs });
    }
    let draft = Draft {
        id: tx.fresh(),
        setting_id: member.setting,
        person_id: member.person,
        what: form.to_owned(),
        fields: serde_json::to_value(fields).map_err(|error| Error::Internal(error.to_string()))?,
        saved_at: ctx.now,
    };
    store::drafts::set(&mut tx, &draft).await?;
    tx.commit().await?;
    Ok(())
}

/// One's own draft of a form.
///
/// # Errors
/// When the database does not answer.
pub async fn lookup(services: &Services, ctx: &OpCtx, form: &str) -> Result<Option<DraftView>> {
    authorize(&ctx.actor, Action::KeepOwnAccount, Relation::Own)?;
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let found = store::drafts::find_by_form(&reader, member.setting, member.person, form).await?;
    found.map(|draft| Ok(DraftView { fields: typed(&draft)?, saved_at: draft.saved_at })).transpose()
}

fn typed(draft: &Draft) -> Result<BTreeMap<String, String>> {
    serde_json::from_value(draft.fields.clone()).map_err(|error| Error::Internal(error.to_string()))
}

/// A draft that waits to be finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The form that it belongs to.
    pub href: String,
    /// When it was kept.
    pub saved_at: Timestamp,
}

/// Days for which a draft is kept. It is no record yet: what was to be told is told, or was told otherwise. The home page
/// says so every day until then.
pub const KEPT_DAYS: i64 = 28;

/// One's own drafts, oldest first, but for those of concerns that one may not know of any more.
///
/// # Errors
/// When the database does not answer.
pub async fn list(services: &Services, ctx: &OpCtx) -> Result<Vec<Waiting>> {
    authorize(&ctx.actor, Action::KeepOwnAccount, Relation::Own)?;
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let mut waiting = Vec::new();
    for draft in store::drafts::list(&reader, member.setting, member.person).await? {
        let Some((href, of)) = place_of(&draft.what) else { continue };
        let seen = match of {
            Needs::Nothing => true,
            Needs::Leave(action) => authorize(&ctx.actor, action, Relation::Setting).is_ok(),
            Needs::Sight(id, least) => match case::at_least(&reader, member, least, id).await {
                Ok(_) => true,
                Err(Error::NotFound) => false,
                Err(other) => return Err(other),
            },
        };
        if seen {
            waiting.push(Waiting { href, saved_at: draft.saved_at });
        }
    }
    waiting.sort_by_key(|draft| draft.saved_at);
    Ok(waiting)
}

/// What somebody needs to open a form.
enum Needs {
    Nothing,
    Leave(Action),
    Sight(ConcernId, Sight),
}

/// Where a draft's form is, and what one needs to open it.
fn place_of(what: &str) -> Option<(String, Needs)> {
    let parts: Vec<&str> = what.split('/').collect();
    let (path, of, least) = match parts.as_slice() {
        ["report", kind] => return Some((format!("/concerns/report/{kind}"), Needs::Nothing)),
        ["low-level"] => return Some(("/low-level/new".to_owned(), Needs::Leave(Action::KeepLowLevel))),
        ["words", id] => (format!("/reports/{id}/words"), id, Sight::Receipt),
        ["step", id, key, act] => (format!("/concerns/{id}/steps/{key}?act={act}"), id, Sight::Case),
        ["entry", id] => (format!("/concerns/{id}/entries"), id, Sight::Case),
        ["debrief", id] => (format!("/concerns/{id}/debrief"), id, Sight::Case),
        ["plan", id] => (format!("/concerns/{id}/plan"), id, Sight::Case),
        ["referral", id, agency] => (format!("/concerns/{id}/referrals/new?agency={agency}"), id, Sight::Case),
        ["letter", id, child, to] => (format!("/concerns/{id}/letter?child={child}&to={to}"), id, Sight::Case),
        _ => return None,
    };
    Some((path, Needs::Sight(of.parse().ok()?, least)))
}

/// Forgets every draft that is older than [`KEPT_DAYS`].
///
/// # Errors
/// As any write.
pub(crate) async fn forget_old(services: &Services, ctx: &mut OpCtx, setting: SettingId) -> Result<()> {
    let before = ctx.now.saturating_sub(SignedDuration::from_hours(24 * KEPT_DAYS)).unwrap_or(ctx.now);
    let mut tx = services.db.write(ctx, Scope::Setting(setting), "draft.forget_old").await?;
    // A clock that stands wrong forgets nothing (S43).
    let newest = store::audit::newest_at(&tx, setting).await?;
    if newest.is_some_and(|newest| tx.now() < newest) {
        return Ok(());
    }
    store::drafts::cleanup(&mut tx, setting, before).await?;
    tx.commit().await?;
    Ok(())
}

/// Forgets one's own draft: it was sent, or is not wanted.
///
/// # Errors
/// When the database does not answer.
pub async fn discard(services: &Services, ctx: &mut OpCtx, form: &str) -> Result<()> {
    authorize(&ctx.actor, Action::KeepOwnAccount, Relation::Own)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "draft.discard").await?;
    store::drafts::discard(&mut tx, member.setting, member.person, form).await?;
    tx.commit().await?;
    Ok(())
}
