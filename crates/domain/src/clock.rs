//! Legal and own clocks: from "known at", over working days and bank holidays, in the setting's time zone (S43).

use std::collections::BTreeSet;

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp, ToSpan, Zoned};
use serde::{Deserialize, Serialize};

use crate::procedure::Within;

/// What counts as a working day. Bank holidays are data with an edition.
#[derive(Debug, Clone)]
pub struct Calendar {
    zone: TimeZone,
    bank_holidays: BTreeSet<Date>,
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

    /// Monday to Friday, but bank holidays.
    pub fn is_working_day(&self, day: Date) -> bool {
        !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) && !self.bank_holidays.contains(&day)
    }

    /// When a clock that started then is due.
    ///
    /// # Errors
    /// When the time is outside what the calendar can reckon.
    pub fn due(&self, start: Timestamp, within: Within) -> Result<Timestamp, Unreckonable> {
        let day = self.local(start).date();
        match within {
            Within::Hours(hours) => Ok(start.checked_add(SignedDuration::from_hours(i64::from(hours)))?),
            Within::SameDay => self.end_of(day),
            Within::Days(days) => self.end_of(day.checked_add(i64::from(days).days())?),
            Within::DaysCountingTheFirst(days) => self.end_of(day.checked_add((i64::from(days) - 1).days())?),
            Within::OneMonth => self.end_of(day.checked_add(Span::new().months(1))?),
            Within::WorkingDays(days) => {
                let mut due = day;
                for _ in 0..days {
                    due = self.next_working_day(due)?;
                }
                self.end_of(due)
            }
        }
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
    fn says_times_as_people_do() {
        let calendar = Calendar::england([]).unwrap();
        let say = |text: &str| calendar.say(text.parse().unwrap());
        assert_eq!(say("2026-03-03T14:15:00Z"), "Tuesday 3 March 2026, 2:15pm");
        assert_eq!(say("2026-07-01T23:05:00Z"), "Thursday 2 July 2026, 12:05am", "British summer time");
        assert_eq!(say("2026-01-05T12:00:00Z"), "Monday 5 January 2026, 12:00pm");
    }
}
