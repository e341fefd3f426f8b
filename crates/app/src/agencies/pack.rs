//! The area of a setting: one of the packs of the program, or another one, whose agencies people enter by hand or bring as a file
//! in the same form as `content/agencies/kent.toml`. Nothing here removes an entry of the national pack.

use std::collections::BTreeMap;

use domain::access::{Action, Refused, Relation, authorize};
use domain::content::Agency;
use domain::setting::Profile;
use domain::{OpCtx, SettingId};
use serde::Deserialize;
use store::agencies::AgencyCheck;
use store::settings::Setting;
use store::{Scope, Tx};

use super::{Details, clean};
use crate::concerns::case;
use crate::{Error, Result, Services};

/// The longest pack that is read, in characters, and the most agencies in it.
const LONGEST_PACK: usize = 60_000;
const MOST: usize = 60;
/// The pack that every setting has.
const NATIONAL: &str = "national";
/// The key of an area for which the program carries no pack.
pub const OTHER: &str = "other";

/// Where the setting is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Area {
    /// Key of its pack, or `other`.
    pub key: String,
    /// Keys of the packs that the program carries.
    pub packs: Vec<String>,
}

/// Where the setting is, and what else could be chosen.
///
/// # Errors
/// [`Refused`] for who does not keep the directory.
pub async fn area(services: &Services, ctx: &OpCtx) -> Result<Area> {
    authorize(&ctx.actor, Action::KeepAgencies, Relation::Setting)?;
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let key = case::profile(&reader, member.setting).await?.area;
    let packs = services.content.agencies.keys().filter(|key| *key != NATIONAL).cloned().collect();
    Ok(Area { key, packs })
}

/// Says where the setting is.
///
/// # Errors
/// [`Refused`] for who may not change the setting; [`Error::Invalid`] on `area`.
pub async fn set_area(services: &Services, ctx: &mut OpCtx, key: &str) -> Result<()> {
    authorize(&ctx.actor, Action::ChangeSetting, Relation::Setting)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let known = key == OTHER || (key != NATIONAL && services.content.agencies.contains_key(key));
    if !known {
        return Err(Error::invalid("area", "Choose an area from the list."));
    }
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "setting.area").await?;
    let row = store::settings::lookup(&tx, member.setting).await?.ok_or(Error::NotFound)?;
    let profile = Profile { area: key.to_owned(), ..case::profile(&tx, member.setting).await? };
    let profile = serde_json::to_value(profile).map_err(|error| Error::Internal(error.to_string()))?;
    store::settings::set(&mut tx, &Setting { profile, ..row }).await?;
    tx.commit().await?;
    Ok(())
}

/// Enters an agency by hand.
///
/// # Errors
/// [`Refused`]; [`Error::Invalid`] on `name`, `when`, `note` or a number.
pub async fn add(services: &Services, ctx: &mut OpCtx, details: Details, note: &str) -> Result<String> {
    authorize(&ctx.actor, Action::KeepAgencies, Relation::Setting)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let details = clean(details)?;
    let Some(name) = details.name.clone() else { return Err(Error::invalid("name", "Write its name.")) };
    let when = details.when.clone().unwrap_or_default();
    if when.chars().count() < 3 || when.chars().count() > 300 {
        return Err(Error::invalid("when", "Say in one or two sentences when to turn to it."));
    }
    let note = note.trim();
    if note.chars().count() < 3 || note.chars().count() > 300 {
        return Err(Error::invalid("note", "Say how you checked it, in one line: rung it, read their page."));
    }
    let key = slug(&name);
    if key == "own_" {
        return Err(Error::invalid("name", "Write its name in letters."));
    }
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "agency.add").await?;
    let area = case::profile(&tx, member.setting).await?.area;
    let there = super::of(services, &tx, member.setting, &area).await?;
    if there.iter().any(|agency| agency.key == key || agency.name == name) {
        return Err(Error::invalid("name", "It is in the directory already: confirm or correct it there."));
    }
    write(&mut tx, member.setting, member.person, &key, &details, note).await?;
    tx.commit().await?;
    Ok(key)
}

fn slug(name: &str) -> String {
    let letters: String =
        name.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).take(60).collect();
    let words: Vec<&str> = letters.split('_').filter(|word| !word.is_empty()).collect();
    format!("own_{}", words.join("_"))
}

/// The form of a pack.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pack {
    #[serde(default)]
    agency: Vec<Agency>,
}

/// Takes a pack file: an agency of a key that is known replaces its numbers, name and use here; any other is added. Its own
/// "last checked" day counts, so that an old pack shows as old.
///
/// # Errors
/// [`Refused`]; [`Error::Invalid`] on `pack`, with the line that is wrong; nothing is taken then.
pub async fn take_pack(services: &Services, ctx: &mut OpCtx, text: &str) -> Result<usize> {
    authorize(&ctx.actor, Action::KeepAgencies, Relation::Setting)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    if text.chars().count() > LONGEST_PACK {
        return Err(Error::invalid("pack", "This is longer than any pack. Take one area at a time."));
    }
    let pack: Pack = toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| text.get(..span.start).unwrap_or_default().lines().count().max(1));
        Error::invalid("pack", &format!("Line {line}: {}", error.message()))
    })?;
    if pack.agency.is_empty() || pack.agency.len() > MOST {
        return Err(Error::invalid("pack", "A pack has between 1 and 60 agencies."));
    }
    let today = services.calendar.local(ctx.now).date();
    let mut rows = BTreeMap::new();
    for agency in &pack.agency {
        let wrong = |say: String| Error::invalid("pack", &format!("{}: {say}", agency.key));
        let plain = agency.key.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if !plain || agency.key.is_empty() || agency.key.len() > 60 {
            return Err(wrong("a key is of small letters, digits and _.".to_owned()));
        }
        if agency.last_checked > today {
            return Err(wrong("it cannot have been checked on a day to come.".to_owned()));
        }
        let details = Details {
            name: Some(agency.name.clone()),
            when: Some(agency.when.clone()),
            last_checked: Some(agency.last_checked),
            ..Details::of(agency)
        };
        let details = clean(details).map_err(|error| match error {
            Error::Invalid(said) => wrong(said.into_values().collect::<Vec<_>>().join(" ")),
            other => other,
        })?;
        let note: String = format!("From a pack file: {}", agency.source).chars().take(300).collect();
        rows.insert(agency.key.clone(), (details, note));
    }
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "agency.pack").await?;
    for (key, (details, note)) in &rows {
        write(&mut tx, member.setting, member.person, key, details, note).await?;
    }
    tx.commit().await?;
    Ok(rows.len())
}

async fn write(
    tx: &mut Tx,
    setting: SettingId,
    by: domain::PersonId,
    key: &str,
    details: &Details,
    note: &str,
) -> Result<()> {
    let row = AgencyCheck {
        id: tx.fresh(),
        setting_id: setting,
        agency: key.to_owned(),
        details: serde_json::to_value(details).map_err(|error| Error::Internal(error.to_string()))?,
        note: note.to_owned(),
        checked_at: tx.now(),
        checked_by: by,
    };
    Ok(store::agencies::add(tx, &row).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_plain() {
        assert_eq!(slug("Essex Children's Hub (MASH)"), "own_essex_children_s_hub_mash");
        assert_eq!(slug("  ---  "), "own_");
    }
}
