//! `content/`: data that a safeguarding lead can read and correct. Read and checked here; embedded by `app`, which
//! runs [`Content::read`] when the program builds and again at start.
//!
//! A rule with a source, an edition and a date is data, not code.

pub mod demo;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::concern::{ConcernKind, RouteKind};
use crate::control::{Control, Obligation, Proof};
use crate::procedure::own::{Change, OwnRule};
use crate::procedure::{Procedure, Rule, Shared, shared};
use crate::referral::{LetterText, ReferralForm};
use crate::retention;
use crate::setting::Profile;

/// Everything in `content/` that the program itself reads.
#[derive(Debug, Clone)]
pub struct Content {
    /// Duties by id, in the register's order.
    pub obligations: Vec<Obligation>,
    /// Controls by key.
    pub controls: BTreeMap<String, Control>,
    /// Procedures by id, with what they share in its place.
    pub procedures: BTreeMap<String, Procedure>,
    /// The common rules C1 to C11.
    pub rules: Vec<Rule>,
    /// Kinds of concern, in the groups and the order in which the form offers them.
    pub kinds: Vec<KindGroup>,
    /// Legal duties that begin on a day which nobody knew when this was written.
    pub duties_to_come: Vec<DutyToCome>,
    /// Agencies by key, of one area merged over the national ones: see [`Content::agencies_of`].
    pub agencies: BTreeMap<String, Vec<Agency>>,
    /// Profiles of settings by key.
    pub profiles: BTreeMap<String, Profile>,
    /// Guidance editions.
    pub guidance: Vec<Guidance>,
    /// Bank holidays of England.
    pub bank_holidays: Vec<BankHoliday>,
    /// Names that always resolve, without record (S23).
    pub never_log: Vec<NeverLog>,
    /// What agencies ask for in a referral.
    pub referral_forms: Vec<ReferralForm>,
    /// Letters to families.
    pub letters: Vec<LetterText>,
    /// How long what is kept.
    pub retention: Vec<retention::Rule>,
    /// What is kept by another clock.
    pub kept_elsewhere: Vec<retention::Elsewhere>,
}

/// An agency, with its numbers and when they were last checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agency {
    /// Stable key: `police`, `iwf`, `front_door`, `lado`.
    pub key: String,
    /// Full name.
    pub name: String,
    /// When to use it, one sentence.
    pub when: String,
    /// Telephone, as people dial it.
    #[serde(default)]
    pub phone: Option<String>,
    /// Out of hours.
    #[serde(default)]
    pub phone_out_of_hours: Option<String>,
    /// Web address, shown as text.
    #[serde(default)]
    pub web: Option<String>,
    /// Mail address.
    #[serde(default)]
    pub email: Option<String>,
    /// Opening hours, in words.
    #[serde(default)]
    pub hours: Option<String>,
    /// Told to families too?
    #[serde(default)]
    pub for_families: bool,
    /// Something here was never read on the agency's own page: the source says what.
    #[serde(default)]
    pub unchecked: bool,
    /// Before this one is told, the police or the advice team say what may be passed on (S2): other settings.
    #[serde(default)]
    pub advice_first: bool,
    /// When somebody last checked it.
    pub last_checked: Date,
    /// Where it was read.
    pub source: String,
}

/// Guidance in one edition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guidance {
    /// Stable key: `kcsie`.
    pub key: String,
    /// Name.
    pub title: String,
    /// Edition.
    pub edition: String,
    /// In force from.
    #[serde(default)]
    pub from: Option<Date>,
    /// One sentence: for whom.
    pub applies_to: String,
    /// How sure we are: `verified`, `second_hand`, `unverified`.
    pub standing: String,
}

/// The key of the form for every agency that has none of its own.
const ANY_AGENCY: &str = "any";

/// A bank holiday.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BankHoliday {
    /// Day.
    pub date: Date,
    /// Name.
    pub name: String,
}

/// A name that always resolves, without record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NeverLog {
    /// Host name; everything below it too.
    pub name: String,
    /// Whose it is.
    pub whose: String,
}

/// Kinds of concern that stand together on the form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KindGroup {
    /// Heading: "On a screen".
    pub title: String,
    /// Offered only to people who work cases: nobody reports these in a hurry.
    #[serde(default)]
    pub for_case_workers: bool,
    /// The kinds, the most frequent first.
    #[serde(rename = "kind")]
    pub kinds: Vec<KindWords>,
}

/// What stands beside a kind of concern.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KindWords {
    /// Which.
    pub key: ConcernKind,
    /// What belongs here, in one or two short sentences.
    pub guidance: String,
    /// When 999 comes first, if that is likely for this kind.
    #[serde(default)]
    pub danger: Option<String>,
    /// What happens after sending.
    pub next: String,
}

/// A legal duty whose beginning nobody could verify: shown, and off until the setting enters the day (switch of that name).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DutyToCome {
    /// Name of the switch that procedures ask for: `csa_duty`.
    pub key: String,
    /// What it is called.
    pub title: String,
    /// What changes on that day.
    pub text: String,
    /// Where it comes from, and what is not known.
    pub source: String,
}

/// What is wrong with `content/`: file and sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("content/{file}: {why}")]
pub struct Wrong {
    /// Path below `content/`.
    pub file: String,
    /// One sentence.
    pub why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ObligationsFile {
    obligation: Vec<Obligation>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ControlsFile {
    control: Vec<Control>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AgenciesFile {
    agency: Vec<Agency>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GuidanceFile {
    guidance: Vec<Guidance>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BankHolidaysFile {
    #[serde(rename = "source")]
    _source: String,
    holiday: Vec<BankHoliday>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KindsFile {
    group: Vec<KindGroup>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DutiesFile {
    duty: Vec<DutyToCome>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NeverLogFile {
    never_log: Vec<NeverLog>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReferralsFile {
    form: Vec<ReferralForm>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LettersFile {
    letter: Vec<LetterText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RetentionFile {
    rule: Vec<retention::Rule>,
    elsewhere: Vec<retention::Elsewhere>,
}

fn parse<T: serde::de::DeserializeOwned>(file: &str, text: &str) -> Result<T, Wrong> {
    toml::from_str(text).map_err(|error| Wrong { file: file.to_owned(), why: error.to_string() })
}

impl Content {
    /// Reads all files (path below `content/` → text) and checks them against each other.
    ///
    /// # Errors
    /// The first thing that is wrong, with its file.
    pub fn read(files: &BTreeMap<String, String>) -> Result<Self, Wrong> {
        let mut content = Self {
            obligations: Vec::new(),
            controls: BTreeMap::new(),
            procedures: BTreeMap::new(),
            rules: Vec::new(),
            kinds: Vec::new(),
            duties_to_come: Vec::new(),
            agencies: BTreeMap::new(),
            profiles: BTreeMap::new(),
            guidance: Vec::new(),
            bank_holidays: Vec::new(),
            never_log: Vec::new(),
            referral_forms: Vec::new(),
            letters: Vec::new(),
            retention: Vec::new(),
            kept_elsewhere: Vec::new(),
        };
        for (file, text) in files {
            content.read_one(file, text)?;
        }
        content.read_procedures(files)?;
        content.check()?;
        Ok(content)
    }

    fn read_one(&mut self, file: &str, text: &str) -> Result<(), Wrong> {
        let wrong = |why: String| Wrong { file: file.to_owned(), why };
        let folder = file.split_once('/').map(|(folder, name)| (folder, name.trim_end_matches(".toml")));
        match (file, folder) {
            ("obligations.toml", _) => self.obligations = parse::<ObligationsFile>(file, text)?.obligation,
            ("controls.toml", _) => {
                for control in parse::<ControlsFile>(file, text)?.control {
                    if let Some(twice) = self.controls.insert(control.key.clone(), control) {
                        return Err(wrong(format!("control {} is there twice", twice.key)));
                    }
                }
            }
            ("guidance.toml", _) => self.guidance = parse::<GuidanceFile>(file, text)?.guidance,
            ("bank-holidays.toml", _) => self.bank_holidays = parse::<BankHolidaysFile>(file, text)?.holiday,
            ("never-log.toml", _) => self.never_log = parse::<NeverLogFile>(file, text)?.never_log,
            ("kinds.toml", _) => self.kinds = parse::<KindsFile>(file, text)?.group,
            ("duties-to-come.toml", _) => self.duties_to_come = parse::<DutiesFile>(file, text)?.duty,
            ("referrals.toml", _) => {
                self.referral_forms = parse::<ReferralsFile>(file, text)?.form;
                self.referral_forms.iter().try_for_each(ReferralForm::check).map_err(wrong)?;
            }
            ("letters.toml", _) => self.letters = parse::<LettersFile>(file, text)?.letter,
            ("retention.toml", _) => {
                let file_of = parse::<RetentionFile>(file, text)?;
                retention::check(&file_of.rule).map_err(wrong)?;
                (self.retention, self.kept_elsewhere) = (file_of.rule, file_of.elsewhere);
            }
            // Read together, since they share parts.
            (_, Some(("procedures", _))) => {}
            (_, Some(("agencies", area))) => {
                self.agencies.insert(area.to_owned(), parse::<AgenciesFile>(file, text)?.agency);
            }
            (_, Some(("settings", _))) => {
                let profile = Profile::from_toml(text).map_err(wrong)?;
                self.profiles.insert(profile.key.clone(), profile);
            }
            // Read by others: categories and default lists by the filter, words by views, the demo's people by app.
            _ => {}
        }
        Ok(())
    }

    fn read_procedures(&mut self, files: &BTreeMap<String, String>) -> Result<(), Wrong> {
        const COMMON: &str = "procedures/common.toml";
        let wrong = |(file, why): (String, String)| Wrong { file, why };
        let of_procedures: BTreeMap<String, String> = files
            .iter()
            .filter(|(file, _)| file.starts_with("procedures/") && *file != COMMON)
            .map(|(file, text)| (file.clone(), text.clone()))
            .collect();
        let common = files.get(COMMON).map_or("", String::as_str);
        let common_is_wrong = |why: String| wrong((COMMON.to_owned(), why));
        let common = Shared::from_toml(common).map_err(common_is_wrong)?;
        let (procedures, uses) = shared::read(&common, &of_procedures).map_err(wrong)?;
        common.check(procedures.values(), &uses).map_err(common_is_wrong)?;
        self.procedures = procedures;
        self.rules = common.rules;
        Ok(())
    }

    /// The words beside a kind of concern.
    pub fn kind(&self, kind: ConcernKind) -> Option<&KindWords> {
        self.kinds.iter().flat_map(|group| &group.kinds).find(|words| words.key == kind)
    }

    /// The procedure that serves a kind of concern; about an adult who works here, the one for allegations.
    pub fn serving(&self, kind: ConcernKind, route: RouteKind) -> Option<&Procedure> {
        let of = |kind: ConcernKind| self.procedures.values().find(|procedure| procedure.kinds.contains(&kind));
        match route {
            RouteKind::Safeguarding => of(kind),
            RouteKind::Allegation => of(kind)
                .filter(|procedure| procedure.serves_allegations)
                .or_else(|| of(ConcernKind::AdultHere))
                .or_else(|| of(kind)),
        }
    }

    /// A kind is offered once, and its procedure exists.
    fn check_kinds(&self) -> Result<(), Wrong> {
        let wrong = |why: String| Err(Wrong { file: "kinds.toml".to_owned(), why });
        for kind in ConcernKind::ALL {
            let offered = self.kinds.iter().flat_map(|group| &group.kinds).filter(|words| words.key == kind).count();
            if offered != 1 {
                return wrong(format!("{} is offered {offered} times", kind.key()));
            }
            let served = self.procedures.values().filter(|procedure| procedure.kinds.contains(&kind)).count();
            if served != 1 {
                return wrong(format!("{} has {served} procedures", kind.key()));
            }
        }
        Ok(())
    }

    fn check(&self) -> Result<(), Wrong> {
        self.check_kinds()?;
        let wrong = |file: &str, why: String| Err(Wrong { file: file.to_owned(), why });
        let mut ids = BTreeSet::new();
        for obligation in &self.obligations {
            if !ids.insert(obligation.id.as_str()) {
                return wrong("obligations.toml", format!("{} is there twice", obligation.id));
            }
            if let Some(missing) = obligation.controls.iter().find(|key| !self.controls.contains_key(*key)) {
                return wrong(
                    "obligations.toml",
                    format!("{} names a control {missing} that does not exist", obligation.id),
                );
            }
        }
        for procedure in self.procedures.values() {
            let file = format!("procedures/{}.toml", procedure.id);
            let mut because = procedure.because.iter().chain(procedure.steps.iter().flat_map(|step| &step.because));
            if let Some(missing) = because.find(|id| !ids.contains(id.as_str())) {
                return wrong(&file, format!("no obligation is called {missing}"));
            }
            for agency in procedure.steps.iter().flat_map(|step| &step.agencies) {
                if !self.agencies.values().flatten().any(|known| known.key == *agency) {
                    return wrong(&file, format!("no agency is called {agency}"));
                }
            }
        }
        for form in &self.referral_forms {
            for agency in form.agencies.iter().filter(|key| key.as_str() != ANY_AGENCY) {
                if !self.agencies.values().flatten().any(|known| known.key == *agency) {
                    return wrong("referrals.toml", format!("no agency is called {agency}"));
                }
            }
        }
        for profile in self.profiles.values() {
            if let Some(strange) =
                profile.retention.keys().find(|key| !self.retention.iter().any(|rule| rule.key == **key))
            {
                return wrong(
                    &format!("settings/{}.toml", profile.key),
                    format!("no rule of retention is called {strange}"),
                );
            }
            for rule in &profile.own {
                self.check_own(rule).map_err(|why| Wrong {
                    file: format!("settings/{}.toml", profile.key),
                    why: format!("own rule {}: {why}", rule.key),
                })?;
            }
            for procedure in self.procedures.values() {
                profile
                    .own_edition(procedure)
                    .map_err(|why| Wrong { file: format!("settings/{}.toml", profile.key), why })?;
            }
            if !self.agencies.contains_key(&profile.area) {
                return wrong(&format!("settings/{}.toml", profile.key), format!("no agencies for {}", profile.area));
            }
        }
        Ok(())
    }

    /// Does what a rule of a setting names exist? Whether it weakens anything is asked when it is laid over its procedure.
    ///
    /// # Errors
    /// One sentence.
    pub fn check_own(&self, rule: &OwnRule) -> Result<(), String> {
        if !self.procedures.contains_key(&rule.procedure) {
            return Err("Choose one of the procedures.".into());
        }
        match &rule.change {
            Change::Agency { agency, .. } if !self.agencies.values().flatten().any(|known| known.key == *agency) => {
                Err("Choose an agency from the list.".into())
            }
            _ => Ok(()),
        }
    }

    /// What an agency asks for in a referral: its own form, or the one for any agency.
    pub fn referral_form(&self, agency: &str) -> Option<&ReferralForm> {
        let of = |key: &str| self.referral_forms.iter().find(|form| form.agencies.iter().any(|known| known == key));
        of(agency).or_else(|| of(ANY_AGENCY))
    }

    /// The letter to families for a kind of concern, or the one for every other.
    pub fn letter(&self, kind: crate::concern::ConcernKind) -> Option<&LetterText> {
        let of = |letter: &&LetterText| letter.kinds.contains(&kind);
        self.letters.iter().find(of).or_else(|| self.letters.iter().find(|letter| letter.kinds.is_empty()))
    }

    /// Agencies of an area, then the national ones that it does not replace.
    pub fn agencies_of(&self, area: &str) -> Vec<&Agency> {
        let local: Vec<&Agency> = self.agencies.get(area).into_iter().flatten().collect();
        let national = self.agencies.get("national").into_iter().flatten();
        let rest: Vec<&Agency> = national.filter(|agency| !local.iter().any(|known| known.key == agency.key)).collect();
        local.into_iter().chain(rest).collect()
    }

    /// The names of all questions that `app` must be able to answer, so that a test can ask each.
    pub fn questions(&self) -> BTreeSet<&Proof> {
        self.controls.values().map(|control| &control.proof).collect()
    }
}
