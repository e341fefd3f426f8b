//! When something holds: windows of the week, on the days of a setting's calendar, by its own clocks.
//!
//! What it is: opening hours, terms, lunch breaks and nights that run past midnight, as data inside the signed snapshot,
//! so that a gateway without its control still keeps them (S30).
//! What it is not: the end of one decision or session; those carry an instant of their own.
//!
//! Twice a year an hour is missing or comes twice. Then what tightens takes the longer reading of its window and what
//! loosens the shorter one: an hour that nobody meant never opens anything.
//!
//! To add an effect: a variant of [`Effect`], its line in [`Effect::tightens`], its step in [`crate::decide`].

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use crate::{Group, Reason};

/// What a setting's days are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calendar {
    /// IANA name of its time zone.
    pub zone: String,
    /// First and last day of each term. None at all: every day counts as a day of term.
    pub terms: Vec<(Date, Date)>,
    /// Bank holidays: never a day of term.
    pub holidays: BTreeSet<Date>,
}

impl Default for Calendar {
    fn default() -> Self {
        Self { zone: "Europe/London".to_owned(), terms: Vec::new(), holidays: BTreeSet::new() }
    }
}

impl Calendar {
    fn is_term(&self, day: Date) -> bool {
        let within = self.terms.is_empty() || self.terms.iter().any(|(from, to)| (*from..=*to).contains(&day));
        within && !self.holidays.contains(&day)
    }
}

/// Something that holds at certain times.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// Stable id.
    pub id: String,
    /// As people call it: "Lunch break".
    pub name: String,
    /// When.
    pub when: When,
    /// What then.
    pub effect: Effect,
}

/// When.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct When {
    /// Windows of the week.
    pub windows: Vec<Window>,
    /// On which days of the calendar they count.
    pub days: Days,
    /// It holds whenever none of the windows does: "outside opening hours".
    #[serde(default)]
    pub outside: bool,
}

/// On which days of the calendar a window counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Days {
    /// All.
    #[default]
    Every,
    /// Only those of term, without bank holidays.
    Term,
}

/// A span of a weekday by the setting's clocks. One that ends at or before it starts runs into the next day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Window {
    /// The weekday on which it starts.
    pub day: Day,
    /// From, inclusive.
    pub from: Time,
    /// Until, exclusive.
    pub to: Time,
}

/// A weekday.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the days of the week need no explanation")]
pub enum Day {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl Day {
    /// The week, as it is written here.
    pub const WEEK: [Self; 7] =
        [Self::Monday, Self::Tuesday, Self::Wednesday, Self::Thursday, Self::Friday, Self::Saturday, Self::Sunday];

    /// The word in forms, files and profiles.
    pub fn key(self) -> &'static str {
        match self {
            Self::Monday => "monday",
            Self::Tuesday => "tuesday",
            Self::Wednesday => "wednesday",
            Self::Thursday => "thursday",
            Self::Friday => "friday",
            Self::Saturday => "saturday",
            Self::Sunday => "sunday",
        }
    }

    fn of(day: Date) -> Self {
        match day.weekday() {
            Weekday::Monday => Self::Monday,
            Weekday::Tuesday => Self::Tuesday,
            Weekday::Wednesday => Self::Wednesday,
            Weekday::Thursday => Self::Thursday,
            Weekday::Friday => Self::Friday,
            Weekday::Saturday => Self::Saturday,
            Weekday::Sunday => Self::Sunday,
        }
    }
}

/// What happens then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Nothing is reached but help, our own pages and what a device needs to live.
    Closed,
    /// These categories are blocked as well.
    Also(BTreeMap<String, Reason>),
    /// These categories are not blocked. A locked one stays blocked whatever stands here.
    Without(BTreeSet<String>),
}

impl Effect {
    /// Whether it takes something away.
    pub fn tightens(&self) -> bool {
        matches!(self, Self::Closed | Self::Also(_))
    }
}

/// Which reading of an hour that is missing or comes twice.
#[derive(Clone, Copy)]
enum Reading {
    Longer,
    Shorter,
}

/// A calendar with its time zone found.
#[derive(Debug)]
pub(crate) struct Clocks {
    calendar: Calendar,
    zone: TimeZone,
}

impl Clocks {
    pub(crate) fn new(calendar: &Calendar) -> Result<Self, jiff::Error> {
        Ok(Self { calendar: calendar.clone(), zone: TimeZone::get(&calendar.zone)? })
    }

    /// Whether a schedule holds.
    pub(crate) fn holds(&self, schedule: &Schedule, at: Timestamp) -> bool {
        let when = &schedule.when;
        let reading = match schedule.effect.tightens() != when.outside {
            true => Reading::Longer,
            false => Reading::Shorter,
        };
        let today = at.to_zoned(self.zone.clone()).date();
        // A window of last night may still run.
        let days = [today.yesterday().ok(), Some(today)];
        let within = days.into_iter().flatten().any(|day| {
            let counts = when.days == Days::Every || self.calendar.is_term(day);
            counts && when.windows.iter().any(|window| self.contains(*window, day, at, reading))
        });
        within != when.outside
    }

    fn contains(&self, window: Window, day: Date, at: Timestamp, reading: Reading) -> bool {
        if window.day != Day::of(day) {
            return false;
        }
        let last = if window.to > window.from { Some(day) } else { day.checked_add(1.day()).ok() };
        let (wide_from, wide_to) = match reading {
            Reading::Longer => (Side::Earlier, Side::Later),
            Reading::Shorter => (Side::Later, Side::Earlier),
        };
        let from = self.instant(day.to_datetime(window.from), wide_from);
        let to = last.and_then(|last| self.instant(last.to_datetime(window.to), wide_to));
        matches!((from, to), (Some(from), Some(to)) if from <= at && at < to)
    }

    /// The instant of a wall-clock time; where there are two readings, the one on that side.
    fn instant(&self, wall: DateTime, side: Side) -> Option<Timestamp> {
        let ambiguous = self.zone.to_ambiguous_timestamp(wall);
        match side {
            Side::Earlier => ambiguous.earlier().ok(),
            Side::Later => ambiguous.later().ok(),
        }
    }
}

#[derive(Clone, Copy)]
enum Side {
    Earlier,
    Later,
}

/// A group's schedules at one moment.
#[derive(Debug, Default)]
pub struct InForce<'g> {
    /// The schedule that closes it, if one does.
    pub closed: Option<&'g Schedule>,
    /// Open in an emergency (S30): no schedule counts, and of the categories only [`STILL_SHUT`].
    pub open: bool,
    also: Vec<&'g BTreeMap<String, Reason>>,
    without: Vec<&'g BTreeSet<String>>,
}

/// What stays shut for a group that is open in an emergency, as for essential systems.
const STILL_SHUT: &str = "malware";

impl<'g> InForce<'g> {
    pub(crate) fn at(group: &'g Group, clocks: Option<&Clocks>, at: Timestamp) -> Self {
        let mut now = Self { open: group.is_open(at), ..Self::default() };
        if now.open {
            return now;
        }
        for schedule in &group.hours {
            // Without clocks no snapshot with hours is taken; were one here, it would close and never open.
            let holds = clocks.map_or(schedule.effect.tightens(), |clocks| clocks.holds(schedule, at));
            match &schedule.effect {
                _ if !holds => {}
                Effect::Closed => now.closed = now.closed.or(Some(schedule)),
                Effect::Also(categories) => now.also.push(categories),
                Effect::Without(categories) => now.without.push(categories),
            }
        }
        now
    }

    /// Why the group does not reach a category at this moment; nothing if it does.
    pub fn reason(&self, group: &'g Group, category: &str) -> Option<&'g Reason> {
        let always = group.blocked.get(category);
        if self.open && category != STILL_SHUT {
            return None;
        }
        if always.is_some_and(|reason| reason.locked) {
            return always;
        }
        let now = self.also.iter().find_map(|also| also.get(category));
        if now.is_some() {
            return now;
        }
        always.filter(|_| !self.without.iter().any(|without| without.contains(category)))
    }

    /// Every category that the group does not reach at this moment.
    pub fn blocked(&self, group: &'g Group) -> BTreeMap<&'g str, &'g Reason> {
        let ids = group.blocked.keys().chain(self.also.iter().flat_map(|also| also.keys()));
        ids.filter_map(|id| Some((id.as_str(), self.reason(group, id)?))).collect()
    }
}
