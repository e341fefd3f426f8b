//! What an inspector is shown: that there are rules, that they are followed, and proofs; no name, no reference, no word of a
//! case, no small number. And the one case that the lead shows an inspector on purpose, which is written down (S47).

use std::collections::BTreeMap;

use domain::access::{Action, Refused, Relation, authorize};
use domain::concern::EntryKind;
use domain::control::Status;
use domain::retention::Rule;
use domain::small_numbers::{self, Shown};
use domain::{ConcernId, OpCtx, Role};
use jiff::SignedDuration;
use serde_json::json;
use store::Scope;
use store::audit::Subject;
use store::words::DisposalState;

use super::words;
use crate::concerns::{LONGEST_LINE, append, case};
use crate::sight::sees;
use crate::trends::Trends;
use crate::{Error, Result, Services, evidence, trends};

/// How long an inspector's sign-in lasts from the day on which the role was given.
pub const SIGN_IN_LASTS: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The page.
#[derive(Debug, Clone)]
pub struct Inspection {
    /// The setting's name.
    pub setting: String,
    /// Duties by how they stand.
    pub duties: BTreeMap<Status, usize>,
    /// Roles that the policy asks for: their title here, and whether somebody holds them today.
    pub roles: Vec<(String, bool)>,
    /// Counts of the last term that is over.
    pub trends: Option<Trends>,
    /// Procedures: title, edition, on what they rest.
    pub procedures: Vec<(String, String, String)>,
    /// Rules of keeping.
    pub retention: Vec<Rule>,
    /// Records destroyed with a certificate, ever.
    pub destroyed: Shown,
    /// Does the viewer see cases, so that they may show one?
    pub may_show: bool,
}

/// What an inspector is shown.
///
/// # Errors
/// [`Refused`].
pub async fn of(services: &Services, ctx: &mut OpCtx) -> Result<Inspection> {
    authorize(&ctx.actor, Action::ReadInspection, Relation::Setting)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let duties = evidence::counts(services, ctx).await?.into_iter().collect();
    let counted = trends::of(services, ctx, None).await.ok().filter(|counted| !counted.exact);
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let setting = store::settings::lookup(&reader, member.setting).await?.ok_or(Error::NotFound)?;
    let profile = case::profile(&reader, member.setting).await?;
    let roster = case::roster(&reader, member.setting, ctx.now).await?;
    let asked = [Role::Dsl, Role::Deputy, Role::Manager, Role::Chair];
    let destroyed =
        store::keeping::list_disposals_for_program(&reader, member.setting, &[DisposalState::Destroyed]).await?.len();
    Ok(Inspection {
        setting: setting.name,
        duties,
        roles: asked
            .into_iter()
            .filter(|role| *role != Role::Deputy || profile.deputies)
            .map(|role| (profile.title(role).to_owned(), roster.get(&role).is_some_and(|held| !held.is_empty())))
            .collect(),
        trends: counted,
        procedures: services
            .content
            .procedures
            .values()
            .map(|one| (format!("{}: {}", one.id, one.title), one.edition.clone(), one.sources.join("; ")))
            .collect(),
        retention: services.content.retention.clone(),
        destroyed: small_numbers::total(u64::try_from(destroyed).unwrap_or(u64::MAX)),
        may_show: !sees(&member).routes.is_empty(),
    })
}

/// The lead shows an inspector one case, on their own screen: written into the case and into the audit, and who it was.
///
/// # Errors
/// [`Error::Invalid`] on `reference` or `who`.
pub async fn show_one(services: &Services, ctx: &mut OpCtx, reference: &str, who: &str) -> Result<ConcernId> {
    authorize(&ctx.actor, Action::ExportConcern, Relation::Case)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let who = words("who", who, LONGEST_LINE, "Write the inspector’s name and from where they come.")?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "concern.show_inspector").await?;
    let found = store::concerns::find_by_reference(&tx, member.setting, &sees(&member), reference.trim()).await?;
    let found = found.ok_or_else(|| Error::invalid("reference", "No concern of yours has this reference."))?;
    let case = case::of(&tx, ctx, Action::ExportConcern, found.id).await?;
    let text = format!("Shown to an inspector on the lead’s screen: {who}.");
    append(&mut tx, &case.concern, EntryKind::Note, &text, ctx.now, Some(member.person), None).await?;
    tx.note(member.setting, Subject { table: "concern", id: Some(found.id.0) }, &json!({ "who": who })).await?;
    tx.commit().await?;
    Ok(found.id)
}
