//! The person who takes allegations (S7): named by the setting, before any role. Exclusions hold: about that person, or somebody
//! close to them, the next in line takes it, as ever.

use domain::access::Action;
use domain::exclusion::CASE_ROLES;
use domain::setting::Profile;
use domain::{OpCtx, PersonId};
use store::Scope;
use store::settings::Setting;

use super::may;
use crate::concerns::case;
use crate::{Error, Result, Services};

/// Who takes allegations here, and who could.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseManager {
    /// Named; none: the manager by role.
    pub named: Option<PersonId>,
    /// Whoever holds a role that works cases, by name.
    pub could: Vec<(PersonId, String)>,
}

/// Who takes allegations.
///
/// # Errors
/// [`domain::access::Refused`] for who may not appoint.
pub async fn case_manager(services: &Services, ctx: &OpCtx) -> Result<CaseManager> {
    let member = may(ctx, Action::Appoint)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let roster = case::roster(&reader, member.setting, ctx.now).await?;
    let works = |id: &PersonId| CASE_ROLES.iter().any(|role| roster.get(role).is_some_and(|held| held.contains(id)));
    let people = store::people::list(&reader, member.setting, None).await?;
    Ok(CaseManager {
        named: case::profile(&reader, member.setting).await?.case_manager,
        could: people.into_iter().filter(|person| works(&person.id)).map(|person| (person.id, person.name)).collect(),
    })
}

/// Names somebody, or nobody. What was told before stays where it was told.
///
/// # Errors
/// [`domain::access::Refused`]; [`Error::Invalid`] on `person`.
pub async fn name_case_manager(services: &Services, ctx: &mut OpCtx, person: Option<PersonId>) -> Result<()> {
    let member = may(ctx, Action::Appoint)?;
    let could = case_manager(services, ctx).await?.could;
    if person.is_some_and(|person| could.iter().all(|(id, _)| *id != person)) {
        return Err(Error::invalid("person", "Choose somebody from the list."));
    }
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "setting.case_manager").await?;
    let row = store::settings::lookup(&tx, member.setting).await?.ok_or(Error::NotFound)?;
    let profile = Profile { case_manager: person, ..case::profile(&tx, member.setting).await? };
    let profile = serde_json::to_value(profile).map_err(|error| Error::Internal(error.to_string()))?;
    store::settings::set(&mut tx, &Setting { profile, ..row }).await?;
    tx.commit().await?;
    Ok(())
}
