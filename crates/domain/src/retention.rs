//! How long a record is kept: rules as data (`content/retention.toml`), and the one reckoning of the day on which people look
//! at it again. Nothing is destroyed by a date (S38).
//!
//! Of all rules that fit, the longest wins; a date that nobody entered makes a record not due, for ever, until somebody
//! enters it. A mistake here keeps too long and never too short. To add a kind of record, add a [`RecordKind`] and teach
//! `app::keeping` to gather its [`Facts`]; to add a rule, a few lines of TOML.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::concern::{ConcernKind, RouteKind};

/// What kinds of record people destroy, one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordKind {
    /// A concern with all that hangs on it.
    Concern,
    /// A low-level concern about an adult.
    LowLevel,
    /// The proof of a file that moved on.
    Transfer,
    /// Somebody's entry in the register, with their family ties.
    Person,
    /// What somebody who works here declared about their own life online.
    Declaration,
}

impl RecordKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Concern, Self::LowLevel, Self::Transfer, Self::Person, Self::Declaration];

    /// The word for it in storage, which is its table's name.
    pub fn key(self) -> &'static str {
        match self {
            Self::Concern => "concern",
            Self::LowLevel => "low_level",
            Self::Transfer => "transfer",
            Self::Person => "person",
            Self::Declaration => "declaration",
        }
    }

    /// The kind of this key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.key() == key)
    }
}

/// From when a period runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// Birth of the youngest child of the record.
    ChildBorn,
    /// Birth of the youngest adult whom it is about.
    AdultBorn,
    /// Closed.
    Closed,
    /// Closed, and no child is named.
    ClosedWithoutChild,
    /// Written down.
    Recorded,
    /// The file left.
    Sent,
    /// The last day here of the adult whom it is about.
    EmploymentEnded,
    /// The last day here of the person whose entry it is.
    LastDay,
}

/// So many years from then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Period {
    /// From when.
    pub from: Trigger,
    /// How many years.
    pub years: u16,
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Stable key.
    pub key: String,
    /// Of what, in plain words.
    pub title: String,
    /// Which kind of record.
    pub record: RecordKind,
    /// Only concerns of these kinds; empty: of any.
    #[serde(default)]
    pub kinds: Vec<ConcernKind>,
    /// Concerns of other kinds too, to whose question somebody ever answered yes or not sure. An answer of the other sort, given
    /// later, takes nothing back.
    #[serde(default)]
    pub ever: Vec<Ever>,
    /// Only concerns that go this way.
    #[serde(default)]
    pub route: Option<RouteKind>,
    /// The periods; the longest of them.
    pub keep: Vec<Period>,
    /// On which law it rests.
    pub basis: String,
    /// Where the period comes from, and how sure that is.
    pub source: String,
    /// Since when it stands so.
    pub edition: String,
}

/// A question that somebody ever answered with yes or not sure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ever {
    /// The field of a step.
    pub field: String,
    /// Only in concerns of these kinds; empty: in any.
    #[serde(default)]
    pub kinds: Vec<ConcernKind>,
}

/// What is kept by another clock than this one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Elsewhere {
    /// What.
    pub title: String,
    /// How long.
    pub says: String,
    /// Where that comes from.
    pub source: String,
}

/// What is known of one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Which kind of record.
    pub record: RecordKind,
    /// Which kind of concern.
    pub kind: Option<ConcernKind>,
    /// The questions to which somebody ever answered yes or not sure, of those that rules name.
    pub ever: BTreeSet<String>,
    /// Which way the concern goes.
    pub route: Option<RouteKind>,
    /// Dates of birth of its children; none where the register has none.
    pub children: Vec<Option<Date>>,
    /// Dates of birth of the adults whom it is about.
    pub adults: Vec<Option<Date>>,
    /// Last days of the adults whom it is about, or whose declaration it is; none while they work here.
    pub left: Vec<Option<Date>>,
    /// Written down.
    pub recorded: Date,
    /// Closed; none while it is worked.
    pub closed: Option<Date>,
    /// The file left.
    pub sent: Option<Date>,
}

/// When people look at it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Due {
    /// On this day, by this rule.
    On {
        /// The day.
        day: Date,
        /// Key of the rule.
        rule: String,
    },
    /// It is still worked, or a date is missing: not due.
    NotYet(Missing),
}

/// What is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// It is not closed.
    Closing,
    /// A child's date of birth.
    ChildBorn,
    /// An adult's date of birth.
    AdultBorn,
    /// The adult works here.
    Leaving,
    /// The file has not left.
    Sending,
    /// Somebody is still here.
    LastDay,
    /// No rule speaks of it.
    Rule,
}

impl Missing {
    /// In words, for who can mend it.
    pub fn say(self) -> &'static str {
        match self {
            Self::Closing => "It is not closed.",
            Self::ChildBorn => "A child’s date of birth is missing in the register.",
            Self::AdultBorn => "The adult’s date of birth is missing in the register.",
            Self::Leaving => "The adult works here, or their last day is missing in the register.",
            Self::Sending => "The file has not left.",
            Self::LastDay => "They are still here, or their last day is missing in the register.",
            Self::Rule => "No rule speaks of it.",
        }
    }
}

/// Longer periods of one setting: years by key of a rule.
pub type Longer = BTreeMap<String, u16>;

impl Rule {
    /// Does it speak of this record?
    pub fn fits(&self, facts: &Facts) -> bool {
        self.record == facts.record
            && self.route.is_none_or(|route| facts.route == Some(route))
            && (self.is_for_all() || facts.kind.is_some_and(|kind| self.speaks_of(kind, &facts.ever)))
    }

    fn is_for_all(&self) -> bool {
        self.kinds.is_empty() && self.ever.is_empty()
    }

    fn speaks_of(&self, kind: ConcernKind, ever: &BTreeSet<String>) -> bool {
        let said = |one: &Ever| ever.contains(&one.field) && (one.kinds.is_empty() || one.kinds.contains(&kind));
        self.kinds.contains(&kind) || self.ever.iter().any(said)
    }

    fn day(&self, facts: &Facts, longer: &Longer) -> Result<Option<Date>, Missing> {
        let more = longer.get(&self.key).copied().unwrap_or(0);
        let mut last = None;
        for period in &self.keep {
            let Some(from) = from(period.from, facts)? else { continue };
            let years = i64::from(period.years.max(more));
            // Beyond the calendar is beyond anybody's review: it stays.
            last = last.max(Some(from.checked_add(years.years()).unwrap_or(Date::MAX)));
        }
        Ok(last)
    }
}

/// The day from which a period runs; none where the period does not speak of this record.
fn from(trigger: Trigger, facts: &Facts) -> Result<Option<Date>, Missing> {
    let youngest = |born: &[Option<Date>], missing| match born {
        [] => Ok(None),
        all => all.iter().try_fold(Date::MIN, |last, day| day.map(|day| day.max(last))).map(Some).ok_or(missing),
    };
    match trigger {
        Trigger::ChildBorn => youngest(&facts.children, Missing::ChildBorn),
        Trigger::AdultBorn => youngest(&facts.adults, Missing::AdultBorn),
        Trigger::EmploymentEnded => youngest(&facts.left, Missing::Leaving),
        Trigger::LastDay => youngest(&facts.left, Missing::LastDay),
        Trigger::Recorded => Ok(Some(facts.recorded)),
        Trigger::Sent => facts.sent.map(Some).ok_or(Missing::Sending),
        Trigger::Closed => facts.closed.map(Some).ok_or(Missing::Closing),
        Trigger::ClosedWithoutChild if !facts.children.is_empty() => Ok(None),
        Trigger::ClosedWithoutChild => facts.closed.map(Some).ok_or(Missing::Closing),
    }
}

/// When people look at a record again.
pub fn due(rules: &[Rule], longer: &Longer, facts: &Facts) -> Due {
    if facts.record == RecordKind::Concern && facts.closed.is_none() {
        return Due::NotYet(Missing::Closing);
    }
    let mut last: Option<(Date, &Rule)> = None;
    for rule in rules.iter().filter(|rule| rule.fits(facts)) {
        match rule.day(facts, longer) {
            Err(missing) => return Due::NotYet(missing),
            Ok(Some(day)) if last.is_none_or(|(known, _)| day > known) => last = Some((day, rule)),
            Ok(_) => {}
        }
    }
    last.map_or(Due::NotYet(Missing::Rule), |(day, rule)| Due::On { day, rule: rule.key.clone() })
}

/// Is what was read usable? Every kind of record has a rule without conditions, keys are there once.
///
/// # Errors
/// One sentence.
pub fn check(rules: &[Rule]) -> Result<(), String> {
    for kind in RecordKind::ALL {
        if !rules.iter().any(|rule| rule.record == kind && rule.is_for_all() && rule.route.is_none()) {
            return Err(format!("no rule speaks of every {}", kind.key()));
        }
    }
    for rule in rules {
        if rules.iter().filter(|other| other.key == rule.key).count() > 1 {
            return Err(format!("{} is there twice", rule.key));
        }
        if rule.keep.is_empty() || rule.basis.is_empty() || rule.source.is_empty() {
            return Err(format!("{} lacks its period, its basis or its source", rule.key));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    fn rule(key: &str, from: Trigger, years: u16) -> Rule {
        Rule {
            key: key.into(),
            title: key.into(),
            record: RecordKind::Concern,
            kinds: Vec::new(),
            ever: Vec::new(),
            route: None,
            keep: vec![Period { from, years }],
            basis: "law".into(),
            source: "book".into(),
            edition: "1".into(),
        }
    }

    fn concern(children: &[Option<Date>]) -> Facts {
        Facts {
            record: RecordKind::Concern,
            kind: Some(ConcernKind::ChildAtRisk),
            ever: BTreeSet::new(),
            route: Some(RouteKind::Safeguarding),
            children: children.to_vec(),
            adults: Vec::new(),
            left: Vec::new(),
            recorded: date(2026, 3, 3),
            closed: Some(date(2026, 4, 4)),
            sent: None,
        }
    }

    #[test]
    fn the_youngest_child_and_the_longest_rule_count() {
        let rules = [rule("child", Trigger::ChildBorn, 25), rule("closed", Trigger::Closed, 6)];
        let facts = concern(&[Some(date(2022, 2, 28)), Some(date(2024, 2, 29))]);
        let day = Due::On { day: date(2049, 2, 28), rule: "child".into() };
        assert_eq!(due(&rules, &Longer::new(), &facts), day, "the leap day's last year has none");
        let longer = Longer::from([("closed".to_owned(), 40), ("child".to_owned(), 3)]);
        assert_eq!(due(&rules, &longer, &facts), Due::On { day: date(2066, 4, 4), rule: "closed".into() });
    }

    #[test]
    fn a_missing_date_and_an_open_concern_are_never_due() {
        let rules = [rule("child", Trigger::ChildBorn, 25), rule("closed", Trigger::Closed, 0)];
        let some = concern(&[Some(date(2022, 2, 28)), None]);
        assert_eq!(due(&rules, &Longer::new(), &some), Due::NotYet(Missing::ChildBorn));
        let open = Facts { closed: None, ..concern(&[]) };
        assert_eq!(due(&rules, &Longer::new(), &open), Due::NotYet(Missing::Closing));
        assert_eq!(due(&[], &Longer::new(), &concern(&[])), Due::NotYet(Missing::Rule));
    }

    proptest! {
        /// More rules, more children, a longer period of the setting: the day never comes nearer.
        #[test]
        fn nothing_that_is_added_shortens(
            years in proptest::collection::vec(0_u16..100, 1..4), more in 0_u16..120, born in 1990_i16..2026, next in 1990_i16..2026,
        ) {
            let triggers = [Trigger::ChildBorn, Trigger::Closed, Trigger::Recorded];
            let rules: Vec<Rule> =
                years.iter().zip(triggers).enumerate().map(|(n, (years, from))| rule(&n.to_string(), from, *years)).collect();
            let day = |rules: &[Rule], longer: &Longer, facts: &Facts| match due(rules, longer, facts) {
                Due::On { day, .. } => day,
                Due::NotYet(_) => Date::MAX,
            };
            let one = concern(&[Some(date(born, 5, 5))]);
            let two = concern(&[Some(date(born, 5, 5)), Some(date(next, 5, 5))]);
            let plain = day(&rules, &Longer::new(), &one);
            prop_assert!(day(&rules, &Longer::from([("0".to_owned(), more)]), &one) >= plain);
            prop_assert!(day(&rules, &Longer::new(), &two) >= plain);
            prop_assert!(day(&rules[..1], &Longer::new(), &one) <= plain);
        }
    }

    #[test]
    fn whoever_ever_said_that_it_could_be_is_heard_for_the_longest_time() {
        let of = |field: &str, kinds: &[ConcernKind]| Ever { field: field.into(), kinds: kinds.to_vec() };
        let grave = Rule {
            kinds: vec![ConcernKind::IndecentImage],
            ever: vec![of("csa", &[]), of("crime", &[ConcernKind::PhotoPublished])],
            ..rule("grave", Trigger::ChildBorn, 75)
        };
        let rules = [rule("plain", Trigger::ChildBorn, 25), grave];
        let told = |kind, ever: &[&str]| Facts {
            kind: Some(kind),
            ever: ever.iter().map(|field| (*field).to_owned()).collect(),
            closed: Some(date(2026, 1, 1)),
            ..concern(&[Some(date(2023, 5, 6))])
        };
        let which = |facts: &Facts| match due(&rules, &Longer::new(), facts) {
            Due::On { rule, .. } => rule,
            other => format!("{other:?}"),
        };
        assert_eq!(which(&told(ConcernKind::Bullying, &[])), "plain");
        assert_eq!(which(&told(ConcernKind::Bullying, &["csa"])), "grave");
        assert_eq!(which(&told(ConcernKind::Bullying, &["crime"])), "plain");
        assert_eq!(which(&told(ConcernKind::PhotoPublished, &["crime"])), "grave");
        assert_eq!(which(&told(ConcernKind::IndecentImage, &[])), "grave");
    }
}
