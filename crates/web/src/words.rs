//! Times and numbers as people read them: "Tuesday 3 March, 2:15pm" (`design` of words). One place, so that two pages
//! never say the same moment differently.

use jiff::civil::Date;
use jiff::{SignedDuration, Zoned};

/// "Tuesday 3 March, 2:15pm"; the year only when it is another one would be noise on a page of today's work.
pub fn moment(at: &Zoned) -> String {
    format!("{}, {}", at.strftime("%A %-d %B"), clock(at))
}

/// "Tuesday 3 March 2026, 2:15pm": for print and export, where the year matters.
pub fn full_moment(at: &Zoned) -> String {
    format!("{}, {}", at.strftime("%A %-d %B %Y"), clock(at))
}

/// "2:15pm".
pub fn clock(at: &Zoned) -> String {
    at.strftime("%-I:%M%P").to_string()
}

/// "3 March 2026".
pub fn day(date: Date) -> String {
    date.strftime("%-d %B %Y").to_string()
}

/// What is left, or by how much it is late: "2 hours 10 minutes", "3 days".
pub fn span(length: SignedDuration) -> String {
    let minutes = length.as_mins().abs();
    let (days, hours, rest) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    let many = |count: i64, one: &str| format!("{count} {one}{}", if count == 1 { "" } else { "s" });
    match (days, hours) {
        (0, 0) => many(rest, "minute"),
        (0, _) if rest == 0 => many(hours, "hour"),
        (0, _) => format!("{} {}", many(hours, "hour"), many(rest, "minute")),
        (1..=2, 1..) => format!("{} {}", many(days, "day"), many(hours, "hour")),
        _ => many(days, "day"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn say_moments_and_spans_as_people_do() {
        let at: Zoned = "2026-03-03T14:15:00+00:00[Europe/London]".parse().unwrap();
        assert_eq!(moment(&at), "Tuesday 3 March, 2:15pm");
        assert_eq!(full_moment(&at), "Tuesday 3 March 2026, 2:15pm");
        assert_eq!(span(SignedDuration::from_mins(130)), "2 hours 10 minutes");
        assert_eq!(span(SignedDuration::from_mins(-61)), "1 hour 1 minute");
        assert_eq!(span(SignedDuration::from_hours(24 * 9)), "9 days");
    }
}
