//! Legal duties to come: shown from the first day, off until the manager enters the day on which they begin. From then on
//! the procedures ask for them in every concern that became known on that day or later.
//!
//! To add one: a line in `content/duties-to-come.toml`, and `{ setting = "KEY", is = ["begun"] }` where it applies.

use domain::OpCtx;
use domain::access::{Action, Refused, Relation, authorize};
use jiff::civil::Date;
use store::Scope;
use store::settings::Setting;

use crate::concerns::case;
use crate::{Error, Result, Services};

/// A duty, and when it begins here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DutyView {
    /// Its key.
    pub key: String,
    /// What it is called.
    pub title: String,
    /// What changes on that day.
    pub text: String,
    /// Where it comes from, and what is not known.
    pub source: String,
    /// The day that was entered; none: off.
    pub begins: Option<Date>,
    /// It has begun.
    pub on: bool,
}

/// The duties to come.
///
/// # Errors
/// Refused for who reads no evidence.
pub async fn list(services: &Services, ctx: &OpCtx) -> Result<Vec<DutyView>> {
    authorize(&ctx.actor, Action::ReadEvidence, Relation::Setting)?;
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let profile = case::profile(&reader, member.setting).await?;
    let today = services.calendar.local(ctx.now).date();
    let view = |duty: &domain::content::DutyToCome| {
        let begins = profile.duties.get(&duty.key).copied();
        DutyView {
            key: duty.key.clone(),
            title: duty.title.clone(),
            text: duty.text.clone(),
            source: duty.source.clone(),
            begins,
            on: begins.is_some_and(|from| from <= today),
        }
    };
    Ok(services.content.duties_to_come.iter().map(view).collect())
}

/// Enters the day on which a duty begins, or takes it away again.
///
/// # Errors
/// Refused without the right to change the setting; [`Error::NotFound`] for a duty that nobody knows.
pub async fn begin(services: &Services, ctx: &mut OpCtx, key: &str, from: Option<Date>) -> Result<()> {
    authorize(&ctx.actor, Action::ChangeSetting, Relation::Setting)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    if !services.content.duties_to_come.iter().any(|duty| duty.key == key) {
        return Err(Error::NotFound);
    }
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "setting.duty").await?;
    let row = store::settings::lookup(&tx, member.setting).await?.ok_or(Error::NotFound)?;
    let mut profile = case::profile(&tx, member.setting).await?;
    match from {
        Some(day) => profile.duties.insert(key.to_owned(), day),
        None => profile.duties.remove(key),
    };
    let profile = serde_json::to_value(profile).map_err(|error| Error::Internal(error.to_string()))?;
    store::settings::set(&mut tx, &Setting { profile, ..row }).await?;
    tx.commit().await?;
    Ok(())
}
