//! One account in several settings (S41): which there are, and going from one to the other.
//!
//! What it is not: a view over several settings at once. A session stands in one; what is seen and done belongs to that one.

use domain::access::{self, Action, Relation};
use domain::people::RoleSet;
use domain::{OpCtx, SettingId};
use store::Scope;

use super::{SignedIn, Visit, sessions};
use crate::error::{Error, Result};
use crate::services::Services;

/// A setting in which somebody has a role today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Which.
    pub setting: SettingId,
    /// Its name.
    pub name: String,
    /// The titles of their roles there.
    pub titles: Vec<String>,
    /// Where this session stands.
    pub here: bool,
}

/// The settings in which one has a role today, in the order in which one came to them.
///
/// # Errors
/// Refused when nobody is signed in.
pub async fn list_places(services: &Services, ctx: &OpCtx) -> Result<Vec<Place>> {
    access::authorize(&ctx.actor, Action::KeepOwnAccount, Relation::Own)?;
    let member = ctx.member().ok_or(Error::NotFound)?;
    let reader = services.db.read(Scope::All).await?;
    let mut places = Vec::new();
    for membership in store::people::list_memberships_of_account(&reader, member.account).await? {
        let (roles, _) = sessions::roles_of(&reader, membership.setting_id, membership.person_id, ctx.now).await?;
        if roles.is_empty() {
            continue;
        }
        let setting = store::settings::lookup(&reader, membership.setting_id).await?.ok_or(Error::NotFound)?;
        let profile = sessions::profile_of(&reader, setting.id).await?;
        places.push(Place {
            setting: setting.id,
            name: setting.name,
            titles: titles(&profile, &roles),
            here: setting.id == member.setting,
        });
    }
    Ok(places)
}

fn titles(profile: &domain::setting::Profile, roles: &RoleSet) -> Vec<String> {
    roles.iter().map(|role| profile.title(*role).to_owned()).collect()
}

/// Takes this session to another of one's settings. It gets a fresh token, and its roles are those of the other one.
///
/// # Errors
/// [`Error::NotFound`] where one has no role today.
pub async fn choose_place(services: &Services, ctx: &mut OpCtx, visit: &Visit, to: SettingId) -> Result<SignedIn> {
    access::authorize(&ctx.actor, Action::KeepOwnAccount, Relation::Own)?;
    let mut tx = services.db.write(ctx, Scope::All, "session.choose_place").await?;
    let mut session = sessions::current(&tx, visit).await?;
    let account = store::accounts::lookup(&tx, visit.account).await?.ok_or(Error::NotFound)?;
    let standing = sessions::standing_of(&tx, account, to, ctx.now).await?;
    let standing = standing.filter(|standing| !standing.roles.is_empty()).ok_or(Error::NotFound)?;
    session.setting_id = Some(to);
    let signed_in = sessions::renew(&mut tx, ctx, &mut session, &standing).await?;
    sessions::note(&mut tx, visit.account).await?;
    tx.commit().await?;
    Ok(signed_in)
}
