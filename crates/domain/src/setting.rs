//! What differs between settings is a value here, never a second program.

use std::collections::BTreeMap;

use jiff::civil::{Date, Time};
use serde::{Deserialize, Serialize};

use crate::people::Role;
use crate::procedure::Procedure;
use crate::procedure::own::{self, OwnRule};

/// The configuration of a setting: `content/settings/*.toml`, kept in the database once a setting exists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Short key: `h`, `n`.
    pub key: String,
    /// Invented name for the demo; the real one is typed at set-up.
    pub name: String,
    /// Which seed's clauses the evidence page follows: `H` or `N`.
    pub seed: String,
    /// Registered charity number, shown on the policy (POL-14).
    #[serde(default)]
    pub charity_number: Option<String>,
    /// Ofsted's unique reference number.
    #[serde(default)]
    pub ofsted_urn: Option<String>,
    /// Local authority area: key of an agency pack in `content/agencies/`.
    pub area: String,
    /// What the roles are called here.
    pub titles: BTreeMap<Role, String>,
    /// What the body that ratifies is called.
    pub body: String,
    /// Do deputies exist?
    pub deputies: bool,
    /// Who provides what: `internet`, `filtering`. Blank is a gap.
    pub providers: BTreeMap<String, String>,
    /// Resolvers of the filtering provider, kept upstream (S26).
    #[serde(default)]
    pub upstream: Vec<String>,
    /// Apps in use, by purpose: `progress = Tapestry`.
    pub apps: BTreeMap<String, String>,
    /// Values that procedures and pages ask for: `screen`, `allegation_to`, `radicalised_staff_to`, …
    pub switches: BTreeMap<String, String>,
    /// Years after which a password must change; absent: never by age (PWD-03).
    #[serde(default)]
    pub password_max_age_days: Option<u32>,
    /// Minutes until the screen locks by itself.
    pub idle_lock_minutes: u32,
    /// Days until next school year's review is due, and the like: key → days.
    pub periods: BTreeMap<String, u32>,
    /// Opening hours by weekday (`monday` …); absent days are closed.
    pub hours: BTreeMap<String, Hours>,
    /// Term dates.
    #[serde(default)]
    pub terms: Vec<Term>,
    /// How many people must take part in a filter change (S45).
    pub four_eyes: FourEyes,
    /// The person who takes allegations (S7), named before any role; absent: the role of the switch `allegation_to`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case_manager: Option<crate::PersonId>,
    /// Duties to come whose first day somebody entered (`content/duties-to-come.toml`): key → day.
    #[serde(default)]
    pub duties: BTreeMap<String, Date>,
    /// Years for which this setting keeps something, where it keeps it longer than `content/retention.toml` asks: by rule.
    /// Shorter ones have no effect (S42).
    #[serde(default)]
    pub retention: crate::retention::Longer,
    /// What this setting adds to procedures (S42).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub own: Vec<OwnRule>,
}

/// When the setting is open on a weekday, local time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// Opens.
    pub from: Time,
    /// Closes.
    pub to: Time,
}

/// A term.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Term {
    /// E.g. "Autumn 2026".
    pub name: String,
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
}

/// Who approves a filter change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FourEyes {
    /// Another person with the right role.
    AnotherPerson,
    /// One-person setting: chair or committee, or a day's delay, shown as a gap (S45).
    ChairOrDelay,
}

impl Profile {
    /// Reads and checks a profile.
    ///
    /// # Errors
    /// One sentence that says what is wrong.
    pub fn from_toml(text: &str) -> Result<Self, String> {
        let profile: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        for role in [Role::Dsl, Role::Manager, Role::Chair] {
            if !profile.titles.contains_key(&role) {
                return Err(format!("{}: no title for {}", profile.key, role.key()));
            }
        }
        if profile.idle_lock_minutes == 0 || profile.idle_lock_minutes > 60 {
            return Err(format!("{}: the screen must lock after 1 to 60 minutes", profile.key));
        }
        Ok(profile)
    }

    /// The switches as a procedure asks for them, for what became known on a day: the setting's own values, and each duty
    /// that had begun by then.
    pub fn switches_on(&self, known: Date) -> BTreeMap<String, String> {
        let mut switches = self.switches.clone();
        let begun = self.duties.iter().filter(|(_, from)| **from <= known);
        switches.extend(begun.map(|(key, _)| (key.clone(), "begun".to_owned())));
        switches
    }

    /// A procedure as it holds here, with what the setting adds to it.
    ///
    /// # Errors
    /// One sentence, when a rule no longer fits the edition that the program carries.
    pub fn own_edition(&self, procedure: &Procedure) -> Result<Procedure, String> {
        own::in_setting(procedure, &self.own, |role| self.title(role).to_owned())
    }

    /// What a role is called here.
    pub fn title(&self, role: Role) -> &str {
        self.titles.get(&role).map_or(role.key(), String::as_str)
    }
}
