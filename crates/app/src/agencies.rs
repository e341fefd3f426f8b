//! The directory of agencies (AGY-01): the pack of the area over the national one, and over both what people of this setting
//! found when they rang or read a number. The pack stays as the source; a check is dated, signed and never overwritten.
//!
//! A setting in an area without a pack enters its agencies by hand, or takes a pack file (`pack`); both are checks too.

use std::collections::BTreeMap;

use domain::access::{Action, Refused, Relation, authorize};
use domain::content::Agency;
use domain::{OpCtx, PersonId, SettingId};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use store::agencies::AgencyCheck;
use store::{Reads, Scope};

use crate::concerns::case;
use crate::{Error, Result, Services, contacts};

mod pack;

pub use pack::{Area, OTHER, add, area, set_area, take_pack};

/// After so many days a number is old: guidance and teams change within a school year.
pub const OLD_AFTER_DAYS: i64 = 365;

/// The directory, as one may read it.
#[derive(Debug, Clone)]
pub struct Directory {
    /// The setting's name.
    pub setting: String,
    /// Key of the area's pack.
    pub area: String,
    /// Agencies, the area's own first.
    pub entries: Vec<Entry>,
    /// May this reader write down what they found?
    pub may_check: bool,
}

/// One agency.
#[derive(Debug, Clone)]
pub struct Entry {
    /// As it holds here: with this setting's own numbers.
    pub agency: Agency,
    /// Of the area's own pack, or the whole country's?
    pub local: bool,
    /// What the pack says where this setting found something else.
    pub pack: Option<Agency>,
    /// Who checked it here last.
    pub checked: Option<Check>,
    /// The day that counts: the pack's or the setting's own, whichever is newer.
    pub last_checked: Date,
    /// That day is long ago.
    pub old: bool,
}

/// A check by somebody of this setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// By whom.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// How.
    pub note: String,
}

/// What somebody found to be right. Empty means: there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    /// Telephone.
    #[serde(default)]
    pub phone: Option<String>,
    /// Out of hours.
    #[serde(default)]
    pub phone_out_of_hours: Option<String>,
    /// Mail address.
    #[serde(default)]
    pub email: Option<String>,
    /// Web address, without a protocol.
    #[serde(default)]
    pub web: Option<String>,
    /// Opening hours, in words.
    #[serde(default)]
    pub hours: Option<String>,
    /// Its name here, where the pack has none or another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// When to use it, where the pack has no word or another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// The day on which it was checked, where that is not the day on which it was written down: a pack file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_checked: Option<Date>,
}

impl Details {
    fn of(agency: &Agency) -> Self {
        Self {
            phone: agency.phone.clone(),
            phone_out_of_hours: agency.phone_out_of_hours.clone(),
            email: agency.email.clone(),
            web: agency.web.clone(),
            hours: agency.hours.clone(),
            ..Self::default()
        }
    }

    fn over(self, agency: &Agency, day: Date) -> Agency {
        let Self { phone, phone_out_of_hours, email, web, hours, name, when, last_checked: _ } = self;
        let name = name.unwrap_or_else(|| agency.name.clone());
        let when = when.unwrap_or_else(|| agency.when.clone());
        let known = agency.clone();
        Agency {
            phone,
            phone_out_of_hours,
            email,
            web,
            hours,
            name,
            when,
            unchecked: false,
            last_checked: day,
            ..known
        }
    }
}

/// The agencies of a setting, with its own numbers. Where a number is shown, it comes from here.
pub(crate) async fn of(services: &Services, db: &impl Reads, setting: SettingId, area: &str) -> Result<Vec<Agency>> {
    let newest = newest(db, setting).await?;
    let known = services.content.agencies_of(area).into_iter();
    let own = own(services, area, &newest);
    Ok(known
        .map(|agency| merged(services, agency, newest.get(&agency.key)).unwrap_or_else(|| agency.clone()))
        .chain(own)
        .collect())
}

/// What people here entered that no pack has.
fn own(services: &Services, area: &str, newest: &BTreeMap<String, AgencyCheck>) -> Vec<Agency> {
    let packed = services.content.agencies_of(area);
    let own = newest.values().filter(|check| packed.iter().all(|agency| agency.key != check.agency));
    own.filter_map(|check| {
        let details: Details = serde_json::from_value(check.details.clone()).ok()?;
        let (name, when) = (details.name.clone()?, details.when.clone()?);
        let day = day_of(services, check, &details);
        let empty = Agency {
            key: check.agency.clone(),
            name,
            when,
            phone: None,
            phone_out_of_hours: None,
            web: None,
            email: None,
            hours: None,
            for_families: false,
            unchecked: false,
            advice_first: false,
            last_checked: day,
            source: check.note.clone(),
        };
        Some(details.over(&empty, day))
    })
    .collect()
}

fn day_of(services: &Services, check: &AgencyCheck, details: &Details) -> Date {
    details.last_checked.unwrap_or_else(|| services.calendar.local(check.checked_at).date())
}

/// The setting's own word over the pack's, unless the pack was checked since.
fn merged(services: &Services, agency: &Agency, check: Option<&AgencyCheck>) -> Option<Agency> {
    let check = check?;
    let details: Details = serde_json::from_value(check.details.clone()).ok()?;
    let day = day_of(services, check, &details);
    (day >= agency.last_checked).then(|| details.over(agency, day))
}

async fn newest(db: &impl Reads, setting: SettingId) -> Result<BTreeMap<String, AgencyCheck>> {
    let all = store::agencies::list(db, setting).await?;
    Ok(all.into_iter().map(|check| (check.agency.clone(), check)).collect())
}

/// The directory. Families, and whoever is not signed in, see what is made for them too.
///
/// # Errors
/// [`Refused`] for an inspector; [`Refused::SignIn`] for nobody where there are many settings.
pub async fn directory(services: &Services, ctx: &OpCtx) -> Result<Directory> {
    let (setting, all) = match ctx.member() {
        Some(member) => {
            authorize(&ctx.actor, Action::ReadContacts, Relation::Setting)?;
            (member.setting, member.roles.iter().any(|role| role.is_staff()))
        }
        None => (contacts::only_setting(services).await?, false),
    };
    let reader = services.db.read(Scope::Setting(setting)).await?;
    let row = store::settings::lookup(&reader, setting).await?.ok_or(Error::NotFound)?;
    let area = case::profile(&reader, setting).await?.area;
    let newest = newest(&reader, setting).await?;
    let local: Vec<&str> =
        services.content.agencies.get(&area).into_iter().flatten().map(|agency| agency.key.as_str()).collect();
    let today = services.calendar.local(ctx.now).date();
    let mut entries = Vec::new();
    let own_entries = own(services, &area, &newest);
    for agency in services.content.agencies_of(&area).into_iter().chain(&own_entries) {
        if !all && !agency.for_families {
            continue;
        }
        let check = newest.get(&agency.key);
        let own = merged(services, agency, check);
        let packed = own_entries.iter().all(|own| own.key != agency.key);
        let differs = packed && own.as_ref().is_some_and(|own| Details::of(own) != Details::of(agency));
        let shown = own.unwrap_or_else(|| agency.clone());
        let checked = match check {
            Some(check) => Some(Check {
                by: name(&reader, setting, check.checked_by).await?,
                at: check.checked_at,
                note: check.note.clone(),
            }),
            None => None,
        };
        entries.push(Entry {
            local: local.contains(&agency.key.as_str()) || own_entries.iter().any(|own| own.key == agency.key),
            pack: differs.then(|| agency.clone()),
            checked,
            last_checked: shown.last_checked,
            old: is_old(shown.last_checked, today),
            agency: shown,
        });
    }
    // 999 before everything else.
    entries.sort_by_key(|entry| entry.agency.key != "emergency");
    let may_check = authorize(&ctx.actor, Action::KeepAgencies, Relation::Setting).is_ok();
    Ok(Directory { setting: row.name, area, entries, may_check })
}

/// Is a number that was last checked on this day an old one?
pub fn is_old(last_checked: Date, today: Date) -> bool {
    last_checked.until(today).is_ok_and(|since| i64::from(since.get_days()) > OLD_AFTER_DAYS)
}

async fn name(db: &impl Reads, setting: SettingId, person: PersonId) -> Result<String> {
    let found = store::people::lookup(db, setting, person).await?;
    Ok(found.map_or_else(|| "somebody who is gone".to_owned(), |person| person.name))
}

/// One agency, for the form with which somebody confirms or corrects it.
///
/// # Errors
/// [`Refused`]; [`Error::NotFound`] for a key that no pack has.
pub async fn one(services: &Services, ctx: &OpCtx, key: &str) -> Result<Entry> {
    authorize(&ctx.actor, Action::KeepAgencies, Relation::Setting)?;
    let found = directory(services, ctx).await?;
    found.entries.into_iter().find(|entry| entry.agency.key == key).ok_or(Error::NotFound)
}

/// Writes down that somebody checked an agency's numbers and what is right.
///
/// # Errors
/// [`Refused`]; [`Error::NotFound`]; [`Error::Invalid`] on `phone`, `phone_out_of_hours`, `email`, `web`, `hours` or `note`.
pub async fn check(services: &Services, ctx: &mut OpCtx, key: &str, details: Details, note: &str) -> Result<()> {
    authorize(&ctx.actor, Action::KeepAgencies, Relation::Setting)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let details = clean(details)?;
    let note = note.trim();
    if note.chars().count() < 3 || note.chars().count() > 300 {
        return Err(Error::invalid("note", "Say how you checked it, in one line: rung it, read their page."));
    }
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "agency.check").await?;
    let area = case::profile(&tx, member.setting).await?.area;
    let known = services.content.agencies_of(&area).iter().any(|agency| agency.key == key);
    let before = newest(&tx, member.setting).await?.remove(key);
    if !known && before.is_none() {
        return Err(Error::NotFound);
    }
    // Name and use are not on this form: what was entered before stays.
    let before: Option<Details> = before.and_then(|check| serde_json::from_value(check.details).ok());
    let (name, when) = before.map_or((None, None), |before| (before.name, before.when));
    let details = Details { name, when, last_checked: None, ..details };
    let row = AgencyCheck {
        id: tx.fresh(),
        setting_id: member.setting,
        agency: key.to_owned(),
        details: serde_json::to_value(&details).map_err(|error| Error::Internal(error.to_string()))?,
        note: note.to_owned(),
        checked_at: ctx.now,
        checked_by: member.person,
    };
    store::agencies::add(&mut tx, &row).await?;
    tx.commit().await?;
    Ok(())
}

fn clean(details: Details) -> Result<Details> {
    let mut wrong = BTreeMap::new();
    let mut line = |field: &str, text: Option<String>, fits: fn(&str) -> bool, say: &str| {
        let text = text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())?;
        if text.chars().count() > 120 || text.chars().any(char::is_control) || !fits(&text) {
            wrong.insert(field.to_owned(), say.to_owned());
        }
        Some(text)
    };
    let number = |text: &str| {
        text.chars().any(|c| c.is_ascii_digit()) && text.chars().all(|c| c.is_ascii_digit() || " +()-".contains(c))
    };
    let details = Details {
        phone: line("phone", details.phone, number, "Write the number with digits and spaces."),
        phone_out_of_hours: line(
            "phone_out_of_hours",
            details.phone_out_of_hours,
            number,
            "Write the number with digits and spaces.",
        ),
        email: line("email", details.email, |text| text.contains('@') && !text.contains(' '), "Write a mail address."),
        web: line(
            "web",
            details.web,
            |text| text.contains('.') && !text.contains(' ') && !text.contains("://"),
            "Write the address without https, like kscmp.org.uk.",
        ),
        hours: line("hours", details.hours, |_| true, "Shorten this to 120 characters."),
        name: line("name", details.name, |_| true, "Shorten this to 120 characters."),
        when: details.when.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()),
        last_checked: details.last_checked,
    };
    if wrong.is_empty() { Ok(details) } else { Err(Error::Invalid(wrong)) }
}
