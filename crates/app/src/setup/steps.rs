//! The list of what a new setting still needs. Each step's state is read from the records, never remembered.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use domain::access::{Action, Relation, authorize};
use domain::concern::Urgency;
use domain::people::{PersonKind, Role};
use domain::setting::{ByPerson, FourEyes, Hours, Profile};
use domain::{OpCtx, PersonId, SettingId};
use jiff::civil::Time;
use store::people::Appointment;
use store::{Reads, Scope, Tx};

use super::recovery_code::is_typed_back;
use crate::accounts::{HandOver, choose, password, sessions, sign_in};
use crate::error::{Error, Result};
use crate::filtering::{four_eyes, publish};
use crate::notices::{self, Matter};
use crate::people::{self, PersonDraft};
use crate::services::Services;

/// Days of a week, as keys of a profile's hours.
pub const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// What a setting needs before children's devices go through it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StepKey {
    /// The first person's second factor.
    SecondFactor,
    /// A lead is named.
    Lead,
    /// A chair, owner or committee is named, for what is about the manager.
    Chair,
    /// Who filters now, and their resolvers (S26).
    Filtering,
    /// When the setting is open.
    Hours,
    /// Devices are in the register.
    Devices,
    /// Calls, alarms, medical devices and door entry were asked for (S30).
    Essential,
    /// The recovery code was printed twice and typed back (S36).
    RecoveryCode,
}

/// A step, and whether it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Which.
    pub key: StepKey,
    /// Done?
    pub done: bool,
}

/// The steps, in the order in which they are best done. Set-up is over when all are done.
///
/// # Errors
/// Refused for whoever may not change the setting.
pub async fn steps(services: &Services, ctx: &OpCtx) -> Result<Vec<Step>> {
    // The second factor is one of the steps, so the list itself cannot ask for it.
    let member = ctx.member().ok_or(domain::access::Refused::SignIn)?;
    if !member.roles.contains(&Role::Manager) {
        authorize(&ctx.actor, Action::ChangeSetting, Relation::Setting)?;
    }
    let reader = services.db.read(Scope::All).await?;
    let account = store::accounts::lookup(&reader, member.account).await?.ok_or(Error::NotFound)?;
    let profile = sessions::profile_of(&reader, member.setting).await?;
    let held = |role: Role| store::people::find_by_role(&reader, member.setting, role, ctx.now);
    let filtering = profile.providers.get("filtering").is_some_and(|name| !name.is_empty());
    let done = [
        (StepKey::SecondFactor, account.totp_secret.is_some()),
        (StepKey::Lead, !held(Role::Dsl).await?.is_empty()),
        (StepKey::Chair, !held(Role::Chair).await?.is_empty()),
        (StepKey::Filtering, filtering && !profile.upstream.is_empty()),
        (StepKey::Hours, !profile.hours.is_empty()),
        (StepKey::Devices, !store::devices::list(&reader, member.setting).await?.is_empty()),
        (StepKey::Essential, super::essential::is_asked(&reader, member.setting, ctx.now).await?),
        (StepKey::RecoveryCode, is_typed_back(&reader, member.setting, ctx.now).await?),
    ];
    Ok(done.into_iter().map(|(key, done)| Step { key, done }).collect())
}

/// Somebody who is named during set-up: register, role and sign-in in one go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedPerson {
    /// Full name.
    pub name: String,
    /// Username; empty: they sign in later, from the register.
    pub username: String,
    /// Address.
    pub email: Option<String>,
    /// Telephone: the lead's is shown on every page (DSL-01).
    pub phone: Option<String>,
    /// Oneself: no new person.
    pub myself: bool,
}

/// Names somebody for a role. With a username they get a link to choose their password, to be handed over.
///
/// # Errors
/// [`Error::Invalid`] by field; refused without the right to appoint.
pub async fn name_somebody(
    services: &Services,
    ctx: &mut OpCtx,
    role: Role,
    named: NamedPerson,
) -> Result<Option<HandOver>> {
    let member = people::may(ctx, Action::Appoint)?;
    if named.myself {
        if role == Role::Chair {
            return Err(Error::invalid("name", "Name somebody else: the chair hears what is about the manager."));
        }
        people::appoint(services, ctx, member.person, role).await?;
        return Ok(None);
    }
    let username = sign_in::fold_username(&named.username);
    if !username.is_empty() {
        people::check_username(&username)?;
    }
    let draft = people::checked(PersonDraft {
        kind: PersonKind::Staff,
        name: named.name,
        known_as: String::new(),
        born: None,
        email: named.email,
        phone: named.phone,
        room: None,
        joined: None,
        gone: None,
    })?;
    let hash = if username.is_empty() {
        None
    } else {
        let nobody_knows = crate::accounts::Token::fresh(&mut *ctx.rng);
        Some(password::hash(nobody_knows.expose(), &mut *ctx.rng).await?)
    };
    let mut tx = services.db.write(ctx, Scope::All, "set_up.name_somebody").await?;
    let person = draft.into_row(ctx.fresh(), member.setting);
    store::people::add(&mut tx, &person).await?;
    let mut roles = vec![role];
    if role != Role::Chair {
        roles.push(Role::Practitioner);
    }
    for role in roles {
        appoint_in(&mut tx, ctx, member.setting, person.id, role, member.person).await?;
    }
    let hand_over = match hash {
        None => None,
        Some(hash) => {
            if store::accounts::find_by_username(&tx, &username).await?.is_some() {
                return Err(Error::invalid("username", "This username is taken."));
            }
            let account = people::new_account(ctx, username, hash);
            store::accounts::add(&mut tx, &account).await?;
            let membership = people::new_membership(ctx, member.setting, account.id, person.id);
            store::people::add_membership(&mut tx, &membership).await?;
            let of = Some((member.setting, person.id));
            Some(choose::link(&mut tx, ctx, account.id, of, Some(member.person)).await?)
        }
    };
    tx.commit().await?;
    Ok(hand_over)
}

async fn appoint_in(
    tx: &mut Tx,
    ctx: &mut OpCtx,
    setting: SettingId,
    person: PersonId,
    role: Role,
    made_by: PersonId,
) -> Result<()> {
    let appointment = Appointment {
        id: ctx.fresh(),
        setting_id: setting,
        person_id: person,
        role,
        starts_at: ctx.now,
        ends_at: None,
        made_by: Some(made_by),
        kinds: None,
    };
    Ok(store::people::add_appointment(tx, &appointment).await?)
}

/// Who filters now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilteringAnswers {
    /// Who provides the internet.
    pub internet: String,
    /// Who filters now: their name; Holdfast stands in front of them, not instead (S26).
    pub filtering: String,
    /// Their resolvers, separated by commas, spaces or lines; kept upstream.
    pub resolvers: String,
}

/// Writes down who filters now and keeps their resolvers upstream.
///
/// # Errors
/// [`Error::Invalid`] on `filtering` or `resolvers`.
pub async fn set_filtering(services: &Services, ctx: &mut OpCtx, answers: FilteringAnswers) -> Result<()> {
    let upstream = resolvers(&answers.resolvers).map_err(|say| Error::invalid("resolvers", &say))?;
    let (internet, filtering) = (tidy(&answers.internet), tidy(&answers.filtering));
    if filtering.is_empty() {
        return Err(Error::invalid("filtering", "Say who filters the internet here now. Ask whoever pays the bill."));
    }
    change(services, ctx, "set_up.set_filtering", move |profile| {
        profile.providers.insert("internet".into(), internet);
        profile.providers.insert("filtering".into(), filtering);
        profile.upstream = upstream;
    })
    .await
}

/// Writes down in which app children's progress is shared; empty: in none (APP-03).
///
/// # Errors
/// As any write.
pub async fn set_progress_app(services: &Services, ctx: &mut OpCtx, name: &str) -> Result<()> {
    let name = tidy(name);
    change(services, ctx, "set_up.set_progress_app", move |profile| {
        profile.apps.insert("progress".into(), name);
    })
    .await
}

fn tidy(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(120).collect()
}

/// Reads resolvers: addresses, with a port or without.
fn resolvers(typed: &str) -> std::result::Result<Vec<String>, String> {
    let mut found = Vec::new();
    for part in typed.split(|c: char| c == ',' || c == ';' || c.is_whitespace()).filter(|part| !part.is_empty()) {
        let shown: String = part.chars().take(45).collect();
        let address = part
            .parse::<SocketAddr>()
            .or_else(|_| part.parse::<IpAddr>().map(|address| SocketAddr::new(address, 53)))
            .map_err(|_| format!("“{shown}” is not an address such as 192.0.2.53."))?;
        found.push(address.to_string());
    }
    match found.len() {
        0 => Err("Enter the addresses of their resolvers. They stand in the router, or ask the provider.".into()),
        1..=4 => Ok(found),
        _ => Err("Enter at most four.".into()),
    }
}

/// Hours of a day as typed; empty ones are closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayHours {
    /// One of [`DAYS`].
    pub day: String,
    /// `08:00`, or empty.
    pub from: String,
    /// `18:00`, or empty.
    pub to: String,
}

/// When the setting is open, for the form: what was written down; before that, Monday to Friday from 8 to 6.
///
/// # Errors
/// Refused for whoever may not change the setting.
pub async fn hours(services: &Services, ctx: &OpCtx) -> Result<Vec<DayHours>> {
    let member = people::may(ctx, Action::ChangeSetting)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let known = profile_in(&reader, member.setting).await?.hours;
    let text = |time: Time| time.strftime("%H:%M").to_string();
    let day = |(at, key): (usize, &&str)| {
        let (from, to) = match known.get(*key) {
            Some(hours) => (text(hours.from), text(hours.to)),
            None if known.is_empty() && at < 5 => ("08:00".to_owned(), "18:00".to_owned()),
            None => (String::new(), String::new()),
        };
        DayHours { day: (*key).to_owned(), from, to }
    };
    Ok(DAYS.iter().enumerate().map(day).collect())
}

/// Writes down when the setting is open.
///
/// # Errors
/// [`Error::Invalid`] on `DAY-from` or `DAY-to`.
pub async fn set_hours(services: &Services, ctx: &mut OpCtx, days: &[DayHours]) -> Result<()> {
    let mut wrong = BTreeMap::new();
    let mut hours = BTreeMap::new();
    for typed in days.iter().filter(|typed| DAYS.contains(&typed.day.as_str())) {
        let field = |end: &str| format!("{}-{end}", typed.day);
        match (typed.from.trim(), typed.to.trim()) {
            ("", "") => {}
            (from, to) => match (time(from), time(to)) {
                (Some(from), Some(to)) if from < to => {
                    hours.insert(typed.day.clone(), Hours { from, to });
                }
                (Some(_), Some(_)) => {
                    wrong.insert(field("to"), "The end is before the beginning.".to_owned());
                }
                (from, _) => {
                    let field = if from.is_none() { field("from") } else { field("to") };
                    wrong.insert(field, "Write a time like 08:00, or leave both empty for a closed day.".to_owned());
                }
            },
        }
    }
    if hours.is_empty() && wrong.is_empty() {
        wrong.insert("monday-from".to_owned(), "Enter the hours of at least one day.".to_owned());
    }
    if !wrong.is_empty() {
        return Err(Error::Invalid(wrong));
    }
    change(services, ctx, "set_up.set_hours", move |profile| profile.hours = hours).await?;
    // Groups may keep these hours too.
    if let Some(member) = ctx.member() {
        publish::now(services, member.setting).await;
    }
    Ok(())
}

/// Whether activity is recorded by person, as it stands.
///
/// # Errors
/// Refused for whoever may not change the setting.
pub async fn by_person(services: &Services, ctx: &OpCtx) -> Result<Option<ByPerson>> {
    let member = people::may(ctx, Action::ChangeSetting)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    Ok(profile_in(&reader, member.setting).await?.by_person)
}

/// Has activity recorded by person, once its risks were assessed and people were told, for a year at most; or no longer.
///
/// # Errors
/// [`Error::Invalid`] on `dpia`, `notice` or `until`.
pub async fn set_by_person(services: &Services, ctx: &mut OpCtx, record: Option<ByPerson>) -> Result<()> {
    let today = services.calendar.local(ctx.now).date();
    let mut wrong = BTreeMap::new();
    if let Some(record) = &record {
        for (field, text, say) in [
            ("dpia", &record.dpia, "Say where the assessment lies and what it found, in 20 to 1,000 letters."),
            ("notice", &record.notice, "Say how and when everybody was told, in 20 to 1,000 letters."),
        ] {
            if !(20..=1_000).contains(&text.trim().chars().count()) {
                wrong.insert(field.to_owned(), say.to_owned());
            }
        }
        if record.until < today || record.until > today.saturating_add(jiff::Span::new().years(1)) {
            wrong.insert("until".to_owned(), "Choose a day from today to a year from now.".to_owned());
        }
    }
    if !wrong.is_empty() {
        return Err(Error::Invalid(wrong));
    }
    change(services, ctx, "set_up.set_by_person", move |profile| profile.by_person = record).await?;
    if let Some(member) = ctx.member() {
        publish::now(services, member.setting).await;
    }
    Ok(())
}

/// Seconds for which a call for help rings in its room before the office is called too, as they stand.
///
/// # Errors
/// Refused for whoever may not change the setting.
pub async fn help_after(services: &Services, ctx: &OpCtx) -> Result<u32> {
    let member = people::may(ctx, Action::ChangeSetting)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    Ok(profile_in(&reader, member.setting).await?.help_after_seconds)
}

/// Writes them down.
///
/// # Errors
/// [`Error::Invalid`] on `seconds`.
pub async fn set_help_after(services: &Services, ctx: &mut OpCtx, seconds: u32) -> Result<()> {
    let range = domain::setting::HELP_AFTER;
    if !range.contains(&seconds) {
        let say = format!("Enter seconds, from {} to {}.", range.start(), range.end());
        return Err(Error::invalid("seconds", &say));
    }
    change(services, ctx, "set_up.set_help_after", move |profile| profile.help_after_seconds = seconds).await
}

/// Who approves a change of the filter, as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Approving {
    /// The setting's own word.
    pub four_eyes: FourEyes,
    /// How many may approve and do not govern.
    pub approvers: usize,
}

/// Who approves a change of the filter here.
///
/// # Errors
/// Refused for whoever may not change the setting.
pub async fn approving(services: &Services, ctx: &OpCtx) -> Result<Approving> {
    let member = people::may(ctx, Action::ChangeSetting)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let approvers = four_eyes::approvers(&reader, member.setting, ctx.now).await?.len();
    Ok(Approving { four_eyes: profile_in(&reader, member.setting).await?.four_eyes, approvers })
}

/// Writes down whether one person alone may approve here: then the chair approves, or a day passes after everybody was told (S45).
/// The leads and the chair hear of it at once. Changes proposed before are not hastened by it: nobody was told of those.
///
/// # Errors
/// [`Error::Invalid`] on `approving` where a second person may approve: there the delay would only be a way round them.
pub async fn set_approving(services: &Services, ctx: &mut OpCtx, how: FourEyes) -> Result<()> {
    let standing = approving(services, ctx).await?;
    if how == FourEyes::ChairOrDelay && standing.approvers > 1 {
        let say = "More than one person may approve here, so another person approves. Look at the roles first if that is wrong.";
        return Err(Error::invalid("approving", say));
    }
    change(services, ctx, "set_up.set_approving", move |profile| profile.four_eyes = how).await
}

fn time(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once([':', '.'])?;
    let two = |part: &str| (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    if !two(hour) || !two(minute) {
        return None;
    }
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

async fn change(services: &Services, ctx: &mut OpCtx, act: &str, how: impl FnOnce(&mut Profile)) -> Result<()> {
    let member = people::may(ctx, Action::ChangeSetting)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), act).await?;
    let mut row = store::settings::lookup(&tx, member.setting).await?.ok_or(Error::NotFound)?;
    let before = profile_in(&tx, member.setting).await?;
    let mut profile = before.clone();
    how(&mut profile);
    let elsewhere = !before.upstream.is_empty() && before.upstream != profile.upstream;
    if elsewhere {
        profile.upstream_since = Some(tx.now());
    }
    if elsewhere
        || before.by_person != profile.by_person
        || before.four_eyes != profile.four_eyes
        || !before.hours.is_empty() && before.hours != profile.hours
    {
        tell_the_leads(&mut tx, member.setting, member.person).await?;
    }
    if before.hours != profile.hours || before.by_person != profile.by_person {
        publish::later(&mut tx, member.setting).await?;
    }
    row.profile = serde_json::to_value(&profile).map_err(|error| Error::Internal(error.to_string()))?;
    store::settings::set(&mut tx, &row).await?;
    Ok(tx.commit().await?)
}

/// Who filters before us, and when groups close, is nothing that one person changes unseen: the leads and the chair hear of it
/// at once (S26, S45).
pub(super) async fn tell_the_leads(tx: &mut Tx, setting: SettingId, by: PersonId) -> Result<()> {
    let mut people = Vec::new();
    for role in [Role::Dsl, Role::Deputy, Role::Chair] {
        people.extend(
            store::people::find_by_role(&*tx, setting, role, tx.now()).await?.into_iter().map(|held| held.person_id),
        );
    }
    people.sort();
    people.dedup();
    people.retain(|person| *person != by);
    let matter = Matter { urgency: Urgency::Prompt, link: "/filter", concern: None };
    notices::tell(tx, setting, &people, &matter).await
}

async fn profile_in(db: &impl Reads, setting: SettingId) -> Result<Profile> {
    sessions::profile_of(db, setting).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolvers_as_a_router_shows_them() {
        assert_eq!(resolvers("192.0.2.1, 192.0.2.2").unwrap(), ["192.0.2.1:53", "192.0.2.2:53"]);
        assert_eq!(resolvers("[2001:db8::1]:5353\n2001:db8::2").unwrap(), ["[2001:db8::1]:5353", "[2001:db8::2]:53"]);
        for bad in ["", "dns.example.org", "1.1.1.1 1.1.1.2 1.1.1.3 1.1.1.4 1.1.1.5"] {
            assert!(resolvers(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn times_as_people_write_them() {
        assert_eq!(time("8:30"), Time::new(8, 30, 0, 0).ok());
        assert_eq!(time("18.00"), Time::new(18, 0, 0, 0).ok());
        for bad in ["", "8", "25:00", "08:61", "8:3O", "+8:00"] {
            assert_eq!(time(bad), None, "{bad}");
        }
    }
}
