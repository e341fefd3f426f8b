//! What differs between settings is a value here, never a second program.

use std::collections::BTreeMap;

use jiff::civil::{Date, Time};
use serde::{Deserialize, Serialize};

use crate::concern::Urgency;
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
    /// When these resolvers were last changed. What the provider said and what was tested before that spoke of others (S26).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream_since: Option<jiff::Timestamp>,
    /// Apps in use, by purpose: `progress = Tapestry`.
    pub apps: BTreeMap<String, String>,
    /// Values that procedures and pages ask for: `screen`, `allegation_to`, `radicalised_staff_to`, …
    pub switches: BTreeMap<String, String>,
    /// Years after which a password must change; absent: never by age (PWD-03).
    #[serde(default)]
    pub password_max_age_days: Option<u32>,
    /// Minutes until the screen locks by itself.
    pub idle_lock_minutes: u32,
    /// Seconds in which somebody of the room answers a call for help, before the office is called too (S35).
    #[serde(default = "one_minute")]
    pub help_after_seconds: u32,
    /// What was written down before activity was recorded by person (S24). Absent, or ended: by device alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_person: Option<ByPerson>,
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
    /// How often everybody inside is told once more of a concern that nobody takes (S4).
    #[serde(default)]
    pub told_again: ToldAgain,
}

/// When everybody who can take a concern has been told and nobody has: they are told once more after so many minutes, then
/// after twice as many each time, up to the longest. Bounded, so that nobody's mailbox fills, and without an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToldAgain {
    /// Somebody is not safe: first after so many minutes.
    pub urgent: u32,
    /// Else first after so many minutes.
    pub prompt: u32,
    /// Never rarer than every so many minutes.
    pub longest: u32,
}

impl Default for ToldAgain {
    fn default() -> Self {
        Self { urgent: 15, prompt: 60, longest: 24 * 60 }
    }
}

impl ToldAgain {
    /// Minutes until the next time, after so many times.
    pub fn minutes(self, urgency: Urgency, times: u64) -> i64 {
        let first = match urgency {
            Urgency::Urgent => self.urgent,
            Urgency::Prompt => self.prompt,
        };
        let doublings = u32::try_from(times.min(16)).unwrap_or(16);
        (i64::from(first) << doublings).min(i64::from(self.longest.max(first)))
    }

    fn check(self) -> Result<(), String> {
        let day = 24 * 60;
        let good = self.urgent >= 5 && self.prompt >= 5 && self.longest >= self.urgent.max(self.prompt);
        if good && self.longest <= day { Ok(()) } else { Err("told_again: from 5 minutes to a day".to_owned()) }
    }
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

/// How long a setting may let a call for help ring in the room alone, in seconds.
pub const HELP_AFTER: std::ops::RangeInclusive<u32> = 15..=300;

fn one_minute() -> u32 {
    60
}

/// Why activity is recorded by person, and until when (S24; UK GDPR, article 35).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ByPerson {
    /// The data protection impact assessment: where it lies, and what it found.
    pub dpia: String,
    /// How people were told, and when.
    pub notice: String,
    /// The last day.
    pub until: jiff::civil::Date,
}

impl Profile {
    /// May activity be recorded by person on this day?
    pub fn records_by_person(&self, today: jiff::civil::Date) -> bool {
        self.by_person.as_ref().is_some_and(|record| today <= record.until)
    }

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
        if !HELP_AFTER.contains(&profile.help_after_seconds) {
            return Err(format!("{}: the office is called after 15 to 300 seconds", profile.key));
        }
        if profile.idle_lock_minutes == 0 || profile.idle_lock_minutes > 60 {
            return Err(format!("{}: the screen must lock after 1 to 60 minutes", profile.key));
        }
        profile.told_again.check().map_err(|why| format!("{}: {why}", profile.key))?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn told_again_more_rarely_each_time_and_every_day_for_ever() {
        let again = ToldAgain::default();
        let waits: Vec<i64> = (0..8).map(|times| again.minutes(Urgency::Prompt, times)).collect();
        assert_eq!(waits, [60, 120, 240, 480, 960, 1440, 1440, 1440]);
        assert_eq!(again.minutes(Urgency::Urgent, 0), 15);
        assert_eq!(again.minutes(Urgency::Urgent, u64::MAX), 1440);
        assert!(ToldAgain { longest: 10, ..again }.check().is_err());
        assert!(ToldAgain { longest: 3000, ..again }.check().is_err());
    }
}
