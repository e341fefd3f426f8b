//! Days and times as people type them: "3 3 27", "2:15pm", "14.15"; "quarter past" is not understood.

use jiff::{
    Timestamp,
    civil::{Date, Time},
    tz::TimeZone,
};

/// Day, month, year; a year of two figures is in this century; a month may be a word.
pub(super) fn date(parts: &[String; 3]) -> Result<Date, &'static str> {
    let [day, month, year] = parts;
    let day: i8 = day.parse().ok().filter(|day| (1..=31).contains(day)).ok_or("Enter a day from 1 to 31")?;
    let month = month_of(month).ok_or("Enter a month from 1 to 12")?;
    let year: i16 = year.parse().map_err(|_| "Enter the year, for example 2027")?;
    let year = if (0..100).contains(&year) { year + 2000 } else { year };
    if !(1900..=2200).contains(&year) {
        return Err("Enter the year, for example 2027");
    }
    Date::new(year, month, day).map_err(|_| "That month has no such day")
}

fn month_of(text: &str) -> Option<i8> {
    const NAMES: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    if let Ok(number) = text.parse::<i8>() {
        return (1..=12).contains(&number).then_some(number);
    }
    let start: String = text.to_lowercase().chars().take(3).collect();
    NAMES.iter().position(|name| *name == start).and_then(|at| i8::try_from(at + 1).ok())
}

/// "2:15pm", "2.15 pm", "2pm", "14:15", "1415", "noon", "midnight".
pub(super) fn time(text: &str) -> Result<Time, &'static str> {
    const SAY: &str = "Enter the time, for example 2:15pm";
    let text: String = text.to_lowercase().chars().filter(|c| !c.is_whitespace()).collect();
    match text.as_str() {
        "noon" | "midday" => return Time::new(12, 0, 0, 0).map_err(|_| SAY),
        "midnight" => return Ok(Time::midnight()),
        _ => {}
    }
    let (figures, half) = split_half(&text);
    let (hour, minute) = match figures.split_once([':', '.']) {
        Some((hour, minute)) if minute.len() == 2 => (hour, minute),
        Some(_) => return Err(SAY),
        None if figures.len() == 4 && figures.is_ascii() => figures.split_at(2),
        None if half.is_some() => (figures, "0"),
        None => return Err(SAY),
    };
    let (hour, minute): (i8, i8) = (hour.parse().map_err(|_| SAY)?, minute.parse().map_err(|_| SAY)?);
    let hour = match half {
        None => hour,
        Some(_) if !(1..=12).contains(&hour) => return Err(SAY),
        Some(Half::Morning) => hour % 12,
        Some(Half::Afternoon) => hour % 12 + 12,
    };
    Time::new(hour, minute, 0, 0).map_err(|_| SAY)
}

enum Half {
    Morning,
    Afternoon,
}

fn split_half(text: &str) -> (&str, Option<Half>) {
    if let Some(figures) = text.strip_suffix("am").or_else(|| text.strip_suffix("a.m.")) {
        return (figures, Some(Half::Morning));
    }
    if let Some(figures) = text.strip_suffix("pm").or_else(|| text.strip_suffix("p.m.")) {
        return (figures, Some(Half::Afternoon));
    }
    (text, None)
}

/// In British time. An hour that the clocks skip moves forward; of one that they repeat it is the first.
pub(super) fn instant(date: Date, time: Time) -> Result<Timestamp, &'static str> {
    let zone =
        TimeZone::get("Europe/London").map_err(|_| "Holdfast does not find the British time zone on this machine")?;
    zone.to_ambiguous_timestamp(date.to_datetime(time)).compatible().map_err(|_| "Check the day and the time")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_as_people_type_them() {
        for (typed, hour, minute) in [
            ("2:15pm", 14, 15),
            ("2.15 PM", 14, 15),
            ("14:15", 14, 15),
            ("1415", 14, 15),
            ("2pm", 14, 0),
            ("12am", 0, 0),
            ("12:30pm", 12, 30),
            ("9:05 a.m.", 9, 5),
            ("noon", 12, 0),
        ] {
            assert_eq!(time(typed), Ok(Time::constant(hour, minute, 0, 0)), "{typed}");
        }
        for typed in ["", "2", "25:00", "2:5", "13pm", "0pm", "half past", "é:15", "ééé", "2:60"] {
            assert!(time(typed).is_err(), "{typed}");
        }
    }

    #[test]
    fn days_as_people_type_them() {
        let day = |d: &str, m: &str, y: &str| date(&[d.to_owned(), m.to_owned(), y.to_owned()]);
        assert_eq!(day("3", "3", "27"), Ok(Date::constant(2027, 3, 3)));
        assert_eq!(day("03", "March", "2027"), Ok(Date::constant(2027, 3, 3)));
        assert_eq!(day("30", "2", "2027"), Err("That month has no such day"));
        assert_eq!(day("3", "13", "2027"), Err("Enter a month from 1 to 12"));
        assert!(day("3", "3", "202").is_err());
    }

    #[test]
    fn the_skipped_hour_moves_forward() {
        let at = instant(Date::constant(2027, 3, 28), Time::constant(1, 30, 0, 0)).unwrap();
        assert_eq!(at.to_string(), "2027-03-28T01:30:00Z");
    }
}
