//! Legal and own clocks: from "known at", over working days and bank holidays, in the setting's time zone (S43).

use std::collections::BTreeSet;

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp, ToSpan, Zoned};
use serde::{Deserialize, Serialize};

use crate::procedure::Within;
use crate::setting::Term;

/// What counts as a working day. Bank holidays are data with an edition.
#[derive(Debug, Clone)]
pub struct Calendar {
    zone: TimeZone,
    bank_holidays: BTreeSet<Date>,
}

/// A time in which a clock rested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rest {
    /// Since when.
    pub from: Timestamp,
    /// Until when; none: it rests still.
    pub until: Option<Timestamp>,
}

impl Rest {
    /// Does it rest now?
    pub fn is_open(&self) -> bool {
        self.until.is_none()
    }
}

/// How a clock stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Still running.
    Running,
    /// Less than a fifth of the time is left.
    Soon,
    /// Past.
    Late,
    /// Stopped in time.
    MetInTime,
    /// Stopped, but late.
    MetLate,
}

/// A clock could not be reckoned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot reckon a time: {0}")]
pub struct Unreckonable(String);

impl From<jiff::Error> for Unreckonable {
    fn from(error: jiff::Error) -> Self {
        Self(error.to_string())
    }
}

impl Calendar {
    /// England's, in Europe/London.
    ///
    /// # Errors
    /// When this program carries no time zone data.
    pub fn england(bank_holidays: impl IntoIterator<Item = Date>) -> Result<Self, Unreckonable> {
        Ok(Self { zone: TimeZone::get("Europe/London")?, bank_holidays: bank_holidays.into_iter().collect() })
    }

    /// The setting's time zone.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// An instant as the setting's clocks show it.
    pub fn local(&self, at: Timestamp) -> Zoned {
        at.to_zoned(self.zone.clone())
    }

    /// An instant as people say it: "Tuesday 3 March 2026, 2:15pm". Always with the year: records are read for decades.
    pub fn say(&self, at: Timestamp) -> String {
        let local = self.local(at);
        let (hour, half) = match local.hour() {
            0 => (12, "am"),
            hour @ 1..=11 => (hour, "am"),
            12 => (12, "pm"),
            hour => (hour - 12, "pm"),
        };
        format!("{}, {hour}:{:02}{half}", say_day(local.date()), local.minute())
    }

    /// The last day for which bank holidays are known: the end of the year of the last one. After it every working day is
    /// reckoned as if there were none. `None`: none are known at all.
    pub fn known_until(&self) -> Option<Date> {
        let last = self.bank_holidays.last()?;
        Date::new(last.year(), 12, 31).ok()
    }

    /// Monday to Friday, but bank holidays.
    pub fn is_working_day(&self, day: Date) -> bool {
        !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) && !self.bank_holidays.contains(&day)
    }

    /// When a clock that started then is due.
    ///
    /// # Errors
    /// When the time is outside what the calendar can reckon.
    pub fn due(&self, start: Timestamp, within: Within) -> Result<Timestamp, Unreckonable> {
        self.due_in(&[], start, within)
    }

    /// As [`Self::due`], where the setting has typed its terms.
    ///
    /// # Errors
    /// As [`Self::due`].
    pub fn due_in(&self, terms: &[Term], start: Timestamp, within: Within) -> Result<Timestamp, Unreckonable> {
        let day = self.local(start).date();
        match within {
            Within::Hours(hours) => Ok(start.checked_add(SignedDuration::from_hours(i64::from(hours)))?),
            Within::SameDay => self.end_of(day),
            Within::Days(days) => self.end_of(day.checked_add(i64::from(days).days())?),
            Within::DaysCountingTheFirst(days) => self.end_of(day.checked_add((i64::from(days) - 1).days())?),
            Within::OneMonth => self.end_of(day.checked_add(Span::new().months(1))?),
            Within::Months(months) => self.end_of(day.checked_add(Span::new().try_months(months)?)?),
            Within::WorkingDays(days) => {
                let mut due = day;
                for _ in 0..days {
                    due = self.next_working_day(due)?;
                }
                self.end_of(due)
            }
            Within::SchoolDays(days) => {
                let mut due = day;
                for _ in 0..days {
                    due = self.next_school_day(due, terms)?;
                }
                self.end_of(due)
            }
        }
    }

    /// When a clock is due that rested: later by as long as it rested, up to the end of that day unless it runs by the hour.
    /// A rest before the start or after `now` counts for nothing; of rests that overlap, the time counts once.
    ///
    /// # Errors
    /// As [`Self::due`].
    pub fn due_after_rests(
        &self,
        start: Timestamp,
        due: Timestamp,
        within: Within,
        rests: &[Rest],
        now: Timestamp,
    ) -> Result<Timestamp, Unreckonable> {
        let mut spans: Vec<(Timestamp, Timestamp)> = rests
            .iter()
            .map(|rest| (rest.from.max(start), rest.until.unwrap_or(now).min(now)))
            .filter(|(from, until)| from < until)
            .collect();
        spans.sort_unstable();
        let mut rested = SignedDuration::ZERO;
        let mut counted = start;
        for (from, until) in spans {
            let from = from.max(counted);
            if from < until {
                rested = rested.saturating_add(until.duration_since(from));
                counted = until;
            }
        }
        if rested.is_zero() {
            return Ok(due);
        }
        let later = due.checked_add(rested)?;
        match within {
            Within::Hours(_) => Ok(later),
            _ => self.end_of(self.local(later).date()),
        }
    }

    /// The next working day in term. After the last term that was typed, or where none was, the next working day.
    fn next_school_day(&self, after: Date, terms: &[Term]) -> Result<Date, Unreckonable> {
        let day = self.next_working_day(after)?;
        let in_term = |day: Date| terms.iter().any(|term| (term.from..=term.to).contains(&day));
        let mut looked = day;
        while !in_term(looked) {
            if !terms.iter().any(|term| term.to >= looked) {
                return Ok(day);
            }
            looked = self.next_working_day(looked)?;
        }
        Ok(looked)
    }

    fn next_working_day(&self, after: Date) -> Result<Date, Unreckonable> {
        let mut day = after.tomorrow()?;
        while !self.is_working_day(day) {
            day = day.tomorrow()?;
        }
        Ok(day)
    }

    fn end_of(&self, day: Date) -> Result<Timestamp, Unreckonable> {
        let end = Time::constant(23, 59, 59, 0);
        Ok(day.to_datetime(end).to_zoned(self.zone.clone())?.timestamp())
    }
}

/// A day as people say it: "Tuesday 3 March 2026".
pub fn say_day(day: Date) -> String {
    day.strftime("%A %-d %B %Y").to_string()
}

/// How a clock stands now, or stood when it was stopped.
pub fn standing(start: Timestamp, due: Timestamp, stopped: Option<Timestamp>, now: Timestamp) -> Standing {
    match stopped {
        Some(at) if at <= due => Standing::MetInTime,
        Some(_) => Standing::MetLate,
        None if now > due => Standing::Late,
        None => {
            let whole = due.duration_since(start).as_secs().max(1);
            let left = due.duration_since(now).as_secs();
            if left * 5 < whole { Standing::Soon } else { Standing::Running }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn school_days_are_working_days_in_term() {
        use jiff::civil::date;
        let calendar = Calendar::england([date(2026, 12, 25), date(2026, 12, 28), date(2027, 1, 1)]).unwrap();
        let term = |from, to| Term { name: "A term".into(), from, to };
        let terms = [term(date(2026, 9, 2), date(2026, 12, 18)), term(date(2027, 1, 5), date(2027, 3, 25))];
        let due = |start: &str, terms: &[Term]| {
            let due = calendar.due_in(terms, start.parse().unwrap(), Within::SchoolDays(5)).unwrap();
            calendar.local(due).date()
        };
        // Thursday of the last week: one day is left, then the holidays, then four days of the new term.
        assert_eq!(due("2026-12-17T10:00:00Z", &terms), date(2027, 1, 8));
        assert_eq!(due("2026-11-23T10:00:00Z", &terms), date(2026, 11, 30));
        assert_eq!(due("2026-12-17T10:00:00Z", &[]), date(2026, 12, 24), "no terms typed: working days");
        assert_eq!(due("2027-03-24T10:00:00Z", &terms).year(), 2027, "after the last term it goes on by working days");
    }

    proptest::proptest! {
        /// However rests overlap, a clock is late by no more than the time that went by, and by none where none was.
        #[test]
        fn rests_count_once(rests in proptest::collection::vec((0_i64..2000, 0_i64..500, proptest::bool::ANY), 0..6)) {
            let calendar = Calendar::england([]).unwrap();
            let start: Timestamp = "2026-03-02T09:00:00Z".parse().unwrap();
            let hours = |n: i64| start.checked_add(SignedDuration::from_hours(n)).unwrap();
            let now = hours(1500);
            let all: Vec<Rest> = rests
                .iter()
                .map(|(from, long, open)| Rest { from: hours(*from), until: (!open).then(|| hours(from + long)) })
                .collect();
            let due = calendar.due(start, Within::Hours(72)).unwrap();
            let after = calendar.due_after_rests(start, due, Within::Hours(72), &all, now).unwrap();
            let rested = (0..1500).filter(|hour| {
                all.iter().any(|rest| rest.from <= hours(*hour) && rest.until.unwrap_or(now) > hours(*hour))
            }).count();
            proptest::prop_assert_eq!(after, due.checked_add(SignedDuration::from_hours(rested as i64)).unwrap());
        }
    }

    #[test]
    fn says_times_as_people_do() {
        let calendar = Calendar::england([]).unwrap();
        let say = |text: &str| calendar.say(text.parse().unwrap());
        assert_eq!(say("2026-03-03T14:15:00Z"), "Tuesday 3 March 2026, 2:15pm");
        assert_eq!(say("2026-07-01T23:05:00Z"), "Thursday 2 July 2026, 12:05am", "British summer time");
        assert_eq!(say("2026-01-05T12:00:00Z"), "Monday 5 January 2026, 12:00pm");
    }
}
