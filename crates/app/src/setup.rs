//! Setting up a real nursery from nothing: a one-time link, the first person, then a list of steps that can be done in
//! any order and left at any time.
//!
//! What it is not: a state machine. Every step's state is read from what is there, so that nothing can be half done
//! unseen. It ends when somebody has typed the recovery code back from paper (S36). Nothing fictional can become real
//! (S50): the mark is set once, here and in the demo, and no use case changes it.

pub mod essential;
pub mod recovery_code;
pub mod steps;
pub mod terms;

use std::collections::BTreeMap;

use domain::people::{PersonKind, Role};
use domain::setting::Profile;
use domain::{OpCtx, SettingId};
use jiff::SignedDuration;
use serde_json::json;
use store::accounts::{Pending, PendingKind};
use store::filtering::FilterPolicy;
use store::people::Appointment;
use store::settings::Setting;
use store::{Reads, Scope};

use crate::accounts::{SignedIn, Token, choose, password, sessions, sign_in};
use crate::error::{Error, Result};
use crate::filtering::{Policy, publish};
use crate::people::{self, PersonDraft};
use crate::services::Services;

pub use recovery_code::{PrintedCode, printed_code, type_back};
pub use steps::{
    Approving, DayHours, FilteringAnswers, NamedPerson, Step, StepKey, approving, by_person, help_after, hours,
    name_somebody, set_approving, set_by_person, set_filtering, set_help_after, set_hours, set_progress_app, steps,
};
pub use terms::{FILE_DAYS, Terms, set_terms, terms};

/// How long the link of a new installation works; `serve` prints a fresh one at each start until it is used.
const LINK_LASTS: SignedDuration = SignedDuration::from_hours(24);

/// The recovery code waits until it is typed back.
const FOR_EVER: SignedDuration = SignedDuration::from_hours(24 * 365 * 100);

/// Whom the first page asks for.
pub struct FirstPerson {
    /// The nursery's name.
    pub setting_name: String,
    /// Key of the template: whose practice is nearest.
    pub template: String,
    /// Their full name.
    pub name: String,
    /// Username.
    pub username: String,
    /// Password.
    pub new: String,
    /// Password again.
    pub again: String,
    /// What this browser is called.
    pub label: String,
}

/// Makes the one-time link of a new installation; an older one stops. `None` once there is a setting: then people sign in.
///
/// `recovery_code` is the paper's text when the keys were made in this start. It waits inside the encrypted database until
/// it has been typed back.
///
/// # Errors
/// [`Error::Unavailable`] when the database does not answer.
pub async fn make_link(services: &Services, ctx: &mut OpCtx, recovery_code: Option<&str>) -> Result<Option<String>> {
    let mut tx = services.db.write(ctx, Scope::All, "set_up.make_link").await?;
    if !store::settings::list(&tx).await?.is_empty() {
        return Ok(None);
    }
    let mut kept = None;
    for mut older in store::accounts::list_pending(&tx, PendingKind::SetUp, None, ctx.now).await? {
        kept = older.payload.get("recovery_code").and_then(|code| code.as_str()).map(str::to_owned).or(kept);
        older.used_at = Some(ctx.now);
        older.payload = json!({});
        store::accounts::set_pending(&mut tx, &older).await?;
    }
    let token = Token::fresh(&mut *ctx.rng);
    let code = recovery_code.map(str::to_owned).or(kept);
    let pending = Pending {
        id: ctx.fresh(),
        kind: PendingKind::SetUp,
        setting_id: None,
        account_id: None,
        person_id: None,
        token_hash: Some(token.digest()),
        payload: json!({ "recovery_code": code }),
        made_by: None,
        created_at: ctx.now,
        expires_at: ctx.now.checked_add(LINK_LASTS).unwrap_or(ctx.now),
        used_at: None,
    };
    store::accounts::add_pending(&mut tx, &pending).await?;
    tx.commit().await?;
    Ok(Some(format!("/set-up/{}", token.expose())))
}

/// Does this link open the set-up?
///
/// # Errors
/// [`Error::NotFound`] when it does not, or a setting exists.
pub async fn check_link(services: &Services, ctx: &OpCtx, token: &Token) -> Result<()> {
    let reader = services.db.read(Scope::All).await?;
    waiting(&reader, ctx, token).await.map(|_| ())
}

async fn waiting(db: &impl Reads, ctx: &OpCtx, token: &Token) -> Result<Pending> {
    if !store::settings::list(db).await?.is_empty() {
        return Err(Error::NotFound);
    }
    let found = store::accounts::find_pending(db, PendingKind::SetUp, &token.digest(), ctx.now).await?;
    found.ok_or(Error::NotFound)
}

/// The templates that a setting can start from: key → what it is, in words.
pub fn templates(services: &Services) -> BTreeMap<String, String> {
    services.content.profiles.values().map(|profile| (profile.key.clone(), describe(profile))).collect()
}

/// The resolvers that the settings of this machine wrote down, in the order of the settings' names (S26).
///
/// # Errors
/// [`Error::Unavailable`] when the database does not answer.
pub async fn resolvers(services: &Services) -> Result<Vec<String>> {
    let reader = services.db.read(Scope::All).await?;
    let mut all = Vec::new();
    for setting in store::settings::list(&reader).await? {
        let profile: Profile = crate::filtering::decide::read(&setting.profile)?;
        all.extend(profile.upstream);
    }
    all.dedup();
    Ok(all)
}

fn describe(profile: &Profile) -> String {
    let deputies = if profile.deputies { "with deputies" } else { "without deputies" };
    let passwords = match profile.password_max_age_days {
        Some(days) => format!("passwords change after {days} days"),
        None => "passwords do not run out".to_owned(),
    };
    format!("One lead {deputies}; ratified by the {}; {passwords}", profile.body.to_lowercase())
}

/// Makes the setting with its first person, who manages it, and signs them in. The link is used up.
///
/// # Errors
/// [`Error::NotFound`] when the link does not work; [`Error::Invalid`] by field; [`Error::Unavailable`] in a demo, which
/// never becomes a real setting (S50).
pub async fn begin(services: &Services, ctx: &mut OpCtx, token: &Token, first: FirstPerson) -> Result<SignedIn> {
    if services.demo {
        return Err(Error::Unavailable {
            say: "This is the demo. It cannot become a real setting; start Holdfast with “serve” in a new folder."
                .into(),
        });
    }
    check_link(services, ctx, token).await?;
    let (profile, name, username, draft) = checked(services, &first)?;
    let hash = password::hash(&first.new, &mut *ctx.rng).await?;
    let mut tx = services.db.write(ctx, Scope::All, "set_up.begin").await?;
    let mut pending = waiting(&tx, ctx, token).await?;
    let setting = Setting {
        id: ctx.fresh::<SettingId>(),
        name,
        profile: serde_json::to_value(&profile).map_err(|error| Error::Internal(error.to_string()))?,
        fictional: false,
        created_at: ctx.now,
        version: 0,
    };
    store::settings::add(&mut tx, &setting).await?;
    let person = draft.into_row(ctx.fresh(), setting.id);
    store::people::add(&mut tx, &person).await?;
    let mut account = people::new_account(ctx, username, hash);
    account.must_change = false;
    store::accounts::add(&mut tx, &account).await?;
    let membership = people::new_membership(ctx, setting.id, account.id, person.id);
    store::people::add_membership(&mut tx, &membership).await?;
    for role in [Role::Manager, Role::Practitioner] {
        let appointment = Appointment {
            id: ctx.fresh(),
            setting_id: setting.id,
            person_id: person.id,
            role,
            starts_at: ctx.now,
            ends_at: None,
            made_by: None,
            kinds: None,
        };
        store::people::add_appointment(&mut tx, &appointment).await?;
    }
    let policy = FilterPolicy {
        setting_id: setting.id,
        number: 1,
        policy: serde_json::to_value(starting_policy()?).map_err(|error| Error::Internal(error.to_string()))?,
        made_at: ctx.now,
        made_by: Some(person.id),
        proposal_id: None,
        note: "The groups that a new setting starts with.".into(),
    };
    store::filtering::add(&mut tx, &policy).await?;
    publish::later(&mut tx, setting.id).await?;
    // The link is used up; the recovery code goes on waiting, for this setting's manager and without an end.
    let code = Pending {
        id: ctx.fresh(),
        setting_id: Some(setting.id),
        token_hash: None,
        made_by: Some(person.id),
        expires_at: ctx.now.checked_add(FOR_EVER).unwrap_or(ctx.now),
        ..pending.clone()
    };
    store::accounts::add_pending(&mut tx, &code).await?;
    (pending.used_at, pending.payload) = (Some(ctx.now), json!({}));
    store::accounts::set_pending(&mut tx, &pending).await?;
    let standing = sessions::standing_of(&tx, account, setting.id, ctx.now).await?.ok_or(Error::NotFound)?;
    let signed_in = sessions::open(&mut tx, ctx, &standing, &first.label).await?;
    tx.commit().await?;
    services.wake_jobs();
    Ok(signed_in)
}

fn checked(services: &Services, first: &FirstPerson) -> Result<(Profile, String, String, PersonDraft)> {
    let mut wrong = BTreeMap::new();
    let name = first.setting_name.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() || name.chars().count() > 120 {
        wrong.insert("setting_name".to_owned(), "Enter the nursery's name, at most 120 characters.".to_owned());
    }
    let template = services.content.profiles.get(&first.template);
    if template.is_none() {
        wrong.insert("template".to_owned(), "Choose the one that is nearest.".to_owned());
    }
    let username = sign_in::fold_username(&first.username);
    if let Err(Error::Invalid(said)) = people::check_username(&username) {
        wrong.extend(said);
    }
    let draft = PersonDraft {
        kind: PersonKind::Staff,
        name: first.name.clone(),
        known_as: String::new(),
        born: None,
        email: None,
        phone: None,
        room: None,
        joined: None,
        gone: None,
    };
    let draft = people::checked(draft).map_err(|error| {
        if let Error::Invalid(said) = error {
            wrong.extend(said);
        }
    });
    wrong.extend(choose::faults_of(&first.new, &first.again, &[&username, &name, &first.name]));
    match (template, draft, wrong.is_empty()) {
        (Some(template), Ok(draft), true) => Ok((real(template, &name), name, username, draft)),
        _ => Err(Error::Invalid(wrong)),
    }
}

/// A template without what was invented for it: name, numbers, dates, providers. Blank is a gap, and shows as one.
fn real(template: &Profile, name: &str) -> Profile {
    Profile {
        name: name.to_owned(),
        charity_number: None,
        ofsted_urn: None,
        upstream: Vec::new(),
        providers: template.providers.keys().map(|key| (key.clone(), String::new())).collect(),
        apps: template.apps.keys().map(|key| (key.clone(), String::new())).collect(),
        hours: BTreeMap::new(),
        terms: Vec::new(),
        ..template.clone()
    }
}

/// The groups that a new setting starts with, from `content/groups.toml`.
pub(crate) fn starting_policy() -> Result<Policy> {
    let files = crate::content::files();
    let text = files.get("groups.toml").ok_or_else(|| Error::Internal("no groups.toml".into()))?;
    toml::from_str(text).map_err(|error| Error::Internal(format!("groups.toml: {error}")))
}
